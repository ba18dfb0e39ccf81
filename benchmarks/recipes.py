"""What does each part of the recipe bring? Train the variants of the default DCGAN equally long and measure them.

    python benchmarks/recipes.py SET --name real --seconds 120 --seeds 0 1 2 --jobs 2
    python benchmarks/recipes.py SET --name stable --recipes historical default wgan wgan_gp logan relativistic
    python benchmarks/recipes.py --summary

Seconds are those of the processor, spent in training alone, each run on one thread in a process of its own. A row for
every run goes to data/results/recipes.json as soon as it is known; rows that are there already are not made again, so
the command can be interrupted and repeated. "no_ema" is the default once more, sampled from the generator itself
instead of its average. The recipes are in `variants.py`.

A run counts as collapsed if its recall is 0: not one of the real covers lies among its fakes.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from functools import partial
from pathlib import Path

# TensorFlow and NumPy read these when they are imported, in every process anew.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio.v3 as imageio
from compare_recipes import Stopwatch
from variants import RECIPES

from helpers import DATA
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.files import writing
from helpers.metrics.distribution import evaluate
from helpers.plots import image_grid

RESULTS = DATA / "results" / "recipes.json"
SAMPLES = 1000
SCORES = ("kid_lite0", "precision", "recall")


def run(recipe_and_seed, options) -> list[dict]:
    """Train one recipe with one seed; a row of scores, and for the default a second one without averaging."""
    recipe, seed = recipe_and_seed
    covers = CoverSet.open(options.covers)
    gan = RECIPES[recipe].build(covers.size, options.width, seed)
    used = []
    watch = Stopwatch([options.seconds / 60], lambda *_: used.append(time.process_time() - watch.start))
    gan.fit(covers, 10**7, options.batch_size, seed=seed, callbacks=[watch], verbose=0)

    def row(name):
        fakes = gan.generate(SAMPLES, seed=seed)
        scores = evaluate(fakes, covers, n=SAMPLES)
        imageio.imwrite(options.out / f"{options.name}_{name}_{seed}.png", image_grid(fakes[:96], columns=12, scale=2))
        return {
            "set": options.name,
            "size": covers.size,
            "recipe": name,
            "seed": seed,
            "steps": int(gan.step),
            "cpu_seconds": round(used[0], 1),
            "ms_per_step": round(1000 * used[0] / int(gan.step), 1),
            **{score: scores[score]["value"] for score in SCORES},
            "n": scores["n_fake"],
        }

    rows = [row(recipe)]
    if recipe == "default":
        gan.ema_generator.set_weights(gan.generator.get_weights())
        rows.append(row("no_ema"))
    return rows


def read() -> dict:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {"sets": {}, "rows": []}


def write(results: dict) -> None:
    results["rows"].sort(key=lambda row: (row["set"], row["recipe"], row["seed"]))
    with writing(RESULTS) as partial_path:
        partial_path.write_text(json.dumps(results, indent=1) + "\n")


def compare(options) -> None:
    """Make the runs that are missing, several at a time, and write each down when it ends."""
    covers = CoverSet.open(options.covers)
    settings = {"covers": len(covers), "hash": covers.hash, "size": covers.size, "cpu_count": os.cpu_count()}
    settings |= {name: getattr(options, name) for name in ("about", "batch_size", "width", "seconds")}
    results = read()
    if options.name not in results["sets"]:
        scores = evaluate(covers[:SAMPLES], covers, n=SAMPLES)  # floors are the same whatever the fakes
        results["sets"][options.name] = settings | {"floor": {score: scores[score]["floor"] for score in SCORES}}
        write(results)
    known = results["sets"][options.name]
    if changed := [name for name in settings if known[name] != settings[name]]:
        sys.exit(f"{RESULTS} holds runs called {options.name!r} with another {changed[0]}; use another --name.")
    command = f"python benchmarks/recipes.py SET --name {options.name} --about {options.about!r}"
    for name in ("seconds", "batch_size", "width"):
        command += f" --{name.replace('_', '-')} {getattr(options, name):g}"
    # What makes all the rows that there are, not only those of this call.
    rows = [row for row in results["rows"] if row["set"] == options.name]
    seeds = sorted({*options.seeds, *(row["seed"] for row in rows)})
    recipes = [name for name in RECIPES if name in {*options.recipes, *(row["recipe"] for row in rows)}]
    command += f" --seeds {' '.join(map(str, seeds))} --recipes {' '.join(recipes)}"
    known["command"] = command
    write(results)
    done = {(row["recipe"], row["seed"]) for row in rows}
    # Seed by seed, so that an interrupted comparison is still a fair one.
    missing = [pair for seed in options.seeds for recipe in options.recipes if (pair := (recipe, seed)) not in done]
    options.out.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=1) as pool:
        for rows in pool.imap_unordered(partial(run, options=options), missing, chunksize=1):
            results = read()  # runs on another set may have added to it meanwhile
            results["rows"] += rows
            write(results)
            print(json.dumps(rows), flush=True)


def summary(results: dict) -> str:
    """A Markdown table per set: mean and standard deviation over seeds, and the mean difference from the default.

    The difference is taken seed by seed, and its standard deviation too.
    """
    lines = []
    for name, settings in results["sets"].items():
        scores = {}  # recipe -> seed -> row
        for row in (row for row in results["rows"] if row["set"] == name):
            scores.setdefault(row["recipe"], {})[row["seed"]] = row
        lines += [f"**{name}**: {settings['covers']:,} covers of {settings['size']} px, {settings['seconds']:g} s", ""]
        titles = ["recipe", "seeds", "steps", "KID-lite0", "against default"]
        titles += ["precision", "recall", "against default", "collapsed"]
        lines += [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
        for recipe, rows in sorted(scores.items(), key=lambda item: mean(row["kid_lite0"] for row in item[1].values())):
            default = scores.get("default", {})
            pairs = [(row, default[seed]) for seed, row in rows.items() if seed in default]
            values = {key: spread([row[key] for row in rows.values()]) for key in SCORES}
            changes = {key: spread([row[key] - base[key] for row, base in pairs], "+") for key in SCORES}
            cells = [recipe, len(rows), f"{mean(row['steps'] for row in rows.values()):,.0f}", values["kid_lite0"]]
            cells += [changes["kid_lite0"], values["precision"], values["recall"], changes["recall"]]
            cells.append(sum(row["recall"] == 0 for row in rows.values()))
            lines.append(f"| {' | '.join(map(str, cells))} |")
        cells = [f"{settings['floor'][key]:.3f}" for key in SCORES]
        lines += [f"| real covers | | | {cells[0]} | | {cells[1]} | {cells[2]} | | |", ""]
    return "\n".join(lines)


def mean(values) -> float:
    return statistics.fmean(values)


def spread(values: list[float], sign: str = "") -> str:
    if not values:
        return ""
    return f"{mean(values):{sign}.3f}" + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="SET", nargs="?", help="a CoverSet")
    parser.add_argument("--name", default="synthetic", help="what the rows call the set")
    parser.add_argument("--about", default="", help="what the covers are, for the caption")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--out", type=Path, default=Path("work/recipes"), help="folder for grids of samples")
    parser.add_argument("--summary", action="store_true", help="print tables of what is known, and train nothing")
    options = parser.parse_args()
    if options.summary:
        print(summary(read()))
    elif options.covers:
        compare(options)
    else:
        parser.error("name a SET to train on, or ask for the --summary")


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
