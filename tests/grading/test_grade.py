"""The whole loop: releases, grades, marks, feedback, and the six made-up students of `make grade-demo`."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import demo
import gradebook
import isolation
import nbformat
import pytest
import release
from classroom import again, fill_in, hand_in, table
from grade import Grading, main
from preflight import read_submission
from reference import Course, Reference, grade_id, graded_cells, references

from helpers.errors import CourseError
from helpers.files import alone

KNOWN = references()


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
    again(class_of_two)
    assert [row["student"] for row in table(class_of_two.members.folder / "grades.csv")] == ["ada", "alan", "grace"]
    rows = table(class_of_two.members.folder / "report.csv")
    assert len(rows) == 4 and not any(value.startswith("=") for row in rows for value in row.values())


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_umlauts_from_a_zip_of_windows_do_not_stop_the_tables(class_of_two):
    folder = class_of_two.folder
    (folder / "ada" / "00_counting.ipynb").rename(folder / "ada" / os.fsdecode(b"\xdcbung.ipynb"))
    (folder / os.fsdecode(b"M\xfcller")).mkdir()
    (folder / os.fsdecode(b"M\xfcller") / "00_counting.ipynb").write_text("<html>")
    second = again(class_of_two)
    (row,) = table(second.members.folder / "marks.csv")
    assert row["student"] == "ada" and row["file"] == "ada/ bung.ipynb"
    grades = {row["student"]: row["total (of 7)"] for row in table(second.members.folder / "grades.csv")}
    assert grades == {"M ller": "0", "ada": "3", "alan": "0", "grace": "0"}
    (why,) = [row["why"] for row in table(second.members.folder / "report.csv") if row["student"] == "M ller"]
    assert "cannot be a student's name here" in why


@pytest.mark.skipif(not isolation.can_isolate(), reason="bubblewrap is not installed, or not allowed here")
def test_submissions_in_a_relative_folder_are_hidden_from_each_other(class_of_two, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:  # /tmp is hidden anyway
        nosy = f"def double(number):\n    return 2 * number\nimport os\nprint(os.listdir({place + '/handed_in'!r}))"
        hand_in(class_of_two, "ada", "double", nosy)
        shutil.copytree(class_of_two.folder, Path(place, "handed_in"))
        monkeypatch.chdir(place)
        relative = Grading(Path("handed_in"), class_of_two.members, class_of_two.known)
        monkeypatch.chdir("/")  # as nbgrader does meanwhile
        relative.run()
    executed = relative.members.path("executed", "ada", "00_counting").read_text(encoding="utf-8")
    assert "listdir" in executed and "grace" not in executed


def test_a_lost_gradebook_is_made_again(class_of_two, tiny):
    class_of_two.run()
    assert class_of_two.members.is_released(tiny)
    (class_of_two.members.folder / "gradebook.db").unlink()
    members = gradebook.Class(class_of_two.members.folder)
    assert not members.is_released(tiny)
    Grading(class_of_two.folder, members, class_of_two.known).run()
    assert {row["student"]: row for row in table(members.folder / "grades.csv")}["ada"]["total (of 7)"] == "3"


def test_a_damaged_gradebook_is_one_sentence_and_nothing_is_lost(class_of_two):
    class_of_two.run()
    path = class_of_two.members.folder / "gradebook.db"
    fill_in(path.with_name("marks.csv"), points=3.0)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(CourseError, match=r"gradebook\.db cannot be used \(.*malformed.*move it away"):
        again(class_of_two)
    path.rename(path.with_name("damaged.db"))
    again(class_of_two)
    assert {row["student"]: row for row in table(path.with_name("grades.csv"))}["ada"]["total (of 7)"] == "6"


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


@pytest.mark.parametrize("command", [release, demo])
def test_a_slip_in_tests_of_ones_own_is_one_sentence_and_exit_code_2(command, tmp_path, tiny, monkeypatch, capsys):
    private = tmp_path / "private"
    private.mkdir()
    (private / "00_counting.py").write_text("assert double(21) == 42\n", encoding="utf-8")
    monkeypatch.setattr(command, "references", lambda: references(Course(tmp_path / "course"), private))
    assert command.main([str(tmp_path / "new")]) == 2
    assert "the cell that begins 'assert double(21) == 42' is for no exercise" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, complaint", [([], "Name the folder"), ([""], "Name the folder"), (["nowhere"], "no folder")]
)
def test_wrong_input_is_one_sentence_and_exit_code_2(arguments, complaint, capsys):
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_the_demonstration_deletes_no_folder_of_others(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("all of it")
    assert demo.main([str(tmp_path)]) == 2
    assert "is there already; name a new folder" in capsys.readouterr().err
    assert demo.main([str(tmp_path / "thesis.txt")]) == 2
    assert (tmp_path / "thesis.txt").read_text() == "all of it"
