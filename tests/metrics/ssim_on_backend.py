"""Run by the tests on either backend: ssim_on_backend.py OUT.npz writes what the two must agree on."""

import sys

import keras
import numpy as np
from keras import ops

from helpers.gan.backend import input_gradients
from helpers.metrics.ms_ssim import POWER_FACTORS, ms_ssim, ssim

THREE = POWER_FACTORS[:3]


def compiled(fn):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(fn)
    import tensorflow as tf

    return tf.function(fn)


def pictures(n, size, seed=0):
    """Pairs of pictures and how alike they may be: smooth shapes, the partner the same with more and more noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size][..., None] / size
    across, down, start = rng.uniform(5, 15, (3, n, 1, 1, 3))
    a = 0.5 + 0.4 * np.sin(across * x + down * y + start)
    b = a + np.linspace(0.02, 0.5, n)[:, None, None, None] * rng.standard_normal(a.shape)
    return a.astype(np.float32), b.clip(0, 1).astype(np.float32)


def awkward(size=48):
    """Pairs at which a careless gradient is NaN: equal, each other's negative, plain, black and white."""
    a, _ = pictures(1, size)
    plain, black, white = (np.full_like(a, value) for value in (0.3, 0, 1))
    pairs = {"equal": (a, a), "negative": (a, 1 - a), "plain": (plain, plain), "plain beside a picture": (plain, a)}
    pairs |= {"both black": (black, black), "black and white": (black, white), "two plain": (plain, 0 * plain + 0.6)}
    return pairs


def results():
    found = {}
    a, b = pictures(6, 64)
    large = pictures(2, 177)
    found["ssim"] = compiled(ssim)(a, b)
    found["ms_ssim"] = compiled(lambda a, b: ms_ssim(a, b, power_factors=THREE))(a, b)
    found["five scales of an odd size"] = compiled(ms_ssim)(*large)
    levels = [np.rint(255 * image).astype(np.uint8) for image in (a, b)]
    found["uint8"] = compiled(lambda a, b: ssim(a, b, max_val=255))(*levels)

    def gradients(a, b):
        values = {"ssim": ssim, "ms_ssim": lambda a, b: ms_ssim(a, b, power_factors=THREE)}
        return {name: input_gradients(lambda a, fn=fn: ops.sum(fn(a, b)), a) for name, fn in values.items()}

    gradients = compiled(gradients)
    for name, pair in ({"pictures": pictures(1, 48, seed=1)} | awkward()).items():
        for fn, value in gradients(*map(ops.convert_to_tensor, pair)).items():
            found[f"gradient of {fn} at {name}"] = value
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


if __name__ == "__main__":
    np.savez(sys.argv[1], **results())
