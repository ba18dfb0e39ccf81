# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · A DCGAN that draws album covers
#
# **60 minutes** (30 of them the computer's). Before this: [03 · Preprocess](03_preprocess.ipynb).
#
# Two networks play against each other until one of them can draw album covers: you build both, train them, and measure
# what comes out.
#
# **What you will learn**
#
# - why a generator can learn to draw without ever seeing a cover;
# - how to write both networks of a DCGAN in Keras, and the loss they fight over;
# - how to read a training run: the curves, the film, and the three numbers that tell a good generator from a lucky
#   picture;
# - why one recipe beats another at equal time.

# %% tags=["setup"]

# %%
import json
import os
from pathlib import Path

from helpers import runtime

# %% [markdown]
# The profile decides how long this takes: `smoke` is what the tests run, `cpu` fits a laptop, `gpu` fits Colab. Change
# the numbers if you are curious; nothing below depends on their values.

# %% tags=["parameters"]
MACHINE = runtime.detect()
PROFILE = MACHINE.profile()
SEED = 0
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / PROFILE.name

# %%
MACHINE.apply()  # backend and precision, before Keras is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image, Markdown, display
from keras import layers, ops

from helpers import DATA, plots
from helpers.covers import CoverSet
from helpers.gan import dcgan, networks, weights
from helpers.gan.runs import Run
from helpers.metrics import distribution
from helpers.sources.synthetic import synthetic_covers

# %% [markdown]
# ## 1 · The covers
#
# We train on dSleeves, the synthetic covers of notebook 00, so that everyone sees the same thing and nobody's copyright
# is touched. Your own covers work just as well: `covergan prepare FOLDER SET --size 64`, then `CoverSet.open("SET")` in
# the next cell.
#
# Building goes on where it stopped, and a finished set is simply opened. Run the cell twice to see.

# %%
covers = CoverSet.build(
    synthetic_covers(PROFILE.covers, PROFILE.image_size, seed=SEED),
    WORK / f"covers_{PROFILE.covers}_{PROFILE.image_size}px",
    size=PROFILE.image_size,
    origin=f"dSleeves, the first {PROFILE.covers} covers of seed {SEED}",
)
plots.show(covers[:40], columns=10)

# %% [markdown]
# ## 2 · The game
#
# The **generator** $G$ turns a vector of random numbers $z$, the *latents*, into a picture. It never sees a cover. The
# **discriminator** $D$ is shown covers and the generator's pictures and gives each a number, its *logit*: high for
# "real", low for "fake". $D$ learns from its mistakes as any classifier does. $G$ learns from $D$: the gradient that
# flows back through $D$ into the picture says which pixel to change, and how, to look more real.
#
# With $\sigma$ the sigmoid, so that $\sigma(D(x))$ is the probability of being real, $D$ minimises
#
# $$L_D = -\log \sigma(D(x)) - \log(1 - \sigma(D(G(z)))).$$
#
# What should $G$ minimise? The obvious choice, $\log(1 - \sigma(D(G(z))))$, has a flaw that the next picture shows.

# %%
logit = np.linspace(-8, 8, 200)
probability = 1 / (1 + np.exp(-logit))
figure, axes = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
axes.plot(logit, np.log(1 - probability), label="obvious: log(1 - σ)", color="#0072B2")
axes.plot(logit, -np.log(probability), label="non-saturating: -log σ", color="#D55E00")
axes.axvspan(-8, -3, color="0.92")
axes.text(-7.7, -6, "where every\ngenerator starts")
axes.set(xlabel="the discriminator's logit for a fake", ylabel="generator's loss")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# On the left, where $D$ is sure that the picture is fake, the blue curve is flat: no slope, no gradient, nothing to
# learn from, just when the generator needs it most. The orange one, $-\log \sigma(D(G(z)))$, has the same goal and is
# steepest there. It is called the **non-saturating** loss, and it is what everybody uses.
#
# One more trick goes back to 2016. A discriminator that is rewarded for being *certain* stops being useful, so its
# targets are blurred: $1 - U(0, 0.2)$ for real covers instead of 1, $U(0, 0.2)$ for fakes instead of 0. With targets
# that are not 0 or 1 we need the full cross-entropy. You will write it in exercise 1.

# %% [markdown]
# ## 3 · The generator
#
# DCGAN (2016) was the first recipe that trained reliably, and its generator still fits on a screen. It starts from a
# 4 × 4 picture with many channels and doubles the resolution until it is a cover, halving the channels each time.
# Three details matter more than they seem to:
#
# - **the kernel is 4, the stride 2.** When the stride divides the kernel, every output pixel is touched equally often.
#   With a kernel of 3 or 5 you get a checkerboard;
# - **batch norm, and so no bias:** the normalisation would subtract it again;
# - **tanh at the end,** because the covers are scaled to [-1, 1].


