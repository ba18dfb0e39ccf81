"""TeX formulas in Markdown as pictures, for pages that must not fetch MathJax."""

import base64
import html
import io
import re

from matplotlib import rc_context
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import math_to_image

FORMULA = re.compile(r"(?P<code>```.*?```|`[^`]*`)|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$]+)\$", re.DOTALL)
POINTS = 14  # Computer Modern at this size looks as large as the text of the pages


def with_formulas(markdown: str) -> str:
    """The Markdown with every $formula$ outside code as an HTML picture; what matplotlib cannot set stays as it is."""
    return FORMULA.sub(_draw, markdown)


def _draw(match: re.Match) -> str:
    if match["code"]:
        return match[0]
    tex = " ".join((match["block"] or match["inline"]).split())
    svg = io.BytesIO()
    try:
        with rc_context({"mathtext.fontset": "cm", "figure.facecolor": "none"}):
            depth = math_to_image(f"${tex}$", svg, prop=FontProperties(size=POINTS), dpi=72, format="svg")
    except ValueError:
        return match[0]
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.getvalue()).decode()}"
    style = "display: block; margin: 1rem auto" if match["block"] else f"vertical-align: -{depth:.2f}pt"
    return f'<img class="formula" style="{style}" alt="{html.escape(tex)}" src="{source}">'
