import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, smooth
from helpers.sources.synthetic.palettes import RGB, mix
from helpers.sources.synthetic.parts import backdrop, bloom, chip, lettering, type_height, wave
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
Inks = tuple[RGB, ...]

# Outlines in the unit square, standing on its lower edge and beyond. The heads look to the right.
_FACE = [0.6 + 0.17j, 0.672 + 0.25j, 0.69 + 0.33j, 0.676 + 0.385j, 0.708 + 0.44j, 0.757 + 0.497j, 0.742 + 0.52j,
         0.704 + 0.532j, 0.703 + 0.55j, 0.726 + 0.572j, 0.706 + 0.588j, 0.719 + 0.608j, 0.692 + 0.632j, 0.702 + 0.672j,
         0.682 + 0.712j, 0.62 + 0.722j, 0.56 + 0.75j, 0.548 + 0.84j]  # fmt: skip
_CHEST = [0.6 + 0.91j, 0.76 + 0.99j, 0.84 + 1.4j, 0.06 + 1.4j, 0.12 + 1.0j, 0.24 + 0.92j]
_NAPE = [0.3 + 0.83j, 0.31 + 0.7j]
_HEADS = {
    "crop": [*_FACE, *_CHEST, *_NAPE, 0.235 + 0.55j, 0.21 + 0.38j, 0.25 + 0.22j, 0.36 + 0.12j, 0.5 + 0.11j],
    "bun": [*_FACE, *_CHEST, *_NAPE, 0.25 + 0.58j, 0.21 + 0.44j, 0.12 + 0.44j, 0.06 + 0.34j, 0.09 + 0.22j,
            0.19 + 0.19j, 0.27 + 0.2j, 0.36 + 0.12j, 0.5 + 0.11j],
    "long": [*_FACE, *_CHEST[:4], 0.0 + 1.2j, 0.1 + 1.0j, 0.06 + 0.85j, 0.13 + 0.7j, 0.12 + 0.5j, 0.17 + 0.3j,
             0.28 + 0.13j, 0.43 + 0.07j, 0.55 + 0.1j],
    "bob": [*_FACE, *_CHEST, 0.29 + 0.86j, 0.3 + 0.76j, 0.17 + 0.73j, 0.14 + 0.55j, 0.16 + 0.33j, 0.26 + 0.15j,
            0.42 + 0.08j, 0.54 + 0.1j],
    "tails": [*_FACE, *_CHEST, *_NAPE, 0.26 + 0.56j, 0.23 + 0.42j, 0.13 + 0.55j, 0.1 + 0.78j, 0.0 + 0.86j, 0.03 + 0.6j,
             0.06 + 0.35j, 0.18 + 0.2j, 0.27 + 0.19j, 0.36 + 0.12j, 0.5 + 0.11j],
    "afro": [0.66 + 0.24j, *_FACE[2:], *_CHEST, 0.28 + 0.84j, 0.29 + 0.75j, 0.15 + 0.68j, 0.05 + 0.53j, 0.04 + 0.34j,
             0.11 + 0.17j, 0.25 + 0.06j, 0.42 + 0.02j, 0.58 + 0.08j, 0.67 + 0.17j],
    "quiff": [0.62 + 0.21j, *_FACE[1:], *_CHEST, *_NAPE, 0.235 + 0.55j, 0.21 + 0.38j, 0.25 + 0.2j, 0.4 + 0.09j,
              0.56 + 0.02j, 0.7 + 0.05j, 0.74 + 0.11j, 0.68 + 0.16j],
}  # fmt: skip
_THINGS = {
    "tree": [
        0.47 + 1.4j, 0.46 + 0.9j, 0.44 + 0.72j, 0.3 + 0.64j, 0.16 + 0.66j, 0.06 + 0.54j, 0.12 + 0.42j, 0.08 + 0.3j,
        0.2 + 0.22j, 0.25 + 0.1j, 0.4 + 0.11j, 0.52 + 0.04j, 0.63 + 0.11j, 0.77 + 0.1j, 0.82 + 0.23j, 0.93 + 0.3j,
        0.89 + 0.43j, 0.95 + 0.55j, 0.84 + 0.65j, 0.7 + 0.63j, 0.57 + 0.71j, 0.55 + 0.9j, 0.57 + 1.4j,
    ],
    "palm": [
        0.42 + 1.4j, 0.47 + 0.95j, 0.5 + 0.65j, 0.49 + 0.42j, 0.4 + 0.5j, 0.34 + 0.68j, 0.3 + 0.5j, 0.36 + 0.38j,
        0.2 + 0.42j, 0.08 + 0.56j, 0.1 + 0.36j, 0.28 + 0.27j, 0.14 + 0.24j, 0.0 + 0.3j, 0.1 + 0.14j, 0.3 + 0.15j,
        0.42 + 0.23j, 0.38 + 0.08j, 0.46 + 0.0j, 0.56 + 0.06j, 0.56 + 0.21j, 0.7 + 0.1j, 0.88 + 0.12j, 1.0 + 0.28j,
        0.84 + 0.23j, 0.7 + 0.27j, 0.9 + 0.36j, 0.94 + 0.57j, 0.8 + 0.42j, 0.64 + 0.38j, 0.7 + 0.5j, 0.68 + 0.7j,
        0.61 + 0.5j, 0.54 + 0.41j, 0.57 + 0.65j, 0.56 + 0.95j, 0.54 + 1.4j,
    ],
    "mountain": [
        -0.3 + 1.4j, -0.25 + 0.95j, 0.0 + 0.82j, 0.16 + 0.62j, 0.23 + 0.64j, 0.36 + 0.38j, 0.42 + 0.36j, 0.52 + 0.14j,
        0.57 + 0.2j, 0.63 + 0.36j, 0.7 + 0.42j, 0.76 + 0.57j, 0.84 + 0.6j, 1.0 + 0.82j, 1.25 + 0.95j, 1.3 + 1.4j,
    ],
    "hand": [
        0.3 + 1.4j, 0.34 + 0.9j, 0.27 + 0.75j, 0.13 + 0.58j, 0.08 + 0.47j, 0.15 + 0.44j, 0.25 + 0.52j, 0.31 + 0.58j,
        0.29 + 0.4j, 0.26 + 0.17j, 0.31 + 0.13j, 0.36 + 0.18j, 0.41 + 0.42j, 0.42 + 0.22j, 0.43 + 0.05j, 0.49 + 0.02j,
        0.53 + 0.07j, 0.54 + 0.42j, 0.58 + 0.2j, 0.61 + 0.1j, 0.67 + 0.09j, 0.69 + 0.15j, 0.66 + 0.45j, 0.71 + 0.31j,
        0.76 + 0.24j, 0.82 + 0.26j, 0.81 + 0.34j, 0.76 + 0.6j, 0.7 + 0.76j, 0.64 + 0.9j, 0.68 + 1.4j,
    ],
    "bird": [
        0.97 + 0.42j, 0.88 + 0.39j, 0.82 + 0.35j, 0.74 + 0.39j, 0.66 + 0.42j, 0.56 + 0.2j, 0.36 + 0.02j, 0.1 - 0.05j,
        0.22 + 0.12j, 0.3 + 0.3j, 0.36 + 0.48j, 0.2 + 0.6j, 0.02 + 0.66j, 0.05 + 0.74j, 0.0 + 0.82j, 0.2 + 0.78j,
        0.38 + 0.68j, 0.5 + 0.66j, 0.48 + 0.85j, 0.55 + 1.02j, 0.66 + 0.85j, 0.72 + 0.62j, 0.8 + 0.52j, 0.86 + 0.46j,
    ],
    "guitar": [
        0.47 - 0.1j, 0.53 - 0.1j, 0.55 - 0.02j, 0.535 + 0.05j, 0.535 + 0.42j, 0.6 + 0.42j, 0.68 + 0.47j, 0.67 + 0.58j,
        0.63 + 0.65j, 0.7 + 0.73j, 0.75 + 0.86j, 0.68 + 0.98j, 0.5 + 1.02j, 0.32 + 0.98j, 0.25 + 0.86j, 0.3 + 0.73j,
        0.37 + 0.65j, 0.33 + 0.58j, 0.32 + 0.47j, 0.4 + 0.42j, 0.465 + 0.42j, 0.465 + 0.05j, 0.45 - 0.02j,
    ],
}  # fmt: skip


