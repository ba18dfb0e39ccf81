"""MusicBrainz's search, its releases with their recordings, and the Cover Art Archive, as documented at

https://musicbrainz.org/doc/MusicBrainz_API/Search, https://musicbrainz.org/doc/MusicBrainz_API#Browse and
https://musicbrainz.org/doc/Cover_Art_Archive/API. Of the query language there is what the course uses: fields joined by
AND, each with names in quotation marks, words, or a range.
"""

import re
import uuid

from helpers.sources.demo.catalogue import NAMESPACE, Album, albums
from helpers.sources.demo.shapes import Answer, Request

CREATED = "2026-11-22T00:00:00.000Z"
HELP = "For usage, please see: https://musicbrainz.org/development/mmd"
TAGS = {"kpop": "k-pop", "hiphop": "hip hop"}  # as people write them there; the other genres are called the same
TRACKS = 10  # of every album
COUNTRIES = ("GB", "US", "DE")
_CLAUSE = re.compile(r'(\w+):(\((?:"(?:\\.|[^"\\])*"|[^()"])*\)|\[[^]]*\]|[^\s()"\[\]]+)')
_NAME = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s()"]+)')


def search(request: Request) -> Answer:
    """`/release-group` and `/release`, each album having one release; `/release?release-group=MBID` browses."""
    if request.path == "/release" and "release-group" in request.query:
        return _browse(request)
    found = _matching(request.query.get("query", ""))
    limit, offset = request.query.get("limit", "25"), request.query.get("offset", "0")
    if found is None or request.query.get("fmt") != "json" or not (limit.isdigit() and offset.isdigit()):
        return Answer({"error": "Unable to parse the search.", "help": HELP}, 400)
    kinds = {"/release-group": ("release-groups", _group), "/release": ("releases", _release)}
    if request.path not in kinds:
        return Answer({"error": "Not Found", "help": HELP}, 404)
    key, shape = kinds[request.path]
    page = found[int(offset) : int(offset) + min(int(limit), 100)]
    return Answer(
        {"created": CREATED, "count": len(found), "offset": int(offset), key: [shape(album) for album in page]}
    )


def recording_ids(album: Album) -> list[str]:
    """The ids of what is recorded on an album, in the order of its tracks."""
    return [_id(f"recording {album.number} {position}") for position in range(1, TRACKS + 1)]


def archive(request: Request) -> Answer:
    """`/release-group/MBID/front` and `front-250`, `-500`, `-1200`: 307 to a picture. Some have no thumbnails."""
    match = re.fullmatch(r"/release-group/([^/]+)/front(?:-(250|500|1200))?", request.path)
    if not match:
        return Answer(b"not found", 404, "text/plain")
    album = next((album for album in albums() if album.mbid == match[1]), None)
    if album is None or not album.has_cover or (match[2] and album.number % 11 == 3):
        return Answer(b"No cover image found", 404, "text/plain")
    size = min(int(match[2] or 700), 700)  # as large as they were uploaded
    return Answer(b"", 307, "text/plain", {"Location": request.cover(album, size)})


def _browse(request: Request) -> Answer:
    """The releases of a release group, https://musicbrainz.org/doc/MusicBrainz_API#Browse"""
    limit, offset = request.query.get("limit", "25"), request.query.get("offset", "0")
    if request.query.get("fmt") != "json" or not (limit.isdigit() and offset.isdigit()):
        return Answer({"error": "Invalid limit or format.", "help": HELP}, 400)
    found = [album for album in albums() if album.mbid == request.query["release-group"]]
    if not found:
        return Answer({"error": "Not Found", "help": HELP}, 404)
    page = [_browsed(album, request.query.get("inc", "")) for album in found][int(offset) :][: min(int(limit), 100)]
    return Answer({"release-count": len(found), "release-offset": int(offset), "releases": page})


def _matching(query: str) -> list[Album] | None:
    """The albums that a query finds; None if it is not in the language."""
    clauses = _CLAUSE.findall(query)
    if not clauses or " AND ".join(f"{field}:{value}" for field, value in clauses) != query:
        return None
    return [album for album in albums() if all(_matches(album, field, value) for field, value in clauses)]


def _matches(album: Album, field: str, value: str) -> bool:
    if field == "firstreleasedate":
        first, _, last = value.strip("[]").partition(" TO ")
        return first <= album.date <= last
    names = [re.sub(r"\\(.)", r"\1", quoted) or word for quoted, word in _NAME.findall(value)]
    names = [" ".join(_words(name)) for name in names if name != "OR"]
    here = {
        "tag": _tag(album),
        "artist": album.artist,
        "releasegroup": album.title,
        "rgid": album.mbid,
        "country": _country(album),
        "primarytype": _kind(album),
    }.get(field, "")
    return any(f" {name} " in f" {' '.join(_words(here))} " for name in names if name)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _group(album: Album) -> dict:
    return {
        "id": album.mbid,
        "type-id": _id(_kind(album)),
        "score": 100,
        "primary-type-id": _id(_kind(album)),
        "count": 1,
        "title": album.title,
        "first-release-date": album.date,
        "primary-type": _kind(album),
        "artist-credit": _credit(album),
        "releases": [{"id": _release_id(album), "status-id": _id("Official"), "title": album.title}],
        "tags": [{"count": 1, "name": "seen live"}, {"count": 5, "name": _tag(album)}],
    }


def _release(album: Album) -> dict:
    return {
        "id": _release_id(album),
        "score": 100,
        "status-id": _id("Official"),
        "count": 1,
        "title": album.title,
        "status": "Official",
        "artist-credit": _credit(album),
        "release-group": {"id": album.mbid, "title": album.title, "primary-type": _kind(album)},
        "date": album.date,
        "country": _country(album),
        "track-count": TRACKS,
    }


def _browsed(album: Album, inc: str) -> dict:
    release = {
        "id": _release_id(album),
        "title": album.title,
        "status": "Official",
        "status-id": _id("Official"),
        "date": album.date,
        "country": _country(album),
        "barcode": "",
        "disambiguation": "",
    }
    return release | ({"media": [_disc(album)]} if "recordings" in inc.split() else {})


def _disc(album: Album) -> dict:
    tracks = [
        {
            "id": _id(f"track {album.number} {position}"),
            "number": str(position),
            "position": position,
            "title": f"Track {position}",
            "length": 180_000,
            "recording": {
                "id": recording,
                "title": f"Track {position}",
                "length": 180_000,
                "video": False,
                "disambiguation": "",
            },
        }
        for position, recording in enumerate(recording_ids(album), 1)
    ]
    return {"format": "CD", "position": 1, "title": "", "track-count": TRACKS, "track-offset": 0, "tracks": tracks}


def _credit(album: Album) -> list[dict]:
    artist = {"id": album.artist_mbid, "name": album.artist, "sort-name": album.artist}
    return [{"name": album.artist, "artist": artist}]


def _release_id(album: Album) -> str:
    return _id(f"release {album.number}")


def _id(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))


def _kind(album: Album) -> str:
    return "EP" if album.number % 6 == 5 else "Album"


def _tag(album: Album) -> str:
    return TAGS.get(album.genre, album.genre)


def _country(album: Album) -> str:
    return "KR" if album.genre == "kpop" else COUNTRIES[album.number % len(COUNTRIES)]
