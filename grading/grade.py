"""Grade a folder of submissions: this is `make grade SUBMISSIONS=folder`.

    python grading/grade.py SUBMISSIONS [CLASS]      by default the class in grading/class

In CLASS it writes grades.csv (a row for each student, for a learning platform), feedback/ (a page for each student and
notebook), report.csv (what became of every file) and marks.csv (the answers that a person must mark; fill in points and
run it again). What was graded before and has not changed is not run again, so it can be interrupted at any time.
"""

import csv
import hashlib
import json
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
from execute import CELL_SECONDS, TIMEOUT, execute
from gradebook import Class
from isolation import can_isolate
from marks import cell_text, digest, read_marks, write_marks
from preflight import Submission, submissions
from reference import Reference, graded_cells, references
from release import CLASS
from rich.table import Column, Table

from helpers.console import console, printable, progress
from helpers.errors import CourseError
from helpers.files import alone, writing

AT_A_TIME = 2  # TensorFlow takes about 2 GiB in each


class Grading:
    """One run over one folder of submissions.

    Args:
        folder: the submissions.
        members: the class they belong to.
        known: the notebooks, by stem.
        cell_seconds: limit of time for one cell.
    """

    def __init__(self, folder: Path, members: Class, known: dict[str, Reference], cell_seconds: int = CELL_SECONDS):
        self.folder = folder.resolve()  # nbgrader changes the working directory while submissions run
        self.members, self.known, self.cell_seconds = members, known, cell_seconds
        self.interrupted = threading.Event()
        self.submissions = submissions(self.folder, known)

    def run(self) -> None:
        """Grade everything and write the tables; a submission that cannot be graded becomes a line of the report.

        Raises:
            CourseError: if marks.csv holds a slip, or the class is being graded already.
        """
        busy = (
            f"{self.members.folder} is being graded already; wait until that is done, and run the same command again."
        )
        with alone(self.members.folder / ".lock", busy):
            self.run_alone()

    def run_alone(self) -> None:
        self.read_marks()  # so that a slip in it is mended before the long part
        self.release()
        wanted = self.graded()
        with progress("Grading", len(wanted), "submissions") as advance, ThreadPoolExecutor(AT_A_TIME) as pool:
            runs = {pool.submit(self.execute, submission): submission for submission in wanted}
            try:
                for done, run in enumerate(as_completed(runs), 1):
                    self.settle(runs[run], run)
                    advance(done, runs[run].student)
            except KeyboardInterrupt:
                self.interrupted.set()
                pool.shutdown(cancel_futures=True)
                raise
        self.apply_marks()
        self.write_feedback()
        self.write_report()
        self.write_grades()

    def release(self) -> None:
        """Make sure that the gradebook knows the tests of every notebook that was handed in."""
        stems = sorted({submission.stem for submission in self.graded()})
        for stem in [stem for stem in stems if not self.members.is_released(self.known[stem])]:
            try:
                self.members.release(self.known[stem])
            except CourseError as error:  # the other notebooks are graded
                for submission in self.graded():
                    submission.refused = submission.refused or (str(error) if submission.stem == stem else "")

    def execute(self, submission: Submission) -> nbformat.NotebookNode:
        """The submission with its outputs; from an earlier run if neither it nor the tests have changed.

        One that was stopped or took too long is run again: perhaps the machine was busy.
        """
        path = self.members.path("executed", submission.student, submission.stem)
        unchanged = fingerprint(submission.notebook)
        if path.exists():
            earlier = nbformat.read(path, as_version=4)
            if earlier.metadata.get("course") == {"digest": unchanged, "stopped": ""} and not timeouts(earlier):
                return earlier
        folder = self.members.folder / "running" / submission.student / submission.stem
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        executed = nbformat.from_dict(submission.notebook)
        stopped = execute(
            executed,
            folder,
            secret=[self.folder, self.members.folder],
            cell_seconds=self.cell_seconds,
            interrupted=self.interrupted,
        )
        shutil.rmtree(folder, ignore_errors=True)
        executed.metadata["course"] = {"digest": unchanged, "stopped": stopped}
        with writing(path) as partial:
            nbformat.write(executed, partial)
        return executed

    def settle(self, submission: Submission, run) -> None:
        """Enter a finished run in the gradebook, or say why there is none."""
        try:
            executed = run.result()
            if executed.metadata["course"]["stopped"]:
                submission.notes.append(executed.metadata["course"]["stopped"])
            self.members.record(submission.student, submission.stem, executed)
        except CourseError as error:
            submission.refused = str(error)
        except Exception as error:  # whatever it is, the others are graded
            submission.refused = f"grading it stopped with {type(error).__name__}: {error}"

    def graded(self) -> list[Submission]:
        return [found for found in self.submissions if found.notebook is not None and not found.refused]

    def read_marks(self) -> dict[tuple[str, str, str], dict]:
        """The rows of marks.csv.

        Raises:
            CourseError: if it holds a slip, or points that would be lost because nobody and nothing has that name.
        """
        path = self.members.folder / "marks.csv"
        marks = read_marks(path)
        students = {*self.members.students(), *(found.student for found in self.submissions)}
        for stem, name, student in [key for key, row in marks.items() if row["points"] is not None]:
            place = f"{path}, the row of {student} for {name} in {stem}"
            if stem not in self.known or name not in questions(self.known[stem]):
                raise CourseError(f"{place}: there is no such exercise in words; mend the names, or delete the row.")
            if student not in students:
                raise CourseError(
                    f"{place}: there is no such student; perhaps a spreadsheet took the name for a number: make the "
                    "column one of text, and write the name as the column 'file' has it."
                )
        return marks

    def apply_marks(self) -> None:
        """Enter the points of marks.csv, and write it anew with the answers that still wait.

        It is written as soon as it is read, since somebody may be marking meanwhile.
        """
        marks = self.read_marks()
        entries = [
            (submission.student, submission.stem, name, *self.mark(submission, name, stub, marks))
            for submission in self.graded()
            for name, stub in questions(self.known[submission.stem]).items()
        ]
        write_marks(self.members.folder / "marks.csv", marks)
        for entry in entries:
            self.members.mark(*entry)

    def mark(self, submission: Submission, name: str, stub: str, marks: dict) -> tuple[float | None, str]:
        """Points and comment for one answer; if it is not the one that was marked, its row in `marks` waits again."""
        answer = graded_cells(submission.notebook)[name].source
        answered = answer.strip() not in ("", stub.strip())
        row = marks.pop((submission.stem, name, submission.student), {"points": None, "comment": ""})
        if not answered or row.get("of_answer") != digest(answer):
            if row["points"] is not None:
                submission.notes.append(
                    f"the answer {name!r} has changed since it was marked; its marks were taken back"
                )
            row = {"points": None, "comment": ""}
        if not answered:
            return 0, ""
        marks[submission.stem, name, submission.student] = row | {
            "notebook": submission.stem,
            "exercise": name,
            "student": submission.student,
            "out_of": self.known[submission.stem].points[name],
            "answer": cell_text(answer),
            "file": cell_text(str(submission.path.relative_to(self.folder))),
            "of_answer": digest(answer),
        }
        return row["points"], row["comment"]

    def write_feedback(self) -> None:
        for submission in self.graded():
            try:
                self.members.write_feedback(submission.student, submission.stem)
            except CourseError as error:
                submission.notes.append(str(error))

    def write_report(self) -> None:
        """report.csv: a line for each file, with what became of it."""
        path = self.members.folder / "report.csv"
        with writing(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["student", "file", "notebook", "outcome", "why"])
            for found in self.submissions:
                why = found.refused or "; ".join(found.notes)
                outcome = "not graded" if found.refused else "graded"
                texts = (found.student, str(found.path.relative_to(self.folder)), found.stem, outcome, why)
                table.writerow(cell_text(text) for text in texts)

    def write_grades(self) -> None:
        """grades.csv: a row for each student of the class, a column for each notebook that anyone handed in."""
        entered = set(self.members.students())  # a name that was refused may be one that no gradebook could hold
        students = sorted(entered.union(found.student for found in self.submissions))
        grades = {
            (who, stem): self.members.grades(who, stem) if who in entered else []
            for who in students
            for stem in self.known
        }
        stems = [stem for stem in self.known if any(grades[who, stem] for who in students)]
        most = {stem: sum(self.known[stem].points.values()) for stem in stems}
        path = self.members.folder / "grades.csv"
        with writing(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            headings = [f"{stem} (of {most[stem]})" for stem in stems]
            table.writerow(["student", *headings, f"total (of {sum(most.values())})", "percent", "answers to mark"])
            for who in students:
                points = [sum(grade.points or 0 for grade in grades[who, stem]) for stem in stems]
                waiting = sum(grade.points is None for stem in stems for grade in grades[who, stem])
                percent = 100 * sum(points) / max(sum(most.values()), 1)
                table.writerow(
                    [cell_text(who), *(f"{p:g}" for p in points), f"{sum(points):g}", f"{percent:.1f}", waiting]
                )


def questions(reference: Reference) -> dict[str, str]:
    """What stands in place of each answer in words before it is given, by grade id."""
    cells = graded_cells(reference.student).items()
    return {name: cell.source for name, cell in cells if cell.cell_type == "markdown"}


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """Changes with whatever the outcome depends on: the student's cells, and the tests among them."""
    cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def timeouts(notebook: nbformat.NotebookNode) -> bool:
    """Whether any cell was stopped because it took too long."""
    return any(output.get("ename") == TIMEOUT for cell in notebook.cells for output in cell.get("outputs", []))


def show(grading: Grading) -> None:
    """Print the gradebook, an exercise a column, and below it the report's lines that say anything."""
    for stem, reference in grading.known.items():
        students = sorted({found.student for found in grading.submissions if found.stem == stem and not found.refused})
        if not students:
            continue
        names = [name.removesuffix("-check") for name in reference.points]
        table = Table(*(Column(name, overflow="fold") for name in ("student", *names, "points")), title=reference.title)
        for who in students:
            grades = grading.members.grades(who, stem)
            shown = ["to mark" if grade.points is None else f"{grade.points:g}" for grade in grades]
            total = sum(grade.points or 0 for grade in grades)
            table.add_row(printable(who), *shown, f"{total:g} of {sum(reference.points.values())}")
        console.print(table)
    for found in grading.submissions:
        for line in [found.refused] if found.refused else found.notes:
            kind = "not graded: " if found.refused else ""
            console.print(printable(f"{found.student}, {found.path.name}: {kind}{line}."))


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if not 1 <= len(arguments) <= 2 or not arguments[0]:
            raise CourseError("Name the folder with the submissions: make grade SUBMISSIONS=folder")
        if not can_isolate():
            console.print(
                "Submissions will run with your own rights and with the network, since bubblewrap is not installed or "
                "not allowed here: read them first, or grade on a machine you can spare."
            )
        grading = Grading(Path(arguments[0]), Class(Path(arguments[1]) if arguments[1:] else CLASS), references())
        grading.run()
        show(grading)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; run the same command again to go on.", file=sys.stderr)
        return 130
    console.print(f"Grades, feedback, report and the answers to mark are in {printable(str(grading.members.folder))}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
