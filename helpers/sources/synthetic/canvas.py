"""A square canvas in units of its side, on which shapes are arrays of complex numbers, and type."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.errors import CourseError
from helpers.sources.synthetic.palettes import RGB, brightness

# All under the SIL Open Font Licence 1.1. A typeface without Hangul borrows the Nanum weight that goes with it.
_NANUM = "koreanize_matplotlib/fonts/NanumGothic"
FONTS = {
    "poster": ("font_manrope/files/Manrope-ExtraBold.ttf", f"{_NANUM}ExtraBold.ttf"),
    "modern": ("font_manrope/files/Manrope-Medium.ttf", f"{_NANUM}.ttf"),
    "serif": ("font_source_serif_pro/files/SourceSerifPro-Black.ttf", f"{_NANUM}ExtraBold.ttf"),
    "book": ("font_source_serif_pro/files/SourceSerifPro-Regular.ttf", f"{_NANUM}.ttf"),
    "hand": ("font_amatic_sc/files/AmaticSC-Bold.ttf", f"{_NANUM}Bold.ttf"),
}


@lru_cache(maxsize=512)
def load_font(typeface: str, hangul: bool, pixels: int) -> ImageFont.FreeTypeFont:
    """A typeface at a size. The package that carries the file is found, not imported: importing has side effects.

    Raises:
        CourseError: if the package is not installed.
    """
    package, _, file = FONTS[typeface][hangul].partition("/")
    spec = find_spec(package)
    if spec is None:
        raise CourseError(f"The typeface {typeface!r} is missing; run: pip install {package.replace('_', '-')}")
    # The basic layout engine is compiled into Pillow; the other one, where present, spaces letters differently.
    return ImageFont.truetype(Path(spec.origin).parent / file, pixels, layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """A picture addressed from 0+0j, its top left corner, to 1+1j, its bottom right.

    A point z lies at pixel `origin + z * scale`; both are complex, so that a canvas may sit tilted within another.
    """

    def __init__(self, image: Image.Image, origin: complex = 0, scale: complex | None = None):
        self.image = image
        self.draw = ImageDraw.Draw(image)
        self.origin = origin
        self.scale = image.width if scale is None else scale

    def within(self, corner: complex, side: float, tilt: float = 0.0) -> Canvas:
        """A canvas over part of this one, turned about its own centre by `tilt` radians; it does not clip."""
        turn = cmath.exp(1j * tilt)
        centre = corner + side * (0.5 + 0.5j)
        origin = self.origin + self.scale * (centre - side * (0.5 + 0.5j) * turn)
        return Canvas(self.image, origin, self.scale * side * turn)

    @contextmanager
    def clipped(self, points: np.ndarray) -> Iterator[Canvas]:
        """A canvas at the same place whose drawing shows only inside the polygon `points`."""
        layer = Canvas(self.image.copy(), self.origin, self.scale)
        yield layer
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._pixels(points), fill=255)
        self.image.paste(layer.image, mask=mask)

    def polygon(self, points: np.ndarray, colour: RGB) -> None:
        """Fill a polygon given as a complex array."""
        self.draw.polygon(self._pixels(points), fill=colour)

    def paint(self, picture: Image.Image, mask: Image.Image | None = None) -> None:
        """Cover the whole canvas with a small picture, enlarged smoothly; a little is lost at the edges."""
        side = round(abs(self.scale) * 1.2)
        centre = self.origin + self.scale * (0.5 + 0.5j)
        left, top = round(centre.real - side / 2), round(centre.imag - side / 2)
        one = picture.size == (1, 1)  # pasting a colour is faster than pasting a picture of it
        fill = picture.getpixel((0, 0)) if one else picture.resize((side, side), Image.Resampling.BILINEAR)
        mask = mask and mask.resize((side, side), Image.Resampling.BILINEAR)
        self.image.paste(fill, (left, top, left + side, top + side), mask)

    def shade(self, colour: RGB, strength: float, turn: float = 0.0) -> None:
        """Fade into a colour: not at all at the top, by `strength` at the bottom, all turned by `turn` degrees."""
        mask = Image.linear_gradient("L").resize((32, 32)).point(lambda v: int(v * v * strength / 255)).rotate(turn)
        side = round(abs(self.scale))
        corner = self.origin + self.scale * (0.5 + 0.5j) - side * (0.5 + 0.5j)
        mask = mask.resize((side, side), Image.Resampling.BILINEAR)
        self.image.paste(colour, (round(corner.real), round(corner.imag)), mask)

    def text(self, words: str, at: complex, size: float, colour: RGB, typeface: str, align: str = "left") -> None:
        """One line of type, `size` high, whose baseline starts, is centred or ends at `at`."""
        font = load_font(typeface, has_hangul(words), max(round(size * abs(self.scale)), 4))
        anchor = {"left": "ls", "centre": "ms", "right": "rs"}[align]
        left, top, right, bottom = font.getbbox(words, anchor=anchor)
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).text((-left, -top), words, 255, font, anchor=anchor)
        turn = self.scale / abs(self.scale)
        centre = self.origin + self.scale * at + complex(left + right, top + bottom) / 2 * turn
        if turn != 1:
            mask = mask.rotate(-math.degrees(cmath.phase(turn)), Image.Resampling.BICUBIC, expand=True)
        corner = (round(centre.real - mask.width / 2), round(centre.imag - mask.height / 2))
        self.image.paste(colour, corner, mask)

    def brightness(self, corner: complex, opposite: complex) -> float:
        """Mean brightness, 0 to 1, around the box between two points: what type there has to stand out from."""
        first, second = self.origin + self.scale * corner, self.origin + self.scale * opposite
        last = self.image.width - 1
        left, right = sorted(min(max(round(z.real), 0), last) for z in (first, second))
        top, bottom = sorted(min(max(round(z.imag), 0), last) for z in (first, second))
        mean = self.image.resize((1, 1), Image.Resampling.BOX, box=(left, top, right + 1, bottom + 1))
        return brightness(mean.getpixel((0, 0)))

    def _pixels(self, points: np.ndarray) -> list[float]:
        # Rounded so that the last bit of a sine, which differs between processors, cannot move an edge.
        return np.round((self.origin + self.scale * points).view(np.float64), 3).tolist()


def has_hangul(words: str) -> bool:
    return any("가" <= letter <= "힣" for letter in words)


@lru_cache(maxsize=1024)
def text_width(words: str, typeface: str) -> float:
    """Width of one line of type of size 1."""
    return load_font(typeface, has_hangul(words), 100).getlength(words) / 100


_CIRCLE = np.exp(2j * np.pi * np.arange(64) / 64)
_STEPS = np.linspace(0, 1, 24)


def rectangle(corner: complex, width: float, height: float) -> np.ndarray:
    return corner + np.array([0, width, complex(width, height), 1j * height])


def ellipse(centre: complex, width: float, height: float | None = None) -> np.ndarray:
    """A circle of diameter `width`, or an ellipse."""
    if height is None:
        return centre + 0.5 * width * _CIRCLE
    return centre + 0.5 * width * _CIRCLE.real + 0.5j * height * _CIRCLE.imag


def sector(centre: complex, radius: float, start: float, stop: float) -> np.ndarray:
    """A slice of a disc between two angles in turns, clockwise from three o'clock."""
    arc = np.exp(2j * np.pi * (start + (stop - start) * _STEPS))
    return np.append(centre + radius * arc, centre)


def smooth(points: list[complex], per_segment: int = 8) -> np.ndarray:
    """The closed Catmull-Rom curve through the points."""
    p = np.array(points)
    before, after, beyond = np.roll(p, 1), np.roll(p, -1), np.roll(p, -2)
    t = np.linspace(0, 1, per_segment, endpoint=False)[:, None]
    cubic = 3 * (p - after) + beyond - before
    square = 2 * before - 5 * p + 4 * after - beyond
    return (p + 0.5 * t * (after - before + t * (square + t * cubic))).T.ravel()
