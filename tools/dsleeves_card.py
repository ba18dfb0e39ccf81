"""Write the measured figures into the data card of dSleeves, data/dsleeves.md, between its two markers.

    python tools/dsleeves_card.py [--check]

The figures come from data/results (dsleeves_statistics.json, learnability.json and drawing.json, made by the benchmarks
named in `SOURCES`) and from the cards in data/weights. With --check nothing is written, and the exit code is 1 if the
card says anything else.
"""

import argparse
import json
import sys
from pathlib import Path

from helpers import DATA
from helpers.errors import CourseError
from helpers.files import writing
from helpers.records import FEATURE_NAMES, FEATURES

SOURCES = {
    "dsleeves_statistics": "benchmarks/dsleeves_statistics.py REAL_SET",
    "learnability": "benchmarks/learnability.py",
    "drawing": "benchmarks/bench_drawing.py --save",
}
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"

# The key of each statistic and how the card calls it, with its unit or range.
STATISTICS = {
    "brightness": "brightness: mean luma, 0 to 1",
    "contrast": "contrast: standard deviation of luma, 0 to 0.5",
    "saturation": "saturation: mean chroma in CIELAB",
    "colours": "colours: of 512 boxes of RGB, those that occur",
    "flatness": "flatness: share of the most frequent of these",
    "edges": "edges: share of pixels on one",
    "spectral_slope": "spectral slope: power over frequency",
    "text_area": "type: share of pixels that look like it (rough)",
}
DISTANCES = {
    "colour_intersection": "intersection of the colour histograms, 1 at best",
    "kid_lite0": "KID (lite0), 0 at best",
    "precision": "precision, 1 at best",
    "recall": "recall, 1 at best",
}


def figures(statistics: dict, learnability: dict, drawing: dict, weights: dict[str, dict]) -> str:
    """The figures as Markdown, from the contents of the files in data/results and the cards of the weights by name."""
    s = statistics
    readers = sorted(learnability.values(), key=lambda one: one["size"])
    parts = [
        f"Distribution of the features of {s['n']:,} covers (seed {s['seed']}). A person is shown on "
        f"{s['shares']['figure']:.0%} of them, {s['shares']['hangul']:.0%} bear Hangul.",
        table(
            ("feature", "unit", "range", "5 %", "median", "95 %"),
            [
                (f.name, f.unit, f"{f.low:g} to {f.high:g}", *(f"{value:.3g}" for value in s["features"][f.name]))
                for f in FEATURES
            ],
        ),
        f"Statistics of these covers at {s['size']} px and of as many real ones, drawn at random from "
        f"{s['real_covers']:,}: mean and standard deviation over covers.",
        table(
            ("statistic", "real", "drawn", "drawn / real"),
            [
                (label, *(f"{row[kind]['mean']:.3g} ± {row[kind]['sd']:.2g}" for kind in ("real", "drawn")),
                 f"{row['drawn']['mean'] / row['real']['mean']:.2f}")
                for label, row in ((label, s["statistics"][name]) for name, label in STATISTICS.items())
            ],
        ),
        "Distance of the two sets, beside that of two sets of real covers. Plain pictures can be more precise than "
        "real ones, so precision is read together with recall.",
        table(
            ("score", "drawn", "real against real"),
            [
                (label, *(f"{s['distances'][name][kind]:.3f}" for kind in ("value", "floor")))
                for name, label in DISTANCES.items()
            ],
        ),
        f"SHA-256 of the pixels measured: `{s['pixels_sha256']}`.",
        "What small convolutional networks read from covers they have not seen, and what one would know who was told "
        "the genre instead:",
        table(
            ("", *(f"{one['size']} px" for one in readers), "genre alone"),
            [
                ("minutes of one processor, for the genre and for the rest",
                 *(f"{one['genre_minutes']:g} and {one['feature_minutes']:g}" for one in readers), ""),
                ("genre, share named rightly", *(f"{one['genre_accuracy']:.1%}" for one in readers), ""),
            ]
            + [
                (f"{name}, R²", *(f"{one['r2'][name]:.2f}" for one in readers),
                 f"{readers[0]['r2_of_genre_alone'][name]:.2f}")
                for name in ("year", *FEATURE_NAMES)
            ],
        ),
        "What the course's models learnt from them (`data/weights`), compared with covers it learnt from; in "
        "brackets the same between two halves of those:",
        table(
            ("weights", "steps", "hours", "KID (lite0)", "precision", "recall"),
            [
                (name, f"{card['steps']:,}", f"{card['hours']:g}",
                 *(f"{score['value']:.3f} ({score['floor']:.3f})"
                   for score in (card["scores"][key] for key in ("kid_lite0", "precision", "recall"))))
                for name, card in sorted(weights.items())
            ],
        ),
        f"Covers drawn in a second, on a machine with {drawing['cores']} cores:",
        table(
            ("size", "processes", "covers a second"),
            [(f"{row['size']} px", str(row["processes"]), f"{row['covers_per_second']:,}") for row in drawing["rows"]],
        ),
    ]  # fmt: skip
    return "\n\n".join(parts)


def read(path: Path, command: str) -> dict:
    """A file of results.

    Raises:
        CourseError: if it is missing or no JSON; says which command makes it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read; make it with: python {command}") from error


def table(head: tuple, rows: list[tuple]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


def with_figures(card: str, text: str) -> str:
    """The card with the text between its markers.

    Raises:
        CourseError: unless each marker stands in the card once, in this order.
    """
    if card.count(BEGIN) != 1 or card.count(END) != 1 or card.index(BEGIN) > card.index(END):
        raise CourseError(f"The data card must hold {BEGIN} and, below it, {END}, each once; put them back.")
    before, rest = card.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def main(arguments: list[str] | None = None, data: Path = DATA) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the card is out of date")
    options = parser.parse_args(arguments)
    path = data / "dsleeves.md"
    try:
        results = [read(data / "results" / f"{name}.json", command) for name, command in SOURCES.items()]
        weights = {one.stem: read(one, "tools/publish_weights.py") for one in (data / "weights").glob("*.json")}
        card = path.read_text(encoding="utf-8")
        fresh = with_figures(card, figures(*results, weights))
        if options.check and fresh != card:
            print(f"{path.name} is not what data/results gives; run python tools/dsleeves_card.py.")
            return 1
        if not options.check:
            with writing(path) as partial:
                partial.write_text(fresh, encoding="utf-8")
    except KeyError as error:
        print(f"A file in {data} does not hold {error}; make it again: {', '.join(SOURCES.values())}.", file=sys.stderr)
        return 2
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
