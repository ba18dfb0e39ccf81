"""Contact sheets: many small pictures on one, to see at a glance what is in a set and what was left out of it.

A sheet is put together from the inside out: tiles and lines of text are joined to rows, rows to columns.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from helpers.errors import CourseError
from helpers.sources.synthetic.canvas import load_font

SIDE, COPY = 96, 80  # of a picture and of a copy, in pixels
WIDTH, MARGIN = 1256, 12  # a sheet is at most WIDTH + 2 MARGIN wide
GAP, APART = 8, 28  # between pictures, and between groups of them
FRAME = 4

PAPER, INK = (224, 224, 224), (40, 40, 40)  # grey, so that black covers and white ones both stand out
KEPT, MARKED = "#009E73", "#D55E00"  # green and red of the Okabe-Ito palette
CAPTION, HEADING = 12, 16  # heights of type

Picture = np.ndarray  # uint8 [H, W, 3]


def covers_sheet(images: Sequence[Picture]) -> Image.Image:
    """Pictures in even rows, left to right, without captions.

    Args:
        images: uint8 [N, S, S, 3]; 120 of them make a sheet that is about square.

    Raises:
        CourseError: if there are none, as every sheet does.
    """
    return _sheet(_flow([_tile(image, SIDE, SIDE) for image in images], GAP))


def duplicates_sheet(groups: Sequence[tuple[list[str], list[Picture]]]) -> Image.Image:
    """Groups of pictures that were taken for copies of each other: the one that is kept in a green frame, large.

    Args:
        groups: names and pictures of each group, the one that is kept first.
    """
    legend = _line("In a green frame: the copy that is kept. Beside it: those that were merged into it.", HEADING)
    return _sheet(_column([legend, _flow([_group(*group) for group in groups], APART)], APART))


def rejected_sheet(entries: Sequence[tuple[str, str, Picture]]) -> Image.Image:
    """Pictures that were left out, below a heading for each reason, the commonest reason first.

    Args:
        entries: (file name, reason, picture) of each.
    """
    by_reason: dict[str, list[Image.Image]] = {}
    for name, reason, picture in entries:
        by_reason.setdefault(reason, []).append(_captioned(_tile(picture, SIDE, SIDE), name))
    parts = [
        _column([_line(reason[:1].upper() + reason[1:], HEADING), _flow(tiles, GAP)], GAP)
        for reason, tiles in sorted(by_reason.items(), key=lambda part: -len(part[1]))
    ]
    return _sheet(_column(parts, APART))


def marked_sheet(entries: Sequence[tuple[str, bool, Picture]]) -> Image.Image:
    """Pictures in even rows, a line of type below each; those that are marked in a red frame.

    Args:
        entries: (words, whether it is marked, picture) of each.
    """
    tiles = []
    for words, marked, picture in entries:
        framed = ImageOps.expand(_tile(picture, SIDE, SIDE), FRAME, MARKED if marked else PAPER)
        tiles.append(_column([framed, _line(words, CAPTION, framed.width)], 2))
    return _sheet(_flow(tiles, GAP))


def _group(names: list[str], pictures: list[Picture]) -> Image.Image:
    framed = ImageOps.expand(_tile(pictures[0], SIDE, SIDE), FRAME, KEPT)
    copies = [_tile(picture, COPY, framed.height) for picture in pictures[1:]]
    captioned = [_captioned(tile, name) for name, tile in zip(names, [framed, *copies], strict=True)]
    return _flow(captioned, GAP)


def _tile(picture: Picture, width: int, height: int) -> Image.Image:
    """A picture as large as fits, in the middle of a piece of paper."""
    image, paper = Image.fromarray(picture), Image.new("RGB", (width, height), PAPER)
    scale = min(width / image.width, height / image.height)
    size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    paper.paste(image.resize(size, Image.Resampling.LANCZOS), ((width - size[0]) // 2, (height - size[1]) // 2))
    return paper


def _captioned(tile: Image.Image, name: str) -> Image.Image:
    """A tile above the name of its file, without the folders: they would leave no room for the name itself."""
    return _column([tile, _line(name.rpartition("/")[2], CAPTION, tile.width)], 2)


def _line(words: str, pixels: int, width: int = WIDTH) -> Image.Image:
    """One line of type, shortened in the middle where it is longer than `width`."""
    words = unicodedata.normalize("NFC", words)  # macOS takes Hangul in file names apart, and fonts do not join it
    words = "".join(letter if letter.isprintable() else "?" for letter in words)
    east_asian = any(letter >= "\u2e80" for letter in words)
    font = load_font("modern", east_asian, pixels)
    words = _shortened(words, font, width)
    line = Image.new("RGB", (max(1, round(font.getlength(words))), round(1.4 * pixels)), PAPER)
    ImageDraw.Draw(line).text((0, pixels), words, INK, font, anchor="ls")
    return line


def _shortened(words: str, font, width: int) -> str:
    """What fits of the words: their beginning and their end, for a file name is told by both."""

    def without_middle(letters: int) -> str:
        return words[: (letters + 1) // 2] + "…" + words[len(words) - letters // 2 :]

    if font.getlength(words) <= width:
        return words
    too_many = bisect_right(range(len(words)), width, key=lambda letters: font.getlength(without_middle(letters)))
    return without_middle(too_many - 1)


def _sheet(content: Image.Image) -> Image.Image:
    return ImageOps.expand(content, MARGIN, PAPER)


def _flow(tiles: list[Image.Image], gap: int) -> Image.Image:
    """Tiles in rows, as many in a row as fit."""
    rows, used = [], WIDTH
    for tile in tiles:
        if used + gap + tile.width > WIDTH:
            rows.append([])
            used = -gap
        rows[-1].append(tile)
        used += gap + tile.width
    return _column([_row(row, gap) for row in rows], gap)


def _row(images: list[Image.Image], gap: int) -> Image.Image:
    # A row is a column on its side.
    turned = [image.transpose(Image.Transpose.TRANSPOSE) for image in images]
    return _column(turned, gap).transpose(Image.Transpose.TRANSPOSE)


def _column(images: list[Image.Image], gap: int) -> Image.Image:
    """Images below each other, `gap` apart."""
    if not images:
        raise CourseError("There are no pictures to show; make a contact sheet only where there are some.")
    height = sum(image.height + gap for image in images) - gap
    column, top = Image.new("RGB", (max(image.width for image in images), height), PAPER), 0
    for image in images:
        column.paste(image, (0, top))
        top += image.height + gap
    return column
