# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · Is it always the same cover? MS-SSIM
#
# **80 minutes**, with or without a GPU. Before this: [04 · DCGAN](04_dcgan.ipynb) and
# [05 · ACGAN](05_acgan.ipynb).
#
# A generator that has found one cover which fools the discriminator could draw it for ever. Each single picture would
# look fine. To catch it we need a number for "these two look alike", and that number turns out to be a small story
# about how people see.
#
# **What you will learn**
#
# - why the difference of pixels says little about the difference you see;
# - how SSIM is made of luminance, contrast and structure, and MS-SSIM of SSIM at several scales;
# - why 64 pixels are too few for it, and three ways out;
# - how to measure the diversity of a generator, genre by genre, beside that of real covers;
# - where the number misleads.

# %% tags=["setup"]

# %%
import os
from itertools import islice
from pathlib import Path

from helpers import runtime

# %% [markdown]
# The number of pairs decides how long this notebook takes, and how wide the intervals in section 9 are.

# %% tags=["parameters"]
MACHINE = runtime.detect()
PROFILE = MACHINE.profile()
SIZE = 32  # pixels, of the trained generator's covers
PAIRS = 25 if PROFILE.name == "smoke" else 200  # of covers, for each genre
SEED = 0
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / PROFILE.name

# %%
MACHINE.apply()  # backend and precision, before Keras is imported

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from PIL import Image, ImageFilter
from scipy.ndimage import correlate1d

from helpers import plots
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import weights
from helpers.metrics import diversity
from helpers.metrics.ms_ssim import POWER_FACTORS, ms_ssim, ssim
from helpers.sources.synthetic import synthetic_covers

# %% [markdown]
# ## 1 · Four covers at the same distance
#
# The obvious number is the mean squared error: subtract the pictures pixel by pixel, square, average. Here is a cover,
# and four ways to spoil it. Each has a strength, and `same_error` turns it up until the mean squared error is about
# 300.

# %% alt="A brown cover with a sun over hills and two lines of type, and four versions of it with about the same squared error: slightly brighter, flatter, noisy, blurred. The first two look untouched; the blurred one has lost its letters."
_, cover = next(islice(synthetic_covers(10, 256, seed=0), 9, None))
pixels = cover.astype(float)
noise = np.random.default_rng(SEED).standard_normal(cover.shape)

DAMAGES = {
    "brighter": lambda strength: pixels + 100 * strength,
    "flatter": lambda strength: pixels + strength * (pixels.mean() - pixels),
    "noisier": lambda strength: pixels + 100 * strength * noise,
    "blurred": lambda strength: np.asarray(Image.fromarray(cover).filter(ImageFilter.GaussianBlur(20 * strength))),
}


def same_error(damage, target=300, steps=20):
    """Turn the strength up or down by halves until the mean squared error is the target."""
    strength = 0.5
    for step in range(2, steps):
        image = np.clip(damage(strength), 0, 255)
        error = np.mean((image - pixels) ** 2)
        strength += (1 if error < target else -1) * 0.5**step
    return np.rint(image).astype(np.uint8)


spoilt = {name: same_error(damage) for name, damage in DAMAGES.items()}
errors = {name: np.mean((image - pixels) ** 2) for name, image in spoilt.items()}
labels = {f"{name}: error {errors[name]:.0f}": image for name, image in spoilt.items()}
plots.labelled({"the cover": cover} | labels, height=1.9)

# %% [markdown]
# Five pictures, and four of them are equally wrong, says the error. You see at once that this is nonsense: more light
# is no loss at all, while the blur took the details with it. The error adds up pixels as if they were strangers to each
# other. What we see is how neighbours relate: edges, textures, letters.
#
# ## 2 · A window
#
# So look at neighbours together. SSIM slides a window over both pictures and compares only what is inside. The window
# is a Gaussian, 11 pixels wide, so that it has no corners: the centre counts most.

# %% alt="The window, 11 by 11 squares in grey: white in the middle, fading to black on all sides alike."
distance = np.arange(-5, 6)
WINDOW = np.exp(-(distance**2) / (2 * 1.5**2))
WINDOW /= WINDOW.sum()
plt.figure(figsize=(2.2, 2.2))
plt.imshow(np.outer(WINDOW, WINDOW), cmap="gray")
plt.title("the window, enlarged", fontsize=9)
plt.axis("off")
plt.show()

# %% [markdown]
# Averages through the window are all we need. A two-dimensional Gaussian is a column times a row, so we go down the
# columns and then along the rows: 22 multiplications per pixel instead of 121. At the border the window would look out
# of the picture, so the 5 outermost pixels are given up.


# %% alt="The cover in grey and its averages through the window, a little blurred; the noisy version and its averages. The averages of the two can hardly be told apart: the window smooths the noise away."
def look(x):
    """Average of x [H, W] through the window, at every place where it fits: [H - 10, W - 10]."""
    for axis in (0, 1):
        x = correlate1d(x, WINDOW, axis=axis)
    return x[5:-5, 5:-5]


