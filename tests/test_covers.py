"""CoverSet: what goes in comes out, in order; what is wrong is refused; no crash and no full disk spoils a set."""

import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.utils.class_weight import compute_class_weight

from helpers.building import WORK
from helpers.card import REASONS
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, RECORDS_FILE, Record, append_records

ROOT = Path(__file__).parents[1]
FILES = ("images.npy", "covers.parquet", "card.json")


def drawn(index: int, size: int = 8) -> np.ndarray:
    """A cover of noise whose first pixel says its number."""
    pixels = np.random.default_rng(index).integers(0, 256, (size, size, 3), dtype=np.uint8)
    pixels[0, 0] = divmod(index, 256) + (0,)
    return pixels


def numbers(images: np.ndarray) -> list[int]:
    """The numbers of covers [N, S, S, 3] that `drawn` drew."""
    first = images[:, 0, 0].astype(int)
    return list(first[:, 0] * 256 + first[:, 1])


def record(index: int, **fields) -> Record:
    fields = {"artist": f"가수 {index % 37}", "title": f"앨범 {index % 111}", "ml_use": "allowed", **fields}
    return Record("handmade", str(index), **fields)


def handmade(count: int, size: int = 8, start: int = 0):
    return ((record(index), drawn(index, size)) for index in range(start, start + count))


def contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in FILES}


def in_a_process(function: str, *arguments) -> str:
    """Call a function of this file in a Python of its own; returns what it prints."""
    code = f"import sys; import test_covers; test_covers.{function}(*sys.argv[1:])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


GENRES = ("pop", "rock", "rock", "pop", "pop", "jazz", "pop", "rock", "pop", "classical")


def by_threes(index: int) -> Record:
    cluster = index // 3
    return record(index, artist=f"가수 {7 * cluster % 401}", phash=f"{cluster:x}", genres=(GENRES[cluster % 10],))


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> CoverSet:
    """1,500 covers by 401 artists, of four genres from common to rare; every three are one cluster."""
    covers = ((by_threes(i), drawn(i)) for i in range(1500))
    return CoverSet.build(covers, tmp_path_factory.mktemp("many") / "set", 8)


# Building


def test_covers_of_an_iterable_come_out_in_order(tmp_path):
    covers = CoverSet.build(handmade(100, size=16), tmp_path / "set", 16)
    assert len(covers) == 100 and covers.size == 16 and covers.path == tmp_path / "set"
    assert covers.images.shape == (100, 16, 16, 3) and covers.images.dtype == np.uint8
    for index in (0, 1, 50, 99):
        np.testing.assert_array_equal(covers[index], drawn(index, 16))
    assert numbers(covers[10:13]) == [10, 11, 12]
    assert numbers(covers[-2:]) == [98, 99]
    assert numbers(covers[[7, 3, 7]]) == [7, 3, 7]
    np.testing.assert_array_equal(np.load(tmp_path / "set" / "images.npy"), covers.images)


