"""InceptionV3 as `keras.applications` has it: larger and slower than Lite0, and its weights must be downloaded.

It is the architecture of published FID and KID, but not their network. Those use a graph that Google released in 2015,
with other weights and another pooling in its last block, and mostly shrink pictures without antialiasing. So numbers
from here are not those of a paper, not to the digit and perhaps not to the first: never set them beside each other.

Architecture: Szegedy et al., "Rethinking the Inception Architecture" (2016).
"""

import functools
import random

import keras

from helpers.errors import CourseError

INPUT_SIZE = 299
DIMENSIONS = 2048
NAME = f"Keras InceptionV3 at {INPUT_SIZE} px"

# The file and its MD5 that keras.applications would fetch, in the same folder (~/.keras/models).
FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{FILE}"
MD5 = "bcbd6486424b2319ff4ef7d526e38f63"


@functools.cache
def network() -> keras.Model:
    """InceptionV3 from pixels, float32 [B, 299, 299, 3] in 0..255, to features [B, 2048].

    Raises:
        CourseError: if the weights (88 MB) are neither on this machine nor to be had.
    """
    path = _weights_file()
    # Building must not disturb a student's program: neither its precision nor the seeds it draws afterwards.
    policy, state = keras.config.dtype_policy(), random.getstate()
    keras.config.set_dtype_policy("float32")
    try:
        pixels = keras.Input((INPUT_SIZE, INPUT_SIZE, 3), dtype="float32", name="pixels")
        x = keras.layers.Rescaling(1 / 127.5, -1, name="rescale")(pixels)
        inception = keras.applications.InceptionV3(
            include_top=False, weights=path, input_shape=pixels.shape[1:], pooling="avg", name="inception_v3"
        )
        return keras.Model(pixels, {"features": inception(x)})
    finally:
        keras.config.set_dtype_policy(policy)
        random.setstate(state)


def _weights_file() -> str:
    try:
        return keras.utils.get_file(FILE, URL, cache_subdir="models", file_hash=MD5)
    except Exception as error:  # what Keras raises where a download fails is a plain Exception
        raise CourseError(
            "InceptionV3's weights could not be downloaded; go online once, or use lite0, which needs no download."
        ) from error
