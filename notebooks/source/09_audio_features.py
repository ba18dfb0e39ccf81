# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · Covers that follow the sound: audio features
#
# **125 minutes** (35 of them the computer's). Before this: [05 · A cover for every genre](05_acgan.ipynb).
#
# A genre is a word, and there are a dozen of them. A song is more than that: it has a tempo, it is loud or soft, sad or
# cheerful. In this notebook the generator is told ten such numbers. You will turn up the energy of a cover like the
# volume of a radio, check with a ruler whether anything happened, and at the end draw a cover for a sound file.
#
# **What you will learn**
#
# - how to bring beats per minute and decibels to numbers that a network can use, and back;
# - how a discriminator learns to read numbers, and why missing and uneven labels are no disaster;
# - how to prove that a generator listens: response curves, and a regressor that nobody tried to please;
# - what can be computed from a sound file without asking anybody.

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
QUICK = PROFILE.name == "smoke"
LATENTS = 16 if QUICK else 48  # of response curves
VALUES = 5 if QUICK else 9
COUNT = 300 if QUICK else 1000  # fakes that are read
ALBUMS = 12 if QUICK else 60
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / PROFILE.name

# %%
MACHINE.apply()  # backend and precision, before Keras is imported

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import Markdown, display
from keras import ops

from helpers import DATA, plots
from helpers.bug_hunt import hunt
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import audio, losses, weights
from helpers.gan.audio_features import AudioFeatures
from helpers.gan.backend import input_gradients
from helpers.metrics.regression import as_good, fit_on, r2_scores
from helpers.metrics.response import brightness, contrast, response, response_of_reals, statistics
from helpers.metrics.response_plots import r2_bars, response_curves
from helpers.records import FEATURE_NAMES, FEATURES
from helpers.sound import measure
from helpers.sources.synthetic import synthetic_covers

# %% [markdown]
# ## 1 · Ten numbers for a song
#
# Until 2024 Spotify told everybody ten numbers for each of its tracks. New apps do not get them any more, but the
# numbers have become a common language: data sets, papers and this course use their names, units and ranges. Notebook
# 02 says where to find them today. dSleeves knows them for every cover, because the covers were drawn from them.

# %%
covers = CoverSet.build(
    synthetic_covers(PROFILE.covers, PROFILE.image_size, seed=SEED),
    WORK / f"covers_{PROFILE.covers}_{PROFILE.image_size}px",
    size=PROFILE.image_size,
    origin=f"dSleeves, the first {PROFILE.covers} covers of seed {SEED}",
)
table = covers.table[list(FEATURE_NAMES)]
about = pd.DataFrame(
    [(feature.unit, f"{feature.low:g} to {feature.high:g}") for feature in FEATURES], FEATURE_NAMES, ("unit", "range")
)
about.join(table.quantile([0.05, 0.5, 0.95]).T.rename(columns=lambda share: f"{share:.0%} below").round(2))

# %% [markdown]
# What does music look like? Here are covers of the calmest songs, and of the most energetic; then of the saddest, and
# of the most cheerful (*valence* is Spotify's word for that). All that a GAN can learn is what these rows have in
# common.

# %% alt="Four rows of twelve covers. Low energy: dark, quiet, few shapes; high energy: hard contrast, rays, large lettering. Low valence: dark and bluish; high valence: yellow, green and orange, light and busy."
ends = {}
for name in ("energy", "valence"):
    order = np.argsort(table[name].to_numpy())
    ends |= {f"low {name}": covers[order[:12]], f"high {name}": covers[order[-12:]]}
plots.strips(ends)

# %% [markdown]
# ## 2 · From beats and decibels to numbers of like size
#
# A network that is given 120 for the tempo and 0.03 for the speechiness will care about the tempo. So every feature is
# shifted and stretched until it has mean 0 and standard deviation 1 over the training set:
#
# $$c = \frac{v - \mu}{\sigma}, \qquad v = \mu + \sigma c.$$
#
# That is all, and yet a published project had loudness upside down, with 0 dB at the quiet end: whoever then wrote +1
# for loud asked for silence. A scale is worth an object that is tested, with units and ranges. `AudioFeatures` is ours;
# you will write its heart in exercise 2. It goes there and back:

# %%
features = AudioFeatures.of(covers)
song = table.to_numpy()[:1]
numbers = features.scale(song)
pd.DataFrame({"in units": song[0], "scaled": numbers[0], "back": features.inverse(numbers)[0]}, FEATURE_NAMES).round(3)

# %% [markdown]
# and it refuses what cannot be, by name:

# %%
# NBVAL_CHECK_OUTPUT
odd = table.to_numpy(copy=True)[:1]
for name, value in {"loudness": 3.0, "tempo": float("nan")}.items():
    wrong = odd.copy()
    wrong[0, FEATURE_NAMES.index(name)] = value
    try:
        features.scale(wrong)
    except CourseError as error:
        print(error)

# %% [markdown]
# **Missing values.** Of many songs only some features are known. Throwing those songs away would be a waste, and
# filling in the mean would be a lie: so the row gets a second number for each feature, 1 where it is known and 0 where
# not. An unknown feature costs the generator nothing, and nobody has to invent it.
#
# **Features that never change** teach nothing. `AudioFeatures.of` leaves them out and says so in `ignored`.
#
# ## 3 · A discriminator that reads numbers
#
# The generator gets the row as the ACGAN's does: it chooses scale and offset in every batch norm. The discriminator
# gets a second head of ten plain numbers. What should it pay when it reads them wrongly? The square of the error is the
# usual answer, but a single odd song, a speechiness of 0.9 among hundreds near 0.05, would outweigh all others. The
# absolute error does not have this problem, but it has a corner at 0. **Huber's loss** is a square up to an error of 1
# and a straight line beyond:

# %% alt="Three losses over the error. Half the square rises ever faster, the absolute error has a corner at 0, and Huber's loss is round like the square up to an error of 1 and then straight like the absolute error, half a unit below it."
errors = np.linspace(-3, 3, 121, dtype="float32")
huber = [float(losses.huber(np.zeros((1, 1), "float32"), np.ones((1, 1), "float32"), [[error]])) for error in errors]
figure, axes = plt.subplots(figsize=(5, 2.6), layout="constrained")
axes.plot(errors, errors**2 / 2, ":", color="#0072B2", label="half the square")
axes.plot(errors, np.abs(errors), "--", color="#D55E00", label="absolute")
axes.plot(errors, huber, color="#000000", linewidth=2, label="Huber")
axes.set(xlabel="error, in standard deviations", ylabel="loss", ylim=(0, 3))
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# As in the ACGAN, **the head learns from real covers only**, and the generator pays for what the head reads off its
# fakes:
#
# $$L_D = L_D^{\text{real or fake}} + \lambda\, H(c,\ \text{head}(x)) \qquad
#   L_G = L_G^{\text{real or fake}} + \lambda\, H(c',\ \text{head}(G(z, c')))$$
#
# Both signs are plus: *both* players want the error small. Turn one around and you have another of the published
# project's bugs.
#
# Which labels $c'$ should fakes be given? Numbers drawn at random would ask for impossible songs, soft and calm with
# 200 beats a minute, and no real cover could tell the discriminator what those look like. So fakes are asked for what
# the real covers of the batch are. But no two songs have the same ten numbers, and the generator has to do something
# sensible between them, too. So each label is moved a little at random, by $1.06\, n^{-1/5}$ standard deviations for
# $n$ songs, a rule of thumb for how near two values must be to count as alike. This is called a *vicinal* label (CcGAN,
# 2021).
#
# **Another way**, the projection discriminator: tell the discriminator the label as well, and let it judge whether
# cover and label fit, $D(x, c) = v^\top \phi(x) + c^\top E\,\phi(x)$. For numbers the embedding $E$ is a matrix, and
# the rest stays as it was for genres. Section 8 compares the ways.
#
# ## 4 · Training
#
# A step is the DCGAN's, with a second term in each loss. The log gains two columns: how far off the head is, on real
# covers and on fakes, in standard deviations. A head that only ever says *average* is off by about 0.8.

# %% tags=["progress"]
gan = audio.build("default", covers.size, PROFILE.width, SEED, features.settings)
steps = audio.defaults("default", PROFILE)["steps"] // (8 if QUICK else 1)
gan.fit(covers, steps, PROFILE.batch_size, seed=SEED, run=WORK / "audio")

# %% alt="The head's error over the steps, on real covers and on fakes. Both begin near 0.9 and fall; after a while fakes are read with no larger error than real covers."
log = pd.read_csv(WORK / "audio" / "log.csv")
figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
for column, label, style in (("error_real", "real covers", "-"), ("error_fake", "fakes", "--")):
    colour = plots.D_COLOUR if label == "real covers" else plots.G_COLOUR
    axes.plot(log["step"], log[column].rolling(5, min_periods=1).mean(), style, color=colour, label=label)
axes.set(xlabel="step", ylabel="error of the head", ylim=(0, None))
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# ## 5 · Turn up the energy
#
# Twelve latents, and energy rising from row to row. Everything else about the song stays. In the `smoke` profile your
# own training was short, so here and below the pictures are drawn by weights that ship with the course, from the same
# code.

# %% alt="Twelve covers in five rows, from energy 0.05 above to 0.95 below. Each column keeps its layout; downwards the contrast grows, light parts turn white, and colours become brighter and more purple."
longer, card = weights.load("audio_dsleeves_32")
display(Markdown(f"*{card['steps']:,} steps of {card['batch_size']} covers at {card['image_size']} px:*"))
rng = np.random.default_rng(SEED)
latents, songs = longer.latents(rng, 12), longer.features.sample(12, rng)
levels = (0.05, 0.25, 0.5, 0.75, 0.95)
plots.strips(
    {f"energy {level}": longer.draw(latents, longer.features.change(songs, energy=level)) for level in levels}, scale=2
)

# %% [markdown]
# Two at a time: one latent vector, energy growing to the right, cheerfulness upwards.

# %% alt="One cover in a table of five by five, the same shape in every field. To the right, with energy, the contrast grows and the shape gets a jagged edge; upwards, with valence, the colours go from blue over green to yellow and pink."
one, song = latents[7:8], songs[7:8]
rows = {
    f"valence {valence}": np.concatenate(
        [longer.draw(one, longer.features.change(song, energy=energy, valence=valence)) for energy in levels]
    )
    for valence in reversed(levels)
}
plots.strips(rows, scale=2)

# %% [markdown]
# **Same label, different cover.** The other way round: every cover in a row below is for exactly the same song, and
# only the latents differ. If the label explained everything, the covers of a row would all be the same: a sign that the
# generator collapsed onto one cover per song.