def grey(image):
    return image.mean(axis=-1) / 255


a, b = grey(cover), grey(spoilt["noisier"])
mean_a, mean_b = look(a), look(b)


def as_picture(values):
    return np.uint8(255 * np.clip(values, 0, 1))


def show_maps(**maps):
    """Maps from 0, black, to 1, white, side by side."""
    return plots.labelled({name.replace("_", " "): as_picture(values) for name, values in maps.items()}, height=2)


show_maps(cover=a, its_means=mean_a, noisier=b, their_means=mean_b)

# %% [markdown]
# ## 3 · Luminance, contrast, structure
#
# Inside the window each picture has a mean $\mu$, a standard deviation $\sigma$, and with the other one a covariance
# $\sigma_{ab}$. Three questions follow. Is it as **bright**? Is there as much going on? And is it the **same** thing
# that goes on?
#
# The first two are asked in one form: $\frac{2xy}{x^2 + y^2}$ is 1 where $x = y$ and falls the more they differ, in
# proportion, as the eye has it: a step from 10 to 20 is as large as one from 100 to 200. A small constant keeps it calm
# where both are 0.
#
# $$l = \frac{2\mu_a\mu_b + c_1}{\mu_a^2 + \mu_b^2 + c_1} \qquad
# c = \frac{2\sigma_a\sigma_b + c_2}{\sigma_a^2 + \sigma_b^2 + c_2} \qquad
# s = \frac{\sigma_{ab} + c_2/2}{\sigma_a\sigma_b + c_2/2}$$
#
# The third, $s$, is the correlation you know from statistics.

# %% alt="The cover, its noisy version and three maps. Luminance is white all over. Contrast is dark in the plain sky and white along edges and letters; structure is grey in the sky, white at the edges."
C1, C2 = 0.01**2, 0.03**2


def variance(x, y):
    """Covariance of x and y in the window; with y = x, the variance of x."""
    return look(x * y) - look(x) * look(y)


def luminance(a, b):
    return (2 * look(a) * look(b) + C1) / (look(a) ** 2 + look(b) ** 2 + C1)


def contrast(a, b):
    product = np.sqrt(np.maximum(variance(a, a), 0) * np.maximum(variance(b, b), 0))
    return (2 * product + C2) / (variance(a, a) + variance(b, b) + C2)


def structure(a, b):
    product = np.sqrt(np.maximum(variance(a, a), 0) * np.maximum(variance(b, b), 0))
    return (variance(a, b) + C2 / 2) / (product + C2 / 2)


show_maps(cover=a, noisier=b, luminance=luminance(a, b), contrast=contrast(a, b), structure=structure(a, b))

# %% [markdown]
# White means "the same". Noise leaves the brightness alone. In the plain sky it puts contrast where there was none, and
# a structure that has nothing to do with the cover's; at the edges of the hills and in the letters, where much goes on
# anyway, it hardly matters. That is what your eye says, too.
#
# The other three damages leave their traces, too: more light a faint one in luminance, in the dark parts, where a step
# is large in proportion; a flat picture in luminance and contrast, but none at all in structure; and blur in contrast
# and structure, wherever there was an edge. **SSIM** is the product of the three, averaged over all places:

# %% alt="Three rows of maps. Brighter: nearly white, faint grey in luminance in the dark hills. Flatter: luminance and contrast light grey in places, structure white. Blurred: contrast and structure black along edges and letters."
for name in ("brighter", "flatter", "blurred"):
    b = grey(spoilt[name])
    maps = {name: b, "luminance": luminance(a, b), "contrast": contrast(a, b), "structure": structure(a, b)}
    product = maps["luminance"] * maps["contrast"] * maps["structure"]
    display(show_maps(**maps, product=product))


# %%
def ssim_of_grey(a, b):
    """SSIM of two pictures [H, W] with values from 0 to 1: one number."""
    return np.mean(luminance(a, b) * contrast(a, b) * structure(a, b))


for name, image in spoilt.items():
    print(f"{name:10} error {errors[name]:3.0f}   SSIM {ssim_of_grey(a, grey(image)):.2f}")

# %% [markdown]
# The same error, and now an order that makes sense: change the light, and the cover is still the cover.
#
# ## 4 · Near and far
#
# One thing is arbitrary: 11 pixels. From the sofa you see composition, from the shop counter you read the type. Which
# of the two is "alike" about? **MS-SSIM** asks at five distances. After each comparison both pictures are halved, and
# the window, still 11 pixels, covers twice as much of the cover.


# %% alt="Five maps of contrast times structure between cover and blurred cover, from 256 down to 16 pixels. At 256 every edge and the letters are black; scale by scale the maps grow paler, and the last is white."
def halve(x):
    """Average of every 2 x 2 pixels."""
    return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4


b, x, y = grey(spoilt["blurred"]), a, grey(spoilt["blurred"])
maps = {}
for _ in range(5):
    factor = contrast(x, y) * structure(x, y)
    maps[f"{len(x)} px: {factor.mean():.2f}"] = as_picture(factor)
    x, y = halve(x), halve(y)
