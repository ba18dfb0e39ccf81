# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · GANs that stay stable: WGAN-GP and LOGAN
#
# **105 minutes** (30 of them the computer's). Before this: [04 · DCGAN](04_dcgan.ipynb) and
# [07 · Measuring quality](07_measuring_quality.ipynb).
#
# The losses of a DCGAN go up and down and tell you nothing. Here the discriminator becomes a *critic*, whose loss is a
# distance in the plain sense of the word. Then the other player is helped: latents take a step before the match.
#
# **What you will learn**
#
# - what the earth mover's distance sees where the loss of a DCGAN sees nothing;
# - why a critic's slope must be bounded, and how that is done badly (clipping) and well (a gradient penalty);
# - to count, on a toy where counting is possible, how much of reality a GAN has learnt;
# - why two players who learn from each other run in circles, and how LOGAN leaves the circle;
# - which recipe to use when.

# %% tags=["setup"]

# %%
import json
import os
from pathlib import Path

from helpers import runtime

# %% tags=["parameters"]
MACHINE = runtime.detect()
PROFILE = MACHINE.profile()
SEED = 0
RING_STEPS = 400 if PROFILE.name == "smoke" else 2000
STEPS = 45 if PROFILE.name == "smoke" else 1200  # updates of the generator that WGAN-GP gets on covers
SAMPLES = 60 if PROFILE.name == "smoke" else 500  # for each KID on the way
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / PROFILE.name

# %%
MACHINE.apply()  # backend and precision, before Keras is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from keras import ops
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm, spearmanr, wasserstein_distance

from helpers import DATA, plots
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.gan import dcgan, logan, losses, ring, wgan, wgan_gp
from helpers.gan.backend import input_gradients
from helpers.gan.callbacks import EverySteps
from helpers.metrics.features import extract
from helpers.metrics.kernel_distance import kid
from helpers.sources.synthetic import synthetic_covers

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
plt.rcParams["axes.spines.top"] = plt.rcParams["axes.spines.right"] = False

# %% [markdown]
# ## 1 · A loss that says nothing
#
# A discriminator is a classifier: it answers *real or fake?* Suppose it is as good as it can be. Then its loss
# measures how much the two kinds of pictures *overlap*: the Jensen-Shannon divergence, JS for short (Goodfellow et
# al. 2014). Two distributions that do not overlap at all are at JS $= \log 2$, whether they are neighbours or worlds
# apart.
#
# And covers do not overlap with fakes. There are so many pixels that the chance of the same picture twice is nil, and
# a good classifier will always find a difference. So the better the discriminator, the less its loss tells.
#
# The **earth mover's distance**, or Wasserstein distance, asks another question: to turn one heap of earth into the
# other, how much has to be carried, times how far? Carrying is longer when the heaps are farther apart, overlap or
# not. Two bumps on a line, the second ever farther away:

# %% alt="Two bumps on a line, real ones at 0 and fakes at 5. Beside them the JS divergence, which rises until the bumps part and is flat from a shift of 3 on, and the earth mover's distance, a straight line that rises with the shift."
x = np.linspace(-4, 12, 800)
real = norm.pdf(x, 0, 0.5)
shifts = np.linspace(0, 8, 33)
divergence = [jensenshannon(real, norm.pdf(x, shift, 0.5)) ** 2 for shift in shifts]
distance = [wasserstein_distance(x, x, real, norm.pdf(x, shift, 0.5)) for shift in shifts]

figure, axes = plt.subplots(1, 3, figsize=(9.5, 2.6), layout="constrained")
axes[0].fill_between(x, real, color=BLUE, alpha=0.5)
axes[0].fill_between(x, norm.pdf(x, 5, 0.5), color=ORANGE, alpha=0.5)
for place, label in ((0, "real"), (5, "fake,\nshifted by 5")):
    axes[0].text(place, 0.83, label, ha="center", fontsize=8)
axes[0].set(xlabel="x", ylim=(0, 1.2))
for ax, values, title in zip(
    axes[1:], (divergence, distance), ("JS divergence", "earth mover's distance"), strict=True
):
    ax.plot(shifts, values, color="0.2")
    ax.set(xlabel="shift", title=title, ylim=0)
plt.show()

# %% [markdown]
# JS is flat from a shift of 3 on. A generator out there hears "no overlap" wherever it goes. The earth mover's
# distance is the shift itself: from everywhere it says how far, and which way.
#
# ## 2 · A critic and its slope
#
# On a line, scipy can compute that distance; for pictures nobody can, directly. But there is a second way to the same
# number (Kantorovich and Rubinstein). Give every picture a height $D(x)$. How far can the mean height of real covers
# lie above that of fakes,
#
# $$W = \max_D\ \overline{D(x_\text{real})} - \overline{D(x_\text{fake})},$$
#
# if the height **may not rise by more than 1 per unit of way**? If fakes lie 5 units off, then no more than 5. And
# finding a function that is large here and small there is what networks do well. $D$ is no longer a classifier, it
# grades; hence *critic*. Without the bound on its slope it would just use larger numbers.
#
# Here is the best discriminator and the best critic for the bumps above:

# %% alt="Real bump at 0, fake bump at 5. The discriminator's curve is flat over both and falls as a cliff between them; the critic is a straight line that falls with the same slope everywhere, over the fakes too."
fake = norm.pdf(x, 5, 0.5)
logit = norm.logpdf(x, 0, 0.5) - norm.logpdf(x, 5, 0.5)
figure, axes = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
axes.fill_between(x, 3 * real, color=BLUE, alpha=0.3)
axes.fill_between(x, 3 * fake, color=ORANGE, alpha=0.3)
for place, label in ((0, "real"), (5, "fake")):
    axes.text(place, 0.3, label, ha="center", fontsize=9)
