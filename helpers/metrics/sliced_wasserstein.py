"""Sliced Wasserstein distance: are the pieces of generated covers distributed like pieces of real ones?

It needs no network. Each image is taken apart into a Laplacian pyramid, whose levels hold the finest detail, the next
coarser, and so on down to a thumbnail; of each level, small patches are compared. So the value of a level says at which
scale the fakes go wrong. It knows nothing of what the pieces add up to: a cover with all its patches in other places is
as good as the cover itself.

Karras et al., "Progressive Growing of GANs" (2018), section 5. Two things differ. There each set is normalised by its
own mean and deviation, so that fakes which are all too dark or too pale go unnoticed; here both are by those of the
first, the real set. And values are not multiplied by a thousand.
"""

import numpy as np
from scipy.ndimage import correlate1d

from helpers.errors import CourseError

SMALLEST = 16  # the coarsest level has at least so many pixels a side
PATCH = 7
PATCHES_PER_IMAGE = 128
DESCRIPTORS = 2**15  # patches of a level at most: fewer of each image where there are many images
DIRECTIONS, DIRECTIONS_AT_ONCE = 256, 64
IMAGES_AT_ONCE = 256
BLUR = np.array([1, 4, 6, 4, 1], np.float32) / 16


def sliced_wasserstein(a: np.ndarray, b: np.ndarray, seed: int = 0) -> dict:
    """Distance between the patches of two sets of images, 0 for the same set.

    A patch of 7 x 7 pixels is a point in 147 dimensions. The points of both sets are projected to random lines, and
    sorted; the mean distance between points of one rank is the Wasserstein distance on that line. The unit is the
    standard deviation of the first set's colour values at that level.

    Args:
        a: real covers, uint8 [N, S, S, 3], at least 7 px a side.
        b: the others, uint8 [M, S, S, 3]. Of the larger set, as many are drawn as the smaller has.
        seed: decides which patches are drawn, and the lines.

    Returns:
        {"value": the mean of the levels, "levels": {pixels a side of the level: value}}, finest level first.

    Raises:
        CourseError: if they are not two sets of square uint8 images of one size.
    """
    for images in (a, b):
        if (
            getattr(images, "dtype", None) != np.uint8
            or np.ndim(images) != 4
            or images.shape[3] != 3
            or len(images) < 1
        ):
            raise CourseError("Sliced Wasserstein distance needs two uint8 arrays of shape [N, S, S, 3], N at least 1.")
    size = a.shape[1]
    if not size == a.shape[2] == b.shape[1] == b.shape[2] or size < PATCH:
        raise CourseError(f"The images must be square, of one size, and of {PATCH} pixels or more.")
    rng = np.random.default_rng(seed)
    count = min(len(a), len(b), DESCRIPTORS)
    a, b = (x if len(x) == count else x[np.sort(rng.choice(len(x), count, replace=False))] for x in (a, b))
    # Patches of both sets from the same places: of equal sets they are equal.
    patches_a, patches_b = (_patches(images, np.random.default_rng([seed, 0])) for images in (a, b))
    levels = {}
    for side in level_sizes(size):
        x, y = patches_a.pop(side), patches_b.pop(side)
        mean, deviation = x.mean(axis=(0, 1), dtype=np.float64), x.std(axis=(0, 1), dtype=np.float64)
        scale = np.where(deviation > 0, deviation, 1)
        x, y = (((z - mean) / scale).astype(np.float32).reshape(len(z), -1) for z in (x, y))
        levels[side] = _distance(x, y, np.random.default_rng([seed, side]))
    return {"value": float(np.mean(list(levels.values()))), "levels": levels}


def level_sizes(size: int) -> list[int]:
    """Sides of the pyramid's levels in pixels: halved as long as it is even and leaves 16 or more."""
    sizes = [size]
    while sizes[-1] % 2 == 0 and sizes[-1] // 2 >= SMALLEST:
        sizes.append(sizes[-1] // 2)
    return sizes


def laplacian_pyramid(images: np.ndarray) -> list[np.ndarray]:
    """Levels of images [N, S, S, 3], float32: differences to what is left after halving, last what is left at the end.

    Burt & Adelson, "The Laplacian Pyramid as a Compact Image Code" (1983).
    """
    levels, image = [], np.asarray(images, np.float32)
    for _ in level_sizes(image.shape[1])[1:]:
        smaller = _blurred(image)[:, ::2, ::2]
        larger = np.zeros_like(image)
        larger[:, ::2, ::2] = 4 * smaller  # of four pixels three are 0, which the blur makes up for
        levels.append(image - _blurred(larger))
        image = smaller
    return [*levels, image]


def _blurred(images: np.ndarray) -> np.ndarray:
    return correlate1d(correlate1d(images, BLUR, axis=1, mode="mirror"), BLUR, axis=2, mode="mirror")


def _patches(images: np.ndarray, rng: np.random.Generator) -> dict[int, np.ndarray]:
    """Random patches of each level, {side: float32 [patches, 49, 3]}."""
    sides = level_sizes(images.shape[1])
    each = min(PATCHES_PER_IMAGE, DESCRIPTORS // len(images))
    patches = {side: np.empty((len(images), each, PATCH * PATCH, 3), np.float32) for side in sides}
    for start in range(0, len(images), IMAGES_AT_ONCE):
        levels = laplacian_pyramid(images[start : start + IMAGES_AT_ONCE])
        for side, level in zip(sides, levels, strict=True):
            top, left = rng.integers(0, side - PATCH + 1, (2, len(level), each))
            windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), (1, 2))
            drawn = windows[np.arange(len(level))[:, None], top, left]  # [images, patches, 3, 7, 7]
            patches[side][start : start + len(level)] = np.moveaxis(drawn, 2, -1).reshape(len(level), each, -1, 3)
    return {side: values.reshape(-1, PATCH * PATCH, 3) for side, values in patches.items()}


def _distance(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> float:
    """Mean over random directions of the Wasserstein distance between the projections of two [N, D] to them."""
    directions = rng.standard_normal((DIRECTIONS, x.shape[1])).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    distances = []
    for start in range(0, DIRECTIONS, DIRECTIONS_AT_ONCE):
        some = directions[start : start + DIRECTIONS_AT_ONCE]
        sorted_x, sorted_y = (np.sort(some @ z.T, axis=1) for z in (x, y))
        distances.append(np.abs(sorted_x - sorted_y).mean(dtype=np.float64))
    return float(np.mean(distances))
