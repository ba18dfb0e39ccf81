"""The tools are scripts, not a package: the tests import them from their folder, as Python does when running one."""

import sys
from pathlib import Path

import pytest
from tiny_course import write_tiny_course

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))


@pytest.fixture
def tiny_course(tmp_path):
    return write_tiny_course(tmp_path)
