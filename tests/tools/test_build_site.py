"""What the site is made of, and what is refused; tests/site looks at the pages in a browser."""

import shutil
from pathlib import Path

import nbformat
import pytest
from build_notebooks import ROOT, Course, build
from build_site import build_site, main, page_notebook, with_site_links

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COLAB = "https://colab.research.google.com/github/some/course/blob/main/notebooks/00_counting.ipynb"


@pytest.fixture
def course(tiny_course) -> Course:
    """The tiny course, built, and marked as executed; its numbers come with a picture."""
    course = Course(tiny_course)
    (source,) = course.sources()
    build(course, source)
    edit_solution(course, execute)
    shutil.copytree(ROOT / "docs", tiny_course / "docs", ignore=shutil.ignore_patterns("*.md", "*.rst", "*.png"))
    (tiny_course / "docs" / "index.md").write_text("# Counting\n\n```{toctree}\n:glob:\n\nnotebooks/*\n```\n")
    return course


def execute(notebook):
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
        if "print(list" in cell.source:
            cell.metadata["alt"] = 'Four "numbers" in a row'
            picture = nbformat.v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "a picture"})
            cell.outputs = [nbformat.v4.new_output("stream", text="[0, 1, 2]\n"), picture]


def forget_a_run(notebook):
    next(
        cell for cell in notebook.cells if cell.cell_type == "code" and "tags" not in cell.metadata
    ).execution_count = None


def edit_solution(course: Course, change):
    (path,) = solution_paths(course)
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def solution_paths(course: Course) -> list[Path]:
    return list(course.solutions.glob("*.ipynb"))


def refused(course: Course, capsys) -> str:
    """What `make site` says of bad input: one sentence, no traceback, exit code 2."""
    assert main(course.root) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(".")
    return line


def test_without_solutions_it_says_how_to_make_them(course, capsys):
    shutil.rmtree(course.solutions)
    assert "make notebooks EXECUTE=1" in refused(course, capsys)


def test_a_notebook_that_was_never_run_is_refused(course, capsys):
    edit_solution(course, forget_a_run)
    line = refused(course, capsys)
    assert "00_counting.ipynb" in line and "--execute" in line


@pytest.mark.parametrize("content", [b"<!doctype html><title>Sign in</title>", b"\xff\xfe", b""])
def test_what_is_no_notebook_is_refused(course, capsys, content):
    solution_paths(course)[0].write_bytes(content)
    assert "00_counting.ipynb is not a notebook" in refused(course, capsys)


def test_a_picture_without_alt_text_is_refused(course, capsys):
    edit_solution(course, lambda notebook: [cell.metadata.pop("alt", None) for cell in notebook.cells])
    assert "no alt text" in refused(course, capsys)


def test_a_refused_course_leaves_the_site_of_before(course, capsys):
    page = course.root / "build" / "site" / "html" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("the site of before")
    shutil.rmtree(course.solutions)
    refused(course, capsys)
    assert page.read_text() == "the site of before"


def test_a_page_has_what_readers_want(course):
    notebook = page_notebook(course, solution_paths(course)[0])
    text = "\n".join(cell.source for cell in notebook.cells)
    assert f"[Open in Colab]({COLAB})" in text and "![" not in text
    assert "pip install" not in text, "the setup cell is no reading"
    assert "double(-1)" not in text, "nor are hidden tests"
    assert "SOLUTION" not in text and "NBVAL" not in text, "nor are marks for programs"
    assert "twice = 2 * number" in text


def test_answers_are_folded(course):
    cells = page_notebook(course, solution_paths(course)[0]).cells
    (code,) = [cell for cell in cells if "twice = 2 * number" in cell.source]
    assert "hide-input" in code.metadata["tags"]
    for words in ("For knowing whether a sheep", "Doubling is adding"):
        (cell,) = [cell for cell in cells if words in cell.source]
        assert cell.source.startswith("<details>") and cell.source.endswith("</details>")


def test_links_of_guides_lead_to_pages_or_to_the_repository(course):
    text = (
        "[a](../notebooks/00_counting.ipynb) [b](../notebooks/solutions/00_counting.ipynb#count) "
        "[c](../grading/rubric.md) [d](students.md) [e](https://example.org/../x)"
    )
    assert with_site_links(text, course) == (
        "[a](notebooks/00_counting.ipynb) [b](notebooks/00_counting.ipynb#count) "
        "[c](https://github.com/some/course/blob/main/grading/rubric.md) [d](students.md) [e](https://example.org/../x)"
    )


def test_the_site_shows_pictures_with_alt_text_and_formulas_without_scripts(course, tmp_path):
    def add_formula(notebook):
        notebook.cells[0].source += "\n\n$$\\frac{1}{2}$$"

    edit_solution(course, add_formula)
    page = build_site(course, tmp_path / "site").with_name("notebooks") / "00_counting.html"
    html = page.read_text(encoding="utf-8")
    assert 'alt="Four &quot;numbers&quot; in a row"' in html
    assert "<mfrac>" in html and "mathjax@" not in html
    assert html.count("<details") >= 3


def test_what_sphinx_complains_about_is_shown_and_refused(course, capsys):
    with open(course.root / "docs" / "index.md", "a", encoding="utf-8") as index:
        index.write("\n[away](nowhere.md)\n\n$$\\nosuchcommand$$\n")
    assert main(course.root) == 2
    error = capsys.readouterr().err
    assert "nowhere.md" in error and "nosuchcommand" in error and "Traceback" not in error
    assert error.splitlines()[-1].startswith("The site is not whole")


def test_the_reference_has_every_module_of_the_library():
    found = [*(ROOT / "helpers").glob("[a-z]*.py")]
    found += [path.parent for path in (ROOT / "helpers").glob("*/__init__.py")]
    commands = ("cli", "cli_collect", "cli_gan")  # `covergan --help` explains them
    listed = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8").split()
    wanted = [f"helpers.{path.stem}" for path in found if path.stem not in commands]
    assert sorted(wanted) == sorted(line for line in listed if line.startswith("helpers."))
