# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 · Collect K-pop album covers
#
# Ten years of K-pop, two sets of covers: the albums that sold best, looked up one by one, and whatever an image search
# brings in for "kpop album art". The first is small and clean, the second is large and wild. At the end they hang side
# by side, ready for a GAN.
#
# **60 minutes**, no GPU. Before this: [00 · Welcome](00_welcome.ipynb).
#
# **What you will learn**
#
# - what a program owes the servers it asks, and how little code it takes to be polite;
# - how to look an album up in open databases, and how not to end up with the wrong one;
# - what an image crawler does, which of its faults lose data without a word, and how to notice;
# - how to keep, for every picture, where it came from and on what terms;
# - how to throw out what is no cover, so that somebody else could do it again.

# %% tags=["setup"]
# tools/build_notebooks.py puts tools/setup_cell.py here

# %%
import os
import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

from helpers import plots
from helpers.building import prepare
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.curation import Curation
from helpers.errors import CourseError
from helpers.records import RECORDS_FILE, read_records
from helpers.sources.collection import collect
from helpers.sources.crawl import Bing, Google
from helpers.sources.deezer import Deezer
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client
from helpers.sources.itunes import ITunes
from helpers.sources.kpop import KEYWORDS, chart, popular
from helpers.sources.matching import same_name
from helpers.sources.musicbrainz import MusicBrainz

# %% tags=["parameters"]
LIVE = False  # True asks the real services, which want to know whom to write to
CONTACT = os.environ.get("COVERGAN_CONTACT", "" if LIVE else "a reader of this course")
PICTURES = 60  # of the wider crawl
SIZE = 64
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / "01_scrape_kpop"

# %% [markdown]
# ## 1 · A network of our own
#
# You can run this notebook on a train. It brings a **demo server** along, which plays MusicBrainz, Deezer, iTunes, Bing
# and Google on your own machine. The code that asks is the real one; the answers are *hand-made* after what these
# services document, about covers that were drawn by a program. Nothing here proves that a live service answers the same
# way today: nobody has run this notebook against one yet. When you have a network, set `LIVE = True` above and find
# out.

# %%
if not LIVE:
    shutil.rmtree(WORK, ignore_errors=True)  # start afresh whenever this cell runs
demo = DemoServer().start()


def at(source):
    """Where to ask: the demo server, or nothing to say, and so the real service."""
    return {} if LIVE else demo.at(source)


client = Client(CONTACT, cache=WORK / "answers.sqlite")
print(client.images.headers["User-Agent"])

# %% [markdown]
# That line is how we introduce ourselves to every server. A crawler that pretends to be a browser takes away the
# server's chance to complain to anybody but your whole university.
#
# What else does a polite program do? `helpers/sources/http.py` is the whole list in code, and every source of this
# course uses it:
#
# | manners | because |
# |---|---|
# | a fixed pace for each host, one request after the other | MusicBrainz allows one a second; others read it, too |
# | on "busy" (429, 503) wait as long as the server says | hammering a busy server makes it worse for all |
# | but give up, with the time, if it says "come back tomorrow" | a cell that sleeps for a day looks like a crash |
# | keep answers, never ask twice | the fastest request is the one not sent |
# | read `robots.txt` before crawling | it is how a site says what it does not want fetched |
# | limits on size, time, redirects and type | a server may also be broken, or hostile |
#
# ## 2 · What sold best
#
# South Korea's Gaon chart (Circle since 2022) counts what labels ship to shops, less what comes back. Those are **net
# shipments, not copies sold to fans**. Its site is reported to forbid machine learning on its tables, so we did not
# collect them: the table here was written by hand from news reports, with the report's address in every row.

# %%
rows = chart()
table = pd.DataFrame(rows)
table[["year", "rank", "artist", "title", "edition", "shipped", "note"]].groupby("year").head(2)

