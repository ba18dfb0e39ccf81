from collections.abc import Callable
from dataclasses import replace

import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle
from helpers.sources.synthetic.palettes import RGB, mix
from helpers.sources.synthetic.parts import backdrop, bloom, chip, gradient, lettering, type_height, wave
from helpers.sources.synthetic.people import Looks, draw_bust, make_looks, standing
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

BLACK = (0, 0, 0)
Member = Callable[..., None]  # draws member k on a canvas, standing at a point, at a height, as a bust where close


def group(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Three to seven people: close together, at full length, in a panel each, or far away on a horizon.

    Without a figure, things take their places: balloons, microphones or flowers.
    """
    u, rough = rng.random(10), rng.random((7, 18))
    backdrop(canvas, style, rng)
    canvas = canvas.within(0, 1, style.tilt)
    order = choose(style.genre, ("crowd", "crowd", "line", "panels", "skyline"), u[0])
    arrange = {"crowd": _crowd, "line": _line, "panels": _panels, "skyline": _horizon}[order]
    cast = _cast(style, "silhouette" if arrange is _horizon else "natural" if u[1] < 0.7 else "print", u[2:], rough)
    things = {"balloon": _balloon, "microphone": _microphone, "flower": _flower}
    thing = things[choose(style.genre, things, u[3])]

    def member(canvas: Canvas, k: int, foot: complex, height: float, close: bool) -> None:
        stray = rough[k, 10:13] - 0.5
        foot += style.jitter * complex(stray[0], stray[1])
        height *= 1 if style.figure else 0.8
        place = canvas.within(foot - height * (0.5 + 1j), height, 4 * style.jitter * stray[2])
        if not style.figure:
            thing(place, style, cast[k], rough[:, 13])
        elif close:
            draw_bust(place, cast[k])
        else:
            standing(place, style, 0.5 + 1j, 1, cast[k], rough[k, 14], rough[k, 13])

    below = u[5] < 0.6  # the type is
    strip = type_height(style)
    top, low = (0.0, 1 - strip) if below else (strip, 1.0)
    arrange(canvas, style, len(cast), u[4:], rough[:, 15:], member, top, low)
    if style.lines and arrange in (_crowd, _line):
        if below and style.backdrop in ("glow", "clouds"):
            canvas.shade(mix(style.deep, BLACK, 0.6), 0.9)
        else:
            ink = (style.deep, style.light, style.ground)[int(3 * u[6])]
            canvas.polygon(rectangle(complex(-0.3, low if below else -0.3), 1.6, 0.3 + strip), ink)
    y = 0.96 if below else 0.04
    lettering(canvas, style, y, "centre", left=0.1, right=0.9, room=strip - 0.07, rise=below)


def _inks(style: Style, chance: float) -> tuple[RGB, ...]:
    """First the colour behind the people, then what they may wear before it."""
    inks = (style.main, style.accent, style.light)
    first = int(3 * chance)
    return (*inks[first:], *inks[:first], style.deep)


def _cast(style: Style, manner: str, u: np.ndarray, rough: np.ndarray) -> list[Looks]:
    """The members, dressed in one colour, in two by turns, or as each likes; the more shapes, the more of them."""
    n, first, step = 2 + (style.shapes + 1) // 2, int(3 * u[0]), int(12 * u[0]) % 3
    cast = [make_looks(style, manner, numbers[:10]) for numbers in rough[:n]]
    if manner == "silhouette":
        return [replace(looks, cloth=looks.hair, trim=looks.hair) for looks in cast]
    wear = _inks(style, u[2])[1:]
    cloths = [looks.cloth if step == 2 else wear[(first + step * (k % 2)) % 3] for k, looks in enumerate(cast)]
    return [replace(looks, cloth=mix(cloths[k], BLACK, 0.16 * (k % 2))) for k, looks in enumerate(cast)]


def _crowd(
    canvas: Canvas, style: Style, n: int, u: np.ndarray, rough: np.ndarray, member: Member, top: float, low: float
) -> None:
    """Heads and shoulders in two rows, the middle ones before the others."""
    middle = 0.5 + style.offset
    _behind(canvas, style, u, rough[:, 0], complex(middle, (top + low) / 2))
    front = n // 2 + n % 2 * (u[3] < 0.5)
    side = min((0.42 + 0.75 / n) * style.scale, (low - top + 0.1) / 1.33)  # the last row's hair is seen
    for row, size, y in ((1, n - front, low - 0.4 * side), (0, front, low + 0.04)):
        for place in sorted(range(size), key=lambda k: -abs(k - (size - 1) / 2)):
            x = middle + 0.52 * side * (place - (size - 1) / 2)
            member(canvas, place + row * front, complex(x, y), side, close=True)


def _line(
    canvas: Canvas, style: Style, n: int, u: np.ndarray, rough: np.ndarray, member: Member, top: float, low: float
) -> None:
    """At full length in a V, the leader in front."""
    middle = 0.5 + style.offset
    _behind(canvas, style, u, rough[:, 0], complex(middle, (top + low) / 2))
    height = (1.2 * style.scale - 0.2) * (low - top) + 0.05
    foot = low + max(0.02, height - 0.95 * (low - top))  # the heads are always seen, the feet not
    for place in sorted(range(n), key=lambda k: -abs(k - (n - 1) / 2)):
        away = abs(place - (n - 1) / 2) / n
        x = middle + 0.95 * style.scale * (place - (n - 1) / 2) / n
        member(canvas, place, complex(x, foot - 0.18 * away), height * (1 - 0.25 * away), close=False)


def _panels(
    canvas: Canvas, style: Style, n: int, u: np.ndarray, rough: np.ndarray, member: Member, top: float, low: float
) -> None:
    """A coloured and striped panel for each."""
    inks, panel = (style.main, style.accent, style.light, style.deep), style.scale / n
    top, low = max(top, 0.06), min(low, 0.94)
    side = (0.4 + 1.1 / n) * style.scale
    stripes = round(1.5 * style.frequency)
    for k in range(n):
        left = 0.5 + style.offset + panel * (k - n / 2 + 0.6 * style.irregularity * (rough[k, 0] - 0.5))
        width = panel * (1.3 if k < n - 1 else 1) - 0.012  # the next covers what is too much
        strip = rectangle(complex(left, top), width, low - top)
        x = np.linspace(left - 0.02, left + width + 0.02, 25)
        with canvas.clipped(strip) as view:
            view.polygon(strip, inks[k % 4])
            for j in range(stripes):
                line = x + 1j * (
                    top + (low - top) / stripes * (j + 0.2 * wave(x, 0.5, style.frequency, style.curvature))
                )
                view.polygon(np.append(line, line[::-1] + 0.35j / stripes), mix(inks[k % 4], inks[(k + 1) % 4], 0.35))
            member(view, k, complex(left + panel / 2, low - 0.12 * (k % 2)), side, close=True)


def _horizon(
    canvas: Canvas, style: Style, n: int, u: np.ndarray, rough: np.ndarray, member: Member, top: float, low: float
) -> None:
    """Small and dark before a low sun."""
    night, middle, level = mix(style.deep, BLACK, 0.4), 0.5 + style.offset, min(0.72 + 0.12 * u[2], low - 0.06)
    haze, sun = mix(style.accent, style.light, 0.5), 0.38 * style.scale
    canvas.paint(gradient((style.ground, style.main)[int(2 * u[3])], haze, (0, 0.1, 0.5, 0.8, 1)))
    centre = complex(middle, level - 0.6 * sun)
    canvas.polygon(ellipse(centre, 2 * sun), mix(style.light, style.accent, 0.15))
    slats = round(1.3 * style.frequency)
    for k in range(slats):
        rise = 1 - 1.6 * (k + 0.6 * style.irregularity * rough[k % 7, 2]) / slats
        half = sun * np.sqrt(max(1 - rise * rise, 0.02)) + 0.01
        canvas.polygon(rectangle(centre + complex(-half, rise * sun), 2 * half, 0.6 * sun / slats), haze)
    x = np.linspace(-0.2, 1.2, 113)
    ridge = level + 0.045 * (0.4 + style.irregularity) * wave(x, u[4], style.frequency / 2, style.curvature)
    for k in range(2):
        crest = x + 1j * (ridge + 0.09 * k)
        canvas.polygon(np.append(crest, [1.3 + 1.3j, -0.3 + 1.3j]), mix(night, style.main, 0.25 * (1 - k)))
    for k in range(n):
        at = middle + 0.9 * style.scale * (k - (n - 1) / 2) / n
        foot = complex(at, np.interp(at, x, ridge) + 0.01)
        member(canvas, k, foot, 0.4 * style.scale * (0.9 + 0.15 * rough[k, 1]), close=False)


def _behind(canvas: Canvas, style: Style, u: np.ndarray, rough: np.ndarray, centre: complex) -> None:
    """A star or flower, stripes, or tiles: as many as the tempo is fast."""
    colour = mix(style.ground, _inks(style, u[0])[0], 0.8)
    n = round(1.3 * style.frequency) + 1
    kind = choose(style.genre, ("bloom", "stripes", "dots"), u[2])
    if kind == "bloom":
        outline = bloom(style, 2 * round(style.frequency) + 2, 0.22, np.append(rough, rough[:1]))
        for size, ink in ((1.5, colour), (0.95, mix(colour, style.ground, 0.5))):
            canvas.polygon(centre + size * style.scale * outline, ink)
    elif kind == "stripes":
        y = np.linspace(-0.25, 1.25, 61)
        for k in range(-2, n + 2):
            x = (k + 0.7 * style.irregularity * (rough[k % 7] - 0.5)) / n
            edge = x + 0.12 / n * wave(y, 0, n / 2, style.curvature) + 1j * y
            canvas.polygon(np.append(edge, edge[::-1] + 0.5 / n), colour)
    else:
        tile = chip(0.85 / n, style.curvature)
        for row in range(n):
            for column in range(n + 1):
                stray = style.irregularity * (rough[(row + 3 * column) % 7] - 0.5)
                canvas.polygon(
                    (complex(column - 0.5 * (row % 2) + 0.5, row + 0.5) + stray * (1 + 1j)) / n + tile, colour
                )


def _balloon(place: Canvas, style: Style, looks: Looks, rough: np.ndarray) -> None:
    place.polygon(rectangle(0.495 + 0.5j, 0.012, 1), mix(looks.cloth, BLACK, 0.5))
    place.polygon(np.array([0.5 + 0.6j, 0.55 + 0.7j, 0.45 + 0.7j]), mix(looks.cloth, BLACK, 0.2))
    skin = chip(0.55, style.curvature)
    place.polygon(0.5 + 0.35j + skin.real + 1.15j * skin.imag, looks.cloth)
    place.polygon(0.41 + 0.22j + 0.25 * skin, mix(looks.cloth, style.light, 0.5))


def _microphone(place: Canvas, style: Style, looks: Looks, rough: np.ndarray) -> None:
    metal = mix(looks.hair, style.deep, 0.5)
    place.polygon(rectangle(0.48 + 0.6j, 0.04, 1), metal)
    place.polygon(np.array([0.4 + 0.3j, 0.6 + 0.3j, 0.55 + 0.75j, 0.45 + 0.75j]), looks.cloth)
    head = chip(0.32, style.curvature)
    place.polygon(0.5 + 0.2j + head, metal)
    for x in range(4):
        place.polygon(rectangle(complex(0.37 + 0.07 * x, 0.14), 0.03, 0.12), mix(metal, style.light, 0.5))
    place.polygon(rectangle(0.38 + 0.3j, 0.24, 0.06), looks.trim)


def _flower(place: Canvas, style: Style, looks: Looks, rough: np.ndarray) -> None:
    stem = mix(style.deep, looks.trim, 0.3)
    place.polygon(rectangle(0.485 + 0.4j, 0.03, 1), stem)
    leaf = chip(0.24, style.curvature)
    for side in (-1, 1):
        place.polygon(0.5 + side * 0.12 + 0.75j + leaf.real + 0.4j * leaf.imag + side * 0.3j * leaf.real, stem)
    petals = bloom(style, round(style.frequency) + 1, 0.25, np.append(rough, rough[:1]))
    place.polygon(0.5 + 0.32j + 0.62 * petals, looks.cloth)
    place.polygon(0.5 + 0.32j + chip(0.2, style.curvature), looks.trim)
