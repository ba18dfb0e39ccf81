"""Does a generated cover look like the genre that was asked for? A judge that has seen nothing but real covers.

The discriminator of a conditional GAN has an opinion of its own, but its generator was trained to please it. So the
question goes to a judge that shares nothing with it: a softmax regression from general features of pictures (see
`features.py`) and colours to genres. It learns from covers and from worn copies of them, or else it would take what
fakes lack in sharpness for what they lack in genre. A convolutional network trained from pixels was worse on real
covers (`benchmarks/judge.py` into data/results/judge.json).
"""

import copy
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, log_loss
from sklearn.preprocessing import StandardScaler

from helpers.errors import CourseError
from helpers.metrics.features import extract
from helpers.metrics.intervals import share

GRID = 4  # a cover's layout in colour: means of so many squares a side
SHADES = 6  # of red, green and blue, whose combinations make up a cover's palette

STRENGTHS = np.geomspace(1e-5, 1e-1, 9)  # of what the features may say: the inverse of the penalty on the weights
ITERATIONS = 300
LEAST = 5  # covers of each genre; from fewer nothing is learnt
TEST, STOP = 0.2, 0.1  # shares of a set that `fit_on` holds out to measure the judge, and of the rest to stop training
RARE = 20  # covers; genres with fewer are left out of `fit_on`
MOST = 10_000  # covers that `fit_on` trains with; more take memory and add little
BLUR = 1 / 64, 1 / 16  # of the side: least and most that worn copies are blurred by
NOISE = 12  # most that is added to them, in levels of 255
BLOCK = 512  # images in memory as numbers
BINS = 10


