"""One image file to one square RGB cover, or a reason why not."""

import os
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 64 * 2**20
MAX_PIXELS = 80_000_000  # a 9,000 x 9,000 scan fits; a decompression bomb does not
MIN_SIDE = 32
MAX_ASPECT = 2.0

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

REASONS = {
    "missing": "no such file",
    "unreadable": "the file cannot be read",
    "empty": "the file has no bytes",
    "too many bytes": f"the file is larger than {MAX_BYTES // 2**20} MiB",
    "not an image": "the content is no image of a known format, whatever the file is called",
    "too many pixels": f"more than {MAX_PIXELS:,} pixels",
    "too small": f"the shorter side is under {MIN_SIDE} pixels",
    "too oblong": f"one side is more than {MAX_ASPECT:g} times the other",
    "damaged": "the image is cut off or corrupt",
}


class Rejected(Exception):
    """An image that cannot become a cover; `reason` is a key of `REASONS`."""

    def __init__(self, reason: str):
        super().__init__(REASONS[reason])
        self.reason = reason


def decode(path: str | os.PathLike, size: int) -> np.ndarray:
    """Decode an image file to a square cover.

    Every check that needs only the header comes before the first pixel is decoded. JPEGs are decoded in draft mode,
    at the smallest of 1, 1/2, 1/4 or 1/8 of their size that is at least twice the target: several times faster, and
    enough for the resampling filter to see no difference.

    Args:
        path: the file.
        size: side of the result in pixels.

    Returns:
        uint8 array [size, size, 3]: RGB, turned as EXIF says, centre crop, transparency on white.

    Raises:
        Rejected: with a reason from `REASONS`.
    """
    path = Path(path)
    try:
        length = path.stat().st_size
    except FileNotFoundError:
        raise Rejected("missing") from None
    except OSError:
        raise Rejected("unreadable") from None
    if length == 0:
        raise Rejected("empty")
    if length > MAX_BYTES:
        raise Rejected("too many bytes")
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_shape(*image.size)
            image.draft(None, (2 * size, 2 * size))
            image.load()  # before shape and orientation are asked for: a TIFF turns itself while it loads
            cover = _square(_to_rgb(image), size)
            orientation = image.getexif().get(ExifTags.Base.Orientation)
            if orientation in UPRIGHT:
                cover = cover.transpose(UPRIGHT[orientation])
            return np.array(cover)
    except (PermissionError, IsADirectoryError):
        raise Rejected("unreadable") from None
    except Image.DecompressionBombError:
        raise Rejected("too many pixels") from None
    except Image.UnidentifiedImageError:
        raise Rejected("not an image") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError):
        # What Pillow's decoders raise on damaged files differs from format to format.
        raise Rejected("damaged") from None


def _check_shape(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise Rejected("too many pixels")
    if min(width, height) < MIN_SIDE:
        raise Rejected("too small")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise Rejected("too oblong")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit greys: Pillow would clip them to 255 instead of scaling
        return Image.fromarray((np.asarray(image) // 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _square(image: Image.Image, size: int) -> Image.Image:
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
