import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, sector
from helpers.sources.synthetic.palettes import RGB, mix
from helpers.sources.synthetic.parts import MIDDLE, backdrop, bloom, lettering
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

Inks = tuple[RGB, RGB, RGB, RGB]


def emblem(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """One large mark on a plain ground: a bloom or star, a burst, an eye, a record; or a face in a medallion."""
    u, rough = rng.random(4), rng.random(8)
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    centre = complex(0.5 + style.offset, 0.41 if style.lines else 0.5)
    radius = (0.33 if style.lines else 0.4) * style.scale
    mark = canvas.within(centre - radius * (1 + 1j), 2 * radius)
    inks = (style.main, style.deep, style.accent, style.light)
    if u[0] < 0.5:
        inks = inks[::-1]
    marks = {"bloom": _bloom, "burst": _burst} | ({} if style.figure else {"eye": _eye, "record": _record})
    draw = marks[choose(style.genre, marks, u[1])]
    draw(mark, style, inks, u[2:], rough)
    if style.figure:
        mark.polygon(ellipse(MIDDLE, 0.69), style.deep)
        disc = ellipse(MIDDLE, 0.625)
        with mark.clipped(disc) as medallion:
            medallion.polygon(disc, style.accent)
            bust(medallion.within(0.19 * (1 + 1j), 0.62), style, "print", rng)
    lettering(canvas, style, 0.96, "centre", room=0.22, rise=True)


def _bloom(mark: Canvas, style: Style, inks: Inks, u: np.ndarray, rough: np.ndarray) -> None:
    """Stars and flowers, one within the other: pointed or round, even or uneven."""
    lobes, rings = round(style.frequency) + 1, 1 + style.shapes // 2
    outline = bloom(style, lobes, 0.06 + 0.25 * u[0], rough)
    for k in range(rings):
        twist = np.exp(1j * np.pi / lobes * (k % 2)) if u[1] < 0.4 else 1
        mark.polygon(MIDDLE + (1 - k / (rings + 0.6)) * outline * twist, inks[k % 4])


def _burst(mark: Canvas, style: Style, inks: Inks, u: np.ndarray, rough: np.ndarray) -> None:
    """Long and short rays around a disc."""
    rays = 2 * round(style.frequency) + 2
    for k in range(rays):
        start = (k + 0.6 * style.irregularity * (rough[k % 8] - 0.5)) / rays
        mark.polygon(sector(MIDDLE, (0.5, 0.38)[k % 2], start, start + 0.6 / rays), inks[k % 2 * 2])
    mark.polygon(ellipse(MIDDLE, 0.35), inks[0])


def _eye(mark: Canvas, style: Style, inks: Inks, u: np.ndarray, rough: np.ndarray) -> None:
    """An eye, almond or lozenge."""
    x = np.linspace(-1, 1, 49)
    lid = (1 - style.curvature) * (1 - np.abs(x)) + style.curvature * np.cos(x * np.pi / 2)
    mark.polygon(MIDDLE + 0.57 * np.append(x - 0.75j * lid, x[::-1] + 0.75j * lid[::-1]), inks[0])
    rings = 1 + style.shapes // 2
    for k in range(rings):
        mark.polygon(ellipse(MIDDLE, 0.65 * (1 - k / rings)), inks[(k + 1) % 4])


def _record(mark: Canvas, style: Style, inks: Inks, u: np.ndarray, rough: np.ndarray) -> None:
    """A gramophone record."""
    mark.polygon(ellipse(MIDDLE, 1.04), mix(style.deep, (0, 0, 0), 0.5))
    grooves = round(style.frequency) + 1
    for k in range(grooves):
        mark.polygon(ellipse(MIDDLE, 1 - 0.55 * k / grooves), mix(style.deep, style.light, (0.05, 0.25)[k % 2]))
    mark.polygon(ellipse(MIDDLE, 0.4), inks[0] if u[0] < 0.5 else inks[2])
    mark.polygon(ellipse(MIDDLE, 0.06), style.ground)
