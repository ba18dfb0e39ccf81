"""The course's twelve genres, from the tags of MusicBrainz, iTunes, Deezer, Spotify and Last.fm.

`data/genres.csv` names tags and the genre that each belongs to. A tag that is not in it is judged by the last of its
words that are, for in English the last word says what a thing is and those before it what kind:

    melodic death metal -> metal        folk rock -> rock        uk drill -> hiphop        k-pop boy group -> kpop

Some names in the table have no genre: soul, blues and others are none of the twelve, so "jazz blues" is nothing
either. Where the last word misleads, the table has the whole tag: lovers rock is reggae, a rock opera is rock. A tag
with slashes, commas or semicolons is several: "Hip-Hop/Rap". What is in no table drops out.

Some choices that could have been others: synthpop is pop, by its last word. "Dance" is electronic, as shops use it.
"Alternative" and punk are rock, ska and dub are reggae, bluegrass and Americana are country. 발라드, the ballad, is
kpop, for in Hangul it names the Korean kind, whereas 팝 is pop. J-pop and other pop of Asia is pop.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from helpers import DATA


def course_genres(tags: Iterable[str]) -> tuple[str, ...]:
    """The course's genres that tags stand for, in the order of the tags, each once.

    Args:
        tags: as a service writes them, in English or Korean; those that are no text are passed over.
    """
    found = (_genre(_words(part)) for tag in tags if isinstance(tag, str) for part in re.split("[/,;]", tag))
    return tuple(dict.fromkeys(filter(None, found)))


def aliases() -> dict[str, tuple[str, ...]]:
    """The table: for each genre its tags; under "" those of no genre."""
    table: dict[str, list[str]] = {}
    for tag, genre in _rows():
        table.setdefault(genre, []).append(tag)
    return {genre: tuple(tags) for genre, tags in table.items()}


def _genre(words: tuple[str, ...]) -> str:
    """The genre of the longest name at the end; where there is none, without the last word."""
    known = _table()
    for end in range(len(words), 0, -1):
        for start in range(end):
            if words[start:end] in known:
                return known[words[start:end]]
    return ""


def _words(tag: str) -> tuple[str, ...]:
    """The words of a tag, whatever is between them: Drum 'n' Bass and drum&bass are drum and bass."""
    tag = unicodedata.normalize("NFKC", tag).casefold().replace("&", " and ")
    return tuple("and" if word == "n" else word for word in re.findall(r"[^\W_]+", tag))


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, ...], str]:
    return {_words(tag): genre for tag, genre in _rows()}


def _rows() -> list[tuple[str, str]]:
    with open(DATA / "genres.csv", encoding="utf-8", newline="") as file:
        return [(row["tag"], row["genre"]) for row in csv.DictReader(file)]
