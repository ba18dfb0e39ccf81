"""`covergan collect` as a user meets it, against the demo server and against servers that misbehave."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from PIL import Image

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.records import read_records
from helpers.sources.collection import filling
from helpers.sources.demo.catalogue import albums

ALBUMS = (replace(albums()[0], title="[/b] x \x1b]0;pwned\x07 \x1b[2J"),)
# Every source, with what makes it find some two dozen covers on the demo server, and whether training is allowed.
SOURCES = {
    "kpop": ((), "unclear"),
    "musicbrainz": (("--tag", "jazz"), "unclear"),
    "itunes": (("--term", "kpop"), "forbidden"),
    "deezer": (("--search", "kpop"), "unclear"),
    "spotify": (("--genre", "k-pop", "--features"), "forbidden"),
    "bing": ((), "unclear"),
}
LIMIT = 24


def records(folder):
    return list(read_records(folder / "records.jsonl"))


@pytest.mark.parametrize("source", SOURCES)
def test_from_a_source_to_a_gan(covergan, refused, tmp_path, source):
    options, ml_use = SOURCES[source]
    code, out, _ = covergan("collect", source, tmp_path / "covers", *options, "--demo", "--limit", LIMIT)
    assert code == 0
    found = records(tmp_path / "covers")
    kept = [record for record in found if record.cover_path]
    assert 8 <= len(kept) <= LIMIT
    assert all(record.cover_path or record.refused for record in found)
    assert {record.ml_use for record in kept} == {ml_use}
    assert all(record.licence and record.terms_url.startswith("https://") and record.fetched_at for record in kept)
    said = dict(Counter(record.refused for record in found if record.refused))
    for name, count in (("downloaded", len(kept)), ("refused", None), ("found", None), ("duplicate", None)):
        (line,) = [line for line in out.splitlines() if line.strip().startswith(name)]
        assert count is None or line.split()[1] == str(count)
    assert not said or sum(said.values()) >= 1
    prepare = ("prepare", tmp_path / "covers", tmp_path / "set", "--size", 16)
    if ml_use == "forbidden":
        assert kept[0].terms_url in refused(*prepare)
        prepare += ("--permission", "These covers are drawn")
    assert covergan(*prepare)[0] == 0
    assert len(CoverSet.open(tmp_path / "set")) >= 6
    train = ("train", "dcgan", tmp_path / "set", tmp_path / "run", "--steps", 2, "--batch-size", 4, "--width", 4)
    assert covergan(*train)[0] == 0


def test_synthetic_covers_are_a_source_like_the_others(covergan, tmp_path):
    command = ("collect", "synthetic", tmp_path / "covers", "--limit", 12, "--size", 64)
    assert covergan(*command)[0] == 0
    first = records(tmp_path / "covers")
    assert len(first) == 12 and {record.ml_use for record in first} == {"allowed"}
    with Image.open(tmp_path / "covers" / first[0].cover_path) as image:
        assert image.size == (64, 64)
    assert "12 were there" in covergan(*command)[1]
    assert records(tmp_path / "covers") == first


def test_dry_run_shows_and_fetches_nothing(covergan, tmp_path):
    code, out, _ = covergan("collect", "deezer", tmp_path / "covers", "--demo", "--limit", 5, "--dry-run")
    assert code == 0 and "5 found; nothing was downloaded" in out and "SHINee" in out
    assert not list(tmp_path.rglob("*.jpg")) and not (tmp_path / "covers" / "records.jsonl").exists()


def test_second_run_finds_everything_there(covergan, tmp_path):
    command = ("collect", "kpop", tmp_path / "covers", "--demo", "--limit", 10)
    covergan(*command)
    before = (tmp_path / "covers" / "records.jsonl").read_bytes()
    _, out, _ = covergan(*command)
    (line,) = [line for line in out.splitlines() if "there already" in line]
    assert line.split()[2] == "10"
    assert (tmp_path / "covers" / "records.jsonl").read_bytes() == before


def test_google_is_shown_failing(refused, tmp_path):
    assert "JavaScript" in refused("collect", "google", tmp_path / "covers", "--demo")


def test_keyword_that_finds_nothing_does_not_end_the_crawl(covergan, tmp_path):
    words = ("--keyword", "?!", "--keyword", "kpop album art")
    code, out, _ = covergan("collect", "bing", tmp_path / "covers", "--demo", "--limit", 20, *words)
    assert code == 0 and "?!: Bing found no picture" in out
    assert [record for record in records(tmp_path / "covers") if record.cover_path]


def test_crawl_without_any_picture_is_an_error(refused, tmp_path):
    assert "Bing found no picture" in refused("collect", "bing", tmp_path / "covers", "--demo", "--keyword", "?!")


def test_musicbrainz_needs_a_contact(refused, tmp_path, monkeypatch):
    monkeypatch.delenv("COVERGAN_CONTACT", raising=False)
    assert "COVERGAN_CONTACT" in refused("collect", "musicbrainz", tmp_path / "covers", "--tag", "k-pop")


def test_spotify_needs_keys(refused, tmp_path, monkeypatch):
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    monkeypatch.delenv("SPOTIPY_CLIENT_SECRET", raising=False)
    sentence = refused("collect", "spotify", tmp_path / "covers", "--year", "2016")
    assert "SPOTIPY_CLIENT_ID" in sentence and "--demo" in sentence


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("kpop", "--sources", "melon"), "choose from"),
        (("musicbrainz", "--demo", "--tag", "k-pop", "--years", "2010"), "no range"),
        (("spotify", "--demo", "--year", "soon"), "no whole number"),
        (("spotify", "--demo"), "something to search for"),
        (("spotify", "--demo", "--genre", "jazz", "--released", "2016"), "two dates with a comma"),
        (("spotify", "--demo", "--genre", "jazz", "--released", "soon,later"), "no span of time"),
        (("deezer", "--demo", "--limit", "0"), "at least"),
    ],
)
def test_wrong_input_is_one_sentence(refused, tmp_path, arguments, said):
    source, *options = arguments
    assert said in refused("collect", source, tmp_path / "covers", *options)


def test_hostile_title_is_printed_and_not_obeyed(covergan, monkeypatch, tmp_path):
    monkeypatch.setattr("helpers.sources.demo.catalogue.albums", lambda: ALBUMS)
    code, out, err = covergan("collect", "deezer", tmp_path / "covers", "--demo", "--search", "x", "--dry-run")
    assert code == 0 and "[/b] x" in out and "\x1b" not in out + err


def test_summary_is_shown_even_if_the_work_ends_early(covergan, monkeypatch, tmp_path):
    from helpers.sources import kpop

    def failing(*arguments):
        yield from islice(popular(*arguments), 3)
        raise CourseError("The service is gone.")

    popular = kpop.popular
    monkeypatch.setattr(kpop, "popular", failing)
    code, out, err = covergan("collect", "kpop", tmp_path / "covers", "--demo")
    assert code == 2 and "The service is gone" in err
    (line,) = [line for line in out.splitlines() if line.strip().startswith("found")]
    assert line.split()[1] == "3" and len(records(tmp_path / "covers")) == 3


def test_nothing_found_is_said(covergan, tmp_path):
    code, out, _ = covergan("collect", "deezer", tmp_path / "covers", "--demo", "--search", "no such album")
    (line,) = [line for line in out.splitlines() if line.strip().startswith("found")]
    assert code == 0 and line.split()[1] == "0"


def test_two_at_once_are_refused(refused, tmp_path):
    with filling(tmp_path / "covers"):
        for source in ("synthetic", "kpop"):
            options = () if source == "synthetic" else ("--demo",)
            assert "Another process" in refused("collect", source, tmp_path / "covers", *options)


def test_ctrl_c_leaves_what_is_there(tmp_path):
    # Where the tests run in the background, a shell has told them to ignore Ctrl-C.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    code += "from helpers.cli import main; main()"
    command = [sys.executable, "-c", code, "collect", "synthetic", str(tmp_path / "covers"), "--limit", "5000"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        path = tmp_path / "covers" / "records.jsonl"
        while not path.exists() or path.read_bytes().count(b"\n") < 3:
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err and "run the same command again" in err
    kept = records(tmp_path / "covers")
    assert len(kept) >= 3 and all((tmp_path / "covers" / record.cover_path).exists() for record in kept)
