"""The six layouts. Each draws one cover on a canvas from its Style; chance decides only what no factor explains.

Every layout asks for its random numbers first and in fixed amounts, so that changing a factor leaves them as they were.
"""

from dataclasses import replace

import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, sector
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.parts import backdrop, bust, gradient, lettering, person, plain, wave
from helpers.sources.synthetic.style import Style

MIDDLE = 0.5 + 0.5j
Inks = tuple[RGB, RGB, RGB, RGB]


def horizon(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Sky, a sun or moon, and below them ridges, a town or the sea."""
    u, noise, rough = rng.random(10), rng.bytes(21), rng.random((6, 32))
    deep, main, accent, light = style.deep, style.main, style.accent, style.light
    high, low = ((deep, accent), (style.ground, light), (deep, main), (accent, light))[int(4 * u[0])]
    canvas.paint(gradient(high, low, (0, 0.15, 0.5, 0.9, 1, 1)))
    if style.backdrop == "clouds":
        mask = Image.frombytes("L", (3, 7), noise).point(lambda v: v // 2)
        canvas.paint(plain(light), mask.resize((48, 48), Image.Resampling.BICUBIC))
    canvas = canvas.within(0, 1, style.tilt)
    level, middle = 0.5 + 0.2 * u[1], 0.5 + style.offset
    sun, size = complex(middle, level - 0.05 - 0.2 * u[2]), (0.18 + 0.22 * u[3]) * style.scale
    shine = light if brightness(low) < 0.6 else accent
    if style.shapes > 6:
        for k in range(12):
            canvas.polygon(sector(sun, 1.2, (k - 0.22) / 12, (k + 0.22) / 12), mix(low, light, 0.35))
    canvas.polygon(ellipse(sun, size), shine)
    far = mix(low, main if u[4] < 0.5 else style.ground, 0.45)
    if u[5] < 0.2:
        _sea(canvas, style, level, mix(far, deep, 0.6), complex(middle, size), shine, rough)
    else:
        _ridges(canvas, style, level, far, rough, town=u[5] < 0.35)
    if style.figure:
        foot = complex(middle + 0.2 * (u[6] - 0.5), 0.97)
        person(canvas, foot, 0.36 * style.scale, mix(deep, (0, 0, 0), 0.6), guitar=u[7] < 0.5)
    below = u[8] < 0.35
    lettering(canvas, style, 0.95 if below else 0.06, ("left", "centre", "centre", "right")[int(4 * u[9])], rise=below)


def _sea(canvas: Canvas, style: Style, level: float, water: RGB, sun: complex, shine: RGB, rough: np.ndarray) -> None:
    """Water, and on it the light of a sun at x `sun.real`, `sun.imag` wide."""
    canvas.polygon(rectangle(complex(-0.3, level), 1.6, 1), water)
    glints = 2 + 2 * (style.shapes // 2)
    for k in range(glints):
        at = complex(
            sun.real + 0.1 * style.irregularity * (rough[1, k] - 0.5), level + (1 - level) * (k + 0.4) / glints
        )
        canvas.polygon(ellipse(at, sun.imag * (0.5 + 0.9 * rough[0, k]) * (1 + 2 * k / glints), 0.03), shine)


def _ridges(canvas: Canvas, style: Style, level: float, far: RGB, rough: np.ndarray, town: bool) -> None:
    """Hills or flat roofs, one row behind the other, darker towards the viewer."""
    x = np.linspace(-0.2, 1.2, 113)
    rows = 1 + style.shapes // 2
    for k in range(rows):
        pace = style.frequency * (0.35 + 0.15 * rough[k, 31])
        if town:
            rise = 0.25 * (1 - k / rows) * rough[k, np.floor(2 * pace * x).astype(int) % 31] - 0.06
        else:
            uneven = np.interp(x, np.linspace(-0.2, 1.2, 4), 1.6 * rough[k, :4] - 0.8)
            rise = 0.07 * (1 + style.irregularity * uneven) * wave(x, rough[k, 30], pace, style.curvature)
        crest = x + 1j * (level + (1 - level) * 0.9 * k / rows - rise)
        canvas.polygon(np.append(crest, [1.3 + 1.3j, -0.3 + 1.3j]), mix(far, style.deep, (k + 1) / rows))


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
    draw = _bloom if u[1] < 0.5 or style.figure else (_burst, _eye, _record)[int(6 * u[1]) - 3]
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
    turns = np.arange(240) / 240
    lobes, rings = round(style.frequency) + 1, 1 + style.shapes // 2
    petals = 1 - (0.06 + 0.25 * u[0]) * (1 - wave(turns, 0.5, lobes, style.curvature))
    uneven = 1 + 0.35 * style.irregularity * (np.interp(turns, np.arange(8) / 8, rough, period=1) - 0.5)
    outline = 0.5 * petals * uneven * np.exp(2j * np.pi * (turns - 0.25))
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


def grid(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Swiss order: a board of simple tiles and a band of type."""
    u, tiles = rng.random(4), rng.random((64, 4))
    paper = style.ground if u[0] < 0.6 else style.light
    canvas.paint(plain(paper))
    canvas = canvas.within(0, 1, style.tilt)
    inks = (style.main, style.deep, style.accent, style.light)
    band = 0.24 if style.lines else 0.0
    rows = 2 + round(style.frequency * 0.45)
    cell = (1 - band) / rows
    columns = int(np.ceil(1 / cell - 1e-9))
    above = u[1] < 0.7  # the type is
    top = band if above else 0.0
    for row in range(rows):
        for column in range(columns):
            # Danceable covers repeat their first four tiles, others wander.
            regular = (row % 2) * 2 + column % 2
            tile = tiles[regular if style.irregularity < 0.4 else (row * 8 + column) % 64]
            if tile[0] > 0.4 + 0.065 * style.shapes:
                continue
            corner = complex(column * cell, top + row * cell) + style.jitter * complex(tile[1] - 0.5, tile[2] - 0.5)
            back, front = int(4 * tile[1]), (int(4 * tile[1]) + 1 + int(3 * tile[2])) % 4
            quarter = int(4 * tile[3])
            canvas.polygon(rectangle(corner, cell, cell), inks[back])
            square = np.array([0, 1, 1 + 1j, 1j])
            if tile[2] < 0.2:
                canvas.polygon(ellipse(corner + cell * MIDDLE, 0.8 * cell), inks[front])
            elif tile[2] < 0.2 + 0.8 * style.curvature:
                pivot = corner + cell * square[quarter]
                canvas.polygon(sector(pivot, cell, quarter / 4, (quarter + 1) / 4), inks[front])
            else:
                canvas.polygon(corner + cell * np.delete(square, quarter), inks[front])
    if style.figure:
        side = cell * max(rows - 1, 1)
        corner = complex((columns - rows + 1) * cell, top + cell * (u[2] < 0.5))
        with canvas.clipped(rectangle(corner, side, side)) as window:
            window.polygon(rectangle(corner, side, side), style.accent)
            bust(window.within(corner, side), style, "natural" if u[3] < 0.4 else "print", rng)
    if style.lines:
        canvas.polygon(rectangle(-0.2 - 0.2j if above else complex(-0.2, 1 - band), 1.4, band + 0.2), paper)
        lettering(canvas, style, 0.02 if above else 1 - band + 0.01, "left", left=0.05, right=0.95, room=band - 0.03)


def portrait(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """A singer, head and shoulders, drawn, printed or in silhouette."""
    u = rng.random(8)
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    side = (0.8 + 0.3 * u[0]) * style.scale
    corner = complex(0.5 + style.offset - side / 2, 1.03 - side)
    head = corner + side * (0.5 + 0.4j)
    behind = mix(style.ground, style.main, 0.65)
    manner = "natural" if u[2] < 0.55 else "print" if u[2] < 0.87 else "silhouette"
    if u[1] < 0.25 or manner == "silhouette":
        canvas.polygon(ellipse(head, 0.95 * side), style.accent)
    elif u[1] < 0.45:
        rays = 2 * round(style.frequency) + 2
        for k in range(rays):
            canvas.polygon(sector(head, 1.3, k / rays, (k + 0.5) / rays), behind)
    elif u[1] < 0.6:
        stripes = round(1.5 * style.frequency)
        for k in range(stripes):
            canvas.polygon(rectangle(complex(-0.1 + 1.2 * k / stripes, -0.2), 0.6 / stripes, 1.4), behind)
    bust(canvas.within(corner, side), style, manner, rng)
    below = u[4] < 0.6
    if style.backdrop in ("glow", "clouds"):  # as photographs are lit
        turn = 0 if below else (90, -90)[int(2 * u[5])]
        canvas.shade(mix(style.deep, (0, 0, 0), 0.5), 0.85 if below else 0.6, turn)
    align = ("left", "centre", "right")[int(3 * u[3])]
    lettering(canvas, style, 0.96 if below else 0.04, align, room=0.26 if below else 0.2, rise=below)


def pattern(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Rings, stripes, waves or dots from edge to edge, and a label."""
    u, rough = rng.random(6), rng.random((2, 48))
    backdrop(canvas, style, rng)
    upright = canvas.within(0, 1, style.tilt)
    canvas = canvas.within(0, 1, style.tilt + (0, 0, np.pi / 4, -np.pi / 4)[int(4 * u[0])])
    n = round(style.frequency * 1.3) + 2
    inks = (style.main, style.deep, style.light, style.accent)
    colours = 1 + style.shapes // 3
    reach = range(-(n // 2), n + n // 2 + 1)
    kind = ("rings", "stripes", "waves", "dots")[int(4 * u[1])]
    x = np.linspace(-0.5, 1.5, 121)
    for k in range(n) if kind == "rings" else reach:
        y = (k + 0.5 + 0.9 * style.irregularity * (rough[0, k] - 0.5)) / n
        if kind == "rings":
            colour = inks[k % colours] if colours > 1 else (style.main, style.ground)[k % 2]
            canvas.polygon(ellipse(MIDDLE + style.offset, 1.55 * (1 - y)), colour)
        elif kind == "stripes":
            canvas.polygon(rectangle(complex(-0.5, y), 2, 0.5 / n), inks[k % colours])
        elif kind == "waves":
            line = x + 1j * (y + 0.06 * wave(x, u[2], 1 + style.frequency / 3, style.curvature))
            canvas.polygon(np.concatenate([line, line[::-1] + 0.5j / n]), inks[k % colours])
        else:
            for j in reach:
                at = complex((j + 0.5 + 0.5 * (k % 2)) / n, y) + style.jitter * complex(
                    rough[0, j] - 0.5, rough[1, k] - 0.5
                )
                canvas.polygon(ellipse(at, (0.35 + 0.45 * (j + k) / (2 * n)) / n), inks[(j + k) % colours])
    if style.figure:
        side = 0.9 * style.scale
        corner = complex(0.5 + style.offset - side / 2, 1.02 - side)
        bust(upright.within(corner, side), style, "natural" if u[4] < 0.4 else "print", rng)
    if style.lines:
        height = 0.28 if len(style.lines) > 1 else 0.2
        top = 0.97 - height if style.figure or u[5] < 0.3 else 0.5 - height / 2
        upright.polygon(rectangle(complex(0.1, top), 0.8, height), style.light if u[3] < 0.6 else style.deep)
        lettering(upright, style, top + 0.03, "centre", left=0.15, right=0.85, room=height - 0.06)


def frame(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """A picture, itself one of the other layouts, with a wide border and the type beside it."""
    u = rng.random(7)
    canvas.paint(plain((style.light, style.light, style.ground, style.deep)[int(4 * u[0])]))
    canvas = canvas.within(0, 1, style.tilt)
    side = 0.58 + 0.14 * u[1] if style.lines else 0.78
    below = u[2] < 0.5  # the type is
    top = 0.5 - side / 2 if not style.lines else 0.07 if below else 0.93 - side
    corner = complex(0.5 + 0.5 * style.offset - side / 2, top)
    middle = corner + side * MIDDLE
    window = ellipse(middle, side) if u[3] < 0.2 else rectangle(corner, side, side)
    if u[4] < 0.4:
        canvas.polygon(middle + 1.07 * (window - middle), style.accent)
    with canvas.clipped(window) as view:
        inside = portrait if style.figure else (horizon, horizon, emblem, pattern)[int(4 * u[5])]
        inside(view.within(corner, side), replace(style, lines=(), tilt=0.0), rng)
    align = "left" if u[6] < 0.5 and u[3] >= 0.2 else "centre"
    left = corner.real if align == "left" else 0.07
    room = 0.93 - side - 0.08
    lettering(canvas, style, 0.07 + side + 0.03 if below else 0.04, align, left=left, right=0.94, room=room)


DRAW = {"horizon": horizon, "emblem": emblem, "grid": grid, "portrait": portrait, "pattern": pattern, "frame": frame}