def _curve_and_lines(points: list[complex]) -> tuple[np.ndarray, np.ndarray]:
    """The same outline round and, point for point, angular."""
    steps = np.arange(8 * len(points)) / 8
    return smooth(points), np.interp(steps, np.arange(len(points) + 1), [*points, points[0]])


_HEADS, _THINGS = ({name: _curve_and_lines(p) for name, p in shapes.items()} for shapes in (_HEADS, _THINGS))


def silhouette(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """A head in profile, or a tree, palm, mountain, hand, bird or guitar, and within or behind it a second scene."""
    u, rough = rng.random(10), rng.random((3, 32))
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    shapes = _HEADS if style.figure else _THINGS
    curve, lines = shapes[choose(style.genre, shapes, u[0])]
    outline = lines + min(1.5 * style.curvature, 1) * (curve - lines)
    if u[1] < 0.5:
        outline = 1 - np.conj(outline)
    below = u[2] < 0.5  # the type is
    strip = type_height(style)
    side = 0.93 * style.scale
    top = 1.02 - side - 0.5 * strip if below or not strip else max(1.02 - side, strip - 0.08 * side)
    corner = complex(0.5 + style.offset - side / 2, top)
    outline, heart = corner + side * outline, corner + side * (0.47 + 0.4j)
    area = heart - 0.35 * side * (1 + 1j), heart + 0.35 * side * (1 + 1j)
    scenes = {"bands": _bands, "hills": _hills, "petals": _petals, "town": _town, "dots": _dots}
    scene = scenes[choose(style.genre, scenes, u[3])]
    night, day = mix(style.deep, BLACK, 0.35), mix(style.light, WHITE, 0.3)
    edge = (0.022 if u[1] < 0.5 else -0.022) * side  # towards the back of the head

    if u[4] < 0.3:
        canvas.polygon(ellipse(heart, 1.05 * side), mix(style.accent, style.ground, 0.15))
    if u[5] < 0.6:  # within
        bright = canvas.brightness(*area) > 0.5
        base = night if bright else day
        canvas.polygon(outline, base)
        with canvas.clipped(outline + edge) as view:  # but for a line along the face
            view.polygon(rectangle(-0.5 - 0.5j, 2, 2), base)
            inks = (style.main, style.accent, mix(base, style.main, 0.4), style.light if bright else style.deep)
            scene(view, style, heart, side, tuple(mix(ink, base, 0.12) for ink in inks), rough)
        band = base if below else None
    else:
        inks = (style.main, style.accent, style.light, style.deep)
        scene(canvas, style, heart, 1.3 * side, tuple(mix(style.ground, ink, 0.75) for ink in inks), rough)
        base = night if canvas.brightness(*area) > 0.4 else day
        canvas.polygon(outline + edge, style.accent)  # light from behind
        canvas.polygon(outline, base)
        band = base if below else style.ground
    for k in range(style.shapes):  # moons, or lozenges, in an arc over the head
        away = min(0.52 * side, 0.42) + (0.1 * style.irregularity + style.jitter) * (rough[2, k] - 0.5)
        at = heart + away * np.exp(1j * np.pi * (1.04 + 0.92 * (k + 0.5) / style.shapes))
        at = complex(at.real, max(at.imag, 0.04 if below else strip + 0.05))
        canvas.polygon(at + chip(0.05 + 0.04 * rough[2, 9 + k], style.curvature), style.accent)
    if style.lines and band:
        canvas.polygon(rectangle(complex(-0.3, 1 - strip if below else -0.3), 1.6, 0.3 + strip), band)
    align = "centre" if u[6] < 0.4 else "left" if (u[1] < 0.5) != below else "right"
    y = 0.96 if below else 0.04
    lettering(canvas, style, y, align, left=0.1, right=0.9, room=strip - 0.07, rise=below)


def _bands(canvas: Canvas, style: Style, centre: complex, size: float, inks: Inks, rough: np.ndarray) -> None:
    """Wavy stripes."""
    n, colours = round(1.5 * style.frequency) + 1, 1 + style.shapes // 3
    x = np.linspace(-0.3, 1.3, 97)
    for k in range(-2, n + 2):
        y = (k + 1.1 * style.irregularity * (rough[0, k] - 0.5)) / n
        line = x + 1j * (y + 0.33 / n * wave(x, rough[1, 0], style.frequency / 2, style.curvature))
        canvas.polygon(np.append(line, line[::-1] + 0.55j / n), inks[k % colours])


def _hills(canvas: Canvas, style: Style, centre: complex, size: float, inks: Inks, rough: np.ndarray) -> None:
    """A sun above ridges."""
    canvas.polygon(ellipse(centre - 0.12j * size, 0.42 * size), inks[1])
    x, rows = np.linspace(-0.3, 1.3, 113), 1 + style.shapes // 2
    for k in range(rows):
        rise = min(0.09, 0.3 / style.frequency) * wave(
            x, rough[0, k], style.frequency * (0.6 + 0.2 * rough[1, k]), style.curvature
        )
        uneven = 1 + style.irregularity * np.interp(x, np.linspace(-0.3, 1.3, 5), 1.6 * rough[2, k : k + 5] - 0.8)
        crest = x + 1j * (centre.imag + 0.05 + (1 - centre.imag) * 0.8 * k / rows - rise * uneven)
        ink = mix(mix(inks[2], inks[0], 0.5 + 0.5 * (k % 2)), inks[3], 0.35 * k / rows)
        canvas.polygon(np.append(crest, [1.4 + 1.5j, -0.4 + 1.5j]), ink)


def _petals(canvas: Canvas, style: Style, centre: complex, size: float, inks: Inks, rough: np.ndarray) -> None:
    """Flowers or stars, one within the other."""
    rings, lobes = 2 + style.shapes // 2, round(1.5 * style.frequency) + 1
    outline = bloom(style, lobes, 0.2, rough[0])
    for k in range(rings):
        turn = np.exp(1j * np.pi * (k % 2) / lobes)
        canvas.polygon(centre + 1.2 * size * (1 - k / rings) * outline * turn, inks[k % 4])


def _town(canvas: Canvas, style: Style, centre: complex, size: float, inks: Inks, rough: np.ndarray) -> None:
    """Towers, round or pointed at the top, and their windows."""
    n, rows = round(1.3 * style.frequency) + 2, 3 + style.shapes // 2
    top = chip(1 / n, style.curvature)
    for k in range(-1, n + 1):
        level = centre.imag + size * ((0.1, -0.15)[k % 2] + 0.5 * style.irregularity * (rough[0, k] - 0.5))
        ink = inks[(0, 2, 1)[k % 3]]
        canvas.polygon(complex((k + 0.5) / n, level) + top, ink)
        canvas.polygon(rectangle(complex(k / n, level), 1 / n, 1.5), ink)
        for j in range(rows):
            if rough[1, (5 * k + j) % 32] < 0.7:
                canvas.polygon(
                    rectangle(complex((k + 0.3) / n, level + 0.6 * size * j / rows), 0.4 / n, 0.3 / rows * size),
                    inks[3],
                )


def _dots(canvas: Canvas, style: Style, centre: complex, size: float, inks: Inks, rough: np.ndarray) -> None:
    """A screen of dots or lozenges, larger to one side."""
    n, colours = round(1.3 * style.frequency) + 2, 1 + style.shapes // 3
    tile = chip(1 / n, style.curvature)
    for row in range(-1, n + 1):
        for column in range(-1, n + 1):
            at = complex(column + 0.5 * (row % 2), row) / n
            grown = 0.35 + 0.75 * (row + column) / (2 * n) + style.irregularity * (rough[row % 3, column] - 0.5)
            canvas.polygon(at + grown * tile, inks[(row + column) % colours])
