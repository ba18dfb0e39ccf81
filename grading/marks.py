"""Marks for answers in words: a table that a person fills in, marks.csv, and the rubric beside it.

The program writes a row for each answer that waits; the person writes points and, if they like, a comment, and runs
`make grade` again.
"""

import csv
import hashlib
import io
import shutil
from pathlib import Path

from helpers.console import harmless
from helpers.errors import CourseError
from helpers.files import writing

# `file` is where the student's own pictures are; `of_answer` tells whether the marks are for what is answered now.
COLUMNS = ("notebook", "exercise", "student", "points", "out_of", "comment", "answer", "file", "of_answer")
SHOWN = 5000  # letters of an answer; spreadsheets cut cells at some length, and whoever wrote more is read in `file`


def read_marks(path: Path) -> dict[tuple[str, str, str], dict]:
    """The rows by (notebook, exercise, student); points are numbers, or None where nobody has written any.

    Commas or semicolons between the columns, decimal points or commas: as the spreadsheet left them.

    Raises:
        CourseError: naming the row, if points are no number or out of range, or if the file is no such table.
    """
    if not path.exists():
        return {}
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # what Excel writes on Windows unless told otherwise
        text = content.decode("cp1252", errors="replace")
    header = text.partition("\n")[0]
    rows = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ","
    )
    try:
        if missing := set(COLUMNS) - set(rows.fieldnames or ()):
            raise CourseError(
                f"{path} has no column {sorted(missing)[0]!r}; its first line must be: {','.join(COLUMNS)}"
            )
        marks = [row | {"points": points_of(row, path)} for row in rows if row["student"]]
    except csv.Error as error:
        raise CourseError(f"{path} is not a table any more ({error}); the one before is {path.name}.bak.") from None
    return {(row["notebook"], row["exercise"], row["student"]): row for row in marks}


def points_of(row: dict, path: Path) -> float | None:
    """The points in a row; None where there are none."""
    place = f"{path}, the row of {row['student']} for {row['exercise']}"
    written = (row["points"] or "").strip().replace(",", ".")  # a decimal comma
    try:
        points, most = float(written) if written else None, float(row["out_of"] or "nan")
    except ValueError:
        raise CourseError(f"{place}: points must be a number, not {row['points']!r}.") from None
    if points is not None and not 0 <= points <= most:
        raise CourseError(f"{place}: points must be from 0 to {row['out_of']}, not {row['points']}.")
    return points


def write_marks(path: Path, marks: dict[tuple[str, str, str], dict]) -> None:
    """Write the table anew, exercise by exercise, so that all answers to one question stand together.

    What the person saved is kept beside it, as marks.csv.bak.
    """
    if path.exists():
        shutil.copyfile(path, path.with_name(f"{path.name}.bak"))
    # With a mark for UTF-8, without which Excel would read it as something else.
    with writing(path) as partial, open(partial, "w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        table.writeheader()
        for key in sorted(marks):
            points = marks[key]["points"]
            table.writerow(marks[key] | {"points": "" if points is None else f"{points:g}"})


def digest(answer: str) -> str:
    """A few letters that change with the answer; they begin with one that is in no number, for spreadsheets' sake."""
    return f"x{hashlib.sha256(' '.join(answer.split()).encode('utf-8', 'replace')).hexdigest()[:12]}"


def cell_text(text: str) -> str:
    """A student's text for a table: short enough, printable, and nothing that a spreadsheet takes for a formula."""
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]} … (goes on in the file)"
    shown = "\n".join(harmless(line) for line in shown.splitlines())
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
