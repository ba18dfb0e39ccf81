"""One page that shows an evaluation: every number beside its floor and how to read it, and the pictures behind them."""

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from helpers.metrics import conditioning_plots, diversity, response_plots
from helpers.plots import encoded, image_grid, strips

SHOWN = 48  # covers in each of the two grids
PER_GENRE = 10  # fakes in the row of a genre
MOST_GENRES = 20

# Key -> name, which way is better, and how to read it.
MEASURES = {
    "kid_lite0": ("KID (lite0)", "lower", "How far the fakes are from real covers in a network's eyes; 0 on average."),
    "fid_lite0": (
        "FID (lite0)",
        "lower",
        "The same question, asked of two Gaussians; grows when there are few covers.",
    ),
    "fid_infinity_lite0": ("FID∞ (lite0)", "lower", "What FID would be for infinitely many covers."),
    "precision": ("precision", "higher", "Share of the fakes that look like some real cover."),
    "recall": ("recall", "higher", "Share of the real covers that the fakes could have been: near 0 in a collapse."),
    "density": ("density", "higher", "As precision, but an odd real cover cannot spoil it."),
    "coverage": ("coverage", "higher", "As recall, but an odd fake cannot spoil it."),
    "sliced_wasserstein": ("sliced Wasserstein", "lower", "How much small patches differ, by all sizes of detail."),
    "ms_ssim": ("MS-SSIM of pairs", "lower", "How alike two fakes of a genre are; above the floor, variety was lost."),
    "genre_accuracy": ("judge's accuracy", "near", "How often an independent judge sees the genre that was asked for."),
    "head_accuracy": (
        "own head's accuracy",
        "near",
        "The same by the discriminator, which the generator tries to please.",
    ),
    "audio_r2": ("audio features, mean R²", "near", "How well an independent regressor reads the music asked for."),
    "copies": ("copies", "lower", "Share of the fakes too near to a training cover; the floor is the false alarms."),
}

