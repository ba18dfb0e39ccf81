"""The conditional GAN: what it is told, what it learns from that, and what it draws."""

import json

import keras
import numpy as np
import pytest
import tiny
from keras import ops

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import acgan, load, losses, networks
from helpers.gan.conditions import Conditions
from helpers.gan.dcgan import DCGAN
from helpers.records import Record

COLOURS = {"blue": (20, 30, 220), "green": (30, 200, 40), "red": (220, 30, 30)}


@pytest.fixture(scope="module")
def told(covers):
    return Conditions.of(covers, ("genre", "decade"), ("folk", "jazz", "rock")).settings


def build(told, **changed):
    return acgan.build(**{"image_size": 16, "width": 4, "conditions": told} | changed)


@pytest.fixture(scope="module")
def colourful(tmp_path_factory):
    """Two hundred covers of three genres, each of which has its own colour."""
    rng = np.random.default_rng(0)
    names = [list(COLOURS)[k % 3] for k in range(210)]
    images = [np.clip(COLOURS[name] + rng.normal(0, 25, (16, 16, 3)), 0, 255).astype(np.uint8) for name in names]
    records = [Record(source="t", source_id=str(k), ml_use="allowed", genres=(name,)) for k, name in enumerate(names)]
    return CoverSet.build(zip(records, images, strict=True), tmp_path_factory.mktemp("colourful") / "set", 16)


@pytest.fixture(scope="module")
def trained(colourful):
    gan = build(Conditions.of(colourful).settings, width=8)
    return gan.fit(colourful, 600, 32, verbose=0)


def test_it_draws_the_genre_it_is_asked_for(trained):
    for name, colour in COLOURS.items():
        drawn = trained.generate(20, seed=1, genre=name).mean(axis=(0, 1, 2))
        distances = {other: np.abs(drawn - value).sum() for other, value in COLOURS.items()}
        assert min(distances, key=distances.get) == name, (name, drawn, colour)


def test_a_mixture_lies_between_its_genres(trained):
    red, half, blue = (
        trained.generate(40, seed=2, genre=genre).mean(axis=(0, 1, 2))
        for genre in ("red", {"red": 0.5, "blue": 0.5}, "blue")
    )
    for channel in (0, 2):
        assert min(red[channel], blue[channel]) < half[channel] < max(red[channel], blue[channel])


def test_the_same_latents_with_another_genre_are_another_picture(trained):
    red, blue = (trained.generate(3, seed=5, genre=name) for name in ("red", "blue"))
    assert (red != blue).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(trained.generate(3, seed=5, genre="red"), red)


def test_the_head_names_what_the_covers_are(trained, colourful):
    probabilities = trained.classify(colourful[:70])  # more than one batch
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.mean(np.array(trained.genres)[probabilities.argmax(axis=1)] == colourful.genres[:70]) > 0.9


def test_labels_are_those_of_the_covers_drawn(trained):
    labels, images = trained.labels(60, seed=3), trained.generate(60, seed=3)
    assert set(labels) == set(COLOURS)
    for name in COLOURS:
        drawn = images[labels == name].mean(axis=(0, 1, 2))
        assert min(COLOURS, key=lambda other: np.abs(drawn - COLOURS[other]).sum()) == name


def test_more_samples_begin_with_the_same_ones(trained):
    np.testing.assert_array_equal(trained.generate(9, seed=4)[:4], trained.generate(4, seed=4))
    np.testing.assert_array_equal(trained.labels(9, seed=4)[:4], trained.labels(4, seed=4))


def test_fakes_are_asked_for_what_the_reals_of_the_batch_are(covers, told):
    gan = build(told)
    (batch,) = next(gan.batches(covers, 8, seed=0))
    rows = next(covers.batch_rows(8, seed=0))
    np.testing.assert_array_equal(batch["images"], covers[rows])
    np.testing.assert_array_equal(batch["conditions"], gan.conditions.encode(covers.table.iloc[rows]))
    assert gan.condition("latents", batch)[1] is batch["conditions"]


def by_hand(logits, targets):
    """Cross-entropy against shares, row by row."""
    values = []
    for row, target in zip(np.asarray(logits, float), np.asarray(targets, float), strict=True):
        if target.any():
            values.append(-(target * (row - np.log(np.exp(row).sum()))).sum())
    return np.mean(values) if values else 0.0


def test_class_loss_is_the_cross_entropy_of_rows_that_are_known():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (5, 4)).astype(np.float32)
    targets = np.array([[1, 0, 0, 0], [0, 0.5, 0.5, 0], [0] * 4, [0, 0, 0, 1], [0] * 4], np.float32)
    np.testing.assert_allclose(losses.soft_cross_entropy(targets, logits), by_hand(logits, targets), rtol=1e-5)
    assert float(losses.soft_cross_entropy(np.zeros((2, 4)), logits[:2])) == 0
    one_hot = np.eye(4)[[0, 3, 1, 1, 2]]
    keras_says = keras.losses.CategoricalCrossentropy(from_logits=True)(one_hot, logits)
    np.testing.assert_allclose(losses.soft_cross_entropy(one_hot, logits), keras_says, rtol=1e-5)


