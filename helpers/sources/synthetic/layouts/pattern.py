import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle
from helpers.sources.synthetic.parts import MIDDLE, backdrop, lettering, wave
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose


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
    kind = choose(style.genre, ("rings", "stripes", "waves", "dots"), u[1])
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
