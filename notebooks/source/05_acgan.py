# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · A cover for every genre: ACGAN
#
# **75 minutes** (30 of them the computer's). Before this: [04 · DCGAN](04_dcgan.ipynb).
#
# The DCGAN draws whatever it likes. Now you ask for something: jazz, the seventies, half metal and half ambient. The
# covers you get back are one thing; whether they *are* jazz is another, and you will ask an independent judge.
#
# **What you will learn**
#
# - how to tell a generator what to draw, and where in the network to tell it;
# - what the second head of an ACGAN's discriminator learns, and why it must not learn it from fakes;
# - how to mix two genres, and to walk from one to the other with everything else standing still;
# - how to check conditioning with a judge that nobody has tried to please.

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
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / PROFILE.name

# %%
MACHINE.apply()  # backend and precision, before Keras is imported

import keras
import numpy as np
from IPython.display import Markdown, display
from keras import layers, ops

from helpers import DATA, plots
from helpers.covers import CoverSet
from helpers.gan import acgan, losses, weights
from helpers.gan.conditions import Conditions
from helpers.metrics.conditioning import fit_on, genre_scores
from helpers.metrics.conditioning_plots import confusions, reliability_curves
from helpers.sources.synthetic import synthetic_covers

# %% [markdown]
# ## 1 · Covers with labels
#
# dSleeves knows the genre and the year of every cover, because they were drawn from them. Here are ten of each of four
# genres. Look for what the covers of a row have in common: that is all a network can learn from.

# %%
covers = CoverSet.build(
    synthetic_covers(PROFILE.covers, PROFILE.image_size, seed=SEED),
    WORK / f"covers_{PROFILE.covers}_{PROFILE.image_size}px",
    size=PROFILE.image_size,
    origin=f"dSleeves, the first {PROFILE.covers} covers of seed {SEED}",
)
shown = ("ambient", "jazz", "kpop", "metal")
plots.strips({name: covers[np.flatnonzero(covers.genres == name)[:10]] for name in shown})

# %% [markdown]
# ## 2 · Labels as numbers
#
# A network wants numbers, so each cover gets a row: one number per genre and one per decade. For a jazz cover from 1963
# the row holds a 1 under *jazz* and a 1 under *1960*, and zeros elsewhere.
#
# Why not simply number the genres from 0 to 11? Because then folk would lie between electronic and hip-hop, for no
# better reason than the alphabet. A row of shares has no such order, and it can say more than one label can:
#
# - a cover with two tags has 1/2 under each of them;
# - an unknown year is all zeros, so covers without one need not be thrown away;
# - *0.7 metal and 0.3 ambient* is a row, too, even if no shop has such a shelf.

# %%
conditions = Conditions.of(covers, ("genre", "decade"))
rows = conditions.encode(covers.table)
names = [*conditions.genres, *conditions.decades]
for genre, year, row in zip(covers.genres[:4], covers.table["year"][:4], rows, strict=False):
    print(f"{genre} {year}:", {name: float(value) for name, value in zip(names, row, strict=True) if value})

# %% [markdown]
# ## 3 · Telling the generator
#
# The generator gets the row beside its latents. But what does it do with it? There are two common answers.
#
# **An embedding beside the latents.** A dense layer turns the row into some more numbers, which are appended to $z$.
# The label is heard once, at the very beginning, and has to find its way through all layers.
#
# **Conditional batch norm.** Batch norm ends with a scale and an offset for each channel, the same for every image. Let
# the label choose them: a channel that draws sunbursts can then be switched off for ambient, and on for metal, at every
# resolution. With $h$ for what batch norm gives and $c$ for the row,
#
# $$y = (1 + W c)\,h + V c.$$
#
# $W$ and $V$ begin as zeros: at first every genre is drawn in the same way, and differences grow where they pay.


# %%
def conditional_batch_norm(x, conditions):
    channels = x.shape[-1]
    x = layers.BatchNormalization(momentum=0.9)(x)
    scale = layers.Dense(channels, use_bias=False, kernel_initializer="zeros")(conditions)
    offset = layers.Dense(channels, use_bias=False, kernel_initializer="zeros")(conditions)
    scale, offset = (layers.Reshape((1, 1, channels))(change) for change in (scale, offset))
    return x + x * scale + offset