# %% alt="Two bar charts by year, 2010 to 2019. The largest shipment reported grows from a fifth of a million to nearly four million copies, with no figure for 2014. Of a top ten we have all rows only for 2015; 2011, 2016, 2017 and 2018 have two or three each."
shipped = table.dropna(subset="shipped").groupby("year")["shipped"].max() / 1e6
counted = table.groupby("year").size()
_, (left, right) = plt.subplots(1, 2, figsize=(11, 3), layout="constrained")
left.bar(shipped.index, shipped, color="#0072B2")
left.set(title="the largest figure reported", xlabel="year", ylabel="million copies", xticks=range(2010, 2020))
right.bar(counted.index, counted, color="#E69F00")
right.axhline(10, color="grey", linestyle=":")
right.set(title="rows we have; a top ten would have 10", xlabel="year", xticks=range(2010, 2020))
plt.show()

# %% [markdown]
# Look at the second picture before you believe the first. **The table is full of holes.** For 2012 the reports cover
# half a year, or a single month; for 2013 only two rows have a rank, and those are 37 and 47: they come from a report
# on a group and a singer who were in that year's top fifty, and the others from a list without ranks; for 2014 we have
# the ranks and no figures, hence the gap. Where only a part of the year is covered, the column `note` says so. Of the
# other best-sellers of the decade we knew the titles, but nobody to quote for them, so they are not here at all. Rows
# like these are good enough for what we want, a list of well-known covers. They are not good enough to say who sold how
# much more than whom.
#
# It also has a bias that no completing will cure: charts like boy groups, and fans buy every edition.

# %%
editions = table[table["edition"] != ""]
print(f"{len(table)} rows, {len(editions)} of them editions of an album,")
print(f"{table.groupby(['artist', 'title']).ngroups} different albums by {table['artist'].nunique()} artists")
# NBVAL_CHECK_OUTPUT

# %% [markdown]
# ## 3 · Looking up one album
#
# Three services know albums without asking for a key. Each has its own idea of how to answer; each of our classes turns
# that into the same thing, a *record* and addresses of the picture, best first.

# %%
sources = [MusicBrainz(client, **at("musicbrainz")), Deezer(client, **at("deezer")), ITunes(client, **at("itunes"))]
for source in sources:
    found = source.find("BTS", "Wings", 2016)
    if found:
        record = found.record
        print(f"{source.NAME:12} {record.artist} · {record.title} · {record.year} · {', '.join(record.genres)}")
        print(f"{'':12} {[urlsplit(url).path[-22:] for url in found.urls]}")

# %% [markdown]
# A search always finds *something*. Ask for an album that a service does not have, and it offers the nearest thing it
# has. Taking the first hit is how a data set fills up with wrong covers, quietly. So `find` compares names and years,
# and returns nothing when in doubt. What counts as the same name?

# %%
pairs = [
    ("훗 (Hoot)", "Hoot"),
    ("EX'ACT", "Ex’Act - The 3rd Album"),
    ("Wings", "WINGS"),
    ("Love Me Right", "Love Me Right (Repackage)"),
    ("Wings", "You Never Walk Alone"),
]
for one, other in pairs:
    print(f"{one:15} {'is' if same_name(one, other) else 'is not':7} {other}")
# NBVAL_CHECK_OUTPUT

# %% [markdown]
# ## 4 · The popular set
#
# Now all of them. `popular` goes through the chart and asks one source after the other until one knows the album;
# `collect` fetches the pictures. We leave iTunes out: Apple gives its pictures to promote what it sells, and for
# nothing else. Every picture is decoded once before it is kept, since a file that is called `.jpg` may be half a
# picture, or a web page that says "sorry".

# %%
summary = collect(popular(rows, sources[:2]), WORK / "popular", client)
print(f"{summary.found} found, {summary.downloaded} downloaded, {summary.duplicates} duplicate")
for reason, count in summary.refused.most_common():
    print(f"{count:4} refused: {reason}")

# %% [markdown]
# Some covers are always missing: that is part of the lesson, and of the demo server. Beside the pictures lies
# `records.jsonl`, with one line for every album, **also for those that could not be had**. This file is what makes a
# folder of pictures a data set:

