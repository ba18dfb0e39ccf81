"""Does one forward pass for both networks cost quality? Take equally many steps of both kinds and measure.

    python benchmarks/compare_steps.py SET --steps 5000 --seeds 2 --about "dSleeves, 6,096 covers of 32 px"

The textbook updates the discriminator, draws fakes again and updates the generator against the new discriminator; ours
computes both losses from one pass. Scores go to data/results/one_forward_pass.json.
"""

import argparse
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from bench_train_step import textbook_step

from helpers import DATA
from helpers.covers import CoverSet
from helpers.gan import dcgan
from helpers.metrics.distribution import evaluate

SAMPLES = 2000
SCORES = ("kid_lite0", "precision", "recall")


class TwoPasses(dcgan.DCGAN):
    """A DCGAN that plays by the textbook."""

    def gan_step(self, batch):
        textbook_step(self)(batch)
        self.step.assign_add(1)
        self._update_average()
        return {metric.name: metric.result() for metric in self.metrics}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("covers", metavar="SET", type=Path)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--about", default="")
    options = parser.parse_args()

    covers = CoverSet.open(options.covers)
    rows = []
    for seed in range(options.seeds):
        for name in ("one pass", "two passes"):
            gan = dcgan.build("default", covers.size, seed=seed)
            if name == "two passes":
                gan.__class__ = TwoPasses  # the same networks, optimizers and first weights; only the step differs
            gan.fit(covers, options.steps, seed=seed, verbose=0)
            scores = evaluate(gan.generate(SAMPLES, seed=seed), covers, n=SAMPLES)
            rows.append({"step": name, "seed": seed} | {key: scores[key] for key in SCORES})
            print(json.dumps(rows[-1]), flush=True)
    results = {"rows": rows, "steps": options.steps, "about": options.about}
    path = DATA / "results" / "one_forward_pass.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
