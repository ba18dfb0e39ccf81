"""A copy of every run in the folder that COVERGAN_KEEP names, from which a new machine goes on.

The run itself stays on the machine's own disk: a network drive such as Google's is slow, has no locks, and is sometimes
gone in the middle of a training, which must not end it.
"""

import os
import shutil
import time
from pathlib import Path

import keras

from helpers.errors import CourseError
from helpers.files import explaining, writing

MARK = ".kept"  # a file in a run: the copy is this run's, not that of another by the same name


def copy_of(run: Path) -> Path | None:
    """Where the copy of a run is or will be: under the same path as seen from the working folder; None if nowhere.

    Raises:
        CourseError: if the folder that COVERGAN_KEEP names is gone. It is never made here: where a drive was mounted,
            that would be a folder on the disk that is about to be lost.
    """
    place = os.environ.get("COVERGAN_KEEP")
    if not place:
        return None
    if not os.path.isdir(place):
        raise CourseError(f"{place} is gone; connect the drive again, or unset COVERGAN_KEEP.")
    path, here = run.absolute(), Path.cwd()
    return Path(place) / path.relative_to(here if path.is_relative_to(here) else path.anchor)


def restore(run: Path) -> None:
    """Fetch a run that is not here from its copy, if there is one.

    Raises:
        CourseError: if another run is here, or the copy cannot be read.
    """
    copy = copy_of(run)
    with explaining(run):
        if copy is None or (run / MARK).exists() or not (copy / "run.json").exists():
            return
        if run.exists() and any(run.iterdir()):
            raise CourseError(f"{run} is another run than its copy {copy}; delete or rename one of them.")
        partial = run.with_name(f".partial-{run.name}")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(copy, partial, ignore=shutil.ignore_patterns(".*"))
        (partial / MARK).touch()
        os.replace(partial, run)
    print(f"{run} goes on from its copy in {copy}; to start afresh, delete both.")


class Keep(keras.callbacks.Callback):
    """Copies what is new in a run every so many seconds, and when training ends.

    If that fails, a sentence says so once and training goes on; what is missing is copied the next time.
    """

    def __init__(self, run: Path, every: float):
        super().__init__()
        self.run, self.every = run, every
        self.failed = False

    def on_train_begin(self, logs=None):
        self.last = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() - self.last >= self.every:
            self.due()

    def on_train_end(self, logs=None):
        self.due()

    def due(self):
        try:
            self.copy()
            self.failed = False
        except (CourseError, OSError) as error:
            if not self.failed:
                print(f"\n{self.run} is not being copied, and training goes on here alone: {error}")
            self.failed = True
        self.last = time.monotonic()

    def copy(self):
        copy = copy_of(self.run)
        if copy is None:
            return
        (self.run / MARK).touch()
        files = [path for path in self.run.rglob("*") if path.is_file() and path.name[0] != "."]
        # The checkpoint last: it needs the others, and they do not need it.
        for path in sorted(files, key=lambda path: (path.suffix == ".npz", path)):
            target = copy / path.relative_to(self.run)
            if not is_current(target, path):
                with writing(target) as partial:
                    shutil.copyfile(path, partial)


def is_current(copy: Path, path: Path) -> bool:
    """Whether a file was copied after its last change."""
    if not copy.exists():
        return False
    there, here = copy.stat(), path.stat()
    return there.st_size == here.st_size and there.st_mtime_ns >= here.st_mtime_ns
