"""Features of covers: what the distribution metrics compare instead of pixels.

A network was trained to name what ImageNet photographs show; the numbers just before its classifier describe a picture
well enough to compare sets of pictures. There are two to choose from:

    lite0       EfficientNet-Lite0, 1,280 features; works offline
    inception   Keras InceptionV3, 2,048 features; downloads its weights once (see inception.py)

Neither gives the numbers of published FID and KID, and the two cannot be compared with each other: a result's name says
which network made it.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from helpers.errors import CourseError
from helpers.metrics import inception, lite0

EXTRACTORS = {"lite0": lite0, "inception": inception}

# The default's
DIMENSIONS = lite0.DIMENSIONS
EXTRACTOR = lite0.NAME


def extract(
    images: np.ndarray,
    batch_size: int = 64,
    progress: Callable[[int, int], None] | None = None,
    extractor: str = "lite0",
) -> np.ndarray:
    """Features of each image, float32 [N, 1280] or, from Inception, [N, 2048]; none is negative.

    Images of any size are first brought to the size the network looks at, 64 px or 299 px (`INPUT_SIZE`); what is finer
    than that is not judged. Compare only sets of one size all the same: resizing leaves its mark on the features.

    Args:
        images: uint8 [N, S, S, 3], also a memory map: only `batch_size` images are held as floats at a time.
        progress: called with (images done, N) after each batch.
        extractor: "lite0" or "inception".

    Raises:
        CourseError: if the images are not uint8 [N, S, S, 3], there is no such extractor, or its weights are missing
            or damaged or cannot be downloaded.
    """
    check_extractor(extractor)
    module = EXTRACTORS[extractor]
    return _forward(images, module.network, module.INPUT_SIZE, "features", batch_size, progress)


def classify(images: np.ndarray, batch_size: int = 16) -> np.ndarray:
    """The most likely of the 1,000 ImageNet classes for each image, int [N], by Lite0: a way to check the network.

    Images are brought to 224 px, the size the network was trained on. Arguments and errors as for `extract`.
    """
    return _forward(images, lite0.network, lite0.TRAINING_SIZE, "logits", batch_size).argmax(axis=1)


def check_extractor(name: str) -> None:
    """Raise a CourseError if there is no extractor of this name."""
    if name not in EXTRACTORS:
        raise CourseError(f"There is no extractor {name!r}; choose {' or '.join(EXTRACTORS)}.")


def check_features(real: np.ndarray, fake: np.ndarray, least: int) -> None:
    """Raise a CourseError unless both are finite features, float [N, D] of one length, of `least` covers or more."""
    for name, features in (("real", real), ("generated", fake)):
        if np.ndim(features) != 2 or not np.isfinite(features).all():
            raise CourseError(f"The features of the {name} covers must be finite numbers of shape [N, D].")
        if len(features) < least:
            raise CourseError(f"{len(features)} {name} covers are too few; this measurement needs at least {least}.")
    if real.shape[1] != fake.shape[1]:
        raise CourseError("Real and generated features differ in length; take both from the same network.")


def _forward(images, network, size, output, batch_size, progress=None) -> np.ndarray:
    shape = np.shape(images)
    if getattr(images, "dtype", None) != np.uint8 or len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
        raise CourseError("Features need square images as a uint8 array of shape [N, S, S, 3].")
    model = network()
    results = np.empty((len(images), *model.output[output].shape[1:]), np.float32)
    # The last batch is filled up with what the one before left: a batch of another shape would be compiled anew.
    batch = np.zeros((batch_size, size, size, 3), np.float32)
    for start in range(0, len(images), batch_size):
        part = results[start : start + batch_size]
        batch[: len(part)] = [_resize(image, size) for image in images[start : start + batch_size]]
        part[:] = model.predict_on_batch(batch)[output][: len(part)]
        if progress:
            progress(start + len(part), len(images))
    return results


def _resize(image: np.ndarray, size: int) -> np.ndarray:
    # Pillow widens the filter when it shrinks a picture, so nothing aliases; and both backends get the same pixels.
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
