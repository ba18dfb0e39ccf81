"""FID against SciPy's matrix square root, closed forms, and what it must not depend on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import special_ortho_group

from helpers.errors import CourseError
from helpers.metrics.frechet import Moments, fid, fid_infinity, frechet_distance


def gaussian(n, d, seed, mean=0.0, deviation=1.0):
    return np.random.default_rng(seed).normal(mean, deviation, (n, d))


def correlated(n, d, seed):
    """Features as a network gives them: few strong directions, float32, far from the origin."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(d).normal(size=(d, d)) / np.arange(1, d + 1)[:, None]
    return (5 + rng.normal(size=(n, d)) @ mixing).astype(np.float32)


def reference_fid(real, fake):
    """As in the paper, with SciPy's square root of the product of the covariances."""
    real, fake = (np.asarray(x, np.float64) for x in (real, fake))
    a, b = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    step = real.mean(axis=0) - fake.mean(axis=0)
    return step @ step + np.trace(a + b - 2 * sqrtm(a @ b).real)


def with_moments(sample, mean, covariance):
    """The sample moved and stretched so that its mean and its covariance are exactly these."""
    white = sample - sample.mean(axis=0)
    white = white @ np.linalg.inv(np.linalg.cholesky(np.cov(white, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


@pytest.mark.parametrize("n, m", [(300, 300), (500, 200), (60, 400)], ids=["equal", "unequal", "singular"])
def test_fid_equals_scipys(n, m):
    real, fake = correlated(n, 64, 0), 1.2 * correlated(m, 64, 1)
    expected = reference_fid(real, fake)
    assert fid(real, fake) == pytest.approx(expected, rel=1e-4)
    assert frechet_distance(Moments().update(real), Moments().update(fake)) == pytest.approx(expected, rel=1e-4)


def test_fewer_images_than_features_give_the_same_by_rows_and_by_covariances():
    real, fake = correlated(20, 100, 0), correlated(30, 100, 1)
    by_covariance = frechet_distance(Moments().update(real), Moments().update(fake))
    assert fid(real, fake) == pytest.approx(by_covariance, rel=1e-6)
    assert fid(real, fake) == pytest.approx(reference_fid(real, fake), rel=1e-4)


@pytest.mark.parametrize("shift, deviation", [(0.0, 1.0), (0.5, 1.0), (3.0, 2.0), (0.0, 0.1)])
def test_the_closed_form_for_gaussians_with_equal_axes(shift, deviation):
    d = 6
    real = with_moments(gaussian(100, d, 0), np.zeros(d), np.eye(d))
    fake = with_moments(gaussian(80, d, 1), np.full(d, shift), deviation**2 * np.eye(d))
    assert fid(real, fake) == pytest.approx(d * (shift**2 + (1 - deviation) ** 2), rel=1e-6, abs=1e-9)


def test_the_closed_form_for_gaussians_that_point_elsewhere():
    # For 2 x 2 matrices tr √(AB) = √(tr AB + 2 √(det A det B)).
    a, b = np.array([[4.0, 0], [0, 1]]), np.array([[2.0, 1.5], [1.5, 3.0]])
    overlap = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a) * np.linalg.det(b)))
    real, fake = with_moments(gaussian(50, 2, 0), [0, 0], a), with_moments(gaussian(50, 2, 1), [1, -2], b)
    assert fid(real, fake) == pytest.approx(5 + np.trace(a + b) - 2 * overlap, rel=1e-9)


@pytest.mark.parametrize("n", [10, 400])
def test_a_set_is_at_no_distance_from_itself(n):
    x = correlated(n, 64, 0)
    assert fid(x, x) == pytest.approx(0, abs=1e-8)


def test_sets_of_one_picture_differ_by_their_squared_distance():
    assert fid(np.zeros((5, 4)), np.full((7, 4), 3.0)) == pytest.approx(36)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(2, 12), st.integers(0, 2**31))
def test_order_place_orientation_and_direction_do_not_matter_and_scale_does_squared(n, m, d, seed):
    real, fake = gaussian(n, d, seed), gaussian(m, d, seed + 1, 0.5)
    value = fid(real, fake)
    rng = np.random.default_rng(seed)
    turn, shift = special_ortho_group.rvs(d, random_state=seed % 2**32), rng.normal(0, 10, d)
    assert value >= 0
    assert fid(fake, real) == pytest.approx(value, rel=1e-6, abs=1e-6)
    moved = (rng.permutation(x) @ turn + shift for x in (real, fake))
    assert fid(*moved) == pytest.approx(value, rel=1e-6, abs=1e-6)
    assert fid(3 * real, 3 * fake) == pytest.approx(9 * value, rel=1e-6, abs=1e-6)


