# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · Collect covers from Spotify
#
# Spotify knows a hundred million tracks and hands out facts about them to programs that ask properly. You learn to ask
# properly, end with a folder of covers and what their music sounds like, and then find out what you may do with it.
#
# **75 minutes**, no GPU. Before this: [01 · Collect K-pop album covers](01_scrape_kpop.ipynb).
#
# **What you will learn**
#
# - what an API is, and how a program shows who it is without telling anybody its password;
# - how to get a long answer in pages, and what to do where the pages end;
# - what to do when a server says "not now", or "not today";
# - how a collection is stopped and resumed without asking for anything twice;
# - what became of Spotify's audio features, and what an average of tempos is worth;
# - why this folder will not become a training set without your signature.

# %% tags=["setup"]
# tools/build_notebooks.py puts tools/setup_cell.py here

# %%
import base64
import json
import os
import shutil
import time
from itertools import islice
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import requests

from helpers import plots
from helpers.checks import self_check
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.preprocess.decode import decode
from helpers.records import RECORDS_FILE, read_records
from helpers.secrets import secret
from helpers.sources.collection import collect
from helpers.sources.demo_server import DemoServer
from helpers.sources.folder import folder_covers
from helpers.sources.http import Client, TryLater
from helpers.sources.reccobeats import ReccoBeats
from helpers.sources.spotify import Spotify

# %% tags=["parameters"]
LIVE = False  # True asks the real Spotify; section 2 says which keys it needs
CONTACT = os.environ.get("COVERGAN_CONTACT", "" if LIVE else "a reader of this course")
GENRES = ("k-pop", "jazz", "metal", "ambient")  # as Spotify writes them
ALBUMS = 9  # of each genre
SIZE = 64
WORK = Path(os.environ.get("COVERGAN_WORK", "work")) / "02_scrape_spotify"

# %% [markdown]
# Unless you set `LIVE = True`, the notebook asks a **demo server** on your own machine. It plays Spotify as an app made
# in 2026 meets it. The code that asks is the real one, spotipy included. The answers are *hand-made* after Spotify's
# documentation, and the albums behind them do not exist: all covers and most names were made up by a program, while the
# K-pop albums go by the names of best-sellers. This course was tested against such servers only. Nobody has run it
# against the real Spotify yet, and Spotify has changed its rules three times in two years.

# %%
demo = DemoServer().start()


def at(source):
    """Where to ask: the demo server, or nothing to say, and so the real service."""
    return {} if LIVE else demo.at(source)


if not LIVE:
    shutil.rmtree(WORK, ignore_errors=True)  # start afresh whenever this cell runs
place = {"base_url": Spotify.URL, "accounts_url": Spotify.ACCOUNTS_URL} | at("spotify")
API, ACCOUNTS = place["base_url"], place["accounts_url"]

# %% [markdown]
# ## 1 · A website for programs
#
# A page on a website mixes what you want to know with menus, buttons and advertising. An **API** (application
# programming interface) is the same thing without the decoration: you fetch an address that holds your question, and
# what comes back is JSON, which Python reads as dictionaries and lists. Let us ask for albums of 2016.

# %%
# NBVAL_CHECK_OUTPUT
answer = requests.get(f"{API}/search", params={"q": "year:2016", "type": "album"}, timeout=20)
print(answer.status_code, answer.reason)
print(answer.json())

# %% [markdown]
# The number is the first thing to look at. 200 is fine; 4xx means that *we* did something wrong, 5xx that *they* did.
# 401 says: I do not know who you are.
#
# ## 2 · Keys and tokens
#
# Somebody who wants to use Spotify's API registers an *app* on its
# [dashboard](https://developer.spotify.com/dashboard), for which since 2026 they need a paid Premium account. The app
# gets a **client ID**, its name, and a **client secret**, its password. Whoever has both is the app. So they are never
# typed into a cell: a notebook gets saved, mailed, pushed to GitHub, and there are programs that search GitHub for
# nothing but forgotten keys. Keep them
#
# - on Colab among the *Secrets*, behind the key symbol at the left, as `SPOTIPY_CLIENT_ID` and `SPOTIPY_CLIENT_SECRET`;
# - on Kaggle under the same names in *Add-ons → Secrets*;
# - elsewhere in environment variables of these names.
#
# `secret` looks in all of these places. The demo server has keys of its own, which are no secret.

# %%
# NBVAL_CHECK_OUTPUT
if LIVE:
    client_id, client_secret = secret("SPOTIPY_CLIENT_ID"), secret("SPOTIPY_CLIENT_SECRET")
else:
    client_id, client_secret = place["client_id"], place["client_secret"]
if not client_id or not client_secret:
    raise CourseError("There are no keys: see above, or set LIVE = False.")
print("Both keys are there.")

