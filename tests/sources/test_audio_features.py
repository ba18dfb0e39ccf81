"""Audio features on their way from a table or a dump to the records of what is collected, against the demo server."""

import csv
import json
import math

import pytest

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, RECORDS_FILE, Record, read_records
from helpers.sources import acousticbrainz, feature_table
from helpers.sources.collection import Found, collect
from helpers.sources.deezer import Deezer
from helpers.sources.demo import catalogue
from helpers.sources.demo.musicbrainz import recording_ids
from helpers.sources.demo_server import DemoServer
from helpers.sources.features import with_features
from helpers.sources.http import Client
from helpers.sources.musicbrainz import MusicBrainz
from helpers.sources.spotify import Spotify

KNOWN = {"energy": 0.25, "tempo": 120.0}


@pytest.fixture(scope="module")
def demo():
    with DemoServer() as demo:
        yield demo


def album(number: int, **fields) -> Found:
    return Found(Record("test", str(number), **fields), (f"https://covers.example/{number}.jpg",))


def known(record: Record) -> dict[str, float]:
    return {name: value for name, value in record.features.items() if not math.isnan(value)}


def collected(found, folder, client) -> list[Record]:
    collect(found, folder, client)
    return list(read_records(folder / RECORDS_FILE))


def test_features_are_asked_for_one_album_at_a_time():
    asked = []

    def features_of(record):
        asked.append(record.source_id)
        return KNOWN

    covers = with_features((album(number) for number in range(9)), features_of, "table")
    assert asked == []
    first = next(covers)
    assert asked == ["0"] and known(first.record) == KNOWN and first.record.features_source == "table"


def test_what_is_known_already_stays_and_what_is_unknown_has_no_source():
    own = album(1, features={"valence": 0.5}, features_source="librosa")
    assert list(with_features([own], lambda record: KNOWN, "table")) == [own]
    for nothing in ({}, {"energy": math.nan}):
        (cover,) = with_features([album(2)], lambda record, nothing=nothing: nothing, "table")
        assert known(cover.record) == {} and cover.record.features_source == "" and cover.urls == album(2).urls


def test_a_feature_that_is_none_of_the_ten_is_told():
    with pytest.raises(CourseError, match="Unknown audio feature 'dancability'"):
        list(with_features([album(1)], lambda record: {"dancability": 0.5}, "table"))


def table_of(albums, path, *columns) -> list[feature_table.Row]:
    """A reader's table with two tracks of each album, one of half its energy."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "track_energy"])
        for one in albums:
            cells = {"album_id": one.spotify_id(), "artist": one.artist.upper(), "album": f"{one.title}!"}
            for share in (1, 0.5):
                writer.writerow([*(cells[column] for column in columns), share * one.features["energy"]])
    return feature_table.read_features(path)


@pytest.mark.parametrize("columns", [("album_id",), ("artist", "album"), ("album_id", "artist", "album")])
def test_a_table_of_tracks_ends_up_in_the_records(demo, tmp_path, columns):
    jazz = [album for album in catalogue.albums() if album.genre == "jazz"]
    rows = table_of(jazz[::2], tmp_path / "tracks.csv", *columns)
    client = Client()
    found = Spotify(client, **demo.at("spotify")).albums(genre="jazz")
    records = collected(with_features(found, feature_table.album_features(rows), "my table"), tmp_path / "out", client)

    titles = {(album.artist, album.title): album for album in jazz[::2]}
    assert len(records) > 5
    for record in records:
        same = titles.get((record.artist, record.title))
        if same:
            assert known(record) == {"energy": pytest.approx(0.75 * same.features["energy"])}
        else:
            assert known(record) == {} and set(record.features) == set(FEATURE_NAMES)
        assert record.features_source == ("my table" if same else "")
    assert {bool(known(record)) for record in records} == {True, False}


def test_a_table_with_the_ids_of_one_service_is_found_by_name_from_another(demo, tmp_path):
    some = catalogue.albums()[3]
    rows = table_of([some], tmp_path / "tracks.csv", "album_id", "artist", "album")
    client = Client()
    found = Deezer(client, **demo.at("deezer")).find(some.artist, some.title)
    (cover,) = with_features([found], feature_table.album_features(rows), "my table")
    assert cover.record.source == "deezer" and cover.record.features_source == "my table"


def test_a_dump_of_recordings_ends_up_in_the_records(demo, tmp_path):
    jazz = [album for album in catalogue.albums() if album.genre == "jazz"]
    for one in jazz[::2]:
        for number, recording in enumerate(recording_ids(one)[2:6]):  # of the others nobody has sent an analysis
            low = {"rhythm": {"bpm": 60 + one.number / 2 + number}}
            (tmp_path / f"{recording}-0.json").write_text(json.dumps(low))

    client = Client("tests@example.org", cache=tmp_path / "answers.sqlite")
    musicbrainz = MusicBrainz(client, **demo.at("musicbrainz"))
    found = list(musicbrainz.albums(tag="jazz"))
    wanted = {recording for cover in found for recording in musicbrainz.recordings(cover.record.source_id)}
    dump = acousticbrainz.read_dump(tmp_path, wanted)
    assert len(dump.features) == 4 * len(jazz[::2])

    features_of = acousticbrainz.album_features(dump, musicbrainz.recordings)
    records = collected(with_features(found, features_of, "acousticbrainz"), tmp_path / "out", client)
    analysed = {one.mbid: one for one in jazz[::2]}
    assert len(records) == len(jazz) > len(analysed) > 2
    for record in records:
        one = analysed.get(record.source_id)
        assert known(record) == ({"tempo": pytest.approx(61.5 + one.number / 2)} if one else {})
        assert record.features_source == ("acousticbrainz" if one else "")
