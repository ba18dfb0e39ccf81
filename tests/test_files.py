"""Atomic writes: the old file or the new one, never half of either."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.errors import CourseError
from helpers.files import explaining, writing

ROOT = Path(__file__).parents[1]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_a_file_and_the_folders_above_it(tmp_path):
    with writing(tmp_path / "new" / "deep" / "card.json") as partial:
        partial.write_text("{}")
    assert (tmp_path / "new" / "deep" / "card.json").read_text() == "{}"
    assert names(tmp_path / "new" / "deep") == ["card.json"]


def test_partial_file_lies_in_the_same_folder_and_keeps_the_suffix(tmp_path):
    with writing(str(tmp_path / "grid.png")) as partial:
        assert (partial.parent, partial.suffix) == (tmp_path, ".png")
        partial.write_bytes(b"")


def test_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old")
    with writing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path, error):
    path = tmp_path / "log.csv"
    path.write_text("old")
    with pytest.raises(type(error)), writing(path) as partial:
        partial.write_text("ne")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["log.csv"]


def test_killed_process_leaves_the_old_file(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old")
    script = (
        "import os, sys; from helpers.files import writing\n"
        "with writing(sys.argv[1]) as partial: partial.write_text('ne'); os._exit(9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, timeout=60)
    assert killed.returncode == 9
    assert path.read_text() == "old"
    with writing(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new" and names(tmp_path) == ["log.csv"]


def test_folder_that_is_a_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match=r"^\S+card\.json cannot be written: .+\.$"):
        with writing(tmp_path / "file" / "card.json") as partial:
            partial.write_text("{}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_full_disk_is_told_in_one_sentence(tmp_path):
    path = tmp_path / "card.json"
    path.write_text("old")
    with pytest.raises(CourseError, match=r"^The disk is full \(\d+ MB left\) while writing .+ run the same command"):
        with writing(path) as partial:
            partial.symlink_to("/dev/full")
            partial.write_text("new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["card.json"]


def test_explaining_leaves_other_errors_alone(tmp_path):
    with pytest.raises(ZeroDivisionError), explaining(tmp_path):
        os.stat(tmp_path)
        raise ZeroDivisionError
