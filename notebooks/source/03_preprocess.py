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
# Real folders hold scans that lie on their side, downloads that stopped half way, text files called `.jpg` and the same
# cover five times over. This notebook turns such a folder into data that a GAN can learn from, one problem at a time.
#
# **80 minutes**, with or without a GPU. Before this: [00 · Welcome](00_welcome.ipynb).
#
# **What you will learn**
#
# - what can be wrong with a picture file, and which faults can be mended;
# - how to clean pictures in small steps that can be reordered, and to look at what each step does;
# - how to find the same picture in another file among a million covers;
# - what a data set should know about itself, and what it can tell about the people who made it;
# - how to feed a GAN from a file larger than memory, in an order that can be repeated exactly;
# - why training and test covers are parted by artist.

# %% tags=["setup"]
# tools/build_notebooks.py puts tools/setup_cell.py here

# %%
import json
import os
import shutil
import time
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Image as Shown
from IPython.display import Markdown, display
from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageOps
from scipy.fft import dctn

from helpers import DATA, plots, runtime
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.preprocess import clean
from helpers.preprocess.content import Cache, area, detect
from helpers.preprocess.decode import REASONS, Rejected, read
from helpers.preprocess.dedupe import difference, fingerprint
from helpers.records import RECORDS_FILE, Record, append_records
from helpers.sources.folder import folder_covers
from helpers.sources.synthetic import synthetic_covers

# %% tags=["parameters"]
COVERS = 400
SIZE = 64
BATCH = 64
SEED = 3
FOLDER = ""  # a folder of your own, for section 12
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / "03_preprocess"

# %%
runtime.detect().apply()  # backend and precision, before Keras is imported

from helpers.curate import make_non_covers, rank

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


covers = synthetic_covers(COVERS + 5, 2 * SIZE, seed=SEED)
drawn = [(record, Image.fromarray(pixels)) for record, pixels in covers]
for number, (record, image) in enumerate(drawn[:COVERS]):
    save(record, image, f"{number:04}.jpg", quality=90)

# %% [markdown]
# Now the mess. Each of the following turns up in real collections. First, five files that anyone would recognise as a
# cover, though a careless program stumbles over them:


# %%
def stray(name, image, **options):
    """Save a picture of which nothing is known but its name."""
    save(Record(source="web", source_id=name), image, name, **options)


grey, print_ready, cut_out, phone_photo, video = (image for _, image in drawn[COVERS:])
stray("grey.jpg", grey.convert("L"))
stray("print_ready.jpg", print_ready.convert("CMYK"))  # four inks instead of three lights

disc = Image.radial_gradient("L").resize(cut_out.size).point(lambda distance: 255 * (distance < 128))
cut_out.putalpha(disc)
stray("cut_out.png", cut_out)  # transparent outside a circle

turned = Image.Exif()
turned[0x0112] = 6  # "my top is on the right": cameras note this instead of turning the pixels
stray("phone_photo.jpg", phone_photo.transpose(Image.Transpose.ROTATE_90), exif=turned)

stray("video.jpg", ImageOps.pad(video, (228, 128), color="black"))  # a cover in the middle of a video still

# %% [markdown]
# And six that are beyond help: a download that stopped half way, the error page of a website saved under the name of a
# picture, a file without content, an icon, a banner, and a placeholder of one colour.

