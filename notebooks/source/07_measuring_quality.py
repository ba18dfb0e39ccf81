# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · How good is it? Measuring quality
#
# **100 minutes**. Before this: [04 · DCGAN](04_dcgan.ipynb).
#
# "My covers look better than yours." To settle that, people compute a number, put it into a table, and print the
# smallest one in bold. This notebook takes the numbers apart, one by one, until you know what each of them sees. Then
# it tries to fool them all.
#
# **What you will learn**
#
# - why covers are compared as *features*, not as pixels;
# - how KID, FID, precision, recall, density, coverage and the sliced Wasserstein distance work, each with a picture of
#   its own;
# - why a number without its *floor*, its number of images and its network means nothing;
# - what every one of them misses.

# %% tags=["setup"]

# %%
import os
from pathlib import Path

from helpers import runtime

# %% tags=["parameters"]
MACHINE = runtime.detect()
PROFILE = MACHINE.profile()
SIZE = 32
MOST = 2000  # covers in each set
INCEPTION = PROFILE.name == "gpu"  # a second network, whose weights are a download of 88 MB
SEED = 0
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / PROFILE.name

# %%
MACHINE.apply()  # backend and precision, before Keras is imported

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from PIL import Image, ImageFilter
from scipy.stats import multivariate_normal

from helpers import plots
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import weights
from helpers.metrics import distribution, lite0, memorisation
from helpers.metrics.features import EXTRACTOR, extract
from helpers.metrics.frechet import Moments, fid, fid_infinity, frechet_distance
from helpers.metrics.kernel_distance import kid, polynomial_mmd
from helpers.metrics.manifold import density_coverage, manifold, precision_recall
from helpers.metrics.sliced_wasserstein import laplacian_pyramid, sliced_wasserstein
from helpers.sources.synthetic import synthetic_covers

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
plt.rcParams["axes.spines.top"] = plt.rcParams["axes.spines.right"] = False

# %% [markdown]
# ## 1 · The question
#
# A generator draws covers from a distribution that it has learnt; real covers come from another. *How far apart are the
# two?* We only ever see samples: some thousand covers of each. No fake has a "right answer" to be compared with, so
# every measure here compares **two heaps of pictures**.
#
# We need three heaps of real covers that share none:
#
# - the **reference**, with which everything is compared;
# - **other** real covers. Comparing these with the reference gives the **floor**: what a perfect generator would get,
#   which draws from reality itself;
# - some covers to make **bad generators** of.

