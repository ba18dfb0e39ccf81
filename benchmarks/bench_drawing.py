"""Drawing: covers a second by one process and by one on each core, and how long 50,000 covers take.

    python benchmarks/bench_drawing.py [--covers 4000] [--save]

With --save the figures also go to data/results/drawing.json, from where they come into the data card.
"""

import argparse
import json
import os
import time

from helpers import DATA
from helpers.files import writing
from helpers.sources.synthetic import synthetic_covers


def covers_per_second(n: int, size: int, jobs: int) -> float:
    start = time.perf_counter()
    for _ in synthetic_covers(n, size, seed=4, jobs=jobs):
        pass
    return n / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=int, default=4000)
    parser.add_argument("--save", action="store_true", help="write data/results/drawing.json")
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    rows = []
    for size, n in ((32, options.covers), (64, options.covers), (256, options.covers // 10)):
        for jobs in sorted({1, cores}):
            speed = covers_per_second(n, size, jobs)
            rows.append({"size": size, "processes": jobs, "covers_per_second": round(speed)})
            print(f"{size:3} px, {jobs} processes: {speed:6.0f} covers/s, 50,000 in {50_000 / speed / 60:.1f} minutes")
    if options.save:
        with writing(DATA / "results" / "drawing.json") as partial:
            partial.write_text(json.dumps({"covers": options.covers, "cores": cores, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
