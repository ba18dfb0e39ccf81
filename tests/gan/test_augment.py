"""Augmentations against NumPy, finite differences and each other's backend."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from helpers.errors import CourseError
from helpers.gan.augment import AUGMENTATIONS, Augment, colour, cutout, translation

SIZE = 16
shares = st.floats(0, 1, exclude_max=True, width=32)


def random_images(n=4, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, SIZE, SIZE, 3)).astype(np.float32)


def apply(augmentation, images, *rows):
    u = np.broadcast_to(np.array(rows, np.float32), (len(images), 3))
    return ops.convert_to_numpy(augmentation(ops.convert_to_tensor(images), ops.convert_to_tensor(u)))


def shifted(image, down, right):
    """np.roll, with what came round set to zero."""
    image = np.roll(image, (down, right), (0, 1))
    image[: max(down, 0)] = image[SIZE + min(down, 0) :] = 0
    image[:, : max(right, 0)] = image[:, SIZE + min(right, 0) :] = 0
    return image


@given(shares, shares)
@settings(deadline=None, max_examples=40)
def test_translation_is_a_roll_filled_with_zeros(u, v):
    images = random_images()
    # From -2 to 2 pixels, an eighth of the side; the five shifts are equally likely.
    down, right = (min(int(x * 5), 4) - 2 for x in (u, v))
    expected = np.stack([shifted(image, down, right) for image in images])
    np.testing.assert_array_equal(apply(translation, images, [u, v, 0]), expected)


def test_every_image_moves_by_itself_and_all_shifts_occur():
    images = random_images(200)
    u = Augment(["translation"]).draw(np.random.default_rng(0), 200)["translation"]
    moved = apply(translation, images, *u)
    shifts = [tuple(min(int(x * 5), 4) - 2 for x in row[:2]) for row in u]
    assert set(shifts) == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}
    np.testing.assert_array_equal(moved, [shifted(x, *s) for x, s in zip(images, shifts, strict=True)])


@given(shares, shares)
@settings(deadline=None, max_examples=40)
def test_cutout_blanks_one_square_of_half_the_side(u, v):
    images = random_images()
    after = apply(cutout, images, [u, v, 0])
    blank = (after == 0).all(axis=(0, 3))
    rows, columns = blank.any(axis=1), blank.any(axis=0)
    np.testing.assert_array_equal(blank, np.outer(rows, columns))  # a rectangle
    for line, centre in ((rows, u), (columns, v)):
        inside = np.flatnonzero(line)
        assert np.all(np.diff(inside) == 1)
        # Half a side, less where the square hangs over the edge; a border on a pixel's centre may fall either way.
        expected = min(centre * SIZE + SIZE / 4, SIZE) - max(centre * SIZE - SIZE / 4, 0)
        assert abs(len(inside) - expected) <= 1
    np.testing.assert_array_equal(after[:, ~blank], images[:, ~blank])


def test_cutout_in_the_middle_blanks_a_quarter_of_the_image():
    assert np.mean(apply(cutout, random_images(), [0.5, 0.5, 0]) == 0) == 0.25


def test_colour_at_one_half_changes_nothing():
    images = random_images()
    np.testing.assert_allclose(apply(colour, images, [0.5, 0.5, 0.5]), images, atol=1e-6)


@given(shares)
@settings(deadline=None, max_examples=20)
def test_colour_changes_brightness_saturation_and_contrast_one_by_one(u):
    images = random_images()
    np.testing.assert_allclose(apply(colour, images, [u, 0.5, 0.5]), images + u - 0.5, atol=1e-6)
    grey = images.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(apply(colour, images, [0.5, u, 0.5]), grey + (images - grey) * 2 * u, atol=1e-6)
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(apply(colour, images, [0.5, 0.5, u]), mean + (images - mean) * (0.5 + u), atol=1e-6)


def test_without_names_nothing_is_drawn_and_nothing_changes():
    images = random_images()
    assert Augment().draw(np.random.default_rng(0), 4) == {}
    assert Augment()(images, {}) is images


def test_a_chain_applies_in_the_order_given():
    images, draws = random_images(), Augment(tuple(AUGMENTATIONS)).draw(np.random.default_rng(0), 4)
    expected = images
    for name in ("cutout", "colour"):
        expected = apply(AUGMENTATIONS[name], expected, *draws[name])
    np.testing.assert_allclose(Augment(("cutout", "colour"))(images, draws), expected, atol=1e-6)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(CourseError, match="'flip'.*colour, translation, cutout"):
        Augment(["translation", "flip"])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_second_derivatives_match_finite_differences(name):
    """The penalty |d/dx sum tanh(augment(x))|^2, differentiated in a random direction, in float64."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("float64 needs TensorFlow")
    rng = np.random.default_rng(0)
    images, direction = rng.uniform(-1, 1, (2, 3, SIZE, SIZE, 3))
    draws = Augment([name]).draw(rng, 3)

    def penalty_and_slope(x):
        x = tf.constant(x)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.tanh(Augment([name])(x, draws)))
            penalty = tf.reduce_sum(inner.gradient(y, x) ** 2)
        return float(penalty), outer.gradient(penalty, x).numpy()

    step = 1e-5 * direction
    difference = (penalty_and_slope(images + step)[0] - penalty_and_slope(images - step)[0]) / 2e-5
    assert np.sum(penalty_and_slope(images)[1] * direction) == pytest.approx(difference, rel=1e-6)
    assert abs(difference) > 1e-3


def test_both_backends_agree_compiled_and_to_the_second_gradient(both):
    on_tensorflow, on_jax = (np.load(both[backend] / "augmentations.npz") for backend in ("tensorflow", "jax"))
    assert len(on_jax.files) == 12
    for name in on_jax.files:
        np.testing.assert_allclose(on_jax[name], on_tensorflow[name], rtol=1e-4, atol=1e-5, err_msg=name)
        assert np.any(on_jax[name])


def test_reals_and_fakes_of_a_step_are_changed_differently_and_each_step_anew(covers):
    import tiny

    gan = tiny.build(augment=tuple(AUGMENTATIONS))

    def noise(seed, step):
        (batch,) = next(gan.batches(covers, 8, seed, step))
        return [batch["augment_real"][name] for name in AUGMENTATIONS] + [
            batch["augment_fake"][name] for name in AUGMENTATIONS
        ]

    draws = [*noise(0, 0), *noise(0, 1), *noise(1, 0)]
    assert all(
        draw.shape == (8, 3) and draw.dtype == np.float32 and draw.min() >= 0 and draw.max() < 1 for draw in draws
    )
    assert len({draw.tobytes() for draw in draws}) == len(draws)
    np.testing.assert_array_equal(noise(3, 7), noise(3, 7))
