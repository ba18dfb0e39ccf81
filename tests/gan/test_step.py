"""One training step, against the same step written by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from keras import ops

from helpers.gan.augment import AUGMENTATIONS
from helpers.gan.backend import value_and_gradients

RATE = 0.1


def first_batch(gan, covers):
    (batch,) = next(gan.batches(covers, tiny.BATCH, seed=5))
    return batch


def numbers(variables):
    return [ops.convert_to_numpy(variable) for variable in variables]


def losses_by_hand(loss, real, fake):
    """(d_loss, g_loss) from the definitions, without the library's functions."""
    if loss == "relativistic":
        return tf.reduce_mean(-tf.math.log_sigmoid(real - fake)), tf.reduce_mean(-tf.math.log_sigmoid(fake - real))
    d_loss = tf.reduce_mean(-tf.math.log_sigmoid(real)) + tf.reduce_mean(-tf.math.log_sigmoid(-fake))
    return d_loss, tf.reduce_mean(-tf.math.log_sigmoid(fake))


@pytest.mark.parametrize("r1", [0.0, 0.7])
@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_a_step_is_the_one_written_by_hand(covers, loss, r1):
    gan = tiny.build(loss=loss, r1=r1, optimizer=lambda: keras.optimizers.SGD(RATE))
    batch = first_batch(gan, covers)
    generator, discriminator = tiny.generator(), tiny.discriminator()
    generator.set_weights(gan.generator.get_weights())
    discriminator.set_weights(gan.discriminator.get_weights())
    average = [value.copy() for value in gan.ema_generator.get_weights()]

    # Two separate passes, each with its own tape, both before any weight moves.
    real = tf.constant(batch["images"].astype(np.float32) / 127.5 - 1)
    expected = {}
    for which, network in enumerate((discriminator, generator)):
        generator.set_weights(gan.generator.get_weights())
        discriminator.set_weights(gan.discriminator.get_weights())
        with tf.GradientTape() as tape:
            fake_logits = discriminator(generator(batch["latents"], training=True), training=True)
            real_logits = discriminator(real, training=True)
            value = losses_by_hand(loss, real_logits, fake_logits)[which]
        gradients = tape.gradient(value, network.trainable_variables)
        expected[network] = [w - RATE * g for w, g in zip(network.trainable_variables, gradients, strict=True)]
    if r1:
        # R1 reads the moving averages, as they are after D has seen reals and fakes once.
        discriminator.set_weights(gan.discriminator.get_weights())
        discriminator(real, training=True)
        discriminator(generator(batch["latents"], training=True), training=True)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(real)
                logits = tf.reduce_sum(discriminator(real, training=False))
            slope = inner.gradient(logits, real)
            penalty = r1 * tf.reduce_mean(tf.reduce_sum(slope**2, axis=(1, 2, 3)))
        weights = [variable.value for variable in discriminator.trainable_variables]
        gradients = outer.gradient(penalty, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        expected[discriminator] = [w - RATE * g for w, g in zip(expected[discriminator], gradients, strict=True)]

    gan.gan_step(batch)
    for ours, by_hand in ((gan.discriminator, discriminator), (gan.generator, generator)):
        for value, wanted in zip(numbers(ours.trainable_variables), expected[by_hand], strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6)
    decay = 2 / 11  # of the first step
    for before, now, value in zip(average, gan.ema_generator.get_weights(), gan.generator.get_weights(), strict=True):
        np.testing.assert_allclose(now, decay * before + (1 - decay) * value, rtol=1e-5, atol=1e-6)


def test_batch_norm_sees_the_reals_and_then_the_fakes_once(covers):
    gan = tiny.build(optimizer=lambda: keras.optimizers.SGD(RATE))
    batch = first_batch(gan, covers)
    generator, discriminator = tiny.generator(), tiny.discriminator()
    generator.set_weights(gan.generator.get_weights())
    discriminator.set_weights(gan.discriminator.get_weights())
    discriminator(batch["images"].astype(np.float32) / 127.5 - 1, training=True)
    discriminator(generator(batch["latents"], training=True), training=True)
    gan.gan_step(batch)
    for ours, by_hand in ((gan.discriminator, discriminator), (gan.generator, generator)):
        statistics = numbers(by_hand.non_trainable_variables)
        assert len(statistics) == (2 if by_hand is discriminator else 4)
        for value, wanted in zip(numbers(ours.non_trainable_variables), statistics, strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("augment", [(), *((name,) for name in AUGMENTATIONS), tuple(AUGMENTATIONS)])
@pytest.mark.parametrize("r1", [0.0, 1.0])
@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_every_variable_gets_a_finite_gradient(covers, loss, r1, augment):
    gan = tiny.build(loss=loss, r1=r1, augment=augment)
    batch = first_batch(gan, covers)
    groups = gan.discriminator.trainable_variables, gan.generator.trainable_variables

    def losses_fn():
        fake = gan.generator(batch["latents"], training=True)
        real = ops.cast(batch["images"], "float32") / 127.5 - 1
        logits = gan.discriminate(real, batch["augment_real"]), gan.discriminate(fake, batch["augment_fake"])
        d_loss, g_loss = gan.adversarial_loss(*logits, batch)
        return (d_loss + gan.discriminator_extra(real, ops.stop_gradient(fake), batch), g_loss), {}

    _, gradients = value_and_gradients(gan, losses_fn, *groups)
    for group, found in zip(groups, gradients, strict=True):
        assert all(gradient is not None for gradient in found)
        assert all(np.isfinite(gradient).all() for gradient in found)
        moved = [np.abs(gradient).max() > 0 for gradient in found]
        # D's last bias cancels in a loss of differences of logits, and nothing else may stand still.
        assert moved.count(False) <= (loss == "relativistic" and group is groups[0])


def test_samples_come_from_the_averaged_generator(covers):
    gan = tiny.build()
    gan.fit(covers, 5, tiny.BATCH, verbose=0)
    drawn = gan.generate(6, seed=2)
    assert drawn.dtype == np.uint8 and drawn.shape == (6, tiny.SIZE, tiny.SIZE, 3)
    latents = np.random.default_rng(2).standard_normal((6, tiny.LATENT), np.float32)
    averaged, last = (
        np.rint((np.clip(network(latents, training=False), -1, 1) + 1) * 127.5)
        for network in (gan.ema_generator, gan.generator)
    )
    assert np.abs(drawn - averaged).max() <= 1
    assert np.abs(drawn - last).max() > 1


def test_more_samples_begin_with_the_same_ones(covers):
    gan = tiny.build()
    assert np.array_equal(gan.generate(3, seed=1), gan.generate(70, seed=1)[:3])
    assert not np.array_equal(gan.generate(3, seed=1), gan.generate(3, seed=2))


def test_noise_depends_on_seed_and_step_alone(covers):
    gan = tiny.build(augment=("translation",))
    batches = gan.batches(covers, tiny.BATCH, seed=1)
    _, second = next(batches), next(batches)
    (again,) = next(gan.batches(covers, tiny.BATCH, seed=1, start_step=1))
    (other,) = next(gan.batches(covers, tiny.BATCH, seed=2, start_step=1))
    for name in ("images", "latents"):
        assert np.array_equal(second[0][name], again[name])
        assert not np.array_equal(again[name], other[name])
    real, fake = again["augment_real"]["translation"], again["augment_fake"]["translation"]
    assert not np.array_equal(real, fake)
