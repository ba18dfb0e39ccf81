"""Which pictures of a crawl are no covers? A person says so, on a contact sheet with the most doubtful pictures first.

    curation = Curation(folder)
    curation.show()                                          # in a notebook: a click marks what is no cover
    prepare(folder, out, leave_out=curation.rejected())

Every click is in FOLDER/curation.csv at once. That table is the truth, and may be edited by hand instead: write
"no cover" or "cover" into its column "verdict". What nobody has judged has none there, and stays in the set.

What sorts the pictures is in their files and takes no Keras: covers are square, so oblong pictures come first. Square
ones keep the order of the folder, or get that of the scores of `helpers.curate.rank`, which looks at the pictures
themselves. Copies come last: a picture that was found twice is seldom anything but a cover.
"""

import csv
import io
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from helpers.contact import PAPER, marked_sheet
from helpers.errors import CourseError
from helpers.files import writing
from helpers.preprocess import decode
from helpers.preprocess.dedupe import HASHES, find_duplicates, fingerprint
from helpers.sources.folder import folder_covers

TABLE = "curation.csv"
COLUMNS = ("cover_path", "verdict", "reason", "score")
COVER, NO_COVER, UNDECIDED = "cover", "no cover", ""
VERDICTS = (COVER, NO_COVER, UNDECIDED)

ICON = 100  # pixels on the shorter side: no cover is published as small as that
NEAR_SQUARE = 1.06  # as in helpers.curate, which this need not load Keras for
VIEW, THUMBNAIL, PAGE = 64, 120, 32  # pixels a side to find copies with, and on a page; pictures on a page

Verdicts = dict[str, str]


@dataclass(frozen=True)
class Doubt:
    """A picture, and why it may be no cover.

    Attributes:
        name: as `prepare(leave_out=…)` calls it.
        path: of the file.
        size: width and height in pixels; None if it is no picture.
        reason: in a few words; empty where nothing is odd.
        score: of `helpers.curate.rank`, from 0 (surely no cover) to 1; None if there is none.
        copies: names of other files with the same picture.
    """

    name: str
    path: Path
    size: tuple[int, int] | None
    reason: str
    score: float | None
    copies: tuple[str, ...]


class Curation:
    """The decisions about the pictures of one folder; opened again, it knows them all.

    Args:
        folder: of covers, see `helpers.sources.folder`; new files in it come in undecided.
        scores: by name of file, from 0 (surely no cover) to 1, where there are any.
        progress: called with the number of pictures looked at.

    Raises:
        CourseError: if there is no such folder or nothing in it, or its table is damaged or cannot be written.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        scores: Mapping[str, float] | None = None,
        progress: Callable[[int], None] | None = None,
    ):
        self.table = Path(folder) / TABLE
        covers = [(record.cover_path, path) for record, path in folder_covers(folder)]
        if not covers:
            raise CourseError(f"{folder} holds no picture to judge; collect some first.")
        read_verdicts(self.table)  # whether it is damaged is better known before the pictures are looked at
        self.doubts = most_doubtful_first(covers, scores or {}, progress)
        self._write(read_verdicts(self.table))

    def verdicts(self) -> Verdicts:
        """What the table says of each picture: "cover", "no cover", or nothing. CourseError if it is damaged."""
        said = read_verdicts(self.table)
        return {doubt.name: said.get(doubt.name, UNDECIDED) for doubt in self.doubts}

    def rejected(self) -> list[str]:
        """The names of those that are no covers, for `prepare(leave_out=…)`."""
        return [name for name, verdict in self.verdicts().items() if verdict == NO_COVER]

    def decide(self, names: Iterable[str], verdict: str) -> None:
        """Note a verdict on pictures and on all copies of them, for one that is left would stand for those left out.

        Raises:
            CourseError: on another verdict than "cover", "no cover" or "", on a name that is not in the folder, or
                if the table is damaged or cannot be written.
        """
        if verdict not in VERDICTS:
            raise CourseError(f"The verdict is {verdict!r}; it must be {COVER!r}, {NO_COVER!r}, or '' for none.")
        copies = {doubt.name: doubt.copies for doubt in self.doubts}
        names = list(names)
        if unknown := [name for name in names if name not in copies]:
            raise CourseError(f"There is no picture {unknown[0]!r} in {self.table.parent}.")
        changed = {copy: verdict for name in names for copy in (name, *copies[name])}
        self._write(read_verdicts(self.table) | changed)  # read again: a hand may have been at it meanwhile

    def sheet(self, n: int = 60) -> Image.Image:
        """The n most doubtful pictures with their rows in the table; those that are no covers in a red frame."""
        verdicts = self.verdicts()
        shown = list(enumerate(self.doubts[:n], 2))  # the first row holds the names of the columns
        return marked_sheet(
            [
                (f"{row}: {_why(doubt)}".rstrip(": "), verdicts[doubt.name] == NO_COVER, _picture(doubt.path))
                for row, doubt in shown
            ]
        )

    def show(self):
        """The widget; where there are none, a line that says what to edit, and the sheet."""
        try:
            import ipywidgets  # noqa: F401
        except ImportError:
            print(f"There are no widgets here: write {NO_COVER!r} into the column 'verdict' of {self.table}.")
            return self.sheet()
        return CurationWidget(self).box

    def _write(self, verdicts: Verdicts) -> None:
        rows = [
            (doubt.name, verdicts.get(doubt.name, UNDECIDED), doubt.reason, _number(doubt.score))
            for doubt in self.doubts
        ]
        here = {doubt.name for doubt in self.doubts}
        # What was said of a file that is gone is kept: it may come back.
        rows += [
            (name, verdict, "no such file", "") for name, verdict in verdicts.items() if verdict and name not in here
        ]
        with writing(self.table) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def read_verdicts(path: Path) -> Verdicts:
    """The verdicts in a table by name of file; none if there is no table.

    Raises:
        CourseError: if it cannot be read, or is damaged, with the line.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CourseError(f"{path}, line {line} is no text in UTF-8; save the table in that encoding.") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    verdicts = {}
    try:
        if tuple(next(rows, ())[:2]) != COLUMNS[:2]:
            raise CourseError(f"{path}, line 1 must be {','.join(COLUMNS)}; put it back, or delete the table.")
        for row in rows:
            if not any(row):
                continue
            verdict = row[1].strip().lower() if len(row) > 1 else None
            if verdict not in VERDICTS:
                found = "has no verdict" if verdict is None else f"says {verdict[:40]!r}"
                raise CourseError(f"{path}, line {rows.line_num} {found}; write {COVER}, {NO_COVER}, or nothing there.")
            verdicts[row[0]] = verdict
    except csv.Error as error:
        raise CourseError(f"{path}, line {rows.line_num} is no row of a table ({error}); mend or delete it.") from None
    return verdicts


