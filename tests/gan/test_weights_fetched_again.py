"""Weights that were damaged come back by the command that the error names, wherever the reader works."""

import shutil
import subprocess

import pytest

from helpers.errors import CourseError
from helpers.gan import weights

NAME = "dcgan_dsleeves_64"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of weights in a clone of a course, whose path has a space in it."""
    folder = tmp_path / "my courses" / "course" / "data" / "weights"
    folder.mkdir(parents=True)
    for path in weights.FOLDER.glob(f"{NAME}.*"):
        shutil.copy(path, folder)
    git = ["git", "-C", folder.parents[1], "-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "weights"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(weights, "FOLDER", folder)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return folder


def test_the_command_of_the_sentence_brings_damaged_weights_back(folder):
    (folder / f"{NAME}.weights.h5").write_bytes(b"cut off")
    with pytest.raises(CourseError) as failure:
        weights.load(NAME)
    _, command = str(failure.value).split("fetch it again with: ")
    subprocess.run(command, shell=True, check=True)
    assert weights.load(NAME)[1]["image_size"] == 64
