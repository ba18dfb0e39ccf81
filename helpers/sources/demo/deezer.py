"""Deezer's search for albums, and what it knows of one, as documented at https://developers.deezer.com/api."""

import hashlib
import re
from urllib.parse import urlencode

from helpers.sources.demo.catalogue import Album, albums, find
from helpers.sources.demo.shapes import Answer, Request

GENRES = {"kpop": "K-Pop", "hiphop": "Rap/Hip Hop", "electronic": "Electro"}  # others are capitalised
FIRST_ID = 300_000_000
PICTURES = {"cover_small": 56, "cover_medium": 250, "cover_big": 500, "cover_xl": 1000}
_FIELD = re.compile(r'(artist|album):"([^"]*)"')


def deezer(request: Request) -> Answer:
    """`/search/album?q=&index=&limit=` and `/album/ID`. Errors come with the status of success, as there."""
    if request.path == "/search/album":
        return _search(request)
    if match := re.fullmatch(r"/album/(\d+)", request.path):
        number = int(match[1]) - FIRST_ID
        if 0 <= number < len(albums()):
            return Answer(_details(albums()[number], request))
        return _error("DataException", "no data", 800)
    return _error("InvalidQueryException", "Unknown path components : " + request.path, 600)


def _search(request: Request) -> Answer:
    query = request.query.get("q", "")
    index, limit = request.query.get("index", "0"), request.query.get("limit", "25")
    if not query:
        return _error("MissingParameterException", "Missing parameters: q", 501)
    if not (index.isdigit() and limit.isdigit()):
        return _error("ParameterException", "Wrong parameter: index, limit", 500)
    first, size = int(index), min(int(limit), 100)
    found = _matching(query)
    answer = {"data": [_album(album, request) for album in found[first : first + size]], "total": len(found)}
    if first + size < len(found):
        following = urlencode({"q": query, "limit": size, "index": first + size})
        answer["next"] = f"{request.server}/deezer/search/album?{following}"
    return Answer(answer)


def _matching(query: str) -> list[Album]:
    """By plain words, or by artist and album in quotation marks."""
    if not (fields := dict(_FIELD.findall(query.casefold()))):
        return find(query)
    artist, title = fields.get("artist", ""), fields.get("album", "")
    return [album for album in albums() if artist in album.artist.casefold() and title in album.title.casefold()]


def _album(album: Album, request: Request) -> dict:
    artist = {"id": sum(album.artist.encode()), "name": album.artist, "type": "artist"}
    return {
        "id": FIRST_ID + album.number,
        "title": album.title,
        "link": f"https://www.deezer.com/album/{FIRST_ID + album.number}",
        "cover": f"{request.server}/deezer/album/{FIRST_ID + album.number}/image",
        **{name: request.cover(album, size) for name, size in PICTURES.items()},
        "md5_image": hashlib.md5(str(album.number).encode()).hexdigest(),
        "genre_id": -1,
        "nb_tracks": 10,
        "record_type": "album",
        "explicit_lyrics": False,
        "artist": artist,
        "type": "album",
    }


def _details(album: Album, request: Request) -> dict:
    genre = GENRES.get(album.genre, album.genre.capitalize())
    return _album(album, request) | {
        "genres": {"data": [{"id": sum(genre.encode()), "name": genre, "type": "genre"}]},
        "label": "dSleeves",
        "duration": 2400,
        "fans": 1000,
        "release_date": (album.date + "-01-01")[:10],  # there is always a day
    }


def _error(kind: str, message: str, code: int) -> Answer:
    return Answer({"error": {"type": kind, "message": message, "code": code}})
