"""Losses against Keras, float64 formulas and gradients taken by hand."""

import keras
import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from helpers.gan import losses

tf = pytest.importorskip("tensorflow")

logits = st.floats(-1e4, 1e4, width=32)
batches = st.integers(1, 8).flatmap(lambda n: st.tuples(*[st.lists(logits, min_size=n, max_size=n)] * 2))


def column(values):
    return np.array(values, np.float32).reshape(-1, 1)


def value(tensor) -> float:
    return float(ops.convert_to_numpy(tensor))


def softplus(x):
    """log(1 + exp(x)) in float64; NumPy's logaddexp does not overflow."""
    return np.logaddexp(0, np.float64(x))


@given(batches, st.floats(0, 1, width=32))
@settings(deadline=None, max_examples=50)
def test_cross_entropy_is_that_of_the_textbook_and_of_keras(batch, label):
    x = column(batch[0])
    ours = value(losses.binary_cross_entropy(label, x))
    rounding = 1e-6 + 3e-7 * float(np.abs(x).max())  # the difference of two numbers as large as the logits
    # -y log s(x) - (1 - y) log(1 - s(x)), with -log s(x) = softplus(-x)
    assert ours == pytest.approx(np.mean(label * softplus(-x) + (1 - label) * softplus(x)), rel=1e-5, abs=rounding)
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)(np.full_like(x, label), x)
    assert ours == pytest.approx(value(theirs), rel=1e-4, abs=rounding)


def test_cross_entropy_takes_one_label_per_image():
    labels = column([1, 0.25])
    assert value(losses.binary_cross_entropy(labels, column([0, 2]))) == pytest.approx(
        (np.log(2) + 0.25 * softplus(-2) + 0.75 * softplus(2)) / 2, rel=1e-6
    )


def test_an_undecided_discriminator_scores_log_2_per_side():
    zero = column([0, 0, 0])
    assert [value(x) for x in losses.non_saturating(zero, zero)] == pytest.approx([2 * np.log(2), np.log(2)])
    assert [value(x) for x in losses.relativistic(zero, zero)] == pytest.approx([np.log(2), np.log(2)])


@given(batches)
@settings(deadline=None, max_examples=50)
def test_adversarial_losses_equal_their_formulas(batch):
    real, fake = map(column, batch)
    d_loss, g_loss = map(value, losses.non_saturating(real, fake))
    assert d_loss == pytest.approx(np.mean(softplus(-real)) + np.mean(softplus(fake)), rel=1e-5)
    assert g_loss == pytest.approx(np.mean(softplus(-fake)), rel=1e-5, abs=1e-6)
    margin = np.float64(real) - np.float64(fake)
    d_loss, g_loss = map(value, losses.relativistic(real, fake))
    assert d_loss == pytest.approx(np.mean(softplus(-margin)), rel=1e-5, abs=1e-6)
    assert g_loss == pytest.approx(np.mean(softplus(margin)), rel=1e-5, abs=1e-6)


def test_noisy_labels_are_the_targets_of_both_networks():
    real, fake, real_labels, fake_labels = column([2, -1]), column([0.5, 1]), column([0.9, 0.8]), column([0.1, 0.2])
    d_loss, g_loss = map(value, losses.non_saturating(real, fake, real_labels, fake_labels))

    def entropy(y, x):
        return np.mean(y * softplus(-x) + (1 - y) * softplus(x))

    assert d_loss == pytest.approx(entropy(real_labels, real) + entropy(fake_labels, fake), rel=1e-6)
    assert g_loss == pytest.approx(entropy(real_labels, fake), rel=1e-6)


def test_hinge_is_the_sum_done_by_hand():
    real, fake = column([3, 0.5, -2]), column([-4, -0.25, 1])
    d_loss, g_loss = map(value, losses.hinge(real, fake))
    # Beyond the margin of 1 nothing is to pay: 3 and -4 cost 0, 0.5 costs 0.5, -2 costs 3, -0.25 costs 0.75, 1 costs 2.
    assert d_loss == pytest.approx((0 + 0.5 + 3) / 3 + (0 + 0.75 + 2) / 3)
    assert g_loss == pytest.approx((4 + 0.25 - 1) / 3)


