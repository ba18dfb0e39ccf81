"""Covers that already lie in a folder: a source's own, with records, or any folder of images."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from helpers.errors import CourseError
from helpers.records import RECORDS_FILE, Record, read_records

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
    names = sorted(
        Path(parent, name).relative_to(folder).as_posix()
        for parent, _, files in os.walk(folder)
        for name in files
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )
    if not names:
        raise CourseError(f"{folder} holds no images; covers end in {', '.join(SUFFIXES)}.")
    return ((_from_name(name), folder / name) for name in names)


def _recorded(folder: Path) -> Iterator[tuple[Record, Path]]:
    for record in read_records(folder / RECORDS_FILE):
        if record.cover_path:
            yield record, folder / record.cover_path


def _from_name(name: str) -> Record:
    genre = PurePosixPath(name).parent.name
    return Record(source="folder", source_id=name, genres=(genre,) if genre else (), cover_path=name)
