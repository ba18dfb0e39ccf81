"""How well can a small network read the factors of drawn covers? A ceiling for everything that is conditioned on them.

    python benchmarks/learnability.py --size 64

Trains one small convolutional network on drawn covers for three minutes of processor time (summed over the cores) and
measures on covers it has not seen how often it names the genre and how much of each audio feature's variance it
explains. Features are read as normal scores (their rank among all covers, as a normal deviate): raw, the R2 of liveness
or speechiness would hang on a few outliers. The figures go to data/results/learnability.json.
"""

import argparse
import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers
from scipy.stats import norm
from sklearn.metrics import accuracy_score, r2_score

from helpers import DATA
from helpers.records import FEATURE_NAMES
from helpers.sources.synthetic import GENRES, synthetic_covers

BATCH = 64
RATE = 2e-3


def drawn(n: int, size: int, seed: int):
    """Images uint8 [n, S, S, 3], genres int [n], years int [n] and features float32 [n, 10]."""
    images = np.empty((n, size, size, 3), np.uint8)
    genres, years = np.empty(n, np.int32), np.empty(n, np.int32)
    features = np.empty((n, len(FEATURE_NAMES)), np.float32)
    for i, (record, image) in enumerate(synthetic_covers(n, size, seed)):
        images[i] = image
        genres[i], years[i] = GENRES.index(record.genres[0]), record.year
        features[i] = [record.features[name] for name in FEATURE_NAMES]
    return images, genres, years, features


def reader(size: int) -> keras.Model:
    """Images [B, S, S, 3] of 0..255 -> logits of the genre [B, 12] and normal scores of year and features [B, 11]."""
    images = layers.Input((size, size, 3))
    x = layers.Rescaling(1 / 127.5, -1)(images)
    x = layers.Conv2D(48, 4, strides=size // 16, padding="same", use_bias=False)(x)
    means, channels = [], 96
    while True:
        x = layers.ReLU()(layers.BatchNormalization()(x))
        means.append(layers.GlobalAveragePooling2D()(x))  # textures and tones, wherever they are
        if x.shape[1] <= 4:
            break
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        channels *= 2
    x = layers.Dropout(0.4)(layers.Concatenate()([layers.Flatten()(x), *means]))
    x = layers.Dropout(0.2)(layers.Dense(256, activation="relu")(x))
    outputs = {"genre": layers.Dense(len(GENRES))(x), "numbers": layers.Dense(1 + len(FEATURE_NAMES))(x)}
    return keras.Model(images, outputs)


def normal_scores(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The rank of each value among the known ones, column by column, as a normal deviate."""
    ranks = np.column_stack([np.searchsorted(np.sort(k), v) for k, v in zip(known.T, values.T, strict=True)])
    return norm.ppf((ranks + 0.5) / (len(known) + 1)).clip(-3, 3)


class Budget(keras.callbacks.Callback):
    """Lets the learning rate fall to zero along a half cosine of processor time, and stops there."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds

    def on_train_batch_begin(self, batch, logs=None):
        if not hasattr(self, "start"):
            self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        share = min((time.process_time() - self.start) / self.seconds, 1)
        self.model.optimizer.learning_rate.assign(RATE * 0.5 * (1 + np.cos(np.pi * share)))
        self.model.stop_training = share == 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--covers", type=int, default=20_000, help="to learn from")
    parser.add_argument("--minutes", type=float, default=3, help="of processor time, summed over the cores")
    options = parser.parse_args()

    keras.utils.set_random_seed(0)
    images, genres, years, features = drawn(options.covers, options.size, seed=1)
    known = np.column_stack([years, features])
    model = reader(options.size)
    model.compile(
        keras.optimizers.Adam(RATE),
        {"genre": keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="ce"), "numbers": "mse"},
        loss_weights={"genre": 1, "numbers": 3},
        jit_compile=False,
    )
    targets = {"genre": genres, "numbers": normal_scores(known, known)}
    model.fit(images, targets, BATCH, epochs=1000, verbose=0, callbacks=[Budget(60 * options.minutes)])

    images, genres, years, features = drawn(2000, options.size, seed=2)
    read = model.predict(images, verbose=0)
    named = read["genre"].argmax(1)
    numbers = normal_scores(np.column_stack([years, features]), known)
    r2 = r2_score(numbers, read["numbers"], multioutput="raw_values")
    results = {
        "size": options.size,
        "covers": options.covers,
        "cpu_minutes": options.minutes,
        "steps": int(model.optimizer.iterations),
        "genre_accuracy": round(accuracy_score(genres, named), 4),
        "genre_recall": {name: round(float((named[genres == k] == k).mean()), 3) for k, name in enumerate(GENRES)},
        "r2": {name: round(float(value), 3) for name, value in zip(("year", *FEATURE_NAMES), r2, strict=True)},
    }
    path = DATA / "results" / "learnability.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(kept | {str(options.size): results}, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
