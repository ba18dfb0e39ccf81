"""Which score finds the non-covers of a real crawl? Shape, distance to other covers, made non-covers, hand labels.

    python benchmarks/curate.py [FOLDER] [--save]

FOLDER holds the real data (default: what COVERGAN_REAL_DATA names): originals/kpop is the crawl whose files
data/labels/crawl.csv describes, and covers/images are other covers. Files labelled "altered" and second copies are left
out. Everything is repeated with several seeds; where labels are used, no picture is scored by a model that saw its own,
and the row "20 marked" counts only what was not marked.
With --save the means go to data/results/curate.json.
"""

import argparse
import csv
import hashlib
import json
import math
import os
import random
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image, ImageOps
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from helpers import DATA
from helpers.curate import FOLDS, MADE, NEAR_SQUARE, CoverScore, make_non_covers, rank
from helpers.files import writing
from helpers.metrics.features import extract
from helpers.sources.synthetic import synthetic_covers

SIZE = 128
SEEDS = range(5)
OTHERS = 2000  # covers of another collection
MARKED = 20  # non-covers that a person has marked already
NEIGHBOURS = 5
SHARES = (0.1, 0.2, 0.3)  # of the crawl that a person looks at


def square(path: Path) -> tuple[np.ndarray, float]:
    """The middle of a picture, uint8 [SIZE, SIZE, 3], and width/height of the whole."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file).convert("RGB")
    return np.asarray(ImageOps.fit(image, (SIZE, SIZE), Image.Resampling.LANCZOS)), image.width / image.height


def read_crawl(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images [N, S, S, 3], aspects [N] and kinds [N] of the labelled files, in the order of their sha256."""
    with open(DATA / "labels" / "crawl.csv", newline="") as file:
        kinds = {row["sha256"]: row["kind"] for row in csv.DictReader(file) if row["kind"] != "altered"}
    files = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in folder.iterdir() if path.is_file()}
    known = sorted(kinds.keys() & files.keys())
    if len(known) < len(kinds):
        raise SystemExit(f"{folder} holds {len(known)} of the {len(kinds)} labelled files.")
    images, aspects = zip(*(square(files[sha256]) for sha256 in known), strict=True)
    return np.stack(images), np.array(aspects), np.array([kinds[sha256] for sha256 in known])


def nearest(features: np.ndarray, covers: np.ndarray) -> np.ndarray:
    """Mean cosine between each picture and the `NEIGHBOURS` covers most like it: [N]."""
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (features, covers)]
    return np.sort(unit[0] @ unit[1].T, axis=1)[:, -NEIGHBOURS:].mean(1)


def with_labels(features: np.ndarray, is_cover: np.ndarray, made: np.ndarray, seed: int) -> np.ndarray:
    """Scores by cross-validation on labelled pictures and `made` non-covers (features [M, 1280], M may be 0): [N]."""
    scores = np.empty(len(features))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, is_cover):
        covers, others = (features[train][is_cover[train] == truth] for truth in (True, False))
        scores[test] = CoverScore._from_features(covers, np.concatenate([others, made]))._of_features(features[test])
    return scores


def measure(scores: np.ndarray, aspects: np.ndarray, kinds: np.ndarray) -> dict:
    """How well scores, alone and with the shape before them, put non-covers first."""
    non_cover, stretch = kinds != "cover", np.abs(np.log(aspects))
    oblong = stretch > math.log(NEAR_SQUARE)
    result = {"auc": roc_auc_score(~non_cover, scores)}
    result["found"] = found(np.argsort(scores, kind="stable"), non_cover)
    places = np.empty(len(scores))
    order = np.lexsort((scores, -np.where(oblong, stretch, 0)))
    places[order] = range(len(order))
    result["shape_first_auc"] = roc_auc_score(~non_cover, places)
    result["shape_first_found"] = found(order, non_cover)
    result["square_auc"] = roc_auc_score(~non_cover[~oblong], scores[~oblong])
    result["square_found"] = found(np.argsort(scores[~oblong], kind="stable"), non_cover[~oblong])
    return result


def found(order: np.ndarray, non_cover: np.ndarray) -> list[float]:
    """Share of the non-covers among the first 10, 20 and 30 % of an order."""
    return [float(non_cover[order[: round(share * len(order))]].sum() / non_cover.sum()) for share in SHARES]