# %% alt="Twelve covers each for a lullaby, a party, a protest and a live recording: grey-blue and smooth; yellow and black with stripes; black and white in jagged shapes; pale green with curves. Within a row the palette is the same."
wishes = {
    "a lullaby": {"energy": 0.1, "tempo": 70, "acousticness": 0.9},
    "a party": {"energy": 0.9, "danceability": 0.85, "valence": 0.9},
    "a protest": {"energy": 0.9, "valence": 0.15, "speechiness": 0.25},
    "a live recording": {"liveness": 0.8, "energy": 0.6},
}
rng = np.random.default_rng(SEED + 3)
rows = {}
for name, wish in wishes.items():
    likely = longer.features.sample(1, rng, **wish)
    rows[name] = longer.draw(longer.latents(rng, 12), likely.repeat(12, axis=0))
plots.strips(rows, scale=2)

# %% [markdown]
# Do you see the same colours all along a row? Ten numbers with all their digits are as good as a name: no two songs
# have the same. So the generator can use them as it uses latents, and decide by the label what the label says nothing
# about, such as the palette. It is a weakness to know of: for variety, draw several likely songs, not one.
#
# Nobody said how loud a lullaby is. `AudioFeatures.sample` looked among songs of the training set that are near to what
# was asked for, and took the rest from there: it never asks for a song that cannot be.
#
# ## 6 · Response curves
#
# You *see* that something changes. Now measure it. For one feature at a time, with latents and all other features held
# still, draw the same covers at several values, and take numbers off them that anyone can check: brightness, contrast,
# saturation, edges, warmth. Add the reading of a regressor, which was trained on real covers and worn copies of them,
# as the judge in notebook 05 was, and has never seen a fake.

# %% tags=["progress"]
regressor, held_out = fit_on(covers, seed=SEED)
print(f"learnt from covers of other artists than the {len(held_out):,} that it is measured on")

# %% alt="Six panels, brightness, contrast, saturation, edges, warmth and the regressor's estimate, over energy: a line with its band for the fakes, dots with error bars for real covers. The titles give how steadily each of the two rises."
rng = np.random.default_rng(SEED + 4)
latents, songs = gan.latents(rng, LATENTS), gan.features.sample(LATENTS, rng)


def response_to(name):
    """Curves of the fakes as one feature rises from its 5th to its 95th percentile, and of real covers."""
    values = np.linspace(*table[name].quantile([0.05, 0.95]), VALUES)
    column = regressor.names.index(name)
    fakes = response(
        lambda value: gan.draw(latents, gan.features.change(songs, **{name: value})),
        values,
        read=lambda images: regressor.predict(images)[:, column],
    )
    measured = real_statistics | {"estimate": real_readings[:, column]}
    return fakes, response_of_reals(held_out.table[name].to_numpy(), measured)


real_statistics, real_readings = statistics(held_out[:]), regressor.predict(held_out[:])
fakes, reals = response_to("energy")
response_curves(fakes, reals, "energy")

# %% [markdown]
# The dots are real covers, sorted by energy into groups. They differ in everything else as well: energetic songs are
# also louder, and more often metal. The line is the generator with *only* the energy changed. Where the
# dots rise and the line does not, either something else is behind the dots, or the generator has not learnt it.
#
# Spearman's rank correlation says how monotone a curve is: 1 if it always rises, −1 if it always falls. Here it is for
# the regressor's estimate of every feature, over the mean of all latents and for each latent alone:

# %% tags=["progress"]
curves = {name: response_to(name)[0]["curves"]["estimate"] for name in regressor.names}
columns = {"of the mean": "monotonicity", "of each latent, mean": "monotonicity_each"}
monotone = pd.DataFrame({title: {name: c[key] for name, c in curves.items()} for title, key in columns.items()})
monotone.round(2)

# %% [markdown]
# ## 7 · Can the song be read off the cover?
#
# The hardest test: draw many covers for as many songs, let the regressor guess each song from its cover, and
# compare. $R^2$ is the share of the variance that it gets right: 1 is perfect, 0 is no better than always guessing the
# mean. On real covers it is far from 1, since most of a song cannot be seen. **That is the mark**: a fake should tell
# as much about its song as a real cover does.

# %% alt="Two bars for each of the ten features, R² on real covers above and on fakes below, the feature most readable on real covers on top. A mark beside each bar of the fakes stands at 70 % of the bar above it."
readings = regressor.predict(gan.generate(COUNT, seed=SEED + 5))
on_fakes = r2_scores(readings, gan.labels(COUNT, seed=SEED + 5), regressor.names)
truth = held_out.table[list(regressor.names)].to_numpy(float)
on_reals = r2_scores(real_readings, truth, regressor.names)
summary = as_good(on_fakes, on_reals)
readable = [name for name, score in summary["features"].items() if score["as_good"]]
steady = [name for name in readable if curves[name]["monotonicity"] > 0.9]
print(f"For {len(readable)} of {summary['of']} features the fakes' R² is at least 0.7 of the real covers',")
print(f"and for {len(steady)} of these the estimate rises steadily with what was asked for (above 0.9 in section 6).")
r2_bars(on_fakes, on_reals, share=0.7)

# %% [markdown]
# Where the fakes' bar is longer than the real covers', be suspicious, as in notebook 05: a caricature is easier to read
# than reality. And where a bar of the real covers is short, as for the tempo, no generator can be blamed: there is
# little to see.

# %% [markdown]
# ## 8 · What we tried
#
# `benchmarks/audio_recipes.py` trained each way to tell the features with the same processor time, and measured
# quality, and for how many of the ten features the fakes reach 0.7 of the real covers' $R^2$:

