"""Joining shards to CoverSets: copies are merged, what was not asked for is left out, and the card says so.

A finished folder holds

    images.npy       uint8 [N, S, S, 3]
    covers.parquet   one row per image, in the same order
    card.json        counts, terms, every rejected file with its reason, settings, hash; written last
    card.html        the same as a page, with contact sheets in covers.jpg, duplicates.jpg and rejected.jpg
"""

import hashlib
import io
import json
import os
from bisect import bisect_right
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from helpers.card import REASONS, Card
from helpers.card_page import card_page
from helpers.choosing import Choice
from helpers.contact import covers_sheet, duplicates_sheet, rejected_sheet
from helpers.errors import CourseError
from helpers.files import explaining, settle, writing
from helpers.preprocess.dedupe import HASHES, VIEW, find_duplicates
from helpers.preprocess.shards import Shard
from helpers.records import FEATURE_NAMES, ML_USES, as_utf8

IMAGES, TABLE, CARD, PAGE = "images.npy", "covers.parquet", "card.json", "card.html"
VIEWS, VIEWS_SHAPE = "views", (2, VIEW, VIEW, 3)
ROWS_AT_ONCE = 2048
COVERS_SHOWN, SHOWN, COPIES_SHOWN = 120, 60, 6  # on contact sheets
FILLED = ("artist", "title", "year")  # what a record takes from a copy that knows more

SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("source", "source_id", "artist", "title")]
    + [("year", pa.int32()), ("genres", pa.list_(pa.string()))]
    + [(name, pa.string()) for name in ("cover_url", "cover_path", "sha256", "phash", "licence", "terms_url")]
    + [(name, pa.string()) for name in ("ml_use", "fetched_at", "features_source")]
    + [(name, pa.float64()) for name in FEATURE_NAMES]
    # What was measured, unknown of covers that came as arrays: of the whole picture, of the square cut from it, …
    + [(name, pa.int32()) for name in ("width", "height", "side", "bytes", "jpeg_quality")]
    + [("sharpness", pa.float64())]
    + [("brightness", pa.float64()), ("palette", pa.list_(pa.string())), ("steps", pa.list_(pa.string()))]
    + [("text", pa.int32()), ("text_area", pa.float64()), ("faces", pa.int32()), ("faces_area", pa.float64())]
    + [("copies", pa.int32()), ("cluster", pa.string())]
)


class NothingUsable(CourseError):
    """Of all the files not one became a cover."""


def join(
    shards: list[Shard],
    paths: dict[int, Path],
    work: Path,
    choice: Choice,
    merge: bool,
    leave_out: frozenset[str],
    settings: dict,
) -> Card:
    """Make one set for each size of the shards, which hold the covers in order.

    Args:
        paths: size in pixels -> folder of the set.
        work: the folder for unfinished files.
        choice: which covers to take.
        merge: whether to keep only the best of covers that show the same picture.
        leave_out: names of files that a person has thrown out.
        settings: what the cards say about how the sets were made.

    Returns:
        what the cards say of the covers.

    Raises:
        NothingUsable: if no cover is left.
        CourseError: if a file cannot be written.
    """
    copies, card = Copies(shards, leave_out, work / VIEWS), Card()
    with ExitStack() as closing:
        sets = [closing.enter_context(NewSet(path, size, work)) for size, path in paths.items()]
        for shard, start in zip(shards, copies.starts, strict=True):
            rows, taken, position = [], [], start
            for row in shard.rows:
                if "reason" in row:
                    card.reject(row["file"], row["reason"], row["step"])
                    continue
                card.cleaned(row["measured"].get("steps", ()))
                best = copies.best[position] if merge else position
                entry = copies.entry(position, row, merge)
                if row["file"] in leave_out:
                    card.reject(row["file"], "left out")
                elif best != position:
                    card.reject(row["file"], "duplicate", of=copies.rows[best]["file"])
                elif not choice(entry):
                    card.reject(row["file"], "not chosen")
                else:
                    card.count(entry)
                    rows.append(entry)
                    taken.append(position - start)
                position += 1
            for new in sets:
                new.add(rows, shard.pixels(new.size)[taken])
        if not card.accepted:
            raise NothingUsable(card.nothing_usable())
        sheets = {
            "duplicates.jpg": _duplicates(copies, max(paths)) if merge else None,
            "rejected.jpg": _rejected(shards),
        }
        for new in sets:
            new.finish(card, settings, sheets)
    return card


def _duplicates(copies: "Copies", size: int) -> Image.Image | None:
    groups = []
    for best, others in list(copies.others.items())[:SHOWN]:
        group = [best, *others][:COPIES_SHOWN]
        groups.append(([copies.rows[p]["file"] for p in group], [copies.picture(p, size) for p in group]))
    return duplicates_sheet(groups) if groups else None


