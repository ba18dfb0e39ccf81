"""Spotify's Web API as an app made in 2026 meets it: https://developer.spotify.com/documentation/web-api

Albums have no genres, artists have them only sometimes, audio features are refused, a search gives ten results at a
time. Two things can be watched here that take long elsewhere: a token is good for a number of requests instead of an
hour, and a search for pause:86400 is answered as when too much was asked, "come back in 86,400 seconds".
"""

import base64
import binascii
import re
import secrets
import threading
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlencode

from helpers.sources.demo import catalogue
from helpers.sources.demo.catalogue import Album
from helpers.sources.demo.shapes import Answer, Request

CLIENT_ID, CLIENT_SECRET = "democlientid", "democlientsecret"
REQUESTS_PER_TOKEN = 60
LIFE = 3600  # seconds, as they say
PLAYLIST = "5demoPlaylistOfYourOwn"  # the one that this app may see
FURTHEST = 1000
IMAGES = (640, 300, 64)  # pixels, the widest first
TAGS = {"kpop": "k-pop", "hiphop": "hip hop"}  # where Spotify's name of a genre is not the course's

_FILTER = re.compile(r'(\w+):(?:"([^"]*)"|(\S+))')
_uses: dict[str, int] = {}  # of each token, how many are left
_lock = threading.Lock()


def accounts(request: Request) -> Answer:
    """`POST /api/token`, https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow"""
    if request.path != "/api/token" or request.method != "POST":
        return Answer({"error": "not_found"}, 404)
    try:
        keys = base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic ")).decode()
    except (binascii.Error, UnicodeDecodeError):
        keys = ""
    if keys != f"{CLIENT_ID}:{CLIENT_SECRET}":
        return Answer({"error": "invalid_client", "error_description": "Invalid client secret"}, 400)
    if request.query.get("grant_type") != "client_credentials":
        return Answer({"error": "unsupported_grant_type", "error_description": "grant_type parameter is missing"}, 400)
    token = f"demo-token-{secrets.token_urlsafe(24)}"
    with _lock:
        _uses[token] = REQUESTS_PER_TOKEN
    return Answer({"access_token": token, "token_type": "Bearer", "expires_in": LIFE})


def api(request: Request) -> Answer:
    """What is below https://api.spotify.com/v1."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with _lock:
        left = _uses.get(token)
        if left:
            _uses[token] = left - 1
    if not left:
        why = (
            "No token provided" if not token else "Invalid access token" if left is None else "The access token expired"
        )
        return _error(401, why)
    match request.path.strip("/").split("/"):
        case ["search"]:
            return _search(request)
        case ["albums", album_id] if album_id in _albums():
            return Answer(_full_album(request, _albums()[album_id]))
        case ["albums", album_id, "tracks"] if album_id in _albums():
            return _page(request, _tracks(_albums()[album_id]), 20, 50)
        case ["artists", artist_id] if artist_id in _discographies():
            return Answer(_full_artist(_discographies()[artist_id][0]))
        case ["artists", artist_id, "albums"] if artist_id in _discographies():
            groups = request.query.get("include_groups", "album,single,appears_on,compilation").split(",")
            found = [album for album in _discographies()[artist_id] if _type(album) in groups]
            return _page(request, [_album(request, album) for album in found], 5, 10)
        case ["playlists", playlist, "items"]:
            if playlist == PLAYLIST:
                return _page(request, [_item(request, album) for album in catalogue.albums()[::4]], 20, 50)
            return _error(404, "Resource not found") if playlist.startswith("37i9dQ") else _error(403, "Forbidden")
        case ["audio-features", *_]:
            return Answer({"error": {"status": 403}}, 403)
    return _error(404, "Resource not found")


def track_ids(album: Album) -> list[str]:
    """The ids of an album's tracks."""
    return [album.spotify_id(f"track {number}") for number in range(1, 4 + album.number % 6)]


def _search(request: Request) -> Answer:
    """https://developer.spotify.com/documentation/web-api/reference/search"""
    query, kind = request.query.get("q", ""), request.query.get("type", "")
    filters = {name: quoted or word for name, quoted, word in _FILTER.findall(query)}
    words = _FILTER.sub("", query).casefold().split()
    if not query.strip():
        return _error(400, "No search query")
    if "pause" in filters:
        return Answer(_error(429, "API rate limit exceeded").content, 429, headers={"Retry-After": filters["pause"]})
    if kind == "album":
        found = [_album(request, album) for album in catalogue.albums() if _fits(album, words, filters)]
    elif kind == "artist":
        artists = [albums[0] for albums in _discographies().values()]
        found = [_full_artist(album) for album in artists if _fits_artist(album, words, filters)]
    else:
        return _error(400, "Bad search type field")
    if int(request.query.get("offset", "0") or 0) > FURTHEST:
        return _error(400, "Invalid offset")
    page = _page(request, found, 5, 10)
    return page if page.status != 200 else Answer({f"{kind}s": page.content})


