"""A ring of eight Gaussians in the plane: covers so simple that a GAN learns them in seconds and nobody has to guess.

Each Gaussian is a mode. How many of the eight a generator draws can be counted, which for covers nobody can. The ring
is that of Metz et al. 2017 ("Unrolled Generative Adversarial Networks"), with modes five times as wide for its radius.
The same classes train on it that train on covers: only the networks are others.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import keras
import numpy as np
from keras import layers, ops

from helpers.errors import CourseError
from helpers.gan.base import GAN
from helpers.gan.dcgan import DCGAN
from helpers.gan.logan import LOGAN
from helpers.gan.wgan import WGAN
from helpers.gan.wgan_gp import WGANGP

MODES, RADIUS, DEVIATION = 8, 1.0, 0.05
ANGLES = 2 * np.pi * np.arange(MODES) / MODES
CENTRES = RADIUS * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


class Ring:
    """Points from eight equal Gaussians, to be passed to `GAN.fit` in place of covers.

    Attributes:
        size: coordinates of a point, where a `CoverSet` has the side of its images.
        points: float32 [N, 2].
    """

    size = 2

    def __init__(self, n: int = 10_000, seed: int = 0):
        rng = np.random.default_rng(seed)
        centres = CENTRES[rng.integers(MODES, size=n)]
        self.points = (centres + DEVIATION * rng.standard_normal((n, 2))).astype(np.float32)

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, rows) -> np.ndarray:
        return self.points[rows]

    def batch_rows(self, batch_size: int, seed: int, start_step: int = 0) -> Iterator[np.ndarray]:
        """Endless batches of rows, int [batch_size], drawn with replacement; batch k depends on (seed, k) alone."""
        for step in itertools.count(start_step):
            yield np.random.default_rng([seed, step]).integers(len(self), size=batch_size)


def modes_covered(points, at_least: float = 0.01) -> tuple[int, float]:
    """How many of the eight modes points [N, 2] reach, and the share of the points that are good.

    A point is good if it lies within three standard deviations of a centre, as in Srivastava et al. 2017 ("VEEGAN"); of
    true points 98.9 % do, since 1 - exp(-9/2) is the mass of a Gaussian in the plane within three deviations.

    Args:
        at_least: share of all points that must be good and nearest to a mode for it to count. A fair share is 0.125.

    Raises:
        CourseError: if these are not points of the plane.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise CourseError(f"The points have the shape {list(points.shape)}; modes are counted in [N, 2], N at least 1.")
    distances = np.linalg.norm(points[:, None] - CENTRES, axis=2)
    good = distances.min(axis=1) <= 3 * DEVIATION
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=MODES)
    return int(np.sum(counts >= max(at_least * len(points), 1))), float(good.mean())


def points(gan: GAN, n: int, seed: int = 0) -> np.ndarray:
    """Draw n points with the averaged generator of a GAN trained on a `Ring`: float32 [n, 2]."""
    return ops.convert_to_numpy(gan.ema_generator(gan.latents(np.random.default_rng(seed), n)))


def network(outputs: int, width: int, seed: int, name: str):
    """Points or latents [B, 2] -> [B, outputs]: three dense layers, no batch norm, nothing that bounds the result."""
    initializer = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(seed))
    x = inputs = layers.Input((2,))
    for _ in range(3):
        x = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer=initializer)(x))
    return keras.Model(inputs, layers.Dense(outputs, kernel_initializer=initializer)(x), name=name)


adam = partial(keras.optimizers.Adam, beta_1=0.5)


def build(
    gan: type[GAN],
    g_rate: float,
    d_rate: float,
    optimizer: Callable = adam,
    ema_decay: float = 0.99,
    width: int = 64,
    seed: int = 0,
) -> GAN:
    """A compiled GAN for points instead of covers, with two latents.

    Args:
        gan: the class.
        g_rate, d_rate: learning rates of generator and discriminator.
        optimizer: makes a Keras optimizer from a learning rate.
        ema_decay: as for `GAN`; shorter than for covers, as training is.
        width: of the dense layers.
        seed: of the initial weights.
    """
    model = gan(network(2, width, seed, "generator"), network(1, width, seed + 1, "discriminator"), ema_decay=ema_decay)
    model.compile(optimizer(g_rate), optimizer(d_rate))
    return model


class RingWGAN(WGAN):
    """With 0.01, the bound for covers, the critic of such a narrow network is all but flat, and teaches nothing."""

    CLIP = 0.1


class RingWGANGP(WGANGP):
    """A smaller penalty learns faster on toys; the code of the paper's authors goes down to 0.1."""

    PENALTY = 1.0


class RingLOGAN(LOGAN):
    """The rate for a hundred latents throws two of them across the whole square."""

    RATE, DAMPING = 0.1, 0.1


# Learning rates were tried for each method, but for the historical recipe, which has none to choose. On the ring a
# generator has to be slower than its discriminator: at equal rates, as for covers, the default takes twice the steps.
METHODS: dict[str, Callable[..., GAN]] = {
    "DCGAN, historical": partial(build, DCGAN, 1.5e-4, 2e-4, ema_decay=0.0),
    "DCGAN, default": partial(build, DCGAN, 5e-4, 2e-3),
    "WGAN, clipped": partial(build, RingWGAN, 5e-4, 5e-4, optimizer=keras.optimizers.RMSprop),
    "WGAN-GP": partial(build, RingWGANGP, 1e-3, 2e-3, optimizer=partial(keras.optimizers.Adam, beta_1=0.0, beta_2=0.9)),
    "LOGAN": partial(build, RingLOGAN, 5e-4, 2e-3),
}
