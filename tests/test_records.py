"""Records: nothing is lost on the way through `records.jsonl`, and a crash costs one line at most."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES, ML_USES, RECORDS_FILE, Record, append_records, read_records

text = st.text(max_size=20) | st.sampled_from(["방탄소년단", "에스파", "Björk\u2028", '"\\\n\r\t', "🎵"])
number = st.floats(-1e6, 1e6)
records = st.builds(
    Record,
    source=text,
    source_id=text,
    artist=text,
    title=text,
    year=st.none() | st.integers(1, 9999),
    genres=st.lists(text, max_size=3).map(tuple),
    cover_path=text,
    licence=text,
    ml_use=st.sampled_from(ML_USES),
    features=st.dictionaries(st.sampled_from(FEATURE_NAMES), number | st.just(math.nan)),
)

SOME = [Record("handmade", str(index), artist="아이유", features={"tempo": 92.5}) for index in range(4)]


def same(a: Record, b: Record) -> bool:
    """Equal, unknown features included, which equal nothing by themselves."""
    features = np.array_equal(list(a.features.values()), list(b.features.values()), equal_nan=True)
    return features and replace(a, features={}) == replace(b, features={})


def all_same(found, expected) -> bool:
    found, expected = list(found), list(expected)
    return len(found) == len(expected) and all(map(same, found, expected))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


# One record


@settings(deadline=None)
@given(records)
def test_json_gives_the_record_back(record):
    line = record.to_json()
    assert "\n" not in line
    assert same(Record.from_json(line), record)


def test_json_line_is_readable_and_follows_the_contract():
    record = Record("spotify", "1", "방탄소년단", "봄날", 2017, ("K-Pop", "pop"), features={"energy": 0.82})
    line = record.to_json()
    assert "방탄소년단" in line
    row = json.loads(line, parse_constant=pytest.fail)  # NaN is not JSON
    assert (
        list(row)
        == (
            "source source_id artist title year genres cover_url cover_path sha256 phash licence terms_url ml_use "
            "fetched_at features features_source"
        ).split()
    )
    assert row["genres"] == ["k-pop", "pop"]
    assert row["features"]["energy"] == 0.82 and row["features"]["tempo"] is None and len(row["features"]) == 10


def test_ten_features_have_units_and_ranges():
    assert FEATURE_NAMES == (
        *("popularity", "danceability", "acousticness", "energy", "instrumentalness"),
        *("liveness", "loudness", "speechiness", "tempo", "valence"),
    )
    assert all(feature.low < feature.high and feature.unit for feature in FEATURES)


def test_what_is_not_given_is_unknown():
    record = Record("handmade", "1")
    assert record.year is None and record.genres == () and record.ml_use == "unclear"
    assert all(math.isnan(value) for value in record.features.values()) and len(record.features) == 10


def test_null_means_unknown_and_unknown_keys_are_ignored():
    line = '{"source": "handmade", "source_id": "1", "artist": null, "features": null, "colour_of_vinyl": "red"}'
    assert same(Record.from_json(line), Record("handmade", "1"))


def test_numbers_of_numpy_become_plain_ones():
    record = Record("handmade", "1", year=np.int64(1999), features={"tempo": np.float32(120)})
    assert type(record.year) is int and type(record.features["tempo"]) is float
    assert json.loads(record.to_json())["year"] == 1999


def test_text_that_utf8_cannot_hold_is_escaped():
    """A file name in EUC-KR reaches Python with lone surrogates, which no file in UTF-8 can hold."""
    name = "방탄.jpg".encode("euc-kr").decode("utf-8", "surrogateescape")
    record = Record("folder", name, genres=[name])
    assert record.source_id.encode() and record.source_id.startswith("\\udcb9\\udce6")
    assert same(Record.from_json(record.to_json().encode()), record)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"ml_use": "maybe"}, "ml_use is 'maybe'; it must be one of allowed, unclear, forbidden"),
        ({"features": {"enrgy": 1.0}}, "Unknown audio feature 'enrgy'; the ten are popularity"),
        ({"year": "1999"}, "year is '1999'; it must be a whole number"),
        ({"year": 1999.5}, "year is 1999.5"),
        ({"year": 20260101}, "year is 20260101"),
        ({"genres": "rock"}, "genres is 'rock'; it must be a tuple of tags"),
        ({"artist": 50}, "artist is 50; it must be text"),
    ],
)
def test_wrong_values_are_refused(wrong, complaint):
    with pytest.raises(CourseError, match=complaint):
        Record("handmade", "1", **wrong)


# A file of records


@settings(deadline=None)
@given(st.lists(st.lists(records, max_size=3), max_size=3))
def test_appended_records_are_read_back(folder, portions):
    path = folder / "appended.jsonl"
    path.unlink(missing_ok=True)
    counts = [append_records(path, portion) for portion in portions]
    assert counts == [len(portion) for portion in portions]
    if portions:
        assert all_same(read_records(path), sum(portions, []))


def test_each_record_is_on_disk_before_the_next_is_asked_for(tmp_path):
    path = tmp_path / RECORDS_FILE

    def coming():
        for index, record in enumerate(SOME):
            assert len(list(read_records(path))) == index
            yield record

    assert append_records(path, coming()) == len(SOME)


@settings(deadline=None)
@given(st.data())
def test_torn_last_line_is_dropped_and_cut_off_before_appending(folder, data):
    path = folder / "torn.jsonl"
    path.unlink(missing_ok=True)
    append_records(path, SOME[:3])
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1  # of the last line
    cut = data.draw(st.integers(start, len(whole) - 1), label="cut")
    path.write_bytes(whole[:cut])
    left = SOME[:3] if cut == len(whole) - 1 else SOME[:2]  # a record that lacks only its newline is whole
    assert all_same(read_records(path), left)
    append_records(path, SOME[3:])
    assert all_same(read_records(path), left + SOME[3:])


def test_torn_line_may_be_long_or_the_only_one(tmp_path):
    path = tmp_path / RECORDS_FILE
    long = replace(SOME[0], title="가" * 100_000)
    for before in ([], SOME[:1]):
        path.unlink(missing_ok=True)
        append_records(path, [*before, long])
        path.write_bytes(path.read_bytes()[:-50])
        assert all_same(read_records(path), before)
        append_records(path, SOME[1:])
        assert all_same(read_records(path), before + SOME[1:])


def test_file_written_by_hand_on_windows_is_read(tmp_path):
    path = tmp_path / RECORDS_FILE
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(record.to_json().encode() for record in SOME))
    assert all_same(read_records(path), SOME)


@pytest.mark.parametrize(
    "damage", [b"{", b"", b"[]", b'{"source": "x"}', b'{"source": "x", "source_id": 7}', b"\xff\xfe", b"null"]
)
def test_damaged_line_in_the_middle_is_named(tmp_path, damage):
    path = tmp_path / RECORDS_FILE
    append_records(path, SOME)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:2], damage, *lines[2:]]) + b"\n")
    with pytest.raises(CourseError, match=r"records\.jsonl, line 3 is not a record \(.+\); delete that line\.$"):
        list(read_records(path))


def test_missing_file_is_told(tmp_path):
    with pytest.raises(CourseError, match="cannot be read: No such file"):
        list(read_records(tmp_path / RECORDS_FILE))


def test_folder_that_is_missing_cannot_be_appended_to(tmp_path):
    with pytest.raises(CourseError, match="cannot be written: No such file"):
        append_records(tmp_path / "nowhere" / RECORDS_FILE, SOME)