# %%
covers = CoverSet.build(
    synthetic_covers(PROFILE.covers, SIZE, seed=SEED),
    WORK / f"covers_{PROFILE.covers}_{SIZE}px",
    size=SIZE,
    origin=f"dSleeves, the first {PROFILE.covers} covers of seed {SEED}",
)
N = min(MOST, len(covers) // 3)
rows = np.random.default_rng(SEED).permutation(len(covers))
reference, other, material = (covers[np.sort(rows[k * N : (k + 1) * N])] for k in range(3))
print(f"three heaps of {N:,} covers")

# %% [markdown]
# And a generator that was trained for real, the genre-conditional one of notebook 05, whose weights come with the
# course:

# %% alt="A row of twelve real covers above a row of twelve generated ones, 32 pixels a side. The generated ones have similar colours and layouts, but blurred shapes, no faces and no letters that could be read."
gan, card = weights.load("acgan_dsleeves_32")
fakes = gan.generate(N, seed=SEED)
plots.strips({"real": reference[:12], "generated": fakes[:12]}, scale=2)

# %% [markdown]
# ## 2 · Features: pictures as points
#
# The obvious distance between two pictures is that of their pixels. It is a bad one: move a cover by one pixel and it
# is far from itself, while two dark covers are always close. So we let a network look at them. EfficientNet-Lite0 was
# trained to tell a thousand kinds of things apart on photographs; the 1,280 numbers just before its answer are a
# description of the picture: edges, textures, shapes, layouts. From now on, **a cover is a point in 1,280 dimensions**.

# %%
features = {"reference": extract(reference), "other": extract(other), "gan": extract(fakes)}
print(EXTRACTOR, features["reference"].shape)

# %% [markdown]
# Is that a better distance? Take a few covers and look for the nearest of all the others, once by pixels, once by
# features.


# %% alt="Twelve covers, below each the nearest other cover by pixels and the nearest by features. By pixels it has similar colours in the same places; by features it more often shows a similar motif or layout in other colours."
def nearest(queries, points):
    """Index of the nearest point for each query."""
    queries, points = (x.reshape(len(x), -1).astype("float32") for x in (queries, points))
    squared = (queries**2).sum(1)[:, None] + (points**2).sum(1) - 2 * queries @ points.T
    return squared.argmin(1)


asked = slice(20, 32)
by_pixels = other[nearest(reference[asked], other)]
by_features = other[nearest(features["reference"][asked], features["other"])]
plots.strips({"cover": reference[asked], "by pixels": by_pixels, "by features": by_features}, scale=2)

# %% [markdown]
# Pixels find the same colours in the same places. Features look for something else: the kind of layout, the kind of
# texture. Neither is *right*. But keep in mind what follows from it: **every number below is the opinion of one
# network**, and this one learnt from photographs of dogs and teapots, not from album covers.
#
# ## 3 · FID: two clouds, summed up as two Gaussians
#
# The most quoted number of all, the **Fréchet inception distance**, makes a bold simplification. It keeps of each cloud
# of points only the mean and the covariance, and asks how far apart two Gaussians with these are:
#
# $$\text{FID} = \lVert\mu_1 - \mu_2\rVert^2 + \operatorname{tr}\left(S_1 + S_2 - 2 (S_1 S_2)^{1/2}\right).$$
#
# The first term is easy: how far have the means moved? The second asks how differently the clouds are stretched. When
# both are stretched along the axes, with deviations $\sigma$, it is just as easy:
#
# $$\text{FID} = \sum_i (\mu_{1,i} - \mu_{2,i})^2 + (\sigma_{1,i} - \sigma_{2,i})^2.$$
#
# So we can check it by hand, in two dimensions:

# %% alt="Two clouds of points with the contours of their Gaussians: a round one at the origin, and one further right and up that is narrow and tall."
rng = np.random.default_rng(SEED)
mean, spread = np.array([2.0, 1.0]), np.array([0.5, 1.5])
blue, orange = rng.standard_normal((50_000, 2)), mean + spread * rng.standard_normal((50_000, 2))

figure, axes = plt.subplots(figsize=(4.6, 3.4), layout="constrained")
gaussians = ((blue, BLUE, "o", "-", [0, 0], [1, 1]), (orange, ORANGE, "^", "--", mean, spread))
for points, colour, marker, line, centre, deviation in gaussians:
    axes.scatter(*points[:400].T, s=6, color=colour, marker=marker, alpha=0.5)
    x, y = np.mgrid[-3:5:80j, -4:6:80j]
    density = multivariate_normal(centre, np.diag(np.square(deviation))).pdf(np.dstack([x, y]))
    axes.contour(x, y, density, levels=3, colors=colour, linestyles=line, linewidths=1.2)
axes.set(aspect="equal", title="two clouds and their Gaussians")
plt.show()

# %%
# NBVAL_CHECK_OUTPUT
by_hand = (mean**2).sum() + ((spread - 1) ** 2).sum()
print(f"by hand: {by_hand}, from the points: {fid(blue, orange):.1f}")

# %% [markdown]
# A Gaussian needs no points, only sums. They can be collected batch by batch, on several machines if need be, and
# merged: FID is the one measure here that runs over any number of images without holding their features.

# %%
moments = Moments()
for start in range(0, N, 100):
    moments.update(extract(reference[start : start + 100]))
streamed = frechet_distance(moments, Moments().update(features["gan"]))
at_once = fid(features["reference"], features["gan"])
print(f"FID of the GAN: {at_once:.1f} at once, {streamed:.1f} streamed")

# %% [markdown]
# ### The trap
#
# Now the floor: the FID of *real* covers, from the same distribution as the reference. It should be 0.

# %%
print(f"FID of real covers: {fid(features['reference'], features['other']):.1f}")

# %% [markdown]
# It is far from 0, although nothing is wrong with these covers. A covariance estimated from few images is too sharp in
# some directions and too flat in others, by chance, and chance differs between the sets. FID counts that as a
# difference. It is **biased**, and the bias depends on how many images you use.
#
# To see how, take clouds whose true distance we know: 32 dimensions, and a shift that makes the FID exactly 2.

# %% alt="FID against one over the number of images. The points lie nearly on a line that rises from a little above the true 2 with 2,000 images to many times that with 60. FID-infinity, at the left edge, is close to the truth."
d, truth = 32, 2.0
step = np.full(d, np.sqrt(truth / d))
real_cloud, fake_cloud = rng.standard_normal((2000, d)), step + rng.standard_normal((2000, d))
counts = np.array([60, 80, 120, 200, 400, 2000])
fids = [fid(real_cloud[:n], fake_cloud[:n]) for n in counts]
limit, error = fid_infinity(real_cloud[:400], fake_cloud[:400], seed=SEED)

figure, axes = plt.subplots(figsize=(6.4, 3), layout="constrained")
axes.plot(1 / counts, fids, "o-", color=BLUE, label="FID of n images")
axes.errorbar([0], [limit], [2 * error], fmt="s", color=ORANGE, capsize=4, label="FID-infinity, from 400")
axes.axhline(truth, color="0.6", linestyle="--", label="the truth")
axes.set_xticks([0, *1 / counts[:5]], ["∞", *counts[:5]])
axes.set(xlabel="images (the axis is 1/n)", ylabel="FID", ylim=0)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# With sixty images, most of the number is nothing but chance. Against $1/n$, though, the points fall nearly on a line,
# and a line can be extended: to the left edge, where $1/n$ is 0 and $n$ infinite. That is **FID-infinity** (Chong and
# Forsyth, 2020), with an error from how well the line fits.
#
# There is no free lunch. The line is straight only once there are more images than features, about one and a half times
# as many, also in the *smallest* of the sets compared, which are half as large. For 1,280 features that takes about
# 4,000 images. With fewer, as here, FID-infinity is still too large, and only its floor tells you so:

# %%
for name, group in (("real", features["other"]), ("GAN", features["gan"])):
    limit, error = fid_infinity(features["reference"], group, seed=SEED)
    print(f"{name:4}: FID {fid(features['reference'], group):7.1f}   FID-infinity {limit:7.1f} ± {error:.1f}")

# %% [markdown]
# ## 4 · KID: no Gaussians, no bias
#
# The **kernel inception distance** does not sum the clouds up. It compares all pairs of points by a *kernel*, a measure
# of how alike two points are; here $k(a, b) = (a \cdot b / d + 1)^3$. If both heaps come from one distribution, a real
# and a fake are on average just as alike as two reals, or two fakes:
#
# $$\text{KID} = \overline{k(\text{real}, \text{real}')} + \overline{k(\text{fake}, \text{fake}')} -
# 2\, \overline{k(\text{real}, \text{fake})}.$$
#
# The averages run over pairs of *different* images, and this is the whole trick: an image is always very like itself,
# and leaving these pairs out removes the bias. We measure real against real, where the truth is 0, with ever more
# images.

# %% alt="FID and KID of real covers against real covers, for ever more images. FID falls steadily and is still above 0 at the end; KID lies on both sides of 0, with error bars that shrink."
scale = np.sqrt(np.mean(np.square(features["reference"])))
first, second = features["reference"] / scale, features["other"] / scale
counts = [n for n in (40, 80, 160, 320, 640, 2000) if n <= N]
kids = np.array([kid(first[:n], second[:n], seed=SEED) for n in counts])
fids = np.array([fid(first[:n], second[:n]) for n in counts])

figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
axes[0].plot(counts, fids, "o-", color=BLUE)
axes[1].errorbar(counts, kids[:, 0], 2 * kids[:, 1], fmt="o-", color=ORANGE, capsize=4)
for ax, name in zip(axes, ("FID", "KID, ± 2 standard errors"), strict=True):
    ax.axhline(0, color="0.6", linestyle="--")
    ax.set(xscale="log", xlabel="images", title=name)
    ax.set_xticks(counts, counts)
    ax.minorticks_off()
plt.show()

# %% [markdown]
# Why are these FIDs so much lower than in section 3? The features were divided by their size (their root mean square),
# lest the cube in the kernel make the largest ones count for everything, and FID shrinks by the square of that: the
# same covers in another unit. So FIDs are comparable only in one unit, with as many dimensions, and for as many images.
#
# FID creeps down towards the truth. KID jumps around it, less and less, and can even be negative: that is what an
# unbiased estimate of 0 must look like. And it comes with a standard error. The heaps are cut into ten parts, each part
# gives a KID, and their spread says how sure we are of the mean. **With fewer than several thousand covers, KID is the
# number to trust**; FID is for comparing with others, who used as many images and the same network.
#
# ## 5 · Precision and recall: where do the points lie?
#
# KID and FID mix up two failures that look nothing alike: covers that are *bad*, and covers that are good but *always
# the same*. To tell them apart, we ask two questions:
#
# - **precision**: what share of the fakes lies where real covers lie?
# - **recall**: what share of the real covers lies where fakes lie?
#
# "Where real covers lie" has to be guessed from points. Give every real cover a ball that reaches to its third nearest
# neighbour. Where points are dense the balls are small, where they are sparse they are large, and all of them together
# cover the area. We do it in two dimensions, with a generator that has forgotten half of reality.


# %% alt="Twice a ring of real points and half a ring of fakes. Left, the balls of the real points: nearly all fakes lie in them and are drawn full. Right, the balls of the fakes: real points of the other half of the ring lie outside, hollow."
def draw_balls(axes, centres, points, k, colours):
    """The balls of the centres, and the points: full inside, hollow outside."""
    distance = np.linalg.norm(centres[:, None] - centres, axis=2)
    radii = np.sort(distance)[:, k]  # the nearest of all is the point itself
    inside = (np.linalg.norm(points[:, None] - centres, axis=2) <= radii).any(axis=1)
    for centre, radius in zip(centres, radii, strict=True):
        axes.add_patch(plt.Circle(centre, radius, color=colours[0], alpha=0.08, linewidth=0))
    axes.scatter(*centres.T, s=6, color=colours[0])
    axes.scatter(*points[inside].T, s=22, color=colours[1])
    axes.scatter(*points[~inside].T, s=22, facecolors="none", edgecolors=colours[1])
    axes.set_aspect("equal")
    axes.axis("off")
    return inside.mean()


angles = np.random.default_rng(1).uniform(0, 2 * np.pi, 80), np.random.default_rng(2).uniform(-0.2, np.pi, 80)
ring, half = (np.stack([np.cos(a), np.sin(a)], 1) + 0.12 * rng.standard_normal((80, 2)) for a in angles)
figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
precision = draw_balls(axes[0], ring, half, 3, (BLUE, ORANGE))
recall = draw_balls(axes[1], half, ring, 3, (ORANGE, BLUE))
axes[0].set_title(f"precision {precision:.2f}: fakes in real covers' balls")
axes[1].set_title(f"recall {recall:.2f}: real covers in fakes' balls")
assert np.allclose([precision, recall], precision_recall(ring, half))
plt.show()

# %% [markdown]
# On the left the larger points are its fakes. They are fine: most are full, they lie among the real ones. On the right
# the larger points are the real ones, and half of them are hollow: they lie in no fake's ball. High precision, low
# recall: **mode collapse**, seen in one glance at two numbers.
#
# ## 6 · The outlier that fools precision
#
# Now one strange cover gets into the reference, all alone in a corner. Its third neighbour is far off, so its ball is
# huge, and whatever lies in it counts as "real". Here come fakes that are pure nonsense:

# %% alt="The small ring of real points, and to its right one lone real point whose ball is several times as large as the ring. All the nonsense points lie inside that ball and are drawn full."
strange = np.concatenate([ring, [[5.0, 0.0]]])
nonsense = np.random.default_rng(3).uniform([2.2, -2], [7, 2], (60, 2))
figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
draw_balls(axes, strange, nonsense, 3, (BLUE, ORANGE))
plt.show()

for name, centres in (("without the outlier", ring), ("with the outlier", strange)):
    (precision, _), (density, coverage) = precision_recall(centres, nonsense), density_coverage(centres, nonsense)
    print(f"{name:20} precision {precision:.2f}   density {density:.2f}   coverage {coverage:.2f}")

# %% [markdown]
# One bad image in the reference, and nonsense is precise. **Density** and **coverage** (Naeem and others, 2020) mend
# this:
#
# - *density* does not ask *whether* a fake lies in a ball but *in how many*, divided by $k = 5$. One huge ball is one
#   ball. It is about 1 for a perfect generator, and more for one that stays in the crowded middle;
# - *coverage* is the share of real covers' balls that hold at least one fake. Recall can be fooled in the same way as
#   precision, by one fake with a huge ball; coverage never looks at the fakes' balls.
#
# ## 7 · Sliced Wasserstein: no network at all
#
# All this depended on one network's taste. The **sliced Wasserstein distance** (Karras and others, 2018) does without.
# It takes each cover apart into a *Laplacian pyramid*: what is lost when the picture is halved, and what remains.

# %% alt="Eight covers, and below each the levels of its pyramid: fine edges on grey, at the end a small blurred version of the cover."
pictures = {"covers": material[20:28]}
for level in laplacian_pyramid(material[20:28]):
    times = SIZE // level.shape[1]
    shown = level if level.min() >= 0 else 128 + 2 * level  # differences, made visible
    pictures[f"{level.shape[1]} px"] = shown.clip(0, 255).astype("uint8").repeat(times, axis=1).repeat(times, axis=2)
plots.strips(pictures, scale=2)

# %% [markdown]
# From each level it takes small patches of 7 × 7 pixels, points in 147 dimensions. How far apart are two clouds of
# points? On a *line* that is easy: sort both, pair them up in order, and take the mean distance of the pairs. That is
# the least work that carries one heap over to the other, the *Wasserstein* or earth mover's distance. So the clouds
# are projected to many random lines (the *slices*), and the results are averaged.
#
# It has no opinion on what a cover is, but it says at which *scale* something is wrong:


# %% alt="Bars of the sliced Wasserstein distance at each level, for real, blurred, noisy and generated covers. At the finest level blurred is by far the highest, then noisy; at the coarsest all are low."
def blurred(images, radius):
    return np.stack([np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))) for image in images])


