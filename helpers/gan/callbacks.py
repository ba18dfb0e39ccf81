"""What happens beside training: log, sample grids, timelapse, checkpoints, a guard against NaN, and Ctrl-C."""

import csv
import math
import signal
import threading
from pathlib import Path

import imageio.v3 as imageio
import keras
import numpy as np
from keras import ops

from helpers.errors import CourseError
from helpers.files import explaining, writing
from helpers.plots import image_grid

NAN_ADVICE = "start a new run with another seed, a larger batch, a lower learning rate or in float32"


class EverySteps(keras.callbacks.Callback):
    """Calls `due(step)` whenever the model's step is a multiple of `every`, and when training ends.

    After the last step `due` waits for that end, which the callbacks reach one after the other. Counting is left to the
    host, since asking the device for the step would wait for it every time.
    """

    def __init__(self, every: int):
        super().__init__()
        self.every = every

    def on_train_begin(self, logs=None):
        self.step = self.done = int(self.model.step)
        self.last = self.step + self.params["steps"]

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step % self.every == 0 and self.step != self.last:
            self.done = self.step
            self.due(self.step)

    def on_train_end(self, logs=None):
        if self.done != self.step:
            self.done = self.step
            self.due(self.step)


class Log(EverySteps):
    """Appends the mean losses since the last row to a CSV file, and stops a run whose losses are no numbers.

    Rows beyond the step training goes on from are dropped first, so that a resumed run has one row per step.

    Raises:
        CourseError: when a loss is NaN or infinite; `checkpoint`, the last good state, is loaded back before.
    """

    def __init__(self, path: Path, every: int, checkpoint: Path):
        super().__init__(every)
        self.path, self.checkpoint = path, checkpoint

    def on_train_begin(self, logs=None):
        super().on_train_begin()
        rows = []
        if self.path.exists():
            with self.path.open(newline="") as file:
                rows = [row for row in csv.reader(file)][1:]
        rows = [row for row in rows if row and row[0].isdigit() and int(row[0]) <= self.step]
        names = [metric.name for metric in self.model.metrics]
        with writing(self.path) as partial, partial.open("w", newline="") as file:
            csv.writer(file).writerows([["step", *names], *rows])

    def due(self, step):
        model = self.model
        values = [float(metric.result()) for metric in model.metrics]
        if not all(map(math.isfinite, values)):
            restore_last_good(model, self.checkpoint, step)
        with explaining(self.path), self.path.open("a", newline="") as file:
            csv.writer(file).writerow([step, *(f"{value:.6g}" for value in values)])
        model.reset_metrics()


class Checkpoint(EverySteps):
    """Saves the whole state every so many steps, at the end, and when training is interrupted; never a broken one."""

    def __init__(self, path: Path, every: int):
        super().__init__(every)
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        if self.step != self.last:  # interrupted: save before the others draw, a second Ctrl-C may be near
            self.on_train_end()

    def due(self, step):
        model = self.model
        variables = [*model.variables, *model.optimizer.variables]
        if not all(np.isfinite(ops.convert_to_numpy(variable)).all() for variable in variables):
            restore_last_good(model, self.path, step)
        with writing(self.path) as partial:
            model.save(partial)


class SampleGrid(EverySteps):
    """Saves a grid of covers drawn from the same latents as PNG, named by the step."""

    def __init__(self, folder: Path, every: int, rows: int = 4, columns: int = 8):
        super().__init__(every)
        self.folder, self.n, self.columns = folder, rows * columns, columns

    def on_train_begin(self, logs=None):
        super().on_train_begin()
        if self.step == 0:
            self.due(0)

    def due(self, step):
        grid = image_grid(self.model.generate(self.n, seed=0), columns=self.columns)
        with writing(self.folder / f"{step:07d}.png") as partial:
            imageio.imwrite(partial, grid)


class Timelapse(keras.callbacks.Callback):
    """Makes an animated GIF of the sample grids when training ends."""

    def __init__(self, folder: Path, path: Path, seconds: float = 8.0):
        super().__init__()
        self.folder, self.path, self.seconds = folder, path, seconds

    def on_train_end(self, logs=None):
        frames = [imageio.imread(path) for path in sorted(self.folder.glob("[0-9]*.png"))]
        frames += frames[-1:] * (len(frames) // 4)  # rest on the result
        with writing(self.path) as partial:
            imageio.imwrite(partial, frames, duration=1000 * self.seconds / len(frames), loop=0)


def restore_last_good(model, checkpoint: Path, step: int):
    """Load the checkpoint back and say what to do about losses that are no numbers; always raises."""
    if checkpoint.exists():
        model.load(checkpoint)
        state = f"the run was set back to step {int(model.step):,}, its last good state"
    else:
        state = "it had no checkpoint yet, so delete the run"
    raise CourseError(f"A loss or weight is NaN or infinite at step {step:,}; {state}: {NAN_ADVICE}.")


class Interrupt(keras.callbacks.Callback):
    """Within `with`, lets Ctrl-C end training after the step at hand, and raises KeyboardInterrupt when it has ended.

    In the middle of a step the exception would lose JAX's state, and TensorFlow may swallow it; after a step the other
    callbacks save what there is. A second Ctrl-C does not wait.
    """

    def __init__(self):
        super().__init__()
        self.pressed = False

    def __enter__(self):
        # Only the main thread may do this, and only Python's own reaction is replaced, nobody else's.
        self.listens = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self.listens:
            signal.signal(signal.SIGINT, self.press)
        return self

    def press(self, *_):
        self.pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def on_train_batch_end(self, batch, logs=None):
        if self.pressed:
            self.model.stop_training = True

    def __exit__(self, error, *_):
        if self.listens:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.pressed and error is None:
            raise KeyboardInterrupt


class Throughput(keras.callbacks.Callback):
    """Tells `report(step, note)` how far training is, the note being milliseconds per step and the losses."""

    def __init__(self, report, every: int = 20):
        super().__init__()
        self.report, self.every, self.trained = report, every, False

    def on_train_begin(self, logs=None):
        self.step = int(self.model.step)
        self.trained = True
        self.report(self.step)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if self.step % self.every == 0:
            self.report(self.step, "  ".join(f"{name} {float(value):.3f}" for name, value in logs.items()))
