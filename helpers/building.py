"""Building CoverSets: from a folder of covers, or covers as they come, to a finished set of each size.

The work is done in shards, in a folder of its own below the set's; whatever interrupts it, the next build goes on from
the shards that are there.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from helpers import __version__
from helpers.choosing import Choice
from helpers.errors import CourseError
from helpers.files import UNFINISHED, alone, explaining, writing
from helpers.joining import CARD, NothingUsable, join
from helpers.preprocess import clean
from helpers.preprocess.shards import SHARDS, Item, Settings, Shard, make_shards
from helpers.records import as_utf8
from helpers.sources.folder import folder_covers

WORK, LOCK, BEGUN = UNFINISHED, "lock", "settings.json"
SIZES = range(8, 1025)

Source = str | os.PathLike | Iterable[Item]


def prepare(
    source: Source,
    out: str | os.PathLike,
    sizes: Sequence[int] = (64,),
    *,
    steps: Sequence = clean.STEPS,
    background: str = "white",
    merge: bool = True,
    detect: Sequence[str] = (),
    choice: Choice | None = None,
    leave_out: Iterable[str] = (),
    origin: str = "",
    permission: str | None = None,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Path]:
    """Make covers into sets; what was interrupted goes on where it stopped, what is finished is left as it is.

    Args:
        source: a folder (see `helpers.sources.folder`), or an iterable of (record, image), image being a path or a
            finished cover, uint8 [size, size, 3], which is taken as it is; when the work is taken up again, what
            it gives in another order, or changed, is done again.
        out: the folder to make: the set itself, or for several sizes the parent of sets called after their size.
        sizes: sides of the covers in pixels, 8 to 1024.
        steps: what is done to a picture, see `helpers.preprocess.clean`.
        background: what shows through transparency, "white" or "border".
        merge: keep only the best of covers that show the same picture, with the genres of all.
        detect: what to look for on the covers, of "text" and "faces".
        choice: which covers to take; all by default.
        leave_out: names of files, as in the card, that a person has thrown out.
        origin: what an iterable gives, in words, so that a set of other covers is not taken for this one; a folder's
            origin is its path.
        permission: who allowed training on covers whose terms forbid it; kept in the card.
        jobs: processes that prepare the files of a folder; all cores by default.
        progress: called with the number of covers prepared so far.

    Returns:
        the folder of each set.

    Raises:
        CourseError: on a wrong size, a source without one usable cover, terms that forbid training, a full disk, or a
            folder that already holds something else or that another process is working on.
    """
    if not sizes or len(set(sizes)) < len(sizes):
        raise CourseError("Name one size, or several different ones, such as 64.")
    if wrong := [size for size in sizes if size not in SIZES]:
        raise CourseError(f"The size is {wrong[0]}; it must be from {SIZES[0]} to {SIZES[-1]} pixels.")
    out, choice = Path(out), choice or Choice()
    for name in ("text", "faces"):
        if getattr(choice, name) is not None and name not in detect:
            raise CourseError(f"To choose covers by {name}, let it be looked for: detect=[{name!r}].")
    is_folder = isinstance(source, (str, os.PathLike))
    todo = Settings(tuple(sizes), tuple(steps), background, tuple(detect))
    facts = todo.as_json() | {"merge": merge, "choice": choice.as_json(), "permission": permission}
    facts |= {"leave_out": sorted(set(leave_out)), "detectors": versions(detect)}
    facts["origin"] = _origin(Path(source)) if is_folder else as_utf8(origin)
    facts = json.loads(json.dumps(facts))
    paths = {size: out / str(size) if len(sizes) > 1 else out for size in sizes}
    if is_folder and (Path(source).is_dir() or not are_finished(paths, facts, None)):
        source = Path(source).absolute()  # as workers elsewhere must find it
        files = listing(source)
    else:
        files = None
    begun_with = facts | {"sizes": list(sizes), "version": __version__}
    if are_finished(paths, facts, files):
        if (out / WORK).exists():  # a kill came after the last card
            with suppress(CourseError), workplace(out, begun_with, paths.values()):
                pass
        return list(paths.values())
    items = permitted(folder_covers(source) if is_folder else source, permission)
    lots = -(-files["files"] // todo.lot) if is_folder else 1
    with workplace(out, begun_with, paths.values()) as work:
        if are_finished(paths, facts, files):  # by another process, in the meantime
            return list(paths.values())
        made = make_shards(items, work.absolute(), todo, max(1, min(jobs or os.cpu_count() or 1, lots)), progress)
        card = join(
            [Shard(path) for path in made],
            paths,
            work,
            choice,
            merge,
            frozenset(facts["leave_out"]),
            facts | {"listing": files},
        )
    if unclear := card.counts["ml_use"]["unclear"]:
        covers = "1 cover" if unclear == 1 else f"{unclear:,} covers"
        print(f"The terms of {covers} are unclear: use what your law allows.")
    if unknown := set(facts["leave_out"]) - {entry["file"] for entry in card.rejected}:
        print(f"Of the {len(facts['leave_out']):,} names to leave out, {len(unknown):,} are of no file in the source.")
    return list(paths.values())


def versions(detectors: Sequence[str]) -> dict[str, str]:
    """The version of each detector.

    Raises:
        CourseError: if one does not exist or lacks its package.
    """
    if not detectors:
        return {}
    from helpers.preprocess.content import DETECTORS

    if unknown := set(detectors) - set(DETECTORS):
        raise CourseError(f"Nothing here looks for {min(unknown)!r}; choose from {', '.join(DETECTORS)}.")
    return {name: DETECTORS[name]().version for name in detectors}


def listing(folder: Path) -> dict:
    """How many covers a folder gives, and a digest of their records and the lengths of their files."""
    count, digest = 0, hashlib.sha256()
    for record, path in folder_covers(folder):
        try:
            size = path.stat().st_size
        except OSError:
            size = None
        digest.update(json.dumps([record.facts(), size], sort_keys=True).encode())
        count += 1
    return {"files": count, "digest": digest.hexdigest()[:16]}


def _origin(folder: Path) -> str:
    """What tells a folder from others, without saying where on this machine it lies."""
    folder = folder.resolve()
    return f"{as_utf8(folder.name)} ({hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]})"


def are_finished(paths: dict[int, Path], settings: dict, files: dict | None) -> bool:
    """Whether each folder holds the set that these settings give for its size.

    Args:
        files: the source's `listing`, if that can be known.

    Raises:
        CourseError: if one of them holds another set.
    """
    finished = [size for size, path in paths.items() if (path / CARD).exists()]
    for size in finished:
        try:
            made_with = json.loads((paths[size] / CARD).read_text(encoding="utf-8"))["settings"]
            made_of = made_with.pop("listing")
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            made_with = made_of = None
        if made_with != settings | {"size": size}:
            raise CourseError(f"{paths[size]} already holds another CoverSet; choose a new folder or delete that one.")
        if files and made_of != files:
            raise CourseError(
                f"The source of {paths[size]} has changed since: it had {made_of['files']:,} files and has "
                f"{files['files']:,}; choose a new folder, or delete that one to make it anew."
            )
    return len(finished) == len(paths)


@contextmanager
def workplace(out: Path, settings: dict, sets: Collection[Path]) -> Iterator[Path]:
    """The folder for unfinished work below `out`, for one process at a time; removed when the work is done.

    Args:
        settings: what is being done; unfinished work with other settings is refused.
        sets: the folders to make, which may be finished in part.

    Raises:
        CourseError: if another process is at work there, or `out` holds something else.
    """
    work = out / WORK
    with explaining(out):
        found = set(out.iterdir()) if out.exists() else set()
        begun = work in found or (out not in sets and all(p in sets and (p / CARD).exists() for p in found))
        if found and not begun:
            raise CourseError(f"{out} is not empty and no CoverSet; choose a new folder.")
        work.mkdir(parents=True, exist_ok=True)
    try:
        with alone(work / LOCK, f"Another process is building {out}; wait until it has finished."):
            try:
                with explaining(out):
                    _begin(work, settings)
                try:
                    yield work
                except NothingUsable:
                    _remove_shards(work)
                    raise
                _remove_shards(work)
            finally:
                if not any(work.glob(SHARDS)):
                    shutil.rmtree(work, ignore_errors=True)  # with the lock in it, while it still keeps others out
    finally:
        for folder in (work, out):
            with suppress(OSError):  # gone already, or something is in it
                folder.rmdir()


def _remove_shards(work: Path) -> None:
    for path in work.glob(SHARDS):
        path.unlink(missing_ok=True)


def _begin(work: Path, settings: dict) -> None:
    """Note what is being done, or see that it is what was begun."""
    path = work / BEGUN
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # nothing, or a power cut: what the shards are of is not known
        _remove_shards(work)
        with writing(path) as partial:
            partial.write_text(json.dumps(settings), encoding="utf-8")
        return
    if begun != settings:
        raise CourseError(f"{work.parent} holds an unfinished set of other covers or settings; delete it first.")


def permitted(items: Iterable[Item], permission: str | None) -> Iterator[Item]:
    """The items, as long as their terms let a model train on them: this is where terms are enforced.

    Raises:
        CourseError: on the first cover whose terms forbid it, unless a permission is named.
    """
    for record, image in items:
        if record.ml_use == "forbidden" and not permission:
            raise CourseError(
                f"The terms of {record.source} forbid training on its covers ({record.terms_url}); "
                "leave them out, or name the permission you have with permission=."
            )
        yield record, image
