"""The notebooks as the grader has them: what students got, and the same with the hidden tests put back."""

import sys
from functools import cached_property
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from build_notebooks import Course, identify, read, solution_notebook, student_notebook  # noqa: E402
from exercises import HIDDEN_BEGIN, HIDDEN_END, is_role, merge_hidden, role  # noqa: E402
from notebook_rules import python_tree  # noqa: E402

from helpers.errors import CourseError  # noqa: E402

PRIVATE = ROOT / "grading" / "private"

# A submission may have given the name another meaning.
OWN_SELF_CHECK = f"{HIDDEN_BEGIN}\nfrom helpers.checks import self_check\n{HIDDEN_END}"


class Reference:
    """One notebook of the course, by its stem, e.g. "04_dcgan".

    An instructor's own hidden tests in `private`/04_dcgan.py, cells `# %% hidden="loss"`, take the place of the
    demonstration tests of the same exercise.

    Raises:
        CourseError: if the file in `private` is not what it should be.
    """

    def __init__(self, course: Course, stem: str, private: Path = PRIVATE):
        self.stem = stem
        self.notebook = read(course, course.source / f"{stem}.py")
        self.title = self.notebook.cells[0].source.splitlines()[0].lstrip("# ")
        replace_hidden(self.notebook, private / f"{stem}.py")

    @cached_property
    def student(self) -> nbformat.NotebookNode:
        """What students open."""
        return student_notebook(self.notebook)

    @cached_property
    def graded(self) -> nbformat.NotebookNode:
        """The student notebook with the hidden parts of the checks: what nbgrader calls the source."""
        complete = nbformat.from_dict(self.notebook)
        merge_hidden(complete)
        for cell in complete.cells:
            if is_role(cell, "check"):
                cell.source = f"{OWN_SELF_CHECK}\n{cell.source}"
        return student_notebook(complete)

    @cached_property
    def solution(self) -> nbformat.NotebookNode:
        """The notebook with every answer, as a perfect student would hand it in."""
        handed_in = nbformat.from_dict(self.notebook)
        kept = [cell for cell in handed_in.cells if not is_role(cell, "hidden") and not is_role(cell, "rubric")]
        return solution_notebook(nbformat.from_dict({**handed_in, "cells": kept}))

    @cached_property
    def exercises(self) -> dict[str, nbformat.NotebookNode]:
        """The cells nbgrader knows, by grade id, as they are graded."""
        return graded_cells(self.graded)

    @property
    def points(self) -> dict[str, int]:
        """What each graded cell is worth, by grade id."""
        marked = {name: cell.metadata.nbgrader for name, cell in self.exercises.items()}
        return {name: metadata["points"] for name, metadata in marked.items() if metadata["grade"]}


def graded_cells(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """The first cell of each grade id, by that id."""
    found = {}
    for cell in notebook.cells:
        if name := grade_id(cell):
            found.setdefault(name, cell)
    return found


def grade_id(cell: nbformat.NotebookNode) -> str | None:
    """The name by which nbgrader knows a cell; None for others, and where a submission has nonsense in its place."""
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else None


def replace_hidden(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Exchange hidden tests for those of the same exercises in an instructor's own file, if there is one."""
    if not path.exists():
        return
    own = own_tests(path, [role(cell)[1] for cell in notebook.cells if is_role(cell, "check")])
    for cell in [cell for cell in notebook.cells if is_role(cell, "hidden") and role(cell)[1] in own]:
        notebook.cells.remove(cell)
    for name, source in own.items():
        place = next(i for i, cell in enumerate(notebook.cells) if is_role(cell, "check") and role(cell)[1] == name)
        notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source, metadata={"hidden": name}))
    identify(notebook.cells)


def own_tests(path: Path, checked: list[str]) -> dict[str, str]:
    """The hidden tests in an instructor's own file, by exercise.

    Raises:
        CourseError: if they are not Python, or there are none, or some that would never run: code outside the marked
            cells, two cells for one exercise, or tests for none of the exercises in `checked`.
    """
    own = {}
    marker = f'# %% hidden="{checked[0]}"'
    for cell in jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells:
        try:
            has_code = cell.cell_type == "code" and bool(python_tree(cell.source).body)
        except SyntaxError as error:
            where = f"the cell that begins {cell.source.splitlines()[0]!r}"
            raise CourseError(f"{path}: {error.msg} in line {error.lineno} of {where}.") from None
        if not has_code:
            continue
        if not is_role(cell, "hidden"):
            begins = cell.source.splitlines()[0]
            raise CourseError(f"{path}: the cell that begins {begins!r} is for no exercise; mark it like {marker}")
        name = role(cell)[1]
        if name not in checked:
            raise CourseError(
                f"{path} has tests for {name!r}, which is no exercise of {path.stem}; there are {', '.join(checked)}."
            )
        if name in own:
            raise CourseError(f"{path} has two cells of tests for {name!r}; make one of them.")
        own[name] = cell.source
    if not own:
        raise CourseError(f"{path} has no tests; delete it, or mark cells of tests like {marker}")
    return own


def references(course: Course | None = None, private: Path = PRIVATE) -> dict[str, Reference]:
    """All notebooks of the course, by stem.

    Raises:
        CourseError: if `private` has a file for no notebook, or one that is not what it should be.
    """
    course = course or Course(ROOT)
    found = {path.stem: Reference(course, path.stem, private) for path in course.sources()}
    for path in sorted(private.glob("*.py")):
        if path.stem not in found:
            raise CourseError(f"{path} is named like no notebook; there are {', '.join(found)}.")
    return found
