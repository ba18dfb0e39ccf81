"""How long does a whole evaluation take, and how much memory?

    python benchmarks/bench_evaluate.py --n 10000

Draws 2 n covers and n others in the place of fakes, and evaluates them as `covergan evaluate` does. Prints seconds for
each part and the most memory that was in use; nothing is asserted.
"""

import argparse
import os
import resource
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from helpers.covers import CoverSet
from helpers.evaluation import evaluate
from helpers.sources.synthetic import synthetic_covers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500, help="covers on each side")
    parser.add_argument("--size", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drawn = synthetic_covers(3 * options.n, options.size, seed=0)
        covers = CoverSet.build(drawn, os.path.join(folder, "set"), options.size, merge=False)
        part = np.arange(len(covers)) % 3 == 0
        fakes, reals = covers.select(part), covers.select(~part)
        parts, start = {}, time.perf_counter()

        def progress(name, done, total):
            parts[name] = time.perf_counter() - start

        evaluate(fakes[:], reals, fakes.genres, n=options.n, progress=progress)
        total = time.perf_counter() - start
    for name, seconds in parts.items():
        print(f"{name:32s} done after {seconds:7.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.n:,} against {options.n:,} covers of {options.size} px: {total:.1f} s, at most {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