def test_images_are_mapped_and_cannot_be_changed(many):
    assert isinstance(many.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        many.images[0] = 0


def test_table_says_what_the_records_say(tmp_path):
    records = [
        Record("a", "1", "방탄소년단", "봄날", 2017, ("k-pop", "pop"), licence="CC0", features={"tempo": 107.5}),
        Record("b", "1", ml_use="allowed", phash="ff00"),
    ]
    covers = CoverSet.build(zip(records, (drawn(0), drawn(1)), strict=True), tmp_path / "set", 8)
    table = covers.table
    fields = [name for name in records[0].facts() if name != "features"]
    assert {*fields, *FEATURE_NAMES} <= set(table.columns) and len(table) == 2
    for index, expected in enumerate(records):
        row = table.iloc[index]
        for name in set(fields) - {"sha256", "genres", "year"}:
            assert row[name] == getattr(expected, name)
        assert row["genres"] == list(expected.genres)
        np.testing.assert_array_equal(row[list(FEATURE_NAMES)].astype(float), list(expected.features.values()))
    assert table["year"].dtype == pd.Int32Dtype()
    assert table["year"][0] == 2017 and table["year"][1] is pd.NA
    assert (table[list(FEATURE_NAMES)].dtypes == np.float64).all()
    assert list(table["sha256"]) == [hashlib.sha256(drawn(i).tobytes()).hexdigest() for i in (0, 1)]


def test_card_counts_the_covers(tmp_path):
    covers = [
        (record(0, year=1969, genres=("rock", "pop"), licence="CC BY 4.0"), drawn(0)),
        (record(1, year=1960, genres=("rock",), ml_use="unclear"), drawn(1)),
        (record(2), drawn(2)),
    ]
    card = CoverSet.build(covers, tmp_path / "set", 8).card
    assert card == json.loads((tmp_path / "set" / "card.json").read_text(encoding="utf-8"))
    assert (card["name"], card["count"], card["size"]) == ("set", 3, 8)
    assert card["sources"] == {"handmade": 3}
    assert card["genres"] == {"rock": 2, "unknown": 1}
    assert card["decades"] == {"1960s": 2, "unknown": 1}
    assert card["licences"] == {"unknown": 2, "CC BY 4.0": 1}
    assert card["ml_use"] == {"allowed": 2, "unclear": 1}
    assert card["rejected"] == [] and card["permission"] is None


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve PNG covers of two genres and three files that are none."""
    for index in range(12):
        path = tmp_path / "covers" / ("rock", "jazz")[index % 2] / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn(index, 40)).save(path)
    (tmp_path / "covers" / "rock" / "02a.jpg").write_bytes(b"<html>404</html>")
    (tmp_path / "covers" / "zero.jpg").touch()
    Image.new("RGB", (90, 40)).save(tmp_path / "covers" / "jazz" / "wide.png")
    return tmp_path / "covers"


def test_folder_becomes_a_set_and_the_card_says_what_was_left_out(folder, tmp_path):
    covers = CoverSet.build(folder, tmp_path / "set", 40)
    assert numbers(covers.images) == [1, 3, 5, 7, 9, 11, 0, 2, 4, 6, 8, 10]  # jazz before rock
    assert list(covers.table["genres"]) == [["jazz"]] * 6 + [["rock"]] * 6
    assert covers.table["cover_path"][0] == "jazz/01.png"
    assert covers.table["sha256"][0] == hashlib.sha256((folder / "jazz/01.png").read_bytes()).hexdigest()
    assert covers.card["rejected"] == [
        {"file": "jazz/wide.png", "reason": "too oblong"},
        {"file": "rock/02a.jpg", "reason": "not an image"},
        {"file": "zero.jpg", "reason": "empty"},
    ]
    assert {entry["reason"] for entry in covers.card["rejected"]} <= set(covers.card["reasons"])


def test_folder_with_records_keeps_their_order_and_reports_missing_files(folder, tmp_path):
    names = ["rock/04.png", "rock/gone.png", "jazz/03.png"]
    append_records(folder / RECORDS_FILE, (Record("itunes", name, "IU", cover_path=name) for name in names))
    covers = CoverSet.build(str(folder), tmp_path / "set", 40)
    assert numbers(covers.images) == [4, 3]
    assert list(covers.table["source"]) == ["itunes"] * 2 and list(covers.table["artist"]) == ["IU"] * 2
    assert covers.card["rejected"] == [{"file": "rock/gone.png", "reason": "missing"}]


def test_iterable_may_mix_paths_and_arrays(folder, tmp_path):
    images = [drawn(7, 40), folder / "rock" / "04.png", str(folder / "jazz" / "03.png")]
    covers = CoverSet.build(((record(i), image) for i, image in enumerate(images)), tmp_path / "set", 40)
    assert numbers(covers.images) == [7, 4, 3]


def test_result_does_not_depend_on_jobs(folder, tmp_path):
    for jobs in (1, 5):
        CoverSet.build(folder, tmp_path / str(jobs) / "set", 40, jobs=jobs)
    assert contents(tmp_path / "1" / "set") == contents(tmp_path / "5" / "set")


def test_progress_counts_every_file(folder, tmp_path):
    seen = []
    CoverSet.build(folder, tmp_path / "set", 40, progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 15


def test_hash_tells_sets_apart_and_same_sets_not(tmp_path):
    def built(name, covers=None, size=8, **options):
        return CoverSet.build(covers or handmade(20), tmp_path / name, size, **options).card["hash"]

    def changed(**fields):
        return [*handmade(19), (record(19, **fields), drawn(19))]

    pixel = drawn(19)
    pixel[5, 5, 1] ^= 1
    different = [
        built("plain"),
        built("pixel", [*handmade(19), (record(19), pixel)]),
        built("year", changed(year=1999)),
        built("feature", changed(features={"energy": 0.5})),
        built("pixel of a file", [*handmade(19), (record(19, sha256="0a"), drawn(19))]),
        built("other pixel of that file", [*handmade(19), (record(19, sha256="0a"), pixel)]),
        built("order", reversed(list(handmade(20)))),
        built("fewer", handmade(19)),
        built("size", handmade(20, size=9), 9),
        built("permission", permission="the label's letter"),
    ]
    assert len(set(different)) == len(different)
    assert built("again", jobs=3) == built("elsewhere", origin="a list") == different[0]


@pytest.mark.parametrize(
    ("covers", "size", "complaint"),
    [
        (handmade(1), 7, r"^The size is 7; it must be from 8 to 1024 pixels\.$"),
        (handmade(1), 1025, "The size is 1025"),
        (handmade(1), 16, r"^0: uint8 \[8, 8, 3\] is no 16 px cover\.$"),
        ([(record(0), drawn(0) / 255)], 8, r"^0: float64 \[8, 8, 3\] is no 8 px cover\.$"),
        ([], 8, r"^The source gave no covers\.$"),
        ([(record(i), ROOT / "nowhere.jpg") for i in (1, 2)], 8, r"^None of the 2 files could be used; for 2 of them"),
    ],
)
def test_source_that_gives_no_set_is_refused_and_leaves_the_folder_free(tmp_path, covers, size, complaint):
    with pytest.raises(CourseError, match=complaint):
        CoverSet.build(covers, tmp_path / "set", size)
    assert numbers(CoverSet.build(handmade(3), tmp_path / "set", 8).images) == [0, 1, 2]


def test_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(CourseError, match="is not empty and no CoverSet; choose a new folder"):
        CoverSet.build(handmade(3), tmp_path, 8)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(CourseError, match="cannot be written"):
        CoverSet.build(handmade(3), tmp_path / "thesis.txt", 8)


def test_finished_set_is_opened_without_asking_the_source(folder, tmp_path):
    CoverSet.build(folder, tmp_path / "set", 40)
    shutil.rmtree(folder)
    assert len(CoverSet.build(folder, tmp_path / "set", 40)) == 12


@pytest.mark.parametrize("other", [{"size": 16}, {"origin": "other"}, {"permission": "mine"}])
def test_finished_set_is_not_taken_for_another(tmp_path, other):
    CoverSet.build(handmade(3), tmp_path / "set", 8, origin="one")
    with pytest.raises(CourseError, match="already holds another CoverSet"):
        CoverSet.build(handmade(3), tmp_path / "set", **{"size": 8, "origin": "one", **other})


# Terms

TERMS = "https://example.org/terms"


def test_forbidden_covers_need_a_permission(tmp_path):
    covers = [*handmade(2), (record(2, ml_use="forbidden", terms_url=TERMS), drawn(2))]
    for _ in range(2):
        with pytest.raises(CourseError, match=rf"The terms of handmade forbid training .*\({TERMS}\); leave them out"):
            CoverSet.build(covers, tmp_path / "set", 8)
    built = CoverSet.build(covers, tmp_path / "set", 8, permission="letter of 3 May")
    assert len(built) == 3
    assert built.card["permission"] == "letter of 3 May" and built.card["ml_use"] == {"allowed": 2, "forbidden": 1}


def test_permission_counts_for_the_covers_of_an_interrupted_build_too(tmp_path):
    covers = [(record(i, ml_use="forbidden", terms_url=TERMS), drawn(i)) for i in range(2)]
    broken = (cover for cover in [*covers, (record(2), None)])
    with pytest.raises(TypeError):
        CoverSet.build(broken, tmp_path / "set", 8, permission="letter", jobs=1)
    with pytest.raises(CourseError, match=TERMS):
        CoverSet.build([*covers, *handmade(1, start=2)], tmp_path / "set", 8)


def test_unclear_terms_are_told_in_one_line(tmp_path, capsys):
    CoverSet.build([(record(i, ml_use="unclear"), drawn(i)) for i in range(3)], tmp_path / "set", 8)
    assert capsys.readouterr().out == "The terms of 3 covers are unclear: use what your law allows.\n"
    CoverSet.build(handmade(3), tmp_path / "allowed", 8)
    assert capsys.readouterr().out == ""


# Opening


def rewrite(change):
    """A damage that changes the card."""

    def damage(path):
        card = json.loads((path / "card.json").read_text(encoding="utf-8"))
        change(card)
        (path / "card.json").write_text(json.dumps(card), encoding="utf-8")

    return damage


def replace_images(images):
    return lambda path: np.save(path / "images.npy", images)


def cut(name, share):
    return lambda path: os.truncate(path / name, int(share * (path / name).stat().st_size))


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (shutil.rmtree, "There is no folder"),
        (lambda path: (path / "card.json").unlink(), r"is not a finished CoverSet \(it has no card\.json\)"),
        (lambda path: (path / "images.npy").unlink(), "damaged or cut off"),
        (lambda path: (path / "covers.parquet").unlink(), "damaged or cut off"),
        (cut("images.npy", 0), "damaged or cut off"),
        (cut("images.npy", 0.01), "damaged or cut off"),
        (cut("images.npy", 0.5), "damaged or cut off"),
        (cut("images.npy", 0.9999), "damaged or cut off"),
        (cut("covers.parquet", 0), "damaged or cut off"),
        (cut("covers.parquet", 0.9), "damaged or cut off"),
        (cut("card.json", 0), "damaged or cut off"),
        (cut("card.json", 0.5), "damaged or cut off"),
        (lambda path: (path / "card.json").write_text("[]"), "damaged or cut off"),
        (rewrite(lambda card: card.pop("count")), "damaged or cut off"),
        (rewrite(lambda card: card.update(count=21)), "20 images, 20 rows and a card that says 21"),
        (rewrite(lambda card: card.update(size=9)), r"holds uint8 \[20, 8, 8, 3\], not uint8 \[N, 9, 9, 3\]"),
        (replace_images(np.zeros((20, 8, 8, 3), np.float32)), r"holds float32 \[20, 8, 8, 3\], not uint8"),
        (replace_images(np.zeros((20, 8, 8), np.uint8)), r"holds uint8 \[20, 8, 8\], not"),
        (replace_images(np.zeros((20, 8, 9, 3), np.uint8)), r"holds uint8 \[20, 8, 9, 3\], not"),
        (replace_images(np.zeros((19, 8, 8, 3), np.uint8)), "19 images, 20 rows and a card that says 20"),
        (replace_images(np.array([None])), "damaged or cut off"),
        (
            lambda path: np.savez(path / "images.npy", x=1) or os.replace(path / "images.npy.npz", path / "images.npy"),
            "damaged or cut off",
        ),
    ],
)
def test_set_that_is_not_whole_is_refused(tmp_path, damage, complaint):
    path = CoverSet.build(handmade(20), tmp_path / "set", 8).path
    damage(path)
    with pytest.raises(CourseError, match=complaint) as refused:
        CoverSet.open(path)
    assert "covergan prepare" in str(refused.value) and "\n" not in str(refused.value)


def test_file_is_no_set(tmp_path):
    (tmp_path / "set").touch()
    with pytest.raises(CourseError, match="There is no folder"):
        CoverSet.open(tmp_path / "set")


def test_set_can_be_moved(tmp_path):
    CoverSet.build(handmade(20), tmp_path / "set", 8)
    (tmp_path / "set").rename(tmp_path / "moved")
    assert numbers(CoverSet.open(str(tmp_path / "moved")).images) == list(range(20))


def test_opening_reads_neither_pixels_nor_rows(tmp_path):
    """So it costs nothing with a million covers, and training never needs the table."""
    CoverSet.build(handmade(20), tmp_path / "set", 8)
    covers = CoverSet.open(tmp_path / "set")
    (tmp_path / "set" / "covers.parquet").unlink()
    assert len(covers) == 20 and next(covers.batches(4, seed=0)).shape == (4, 8, 8, 3)
    with pytest.raises(FileNotFoundError):
        covers.table  # noqa: B018


# Interruptions


def eventful(folder: Path, size: int):
    """350 covers, every seventh of which is a file without bytes."""
    empty = folder / "empty.jpg"
    empty.touch()
    return ((entry, empty if index % 7 == 3 else image) for index, (entry, image) in enumerate(handmade(350, size)))


def die_at_cover(folder: Path, size: int, number: int) -> None:
    """Build, and be killed when this cover is asked for."""

    def coming():
        yield from itertools.islice(eventful(folder, size), number)
        os.kill(os.getpid(), signal.SIGKILL)

    CoverSet.build(coming(), folder / "set", size, jobs=2)


def die_at_file(folder: Path, size: int, number: int) -> None:
    """Build, and be killed just before a file of the set is opened, renamed or removed for this many times."""
    left = number

    def watch(event, arguments):
        nonlocal left
        if event in ("open", "os.rename", "os.remove", "os.mkdir") and str(folder / "set") in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    CoverSet.build(eventful(folder, size), folder / "set", size, jobs=2)


def die_everywhere(root: str, size: str) -> None:
    """In many folders, kill a build once or twice; prints how many builds ended so."""
    rng = random.Random(size)
    places = [[(die_at_cover, number)] for number in (0, 1, 255, 256, 257, *rng.sample(range(350), 4))]
    places += [[(die_at_file, number)] for number in range(18)]  # the last one after the card has been written
    places += [[(die_at_cover, rng.randrange(175)), (die_at_cover, rng.randrange(175, 350))] for _ in range(3)]
    places += [[(die_at_cover, rng.randrange(350)), (die_at_file, number)] for number in (3, 7, 9, 11)]
    killed = 0
    for index, deaths in enumerate(places):
        folder = Path(root, str(index))
        folder.mkdir()
        for die, number in deaths:
            child = os.fork()
            if child == 0:
                die(folder, int(size), number)
                os._exit(0)
            killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    print(killed)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("size", [8, 48])  # at 8 px the journal reaches the disk before the pixels, at 48 px after them
def test_killed_build_goes_on_to_the_same_files(tmp_path, size):
    (tmp_path / "whole").mkdir()
    expected = CoverSet.build(eventful(tmp_path / "whole", size), tmp_path / "whole" / "set", size)
    assert len(expected) == 300 and len(expected.card["rejected"]) == 50
    assert int(in_a_process("die_everywhere", tmp_path, size)) == 9 + 18 + 6 + 8
    for folder in tmp_path.iterdir():
        CoverSet.build(eventful(folder, size), folder / "set", size)
        assert contents(folder / "set") == contents(expected.path), folder


def test_error_of_the_source_passes_and_the_build_goes_on(tmp_path):
    """An OSError of the source is none of the set's, and must not be told as one."""

    def coming():
        yield from handmade(10)
        raise ConnectionError("the network is down")

    with pytest.raises(ConnectionError, match="the network is down"):
        CoverSet.build(coming(), tmp_path / "a" / "set", 8)
    seen = []
    CoverSet.build(handmade(20), tmp_path / "a" / "set", 8, progress=seen.append)
    CoverSet.build(handmade(20), tmp_path / "b" / "set", 8)
    assert seen[0] > 1 and seen[-1] == 20
    assert contents(tmp_path / "a" / "set") == contents(tmp_path / "b" / "set")


@pytest.mark.parametrize(
    "other",
    [
        lambda: handmade(300, start=1),
        lambda: itertools.chain(handmade(1, start=500), handmade(299)),
        lambda: itertools.chain(handmade(100), handmade(200, start=101)),
        lambda: handmade(2),
        lambda: ((record(i, title="renamed" if i == 3 else ""), drawn(i)) for i in range(300)),
        lambda: ((record(i), drawn(i if i != 3 else 4)) for i in range(300)),
    ],
)
def test_unfinished_work_is_not_mixed_with_what_has_changed(tmp_path, other):
    with pytest.raises(TypeError):
        CoverSet.build([*handmade(200), (record(200), None)], tmp_path / "a", 8)
    CoverSet.build(other(), tmp_path / "a", 8)
    CoverSet.build(other(), tmp_path / "b", 8)
    assert CoverSet.open(tmp_path / "a").card["hash"] == CoverSet.open(tmp_path / "b").card["hash"]
    np.testing.assert_array_equal(CoverSet.open(tmp_path / "a").images, CoverSet.open(tmp_path / "b").images)


def test_unfinished_work_with_other_settings_is_refused(tmp_path):
    with pytest.raises(TypeError):
        CoverSet.build([*handmade(200), (record(200), None)], tmp_path / "set", 8)
    with pytest.raises(CourseError, match="holds an unfinished set of other covers or settings; delete it first"):
        CoverSet.build(handmade(300, size=9), tmp_path / "set", 9)


# A full disk

FULL = Path("/dev/full")  # a disk that is always full
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


@needs_full_disk
@pytest.mark.parametrize("file", [f"{WORK}/views", f"{WORK}/8-images.npy", ".partial-card.json"])
def test_full_disk_is_told_and_the_build_goes_on_when_there_is_room(tmp_path, file):
    path = tmp_path / "a" / "set"
    with pytest.raises(TypeError):  # begun, so that the folder is there
        CoverSet.build([*handmade(64), (record(64), None)], path, 8)
    (path / file).symlink_to(FULL)
    with pytest.raises(CourseError, match=r"^The disk is full \(\d+ MB left\) while writing \S+; make room and run"):
        CoverSet.build(handmade(200), path, 8)
    with pytest.raises(CourseError, match="is not a finished CoverSet"):
        CoverSet.open(path)
    if (path / file).is_symlink():
        (path / file).unlink()
    covers = CoverSet.build(handmade(200), path, 8)
    assert numbers(covers.images) == list(range(200))
    CoverSet.build(handmade(200), tmp_path / "b" / "set", 8)
    assert contents(path) == contents(tmp_path / "b" / "set")


def build_on_little_room(path: str, size: str, room: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
    try:
        CoverSet.build(handmade(300, int(size)), path, int(size))
    except CourseError as error:
        print(error)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize(("size", "room"), [(64, 100), (64, 100_000), (8, 30_000)])  # at 8 px the journal is longer
def test_room_that_ends_in_the_middle_is_told_and_the_build_goes_on(tmp_path, size, room):
    complaint = in_a_process("build_on_little_room", tmp_path / "a" / "set", size, room)
    assert complaint.endswith("cannot be written: File too large.\n") and complaint.count("\n") == 1
    seen = []
    CoverSet.build(handmade(300, size), tmp_path / "a" / "set", size, progress=seen.append)
    assert seen[-1] == 300 and (seen[0] > 1 or room == 100)
    CoverSet.build(handmade(300, size), tmp_path / "b" / "set", size)
    assert contents(tmp_path / "a" / "set") == contents(tmp_path / "b" / "set")


# Memory


def print_memory(path: str, count: str) -> None:
    """Build a set of 64 px and take 2,000 batches; prints by how many MB anonymous memory grew at most.

    File pages are not counted: the system takes them back whenever it needs them.
    """

    def anonymous() -> float:
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) / 1e3

    peak = start = anonymous()
    done = threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    ramp = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3)
    images = ((ramp * (index + 1) >> 8).astype(np.uint8) for index in range(int(count)))
    covers = CoverSet.build(((record(index), image) for index, image in enumerate(images)), path, 64)
    for batch in itertools.islice(covers.batches(64, seed=0), 2000):
        assert batch.shape == (64, 64, 64, 3)
    done.set()
    watcher.join()
    print(peak - start)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_does_not_grow_with_the_covers(tmp_path):
    """20,000 covers of 64 px are 246 MB of pixels: keeping half of them would show."""
    grown = float(in_a_process("print_memory", tmp_path / "set", 20_000))
    (tmp_path / "set" / "images.npy").unlink()
    assert 0 < grown < 120


