"""SSIM and MS-SSIM against TensorFlow's, against SciPy in double precision, and where the answer is known."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import ssim_on_backend
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter
from ssim_on_backend import THREE, awkward, pictures

from helpers.errors import CourseError
from helpers.gan.backend import input_gradients
from helpers.metrics.ms_ssim import POWER_FACTORS, ms_ssim, ssim

FOUR = POWER_FACTORS[:4]
FOLDER = Path(__file__).parent
FITTING = [(64, THREE), (128, FOUR), (256, POWER_FACTORS)]


def from_definition(a, b, powers=None, radius=5, sigma=1.5):
    """SSIM, or MS-SSIM with these powers, of images in [0, 1], written from the papers' equations, in float64."""
    a, b = (image.astype(np.float64) for image in (a, b))

    def window(x):
        whole = gaussian_filter(x, sigma, radius=radius, axes=(1, 2))
        return whole[:, radius:-radius, radius:-radius]

    def factors(a, b):
        mean_a, mean_b = window(a), window(b)
        sd_a, sd_b = (np.sqrt(np.maximum(window(x * x) - m**2, 0)) for x, m in ((a, mean_a), (b, mean_b)))
        covariance = window(a * b) - mean_a * mean_b
        c1, c2 = 0.01**2, 0.03**2
        luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
        contrast = (2 * sd_a * sd_b + c2) / (sd_a**2 + sd_b**2 + c2)
        structure = (covariance + c2 / 2) / (sd_a * sd_b + c2 / 2)
        return luminance, contrast * structure

    if powers is None:
        return np.prod(factors(a, b), axis=0).mean(axis=(1, 2, 3))
    result = 1.0
    for scale, power in enumerate(powers, 1):
        if scale > 1:
            a, b = ((x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4 for x in (a, b))
        luminance, rest = factors(a, b)
        factor = (rest * luminance if scale == len(powers) else rest).mean(axis=(1, 2))
        result = result * np.maximum(factor, 0) ** power
    return result.mean(axis=-1)


def as_array(values):
    return keras.ops.convert_to_numpy(values)


# Against independent implementations


@pytest.mark.parametrize("size, powers", FITTING)
def test_equals_tensorflow(size, powers):
    a, b = pictures(8, size)
    np.testing.assert_allclose(ssim(a, b), tf.image.ssim(a, b, 1.0), atol=1e-4)
    expected = tf.image.ssim_multiscale(a, b, 1.0, powers)
    np.testing.assert_allclose(ms_ssim(a, b, power_factors=powers), expected, atol=1e-4)
    levels = [np.rint(255 * image).astype(np.uint8) for image in (a, b)]
    np.testing.assert_allclose(ssim(*levels, 255), tf.image.ssim(*levels, 255), atol=1e-4)
    expected = tf.image.ssim_multiscale(*levels, 255, powers)
    np.testing.assert_allclose(ms_ssim(*levels, 255, powers), expected, atol=1e-4)


@pytest.mark.parametrize(
    "shape, options",
    [
        ((47, 90, 1), {}),
        ((45, 71, 4), {"filter_size": 8, "filter_sigma": 2.0}),
        ((90, 61, 3), {"filter_size": 7, "k1": 0.05, "k2": 0.1}),
        ((96, 96, 3), {"filter_sigma": 0.7}),
    ],
)
def test_equals_tensorflow_with_other_settings_and_odd_sizes(shape, options):
    rng = np.random.default_rng(0)
    a = rng.random((3, *shape), np.float32)
    b = (a + rng.random(a.shape, np.float32)) / 2
    np.testing.assert_allclose(ssim(a, b, **options), tf.image.ssim(a, b, 1.0, **options), atol=1e-4)
    expected = tf.image.ssim_multiscale(a, b, 1.0, THREE, **options)
    np.testing.assert_allclose(ms_ssim(a, b, power_factors=THREE, **options), expected, atol=1e-4)
    expected = tf.image.ssim_multiscale(255 * a, 255 * b, 255, THREE, **options)
    np.testing.assert_allclose(ms_ssim(255 * a, 255 * b, 255, THREE, **options), expected, atol=1e-4)


@pytest.mark.real_data
@pytest.mark.parametrize("size, powers", FITTING)
def test_equals_tensorflow_on_200_pairs_of_real_covers(real_data, size, powers):
    paths = sorted((real_data / "covers" / "images").rglob("*.jpg"))
    drawn = np.random.default_rng(0).permutation(len(paths))[:400]
    covers = np.stack([np.asarray(Image.open(paths[i]).convert("RGB").resize((size, size))) for i in drawn])
    for start in range(0, 200, 25):
        a, b = (covers[first : first + 25] / np.float32(255) for first in (start, 200 + start))
        np.testing.assert_allclose(ssim(a, b), tf.image.ssim(a, b, 1.0), atol=1e-4)
        expected = tf.image.ssim_multiscale(a, b, 1.0, powers)
        np.testing.assert_allclose(ms_ssim(a, b, power_factors=powers), expected, atol=1e-4)


@settings(max_examples=20)
@given(
    side=st.integers(11, 24).map(lambda half: 2 * half),
    channels=st.integers(1, 3),
    texture=st.floats(0.1, 1),
    shift=st.floats(-0.3, 0.3),
    noise=st.floats(0, 1),
    seed=st.integers(0, 2**31),
)
def test_equals_the_definition_in_double_precision(side, channels, texture, shift, noise, seed):
    rng = np.random.default_rng(seed)
    shape = (2, side, side, channels)
    smooth = gaussian_filter(rng.random(shape), 3, axes=(1, 2))
    a = (texture * rng.random(shape) + (1 - texture) * smooth).astype(np.float32)
    b = ((1 - noise) * a + noise * rng.random(shape) + shift).clip(0, 1).astype(np.float32)
    np.testing.assert_allclose(ssim(a, b), from_definition(a, b), atol=1e-4)
    two = POWER_FACTORS[1:3]
    expected = from_definition(a, b, two)
    assume(expected.min() > 0.05)  # near 0 the power makes rounding large
    np.testing.assert_allclose(ms_ssim(a, b, power_factors=two), expected, atol=3e-4)


@pytest.mark.parametrize("size, powers", FITTING)
def test_equals_the_definition_at_the_sizes_of_covers(size, powers):
    a, b = pictures(4, size, seed=2)
    np.testing.assert_allclose(ssim(a, b), from_definition(a, b), atol=1e-4)
    np.testing.assert_allclose(ms_ssim(a, b, power_factors=powers), from_definition(a, b, powers), atol=1e-4)


# Known answers


@pytest.mark.parametrize("x, y", [(0, 0), (0, 1), (0.2, 0.4), (0.3, 0.31), (1, 0.75), (0.9, 0.95)])
def test_of_two_plain_images_only_luminance_counts(x, y):
    a, b = (np.full((1, 12, 12, 3), value, np.float32) for value in (x, y))
    expected = (2 * x * y + 1e-4) / (x * x + y * y + 1e-4)
    assert as_array(ssim(a, b)).item() == pytest.approx(expected, abs=3e-3)  # what float32 rounds off, see `ssim`
    np.testing.assert_allclose(ssim(a, b), tf.image.ssim(a, b, 1.0), atol=1e-4)


def test_equal_images_score_one_and_noise_next_to_nothing():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 4, 64, 64, 3), np.float32)
    assert np.array_equal(ssim(a, a), np.ones(4)) and np.array_equal(ms_ssim(a, a, power_factors=THREE), np.ones(4))
    assert np.abs(ssim(a, b)).max() < 0.05


