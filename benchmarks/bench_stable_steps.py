"""What stability costs: LOGAN's step against the DCGAN's, and the critic's update with the penalty and without.

    python benchmarks/bench_stable_steps.py [--size 32] [--batch-size 32] [--width 32]

The two of a pair have the same networks and run in turn, so that a change of the machine's speed hits both; the ratio
is the median over the rounds.
"""

import argparse
import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from helpers.gan import dcgan, logan, wgan_gp


class WithoutPenalty(wgan_gp.WGANGP):
    def discriminator_extra(self, real, fake, batch):
        return 0.0


def step_of(gan, options, only_critic: bool):
    """A compiled step and its batch."""
    rng = np.random.default_rng(0)
    shape = (options.batch_size, options.size, options.size, 3)
    batch = {"images": rng.integers(0, 256, shape, dtype=np.uint8)} | gan.noise(rng, options.batch_size)
    batch = tf.nest.map_structure(tf.constant, batch)
    compiled = tf.function(lambda: gan._update(batch, only_critic) if only_critic else gan.gan_step(batch))
    compiled()
    return compiled


def plain_critic(options):
    gan = wgan_gp.build(image_size=options.size, width=options.width)
    plain = WithoutPenalty(gan.generator, gan.discriminator)
    plain.compile(gan.optimizer.g_optimizer, gan.optimizer.d_optimizer)
    return plain


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    sizes = {"image_size": options.size, "width": options.width}
    pairs = {
        "LOGAN / DCGAN, whole step": (logan.build(**sizes), dcgan.build(**sizes), False),
        "WGAN-GP / no penalty, critic's update": (wgan_gp.build(**sizes), plain_critic(options), True),
    }
    print(f"{options.size} px, batch {options.batch_size}, width {options.width}")
    for title, (dear, cheap, only_critic) in pairs.items():
        steps = [step_of(gan, options, only_critic) for gan in (dear, cheap)]
        seconds = np.empty((options.rounds, 2))
        for times in seconds:
            for k, step in enumerate(steps):
                start = time.perf_counter()
                for _ in range(4):
                    step()
                dear.step.numpy(), cheap.step.numpy()
                times[k] = (time.perf_counter() - start) / 4
        ratio = seconds[:, 0] / seconds[:, 1]
        both = " and ".join(f"{1000 * median:.1f}" for median in np.median(seconds, axis=0))
        print(f"  {title}: {both} ms, ratio {np.median(ratio):.2f} (from {ratio.min():.2f} to {ratio.max():.2f})")


if __name__ == "__main__":
    main()
