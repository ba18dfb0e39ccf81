from collections.abc import Iterator

import numpy as np

from helpers.sources.synthetic.canvas import Canvas, rectangle, sector
from helpers.sources.synthetic.light import aperture, duotone, shine, soft_layer, vignette
from helpers.sources.synthetic.light import blur as defocus
from helpers.sources.synthetic.palettes import RGB, mix
from helpers.sources.synthetic.parts import gradient, lettering, wave
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

BLACK, LAMP = (0, 0, 0), (255, 214, 160)  # the latter is the colour of a light bulb
_FALLOFF = {"flat": 0.3, "white": 0.3, "black": 1.0, "gradient": 0.5, "clouds": 0.7, "glow": 1.0}


def blur(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """A photograph out of focus or in motion, of a place with lights, and perhaps of somebody in front of it."""
    u, rough = rng.random(9), rng.random((4, 64))
    night = mix(style.deep, BLACK, 0.7)
    layer = soft_layer(night)
    turned = layer.within(0, 1, style.tilt)
    scene = _SCENES[choose(style.genre, _SCENES, u[0])]
    scene(turned, style, night, rough)
    if style.figure:
        side = (0.72 + 0.25 * u[1]) * style.scale
        place = turned.within(complex(0.5 + style.offset - side / 2, 1.04 - side), side)
        against_light = scene in (_sea, _window, _stage) and u[2] < 0.6
        bust(place, style, "silhouette" if against_light else "natural", rng)
        if not against_light:
            layer.shade(night, 0.65, 90 if u[3] < 0.5 else -90)
    defocus(layer, 0.006 + 0.5 * style.jitter * u[4], 0.006)  # a camera held by hand
    vignette(layer, mix(night, BLACK, 0.5), _FALLOFF[style.backdrop])
    if u[5] < 0.2:
        duotone(layer, mix(night, BLACK, 0.3), style.main, style.light)
    canvas.paint(layer.image)
    below = u[6] < 0.6
    align = ("left", "centre", "right")[int(3 * u[7])]
    lettering(canvas.within(0, 1, style.tilt), style, 0.95 if below else 0.05, align, rise=below)


def _inks(style: Style) -> tuple[RGB, ...]:
    """Colours of lights, the commonest first."""
    warm = mix(style.accent, LAMP, 0.4)
    return warm, style.main, mix(style.light, LAMP, 0.3), style.accent, mix(style.main, style.light, 0.4)


def _discs(style: Style, rough: np.ndarray, count: int, size: float) -> Iterator[tuple[np.ndarray, RGB]]:
    """Scattered lights out of focus."""
    inks = _inks(style)
    for k in range(count):
        at = complex(1.2 * rough[0, k] - 0.1, 1.1 * rough[1, k] - 0.05)
        width = size * (1 + 1.2 * style.irregularity * (rough[2, k] - 0.5))
        yield aperture(at, width, style.curvature, rough[3, k]), mix(BLACK, inks[k % 5], 0.3 + 0.6 * rough[3, k])


def _bulbs(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """Strings of bulbs, and lanterns behind them."""
    layer.paint(gradient(night, mix(style.deep, style.ground, 0.6)))
    shine(layer, _discs(style, rough, 3 * style.shapes, 0.2), 0.008)
    inks, bulbs = _inks(style), round(2.2 * style.frequency) + 2
    x = np.arange(bulbs + 1) / bulbs * 1.2 - 0.1
    near = []
    for row in range(2):
        hang = 0.25 + 0.45 * row + 0.07 * wave(x, rough[0, row], style.frequency / 3, style.curvature)
        near += [(aperture(at, 0.5 / bulbs, style.curvature), inks[row]) for at in x + 1j * hang]
    shine(layer, near, 0.006)


def _street(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """Lamps on both sides of a wet road at night."""
    level, far = 0.45, 0.5 + style.offset
    layer.paint(gradient(night, mix(night, style.ground, 0.6), (0, 0.3, 0.8, 1, 0.1, 0)))
    for k, x in enumerate((-0.25, 0.75, -0.05, 0.62, 0.15, 0.55)):  # houses
        near = abs(x + 0.15 - 0.5)
        roof = level - 0.8 * near - 0.15 * rough[0, k]
        layer.polygon(rectangle(complex(x, roof), 0.3, level - roof), mix(night, style.deep, 0.2 + 0.5 * rough[1, k]))
    defocus(layer, 0.015)
    inks, lamps = _inks(style), round(style.frequency)
    lights, wet = [], []

    def put(at: complex, width: float, colour: RGB) -> None:
        lights.append((aperture(at, width, style.curvature), colour))
        mirrored = complex(at.real - 0.3 * width, level + 0.4 * abs(level - at.imag) + 0.4 * width)
        wet.append((rectangle(mirrored, 0.6 * width, 0.15 + 2 * width), mix(BLACK, colour, 0.7)))

    for k in range(lamps):
        near = 0.1 + 0.9 * ((k + 0.5) / lamps) ** 1.5
        for side in (-1, 1):
            stray = style.jitter * complex(rough[2, k] - 0.5, rough[3, k] - 0.5)
            put(complex(far + side * 0.6 * near, level - 0.42 * near) + stray, near * 0.75 / lamps + 0.02, inks[0])
    for k in range(2 * style.shapes):
        at = complex(far + 0.9 * (rough[0, 20 + k] - 0.5), level + 0.12 * rough[1, 20 + k])
        put(at, 0.05 + 0.08 * rough[2, 20 + k], inks[1 + k % 4])
    shine(layer, wet, 0.015, 0.08)
    shine(layer, lights, 0.008)


def _trails(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """What passes a car at speed, drawn out into lines that meet far away."""
    far = complex(0.5 + style.offset, 0.4 + 0.2 * rough[0, 63])
    inks, lines = _inks(style), 4 * round(style.frequency)
    layer.paint(gradient(mix(night, style.ground, 0.6), night))
    streaks = []
    for k in range(lines):
        turn = (k + 1.2 * style.irregularity * (rough[0, k] - 0.5)) / lines
        arm = sector(far, 1.5, turn, turn + (0.15 + 0.4 * rough[2, k]) / lines)[[0, -2, -1]]
        arm[2] += (0.05 + 0.3 * rough[1, k]) * (arm[0] - far)
        streaks.append((arm, mix(BLACK, inks[k % (1 + style.shapes // 2)], 0.3 + 0.7 * rough[3, k])))
    shine(layer, streaks, 0.01)
    shine(layer, [(aperture(far, 0.3 * style.scale, style.curvature), mix(style.light, LAMP, 0.4))], 0.07)
    shine(layer, _discs(style, rough, style.shapes, 0.11), 0.008)


def _leaves(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """Leaves, dark before light ones, and the sun between them."""
    layer.paint(gradient(mix(style.main, style.light, 0.7), mix(style.deep, style.main, 0.3)))
    size = 1.6 / (style.frequency + 1)
    leaf = aperture(0, size, style.curvature)
    leaf = leaf.real + 0.45j * leaf.imag
    for depth in range(3):
        for k in range(5 * (depth + 2)):
            at = complex(1.3 * rough[0, k + 4 * depth] - 0.15, 1.2 * rough[1, k + 7 * depth] - 0.1)
            tone = mix(mix(style.main, style.ground, 0.4), night, min(0.35 * depth + 0.3 * rough[2, k], 1))
            layer.polygon(at + leaf * np.exp(3j * (rough[3, k] - 0.5 + depth)), tone)
        defocus(layer, 0.03 - 0.01 * depth)
    shine(layer, _discs(style, rough[:, 30:], 2 * style.shapes, 0.11), 0.008)


def _sea(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """A low sun over the sea."""
    level, sun = 0.4 + 0.15 * rough[0, 63], 0.5 + style.offset
    sky = mix(style.ground, style.deep, 0.5)
    layer.paint(gradient(sky, mix(style.accent, style.light, 0.5), (0, 0.1, 0.6, 1, 1, 1)))
    for k in range(4):  # clouds
        at = complex(rough[0, k] - 0.4, level * (0.1 + 0.2 * k))
        layer.polygon(rectangle(at, 0.4 + 0.5 * rough[1, k], 0.03 + 0.04 * rough[2, k]), mix(sky, style.main, 0.5))
    defocus(layer, 0.08, 0.025)
    shine(layer, [(aperture(complex(sun, level - 0.06), 0.2 * style.scale, style.curvature), style.light)], 0.015)
    water = mix(style.deep, style.ground, 0.3)
    layer.polygon(rectangle(complex(-0.3, level), 1.6, 1), water)
    x, rows = np.linspace(-0.3, 1.3, 81), round(1.6 * style.frequency)
    for k in range(rows):
        near = ((k + 0.5) / rows) ** 1.6
        swell = 0.05 * near * wave(x, rough[1, k], style.frequency / 2, style.curvature)
        crest = x + 1j * (level + (1.1 - level) * near + swell)
        trough = crest[::-1] + 1j * (0.01 + 0.4 * near / rows)
        layer.polygon(np.append(crest, trough), mix(water, (night, style.main)[k % 2], 0.8))
    defocus(layer, 0.012)
    glints = []
    for k in range(4 * style.shapes):
        near = rough[2, k] ** 1.5
        at = complex(sun + (rough[3, k] - 0.5) * (0.2 + 0.7 * near), level + 0.02 + 0.6 * near)
        glints.append((aperture(at, 0.02 + 0.1 * near, style.curvature), mix(BLACK, style.light, 0.8)))
    shine(layer, glints, 0.006)


def _window(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """A dark room, a window, and its light on the floor."""
    layer.paint(gradient(mix(night, style.ground, 0.45), night, (0, 0, 0.3, 0.9, 0.6, 0.4)))
    width, left = 0.6 * style.scale, 0.5 + style.offset - 0.3 * style.scale
    panes = round(0.6 * style.frequency) + 1
    cell = width / panes
    day = mix(style.light, style.accent, 0.2)
    light, floor = [], []
    for k in range(panes * panes):
        row, column = divmod(k, panes)
        stray = style.irregularity * cell * 0.3 * (rough[0, k % 64] - 0.5)
        at = complex(left + (column + 0.5) * cell + stray, 0.08 + (row + 0.5) * cell)
        pane = at + 0.42 * cell * np.array([-1 - 1j, 1 - 1j, 1 + 1j, -1 + 1j])
        shown = aperture(at, 0.95 * cell, 1) if style.curvature > 0.6 else pane
        light.append((shown, mix(day, style.main, 0.6 * row / panes)))
        fallen = pane.real + 0.7 * (pane.imag - 0.1) - 0.15 + 1j * (0.78 + 0.35 * (pane.imag - 0.1))
        floor.append((fallen, mix(BLACK, day, 0.5)))
    shine(layer, light, 0.006)
    shine(layer, light, 0.1)
    shine(layer, floor, 0.015)
    shine(layer, _discs(style, rough, style.shapes, 0.07), 0.008)


def _stage(layer: Canvas, style: Style, night: RGB, rough: np.ndarray) -> None:
    """Beams of light over the heads of a crowd."""
    layer.paint(gradient(night, mix(style.deep, style.main, 0.6), (0, 0, 0.2, 0.6, 1, 0.7)))
    inks, beams = _inks(style), round(style.frequency)
    rays, lamps = [], []
    for k in range(beams):
        uneven = 0.5 * style.irregularity * (rough[0, k] - 0.5)
        lamp = complex((k + 0.5 + uneven) / beams, 0.06 + 2 * style.jitter * rough[1, k])
        turn = 0.25 - 0.3 * (1 - style.irregularity * rough[2, k]) * (lamp.real - 0.5 - style.offset)
        rays.append((sector(lamp, 1.1, turn - 0.02, turn + 0.02), mix(BLACK, inks[k % 5], 0.65)))
        lamps.append((aperture(lamp, 0.5 / (beams + 2), style.curvature), inks[2]))
    shine(layer, rays, 0.02)
    shine(layer, lamps, 0.006)
    shine(layer, [(aperture(complex(0.5 + style.offset, 0.75), 0.5 * style.scale, 1), inks[2])], 0.09)
    heads = 3 + 2 * style.shapes
    for k in range(heads):
        at = complex((k + 0.5) / heads * 1.2 - 0.1 + 0.05 * (rough[0, 20 + k] - 0.5), 0.86 + 0.1 * rough[1, 20 + k])
        size = 0.9 / (heads + 3) + 0.03
        layer.polygon(aperture(at, size, style.curvature), night)
        layer.polygon(rectangle(at - 0.8 * size + 0.4j * size, 1.6 * size, 0.4), night)
        if rough[2, 20 + k] < 0.4:  # a hand in the air
            layer.polygon(rectangle(at + complex(0.6 * size, -1.2 * size), 0.3 * size, 2 * size), night)


_SCENES = {
    "bulbs": _bulbs,
    "street": _street,
    "trails": _trails,
    "leaves": _leaves,
    "sea": _sea,
    "window": _window,
    "stage": _stage,
}
