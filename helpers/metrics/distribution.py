"""How far are generated covers from real ones? KID, and improved precision and recall, each beside its floor.

All three compare features (see `features.py`), rows of float [N, D]. The floor is the same measurement between two sets
of real covers: even a perfect generator would not do better, except by chance.
"""

from collections.abc import Callable, Iterator

import numpy as np

from helpers.errors import CourseError
from helpers.metrics.features import EXTRACTOR, extract

SUBSETS = 10
NEIGHBOURS = 3
ROWS_AT_ONCE = 512


def polynomial_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy under the kernel (a . b / D + 1)^3.

    Bińkowski et al., "Demystifying MMD GANs" (2018), equations 3 and 4. It is zero on average when both sets come from
    one distribution, so a single estimate can be negative.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def mean_of_pairs(a):
        values = kernel(a, a)
        return (values.sum() - np.trace(values)) / (len(a) * (len(a) - 1))

    return float(mean_of_pairs(x) + mean_of_pairs(y) - 2 * kernel(x, y).mean())


def kid(real: np.ndarray, fake: np.ndarray, subsets: int = SUBSETS, seed: int = 0) -> tuple[float, float]:
    """Kernel Inception Distance (0: no difference) and its standard error.

    Both sets are shuffled and cut into `subsets` parts; the value is the mean of `polynomial_mmd` over pairs of parts.
    The usual random subsets share images, so their spread says little about the error of their mean. These share none:
    the estimates are independent, and their standard deviation over sqrt(subsets) is the standard error.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with at least two rows for every subset.
    """
    _check(real, fake, least=2 * subsets)
    rng = np.random.default_rng(seed)
    real_parts, fake_parts = (_parts(features, subsets, rng) for features in (real, fake))
    values = [polynomial_mmd(x, y) for x, y in zip(real_parts, fake_parts, strict=True)]
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(subsets))


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Improved precision and recall, each from 0 to 1.

    Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models" (2019), equations 1 and
    2. Every image of a set is given a ball that reaches to its k-th nearest neighbour in that set. Precision is the
    share of fakes in some real image's ball: do they look real? Recall is the share of reals in some fake's ball: is
    everything real covered? One far-off real image has a ball large enough to call almost anything precise, even noise,
    so read precision only together with recall and KID.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with more than k rows.
    """
    _check(real, fake, least=k + 1)
    centre = real.mean(axis=0, dtype=np.float64)  # distances stay the same, rounding gets smaller
    real, fake = real - centre, fake - centre
    return _share_inside(fake, real, k), _share_inside(real, fake, k)


def evaluate(
    fakes: np.ndarray,
    covers,
    n: int = 2000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Compare generated covers with real ones.

    The covers drawn are cut in half. Half A is the reference that the fakes are compared with; half B, as many real
    covers, is then put in the fakes' place, which gives the floors. Features are divided by the root mean square of
    half A's first: the kernel of `kid` adds 1 to a . b / D, and weighs its powers sensibly only if that is about 1 too.
    The name `kid_lite0` says which network made the features; never set it beside numbers from another.

    Args:
        fakes: uint8 [M, S, S, 3].
        covers: a CoverSet, or anything with a length that gives uint8 [K, S, S, 3] for a sorted array of K indices.
        n: images on each side; fewer where there are not n fakes or 2 n covers. Recall and precision depend on it.
        seed: decides which images are drawn, and the subsets of `kid`.
        progress: called with (images done, images in all).

    Returns:
        {"kid_lite0": {"value", "se", "floor"}, "precision": {"value", "floor"}, "recall": {"value", "floor"},
        "n_real", "n_fake", "image_size", "extractor"}, ready for `json.dumps`.

    Raises:
        CourseError: with fewer than 20 fakes or 40 covers, or if the two are not images of one size.
    """
    n, asked = min(n, len(fakes), len(covers) // 2), n
    if n < 2 * SUBSETS:
        raise CourseError(
            f"Evaluating needs n and the generated covers to be at least {2 * SUBSETS} and the real covers "
            f"{4 * SUBSETS}; here they are {asked}, {len(fakes)} and {len(covers)}."
        )
    fake_size, real_size = (source[np.arange(1)].shape[1] for source in (fakes, covers))
    if fake_size != real_size:
        raise CourseError(
            f"The generated covers are {fake_size} px and the real ones {real_size} px; "
            f"prepare a set of {fake_size} px covers and compare with that."
        )

    def features(source, indices, before):
        """Features of the images drawn from a source; `before` images are done already."""
        report = progress and (lambda done, _: progress(before + done, 3 * n))
        return extract(source[np.sort(indices)], progress=report)

    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(covers))[: 2 * n]
    a, b = features(covers, drawn[:n], 0), features(covers, drawn[n:], n)
    fake = features(fakes, rng.permutation(len(fakes))[:n], 2 * n)
    unit = np.sqrt(np.mean(np.square(a, dtype=np.float64)))
    value, error = kid(a / unit, fake / unit, seed=seed)
    precision, recall = precision_recall(a, fake)
    precision_floor, recall_floor = precision_recall(a, b)
    return {
        "kid_lite0": {"value": value, "se": error, "floor": kid(a / unit, b / unit, seed=seed)[0]},
        "precision": {"value": precision, "floor": precision_floor},
        "recall": {"value": recall, "floor": recall_floor},
        "n_real": n,
        "n_fake": n,
        "image_size": int(real_size),
        "extractor": EXTRACTOR,
    }


def _check(real: np.ndarray, fake: np.ndarray, least: int) -> None:
    for name, features in (("real", real), ("generated", fake)):
        if np.ndim(features) != 2 or not np.isfinite(features).all():
            raise CourseError(f"The features of the {name} covers must be finite numbers of shape [N, D].")
        if len(features) < least:
            raise CourseError(f"{len(features)} {name} covers are too few; this measurement needs at least {least}.")
    if real.shape[1] != fake.shape[1]:
        raise CourseError("Real and generated features differ in length; take both from the same network.")


def _parts(features: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The features shuffled and cut into parts of one size, [count, N // count, D]; what is left over goes."""
    size = len(features) // count
    return features[rng.permutation(len(features))[: count * size]].reshape(count, size, -1)


def _share_inside(points: np.ndarray, centres: np.ndarray, k: int) -> float:
    """Share of the points that lie in the ball of at least one centre."""
    radii = np.concatenate([np.partition(rows, k)[:, k] for rows in _squared_distances(centres, centres)])
    # A point on the rim is inside; rounding must not decide it, nor whether equal images are at distance 0.
    radii += 1e-12 * max(np.square(points).sum(axis=1).max(), np.square(centres).sum(axis=1).max())
    inside = [(rows <= radii).any(axis=1) for rows in _squared_distances(points, centres)]
    return float(np.concatenate(inside).mean())


def _squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    """Squared distances from each row of `a` to all of `b`, some rows at a time: memory grows with N, not N squared."""
    b_squared = np.square(b).sum(axis=1)
    for start in range(0, len(a), ROWS_AT_ONCE):
        rows = a[start : start + ROWS_AT_ONCE]
        yield np.square(rows).sum(axis=1)[:, None] + b_squared - 2 * rows @ b.T
