"""The search of the iTunes Store, as documented at

https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/. All its stores sell the
same albums.
"""

import re

from helpers.sources.demo.catalogue import Album, albums, find
from helpers.sources.demo.shapes import Answer, Request

GENRES = {"kpop": "K-Pop", "hiphop": "Hip-Hop/Rap", "folk": "Singer/Songwriter"}  # others are capitalised
SUFFIXES = {5: " - EP", 6: " - Single"}  # some titles end so, by the last figure of the album's number


def itunes(request: Request) -> Answer:
    """`/search`, and below `/image` the pictures."""
    if picture := re.fullmatch(r"/image/thumb/Music/v4/(\d+)/source/(\d+)x\2bb\.jpg", request.path):
        number, size = int(picture[1]), int(picture[2])
        if number < len(albums()):
            return Answer(b"", 302, "text/plain", {"Location": request.cover(albums()[number], size)})
    if request.path != "/search":
        return Answer(b"", 404, "text/plain")
    limit = request.query.get("limit", "50")
    if not limit.isdigit() or not request.query.get("term"):
        return Answer({"errorMessage": "Invalid value(s) for key(s): [limit]", "queryParameters": {}}, 400)
    found = find(request.query["term"]) if request.query.get("entity") == "album" else []
    results = [_album(album, request) for album in found[: min(int(limit), 200)]]
    return Answer({"resultCount": len(results), "results": results})


def _album(album: Album, request: Request) -> dict:
    artwork = f"{request.server}/itunes/image/thumb/Music/v4/{album.number}/source"
    return {
        "wrapperType": "collection",
        "collectionType": "Album",
        "artistId": sum(album.artist.encode()),
        "collectionId": 1_000_000_000 + album.number,
        "artistName": album.artist,
        "collectionName": album.title + SUFFIXES.get(album.number % 10, ""),
        "artworkUrl60": f"{artwork}/60x60bb.jpg",
        "artworkUrl100": f"{artwork}/100x100bb.jpg",
        "collectionExplicitness": "notExplicit",
        "trackCount": 10,
        "copyright": f"℗ {album.year} {album.artist}",
        "country": {"KR": "KOR", "US": "USA"}.get(request.query.get("country", "US"), "GBR"),
        "currency": "USD",
        "releaseDate": (album.date + "-01-01")[:10] + "T07:00:00Z",  # there is always a day
        "primaryGenreName": GENRES.get(album.genre, album.genre.capitalize()),
    }
