"""From factors to what is seen: the only place where an audio feature becomes a visual quantity.

Each line of `make_style` is one documented effect; the layouts know nothing but the `Style`.
"""

import math
from dataclasses import dataclass

from helpers.sources.synthetic.factors import Factors, era
from helpers.sources.synthetic.palettes import RGB, from_oklab, mix, palette_colours, to_oklab

_CAPITALS = {"rock", "metal", "hiphop", "electronic", "jazz", "reggae"}  # genres that shout
_PLAIN_GROUNDS = {"black": (0, 0, 0), "white": (255, 255, 255)}


@dataclass(frozen=True)
class Style:
    """Visual quantities; lengths are in sides of the cover.

    Attributes:
        ground, deep, main, accent, light: the palette's five colours, tinted by the features.
        shapes: 2 to 9, how many of anything (energy).
        frequency: 2 to 13 cycles across the cover (tempo).
        curvature: 0 angular to 1 round (danceability).
        irregularity: 0 even to 1 uneven (danceability).
        tilt: radians by which the composition is turned (liveness).
        jitter: 0 to 0.08, how far shapes stray from their place (liveness).
        shake: 0 to 0.054, how far the picture is doubled, as by an unsteady camera (liveness).
        beams: 0 to 1, strength of the lights above the stage (liveness).
        offset: -0.25 to 0.25, how far the main motif is from the middle (popularity).
        fame: 0 to 1, strength of the spotlight (popularity).
        scale: 0.55 to 1.3, size of the main motif (popularity).
        type_size: size of the largest line (speechiness, instrumentalness).
        lines: the words to set, largest first: two, one or none (instrumentalness).
        typeface, backdrop, figure: as in Factors.
        grain: 0 to 1, roughness of the paper (acousticness).
        texture: as in Factors.
        era: one of factors.ERAS (decade).
        vigour: 1 at the start of a decade to 0.73 at its end, strength of the era's marks (year).
        genre: as in Factors, for `wardrobe.choose`.
    """

    ground: RGB
    deep: RGB
    main: RGB
    accent: RGB
    light: RGB
    shapes: int
    frequency: float
    curvature: float
    irregularity: float
    tilt: float
    jitter: float
    shake: float
    beams: float
    offset: float
    fame: float
    scale: float
    type_size: float
    lines: tuple[str, ...]
    typeface: str
    backdrop: str
    figure: bool
    grain: float
    texture: str
    era: str
    vigour: float
    genre: str


def make_style(factors: Factors, chance: tuple[float, ...]) -> Style:
    """Translate factors; `chance`, three numbers from 0 to 1, decides what no factor explains (signs, word order)."""
    f = factors.features
    volume = min(max((f["loudness"] + 30) / 28, 0), 1)  # music lives between -30 and -2 dB
    pace = min(max((f["tempo"] - 50) / 150, 0), 1)  # and between 50 and 200 BPM
    colours = _tint(
        palette_colours(factors.palette),
        saturation=(0.42 + 0.82 * volume) * (1 - 0.4 * f["acousticness"]),
        warmth=f["valence"] - 0.45,
        lift=0.4 * (f["valence"] - 0.45),
        contrast=0.7 + 0.75 * f["energy"],
    )
    if factors.backdrop in _PLAIN_GROUNDS:
        colours[0] = mix(colours[0], _PLAIN_GROUNDS[factors.backdrop], 0.93)
    words = (factors.artist, factors.title) if chance[0] < 0.5 else (factors.title, factors.artist)
    if factors.genre in _CAPITALS or factors.typeface == "poster":
        words = tuple(line.upper() for line in words)
    silence = f["instrumentalness"]
    return Style(
        *colours,
        shapes=2 + round(7 * f["energy"]),
        frequency=2 + 11 * pace,
        curvature=f["danceability"],
        irregularity=1 - f["danceability"],
        tilt=0.55 * max(f["liveness"] - 0.08, 0) * math.copysign(1, chance[1] - 0.5),
        jitter=0.08 * f["liveness"],
        shake=0.06 * max(f["liveness"] - 0.1, 0),
        beams=f["liveness"],
        fame=f["popularity"] / 100,
        offset=0.5 * (1 - f["popularity"] / 100) * (chance[2] - 0.5),
        scale=0.55 + 0.75 * f["popularity"] / 100,
        type_size=(0.055 + 0.3 * math.sqrt(f["speechiness"])) * (1 - 0.45 * silence),
        lines=words if silence < 0.5 else words[:1] if silence < 0.9 else (),
        typeface=factors.typeface,
        backdrop=factors.backdrop,
        figure=factors.figure,
        grain=f["acousticness"],
        texture=factors.texture,
        era=era(factors.year),
        vigour=1 - 0.03 * (factors.year % 10),
        genre=factors.genre,
    )


def _tint(colours: list[RGB], saturation: float, warmth: float, lift: float, contrast: float) -> list[RGB]:
    """Shift a palette in OKLab: colourfulness, yellow against blue, lightness, and the spread of lightness."""
    tinted = []
    for lightness, a, b in map(to_oklab, colours):
        lightness = min(max(0.5 + (lightness - 0.53) * contrast + lift, 0.02), 1.0)
        tinted.append(from_oklab(lightness, a * saturation + 0.03 * warmth, (b + 0.09 * warmth) * saturation))
    return tinted