# %%
tried = json.loads((DATA / "results" / "audio_recipes.json").read_text())
shown = ("energy", "valence", "tempo")
for name, settings in tried["sets"].items():
    lines = [f"| recipe | steps | KID | precision | features ≥ 0.7 | {' | '.join(f'R² {one}' for one in shown)} |"]
    lines.append("|---" * (5 + len(shown)) + "|")
    for row in (row for row in tried["rows"] if row["set"] == name):
        cells = [row["recipe"].replace("_", " "), f"{row['steps']:,}", f"{row['kid_lite0']:.3f}"]
        cells += [f"{row['precision']:.2f}", f"{row['as_good']} of {len(row['r2'])}"]
        cells += [f"{row['r2'][one]:.2f}" for one in shown]
        lines.append(f"| {' | '.join(cells)} |")
    reals = ", ".join(f"{one} {settings['r2_reals'][one]:.2f}" for one in shown)
    about = f"*{settings['about']}, {settings['seconds']:g} s of one core, one seed; R² of real covers: {reals}*"
    display(Markdown(about), Markdown("\n".join(lines)))

# %% [markdown]
# *shuffled labels* is the control: every cover was given the song of another. Its $R^2$ is gone, and its pictures are
# worse, too, since the labels only confuse it. If yours looks like that row, look for a bug in the labels before you
# look for a better loss.
#
# The head alone does most of the work here: projection without it gets hold of half as many features in the same time,
# and projection beside it costs more than it brings. A head that also learns from fakes (*fakes too*) did no harm in
# these two minutes. It is one seed each, and a short training: small differences mean nothing.
#
# ## 9 · One cover for a whole album
#
# An album has many songs and one cover. The published project averaged the features of an album's songs and drew from
# that, and got noise. Was averaging the mistake? Let us try it with a generator that listens. Here are albums of eight
# songs each: the album's own features are those of a held-out cover, and its songs are scattered around them. Four ways
# to a cover:
#
# - **one song** stands for the album;
# - **the average** of the songs, and any latents;
# - **by agreement**: the average, 64 different latents, and of the 64 covers the one from which somebody reads what
#   lies nearest to all the songs. That somebody can be the discriminator's own head,
# - or a **stranger**: a second regressor, trained on other covers than the one that will judge.
#
# The regressor of section 6 then says how far each cover is from the album's true features, in standard deviations. It
# had no part in any of this.

# %% tags=["progress"] alt="Twelve albums in five rows: covers drawn from one song, from the average, chosen by the generator's own head, chosen by a stranger, and the real covers. Down a column light and colours are often alike, the shapes are not."
rng = np.random.default_rng(SEED + 6)
albums = truth[:ALBUMS]
bounds = np.array([(feature.low, feature.high) for feature in FEATURES]).T
scatter = 0.7 * features.deviation * rng.standard_normal((len(albums), 8, len(features)))
tracks = np.clip(albums[:, None] + scatter, *bounds)
stranger, _ = fit_on(held_out, seed=SEED + 1)
ways = {
    "one song": gan.draw(gan.latents(rng, len(albums)), features.encode(tracks[:, 0])),
    "average": gan.draw(gan.latents(rng, len(albums)), features.encode(tracks.mean(axis=1))),
    "own head": np.stack([gan.album(songs, gan.read, seed=k) for k, songs in enumerate(tracks)]),
    "stranger": np.stack([gan.album(songs, stranger.predict, seed=k) for k, songs in enumerate(tracks)]),
    "real cover": held_out[: len(albums)],
}
for name, images in ways.items():
    distance = np.sqrt(np.mean(((regressor.predict(images) - albums) / features.deviation) ** 2))
    print(f"{name:10s} is {distance:.2f} deviations off")
plots.strips({name: images[:12] for name, images in ways.items()})

# %% [markdown]
# Averaging was not the mistake: with a generator that listens, an average is better than a song, and about as good as
# the real cover, off which nobody can read more. (In the `smoke` profile these numbers are mostly noise.) Choosing by
# the discriminator's own head brings little, because the generator has learnt to please it with every one of the 64. A
# stranger's opinion is worth something: it picks covers that agree with the songs in the eyes of another stranger.
#
# And if every song is to have a cover of its own that still belongs to the album? Give the songs **one latent vector**:
# layout and motif are shared, and the song colours them in.

# %% alt="Four albums of eight covers each, one for every song. Within an album the layout stays and colours and contrast change; from album to album the layout changes too."
rng = np.random.default_rng(SEED + 7)
rows = {}
for k, tracks_of_one in enumerate(tracks[:4]):
    shared = longer.latents(rng, 1).repeat(8, axis=0)
    rows[f"album {k + 1}"] = longer.draw(shared, longer.features.encode(tracks_of_one))
plots.strips(rows, scale=2)

# %% [markdown]
# ## 10 · A cover for a sound file
#
# So far the numbers came from a table. But you have ears, and `librosa` has some, too. `helpers.sound.measure` listens
# to a file, offline: tempo from the onsets, loudness in LUFS as broadcasters measure it, and from these and the
# spectrum an *estimate* of energy, acousticness and danceability, by formulas short enough to disagree with (they stand
# in the docstring of `Sound`). What sound does not tell by simple means, such as valence or popularity, it leaves
# unknown.
#
# Here are three songs made of arithmetic: soft sines give way to clicks, noise and a sawtooth bass.


