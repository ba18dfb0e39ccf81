"""K-pop: which albums of the 2010s sold best, and where their covers are to be found.

    found = popular(chart(), [MusicBrainz(client), Deezer(client)])
    collect(found, folder, client)

The chart is `data/kpop_top_albums_2010s.csv`, written by hand from news reports, a source for every row. It is not the
whole top ten of every year: for 2012 only a half of the year or a month was reported, for 2013 and 2015 much of it
until shortly before its end, and for 2014 no figures. Where a figure is not of the whole year, `note` says of what. The
figures are shipments to shops less returns, as the Gaon chart counted them, not copies sold to listeners.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from helpers import DATA
from helpers.errors import CourseError
from helpers.sources.collection import Found
from helpers.sources.terms import Terms

CHART = DATA / "kpop_top_albums_2010s.csv"
KEYWORDS = ("kpop album art", "kpop album cover", "한국 앨범 표지", "케이팝 앨범 커버")  # for the wider crawl
FIRST_YEAR, LAST_YEAR = 2010, 2019
NO_TERMS = Terms("", "", "unclear", "Nothing was found that could have terms.")


@dataclass(frozen=True)
class ChartRow:
    """An album and how many copies of it were shipped in South Korea.

    Attributes:
        year: in which they were shipped; most albums came out in it, too.
        rank: in the chart of the whole year, or None where only a part of the year was reported.
        artist, title: in Latin letters.
        korean_title: as printed on the album, where it differs.
        edition: which version or repackage, where each counts by itself.
        shipped: copies, less returns, or None.
        source_url: the report.
        note: what the report says besides.
    """

    year: int
    rank: int | None
    artist: str
    title: str
    korean_title: str
    edition: str
    shipped: int | None
    source_url: str
    note: str


class Source(Protocol):
    """What can look up an album."""

    NAME: str

    def find(self, artist: str, title: str, year: int | None = None) -> Found | None:
        """The album of that name, or None."""


def chart() -> list[ChartRow]:
    """The rows of the chart, year by year."""
    with open(CHART, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [
            ChartRow(
                **row
                | {name: int(row[name]) if row[name] else None for name in ("rank", "shipped")}
                | {"year": int(row["year"])}
            )
            for row in rows
        ]


def popular(rows: Iterable[ChartRow], sources: Iterable[Source], say: Callable[[str], None] = print) -> Iterator[Found]:
    """Look up the albums of a chart; each in one source after the other, until one knows it.

    Editions of an album, which the chart counts apart, are found as the same album. An album that nobody knows is
    looked up again by every run. Where a source fails, that is said, and it is left out from then on.

    Raises:
        CourseError: if all sources fail.
    """
    sources = list(sources)
    for row in rows:
        found = None
        for source in tuple(sources):
            try:
                found = _look_up(source, row)
            except CourseError as error:
                sources.remove(source)
                if not sources:
                    raise
                say(f"{source.NAME} is left out from here on. {error}")
            if found:
                yield found
                break
        else:
            name = f"{row.artist}/{row.title}"
            record = NO_TERMS.record("kpop", name, artist=row.artist, title=row.title, year=row.year, genres=("kpop",))
            yield Found(record, (), f"not known to {' or '.join(source.NAME for source in sources)}")


def _look_up(source: Source, row: ChartRow) -> Found | None:
    titles = filter(None, (row.title, row.korean_title))
    return next(filter(None, (source.find(row.artist, title, row.year) for title in titles)), None)
