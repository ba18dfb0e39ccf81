"""Files that are whole or not there: atomic writes, and a full disk said in one sentence."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from helpers.errors import CourseError

UNFINISHED = ".covergan-partial"  # the folder, in the one where a CoverSet is to be, for work on it


@contextmanager
def writing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; renamed to `path` when the block succeeds, removed when it fails.

    The temporary name keeps the suffix, since many writers choose the format by it.

    Raises:
        CourseError: if the file cannot be written; the disk may be full.
    """
    path = Path(path)
    partial = path.with_name(f".partial-{path.name}")
    with explaining(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            settle(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


def settle(path: str | os.PathLike) -> None:
    """Wait until a file is on the disk, so that not even a power cut can leave it half there under its final name."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def explaining(path: str | os.PathLike) -> Iterator[None]:
    """Turn an `OSError` while writing `path` into a `CourseError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = _free_megabytes(path)
            raise CourseError(
                f"The disk is full ({free} MB left) while writing {path}; make room and run the same command again."
            ) from error
        raise CourseError(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def alone(lock: str | os.PathLike, sentence: str) -> Iterator[None]:
    """Do something that one process may do at a time.

    Args:
        lock: a file that stands for it.
        sentence: what the others are told, as a `CourseError`.
    """
    held = FileLock(lock, timeout=0)
    with explaining(lock):
        try:
            held.acquire()
        except Timeout:
            raise CourseError(sentence) from None
    try:
        yield
    finally:
        held.release()


def _free_megabytes(path: str | os.PathLike) -> str:
    path = Path(path).absolute()
    existing = next(p for p in (path, *path.parents) if p.exists())
    return f"{shutil.disk_usage(existing).free / 1e6:.0f}"