feature_map = keras.Input((8, 8, 16))
told = keras.Input((len(conditions),))
block = keras.Model([feature_map, told], conditional_batch_norm(feature_map, told))
print(f"{block.count_params():,} parameters, {2 * 16 * len(conditions):,} of them for the {len(conditions)} labels")

# %% [markdown]
# Both $W c$ and $V c$ are *linear* in the row. That is worth more than it looks: half jazz and half metal gets scales
# half way between those of jazz and of metal. The network never trained on such a row, but knows what to do with it.
#
# ## 4 · Asking the discriminator
#
# A generator that is told *jazz* and ignores it must pay for that. In an ACGAN (auxiliary-classifier GAN, 2017) the
# discriminator has a second head, which names the genre of what it sees, and a third one for the decade. Both are plain
# linear layers on the features that the first head judges real or fake by.

# %%
gan = acgan.build("default", covers.size, PROFILE.width, SEED, conditions.settings)
for name, tensor in gan.discriminator.output.items():
    print(f"{name:7s} {tensor.shape[1]:2d} numbers per cover")

# %% [markdown]
# What do these heads learn from? The paper of 2017 trains them on real covers *and* on fakes. That invites a deal. The
# generator draws a caricature, say a plain purple square for everything that is to be K-pop; the head learns from the
# fakes that purple squares are K-pop; both losses fall, and nobody has learnt anything about covers. So here **the
# discriminator learns genres from real covers only**, and the generator is rewarded when that head, fed a fake, reads
# what was asked for:
#
# $$L_D = L_D^{\text{real or fake}} + \lambda\, H(c,\ \text{head}(x_{\text{real}})) \qquad
#   L_G = L_G^{\text{real or fake}} + \lambda\, H(c,\ \text{head}(G(z, c)))$$
#
# $H$ is the cross-entropy between a row of shares and what a softmax makes of the head's numbers. Rows of zeros, of
# covers whose label is unknown, count for nothing. You will write it in exercise 1; here is the package's, on a cover
# of half rock and half folk:

# %%
# NBVAL_CHECK_OUTPUT
shares = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])  # rock, folk, jazz; and a cover of unknown genre
for said in ([2.0, 2.0, -2.0], [4.0, 0.0, -2.0], [0.0, 0.0, 4.0]):
    print(said, f"{float(losses.soft_cross_entropy(shares, np.array([said, said]))):.3f}")

# %% [markdown]
# The lowest is not 0, since nobody can be certain of two things at once: it is $\log 2$, for equal belief in both.
#
# The weight $\lambda$ decides who wins an argument. With a large one, the surest jazz cover is better than a likely
# one, and the generator draws the same sure thing again and again. Ours is 0.1.
#
# ### Three other ways
#
# - **Projection discriminator** (2018): no class loss at all. The discriminator is told the label as well, and adds to
#   its verdict *how well the cover fits the label*, $D(x, c) = v^\top \phi(x) + c^\top E\, \phi(x)$. A real cover with
#   a wrong label would look fake. Nothing rewards caricatures.
# - **Data-to-data cross-entropy** (ReACGAN, 2021): the head's embedding of a cover is pulled to the direction of its
#   class and pushed from the batch's covers of other classes, and neither any further once it is close, or far, enough.
# - **A ramp** (2022): with few covers, conditioning itself can make a GAN collapse. So train without labels at first,
#   and fade them in.
#
# All of them are in `benchmarks/acgan_variants.py`, each in some lines on top of our ACGAN. Section 9 compares them.
#
# ## 5 · Training
#
# Fakes of a batch are asked for what its real covers are. So every genre is asked for as often as it is there, and with
# the decades that belong to it. The rest is the DCGAN's: the same engine, the same exact resuming.
#
# One detail. The discriminator sees all covers, real and fake, shifted by some pixels, so that it cannot learn 8,000
# covers by heart. Colours are left as they are: on a cover, *colour is genre*.

# %% tags=["progress"]
steps = acgan.defaults("default", PROFILE)["steps"]
gan.fit(covers, steps, PROFILE.batch_size, seed=SEED, run=WORK / "acgan")

