"""KID, precision and recall against closed forms, independent implementations and cases whose answer is known."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageFilter
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

from helpers.errors import CourseError
from helpers.metrics.distribution import evaluate, kid, polynomial_mmd, precision_recall
from helpers.metrics.features import extract


def gaussian(n, d, seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, (n, d))


def pictures(n, size, seed):
    """n covers that differ: a disc and a bar in random colours and places, uint8 [n, size, size, 3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    images = np.empty((n, size, size, 3), np.uint8)
    for image in images:
        ground, disc, bar = rng.integers(0, 256, (3, 3))
        (cx, cy, left), radius = rng.random(3), rng.uniform(0.1, 0.5)
        image[:] = ground
        image[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] = disc
        image[abs(x - left) < 0.05] = bar
    return images


# KID


def test_mmd_equals_a_loop_over_pairs_with_scikit_learns_kernel():
    x, y = gaussian(13, 7, 0), gaussian(9, 7, 1, 0.5)

    def k(a, b):
        return polynomial_kernel(a[None], b[None], degree=3, gamma=1 / 7, coef0=1).item()

    within_x = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    within_y = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    between = np.mean([k(a, b) for a in x for b in y])
    assert polynomial_mmd(x, y) == pytest.approx(within_x + within_y - 2 * between, rel=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_kid_of_shifted_gaussians_is_the_closed_form(shift):
    # In one dimension (ab + 1)^3 compares the first three moments, which are 0, 1, 0 and s, 1 + s^2, s^3 + 3s.
    expected = 3 * shift**2 + 3 * shift**4 + (shift**3 + 3 * shift) ** 2
    value, error = kid(gaussian(8000, 1, 0), gaussian(8000, 1, 1, shift))
    assert abs(value - expected) < 4 * error
    assert error < 0.1 * (1 + expected)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_standard_error_is_the_spread_over_repeated_draws(shift):
    draws = [kid(gaussian(120, 4, seed), gaussian(120, 4, 1000 + seed, shift), subsets=4) for seed in range(400)]
    values, errors = np.array(draws).T
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.1)
    if shift == 0:
        assert abs(values.mean()) < 3 * values.std() / np.sqrt(400)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 8), st.integers(0, 2**31))
def test_mmd_is_symmetric_and_does_not_mind_the_order(n, m, d, seed):
    x, y = gaussian(n, d, seed), gaussian(m, d, seed + 1, 0.5)
    rng = np.random.default_rng(seed)
    value = polynomial_mmd(x, y)
    assert polynomial_mmd(y, x) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert polynomial_mmd(rng.permutation(x), rng.permutation(y)) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_kid_is_a_function_of_its_seed_and_shuffles_first():
    x, y = gaussian(400, 3, 0), gaussian(300, 3, 1, 0.3)
    assert kid(x, y, seed=4) == kid(x, y, seed=4) != kid(x, y, seed=5)
    forth, back = kid(x, y), kid(y, x)
    assert abs(forth[0] - back[0]) < 3 * (forth[1] + back[1])
    # Cut as they come, sorted covers (by genre, say) would give parts that are nothing like the whole.
    value, error = kid(x[np.argsort(x[:, 0])], y)
    assert abs(value - forth[0]) < 3 * (error + forth[1])


# Precision and recall


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


@pytest.mark.parametrize("measure", [kid, precision_recall])
@pytest.mark.parametrize(
    "real, fake, message",
    [
        (np.ones((3, 4)), np.ones((100, 4)), "3 real covers are too few"),
        (np.ones((100, 4)), np.ones((2, 4)), "2 generated covers are too few"),
        (np.ones((100, 4)), np.full((100, 4), np.nan), "generated covers must be finite"),
        (np.full((100, 4), np.inf), np.ones((100, 4)), "real covers must be finite"),
        (np.ones((100, 4)), np.ones((100, 5)), "differ in length"),
        (np.ones(100), np.ones((100, 4)), "shape"),
    ],
)
def test_unusable_features_are_refused(measure, real, fake, message):
    with pytest.raises(CourseError, match=message):
        measure(real, fake)


def test_sets_of_one_picture_give_numbers():
    assert kid(np.ones((40, 4)), np.ones((40, 4))) == (0, 0)
    assert precision_recall(np.ones((40, 4)), np.ones((40, 4))) == (1, 1)


# The whole report


class Set:
    """The least that `evaluate` asks of covers."""

    def __init__(self, images):
        self.images, self.asked = images, []

    def __len__(self):
        return len(self.images)

    def __getitem__(self, indices):
        self.asked.append(indices)
        return self.images[indices]