def noisy(images, deviation):
    noise = np.random.default_rng(SEED).normal(0, deviation, images.shape)
    return (images + noise).round().clip(0, 255).astype("uint8")


damaged = {"real": other, "blurred": blurred(other, 0.8), "noisy": noisy(other, 15), "generated": fakes}
styles = (("0.7", ""), (BLUE, "//"), (GREEN, ".."), (ORANGE, "xx"))
figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
for k, ((name, images), (colour, hatch)) in enumerate(zip(damaged.items(), styles, strict=True)):
    levels = sliced_wasserstein(reference, images, seed=SEED)["levels"]
    places = np.arange(len(levels)) + 0.2 * k
    axes.bar(places, levels.values(), 0.18, label=name, color=colour, hatch=hatch, edgecolor="white")
axes.set_xticks(np.arange(len(levels)) + 0.3, [f"level of {side} px" for side in levels])
axes.set(ylabel="distance")
axes.legend(frameon=False, ncols=2)
plt.show()

# %% [markdown]
# Set each bar against the grey one, its floor, and not against 0. With few covers the floor itself is uncertain, and
# the generated ones may even seem to beat reality: that is chance, or patches that are typical one by one, which does
# not make whole covers.
#
# ## 8 · The metric zoo
#
# Time to put them all to the test. Seven generators, most of them frauds:
#
# - **real**: other real covers, that is, the floor;
# - **noise**: real covers with some grain;
# - **blur**: real covers, slightly out of focus;
# - **collapse**: eight covers of its training set, over and over;
# - **upside down**: real covers, turned by half a circle;
# - **thief**: copies of real covers from its training set, from which it learnt nothing but copying;
# - **GAN**: the trained one.