# %%
whole = (folder / "0000.jpg").read_bytes()
hopeless = {"half.jpg": whole[: len(whole) // 2], "page.jpg": b"<html>404 Not Found</html>", "empty.jpg": b""}
for name, content in hopeless.items():
    (folder / name).write_bytes(content)
    append_records(folder / RECORDS_FILE, [Record(source="web", source_id=name, cover_path=name)])
stray("icon.png", grey.resize((16, 16)))
stray("banner.jpg", grey.resize((300, 80)))
stray("placeholder.png", Image.new("RGB", (128, 128), "#dddddd"))

# %% [markdown]
# ## 2 · Decoding
#
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
#
# `read` decodes a file to a picture that stands upright, in red, green and blue as screens mean them (the *sRGB* of the
# web), with what is transparent on white. A file that cannot be mended raises `Rejected`, with a reason from a short
# list.

# %%
# NBVAL_CHECK_OUTPUT
for name in ("phone_photo.jpg", "half.jpg", "page.jpg", "empty.jpg"):
    try:
        picture = read(folder / name, short_side=2 * SIZE)
        print(f"{name}: {picture.image.mode}, {picture.width} x {picture.height}, JPEG quality {picture.quality}")
    except Rejected as rejected:
        print(f"{name}: {REASONS[rejected.reason]}")

# %% [markdown]
# Here are the five strays: above, what three lines of careless code make of them; below, what `read` gives.


# %% alt="Five covers in two rows, careless above read. The grey one and the print look the same in both. The cut-out has dirty corners above and a clean white ground below, the phone's picture lies on its side and then stands, the video is squeezed and then whole."
def framed(image, side=2 * SIZE):
    """The whole picture in the middle of a light square, so that pictures of any shape fit into a row."""
    return np.asarray(ImageOps.pad(image, (side, side), color="#e8e8e8"))


names = ["grey.jpg", "print_ready.jpg", "cut_out.png", "phone_photo.jpg", "video.jpg"]
careless = [np.asarray(Image.open(folder / name).convert("RGB").resize((2 * SIZE, 2 * SIZE))) for name in names]
plots.strips({"careless": careless, "read": [framed(read(folder / name, 2 * SIZE).image) for name in names]})

# %% [markdown]
# The first two came out well either way. The cut-out had its corners filled with whatever colour lay hidden there, the
# phone's picture lies on its side, and the video is squeezed. A GAN copies what it is shown: if one cover in a hundred
# lies on its side, one forgery in a hundred will, too.
#
# `short_side` asks for no more pixels than we need. A JPEG is stored as waves, so half, a quarter or an eighth of it
# can be had straight from the slow waves, without ever computing the rest: on covers of 640 pixels that saves most of
# the work.

# %% [markdown]
# ## 3 · Cleaning, step by step
#
# A decoded picture is not yet a cover for training, which must be square and worth learning from. The cleaning is a
# list of small steps. Each takes a picture and either returns one, changed or not, or refuses it. First, three ways to
# make a wide picture square:

# %% alt="A wide dark picture with an emblem and type at its left, and three squares made of it: the centre cuts the emblem in half, entropy keeps it whole, pad keeps all of it, small between dark bars."
wide = Image.new("RGB", (224, 128), drawn[12][1].getpixel((0, 0)))
wide.paste(drawn[12][1], (0, 0))  # all that happens is on the left
wide.save(WORK / "wide.png")
picture = read(WORK / "wide.png", 2 * SIZE)
ways = {way: clean.Square(way)(picture).image for way in ("centre", "entropy", "pad")}
plots.labelled({"as it is": wide, **ways})

# %% [markdown]
# The centre is right for most pictures and cheap. *Entropy* looks for the window whose brightness is hardest to
# predict, that is, where most happens. *Pad* loses nothing but teaches the GAN about bars. Which one is right depends
# on the folder; look before you choose.
#
# Two more steps cut off what is not the cover. `Letterbox` removes bars at two opposite sides where that makes the
# picture squarer: `video.jpg` was such a case. `TrimBorder` removes a margin all around, as product photos have; since
# many covers have a margin by design, it is not among the default steps.

# %% alt="A cover between black bars and the same without them after Letterbox; a cover with a wide white margin and the same without it after TrimBorder."
photo = Image.new("RGB", (180, 180), "white")
photo.paste(drawn[13][1], (26, 26))
photo.save(WORK / "photo.png")
before = [read(path, 2 * SIZE) for path in (folder / "video.jpg", WORK / "photo.png")]
after = [clean.Letterbox()(before[0]), clean.TrimBorder()(before[1])]
shown = [before[0], after[0], before[1], after[1]]
plots.labelled(dict(zip(("video", "Letterbox", "product photo", "TrimBorder"), [p.image for p in shown], strict=True)))

# %% [markdown]
# And some steps only refuse. How sharp is a picture? `sharpness` compares how fast brightness changes at the strongest
# edges with how fast that change changes; it falls as soon as edges get soft, and cares neither for contrast nor for
# how much of the cover is plain.

# %% alt="One cover five times, its score in each title: as drawn, blurred ever more, and enlarged from forty pixels. The score is near 1 for the sharp one, below a half after the least blur, and falls with each further one; the enlarged one is below a half, too."
sharp = drawn[14][1]
versions = {f"blur {radius}": sharp.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4)}
versions["enlarged"] = sharp.resize((40, 40)).resize(sharp.size, Image.Resampling.BICUBIC)
scores = {name: clean.sharpness(np.asarray(image)) for name, image in versions.items()}
plots.labelled({f"{name}: {scores[name]:.2f}": image for name, image in versions.items()})

# %% [markdown]
# Below 0.5 nothing in a picture is sharp. `Sharp(0.5)` refuses it, `NotFlat` refuses the placeholder, `SmallestSide`
# the icon, `Square` the banner, and `JpegQuality` what was saved so small that it fell into blocks. Now all of the
# folder through a list of steps. Reorder it, leave something out, run the cell again:

# %%
# NBVAL_CHECK_OUTPUT
steps = [clean.SmallestSide(32), clean.Letterbox(), clean.Square("centre", most=2), clean.NotFlat(), clean.Sharp(0.5)]
for path in sorted(folder.glob("[a-z]*.[jp]*g")):
    try:
        picture, changed = clean.clean(read(path, 2 * SIZE), steps)
        print(f"{path.name:16} kept", f"(changed by {', '.join(changed)})" if changed else "")
    except Rejected as rejected:
        print(f"{path.name:16} refused: {rejected.reason}")

# %% [markdown]
# ## 4 · The same picture twice
#
# Deluxe edition, remaster and single share one picture with the album, and an image search finds it in ten sizes. What
# is in the data five times is learnt five times as hard, and if copies fall into training *and* test data, the test is
# given away. The same *file* twice is easily found, by a hash of its bytes such as SHA-256. The same *picture* in
# another file is harder:

# %% alt="A cover with sun rays above mountains and its copies: smaller, cropped by a hair, brighter, with a yellow sticker, in other colours; last, quite another cover with a flower."
original = drawn[20][1]
sticker = original.copy()
ImageDraw.Draw(sticker).ellipse((88, 8, 120, 40), fill="#e8c020")
red, green, blue = original.split()
copies = {
    "original": original,
    "smaller": original.resize((80, 80)),
    "cropped": original.crop((4, 4, 124, 124)),
    "brighter": original.point(lambda level: 1.1 * level),
    "sticker": sticker,
    "other colours": Image.merge("RGB", (blue, red, green)),
    "another cover": drawn[21][1],
}
plots.labelled(copies, height=1.2)

# %% [markdown]
# A *perceptual hash* boils a picture down to 64 bits that survive such changes. pHash shrinks it to 32 x 32 grey
# pixels, writes these as a sum of waves (the cosine transform, as in a JPEG), keeps the 8 x 8 slowest waves, and notes
# of each whether it is stronger than the median.

# %% alt="Four steps of a hash: the cover, a coarse grey version of it, a noisy grey square with the strengths of its waves, and a board of eight by eight fields, black or white, its 64 bits."
tiny = np.asarray(original.convert("L").resize((32, 32), Image.Resampling.LANCZOS))
waves = dctn(tiny.astype(float))
bits = waves[:8, :8] > np.median(waves[:8, :8])
strength = np.log1p(abs(waves))
plots.labelled(
    {"a cover": original, "in grey": tiny, "its waves": 255 * strength / strength.max(), "64 bits": 255 * bits}
)

# %% [markdown]
# Two pictures are probably the same if few of their 64 bits differ. `fingerprint` hashes six views of a cover: all of
# it, all but its edge (a crop then matches the other's inner view), and its four quarters (a sticker spoils one of
# them, not four).

# %%
# NBVAL_CHECK_OUTPUT
views, hashes = zip(*(fingerprint(image.resize((128, 128))) for image in copies.values()), strict=True)
for name, own in zip(copies, hashes, strict=True):
    distances = [int(np.bitwise_count(own[i] ^ hashes[0][j])) for i, j in ((0, 0), (0, 1), (1, 0))]
    print(f"{name:14} whole/whole {distances[0]:2}, whole/inner {distances[1]:2}, inner/whole {distances[2]:2}")

# %% [markdown]
# Comparing each of a million covers with each other would take $5 \cdot 10^{11}$ comparisons. But if two hashes differ
# in at most 6 of 64 bits, then cut them into four pieces of 16 bits: at least one piece differs in one bit or none. So
# it is enough to look up, piece by piece, the hashes with a nearly equal piece, as in a phone book. That takes seconds
# instead of weeks. (The sticker changes more bits than 6, but none in the three quarters of the cover that it does not
# touch: they find the pair.)
#
# The hash is colour-blind, and 64 bits are few: it also likes pairs that are not the same. So each pair it proposes
# gets a second look, at 32 x 32 pixels in colour. Below 0.18 `difference` calls them one picture:

# %% alt="The copies again, each with its difference from the original: close to 0 for smaller, cropped, brighter and sticker, above 0.18 for the other colours, and many times that for the other cover."
judged = [f"{name}: {difference(views[0], view):.2f}" for name, view in zip(copies, views, strict=True)]
plots.labelled(dict(zip(judged, copies.values(), strict=True)), height=1.2)

# %% [markdown]
# An edition in other colours is a cover of its own and stays. Now plant copies in the folder, with labels of their own,
# and let the next section find them.

# %%
for number in range(0, 60, 3):
    record, image = drawn[number]
    name = f"copy_{number:04}.jpg"
    other = replace(record, source="web", source_id=name, genres=("seen elsewhere",))
    save(other, image.crop((3, 3, 125, 125)).resize((96, 96)), name, quality=60)

# %% [markdown]
# ## 5 · A CoverSet
#
# `CoverSet.build` does all of this with a folder: decode, clean, shrink to one size, merge the copies. It never stops
# at a bad file, and it never drops one silently. Of several copies it keeps the largest, with the genres of all. The
# line it prints concerns the terms: for what came from the web nobody knows who may use it for what.

# %%
covers = CoverSet.build(folder, WORK / "covers", size=SIZE)
covers

# %% [markdown]
# The set is a folder: the pixels, a table of the records, and `card.json`, the data card. The card is written last, so
# a folder with a card is complete. It says what is in the set, and what is not, with the reason:

# %%
# NBVAL_CHECK_OUTPUT
card = covers.card
left_out = {}
for entry in card["rejected"]:
    left_out.setdefault(card["reasons"][entry["reason"]], []).append(entry["file"])
print(f"{card['count']} covers of {card['size']} pixels; may a model learn from them? {card['ml_use']}")
for reason, files in left_out.items():
    print(f"{len(files):3}  {reason}: {', '.join(files[:3])}{' …' if len(files) > 3 else ''}")

# %% [markdown]
# Beside it lie contact sheets. This one shows what was merged, the copy that was kept in a green frame:

# %% alt="Contact sheet of twenty pairs. At the left of each, in a green frame, the larger copy that is kept; beside it, without a frame, the smaller and slightly cropped one that was merged into it. All pairs show the same cover."
Shown(filename=covers.path / "duplicates.jpg", width=900)

# %% [markdown]
# And what was refused though it could be decoded:

# %% alt="Contact sheet of refused pictures, each under its reason: a tiny icon under 'the shorter side has too few pixels', a flat banner under 'one side is too many times the other', and a plain grey square under 'almost all of it is one colour'."
Shown(filename=covers.path / "rejected.jpg")

# %% [markdown]
# `card.html` is the same card as a page for people. No number replaces looking, so look at the covers, too:

# %% alt="Four rows of sixteen clean covers of one size: portraits, landscapes, emblems, patterns and type in many styles, from black and white to pink and violet."
plots.show(covers[:64], columns=16, scale=1)

# %% [markdown]
# The table holds the facts about each cover in the same order as the pixels: row 12 describes image 12.

# %%
covers.table[["artist", "title", "year", "genres", "width", "jpeg_quality", "sharpness", "copies", "ml_use"]].iloc[:4]

# %% [markdown]
# ## 6 · What is on a cover
#
# The table also knows how bright each cover is and which few colours make it up (median cut, then k-means), so covers
# can be chosen by colour:

# %% alt="Ten covers, under each a column with its main colours, which suits what one sees: browns under a sepia one, greys under a black-and-white one. Below, a row of covers chosen for yellow; each has large yellow or golden parts."
swatches = []
for index in range(0, 40, 4):
    colours = [tuple(bytes.fromhex(colour[1:])) for colour in covers.table["palette"][index][:4]]
    bars = [np.full((16, 64, 3), colour, np.uint8) for colour in colours]
    swatches.append(np.concatenate([*bars, np.full((64 - 16 * len(bars), 64, 3), 255, np.uint8)]))
plots.show([*covers[0:40:4], *swatches], columns=10, scale=1)
yellow = covers.where(palette="yellow")
plots.show(yellow[:20], columns=20, scale=1, title=f"{len(yellow)} covers have yellow among their three main colours")

# %% [markdown]
# Is there text on it, are there faces? Two small networks can tell, if the extra packages are installed
# (`pip install 'album-cover-gans[content]'`). Their answers are kept by the hash of the file, so that nobody has to be
# asked twice. The text detector gives each pixel a probability of being type, and boxes drawn around what is connected:

# %% alt="Six covers with red boxes around the artist's name and the title, and how much of the cover they take up. The boxes fit large and small type on most of them, though some are wider than the words."
examples = {str(index): drawn[index][1] for index in range(30, 36)}
try:
    found = detect(examples, ["text"], Cache(WORK / "content.sqlite"))
except CourseError as error:
    print(error)
else:
    boxed = {}
    for index, image in examples.items():
        boxes = found[index]["text"]
        copy = image.copy()
        for left, top, right, bottom, _ in np.array(boxes).reshape(-1, 5) * 128:
            ImageDraw.Draw(copy).rectangle((left, top, right, bottom), outline="#ff2020", width=2)
        boxed[f"{index}: {area(boxes):.0%} text"] = copy
    display(plots.labelled(boxed))

# %% [markdown]
# Networks err, and it matters how often. So 200 small covers (128 px) and 100 large ones were labelled by eye, before
# anybody had seen what the networks say. *Found* is the share of the covers with text, or with a photographed face, on
# which the network finds one; *false alarms* is the share of the others on which it finds one, too. Thresholds were
# chosen on four fifths of the covers and tried on the last, five times over. *Balanced accuracy* is the mean of what is
# found and of what is rightly passed over: who always says yes, or always no, gets 50 %.

# %%
results = json.loads((DATA / "results" / "content.json").read_text())
lines = ["| | covers | with | found | false alarms | F1 | balanced accuracy |", "|---|---|---|---|---|---|---|"]
for row in results["rows"]:
    if row["what"] in ("text", "faces") and row["settings"] == "cross-validated":
        small_or_large = {"covers": "small", "originals": "large"}[row["pictures"]]
        numbers = f"{row['with']} | {row['recall']:.0%} | {row['false_alarms']:.0%} | {row['f1']:.2f}"
        lines.append(f"| {row['what']} | {small_or_large} | {numbers} | {row['balanced_accuracy']:.0%} |")
Markdown("\n".join(lines))

# %% [markdown]
# F1 flatters where nearly all covers have text: always saying yes would give 0.94 on the small ones. Faces are found
# less well, for on a cover of 128 px a face may have 15. With `covergan prepare FOLDER SET --detect text,faces` the
# answers come into the table, and `covers.where(text=False)` chooses by them.
#
# And is it a cover at all? Who searches the web for album covers also finds posters, T-shirts and photographs. We mix a
# few pictures that are none among our covers, and let `rank` put the most doubtful first. It has no labels: it makes
# non-covers of its own from the covers (collages, details, a cover lying on a table), learns to tell them from covers
# by the 1,280 numbers in which a network sees them, and looks which of our pictures it takes for one.

# %% alt="Twenty covers in a row, the most doubtful first. Collages, a cover lying on a table and enlarged details come early, mixed with a few ordinary covers that look bare."
suspects = make_non_covers(covers[:], 8, seed=SEED)
mixed = np.concatenate([covers[:192], suspects])
order, scores = rank(mixed, seed=SEED)
found = np.isin(order[:20], np.arange(192, 200)).sum()
plots.show(mixed[order[:20]], columns=20, scale=1, title=f"Most doubtful first: {found} of the 8 among the first 20")

# %% [markdown]
# `rank` had it easy, since these non-covers were made the way `rank` makes them, and still the list is not clean:
# ordinary covers that look bare come in between. On a real crawl the shape of the original says most, and some posters
# look just like covers. So it sorts, and a person decides, who now need not look at everything.

# %% [markdown]
# ## 7 · A file as an array
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
# ## 8 · Batches that can be repeated
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

# %% alt="Three rows of sixteen covers, the first of three batches: mixed genres and styles in each row, in another order each time."
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
# ## 9 · Training covers and test covers
#
# In the end we shall ask whether the model has learned what covers look like, or whether it has learned *these*
# covers by heart. To answer that we need covers it has never seen, and "never seen" is harder than it sounds: a band
# keeps its logo, its photographer and its favourite colours for years. Put one of its covers in training and another
# in the test, and the test is given away.
#
# So whole artists go to one side or the other. A cover whose artist is unknown goes with its cluster: its copies, and
# editions in other colours. And within each genre the same share goes to the test, so that rare genres are tested, too.

# %%
# NBVAL_CHECK_OUTPUT
train, test = covers.split(by="artist", test=0.1, seed=SEED)
both = set(train.table["artist"]) & set(test.table["artist"]) - {""}
print(f"{len(train)} covers to train on, {len(test)} to test with; artists on both sides: {len(both)}")

# %% alt="A row of sixteen covers set aside for the test, of many genres; they look like the others."
plots.show(test[:16], columns=16, scale=1, title="Set aside: covers the model will never see")

# %% [markdown]
# Genres are seldom balanced. If one has ten times the covers of another, a model that learns genres hears ten times as
# much about it. Two remedies: give the rare genre's covers a higher *weight* in the loss, or draw them more often, as
# `train.batches(BATCH, seed=SEED, balanced=True)` does. The bar *unknown* is no genre: it stands for our few strays, of
# which nobody told one, and its huge weight is a reason to leave such covers out.

# %% alt="A bar for each genre, its number of covers, with the weight written above. The commonest genre, folk, has the smallest weight, about 0.7; the few covers of unknown genre have by far the largest."
weights = train.class_weights()
names, counts = np.unique(train.genres, return_counts=True)
figure, axis = plt.subplots(figsize=(8, 2.4), layout="constrained")
axis.bar(names, counts, color=plots.D_COLOUR)
for name, count in zip(names, counts, strict=True):
    axis.annotate(f"× {weights[name]:.2f}", (name, count), ha="center", va="bottom", fontsize=8)
axis.set(ylabel="covers", title="Covers of each genre, and the weight that makes up for it")
axis.tick_params(axis="x", rotation=45)
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## 10 · Who is on the covers?
#
# A data set has a view of the world. The K-pop project that inspired this course took the covers of the ten
# best-selling albums of each year from 2010 to 2019 and noticed afterwards that only 11 of its 100 covers were by
# female artists. A list of 93 albums from the same charts, which says of each act whether it is a girl group or a
# woman, or a boy group or a man, gives this:

# %% alt="Stacked bars of albums by year, 2010 to 2019. In 2010 four of eight are by girl groups or women, in every later year one or two of about ten. In all, 14 of 93 albums are by women and 79 by men."
chart = json.loads((DATA / "results" / "kpop_groups.json").read_text())
years = list(chart["years"])
figure, axis = plt.subplots(figsize=(8, 2.4), layout="constrained")
below = np.zeros(len(years))
looks = {"color": plots.G_COLOUR, "hatch": "///", "edgecolor": "white"}, {"color": plots.D_COLOUR}
for group, name, look in zip(("girl", "boy"), ("girl groups, women", "boy groups, men"), looks, strict=True):
    albums = np.array([chart["years"][year].get(group, 0) for year in years])
    axis.bar(years, albums, bottom=below, label=f"{name}: {albums.sum()} of {chart['albums']}", **look)
    below += albums
axis.set(ylabel="albums")
axis.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# A generator trained on such covers will draw few women, and nobody will have decided that it should. It is not a fault
# of the network, nor can the network mend it: somebody has to count, and say it in the card.
#
# What we do *not* do is count women by looking at faces. How someone looks says nothing certain about who they are,
# networks that claim to know err most on those about whom data were always scarce, and a guess about a person is not a
# fact about an album. The list says how the artists present themselves, in public; that can be checked, and corrected.

# %% [markdown]
# ## 11 · A million covers
#
# Everything above is one command, for a folder of any size:
#
# ```
# covergan prepare FOLDER SETS --size 64,128,256 --jobs 8
# ```
#
# It works in *shards* of 64 covers, each written to the disk when it is whole, and joins them at the end. So memory
# does not grow with the folder, several processes can share the work, and whatever interrupts it, the same command goes
# on where it stopped. With `--dask ADDRESS` the processes may sit on other machines; if one of them dies, its shards go
# to the others. The result is the same, byte for byte, whoever did the work. And all sizes come from one decoding.
#
# ```
# covergan prepare FOLDER SET --steps smallest_side=64,trim_border,square=entropy,not_flat,sharp
# covergan prepare FOLDER SET --genre rock,metal --years 1970-1989 --palette black --no-faces
# ```

# %% [markdown]
# ## 12 · Your own folder
#
# Do you have a folder of covers? Write its path into `FOLDER` in the cell of parameters and run this section again;
# until then it shows our strays. On Colab, the folder symbol at the left uploads files. First, what each file looks
# like before and after the steps of section 3, or why it was refused:

# %% alt="Pictures of the folder before and after the steps, in two rows. Grey cover, print, cut-out and phone picture stay as they are; the video still has lost its black bars and fills the square."
paths = [path for record, path in folder_covers(FOLDER or folder) if FOLDER or record.source == "web"][:8]
pairs = []
for path in paths:
    try:
        picture = read(path, 2 * SIZE)
        pairs.append([framed(picture.image), framed(clean.clean(picture, steps)[0].image)])
    except Rejected as rejected:
        print(f"{path.name} is refused: {(REASONS | clean.REASONS)[rejected.reason]}")
plots.strips({"before": [pair[0] for pair in pairs], "after": [pair[1] for pair in pairs]})

# %% [markdown]
# And then all of it, with the contact sheets. Are there pictures that you would have kept, or thrown out?

# %% alt="With a folder of your own, its contact sheets: the covers kept, the copies that were merged, and the pictures refused with their reasons."
own = CoverSet.build(FOLDER or folder, WORK / "own", size=SIZE)
print(own)
for name in ("covers.jpg", "duplicates.jpg", "rejected.jpg"):
    if FOLDER and (own.path / name).exists():
        display(Shown(filename=own.path / name))

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · What a hash minds (3 minutes, easy)
#
# Predict before you measure. One cover is changed in three ways:
#
# - **a**: saved as a JPEG of quality 10, so coarsely that it falls into blocks
# - **b**: made half as bright
# - **c**: mirrored, left for right
#
# Which of them changes the most of the 64 bits of its perceptual hash? Write the letter.
#
# *Hint: each bit says whether a slow wave is stronger than the median of all. What does each change do to the slow
# waves, and to the median?*

# %% answer="predict_hash"
### BEGIN SOLUTION
prediction = "c"
### END SOLUTION

# %% check="predict_hash" points=1 alt="The same cover four times: as it is, in coarse blocks, half as bright, and mirrored, each with the number of bits that have changed. It is a few for the first two changes and about half of the 64 for the mirrored one."
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    assert prediction != "a", "A coarse JPEG saves on the fast waves; the hash looks at the 64 slowest, which it keeps."
    assert prediction != "b", (
        "At half the brightness all waves are half as strong, and so is their median: hardly any bit minds."
    )
    cover = drawn[14][1]
    cover.save(WORK / "coarse.jpg", quality=10)
    changes = {
        "as it is": cover,
        "a": Image.open(WORK / "coarse.jpg"),
        "b": cover.point(lambda level: level // 2),
        "c": ImageOps.mirror(cover),
    }
    whole = {name: fingerprint(image)[1][0] for name, image in changes.items()}
    flipped = {name: int(np.bitwise_count(own ^ whole["as it is"])) for name, own in whole.items()}
    print("Well done. Half of the waves change their sign in a mirror, and a copy turned round is not found at all.")
    display(plots.labelled({f"{name}: {flipped[name]} bits": image for name, image in changes.items()}))

# %% [markdown]
# ### Exercise 2 · A step of your own (10 minutes, easy)
#
# Say you want to train on colourful covers only. Write the step `Colourful`: a picture whose *colourfulness* is under
# `least` is refused with `Rejected("flat")`, any other is returned as it is. Take as colourfulness of a pixel the
# difference between its strongest and its weakest channel, from 0 for grey to 255; of a picture, the mean over its
# pixels. (The check builds a set with your step. Steps come before copies are merged, so among the pictures it counts
# as refused are copies.)
#
# *Hint: `np.asarray(picture.image)` gives the pixels, [height, width, 3]. They are whole numbers of one byte, which
# cannot be negative: subtract the smaller from the larger.*


# %% answer="colourful"
@dataclass(frozen=True)
class Colourful:
    """Refuse pictures that are grey, or nearly."""

    least: float = 20

    def __call__(self, picture):
        ### BEGIN SOLUTION
        pixels = np.asarray(picture.image)
        if (pixels.max(axis=2) - pixels.min(axis=2)).mean() < self.least:
            raise Rejected("flat")
        return picture
        ### END SOLUTION


# %% check="colourful" points=2 alt="A strip of twenty covers that are colourful enough, most of them in strong red, orange, pink, violet or yellow."
def passes(step, *colours):
    """Whether a picture in stripes of these colours gets through the step."""
    stripes = Image.new("RGB", (len(colours), 1))
    stripes.putdata([ImageColor.getrgb(colour) for colour in colours])
    stripes.resize((8 * len(colours), 8), Image.Resampling.NEAREST).save(WORK / "stripes.png")
    picture = read(WORK / "stripes.png", 8)
    try:
        result = step(picture)
    except Rejected as rejected:
        assert rejected.reason == "flat", f'Refuse with Rejected("flat"); your reason is {rejected.reason!r}.'
        return False
    assert not isinstance(result, Rejected), 'A refusal is *raised*: `raise Rejected("flat")`, without `return`.'
    assert result is picture, "What is colourful is returned as it is: let the step end with `return picture`."
    return True


with self_check():
    assert passes(Colourful(), "red"), "Red is as colourful as can be (255), and was refused."
    assert not passes(Colourful(), "#7a7a7a"), "Grey got through: its colourfulness is 0."
    assert passes(Colourful(255), "red"), "A colourfulness of 255 is not *under* 255, but was refused."
    assert not passes(Colourful(200), "#c08040"), "With least=200, 128 is too little: is 20 written somewhere?"
    assert not passes(Colourful(), "black", "white"), "Stripes of black and white are grey in each pixel: use axis=2."
    assert passes(Colourful(100), "red", "cyan"), "Red beside cyan: each pixel's difference first, the mean afterwards."
    shutil.rmtree(WORK / "colourful", ignore_errors=True)
    colourful = CoverSet.build(folder, WORK / "colourful", size=SIZE, steps=[*steps, Colourful(60)])
    too_grey = colourful.card["steps"]["Colourful"]["refused"]
    print(f"Well done. {len(colourful)} covers are colourful, {too_grey} are not.")
    plots.show(colourful[:20], columns=20, scale=1)

# %% hidden="colourful"
with self_check():
    assert not passes(Colourful(), "black", "white"), (
        "Black stripes beside white ones are grey in every pixel: take the difference within each pixel, along axis 2."
    )
    assert passes(Colourful(100), "red", "cyan"), (
        "Red beside cyan is colourful, though grey on average: take each pixel's difference first, the mean afterwards."
    )
    assert passes(Colourful(80), "red", "grey", "grey") and not passes(Colourful(90), "red", "grey", "grey"), (
        "One third red and two thirds grey has a colourfulness of 85: the mean of all pixels, not their median, and "
        "neither the most nor the least."
    )
    assert passes(Colourful(90), "#000064") and passes(Colourful(90), "#640000"), (
        "A pixel of 100 blue and nothing else has a colourfulness of 100, and so has one of red: all channels count."
    )
    assert not passes(Colourful(30), "#787864"), "A pixel's weakest channel is its minimum: 120 - 100 is 20 here."
    assert passes(Colourful(19), "#78646e"), "Of 120, 100 and 110 it is 120 - 100, whichever channels those are: 20."

# %% [markdown]
# ### Exercise 3 · The average cover (10 minutes, medium)
#
# What does the average of all covers look like? A million of them, turned into decimals of eight bytes all at once,
# would take eight times the 12 GB of section 7. Write `average_cover`, which reads the covers in slices of at most
# `chunk`, and lets go of each slice before it reads the next but one. (`covers.images.mean(axis=0)` gives the same
# picture, and the check below cannot tell; the grading watches how many covers are in hand at once.)
#
# *Hint: `covers[i : i + chunk]` reads a slice, and `range(0, len(covers), chunk)` gives the starts. Add up the
# **sums** in an array of floats, and divide at the end: the last chunk may be shorter than the others.*


# %% answer="average_cover"
def average_cover(covers, chunk=100):
    """The mean over all covers of a CoverSet, float [S, S, 3]."""
    ### BEGIN SOLUTION
    total = np.zeros((covers.size, covers.size, 3))
    for start in range(0, len(covers), chunk):
        total += covers[start : start + chunk].sum(axis=0)
    return total / len(covers)
    ### END SOLUTION


# %% check="average_cover" points=2 alt="Two squares. The average cover is an even brownish grey. With its contrast stretched, a light middle, three beams of light from the upper edge and the lines of a frame stand out."
with self_check():
    mean = average_cover(covers)
    assert mean is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.shape(mean) == (SIZE, SIZE, 3), (
        f"The average of covers is a cover: {(SIZE, SIZE, 3)}, not {np.shape(mean)}."
    )
    truth = covers.images.mean(axis=0)
    assert np.mean(mean) > 20, (
        "The average is almost black: is the sum kept in floats, and divided just once, after the last chunk?"
    )
    assert np.max(mean) <= 255, "The average is brighter than white: divide the sum by the number of all covers."
    assert np.allclose(mean, truth, atol=0.01), (
        "Close, but not the mean: does the short last chunk weigh as much as the rest, or is it left out?"
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


# %% hidden="average_cover"
class Watched:  # like a CoverSet; notes the most covers in a slice, or half of those in hand (two slices may be)
    def __init__(self, count):
        self.pixels = np.random.default_rng(SEED).integers(200, 256, (count, 4, 4, 3), np.uint8)
        self.images, self.shape, self.size, self.parts, self.most = self, self.pixels.shape, 4, [], 0

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, key):
        part = np.array(self.pixels[key])
        self.parts = [*(ref for ref in self.parts if ref() is not None), weakref.ref(part)]
        self.most = max(self.most, part.size // 48, sum(ref().size for ref in self.parts) // 48 // 2)
        return part

    def __getattr__(self, name):
        raise AssertionError("This asks for all covers at once: read slices of `chunk` covers, and add up their sums.")


with self_check():
    import weakref

    for count, chunk in ((23, 10), (20, 10), (3, 10), (5, 1)):
        watched = Watched(count)
        tried = average_cover(watched, chunk=chunk)
        assert watched.most <= chunk, (
            f"With chunk={chunk}, too many covers were in hand at once: use `chunk`, and add up slice by slice."
        )
        assert np.allclose(tried, watched.pixels.mean(axis=0), atol=0.01), (
            f"The average of {count} covers in chunks of {chunk} is wrong: is the sum kept in floats, and divided once?"
        )

# %% [markdown]
# Brown, as when all paints are mixed. With the contrast stretched, the middle is lighter than the edges, for that is
# where most covers have their subject. The beams from above are the program's own doing: it hangs its stage lights in
# the same places every time. What all covers have in common will be among the first things a generator learns, whether
# it belongs to album covers or only to this data set.
#
# ### Exercise 4 · How leaky is a random split? (10 minutes, medium)
#
# Suppose we had split cover by cover, without a thought for artists. Write `leak`, the share of test covers whose
# artist also has a cover in training. Covers without an artist, where the name is empty, cannot be judged: leave them
# out.
#
# *Hint: `set(train_artists)` makes it quick to ask whether a name is in it. The mean of a list of `True` and `False`
# is the share of `True`.*


# %% answer="leak"
def leak(train_artists, test_artists):
    """The share, from 0 to 1, of test covers with a known artist who is also in training; both are lists of names."""
    ### BEGIN SOLUTION
    seen = set(train_artists)
    return np.mean([artist in seen for artist in test_artists if artist])
    ### END SOLUTION


# %% check="leak" points=2
with self_check():
    tried = leak(["A", "A", "B", ""], ["A", "C", "C", "B", ""])
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.ndim(tried) == 0, "One number is wanted, the share over all test covers: take the mean."
    assert tried <= 1, f"A share lies between 0 and 1; yours is {tried}. Divide by the number of named test covers."
    assert not np.isclose(tried, 0.6), "The cover without an artist was counted as leaked: leave empty names out."
    assert not np.isclose(tried, 0.4), (
        "The cover without an artist was counted among the test covers: leave empty names out."
    )
    assert not np.isclose(tried, 2 / 3), "Covers are counted, not artists: the two test covers of C count twice."
    assert not np.isclose(tried, 1), (
        "Two of the test covers are by C, who is not in training, and do not leak: are the two lists swapped?"
    )
    assert np.isclose(tried, 0.5), (
        f"Of the four named test covers A and B leak, so it should be 0.5; yours says {tried:.2f}."
    )
    shuffled = covers.table["artist"].sample(frac=1, random_state=SEED).tolist()
    at_random = leak(shuffled[len(test) :], shuffled[: len(test)])
    by_artist = leak(train.table["artist"].tolist(), test.table["artist"].tolist())
    assert by_artist == 0, "A split by artist leaks nothing, but your function says it does."
    print(f"Well done. Split at random, {at_random:.0%} of the test covers leak; split by artist, none do.")

# %% hidden="leak"
with self_check():
    assert np.isclose(leak(["A"], ["A", "A", "B"]), 2 / 3), (
        "Two of the three test covers are by A, who is in training: 2/3. Count test covers, not artists."
    )
    assert np.isclose(leak(["A", "B", "C", "C"], ["C", "D"]), 0.5), (
        "One of two test covers leaks, however many covers the artists have in training."
    )
    assert np.isclose(leak(["A", "B"], ["B", "A", "B"]), 1), "Here every test cover leaks: 1."
    assert np.isclose(leak(["Anna", ""], ["Ann", "anna", ""]), 0), "Ann and Anna are two artists: compare whole names."
    assert np.isclose(leak([""], ["", "", "A"]), 0), "Two covers without a name need not be by the same artist."

# %% [markdown]
# ### Exercise 5 · Who was wronged? (15 minutes, medium)
#
# Every cleaning step is an opinion. A colleague adds the rule of exercise 2 to the steps, `Colourful(30)`, "because
# grey covers look dull". Here is what this does to the set of section 5: the first sixty covers that the rule refuses,
# and what share of each genre they are.

# %% alt="Sixty refused covers, faint landscapes, black-and-white emblems, portraits in sepia, all of them whole. A bar for each genre: more than four fifths of classical and well over half of ambient, folk and metal are refused, but hardly any k-pop or electronic."
channels = np.sort(covers[:], axis=-1)
refused = (channels[..., 2] - channels[..., 0]).mean(axis=(1, 2)) < 30
plots.show(covers[np.flatnonzero(refused)[:60]], columns=20, scale=1)
names, index = np.unique(covers.genres, return_inverse=True)
figure, axis = plt.subplots(figsize=(8, 2.4), layout="constrained")
axis.bar(names, 100 * np.bincount(index, refused) / np.bincount(index), color=plots.D_COLOUR)
axis.set(ylabel="% refused", ylim=(0, 100), title=f"{refused.sum()} of {len(covers)} covers are refused")
axis.tick_params(axis="x", rotation=45)
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# Write to the colleague:
#
# 1. Which of the refused pictures were wronged, and which, if any, were not? Say the same of the files that `card`
#    lists as rejected in section 5: is there one whose kind could hit a real, well-known cover?
# 2. Whom does the rule hit, and what would a generator trained on the rest do when asked for that genre?
# 3. Should the rule be kept, changed or dropped? And what must the data card say in either case?
#
# *Hint: the Beatles' album of 1968 is white all over, and metal has its black ones. A genre that is not in the data
# cannot be asked for; what about one of which only the untypical covers are left?*

# %% [markdown] answer="wronged" points=4
# Nearly all of them were wronged: they are whole, sharp covers whose designer wanted them grey, sepia or black. The
# rule measures a style and calls it a fault. Of the rejected files, those that are empty, cut off, no picture or an
# icon were treated rightly, for there is no cover to be had from them. `placeholder.png` was rightly refused, too, but
# its rule, "almost all of it is one colour", would also refuse an all-white or all-black album. These should be looked
# at by a person.
#
# The rule hits classical most, then ambient, folk and metal, and hardly touches k-pop. Asked for classical, a generator
# would draw from the few colourful covers that are left, so in colours that are rare for the genre, and with little
# variety. Nobody would see from its pictures that this was decided by a cleaning step.
#
# I would drop it. Who wants colourful pictures may choose them after training, or keep the same share of every genre.
# In either case the card must name the step and its threshold, and how many covers of each genre it refused.

# %% [markdown] rubric="wronged"
# - **1** for telling apart, with pictures of the sheet and files of the card, what is no cover from what is only
#   another style;
# - **1** for reading from the figure which genres are hit, and that others hardly are;
# - **1** for what a generator would then draw, so concretely that one could look for it;
# - **1** for a decision that follows from this, and for what the card must say (the step, its threshold, whom it hit).

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - That a picture opens does not mean that it is whole. Decode everything once, before training.
# - Clean in small steps, and look at what each of them does to the pictures.
# - A perceptual hash proposes pairs of copies, a look at the pixels decides.
# - A data set carries its own card: counts, terms, and every rejected file with its reason.
# - A memory map makes a file of any size behave like an array; batches that depend on (seed, step) alone can be
#   resumed.
# - Test covers must come from other artists than training covers, or the test is given away.
#
# Next comes [04 · DCGAN](04_dcgan.ipynb), where such a set teaches two networks.
#
# ## Where the idea comes from
#
# - pHash: C. Zauner, *Implementation and Benchmarking of Perceptual Image Hash Functions*, 2010, as in
#   [ImageHash](https://github.com/JohannesBuchner/imagehash); the search in pieces: M. Norouzi, A. Punjani and D.
#   Fleet, [Fast Search in Hamming Space with Multi-Index Hashing](https://arxiv.org/abs/1307.2982), 2012.
# - Who networks err about: J. Buolamwini and T. Gebru, *Gender Shades*, FAT* 2018.
# - The count of female artists: *Generated K-pop Album Art*, a student project at UC San Diego, 2020.
# - Data cards: T. Gebru and others, [Datasheets for Datasets](https://arxiv.org/abs/1803.09010), 2018.
# - Memory maps: [`numpy.memmap`](https://numpy.org/doc/stable/reference/generated/numpy.memmap.html) and the
#   [.npy format](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
# - Orientation: tag 0x0112 of the Exif standard; Pillow's
#   [`exif_transpose`](https://pillow.readthedocs.io/en/stable/reference/ImageOps.html) acts on it.
# - Splitting by artist: E. Pampalk, A. Flexer and G. Widmer, *Improvements of Audio-Based Music Similarity and Genre
#   Classification*, ISMIR 2005, who showed how much a split within artists flatters genre classifiers.
