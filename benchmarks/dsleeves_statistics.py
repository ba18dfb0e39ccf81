"""Do drawn covers have the statistics of real ones? Light, colour, edges, type, and distances of the two sets.

    python benchmarks/dsleeves_statistics.py REAL_SET [--n 2000]

Compares n covers of dSleeves (seed 1, 64 px) with n of a CoverSet of real covers of that size; n more of the real ones
give the floors, what two sets of real covers differ by. The figures, aggregates only, go to
data/results/dsleeves_statistics.json. Genres are as common as they are in each set: equally so among drawn covers.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from scipy import ndimage

from helpers import DATA
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.files import writing
from helpers.metrics.distribution import evaluate
from helpers.metrics.response import EDGE, brightness, contrast, edges, luma, saturation
from helpers.records import FEATURE_NAMES
from helpers.sources.synthetic import draw_cover, draw_factors
from helpers.sources.synthetic.canvas import has_hangul
from helpers.sources.synthetic.factors import era
from helpers.sources.synthetic.style import make_style

SIZE = 64
SEED = 1
PERCENTILES = (5, 25, 50, 75, 95)

BOX = 32  # 8-bit levels: eight boxes for each of red, green and blue
HEIGHTS = range(3, 17)  # pixels: a line of type on a cover of 64 px is as high as this
STROKE = 5  # pixels: strokes of letters are thinner, and so are the gaps between them


def colours(images: np.ndarray) -> np.ndarray:
    """How many of the 512 boxes of `colour_boxes` hold a pixel of each cover: [N]."""
    return (_boxes_of_each(images) > 0).sum(1)


def flatness(images: np.ndarray) -> np.ndarray:
    """Share of each cover's pixels that lie in its fullest box of `colour_boxes`, 1/512 to 1: [N]."""
    return _boxes_of_each(images).max(1) / np.prod(images.shape[1:3])


