"""The judge of genres on covers whose genre can be seen, or cannot; its scores against calculations by hand."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.metrics import confusion_matrix, log_loss

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.metrics import conditioning_plots
from helpers.metrics.conditioning import Judge, calibration_error, describe, fit_on, genre_scores, reliability, worn
from helpers.metrics.features import extract
from helpers.records import Record

SIZE = 32
GENRES = ("jazz", "metal", "pop")


def pictures(genres, seed, noise=40):
    """Covers of which the genre can be seen: jazz is a disc, metal bars in the same greys, pop a disc in colour."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE - 0.5
    images = np.empty((len(genres), SIZE, SIZE, 3))
    for image, genre in zip(images, genres, strict=True):
        shift = rng.uniform(-0.2, 0.2, 2)
        shape = np.sin(20 * (x - shift[0])) > 0 if genre == "metal" else np.hypot(x - shift[0], y - shift[1]) < 0.3
        image[:] = np.where(shape[..., None], rng.uniform(140, 200), rng.uniform(60, 110))
        if genre == "pop":
            image *= rng.uniform([1.0, 0.5, 0.5], [1.3, 0.8, 0.8])
    return (images + rng.normal(0, noise, images.shape)).clip(0, 255).astype(np.uint8)


def drawn(n, seed):
    """n covers and their genres, each genre about equally often."""
    genres = np.random.default_rng([seed, 1]).choice(GENRES, n)
    return pictures(genres, seed), genres


@pytest.fixture(scope="module")
def covers():
    """Covers to learn from, to stop by, to measure on; described."""
    parts = {name: drawn(n, seed) for seed, (name, n) in enumerate({"learn": 240, "stop": 90, "test": 240}.items())}
    return {name: (images, genres, describe(images)) for name, (images, genres) in parts.items()}


@pytest.fixture(scope="module")
def judge(covers):
    (images, genres, _), (stop_images, stop_genres, _) = covers["learn"], covers["stop"]
    return Judge.fit(images, genres, stop_images, stop_genres)


# Learning


def test_it_tells_apart_what_differs_in_shape_or_in_colour(judge, covers):
    images, genres, _ = covers["test"]
    assert judge.genres == GENRES
    scores = genre_scores(judge.probabilities(images), genres, judge.genres)
    assert scores["low"] > 0.9
    assert min(row[k] / sum(row) for k, row in enumerate(scores["confusion"])) > 0.8


def test_permuted_labels_raise_its_loss_and_leave_it_at_chance_and_unsure(judge, covers):
    rng = np.random.default_rng(0)
    (_, genres, learn), (_, stop_genres, stop), (_, test_genres, test) = covers.values()
    fooled = Judge.fit_features(learn, rng.permutation(genres), stop, rng.permutation(stop_genres))
    opinions = {name: j.probabilities_of_features(test) for name, j in {"true": judge, "permuted": fooled}.items()}
    losses = {name: log_loss(test_genres, opinion, labels=GENRES) for name, opinion in opinions.items()}
    assert losses["true"] < 0.4 < math.log(3) - 0.1 < losses["permuted"]
    # 1/3 within four standard deviations; and it knows that it knows nothing, for training was stopped at once.
    assert abs((np.array(GENRES)[opinions["permuted"].argmax(1)] == test_genres).mean() - 1 / 3) < 4 * math.sqrt(
        2 / 9 / len(test)
    )
    assert opinions["permuted"].max(axis=1).mean() < 0.5 < 0.8 < opinions["true"].max(axis=1).mean()


def test_held_out_covers_that_are_all_wrong_stop_it_at_once(judge, covers):
    (_, genres, learn), (_, stop_genres, stop), (_, _, test) = covers.values()
    turned = np.roll(GENRES, 1)[np.searchsorted(GENRES, stop_genres)]
    stopped = Judge.fit_features(learn, genres, stop, turned)
    assert (
        stopped.probabilities_of_features(test).max(axis=1).mean()
        < 0.7 * judge.probabilities_of_features(test).max(axis=1).mean()
    )


def test_the_same_covers_and_seed_give_the_same_judge(judge, covers, tmp_path):
    (images, genres, _), (stop_images, stop_genres, _), (test_images, _, test) = covers.values()
    expected = judge.probabilities(test_images)
    np.testing.assert_array_equal(judge.probabilities_of_features(test), expected)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    again = Judge.fit(mapped, list(genres), stop_images, list(stop_genres))
    np.testing.assert_array_equal(again.probabilities_of_features(test), expected)
    other = Judge.fit(images, genres, stop_images, stop_genres, seed=1)
    assert (other.probabilities_of_features(test) != expected).any()


