"""What a drawn cover is about: its genre, year, audio features and words, and how these are distributed.

Only uniform numbers are asked of the random generator and every other distribution is made from them here, so the
factors of a (seed, index) do not change with the version of numpy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from statistics import NormalDist

import numpy as np

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES
from helpers.sources.synthetic import words
from helpers.sources.synthetic.palettes import PALETTES

LAYOUTS = (
    "horizon", "emblem", "grid", "portrait", "pattern", "frame",
    "group", "silhouette", "collage", "gradient", "type", "label", "blur",
)  # fmt: skip
BACKDROPS = ("flat", "gradient", "glow", "clouds", "black", "white")
TYPEFACES = ("poster", "modern", "serif", "book", "hand")
TEXTURES = ("clean", "paper", "grain", "halftone", "scanlines", "dust", "worn")
ERAS = ("duotone", "letterpress", "seventies", "neon", "collage", "gloss", "flat", "mesh")  # one a decade from 1950
FIRST_YEAR, LAST_YEAR = 1950, 2029
SEEDS = 2**32  # seeds and indices are below this


@dataclass(frozen=True)
class Taste:
    """What one genre tends to: weights over the looks, and typical values of the features in their units."""

    palettes: str
    layouts: tuple[int, ...]
    typefaces: tuple[int, ...]
    years: tuple[int, int, float]  # first, last, and the power that leans towards the first when above 1
    hangul: float
    features: tuple[float, ...]  # in the order of FEATURES


# layouts: in the order of LAYOUTS · typefaces: poster modern serif book hand
# features: popularity danceability acousticness energy instrumentalness liveness loudness speechiness tempo valence
# fmt: off
_TASTES = {
    "rock": Taste(
        "union mustard amp denim noir", (3, 2, 0, 3, 0, 0, 6, 1, 9, 0, 1, 0, 3), (6, 2, 3, 1, 2),
        (1955, 2029, 1.3), 0.03, (48, 0.50, 0.12, 0.75, 0.04, 0.20, -7.3, 0.055, 124, 0.52),
    ),
    "pop": Taste(
        "coral candy citrus sky tulip", (0, 0, 0, 12, 1, 0, 3, 0, 1, 3, 1, 0, 8), (4, 5, 1, 1, 2),
        (1958, 2029, 0.9), 0.05, (64, 0.67, 0.18, 0.67, 0.003, 0.16, -6.2, 0.07, 119, 0.58),
    ),
    "metal": Taste(
        "ember crypt iron bone void", (4, 14, 0, 0, 1, 0, 1, 6, 0, 0, 0, 1, 0), (3, 0, 6, 2, 1),
        (1970, 2029, 0.9), 0.01, (42, 0.40, 0.01, 0.92, 0.12, 0.22, -5.6, 0.09, 130, 0.30),
    ),
    "country": Taste(
        "prairie canyon barn cornflower denim", (12, 0, 0, 8, 0, 3, 0, 3, 0, 0, 0, 1, 3), (2, 1, 5, 3, 4),
        (1950, 2029, 1.0), 0.0, (50, 0.58, 0.35, 0.62, 0.002, 0.18, -7.8, 0.04, 122, 0.60),
    ),
    "hiphop": Taste(
        "gold boombox concrete court chain", (0, 1, 1, 10, 0, 1, 3, 0, 8, 0, 5, 1, 4), (8, 4, 2, 0, 1),
        (1980, 2029, 0.8), 0.05, (60, 0.76, 0.14, 0.66, 0.003, 0.20, -6.8, 0.25, 106, 0.50),
    ),
    "electronic": Taste(
        "neon acid ultraviolet laser vector", (0, 2, 7, 0, 10, 0, 0, 0, 0, 6, 3, 2, 1), (4, 7, 1, 0, 0),
        (1972, 2029, 0.7), 0.03, (46, 0.70, 0.05, 0.78, 0.45, 0.16, -7.2, 0.06, 128, 0.42),
    ),
    "folk": Taste(
        "moss wheat clay tide heather", (5, 1, 0, 3, 0, 11, 2, 5, 0, 0, 0, 0, 1), (0, 1, 3, 5, 7),
        (1955, 2029, 1.0), 0.05, (40, 0.50, 0.70, 0.36, 0.03, 0.14, -11.5, 0.04, 114, 0.42),
    ),
    "ambient": Taste(
        "mist dusk glacier pearl fjord", (10, 0, 0, 0, 1, 1, 0, 0, 0, 12, 0, 0, 7), (0, 7, 0, 4, 1),
        (1972, 2029, 0.8), 0.03, (34, 0.27, 0.80, 0.17, 0.85, 0.11, -21.0, 0.042, 94, 0.13),
    ),
    "jazz": Taste(
        "bluenote smoke brass plum lounge", (0, 0, 7, 3, 1, 0, 0, 7, 1, 0, 7, 4, 0), (5, 4, 3, 3, 1),
        (1950, 2029, 2.2), 0.01, (36, 0.54, 0.76, 0.34, 0.35, 0.16, -13.5, 0.05, 112, 0.50),
    ),
    "kpop": Taste(
        "pastel bubblegum holo mint lilac", (0, 3, 0, 3, 2, 1, 14, 0, 1, 4, 1, 0, 3), (5, 6, 0, 1, 1),
        (1992, 2029, 0.6), 0.75, (62, 0.70, 0.12, 0.79, 0.001, 0.18, -4.4, 0.08, 122, 0.64),
    ),
    "classical": Taste(
        "ivory marble walnut cartouche velvet", (1, 0, 0, 3, 0, 14, 0, 1, 0, 0, 3, 2, 0), (0, 1, 4, 8, 0),
        (1950, 2029, 1.2), 0.01, (38, 0.28, 0.94, 0.15, 0.75, 0.12, -22.0, 0.042, 102, 0.22),
    ),
    "reggae": Taste(
        "roots island sunsplash palm lagoon", (2, 4, 0, 3, 7, 0, 0, 5, 1, 0, 1, 6, 0), (6, 2, 2, 0, 4),
        (1965, 2029, 1.4), 0.0, (44, 0.77, 0.16, 0.57, 0.01, 0.15, -7.6, 0.12, 118, 0.78),
    ),
}
# fmt: on
GENRES = tuple(_TASTES)

# Spread of each feature around its genre's typical value, in logits, and its share of two moods common to several
# features: intensity (loud, energetic, electric) and joy (happy, danceable). Fitted to the Spotify features of 9,779
# tracks from the 1950s to the 2010s (popularity, which was not among them, is by eye): a factor analysis of their
# normal scores, and what the typical values of the genres leave of their spread.
_SPREADS = (1.0, 0.56, 2.0, 0.96, 2.0, 1.04, 0.43, 0.5, 0.44, 1.15)
_INTENSITY = (0.0, 0.1, -0.55, 0.93, 0.0, 0.1, 0.7, 0.25, 0.2, 0.27)
_JOY = (0.0, 0.75, -0.15, 0.07, 0.0, -0.3, 0.08, 0.15, -0.1, 0.5)

# How likely each texture is in each era, in the order of TEXTURES: screens and dust before film and video before files.
_ERA_TEXTURES = {
    "duotone": (10, 6, 2, 4, 0, 4, 1),
    "letterpress": (10, 6, 2, 3, 0, 4, 1),
    "seventies": (9, 3, 6, 1, 1, 5, 1),
    "neon": (11, 1, 4, 1, 4, 2, 1),
    "collage": (10, 2, 5, 2, 2, 3, 4),
    "gloss": (11, 1, 2, 1, 2, 1, 6),
    "flat": (18, 2, 2, 1, 1, 1, 2),
    "mesh": (12, 2, 6, 1, 1, 1, 2),
}

_OFF_GENRE = 0.06  # share of covers whose palette is not one of their genre's: mostly black and white


@dataclass(frozen=True)
class Factors:
    """Everything a cover is drawn from; change one with `dataclasses.replace` and only its effect changes.

    Not every layout shows every factor: grids and frames have no backdrop, and a portrait has a figure anyway.

    Attributes:
        seed, index: 0 to 2**32 - 1; they also fix what no factor explains (which hair, where the clouds).
        genre: one of GENRES.
        year: 1950 to 2029.
        features: the ten audio features of `helpers.records.FEATURES`, in their units and ranges.
        artist, title: Latin or Hangul.
        layout: one of LAYOUTS.
        palette: a name in `palettes.PALETTES`.
        backdrop: "flat", "gradient", "glow" or "clouds" of the palette's ground; "black" or "white" instead of it.
        typeface: "poster", "modern", "serif", "book" or "hand".
        figure: whether a person is shown.
        texture: "clean", "paper", "grain", "halftone", "scanlines", "dust" or "worn"; some decades like some.

    Raises:
        CourseError: if a value is outside its range.
    """

    seed: int
    index: int
    genre: str
    year: int
    features: dict[str, float]
    artist: str
    title: str
    layout: str
    palette: str
    backdrop: str
    typeface: str
    figure: bool
    texture: str

    def __post_init__(self):
        require_range("seed", self.seed, 0, SEEDS - 1)
        require_range("index", self.index, 0, SEEDS - 1)
        require_range("year", self.year, FIRST_YEAR, LAST_YEAR)
        for name, choices in (("genre", GENRES), ("layout", LAYOUTS), ("palette", tuple(PALETTES)),
                              ("backdrop", BACKDROPS), ("typeface", TYPEFACES), ("texture", TEXTURES)):  # fmt: skip
            if getattr(self, name) not in choices:
                raise CourseError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(choices)}.")
        for name in ("artist", "title"):
            words = getattr(self, name)
            if not isinstance(words, str) or not words.strip():
                raise CourseError(f"{name} is {words!r}; it must be a text of at least one letter.")
        if not isinstance(self.figure, (bool, np.bool_)):
            raise CourseError(f"figure is {self.figure!r}; it must be True or False.")
        if not isinstance(self.features, dict) or set(self.features) != set(FEATURE_NAMES):
            raise CourseError(f"features must be a dict of exactly {', '.join(FEATURE_NAMES)}.")
        for feature in FEATURES:
            value = self.features[feature.name]
            if not isinstance(value, Real) or not feature.low <= value <= feature.high:
                raise CourseError(
                    f"{feature.name} is {value!r}; it must be a number from {feature.low} to {feature.high} "
                    f"{feature.unit}."
                )


def require_range(name: str, value: int, low: int, high: int) -> None:
    """Raise a CourseError unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise CourseError(f"{name} is {value!r}; it must be a whole number from {low} to {high}.")


