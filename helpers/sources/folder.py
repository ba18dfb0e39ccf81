"""Covers that already lie in a folder: a source's own, with records, or any folder of images."""

import os
from collections.abc import Iterator
from pathlib import Path

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
    paths = sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    )
    if not paths:
        raise CourseError(f"{folder} holds no images; covers end in {', '.join(SUFFIXES)}.")
    return (_from_file(folder, path) for path in paths)


def _recorded(folder: Path) -> Iterator[tuple[Record, Path]]:
    for record in read_records(folder / RECORDS_FILE):
        if record.cover_path:
            yield record, folder / record.cover_path


def _from_file(folder: Path, path: Path) -> tuple[Record, Path]:
    relative = path.relative_to(folder)
    genres = (relative.parent.name.lower(),) if relative.parent.name else ()
    name = relative.as_posix()
    return Record(source="folder", source_id=name, genres=genres, cover_path=name), path