def test_the_discriminator_learns_classes_from_reals_only(covers, told):
    gan = build(told)
    (batch,) = next(gan.batches(covers, 8, seed=0))
    rng = np.random.default_rng(1)

    def heads():
        return {
            name: ops.convert_to_tensor(rng.normal(size=(8, k)).astype(np.float32))
            for name, k in (("logits", 1), ("genre", 3), ("decade", 3))
        }

    real, fake, other_fake = heads(), heads(), heads()
    d_loss, g_loss = gan.adversarial_loss(real, fake, batch)
    plain_d, plain_g = DCGAN.adversarial_loss(gan, real["logits"], fake["logits"], batch)
    for total, plain, seen in ((d_loss, plain_d, real), (g_loss, plain_g, fake)):
        genre, decade = batch["conditions"][:, :3], batch["conditions"][:, 3:]
        np.testing.assert_allclose(
            total - plain, 0.1 * (by_hand(seen["genre"], genre) + by_hand(seen["decade"], decade)), rtol=1e-3
        )
    other_fake["logits"] = fake["logits"]
    np.testing.assert_allclose(gan.adversarial_loss(real, other_fake, batch)[0], d_loss)


def test_permuted_labels_raise_the_loss_of_a_trained_head(trained, colourful):
    (batch,) = next(trained.batches(colourful, 64, seed=1))
    heads = trained.discriminator(batch["images"] / np.float32(127.5) - 1, training=False)
    wrong = np.roll(batch["conditions"], 1, axis=1)
    assert float(trained.class_loss(heads, wrong)) > float(trained.class_loss(heads, batch["conditions"])) + 1


@pytest.mark.parametrize("recipe", acgan.RECIPES)
def test_at_the_start_every_condition_gives_the_same_generator(told, recipe):
    gan = build(told, recipe=recipe)
    latents = np.random.default_rng(0).standard_normal((4, gan.latent_dim)).astype(np.float32)
    rows = np.eye(6, dtype=np.float32)[:4]
    np.testing.assert_array_equal(gan.draw(latents, rows), gan.draw(latents, np.zeros_like(rows)))


