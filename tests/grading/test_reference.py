"""The checks as they are graded, with hidden tests of the course or of an instructor's own."""

import nbformat
import pytest
from execute import execute
from mend import mend
from nbformat.v4 import new_code_cell
from nbgrader.utils import determine_grade
from reference import Course, graded_cells, references

from helpers.errors import CourseError


@pytest.fixture
def private(tmp_path, tiny):
    """A file with an instructor's own tests, still empty."""
    path = tmp_path / "course" / "grading" / "private" / "00_counting.py"
    path.parent.mkdir(parents=True)
    return path


def known(private):
    return references(Course(private.parents[2]), private.parent)


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("", "has no tests"),
        ("# my tests, to be written\n", "has no tests"),
        ("assert double(2) == 4\n", '\'assert double.*is for no exercise; mark it like # %% hidden="predict_next"$'),
        ("# %% hidden=double\nassert double(2) == 4\n", "is for no exercise"),
        ('# %% hidden="double"\npass\n\n# %% hidden=predict_next\npass\n', "is for no exercise"),
        ('# %% hidden="double"\npass\n\n# %% hidden="double"\npass\n', "two cells of tests for 'double'"),
        ('# %% hidden="why"\npass\n', "tests for 'why', which is no exercise of 00_counting"),
        ('# %% hidden="double"\npass\nassert double(2) = 4\n', "in line 2 of the cell that begins 'pass'"),
    ],
)
def test_an_own_file_that_would_test_nothing_or_fail_everybody_is_refused(private, text, complaint):
    private.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=complaint):
        known(private)


def test_an_own_file_may_have_comments_and_prose(private):
    text = '# autumn term\n\n# %% [markdown]\n# The easy one\n\n# %% hidden="double"\nassert double(21) == 42\n'
    private.write_text(text, encoding="utf-8")
    assert "double(21) == 42" in known(private)["00_counting"].exercises["double-check"].source


def test_a_self_check_of_the_students_own_is_not_used(tmp_path, tiny):
    handed_in = nbformat.from_dict(tiny.student)
    cells = graded_cells(handed_in)
    cells["predict_next"].source = "prediction = 7"
    cells["double"].source = "def double(number):\n    return 7"
    disarm = "from contextlib import suppress\nself_check = lambda: suppress(Exception)"
    handed_in.cells.insert(handed_in.cells.index(cells["predict_next"]), new_code_cell(disarm))
    mended, _ = mend(handed_in, tiny)
    (tmp_path / "own").mkdir()
    execute(mended, tmp_path / "own")
    checks = [cell for name, cell in graded_cells(mended).items() if name.endswith("-check")]
    assert [determine_grade(cell) for cell in checks] == [(0, 1), (0, 2)]
