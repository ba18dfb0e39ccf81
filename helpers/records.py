"""Record: what is known about one cover, where it came from and on what terms."""

import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from helpers.errors import CourseError

RECORDS_FILE = "records.jsonl"

ML_USES = ("allowed", "unclear", "forbidden")


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

    Raises:
        CourseError: on an `ml_use` or a feature name that does not exist.
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

    def __post_init__(self):
        if self.ml_use not in ML_USES:
            raise CourseError(f"ml_use is {self.ml_use!r}; it must be one of {', '.join(ML_USES)}.")
        unknown = set(self.features) - set(FEATURE_NAMES)
        if unknown:
            raise CourseError(f"Unknown audio feature {min(unknown)!r}; the ten are {', '.join(FEATURE_NAMES)}.")
        object.__setattr__(self, "genres", tuple(self.genres))
        complete = {name: float(self.features.get(name, math.nan)) for name in FEATURE_NAMES}
        object.__setattr__(self, "features", complete)

    def to_json(self) -> str:
        """One line of JSON; unknown features are null, since JSON has no NaN."""
        row = asdict(self)
        row["features"] = {name: None if math.isnan(value) else value for name, value in self.features.items()}
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Record":
        """Inverse of `to_json`. Keys this version does not know are ignored.

        Raises:
            ValueError: if the line is not a JSON object with `source` and `source_id`.
        """
        row = json.loads(line)
        if not isinstance(row, dict) or not {"source", "source_id"} <= row.keys():
            raise ValueError("a record needs 'source' and 'source_id'")
        row = {f.name: row[f.name] for f in fields(cls) if f.name in row}
        row["features"] = {k: v for k, v in (row.get("features") or {}).items() if v is not None}
        return cls(**row)


def read_records(path: str | os.PathLike) -> Iterator[Record]:
    """Yield the records of a `records.jsonl`.

    A last line that a crash cut short is skipped, so that its cover is fetched again; a broken line anywhere else is
    damage, and is reported.

    Raises:
        CourseError: if the file cannot be read, or a line before the last is not a record.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith("\n"):
                    return  # torn: every complete record ends in a newline
                try:
                    yield Record.from_json(line)
                except (ValueError, TypeError) as error:
                    raise CourseError(f"{path}, line {number} is not a record ({error}); delete that line.") from error
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error


def append_records(path: str | os.PathLike, records: Iterable[Record]) -> int:
    """Append records to a `records.jsonl`, each flushed as soon as it comes; returns how many.

    A torn last line from an earlier crash is cut off first.
    """
    path = Path(path)
    count = 0
    with path.open("a+b") as file:
        _cut_torn_line(file)
        for record in records:
            file.write(record.to_json().encode() + b"\n")
            file.flush()
            count += 1
    return count


def _cut_torn_line(file) -> None:
    """Truncate an open binary file after its last newline, reading backwards from the end."""
    end = file.seek(0, os.SEEK_END)
    position = end
    while position > 0:
        start = max(0, position - 65_536)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            file.truncate(start + newline + 1)
            return
        position = start
    file.truncate(0)