plots.labelled(maps, height=1.9)

# %% [markdown]
# The blur took the fine details; from afar nothing is missing. Now put the five together. Contrast and structure are
# asked at every scale, luminance only at the last, where a pixel is a whole region. Each answer is raised to a power
# and all are multiplied. The powers come from an experiment: Wang, Simoncelli and Bovik (2003) had people match
# pictures distorted at different scales. The middle ones counted most.
#
# $$\text{MS-SSIM} = l_5^{\,0.1333} \cdot \prod_{j=1}^{5} (c_j s_j)^{w_j}, \qquad
# w = (0.0448,\ 0.2856,\ 0.3001,\ 0.2363,\ 0.1333)$$
#
# In code, luminance joins the last factor before the averaging, as in TensorFlow. A factor below zero, where one
# picture looks like the negative of the other, counts as 0.


# %%
def ms_ssim_of_grey(a, b, powers=POWER_FACTORS):
    """MS-SSIM of two pictures [H, W] with values from 0 to 1: one number."""
    result = 1.0
    for scale, power in enumerate(powers, start=1):
        factor = contrast(a, b) * structure(a, b)
        if scale == len(powers):
            factor = factor * luminance(a, b)
        result *= max(factor.mean(), 0.0) ** power
        a, b = halve(a), halve(b)
    return result


for name, image in spoilt.items():
    print(f"{name:10} SSIM {ssim_of_grey(a, grey(image)):.2f}   MS-SSIM {ms_ssim_of_grey(a, grey(image)):.2f}")

# %% [markdown]
# `helpers/metrics/ms_ssim.py` has both for whole batches, in colour (each channel by itself, then the average), with
# gradients, on TensorFlow and JAX. It multiplies contrast and structure into one quotient, which you will do in
# exercise 2. Is it the same measure? A grey cover has three equal channels, so the numbers must agree:

# %%
# NBVAL_CHECK_OUTPUT
for name, image in spoilt.items():
    pair = [np.repeat(grey(picture)[None, ..., None], 3, axis=-1) for picture in (cover, image)]
    ours = ssim_of_grey(a, grey(image)), ms_ssim_of_grey(a, grey(image))
    packaged = float(ssim(*pair)[0]), float(ms_ssim(*pair)[0])
    print(f"{name}: the same as in the package: {np.allclose(ours, packaged, atol=1e-3)}")

# %% [markdown]
# ## 5 · Sixty-four pixels are too few
#
# Our generators draw 32 or 64 pixels. Halved four times, 64 pixels are 4, and an 11-pixel window does not fit into
# that:

# %%
# NBVAL_CHECK_OUTPUT
small = np.asarray(Image.fromarray(cover).resize((64, 64)))
darker = np.uint8(0.6 * small)
try:
    ms_ssim(small[None], darker[None], max_val=255)
except CourseError as error:
    print(error)

# %% [markdown]
# Many papers print MS-SSIM for 64-pixel pictures without a word on how. There are three ways, and the next cell shows
# that they give three different numbers for one pair of covers, here the small one and itself with some noise. So say
# which one you took, and compare only what was measured alike.

# %%
noisy = np.uint8(np.clip(small + 25 * noise[:64, :64], 0, 255))
larger = [np.asarray(Image.fromarray(image).resize((256, 256), Image.Resampling.BICUBIC)) for image in (small, noisy)]
ways = {
    "three scales instead of five": ms_ssim(small[None], noisy[None], 255, POWER_FACTORS[:3]),
    "a window of 4 pixels": ms_ssim(small[None], noisy[None], 255, filter_size=4),
    "enlarged to 256 pixels": ms_ssim(larger[0][None], larger[1][None], 255),
}
for way, value in ways.items():
    print(f"{way:30} {float(value[0]):.3f}")

# %% [markdown]
# With three scales the powers no longer sum to 1, so all values are higher. Enlarged, the noise of single pixels
# becomes blotches of sixteen, and is judged at scales that count more. From here on we enlarge to 256: the same five
# questions at any size. When we tried, it told variants of one cover from different covers as well as fewer scales did
# at 64 pixels, and better at 32. The price is time: sixteen times the pixels.
#
# ## 6 · Where it misleads
#
# Every number has a blind spot. Before trusting this one, try to fool it.
#
# **A shift.** Move the cover sideways and compare it with itself.