# Splitting


def groups(covers: CoverSet, by: str) -> set:
    table = covers.table
    return set({"artist": table["artist"], "album": table["artist"] + table["title"], "cluster": table["phash"]}[by])


@settings(max_examples=30, deadline=None)
@given(by=st.sampled_from(["artist", "album", "cluster"]), test=st.floats(0.05, 0.95), seed=st.integers(0, 2**31))
def test_split_shares_out_the_groups(many, by, test, seed):
    parts = many.split(by, test, seed)
    kept, held_out = (groups(part, by) for part in parts)
    assert not kept & held_out and kept | held_out == groups(many, by)
    together = np.sort(np.concatenate([numbers(part.images) for part in parts]))
    np.testing.assert_array_equal(together, np.arange(1500))


@settings(max_examples=20, deadline=None)
@given(by=st.sampled_from(["artist", "album", "cluster"]), test=st.floats(0.1, 0.9), seed=st.integers(0, 2**31))
def test_every_genre_has_its_share_in_the_test(many, by, test, seed):
    _, held_out = many.split(by, test, seed)
    for genre in set(GENRES):
        share = (held_out.genres == genre).sum() / (many.genres == genre).sum()
        assert abs(share - test) < 0.05, genre


@pytest.mark.parametrize("by", ["artist", "album", "cluster"])
def test_copies_never_lie_on_both_sides(many, by):
    """Not even where the copies carry different artists, or none."""
    rows = [(record(i, artist=f"{i}" if i % 2 else "", title=f"{i}", phash=f"{i // 2}"), drawn(i)) for i in range(200)]
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(5):
            train, test = CoverSet.build(rows, Path(folder) / "set", 8).split(by, 0.3, seed)
            assert not set(train.table["cluster"]) & set(test.table["cluster"])
            assert 50 <= len(test) <= 70


