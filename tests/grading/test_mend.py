"""What a student changed in the course's own part of a notebook: it is put in order, or said."""

import nbformat
import pytest
from mend import mend
from nbformat.v4 import new_code_cell
from reference import grade_id, graded_cells, references


def holding(notebook, text):
    """The one code cell that holds this text."""
    (found,) = [cell for cell in notebook.cells if cell.cell_type == "code" and text in cell.source]
    return found


@pytest.mark.parametrize("lost", ["nothing", "the name", "the cell"])
def test_course_text_that_was_corrected_since_is_no_answer(tiny, lost):
    notebook = nbformat.from_dict(tiny.student)
    place = next(i for i, cell in enumerate(notebook.cells) if grade_id(cell) == "why")
    assert notebook.cells[place + 1].source.startswith("## Quiz")
    notebook.cells[place + 1].source += "\n\nA word too many."
    if lost == "the name":
        del notebook.cells[place].metadata["nbgrader"]
    elif lost == "the cell":
        del notebook.cells[place]
    mended, _ = mend(notebook, tiny)
    assert graded_cells(mended)["why"].source == "YOUR ANSWER HERE"


def test_lesson_cells_that_were_changed_or_deleted_are_said(tiny):
    notebook = nbformat.from_dict(tiny.solution)
    counting = holding(notebook, "print(list(range")
    counting.source = counting.source.replace(" ", "  ")  # the same cell, spaced differently
    notebook.cells.remove(holding(notebook, "from helpers.checks import"))
    assert mend(notebook, tiny)[1] == ["1 of the lesson's own code cells was changed or deleted"]
    counting.source = "print('no counting')"
    assert mend(notebook, tiny)[1] == ["2 of the lesson's own code cells were changed or deleted"]


def test_parameters_may_be_changed_but_not_deleted(tiny):
    notebook = nbformat.from_dict(tiny.solution)
    parameters = holding(notebook, "LAST = 3")
    parameters.source = "LAST = 5  # further"
    assert mend(notebook, tiny)[1] == []
    notebook.cells.remove(parameters)
    assert mend(notebook, tiny)[1] == ["1 of the lesson's own code cells was changed or deleted"]


@pytest.mark.parametrize("stem", ["01_scrape_kpop", "02_scrape_spotify"])
def test_a_notebook_that_asked_the_real_services_is_graded_without_them(stem):
    live = references()[stem]
    notebook = nbformat.from_dict(live.solution)
    parameters = holding(notebook, "LIVE = False  #")
    parameters.source = parameters.source.replace("LIVE = False", "LIVE = True")
    mended, notes = mend(notebook, live)
    assert notes == ["LIVE was True; it was graded with LIVE = False, which asks the demo server"]
    assert holding(mended, "LIVE = False  #")


def test_a_name_of_the_students_own_is_not_taken_for_a_switch(tiny):
    notebook = nbformat.from_dict(tiny.solution)
    notebook.cells.insert(5, new_code_cell("LIVE = True"))
    mended, notes = mend(notebook, tiny)
    assert notes == [] and mended.cells[5].source == "LIVE = True"