# %% alt="Twelve covers from each of the seven generators. Noise is grainy, blur slightly soft, collapse repeats the same eight covers, upside down is turned, the thief shows clean real covers, the GAN's have vague shapes."
zoo = {
    "real": other,
    "noise": noisy(material, 15),
    "blur": blurred(material, 0.5),
    "collapse": material[np.arange(N) % 8],
    "upside down": material[:, ::-1, ::-1],
    "thief": material,
    "GAN": fakes,
}
plots.strips({name: images[:12] for name, images in zoo.items()}, scale=2)

# %% tags=["progress"]
scores = {}
for name, images in zoo.items():
    looked_at = features["other"] if images is other else extract(images)
    scores[name] = distribution.compare(features["reference"], features["other"], looked_at, seed=SEED)
    scores[name]["sliced_wasserstein"] = distribution.patches_beside_floor(reference, other, images, SEED)

# %%
names = list(scores["GAN"])
lines = ["| | " + " | ".join(name.replace("_", " ") for name in names) + " |", "|---" * (len(names) + 1) + "|"]
for generator, score in scores.items():
    lines.append(f"| **{generator}** | " + " | ".join(f"{score[name]['value']:.3g}" for name in names) + " |")
display(Markdown("\n".join(lines)))

# %% [markdown]
# It is easier to see as a picture. Each dot is one generator; the line is the floor. Distances should be small, shares
# near their floor.

# %% alt="Eight small charts, one for each measure, with a dot for each of the seven generators and a dashed line at the floor. Collapse has the worst distances and almost no recall and coverage; the thief lies at the floor in every chart."
figure, axes = plt.subplots(2, 4, figsize=(10, 4.4), layout="constrained", sharey=True)
order = list(zoo)[::-1]
for ax, name in zip(axes.flat, names, strict=True):
    values = [scores[generator][name]["value"] for generator in order]
    errors = [2 * scores[generator][name].get("se", 0) for generator in order]
    ax.axvline(scores["real"][name]["floor"], color="0.6", linestyle="--")
    ax.errorbar(values, order, xerr=errors, fmt="o", color=BLUE)
    ax.set_title(name.replace("_", " "), fontsize=9)
    ax.grid(axis="y", color="0.93")
plt.show()

