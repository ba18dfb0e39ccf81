"""A folder of covers that fills up: what a source finds is fetched once, looked at, saved and noted.

    OUT/images/3f/3f9c….jpg    each called after the SHA-256 of its bytes, so that no title and no server names a file
    OUT/records.jsonl          a line for every cover, also for those that could not be had, with the reason
    OUT/answers.sqlite         what the source's service answered, so that it need not be asked again; may be deleted

A run that ends in the middle, however it ends, loses nothing: the next one goes on with what is missing.
"""

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from helpers.errors import CourseError
from helpers.files import alone, explaining, writing
from helpers.preprocess import decode
from helpers.records import RECORDS_FILE, Record, append_records, read_records
from helpers.sources.http import Client, Refused
from helpers.sources.matching import bare

ANSWERS, IMAGES, LOCK = "answers.sqlite", "images", ".collecting"
WORKERS = 4
LOOKED_AT = 64  # pixels on the short side: enough to see that a picture is whole
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif"}
ONE_AT_A_TIME = Lock()  # two addresses of one picture would be written to one temporary file
AGAIN = "; the next run asks again"  # how a reason ends that may not hold another time


@dataclass(frozen=True)
class Found:
    """A cover that a source knows of.

    Attributes:
        record: all that is known about it; where it lies is filled in when it has been fetched.
        urls: addresses of the same picture, the best first; the others are tried where one is not there.
        missing: why there is no address, if there is none.
    """

    record: Record
    urls: tuple[str, ...]
    missing: str = "no address of a picture"


@dataclass
class Summary:
    """What became of what was found.

    Attributes:
        asked: covers wanted at most, or None.
        found: covers the source named.
        present: of those, had by an earlier run.
        given_up: refused for good by an earlier run.
        downloaded: new in the folder.
        duplicates: pictures, or albums of another source, that the folder already has.
        refused: how many could not be had, by reason.
    """

    asked: int | None = None
    found: int = 0
    present: int = 0
    given_up: int = 0
    downloaded: int = 0
    duplicates: int = 0
    refused: Counter = field(default_factory=Counter)


def collect(
    found: Iterable[Found],
    out: str | os.PathLike,
    client: Client,
    *,
    limit: int | None = None,
    robots: bool = False,
    workers: int = WORKERS,
    progress: Callable[[int], None] | None = None,
    summary: Summary | None = None,
) -> Summary:
    """Fetch what a source found into a folder; nothing that is there already is fetched again.

    Pictures are fetched side by side, but noted in the order in which they were found.

    Args:
        found: covers; asked for one at a time, as places become free.
        out: the folder, made if it does not exist.
        client: fetches the pictures.
        limit: end when so many of the found covers are in the folder.
        robots: honour robots.txt of the hosts of pictures, as a crawler must.
        workers: pictures to fetch at the same time; each host has its own pace all the same.
        progress: called with the number of covers that are in the folder.
        summary: what to count in, for whoever wants to know it even if the work ends early.

    Raises:
        CourseError: if the disk is full, another process collects into the folder, or a service ends the work; what
            has been fetched until then is kept.
    """
    summary = summary or Summary()
    summary.asked = limit
    out = Path(out)
    with filling(out):
        append_records(out / RECORDS_FILE, _fetched(found, _Folder(out), client, summary, robots, workers, progress))
    return summary


def _fetched(found, folder, client, summary, robots, workers, progress) -> Iterator[Record]:
    """The records to note, one for each cover that is new here; `summary` counts all."""
    limit = float("inf") if summary.asked is None else summary.asked
    waiting: deque[tuple[Record, Future]] = deque()

    def done() -> Iterator[Record]:
        record, picture = waiting.popleft()
        record = folder.settle(record, picture, summary)
        if progress:
            progress(summary.present + summary.downloaded)
        yield record

    named: set[tuple[str, str]] = set()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="cover")
    try:
        for cover in found:
            name, album = (cover.record.source, cover.record.source_id), album_key(cover.record)
            if name in named:  # the same cover on two pages of an answer
                continue
            while waiting and summary.present + summary.downloaded + len(waiting) >= limit:
                yield from done()
            if summary.present + summary.downloaded >= limit:
                break
            named.add(name)
            summary.found += 1
            if folder.has(cover.record):
                summary.present += 1
                continue
            if folder.has_given_up(cover.record):
                summary.given_up += 1
                continue
            while album and any(album == album_key(record) for record, _ in waiting):
                yield from done()
            if other := folder.same_album(cover.record):
                summary.duplicates += 1
                yield folder.note(replace(cover.record, refused=f"the same album as {other}"))
                continue
            record = replace(cover.record, cover_url=cover.urls[0] if cover.urls else "")
            waiting.append((record, pool.submit(_fetch, cover, folder.path, client, robots)))
            if len(waiting) >= 2 * workers:
                yield from done()
        while waiting:
            yield from done()
    except CourseError:  # what ended the work does not undo what was on its way
        while waiting:
            with suppress(CourseError):
                yield from done()
        raise
    finally:
        client.manners.stop()  # wakes those who wait for their turn, so that Ctrl-C need not
        pool.shutdown(cancel_futures=True)
        client.manners.start()


