"""Print eras: how the year, decade by decade, changes the way a finished picture is printed.

An era takes the picture at its final size, the Style, and sixteen numbers from 0 to 1 that no factor explains, and
returns planes (see `finish`). It changes relations between colours and leaves marks of the press, in strengths that
keep what the audio features did to colour, lightness and contrast in order. `style.vigour` falls through the decade,
so that neighbouring years look alike.
"""

import numpy as np
from PIL import Image

from helpers.sources.synthetic.finish import coordinates, laid, luma, moved, noise, to_planes
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.style import Style

_STRENGTH = np.float32(0.65)  # of every era: more, and the palettes, which tell the genre, would drown


def print_era(image: Image.Image, style: Style, rng: np.random.Generator) -> np.ndarray:
    """The picture as it was printed in its style's era: planes."""
    planes = to_planes(image)
    return planes + _STRENGTH * (PRINT[style.era](image, style, rng.random(16, np.float32)) - planes)


def duotone(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Fifties: two inks on cream paper, the palette's most colourful one and its darkest."""
    planes = to_planes(image)
    ink = max(style.main, style.accent, style.ground, key=lambda colour: max(colour) - min(colour))
    ink, key = _colour(ink), _colour(mix(style.deep, (34, 22, 20), 0.6))
    seen = (1 - ink) / (1 - ink).sum()  # a plate is photographed through a filter: the light its ink swallows
    plate = 1 - (seen[0] * planes[0] + seen[1] * planes[1] + seen[2] * planes[2])
    shadows = 1 - luma(planes)
    inked = _over(_over(np.broadcast_to(_CREAM, planes.shape), ink, plate), key, np.float32(0.9) * shadows * shadows)
    return planes + np.float32(0.7 * style.vigour) * (inked - planes)


def letterpress(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Sixties: few flat inks, the coloured ones out of register, lying unevenly on unbleached paper."""
    planes = to_planes(image)
    side = image.width
    light = luma(planes)
    inks = 1 - planes - (_steps(light, 5) - light)
    black = np.minimum(np.minimum(inks[0], inks[1]), inks[2])
    across, down = (side / 32 if u < 0.5 else -side / 32 for u in chance[:2])
    inks = moved(inks - black, across, down) + black
    mottle = laid(noise(side, 40), chance[2:]) + laid(noise(side, 100), chance[4:])
    return _UNBLEACHED * (1 - inks * (np.float32(0.9) - np.float32(0.09 * style.vigour) * mottle))


def seventies(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Seventies: soft focus, faded dyes, a warm gradient, and corners that turn brown."""
    vigour = np.float32(style.vigour)
    planes = to_planes(image)
    planes += np.float32(0.35) * (_soft(image, 20) - planes)
    x, y = coordinates(image.width)
    faded = _BROWN + (np.float32(0.98) - _BROWN) * planes * _DYES
    sun = y if chance[0] < 0.5 else 1 - y
    warm = faded + np.float32(0.22) * sun * (_ORANGE - faded)
    corners = np.clip(3 * ((x - np.float32(0.5)) ** 2 + (y - np.float32(0.5)) ** 2) - np.float32(0.35), 0, 1)
    warm += np.float32(0.75) * corners * (_BROWN - warm)
    return planes + vigour * (warm - planes)


def neon(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Eighties: night falls, whatever is bright glows, from magenta on one side to cyan on the other."""
    vigour = np.float32(style.vigour)
    planes, soft = to_planes(image), _soft(image, 10)
    x, y = coordinates(image.width)
    light = luma(planes)
    night = np.float32(1.25) * planes / (1 + np.float32(1.6) * soft) + np.float32(0.25) * (planes - light)
    edges = np.maximum(light - luma(soft), 0)
    sweep = x + y - np.float32(0.5) if chance[0] < 0.5 else y - x + np.float32(0.5)
    vivid = np.float32(0.3 + 0.7 * max(max(colour) - min(colour) for colour in (style.main, style.accent)) / 255)
    tube = 1 - vivid * (1 - _MAGENTA - np.clip(sweep, 0, 1) * (_CYAN - _MAGENTA))
    night = _DUSK + night * (np.float32(0.55) + np.float32(0.45) * tube)
    night += np.float32(1.1) * edges * tube
    chrome = np.clip(4 * light - 3, 0, 1) * np.clip(edges * 3, 0, 1)
    night += np.float32(0.6) * chrome * (1 - night)
    return planes + vigour * (night - planes)


def collage(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Nineties: photocopied hard and grainy, torn across, pasted askew, and taped."""
    side = image.width
    planes = to_planes(image)
    light = luma(planes)
    hard = light + np.float32(0.6) * (light * light * (3 - 2 * light) - light)
    hard += np.float32(0.3) * hard * (1 - hard) * laid(noise(side, 110), chance)
    planes = hard + np.float32(0.85) * (planes - light)
    x, y = coordinates(side)
    tear = np.float32(0.016) * (noise(side, 12)[:1] + noise(side, 28)[:1])
    top = np.float32(0.12) + np.float32(0.5) * chance[2] + np.float32(0.16) * (chance[3] - np.float32(0.5)) * x
    below = y - top - tear
    height = np.float32(0.2) + np.float32(0.1) * chance[4]
    strip = _covered(below, side) * _covered(height - below, side)
    shift = 0.09 * style.vigour if chance[5] < 0.5 else -0.09 * style.vigour
    pasted = np.where((x < shift) | (x > 1 + shift), np.float32(0.9), moved(planes, shift * side))
    planes += strip * (pasted - planes)
    paper = _covered(below + np.float32(0.008), side) * _covered(height + np.float32(0.014) - below, side) - strip
    planes += paper * (np.float32(0.95) - planes)
    shadow = below - height - np.float32(0.014)
    planes *= 1 - np.float32(0.45) * _covered(shadow, side) * _covered(np.float32(0.025) - shadow, side)
    across, down = x - np.float32(0.1) - np.float32(0.8) * chance[6], y - top
    along, over = across + down * np.float32(0.3), down - across * np.float32(0.3)
    tape = _covered(np.float32(0.06) - np.abs(along), side) * _covered(np.float32(0.13) - np.abs(over), side)
    return planes + np.float32(0.65) * tape * (_TAPE - planes)


def gloss(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Two-thousands: saturated, behind the lid of a jewel case whose bevels and plastic catch the light."""
    vigour = np.float32(style.vigour)
    planes = to_planes(image)
    planes += np.float32(0.25) * vigour * (planes - luma(planes))
    x, y = coordinates(image.width)
    inward = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    planes *= 1 - np.float32(0.6) * np.clip(1 - inward / np.float32(0.05), 0, 1)
    curve = y + np.float32(0.55) * x * x
    sweep = _covered(np.float32(0.55) - curve, image.width) * (np.float32(0.2) + np.float32(0.4) * curve)
    planes += vigour * sweep * (1 - planes)
    planes *= 1 - np.float32(0.25) * y * y
    planes *= 1 - np.float32(0.5) * _covered(np.float32(0.065) - x, image.width)
    seam = np.maximum(_line(x, 4.5 / 64, image.width), _line(y, 0.5 / 64, image.width))
    return planes + np.float32(0.6) * vigour * seam * (1 - planes)


def flat(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Twenty-tens: nothing but clean flat colour in a thin frame."""
    vigour = np.float32(style.vigour)
    planes = to_planes(image)
    light = luma(planes)
    planes += vigour * (_steps(light, 6) - light)
    x, y = coordinates(image.width)
    inward = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y))
    colour = max(style.light, style.deep, key=lambda colour: abs(brightness(colour) - brightness(style.ground)))
    return planes + vigour * _line(inward, 2.5 / 64, image.width) * (_colour(colour) - planes)


def mesh(image: Image.Image, style: Style, chance: np.ndarray) -> np.ndarray:
    """Twenty-twenties: soft coloured light leaking over the picture, and a fine grain."""
    planes = to_planes(image)
    side = image.width
    colours = [mix(leak, style.accent, 0.35) for leak in _LEAKS]
    order = chance[:16].argsort()
    small = Image.new("RGB", (4, 4))
    small.putdata([colours[k % len(colours)] for k in order.tolist()])
    leaks = to_planes(small.resize((side, side), Image.Resampling.BICUBIC))
    amount = np.clip(np.float32(0.6) + np.float32(0.6) * laid(noise(side, 4), chance), 0, 1)
    planes += np.float32(0.5 * style.vigour) * amount * (leaks - _soft(image, 8))
    return planes + np.float32(0.04) * laid(noise(side, 220), chance[4:])


PRINT = {f.__name__: f for f in (duotone, letterpress, seventies, neon, collage, gloss, flat, mesh)}


def _colour(colour: RGB) -> np.ndarray:
    return np.array(colour, np.float32)[:, None, None] / np.float32(255)


_CREAM = _colour((246, 236, 212))
_UNBLEACHED = _colour((240, 234, 220))
_BROWN, _ORANGE, _DYES = _colour((62, 38, 25)), _colour((235, 132, 48)), _colour((255, 236, 200))
_DUSK, _MAGENTA, _CYAN = _colour((16, 6, 36)), _colour((255, 60, 200)), _colour((40, 210, 255))
_TAPE = _colour((236, 222, 170))
_LEAKS = ((255, 120, 150), (120, 110, 255), (255, 190, 110), (110, 225, 230))


def _soft(image: Image.Image, cells: int) -> np.ndarray:
    """The picture out of focus: reduced to `cells` pixels a side and enlarged again."""
    small = image.resize((cells, cells), Image.Resampling.BOX)
    return to_planes(small.resize(image.size, Image.Resampling.BICUBIC))


def _covered(inside: np.ndarray, side: int) -> np.ndarray:
    """How much of each pixel a shape covers, from how far inside it the pixel's middle is."""
    return np.clip(inside * np.float32(side) + np.float32(0.5), 0, 1)


def _line(distance: np.ndarray, at: float, side: int) -> np.ndarray:
    """A line 1/64 of the side wide where `distance` is `at`."""
    return _covered(np.float32(0.5 / 64) - np.abs(distance - np.float32(at)), side)


def _over(planes: np.ndarray, ink: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Print an ink over what is there: it lets through its own colour of the light."""
    return planes * (1 - amount * (1 - ink))


def _steps(planes: np.ndarray, n: int) -> np.ndarray:
    """Values drawn towards the nearest of n + 1 tones; what lies halfway between stays, so that edges stay smooth."""
    scaled = planes * np.float32(n)
    whole = np.floor(scaled)
    between = np.clip(np.float32(2) * (scaled - whole) - np.float32(0.5), 0, 1)
    return (whole + between) / np.float32(n)
