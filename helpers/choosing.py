"""Choosing covers by what is known about them and what is on them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from helpers.errors import CourseError
from helpers.preprocess.colours import COLOUR_NAMES, colour_name

MAIN = 3  # colours of a palette that are taken for the cover's main ones


@dataclass(frozen=True)
class Choice:
    """Which covers to take: those that fit in every respect that is asked about.

    Attributes:
        text: with text on them (True) or without (False).
        faces: with faces on them (True) or without (False).
        years: first and last year.
        genres: one of these is among the cover's genres.
        popularity: lowest and highest, in points from 0 to 100.
        palette: one of these is among the cover's three main colours; names from `colours.COLOUR_NAMES`.

    Raises:
        CourseError: on a range upside down or a colour that has no such name.
    """

    text: bool | None = None
    faces: bool | None = None
    years: tuple[int, int] | None = None
    genres: tuple[str, ...] = ()
    popularity: tuple[float, float] | None = None
    palette: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("years", "popularity"):
            span = getattr(self, name)
            if span and span[0] > span[1]:
                raise CourseError(f"{name} from {span[0]} to {span[1]} are none; write the smaller number first.")
        for name in ("genres", "palette"):
            words = getattr(self, name)
            object.__setattr__(
                self, name, tuple(word.lower() for word in ([words] if isinstance(words, str) else words))
            )
        if unknown := set(self.palette) - set(COLOUR_NAMES):
            raise CourseError(f"There is no colour {min(unknown)!r}; the colours are {', '.join(COLOUR_NAMES)}.")

    def as_json(self) -> dict:
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}

    def __call__(self, row: Mapping) -> bool:
        """Whether a row of a set's table is chosen; what is unknown about a cover fits no question.

        Raises:
            CourseError: if the question is about text or faces and nobody has looked for them.
        """
        for name in ("text", "faces"):
            wanted = getattr(self, name)
            if wanted is not None:
                if _unknown(row.get(name)):
                    raise CourseError(
                        f"Nobody has looked for {name} on these covers; prepare them with --detect {name}."
                    )
                if (row[name] > 0) != wanted:
                    return False
        if self.genres and not set(self.genres) & set(row["genres"]):
            return False
        if self.palette and not set(self.palette) & {
            colour_name(colour) for colour in _listed(row.get("palette"))[:MAIN]
        }:
            return False
        return _within(row["year"], self.years) and _within(row["popularity"], self.popularity)


def _unknown(value) -> bool:
    return value is None or value is pd.NA or not math.isfinite(value)


def _listed(value) -> list:
    return [] if value is None else list(value)


def _within(value, span: tuple | None) -> bool:
    return span is None or (not _unknown(value) and span[0] <= value <= span[1])