@pytest.mark.parametrize("conditional_norm", [True, False])
def test_conditions_enter_the_generator_linearly(conditional_norm):
    """What a batch norm is told by a mixture is the mixture of what it is told by its parts."""
    network = networks.generator(16, 4, conditions=3, conditional_norm=conditional_norm)
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(0, 0.3, value.shape).astype(np.float32) ** 2 for value in network.get_weights()])
    kind = keras.layers.Add if conditional_norm else keras.layers.Concatenate
    entry = next(layer for layer in network.layers if isinstance(layer, kind))  # where they have come in first
    heard = keras.Model(network.inputs, entry.output)
    latents = rng.standard_normal((1, 100)).astype(np.float32)
    a, b = np.eye(3, dtype=np.float32)[:2]
    mixed, first, second = (ops.convert_to_numpy(heard([latents, row[None]])) for row in (0.3 * a + 0.7 * b, a, b))
    assert np.abs(first - second).max() > 0.01
    np.testing.assert_allclose(mixed, 0.3 * first + 0.7 * second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("recipe", acgan.RECIPES)
def test_every_variable_is_trained(covers, told, recipe, monkeypatch):
    monkeypatch.setattr(acgan.HistoricalACGAN, "PRETRAINING", 1)
    gan = build(told, recipe=recipe)
    networks = (*gan.generator.trainable_variables, *gan.discriminator.trainable_variables)
    before = [np.array(variable) for variable in networks]
    gan.fit(covers, 6, 16, verbose=0)
    unchanged = [v.path for v, old in zip(networks, before, strict=True) if np.array_equal(np.array(v), old)]
    assert not unchanged


def test_the_historical_model_starts_without_conditions(covers, told, monkeypatch):
    monkeypatch.setattr(acgan.HistoricalACGAN, "PRETRAINING", 3)
    gan = build(told, recipe="historical")
    heads = ("genre", "decade")
    before = {name: np.array(gan.discriminator.get_layer(name).kernel) for name in heads}
    gan.fit(covers, 2, 8, verbose=0)
    rates = [float(optimizer.learning_rate) for optimizer in (gan.optimizer.g_optimizer, gan.optimizer.d_optimizer)]
    np.testing.assert_allclose(rates, (2e-3, 1e-3), rtol=1e-5)
    gan.fit(covers, 3, 8, verbose=0)
    for name in heads:
        np.testing.assert_array_equal(gan.discriminator.get_layer(name).kernel, before[name])
    rates = [float(optimizer.learning_rate) for optimizer in (gan.optimizer.g_optimizer, gan.optimizer.d_optimizer)]
    np.testing.assert_allclose(rates, (1e-5, 2e-5), rtol=1e-5)  # those of the first step with conditions
    gan.fit(covers, 5, 8, verbose=0)
    for name in heads:
        assert not np.array_equal(gan.discriminator.get_layer(name).kernel, before[name])
    rates = [float(optimizer.learning_rate) for optimizer in (gan.optimizer.g_optimizer, gan.optimizer.d_optimizer)]
    np.testing.assert_allclose(rates, (1e-5, 2e-5), rtol=1e-5)


def test_the_historical_model_has_the_sizes_of_the_paper():
    told = {"genres": ["a", "b", "c", "d", "e"], "decades": [], "counts": [[1]] * 6}
    gan = acgan.build("historical", image_size=64, width=128, conditions=told)
    shapes = [layer.output.shape[1:] for layer in gan.generator.layers if "conv2d_transpose" in layer.name]
    assert shapes == [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)]
    shapes = [layer.output.shape[-1] for layer in gan.discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert shapes == [128, 256, 512, 1024]
    heads = {name: tensor.shape[-1] for name, tensor in gan.discriminator.output.items()}
    assert heads == {"logits": 1, "genre": 5, "codes": 2}


def test_both_networks_lose_when_the_codes_are_not_found_again(covers, told):
    gan = build(told, recipe="historical")
    (batch,) = next(gan.batches(covers, 8, seed=0))
    rng = np.random.default_rng(0)
    sizes = {"logits": 1, "genre": 3, "decade": 3, "codes": 2}
    real, fake = ({k: rng.normal(size=(8, n)).astype(np.float32) for k, n in sizes.items()} for _ in range(2))
    found = batch["latents"][:, -2:]
    lost = np.mean((fake["codes"] - found) ** 2)
    for loss, best in zip(
        gan.adversarial_loss(real, fake, batch), gan.adversarial_loss(real, fake | {"codes": found}, batch), strict=True
    ):
        np.testing.assert_allclose(loss - best, lost, rtol=1e-4)


def test_its_latents_are_uniform(told):
    drawn = build(told, recipe="historical").latents(np.random.default_rng(0), 5000)
    assert drawn.min() >= -1 and drawn.max() <= 1 and abs(drawn.std() - 1 / np.sqrt(3)) < 0.01


@pytest.mark.parametrize("recipe", acgan.RECIPES)
def test_a_run_is_resumed_to_the_bit_and_opened_again(covers, told, tmp_path, recipe, monkeypatch):
    monkeypatch.setattr(acgan.HistoricalACGAN, "PRETRAINING", 2)
    whole = build(told, recipe=recipe).fit(covers, 5, 8, run=tmp_path / "whole", verbose=0)
    build(told, recipe=recipe).fit(covers, 3, 8, run=tmp_path / "parts", verbose=0)
    resumed = build(told, recipe=recipe).fit(covers, 5, 8, run=tmp_path / "parts", verbose=0)
    assert tiny.same(tiny.all_weights(whole), tiny.all_weights(resumed))
    again = load(tmp_path / "parts")
    assert again.conditions.settings == json.loads(json.dumps(told))
    np.testing.assert_array_equal(again.generate(3, genre="jazz"), whole.generate(3, genre="jazz"))


def test_a_class_without_covers_is_refused(covers, told, tmp_path):
    folk = covers.where(genres=["folk", "jazz"])
    with pytest.raises(CourseError, match="The set has no cover of 196"):
        build(told).fit(folk.where(years=(1970, 1999)), 3, 4, run=tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_a_model_of_decades_alone_names_no_genres(covers):
    gan = build(Conditions.of(covers, ("decade",)).settings)
    with pytest.raises(CourseError, match="not conditioned on genres"):
        gan.classify(covers[:4])


def test_it_must_be_told_what_there_is_to_tell(told):
    with pytest.raises(CourseError, match="Conditions.of"):
        acgan.build()
    with pytest.raises(CourseError, match="no recipe 'modern'"):
        build(told, recipe="modern")


def test_the_backends_agree(both):
    found = {backend: dict(np.load(folder / "conditional.npz")) for backend, folder in both.items()}
    assert found["jax"].keys() == found["tensorflow"].keys()
    for name, value in found["tensorflow"].items():
        if name.endswith("drawn"):
            assert np.abs(value.astype(int) - found["jax"][name]).max() <= 1
        else:
            np.testing.assert_allclose(found["jax"][name], value, rtol=1e-3, atol=2e-5, err_msg=name)