# %%
def make_song(energy, seconds=8, rate=22_050):
    """From a lullaby (0) to a rave (1)."""
    time = np.arange(seconds * rate) / rate
    beats = time * (60 + 80 * energy) / 60
    pads = np.sin(np.pi * beats / 4) * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277.2, 329.6)) / 3
    noise = np.random.default_rng(0).uniform(-1, 1, len(time))
    drums = noise * np.exp(-10 * (2 * beats % 1)) + 0.3 * (2 * (55 * time % 1) - 1)
    return (0.05 + 0.8 * energy) * ((1 - energy) * pads + energy * drums)


heard = {}
for name, energy in (("lullaby", 0.0), ("walk", 0.5), ("rave", 1.0)):
    path = WORK / f"{name}.wav"
    soundfile.write(path, make_song(energy), 22_050)
    heard[name] = measure(path)
pd.DataFrame({name: sound.features() for name, sound in heard.items()}).round(2)

# %% alt="Twelve covers each for the lullaby, the walk and the rave: the lullaby's are dark and smooth with few shapes, the walk's brown and busier, the rave's light and colourful, as the printed brightness says."
rows = {}
for name, sound in heard.items():
    wanted = longer.features.within(sound.features())
    rows[name] = longer.generate(64, seed=SEED + 8, **wanted)
    print(f"{name:8s} brightness {brightness(rows[name]).mean():.2f}, contrast {contrast(rows[name]).mean():.2f}")
plots.strips({name: images[:12] for name, images in rows.items()}, scale=2)

# %% [markdown]
# On the command line it is one line, for a song of your own:
#
# ```
# covergan cover SONG.wav audio_dsleeves_32 cover.png
# ```
#
# ## Exercises
#
# ### Exercise 1 · Every song read rightly, off the wrong cover (4 minutes, easy)
#
# Predict before you compute. Somebody reads the energy of every cover without any error. But the readings get shuffled:
# each is set beside the energy of *another* cover. What is $R^2$ then?
#
# - **a**: about 1, since the readings have the right mean and the right spread;
# - **b**: about 0, as for somebody who knows nothing;
# - **c**: about −1, worse than knowing nothing.
#
# Write the letter.
#
# *Hint: $R^2$ is 1 less the mean squared error over the variance. Who always guesses the mean errs by the variance. By
# how much do two songs drawn at random differ, squared and on average?*

# %% answer="predict_shuffled"
### BEGIN SOLUTION
prediction = "c"
### END SOLUTION

# %% check="predict_shuffled" points=1
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    assert prediction != "a", "R² compares cover by cover: the right numbers beside the wrong covers are wrong numbers."
    assert prediction != "b", (
        "0 is for those who know that they know nothing and say the mean. Who names another song's energy errs twice: "
        "that one is off the mean, and so is the true one."
    )
    energies = table["energy"].to_numpy()
    shuffled = np.random.default_rng(SEED).permutation(energies)
    for name, said in {"exact": energies, "mean": energies.mean(), "shuffled": shuffled}.items():
        print(f"{name:8s} R² {1 - np.mean((said - energies) ** 2) / energies.var():5.2f}")
    print("Well done. Covers that speak clearly, but of another song, end below 0: see shuffled labels in section 8.")

# %% [markdown]
# ### Exercise 2 · The scale (10 minutes, easy)
#
# Write the scale and its inverse for a table of features: `fit` remembers mean and standard deviation of each column,
# **leaving out unknown values (NaN)**; `scale` and `inverse` go there and back, for these songs or for others. A column
# that never changes must not divide by zero: let it be scaled to 0.
#
# *Hint: `np.nanmean` and `np.nanstd` pass over NaN, and over nothing else; pandas' `.std()` would divide by N - 1, not
# by N. Where the deviation is 0, use 1 instead. Rounding may leave something like 5e-17 for 0, so that `< 1e-9` is
# safer than `== 0`.*


# %% answer="scale"
class Scale:
    def fit(self, values):
        """Remember mean and deviation of each column of values [N, K]; returns self."""
        ### BEGIN SOLUTION
        self.mean, self.deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        self.deviation[self.deviation < 1e-9] = 1  # of 200 times 0.3 rounding leaves 5.6e-17
        return self
        ### END SOLUTION

    def scale(self, values):
        ### BEGIN SOLUTION
        return (values - self.mean) / self.deviation
        ### END SOLUTION

    def inverse(self, scaled):
        ### BEGIN SOLUTION
        return scaled * self.deviation + self.mean
        ### END SOLUTION


# %% check="scale" points=2
with self_check():
    values = table.to_numpy(copy=True)[:200]
    values[::3, 2] = np.nan
    fitted = Scale().fit(values)
    assert fitted is not None, "fit gives nothing back: it should end with `return self`."
    scaled = fitted.scale(values)
    assert scaled is not None, "scale gives nothing back: does it end with `return …`?"
    assert np.shape(scaled) == (200, 10), "A table of 200 songs and 10 features should keep its shape."
    assert not np.isnan(scaled[1::3]).any(), (
        "A known value became NaN: who leaves out the unknown ones, mean and deviation?"
    )
    assert np.isnan(scaled[::3, 2]).all(), "An unknown value must stay unknown (NaN)."
    assert np.allclose(np.nanmean(scaled, axis=0), 0, atol=1e-9), "The mean of every scaled column must be 0: axis=0."
    assert np.allclose(np.nanstd(scaled, axis=0), 1), (
        "The deviation of every scaled column must be 1: divide by the deviation (np.nanstd), not by the variance."
    )
    assert np.allclose(fitted.scale(values[1:3]), scaled[1:3]), (
        "Two of the songs, scaled alone, got other numbers: scale must use what fit remembered, and fit nothing itself."
    )
    louder = np.diff(fitted.scale(np.array([values[1], values[1] + 1])), axis=0)[0, FEATURE_NAMES.index("loudness")]
    assert louder > 0, "A louder song must get a larger number: that sign was wrong in the published code."
    back = fitted.inverse(scaled)
    assert np.allclose(back, values, atol=1e-6, equal_nan=True), "There and back must be where you were."
    constant = np.full((5, 1), -7.0)
    assert np.allclose(Scale().fit(constant).scale(constant), 0), "A column that never changes must become 0, not NaN."
    print("Well done: louder is more, and NaN is NaN.")

