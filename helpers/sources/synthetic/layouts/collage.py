from collections.abc import Callable

import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle
from helpers.sources.synthetic.palettes import RGB, mix
from helpers.sources.synthetic.parts import MIDDLE, backdrop, bloom, chip, lettering, type_height, wave
from helpers.sources.synthetic.people import draw_bust, make_looks
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
Fill = Callable[[Canvas, Style, RGB, RGB, np.ndarray, float], None]  # prints on a piece of paper in two inks
_ROUND = np.exp(2j * np.pi * (np.arange(48) + 0.5) / 48)
_SQUARE = 0.9 * _ROUND / np.maximum(np.abs(_ROUND.real), np.abs(_ROUND.imag))


def collage(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Cut and torn paper: one large picture, of a face or a thing, and around it scraps, tape and paint."""
    u, rough = rng.random(12), rng.random((10, 16))
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    inks = (style.main, style.accent, style.light, style.deep)
    first = int(4 * u[0])
    inks = inks[first:] + inks[:first]
    below = u[1] < 0.5  # the type is
    strip = type_height(style)
    centre = complex(0.5 + style.offset, 0.5 + (-0.45 if below else 0.45) * strip)
    size = 0.66 * style.scale * (1 - 0.4 * strip)

    # The scraps lie a golden angle apart, so that they surround the picture however many there are.
    fills = (_stripes, _dots, _checks, _eye if style.figure else _flower, None)
    turn = 2 * np.pi * u[2]
    for k in range(style.shapes):
        v = rough[k]
        at = centre + (min(0.62 * size, 0.4) + 0.05 * (k % 3)) * np.exp(1j * (turn + 2.4 * k))
        at += 2 * style.jitter * complex(v[0] - 0.5, v[1] - 0.5)
        side = (0.62, 0.36, 0.26)[k % 3] * (0.8 + 0.3 * v[2])
        _glue(canvas, style, at, side, fills[int(5 * u[3] + k) % 5], inks[k % 4], inks[(k + 1) % 4], v)
    if u[4] < 0.5:
        _splash(canvas, style, centre + 0.5 * size * np.exp(1j * turn), size, inks[2], rough[8])
    pictures = {"facade": _facade, "flower": _flower, "sea": _sea}
    show = _face if style.figure else pictures[choose(style.genre, pictures, u[5])]
    _glue(canvas, style, centre, size, show, inks[1], inks[3], rough[9])
    for corner in (-0.4 - 0.46j, 0.42 - 0.44j)[: 1 + (u[6] < 0.5)]:
        lean = corner.real + 8 * style.jitter * (u[7] - 0.5)
        tape = canvas.within(centre + size * corner - 0.09 * (1 + 1j), 0.18, lean)
        tape.polygon(rectangle(0.35j, 1, 0.32), mix(style.light, style.accent, 0.3))
    if style.lines:
        label = canvas.within(0, 1, 2 * style.jitter * (u[8] - 0.5))
        top = 0.97 - strip if below else 0.03
        paper = rectangle(complex(0.04, top + 0.01), 0.92, strip - 0.02)
        label.polygon(paper + 0.012 + 0.018j, mix(style.ground, BLACK, 0.45))
        label.polygon(paper, (style.light, style.deep, style.ground)[int(3 * u[9])])
        align = ("left", "centre")[int(2 * u[10])]
        lettering(label, style, top + 0.03, align, left=0.09, right=0.91, room=strip - 0.06)


def _glue(
    canvas: Canvas, style: Style, at: complex, side: float, fill: Fill | None, ink: RGB, other: RGB, v: np.ndarray
) -> None:
    """A piece of paper with its shadow and its white edge, torn where uneven, and what is printed on it."""
    lean = 0.5 * style.irregularity * (v[3] - 0.5) + 9 * style.jitter * (v[4] - 0.5)
    torn = 1 + 0.35 * style.irregularity * (np.interp(np.arange(48) / 48, np.arange(9) / 9, v[5:14], period=1) - 0.5)
    torn[::2] -= 0.025 * style.irregularity
    roundness = min(max(1.6 * style.curvature - 0.3, 0), 1)
    piece = (roundness * _ROUND + (1 - roundness) * _SQUARE) * torn
    longer = 0.8 + 0.45 * v[14]
    piece = 0.5 * side * np.exp(1j * lean) * (longer * piece.real + 1j / longer * piece.imag)
    canvas.polygon(at + 0.012 + 0.018j + 1.04 * piece, mix(style.ground, BLACK, 0.45))
    canvas.polygon(at + 1.04 * piece, mix(style.light, WHITE, 0.4))
    canvas.polygon(at + piece, ink)
    if fill:
        with canvas.clipped(at + piece) as view:
            fill(view.within(at - side * MIDDLE, side, lean), style, ink, other, v, side)


def _stripes(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    n = round(style.frequency * (0.6 + side))
    x = np.linspace(-0.1, 1.1, 41)
    for k in range(n):
        y = (k + 0.6 * style.irregularity * (v[k % 16] - 0.5)) / n
        line = x + 1j * (y + 0.25 / n * wave(x, v[0], n / 2, style.curvature))
        view.polygon(np.append(line, line[::-1] + 0.5j / n), other)


def _dots(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    """A printer's screen, fading to one side."""
    n = round(style.frequency * (0.45 + 0.5 * side))
    tile = chip(1.25 / n, style.curvature)
    for row in range(n):
        for column in range(n + 1):
            view.polygon(complex(column + 0.5 * (row % 2), row + 0.5) / n + tile * (0.3 + 0.7 * (row + 0.5) / n), other)


def _checks(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    n = round(style.frequency * (0.45 + 0.5 * side))
    for row in range(n):
        for column in range(row % 2, n, 2):
            view.polygon(rectangle(complex(column, row) / n, 1 / n, 1 / n), other)


def _eye(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    """An eye out of a magazine."""
    x = np.linspace(-1, 1, 25)
    lid = 0.5 * (1 - x * x)
    view.polygon(rectangle(-0.5 - 0.5j, 2, 2), mix(style.light, other, 0.25))
    for height, colour in ((1.5, style.deep), (1.1, WHITE)):
        view.polygon(MIDDLE + 0.42 * np.append(x - height * 1j * lid, x[::-1] + 1j * lid[::-1]), colour)
    for width, colour in ((0.33, other), (0.17, BLACK)):
        view.polygon(ellipse(MIDDLE - 0.03j, width), colour)
    view.polygon(
        np.append(0.08 + 0.84 * (x + 1) / 2 + 1j * (0.12 + 0.1 * x * x), [0.9 + 0.3j, 0.5 + 0.2j, 0.1 + 0.3j]),
        style.deep,
    )


def _flower(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    lobes = round(style.frequency) + 1
    outline = bloom(style, lobes, 0.22, v[:8])
    for k, colour in enumerate((other, mix(other, ink, 0.5), style.deep, style.accent)):
        view.polygon(MIDDLE + (0.95, 0.7, 0.36, 0.22)[k] * outline * np.exp(1j * np.pi * (k % 2) / lobes), colour)


def _facade(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    """A building against the sky."""
    n = round(0.8 * style.frequency) + 1
    wall, dark = mix(other, style.light, 0.3), mix(style.deep, BLACK, 0.3)
    view.polygon(np.array([0.12 + 0.1j, 0.7 + 0.22j, 0.7 + 1.2j, 0.12 + 1.2j]), wall)
    view.polygon(np.array([0.7 + 0.22j, 0.9 + 0.14j, 0.9 + 1.2j, 0.7 + 1.2j]), mix(wall, dark, 0.5))
    for row in range(n):
        for column in range(n):
            x = 0.12 + 0.58 * (column + 0.25) / n
            y = 0.12 + 0.2 * (x - 0.12) + 0.95 * (row + 0.3) / n
            lit = v[(3 * row + 5 * column) % 16] < 0.3
            view.polygon(rectangle(complex(x, y), 0.32 / n, 0.5 / n), style.accent if lit else dark)


def _sea(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    """The sun over waves."""
    view.polygon(ellipse(0.5 + 0.42j, 0.5), other)
    x, n = np.linspace(-0.1, 1.1, 61), 3 + style.shapes // 3
    for k in range(n):
        line = x + 1j * (0.52 + 0.48 * k / n + 0.03 * wave(x, v[k], style.frequency, style.curvature))
        view.polygon(
            np.append(line, [1.3 + 1.3j, -0.3 + 1.3j]),
            mix(style.deep, ink if k % 2 else style.light, 0.6 * (k % 2) + 0.1),
        )


def _face(view: Canvas, style: Style, ink: RGB, other: RGB, v: np.ndarray, side: float) -> None:
    """A face too near to be seen whole, at times cut through and put together wrongly."""
    if v[0] < 0.5:
        _stripes(view, style, ink, mix(ink, other, 0.5), v, side)
    looks = make_looks(style, "natural" if v[15] < 0.5 else "print", v[3:13])
    draw_bust(view.within(-0.2 - 0.12j, 1.4), looks)
    if v[1] < 0.4:
        cut = rectangle(-0.5 + 0.52j, 2, 2)
        with view.clipped(cut) as rest:
            rest.polygon(cut, other)
            draw_bust(rest.within(-0.2 + 0.14 * (v[2] - 0.5) - 0.05j, 1.4), looks)


def _splash(canvas: Canvas, style: Style, at: complex, size: float, colour: RGB, v: np.ndarray) -> None:
    """Paint: a blot, and drops flung from it."""
    canvas.polygon(at + 0.55 * size * bloom(style, round(style.frequency) + 2, 0.3, v[:8]), colour)
    for k in range(style.shapes):
        away = (0.3 + 0.35 * v[k]) * size * np.exp(2j * np.pi * (k / style.shapes + 0.1 * v[k + 5]))
        canvas.polygon(at + away + chip(0.03 + 0.04 * v[15 - k], style.curvature), colour)
