"""A score for album covers: it ranks, repeats, survives being saved, and refuses what it cannot judge."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from helpers.curate import CoverScore, make_non_covers, rank
from helpers.errors import CourseError
from helpers.metrics.features import EXTRACTOR
from helpers.sources.synthetic import synthetic_covers

SIZE = 64


def contact_sheets(covers):
    """Each cover and the eight after it, three by three on white: drawn here, not by the module under test."""
    small = np.pad(covers[:, 2:62:3, 2:62:3], ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=255)
    nine = np.stack([np.roll(small, -place, axis=0) for place in range(9)], axis=1)
    rows = nine.reshape(-1, 3, 3, 21, 21, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 63, 63, 3)
    return np.pad(rows, ((0, 0), (1, 0), (1, 0), (0, 0)), constant_values=255)


def small_on_white(covers):
    """Each cover at half its size in the middle of a white page."""
    pages = np.full_like(covers, 255)
    pages[:, SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4] = covers[:, ::2, ::2]
    return pages


@pytest.fixture(scope="module")
def covers():
    return np.stack([image for _, image in synthetic_covers(200, SIZE, seed=3, jobs=1)])


@pytest.fixture(scope="module")
def score(covers):
    return CoverScore.fit(covers[:80], make_non_covers(covers[:80], 400, seed=0))


@pytest.fixture(scope="module")
def crawl(covers):
    """54 covers and, at every tenth place, one of 6 non-covers; and which are non-covers."""
    images = covers[:60].copy()
    images[::10] = small_on_white(covers[60:66])
    return images, np.arange(60) % 10 == 0


@pytest.fixture(scope="module")
def ranking(crawl):
    return rank(crawl[0], seed=1)


@pytest.mark.parametrize(("make", "chance_to_be_below"), [(small_on_white, 0.95), (contact_sheets, 0.8)])
def test_pictures_that_hold_covers_score_below_covers(score, covers, make, chance_to_be_below):
    unseen, others = score(covers[80:140]), score(make(covers[140:200]))
    truth = np.repeat([1, 0], [len(unseen), len(others)])
    assert roc_auc_score(truth, np.concatenate([unseen, others])) > chance_to_be_below


def test_scores_lie_between_0_and_1(score, covers):
    scores = score(covers[:20])
    assert scores.shape == (20,)
    assert np.all((0 <= scores) & (scores <= 1))


def test_pictures_thrown_out_by_hand_can_teach_it(covers):
    """Negatives of photographs are among no made non-covers: only examples can tell."""
    score = CoverScore.fit(covers[:100], 255 - covers[:100])
    truth = np.repeat([1, 0], 100)
    assert roc_auc_score(truth, score(np.concatenate([covers[100:], 255 - covers[100:]]))) > 0.7


def test_rank_puts_most_non_covers_first_without_being_told_which_they_are(crawl, ranking):
    _, is_non_cover = crawl
    order, scores = ranking
    assert sorted(order) == list(range(60))
    assert np.all(np.diff(scores[order]) >= 0)
    assert is_non_cover[order[:12]].sum() >= 5


def test_oblong_pictures_come_first_the_most_oblong_before_the_others(crawl):
    aspects = np.ones(60)
    aspects[[50, 7, 31, 59]] = 16 / 9, 3 / 4, 1.2, 1.05
    order, scores = rank(crawl[0], aspects, seed=1)
    assert list(order[:3]) == [50, 7, 31]
    np.testing.assert_array_equal(order[3:], [i for i in np.argsort(scores, kind="stable") if i not in (50, 7, 31)])


def test_the_same_seed_gives_the_same_ranking_and_another_seed_other_scores(crawl, ranking):
    calls = []
    order, scores = rank(crawl[0], seed=1, progress=lambda *call: calls.append(call))
    np.testing.assert_array_equal(order, ranking[0])
    np.testing.assert_array_equal(scores, ranking[1])
    assert calls == [(60, 60)]
    assert not np.array_equal(rank(crawl[0], seed=2)[1], scores)


def test_made_non_covers_are_the_same_for_one_seed_only(covers):
    first = make_non_covers(covers, 25, seed=4)
    assert first.shape == (25, SIZE, SIZE, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(make_non_covers(covers, 25, seed=4), first)
    assert not np.array_equal(make_non_covers(covers, 25, seed=5), first)


@pytest.mark.parametrize("size", [16, 33, 130])
def test_non_covers_can_be_made_at_any_size_and_none_is_a_cover(size):
    covers = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), np.uint8)
    made = make_non_covers(covers, 40, seed=0)
    assert made.shape == (40, size, size, 3)
    assert not any(np.array_equal(picture, cover) for picture in made for cover in covers)


def test_a_saved_score_is_the_same_bit_for_bit(score, covers, tmp_path):
    score.save(tmp_path / "score.npz")
    loaded = CoverScore.load(tmp_path / "score.npz")
    np.testing.assert_array_equal(loaded.weights, score.weights)
    assert loaded.bias == score.bias
    np.testing.assert_array_equal(loaded(covers[:10]), score(covers[:10]))


def test_files_that_hold_no_score_are_refused(score, tmp_path):
    score.save(tmp_path / "score.npz")
    content = (tmp_path / "score.npz").read_bytes()
    wrong = {"empty": b"", "text": b"no score", "cut": content[: len(content) // 2]}
    for name, data in wrong.items():
        (tmp_path / name).write_bytes(data)
    np.savez(tmp_path / "others.npz", images=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "short.npz", weights=np.zeros(3), bias=0.0, extractor=EXTRACTOR)
    np.savez(tmp_path / "network.npz", weights=score.weights, bias=0.0, extractor="another network")
    np.savez(tmp_path / "pickle.npz", weights=np.array([{}]), bias=0.0, extractor=EXTRACTOR)
    for path in (tmp_path, tmp_path / "missing.npz", *(p for p in tmp_path.iterdir() if p.name != "score.npz")):
        with pytest.raises(CourseError, match="holds no score"):
            CoverScore.load(path)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((30, 64, 64, 3), np.float32),
        np.zeros((30, 64, 64), np.uint8),
        np.zeros((30, 64, 48, 3), np.uint8),
        np.zeros((30, 64, 64, 4), np.uint8),
        np.zeros((30, 8, 8, 3), np.uint8),
        np.zeros((0, 64, 64, 3), np.uint8),
        [[0, 1, 2]],
    ],
)
def test_anything_but_square_uint8_images_is_refused(score, covers, images):
    for use in (
        score,
        rank,
        lambda images: make_non_covers(images, 5, seed=0),
        lambda images: CoverScore.fit(images, covers),
        lambda images: CoverScore.fit(covers, images),
    ):
        with pytest.raises(CourseError, match=r"uint8 \[N, S, S, 3\]"):
            use(images)


def test_a_crawl_of_a_few_pictures_cannot_be_ranked(covers):
    with pytest.raises(CourseError, match="N from 20"):
        rank(covers[:19])


@pytest.mark.parametrize("aspects", [np.ones(3), np.zeros(60), np.full(60, -1.0), np.full(60, np.nan)])
def test_aspects_must_be_those_of_the_images(crawl, aspects):
    with pytest.raises(CourseError, match="width/height of each of the 60 originals"):
        rank(crawl[0], aspects)


def test_at_least_one_non_cover_must_be_asked_for(covers):
    with pytest.raises(CourseError, match="1 or more"):
        make_non_covers(covers, 0, seed=0)