def test_hinge_leaves_alone_what_is_beyond_the_margin():
    real, fake = tf.constant(column([1.5, 0.5])), tf.constant(column([-1.5, -0.5]))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_loss, g_loss = losses.hinge(real, fake)
    np.testing.assert_allclose(tape.gradient(d_loss, real), column([0, -0.5]))
    np.testing.assert_allclose(tape.gradient(d_loss, fake), column([0, 0.5]))
    np.testing.assert_allclose(tape.gradient(g_loss, fake), column([-0.5, -0.5]))


@pytest.mark.parametrize("extreme", [-1e30, -1e4, 1e4, 1e30])
def test_extreme_logits_give_finite_losses_and_gradients(extreme):
    real, fake = tf.constant(column([extreme, 0])), tf.constant(column([-extreme, extreme]))
    for loss in losses.non_saturating, losses.relativistic, losses.hinge:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            pair = loss(real, fake)
        for scalar in pair:
            assert np.isfinite(value(scalar))
            assert all(np.isfinite(slope).all() for slope in tape.gradient(scalar, [real, fake]) if slope is not None)


def test_half_precision_logits_do_not_overflow():
    big = column([6e4, -6e4]).astype(np.float16)
    for loss in losses.non_saturating, losses.relativistic, losses.hinge:
        assert all(np.isfinite(value(x)) for x in loss(big, -big))


def test_r1_of_a_linear_discriminator_is_its_squared_weights():
    rng = np.random.default_rng(0)
    w, images = rng.normal(size=(48, 1)).astype(np.float32), rng.normal(size=(5, 4, 4, 3)).astype(np.float32)
    penalty = losses.r1_penalty(lambda x: ops.matmul(ops.reshape(x, (5, 48)), w), ops.convert_to_tensor(images))
    assert value(penalty) == pytest.approx(np.sum(np.float64(w) ** 2), rel=1e-5)


def test_r1_of_a_quadratic_discriminator_is_the_mean_over_the_batch():
    images = np.random.default_rng(0).normal(size=(5, 4, 4, 3)).astype(np.float32)
    # D(x) = |x|^2 has the gradient 2 x
    penalty = losses.r1_penalty(lambda x: ops.sum(x * x, axis=(1, 2, 3))[:, None], ops.convert_to_tensor(images))
    assert value(penalty) == pytest.approx(np.mean(np.sum(4 * np.float64(images) ** 2, axis=(1, 2, 3))), rel=1e-5)


def test_r1_reaches_every_weight_of_a_convolutional_discriminator():
    keras.utils.set_random_seed(0)
    network = tiny.discriminator()
    network(np.random.default_rng(0).normal(size=(4, 16, 16, 3)).astype(np.float32), training=True)
    images = tf.constant(np.random.default_rng(1).normal(size=(4, 16, 16, 3)).astype(np.float32))
    with tf.GradientTape() as tape:
        penalty = losses.r1_penalty(lambda x: network(x, training=False), images)
    slopes = tape.gradient(penalty, network.trainable_variables)
    for variable, slope in zip(network.trainable_variables, slopes, strict=True):
        if variable is network.layers[-1].bias:
            assert slope is None  # it shifts all logits, so it has no say in the slope
        else:
            assert np.isfinite(slope).all()
            # Biases and batch norm's offsets matter through the kinks of leaky ReLU alone: their slope is zero.
            assert np.any(slope) or "bias" in variable.path or "beta" in variable.path, variable.path


def test_r1_gradient_matches_finite_differences():
    """D(x) = sum tanh(w x), whose slope is w / cosh(w x)^2."""
    images = np.random.default_rng(0).normal(size=(3, 4, 4, 3)).astype(np.float32)

    def penalty(w):
        return losses.r1_penalty(lambda x: ops.sum(ops.tanh(w * x), axis=(1, 2, 3))[:, None], tf.constant(images))

    w = tf.Variable(0.7)
    with tf.GradientTape() as tape:
        loss = penalty(w)

    def by_hand(w):
        return np.mean(np.sum((w / np.cosh(w * np.float64(images)) ** 2) ** 2, axis=(1, 2, 3)))

    assert value(loss) == pytest.approx(by_hand(0.7), rel=1e-5)
    assert float(tape.gradient(loss, w)) == pytest.approx((by_hand(0.7 + 1e-5) - by_hand(0.7 - 1e-5)) / 2e-5, rel=1e-4)