# Moments


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=8), st.integers(1, 6), st.integers(0, 2**31))
def test_batch_by_batch_or_merged_moments_are_those_of_all_at_once(sizes, d, seed):
    features = gaussian(sum(sizes), d, seed, mean=1000).astype(np.float32)
    batches = np.split(features, np.cumsum(sizes)[:-1])
    streamed, first, second = Moments(), Moments(), Moments()
    for batch in batches:
        streamed.update(batch)
    for k, batch in enumerate(batches):
        (first if k % 3 else second).update(batch)
    for moments in (streamed, second.merge(first)):
        assert moments.count == len(features)
        np.testing.assert_allclose(moments.mean, features.mean(axis=0, dtype=np.float64), rtol=1e-12)
        expected = np.cov(features.astype(np.float64), rowvar=False).reshape(d, d)
        np.testing.assert_allclose(moments.covariance, expected, rtol=1e-6, atol=1e-9)


def test_merging_leaves_the_other_as_it_was():
    first, second = Moments().update(gaussian(5, 3, 0)), Moments().update(gaussian(6, 3, 1))
    mean, covariance = second.mean.copy(), second.covariance.copy()
    first.merge(second).update(gaussian(4, 3, 2))
    Moments().merge(second).update(gaussian(4, 3, 3))
    assert second.count == 6
    np.testing.assert_array_equal(second.mean, mean)
    np.testing.assert_array_equal(second.covariance, covariance)


def test_merging_nothing_changes_nothing():
    moments = Moments().update(gaussian(5, 3, 0))
    expected = moments.covariance.copy()
    np.testing.assert_array_equal(moments.merge(Moments()).covariance, expected)
    assert moments.count == 5


def test_a_covariance_needs_two_images():
    with pytest.raises(CourseError, match="at least two"):
        _ = Moments().update(gaussian(1, 3, 0)).covariance


@pytest.mark.parametrize("features", [np.zeros(3), np.zeros((0, 3))])
def test_moments_refuse_what_is_no_batch(features):
    with pytest.raises(CourseError, match=r"\[B, D\]"):
        Moments().update(features)


# FID-infinity


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_limit_is_the_closed_form_that_fid_overestimates_and_its_error_is_of_the_right_size(shift):
    d, deviation, n = 12, 1.2, 400
    expected = d * (shift**2 + (deviation - 1) ** 2)
    draws = []
    for seed in range(60):
        real, fake = gaussian(n, d, seed), gaussian(n, d, 1000 + seed, shift, deviation)
        draws.append((fid(real, fake), *fid_infinity(real, fake, seed=seed)))
    plain, limits, errors = np.array(draws).T
    spread = limits.std(ddof=1)
    assert plain.mean() > expected + 4 * plain.std() / np.sqrt(60)
    assert abs(limits.mean() - expected) < 3 * spread / np.sqrt(60)
    assert 0.6 < np.sqrt(np.mean(errors**2)) / spread < 1.2  # what all draws share, it cannot see


def test_the_limit_of_a_line_is_found():
    """The intercept and its error by the textbook, from the very values that `fid` gives for the same draws."""
    real, fake = gaussian(60, 4, 0), gaussian(90, 4, 1, 0.5)
    counts = np.round(1 / np.linspace(1 / 60, 2 / 60, 5)).astype(int)
    rng = np.random.default_rng(3)
    y = np.array([fid(*(s[rng.choice(len(s), n, replace=False)] for s in (real, fake))) for n in counts])
    x = 1 / counts
    slope = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    intercept = y.mean() - slope * x.mean()
    variance = np.sum((y - intercept - slope * x) ** 2) / 3
    error = np.sqrt(variance * (1 / 5 + x.mean() ** 2 / np.sum((x - x.mean()) ** 2)))
    assert fid_infinity(real, fake, sizes=5, seed=3) == pytest.approx((intercept, error))


def test_two_sizes_make_a_line_without_an_error():
    with pytest.raises(CourseError, match="at least 3 sizes"):
        fid_infinity(gaussian(50, 4, 0), gaussian(50, 4, 1), sizes=2)
