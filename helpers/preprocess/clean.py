"""Cleaning: a list of small steps, each of which changes a picture or refuses it. Reorder them as you like.

    picture, changed = clean(read("cover.jpg", 256), [SmallestSide(64), Letterbox(), Square("pad"), NotFlat()])

The same list on the command line: `covergan prepare SRC OUT --steps smallest_side=64,letterbox,square=pad,not_flat`.
"""

import hashlib
import inspect
import math
from collections.abc import Iterable
from dataclasses import Field, asdict, dataclass, fields, is_dataclass, replace

import numpy as np
from PIL import Image

from helpers.errors import CourseError
from helpers.preprocess.decode import Picture, Rejected, centre

REASONS = {
    "too small": "the shorter side has too few pixels",
    "too oblong": "one side is too many times the other",
    "flat": "almost all of it is one colour",
    "blurred": "nothing in it is sharp",
    "low quality": "it was saved as a JPEG of too low a quality",
}

VIEW = 128  # the side at which pictures are judged, so that nothing depends on the size asked for
SAME_COLOUR = 24  # levels of 255 by which the pixels of a margin may differ; JPEG makes them differ a little


@dataclass(frozen=True)
class Thumbnail:
    """Shrink to fit into a square, as the first album-cover GANs did, to 512 x 512."""

    side: int = 512

    def __call__(self, picture: Picture) -> Picture:
        factor = self.side / max(picture.width, picture.height)
        if factor >= 1:
            return picture
        image = picture.image.copy()
        image.thumbnail((self.side, self.side), Image.Resampling.LANCZOS)
        width, height = (max(1, round(factor * side)) for side in (picture.width, picture.height))
        box = picture.box if image.size == picture.image.size else None
        return replace(picture, image=image, width=width, height=height, box=box)


@dataclass(frozen=True)
class SmallestSide:
    """Refuse pictures whose shorter side has fewer pixels."""

    pixels: int = 32

    def __call__(self, picture: Picture) -> Picture:
        if min(picture.width, picture.height) < self.pixels:
            raise Rejected("too small")
        return picture


@dataclass(frozen=True)
class Letterbox:
    """Cut off bars of one colour at two opposite sides, as videos have, where that makes the picture squarer.

    A square cover with a black edge above and below is left as it is: there the bars are design.
    """

    thinnest: float = 0.02  # of the side

    def __call__(self, picture: Picture) -> Picture:
        if picture.width == picture.height:
            return picture
        width, height = extent(picture)
        left, top, right, bottom = bars(picture)
        before, after, length = (left, right, width) if width > height else (top, bottom, height)
        if min(before, after) < self.thinnest * length or max(before, after) > 1.5 * min(before, after):
            return picture
        excess = (length - min(width, height)) / 2  # what may go on either side until the picture is square
        before, after = min(before, excess), min(after, excess)
        return trimmed(picture, before, 0, after, 0) if width > height else trimmed(picture, 0, before, 0, after)


@dataclass(frozen=True)
class TrimBorder:
    """Cut off a margin of one colour all around, as scans and product photos have. Many covers have one by design."""

    most: float = 0.25  # of the width or height, at any one side

    def __call__(self, picture: Picture) -> Picture:
        margins = bars(picture)
        if not min(margins):
            return picture
        most = self.most * extent(picture)[0], self.most * extent(picture)[1]
        return trimmed(picture, *(min(margin, limit) for margin, limit in zip(margins, most * 2, strict=True)))


