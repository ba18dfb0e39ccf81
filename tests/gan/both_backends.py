"""Run by the tests on either backend: both_backends.py COVERS OUT writes what the two must agree on."""

import json
import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np
import tiny
from keras import ops

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.gan import acgan, audio, logan, runs, wgan, wgan_gp
from helpers.gan.audio_features import AudioFeatures
from helpers.gan.augment import AUGMENTATIONS, Augment
from helpers.gan.backend import input_gradients
from helpers.gan.conditions import Conditions

ON_JAX = keras.backend.backend() == "jax"
STEPS = 5
LOSSES = ("non_saturating", "relativistic")


def compiled(fn):
    if ON_JAX:
        import jax

        return jax.jit(fn)
    import tensorflow as tf

    return tf.function(fn)


def augmentations():
    """Each augmentation of the same images, with its first and second gradients, compiled."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (6, 16, 16, 3)).astype(np.float32)
    results = {}
    for name in (*AUGMENTATIONS, "all"):
        augment = Augment(tuple(AUGMENTATIONS) if name == "all" else (name,))
        draws = augment.draw(rng, len(images))

        def slope(x, augment=augment, draws=draws):
            return input_gradients(lambda x: ops.sum(ops.tanh(augment(x, draws))), x)

        def curvature(x, slope=slope):
            return input_gradients(lambda x: ops.sum(ops.square(slope(x))), x)

        for kind, fn in {
            "images": lambda x, a=augment, d=draws: a(x, d),
            "slope": slope,
            "curvature": curvature,
        }.items():
            results[f"{name} {kind}"] = ops.convert_to_numpy(compiled(fn)(ops.convert_to_tensor(images)))
    return results


def steps(covers, weights_path):
    """All variables and losses after each of five steps of `fit`, with everything switched on."""
    results = {}
    for loss in LOSSES:
        gan = tiny.build(loss=loss, r1=0.5, augment=tuple(AUGMENTATIONS))
        with np.load(weights_path) as weights:
            gan.set_weights([weights[str(k)] for k in range(len(weights))])
        for step in range(1, STEPS + 1):
            gan.fit(covers, step, tiny.BATCH, seed=3, verbose=0)
            for k, value in enumerate(tiny.all_weights(gan)):
                results[f"{loss} {step} {k}"] = value
            for metric in gan.metrics:
                results[f"{loss} {step} {metric.name}"] = ops.convert_to_numpy(metric.result())
        results[f"{loss} drawn"] = gan.generate(5)
    return results


def conditional(covers):
    """All variables after each of three steps of either ACGAN from weights that are the same on both backends."""
    acgan.HistoricalACGAN.PRETRAINING = 2  # so that the third step is one with conditions
    told = Conditions.of(covers, ("genre", "decade"), ("folk", "jazz", "rock")).settings
    results = {}
    for recipe in acgan.RECIPES:
        gan = acgan.build(recipe, image_size=16, width=4, conditions=told)
        results |= three_steps(recipe, gan, covers)
        results[f"{recipe} drawn"] = gan.generate(5, genre={"rock": 0.5, "jazz": 0.5}, decade=1970)
        results[f"{recipe} classified"] = gan.classify(covers[:5])
    return results


def stable(covers):
    """The same of the models whose steps take second gradients, or several updates of the critic, and of audio."""
    results = {}
    for module in wgan, wgan_gp, logan, audio:
        name = module.__name__.rpartition(".")[2]
        options = {"features": AudioFeatures.of(covers).settings} if module is audio else {}
        gan = module.build(image_size=16, width=4, **options)
        results |= three_steps(name, gan, covers)
        results[f"{name} drawn"] = gan.generate(5)
    results["audio read"] = gan.read(covers[:5])
    return results


def three_steps(name, gan, covers):
    """All variables after each of three steps, from weights that are the same on both backends."""
    rng = np.random.default_rng(1)  # the backends' own random numbers differ
    values = [rng.normal(0, 0.1, w.shape) if w.ndim > 1 else rng.uniform(0.5, 1, w.shape) for w in gan.get_weights()]
    gan.set_weights([value.astype(w.dtype) for value, w in zip(values, gan.get_weights(), strict=True)])
    gan.step.assign(0)
    results = {}
    for step in range(1, 4):
        gan.fit(covers, step, tiny.BATCH, seed=3, verbose=0)
        for k, value in enumerate(tiny.all_weights(gan)):
            results[f"{name} {step} {k}"] = value
    return results


class PressCtrlC(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if batch == 2:
            os.kill(os.getpid(), signal.SIGINT)


def interrupted(covers, folder):
    """A run that Ctrl-C ends in its third step, and what becomes of it when it goes on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have switched it off
    whole = tiny.build(r1=0.5)
    whole.fit(covers, 7, tiny.BATCH, run=folder / "whole", verbose=0)
    gan, raised = tiny.build(r1=0.5), False
    try:
        gan.fit(covers, 7, tiny.BATCH, run=folder / "run", callbacks=[PressCtrlC()], verbose=0)
    except KeyboardInterrupt:
        raised = True
    resumed = tiny.build(r1=0.5, seed=1)
    resumed.load(folder / "run" / "checkpoint.npz")
    saved_at, saved = int(resumed.step), tiny.same(tiny.all_weights(resumed), tiny.all_weights(gan))
    resumed.fit(covers, 7, tiny.BATCH, run=folder / "run", verbose=0)
    return {
        "raised": raised,
        "stopped at": int(gan.step),
        "saved at": saved_at,
        "what was saved is what was there": saved,
        "handler is back": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "same end as without": tiny.same(tiny.all_weights(resumed), tiny.all_weights(whole)),
    }