# %% alt="SSIM and MS-SSIM of a cover and itself moved sideways, against the pixels moved. Both fall from 1. MS-SSIM, the dashed line, is above SSIM for small shifts and well below it for large ones."
shifts = [0, 1, 2, 4, 8, 16, 32]
moved = np.stack([np.roll(cover, shift, axis=1) for shift in shifts])
still = np.stack([cover] * len(shifts))
figure, axes = plt.subplots(figsize=(5.5, 2.6), layout="constrained")
axes.plot(shifts, ssim(still, moved, max_val=255), "o-", label="SSIM", color="#0072B2")
axes.plot(shifts, ms_ssim(still, moved, max_val=255), "s--", label="MS-SSIM", color="#D55E00")
axes.set(xlabel="pixels moved, of 256", ylabel="value", ylim=(0, 1.02))
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# A few pixels of 256, which nobody would notice, cost a good part of the score. The large scales forgive a small step,
# but not a large one: after an eighth of the cover MS-SSIM has lost more than half. A generator that draws one figure
# again and again, *a bit further to the left each time*, looks far more diverse than it is.
#
# **Brightness, colour, and no picture at all.** Four more pairs:

# %% alt="Four pairs with their MS-SSIM: a cover and itself in half the light, high; the cover in brown and in blue, high; two grey walls that look the same, only middling; two fields of coloured noise, near 0."
rng = np.random.default_rng(SEED)
speckle = rng.integers(0, 256, (2, 256, 256, 3), np.uint8)
grain = [np.uint8(np.clip(140 + 20 * rng.standard_normal((256, 256, 1)), 0, 255)).repeat(3, axis=-1) for _ in range(2)]
couples = {
    "half the light": (cover, cover // 2),
    "two colour versions": (cover, cover[..., ::-1]),
    "two grey walls": grain,
    "two times noise": speckle,
}
first, second = (np.stack(side) for side in zip(*couples.values(), strict=True))
values = np.array(ms_ssim(first, second, max_val=255))
pictures = {f"{name}: {value:.2f}": np.hstack(couples[name]) for name, value in zip(couples, values, strict=True)}
plots.labelled(pictures, height=1.5)

# %% [markdown]
# - **Half the light** is nearly the same cover, and the number says so. Good.
# - **Two colour versions** of one cover: red and blue have changed places. The structure is the same in every channel,
#   so they count as alike. Right if you ask about the drawing, wrong if you ask about the palette.
# - **Two grey walls** (a pair stands side by side, so they look like one) are alike to you: nobody compares grains. But
#   the grain of one is not that of the other, and where there is nothing else, texture decides.
# - **Noise** against noise: next to 0. The most "diverse" generator of all is a broken television.
#
# So a *high* value between two covers means what it says, they are alike. A *low* one does not make them good, nor even
# different. That is the rule for the rest of this notebook: **too high is a warning, low is no praise.**
#
# ## 7 · From pairs to diversity
#
# Odena, Olah and Shlens turned it round in the ACGAN paper: draw random *pairs* of covers of one genre, and take the
# mean MS-SSIM. High: the genre's covers are all alike. What is high? That depends on the genre, ambient covers are more
# alike than any others. So each genre's fakes stand beside its real covers.
#
# The real ones are dSleeves at the size our generator draws:

# %%
covers = CoverSet.build(
    synthetic_covers(PROFILE.covers, SIZE, seed=SEED),
    WORK / f"covers_{PROFILE.covers}_{SIZE}px",
    size=SIZE,
    origin=f"dSleeves, the first {PROFILE.covers} covers of seed {SEED}",
)
genres = sorted(map(str, np.unique(covers.genres)))
reals = {genre: covers[np.flatnonzero(covers.genres == genre)] for genre in genres}
print(", ".join(f"{genre} {len(images)}" for genre, images in reals.items()))

# %% [markdown]
# First, does it find a collapse? We make one: from a genre's real covers take ever fewer *different* ones and repeat
# them.

# %%
rock = reals["rock"][: 2 * PAIRS]
order = np.random.default_rng(SEED).permutation(len(rock))
for count in (len(rock), 16, 8, 4, 2, 1):
    repeated = rock[order % count]
    half = len(rock) // 2
    values = diversity.similarity(repeated[:half], repeated[half : 2 * half])
    print(f"{count:3} different covers: mean MS-SSIM of {half} pairs {values.mean():.2f}")

# %% [markdown]
# With sixteen different covers left, about one pair in sixteen is a pair of twins, and the mean moves by no more than
# it differs from genre to genre. A mean over pairs is a smoke alarm, not a census: it goes off when there is a fire,
# and cannot count the rooms. (Recall, in notebook 07, counts rooms.)
#
# **The interval.** Another draw of pairs would give another mean, so a number without an interval is half a number. The
# *bootstrap* finds it without any theory: draw as many values from those we have, with replacement, take the mean,
# repeat, and look where 95 % of the means fall. There is a trap. A thousand pairs from fifty covers are not a thousand
# independent observations: if one cover is odd, so are all its pairs. Here every cover is in one pair only, and then
# the bootstrap over pairs is right. You will draw such pairs in exercise 3, and write the bootstrap in exercise 4.
#
# ## 8 · The generator's covers
#
# Now the ACGAN of notebook 05, from the weights in `data/weights`. As many covers of each genre as we need pairs:

# %% alt="Ten generated covers for each of twelve genres, 32 pixels a side. Genres differ in colour; within a row some covers nearly repeat each other."
gan, card = weights.load("acgan_dsleeves_32")
fakes = {genre: gan.generate(2 * PAIRS, seed=SEED + k, genre=genre) for k, genre in enumerate(genres)}
plots.strips({genre: images[:10] for genre, images in fakes.items()}, scale=1)

# %% [markdown]
# ## 9 · Genre by genre

# %%
result = diversity.diversity(fakes, reals, pairs=PAIRS, seed=SEED)
lines = ["| genre | fakes | real covers | as diverse |", "|---|---|---|---|"]
for genre, scores in sorted(result["genres"].items(), key=lambda item: -item[1]["fake"]["value"]):
    sides = [f"{side['value']:.2f} ({side['low']:.2f}-{side['high']:.2f})" for side in (scores["fake"], scores["real"])]
    lines.append(f"| {genre} | {sides[0]} | {sides[1]} | {'yes' if scores['as_diverse'] else '**no**'} |")
lines.append(f"| *mean* | {result['value']:.2f} | {result['floor']:.2f} | {result['as_diverse']:.0%} of genres |")
display(Markdown("\n".join(lines)))

# %% [markdown]
# "As diverse" allows the fakes a mean of up to 0.05 above that of the real covers: beside intervals as wide as these, a
# smaller difference would mean little. As a picture, in the manner of the ACGAN paper, with one point for each genre:

# %% alt="One labelled point for each genre, the mean MS-SSIM of its fakes against that of its real covers, with intervals. Most points lie above the diagonal: the fakes are more alike than the real covers. Ambient is highest on both axes."
diversity.plot(result)

# %% [markdown]
# On the diagonal a genre's fakes are as alike as its real covers. Above it they are more alike: variety was lost. The
# dashed line is the least varied *real* genre. For the 1,000 classes of ImageNet it was at 0.25, and 847 of the paper's
# 1,000 fake classes were below it. That line is generous, a varied genre may lose much before it gets there, so look at
# the diagonal.
#
# ## 10 · Look at them
#
# A mean hides what a picture shows. These are the most alike pairs of each of the three genres whose fakes lost most:


# %% alt="For three genres the most alike pairs, fakes above and real covers below. The fakes of a pair are nearly one and the same cover; the real covers of a pair share a layout but differ in what they show."
def loss(genre):
    scores = result["genres"][genre]
    return scores["fake"]["value"] - scores["real"]["value"]


rows = {}
for genre in sorted(genres, key=loss, reverse=True)[:3]:
    for side, images in (("fakes", fakes[genre]), ("real", reals[genre][: 2 * PAIRS])):
        pairs = diversity.most_alike(images, count=4, seed=SEED)
        best = max(value for *_, value in pairs)
        rows[f"{genre}, {side}: up to {best:.2f}"] = images[[k for i, j, _ in pairs for k in (i, j)]]
plots.strips(rows, scale=2)

# %% [markdown]
# Read them two by two: first and second, third and fourth. Are the fakes the same cover with other noise, or two covers
# of one kind, as the real ones are? Blurred covers are more alike than sharp ones because what would tell them apart is
# missing: a young generator gets high values for that reason alone, without any collapse. Numbers raise the question;
# the pictures answer it.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · The least alike (3 minutes, easy)
#
# Predict before you compute. The cover with the sun is compared with three pictures, and MS-SSIM gives each a value:
#
# - **a**: a white square, with nothing on it at all;
# - **b**: the cover upside down;
# - **c**: the cover's negative, each colour turned into its opposite, with every line where it was.
#
# Which of them gets the **lowest** value? Write its letter.
#
# *Hint: what does the covariance say where one picture gets darker while the other gets brighter, and what does
# MS-SSIM do with such a factor? Section 4 has the answer.*

# %% answer="predict_least_alike"
### BEGIN SOLUTION
prediction = "c"
### END SOLUTION

# %% check="predict_least_alike" points=1 alt="The cover beside a white square, itself upside down, and its negative, each with its MS-SSIM. The negative, in which anybody sees the same drawing, has the lowest, 0; the white square has the highest."
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    others = {"a": np.full_like(cover, 255), "b": cover[::-1], "c": 255 - cover}
    values = np.array(ms_ssim(np.stack([cover] * 3), np.stack(list(others.values())), max_val=255))
    assert prediction != "a", (
        "Nothing on it means no covariance, not a negative one: where the cover is plain, too, the two even agree."
    )
    assert prediction != "b", (
        "Upside down, edges meet other edges by chance, now with one sign and now with the other: low, but not lowest."
    )
    shown = {f"{name}: {value:.2f}": others[name] for name, value in zip(others, values, strict=True)}
    display(plots.labelled({"the cover": cover} | shown, height=1.6))
    print("Well done: for MS-SSIM, the opposite is less alike than nothing at all.")

# %% [markdown]
# ### Exercise 2 · Two factors in one (10 minutes, easy)
#
# Contrast and structure share a term that cancels: their product needs no standard deviations, only variances and the
# covariance. Write it as a single quotient. It is faster, and there is no square root whose gradient is infinite at 0.
#
# $$c \cdot s = \frac{2\sigma_a\sigma_b + c_2}{\sigma_a^2 + \sigma_b^2 + c_2} \cdot
# \frac{\sigma_{ab} + c_2/2}{\sigma_a\sigma_b + c_2/2} = \;?$$
#
# *Hint: multiply numerator and denominator of the second fraction by 2. `variance(a, b)` gives you the covariance.*


# %% answer="contrast_structure"
def contrast_structure(a, b):
    """Product of contrast and structure at every place, for pictures [H, W] from 0 to 1: [H - 10, W - 10]."""
    ### BEGIN SOLUTION
    return (2 * variance(a, b) + C2) / (variance(a, a) + variance(b, b) + C2)
    ### END SOLUTION


# %% check="contrast_structure" points=2
with self_check():
    x, y = np.random.default_rng(1).random((2, 40, 40))
    tried = contrast_structure(x, y)
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.shape(tried) == (30, 30), (
        f"The shape is {np.shape(tried)}, not (30, 30): return a map, one value for every place of the window."
    )
    same = contrast_structure(x, x)
    assert not np.allclose(same, 0.5, atol=0.05), "A picture and itself give 0.5: is a 2 missing before the covariance?"
    assert np.allclose(same, 1), "A picture and itself must give 1 everywhere: is the same C2 above and below?"
    assert np.all(contrast_structure(x, 1 - x) < 0), (
        "A picture and its negative must give less than 0: use the covariance `variance(a, b)`, with its sign."
    )
    plain = np.full((40, 40), 0.5)
    assert np.allclose(contrast_structure(plain, plain), 1), "Two plain pictures must give 1, not 0 / 0: add C2."
    assert np.allclose(tried, contrast(x, y) * structure(x, y)), (
        "Close, but not the product: for unlike pictures it differs. Try it on paper, with one letter for each term."
    )
    used = set(contrast_structure.__code__.co_names)
    assert not used & {"sqrt", "contrast", "structure"}, "The right map, but by way of the square root: let it cancel."
    print("Well done: the same map without a square root.")

# %% hidden="contrast_structure"
with self_check():
    dim = 0.1 * np.random.default_rng(2).random((2, 24, 50))
    before = dim.copy()
    tried = contrast_structure(*dim)
    assert np.array_equal(dim, before), "The pictures themselves were changed: compute with copies, not with `a -= …`."
    assert np.shape(tried) == (14, 40), "A picture that is wider than high must give a map that is, too."
    assert np.allclose(tried, contrast(*before) * structure(*before)), (
        "In dark pictures, where C2 counts for more, the result differs from contrast times structure."
    )

# %% [markdown]
# ### Exercise 3 · Pairs that share no cover (10 minutes, medium)
#
# Write `disjoint_pairs(count, pairs, rng)`: of `count` covers, draw `pairs` random pairs such that no cover is in two
# of them, nor paired with itself. Return the positions of the first covers and those of the second, so that
# `similarity(images[first], images[second])` compares pair by pair. Every cover must have the same chance, and every
# two covers the same chance to meet.
#
# *Hint: shuffle all positions with `rng.permutation`, then cut.*


# %% answer="disjoint_pairs"
def disjoint_pairs(count, pairs, rng):
    """(first, second): positions from 0 to count - 1, `pairs` of each; 2 * pairs is at most count."""
    ### BEGIN SOLUTION
    order = rng.permutation(count)
    return order[:pairs], order[pairs : 2 * pairs]
    ### END SOLUTION


# %% check="disjoint_pairs" points=2
with self_check():
    tried = disjoint_pairs(12, 5, np.random.default_rng(0))
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    sizes = [np.size(row) for row in tried]
    assert sizes == [5, 5], (
        f"Five pairs should come as two rows, of 5 and 5 covers; yours hold {sizes}: cut both of them to `pairs`."
    )
    draws = [np.array(disjoint_pairs(12, 5, np.random.default_rng(seed))) for seed in range(100)]
    everything = np.concatenate([draw.ravel() for draw in draws])
    assert everything.min() >= 0 and everything.max() < 12, "Twelve covers have the positions 0 to 11."
    assert not any((draw[0] == draw[1]).any() for draw in draws), (
        "A cover was paired with itself, which has MS-SSIM 1: draw both sides from one shuffled order."
    )
    assert all(len(set(draw.ravel())) == 10 for draw in draws), (
        "A cover is in two pairs, so they are not independent: draw without replacement, for both sides together."
    )
    assert any((draw != draws[0]).any() for draw in draws), "All draws give the same pairs: shuffle with `rng`."
    assert len(set(everything)) == 12, "Some covers never come up: shuffle all positions first, and then cut."
    rng = np.random.default_rng(1)
    met = [{int(i), int(j)} for _ in range(300) for i, j in zip(*disjoint_pairs(6, 3, rng), strict=True)]
    for i, j in np.transpose(np.triu_indices(6, 1)).tolist():
        assert 30 < met.count({i, j}) < 90, (
            f"Of 6 covers in 3 pairs, {i} and {j} should meet in about 60 of 300 draws; in yours they meet in "
            f"{met.count({i, j})}. Any two must have the same chance: shuffle all positions together."
        )
    print("Well done:", ", ".join(f"{i} and {j}" for i, j in zip(*tried, strict=True)))

# %% hidden="disjoint_pairs"
with self_check():
    one, again = (np.array(disjoint_pairs(30, 15, np.random.default_rng(7))) for _ in range(2))
    assert np.array_equal(one, again), (
        "The same seed gave other pairs: draw from the `rng` that is passed, not from one of your own."
    )
    assert len(set(one.ravel())) == 30, "With 15 pairs of 30 covers each cover must be in exactly one."
    rng = np.random.default_rng(8)
    met = [tuple(sorted(np.ravel(disjoint_pairs(4, 1, rng)).tolist())) for _ in range(600)]
    for i, j in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        assert 60 < met.count((i, j)) < 140, (
            f"Of 4 covers, {i} and {j} should meet in about 100 of 600 draws, not in {met.count((i, j))}: any two must "
            "be able to meet, all equally often."
        )

# %% [markdown]
# ### Exercise 4 · How sure are we? (15 minutes, medium)
#
# Write `interval(values, rng, resamples)`, the 95 % bootstrap interval of a mean: draw `len(values)` of the values with
# replacement, take the mean, do so `resamples` times, and return the 2.5th and the 97.5th percentile of those means as
# a tuple.
#
# *Hint: `rng.integers(n, size=(resamples, n))` draws all the indices at once; then `values[...]`, `.mean(axis=1)` and
# `np.percentile`.*


# %% answer="interval"
def interval(values, rng, resamples=2000):
    """(low, high): where 95 % of the means of resampled values [N] fall."""
    ### BEGIN SOLUTION
    chosen = rng.integers(len(values), size=(resamples, len(values)))
    low, high = np.percentile(values[chosen].mean(axis=1), [2.5, 97.5])
    return low, high
    ### END SOLUTION


# %% check="interval" points=3
with self_check():
    rng = np.random.default_rng(0)
    tried = interval(np.full(30, 0.4), rng)
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.shape(tried) == (2,), f"Return two numbers, low and high, not something of the shape {np.shape(tried)}."
    assert np.allclose(tried, 0.4), "Thirty equal values leave no doubt: the interval is one point."
    sample = rng.normal(5, 2, 400)
    low, high = interval(sample, rng)
    assert abs(high - low) > 1e-6, (
        "Every resample has the same mean: draw with replacement, so that some values come twice."
    )
    assert low < sample.mean() < high, (
        "The mean itself lies outside of yours: are low and high in order, and percentiles in percent, 2.5, not 0.025?"
    )
    width = (high - low) / (2 * 1.96 * sample.std() / np.sqrt(400))
    assert width < 10, "Far too wide: that is where single values fall. Take the mean of every resample first."
    assert not 0.8 < width < 0.88, (
        "A little too narrow, as an interval for 90 %: which percentiles leave out 5 % in all?"
    )
    assert 0.9 < width < 1.1, (
        f"The width is {width:.2f} of what theory says: resample as many values as there are, and leave 2.5 % out "
        "on either side."
    )
    coin = np.repeat([0.0, 1.0], 50)
    assert np.allclose(interval(coin, rng), (0.4, 0.6), atol=0.02), "A hundred tosses are good for about 0.4 to 0.6."
    print("Well done: no number without an interval from now on.")

# %% hidden="interval"
with self_check():
    rare = np.repeat([0.0, 1.0], [18, 2])
    low, high = interval(rare, np.random.default_rng(1))
    assert low >= 0, (
        f"No mean of zeros and ones is below 0, but your interval begins at {low:.2f}: count resamples, not deviations."
    )
    assert 0.2 <= high <= 0.3, f"Two ones among twenty values are good for up to 0.25, yours says {high:.2f}."
    sample = np.random.default_rng(2).normal(size=20)  # means of zeros and ones could be the same by chance
    one, again, other = (interval(sample, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(one, again), "The same seed gave another interval: draw from the `rng` that is passed."
    assert not np.array_equal(one, other), "Another seed gave the same interval: draw from the `rng` that is passed."
    widths = [np.ptp(interval(rare, np.random.default_rng(seed), resamples=2)) for seed in range(20)]
    assert np.mean(widths) < 0.12, "Two resamples have two means, which are seldom far apart: is `resamples` used?"
    assert np.array_equal(rare, np.repeat([0.0, 1.0], [18, 2])), "The values were changed: draw from them, in a copy."

# %% [markdown]
# ### Exercise 5 · Who is more diverse? (12 minutes, hard)
#
# Two students have trained generators of rock covers. They measured them as in section 9, one took more pairs:
#
# | | pairs | mean MS-SSIM | 95 % interval |
# |---|---|---|---|
# | real rock covers | 200 | 0.11 | 0.09-0.12 |
# | generator **A** | 200 | 0.06 | 0.05-0.06 |
# | generator **B** | 20 | 0.12 | 0.08-0.15 |
#
# A's student writes: "*A is more diverse than even the real covers, the interval proves it. B is on its way to
# collapse.*" Which part of this do the numbers bear out, and which not? Name a generator that would get A's row and is
# **not** diverse. And what would you have both measure, or look at, before you said who is more diverse: which outcome
# would speak for which answer?
#
# *Hint: section 6 fooled the number in several ways, and two of them can be done at once. Then look at the last two
# columns of B, beside those of the real covers.*

# %% [markdown] answer="more_diverse" points=4
# What is borne out: pairs of A's covers are less alike *to MS-SSIM* than pairs of real ones, and that is no accident of
# the draw. But low is no praise. A generator that draws one single cover, each time moved by another distance and with
# fresh grain, gets such a value, as the cell below shows; so would mere noise. That B is worse than the real covers is
# not borne out at all: its interval holds their mean, and twenty pairs cannot tell 0.12 from 0.11. Neither does it show
# that B is fine: it could be 0.15 as well.
#
# Before a verdict: look at forty covers of each. One motif over and over, at other places, condemns A at a glance.
# Measure B again with 200 pairs: an interval wholly above 0.12 would mean that it has lost variety. And measure A with
# something that a shift and grain do not fool: align each pair first, and blur it a little. If A's mean then jumps far
# above that of real covers treated in the same way, it was a collapse in disguise; if it stays below, then A is either
# diverse or draws rubbish, and only the pictures, or recall in notebook 07, can tell these apart.

# %% [markdown] rubric="more_diverse"
# - **1** for saying that A's low mean proves no diversity, with a generator that would have it (one cover, moved or
#   with grain; noise; other textures);
# - **1** for saying that B's interval holds the real covers' mean, so that nothing follows about B, neither collapse
#   nor health;
# - **1** for asking to see covers, or the most alike pairs, and saying what in them would condemn A;
# - **1** for a further measurement that somebody else could carry out, with the outcome that speaks for either answer
#   (as many pairs for B as for the others; pairs aligned or blurred first; recall or coverage).

# %% [markdown] tags=["solution"]
# A and B in fact, so that nobody has to take our word for it: A is *one* cover, moved and with grain; B is forty real
# covers. (In the smoke profile there are fewer covers, and the value is less sure.)

# %% tags=["solution"] alt="Above ten covers by generator A: one and the same red cover each time, moved to another place and grainy. Below ten by B, real rock covers, every one different."
rng = np.random.default_rng(SEED)
moved = np.stack([np.roll(reals["rock"][0], rng.integers(-16, 17, 2), axis=(0, 1)) for _ in range(2 * PAIRS)])
by_a = np.uint8(np.clip(moved + rng.normal(0, 20, moved.shape), 0, 255))
by_b = reals["rock"][np.random.default_rng(3).permutation(len(reals["rock"]))[:40]]
for name, images in (("A", by_a), ("B", by_b)):
    half = len(images) // 2
    values = diversity.similarity(images[:half], images[half:])
    low, high = interval(values, np.random.default_rng(SEED))
    print(f"{name}: mean MS-SSIM of {half} pairs {values.mean():.2f}, {low:.2f}-{high:.2f}")
plots.strips({"A": by_a[:10], "B": by_b[:10]}, scale=2)

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - Equal errors can look entirely different: compare neighbourhoods, not pixels.
# - SSIM asks a window three questions: as bright, as much going on, the same thing going on? MS-SSIM asks them at five
#   distances, and people told it how much each counts.
# - Below 161 pixels the five scales do not fit. Say which way out you took.
# - Diversity is the mean MS-SSIM of random pairs *beside that of real covers*, with an interval from pairs that share
#   no cover.
# - Too high is a warning; low is no praise: a shift, a plain ground and noise all lower it. Look at the most alike
#   pairs.
#
# Next: whether the covers look *right*, in [07 · Measuring quality](07_measuring_quality.ipynb).
#
# ## Where the idea comes from
#
# - Wang, Bovik, Sheikh, Simoncelli, [Image Quality Assessment: From Error Visibility to Structural
#   Similarity](https://doi.org/10.1109/TIP.2003.819861), 2004: SSIM, and the pictures of equal error.
# - Wang, Simoncelli, Bovik, [Multiscale Structural Similarity for Image Quality
#   Assessment](https://doi.org/10.1109/ACSSC.2003.1292216), 2003: the scales and their powers.
# - Odena, Olah, Shlens, [Conditional Image Synthesis with Auxiliary Classifier
#   GANs](https://arxiv.org/abs/1610.09585), 2017: diversity by MS-SSIM, class by class.
# - Hepburn, McConville, Santos-Rodriguez, *Album Cover Generation from Genre Tags*, 2017: the same for covers.
# - Efron, [Bootstrap Methods: Another Look at the Jackknife](https://doi.org/10.1214/aos/1176344552), 1979: intervals
#   by resampling.