@dataclass(frozen=True)
class Square:
    """Make it square, unless that would take or add too much.

    Attributes:
        by: "centre" keeps the middle; "entropy" keeps the window whose brightness has the highest entropy, that is
            where most happens; "pad" keeps all and adds the colour of the picture's edge.
        most: the longer side may be this many times the shorter one.
    """

    by: str = "centre"
    most: float = 2.0

    def __post_init__(self):
        if self.by not in ("centre", "entropy", "pad"):
            raise CourseError(f"A picture cannot be made square by {self.by!r}; choose centre, entropy or pad.")

    def __call__(self, picture: Picture) -> Picture:
        if max(picture.width, picture.height) > self.most * min(picture.width, picture.height):
            raise Rejected("too oblong")
        if picture.width == picture.height:
            return picture
        if self.by == "pad":
            return padded(picture)
        if self.by == "centre":
            return cropped(picture, centre(picture.image, picture.box))
        view, (width, height) = viewed(picture), extent(picture)
        excess, of_view = abs(width - height), abs(view.width - view.height)
        before = excess * busiest(view) / max(of_view, 1)
        before = before if picture.box else round(before)
        after = excess - before
        return trimmed(picture, before, 0, after, 0) if width > height else trimmed(picture, 0, before, 0, after)


@dataclass(frozen=True)
class NotFlat:
    """Refuse what is of one colour, almost or altogether.

    Attributes:
        contrast: standard deviation of the pixels in the channel that varies most, in levels of 255. The sparest of
            real covers, a white one with a line of small type, has about 3.
    """

    contrast: float = 1.5

    def __call__(self, picture: Picture) -> Picture:
        if picture.resized(VIEW).std(axis=(0, 1)).max() < self.contrast:
            raise Rejected("flat")
        return picture


@dataclass(frozen=True)
class Sharp:
    """Refuse blurred pictures, and small ones that somebody enlarged; see `sharpness`.

    Judged at 128 pixels, or at fewer where the picture has no more: then it is this program that enlarges it.
    """

    least: float = 0.5

    def __call__(self, picture: Picture) -> Picture:
        if sharpness(picture.resized(min(VIEW, *picture.image.size))) < self.least:
            raise Rejected("blurred")
        return picture


@dataclass(frozen=True)
class JpegQuality:
    """Refuse JPEGs saved with a lower quality setting, which shows as blocks of 8 x 8 pixels."""

    least: int = 30

    def __call__(self, picture: Picture) -> Picture:
        if picture.quality is not None and picture.quality < self.least:
            raise Rejected("low quality")
        return picture


STEPS = (SmallestSide(), Letterbox(), Square(), NotFlat())

NAMES = {
    "thumbnail": Thumbnail,
    "smallest_side": SmallestSide,
    "letterbox": Letterbox,
    "trim_border": TrimBorder,
    "square": Square,
    "not_flat": NotFlat,
    "sharp": Sharp,
    "jpeg_quality": JpegQuality,
}


def clean(picture: Picture, steps: Iterable) -> tuple[Picture, list[str]]:
    """Send a picture through the steps.

    Returns:
        the picture and the names of the steps that changed it.

    Raises:
        Rejected: by the first step that refuses it; `REASONS` has the reasons.
    """
    changed = []
    for step in steps:
        before = picture
        try:
            picture = step(before)
        except Rejected as rejected:
            raise Rejected(rejected.reason, name_of(step)) from None
        if picture is not before:
            changed.append(name_of(step))
    return picture, changed


def name_of(step) -> str:
    """The name of a step, as `parse_steps` takes it; that of its function or class where it is none of ours."""
    own = getattr(step, "__name__", type(step).__name__)
    return next((name for name, kind in NAMES.items() if type(step) is kind), own)


def describe(steps: Iterable) -> list[dict]:
    """Name and settings of each step, for the data card; of a reader's own step also a digest of its code."""
    return [{"name": name_of(step)} | (asdict(step) if is_dataclass(step) else {}) | _code(step) for step in steps]


def _code(step) -> dict[str, str]:
    """A digest of the code of a step that is none of ours, and of the plain values it uses."""
    if type(step) in NAMES.values():
        return {}
    function = getattr(step, "func", step)  # of a functools.partial
    code = function if inspect.isfunction(function) else type(function).__call__
    try:
        text = inspect.getsource(code)
    except (OSError, TypeError):
        text = getattr(code, "__qualname__", "")
    values = [cell.cell_contents for cell in getattr(code, "__closure__", None) or ()]
    values += [
        *getattr(step, "args", ()),
        *getattr(step, "keywords", {}).items(),
        *getattr(step, "__dict__", {}).items(),
    ]
    plain = [repr(value) for value in values if isinstance(value, (str, int, float, tuple))]
    return {"code": hashlib.sha256("\n".join([text, *plain]).encode()).hexdigest()[:8]}