# %% [markdown]
# ## 6 · Same latents, another genre
#
# Each column below is one vector of latents, each row a genre. Go down a column: does something stay while the genre
# changes? Usually it is the layout, where the light and the dark are, while colour and texture follow the row. Nobody
# asked for that division of labour; it is simply the cheapest way to obey.

# %%
plots.strips({name: gan.generate(10, seed=SEED + 1, genre=name) for name in gan.genres})

# %% [markdown]
# In the `smoke` profile these are the first seconds of a training. The same code, run for longer, is in `data/weights`,
# with a card that says how; the pictures from here on are drawn by it.

# %%
longer, card = weights.load("acgan_dsleeves_32")
display(Markdown(f"*{card['steps']:,} steps of {card['batch_size']} covers at {card['image_size']} px:*"))
plots.strips({name: longer.generate(10, seed=3, genre=name) for name in longer.genres})

# %% [markdown]
# ### Decades
#
# The year has its own numbers in the row. Here the latents and the genre stay, and only the decade moves:

# %%
strips = {
    genre: np.concatenate([longer.generate(1, seed=5, genre=genre, decade=decade) for decade in longer.decades])
    for genre in ("rock", "pop", "jazz", "country", "folk")
}
print("from", longer.decades[0], "to", longer.decades[-1])
plots.strips(strips, scale=2)

# %% [markdown]
# ## 7 · Between the genres
#
# A record shop has shelves; a row of shares has everything in between. Below, the latents stand still, and the shares
# go from one genre to the other in nine steps.


# %%
def between(first, second, seed, count=9):
    shares = [{first: 1 - share, second: share} for share in np.linspace(0, 1, count)]
    return np.concatenate([longer.generate(1, seed, mixture, decade=1990) for mixture in shares])


pairs = (("metal", "ambient"), ("jazz", "electronic"), ("country", "hiphop"), ("folk", "kpop"))
plots.strips({f"{first} to {second}": between(first, second, seed=8) for first, second in pairs}, scale=2)

# %% [markdown]
# If the middle were a double exposure of the two ends, the network would have learnt two pictures. Where it is a cover
# in its own right, it has learnt what the two genres consist of.
#
# ## 8 · Ask a judge
#
# So far, you looked. And the discriminator's own head is no witness: the generator was trained to please it. We need
# someone who has never met the generator. `fit_on` trains a **judge** on real covers: a linear classifier on general
# features of pictures and on colours. It learns from every cover and from a blurred, noisy copy of it, or else it would
# take blur for a genre. A fifth of the covers, by artists that the judge has not seen, is kept to find out how good it
# is: 47 % right is a triumph if the judge itself is right about 50 % of real covers, and a disaster if it is right
# about 95 %. The fakes are those of *your* training above, not of the longer one.

# %%
judge, held_out = fit_on(covers, seed=SEED)
fakes, asked_for = gan.generate(1000, seed=SEED + 2), gan.labels(1000, seed=SEED + 2)
opinions = {
    "fakes": genre_scores(judge.probabilities(fakes), asked_for, judge.genres),
    "real covers": genre_scores(judge.probabilities(held_out[:]), held_out.genres, judge.genres),
}
witness = {
    "its own head, fakes": genre_scores(gan.classify(fakes), asked_for, gan.genres),
    "its own head, real covers": genre_scores(gan.classify(held_out[:]), held_out.genres, gan.genres),
}
for name, scores in (opinions | witness).items():
    share, low, high = (100 * scores[key] for key in ("accuracy", "low", "high"))
    print(f"{name:26s} {share:.0f} % right ({low:.0f} to {high:.0f})")

# %% [markdown]
# The discriminator's own head is there for comparison, and its real covers are some that it knows from training:
# believe neither of its numbers. One number also hides which genres are drawn badly. In a confusion matrix, a row is
# what was asked for and a column what the judge saw. Compare the two: what the judge confuses in *real* covers is not
# the generator's fault. Where only the left one has dark spots beside the diagonal, the generator is to blame.

# %%
confusions(opinions)

# %% [markdown]
# Can we believe the judge when it is sure? If it says 80 %, it should be right in 80 of 100 such cases. On real covers,
# that is what *calibrated* means. On fakes the same curve says something else: whether they are as typical as the judge
# thinks.

