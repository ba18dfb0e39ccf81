"""Publish the averaged generator of a run in data/weights, with a card.

    python tools/publish_weights.py RUN SET NAME \
        --hours 1.5 --machine "two processor cores" --command "covergan train dcgan SET RUN --steps 60000"

SET is the CoverSet the run learnt from, made by `covergan synth` and drawn by the code as it is now: the card says
which drawing code it was, and weights that learnt from another are refused. A model trained on third-party covers is
never shipped.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.evaluation import evaluate
from helpers.fakes import fakes_of
from helpers.files import writing
from helpers.gan import load
from helpers.gan.runs import Run
from helpers.gan.weights import FOLDER, sha256
from helpers.sources.synthetic import fingerprint, synthetic_covers

COMPARED = 5000  # covers on each side, for the scores
SCORES = ("kid_lite0", "precision", "recall", "genre_accuracy", "audio_r2", "ms_ssim", "copies")
FIGURES = ("value", "se", "low", "high", "floor", "as_diverse", "as_good", "of")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("covers", metavar="SET")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--hours", type=float, required=True, help="how long the training took, and ...")
    parser.add_argument("--machine", required=True, help="... on what")
    parser.add_argument("--command", required=True, help="what was run to train it")
    options = parser.parse_args()

    try:
        publish(options)
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def publish(options) -> None:
    covers = CoverSet.open(options.covers)
    settings = Run(options.run).settings()
    require_drawn_now(covers, settings["covers"])
    gan = load(options.run)
    n = min(COMPARED, len(covers) // 2)
    fakes, told = fakes_of(Path(options.run), covers.size, n, seed=1)
    scores = evaluate(fakes, covers, n=n, **told)
    figures = {
        name: {figure: scores[name][figure] for figure in FIGURES if figure in scores[name]}
        for name in SCORES
        if name in scores
    }
    if "audio" in scores:
        figures["audio"] = {
            name: {key: each[key] for key in ("value", "floor")} for name, each in scores["audio"].items()
        }
    card = settings | {
        "steps": int(gan.step),
        "data": f"dSleeves, covers 0 to {len(covers) - 1:,} of seed {seed_of(covers)} at {covers.size} px",
        "fingerprint": fingerprint(),
        "command": options.command,
        "hours": options.hours,
        "machine": options.machine,
        "scores_against": "covers it learnt from",
        "scores": figures | {"n_fake": scores["n_fake"]},
        "licence": "CC0-1.0",
    }
    with writing(FOLDER / f"{options.name}.weights.h5") as partial:
        gan.ema_generator.save_weights(partial)
    card["sha256"] = sha256(FOLDER / f"{options.name}.weights.h5")
    with writing(FOLDER / f"{options.name}.json") as partial:
        partial.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def seed_of(covers: CoverSet) -> int:
    return int(covers.table["source_id"].iloc[0].partition("-")[0])


def require_drawn_now(covers: CoverSet, wanted: str) -> None:
    """Raise a CourseError unless the covers are those of the run and what the code draws today."""
    if covers.hash != wanted:
        raise CourseError(f"The run did not learn from {covers.path}; pass the set it was made with.")
    seed = seed_of(covers)
    wanted_ids = [f"{seed}-{index}" for index in range(len(covers))]
    if set(covers.table["source"]) != {"synthetic"} or list(covers.table["source_id"]) != wanted_ids:
        raise CourseError(f"Not all covers in {covers.path} are drawn by code; such weights are never shipped.")
    drawn = np.stack([image for _, image in synthetic_covers(min(48, len(covers)), covers.size, seed)])
    if not np.array_equal(covers[:48], drawn):
        raise CourseError(f"The covers in {covers.path} were drawn by older code; draw them again, and train again.")


if __name__ == "__main__":
    sys.exit(main())
