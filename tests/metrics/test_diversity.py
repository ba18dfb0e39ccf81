"""Diversity by MS-SSIM, on sets whose variety is known."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from helpers.errors import CourseError
from helpers.metrics.diversity import diversity, most_alike, plot, similarity


def pictures(n, size=32, seed=0):
    """n covers that differ: soft stripes of random direction, width and colours, uint8 [n, size, size, 3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size][..., None] / size
    across, down, start = rng.uniform(-15, 15, (3, n, 1, 1, 3))
    images = 128 + 90 * np.sin(across * x + down * y + start) + rng.normal(0, 10, (n, size, size, 3))
    return images.clip(0, 255).astype(np.uint8)


def few(kinds, n, size=32, seed=0):
    """n covers of which each is one of a few, in equal shares."""
    return pictures(kinds, size, seed)[np.arange(n) % kinds]


@pytest.mark.parametrize("size", [32, 64])
def test_similarity_is_ms_ssim_at_256_pixels(size):
    a, b = pictures(5, size), pictures(5, size, seed=1)
    b = (0.3 * b + 0.7 * a).astype(np.uint8)
    larger = [tf.clip_by_value(tf.image.resize(x, (256, 256), "bicubic"), 0, 255) for x in (a, b)]
    np.testing.assert_allclose(similarity(a, b), tf.image.ssim_multiscale(*larger, 255), atol=1e-4)


def test_similarity_of_each_pair_does_not_depend_on_the_others():
    a, b = pictures(37), pictures(37, seed=1)
    seen = []
    whole = similarity(a, b, progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_allclose(whole[30:33], similarity(a[30:33], b[30:33]), atol=1e-5)
    assert seen[-1] == (37, 37) and seen == sorted(seen)


def test_varied_collapsed_and_noisy_genres_are_told_apart():
    reals = {"rock": pictures(60), "jazz": pictures(60, seed=1), "pop": pictures(60, seed=2)}
    noise = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), np.uint8)
    found = diversity({"rock": pictures(60, seed=3), "jazz": few(2, 60), "pop": noise}, reals, pairs=30)
    assert {name: scores["as_diverse"] for name, scores in found["genres"].items()} == {
        "rock": True,
        "jazz": False,
        "pop": True,  # which is why this number is never read alone
    }
    assert found["as_diverse"] == pytest.approx(2 / 3)
    genres = found["genres"].values()
    assert found["value"] == pytest.approx(np.mean([scores["fake"]["value"] for scores in genres]))
    assert found["floor"] == pytest.approx(np.mean([scores["real"]["value"] for scores in genres]))
    assert json.loads(json.dumps(found)) == found


def test_one_cover_again_and_again_scores_one_without_doubt():
    found = diversity({"rock": few(1, 40)}, {"rock": pictures(40)}, pairs=20)
    assert found["genres"]["rock"]["fake"] == pytest.approx({"value": 1, "low": 1, "high": 1, "pairs": 20}, abs=1e-5)


def test_value_and_interval_of_two_covers_are_those_of_a_toss():
    """Half of the pairs are equal and score 1, the others score what the two covers do."""
    two = few(2, 400)
    fake = diversity({"rock": two}, {"rock": pictures(20)}, pairs=200)["genres"]["rock"]["fake"]
    apart = float(similarity(two[:1], two[1:2])[0])
    share = (fake["value"] - apart) / (1 - apart)
    assert share == pytest.approx(0.5, abs=0.11)  # three standard deviations
    error = 1.96 * np.sqrt(share * (1 - share) / 200) * (1 - apart)
    assert fake["high"] - fake["value"] == pytest.approx(error, rel=0.15)
    assert fake["value"] - fake["low"] == pytest.approx(error, rel=0.15)


def test_every_cover_is_in_one_pair():
    """Of forty covers one is odd, so that exactly one of twenty pairs is not of equals."""
    covers, odd = few(1, 40), pictures(1, seed=9)
    apart = float(similarity(covers[:1], odd)[0])
    covers[17] = odd[0]
    for seed in range(3):
        fake = diversity({"rock": covers}, {"rock": pictures(25)}, pairs=200, seed=seed)["genres"]["rock"]["fake"]
        assert fake["pairs"] == 20
        assert fake["value"] == pytest.approx((19 + apart) / 20, abs=1e-5)


def test_a_genre_and_a_seed_give_the_same_whatever_else_is_asked():
    reals, fakes = ({name: pictures(24, seed=s + k) for k, name in enumerate(("rock", "jazz"))} for s in (0, 5))
    both = diversity(fakes, reals, seed=2)["genres"]["jazz"]
    alone = diversity({"jazz": fakes["jazz"]}, {"jazz": reals["jazz"]}, seed=2)["genres"]["jazz"]
    assert both == alone
    assert diversity({"jazz": fakes["jazz"]}, {"jazz": reals["jazz"]}, seed=3)["genres"]["jazz"] != alone