# %% [markdown]
# The secret itself travels as rarely as possible. It is shown once, at the entrance, in exchange for a **token**: a
# wristband that opens all doors for an hour. This exchange is called *client credentials*: the app says who it is, and
# no user is involved, so it sees what is public and nobody's playlists. `Basic` with base64 is no encryption, anybody
# can turn it back; what protects it on the way is the `s` of `https`.

# %%
# NBVAL_CHECK_OUTPUT
shown = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
login = requests.post(
    f"{ACCOUNTS}/api/token",
    data={"grant_type": "client_credentials"},
    headers={"Authorization": f"Basic {shown}"},
    timeout=20,
)
if not login.ok:
    raise CourseError(f"Spotify does not take these keys ({login.status_code}); copy them once more.")
told = login.json()
token = told.pop("access_token")
print(told, f"and a token of {len(token)} characters that stays where it is")

# %% [markdown]
# ## 3 · The first answer
#
# From now on every request carries the token. We ask again, for one album, in the catalogue of South Korea.


# %%
def ask(path, **params):
    """One request, by hand."""
    time.sleep(0.5 if LIVE else 0)  # the demo server does not mind
    return requests.get(f"{API}/{path}", params=params, headers={"Authorization": f"Bearer {token}"}, timeout=20)


# %%
# NBVAL_CHECK_OUTPUT
page = ask("search", q="year:2016", type="album", limit=1, market="KR").json()["albums"]
print(json.dumps(page["items"][0], indent=1, ensure_ascii=False).replace(demo.address, "http://demo"))

# %% [markdown]
# All we need for a cover is there: names, a date and how exact it is, and the picture in three sizes, the widest first.
# And something is missing. Albums have had no genres since 2016, and in February 2026 apps like ours lost popularity,
# labels and much else. An API belongs to whoever runs it; what it says today need not be there tomorrow, so a careful
# program treats every field as a gift.
#
# ## 4 · Page after page
#
# Nobody sends ten thousand albums at once. A search answers in **pages**, and we say which: `limit` is how many entries
# we want, `offset` how many to skip. How many can we have?

# %%
# NBVAL_CHECK_OUTPUT
for limit in (10, 50):
    answer = ask("search", q="year:2016", type="album", limit=limit)
    print(f"limit={limit}:", answer.status_code, answer.json().get("error", "fine"))

# %% [markdown]
# Fifty was fine until February 2026, and spotipy's documentation still says so. Now it is ten. Each page says whether
# there is a `next` one, and we go on until there is none, or until we have had enough: `islice` would stop after ten
# pages, but here the albums run out before.


# %%
# NBVAL_CHECK_OUTPUT
def pages(query):
    """The pages of a search for albums."""
    offset, more = 0, True
    while more:
        answer = ask("search", q=query, type="album", limit=10, offset=offset)
        answer.raise_for_status()
        page = answer.json()["albums"]
        yield page
        offset, more = offset + 10, page["next"]


sizes = [len(page["items"]) for page in islice(pages("year:2010-2019"), 10)]
print(f"{sum(sizes)} albums of the 2010s, in {len(sizes)} requests:", *sizes)

# %% [markdown]
# It does not go on for ever: `offset` ends at 1,000, so no search shows more than 1,010 albums, however many there are.
# The way round is allowed and simple: ask smaller questions. Exercise 3 is about that.
#
# ## 5 · Not now, and not today
#
# A service protects itself from programs that ask too often. Spotify counts the requests of the last 30 seconds. Beyond
# a number that it does not publish it answers **429**, *too many requests*, with a header `Retry-After`: the seconds to
# wait. A few seconds, usually. But there is a second limit, for the day, and programs that hit it have been told this
# (the demo server says it to whoever searches for "pause:86400"):

# %%
# NBVAL_CHECK_OUTPUT
if not LIVE:
    answer = ask("search", q="pause:86400", type="album")
    print(answer.status_code, answer.json()["error"]["message"])
    print("Retry-After:", answer.headers["Retry-After"], "seconds, which is", 86400 / 3600, "hours")

# %% [markdown]
# What should a program do? To ignore it makes things worse. To obey without a word is no better: spotipy, left to
# itself, then sleeps for a day, and you look at a cell that seems to have crashed. This course waits as long as it is
# told, up to a minute; beyond that it stops, says until when, and goes on later from where it was.
#
# The other thing that happens in the middle of the work: the wristband expires. Spotify's lasts for an hour. The demo
# server's is good for 60 requests, so that we can watch.

# %%
if not LIVE:
    answers = [ask("search", q="love", type="artist") for _ in range(60)]
    refused = [answer for answer in answers if not answer.ok]
    print(
        f"{len(answers) - len(refused)} answers, then {refused[0].status_code}:", refused[0].json()["error"]["message"]
    )

