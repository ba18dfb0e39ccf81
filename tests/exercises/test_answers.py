"""The student notebooks run, their stubs earn nothing, the reference answers everything; of the answers planted beside
this file, the wrong ones are refused, each in words, and the right ones are not.

A planted answer is a cell marked `answer="loss" wrong="why"` or `right="how"` in a file named like the notebook. All
answers to one notebook are tried in one kernel, in which the student notebook has run from top to bottom.
"""

import os
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from build_notebooks import Course, read, student_notebook  # noqa: E402
from exercises import is_role, is_written, merge_hidden, nbgrader_metadata, role  # noqa: E402
from nbgrader.utils import determine_grade  # noqa: E402
from run_notebook import run_notebook  # noqa: E402

COURSE = Course(ROOT)
STEMS = [path.stem for path in COURSE.sources()]
CELL_TIMEOUT = 600  # seconds
# What a library says when the course uses it in a way that will not do for ever, and TensorFlow's own log lines
WARNING = re.compile(
    r"\w*Warning: |WARNING:|deprecat|^[WE]\d{4} \d\d:\d\d|oneDNN|absl::Init", re.IGNORECASE | re.MULTILINE
)


def planted(stem: str) -> list:
    path = Path(__file__).with_name(f"{stem}.py")
    cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells if path.exists() else []
    return [cell for cell in cells if "answer" in cell.metadata]  # all but the comment at the top


def code(source: str, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


class Tried:
    """The student notebook of `stem`, and after it every planted answer with its check, and the reference answers."""

    def __init__(self, stem: str, folder: Path):
        source = read(COURSE, COURSE.source / f"{stem}.py")
        self.student = student_notebook(source)
        merge_hidden(source)  # the checks now hold the hidden tests, as the grader's do
        self.checks = {role(cell)[1]: cell for cell in source.cells if is_role(cell, "check")}
        self.planted = [(cell, *self.attempt(cell.metadata["answer"], cell.source)) for cell in planted(stem)]
        self.reference = [cell for part in reference_answers(source) for cell in self.attempt(*part)]
        notebook = nbformat.v4.new_notebook(metadata=self.student.metadata, cells=[*self.student.cells])
        notebook.cells += [cell for _, *cells in self.planted for cell in cells] + self.reference
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
        env = {**os.environ, "COVERGAN_PROFILE": "smoke", "COVERGAN_WORK": "work"}
        env.pop("PYTEST_CURRENT_TEST", None)  # with it, ipykernel would not show what C++ prints
        run_notebook(notebook, folder, env, CELL_TIMEOUT, allow_errors=True, keep_noise=True)

    def attempt(self, exercise: str, answer: str) -> tuple:
        check = self.checks[exercise]
        return code(answer), code(check.source, nbgrader=nbgrader_metadata(check))


def reference_answers(source) -> list[tuple[str, str]]:
    """(exercise, code) for every answer in code; cells of the solution that follow an answer belong to it."""
    found = []
    for cell in source.cells:
        if cell.cell_type != "code":
            continue
        if is_role(cell, "answer"):
            found.append((role(cell)[1], cell.source))
        elif "solution" in cell.metadata.get("tags", []) and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n\n{cell.source}")
    return found


@pytest.fixture(scope="class")
def tried(request, tmp_path_factory):
    return Tried(request.cls.stem, tmp_path_factory.mktemp(request.cls.stem))


def score(check) -> tuple:
    """(points, most) of a check that ran; the grader takes stderr out as well, where libraries warn."""
    outputs = [output for output in check.outputs if output.get("name") != "stderr"]
    return determine_grade(nbformat.from_dict({**check, "outputs": outputs}))


def errors(cell) -> list:
    return [output for output in cell.outputs if output.output_type == "error"]


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


class Exercises:
    """What holds for every notebook; `stem` is its name."""

    def test_only_the_exercises_of_a_student_notebook_raise(self, tried):
        for cell in code_cells(tried.student):
            allowed = {"NotImplementedError", "NotYet"} if "nbgrader" in cell.metadata else set()
            assert {error.ename for error in errors(cell)} <= allowed, cell.source

    def test_stubs_earn_nothing(self, tried):
        checks = [cell for cell in code_cells(tried.student) if cell.metadata.get("nbgrader", {}).get("grade")]
        assert checks and all(score(cell)[0] == 0 for cell in checks)

    def test_nothing_warns(self, tried):
        for cell in [*code_cells(tried.student), *tried.reference]:
            for output in cell.outputs:
                text = (
                    output.get("text", "")
                    if output.output_type == "stream"
                    else output.get("data", {}).get("text/plain", "")
                )
                assert not WARNING.search(text), f"{text}\n\nprinted by\n\n{cell.source}"

    def test_reference_answers_earn_everything(self, tried):
        graded = [cell for cell in tried.reference if "nbgrader" in cell.metadata]
        assert len(graded) == len(tried.checks)
        for cell in graded:
            points, most = score(cell)
            assert points == most, errors(cell)[0].evalue

    def test_wrong_answers_are_refused_in_words(self, tried):
        for plant, answer, check in tried.planted:
            if "wrong" in plant.metadata:
                assert not errors(answer), (
                    f"the planted cell itself fails: {errors(answer)[0].evalue}\n\n{plant.source}"
                )
                assert score(check)[0] == 0, f"not caught: {plant.metadata['wrong']}\n\n{plant.source}"
                assert errors(check)[0].ename == "NotYet" and len(errors(check)[0].evalue) > 20

    def test_right_answers_are_accepted(self, tried):
        for plant, answer, check in tried.planted:
            if "right" in plant.metadata:
                points, most = score(check)
                assert points == most, (
                    f"{plant.metadata['right']}: {[e.evalue for e in errors(answer) + errors(check)]}"
                )


# A class for each notebook: `pytest -n 2 --dist loadscope` runs a class in one process, and so each notebook once.
for stem in STEMS:
    globals()[f"Test_{stem}"] = type(f"Test_{stem}", (Exercises,), {"stem": stem})


def test_a_hundred_wrong_answers_are_planted_and_right_ones_for_every_notebook():
    cells = {stem: planted(stem) for stem in STEMS}
    assert sum("wrong" in cell.metadata for cells in cells.values() for cell in cells) >= 100
    for stem, answers in cells.items():
        assert any("right" in cell.metadata for cell in answers), stem
        asked = {
            role(cell)[1]
            for cell in read(COURSE, COURSE.source / f"{stem}.py").cells
            if is_role(cell, "answer") and not is_written(cell)
        }
        assert {cell.metadata["answer"] for cell in answers if "wrong" in cell.metadata} == asked, stem