def test_the_negative_of_an_image_scores_below_zero_and_zero():
    a = pictures(3, 64)[0]
    assert np.all(ssim(a, 1 - a) < 0)
    assert np.array_equal(ms_ssim(a, 1 - a, power_factors=THREE), np.zeros(3))


def test_is_symmetric_treats_pairs_alone_and_does_not_mind_a_flip():
    a, b = pictures(4, 64)
    for fn in (ssim, lambda a, b: ms_ssim(a, b, power_factors=THREE)):
        values = as_array(fn(a, b))
        np.testing.assert_allclose(fn(b, a), values, atol=1e-6)
        np.testing.assert_allclose(fn(a[2:3], b[2:3]), values[2:3], atol=1e-6)
        np.testing.assert_allclose(fn(a[:, ::-1], b[:, ::-1]), values, atol=1e-5)
        assert np.all(np.diff(values) < 0)  # each partner has more noise than the one before


def test_scales_say_what_changed():
    """Fine noise hurts the first scale, a coarse stain the last."""
    a = pictures(1, 256)[0]
    rng = np.random.default_rng(0)
    fine = (a + 0.2 * rng.standard_normal(a.shape)).clip(0, 1).astype(np.float32)
    stain = gaussian_filter(rng.standard_normal(a.shape), 40, axes=(1, 2))
    coarse = (a + 0.6 * stain / np.abs(stain).max()).clip(0, 1).astype(np.float32)
    first, last = (1.0, 0, 0, 0, 0), (0, 0, 0, 0, 1.0)
    assert ms_ssim(a, fine, power_factors=first) < 0.5 < 0.9 < ms_ssim(a, fine, power_factors=last)
    assert ms_ssim(a, coarse, power_factors=last) + 0.02 < ms_ssim(a, coarse, power_factors=first)


def test_nan_is_not_hidden():
    a, b = pictures(2, 64)
    a[1, 0, 0, 0] = np.nan
    for values in (ssim(a, b), ms_ssim(a, b, power_factors=THREE)):
        assert np.array_equal(np.isnan(values), [False, True])


# Gradients


