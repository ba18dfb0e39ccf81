"""Publish the averaged generator of a run in data/weights, with a card.

    python tools/publish_weights.py RUN NAME --about "what it was trained on"

Only for runs on covers drawn by code: a model trained on third-party covers is never shipped.
"""

import argparse
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from helpers.files import writing
from helpers.gan import load
from helpers.gan.runs import Run
from helpers.gan.weights import FOLDER


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--about", required=True, help="the covers it was trained on, for the card")
    options = parser.parse_args()

    gan = load(options.run)
    card = Run(options.run).settings() | {"steps": int(gan.step), "about": options.about, "licence": "CC0-1.0"}
    with writing(FOLDER / f"{options.name}.weights.h5") as partial:
        gan.ema_generator.save_weights(partial)
    with writing(FOLDER / f"{options.name}.json") as partial:
        partial.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