# %%
records = list(read_records(WORK / "popular" / RECORDS_FILE))
kept = [record for record in records if record.cover_path]
refused = [record for record in records if record.refused]
for record in kept[:1] + refused[:1]:
    for name in ("source", "artist", "title", "year", "genres", "cover_path", "licence", "ml_use", "refused"):
        print(f"{name:11} {getattr(record, name)}")
    print()

# %% [markdown]
# The file is named after a hash of its content, not after the album. So no title, in whatever script and with however
# many slashes in it, can write anywhere else on your disk, and the same picture never lies there twice.
#
# What happens when we run it again, or after the train has gone through a tunnel? It asks for nothing that is there:

# %%
again = collect(popular(rows, sources[:2]), WORK / "popular", client)
print(f"{again.present} there already, {again.given_up} refused before, {again.downloaded} downloaded")


# %% alt="Rows of small square covers, nearly fifty of them: drawn faces, groups of people, balloons, stars and flowers in pink, violet and turquoise, most with Hangul titles. All are whole, and none comes twice."
def look(folder, count=48):
    """Show the first covers of a folder, small and square, whatever their shape."""
    paths = [folder / record.cover_path for record in read_records(folder / RECORDS_FILE) if record.cover_path]
    small = [np.asarray(Image.open(path).convert("RGB").resize((72, 72))) for path in paths[:count]]
    plots.show(small, columns=12, scale=1)


look(WORK / "popular")

# %% [markdown]
# *On the demo server these are drawn covers under the names of real albums, not what the albums look like.*
#
# ## 5 · The wider crawl
#
# The other way to get pictures is to ask an image search. `icrawler` is a popular package for that, and three lines of
# it are in a thousand tutorials:
#
# ```python
# from icrawler.builtin import BingImageCrawler
# crawler = BingImageCrawler(storage={"root_dir": "covers"})
# crawler.crawl(keyword="R&B album #1", max_num=100)
# ```
#
# They run, and print nothing alarming. Here is what the search engine is asked for, though:

# %%
keyword = "R&B album #1"
for words in (keyword, quote(keyword, safe="")):
    address = f"https://www.bing.com/images/async?q={words}&first=0"
    print(parse_qs(urlsplit(address).query))
# NBVAL_CHECK_OUTPUT

# %% [markdown]
# Without quoting, the engine searches for *R*. Version 0.6.10 has more of this kind, all measured, all silent: when its
# queue is full it drops addresses and takes them for duplicates; it keeps `.jpg` and drops every other picture; run
# again in the same folder, it fetches nothing, even for other keywords, for the file names exist; it keeps no address
# beside a picture; and if it finds nothing at all, it ends as if all was well. **A crawler must say what it lost.**
#
# `helpers/sources/crawl.py` lets icrawler search, and leaves the fetching to the same `collect` as before. This time it
# also reads `robots.txt`, of the engine and of every host that a picture lies on. Where that forbids something we go on
# without it. Whoever has a reason not to can pass `ignore_robots=True` to `pictures`, and `robots=False` to `collect`.