def generator(seed: int, index: int, *stream: int) -> np.random.Generator:
    """The random numbers of one cover; a stream other than the first is independent of it."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index, *stream])))


def draw_factors(seed: int, index: int) -> Factors:
    """The factors of cover `index` of the set `seed`, both 0 to 2**32 - 1; the same on every machine.

    Raises:
        CourseError: if seed or index is outside its range.
    """
    require_range("seed", seed, 0, SEEDS - 1)
    require_range("index", index, 0, SEEDS - 1)
    rng = generator(seed, index)

    def pick(options: Sequence):
        return options[int(rng.random() * len(options))]

    genre = pick(GENRES)
    taste = _TASTES[genre]
    features = _draw_features(taste, rng)
    hangul_title, hangul_artist = rng.random() < taste.hangul, rng.random() < 0.6
    live = features["liveness"] > 0.45
    layout = _weighted(LAYOUTS, taste.layouts, rng)
    year = _draw_year(taste, rng)
    return Factors(
        seed=int(seed),
        index=int(index),
        genre=genre,
        year=year,
        features=features,
        artist=words.artist_name(genre, hangul_title and hangul_artist, pick),
        title=words.album_title(genre, hangul_title, live, pick),
        layout=layout,
        palette=_draw_palette(taste, rng.random(), pick),
        backdrop=_weighted(BACKDROPS, (6, 5, 4, 6, 4, 4), rng),
        typeface=_weighted(TYPEFACES, taste.typefaces, rng),
        figure=layout == "portrait" or rng.random() < 0.05 + 0.8 * features["popularity"] / 100,
        texture=_weighted(TEXTURES, _ERA_TEXTURES[era(year)], rng),
    )


def era(year: int) -> str:
    """The print era of a year: one of ERAS."""
    return ERAS[(year - FIRST_YEAR) // 10]


def _draw_features(taste: Taste, rng: np.random.Generator) -> dict[str, float]:
    """Ten correlated logit-normal values, as shares of their ranges, then put into their units."""
    intensity, joy = _normal(rng), _normal(rng)
    features = {}
    for i, feature in enumerate(FEATURES):
        own = math.sqrt(1 - _INTENSITY[i] ** 2 - _JOY[i] ** 2) * _normal(rng)
        typical = (taste.features[i] - feature.low) / (feature.high - feature.low)
        logit = math.log(typical / (1 - typical)) + _SPREADS[i] * (_INTENSITY[i] * intensity + _JOY[i] * joy + own)
        share = 1 / (1 + math.exp(-logit))
        # Four decimals: what Spotify gives, and too coarse to show how a machine rounds its exponentials.
        features[feature.name] = round(feature.low + (feature.high - feature.low) * share, 4)
    return features


def _draw_palette(taste: Taste, chance: float, pick) -> str:
    if chance < 0.75 * _OFF_GENRE:
        return "silver"
    return pick(tuple(PALETTES) if chance < _OFF_GENRE else taste.palettes.split())


def _draw_year(taste: Taste, rng: np.random.Generator) -> int:
    first, last, lean = taste.years
    return first + int((last + 1 - first) * rng.random() ** lean)


def _normal(rng: np.random.Generator) -> float:
    return NormalDist().inv_cdf(max(rng.random(), 1e-12))


def _weighted(options: Sequence[str], weights: Sequence[int], rng: np.random.Generator) -> str:
    """One of the options, each as likely as its weight."""
    mark = rng.random() * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        mark -= weight
        if mark < 0:
            return option
    return options[-1]
