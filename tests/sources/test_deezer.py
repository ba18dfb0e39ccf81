"""Deezer, against answers in their documented shapes (hand-made, see below)."""

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
from helpers.sources.deezer import Deezer
from helpers.sources.demo import catalogue
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client, Failed
from helpers.sources.polite import TRIES

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
# handmade, after https://developers.deezer.com/api/errors
QUOTA = {"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}
NO_DATA = {"error": {"type": "DataException", "message": "no data", "code": 800}}


def album(number=1, title="Wings", artist="BTS", art="https://example.org/images/cover/5f", **fields):
    """handmade, after https://developers.deezer.com/api/search/album"""
    return {
        "id": number,
        "title": title,
        "cover_medium": f"{art}/250x250.jpg",
        "cover_big": f"{art}/500x500.jpg",
        "cover_xl": f"{art}/1000x1000.jpg",
        "artist": {"id": 5, "name": artist},
    } | fields


def details(date="2016-10-10", genres=("K-Pop", "Pop")):
    """handmade, after https://developers.deezer.com/api/album"""
    return {"id": 1, "release_date": date, "genres": {"data": [{"id": 1, "name": name} for name in genres]}}


def answering(pages=(), about=None, pictures=None):
    """A service that finds pages of albums and knows more about each."""

    def answer(request):
        if request.path == "/search/album":
            number = int(request.query["index"]) // 100
            body = {"data": pages[number] if number < len(pages) else [], "total": sum(map(len, pages))}
            if number + 1 < len(pages):
                body["next"] = "http://example.org/elsewhere"
        elif request.path.startswith("/album/"):
            body = details() if about is None else about(request.path.rpartition("/")[2])
        else:
            return pictures(request.path)
        return Answer(json.dumps(body).encode(), headers={"Content-Type": "application/json"})

    return answer


def picture(path=""):
    return Answer(jpeg(), headers={"Content-Type": "image/jpeg"})


def test_album_with_all_its_facts(server, client):
    server.answer = answering([[album()]])
    (one,) = Deezer(client, server.url, 0).albums("bts")
    record = one.record
    assert (record.source, record.source_id, record.artist, record.title) == ("deezer", "1", "BTS", "Wings")
    assert (record.year, record.genres, record.ml_use) == (2016, ("kpop", "pop"), "unclear")
    assert one.urls == (
        "https://example.org/images/cover/5f/1000x1000.jpg",
        "https://example.org/images/cover/5f/500x500.jpg",
    )


def test_no_more_is_asked_than_is_wanted(server, client):
    server.answer = answering([[album(n) for n in range(100)], [album(n) for n in range(100, 130)]])
    albums = Deezer(client, server.url, 0).albums("bts")
    assert not server.requests
    assert [next(albums).record.source_id for _ in range(2)] == ["0", "1"]
    assert server.paths() == ["/search/album", "/album/0", "/album/1"]
    assert [one.record.source_id for one in albums] == [str(n) for n in range(2, 130)]
    searches = [request.query for request in server.requests if request.path == "/search/album"]
    assert searches == [{"q": "bts", "index": index, "limit": "100"} for index in ("0", "100")]


def test_a_server_that_repeats_itself_comes_to_an_end(server, client):
    server.answer = lambda request: Answer(json.dumps({"data": [album()], "next": "x", "total": 10**9}).encode())
    assert len(list(Deezer(client, server.url, 0).albums("bts"))) == 1


def test_nothing_to_search_for(server, client):
    with pytest.raises(CourseError, match="words"):
        Deezer(client, server.url, 0).albums("\0 ")
    assert not server.requests


def test_album_that_deezer_has_no_more_to_say_about(server, client):
    server.answer = answering([[album(1), album(2)]], lambda number: NO_DATA if number == "1" else details())
    one, two = Deezer(client, server.url, 0).albums("bts")
    assert (one.record.year, one.record.genres, one.record.title) == (None, (), "Wings") and two.record.year == 2016


@pytest.mark.parametrize("fields", [{"id": None}, {"title": ""}, {"cover_xl": None, "cover_big": 7}])
def test_what_cannot_be_used_is_passed_over(server, client, fields):
    server.answer = answering([[album(1) | fields, album(2)]])
    assert [one.record.source_id for one in Deezer(client, server.url, 0).albums("bts")] == ["2"]


def test_grey_picture_for_a_missing_cover_is_no_cover(server, client):
    server.answer = answering([[album(1, art="https://example.org/images/cover/"), album(2)]])
    assert [one.record.source_id for one in Deezer(client, server.url, 0).albums("bts")] == ["2"]


def test_finds_the_album_of_that_name_and_no_other(server, client):
    wrong = [album(1, "Wings (Special Edition)"), album(2, artist="Little Mix"), album(3)]
    about = {"3": details("2012-01-01")}
    server.answer = answering([[*wrong, album(4, "WINGS")]], lambda number: about.get(number, details()))
    assert Deezer(client, server.url, 0).find("BTS", "Wings", 2016).record.source_id == "4"
    assert server.paths() == ["/search/album", "/album/3", "/album/4"]
    assert server.requests[0].query["q"] == 'artist:"BTS" album:"Wings"'
    server.answer = answering([wrong], about.get)
    assert Deezer(Client(), server.url, 0).find("BTS", "Wings", 2016) is None


def test_names_cannot_leave_their_quotation_marks(server, client):
    server.answer = answering()
    Deezer(client, server.url, 0).find('A" label:"x', 'B"')
    assert server.requests[0].query["q"] == 'artist:"A  label: x" album:"B "'


def test_quota_is_waited_for_and_never_kept(server, tmp_path):
    client = Client(cache=tmp_path / "answers.sqlite", clock=FakeClock())
    deezer = Deezer(client, server.url, 0)
    server.answer = lambda request: Answer(json.dumps(QUOTA).encode())
    with pytest.raises(Failed, match="too often; wait a minute"):
        list(deezer.albums("bts"))
    assert len(server.requests) == TRIES and client.manners.clock.time > 1

    server.answer = answering([[album()]])
    assert len(list(deezer.albums("bts"))) == 1  # asked anew: a refusal is no answer to keep
    asked = len(server.requests)
    assert len(list(deezer.albums("bts"))) == 1 and len(server.requests) == asked


def test_quota_in_the_middle_costs_only_time(server):
    refusals = iter([QUOTA, {"error": {"message": "busy", "code": 700}}])
    server.answer = answering([[album(1), album(2)]], lambda number: next(refusals, details()))
    client = Client(clock=FakeClock())
    assert [one.record.year for one in Deezer(client, server.url, 0).albums("bts")] == [2016, 2016]
    assert client.manners.clock.time == pytest.approx(1 + 2, abs=0.01)


@pytest.mark.parametrize(
    "error, why",
    [
        ({"type": "ParameterException", "message": "Wrong parameter: q", "code": 500}, "Wrong parameter: q .code 500"),
        ({"code": "4"}, "code 0"),
        ("broken", "code 0"),
        ([1], "code 0"),
    ],
)
def test_other_errors_are_told(server, client, error, why):
    server.answer = lambda request: Answer(json.dumps({"error": error}).encode())
    with pytest.raises(Failed, match=why):
        list(Deezer(client, server.url, 0).albums("bts"))
    assert len(server.requests) == 1


def test_fifty_requests_in_five_seconds(server):
    clock, times = FakeClock(), []
    find = answering([[album(n) for n in range(100)]])
    server.answer = lambda request: times.append(clock.time) or find(request)
    list(Deezer(Client(clock=clock), server.url).albums("bts"))
    assert len(times) == 101
    assert all(sum(start <= time <= start + 5 for time in times) <= 50 for start in times)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"data": null}', b"<html>", b"", b'{"error"', b"null"])
def test_an_answer_that_is_none(server, client, body):
    server.answer = lambda request: Answer(body)
    with pytest.raises(Failed, match=server.url.removeprefix("http://")):
        list(Deezer(client, server.url, 0).albums("bts"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(JUNK | st.dictionaries(st.sampled_from(sorted(album())), JUNK), max_size=4),
    JUNK | st.dictionaries(st.sampled_from(sorted(details())), JUNK),
)
def test_junk_in_answers_is_passed_over(server, junk, about):
    server.answer = answering([[*junk, album(42)]], lambda number: about)
    deezer = Deezer(Client(), server.url, 0)
    assert "42" in [one.record.source_id for one in deezer.albums("bts")]
    assert deezer.find("BTS", "Wings").record.source_id == "42"


def test_smaller_picture_where_the_large_one_is_missing(server, client, tmp_path):
    pictures = lambda path: picture() if "500x500" in path else Answer(status=404)  # noqa: E731
    server.answer = answering([[album(art=server.url + "/art")]], pictures=pictures)
    collect(Deezer(client, server.url, 0).albums("bts"), tmp_path, client)
    (record,) = read_records(tmp_path / "records.jsonl")
    assert record.cover_url == server.url + "/art/500x500.jpg" and (tmp_path / record.cover_path).exists()


@pytest.mark.parametrize("title", ["방탄 🎤", "../../etc/passwd", "a/b\\c", "nul\0byte", "\ud800"])
def test_odd_titles_stay_inside_the_folder(server, client, tmp_path, title):
    server.answer = answering([[album(title=title, art=server.url + "/art")]], pictures=picture)
    summary = collect(Deezer(client, server.url, 0).albums("x"), tmp_path / "out", client)
    assert summary.downloaded == 1
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".jpg", ".jsonl", ".sqlite", ""}
    assert {path.name for path in tmp_path.iterdir()} <= {"out", "answers.sqlite"}


def test_pictures_in_the_readers_own_network_are_not_asked_for(server, other_server, client, tmp_path):
    moved = Answer(b"", 302, {"Location": other_server.url + "/router"})
    server.answer = answering([[album(art=server.url + "/art")]], pictures=lambda path: moved)
    summary = collect(Deezer(client, server.url, 0).albums("x"), tmp_path, client)
    assert summary.refused == {"led to a private address": 1} and not other_server.requests


def demo_source(demo, folder):
    client = Client(cache=folder / ANSWERS)
    return client, Deezer(client, demo.url("deezer"), 0)


def test_from_the_demo_server_to_a_set_of_covers(tmp_path):
    with DemoServer() as demo:
        client, deezer = demo_source(demo, tmp_path / "covers")
        first = collect(deezer.albums("jazz"), tmp_path / "covers", client)
    records = list(read_records(tmp_path / "covers" / "records.jsonl"))
    assert first.found == len(records) == len(catalogue.find("jazz"))
    assert first.downloaded > 8 and all(record.genres == ("jazz",) and record.year for record in records)

    (folder,) = prepare(tmp_path / "covers", tmp_path / "set", [32])
    assert 8 < len(CoverSet.open(folder)) <= first.downloaded

    # The server is gone: what is here need not be asked for again.
    client, deezer = demo_source(demo, tmp_path / "covers")
    second = collect(deezer.albums("jazz"), tmp_path / "covers", client)
    assert second.present + second.given_up == second.found == first.found and not second.downloaded


def test_demo_server_says_no_as_deezer_does(client, tmp_path):
    with DemoServer() as demo:
        client.service(demo.address, 0)
        assert client.json(demo.url("deezer") + "/album/7") == NO_DATA
        page = client.json(demo.url("deezer") + "/search/album", {"q": "kpop", "limit": 10})
        assert len(page["data"]) == 10 and page["total"] > 10 and "index=10" in page["next"]


def test_finds_the_albums_of_the_demo_server(tmp_path):
    with DemoServer() as demo:
        _, deezer = demo_source(demo, tmp_path)
        for one in catalogue.albums()[:10]:
            assert deezer.find(one.artist, one.title, one.year).record.source_id.endswith(f"{one.number:03}")
        assert deezer.find("Nobody", "Nothing") is None
