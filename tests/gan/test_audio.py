"""The GAN that is told audio features: what it learns, from whom, and that labels matter."""

import json

import keras
import numpy as np
import pytest
import tiny
from keras import ops
from sklearn.metrics import r2_score

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import audio, load, losses
from helpers.gan.audio_features import AudioFeatures
from helpers.records import Record


def shining(path, shuffled: bool, n: int = 700) -> CoverSet:
    """Covers as bright as their songs are energetic; or, shuffled, as bright as other songs are."""
    rng = np.random.default_rng(0)
    energy = rng.uniform(0, 1, n)
    brightness = rng.permutation(energy) if shuffled else energy
    images = np.clip(255 * brightness[:, None, None, None] + rng.normal(0, 12, (n, 16, 16, 3)), 0, 255)
    records = [
        # Every seventh energy is unknown, and tempo has nothing to do with the picture.
        Record("t", str(k), ml_use="allowed", features={"tempo": 80 + k % 90} | ({} if k % 7 == 0 else {"energy": e}))
        for k, e in enumerate(energy)
    ]
    return CoverSet.build(zip(records, images.astype(np.uint8), strict=True), path, 16, steps=[], merge=False)


@pytest.fixture(scope="module")
def covers(tmp_path_factory):
    return shining(tmp_path_factory.mktemp("shining") / "set", shuffled=False)


def build(covers, **options):
    return audio.build(
        image_size=16, width=8, features=AudioFeatures.of(covers, ["energy", "tempo"]).settings, **options
    )


@pytest.fixture(scope="module")
def trained(covers):
    return build(covers).fit(covers, 500, 32, verbose=0)


def energy_r2(gan) -> float:
    """How well the energy asked for can be told from brightness, by the rule that the covers were made by."""
    asked = gan.labels(300, seed=1)[:, 0]
    known = ~np.isnan(asked)
    return r2_score(asked[known], gan.generate(300, seed=1).mean(axis=(1, 2, 3))[known] / 255)


def test_covers_are_as_bright_as_was_asked_for(trained):
    assert energy_r2(trained) > 0.3
    means = [trained.generate(30, seed=2, energy=energy).mean() for energy in (0.05, 0.35, 0.65, 0.95)]
    assert np.all(np.diff(means) > 15), means


def test_shuffled_labels_leave_nothing_to_learn(tmp_path):
    shuffled = shining(tmp_path / "set", shuffled=True)
    assert energy_r2(build(shuffled).fit(shuffled, 500, 32, verbose=0)) < 0


def test_the_head_reads_energy_and_cannot_read_tempo(trained, covers):
    read, table = trained.read(covers[:]), covers.table
    known = table["energy"].notna().to_numpy()
    assert r2_score(table["energy"][known], read[known, 0]) > 0.7
    assert r2_score(table["tempo"], read[:, 1]) < 0.3


def test_one_seed_has_one_set_of_latents(trained):
    np.testing.assert_array_equal(trained.generate(3, seed=5, energy=0.4), trained.generate(3, seed=5, energy=0.4))
    assert (trained.generate(3, seed=5, energy=0.1) != trained.generate(3, seed=5, energy=0.9)).any()
    np.testing.assert_allclose(trained.labels(4, energy=0.3)[:, 0], 0.3, rtol=1e-5)


def by_brightness(images):
    """The energy that covers were made as bright as, and a tempo for each."""
    return np.stack([images.mean(axis=(1, 2, 3)) / 255, np.full(len(images), 110.0)], axis=1)


def test_an_albums_cover_is_the_one_that_agrees_best_with_its_songs(trained):
    tracks = np.array([[0.15, 100.0], [0.25, np.nan], [np.nan, 120.0]])
    cover = trained.album(tracks, by_brightness, seed=4, candidates=40)
    assert cover.shape == (16, 16, 3) and cover.dtype == np.uint8
    wanted = trained.features.encode([[0.2, 110.0]]).repeat(40, axis=0)
    drawn = trained.draw(trained.latents(np.random.default_rng(4), 40), wanted)
    nearest = np.abs(by_brightness(drawn)[:, 0] - 0.2).min()
    assert abs(by_brightness(cover[None])[0, 0] - 0.2) == pytest.approx(nearest, abs=0.005)


def test_huber_is_that_of_keras():
    rng = np.random.default_rng(0)
    wanted, read = rng.normal(0, 2, (2, 7, 3)).astype(np.float32)
    ours = float(ops.convert_to_numpy(losses.huber(wanted, np.ones((7, 3), np.float32), read)))
    assert ours == pytest.approx(3 * float(keras.losses.Huber(delta=1.0)(wanted, read)), rel=1e-5)


