"""One image file to one upright picture in sRGB, or a reason why not."""

import functools
import hashlib
import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageChops, ImageCms

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 64 * 2**20
MAX_PIXELS = 80_000_000  # a scan of 8,900 x 8,900 fits; a decompression bomb does not
BACKGROUNDS = ("white", "border")

# EXIF orientation (CIPA DC-008, tag 274): what turns the stored image upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = (5, 6, 7, 8)

REASONS = {
    "missing": "no such file",
    "unreadable": "the file cannot be read",
    "empty": "the file has no bytes",
    "too many bytes": f"the file is larger than {MAX_BYTES // 2**20} MiB",
    "not an image": "the content is no image of a known format, whatever the file is called",
    "too many pixels": f"more than {MAX_PIXELS:,} pixels",
    "damaged": "the image is cut off or corrupt",
}


class Rejected(Exception):
    """A file that cannot become a cover.

    Attributes:
        reason: a short name from a closed list: a key of `REASONS` here, or of `helpers.preprocess.clean.REASONS`.
        step: the name of the cleaning step that refused it; empty where decoding failed.
    """

    def __init__(self, reason: str, step: str = ""):
        super().__init__(reason, step)
        self.reason, self.step = reason, step


@dataclass(frozen=True)
class Picture:
    """A decoded image and what its file says about it.

    Attributes:
        image: RGB in sRGB, upright; it may have been reduced while decoding, see `read`.
        width, height: of the picture in the file's own pixels, upright.
        quality: estimate of the quality a JPEG was saved with, 1 to 100; None for other formats.
        sha256: hex digest of the file.
        bytes: length of the file.
        box: the picture's exact edges in pixels of the image (left, top, right, bottom), which may fall between them:
            1,001 pixels reduced to a quarter are 250.25. None if the image has not been reduced.
    """

    image: Image.Image
    width: int
    height: int
    quality: int | None
    sha256: str
    bytes: int
    box: tuple[float, float, float, float] | None = None

    def resized(self, size: int) -> np.ndarray:
        """The picture as uint8 [size, size, 3]; squeezed, if it is not square."""
        return resized(self.image, size, self.box)


def decode(path: str | os.PathLike, size: int, background: str = "white") -> np.ndarray:
    """Decode an image file to a square cover: the centre of the picture, uint8 [size, size, 3].

    Arguments and errors are those of `read`.
    """
    image, edges, *_ = _opened(_content(Path(path)), 2 * size, background)
    return resized(image, size, centre(image, edges))


def centre(image: Image.Image, box: tuple[float, float, float, float] | None) -> tuple[float, float, float, float]:
    """The square in the middle of an image, or of a box of it; between whole pixels if there is no box."""
    left, top, right, bottom = box or (0, 0, *image.size)
    width, height = right - left, bottom - top
    side = min(width, height)
    over, below = (width - side) / 2, (height - side) / 2
    if box is None:  # so that a picture that need not be scaled keeps its pixels
        over, below = int(over), int(below)
    return left + over, top + below, left + over + side, top + below + side


def resized(image: Image.Image, size: int, box: tuple[float, float, float, float] | None = None) -> np.ndarray:
    """Resample an image, or a box of it, to uint8 [size, size, 3] with the Lanczos filter.

    The same pixels where nothing changes.
    """
    return np.array(image.resize((size, size), Image.Resampling.LANCZOS, box, reducing_gap=2.0))


def read(path: str | os.PathLike, short_side: int, background: str = "white") -> Picture:
    """Decode an image file, with no more pixels than will be needed.

    Every check that needs only the header comes before the first pixel is decoded. JPEGs are decoded in draft mode,
    which computes 1/2, 1/4 or 1/8 of the image straight from its frequencies, several times faster than all of it;
    other formats are averaged down after decoding.

    Args:
        path: the file.
        short_side: pixels that the shorter side must keep, unless it has fewer. Twice what it will be resampled to
            is enough for the resampling filter to see no difference.
        background: what shows through transparency: "white", or "border", the colour of the picture's own edge.

    Raises:
        Rejected: with a reason from `REASONS`.
    """
    content = _content(Path(path))
    image, edges, width, height, quality = _opened(content, short_side, background)
    return Picture(image, width, height, quality, hashlib.sha256(content).hexdigest(), len(content), edges)