# %% [markdown]
# Go through it row by row.
#
# - **Noise**: KID and FID rise, recall falls. But precision and density do *not* fall, they are at least as good as the
#   floor: in feature space grainy covers huddle together, in a place that a few real covers' balls happen to reach.
# - **Blur**: the network, which sees the covers enlarged, hardly notices. The sliced Wasserstein distance, which counts
#   fine detail, does.
# - **Collapse**: every single cover is real, so precision has nothing against it; an average over eight covers, it may
#   land anywhere. Recall and coverage are next to nothing, and this is why they are the numbers to watch during
#   training.
# - **Upside down**: you see it at once. The network, which has to know a teapot from any side, hardly cares. Light
#   that comes from below upsets the coarse level of the sliced Wasserstein distance more.
# - **The thief** passes everything. **It is as good as reality in every single measure.** Of course: its covers *are*
#   real covers. None of these numbers can tell a painter from a photocopier.
#
# ## 9 · The check that none of them makes
#
# So one more question must be asked of every generator: *how close is each of its covers to the nearest one it was
# trained on?* And since some real covers are close to each other, too: closer than real covers that it never saw?
#
# Our thief is easy to catch. So let it be a little cleverer, too: in **disguise**, it moves each cover by a pixel and
# puts it slightly out of focus.


# %% alt="Histograms of the distance to the nearest training cover. The thief's is a single bar at 0. The disguised copies spread over the left half of the wide hump of covers never seen, so distance alone does not separate them."
def distance_to_nearest(points, training):
    return np.linalg.norm(points - training[nearest(points, training)], axis=1)


disguised = blurred(np.roll(material[:60], 1, axis=2), 0.8)
training, looked_at = extract(material), {"never seen": features["other"], "disguise": extract(disguised)}
looked_at["thief"] = training
figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
for (name, points), colour, line in zip(looked_at.items(), (GREEN, BLUE, ORANGE), ("-", "--", ":"), strict=True):
    distances, style = distance_to_nearest(points, training), {"color": colour, "linestyle": line, "linewidth": 1.8}
    axes.hist(distances, bins=np.linspace(0, 80, 60), histtype="step", label=name, **style)
axes.set(xlabel="distance to the nearest training cover", ylabel="covers", yscale="log")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The plain thief stands at 0. The disguised one mingles with honest covers, which were never seen and copied nothing:
# distance in features is not enough. `helpers.metrics.memorisation` looks twice, for candidates by features *and* by
# perceptual hash, then at the pixels of the few that are left, in several positions. How near is too near it learns
# from real covers, so it can say how often its alarm is false. We hide six disguised copies among the GAN's covers:

# %% alt="Nine suspects above the training covers nearest to them. The disguised copies are marked as copies and plainly show the cover below; the others show something else than the cover below them and are not marked."
suspects = np.concatenate([disguised[:6], fakes[:94]])
found = memorisation.memorisation(suspects, material, extract(suspects), training, seed=SEED)
caught, others = found.nearest["copy"][:6].sum(), found.nearest["copy"][6:].sum()
print(f"caught {caught} of 6 copies; flagged {others} of the other 94; false alarms {found.false_alarms['value']:.1%}")
memorisation.plot(found, suspects, material, count=9)

# %% [markdown]
# Above the suspects, below what they may have been copied from; what is flagged is in orange. `covergan evaluate` does
# the same for every run.
#
# ## 10 · Genre by genre
#
# A GAN that draws eleven genres well and one badly gets a fine number. So measure each genre against itself. That
# leaves few covers for each, and KID is the only measure here that stays unbiased; its standard error says what can
# still be told apart.

# %% alt="KID for each genre with error bars, in rising order: the GAN's points lie well above the dashes of real against real, which are near 0. The error bars of neighbouring genres overlap."
genres = covers.genres
groups = [(features[name], genres[np.sort(rows[k * N : (k + 1) * N])]) for k, name in enumerate(("reference", "other"))]
by_genre = distribution.compare_by_genre(*groups, (features["gan"], gan.labels(N, seed=SEED)), seed=SEED)

figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
kids = {name: score["kid_lite0"] for name, score in by_genre["genres"].items()}
order = sorted(kids, key=lambda name: kids[name]["value"])
axes.errorbar(
    order, [kids[g]["value"] for g in order], [2 * kids[g]["se"] for g in order], fmt="o", color=BLUE, label="GAN"
)
axes.plot(order, [kids[g]["floor"] for g in order], "_", color="0.4", markersize=14, label="real against real")
axes.set(ylabel="KID")
axes.tick_params(axis="x", rotation=40)
axes.legend(frameon=False, loc="upper left")
plt.show()
print("left out:", by_genre["left_out"] or "none")

# %% [markdown]
# ## 11 · Never compare across networks
#
# KID and FID are distances in the space of *some network's* features. Another network means another space and other
# numbers. It need not even be another network: let ours look at the covers in 128 pixels where it usually sees 64.


# %%
def features_at(images, side):
    """Lite0's features of images brought to another size."""
    resized = [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) for image in images]
    batches = [np.stack(resized[start : start + 50]).astype("float32") for start in range(0, len(images), 50)]
    return np.concatenate([lite0.network().predict(batch, verbose=0)["features"] for batch in batches])


few = min(N, 500) // 4
networks = {
    "Lite0 at 64 px": extract,
    "Lite0 at 128 px": lambda images: features_at(images, 128),
}
if INCEPTION:
    networks["InceptionV3"] = lambda images: extract(images, extractor="inception")

lines = ["| network | FID of real covers | of noise | of the GAN |", "|---|---|---|---|"]
for name, look in networks.items():
    try:
        seen = look(reference[:few])
        values = [fid(seen, look(zoo[generator][:few])) for generator in ("real", "noise", "GAN")]
        lines.append(f"| {name} | " + " | ".join(f"{value:.0f}" for value in values) + " |")
    except CourseError as error:  # InceptionV3, and no internet
        print(error)
display(Markdown("\n".join(lines)))

