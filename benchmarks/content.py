"""How often the detectors of text and faces are wrong about covers labelled by eye, and how fast they are.

    python benchmarks/content.py [FOLDER] [--save]

FOLDER holds the real data (default: what COVERGAN_REAL_DATA names); the files that data/labels/covers.csv describes
are found by their sha256: covers/images are small covers, originals are pictures as crawled. Size and threshold were
chosen on these labels, so each table has a second line, cross-validated: there, both were chosen anew on four fifths
of the pictures and judged on the last fifth. With --save the figures go to data/results/content.json.
"""

import argparse
import csv
import hashlib
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image
from sklearn.model_selection import StratifiedKFold

from helpers import DATA
from helpers.files import writing
from helpers.preprocess.content import BATCH, FaceDetector, TextDetector

LOWEST = 0.3  # score of the boxes that are asked for; thresholds above it are tried
THRESHOLDS = np.arange(LOWEST, 0.96, 0.05)
SIZES = {TextDetector: (256, 320, 352, 416), FaceDetector: (192, 256, 352)}
FOLDS = 5
HEADINGS = ("precision", "recall", "f1", "false_alarms", "balanced_accuracy")


def labelled_files(folder: Path) -> tuple[list[Path], list[dict[str, str]]]:
    """The files that have labels, and these, in the order of their sha256."""
    with open(DATA / "labels" / "covers.csv", newline="") as file:
        labels = {row["sha256"]: row for row in csv.DictReader(file)}
    files = {}
    for path in sorted(path for part in ("covers/images", "originals") for path in (folder / part).rglob("*.*")):
        files.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    known = sorted(labels.keys() & files.keys())
    if len(known) < len(labels):
        raise SystemExit(f"{folder} holds {len(known)} of the {len(labels)} labelled files.")
    return [files[sha256] for sha256 in known], [labels[sha256] for sha256 in known]


def best_scores(detector, images: list[Image.Image]) -> tuple[np.ndarray, float]:
    """The highest score on each image, 0 where nothing was found, and images per second."""
    detector(images[:BATCH])  # loads the network
    start, scores = time.perf_counter(), []
    for first in range(0, len(images), BATCH):
        found = detector(images[first : first + BATCH])
        scores += [max((box.score for box in boxes), default=0.0) for boxes in found]
    return np.array(scores), len(images) / (time.perf_counter() - start)


def rates(found: np.ndarray, truth: np.ndarray) -> dict:
    """What is known of a detector from what it found and what there is, both bool [N]."""
    hits, alarms, missed = int((found & truth).sum()), int((found & ~truth).sum()), int((~found & truth).sum())
    with_it, without = int(truth.sum()), int((~truth).sum())
    return {
        "with": with_it,
        "without": without,
        "missed": missed,
        "false_alarms_count": alarms,
        "precision": round(hits / max(hits + alarms, 1), 3),
        "recall": round(hits / with_it, 3),
        "f1": round(2 * hits / (2 * hits + alarms + missed), 3),
        "false_alarms": round(alarms / without, 3),
        "balanced_accuracy": round((hits / with_it + 1 - alarms / without) / 2, 3),
    }


def cross_validated(scores: dict[int, np.ndarray], truth: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """What is found on each image with size and threshold chosen on other images, by balanced accuracy: bool [N]."""
    found = np.zeros(len(truth), bool)
    strata = [f"{kind} {label}" for kind, label in zip(kinds, truth, strict=True)]
    for others, fold in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(strata, strata):
        size, threshold = max(
            ((size, threshold) for size in scores for threshold in THRESHOLDS),
            key=lambda pair: rates(scores[pair[0]][others] >= pair[1], truth[others])["balanced_accuracy"],
        )
        found[fold] = scores[size][fold] >= threshold
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=os.environ.get("COVERGAN_REAL_DATA"))
    parser.add_argument("--save", action="store_true", help="write data/results/content.json")
    options = parser.parse_args()
    if not options.folder:
        parser.error("name the folder of real data, or set COVERGAN_REAL_DATA")

    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)  # covers per second of one core
    tf.config.threading.set_inter_op_parallelism_threads(1)

    paths, labels = labelled_files(Path(options.folder))
    images = [Image.open(path).convert("RGB") for path in paths]
    kinds = np.array([path.relative_to(options.folder).parts[0] for path in paths])
    text, faces, drawn = (np.array([int(row[name]) > 0 for row in labels]) for name in ("text", "faces", "drawn_faces"))
    results = {
        "command": "python benchmarks/content.py --save",
        "machine": f"one of {os.cpu_count()} processor cores, no GPU",
        "folds": FOLDS,
        "rows": [],
    }
    for kind in (TextDetector, FaceDetector):
        detector = kind()
        scores = {}
        for size in SIZES[kind]:
            scores[size], speed = best_scores(kind(size, LOWEST), images)
            if size == detector.size:
                results[f"{detector.name}_per_second"] = round(speed, 1)
        chosen = scores[detector.size] >= detector.score
        questions = (
            {"text": text} if kind is TextDetector else {"faces": faces, "faces, photographed or drawn": faces | drawn}
        )
        for what, truth in questions.items():
            validated = cross_validated(scores, truth, kinds)
            for pictures in ("covers", "originals"):
                part = kinds == pictures
                for how, found in (("as set", chosen), ("cross-validated", validated)):
                    row = {"what": what, "pictures": pictures, "settings": how} | rates(found[part], truth[part])
                    results["rows"].append(row)
        results[f"{detector.name}_settings"] = {"size": detector.size, "score": detector.score}

    print(f"{'':58}" + "".join(f"{heading.replace('_', ' '):>19}" for heading in HEADINGS))
    for row in results["rows"]:
        name = f"{row['what']} on {row['with'] + row['without']} {row['pictures']}, {row['settings']}"
        print(f"{name:58}" + "".join(f"{row[heading]:19.3f}" for heading in HEADINGS))
    for name in ("text", "faces"):
        print(f"{name}: {results[f'{name}_per_second']} covers per second on one core")
    if options.save:
        with writing(DATA / "results" / "content.json") as partial:
            partial.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
