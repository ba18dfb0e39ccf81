"""CoverSet: a folder of covers as one memory-mapped array, one table and one card.

    images.npy       uint8 [N, S, S, 3], memory-mapped: opening a million covers reads nothing
    covers.parquet   one row per image, in the same order
    card.json        counts, terms, every rejected file with its reason, settings, hash; written last
"""

import hashlib
import io
import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers import __version__
from helpers.errors import CourseError
from helpers.files import explaining, writing
from helpers.preprocess.decode import REASONS, Rejected, decode
from helpers.records import FEATURE_NAMES, Record
from helpers.sources.folder import folder_covers

IMAGES, TABLE, CARD = "images.npy", "covers.parquet", "card.json"
PIXELS, JOURNAL = "pixels.partial", "journal.partial"
SIZES = range(8, 1025)
ROWS_AT_ONCE = 8192

Source = str | os.PathLike | Iterable[tuple[Record, "os.PathLike | np.ndarray"]]

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "source_id", "artist", "title")]
    + [("year", pa.int32()), ("genres", pa.list_(pa.string()))]
    + [(name, pa.string()) for name in ("cover_url", "cover_path", "sha256", "phash", "licence", "terms_url")]
    + [(name, pa.string()) for name in ("ml_use", "fetched_at", "features_source")]
    + [(name, pa.float64()) for name in FEATURE_NAMES]
)