# %% hidden="scale"
with self_check():
    few = np.array([[1.0, 60.0], [3.0, np.nan], [5.0, 100.0]])
    before, one, two = few.copy(), Scale().fit(few), Scale().fit(10 * few)
    assert np.array_equal(few, before, equal_nan=True), "fit changed the table that it was given."
    assert one is not two and np.allclose(one.scale(np.array([[3.0, 80.0]])), 0), (
        "A second scale changed the first: keep mean and deviation in self."
    )
    new = one.scale(np.array([[3.0, 120.0], [3.0, 100.0]]))
    assert np.allclose(new, [[0, 2], [0, 1]]), "New songs must be scaled with the mean and deviation of those fitted."
    assert np.allclose(one.inverse(np.array([[0.0, -1.0]])), [[3, 60]]), (
        "inverse must know other rows than those scaled."
    )
    flat = Scale().fit(np.array([[4.0, 1.0], [4.0, 3.0]]))
    assert np.allclose(flat.inverse(flat.scale(np.array([[4.0, 2.0]]))), [[4, 2]]), (
        "A constant column must come back, too."
    )

# %% [markdown]
# ### Exercise 3 · Huber's loss, with gaps (10 minutes, medium)
#
# Write what the head pays: Huber's loss of each number that it reads, half the square of an error up to 1 and its
# absolute value less ½ beyond, **averaged over the numbers that are known**. Where `known` is 0, `wanted` holds a
# meaningless 0, and whatever the head reads there costs nothing. If nothing at all is known, the loss is 0. (The
# package adds up the features of a song instead; that comes to another λ.)
#
# *Hint: `ops.where(condition, this, that)` chooses for every number. Multiply by `known` before you add up, and count
# the known ones for the mean, but divide by 1 at least.*


# %% answer="head_loss"
def head_loss(wanted, known, read):
    """Mean of Huber's loss over the known numbers, a scalar; all three are float [B, K], `known` is 1 or 0."""
    ### BEGIN SOLUTION
    errors = ops.abs(read - wanted)
    each = ops.where(errors <= 1, ops.square(errors) / 2, errors - 0.5)
    return ops.sum(known * each) / ops.maximum(ops.sum(known), 1)
    ### END SOLUTION


# %% check="head_loss" points=3
def loss_of(*tables):
    loss = head_loss(*(ops.convert_to_tensor(np.array(rows, "float32")) for rows in tables))
    assert loss is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.size(loss) == 1, "The loss should be a single number: average over songs and features."
    return float(loss)


with self_check():
    small, large, low = (loss_of([[1.0]], [[1.0]], [[1.0 + error]]) for error in (0.5, 3.0, -3.0))
    assert not np.isclose(small, 0.25), "An error of 0.5 costs 0.25: it should be half of the square."
    assert np.isclose(small, 0.125), f"An error of 0.5 should cost 0.125, half its square, not {small:.3f}."
    assert not np.isclose(large, 4.5), "An error of 3 costs half its square: beyond 1 the loss is a straight line."
    assert not np.isclose(large, 3), (
        "An error of 3 costs 3: less one half, else the line does not meet the square at 1."
    )
    assert np.isclose(large, 2.5), f"An error of 3 should cost 3 - 0.5 = 2.5, not {large:.3f}."
    assert np.isclose(low, 2.5), (
        f"An error of -3 should cost as much as one of 3, not {low:.3f}: its absolute value counts."
    )
    nothing = loss_of([[0.0]], [[0.0]], [[3.0]])
    assert nothing == 0, f"Where nothing is known, the loss should be 0, not {nothing}: divide by 1 at least."
    gaps = loss_of([[0.5, 0.0], [0.0, 2.0]], [[1, 0], [1, 1]], [[0.0, 9.0], [0.0, 2.0]])
    assert gaps < 1, "The unknown number costs something, whatever the head reads there: multiply by `known`."
    assert not np.isclose(gaps, 0.125 / 4), "Four numbers, but one is unknown: divide by how many are known, 3."
    assert np.isclose(gaps, 0.125 / 3), f"Errors of 0.5, 0 and 0, and one unknown, should cost 0.042, not {gaps:.3f}."
    wanted, known = np.split(features.encode(covers.table), 2, axis=1)
    print(f"Well done. A head that says the mean of everything pays {loss_of(wanted, known, 0 * wanted):.2f}.")

# %% hidden="head_loss"
with self_check():
    uneven = loss_of([[0, 0, 0], [0, 0, 0]], [[1, 0, 0], [1, 1, 1]], [[2, 0, 0], [0, 0, 0]])
    assert np.isclose(uneven, 1.5 / 4), f"Of four known numbers one costs 1.5, which makes 0.375, not {uneven:.3f}."
    nothing = loss_of([[0, 0]], [[0, 0]], [[1, 5]])
    assert nothing == 0, f"Where nothing is known, the loss should be 0, not {nothing}."
    zero, one, read = (ops.convert_to_tensor(np.array([row], "float32")) for row in ((0, 0), (1, 1), (-0.5, 4)))
    slope = input_gradients(lambda x: ops.convert_to_tensor(head_loss(zero, one, x)), read)
    assert slope is not None, "No gradient flows from this loss: use keras.ops throughout, not NumPy or float()."
    assert np.allclose(slope, [[-0.25, 0.5]]), (
        "The slope must be the error up to 1 and 1 beyond: does a large error pull?"
    )

