from dataclasses import replace

import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle
from helpers.sources.synthetic.layouts.emblem import emblem
from helpers.sources.synthetic.layouts.horizon import horizon
from helpers.sources.synthetic.layouts.pattern import pattern
from helpers.sources.synthetic.layouts.portrait import portrait
from helpers.sources.synthetic.parts import MIDDLE, lettering, plain
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

_INSETS = {"horizon": horizon, "emblem": emblem, "pattern": pattern}


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
        inside = portrait if style.figure else _INSETS[choose(style.genre, _INSETS, u[5])]
        inside(view.within(corner, side), replace(style, lines=(), tilt=0.0), rng)
    align = "left" if u[6] < 0.5 and u[3] >= 0.2 else "centre"
    left = corner.real if align == "left" else 0.07
    room = 0.93 - side - 0.08
    lettering(canvas, style, 0.07 + side + 0.03 if below else 0.04, align, left=left, right=0.94, room=room)
