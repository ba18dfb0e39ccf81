"""Is this an album cover? A score that sorts a crawl, for a person to look at the doubtful pictures first.

An image search for albums also finds posters, T-shirts, collages and photographs. Weights learnt from other people's
covers cannot be shipped, so the score is fitted on the spot, in seconds and without labels: most pictures of a crawl
are covers, and non-covers are made from them.

    order, scores = rank(images, aspects)      # images[order[:50]] are the ones to look at first

The shape of the original tells most, for covers are square (figures: data/results/curate.json). Among square pictures
the score finds collages, merchandise and pictures of CDs, but hardly any posters or photographs of musicians: many
covers look just like them. So it sorts, and a person decides.
"""

import math
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from helpers.errors import CourseError
from helpers.files import writing
from helpers.metrics.features import DIMENSIONS, EXTRACTOR, extract

Progress = Callable[[int, int], None]

NEAR_SQUARE = 1.06  # a scan is seldom exactly square
PENALTY = 1e-3  # scikit-learn's C: with more features than pictures, anything could be learnt by heart
FOLDS, SAMPLE, MADE = 5, 2000, 3000  # `rank` learns from so many covers and made non-covers, however long the crawl is
FEWEST, SMALLEST, CHUNK = 20, 16, 1024  # images, pixels, images at a time


