"""Named palettes, and the colour arithmetic that lets audio features tint them.

Colours are changed in OKLab (Björn Ottosson, 2020, https://bottosson.github.io/posts/oklab/), where lightness and
colourfulness move independently and evenly, so that one factor does not disturb another.
"""

import math

RGB = tuple[int, int, int]

# Five roles each: ground, deep (the darkest), main (the shapes), accent, light (nearly paper).
PALETTES = {
    "silver": "9c9c9a 1c1c1c cbcbc8 5f5f5f f6f6f4",
    "void": "0b0b0d 1b1d22 4a4e57 8d1418 c9c9c9",
    "ember": "16100f 2b0f0e 8f1d1a d9d2c6 efe6d8",
    "crypt": "0e1211 1a211f 5d6a63 8e1f1c dcdfd6",
    "iron": "17191c 2a2e33 6d747b a3221f dcdcd6",
    "bone": "b9b2a4 201c1b 6e675c 7d1614 e8e2d4",
    "amp": "a8321f 1a1416 e8742c f0c05a f6ead2",
    "union": "b3282d 1c2747 e6dcc3 e0a03a fbf4e4",
    "denim": "5d7fa3 3a2a1a c99a5c e3c58a f3e6cc",
    "mustard": "c8452e 2a1d2b f0b13a 2f4a6b f9efd8",
    "noir": "a3262a 151012 d9d2c4 3b4a63 f4efe4",
    "tulip": "f25f8b 4a1f6b ffc15e 3db8b0 fff5ee",
    "coral": "ff8a73 7a2340 ffd0b0 2fa7a0 fff3e4",
    "candy": "f76fa8 5b2a86 ffd84d 38c6d9 fff2fa",
    "citrus": "ffd23f 8f2a17 f78a1d 2e86ab fffbe6",
    "sky": "5db7e8 1d3f72 ffe169 ff6b6b f4fbff",
    "barn": "8a4a2c 2e1c14 d9b48a 5f8299 f5ead5",
    "cornflower": "9dbdd6 5a3d22 dca85f 8c4b2a f9f3e3",
    "prairie": "e3c58a 6b4423 c98a4b 5d8aa8 faf0d9",
    "canyon": "c4703f 4d2a18 e9b16b 4f7f93 f8e3c4",
    "gold": "14110d 2a1f10 d9a521 5a2a82 f7ecd0",
    "boombox": "e0b015 141210 5a2a82 f2e6c0 fff8e0",
    "concrete": "4a4450 1a1620 d9a521 8a6fb0 f3eee0",
    "court": "5a2a82 1b1130 f2b632 c9b3e4 fff7df",
    "vector": "0a1230 050818 1fd3c6 ff3d7f e6f6ff",
    "chain": "2a1a3b 120b1c f0c23a 9a4fd0 f7efdf",
    "neon": "12081f 3b0f5c ff2d95 19e3ff f7f0ff",
    "acid": "0d120c 1f3b1a b6f01e ff4fd8 f4ffe0",
    "ultraviolet": "2a1a6b 0f0b2e 8f5bff ff7847 efe9ff",
    "laser": "e9edf2 12151c 2347ff ff3b30 ffffff",
    "heather": "8b7f8f 3c3440 b9a7a0 c98b5e f1e8e0",
    "moss": "5f6f45 2c3524 a9ad7c c9803f f2ecd6",
    "wheat": "e9dcb9 5b4632 b88a4c 7a8b5a fbf6e4",
    "clay": "b9795a 4a2d24 deb893 56706b f6e8d6",
    "pearl": "d7d3cf 6a6d78 eae6e1 a9b4bf fbfaf8",
    "fjord": "7d98a8 2c4250 b3c6cc dcd6c8 f3f6f5",
    "mist": "b9c6cc 50646f dfe6e6 8c9fb0 f7f9f8",
    "dusk": "4a4668 231f38 a87f9b f0b195 f6e6e0",
    "glacier": "9cc4d2 2b4f66 d5ebee 5f8fb0 f6fcfd",
    "tide": "1f4a58 0d2430 5f9ea0 d7c9a0 eef4ee",
    "lounge": "1d3b33 0d1d19 d9a441 b8452f f0e4c8",
    "bluenote": "12406e 0a1a30 2ea3c7 f0822d f4ecd8",
    "smoke": "23222a 0f0e12 77707c c99a5b efe6d8",
    "brass": "c98c2b 33200f 7a2e1d f2d492 fdf3dc",
    "plum": "5b1f48 240d1f b04a72 e7b04d f8e6e3",
    "lilac": "c9a7f0 4b2f80 ff8fc7 9af0ff fff8ff",
    "pastel": "ffc9de 7a6bb0 bfe3ff fff0a8 ffffff",
    "bubblegum": "ff9fcf c2307f a5e8e0 ffe55e fff7fd",
    "holo": "d9d2f7 5a55a8 a8ecf2 f9b8e4 ffffff",
    "mint": "b8efd9 2f7d77 ff9eb0 fff5c2 ffffff",
    "velvet": "5a1522 260a10 b08d57 8a6f52 efe3cf",
    "ivory": "efe4c9 4a1520 9c7a35 274060 fcf8ec",
    "marble": "dcdad5 34343a a19c94 86323a f7f6f3",
    "walnut": "3d261b 1a0f0b 7f5434 c9a35f efe0c4",
    "cartouche": "e8c21a 2a2a2a f6ecc8 8a1f1d fffbe8",
    "palm": "1f7a4c 0d2b1c f7d23e e8542b fdf3d0",
    "lagoon": "1bb0a8 0b3b3a ffd23f e6462e fff6da",
    "roots": "138a3d 151410 f4c20d d4241c fff3cc",
    "island": "f4b82e 1d5c3a e2552b 1aa19a fff4d2",
    "sunsplash": "d8341f 2a1410 f6c913 1d8a44 fff0c4",
}


def palette_colours(name: str) -> list[RGB]:
    """The five colours of a palette as 8-bit sRGB: ground, deep, main, accent, light."""
    return [tuple(bytes.fromhex(colour)) for colour in PALETTES[name].split()]


def to_oklab(colour: RGB) -> tuple[float, float, float]:
    """8-bit sRGB to OKLab: lightness 0 to 1, green-red and blue-yellow around 0."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour))
    long, medium, short = (
        math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b),
        math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b),
        math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b),
    )
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def from_oklab(lightness: float, a: float, b: float) -> RGB:
    """OKLab to 8-bit sRGB; colours no screen can show are clipped."""
    long, medium, short = (
        (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3,
        (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3,
        (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3,
    )
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    clipped = (min(max(c, 0.0), 1.0) for c in linear)
    return tuple(round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)) for c in clipped)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`share` 0 gives the first colour, 1 the second."""
    return tuple(round(p + (q - p) * share) for p, q in zip(first, second, strict=True))


def brightness(colour: RGB) -> float:
    """Perceived brightness of an 8-bit colour, 0 to 1 (the luma of ITU-R BT.601)."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255
