"""The colours of a cover: named as people name them, in shares that add up."""

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from helpers.preprocess.colours import COLOUR_NAMES, brightness, colour_name, palette

# CSS colours (https://www.w3.org/TR/css-color-4/#named-colors) whose own name says the basic word, or that anyone
# would call by it.
CSS = {
    "black": "black",
    "white": "white snow ivory whitesmoke",
    "grey": "gray dimgray darkgray silver lightgray",
    "red": "red darkred firebrick crimson",
    "orange": "orange darkorange",
    "brown": "brown saddlebrown sienna",
    "yellow": "yellow gold",
    "green": "green lime darkgreen forestgreen limegreen seagreen olivedrab palegreen",
    "cyan": "cyan darkturquoise turquoise",
    "blue": "blue navy mediumblue royalblue dodgerblue cornflowerblue steelblue",
    "purple": "purple indigo blueviolet darkviolet rebeccapurple mediumpurple",
    "pink": "pink hotpink deeppink lightpink",
}
COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


def hexadecimal(rgb) -> str:
    return "#" + bytes(rgb).hex()


def test_there_are_twelve_names():
    assert len(COLOUR_NAMES) == len(set(COLOUR_NAMES)) == 12
    assert set(CSS) == set(COLOUR_NAMES)


@pytest.mark.parametrize(("word", "css"), [(word, css) for word, names in CSS.items() for css in names.split()])
def test_css_colours_get_the_name_people_use(word, css):
    assert colour_name(hexadecimal(ImageColor.getrgb(css))) == word


@given(COLOURS)
def test_every_colour_has_a_name(rgb):
    assert colour_name(hexadecimal(rgb)) in COLOUR_NAMES


@given(st.integers(0, 255))
def test_greys_have_no_hue(value):
    assert colour_name(f"#{value:02x}{value:02x}{value:02x}") in ("black", "grey", "white")


def test_brightness_weighs_green_most():
    weights = [brightness(Image.new("RGB", (8, 8), colour)) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    assert weights == pytest.approx([0.299, 0.587, 0.114], abs=0.004)  # ITU-R BT.601
    assert brightness(Image.new("RGB", (8, 8), "white")) == 1 and brightness(Image.new("RGB", (8, 8))) == 0


def flag(*stripes: tuple[str, int]) -> Image.Image:
    """Stripes across a picture 64 pixels wide: (colour, height)."""
    return Image.fromarray(
        np.concatenate([np.full((height, 64, 3), ImageColor.getrgb(colour), np.uint8) for colour, height in stripes])
    )


def test_the_palette_of_a_flag_is_its_colours_by_size():
    image = flag(("#000000", 16), ("#dd0000", 8), ("#ffcc00", 40))
    colours, shares = zip(*palette(image, 3), strict=True)
    assert [colour_name(colour) for colour in colours] == ["yellow", "black", "red"]
    assert shares == pytest.approx((40 / 64, 16 / 64, 8 / 64), abs=0.02)
    for colour, expected in zip(colours, ("#ffcc00", "#000000", "#dd0000"), strict=True):
        assert np.abs(np.subtract(ImageColor.getrgb(colour), ImageColor.getrgb(expected))).max() <= 8


@given(st.integers(0, 1000), st.integers(1, 5), st.sampled_from([(16, 16), (64, 64), (100, 60)]))
def test_shares_fall_and_add_up_and_repeat(seed, n, size):
    hue = np.random.default_rng(seed).random()
    tint = np.array(colorsys.hsv_to_rgb(hue, 0.8, 1))
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 1))
    image = Image.fromarray((noise * tint).astype(np.uint8))
    found = palette(image, n)
    shares = [share for _, share in found]
    assert 1 <= len(found) <= n
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1)
    assert palette(image.copy(), n) == found


def test_a_cover_of_one_colour_has_a_palette_of_one():
    assert palette(Image.new("RGB", (64, 64), "#336699")) == [("#336699", 1.0)]
