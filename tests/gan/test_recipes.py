"""The variants that benchmarks/recipes.py compares: each trains, and differs from the default as it says."""

import importlib.util
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tiny
from keras import layers, ops

from helpers.gan import dcgan, losses

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def variants():
    spec = importlib.util.spec_from_file_location("variants", BENCHMARKS / "variants.py")
    module = sys.modules["variants"] = importlib.util.module_from_spec(spec)  # dataclasses look it up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["variants"]


NAMES = (
    "default r1 relativistic spectral nearest minibatch_deviation augmented rate_5e-4 rate_2e-3 "
    "historical wgan wgan_gp logan"
).split()


def test_these_are_all_recipes(variants):
    assert list(variants.RECIPES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_trains_all_its_weights(variants, covers, name):
    gan = variants.RECIPES[name].build(tiny.SIZE, width=4)
    before = [ops.convert_to_numpy(variable) for variable in gan.trainable_variables]
    gan.fit(covers, 2, tiny.BATCH, verbose=0)
    assert all(np.isfinite(value).all() for value in tiny.all_weights(gan))
    unmoved = {
        variable.path
        for variable, old in zip(gan.trainable_variables, before, strict=True)
        if np.array_equal(ops.convert_to_numpy(variable), old)
    }
    last_bias = gan.discriminator.trainable_variables[-1].path
    # A bias of the logits cancels out in their differences, and in the hinge loss within the margin.
    assert unmoved <= ({last_bias} if name in ("relativistic", "spectral", "wgan", "wgan_gp") else set())


def test_the_default_is_that_of_the_course(variants, covers):
    ours, theirs = variants.RECIPES["default"].build(16, 4, seed=3), dcgan.build("default", 16, 4, seed=3)
    for gan in (ours, theirs):
        gan.fit(covers, 2, tiny.BATCH, verbose=0)
    assert tiny.same(tiny.all_weights(ours), tiny.all_weights(theirs))


@pytest.mark.parametrize("step, weight", [(0, 8), (1, 0), (7, 0), (8, 8)])
def test_r1_is_added_in_every_eighth_step(variants, step, weight):
    gan = variants.RECIPES["r1"].build(16, 4)
    gan.step.assign(step)
    real = ops.convert_to_tensor(np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32))
    penalty = float(losses.r1_penalty(gan.discriminator, real))
    assert penalty > 0
    assert float(gan.discriminator_extra(real, real, {})) == pytest.approx(weight * gan.GAMMA / 2 * penalty, rel=1e-5)


def test_spectral_norm_holds_every_kernel_of_the_discriminator_at_1(variants, covers):
    gan = variants.RECIPES["spectral"].build(16, 4)
    gan.fit(covers, 2, tiny.BATCH, verbose=0)
    for _ in range(50):  # one power iteration each
        gan.discriminator(covers[:4].astype(np.float32), training=True)
    kernels = [variable for variable in gan.discriminator.trainable_variables if variable.path.endswith("kernel")]
    assert len(kernels) == 3
    for kernel in kernels:
        matrix = ops.convert_to_numpy(kernel).reshape(-1, kernel.shape[-1])
        assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1, rel=1e-3)


def test_deviation_is_that_of_groups_of_four(variants):
    images = np.random.default_rng(0).normal(size=(8, 2, 2, 3)).astype(np.float32)
    out = ops.convert_to_numpy(variants.MinibatchDeviation()(images))
    np.testing.assert_array_equal(out[..., :3], images)
    for first in (0, 1):  # images 0, 2, 4, 6 are a group, and 1, 3, 5, 7
        expected = images[first::2].std(axis=0, dtype=np.float64).mean()
        np.testing.assert_allclose(out[first::2, :, :, 3], expected, rtol=1e-5)


def test_nearest_doubles_pixels_where_the_default_transposes(variants):
    network = variants.RECIPES["nearest"].build(16, 4).generator
    doubling = [layer for layer in network.layers if isinstance(layer, keras.Sequential)]
    assert len(doubling) == 2
    images = np.random.default_rng(0).normal(size=(1, 4, 4, 8)).astype(np.float32)
    doubled = ops.convert_to_numpy(doubling[0].layers[0](images))
    np.testing.assert_array_equal(doubled, images.repeat(2, axis=1).repeat(2, axis=2))
    assert sum(isinstance(layer, layers.Conv2DTranspose) for layer in network.layers) == 1  # from latents to 4 x 4
    assert network.output_shape == (None, 16, 16, 3)