# %%
def make_generator(image_size, width, latent_dim=100):
    latents = layers.Input((latent_dim,))
    channels = width * image_size // 8
    x = layers.Reshape((1, 1, latent_dim))(latents)
    x = layers.Conv2DTranspose(channels, 4, use_bias=False)(x)  # 1 x 1 -> 4 x 4
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.LeakyReLU(0.2)(x)
    while channels > width:
        channels //= 2
        x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
    images = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh", dtype="float32")(x)
    return keras.Model(latents, images, name="generator")


generator = make_generator(PROFILE.image_size, PROFILE.width)
for layer in generator.layers:
    if "conv" in layer.name:
        print(" x ".join(map(str, layer.output.shape[1:])))

# %% [markdown]
# Before training, this is what it draws from 20 random vectors: fog. The structure that convolutions have by birth is
# there, and nothing else.

# %%
latents = np.random.default_rng(SEED).standard_normal((20, 100), np.float32)
fog = ops.convert_to_numpy(generator(latents, training=True))
plots.show(((fog + 1) * 127.5).astype("uint8"), columns=10)

# %% [markdown]
# ## 4 · The discriminator
#
# The mirror image: strided convolutions halve the resolution until a 4 × 4 map is left, and a dense layer turns it
# into one number. No batch norm on the first layer, which must see the covers' true colours. No sigmoid at the end:
# the loss works on logits, where it cannot overflow.


# %%
def make_discriminator(image_size, width):
    images = layers.Input((image_size, image_size, 3))
    x, channels = images, width
    while channels <= width * image_size // 8:
        first = channels == width
        x = layers.Conv2D(channels, 4, strides=2, padding="same", use_bias=first)(x)
        if not first:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
        channels *= 2
    logits = layers.Dense(1, dtype="float32")(layers.Flatten()(x))
    return keras.Model(images, logits, name="discriminator")


discriminator = make_discriminator(PROFILE.image_size, PROFILE.width)
tuple(discriminator(covers[:3] / 127.5 - 1.0, training=True).shape)

# %% [markdown]
# `helpers/gan/networks.py` holds the same two networks for the notebooks to come. Do not take our word for it:

# %%
# NBVAL_CHECK_OUTPUT
pairs = (
    (generator, networks.generator(PROFILE.image_size, PROFILE.width)),
    (discriminator, networks.discriminator(PROFILE.image_size, PROFILE.width)),
)
for ours, packaged in pairs:
    same = [weight.shape for weight in ours.weights] == [weight.shape for weight in packaged.weights]
    print(f"{ours.name}: the same weights as in the package: {same}")

# %% [markdown]
# ## 5 · One step of the game
#
# A textbook plays in two moves: draw fakes, update $D$; draw fakes *again*, update $G$. The second drawing is wasted
# work. Both losses can be computed from **one** forward pass, and each differentiated with respect to its own network:
#
# ```python
# fake = generator(latents, training=True)
# real_logits = discriminator(real, training=True)      # two calls, since batch norm must not
# fake_logits = discriminator(fake, training=True)      # mix the statistics of real and fake
# d_loss, g_loss = non_saturating(real_logits, fake_logits, real_labels, fake_labels)
# d_gradients = gradient of d_loss by the discriminator's weights
# g_gradients = gradient of g_loss by the generator's weights
# ```
#
# That is `GAN.gan_step` in `helpers/gan/base.py`, which is worth reading: forty lines, and every later model of this
# course overrides one method of it. Two more things happen there:
#
# - **an average of the generator** is kept, each step moving it a thousandth of the way. The players chase each other
#   in circles; the average sits in the middle of the circle, and draws better covers than any single moment;
# - **nothing random happens inside.** Latents and label noise come in with the covers, drawn from (seed, step). So two
#   runs agree to the last bit, and a run that Colab kills can be resumed as if nothing had happened.

# %%
gan = dcgan.build("default", image_size=covers.size, width=PROFILE.width, seed=SEED)
(batch,) = next(gan.batches(covers, PROFILE.batch_size, seed=SEED))
for name, value in batch.items():
    if len(value):
        print(f"{name:12s} {value.dtype} {value.shape}")

# %% [markdown]
# ## 6 · Training
#
# This is the long cell. It writes everything into one folder: checkpoint, log, sample grids. Interrupt it, close the
# laptop, let Colab recycle the machine: run it again and it goes on from the last checkpoint.

