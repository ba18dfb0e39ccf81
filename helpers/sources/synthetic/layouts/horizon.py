import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, sector
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.parts import gradient, lettering, plain, wave
from helpers.sources.synthetic.people import make_looks, standing
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose


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
    land = choose(style.genre, ("sea", "town", "mountains", "mountains", "mountains"), u[5])
    if land == "sea":
        _sea(canvas, style, level, mix(far, deep, 0.6), complex(middle, size), shine, rough)
    else:
        _ridges(canvas, style, level, far, rough, town=land == "town")
    if style.figure:
        foot = complex(middle + 0.2 * (u[6] - 0.5), 0.97)
        walker = make_looks(style, "silhouette", rough[5, :10])
        standing(canvas, style, foot, 0.36 * style.scale, walker, rough[5, 10], u[7])
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
