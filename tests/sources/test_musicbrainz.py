"""MusicBrainz and the Cover Art Archive, against answers in their documented shapes (hand-made, see below)."""

import json
import uuid
from itertools import pairwise

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
from helpers.sources.demo.musicbrainz import recording_ids
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client, Failed
from helpers.sources.musicbrainz import MusicBrainz

MBID = "0da340a0-6ad7-4fc2-a272-6f94393a7831"
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def group(mbid=MBID, title="Wings", artist="BTS", date="2016-10-10", **fields):
    """handmade, after https://musicbrainz.org/doc/MusicBrainz_API/Search#Release_Group"""
    credit = [{"name": artist, "artist": {"id": str(uuid.uuid4()), "name": artist, "sort-name": artist}}]
    return {
        "id": mbid,
        "score": 100,
        "title": title,
        "primary-type": "Album",
        "first-release-date": date,
        "artist-credit": credit,
        "tags": [{"count": 2, "name": "pop"}, {"count": 7, "name": "k-pop"}],
    } | fields


def found(groups, count=None, offset=0):
    answer = {"count": len(groups) if count is None else count, "offset": offset, "release-groups": groups}
    return Answer(json.dumps(answer).encode(), headers={"Content-Type": "application/json"})


def source(client, server):
    return MusicBrainz(client, server.url + "/ws/2", 0, server.url + "/archive", 0)


def test_needs_a_contact(monkeypatch):
    monkeypatch.delenv("COVERGAN_CONTACT", raising=False)
    with pytest.raises(CourseError, match="COVERGAN_CONTACT.*contact="):
        MusicBrainz(Client())


def test_album_with_all_its_facts(server, client):
    server.answer = lambda request: found([group()])
    (album,) = source(client, server).albums(tag="k-pop")
    record = album.record
    assert (record.source, record.source_id, record.artist, record.title) == ("musicbrainz", MBID, "BTS", "Wings")
    assert (record.year, record.genres, record.ml_use) == (2016, ("kpop", "pop"), "unclear")
    assert "CC0" in record.licence and "CC BY-NC-SA 3.0" in record.licence and record.terms_url.startswith("https://")
    front = f"{server.url}/archive/release-group/{MBID}/front"
    assert album.urls == (front + "-500", front)


def test_tags_count_by_how_many_people_gave_them(server, client):
    tags = [{"name": "rock", "count": 1}, {"name": "jazz", "count": 3}, {"name": "metal", "count": 0}, {"name": None}]
    genres = [{"name": "folk", "count": 2}, {"name": "reggae", "count": "many"}, {"name": "pop", "count": -1}]
    server.answer = lambda request: found([group(tags=tags, genres=genres)])
    (album,) = source(client, server).albums(tag="x")
    assert album.record.genres == ("jazz", "folk", "reggae", "rock")


def test_what_is_asked(server, client):
    server.answer = lambda request: found([])
    list(source(client, server).albums(tag="k-pop", artist='The "\\" (Band)', title="방탄 AND *", years=(2010, 2019)))
    (request,) = server.requests
    assert request.path == "/ws/2/release-group" and request.query["fmt"] == "json"
    assert request.query["query"] == (
        'tag:("k-pop") AND artist:("The \\"\\\\\\" (Band)") AND releasegroup:("방탄 AND *") AND '
        "firstreleasedate:[2010 TO 2019-12-31] AND primarytype:(album OR ep)"
    )


@pytest.mark.parametrize(
    "asked, why",
    [
        ({}, "give a tag"),
        ({"tag": " \0"}, "give a tag"),
        ({"country": "KR", "years": (2010, 2019)}, "give a tag"),
        ({"tag": "pop", "country": "Korea"}, "two letters"),
        ({"tag": "pop", "country": "K)"}, "two letters"),
        ({"tag": "pop", "years": (2019, 2010)}, "span of years"),
        ({"tag": "pop", "years": 2019}, "span of years"),
        ({"tag": "pop", "years": ("2010", "2019] OR tag:x")}, "span of years"),
        ({"tag": "pop", "years": (0, float("inf"))}, "span of years"),
    ],
)
def test_questions_without_sense(server, client, asked, why):
    with pytest.raises(CourseError, match=why):
        source(client, server).albums(**asked)
    assert not server.requests


