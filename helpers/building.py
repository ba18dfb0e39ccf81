"""Building a CoverSet: covers go in, an array, a table and a card come out, however often that is interrupted.

images.npy       uint8 [N, S, S, 3]
covers.parquet   one row per image, in the same order
card.json        counts, terms, every rejected file with its reason, settings, hash; written last
"""

import hashlib
import io
import json
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from helpers import __version__
from helpers.errors import CourseError
from helpers.files import explaining, writing
from helpers.preprocess.decode import REASONS, Rejected, decode
from helpers.records import FEATURE_NAMES, Record, as_utf8

IMAGES, TABLE, CARD = "images.npy", "covers.parquet", "card.json"
PIXELS, JOURNAL = "pixels.partial", "journal.partial"
ROWS_AT_ONCE = 2048
FLUSH_EVERY = 256

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "source_id", "artist", "title")]
    + [("year", pa.int32()), ("genres", pa.list_(pa.string()))]
    + [(name, pa.string()) for name in ("cover_url", "cover_path", "sha256", "phash", "licence", "terms_url")]
    + [(name, pa.string()) for name in ("ml_use", "fetched_at", "features_source")]
    + [(name, pa.float64()) for name in FEATURE_NAMES]
)


def decoded(covers: Iterable, size: int, jobs: int) -> Iterator[tuple[dict, np.ndarray | None]]:
    """(journal entry, image) for each (record, image) in order, by `jobs` threads that run a few covers ahead.

    The image is None for a rejected file, whose entry says the reason.
    """
    waiting = deque()
    pool = ThreadPoolExecutor(jobs)
    try:
        for record, image in covers:
            waiting.append(pool.submit(_decoded_one, record, image, size))
            if len(waiting) > 4 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decoded_one(record: Record, image, size: int) -> tuple[dict, np.ndarray | None]:
    entry = asdict(record)
    if isinstance(image, np.ndarray):
        if image.shape != (size, size, 3) or image.dtype != np.uint8:
            raise CourseError(f"{record.source_id}: {image.dtype} {list(image.shape)} is no {size} px cover.")
        return entry | {"sha256": record.sha256 or hashlib.sha256(image.tobytes()).hexdigest()}, image
    try:
        pixels = decode(image, size)
        with open(image, "rb") as file:
            return entry | {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}, pixels
    except Rejected as rejected:
        reason = rejected.reason
    except OSError:
        reason = "unreadable"
    return {"file": _name(entry), "reason": reason}, None


def _name(entry: dict) -> str:
    """What tells a cover from the others of its source, be it accepted or rejected."""
    return entry.get("file") or entry["cover_path"] or entry["source_id"]


