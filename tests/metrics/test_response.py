"""Statistics of covers by hand and against other libraries; responses of generators whose answer is known."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import sobel
from scipy.stats import spearmanr, t
from skimage.color import rgb2lab

from helpers.errors import CourseError
from helpers.metrics import response_plots
from helpers.metrics.response import STATISTICS, curve, rank_correlation, response, response_of_reals, statistics

SIZE = 16
VALUES = np.linspace(0, 1, 5)
LATENTS = np.random.default_rng(0).uniform(-20, 20, 12)


def flat(*colours):
    """A plain cover of each colour."""
    return np.array(colours, np.uint8)[:, None, None].repeat(SIZE, 1).repeat(SIZE, 2)


def grey(value, slope=100.0):
    """What a generator might draw whose covers get brighter with the feature, by `slope`, and do nothing else."""
    return flat(*[[round(120 + slope * value + latent)] * 3 for latent in LATENTS])


# Statistics


def test_plain_covers_by_hand():
    values = statistics(flat([0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255], [128, 128, 128]))
    assert list(values) == ["brightness", "contrast", "saturation", "edges", "warmth"]
    np.testing.assert_allclose(values["brightness"], [0, 1, 0.299, 0.114, 128 / 255], rtol=1e-5)
    np.testing.assert_allclose(values["contrast"], 0, atol=1e-6)
    np.testing.assert_allclose(values["edges"], 0)
    np.testing.assert_allclose(values["warmth"], [0, 0, 1, -1, 0])
    np.testing.assert_allclose(values["saturation"], [0, 0, 104.55, 133.81, 0], atol=0.02)  # as tables of CIELAB say


def test_halves_and_a_checkerboard_by_hand():
    images = np.zeros((3, SIZE, SIZE, 3), np.uint8)
    images[0, :, SIZE // 2 :] = 255
    images[1] = 255 * (np.indices((SIZE, SIZE)).sum(0) % 2)[..., None]
    images[2, :, SIZE // 2 :] = 255 * 0.15
    values = statistics(images)
    np.testing.assert_allclose(values["brightness"][:2], 0.5, rtol=1e-6)
    np.testing.assert_allclose(values["contrast"][:2], 0.5, rtol=1e-6)
    # A column on either side of the step is an edge; the step of 0.15 is too faint. In a checkerboard the neighbours on
    # both sides of any pixel are alike, but not where the picture ends.
    np.testing.assert_allclose(values["edges"][[0, 2]], [2 / SIZE, 0])
    assert values["edges"][1] <= 4 / SIZE


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 4))
def test_statistics_equal_those_of_other_libraries(seed, coarse):
    images = np.random.default_rng(seed).integers(0, 256, (3, SIZE // coarse, SIZE // coarse, 3), np.uint8)
    images = images.repeat(coarse, 1).repeat(coarse, 2)
    values = statistics(images)
    for k, image in enumerate(images):
        lab = rgb2lab(image)
        assert values["saturation"][k] == pytest.approx(np.hypot(lab[..., 1], lab[..., 2]).mean(), rel=1e-3)
        light = image @ [0.299, 0.587, 0.114] / 255
        steep = np.hypot(sobel(light, 0), sobel(light, 1)) / 4
        assert values["edges"][k] == pytest.approx(np.mean(steep > 0.2), abs=2 / light.size)
        assert values["contrast"][k] == pytest.approx(light.std(), rel=1e-4)
        assert values["warmth"][k] == pytest.approx((image[..., 0] / 255 - image[..., 2] / 255).mean(), abs=1e-6)


def test_each_cover_is_measured_alone_and_maps_are_read_in_blocks(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (600, 8, 8, 3), np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped = statistics(np.load(tmp_path / "images.npy", mmap_mode="r"))
    for name, values in mapped.items():
        assert values.shape == (600,) and values.dtype == float
        np.testing.assert_allclose(statistics(images[510:514])[name], values[510:514], rtol=1e-5)
    assert set(mapped) == {statistic.__name__ for statistic in STATISTICS}


@pytest.mark.parametrize("images", [np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), flat([0] * 3)[:0]])
def test_statistics_of_what_is_no_cover(images):
    with pytest.raises(CourseError, match="uint8"):
        statistics(images)


# Responses


def test_covers_that_brighten_with_the_feature_respond_in_brightness_alone():
    asked = []
    result = response(lambda value: asked.append(value) or grey(value), VALUES)
    assert asked == result["values"] == VALUES.tolist() and result["covers"] == 12
    curves = result["curves"]
    assert curves["brightness"]["monotonicity"] == curves["brightness"]["monotonicity_each"] == pytest.approx(1)
    expected = [grey(value).mean() / 255 for value in VALUES]
    np.testing.assert_allclose(curves["brightness"]["mean"], expected, rtol=1e-5)
    for name in ("warmth", "edges"):  # which do not move at all
        assert curves[name]["monotonicity"] == curves[name]["monotonicity_each"] == 0
    assert "estimate" not in curves
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_covers_that_darken_respond_the_other_way():
    curves = response(lambda value: grey(value, -100), VALUES)["curves"]
    assert curves["brightness"]["monotonicity"] == curves["brightness"]["monotonicity_each"] == pytest.approx(-1)


def test_a_regressors_opinion_has_a_curve_of_its_own():
    seen = []
    result = response(
        grey,
        VALUES,
        read=lambda images: images[:, 0, 0, 0] / 100.0 - 1,
        progress=lambda *numbers: seen.append(numbers),
    )
    estimate = result["curves"]["estimate"]
    expected = np.stack([grey(value)[:, 0, 0, 0] / 100 - 1 for value in VALUES])
    np.testing.assert_allclose(estimate["mean"], expected.mean(axis=1))
    assert estimate["monotonicity_each"] == pytest.approx(1)
    assert seen == [(k, 5) for k in range(1, 6)]


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(3, 7), st.integers(2, 20), st.booleans())
def test_a_curve_is_what_scipy_says(seed, count, latents, tied):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.choice(1000, count, replace=False)) / 1000
    measured = rng.integers(0, 3, (count, latents)).astype(float) if tied else rng.normal(size=(count, latents))
    result = curve(values, measured)
    for k, row in enumerate(measured):
        if row.std():
            low, high = t.interval(0.95, latents - 1, row.mean(), row.std(ddof=1) / np.sqrt(latents))
            assert (result["low"][k], result["high"][k]) == pytest.approx((low, high))
        assert result["mean"][k] == pytest.approx(row.mean())
    each = [spearmanr(values, one).statistic if np.ptp(one) else 0 for one in measured.T]
    assert result["monotonicity_each"] == pytest.approx(np.mean(each))
    if np.ptp(measured.mean(axis=1)):
        assert result["monotonicity"] == pytest.approx(spearmanr(values, measured.mean(axis=1)).statistic)


def test_means_can_rise_though_only_half_of_the_latents_do():
    measured = np.stack([VALUES, VALUES, -0.1 * VALUES, -0.1 * VALUES], axis=1)
    result = curve(VALUES, measured)
    assert result["monotonicity"] == pytest.approx(1) and result["monotonicity_each"] == pytest.approx(0)


def test_nothing_that_changes_correlates_with_what_does_not():
    assert rank_correlation([1, 2, 3], [5, 5, 5]) == rank_correlation([4, 4, 4], [1, 2, 3]) == 0
    assert rank_correlation([1, 2, 3], [10, 20, 25]) == pytest.approx(1)


# Real covers


def test_bins_of_real_covers_by_hand():
    feature = np.repeat([0.1, 0.3, 0.5, np.nan], 10)
    light = np.concatenate([np.linspace(0, 0.2, 10), np.linspace(0.4, 0.6, 10), np.linspace(0.8, 1, 10), np.ones(10)])
    result = response_of_reals(feature, {"brightness": light, "same": np.full(40, 0.25)}, bins=3)
    np.testing.assert_allclose(result["values"], [0.1, 0.3, 0.5])
    assert result["covers"] == 30
    bright, same = result["curves"]["brightness"], result["curves"]["same"]
    np.testing.assert_allclose(bright["mean"], [0.1, 0.5, 0.9])
    low, high = t.interval(0.95, 9, 0.5, light[10:20].std(ddof=1) / np.sqrt(10))
    assert (bright["low"][1], bright["high"][1]) == pytest.approx((low, high))
    assert bright["monotonicity"] == pytest.approx(1)
    assert bright["monotonicity_each"] == pytest.approx(spearmanr(feature[:30], light[:30]).statistic)
    assert same["monotonicity"] == same["monotonicity_each"] == 0
    assert same["low"] == same["high"] == [0.25] * 3
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_bins_hold_about_equally_many_and_equal_values_stay_together():
    rng = np.random.default_rng(0)
    feature = rng.beta(0.4, 4, 800)
    result = response_of_reals(feature, {"itself": feature})
    edges = np.quantile(feature, np.linspace(0, 1, 9))
    expected = [
        feature[(feature > low) & (feature <= high)].mean() for low, high in zip(edges[1:], edges[2:], strict=False)
    ]
    np.testing.assert_allclose(result["values"][1:], expected)
    assert len(result["values"]) == 8 and result["curves"]["itself"]["mean"] == result["values"]
    feature[:500] = 0  # as instrumentalness is for most songs
    tied = response_of_reals(feature, {"itself": feature})
    assert 3 <= len(tied["values"]) < 8 and tied["values"][0] == 0
    assert (np.diff(tied["values"]) > 0).all()


@pytest.mark.parametrize("feature", [np.full(100, 0.5), np.full(100, np.nan), np.arange(100) // 50, np.arange(14) / 14])
def test_real_covers_that_make_no_three_bins(feature):
    with pytest.raises(CourseError, match="three bins"):
        response_of_reals(feature, {"brightness": np.ones(len(feature))})


def test_measurements_of_other_covers():
    with pytest.raises(CourseError, match="30 values"):
        response_of_reals(np.arange(30), {"brightness": np.ones(29)})
    with pytest.raises(CourseError, match="30 values.*finite"):
        response_of_reals(np.arange(30), {"brightness": np.full(30, np.nan)})


# What is refused


@pytest.mark.parametrize("values", [[0, 1], [0, 1, 1], [1, 0.5, 0], [0, np.nan, 1], [[0, 1, 2]]])
def test_values_that_do_not_ascend(values):
    with pytest.raises(CourseError, match="ascending"):
        response(grey, values)


def test_covers_that_do_not_belong_together():
    with pytest.raises(CourseError, match="as many covers"):
        response(lambda value: grey(value)[: 4 + round(value)], VALUES)
    with pytest.raises(CourseError, match="one reading for each"):
        response(grey, VALUES, read=lambda images: np.zeros((len(images), 2)))
    with pytest.raises(CourseError, match="at least two covers"):
        response(lambda value: grey(value)[:1], VALUES)
    with pytest.raises(CourseError, match="finite"):
        response(grey, VALUES, read=lambda images: np.full(len(images), np.nan))


# Pictures


def test_the_curves_are_drawn_beside_those_of_reals():
    fakes = response(grey, VALUES, read=lambda images: images[:, 0, 0, 0] / 255)
    feature = np.random.default_rng(0).random(100)
    reals = response_of_reals(feature, {"brightness": feature / 2})
    axes = response_plots.response_curves(fakes, reals, feature="tempo").axes
    assert [axis.get_title().split("\n")[0] for axis in axes] == list(fakes["curves"])
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), fakes["curves"]["brightness"]["mean"])
    (bins,) = axes[0].containers
    np.testing.assert_allclose(bins.lines[0].get_ydata(orig=False), reals["curves"]["brightness"]["mean"])
    assert not axes[1].containers and "fakes +1.00, reals +1.00" in axes[0].get_title()
    assert response_plots.response_curves(fakes, feature="tempo").get_supxlabel() == "tempo (BPM)"
