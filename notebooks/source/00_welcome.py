# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 00 · Welcome
#
# This course takes you from a folder of album covers to a neural network that draws new ones, and you will be able to
# say how well it draws.
#
# **35 minutes**, with or without a GPU.
#
# **What you will learn**
#
# - what a generative adversarial network (GAN) is, in one picture and one formula;
# - what the machine under this notebook can do, and what the course therefore asks of it;
# - where the first covers come from: a program that draws them, and knows every fact about each of them.
#
# **How to use the notebooks.** Run the cells from top to bottom with Shift+Enter. Every section explains something,
# runs it, and shows you the result. Near the end of each notebook are a few exercises. Where they ask for code, a cell
# checks your answer and tells you in words what is amiss; where they ask for judgement, you write a few sentences. A
# short quiz follows. Nothing here can be broken for good: when in doubt, restart the kernel and run from the top.

# %% tags=["setup"]
# tools/build_notebooks.py puts tools/setup_cell.py here

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

from helpers import plots, runtime
from helpers.checks import self_check
from helpers.sources import synthetic

# %% tags=["parameters"]
COVERS = 100
SIZE = 64
SEED = 0

# %% [markdown]
# ## 1 · A first look at the covers
#
# A model needs pictures to learn from, and collecting real ones takes time, a network connection and some care about
# the owners' terms. So the course brings covers of its own, called *dSleeves*. None of them was ever released: a
# program draws them, and they belong to nobody. `synthetic_covers` yields pairs of a *record* (artist, title, year,
# genre, and ten numbers that describe the music) and a picture. Cover number 7 of a seed is the same cover on every
# machine.
#
# We draw the first hundred and hang them on a wall.

# %% alt="A wall of ten by ten drawn album covers: faces, groups, guitars, mountains, moons, rays and patterns, some bright, some nearly black, most with an artist's name and a title in Latin or Hangul letters."
records, images = zip(*synthetic.synthetic_covers(COVERS, SIZE, seed=SEED), strict=True)
plots.show(images, columns=10, scale=1)

# %% [markdown]
# They are no match for a good designer, yet they have what makes album art a fine subject for a GAN: a strong
# composition, a palette that belongs together, a face here and a few words of type there. Twelve genres are on the
# wall, K-pop with its Hangul titles among them. Try to guess a few before you look at the records:

# %%
# NBVAL_CHECK_OUTPUT
for record in records[:6]:
    print(f"{record.year}  {record.genres[0]:11} {record.title} by {record.artist}")

# %% [markdown]
# ## 2 · What a GAN is
#
# Two networks play a game against each other, and both get better at it.
#
# - The **generator** is a forger. It has never seen a cover. It receives a list of random numbers, called *noise* or a
#   *latent vector*, and turns it into a picture.
# - The **discriminator** is a detective. It sees one picture at a time, sometimes a real cover, sometimes a forgery,
#   and says how likely it is that the picture is real.
#
# The detective is trained to be right; the forger is trained to make the detective wrong. The trick that makes it work:
# the detective's verdict can be differentiated. Through it, the forger learns for every single pixel in which direction
# to change it to look more genuine.
#
# The next cell draws the game. One thing in the drawing is made up: the forgery is simply the average of a few covers,
# because blurred averages are what a young generator tends to produce.

# %% alt="Diagram. Noise goes into the generator, out comes a blurred forgery. The forgery and a real cover both go to the discriminator, which says: real, I am 70 % sure. A dashed arrow leads back from it to the generator: how to change each pixel."
figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")


def picture(x, y, image, label):
    axes.imshow(image, extent=(x - 0.5, x + 0.5, y - 0.5, y + 0.5), cmap="gray")
    axes.text(x, y - 0.72, label, ha="center", fontsize=9)


def player(x, y, name, colour):
    axes.text(x, y, name, ha="center", color="white", bbox={"boxstyle": "round,pad=.8", "fc": colour, "ec": "none"})


def arrow(start, end, **style):
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "lw": 1.5, "color": "0.4"} | style)


