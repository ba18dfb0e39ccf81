"""The ring of eight Gaussians: its points, how modes are counted, and what the GANs of the course make of it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy import stats

from helpers.errors import CourseError
from helpers.gan import ring
from helpers.gan.backend import input_gradients

BATCH = 256
ENOUGH = {"DCGAN, default": 600, "WGAN-GP": 400}  # steps


@pytest.fixture(scope="module")
def data():
    return ring.Ring()


@pytest.fixture(scope="module")
def trained(data):
    """name -> the GAN of that method, trained for its steps in `ENOUGH`."""
    return {name: ring.METHODS[name]().fit(data, steps, BATCH, verbose=0) for name, steps in ENOUGH.items()}


# Points -------------------------------------------------------------------------------------------------------------


def test_points_are_those_of_eight_gaussians(data):
    distances = np.linalg.norm(data.points[:, None] - ring.CENTRES, axis=2)
    mode = distances.argmin(axis=1)
    assert stats.chisquare(np.bincount(mode)).pvalue > 0.01
    # Scaled distances from a centre follow a Rayleigh distribution.
    assert stats.kstest(distances.min(axis=1) / ring.DEVIATION, stats.rayleigh.cdf).pvalue > 0.01
    np.testing.assert_allclose(np.linalg.norm(ring.CENTRES, axis=1), ring.RADIUS)
    assert data.points.dtype == np.float32


def test_points_depend_on_the_seed_alone():
    assert np.array_equal(ring.Ring(50, seed=3).points, ring.Ring(50, seed=3).points)
    assert not np.array_equal(ring.Ring(50, seed=3).points, ring.Ring(50, seed=4).points)


def test_batches_go_on_where_training_stopped(data):
    batches = list(itertools.islice(data.batch_rows(16, seed=1), 5))
    for batch, again in zip(batches[3:], data.batch_rows(16, seed=1, start_step=3), strict=False):
        np.testing.assert_array_equal(batch, again)
    assert not np.array_equal(batches[0], batches[1])
    assert not np.array_equal(batches[0], next(data.batch_rows(16, seed=2)))
    assert data[batches[0]].shape == (16, 2)


# Counting -----------------------------------------------------------------------------------------------------------


def test_a_mode_counts_when_a_point_is_within_three_deviations():
    inside, outside = (ring.CENTRES[0] * (1 + share * ring.DEVIATION / ring.RADIUS) for share in (2.99, 3.01))
    assert ring.modes_covered([inside]) == (1, 1.0)
    assert ring.modes_covered([outside]) == (0, 0.0)
    assert ring.modes_covered([[0.0, 0.0]]) == (0, 0.0)


def test_the_share_of_good_points_is_of_all_points():
    points = [*ring.CENTRES[:3], [0.0, 0.0], [5.0, 5.0]]
    assert ring.modes_covered(points) == (3, 0.6)


def test_a_few_stray_points_are_not_a_mode():
    points = np.concatenate([np.repeat(ring.CENTRES[:1], 197, axis=0), np.repeat(ring.CENTRES[1:2], 2, axis=0),
                             ring.CENTRES[2:3]])  # fmt: skip
    assert ring.modes_covered(points) == (2, 1.0)  # 2 of 200 are 1 %, 1 of 200 is not
    assert ring.modes_covered(points, at_least=0.0) == (3, 1.0)


def test_true_points_cover_all_modes(data):
    modes, good = ring.modes_covered(data.points)
    expected = 1 - np.exp(-9 / 2)
    assert modes == 8
    assert good == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / len(data)))


@given(st.sets(st.integers(0, 7), min_size=1), st.integers(0, 7))
@settings(deadline=None, max_examples=30)
def test_turning_the_ring_changes_nothing(modes, turn):
    points = ring.CENTRES[sorted(modes)]
    turned = ring.CENTRES[[(mode + turn) % 8 for mode in sorted(modes)]]
    assert ring.modes_covered(points) == ring.modes_covered(turned) == (len(modes), 1.0)


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((3, 3)), np.zeros(2)])
def test_what_is_not_in_the_plane_is_refused(points):
    with pytest.raises(CourseError, match=r"\[N, 2\]"):
        ring.modes_covered(points)


# Training -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENOUGH)
def test_all_eight_modes_are_found(name, trained):
    modes, good = ring.modes_covered(ring.points(trained[name], 2000))
    assert modes == 8
    # A thin circle through all centres, which knows nothing of modes, would have this share of its points near one.
    circle = ring.MODES * 2 * np.arcsin(1.5 * ring.DEVIATION / ring.RADIUS) / np.pi  # 0.38
    assert good > circle


def test_the_penalised_critic_has_a_slope_of_one_between_reals_and_fakes(data, trained):
    gan, rng = trained["WGAN-GP"], np.random.default_rng(0)
    shares = rng.random((1000, 1), np.float32)
    mixed = shares * data[rng.integers(len(data), size=1000)] + (1 - shares) * ring.points(gan, 1000, seed=1)
    slopes = input_gradients(lambda x: ops.sum(gan.discriminator(x)), ops.convert_to_tensor(mixed))
    norms = np.linalg.norm(ops.convert_to_numpy(slopes), axis=1)
    assert np.mean(norms) == pytest.approx(1, abs=0.2)
    assert np.mean(np.abs(norms - 1) < 0.5) > 0.9  # not only on average


def test_points_do_not_depend_on_how_many_are_drawn(trained):
    gan = trained["DCGAN, default"]
    few, many = ring.points(gan, 5, seed=2), ring.points(gan, 100, seed=2)
    assert few.shape == (5, 2)
    np.testing.assert_allclose(few, many[:5], atol=1e-5)


def test_clipping_keeps_every_weight_of_the_critic_within_bounds(data):
    gan = ring.METHODS["WGAN, clipped"]()
    gan.fit(data, 5, BATCH, verbose=0)
    weights = np.concatenate([np.ravel(weight) for weight in gan.discriminator.get_weights()])
    assert np.abs(weights).max() <= np.float32(ring.RingWGAN.CLIP)
    assert np.mean(np.abs(weights) == np.float32(ring.RingWGAN.CLIP)) > 0.1  # and many would rather be outside


def test_latent_optimisation_trains_on_points_too(data):
    gan = ring.METHODS["LOGAN"](seed=1)
    before = gan.get_weights()
    gan.fit(data, 3, BATCH, verbose=0)
    assert all(np.isfinite(value).all() for value in gan.get_weights())
    assert not any(map(np.array_equal, before, gan.get_weights()))


def test_the_seed_chooses_the_initial_weights():
    weights = [ring.METHODS["DCGAN, default"](seed=seed).generator.get_weights() for seed in (0, 0, 1)]
    assert all(map(np.array_equal, weights[0], weights[1]))
    assert not np.array_equal(weights[0][0], weights[2][0])