@pytest.mark.parametrize("powers", [None, THREE])
def test_the_gradient_is_that_of_the_definition(powers):
    a, b = pictures(6, 48, seed=3)
    a, b = a[3:4], b[3:4]

    def value(x):
        return ssim(x, b)[0] if powers is None else ms_ssim(x, b, power_factors=powers)[0]

    gradient = as_array(input_gradients(value, tf.constant(a)))
    rng = np.random.default_rng(0)
    steepest = np.unravel_index(np.argsort(-np.abs(gradient).ravel())[:5], a.shape)
    anywhere = [rng.integers(side, size=15) for side in a.shape]
    for place in [*zip(*steepest, strict=True), *zip(*anywhere, strict=True)]:
        nudge = np.zeros(a.shape)
        nudge[place] = 1e-4
        up, down = (from_definition(a + sign * nudge, b, powers)[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-4, rel=0.01, abs=1e-3 * float(np.abs(gradient).max()))


@pytest.mark.parametrize("name", awkward())
def test_gradients_are_finite_where_powers_have_none(both, name):
    for backend, found in both.items():
        for fn in ("ssim", "ms_ssim"):
            gradient = found[f"gradient of {fn} at {name}"]
            assert np.isfinite(gradient).all(), f"{fn} on {backend}"
            if name in ("equal", "plain", "both black"):  # the highest score there is
                assert np.abs(gradient).max() < 1e-3
    if name == "negative":
        assert not found["gradient of ms_ssim at negative"].any() and found["gradient of ssim at negative"].any()


# Both backends


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What ssim_on_backend.py found: {"tensorflow": results, "jax": results}."""
    pytest.importorskip("jax")
    path = tmp_path_factory.mktemp("jax") / "found.npz"
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(FOLDER.parents[1])}
    environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "true"  # compiles in half the time
    command = [sys.executable, str(FOLDER / "ssim_on_backend.py"), str(path)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    here = ssim_on_backend.results()
    said, _ = process.communicate()
    assert process.returncode == 0, said[-4000:]
    return {"tensorflow": here, "jax": dict(np.load(path))}


def test_the_backends_agree(both):
    assert both["jax"].keys() == both["tensorflow"].keys()
    for name, expected in both["tensorflow"].items():
        size = max(np.abs(expected).max(), 1e-2)
        np.testing.assert_allclose(both["jax"][name], expected, atol=2e-4 * size, err_msg=name)


def test_mixed_precision_changes_nothing():
    a, b = pictures(2, 64)
    expected = as_array(ms_ssim(a, b, power_factors=THREE))
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert np.array_equal(ms_ssim(a, b, power_factors=THREE), expected)
    finally:
        keras.config.set_dtype_policy("float32")


# Errors


@pytest.mark.parametrize("size, count, fits", [(161, 5, True), (160, 5, False), (64, 3, True), (64, 4, False)])
def test_an_image_too_small_names_the_three_ways_out(size, count, fits):
    a = np.zeros((1, size, size + 9, 3), np.float32)
    if fits:
        assert as_array(ms_ssim(a, a, power_factors=POWER_FACTORS[:count])) == 1
        return
    with pytest.raises(CourseError) as error:
        ms_ssim(a, a, power_factors=POWER_FACTORS[:count])
    for said in (f"{size} x {size + 9} px", f"{count} scales", "power_factors", "filter_size", "resize", "256"):
        assert said in str(error.value)


def test_the_three_ways_out_work_at_64_pixels():
    a, b = (np.rint(255 * image).astype(np.uint8) for image in pictures(1, 64))
    larger = [np.asarray(Image.fromarray(image[0]).resize((256, 256)))[None] for image in (a, b)]
    ways = ms_ssim(a, b, 255, THREE), ms_ssim(a, b, 255, filter_size=4), ms_ssim(*larger, 255)
    assert all(0 < as_array(value).item() < 1 for value in ways)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ((np.zeros((2, 32, 32, 3)), np.zeros((1, 32, 32, 3))), "one shape"),
        ((np.zeros((32, 32, 3)), np.zeros((32, 32, 3))), "one shape"),
        ((np.zeros((1, 32, 32, 3), np.uint8), np.zeros((1, 32, 32, 3), np.uint8)), "255 for uint8"),
        ((np.zeros((1, 32, 32, 3)), np.zeros((1, 32, 32, 3)), 0), "largest value"),
        ((np.zeros((1, 10, 32, 3)), np.zeros((1, 10, 32, 3))), "too small"),
        ((np.zeros((1, 32, 32, 3)), np.zeros((1, 32, 32, 3)), 1, 0), "at least 1"),
    ],
)
def test_wrong_input_is_told_in_one_sentence(arguments, said):
    with pytest.raises(CourseError, match=said):
        ssim(*arguments)


def test_without_scales_there_is_nothing_to_compare():
    with pytest.raises(CourseError, match="0 scales"):
        ms_ssim(np.zeros((1, 32, 32, 3)), np.zeros((1, 32, 32, 3)), power_factors=())
