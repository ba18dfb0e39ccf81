"""The grader is a folder of scripts, like the tools: the tests import them as Python does when running one."""

import sys
from pathlib import Path

import nbformat
import pytest
from tiny_course import write_tiny_course

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "grading"), str(ROOT / "tools")]


@pytest.fixture
def tiny(tmp_path):
    """The one notebook of a tiny course, as the grader has it."""
    from reference import Course, references

    root = write_tiny_course(tmp_path / "course")
    return references(Course(root), root / "grading" / "private")["00_counting"]


@pytest.fixture
def class_of_two(tmp_path, tiny):
    """Ada, who has solved the tiny notebook, Alan, who has not, and Grace, who handed in a web page; not yet graded."""
    from grade import Grading
    from gradebook import Class

    folder = tmp_path / "handed_in"
    for student, notebook in (("ada", tiny.solution), ("alan", tiny.student)):
        (folder / student).mkdir(parents=True)
        (folder / student / "00_counting.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    (folder / "grace").mkdir()
    (folder / "grace" / "00_counting.ipynb").write_text("<html>", encoding="utf-8")
    return Grading(folder, Class(tmp_path / "class"), {tiny.stem: tiny})
