"""Shards: covers prepared in small lots, each a file that is whole or not there, by as many processes as you like.

What is done to one lot does not depend on the others, so lots may be made in any order, on any machine that sees the
same folders, and again after a crash. `helpers.joining` makes sets of them.
"""

import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from PIL import Image

from helpers.errors import CourseError
from helpers.files import explaining
from helpers.preprocess import clean, content, decode, dedupe
from helpers.preprocess.colours import brightness, palette
from helpers.records import Record

SHARDS = "[0-9]*.npz"
COVERS = 64  # in a shard; fewer of large ones
THUMBNAIL = 64  # side in pixels of the pictures kept of rejected files

Item = tuple[Record, str | os.PathLike | np.ndarray]


@dataclass(frozen=True)
class Settings:
    """What is done to each cover.

    Attributes:
        sizes: sides in pixels of the covers to make.
        steps: see `helpers.preprocess.clean`.
        background: see `helpers.preprocess.decode.read`.
        detect: what to look for on the covers, of "text" and "faces".
    """

    sizes: tuple[int, ...]
    steps: tuple = clean.STEPS
    background: str = "white"
    detect: tuple[str, ...] = ()

    @property
    def lot(self) -> int:
        """Covers in a shard: so many that it is worth a task, so few that they take little memory."""
        return max(4, min(COVERS, 2**22 // sum(size**2 for size in self.sizes)))

    def as_json(self) -> dict:
        return {"steps": clean.describe(self.steps), "background": self.background, "detect": list(self.detect)}


def make_shards(
    items: Iterable[Item], folder: Path, settings: Settings, jobs: int, progress: Callable[[int], None] | None = None
) -> list[Path]:
    """Prepare covers, lot by lot; lots that are there already, of the same files, are kept.

    Args:
        items: (record, image), the image being a path or a finished cover, uint8 [S, S, 3]; in an order that is the
            same when the work is taken up again.
        folder: where the shards go; every worker must see it, and the images, under this path.
        jobs: processes; the tasks go wherever `joblib.parallel_config` sends them.
        progress: called with the number of covers done so far.

    Raises:
        CourseError: if an array is no cover of the size, or a file cannot be written.
    """
    lots = _Lots(items, folder, settings.lot)
    tasks = (delayed(_make)(path, lot, settings) for path, lot in lots)
    workers = Parallel(jobs, batch_size=1, pre_dispatch="3*n_jobs", return_as="generator_unordered")
    done = 0
    for count in workers(tasks):
        done += count
        if progress:
            progress(done)
    if lots.error:
        raise lots.error
    for surplus in set(folder.glob(SHARDS)) - set(lots.paths):  # of files that are no longer there
        surplus.unlink()
    return lots.paths


class _Lots:
    """Lots of items, each with the path of its shard.

    Joblib asks for the next task in a thread of its own, where an exception would be lost and everything would wait
    for ever; so an error of the source ends the lots and is kept.
    """

    def __init__(self, items: Iterable[Item], folder: Path, size: int):
        self.items, self.folder, self.size = items, folder, size
        self.paths: list[Path] = []
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[tuple[Path, list[Item]]]:
        try:
            items = iter(self.items)
            while lot := list(islice(items, self.size)):
                self.paths.append(self.folder / f"{len(self.paths):07}.npz")
                yield self.paths[-1], lot
        except Exception as error:
            self.error = error


def _make(path: Path, lot: list[Item], settings: Settings) -> int:
    stamp = _stamp(lot)
    if Shard(path).stamp == stamp:
        return len(lot)
    arrays = _prepared(lot, settings) | {"stamp": np.frombuffer(stamp, np.uint8)}
    # Under a name of its own, since a cluster may give one lot to two workers when it has lost sight of the first.
    partial = path.with_name(f".{uuid.uuid4().hex}.npz")
    with explaining(path):
        try:
            with partial.open("wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return len(lot)


def _stamp(lot: list[Item]) -> bytes:
    """What changes when a record or an image of the lot does."""
    digest = hashlib.sha256()
    for record, image in lot:
        digest.update(json.dumps(record.facts(), sort_keys=True).encode())
        if isinstance(image, np.ndarray):
            digest.update(np.ascontiguousarray(image))
        else:
            try:
                status = os.stat(image)
                digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
            except OSError:
                digest.update(b"none")
    return digest.digest()


def _name(record: Record) -> str:
    """What tells a cover from the others of its source."""
    return record.cover_path or record.source_id


@dataclass
class Outcome:
    """What became of one item.

    Attributes:
        row: see `Shard`.
        covers: size -> uint8 [size, size, 3]; empty if it was rejected.
        fingerprint: see `dedupe.fingerprint`.
        thumbnail: uint8 [64, 64, 3] of a rejected picture, as far as it could be decoded.
        square: the cover as detectors are given it, uint8 [content.SIDE, content.SIDE, 3], if they are.
    """

    row: dict
    covers: dict[int, np.ndarray] = field(default_factory=dict)
    fingerprint: tuple[np.ndarray, np.ndarray] | None = None
    thumbnail: np.ndarray | None = None
    square: np.ndarray | None = None


def _prepared(lot: list[Item], settings: Settings) -> dict[str, np.ndarray]:
    """The arrays of a shard; see `Shard`."""
    outcomes = [
        _taken_as_it_is(*item, settings) if isinstance(item[1], np.ndarray) else _read(*item, settings) for item in lot
    ]
    if settings.detect:
        _detect(outcomes, settings.detect)
    accepted = [outcome for outcome in outcomes if outcome.covers]
    thumbnails = [outcome.thumbnail for outcome in outcomes if outcome.thumbnail is not None]
    rows = "\n".join(json.dumps(outcome.row) for outcome in outcomes)
    return {
        "rows": np.frombuffer(rows.encode(), np.uint8),
        "views": _stacked([outcome.fingerprint[0] for outcome in accepted], (2, dedupe.VIEW, dedupe.VIEW, 3)),
        "hashes": _stacked([outcome.fingerprint[1] for outcome in accepted], (dedupe.HASHES,), np.uint64),
        "thumbnails": _stacked(thumbnails, (THUMBNAIL, THUMBNAIL, 3)),
    } | {f"pixels{n}": _stacked([outcome.covers[n] for outcome in accepted], (n, n, 3)) for n in settings.sizes}


def _stacked(arrays: list[np.ndarray], shape: tuple[int, ...], dtype=np.uint8) -> np.ndarray:
    return np.array(arrays, dtype).reshape(-1, *shape)  # the shape, because there may be none


def _taken_as_it_is(record: Record, image: np.ndarray, settings: Settings) -> Outcome:
    """A finished cover, which is neither cleaned nor compared with others: its hashes are all 0."""
    for size in settings.sizes:
        if image.shape != (size, size, 3) or image.dtype != np.uint8:
            raise CourseError(f"{record.source_id}: {image.dtype} {list(image.shape)} is no {size} px cover.")
    known = record.facts() | {"sha256": record.sha256 or hashlib.sha256(image.tobytes()).hexdigest()}
    row = {"file": _name(record), "record": known, "measured": {}}
    nothing = np.zeros((2, dedupe.VIEW, dedupe.VIEW, 3), np.uint8), np.zeros(dedupe.HASHES, np.uint64)
    return Outcome(row, {size: image for size in settings.sizes}, nothing)


def _read(record: Record, path: str | os.PathLike, settings: Settings) -> Outcome:
    """A cover from a file, or why it is none."""
    room = max(2 * max(settings.sizes), content.SIDE if settings.detect else clean.VIEW)
    row, picture = {"file": _name(record)}, None
    try:
        picture = decode.read(path, room, settings.background)
        square, changed = clean.clean(picture, settings.steps)
        if square.image.width < min(room, square.width):  # so much was cut off that there are too few pixels left
            room = -(-room * min(picture.image.size) // square.image.width)
            square, changed = clean.clean(decode.read(path, room, settings.background), settings.steps)
    except decode.Rejected as rejected:
        row |= {"reason": rejected.reason, "step": rejected.step, "seen": picture is not None}
        return Outcome(row, thumbnail=picture and _thumbnail(picture.image))
    if abs(square.width - square.height) > 1:  # by one, where an edge falls between pixels
        raise CourseError("The steps leave pictures that are not square; put Square() at their end.")
    view = Image.fromarray(square.resized(clean.VIEW))
    views, hashes = dedupe.fingerprint(view)
    row["record"] = record.facts() | {"sha256": picture.sha256, "phash": f"{hashes[0]:016x}"}
    row["measured"] = {
        "width": picture.width,
        "height": picture.height,
        "side": square.width,
        "bytes": picture.bytes,
        "jpeg_quality": picture.quality,
        "sharpness": round(clean.sharpness(square.resized(min(clean.VIEW, *square.image.size))), 4),
        "brightness": round(brightness(view), 4),
        "palette": [colour for colour, _ in palette(view)],
        "steps": changed,
    }
    covers = {size: square.resized(size) for size in settings.sizes}
    return Outcome(row, covers, (views, hashes), square=square.resized(content.SIDE) if settings.detect else None)


def _thumbnail(image: Image.Image) -> np.ndarray:
    """The picture in the middle of a white square, uint8 [64, 64, 3]."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    square = Image.new("RGB", (THUMBNAIL, THUMBNAIL), "white")
    square.paste(small, ((THUMBNAIL - small.width) // 2, (THUMBNAIL - small.height) // 2))
    return np.array(square)


def _detect(outcomes: list[Outcome], names: tuple[str, ...]) -> None:
    """Look for text and faces on the covers of a lot and add what was found to their rows.

    What is kept of it belongs to the pixels that were looked at: other steps may cut another cover from the same file.
    """
    seen = [outcome for outcome in outcomes if outcome.square is not None]
    digests = [hashlib.sha256(outcome.square.tobytes()).hexdigest() for outcome in seen]
    pictures = {digest: Image.fromarray(outcome.square) for digest, outcome in zip(digests, seen, strict=True)}
    found = content.detect(pictures, names)
    for digest, outcome in zip(digests, seen, strict=True):
        for name in names:
            boxes = found[digest][name]
            outcome.row["measured"] |= {name: len(boxes), f"{name}_area": round(content.area(boxes), 4)}


class Shard:
    """A shard on disk; every attribute is read anew when it is asked for, so that a million covers need no memory.

    Attributes:
        rows: one dict for each file, in order: "file", and either "record" and "measured" or, of a rejected one,
            "reason", "step" and whether it was "seen", so that there is a thumbnail.
        accepted, rejected: those of the rows.
        hashes, views: of the accepted ones, as `dedupe.fingerprint` gives them.
        thumbnails: uint8 [R, 64, 64, 3] of the rejected ones that were seen.
    """

    def __init__(self, path: Path):
        self.path = path

    def _array(self, name: str) -> np.ndarray:
        with np.load(self.path, allow_pickle=False) as arrays:
            return arrays[name]

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in self._array("rows").tobytes().splitlines()]

    @property
    def stamp(self) -> bytes:
        """What the shard was made of, see `_stamp`; empty if it is not there or not whole."""
        try:
            return self._array("stamp").tobytes()
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return b""

    @property
    def accepted(self) -> list[dict]:
        return [row for row in self.rows if "record" in row]

    @property
    def rejected(self) -> list[dict]:
        return [row for row in self.rows if "reason" in row]

    @property
    def hashes(self) -> np.ndarray:
        return self._array("hashes")

    @property
    def views(self) -> np.ndarray:
        return self._array("views")

    @property
    def thumbnails(self) -> np.ndarray:
        return self._array("thumbnails")

    def pixels(self, size: int) -> np.ndarray:
        """uint8 [A, S, S, 3] of the accepted covers."""
        return self._array(f"pixels{size}")