def _fits(album: Album, words: Sequence[str], filters: dict[str, str]) -> bool:
    first, _, last = filters.get("year", "1900-2099").partition("-")
    return (
        "genre" not in filters  # for artists and tracks only
        and int(first) <= album.year <= int(last or first)
        and filters.get("artist", "").casefold() in album.artist.casefold()
        and filters.get("album", "").casefold() in album.title.casefold()
        and all(word in f"{album.artist} {album.title}".casefold() for word in words)
    )


def _fits_artist(album: Album, words: Sequence[str], filters: dict[str, str]) -> bool:
    return (
        filters.get("genre", _tag(album)).casefold() == _tag(album)
        and filters.get("artist", "").casefold() in album.artist.casefold()
        and all(word in album.artist.casefold() for word in words)
    )


def _page(request: Request, items: list, default: int, most: int) -> Answer:
    limit, offset = request.query.get("limit", str(default)), request.query.get("offset", "0")
    if not (limit.isdigit() and 1 <= int(limit) <= most):
        return _error(400, "Invalid limit")
    if not offset.isdigit():
        return _error(400, "Invalid offset")
    start, length = int(offset), int(limit)

    def address(offset: int) -> str:
        return f"{request.server}/spotify{request.path}?{urlencode({**request.query, 'offset': offset})}"

    return Answer(
        {
            "href": address(start),
            "items": items[start : start + length],
            "limit": length,
            "next": address(start + length) if start + length < len(items) else None,
            "offset": start,
            "previous": address(max(0, start - length)) if start else None,
            "total": len(items),
        }
    )


def _address(request: Request, album: Album) -> str:
    return f"{request.server}/spotify/albums/{album.spotify_id()}"


def _album(request: Request, album: Album) -> dict:
    """What is in searches and lists: all but the copyrights, identifiers and tracks of `_full_album`."""
    images = [{"url": request.cover(album, size), "height": size, "width": size} for size in IMAGES]
    return {
        "album_type": _type(album),
        "artists": [_artist(album)],
        "external_urls": {"spotify": f"https://open.spotify.com/album/{album.spotify_id()}"},
        "href": _address(request, album),
        "id": album.spotify_id(),
        "images": images,
        "name": album.title,
        "release_date": album.date,
        "release_date_precision": ("year", "month", "day")[album.date.count("-")],
        "total_tracks": len(track_ids(album)),
        "type": "album",
        "uri": f"spotify:album:{album.spotify_id()}",
    }


def _full_album(request: Request, album: Album) -> dict:
    tracks = _tracks(album)
    return _album(request, album) | {
        "copyrights": [
            {"text": f"{album.year} Nobody: this album does not exist", "type": kind}
            for kind in ("C", "P")  # of the cover and the text, and of the recording
        ],
        "external_ids": {"upc": f"{album.number:012d}"},
        "tracks": {
            "href": f"{_address(request, album)}/tracks?offset=0&limit=50",
            "items": tracks,
            "limit": 50,
            "next": None,
            "offset": 0,
            "previous": None,
            "total": len(tracks),
        },
    }


def _artist(album: Album) -> dict:
    artist = album.spotify_id("artist")
    return {"id": artist, "name": album.artist, "type": "artist", "uri": f"spotify:artist:{artist}"}


def _full_artist(album: Album) -> dict:
    # Every fourth artist has no genre: these tags are "deprecated", and nobody keeps them up.
    return _artist(album) | {"genres": [_tag(album)] if album.number % 4 else [], "images": []}


def _tracks(album: Album) -> list[dict]:
    names = catalogue.albums()
    return [
        {
            "artists": [_artist(album)],
            "disc_number": 1,
            "duration_ms": 150_000 + 1000 * ((7 * album.number + 37 * number) % 120),
            "id": track,
            "name": names[(11 * album.number + 53 * number) % len(names)].title,
            "track_number": number,
            "type": "track",
            "uri": f"spotify:track:{track}",
        }
        for number, track in enumerate(track_ids(album), 1)
    ]


def _item(request: Request, album: Album) -> dict:
    """An entry of a playlist; "item" was called "track" until February 2026."""
    return {"added_at": "2026-03-09T12:00:00Z", "item": _tracks(album)[0] | {"album": _album(request, album)}}


def _type(album: Album) -> str:
    return "compilation" if album.number % 23 == 9 else "single" if len(track_ids(album)) == 3 else "album"


def _tag(album: Album) -> str:
    return TAGS.get(album.genre, album.genre)


def _error(status: int, message: str) -> Answer:
    return Answer({"error": {"status": status, "message": message}}, status)


@lru_cache(maxsize=1)
def _albums() -> dict[str, Album]:
    return {album.spotify_id(): album for album in catalogue.albums()}


@lru_cache(maxsize=1)
def _discographies() -> dict[str, list[Album]]:
    """The albums of each artist, by the artist's id."""
    artists: dict[str, list[Album]] = {}
    for album in catalogue.albums():
        artists.setdefault(album.spotify_id("artist"), []).append(album)
    return artists