# %% [markdown]
# The same covers, the same formula, other numbers. Published FIDs come from yet another network, the Inception of 2015,
# mostly with 50,000 images of each kind. Even a different way of shrinking the pictures moves them. That is why our
# results are called `kid_lite0` and `fid_inception` and never just "FID". **Two numbers may be compared only if they
# come from the same network, at the same size, with the same number of images, against the same reference.** And the
# Keras InceptionV3 that our package offers is not the network of the papers either.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · The largest FID (3 minutes, easy)
#
# Predict before you compute. Three heaps of covers are measured by FID:
#
# - **a**: all of the GAN's covers, against the whole reference;
# - **b**: all the other real covers, against the whole reference;
# - **c**: an eighth of the other real covers, against an eighth of the reference.
#
# Which of them gets the **largest** FID, that is, which looks worst? Write its letter.
#
# *Hint: section 3 has a curve along which nothing changes but the number of images.*

# %% answer="predict_fid"
### BEGIN SOLUTION
prediction = "c"
### END SOLUTION

# %% check="predict_fid" points=1
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    assert prediction != "a", (
        "The GAN's covers are worse than real ones, and with equally many FID says so. But are there equally many?"
    )
    assert prediction != "b", "That is the floor: real covers, and as many as there are. Nothing here gets less."
    part = N // 8
    heaps = {"a": (features["reference"], features["gan"]), "b": (features["reference"], features["other"])}
    heaps["c"] = features["reference"][:part], features["other"][:part]
    values = {name: fid(*pair) for name, pair in heaps.items()}
    print("Well done.", ", ".join(f"{name}: {value:.0f}" for name, value in values.items()))
    if values["c"] > values["a"]:
        print(f"With {part} covers, reality looks worse than the GAN with {N:,}.")

# %% [markdown]
# ### Exercise 2 · The Fréchet distance (15 minutes, medium)
#
# Write the distance between two Gaussians with *any* covariance, from the formula in section 3. It must also work where
# there were fewer images than features, so that the covariances are flat in many directions.
#
# *Hint: you need no matrix square root. The trace of $(S_1 S_2)^{1/2}$ is the sum of the square roots of the
# eigenvalues of $S_1 S_2$, which `np.linalg.eigvals` gives. They are real and never negative, except for rounding: take
# `.real`, and clip at 0.*


# %% answer="frechet"
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    """Squared Fréchet distance between two Gaussians: means [D], covariances [D, D]."""
    ### BEGIN SOLUTION
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap
    ### END SOLUTION


# %% check="frechet" points=2
with self_check():
    zero, eye = np.zeros(3), np.eye(3)
    tried = frechet(zero, eye, zero, eye)
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.ndim(tried) == 0, f"The distance is one number, not something of the shape {np.shape(tried)}."
    assert np.isclose(tried, 0), (
        f"A Gaussian is at distance 0 from itself; yours says {tried:.2f}. Are the signs right, and the 2?"
    )
    moved = frechet(zero, eye, np.array([3.0, 4.0, 0.0]), eye)
    assert not np.isclose(moved, 5), "The distance of the means enters squared, and no root is taken in the end."
    assert np.isclose(moved, 25), f"A shift by (3, 4, 0) should cost 9 + 16 = 25; yours says {moved:.2f}."
    wider = frechet(zero, eye, zero, 9 * eye)
    assert np.isclose(wider, 12), (
        f"Deviations of 3 for 1 cost (3 - 1)² = 4 on each axis, 12 in all; yours says {wider:.2f}: "
        "are the roots of the eigenvalues added up?"
    )
    flat = np.diag([1.0, 0.0, 0.0])
    assert np.isclose(frechet(zero, flat, zero, eye), 2), "Flat Gaussians must work, too: clip the eigenvalues at 0."
    a, b = first[:, :40], second[:, :40]
    mine = frechet(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))
    assert np.isclose(mine, fid(a, b), rtol=1e-3), (
        "Right for round Gaussians, not for those of real features: it takes the eigenvalues of the matrix product, "
        "not its entries, nor its singular values."
    )
    a, b = first[:20, :40], second[:20, :40]
    mine = frechet(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))
    assert np.isrealobj(mine), "Twenty covers, forty features: rounding makes some eigenvalues complex. Take `.real`."
    assert np.isfinite(mine), "Twenty covers, forty features: rounding makes some eigenvalues negative. Clip them at 0."
    assert np.isclose(mine, fid(a, b), rtol=1e-3), "Not right where there are fewer covers (20) than features (40)."
    print("Well done: that is FID.")

# %% hidden="frechet"
with self_check():
    line = frechet(np.array([1.0]), np.array([[4.0]]), np.array([3.0]), np.array([[1.0]]))
    assert np.isclose(line, 5), f"In one dimension (1 - 3)² + (2 - 1)² is 5; yours says {line:.2f}."
    clouds = np.random.default_rng(4).standard_normal((2, 10, 30))  # ten images, thirty features
    given = [part for cloud in clouds for part in (cloud.mean(0), np.cov(cloud, rowvar=False))]
    before = [part.copy() for part in given]
    tried = frechet(*given)
    assert all(map(np.array_equal, given, before)), "The means or covariances themselves were changed: use copies."
    assert np.isrealobj(tried), "The distance is a complex number: rounding makes eigenvalues complex, take `.real`."
    assert np.isfinite(tried), (
        "With fewer images than features the distance is not a number: rounding makes eigenvalues negative, clip them."
    )
    assert np.isclose(tried, fid(*clouds), rtol=1e-3), (
        f"With fewer images than features the distance should be {fid(*clouds):.2f}, yours is {tried:.2f}."
    )

# %% [markdown]
# ### Exercise 3 · Coverage (15 minutes, medium)
#
# Write coverage: the share of real points whose ball, which reaches to the real point's $k$-th nearest neighbour among
# the *other* real points, holds at least one fake. A fake on the rim is in the ball.
#
# *Hint: `np.linalg.norm(a[:, None] - b, axis=2)` is the table of all distances between two sets. In the table of the
# real points among themselves each point is its own nearest, at distance 0: look at `draw_balls` for how to count.*


