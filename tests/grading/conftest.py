"""The grader is a folder of scripts, like the tools: the tests import them as Python does when running one."""

import sys
from pathlib import Path

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