def test_pages_are_asked_for_one_by_one_and_only_if_wanted(server, client):
    mbids = [str(uuid.UUID(int=n)) for n in range(230)]

    def answer(request):
        offset = int(request.query["offset"])
        return found([group(mbid) for mbid in mbids[offset : offset + 100]], 230, offset)

    server.answer = answer
    albums = source(client, server).albums(tag="pop")
    assert not server.requests
    assert [next(albums).record.source_id for _ in range(100)] == mbids[:100] and len(server.requests) == 1
    assert [album.record.source_id for album in albums] == mbids[100:]
    assert [request.query["offset"] for request in server.requests] == ["0", "100", "200"]


def test_a_server_that_repeats_itself_comes_to_an_end(server, client):
    releases = json.dumps({"count": 10**9, "releases": [{"id": "a", "release-group": {"id": MBID}}]}).encode()
    server.answer = lambda request: (
        Answer(releases) if request.path.endswith("/release") else found([group()], count=10**9)
    )
    assert len(list(source(client, server).albums(tag="pop"))) == 1
    assert len(list(source(client, server).albums(tag="pop", country="KR"))) == 1


def test_country_is_asked_of_releases(server, client):
    mbids = [str(uuid.UUID(int=n)) for n in range(3)]

    def answer(request):
        if request.path.endswith("/release-group"):
            return found([group(mbid) for mbid in mbids])
        here = [{"release-group": {"id": mbids[2]}}, {"release-group": None}, {"release-group": {"id": mbids[0]}}]
        return Answer(json.dumps({"count": 3, "releases": here}).encode())

    server.answer = answer
    albums = source(client, server).albums(tag="k-pop", country="kr")
    assert [album.record.source_id for album in albums] == [mbids[0], mbids[2]]
    assert server.requests[1].query["query"] == f"rgid:({' OR '.join(mbids)}) AND country:KR"


def test_finds_the_album_of_that_name_and_no_other(server, client):
    credit = [{"name": "방탄소년단", "artist": {"name": "방탄소년단", "aliases": [{"name": "BTS"}, {}]}}]
    duet = [{"name": "BTS", "joinphrase": " & ", "artist": {"name": "BTS"}}, {"name": "Halsey", "artist": {}}]
    a, b, c, d, e, f = (str(uuid.UUID(int=n)) for n in range(6))
    wrong = [
        group(a, title="Wings (Special Edition)"),
        group(b, artist="Little Mix"),
        group(c, date="2012"),
        group(d, **{"artist-credit": duet}),
        group(e, **{"secondary-types": ["Live"]}),
    ]
    server.answer = lambda request: found([*wrong, group(f, **{"artist-credit": credit})])
    assert source(client, server).find("BTS", "WINGS", 2016).record.source_id == f
    server.answer = lambda request: found(wrong[:4])
    assert source(Client("x"), server).find("BTS", "WINGS", 2016) is None
    assert source(client, server).find("BTS", "\0") is None


def browsed(*releases):
    """handmade, after https://musicbrainz.org/doc/MusicBrainz_API#Browse; each release a list of discs of recordings"""
    answer = {
        "release-count": len(releases),
        "release-offset": 0,
        "releases": [
            {"id": str(uuid.uuid4()), "media": [{"tracks": [{"recording": {"id": r}} for r in disc]} for disc in discs]}
            for discs in releases
        ],
    }
    return Answer(json.dumps(answer).encode())


def test_recordings_are_those_of_the_longest_release_each_once(server, client):
    a, b, c, d = (str(uuid.UUID(int=n)) for n in range(4))
    server.answer = lambda request: browsed([[d]], [[b, a], [c, a, "../x", None]], [[c, d]], [])
    assert source(client, server).recordings(MBID) == (b, a, c)
    (request,) = server.requests
    assert request.path == "/ws/2/release"
    assert request.query == {"release-group": MBID, "inc": "recordings", "fmt": "json", "limit": "100"}


def test_albums_whose_recordings_are_unknown(server, client):
    server.answer = lambda request: browsed()
    assert source(client, server).recordings(MBID) == ()
    server.answer = lambda request: Answer(b'{"error": "Not Found"}', 404)
    assert source(Client("x"), server).recordings(MBID) == ()
    server.answer = lambda request: Answer(b'{"error": "Invalid mbid."}', 400)
    with pytest.raises(Failed, match="Invalid mbid"):
        source(Client("x"), server).recordings(MBID)


