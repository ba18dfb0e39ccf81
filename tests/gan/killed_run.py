"""Run by the tests: killed_run.py COVERS RUN [KILL] trains a run of thirteen steps that dies at some point.

KILL is "step N" (at the start of step N + 1), "save N" (in the middle of writing the N-th checkpoint) or "film N"
(before the film is made, with a checkpoint every N steps).
"""

import os
import sys

import keras
import tiny

from helpers.covers import CoverSet
from helpers.gan import callbacks, runs

runs.LOG_EVERY, runs.CHECKPOINT_EVERY, runs.KEEP_EVERY = 2, 4, 0.0
covers, run, (what, when) = sys.argv[1], sys.argv[2], (sys.argv[3] if len(sys.argv) > 3 else "never 0").split()


class Die(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if what == "step" and batch == int(when):
            os._exit(9)


if what == "film":
    runs.CHECKPOINT_EVERY = int(when)
    callbacks.Timelapse.on_train_end = lambda *_: os._exit(9)
gan = tiny.build(augment=("translation",))
if what == "save":
    save, saved = gan.save, []

    def save_half(path):
        saved.append(path)
        save(path)
        if len(saved) == int(when):
            os.truncate(path, path.stat().st_size // 2)
            os._exit(9)

    gan.save = save_half
gan.fit(CoverSet.open(covers), 13, tiny.BATCH, seed=2, run=run, callbacks=[Die()], verbose=0)