def check(content: bytes, short_side: int) -> str:
    """Decode an image to its end, coarsely, only to see whether that can be done; returns its format, of `FORMATS`.

    Raises:
        Rejected: as `read` does.
    """
    if not content:
        raise Rejected("empty")
    if len(content) > MAX_BYTES:
        raise Rejected("too many bytes")
    _opened(content, short_side, "white")
    with _quietly(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return image.format


def _opened(content: bytes, short_side: int, background: str) -> tuple:
    """What `read` returns, but for what needs no decoding: image, box, width, height, quality."""
    assert background in BACKGROUNDS
    try:
        with _quietly(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Rejected("too many pixels")
            width, height = image.size
            tables = getattr(image, "quantization", None)
            quality = jpeg_quality(tuple(tables[min(tables)])) if tables else None
            image.draft(None, (short_side, short_side))
            image.decodermaxblock = len(content)  # at once: Pillow would hand it to its decoder in 64 KiB pieces
            image.load()
            if image.format == "TIFF":  # has turned itself while it loaded
                width, height = image.size
            flat, drafted = _flattened(image, background), round(width / image.width)
            averaged = max(min(flat.size) // short_side, 1)
            rgb = _to_srgb(flat.reduce(averaged) if averaged > 1 else flat, image.info.get("icc_profile"))
            factor = drafted * averaged
            # Both divide the sides by a whole number and round up, so the last pixels may stand for less than a whole.
            edges = (0, 0, width / factor, height / factor) if factor > 1 else None
            orientation = image.getexif().get(ExifTags.Base.Orientation)
            if orientation in UPRIGHT:
                edges = edges and _turned(edges, *rgb.size, orientation)
                rgb = rgb.transpose(UPRIGHT[orientation])
            if orientation in ON_ITS_SIDE:
                width, height = height, width
            return rgb, edges, width, height, quality
    except Image.DecompressionBombError:
        raise Rejected("too many pixels") from None
    except Image.UnidentifiedImageError:
        raise Rejected("not an image") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError):
        # What Pillow's decoders raise on damaged files differs from format to format.
        raise Rejected("damaged") from None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings of Pillow about what is odd in a file: what matters of it becomes a reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _turned(box: tuple, width: int, height: int, orientation: int) -> tuple:
    """Where a box of an image of this size is when the image has been turned upright."""
    left, top, right, bottom = box
    if orientation in (2, 3, 7, 8):
        left, right = width - right, width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = height - bottom, height - top
    return (top, left, bottom, right) if orientation in ON_ITS_SIDE else (left, top, right, bottom)


def _content(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for without end
            raise Rejected("unreadable")
        if status.st_size == 0:
            raise Rejected("empty")
        if status.st_size > MAX_BYTES:
            raise Rejected("too many bytes")
        return path.read_bytes()
    except (FileNotFoundError, ValueError):  # no file's name has a NUL in it
        raise Rejected("missing") from None
    except OSError:  # no permission, a link that leads to itself, a broken disk
        raise Rejected("unreadable") from None


def _flattened(image: Image.Image, background: str) -> Image.Image:
    """The image without palette, transparency and more than 8 bits: L, RGB or CMYK."""
    if image.mode.startswith("I"):  # 16-bit greys: Pillow would clip them to 255 instead of scaling
        return Image.fromarray((np.asarray(image) // 257).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white" if background == "white" else _edge_colour(image))
        flat.paste(image, mask=image)
        return flat
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        return ImageChops.invert(image)  # Pillow takes every such JPEG for one of Adobe's, which count ink backwards
    if image.mode == "F":  # decimals from 0 to 1, or to 255
        levels = np.nan_to_num(np.asarray(image))
        return Image.fromarray((levels * (255 if levels.max() <= 1 else 1)).clip(0, 255).astype(np.uint8))
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _edge_colour(image: Image.Image) -> tuple[int, int, int]:
    """The median colour along the edge of what is opaque in an RGBA image; white where nothing is."""
    opaque = image.getchannel("A").point(lambda alpha: 255 * (alpha >= 128))
    if opaque.getbbox() is None:
        return (255, 255, 255)
    pixels = np.asarray(image.crop(opaque.getbbox()))
    ring = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ring = ring[ring[:, 3] >= 128, :3]
    return tuple(int(channel) for channel in np.median(ring, axis=0))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and (transform := _transform(profile, image.mode)):
        return ImageCms.applyTransform(image, transform)
    return image if image.mode == "RGB" else image.convert("RGB")


@functools.lru_cache(maxsize=64)  # a collection has few profiles and many images
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """What leads from a profile's colours to sRGB; None where the profile is damaged or of another kind of image."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None


# The luminance table that most encoders scale by their quality setting: ITU-T T.81, table K.1, row by row.
LUMINANCE = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29]
    + [51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121]
    + [120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
)
QUALITIES = np.arange(1, 101)
# How libjpeg scales it (jcparam.c, jpeg_quality_scaling), one row for each quality from 1 to 100.
SCALES = np.where(QUALITIES < 50, 5000 // QUALITIES, 200 - 2 * QUALITIES)
TABLES = ((LUMINANCE * SCALES[:, None] + 50) // 100).clip(1, 255)


@functools.lru_cache(maxsize=256)  # a collection has few tables and many images
def jpeg_quality(table: tuple[int, ...]) -> int:
    """The quality setting, 1 to 100, whose quantisation comes nearest to a JPEG's luminance table [64]."""
    return int(QUALITIES[abs(TABLES - np.asarray(table)).sum(axis=1).argmin()])
