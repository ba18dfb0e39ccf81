"""A reader's own table of audio features: its spellings, its mistakes, and the means of albums."""

import csv
import math
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES, Record
from helpers.sources.feature_table import Row, album_features, album_means, read_features
from helpers.sources.features import mean

TRACK, ALBUM = "4uLU6hMCjMI75M1A2tKUQC", "6egaEe9JaULuUCkihSnYlH"


def table(tmp_path, text: str, encoding="utf-8"):
    path = tmp_path / "features.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "header",
    [
        "track_id,album_id,danceability,tempo",
        "spotify_track_id,spotify_album_id,spotify_track_danceability,spotify_track_tempo",
        "Track ID,Album ID,Danceability,TEMPO",
        "track_uri,track_album_id,track_danceability,track.tempo",
        "id,album_uri,audio_features.danceability,audio_features.tempo",
    ],
)
def test_columns_are_found_under_the_names_that_tables_use(tmp_path, header):
    rows = read_features(table(tmp_path, f"{header}\n{TRACK},{ALBUM},0.5,120\n"))
    assert rows == [Row({"danceability": 0.5, "tempo": 120.0}, track_id=TRACK, album_id=ALBUM)]


@pytest.mark.parametrize(
    "written", [TRACK, f"spotify:track:{TRACK}", f"https://open.spotify.com/track/{TRACK}?si=1", f" {TRACK} "]
)
def test_an_id_may_come_as_a_link(tmp_path, written):
    assert read_features(table(tmp_path, f"track_uri,energy\n{written},1\n"))[0].track_id == TRACK


def test_of_several_names_the_first_in_the_list_is_meant(tmp_path):
    text = "title,album_title,artists,album_artist,track_artist,energy\nFire,Young Forever,a & b,BTS,c,0.9\n"
    assert read_features(table(tmp_path, text)) == [Row({"energy": 0.9}, artist="BTS", album="Young Forever")]


def test_columns_of_other_things_are_ignored(tmp_path):
    text = f"track_id,track_name,key,mode,artist_popularity,energy,energy_band\n{TRACK},불타오르네,5,1,12,0.9,x\n"
    assert read_features(table(tmp_path, text)) == [Row({"energy": 0.9}, track_id=TRACK)]


@pytest.mark.parametrize("cell", ["", " ", "NA", "N/A", "nan", "NULL", "None"])
def test_empty_cells_are_unknown(tmp_path, cell):
    assert read_features(table(tmp_path, f"id,energy,valence\n{TRACK},{cell},0.5\n"))[0].features == {"valence": 0.5}


def test_excel_writes_a_mark_before_the_first_name_and_quotes_around_hangul(tmp_path):
    text = '\ufeffenergy,artist,album\r\n0.5,"방탄소년단","화양연화, pt.1"\r\n'
    assert read_features(table(tmp_path, text)) == [Row({"energy": 0.5}, artist="방탄소년단", album="화양연화, pt.1")]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_the_ends_of_a_range_are_in_it_and_what_lies_beyond_is_named_with_its_line(tmp_path, feature):
    good = f"id,{feature.name}\na,{feature.low}\nb,{feature.high}\n"
    values = [row.features[feature.name] for row in read_features(table(tmp_path, good))]
    assert values == [feature.low, feature.high]
    for wrong in (feature.low - 0.5, feature.high + 7, "inf", "-inf"):
        with pytest.raises(CourseError, match=rf"line 4: {feature.name} is '{wrong}'.*{feature.unit}") as error:
            read_features(table(tmp_path, f"{good}c,{wrong}\n"))
        assert str(error.value).count(". ") == 0


def test_a_loud_master_may_go_a_little_above_full_scale(tmp_path):
    assert read_features(table(tmp_path, "id,loudness\na,0.878\n"))[0].features == {"loudness": 0.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column of an audio feature"),
        ("id,name\na,b\n", "no column of an audio feature"),
        ("id;energy\na;0,5\n", "separated by commas"),
        ("energy\n0.5\n", "add a column track_id"),
        ("id,energy,track_energy\na,0,0\n", "energy twice, as 'energy' and 'track_energy'"),
        ("id,energy\na,0.5,7\n", "line 2 does not have as many cells"),
        ("id,energy\na,0.5\nb\n", "line 3 does not have as many cells"),
        ("id,energy\na,high\n", "line 2: energy is 'high'; it must be a number from 0 to 1"),
        ('id,energy\n"a\nb",0.5\nc,89\n', "line 4: energy is '89'"),
        ("id,energy\na," + "9" * 200_000 + "\n", "no CSV file"),
    ],
)
def test_mistakes_are_told_in_one_sentence_with_what_to_do(tmp_path, text, message):
    with pytest.raises(CourseError, match=message) as error:
        read_features(table(tmp_path, text))
    assert str(error.value).endswith(".") and "\n" not in str(error.value)


