"""The report: every measure beside its floor, for all covers and within genres; unusable input is refused by all."""

import json

import numpy as np
import pytest
from PIL import Image, ImageFilter

from helpers.errors import CourseError
from helpers.metrics.distribution import compare, compare_by_genre, evaluate, patches_beside_floor
from helpers.metrics.features import extract
from helpers.metrics.frechet import fid, fid_infinity
from helpers.metrics.kernel_distance import kid
from helpers.metrics.manifold import density_coverage, manifold, precision_recall
from helpers.metrics.sliced_wasserstein import sliced_wasserstein

MEASURES = {"kid_lite0", "fid_lite0", "fid_infinity_lite0", "precision", "recall", "density", "coverage"}


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


@pytest.mark.parametrize("measure", [kid, fid, fid_infinity, precision_recall, density_coverage, manifold])
@pytest.mark.parametrize(
    "real, fake, message",
    [
        (np.ones((1, 4)), np.ones((100, 4)), "1 real covers are too few"),
        (np.ones((100, 4)), np.ones((1, 4)), "1 generated covers are too few"),
        (np.ones((100, 4)), np.full((100, 4), np.nan), "generated covers must be finite"),
        (np.full((100, 4), np.inf), np.ones((100, 4)), "real covers must be finite"),
        (np.ones((100, 4)), np.ones((100, 5)), "differ in length"),
        (np.ones(100), np.ones((100, 4)), "shape"),
    ],
)
def test_unusable_features_are_refused(measure, real, fake, message):
    with pytest.raises(CourseError, match=message):
        measure(real, fake)


# Features of three sets


def test_every_measure_is_named_after_its_network_and_stands_beside_its_floor():
    real, other, fake = gaussian(80, 6, 0), gaussian(80, 6, 1), gaussian(60, 6, 2, 0.5)
    scores = compare(real, other, fake, extractor="inception", seed=3)
    assert scores.keys() == {name.replace("lite0", "inception") for name in MEASURES}
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    with_error = {name for name, score in scores.items() if score.keys() == {"value", "se", "floor"}}
    assert with_error == {"kid_inception", "fid_infinity_inception"}

    unit = np.sqrt((real**2).mean())
    assert (scores["kid_inception"]["value"], scores["kid_inception"]["se"]) == kid(real / unit, fake / unit, seed=3)
    assert scores["kid_inception"]["floor"] == kid(real / unit, other / unit, seed=3)[0]
    assert scores["fid_inception"] == {"value": fid(real, fake), "floor": fid(real, other)}
    limit = scores["fid_infinity_inception"]
    assert (limit["value"], limit["se"]) == fid_infinity(real, fake, seed=3)
    assert limit["floor"] == fid_infinity(real, other, seed=3)[0]
    for names, measure in ((("precision", "recall"), precision_recall), (("density", "coverage"), density_coverage)):
        assert tuple(scores[name]["value"] for name in names) == measure(real, fake)
        assert tuple(scores[name]["floor"] for name in names) == measure(real, other)


def test_an_unknown_extractor_is_refused():
    with pytest.raises(CourseError, match="no extractor 'vgg'; choose lite0 or inception"):
        compare(gaussian(30, 4, 0), gaussian(30, 4, 1), gaussian(30, 4, 2), extractor="vgg")


@pytest.mark.parametrize("sizes", [(19, 30, 30), (30, 19, 30), (30, 30, 19)])
def test_nineteen_of_any_kind_are_too_few(sizes):
    with pytest.raises(CourseError, match="19 (real|generated) covers are too few"):
        compare(*(gaussian(size, 4, seed) for seed, size in enumerate(sizes)))


# Genres


def test_the_genre_that_is_drawn_badly_is_found():
    def sets(seed, shift):
        genres = np.repeat(["jazz", "pop", "rock"], 200)
        features = gaussian(600, 5, seed) + np.repeat([0, 1, 2], 200)[:, None]
        return features + shift * (genres == "pop")[:, None], genres

    result = compare_by_genre(sets(0, 0), sets(1, 0), sets(2, 0.7))
    assert list(result["genres"]) == ["jazz", "pop", "rock"] and result["left_out"] == {}
    scores = {name: score["kid_lite0"] for name, score in result["genres"].items()}
    for name, score in scores.items():
        assert abs(score["floor"]) < 4 * score["se"]
        assert (score["value"] > 5 * score["se"]) == (name == "pop")
    assert json.loads(json.dumps(result)) == result


