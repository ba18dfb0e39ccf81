"""What students hand in: whatever is wrong with a file, it is graded or there is a line that says why not."""

import json
import os

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from preflight import LARGE, Unreadable, read_notebook, read_submission, submissions
from reference import grade_id, graded_cells

from helpers.errors import CourseError

NAME = "00_counting.ipynb"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "handed_in").mkdir()
    return tmp_path / "handed_in"


def hand_in(folder, notebook, student="ada", name=NAME):
    path = folder / student / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(nbformat.from_dict(notebook)), encoding="utf-8")
    return path


def only(folder, tiny):
    (found,) = submissions(folder, {tiny.stem: tiny})
    return found


def answers(submission):
    return {name: cell.source for name, cell in graded_cells(submission.notebook).items()}


def solved(tiny):
    """The reference solution, as if it had been run."""
    notebook = nbformat.from_dict(tiny.solution)
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            cell.execution_count = number
    return notebook


def test_a_good_submission_has_its_answers_and_the_graders_checks(folder, tiny):
    hand_in(folder, solved(tiny))
    found = only(folder, tiny)
    assert found.student == "ada" and found.stem == "00_counting" and not found.refused and not found.notes
    assert "twice = 2 * number" in answers(found)["double"]
    assert answers(found)["double-check"] == tiny.exercises["double-check"].source
    assert "double(-1) == -2" in answers(found)["double-check"]


def test_metadata_lost_on_the_way_are_found_again(folder, tiny):
    notebook = solved(tiny)
    for cell in notebook.cells:
        cell.metadata = {}
    hand_in(folder, notebook)
    found = only(folder, tiny)
    assert found.notes == ["the metadata of 5 cells were lost and found again by their text"]
    expected = graded_cells(solved(tiny))
    assert {name: answers(found)[name] for name in ("predict_next", "double", "why")} == {
        name: expected[name].source for name in ("predict_next", "double", "why")
    }


def test_an_answer_in_a_new_cell_is_found_by_the_name_it_defines(folder, tiny):
    notebook = solved(tiny)
    cells = graded_cells(notebook)
    notebook.cells.remove(cells["double"])
    notebook.cells.insert(6, new_code_cell("def double(number):\n    return number + number"))
    hand_in(folder, notebook)
    assert answers(only(folder, tiny))["double"].endswith("number + number")


def test_a_deleted_check_is_put_back_after_its_answer(folder, tiny):
    notebook = solved(tiny)
    notebook.cells.remove(graded_cells(notebook)["double-check"])
    hand_in(folder, notebook)
    found = only(folder, tiny)
    assert found.notes == ["the check of 'double' was missing; it was put back"]
    names = [grade_id(cell) for cell in found.notebook.cells if grade_id(cell)]
    assert names == ["predict_next", "predict_next-check", "double", "double-check", "why"]


def test_a_changed_check_is_replaced(folder, tiny):
    notebook = solved(tiny)
    graded_cells(notebook)["double-check"].source = "print('all is well')"
    hand_in(folder, notebook)
    found = only(folder, tiny)
    assert found.notes == ["the check of 'double' was changed; the course's own was used"]
    assert "double(-1) == -2" in answers(found)["double-check"]


def test_a_missing_answer_is_said_and_counts_as_unanswered(folder, tiny):
    notebook = solved(tiny)
    cells = graded_cells(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell is not cells["why"] and cell is not cells["double"]]
    hand_in(folder, notebook)
    found = only(folder, tiny)
    assert found.notes == ["the answer 'double' is missing", "the answer 'why' is missing"]
    assert answers(found)["why"] == "YOUR ANSWER HERE" and "NotImplementedError" in answers(found)["double"]


def test_a_renamed_cell_a_copied_one_and_one_of_another_kind(folder, tiny):
    notebook = solved(tiny)
    cells = graded_cells(notebook)
    cells["double"].metadata["nbgrader"]["grade_id"] = "trouble"
    cells["why"].cell_type = "raw"
    notebook.cells.append(nbformat.from_dict(cells["predict_next"]))
    hand_in(folder, notebook)
    found = only(folder, tiny)
    assert "a cell named 'trouble' belongs to no exercise" in found.notes
    assert "there are several cells for 'predict_next'; the first is graded" in found.notes
    assert "the cell of 'why' was made a raw cell; it is markdown again" in found.notes
    assert "twice" in answers(found)["double"]


