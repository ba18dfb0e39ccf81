"""Textures: what time, paper and machines leave on a printed picture.

Pictures here are planes, float32 [3, side, side] with 0 black and 1 white: a colour's planes in one piece each, which
numpy works through far faster than through triples. Everything that repeats from cover to cover (noise, screens) is
made once a size. All that numpy does to the pixels is + - * / and comparisons, so that every processor gives the
same ones.
"""

import io
import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

_THUMBNAIL = 64  # pixels: what is measured in pixels looks the same at other sizes as it does at this one


def to_planes(image: Image.Image) -> np.ndarray:
    """A picture as planes."""
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1), np.float32) / np.float32(255)


def to_pixels(planes: np.ndarray) -> np.ndarray:
    """Planes as a picture: uint8 [side, side, 3], values beyond 0 and 1 clipped."""
    return np.clip(np.rint(planes * np.float32(255)), 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()


def luma(planes: np.ndarray) -> np.ndarray:
    """Perceived brightness (ITU-R BT.601): float32 [side, side]."""
    return np.float32(0.299) * planes[0] + np.float32(0.587) * planes[1] + np.float32(0.114) * planes[2]


@lru_cache(maxsize=32)
def coordinates(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Where pixels are, from 0 to 1: x [1, side] and y [side, 1]."""
    steps = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    return _frozen(steps[None, :]), _frozen(steps[:, None])


@lru_cache(maxsize=64)
def noise(side: int, cells: int) -> np.ndarray:
    """Smooth noise between about -1 and 1 with `cells` random values along the side; its opposite edges meet."""
    values = np.random.Generator(np.random.PCG64(cells)).integers(0, 256, (cells, cells), np.uint8)
    margin = 4
    sheet = Image.fromarray(np.pad(values, margin, mode="wrap"))
    box = (margin, margin, margin + cells, margin + cells)
    sheet = sheet.resize((side, side), Image.Resampling.BICUBIC, box)
    return _frozen((np.asarray(sheet, np.float32) - np.float32(127.5)) / np.float32(127.5))


def laid(sheet: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """A sheet of noise moved by two numbers from 0 to 1, in steps that every size can make."""
    side = sheet.shape[0]
    return np.roll(sheet, [round(int(32 * u) * side / 32) for u in chance[:2]], (0, 1))


def finish(planes: np.ndarray, texture: str, grain: float, rng: np.random.Generator) -> np.ndarray:
    """Planes with a texture laid over them, then as much roughness of the paper as `grain`, 0 to 1, says."""
    chance = rng.random(128, np.float32)
    planes = _TEXTURES[texture](planes, chance[2:])
    return planes + np.float32(0.06 * grain) * laid(_tooth(planes.shape[1]), chance)


def clean(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """As it left the press."""
    return planes


def paper(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Laid paper: fibres, most of them lying flat, that drink the ink unevenly."""
    return planes + np.float32(0.055) * laid(_fibres(planes.shape[1]), chance)


def grain(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Film: silver grains, coarsest where the picture is grey, none in pure black and white."""
    light = luma(planes)
    return planes + np.float32(0.2) * light * (1 - light) * laid(_silver(planes.shape[1]), chance)


def halftone(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """A dot screen: the darker the picture, the larger the dots; the mean colour stays."""
    screen, edge = _screen(planes.shape[1])
    light = luma(planes)
    dots = np.clip((light - screen) / edge + np.float32(0.5), 0, 1)
    return planes + np.float32(0.13) * (dots - light)


def scanlines(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """A still from a video: every third line dark, red and blue drawn apart."""
    side = planes.shape[1]
    period = side * 3 / _THUMBNAIL
    dark = (np.arange(side) + 0.5) % period > period * 2 / 3
    shift = side / _THUMBNAIL
    apart = np.stack([moved(planes[0], -shift), planes[1], moved(planes[2], shift)])
    return apart * np.where(dark, np.float32(0.9), np.float32(1.03))[:, None]


def dust(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """A sleeve long on the shelf: specks, scratches, and the ring that the record inside has rubbed."""
    side = planes.shape[1]
    marks = Image.new("L", (2 * side, 2 * side), 128)
    draw = ImageDraw.Draw(marks)
    numbers = (2 * side * chance[2:]).tolist()
    for k in range(18):
        x, y, length = numbers[3 * k : 3 * k + 3]
        radius = side * 0.006 + 0.004 * length
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=235 if k % 3 else 20)
    for k in range(4):
        x, y, right, down = numbers[60 + 4 * k : 64 + 4 * k]
        line = (x, y, x + (right - side) * 0.35, y + (down - side) * 0.35)
        draw.line(line, fill=190, width=max(1, round(side / 100)))
    relief = (np.asarray(marks.reduce(2), np.float32) - np.float32(128)) / np.float32(128)
    rubbed = np.clip(_ring(side) * (np.float32(0.5) + laid(_patches(side), chance)), 0, 1)
    worn = planes + np.float32(0.3) * rubbed * (np.float32(0.92) - planes)
    return worn + np.float32(0.45) * relief


def worn(planes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """A file saved once too often, JPEG blocks and all, of a sleeve whose edges have gone white."""
    side = planes.shape[1]
    small = Image.fromarray(to_pixels(planes)).resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=25)
    with Image.open(file) as saved:
        loss = np.asarray(saved, np.int16) - np.asarray(small, np.int16)
    loss = Image.fromarray((loss // 2 + 128).clip(0, 255).astype(np.uint8)).resize((side, side), Image.Resampling.BOX)
    rubbed = np.clip(_rim(side) * (np.float32(0.4) + laid(_patches(side), chance)), 0, 1)
    planes = planes + (to_planes(loss) - np.float32(128 / 255)) * np.float32(1.3)
    return planes + rubbed * (np.float32(0.93) - planes)


_TEXTURES = {f.__name__: f for f in (clean, paper, grain, halftone, scanlines, dust, worn)}


def moved(planes: np.ndarray, right: float, down: float = 0.0) -> np.ndarray:
    """Planes moved by so many pixels, parts of pixels too; their edges are stretched to fill the gap."""
    for axis, distance in ((-1, right), (-2, down)):
        whole = math.floor(distance)
        part = np.float32(distance - whole)
        places = np.arange(planes.shape[axis]) - whole
        near = planes.take(places, axis, mode="clip")
        planes = near + part * (planes.take(places - 1, axis, mode="clip") - near) if part else near
    return planes


@lru_cache(maxsize=32)
def _tooth(side: int) -> np.ndarray:
    """Relief of a sheet: mottling that shows at every size, and a tooth that shows in large prints."""
    return _frozen(noise(side, 128) + noise(side, 256))


@lru_cache(maxsize=32)
def _silver(side: int) -> np.ndarray:
    return _frozen(noise(side, 96) + noise(side, 200))


@lru_cache(maxsize=32)
def _fibres(side: int) -> np.ndarray:
    """Noise stretched along the rows, crossed by a little that is stretched along the columns."""
    lying = sum(np.roll(noise(side, 128), round(k * side / 64), 1) for k in range(4))
    standing = sum(np.roll(noise(side, 160), round(k * side / 64), 0) for k in range(3))
    return _frozen(np.float32(0.7) * lying + np.float32(0.45) * standing)


@lru_cache(maxsize=32)
def _patches(side: int) -> np.ndarray:
    """What rubs off comes off in patches large and small."""
    return _frozen(np.float32(0.8) * noise(side, 9) + np.float32(0.7) * noise(side, 36))


@lru_cache(maxsize=32)
def _screen(side: int) -> tuple[np.ndarray, np.float32]:
    """Thresholds of a dot screen at 45 degrees, as many of one value as of another, and how much a pixel blurs them."""
    period = side * 3.6 / _THUMBNAIL
    x, y = (np.arange(side) + 0.5)[None, :] / period, (np.arange(side) + 0.5)[:, None] / period
    hills = np.cos(np.pi * 2**0.5 * (x + y)) + np.cos(np.pi * 2**0.5 * (x - y))
    # Ranks instead of values: a tone of 30 % then inks 30 % of the paper. Rounded first, so that ties stay ties.
    order = np.round(hills, 6).ravel().argsort(kind="stable")
    ranks = np.empty(side * side, np.float32)
    ranks[order] = (np.arange(side * side, dtype=np.float32) + np.float32(0.5)) / np.float32(side * side)
    return _frozen(ranks.reshape(side, side)), np.float32(2 / period)


@lru_cache(maxsize=32)
def _ring(side: int) -> np.ndarray:
    """1 on the circle that a record's edge presses into its sleeve, fading to both sides."""
    x, y = coordinates(side)
    square = (x - np.float32(0.5)) ** 2 + (y - np.float32(0.5)) ** 2
    return _frozen(np.clip(1 - np.abs(square - np.float32(0.205)) / np.float32(0.04), 0, 1))


@lru_cache(maxsize=32)
def _rim(side: int) -> np.ndarray:
    """1.1 at the edges of the cover, 0 from 3 % inward."""
    x, y = coordinates(side)
    inward = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    return _frozen(np.float32(1.1) * np.clip(1 - inward / np.float32(0.03), 0, 1))


def _frozen(array: np.ndarray) -> np.ndarray:
    """Made once and shared, so nobody may write to it."""
    array.setflags(write=False)
    return array
