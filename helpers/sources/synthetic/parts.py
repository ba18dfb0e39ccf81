"""What the layouts are put together from: backdrops, lettering, waves, people."""

import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, smooth, text_width
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.style import Style

MIDDLE = 0.5 + 0.5j
SKINS = ((241, 205, 176), (232, 184, 150), (201, 139, 99), (141, 90, 59), (92, 58, 42))


def plain(colour: RGB) -> Image.Image:
    return Image.new("RGB", (1, 1), colour)


def gradient(first: RGB, last: RGB, shares: tuple[float, ...] = (0, 0.2, 0.8, 1)) -> Image.Image:
    """A column of colours to be enlarged smoothly."""
    column = Image.new("RGB", (1, len(shares)))
    column.putdata([mix(first, last, share) for share in shares])
    return column


def backdrop(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Fill the canvas: one flat colour, a gradient, a glow, or clouds like a photograph out of focus."""
    u, noise = rng.random(2), rng.bytes(25)
    other = mix(style.ground, (style.deep, style.deep, style.main, style.accent)[int(4 * u[0])], 0.8)
    if style.backdrop == "flat":
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


def person(canvas: Canvas, foot: complex, height: float, colour: RGB, guitar: bool) -> None:
    """A small standing figure."""

    def put(*points):
        canvas.polygon(foot + height * np.array(points), colour)

    put(*ellipse(-0.91j, 0.15, 0.18))
    put(
        -0.13 - 0.8j,
        0.13 - 0.8j,
        0.17 - 0.45j,
        0.11 - 0.42j,
        0.1,
        0.02,
        -0.4j,
        -0.02,
        -0.1,
        -0.11 - 0.42j,
        -0.17 - 0.45j,
    )
    if guitar:
        put(*ellipse(0.1 - 0.48j, 0.26, 0.2))
        put(0.1 - 0.52j, 0.42 - 0.72j, 0.44 - 0.68j, 0.12 - 0.45j)


# Outlines of the bust, for a head in the middle of the unit square; the last three are drawn over the face.
_SHOULDERS = smooth([-0.6 + 1.4j, -0.45 + 0.87j, -0.16 + 0.74j, 0.16 + 0.74j, 0.45 + 0.87j, 0.6 + 1.4j])
_NECK = np.array([0.1 + 0.5j, 0.11 + 0.8j, 0.88j, -0.11 + 0.8j, -0.1 + 0.5j])
_FACE = smooth(
    [-0.17 + 0.33j, -0.1 + 0.17j, 0.1 + 0.17j, 0.17 + 0.33j, 0.155 + 0.5j, 0.05 + 0.645j, -0.05 + 0.645j, -0.155 + 0.5j]
)
_HAIR_BEHIND = {
    "long": smooth([-0.23 + 0.25j, 0.07j, 0.23 + 0.25j, 0.29 + 0.6j, 0.27 + 0.85j, -0.27 + 0.85j, -0.29 + 0.6j]),
    "round": ellipse(0.3j, 0.62, 0.54),
    "bob": smooth([-0.24 + 0.3j, 0.08j, 0.24 + 0.3j, 0.26 + 0.54j, 0.12 + 0.6j, -0.12 + 0.6j, -0.26 + 0.54j]),
}
_FRINGE = smooth([-0.19 + 0.4j, -0.17 + 0.2j, 0.11j, 0.17 + 0.2j, 0.19 + 0.4j, 0.12 + 0.27j, -0.06 + 0.24j])
_SHORT = smooth([-0.185 + 0.38j, -0.18 + 0.2j, 0.09j, 0.18 + 0.2j, 0.185 + 0.38j, 0.13 + 0.25j, 0.21j, -0.13 + 0.25j])
_HAT = smooth([-0.18 + 0.23j, -0.16 + 0.06j, 0.08j, 0.16 + 0.06j, 0.18 + 0.23j])
_CROP = smooth([-0.18 + 0.27j, -0.14 + 0.13j, 0.1j, 0.14 + 0.13j, 0.18 + 0.27j, 0.22j])
_BEARD = smooth([-0.165 + 0.45j, -0.1 + 0.52j, 0.1 + 0.52j, 0.165 + 0.45j, 0.12 + 0.64j, 0.69j, -0.12 + 0.64j])
_HAIR_BEFORE = {
    "long": [_FRINGE],
    "round": [_FRINGE],
    "bob": [_FRINGE],
    "short": [_SHORT],
    "hat": [ellipse(0.23j, 0.56, 0.09), _HAT],
    "beard": [_CROP, _BEARD],
}


def bust(canvas: Canvas, style: Style, manner: str, rng: np.random.Generator) -> None:
    """Head and shoulders filling the canvas, lit from one side.

    `manner` is "natural" (skin and hair as they are), "print" (the palette's colours) or "silhouette" (one colour).
    """
    u = rng.random(8)
    side = 1 if u[0] < 0.5 else -1

    def put(points: np.ndarray, colour: RGB) -> None:
        canvas.polygon(0.5 + (side * points.real + 1j * points.imag), colour)

    if manner == "silhouette":
        skin = hair = mix(style.deep, (0, 0, 0), 0.4)
        cloth = mix(hair, style.main, 0.3)
    elif manner == "print":
        skin, hair, cloth = style.light, style.deep, style.main
    else:
        skin = mix(SKINS[int(len(SKINS) * u[1])], style.accent, 0.15)
        hair = mix(style.deep, (20, 14, 12), 0.5)
        cloth = (style.main, style.accent, style.deep)[int(3 * u[2])]
    shade = mix(skin, hair, 0.45)
    hairdo = tuple(_HAIR_BEFORE)[int(len(_HAIR_BEFORE) * u[3])]
    turn = 0.05 * u[4]  # of the head to one side

    if hairdo in _HAIR_BEHIND:
        put(_HAIR_BEHIND[hairdo], hair)
    put(_SHOULDERS, cloth)
    put(_NECK, shade)
    put(_FACE, skin)
    edge = 0.06 - turn
    put(np.where(_FACE.real > edge, _FACE, edge + 0.03 * np.sin(9 * _FACE.imag) + 1j * _FACE.imag), shade)
    for points in _HAIR_BEFORE[hairdo]:
        put(points, hair)
    eyes = -turn + 0.4j
    if u[5] < 0.3:  # sunglasses
        put(rectangle(eyes - 0.1 - 0.025j, 0.2, 0.02), hair)
        for x in (-0.075, 0.075):
            put(ellipse(eyes + x, 0.12, 0.085), hair)
    else:
        for x in (-0.075, 0.075):
            put(ellipse(eyes + x, 0.055, 0.026), hair)
            put(rectangle(eyes + x - 0.04 - 0.045j, 0.08, 0.016), hair)
    put(-turn + np.array([0.42j, -0.025 + 0.49j, 0.012 + 0.495j]), shade)
    put(ellipse(-turn + 0.555j, 0.085, 0.026), mix(shade, (190, 50, 60), 0.0 if manner == "silhouette" else 0.5))
