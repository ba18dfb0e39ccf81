"""The builder on a tiny course, whole and broken in every way that `--check` promises to notice."""

import json
import sys
from pathlib import Path

import build_notebooks
import nbformat
import pytest
import run_notebook
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from tiny_course import write_tiny_course

SETUP_CELL = Path(build_notebooks.__file__).with_name("setup_cell.py")


@pytest.fixture(scope="module")
def executed_files(tmp_path_factory):
    """What build with --execute writes for the tiny course, by path; one run serves all tests of this file."""
    root = write_tiny_course(tmp_path_factory.mktemp("executed"))
    assert build_notebooks.main(["--execute", "--profile", "smoke"], root) == 0
    written = (*root.rglob("*.ipynb"), root / "README.md", root / "grading" / "rubric.md")
    return {path.relative_to(root): path.read_text(encoding="utf-8") for path in written}


@pytest.fixture
def built_course(tiny_course, executed_files):
    """The tiny course, built and executed: what a clean checkout looks like."""
    for path, text in executed_files.items():
        (tiny_course / path).parent.mkdir(exist_ok=True)
        (tiny_course / path).write_text(text, encoding="utf-8")
    return tiny_course


def source_of(root):
    return root / "notebooks" / "source" / "00_counting.py"


def student_of(root):
    return root / "notebooks" / "00_counting.ipynb"


