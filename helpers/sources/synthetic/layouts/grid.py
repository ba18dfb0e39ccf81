import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, sector
from helpers.sources.synthetic.parts import MIDDLE, lettering, plain
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style


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