# %% [markdown]
# ### Exercise 4 · The bug hunt (25 minutes, medium)
#
# In 2021 a student project at Stanford, [Album_Cover_Generator](https://github.com/icykip/Album_Cover_Generator), set
# out to do what this notebook does. Its conclusion was that conditioning "only stagnates the model". The authors
# published their code, which is why we can learn from it. The training step below is ours, but it makes six mistakes
# that were in theirs. Here is what each of them does to the pictures:
#
# - **loudness**: whoever writes 1 for loud gets the cover of a silent song;
# - **labels**: nearly every cover comes with the music of another song, so all there is to learn is to ignore music;
# - **latents**: almost a third of the numbers that covers are drawn from lie where the generator was never trained, and
#   nothing says what it makes of those;
# - **latent step**: all latents move by the same multiple of their slope, so nothing damps the steep ones. In the
#   project the multiple was in the thousands and threw latents to the edge of their range; with a hundred latents and
#   the numbers below it is 0.009, and the step does next to nothing;
# - **penalty**: nothing holds the critic's slope. The project clipped the critic's weights instead, which leaves a
#   simple critic, and a simple critic is content with fields of colour;
# - **label loss**: the generator is paid for covers that do *not* look like their music: the harder it tries, the less
#   they do.
#
# The first two and the last concern conditioning; the other three would harm any GAN of this kind.
#
# Find the six and repair them, in the cell of `Step`. Run that cell and the one after it again after each repair: its
# line turns from `red` to `green`, whatever the state of the others. Not every mistake is in one place only.
#
# *Hint: a red line says what came out, what was expected, and where to look. Do the sum on paper first. The latents are
# (0.2, 0.4) and (0.55, 0.35), and their score is the square of their length. The critic of the last two lines scores
# reals 3.5 and fakes 2, on average. It reads all features right, or each of them wrong by 0.5.*


# %% answer="step"
class Step:  # a critic takes covers [B, ...] and gives scores [B, 1] and the features it reads [B, K]
    def scale_loudness(self, decibels):  # -60 to 0 dB, as -1 to 1
        return 2 * decibels / -60 - 1

    def batch(self, covers, labels, rows):  # some rows of the data set
        return covers[rows], labels[: len(rows)]

    def latents(self, rng, n):  # to train with
        return rng.uniform(-1, 1, (n, 100))

    def sample_latents(self, rng, n):  # to draw covers with
        return rng.normal(0, 1, (n, 100))

    def latent_step(self, score, z):  # LOGAN: how far latents [B, L] move towards a better score
        slope = input_gradients(lambda z: ops.sum(score(z)), z)
        size = ops.sum(ops.square(ops.ones_like(slope)), axis=1, keepdims=True)
        return 0.9 * slope / (0.1 + size)

    def penalty(self, critic, real, fake, shares):  # WGAN-GP
        return 0.0  # 10 * losses.gradient_penalty(lambda x: critic(x)[0], real, fake, shares)

    def d_loss(self, critic, real, fake, labels, shares):
        (real_scores, read), (fake_scores, _) = critic(real), critic(fake)
        gain = ops.mean(real_scores) + ops.mean(ops.abs(read - labels))
        return ops.mean(fake_scores) - gain + self.penalty(critic, real, fake, shares)

    def g_loss(self, critic, fake, labels):
        scores, read = critic(fake)
        return -(ops.mean(scores) + ops.mean(ops.abs(read - labels)))


# %% [markdown] tags=["solution"]
# This is how it was handed out:

# %% tags=["solution"]
# NBVAL_CHECK_OUTPUT
before = hunt(Step())

# %% [markdown] tags=["solution"]
# And this is the repaired step. Latents need to be of one kind only: normal ones in training would do as well.


# %% tags=["solution"]
class Repaired(Step):
    def scale_loudness(self, decibels):
        return 2 * decibels / 60 + 1

    def batch(self, covers, labels, rows):
        return covers[rows], labels[rows]

    def sample_latents(self, rng, n):
        return self.latents(rng, n)

    def latent_step(self, score, z):
        slope = input_gradients(lambda z: ops.sum(score(z)), z)
        size = ops.sum(ops.square(slope), axis=1, keepdims=True)
        return 0.9 * slope / (0.1 + size)

    def penalty(self, critic, real, fake, shares):
        return 10 * losses.gradient_penalty(lambda x: critic(x)[0], real, fake, shares)

    def d_loss(self, critic, real, fake, labels, shares):
        (real_scores, read), (fake_scores, _) = critic(real), critic(fake)
        gain = ops.mean(real_scores) - ops.mean(ops.abs(read - labels))
        return ops.mean(fake_scores) - gain + self.penalty(critic, real, fake, shares)

    def g_loss(self, critic, fake, labels):
        scores, read = critic(fake)
        return -(ops.mean(scores) - ops.mean(ops.abs(read - labels)))


Step = Repaired

# %% check="step" points=3
# NBVAL_CHECK_OUTPUT
with self_check():
    after = hunt(Step())
    assert after["green"].all(), "Some lines are red: repair one mistake in the cell of Step, and run both cells again."
    print("Well done: now the model can hear what it is asked for.")

