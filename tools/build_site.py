"""Make the course's web site from the executed solutions and the guides: this is `make site`.

    python tools/build_site.py

build/site/html gets the pages, which need nothing from the network, neither to be made nor to be read. What Sphinx
reads is put together in build/site/source: docs/, and under notebooks/ the solutions as a reader wants them.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from build_notebooks import BRANCH, MARKER, ROOT, Course
from course_page import BADGE
from nbformat import NotebookNode
from notebook_rules import CHECKED, output_problems, tags

from helpers.errors import CourseError

LEFT_OUT = {"setup", "hidden", "rubric"}  # tags of cells that are no reading
REPOSITORY_LINK = re.compile(r"\]\(\.\./(?P<path>[^)#\s]+)")  # in a guide, as it works on GitHub
NOTEBOOK = re.compile(r"notebooks/(?:solutions/)?(?P<name>[^/]+\.ipynb)")


def build_site(course: Course, folder: Path) -> Path:
    """Build the site anew in `folder`; returns its first page.

    Raises:
        CourseError: if a solution is missing, was not executed or shows a picture without alt text, or if Sphinx finds
            anything to complain about, such as a link that leads nowhere.
    """
    notebooks = {path.name: page_notebook(course, path) for path in solutions(course)}
    shutil.rmtree(folder, ignore_errors=True)
    docs, source, html = course.root / "docs", folder / "source", folder / "html"
    shutil.copytree(docs, source, ignore=shutil.ignore_patterns("_*", "conf.py"))
    for guide in source.glob("*.md"):
        guide.write_text(with_site_links(guide.read_text(encoding="utf-8"), course), encoding="utf-8")
    (source / "notebooks").mkdir()
    for name, notebook in notebooks.items():
        nbformat.write(notebook, source / "notebooks" / name)
    sphinx = [sys.executable, "-m", "sphinx", "--builder", "html", "--quiet", "--fail-on-warning"]
    sphinx += ["--conf-dir", docs, "--doctree-dir", folder / "doctrees", source, html]
    done = subprocess.run(sphinx, stderr=subprocess.PIPE, text=True)  # TensorFlow is talkative even when all is well
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise CourseError("The site is not whole: mend what Sphinx complains about above, and build it again.")
    return html / "index.html"


def solutions(course: Course) -> list[Path]:
    """The solution notebooks in course order."""
    found = sorted(course.solutions.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise CourseError(f"There are no notebooks in {course.solutions}; make them with `make notebooks EXECUTE=1`.")
    return found


def page_notebook(course: Course, path: Path) -> NotebookNode:
    """An executed solution as a page: pictures with their alt text, answers folded, without what is no reading."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError):  # nbformat raises ValueErrors for what is not a notebook
        raise CourseError(f"{path} is not a notebook; make it with `make notebooks EXECUTE=1`.") from None
    problems = output_problems(notebook)
    if problems:
        raise CourseError(f"{path}: {problems[0]}.")
    notebook.cells = [cell for cell in notebook.cells if LEFT_OUT.isdisjoint(tags(cell))]
    for cell in notebook.cells:
        is_answer = cell.metadata.get("nbgrader", {}).get("solution") or "solution" in tags(cell)
        if cell.cell_type == "markdown":
            # No picture from the network; the theme's own button is there, too, but not to be seen at once.
            cell.source = BADGE.sub(f"[Open in Colab]({course.colab_address(path)})\n", cell.source)
            if is_answer:
                cell.source = f"<details><summary>Show an answer</summary>\n\n{cell.source}\n\n</details>"
            continue
        shown = {"image": {"alt": cell.metadata.get("alt", "")}}
        if is_answer:
            cell.metadata["tags"] = [*tags(cell), "hide-input"]
            shown |= {"code_prompt_show": "Show a solution", "code_prompt_hide": "Hide the solution"}
        cell.metadata["mystnb"] = shown
        lines = cell.source.splitlines()
        cell.source = "\n".join(line for line in lines if not MARKER.match(line) and not CHECKED.match(line))
    return notebook


def with_site_links(markdown: str, course: Course) -> str:
    """A guide whose links to files of the repository lead to pages of the site, or else to the repository."""

    def target(link: re.Match) -> str:
        notebook = NOTEBOOK.fullmatch(link["path"])
        if notebook:
            return f"](notebooks/{notebook['name']}"
        return f"]({course.repository}/blob/{BRANCH}/{link['path']}"

    return REPOSITORY_LINK.sub(target, markdown)


def main(root: Path = ROOT) -> int:
    try:
        page = build_site(Course(root), root / "build" / "site")
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"The site begins at {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
