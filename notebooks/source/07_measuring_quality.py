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
# **60 minutes**. Before this: [04 · DCGAN](04_dcgan.ipynb).
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
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import weights
from helpers.metrics import distribution, lite0, memorisation
from helpers.metrics.features import EXTRACTOR, extract
from helpers.metrics.frechet import Moments, fid, fid_infinity, frechet_distance
from helpers.metrics.kernel_distance import kid
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

# %%
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


# %%
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

# %%
rng = np.random.default_rng(SEED)
mean, spread = np.array([2.0, 1.0]), np.array([0.5, 1.5])
blue, orange = rng.standard_normal((50_000, 2)), mean + spread * rng.standard_normal((50_000, 2))

figure, axes = plt.subplots(figsize=(4.6, 3.4), layout="constrained")
for points, colour, (centre, deviation) in ((blue, BLUE, ([0, 0], [1, 1])), (orange, ORANGE, (mean, spread))):
    axes.scatter(*points[:400].T, s=4, color=colour, alpha=0.5)
    x, y = np.mgrid[-3:5:80j, -4:6:80j]
    density = multivariate_normal(centre, np.diag(np.square(deviation))).pdf(np.dstack([x, y]))
    axes.contour(x, y, density, levels=3, colors=colour, linewidths=1)
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

# %%
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

# %%
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


# %%
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
# Its fakes (orange) are fine: most are full, they lie among the real ones. But half of the real points (blue, on the
# right) lie in no fake's ball. High precision, low recall: **mode collapse**, seen in one glance at two numbers.
#
# ## 6 · The outlier that fools precision
#
# Now one strange cover gets into the reference, all alone in a corner. Its third neighbour is far off, so its ball is
# huge, and whatever lies in it counts as "real". Here come fakes that are pure nonsense:

# %%
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

# %%
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


# %%
def blurred(images, radius):
    return np.stack([np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))) for image in images])


def noisy(images, deviation):
    noise = np.random.default_rng(SEED).normal(0, deviation, images.shape)
    return (images + noise).round().clip(0, 255).astype("uint8")


damaged = {"real": other, "blurred": blurred(other, 0.8), "noisy": noisy(other, 15), "generated": fakes}
figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
for k, ((name, images), colour) in enumerate(zip(damaged.items(), ("0.7", BLUE, GREEN, ORANGE), strict=True)):
    levels = sliced_wasserstein(reference, images, seed=SEED)["levels"]
    axes.bar(np.arange(len(levels)) + 0.2 * k, levels.values(), 0.18, label=name, color=colour)
axes.set_xticks(np.arange(len(levels)) + 0.3, [f"level of {side} px" for side in levels])
axes.set(ylabel="distance")
axes.legend(frameon=False, ncols=2)
plt.show()

# %% [markdown]
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

# %%
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

# %%
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


# %%
def distance_to_nearest(points, training):
    return np.linalg.norm(points - training[nearest(points, training)], axis=1)


disguised = blurred(np.roll(material[:60], 1, axis=2), 0.8)
training, looked_at = extract(material), {"never seen": features["other"], "disguise": extract(disguised)}
looked_at["thief"] = training
figure, axes = plt.subplots(figsize=(6.4, 2.6), layout="constrained")
for (name, points), colour in zip(looked_at.items(), (GREEN, BLUE, ORANGE), strict=True):
    distances = distance_to_nearest(points, training)
    axes.hist(distances, bins=np.linspace(0, 80, 60), histtype="step", linewidth=1.8, color=colour, label=name)
axes.set(xlabel="distance to the nearest training cover", ylabel="covers", yscale="log")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# The plain thief stands at 0. The disguised one mingles with honest covers, which were never seen and copied nothing:
# distance in features is not enough. `helpers.metrics.memorisation` looks twice, for candidates by features *and* by
# perceptual hash, then at the pixels of the few that are left, in several positions. How near is too near it learns
# from real covers, so it can say how often its alarm is false. We hide six disguised copies among the GAN's covers:

# %%
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

