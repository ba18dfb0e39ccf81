"""Make the student and solution notebooks from notebooks/source, or check that they are what the source gives.

    python tools/build_notebooks.py                  write notebooks/*.ipynb and notebooks/solutions/*.ipynb
    python tools/build_notebooks.py --execute 00 03  only 00 and 03, and run their solutions, keeping the outputs
    python tools/build_notebooks.py --check          change nothing; exit 1 and say what is wrong

A student notebook has no outputs, and a stub wherever the source has a solution. A solution notebook has everything;
its outputs survive a rebuild in every cell whose source is unchanged. Beside them grading/rubric.md is written.
"""

import argparse
import copy
import hashlib
import os
import re
import shutil
import sys
import tomllib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from exercises import TEXT_STUB, exercise_problems, is_role, is_written, nbgrader_metadata, rubrics
from notebook_rules import output_problems, python_tree, source_problems, student_problems, tags
from quizzes import quiz_text, read_quizzes
from run_notebook import CellFailed, run_notebook

from helpers.errors import CourseError
from helpers.files import writing

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "main"
SETUP_CELL = Path(__file__).with_name("setup_cell.py")
CELL_TIMEOUT = 2 * 3600  # seconds: the longest training in the cpu profile, on a slow machine

STUB = ("# YOUR CODE HERE", 'raise NotImplementedError("Write the part marked YOUR CODE HERE and run this again.")')
README_LINK = re.compile(r"^\[(\d\d)\]:.*$", re.MULTILINE)
MARKER = re.compile(r"^(?P<indent>\s*)### (?P<side>BEGIN|END) SOLUTION\s*$")

