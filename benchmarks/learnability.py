"""How well can a small network read the factors of drawn covers? A ceiling for everything that is conditioned on them.

    python benchmarks/learnability.py --size 64

Trains one small convolutional network to name the genre, and another of the same kind, for longer, to read year and
audio features too, and measures on covers neither has seen how often the genre is right and how much of each number's
variance is explained (R2). Minutes are of processor time, on one thread. R2 of "genre alone" is what one would reach by
knowing the genre and nothing else of the cover. The figures go to data/results/learnability.json.
"""

import argparse
import json
import os
import time

os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers
from sklearn.metrics import accuracy_score, r2_score

from helpers import DATA
from helpers.files import writing
from helpers.records import FEATURE_NAMES
from helpers.sources.synthetic import GENRES, synthetic_covers

BATCH = 64
RATE = 2e-3
HELD_OUT = 2000


def drawn(n: int, size: int, seed: int):
    """Images uint8 [n, S, S, 3], genres int [n], and year and features float32 [n, 11]."""
    images = np.empty((n, size, size, 3), np.uint8)
    genres = np.empty(n, np.int32)
    numbers = np.empty((n, 1 + len(FEATURE_NAMES)), np.float32)
    for i, (record, image) in enumerate(synthetic_covers(n, size, seed)):
        images[i], genres[i] = image, GENRES.index(record.genres[0])
        numbers[i] = [record.year, *(record.features[name] for name in FEATURE_NAMES)]
    return images, genres, numbers


def reader(size: int, outputs: dict[str, int], dropout: float) -> keras.Model:
    """Images [B, S, S, 3] of 0..255 -> for each name of `outputs` so many numbers [B, outputs[name]]."""
    images = layers.Input((size, size, 3))
    x = layers.Rescaling(1 / 127.5, -1)(images)
    x = layers.Conv2D(24, 5, strides=2, padding="same", use_bias=False)(x)
    means, channels = [], 48
    while True:
        x = layers.ReLU()(layers.BatchNormalization()(x))
        means.append(layers.GlobalAveragePooling2D()(x))  # textures and tones, wherever they are
        if x.shape[1] <= 4:
            break
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        channels *= 2
    x = layers.Dropout(dropout)(layers.Concatenate()([layers.Flatten()(x), *means]))
    x = layers.Dense(256, activation="relu")(x)
    return keras.Model(images, {name: layers.Dense(n, name=name)(x) for name, n in outputs.items()})


class Budget(keras.callbacks.Callback):
    """Lets the learning rate fall to zero along a half cosine of processor time, and stops there."""

    def __init__(self, minutes: float):
        super().__init__()
        self.seconds = 60 * minutes

    def on_train_batch_begin(self, batch, logs=None):
        if not hasattr(self, "start"):
            self.start = time.process_time()

    def on_train_batch_end(self, batch, logs=None):
        share = min((time.process_time() - self.start) / self.seconds, 1)
        self.model.optimizer.learning_rate.assign(RATE * 0.5 * (1 + np.cos(np.pi * share)))
        self.model.stop_training = share == 1


LOSSES = {"genre": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "numbers": "mse"}


def trained(images, targets: dict, dropout: float, minutes: float) -> keras.Model:
    """A reader of the targets after so many processor minutes."""
    outputs = {"genre": len(GENRES), "numbers": 1 + len(FEATURE_NAMES)}
    model = reader(images.shape[1], {name: outputs[name] for name in targets}, dropout)
    weights = {"genre": 1.0, "numbers": 3.0}
    model.compile(
        keras.optimizers.Adam(RATE),
        {name: LOSSES[name] for name in targets},
        loss_weights={name: weights[name] for name in targets},
        jit_compile=False,
    )
    model.fit(images, targets, BATCH, epochs=1000, verbose=0, callbacks=[Budget(minutes)])
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--covers", type=int, default=80_000, help="to learn from")
    parser.add_argument("--genre-minutes", type=float, default=3)
    parser.add_argument("--feature-minutes", type=float, default=15)
    options = parser.parse_args()

    keras.utils.set_random_seed(0)
    images, genres, known = drawn(options.covers, options.size, seed=1)
    new_images, new_genres, numbers = drawn(HELD_OUT, options.size, seed=2)
    results = vars(options) | {"held_out": HELD_OUT}

    model = trained(images, {"genre": genres}, 0.4, options.genre_minutes)
    named = model.predict(new_images, verbose=0)["genre"].argmax(1)
    results["genre_accuracy"] = round(accuracy_score(new_genres, named), 3)
    results["genre_recall"] = {
        name: round(float((named[new_genres == k] == k).mean()), 3) for k, name in enumerate(GENRES)
    }
    print(json.dumps(results, indent=1), flush=True)

    mean, sd = known.mean(0), known.std(0)
    # Dropout would blur numbers. The genre is learnt along, since it says much about the music.
    targets = {"genre": genres, "numbers": (known - mean) / sd}
    model = trained(images, targets, 0.0, options.feature_minutes)
    typical = np.stack([known[genres == k].mean(0) for k in range(len(GENRES))])
    for kind, read in (("r2", model.predict(new_images, verbose=0)["numbers"] * sd + mean),
                       ("r2_of_genre_alone", typical[new_genres])):  # fmt: skip
        r2 = r2_score(numbers, read, multioutput="raw_values").tolist()
        results[kind] = {name: round(value, 3) for name, value in zip(("year", *FEATURE_NAMES), r2, strict=True)}
        print(json.dumps(results[kind], indent=1))
    path = DATA / "results" / "learnability.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    with writing(path) as partial:
        partial.write_text(json.dumps(kept | {str(options.size): results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
