from functools import lru_cache

import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, sector
from helpers.sources.synthetic.light import aperture, ring
from helpers.sources.synthetic.palettes import mix
from helpers.sources.synthetic.parts import MIDDLE, backdrop, lettering, plain, wave
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose


def label(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """A gramophone record: in a sleeve with a hole, sliding out of one, on a table, or its label seen from near."""
    u, rough = rng.random(7), rng.random(16)
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    views = {"sleeve": _in_sleeve, "sliding": _sliding, "table": _on_table, "near": _near}
    views[choose(style.genre, views, u[0])](canvas, style, u[1:], rough, rng)


def _in_sleeve(canvas: Canvas, style: Style, u: np.ndarray, rough: np.ndarray, rng: np.random.Generator) -> None:
    """A company sleeve; the label is seen through its hole."""
    centre = complex(0.5 + style.offset, 0.59 if style.lines else 0.5)
    _print(canvas, style, centre, u, rough)
    hole = 0.56 * style.scale
    canvas.polygon(ellipse(centre + 0.01 + 0.015j, 1.05 * hole), mix(style.ground, (0, 0, 0), 0.6))
    with canvas.clipped(ellipse(centre, hole)) as seen:
        _record(seen, style, centre, 1.5 * hole, 0.46, u, rough, rng)
    if style.lines:
        height = min(1.5 * style.type_size, 0.24) + 0.05
        canvas.polygon(rectangle(-0.2 - 0.2j, 1.4, 0.2 + height), style.main if u[5] < 0.6 else style.light)
        lettering(canvas, style, 0.03, "centre", room=height - 0.05)


def _sliding(canvas: Canvas, style: Style, u: np.ndarray, rough: np.ndarray, rng: np.random.Generator) -> None:
    """A record half out of its sleeve."""
    side = 0.68 * style.scale
    corner = complex(0.08 + 0.5 * style.offset, 0.5 - side / 2)
    centre = corner + side * complex(0.86 + abs(style.offset), 0.5)
    _shadow(canvas, centre, 0.96 * side)
    _record(canvas, style, centre, 0.96 * side, 0.44, u, rough, rng)
    sleeve = rectangle(corner, side, side)
    canvas.polygon(sleeve + 0.015 + 0.02j, mix(style.ground, (0, 0, 0), 0.6))
    with canvas.clipped(sleeve) as front:
        front.polygon(sleeve, style.main)
        _print(front.within(corner, side), style, MIDDLE, u, rough)
        if style.figure:
            bust(front.within(corner + side * (0.1 + 0.22j), 0.8 * side), style, "print", rng)
        if style.lines:
            height = min(1.5 * style.type_size, 0.4 * side) + 0.04
            front.polygon(rectangle(corner - 0.01, side + 0.02, height), style.main if u[5] < 0.6 else style.light)
            right = corner.real + side - 0.04
            lettering(front, style, corner.imag + 0.02, "left", corner.real + 0.04, right, room=height - 0.04)


def _on_table(canvas: Canvas, style: Style, u: np.ndarray, rough: np.ndarray, rng: np.random.Generator) -> None:
    """A record on a table, larger than the cover or whole."""
    centre = complex(0.5 + style.offset, 0.45 if style.lines else 0.5)
    size = (0.8 if u[0] < 0.6 else 1.15) * style.scale
    _shadow(canvas, centre, size)
    _record(canvas, style, centre, size, 0.44, u, rough, rng)
    lettering(canvas, style, 0.97, "centre", room=0.26, rise=True)


def _near(canvas: Canvas, style: Style, u: np.ndarray, rough: np.ndarray, rng: np.random.Generator) -> None:
    """A label and a few grooves around it, the type on the label."""
    centre = complex(0.5 + 0.4 * style.offset, 0.5)
    _record(canvas, style, centre, 1.2 * style.scale, 0.7, u, rough, rng)
    if style.figure:
        lettering(canvas, style, 0.9, "centre", left=0.2, right=0.8, room=0.24, rise=True)
    else:
        lettering(canvas, style, 0.17, "centre", left=0.22, right=0.78, room=0.26)


def _record(canvas: Canvas, style: Style, centre: complex, size: float, share: float, u: np.ndarray, rough: np.ndarray,
            rng: np.random.Generator) -> None:  # fmt: skip
    """Grooves, their reflections, and a label of `share` of the record's size with its print."""
    vinyl = mix(style.deep, (8, 8, 10), 0.75) if u[1] < 0.8 else mix(style.accent, style.deep, 0.3)
    canvas.polygon(ellipse(centre, size), vinyl)
    grooves = round(1.2 * style.frequency)
    for k in range(grooves):
        uneven = 0.6 * style.irregularity * (rough[k] - 0.5)
        width = size * (0.97 - (0.95 - share) * (k + uneven) / grooves)
        canvas.polygon(ellipse(centre, width), mix(vinyl, style.light, (0.22, 0.03)[k % 2]))
    shine = mix(style.light, (255, 255, 255), 0.5)
    canvas.within(centre - size * MIDDLE, size).paint(plain(shine), _reflection(int(8 * u[2])))
    paper = (style.light, style.accent, style.main)[int(3 * u[3])]
    ink = mix(paper, style.deep, 0.7) if paper == style.accent else style.accent
    face = canvas.within(centre - share * size * MIDDLE, share * size)
    face.polygon(ellipse(MIDDLE, 1.05), mix(vinyl, (0, 0, 0), 0.3))
    face.polygon(ellipse(MIDDLE, 1), paper)
    if u[4] < 0.5:  # stripes across the lower half
        for k in range(style.shapes):
            y = 0.48 * (k + 0.1) / style.shapes
            ends = (0.25 - (y + np.array([0, 0.28 / style.shapes])) ** 2) ** 0.5
            edge = MIDDLE + 1j * y + np.array([0, 0.28j / style.shapes])
            face.polygon(np.append(edge + ends, (edge - ends)[::-1]), ink)
    else:  # spots around the middle, leaving room for type
        for k in range(style.shapes):
            turn = 0.6 * (k + 0.5 + 0.5 * style.irregularity * (rough[k] - 0.5)) / style.shapes - 0.05
            face.polygon(aperture(MIDDLE + 0.35 * np.exp(2j * np.pi * turn), 0.18, style.curvature), ink)
    face.polygon(ring(MIDDLE, 0.95, 0.015), style.deep)
    if style.figure:
        portrait = ellipse(MIDDLE, 0.78)
        with face.clipped(portrait) as printed:
            printed.polygon(portrait, ink)
            bust(printed.within(0.1 + 0.1j, 0.8), style, "print", rng)
    else:
        face.polygon(ellipse(MIDDLE, 0.07 + 0.01 / size), mix(style.deep, (0, 0, 0), 0.6))


def _print(canvas: Canvas, style: Style, centre: complex, u: np.ndarray, rough: np.ndarray) -> None:
    """What a company prints on its sleeves: rays or waves."""
    if u[5] < 0.5:
        rays = style.shapes + 2
        for k in range(rays):
            start = (k + 0.6 * style.irregularity * (rough[k] - 0.5)) / rays
            canvas.polygon(sector(centre, 1.3, start, start + 0.5 / rays), (style.light, style.deep)[int(2 * u[0])])
    else:
        x = np.linspace(-0.3, 1.3, 97)
        for k in range(style.shapes):
            y = (k + 0.25 + 0.6 * style.irregularity * (rough[k] - 0.5)) / style.shapes
            line = x + 1j * (y + 0.15 / style.shapes * wave(x, 0.0, style.frequency, style.curvature))
            ink = (style.light, style.deep, style.accent)[(k + int(3 * u[0])) % 3]
            canvas.polygon(np.append(line, line[::-1] + 0.45j / style.shapes), ink)


def _shadow(canvas: Canvas, centre: complex, size: float) -> None:
    """A soft shadow of a disc on what lies below it."""
    canvas.within(centre + 0.03j - size * MIDDLE, size).paint(plain((0, 0, 0)), _darkness())


@lru_cache
def _darkness() -> Image.Image:
    """A disc of a shadow, as a mask over 1.2 sides."""
    return Image.radial_gradient("L").reduce(4).point(lambda v: min(max(7 * (174 - v), 0), 150))


@lru_cache
def _reflection(turn: int) -> Image.Image:
    """Two bright wedges across a disc, as a mask over 1.2 sides, turned by `turn` times 22.5 degrees."""
    x, y = np.meshgrid(*[np.arange(96) - 47.5] * 2)
    square = x * x + y * y
    wedge = (x * x - y * y) / square
    for _ in range(3):
        wedge = wedge * wedge
    wedge *= (x * x > y * y) & (square < 38 * 38)
    return Image.fromarray((120 * wedge).astype(np.uint8)).rotate(22.5 * turn, Image.Resampling.BILINEAR)
