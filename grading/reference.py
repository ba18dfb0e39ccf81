"""The notebooks as the grader has them: what students got, and the same with the hidden tests put back."""

import sys
from functools import cached_property
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from build_notebooks import Course, identify, read, solution_notebook, student_notebook  # noqa: E402
from exercises import is_role, merge_hidden, role  # noqa: E402

from helpers.errors import CourseError  # noqa: E402

PRIVATE = ROOT / "grading" / "private"


class Reference:
    """One notebook of the course, by its stem, e.g. "04_dcgan".

    An instructor's own hidden tests in `private`/04_dcgan.py, cells `# %% hidden="loss"`, take the place of the
    demonstration tests of the same exercise.

    Raises:
        CourseError: if a file in `private` is for no exercise of the notebook.
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
        """The student notebook with the hidden tests at the end of the checks: what nbgrader calls the source."""
        complete = nbformat.from_dict(self.notebook)
        merge_hidden(complete)
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
    cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
    own = {role(cell)[1]: cell.source for cell in cells if is_role(cell, "hidden")}
    checked = [role(cell)[1] for cell in notebook.cells if is_role(cell, "check")]
    if unknown := sorted(own.keys() - set(checked)):
        raise CourseError(
            f"{path} has tests for {unknown[0]!r}, which is no exercise of {path.stem}; there are {', '.join(checked)}."
        )
    for cell in [cell for cell in notebook.cells if is_role(cell, "hidden") and role(cell)[1] in own]:
        notebook.cells.remove(cell)
    for name, source in own.items():
        place = next(i for i, cell in enumerate(notebook.cells) if is_role(cell, "check") and role(cell)[1] == name)
        notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source, metadata={"hidden": name}))
    identify(notebook.cells)


def references(course: Course | None = None, private: Path = PRIVATE) -> dict[str, Reference]:
    """All notebooks of the course, by stem.

    Raises:
        CourseError: if `private` has a file for no notebook.
    """
    course = course or Course(ROOT)
    found = {path.stem: Reference(course, path.stem, private) for path in course.sources()}
    for path in sorted(private.glob("*.py")):
        if path.stem not in found:
            raise CourseError(f"{path} is named like no notebook; there are {', '.join(found)}.")
    return found
