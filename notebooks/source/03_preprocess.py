# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · From a folder of pictures to a training set
#
# Real folders hold scans that lie on their side, downloads that stopped half way and text files called `.jpg`; this
# notebook turns such a folder into data that a GAN can learn from.
#
# **15 minutes**, with or without a GPU. Before this: [00 · Welcome](00_welcome.ipynb).
#
# **What you will learn**
#
# - what can be wrong with a picture file, and which faults can be mended;
# - what a data set should know about itself: where each picture came from, and why others are missing;
# - how to feed a GAN from a file larger than memory, in an order that can be repeated exactly;
# - why training and test covers are parted by artist.

# %% tags=["setup"]
# tools/build_notebooks.py puts tools/setup_cell.py here

# %%
import os
import shutil
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from helpers import plots
from helpers.covers import CoverSet
from helpers.records import RECORDS_FILE, Record, append_records
from helpers.sources.synthetic import synthetic_covers

# %% tags=["parameters"]
COVERS = 400
SIZE = 64
BATCH = 64
SEED = 3
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / "03_preprocess"

# %% [markdown]
# ## 1 · A messy folder
#
# Whatever we collect, from a website or from an archive, arrives as a *source folder*: image files, and beside them
# `records.jsonl`, one line of JSON for each cover, saying what it is and on what terms it came. We make such a folder
# ourselves, starting with 400 drawn covers saved as JPEG, the way a shop would send them.

# %%
shutil.rmtree(WORK, ignore_errors=True)  # start afresh whenever this cell runs
folder = WORK / "collected"
folder.mkdir(parents=True)


def save(record, image, name, **options):
    """Save a picture in the folder and note it in records.jsonl."""
    image.save(folder / name, **options)
    append_records(folder / RECORDS_FILE, [replace(record, cover_path=name)])


drawn = [(record, Image.fromarray(pixels)) for record, pixels in synthetic_covers(COVERS, 2 * SIZE, seed=SEED)]
for number, (record, image) in enumerate(drawn):
    save(record, image, f"{number:04}.jpg", quality=90)

# %% [markdown]
# Now the mess. Each of the following turns up in real collections. First, five files that anyone would recognise as a
# cover, though a careless program stumbles over them:


# %%
def stray(name, image, **options):
    """Save a picture of which nothing is known but its name."""
    save(Record(source="web", source_id=name), image, name, **options)


grey, print_ready, cut_out, phone_photo, wide = (image for _, image in drawn[4:9])
stray("grey.jpg", grey.convert("L"))
stray("print_ready.jpg", print_ready.convert("CMYK"))  # four inks instead of three lights

disc = Image.radial_gradient("L").resize(cut_out.size).point(lambda distance: 255 * (distance < 128))
cut_out.putalpha(disc)
stray("cut_out.png", cut_out)  # transparent outside a circle

turned = Image.Exif()
turned[0x0112] = 6  # "my top is on the right": cameras note this instead of turning the pixels
stray("phone_photo.jpg", phone_photo.transpose(Image.Transpose.ROTATE_90), exif=turned)

stray("wide.png", wide.crop((0, 20, 128, 108)))

# %% [markdown]
# And five that are beyond help: a download that stopped half way, the error page of a website saved under the name of a
# picture, a file without content, an icon, and a banner.

