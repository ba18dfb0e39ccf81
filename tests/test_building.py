"""Preparing folders: nothing is lost or counted twice, however often it is interrupted and by whom it is done."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from helpers.building import WORK, prepare
from helpers.card import REASONS
from helpers.choosing import Choice
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.preprocess.clean import SmallestSide, Square
from helpers.preprocess.decode import Picture, Rejected
from helpers.records import RECORDS_FILE, Record, append_records
from helpers.sources.synthetic import synthetic_covers

ROOT = Path(__file__).parents[1]
FILES = ("images.npy", "covers.parquet", "card.json", "card.html", "covers.jpg")


@dataclass(frozen=True)
class NotBright:
    """A step as a reader would write it."""

    most: float

    def __call__(self, picture: Picture) -> Picture:
        if np.asarray(picture.image.convert("L")).mean() > 255 * self.most:
            raise Rejected("flat")
        return picture


@pytest.fixture(scope="module")
def drawn() -> list[Image.Image]:
    """300 covers of 96 px, no two alike."""
    return [Image.fromarray(pixels) for _, pixels in synthetic_covers(300, 96, seed=11, jobs=1)]


@pytest.fixture(scope="module")
def folder(drawn, tmp_path_factory) -> Path:
    """300 covers in three genres, and every kind of trouble."""
    folder = tmp_path_factory.mktemp("folder")
    for number, image in enumerate(drawn):
        path = folder / ("rock", "jazz", "발라드")[number % 3] / f"{number:03}.jpg"
        path.parent.mkdir(exist_ok=True)
        image.save(path, quality=92)
    (folder / "rock" / "page.jpg").write_bytes(b"<html>404</html>")
    (folder / "rock" / "empty.png").touch()
    (folder / "jazz" / "half.jpg").write_bytes((folder / "rock" / "000.jpg").read_bytes()[:2000])
    Image.new("RGB", (90, 90), "teal").save(folder / "jazz" / "plain.png")
    drawn[3].crop((0, 0, 96, 40)).save(folder / "jazz" / "banner.png")
    return folder


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


def reasons(covers: CoverSet) -> dict[str, str]:
    return {entry["file"]: entry["reason"] for entry in covers.card["rejected"]}


def test_folder_becomes_a_set_and_the_card_accounts_for_every_file(folder, tmp_path, capsys):
    covers = CoverSet.build(folder, tmp_path / "set", 32)
    assert reasons(covers) == {
        "jazz/banner.png": "too oblong",
        "jazz/half.jpg": "damaged",
        "jazz/plain.png": "flat",
        "rock/empty.png": "empty",
        "rock/page.jpg": "not an image",
    }
    assert set(reasons(covers).values()) <= set(covers.card["reasons"]) == set(REASONS)
    assert covers.card["count"] == len(covers) == 300
    assert covers.card["genres"] == {"jazz": 100, "rock": 100, "발라드": 100}
    assert covers.card["steps"]["square"] == {"changed": 0, "refused": 1}
    assert covers.card["steps"]["not_flat"] == {"changed": 0, "refused": 1}
    assert covers.card["sides"] == {"64-127": 300}
    assert sum(covers.card["brightness"].values()) == sum(covers.card["colours"].values()) == 300
    assert {file.name for file in (tmp_path / "set").iterdir()} == {*FILES, "rejected.jpg"}
    assert capsys.readouterr().out == "The terms of 300 covers are unclear: use what your law allows.\n"


def test_what_was_measured_is_in_the_table(folder, tmp_path):
    row = CoverSet.build(folder, tmp_path / "set", 32).table.set_index("cover_path").loc["rock/000.jpg"]
    path = folder / "rock" / "000.jpg"
    grey = np.asarray(Image.open(path).convert("L"))
    assert (row["width"], row["height"], row["side"]) == (96, 96, 96)
    assert (row["bytes"], row["jpeg_quality"]) == (path.stat().st_size, 92)
    assert abs(row["brightness"] - grey.mean() / 255) < 0.01
    assert len(row["palette"]) == 5 and 0 < row["sharpness"] < 3
    assert len(row["phash"]) == 16 and row["copies"] == 1 and row["cluster"] == row["sha256"]


def test_pixel_statistics_are_those_of_the_pixels(folder, tmp_path):
    covers = CoverSet.build(folder, tmp_path / "set", 32)
    pixels = covers.images.reshape(-1, 3)
    np.testing.assert_allclose(covers.card["pixels"]["mean"], pixels.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(covers.card["pixels"]["standard_deviation"], pixels.std(axis=0), atol=1e-3)


def test_several_sizes_are_sets_of_the_same_covers(folder, tmp_path):
    sets = [CoverSet.open(path) for path in prepare(folder, tmp_path / "sets", (16, 64, 32))]
    assert [covers.path.name for covers in sets] == ["16", "64", "32"] and [c.size for c in sets] == [16, 64, 32]
    assert {path.name for path in (tmp_path / "sets").iterdir()} == {"16", "32", "64"}
    for covers in sets[1:]:
        assert covers.table.equals(sets[0].table) and reasons(covers) == reasons(sets[0])
    small, large = sets[0].images.astype(float), sets[1].images.astype(float)
    averaged = large.reshape(len(large), 16, 4, 16, 4, 3).mean(axis=(2, 4))
    assert abs(small - averaged).mean() < 6


def test_crops_do_not_depend_on_the_sizes(drawn, tmp_path):
    """Bars of many widths, where it is hard to say whether they are some."""
    (tmp_path / "covers").mkdir()
    for index, image in enumerate(drawn[:24]):
        still = Image.new("RGB", (1000, 700), "black")
        still.paste(image.resize((1000 - 20 * index, 700)), (10 * index, 0))
        still.save(tmp_path / "covers" / f"{index:02}.jpg", quality=80)
    (alone,) = prepare(tmp_path / "covers", tmp_path / "alone", (64,))
    both = prepare(tmp_path / "covers", tmp_path / "both", (64, 256))
    alone, together = CoverSet.open(alone), CoverSet.open(both[0])
    for name in ("source_id", "side", "steps"):
        assert list(map(str, alone.table[name])) == list(map(str, together.table[name]))
    error = ((alone.images.astype(float) - together.images) ** 2).mean(axis=(1, 2, 3))
    assert 10 * np.log10(255**2 / error.max()) > 30


def test_arrays_and_files_may_be_mixed(drawn, tmp_path):
    red, green, blue = drawn[0].split()
    drawn[0].save(tmp_path / "a.png")
    Image.merge("RGB", (blue, green, red)).save(tmp_path / "b.png")
    images = [np.asarray(drawn[5].resize((32, 32))), tmp_path / "a.png", tmp_path / "b.png"]
    covers = CoverSet.build(((Record("x", str(i)), image) for i, image in enumerate(images)), tmp_path / "set", 32)
    assert len(covers) == 3


def test_relative_paths_mean_the_same_everywhere(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    here = os.path.relpath(tmp_path / "set")
    assert prepare(".", here, (32,), jobs=2) == [Path(here)]
    assert len(CoverSet.open(tmp_path / "set")) == 300


def test_set_inside_its_source_is_not_taken_for_covers(folder, tmp_path):
    source = shutil.copytree(folder, tmp_path / "source")
    (path,) = prepare(source, source / "set", (32,))
    assert prepare(source, source / "set", (32,)) == [path] and len(CoverSet.open(path)) == 300


def test_folder_of_somebody_else_is_left_alone(folder, tmp_path):
    (tmp_path / "set" / "partial").mkdir(parents=True)
    (tmp_path / "set" / "partial" / "thesis.txt").touch()
    with pytest.raises(CourseError, match="is not empty and no CoverSet"):
        prepare(folder, tmp_path / "set", (32,))
    prepare(folder, tmp_path / "sets", (16, 32))
    (tmp_path / "sets" / "64").mkdir()
    for sizes in ((64,), (16, 32, 64)):
        with pytest.raises(CourseError, match="is not empty and no CoverSet"):
            prepare(folder, tmp_path / "sets", sizes)
    assert (tmp_path / "set" / "partial" / "thesis.txt").exists()


def test_result_does_not_depend_on_the_number_of_workers(folder, tmp_path):
    sets = {jobs: prepare(folder, tmp_path / str(jobs) / "set", (32,), jobs=jobs)[0] for jobs in (1, 2, 3)}
    assert contents(sets[1]) == contents(sets[2]) == contents(sets[3])


# Copies


@pytest.fixture
def copies(drawn, tmp_path) -> Path:
    """One picture in four files, one in other colours, and two that have nothing to do with them."""
    folder = tmp_path / "copies"
    folder.mkdir()
    large = drawn[0].resize((192, 192), Image.Resampling.LANCZOS)
    large.save(folder / "b_best.png")
    drawn[0].save(folder / "a_small.jpg", quality=60)
    shutil.copy(folder / "a_small.jpg", folder / "c_same_file.jpg")
    large.crop((5, 5, 187, 187)).save(folder / "d_cropped.jpg")
    red, green, blue = large.split()
    Image.merge("RGB", (blue, red, green)).save(folder / "e_other_colours.png")
    drawn[1].save(folder / "f.png")
    drawn[2].save(folder / "g.png")
    known = {
        "a_small.jpg": {"genres": ("rock", "pop"), "artist": "넬", "year": 2008},
        "b_best.png": {"genres": ("indie",)},
        "c_same_file.jpg": {"genres": ("rock",), "title": "Separation", "features": {"tempo": 90}},
        "d_cropped.jpg": {"artist": "someone else", "features": {"tempo": 120}, "features_source": "librosa"},
    }
    names = sorted(path.name for path in folder.iterdir())
    records = (Record("web", name, cover_path=name, **known.get(name, {})) for name in names)
    append_records(folder / RECORDS_FILE, records)
    return folder


def test_the_best_copy_is_kept_and_takes_what_the_others_know(copies, tmp_path):
    covers = CoverSet.build(copies, tmp_path / "set", 32)
    assert list(covers.table["source_id"]) == ["b_best.png", "e_other_colours.png", "f.png", "g.png"]
    rejected = [(entry["file"], entry["reason"], entry["of"]) for entry in covers.card["rejected"]]
    names = ("a_small.jpg", "c_same_file.jpg", "d_cropped.jpg")
    assert rejected == [(name, "duplicate", "b_best.png") for name in names]
    best = covers.table.iloc[0]
    assert sorted(best["genres"][1:]) == ["pop", "rock"] and best["genres"][0] == "indie"
    assert (best["artist"], best["title"], best["year"], best["copies"]) == ("넬", "Separation", 2008, 4)
    assert (best["tempo"], best["features_source"]) == (120, "librosa")
    assert (tmp_path / "set" / "duplicates.jpg").exists()


def test_an_edition_in_other_colours_is_kept_but_never_on_the_other_side_of_a_split(copies, tmp_path):
    covers = CoverSet.build(copies, tmp_path / "set", 32)
    cluster = covers.table.set_index("source_id")["cluster"]
    assert cluster["e_other_colours.png"] == cluster["b_best.png"] != cluster["f.png"] != cluster["g.png"]


def test_copies_are_kept_if_asked_for(copies, tmp_path):
    covers = CoverSet.build(copies, tmp_path / "set", 32, merge=False)
    assert len(covers) == 7 and covers.card["rejected"] == []
    assert covers.table["cluster"].nunique() == 3
    assert list(covers.table["genres"][0]) == ["rock", "pop"]  # as its own record says


def test_a_copy_with_freer_terms_is_better_than_a_larger_one(drawn, tmp_path):
    drawn[0].save(tmp_path / "free.png")
    drawn[0].resize((300, 300)).save(tmp_path / "large.png")
    append_records(tmp_path / RECORDS_FILE, [
        Record("web", "large", cover_path="large.png"),
        Record("web", "free", cover_path="free.png", ml_use="allowed"),
    ])  # fmt: skip
    covers = CoverSet.build(tmp_path, tmp_path / "set", 32)
    assert list(covers.table["source_id"]) == ["free"]


# Choosing


def test_what_was_not_asked_for_is_left_out_and_counted(folder, tmp_path):
    covers = CoverSet.build(folder, tmp_path / "set", 32, choice=Choice(genres="jazz"))
    assert covers.card["genres"] == {"jazz": 100}
    assert sum(reason == "not chosen" for reason in reasons(covers).values()) == 200
    assert covers.card["settings"]["choice"] == {"genres": ["jazz"]}


def test_dominant_colours_can_be_asked_for(tmp_path):
    (tmp_path / "covers").mkdir()
    for ground, disc in (("red", "white"), ("navy", "yellow"), ("black", "grey")):
        image = Image.new("RGB", (64, 64), ground)
        ImageDraw.Draw(image).ellipse((10, 10, 50, 50), fill=disc)
        image.save(tmp_path / "covers" / f"{ground}.png")
    covers = CoverSet.build(tmp_path / "covers", tmp_path / "set", 32)
    for colours, expected in (("red", ["red.png"]), (("grey", "yellow"), ["black.png", "navy.png"])):
        assert list(covers.where(palette=colours).table["source_id"]) == expected


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"sizes": ()}, "Name one size, or several different ones"),
        ({"sizes": (32, 32)}, "Name one size, or several different ones"),
        ({"detect": ["cats"]}, "Nothing here looks for 'cats'; choose from text, faces"),
        ({"choice": Choice(text=True)}, r"To choose covers by text, let it be looked for: detect=\['text'\]"),
    ],
)
def test_what_cannot_be_prepared_is_told(folder, tmp_path, options, complaint):
    with pytest.raises(CourseError, match=complaint):
        prepare(folder, tmp_path / "set", **options)
    assert not (tmp_path / "set").exists()


def test_nothing_left_is_an_error_and_leaves_the_folder_free(folder, tmp_path):
    with pytest.raises(CourseError, match=r"^None of the 305 files could be used; for 300 of them the reason is: not"):
        prepare(folder, tmp_path / "set", (32,), choice=Choice(genres="polka"))
    assert len(CoverSet.build(folder, tmp_path / "set", 32)) == 300


def test_text_is_looked_for_and_can_be_asked_for(drawn, tmp_path, monkeypatch):
    monkeypatch.setenv("COVERGAN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "covers"
    folder.mkdir()
    for index in range(3):
        plain = Image.radial_gradient("L").resize((200, 200)).convert("RGB")
        plain = Image.eval(plain, lambda level, index=index: (level * (index + 1)) % 256)
        plain.save(folder / f"plain{index}.png")
        titled = plain.copy()
        font = ImageFont.load_default(40)
        ImageDraw.Draw(titled).text((20, 70), ("MOTHER", "SUNDAY", "ORCHID")[index], "white", font, stroke_width=2)
        titled.save(folder / f"titled{index}.png")
    covers = CoverSet.build(folder, tmp_path / "set", 32, detect=["text"], merge=False)
    found = covers.table.set_index("source_id")
    titles = [f"titled{index}.png" for index in range(3)]
    assert (found.loc[titles, "text"] > 0).all() and (found.loc[titles, "text_area"] > 0.03).all()
    assert list(covers.where(text=True).table["source_id"]) == list(found.index[found["text"] > 0])
    assert sum(covers.card["text"].values()) == 6
    without = CoverSet.build(folder, tmp_path / "other", 32, detect=["text"], merge=False, choice=Choice(text=False))
    assert list(without.table["source_id"]) == list(found.index[found["text"] == 0])


# Steps of one's own


def test_steps_can_be_written_by_the_reader(folder, tmp_path):
    covers = CoverSet.build(folder, tmp_path / "set", 32, steps=[SmallestSide(32), Square("pad"), NotBright(0.5)])
    assert 0 < covers.card["steps"]["NotBright"]["refused"] < 300
    assert covers.table["brightness"].max() < 0.52
    assert covers.card["settings"]["steps"][2].items() >= {"name": "NotBright", "most": 0.5}.items()


def test_steps_must_leave_a_square(folder, tmp_path):
    with pytest.raises(CourseError, match=r"The steps leave pictures that are not square; put Square\(\) at their end"):
        prepare(folder, tmp_path / "set", steps=[SmallestSide()])


def test_other_settings_make_another_set(folder, tmp_path):
    prepare(folder, tmp_path / "set", (32,))
    with pytest.raises(CourseError, match="already holds another CoverSet"):
        prepare(folder, tmp_path / "set", (32,), steps=[Square("pad")])


# Interruptions


def in_a_process(function: str, *arguments) -> subprocess.Popen:
    """Call a function of this file in a Python of its own."""
    code = f"import sys; import test_building; test_building.{function}(*sys.argv[1:])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def die_after(source: str, out: str, shards: str) -> None:
    """Prepare with two workers, and be killed when so many shards are there."""

    def watch():
        while len(list(Path(out, WORK).glob("0*.npz"))) < int(shards):
            time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    prepare(source, out, (16, 32), jobs=2)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_work_goes_on_and_gives_the_same_sets(folder, tmp_path):
    expected = prepare(folder, tmp_path / "whole", (16, 32))
    for shards in (0, 2, 4):
        killed = in_a_process("die_after", folder, tmp_path / str(shards), shards)
        assert killed.wait(120) == -signal.SIGKILL
        with pytest.raises(CourseError, match="is not a finished CoverSet|There is no folder"):
            CoverSet.open(tmp_path / str(shards) / "32")
        done = []
        paths = prepare(folder, tmp_path / str(shards), (16, 32), jobs=1, progress=done.append)
        assert done[-1] == 305
        assert [contents(path) for path in paths] == [contents(path) for path in expected]


def test_ctrl_c_leaves_what_was_done(folder, tmp_path):
    def interrupt(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(folder, tmp_path / "set", (32,), jobs=1, progress=interrupt)
    assert list((tmp_path / "set" / WORK).glob("0*.npz"))
    assert len(CoverSet.build(folder, tmp_path / "set", 32)) == 300


def test_files_that_changed_meanwhile_are_done_again(folder, tmp_path):
    source = shutil.copytree(folder, tmp_path / "source")

    def interrupt(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "set", (32,), jobs=1, progress=interrupt)
    shutil.copy(source / "rock" / "000.jpg", source / "jazz" / "001.jpg")
    covers = CoverSet.build(source, tmp_path / "set", 32)
    assert {"file": "rock/000.jpg", "reason": "duplicate", "of": "jazz/001.jpg"} in covers.card["rejected"]


def test_shard_that_a_power_cut_tore_is_made_again(folder, tmp_path):
    def interrupt(done):
        if done > 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(folder, tmp_path / "set", (32,), jobs=1, progress=interrupt)
    shards = sorted((tmp_path / "set" / WORK).glob("0*.npz"))
    shards[0].write_bytes(shards[0].read_bytes()[:20_000])
    shards[1].write_bytes(b"")
    assert len(CoverSet.build(folder, tmp_path / "set", 32)) == 300


def test_what_a_kill_after_the_last_card_leaves_is_removed(folder, tmp_path):
    prepare(folder, tmp_path / "set", (32,))
    (tmp_path / "set" / WORK).mkdir()
    (tmp_path / "set" / WORK / "0000000.npz").touch()
    assert len(CoverSet.build(folder, tmp_path / "set", 32)) == 300
    assert not (tmp_path / "set" / WORK).exists()


def test_settings_that_a_power_cut_tore_begin_anew(folder, tmp_path):
    (tmp_path / "set" / WORK).mkdir(parents=True)
    (tmp_path / "set" / WORK / "settings.json").touch()
    (tmp_path / "set" / WORK / "0000000.npz").touch()
    assert len(CoverSet.build(folder, tmp_path / "set", 32)) == 300


def test_source_that_changed_after_the_set_was_finished_is_told(folder, tmp_path):
    source = shutil.copytree(folder, tmp_path / "source")
    prepare(source, tmp_path / "set", (32,))
    assert len(prepare(source, tmp_path / "set", (32,))) == 1
    (source / "rock" / "000.jpg").rename(source / "rock" / "1000.jpg")
    with pytest.raises(CourseError, match=r"The source of \S+set has changed since: it had 305 files and has 305"):
        prepare(source, tmp_path / "set", (32,))


def hold(source: str, out: str) -> None:
    """Prepare, and say so and wait as soon as something is done."""

    def wait(done):
        print("working", flush=True)
        time.sleep(60)

    prepare(source, out, (32,), jobs=1, progress=wait)


def test_two_cannot_prepare_one_set_at_a_time(folder, tmp_path):
    first = in_a_process("hold", folder, tmp_path / "set")
    assert first.stdout.readline() == "working\n"
    with pytest.raises(CourseError, match="^Another process is building .*set; wait until it has finished"):
        prepare(folder, tmp_path / "set", (32,))
    first.kill()
    first.wait()
    assert len(CoverSet.build(folder, tmp_path / "set", 32)) == 300


def prepare_with_little_room(source: str, out: str, room: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
    try:
        prepare(source, out, (16,), jobs=1)
    except CourseError as error:
        print(error)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("room", [20_000, 1_000_000])
def test_room_that_ends_is_told(folder, tmp_path, room):
    """A shard of 64 covers at 16 px has half a megabyte, the views of all covers have nearly two."""
    process = in_a_process("prepare_with_little_room", folder, tmp_path / "set", room)
    complaint, errors = process.communicate(timeout=120)
    assert process.returncode == 0 and complaint.endswith("cannot be written: File too large.\n"), errors
    assert len(CoverSet.build(folder, tmp_path / "set", 16)) == 300


# A cluster


def work_on_dask(source: str, out: str, address: str) -> None:
    from helpers.cluster import on_dask

    with on_dask(address):
        prepare(source, out, (16, 32), progress=lambda done: print(done, flush=True))


def dask(*arguments) -> subprocess.Popen:
    command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *map(str, arguments[1:])]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5s"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def address_in(file: Path) -> str | None:
    """The scheduler's address; None while its file is not there or not written to its end."""
    try:
        return json.loads(file.read_text())["address"]
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_cluster_gives_the_same_sets_though_a_worker_is_killed(folder, tmp_path):
    expected = prepare(folder, tmp_path / "here", (16, 32))
    file = tmp_path / "scheduler.json"
    processes = [dask("scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file)]
    try:
        while (address := address_in(file)) is None:
            assert processes[0].poll() is None
            time.sleep(0.1)
        flags = ("--nthreads", 1, "--no-dashboard", "--local-directory", tmp_path)
        processes += [dask("worker", address, *flags) for _ in range(2)]
        client = in_a_process("work_on_dask", folder, tmp_path / "there", address)
        assert client.stdout.readline().strip() == "64"
        processes[1].kill()
        _, errors = client.communicate(timeout=120)
        assert client.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
            process.wait()
    paths = [tmp_path / "there" / name for name in ("16", "32")]
    assert [contents(path) for path in paths] == [contents(path) for path in expected]


def test_cluster_that_is_not_there_is_told():
    from helpers.cluster import on_dask

    with (
        pytest.raises(CourseError, match="^No Dask scheduler answers at tcp://127.0.0.1:9; start one"),
        on_dask("tcp://127.0.0.1:9"),
    ):
        pass


# Bad input


def test_names_in_composed_and_decomposed_hangul_are_two_files_of_one_genre(drawn, tmp_path):
    names = [unicodedata.normalize(form, "발라드") for form in ("NFC", "NFD")]
    for name, image in zip(names, drawn, strict=False):
        (tmp_path / "covers" / name).mkdir(parents=True, exist_ok=True)
        image.save(tmp_path / "covers" / name / f"{name}.png")
    files = len(list((tmp_path / "covers").rglob("*.png")))  # some file systems make one of the two
    covers = CoverSet.build(tmp_path / "covers", tmp_path / "set", 32)
    assert len(covers) == files and covers.card["genres"] == {names[0]: files}


def test_names_that_differ_in_case_only_are_two_covers(drawn, tmp_path):
    (tmp_path / "covers").mkdir()
    for name, image in zip(("a.png", "A.png", "A.PNG"), drawn, strict=False):
        image.save(tmp_path / "covers" / name)
    files = len(list((tmp_path / "covers").iterdir()))
    assert len(CoverSet.build(tmp_path / "covers", tmp_path / "set", 32)) == files


def test_links_are_followed_but_not_in_circles(drawn, tmp_path):
    folder = tmp_path / "covers"
    (folder / "jazz").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    drawn[0].save(folder / "jazz" / "a.png")
    drawn[1].save(tmp_path / "elsewhere" / "b.png")
    (folder / "rock").symlink_to(tmp_path / "elsewhere")
    (folder / "jazz" / "circle").symlink_to(folder)
    (folder / "self.png").symlink_to(folder / "self.png")
    (folder / "nowhere.png").symlink_to(tmp_path / "nowhere")
    covers = CoverSet.build(folder, tmp_path / "set", 32)
    assert list(covers.table["source_id"]) == ["jazz/a.png", "rock/b.png"]
    assert reasons(covers) == {"nowhere.png": "missing", "self.png": "unreadable"}


def test_files_that_may_not_be_read_are_counted(drawn, tmp_path):
    folder = tmp_path / "covers"
    (folder / "closed").mkdir(parents=True)
    drawn[0].save(folder / "a.png")
    drawn[1].save(folder / "b.png")
    drawn[2].save(folder / "closed" / "c.png")
    (folder / "b.png").chmod(0)
    (folder / "closed").chmod(0)
    os.mkfifo(folder / "pipe.png")
    if os.access(folder / "b.png", os.R_OK):  # root may read everything
        expected = {"pipe.png": "unreadable"}
    else:
        expected = {"b.png": "unreadable", "closed": "unreadable", "pipe.png": "unreadable"}
    covers = CoverSet.build(folder, tmp_path / "set", 32)
    (folder / "closed").chmod(0o700)
    assert reasons(covers) == expected


def test_file_that_vanishes_half_way_is_counted(folder, tmp_path):
    source = shutil.copytree(folder, tmp_path / "source")

    def vanish(done):
        (source / "jazz" / "298.jpg").unlink(missing_ok=True)

    covers = CoverSet.build(source, tmp_path / "set", 32, jobs=1, progress=vanish)
    assert len(covers) == 299 and reasons(covers)["jazz/298.jpg"] == "missing"


@pytest.mark.parametrize("names", [[], ["notes.txt"]])
def test_folder_without_images_is_told(tmp_path, names):
    (tmp_path / "covers").mkdir()
    for name in names:
        (tmp_path / "covers" / name).touch()
    with pytest.raises(CourseError, match="holds no images"):
        prepare(tmp_path / "covers", tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_folder_without_one_readable_image_is_told(tmp_path):
    (tmp_path / "covers").mkdir()
    for name in "ab":
        (tmp_path / "covers" / f"{name}.jpg").write_text("<html>")
    with pytest.raises(
        CourseError, match=r"None of the 2 files could be used; for 2 of them the reason is: the content"
    ):
        prepare(tmp_path / "covers", tmp_path / "set")
    assert not list(tmp_path.glob("set/*"))


@pytest.mark.parametrize("where", [f"{WORK}/.partial-settings.json", f"{WORK}/32-images.npy", "32/.partial-card.json"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_full_disk_leaves_nothing_that_looks_whole(folder, tmp_path, where):
    blocked = tmp_path / "sets" / where
    blocked.parent.mkdir(parents=True)
    (tmp_path / "sets" / WORK).mkdir(exist_ok=True)
    blocked.symlink_to("/dev/full")
    with pytest.raises(CourseError, match=r"^The disk is full \(\d+ MB left\) while writing \S+; make room and run"):
        prepare(folder, tmp_path / "sets", (16, 32), jobs=2)
    with pytest.raises(CourseError):
        CoverSet.open(tmp_path / "sets" / "32")
    blocked.unlink(missing_ok=True)
    assert [len(CoverSet.open(path)) for path in prepare(folder, tmp_path / "sets", (16, 32))] == [300, 300]
