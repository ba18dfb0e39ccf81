"""Grade a made-up class of six: this is `make grade-demo`.

    python grading/demo.py [FOLDER]        a new folder; by default build/grade-demo, which is made anew

It shows the whole loop on notebook 00: what each of six students handed in, the gradebook, and the report.
"""

import shutil
import sys
from pathlib import Path

import nbformat
from grade import Grading, show
from gradebook import Class
from isolation import can_isolate
from marks import read_marks, write_marks
from reference import ROOT, Reference, grade_id, graded_cells, references

from helpers.console import console
from helpers.errors import CourseError

STEM = "00_welcome"
FOLDER = ROOT / "build" / "grade-demo"

ENDLESS = """def discriminator_loss(on_real, on_forged):
    while True:
        pass
"""

NOSY = '''import urllib.request
from pathlib import Path


def attempt(deed):
    """What comes of it."""
    try:
        return f"done: {deed()}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


COURSE = Path(ROOT)
print("read the tests:", attempt(lambda: len((COURSE / "notebooks/source/00_welcome.py").read_text())))
print("read the others:", attempt(lambda: list(Path(SUBMISSIONS).iterdir())[0]))
print("write outside:", attempt(lambda: Path(OUTSIDE).write_text("I was here")))
print("write a grade:", attempt(lambda: Path(GRADES).write_text("nosy,100")))
print("call out:", attempt(lambda: urllib.request.urlopen("http://192.0.2.1", timeout=2)))
'''


def hand_in(folder: Path, student: str, notebook: nbformat.NotebookNode, answers: dict[str, str] | None = None) -> None:
    """Write a notebook as a student's submission, with other answers in the cells of these grade ids."""
    notebook = nbformat.from_dict(notebook)
    cells = graded_cells(notebook)
    for name, source in (answers or {}).items():
        cells[name].source = source
    for number, cell in enumerate(notebook.cells if student != "empty" else [], 1):
        if cell.cell_type == "code":
            cell.execution_count = number  # all but this one ran it before handing it in
    path = folder / student / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def make_class(folder: Path, reference: Reference, grades: Path) -> None:
    """The six submissions."""
    answers = {name: cell.source for name, cell in graded_cells(reference.solution).items()}
    hand_in(folder, "perfect", reference.solution)
    hand_in(folder, "empty", reference.student)
    half = ("predict_detective", "discriminator_loss")
    hand_in(folder, "half-right", reference.student, {name: answers[name] for name in half})
    hand_in(folder, "endless", reference.solution, {"discriminator_loss": ENDLESS})
    stripped = nbformat.from_dict(reference.solution)
    for cell in stripped.cells:
        cell.metadata = nbformat.from_dict({})
    hand_in(folder, "stripped", stripped)
    places = {"ROOT": ROOT, "SUBMISSIONS": folder, "GRADES": grades, "OUTSIDE": grades.with_name("outside.txt")}
    nosy = NOSY
    for name, place in places.items():
        nosy = nosy.replace(f"Path({name})", f"Path({str(place)!r})")
    hand_in(folder, "nosy", reference.solution, {"through_the_years": nosy})


def mark(path: Path) -> None:
    """What a person would do between the two runs: read the answers in words and give points."""
    marks = read_marks(path)
    for row in marks.values():
        row |= {"points": float(row["out_of"]), "comment": "Both differences can be seen, and the test is sound."}
    write_marks(path, marks)


def make_room(folder: Path) -> None:
    """Empty the demonstration's own folder.

    Raises:
        CourseError: if it is another one, and something is there.
    """
    if folder == FOLDER:
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise CourseError(f"{folder} is there already; name a new folder for the demonstration, or none.")


def run(folder: Path) -> Grading:
    """The whole loop in `folder`; returns its second run, after the answers in words were marked."""
    make_room(folder)
    known = {STEM: references()[STEM]}
    handed_in = folder / "submissions"
    make_class(handed_in, known[STEM], folder / "class" / "grades.csv")
    members = Class(folder / "class")
    Grading(handed_in, members, known, cell_seconds=20).run()
    mark(members.folder / "marks.csv")
    again = Grading(handed_in, members, known, cell_seconds=20)
    again.run()
    return again


def printed(grading: Grading, student: str) -> str:
    """What the cells of a student's submission printed."""
    executed = nbformat.read(grading.members.path("executed", student, STEM), as_version=4)
    cells = [cell for cell in executed.cells if grade_id(cell) == "through_the_years"]
    return "".join(output.get("text", "") for cell in cells for output in cell.outputs)


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if not can_isolate():
            console.print("bubblewrap is not installed, or not allowed here: nosy will get what it asks for.")
        grading = run(Path(arguments[0]).resolve() if arguments else FOLDER)
        show(grading)
        console.print("\nWhat came of nosy's attempts:", printed(grading, "nosy"), sep="\n", markup=False)
        console.print((grading.members.folder / "grades.csv").read_text(encoding="utf-8"), markup=False)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the demonstration begins anew when it is run again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
