"""Train the historical and the default DCGAN for the same processor time and measure both.

    python benchmarks/compare_recipes.py SET OUT --minutes 10 30 --about "32 px, 9,663 covers of 12 genres"

Minutes are those of the processor, summed over its cores, spent in training alone. OUT gets a grid of samples and
2,000 generated covers for every recipe and time; the scores go to data/results/dcgan_recipes.json.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio.v3 as imageio
import keras
import numpy as np

from helpers import DATA
from helpers.covers import CoverSet
from helpers.gan import dcgan
from helpers.metrics.distribution import evaluate
from helpers.plots import image_grid
from helpers.runtime import PROFILES

SAMPLES = 2000
SCORES = ("kid_lite0", "precision", "recall")


class Stopwatch(keras.callbacks.Callback):
    """Calls `at_mark(minutes, model)` whenever training has used so many processor minutes, and stops at the last."""

    def __init__(self, marks, at_mark):
        super().__init__()
        self.marks, self.at_mark, self.used = sorted(marks), at_mark, 0.0

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1:  # the first step is not counted: it traces the graph
            self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        if batch and time.process_time() - self.start >= 60 * self.marks[0]:
            stopped = time.process_time()
            self.at_mark(self.marks.pop(0), self.model)
            self.start += time.process_time() - stopped
            self.model.stop_training = not self.marks


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="SET")
    parser.add_argument("out", metavar="OUT", type=Path)
    parser.add_argument("--recipe", choices=dcgan.RECIPES, help="only this one; the other's rows stay as they are")
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 30])
    parser.add_argument("--about", default="", help="what the covers are, for the caption")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    covers = CoverSet.open(options.covers)
    options.out.mkdir(parents=True, exist_ok=True)
    recipes = [options.recipe] if options.recipe else dcgan.RECIPES
    rows, scores = [], {}
    for recipe in recipes:
        chosen = dcgan.defaults(recipe, PROFILES["cpu"])
        gan = dcgan.build(recipe, covers.size, chosen["width"], seed=options.seed)

        def measure(minutes, model, recipe=recipe, chosen=chosen):
            fakes = model.generate(SAMPLES, seed=options.seed)
            name = f"{recipe}_{minutes:g}min"
            imageio.imwrite(options.out / f"{name}.png", image_grid(fakes[:96], columns=12, scale=2))
            np.save(options.out / f"{name}.npy", fakes)
            scores.update(evaluate(fakes, covers, n=SAMPLES))
            row = chosen | {"recipe": recipe, "cpu_minutes": minutes, "steps": int(model.step)}
            rows.append(row | {key: scores[key] for key in SCORES})
            print(json.dumps(rows[-1]), flush=True)

        watch = Stopwatch(options.minutes, measure)
        gan.fit(covers, 10**7, chosen["batch_size"], seed=options.seed, callbacks=[watch], verbose=0)
    about = f"{options.about} Seed {options.seed}, {os.cpu_count()} processor cores; minutes are summed over the cores."
    path = DATA / "results" / "dcgan_recipes.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text())["rows"] if path.exists() else []
    rows = sorted([row for row in kept if row["recipe"] not in recipes] + rows, key=lambda row: row["recipe"])
    results = {"rows": rows, "floor": {key: scores[key]["floor"] for key in SCORES}, "about": about.strip()}
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
