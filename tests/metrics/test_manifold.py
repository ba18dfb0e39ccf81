"""Precision, recall, density and coverage against scikit-learn's neighbours and cases counted by hand."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.distance import cdist
from scipy.stats import special_ortho_group
from sklearn.neighbors import NearestNeighbors

from helpers.metrics.manifold import density_coverage, manifold, precision_recall


def gaussian(n, d, seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, (n, d))


def reference_precision_recall(real, fake, k):
    def share_inside(points, centres):
        reach = NearestNeighbors(n_neighbors=k + 1).fit(centres).kneighbors(centres)[0][:, k]
        return np.mean([(np.linalg.norm(centres - point, axis=1) <= reach).any() for point in points])

    return share_inside(fake, real), share_inside(real, fake)


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 60), st.integers(6, 60), st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**31))
def test_precision_and_recall_equal_those_from_scikit_learns_neighbours(n, m, d, k, seed):
    real, fake = gaussian(n, d, seed), gaussian(m, d, seed + 1, 0.7)
    assert precision_recall(real, fake, k) == pytest.approx(reference_precision_recall(real, fake, k))


@settings(max_examples=100, deadline=None)
@given(
    arrays.arrays(np.float32, (12, 2), elements=st.integers(-3, 3)),
    arrays.arrays(np.float32, (9, 2), elements=st.integers(-3, 3)),
    st.integers(1, 4),
)
def test_equal_images_and_ties_are_counted_as_inside(real, fake, k):
    """Small whole numbers: many duplicates and equal distances, which SciPy computes exactly."""

    def share_inside(points, centres):
        reach = np.sort(cdist(centres, centres, "sqeuclidean"), axis=1)[:, k]
        return (cdist(points, centres, "sqeuclidean") <= reach).any(axis=1).mean()

    precision, recall = precision_recall(real, fake, k)
    assert (precision, recall) == pytest.approx((share_inside(fake, real), share_inside(real, fake)))
    assert 0 <= precision <= 1 and 0 <= recall <= 1


def test_precision_and_recall_do_not_mind_order_scale_or_place():
    real, fake = gaussian(700, 5, 0), gaussian(600, 5, 1, 0.5)
    rng = np.random.default_rng(0)
    expected = precision_recall(real, fake)
    assert precision_recall(rng.permutation(real), rng.permutation(fake)) == expected
    assert precision_recall(100 + 7 * real, 100 + 7 * fake) == expected
    assert precision_recall(fake, real) == expected[::-1]


def test_a_set_covers_itself():
    x = gaussian(50, 8, 0)
    assert precision_recall(x, x) == (1, 1)


def test_distant_sets_share_nothing():
    assert precision_recall(gaussian(50, 8, 0), gaussian(50, 8, 1, 100)) == (0, 0)


def test_a_generator_with_eight_pictures_is_precise_and_covers_nothing():
    real, modes = gaussian(500, 16, 0), gaussian(500, 16, 0)[:8]
    fake = modes[np.random.default_rng(1).integers(0, 8, 500)] + 1e-3 * gaussian(500, 16, 2)
    precision, recall = precision_recall(real, fake)
    assert precision == 1 and recall <= 8 / 500


def test_a_generator_that_also_makes_rubbish_is_complete_but_not_precise():
    real, more_real = gaussian(400, 4, 0), gaussian(400, 4, 1)
    precision, recall = precision_recall(real, np.concatenate([more_real, gaussian(400, 4, 2, 50)]))
    assert precision < 0.5 and recall > 0.9


# Density and coverage


def reference_density_coverage(real, fake, k):
    """Straight from the definitions: loops over the fakes, and over the real balls."""
    reach = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real)[0][:, k]
    balls_around = [np.sum(np.linalg.norm(real - point, axis=1) <= reach) for point in fake]
    covered = [
        (np.linalg.norm(fake - centre, axis=1) <= radius).any() for centre, radius in zip(real, reach, strict=True)
    ]
    return np.mean(balls_around) / k, np.mean(covered)


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 60), st.integers(6, 60), st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**31))
def test_density_and_coverage_equal_those_from_scikit_learns_neighbours(n, m, d, k, seed):
    real, fake = gaussian(n, d, seed), gaussian(m, d, seed + 1, 0.7)
    assert density_coverage(real, fake, k) == pytest.approx(reference_density_coverage(real, fake, k))


def test_density_and_coverage_counted_by_hand():
    # Balls on a line, each to the nearest neighbour: [-1, 1], [0, 2], [1, 3] and, of the outlier, [2, 18].
    real = np.array([[0.0], [1.0], [2.0], [10.0]])
    # In 1 ball, in 2, in 2 and in 2 balls, then in the outlier's alone, then in none.
    fake = np.array([[-0.5], [0.5], [1.5], [2.5], [15.0], [30.0]])
    assert density_coverage(real, fake, k=1) == pytest.approx(((1 + 2 + 2 + 2 + 1 + 0) / 6, 4 / 4))
    # Fakes at one place cover the balls that hold it.
    assert density_coverage(real, np.full((6, 1), 2.5), k=1) == pytest.approx((2.0, 2 / 4))


def test_an_outlier_makes_noise_precise_but_not_dense():
    """The case for which density was invented: one far-off real image, whose ball swallows everything."""
    real = gaussian(200, 4, 0)
    noise = gaussian(200, 4, 1, 12)
    with_outlier = np.concatenate([real, np.full((1, 4), 30.0)])
    assert precision_recall(real, noise)[0] == 0
    assert precision_recall(with_outlier, noise)[0] > 0.95
    assert density_coverage(with_outlier, noise)[0] <= 1 / 5
    assert density_coverage(with_outlier, noise)[1] <= 2 / 201


def test_density_and_coverage_of_a_good_generator_are_what_the_paper_predicts():
    # Naeem et al.: for two sets of one distribution density is 1 and coverage 1 - 2^-k, on average and for large sets.
    scores = [density_coverage(gaussian(400, 2, seed), gaussian(400, 2, 100 + seed)) for seed in range(10)]
    density, coverage = np.mean(scores, axis=0)
    assert density == pytest.approx(1, abs=0.03)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.01)


def test_eight_modes_cover_next_to_nothing():
    real = gaussian(500, 16, 0)
    (scores,) = manifold(real, real[np.arange(500) % 8] + 1e-3 * gaussian(500, 16, 2))
    assert scores["precision"] == 1 and scores["recall"] <= 8 / 500 and scores["coverage"] < 0.15


# All of them


def test_all_four_at_once_are_what_each_gives_alone():
    real, fake, other = gaussian(70, 3, 0), gaussian(50, 3, 1, 0.5), gaussian(60, 3, 2)
    for scores, features in zip(manifold(real, fake, other), (fake, other), strict=True):
        assert (scores["precision"], scores["recall"]) == precision_recall(real, features, 3)
        assert (scores["density"], scores["coverage"]) == density_coverage(real, features, 5)


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 40), st.integers(8, 40), st.integers(2, 10), st.integers(0, 2**31))
def test_nothing_depends_on_order_place_or_orientation(n, m, d, seed):
    real, fake = gaussian(n, d, seed), gaussian(m, d, seed + 1, 0.5)
    rng = np.random.default_rng(seed)
    turn, shift = special_ortho_group.rvs(d, random_state=seed % 2**32), rng.normal(0, 10, d)
    moved = [rng.permutation(x) @ turn + shift for x in (real, fake)]
    assert manifold(*moved)[0] == pytest.approx(manifold(real, fake)[0])


def test_memory_grows_with_the_images_not_with_their_pairs():
    real, fake = (gaussian(6000, 8, seed).astype(np.float32) for seed in (0, 1))
    tracemalloc.start()
    manifold(real, fake)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    one_matrix_of_distances = 6000 * 6000 * 8
    assert peak < 0.5 * one_matrix_of_distances


def test_sets_of_one_picture_give_numbers():
    (scores,) = manifold(np.ones((40, 4)), np.ones((40, 4)))
    assert scores == {"precision": 1, "recall": 1, "density": 40 / 5, "coverage": 1}