def test_other_encodings_and_missing_files_are_told(tmp_path):
    with pytest.raises(CourseError, match="UTF-8"):
        read_features(table(tmp_path, "artist,album,energy\n방탄소년단,화양연화,0.5\n", encoding="cp949"))
    with pytest.raises(CourseError, match="nowhere.csv cannot be read: No such file"):
        read_features(tmp_path / "nowhere.csv")


def test_an_album_has_the_means_of_its_tracks_feature_by_feature():
    rows = [
        Row({"energy": 0.2, "tempo": 80.0, "loudness": -20.0}, album_id=ALBUM),
        Row({"energy": 0.4, "tempo": 160.0}, album_id=ALBUM),
        Row({"loudness": -4.0}, album_id=ALBUM, artist="BTS", album="Wings"),
        Row({"energy": 0.9}, artist="BTS", album="Wings"),
        Row({"energy": 0.1}, artist="IU", album="Wings"),
        Row({}, artist="IU", album="Palette"),
        Row({"energy": 0.5}, track_id=TRACK, artist="IU"),
    ]
    means = album_means(rows)
    assert means[ALBUM] == {"energy": pytest.approx(0.3), "tempo": 120.0, "loudness": -12.0}
    assert means["BTS", "Wings"] == {"energy": 0.9} and means["IU", "Wings"] == {"energy": 0.1}
    assert means["IU", "Palette"] == {} and len(means) == 4
    assert math.isnan(Record("s", "1", features=means["IU", "Palette"]).features["energy"])


@pytest.mark.parametrize(
    ("artist", "title", "energy"),
    [
        ("bts", "WINGS!", 0.9),
        ("I.U", "Palette", 0.1),
        ("소녀시대", "Hoot", 0.4),  # one of the two names that the table gives
        ("Girls' Generation", "훗", 0.4),
        ("IU", "Wings", None),
        ("", "Wings", None),
        ("BTS", "", None),
        ("", "", None),
        ("", "Nobody's", None),
    ],
)
def test_albums_are_found_by_their_names_as_they_are_compared_everywhere(artist, title, energy):
    rows = [
        Row({"energy": 0.9}, artist="BTS", album="Wings"),
        Row({"energy": 0.1}, artist="IU", album="Palette"),
        Row({"energy": 0.4}, artist="Girls' Generation (소녀시대)", album="훗 (Hoot)"),
        Row({"energy": 0.7}, album="Nobody's"),
    ]
    found = album_features(rows)(Record("deezer", "302127", artist=artist, title=title))
    assert found == ({} if energy is None else {"energy": energy})


def test_an_id_counts_for_more_than_a_name():
    rows = [
        Row({"energy": 0.2}, album_id=ALBUM, artist="BTS", album="Wings"),
        Row({"energy": 0.6}, album_id="another", artist="BTS", album="Wings"),
    ]
    features_of = album_features(iter(rows))
    assert features_of(Record("spotify", ALBUM, artist="BTS", title="Wings")) == {"energy": 0.2}
    assert features_of(Record("musicbrainz", "x", artist="BTS", title="WINGS")) == {"energy": pytest.approx(0.4)}
    assert features_of(Record("musicbrainz", "x", artist="BTS", title="Proof")) == {}


values = {feature.name: st.floats(feature.low, feature.high) | st.just(math.nan) for feature in FEATURES}
tracks = st.lists(st.fixed_dictionaries({}, optional=values), max_size=8)


@given(tracks, st.randoms(use_true_random=False))
def test_a_mean_lies_within_its_tracks_and_does_not_depend_on_their_order(tracks, chance):
    means = mean(tracks)
    for name in FEATURE_NAMES:
        known = [track[name] for track in tracks if not math.isnan(track.get(name, math.nan))]
        assert (name in means) == bool(known)
        if known:
            assert means[name] == pytest.approx(sum(known) / len(known), abs=1e-9)
            assert min(known) - 1e-9 <= means[name] <= max(known) + 1e-9
    assert mean(chance.sample(tracks, len(tracks))) == pytest.approx(means)


@pytest.mark.real_data
def test_real_tables_are_read_whole(real_data):
    tables = real_data / "tables"
    if not tables.is_dir():
        pytest.skip("COVERGAN_REAL_DATA has no tables")
    rows = read_features(tables / "spotify_track_features.csv")
    assert len(rows) == 9779
    assert all(len(row.track_id) == 22 and set(row.features) == set(FEATURE_NAMES) - {"popularity"} for row in rows)

    bts = read_features(tables / "bts_track_features.csv")
    assert len(bts) == 444 and sum(bool(row.features) for row in bts) == 421
    with open(tables / "bts_track_features.csv", encoding="utf-8-sig", newline="") as file:
        first = [float(row["spotify_track_tempo"]) for row in csv.DictReader(file) if row["spotify_album_id"] == ALBUM]
    assert album_means(bts)[ALBUM]["tempo"] == pytest.approx(fmean(first))