# %%
bing = Bing(client, **at("bing"))
for keyword in KEYWORDS:
    try:
        found = bing.pictures(keyword, limit=PICTURES // len(KEYWORDS))
        summary = collect(found, WORK / "crawled", client, robots=True)
    except CourseError as error:
        print(f"{keyword}: {error}")
        continue
    counts = f"{summary.present} there already, {summary.duplicates} duplicate"
    print(f"{keyword:18} {summary.found:3} found, {summary.downloaded:3} downloaded, {counts}")
    for reason, count in summary.refused.most_common():
        print(f"{'':18} {count:3} refused: {reason}")

# %% [markdown]
# Google is the other engine that icrawler knows. Since 2025 it has answered plain programs with a page that works only
# with JavaScript. icrawler then dies in a thread, and the crawl ends "well" with an empty folder; we say so instead,
# and go on. Getting round such a wall with a remote-controlled browser is possible, and not polite: it is a way of
# saying no.

# %%
try:
    list(Google(client, **at("google")).pictures("kpop album art", limit=20))
except CourseError as error:
    print(error)

# %% alt="About forty pictures of the crawl, squeezed into squares. Many covers look familiar from the popular set, and some come twice. Some squares hold a dozen tiny covers, others are banners squeezed into streaks: not covers at all."
look(WORK / "crawled")

# %% [markdown]
# ## 6 · Throwing out what is no cover
#
# An image search for album covers brings banners, icons, collages and CDs on a table. The students who first had the
# idea of this notebook deleted such files *by hand*: an honest sentence, and nobody can repeat it. So we do two things.
# A program sorts the pictures, the most doubtful first, by what can be measured without any learning: covers are
# square, not tiny, and there is one of each. A person looks, and every decision is kept in a file beside the pictures.

# %%
curation = Curation(WORK / "crawled")
curation.show()

# %% [markdown]
# *In a running notebook you can click on pictures above to mark them. Here, and wherever there are no widgets, the
# table `curation.csv` does the same: change a verdict in it with any editor.* For a reader who is only reading, this is
# what the most doubtful ones look like. The number above a picture is its line in `curation.csv`, whose first line
# holds the names of the columns:

# %% alt="A numbered sheet of pictures of the crawl, the most doubtful first: six flat banners five times as wide as high, labelled wide, then square ones. One of the square ones is a collage of nine covers, and nothing beneath it says so."
curation.sheet(24)

# %% [markdown]
# Those that are far from square, and those as small as an icon (the demo server has none), are marked here by a rule,
# so that the notebook runs through without you. In your own crawl, look: the order is only a suggestion, and some
# designers like banners. Above, one picture is a collage, and there are more further down. They are as square as any
# cover, so no rule about shapes finds them, and your eye does at once.

# %%
wrong = [
    doubt.name
    for doubt in curation.doubts
    if not doubt.size or min(doubt.size) < 100 or max(doubt.size) > 1.2 * min(doubt.size)
]
curation.decide(wrong, "no cover")
print(f"{len(curation.rejected())} of {len(curation.doubts)} pictures are marked as no cover")

# %% [markdown]
# ## 7 · Two sets, ready for a GAN
#
# `prepare` from notebook 03 makes a folder into a set of equal squares, and leaves out what we marked. Before it does,
# it looks at the terms.

# %%
(popular_set,) = prepare(WORK / "popular", WORK / "sets" / "popular", [SIZE])
(crawled_set,) = prepare(WORK / "crawled", WORK / "sets" / "crawled", [SIZE], leave_out=curation.rejected())
sets = {"popular": CoverSet.open(popular_set), "crawled": CoverSet.open(crawled_set)}
for name, covers in sets.items():
    print(f"{name:8} {len(covers):3} covers of {covers.size} px")

# %% [markdown]
# *The terms are unclear*, says the line above, and that is the truth about nearly every cover on the internet.
# **Publicly visible is not licensed.** A cover belongs to its label, its photographer or its designer; MusicBrainz
# gives away its facts, not the pictures that it links to; iTunes lets shops show pictures to sell songs, and for
# nothing else. What you may do with them for study depends on the country you sit in: the European Union has exceptions
# for text and data mining, Japan has a wide one, the United States decide case by case. That is why covers stay on your
# disk, why `.gitignore` keeps them out of repositories, and why this course ships drawn ones.
#
# And K-pop covers show *people*. A model that is told a singer's name and draws a face does something to that singer.
# We condition on genres, years and sound, never on names.
#
# Every source of this course says what its terms make of training, and every record repeats the verdict:

# %%
for source in (*sources, bing):
    print(f"{source.NAME:12} {source.TERMS.ml_use:10} {source.TERMS.why}")

# %% [markdown]
# ## 8 · Side by side
#
# On the demo server both sets come out of one pot of drawn covers, so do not expect them to differ much here. On real
# ones, look whether the best-sellers are lighter, more colourful, or more alike than what anybody posts.

# %% alt="Three rows of covers of the popular set, then three of the crawled one. Styles and colours are the same, and many pictures occur in both; in the crawled set several squares are collages of small covers, which the rule about shapes has let through."
for name, covers in sets.items():
    plots.show(covers[np.arange(min(36, len(covers)))], columns=12, scale=1, title=f"**{name}**")


# %% alt="Three histograms, of lightness, colourfulness and contrast, each with filled bars for the popular set and a dashed outline for the crawled one. Outline and bars lie nearly on top of each other: by these numbers the sets hardly differ."
def measured(covers):
    """Each cover's mean lightness, colourfulness and contrast, from 0 to 1."""
    pixels = covers.images[:].astype(np.float32) / 255
    light, spread = pixels.mean(axis=-1), pixels.max(axis=-1) - pixels.min(axis=-1)
    return pd.DataFrame(
        {"lightness": light.mean((1, 2)), "colourfulness": spread.mean((1, 2)), "contrast": light.std((1, 2))}
    )


styles = {"popular": {"color": "#56B4E9"}, "crawled": {"histtype": "step", "color": "black", "linestyle": "--"}}
_, axes = plt.subplots(1, 3, figsize=(11, 2.6), layout="constrained")
for name, covers in sets.items():
    facts = measured(covers)
    for axis, column in zip(axes, facts, strict=True):
        axis.hist(facts[column], bins=np.linspace(0, 1, 21), density=True, label=name, **styles[name])
        axis.set(title=column, yticks=[])
axes[0].legend()
plt.show()

# %% alt="Two blurred squares side by side, the mean of the popular and of the crawled covers: both a greyish violet, lighter in the middle, without any shape that could be named."
means = [covers.images[:].mean(axis=0).astype(np.uint8) for covers in sets.values()]
plots.show(means, scale=3, title="the mean of all covers: popular, crawled")

# %%
statistics = {
    name: {
        "covers": len(covers),
        "artists known": covers.table["artist"].replace("", np.nan).nunique(),
        "years known": f"{covers.table['year'].notna().mean():.0%}",
        "smallest side (px)": int(covers.table[["width", "height"]].min(axis=1).min()),
        "left out": len(covers.card["rejected"]),
        "training": ", ".join(sorted(set(covers.table["ml_use"]))),
    }
    for name, covers in sets.items()
}
pd.DataFrame(statistics)

# %% [markdown]
# *Left out* counts the pictures that we marked, and also the copies that `prepare` found and merged. The popular set is
# small and knows everything about itself: artist, title, year, source. The crawled one can be made as large as you
# like, and knows next to nothing. Which one would *you* rather train on? Notebook 04 can tell you: both are CoverSets,
# and it says where to open one of your own. On the command line it takes three lines:
#
# ```sh
# covergan collect kpop covers --demo
# covergan prepare covers my_set
# covergan train dcgan my_set my_run
# ```

# %% [markdown]
# ## Exercises
#
# ### Exercise 1 · How many make a chart? (3 minutes, easy)
#
# Predict before you count. The chart of section 2 has 56 rows by 21 artists. How many of the rows belong to the
# **three** artists with the most?
#
# - **a**: about a seventh, as 3 of 21 artists should have
# - **b**: about half
# - **c**: about nine tenths
#
# *Hint: the chart goes over ten years, and each edition of an album may have a row of its own. And how many rows do the
# other artists need at the very least?*

# %% answer="predict_artists"
### BEGIN SOLUTION
prediction = "b"
### END SOLUTION

# %% check="predict_artists" points=1 alt="A bar for each of the 21 artists, the number of their rows in the chart, the most first. EXO has fourteen, BTS nine, Super Junior six, and most of the others just one."
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    rows_of = table["artist"].value_counts()
    top, rest = rows_of.iloc[:3], rows_of.iloc[3:]
    assert prediction != "a", (
        "a would be a chart that all share alike. But who sells well does so year after year, edition after edition."
    )
    assert prediction != "c", (
        f"c cannot be: each of the other {len(rest)} artists has at least one row, which leaves "
        f"{len(table) - len(rest)} of {len(table)} rows for three, about two thirds."
    )
    figure, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
    axis.bar(rows_of.index, rows_of, color="#0072B2")
    axis.tick_params(axis="x", rotation=90)
    axis.set(ylabel="rows in the chart")
    plt.show()
    print(f"Well done. {', '.join(top.index)} have {top.sum()} of the {len(table)} rows, {top.sum() / len(table):.0%}.")

# %% [markdown]
# ### Exercise 2 · What is in the file? (10 minutes, easy)
#
# The name of a file and what the server says about it are promises. Its first bytes are facts. Write a function that
# tells what a file is by them: `"jpeg"` if it begins with `FF D8 FF`, `"png"` if with `89 50 4E 47`, `"webp"` if with
# `RIFF`, any four bytes, and `WEBP`; `"html"` if the first thing that is not white space is a `<`; else `None`.
#
# *Hint: `content.startswith(b"\xff\xd8\xff")`, slices such as `content[8:12]`, and `content.lstrip()`. A file may be
# shorter than you think, or empty.*


# %% answer="kind"
def kind(content):
    """What a file is, by its bytes."""
    ### BEGIN SOLUTION
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG"):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return "html" if content.lstrip().startswith(b"<") else None
    ### END SOLUTION


# %% check="kind" points=2
with self_check():
    tried = kind(b"\xff\xd8\xff\xe0 and so on")
    assert tried is not None, (
        "A file that begins with FF D8 FF is a JPEG, yet yours says None: is there a b before the quotes, as in b'…' "
        "(bytes never equal text), and does every branch end with `return …`?"
    )
    assert tried == "jpeg", f"What begins with FF D8 FF is called 'jpeg', in small letters; yours says {tried!r}."
    assert kind(b"\x89PNG\r\n\x1a\n") == "png", "A PNG begins with 89 50 4E 47, and 50 4E 47 are the letters PNG."
    assert kind(b"RIFF\x00\x01\x02\x03WEBPVP8 ") == "webp", "A WebP is RIFF, four bytes of length, then WEBP."
    assert kind(b"RIFF\x00\x01\x02\x03WAVEfmt ") is None, "RIFF alone may be a sound: look at bytes 8 to 12 as well."
    assert kind(b"RIFF\x00\x01\x02\x03WAVE WEBP") is None, "WEBP must stand at bytes 8 to 12, and nowhere else."
    assert kind(b"\xff\xd8\x00 not quite") is None, "All three bytes of a JPEG count."
    assert kind(b"\n <!doctype html>") == "html", (
        "Web pages may begin with white space: strip it before you look for <. And content[0] is a number, never b'<'; "
        "content[:1] is a byte."
    )
    assert kind(b"") is None and kind(b"GIF89a") is None, "What is none of the four is None, and so is an empty file."
    pictures = [p for p in (WORK / "crawled" / "images").rglob("*.*") if p.suffix in (".jpg", ".png", ".webp")]
    kinds = Counter(kind(path.read_bytes()) for path in pictures)
    assert set(kinds) <= {"jpeg", "png", "webp"}, (
        f"Pictures were crawled, and yours takes some for something else: {kinds}."
    )
    print("Well done. In the crawled folder:", dict(kinds))

# %% hidden="kind"
with self_check():
    assert kind(b" \xff\xd8\xff\xe0") is None and kind(b"\n\x89PNG\r\n") is None, (
        "Pictures may not begin with white space: strip only for the question whether it is a web page."
    )
    assert kind(b"a message: \xff\xd8\xff") is None, "FF D8 FF must be the first bytes, not just be somewhere."
    assert kind(b"3 < 4") is None, "A < somewhere in a text makes no web page: it must be the first thing."
    assert kind(b"<svg xmlns='http://www.w3.org/2000/svg'>") == "html", "By this rule all that begins with < is 'html'."
    assert kind(b"\x89png\r\n") is None, "Capital and small letters are different bytes."
    assert kind(b"XXXX\x00\x01\x02\x03WEBPVP8 ") is None, "WEBP at bytes 8 to 12 is not enough without RIFF before it."
    for short in (b"\xff", b"\xff\xd8", b"RIFF", b"RIFF\x00\x01\x02\x03", b" \n\t"):
        assert kind(short) is None, f"{short!r} ends before it can be told what it is, so it is None."

# %% [markdown]
# ### Exercise 3 · Once a second (10 minutes, medium)
#
# Write the heart of a polite program: `wait()` returns when the next request may be sent, which is `interval` seconds
# after the last one **was sent**. The clock is given, so that we can test this without waiting: `clock.now()` tells the
# time in seconds, `clock.sleep(seconds)` lets it pass, and like real sleep it may take a little longer than asked.
#
# *Hint: remember when the last request was sent, and that there was none at first. A loop is safer than one sleep. Note
# the time after you slept, not before.*


# %%
class SleepyClock:
    """Time passes only in sleep, and every other sleep lasts a quarter of a second too long."""

    def __init__(self, time):
        self.time, self.late, self.looks = time, 0.0, 0

    def now(self):
        self.looks += 1
        assert self.looks < 10_000, "Your loop never ends: this clock stands still while nobody calls `clock.sleep`."
        return self.time

    def sleep(self, seconds):
        assert seconds >= 0, "Nobody can sleep for less than no time: wait only while it is too early."
        self.late = 0.25 - self.late
        self.time += seconds + self.late * (seconds > 0)


# %% answer="my_pace"
class MyPace:
    def __init__(self, interval, clock):
        self.interval, self.clock = interval, clock
        self.sent = None

    def wait(self):
        """Return when the next request may be sent."""
        ### BEGIN SOLUTION
        while self.sent is not None and self.clock.now() < self.sent + self.interval:
            self.clock.sleep(self.sent + self.interval - self.clock.now())
        self.sent = self.clock.now()
        ### END SOLUTION


# %% check="my_pace" points=3
def sent_at(gaps, interval=2.0, start=50.0):
    """When a program sends its requests that has something else to do for so many seconds before each."""
    clock, times = SleepyClock(start), []
    pace = MyPace(interval, clock)
    for gap in gaps:
        clock.time += gap
        pace.wait()
        times.append(clock.time)
    return np.array(times)


def apart(*arguments, **settings):
    return np.diff(sent_at(*arguments, **settings)).round(3)


with self_check():
    assert sent_at([0])[0] == 50, "The first request need not wait for anything."
    assert apart([0, 0])[0] >= 2, "The second request follows too soon: is the time of the first remembered, in `wait`?"
    assert apart([0, 0, 0, 0]).min() >= 2, (
        f"Four requests are {apart([0, 0, 0, 0])} s apart, yet 2 are asked for: count from when the last was really "
        "sent, so note the time after the sleep, not before, and not when its turn was due."
    )
    assert apart([0, 0, 0, 0]).max() <= 2.5, f"You wait too long: requests {apart([0, 0, 0, 0])} s apart, 2 would do."
    assert apart([0, 10, 0])[0] == 10, "When the program was busy for ten seconds, its next request need not wait."
    assert apart([0, 10, 0])[1] >= 2, "Count from when a request was sent, not from when its turn was due."
    gap = apart([0, 1.5])[0]
    assert 2 <= gap <= 2.5, f"After 1.5 s of other work only half a second is left; yours are {gap} s apart."
    assert apart([0, 0], interval=5.0)[0] >= 5, "Use self.interval: not every server wants two seconds."
    print("Well done. That is helpers/sources/pacing.py, but for threads.")

# %% hidden="my_pace"
with self_check():
    clock = SleepyClock(50.0)
    one, other = MyPace(2.0, clock), MyPace(2.0, clock)
    one.wait()
    other.wait()
    assert clock.time == 50, "Each server has its own pace: keep the time in `self`, where no other pace can see it."
    assert apart([0, 2.5], interval=3.0)[0] <= 3.5, (
        "After 2.5 s of other work half a second of 3 is left to wait: sleep only for what is left."
    )
    assert apart([0, 0], start=0.0)[0] >= 2, (
        "A clock may show 0 when the first request is sent, and 0 counts as false: ask `is None`."
    )
    assert sent_at([0], start=0.5)[0] == 0.5, "The first request need not wait, even if the clock has just begun."
    assert apart([0, 0], interval=0.5)[0] >= 0.5, "An interval may be a fraction of a second."

# %% [markdown]
# ### Exercise 4 · Two sets, two points of view (15 minutes, medium)
#
# Somebody trains a GAN on both sets and writes: *"It has learned from the covers of the best-selling K-pop albums of
# the 2010s and, for variety, from an image search for kpop album art. What it draws is what K-pop looked like in that
# decade."* Go back through the notebook, its figures, counts and contact sheets, and judge how the covers were
# **chosen**. (That a program drew those of the demo server is another matter.)
#
# Name one bias of the popular set and one of the crawled set, each with a number or a picture of this notebook that
# shows it. For one of the two, say what the GAN will draw because of it. Then write the sentence that should stand in
# place of the last one.
#
# *Hint: who makes the list, and who is on it more than once? What does each further keyword still bring, what has the
# rule about shapes let through, and what does the table of section 8 say is known about a crawled cover?*

# %% [markdown] answer="point_of_view" points=4
# *The popular set* is a list of a few names: EXO, BTS and Super Junior have 29 of its 56 rows. The chart counts what
# was shipped, edition by edition, so it favours groups whose fans buy them all. The years are uneven, too: ten rows for
# 2015, two for 2018.
#
# *The crawled set* is what an engine puts first for four phrases. Each further keyword brought fewer new pictures, for
# most came again; collages are still in it after the clean-up, since the rule looks at shapes only; and no artist and
# no year is known of any of its covers, so whether they are from the 2010s cannot even be asked.
#
# Because of the collages the GAN will now and then draw a grid of tiny pictures, for to the discriminator that is a
# cover like any other.
#
# Instead: "What it draws is a mixture of the covers of a few groups that shipped most, in the years for which reports
# were found, and of what one search engine showed for four phrases on one day."

# %% [markdown] rubric="point_of_view"
# - **1** for a bias of the popular set (few artists, editions, uneven years, shipments, boy groups), with a number or
#   figure of the notebook that shows it;
# - **1** for a bias of the crawled set that has another cause (the engine's ranking, the keywords, repeats, what is no
#   cover, nothing known of year and artist), shown likewise;
# - **1** for what the GAN will draw because of one of them, so concretely that one could look for it;
# - **1** for a sentence that claims no more than the two sets can bear, and says how they were chosen.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - Say who you are, keep a pace, keep answers, and stop when told to: politeness is thirty lines of code.
# - A search always finds something. Compare names and years, and take nothing rather than the wrong thing.
# - For every picture keep where it came from, when, and on what terms; for every one that failed keep why.
# - Crawlers lose data without a word. Count what went in and what came out.
# - A table from the news has holes and a point of view. Draw them before you draw conclusions.
# - Publicly visible is not licensed.
#
# Next: [02 · Spotify](02_scrape_spotify.ipynb), an API with keys, limits and a clause about machine learning; or
# straight to [03 · Preprocess](03_preprocess.ipynb).
#
# ## Where the idea comes from
#
# - *Generated K-pop Album Art*, a student project of UC San Diego (DSC 160, 2020): the top ten of each year beside a
#   crawl with English and Korean keywords, the non-covers deleted by hand; its authors name re-issues and a bias
#   towards boy groups as flaws.
# - [MusicBrainz API](https://musicbrainz.org/doc/MusicBrainz_API) and [Cover Art
#   Archive](https://musicbrainz.org/doc/Cover_Art_Archive/API); [iTunes Search
#   API](https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/); [Deezer
#   API](https://developers.deezer.com/api).
# - [icrawler](https://icrawler.readthedocs.io); RFC 9309 (robots.txt), RFC 9110 (HTTP, `Retry-After`).
# - The chart: every row of `data/kpop_top_albums_2010s.csv` names its report.
