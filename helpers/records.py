"""Record: what is known about one cover, where it came from and on what terms."""

import json
import math
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from numbers import Integral
from pathlib import Path

from helpers.errors import CourseError
from helpers.files import explaining

RECORDS_FILE = "records.jsonl"

ML_USES = ("allowed", "unclear", "forbidden")
YEARS = range(1, 10_000)


@dataclass(frozen=True)
class Feature:
    """An audio feature as Spotify defines it: its unit and the range of its values."""

    name: str
    unit: str
    low: float
    high: float


# https://developer.spotify.com/documentation/web-api/reference/get-audio-features; popularity is a field of the track.
FEATURES = (
    Feature("popularity", "points", 0, 100),
    Feature("danceability", "share", 0, 1),
    Feature("acousticness", "share", 0, 1),
    Feature("energy", "share", 0, 1),
    Feature("instrumentalness", "share", 0, 1),
    Feature("liveness", "share", 0, 1),
    Feature("loudness", "dB", -60, 0),
    Feature("speechiness", "share", 0, 1),
    Feature("tempo", "BPM", 0, 250),
    Feature("valence", "share", 0, 1),
)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)


@dataclass(frozen=True)
class Record:
    """One cover's metadata and provenance.

    Attributes:
        source: name of the source, e.g. "synthetic", "folder", "musicbrainz".
        source_id: the cover's identity within that source; (source, source_id) is unique.
        artist, title: as the source writes them; empty where unknown.
        year: year of release, or None.
        genres: lower-case tags, the main one first.
        cover_url: where the image was fetched from; empty for local files.
        cover_path: path of the image, relative to the source's folder.
        sha256: hex digest of the image file's bytes.
        phash: hex perceptual hash, empty until the deduplication step sets it.
        licence, terms_url: the terms the image came under.
        ml_use: whether those terms let a model train on it: "allowed", "unclear" or "forbidden".
        fetched_at: ISO 8601 time in UTC, empty for drawn covers.
        features: the ten audio features of `FEATURES` in their units; NaN where unknown.
        features_source: where the features came from, e.g. "spotify", "librosa", "synthetic".
        refused: why there is no image, in words; empty where there is one.

    Raises:
        CourseError: on a field of the wrong type, or an `ml_use` or a feature name that does not exist.
    """

    source: str
    source_id: str
    artist: str = ""
    title: str = ""
    year: int | None = None
    genres: tuple[str, ...] = ()
    cover_url: str = ""
    cover_path: str = ""
    sha256: str = ""
    phash: str = ""
    licence: str = ""
    terms_url: str = ""
    ml_use: str = "unclear"
    fetched_at: str = ""
    features: dict[str, float] = field(default_factory=dict)
    features_source: str = ""
    refused: str = field(default="", repr=False)

    def __post_init__(self):
        for name in [f.name for f in fields(self) if f.type is str]:
            value = getattr(self, name)
            if not isinstance(value, str):
                raise CourseError(f"{name} is {value!r}; it must be text.")
            object.__setattr__(self, name, as_utf8(value))
        if self.year is not None:
            if not isinstance(self.year, Integral) or int(self.year) not in YEARS:
                raise CourseError(f"year is {self.year!r}; it must be a whole number up to {YEARS[-1]}, or None.")
            object.__setattr__(self, "year", int(self.year))
        if isinstance(self.genres, str):
            raise CourseError(f"genres is {self.genres!r}; it must be a tuple of tags.")
        # One genre is one tag, whether its Hangul came as syllables or as letters.
        genres = (unicodedata.normalize("NFC", as_utf8(genre)).lower() for genre in self.genres)
        object.__setattr__(self, "genres", tuple(genres))
        if self.ml_use not in ML_USES:
            raise CourseError(f"ml_use is {self.ml_use!r}; it must be one of {', '.join(ML_USES)}.")
        unknown = set(self.features) - set(FEATURE_NAMES)
        if unknown:
            raise CourseError(f"Unknown audio feature {min(unknown)!r}; the ten are {', '.join(FEATURE_NAMES)}.")
        complete = {name: float(self.features.get(name, math.nan)) for name in FEATURE_NAMES}
        object.__setattr__(self, "features", complete)

    def to_json(self) -> str:
        """One line of JSON. Unknown features are null, for JSON has no NaN; `refused` is left out where empty."""
        row = self.facts() | ({"refused": self.refused} if self.refused else {})
        row["features"] = {name: value if math.isfinite(value) else None for name, value in self.features.items()}
        return json.dumps(row, ensure_ascii=False)

    def facts(self) -> dict:
        """What is known about a cover that has an image: every field but `refused`."""
        facts = asdict(self)
        del facts["refused"]
        return facts

    @classmethod
    def from_json(cls, line: str | bytes) -> "Record":
        """Inverse of `to_json`. Null means unknown; keys this version does not know are ignored.

        Raises:
            ValueError, TypeError, CourseError: if the line is no JSON object with the fields of a record.
        """
        row = json.loads(line)
        if not isinstance(row, dict) or not {"source", "source_id"} <= row.keys():
            raise ValueError("a record needs 'source' and 'source_id'")
        row = {f.name: row[f.name] for f in fields(cls) if row.get(f.name) is not None}
        row["features"] = {k: v for k, v in row.get("features", {}).items() if v is not None}
        return cls(**row)


# What `Record.from_json` raises on a line that is no record.
NO_RECORD = (ValueError, TypeError, AttributeError, CourseError)


def as_utf8(text: str) -> str:
    """The text with what UTF-8 cannot hold, like the bytes of a file name in another encoding, written as escapes."""
    return text.encode(errors="backslashreplace").decode()


def read_records(path: str | os.PathLike) -> Iterator[Record]:
    """Yield the records of a `records.jsonl`.

    A last line that a crash cut short is skipped, so that its cover is fetched again; a broken line anywhere else is
    damage, and is reported.

    Raises:
        CourseError: if the file cannot be read, or a line before the last is not a record.
    """
    path = Path(path)
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    record = Record.from_json(line)
                except NO_RECORD as error:
                    if not line.endswith(b"\n"):
                        return
                    why = str(error).rstrip(".")
                    raise CourseError(f"{path}, line {number} is not a record ({why}); delete that line.") from error
                yield record
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error


def append_records(path: str | os.PathLike, records: Iterable[Record]) -> int:
    """Append records to a `records.jsonl`, each flushed as soon as it comes; returns how many.

    A torn last line from an earlier crash is cut off first.

    Raises:
        CourseError: if the file cannot be written; the disk may be full.
    """
    count = 0
    with explaining(path), Path(path).open("a+b") as file:
        _end_last_line(file)
        for record in records:
            file.write(record.to_json().encode() + b"\n")
            file.flush()
            count += 1
    return count


def _end_last_line(file) -> None:
    """Where an open binary file does not end in a newline, cut off a torn record or end a whole one."""
    end = file.seek(0, os.SEEK_END)
    last, start = b"", end
    while start > 0 and b"\n" not in last:
        start = max(0, start - 65_536)
        file.seek(start)
        last = file.read(end - start)
    last = last.rpartition(b"\n")[2]
    if last:
        try:
            Record.from_json(last)
        except NO_RECORD:
            file.truncate(end - len(last))
        else:
            file.write(b"\n")
