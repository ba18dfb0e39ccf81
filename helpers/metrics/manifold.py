"""Precision, recall, density and coverage: do the fakes lie where the real covers lie, and the other way round?

Every image of a set is given a ball in feature space that reaches to its k-th nearest neighbour in that set. The balls
of the real covers stand for "looks real", those of the fakes for "can be generated".
"""

from collections.abc import Iterator

import numpy as np

from helpers.metrics.features import check_features

PRECISION_K, DENSITY_K = 3, 5  # as in the papers
ROWS_AT_ONCE = 512
RIM = 1e-12  # relative rounding error of a squared distance, at most


def manifold(
    real: np.ndarray, *sets: np.ndarray, precision_k: int = PRECISION_K, density_k: int = DENSITY_K
) -> list[dict[str, float]]:
    """Precision, recall, density and coverage of each of the sets against the real one.

    Every distance is computed once for all four, some rows at a time: memory grows with N, not with N squared. In
    float64, since among millions of distances some always lie so near a rim that float32 would decide them by chance.

    Args:
        real: float [N, D].
        sets: each float [M, D].

    Returns:
        For each of the sets {"precision", "recall", "density", "coverage"}, as `precision_recall` and
        `density_coverage` define them.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with more rows than neighbours are asked for.
    """
    for features in sets:
        check_features(real, features, least=max(precision_k, density_k) + 1)
    centre = real.mean(axis=0, dtype=np.float64)  # distances stay the same, rounding gets smaller
    real, *sets = (features - centre for features in (real, *sets))
    real_radii = _radii(real, (precision_k, density_k))
    return [_scores(real, real_radii, fake, _radii(fake, (precision_k,)), density_k) for fake in sets]


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = PRECISION_K) -> tuple[float, float]:
    """Improved precision and recall, each from 0 to 1.

    Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models" (2019), equations 1 and
    2. Precision is the share of fakes in some real image's ball: do they look real? Recall is the share of reals in
    some fake's ball: is everything real covered? One far-off real image has a ball large enough to call almost anything
    precise, even noise, so read precision only together with recall and KID.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with more than k rows.
    """
    (scores,) = manifold(real, fake, precision_k=k, density_k=k)
    return scores["precision"], scores["recall"]


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = DENSITY_K) -> tuple[float, float]:
    """Density, 0 or more and about 1 for a perfect generator, and coverage, from 0 to 1.

    Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models" (2020), section 3. Density is
    the number of real balls that a fake lies in, on average and divided by k: a far-off real image adds one ball among
    many. Coverage is the share of real balls with a fake in them: no fake, however far-off, can cover by the size of
    its own ball.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with more than k rows.
    """
    (scores,) = manifold(real, fake, precision_k=k, density_k=k)
    return scores["density"], scores["coverage"]


def _scores(real, real_radii, fake, fake_radii, density_k) -> dict[str, float]:
    near_radii, wide_radii = real_radii
    precise, density = 0, 0
    recalled, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    for rows, distances in _squared_distances(fake, real):
        precise += (distances <= near_radii).any(axis=1).sum()
        recalled |= (distances <= fake_radii[0, rows, None]).any(axis=0)
        inside = distances <= wide_radii
        density += inside.sum()
        covered |= inside.any(axis=0)
    return {
        "precision": float(precise / len(fake)),
        "recall": float(recalled.mean()),
        "density": float(density / (density_k * len(fake))),
        "coverage": float(covered.mean()),
    }


def _radii(features: np.ndarray, ks: tuple[int, ...]) -> np.ndarray:
    """Squared distance from each image to its k-th neighbour in the set, [len(ks), N]."""
    blocks = [np.partition(d, ks, axis=1)[:, ks] for _, d in _squared_distances(features, features)]
    radii = np.concatenate(blocks).T
    # A point on the rim is inside; rounding must not decide it, nor whether equal images are at distance 0.
    return radii + RIM * (np.square(features).sum(axis=1) + radii)


def _squared_distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Some rows of `a` at a time: which, and their squared distances to all of `b`."""
    b_squared = np.square(b).sum(axis=1)
    for start in range(0, len(a), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        distances = (-2 * a[rows]) @ b.T
        distances += np.square(a[rows]).sum(axis=1)[:, None]
        distances += b_squared
        yield rows, distances