class Builder:
    """An unfinished set on disk: pixels as they come, and a journal with one line of JSON per cover seen.

    Both files only grow, so whichever moment a crash chooses, cutting each back to what the other knows gives a
    consistent state to go on from. Memory stays small however many covers there are.
    """

    def __init__(self, path: Path, size: int, origin: str, permission: str | None):
        self.path, self.size, self.origin, self.permission = path, size, origin, permission
        self.journal_path, self.pixels_path = path / JOURNAL, path / PIXELS
        self.start, self.frame = len(_npy_header(0, size)), 3 * size**2
        self.seen = self.accepted = 0
        self.last = ""  # name of the last cover seen

    def __enter__(self) -> "Builder":
        with explaining(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if not self.journal_path.exists() and any(self.path.iterdir()):
                raise CourseError(f"{self.path} is not empty and no CoverSet; choose a new folder.")
            self.journal_path.touch()
            if (self.path / IMAGES).exists():  # the crash came just before the card
                os.replace(self.path / IMAGES, self.pixels_path)
            self.pixels_path.touch()
            end = self._read_journal()
            self.journal = self.journal_path.open("r+b")
            self.pixels = self.pixels_path.open("r+b")
            self.journal.truncate(end)
            self.journal.seek(end)
            if not end:
                self._log({"size": self.size, "origin": self.origin})
            self._write_header()
            self.pixels.truncate(self.start + self.accepted * self.frame)
            self.pixels.seek(0, os.SEEK_END)
        return self

    def __exit__(self, *_) -> None:
        with explaining(self.path):
            self._close()
            if not self.accepted:  # nothing that would be worth going on from
                self.pixels_path.unlink()
                self.journal_path.unlink()

    def _close(self) -> None:
        try:
            self.pixels.close()
        finally:
            self.journal.close()

    def _read_journal(self) -> int:
        """Take up what an earlier run did; returns where the journal's last good line ends."""
        frames = (self.pixels_path.stat().st_size - self.start) // self.frame
        end = 0
        with self.journal_path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                entry = json.loads(line)
                if not end:
                    if entry != {"size": self.size, "origin": self.origin}:
                        raise CourseError(f"{self.path} holds an unfinished set of other covers; delete it first.")
                elif "reason" in entry or self.accepted < frames:
                    self._admit(entry)
                else:
                    break
                end += len(line)
        return end

    def _admit(self, entry: dict) -> None:
        """Count a cover, unless its terms forbid training on it: this is where they are enforced."""
        if "reason" not in entry:
            if entry["ml_use"] == "forbidden" and not self.permission:
                raise CourseError(
                    f"The terms of {entry['source']} forbid training on its covers ({entry['terms_url']}); "
                    "leave them out, or name the permission you have with permission=."
                )
            self.accepted += 1
        self.seen += 1
        self.last = _name(entry)

    def skip_seen(self, covers: Iterable) -> Iterator:
        """What follows in the source after the covers seen.

        Raises:
            CourseError: if the source does not begin with the covers seen.
        """
        covers = iter(covers)
        skipped, last = 0, ""
        for record, _ in islice(covers, self.seen):
            skipped, last = skipped + 1, record.cover_path or record.source_id
        if (skipped, last) != (self.seen, self.last):
            raise CourseError(f"The source is not what {self.path} was begun with; delete that folder to start anew.")
        return covers

    def add(self, entry: dict, image: np.ndarray | None) -> None:
        """Take one more cover, or a rejected file, where `image` is None."""
        self._admit(entry)
        with explaining(self.path):
            if image is not None:
                self.pixels.write(image.tobytes())
            self._log(entry)
            if self.seen % FLUSH_EVERY == 0:
                self.pixels.flush()
                self.journal.flush()

    def _log(self, entry: dict) -> None:
        self.journal.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def _write_header(self) -> None:
        self.pixels.seek(0)
        self.pixels.write(_npy_header(self.accepted, self.size))

    def finish(self) -> None:
        """Write table, images and card, the card last.

        Raises:
            CourseError: if no cover was accepted; if the disk is full.
        """
        with explaining(self.path):
            self._write_header()
            self._close()
            rejected = [entry for entry in self._entries() if "reason" in entry]
            if not self.accepted:
                raise CourseError(_nothing_usable(rejected))
            counts = {name: Counter() for name in ("sources", "genres", "decades", "licences", "ml_use")}
            digest = hashlib.sha256(json.dumps({"size": self.size, "permission": self.permission}).encode())
            self._write_table(counts, digest)
            with self.pixels_path.open("rb") as pixels:
                while block := pixels.read(2**24):
                    digest.update(block)
            card = {"name": as_utf8(self.path.name), "count": self.accepted, "size": self.size}
            card |= {name: dict(counter.most_common()) for name, counter in counts.items()}
            card |= {"permission": self.permission, "rejected": rejected, "reasons": REASONS}
            card |= {"settings": {"size": self.size, "origin": self.origin, "permission": self.permission}}
            card |= {"version": __version__, "hash": digest.hexdigest()}
            os.replace(self.pixels_path, self.path / IMAGES)
            with writing(self.path / CARD) as partial:
                partial.write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            self.journal_path.unlink()
        if unclear := counts["ml_use"]["unclear"]:
            print(f"The terms of {unclear:,} covers are unclear: use them as your law allows.")

    def _entries(self) -> Iterator[dict]:
        with self.journal_path.open("rb") as lines:
            next(lines)
            yield from map(json.loads, lines)

    def _write_table(self, counts: dict[str, Counter], digest) -> None:
        accepted = (entry for entry in self._entries() if "reason" not in entry)
        with writing(self.path / TABLE) as partial, pq.ParquetWriter(partial, SCHEMA) as table:
            while rows := list(islice(accepted, ROWS_AT_ONCE)):
                for row in rows:
                    digest.update(json.dumps(row, sort_keys=True).encode())
                    _count(counts, row)
                    row.update(row.pop("features"))
                table.write_batch(pa.RecordBatch.from_pylist(rows, SCHEMA))


def _npy_header(count: int, size: int) -> bytes:
    """The header of a .npy file, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

    NumPy pads it so that its length does not depend on the count: it can be filled in at the end.
    """
    header = io.BytesIO()
    shape = (count, size, size, 3)
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def _count(counts: dict[str, Counter], row: dict) -> None:
    counts["sources"][row["source"]] += 1
    counts["genres"].update(row["genres"][:1] or ["unknown"])
    counts["decades"][f"{row['year'] // 10 * 10}s" if row["year"] else "unknown"] += 1
    counts["licences"][row["licence"] or "unknown"] += 1
    counts["ml_use"][row["ml_use"]] += 1


def _nothing_usable(rejected: list[dict]) -> str:
    if not rejected:
        return "The source gave no covers."
    reason, count = Counter(entry["reason"] for entry in rejected).most_common(1)[0]
    return f"None of the {len(rejected):,} files could be used; for {count:,} of them the reason is: {REASONS[reason]}."
