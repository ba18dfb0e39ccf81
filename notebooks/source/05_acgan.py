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
# **110 minutes** (30 of them the computer's). Before this: [04 · DCGAN](04_dcgan.ipynb).
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
from helpers.checks import self_check
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

# %% alt="Ten covers each of ambient, jazz, kpop and metal. A row has colours in common: hazy blue-grey for ambient, paper and brown for jazz, pink and white for kpop, black with red and white for metal; subjects vary."
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
# covers whose label is unknown, count for nothing. You will write it in exercise 2; here is the package's, on a cover
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
# changes? Often it is the layout, where the light and the dark are, while colour and texture follow the row. Nobody
# asked for that division of labour; it is simply the cheapest way to obey, and training may undo it again. The longer a
# generator is trained, the more a genre may get motifs of its own, too, and the less of the layout is shared.

# %% alt="Twelve rows of ten generated covers, a row for each genre, a column for each vector of latents. Colour and texture follow the row; going down a column, light and dark areas often keep their places."
plots.strips({name: gan.generate(10, seed=SEED + 1, genre=name) for name in gan.genres})

# %% [markdown]
# In the `smoke` profile this is the beginning of a training. The same code, run for longer, is in `data/weights`,
# with a card that says how; the pictures from here on are drawn by it.

# %% alt="Twelve rows of ten covers after the longer training, a row for each genre: sepia for country, purple for hiphop, white and green or pink for kpop, nearly black for metal. Within a row several covers resemble each other."
longer, card = weights.load("acgan_dsleeves_32")
display(Markdown(f"*{card['steps']:,} steps of {card['batch_size']} covers at {card['image_size']} px:*"))
plots.strips({name: longer.generate(10, seed=3, genre=name) for name in longer.genres})

# %% [markdown]
# ### Decades
#
# The year has its own numbers in the row. Here the latents and the genre stay, and only the decade moves. Look down a
# column for what a decade brings to several genres at once, such as a frame or round spots, and along a row for what
# stays, such as the brown of country:

# %% alt="Five genres in eight decades each, from 1950 on the left to 2020 on the right. Along a row texture, colours and frame change from decade to decade, while the row keeps a colouring of its own."
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


# %% alt="Four rows from one genre to another in nine steps. Colours and shapes change little by little, rings into an eye or a helmet; the covers in the middle are whole pictures rather than two laid over each other."
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

# %% alt="Two confusion matrices of twelve genres, fakes on the left, real covers on the right. Both have a dark diagonal; beside it, the left one has more and darker cells, in a few rows above all."
confusions(opinions)

# %% [markdown]
# Can we believe the judge when it is sure? If it says 80 %, it should be right in 80 of 100 such cases. On real covers,
# that is what *calibrated* means. On fakes the same curve says something else: whether they are as typical as the judge
# thinks.

# %% alt="Share of right opinions against the judge's confidence, for fakes and for real covers, beside the diagonal. Both curves rise with it; where they lie below, the judge is surer than it should be."
reliability_curves(opinions)

# %% [markdown]
# **The accuracy on fakes can be higher than on real covers.** That is no triumph. Either the fakes are more typical
# than real covers are, caricatures that leave out what is unusual; or they copy covers that the judge has learnt from,
# which notebook 07 checks. A perfect generator would be read right exactly as often as reality.
#
# ## 9 · What we tried
#
# `benchmarks/acgan_recipes.py` trained each way to tell the genre with the same processor time, and measured quality,
# recall (the share of real covers whose like the generator draws, see notebook 07), diversity (MS-SSIM, which the next
# notebook explains; lower is more diverse) and the judge's accuracy on fakes:

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
# ### Exercise 1 · A cover of no genre (3 minutes, easy)
#
# Predict before you run it. The generator of section 6 is given a row of nothing but zeros, which it never saw in
# training. What does a conditional batch norm, $y = (1 + W c)\,h + V c$, then hand on?
#
# - **a** Zeros: every product with $c$ is 0, and the cover is plain grey.
# - **b** Just $h$: the cover is drawn without anything that a genre adds.
# - **c** The mean over the genres: the cover lies in the middle between all of them.
#
# Write the letter.
#
# *Hint: put $c = 0$ into the formula. Which row $c$ would give the mean of all genres?*