def test_the_report_holds_what_its_parts_measure_on_disjoint_halves():
    covers, fakes = Set(pictures(130, 32, 0)), pictures(60, 32, 1)
    report = evaluate(fakes, covers, n=50)
    assert report.keys() == {"kid_lite0", "precision", "recall", "n_real", "n_fake", "image_size", "extractor"}
    assert report["n_real"] == report["n_fake"] == 50 and report["image_size"] == 32
    assert json.loads(json.dumps(report, allow_nan=False)) == report

    half_a, half_b = covers.asked[-2:]
    assert len(half_a) == len(half_b) == len(np.union1d(half_a, half_b)) / 2 == 50
    assert (np.diff(half_a) > 0).all() and (np.diff(half_b) > 0).all()
    a, b = extract(covers.images[half_a]), extract(covers.images[half_b])
    unit = np.sqrt((a.astype(float) ** 2).mean())
    assert (report["precision"]["floor"], report["recall"]["floor"]) == precision_recall(a, b)
    assert report["kid_lite0"]["floor"] == pytest.approx(kid(a / unit, b / unit)[0])


def test_fakes_from_the_covers_own_distribution_reach_the_floor():
    report = evaluate(pictures(150, 32, 1), pictures(300, 32, 0))
    assert report["n_real"] == 150
    assert abs(report["kid_lite0"]["value"]) < 4 * report["kid_lite0"]["se"]
    assert abs(report["precision"]["value"] - report["precision"]["floor"]) < 0.15
    assert abs(report["recall"]["value"] - report["recall"]["floor"]) < 0.15


def test_a_collapsed_generator_is_found_out_by_recall():
    covers = pictures(300, 32, 0)
    report = evaluate(covers[np.arange(150) % 4], covers)
    assert report["recall"]["value"] < 0.1 < report["recall"]["floor"]
    assert report["kid_lite0"]["value"] > 10 * abs(report["kid_lite0"]["floor"])


def test_the_report_is_a_function_of_the_seed_and_reads_maps(tmp_path):
    np.save(tmp_path / "covers.npy", pictures(100, 32, 0))
    covers, fakes = np.load(tmp_path / "covers.npy", mmap_mode="r"), pictures(70, 32, 1)
    first = evaluate(fakes, covers, n=40, seed=3)
    assert evaluate(fakes, covers, n=40, seed=3) == first
    assert evaluate(fakes, covers, n=40, seed=4)["kid_lite0"] != first["kid_lite0"]


def test_progress_runs_over_both_halves_and_the_fakes():
    calls = []
    evaluate(pictures(30, 32, 1), pictures(60, 32, 0), progress=lambda *call: calls.append(call))
    assert calls == [(30, 90), (60, 90), (90, 90)]


def test_pictures_of_one_colour_give_numbers():
    report = evaluate(np.zeros((40, 32, 32, 3), np.uint8), np.zeros((80, 32, 32, 3), np.uint8))
    assert report["kid_lite0"] == {"value": pytest.approx(0, abs=1e-4), "se": pytest.approx(0, abs=1e-4), "floor": 0}
    assert report["precision"] == {"value": 1, "floor": 1}


@pytest.mark.parametrize("fakes, covers, n", [(19, 60, 100), (30, 39, 100), (0, 60, 100), (30, 60, 19), (30, 60, -1)])
def test_too_few_images_are_refused(fakes, covers, n):
    with pytest.raises(CourseError, match="at least 20 and the real covers 40"):
        evaluate(pictures(fakes, 32, 1), pictures(covers, 32, 0), n=n)


def test_sets_of_different_sizes_are_refused():
    with pytest.raises(CourseError, match="are 32 px and the real ones 64 px"):
        evaluate(pictures(30, 32, 1), pictures(60, 64, 0))


@pytest.mark.real_data
def test_on_real_covers_damage_is_ranked_by_kid_and_collapse_by_recall(real_data):
    paths = sorted((real_data / "covers").rglob("*.jpg"))
    drawn = np.random.default_rng(0).permutation(len(paths))[:600]
    covers = np.stack([np.asarray(Image.open(paths[i]).convert("RGB").resize((64, 64))) for i in drawn])
    covers, others = covers[:400], covers[400:]

    def blurred(radius):
        return np.stack([np.asarray(Image.fromarray(x).filter(ImageFilter.GaussianBlur(radius))) for x in others])

    real, slight, strong = (evaluate(fakes, covers) for fakes in (others, blurred(0.7), blurred(2)))
    collapsed = evaluate(others[np.arange(200) % 8], covers)
    assert real["kid_lite0"]["value"] < slight["kid_lite0"]["value"] < strong["kid_lite0"]["value"]
    assert abs(real["kid_lite0"]["value"]) < 4 * real["kid_lite0"]["se"]
    assert collapsed["recall"]["value"] < 0.05 and real["recall"]["value"] > 0.5
