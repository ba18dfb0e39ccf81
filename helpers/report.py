"""One page that shows an evaluation: fakes beside real covers, and the numbers beside their floors."""

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from helpers.plots import image_grid

SHOWN = 48

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
figure {{ display: inline-block; margin: 0 1rem 1rem 0; }}
img {{ width: 28rem; max-width: 100%; image-rendering: pixelated; }}
td, th {{ padding: .2rem 1.5rem .2rem 0; text-align: right; }}
td:first-child, th:first-child {{ text-align: left; }}
</style>
<h1>{title}</h1>
<table>
<tr><th>measure</th><th>value</th><th>real against real</th><th>better is</th></tr>
{rows}
</table>
<p>{count:,} covers of {size} px on each side; features from {extractor}. These numbers cannot be compared with those
of other feature networks.</p>
<figure><img src="{fakes}" alt="generated covers"><figcaption>generated</figcaption></figure>
<figure><img src="{reals}" alt="real covers"><figcaption>real</figcaption></figure>
</html>
"""

MEASURES = {"kid_lite0": ("KID (lite0)", "lower"), "precision": ("precision", "higher"), "recall": ("recall", "higher")}


def evaluation_page(title: str, scores: dict, fakes: np.ndarray, covers) -> str:
    """A self-contained HTML page.

    Args:
        title: what was evaluated.
        scores: what `helpers.metrics.distribution.evaluate` returned.
        fakes: uint8 [N, S, S, 3].
        covers: the CoverSet it was compared with.
    """
    rows = []
    for key, (name, better) in MEASURES.items():
        score = scores[key]
        error = f" ± {score['se']:.3f}" if "se" in score else ""
        rows.append(f"<tr><td>{name}<td>{score['value']:.3f}{error}<td>{score['floor']:.3f}<td>{better}")
    return PAGE.format(
        title=escape(title),
        rows="\n".join(rows),
        count=scores["n_fake"],
        size=scores["image_size"],
        extractor=escape(scores["extractor"]),
        fakes=_data_url(fakes),
        reals=_data_url(covers),
    )


def _data_url(images) -> str:
    png = io.BytesIO()
    shown = np.random.default_rng(0).permutation(len(images))[:SHOWN]
    Image.fromarray(image_grid(images[np.sort(shown)], columns=8)).save(png, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()
