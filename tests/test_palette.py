"""What figures say in colours can be told apart with any kind of colour vision."""

import ast
import itertools
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


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks" / "source").glob("*.py")), ids=lambda path: path.stem)
def test_figures_of_the_notebooks_use_the_palette_or_greys(path):
    for cell in jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells:
        if cell.cell_type != "code":
            continue
        for call in (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute) and call.func.attr in (
                "plot",
                "bar",
                "barh",
                "hist",
                "scatter",
                "fill_between",
            ):
                given = {k.value.value for k in call.keywords if k.arg == "color" and isinstance(k.value, ast.Constant)}
                named = {colour for colour in given if isinstance(colour, str) and colour.startswith("#")}
                assert named <= OKABE_ITO, f"{named - OKABE_ITO} in {path.name}"
                assert not {c for c in given if isinstance(c, str)} & {
                    "r",
                    "g",
                    "b",
                    "red",
                    "green",
                    "blue",
                    "C0",
                    "C1",
                }
