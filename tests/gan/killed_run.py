"""Run by the tests: trains runs of thirteen steps, or goes on with them, and may die at some point.

--kill is "step N" (at the start of step N + 1), "save N" (in the middle of writing the N-th checkpoint) or "film N"
(before the film is made, with a checkpoint every N steps).
"""

import argparse
import os

import keras
import tiny

from helpers.covers import CoverSet
from helpers.gan import callbacks, runs

parser = argparse.ArgumentParser()
parser.add_argument("covers")
parser.add_argument("runs", nargs="+")
parser.add_argument("--kill", default="never")
arguments = parser.parse_args()
runs.LOG_EVERY, runs.CHECKPOINT_EVERY, runs.KEEP_EVERY = 2, 4, 0.0
what, _, when = arguments.kill.partition(" ")


class Die(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if what == "step" and batch == int(when):
            os._exit(9)


def die_saving(save):
    saved = []

    def save_half(path):
        saved.append(path)
        save(path)
        if len(saved) == int(when):
            os.truncate(path, path.stat().st_size // 2)
            os._exit(9)

    return save_half


if what == "film":
    runs.CHECKPOINT_EVERY = int(when)
    callbacks.Timelapse.on_train_end = lambda *_: os._exit(9)
covers = CoverSet.open(arguments.covers)
for run in arguments.runs:
    gan = tiny.build(augment=("translation",))
    if what == "save":
        gan.save = die_saving(gan.save)
    gan.fit(covers, 13, tiny.BATCH, seed=2, run=run, callbacks=[Die()], verbose=0)
