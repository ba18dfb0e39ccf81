"""The builder on a tiny course, whole and broken in every way that `--check` promises to notice."""

import json
import subprocess
import sys
from pathlib import Path

import build_notebooks
import nbformat
import pytest
import run_notebook
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

SETUP_CELL = Path(build_notebooks.__file__).with_name("setup_cell.py")


@pytest.fixture(scope="module")
def executed_files(tmp_path_factory):
    """What build with --execute writes for the tiny course, by path; one run serves all tests of this file."""
    from conftest import write_tiny_course

    root = write_tiny_course(tmp_path_factory.mktemp("executed"))
    assert build_notebooks.main(["--execute", "--profile", "smoke"], root) == 0
    written = (*root.rglob("*.ipynb"), root / "README.md")
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
    (exercise,) = (cell.source for cell in cells_of(student_of(built_course)) if "def double" in cell.source)
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
    for secret in ("twice = ", "double(-1)", "HIDDEN", "SOLUTION", "adding a number to itself"):
        assert secret not in text
    assert "double(2) should be 4" in text


def test_the_solution_notebook_keeps_everything(built_course):
    text = solution_of(built_course).read_text(encoding="utf-8")
    for part in ("twice = 2 * number", "double(-1) == -2", "adding a number to itself"):
        assert part in text


def test_only_the_solution_notebook_has_outputs(built_course):
    assert all(not cell.get("outputs") for cell in cells_of(student_of(built_course)))
    printed = [output.text for cell in cells_of(solution_of(built_course)) for output in cell.get("outputs", [])]
    assert printed == ["[0, 1, 2]\n", "double works\n"]


def test_executed_notebooks_hold_nothing_that_differs_from_run_to_run(built_course):
    notebook = nbformat.read(solution_of(built_course), as_version=4)
    assert notebook.metadata == build_notebooks.METADATA
    assert all(set(cell.metadata) <= {"tags", "cellView"} for cell in notebook.cells)


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

LINES = st.sampled_from(
    ["a = 1", "    b = 2", "### BEGIN SOLUTION", "### END SOLUTION", "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"]
)


@given(st.lists(LINES, max_size=7))
def test_markers_are_accepted_exactly_when_each_pair_is_closed_in_turn(lines):
    # The independent reference: take away plain lines and adjacent pairs; balanced text leaves nothing.
    rest = [line for line in lines if line.startswith("#")]
    while rest[:1] in (["### BEGIN SOLUTION"], ["### BEGIN HIDDEN TESTS"]) and rest[1:2] == [
        rest[0].replace("BEGIN", "END")
    ]:
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
    assert "cell 5 is marked NBVAL_CHECK_OUTPUT but has no output" in complaints(built_course, capsys)


def test_a_cell_that_was_never_run(built_course, capsys):
    edit_cells(solution_of(built_course), lambda cell: cell.update(outputs=[], execution_count=None))
    assert "never run, or changed since: cell 2, 3, 5, 7, 8" in complaints(built_course, capsys)


def test_an_error_among_the_outputs(built_course, capsys):
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    edit_cells(solution_of(built_course), lambda cell: cell.update(outputs=[*cell.outputs, error]))
    assert "cell 5 ended in an error" in complaints(built_course, capsys)


BROKEN_SOURCES = {
    "a marker without its end": ("    ### END SOLUTION\n", "", "cell 7: ### BEGIN SOLUTION has no ### END SOLUTION"),
    "a marker without its begin": ("    ### BEGIN SOLUTION\n", "", "### END SOLUTION stands where it does not belong"),
    "code that is not Python": ("print(list", "print list", "00_counting.py, cell 5: unmatched ')' in line 2"),
    "a stub that is not Python": ('    """Twice the number."""\n    ### BEGIN', "### BEGIN", "expected an indented"),
    "a cell longer than a screen": ("LAST = 3", "LAST = 3\n" * 31, "cell 3 has 31 lines, more than 30"),
    "no title": ("# # 00 · Counting", "# Counting", "must give the title"),
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
    assert capsys.readouterr().err.startswith("00_counting.py, cell 7: ### BEGIN SOLUTION")


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


# The setup cell


def run_setup_cell(folder, repository, **variables):
    """Run the setup cell in `folder` with a pip that only notes what it was asked to install."""
    path = folder / "path"
    (path / "pip").mkdir(parents=True, exist_ok=True)
    (path / "pip" / "__init__.py").touch()
    (path / "pip" / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\n")
    info = path / "album_cover_gans-9.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: album-cover-gans\nVersion: 9\nRequires-Dist: numpy>=2\n"
        "Requires-Dist: no_such.package>=3\nRequires-Dist: no-such-backend; extra == 'cpu'\n"
    )
    cell = SETUP_CELL.read_text().replace("REPOSITORY_ADDRESS", str(repository))
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "PYTHONPATH": str(path), **variables}
    command = [sys.executable, "-c", cell + "\nprint(os.environ['TF_CPP_MIN_LOG_LEVEL'])"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines(), done.stderr


def git(folder, *command):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *command], check=True, capture_output=True)


def test_the_setup_cell_does_nothing_at_home(tmp_path):
    assert run_setup_cell(tmp_path, "nowhere") == (["3"], "")


@pytest.mark.parametrize("platform", ["COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"])
def test_on_colab_the_setup_cell_fetches_updates_and_installs_only_what_is_missing(tmp_path, platform):
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--initial-branch=main")
    (repository / "lesson").write_text("first")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "first")
    installs = [
        "['install', '--quiet', '--no-deps', '-e', './album-cover-gans']",
        "['install', '--quiet', 'no_such.package>=3']",
        "3",
    ]
    assert run_setup_cell(tmp_path, repository.as_uri(), **{platform: "1"})[0] == installs
    assert (tmp_path / "album-cover-gans" / "lesson").read_text() == "first"
    (repository / "lesson").write_text("second")
    git(repository, "commit", "-am", "second")
    assert run_setup_cell(tmp_path, repository.as_uri(), **{platform: "1"})[0] == installs
    assert (tmp_path / "album-cover-gans" / "lesson").read_text() == "second"
    repository.rename(tmp_path / "out of reach")
    assert run_setup_cell(tmp_path, repository.as_uri(), **{platform: "1"})[0] == installs


def test_on_colab_an_interrupted_clone_is_begun_anew(tmp_path):
    repository = tmp_path / "repository"
    git(tmp_path, "init", "--initial-branch=main", repository)
    git(repository, "commit", "--allow-empty", "-m", "first")
    (tmp_path / "slow").mkdir()
    slow = tmp_path / "slow" / "git"  # a clone that is killed half-way, whatever name it was given
    slow.write_text('#!/bin/sh\nfor folder; do :; done\nmkdir -p "$folder/.git"\nexit 9\n')
    slow.chmod(0o755)
    variables = {"COLAB_RELEASE_TAG": "1"}
    with pytest.raises(subprocess.CalledProcessError):
        run_setup_cell(tmp_path, repository.as_uri(), **variables, PATH=f"{slow.parent}:/usr/bin:/bin")
    run_setup_cell(tmp_path, repository.as_uri(), **variables)
    git(tmp_path / "album-cover-gans", "log")


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
