"""A folder of covers: nothing is lost, nothing fetched twice, nothing written elsewhere."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import Answer, FakeClock, jpeg

from helpers import building
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.records import append_records, read_records
from helpers.sources.collection import Found, album_key, collect
from helpers.sources.http import Client
from helpers.sources.terms import Terms

TERMS = Terms("© its label", "https://example.org/terms", "unclear", "Nobody said.")


def cover(source_id, *urls, source="shop", **fields):
    return Found(TERMS.record(source, source_id, **fields), urls)


def client_of(server):
    client = Client()
    client.service(server.url, interval=0)
    return client


def serve_pictures(server, missing=()):
    """/N.jpg is picture N."""

    def answer(request):
        number = int(request.path.strip("/").removesuffix(".jpg"))
        return Answer(status=404) if number in missing else Answer(jpeg(number), headers={"Content-Type": "image/jpeg"})

    server.answer = answer


def numbered(server, count):
    return [cover(str(n), f"{server.url}/{n}.jpg") for n in range(count)]


def records(folder):
    return list(read_records(folder / "records.jsonl"))


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_covers_and_where_they_came_from(server, client, tmp_path):
    serve_pictures(server)
    summary = collect(numbered(server, 5), tmp_path / "out", client)
    assert (summary.found, summary.downloaded, summary.refused.total()) == (5, 5, 0)
    noted = records(tmp_path / "out")
    assert [record.source_id for record in noted] == list("01234")
    for number, record in enumerate(noted):
        assert (tmp_path / "out" / record.cover_path).read_bytes() == jpeg(number)
        assert record.cover_url == f"{server.url}/{number}.jpg"
        assert (record.licence, record.terms_url, record.ml_use) == (TERMS.licence, TERMS.url, TERMS.ml_use)
        assert record.fetched_at.endswith("+00:00")


def test_second_run_asks_for_nothing(server, client, tmp_path):
    serve_pictures(server, missing={3})
    collect(numbered(server, 5), tmp_path / "out", client)
    asked = len(server.requests)
    before = (tmp_path / "out" / "records.jsonl").read_bytes()
    summary = collect(numbered(server, 5), tmp_path / "out", client)
    assert (summary.present, summary.given_up, summary.downloaded) == (4, 1, 0) and len(server.requests) == asked
    assert (tmp_path / "out" / "records.jsonl").read_bytes() == before


def test_limit_counts_what_is_there_and_not_what_was_refused(server, client, tmp_path):
    serve_pictures(server, missing={0, 2})
    assert collect(numbered(server, 50), tmp_path / "out", client, limit=3).downloaded == 3
    assert [record.source_id for record in records(tmp_path / "out") if record.cover_path] == ["1", "3", "4"]
    summary = collect(numbered(server, 50), tmp_path / "out", client, limit=7)
    assert (summary.present, summary.given_up, summary.downloaded) == (3, 2, 4)
    kept = [record.source_id for record in records(tmp_path / "out") if record.cover_path]
    assert kept == ["1", "3", "4", "5", "6", "7", "8"]


def test_source_is_asked_no_further_than_needed(server, client, tmp_path):
    serve_pictures(server)
    asked = []

    def endless():
        for number in range(10**9):
            asked.append(number)
            yield cover(str(number), f"{server.url}/{number}.jpg")

    collect(endless(), tmp_path / "out", client, limit=10)
    assert len(asked) <= 12


BAD = {
    "truncated": (jpeg()[:300], {}, "cut off or corrupt"),
    "html called jpeg": (b"<html></html>", {"Content-Type": "image/jpeg"}, "no image of a known format"),
    "empty": (b"", {}, "no bytes"),
    "missing": (None, {}, "HTTP 404"),
}


@pytest.mark.parametrize("case", BAD)
def test_reason_of_a_refusal_is_noted(server, client, tmp_path, case):
    body, headers, reason = BAD[case]
    server.answer = lambda request: Answer(status=404) if body is None else Answer(body, headers=headers)
    summary = collect([cover("a", f"{server.url}/a.jpg")], tmp_path / "out", client)
    (record,) = records(tmp_path / "out")
    assert reason in record.refused and record.cover_path == "" and record.cover_url == f"{server.url}/a.jpg"
    assert summary.refused.total() == 1 and summary.downloaded == 0
    assert not list((tmp_path / "out").rglob("*.jpg"))


def test_picture_of_400_megapixels_is_refused_by_its_header(server, client, tmp_path):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(60_001))) + chunk(b"IEND", b"")
    server.answer = lambda request: Answer(bomb)
    collect([cover("bomb", f"{server.url}/a.png")], tmp_path / "out", client)
    assert "80,000,000 pixels" in records(tmp_path / "out")[0].refused


def test_second_address_is_tried_where_the_first_has_nothing(server, client, tmp_path):
    server.answer = lambda request: Answer(jpeg()) if request.path == "/full" else Answer(status=404)
    collect([cover("a", f"{server.url}/500", f"{server.url}/full")], tmp_path / "out", client)
    assert records(tmp_path / "out")[0].cover_url == f"{server.url}/full"


def test_passing_reason_of_the_second_address_outweighs_the_final_one_of_the_first(server, tmp_path):
    client = Client(clock=FakeClock())
    client.service(server.url, interval=0)
    server.answer = lambda request: Answer(status=404 if request.path == "/500" else 503)
    found = [cover("a", f"{server.url}/500", f"{server.url}/full")]
    collect(found, tmp_path / "out", client)
    assert records(tmp_path / "out")[0].refused == "HTTP 503; the next run asks again"
    server.answer = lambda request: Answer(status=404) if request.path == "/500" else Answer(jpeg())
    assert collect(found, tmp_path / "out", client).downloaded == 1


def test_what_robots_forbid_is_fetched_when_the_reader_decides_so(server, client, tmp_path):
    rules = Answer(b"User-agent: *\nDisallow: /")
    server.answer = lambda request: rules if request.path == "/robots.txt" else Answer(jpeg())
    found = [cover("a", f"{server.url}/a.jpg")]
    assert collect(found, tmp_path / "out", client, robots=True).refused == {"robots.txt forbids it": 1}
    assert collect(found, tmp_path / "out", client).downloaded == 1


def test_suffix_follows_the_content(server, client, tmp_path):
    server.answer = lambda request: Answer(jpeg(kind="PNG"))
    collect([cover("a", f"{server.url}/a.jpg")], tmp_path / "out", client)
    assert records(tmp_path / "out")[0].cover_path.endswith(".png")


def test_what_was_lost_on_the_way_is_asked_for_again(server, tmp_path):
    client = Client(patience=0.05)
    client.service(server.url, interval=0)

    def drip():
        while True:
            yield b"."
            time.sleep(0.02)

    server.answer = lambda request: Answer(drip(), length=10_000)
    collect([cover("a", f"{server.url}/a.jpg")], tmp_path / "out", client)
    assert records(tmp_path / "out")[0].refused.endswith("the next run asks again")
    server.answer = lambda request: Answer(jpeg())
    assert collect([cover("a", f"{server.url}/a.jpg")], tmp_path / "out", client_of(server)).downloaded == 1
    assert [bool(record.cover_path) for record in records(tmp_path / "out")] == [False, True]


def test_same_picture_twice_is_kept_once(server, client, tmp_path):
    server.answer = lambda request: Answer(jpeg())
    summary = collect([cover("a", f"{server.url}/a"), cover("b", f"{server.url}/b")], tmp_path / "out", client)
    assert (summary.downloaded, summary.duplicates) == (1, 1)
    assert records(tmp_path / "out")[1].refused == "the same picture as shop:a"


def test_same_album_from_three_sources_is_fetched_once(server, client, tmp_path):
    serve_pictures(server)
    album = {"artist": "Girls' Generation", "title": "Oh!", "year": 2010}
    shouted = {"artist": "GIRLS’ GENERATION", "title": "oh", "year": 2010}
    found = [
        cover("1", f"{server.url}/1.jpg", source="musicbrainz", **album),
        cover("2", f"{server.url}/2.jpg", source="itunes", **shouted),
    ]
    collect(found, tmp_path / "out", client)
    collect([cover("3", f"{server.url}/3.jpg", source="deezer", **album)], tmp_path / "out", client)
    kept, *others = records(tmp_path / "out")
    assert kept.cover_path and [record.refused for record in others] == ["the same album as musicbrainz:1"] * 2
    assert "/3.jpg" not in server.paths()


def test_albums_of_one_name_in_one_source_are_different_albums(server, client, tmp_path):
    serve_pictures(server)
    weezer = {"artist": "Weezer", "title": "Weezer"}
    found = [cover(str(n), f"{server.url}/{n}.jpg", **weezer, year=year) for n, year in enumerate((1994, 1994, 2001))]
    assert collect(found, tmp_path / "out", client).downloaded == 3


@given(st.text(max_size=20), st.text(max_size=20))
def test_album_key_ignores_case_and_never_fails(artist, title):
    key = album_key(TERMS.record("a", "1", artist=artist, title=title))
    assert (key is None) == (not artist or not title)
    assert key == album_key(TERMS.record("b", "2", artist=artist, title=title))


names = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["../../etc/passwd", "a\0b", "한국 앨범", "💿/💿", "..", "/", "CON", "a" * 5000, "\ud800", "C:\\x", "\n"]
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names, names, names)
def test_no_name_leads_out_of_the_folder(server, tmp_path_factory, source_id, artist, title):
    server.answer = lambda request: Answer(jpeg(), headers={"Content-Disposition": 'filename="../../evil.sh"'})
    root = tmp_path_factory.mktemp("names")
    found = cover(source_id, f"{server.url}/..%2f..%2fevil.jpg", artist=artist, title=title)
    collect([found], root / "out", client_of(server))
    (record,) = records(root / "out")
    assert record.title == found.record.title and record.source_id == found.record.source_id
    assert {path.relative_to(root).parts[0] for path in files(root)} == {"out"}
    assert {path.name for path in files(root)} == {"records.jsonl", ".collecting", Path(record.cover_path).name}


def test_torn_last_line_is_fetched_again(server, client, tmp_path):
    serve_pictures(server)
    collect(numbered(server, 3), tmp_path / "out", client)
    path = tmp_path / "out" / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    summary = collect(numbered(server, 3), tmp_path / "out", client)
    assert (summary.present, summary.downloaded) == (2, 1)
    assert [record.source_id for record in records(tmp_path / "out")] == ["0", "1", "2"]


def test_service_that_ends_the_work_leaves_what_is_there(server, client, tmp_path):
    def answer(request):
        if request.path == "/3.jpg":
            return Answer(status=429, headers={"Retry-After": "86400"})
        return Answer(jpeg(int(request.path[1])))

    server.answer = answer
    with pytest.raises(CourseError, match="24 hours"):
        collect(numbered(server, 6), tmp_path / "out", client)
    kept = [record.source_id for record in records(tmp_path / "out")]
    assert kept[:3] == ["0", "1", "2"] and "3" not in kept  # whether 4 and 5 had been asked for by then, who knows
    serve_pictures(server)
    assert collect(numbered(server, 6), tmp_path / "out", client_of(server)).downloaded == 6 - len(kept)  # tomorrow
    assert sorted(record.source_id for record in records(tmp_path / "out")) == list("012345")


def test_source_that_fails_half_way_leaves_what_it_found(server, client, tmp_path):
    serve_pictures(server)

    def failing():
        yield from numbered(server, 3)
        raise CourseError("The service is gone.")

    with pytest.raises(CourseError, match="The service is gone"):
        collect(failing(), tmp_path / "out", client)
    assert [record.source_id for record in records(tmp_path / "out")] == ["0", "1", "2"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_full_disk(server, client, tmp_path):
    serve_pictures(server)
    collect(numbered(server, 2), tmp_path / "out", client)
    kept = (tmp_path / "out" / "records.jsonl").read_bytes()
    digest = hashlib.sha256(jpeg(2)).hexdigest()
    folder = tmp_path / "out" / "images" / digest[:2]
    folder.mkdir(exist_ok=True)

    def fill():
        yield from numbered(server, 2)
        (folder / f".partial-{digest}.jpg").symlink_to("/dev/full")  # by now: opening the folder removes remains
        yield numbered(server, 3)[2]

    with pytest.raises(CourseError, match="disk is full .* run the same command again"):
        collect(fill(), tmp_path / "out", client)
    assert (tmp_path / "out" / "records.jsonl").read_bytes() == kept
    assert collect(numbered(server, 3), tmp_path / "out", client).downloaded == 1


def test_two_processes_at_once_are_refused(server, client, tmp_path):
    serve_pictures(server)

    def nested():
        with pytest.raises(CourseError, match="Another process is collecting"):
            collect(numbered(server, 1), tmp_path / "out", client_of(server))
        yield from numbered(server, 1)

    assert collect(nested(), tmp_path / "out", client).downloaded == 1


SCRIPT = """
import signal
import sys
from helpers.sources.collection import Found, collect
from helpers.sources.http import Client
from helpers.sources.terms import Terms

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has switched off in the background
url, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = Client()
client.service(url, interval=0.02)
terms = Terms("", "", "unclear", "")
print("ready", flush=True)
collect([Found(terms.record("shop", str(n)), (f"{url}/{n}.jpg",)) for n in range(count)], out, client)
"""


@pytest.mark.parametrize("how, after", [(signal.SIGINT, 1), (signal.SIGKILL, 4), (signal.SIGTERM, 9)])
def test_interrupted_at_any_moment(server, tmp_path, how, after):
    serve_pictures(server)
    command = [sys.executable, "-c", SCRIPT, server.url, str(tmp_path / "out"), "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        while len(server.requests) < after:
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, how)
        process.wait(30)
    lines = (tmp_path / "out" / "records.jsonl").read_bytes().splitlines()
    before = [json.loads(line)["source_id"] for line in lines]
    assert len(before) < 30
    summary = collect(numbered(server, 30), tmp_path / "out", client_of(server))
    assert summary.present == len(before) and summary.downloaded == 30 - len(before)
    noted = records(tmp_path / "out")
    assert sorted(int(record.source_id) for record in noted) == list(range(30))
    for record in noted:
        assert (tmp_path / "out" / record.cover_path).read_bytes() == jpeg(int(record.source_id))
    assert not [path for path in files(tmp_path / "out") if path.name.startswith(".partial")]


def test_collection_becomes_a_training_set(server, client, tmp_path):
    serve_pictures(server, missing={4})
    collect(numbered(server, 12), tmp_path / "out", client)
    (path,) = building.prepare(tmp_path / "out", tmp_path / "set", [32])
    covers = CoverSet.open(path)
    assert len(covers) == 11
    assert set(covers.table["source_id"]) == {str(n) for n in range(12)} - {"4"}


def test_folder_that_cannot_be_made(server, client, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(CourseError, match="cannot be written"):
        collect(numbered(server, 1), tmp_path / "out", client)


def test_damaged_records_are_told(server, client, tmp_path):
    (tmp_path / "out").mkdir()
    append_records(tmp_path / "out" / "records.jsonl", [cover("a").record])
    with open(tmp_path / "out" / "records.jsonl", "a") as file:
        file.write("{broken\n")
    with pytest.raises(CourseError, match="line 2 is not a record"):
        collect(numbered(server, 1), tmp_path / "out", client)