METADATA = {
    "accelerator": "GPU",
    "colab": {"gpuType": "T4", "provenance": [], "toc_visible": True},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Course:
    """The folders and the public address of one course."""

    def __init__(self, root: Path = ROOT):
        self.root = root
        self.source = root / "notebooks" / "source"
        self.students = root / "notebooks"
        self.solutions = root / "notebooks" / "solutions"
        self.rubric = root / "grading" / "rubric.md"
        self.quizzes = read_quizzes(root / "notebooks" / "quizzes.yaml")
        pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        self.repository = pyproject["project"]["urls"]["Repository"]

    def sources(self, numbers: list[str] = ()) -> list[Path]:
        """The source files in course order; only those whose names begin with one of `numbers`, if there are any."""
        found = sorted(self.source.glob("[0-9][0-9]_*.py"))
        for number in numbers:
            if not any(path.name.startswith(number) for path in found):
                raise CourseError(f"No notebook begins with {number!r}; look in {self.source} for the names.")
        return [path for path in found if not numbers or path.name.startswith(tuple(numbers))]

    def colab_address(self, source: Path) -> str:
        """Where Colab opens the student notebook."""
        address = self.repository.removeprefix("https://github.com/")
        return f"https://colab.research.google.com/github/{address}/blob/{BRANCH}/notebooks/{source.stem}.ipynb"

    def badge(self, source: Path) -> str:
        """Markdown of the button that opens the student notebook on Colab."""
        image = "https://colab.research.google.com/assets/colab-badge.svg"
        return f"[![Open in Colab]({image})]({self.colab_address(source)})"

    def readme(self) -> str:
        """The README with the address behind each badge, a line `[NN]: …`, as it should be."""
        addresses = {path.name[:2]: self.colab_address(path) for path in self.sources()}
        text = (self.root / "README.md").read_text(encoding="utf-8")
        return README_LINK.sub(lambda link: f"[{link[1]}]: {addresses.get(link[1], '')}".rstrip(), text)

    def rubrics(self) -> str:
        """What a person marks in the answers in words, of all notebooks, as grading/rubric.md holds it."""
        parts = ["# Rubric", "What the answers in words are marked by. Made by `make notebooks` from notebooks/source."]
        for path in self.sources():
            notebook = read(self, path)
            title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
            found = [f"### {heading}\n\n{text}" for heading, text in rubrics(notebook)]
            parts += [f"## {title}", *found] if found else []
        return "\n\n".join(parts) + "\n"


def read(course: Course, path: Path) -> nbformat.NotebookNode:
    """The source as a notebook with badge and setup cell; solutions and hidden tests are still marked in it.

    Raises:
        CourseError: naming the file and the cell, if markers are not balanced or the code is not Python.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    for number, cell in enumerate(notebook.cells, 1):
        if "setup" in tags(cell):
            setup = SETUP_CELL.read_text(encoding="utf-8").strip()
            cell.source = setup.replace("REPOSITORY_ADDRESS", course.repository)
            cell.metadata["cellView"] = "form"  # Colab folds the cell's code away
        if "quiz" in tags(cell):
            cell.source = quiz_text(course.quizzes.get(path.stem, []))
        try:
            check_markers(cell.source)
            for version in (cell.source, student_text(cell.source)):
                if cell.cell_type == "code":
                    python_tree(version)
        except SyntaxError as error:
            raise CourseError(f"{path.name}, cell {number}: {error.msg} in line {error.lineno}.") from None
        except ValueError as error:
            raise CourseError(f"{path.name}, cell {number}: {error}.") from None
    if notebook.cells and notebook.cells[0].cell_type == "markdown":
        title, _, rest = notebook.cells[0].source.partition("\n")
        notebook.cells[0].source = f"{title}\n\n{course.badge(path)}\n{rest}".rstrip()
    return notebook


def check_markers(text: str) -> None:
    """Raise ValueError unless every BEGIN has its END, without nesting."""
    inside = False
    for marker in filter(None, map(MARKER.match, text.splitlines())):
        if (marker["side"] == "BEGIN") is inside:
            raise ValueError(f"### {marker['side']} SOLUTION stands where it does not belong")
        inside = not inside
    if inside:
        raise ValueError("### BEGIN SOLUTION has no ### END SOLUTION")


def student_text(text: str) -> str:
    """The text with each solution replaced by a stub of the same indentation."""
    lines, hidden = [], False
    for line in text.splitlines():
        if marker := MARKER.match(line):
            hidden = marker["side"] == "BEGIN"
            lines += [marker["indent"] + stub for stub in STUB] if hidden else []
        elif not hidden:
            lines.append(line)
    return "\n".join(lines).strip("\n")


def solution_notebook(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The complete notebook, without outputs."""
    return assemble([(cell, cell.source) for cell in notebook.cells])


def student_notebook(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook as students get it: no solutions, no hidden tests, no rubrics."""
    kept = [
        (cell, TEXT_STUB if is_written(cell) else student_text(cell.source))
        for cell in notebook.cells
        if "solution" not in tags(cell) and not is_role(cell, "hidden") and not is_role(cell, "rubric")
    ]
    return assemble(kept)


def assemble(cells: list) -> nbformat.NotebookNode:
    """A notebook of (cell, text) pairs, without outputs."""
    notebook = nbformat.v4.new_notebook(metadata=copy.deepcopy(METADATA))
    for cell, text in cells:
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        metadata = {key: cell.metadata[key] for key in ("alt", "cellView", "tags") if key in cell.metadata}
        for name in ("hidden", "rubric"):  # cells by which readers of a page are not held up
            if is_role(cell, name):
                metadata["tags"] = [name]
        if nbgrader := nbgrader_metadata(cell):
            metadata["nbgrader"] = nbgrader
        notebook.cells.append(new(text, metadata=metadata))
    identify(notebook.cells)
    return notebook


def identify(cells: list) -> None:
    """Give each cell an id that depends on its content alone; equal cells are numbered."""
    seen = Counter()
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def adopt_outputs(notebook, executed) -> None:
    """Give each code cell of `notebook` the outputs of the cell with the same content in `executed`."""
    identify(executed.cells)  # the ids in a file outlive an edit by hand
    old = {cell.id: cell for cell in executed.cells}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in old:
            cell.outputs, cell.execution_count = old[cell.id].outputs, old[cell.id].execution_count
            describe_pictures(cell)


def describe_pictures(cell) -> None:
    """Give the pictures among the cell's outputs its alt text, where Jupyter and nbconvert look for it."""
    for output in cell.outputs:
        for kind in output.get("data", {}):
            if kind.startswith("image/") and "alt" in cell.metadata:
                output.metadata[kind] = {**output.metadata.get(kind, {}), "alt": cell.metadata["alt"]}


def build(course: Course, path: Path) -> None:
    """Write both notebooks of one source, keeping the solution's outputs where the cell is unchanged."""
    notebook = read(course, path)
    solution = solution_notebook(notebook)
    present = course.solutions / f"{path.stem}.ipynb"
    if present.exists():
        adopt_outputs(solution, nbformat.read(present, as_version=4))
    write(course.students / f"{path.stem}.ipynb", student_notebook(notebook))
    write(present, solution)


def execute(course: Course, path: Path, profile: str) -> None:
    """Run the solution notebook of one source and write it with its outputs.

    It works in a folder under build/ that is deleted in the end, but kept when it fails or is killed: what it trained
    until then need not be trained again.

    Raises:
        CourseError: if a cell fails; the file is then left as it was.
    """
    solution = solution_notebook(read(course, path))
    executed = copy.deepcopy(solution)
    folder = course.root / "build" / "solutions" / profile / path.stem
    folder.mkdir(parents=True, exist_ok=True)
    try:
        run_notebook(
            executed, folder, {**os.environ, "COVERGAN_PROFILE": profile, "COVERGAN_WORK": "work"}, CELL_TIMEOUT
        )
    except CellFailed as failure:
        raise CourseError(f"{path.name} stopped {failure}".rstrip(".") + ".") from None
    shutil.rmtree(folder)
    adopt_outputs(solution, executed)
    write(course.solutions / f"{path.stem}.ipynb", solution)


def as_text(notebook) -> str:
    return nbformat.writes(notebook) + "\n"


def write(path: Path, notebook) -> None:
    with writing(path) as partial:
        partial.write_text(as_text(notebook), encoding="utf-8")


def check(course: Course, paths: list[Path]) -> list[str]:
    """What is wrong with the sources and the notebooks committed beside them, one sentence each."""
    problems = []
    readme = course.root / "README.md"
    if course.readme() != readme.read_text(encoding="utf-8"):
        problems.append("README.md has a badge that leads elsewhere; run `make notebooks`")
    stems = {path.stem for path in course.sources()}
    problems += [
        f"quizzes.yaml has questions for {stem!r}, which has no source" for stem in course.quizzes.keys() - stems
    ]
    for path in [*course.students.glob("*.ipynb"), *course.solutions.glob("*.ipynb")]:
        if path.stem not in stems:
            problems.append(f"{path.name} in {path.parent.name} has no source; delete it")
    for path in paths:
        student_path, solution_path = course.students / f"{path.stem}.ipynb", course.solutions / f"{path.stem}.ipynb"
        try:
            notebook = read(course, path)
            found = source_problems(notebook) + exercise_problems(notebook)
            problems += [f"{path.name}: {problem}" for problem in found]
            problems += compare(student_path, student_notebook(notebook), student_problems)
            problems += compare(solution_path, solution_notebook(notebook), output_problems)
        except CourseError as error:
            problems.append(str(error))
    try:
        if not course.rubric.exists() or course.rubric.read_text(encoding="utf-8") != course.rubrics():
            problems.append("grading/rubric.md is not what the sources give; run `make notebooks`")
    except CourseError:
        pass  # a source that cannot be read was named above
    return problems


def compare(path: Path, expected: nbformat.NotebookNode, rules) -> list[str]:
    """What `rules` find in the committed notebook, and whether it differs from `expected` in more than outputs."""
    try:
        text = path.read_text(encoding="utf-8")
        committed = nbformat.reads(text, as_version=4)
    except (OSError, ValueError):  # nbformat raises ValueErrors for what is not a notebook
        return [f"{path.name} in {path.parent.name} is missing or not a notebook; run `make notebooks`"]
    problems = [f"{path.name} in {path.parent.name}: {problem}" for problem in rules(committed)]
    adopt_outputs(expected, committed)
    if as_text(expected) != text:
        problems.append(f"{path.name} in {path.parent.name} is not what the source gives; run `make notebooks`")
    return problems


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="*", metavar="NN", help="only these notebooks, e.g. 00 03; default: all")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 and say what is wrong")
    parser.add_argument("--execute", action="store_true", help="run the solutions and keep their outputs")
    parser.add_argument("--profile", default="cpu", help="with --execute: the profile to run in (default: cpu)")
    options = parser.parse_args(arguments)
    try:
        course = Course(root)
        paths = course.sources(options.numbers)
        if options.check:
            problems = check(course, paths)
            print("\n".join(problems) or f"{len(paths)} notebooks are what their sources give.")
            return 1 if problems else 0
        with writing(root / "README.md") as partial:
            partial.write_text(course.readme(), encoding="utf-8")
        course.rubric.parent.mkdir(exist_ok=True)
        with writing(course.rubric) as partial:
            partial.write_text(course.rubrics(), encoding="utf-8")
        for path in paths:
            build(course, path)
            if options.execute:
                print(f"Running {path.stem} in the {options.profile} profile.", flush=True)
                execute(course, path, options.profile)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"Wrote {len(paths)} student notebooks and their solutions.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