@pytest.mark.parametrize("mbid", ["", "302127", "../release", MBID.upper(), f"{MBID}&inc=x", "4uLU6hMCjMI75M1A2tKUQC"])
def test_only_its_own_albums_have_recordings(server, client, mbid):
    with pytest.raises(CourseError, match="no id of MusicBrainz"):
        source(client, server).recordings(mbid)
    assert not server.requests


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JUNK | st.fixed_dictionaries({"media": JUNK | st.lists(st.fixed_dictionaries({"tracks": JUNK}))})))
def test_junk_among_releases_is_passed_over(server, junk):
    good = {"media": [{"tracks": [None, {"recording": {"id": MBID}}]}]}
    server.answer = lambda request: Answer(json.dumps({"releases": [*junk, good]}).encode())
    assert source(Client("tests@example.org"), server).recordings(MBID) == (MBID,)


def test_503_bursts_are_waited_for(server, tmp_path):
    # handmade, after https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting
    slow_down = Answer(b'{"error": "Your requests are exceeding the allowable rate limit."}', 503)
    answers = iter([slow_down, slow_down, found([group()])])
    server.answer = lambda request: next(answers)
    clock = FakeClock()
    client = Client("tests@example.org", clock=clock)
    assert len(list(MusicBrainz(client, server.url, covers_url="http://127.0.0.2").albums(tag="pop"))) == 1
    assert clock.time == pytest.approx(1 + 2, abs=0.01) and len(server.requests) == 3


def test_503_without_end_is_given_up_with_the_reason(server):
    server.answer = lambda request: Answer(b'{"error": "rate limit"}', 503)
    client = Client("tests@example.org", clock=FakeClock())
    with pytest.raises(Failed, match="503.*rate limit"):
        list(source(client, server).albums(tag="pop"))


