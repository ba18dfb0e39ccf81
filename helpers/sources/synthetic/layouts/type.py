import math

import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, rectangle, text_width
from helpers.sources.synthetic.light import aperture
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.parts import MIDDLE, backdrop
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose


def typographic(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Words and rules alone, as on a poster. Without words the rules keep their rhythm."""
    u, rough = rng.random(5), rng.random((3, 64))
    backdrop(canvas, style, rng)
    paper = canvas.brightness(0, 1 + 1j)
    inks = sorted((style.light, style.accent, style.main, style.deep), key=lambda ink: -abs(brightness(ink) - paper))
    inks[0] = mix(inks[0], (255, 255, 255) if brightness(inks[0]) > paper else (0, 0, 0), 0.4)
    upright = canvas.within(0, 1, style.tilt)
    turn = (0.0, 0.0, 0.0, -0.4, -np.pi / 2)[int(5 * u[0])]
    settings = {"stacked": _stacked, "repeated": _repeated, "scattered": _scattered}
    compose = settings[choose(style.genre, settings, u[1])]
    above = u[2] < 0.5  # the type is
    compose(canvas.within(0, 1, style.tilt + turn), style, inks, above, rough)
    if style.figure:
        side = 0.6 * style.scale
        centre = complex(0.5 + style.offset, 1 - side / 2 if u[3] < 0.5 else 0.5)
        block = aperture(centre, side, style.curvature)
        upright.polygon(block, inks[1])
        with upright.clipped(block) as window:
            bust(window.within(centre - side * MIDDLE, side), style, "print", rng)
    _small(upright, style, left=u[4] < 0.5, below=above)


def _small(canvas: Canvas, style: Style, left: bool, below: bool) -> None:
    """The second line, on a label in a corner."""
    for words in style.lines[1:]:
        wanted = 0.45 * style.type_size * (1.5 if style.typeface == "hand" else 1)
        size = min(wanted, 0.88 / text_width(words, style.typeface))
        width, y = size * text_width(words, style.typeface), 0.96 if below else 0.04 + 0.8 * size
        corner = complex(0.06 if left else 0.94 - width, y - 0.8 * size)
        canvas.polygon(rectangle(corner - 0.02 - 0.02j, width + 0.04, size + 0.03), style.deep)
        canvas.text(words, complex(corner.real, y), size, mix(style.light, (255, 255, 255), 0.5), style.typeface)


def _rows(words: str) -> list[str]:
    """The words of a line one below the other; long ones are broken, short ones joined to what follows."""
    rows = []
    for word in words.split():
        if rows and len(rows[-1]) + len(word) < 6:
            rows[-1] += " " + word
        elif len(word) > 9:
            rows += [word[: len(word) // 2], word[len(word) // 2 :]]
        else:
            rows.append(word)
    return rows


_ARC = np.exp(1j * np.linspace(-np.pi / 2, np.pi / 2, 9))


def _rules(canvas: Canvas, style: Style, inks: list[RGB], top: float, bottom: float, rough: np.ndarray) -> None:
    """Bars from `top` to `bottom`: as dense as the music is fast, in as many pieces as it has energy."""
    pitch = 1 / round(1.3 * style.frequency + 1)
    pieces = 1 + style.shapes // 2
    # The right end of a bar 1 thick: slanted at curvature 0, round at 1; the left end is the same half a turn on.
    end = 0.5 * (style.curvature * _ARC.real + (style.curvature - 1) * _ARC.imag + 1j * _ARC.imag) * 0.5 * pitch
    for row in range(int((bottom - top) / pitch + 0.01)):
        y = top + (row + 0.5) * pitch
        for k in range(pieces):
            chance = rough[:, (row * pieces + k) % 64]
            gap = 0.25 * (1 + 2 * style.irregularity * (chance[0] - 0.5))
            stray = style.offset * (row % 2) + style.jitter * (chance[1] - 0.5) - 0.12
            start, stop = stray + 1.24 * k / pieces, stray + 1.24 * (k + 1 - gap) / pieces
            ink = inks[(row + k) % pieces % len(inks)]
            canvas.polygon(1j * y + np.append(stop + end, start - end), ink)


def _stacked(canvas: Canvas, style: Style, inks: list[RGB], above: bool, rough: np.ndarray) -> None:
    """The words one below the other, as large as they come, cut by the edge where they must; bars in the rest."""
    rows = _rows(style.lines[0]) if style.lines else []
    wanted = 1.7 * style.scale * style.type_size * (1.4 if style.typeface == "hand" else 1)
    sizes = [min(wanted, 1.15 / text_width(words, style.typeface)) for words in rows]
    height = 0.86 * sum(sizes)
    shrink = min(1, 0.9 / height) if rows else 1
    height *= shrink
    top = 0.05 if above else 0.93 - height
    if not rows:
        _rules(canvas, style, inks, -0.1, 1.1, rough)
    elif above:
        _rules(canvas, style, inks[1:], height + 0.1, 1.05, rough)
    else:
        _rules(canvas, style, inks[1:], -0.02, top - 0.04, rough)
    y = top
    for k, (words, size) in enumerate(zip(rows, sizes, strict=True)):
        y += 0.86 * size * shrink
        ink = inks[0] if style.shapes < 5 else inks[k % 2]
        x = 0.05 + max(style.offset, 0) * 0.3 + style.jitter * (rough[0, k] - 0.5)
        canvas.text(words, complex(x, y - 0.08 * size), size * shrink, ink, style.typeface)


def _repeated(canvas: Canvas, style: Style, inks: list[RGB], above: bool, rough: np.ndarray) -> None:
    """A line again and again down the cover."""
    if not style.lines:
        _rules(canvas, style, inks, -0.1, 1.1, rough)
        return
    rows, words = round(style.frequency) + 1, style.lines[0]
    for k in range(style.shapes):
        at = complex(0.5 + style.offset, 0.5) + 0.9 * complex(rough[1, k] - 0.5, rough[2, k] - 0.5)
        spot = aperture(at, 0.26 * style.scale, style.curvature, 3 * rough[0, k])
        canvas.polygon(spot, mix(inks[1 + k % 3], style.ground, 0.3))
    size = round(min(0.45 + 2.6 * style.type_size, 1) * 1.15 / rows, 2)
    width = text_width(words + "   ", style.typeface) * size
    # Set once, as a mask, which is then laid down row after row: type is the slowest thing to draw.
    reach = round(1.9 * abs(canvas.scale))
    mask = Canvas(Image.new("L", (reach, reach)), reach / 2 * (1 + 1j), canvas.scale)
    mask.text("   ".join([words] * (int(1.8 / width) + 1)), -0.9, size, 255, style.typeface)
    box = mask.image.getbbox()
    line = mask.image.crop(box)
    for k in range(-3, rows + 4):
        stray = 0.5 * style.offset * (-1) ** k + 0.15 * style.irregularity * (rough[0, k] - 0.5)
        at = canvas.origin + canvas.scale * complex(0.5 + stray, (k + 0.85) / rows) - reach / 2 * (1 + 1j)
        ink = inks[k % (1 + style.shapes // 3)]
        canvas.image.paste(ink, (round(at.real + box[0]), round(at.imag + box[1])), line)


def _scattered(canvas: Canvas, style: Style, inks: list[RGB], above: bool, rough: np.ndarray) -> None:
    """Letters strewn over the bars."""
    faint = [mix(ink, style.ground, 0.6) for ink in inks[1:]]
    _rules(canvas, style, faint if style.lines else inks, -0.1, 1.1, rough)
    letters = "".join(style.lines[:1]).replace(" ", "")[:12]
    columns = math.ceil(math.sqrt(len(letters))) or 1
    rows = math.ceil(len(letters) / columns)
    size = round(min(2.4 * style.type_size * style.scale, 1.1 / max(rows, 1)), 2)
    for k, letter in enumerate(letters):
        at = complex(0.06 + 0.9 * (k % columns + 0.5) / columns, 0.06 + 0.9 * (k // columns + 0.5) / rows)
        at += 2 * style.jitter * complex(rough[0, k] - 0.5, rough[1, k] - 0.5)
        turn = 1.2 * (style.irregularity + 8 * style.jitter) * (rough[2, k] - 0.5)
        turned = canvas.within(at - size * MIDDLE, size, turn)
        turned.text(letter, 0.5 + 0.85j, 1, inks[k % (1 + style.shapes // 4)], style.typeface, "centre")
