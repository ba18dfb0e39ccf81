"""A copy of every run in the folder that COVERGAN_KEEP names, from which a new machine goes on.

The run itself stays on the machine's own disk: a network drive such as Google's is slow, has no locks, and is sometimes
gone in the middle of a training, which must not end it.
"""

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from helpers.errors import CourseError
from helpers.files import explaining, settle

MARK = ".kept"  # a file in a run: the copy is this run's, not that of another by the same name

_copied: dict[Path, tuple[int, int]] = {}  # copy -> the state of its file when this process found the two alike


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
    path, here = Path(os.path.abspath(run)), Path.cwd()  # abspath: with "..", the copy would leave its folder
    return Path(place) / path.relative_to(here if path.is_relative_to(here) else path.anchor)


def restore(run: Path) -> None:
    """Fetch a run that is not here from its copy, if there is one.

    Raises:
        CourseError: if another run is here, or the copy cannot be read.
    """
    copy = copy_of(run)
    if copy is None or (run / MARK).exists():
        return
    with reading(copy):
        if not (copy / "run.json").exists():
            return
    with explaining(run):
        if run.exists() and any(run.iterdir()):
            raise CourseError(f"{run} is another run than its copy {copy}; delete or rename one of them.")
        partial = run.with_name(f".partial-{run.name}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with reading(copy):
            fetch(copy, partial)
        (partial / MARK).touch()
        os.replace(partial, run)
    print(f"{run} goes on from its copy in {copy}; to start afresh, delete both.")


@contextmanager
def reading(copy: Path) -> Iterator[None]:
    """Turn an `OSError` while reading a copy into a `CourseError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # then it is the machine's own disk
            raise
        raise CourseError(f"The copy {copy} cannot be read; connect the drive again, or try later.") from error


def fetch(copy: Path, folder: Path) -> None:
    """Copy the visible files of a copy into a folder that is there.

    Unlike shutil.copytree it ends with the first error, and that says whether the disk is full.
    """
    for path in copy.iterdir():
        if path.name[0] == ".":
            continue
        if path.is_dir():
            (folder / path.name).mkdir()
            fetch(path, folder / path.name)
        else:
            shutil.copy2(path, folder / path.name)


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
        if copy_of(self.run) is None:
            return
        (self.run / MARK).touch()
        files = [path for path in self.run.rglob("*") if path.is_file() and path.name[0] != "."]
        # The checkpoint last: it needs the others, and they do not need it.
        for path in sorted(files, key=lambda path: (path.suffix == ".npz", path)):
            target = copy_of(self.run) / path.relative_to(self.run)  # asked again: a drive may go at any moment
            before = state(path)  # so that what changes meanwhile is copied the next time
            if not is_current(target, path):
                deliver(path, target)
            _copied[target] = before


def is_current(copy: Path, path: Path) -> bool:
    """Whether a file was copied after its last change.

    For files that another process copied the times must tell, though the drive's clock may differ from the machine's.
    """
    if not copy.exists() or copy.stat().st_size != path.stat().st_size:
        return False
    if copy in _copied:
        return _copied[copy] == state(path)
    return copy.stat().st_mtime_ns >= path.stat().st_mtime_ns


def state(path: Path) -> tuple[int, int]:
    """What is another after every change of a file: when it was, and the size."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def deliver(path: Path, target: Path) -> None:
    """Copy a file to the drive, where it is whole or not there.

    Raises:
        CourseError: if it cannot be written; the drive may be full, or have gone.
    """
    partial = target.with_name(f".partial-{target.name}")
    with explaining(target):
        make(target.parent)
        try:
            shutil.copyfile(path, partial)
            settle(partial)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)


def make(folder: Path) -> None:
    """Make a folder in the one that COVERGAN_KEEP names, but never that one, see `copy_of`."""
    if folder != Path(os.environ["COVERGAN_KEEP"]):
        make(folder.parent)
        folder.mkdir(exist_ok=True)
