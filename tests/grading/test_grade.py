"""The whole loop: releases, grades, marks, feedback, and the six made-up students of `make grade-demo`."""

import csv
import os
from pathlib import Path

import demo
import gradebook
import isolation
import nbformat
import pytest
from grade import Grading, main
from marks import COLUMNS, SHOWN, read_marks, write_marks
from preflight import read_submission
from reference import Course, Reference, grade_id, graded_cells, references

from helpers.errors import CourseError
from helpers.files import alone

KNOWN = references()


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    return demo.run(tmp_path_factory.mktemp("demo"))


def test_the_six_get_what_they_deserve(demonstration):
    (rows,) = [table(demonstration.members.folder / "grades.csv")]
    assert {row["student"]: row["00_welcome (of 9)"] for row in rows} == {
        "empty": "0",
        "endless": "7",
        "half-right": "3",
        "nosy": "7",
        "perfect": "9",
        "stripped": "9",
    }
    assert {row["student"]: row["percent"] for row in rows}["perfect"] == "100.0"
    assert all(row["answers to mark"] == "0" for row in rows)


def test_the_report_has_a_line_for_each_file(demonstration):
    rows = {row["student"]: row for row in table(demonstration.members.folder / "report.csv")}
    assert len(rows) == 6 and all(row["outcome"] == "graded" for row in rows.values())
    assert rows["empty"]["why"] == "it was not run before it was handed in"
    assert rows["stripped"]["why"] == "the metadata of 7 cells were lost and found again by their text"
    assert rows["perfect"]["why"] == ""


@pytest.mark.skipif(not isolation.can_isolate(), reason="bubblewrap is not installed, or not allowed here")
def test_the_nosy_one_sees_and_changes_nothing(demonstration):
    lines = demo.printed(demonstration, "nosy").splitlines()
    assert len(lines) == 5 and not any(": done" in line for line in lines)
    assert not (demonstration.members.folder / "outside.txt").exists()


def test_the_endless_one_is_told_why(demonstration):
    page = demonstration.members.path("feedback", "endless", "00_welcome", ".html").read_text(encoding="utf-8")
    assert "This cell took more than 20 s and was stopped." in page


def test_feedback_explains_and_keeps_the_tests_hidden(demonstration):
    page = demonstration.members.path("feedback", "nosy", "00_welcome", ".html").read_text(encoding="utf-8")
    assert "Not yet:" in page and "the test is sound" in page
    hidden = [line for line in graded_hidden(demonstration.known["00_welcome"]) if len(line) > 20]
    assert hidden and not any(line in page for line in hidden)


def graded_hidden(reference: Reference) -> list[str]:
    """The lines that only the graded checks have."""
    shown = {line for cell in graded_cells(reference.student).values() for line in cell.source.splitlines()}
    return [
        line.strip() for cell in reference.exercises.values() for line in cell.source.splitlines() if line not in shown
    ]


@pytest.mark.parametrize("stem", KNOWN)
def test_each_notebook_is_recognised_without_metadata(stem, tmp_path):
    stripped = nbformat.from_dict(KNOWN[stem].solution)
    for cell in stripped.cells:
        cell.metadata = nbformat.from_dict({})
    nbformat.write(stripped, tmp_path / "untitled.ipynb")
    found = read_submission("ada", tmp_path / "untitled.ipynb", KNOWN)
    assert found.stem == stem
    assert f"the metadata of {len(KNOWN[stem].exercises)} cells were lost and found again by their text" in found.notes


# On the tiny course, where a run takes seconds