def test_colabs_metadata_line_ends_of_windows_and_another_kernel(folder, tiny):
    notebook = solved(tiny)
    notebook.metadata |= {
        "colab": {"provenance": [], "name": "Copy of 00"},
        "kernelspec": {"name": "ir", "display_name": "R"},
    }
    for cell in notebook.cells:
        cell.metadata |= {"id": "AbC", "colab": {"base_uri": "https://localhost:8080/"}}
        cell.source = cell.source.replace("\n", "\r\n")
    path = hand_in(folder, notebook)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    found = only(folder, tiny)
    assert found.notes == ["its kernel was 'ir'; it is graded with Python"]
    assert "\r" not in "".join(answers(found).values())
    assert found.notebook.metadata.kernelspec.name == "python3"


def test_a_huge_output_is_taken_out(folder, tiny):
    notebook = solved(tiny)
    graded_cells(notebook)["double"].outputs = [new_output("stream", text="x" * (LARGE + 1))]
    path = hand_in(folder, notebook)
    found = only(folder, tiny)
    assert found.notes == [f"it has {path.stat().st_size >> 20} MiB; its outputs were taken out"]
    assert len(nbformat.writes(found.notebook)) < 20_000


def test_bytes_that_are_no_utf_8(folder, tiny):
    path = hand_in(folder, solved(tiny))
    path.write_bytes(path.read_bytes().replace(b"a sheep is missing", b"ein Sch\xe4fchen fehlt"))
    found = only(folder, tiny)
    assert found.notes == ["it is not in UTF-8; unreadable characters became �"]
    assert "Sch�fchen" in answers(found)["why"]


def test_notebooks_of_an_old_format_are_read(folder, tiny):
    old = json.loads(nbformat.writes(solved(tiny), version=nbformat.NO_CONVERT))
    for cell in old["cells"]:
        del cell["id"]
    old["nbformat_minor"] = 2
    (folder / "ada").mkdir()
    (folder / "ada" / NAME).write_text(json.dumps(old), encoding="utf-8")
    assert not only(folder, tiny).refused


def test_metadata_that_are_not_there_at_all(folder, tiny):
    raw = json.loads(nbformat.writes(solved(tiny)))
    del raw["metadata"], raw["cells"][0]["metadata"]
    raw["cells"][1]["metadata"] = None
    (folder / "ada").mkdir()
    (folder / "ada" / NAME).write_text(json.dumps(raw), encoding="utf-8")
    found = only(folder, tiny)
    assert not found.refused and "twice = 2 * number" in answers(found)["double"]


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><html></html>", "it is a web page, not a notebook: use File > Download > Download .ipynb"),
        (b'{"cells": [', "it is not a notebook, or only part of one (line 1): hand it in again"),
        (b"[1, 2]", "it is not a notebook that Jupyter could open"),
        (b'{"nbformat": 4, "cells": 7}', "it is not a notebook that Jupyter could open"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "it is none of the course's notebooks"),
        (b"\x89PNG\r\n\x1a\n", "it is not a notebook"),
    ],
)
def test_a_file_that_is_no_notebook_becomes_a_line(folder, tiny, content, reason):
    (folder / "ada").mkdir()
    (folder / "ada" / NAME).write_bytes(content)
    found = only(folder, tiny)
    assert found.notebook is None and found.refused.startswith(reason)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["cells", "nbformat", "metadata", "source", "cell_type", "outputs", "nbformat_minor"]), inner),
    max_leaves=12).map(lambda tree: json.dumps(tree).encode())))  # fmt: skip
def test_no_file_stops_the_grading(tmp_path, tiny, content):
    path = tmp_path / "any.ipynb"
    path.write_bytes(content)
    found = read_submission("ada", path, {tiny.stem: tiny})
    assert found.refused or found.notebook


@pytest.mark.parametrize("name", ["ada_00_counting.html", "ada_00_counting.ipynb.txt", "ada 00_counting.pdf"])
def test_a_loose_file_that_is_no_notebook_becomes_a_line(folder, tiny, name):
    (folder / name).write_text(nbformat.writes(solved(tiny)), encoding="utf-8")
    found = only(folder, tiny)
    assert found.student == "ada" and found.notebook is None
    assert found.refused.startswith("its name does not end in .ipynb; rename it if it is a notebook")


