"""Light as a lens gives it: soft layers, the shapes lights take out of focus, falloff towards the corners.

What is soft needs few pixels. A soft layer is 96 pixels wide at every size of the cover, whatever is drawn on it lies
where the same numbers put it on the cover, and `Canvas.paint(layer.image)` enlarges it over the cover.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from helpers.sources.synthetic.canvas import Canvas, ellipse
from helpers.sources.synthetic.palettes import RGB

_SIDE, _MARGIN = 80, 8  # pixels; Canvas.paint takes a picture that reaches a tenth of a side beyond every edge

_TURNS = np.arange(60) / 60
_CIRCLE = np.exp(2j * np.pi * _TURNS)
_PENTAGON = _CIRCLE * np.cos(np.pi / 5) / np.cos(np.pi / 5 - 2 * np.pi * (_TURNS - np.floor(_TURNS * 5) / 5))


def soft_layer(colour: RGB | int) -> Canvas:
    """A soft layer filled with one colour, or, to be used as a mask, with one value from 0 to 255."""
    return Canvas(
        Image.new("L" if isinstance(colour, int) else "RGB", (_SIDE + 2 * _MARGIN,) * 2, colour),
        _MARGIN * (1 + 1j),
        _SIDE,
    )


def aperture(centre: complex, width: float, curvature: float, turn: float = 0.0) -> np.ndarray:
    """What a small light becomes out of focus: a pentagon at curvature 0, a disc at 1, turned by `turn` radians."""
    outline = (1 - curvature) * 1.15 * _PENTAGON + curvature * _CIRCLE
    return centre + 0.5 * width * np.exp(1j * (turn - np.pi / 2)) * outline


def ring(centre: complex, width: float, thickness: float) -> np.ndarray:
    """A circle drawn with a pen: `width` across, `thickness` of the line."""
    outer, inner = ellipse(centre, width), ellipse(centre, width - 2 * thickness)[::-1]
    return np.concatenate([outer, outer[:1], inner, inner[:1]])


def blur(layer: Canvas, across: float, along: float | None = None) -> None:
    """Blur a soft layer by `across` sides of the cover in every direction, or by `along` in the vertical one."""
    along = across if along is None else along
    layer.image.paste(layer.image.filter(ImageFilter.BoxBlur((_SIDE * across, _SIDE * along))))


def shine(layer: Canvas, lights: Iterable[tuple[np.ndarray, RGB]], across: float, along: float | None = None) -> None:
    """Add light to a soft layer: shapes and their colours, blurred as by `blur`; what overlaps adds up."""
    sheets = [Canvas(Image.new("RGB", layer.image.size), layer.origin, layer.scale) for _ in range(2)]
    for k, (points, colour) in enumerate(lights):
        sheets[k % 2].polygon(points, colour)
    light = Canvas(ImageChops.add(sheets[0].image, sheets[1].image))
    blur(light, across, along)
    layer.image.paste(ImageChops.screen(layer.image, light.image))


def vignette(layer: Canvas, colour: RGB, strength: float) -> None:
    """Fade a soft layer into a colour towards the corners, where it covers by `strength`, 0 to 1."""
    layer.image.paste(colour, mask=_falloff(round(10 * strength)))


@lru_cache
def _falloff(tenths: int) -> Image.Image:
    mask = Image.radial_gradient("L").resize((_SIDE + 2 * _MARGIN,) * 2)
    return mask.point(lambda v: v * v * tenths // 2550)


def duotone(layer: Canvas, dark: RGB, middle: RGB, bright: RGB) -> None:
    """Print a soft layer in shades of one ink."""
    layer.image.paste(ImageOps.colorize(layer.image.convert("L"), dark, bright, middle))