def test_part_is_a_set_of_its_own(many):
    train, test = many.split("artist", 0.3)
    for part in (train, test):
        assert len(part) == len(part.images) == len(part.table) and part.size == 8
        assert numbers(part.images) == [int(name) for name in part.table["source_id"]] == sorted(numbers(part.images))
        assert numbers(part[2:5]) == numbers(part.images)[2:5]
        np.testing.assert_array_equal(part[-1], part.images[-1])


def test_split_depends_on_the_seed_and_on_nothing_else(many):
    a, b, other = (numbers(many.split(seed=seed)[1].images) for seed in (1, 1, 2))
    assert a == b != other
    assert numbers(CoverSet.open(many.path).split(seed=1)[1].images) == a


def test_most_covers_stay_on_their_side_when_the_set_grows(many, tmp_path):
    grown = CoverSet.build(((by_threes(i), drawn(i)) for i in range(300, 2001)), tmp_path / "set", 8)
    common = set(range(300, 1500))
    before, after = (set(numbers(covers.split(test=0.2)[1].images)) & common for covers in (many, grown))
    assert len(before) > 100 and len(before & after) > 0.6 * len(before | after)


def test_part_can_be_split_again(many):
    train, test = many.split("artist", 0.2)
    train, validation = train.split("artist", 0.2)
    artists = [groups(part, "artist") for part in (train, validation, test)]
    assert sum(map(len, artists)) == len(set.union(*artists)) == len(groups(many, "artist"))
    assert len(train) + len(validation) + len(test) == 1500
    assert 0.1 < len(artists[1]) / len(artists[0] | artists[1]) < 0.3


