"""The ways to tell a GAN the genre that the benchmark compares."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from helpers.gan import acgan
from helpers.gan.conditions import Conditions
from helpers.gan.dcgan import DCGAN

RECIPES = (
    "plain",
    "class_weight_1",
    "embedding",
    "fakes_too",
    "projection",
    "d2d_ce",
    "ramp",
    "augmented",
)


@pytest.fixture(scope="module")
def variants():
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    import acgan_variants

    yield acgan_variants
    sys.path.pop(0)


@pytest.fixture(scope="module")
def told(covers):
    return Conditions.of(covers)


def heads(rng, **sizes):
    return {name: ops.convert_to_tensor(rng.normal(size=(4, k)).astype(np.float32)) for name, k in sizes.items()}


BATCH = {
    "conditions": np.array([[1, 0], [0, 1], [1, 0], [0, 0]], np.float32),
    "real_labels": np.ones((4, 1), np.float32),
    "fake_labels": np.zeros((4, 1), np.float32),
}


def test_these_are_all_recipes(variants):
    assert set(variants.RECIPES) == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_all_its_weights(variants, covers, told, name, monkeypatch):
    monkeypatch.setattr(variants.Ramp, "START", 0)
    monkeypatch.setattr(variants.Ramp, "END", 1)
    gan = variants.RECIPES[name].build(16, 4, told)
    weights = (*gan.generator.trainable_variables, *gan.discriminator.trainable_variables)
    before = [np.array(variable) for variable in weights]
    gan.fit(covers, 6, 16, verbose=0)
    assert not [v.path for v, old in zip(weights, before, strict=True) if np.array_equal(np.array(v), old)]


def test_the_plain_one_is_the_default_without_augmentation(variants, covers, told):
    ours = variants.RECIPES["plain"].build(16, 4, told)
    default = acgan.build(image_size=16, width=4, conditions=told.settings)
    default.augment.names = ()
    for gan in (ours, default):
        gan.fit(covers, 3, 8, seed=1, verbose=0)
    for value, expected in zip(ours.get_weights(), default.get_weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_projection_adds_the_score_of_the_class_asked_for(variants, told):
    gan = variants.RECIPES["projection"].build(16, 4, told)
    real, fake = (heads(np.random.default_rng(k), logits=1, genre=2) for k in (0, 1))

    def matched(said):
        logits, genre = np.array(said["logits"])[:, 0], np.array(said["genre"])
        return np.array([logits[0] + genre[0, 0], logits[1] + genre[1, 1], logits[2] + genre[2, 0], logits[3]])[:, None]

    expected = DCGAN.adversarial_loss(gan, matched(real), matched(fake), BATCH)
    np.testing.assert_allclose(gan.adversarial_loss(real, fake, BATCH), expected, rtol=1e-5)


def test_data_to_data_cross_entropy_is_the_sum_done_by_hand(variants, told):
    gan = variants.RECIPES["d2d_ce"].build(16, 4, told)
    embedding = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    genre = np.array([[0.9, -0.2], [0.1, 0.3], [1.0, 0.5]], np.float32)
    wanted = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    # The cosine to the proxy less 0.98, at most 0; those between covers of other classes less 0.02, at least 0; by 0.5.
    pull = np.exp(np.array([0.9 - 0.98, 0.3 - 0.98, 0]) / 0.5)
    first_second, second_third = np.exp((0.6 - 0.02) / 0.5), np.exp((0.8 - 0.02) / 0.5)
    push = np.array([first_second, first_second + second_third, second_third])
    expected = np.mean(-np.log(pull / (pull + push)))
    said = {"genre": ops.convert_to_tensor(genre), "embedding": ops.convert_to_tensor(embedding)}
    np.testing.assert_allclose(gan.data_to_data(said, ops.convert_to_tensor(wanted)), expected, rtol=1e-5)
    # A cover of unknown genre counts for nothing, and two with the same two tags are not pushed apart.
    more = {name: ops.concatenate([value, value[:1]]) for name, value in said.items()}
    unknown = ops.convert_to_tensor(np.vstack([wanted, np.zeros((1, 2), np.float32)]))
    np.testing.assert_allclose(gan.data_to_data(more, unknown), expected, rtol=1e-5)
    both = {name: ops.concatenate([value[:1]] * 2) for name, value in said.items()}
    tagged = ops.convert_to_tensor(np.full((2, 2), 0.5, np.float32))
    np.testing.assert_allclose(gan.data_to_data(both, tagged), 0, atol=1e-6)


def test_embeddings_and_proxies_have_length_1(variants):
    layer = variants.Proxies(classes=3, size=5)
    x = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    said = layer(x)
    np.testing.assert_allclose(np.linalg.norm(said["embedding"], axis=1), 1, rtol=1e-5)
    proxies = np.array(layer.proxies) / np.linalg.norm(layer.proxies, axis=1, keepdims=True)
    np.testing.assert_allclose(said["genre"], np.array(said["embedding"]) @ proxies.T, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("step, share", [(0, 0), (600, 0), (900, 0.5), (1200, 1), (5000, 1)])
def test_the_ramp_goes_from_0_to_1(variants, told, step, share):
    gan = variants.RECIPES["ramp"].build(16, 4, told)
    gan.step.assign(step)
    np.testing.assert_allclose(gan.condition("latents", BATCH)[1], share * BATCH["conditions"])
    real, fake = (heads(np.random.default_rng(k), logits=1, genre=2) for k in (0, 1))
    plain = DCGAN.adversarial_loss(gan, real["logits"], fake["logits"], BATCH)
    for total, without, said in zip(gan.adversarial_loss(real, fake, BATCH), plain, (real, fake), strict=True):
        class_loss = keras.ops.convert_to_numpy(acgan.ACGAN.class_loss(gan, said, BATCH["conditions"]))
        np.testing.assert_allclose(total - without, 0.1 * share * class_loss, rtol=1e-4, atol=1e-6)


def test_fakes_too_adds_their_class_loss_to_the_discriminator(variants, told):
    plain, both = (variants.RECIPES[name].build(16, 4, told) for name in ("plain", "fakes_too"))
    real, fake = (heads(np.random.default_rng(k), logits=1, genre=2) for k in (0, 1))
    (d_plain, g_plain), (d_both, g_both) = (gan.adversarial_loss(real, fake, BATCH) for gan in (plain, both))
    np.testing.assert_allclose(d_both - d_plain, 0.1 * plain.class_loss(fake, BATCH["conditions"]), rtol=1e-4)
    np.testing.assert_allclose(g_both, g_plain)
