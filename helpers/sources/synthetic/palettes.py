"""Named palettes, and the colour arithmetic that lets audio features tint them.

Colours are changed in OKLab (Björn Ottosson, 2020, https://bottosson.github.io/posts/oklab/), where lightness and
colourfulness move independently and evenly, so that one factor does not disturb another.
"""

import math

RGB = tuple[int, int, int]

# Five roles each: ground, deep (the darkest), main (the shapes), accent, light (nearly paper).
PALETTES = {
    "ember": "16100f 3a0f0d a3201a e8672c f1dcc4",
    "crypt": "0e1412 1f2f2a 4d6b58 a8b59a e4e6d4",
    "iron": "17191c 32373d 6d747b b8242b dcdcd6",
    "bone": "d8d0bf 2a2422 8c7b66 6e1a17 f4eee0",
    "union": "b3282d 1c2747 e6dcc3 e0a03a fbf4e4",
    "denim": "2f4d73 16263d 7fa0bf d9703a f0e6d0",
    "mustard": "e0a526 2b2320 c4532b 35645e f9efd2",
    "noir": "151515 2e2e2e 8a8a8a d8342b f2f2ee",
    "coral": "ff8a73 7a2340 ffd0b0 2fa7a0 fff3e4",
    "candy": "f76fa8 5b2a86 ffd84d 38c6d9 fff2fa",
    "citrus": "ffd23f 8f2a17 f78a1d 2e86ab fffbe6",
    "sky": "5db7e8 1d3f72 ffe169 ff6b6b f4fbff",
    "prairie": "e3c58a 6b4423 c98a4b 5d8aa8 faf0d9",
    "canyon": "c4623a 4d2018 e9a15b 3d6b73 f8e3c4",
    "gold": "14110d 3b2c14 d9a521 7d1d1d f7ecd0",
    "boombox": "d62718 141414 f6c315 f2f2f2 fff8e0",
    "concrete": "8b8d8f 26282b c9c7c2 e4c11b f3f2ee",
    "court": "5a2a82 1b1130 f2b632 e9e4f2 fff7df",
    "neon": "12081f 3b0f5c ff2d95 19e3ff f7f0ff",
    "acid": "0d120c 1f3b1a b6f01e ff4fd8 f4ffe0",
    "ultraviolet": "2a1a6b 0f0b2e 8f5bff ff7847 efe9ff",
    "laser": "e9edf2 12151c 2347ff ff3b30 ffffff",
    "moss": "5f6f45 2c3524 a9ad7c c9803f f2ecd6",
    "wheat": "e9dcb9 5b4632 b88a4c 7a8b5a fbf6e4",
    "clay": "b9795a 4a2d24 deb893 56706b f6e8d6",
    "mist": "b9c6cc 50646f dfe6e6 8c9fb0 f7f9f8",
    "dusk": "4a4668 231f38 a87f9b f0b195 f6e6e0",
    "glacier": "9cc4d2 2b4f66 d5ebee 5f8fb0 f6fcfd",
    "tide": "1f4a58 0d2430 5f9ea0 d7c9a0 eef4ee",
    "bluenote": "12406e 0a1a30 2ea3c7 f0822d f4ecd8",
    "smoke": "23222a 0f0e12 77707c c99a5b efe6d8",
    "brass": "c98c2b 33200f 7a2e1d f2d492 fdf3dc",
    "plum": "5b1f48 240d1f b04a72 e7b04d f8e6e3",
    "pastel": "ffc9de 7a6bb0 bfe3ff fff0a8 ffffff",
    "bubblegum": "ff9fcf c2307f a5e8e0 ffe55e fff7fd",
    "holo": "d9d2f7 5a55a8 a8ecf2 f9b8e4 ffffff",
    "mint": "b8efd9 2f7d77 ff9eb0 fff5c2 ffffff",
    "ivory": "efe4c9 4a1520 9c7a35 274060 fcf8ec",
    "marble": "dcdad5 34343a a19c94 86323a f7f6f3",
    "walnut": "3d261b 1a0f0b 7f5434 c9a35f efe0c4",
    "cartouche": "e8c21a 2a2a2a f6ecc8 8a1f1d fffbe8",
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