class CoverSet:
    """Square covers of one size with their metadata. Make one with `CoverSet.build` or `CoverSet.open`.

    Attributes:
        path: the folder.
        size: side of every image in pixels.
        card: the data card, as a dict.
        table: pandas DataFrame, one row per image: the fields of `Record`, the ten audio features as columns.
    """

    def __init__(self, path: Path, images: np.ndarray, card: dict, rows: np.ndarray | None = None):
        self.path, self.card = path, card
        self._images = images
        self._rows = rows  # of a part: where its covers stand in the folder's arrays

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
    def images(self) -> np.ndarray:
        """uint8 [N, S, S, 3]; the memory map itself for a whole set, a copy for a part."""
        return self._images if self._rows is None else self._images[self._rows]

    @cached_property
    def table(self) -> pd.DataFrame:
        table = pd.read_parquet(self.path / TABLE)
        return table if self._rows is None else table.iloc[self._rows].reset_index(drop=True)

    @classmethod
    def open(cls, path: str | os.PathLike) -> "CoverSet":
        """Open a finished set; nothing is read but the card and the header of `images.npy`.

        Raises:
            CourseError: if the folder is missing, unfinished, cut off, or its parts do not belong together.
        """
        path = Path(path)
        if not path.is_dir():
            raise CourseError(f"There is no folder {path}; make a CoverSet with: covergan prepare IMAGES {path}")
        if not (path / CARD).exists():
            raise CourseError(f"{path} is not a finished CoverSet (it has no {CARD}); run covergan prepare again.")
        try:
            card = json.loads((path / CARD).read_text(encoding="utf-8"))
            images = np.load(path / IMAGES, mmap_mode="r", allow_pickle=False)
            rows = pq.read_metadata(path / TABLE).num_rows
        except (OSError, ValueError, pa.ArrowException) as error:
            raise CourseError(f"{path} is damaged or cut off ({error}); run covergan prepare again.") from error
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (images.shape[1],) * 2 + (3,):
            raise CourseError(f"{path / IMAGES} holds {images.dtype} {list(images.shape)}, not uint8 [N, S, S, 3].")
        if not len(images) == rows == card.get("count"):
            raise CourseError(f"{path}: images, table and card disagree on the count; run covergan prepare again.")
        return cls(path, images, card)

    @classmethod
    def build(
        cls,
        source: Source,
        path: str | os.PathLike,
        size: int = 64,
        *,
        permission: str | None = None,
        jobs: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> "CoverSet":
        """Build a set from covers; an interrupted build goes on where it stopped, a finished one is just opened.

        Memory stays small however many covers there are: pixels go straight to disk, metadata to a journal.

        Args:
            source: a folder (see `helpers.sources.folder`), or an iterable of (record, image), image being a path or
                a uint8 array [size, size, 3]; it must give the same covers in the same order when resumed.
            path: the folder to make.
            size: side of the images in pixels, 8 to 1024.
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
        origin = str(Path(source).resolve()) if isinstance(source, (str, os.PathLike)) else ""
        settings = {"size": size, "origin": origin, "permission": permission}
        if (path / CARD).exists():
            covers = cls.open(path)
            if covers.card.get("settings") != settings:
                raise CourseError(f"{path} already holds another CoverSet; choose a new folder or delete that one.")
            return covers
        items = folder_covers(source) if origin else source
        with explaining(path):
            path.mkdir(parents=True, exist_ok=True)
            with _Builder(path, settings) as builder:
                seen = builder.seen
                decoded = _decode_all(islice(items, seen, None), size, permission, jobs or os.cpu_count() or 1)
                for entry, image in decoded:
                    builder.add(entry, image)
                    seen += 1
                    if progress:
                        progress(seen)
                builder.finish()
        return cls.open(path)

    def split(self, by: str = "artist", test: float = 0.1, seed: int = 0) -> tuple["CoverSet", "CoverSet"]:
        """Split into (train, test) so that no group is on both sides.

        A group falls on its side by a hash of (seed, group), so it stays there when the set grows. Covers whose
        group is unknown are each a group of their own.

        Args:
            by: "artist", "album" (artist and title) or "cluster" (perceptual hash; the same file where there is none).
            test: share of the groups in the test part, between 0 and 1.

        Raises:
            CourseError: on another `by`, a share outside (0, 1), or a set too small to give both parts a cover.
        """
        if not 0 < test < 1:
            raise CourseError(f"The test share is {test}; it must lie between 0 and 1.")
        own = self.table["sha256"] + self.table["source_id"]
        if by == "artist":
            groups = self.table["artist"].str.casefold()
        elif by == "album":
            titled = self.table["title"] != ""
            groups = (self.table["artist"] + "\n" + self.table["title"]).str.casefold().where(titled, "")
        elif by == "cluster":
            groups = self.table["phash"].where(self.table["phash"] != "", self.table["sha256"])
        else:
            raise CourseError(f"Cannot split by {by!r}; choose artist, album or cluster.")
        groups = groups.where(groups != "", own)
        in_test = groups.map(lambda group: _share(f"{seed}\n{group}") < test).to_numpy(bool)
        if in_test.all() or not in_test.any():
            raise CourseError(f"{len(self)} covers are too few to split by {by} with a test share of {test}.")
        rows = np.arange(len(self._images)) if self._rows is None else self._rows
        return tuple(CoverSet(self.path, self._images, self.card, rows[side]) for side in (~in_test, in_test))

    def batches(self, batch_size: int, seed: int, start_step: int = 0) -> Iterator[np.ndarray]:
        """Endless shuffled batches, uint8 [batch_size, S, S, 3]; batch k is a function of (seed, k) alone.

        Every epoch is a fresh permutation; what is left at its end when the batches do not fill it is skipped.

        Raises:
            CourseError: if the batch is larger than the set.
        """
        if not 0 < batch_size <= len(self):
            raise CourseError(f"A batch of {batch_size} cannot come from {len(self)} covers; choose a smaller batch.")
        per_epoch = len(self) // batch_size
        step = start_step
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


def _decode_all(items, size: int, permission: str | None, jobs: int) -> Iterator[tuple[dict, np.ndarray | None]]:
    """(journal entry, image or None) for each item, in order; decoding runs ahead of the reader by a few covers."""
    work = partial(_decode_one, size=size)
    waiting: deque = deque()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for record, image in items:
                if record.ml_use == "forbidden" and not permission:
                    raise CourseError(
                        f"The terms of {record.source} forbid training on its covers ({record.terms_url}); "
                        "leave them out, or name the permission you have with permission=."
                    )
                waiting.append(pool.submit(work, record, image))
                if len(waiting) > 16 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _decode_one(record: Record, image, size: int) -> tuple[dict, np.ndarray | None]:
    row = asdict(record)
    if isinstance(image, np.ndarray):
        if image.shape != (size, size, 3) or image.dtype != np.uint8:
            raise CourseError(f"{record.source_id}: {image.dtype} {list(image.shape)} is no {size} px cover.")
        return row | {"sha256": record.sha256 or hashlib.sha256(image.tobytes()).hexdigest()}, image
    try:
        pixels = decode(image, size)
        with open(image, "rb") as file:
            return row | {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}, pixels
    except (Rejected, OSError) as error:
        reason = error.reason if isinstance(error, Rejected) else "unreadable"
        return {"file": record.cover_path or os.fspath(image), "reason": reason}, None


class _Builder:
    """An unfinished set on disk: pixels as they come, and a journal with one JSON line per cover seen.

    The journal line is written after the pixels, so whatever moment a crash chooses, cutting the pixels back to what
    the journal counts gives a consistent state to go on from.
    """

    def __init__(self, path: Path, settings: dict):
        self.path, self.settings = path, settings
        self.journal_path, self.pixels_path = path / JOURNAL, path / PIXELS
        self.frame = 3 * settings["size"] ** 2
        self.start = len(_npy_header(0, settings["size"]))

    def __enter__(self) -> "_Builder":
        header = {"settings": self.settings}
        self.seen = self.accepted = 0
        if self.journal_path.exists() and (self.path / IMAGES).exists():  # the crash came just before the card
            os.replace(self.path / IMAGES, self.pixels_path)
        if self.journal_path.exists() and self.pixels_path.exists():
            end = self._read_journal(header)
        else:
            if any(self.path.iterdir()):
                raise CourseError(f"{self.path} is not empty and no CoverSet; choose a new folder.")
            end = 0
        self.journal = self.journal_path.open("r+b" if end else "wb")
        self.journal.seek(end)
        self.journal.truncate()
        self.pixels = self.pixels_path.open("r+b" if end else "wb")
        if not end:
            self._log(header)
            self._write_header()
        self.pixels.truncate(self.start + self.accepted * self.frame)
        self.pixels.seek(0, os.SEEK_END)
        return self

    def __exit__(self, *_) -> None:
        self.pixels.close()
        self.journal.close()

    def _read_journal(self, header: dict) -> int:
        """Count what an earlier run did; returns where its last whole line ends."""
        pixels = (self.pixels_path.stat().st_size - self.start) // self.frame
        end = 0
        with self.journal_path.open("rb") as lines:
            for number, line in enumerate(lines):
                if not line.endswith(b"\n"):
                    break
                entry = json.loads(line)
                if number == 0:
                    if entry != header:
                        raise CourseError(f"{self.path} holds an unfinished set with other settings; delete it first.")
                else:
                    if "reason" not in entry and self.accepted == pixels:
                        break
                    self.accepted += "reason" not in entry
                    self.seen += 1
                end += len(line)
        return end

    def _log(self, entry: dict) -> None:
        self.journal.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def add(self, entry: dict, image: np.ndarray | None) -> None:
        if image is not None:
            self.pixels.write(image.tobytes())
            self.accepted += 1
        self._log(entry)
        self.seen += 1
        if self.seen % 256 == 0:
            self.pixels.flush()
            self.journal.flush()

    def _entries(self) -> Iterator[dict]:
        with self.journal_path.open(encoding="utf-8") as lines:
            next(lines)
            yield from map(json.loads, lines)

    def finish(self) -> None:
        """Write table, images and card, the card last."""
        self._write_header()
        self.pixels.flush()
        self.journal.flush()
        if not self.accepted:
            self._refuse()
        size = self.settings["size"]
        card = {"name": self.path.name, "count": self.accepted, "size": size}
        counts = {name: Counter() for name in ("sources", "genres", "decades", "licences", "ml_use")}
        rejected, digest = [], hashlib.sha256(json.dumps(self.settings).encode())
        with writing(self.path / TABLE) as partial_path, pq.ParquetWriter(partial_path, SCHEMA) as table:
            rows = []
            for entry in self._entries():
                if "reason" in entry:
                    rejected.append(entry)
                    continue
                digest.update(json.dumps(entry, sort_keys=True).encode())
                _count(counts, entry)
                rows.append(entry | entry.pop("features"))
                if len(rows) == ROWS_AT_ONCE:
                    table.write_batch(pa.RecordBatch.from_pylist(rows, SCHEMA))
                    rows.clear()
            if rows:
                table.write_batch(pa.RecordBatch.from_pylist(rows, SCHEMA))
        with self.pixels_path.open("rb") as pixels:
            while block := pixels.read(2**24):
                digest.update(block)
        card |= {name: dict(counter.most_common()) for name, counter in counts.items()}
        card |= {"permission": self.settings["permission"], "rejected": rejected, "reasons": REASONS}
        card |= {"settings": self.settings, "version": __version__, "hash": digest.hexdigest()}
        if card["ml_use"].get("unclear"):
            print(f"The terms of {card['ml_use']['unclear']:,} covers are unclear: use them as your law allows.")
        os.replace(self.pixels_path, self.path / IMAGES)
        with writing(self.path / CARD) as partial_path:
            partial_path.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        self.journal_path.unlink()

    def _refuse(self) -> None:
        reasons = Counter(entry["reason"] for entry in self._entries())
        self.journal_path.unlink()
        self.pixels_path.unlink()
        if not reasons:
            raise CourseError("The source gave no covers.")
        reason, count = reasons.most_common(1)[0]
        raise CourseError(
            f"None of the {self.seen:,} files could be used; for {count:,} of them the reason is: {REASONS[reason]}."
        )

    def _write_header(self) -> None:
        self.pixels.seek(0)
        self.pixels.write(_npy_header(self.accepted, self.settings["size"]))


def _npy_header(count: int, size: int) -> bytes:
    """The header of a .npy file, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

    NumPy pads it so that its length does not depend on the count: it can be filled in at the end.
    """
    header = io.BytesIO()
    shape = (count, size, size, 3)
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _count(counts: dict[str, Counter], entry: dict) -> None:
    counts["sources"][entry["source"]] += 1
    counts["genres"].update(entry["genres"][:1] or ["unknown"])
    counts["decades"][f"{entry['year'] // 10 * 10}s" if entry["year"] else "unknown"] += 1
    counts["licences"][entry["licence"] or "unknown"] += 1
    counts["ml_use"][entry["ml_use"]] += 1
