"""FID: the distance between two sets of features, each summed up as a Gaussian; and its limit for infinitely many.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule" (2017), equation 6. With S = RᵀR for each covariance,
tr (S₁ S₂)^½ is the sum of the singular values of R₁ R₂ᵀ. Computed like that, no matrix square root is taken, which for
the covariance of few images, a singular one, would be complex or infinite.
"""

import numpy as np

from helpers.errors import CourseError
from helpers.metrics.features import check_features

SIZES = 10


class Moments:
    """Count, mean [D] and covariance [D, D] of features that come batch by batch, in float64; no feature is kept.

    Several of them, one for each part of a large set, can be merged. The sums are those of Chan, Golub and LeVeque,
    "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979), which do not lose digits when
    the mean is large.
    """

    def __init__(self):
        self.count, self.mean, self._scatter = 0, 0.0, 0.0

    def update(self, features: np.ndarray) -> "Moments":
        """Take in a batch of features [B, D], B at least 1."""
        features = np.asarray(features, np.float64)
        if features.ndim != 2 or len(features) == 0:
            raise CourseError("Moments are updated with features of shape [B, D], of one image or more.")
        batch = Moments()
        batch.count, batch.mean = len(features), features.mean(axis=0)
        centred = features - batch.mean
        batch._scatter = centred.T @ centred
        return self.merge(batch)

    def merge(self, other: "Moments") -> "Moments":
        """Take in all that another one has seen."""
        count = self.count + other.count
        if other.count:
            step = other.mean - self.mean
            self._scatter = self._scatter + other._scatter + np.outer(step, step) * (self.count * other.count / count)
            self.mean = self.mean + step * (other.count / count)
            self.count = count
        return self

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased, float64 [D, D]."""
        if self.count < 2:
            raise CourseError("A covariance needs the features of at least two images.")
        return self._scatter / (self.count - 1)


def frechet_distance(a: Moments, b: Moments) -> float:
    """Squared Fréchet distance between the Gaussians of two sets of features: FID, if the features are Inception's."""
    return _distance(a.mean, _root_of_covariance(a), b.mean, _root_of_covariance(b))


def fid(real: np.ndarray, fake: np.ndarray) -> float:
    """Fréchet distance between two sets of features, float [N, D] and [M, D].

    It is too large for small sets, by about 1/N: never compare values for different numbers of images.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with at least two rows.
    """
    check_features(real, fake, least=2)
    return _distance(real.mean(axis=0, dtype=np.float64), _root(real), fake.mean(axis=0, dtype=np.float64), _root(fake))


def fid_infinity(real: np.ndarray, fake: np.ndarray, sizes: int = SIZES, seed: int = 0) -> tuple[float, float]:
    """What `fid` would be for infinitely many images, and its standard error.

    Chong & Forsyth, "Effectively Unbiased FID and Inception Score" (2020): `fid` falls along a line in 1/N, whose
    intercept is the value for N → ∞. Here N runs from half to all of the images, evenly in 1/N; each time N random
    images of both sets are compared (the paper leaves the real set as it is, whose own bias then stays). Two limits:

    - the line bends where a set has fewer than about one and a half times as many images as there are features. Half of
      the images must be more than that, for 1,280 features about 4,000 in all, or the value stays too large, though
      less so than `fid`. Its floor shows by how much;
    - the standard error is that of the intercept. It comes from the scatter about the line, that is, from which images
      were drawn, and says nothing of the bend, nor of what all draws from one set share: in tests it was too small by
      up to a third.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with at least 20 rows, or sizes is below 3.
    """
    check_features(real, fake, least=20)
    if sizes < 3:
        raise CourseError(f"A line with an error needs at least 3 sizes, not {sizes}.")
    rng = np.random.default_rng(seed)
    most = min(len(real), len(fake))
    counts = np.round(1 / np.linspace(1 / most, 2 / most, sizes)).astype(int)
    values = [fid(*(x[rng.choice(len(x), n, replace=False)] for x in (real, fake))) for n in counts]
    (_, intercept), covariance = np.polyfit(1 / counts, values, 1, cov=True)
    return float(intercept), float(np.sqrt(covariance[1, 1]))


def _distance(mean_a, root_a, mean_b, root_b) -> float:
    overlap = np.linalg.svd(root_a @ root_b.T, compute_uv=False).sum()
    spread = np.square(root_a).sum() + np.square(root_b).sum() - 2 * overlap
    return float(np.square(mean_a - mean_b).sum() + max(spread, 0.0))  # rounding can leave a tiny negative number


def _root(features: np.ndarray) -> np.ndarray:
    """R with RᵀR the covariance, [min(N, D), D]: from the features, without the rounding of their products."""
    centred = features - features.mean(axis=0, dtype=np.float64)
    return np.linalg.qr(centred / np.sqrt(len(features) - 1), mode="r")


def _root_of_covariance(moments: Moments) -> np.ndarray:
    values, vectors = np.linalg.eigh(moments.covariance)
    return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T