# %%
whole = (folder / "0000.jpg").read_bytes()
hopeless = {"half.jpg": whole[: len(whole) // 2], "page.jpg": b"<html>404 Not Found</html>", "empty.jpg": b""}
for name, content in hopeless.items():
    (folder / name).write_bytes(content)
    append_records(folder / RECORDS_FILE, [Record(source="web", source_id=name, cover_path=name)])
stray("icon.png", grey.resize((16, 16)))
stray("banner.jpg", grey.resize((300, 80)))

# %% [markdown]
# Could we sort them by simply opening each? The next cell tries.

# %%
# NBVAL_CHECK_OUTPUT
for path in sorted(folder.glob("[a-z]*.[jp]*g")):
    try:
        with Image.open(path) as image:
            print(f"{path.name:16} opens: {image.mode}, {image.width} x {image.height}")
    except OSError:
        print(f"{path.name:16} does not open")

# %% [markdown]
# Opening proves little. Pillow reads only the first bytes of a file, so `half.jpg` looks healthy until someone asks
# for its pixels, and then a training run that has been going for an hour falls over. It is better to decode
# everything once, now, and to write down what was wrong.

# %% [markdown]
# ## 2 · A CoverSet
#
# `CoverSet.build` does just that. It decodes every file; turns, crops and shrinks it to one size; puts what is
# transparent on white; and refuses what it cannot mend. It never stops at a bad file, and it never drops one silently.
# The line it prints concerns the terms: for our five strays nobody knows who may use them for what.

# %%
covers = CoverSet.build(folder, WORK / "covers", size=SIZE)
covers

# %% [markdown]
# The set is a folder with three files: the pixels, a table of the records, and `card.json`, the data card. The card is
# written last, so a folder with a card is complete. It says what is in the set, and what is not, with the reason:

# %%
# NBVAL_CHECK_OUTPUT
card = covers.card
print(f"{card['count']} covers of {card['size']} pixels; their terms allow training: {card['ml_use']}")
for entry in card["rejected"]:
    print(f"  {entry['file']:12} {card['reasons'][entry['reason']]}")

# %% [markdown]
# ## 3 · Look at the pictures
#
# No number replaces looking. Here are the five strays: above, what three lines of careless code make of them; below,
# what is in the set.

# %%
names = ["grey.jpg", "print_ready.jpg", "cut_out.png", "phone_photo.jpg", "wide.png"]
careless = [np.asarray(Image.open(folder / name).convert("RGB").resize((SIZE, SIZE))) for name in names]
rows = [covers.table.index[covers.table["source_id"] == name][0] for name in names]
plots.show(careless + list(covers[np.array(rows)]), columns=5)

# %% [markdown]
# The first two came out well either way. The cut-out had its corners filled with whatever colour lay hidden there,
# the phone's picture lies on its side, and the wide one is squeezed. A GAN copies what it is shown: if one cover in a
# hundred lies on its side, one forgery in a hundred will, too.
#
# And some of the rest, at a glance:

# %%
plots.show(covers[:64], columns=16, scale=1)

# %% [markdown]
# The table holds the facts about each cover in the same order as the pixels: row 12 describes image 12.

# %%
covers.table[["artist", "title", "year", "genres", "tempo", "energy", "ml_use"]].iloc[[0, 1, 2, rows[0]]]

# %% [markdown]
# ## 4 · A file as an array
#
# `covers.images` behaves like a NumPy array and is none: it is a *memory map*. The pixels stay on disk until a slice
# asks for them, and the operating system keeps in memory what was used last, as long as there is room.

# %%
# NBVAL_CHECK_OUTPUT
pixels = covers.images
print(f"{type(pixels).__name__} of {pixels.dtype}, {pixels.shape}: {pixels.nbytes / 1e6:.2f} MB")
print(f"A million covers of this size would be {1e6 * pixels[0].nbytes / 1e9:.1f} GB, and open just as fast.")

# %% [markdown]
# Pixels stay whole numbers from 0 to 255, one byte each. Training wants decimals from -1 to 1, four bytes each, so that
# conversion waits for the training step, which does it for one batch at a time.
#
# ## 5 · Batches that can be repeated
#
# A GAN is trained on one small batch after another, in shuffled order. `covers.batches` gives them without end. Batch
# number $k$ depends on the seed and on $k$, and on nothing else. If Colab takes your machine away after step 7,000, the
# next one starts at 7,000 and sees exactly the covers it would have seen.

# %%
# NBVAL_CHECK_OUTPUT
ten = list(islice(covers.batches(BATCH, seed=SEED), 10))
again = next(covers.batches(BATCH, seed=SEED, start_step=9))
print(f"A batch: {ten[0].dtype} {ten[0].shape}")
print(f"After a restart, batch 9 is the same as before: {np.array_equal(ten[9], again)}")

# %% [markdown]
# Here are the first covers of three batches, a row for each.

# %%
plots.show(np.concatenate([batch[:16] for batch in ten[:3]]), columns=16, scale=1)

# %% [markdown]
# All this decoding could also be done during training, cover by cover, each time it is needed. Was it worth doing once
# and for all? We race the two.


# %%
def covers_per_second(work, batches):
    """How many covers a second `work`, which gives one batch at a time, delivers."""
    start = time.perf_counter()
    for _ in range(batches):
        work()
    return batches * BATCH / (time.perf_counter() - start)


files = [folder / name for name in covers.table["cover_path"][:BATCH]]
stream = covers.batches(BATCH, seed=SEED)
decoding = covers_per_second(lambda: [np.asarray(Image.open(f).convert("RGB").resize((SIZE, SIZE))) for f in files], 5)
mapped = covers_per_second(lambda: next(stream), 500)
print(f"Decoding files: about {decoding:,.0f} covers a second; from the CoverSet: about {mapped:,.0f}.")

# %% [markdown]
# ## 6 · Training covers and test covers
#
# In the end we shall ask whether the model has learned what covers look like, or whether it has learned *these*
# covers by heart. To answer that we need covers it has never seen, and "never seen" is harder than it sounds. Deluxe
# edition, remaster and single share one picture with the album; a band keeps its logo, its photographer and its
# favourite colours for years. Put one of them in training and another in the test, and the test is given away.
#
# So whole artists go to one side or the other. Which side is decided by a hash of the artist's name, so that nobody
# changes sides when the set grows.

# %%
# NBVAL_CHECK_OUTPUT
train, test = covers.split(by="artist", test=0.1, seed=SEED)
both = set(train.table["artist"]) & set(test.table["artist"]) - {""}
print(f"{len(train)} covers to train on, {len(test)} to test with; artists on both sides: {len(both)}")

# %%
plots.show(test[:16], columns=16, scale=1, title="Set aside: covers the model will never see")

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · The average cover (10 minutes, medium)
#
# What does the average of all covers look like? With a million of them, `covers.images.mean(axis=0)` might take all
# the memory there is. Write `average_cover`, which never holds more than `chunk` covers at once.
#
# *Hint:* `covers[i : i + chunk]` reads a slice, and `range(0, len(covers), chunk)` gives the starts. Add up the
# *sums* in an array of floats, and divide at the end: the last chunk may be shorter than the others.


# %%
def average_cover(covers, chunk=100):
    """The mean over all covers of a CoverSet, float [S, S, 3]."""
    ### BEGIN SOLUTION
    total = np.zeros((covers.size, covers.size, 3))
    for start in range(0, len(covers), chunk):
        total += covers[start : start + chunk].sum(axis=0)
    return total / len(covers)
    ### END SOLUTION


# %% tags=["check"]
mean = average_cover(covers)
assert mean is not None, "The function gives nothing back: does it end with `return …`?"
assert np.shape(mean) == (SIZE, SIZE, 3), f"The average of covers is a cover: {(SIZE, SIZE, 3)}, not {np.shape(mean)}."
truth = covers.images.mean(axis=0)
assert np.max(mean) > 2, "The average is almost black: divide once by the number of covers, not by every chunk's."
assert np.allclose(mean, truth, atol=0.01), (
    "Close, but not the mean: does the short last chunk weigh as much as the rest?"
)
assert np.allclose(average_cover(covers, chunk=7), truth, atol=0.01), (
    "With chunk=7 it is wrong: is 100 written somewhere?"
)
stretched = 255 * (mean - mean.min()) / np.ptp(mean)
plots.show(
    np.rint([mean, stretched]).astype(np.uint8),
    scale=3,
    title="Well done. The average cover, and the same with its contrast stretched:",
)

# %% [markdown]
# Brown, as when all paints are mixed. With the contrast stretched, there is something round in the middle, as there is
# on most covers, a head or an emblem, and a trace of type near the upper and lower edges. This much all covers have in
# common, and it will be among the first things a generator learns.
#
# ### Exercise 2 · How leaky is a random split? (10 minutes, medium)
#
# Suppose we had split cover by cover, without a thought for artists. Write `leak`, the share of test covers whose
# artist also has a cover in training. Covers without an artist, where the name is empty, cannot be judged: leave them
# out.
#
# *Hint:* `set(train_artists)` makes it quick to ask whether a name is in it. The mean of a list of `True` and `False`
# is the share of `True`.


# %%
def leak(train_artists, test_artists):
    """The share, from 0 to 1, of test covers with a known artist who is also in training; both are lists of names."""
    ### BEGIN SOLUTION
    seen = set(train_artists)
    return np.mean([artist in seen for artist in test_artists if artist])
    ### END SOLUTION


# %% tags=["check"]
tried = leak(["A", "A", "B", ""], ["A", "C", "C", "B", ""])
assert tried is not None, "The function gives nothing back: does it end with `return …`?"
assert not np.isclose(tried, 0.6), "The cover without an artist was counted as leaked: leave empty names out."
assert not np.isclose(tried, 0.4), (
    "The cover without an artist was counted among the test covers: leave empty names out."
)
assert np.isclose(tried, 0.5), (
    f"Of the four named test covers A and B leak, so it should be 0.5; yours says {tried:.2f}."
)
shuffled = covers.table["artist"].sample(frac=1, random_state=SEED).tolist()
at_random = leak(shuffled[len(test) :], shuffled[: len(test)])
by_artist = leak(train.table["artist"], test.table["artist"])
assert by_artist == 0, "A split by artist leaks nothing, but your function says it does."
print(f"Well done. Split at random, {at_random:.0%} of the test covers leak; split by artist, none do.")

# %% [markdown]
# ## What to take away
#
# - That a picture opens does not mean that it is whole. Decode everything once, before training.
# - A data set carries its own card: counts, terms, and every rejected file with its reason.
# - A memory map makes a file of any size behave like an array; batches that depend on (seed, step) alone can be
#   resumed.
# - Test covers must come from other artists than training covers, or the test is given away.
#
# With your own pictures, all of this is one command: `covergan prepare FOLDER SET --size 64`. Next comes notebook 04,
# where such a set teaches two networks.
#
# ## Where the idea comes from
#
# - Data cards: T. Gebru and others, [Datasheets for Datasets](https://arxiv.org/abs/1803.09010), 2018.
# - Memory maps: [`numpy.memmap`](https://numpy.org/doc/stable/reference/generated/numpy.memmap.html) and the
#   [.npy format](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
# - Orientation: tag 0x0112 of the Exif standard; Pillow's
#   [`exif_transpose`](https://pillow.readthedocs.io/en/stable/reference/ImageOps.html) acts on it.
# - Splitting by artist: E. Pampalk, A. Flexer and G. Widmer, *Improvements of Audio-Based Music Similarity and Genre
#   Classification*, ISMIR 2005, who showed how much a split within artists flatters genre classifiers.