def _rejected(shards: list[Shard]) -> Image.Image | None:
    entries = []
    for shard in shards:
        seen = [row for row in shard.rows if row.get("seen")]
        if seen and len(entries) < SHOWN:
            pictures = zip(seen, shard.thumbnails, strict=True)
            entries += [
                (row["file"], REASONS.get(row["reason"], row["reason"]), thumbnail) for row, thumbnail in pictures
            ]
    return rejected_sheet(entries[:SHOWN]) if entries else None


class Copies:
    """Which covers of the shards show the same picture, and what each of them knows about it.

    Attributes:
        starts: the position, among all covers, of each shard's first one.
        best: int64 [A], for each cover the position of the copy worth keeping: of those nobody has thrown out the ones
            with the freest terms, of those the ones with most pixels, and of those the one saved best.
        related: int64 [A], for each cover the position of the first of its copies and editions in other colours.
        others: position of a cover worth keeping -> the positions of its other copies.
        rows: position -> row, of covers that have copies or relatives.

    Args:
        views_path: where to put the views of all covers, which are needed in no particular order.
    """

    def __init__(self, shards: list[Shard], leave_out: frozenset[str], views_path: Path):
        self.shards = shards
        hashes = [shard.hashes for shard in shards]
        ends = np.cumsum([len(found) for found in hashes], dtype=np.int64)
        total = int(ends[-1]) if shards else 0
        self.starts = [0, *ends.tolist()][: len(shards)]
        hashes = np.concatenate(hashes) if shards else np.empty((0, HASHES), np.uint64)
        files, worth = np.empty(total, "S64"), np.empty((total, 5), np.int64)
        # Written like any file and mapped afterwards: a full disk would end the process while a map is written to.
        with explaining(views_path), views_path.open("wb") as file:
            for shard, start in zip(shards, self.starts, strict=True):
                for position, row in enumerate(shard.accepted, start):
                    files[position] = row["record"]["sha256"].encode()
                    worth[position] = row["file"] in leave_out, *_worth(row)
                file.write(shard.views.tobytes())
        views = (
            np.memmap(views_path, np.uint8, "r", shape=(total, *VIEWS_SHAPE)) if total else np.empty((0, *VIEWS_SHAPE))
        )
        same, self.related = find_duplicates(hashes, files, views.__getitem__)
        place = np.empty(total, np.int64)  # of each cover, when all are sorted by worth
        place[np.lexsort(worth.T[::-1])] = np.arange(total)
        first_place = np.full(total, total)
        np.minimum.at(first_place, same, place)
        self.best = np.argsort(place)[first_place[same]]
        self.others: dict[int, list[int]] = {}
        for position in np.flatnonzero(self.best != np.arange(total)):
            self.others.setdefault(int(self.best[position]), []).append(int(position))
        sizes = np.bincount(self.related, minlength=total)
        self.rows = {}
        for shard, start in zip(shards, self.starts, strict=True):
            for position, row in enumerate(shard.accepted, start):
                if sizes[self.related[position]] > 1:
                    self.rows[position] = row

    def picture(self, position: int, size: int) -> np.ndarray:
        """uint8 [S, S, 3]."""
        number = bisect_right(self.starts, position) - 1
        return self.shards[number].pixels(size)[position - self.starts[number]]

    def entry(self, position: int, row: dict, merge: bool) -> dict:
        """The row of the table for a cover; with `merge`, its copies add what they know."""
        record = row["record"]
        others = self.others.get(position, []) if merge else []
        if others:
            record = merged(record, [self.rows[other]["record"] for other in others])
        first = self.rows.get(int(self.related[position]), row)["record"]
        cluster = first["sha256"] if row["measured"] else first["phash"] or first["sha256"]
        entry = record | record["features"] | row["measured"] | {"copies": 1 + len(others), "cluster": cluster}
        del entry["features"]
        return entry


def _worth(row: dict) -> tuple[int, int, int, int]:
    """A key that sorts the best copy first."""
    measured = row["measured"]
    quality = measured.get("jpeg_quality") or 100
    return ML_USES.index(row["record"]["ml_use"]), -measured.get("side", 0), -quality, -measured.get("bytes", 0)


def merged(record: dict, copies: list[dict]) -> dict:
    """The record with the genres of all copies, and with what only copies know about artist, title, year and sound."""
    everyone = [record, *copies]
    genres = dict.fromkeys(genre for known in everyone for genre in known["genres"])
    filled = {name: next(filter(None, (known[name] for known in everyone)), record[name]) for name in FILLED}
    heard = next((known for known in everyone if known["features_source"]), record)
    sound = {name: heard[name] for name in ("features", "features_source")}
    return record | filled | sound | {"genres": list(genres)}