def test_a_genre_is_measured_in_the_unit_of_all_covers():
    real, other, fake = ((gaussian(240, 5, seed, 1), np.repeat(["a", "b"], 120)) for seed in range(3))
    result = compare_by_genre(real, other, fake, seed=4)
    unit = np.sqrt((real[0] ** 2).mean())
    value, error = kid(real[0][120:] / unit, fake[0][120:] / unit, seed=4)
    assert result["genres"]["b"]["kid_lite0"]["value"] == pytest.approx(value)
    assert result["genres"]["b"]["kid_lite0"]["se"] == pytest.approx(error)


def test_genres_with_too_few_covers_are_left_out_and_named():
    real = gaussian(200, 4, 0), np.repeat(["folk", "metal"], 100)
    fake = gaussian(119, 4, 2), np.repeat(["folk", "metal"], [100, 19])
    result = compare_by_genre(real, real, fake)
    assert list(result["genres"]) == ["folk"]
    assert result["left_out"] == {"metal": "only 19 generated covers; 20 of each are needed"}
    strange = gaussian(60, 4, 3), np.repeat("polka", 60)
    why = compare_by_genre(real, real, strange)["left_out"]
    assert why["polka"] == "only 0 real and 0 other real covers; 20 of each are needed"


def test_a_genre_is_needed_for_every_cover():
    real = gaussian(60, 4, 0), np.repeat("folk", 60)
    with pytest.raises(CourseError, match="60 features but 59 genres"):
        compare_by_genre(real, real, (real[0], real[1][1:]))


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
    about = {"n_real", "n_fake", "image_size", "extractor"}
    assert report.keys() == MEASURES | {"sliced_wasserstein"} | about
    assert report["n_real"] == report["n_fake"] == 50 and report["image_size"] == 32
    assert json.loads(json.dumps(report, allow_nan=False)) == report

    half_a, half_b = covers.asked[-2:]
    assert len(half_a) == len(half_b) == len(np.union1d(half_a, half_b)) / 2 == 50
    assert (np.diff(half_a) > 0).all() and (np.diff(half_b) > 0).all()
    a, b = extract(covers.images[half_a]), extract(covers.images[half_b])
    unit = np.sqrt((a.astype(float) ** 2).mean())
    assert (report["precision"]["floor"], report["recall"]["floor"]) == precision_recall(a, b)
    assert report["kid_lite0"]["floor"] == pytest.approx(kid(a / unit, b / unit)[0])
    assert report["fid_lite0"]["floor"] == pytest.approx(fid(a, b))
    pixels_a, pixels_b = covers.images[half_a], covers.images[half_b]
    assert report["sliced_wasserstein"]["floor"] == pytest.approx(sliced_wasserstein(pixels_a, pixels_b)["value"])


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
    assert report["coverage"]["value"] < 0.3 < report["coverage"]["floor"]
    assert report["kid_lite0"]["value"] > 10 * abs(report["kid_lite0"]["floor"])
    assert report["fid_lite0"]["value"] > 1.2 * report["fid_lite0"]["floor"]


def test_patches_have_a_value_and_a_floor_at_every_level():
    real, other, fake = pictures(40, 64, 0), pictures(40, 64, 1), np.zeros((40, 64, 64, 3), np.uint8)
    scores = patches_beside_floor(real, other, fake, seed=2)
    value, floor = sliced_wasserstein(real, fake, seed=2), sliced_wasserstein(real, other, seed=2)
    assert (scores["value"], scores["floor"]) == (value["value"], floor["value"])
    assert list(scores["levels"]) == ["64", "32", "16"]
    assert scores["levels"]["16"] == {"value": value["levels"][16], "floor": floor["levels"][16]}


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
    zero = pytest.approx(0, abs=1e-4)
    assert report["kid_lite0"] == {"value": zero, "se": zero, "floor": zero}
    assert report["fid_lite0"] == {"value": zero, "floor": zero}
    assert report["precision"] == {"value": 1, "floor": 1}
    assert report["sliced_wasserstein"]["value"] == 0


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
    for name in ("fid_lite0", "fid_infinity_lite0", "sliced_wasserstein"):
        assert real[name]["value"] < strong[name]["value"]  # of 200 covers FID does not see a slight blur
    assert collapsed["recall"]["value"] < 0.05 and real["recall"]["value"] > 0.5
    assert collapsed["coverage"]["value"] < 0.3 and real["coverage"]["value"] > 0.8
