"""`make colab` asks for a Python that can make environments before it touches anything."""

import os
import sys

import colab_environment
import pytest


def stand_in(folder, text):
    """A program of one line."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins for Python are shell scripts")
@pytest.mark.parametrize(
    "text", ["exit 1", "exit 0", "echo no; exit 0", None], ids=["false", "true", "echo", "nothing"]
)
def test_what_is_no_python_is_told_in_one_sentence(text, tmp_path, capsys):
    python = stand_in(tmp_path, text) if text else str(tmp_path / "nothing")
    assert colab_environment.main(["--python", python, "00"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith(f"{python} is no Python that can make virtual environments: name")
    assert said.err.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for Debian's Python is a shell script")
def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path, capsys):
    (tmp_path / "ensurepip.py").write_text("raise ImportError('as on Debian')\n")
    python = stand_in(tmp_path, f'PYTHONPATH={tmp_path} exec {sys.executable} "$@"')
    assert colab_environment.main(["--python", python, "00"]) == 2
    assert capsys.readouterr().err.endswith("(on Debian and Ubuntu: sudo apt install python3-venv).\n")


def test_a_python_tells_its_version():
    assert colab_environment.version_of(sys.executable) == f"Python {'.'.join(map(str, sys.version_info[:3]))}"