def test_one_artist_is_one_group_however_it_is_spelled(tmp_path):
    spellings = ["NewJeans 뉴진스", "newjeans 뉴진스", unicodedata.normalize("NFD", "NEWJEANS 뉴진스")]
    artists = [*spellings * 5, *(f"other {index}" for index in range(40))]
    covers = ((record(i, artist=artist), drawn(i)) for i, artist in enumerate(artists))
    covers = CoverSet.build(covers, tmp_path / "set", 8)
    for seed in range(5):
        sides = [len(set(numbers(part.images)) & set(range(15))) for part in covers.split("artist", 0.5, seed)]
        assert sorted(sides) == [0, 15]


@pytest.mark.parametrize("by", ["artist", "album", "cluster"])
def test_covers_of_unknown_group_are_groups_of_their_own(tmp_path, by):
    covers = ((record(i, artist="", title=""), drawn(i)) for i in range(200))
    train, test = CoverSet.build(covers, tmp_path / "set", 8).split(by, 0.5)
    assert 60 < len(train) < 140 and len(train) + len(test) == 200


def test_same_file_is_one_cluster(tmp_path):
    covers = CoverSet.build(((record(i), drawn(i % 50)) for i in range(200)), tmp_path / "set", 8)
    train, test = (set(part.table["sha256"]) for part in covers.split("cluster", 0.5))
    assert not train & test and len(train | test) == 50


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"by": "label"}, "Cannot split by 'label'; choose artist, album or cluster"),
        ({"test": 0}, "The test share is 0; it must lie between 0 and 1"),
        ({"test": 1.5}, "The test share is 1.5"),
        ({"test": 1e-9}, "1500 covers are too few to split by artist"),
        ({"test": 1 - 1e-9}, "1500 covers are too few"),
    ],
)
def test_split_that_cannot_be_is_refused(many, arguments, complaint):
    with pytest.raises(CourseError, match=complaint):
        many.split(**arguments)