FIGURES, FLOORS = ("value", "low", "high"), ("floor", "floor_low", "floor_high")

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }}
figure {{ display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; }}
img {{ max-width: 100%; }}
img.covers {{ width: 28rem; image-rendering: pixelated; }}
img.pair {{ width: 13rem; image-rendering: pixelated; }}
div.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .2rem 1rem .2rem 0; text-align: right; vertical-align: top; }}
td:first-child, th:first-child, td.text {{ text-align: left; }}
td.text {{ font-size: .85rem; opacity: .8; min-width: 14rem; }}
</style>
<h1>{title}</h1>
<p>{count:,} generated covers of {size} px against as many real ones; features from {extractor}. The floor is the same
measure between two sets of real covers: no generator can be expected to do better. These numbers cannot be compared
with those of other feature networks, or for other numbers of covers.</p>
{body}
</html>
"""


def evaluation_page(title: str, scores: dict, fakes: np.ndarray, covers, genres: Sequence[str] | None = None) -> str:
    """A self-contained HTML page, without scripts, of about a megabyte.

    Args:
        title: what was evaluated.
        scores: what `helpers.evaluation.evaluate` returned.
        fakes, covers, genres: what it was given.
    """
    sections = [_table(scores), _grids(fakes, covers)]
    if scores["genres"]:
        sections += [_heading("Genre by genre"), _genre_table(scores["genres"])]
        if genres is not None:
            sections.append(_genre_rows(scores["genres"], fakes, np.asarray(genres, str)))
    if "judge" in scores:
        sections += [
            _heading("What the judge sees"),
            "<p>Rows are what was asked for, columns what an independent judge saw. What it confuses in real covers is "
            "not the generator's fault.</p>",
            _plot(
                conditioning_plots.confusions(
                    {"generated covers": scores["judge"]["fake"], "real covers": scores["judge"]["real"]}
                ),
                "confusion matrices of the judge",
            ),
        ]
    if "audio" in scores:
        fakes_r2, reals_r2 = (_r2_of(scores["audio"], *keys) for keys in (FIGURES, FLOORS))
        sections += [
            _heading("What can be heard"),
            "<p>How well an independent regressor reads audio features: those asked for off the generated covers, and "
            "the true ones off real covers.</p>",
            _plot(response_plots.r2_bars(fakes_r2, reals_r2), "R² of each audio feature"),
        ]
    if any("ms_ssim" in genre for genre in scores["genres"].values()):
        sections += [
            _heading("Diversity"),
            "<p>On the line, a genre's fakes are as diverse as its real covers; above it they are more alike.</p>",
            _plot(diversity.plot(_as_diversity(scores["genres"])), "MS-SSIM of fakes against real covers"),
        ]
    if scores.get("most_alike"):
        sections += [_heading("The most alike"), _alike(scores["most_alike"], fakes)]
    if "copies" in scores:
        sections += [_heading("Nearest real covers"), _nearest(scores["copies"], fakes, covers)]
    if scores["left_out"]:
        rows = [f"<li>{escape(name)}: {escape(why)}</li>" for name, why in scores["left_out"].items()]
        sections += [_heading("What could not be measured"), f"<ul>{''.join(rows)}</ul>"]
    return PAGE.format(
        title=escape(title),
        count=scores["n_fake"],
        size=scores["image_size"],
        extractor=escape(scores["extractor"]),
        body="\n".join(sections),
    )


def _r2_of(audio: dict, *keys: str) -> dict:
    """One side of "audio" as `response_plots.r2_bars` wants it."""
    return {name: dict(zip(FIGURES, (each[key] for key in keys), strict=True)) for name, each in audio.items()}


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def figure_of(score: dict, name: str = "value") -> str:
    """A measure as text: with its standard error, or its 95 % interval, where there is one."""
    text = f"{score[name]:.3f}"
    if name == "value" and "se" in score:
        return f"{text} ± {score['se']:.3f}"
    low, high = ("low", "high") if name == "value" else ("floor_low", "floor_high")
    return f"{text} ({score[low]:.3f} to {score[high]:.3f})" if low in score else text


def _table(scores: dict) -> str:
    rows = ["<tr><th>measure</th><th>value</th><th>floor</th><th>better is</th><th></th></tr>"]
    for key, (name, better, reading) in MEASURES.items():
        if key in scores:
            value, floor = figure_of(scores[key]), figure_of(scores[key], "floor")
            better = "near the floor" if better == "near" else better
            rows.append(f'<tr><td>{name}<td>{value}<td>{floor}<td>{better}<td class="text">{escape(reading)}</tr>')
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _genre_table(genres: dict) -> str:
    columns = [key for key in ("kid_lite0", "ms_ssim", "accuracy") if any(key in genre for genre in genres.values())]
    names = {"kid_lite0": "KID (lite0)", "ms_ssim": "MS-SSIM", "accuracy": "judge's accuracy"}
    head = "".join(f"<th>{names[key]}</th><th>floor</th>" for key in columns)
    rows = [f"<tr><th>genre</th>{head}</tr>"]
    for name, genre in genres.items():
        cells = [
            f"<td>{figure_of(genre[key])}<td>{genre[key]['floor']:.3f}" if key in genre else "<td><td>"
            for key in columns
        ]
        rows.append(f"<tr><td>{escape(name)}{''.join(cells)}</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _grids(fakes, covers) -> str:
    pictures = []
    for images, name in ((fakes, "generated"), (covers, "real")):
        shown = np.random.default_rng(0).permutation(len(images))[:SHOWN]
        pictures.append(_covers(image_grid(images[np.sort(shown)], columns=8), f"{name} covers", name))
    return "\n".join(pictures)


def _genre_rows(genres: dict, fakes, asked: np.ndarray) -> str:
    rows = {}
    for name in list(genres)[:MOST_GENRES]:
        found = np.flatnonzero(asked == name)[:PER_GENRE]
        if len(found):
            rows[name] = fakes[found]
    return _plot(strips(rows, scale=2), "generated covers of each genre") if rows else ""


def _alike(pairs: list[dict], fakes) -> str:
    return "\n".join(
        _pair(*(fakes[place] for place in pair["fakes"]), "two generated covers", f"MS-SSIM {pair['value']:.2f}")
        for pair in pairs
    )


def _nearest(copies: dict, fakes, covers) -> str:
    pairs = [
        _pair(
            fakes[row["fake"]],
            covers[row["cover"]],
            "a generated cover and the nearest training cover",
            f"{row['distance']:.2f}{' (copy)' if row['copy'] else ''}",
        )
        for row in copies["nearest"]
    ]
    return (
        "<p>Left generated covers, right their nearest training covers, and the distance between them, where 1 is what "
        f"real covers have from their nearest neighbour at the median. Up to {copies['threshold']:.2f}, a fake is "
        f"called a copy: {copies['count']:,} are.</p>\n" + "\n".join(pairs)
    )


def _pair(left: np.ndarray, right: np.ndarray, description: str, caption: str) -> str:
    return _covers(image_grid([left, right]), description, caption, "pair")


def _as_diversity(genres: dict) -> dict:
    """The scores of genres as `diversity.plot` wants them."""
    sides = {"fake": ("value", "low", "high"), "real": ("floor", "floor_low", "floor_high")}
    return {
        "genres": {
            name: {
                side: dict(zip(("value", "low", "high"), (genre["ms_ssim"][key] for key in keys), strict=True))
                for side, keys in sides.items()
            }
            for name, genre in genres.items()
            if "ms_ssim" in genre
        }
    }


def _covers(grid: np.ndarray, description: str, caption: str, kind: str = "covers") -> str:
    return _figure(Image.fromarray(grid), kind, description, caption)


def _plot(figure, description: str) -> str:
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, facecolor="white")
    return _figure(Image.open(png).convert("RGB"), "plot", description, "")


def _figure(image: Image.Image, kind: str, description: str, caption: str) -> str:
    file, form = encoded(image)
    data = base64.b64encode(file).decode()
    picture = f'<img class="{kind}" src="data:image/{form};base64,{data}" alt="{escape(description)}">'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