def variants(seed: int, images, features, aspects, kinds, others, other_features, drawn) -> dict[str, dict]:
    """Each way to score the crawl -> what `measure` says of it."""
    is_cover, nothing = kinds == "cover", np.empty((0, features.shape[1]), np.float32)
    made = extract(make_non_covers(images, MADE, seed))
    fitted_on_others = CoverScore._from_features(other_features, extract(make_non_covers(others, MADE, seed)))
    fitted_on_drawn = CoverScore.fit(drawn, make_non_covers(drawn, MADE, seed))
    scores = {
        "chance": np.random.default_rng(seed).random(len(features)),
        "shape alone": -np.abs(np.log(aspects)),
        "nearest other covers": nearest(features, other_features),
        "made non-covers, drawn covers": fitted_on_drawn._of_features(features),
        "made non-covers, other covers": fitted_on_others._of_features(features),
        "made non-covers, this crawl": rank(images, aspects, seed)[1],
        "all labels": with_labels(features, is_cover, nothing, seed),
        "all labels, made non-covers": with_labels(features, is_cover, made, seed),
    }
    rows = {name: measure(values, aspects, kinds) for name, values in scores.items()}
    # Of a few marked non-covers the rest of the crawl is judged, which counts as covers as long as nobody has looked.
    marked = np.zeros(len(kinds), bool)
    marked[np.random.default_rng(seed).choice(np.flatnonzero(~is_cover), MARKED, replace=False)] = True
    known = np.concatenate([np.repeat(features[marked], MADE // len(kinds), axis=0), made])
    rest = ~marked
    fold = np.random.default_rng(seed).permutation(rest.sum()) % FOLDS
    values = np.empty(rest.sum())
    for k in range(FOLDS):
        judge = CoverScore._from_features(features[rest][fold != k], known)
        values[fold == k] = judge._of_features(features[rest][fold == k])
    rows[f"{MARKED} marked, made non-covers"] = measure(values, aspects[rest], kinds[rest])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("COVERGAN_REAL_DATA"))
    parser.add_argument("--save", action="store_true", help="write data/results/curate.json")
    options = parser.parse_args()
    if not options.folder:
        parser.error("name the folder of real covers, or set COVERGAN_REAL_DATA")
    images, aspects, kinds = read_crawl(Path(options.folder) / "originals" / "kpop")
    paths = sorted((Path(options.folder) / "covers" / "images").rglob("*.jpg"))
    others = np.stack([square(path)[0] for path in random.Random(0).sample(paths, OTHERS)])
    drawn = np.stack([image for _, image in synthetic_covers(OTHERS, SIZE, seed=0)])
    inputs = (images, extract(images), aspects, kinds, others, extract(others), drawn)
    runs = []
    for seed in SEEDS:
        runs.append(variants(seed, *inputs))
        print(f"seed {seed} done", flush=True)

    rows = []
    for name in runs[0]:
        row = {"score": name}
        for key in runs[0][name]:
            row[key] = np.round(np.mean([run[name][key] for run in runs], axis=0), 3).tolist()
        row["square_auc_of_seeds"] = [round(run[name]["square_auc"], 3) for run in runs]
        rows.append(row)
    oblong = np.abs(np.log(aspects)) > math.log(NEAR_SQUARE)
    result = {
        "command": "python benchmarks/curate.py --save",
        "hardware": "two processor cores, no GPU",
        "pictures": len(kinds),
        "non_covers": int((kinds != "cover").sum()),
        "square_pictures": int((~oblong).sum()),
        "square_non_covers": int((kinds != "cover")[~oblong].sum()),
        "shares_looked_at": SHARES,
        "seeds": len(SEEDS),
        "rows": rows,
    }
    print(f"{result['non_covers']} non-covers among {len(kinds)} pictures; ", end="")
    print(f"{result['square_non_covers']} among the {result['square_pictures']} square ones.")
    print("AUC, and share of the non-covers in the lowest 10 % of the scores: alone, shape first, square pictures only")
    for row in rows:
        numbers = (row[prefix + key] for prefix in ("", "shape_first_", "square_") for key in ("auc", "found"))
        print(f"{row['score']:32}", *(f"{n[0] if isinstance(n, list) else n:6.3f}" for n in numbers))
    if options.save:
        with writing(DATA / "results" / "curate.json") as partial:
            partial.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
