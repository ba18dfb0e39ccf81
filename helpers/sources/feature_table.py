"""A reader's own table of audio features: a CSV file with a line for each track.

    rows = read_features("my_tracks.csv")
    albums = album_means(rows)
    albums["0ESBFn4UKPK5Bps5qBqzU9"]["energy"]      or, where there are no album ids:  albums["BTS", "WINGS"]["energy"]

    collect(with_features(source.albums(…), album_features(rows), "my table"), folder, client)

The ten features are those of `helpers.records.FEATURES`, in its units. Their columns may be called danceability or
Danceability, track_danceability, spotify_track_danceability and the like; columns with other names are ignored. What
a track is called comes from the first column there is of each of these:

    track id      track_id, spotify_track_id, track_uri, spotify_track_uri, id
    album id      album_id, spotify_album_id, track_album_id, album_uri, spotify_album_uri
    artist        artist, artist_name, album_artist, track_artist, artists
    album         album, album_title, album_name, track_album_name, title

Many tables that are passed around hold Spotify's values, and Spotify's terms forbid training on them; whoever brings a
table answers for it.
"""

import csv
import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES, Record
from helpers.sources.features import bare_id, mean, within_range
from helpers.sources.matching import forms

UNKNOWN = ("", "na", "n/a", "nan", "null", "none")  # what tables write into the cell of a value they lack

_PREFIX = re.compile("^(spotify_)?(track_)?(audio_)?(features?_)?")
_KEYS = {
    "track_id": ("track_id", "spotify_track_id", "track_uri", "spotify_track_uri", "id"),
    "album_id": ("album_id", "spotify_album_id", "track_album_id", "album_uri", "spotify_album_uri"),
    "artist": ("artist", "artist_name", "album_artist", "track_artist", "artists"),
    "album": ("album", "album_title", "album_name", "track_album_name", "title"),
}


@dataclass(frozen=True)
class Row:
    """A track of a reader's table.

    Attributes:
        features: those of the ten that are known, in their units.
        track_id, album_id: without what a link or URI has before them; empty where the table has none.
        artist, album: as the table writes them; empty where it does not say.
    """

    features: dict[str, float]
    track_id: str = ""
    album_id: str = ""
    artist: str = ""
    album: str = ""


def read_features(path: str | os.PathLike) -> list[Row]:
    """Read a table of tracks.

    Raises:
        CourseError: if it cannot be read, its columns say no feature or not whose, or a cell holds something else than
            a number within the range of its feature.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            features, keys = _columns(path, reader.fieldnames or [])
            return [_row(cells, features, keys, f"{path}, line {reader.line_num}") for cells in reader]
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CourseError(f'{path} is not in UTF-8; save it as "CSV UTF-8".') from error
    except csv.Error as error:
        raise CourseError(f"{path} is no CSV file ({error}); save it as one.") from error


def album_means(rows: Iterable[Row]) -> dict[str | tuple[str, str], dict[str, float]]:
    """The features of albums, averaged over their tracks; see `helpers.sources.features.mean` for what that does.

    Albums go by their id, or by (artist, album) where they have none; tracks without either belong to no album.
    """
    albums: dict[str | tuple[str, str], list[dict[str, float]]] = {}
    for row in rows:
        if key := row.album_id or (row.album and (row.artist, row.album)):
            albums.setdefault(key, []).append(row.features)
    return {key: mean(tracks) for key, tracks in albums.items()}


def album_features(rows: Iterable[Row]) -> Callable[[Record], dict[str, float]]:
    """What gives the features of an album in the table: for `helpers.sources.features.with_features`.

    An album is the one with the same id or else, whichever service it is from, with the same artist and title, as
    `helpers.sources.matching` compares names. Of several that are called the same the first in the table counts; rows
    without an artist are found by their id only.
    """
    rows = list(rows)
    by_id = album_means(row for row in rows if row.album_id)
    by_name: dict[tuple[str, str], dict[str, float]] = {}
    for (artist, album), means in album_means(replace(row, album_id="") for row in rows).items():
        for names in product(forms(artist), forms(album)):
            by_name.setdefault(names, means)

    def features_of(record: Record) -> dict[str, float]:
        if record.source_id in by_id:
            return by_id[record.source_id]
        named = product(sorted(forms(record.artist)), sorted(forms(record.title)))
        return next((by_name[names] for names in named if names in by_name), {})

    return features_of


def _columns(path: Path, header: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Which column holds each feature, and which holds each of the keys."""
    places: dict[str, str] = {}
    features: dict[str, str] = {}
    for column in header:
        name = re.sub("[^a-z0-9]+", "_", column.lower()).strip("_")
        places.setdefault(name, column)
        feature = _PREFIX.sub("", name)
        if feature in FEATURE_NAMES:
            if feature in features:
                raise CourseError(
                    f"{path} has {feature} twice, as {features[feature]!r} and {column!r}; rename the one not meant."
                )
            features[feature] = column
    keys = {key: places[name] for key, names in _KEYS.items() for name in reversed(names) if name in places}
    if not features:
        raise CourseError(
            f"{path} has no column of an audio feature; its first line must name columns, separated by commas, such as "
            "danceability or spotify_track_energy."
        )
    if not keys:
        raise CourseError(f"{path} does not say whose features it has; add a column track_id, album_id, or album.")
    return features, keys


def _row(cells: dict, features: dict[str, str], keys: dict[str, str], where: str) -> Row:
    if None in cells or None in cells.values():
        raise CourseError(
            f"{where} does not have as many cells as the first line has; put text with commas into quotes."
        )
    values = {name: _value(cells[column], name, where) for name, column in features.items()}
    names = {key: cells[column].strip() for key, column in keys.items()}
    names |= {key: bare_id(names[key]) for key in ("track_id", "album_id") if key in names}
    return Row({name: value for name, value in values.items() if not math.isnan(value)}, **names)


def _value(cell: str, name: str, where: str) -> float:
    """The number in a cell; NaN for an empty one."""
    if cell.strip().lower() in UNKNOWN:
        return math.nan
    try:
        value = within_range(name, float(cell))
    except ValueError:
        value = math.nan
    if math.isnan(value):
        feature = FEATURES[FEATURE_NAMES.index(name)]
        raise CourseError(
            f"{where}: {name} is {cell!r}; it must be a number from {feature.low} to {feature.high} ({feature.unit}), "
            "or empty."
        )
    return value