# Choosing


@pytest.fixture(scope="module")
def described(tmp_path_factory) -> CoverSet:
    """Six covers of which different things are known."""
    rows = [
        record(0, year=1975, genres=("rock", "pop"), features={"popularity": 80}),
        record(1, year=1975, genres=("jazz",), features={"popularity": 20}),
        record(2, year=1979, genres=("rock",)),
        record(3, year=1980, genres=("rock",), features={"popularity": 50}),
        record(4, genres=()),
        record(5, year=2020, genres=("pop",), features={"popularity": 0}),
    ]
    covers = ((row, drawn(index)) for index, row in enumerate(rows))
    return CoverSet.build(covers, tmp_path_factory.mktemp("described") / "set", 8)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"genres": "rock"}, [0, 2, 3]),
        ({"genres": ("Jazz", "POP")}, [0, 1, 5]),
        ({"years": (1970, 1979)}, [0, 1, 2]),
        ({"years": (1980, 1980)}, [3]),
        ({"popularity": (0, 50)}, [1, 3, 5]),
        ({"popularity": (50, 100), "genres": "rock", "years": (1970, 1979)}, [0]),
    ],
)
def test_covers_are_chosen_by_what_is_known_about_them(described, choice, expected):
    assert numbers(described.where(**choice).images) == expected