def solution_of(root):
    return root / "notebooks" / "solutions" / "00_counting.ipynb"


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def cell_of(path, grade_id):
    """The cell nbgrader knows by this name."""
    return next(cell for cell in cells_of(path) if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def complaints(root, capsys):
    """What --check prints; it must exit with 1."""
    capsys.readouterr()
    assert build_notebooks.main(["--check"], root) == 1
    return capsys.readouterr().out


# What is written


def test_a_built_and_executed_course_passes_the_check(built_course, capsys):
    assert build_notebooks.main(["--check"], built_course) == 0


def test_both_notebooks_are_valid(built_course):
    for path in (student_of(built_course), solution_of(built_course)):
        nbformat.validate(nbformat.read(path, as_version=4))


def test_the_student_gets_a_stub_in_place_of_the_solution(built_course):
    exercise = cell_of(student_of(built_course), "double").source
    assert exercise == (
        "def double(number):\n"
        '    """Twice the number."""\n'
        "    # YOUR CODE HERE\n"
        '    raise NotImplementedError("Write the part marked YOUR CODE HERE and run this again.")'
    )
    scope = {}
    exec(exercise, scope)
    with pytest.raises(NotImplementedError, match="YOUR CODE HERE"):
        scope["double"](2)


def test_nothing_secret_is_left_for_the_student(built_course):
    text = student_of(built_course).read_text(encoding="utf-8")
    for secret in (
        "twice = ",
        "double(-1)",
        "SOLUTION",
        "adding a number to itself",
        "a sheep is missing",
        "good style",
    ):
        assert secret not in text
    assert "double(2) should be 4" in text


def test_the_solution_notebook_keeps_everything(built_course):
    text = solution_of(built_course).read_text(encoding="utf-8")
    for part in (
        "twice = 2 * number",
        "double(-1) == -2",
        "adding a number to itself",
        "a sheep is missing",
        "good style",
    ):
        assert part in text


def test_only_the_solution_notebook_has_outputs(built_course):
    assert all(not cell.get("outputs") for cell in cells_of(student_of(built_course)))
    printed = [output.text for cell in cells_of(solution_of(built_course)) for output in cell.get("outputs", [])]
    assert printed == ["[0, 1, 2]\n", "double works\n"]


def test_executed_notebooks_hold_nothing_that_differs_from_run_to_run(built_course):
    notebook = nbformat.read(solution_of(built_course), as_version=4)
    assert notebook.metadata == build_notebooks.METADATA
    assert all(set(cell.metadata) <= {"tags", "cellView", "nbgrader"} for cell in notebook.cells)


def test_the_badge_and_the_setup_cell_carry_the_address_of_pyproject(built_course):
    title, setup = cells_of(student_of(built_course))[:2]
    assert title.source.splitlines()[2] == (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        "(https://colab.research.google.com/github/some/course/blob/main/notebooks/00_counting.ipynb)"
    )
    assert setup.source == SETUP_CELL.read_text().strip().replace(
        "REPOSITORY_ADDRESS", "https://github.com/some/course"
    )


def test_building_twice_gives_the_same_bytes(built_course):
    before = [path.read_bytes() for path in (student_of(built_course), solution_of(built_course))]
    assert build_notebooks.main([], built_course) == 0
    assert [path.read_bytes() for path in (student_of(built_course), solution_of(built_course))] == before


def test_outputs_outlive_a_change_elsewhere_but_not_one_in_their_cell(built_course):
    change(source_of(built_course), "We print the numbers.", "Now we print them.")
    change(source_of(built_course), 'print("double works")', 'print("It works")')
    build_notebooks.main([], built_course)
    outputs = {cell.source: cell.outputs for cell in cells_of(solution_of(built_course)) if cell.cell_type == "code"}
    assert outputs["# NBVAL_CHECK_OUTPUT\nprint(list(range(LAST)))"][0].text == "[0, 1, 2]\n"
    assert all(not output for source, output in outputs.items() if "It works" in source)


def test_one_notebook_can_be_built_by_its_number(built_course):
    second = source_of(built_course).with_name("07_more.py")
    second.write_text(source_of(built_course).read_text())
    student_of(built_course).unlink()
    assert build_notebooks.main(["07"], built_course) == 0
    assert (built_course / "notebooks" / "07_more.ipynb").exists() and not student_of(built_course).exists()


def test_an_unknown_number_is_wrong_input(built_course, capsys):
    assert build_notebooks.main(["42"], built_course) == 2
    assert "No notebook begins with '42'" in capsys.readouterr().err


# Cell ids


def test_duplicate_cells_get_distinct_ids_that_stay():
    cells = [new_code_cell("x = 1"), new_markdown_cell("x = 1"), new_code_cell("x = 1"), new_code_cell("x = 1")]
    build_notebooks.identify(cells)
    ids = [cell.id for cell in cells]
    assert len(set(ids)) == 4
    assert ids[2:] == [f"{ids[0]}-2", f"{ids[0]}-3"]
    cells.insert(0, new_markdown_cell("new above"))
    build_notebooks.identify(cells)
    assert [cell.id for cell in cells[1:]] == ids


# Markers

LINES = st.sampled_from(["a = 1", "    b = 2", "### BEGIN SOLUTION", "### END SOLUTION"])


@given(st.lists(LINES, max_size=7))
def test_markers_are_accepted_exactly_when_each_pair_is_closed_in_turn(lines):
    # The independent reference: take away plain lines and adjacent pairs; balanced text leaves nothing.
    rest = [line for line in lines if line.startswith("#")]
    while rest[:2] == ["### BEGIN SOLUTION", "### END SOLUTION"]:
        rest = rest[2:]
    if rest:
        with pytest.raises(ValueError, match="###"):
            build_notebooks.check_markers("\n".join(lines))
    else:
        build_notebooks.check_markers("\n".join(lines))


def test_text_without_markers_is_left_alone():
    text = "def f():\n    # a comment\n\n    return 1"
    assert build_notebooks.student_text(text) == text


# Noise


def test_progress_bars_stderr_and_widgets_are_taken_out():
    outputs = [
        new_output("stream", name="stderr", text="100%|████| 5/5 [00:00<00:00, 9.1it/s]\n"),
        new_output("stream", name="stdout", text="before\n 5/5 ━━━━━━━━ 0s 8ms/step\nloss 0.5\n"),
        new_output("stream", name="stdout", text="Drawing ━━━━━━ 100% 0:00:00\n"),
        new_output("display_data", data={"text/html": "<pre>Drawing <span>━━━━</span> 100% 0:00:01</pre>"}),
        new_output("display_data", data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Output()"}),
        new_output("display_data", data={"image/png": "iVBO", "text/plain": "<Figure>"}),
    ]
    kept = run_notebook.without_noise(outputs)
    assert [output.get("text") for output in kept] == ["before\nloss 0.5\n", None]
    assert kept[1].data["image/png"] == "iVBO"


# What the check notices


def test_a_stale_student_notebook(built_course, capsys):
    change(source_of(built_course), "We print the numbers.", "We print them all.")
    printed = complaints(built_course, capsys)
    assert "00_counting.ipynb in notebooks is not what the source gives" in printed
    assert "00_counting.ipynb in solutions is not what the source gives" in printed


@pytest.mark.parametrize("find", [student_of, solution_of])
def test_an_edit_by_hand(built_course, capsys, find):
    change(find(built_course), "We print the numbers.", "We print some numbers.")
    assert f"in {find(built_course).parent.name} is not what the source gives" in complaints(built_course, capsys)


@pytest.mark.parametrize("find", [student_of, solution_of])
def test_a_missing_notebook_and_one_that_is_no_notebook(built_course, capsys, find):
    find(built_course).write_text("{")
    assert "missing or not a notebook" in complaints(built_course, capsys)
    find(built_course).unlink()
    assert "missing or not a notebook" in complaints(built_course, capsys)


def test_a_notebook_without_source(built_course, capsys):
    student_of(built_course).with_name("99_left_over.ipynb").write_text(student_of(built_course).read_text())
    assert "99_left_over.ipynb in notebooks has no source" in complaints(built_course, capsys)


def edit_cells(path, edit):
    """Apply `edit` to each code cell of a notebook file, leaving its formatting as the builder writes it."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            edit(cell)
    path.write_text(build_notebooks.as_text(notebook), encoding="utf-8")


def test_outputs_in_a_student_notebook(built_course, capsys):
    edit_cells(student_of(built_course), lambda cell: cell.update(execution_count=1))
    assert "a student notebook must not hold outputs" in complaints(built_course, capsys)


def test_a_checked_cell_without_output(built_course, capsys):
    edit_cells(solution_of(built_course), lambda cell: cell.update(outputs=[]))
    assert "cell 6 is marked NBVAL_CHECK_OUTPUT but has no output" in complaints(built_course, capsys)


def test_a_cell_that_was_never_run_unless_it_is_setup_or_hidden(built_course, capsys):
    edit_cells(solution_of(built_course), lambda cell: cell.update(outputs=[], execution_count=None))
    assert "never run, or changed since: cell 3, 4, 6, 8, 9, 11, 12; run" in complaints(built_course, capsys)


def test_an_error_among_the_outputs(built_course, capsys):
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    edit_cells(solution_of(built_course), lambda cell: cell.update(outputs=[*cell.outputs, error]))
    assert "cell 6 ended in an error" in complaints(built_course, capsys)


BROKEN_SOURCES = {
    "a marker without its end": ("    ### END SOLUTION\n", "", "cell 11: ### BEGIN SOLUTION has no ### END SOLUTION"),
    "a marker without its begin": ("    ### BEGIN SOLUTION\n", "", "### END SOLUTION stands where it does not belong"),
    "code that is not Python": ("print(list", "print list", "00_counting.py, cell 6: unmatched ')' in line 2"),
    "a stub that is not Python": ('    """Twice the number."""\n    ### BEGIN', "### BEGIN", "expected an indented"),
    "a cell longer than a screen": ("LAST = 3", "LAST = 3\n" * 31, "cell 4 has 31 lines, more than 30"),
    "no title": ("# # 00 · Counting", "# Counting", "must give the title"),
    "an exercise without a check": ('check="double" points=2', "", "exercise 'double' has no check cell"),
    "an exercise without hidden tests": ('# %% hidden="double"', "# %%", "exercise 'double' has no hidden tests"),
    "a check without points": ('check="double" points=2', 'check="double"', "the check of 'double' has no points"),
    "a check of nothing": ('check="double"', 'check="triple"', "'triple' has a check cell but no answer cell"),
    "two answers of one name": ('answer="predict_next"', 'answer="double"', "two answer cells name exercise 'double'"),
    "no exercise for judgement": ('answer="why" points=4', "", "no exercise asks for judgement"),
    "an answer in words without points": ('answer="why" points=4', 'answer="why"', "the answer of 'why' has no points"),
    "no rubric": ('[markdown] rubric="why"', "[markdown]", "exercise 'why' has no rubric"),
    "a rubric that does not add up": ("- **3** for", "- **2** for", "the rubric of 'why' gives 3 points"),
    "an exercise without hint": ("*Hint: multiply.*", "", "exercise 2 gives no hint"),
    "an exercise without minutes": ("Twice (2 minutes, medium)", "Twice (medium)", "Exercise 2 · Title (N minutes"),
    "a difficulty of its own": ("(2 minutes, medium)", "(2 minutes, fiendish)", "easy|medium|hard"),
    "a wrong number": ("### Exercise 2 ·", "### Exercise 3 ·", "should read '### Exercise 2 ·"),
    "no quiz": (' tags=["quiz"]', "", "there is no quiz"),
    "no minutes": ("# 2 minutes", "# a while", "must give how many minutes"),
    "no aims": ("**What you will learn:**", "Here you learn", "must give 'what you will learn'"),
    "no setup cell": (' tags=["setup"]', "", "the first code cell must be tagged setup"),
    "no parameters": (' tags=["parameters"]', "", "must come a cell tagged parameters"),
    "parameters in lower case": ("LAST = 3", "last = 3", "nothing but assignments to ALL_CAPS names"),
    "parameters that do something": ("LAST = 3", "LAST = 3\nprint(LAST)", "nothing but assignments to ALL_CAPS names"),
    "no take-away": ("## What to take away", "## Finally", "the last two headings must be"),
    "no origin": ("## Where the idea comes from", "## References", "the last two headings must be"),
    "something after the end": ("# Fingers.", "# Fingers.\n#\n# ## One more thing", "the last two headings must be"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN_SOURCES)
def test_a_broken_source(built_course, capsys, name):
    old, new, complaint = BROKEN_SOURCES[name]
    change(source_of(built_course), old, new)
    printed = complaints(built_course, capsys)
    assert "00_counting" in printed and complaint in printed


def test_a_source_that_cannot_be_built_is_wrong_input(built_course, capsys):
    change(source_of(built_course), "    ### END SOLUTION\n", "")
    assert build_notebooks.main([], built_course) == 2
    assert capsys.readouterr().err.startswith("00_counting.py, cell 11: ### BEGIN SOLUTION")


def test_the_rubric_is_collected_in_one_file(built_course, capsys):
    rubric = built_course / "grading" / "rubric.md"
    text = rubric.read_text(encoding="utf-8")
    assert "## 00 · Counting" in text and "### Exercise 3 · Why count?" in text and "- **3** for a use;" in text
    rubric.write_text("mine")
    assert "grading/rubric.md is not what the sources give" in complaints(built_course, capsys)


def test_nbgrader_is_told_of_every_exercise(built_course):
    check = cell_of(student_of(built_course), "double-check").metadata.nbgrader
    assert check == {
        "grade": True, "grade_id": "double-check", "locked": True, "points": 2, "schema_version": 3, "solution": False,
        "task": False,
    }  # fmt: skip
    answer = cell_of(student_of(built_course), "double").metadata.nbgrader
    assert answer["solution"] and not answer["grade"] and "points" not in answer
    words = cell_of(student_of(built_course), "why")
    assert words.metadata.nbgrader["solution"] and words.metadata.nbgrader["points"] == 4
    assert words.source == "YOUR ANSWER HERE"


def test_the_quiz_folds_its_answers(built_course):
    for path in (student_of(built_course), solution_of(built_course)):
        (quiz,) = (cell.source for cell in cells_of(path) if cell.source.startswith("## Quiz"))
        assert "**1.** What comes after one?\n\n- **a)** Two.\n- **b)** Nothing." in quiz
        assert quiz.endswith("<details><summary>Answer to question 1</summary>\n\n**a)** We counted.\n\n</details>")


BROKEN_QUIZZES = {
    "no YAML": ("options: [", "options: [[", "quizzes.yaml is not YAML"),
    "an answer that is no option": ("answer: a", "answer: c", "question 1 of 00_counting: its answer must be a letter"),
    "one option": ("[Two., Nothing.]", "[Two.]", "it must have 2 to 6 options"),
    "no explanation": ("    because: We counted.\n", "", "it must have exactly question, options, answer and because"),
}


@pytest.mark.parametrize("name", BROKEN_QUIZZES)
def test_a_broken_quiz_is_wrong_input(tiny_course, capsys, name):
    old, new, complaint = BROKEN_QUIZZES[name]
    change(tiny_course / "notebooks" / "quizzes.yaml", old, new)
    assert build_notebooks.main([], tiny_course) == 2
    assert complaint in capsys.readouterr().err


def test_questions_for_no_notebook(built_course, capsys):
    change(built_course / "notebooks" / "quizzes.yaml", "00_counting:", "07_guessing:")
    assert "quizzes.yaml has questions for '07_guessing', which has no source" in complaints(built_course, capsys)


def picture(cell):
    cell.update(outputs=[new_output("display_data", data={"image/png": "iVBO", "text/plain": "<Figure>"})])


def test_a_picture_without_alt_text(built_course, capsys):
    edit_cells(solution_of(built_course), lambda cell: picture(cell) if "range(LAST)" in cell.source else None)
    assert "cell 6 shows a picture but has no alt text" in complaints(built_course, capsys)


def test_alt_text_reaches_the_pictures(built_course):
    change(source_of(built_course), "# %%\n# NBVAL", '# %% alt="Three \\"numbers\\"."\n# NBVAL')
    edit_cells(solution_of(built_course), lambda cell: picture(cell) if "range(LAST)" in cell.source else None)
    assert build_notebooks.main([], built_course) == 0
    (cell,) = (cell for cell in cells_of(solution_of(built_course)) if "range(LAST)" in cell.source)
    assert cell.outputs[0].metadata == {"image/png": {"alt": 'Three "numbers".'}}
    assert cell.metadata["alt"] == 'Three "numbers".'


def test_imports_may_stand_between_setup_and_parameters(built_course, capsys):
    change(source_of(built_course), '# %% tags=["parameters"]', '# %%\nimport math\n\n# %% tags=["parameters"]')
    assert "parameters" not in complaints(built_course, capsys)


# Running


def test_a_failing_cell_is_named(built_course, capsys):
    change(source_of(built_course), "print(list(range(LAST)))", "1 / 0")
    assert build_notebooks.main(["--execute"], built_course) == 2
    assert capsys.readouterr().err == ('00_counting.py stopped under "Count": ZeroDivisionError: division by zero.\n')
    # What it had made so far is kept for the next try.
    assert (built_course / "build" / "solutions" / "cpu" / "00_counting").is_dir()


def test_notebooks_run_in_an_empty_folder_in_the_profile_asked_for(tiny_course):
    change(
        source_of(tiny_course),
        "print(list(range(LAST)))",
        "import os, sys\nprint(os.listdir(), os.environ['COVERGAN_PROFILE'], sys.executable)",
    )
    assert build_notebooks.main(["--execute", "--profile", "gpu"], tiny_course) == 0
    printed = [cell.outputs[0].text for cell in cells_of(solution_of(tiny_course)) if cell.get("outputs")]
    assert printed[0] == f"[] gpu {sys.executable}\n"


def test_the_files_are_json_with_one_space_of_indentation(built_course):
    text = student_of(built_course).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def test_the_readme_badges_follow_the_address_in_pyproject(tiny_course):
    assert build_notebooks.main([], tiny_course) == 0
    readme = tiny_course / "README.md"
    address = "https://colab.research.google.com/github/some/course/blob/main/notebooks/00_counting.ipynb"
    assert readme.read_text().splitlines()[-1] == f"[00]: {address}"
    readme.write_text(readme.read_text().replace("some/course", "another/course"))
    assert "README.md has a badge that leads elsewhere" in "".join(
        build_notebooks.check(build_notebooks.Course(tiny_course), [])
    )
