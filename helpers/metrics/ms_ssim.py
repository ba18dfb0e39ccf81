"""SSIM and MS-SSIM: how alike are two pictures, seen through a small window that slides over both?

Both are differentiable, run on TensorFlow and JAX, and give what `tf.image.ssim` and `tf.image.ssim_multiscale` give.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from helpers.errors import CourseError

# How much each scale counts, from the finest on: chosen by observers in Wang et al. (2003), section 3.2.
POWER_FACTORS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# Below this the sign of a score is decided by rounding; and the slope of a power, infinite at 0, stays finite above.
LEAST = 1e-7


def ssim(
    a,
    b,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
):
    """Structural similarity of each image of `a` and its partner in `b`: 1 for equal images, about 0 for unrelated.

    Wang, Bovik, Sheikh & Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004),
    equation 13, averaged over all places of the window and over the colour channels. Negative where one image looks
    like the negative of the other. Rounding can move the value by 0.002 where both images are plain and bright.

    Args:
        a, b: images [N, H, W, C] of one shape with values from 0 to `max_val`: floats, or uint8 with max_val=255.
        max_val: the largest value a pixel can have.
        filter_size, filter_sigma: side and standard deviation of the Gaussian window, in pixels.
        k1, k2: keep the quotients of brightness and of detail from being 0 / 0 in black or plain regions.

    Returns:
        float32 [N].

    Raises:
        CourseError: if the arguments do not fit, or the images are smaller than the window.
    """
    pair = _side_by_side(a, b, max_val)
    _check_size(pair, filter_size, scales=1)
    luminance, contrast_structure = _factors(pair, _window(filter_size, filter_sigma), k1**2, k2**2)
    return ops.mean(luminance * contrast_structure, axis=(1, 2, 3))


def ms_ssim(
    a,
    b,
    max_val: float = 1.0,
    power_factors: Sequence[float] = POWER_FACTORS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
):
    """Multi-scale structural similarity, from 0 to 1 for equal images: one value per pair.

    Wang, Simoncelli & Bovik, "Multiscale Structural Similarity for Image Quality Assessment" (2003), equation 7: SSIM's
    factor for detail is taken at several scales, each half the size of the one before, that for brightness at the last
    only. A scale whose detail is opposite (a negative factor) counts as 0, and so makes the whole 0. There the gradient
    is 0, too; elsewhere it is finite.

    The last of the five scales is 1/16 of the image and must hold the window of 11 pixels, so images need at least 161.
    For smaller ones there are three ways, and their values differ, so say which one you took: pass fewer
    `power_factors` (three fit into 64 pixels), a smaller `filter_size`, or resize the images to 256 pixels before.

    Args:
        power_factors: one exponent per scale, from the finest on.
        a, b, max_val, filter_size, filter_sigma, k1, k2: as for `ssim`.

    Returns:
        float32 [N].

    Raises:
        CourseError: if the arguments do not fit, or the images are too small for so many scales.
    """
    pair = _side_by_side(a, b, max_val)
    _check_size(pair, filter_size, scales=len(power_factors))
    window = _window(filter_size, filter_sigma)
    product = 1.0
    for scale, power in enumerate(power_factors):
        if scale > 0:
            # Of an odd side the last row or column stands for itself: "same" averages only what is there.
            pair = ops.average_pool(pair, 2, 2, padding="same", data_format="channels_last")
        luminance, factor = _factors(pair, window, k1**2, k2**2)
        if scale == len(power_factors) - 1:
            factor = luminance * factor
        product = product * _power(ops.mean(factor, axis=(1, 2)), power)
    return ops.mean(product, axis=-1)


def _side_by_side(a, b, max_val: float):
    """Both images, scaled to [0, 1], along the channels: float32 [N, H, W, 2 C]."""
    a, b = (image if hasattr(image, "shape") else np.asarray(image) for image in (a, b))
    if len(a.shape) != 4 or tuple(a.shape) != tuple(b.shape):
        raise CourseError(
            f"The images have the shapes {list(a.shape)} and {list(b.shape)}; they must be of one shape [N, H, W, C]."
        )
    if max_val <= 0 or (max_val <= 1 and any("int" in keras.backend.standardize_dtype(x.dtype) for x in (a, b))):
        raise CourseError(f"max_val={max_val} is not the largest value of a pixel: it is 255 for uint8 images.")
    a, b = (ops.cast(image, "float32") / max_val for image in (a, b))
    return ops.concatenate([a, b], axis=-1)


def _check_size(pair, filter_size: int, scales: int) -> None:
    if scales < 1 or filter_size < 1:
        raise CourseError(f"{scales} scales and a window of {filter_size} px: both must be at least 1.")
    height, width = pair.shape[1:3]
    if -(-min(height, width) // 2 ** (scales - 1)) < filter_size:
        raise CourseError(
            f"Images of {height} x {width} px are too small for {scales} scales and a window of {filter_size} px: "
            "pass fewer power_factors, a smaller filter_size, or resize the images to 256 px before."
        )


def _window(size: int, sigma: float) -> np.ndarray:
    """A Gaussian whose values sum to 1, float32 [size]; the window is its product with itself."""
    x = np.arange(size) - (size - 1) / 2
    values = np.exp(-(x**2) / (2 * sigma**2))
    return (values / values.sum()).astype(np.float32)


def _factors(pair, window: np.ndarray, c1: float, c2: float):
    """SSIM's factors for luminance, and for contrast and structure together, at every place of the window.

    Takes what `_side_by_side` returns, float32 [N, H, W, 2 C]; returns two tensors [N, H', W', C].
    """
    a, b = ops.split(pair, 2, axis=-1)
    # One convolution of all four is faster than four convolutions, each of few channels.
    maps = _blur(ops.concatenate([a, b, a * a + b * b, a * b], axis=-1), window)
    mean_a, mean_b, mean_of_squares, mean_of_product = ops.split(maps, 4, axis=-1)
    squares, product = mean_a * mean_a + mean_b * mean_b, mean_a * mean_b
    luminance = (2.0 * product + c1) / (squares + c1)
    variances, covariance = mean_of_squares - squares, mean_of_product - product
    return luminance, (2.0 * covariance + c2) / (variances + c2)


def _blur(x, window: np.ndarray):
    """Every channel of x [N, H, W, C] seen through the window: [N, H', W', C]."""
    size = len(window)
    if keras.backend.backend() == "jax":
        # On a GPU or TPU, JAX convolves with fewer digits than float32 has, and then variances are mere rounding. Sums
        # of shifted copies are right everywhere, and on a CPU far faster than JAX's convolution of single channels.
        height, width = (side - size + 1 for side in x.shape[1:3])
        x = sum(float(weight) * x[:, k : k + height] for k, weight in enumerate(window))
        return sum(float(weight) * x[:, :, k : k + width] for k, weight in enumerate(window))
    # Two passes with a row and a column would hardly be faster here. And in plain bright regions, where variances are
    # small differences of large numbers, they round differently from tf.image by more than 1e-4.
    kernel = np.tile(np.outer(window, window)[:, :, None, None], (1, 1, x.shape[-1], 1))
    return ops.depthwise_conv(x, kernel, padding="valid", data_format="channels_last")


def _power(x, exponent: float):
    """x to the exponent, 0 where x is not positive; the gradient is finite, and NaN stays NaN."""
    is_zero = x <= LEAST
    return ops.where(is_zero, 0.0, ops.power(ops.where(is_zero, 1.0, x), exponent))
