"""Publishing weights: only what learnt from covers that the code draws today, whole and with its card."""

import argparse
import json

import keras
import numpy as np
import publish_weights
import pytest

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import dcgan, weights
from helpers.records import Record
from helpers.sources.synthetic import fingerprint, synthetic_covers


def built(folder, covers):
    return CoverSet.build(covers, folder, 32, origin="test")


@pytest.fixture(scope="module")
def covers(tmp_path_factory):
    return built(tmp_path_factory.mktemp("covers") / "set", synthetic_covers(64, 32, seed=3, jobs=1))


def test_covers_of_today_pass(covers):
    publish_weights.require_drawn_now(covers, covers.hash)


def test_another_set_than_that_of_the_run_is_refused(covers):
    with pytest.raises(CourseError, match="did not learn from"):
        publish_weights.require_drawn_now(covers, "0" * 64)


def test_covers_that_nobody_drew_are_refused(tmp_path):
    drawn = list(synthetic_covers(50, 32, seed=3, jobs=1))
    stranger = (Record(source="folder", source_id="cover.jpg"), drawn[0][1])
    foreign = built(tmp_path / "set", [*drawn, stranger])
    with pytest.raises(CourseError, match="never shipped"):
        publish_weights.require_drawn_now(foreign, foreign.hash)


def test_covers_of_older_code_are_refused(tmp_path):
    drawn = [(record, image.copy()) for record, image in synthetic_covers(50, 32, seed=3, jobs=1)]
    drawn[7][1][3, 4, 0] ^= 1
    older = built(tmp_path / "set", drawn)
    with pytest.raises(CourseError, match="older code"):
        publish_weights.require_drawn_now(older, older.hash)


def test_what_is_published_draws_what_the_run_draws(covers, tmp_path, monkeypatch):
    for module in (weights, publish_weights):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    gan = dcgan.build(image_size=32, width=4)
    gan.fit(covers, 2, batch_size=8, run=tmp_path / "run", verbose=0)
    options = argparse.Namespace(run=tmp_path / "run", covers=covers.path, name="tiny", hours=0.1)
    options.machine, options.command = "a laptop", "covergan train"
    publish_weights.publish(options)
    published, card = weights.load("tiny")
    assert np.array_equal(published.generate(4, seed=5), gan.generate(4, seed=5))
    assert card == json.loads((tmp_path / "tiny.json").read_text())
    assert card["steps"] == 2 and card["fingerprint"] == fingerprint() and card["scores"]["n_fake"] == 32
    keras.backend.clear_session()


def test_a_folder_that_is_no_run_is_one_sentence(covers, tmp_path, monkeypatch, capsys):
    arguments = [str(tmp_path), str(covers.path), "tiny", "--hours", "1", "--machine", "m", "--command", "c"]
    monkeypatch.setattr("sys.argv", ["publish_weights.py", *arguments])
    assert publish_weights.main() == 2
    assert "not a training run" in capsys.readouterr().err
