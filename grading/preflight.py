"""What students handed in, made ready for grading: each file ends as a notebook to grade or as a line saying why not.

Nothing in a file is trusted and nothing is held against a student that a program can mend: lost cell metadata are found
again by the text of the cells, changed checks are replaced, and whatever was done is noted.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from mend import mend
from reference import Reference, grade_id

from helpers.errors import CourseError

SUFFIX = ".ipynb"
LARGE = 10 * 2**20  # bytes; beyond it outputs are taken out and the report says so
TOO_LARGE = 300 * 2**20  # bytes; such a file is not read at all
LONGEST_NAME = 64
ARCHIVES = (".7z", ".gz", ".rar", ".tar", ".zip")
LITTER = (".ipynb_checkpoints", "__MACOSX", "Thumbs.db", "desktop.ini")  # what Jupyter and other programs leave behind


@dataclass
class Submission:
    """One file of one student.

    Attributes:
        student: the id, from the folder or the file's name.
        path: the file.
        stem: the course's notebook that it is, e.g. "04_dcgan"; empty if it is none.
        notebook: ready to be graded; None where that is impossible.
        notes: what was mended or should be known, a sentence each.
        refused: why it cannot be graded; empty if it can.
    """

    student: str
    path: Path
    stem: str = ""
    notebook: nbformat.NotebookNode | None = None
    notes: list[str] = field(default_factory=list)
    refused: str = ""


class Unreadable(ValueError):
    """A file is no notebook; the message says what it is, and what to do."""


def submissions(folder: Path, references: dict[str, Reference]) -> list[Submission]:
    """Everything in `folder`, read and mended, the files of each student in order of name.

    It holds a folder for each student with notebooks anywhere below it, or files STUDENT_NN_topic.ipynb, or both.

    Raises:
        CourseError: if there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise CourseError(
            f"There is no folder {folder}; name the one with the submissions: make grade SUBMISSIONS=folder"
        )
    found = [read_submission(student, path, references) for student, path in files(folder, list(references))]
    if not found:
        raise CourseError(f"{folder} holds no submissions: a folder for each student with notebooks in it is expected.")
    keep_newest(found)
    return found


def files(folder: Path, stems: list[str]) -> list[tuple[str, Path]]:
    """(student, file) of every submission; a student who handed in no notebook is there with the folder."""
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in LITTER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            student = student_of(entry.name)
            found += [(student, path) for path in notebooks(entry)] or [(student, entry)]
        else:
            before = re.split(rf"[_ -]+(?:{'|'.join(map(re.escape, stems))})", entry.stem)[0]
            found.append((student_of(before), entry))
    return found


def notebooks(folder: Path) -> list[Path]:
    """The notebooks anywhere below a student's folder, without the copies that programs make."""
    found = []
    for path in sorted(folder.rglob("*")):
        is_copy = path.name.startswith("._") or not set(LITTER).isdisjoint(path.relative_to(folder).parts)
        if path.suffix.lower() == SUFFIX and not is_copy:
            found.append(path)
    return found


def student_of(name: str) -> str:
    """The student's id in the name of a folder or file: without what Moodle adds, and spelt as others spell it."""
    return unicodedata.normalize("NFC", re.sub(r"_assignsubmission_file_?$", "", name))


def is_name(student: str) -> bool:
    """Whether it can be a student's id: something that makes a folder's name everywhere and leads nowhere else."""
    letters = all(unicodedata.category(letter)[0] in "LMN" or letter in " ._@+-',’()" for letter in student)
    begins = student[:1].isalnum() or student[:1] == "_"
    return letters and begins and len(student) <= LONGEST_NAME and not student.endswith((".", " "))


def read_submission(student: str, path: Path, references: dict[str, Reference]) -> Submission:
    """One file as a submission, mended as far as can be."""
    submission = Submission(student, path)
    if not is_name(student):
        submission.refused = (
            f"{student!r} cannot be a student's name here: letters, digits, spaces and . _ @ + - ' , ( ) are allowed, "
            f"up to {LONGEST_NAME} of them; rename the folder or file"
        )
        return submission
    try:
        notebook = read_notebook(path, submission.notes)
        submission.stem = identify(notebook, references)
        prepare(submission, notebook, references)
    except Unreadable as error:
        submission.refused = str(error)
    except Exception as error:  # whatever else may be in a file, the others are graded
        submission.refused = f"it cannot be read ({type(error).__name__}: {error})"
    return submission


def prepare(submission: Submission, notebook: nbformat.NotebookNode, references: dict[str, Reference]) -> None:
    """Put the mended notebook and what there is to note into the submission."""
    named = next((stem for stem in references if stem in submission.path.name), submission.stem)
    if named != submission.stem:
        submission.notes.append(f"the file is named like {named}, but what is in it is {submission.stem}")
    if not any(cell.get("execution_count") or cell.get("outputs") for cell in notebook.cells):
        submission.notes.append("it was not run before it was handed in")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    submission.notebook, notes = mend(notebook, references[submission.stem])
    submission.notes += notes