picture(0.7, 1.0, np.random.default_rng(SEED).random((8, 8)), "noise")
player(2.7, 1.0, "generator", plots.G_COLOUR)
picture(4.7, 1.0, np.mean([images[i] for i in (17, 29, 30, 31, 42)], axis=0) / 255, "a forgery")
picture(4.7, 2.7, images[9], "a real cover")
player(7.0, 1.85, "discriminator", plots.D_COLOUR)
axes.text(9.1, 1.85, "“real, I am\n70 % sure”", va="center")
for start, end in [((1.3, 1), (1.8, 1)), ((3.6, 1), (4.1, 1)), ((5.3, 2.6), (5.9, 2.1)), ((5.3, 1.1), (5.9, 1.7))]:
    arrow(start, end)
arrow((8.1, 1.9), (9.0, 1.9))
arrow((7.0, 1.4), (2.7, 0.6), ls="--", color=plots.G_COLOUR, connectionstyle="arc3,rad=-0.5")
axes.text(7.3, 0.1, "how to change each pixel", ha="center", fontsize=9, color=plots.G_COLOUR)
axes.set(xlim=(0, 10.4), ylim=(-0.35, 3.3))
axes.axis("off")
plt.show()

# %% [markdown]
# In numbers, the detective gives each picture a probability between 0 and 1. For a real cover the right answer is 1,
# for a forgery it is 0, and the penalty for saying $p$ where the truth was 1 is $-\ln p$: nothing for being sure and
# right, a lot for being sure and wrong. Added up, that is the **discriminator's loss**,
#
# $$L_D = -\frac{1}{n} \sum_i \ln D(\text{real}_i) \; - \; \frac{1}{n} \sum_i \ln(1 - D(\text{forgery}_i)).$$
#
# You will meet this loss as a curve in notebook 04, and one value on it is worth remembering. If the forgeries were
# perfect, the detective could do no better than answer 0.5 every time, and $L_D$ would be $2 \ln 2 \approx 1.386$. You
# will compute it yourself in exercise 2.

# %% [markdown]
# ## 3 · One factor at a time
#
# Each drawn cover comes from a set of *factors*: genre, year, words, layout, palette, and the audio features that
# Spotify used to publish for every track, such as energy (0 to 1) or tempo (in beats per minute). Each factor has its
# own visible effect. Here is one cover's description:

# %%
# NBVAL_CHECK_OUTPUT
factors = synthetic.draw_factors(SEED, index=17)
print(f"{factors.title} by {factors.artist}, {factors.genre}, {factors.year}, {factors.layout}")
for name, value in factors.features.items():
    print(f"  {name:17}{value:g}")

# %% [markdown]
# Now we keep everything and move a single number: ten rows, one for each audio feature, from its low end on the left to
# its high end on the right. Read along a row and say what changes before you look it up below.


# %% alt="Ten rows of one cover, a collage with a face under the artist's name. Along each row one audio feature grows. The change is plain for popularity, energy, instrumentalness, liveness, speechiness and valence, slight for the others; the table below lists all."
def with_feature(factors, name, value):
    """The same cover, had the music been different in one respect."""
    return replace(factors, features=factors.features | {name: value})


LOW_AND_HIGH = {"tempo": (60, 190), "loudness": (-28, -3), "popularity": (0, 100)}  # all others: 0 to 1
strips = {}
for name in factors.features:
    values = np.linspace(*LOW_AND_HIGH.get(name, (0, 1)), 8)
    strips[name] = [synthetic.draw_cover(with_feature(factors, name, value), SIZE) for value in values]
plots.strips(strips)

# %% [markdown]
# | feature | what it does to the cover |
# |---|---|
# | energy | contrast, and the number of shapes |
# | valence (how happy the music sounds) | warmer and lighter |
# | tempo | more bands of light, stripes, petals, waves across the cover |
# | danceability | round instead of angular, even instead of uneven |
# | acousticness | rougher paper, quieter colours |
# | instrumentalness | less type, in the end none |
# | liveness | a tilted, shaken picture under the lights of a stage, as if from the front row |
# | loudness | saturated colours |
# | speechiness | larger type |
# | popularity | the subject larger, nearer the middle and in a spotlight; more often a person |