def test_unknown_features_cost_nothing():
    known = np.array([[1.0, 0.0], [0.0, 0.0]], np.float32)
    loss = losses.huber(np.zeros((2, 2), np.float32), known, np.array([[3.0, 9.0], [9.0, 9.0]], np.float32))
    assert float(ops.convert_to_numpy(loss)) == pytest.approx((3 - 0.5) / 2)


def by_hand(gan, real, fake, conditions, jitter=0.0):
    batch = {"conditions": conditions, "jitter": np.full((len(conditions), 2), jitter, np.float32)}
    batch |= {"real_labels": 1.0, "fake_labels": 0.0}
    heads = [{"logits": np.zeros((1, 1), np.float32), "features": np.array([x], np.float32)} for x in (real, fake)]
    batch = keras.tree.map_structure(ops.convert_to_tensor, batch)
    heads = keras.tree.map_structure(ops.convert_to_tensor, heads)
    return [float(ops.convert_to_numpy(loss)) for loss in gan.adversarial_loss(*heads, batch)]


def test_d_pays_for_reals_and_g_for_fakes(covers):
    """Errors of 2 cost 2 - 1/2 each, and both players want theirs small: log 2 is what being undecided costs."""
    gan = build(covers)
    told = np.array([[1.0, 0.0, 1.0, 0.0]], np.float32)
    weight = gan.feature_weight
    assert by_hand(gan, [1, 0], [1, 0], told) == pytest.approx([2 * np.log(2), np.log(2)], rel=1e-5)
    assert by_hand(gan, [3, 0], [1, 0], told)[0] == pytest.approx(2 * np.log(2) + weight * 1.5, rel=1e-5)
    assert by_hand(gan, [3, 0], [1, 0], told)[1] == pytest.approx(np.log(2), rel=1e-5)
    assert by_hand(gan, [1, 0], [3, 0], told) == pytest.approx([2 * np.log(2), np.log(2) + weight * 1.5], rel=1e-5)


def test_only_labels_of_fakes_are_moved(covers):
    gan = build(covers)
    told = np.array([[1.0, 0.0, 1.0, 0.0]], np.float32)
    moved = 1 + 2 * gan.jitter
    assert by_hand(gan, [1, 0], [moved, 0], told, jitter=2.0) == pytest.approx([2 * np.log(2), np.log(2)], rel=1e-5)


def test_every_row_of_a_batch_has_its_own_label(covers):
    """The published code gave every batch the labels of the first rows of the set."""
    gan = build(covers)
    batches = gan.batches(covers, 16, seed=3)
    rows = covers.batch_rows(16, 3)
    for _ in range(3):
        (batch,), wanted = next(batches), next(rows)
        np.testing.assert_array_equal(batch["conditions"], gan.features.encode(covers.table)[wanted])


def test_the_log_has_the_errors_of_the_head(covers, tmp_path):
    gan = build(covers)
    gan.fit(covers, 2, 16, run=tmp_path / "run", verbose=0)
    assert (tmp_path / "run" / "log.csv").read_text().startswith("step,d_loss,g_loss,error_real,error_fake\n")


def test_resuming_is_exact(covers, tmp_path):
    whole = build(covers).fit(covers, 4, 16, verbose=0)
    build(covers).fit(covers, 2, 16, run=tmp_path / "run", verbose=0)
    json.loads((tmp_path / "run" / "run.json").read_text(), parse_constant=pytest.fail)  # NaN is no JSON
    again = load(tmp_path / "run").fit(covers, 4, 16, run=tmp_path / "run", verbose=0)
    assert tiny.same(tiny.all_weights(whole), tiny.all_weights(again))


def test_a_set_without_a_feature_of_the_model_is_refused(covers, tmp_path):
    records = [Record("t", str(k), ml_use="allowed", features={"tempo": 90 + k}) for k in range(40)]
    other = CoverSet.build(zip(records, covers[:40], strict=True), tmp_path / "set", 16, steps=[], merge=False)
    with pytest.raises(CourseError, match="No cover of the set has energy"):
        build(covers).fit(other, 2, 16, verbose=0)


def test_a_model_must_know_its_features():
    with pytest.raises(CourseError, match="AudioFeatures.of"):
        audio.build()
    with pytest.raises(CourseError, match="no recipe 'historical'"):
        audio.build("historical")
