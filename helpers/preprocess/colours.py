"""The colours of a cover: how bright it is, which few colours make it up, and what people call them."""

import colorsys

import numpy as np
from PIL import Image

COLOUR_NAMES = (
    *("black", "grey", "white", "red", "orange", "brown", "yellow"),
    *("green", "cyan", "blue", "purple", "pink"),
)

# Where hues end that people call by one name, in degrees; red also starts at 345.
HUES = ((15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (195, "cyan"), (258, "blue"), (300, "purple"))
HUES += ((345, "pink"), (360, "red"))

SIDE = 32  # of the picture whose colours are counted: enough for five of them


def brightness(image: Image.Image) -> float:
    """Mean luma of an RGB image (ITU-R BT.601), 0 black to 1 white."""
    return float(np.asarray(image.convert("L")).mean() / 255)


def palette(image: Image.Image, n: int = 5) -> list[tuple[str, float]]:
    """The colours that make up an RGB image, as ("#rrggbb", share), the largest share first; at most `n`.

    Median cut finds the first guess, k-means settles it (https://pillow.readthedocs.io/en/stable/reference/Image.html,
    `quantize`).
    """
    image = image.resize((SIDE, SIDE), Image.Resampling.BOX) if max(image.size) > SIDE else image
    quantized = image.quantize(n, Image.Quantize.MEDIANCUT, kmeans=4, dither=Image.Dither.NONE)
    levels = bytes(quantized.getpalette())
    counts = sorted(quantized.getcolors(), key=lambda entry: (-entry[0], entry[1]))
    total = image.width * image.height
    return [(f"#{levels[3 * index : 3 * index + 3].hex()}", count / total) for count, index in counts]


def colour_name(colour: str) -> str:
    """What people call a colour "#rrggbb": one of `COLOUR_NAMES`."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < 0.2:
        return "black"
    if saturation < 0.12 or (saturation < 0.22 and value > 0.9) or (saturation < 0.2 and value < 0.4):
        return "white" if value > 0.87 else "grey"
    name = next(name for end, name in HUES if 360 * hue <= end)
    if name == "red" and saturation < 0.55 and value > 0.75:
        return "pink"
    if name == "orange" and (value < 0.75 or saturation < 0.5) or name == "red" and value < 0.7 and saturation < 0.8:
        return "brown"
    return "green" if name == "yellow" and value < 0.6 else name