# %% answer="predict_no_genre"
### BEGIN SOLUTION
prediction = "b"
### END SOLUTION

# %% check="predict_no_genre" points=1 alt="Ten covers each of no genre, of equal shares of all, of jazz and of metal, from the same latents. Those of no genre are loud and colourful and look like none of the genres; equal shares give the same shapes in muted colours."
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    assert prediction != "a", "Wc and Vc are 0 indeed, but h is multiplied by 1 + Wc, not by Wc: it is still there."
    assert prediction != "c", "The mean takes a row with 1/12 under each genre: W and V hold what a genre adds to h."
    told_nothing = np.zeros((10, len(longer.conditions)), np.float32)
    told = {"no genre": told_nothing, "equal shares": told_nothing.copy()}
    told["equal shares"][:, : len(longer.genres)] = 1 / len(longer.genres)
    for name in ("jazz", "metal"):
        told[name] = told_nothing.copy()
        told[name][:, longer.genres.index(name)] = 1
    same_latents = longer.latents(np.random.default_rng(3), 10)
    display(plots.strips({name: longer.draw(same_latents, row) for name, row in told.items()}))
    print("Well done. What is left is h, from which all genres start and at which none of them stops: the first row.")

# %% [markdown]
# ### Exercise 2 · The class loss (10 minutes, medium)
#
# Write the cross-entropy of rows of shares against a head's numbers: for each row
# $-\sum_k c_k \log \text{softmax}(x)_k$, and then the mean over the rows **whose label is known**, those that sum to 1.
# Rows of zeros must count neither in the sum nor in the number.
#
# *Hint: `ops.log_softmax` gives the logarithms without overflow. A row of zeros adds nothing to the sum by itself; the
# number of known rows is the sum of all shares. Where no row is known, the loss is 0, not 0 / 0: `ops.maximum` helps.*


# %% answer="soft_cross_entropy"
def soft_cross_entropy(shares, logits):
    """Mean cross-entropy of softmax(logits) against shares, both [B, C], over the rows that are not all zero."""
    ### BEGIN SOLUTION
    total = -ops.sum(shares * ops.log_softmax(logits))
    return total / ops.maximum(ops.sum(shares), 1.0)
    ### END SOLUTION


# %% check="soft_cross_entropy" points=2
def loss_of(shares, logits):
    loss = soft_cross_entropy(ops.array(shares, "float32"), ops.array(logits, "float32"))
    assert loss is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.shape(loss) == (), (
        f"The loss has the shape {tuple(np.shape(loss))}; it should be one number for the batch."
    )
    return float(loss)