# %% tags=["progress"]
gan.fit(covers, PROFILE.steps, PROFILE.batch_size, seed=SEED, run=WORK / "dcgan")
run = Run(WORK / "dcgan")

# %% [markdown]
# ### How it went
#
# Do not look for curves that fall. The two losses are one game seen from both sides: when one player gets better, the
# other's loss rises. What you want is that **neither runs away**. The discriminator's loss cannot fall below 0.65 with
# our blurred targets. The nearer it comes, the more often it wins, and the more slowly the generator learns:
# the film shows how little changes towards the end.

# %%
plots.curves(run.log)

# %%
display(Image(run.timelapse.read_bytes(), format="gif", width=540))

# %% [markdown]
# First the generator finds the average colour, then the palette, then where things are: a dark shape in the middle, a
# line of type below. Small shapes come last. Fog, colour, layout, detail: you will see that order in every GAN.
#
# ## 7 · What it draws
#
# Covers from latents it has never met, by the averaged generator:

# %%
fakes = gan.generate(1000, seed=SEED + 1)
plots.show(fakes[:40], columns=10)

# %% [markdown]
# In the `smoke` profile that is less than a minute of training. Here is the same code after a longer one, at 64 px:
# the weights in `data/weights`, trained on the same kind of covers, with a card that says how. At the command line they
# draw with `covergan sample dcgan_dsleeves_64 covers.png`.

# %%
longer, card = weights.load("dcgan_dsleeves_64")
display(Markdown(f"*{card['steps']:,} steps of {card['batch_size']} covers at {card['image_size']} px:*"))
plots.show(longer.generate(40, seed=3), columns=10, scale=1)

# %% [markdown]
# ## 8 · A walk through latent space
#
# The generator is a map: each point $z$ is a cover, and neighbours are alike. So we can walk from one cover to another.
# If the covers on the way are covers too, and not two pictures cross-faded, the map has learnt something about covers.
#
# Walk along the great circle, not the straight line. In 100 dimensions nearly all random points lie on a thin shell at
# distance $\sqrt{100} = 10$ from the origin, and a straight line cuts through the empty middle. Exercise 2 asks you to
# write this function yourself, in a form that survives its edge case.