axes.plot(x, 3 / (1 + np.exp(-logit)), "--", color="0.5", label="3 × the discriminator's probability of real")
axes.plot(x, 5 - x, color=GREEN, label="the critic")
axes.set(xlim=(-2, 8), ylim=(-1, 6))
axes.legend(frameon=False, fontsize=8)
plt.show()
rng = np.random.default_rng(SEED)
heights = [np.mean(-rng.normal(centre, 0.5, 10_000)) for centre in (0, 5)]
print(f"mean height of real less that of fakes, with D(x) = -x: {heights[0] - heights[1]:.2f}")

# %% [markdown]
# Below the fakes the dashed curve is flat, and a generator learns from slopes. The critic slopes everywhere, always
# towards the real ones. So a critic can be trained until it is as good as it gets, and *should* be: it gets several
# updates, `n_critic`, usually 5, for each one of the generator. Its loss is then $-W$, a number that means something.
#
# ## 3 · The ring
#
# To see whether a GAN learns everything, we need covers that can be counted. Eight Gaussians on a ring, points
# instead of pictures: each Gaussian is a **mode**, and a GAN has found it if at least one in a hundred of its points
# lie there. A point is *good* within three standard deviations of a centre. Of real points, 98.9 % are. Mind the
# other end of the scale: a generator that draws a thin circle through all the centres, and knows nothing of modes,
# gets 38 %.
#
# `helpers.gan.ring` trains the *same classes* on such points, with small dense networks in place of the convolutions.
# Every method gets the same number of updates of the generator, and learning rates that suit it.