def test_it_learns_from_covers_and_worn_copies_so_wear_does_not_fool_it(judge, covers):
    (_, genres, learn), (_, stop_genres, stop), (test_images, test_genres, _) = covers.values()
    spared = Judge.fit_features(learn, genres, stop, stop_genres)
    copies = worn(test_images, np.random.default_rng(0))
    losses = [log_loss(test_genres, j.probabilities(copies), labels=GENRES) for j in (judge, spared)]
    assert losses[0] < 0.2 and losses[0] < 0.7 * losses[1]


def test_worn_copies_are_blurred_and_noisy():
    rng = np.random.default_rng(0)
    plain = np.full((50, 32, 32, 3), 120, np.uint8)
    assert 3 < worn(plain, rng).std(axis=(1, 2, 3)).mean() < 9  # the noise alone: half of 12 levels, on average
    halves = plain.copy()
    halves[:, :, 16:] = 220
    copies = worn(halves, rng).astype(float).mean(axis=(1, 3))  # along a column, noise averages out
    slopes = np.abs(np.diff(copies, axis=1)).max(axis=1)  # 100 across an edge
    assert slopes.max() < 90 and slopes.min() > 10
    np.testing.assert_allclose(copies[:, [0, -1]].mean(axis=0), [120, 220], atol=2)
    assert len(np.unique(copies, axis=0)) == 50