# %% [markdown]
# Not a tragedy: fetch another token, ask the same question again, and all is well. But only once. If the new token is
# refused, too, something else is wrong, and a program that kept on trying would never end. (Ours, by hand, does not do
# it: before you run a cell of sections 3 to 5 again, fetch a new token by running the last cell of section 2, or the
# answer is 401.)
#
# ## 6 · spotipy, with manners
#
# By now we have written a good part of a client by hand. [spotipy](https://spotipy.readthedocs.io) is one that somebody
# has finished: a method for each address, and tokens that renew themselves by the clock. We use it, but not blindly,
# for left to itself it does a few things that we would rather it did not:
#
# | spotipy 2.26 | `helpers/sources/spotify.py` |
# |---|---|
# | sleeps for a day on "429, tomorrow" | stops after a minute and says until when |
# | writes its token into a file `.cache` | keeps it in memory |
# | has methods for addresses that are gone (several albums at once, top tracks, …) | does not call them |
# | asks for 20 albums of an artist, which is refused | asks for 10 |
# | asks for everything again in every run | keeps answers for thirty days |
#
# It takes one argument to teach it: spotipy can be handed the *session* that sends its requests, and we hand it the one
# from notebook 01, which paces itself, waits, gives up in time, and keeps answers, but no keys and no tokens.

# %%
# NBVAL_CHECK_OUTPUT
client = Client(CONTACT, cache=WORK / "covers" / "answers.sqlite")
spotify = Spotify(client, other=ReccoBeats(client, **at("reccobeats")), **at("spotify"))

for found in islice(spotify.albums(year=2016), 6):
    record = found.record
    print(f"{record.year} {record.title} by {record.artist}: {' '.join(record.genres) or 'no genre'}")

# %%
# NBVAL_CHECK_OUTPUT
if not LIVE:
    try:
        # With a client of its own, for the one above would keep its word and ask nothing more until tomorrow.
        list(Spotify(Client(CONTACT), **at("spotify")).albums(query="pause:86400"))
    except TryLater as error:
        print(f"It did not sleep: {type(error).__name__}, in {error.seconds / 3600:.0f} hours.")

# %% [markdown]
# ## 7 · Albums of a genre
#
# Where did those genres come from, if albums have none? From the artists, who sometimes do: for each we sent one more
# request. That makes a genre an awkward thing to search for. Spotify's search has a filter `genre:`, but only for
# artists and tracks, and nothing tells you when you use it in vain. So the way to the jazz albums leads through the
# jazz artists: find them, then list the albums of each.

# %%
# NBVAL_CHECK_OUTPUT
jazz = list(islice(spotify.albums(genre="jazz"), 20))
print(f"{len(jazz)} albums by {len({found.record.artist for found in jazz})} jazz artists, among them")
for found in jazz[:5]:
    print(f"{found.record.year} {found.record.title} by {found.record.artist}")

# %% [markdown]
# What is found can be narrowed down further: `released=("2016-07", "2016-12-31")` keeps what came out in these months,
# however exactly Spotify knows the date, and `popularity=(50, 100)` what many listen to, though apps like ours are no
# longer told. `playlist=` lists the albums of a playlist, which only its owner's app may read.
#
# A trumpeter's Christmas album is jazz by this rule, and so is her children's book. It is worth remembering whenever a
# model is said to know genres: somebody filed an *artist* under a word once, and every cover inherited it.
#
# ## 8 · What the music sounds like
#
# For years Spotify told everybody a dozen numbers about each track, the **audio features**: how danceable, how loud,
# how fast, how sad. Much research was built on them, and so was the project that inspired this course: it averaged them
# over the tracks of an album and gave them to a GAN as a wish, "draw me a sad one". Notebook 09 will do that.
#
# On 27 November 2024 Spotify closed them, from one day to the next, to all new apps. We try all the same, for the
# tracks of one album.

# %%
# NBVAL_CHECK_OUTPUT
album = jazz[0].record  # an IndexError here means that Spotify has found nothing
tracks = spotify.tracks(album.source_id)
heard = spotify.features(tracks)
print(f"{album.title} by {album.artist}: {len(tracks)} tracks, features of {len(heard)}")

# %% [markdown]
# Refused, with a 403: "I know who you are, and the answer is no." So another service is asked,
# [ReccoBeats](https://reccobeats.com), which gives such numbers by Spotify's track ids and needs no key. It does not
# know every track and does not say how it gets its numbers, so each of our records says who its features are from.
#
# Here is the album, a dot for each track, with the album's mean as a bar. What would you say it sounds like?