def test_capital_letters_in_a_files_ending_do_not_matter(folder, tiny):
    hand_in(folder, solved(tiny), "ada", "HW.IPYNB")
    (folder / "alan_00_counting.IPYNB").write_text(nbformat.writes(solved(tiny)), encoding="utf-8")
    (folder / "grace.ZIP").write_bytes(b"PK")
    ada, alan, grace = submissions(folder, {tiny.stem: tiny})
    assert not ada.refused and alan.student == "alan" and not alan.refused
    assert grace.refused == "it is an archive; unpack it into a folder with the student's name"


def test_what_programs_leave_behind_is_no_submission(folder, tiny):
    hand_in(folder, solved(tiny))
    for litter in ("__MACOSX/._ada", "ada/__MACOSX", "ada/.ipynb_checkpoints", "ada/deeper"):
        (folder / litter).mkdir(parents=True)
        (folder / litter / f"._{NAME}").write_bytes(b"\0\5\x16\7")
    (folder / "ada" / ".ipynb_checkpoints" / NAME).write_text("{}")
    (folder / "desktop.ini").write_text("[ViewState]")
    assert only(folder, tiny).refused == ""


def test_archives_and_links_to_folders_are_said(folder, tiny, tmp_path):
    (folder / "ada.zip").write_bytes(b"PK")
    (tmp_path / "elsewhere").mkdir()
    (folder / "alan").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    ada, alan = submissions(folder, {tiny.stem: tiny})
    assert ada.refused == "it is an archive; unpack it into a folder with the student's name"
    assert alan.refused == "it is a link to something else, not a file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_read(folder, tiny):
    (folder / "ada").mkdir()
    os.mkfifo(folder / "ada" / NAME)
    assert only(folder, tiny).refused == "it is no ordinary file"


def test_a_link_is_not_followed(folder, tiny, tmp_path):
    (tmp_path / "secret.ipynb").write_text(nbformat.writes(solved(tiny)))
    (folder / "ada").mkdir()
    (folder / "ada" / NAME).symlink_to(tmp_path / "secret.ipynb")
    assert only(folder, tiny).refused == "it is a link to something else, not a file"
    with pytest.raises(Unreadable, match="link"):
        read_notebook(folder / "ada" / NAME, [])


def test_numbers_in_a_students_name_are_not_taken_for_a_notebooks(folder, tiny):
    names = ("s1001", "s1002", "4711001", "maria_12_smith", "Anna Schmidt_123456_assignsubmission_file")
    for name in names:
        (folder / f"{name}_00_counting.ipynb").write_text(nbformat.writes(solved(tiny)))
    (folder / "Bo Li_77_assignsubmission_file_").mkdir()
    (folder / "Bo Li_77_assignsubmission_file_" / "x.ipynb").write_text(nbformat.writes(solved(tiny)))
    found = submissions(folder, {tiny.stem: tiny})
    assert {each.student for each in found} == {*names[:-1], "Anna Schmidt_123456", "Bo Li_77"}
    assert not any(each.refused or each.notes for each in found)


def test_letters_put_together_from_two_are_one_student(folder, tiny):
    hand_in(folder, solved(tiny), "Mu\u0308ller")
    assert only(folder, tiny).student == "M\u00fcller" and not only(folder, tiny).refused


@pytest.mark.parametrize("spec", ["python3", ["python3"], None, {"name": 3}])
def test_nonsense_in_place_of_a_kernel(folder, tiny, spec):
    raw = json.loads(nbformat.writes(solved(tiny)))
    raw["metadata"]["kernelspec"] = spec
    (folder / "ada").mkdir()
    (folder / "ada" / NAME).write_text(json.dumps(raw))
    assert only(folder, tiny).notebook is not None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder, tiny):
    hand_in(folder, solved(tiny)).chmod(0)
    assert "cannot be read (PermissionError" in only(folder, tiny).refused