def test_choice_of_a_choice(described):
    assert numbers(described.where(genres="rock").where(years=(1979, 1999)).images) == [2, 3]


def test_covers_are_selected_one_by_one(described):
    chosen = described.select(described.genres == "rock")
    assert set(chosen.genres) == {"rock"}
    assert numbers(described.select(np.arange(6) % 2 == 1).images) == [1, 3, 5]


@pytest.mark.parametrize(
    ("choice", "complaint"),
    [
        ({"genres": "polka"}, r"^None of the 6 covers fits; ask for less\.$"),
        ({"text": True}, "Nobody has looked for text on these covers; prepare them with --detect text"),
        ({"faces": False}, "Nobody has looked for faces"),
        ({"years": (1990, 1980)}, "years from 1990 to 1980 are none"),
        ({"palette": "octarine"}, "There is no colour 'octarine'; the colours are black, grey"),
    ],
)
def test_choice_that_cannot_be_is_refused(described, choice, complaint):
    with pytest.raises(CourseError, match=complaint):
        described.where(**choice)


# Batches


@settings(max_examples=30, deadline=None)
@given(size=st.integers(1, 400), seed=st.integers(0, 2**63), start=st.integers(0, 30))
def test_batch_is_a_function_of_seed_and_number(many, size, seed, start):
    skipped = next(itertools.islice(many.batches(size, seed), start, None))
    assert skipped.shape == (size, 8, 8, 3) and skipped.dtype == np.uint8
    np.testing.assert_array_equal(next(many.batches(size, seed, start_step=start)), skipped)


