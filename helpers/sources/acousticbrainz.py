"""AcousticBrainz: audio features of recordings, from its dumps. They are CC0, and the project has ended.

    dump = read_dump("acousticbrainz-highlevel-json-20220623-0.tar", limit=10_000)
    dump.features["0dad432b-…"]["danceability"]

A dump holds one JSON document for each time that somebody analysed a recording: low-level documents are measurements,
high-level ones what classifiers made of them. There are dumps of either; a folder may hold both. The dumps of 2022 are
compressed by Zstandard, which Python cannot read; `zstd -d` makes a .tar of them. Few albums after 2021 are in there.

What comes out are proxies. AcousticBrainz measured other things than Spotify does, and calls them differently:

    danceability        the probability that a classifier gives to "danceable"
    acousticness        to "acoustic", of mood_acoustic
    valence             to "happy", of mood_happy
    instrumentalness    to "instrumental", of voice_instrumental
    energy              to "party" or to "aggressive", whichever it gives more
    tempo               rhythm.bpm, of the low-level document

They come from other classifiers, trained on other music, so do not mix them with Spotify's in one table. Nothing there
stands for popularity, liveness, loudness (average_loudness is not in dB) or speechiness.

A whole dump does not fit into memory: ask MusicBrainz first which recordings are on the albums, and read only those.

    albums = list(musicbrainz.albums(tag="k-pop"))
    wanted = {recording for album in albums for recording in musicbrainz.recordings(album.record.source_id)}
    features_of = album_features(read_dump("acousticbrainz-highlevel…", wanted), musicbrainz.recordings)
    collect(with_features(albums, features_of, "acousticbrainz"), folder, client)

https://acousticbrainz.readthedocs.io, https://acousticbrainz.org/download
"""

import json
import lzma
import math
import os
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from numbers import Real
from pathlib import Path

from helpers.errors import CourseError
from helpers.records import Record
from helpers.sources.answers import at
from helpers.sources.features import known, mean

MAX_BYTES = 4 * 2**20  # of a document

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME = re.compile(rf"(?:.*/)?({_UUID})(?:-([0-9]{{1,6}}))?\.json", re.DOTALL)
_SAID = re.compile(rf'"musicbrainz_recordingid"\s*:\s*\[?\s*"({_UUID})"'.encode())

Document = tuple[str, int, Callable[[], bytes]]  # name of its file, bytes, what reads them


@dataclass
class Dump:
    """What was in a dump.

    Attributes:
        features: by MusicBrainz recording id, those of the ten that are known.
        skipped: how many documents could not be used, by reason.
    """

    features: dict[str, dict[str, float]] = field(default_factory=dict)
    skipped: Counter = field(default_factory=Counter)


def read_dump(path: str | os.PathLike, recordings: Container[str] | None = None, limit: int | None = None) -> Dump:
    """Read documents as they come, without unpacking them to the disk.

    Of a recording that was analysed several times, each feature is that of the first analysis which has it.

    Args:
        path: a folder with documents at any depth, a .tar archive of them (plain, .gz, .bz2 or .xz), each file named
            after its recording and the number of the analysis, MBID-0.json; or a file .jsonl with a document a line.
        recordings: ids of those wanted; by default all, which for a whole dump takes more memory than most have.
        limit: documents of wanted recordings to read at most.

    Raises:
        CourseError: if it is nothing of these, or breaks off.
    """
    dump, numbers, path = Dump(), {}, Path(path)
    try:
        for recording, number, content in islice(_analyses(path, recordings, dump.skipped), limit):
            if features := _features(content, dump.skipped):
                kept = dump.features.setdefault(recording, {})
                for name, value in features.items():
                    if number < numbers.get((recording, name), math.inf):
                        numbers[recording, name], kept[name] = number, value
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise CourseError(f"{path} cannot be read to its end ({why}); download it again.") from error
    return dump


def album_features(dump: Dump, recordings: Callable[[str], Iterable[str]]) -> Callable[[Record], dict[str, float]]:
    """What gives the features of an album, the means over its recordings in a dump; empty if none of them is there.

    Made for `helpers.sources.features.with_features`; for what means are worth, see `helpers.sources.features.mean`.

    Args:
        recordings: the MusicBrainz ids of an album's recordings by its `source_id`, `MusicBrainz.recordings`.
    """

    def features_of(record: Record) -> dict[str, float]:
        ids = recordings(record.source_id)
        return mean(dump.features[recording] for recording in ids if recording in dump.features)

    return features_of


def _analyses(path: Path, recordings: Container[str] | None, skipped: Counter) -> Iterator[tuple[str, int, bytes]]:
    """The recording, the number of the analysis, and its document, of those wanted."""
    for name, size, read in _documents(path):
        match = _NAME.fullmatch(name)
        if not match:
            skipped["not named after a recording"] += 1
        elif recordings is None or match[1] in recordings:
            if size > MAX_BYTES:
                skipped[f"larger than {MAX_BYTES // 2**20} MiB"] += 1
            else:
                yield match[1], int(match[2] or 0), read()


def _documents(path: Path) -> Iterator[Document]:
    """What is in a dump, whatever its form."""
    name = path.name.lower()
    if path.is_dir():
        return ((file.as_posix(), file.stat().st_size, file.read_bytes) for file in sorted(path.rglob("*.json")))
    if name.endswith((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")):
        return _in_archive(path)
    if name.endswith((".jsonl", ".json-lines")):
        return _in_lines(path)
    if name.endswith(".zst"):
        raise CourseError(f"{path} is compressed by Zstandard; make a .tar of it with `zstd -d {path.name}`.")
    raise CourseError(f"{path} is no dump; pass a folder, or a file that ends in .tar, .tar.bz2 or .jsonl.")


def _in_archive(path: Path) -> Iterator[Document]:
    with tarfile.open(path, "r|*") as archive:
        while member := archive.next():
            if member.isfile():
                yield member.name, member.size, archive.extractfile(member).read
            archive.members.clear()  # or it would remember millions
        # Python takes an archive that breaks off in a header for one that ends; but one that ends says so with a block.
        if archive.fileobj.tell() < archive.offset + tarfile.BLOCKSIZE:
            raise tarfile.ReadError("unexpected end of data")


def _in_lines(path: Path) -> Iterator[Document]:
    """Documents that say which recording they are about. A line that is too long comes in pieces, which are skipped."""
    with path.open("rb") as file:
        while line := file.readline(MAX_BYTES + 1):
            said = _SAID.search(line)
            yield f"{said[1].decode()}.json" if said else "", len(line), partial(bytes, line)


def _features(content: bytes, skipped: Counter) -> dict[str, float]:
    """What a document says of the ten features; both kinds of documents may be joined in one."""
    try:
        document = json.loads(content, parse_constant=lambda name: None)
    except (ValueError, RecursionError):
        skipped["not JSON"] += 1
        return {}
    energies = (at(document, "highlevel", f"mood_{mood}", "all", mood) for mood in ("party", "aggressive"))
    features = known(
        {
            "danceability": at(document, "highlevel", "danceability", "all", "danceable"),
            "acousticness": at(document, "highlevel", "mood_acoustic", "all", "acoustic"),
            "valence": at(document, "highlevel", "mood_happy", "all", "happy"),
            "instrumentalness": at(document, "highlevel", "voice_instrumental", "all", "instrumental"),
            "energy": max((value for value in energies if isinstance(value, Real)), default=None),
            "tempo": at(document, "rhythm", "bpm"),
        }
    )
    if not features:
        skipped["none of the features"] += 1
    return features