# %% [markdown]
# What has names instead of numbers can be changed as well. Here is the same record in every layout, texture and
# typeface, before every backdrop, in a dozen palettes; and, with nothing else changed, dressed for every genre: what
# people wear, what they hold and what stands behind them is a matter of genre too. The last row shows, from the left,
# rock, pop, metal, country, hiphop, electronic, folk, ambient, jazz, kpop, classical and reggae.

# %% alt="One portrait with a single thing changed in each row. Layouts place it as a skyline, a badge, a vinyl record and more; textures, typefaces and backdrops change details, palettes all colours. In the row of genres hair, hat, clothes and face change."
choices = {
    "layout": synthetic.LAYOUTS,
    "texture": synthetic.TEXTURES,
    "typeface": synthetic.TYPEFACES,
    "backdrop": synthetic.BACKDROPS,
    "palette": list(synthetic.PALETTES)[::5],
    "genre": synthetic.GENRES,
}
portrait = replace(factors, layout="portrait")
plots.strips(
    {
        name: [synthetic.draw_cover(replace(portrait, **{name: value}), SIZE) for value in values]
        for name, values in choices.items()
    }
)

# %% [markdown]
# Why does a course on GANs want covers like these? Because we know the truth about them. When a later notebook asks a
# model for "jazz, 1962, energy 0.3", we can measure whether it listened. With real covers one can only look and nod.

# %% [markdown]
# ## 4 · What this notebook runs on
#
# Training a GAN on a graphics processor takes minutes where an ordinary processor takes hours, so the course asks the
# machine first and cuts its coat according to the cloth. `runtime.detect()` finds out where it is and what there is to
# compute with; you need not set anything.

# %%
machine = runtime.detect()
print(machine.summary())

# %% [markdown]
# And what follows from it, in plain words:

# %%
print("\n".join(machine.advice()) or "All is well; nothing to do.")

# %% [markdown]
# The last lines of the summary name a **profile**. It says how many covers of which size a notebook uses, and how long
# it trains. There are three:
#
# - `smoke` is for testing the course itself: everything runs, quickly, and nothing gets time to become beautiful;
# - `cpu` is for a laptop: about half an hour of training, small pictures, recognisable results;
# - `gpu` is the real thing, made for the T4 that Colab lends.
#
# You can overrule the choice by setting the environment variable `COVERGAN_PROFILE` before the first cell.

# %%
print(f"{'profile':9}{'pixels':>8}{'covers':>9}{'batch':>7}{'width':>7}{'steps':>9}")
for p in runtime.PROFILES.values():
    print(f"{p.name:9}{p.image_size:8}{p.covers:9,}{p.batch_size:7}{p.width:7}{p.steps:9,}")

# %% [markdown]
# **On Colab**, open *Runtime → Change runtime type* and choose a GPU before you start. A runtime that is left alone is
# recycled, and its files with it. Tick **SAVE_TO_DRIVE** in the setup cell of a notebook, and what it trains is copied to
# your Google Drive as it goes; on a new runtime, tick it again, and the training goes on where it was.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · Which detective loses least? (3 minutes, easy)
#
# Predict before you compute. Three detectives look at real covers and at forgeries, and give every picture of a kind
# the same probability of being real:
#
# | | of real covers | of forgeries |
# |---|---|---|
# | **a** | 0.9 | 0.9 |
# | **b** | 0.5 | 0.5 |
# | **c** | 0.6 | 0.4 |
#
# Which of them has the smallest loss $L_D$? Write its letter.
#
# *Hint: being sure and wrong costs most, and the loss has no upper end: $-\ln 0.1$ is 2.3.*

# %% answer="predict_detective"
### BEGIN SOLUTION
prediction = "c"
### END SOLUTION

