"""The albums that the demo services know: dSleeves covers, the first of them under the names of real K-pop albums."""

import io
import uuid
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from helpers.sources.kpop import chart
from helpers.sources.synthetic import draw_cover, draw_factors

SEED = 8
DRAWN = 256  # pixels; larger pictures are scaled up, for drawing takes time
ALBUMS = 240
NAMESPACE = uuid.UUID("5b5ad5ff-0a4e-4f0a-9a53-0c7a1e2b9d44")
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Album:
    """An album of the demo services.

    Attributes:
        number: its place in the catalogue, from 0.
        artist, title: of a real K-pop album (facts of `data/kpop_top_albums_2010s.csv`), or made up.
        date: of release, as precise as services are: "2016-10-10", "2016-10" or "2016".
        genre: one of the course's twelve.
        features: the ten audio features.
        drawing: which cover of dSleeves is its cover.
    """

    number: int
    artist: str
    title: str
    date: str
    genre: str
    features: dict[str, float]
    drawing: int

    @property
    def year(self) -> int:
        return int(self.date[:4])

    @property
    def mbid(self) -> str:
        return str(uuid.uuid5(NAMESPACE, f"album {self.number}"))

    @property
    def artist_mbid(self) -> str:
        return str(uuid.uuid5(NAMESPACE, f"artist {self.artist}"))

    def spotify_id(self, kind: str = "album") -> str:
        """22 characters, like Spotify's; kinds are "album", "artist" and "track N"."""
        whose = self.artist if kind == "artist" else self.number
        number, digits = uuid.uuid5(NAMESPACE, f"{kind} {whose}").int, ""
        for _ in range(22):
            number, digit = divmod(number, 62)
            digits += BASE62[digit]
        return digits

    @property
    def has_cover(self) -> bool:
        """A few covers are missing, as everywhere."""
        return self.number % 29 != 7


@lru_cache(maxsize=1)
def albums() -> tuple[Album, ...]:
    """All of them, the best-selling K-pop albums first."""
    sold = list({(row.artist, row.title): row for row in reversed(chart())}.values())[::-1]  # editions share a cover
    drawings = (index for index in range(100 * ALBUMS) if draw_factors(SEED, index).genre == "kpop")
    named = [
        Album(number, row.artist, row.title, f"{row.year}-{1 + number % 12:02d}-{1 + number % 28:02d}", "kpop", *drawn)
        for number, row in enumerate(sold)
        for drawn in [_drawn(next(drawings))]
    ]
    return (*named, *(_invented(number) for number in range(len(sold), ALBUMS)))


def find(words: str) -> list[Album]:
    """Albums whose artist, title or genre has all of the words, in the order of the catalogue."""
    wanted = words.casefold().split()
    return [
        album
        for album in albums()
        if all(word in f"{album.artist} {album.title} {album.genre}".casefold() for word in wanted)
    ]


@lru_cache(maxsize=2048)
def cover(number: int, size: int) -> bytes:
    """An album's cover as JPEG."""
    return _jpeg(_drawing(albums()[number].drawing).resize((size, size), Image.Resampling.LANCZOS))


@lru_cache(maxsize=ALBUMS)
def _drawing(index: int) -> Image.Image:
    return Image.fromarray(draw_cover(draw_factors(SEED, index), DRAWN))


def _jpeg(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=88)
    return content.getvalue()


def _drawn(index: int) -> tuple[dict, int]:
    return draw_factors(SEED, index).features, index


def _invented(number: int) -> Album:
    factors = draw_factors(SEED, number)
    precise = (f"{factors.year}", f"{factors.year}-{1 + number % 12:02d}")
    date = precise[number % 2] if number % 7 == 0 else f"{precise[1]}-{1 + number % 28:02d}"
    return Album(number, factors.artist, factors.title, date, factors.genre, factors.features, number)
