"""Draw docs/gallery.png, the README's picture: synthetic covers above, covers of the shipped DCGAN below."""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import imageio.v3 as imageio
import numpy as np

from helpers.gan import weights
from helpers.plots import image_grid
from helpers.sources.synthetic import synthetic_covers

COLUMNS, ROWS = 14, 3


def main():
    count = COLUMNS * ROWS
    covers = np.stack([cover for _, cover in synthetic_covers(count, 64, seed=2)])
    gan, _ = weights.load("dcgan_dsleeves_64")
    drawn = gan.generate(count, seed=2)
    path = Path(__file__).resolve().parents[1] / "docs" / "gallery.png"
    path.parent.mkdir(exist_ok=True)
    imageio.imwrite(path, np.concatenate([image_grid(covers, COLUMNS, pad=3), image_grid(drawn, COLUMNS, pad=3)]))
    print(path)


if __name__ == "__main__":
    main()