def most_doubtful_first(
    covers: list[tuple[str, Path]], scores: Mapping[str, float], progress: Callable[[int], None] | None = None
) -> list[Doubt]:
    """Sort pictures: what is no picture, icons, the oblong by how oblong they are, the others by score, copies.

    Of copies, the one with the most pixels is not called a copy.
    """
    looks, views, hashes, digests = [], {}, np.zeros((len(covers), HASHES), np.uint64), []
    for index, (_, path) in enumerate(covers):
        try:
            picture = _read_picture(path, 2 * VIEW)
        except decode.Rejected as error:
            looks.append(decode.REASONS[error.reason])
            digests.append("")
        else:
            looks.append((picture.width, picture.height))
            digests.append(picture.sha256)
            views[index], hashes[index] = fingerprint(Image.fromarray(picture.resized(VIEW)))
        if progress:
            progress(index + 1)
    same, _ = find_duplicates(hashes, np.array(digests), views.__getitem__)
    groups: dict[int, list[int]] = {}
    for index, first in enumerate(same):
        groups.setdefault(int(first), []).append(index)
    doubts = []
    for index, (name, path) in enumerate(covers):
        group = groups[int(same[index])]
        best = max(group, key=lambda copy: math.prod(looks[copy]) if copy in views else 0)
        score = float(scores[name]) if name in scores else None
        order, reason = _doubt(looks[index], score, covers[best][0] if best != index else None)
        copies = tuple(covers[copy][0] for copy in group if copy != index)
        size = looks[index] if index in views else None
        doubts.append((order, index, Doubt(name, path, size, reason, score, copies)))
    return [doubt for *_, doubt in sorted(doubts, key=lambda entry: entry[:2])]


def _doubt(look: tuple[int, int] | str, score: float | None, best: str | None) -> tuple[tuple[int, float], str]:
    """Where a picture comes, smallest first, and why."""
    if isinstance(look, str):
        return (0, 0), look
    width, height = look
    stretch = max(look) / min(look)
    if min(look) < ICON:
        return (1, min(look)), f"only {min(look)} px"
    if stretch > NEAR_SQUARE:
        return (2, -stretch), f"{'tall' if width < height else 'wide'}, {stretch:.2f} : 1"
    if best is not None:
        return (4, 0), f"copy of {best}"
    return (3, 1.0 if score is None else score), ""


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"


def _why(doubt: Doubt) -> str:
    return doubt.reason or (f"score {doubt.score:.2f}" if doubt.score is not None else "")