class NewSet:
    """A set that is being written: pixels and rows as they come, into files that take their place at the end."""

    def __init__(self, path: Path, size: int, work: Path):
        self.path, self.size = path, size
        self.images_path, self.table_path = work / f"{size}-{IMAGES}", work / f"{size}-{TABLE}"
        self.count, self.rows = 0, []
        self.row_digest, self.pixel_digest = hashlib.sha256(), hashlib.sha256()
        self.levels = np.zeros((3, 256), np.int64)  # how often each occurs in red, green and blue

    def __enter__(self) -> "NewSet":
        with explaining(self.path):
            self.images = self.images_path.open("wb")
            self.images.write(_npy_header(0, self.size))
            self.table = pq.ParquetWriter(self.table_path, SCHEMA)
        return self

    def __exit__(self, *_) -> None:
        with explaining(self.path):  # on a full disk, closing fails like writing
            try:
                self.images.close()
            finally:
                self.table.close()

    def add(self, rows: list[dict], pixels: np.ndarray) -> None:
        """Take covers uint8 [n, S, S, 3] and their rows."""
        with explaining(self.path):
            self.images.write(pixels.tobytes())
            self.rows += rows
            if len(self.rows) >= ROWS_AT_ONCE:
                self._write_rows()
        self.count += len(rows)
        self.pixel_digest.update(pixels.tobytes())
        for row in rows:
            self.row_digest.update(json.dumps(row, sort_keys=True).encode())
        for image in pixels:
            for levels, channel in zip(self.levels, np.moveaxis(image, -1, 0), strict=True):
                levels += np.bincount(channel.ravel(), minlength=256)

    def _write_rows(self) -> None:
        self.table.write_batch(pa.RecordBatch.from_pylist(self.rows, SCHEMA))
        self.rows = []

    def finish(self, card: Card, settings: dict, sheets: dict[str, Image.Image | None]) -> None:
        """Put everything into its place, the card last.

        Args:
            sheets: contact sheets by the name of their file; none where there is nothing to show.
        """
        with explaining(self.path):
            self._write_rows()
            self.table.close()
            self.images.seek(0)
            self.images.write(_npy_header(self.count, self.size))
            self.images.close()
            settle(self.images_path)
            settle(self.table_path)
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / CARD).unlink(missing_ok=True)  # an earlier one would vouch for what is coming now
            os.replace(self.images_path, self.path / IMAGES)
            os.replace(self.table_path, self.path / TABLE)
            sheets = {"covers.jpg": self._sheet(), **{name: sheet for name, sheet in sheets.items() if sheet}}
            for name, sheet in sheets.items():
                with writing(self.path / name) as partial:
                    sheet.save(partial, quality=88)
            facts = card.as_json(as_utf8(self.path.name), self.size, settings | {"size": self.size}, self._pixels())
            facts["hash"] = self._hash(facts)
            with writing(self.path / PAGE) as partial:
                partial.write_text(card_page(facts, tuple(sheets)), encoding="utf-8")
            with writing(self.path / CARD) as partial:
                partial.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def _sheet(self) -> Image.Image:
        images = np.load(self.path / IMAGES, mmap_mode="r")
        return covers_sheet(images[np.unique(np.linspace(0, self.count - 1, COVERS_SHOWN).astype(int))])

    def _pixels(self) -> dict:
        """Mean and standard deviation of red, green and blue, in levels of 255."""
        share, level = self.levels / (self.count * self.size**2), np.arange(256)
        mean = share @ level
        deviation = np.sqrt((share * (level - mean[:, None]) ** 2).sum(axis=1))
        return {"mean": mean.round(3).tolist(), "standard_deviation": deviation.round(3).tolist()}

    def _hash(self, facts: dict) -> str:
        """Of everything but names: where the set lies, what it is called, where its source lay."""
        settings = {name: value for name, value in facts["settings"].items() if name not in ("origin", "listing")}
        rest = json.dumps([settings, facts["rejected"], facts["version"]], sort_keys=True).encode()
        return hashlib.sha256(self.row_digest.digest() + self.pixel_digest.digest() + rest).hexdigest()


def _npy_header(count: int, size: int) -> bytes:
    """The header of a .npy file, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

    NumPy pads it so that its length does not depend on the count: it can be filled in at the end.
    """
    header = io.BytesIO()
    shape = (count, size, size, 3)
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()
