"""Wasserstein GANs: the distance, what bounds the critic's slope, and how often the critic learns."""

import keras
import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops
from scipy.stats import wasserstein_distance

from helpers.errors import CourseError
from helpers.gan import load, losses, networks, wgan, wgan_gp
from helpers.gan.backend import value_and_gradients

numbers = st.floats(-3, 3, width=32)


def value(tensor) -> float:
    return float(ops.convert_to_numpy(tensor))


def linear(weights, shape):
    """The critic D(x) = <w, x> on inputs of a shape."""
    x = inputs = layers.Input(shape)
    critic = keras.Model(inputs, layers.Dense(1, use_bias=False)(layers.Flatten()(x)))
    critic.set_weights([np.reshape(weights, (-1, 1))])
    return critic


@given(st.lists(numbers, min_size=3, max_size=3), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_penalty_of_a_linear_critic_has_a_closed_form(weights, seed):
    """Its slope is w everywhere, so the penalty is (|w| - 1)^2, whatever the covers and the mixture."""
    rng = np.random.default_rng(seed)
    real, fake = rng.uniform(-1, 1, (2, 5, 3)).astype(np.float32)
    penalty = losses.gradient_penalty(linear(weights, (3,)), real, fake, rng.random((5, 1), np.float32))
    assert value(penalty) == pytest.approx((np.linalg.norm(np.float64(weights)) - 1) ** 2, rel=1e-4, abs=1e-5)


def test_penalty_of_covers_counts_all_their_pixels():
    weights = np.random.default_rng(0).normal(0, 0.1, 4 * 4 * 3).astype(np.float32)
    real, fake = np.zeros((2, 6, 4, 4, 3), np.float32)
    penalty = losses.gradient_penalty(linear(weights, (4, 4, 3)), real, fake, np.full((6, 1), 0.5, np.float32))
    assert value(penalty) == pytest.approx((np.linalg.norm(weights) - 1) ** 2, rel=1e-4)


def test_every_mixture_pays_for_its_own_slope():
    """D(x) = |x|^2 / 2 has the slope x: of norms 0 and 2 both are wrong, though their mean is right."""
    real, fake = np.array([[0.0, 0.0], [3.0, 0.0]], np.float32), np.array([[0.0, 0.0], [-1.0, 0.0]], np.float32)
    shares = np.array([[0.5], [0.75]], np.float32)  # mixtures (0, 0) and (2, 0)
    penalty = losses.gradient_penalty(lambda x: ops.sum(x * x, axis=1, keepdims=True) / 2, real, fake, shares)
    assert value(penalty) == pytest.approx(1.0, rel=1e-5)  # ((0 - 1)^2 + (2 - 1)^2) / 2


def test_penalty_has_a_finite_gradient_where_the_critic_is_flat():
    critic = linear(np.zeros(3), (3,))
    points, shares = np.ones((4, 3), np.float32), np.zeros((4, 1), np.float32)

    def losses_fn():
        return (losses.gradient_penalty(critic, ops.convert_to_tensor(points), points, shares),), {}

    _, ((gradient,),) = value_and_gradients(critic, losses_fn, critic.trainable_variables)
    assert np.isfinite(ops.convert_to_numpy(gradient)).all()


@given(st.lists(numbers, min_size=1, max_size=6), st.floats(0, 2, width=32))
@settings(deadline=None, max_examples=30)
def test_the_distance_of_a_shifted_sample_is_what_scipy_says(sample, shift):
    """The best critic of a sample and its copy further left is D(x) = x, of slope 1."""
    real = np.array(sample, np.float32)[:, None]
    d_loss, g_loss = losses.wasserstein(real, real - np.float32(shift))
    assert -value(d_loss) == pytest.approx(wasserstein_distance(real[:, 0], real[:, 0] - shift), abs=1e-5)
    assert value(g_loss) == pytest.approx(-np.mean(real - shift), abs=1e-5)


def test_clipping_holds_every_weight_of_the_critic(covers):
    gan = wgan.build(image_size=16, width=4)
    gan.compile(*(keras.optimizers.RMSprop(1e-2) for _ in range(2)))
    gan.fit(covers, 3, tiny.BATCH, verbose=0)
    weights = np.concatenate([np.ravel(ops.convert_to_numpy(v)) for v in gan.discriminator.trainable_variables])
    assert np.abs(weights).max() <= np.float32(gan.CLIP)
    assert (np.abs(weights) > 0.99 * gan.CLIP).mean() > 0.2  # where clipping pushes them
    assert max(np.abs(ops.convert_to_numpy(v)).max() for v in gan.generator.trainable_variables) > 2 * gan.CLIP


@pytest.mark.parametrize("module", [wgan, wgan_gp])
def test_the_critic_learns_five_times_as_often(covers, module):
    gan = module.build(image_size=16, width=4)
    gan.fit(covers, 2, tiny.BATCH, verbose=0)
    assert (int(gan.optimizer.g_optimizer.iterations), int(gan.optimizer.d_optimizer.iterations)) == (2, 10)
    assert int(gan.step) == 2


def test_every_update_of_the_critic_has_covers_and_latents_of_its_own(covers):
    gan = wgan_gp.build(image_size=16, width=4)
    (batch,) = next(gan.batches(covers, tiny.BATCH, seed=0))
    for part in ("images", "latents", "shares"):
        rows = batch[part].reshape(len(batch[part]), -1)
        assert len(rows) == 5 * tiny.BATCH == len(np.unique(rows, axis=0))


def test_a_step_is_two_by_hand(covers):
    """With n_critic = 2: one update of the critic on the first half, then both networks on the second."""

    def build():
        gan = wgan_gp.build(image_size=16, width=4, seed=2)
        gan.compile(*(keras.optimizers.SGD(0.01) for _ in range(2)))
        gan.n_critic = 2
        return gan

    gan, by_hand = build(), build()
    (batch,) = next(gan.batches(covers, tiny.BATCH, seed=3))
    gan.gan_step(batch)

    generator, critic = by_hand.generator, by_hand.discriminator
    for half, wanted in enumerate((("d",), ("d", "g"))):
        part = slice(half * tiny.BATCH, (half + 1) * tiny.BATCH)
        real = batch["images"][part] / np.float32(127.5) - 1

        def losses_fn(part=part, real=real):
            fake = generator(batch["latents"][part], training=True)
            on_fake, on_real = (ops.mean(critic(images)) for images in (fake, ops.convert_to_tensor(real)))
            held = ops.stop_gradient(fake)
            penalty = losses.gradient_penalty(critic, real, held, batch["shares"][part])
            return (on_fake - on_real + 10 * penalty, -on_fake), {}

        groups = {"d": critic.trainable_variables, "g": generator.trainable_variables}
        _, gradients = value_and_gradients(by_hand, losses_fn, *groups.values())
        for (name, variables), of_loss in zip(groups.items(), gradients, strict=True):
            if name in wanted:
                for variable, gradient in zip(variables, of_loss, strict=True):
                    variable.assign(variable - 0.01 * gradient)
    for ours, theirs in zip(gan.trainable_variables, by_hand.trainable_variables, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs), rtol=1e-4, atol=1e-6)