def poisoned(covers, folder):
    """A run whose losses are NaN from step 6 on, with checkpoints every four steps."""
    runs.LOG_EVERY, runs.CHECKPOINT_EVERY = 2, 4
    gan = tiny.build(nan_from=6)
    try:
        gan.fit(covers, 20, tiny.BATCH, run=folder / "run", verbose=0)
        message = ""
    except CourseError as error:
        message = str(error)
    good = tiny.build()
    good.load(folder / "run" / "checkpoint.npz")
    return {
        "message": message,
        "step": int(gan.step),
        "model is the checkpoint": tiny.same(tiny.all_weights(gan), tiny.all_weights(good)),
        "checkpoint is finite": all(bool(np.isfinite(value).all()) for value in tiny.all_weights(good)),
        "log": (folder / "run" / "log.csv").read_text().splitlines(),
    }


def precisions(covers):
    """What one SGD step changes, and how six more steps go, in each precision."""
    results = {}
    for policy in "float32", "mixed_bfloat16", "mixed_float16":
        keras.config.set_dtype_policy(policy)
        gan = tiny.build(r1=0.5, augment=("translation",), optimizer=lambda: keras.optimizers.SGD(0.1))
        keras.config.set_dtype_policy("float32")
        for name in "generator", "discriminator":
            before = [ops.convert_to_numpy(variable) for variable in getattr(gan, name).trainable_variables]
            results[f"{policy} {name} before"] = np.concatenate([value.ravel() for value in before])
        gan.fit(covers, 1, tiny.BATCH, verbose=0)
        for name in "generator", "discriminator":
            after = [ops.convert_to_numpy(variable) for variable in getattr(gan, name).trainable_variables]
            results[f"{policy} {name} after"] = np.concatenate([value.ravel() for value in after])
        gan.fit(covers, 7, tiny.BATCH, verbose=0)
        results[f"{policy} dtypes"] = np.array(sorted({str(value.dtype) for value in gan.get_weights()}))
        results[f"{policy} finite"] = np.array(all(np.isfinite(value).all() for value in tiny.all_weights(gan)))
        results[f"{policy} optimizer"] = np.array(type(gan.optimizer.g_optimizer).__name__)
    return results


if __name__ == "__main__":
    covers, out = CoverSet.open(sys.argv[1]), Path(sys.argv[2])
    np.savez(out / "augmentations.npz", **augmentations())
    np.savez(out / "steps.npz", **steps(covers, out / "weights.npz"))
    np.savez(out / "conditional.npz", **conditional(covers))
    np.savez(out / "stable.npz", **stable(covers))
    np.savez(out / "precisions.npz", **precisions(covers))
    answers = {"interrupted": interrupted(covers, out / "interrupted"), "poisoned": poisoned(covers, out / "poisoned")}
    (out / "answers.json").write_text(json.dumps(answers, indent=1))
