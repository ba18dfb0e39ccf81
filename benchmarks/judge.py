"""Which network should judge genres: one trained from pixels, or general features and colours with a softmax on top?

    python benchmarks/judge.py drawn=SET@acgan_dsleeves_32 "five real genres=SET:5@RUN" --about "32 px"

NAME=SET:5 takes the five largest genres of a set; after @ comes a conditional GAN, a run's folder or weights that ship
with the course, whose fakes are judged, too. All designs learn from the same covers, are stopped by the same others,
and are measured on covers by artists that none has met, and on worn copies of these. The second learns from no worn
copies. Each is also measured with its probabilities sharpened or softened by a temperature fitted on the covers that
stopped it. The figures go to data/results/judge.json; minutes are of one processor.
"""

import argparse
import json
import os
import time

os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import ops
from learnability import reader
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import log_loss

from helpers import DATA
from helpers.covers import CoverSet
from helpers.files import writing
from helpers.gan import load, weights
from helpers.metrics.conditioning import STOP, TEST, Judge, describe, genre_scores, worn

BATCH, RATE, EPOCHS = 64, 2e-3, 20
FAKES = 1000
SHOWN = ("accuracy", "low", "high", "calibration_error")


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images moved by up to a sixteenth of their side, as float32; their edges are drawn out."""
    size = images.shape[1]
    most = size // 16
    padded = np.pad(images, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    places = rng.integers(0, 2 * most + 1, (len(images), 2))
    return np.stack([image[y : y + size, x : x + size] for image, (y, x) in zip(padded, places, strict=True)]) * 1.0


def with_copies(images: np.ndarray, genres: np.ndarray, seed: int):
    """The images and worn copies of them, with their genres."""
    return np.concatenate([images, worn(images, np.random.default_rng(seed))]), np.tile(genres, 2)


def convolutional(train, stop, seed: int):
    """A network trained from pixels, with the weights that read `stop` best; images -> probabilities."""
    keras.utils.set_random_seed(seed)
    images, genres = with_copies(train.images, train.genres, seed)
    stop_images, stop_genres = with_copies(stop.images, stop.genres, seed)
    names, labels = np.unique(genres, return_inverse=True)
    model = reader(train.size, {"genre": len(names)}, dropout=0.4)
    steps = len(images) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-3), loss, jit_compile=False)

    def probabilities(images):
        logits = model.predict(images, batch_size=256, verbose=0)["genre"]
        return ops.convert_to_numpy(ops.softmax(logits))

    rng, lowest = np.random.default_rng(seed), np.inf
    for _ in range(EPOCHS):
        for rows in rng.permutation(len(images))[: steps * BATCH].reshape(steps, BATCH):
            model.train_on_batch(shifted(images[rows], rng), {"genre": labels[rows]})
        now = log_loss(stop_genres, probabilities(stop_images), labels=names)
        if now < lowest:
            lowest, best = now, model.get_weights()
    model.set_weights(best)
    return probabilities


def temperature(probabilities: np.ndarray, genres: np.ndarray, names) -> float:
    """What to divide the logarithms by, so that covers of known genre are least surprising (Guo et al. 2017)."""
    logits = np.log(probabilities.astype(float))

    def surprise(t):
        return log_loss(genres, softmax(logits / t, axis=1), labels=list(names))

    return float(minimize_scalar(surprise, bounds=(0.2, 5)).x)


def compare(name: str, covers: CoverSet, gan, seed: int) -> list[dict]:
    """A row of results for each design."""
    rest, test = covers.split("artist", TEST, seed)
    train, stop = rest.split("artist", STOP, seed)
    images, genres = test.images, test.genres
    names, counts = np.unique(genres, return_counts=True)
    copies = worn(images, np.random.default_rng(seed))
    fakes = gan and (gan.generate(FAKES, seed), gan.labels(FAKES, seed))
    about = {"set": name, "size": covers.size, "genres": len(names), "covers": len(train), "held_out": len(test)}
    about["largest_genre"] = round(counts.max() / len(test), 3)

    def without_copies():
        described, held_out = (describe(part.images) for part in (train, stop))
        return Judge.fit_features(described, train.genres, held_out, stop.genres).probabilities

    designs = {
        "features and colours": lambda: Judge.fit(train.images, train.genres, stop.images, stop.genres).probabilities,
        "the same without worn copies": without_copies,
        "convolutional network": lambda: convolutional(train, stop, seed),
    }
    rows = []
    for design, fit in designs.items():
        start = time.process_time()
        opinion = fit()
        row = about | {"design": design, "cpu_minutes": round((time.process_time() - start) / 60, 1)}
        seen = opinion(images)
        scores = genre_scores(seen, genres, names)
        row |= {key: round(scores[key], 3) for key in SHOWN}
        row["accuracy_worn"] = round(genre_scores(opinion(copies), genres, names)["accuracy"], 3)
        if fakes:
            row["accuracy_fakes"] = round(genre_scores(opinion(fakes[0]), fakes[1], names)["accuracy"], 3)
        row["temperature"] = round(temperature(opinion(stop.images), stop.genres, names), 2)
        scaled = softmax(np.log(seen.astype(float)) / row["temperature"], axis=1)
        row["calibration_error_with_temperature"] = round(genre_scores(scaled, genres, names)["calibration_error"], 3)
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", metavar="NAME=SET[:LARGEST][@RUN]", nargs="+")
    parser.add_argument("--about", default="", help="what the covers are, for the caption")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    rows = []
    for entry in options.sets:
        name, _, place = entry.partition("=")
        place, _, run = place.partition("@")
        path, _, largest = place.partition(":")
        covers = CoverSet.open(path)
        if largest:
            names, counts = np.unique(covers.genres, return_counts=True)
            covers = covers.select(np.isin(covers.genres, names[np.argsort(-counts)][: int(largest)]))
        gan = None
        if run:
            gan = load(run) if os.path.exists(run) else weights.load(run)[0]
        rows += compare(name, covers, gan, options.seed)
    path = DATA / "results" / "judge.json"
    with writing(path) as partial:
        partial.write_text(
            json.dumps({"about": f"{options.about} Seed {options.seed}.".strip(), "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
