"""The chart, and looking its albums up."""

from urllib.parse import urlsplit

import pytest
from loopback import Answer, jpeg

from helpers.errors import CourseError
from helpers.records import read_records
from helpers.sources.collection import Found, collect
from helpers.sources.deezer import Deezer
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client
from helpers.sources.kpop import FIRST_YEAR, LAST_YEAR, ChartRow, chart, popular
from helpers.sources.musicbrainz import MusicBrainz
from helpers.sources.terms import Terms

TERMS = Terms("", "", "unclear", "")


def row(artist, title, korean_title="", edition=""):
    return ChartRow(2016, 1, artist, title, korean_title, edition, None, "https://example.org", "")


class Shelf:
    """A source that knows a few titles."""

    NAME = "shelf"

    def __init__(self, server, *titles):
        self.url, self.titles, self.asked = server.url, titles, []

    def find(self, artist, title, year=None):
        self.asked.append(title)
        if title in self.titles:
            record = TERMS.record(self.NAME, title, artist=artist, title=title, year=year)
            return Found(record, (f"{self.url}/{self.titles.index(title)}.jpg",))


class Broken:
    NAME = "broken"

    def find(self, artist, title, year=None):
        raise CourseError("It is broken.")


def test_every_row_of_the_chart_has_its_source():
    rows = chart()
    assert len(rows) >= 50
    for album in rows:
        assert FIRST_YEAR <= album.year <= LAST_YEAR and album.artist and album.title
        assert urlsplit(album.source_url).scheme in ("http", "https") and urlsplit(album.source_url).netloc
        assert album.shipped is None or 1_000 < album.shipped < 5_000_000
        assert album.rank is None or 1 <= album.rank <= 50
        assert album.rank or album.note  # where there is no rank of the year, it is said what the figure is of
    assert len({(a.year, a.artist, a.title, a.edition) for a in rows}) == len(rows)
    ranks = [(album.year, album.rank) for album in rows if album.rank]
    assert len(set(ranks)) == len(ranks)


def test_known_facts_of_the_chart():
    by_title = {(album.artist, album.title): album for album in chart()}
    assert by_title["BTS", "Map of the Soul: Persona"].shipped == 3_718_230
    assert by_title["Super Junior", "Bonamana"].korean_title == "미인아"


def test_each_album_is_asked_for_until_somebody_knows_it(server):
    first, second = Shelf(server, "Wings"), Shelf(server, "Wings", "훗")
    found = list(popular([row("BTS", "Wings"), row("SNSD", "Hoot", "훗"), row("Nobody", "Nothing")], [first, second]))
    assert [cover.record.title for cover in found] == ["Wings", "훗", "Nothing"]
    assert second.asked == ["Hoot", "훗", "Nothing"]
    assert found[2].urls == () and "shelf or shelf" in found[2].missing


def test_source_that_fails_is_left_out_and_the_others_go_on(server):
    said = []
    found = list(popular([row("BTS", "Wings"), row("BTS", "Wings")], [Broken(), Shelf(server, "Wings")], said.append))
    assert len(found) == 2 and said == ["broken is left out from here on. It is broken."]


def test_nobody_left_to_ask():
    with pytest.raises(CourseError, match="It is broken"):
        list(popular([row("BTS", "Wings")], [Broken()]))


def test_what_nobody_knows_is_noted_and_asked_for_again(server, client, tmp_path):
    server.answer = lambda request: Answer(jpeg())
    collect(popular([row("BTS", "Wings")], [Shelf(server)]), tmp_path, client)
    (record,) = read_records(tmp_path / "records.jsonl")
    assert record.refused.startswith("not known to shelf") and record.artist == "BTS"
    summary = collect(popular([row("BTS", "Wings")], [Shelf(server, "Wings")]), tmp_path, client)
    assert summary.downloaded == 1


def test_whole_chart_from_the_demo_server(tmp_path):
    client = Client("tests@example.org")
    with DemoServer() as demo:
        sources = [MusicBrainz(client, **demo.at("musicbrainz")), Deezer(client, **demo.at("deezer"))]
        summary = collect(popular(chart(), sources), tmp_path, client)
    kept = [record for record in read_records(tmp_path / "records.jsonl") if record.cover_path]
    assert summary.downloaded == len(kept) > 40
    assert summary.refused.total() + summary.downloaded == summary.found  # nothing is lost without a word
    assert {record.genres for record in kept} == {("kpop",)} and all(record.year for record in kept)
    asked = {(album.artist, album.title) for album in chart()}
    assert {(record.artist, record.title) for record in kept} <= asked
