"""Release dates as services write them: year, precision and decade."""

import csv
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.records import Record
from helpers.releases import FIRST_YEAR, Release, release_of, year_of


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("2016-10-10", Release(2016, "day")),
        ("2016-10", Release(2016, "month")),
        ("2016", Release(2016, "year")),
        ("1997-06-16T07:00:00Z", Release(1997, "day")),
        ("1997-06-16T07:00:00.000+09:00", Release(1997, "day")),
        ("2016-00-00", Release(2016, "year")),
        ("2016-10-00", Release(2016, "month")),
        ("2016-00-15", Release(2016, "year")),
        (" 2016-10-10\n", Release(2016, "day")),
        ("2000-02-29", Release(2000, "day")),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(text, release):
    assert release_of(text) == release
    assert year_of(text) == release.year


@pytest.mark.parametrize(
    "text",
    ["", None, "0000", "0000-00-00", "0001-01-01", "2016-13-01", "2016-02-30", "1900-02-29", "2016-1-1", "16",
     "20161010", "10/10/2016", "2016-10-10-10", "2016-", "-2016", "TBA", "２０１６", "2016\0", 2016,
     ["2016"], True, "9" * 10_000],
)  # fmt: skip
def test_what_is_no_date_has_no_year(text):
    assert release_of(text) is None and year_of(text) is None


@pytest.mark.parametrize(
    ("text", "precision", "expected"),
    [
        ("2016-01-01", "year", "year"),
        ("2016-01-01", "month", "month"),
        ("2016-01-01", "day", "day"),
        ("2016", "day", "year"),
        ("2016-01-01", "century", "day"),
        ("2016-01-01", None, "day"),
    ],
)
def test_a_date_is_no_more_precise_than_the_service_says_and_writes(text, precision, expected):
    assert release_of(text, precision) == Release(2016, expected)


@pytest.mark.parametrize(("year", "decade"), [(1970, 1970), (1979, 1970), (1980, 1980), (2000, 2000), (1999, 1990)])
def test_a_decade_goes_by_its_first_year_however_coarse_the_date(year, decade):
    for text in (f"{year}", f"{year}-07", f"{year}-07-31"):
        assert release_of(text).decade == decade


@given(st.dates(min_value=date(FIRST_YEAR, 1, 1)))
def test_every_day_of_the_calendar_is_read(day):
    assert release_of(day.isoformat()) == Release(day.year, "day")


@given(st.text(alphabet="0123456789-T:Z?.", max_size=24))
def test_any_text_gives_a_year_that_a_record_takes_or_none(text):
    assert Record("test", "1", year=year_of(text)).year == year_of(text)


@pytest.mark.real_data
def test_the_dates_of_real_albums_are_all_read(real_data):
    path = real_data / "tables" / "spotify_albums.csv"
    if not path.is_file():
        pytest.skip("COVERGAN_REAL_DATA has no tables/spotify_albums.csv")
    with open(path, encoding="utf-8-sig", newline="") as file:
        dates = [row["release_date"] for row in csv.DictReader(file)]
    assert dates
    assert [str(year_of(date)) for date in dates] == [date[:4] for date in dates]
