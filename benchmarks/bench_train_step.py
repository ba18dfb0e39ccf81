"""Training step: one forward pass for both networks against the textbook's two, same networks, same batches.

    python benchmarks/bench_train_step.py [--size 64] [--batch-size 64] [--width 32]

Both steps run in turn, so that a change of the machine's speed hits both; the ratio is the median over the rounds.
"""

import argparse
import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from keras import ops

from helpers.gan import dcgan, losses


def textbook_step(gan):
    """The step most tutorials show: two tapes, the generator run twice, the averaged copy left out."""
    g_optimizer, d_optimizer = gan.optimizer.g_optimizer, gan.optimizer.d_optimizer
    g_variables, d_variables = gan.generator.trainable_variables, gan.discriminator.trainable_variables

    def step(batch):
        real = ops.cast(batch["images"], "float32") / 127.5 - 1.0
        with tf.GradientTape() as tape:
            fake = gan.generator(batch["latents"], training=True)
            d_loss, _ = losses.non_saturating(
                gan.discriminator(real, training=True),
                gan.discriminator(fake, training=True),
                batch["real_labels"],
                batch["fake_labels"],
            )
        d_optimizer.apply(tape.gradient(d_loss, d_variables), d_variables)
        with tf.GradientTape() as tape:
            fake = gan.generator(batch["latents"], training=True)
            g_loss = losses.binary_cross_entropy(batch["real_labels"], gan.discriminator(fake, training=True))
        g_optimizer.apply(tape.gradient(g_loss, g_variables), g_variables)

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()

    gan = dcgan.build("default", options.size, options.width)
    rng = np.random.default_rng(0)
    shape = (options.batch_size, options.size, options.size, 3)
    batch = {"images": rng.integers(0, 256, shape, dtype=np.uint8)} | gan.noise(rng, options.batch_size)
    batch = tf.nest.map_structure(tf.constant, batch)
    steps = {"ours": tf.function(gan.gan_step), "textbook": tf.function(textbook_step(gan))}
    for step in steps.values():
        step(batch)
    seconds = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(4):
                step(batch)
            gan.step.numpy()
            seconds[name].append((time.perf_counter() - start) / 4)
    print(f"training step, {options.size} px, batch {options.batch_size}, width {options.width}")
    for name, times in seconds.items():
        median = np.median(times)
        print(f"  {name:10s} {1000 * median:8.1f} ms/step {options.batch_size / median:8.1f} images/s")
    ratio = np.array(seconds["textbook"]) / np.array(seconds["ours"])
    print(f"  textbook / ours: {np.median(ratio):.2f} (from {ratio.min():.2f} to {ratio.max():.2f})")


if __name__ == "__main__":
    main()
