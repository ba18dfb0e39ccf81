"""Weights that ship with the course: small enough, learnt from the covers of today, and drawing more than fog."""

import json
import shutil

import pytest

from helpers.errors import CourseError
from helpers.gan import weights
from helpers.sources.synthetic import fingerprint

NAMES = weights.names()


def test_the_weights_that_the_course_names_are_there():
    assert {"dcgan_dsleeves_64", "acgan_dsleeves_32"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_card_matches_the_covers_as_they_are_drawn_now(name):
    card = json.loads((weights.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert card["fingerprint"] == fingerprint(), f"{name} learnt from other covers; train it again and publish it."
    assert set(card["scores"]) >= {"kid_lite0", "precision", "recall"}
    assert card["licence"] == "CC0-1.0" and card["command"] and card["hours"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_small_and_draws_various_covers(name):
    assert (weights.FOLDER / f"{name}.weights.h5").stat().st_size < 20 * 2**20
    gan, card = weights.load(name)
    images = gan.generate(16, seed=0)
    assert images.shape == (16, card["image_size"], card["image_size"], 3)
    # Untrained networks draw grey, collapsed ones the same cover again and again.
    assert images.astype(float).std(axis=0).mean() > 25 and images.astype(float).std(axis=(1, 2)).mean() > 25


def test_the_conditional_ones_draw_what_they_are_asked_for():
    gan, card = weights.load("acgan_dsleeves_32")
    assert len(gan.genres) == 12 and len(gan.decades) == 8
    assert card["scores"]["genre_accuracy"]["value"] > 0.8 * card["scores"]["genre_accuracy"]["floor"]
    green, black = (gan.generate(60, seed=1, genre=name).mean(axis=(0, 1, 2)) for name in ("reggae", "metal"))
    assert green[1] - green[2] > black[1] - black[2] + 10  # green and gold; the darkest of all
    assert black.mean() < gan.generate(60, seed=1, genre="ambient").mean()


def test_unknown_weights_are_refused():
    with pytest.raises(CourseError, match="no_such"):
        weights.load("no_such")


@pytest.fixture
def tampered(tmp_path, monkeypatch):
    """A copy of the folder with one model, to be spoilt; the path of its weights."""
    for path in weights.FOLDER.glob("dcgan_dsleeves_64.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    return tmp_path / "dcgan_dsleeves_64.weights.h5"


def test_weights_are_loaded_only_if_they_are_those_of_the_card(tampered):
    whole = tampered.read_bytes()
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    for spoilt in (whole[:-1], b"", bytes(changed)):
        tampered.write_bytes(spoilt)
        with pytest.raises(CourseError, match=r"missing, cut off or changed; .*git checkout"):
            weights.load("dcgan_dsleeves_64")
    tampered.unlink()
    with pytest.raises(CourseError, match="missing, cut off or changed"):
        weights.load("dcgan_dsleeves_64")
    tampered.write_bytes(whole)
    assert weights.load("dcgan_dsleeves_64")[1]["image_size"] == 64


def test_a_card_without_a_digest_vouches_for_nothing(tampered):
    path = tampered.with_name("dcgan_dsleeves_64.json")
    card = json.loads(path.read_text(encoding="utf-8"))
    del card["sha256"]
    path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(CourseError, match="changed"):
        weights.load("dcgan_dsleeves_64")


def test_nothing_but_cards_and_weights_is_shipped():
    files = {path.name for path in weights.FOLDER.iterdir()}
    assert files == {f"{name}.{kind}" for name in NAMES for kind in ("json", "weights.h5")}
