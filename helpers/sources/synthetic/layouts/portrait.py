import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, sector
from helpers.sources.synthetic.palettes import mix
from helpers.sources.synthetic.parts import backdrop, lettering
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose


def portrait(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """A singer, head and shoulders, drawn, printed or in silhouette."""
    u = rng.random(8)
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    side = (0.8 + 0.3 * u[0]) * style.scale
    corner = complex(0.5 + style.offset - side / 2, 1.03 - side)
    head = corner + side * (0.5 + 0.4j)
    behind = mix(style.ground, style.main, 0.65)
    manner = choose(style.genre, ("natural", "natural", "print", "silhouette"), u[2])
    ground = choose(style.genre, ("disc", "rays", "stripes", "wall"), u[1])
    if ground == "disc" or manner == "silhouette":
        canvas.polygon(ellipse(head, 0.95 * side), style.accent)
    elif ground == "rays":
        rays = 2 * round(style.frequency) + 2
        for k in range(rays):
            canvas.polygon(sector(head, 1.3, k / rays, (k + 0.5) / rays), behind)
    elif ground == "stripes":
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
