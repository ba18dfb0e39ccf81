"""What the tests of grading do with the class of two."""

import csv
from pathlib import Path

import nbformat
from grade import Grading
from marks import read_marks, write_marks
from reference import graded_cells


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def again(grading: Grading) -> Grading:
    """Another run over the same folder."""
    second = Grading(grading.folder, grading.members, grading.known)
    second.run()
    return second


def hand_in(grading: Grading, student: str, name: str, source: str) -> None:
    """Exchange one answer of a student."""
    path = grading.folder / student / "00_counting.ipynb"
    notebook = nbformat.read(path, as_version=4)
    graded_cells(notebook)[name].source = source
    nbformat.write(notebook, path)


def fill_in(path: Path, **columns) -> None:
    """Write something into ada's row of marks.csv, as a person would."""
    rows = read_marks(path)
    row = rows.pop(("00_counting", "why", "ada")) | columns
    write_marks(path, rows | {(row["notebook"], row["exercise"], row["student"]): row})