# %% check="predict_detective" points=1
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    said = {"a": (0.9, 0.9), "b": (0.5, 0.5), "c": (0.6, 0.4)}
    losses = {name: -np.log(real) - np.log(1 - forged) for name, (real, forged) in said.items()}
    assert prediction != "a", "a is sure that forgeries are real, too: -ln(0.9) - ln(1 - 0.9) is 2.4, the most of all."
    assert prediction != "b", (
        "b never commits itself and pays 1.386. Can someone who is right, if only a little, pay less?"
    )
    print("Well done.", ", ".join(f"{name} loses {loss:.2f}" for name, loss in losses.items()))

# %% [markdown]
# ### Exercise 2 · Score the detective (5 minutes, easy)
#
# Write the discriminator's loss from the formula above. You are given two arrays of probabilities: what the detective
# said about real covers, and what it said about forgeries.
#
# *Hint: `np.log` takes the logarithm of every entry at once, `np.mean` averages. Two lines are plenty.*


# %% answer="discriminator_loss"
def discriminator_loss(on_real, on_forged):
    """The loss L_D of a discriminator that gave these probabilities of being real; both are arrays in (0, 1)."""
    ### BEGIN SOLUTION
    return -np.mean(np.log(on_real)) - np.mean(np.log(1 - on_forged))
    ### END SOLUTION


# %% check="discriminator_loss" points=2
with self_check():
    undecided = discriminator_loss(np.full(4, 0.5), np.full(4, 0.5))
    assert undecided is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.ndim(undecided) == 0, "The loss should be a single number: average over the covers with np.mean."
    assert undecided > 0, f"The loss is {undecided:.3f}, but a penalty is positive: is a minus sign missing?"
    assert np.isclose(undecided, 2 * np.log(2)), (
        f"Always saying 0.5 should cost 2 ln 2 = 1.386, yours costs {undecided:.3f}: are both means there, with np.log?"
    )
    sharp = discriminator_loss(np.array([0.9, 0.8]), np.array([0.1, 0.3]))
    assert sharp < undecided, "A detective who is right must lose less than an undecided one: which term takes 1 - p?"
    assert np.isclose(sharp, 0.3953, atol=1e-4), f"The sharp detective should lose 0.395, yours loses {sharp:.3f}."
    print(f"Well done. Undecided: {undecided:.3f}, sharp: {sharp:.3f}.")

# %% hidden="discriminator_loss"
with self_check():
    lopsided = discriminator_loss(np.array([0.5]), np.array([0.5, 0.75, 0.5]))
    assert np.isclose(lopsided, 1.6173, atol=1e-3), (
        f"One real cover and three forgeries should cost 0.693 + 0.924 = 1.617, yours {lopsided:.3f}: each kind has its mean."
    )

# %% [markdown]
# ### Exercise 3 · One record, eight decades (5 minutes, easy)
#
# Every decade has its way of printing, from two inks on cream paper in the fifties to the soft light leaks of today.
# Draw one cover as if it had been printed in each of several years, with everything else unchanged.
#
# *Hint: `replace(factors, year=1970)` gives the factors of the same cover from 1970, which
# `synthetic.draw_cover(factors, size)` draws. A list comprehension does it for each year. The year is no audio feature,
# so `with_feature` above will not do.*


# %% answer="through_the_years"
def through_the_years(factors, years, size):
    """A list of covers, uint8 [size, size, 3], one for each of `years`, that differ in nothing but the year."""
    ### BEGIN SOLUTION
    return [synthetic.draw_cover(replace(factors, year=year), size) for year in years]
    ### END SOLUTION