# %% alt="Real points in eight heaps on a ring. Beside them the points of two DCGANs over grey heights, darker for what the discriminator takes for real: some lie in the heaps, others between them; above, the modes found and the share of good points."
def draw(axes, gan, title):
    """Points of a GAN over the landscape of its critic, the centres of the modes as crosses."""
    side = np.linspace(-1.6, 1.6, 60, dtype="float32")
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    heights = ops.convert_to_numpy(gan.discriminator(grid)).reshape(60, 60)
    axes.contourf(side, side, heights, levels=12, cmap="Greys", alpha=0.5)
    drawn = ring.points(gan, 2000, seed=SEED)
    axes.plot(*drawn[:1000].T, ".", color=ORANGE, markersize=2)
    axes.plot(*ring.CENTRES.T, "+", color=BLUE, markersize=9)
    modes, good = ring.modes_covered(drawn)
    axes.set_title(f"{title}\n{modes} of 8 modes, {good:.0%} good", fontsize=9)
    axes.set(xticks=[], yticks=[], xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")


points = ring.Ring()
trained = {}
for name in ("DCGAN, historical", "DCGAN, default"):
    trained[name] = ring.METHODS[name](seed=SEED).fit(points, RING_STEPS, 256, seed=SEED, verbose=0)
figure, axes = plt.subplots(1, 3, figsize=(8, 3.1), layout="constrained")
axes[0].plot(*points[:1000].T, ".", color=BLUE, markersize=2)
axes[0].set(title="real points", xticks=[], yticks=[], xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
for ax, (name, gan) in zip(axes[1:], trained.items(), strict=True):
    draw(ax, gan, name)
plt.show()

# %% [markdown]
# Grey is what the discriminator says, darker for more real. One step takes a millisecond or two, so this is a place to
# try things out. The ring is kind to a DCGAN whose learning rates suit it, if it gets the steps of the `cpu` profile;
# covers are less kind. In `smoke` nobody has had the time to settle, and what is said below of who does well is to be
# seen only in part.
#
# ## 4 · Clipping, for the history books
#
# How do you keep a network from being steep? The first WGAN (2017) forces every weight of the critic into $[-c, c]$
# after each update. That bounds the slope, but who knows at what? It depends on width and depth. We measure: three
# bounds, everything else the same. Slopes are taken at random places between real points and fakes, where the critic
# works.


# %%
def slopes(gan, count=1000):
    """Norm of the critic's gradient at random places between real points and fakes, [count]."""
    rng = np.random.default_rng(SEED)
    shares = rng.random((count, 1), "float32")
    mixed = shares * points[rng.integers(len(points), size=count)] + (1 - shares) * ring.points(gan, count)
    gradients = input_gradients(lambda x: ops.sum(gan.discriminator(x)), ops.convert_to_tensor(mixed))
    return np.linalg.norm(ops.convert_to_numpy(gradients), axis=1)


def clipped_at(limit):
    class Clipped(wgan.WGAN):
        CLIP = limit

    gan = ring.build(Clipped, 5e-4, 5e-4, optimizer=keras.optimizers.RMSprop, seed=SEED)
    return gan.fit(points, RING_STEPS, 256, seed=SEED, verbose=0)


clipped = {limit: clipped_at(limit) for limit in (0.01, 0.1, 0.5)}
for limit, gan in clipped.items():
    print(f"weights within ±{limit}: mean slope {slopes(gan).mean():.1g}")

# %% [markdown]
# Each layer multiplies. This critic has four, so a bound ten times as wide can make a slope ten thousand times as
# steep. With 0.01, the paper's number, it is flat and the generator learns next to nothing. The other two find the
# ring, one with a slope near 1, by luck, the other with a slope of hundreds: its "distance" comes in a unit that nobody
# knows, another one for every bound and every network. And look at the weights:

# %% alt="Points of three clipped WGANs, with bounds of 0.01, 0.1 and 0.5: with the narrowest they are scattered anywhere, with the others they lie near the ring. Below, histograms of the weights, which pile up in two tall bars at minus and plus the bound."
figure, axes = plt.subplots(2, 3, figsize=(8.5, 4.8), layout="constrained", height_ratios=(2, 1))
for (top, bottom), (limit, gan) in zip(axes.T, clipped.items(), strict=True):
    draw(top, gan, f"clipped at {limit}")
    kernels = [np.ravel(weight) for weight in gan.discriminator.get_weights() if weight.ndim == 2]
    bottom.hist(np.concatenate(kernels) / limit, bins=41, color=BLUE)
    bottom.set(xlabel="weight / bound", yticks=[])
plt.show()

# %% [markdown]
# They pile up at the two ends. A critic that wants to be steeper than it may be pushes each weight against the wall;
# of all functions that it could be, it ends as one of the simplest. The authors of the paper wrote themselves that
# clipping is a terrible way to bound a slope, and asked for a better one.
#
# ## 5 · The gradient penalty
#
# It came within months (WGAN-GP, Gulrajani et al. 2017). Leave the weights free, and make the critic *pay* where its
# slope is not 1:
#
# $$L_D = \overline{D(x_\text{fake})} - \overline{D(x_\text{real})} +
#   \lambda\, \overline{\left(\lVert\nabla_{\hat x} D(\hat x)\rVert - 1\right)^2}.$$
#
# Why 1 and not "at most 1"? Because the best critic has a slope of exactly 1 along the lines on which earth is
# carried. So $\hat x$ is taken from a line between a real cover and a fake, at a random place. Written by hand:


# %%
def penalty_by_hand(critic, real, fake, shares):
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)  # of each point, since D(x_k) is about x_k alone
    norms = ops.sqrt(ops.sum(ops.square(gradients), axis=1))
    return ops.mean(ops.square(norms - 1))


# %% [markdown]
# The sum is a trick: its gradient with respect to the $k$-th point is that of $D(x_k)$, because no other term knows
# that point. This is why **the critic must do without batch norm**: there each height depends on the whole batch, and
# "the slope at one cover" means nothing. (The package raises an error.) The mean of the squares comes last: of two
# slopes of 0 and 2, both are wrong, though their mean is right.

# %%
# NBVAL_CHECK_OUTPUT
critic = ring.METHODS["WGAN-GP"](seed=SEED).discriminator
shares = np.random.default_rng(SEED).random((64, 1), "float32")
some, others = points[:64], points[64:128]
by_hand, packaged = (f(critic, some, others, shares) for f in (penalty_by_hand, losses.gradient_penalty))
print("the same as the package's:", bool(np.isclose(float(by_hand), float(packaged), rtol=1e-4)))

# %% [markdown]
# To learn from a penalty, its own gradient is needed: the gradient of a gradient. That is what makes a step of the
# critic dearer. Now the ring again, all methods side by side, each with the same number of generator updates. (LOGAN's
# turn comes in section 7.)

# %% alt="Points of five methods on the ring, each over the grey heights of its critic, with the number of modes found and the share of good points above. The clipped WGAN draws one thin circle; where more was learnt, the points crowd at the eight centres."
trained["WGAN, clipped"] = clipped[0.1]
for name in ("WGAN-GP", "LOGAN"):
    trained[name] = ring.METHODS[name](seed=SEED).fit(points, RING_STEPS, 256, seed=SEED, verbose=0)
figure, axes = plt.subplots(1, len(trained), figsize=(11, 2.7), layout="constrained")
for ax, (name, gan) in zip(axes, trained.items(), strict=True):
    draw(ax, gan, name)
plt.show()
measured = slopes(trained["WGAN-GP"])
print(f"slope of the penalised critic: {measured.mean():.2f} ± {measured.std():.2f}")

# %% [markdown]
# The penalised critic has a slope near 1 where it matters, with weights that nobody chose by hand. After many steps its
# points are spread wider than those of the DCGAN: on the way from one mode to the next it is as steep as anywhere, no
# steeper, so it presses less hard. Stability has its price in sharpness, and in time: five critic updates to one of the
# generator.
#
# On this toy, given the steps, everybody wins whose settings were tried out, the clipped critics too. But only the
# penalty says what the slope is, whatever the network.
#
# ## 6 · Does the number mean anything?
#
# Now covers. We train a WGAN-GP and a DCGAN, stop from time to time, and set the loss beside the KID of some fakes
# (notebook 07: lower is better). Each step of WGAN-GP holds five critic updates, so the DCGAN gets five times as many
# steps. The callback does the measuring:

# %%
covers = CoverSet.build(
    synthetic_covers(PROFILE.covers, PROFILE.image_size, seed=SEED),
    WORK / f"covers_{PROFILE.covers}_{PROFILE.image_size}px",
    size=PROFILE.image_size,
    origin=f"dSleeves, the first {PROFILE.covers} covers of seed {SEED}",
)
reference = extract(covers[:SAMPLES])
scale = np.sqrt(np.mean(reference**2))


class Watch(EverySteps):
    """Every so many steps: the losses, as means since the last time, and the KID of some fakes."""

    def __init__(self, every):
        super().__init__(every)
        self.rows = []

    def due(self, step):
        fakes = extract(self.model.generate(SAMPLES, seed=SEED))
        distance, _ = kid(reference / scale, fakes / scale, subsets=5)
        means = {metric.name: float(metric.result()) for metric in self.model.metrics}
        self.rows.append({"step": step, "kid": distance} | means)
        self.model.reset_metrics()


# %% tags=["progress"]
watched = {}
for name, model, steps in (("WGAN-GP", wgan_gp, STEPS), ("DCGAN", dcgan, 5 * STEPS)):
    gan = model.build("default", covers.size, PROFILE.width, SEED)
    watched[name] = (gan, Watch(steps // 10))
    gan.fit(covers, steps, PROFILE.batch_size, seed=SEED, callbacks=[watched[name][1]], verbose=0)

# %% [markdown]
# Three numbers are on offer during training: the critic's estimate of the distance, and the two losses of the DCGAN.
# Does any of them fall when KID falls? *Rank correlation* says so without asking how: 1 if both always go the same
# way, -1 if one rises whenever the other falls, 0 if they have nothing to do with each other.

# %% alt="Three plots over the steps, each with the KID as a dashed line on the right axis: with it the critic's estimate of WGAN-GP, the DCGAN's generator loss and its discriminator loss. The titles give how well each goes along with KID."
figure, axes = plt.subplots(1, 3, figsize=(10, 2.8), layout="constrained")
offers = (
    ("WGAN-GP", "wasserstein", "the critic's estimate"),
    ("DCGAN", "g_loss", "generator's loss"),
    ("DCGAN", "d_loss", "discriminator's loss"),
)
for ax, (name, key, label) in zip(axes, offers, strict=True):
    rows = watched[name][1].rows
    steps, distances, values = ([row[column] for row in rows] for column in ("step", "kid", key))
    ax.plot(steps, values, "o-", color=BLUE, markersize=3)
    ax.set_ylabel(label, color=BLUE)
    ax.set(xlabel="step", title=f"{name}: rank correlation {spearmanr(distances, values).statistic:.2f}")
    right = ax.twinx()
    right.plot(steps, distances, "s--", color=ORANGE, markersize=3)
    right.set_ylabel("KID (dashed)", color=ORANGE)
plt.show()

# %% [markdown]
# Read the curves and not only the number above them. The critic's estimate falls steeply while the covers take shape;
# later it may hardly move, although KID goes on falling. A likely reason: the critic gets better, too, and a better
# one finds more of the distance. The losses of the DCGAN move all the time, but which way says nothing. When we
# repeated this with a smaller network, both of them turned their direction against KID; the critic's estimate kept
# it. So it is a gauge for the first, steep part of the way, and no replacement for KID. (In the `smoke` profile these
# are the first seconds, too few to say anything.)
#
# Do not take the estimate for the distance itself. The critic is never quite finished, and the penalty holds its slope
# only near 1; two runs with different networks cannot be compared by it. Within *one* run, it is a gauge.

# %% alt="Twelve covers of the WGAN-GP above twelve of the DCGAN: blurred patches, light and dark, with nothing to recognise after so short a training."
plots.strips({name: gan.generate(12, seed=SEED + 1) for name, (gan, _) in watched.items()}, scale=2)

# %% [markdown]
# ## 7 · LOGAN: look before you leap
#
# ### Two players in a circle
#
# Where do GANs' instabilities come from? Take the smallest one there is (Mescheder et al. 2018). All real covers are
# the number 0. The generator knows one number $x$ and draws it; the critic is a slope $y$ and gives the height $D(t)
# = y\,t$. With fakes graded $f = y\,x$, the critic wants $f$ small and the generator wants it large:
#
# $$x \leftarrow x + \eta\, y \qquad y \leftarrow y - \eta\, x.$$
#
# Nobody ever arrives. Seen from above, $(x, y)$ moves at a right angle to the way home, which is at $(0, 0)$: a
# rotation. In steps of finite length it is even worse, each step leads a little outwards.
#
# ### Anticipation
#
# LOGAN (Wu et al. 2019) gives the generator a latent, here $G(z) = x + z$ with $z = 0$, and before anybody learns,
# **the latent takes a step up the critic's slope**: $z' = z + \alpha\, \partial f / \partial z = \alpha y$. Both
# players then look at $f(z') = y\,(x + \alpha y) = xy + \alpha y^2$. The generator's gradient stays $y$. The critic's
# becomes
#
# $$\frac{\partial}{\partial y} f(z') = x + 2 \alpha y.$$
#
# The new term pulls $y$ towards 0: a brake. It is there because the gradient flows *through* the latent step: the
# critic sees what its own slope makes the generator do, and leans less. On paper, the eigenvalues of the motion were
# $\pm i$, a circle; now they are $-\alpha \pm \sqrt{\alpha^2 - 1}$, with a negative real part: an inward spiral.


# %% alt="Paths of the two players from the same start. With simultaneous steps the path spirals outwards, with alternating steps it goes round in a circle for ever, with the latent step it spirals inwards and ends at the middle."
def simultaneous(x, y, rate):
    return x + rate * y, y - rate * x


def alternating(x, y, rate):
    y = y - rate * x
    return x + rate * y, y


def with_latent_step(x, y, rate, alpha=0.3):
    return x + rate * y, y - rate * (x + 2 * alpha * y)


figure, axes = plt.subplots(1, 3, figsize=(8.5, 3), layout="constrained", sharex=True, sharey=True)
for ax, move in zip(axes, (simultaneous, alternating, with_latent_step), strict=True):
    path = [(1.0, 0.0)]
    for _ in range(120):
        path.append(move(*path[-1], rate=0.1))
    ax.plot(*np.transpose(path), ".-", color=BLUE, linewidth=0.8, markersize=3)
    ax.plot(0, 0, "+", color=ORANGE, markersize=12)
    ax.set(title=move.__name__.replace("_", " "), xlabel="generator x", aspect="equal")
axes[0].set_ylabel("critic y")
plt.show()

# %% [markdown]
# Theory knows the cure as *symplectic gradient adjustment*: add to each player's gradient how the *other* player's
# reaction will change it. For networks that is dear; LOGAN gets a good part of it from a step in the latents, which
# are a hundred numbers and not a million.
#
# ### The step for covers
#
# With $g = \partial D(G(z)) / \partial z$, how long should the step be? Plain gradient ascent leaps where the slope is
# steep. LOGAN's damped *natural gradient*,
#
# $$\Delta z = \frac{\alpha\, g}{\beta + \lVert g \rVert^2}, \qquad z' = \text{clip}(z + \Delta z,\ -1,\ 1),$$
#
# is shorter where $g$ is large, and never longer than $\alpha / (2\sqrt\beta)$. $\beta$ must be added to the norm *of
# the gradient*, row by row. A student project that redid the paper on Spotify covers took the norm of a vector of
# ones instead, and let no gradient through; notebook 09 has more of that story.
#
# Two more details. Only 80 % of the rows of a batch move: covers are later drawn from latents that did not, and the
# generator must not forget these. And moving costs $\lambda_t \lVert z' - z \rVert^2$ in both losses, a mean over the
# rows, the *transport cost*. With our $\beta = 5$ it is a small matter, because no step is longer than 0.2 anyway; with
# $\beta = 0.1$, which our covers did not like, steps are long and the price is felt. Now train one, with the DCGAN's
# networks:

# %% tags=["progress"]
optimised = logan.build("default", covers.size, PROFILE.width, SEED)
optimised.fit(covers, 2 * STEPS, PROFILE.batch_size, seed=SEED, verbose=0)
print("mean transport of a row:", f"{float(optimised.get_metrics_result()['transport']):.2f}")

# %% [markdown]
# And one latent step by hand: what does the discriminator think of 64 fakes before it, and after?


# %% alt="Twelve blurred covers before the latent step and the same twelve after it, below each other. The pairs are hard to tell apart: contrast and brightness change a little, the layout stays."
def verdicts(latents):
    return optimised.discriminator(optimised.generator(latents, training=False), training=False)


latents = ops.convert_to_tensor(optimised.latents(np.random.default_rng(SEED), 64))
slope = input_gradients(lambda z: ops.sum(verdicts(z)), latents)
step = optimised.RATE * slope / (optimised.DAMPING + ops.sum(ops.square(slope), axis=1, keepdims=True))
moved = ops.clip(latents + step, -1.0, 1.0)
print("as in the package:", np.allclose(step, optimised.latent_step(latents), atol=1e-5))
for name, z in (("before", latents), ("after", moved)):
    print(f"{name:6s} the discriminator's mean logit is {float(ops.mean(verdicts(z))):.2f}")
plots.strips({"before": optimised.draw(np.array(latents[:12])), "after": optimised.draw(np.array(moved[:12]))}, scale=2)

# %% [markdown]
# Each column is the same fake. The latent step is a direction in which the discriminator approves; the networks have
# to reckon with it in every update.
#
# **An honest note.** On ImageNet at 128 px the paper reports 32 % less FID than the BigGAN-deep that it builds on,
# with a FID of 3.4. Those who tried to reproduce LOGAN fell short: StudioGAN, a library of many GANs made with care,
# got to 20.65 on CIFAR-10 where the paper has 17.7, and lists it among the five models whose numbers it could not
# match. The idea is sound, and the rotation is real; how much it is worth for *your* covers you have to measure.
#
# ## 8 · Which recipe when?
#
# We did measure. `benchmarks/recipes.py` trained each recipe with the same processor time on the same covers, three
# seeds each. A run counts as *collapsed* if its recall is 0: not one real cover lies among its fakes.

# %%
results = json.loads((DATA / "results" / "recipes.json").read_text())
settings, rows = results["sets"]["stable"], [row for row in results["rows"] if row["set"] == "stable"]
lines = ["| recipe | KID | precision | recall | ms/step | collapsed |", "|---|---|---|---|---|---|"]
speed = {}
for recipe in dict.fromkeys(row["recipe"] for row in sorted(rows, key=lambda row: row["kid_lite0"])):
    runs = [row for row in rows if row["recipe"] == recipe]
    means = {key: np.mean([row[key] for row in runs]) for key in ("kid_lite0", "precision", "recall", "ms_per_step")}
    speed[recipe] = means["ms_per_step"]
    cells = [f"{means[key]:.3f}" for key in ("kid_lite0", "precision", "recall")] + [f"{speed[recipe]:.0f}"]
    collapsed = sum(row["recall"] == 0 for row in runs)
    lines.append(f"| {recipe.replace('_', ' ')} | {' | '.join(cells)} | {collapsed} of {len(runs)} |")
floor = " | ".join(f"{settings['floor'][key]:.3f}" for key in ("kid_lite0", "precision", "recall"))
lines.append(f"| *real against real* | {floor} | | |")
display(Markdown("\n".join(lines)))
about = f"*{settings['covers']:,} {settings['about']}, {settings['size']} px, {settings['seconds']:g} s of one core*"
display(Markdown(about))
cost = [f"a step of {name} takes {speed[name] / speed['default']:.1f} times as long" for name in ("wgan_gp", "logan")]
print("Beside the default DCGAN,", " and ".join(cost).replace("_", "-"))

# %% [markdown]
# Read it as a table of the *first minutes*. A WGAN-GP step holds five passes, each with a penalty, where a DCGAN's
# holds one, and in minutes of a CPU, steps are everything. For the fifth of the steps that it gets, WGAN-GP does
# remarkably well; the clipped one never got off the ground. The DCGAN of 2020 (*historical*) is the least steady of
# all, as its KID of every seed in `recipes.json` shows.
#
# What becomes of these recipes in hours, we have not measured. Those who have (Gulrajani et al. 2017; Huang et al.
# 2024, for the relativistic loss with its penalties) report that penalties pay on long runs and on networks that nobody
# has tuned. So:
#
# - **minutes, a known network:** the default DCGAN;
# - **a new network, or when a run has collapsed:** WGAN-GP, whose critic is also a gauge;
# - **LOGAN:** when all that works, and you want to know whether it works better still;
# - **clipping:** never, but now you know why.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · Which fakes are farthest away? (4 minutes, easy)
#
# Predict before you compute. Real numbers lie around 0 with a deviation of 0.5, as in section 1. Three generators draw
#
# - **a**: everything around 3, with the same deviation;
# - **b**: one half around 0, exactly like the real ones, the other half around 8;
# - **c**: everything around 0, but with a deviation of 2.
#
# Which of them is farthest from the real numbers by the earth mover's distance? Write its letter.
#
# *Hint: how much has to be carried, times how far? Half of the earth counts half.*

# %% answer="predict_farthest"
### BEGIN SOLUTION
prediction = "b"
### END SOLUTION

# %% check="predict_farthest" points=1
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    assert prediction != "a", (
        "a overlaps least with the real ones, so JS calls it the farthest. But all of it is carried 3 far, which makes "
        "3; what does half of it, carried 8 far, make?"
    )
    assert prediction != "c", (
        "c is carried least: most of its points lie near 0, and each only moves to a quarter of where it was."
    )
    line = np.linspace(-10, 16, 2001)
    true = norm.pdf(line, 0, 0.5)
    drawn = {"a": norm.pdf(line, 3, 0.5), "b": (true + norm.pdf(line, 8, 0.5)) / 2, "c": norm.pdf(line, 0, 2)}
    for name, density in drawn.items():
        far = wasserstein_distance(line, line, true, density)
        print(f"{name}: earth mover's distance {far:.2f}, JS {jensenshannon(true, density) ** 2:.2f}")
    print("Well done. JS puts them in another order: it sees how much overlaps, and not how far the rest is.")

# %% [markdown]
# ### Exercise 2 · Which modes are missing? (8 minutes, easy)
#
# "7 of 8" does not say which one is lost. Write a function that lists the indices, in ascending order, of the centres
# that **have not one point within `radius`** of them (at exactly that distance is still within).
#
# *Hint: `points[:, None] - centres` has the shape [N, M, 2]; `np.linalg.norm(..., axis=2)` makes distances of it. No
# points at all is a case, too: then every mode is missing, so use `.any(axis=0)` rather than `.min(axis=0)`.*


# %% answer="missing_modes"
def missing_modes(points, centres, radius):
    """Indices of the centres [M, 2] that no point of [N, 2] is within `radius` of, a list of int."""
    ### BEGIN SOLUTION
    distances = np.linalg.norm(np.reshape(points, (-1, 1, 2)) - centres, axis=2)
    return np.flatnonzero(~(distances <= radius).any(axis=0)).tolist()
    ### END SOLUTION


# %% check="missing_modes" points=2
with self_check():
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    near = np.array([[0.5, 0.0], [0.0, 9.0], [0.2, 0.1]])
    found = missing_modes(near, centres, 1.0)
    assert found is not None, "The function gives nothing back: does it end with `return …`?"
    found = list(found)
    assert np.ndim(found) == 1, "Plain indices are asked for: take np.flatnonzero, or the `[0]` of what np.where gives."
    assert found != [1, 2], "(0, 9) is exactly 1 away from (0, 10), and within a radius of 1: `<=`, not `<`."
    assert found != [0, 2], "These are the modes that were found; the missing ones are asked for."
    assert found == [1], f"Only the second centre, index 1, has no point near it; yours says {found}."
    found = list(missing_modes(near, centres, 0.6))
    assert found == [1, 2], f"(0, 9) is 1 away from (0, 10): with a radius of 0.6, too far; yours says {found}."
    assert list(missing_modes(np.empty((0, 2)), centres, 1.0)) == [0, 1, 2], "Without points every mode is missing."
    assert list(missing_modes(centres[::-1], centres, 0.1)) == [], "The order of the points must not matter."
    print("Well done. Of 200 points of each method:")
    for name, gan in trained.items():
        lost = list(missing_modes(ring.points(gan, 200), ring.CENTRES, 3 * ring.DEVIATION))
        print(f"{name:18s} misses", lost or "none")

# %% hidden="missing_modes"
with self_check():
    lost = list(missing_modes(ring.CENTRES[1::2], ring.CENTRES, 0.1))
    assert lost == [0, 2, 4, 6], (
        f"With points on every second centre of the ring 0, 2, 4 and 6 are missing, not {lost}."
    )
    between = list(missing_modes(np.array([[0.4, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]), 0.7))
    assert between == [], "A point within the radius of two centres counts for both of them, not for the nearest alone."
    single = list(missing_modes(np.array([[0.0, 3.0]]), np.array([[4.0, 0.0]]), 5.0))
    assert single == [], "(0, 3) is exactly 5 away from (4, 0), which is within 5: is the distance the straight one?"

# %% [markdown]
# ### Exercise 3 · The losses of a match (8 minutes, easy)
#
# Write the losses of both players of WGAN-GP. You are given what the critic said about real covers and about fakes,
# its heights, and the penalty, already averaged.
#
# *Hint: the critic wants $W$ large and the penalty small, and a loss is what becomes small. The generator has no say
# about real covers, nor about the critic's slope.*


# %% answer="match_losses"
def match_losses(real_scores, fake_scores, penalty, weight=10.0):
    """(loss of the critic, loss of the generator), two scalars, from scores [B, 1] and the critic's penalty."""
    ### BEGIN SOLUTION
    d_loss = ops.mean(fake_scores) - ops.mean(real_scores) + weight * penalty
    return d_loss, -ops.mean(fake_scores)
    ### END SOLUTION


# %% check="match_losses" points=2
with self_check():
    scores = [ops.convert_to_tensor(np.array(column, "float32")[:, None]) for column in ((3, 4), (1, 3))]
    both = match_losses(*scores, 0.16)
    assert both is not None and len(both) == 2, "Return two losses, the critic's and the generator's, with a comma."
    assert all(np.shape(loss) == () for loss in both), "Each loss should be a single number: average over the covers."
    d_loss, g_loss = map(float, both)
    assert not np.isclose(g_loss, 2), (
        "The generator's loss is +2: it would learn to be graded low. Which sign is wrong?"
    )
    assert np.isclose(g_loss, -2), (
        f"Fakes graded 1 and 3 should cost the generator -2, not {g_loss:.2f}: only they count."
    )
    assert not np.isclose(d_loss, 3.1), "The critic's loss is 3.1: it would learn to grade fakes above real covers."
    assert not np.isclose(d_loss, -3.1), "A penalty of 0.16 made the critic's loss smaller: is its sign wrong?"
    assert not np.isclose(d_loss, -1.34), "The penalty counts with its weight, 10 unless something else is said."
    assert np.isclose(d_loss, 0.1), f"The critic should lose 2 - 3.5 + 10 × 0.16 = 0.1, not {d_loss:.2f}."
    critic = trained["WGAN-GP"].discriminator
    heights = critic(points[:1000]), critic(ring.points(trained["WGAN-GP"], 1000))
    print(f"Well done. On the ring the critic still sees a distance of {-float(match_losses(*heights, 0.0)[0]):.3f}.")

# %% hidden="match_losses"
with self_check():
    numbers = [ops.convert_to_tensor(np.array(column, "float32")[:, None]) for column in ((2, -7, -4), (-5,))]
    d_loss, g_loss = map(float, match_losses(*numbers, 2.0, weight=0.5))
    assert np.isclose(d_loss, -1), f"Fakes at -5, real covers at -3 on average, 0.5 × 2: that is -1, not {d_loss:.2f}."
    assert np.isclose(g_loss, 5), f"A fake graded -5 costs the generator 5, not {g_loss:.2f}."
    for which, name in enumerate(("critic", "generator")):
        gradient = input_gradients(
            lambda fakes, which=which: ops.sum(ops.convert_to_tensor(match_losses(fakes, fakes[:1], 0.0)[which])),
            numbers[1],
        )
        assert gradient is not None, f"No gradient flows from the {name}'s loss: use keras.ops, not NumPy or float()."

# %% [markdown]
# ### Exercise 4 · Only who is too steep shall pay (10 minutes, medium)
#
# A critic must not be steeper than 1; flatter is allowed. Write the *one-sided* penalty, which the paper discusses as
# an alternative: the mean over the points of $\max(0, \lVert\nabla D(\hat x)\rVert - 1)^2$, at $\hat x$ = share ×
# real + (1 - share) × fake. It must work for points [B, K], each with a share of its own, [B, 1].
#
# *Hint: start from `penalty_by_hand` and put `ops.relu` in the right place. Each point pays for its own slope, so the
# mean is the last thing to be taken.*


# %% answer="one_sided_penalty"
def one_sided_penalty(critic, real, fake, shares):
    """Mean over the points of the square of how much the critic's slope there exceeds 1."""
    ### BEGIN SOLUTION
    mixed = ops.convert_to_tensor(shares * real + (1 - shares) * fake)
    gradients = input_gradients(lambda x: ops.sum(critic(x)), mixed)
    norms = ops.sqrt(ops.sum(ops.square(gradients), axis=1))
    return ops.mean(ops.square(ops.relu(norms - 1)))
    ### END SOLUTION


# %% check="one_sided_penalty" points=3
def penalty_of(critic, real, fake, shares=0.5):
    real, fake = (np.array(points, "float32") for points in (real, fake))
    return float(one_sided_penalty(critic, real, fake, np.full((len(real), 1), shares, "float32")))


def linear(*weights):
    return lambda x: ops.matmul(x, ops.convert_to_tensor(np.array(weights, "float32")[:, None]))


def bowl(x):  # its slope at x is x
    return ops.sum(ops.square(x), axis=1, keepdims=True) / 2


with self_check():
    two = [[1.0, 0.0], [0.0, 2.0]]
    steep = penalty_of(linear(3.0, 4.0), two, two)
    assert not np.isclose(steep, 4), "A slope of 5 costs 4: what it exceeds 1 by has to be squared."
    assert np.isclose(steep, 16, rtol=1e-4), (
        f"D(x) = 3 a + 4 b has the slope 5 everywhere; that costs 16, not {steep:.2f}."
    )
    flat = penalty_of(linear(0.3, 0.4), two, two)
    assert flat == 0, f"A slope of 0.5 is allowed, yours costs {flat:.2f}: cut off at 0 before squaring."
    rows = penalty_of(bowl, [[0.5, 0.0], [3.0, 0.0]], [[0.5, 0.0], [3.0, 0.0]])
    assert np.isclose(rows, 2), f"Slopes of 0.5 and 3 cost (0 + 4) / 2 = 2, not {rows:.2f}: row by row, mean last."
    place = penalty_of(bowl, [[4.0, 0.0]], [[0.0, 0.0]], shares=0.75)
    assert np.isclose(place, 4), f"Three quarters of the way to the real point the slope is 3; yours costs {place:.2f}."
    print("Well done: only those who are too steep pay.")

# %% hidden="one_sided_penalty"
with self_check():
    real, shares = np.array([[4.0, 0.0], [4.0, 0.0]], "float32"), np.array([[0.25], [0.75]], "float32")
    own = float(one_sided_penalty(bowl, real, np.zeros_like(real), shares))
    assert np.isclose(own, 2), (
        f"Shares of 0.25 and 0.75 lead to slopes of 1 and 3, which cost 2, not {own:.2f}: a share each."
    )
    three = penalty_of(linear(2.0, 3.0, 6.0), [[1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]])
    assert np.isclose(three, 36), f"Points may have three coordinates: a slope of 7 costs 36, not {three:.2f}."
    away = penalty_of(linear(-3.0, -4.0), two, two)
    assert np.isclose(away, 16), f"A slope of 5 costs 16 in whatever direction it points, not {away:.2f}."

    def cost(weights):
        return ops.convert_to_tensor(one_sided_penalty(lambda x: ops.matmul(x, weights), real, real, shares))

    gradient = input_gradients(cost, ops.convert_to_tensor(np.array([[3.0], [4.0]], "float32")))
    assert gradient is not None, (
        "The critic cannot learn from this penalty, no gradient flows: use keras.ops throughout."
    )
    assert np.allclose(gradient, [[4.8], [6.4]], rtol=1e-3), "The penalty's own gradient for the weights is not right."

# %% [markdown]
# ### Exercise 5 · Three claims (20 minutes, hard)
#
# Somebody has read this notebook in a hurry and claims:
#
# 1. "By the table of section 8 the clipped WGAN draws best: its precision is the highest of all, higher than that of
#    real covers against real ones."
# 2. "The same table proves that WGAN-GP is worse than the default DCGAN, for its KID is higher. Nobody should use it."
# 3. "Once the critic's estimate has stopped falling, the covers do not get better any more, so training can stop."
#
# Say of each whether you believe it, wholly, in part or not, and **what in this notebook** speaks for or against it: a
# column of the table, the line below the table, a stretch of your own curves in section 6. Then choose one of the three
# and describe an experiment that would settle it.
#
# *Hint: what does precision say of covers that are missing? How many steps fit into the time that everybody got? Are
# there two points of your curves between which the estimate and KID go different ways?*

# %% [markdown] answer="claims" points=4
# 1. No. Precision only asks whether fakes lie among real covers, not whether all kinds of covers are drawn. The recall
#    of the clipped WGAN is 0 in all three runs: it draws a few safe things. Its KID, which sees both, is the highest of
#    the table. That real covers themselves get a lower precision is a warning rather than a triumph.
# 2. In part. The table says so for three minutes of one core, small covers, and networks that suit the DCGAN. A step of
#    WGAN-GP takes about five times as long, so that it had about a fifth of the steps. In minutes the default DCGAN is
#    the better choice; of hours, or of another network, the table says nothing.
# 3. No. In my curves there are stretches where the estimate lies still, or even rises, while KID goes on falling. The
#    critic learns, too, and a better one finds more of the distance. I would stop by KID, measured on the way.
#
# To settle the second: train both for ten hours on the same covers, with three seeds each, and plot KID and recall over
# time. The claim holds if the DCGAN's three curves stay below, and it falls if they cross or if some of them collapse.

# %% [markdown] rubric="claims"
# - **1** for refusing the first with the recall (or KID and recall), and saying what precision does not see;
# - **1** for confining the second to what was measured: equal time, hence fewer steps, minutes and not hours;
# - **1** for the third, with a stretch of the student's own curves, or, where a short run has none, with the reason why
#   a better critic may report a larger distance;
# - **1** for an experiment that somebody else could carry out: what is trained, how often and how long, what is
#   measured, and which outcome would decide for or against.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - Where real and fake do not overlap, a classifier's loss is flat. The earth mover's distance is not: it says how
#   far.
# - A critic estimates it, provided that its slope is bounded. A penalty sets the slope; clipping only sets the
#   weights.
# - No batch norm in a penalised critic, one slope per cover, several critic updates per step. Its estimate is a gauge,
#   within one run.
# - Two players who only react run in circles. Letting gradients flow through a step of anticipation brakes the circle.
# - Compare recipes at equal time, and count what can be counted. A toy shows what a recipe *can* do, not what it will
#   do on covers.
#
# ## Where the idea comes from
#
# - Arjovsky, Chintala, Bottou, [Wasserstein GAN](https://arxiv.org/abs/1701.07875), 2017: the critic, and clipping.
# - Gulrajani et al., [Improved Training of Wasserstein GANs](https://arxiv.org/abs/1704.00028), 2017: the penalty, and
#   what clipping does to the weights.
# - Metz et al., [Unrolled Generative Adversarial Networks](https://arxiv.org/abs/1611.02163), 2017: the ring of eight.
# - Srivastava et al., [VEEGAN](https://arxiv.org/abs/1705.07761), 2017: counting modes within three deviations.
# - Mescheder, Geiger, Nowozin, [Which Training Methods for GANs do actually
#   Converge?](https://arxiv.org/abs/1801.04406), 2018: the smallest GAN.
# - Balduzzi et al., [The Mechanics of n-Player Differentiable Games](https://arxiv.org/abs/1802.05642), 2018:
#   symplectic gradient adjustment.
# - Wu et al., [LOGAN](https://arxiv.org/abs/1912.00953), 2019: latent optimisation.
# - Kang et al., [StudioGAN](https://arxiv.org/abs/2206.09479), 2022: GANs reproduced side by side.
# - Huang et al., [The GAN is dead; long live the GAN!](https://arxiv.org/abs/2501.05441), 2024: the relativistic
#   recipe.
