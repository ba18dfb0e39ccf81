"""Does a GAN draw the genre it is asked for? As Hepburn et al. (2017) asked it: by its own head and by a judge.

    python benchmarks/genre_tags.py SET RUN --name five --genres rock,pop,metal,country,hiphop --steps 20000

Trains an ACGAN in RUN, or goes on with it, on the covers of four fifths of the artists (of the pictures, where artists
are not known), and asks the discriminator's head, and a judge trained on the same covers, about fakes and about the
covers that are left. A row per name goes to data/results/genre_tags.json, with the paper's figures beside it.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio.v3 as imageio
import numpy as np

from helpers import DATA
from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.files import writing
from helpers.gan import acgan
from helpers.gan.conditions import Conditions
from helpers.metrics.conditioning import fit_on, genre_scores
from helpers.metrics.distribution import evaluate
from helpers.plots import image_grid

RESULTS = DATA / "results" / "genre_tags.json"
FAKES = 2000
TEST = 0.2
# "Album Cover Generation from Genre Tags", section 4: 64 px, 50,000 covers of jazz, dance, rock, rap and metal.
PAPER = {"genres": 5, "head_fakes": 0.35, "head_reals": 0.47, "judge_reals": 0.59}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="SET", help="a CoverSet")
    parser.add_argument("run", metavar="RUN", type=Path, help="the run's folder")
    parser.add_argument("--name", required=True, help="what the row is called")
    parser.add_argument("--about", default="", help="what the covers are, for the caption")
    parser.add_argument("--genres", type=lambda text: text.split(","), help="only these, like rock,pop")
    parser.add_argument("--recipe", choices=acgan.RECIPES, default="default")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    options = parser.parse_args()

    covers = CoverSet.open(options.covers)
    if options.genres:
        covers = covers.select(np.isin(covers.genres, options.genres))
    learnt, held_out = covers.split("artist", TEST, seed=0)
    conditions = Conditions.of(learnt, genres=options.genres)
    gan = acgan.build(options.recipe, covers.size, options.width, 0, conditions.settings)
    used = time.process_time()
    gan.fit(learnt, options.steps, options.batch_size, run=options.run)
    used = time.process_time() - used
    print(f"{int(gan.step):,} steps in all, and {used / 60:.1f} processor minutes now", flush=True)

    fakes, labels = gan.generate(FAKES, seed=1), gan.labels(FAKES, seed=1)
    rows = np.concatenate([gan.generate(12, seed=2, genre=name) for name in gan.genres])
    imageio.imwrite(options.run / "genres.png", image_grid(rows, columns=12, scale=2))
    judge, _ = fit_on(learnt)
    reals, real_genres = held_out[:], held_out.genres
    scores = evaluate(fakes, learnt, n=min(FAKES, len(learnt) // 2))
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"paper": PAPER, "rows": {}}
    kept["rows"][options.name] = {
        "about": options.about,
        "genres": list(gan.genres),
        "covers": {"learnt": len(learnt), "held_out": len(held_out), "size": covers.size},
        "recipe": options.recipe,
        "steps": int(gan.step),
        "batch_size": options.batch_size,
        "width": options.width,
        "head_fakes": genre_scores(gan.classify(fakes), labels, gan.genres),
        "head_reals": genre_scores(gan.classify(reals), real_genres, gan.genres),
        "judge_fakes": genre_scores(judge.probabilities(fakes), labels, judge.genres),
        "judge_reals": genre_scores(judge.probabilities(reals), real_genres, judge.genres),
        "scores": {name: value for name, value in scores.items() if isinstance(value, dict)},
        "n": scores["n_fake"],
    }
    with writing(RESULTS) as partial:
        partial.write_text(json.dumps(kept, indent=1) + "\n")
    for name in ("head_fakes", "head_reals", "judge_fakes", "judge_reals"):
        print(f"{name:12s} {kept['rows'][options.name][name]['accuracy']:.3f}")


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(str(error))
