"""When an album came out: dates as services write them, and how much of them is known."""

import re
from dataclasses import dataclass
from datetime import date

PRECISIONS = ("year", "month", "day")
FIRST_YEAR = 1860  # of the oldest sound recording that can be played: an earlier date stands for "unknown"

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T.*)?)?)?", re.DOTALL)


@dataclass(frozen=True)
class Release:
    """A release date.

    Attributes:
        year: from 1860 on.
        precision: what else is known of the date, as Spotify names it: "day", "month", or only the "year".
    """

    year: int
    precision: str

    @property
    def decade(self) -> int:
        """Its first year, 1970 for 1970 to 1979; known however coarse the date is."""
        return self.year // 10 * 10


def release_of(text: str | None, precision: str | None = None) -> Release | None:
    """Read a release date; None where there is none, or one that no calendar has.

    Args:
        text: "2016-10-10", "2016-10" or "2016"; a month or day of 00 is an unknown one, and a time of day is ignored.
        precision: as far as the date is to be trusted, Spotify's `release_date_precision`
            (https://developer.spotify.com/documentation/web-api/reference/get-an-album); by default as far as it goes.
    """
    match = _DATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        return None
    year, month, day = (int(part or 0) for part in match.groups())
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    if year < FIRST_YEAR:
        return None
    written = "year" if not month else "month" if not day else "day"
    trusted = precision if precision in PRECISIONS else written
    return Release(year, min(written, trusted, key=PRECISIONS.index))


def year_of(text: str | None) -> int | None:
    """The year of a release date, see `release_of`; None where it is unknown."""
    release = release_of(text)
    return release.year if release else None