def test_probabilities_are_of_each_cover_alone(judge, covers):
    images = covers["test"][0][:40]
    opinions = judge.probabilities(images)
    assert opinions.shape == (40, 3) and opinions.dtype == np.float32
    np.testing.assert_allclose(opinions.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(judge.probabilities(images[7:9]), opinions[7:9], atol=1e-5)


def test_two_genres_are_enough(covers):
    (_, genres, learn), (_, stop_genres, stop), (_, test_genres, test) = covers.values()
    two, stop_two, test_two = (np.isin(names, GENRES[:2]) for names in (genres, stop_genres, test_genres))
    judge = Judge.fit_features(learn[two], genres[two], stop[stop_two], stop_genres[stop_two])
    opinions = judge.probabilities_of_features(test[test_two])
    assert opinions.shape == (test_two.sum(), 2)
    assert genre_scores(opinions, test_genres[test_two], judge.genres)["accuracy"] > 0.9


def test_progress_counts_the_covers_of_both_parts():
    (images, genres), (stop_images, stop_genres) = drawn(70, 8), drawn(10, 9)
    seen = []
    Judge.fit(images, genres, stop_images, stop_genres, progress=lambda *numbers: seen.append(numbers))
    assert seen == sorted(seen) and seen[-1] == (160, 160) and {total for _, total in seen} == {160}


# What it looks at


@pytest.mark.parametrize("size", [16, 18])
def test_a_description_is_features_layout_and_palette(size):
    images = np.random.default_rng(size).integers(0, 256, (5, size, size, 3)).astype(np.uint8)
    images[0] = (255, 0, 128)
    features = extract(images)
    rows = describe(images)
    np.testing.assert_array_equal(describe(images, features), rows)
    np.testing.assert_allclose(rows[:, :1280] ** 2, features, rtol=1e-5)
    edges = [k * size // 4 for k in range(5)]
    for image, row in zip(images, rows, strict=True):
        squares = [
            image[top:bottom, left:right].mean((0, 1)) / 255
            for top, bottom in zip(edges, edges[1:], strict=False)
            for left, right in zip(edges, edges[1:], strict=False)
        ]
        np.testing.assert_allclose(row[1280:1328], np.ravel(squares), rtol=1e-5)
        counts = np.histogramdd(image.reshape(-1, 3), bins=[np.arange(7) * 256 / 6] * 3)[0]
        np.testing.assert_allclose(row[1328:] ** 2, counts.ravel() / size**2, rtol=1e-5)
    assert np.flatnonzero(rows[0, 1328:]).tolist() == [5 * 36 + 0 * 6 + 3]


# Scores


@st.composite
def opinions(draw):
    """Probabilities [N, G], what was asked for [N], and names."""
    count, classes = draw(st.integers(1, 60)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    names = [f"g{k}" for k in rng.permutation(classes)]  # not in alphabetical order
    return rng.dirichlet(np.full(classes, 0.5), count), rng.choice(names, count), names


@given(opinions())
def test_scores_equal_scikit_learns_wilsons_formula_and_a_loop_over_bins(given_opinions):
    probabilities, asked, names = given_opinions
    scores = genre_scores(probabilities, asked, names)
    named = np.array(names)[probabilities.argmax(axis=1)]
    assert scores["genres"] == names
    assert scores["confusion"] == confusion_matrix(asked, named, labels=names).tolist()
    assert scores["accuracy"] == pytest.approx(np.mean(named == asked))

    n, p, z = len(asked), np.mean(named == asked), 1.959963984540054
    centre, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert scores["low"] == pytest.approx((centre - half) / (1 + z**2 / n), abs=1e-9)
    assert scores["high"] == pytest.approx((centre + half) / (1 + z**2 / n), abs=1e-9)

    sure, error = probabilities.max(axis=1), 0.0
    for k in range(10):
        inside = (sure >= k / 10) & ((sure < (k + 1) / 10) | (k == 9))
        if inside.any():
            error += inside.mean() * abs((named == asked)[inside].mean() - sure[inside].mean())
    assert scores["calibration_error"] == pytest.approx(error)
    assert json.loads(json.dumps(scores)) == scores


def test_rows_are_what_was_asked_for_and_columns_what_was_seen():
    certain = np.eye(3)[[0, 0, 1, 2, 2]]
    scores = genre_scores(certain, ["pop", "rock", "rock", "rock", "jazz"], ("pop", "rock", "jazz"))
    assert scores["confusion"] == [[1, 0, 0], [1, 1, 1], [0, 0, 1]]
    assert scores["accuracy"] == pytest.approx(3 / 5)


def test_calibration_error_by_hand():
    # Two covers at 0.65 and 0.75, one of them right in each bin of its own; four at 0.95, three of them right.
    confidence = np.array([0.65, 0.75, 0.95, 0.95, 0.95, 0.95])
    bins = reliability(confidence, np.array([True, False, True, True, True, False]))
    np.testing.assert_allclose(bins, [[0.65, 1, 1], [0.75, 0, 1], [0.95, 0.75, 4]])
    assert calibration_error(bins) == pytest.approx((0.35 + 0.75 + 4 * 0.2) / 6)
    assert calibration_error(reliability(np.ones(4), np.ones(4, bool))) == 0


def test_opinions_that_mean_what_they_say_are_calibrated():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 20_000)
    truth = [rng.choice(GENRES, p=row) for row in probabilities]
    assert genre_scores(probabilities, truth, GENRES)["calibration_error"] < 0.02
    sharpened = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert genre_scores(sharpened, truth, GENRES)["calibration_error"] > 0.15


def test_the_pictures_show_the_scores(judge, covers):
    images, genres, _ = covers["test"]
    scores = {
        "fakes": genre_scores(judge.probabilities(images[::-1]), genres, judge.genres),
        "real covers": genre_scores(judge.probabilities(images), genres, judge.genres),
    }
    left, right = conditioning_plots.confusions(scores).axes
    assert [label.get_text() for label in left.get_xticklabels()] == list(GENRES)
    assert right.get_title() == f"real covers: {scores['real covers']['accuracy']:.0%} right"
    counts = np.array(scores["fakes"]["confusion"])
    np.testing.assert_allclose(left.images[0].get_array(), 100 * counts / counts.sum(axis=1, keepdims=True))
    (axes,) = conditioning_plots.reliability_curves(scores).axes
    assert len(axes.get_legend().get_texts()) == 2
    with pytest.raises(CourseError, match="at least one"):
        conditioning_plots.confusions({})


# From a CoverSet


def by_artists(path, artist_of, n=240, seed=0):
    """A set in which a cover shows nothing but who made it, and artists were given genres by lot."""
    rng = np.random.default_rng(seed)
    genres, patterns = rng.choice(GENRES[:2], n), rng.integers(0, 256, (n, 4, 4, 3))

    def made():
        for i in range(n):
            artist = artist_of(i)
            image = np.kron(patterns[artist], np.ones((8, 8, 1))) + rng.normal(0, 4, (SIZE, SIZE, 3))
            name = f"artist {artist}"
            record = Record("handmade", str(i), artist=name, title=str(i), genres=(str(genres[artist]),))
            yield record, image.clip(0, 255).astype(np.uint8)

    return CoverSet.build(made(), path, SIZE, merge=False, origin=f"by {n} artists {seed}")


def test_no_artist_is_on_both_sides_so_knowing_artists_does_not_help(tmp_path):
    covers = by_artists(tmp_path / "set", lambda i: i // 6, n=480)
    judge, held_out = fit_on(covers)
    others = set(covers.table["source_id"]) - set(held_out.table["source_id"])
    rest = covers.table[covers.table["source_id"].isin(others)]
    assert 0.15 < len(held_out) / len(covers) < 0.25
    assert not set(held_out.table["artist"]) & set(rest["artist"])
    accuracy = genre_scores(judge.probabilities(held_out[:]), held_out.genres, judge.genres)["accuracy"]
    # Split without a thought, the same covers are read well: that accuracy would be worth nothing.
    rows = np.random.default_rng(0).permutation(len(covers))
    learn, stop, test = (np.sort(part) for part in np.split(rows, [340, 380]))
    careless = Judge.fit(covers[learn], covers.genres[learn], covers[stop], covers.genres[stop])
    fooled = genre_scores(careless.probabilities(covers[test]), covers.genres[test], careless.genres)["accuracy"]
    assert fooled > 0.85 and accuracy < 0.75


def labelled(path, genres, artists=None):
    """A set of drawn covers with these genres; None for an unknown one."""
    images = pictures([genre or "jazz" for genre in genres], seed=5)
    records = [
        Record("handmade", str(i), artist=artists[i] if artists else "", genres=(genre,) if genre else ())
        for i, genre in enumerate(genres)
    ]
    return CoverSet.build(zip(records, images, strict=True), path, SIZE, merge=False, origin=f"{len(genres)} covers")


def test_unknown_and_rare_genres_are_left_out_and_the_seed_decides_who_is_held_out(tmp_path):
    covers = labelled(tmp_path / "set", ["jazz", "pop", "metal"] * 60 + [None] * 30 + ["polka"] * 4)
    judge, held_out = fit_on(covers)
    assert judge.genres == GENRES and set(held_out.genres) == set(GENRES)
    assert genre_scores(judge.probabilities(held_out[:]), held_out.genres, judge.genres)["accuracy"] > 0.7
    again, same = fit_on(covers)
    np.testing.assert_array_equal(again.probabilities(covers[:20]), judge.probabilities(covers[:20]))
    assert same.hash == held_out.hash != fit_on(covers, seed=1)[1].hash
    two, held_out = fit_on(covers, genres=("metal", "pop"))
    assert two.genres == ("metal", "pop") and set(held_out.genres) == {"metal", "pop"}
    with pytest.raises(CourseError, match="4 covers|Only .* polka"):
        fit_on(covers, genres=("pop", "polka"))
    for genres in (("pop",), ("waltz",)):
        with pytest.raises(CourseError, match="two"):
            fit_on(covers, genres=genres)


# What is refused


@pytest.mark.parametrize(
    "genres, stop_genres, message",
    [
        (["pop"] * 19, ["pop"] * 5, "19 genres for 20 covers"),
        (["pop"] * 10 + ["jazz"] * 10, ["pop"] * 4, "4 genres for 5 held-out covers"),
        (["pop"] * 20, ["pop"] * 5, "All covers are pop; a judge needs two"),
        (["pop"] * 16 + ["jazz"] * 4, ["pop"] * 5, "Only 4 of the covers to learn from are jazz"),
        (["pop"] * 10 + ["jazz"] * 10, ["pop"] * 4 + ["waltz"], "waltz is none that the judge knows.*jazz, pop"),
    ],
)
def test_covers_that_nothing_can_be_learnt_from(genres, stop_genres, message):
    rows = np.random.default_rng(0).random((25, 6), np.float32)
    with pytest.raises(CourseError, match=message):
        Judge.fit_features(rows[:20], genres, rows[20:], stop_genres)


def test_nothing_held_out():
    images, genres = drawn(40, 0)
    with pytest.raises(CourseError, match="no held-out covers"):
        Judge.fit(images, genres, images[:0], genres[:0])


@pytest.mark.parametrize(
    "shape, asked, message",
    [
        ((3, 3), ["pop", "rock", "jazz"], r"shape \[N, 2\]"),
        ((3,), ["pop", "rock", "pop"], r"shape \[N, 2\]"),
        ((3, 2), ["pop", "rock"], "2 genres for 3 covers"),
        ((0, 2), [], "no covers"),
        ((3, 2), ["pop", "rock", "polka"], "polka is none that the judge knows"),
    ],
)
def test_scores_of_what_does_not_fit(shape, asked, message):
    with pytest.raises(CourseError, match=message):
        genre_scores(np.ones(shape), asked, ("pop", "rock"))


def test_images_that_are_none(judge):
    with pytest.raises(CourseError, match="uint8"):
        judge.probabilities(np.zeros((2, 8, 8, 3)))
    with pytest.raises(CourseError, match="3 features for 2 images"):
        describe(np.zeros((2, 8, 8, 3), np.uint8), np.zeros((3, 1280), np.float32))


# Real covers


@pytest.mark.real_data
def test_on_real_covers_it_does_better_than_naming_the_commonest_genre(real_data):
    images, genres = [], []
    for genre in ("ambient", "country", "metal"):
        for path in sorted((real_data / "covers" / "images" / genre).glob("*.jpg"))[:300]:
            images.append(np.asarray(Image.open(path).convert("RGB").resize((SIZE, SIZE))))
            genres.append(genre)
    images, genres = np.stack(images), np.array(genres)
    learn, stop, test = np.split(np.random.default_rng(0).permutation(len(images)), [600, 680])
    judge = Judge.fit(images[learn], genres[learn], images[stop], genres[stop])
    scores = genre_scores(judge.probabilities(images[test]), genres[test], judge.genres)
    assert scores["low"] > 0.42
    assert scores["calibration_error"] < 0.15