@dataclass(frozen=True)
class CoverScore:
    """Logistic regression on the features of `extract`: sigmoid(features · weights + bias), weights float64 [1280]."""

    weights: np.ndarray
    bias: float

    @classmethod
    def fit(cls, covers: np.ndarray, non_covers: np.ndarray) -> "CoverScore":
        """Learn to tell covers, uint8 [N, S, S, 3], from non-covers, uint8 [M, T, T, 3].

        Non-covers: from `make_non_covers`, or thrown out by hand. A CourseError says if either is no such array.
        """
        _require_images(covers)
        _require_images(non_covers)
        return cls._from_features(extract(covers), extract(non_covers))

    @classmethod
    def _from_features(cls, covers: np.ndarray, non_covers: np.ndarray) -> "CoverScore":
        is_cover = np.repeat([1, 0], [len(covers), len(non_covers)])
        scaler = StandardScaler()
        features = scaler.fit_transform(np.concatenate([covers, non_covers]))
        model = LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000).fit(features, is_cover)
        weights = model.coef_[0] / scaler.scale_
        return cls(weights, float(model.intercept_[0] - weights @ scaler.mean_))

    def __call__(self, images: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """Scores of images, uint8 [N, S, S, 3] -> float64 [N], from 0 (surely no cover) to 1; for sorting only.

        `progress` is called with (images done, N) after each batch. A CourseError says if that is no such array.
        """
        _require_images(images)
        return self._of_features(extract(images, progress=progress))

    def _of_features(self, features: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(features @ self.weights + self.bias)))

    def save(self, path: str | os.PathLike) -> None:
        """Write an .npz file; a CourseError says if that fails."""
        with writing(path) as partial, open(partial, "wb") as file:
            np.savez(file, weights=self.weights, bias=self.bias, extractor=EXTRACTOR)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "CoverScore":
        """Read what `save` wrote; a CourseError says if it is missing, something else, or of other features."""
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as saved:
                weights, bias = saved["weights"], float(saved["bias"])
                if saved["extractor"] != EXTRACTOR or weights.shape != (DIMENSIONS,):
                    raise ValueError("other features")
        except (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
            raise CourseError(f"{path} holds no score for features of {EXTRACTOR}; fit one and save it.") from error
        return cls(weights, bias)


def rank(
    images: np.ndarray, aspects: np.ndarray | None = None, seed: int = 0, progress: Progress | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Sort a crawl of which most pictures are covers: the order, most doubtful first, int [N]; the scores, float64 [N].

    First come pictures that were not square, the most oblong before the others; then the square ones by their score.
    Each of `FOLDS` parts is judged by what was learnt from the others: a non-cover learnt as a cover would be forgiven.

    Args:
        images: uint8 [N, S, S, 3], N from 20; a memory map is read in chunks. 128 px serve better than 64.
        aspects: width/height of the originals, before they were made square, [N]; None if unknown.
        seed: the same seed gives the same order.
        progress: called with (images scored, N) after each chunk.

    A CourseError says if an argument is not of that kind.
    """
    _require_images(images, at_least=FEWEST)
    count = len(images)
    aspects = np.ones(count) if aspects is None else np.asarray(aspects, float)
    if aspects.shape != (count,) or not np.all(aspects > 0):
        raise CourseError(f"aspects must be width/height of each of the {count} originals, all above 0.")
    rng = np.random.default_rng(seed)
    fold = rng.permutation(count) % FOLDS
    sample = np.sort(rng.choice(count, min(count, SAMPLE), replace=False))
    covers = images[sample]
    features, made = extract(covers), extract(make_non_covers(covers, min(MADE, 8 * len(covers)), seed))
    judges = [CoverScore._from_features(features[fold[sample] != k], made) for k in range(FOLDS)]
    scores = np.empty(count)
    for start in range(0, count, CHUNK):
        part = slice(start, min(start + CHUNK, count))
        features = extract(images[part])
        scores[part] = np.choose(fold[part], [judge._of_features(features) for judge in judges])
        if progress:
            progress(part.stop, count)
    stretch = np.abs(np.log(aspects))
    return np.lexsort((scores, -np.where(stretch > math.log(NEAR_SQUARE), stretch, 0))), scores


def make_non_covers(covers: np.ndarray, n: int, seed: int) -> np.ndarray:
    """n pictures that are no covers, uint8 [n, S, S, 3], made from covers, uint8 [N, S, S, 3]; `KINDS` take turns.

    A CourseError says if the covers are no such array, or n is below 1.
    """
    _require_images(covers)
    if n < 1:
        raise CourseError(f"n must be 1 or more, not {n}.")
    rng, size = np.random.default_rng(seed), covers.shape[1]

    def cover(side=size):
        return Image.fromarray(covers[rng.integers(len(covers))]).resize((side, side))

    def paper():
        colours = [(255, 255, 255), (20, 20, 20), rng.integers(60, 256, 3)]
        return Image.new("RGB", (size, size), tuple(rng.choice(colours).tolist()))

    return np.stack([KINDS[index % len(KINDS)](paper(), cover, rng) for index in range(n)])


def _collage(paper, cover, rng):
    tiles, gap = rng.integers(2, 4), rng.integers(0, 1 + paper.width // 24)
    side = (paper.width - gap * (tiles + 1)) // tiles
    for column, row in np.ndindex(tiles, tiles):
        paper.paste(cover(side), (gap + column * (side + gap), gap + row * (side + gap)))
    return paper


def _on_a_table(paper, cover, rng):
    """A cover that lies a little crooked and throws a shadow."""
    thing = Image.new("RGBA", paper.size)
    side, shift = int(paper.width * rng.uniform(0.45, 0.75)), paper.width // 25
    left = (paper.width - side) // 2
    thing.paste((0, 0, 0, 150), (left + shift, left + shift, left + side + shift, left + side + shift))
    thing = thing.filter(ImageFilter.GaussianBlur(paper.width / 30))
    thing.paste(cover(side), (left, left))
    thing = thing.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC)
    paper.paste(thing, mask=thing)
    return paper


def _badge(paper, cover, rng):
    disc = Image.new("L", paper.size)
    ImageDraw.Draw(disc).circle((paper.width / 2, paper.width / 2), paper.width * rng.uniform(0.38, 0.46), fill=255)
    paper.paste(cover(), mask=disc)
    return paper


def _detail(paper, cover, rng):
    side = int(paper.width * rng.uniform(0.35, 0.65))
    left, top = rng.integers(0, paper.width - side, 2, endpoint=True)
    return cover().resize(paper.size, Image.Resampling.BICUBIC, (left, top, left + side, top + side))


def _strip(paper, cover, rng):
    """A banner or a poster: a slice of a cover between two bars."""
    top, turn = int(paper.width * rng.uniform(0.1, 0.25)), 90 * int(rng.integers(2))
    paper.paste(cover().rotate(turn).crop((0, top, paper.width, paper.width - top)), (0, top))
    return paper.rotate(-turn)


# T-shirts, screens of players and pages of text were tried too: the order of the real crawl became no better.
KINDS = (_collage, _on_a_table, _badge, _detail, _strip)


def _require_images(images: np.ndarray, at_least: int = 1) -> None:
    shape = np.shape(images)
    right = getattr(images, "dtype", None) == np.uint8 and len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
    if not right or shape[0] < at_least or shape[1] < SMALLEST:
        raise CourseError(f"A cover score needs uint8 [N, S, S, 3], N from {at_least}, S from {SMALLEST}, not {shape}.")
