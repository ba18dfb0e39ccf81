"""Drawing: a layout, printed as in its year, with the texture of its paper."""

import numpy as np
from PIL import Image, ImageChops

from helpers.sources.synthetic.canvas import Canvas
from helpers.sources.synthetic.eras import print_era
from helpers.sources.synthetic.factors import Factors, generator, require_range
from helpers.sources.synthetic.finish import finish, to_pixels
from helpers.sources.synthetic.layouts import DRAW
from helpers.sources.synthetic.light import soft_layer
from helpers.sources.synthetic.palettes import brightness, mix
from helpers.sources.synthetic.parts import plain, wave
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
    # Screens and scan lines need 64 pixels: a smaller cover is one of twice its size, reduced.
    side = size if size >= 64 else 2 * size
    # Shapes have hard edges; drawing several times larger and averaging makes them smooth.
    enlarge = 4 if side <= 128 else 2
    image = Image.new("RGB", (side * enlarge, side * enlarge), style.ground)
    DRAW[factors.layout](Canvas(image), style, rng)
    light(Canvas(image), style)
    image = shaken(image, style.shake)
    printed = print_era(image.reduce(enlarge).point(_EXPOSURE), style, paper)
    pixels = to_pixels(finish(printed, style.texture, style.grain, paper))
    return pixels if side == size else np.asarray(Image.fromarray(pixels).reduce(2))


def light(canvas: Canvas, style: Style) -> None:
    """A spotlight on the famous, the beams of a stage over the live, and the bands that move with the music."""
    white = plain(mix(style.light, (255, 255, 255), 0.5))
    spot = _FALLOFF.point(lambda v: int(0.75 * style.fame * min(1.4 * v, 255)))
    canvas.paint(plain(mix(style.deep, (0, 0, 0), 0.5)), ImageChops.offset(spot, round(80 * style.offset), 0))
    beams = soft_layer(0)
    for x, lean in ((0.2, 0.3), (0.5, -0.12), (0.8, -0.3)):
        foot = complex(x + lean, 1)
        beams.polygon(np.array([x - 0.15j, foot - 0.16, foot + 0.16]), round(150 * style.beams))
    canvas.paint(white, ImageChops.multiply(beams.image, _FADING))
    canvas.paint(plain((255, 255, 255) if brightness(style.ground) < 0.6 else style.deep), bands(style).image)


def bands(style: Style) -> Canvas:
    """A mask of bands, as many as the music is fast; those one can dance to sway and are even."""
    layer = soft_layer(0)
    turned = layer.within(0, 1, style.tilt)
    n, x = style.frequency, np.linspace(-0.5, 1.5, 49)
    sway = 0.7 * style.curvature * wave(x, 0.1, 1.5, 1.0)
    for k in range(-round(0.3 * n) - 1, round(1.3 * n) + 1):
        stray = style.irregularity * _UNEVEN[k % len(_UNEVEN)]
        line = x + 1j * (k + 0.25 + sway + 0.5 * stray) / n
        turned.polygon(np.append(line, line[::-1] + (0.5 - 0.4 * stray) * 1j / n), 18)
    return layer


def shaken(image: Image.Image, shake: float) -> Image.Image:
    """The picture twice, the fainter one `shake` sides to the right and half as much down."""
    step = round(shake * image.width)
    if step == 0:
        return image
    again = image.copy()
    again.paste(image, (step, step // 2))
    return Image.blend(image, again, 0.3)


_UNEVEN = (0.4, -0.6, 0.9, -0.2, 0.6, -0.9, 0.1)
# What is nearly black becomes black, and what is nearly white, white.
_EXPOSURE = [min(max(round(115 + 1.3 * (v - 115)), 0), 255) for v in range(256)] * 3
_FALLOFF = Image.radial_gradient("L").resize((96, 96))  # 0 in the middle, 255 at the edges
_FADING = ImageChops.invert(Image.linear_gradient("L").resize((96, 96)))  # 255 at the top, 0 at the bottom