def test_a_set_too_small_for_a_step_says_what_would_fit(covers):
    with pytest.raises(CourseError, match="5 batches of 9 different covers, and there are 40; .* at most 8"):
        wgan.build(image_size=16, width=4).fit(covers, 1, 9, verbose=0)


def test_the_log_has_the_critics_estimate_without_the_penalty(covers, tmp_path):
    gan = wgan_gp.build(image_size=16, width=4)
    gan.fit(covers, 3, tiny.BATCH, run=tmp_path / "run", verbose=0)
    assert (tmp_path / "run" / "log.csv").read_text().splitlines()[0] == "step,d_loss,g_loss,wasserstein"
    (batch,) = next(gan.batches(covers, tiny.BATCH, seed=0))
    logs = {name: value(number) for name, number in gan.losses(batch).items()}
    real = batch["images"] / np.float32(127.5) - 1
    fake = gan.generator(batch["latents"], training=True)
    penalty = losses.gradient_penalty(gan.discriminator, real, fake, batch["shares"])
    assert logs["d_loss"] == pytest.approx(-logs["wasserstein"] + 10 * value(penalty), rel=1e-4)


def test_a_critic_with_batch_norm_is_refused():
    with pytest.raises(CourseError, match="batch_norm=False"):
        wgan_gp.WGANGP(networks.generator(16, 4), networks.discriminator(16, 4))


@pytest.mark.parametrize("module", [wgan, wgan_gp])
def test_resuming_is_exact(covers, module, tmp_path):
    whole = module.build(image_size=16, width=4).fit(covers, 4, tiny.BATCH, verbose=0)
    module.build(image_size=16, width=4).fit(covers, 2, tiny.BATCH, run=tmp_path / "run", verbose=0)
    again = load(tmp_path / "run").fit(covers, 4, tiny.BATCH, run=tmp_path / "run", verbose=0)
    assert tiny.same(tiny.all_weights(whole), tiny.all_weights(again))


@pytest.mark.parametrize("module", [wgan, wgan_gp])
def test_there_is_no_historical_recipe(module):
    with pytest.raises(CourseError, match="no recipe 'historical'"):
        module.build("historical")
