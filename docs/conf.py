"""How Sphinx makes the site; tools/build_site.py puts together what it reads."""

import tomllib
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

HERE = Path(__file__).resolve().parent
PYPROJECT = HERE.parent / "pyproject.toml"

project = "Album-cover GANs"
html_title = project
author = ""
html_show_copyright = False
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "sphinx_copybutton"]
templates_path = [str(HERE / "_templates")]  # autosummary looks beside the pages, not beside this file

# The notebooks come with their outputs, and nothing in them may send a browser to the network.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_render_markdown_format = "myst"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

default_role = "py:obj"  # so that `name` in a docstring is code, and a link where the library has that name
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_inherit_docstrings = False
autodoc_default_options = {"ignore-module-all": True}  # everything stands where it is defined
napoleon_use_ivar = True
napoleon_numpy_docstring = False

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "repository_url": tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["urls"]["Repository"],
    "repository_branch": "main",
    "path_to_docs": "",  # notebooks/NN_topic is both a page of the site and, in the repository, the student's notebook
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "use_repository_button": True,
    "use_download_button": False,
    "home_page_in_toc": True,
    "max_navbar_depth": 1,
    "navbar_persistent": [],  # the search stands in the sidebar
    "extra_footer": "Code: MIT. Text of notebooks and guides: CC BY 4.0.",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def write_formula(translator, node):
    """A formula as MathML: browsers draw it and screen readers read it, without a script or a font to fetch."""
    alone = isinstance(node, nodes.math_block)
    try:
        formula = tex2mathml(node.astext(), as_block=alone)
    except MathError as error:
        logging.getLogger(__name__).warning("%s: %s", error, node.astext(), location=node)
        raise nodes.SkipNode from None
    # One that is wider than a phone scrolls, by keyboard as well.
    translator.body.append(f'<div class="formula" tabindex="0">{formula}</div>' if alone else formula)
    raise nodes.SkipNode


def mark_examples(app, what, name, obj, options, lines):
    """Make what a docstring indents below a blank line, an example or a table, literal text as it is in the source."""
    for number in range(len(lines) - 1, 1, -1):
        above, blank, line = lines[number - 2 : number + 1]
        if above.strip() and not blank.strip() and indent(line) > indent(above):
            lines[number - 1 : number] = ["", indent(above) * " " + "::", ""]


def indent(line):
    return len(line) - len(line.lstrip())


def setup(app):
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    app.connect("autodoc-process-docstring", mark_examples, priority=100)  # before napoleon changes the indentation