with self_check():
    known = loss_of([[1.0, 0.0]], [[0.0, 0.0]])
    assert known > -1e-6, (
        f"The loss of an undecided head is {known:.3f}, and should be positive: where is the minus sign?"
    )
    assert np.isclose(known, np.log(2), atol=1e-5), (
        f"Undecided between two genres costs log 2 = 0.693; yours {known:.3f}: softmax and sum go over the genres, "
        "the last axis, and only the mean goes over the covers."
    )
    assert np.isclose(loss_of([[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [9.0, -9.0]]), np.log(2), atol=1e-5), (
        "A cover of unknown genre changed the loss: divide by the number of known rows, not by the size of the batch."
    )
    assert loss_of([[0.0, 0.0]], [[1.0, 2.0]]) == 0, "A batch without any known label must cost 0, not NaN."
    assert np.isfinite(loss_of([[1.0, 0.0]], [[-500.0, 500.0]])), "Large numbers overflow: use ops.log_softmax."
    shares, logits = np.array([[0.2, 0.8, 0.0]]), np.array([[1.0, -1.0, 0.5]])
    by_hand = -(shares * (logits - np.log(np.exp(logits).sum()))).sum()
    assert np.isclose(loss_of(shares, logits), by_hand, atol=1e-5), (
        f"Right for plain labels, but shares of 0.2 and 0.8 should cost {by_hand:.3f}: each is a weight, for one cover."
    )
    print("Well done: that is the loss of the package.")

# %% hidden="soft_cross_entropy"
from helpers.gan.backend import input_gradients

with self_check():
    sure = loss_of([[1.0, 0.0]], [[-500.0, 500.0]])
    assert np.isclose(sure, 1000, rtol=1e-3), (
        f"A head that is sure of the wrong genre, -500 against 500, should lose 1000, not {sure:.1f}: is it clipped?"
    )
    some_shares = np.float32([[0.5, 0.5, 0], [0, 0, 0], [0, 0, 1], [0.1, 0.2, 0.7]])
    said = np.float32([[2, 0, -1], [5, 5, 5], [0, 1, -2], [-1, 0, 3]])
    softmax = np.exp(said) / np.exp(said).sum(axis=1, keepdims=True)
    expected = -(some_shares * np.log(softmax)).sum() / 3
    batch_loss = soft_cross_entropy(ops.array(some_shares), ops.array(said))
    assert np.isclose(float(batch_loss), expected, atol=1e-4), (
        f"Three known covers and an unknown one should cost {expected:.3f}, yours {float(batch_loss):.3f}: is it "
        "the mean over the known ones?"
    )
    assert ops.is_tensor(batch_loss), "The result is no tensor, so no gradient flows: use keras.ops instead of NumPy."
    slopes = input_gradients(lambda x: soft_cross_entropy(ops.array(some_shares), x), ops.array(said))
    assert slopes is not None, "No gradient flows from the loss to the head: use keras.ops all the way."
    slopes = ops.convert_to_numpy(slopes)
    assert np.allclose(slopes[1], 0, atol=1e-4), (
        "A cover of unknown genre costs nothing, but has a gradient: some ready-made losses do that to rows of zeros."
    )
    expected = (softmax - some_shares)[[0, 2, 3]] / 3
    assert np.allclose(slopes[[0, 2, 3]], expected, atol=1e-4), "For known covers the gradient is (softmax - c) / 3."

# %% [markdown]
# ### Exercise 3 · Who learns the genre from whom? (12 minutes, medium)
#
# Write both losses of section 4. `real` and `fake` are what the discriminator said of a batch's covers and fakes: dicts
# with its verdicts, `"logits"`, and the numbers of its second head, `"genre"`. The fakes were asked for what the real
# covers are, so one array of shares serves both.
#
# Take the package's `losses.non_saturating(real_logits, fake_logits)`, which gives `(d_loss, g_loss)` of the game
# without genres, and `losses.soft_cross_entropy(shares, numbers)`. Mind the deal that section 4 warns of.
#
# *Hint: four lines. $\lambda$ is `weight`. Each player's loss gets one class term; which head's numbers go into which?*


# %% answer="acgan_losses"
def acgan_losses(real, fake, shares, weight):
    """(d_loss, g_loss), two scalars.

    real, fake: {"logits": [B, 1], "genre": [B, C]}, the discriminator's heads on covers and on fakes.
    shares: [B, C], what the covers are and the fakes should be. weight: of the class loss.
    """
    ### BEGIN SOLUTION
    d_loss, g_loss = losses.non_saturating(real["logits"], fake["logits"])
    d_loss += weight * losses.soft_cross_entropy(shares, real["genre"])
    g_loss += weight * losses.soft_cross_entropy(shares, fake["genre"])
    return d_loss, g_loss
    ### END SOLUTION


# %% check="acgan_losses" points=3
def losses_when(real_genre, fake_genre, weight=0.1):
    """Both losses for one jazz cover, of two genres; verdicts of 0 on everything."""
    heads = [{"logits": ops.zeros((1, 1)), "genre": ops.array([said], "float32")} for said in (real_genre, fake_genre)]
    pair = acgan_losses(*heads, ops.array([[1.0, 0.0]]), weight)
    assert pair is not None and len(pair) == 2, "The function should give back two losses: `return d_loss, g_loss`."
    return np.array([float(loss) for loss in pair])


with self_check():
    right, wrong = [3, 0], [0, 3]
    read_as = (right, right), (wrong, right), (right, wrong)
    both_right, real_wrong, fake_wrong = (losses_when(*pair) for pair in read_as)
    assert both_right[0] > both_right[1], "With verdicts of 0 d_loss is the larger, about 1.39: is the order right?"
    assert fake_wrong[0] == both_right[0], (
        "A fake read as the wrong genre changed the discriminator's loss: it learns genres from real covers only."
    )
    assert real_wrong[1] == both_right[1], (
        "A real cover read wrongly changed the generator's loss: it has to answer for its fakes alone."
    )
    assert real_wrong[0] > both_right[0], "The discriminator should lose more for misreading a real cover: + or -?"
    assert fake_wrong[1] != both_right[1], "However fakes are read, g_loss stays the same: its class term is missing."
    assert fake_wrong[1] > both_right[1], "The generator should lose more for a fake of the wrong genre: + or -?"
    costs = real_wrong[0] - both_right[0], fake_wrong[1] - both_right[1]
    assert not np.isclose(costs, 0.1, atol=1e-4).any(), "In soft_cross_entropy the shares come first, then the numbers."
    assert np.allclose(real_wrong - both_right, (0.3, 0), atol=1e-4), (
        f"Reading [0, 3], not [3, 0], costs the discriminator 3 times 0.1; yours {real_wrong[0] - both_right[0]:.2f}."
    )
    assert np.allclose(fake_wrong - both_right, (0, 0.3), atol=1e-4), "The generator's class loss has a weight, too."
    print("Well done: the discriminator reads real covers, and the generator is read.")

# %% hidden="acgan_losses"
from helpers.gan.backend import input_gradients

with self_check():
    assert np.allclose(losses_when([0, 9], [0, 9], weight=0), np.log([4, 2]), atol=1e-4), (
        "With a weight of 0, only the game without genres is left: 1.386 and 0.693 at verdicts of 0."
    )
    rng = np.random.default_rng(6)
    heads = [{"logits": ops.array(rng.normal(size=(4, 1)), "float32"),
              "genre": ops.array(rng.normal(size=(4, 3)), "float32")} for _ in range(2)]  # fmt: skip
    mixed = ops.array([[0.5, 0.5, 0], [0, 0, 0], [0, 1, 0], [0.3, 0, 0.7]], "float32")
    game = losses.non_saturating(heads[0]["logits"], heads[1]["logits"])
    for name, loss, adversarial, said in zip("dg", acgan_losses(*heads, mixed, 0.5), game, heads, strict=True):
        expected = float(adversarial) + 0.5 * float(losses.soft_cross_entropy(mixed, said["genre"]))
        assert np.isclose(float(loss), expected, atol=1e-4), (
            f"For mixed and unknown genres and a weight of 0.5, {name}_loss is not the game's plus half the class loss."
        )
    for which, player in enumerate(("discriminator", "generator")):

        def loss_for(said, which=which):
            told = [head | {"genre": said} if k == which else head for k, head in enumerate(heads)]
            return ops.convert_to_tensor(acgan_losses(*told, mixed, 1.0)[which])

        slope = input_gradients(loss_for, heads[which]["genre"])
        assert slope is not None and np.any(ops.convert_to_numpy(slope)), (
            f"No gradient flows from the {player}'s loss through its genre head, so it learns nothing about genres."
        )

# %% [markdown]
# ### Exercise 4 · Which genres does it mix up most? (12 minutes, medium)
#
# Write a function that finds, in a confusion matrix (rows: asked for, columns: seen), the pair of different genres that
# is confused most often, **relative to how often the first was asked for**. It returns (asked for, seen, share). A
# genre that was never asked for is confused with nothing.
#
# *Hint: divide each row by its sum (with `keepdims=True` the sums stay a column, and each divides its own row), set the
# diagonal to 0, and find the largest entry with `np.argmax` and `np.unravel_index`. Leave the matrix you are given as
# it is.*


# %% answer="most_confused"
def most_confused(confusion, genres):
    """(asked for, seen, share of the first that was taken for the second), for counts [G, G], a list or an array."""
    ### BEGIN SOLUTION
    shares = np.asarray(confusion, float)
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return genres[row], genres[column], float(shares[row, column])
    ### END SOLUTION


# %% check="most_confused" points=2
with self_check():
    matrix = np.array([[900, 100, 0], [1, 1, 2], [0, 0, 50]])
    kept = matrix.copy()
    found = most_confused(matrix, ("rock", "reggae", "jazz"))
    assert found is not None and len(found) == 3, "Three things should come back: `return asked_for, seen, share`."
    asked, seen, share = found
    assert (matrix == kept).all(), "The matrix was changed: make a copy before setting its diagonal to 0."
    assert asked != seen, f"{asked} taken for {seen} is right, not confused: set the diagonal to 0."
    assert (asked, seen) != ("rock", "reggae") or share < 0.9, (
        "100 of 1,000 rock covers are not all of them: divide first, by the whole row, then set the diagonal to 0."
    )
    assert (asked, seen) != ("rock", "reggae"), (
        "100 of 1,000 are fewer than 2 of 4: divide each row by its own sum (keepdims=True keeps it a column)."
    )
    assert (asked, seen) != ("jazz", "reggae"), "2 reggae covers were seen as jazz, not the other way round: rows ask."
    assert (asked, seen) == ("reggae", "jazz"), (
        f"2 of the 4 reggae covers were seen as jazz; yours says {asked} and {seen}, not those two names."
    )
    assert np.isclose(share, 0.5), f"The share is 2 of 4, not {share}."
    unasked = most_confused([[6, 2], [0, 0]], ("rock", "soul"))
    assert tuple(unasked[:2]) == ("rock", "soul"), (
        "Soul was never asked for, so it is confused with nothing: dividing its row by 0 gives NaN, and argmax takes that."
    )
    asked, seen, _ = most_confused(opinions["fakes"]["confusion"], judge.genres)
    print(f"Well done. Of your own fakes, those for {asked} are most often taken for {seen}.")

# %% hidden="most_confused"
with self_check():
    matrix = np.array([[5.0, 1.0, 4.0], [2.0, 8.0, 0.0], [0.0, 3.0, 7.0]])
    kept = matrix.copy()
    asked, seen, share = most_confused(matrix, ("a", "b", "c"))
    assert (asked, seen) == ("a", "c") and np.isclose(share, 0.4), (
        f"In another matrix 4 of 10 of a were taken for c; yours says {asked}, {seen}, {share}."
    )
    assert np.array_equal(matrix, kept), "A matrix of floats was changed: np.asarray does not copy it, np.array does."
    asked, seen, share = most_confused([[0, 0], [3, 9]], ["folk", "pop"])
    assert (asked, seen) == ("pop", "folk") and np.isclose(share, 0.25), (
        "Where a genre was never asked for, dividing by its sum of 0 gives NaN, which argmax takes for the largest."
    )

# %% [markdown]
# ### Exercise 5 · Better than reality? (20 minutes, hard)
#
# Look at the table of section 10 again, at our ACGAN trained on real covers of the five largest genres: the judge is
# right about more of its fakes than about real covers. A report makes this of it: *"Our generator draws genres more
# clearly than designers do. The training was a success."*
#
# 1. Why does that not follow? Give **two** explanations of different kinds for such numbers.
# 2. Name a measurement that tells the two apart, and say what you expect of it under each.
# 3. Now your own run, and the two confusion matrices of section 8. Choose a pair of genres that is mixed up, give its
#    share in **both** matrices, and say who is to blame: the generator, or the judge and the covers.
#
# *Hint: how would a generator score that draws one and the same cover for every wish for jazz, a very typical one? For
# 3, `most_confused` finds a pair to begin with; a share of few covers says little.*

# %% [markdown] answer="verdict" points=4
# 1. The mark is not 100 % but what the judge gets on real covers, and more than that means that the fakes are *unlike*
#    real covers in some way. They may be caricatures: only the most typical cover of each genre, with the unusual ones
#    left out. Or they may be copies of covers that the judge has learnt from, and that it therefore knows.
# 2. For each genre, the similarity of its fakes to each other beside that of its real covers: caricatures are much more
#    alike. For each fake, the distance to its nearest training cover, beside how near held-out covers come to one:
#    copies are much nearer, caricatures are not.
# 3. In our run classical is read right far less often on fakes than on real covers, and taken for jazz several times as
#    often. The judge can tell the two apart on real covers, so the generator is to blame. Country and folk on the other
#    hand are mixed up in the matrix of real covers as well: there the covers themselves are alike, or the judge is
#    weak, and nothing follows about the generator. I do not trust cells of a handful of covers.

# %% [markdown] rubric="verdict"
# - **1** for two different explanations, such as caricatures (too typical, too few) and copies of training covers;
# - **1** for a measurement that separates them, with what is expected under each explanation;
# - **1** for a pair of genres with its share in both matrices, as they stand in the student's own notebook;
# - **1** for a verdict that follows from the two: the generator answers only for what is worse on fakes.

# %% [markdown] tags=["quiz"]

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
