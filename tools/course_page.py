"""Turn executed notebooks into web pages that need nothing from the network: one for each, and the index."""

import base64
import html
import re
from pathlib import Path

from formulas import with_formulas
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from notebook_rules import tags
from pygments.formatters import HtmlFormatter
from run_notebook import heading_above

from helpers.files import writing

IMAGE_TYPES = {"image/png": ".png", "image/gif": ".gif", "image/jpeg": ".jpg"}
BADGE = re.compile(r"^\[!\[Open in Colab\].*$\n?", re.MULTILINE)

STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #6b6b70; --paper: #fdfcfa; --card: #fff; --line: #e4e1dc;
        --accent: #0060a8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececee; --soft: #a0a0a8; --paper: #161618; --card: #202023; --line: #38383d; --accent: #7cc0f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
       font: 17px/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 3px; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
header p, footer, .time, figcaption { color: var(--soft); }
.time { font-size: .9rem; font-weight: normal; white-space: nowrap; }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; padding-top: .5rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; padding: .6rem; background: var(--card); border: 1px solid var(--line);
         border-radius: 8px; }
figure img { display: block; max-width: 100%; max-height: 26rem; height: auto; }
figcaption { font-size: .9rem; padding-top: .4rem; }
img { max-width: 100%; height: auto; }
.output_area img { background: #fff; border-radius: 4px; }
@media (prefers-color-scheme: dark) { .formula { filter: invert(1); } }
.code_cell { margin: 1rem 0; }
pre { margin: 0; font: 14px/1.5 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; }
.input_area { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.output_wrapper { padding: .7rem .9rem; overflow-x: auto; }
code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .88em; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .25rem .7rem; text-align: left; border-bottom: 1px solid var(--line); }
"""


def code_colours() -> str:
    """Syntax colours for light and dark paper."""
    light, dark = (
        HtmlFormatter(style=style, nobackground=True).get_style_defs(".highlight") for style in ("friendly", "monokai")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def title(notebook: NotebookNode) -> str:
    """The text of the notebook's first heading."""
    return heading_above(notebook, 1)


def summary(notebook: NotebookNode) -> str:
    """The first sentence of the title cell that is neither the badge nor a line about minutes and aims."""
    for paragraph in BADGE.sub("", notebook.cells[0].source).split("\n\n")[1:]:
        if not re.search(r"\d+ minutes|what you will learn", paragraph, re.IGNORECASE):
            sentence = re.match(r".+?[.!?](?=\s|$)", " ".join(paragraph.split()))
            return sentence[0] if sentence else ""
    return ""


def duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def save_pictures(notebook: NotebookNode, folder: Path, stem: str) -> list[tuple[str, str]]:
    """Write every picture of an executed notebook to folder/images; returns (path from folder, caption) pairs."""
    for old in (folder / "images").glob(f"{stem}-*"):
        old.unlink()
    pictures = []
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            for kind in IMAGE_TYPES.keys() & output.get("data", {}).keys():
                name = f"images/{stem}-{len(pictures) + 1:02}{IMAGE_TYPES[kind]}"
                with writing(folder / name) as partial:
                    partial.write_bytes(base64.b64decode(output.data[kind]))
                pictures.append((name, heading_above(notebook, index)))
    return pictures


def write_notebook_page(notebook: NotebookNode, path: Path) -> None:
    """Write an executed notebook as a page of its own, without the setup cell, which is no reading."""
    cells = [cell.copy() for cell in notebook.cells if "setup" not in tags(cell)]
    notebook = NotebookNode(notebook, cells=cells)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = with_formulas(re.sub(r"\.ipynb\b", ".html", BADGE.sub("", cell.source)))
        else:
            caption = heading_above(notebook, index)
            cell.outputs = [with_described_picture(output, caption) for output in cell.outputs]
    exporter = HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, exclude_anchor_links=True
    )
    body, _ = exporter.from_notebook_node(notebook)
    write_page(path, title(notebook), f'<nav><a href="index.html">All notebooks</a></nav>\n{body}')


def with_described_picture(output: NotebookNode, caption: str) -> NotebookNode:
    """The output with its picture as HTML: nbconvert knows neither animated GIFs nor descriptions."""
    for kind in IMAGE_TYPES.keys() & output.get("data", {}).keys():
        image = "".join(output.data[kind].split())
        tag = f'<img src="data:{kind};base64,{image}" alt="{html.escape(caption)}">'
        return NotebookNode(output, data={"text/html": tag})
    return output


def write_index(folder: Path, entries: list[tuple[str, NotebookNode, float]], profile: str) -> None:
    """Write index.html with the pictures of all executed notebooks.

    Args:
        folder: where the notebooks' pages are; pictures go to folder/images.
        entries: for each notebook, its file name without suffix, the executed notebook, the seconds it took.
        profile: the profile they ran in.
    """
    total = duration(sum(seconds for _, _, seconds in entries))
    parts = [
        "<header><h1>Drawing album covers with GANs</h1>",
        f"<p>{len(entries)} notebooks, executed in {total} in the {html.escape(profile)} profile.</p></header>",
    ]
    for stem, notebook, seconds in entries:
        figures = [
            f'<figure><a href="{name}"><img src="{name}" alt="{html.escape(caption)}" loading="lazy"></a>'
            f"<figcaption>{inline(caption)}</figcaption></figure>"
            for name, caption in save_pictures(notebook, folder, stem)
        ]
        parts.append(
            f'<section><h2><a href="{stem}.html">{inline(title(notebook))}</a> '
            f'<span class="time">{duration(seconds)}</span></h2>\n<p>{inline(summary(notebook))}</p>\n'
            f'<div class="pictures">{"".join(figures)}</div></section>'
        )
    write_page(folder / "index.html", "Drawing album covers with GANs", "\n".join(parts))


def inline(markdown: str) -> str:
    """One line of Markdown as HTML without the paragraph around it."""
    return markdown2html(markdown).strip().removeprefix("<p>").removesuffix("</p>")


def write_page(path: Path, heading: str, body: str) -> None:
    with writing(path) as partial:
        partial.write_text(
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(heading)}</title>\n<style>{STYLE}{code_colours()}</style>\n</head>\n"
            f"<body>\n{body}\n</body>\n</html>\n",
            encoding="utf-8",
        )
