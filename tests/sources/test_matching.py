"""Whether an album is the one that was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sources.matching import clean, plain, same_name, same_year, spellings


@pytest.mark.parametrize(
    "one, other",
    [
        ("Wings", "WINGS"),
        ("Mr.Mr.", "Mr. Mr."),
        ("Girls' Generation", "Girls’ Generation"),
        ("훗 (Hoot)", "Hoot"),
        ("훗 (Hoot)", "훗"),
        ("Hoot (훗)", "훗 (Hoot)"),
        ("훗", "훗"),  # as syllables and as letters
        ("Hoot - EP", "Hoot"),
        ("The War - The 4th Album", "THE WAR"),
        ("THE WAR – The 4th Album", "The War"),  # an en dash
        ("THE WAR — The 4th Album", "The War – The 4th Album"),  # an em dash
        ("Hoot – EP", "Hoot"),
        ("EX'ACT (Korean version)", "EX’ACT"),
        ("÷", "÷"),
    ],
)
def test_same_names(one, other):
    assert same_name(one, other) and same_name(other, one)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Wings", "Wings (Special Edition)"),
        ("훗", "훗 (Repackage)"),
        ("훗", "훗 (리패키지)"),
        ("Love Me Right (repackage)", "Love Me Right"),
        ("Overdose", "Overdose (Live)"),
        ("The War – The 4th Album Repackage", "The War"),
        ("Take – Two", "Take"),
        ("Love Yourself 承 'Her'", "Love Yourself 轉 'Tear'"),
        ("Exodus (Chinese version)", "Exodus (Korean version)"),
        ("÷", "×"),
        ("", ""),
        ("\0", ""),
    ],
)
def test_other_names(one, other):
    assert not same_name(one, other) and not same_name(other, one)


def test_years_of_one_album():
    assert same_year(2016, 2016) and same_year(2016, 2017) and same_year(None, 2016) and same_year(2016, None)
    assert not same_year(2016, 2018)


def test_both_spellings_are_asked_for():
    assert spellings("미인아 (Bonamana)") == ("미인아", "Bonamana")
    assert spellings("Exodus (Korean version)") == ("Exodus",)
    assert spellings("For Life (Winter Special Album)") == ("For Life (Winter Special Album)",)
    assert spellings(" \n") == ()


@given(st.text())
def test_cleaned_names_can_be_sent_and_stay_clean(name):
    cleaned = clean(name)
    assert cleaned == clean(cleaned) and cleaned.isprintable() == all(c.isprintable() for c in cleaned)
    assert "\0" not in cleaned and "\n" not in cleaned and "  " not in cleaned
    assert same_name(name, name) == bool(plain(name))


def test_what_utf8_cannot_hold_is_written_out():
    assert clean("a\udc80b").encode() == rb"a\udc80b"
