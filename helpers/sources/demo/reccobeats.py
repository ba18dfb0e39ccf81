"""ReccoBeats, as its documentation and those who use it describe it.

https://reccobeats.com/docs/documentation/request-and-response, https://reccobeats.com/docs/apis/get-audio-features; the
codes of errors are documented, the shape of the answer around them is a guess.
"""

import random
import uuid
from functools import lru_cache

from helpers.records import FEATURES
from helpers.sources.demo import catalogue
from helpers.sources.demo.catalogue import Album
from helpers.sources.demo.shapes import Answer, Request
from helpers.sources.demo.spotify import track_ids

MOST_IDS = 40
SPREAD = 0.08  # of a feature's range, around the album's value


def reccobeats(request: Request) -> Answer:
    """`/v1/audio-features?ids=`: features of those tracks that are known, in an order of its own."""
    if request.path != "/v1/audio-features":
        return _error(4042, "Wrong path", 404)
    asked = [track for track in request.query.get("ids", "").split(",") if track]
    if not asked:
        return _error(4001, "Required parameter 'ids' is missing", 400)
    if len(asked) > MOST_IDS:
        return _error(4004, f"At most {MOST_IDS} ids", 400)
    rows = [_row(track) for track in dict.fromkeys(asked) if track in _tracks() and not _is_unknown(track)]
    return Answer({"content": sorted(rows, key=lambda row: row["id"])})


def _row(track: str) -> dict:
    """A track's features, scattered around its album's."""
    chance = random.Random(track)
    album = _tracks()[track]
    values = {}
    for feature in FEATURES:
        if feature.name != "popularity":
            value = chance.gauss(album.features[feature.name], SPREAD * (feature.high - feature.low))
            values[feature.name] = round(min(max(value, feature.low), feature.high), 4)
    return {
        "id": str(uuid.uuid5(catalogue.NAMESPACE, f"reccobeats {track}")),
        "href": f"https://open.spotify.com/track/{track}",
        "isrc": f"QZDEM{chance.randrange(10**7):07d}",
        **values,
        "key": chance.randrange(12),
        "mode": chance.randrange(2),
    }


def _is_unknown(track: str) -> bool:
    """One track in seven or so."""
    return random.Random(f"known {track}").random() < 1 / 7


@lru_cache(maxsize=1)
def _tracks() -> dict[str, Album]:
    """The album of each Spotify track id."""
    return {track: album for album in catalogue.albums() for track in track_ids(album)}


def _error(code: int, message: str, status: int) -> Answer:
    return Answer({"code": code, "message": message}, status)