def describe(
    images: np.ndarray, features: np.ndarray | None = None, progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """What the judge looks at: float32 [N, D], Lite0 features beside colours.

    Args:
        images: uint8 [N, S, S, 3], S at least 4, also a memory map.
        features: float32 [N, 1280], what `features.extract(images)` gave, if that is known already.
        progress: called with (images done, N).

    Raises:
        CourseError: as `features.extract`, and if there are not as many features as images.
    """
    features = extract(images, progress=progress) if features is None else features
    _check_lengths(len(features), "features", len(images), "images")
    colours = [_colours(np.asarray(images[start : start + BLOCK])) for start in range(0, max(len(images), 1), BLOCK)]
    # Roots, because most features, like most counts of colours, are near 0 and a few are large.
    return np.hstack([np.sqrt(features), np.vstack(colours)])


def _colours(images: np.ndarray) -> np.ndarray:
    """Where which colour is, and how much there is of each: float32 [N, 3 GRID^2 + SHADES^3]."""
    count, size = images.shape[:2]
    edges = np.arange(GRID) * size // GRID
    sums = np.add.reduceat(np.add.reduceat(images, edges, axis=1, dtype=np.float32), edges, axis=2)
    sides = np.diff([*edges, size]).astype(np.float32)
    layout = sums / (255 * sides[:, None, None] * sides[:, None])
    shades = images.astype(np.int32) * SHADES // 256 @ np.array([SHADES**2, SHADES, 1], np.int32)
    shades += np.arange(count, dtype=np.int32)[:, None, None] * SHADES**3  # every cover counts in bins of its own
    palette = np.bincount(shades.ravel(), minlength=count * SHADES**3).reshape(count, SHADES**3) / size**2
    return np.hstack([layout.reshape(count, 3 * GRID**2), np.sqrt(palette)]).astype(np.float32)


def worn(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Copies of uint8 images [N, S, S, 3], each as much blurred and as noisy as chance has it."""
    copies = np.empty_like(images)
    for k, image in enumerate(images):
        blurred = Image.fromarray(image).filter(ImageFilter.GaussianBlur(len(image) * rng.uniform(*BLUR)))
        noise = rng.normal(0, rng.uniform(0, NOISE), image.shape)
        copies[k] = np.rint(np.asarray(blurred) + noise).clip(0, 255)
    return copies


def _described(images: np.ndarray, rng: np.random.Generator, report: Callable[[int], None] | None) -> np.ndarray:
    """Descriptions of all images, then of a worn copy of each."""
    clean, copies = [], []
    for start in range(0, len(images), BLOCK):
        block = np.asarray(images[start : start + BLOCK])
        clean.append(describe(block))
        copies.append(describe(worn(block, rng)))
        if report:
            report(2 * (start + len(block)))
    return np.concatenate(clean + copies)


class Judge:
    """Names the genre of covers. Make one with `fit`, `fit_features` or, from a CoverSet, `fit_on`.

    Attributes:
        genres: the names, in the order of the probabilities.
    """

    def __init__(self, scaler: StandardScaler, regression: LogisticRegression):
        self._scaler, self._regression = scaler, regression
        self.genres = tuple(map(str, regression.classes_))

    @classmethod
    def fit(
        cls,
        images: np.ndarray,
        genres: Sequence[str],
        held_out_images: np.ndarray,
        held_out_genres: Sequence[str],
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> "Judge":
        """Learn genres from real covers and from a worn copy of each.

        Training starts with a penalty that keeps all weights near 0 and loosens it step by step, until the held-out
        covers are read worse: early stopping. Measure the judge on covers that are in neither part.

        Args:
            images: uint8 [N, S, S, 3], also a memory map.
            genres: their names, str [N].
            held_out_images, held_out_genres: covers by other artists; M of them.
            seed: of the copies.
            progress: called with (images done, 2 N + 2 M).

        Raises:
            CourseError: if there is not one genre for each image, there are fewer than two genres or fewer than five
                covers of one, or the held-out covers are none or of a genre that the others have not.
        """
        _check_labels(genres, len(images), held_out_genres, len(held_out_images))
        rng, total = np.random.default_rng(seed), 2 * (len(images) + len(held_out_images))
        learn = _described(images, rng, progress and (lambda done: progress(done, total)))
        stop = _described(held_out_images, rng, progress and (lambda done: progress(len(learn) + done, total)))
        return cls.fit_features(learn, np.tile(genres, 2), stop, np.tile(held_out_genres, 2))

    @classmethod
    def fit_features(
        cls, described: np.ndarray, genres: Sequence[str], held_out: np.ndarray, held_out_genres: Sequence[str]
    ) -> "Judge":
        """As `fit`, from what `describe` gave for the two sets of images; nothing is worn."""
        genres, held_out_genres = np.asarray(genres, str), np.asarray(held_out_genres, str)
        _check_labels(genres, len(described), held_out_genres, len(held_out))
        scaler = StandardScaler().fit(described)
        described, held_out = scaler.transform(described), scaler.transform(held_out)
        regression, lowest, best = LogisticRegression(max_iter=ITERATIONS, warm_start=True), np.inf, None
        for regression.C in STRENGTHS:
            regression.fit(described, genres)
            loss = log_loss(held_out_genres, regression.predict_proba(held_out), labels=regression.classes_)
            if loss >= lowest:
                break
            lowest, best = loss, copy.copy(regression)
        return cls(scaler, best)

    def probabilities(self, images: np.ndarray, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        """How likely each genre is, float32 [N, G], for uint8 images [N, S, S, 3]."""
        return self.probabilities_of_features(describe(images, progress=progress))

    def probabilities_of_features(self, described: np.ndarray) -> np.ndarray:
        """As `probabilities`, from what `describe` gave for the images."""
        return self._regression.predict_proba(self._scaler.transform(described)).astype(np.float32)


def fit_on(
    covers,
    genres: Sequence[str] | None = None,
    by: str = "artist",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
):
    """Train a judge on a CoverSet and keep covers for it that it has not seen.

    The set is split in three that share no artist, and no picture where the artist is unknown (see `CoverSet.split`):
    covers to learn from, covers that say when to stop, and a fifth of all that serves neither.

    Args:
        covers: a CoverSet.
        genres: what to tell apart; by default every genre with at least 20 covers. Other covers are left out.
        by: what the parts must not share, "artist", "album" or "cluster".
        seed: of the splits, and of the copies, and of which 10,000 covers are used if there are more.
        progress: called with (images done, images in all).

    Returns:
        (judge, held-out CoverSet): measure the judge on the latter.

    Raises:
        CourseError: as `Judge.fit`, and if the set is too small to be split.
    """
    if genres is None:
        names, counts = np.unique(covers.genres, return_counts=True)
        genres = names[(counts >= RARE) & (names != "unknown")]
    known = np.isin(covers.genres, list(genres))
    if not known.any():
        raise CourseError(f"No genre has {RARE} covers; a judge needs two such genres to tell apart.")
    rest, held_out = covers.select(known).split(by, TEST, seed)
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for part in rest.split(by, STOP, seed):
        rows = np.sort(rng.permutation(len(part))[:MOST])
        images.append(part[rows])
        labels.append(part.genres[rows])
    return Judge.fit(images[0], labels[0], images[1], labels[1], seed, progress), held_out


def genre_scores(probabilities: np.ndarray, asked_for: Sequence[str], names: Sequence[str]) -> dict:
    """How well opinions on covers agree with the genres that were asked for, or that real covers have.

    The interval is Wilson's (1927), 95 %; it knows nothing of the covers that the judge happened to be trained on.

    Args:
        probabilities: float [N, G], from `Judge.probabilities` or a discriminator's own head.
        asked_for: str [N].
        names: the G genres, in the order of the columns.

    Returns:
        "genres": the names; "accuracy" with "low" and "high"; "confusion": covers, G rows of what was asked for and G
        columns of what was seen; "calibration_error" (see `calibration_error`); "reliability": what it is made of,
        for every bin that is not empty [mean confidence, accuracy, covers]. Ready for `json.dumps`.

    Raises:
        CourseError: if there are no covers, the sizes do not fit, or a genre is not among the names.
    """
    probabilities, asked_for = np.asarray(probabilities), np.asarray(asked_for, str)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(names):
        raise CourseError(f"The probabilities must have the shape [N, {len(names)}], a column for each genre.")
    _check_lengths(len(asked_for), "genres", len(probabilities), "covers")
    if not len(asked_for):
        raise CourseError("There are no covers to judge; pass at least one.")
    _check_known(asked_for, names)
    seen = np.asarray(names, str)[probabilities.argmax(axis=1)]
    right = seen == asked_for
    accuracy = share(right.sum(), len(right))
    bins = reliability(probabilities.max(axis=1), right)
    return {
        "genres": list(map(str, names)),
        "accuracy": accuracy["value"],
        "low": accuracy["low"],
        "high": accuracy["high"],
        "confusion": confusion_matrix(asked_for, seen, labels=list(names)).tolist(),
        "calibration_error": calibration_error(bins),
        "reliability": bins,
    }


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """How often opinions of each confidence are right: [mean confidence, accuracy, covers] of bins a tenth wide.

    Args:
        confidence: the probability of the genre named, float [N].
        right: whether it was that one, bool [N].
    """
    place = np.minimum((np.asarray(confidence) * BINS).astype(int), BINS - 1)
    bins = [(confidence[place == k], right[place == k]) for k in np.unique(place)]
    return [[float(sure.mean()), float(hit.mean()), len(hit)] for sure, hit in bins]


def calibration_error(bins: Sequence[Sequence[float]]) -> float:
    """Expected calibration error, 0 to 1: by how much confidence and accuracy differ, weighed by covers.

    Guo et al., "On Calibration of Modern Neural Networks" (2017), equation 3; `bins` come from `reliability`.
    """
    confidence, accuracy, covers = np.transpose(bins)
    return float(np.abs(confidence - accuracy) @ covers / covers.sum())


def _check_labels(genres, covers: int, held_out_genres, held_out: int) -> None:
    _check_lengths(len(genres), "genres", covers, "covers")
    _check_lengths(len(held_out_genres), "genres", held_out, "held-out covers")
    names, counts = np.unique(genres, return_counts=True)
    if len(names) < 2:
        raise CourseError(f"All covers are {', '.join(names) or 'missing'}; a judge needs two genres to tell apart.")
    if counts.min() < LEAST:
        raise CourseError(
            f"Only {counts.min()} of the covers to learn from are {names[counts.argmin()]}, and the judge needs "
            f"{LEAST} of each genre; add some, or leave that genre out."
        )
    if not held_out:
        raise CourseError("There are no held-out covers, so nothing says when to stop; hold out a tenth or so.")
    _check_known(held_out_genres, names)


def _check_lengths(count: int, name: str, others: int, other: str) -> None:
    if count != others:
        raise CourseError(f"There are {count:,} {name} for {others:,} {other}; there must be one for each.")


def _check_known(genres: np.ndarray, names: Sequence[str]) -> None:
    if unknown := sorted(set(map(str, genres)) - set(map(str, names))):
        raise CourseError(f"The genre {unknown[0]} is none that the judge knows; these are {', '.join(names)}.")
