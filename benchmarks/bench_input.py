"""Input: batches from a CoverSet against opening and decoding the JPEGs at every step, as a loop over files does.

    python benchmarks/bench_input.py [--covers 2000] [--size 64] [--batch-size 64]

The files are synthetic covers saved as 512 px JPEGs, about what a crawl gives. The share of a training step is that
of the DCGAN in bench_train_step.py, timed in the same run.
"""

import argparse
import os
import tempfile
import time
from itertools import islice
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image

from helpers.covers import CoverSet
from helpers.gan import dcgan
from helpers.sources.synthetic import synthetic_covers

SOURCE_SIZE = 512


def decoded_batches(paths, size, batch_size, seed):
    """What a loop over files does: open, convert, resize and stack, at every step."""
    rng = np.random.default_rng(seed)
    while True:
        chosen = rng.choice(len(paths), batch_size, replace=False)
        yield np.stack([np.asarray(Image.open(paths[i]).convert("RGB").resize((size, size))) for i in chosen])


def seconds_per_batch(batches, count):
    next(batches)
    start = time.perf_counter()
    for _ in islice(batches, count):
        pass
    return (time.perf_counter() - start) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=int, default=2000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "files")
        files.mkdir()
        for index, (_, cover) in enumerate(synthetic_covers(min(options.covers, 256), SOURCE_SIZE)):
            Image.fromarray(cover).save(files / f"{index:05d}.jpg", quality=90)
        paths = sorted(files.iterdir())
        covers = CoverSet.build(synthetic_covers(options.covers, options.size), Path(folder, "set"), options.size)
        gan = dcgan.build("default", options.size, options.width)
        step = tf.function(gan.gan_step)
        inputs = gan.batches(covers, options.batch_size, seed=0)
        (batch,) = next(inputs)
        batch = tf.nest.map_structure(tf.constant, batch)
        step(batch)

        ratios, shares = [], []
        for _ in range(5):  # in turn, so that a change of the machine's speed hits all three
            decoding = seconds_per_batch(decoded_batches(paths, options.size, options.batch_size, 0), 3)
            mapped = seconds_per_batch(covers.batches(options.batch_size, 0), 300)
            drawn = seconds_per_batch(inputs, 300)
            start = time.perf_counter()
            for _ in range(3):
                step(batch)
            gan.step.numpy()
            training = (time.perf_counter() - start) / 3
            ratios.append(decoding / mapped)
            shares.append(drawn / training)
            print(
                f"  decoding {1e3 * decoding:7.1f} ms   CoverSet {1e3 * mapped:6.3f} ms   "
                f"with noise {1e3 * drawn:6.3f} ms   training step {1e3 * training:7.1f} ms"
            )
    print(f"  decoding / CoverSet: {np.median(ratios):.0f}; input is {np.median(shares):.2%} of a training step")


if __name__ == "__main__":
    main()
