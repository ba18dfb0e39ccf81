"""The regressor of audio features on covers that show them, or do not; its scores against scikit-learn's."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.metrics import response_plots
from helpers.metrics.conditioning import describe, worn
from helpers.metrics.regression import Regressor, as_good, fit_on, r2_scores
from helpers.records import Record

SIZE = 16
NAMES = ("energy", "valence", "tempo", "liveness")


def drawn(n, seed):
    """Covers whose brightness is their energy and whose warmth is their valence; tempo, in BPM, is not to be seen.

    Liveness is 0.2 for all of them.
    """
    rng = np.random.default_rng(seed)
    energy, valence = rng.random((2, n))
    colour = 60 + 120 * energy[:, None] + 50 * (valence[:, None] - 0.5) * [1, 0, -1]
    images = colour[:, None, None] + rng.normal(0, 12, (n, SIZE, SIZE, 3))
    features = np.stack([energy, valence, rng.uniform(60, 180, n), np.full(n, 0.2)], axis=1)
    return images.clip(0, 255).astype(np.uint8), features


@pytest.fixture(scope="module")
def covers():
    """Covers to learn from, to choose the penalties by, to measure on; described."""
    parts = {name: drawn(n, seed) for seed, (name, n) in enumerate({"learn": 200, "stop": 60, "test": 150}.items())}
    return {name: (images, features, describe(images)) for name, (images, features) in parts.items()}


@pytest.fixture(scope="module")
def regressor(covers):
    (images, features, _), (stop_images, stop_features, _) = covers["learn"], covers["stop"]
    return Regressor.fit(images, features, NAMES, stop_images, stop_features)


def fitted(covers, change=lambda features, rng: features, **options):
    """A regressor of described covers whose features were changed first."""
    rng = np.random.default_rng(99)  # not a seed of `drawn`
    (_, features, learn), (_, stop_features, stop) = covers["learn"], covers["stop"]
    changed = [change(each.copy(), rng) for each in (features, stop_features)]
    return Regressor.fit_features(learn, changed[0], NAMES, stop, changed[1], **options)


# Learning


def test_it_reads_what_covers_show_and_only_that(regressor, covers):
    images, features, _ = covers["test"]
    assert regressor.names == NAMES[:3]
    scores = r2_scores(regressor.predict(images), features[:, :3], regressor.names)
    assert scores["energy"]["low"] > 0.9 and scores["valence"]["low"] > 0.9
    assert scores["tempo"]["value"] < 0.1


def test_a_constant_or_unknown_feature_is_reported_and_ignored(regressor, covers):
    assert regressor.ignored == {"liveness": "0.2 for all covers"}

    def spoil(features, rng):
        features[:, 0] = np.nan
        features[19:, 2] = np.nan
        return features

    spoilt = fitted(covers, spoil)
    assert spoilt.names == ("valence",)
    assert spoilt.ignored["energy"] == "unknown for all covers"
    assert spoilt.ignored["tempo"] == "known for fewer than 20 covers"
    assert spoilt.predict_features(covers["test"][2]).shape == (150, 1)
    (_, features, learn), (_, stop_features, stop) = covers["learn"], covers["stop"]
    stop_features = stop_features.copy()
    stop_features[:, 1] = np.nan
    there = Regressor.fit_features(learn, features, NAMES, stop, stop_features)
    assert there.ignored["valence"] == "unknown for all held-out covers"


def test_shuffled_features_destroy_what_it_reads(covers):
    fooled = fitted(covers, lambda features, rng: rng.permutation(features))
    _, features, test = covers["test"]
    scores = r2_scores(fooled.predict_features(test), features[:, :3], fooled.names)
    assert max(each["value"] for each in scores.values()) < 0.1


def test_an_unknown_value_takes_its_cover_from_that_feature_only(covers):
    _, features, test = covers["test"]
    plain = fitted(covers).predict_features(test)

    def forget(features, rng):
        features[rng.random(len(features)) < 0.5, 0] = np.nan
        return features

    partly = fitted(covers, forget)
    read = partly.predict_features(test)
    np.testing.assert_allclose(read[:, 1:], plain[:, 1:], rtol=1e-3)
    assert r2_score(features[:, 0], read[:, 0]) > 0.9 and np.abs(read[:, 0] - plain[:, 0]).max() > 1e-3

    def lie(features, rng):  # the covers that were forgotten, with other values: they would be believed
        features[rng.random(len(features)) < 0.5, 0] = 1
        return features

    assert r2_score(features[:, 0], fitted(covers, lie).predict_features(test)[:, 0]) < 0.8


def test_it_reads_in_whatever_unit_a_feature_has(covers):
    _, _, test = covers["test"]
    scale, shift = np.array([-60, 1e3, 1, 1]), np.array([-5, 0, 0, 0])
    read = fitted(covers, lambda features, rng: features * scale + shift).predict_features(test)
    np.testing.assert_allclose(read, fitted(covers).predict_features(test) * scale[:3] + shift[:3], rtol=0.01, atol=0.1)


def test_on_pictures_unlike_any_cover_it_falls_back_to_about_the_mean(regressor, covers):
    odd = np.zeros((4, SIZE, SIZE, 3), np.uint8)
    odd[:, ::2, ::2] = np.eye(4, 3, dtype=np.uint8)[:, None, None] * 255
    energy = covers["learn"][1][:, 0]
    assert np.abs(regressor.predict(odd)[:, 0] - energy.mean()).max() < 3 * energy.std()


def test_it_learns_from_worn_copies_so_wear_does_not_fool_it(regressor, covers):
    images, features, _ = covers["test"]
    copies = worn(images, np.random.default_rng(1))
    errors = [np.mean((each.predict(copies)[:, 1] - features[:, 1]) ** 2) for each in (regressor, fitted(covers))]
    assert errors[0] < 0.8 * errors[1]


def test_the_same_covers_and_seed_give_the_same_regressor(covers, tmp_path):
    (images, features, _), (stop_images, stop_features, _), (test_images, _, test) = covers.values()
    np.save(tmp_path / "images.npy", images[:60])
    mapped, seen = np.load(tmp_path / "images.npy", mmap_mode="r"), []

    def read(learn, **options):
        few = Regressor.fit(learn, features[:60], NAMES, stop_images[:20], stop_features[:20], **options)
        return few.predict_features(test[:30]), few.predict(test_images[:30])

    expected, from_images = read(images[:60])
    np.testing.assert_allclose(from_images, expected, rtol=1e-4)
    np.testing.assert_array_equal(read(mapped, progress=lambda *numbers: seen.append(numbers))[0], expected)
    assert seen == sorted(seen) and seen[-1] == (160, 160) and {total for _, total in seen} == {160}
    assert np.abs(read(images[:60], seed=1)[0] - expected).max() > 1e-3  # other copies


# Scores


@st.composite
def readings(draw):
    """What was read, what was asked for, both [N, K], with unknown values here and there."""
    count, columns = draw(st.integers(40, 80)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    asked = rng.normal(rng.normal(0, 10, columns), 10 ** rng.uniform(-2, 2, columns), (count, columns))
    read = asked + rng.normal(0, 10 ** rng.uniform(-2, 2, columns), asked.shape)
    asked[rng.random(asked.shape) < draw(st.sampled_from([0, 0.2]))] = np.nan
    return read, asked


@settings(max_examples=15)
@given(readings())
def test_scores_equal_scikit_learns(pair):
    read, asked = pair
    names = [f"f{k}" for k in range(read.shape[1])]
    scores = r2_scores(read, asked, names)
    for k, name in enumerate(names):
        known = ~np.isnan(asked[:, k])
        score = scores[name]
        assert score["value"] == pytest.approx(r2_score(asked[known, k], read[known, k]))
        assert score["low"] <= score["high"] and score["covers"] == known.sum()
        low, high = np.nanmin(asked[:, k]), np.nanmax(asked[:, k])
        assert score["outside"] == pytest.approx(np.mean([not low <= x <= high for x in read[known, k]]))
    assert json.loads(json.dumps(scores)) == scores


def test_intervals_are_percentiles_over_resampled_covers():
    rng = np.random.default_rng(0)
    asked = rng.normal(0, 1, (300, 1))
    read = asked + rng.normal(0, 0.7, asked.shape)
    score = r2_scores(read, asked, ["energy"])["energy"]
    rows = [rng.integers(300, size=300) for _ in range(2000)]
    low, high = np.percentile([r2_score(asked[each], read[each]) for each in rows], [2.5, 97.5])
    assert (score["low"], score["high"]) == pytest.approx((low, high), abs=0.02)
    assert r2_scores(read, asked, ["energy"]) == {"energy": score}
    assert r2_scores(read, asked, ["energy"], seed=1)["energy"]["low"] != score["low"]
    wider = r2_scores(read[:40], asked[:40], ["energy"])["energy"]
    assert wider["high"] - wider["low"] > 1.5 * (high - low)


def test_perfect_shifted_and_far_off_readings():
    asked = np.tile(np.linspace(0, 1, 50)[:, None], 3)
    read = asked + [0, 1, 0]
    read[:, 2] = 0.5
    scores = r2_scores(read, asked, ["a", "b", "c"])
    assert scores["a"] == {"value": 1, "low": 1, "high": 1, "outside": 0, "covers": 50}
    assert scores["b"]["value"] < -5 and scores["b"]["outside"] > 0.9  # not clipped to 1, where it would be better
    assert scores["c"]["value"] == pytest.approx(0) and scores["c"]["high"] <= 1e-9


def test_one_cover_that_differs_still_gives_a_finite_interval():
    asked = np.zeros((20, 1))
    asked[0] = 1
    score = r2_scores(np.full((20, 1), 0.1), asked, ["energy"])["energy"]
    assert np.isfinite([score["low"], score["high"]]).all()


def score(value, half=0.05):
    return {"value": value, "low": value - half, "high": value + half, "outside": 0.0, "covers": 100}


def test_as_good_counts_features_that_reals_show_and_fakes_show_nearly_as_well():
    reals = {"energy": score(0.5), "valence": score(0.5), "tempo": score(0.04), "loudness": score(-0.1)}
    fakes = {"energy": score(0.36), "valence": score(0.34), "tempo": score(0.5), "loudness": score(-0.05)}
    summary = as_good(fakes, reals)
    assert (summary["count"], summary["of"], summary["share"]) == (1, 4, 0.7)
    assert [name for name, row in summary["features"].items() if row["as_good"]] == ["energy"]
    assert [name for name, row in summary["features"].items() if not row["readable"]] == ["tempo", "loudness"]
    assert as_good(fakes, reals, share=0.6)["count"] == 2
    assert json.loads(json.dumps(summary)) == summary


def test_the_bars_show_the_scores():
    reals = {"tempo": score(0.1), "energy": score(0.6)}
    fakes = {"energy": score(0.5), "tempo": score(-0.2)}
    (axes,) = response_plots.r2_bars(fakes, reals, share=0.7).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["tempo", "energy"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.1, 0.6, -0.2, 0.5])
    ends = np.array([[segment[:, 0] for segment in lines.get_segments()] for lines in axes.collections])
    np.testing.assert_allclose(
        ends, [[[0.05, 0.15], [0.55, 0.65]], [[-0.25, -0.15], [0.45, 0.55]], [[0.07] * 2, [0.42] * 2]]
    )
    with pytest.raises(CourseError, match="energy"):
        response_plots.r2_bars(fakes, {"tempo": score(0.1)})


# From a CoverSet


def saved(path, n=180, unknown=0):
    images, features = drawn(n, 3)
    records = [
        Record("handmade", str(i), artist=f"artist {i // 3}", title=str(i), features=dict(zip(NAMES, row, strict=True)))
        if i >= unknown
        else Record("handmade", str(i), artist=f"artist {i // 3}", title=str(i))
        for i, row in enumerate(features)
    ]
    return CoverSet.build(zip(records, images, strict=True), path, SIZE, merge=False, origin=f"{n} covers")


def test_from_a_set_it_keeps_covers_by_other_artists_to_be_measured_on(tmp_path):
    covers = saved(tmp_path / "set", unknown=30)
    regressor, held_out = fit_on(covers)
    assert regressor.names == ("energy", "tempo", "valence")  # in the order of the ten
    assert set(regressor.ignored) == {
        *("popularity", "danceability", "acousticness", "instrumentalness", "liveness", "loudness", "speechiness")
    }
    assert 25 <= len(held_out) <= 35 and held_out.table["energy"].notna().all()
    others = covers.table[~covers.table["source_id"].isin(held_out.table["source_id"])]
    assert not set(held_out.table["artist"]) & set(others["artist"])
    names = list(regressor.names)
    read = regressor.predict(held_out.images)
    assert r2_scores(read, held_out.table[names].to_numpy(), names)["energy"]["value"] > 0.8
    two, same = fit_on(covers, names=("valence", "energy"))
    assert two.names == ("valence", "energy") and same.hash == held_out.hash
    np.testing.assert_allclose(two.predict(covers[:5]), regressor.predict(covers[:5])[:, [2, 0]], rtol=1e-3)
    assert fit_on(covers, names=("energy",), seed=1)[1].hash != held_out.hash
    with pytest.raises(CourseError, match="no feature loudnes"):
        fit_on(covers, names=("energy", "loudnes"))
    with pytest.raises(CourseError, match="knows none of loudness"):
        fit_on(covers, names=("loudness",))


# What is refused


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(features=np.ones((29, 2))), r"30 covers must have the shape \[30, 2\], not \[29, 2\]"),
        (dict(held_out_features=np.ones((5, 3))), r"5 held-out covers must have the shape \[5, 2\]"),
        (dict(held_out=np.ones((0, 6)), held_out_features=np.ones((0, 2))), "no held-out covers"),
        (dict(features=np.full((30, 2), np.inf)), "infinite; write NaN"),
        (dict(features=np.ones((30, 2))), "No feature can be learnt: a is 1 for all covers; b is 1 for all covers"),
    ],
)
def test_covers_that_nothing_can_be_learnt_from(change, message):
    rng = np.random.default_rng(0)
    given_ = dict(described=rng.random((30, 6)), features=rng.random((30, 2)), names=("a", "b"))
    given_ |= dict(held_out=rng.random((5, 6)), held_out_features=rng.random((5, 2)))
    with pytest.raises(CourseError, match=message):
        Regressor.fit_features(**given_ | change)


@pytest.mark.parametrize(
    "read, asked, message",
    [
        (np.ones((30, 2)), np.ones((30, 1)), r"shape \[N, 1\]"),
        (np.ones(30), np.ones(30), r"shape \[N, 1\]"),
        (np.full((30, 1), np.nan), np.ones((30, 1)), "not finite"),
        (np.ones((30, 1)), np.ones((30, 1)), "no R² of energy, which is 1 for all"),
        (np.ones((30, 1)), np.full((30, 1), np.nan), "energy, which is unknown for all"),
        (np.ones((19, 1)), np.arange(19.0)[:, None], "energy, which is known for fewer than 20"),
    ],
)
def test_scores_of_what_does_not_fit(read, asked, message):
    with pytest.raises(CourseError, match=message):
        r2_scores(read, asked, ["energy"])


def test_summaries_of_other_features_and_of_none():
    for fakes, reals in (({}, {}), ({"energy": score(0.5)}, {"valence": score(0.5)})):
        with pytest.raises(CourseError, match="same features"):
            as_good(fakes, reals)
