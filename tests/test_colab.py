"""The helpers of the setup cell; tests/tools/test_setup_cell.py runs the cell itself."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from helpers import colab
from helpers.errors import CourseError

ROOT = Path(__file__).parents[1]
DRIVE = """
from pathlib import Path

def mount(mountpoint):
    refusal = Path(mountpoint).with_name("refusal")
    if refusal.exists():
        raise ValueError(refusal.read_text())
    (Path(mountpoint) / "MyDrive").mkdir(parents=True, exist_ok=True)
"""


@pytest.fixture
def mount(tmp_path, monkeypatch):
    """A stand-in for Colab's package and the place where it mounts Drive."""
    package = tmp_path / "packages" / "google" / "colab"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "drive.py").write_text(DRIVE)
    for name in [name for name in sys.modules if name == "google" or name.startswith("google.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    monkeypatch.setattr(colab, "MOUNT", tmp_path / "content" / "drive")
    monkeypatch.setenv("COVERGAN_KEEP", "before")
    monkeypatch.setattr(colab, "install", lambda folder: None)
    (tmp_path / "content").mkdir()
    yield tmp_path / "content" / "drive"
    for name in [name for name in sys.modules if name == "google" or name.startswith("google.")]:
        del sys.modules[name]


def test_runs_are_kept_on_drive_if_the_reader_wants_it(mount, capsys):
    colab.set_up("album-cover-gans", save_to_drive=True)
    folder = mount / "MyDrive" / "album-cover-gans-runs"
    assert os.environ["COVERGAN_KEEP"] == str(folder) and folder.is_dir()
    assert str(folder) in capsys.readouterr().out
    colab.set_up("album-cover-gans", save_to_drive=True)  # the cell is run again
    colab.set_up("album-cover-gans", save_to_drive=False)  # the box is unticked
    assert "COVERGAN_KEEP" not in os.environ


def test_a_drive_that_is_not_allowed_is_one_sentence(mount):
    mount.with_name("refusal").write_text("mount failed")
    with pytest.raises(CourseError, match=r"^Google Drive was not connected \(mount failed\): .* SAVE_TO_DRIVE"):
        colab.set_up("album-cover-gans", save_to_drive=True)
    assert "COVERGAN_KEEP" not in os.environ


def test_on_kaggle_there_is_no_drive_whatever_packages_are_there(mount, monkeypatch, capsys):
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    colab.set_up("album-cover-gans", save_to_drive=True)
    assert not mount.exists()
    assert (
        "Settings > Persistence > Files only before you train" in capsys.readouterr().out
        and "COVERGAN_KEEP" not in os.environ
    )


def test_every_dependency_of_the_course_is_understood():
    lines = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    expected = [Requirement(line) for line in lines]
    assert colab.requirements(ROOT) == {
        requirement.name: str(requirement.specifier).removeprefix(">=") for requirement in expected
    }


@pytest.mark.parametrize("older, newer", [("1.9", "1.10"), ("2.0.2", "2.1"), ("2.1", "2.1.3+cu128"), ("7", "10")])
def test_versions_are_compared_as_versions(older, newer):
    assert colab.numbers(older) < colab.numbers(newer) and Version(older) < Version(newer)


def test_of_two_packages_by_one_name_the_imported_one_counts(tmp_path, monkeypatch):
    for place, version in (("used", "1.0"), ("shadowed", "2.0")):
        info = tmp_path / place / f"Some_Thing-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Some.Thing\nVersion: {version}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "used"), str(tmp_path / "shadowed")])
    assert colab.installed() == {"some-thing": "1.0"}


def test_nothing_but_python_is_needed_to_import_it():
    command = [sys.executable, "-S", "-c", "import helpers.colab"]  # -S: without any installed package
    subprocess.run(command, cwd=ROOT, check=True)
