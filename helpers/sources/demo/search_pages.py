"""Image search: a page of results as icrawler reads Bing's, and Google's page that only works with JavaScript.

Nobody documents these pages. Bing's is made after what icrawler 0.6.10 looks for in it: `div.imgpt > a[m]`, where `m`
is JSON with the picture's address in `murl`. Google's is made after reports of what plain programs get, see
https://github.com/hellock/icrawler/issues/135.

As in a real crawl, not every result is a cover: there are banners, icons and collages, pictures that are gone, and
pages that are called pictures.
"""

import html
import io
import json
import random
import unicodedata
import zlib

from PIL import Image

from helpers.sources.demo import catalogue
from helpers.sources.demo.shapes import Answer, Request

RESULTS, PAGE = 60, 35  # for a search, and on a page
SUFFIXES = ("jpg", "jpg", "png", "jpg", "webp", "jpeg", "jpg")
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
SIZES = (500, 300, 640, 400)  # of covers
TILE = 120  # pixels: a cover on a banner or in a collage
OTHERS = {"banners": 7, "collages": 5, "icons": 4, "pages": 2}  # what a search finds besides covers

SHELL = """<!DOCTYPE html><html><head><title>Google Search</title>
<noscript><meta content="0;url=/httpservice/retry/enablejs" http-equiv="refresh"></noscript>
<script>(function(){window.google={c:1}; document.cookie = "SG_SS=*demo";})();</script></head>
<body><noscript>Please click <a href="/httpservice/retry/enablejs">here</a> if you are not redirected.</noscript>
</body></html>"""


def bing(request: Request) -> Answer:
    """`/images/async?q=WORDS&first=NUMBER`, and the pictures that its results point to."""
    if request.path != "/images/async":
        return _picture(request.path)
    addresses = _addresses(request.query.get("q", ""), f"{request.server}/bing")
    first = request.query.get("first", "0")
    first = int(first) if first.isdecimal() else 0
    # A search that has no more says so by repeating its last results.
    shown = addresses[min(first, max(0, len(addresses) - PAGE)) :][:PAGE]
    page = f'<ul class="dgControl_list">{"".join(map(_result, shown))}</ul>'
    return Answer(page.encode(), type="text/html; charset=utf-8")


def google(request: Request) -> Answer:
    """Whatever is asked, the page that asks for a browser."""
    return Answer(SHELL.encode(), type="text/html; charset=utf-8")


def _result(address: str) -> str:
    known = json.dumps({"purl": "https://example.org/", "murl": address, "t": "album"}).replace("&", r"\u0026")
    return f'<li><div class="imgpt"><a class="iusc" m="{html.escape(known)}" href="#"></a></div></li>'


def _addresses(words: str, service: str) -> list[str]:
    """What a search finds: the same every time, and for other words something else; nothing without a letter."""
    words = unicodedata.normalize("NFC", words).casefold()
    if not any(letter.isalnum() for letter in words):
        return []
    chance = random.Random(zlib.crc32(words.encode()))
    albums = catalogue.find(words) or [album for album in catalogue.albums() if album.genre == "kpop"]
    numbers = [album.number for album in albums]
    covers = chance.sample(numbers, min(len(numbers), RESULTS - sum(OTHERS.values())))
    paths = [f"covers/{number}.{SUFFIXES[number % len(SUFFIXES)]}" for number in covers]
    # The same picture in two places: a server that makes any size, asked for the size it has.
    paths += [f"{path}?w={_size(path)}&h={_size(path)}" for path in paths[: RESULTS // 12]]
    for kind, count in OTHERS.items():
        paths += [f"{kind}/{number}.jpg" for number in chance.sample(range(40), count)]
    chance.shuffle(paths)
    return [f"{service}/{path}" for path in paths[:RESULTS]]


def _number(path: str) -> int:
    return int(path.rpartition("/")[2].partition(".")[0])


def _size(path: str) -> int:
    return SIZES[_number(path) % len(SIZES)]


def _picture(path: str) -> Answer:
    kind, _, name = path.strip("/").partition("/")
    number, _, suffix = name.partition(".")
    if number.isdecimal() and int(number) < len(catalogue.albums()) and suffix in FORMATS:
        if kind == "pages":
            return Answer(b"<html><body>Buy this poster!</body></html>", type="text/html")
        if kind in KINDS and catalogue.albums()[int(number)].has_cover:
            content = io.BytesIO()
            KINDS[kind](int(number)).save(content, FORMATS[suffix])
            return Answer(content.getvalue(), type=f"image/{FORMATS[suffix].lower()}")
    return Answer(b"no such picture", 404, "text/plain")


def _cover(number: int, size: int | None = None) -> Image.Image:
    return Image.open(io.BytesIO(catalogue.cover(number, size or SIZES[number % len(SIZES)])))


def _tiles(number: int, columns: int, rows: int) -> Image.Image:
    """Covers side by side: the first of them is the album's own."""
    sheet = Image.new("RGB", (columns * TILE, rows * TILE))
    for place in range(columns * rows):
        cover = _cover((number + 3 * place) % len(catalogue.albums()), TILE)
        sheet.paste(cover, (place % columns * TILE, place // columns * TILE))
    return sheet


def _banner(number: int) -> Image.Image:
    return _tiles(number, 5, 1)


def _collage(number: int) -> Image.Image:
    return _tiles(number, 3, 3)


def _icon(number: int) -> Image.Image:
    return _cover(number, 24)


KINDS = {"covers": _cover, "banners": _banner, "collages": _collage, "icons": _icon}