def test_progress_ends_at_the_number_of_pairs():
    seen = []
    covers = {"rock": pictures(40), "jazz": pictures(30)}
    diversity(covers, covers, pairs=18, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen) and seen[-1] == (66, 66)


@pytest.mark.parametrize(
    "fakes, reals, said",
    [
        ({}, {}, "at least one"),
        ({"rock": pictures(20)}, {"rock": pictures(20), "jazz": pictures(20)}, "not on both sides: jazz"),
        ({"rock": pictures(19)}, {"rock": pictures(20)}, "19 generated rock covers are too few"),
        ({"rock": pictures(20)}, {"rock": pictures(20, size=16)}, "16, 32"),
        ({"rock": pictures(20) / 255}, {"rock": pictures(20)}, "generated rock covers must be a uint8"),
    ],
)
def test_wrong_input_is_told_in_one_sentence(fakes, reals, said):
    with pytest.raises(CourseError, match=said):
        diversity(fakes, reals)


def test_pairs_must_fit_each_other():
    with pytest.raises(CourseError, match="as many on one side"):
        similarity(pictures(3), pictures(2))
    with pytest.raises(CourseError, match="uint8"):
        similarity(pictures(3) / 255, pictures(3) / 255)


# The most alike


def varied(cover, seed):
    """The same cover, a little darker and noisier."""
    noise = np.random.default_rng(seed).normal(0, 6, cover.shape)
    return (0.85 * cover + noise).clip(0, 255).astype(np.uint8)


def test_planted_variants_are_found_among_three_hundred():
    covers = pictures(300, seed=6)
    planted = {(10, 250), (40, 41), (99, 298), (120, 7)}
    for k, (original, copy) in enumerate(planted):
        covers[copy] = varied(covers[original], k)
    found = most_alike(covers, count=4)
    assert {(i, j) for i, j, _ in found} == {tuple(sorted(pair)) for pair in planted}
    values = [value for *_, value in found]
    assert values == sorted(values, reverse=True)
    for i, j, value in found:
        assert similarity(covers[[i]], covers[[j]])[0] == pytest.approx(value, abs=1e-5)


def test_no_cover_is_shown_twice():
    covers = pictures(60, seed=7)
    covers[:30] = covers[0]
    covers[31] = varied(covers[30], 0)
    found = most_alike(covers, count=16)
    shown = [k for i, j, _ in found for k in (i, j)]
    assert len(shown) == len(set(shown))
    assert all(i < j for i, j, _ in found)
    assert (30, 31) in {(i, j) for i, j, _ in found}


def test_two_covers_are_a_pair_and_one_is_none():
    ((i, j, value),) = most_alike(pictures(2), count=5)
    assert (i, j) == (0, 1) and 0 <= value < 1
    with pytest.raises(CourseError, match="at least two"):
        most_alike(pictures(1))


# The picture


def test_the_plot_shows_every_genre_where_its_numbers_are():
    scores = {"rock": (0.3, 0.1), "jazz": (0.1, 0.2)}
    genres = {
        name: {
            side: {"value": value, "low": value - 0.05, "high": value + 0.06}
            for side, value in zip(("fake", "real"), values, strict=True)
        }
        for name, values in scores.items()
    }
    (axes,) = plot({"genres": genres}).axes
    for name, (fake, real) in scores.items():
        (label,) = [text for text in axes.texts if text.get_text() == name]
        assert label.xy == (real, fake)
    bars = [bar for container in axes.containers for bar in container.lines[2]]
    assert np.ptp(bars[0].get_segments()[0], axis=0) == pytest.approx([0.11, 0])
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert dashed[0].get_ydata()[0] == 0.2
    assert "real" in axes.get_xlabel() and "fake" in axes.get_ylabel()
    assert axes.get_xlim() == axes.get_ylim()


@pytest.mark.real_data
def test_a_quarter_of_repeated_real_covers_is_noticed(real_data):
    paths = sorted((real_data / "covers" / "images").glob("*/*.jpg"))
    drawn = np.random.default_rng(0).permutation(len(paths))[:400]
    covers = np.stack([np.asarray(Image.open(paths[i]).convert("RGB").resize((32, 32))) for i in drawn])
    collapsed = covers[:200].copy()
    collapsed[:100] = collapsed[0]
    fakes = {"whole": covers[:200], "half of it one cover": collapsed}
    found = diversity(fakes, dict.fromkeys(fakes, covers[200:]), pairs=100)["genres"]
    assert found["whole"]["as_diverse"] and not found["half of it one cover"]["as_diverse"]
