"""Rows of numbers that say what to draw, and how often."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan.conditions import Conditions, parse_mixture
from helpers.records import Record

NAMES = ("folk", "jazz", "rock")


def table(*rows):
    genres, years = zip(*rows, strict=True)
    return pd.DataFrame({"genres": [list(names) for names in genres], "year": pd.array(years, pd.Int32Dtype())})


def conditions(**changed):
    # folk: 1970 twice; jazz: 1970 and 1980; rock: 1980 six times; two of unknown genre and decade.
    counts = [[2, 0, 0], [1, 1, 0], [0, 6, 0], [0, 0, 2]]
    return Conditions(**{"genres": NAMES, "decades": (1970, 1980), "counts": counts} | changed)


def test_covers_become_shares_of_their_tags_and_one_decade():
    rows = conditions().encode(
        table((["rock"], 1980), (["jazz", "folk"], 1979), ([], None), (["polka", "jazz"], 2024), (["rock"], None))
    )
    expected = [[0, 0, 1, 0, 1], [0.5, 0.5, 0, 1, 0], [0] * 5, [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]
    np.testing.assert_array_equal(rows, expected)
    assert rows.dtype == np.float32


def test_a_set_tells_its_genres_decades_and_how_often_they_meet(covers):
    found = Conditions.of(covers, ("genre", "decade"), NAMES)
    assert found.genres == ("folk", "jazz", "rock") and found.decades == (1960, 1970, 1980)
    assert found.counts.sum() == len(covers) == 40
    # Every fourth cover is jazz, every fifth of the sixties: they meet in every twentieth.
    assert found.counts[found.genres.index("jazz"), 0] == 2
    # Every fourth is rock and, second, folk: its main genre is rock.
    assert found.counts.sum(axis=1).tolist() == [0, 10, 20, 10]
    assert found.counts[-1].sum() == 10 and found.counts[:, -1].sum() == 8
    again = Conditions(**found.settings)
    assert again.settings == found.settings and len(again) == 6


def test_by_default_it_tells_main_genres_apart(covers):
    assert Conditions.of(covers).genres == ("jazz", "rock")  # folk is never but a second tag


@pytest.mark.parametrize("kinds, length", [(("genre",), 2), (("decade",), 3), (("genre", "decade"), 5)])
def test_one_may_condition_on_either_or_on_both(covers, kinds, length):
    found = Conditions.of(covers, kinds)
    assert len(found) == length and found.encode(covers.table).shape == (40, length)
    assert found.sample(7, np.random.default_rng(0)).shape == (7, length)


def test_what_cannot_be_told_apart_is_refused(covers, tmp_path):
    records = (Record(source="t", source_id=str(k), ml_use="allowed", genres=("rock",)) for k in range(4))
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    one_genre = CoverSet.build(zip(records, images, strict=True), tmp_path / "set", 16)
    with pytest.raises(CourseError, match="have 1 genres"):
        Conditions.of(one_genre)
    with pytest.raises(CourseError, match="have 0 decades"):
        Conditions.of(one_genre, ("decade",))
    with pytest.raises(CourseError, match="mood; choose from genre, decade"):
        Conditions.of(covers, ("mood",))


def frequencies(rows):
    """{(genres, decades): share} of the rows."""
    pairs, counts = np.unique(rows, axis=0, return_counts=True)
    return {tuple(pair): count / len(rows) for pair, count in zip(pairs.tolist(), counts, strict=True)}


def test_what_is_not_asked_for_comes_as_often_as_in_the_training_set():
    n = 20_000
    found = frequencies(conditions().sample(n, np.random.default_rng(0)))
    expected = {
        (1, 0, 0, 1, 0): 2 / 12,
        (0, 1, 0, 1, 0): 1 / 12,
        (0, 1, 0, 0, 1): 1 / 12,
        (0, 0, 1, 0, 1): 6 / 12,
        (0, 0, 0, 0, 0): 2 / 12,
    }
    assert found.keys() == expected.keys()
    for pair, share in expected.items():
        assert abs(found[pair] - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_a_genre_brings_its_own_decades_and_a_decade_its_own_genres():
    n = 10_000
    jazz = frequencies(conditions().sample(n, np.random.default_rng(1), genre="jazz"))
    assert jazz.keys() == {(0, 1, 0, 1, 0), (0, 1, 0, 0, 1)} and abs(jazz[0, 1, 0, 1, 0] - 1 / 2) < 0.02
    seventies = frequencies(conditions().sample(n, np.random.default_rng(1), decade=1970))
    assert seventies.keys() == {(1, 0, 0, 1, 0), (0, 1, 0, 1, 0)} and abs(seventies[1, 0, 0, 1, 0] - 2 / 3) < 0.02


def test_a_mixture_keeps_its_shares_and_takes_decades_from_all_its_genres():
    rows = conditions().sample(10_000, np.random.default_rng(2), genre={"folk": 1, "rock": 3})
    np.testing.assert_allclose(rows[:, :3], np.tile([0.25, 0, 0.75], (10_000, 1)))
    assert abs(rows[:, 3].mean() - 0.25) < 0.02 and abs(rows[:, 4].mean() - 0.75) < 0.02


def test_a_pair_that_the_training_set_never_has_can_be_asked_for():
    np.testing.assert_array_equal(conditions().sample(3, np.random.default_rng(0), "rock", 1970), [[0, 0, 1, 1, 0]] * 3)


@given(n=st.integers(1, 40), more=st.integers(0, 40), seed=st.integers(0, 99))
def test_more_samples_begin_with_the_same_ones(n, more, seed):
    few, many = (conditions().sample(count, np.random.default_rng(seed)) for count in (n, n + more))
    np.testing.assert_array_equal(many[:n], few)


@pytest.mark.parametrize(
    "wanted, said",
    [
        ({"genre": "polka"}, "no genre 'polka'; choose from folk, jazz, rock"),
        ({"genre": {"rock": 1, "polka": 1}}, "no genre 'polka'"),
        ({"genre": {"rock": -1}}, "from 0 up"),
        ({"genre": {"rock": float("nan")}}, "from 0 up"),
        ({"genre": {"rock": 0}}, "from 0 up"),
        ({"genre": {}}, "from 0 up"),
        ({"genre": {"rock": "much"}}, "from 0 up"),
        ({"genre": ["rock"]}, "is no genre"),
        ({"decade": 1930}, "no decade 1930; choose from 1970, 1980"),
    ],
)
def test_what_the_model_does_not_know_is_refused(wanted, said):
    with pytest.raises(CourseError, match=said):
        conditions().sample(2, np.random.default_rng(0), **wanted)


def test_a_model_without_decades_or_genres_says_so():
    with pytest.raises(CourseError, match="not conditioned on decades"):
        conditions(decades=(), counts=[[1]] * 4).sample(2, np.random.default_rng(0), decade=1970)
    with pytest.raises(CourseError, match="not conditioned on genres"):
        conditions(genres=(), counts=[[1, 1, 1]]).sample(2, np.random.default_rng(0), genre="rock")


def test_names_are_those_of_the_largest_share():
    rows = [[0.2, 0.8, 0, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    assert conditions().names(np.array(rows, np.float32)).tolist() == ["jazz", "rock", "unknown"]


def test_mixtures_are_read_as_one_types_them():
    assert parse_mixture("rock") == {"rock": 1}
    assert parse_mixture("rock, jazz") == {"rock": 1, "jazz": 1}
    assert parse_mixture(" rock:0.7,jazz : .3,") == {"rock": 0.7, "jazz": 0.3}


@pytest.mark.parametrize("text", ["", " , ", "rock:loud", ":1", "rock:inf", "rock:nan", "rock:1:2"])
def test_what_is_no_mixture_is_refused(text):
    with pytest.raises(CourseError, match="rock:0.7,jazz:0.3"):
        parse_mixture(text)