def parse_steps(text: str) -> tuple:
    """Steps from their names and settings, such as "smallest_side=64,letterbox,square=pad:1.5,not_flat".

    Raises:
        CourseError: on a name or a value that does not exist, or where the picture would not be square in the end.
    """
    steps = []
    for word in text.replace(" ", "").split(","):
        name, _, value = word.partition("=")
        if name not in NAMES:
            raise CourseError(f"There is no step {name!r}; the steps are {', '.join(NAMES)}.")
        kind = NAMES[name]
        values = value.split(":") if value else []
        if len(values) > len(fields(kind)):
            raise CourseError(f"{word}: {name} has {len(fields(kind))} settings at most.")
        steps.append(kind(*(_setting(word, *pair) for pair in zip(fields(kind), values, strict=False))))
    shaping = [step for step in steps if isinstance(step, (TrimBorder, Square))]
    if not shaping or not isinstance(shaping[-1], Square):
        raise CourseError("The steps have to include square, square=pad or square=entropy, after trim_border.")
    return tuple(steps)


def _setting(word: str, field: Field, value: str):
    """The value of a step's setting, from text."""
    try:
        given = field.type(value)
        if field.type is not str and not 0 < given < math.inf:
            raise ValueError
    except ValueError:
        whole = "whole " if field.type is int else ""
        raise CourseError(f"{word}: {field.name} must be a {whole}number above 0.") from None
    return given


def edges_of(picture: Picture) -> tuple[float, float, float, float]:
    """The picture's edges (left, top, right, bottom) in pixels of its image."""
    return picture.box or (0, 0, *picture.image.size)


def viewed(picture: Picture) -> Image.Image:
    """The picture with its shorter side brought to 128 pixels; its image, if that has fewer.

    Where to cut is decided here, so that it does not depend on how far the picture was reduced while decoding.
    """
    left, top, right, bottom = edges_of(picture)
    scale = VIEW / min(right - left, bottom - top)
    if scale >= 1:
        return picture.image
    size = round(scale * (right - left)), round(scale * (bottom - top))
    return picture.image.resize(size, Image.Resampling.LANCZOS, edges_of(picture))


def bars(picture: Picture) -> tuple[float, float, float, float]:
    """The `margins` of a picture, in pixels of its image."""
    view, (width, height) = viewed(picture), extent(picture)
    found = margins(view)
    if view is picture.image:
        return found
    scales = (width / view.width, height / view.height) * 2
    # A bar may end within a pixel of the view, and nothing of it should be left.
    return tuple(scale * (margin + 1) if margin else 0 for margin, scale in zip(found, scales, strict=True))


def extent(picture: Picture) -> tuple[float, float]:
    """Width and height in pixels of the picture's image."""
    return tuple(end - start for start, end in zip(edges_of(picture)[:2], edges_of(picture)[2:], strict=True))


def trimmed(picture: Picture, left: float, top: float, right: float, bottom: float) -> Picture:
    """The picture without so many pixels of its image at each side; whole ones, if it has not been reduced."""
    if picture.box is None:
        left, top, right, bottom = (int(margin) for margin in (left, top, right, bottom))
    first, above, last, below = edges_of(picture)
    return cropped(picture, (first + left, above + top, last - right, below - bottom))


def cropped(picture: Picture, box: tuple[float, float, float, float]) -> Picture:
    """What of the picture lies in the box (left, top, right, bottom), in pixels of its image; all if that is nothing.

    Edges may fall between pixels.
    """
    first, last = edges_of(picture)[:2], edges_of(picture)[2:]
    scale = picture.width / (last[0] - first[0])
    left, top = (max(edge, end) for edge, end in zip(box[:2], first, strict=True))
    right, bottom = (min(edge, end) for edge, end in zip(box[2:], last, strict=True))
    if right - left < 1 or bottom - top < 1:
        return picture
    outer = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
    inner = left - outer[0], top - outer[1], right - outer[0], bottom - outer[1]
    width, height = round(scale * (right - left)), round(scale * (bottom - top))
    return replace(picture, image=picture.image.crop(outer), width=width, height=height, box=picture.box and inner)