# %% hidden="step"
with self_check():
    step, kinder = Step(), lambda x: (ops.matmul(x, ops.convert_to_tensor([[0.0], [3.0]])), x[:, :1])
    assert np.isclose(step.scale_loudness(-15.0), 0.5), "-15 dB should become 0.5 on the scale from -1 to 1."
    rows = np.array([3, 0, 3])
    assert np.array_equal(step.batch(np.eye(4), np.arange(4), rows)[1], rows), (
        "A row drawn twice brings its label twice."
    )
    real, fake = (ops.convert_to_tensor(np.array([row], "float32")) for row in ((1, 2), (0, 1)))
    shares = ops.convert_to_tensor(np.array([[0.5]], "float32"))
    loss = float(step.d_loss(kinder, real, fake, real[:, :1] - 2, shares))
    assert np.isclose(loss, 39, rtol=1e-4), (
        f"One cover, a slope of 3, misread by 2: d_loss should be 3 - 6 + 2 + 10 (3 - 1)² = 39, not {loss:.2f}."
    )
    wished = float(step.g_loss(kinder, fake, fake[:, :1] + 2))
    assert np.isclose(wished, -1), (
        f"The generator's fake scores 3 and is misread by 2, so g_loss is -1, not {wished:.2f}."
    )
    moved = step.latent_step(lambda z: ops.sum(3 * z, axis=1, keepdims=True), real)
    assert np.allclose(moved, 0.9 * 3 / 18.1, rtol=1e-3), "For a score of slope 3 in both latents, each moves by 0.149."
    through = input_gradients(
        lambda z: ops.sum(step.latent_step(lambda y: ops.sum(y**2, axis=1, keepdims=True), z)), real
    )
    assert through is not None, "No gradient flows through the latent step, so the networks cannot reckon with it."

# %% [markdown]
# ### Exercise 5 · Does it listen? (20 minutes, hard)
#
# A report on this notebook says of the row *default* in the table of section 8:
#
# 1. "On fakes the $R^2$ of valence is about three quarters. So three quarters of a song's mood can be seen on its
#    cover, and our covers show it better than real ones."
# 2. "The $R^2$ of tempo is only about 0.1. So the generator does not listen to the tempo."
#
# Say what is wrong with each of the two. Then choose **one feature** and judge whether *your* generator of section 4
# listens to it. Argue with at least two things that you measured yourself in sections 6 and 7, and say what the row
# *shuffled labels* is needed for.
#
# *Hint: who reads, and what has the reader learnt from? What is the most that could be expected? Judge what you
# see in your own run, however short its training was.*

# %% [markdown] answer="listening" points=4
# 1. The number says how well a regressor, trained on real covers, reads off a *fake* what that fake was asked for. It
#    is about fakes, not about songs: off real covers it reads about half of the variance of valence. Fakes that are
#    easier to read than real covers overdo it, they are caricatures.
# 2. The mark for tempo is not 1 but what can be read off real covers, and there R² is below 0.2. The fakes stay a
#    little under 0.7 of that, so the tempo is followed somewhat less than it could be; with one seed, no more can be
#    said.
#
# I choose energy. In section 6 only the energy changes, latents and other features are held still, and the estimate
# rises steadily with what was asked for; contrast and edges, which anybody can measure, rise as well, as they do in the
# dots of the real covers. In section 7 the bar of the fakes is longer than the mark of 70 %. So it listens, and it
# exaggerates.
#
# The shuffled labels show what comes out when there is nothing to listen to: R² near 0 or below. If they had got a high
# R² as well, then the measurement, or a leak of labels into it, would have been the reason, and not the generator.

# %% [markdown] rubric="listening"
# - **1** for the first: R² is what a regressor reads off fakes, beside that of real covers; above it is caricature,
#   not quality, and nothing of it is a share of the song;
# - **1** for the second: compared with the R² of real covers, where little of the tempo can be seen;
# - **1** for a verdict on one feature that follows from two of the student's own measurements, such as a response curve
#   (and that everything else is held still in it) and a bar beside its mark;
# - **1** for the control: what R² is when labels mean nothing, and which mistake it would have shown.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - Scale every feature to mean 0 and deviation 1, keep the units with it, and refuse what is out of range by name.
# - Unknown is not average: tell the network which numbers are known.
# - The head learns from real covers only, and both players want its error small. Ask fakes for songs that exist, moved
#   a little.
# - Do not believe that a generator listens: measure it. Response curves with everything else held still, an independent
#   regressor beside real covers, and shuffled labels as the control.
# - Most of a song cannot be seen. The mark is what can be read off real covers, not 1.
#
# ## Where the idea comes from
#
# - [Album_Cover_Generator](https://github.com/icykip/Album_Cover_Generator), 2021: ten audio features of Spotify, WGAN
#   and LOGAN on covers; its code is public, and the bug hunt is drawn from it.
# - Odena, Olah, Shlens, [Conditional Image Synthesis with Auxiliary Classifier GANs](https://arxiv.org/abs/1610.09585),
#   2017.
# - Ding et al., [CcGAN: Continuous Conditional Generative Adversarial Networks](https://arxiv.org/abs/2011.07466),
#   2021: labels that are numbers, and vicinal labels.
# - Miyato, Koyama, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637), 2018.
# - Huber, *Robust Estimation of a Location Parameter*, Annals of Mathematical Statistics, 1964.
# - McFee et al., [librosa](https://librosa.org), since 2015; ITU-R BS.1770 for loudness.
