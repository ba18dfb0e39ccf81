"""Drawing: backdrop, layout, and the finish that paper and years give."""

import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas
from helpers.sources.synthetic.factors import Factors, generator, require_range
from helpers.sources.synthetic.layouts import DRAW
from helpers.sources.synthetic.style import Style, make_style

MIN_SIZE, MAX_SIZE = 32, 512


def draw_cover(factors: Factors, size: int) -> np.ndarray:
    """Draw a cover: uint8 [size, size, 3], RGB; the composition does not depend on `size`, 32 to 512 pixels.

    Raises:
        CourseError: if size is outside its range.
    """
    require_range("size", size, MIN_SIZE, MAX_SIZE)
    rng, paper = generator(factors.seed, factors.index, 1), generator(factors.seed, factors.index, 2)
    style = make_style(factors, tuple(rng.random(3)))
    # Shapes have hard edges; drawing several times larger and averaging makes them smooth.
    enlarge = 4 if size <= 128 else 2
    image = Image.new("RGB", (size * enlarge, size * enlarge), style.ground)
    DRAW[factors.layout](Canvas(image), style, rng)
    return _finish(image.reduce(enlarge), style, paper)


def _finish(image: Image.Image, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Paper grain, then age: blacks turn brown and whites yellow."""
    pixels = np.asarray(image, np.float32) + (3 + 15 * style.grain) * _paper(image.size, rng)[:, :, None]
    faded = np.array([58, 40, 26], np.float32) + np.array([0.75, 0.78, 0.70], np.float32) * pixels
    pixels += 0.55 * style.age * (faded - pixels)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def _paper(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Relief of a sheet about 0: mottling that shows at every size, and a tooth that shows in large prints."""
    relief = np.zeros(size, np.float32)
    for side in (128, 256):
        sheet = Image.frombytes("L", (side, side), rng.bytes(side * side)).resize(size, Image.Resampling.BICUBIC)
        relief += (np.asarray(sheet, np.float32) - 127.5) / 127.5
    return relief
