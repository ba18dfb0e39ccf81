"""What the commands of `covergan` share: the console, a progress bar, and reading what was typed."""

import csv
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from helpers.errors import CourseError

console = Console(highlight=False, soft_wrap=True)

PICTURES = (".png", ".jpg", ".jpeg")


@contextmanager
def progress(title: str, total: int | None, unit: str = "covers"):
    """A progress bar on stderr; yields `advance(done)`, which also takes a note and a new total.

    The first call draws it: until then, the input may turn out to be wrong.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True))
    task = bar.add_task(title, total=total, note="")

    def advance(done, note="", total=total):
        bar.start()
        bar.update(task, completed=done, total=total, note=note)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()


def harmless(text: str) -> str:
    """Text from somewhere else, without what a terminal takes for commands."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def printable(text: str) -> str:
    """The same for Rich, which would take [b] for markup."""
    return escape(harmless(text))


def check_picture(path: Path) -> None:
    if path.suffix.lower() not in PICTURES:
        raise CourseError(f"{path} is no picture file; its name must end in {', '.join(PICTURES)}.")


def words(text: str) -> list[str]:
    """What stands between the commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def number(text: str, option: str, kind: type):
    try:
        return kind(text)
    except ValueError:
        raise CourseError(f"{option}: {text!r} is no {'whole ' if kind is int else ''}number.") from None


def span(text: str, option: str, kind: type) -> tuple | None:
    """The two ends of a range like 1990-1999."""
    if not text:
        return None
    low, dash, high = text.partition("-")
    if not dash:
        raise CourseError(f"{option}: {text!r} is no range; write two numbers with a dash between them.")
    return number(low, option, kind), number(high, option, kind)


def names_in(path: Path) -> list[str]:
    """The names in a text file, one a line; or in a table that `covergan rank` or `helpers.curation` wrote.

    Of a table of decisions they are those that were marked as no cover, of another all that are in it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is no text in UTF-8; write one file name a line.") from None
    if text.startswith("cover_path,verdict"):
        from helpers.curation import NO_COVER, read_verdicts

        return [name for name, verdict in read_verdicts(path).items() if verdict == NO_COVER]
    if text.startswith("cover_path,"):
        names = [row[0] for row in csv.reader(text.split("\n")[1:]) if row]
    else:
        names = text.split("\n")
    return [name.strip() for name in names if name.strip()]
