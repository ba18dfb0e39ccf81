"""The scale of audio features: there and back, what it refuses and by which name, and songs drawn from data."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import CourseError
from helpers.gan.audio_features import AudioFeatures
from helpers.records import FEATURE_NAMES, FEATURES


class Covers:
    """As much of a CoverSet as the scale looks at."""

    def __init__(self, **columns):
        count = len(next(iter(columns.values())))
        self.table = pd.DataFrame({name: [np.nan] * count for name in FEATURE_NAMES} | columns)


def songs(n=400, seed=0):
    """Songs of all ten features, energy and loudness rising together."""
    rng = np.random.default_rng(seed)
    columns = {feature.name: rng.uniform(feature.low, feature.high, n) for feature in FEATURES}
    columns["loudness"] = -40 + 40 * columns["energy"]
    return Covers(**columns)


@pytest.fixture(scope="module")
def features():
    return AudioFeatures.of(songs())


inside = st.tuples(*(st.floats(feature.low, feature.high) for feature in FEATURES))


@given(st.lists(inside, min_size=1, max_size=5))
@settings(max_examples=50)
def test_there_and_back_is_exact_to_a_millionth(rows):
    features = AudioFeatures.of(songs())
    np.testing.assert_allclose(features.inverse(features.scale(rows)), rows, rtol=0, atol=1e-6)


def test_the_training_songs_have_mean_0_and_deviation_1(features):
    scaled = features.scale(songs().table[list(FEATURE_NAMES)].to_numpy(copy=True))
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-9)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_louder_is_more(features, feature):
    """The published code had loudness upside down."""
    low, high = (np.full((1, 10), np.nan) for _ in range(2))
    low[0, FEATURE_NAMES.index(feature.name)], high[0, FEATURE_NAMES.index(feature.name)] = feature.low, feature.high
    assert features.encode(low).sum() < features.encode(high).sum()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
@pytest.mark.parametrize("wrong", ["below", "above", "infinite", "missing"])
def test_a_wrong_value_is_refused_by_its_name(features, feature, wrong):
    rows = songs(3).table[list(FEATURE_NAMES)].to_numpy(copy=True)
    values = {"below": feature.low - 1e-3, "above": feature.high + 1e-3, "infinite": np.inf, "missing": np.nan}
    rows[1, FEATURE_NAMES.index(feature.name)] = values[wrong]
    with pytest.raises(CourseError, match=feature.name):
        features.scale(rows)
    if wrong != "missing":
        with pytest.raises(CourseError, match=feature.name):
            features.encode(rows)


def test_unknown_values_are_the_mean_and_say_so(features):
    rows = songs(4).table[list(FEATURE_NAMES)].to_numpy(copy=True)
    rows[2, 3] = np.nan
    encoded = features.encode(rows)
    assert encoded.shape == (4, 20) and encoded.dtype == np.float32
    assert encoded[2, 3] == 0 and encoded[2, 13] == 0 and encoded[:, 10:].sum() == 39
    np.testing.assert_allclose(features.decode(encoded), rows, rtol=1e-5, atol=1e-5)


def test_rows_of_another_width_are_refused(features):
    with pytest.raises(CourseError, match="rows of 10 numbers"):
        features.scale([[0.5, 0.5]])


def test_a_constant_feature_is_reported_and_ignored():
    covers = songs()
    covers.table["tempo"] = 120.0
    covers.table["valence"] = np.nan
    features = AudioFeatures.of(covers)
    assert features.ignored == {"tempo": "it is 120 on every cover that has it", "valence": "no cover has it"}
    assert features.names == tuple(name for name in FEATURE_NAMES if name not in ("tempo", "valence"))
    with pytest.raises(CourseError, match="tempo: it is 120 on every cover that has it"):
        features.sample(2, np.random.default_rng(0), tempo=130)


def test_any_subset_in_any_order():
    features = AudioFeatures.of(songs(), ["tempo", "energy", "tempo"])
    assert features.names == ("tempo", "energy") and len(features) == 2
    with pytest.raises(CourseError, match="no audio feature 'groove'"):
        AudioFeatures.of(songs(), ["energy", "groove"])
    with pytest.raises(CourseError, match="at least one"):
        AudioFeatures.of(songs(), [])


def test_a_set_without_features_is_refused():
    with pytest.raises(CourseError, match="no audio features"):
        AudioFeatures.of(Covers(year=[1970, 1980]))


def test_a_value_out_of_range_in_a_set_is_refused():
    covers = songs()
    covers.table.loc[7, "loudness"] = 3.0
    with pytest.raises(CourseError, match="loudness goes from -60 to 0"):
        AudioFeatures.of(covers)


def test_settings_survive_json():
    covers = songs()
    covers.table.loc[::3, "energy"] = np.nan
    features = AudioFeatures.of(covers)
    again = AudioFeatures(**json.loads(json.dumps(features.settings, allow_nan=False)))
    assert again.settings == features.settings
    rows = covers.table[list(FEATURE_NAMES)].to_numpy(copy=True)
    np.testing.assert_array_equal(again.encode(rows), features.encode(rows))
    wanted = [f.sample(9, np.random.default_rng(1), energy=0.5) for f in (features, again)]
    np.testing.assert_array_equal(*wanted)


def test_songs_are_drawn_from_the_training_set(features):
    drawn = features.decode(features.sample(300, np.random.default_rng(0)))
    known = songs().table[list(FEATURE_NAMES)].to_numpy(copy=True)
    nearest = [np.abs(known - row).max(axis=1).min() for row in drawn]
    assert max(nearest) < 0.02  # five digits of each are kept
    assert len(np.unique(drawn.round(3), axis=0)) > 150


def test_what_is_asked_for_is_given_and_the_rest_goes_with_it(features):
    """Energy and loudness rise together in the songs, so a quiet song of high energy must not come out."""
    drawn = features.decode(features.sample(200, np.random.default_rng(0), energy=0.9))
    energy, loudness = FEATURE_NAMES.index("energy"), FEATURE_NAMES.index("loudness")
    np.testing.assert_allclose(drawn[:, energy], 0.9, rtol=1e-5)
    # The songs nearby are within some quarters of a deviation: 0.29 / 4 of energy, 40 times that of loudness.
    assert np.abs(drawn[:, loudness] - (-40 + 40 * 0.9)).max() < 4 * 0.25 * 0.29 * 40
    assert drawn[:, FEATURE_NAMES.index("tempo")].std() > 50


def test_changing_one_feature_leaves_the_others_alone(features):
    rows = features.sample(20, np.random.default_rng(0))
    before, after = features.decode(rows), features.decode(features.change(rows, tempo=133.0))
    tempo = FEATURE_NAMES.index("tempo")
    np.testing.assert_allclose(after[:, tempo], 133, rtol=1e-5)
    np.testing.assert_array_equal(np.delete(after, tempo, axis=1), np.delete(before, tempo, axis=1))


def test_songs_nobody_made_get_the_nearest(features):
    drawn = features.sample(5, np.random.default_rng(0), energy=1.0, loudness=-60.0)
    assert np.isfinite(drawn).all()
    np.testing.assert_allclose(features.decode(drawn)[:, FEATURE_NAMES.index("loudness")], -60, rtol=1e-5)


@pytest.mark.parametrize("wrong", [1.5, -0.1, float("nan"), "loud", None])
def test_wishes_out_of_range_are_refused(features, wrong):
    with pytest.raises(CourseError, match="energy"):
        features.sample(2, np.random.default_rng(0), energy=wrong)


def test_measured_values_are_brought_to_where_most_songs_lie():
    features = AudioFeatures.of(Covers(tempo=np.linspace(60, 100, 201), energy=np.r_[np.nan, np.linspace(0, 1, 200)]))
    assert features.within({"tempo": 40.0, "energy": 0.3, "loudness": -9.0}) == pytest.approx(
        {"tempo": 61, "energy": 0.3}
    )
    assert features.within({"tempo": 99.5}) == pytest.approx({"tempo": 99})
    assert features.within({"tempo": float("nan")}) == {}


def test_songs_that_know_nothing_are_no_examples():
    energy = np.where(np.arange(3000) % 30 == 0, np.linspace(0, 1, 3000), np.nan)
    features = AudioFeatures.of(Covers(energy=energy, tempo=np.where(np.arange(3000) == 60, 100.0, energy + 120)))
    assert features.count == 100 == len(features.examples)
    assert features.sample(50, np.random.default_rng(0))[:, 2:].any(axis=1).all()


def test_what_no_example_knows_is_not_asked_for():
    features = AudioFeatures(["energy", "tempo"], [0.5, 120], [0.1, 20], 9, [[0.4, None], [0.6, None]])
    assert features.within({"energy": 0.5, "tempo": 100.0}) == {"energy": 0.5}


def test_bandwidth_is_silvermans_rule(features):
    assert features.bandwidth == pytest.approx(1.06 * 400 ** (-1 / 5))
