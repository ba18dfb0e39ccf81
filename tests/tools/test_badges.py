"""Every badge of this repository opens a student notebook that is there, ready for Colab."""

import re
import tomllib
from pathlib import Path

import build_notebooks
import nbformat
import pytest

ROOT = Path(build_notebooks.__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LINK = re.compile(r"https?://colab\.research\.google\.com/(?!assets/)[^\s)\]>\"'\\]*")
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def links(path):
    """The addresses on Colab in a text or notebook, badges and all."""
    if path.suffix != ".ipynb":
        return LINK.findall(path.read_text(encoding="utf-8"))
    cells = nbformat.read(path, as_version=4).cells
    return [link for cell in cells for link in LINK.findall(cell.source)]


def opened(link):
    """The notebook in this repository that Colab's /github/OWNER/NAME/blob/main/PATH shows."""
    start = PROJECT["urls"]["Repository"].replace("https://github.com/", "https://colab.research.google.com/github/")
    assert link.startswith(f"{start}/blob/main/"), f"{link} leads to another repository or branch"
    return ROOT / link.removeprefix(f"{start}/blob/main/")


TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "notebooks").rglob("*.ipynb"))]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_colab_opens_a_student_notebook(path):
    for link in links(path):
        assert opened(link).parent == ROOT / "notebooks" and opened(link).name in NOTEBOOKS, link


def test_the_readme_has_a_badge_for_every_notebook():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"\[!\[[^\]]+\]\[badge\]\]\[(\d\d)\]", text)
    addresses = dict(re.findall(r"^\[(\d\d)\]: (\S+)$", text, re.MULTILINE))
    assert sorted(shown) == sorted(addresses) == [name[:2] for name in NOTEBOOKS]
    assert [opened(addresses[number]).name for number in sorted(shown)] == NOTEBOOKS


@pytest.mark.parametrize("folder", ["notebooks", "notebooks/solutions"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_badge_in_a_notebook_opens_its_student_version(folder, name):
    badge = nbformat.read(ROOT / folder / name, as_version=4).cells[0].source.splitlines()[2]
    (link,) = LINK.findall(badge)
    assert badge.startswith("[![Open in Colab](") and opened(link) == ROOT / "notebooks" / name


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_colab_shows_the_notebook_with_a_gpu_and_a_folded_setup_cell(name):
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    assert notebook.metadata.accelerator == "GPU" and notebook.metadata.colab.gpuType == "T4"
    assert notebook.metadata.kernelspec.name == "python3"  # the only one that Colab has
    setup = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert setup.metadata.cellView == "form" and setup.source.startswith("# @title ")
    assert f'"{PROJECT["urls"]["Repository"]}"' in setup.source
    assert re.search(r"^SAVE_TO_DRIVE = False  # @param", setup.source, re.MULTILINE)
