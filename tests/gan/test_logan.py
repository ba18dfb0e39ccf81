"""LOGAN: the latent step by hand, the gradient through it, who moves, and what it costs."""

import keras
import numpy as np
import pytest
import tiny
from keras import layers, ops

from helpers.gan import load, logan
from helpers.gan.backend import value_and_gradients
from helpers.gan.dcgan import DCGAN

CURVATURE = np.array([[2.0, 0.5], [0.5, 1.0]], np.float32)


class Quadratic(layers.Layer):
    """D(x) = -x' A x / 2 with a trainable A."""

    def build(self, shape):
        self.a = self.add_weight(shape=(2, 2), initializer="zeros")

    def call(self, x):
        return -ops.sum((x @ self.a) * x, axis=1, keepdims=True) / 2


def quadratic() -> logan.LOGAN:
    """A game on points: G(z) = W z, D(x) = -x' A x / 2."""
    z, x = layers.Input((2,)), layers.Input((2,))
    generator = keras.Model(z, layers.Dense(2, use_bias=False)(z))
    discriminator = keras.Model(x, Quadratic()(x))
    generator.set_weights([np.eye(2)])
    discriminator.set_weights([CURVATURE])
    gan = logan.LOGAN(generator, discriminator)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return gan


def value(tensor):
    return ops.convert_to_numpy(tensor)


def test_the_latent_step_on_a_quadratic_is_that_by_hand():
    """At z = (0.5, 0.5), g = -A z = (-1.25, -0.75)."""
    gan = quadratic()
    gan.DAMPING = 0.1
    step = value(gan.latent_step(ops.array([[0.5, 0.5], [0.0, 0.0]])))
    assert -CURVATURE @ [0.5, 0.5] == pytest.approx([-1.25, -0.75])
    scale = 0.9 / (0.1 + 1.25**2 + 0.75**2)
    np.testing.assert_allclose(step, [[-1.25 * scale, -0.75 * scale], [0.0, 0.0]], rtol=1e-5)


def test_every_row_steps_on_its_own():
    gan = quadratic()
    rows = np.random.default_rng(0).uniform(-1, 1, (5, 2)).astype(np.float32)
    together = value(gan.latent_step(ops.convert_to_tensor(rows)))
    alone = [value(gan.latent_step(ops.convert_to_tensor(row[None])))[0] for row in rows]
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_covers_get_the_same_step_alone_as_in_a_batch():
    """Batch norm must not let one row's step depend on the others."""
    gan = logan.build(image_size=16, width=4)
    latents = gan.latents(np.random.default_rng(0), 4)
    together = value(gan.latent_step(ops.convert_to_tensor(latents)))
    alone = value(gan.latent_step(ops.convert_to_tensor(latents[:1])))
    assert np.abs(alone).max() > 0
    np.testing.assert_allclose(together[:1], alone, rtol=1e-3, atol=1e-6)


def batch_of(gan, percent=100, n=6):
    rng = np.random.default_rng(1)
    batch = gan.noise(rng, n) | {"images": rng.uniform(-1, 1, (n, 2)).astype(np.float32)}
    batch["latents"] *= 0.3
    gan.RATE = 0.3  # so that nothing is clipped
    gan.OPTIMISED = percent
    return keras.tree.map_structure(ops.convert_to_tensor, batch)


def test_gradients_flow_through_the_step():
    """Against differences of the whole loss, the step made anew each time; without the second order they are off."""
    gan = quadratic()
    gan.TRANSPORT = 0.7
    batch = batch_of(gan)
    groups = gan.discriminator.trainable_variables, gan.generator.trainable_variables

    def losses_fn():
        logs = gan.losses(batch)
        return (logs["d_loss"], logs["g_loss"]), {}

    _, gradients = value_and_gradients(gan, losses_fn, *groups)
    for name, (variable,), (gradient,) in zip(("d_loss", "g_loss"), groups, gradients, strict=True):
        start, by_difference = value(variable).copy(), np.zeros((2, 2))
        for place in np.ndindex(2, 2):
            ends = []
            for sign in (1, -1):
                moved = start.copy()
                moved[place] += sign * 1e-2
                variable.assign(moved)
                ends.append(float(value(gan.losses(batch)[name])))
            by_difference[place] = (ends[0] - ends[1]) / 2e-2
        variable.assign(start)
        np.testing.assert_allclose(value(gradient), by_difference, rtol=2e-2, atol=2e-3)


def test_moved_latents_please_the_discriminator_more():
    gan = quadratic()
    latents = ops.convert_to_tensor(np.random.default_rng(0).uniform(-1, 1, (50, 2)).astype(np.float32))
    gan.RATE = 0.05
    moved = latents + gan.latent_step(latents)
    before, after = (value(gan.discriminator(gan.generator(z)))[:, 0] for z in (latents, moved))
    assert (after > before).all()


def test_latents_that_do_not_move_make_a_dcgan():
    gan = quadratic()
    batch = batch_of(gan, percent=0)
    logs, plain = gan.losses(batch), DCGAN.losses(gan, batch)
    assert float(value(logs["transport"])) == 0
    for name in ("d_loss", "g_loss"):
        assert float(value(logs[name])) == pytest.approx(float(value(plain[name])), rel=1e-6)


def test_transport_is_the_squared_way_and_both_pay_for_it():
    gan = quadratic()
    batch = batch_of(gan)
    way = value(gan.latent_step(batch["latents"]))
    logs = {name: float(value(number)) for name, number in gan.losses(batch).items()}
    assert logs["transport"] == pytest.approx((way**2).sum(axis=1).mean(), rel=1e-4)
    gan.TRANSPORT = 0.0
    free = {name: float(value(number)) for name, number in gan.losses(batch).items()}
    for name in ("d_loss", "g_loss"):
        assert logs[name] - free[name] == pytest.approx(0.1 * logs["transport"], rel=1e-3)


def test_four_of_five_rows_move_and_none_leaves_the_range():
    gan = logan.build(image_size=16, width=4)
    gan.RATE = 1e6
    seen = []
    gan.condition = lambda latents, batch: seen.append(value(latents)) or latents
    noise = gan.noise(np.random.default_rng(0), 10) | {"images": np.zeros((10, 16, 16, 3), np.uint8)}
    gan.losses(keras.tree.map_structure(ops.convert_to_tensor, noise))
    moved = (seen[0] != noise["latents"]).any(axis=1)
    assert moved.tolist() == 8 * [True] + 2 * [False]
    assert np.abs(seen[0]).max() == 1


def test_latents_are_uniform():
    latents = logan.build(image_size=16, width=4).latents(np.random.default_rng(0), 2000)
    assert np.abs(latents).max() <= 1 and latents.std() == pytest.approx(3**-0.5, abs=0.01)


def test_covers_are_drawn_from_latents_as_they_come(covers):
    gan = logan.build(image_size=16, width=4)
    latents = gan.latents(np.random.default_rng(7), 3)
    np.testing.assert_array_equal(gan.generate(3, seed=7), gan.draw(latents))


def test_resuming_is_exact(covers, tmp_path):
    whole = logan.build(image_size=16, width=4).fit(covers, 4, tiny.BATCH, verbose=0)
    logan.build(image_size=16, width=4).fit(covers, 2, tiny.BATCH, run=tmp_path / "run", verbose=0)
    again = load(tmp_path / "run").fit(covers, 4, tiny.BATCH, run=tmp_path / "run", verbose=0)
    assert tiny.same(tiny.all_weights(whole), tiny.all_weights(again))
    assert (tmp_path / "run" / "log.csv").read_text().startswith("step,d_loss,g_loss,transport\n")