# %% check="through_the_years" points=2 alt="One cover eight times, as if printed in 1950, 1960 and so on to 2020: first in two faded inks on cream paper, then in brighter colours, at the end with a soft light leak."
with self_check():
    decades = range(1950, 2030, 10)
    aged = through_the_years(factors, decades, SIZE)
    assert aged is not None, "The function gives nothing back: does it end with `return …`?"
    assert len(aged) == 8, f"Eight years should give eight covers, not {len(aged)}."
    assert np.shape(aged[0]) == (SIZE, SIZE, 3), f"Each cover should have the shape {(SIZE, SIZE, 3)}: pass `size` on."
    same = synthetic.draw_cover(replace(factors, year=1950), SIZE)
    assert np.array_equal(aged[0], same), "The first cover is not the one of 1950: change the year, and only the year."
    assert not np.array_equal(aged[0], aged[-1]), "1950 and 2020 look the same: is the year of each cover its own?"
    plots.show(aged, columns=8, scale=1)
    print("Well done: one record, eight decades.")

# %% hidden="through_the_years"
with self_check():
    other = synthetic.draw_factors(SEED + 1, index=3)
    small = through_the_years(other, [2005, 1965], 32)
    assert np.shape(small) == (2, 32, 32, 3), "Two years at 32 pixels should give two covers of 32 pixels."
    for year, cover in zip([2005, 1965], small, strict=True):
        expected = synthetic.draw_cover(replace(other, year=year), 32)
        assert np.array_equal(cover, expected), (
            "For another record the covers are not its own, or not in the order asked for."
        )

# %% [markdown]
# ### Exercise 4 · What dSleeves leaves out (10 minutes, medium)
#
# A model believes the data it is given. Look at the wall of a hundred covers and at the row of genres once more, this
# time as a critic. Name **two** ways in which these covers differ from the album covers you know: something that is
# missing, that is always the same, or that goes together here more strictly than it does in the world. For one of them,
# say what a generator trained on nothing else would draw, and how one could **measure** that it does.
#
# *Hint: who is on the covers, and what do they do? What does a genre decide here that no record company would let it
# decide? Measuring may be as simple as counting something on a hundred covers of each kind.*

# %% [markdown] answer="bias" points=4
# In dSleeves the genre decides what people wear and hold: whoever is on a country cover stands among the same few
# props. On real covers the tie is loose, and many show no person at all. And all pictures are drawn by one program from
# a few dozen parts, whereas real covers are photographs, paintings and collages by thousands of hands.
#
# A generator trained on dSleeves alone would draw the props along with the genre: ask it for country, and it cannot
# leave them out. To measure it, let it draw a hundred country covers and a hundred jazz covers, mix them, and let
# somebody who does not know which is which count hats and guitars. Beside them, count the same on a hundred real covers
# of each genre: if hats tell the genres apart among the drawn ones only, then the generator has learned the props.

# %% [markdown] rubric="bias"
# - **1** for a difference that can be seen in the pictures of this notebook;
# - **1** for a second one of another kind;
# - **1** for what a generator would draw because of it, not only that "it will be biased";
# - **1** for a measurement that somebody else could carry out: what is counted, on which covers, and beside what.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - A GAN is a game of two networks: a forger that turns noise into pictures, and a detective that tells real from
#   forged. The forger learns through the detective's derivative.
# - A discriminator that cannot tell the two apart has the loss 2 ln 2, about 1.386.
# - The course draws covers whose every factor is known, so that what a model learns can be measured.
# - The runtime chooses a profile to suit the machine; nothing else in the notebooks depends on where they run.
#
# Next, if you like, notebooks 01 and 02 collect covers from the web; nothing later needs them. Notebook 03 turns a
# folder of pictures, tidy or not, into a training set, and notebook 04 then trains the first GAN.
#
# ## Where the idea comes from
#
# - The game: I. Goodfellow and others, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661), 2014. Equation 1
#   there is our loss.
# - Forgers that draw well: A. Radford, L. Metz and S. Chintala,
#   [Unsupervised Representation Learning with Deep Convolutional GANs](https://arxiv.org/abs/1511.06434), 2015.
#   Notebook 04 builds one.
# - Data with known factors: L. Matthey and others, [dSprites](https://github.com/google-deepmind/dsprites-dataset),
#   2017.
# - Audio features: Spotify's
#   [documentation](https://developer.spotify.com/documentation/web-api/reference/get-audio-features) explains each.