# %% answer="coverage_of"
def coverage_of(real, fake, k=5):
    """Share of real points [N, D] with a fake [M, D] in their ball."""
    ### BEGIN SOLUTION
    among_real = np.linalg.norm(real[:, None] - real, axis=2)
    radii = np.sort(among_real, axis=1)[:, k]
    to_fakes = np.linalg.norm(real[:, None] - fake, axis=2)
    return np.mean(to_fakes.min(axis=1) <= radii)
    ### END SOLUTION


# %% check="coverage_of" points=2
with self_check():
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    tried = coverage_of(line, np.array([[100.0], [101.0], [102.0], [0.5]]), k=1)  # one good fake of four
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.ndim(tried) == 0, f"Coverage is one number, not something of the shape {np.shape(tried)}: average."
    assert not np.isclose(tried, 0), "Is each point its own nearest neighbour? Then every ball has radius 0."
    assert not np.isclose(tried, 0.25), "Yours is precision, the share of fakes in some ball: ask each real point."
    assert not np.isclose(tried, 1), "Only fakes' balls reach that far; coverage takes those of the real points."
    assert not np.isclose(tried, 0.125), (
        "2 of the 16 distances are short enough, but real points are counted: first `.any(axis=1)`, then the mean."
    )
    assert np.isclose(tried, 0.5), (
        f"One fake, at 0.5, lies in the balls of 0 and 1 only, so 0.5; yours says {tried:.2f}. Does each row of the "
        "table meet the radius of its own real point (`radii[:, None]`), and do balls reach to the k-th neighbour?"
    )
    many = coverage_of(line, np.full((9, 1), 0.5), k=1)
    assert np.isclose(many, 0.5), "Nine fakes at one place cover no more than one: divide by the number of real points."
    wide = coverage_of(line, np.array([[3.5]]), k=1)
    assert np.isclose(wide, 0.5), (
        f"The fake at 3.5 lies in the balls of 3 and of 7, that is 0.5; yours says {wide:.2f}: whose balls do you use?"
    )
    rim = coverage_of(line, np.array([[5.0]]), k=1)
    assert np.isclose(rim, 0.5), (
        "The fake at 5 lies on the rim of the ball of 3, which counts as inside: `<=`, not `<`."
    )
    few_real, few_fake = first[:80], second[:60]
    expected = manifold(few_real, few_fake)[0]["coverage"]
    assert np.isclose(coverage_of(few_real, few_fake), expected), "Right on a line, but not for covers with k = 5."
    print("Well done: it agrees with the package.")

# %% hidden="coverage_of"
with self_check():
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert np.isclose(coverage_of(line, np.array([[2.0]]), k=1), 0.5), (
        "The fake at 2 lies on the rim of the ball of 1, which counts as inside: compare with <=."
    )
    twins = np.array([[0.0], [0.0], [1.0], [4.0]])
    assert np.isclose(coverage_of(twins, np.array([[0.5]]), k=1), 0.25), (
        "Two equal covers are each other's nearest neighbours, at distance 0: leave out a point itself, but no other."
    )
    flat = np.random.default_rng(5).standard_normal((2, 30, 2))
    for k in (2, 7):
        expected = density_coverage(*flat, k=k)[1]
        assert np.isclose(coverage_of(*flat, k=k), expected), f"In the plane, with k = {k}, the result is not right."

# %% [markdown]
# ### Exercise 4 · The kernel distance (15 minutes, medium)
#
# Write what KID computes for one part of each heap, from the formula in section 4, with the kernel
# $k(a, b) = (a \cdot b / d + 1)^3$, where $d$ is the number of features. Leave out the pairs of an image with itself:
# the first two averages run over $n (n - 1)$ pairs each.
#
# *Hint: `a @ b.T` holds the products of all pairs at once. `np.trace` adds up the diagonal of a table.*


# %% answer="kernel_distance"
def kernel_distance(real, fake):
    """Unbiased kernel distance between two sets of features, [N, D] and [M, D]."""

    ### BEGIN SOLUTION
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def among(a):
        table = kernel(a, a)
        return (table.sum() - np.trace(table)) / (len(a) * (len(a) - 1))

    return among(real) + among(fake) - 2 * kernel(real, fake).mean()
    ### END SOLUTION