def spectral_slope(images: np.ndarray) -> np.ndarray:
    """Exponent of the luma's power over frequency in each cover: 0 for white noise, about -2 for photographs: [N].

    A straight line fitted to logarithms of the mean power on rings of 2 to S/2 cycles a cover, after a Hann window.
    """
    light = luma(images)
    side = light.shape[1]
    window = np.hanning(side + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.fft2((light - light.mean((1, 2), keepdims=True)) * window * window[:, None])) ** 2
    frequency = np.fft.fftfreq(side, 1 / side)
    ring = np.rint(np.hypot(frequency, frequency[:, None])).astype(int).ravel()
    rings = np.arange(2, side // 2 + 1)
    mean = power.reshape(len(images), -1) @ (ring[:, None] == rings) / np.bincount(ring)[rings]
    return np.polyfit(np.log(rings), np.log(mean + 1e-12).T, 1)[0]


def text_area(images: np.ndarray) -> np.ndarray:
    """Share of each cover under what looks like lines of type, 0 to 1: [N]. A rough measure.

    Thin strokes, brighter or darker than what is around them (white and black top-hat), that stand so close in a row
    that closing the gaps makes one long, low and well filled shape, which ends before the edges of the cover. It takes
    fences, branches and rows of dots for type, and misses type that is huge, tilted or crooked: use it only to compare
    sets.
    """
    return np.array([_text_mask(light).mean() for light in luma(images)])


def _text_mask(light: np.ndarray) -> np.ndarray:
    mask = np.zeros(light.shape, bool)
    for hat in (ndimage.white_tophat, ndimage.black_tophat):
        strokes = hat(light, STROKE) > EDGE
        labels, _ = ndimage.label(ndimage.binary_closing(strokes, np.ones((1, STROKE))))
        for k, box in enumerate(ndimage.find_objects(labels), 1):
            shape = labels[box] == k
            height, width = shape.shape
            long = 2 * height <= width < light.shape[1] - STROKE
            in_a_row = np.diff(strokes[box].astype(np.int8), axis=1, prepend=0).clip(0).sum(1).max()
            if height in HEIGHTS and long and shape.mean() >= 0.4 and in_a_row >= 3:
                mask[box] |= shape
    return mask


STATISTICS = (brightness, contrast, saturation, colours, flatness, edges, spectral_slope, text_area)


def colour_boxes(images: np.ndarray) -> np.ndarray:
    """Shares of all pixels of a set in 8 x 8 x 8 boxes of RGB: float [512], which add up to 1."""
    counts = _boxes_of_each(images).sum(0)
    return counts / counts.sum()


def intersection(first: np.ndarray, second: np.ndarray) -> float:
    """Histogram intersection (Swain & Ballard, "Color Indexing", 1991), 0 to 1: 1 for equal histograms."""
    return float(np.minimum(first, second).sum())


def _boxes_of_each(images: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(images.reshape(len(images), -1, 3) // BOX, -1, 0).astype(np.int64)
    box = 64 * red + 8 * green + blue + 512 * np.arange(len(images))[:, None]
    return np.bincount(box.ravel(), minlength=512 * len(images)).reshape(-1, 512)


def summary(values: np.ndarray) -> dict:
    """Mean, standard deviation and percentiles of the covers of a set."""
    percentiles = dict(zip(map(str, PERCENTILES), np.percentile(values, PERCENTILES), strict=True))
    return rounded({"mean": values.mean(), "sd": values.std(), "percentiles": percentiles})


def by_group(values: dict[str, np.ndarray], names: list[str]) -> dict:
    """The mean of every statistic, and how many covers there are, for each name."""
    names = np.array(names)
    return {
        str(name): {"covers": int((names == name).sum())}
        | rounded({key: value[names == name].mean() for key, value in values.items()})
        for name in sorted(set(names))
    }


def rounded(tree):
    """Numbers to four digits: more would be noise."""
    if isinstance(tree, dict):
        return {key: rounded(value) for key, value in tree.items()}
    return tree if isinstance(tree, (int, str)) else float(f"{tree:.4g}")


def table(results: dict) -> str:
    """The statistics as text: real, drawn, their ratio, and the difference in standard deviations of the real ones."""
    lines = [f"{'':16}{'real':>9}{'sd':>9}{'drawn':>9}{'sd':>9}{'ratio':>8}{'shift':>8}"]
    for name, row in results["statistics"].items():
        real, drawn = row["real"], row["drawn"]
        ratio, shift = drawn["mean"] / real["mean"], (drawn["mean"] - real["mean"]) / real["sd"]
        figures = (real["mean"], real["sd"], drawn["mean"], drawn["sd"])
        lines.append(f"{name:16}" + "".join(f"{figure:9.3f}" for figure in figures) + f"{ratio:8.2f}{shift:+8.2f}")
    lines += ["", f"{'':24}{'drawn':>9}{'floor':>9}"]
    lines += [f"{name:24}{row['value']:9.3f}{row['floor']:9.3f}" for name, row in results["distances"].items()]
    for group, rows in results["drawn_by"].items():
        lines += ["", f"{group:12}{'covers':>7}" + "".join(f"{name[:10]:>11}" for name in results["statistics"])]
        lines += [
            f"{name:12}{row['covers']:7}" + "".join(f"{row[key]:11.3f}" for key in results["statistics"])
            for name, row in rows.items()
        ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="REAL_SET", type=Path)
    parser.add_argument("--n", type=int, default=2000)
    options = parser.parse_args()

    covers = CoverSet.open(options.covers)
    if covers.size != SIZE:
        raise CourseError(f"{covers.path} holds covers of {covers.size} px; make a set of {SIZE} px.")
    n = min(options.n, len(covers) // 2)
    order = np.random.default_rng(SEED).permutation(len(covers))  # as `evaluate` takes them
    real, other = (covers[np.sort(part)] for part in (order[:n], order[n : 2 * n]))
    factors = [draw_factors(SEED, index) for index in range(n)]
    drawn = np.stack([draw_cover(one, SIZE) for one in factors])

    values = {statistic.__name__: statistic(drawn) for statistic in STATISTICS}
    boxes = colour_boxes(real)
    scores = evaluate(drawn, covers, n=n, seed=SEED)
    groups = {name: [getattr(one, name) for one in factors] for name in ("layout", "texture", "backdrop", "genre")}
    groups["era"] = [era(one.year) for one in factors]
    groups["lines"] = [len(make_style(one, (0.5, 0.5, 0.5)).lines) for one in factors]
    features = {name: np.percentile([one.features[name] for one in factors], (5, 50, 95)) for name in FEATURE_NAMES}
    results = {
        "n": n,
        "size": SIZE,
        "seed": SEED,
        "real_covers": len(covers),
        "pixels_sha256": hashlib.sha256(drawn.tobytes()).hexdigest(),
        "statistics": {
            statistic.__name__: {"real": summary(statistic(real)), "drawn": summary(values[statistic.__name__])}
            for statistic in STATISTICS
        },
        "distances": {
            "colour_intersection": rounded(
                {"value": intersection(boxes, colour_boxes(drawn)), "floor": intersection(boxes, colour_boxes(other))}
            )
        }
        | {name: rounded(scores[name]) for name in ("kid_lite0", "precision", "recall")},
        "drawn_by": {name: by_group(values, names) for name, names in groups.items()},
        "features": {name: [round(float(value), 3) for value in row] for name, row in features.items()},
        "shares": rounded(
            {
                "figure": np.mean([one.figure for one in factors]),
                "hangul": np.mean([has_hangul(one.artist + one.title) for one in factors]),
            }
        ),
    }
    with writing(DATA / "results" / "dsleeves_statistics.json") as partial:
        partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(table(results))


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