def _fetch(cover: Found, folder: Path, client: Client, robots: bool) -> tuple[str, str, str]:
    """Fetch one picture; returns its SHA-256, its path in the folder, and its address.

    Raises:
        Refused: if it cannot be had from any of the addresses, with a reason that may pass or else that of the first.
    """
    reasons = []
    for url in cover.urls:
        try:
            content = client.image(url, robots)
            suffix = SUFFIXES[decode.check(content, LOOKED_AT)]
        except Refused as error:
            reasons.append(error)
            continue
        except decode.Rejected as error:
            reasons.append(Refused(decode.REASONS[error.reason]))
            continue
        digest = hashlib.sha256(content).hexdigest()
        path = f"{IMAGES}/{digest[:2]}/{digest}.{suffix}"
        with ONE_AT_A_TIME:
            if not (folder / path).exists():
                with writing(folder / path) as partial:
                    partial.write_bytes(content)
        return digest, path, url
    if not reasons:
        raise Refused(cover.missing, again=True)
    raise next((reason for reason in reasons if reason.again), reasons[0])


class _Folder:
    """What a folder of covers already has."""

    def __init__(self, path: Path):
        self.path = path
        self._had: set[tuple[str, str]] = set()
        self._given_up: set[tuple[str, str]] = set()
        self._pictures: dict[str, str] = {}
        self._albums: dict[tuple, str] = {}
        if (path / RECORDS_FILE).exists():
            for record in read_records(path / RECORDS_FILE):
                self.note(record)

    def has(self, record: Record) -> bool:
        """Whether a cover is here."""
        return (record.source, record.source_id) in self._had

    def has_given_up(self, record: Record) -> bool:
        """Whether a cover was refused on grounds that will hold."""
        return (record.source, record.source_id) in self._given_up

    def same_album(self, record: Record) -> str | None:
        """What another source calls the same album, if its cover is here."""
        other = self._albums.get(album_key(record))
        return None if other is None or other.startswith(f"{record.source}:") else other

    def settle(self, record: Record, picture: Future, summary: Summary) -> Record:
        """Complete the record of a cover whose picture has been fetched, or not, and count it."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            digest, path, url = picture.result()
        except Refused as error:
            summary.refused[error.reason] += 1
            record = replace(record, refused=error.reason + AGAIN * error.again, fetched_at=now)
        else:
            record = replace(record, sha256=digest, cover_url=url, fetched_at=now)
            if path in self._pictures:
                summary.duplicates += 1
                record = replace(record, refused=f"the same picture as {self._pictures[path]}")
            else:
                summary.downloaded += 1
                record = replace(record, cover_path=path)
        return self.note(record)

    def note(self, record: Record) -> Record:
        """Remember a record; returns it."""
        if record.refused and not record.refused.endswith(AGAIN):
            self._given_up.add((record.source, record.source_id))
        if record.cover_path:
            self._had.add((record.source, record.source_id))
            name = f"{record.source}:{record.source_id}"
            self._pictures.setdefault(record.cover_path, name)
            if key := album_key(record):
                self._albums.setdefault(key, name)
        return record


def album_key(record: Record) -> tuple | None:
    """What is the same for the same album from different sources: artist, title and year, without case and signs."""
    if not record.artist or not record.title:
        return None
    return bare(record.artist), bare(record.title), record.year


@contextmanager
def filling(path: Path) -> Iterator[None]:
    """A folder of covers for one process at a time, without the remains of writing that was killed.

    Raises:
        CourseError: if another process is at it, or the folder cannot be made.
    """
    with explaining(path):
        path.mkdir(parents=True, exist_ok=True)
    with alone(path / LOCK, f"Another process is collecting into {path}; wait until it has finished."):
        for remains in path.glob(f"{IMAGES}/**/.partial-*"):
            with suppress(OSError):
                remains.unlink()
        yield