def test_an_answer_in_words_may_go_on_in_cells_below(folder, tiny):
    notebook = solved(tiny)
    place = next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == "why")
    notebook.cells.insert(place + 1, new_markdown_cell("And for stars."))
    hand_in(folder, notebook, "ada")
    notebook.cells[place].source = "YOUR ANSWER HERE"
    hand_in(folder, notebook, "alan")
    ada, alan = submissions(folder, {tiny.stem: tiny})
    assert answers(ada)["why"] == "For knowing whether a sheep is missing.\n\nAnd for stars."
    assert answers(alan)["why"] == "And for stars."
    assert ada.notes == alan.notes == ["the answer 'why' goes on in the cell below; both were taken"]


@pytest.mark.parametrize("student", ["..", "../../etc", "a/b", "a\\b", "-rf", ".hidden", "x" * 65, "a\nb", "", "a."])
def test_names_that_could_lead_elsewhere_are_refused(tmp_path, tiny, student):
    found = read_submission(student, tmp_path / NAME, {tiny.stem: tiny})
    assert found.notebook is None and "cannot be a student's name" in found.refused


@pytest.mark.parametrize(
    "student",
    [
        "ada",
        "s1234567",
        "Ada Lovelace",
        "ada.l@uni.example",
        "이지은",
        "müller-lüdenscheidt",
        "a+b",
        "O'Brien",
        "Nguyen, An",
        "अनिता",
    ],
)
def test_ordinary_names_are_not(folder, tiny, student):
    hand_in(folder, solved(tiny), student)
    assert only(folder, tiny).student == student and not only(folder, tiny).refused


def test_of_two_files_of_one_student_the_newer_is_graded(folder, tiny):
    old, new = hand_in(folder, solved(tiny), name=NAME), hand_in(folder, tiny.student, name="00_counting (1).ipynb")
    for seconds, path in ((1000, old), (2000, new)):
        os.utime(path, (seconds, seconds))
    found = {submission.path.name: submission for submission in submissions(folder, {tiny.stem: tiny})}
    assert found[NAME].refused == "00_counting (1).ipynb of the same student was changed later and is graded instead"
    assert found["00_counting (1).ipynb"].notebook is not None


def test_files_named_after_students_and_folders_without_notebooks(folder, tiny):
    hand_in(folder, solved(tiny), "grace", "sub.ipynb")
    (folder / "lovelace_ada_00_counting.ipynb").write_text(nbformat.writes(solved(tiny)))
    (folder / "alan").mkdir()
    (folder / "alan" / "essay.docx").write_bytes(b"PK")
    found = {submission.student: submission for submission in submissions(folder, {tiny.stem: tiny})}
    assert set(found) == {"grace", "lovelace_ada", "alan"}
    assert found["alan"].refused == "there is no notebook in it" and not found["lovelace_ada"].refused


def test_a_file_named_like_another_notebook_is_graded_as_what_it_is(folder, tiny):
    other = type(tiny).__new__(type(tiny))
    other.__dict__ |= {
        "stem": "01_other",
        "title": "01 · Other",
        "exercises": {},
        "student": nbformat.v4.new_notebook(),
    }
    hand_in(folder, solved(tiny), name="01_other.ipynb")
    (found,) = submissions(folder, {tiny.stem: tiny, "01_other": other})
    assert found.stem == "00_counting"
    assert found.notes == ["the file is named like 01_other, but what is in it is 00_counting"]


def test_a_notebook_that_was_never_run(folder, tiny):
    hand_in(folder, tiny.student)
    assert only(folder, tiny).notes == ["it was not run before it was handed in"]


def test_extra_cells_of_a_student_are_kept_in_place(folder, tiny):
    notebook = solved(tiny)
    notebook.cells.insert(5, new_code_cell("helper = 2"))
    notebook.cells.insert(6, new_markdown_cell("my notes"))
    hand_in(folder, notebook)
    assert [cell.source for cell in only(folder, tiny).notebook.cells[5:7]] == ["helper = 2", "my notes"]


def test_no_folder_and_an_empty_one_are_wrong_input(tmp_path, tiny):
    with pytest.raises(CourseError, match="There is no folder"):
        submissions(tmp_path / "nowhere", {tiny.stem: tiny})
    (tmp_path / "empty").mkdir()
    with pytest.raises(CourseError, match="holds no submissions"):
        submissions(tmp_path / "empty", {tiny.stem: tiny})
