"""CoverSet: a folder of covers as one memory-mapped array, one table and one card.

images.npy       uint8 [N, S, S, 3], memory-mapped: opening a million covers reads nothing
covers.parquet   one row per image, in the same order
card.json        counts, terms, every rejected file with its reason, settings, hash
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.building import CARD, IMAGES, TABLE, Builder, decoded
from helpers.errors import CourseError
from helpers.records import Record, as_utf8
from helpers.sources.folder import folder_covers

SIZES = range(8, 1025)

Source = str | os.PathLike | Iterable[tuple[Record, str | os.PathLike | np.ndarray]]


class CoverSet:
    """Square covers of one size with their metadata. Make one with `CoverSet.build` or `CoverSet.open`.

    Attributes:
        path: the folder.
        size: side of every image in pixels.
        card: the data card, as a dict.
        table: pandas DataFrame, one row per image: the fields of `Record` (`genres` as lists, unknown years as NA)
            and the ten audio features as columns; read when first asked for.
    """

    def __init__(self, path: Path, images: np.ndarray, card: dict, rows: np.ndarray | None = None, depth: int = 0):
        self.path, self.card = path, card
        self._images = images
        self._rows = rows  # of a part: where its covers stand in the folder's arrays
        self._depth = depth  # how many splits the part comes from

    def __len__(self) -> int:
        return len(self._images) if self._rows is None else len(self._rows)

    def __getitem__(self, key) -> np.ndarray:
        """Images by position: an integer, a slice or an integer array; uint8 [..., S, S, 3]."""
        return np.asarray(self._images[key if self._rows is None else self._rows[key]])

    def __repr__(self) -> str:
        return f"CoverSet({str(self.path)!r}: {len(self):,} covers, {self.size} x {self.size})"

    @property
    def size(self) -> int:
        return self._images.shape[1]

    @property
    def hash(self) -> str:
        """Hex digest of the content; that of a part depends on which covers are in it."""
        if self._rows is None:
            return self.card["hash"]
        return hashlib.sha256(self.card["hash"].encode() + self._rows.tobytes()).hexdigest()

    @property
    def images(self) -> np.ndarray:
        """uint8 [N, S, S, 3]; the memory map itself for a whole set, a copy for a part."""
        return self._images if self._rows is None else self._images[self._rows]

    @cached_property
    def table(self) -> pd.DataFrame:
        # Years as pandas' nullable integers: else one unknown year would make floats of all.
        table = pq.read_table(self.path / TABLE).to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
        if self._rows is not None:
            table = table.iloc[self._rows].reset_index(drop=True)
        table["genres"] = table["genres"].map(list)
        return table

    @classmethod
    def open(cls, path: str | os.PathLike) -> "CoverSet":
        """Open a finished set; nothing is read but the card and the headers of the array and the table.

        Raises:
            CourseError: if the folder is missing, unfinished, cut off, or its parts do not belong together.
        """
        path = Path(path)
        if not path.is_dir():
            raise CourseError(f"There is no folder {path}; make a CoverSet there with covergan prepare.")
        if not (path / CARD).exists():
            raise CourseError(f"{path} is not a finished CoverSet (it has no {CARD}); run covergan prepare again.")
        anew = "delete that folder and run covergan prepare again"
        try:
            card = json.loads((path / CARD).read_text(encoding="utf-8"))
            count, size = card["count"], card["size"]
            images = np.lib.format.open_memmap(path / IMAGES, mode="r")
            rows = pq.read_metadata(path / TABLE).num_rows
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
            raise CourseError(f"{path} is damaged or cut off ({error}); {anew}.") from error
        if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3):
            raise CourseError(
                f"{path / IMAGES} holds {images.dtype} {list(images.shape)}, not uint8 [N, {size}, {size}, 3]; {anew}."
            )
        if not len(images) == rows == count:
            raise CourseError(
                f"{path} holds {len(images):,} images, {rows:,} rows and a card that says {count:,}; {anew}."
            )
        return cls(path, images, card)

    @classmethod
    def build(
        cls,
        source: Source,
        path: str | os.PathLike,
        size: int = 64,
        *,
        origin: str = "",
        permission: str | None = None,
        jobs: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> "CoverSet":
        """Build a set from covers; an interrupted build goes on where it stopped, a finished one is just opened.

        Args:
            source: a folder (see `helpers.sources.folder`), or an iterable of (record, image), image being a path or
                a uint8 array [size, size, 3]; it must give the same covers in the same order when resumed.
            path: the folder to make.
            size: side of the images in pixels, 8 to 1024.
            origin: what an iterable gives, in words, so that a set of other covers is not taken for this one; a
                folder's origin is its path.
            permission: who allowed training on covers whose terms forbid it; kept in the card.
            jobs: threads that decode; all cores by default.
            progress: called with the number of covers seen so far.

        Raises:
            CourseError: on a wrong size, a source without one usable cover, terms that forbid training, a full disk,
                or a folder that already holds something else.
        """
        if size not in SIZES:
            raise CourseError(f"The size is {size}; it must be from {SIZES[0]} to {SIZES[-1]} pixels.")
        path = Path(path)
        is_folder = isinstance(source, (str, os.PathLike))
        origin = as_utf8(str(Path(source).resolve()) if is_folder else origin)
        if (path / CARD).exists():
            covers = cls.open(path)
            if covers.card.get("settings") != {"size": size, "origin": origin, "permission": permission}:
                raise CourseError(f"{path} already holds another CoverSet; choose a new folder or delete that one.")
            return covers
        items = folder_covers(source) if is_folder else source
        with Builder(path, size, origin, permission) as builder:
            rest = builder.skip_seen(items)
            for entry, image in decoded(rest, size, jobs or os.cpu_count() or 1):
                builder.add(entry, image)
                if progress:
                    progress(builder.seen)
            builder.finish()
        return cls.open(path)

    def split(self, by: str = "artist", test: float = 0.1, seed: int = 0) -> tuple["CoverSet", "CoverSet"]:
        """Split into (train, test) so that no group is on both sides.

        A group falls on its side by a hash of (seed, group), so it stays there when the set grows. Covers whose
        group is unknown are each a group of their own. A part can be split again, by another hash.

        Args:
            by: "artist", "album" (artist and title) or "cluster" (perceptual hash; the same file where there is none).
            test: share of the groups in the test part, between 0 and 1.

        Raises:
            CourseError: on another `by`, a share outside (0, 1), or a set too small to give both parts a cover.
        """
        if not 0 < test < 1:
            raise CourseError(f"The test share is {test}; it must lie between 0 and 1.")
        table = self.table
        if by == "artist":
            groups = table["artist"]
        elif by == "album":
            groups = (table["artist"] + "\n" + table["title"]).where(table["title"] != "", "")
        elif by == "cluster":
            groups = table["phash"].where(table["phash"] != "", table["sha256"])
        else:
            raise CourseError(f"Cannot split by {by!r}; choose artist, album or cluster.")
        # One artist, however the sources spell: upper or lower case, Hangul as syllables or as letters.
        groups = groups.str.normalize("NFKC").str.casefold()
        groups = groups.where(groups != "", table["source"] + "\n" + table["source_id"])
        in_test = np.array([_share(f"{seed} {self._depth}\n{group}") < test for group in groups])
        if in_test.all() or not in_test.any():
            raise CourseError(f"{len(self)} covers are too few to split by {by} with a test share of {test}.")
        return self._part(~in_test), self._part(in_test)

    def _part(self, chosen: np.ndarray) -> "CoverSet":
        rows = np.arange(len(self._images)) if self._rows is None else self._rows
        return CoverSet(self.path, self._images, self.card, rows[chosen], self._depth + 1)

    def batches(self, batch_size: int, seed: int, start_step: int = 0) -> Iterator[np.ndarray]:
        """Endless shuffled batches, uint8 [batch_size, S, S, 3]; batch k is a function of (seed, k) alone.

        Every epoch is a fresh permutation; what is left at its end when the batches do not fill it is skipped.

        Raises:
            CourseError: if the batch is larger than the set.
        """
        if not 0 < batch_size <= len(self):
            raise CourseError(f"A batch of {batch_size} cannot come from {len(self)} covers; choose a smaller batch.")
        return self._batches(batch_size, seed, start_step)

    def _batches(self, batch_size: int, seed: int, step: int) -> Iterator[np.ndarray]:
        per_epoch = len(self) // batch_size
        while True:
            epoch, first = divmod(step, per_epoch)
            order = np.random.default_rng([seed, epoch]).permutation(len(self))
            for k in range(first, per_epoch):
                # Sorted, so that a map larger than memory is read in one direction.
                yield self[np.sort(order[k * batch_size : (k + 1) * batch_size])]
            step = (epoch + 1) * per_epoch


def _share(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
