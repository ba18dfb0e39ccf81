"""Run: the folder of one training run, and how it is begun, gone on with, and opened again.

    run.json               the settings that must stay the same when it is resumed, and how many steps were asked for
    checkpoint.npz         all weights, optimizers and the step: the last good state
    log.csv                losses over training
    samples/               grids of covers from the same latents, as training goes on
    timelapse.gif          the same as a film

Where COVERGAN_KEEP names a folder, a copy is kept there, see `helpers.gan.keeping`.
"""

import json
import os
from pathlib import Path

from helpers.errors import CourseError
from helpers.files import writing

LOG_EVERY = 50
CHECKPOINT_EVERY = 500
KEEP_EVERY = 120.0  # seconds
FRAMES = 30


class Run:
    """A training run's folder; nothing is read or written before `begin` or `settings`."""

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.checkpoint = self.path / "checkpoint.npz"
        self.log = self.path / "log.csv"
        self.samples = self.path / "samples"
        self.timelapse = self.path / "timelapse.gif"

    @property
    def exists(self) -> bool:
        return (self.path / "run.json").exists()

    def settings(self) -> dict:
        """What `run.json` says.

        Raises:
            CourseError: if the folder is no run, or the file is damaged.
        """
        try:
            settings = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise CourseError(f"{self.path} is not a training run; make one with: covergan train.") from error
        except ValueError:
            settings = None
        if not isinstance(settings, dict):
            raise CourseError(f"{self.path / 'run.json'} is damaged; train again in a new folder.")
        return settings

    def begin(self, gan, settings: dict) -> None:
        """Write the settings of a new run, or check those of an old one and load its checkpoint into `gan`.

        Raises:
            CourseError: if the folder belongs to other settings or to something else, or cannot be written.
        """
        from helpers.gan import keeping

        keeping.restore(self.path)
        settings = json.loads(json.dumps(settings))  # tuples become lists, as they do in the file
        if self.exists:
            old = self.settings()
            old.pop("steps", None)  # a run may go on for longer than was asked for
            changed = [name for name in {**old, **settings} if old.get(name) != settings.get(name)]
            if changed:
                name = changed[0]
                before, now = (str(values.get(name)) for values in (old, settings))
                change = f"{name} {before}, now {now}" if len(before + now) < 100 else name
                raise CourseError(
                    f"{self.path} holds a run with other settings ({change}); use a new folder or the same settings."
                )
            if self.checkpoint.exists():
                gan.load(self.checkpoint)
            keeping.Keep(self.path, KEEP_EVERY).due()  # what it may have missed when the drive was gone
            return
        if self.path.exists() and not (self.path.is_dir() and all(p.name[0] == "." for p in self.path.iterdir())):
            raise CourseError(f"{self.path} exists and is no training run; use a new folder.")
        self._write(settings)

    def _write(self, settings: dict) -> None:
        with writing(self.path / "run.json") as partial:
            partial.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")

    def callbacks(self, steps: int) -> list:
        """Keras callbacks that fill the folder during a training of `steps` steps.

        The checkpoint is written last, before it is copied: a run that has that of its last step has everything else.
        """
        from keras.callbacks import LambdaCallback

        from helpers.gan import callbacks, keeping

        every = max(1, steps // FRAMES)
        return [
            LambdaCallback(on_train_begin=lambda logs: self._write(self.settings() | {"steps": steps})),
            callbacks.Log(self.log, LOG_EVERY, self.checkpoint),
            callbacks.SampleGrid(self.samples, every),
            callbacks.Timelapse(self.samples, self.timelapse),
            callbacks.Checkpoint(self.checkpoint, CHECKPOINT_EVERY),
            keeping.Keep(self.path, KEEP_EVERY),
        ]