def test_one_request_a_second(server):
    times, clock = [], FakeClock()

    def answer(request):
        times.append(clock.time)
        offset = int(request.query["offset"])
        return found([group(str(uuid.UUID(int=offset)))], 1000, offset)

    server.answer = answer
    client = Client("tests@example.org", clock=clock)
    list(MusicBrainz(client, server.url, covers_url="http://127.0.0.2").albums(tag="pop"))
    assert times == pytest.approx(range(10), abs=0.01)
    assert all(later - earlier >= 1 for earlier, later in pairwise(times))


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"release-groups": null}', b'{"error": "x"}', b"<html>", b""])
def test_an_answer_that_is_none(server, client, body):
    server.answer = lambda request: Answer(body)
    with pytest.raises(Failed, match=server.url.removeprefix("http://")):
        list(source(client, server).albums(tag="pop"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(JUNK | st.dictionaries(st.sampled_from(sorted(group(genres=[]))), JUNK), max_size=4), JUNK)
def test_junk_in_answers_is_passed_over(server, junk, count):
    answer = json.dumps({"release-groups": [*junk, group()], "count": count}).encode()
    server.answer = lambda request: Answer(answer)
    musicbrainz = source(Client("tests@example.org"), server)
    assert MBID in [album.record.source_id for album in musicbrainz.albums(tag="pop")]
    assert musicbrainz.find("BTS", "Wings").record.source_id == MBID


@pytest.mark.parametrize("title", ["방탄 🎤", "../../etc/passwd", "a/b\\c", "nul\0byte", "\ud800", "x" * 5000])
def test_odd_titles_stay_inside_the_folder(server, client, tmp_path, title):
    def answer(request):
        if request.path.startswith("/ws"):
            return found([group(title=title), group("../../secret")])
        return Answer(jpeg(), headers={"Content-Type": "image/jpeg"})

    server.answer = answer
    summary = collect(source(client, server).albums(tag="pop"), tmp_path / "out", client)
    assert summary.downloaded == summary.found == 1
    files = {path.suffix for path in tmp_path.rglob("*") if path.is_file()} - {".sqlite"}
    assert files <= {".jpg", ".jsonl", ""} and (tmp_path / "out" / "records.jsonl").exists()
    (record,) = read_records(tmp_path / "out" / "records.jsonl")
    assert record.title == title.encode(errors="backslashreplace").decode()


def archive(server, pictures):
    """One album; `pictures` says what the archive answers to the last part of an address."""

    def answer(request):
        if request.path.startswith("/ws"):
            return found([group()])
        return pictures(request.path.rpartition("/")[2])

    server.answer = answer


def collected(client, server, folder):
    collect(source(client, server).albums(tag="pop"), folder, client)
    (record,) = read_records(folder / "records.jsonl")
    return record


def moved(url):
    return Answer(b"See: there", 307, {"Location": url})


def test_picture_behind_a_redirect(server, client, tmp_path):
    picture = Answer(jpeg(), headers={"Content-Type": "image/jpeg"})
    archive(server, lambda name: moved(server.url + "/there.jpg") if name == "front-500" else picture)
    record = collected(client, server, tmp_path)
    assert (tmp_path / record.cover_path).read_bytes() == jpeg() and record.cover_url.endswith("/front-500")


def test_picture_as_uploaded_where_there_is_no_thumbnail(server, client, tmp_path):
    picture = Answer(jpeg(), headers={"Content-Type": "image/jpeg"})
    archive(server, lambda name: picture if name == "front" else Answer(b"not found", 404))
    assert collected(client, server, tmp_path).cover_url.endswith("/front")


def test_no_picture(server, client, tmp_path):
    archive(server, lambda name: Answer(b"No cover image found", 404))
    record = collected(client, server, tmp_path)
    assert record.refused == "HTTP 404" and not record.cover_path


def test_redirect_into_the_readers_own_network(server, other_server, client, tmp_path):
    other_server.answer = lambda request: Answer(jpeg(), headers={"Content-Type": "image/jpeg"})
    archive(server, lambda name: moved(other_server.url + "/router"))
    assert collected(client, server, tmp_path).refused == "led to a private address"
    assert not other_server.requests


def demo_source(demo, folder):
    client = Client("tests@example.org", cache=folder / ANSWERS)
    return client, MusicBrainz(client, demo.url("musicbrainz"), 0, demo.url("coverartarchive"), 0)


def test_from_the_demo_server_to_a_set_of_covers(tmp_path):
    with DemoServer() as demo:
        client, musicbrainz = demo_source(demo, tmp_path / "covers")
        first = collect(musicbrainz.albums(tag="k-pop", country="KR"), tmp_path / "covers", client)
    records = list(read_records(tmp_path / "covers" / "records.jsonl"))
    assert first.found == len(records) == sum(album.genre == "kpop" for album in catalogue.albums())
    assert first.downloaded > 30 and first.refused["HTTP 404"] == sum(
        not album.has_cover for album in catalogue.albums() if album.genre == "kpop"
    )
    assert all(record.genres == ("kpop",) and record.year for record in records)
    assert any(record.cover_url.endswith("/front") for record in records if record.cover_path)

    (folder,) = prepare(tmp_path / "covers", tmp_path / "set", [32])
    assert 30 < len(CoverSet.open(folder)) <= first.downloaded

    # The server is gone: what is here need not be asked for again.
    client, musicbrainz = demo_source(demo, tmp_path / "covers")
    second = collect(musicbrainz.albums(tag="k-pop", country="KR"), tmp_path / "covers", client)
    assert second.present == first.downloaded and not second.downloaded
    assert second.present + second.given_up == second.found == first.found


def test_demo_server_refuses_what_it_does_not_understand(client):
    with DemoServer() as demo:
        client.service(demo.address, 0)
        with pytest.raises(Failed, match="Unable to parse"):
            client.json(demo.url("musicbrainz") + "/release-group", {"query": "tag:(", "fmt": "json"})


def test_demo_server_browses_as_documented(tmp_path):
    with DemoServer() as demo:
        client, musicbrainz = demo_source(demo, tmp_path)
        some = catalogue.albums()[5]
        assert musicbrainz.recordings(some.mbid) == tuple(recording_ids(some))
        assert musicbrainz.recordings(MBID) == ()
        url, asked = demo.url("musicbrainz") + "/release", {"release-group": some.mbid, "fmt": "json"}
        (release,) = client.json(url, asked)["releases"]
        assert release["title"] == some.title and "media" not in release  # which only `inc` brings
        assert client.json(url, asked | {"offset": 1}) == {"release-count": 1, "release-offset": 1, "releases": []}


def test_finds_the_albums_of_the_demo_server(tmp_path):
    with DemoServer() as demo:
        _, musicbrainz = demo_source(demo, tmp_path)
        for album in catalogue.albums()[:10]:
            assert musicbrainz.find(album.artist, album.title, album.year).record.source_id == album.mbid
        assert musicbrainz.find("Nobody", "Nothing") is None