# %% alt="Seven rows from 0 to 1, danceability to speechiness, with a dot for each of four tracks and a bar at their mean. Acousticness lies close together; for energy and valence the bar stands in a gap where no track is."
shares = ("danceability", "energy", "valence", "acousticness", "instrumentalness", "liveness", "speechiness")
figure, axis = plt.subplots(figsize=(8, 2.6), layout="constrained")
for row, name in enumerate(shares):
    values = [features[name] for features in heard.values() if name in features]
    axis.plot(values, [row] * len(values), "o", color=plots.D_COLOUR, alpha=0.6, markeredgewidth=0)
    axis.plot(np.mean(values), row, "|", color=plots.G_COLOUR, markersize=16, markeredgewidth=3)
axis.set(xlim=(0, 1), yticks=range(len(shares)), yticklabels=shares, title=f"{album.title}, track by track")
axis.invert_yaxis()
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The mean is all that a record has room for. Where the dots lie close together it says something; where they are
# spread, it describes a track that is not on the album. Exercise 4 looks at the worst case.
#
# ## 9 · Collecting
#
# Everything is in place: `albums` finds, `with_features` adds the means, `collect` fetches the pictures. All three are
# lazy, one album at a time, so nothing is asked for that is not needed. We stop half way through each genre, as a train
# in a tunnel would make us.


# %%
# NBVAL_CHECK_OUTPUT
def collect_genre(genre, limit):
    """Fill the folder up to so many covers of a genre, and say what happened."""
    summary = collect(spotify.with_features(spotify.albums(genre=genre)), WORK / "covers", client, limit=limit)
    refused = ", ".join(f"{count} × {reason}" for reason, count in sorted(summary.refused.items()))
    print(f"{genre:8} {summary.present:2} known, {summary.downloaded:2} new", f"(not: {refused})" * bool(refused))


