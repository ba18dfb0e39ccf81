"""Whose albums sell best: count a chart by the kind of group, for notebook 03.

    python benchmarks/kpop_groups.py CHART.csv [--save]

The table needs the columns year and group; the counts are kept, the table is not.
"""

import argparse
import json
from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).parents[1] / "data" / "results" / "kpop_groups.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("chart", type=Path)
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    chart = pd.read_csv(arguments.chart)
    counts = pd.crosstab(chart["year"], chart["group"])
    print(counts.to_string(), f"\n{len(chart)} albums")
    if arguments.save:
        result = {
            "what": "albums near the top of the South Korean year-end album charts, 2010 to 2019, by kind of group",
            "command": "python benchmarks/kpop_groups.py CHART.csv --save",
            "albums": len(chart),
            "years": {str(year): {group: int(n) for group, n in row.items()} for year, row in counts.iterrows()},
        }
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