# %% check="kernel_distance" points=3
with self_check():
    tried = kernel_distance(np.array([[0.0], [1.0]]), np.array([[2.0], [3.0]]))
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.ndim(tried) == 0, f"The distance is one number, not something of the shape {np.shape(tried)}."
    assert not np.isclose(tried, 409), "An image was compared with itself: leave out the diagonals of both tables."
    assert not np.isclose(tried, 125.5), "Without the diagonal there are n (n - 1) pairs left, not n²: divide by those."
    assert not np.isclose(tried, 320.75), "The last average, of reals with fakes, counts twice: is the 2 there?"
    assert not np.isclose(tried, 344), "Where is the last average, of reals with fakes?"
    assert np.isclose(tried, 297.5), (
        f"The pairs give 1 + 343 - 2 · (1 + 1 + 27 + 64) / 4 = 297.5, yours gives {tried:.2f}: is the kernel the cube "
        "of (a · b / d + 1), and the diagonal left out after that?"
    )
    corner = kernel_distance(np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert np.isclose(corner, 2.375), (
        f"With two features, 1.5³ + 1 - 2 is 2.375, yours {corner:.2f}: divide the product by the number of features."
    )
    few = [points[:60].astype("float64") for points in (first, second)]
    expected = polynomial_mmd(*few)
    assert np.isclose(kernel_distance(*few), expected, atol=1e-3), (
        "Right by hand, but not for sixty covers, where the result may also fall below 0."
    )
    print(f"Well done: {expected:.4f} for real covers; another sixty might well give a negative number.")

# %% hidden="kernel_distance"
with self_check():
    sizes = [np.random.default_rng(6).standard_normal((count, 8)) for count in (25, 40)]
    before = [part.copy() for part in sizes]
    tried = kernel_distance(*sizes)
    assert all(map(np.array_equal, sizes, before)), "The features themselves were changed: compute with copies."
    assert np.isclose(tried, polynomial_mmd(*sizes)), (
        "Wrong for 25 reals and 40 fakes: each average has its own number of pairs, and d is the number of features."
    )
    assert np.isclose(kernel_distance(*sizes[::-1]), tried), "Reals and fakes may change places; yours differs then."
    rng = np.random.default_rng(7)
    same = [kernel_distance(*rng.standard_normal((2, 12, 4))) for _ in range(200)]
    assert min(same) < 0 < max(same), (
        "For two samples of one kind the result must fall on both sides of 0: no absolute value, and no clipping."
    )

# %% [markdown]
# ### Exercise 5 · The best GAN to date (20 minutes, hard)
#
# A paper on album covers, made up but like many, says on its first page: "*Our GAN is the best to date, with an FID of
# 28.4. The best before had 31.0.*" What one finds in the appendix:
#
# 1. The 28.4 is from 10,000 fakes and the InceptionV3 of Keras. The 31.0 was copied from the older paper, which took
#    50,000 fakes and the Inception of 2015.
# 2. The reference is the authors' own training set; the older paper's was another one.
# 3. FID was computed at forty moments of training, and the lowest value is given.
# 4. There is no floor and no error. Precision is 0.81 and recall 0.22.
#
# Does the claim hold? Go through the four points, and say of each whether it makes the new number look too **good**, or
# too **bad**, or whether one cannot tell. Then write down what you would have the authors measure, such that the answer
# would convince you.
#
# *Hint: point 1 holds two things that work in different ways. For the second point, think of the thief; for the fourth,
# of what precision and recall looked like for generators that you have seen.*

# %% [markdown] answer="best_to_date" points=4
# The claim does not hold; the two numbers do not even lie on one scale.
#
# 1. Another network measures in another space, and nobody can tell which way that moves the number. Fewer images make
#    FID larger, so this alone makes the new number look too *bad*. The two cannot be set off against each other.
# 2. Another reference: one cannot tell. But that it is the training set makes the number look too *good* for a GAN that
#    copies: the thief gets the floor, and nothing here says how near the fakes come to training covers.
# 3. The lowest of forty values is partly luck, so it looks too *good*; the older paper's may have been chosen likewise.
# 4. Without floor and error nobody knows whether a difference of 2.6 is more than chance. A recall of 0.22 beside a
#    precision of 0.81 says that single covers look right, but that most kinds never come up: the claim "best" hides a
#    generator that has lost variety. What real covers would get is missing here, too.
#
# I would take both generators, draw 10,000 fakes of each, at a step that was chosen beforehand, and compare them with
# the same 10,000 covers that neither was trained on, in one network: KID with its standard error, FID, recall or
# coverage, all beside the floor of other real covers. If the new one's KID is lower by more than two standard errors of
# the difference, its recall no lower, and its fakes are no nearer to training covers than unseen covers are, I believe
# it.

# %% [markdown] rubric="best_to_date"
# - **1** for saying that the two numbers cannot be compared, because network or reference differ, in a direction that
#   nobody knows;
# - **1** for the direction of the number of images: fewer make FID larger, so that here it works *against* the authors;
# - **1** for something that makes the number look too good, with the reason: the training set as reference rewards
#   copying, or the lowest of forty is partly luck; or for reading the low recall as lost variety;
# - **1** for a measurement that would settle it: both generators, one network, equally many images, covers that neither
#   was trained on, and a floor or an error to tell a difference from chance.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - All measures compare two heaps of pictures, nearly all of them in the eyes of one network.
# - A number needs company: its floor, its standard error, how many images, which network.
# - FID is too large by about $1/n$; FID-infinity takes that out if there are enough images. KID has no bias and knows
#   its error.
# - Precision asks whether the fakes are good, recall whether everything is there. One outlier fools precision; density
#   and coverage are not impressed.
# - Sliced Wasserstein needs no network and tells at which scale something is wrong, but sees only small pieces.
# - A generator that copies passes them all. Look for the nearest training covers, always.
# - Look at the pictures, too.
#
# ## Where the idea comes from
#
# - Heusel et al., [GANs Trained by a Two Time-Scale Update Rule](https://arxiv.org/abs/1706.08500), 2017: FID.
# - Chong and Forsyth, [Effectively Unbiased FID and Inception Score](https://arxiv.org/abs/1911.07023), 2020.
# - Bińkowski et al., [Demystifying MMD GANs](https://arxiv.org/abs/1801.01401), 2018: KID.
# - Kynkäänniemi et al., [Improved Precision and Recall](https://arxiv.org/abs/1904.06991), 2019.
# - Naeem et al., [Reliable Fidelity and Diversity Metrics](https://arxiv.org/abs/2002.09797), 2020: density, coverage.
# - Karras et al., [Progressive Growing of GANs](https://arxiv.org/abs/1710.10196), 2018: sliced Wasserstein, section 5.
# - Parmar, Zhang and Zhu, [On Aliased Resizing and Surprising Subtleties in GAN
#   Evaluation](https://arxiv.org/abs/2104.11222), 2022: how resizing moves FID.
# - Tan and Le, [EfficientNet](https://arxiv.org/abs/1905.11946), 2019; Szegedy et al., [Rethinking the Inception
#   Architecture](https://arxiv.org/abs/1512.00567), 2016: the networks.
