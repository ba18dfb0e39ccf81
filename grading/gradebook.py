"""nbgrader's side of the course: release versions, the gradebook, feedback. All of it in one folder."""

import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from reference import Reference
from sqlalchemy.exc import DatabaseError, SAWarning
from traitlets.config import PyFileConfigLoader

from helpers.errors import CourseError
from helpers.files import writing

CONFIG = Path(__file__).with_name("nbgrader_config.py")


@dataclass
class Grade:
    """What one exercise of one student came to.

    Attributes:
        exercise: its name, e.g. "loss".
        points: awarded; None while a person has to mark it.
        most: what it is worth.
    """

    exercise: str
    points: float | None
    most: float


class Class:
    """A class: gradebook.db, and beside it release/, submitted/, autograded/ and feedback/ as nbgrader lays them out.

    Args:
        folder: where all that is kept.
    """

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        # nbgrader calls alembic by its bare name.
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        logging.getLogger("alembic").setLevel(logging.ERROR)
        config = PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()
        config.CourseDirectory.root = str(self.folder)
        config.NbGraderAPI.log_level = logging.CRITICAL  # its logs come back with each call
        config.CourseDirectory.db_url = f"sqlite:///{self.folder / 'gradebook.db'}"
        self.api = NbGraderAPI(config=config)

    @contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """The gradebook, open.

        Raises:
            CourseError: if the file is damaged, or cannot be read or written.
        """
        try:
            with Gradebook(self.api.coursedir.db_url, self.api.coursedir.course_id) as book:
                yield book
        except DatabaseError as error:
            raise CourseError(
                f"{self.folder / 'gradebook.db'} cannot be used ({error.orig}); if it is damaged, move it away and "
                "grade all that was handed in again: what has run is not run anew, and marks.csv still has your marks."
            ) from None

    def path(self, step: str, student: str, stem: str, suffix: str = ".ipynb") -> Path:
        """Where nbgrader keeps a notebook at one step of its way; student "." for the instructor's own."""
        return self.folder / step / student / stem / f"{stem}{suffix}"

    def release(self, reference: Reference) -> Path:
        """Write the release version of a notebook and note its exercises in the gradebook; returns the file."""
        source, release = self.path("source", ".", reference.stem), self.path("release", ".", reference.stem)
        release.unlink(missing_ok=True)  # nbgrader writes it when all else is done
        with writing(source) as partial:
            nbformat.write(reference.graded, partial)
        self._call("generate_assignment", reference.stem, force=True)
        return release

    def is_released(self, reference: Reference) -> bool:
        """Whether the gradebook knows the notebook with these very tests."""
        source, release = self.path("source", ".", reference.stem), self.path("release", ".", reference.stem)
        with self.gradebook() as book:
            try:
                book.find_notebook(reference.stem, reference.stem)
            except MissingEntry:
                return False
        return release.exists() and source.exists() and nbformat.read(source, as_version=4) == reference.graded

    def record(self, student: str, stem: str, executed: nbformat.NotebookNode) -> None:
        """Let nbgrader read the grades off an executed submission."""
        path = self.path("submitted", student, stem)
        with writing(path) as partial:
            nbformat.write(executed, partial)
        shutil.rmtree(self.path("autograded", student, stem).parent, ignore_errors=True)
        self._call("autograde", stem, student, force=True)

    def write_feedback(self, student: str, stem: str) -> Path:
        """Write the submission as a page with points and comments; returns the file."""
        self._call("generate_feedback", stem, student, force=True)
        return self.path("feedback", student, stem, ".html")

    def grades(self, student: str, stem: str) -> list[Grade]:
        """What each exercise came to, in the order of the notebook; empty if there is no submission."""
        with self.gradebook() as book:
            try:
                submission = book.find_submission_notebook(stem, stem, student)
            except MissingEntry:
                return []
            order = [cell.name for cell in submission.notebook.source_cells]
            grades = sorted(submission.grades, key=lambda grade: order.index(grade.name))
            return [
                Grade(
                    grade.name.removesuffix("-check"),
                    None if grade.needs_manual_grade else grade.score,
                    grade.max_score,
                )
                for grade in grades
            ]

    def students(self) -> list[str]:
        with self.gradebook() as book:
            return sorted(student.id for student in book.students)

    def mark(self, student: str, stem: str, exercise: str, points: float | None, comment: str) -> None:
        """Give an answer in words its points and a comment, as a person decided; None takes the points back."""
        with self.gradebook() as book:
            grade = book.find_grade(exercise, stem, stem, student)
            grade.manual_score = points
            grade.needs_manual_grade = points is None and grade.auto_score is None
            book.find_comment(exercise, stem, stem, student).manual_comment = comment or None
            book.db.commit()

    def _call(self, what: str, *arguments, **options) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # about objects that nbgrader does not add to their sessions
            result = getattr(self.api, what)(*arguments, **options)
        if result.get("error", "").rstrip().endswith("KeyboardInterrupt"):  # nbgrader lets nothing through
            raise KeyboardInterrupt
        if not result["success"]:
            reason = (result.get("log") or result.get("error") or "no reason given").strip().splitlines()[-1]
            raise CourseError(f"nbgrader could not {what.replace('_', ' ')} {' of '.join(arguments)}: {reason}")
