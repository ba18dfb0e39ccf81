"""Execute all notebooks in order and show their pictures on one page: this is `make course`.

    COVERGAN_PROFILE=cpu python tools/run_course.py     without the variable: the smoke profile

build/course gets index.html, and every notebook as .ipynb and .html. A notebook whose source and profile are unchanged,
with all of helpers, is not run again. What a notebook trains lies in build/course/work and is resumed from there, at
whatever point an earlier run was stopped.
"""

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from build_notebooks import CELL_TIMEOUT, ROOT, Course, as_text, read, solution_notebook, write
from course_page import duration, title, write_index, write_notebook_page
from rich.console import Console
from rich.text import Text
from run_notebook import CellFailed, run_notebook

from helpers.errors import CourseError
from helpers.files import writing
from helpers.runtime import PROFILES


class CourseRun:
    """The notebooks of a course in one profile; what earlier runs have done is in build/course/state.json."""

    def __init__(self, course: Course, profile: str):
        if profile not in PROFILES:
            raise CourseError(f"There is no profile {profile!r}; choose {', '.join(PROFILES)}.")
        self.profile = profile
        self.folder = course.root / "build" / "course"
        modules = sorted((course.root / "helpers").rglob("*.py"))
        self.helpers = fingerprint(*(module.read_text(encoding="utf-8") for module in modules))
        try:
            self.state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):  # no run yet, or a damaged file: run everything
            self.state = {}

    def executed(self, stem: str) -> Path:
        return self.folder / f"{stem}.ipynb"

    def page(self, stem: str) -> Path:
        return self.folder / f"{stem}.html"

    def key(self, notebook: nbformat.NotebookNode) -> str:
        """Changes with whatever the executed notebook depends on."""
        return fingerprint(as_text(notebook), self.helpers, self.profile)

    def is_done(self, stem: str, notebook: nbformat.NotebookNode) -> bool:
        """Whether this very notebook was executed before and its files are still there."""
        unchanged = self.state.get(stem, {}).get("notebook") == self.key(notebook)
        return unchanged and self.executed(stem).exists() and self.page(stem).exists()

    def work_folder(self, stem: str, notebook: nbformat.NotebookNode) -> Path:
        """Where the notebook works; emptied when its code has changed, since it could not resume other code's work."""
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        key = fingerprint(*code, self.helpers)
        folder = self.folder / "work" / self.profile / stem
        made_by = folder / "code.sha256"
        if not made_by.exists() or made_by.read_text() != key:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            made_by.write_text(key)
        return folder

    def execute(self, stem: str, notebook: nbformat.NotebookNode, on_cell: Callable[[int, str], None]) -> None:
        """Run the notebook and write it with its outputs, also as a page; raises CellFailed."""
        key = self.key(notebook)  # before the outputs become part of the notebook
        folder = self.work_folder(stem, notebook)
        env = {**os.environ, "COVERGAN_PROFILE": self.profile, "COVERGAN_WORK": str(folder)}
        start = time.monotonic()
        run_notebook(notebook, folder, env, CELL_TIMEOUT, on_cell)
        seconds = time.monotonic() - start
        write(self.executed(stem), notebook)
        write_notebook_page(notebook, self.page(stem))
        self.state[stem] = {"notebook": key, "seconds": seconds}
        with writing(self.folder / "state.json") as partial:
            partial.write_text(json.dumps(self.state, indent=1), encoding="utf-8")

    def write_index(self, stems: list[str]) -> Path:
        """Write the page with the pictures of these executed notebooks."""
        entries = [
            (stem, nbformat.read(self.executed(stem), as_version=4), self.state[stem]["seconds"]) for stem in stems
        ]
        write_index(self.folder, entries, self.profile)
        return self.folder / "index.html"


def fingerprint(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def run_course(course: Course, profile: str, console: Console) -> Path:
    """Execute what is not done yet, a line for each notebook; returns the page with the pictures.

    Raises:
        CourseError: naming the notebook and the heading where a cell failed; the page then shows what was done before.
    """
    run = CourseRun(course, profile)
    done = []
    try:
        for path in course.sources():
            notebook = solution_notebook(read(course, path))
            if run.is_done(path.stem, notebook):
                note = "nothing changed"
            else:
                execute_with_status(run, path.stem, notebook, console)
                note = duration(run.state[path.stem]["seconds"])
            console.print(f"{title(notebook)} ({note})", markup=False, highlight=False)
            done.append(path.stem)
    except CellFailed as failure:
        raise CourseError(f"{path.name} stopped {failure}") from None
    finally:
        page = run.write_index(done)
    return page


def execute_with_status(run: CourseRun, stem: str, notebook: nbformat.NotebookNode, console: Console) -> None:
    """Execute while the terminal's last line says which cell is running."""
    name, count = title(notebook), len(notebook.cells)
    with console.status(Text(name)) as status:

        def on_cell(index: int, heading: str) -> None:
            status.update(Text(f"{name}, cell {index + 1} of {count}: {heading}"))

        run.execute(stem, notebook, on_cell)


def main(root: Path = ROOT) -> int:
    console, errors = Console(), Console(stderr=True)
    try:
        page = run_course(Course(root), os.environ.get("COVERGAN_PROFILE") or "smoke", console)
    except CourseError as error:
        errors.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print("Stopped; the same command goes on from here.")
        return 130
    console.print(f"The pictures are in {page}", soft_wrap=True, highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
