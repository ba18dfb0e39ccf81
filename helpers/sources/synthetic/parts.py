"""What the layouts are put together from: backdrops, lettering, waves."""

import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, ellipse, text_width
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.style import Style

MIDDLE = 0.5 + 0.5j


def plain(colour: RGB) -> Image.Image:
    return Image.new("RGB", (1, 1), colour)


def gradient(first: RGB, last: RGB, shares: tuple[float, ...] = (0, 0.2, 0.8, 1)) -> Image.Image:
    """A column of colours to be enlarged smoothly."""
    column = Image.new("RGB", (1, len(shares)))
    column.putdata([mix(first, last, share) for share in shares])
    return column


def backdrop(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Fill the canvas: one flat colour, a gradient, a glow, or clouds like a blurred photograph."""
    u, noise = rng.random(2), rng.bytes(25)
    other = mix(style.ground, (style.deep, style.deep, style.main, style.accent)[int(4 * u[0])], 0.8)
    if style.backdrop in ("flat", "black", "white"):
        canvas.paint(plain(style.ground))
    elif style.backdrop == "gradient":
        canvas.paint(gradient(style.ground, other) if u[1] < 0.6 else gradient(other, style.ground))
    elif style.backdrop == "glow":
        canvas.paint(plain(mix(style.ground, style.light, 0.35)))
        canvas.paint(plain(other), Image.radial_gradient("L"))
    else:
        canvas.paint(plain(style.ground))
        canvas.paint(plain(other), Image.frombytes("L", (5, 5), noise).resize((48, 48), Image.Resampling.BICUBIC))


def lettering(canvas: Canvas, style: Style, y: float, align: str, left: float = 0.07, right: float = 0.93,
              room: float = 0.28, rise: bool = False) -> None:  # fmt: skip
    """Set the style's lines between `left` and `right`, the first one largest.

    They start at height `y` and go down, or end there when `rise`, and are made smaller to stay within `room`.
    The colour, nearly white or nearly black, is the one that stands out from what is already drawn there.
    """
    rows = []
    for i, words in enumerate(style.lines):
        wanted = style.type_size * (1.5 if style.typeface == "hand" else 1) * (0.5 if i else 1)
        fits = (right - left) / text_width(words, style.typeface)
        halves = _halves(words) if i == 0 and fits < 0.75 * wanted else [words]  # two lines rather than a small one
        rows += [(part, min(wanted, (right - left) / text_width(part, style.typeface))) for part in halves]
    leading = 0.95
    height = leading * sum(size for _, size in rows)
    if not rows:
        return
    shrink = min(1, room / height)
    y -= height * shrink if rise else 0
    under = canvas.brightness(complex(left, y), complex(right, y + height * shrink))
    inks = mix(style.light, (255, 255, 255), 0.5), mix(style.deep, (0, 0, 0), 0.4)
    colour = max(inks, key=lambda ink: abs(brightness(ink) - under))
    at = {"left": left, "centre": (left + right) / 2, "right": right}[align]
    for words, size in rows:
        y += leading * size * shrink
        canvas.text(words, complex(at, y - 0.15 * size * shrink), size * shrink, colour, style.typeface, align)


def type_height(style: Style) -> float:
    """Height of a strip that holds the style's lines; 0 where there are none."""
    return 0.07 + style.type_size * (0.98, 1.45)[len(style.lines) - 1] if style.lines else 0.0


def _halves(words: str) -> list[str]:
    """Break a line at the space nearest its middle."""
    spaces = [k for k, letter in enumerate(words) if letter == " "]
    if not spaces:
        return [words]
    middle = min(spaces, key=lambda k: abs(k - len(words) / 2))
    return [words[:middle], words[middle + 1 :]]


def wave(x: np.ndarray, phase: float, frequency: float, curvature: float) -> np.ndarray:
    """A wave between -1 and 1: a zigzag at curvature 0, a cosine at 1."""
    turns = frequency * x + phase
    zigzag = 4 * np.abs(turns - np.floor(turns + 0.5)) - 1
    return (1 - curvature) * zigzag - curvature * np.cos(2 * np.pi * turns)


def bloom(style: Style, lobes: int, depth: float, rough: np.ndarray) -> np.ndarray:
    """A star or a flower around 0, radius 0.5: pointed or round, even or, by eight numbers in `rough`, uneven."""
    turns = np.arange(240) / 240
    petals = 1 - depth * (1 - wave(turns, 0.5, lobes, style.curvature))
    uneven = 1 + 0.35 * style.irregularity * (np.interp(turns, np.arange(8) / 8, rough[:8], period=1) - 0.5)
    return 0.5 * petals * uneven * np.exp(2j * np.pi * (turns - 0.25))


def chip(size: float, curvature: float) -> np.ndarray:
    """A lozenge around 0, as wide as `size`, that becomes a disc as curvature goes from 0 to 1."""
    return size * (curvature * _DISC + (1 - curvature) * _LOZENGE)


_DISC = ellipse(0, 1)[::4]
_LOZENGE = _DISC / (np.abs(_DISC.real) + np.abs(_DISC.imag)) / 2
