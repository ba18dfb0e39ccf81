"""The iTunes Store, against answers in their documented shapes (hand-made, see below)."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import Answer, FakeClock, jpeg

from helpers.building import prepare
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.records import read_records
from helpers.sources.collection import ANSWERS, collect
from helpers.sources.demo import catalogue
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client, Failed
from helpers.sources.itunes import ITunes
from helpers.sources.polite import TRIES

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def album(number=1, title="Wings", artist="BTS", art="https://example.org/art", **fields):
    """handmade, after https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/
    (Understanding Search Results)"""
    return {
        "wrapperType": "collection",
        "collectionId": number,
        "artistName": artist,
        "collectionName": title,
        "artworkUrl60": f"{art}/60x60bb.jpg",
        "artworkUrl100": f"{art}/100x100bb.jpg",
        "releaseDate": "2016-10-10T07:00:00Z",
        "primaryGenreName": "K-Pop",
    } | fields


def found(*albums):
    body = json.dumps({"resultCount": len(albums), "results": albums}).encode()
    return Answer(body, headers={"Content-Type": "text/javascript; charset=utf-8"})


def picture():
    return Answer(jpeg(), headers={"Content-Type": "image/jpeg"})


def test_album_with_all_its_facts(server, client):
    server.answer = lambda request: found(album(title="Wings - EP"))
    (one,) = ITunes(client, server.url, 0).albums("bts")
    record = one.record
    assert (record.source, record.source_id, record.artist, record.title) == ("itunes", "1", "BTS", "Wings")
    assert (record.year, record.genres) == (2016, ("kpop",))
    assert one.urls == ("https://example.org/art/600x600bb.jpg", "https://example.org/art/100x100bb.jpg")
    (request,) = server.requests
    wanted = {"term": "bts", "country": "KR", "media": "music", "entity": "album", "limit": "200"}
    assert request.path == "/search" and request.query.items() >= wanted.items()


def test_covers_are_for_promotion_and_not_for_training():
    assert ITunes.TERMS.ml_use == "forbidden" and "promote" in ITunes.TERMS.why


def test_only_albums_of_a_genre(server, client):
    server.answer = lambda request: found(album(1, primaryGenreName="Jazz"), album(2), album(3, primaryGenreName=None))
    assert [one.record.source_id for one in ITunes(client, server.url, 0).albums("x", genre="kpop")] == ["2"]


@pytest.mark.parametrize(
    "term, country, why", [(" \0", "KR", "words"), ("x", "Korea", "two letters"), ("x", "", "two")]
)
def test_questions_without_sense(server, client, term, country, why):
    with pytest.raises(CourseError, match=why):
        ITunes(client, server.url, 0).albums(term, country)
    assert not server.requests


def test_finds_the_album_of_that_name_and_no_other(server, client):
    wrong = [
        album(1, "Wings (Special Edition)"),
        album(2, artist="Little Mix"),
        album(3, releaseDate="2012-01-01T00:00:00Z"),
    ]
    server.answer = lambda request: found(*wrong, album(4, "WINGS - Single"))
    assert ITunes(client, server.url, 0).find("BTS", "Wings", 2016).record.source_id == "4"
    server.answer = lambda request: found(*wrong)
    assert ITunes(Client(), server.url, 0).find("BTS", "Wings", 2016) is None


def test_hangul_and_latin_names_are_both_tried(server, client):
    server.answer = lambda request: found(album(7, "Hoot")) if "Hoot" in request.query["term"] else found()
    assert ITunes(client, server.url, 0).find("BTS", "훗 (Hoot)").record.source_id == "7"
    assert [request.query["term"] for request in server.requests] == ["BTS 훗", "BTS Hoot"]


def test_403_with_an_empty_body_is_waited_for_and_never_kept(server, tmp_path):
    client = Client(cache=tmp_path / "answers.sqlite", clock=FakeClock())
    itunes = ITunes(client, server.url, 0)
    server.answer = lambda request: Answer(status=403)
    with pytest.raises(Failed, match="too often; wait a few minutes") as failed:
        list(itunes.albums("bts"))
    assert failed.value.status == 403 and len(server.requests) == TRIES and client.manners.clock.time > 1

    answers = iter([Answer(status=403), found(album())])
    server.answer = lambda request: next(answers)
    assert len(list(itunes.albums("bts"))) == 1  # asked anew: a refusal is no answer to keep
    assert len(list(itunes.albums("bts"))) == 1 and len(server.requests) == TRIES + 2


def test_200_with_an_empty_body_is_no_answer_to_keep(server, client):
    server.answer = lambda request: Answer(b"")
    itunes = ITunes(client, server.url, 0)
    with pytest.raises(Failed, match="JSON"):
        list(itunes.albums("bts"))
    server.answer = lambda request: found(album())
    assert len(list(itunes.albums("bts"))) == 1


def test_twenty_requests_a_minute(server):
    clock, times = FakeClock(), []
    server.answer = lambda request: times.append(clock.time) or found()
    itunes = ITunes(Client(clock=clock), server.url)
    for n in range(41):
        list(itunes.albums(f"words {n}"))
    assert all(sum(start <= time < start + 60 for time in times) <= 20 for start in times)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"results": {}}', b'{"errorMessage": "x"}', b"<html>"])
def test_an_answer_that_is_none(server, client, body):
    server.answer = lambda request: Answer(body)
    with pytest.raises(Failed, match=server.url.removeprefix("http://")):
        list(ITunes(client, server.url, 0).albums("bts"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JUNK | st.dictionaries(st.sampled_from(sorted(album())), JUNK), max_size=4))
def test_junk_in_answers_is_passed_over(server, junk):
    answer = json.dumps({"results": [*junk, album(42)]}).encode()
    server.answer = lambda request: Answer(answer)
    itunes = ITunes(Client(), server.url, 0)
    assert "42" in [one.record.source_id for one in itunes.albums("bts")]
    assert itunes.find("BTS", "Wings").record.source_id == "42"


@pytest.mark.parametrize(
    "fields", [{"collectionId": None}, {"collectionId": True}, {"collectionName": "\0"}, {"artworkUrl100": ""}]
)
def test_what_cannot_be_used_is_passed_over(server, client, fields):
    server.answer = lambda request: found(album(1) | fields, album(2))
    assert [one.record.source_id for one in ITunes(client, server.url, 0).albums("x")] == ["2"]


def test_small_picture_where_there_is_no_large_one(server, client, tmp_path):
    def answer(request):
        if request.path == "/search":
            return found(album(art=server.url))
        return picture() if "100x100" in request.path else Answer(status=404)

    server.answer = answer
    collect(ITunes(client, server.url, 0).albums("bts"), tmp_path, client)
    (record,) = read_records(tmp_path / "records.jsonl")
    assert record.cover_url == server.url + "/100x100bb.jpg" and (tmp_path / record.cover_path).exists()


@pytest.mark.parametrize("title", ["방탄 🎤", "../../etc/passwd", "a/b\\c", "nul\0byte", "\ud800"])
def test_odd_titles_stay_inside_the_folder(server, client, tmp_path, title):
    server.answer = lambda request: found(album(title=title, art=server.url)) if request.query else picture()
    summary = collect(ITunes(client, server.url, 0).albums("x"), tmp_path / "out", client)
    assert summary.downloaded == 1
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".jpg", ".jsonl", ".sqlite", ""}
    assert {path.name for path in tmp_path.iterdir()} <= {"out", "answers.sqlite"}


@pytest.mark.parametrize("art", ["file:///etc", "ftp://example.org", "nonsense", "http://[", "\0"])
def test_addresses_of_pictures_that_lead_elsewhere(server, client, tmp_path, art):
    server.answer = lambda request: found(album(art=art))
    summary = collect(ITunes(client, server.url, 0).albums("x"), tmp_path, client)
    assert sum(summary.refused.values()) == 1 and not summary.downloaded


def test_pictures_in_the_readers_own_network_are_not_asked_for(server, other_server, client, tmp_path):
    server.answer = lambda request: found(album(art=other_server.url))
    summary = collect(ITunes(client, server.url, 0).albums("x"), tmp_path, client)
    assert summary.refused == {"led to a private address": 1} and not other_server.requests


def demo_source(demo, folder):
    client = Client(cache=folder / ANSWERS)
    return client, ITunes(client, demo.url("itunes"), 0)


def test_from_the_demo_server_to_a_set_of_covers(tmp_path):
    with DemoServer() as demo:
        client, itunes = demo_source(demo, tmp_path / "covers")
        first = collect(itunes.albums("rock", genre="rock"), tmp_path / "covers", client)
    records = list(read_records(tmp_path / "covers" / "records.jsonl"))
    assert first.found == len(records) == sum(one.genre == "rock" for one in catalogue.albums())
    assert first.downloaded > 8 and all(record.genres == ("rock",) and record.year for record in records)

    with pytest.raises(CourseError, match="developer.apple.com"):
        prepare(tmp_path / "covers", tmp_path / "set", [32])
    (folder,) = prepare(tmp_path / "covers", tmp_path / "set", [32], permission="drawn by the course itself")
    assert 8 < len(CoverSet.open(folder)) <= first.downloaded

    # The server is gone: what is here need not be asked for again.
    client, itunes = demo_source(demo, tmp_path / "covers")
    second = collect(itunes.albums("rock", genre="rock"), tmp_path / "covers", client)
    assert second.present + second.given_up == second.found == first.found and not second.downloaded


def test_finds_the_albums_of_the_demo_server(tmp_path):
    with DemoServer() as demo:
        _, itunes = demo_source(demo, tmp_path)
        for one in catalogue.albums()[:10]:
            assert itunes.find(one.artist, one.title, one.year).record.source_id.endswith(f"{one.number:03}")
        assert itunes.find("Nobody", "Nothing") is None