# %%
reliability_curves(opinions)

# %% [markdown]
# **The accuracy on fakes can be higher than on real covers.** That is no triumph. Either the fakes are more typical
# than real covers are, caricatures that leave out what is unusual; or they copy covers that the judge has learnt from,
# which notebook 07 checks. A perfect generator would be read right exactly as often as reality.
#
# ## 9 · What we tried
#
# `benchmarks/acgan_recipes.py` trained each way to tell the genre with the same processor time, and measured quality,
# diversity (MS-SSIM, which the next notebook explains; lower is more diverse) and the judge's accuracy on fakes:

# %%
tried = json.loads((DATA / "results" / "acgan_recipes.json").read_text())
for name, settings in tried["sets"].items():
    lines = ["| recipe | steps | KID | recall | judge on fakes | MS-SSIM |", "|---|---|---|---|---|---|"]
    for row in (row for row in tried["rows"] if row["set"] == name):
        scores = [row["kid_lite0"], row["recall"], row["judge_fakes"], row["ms_ssim"]]
        cells = [row["recipe"].replace("_", " "), f"{row['steps']:,}", *(f"{value:.3f}" for value in scores)]
        lines.append(f"| {' | '.join(cells)} |")
    about = f"*{settings['about']}, {settings['seconds']:g} s of one core, one seed; the judge on real covers: "
    about += f"{settings['judge_reals']:.3f}*"
    display(Markdown(about), Markdown("\n".join(lines)))

# %% [markdown]
# *plain* is the ACGAN above without the shifts, *augmented* the one with them; every other row changes one thing in
# *plain*. One seed each, and the first minutes of a training: small differences mean nothing here. Look for the large
# ones, and read accuracy and diversity together. A recipe that draws one caricature per genre is right every time.
#
# ## 10 · The paper on album covers
#
# In 2017 Hepburn, McConville and Santos-Rodriguez trained an ACGAN on 50,000 Spotify covers of five genres. Their
# generator first learnt covers in general, without genres, and was then fine-tuned with them; two of its latents were
# *codes* that a third head had to find again. That model is `acgan.build("historical", ...)`. They asked the same
# question as we did: how often is the genre read right?

# %%
answers = json.loads((DATA / "results" / "genre_tags.json").read_text())
lines = ["| | genres | head on fakes | head on real | judge on fakes | judge on real |", "|---|---|---|---|---|---|"]
paper = answers["paper"]
lines.append(f"| the paper | {paper['genres']} | {paper['head_fakes']:.0%} | {paper['head_reals']:.0%} "
             f"| | {paper['judge_reals']:.0%} |")  # fmt: skip
for row in answers["rows"].values():
    cells = [f"{row[key]['accuracy']:.0%}" for key in ("head_fakes", "head_reals", "judge_fakes", "judge_reals")]
    lines.append(f"| ours, {row['about']} | {len(row['genres'])} | {' | '.join(cells)} |")
display(Markdown("\n".join(lines)))

# %% [markdown]
# Do not set the rows against each other: other covers, other genres, other sizes. What they have in common is the
# lesson. **Nobody can tell the genre of every cover by looking**: head and judge are often wrong about real covers, and
# that is the mark to set fakes against. A generator whose covers the head reads better than real ones has learnt to
# flatter the head.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · The class loss (10 minutes, medium)
#
# Write the cross-entropy of rows of shares against a head's numbers: for each row
# $-\sum_k c_k \log \text{softmax}(x)_k$, and then the mean over the rows **whose label is known**, those that sum to 1.
# Rows of zeros must count neither in the sum nor in the number.
#
# *Hint: `ops.log_softmax` gives the logarithms without overflow. A row of zeros adds nothing to the sum by itself; the
# number of known rows is the sum of all shares. Where no row is known, the loss is 0, not 0 / 0: `ops.maximum` helps.*


# %%
def soft_cross_entropy(shares, logits):
    """Mean cross-entropy over the rows of shares [B, C] that are not all zero."""
    ### BEGIN SOLUTION
    total = -ops.sum(shares * ops.log_softmax(logits))
    return total / ops.maximum(ops.sum(shares), 1.0)
    ### END SOLUTION