for genre in GENRES:
    collect_genre(genre, ALBUMS // 2)

# %% [markdown]
# A cover may be missing, broken, or a web page in disguise: then a line ends with `not:`, and nothing is kept of it but
# the reason. Now the second half, where the demo server hands out two like that, and then all of it once more. The
# folder's `answers.sqlite` keeps what Spotify has answered; count with us how many answers the last round adds.

# %%
# NBVAL_CHECK_OUTPUT
for genre in GENRES:
    collect_genre(genre, ALBUMS)
before = len(client.facts.cache.responses)
print("\nOnce more:")
spotify.known = {record.source_id for record in read_records(WORK / "covers" / RECORDS_FILE) if record.cover_path}
for genre in GENRES:
    collect_genre(genre, ALBUMS)
print(f"\nNew answers: {len(client.facts.cache.responses) - before}")

# %% [markdown]
# This is what makes it safe to press *stop*, to close the laptop, or to be told "tomorrow": run the cell again, and it
# goes on. Each cover has a line in `records.jsonl`, its **provenance**: where it came from, on what terms, and a
# fingerprint of the file. Here is the first one, in part.

# %%
# NBVAL_CHECK_OUTPUT
records = [record for record, _ in folder_covers(WORK / "covers")]
first = json.loads(records[0].to_json())
for name in ("source", "source_id", "artist", "title", "year", "genres", "licence", "terms_url", "ml_use"):
    print(f"{name:10} {first[name]}")

# %% [markdown]
# ## 10 · The folder
#
# The covers, a row for each genre. (If yours are real ones: they are shown for you to study. Spotify's design
# guidelines want them whole, in their own colours, and with a link back.)

# %% alt="Four rows of nine drawn covers. Ambient: dark blue and grey landscapes with a moon. Jazz: geometric patterns in brown and cream. K-pop: faces and flowers in pink, violet and turquoise. Metal: dark, with rays, stars, an eye and jagged waves."
found = sorted(folder_covers(WORK / "covers"), key=lambda item: item[0].genres)
names = dict.fromkeys(record.genres[0] for record, _ in found if record.genres)
plots.show([decode(path, 88) for _, path in found], columns=ALBUMS, scale=1, title=", ".join(names))

# %% [markdown]
# And what they sound like. Each dot is an album.

# %% alt="Four panels, energy, acousticness, instrumentalness and tempo, a row for each genre with a dot for each album and a bar at the mean. Metal and k-pop have high energy, ambient low; jazz and ambient are acoustic; the tempos of all four overlap widely."
table = pd.DataFrame([record.features | {"genre": record.genres[0]} for record in records if record.genres])
figure, axes = plt.subplots(1, 4, figsize=(11, 2.6), layout="constrained", sharey=True)
names = list(dict.fromkeys(table["genre"]))
for axis, feature in zip(axes, ("energy", "acousticness", "instrumentalness", "tempo"), strict=True):
    for row, genre in enumerate(names):
        values = table.loc[table["genre"] == genre, feature].dropna()
        height = row + np.linspace(-0.25, 0.25, len(values))
        axis.plot(values, height, "o", color=plots.D_COLOUR, alpha=0.5, markeredgewidth=0)
        axis.plot([values.mean()] * 2, [row - 0.35, row + 0.35], color=plots.G_COLOUR, linewidth=3)
    axis.set(title=feature, yticks=range(len(names)), yticklabels=names, xlim=(0, 200 if feature == "tempo" else 1))
    axis.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
axes[-1].set_xlabel("beats per minute")
plt.show()

# %% [markdown]
# Some genres come apart at a glance, others do not: here the numbers are the demo server's own, made up to suit the
# genre. On real music it is much the same, and no wonder people wanted to train on it.
#
# ## 11 · May we?
#
# We have a folder, as good as that of notebook 01. One line turns it into a training set:

# %%
# NBVAL_CHECK_OUTPUT
try:
    CoverSet.build(WORK / "covers", WORK / "set", size=SIZE)
except CourseError as error:
    print(error)

# %% [markdown]
# Every record says `ml_use: forbidden`, and `CoverSet.build` reads that. Who asks for a token accepts Spotify's terms,
# and since May 2023 those rule out feeding its content to a model: see section III.14 of the
# [developer policy](https://developer.spotify.com/policy) and IV.2.a.i of the
# [developer terms](https://developer.spotify.com/terms). It makes no difference whether the content is covers, genres
# or numbers about the music, whether you study or sell, or whether somebody else downloaded it for you: the tables of
# audio features that go round on data platforms are Spotify's content, too.
#
# This is a contract, not copyright law. In some countries the law lets you mine what you may read, whatever its owner
# likes; that does not undo what *you* have agreed to. We are no lawyers. If in doubt, ask one, or use something else.
#
# So why this notebook? Because looking things up is what the API is for, because most of what you will ever collect
# comes with such keys, limits and terms, and because the decision is yours to make, knowingly. If you hold a
# permission, from Spotify *and* from those who own the covers, name it, and it is noted in the set's card. For the
# drawn covers of the demo server we can give it ourselves. That sentence would be a lie about real ones.

# %%
# NBVAL_CHECK_OUTPUT
if not LIVE:
    permission = "Drawn by this course for its demo server; no cover and no number is Spotify's."
    covers = CoverSet.build(WORK / "covers", WORK / "set", size=SIZE, permission=permission)
    print(f"{len(covers)} covers of {covers.size} px, from {', '.join(sorted(set(covers.table['source'])))}")

# %% [markdown]
# You need none of this for the rest of the course. Its notebooks run on dSleeves, the drawn covers of notebook 00, and
# on whatever folder of your own you prepare; MusicBrainz, iTunes, Deezer and image search, in notebook 01, ask for no
# key, and have terms that are worth reading, too. Napster, whose API once stood in for Spotify's in many a course,
# closed in January 2026.
#
# On the command line, this notebook is
#
# ```sh
# covergan collect spotify covers --genre k-pop --features --limit 100 --demo
# covergan prepare covers my_set --permission "…"
# ```
#
# ## Exercises
#
# ### Exercise 1 · The same again, elsewhere (3 minutes, easy)
#
# Predict what happens. You collect six jazz albums once more, with the same `client`, but into a new and empty folder.
# What is sent over the network?
#
# - **a**: nothing; everything is known, and the files are copied
# - **b**: only requests for the six pictures
# - **c**: everything as on the first day: searches, artists, tracks, features and pictures
#
# *Hint: section 9 says what `answers.sqlite` keeps. Who keeps the pictures, and where does `collect` look whether it
# has one?*

# %% answer="predict_again"
### BEGIN SOLUTION
prediction = "b"
### END SOLUTION

# %% check="predict_again" points=1
# NBVAL_CHECK_OUTPUT
with self_check():
    assert prediction in ("a", "b", "c"), 'Write one of the letters, in quotation marks: prediction = "a"'
    assert prediction != "a", (
        "The answers about albums are kept with the client, but pictures only in the folder they were collected into."
    )
    assert prediction != "c", "What Spotify has answered is kept in answers.sqlite, and `client` looks there first."
    shutil.rmtree(WORK / "elsewhere", ignore_errors=True)
    spotify.known, before = (), len(client.facts.cache.responses)
    summary = collect(spotify.with_features(spotify.albums(genre="jazz")), WORK / "elsewhere", client, limit=6)
    asked = len(client.facts.cache.responses) - before
    print(f"Well done. {summary.downloaded} pictures were fetched; new answers about them: {asked}")

# %% [markdown]
# ### Exercise 2 · How long to wait? (10 minutes, easy)
#
# Write `pause`, the heart of every polite client. After a 429 it says how many seconds to wait before the next try, or
# `None` for "give up". `retry_after` is the header's text, such as `"2"`, or `None` if the server did not say; `tries`
# is how often we have tried so far, from 1.
#
# - If the server says how long, wait exactly that; but give up if it is more than `ceiling`.
# - If it does not say, wait 1 second after the first try, and twice as long after every further one, however long that
#   gets. This is called *exponential backoff*.
# - In any case, give up after `most` tries.
#
# *Hint: headers are text: `int("2")`. And `"0"` is an answer, "at once", but `0` counts as false in an `if`.*


# %% answer="pause"
def pause(retry_after, tries, ceiling=60, most=4):
    """Seconds to wait before the next try, or None to give up."""
    ### BEGIN SOLUTION
    if tries >= most:
        return None
    if retry_after is None:
        return 2 ** (tries - 1)
    seconds = int(retry_after)
    return seconds if seconds <= ceiling else None
    ### END SOLUTION


# %% check="pause" points=2
# NBVAL_CHECK_OUTPUT
with self_check():
    assert pause("2", 1) != "2", (
        'Headers are text: "2" is a word, and nobody can sleep for a word; make a number of it.'
    )
    assert pause("2", 1) == 2, f"The server says 2 seconds, so it should be 2; yours says {pause('2', 1)!r}."
    assert pause("86400", 1) is None, "A day is more than the ceiling of 60 seconds: give up."
    assert pause("60", 1) == 60, "60 is not *more* than the ceiling."
    assert pause("0", 2) == 0, "The server says at once, so it should be 0: was it taken for no answer?"
    assert [pause(None, tries) for tries in (1, 2, 3)] == [1, 2, 4], (
        f"Without a header it should be 1, 2 and 4; yours says {[pause(None, tries) for tries in (1, 2, 3)]}."
    )
    assert pause(None, 8, most=9) == 128, (
        "Without a header the wait goes on doubling: 128 s after the eighth try of nine."
    )
    assert pause("2", 4) is None and pause(None, 4) is None, "After the fourth try, give up whatever the header says."
    assert pause("90", 1, ceiling=120) == 90, "With a ceiling of 120, 90 is fine: is 60 written somewhere?"
    assert pause(None, 5, most=6) == 16, "With most=6, the fifth try is followed by 16 seconds: is 4 written somewhere?"
    print("Well done. Retry-After 2:", pause("2", 1), "s; 86400:", pause("86400", 1), "; none:", pause(None, 3), "s")

# %% hidden="pause"
with self_check():
    assert pause(None, 11, most=12) == 1024, "The ceiling is for what servers ask; backoff goes on doubling."
    assert pause("5", 3) == 5, "If the server says 5 seconds, it is 5 after the third try as well: no backoff on top."
    assert pause("2", 7) is None and pause(None, 5) is None, "After *more* than `most` tries, give up all the more."
    assert pause("2", 1, most=1) is None, "With most=1, one try is all there is."
    assert pause("0", 1, ceiling=0) == 0, "A wait of 0 is allowed by a ceiling of 0, and it is not None."
    assert pause("9", 1, ceiling=8) is None, "With a ceiling of 8, 9 is too long: is 60 written somewhere?"
    assert pause("100", 2, ceiling=99) is None, "Compare numbers, not words: as a word, '100' comes before '99'."

# %% [markdown]
# ### Exercise 3 · Smaller questions (10 minutes, medium)
#
# A search shows 1,010 albums at most. Write `spans`, which cuts the years from `first` to `last` into spans of
# consecutive years, each as long as possible, such that no span has more than `most` albums. `count(a, b)` tells how
# many albums came out from year `a` to year `b`, both included. A single year with more than `most` cannot be cut any
# further, and is a span of its own.
#
# *Hint: begin a span at a year, and let it grow while one more year would still fit. The next span begins where it
# ends.*


# %% answer="spans"
def spans(first, last, count, most=1010):
    """A list of spans of years (a, b) that cover first to last, in order, each as long as `most` albums allow."""
    ### BEGIN SOLUTION
    found = []
    while first <= last:
        end = first
        while end < last and count(first, end + 1) <= most:
            end += 1
        found.append((first, end))
        first = end + 1
    return found
    ### END SOLUTION


# %% check="spans" points=3
# NBVAL_CHECK_OUTPUT
released = {2010: 400, 2011: 600, 2012: 300, 2013: 2000, 2014: 10, 2015: 1000, 2016: 1}
counted = []


def count(a, b):
    counted.append((a, b))
    assert len(counted) < 1000, f"No end, {a} to {b} are being counted: is `last` the last year, do spans move on?"
    return sum(released.get(year, 0) for year in range(a, b + 1))


with self_check():
    tried = spans(2010, 2016, count)
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    tried = [tuple(span) for span in tried]
    assert tried, "The list is empty: is a span added each time one is full?"
    years = [year for a, b in tried for year in range(a, b + 1)]
    assert years[-1:] == [2016], f"The last span must end with 2016; yours are {tried}."
    assert years == list(range(2010, 2017)), f"Every year must be in exactly one span, in order; yours are {tried}."
    assert (2010, 2011) in tried, "2010 and 2011 have 1,000 albums together, which is allowed: let spans grow."
    assert (2013, 2013) in tried, "2013 alone is too much; it must be a span of its own."
    assert (2014, 2015) in tried, "2014 and 2015 have 1,010 together, and 1,010 are allowed: is it < instead of <= ?"
    assert tried == [(2010, 2011), (2012, 2012), (2013, 2013), (2014, 2015), (2016, 2016)], (
        f"Every span must be as long as it can be before the next begins; yours are {tried}."
    )
    some = [*map(tuple, spans(2010, 2012, count, most=900))]
    assert some == [(2010, 2010), (2011, 2012)], f"With most=900 it is 2010, and 2011 to 2012; yours are {some}."
    some = [*map(tuple, spans(2013, 2014, count))]
    assert some == [(2013, 2013), (2014, 2014)], f"The very first year may be too much by itself; yours are {some}."
    print("Well done. Seven years in", len(tried), "questions:", tried)


# %% hidden="spans"
def cut(*settings, **others):
    return [tuple(span) for span in spans(*settings, **others)]


with self_check():
    assert cut(1, 4, lambda a, b: b - a + 1, most=3) == [(1, 3), (4, 4)], (
        "One album a year and at most 3: the first span has three years and the second what is left, not two and two."
    )
    assert cut(2010, 2016, count, most=10**6) == [(2010, 2016)], "With room for all, one span will do: use `most`."
    assert cut(2012, 2012, count) == [(2012, 2012)], "A single year is a span from itself to itself."
    assert cut(2013, 2014, count) == [(2013, 2013), (2014, 2014)], "The first year may be too much by itself."
    assert cut(2012, 2013, count) == [(2012, 2012), (2013, 2013)], "The last year may be too much by itself."
    assert cut(2014, 2020, count) == [(2014, 2015), (2016, 2020)], "Years without albums belong to a span like others."
    assert cut(2000, 2005, lambda a, b: 600 * (b - a + 1)) == [(year, year) for year in range(2000, 2006)], (
        "With 600 albums in each year no two fit together: ask the function `count` that you are given."
    )

# %% [markdown]
# ### Exercise 4 · The tempo of nothing (10 minutes, medium)
#
# An album with a ballad at 70 beats per minute and a dance track at 130 has a mean tempo of 100, at which nobody ever
# played a note of it. How common is that? Write `miss`: the distance, in beats per minute, from the mean of an album's
# tempos to the tempo of the track that comes nearest. `tempos` is a plain list, and a list has no `.mean()` of its own.
#
# *Hint: `np.asarray(tempos)` makes an array of a list, and `np.abs(array - number)` gives all the distances at once.*


# %% answer="miss"
def miss(tempos):
    """How far the mean of tempos, a list, is from the nearest of them, 0 or more; the list stays as it is."""
    ### BEGIN SOLUTION
    tempos = np.asarray(tempos)
    return np.abs(tempos - tempos.mean()).min()
    ### END SOLUTION


# %% check="miss" points=2
with self_check():
    tried = miss([70, 130])
    assert tried is not None, "The function gives nothing back: does it end with `return …`?"
    assert np.ndim(tried) == 0, "One number is wanted, the smallest of the distances: take the minimum."
    assert not np.isclose(tried, 100), "100 is the mean; how far is it from the nearest track?"
    assert np.isclose(tried, 30), f"70 and 130 have the mean 100, which is 30 from either; yours says {tried}."
    assert np.isclose(miss([70, 100, 130]), 0), (
        "The mean of 70, 100 and 130 is one of them, so nothing is missed: is yours the *smallest* distance?"
    )
    assert not np.isclose(miss([60, 61, 140]), 0), "The mean is wanted, not the median, which is always a track's own."
    assert np.isclose(miss([60, 61, 140]), 26), "Of 60, 61 and 140, the mean is 87, and 61 comes nearest: 26."
    albums = {}
    for record in records:
        heard = spotify.features(spotify.tracks(record.source_id)).values()
        tempos = [features["tempo"] for features in heard if "tempo" in features]
        albums |= {f"{record.title} by {record.artist}": miss(tempos)} if len(tempos) > 1 else {}
    print("Well done.")
    if albums:  # of live ones the tempos may be unknown
        worst = max(albums, key=albums.get)
        share = np.mean([distance > 5 for distance in albums.values()])
        print(f"On {share:.0%} of the albums no track comes within 5 BPM of the mean tempo.")
        print(f"The worst is {worst}, where the nearest track is {albums[worst]:.0f} BPM away.")

# %% hidden="miss"
with self_check():
    assert np.isclose(miss([140, 60, 61]), 26), (
        "The order of the tracks must not matter: 140, 60 and 61 miss by 26, too."
    )
    assert np.isclose(miss([140, 139, 60]), 26), (
        "140, 139 and 60 have the mean 113, which 139 misses by 26, whatever their order."
    )
    assert np.isclose(miss([100.0, 100.5]), 0.25), "Tempos have decimals: 100.0 and 100.5 miss by 0.25; do not round."
    assert np.isclose(miss([93]), 0), "An album of one track misses nothing."
    assert np.isclose(miss([70.0, 90.0, 140.0, 180.0]), 20), "The mean of 70, 90, 140 and 180 is 120: 20."
    tempos = [140, 60, 61]
    miss(tempos)
    assert tempos == [140, 60, 61], "The function has changed the list that it was given: sort a copy, if at all."

# %% [markdown]
# Keep that in mind when notebook 09 asks a model for "120 beats per minute": it has learned from averages.
#
# ### Exercise 5 · May she? (15 minutes, medium)
#
# A student has filled the folder of this notebook with `LIVE = True`, with keys of her own. For a seminar she wants to
# train a GAN that draws a cover for a genre and an energy. She has four arguments:
#
# 1. "It is for study. Nobody sells anything."
# 2. "I shall leave Spotify's pictures out. The covers come from MusicBrainz, the numbers from ReccoBeats. From the
#    folder I keep only the genres."
# 3. "The law of my country lets researchers mine whatever they may read."
# 4. "And `CoverSet.build` takes the folder if I write `permission="for study"`."
#
# Judge each argument in a sentence or two, with what this notebook and the records say. Then say what you would do in
# her place.
#
# *Hint: read section 11 again, and the lines `terms_url` and `ml_use` of a record in section 9. Where did the genres
# come from (section 7)? Notebook 01 prints what it thinks of MusicBrainz's terms.*

# %% [markdown] answer="may_she" points=4
# 1. Does not help. Spotify's terms rule out feeding its content to a model, and make no difference between studying and
#    selling. She accepted them when she made her keys.
# 2. Helps in part. The genres are from Spotify's artists, so they are its content like the pictures, and she would have
#    to leave them out, too. MusicBrainz's covers still belong to labels and artists: the course calls that *unclear*.
#    Of ReccoBeats she does not know how the numbers come about or on what terms they may be used.
# 3. May be true, and answers another question. An exception in copyright law says what an owner cannot forbid in
#    general; it does not undo a contract that she has entered herself.
# 4. Works, and makes it worse. The program does not check the sentence; it writes it into the card. It should name a
#    permission that she has, from Spotify and from the owners of the covers. "For study" names none.
#
# In her place I would train on dSleeves, which has genres and energies that belong to nobody, or take covers, genres
# and numbers from places whose terms allow it, and use the folder of this notebook for looking things up.

# %% [markdown] rubric="may_she"
# - **1** for the first: the terms make no difference between study and business, and whoever has keys has accepted
#   them;
# - **1** for the second: the genres are Spotify's content, too, and leaving Spotify out does not make the other two
#   sources clear;
# - **1** for the third and fourth: a contract is not the law, and `permission=` records a permission, it does not give
#   one;
# - **1** for a way out that follows from these judgements and that she could really take.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# - An API answers questions in addresses with JSON, and a number that says who is to blame if it does not.
# - A secret is shown once, in exchange for a token that expires. Neither belongs in a cell, a file or a log.
# - Long answers come in pages, pages end, and smaller questions go further than larger ones.
# - `Retry-After` is to be obeyed up to a point, and beyond it to be told.
# - What is kept need not be asked for again; that makes a collection resumable, and a good guest.
# - What an API gives can be taken away overnight, and nothing that it gives is yours because you could fetch it.
#
# Next comes [03 · From a folder of pictures to a training set](03_preprocess.ipynb).
#
# ## Where the idea comes from
#
# - Spotify's [Web API](https://developer.spotify.com/documentation/web-api), its
#   [client credentials](https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow) and
#   [rate limits](https://developer.spotify.com/documentation/web-api/concepts/rate-limits).
# - What changed: [audio features](https://developer.spotify.com/blog/2024-11-27-changes-to-the-web-api) in 2024, and
#   [nearly everything
#   else](https://developer.spotify.com/documentation/web-api/tutorials/february-2026-migration-guide) for small apps in
#   2026.
# - Client credentials are section 4.4 of [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749), `Retry-After` is section
#   10.2.3 of [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110).
# - [spotipy](https://github.com/spotipy-dev/spotipy), by Paul Lamere and many others, and
#   [ReccoBeats](https://reccobeats.com/docs/apis/get-audio-features).
