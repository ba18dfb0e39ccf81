"""KID: the kernel distance between two sets of features, zero on average when both come from one distribution."""

import numpy as np

from helpers.metrics.features import check_features

SUBSETS = 10
ROWS_AT_ONCE = 1024


def polynomial_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy under the kernel (a . b / D + 1)^3.

    Bińkowski et al., "Demystifying MMD GANs" (2018), equations 3 and 4. It is zero on average when both sets come from
    one distribution, so a single estimate can be negative.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)

    def sum_of_kernel(a, b):  # some rows at a time: memory grows with N, not with N squared
        starts = range(0, len(a), ROWS_AT_ONCE)
        return sum(((a[start : start + ROWS_AT_ONCE] @ b.T / a.shape[1] + 1) ** 3).sum() for start in starts)

    def mean_of_pairs(a):
        diagonal = (np.square(a).sum(axis=1) / a.shape[1] + 1) ** 3
        return (sum_of_kernel(a, a) - diagonal.sum()) / (len(a) * (len(a) - 1))

    return float(mean_of_pairs(x) + mean_of_pairs(y) - 2 * sum_of_kernel(x, y) / (len(x) * len(y)))


def kid(real: np.ndarray, fake: np.ndarray, subsets: int = SUBSETS, seed: int = 0) -> tuple[float, float]:
    """Kernel Inception Distance (0: no difference) and its standard error.

    Both sets are shuffled and cut into `subsets` parts; the value is the mean of `polynomial_mmd` over pairs of parts.
    The usual random subsets share images, so their spread says little about the error of their mean. These share none:
    the estimates are independent, and their standard deviation over sqrt(subsets) is the standard error.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with at least two rows for every subset.
    """
    check_features(real, fake, least=2 * subsets)
    rng = np.random.default_rng(seed)
    real_parts, fake_parts = (_parts(features, subsets, rng) for features in (real, fake))
    values = [polynomial_mmd(x, y) for x, y in zip(real_parts, fake_parts, strict=True)]
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(subsets))


def _parts(features: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The features shuffled and cut into parts of one size, [count, N // count, D]; what is left over goes."""
    size = len(features) // count
    return features[rng.permutation(len(features))[: count * size]].reshape(count, size, -1)
