"""How should a GAN be told what a song sounds like? Train the variants of the audio GAN equally long and measure them.

    python benchmarks/audio_recipes.py SET --name drawn --about "dSleeves, the first 8,192 covers of seed 0"

Seconds are those of the processor, spent in training alone, each run on one thread in a process of its own. The
features asked for are read off the fakes by a regressor that no generator has tried to please, and R² is set against
that of real covers by other artists than those it has learnt from. KID, precision and recall are measured on the
covers learnt from. A row for every run goes to data/results/audio_recipes.json as soon as it is known; rows that are
there already are not made again.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import partial
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio.v3 as imageio
import numpy as np
from audio_variants import RECIPES
from compare_recipes import Stopwatch

from helpers import DATA
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.files import writing
from helpers.gan.audio_features import AudioFeatures
from helpers.metrics import regression
from helpers.metrics.distribution import evaluate
from helpers.plots import image_grid

RESULTS = DATA / "results" / "audio_recipes.json"
SAMPLES = 1000
ENERGIES = (0.05, 0.35, 0.65, 0.95)


def run(recipe: str, options, regressor: regression.Regressor, reals: dict) -> dict:
    """Train one recipe; a row of scores."""
    covers = CoverSet.open(options.covers)
    gan = RECIPES[recipe].build(covers.size, options.width, AudioFeatures.of(covers, regressor.names), options.seed)
    used = []
    watch = Stopwatch([options.seconds / 60], lambda *_: used.append(time.process_time() - watch.start))
    gan.fit(covers, 10**7, options.batch_size, seed=options.seed, callbacks=[watch], verbose=0)

    fakes, asked = gan.generate(SAMPLES, seed=1), gan.labels(SAMPLES, seed=1)
    rows = np.concatenate([gan.generate(12, seed=2, energy=energy) for energy in ENERGIES])
    imageio.imwrite(options.out / f"{options.name}_{recipe}.png", image_grid(rows, columns=12, scale=2))
    scores = evaluate(fakes, covers, n=SAMPLES)
    r2 = regression.r2_scores(regressor.predict(fakes), asked, regressor.names)
    return {
        "set": options.name,
        "recipe": recipe,
        "seed": options.seed,
        "steps": int(gan.step),
        "cpu_seconds": round(used[0], 1),
        **{name: scores[name]["value"] for name in ("kid_lite0", "precision", "recall")},
        "as_good": regression.as_good(r2, reals)["count"],
        "r2": {name: round(score["value"], 3) for name, score in r2.items()},
        "n": SAMPLES,
    }


def read() -> dict:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {"sets": {}, "rows": []}


def write(results: dict) -> None:
    results["rows"].sort(key=lambda row: (row["set"], list(RECIPES).index(row["recipe"]), row["seed"]))
    with writing(RESULTS) as partial_path:
        partial_path.write_text(json.dumps(results, indent=1) + "\n")


def compare(options) -> None:
    """Make the runs that are missing, several at a time, and write each down when it ends."""
    covers = CoverSet.open(options.covers)
    settings = {"covers": len(covers), "hash": covers.hash, "size": covers.size}
    settings |= {name: getattr(options, name) for name in ("about", "batch_size", "width", "seconds")}
    settings["command"] = f"python benchmarks/audio_recipes.py SET --name {options.name} --about {options.about!r}"
    for name in ("seconds", "batch_size", "width", "seed"):
        settings["command"] += f" --{name.replace('_', '-')} {getattr(options, name):g}"
    results = read()
    known = results["sets"].get(options.name, settings)
    if any(known[name] != value for name, value in settings.items()):
        sys.exit(f"{RESULTS} holds other runs called {options.name!r}; use another --name.")
    regressor, held_out = regression.fit_on(covers)
    truth = held_out.table[list(regressor.names)].to_numpy(float)
    reals = regression.r2_scores(regressor.predict(held_out[:]), truth, regressor.names)
    settings["r2_reals"] = {name: round(score["value"], 3) for name, score in reals.items()}
    print(json.dumps(settings["r2_reals"]), flush=True)
    done = {(row["recipe"], row["seed"]) for row in results["rows"] if row["set"] == options.name}
    missing = [recipe for recipe in options.recipes if (recipe, options.seed) not in done]
    options.out.mkdir(parents=True, exist_ok=True)
    job = partial(run, options=options, regressor=regressor, reals=reals)
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=1) as pool:
        for row in pool.imap_unordered(job, missing, chunksize=1):
            results = read()  # runs on another set may have added to it meanwhile
            results["sets"].setdefault(options.name, settings)
            results["rows"].append(row)
            write(results)
            print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="SET", help="a CoverSet whose covers have audio features")
    parser.add_argument("--name", default="drawn", help="what the rows call the set")
    parser.add_argument("--about", default="", help="what the covers are, for the caption")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--out", type=Path, default=Path("work/audio_recipes"), help="folder for grids of samples")
    compare(parser.parse_args())


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