@pytest.fixture
def class_of_two(tmp_path, tiny):
    folder = tmp_path / "handed_in"
    for student, notebook in (("ada", tiny.solution), ("alan", tiny.student)):
        (folder / student).mkdir(parents=True)
        (folder / student / "00_counting.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    (folder / "grace").mkdir()
    (folder / "grace" / "00_counting.ipynb").write_text("<html>", encoding="utf-8")
    return Grading(folder, gradebook.Class(tmp_path / "class"), {tiny.stem: tiny})


def test_answers_in_words_wait_for_a_person(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    (row,) = table(path)
    assert row["student"] == "ada" and row["exercise"] == "why" and row["points"] == "" and row["out_of"] == "4"
    assert "a sheep is missing" in row["answer"]
    grades = {row["student"]: row for row in table(path.with_name("grades.csv"))}
    assert grades["ada"]["total (of 7)"] == "3" and grades["ada"]["answers to mark"] == "1"
    assert grades["alan"]["total (of 7)"] == "0" and grades["alan"]["answers to mark"] == "0"
    marks = read_marks(path)
    marks["00_counting", "why", "ada"] |= {"points": 2.5, "comment": "Short."}
    write_marks(path, marks)
    again = Grading(class_of_two.folder, class_of_two.members, class_of_two.known)
    again.run()
    assert {row["student"]: row for row in table(path.with_name("grades.csv"))}["ada"]["total (of 7)"] == "5.5"
    assert "Short." in again.members.path("feedback", "ada", "00_counting", ".html").read_text(encoding="utf-8")


def test_marks_outlive_what_a_spreadsheet_does_to_the_answer(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    marks = read_marks(path)
    marks["00_counting", "why", "ada"] |= {"points": 3.0, "answer": "For knowing â€“ whether"}
    write_marks(path, marks)
    again(class_of_two)
    assert read_marks(path)["00_counting", "why", "ada"]["points"] == 3
    assert "a sheep is missing" in read_marks(path)["00_counting", "why", "ada"]["answer"]


def test_an_answer_that_changed_waits_again_and_the_report_says_so(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    marks = read_marks(path)
    marks["00_counting", "why", "ada"] |= {"points": 3.0, "comment": "Good."}
    write_marks(path, marks)
    again(class_of_two)
    handed_in = class_of_two.folder / "ada" / "00_counting.ipynb"
    text = handed_in.read_text(encoding="utf-8")
    handed_in.write_text(text.replace("a sheep is missing", "x" * 140_000), encoding="utf-8")
    second = again(class_of_two)
    row = read_marks(path)["00_counting", "why", "ada"]
    assert row["points"] is None and row["comment"] == "" and len(row["answer"]) < SHOWN + 100
    assert "the answer 'why' has changed since it was marked; its marks were taken back" in second.submissions[0].notes
    assert (
        '"3"' not in path.read_text(encoding="utf-8-sig")
        and ",3,4,Good." in path.with_name("marks.csv.bak").read_text()
    )
    handed_in.write_text(text.replace("For knowing whether a sheep is missing.", "YOUR ANSWER HERE"), encoding="utf-8")
    again(class_of_two)
    grades = {row["student"]: row for row in table(path.with_name("grades.csv"))}
    assert grades["ada"]["total (of 7)"] == "3" and grades["ada"]["answers to mark"] == "0"


def test_what_was_stopped_is_run_again(class_of_two, monkeypatch):
    from grade import execute

    calls = []
    monkeypatch.setattr(
        "grade.execute", lambda *a, **k: calls.append(1) or (execute(*a, **k) and "") or "it was unlucky"
    )
    class_of_two.run()
    again(class_of_two)
    assert len(calls) == 4
    monkeypatch.undo()
    assert not [note for found in again(class_of_two).submissions for note in found.notes if "unlucky" in note]


def test_every_student_has_a_row_and_odd_names_do_not_stop_the_report(class_of_two):
    (class_of_two.folder / "alan" / "=1+1.ipynb").write_text("<html>")
    if os.name == "posix":
        Path(os.fsdecode(bytes(class_of_two.folder) + b"/alan/\xff.ipynb")).write_text("<html>")
    again(class_of_two)
    assert [row["student"] for row in table(class_of_two.members.folder / "grades.csv")] == ["ada", "alan", "grace"]
    rows = table(class_of_two.members.folder / "report.csv")
    assert len(rows) >= 4 and not any(value.startswith("=") for row in rows for value in row.values())


def test_a_lost_gradebook_is_made_again(class_of_two, tiny):
    class_of_two.run()
    assert class_of_two.members.is_released(tiny)
    (class_of_two.members.folder / "gradebook.db").unlink()
    members = gradebook.Class(class_of_two.members.folder)
    assert not members.is_released(tiny)
    Grading(class_of_two.folder, members, class_of_two.known).run()
    assert {row["student"]: row for row in table(members.folder / "grades.csv")}["ada"]["total (of 7)"] == "3"


def again(grading: Grading) -> Grading:
    """Another run over the same folder."""
    second = Grading(grading.folder, grading.members, grading.known)
    second.run()
    return second


def test_a_class_is_graded_by_one_command_at_a_time(class_of_two):
    with alone(class_of_two.members.folder / ".lock", "held by the test"):
        with pytest.raises(CourseError, match="is being graded already"):
            class_of_two.run()


def test_what_was_graded_is_not_run_again_unless_it_changed(class_of_two, monkeypatch):
    class_of_two.run()
    ran = []
    monkeypatch.setattr("grade.execute", lambda notebook, *_, **__: ran.append(notebook) or "")
    Grading(class_of_two.folder, class_of_two.members, class_of_two.known).run()
    assert ran == []
    path = class_of_two.folder / "alan" / "00_counting.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("YOUR ANSWER HERE", "For sheep."), encoding="utf-8")
    Grading(class_of_two.folder, class_of_two.members, class_of_two.known).run()
    assert len(ran) == 1


def test_a_crash_on_one_submission_leaves_the_others_graded(class_of_two, monkeypatch):
    from grade import execute

    def crash(notebook, *arguments, **limits):
        if "twice = 2" in str(notebook):
            raise RuntimeError("out of luck")
        return execute(notebook, *arguments, **limits)

    monkeypatch.setattr("grade.execute", crash)
    class_of_two.run()
    rows = {row["student"]: row for row in table(class_of_two.members.folder / "report.csv")}
    assert rows["ada"]["why"] == "grading it stopped with RuntimeError: out of luck"
    assert rows["alan"]["outcome"] == "graded" and rows["grace"]["outcome"] == "not graded"


@pytest.mark.parametrize(
    "points, complaint",
    [("many", "points must be a number, not 'many'"), ("5", "points must be from 0 to 4"), ("-1", "from 0")],
)
def test_a_slip_in_the_marks_is_named_by_its_row(class_of_two, points, complaint):
    class_of_two.run()
    path = class_of_two.members.folder / "marks.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("ada,,", f"ada,{points},"), encoding="utf-8")
    with pytest.raises(CourseError, match=complaint):
        Grading(class_of_two.folder, class_of_two.members, class_of_two.known).run()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_marks_are_read_as_a_spreadsheet_leaves_them(tmp_path, encoding):
    text = ";".join(COLUMNS) + '\r\n00_counting;why;ada;2,5;4;Schön;"a;\nb";ada/x.ipynb;abc\r\n'
    (tmp_path / "marks.csv").write_bytes(text.encode(encoding))
    ((key, row),) = read_marks(tmp_path / "marks.csv").items()
    assert key == ("00_counting", "why", "ada")
    assert row["points"] == 2.5 and row["comment"] == "Schön" and row["answer"] == "a;\nb"


def test_release_is_the_student_notebook_with_checksums(class_of_two, tiny):
    released = nbformat.read(class_of_two.members.release(tiny), as_version=4)
    assert [cell.source.rstrip() for cell in released.cells] == [cell.source for cell in tiny.student.cells]
    assert all("checksum" in cell.metadata.nbgrader for cell in released.cells if grade_id(cell))


def test_tests_of_ones_own_replace_the_demonstration(tmp_path, tiny):
    root = tmp_path / "course"
    private = root / "grading" / "private"
    private.mkdir(parents=True)
    (private / "00_counting.py").write_text('# %% hidden="double"\nassert double(21) == 42\n', encoding="utf-8")
    graded = references(Course(root), private)["00_counting"].exercises["double-check"].source
    assert "double(21) == 42" in graded and "double(-1)" not in graded
    (private / "00_counting.py").write_text('# %% hidden="triple"\npass\n', encoding="utf-8")
    with pytest.raises(CourseError, match="tests for 'triple', which is no exercise of 00_counting"):
        references(Course(root), private)
    (private / "00_counting.py").rename(private / "07_other.py")
    with pytest.raises(CourseError, match="named like no notebook"):
        references(Course(root), private)


@pytest.mark.parametrize(
    "arguments, complaint", [([], "Name the folder"), ([""], "Name the folder"), (["nowhere"], "no folder")]
)
def test_wrong_input_is_one_sentence_and_exit_code_2(arguments, complaint, capsys):
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err
