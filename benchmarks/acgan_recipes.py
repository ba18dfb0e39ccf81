"""How should a GAN be told the genre? Train the variants of the ACGAN equally long and measure them.

    python benchmarks/acgan_recipes.py SET --name real --about "covers of five genres" --genres rock,pop,metal

Seconds are those of the processor, spent in training alone, each run on one thread in a process of its own. Models
learn from the covers of some artists; heads and judge are measured on those of others (on other pictures, where artists
are not known), KID, precision and recall on the covers learnt from. The judge is one that no generator has tried to
please. A row for every run goes to
data/results/acgan_recipes.json as soon as it is known; rows that are there already are not made again.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import partial
from pathlib import Path

os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio.v3 as imageio
import numpy as np
from acgan_variants import RECIPES
from compare_recipes import Stopwatch

from helpers import DATA
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.files import writing
from helpers.gan.conditions import Conditions
from helpers.metrics.conditioning import Judge, fit_on, genre_scores
from helpers.metrics.distribution import evaluate
from helpers.metrics.diversity import diversity
from helpers.plots import image_grid

RESULTS = DATA / "results" / "acgan_recipes.json"
SAMPLES = 1000
PER_GENRE = 60  # covers whose pairs tell how alike a genre's are
TEST = 0.2  # share of the covers that neither the models nor the judge learn from


def parts(options) -> tuple[CoverSet, CoverSet]:
    """The covers to learn from and those to measure on."""
    covers = CoverSet.open(options.covers)
    if options.genres:
        covers = covers.select(np.isin(covers.genres, options.genres))
    return covers.split("artist", TEST, seed=0)


def by_genre(images, genres, names) -> dict:
    groups = {name: images[np.flatnonzero(genres == name)[:PER_GENRE]] for name in names}
    return {name: group for name, group in groups.items() if len(group) > 2}


def run(recipe: str, options, judge: Judge) -> dict:
    """Train one recipe; a row of scores."""
    learnt, held_out = parts(options)
    conditions = Conditions.of(learnt, genres=options.genres or None)
    gan = RECIPES[recipe].build(learnt.size, options.width, conditions, options.seed)
    used = []
    watch = Stopwatch([options.seconds / 60], lambda *_: used.append(time.process_time() - watch.start))
    gan.fit(learnt, 10**7, options.batch_size, seed=options.seed, callbacks=[watch], verbose=0)

    fakes, labels = gan.generate(SAMPLES, seed=1), gan.labels(SAMPLES, seed=1)
    rows = np.concatenate([gan.generate(12, seed=2, genre=name) for name in gan.genres])
    imageio.imwrite(options.out / f"{options.name}_{recipe}.png", image_grid(rows, columns=12, scale=2))
    scores = evaluate(fakes, learnt, n=SAMPLES)
    reals, real_genres = held_out[:], held_out.genres
    own = recipe != "projection"  # whose head was never trained to name genres
    alike = diversity(by_genre(fakes, labels, gan.genres), by_genre(reals, real_genres, gan.genres))
    return {
        "set": options.name,
        "recipe": recipe,
        "seed": options.seed,
        "steps": int(gan.step),
        "cpu_seconds": round(used[0], 1),
        **{name: scores[name]["value"] for name in ("kid_lite0", "precision", "recall")},
        "judge_fakes": genre_scores(judge.probabilities(fakes), labels, judge.genres)["accuracy"],
        "head_fakes": genre_scores(gan.classify(fakes), labels, gan.genres)["accuracy"] if own else None,
        "head_reals": genre_scores(gan.classify(reals), real_genres, gan.genres)["accuracy"] if own else None,
        "ms_ssim": alike["value"],
        "as_diverse": alike["as_diverse"],
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
    learnt, held_out = parts(options)
    settings = {"learnt": len(learnt), "held_out": len(held_out), "hash": learnt.hash, "size": learnt.size}
    settings |= {name: getattr(options, name) for name in ("about", "genres", "batch_size", "width", "seconds")}
    settings["command"] = f"python benchmarks/acgan_recipes.py SET --name {options.name} --about {options.about!r}"
    settings["command"] += f" --genres {','.join(options.genres)}" if options.genres else ""
    for name in ("seconds", "batch_size", "width", "seed"):
        settings["command"] += f" --{name.replace('_', '-')} {getattr(options, name):g}"
    results = read()
    known = results["sets"].get(options.name, settings)
    if any(known[name] != value for name, value in settings.items()):
        sys.exit(f"{RESULTS} holds other runs called {options.name!r}; use another --name.")
    judge, _ = fit_on(learnt)
    reals = genre_scores(judge.probabilities(held_out[:]), held_out.genres, judge.genres)
    print(f"judge on held-out covers: {reals['accuracy']:.3f}", flush=True)
    done = {(row["recipe"], row["seed"]) for row in results["rows"] if row["set"] == options.name}
    missing = [recipe for recipe in options.recipes if (recipe, options.seed) not in done]
    options.out.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=1) as pool:
        for row in pool.imap_unordered(partial(run, options=options, judge=judge), missing, chunksize=1):
            results = read()  # runs on another set may have added to it meanwhile
            results["sets"].setdefault(options.name, settings)["judge_reals"] = reals["accuracy"]
            results["rows"].append(row)
            write(results)
            print(json.dumps(row), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="SET", help="a CoverSet")
    parser.add_argument("--name", default="drawn", help="what the rows call the set")
    parser.add_argument("--about", default="", help="what the covers are, for the caption")
    parser.add_argument("--genres", type=lambda text: text.split(","), help="only these, like rock,pop")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--out", type=Path, default=Path("work/acgan_recipes"), help="folder for grids of samples")
    compare(parser.parse_args())


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
