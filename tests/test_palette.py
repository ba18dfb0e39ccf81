"""What figures say in colours can be told apart with any kind of colour vision."""

import ast
import itertools
import re
from pathlib import Path

import jupytext
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from helpers import contact, plots
from helpers.metrics import conditioning_plots, response_plots

ROOT = Path(__file__).parents[1]

# M. Okabe and K. Ito, Color Universal Design, 2008: https://jfly.uni-koeln.de/color/
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
USED_TOGETHER = {
    "players": (plots.D_COLOUR, plots.G_COLOUR),
    "judges": conditioning_plots.COLOURS,
    "responses": (response_plots.REALS, response_plots.FAKES),
    "decisions": (contact.KEPT, contact.MARKED),
}
# G. Machado, M. Oliveira and L. Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency,
# 2009, table 1, severity 1.0; they act on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
ARGUMENTS = {"c", "color", "colors", "facecolor", "facecolors", "edgecolor", "edgecolors", "ecolor"}
EASILY_TOLD = 10  # in CIEDE2000, where about 1 can just be seen side by side


def seen_with(deficiency: str, colour: str) -> np.ndarray:
    """The colour as somebody with the deficiency sees it, in CIELAB."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("name", USED_TOGETHER)
def test_colours_used_together_can_be_told_apart(name, deficiency):
    for first, second in itertools.combinations(USED_TOGETHER[name], 2):
        difference = deltaE_ciede2000(seen_with(deficiency, first), seen_with(deficiency, second))
        assert difference > EASILY_TOLD, f"{first} and {second} look alike with {deficiency}: {difference:.1f}"


def test_the_simulation_knows_that_red_and_green_are_confused():
    normal = deltaE_ciede2000(*(rgb2lab(np.array(c) / 255) for c in ((200, 60, 40), (110, 120, 40))))
    seen = deltaE_ciede2000(*(seen_with("deuteranopia", c) for c in ("#C83C28", "#6E7828")))
    assert normal > 40 and seen < 15


def literals(value: ast.expr, constants: dict[str, ast.expr]) -> set[str]:
    """The strings in an expression, also those behind names of constants."""
    nodes = [node for part in ast.walk(value) for node in (part, constants.get(getattr(part, "id", None)))]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def colours(code: str) -> set[str]:
    """What the arguments and keys of ARGUMENTS are given in code, as far as that is written out."""
    tree, constants, found = ast.parse(code), {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts, strict=False) if both else [(target, value)]
            constants |= {name.id: each for name, each in pairs if isinstance(name, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ARGUMENTS:
            found |= literals(node.value, constants)
        elif isinstance(node, ast.Dict):
            named = zip(node.keys, node.values, strict=True)
            values = [value for key, value in named if isinstance(key, ast.Constant) and key.value in ARGUMENTS]
            found |= set().union(*(literals(value, constants) for value in values))
    return found


def is_safe(colour: str) -> bool:
    """Whether it is one of the palette, or some grey: a word, a number, or three equal channels."""
    grey = re.fullmatch(r"none|white|black|gr[ea]y|[01]?\.\d+|#(..)\1\1", colour)
    return bool(grey) or colour in OKABE_ITO


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks" / "source").glob("*.py")), ids=lambda path: path.stem)
def test_figures_of_the_notebooks_use_the_palette_or_greys(path):
    cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
    used = colours("\n".join(cell.source for cell in cells if cell.cell_type == "code"))
    assert all(map(is_safe, used)), f"{path.name} uses {sorted(colour for colour in used if not is_safe(colour))}"


@pytest.mark.parametrize(
    "code",
    [
        "axes.scatter(x, y, c='crimson')",
        "axes.axhline(0, color='C1')",
        "axes.contour(x, y, z, colors=['0.5', 'tab:red'])",
        "BLUE, RED = '#0072B2', 'red'\naxes.plot(x, color=RED)",
        "axes.plot(x, **{'color': 'g'})",
    ],
)
def test_other_colours_are_found(code):
    assert not all(map(is_safe, colours(code)))


def test_the_palette_and_greys_are_allowed():
    code = "GREEN = '#009E73'\naxes.bar(x, y, color=[GREEN, '0.92', 'grey', '#e8e8e8'], edgecolor='white', label='red')"
    assert colours(code) == {"#009E73", "0.92", "grey", "#e8e8e8", "white"} and all(map(is_safe, colours(code)))