def read_notebook(path: Path, notes: list[str]) -> nbformat.NotebookNode:
    """The file as a notebook of nbformat 4, with a Python kernel; what had to be done for that is added to `notes`.

    Raises:
        Unreadable: if it is not one.
    """
    if path.is_symlink():
        raise Unreadable("it is a link to something else, not a file")
    if path.is_dir():
        raise Unreadable("there is no notebook in it")
    if not path.is_file():  # reading a pipe would wait for ever
        raise Unreadable("it is no ordinary file")
    if path.suffix.lower() in ARCHIVES:
        raise Unreadable("it is an archive; unpack it into a folder with the student's name")
    if path.suffix.lower() != SUFFIX:
        raise Unreadable(f"its name does not end in {SUFFIX}; rename it if it is a notebook, else hand in the notebook")
    if (size := path.stat().st_size) > TOO_LARGE:
        raise Unreadable(f"it has {size >> 20} MiB; clear the outputs (Edit > Clear all outputs) and hand it in again")
    if size > LARGE:
        notes.append(f"it has {size >> 20} MiB; its outputs were taken out")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append("it is not in UTF-8; unreadable characters became �")
        text = content.decode("utf-8", errors="replace")
    if not text.strip():
        raise Unreadable("it is empty")
    if text.lstrip().startswith("<"):
        raise Unreadable("it is a web page, not a notebook: use File > Download > Download .ipynb")
    try:
        raw = json.loads(text, strict=False)
        drop_outputs(raw, size > LARGE)
        fill_metadata(raw)
        notebook = nbformat.reads(json.dumps(raw), as_version=4)
    except json.JSONDecodeError as error:
        raise Unreadable(f"it is not a notebook, or only part of one (line {error.lineno}): hand it in again") from None
    except Exception as error:  # nbformat raises whatever it stumbles over
        raise Unreadable(f"it is not a notebook that Jupyter could open ({type(error).__name__})") from None
    for cell in notebook.cells:
        if not isinstance(cell.get("source"), str) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise Unreadable("one of its cells has no text")
        cell.source = cell.source.replace("\r\n", "\n").replace("\r", "\n")
    spec = notebook.metadata.get("kernelspec")
    kernel = str(spec.get("name", "python3")) if isinstance(spec, dict) else "python3"
    if "python" not in kernel.lower():
        notes.append(f"its kernel was {kernel[:40]!r}; it is graded with Python")
    return notebook


def drop_outputs(raw: dict, all_of_them: bool) -> None:
    """Take outputs out before nbformat checks them: large ones cost minutes, damaged ones would refuse the file."""
    for cell in raw.get("cells", []):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            kept = [] if all_of_them else [{"output_type": "stream", "name": "stdout", "text": ""}]
            cell["outputs"] = kept if cell.get("outputs") else []


def fill_metadata(raw: dict) -> None:
    """Give the notebook and its cells the metadata that Jupyter wants, empty, where some program left them out."""
    for part in [raw, *raw.get("cells", [])]:
        if isinstance(part, dict) and not isinstance(part.get("metadata"), dict):
            part["metadata"] = {}


def identify(notebook: nbformat.NotebookNode, references: dict[str, Reference]) -> str:
    """Which notebook of the course it is: by its exercises, else by its title, else by its prose.

    Raises:
        Unreadable: if it is none of them.
    """
    names = {grade_id(cell) for cell in notebook.cells} - {None}
    shared = {stem: len(names & reference.exercises.keys()) for stem, reference in references.items()}
    best = max(shared, key=shared.get)
    if shared[best]:
        return best
    text = "\n".join(cell.source for cell in notebook.cells)
    for stem, reference in references.items():
        if re.search(rf"^# {re.escape(reference.title)}\s*$", text, re.M):
            return stem
    for stem, reference in references.items():
        if sum(cell.source in text for cell in reference.student.cells if cell.cell_type == "markdown") >= 3:
            return stem
    raise Unreadable("it is none of the course's notebooks; was the right file handed in?")


def keep_newest(found: list[Submission]) -> None:
    """Of several files of one student for one notebook, leave only the one changed last to be graded."""
    newest = {}
    for submission in found:
        if submission.notebook is not None:
            key = (submission.student, submission.stem)
            if key not in newest or submission.path.stat().st_mtime >= newest[key].path.stat().st_mtime:
                newest[key] = submission
    for submission in found:
        chosen = newest.get((submission.student, submission.stem))
        if submission.notebook is not None and submission is not chosen:
            submission.notebook = None
            submission.refused = f"{chosen.path.name} of the same student was changed later and is graded instead"