def _read_picture(path: Path, short_side: int) -> decode.Picture:
    try:
        return decode.read(path, short_side)
    except ValueError:  # a name that no file can have
        raise decode.Rejected("missing") from None


def _picture(path: Path) -> np.ndarray:
    """A picture at most as large as a thumbnail, uint8 [H, W, 3]; grey where there is none."""
    try:
        image = _read_picture(path, 2 * THUMBNAIL).image
    except decode.Rejected:
        return np.full((THUMBNAIL, THUMBNAIL, 3), 160, np.uint8)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return np.asarray(image)


class CurationWidget:
    """A page of pictures with a button below each, which is pressed where it is no cover; `box` is what to display.

    Args:
        curation: whose decisions are shown and noted.
        per_page: pictures on a page.
    """

    def __init__(self, curation: Curation, per_page: int = PAGE):
        import ipywidgets as widgets

        self.widgets, self.curation, self.per_page, self.page = widgets, curation, per_page, 0
        self.back = widgets.Button(description="Back", icon="arrow-left")
        self.forward = widgets.Button(description="Next", icon="arrow-right")
        self.rest = widgets.Button(description="All others here are covers", icon="check", layout={"width": "auto"})
        self.status, self.grid = widgets.HTML(), widgets.Box(layout={"flex_flow": "row wrap"})
        self.buttons: dict = {}  # by name of picture, of those on this page
        self.box = widgets.VBox([widgets.HBox([self.back, self.forward, self.rest, self.status]), self.grid])
        self.back.on_click(lambda _: self.turn(self.page - 1))
        self.forward.on_click(lambda _: self.turn(self.page + 1))
        self.rest.on_click(lambda _: self.accept_others())
        self.turn(0)

    def turn(self, page: int) -> None:
        """Show another page, as far as there is one."""
        before, old = self.page, self.grid.children
        self.page = min(max(page, 0), (len(self.curation.doubts) - 1) // self.per_page)
        if not self._report(self._show):
            self.page = before
            return
        for tile in old:
            for part in (*tile.children, tile):
                part.close()

    def accept_others(self) -> None:
        """Note that what is not marked on this page is a cover, and go on to the next page."""
        names = [name for name, button in self.buttons.items() if not button.value]
        if self._report(lambda: self.curation.decide(names, COVER)):
            self.turn(self.page + 1)

    def _show(self) -> None:
        verdicts, widgets = self.curation.verdicts(), self.widgets
        tiles, self.buttons = [], {}
        for doubt in self.curation.doubts[self.page * self.per_page :][: self.per_page]:
            content = io.BytesIO()
            square = ImageOps.pad(Image.fromarray(_picture(doubt.path)), (THUMBNAIL, THUMBNAIL), color=PAPER)
            square.save(content, "JPEG", quality=80)
            picture = widgets.Image(value=content.getvalue(), format="jpeg", width=THUMBNAIL, height=THUMBNAIL)
            button = widgets.ToggleButton(value=verdicts[doubt.name] == NO_COVER, tooltip=doubt.name)
            button.layout.width = f"{THUMBNAIL}px"
            _label(button, verdicts[doubt.name])
            button.observe(lambda change, doubt=doubt: self._clicked(change.owner, doubt), "value")
            why = widgets.HTML(f"<small>{escape(_why(doubt))}</small>", layout={"width": f"{THUMBNAIL}px"})
            tiles.append(widgets.VBox([picture, button, why], layout={"margin": "4px"}))
            self.buttons[doubt.name] = button
        self.grid.children = tiles

    def _clicked(self, button, doubt: Doubt) -> None:
        verdict = NO_COVER if button.value else COVER
        if self._report(lambda: self.curation.decide([doubt.name], verdict)):
            for name in {doubt.name, *doubt.copies} & self.buttons.keys():
                self.buttons[name].value = button.value
                _label(self.buttons[name], verdict)

    def _report(self, action: Callable[[], None]) -> bool:
        """Do something and say how things stand; an error in here would be seen by nobody otherwise."""
        try:
            action()
            verdicts = list(self.curation.verdicts().values())
        except CourseError as error:
            self.status.value = f"<b>Not saved. {escape(str(error))}</b>"
            return False
        first, last = self.page * self.per_page + 1, self.page * self.per_page + len(self.buttons)
        self.status.value = (
            f"{first:,} to {last:,} of {len(verdicts):,}, {verdicts.count(NO_COVER):,} no covers, "
            f"{verdicts.count(UNDECIDED):,} not judged; saved in {escape(str(self.curation.table))}"
        )
        return True


def _label(button, verdict: str) -> None:
    button.description = verdict or "?"
    button.button_style = {COVER: "success", NO_COVER: "danger", UNDECIDED: ""}[verdict]
