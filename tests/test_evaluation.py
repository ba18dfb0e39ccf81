"""The whole table: its parts are those of the measures on their own, and each says what a user wants to know."""

import dataclasses
import json

import numpy as np
import pytest

from helpers import evaluation
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.evaluation import evaluate
from helpers.metrics import distribution
from helpers.sources.synthetic import synthetic_covers

# Twelve genres would take many more covers; three kinds of them can be measured.
DARK, BRIGHT = ("metal", "ambient", "electronic", "classical"), ("pop", "kpop", "folk", "reggae")
COUNT = 120


def kind(genre: str) -> str:
    return "dark" if genre in DARK else "bright" if genre in BRIGHT else "other"


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """420 synthetic covers of 32 px, of three kinds."""
    drawn = (
        (dataclasses.replace(record, genres=(kind(record.genres[0]),)), pixels)
        for record, pixels in synthetic_covers(420, 32, seed=3)
    )
    return CoverSet.build(drawn, tmp_path_factory.mktemp("covers") / "set", 32, merge=False)


@pytest.fixture(scope="module")
def covers(everything):
    return everything.select(np.arange(420) % 7 >= 2)


@pytest.fixture(scope="module")
def fakes(everything):
    """Covers that none of the others is a copy of, as a perfect generator would draw them; the last three are copied.

    They are 120, which leaves the copies' indices in the set: 290, 150 and 10.
    """
    images = everything.select(np.arange(420) % 7 < 2)[:]
    images[-3:] = everything.select(np.arange(420) % 7 >= 2)[np.array([290, 150, 10])]
    return images


@pytest.fixture(scope="module")
def genres(everything):
    return everything.genres[np.arange(420) % 7 < 2]


@pytest.fixture(scope="module")
def extracted():
    """How many images features were extracted of."""
    counts, extract = [], evaluation.extract

    def counting(images, **options):
        counts.append(len(images))
        return extract(images, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "extract", counting)
        yield counts


class Head:
    """Stands for a conditional GAN: its discriminator takes everything for dark."""

    genres = ("bright", "dark")

    def classify(self, images):
        return np.tile(np.float32([0.1, 0.9]), (len(images), 1))


@pytest.fixture(scope="module")
def scores(fakes, covers, genres, extracted):
    done = []
    result = evaluate(fakes, covers, genres, head=Head(), progress=lambda *args: done.append(args))
    return result, done, sum(extracted)


def test_features_are_extracted_once_for_all_but_the_judge_who_also_learns_from_altered_covers(scores):
    assert scores[2] == 300 + 120


def test_distances_are_those_of_the_distribution_metrics_alone(scores, fakes, covers):
    alone = distribution.evaluate(fakes, covers)
    for name, score in alone.items():
        if isinstance(score, dict):
            expected = {key: value for key, value in score.items() if key != "levels"}
            assert {key: scores[0][name][key] for key in expected} == pytest.approx(expected, rel=1e-3, abs=1e-4)
        else:
            assert scores[0][name] == score


def test_everything_is_ready_for_json_and_stands_beside_its_floor(scores):
    result = json.loads(json.dumps(scores[0], allow_nan=False))
    measures = ("kid_lite0", "precision", "recall", "ms_ssim", "genre_accuracy", "copies")
    assert all({"value", "floor"} <= result[name].keys() for name in measures)
    assert set(result["genres"]) == {"bright", "dark", "other"} and result["left_out"] == {}
    for genre in result["genres"].values():
        assert {"kid_lite0", "ms_ssim", "accuracy", "n_fake", "n_real"} == genre.keys()
        assert {"value", "low", "high", "floor", "floor_low", "floor_high"} <= genre["ms_ssim"].keys()
    assert sum(genre["n_fake"] for genre in result["genres"].values()) == COUNT
    assert (result["n_fake"], result["n_real"], result["n_searched"]) == (COUNT, COUNT, 300)


def test_as_many_fakes_of_a_kind_are_right_as_the_confusion_matrix_says(scores, genres):
    judge = scores[0]["judge"]["fake"]
    table = np.array(judge["confusion"])
    assert table.sum(axis=1).tolist() == [(genres == name).sum() for name in judge["genres"]]
    assert scores[0]["genre_accuracy"]["value"] == pytest.approx(np.trace(table) / COUNT)
    for name, row, right in zip(judge["genres"], table, np.diag(table), strict=True):
        assert scores[0]["genres"][name]["accuracy"]["value"] == pytest.approx(right / row.sum())


def test_the_head_is_asked_about_genres_that_it_knows(scores, genres):
    accuracy = scores[0]["head_accuracy"]
    assert accuracy["value"] == pytest.approx((genres == "dark").sum() / (genres != "other").sum())
    assert accuracy["floor_low"] < accuracy["floor"] < accuracy["floor_high"]