# %%
def great_circle(a, b, share):
    angle = np.arccos(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


stops = np.random.default_rng(SEED + 4).standard_normal((8, longer.latent_dim), np.float32)
pairs = zip(stops[::2], stops[1::2], strict=True)
rows = [great_circle(a, b, share) for a, b in pairs for share in np.linspace(0, 1, 10)]
plots.show(longer.draw(np.array(rows, np.float32)), columns=10, scale=1)

# %% [markdown]
# ## 9 · How good is it?
#
# A grid can be chosen until it flatters. So we measure, with a network that has seen a million photographs and turns
# each picture into 1,280 features. In that space:
#
# - **KID** is the distance between the cloud of covers and the cloud of fakes. 0 is perfect; lower is better;
# - **precision**: which share of the fakes lies among the covers? Does it *look* right?
# - **recall**: which share of the covers lies among the fakes? Is *everything* there?
#
# Each stands beside its **floor**, the same measurement between two halves of the real covers. No generator can be
# expected to do better than reality does. (Our network is EfficientNet-Lite0, which installs without a download. Never
# compare these numbers with Inception-based ones in papers. Notebook 07 takes them apart.)

# %%
scores = distribution.evaluate(fakes, covers, n=min(500, len(covers) // 2))
print("             value  real against real")
for name in ("kid_lite0", "precision", "recall"):
    print(f"{name:10s} {scores[name]['value']:7.3f} {scores[name]['floor']:18.3f}")

# %% [markdown]
# Read the two together. Low precision: the fakes are blurred or strange. High precision but low recall: the generator
# has found some pictures that work and draws only those, which is called **mode collapse**. Precision may even rise
# above its floor: a blurred cover lies in the middle of the cloud, where everything is near. Recall is the number to
# fight for: what a generator has given up drawing, it rarely takes up again.
#
# ## 10 · Two recipes at equal time
#
# In 2020 three students at UC San Diego trained a DCGAN on about a thousand K-pop covers: a wide network, batches of
# 16, 10,000 steps. We rebuilt their model. `benchmarks/compare_recipes.py` trained it and our default with the same
# processor time on the same covers, and wrote down what came out:

# %%
results = json.loads((DATA / "results" / "dcgan_recipes.json").read_text())
lines = ["| recipe | minutes | steps | KID | precision | recall |", "|---|---|---|---|---|---|"]
for row in results["rows"]:
    numbers = " | ".join(f"{row[name]['value']:.2f}" for name in ("kid_lite0", "precision", "recall"))
    lines.append(f"| {row['recipe']} | {row['cpu_minutes']} | {row['steps']:,} | {numbers} |")
floor = " | ".join(f"{results['floor'][name]:.2f}" for name in ("kid_lite0", "precision", "recall"))
lines.append(f"| *real against real* | | | {floor} |")
display(Markdown("\n".join(lines)), Markdown(f"*{results['about']}*"))

# %% [markdown]
# The historical network is not bad, it is *slow*: twice the channels are four times the multiplications, for batches of
# half the size. On a CPU steps are everything: a narrow network, strided 4 × 4 kernels, a higher learning rate, and an
# average that forgives its jitter.
#
# ## 11 · What we tried
#
# Papers have better ideas than 2016's, so why is this recipe the default? Because we tried the others, one change at a
# time, each with the same processor time and with three seeds, on real covers and on drawn ones:
#
# - **r1**: a gradient penalty in place of noisy labels; **relativistic**: real and fake compared in pairs, with two
#   penalties (the "R3GAN" of 2024); **spectral**: spectral normalisation and the hinge loss. All three without batch
#   norm in the discriminator;
# - **nearest**: pixels doubled and convolved, where the default has transposed convolutions;
# - **minibatch deviation**: the discriminator also sees how much the covers of a batch differ;
# - **augmented**: real covers and fakes shifted at random; **no ema**: the generator itself, not its average;
# - **rate**: another learning rate.


# %%
def swarm(axes, results, name):
    """One dot per run, recipes from best to worst; the band is the spread of the default."""
    scores = {}
    for row in results["rows"]:
        if row["set"] == name:
            scores.setdefault(row["recipe"], []).append(row["kid_lite0"])
    order = sorted(scores, key=lambda recipe: -np.mean(scores[recipe]))
    axes.axvspan(min(scores["default"]), max(scores["default"]), color="0.9")
    for y, recipe in enumerate(order):
        axes.plot(scores[recipe], [y] * len(scores[recipe]), "o", color="#0072B2", alpha=0.6)
        axes.plot(np.mean(scores[recipe]), y, "|", color="#D55E00", markersize=14, markeredgewidth=2)
    axes.set_yticks(range(len(order)), [recipe.replace("_", " ") for recipe in order])
    axes.set(xlabel="KID, lower is better", title=f"{name} covers")
    axes.spines[["top", "right"]].set_visible(False)


tried = json.loads((DATA / "results" / "recipes.json").read_text())
figure, axes = plt.subplots(1, len(tried["sets"]), figsize=(9, 3.2), layout="constrained", squeeze=False)
for ax, name in zip(axes.flat, tried["sets"], strict=True):
    swarm(ax, tried, name)
plt.show()

# %% [markdown]
# And the same in numbers, each beside what the three seeds differ by:


# %%
def mean_and_spread(values):
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


for name, settings in tried["sets"].items():
    rows = [row for row in tried["rows"] if row["set"] == name]
    lines = ["| recipe | steps | KID | precision | recall |", "|---|---|---|---|---|"]
    for recipe in dict.fromkeys(row["recipe"] for row in sorted(rows, key=lambda row: row["recipe"] != "default")):
        runs = [row for row in rows if row["recipe"] == recipe]
        scores = " | ".join(mean_and_spread([row[key] for row in runs]) for key in ("kid_lite0", "precision", "recall"))
        lines.append(f"| {recipe.replace('_', ' ')} | {np.mean([row['steps'] for row in runs]):,.0f} | {scores} |")
    about = f"*{settings['covers']:,} {name} covers of {settings['size']} px, {settings['seconds']:g} s of one core*"
    display(Markdown(about), Markdown("\n".join(lines)))

# %% [markdown]
# Read this as what it is: the first minutes of a training on a slow machine. No change is better on both sets by more
# than the seeds differ, which is why the default is the plain recipe; recall is still next to nothing everywhere. The
# penalties are made for runs of hours; notebook 08 comes back to them.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · The loss (10 minutes, medium)
#
# Write the cross-entropy of targets $y$ against logits $x$, the mean over the batch, for targets anywhere in [0, 1].
# The definition is $-y \log \sigma(x) - (1 - y) \log(1 - \sigma(x))$, but computed like that it is infinite as soon as
# $\sigma(x)$ rounds to 0 or 1.
#
# *Hint: with softplus$(x) = \log(1 + e^x)$ you have $-\log \sigma(x) = $ softplus$(-x)$ and
# $-\log(1 - \sigma(x)) = $ softplus$(x)$. Then use softplus$(-x) = $ softplus$(x) - x$. It fits on one line, with
# `ops.softplus` and `ops.mean`.*


# %%
def binary_cross_entropy(labels, logits):
    """Mean cross-entropy of sigmoid(logits) against labels in [0, 1]."""
    ### BEGIN SOLUTION
    return ops.mean(ops.softplus(logits) - labels * logits)
    ### END SOLUTION


# %% tags=["check"]
def loss_of(label, logit):
    return float(binary_cross_entropy(ops.array([[label]]), ops.array([[logit]])))


assert np.isfinite(loss_of(1.0, -200.0)), "A logit of -200 gives no finite number: do without log, use softplus."
undecided = loss_of(1.0, 0.0)
assert np.isclose(undecided, np.log(2), atol=1e-5), (
    f"A logit of 0 means 50 %, which costs log 2 = 0.693; yours costs {undecided:.3f}: look at the signs."
)
assert loss_of(1.0, 5.0) < loss_of(1.0, -5.0), "A real cover (label 1) must cost less with a high logit than a low one."
p = 1 / (1 + np.exp(-2.0))
assert np.isclose(loss_of(0.9, 2.0), -0.9 * np.log(p) - 0.1 * np.log(1 - p), atol=1e-5), (
    "Right for labels of 0 and 1, but not for 0.9: both terms of the definition must be there."
)
print("Well done: finite everywhere, and right for blurred labels too.")

# %% [markdown]
# ### Exercise 2 · The great circle (15 minutes, medium)
#
# `great_circle` above divides by $\sin(\text{angle})$, which is 0 when both ends point the same way; then the walk is
# made of NaN. Write `slerp(a, b, share)` so that it works for any two vectors that are not opposite, and returns `a`
# at share 0 and `b` at share 1 **exactly**, also when their lengths differ.
#
# *Hint: when the angle is tiny, circle and straight line are the same: use `(1 - share) * a + share * b`. Rounding can
# push the cosine to 1.0000001, where arccos is NaN: clip it.*


# %%
def slerp(a, b, share):
    """The point at `share` of the way from a to b along the great circle."""
    ### BEGIN SOLUTION
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if angle < 1e-4:
        return (1 - share) * a + share * b
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
    ### END SOLUTION


# %% tags=["check"]
a, b = np.array([3.0, 0.0]), np.array([0.0, 3.0])
length = np.linalg.norm(slerp(a, b, 0.5))
assert np.isclose(length, 3), (
    f"Half way between two vectors of length 3 yours has length {length:.2f}: that is the chord."
)
assert np.allclose(slerp(a, b, 0.0), a), "A share of 0 must give a itself."
assert np.allclose(slerp(a, 2 * b, 1.0), 2 * b), "A share of 1 must give b itself, also when b is longer than a."
assert np.all(np.isfinite(slerp(a, a, 0.3))), "From a to a itself the walk is NaN: treat the tiny angle by itself."
v = np.full(100, 0.1)
assert np.all(np.isfinite(slerp(v, 3 * v, 0.5))), "Rounding pushed the cosine above 1: clip it before arccos."
print("Well done: your walks stay on the shell.")

# %% [markdown]
# ## What to take away
#
# - A GAN needs no target pictures: the discriminator is a loss function that learns.
# - The non-saturating loss gives the generator a gradient when it needs one; blurred targets keep the discriminator
#   humble.
# - One forward pass serves both players. Draw with the averaged generator.
# - Losses do not tell quality. Look at the grid, then at KID, precision and recall beside their floors, and fight for
#   recall.
#
# Next: one of these networks, and the genre you ask for.
#
# ## Where the idea comes from
#
# - Goodfellow et al., [Generative Adversarial Networks](https://arxiv.org/abs/1406.2661), 2014: the game, and the
#   non-saturating loss in section 3.
# - Radford, Metz, Chintala, [DCGAN](https://arxiv.org/abs/1511.06434), 2016: the networks, and walks in latent space.
# - Salimans et al., [Improved Techniques for Training GANs](https://arxiv.org/abs/1606.03498), 2016: smoothed labels.
# - Yazıcı et al., [The Unusual Effectiveness of Averaging in GAN Training](https://arxiv.org/abs/1806.04498), 2019.
# - Bińkowski et al., [Demystifying MMD GANs](https://arxiv.org/abs/1801.01401), 2018: KID.
# - Kynkäänniemi et al., [Improved Precision and Recall](https://arxiv.org/abs/1904.06991), 2019.
# - Kho, Qian, Logomasini, *Computer Generated Album Art*, UC San Diego, DSC 160, 2020: the K-pop covers.
