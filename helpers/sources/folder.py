"""Covers that already lie in a folder: a source's own, with records, or any folder of images."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from helpers.errors import CourseError
from helpers.files import UNFINISHED
from helpers.records import RECORDS_FILE, Record, read_records

SET_FILES = {"card.json", "images.npy"}  # where these are, there is a CoverSet
SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


def folder_covers(folder: str | os.PathLike) -> Iterator[tuple[Record, Path]]:
    """Yield (record, image path) for every cover in a folder, in a fixed order.

    With a `records.jsonl` in it, its records say what the covers are. Without one, every image file below the folder
    is a cover, the sub-folder it lies in names its genre, and its terms are "unclear".

    Raises:
        CourseError: if there is no such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CourseError(f"There is no folder {folder}; pass the folder that holds the covers.")
    if (folder / RECORDS_FILE).exists():
        return _recorded(folder)
    paths = _images(folder, ())
    first = next(paths, None)
    if first is None:
        raise CourseError(f"{folder} holds no images; covers end in {', '.join(SUFFIXES)}.")
    return ((_from_name(path.relative_to(folder).as_posix()), path) for path in chain([first], paths))


def count_covers(folder: str | os.PathLike) -> int:
    """How many covers `folder_covers` gives; raises what it raises."""
    return sum(1 for _ in folder_covers(folder))


def _images(folder: Path, above: tuple) -> Iterator[Path]:
    """The image files below a folder, sorted by name folder by folder, so that no more than one folder is in memory.

    Links to folders are followed, but for those that lead back to a folder `above`. A CoverSet that was made inside
    the folder is passed over, for its contact sheets are no covers.
    """
    try:
        status = folder.stat()
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder  # to be rejected as unreadable, so that nothing is missing without a word
        return
    here = (status.st_dev, status.st_ino)
    names = {path.name for path in entries}
    if here in above or UNFINISHED in names or names >= SET_FILES:
        return
    for path in entries:
        if os.path.isdir(path):
            yield from _images(path, (*above, here))
        elif path.name.lower().endswith(SUFFIXES) and not path.name.startswith("."):
            yield path


def _recorded(folder: Path) -> Iterator[tuple[Record, Path]]:
    for record in read_records(folder / RECORDS_FILE):
        if record.cover_path:
            yield record, folder / record.cover_path


def _from_name(name: str) -> Record:
    genre = PurePosixPath(name).parent.name
    return Record(source="folder", source_id=name, genres=(genre,) if genre else (), cover_path=name)