def test_copies_are_named_by_where_they_are_in_what_was_passed(scores, fakes, covers):
    copies = scores[0]["copies"]
    found = {(row["fake"], row["cover"]) for row in copies["nearest"] if row["copy"]}
    assert {(117, 290), (118, 150), (119, 10)} <= found and copies["count"] == len(found) <= 5
    for fake, cover in found & {(117, 290), (118, 150), (119, 10)}:
        assert np.array_equal(fakes[fake], covers[cover])


def test_pairs_that_are_alike_are_named_the_same_way(scores, fakes):
    values = [pair["value"] for pair in scores[0]["most_alike"]]
    assert values == sorted(values, reverse=True) and len(values) > 1
    for pair in scores[0]["most_alike"]:
        assert len({*pair["fakes"]}) == 2 and max(pair["fakes"]) < COUNT


def test_every_part_reports_its_progress_up_to_the_end(scores):
    names = list(dict.fromkeys(name for name, _, _ in scores[1]))
    assert len(names) == 5
    for name in names:
        counts = [(done, total) for part, done, total in scores[1] if part == name]
        assert counts == sorted(counts) and counts[-1][0] == counts[-1][1]


def test_fakes_that_do_not_look_like_what_was_asked_for_are_noticed(scores, fakes, covers, genres):
    wrong = evaluate(fakes, covers, np.roll(np.sort(genres), 40)[np.argsort(np.argsort(genres))])
    assert wrong["genre_accuracy"]["high"] < scores[0]["genre_accuracy"]["value"]
    assert wrong["genre_accuracy"]["floor"] == scores[0]["genre_accuracy"]["floor"]
    assert wrong["kid_lite0"] == pytest.approx(scores[0]["kid_lite0"], abs=1e-4)  # does not ask for genres


def test_without_genres_the_rest_is_measured_and_the_gap_is_told(fakes, covers):
    result = evaluate(fakes, covers, n=60)
    assert result["n_fake"] == 60 and result["genres"] == {}
    assert {"kid_lite0", "ms_ssim", "copies"} <= result.keys() and not {"judge", "head_accuracy"} & result.keys()
    assert set(result["left_out"]) == {"genres", "genre_accuracy"}
    assert all(why.endswith(".") for why in result["left_out"].values())
    assert max(row["fake"] for row in result["copies"]["nearest"]) > 60  # indices of the 120, not of the 60 drawn


def test_a_set_too_large_is_searched_in_part(fakes, covers, monkeypatch):
    monkeypatch.setattr(evaluation, "SEARCHED", 100)
    result = evaluate(fakes, covers, n=60)
    assert result["n_searched"] == 120  # what the other measures need


def test_genres_that_are_too_few_or_unknown_are_left_out(fakes, covers, genres):
    asked = np.where(genres == "dark", "unknown", genres).astype("<U9")
    asked[:5] = "skiffle"
    result = evaluate(fakes, covers, asked, n=100)
    assert set(result["genres"]) == {"bright", "other"}
    assert "skiffle" in str(result["left_out"]) and "20 of each" in result["left_out"]["genre skiffle"]
    assert np.array(result["judge"]["fake"]["confusion"]).sum() < 100


def test_music_is_read_off_fakes_beside_real_covers_unless_it_is_not_theirs(everything, fakes, covers):
    """Drawn covers with their own songs read like real ones; with those of others, nothing is left."""
    table = everything.select(np.arange(420) % 7 < 2).table
    own = {name: table[name].to_numpy(float) for name in ("valence", "energy")}
    others = {name: np.roll(values, 17) for name, values in own.items()}
    result, wrong = (evaluate(fakes, covers, n=120, sound=sound) for sound in (own, others))
    assert set(result["audio"]) == {"valence", "energy"}
    assert result["audio_r2"]["of"] == 2
    assert result["audio_r2"]["value"] > 0.1 > wrong["audio_r2"]["value"]
    assert result["audio_r2"]["floor"] == wrong["audio_r2"]["floor"]
    one = result["audio"]["valence"]
    assert one["low"] < one["value"] < one["high"] and one["floor_low"] < one["floor"] < one["floor_high"]
    json.dumps(result, allow_nan=False)


def test_wrong_input_is_refused(fakes, covers, genres):
    with pytest.raises(CourseError, match="120 fakes and the genres of 119"):
        evaluate(fakes, covers, genres[1:])
    with pytest.raises(CourseError, match="16 px and the real ones 32 px"):
        evaluate(fakes[:, ::2, ::2], covers, genres)
    with pytest.raises(CourseError, match="at least 20"):
        evaluate(fakes[:19], covers, genres[:19])