# %%
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
# ### Exercise 1 · The Fréchet distance (15 minutes, medium)
#
# Write the distance between two Gaussians with *any* covariance, from the formula in section 3.
#
# *Hint: you need no matrix square root. The trace of $(S_1 S_2)^{1/2}$ is the sum of the square roots of the
# eigenvalues of $S_1 S_2$, which `np.linalg.eigvals` gives. They are real and never negative, except for rounding: take
# `.real`, and clip at 0.*


# %%
def frechet(mean_1, covariance_1, mean_2, covariance_2):
    """Squared Fréchet distance between two Gaussians: means [D], covariances [D, D]."""
    ### BEGIN SOLUTION
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real
    overlap = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * overlap
    ### END SOLUTION


# %% tags=["check"]
zero, eye = np.zeros(3), np.eye(3)
tried = frechet(zero, eye, zero, eye)
assert tried is not None, "The function gives nothing back: does it end with `return …`?"
assert np.isclose(tried, 0), f"A Gaussian is at distance 0 from itself; yours says {tried:.2f}."
moved = frechet(zero, eye, np.array([3.0, 4.0, 0.0]), eye)
assert not np.isclose(moved, 5), "The distance of the means enters squared."
assert np.isclose(moved, 25), f"A shift by (3, 4, 0) should cost 9 + 16 = 25; yours says {moved:.2f}."
wider = frechet(zero, eye, zero, 9 * eye)
assert np.isclose(wider, 12), (
    f"Deviations of 3 for 1 cost (3 - 1)² = 4 on each axis, 12 in all; yours says {wider:.2f}."
)
flat = np.diag([1.0, 0.0, 0.0])
assert np.isclose(frechet(zero, flat, zero, eye), 2), "Flat Gaussians must work, too: clip the eigenvalues at 0."
a, b = first[:, :40], second[:, :40]
mine = frechet(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))
assert np.isclose(mine, fid(a, b), rtol=1e-3), "Right for round Gaussians, but not for those of real features."
print("Well done: that is FID.")

# %% [markdown]
# ### Exercise 2 · Coverage (15 minutes, medium)
#
# Write coverage: the share of real points whose ball, which reaches to the real point's $k$-th nearest neighbour among
# the *other* real points, holds at least one fake.
#
# *Hint: `np.linalg.norm(a[:, None] - b, axis=2)` is the table of all distances between two sets. In the table of the
# real points among themselves each point is its own nearest, at distance 0: look at `draw_balls` for how to count.*


# %%
def coverage_of(real, fake, k=5):
    """Share of real points [N, D] with a fake [M, D] in their ball."""
    ### BEGIN SOLUTION
    among_real = np.linalg.norm(real[:, None] - real, axis=2)
    radii = np.sort(among_real, axis=1)[:, k]
    to_fakes = np.linalg.norm(real[:, None] - fake, axis=2)
    return np.mean(to_fakes.min(axis=1) <= radii)
    ### END SOLUTION


# %% tags=["check"]
line = np.array([[0.0], [1.0], [3.0], [7.0]])
tried = coverage_of(line, np.array([[0.5]]), k=1)
assert tried is not None, "The function gives nothing back: does it end with `return …`?"
assert not np.isclose(tried, 0), "Is each point its own nearest neighbour in your table? Then every ball has radius 0."
assert np.isclose(tried, 0.5), (
    f"The fake at 0.5 lies in the balls of 0 and 1 only, that is 0.5; yours says {tried:.2f}."
)
many = coverage_of(line, np.full((9, 1), 0.5), k=1)
assert np.isclose(many, 0.5), "Nine fakes at one place cover no more than one: divide by the number of real points."
wide = coverage_of(line, np.array([[3.5]]), k=1)
assert np.isclose(wide, 0.5), (
    f"The fake at 3.5 lies in the balls of 3 and of 7, that is 0.5; yours says {wide:.2f}: whose balls do you use?"
)
few_real, few_fake = first[:80], second[:60]
expected = manifold(few_real, few_fake)[0]["coverage"]
assert np.isclose(coverage_of(few_real, few_fake), expected), "Right on a line, but not for covers with k = 5."
print("Well done: it agrees with the package.")

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