def padded(picture: Picture) -> Picture:
    """A square with the picture in the middle, on the median colour of the edges that meet the new margin."""
    pixels = np.asarray(picture.image)
    height, width = pixels.shape[:2]
    edges = np.concatenate([pixels[:, 0], pixels[:, -1]] if height > width else [pixels[0], pixels[-1]])
    side = max(width, height)
    square = Image.new("RGB", (side, side), tuple(int(level) for level in np.median(edges, axis=0)))
    square.paste(picture.image, ((side - width) // 2, (side - height) // 2))
    side = max(picture.width, picture.height)
    return replace(picture, image=square, width=side, height=side, box=None)


def margins(image: Image.Image) -> tuple[int, int, int, int]:
    """How many columns or rows at the left, top, right and bottom of an RGB image are of one colour.

    Each side has a colour of its own. One pixel in fifty may differ, for specks and for the ringing of JPEG. Where
    nothing would remain between them, nothing is margin.
    """
    pixels = np.asarray(image).astype(np.int16)
    sides = pixels.swapaxes(0, 1), pixels, pixels.swapaxes(0, 1)[::-1], pixels[::-1]
    left, top, right, bottom = (_margin(lines) for lines in sides)
    plain = left + right >= image.width or top + bottom >= image.height
    return (0, 0, 0, 0) if plain else (left, top, right, bottom)


def _margin(lines: np.ndarray) -> int:
    """How many of the lines, int16 [lines, pixels, 3], are of the first one's colour before one is not."""
    colour = np.median(lines[0], axis=0)
    same = (abs(lines - colour).max(axis=2) <= SAME_COLOUR).mean(axis=1) >= 0.98
    return len(same) if same.all() else int(same.argmin())


def busiest(image: Image.Image) -> int:
    """Where along the longer side the square window starts whose brightness has the highest entropy.

    Entropy of the histogram of 32 levels, in 17 windows; of equals, the one nearest to the centre.
    """
    grey = np.asarray(image.convert("L")) // 8
    lines = grey if grey.shape[0] > grey.shape[1] else grey.T
    side, excess = lines.shape[1], len(lines) - lines.shape[1]
    # One histogram for each line; that of a window is a difference of two running sums.
    counts = np.zeros((len(lines) + 1, 32), np.int64)
    np.add.at(counts, (np.arange(1, len(lines) + 1)[:, None], lines), 1)
    sums = counts.cumsum(axis=0)
    starts = np.unique(np.linspace(0, excess, 17).round().astype(int))
    share = (sums[starts + side] - sums[starts]) / side**2
    entropy = -(share * np.log2(share, where=share > 0, out=np.zeros_like(share))).sum(axis=1)
    best = starts[np.isclose(entropy, entropy.max())]
    return int(best[abs(2 * best - excess).argmin()])


def sharpness(pixels: np.ndarray) -> float:
    """How hard the hardest edges are: about 1 for drawn ones, 0.95 on most covers, under 0.5 where all is blurred.

    Half the 99th percentile of `|4 p - its four neighbours|` over the 99th percentile of the gradient's size. Both grow
    with contrast, so their ratio depends on the edges' width alone, and the sharpest hundredth of a cover decides.

    Args:
        pixels: uint8 [S, S, 3]; 0 is returned where S is under 3, for there are no edges.
    """
    if len(pixels) < 3:
        return 0.0
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    above, below, left, right = grey[:-2, 1:-1], grey[2:, 1:-1], grey[1:-1, :-2], grey[1:-1, 2:]
    laplacian = abs(4 * grey[1:-1, 1:-1] - above - below - left - right)
    gradient = (abs(right - left) + abs(below - above)) / 2
    return float(np.percentile(laplacian, 99) / (2 * max(np.percentile(gradient, 99), 1)))