# %% tags=["check"]
def loss_of(shares, logits):
    return float(soft_cross_entropy(ops.array(shares, "float32"), ops.array(logits, "float32")))


known = loss_of([[1.0, 0.0]], [[0.0, 0.0]])
assert np.isclose(known, np.log(2), atol=1e-5), f"Undecided between two genres costs log 2 = 0.693; yours {known:.3f}."
assert np.isclose(loss_of([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [9.0, -9.0]]), np.log(2), atol=1e-5), (
    "A cover of unknown genre changed the loss: divide by the number of known rows, not by the size of the batch."
)
assert loss_of([[0.0, 0.0]], [[1.0, 2.0]]) == 0, "A batch without any known label must cost 0, not NaN."
assert np.isfinite(loss_of([[1.0, 0.0]], [[-500.0, 500.0]])), "Large numbers overflow: use ops.log_softmax."
shares, logits = np.array([[0.2, 0.8, 0.0]]), np.array([[1.0, -1.0, 0.5]])
by_hand = -(shares * (logits - np.log(np.exp(logits).sum()))).sum()
assert np.isclose(loss_of(shares, logits), by_hand, atol=1e-5), "Right for plain labels, but not for shares."
print("Well done: that is the loss of the package.")

# %% [markdown]
# ### Exercise 2 · Which genres does it mix up most? (15 minutes, easy)
#
# Write a function that finds, in a confusion matrix (rows: asked for, columns: seen), the pair of different genres that
# is confused most often, **relative to how often the first was asked for**. It returns (asked for, seen, share).
#
# *Hint: divide each row by its sum, set the diagonal to 0, and find the largest entry with `np.argmax` and
# `np.unravel_index`. Leave the matrix you are given as it is.*


# %%
def most_confused(confusion, genres):
    """(asked for, seen, share of the first that was taken for the second)."""
    ### BEGIN SOLUTION
    shares = np.asarray(confusion, float)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], float(shares[row, column])
    ### END SOLUTION


# %% tags=["check"]
matrix = np.array([[900, 100, 0], [1, 1, 2], [0, 0, 50]])
kept = matrix.copy()
asked, seen, share = most_confused(matrix, ("rock", "reggae", "jazz"))
assert (matrix == kept).all(), "The matrix was changed: make a copy before setting its diagonal to 0."
assert (asked, seen) != ("rock", "reggae"), "100 of 1,000 are fewer than 2 of 4: divide each row by its sum."
assert (asked, seen) == ("reggae", "jazz"), f"2 of the 4 reggae covers were seen as jazz; yours says {asked}, {seen}."
assert np.isclose(share, 0.5), f"The share is 2 of 4, not {share}."
print("Well done. On your own fakes:", *most_confused(opinions["fakes"]["confusion"], judge.genres)[:2])

# %% [markdown]
# ## What to take away
#
# - A label is a row of shares. Given to every batch norm, it reaches every scale of the picture; taken in linearly, it
#   can be mixed.
# - The class head learns from real covers only, and with a small weight. Otherwise you get caricatures.
# - Never ask the discriminator how good the conditioning is. Ask a judge, and set its accuracy on fakes beside its
#   accuracy on real covers.
# - More right answers than on real covers mean caricatures, or copies. So look at diversity as well, in the next
#   notebook.
#
# ## Where the idea comes from
#
# - Odena, Olah, Shlens, [Conditional Image Synthesis with Auxiliary Classifier GANs](https://arxiv.org/abs/1610.09585),
#   2017: the heads, and the question whether fakes are as discriminable and as diverse.
# - Hepburn, McConville, Santos-Rodriguez, *Album Cover Generation from Genre Tags*, Workshop on Machine Learning and
#   Music, 2017: the covers.
# - Dumoulin, Shlens, Kudlur, [A Learned Representation for Artistic Style](https://arxiv.org/abs/1610.07629), 2017:
#   conditional normalisation.
# - Miyato, Koyama, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637), 2018.
# - Kang et al., [Rebooting ACGAN](https://arxiv.org/abs/2111.01118), 2021: data-to-data cross-entropy.
# - Shahbazi et al., [Collapse by Conditioning](https://arxiv.org/abs/2201.06578), 2022: the ramp.
# - Guo et al., [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599), 2017.
