"""Differentiable augmentation: the discriminator sees every image changed, real or fake, so it cannot memorise.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 4. The random numbers come in
with the batch; each operation is a handful of matrix products, differentiable twice and fit for XLA.
"""

from collections.abc import Sequence

import numpy as np
from keras import ops

from helpers.errors import CourseError


class Augment:
    """A chain of augmentations, in the order given.

    Args:
        names: any of "colour", "translation" and "cutout". Colour carries the genre, so leave it out of conditional
            models.

    Raises:
        CourseError: on another name.
    """

    def __init__(self, names: Sequence[str] = ()):
        for name in names:
            if name not in AUGMENTATIONS:
                raise CourseError(f"No augmentation is called {name!r}; choose from {', '.join(AUGMENTATIONS)}.")
        self.names = tuple(names)

    def draw(self, rng: np.random.Generator, batch_size: int) -> dict[str, np.ndarray]:
        """The random numbers for one batch: float32 [B, 3] in [0, 1) per augmentation."""
        return {name: rng.random((batch_size, 3), np.float32) for name in self.names}

    def __call__(self, images, draws: dict):
        """Augment images [B, S, S, 3] in [-1, 1] with the numbers that `draw` gave."""
        for name in self.names:
            images = AUGMENTATIONS[name](images, ops.cast(draws[name], images.dtype))
        return images


def colour(images, u):
    """Brightness +-0.5, saturation x 0..2, contrast x 0.5..1.5."""
    brightness, saturation, contrast = (ops.reshape(u[:, k], (-1, 1, 1, 1)) for k in range(3))
    images = images + brightness - 0.5
    grey = ops.mean(images, axis=-1, keepdims=True)
    images = grey + (images - grey) * 2 * saturation
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (images - mean) * (0.5 + contrast)


def translation(images, u, share=0.125):
    """Shift by up to an eighth of the side in both directions; what comes in is mid-grey, 0."""
    size = images.shape[1]
    reach = int(size * share)
    down, right = (ops.floor(u[:, k] * (2 * reach + 1)) - reach for k in (0, 1))
    rows, columns = _shift(down, size), _shift(right, size)
    return ops.einsum("bij,bjkc,blk->bilc", rows, images, columns)


def _shift(offsets, size):
    """Matrices [B, S, S] that move a vector's entry j to i = j + offset; gathers would not run under XLA twice."""
    i, j = ops.arange(size)[None, :, None], ops.arange(size)[None, None, :]
    return ops.cast(i - j == ops.cast(offsets, "int32")[:, None, None], offsets.dtype)


def cutout(images, u, share=0.5):
    """Blank a square of half the side, centred anywhere, to mid-grey."""
    size = images.shape[1]
    half = size * share / 2
    position = ops.cast(ops.arange(size), images.dtype) + 0.5
    outside_rows, outside_columns = (ops.abs(position[None] - size * u[:, k, None]) >= half for k in (0, 1))
    keep = ops.logical_or(outside_rows[:, :, None], outside_columns[:, None, :])
    return images * ops.cast(keep, images.dtype)[..., None]


AUGMENTATIONS = {"colour": colour, "translation": translation, "cutout": cutout}