def test_rows_of_a_batch_are_those_of_its_images(many):
    _, test = many.split("artist", 0.3)
    for rows, images in itertools.islice(zip(test.batch_rows(20, 5), test.batches(20, 5), strict=True), 10):
        np.testing.assert_array_equal(test[rows], images)


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 1500), seed=st.integers(0, 1000), epoch=st.integers(0, 3))
def test_every_epoch_shows_every_cover_once(many, size, seed, epoch):
    per_epoch = 1500 // size
    shown = np.concatenate(list(itertools.islice(many.batches(size, seed, epoch * per_epoch), per_epoch)))
    assert len(set(numbers(shown))) == len(shown) == per_epoch * size


def test_no_cover_is_left_out_for_ever(many):
    """1,500 covers do not fill batches of 700: what is skipped is different in every epoch."""
    shown = itertools.islice(many.batches(700, seed=0), 20)
    assert len(set().union(*map(numbers, shown))) == 1500


def test_order_changes_with_seed_and_epoch(many):
    first = {frozenset(numbers(next(many.batches(50, seed, step)))) for seed in (0, 1) for step in (0, 30, 60)}
    assert len(first) == 6


def test_batches_of_a_part_stay_inside(many):
    _, test = many.split("artist", 0.3)
    size = len(test) // 4
    shown = np.concatenate(list(itertools.islice(test.batches(size, seed=3), 4)))
    assert len(set(numbers(shown))) == 4 * size and set(numbers(shown)) <= set(numbers(test.images))


def test_balanced_batches_show_every_genre_equally_often(many):
    shown = np.concatenate([numbers(batch) for batch in itertools.islice(many.batches(100, 0, balanced=True), 200)])
    genre, counts = np.unique(many.genres[shown], return_counts=True)
    assert list(genre) == sorted(set(GENRES)) and abs(counts / len(shown) - 1 / 4).max() < 0.02
    assert len(set(shown)) == 1500


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 400), seed=st.integers(0, 2**63), start=st.integers(0, 30))
def test_balanced_batch_is_a_function_of_seed_and_number(many, size, seed, start):
    skipped = next(itertools.islice(many.batches(size, seed, balanced=True), start, None))
    again = next(many.batches(size, seed, start, balanced=True))
    np.testing.assert_array_equal(again, skipped)


def test_class_weights_are_those_of_scikit_learn(many):
    names = sorted(set(GENRES))
    expected = compute_class_weight("balanced", classes=np.array(names), y=many.genres)
    assert list(many.class_weights()) == names
    np.testing.assert_allclose(list(many.class_weights().values()), expected)


@pytest.mark.parametrize("size", [0, -1, 1501])
def test_batch_that_cannot_be_is_refused_at_once(many, size):
    with pytest.raises(CourseError, match=f"A batch of {size} cannot come from 1500 covers"):
        many.batches(size, seed=0)


# Real covers


@pytest.mark.real_data
def test_crawled_covers_become_a_set(real_data, tmp_path):
    folder = real_data / "originals" / "kpop"
    files = [path for path in folder.rglob("*") if path.is_file()]
    covers = CoverSet.build(folder, tmp_path / "set", 32)
    rejected = covers.card["rejected"]
    assert len(covers) + len(rejected) == len(files) and len(rejected) < 0.1 * len(files)
    assert {entry["reason"] for entry in rejected} <= set(REASONS)
    assert covers.images.std(axis=(1, 2, 3)).min() >= 0 and covers.images.std() > 20
