"""MS-SSIM: ours against tf.image.ssim_multiscale and, where it is installed, pytorch-msssim; same pairs, same settings.

    python benchmarks/bench_ms_ssim.py [--pairs 16] [--rounds 15]

All take turns, so that a change of the machine's speed hits every one; a ratio is the median over the rounds. At 64 px
pytorch-msssim has no setting but a window of 3: it insists on a side of more than 16 (window - 1).
"""

import argparse
import importlib.util
import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from helpers.metrics.ms_ssim import POWER_FACTORS, ms_ssim

# Pixels, window, scales.
SETTINGS = ((64, 11, 3), (64, 3, 5), (256, 11, 5))


def contestants(a: np.ndarray, b: np.ndarray, window: int, scales: int) -> dict:
    """Name -> function without arguments that returns the values of all pairs."""
    powers = POWER_FACTORS[:scales]
    first, second = tf.constant(a), tf.constant(b)
    found = {
        "ours": lambda: ms_ssim(first, second, power_factors=powers, filter_size=window).numpy(),
        "tf.image": lambda: tf.image.ssim_multiscale(first, second, 1.0, powers, filter_size=window).numpy(),
    }
    if importlib.util.find_spec("pytorch_msssim") and a.shape[1] > 16 * (window - 1):
        import pytorch_msssim
        import torch

        planes = [torch.from_numpy(np.ascontiguousarray(image.transpose(0, 3, 1, 2))) for image in (a, b)]
        options = {"data_range": 1.0, "size_average": False, "win_size": window, "weights": list(powers)}
        found["pytorch-msssim"] = lambda: pytorch_msssim.ms_ssim(*planes, **options).numpy()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()

    print(f"MS-SSIM of {options.pairs} pairs at a time: ms per pair, and how many times as fast ours is")
    for size, window, scales in SETTINGS:
        rng = np.random.default_rng(0)
        a = rng.random((options.pairs, size, size, 3), np.float32)
        b = 0.7 * a + 0.3 * rng.random(a.shape, np.float32)
        entries = contestants(a, b, window, scales)
        values = [compare() for compare in entries.values()]  # warms up
        apart = max(np.abs(value - values[0]).max() for value in values)
        seconds = {name: [] for name in entries}
        for _ in range(options.rounds):
            for name, compare in entries.items():
                start = time.perf_counter()
                compare()
                seconds[name].append((time.perf_counter() - start) / options.pairs)
        print(f"  {size} px, window {window}, {scales} scales; values differ by at most {apart:.0e}")
        for name, times in seconds.items():
            ratios = np.array(times) / np.array(seconds["ours"])
            spread = "" if name == "ours" else f"   {np.median(ratios):5.2f} ({ratios.min():.2f}-{ratios.max():.2f})"
            print(f"    {name:15s} {1000 * np.median(times):8.2f}{spread}")


if __name__ == "__main__":
    main()
