"""Decoding: the right pixels for every kind of image, and one of a closed list of reasons for every defect."""

import csv
import hashlib
import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.preprocess import clean
from helpers.preprocess.decode import BACKGROUNDS, MAX_BYTES, REASONS, Rejected, decode, jpeg_quality, read

RED, BLUE = (255, 0, 0), (0, 0, 255)


def photo(width: int, height: int) -> np.ndarray:
    """Something with smooth areas, edges and a little grain, as covers have: uint8 [height, width, 3]."""
    y, x = np.mgrid[:height, :width] / max(width, height)
    waves = np.stack([np.sin(9 * x + 2 * y), np.cos(7 * y - x), np.sin(12 * x * y)], axis=-1)
    disc = ((x - 0.4) ** 2 + (y - 0.5) ** 2 < 0.05)[..., None]
    grain = np.random.default_rng(width).normal(0, 3, waves.shape)
    return (127 + 80 * np.where(disc, -waves, waves) + grain).clip(0, 255).astype(np.uint8)


def saved(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def reason(path, size=32) -> str:
    with pytest.raises(Rejected) as rejected:
        decode(path, size)
    return rejected.value.reason


def exact(path, **options) -> np.ndarray:
    """What is read where nothing may be reduced, as int [height, width, 3]."""
    return np.asarray(read(path, 10_000, **options).image).astype(int)


def psnr(a, b) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 images."""
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


# Geometry


def lanczos(pixels: np.ndarray, size: int) -> np.ndarray:
    """Resample a square image with the Lanczos kernel of three lobes, widened by the scale; written from its formula.

    https://en.wikipedia.org/wiki/Lanczos_resampling
    """
    old = len(pixels)
    scale = max(old / size, 1)
    centres = (np.arange(size) + 0.5) * old / size
    distance = (np.arange(old) + 0.5 - centres[:, None]) / scale
    weights = np.where(abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.tensordot(weights, pixels.astype(float), (1, 0))
    return np.tensordot(weights, rows, (1, 1)).swapaxes(0, 1).clip(0, 255)


@pytest.mark.parametrize("size", [40, 64, 100, 150, 200])
def test_resizing_agrees_with_the_formula(tmp_path, size):
    pixels = photo(150, 150)
    found = decode(saved(tmp_path / "a.png", pixels), size)
    assert found.shape == (size, size, 3) and found.dtype == np.uint8
    assert abs(found - lanczos(pixels, size)).max() < 2


@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 64), (64, 65), (97, 64), (64, 128)])
def test_centre_is_cut_out_and_pixels_are_kept_where_nothing_needs_scaling(tmp_path, width, height):
    pixels = photo(width, height)
    top, left = (height - 64) // 2, (width - 64) // 2
    found = decode(saved(tmp_path / "a.png", pixels), 64)
    np.testing.assert_array_equal(found, pixels[top : top + 64, left : left + 64])


SHAPES = [(300, 300), (640, 640), (1200, 1200), (319, 319), (617, 617), (857, 1200), (640, 574), (500, 255), (130, 260)]


@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_shortcuts_for_large_images_are_not_seen(tmp_path, width, height):
    """JPEG's draft mode and averaging before resampling, against the formula on every pixel of the full decode."""
    jpeg = saved(tmp_path / "a.jpg", photo(width, height), quality=95)
    pixels = np.asarray(Image.open(jpeg))
    png = saved(tmp_path / "a.png", pixels)
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    for size in (32, 64, 100):
        expected = lanczos(pixels[top : top + side, left : left + side], size)
        assert psnr(decode(jpeg, size), expected) > 38
        assert psnr(decode(png, size), expected) > 38


@settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(1, 2500), st.integers(1, 2500), st.integers(1, 80), st.sampled_from(["jpg", "png"]))
@example(1990, 1990, 16, "png")
def test_any_shape_becomes_any_size(tmp_path, width, height, size, suffix):
    """A bar through the middle stays in the middle."""
    image = Image.new("L", (width, height))
    image.paste(255, (width // 3, 0, width - width // 3, height))
    image.save(tmp_path / f"a.{suffix}")
    found = decode(tmp_path / f"a.{suffix}", size).astype(int)
    assert found.shape == (size, size, 3)
    if min(width, height) >= 200 and size >= 16:
        assert abs(found - found[:, ::-1]).mean() < 12


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif"])
@pytest.mark.parametrize(("width", "height", "short_side"), [(640, 640, 128), (700, 500, 100), (90, 300, 128)])
def test_picture_tells_what_the_file_held(tmp_path, suffix, width, height, short_side):
    path = saved(tmp_path / f"a.{suffix}", photo(width, height))
    picture = read(path, short_side)
    assert (picture.width, picture.height) == (width, height)
    assert picture.bytes == path.stat().st_size
    assert picture.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (picture.quality is None) == (suffix != "jpg")
    assert min(picture.image.size) >= min(short_side, width, height)
    assert picture.image.width / picture.image.height == pytest.approx(width / height, rel=0.02)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_no_more_is_kept_than_needed(tmp_path, suffix):
    """A million pictures pass through memory: one of 1,000 px must not stay that large to become one of 32."""
    assert min(read(saved(tmp_path / f"a.{suffix}", photo(1000, 1200)), 64).image.size) < 128


# What an EXIF orientation says (CIPA DC-008): where row 0 and column 0 of the stored image are in the upright one.
STORED = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.swapaxes(0, 1),
    6: np.rot90,
    7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "TIFF"}, {"format": "WEBP", "lossless": True}])
def test_image_is_turned_as_exif_says(tmp_path, orientation, options):
    upright = photo(48, 64)
    exif = Image.Exif()
    exif[274] = orientation
    path = saved(tmp_path / "a", np.ascontiguousarray(STORED[orientation](upright)), exif=exif, **options)
    np.testing.assert_array_equal(decode(path, 48), upright[8:56])


def test_jpeg_is_turned_as_exif_says(tmp_path):
    pixels = np.full((400, 300, 3), RED, np.uint8)
    pixels[:200] = BLUE  # above, so on the right of the upright image
    exif = Image.Exif()
    exif[274] = 6
    found = decode(saved(tmp_path / "a.jpg", pixels, exif=exif), 32).astype(int)
    assert abs(found[:, -8:] - BLUE).max() < 8 and abs(found[:, :8] - RED).max() < 8


@pytest.mark.parametrize("orientation", STORED)
def test_size_is_that_of_the_upright_picture(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(STORED[orientation](photo(300, 200)))
    for name in ("a.jpg", "a.png", "a.tif", "a.webp"):
        picture = read(saved(tmp_path / name, stored, exif=exif), 50)
        assert (picture.width, picture.height) == (300, 200)
        assert picture.image.width / picture.image.height == pytest.approx(1.5, rel=0.02)


def test_exif_that_cannot_be_written_again_does_no_harm(tmp_path):
    exif = Image.Exif()
    exif[274], exif[271] = 6, "maker"
    path = saved(tmp_path / "a.jpg", photo(64, 64), exif=exif)
    maker, width = struct.pack(">HHI", 271, 2, 6), struct.pack(">HHI", 256, 2, 6)  # both texts of six letters
    assert maker in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(maker, width))  # the width is a text now, which no writer accepts
    assert decode(path, 32).shape == (32, 32, 3)


# Of every mode: how an array of uint8 [height, width, 4] becomes such an image, and what is seen of it on white.
PALETTE = np.random.default_rng(5).integers(0, 256, (256, 3), dtype=np.uint8)


def with_palette(pixels):
    image = Image.fromarray(pixels[..., 0])
    image.putpalette(PALETTE.tobytes())
    return image


def on_white(colour, alpha):
    return colour * (alpha[..., None] / 255) + 255 - alpha[..., None].astype(float)


def grey(values):
    return np.repeat(values[..., None], 3, axis=-1)


MODES = {
    "RGB": (lambda p: Image.fromarray(p[..., :3]), lambda p: p[..., :3]),
    "RGBA": (Image.fromarray, lambda p: on_white(p[..., :3], p[..., 3])),
    "L": (lambda p: Image.fromarray(p[..., 0]), lambda p: grey(p[..., 0])),
    "LA": (lambda p: Image.fromarray(p[..., ::3]), lambda p: on_white(grey(p[..., 0]), p[..., 3])),
    "P": (with_palette, lambda p: PALETTE[p[..., 0]]),
    "1": (lambda p: Image.fromarray(p[..., 0] > 127), lambda p: grey(255 * (p[..., 0] > 127))),
    "I;16": (lambda p: Image.fromarray(p[..., 0].astype(np.uint16) * 256 + p[..., 1]), lambda p: grey(p[..., 0])),
}


@settings(
    max_examples=120, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.sampled_from(sorted(MODES)),
    st.sampled_from(sorted(STORED)),
    st.sampled_from(["PNG", "TIFF"]),
    st.integers(1, 100),
)
def test_any_size_mode_orientation_and_shape(tmp_path, width, height, mode, orientation, kind, short_side):
    """Flattened, turned and averaged over squares, each of these written down with NumPy."""
    upright = np.random.default_rng(width * height).integers(0, 256, (height, width, 4), dtype=np.uint8)
    to_image, seen = MODES[mode]
    exif = Image.Exif()
    exif[274] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    to_image(stored).save(tmp_path / "a", kind, exif=exif)
    picture = read(tmp_path / "a", short_side)
    assert (picture.width, picture.height) == (width, height)
    factor = max(min(width, height) // short_side, 1)
    found, averaged = np.asarray(picture.image), upright
    if kind == "PNG":  # averaged as it is stored and turned then; squares that do not fit in are at the other side
        found, averaged = STORED[orientation](found), stored
    expected = seen(averaged).astype(float)
    for axis, length in ((0, averaged.shape[0]), (1, averaged.shape[1])):
        starts = np.arange(0, length, factor)
        widths = np.diff([*starts, length]).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        expected = np.add.reduceat(expected, starts, axis=axis) / widths
    assert found.shape == expected.shape
    assert abs(found - expected).max() <= 1.51  # two roundings and one cut


# Colour


def colours(mode: str) -> Image.Image:
    """Left half red, right half blue."""
    pixels = np.full((64, 64, 3), RED, np.uint8)
    pixels[:, 32:] = BLUE
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("RGB", s) for s in ("jpg", "png", "webp", "gif", "bmp", "tif")]
    + [("P", "png"), ("P", "gif"), ("P", "bmp"), ("RGBA", "png"), ("RGBA", "webp"), ("RGBA", "tif"), ("CMYK", "jpg")]
    + [("CMYK", "tif")],
)
def test_colours_of_every_mode_and_format(tmp_path, mode, suffix):
    path = tmp_path / f"a.{suffix}"
    colours(mode).save(path)
    found = decode(path, 64).astype(int)
    assert abs(found[:, :24] - RED).max() < 12 and abs(found[:, 40:] - BLUE).max() < 12


@pytest.mark.parametrize(("mode", "suffix"), [("L", "jpg"), ("L", "png"), ("LA", "png"), ("L", "tif"), ("1", "png")])
def test_greys_become_rgb(tmp_path, mode, suffix):
    path = tmp_path / f"a.{suffix}"
    pixels = np.zeros((64, 64), np.uint8)
    pixels[:, 32:] = 255
    Image.fromarray(pixels).convert(mode).save(path)
    found = decode(path, 64)
    assert found.shape == (64, 64, 3)
    assert found[:, :24].max() < 8 and found[:, 40:].min() > 247


@pytest.mark.parametrize(("suffix", "byteorder"), [("png", ">"), ("tif", "<"), ("tif", ">")])
def test_16_bit_greys_are_scaled_and_not_clipped(tmp_path, suffix, byteorder):
    ramp = np.linspace(0, 65_535, 64).astype(f"{byteorder}u2")
    path = saved(tmp_path / f"a.{suffix}", np.tile(ramp, (64, 1)))
    np.testing.assert_allclose(decode(path, 64)[0, :, 0], np.linspace(0, 255, 64), atol=1)


INKS = np.array(
    [(c, m, y, k) for c in (0, 90, 255) for m in (0, 160) for y in (0, 200) for k in (0, 60, 255)], np.uint8
)


def without_adobe_marker(jpeg: bytes) -> bytes:
    """A JPEG less its APP14 segment: two bytes of marker, two of length, the length counting itself."""
    at = jpeg.index(b"\xff\xee")
    assert jpeg[at + 4 : at + 9] == b"Adobe"
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


def test_inks_of_cmyk_in_adobes_way_and_in_the_plain_one(tmp_path):
    """Photoshop stores inks backwards and says so in a marker of its own; without the marker they are as they are."""
    cells = np.kron(INKS.reshape(6, 6, 4), np.ones((16, 16, 1))).astype(np.uint8)
    Image.fromarray(cells, "CMYK").save(tmp_path / "adobe.jpg", quality=100)  # Pillow writes them as Photoshop does
    (tmp_path / "plain.jpg").write_bytes(without_adobe_marker((tmp_path / "adobe.jpg").read_bytes()))
    Image.fromarray(cells, "CMYK").save(tmp_path / "a.tif")
    ink = cells.astype(float)
    for name, (colour, black) in {
        "adobe.jpg": (ink[..., :3], ink[..., 3:]),
        "plain.jpg": (255 - ink[..., :3], 255 - ink[..., 3:]),
        "a.tif": (ink[..., :3], ink[..., 3:]),
    }.items():
        assert abs(exact(tmp_path / name) - (255 - colour) * (255 - black) / 255).max() <= 2, name


# The primaries of sRGB, adapted to the D50 of profiles (IEC 61966-2-1; the values every sRGB profile holds): X, Y, Z.
SRGB = {"r": (0.43607, 0.22249, 0.01392), "g": (0.38515, 0.71687, 0.09708), "b": (0.14307, 0.06061, 0.71410)}


def icc_profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A profile of version 2 for a display, as ICC.1:2001-04 lays it out: header, table of tags, tags."""
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    white = struct.pack(">3i", *(round(65_536 * v) for v in (0.9642, 1.0, 0.8249)))
    header = struct.pack(">I4x4s4s4s4s12x4s28x", offset + len(body), b"\2\x40\0\0", b"mntr", space, b"XYZ ", b"acsp")
    return (header + white).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz(values) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65_536 * value) for value in values))


def curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * gamma)) + bytes(2)


def display(primaries: str, gamma: float) -> bytes:
    """A profile with the primaries of sRGB in this order."""
    tags = {f"{name}XYZ".encode(): xyz(SRGB[primary]) for name, primary in zip("rgb", primaries, strict=True)}
    tags |= {f"{name}TRC".encode(): curve(gamma) for name in "rgb"}
    return icc_profile(b"RGB ", tags | {b"wtpt": xyz((0.9642, 1, 0.8249))})


def srgb(light: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] to the levels of sRGB (IEC 61966-2-1)."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "WEBP", "lossless": True}, {"format": "TIFF"}])
@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("primaries", ["rgb", "grb", "brg"])
def test_colours_of_a_profile_are_turned_into_those_of_srgb(tmp_path, options, gamma, primaries):
    pixels = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / "a", pixels, icc_profile=display(primaries, gamma), **options)
    light = (pixels / 255) ** gamma
    expected = srgb(light[..., [primaries.index(name) for name in "rgb"]])
    assert abs(exact(path) - expected).max() <= 2


def test_profile_counts_after_draft_mode_too(tmp_path):
    pixels = np.full((400, 400, 3), (200, 100, 50), np.uint8)
    path = saved(tmp_path / "a.jpg", pixels, quality=95, icc_profile=display("grb", 1.0))
    expected = srgb(pixels[0, 0, [1, 0, 2]] / 255)
    assert abs(decode(path, 32) - expected).max() <= 3


@pytest.mark.parametrize("gamma", [1.8, 2.2])
def test_profile_of_greys(tmp_path, gamma):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (32, 1))
    profile = icc_profile(b"GRAY", {b"wtpt": xyz((0.9642, 1, 0.8249)), b"kTRC": curve(gamma)})
    expected = srgb((ramp / 255) ** gamma)[..., None]
    assert abs(exact(saved(tmp_path / "a.png", ramp, icc_profile=profile)) - expected).max() <= 2


@pytest.mark.parametrize("profile", [b"no profile", display("grb", 1.0)[:200], icc_profile(b"CMYK", {}), bytes(128)])
def test_profile_that_is_damaged_or_of_another_kind_is_ignored(tmp_path, profile):
    path = saved(tmp_path / "a.png", photo(64, 64), icc_profile=profile)
    np.testing.assert_array_equal(exact(path), photo(64, 64))


def test_profile_of_colours_on_an_image_in_grey_is_ignored(tmp_path):
    path = saved(tmp_path / "a.png", photo(64, 64)[..., 0], icc_profile=display("grb", 1.0))
    np.testing.assert_array_equal(exact(path)[..., 1], photo(64, 64)[..., 0])


def test_transparency_lies_on_the_colour_of_the_edge_where_asked_for(tmp_path):
    """A round label of blue with a green rim, on nothing: what surrounds it turns green."""
    y, x = np.mgrid[:101, :101] - 50
    radius = np.hypot(x, y)
    pixels = np.zeros((101, 101, 4), np.uint8)
    pixels[radius <= 40] = (0, 160, 0, 255)
    pixels[radius <= 30] = (*BLUE, 255)
    path = saved(tmp_path / "a.png", pixels)
    found = exact(path, background="border")
    assert (found[radius > 30] == (0, 160, 0)).all() and (found[radius <= 30] == BLUE).all()
    assert (exact(path)[radius > 40] == 255).all()


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_nothing_but_transparency_is_white(tmp_path, background):
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[8, 8] = (*RED, 127)  # less than half opaque: no colour of an edge
    found = exact(saved(tmp_path / "a.png", pixels), background=background)
    pixels = np.ones((64, 64), bool)
    pixels[8, 8] = False
    assert (found[pixels] == 255).all()


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_background_does_not_touch_what_is_opaque(tmp_path, background):
    np.testing.assert_array_equal(exact(saved(tmp_path / "a.png", photo(64, 64)), background=background), photo(64, 64))


def test_transparency_lies_on_white(tmp_path):
    pixels = np.zeros((64, 64, 4), np.uint8)  # black where nothing is seen of it
    pixels[16:48] = (*RED, 128)
    pixels[48:] = (*BLUE, 255)
    found = decode(saved(tmp_path / "a.png", pixels), 64)
    assert (found[:16] == 255).all()
    np.testing.assert_allclose(found[16:48], np.broadcast_to((255, 127, 127), (32, 64, 3)), atol=1)
    assert (found[48:] == BLUE).all()


def test_transparency_lies_on_white_when_scaled(tmp_path):
    """Hidden colours must not bleed into the edges: the same as blending first and scaling then."""
    pixels = np.dstack([photo(200, 200), 255 * (photo(200, 200)[..., 0] > 120).astype(np.uint8)])
    share = pixels[..., 3:] / 255
    blended = (pixels[..., :3] * share + 255 * (1 - share)).round()
    assert psnr(decode(saved(tmp_path / "a.png", pixels), 64), lanczos(blended, 64)) > 40


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_colour_named_transparent_lies_on_white(tmp_path, mode):
    pixels = np.full((64, 64), 7, np.uint8)
    pixels[:, 32:] = 200
    image = Image.fromarray(pixels).convert(mode)
    if mode == "P":
        image.putpalette([10, 20, 30] * 256)
    image.save(tmp_path / "a.png", transparency=(7, 7, 7) if mode == "RGB" else 7)
    found = decode(tmp_path / "a.png", 64)
    assert (found[:, :32] == 255).all() and (found[:, 32:] < 255).all()


def test_first_frame_of_an_animation_counts(tmp_path):
    frames = [Image.new("RGB", (64, 64), colour) for colour in (RED, BLUE)]
    for name in ("a.gif", "a.webp", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert (abs(decode(tmp_path / name, 32).astype(int) - RED) < 4).all()


def test_content_counts_and_not_the_name(tmp_path):
    png = saved(tmp_path / "a.jpg", photo(64, 64), format="PNG")
    np.testing.assert_array_equal(decode(png, 64), photo(64, 64))
    multi = tmp_path / "b.jpg"  # as some phones write
    Image.fromarray(photo(64, 64)).save(multi, "MPO", save_all=True, append_images=[colours("RGB")])
    assert psnr(decode(multi, 64), photo(64, 64)) > 25


def test_result_can_be_written_to(tmp_path):
    found = decode(saved(tmp_path / "a.png", photo(64, 64)), 64)
    found[:] = 0


# Defects


def png_header(width: int, height: int) -> bytes:
    """The first bytes of a PNG of that size, without any pixel."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    signed = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (chunk, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(signed)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"<html><body>404 Not Found</body></html>", "not an image"),
        (b"\xff\xd8\xff", "not an image"),
        (bytes(1000), "not an image"),
        (b"%PDF-1.7", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "not an image"),
        (png_header(60_000, 60_000), "too many pixels"),
        (png_header(9_000, 8_900), "too many pixels"),
        (png_header(2**31 - 1, 2**31 - 1), "too many pixels"),
        (png_header(8_900, 8_900), "damaged"),
    ],
)
def test_reason_for_bytes_that_are_no_cover(tmp_path, content, expected):
    path = tmp_path / "handmade.jpg"
    path.write_bytes(content)
    assert reason(path) == expected


def test_reason_for_what_is_not_there_or_no_file(tmp_path):
    assert reason(tmp_path / "nowhere.jpg") == "missing"
    (tmp_path / "folder.jpg").mkdir()
    assert reason(tmp_path / "folder.jpg") in ("empty", "unreadable")  # folders have a size on some systems only


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert reason(tmp_path / "a.jpg") == "unreadable"


def test_link_to_itself_is_not_followed_for_ever(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    assert reason(tmp_path / "a.jpg") == "unreadable"


def test_link_that_leads_nowhere(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    assert reason(tmp_path / "a.jpg") == "missing"


def test_reason_for_a_file_too_large_to_be_opened(tmp_path):
    path = saved(tmp_path / "a.png", photo(64, 64))
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
    assert reason(path) == "too many bytes"


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "bmp", "tif"])
@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.6, 0.9, 0.98])
def test_no_half_of_a_cover_is_taken_for_a_whole(tmp_path, suffix, share):
    path = saved(tmp_path / f"a.{suffix}", photo(200, 200))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert reason(path) in ("damaged", "not an image", "empty")


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("jpg", {"quality": 60, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"}),
        ("jpg", {"progressive": True, "icc_profile": display("grb", 1.8)}),
        ("png", {"icc_profile": display("grb", 1.8)}),
        ("gif", {}),
        ("webp", {}),
        ("tif", {"compression": "tiff_lzw"}),
    ],
)
def test_file_cut_off_after_any_byte_gives_the_whole_picture_or_a_reason(tmp_path, suffix, options):
    whole = saved(tmp_path / f"a.{suffix}", photo(20, 17), **options)
    content, expected = whole.read_bytes(), exact(whole)
    path = tmp_path / "cut"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            np.testing.assert_array_equal(exact(path), expected, err_msg=f"{length} of {len(content)} bytes")
        except Rejected as rejected:
            assert rejected.reason in ("empty", "not an image", "damaged")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """(folder to write to, bytes of a small image of each kind)"""
    folder = tmp_path_factory.mktemp("samples")
    exif = Image.Exif()
    exif[274], exif[271], exif[282] = 6, "maker", 72.0
    kinds = {
        "exif.jpg": (colours("RGB"), {"exif": exif}),
        "progressive.jpg": (colours("RGB"), {"progressive": True}),
        "cmyk.jpg": (colours("CMYK"), {}),
        "exif.png": (colours("RGB"), {"exif": exif}),
        "palette.png": (colours("P"), {"transparency": 3}),
        "grey.png": (colours("I;16"), {}),
        "exif.webp": (colours("RGB"), {"exif": exif}),
        "palette.gif": (colours("P"), {"transparency": 1}),
        "palette.bmp": (colours("P"), {}),
        "exif.tif": (colours("RGB"), {"exif": exif, "compression": "tiff_deflate"}),
    }
    for name, (image, options) in kinds.items():
        image.save(folder / name, **options)
    return folder, [(folder / name).read_bytes() for name in kinds]


@pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
@settings(
    max_examples=500, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_damaged_bytes_give_a_cover_or_a_reason_of_the_list(samples, data):
    folder, contents = samples
    content = bytearray(data.draw(st.sampled_from(contents)))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "damaged"
    path.write_bytes(content)
    try:
        assert decode(path, 16).shape == (16, 16, 3)
    except Rejected as rejected:
        assert rejected.reason in REASONS


# JPEG quality


def test_quality_of_a_jpeg_is_the_setting_it_was_saved_with(tmp_path):
    for quality in range(1, 101):
        assert read(saved(tmp_path / "a.jpg", photo(16, 16), quality=quality), 16).quality == quality


def test_finer_tables_of_other_encoders_are_of_higher_quality():
    found = [jpeg_quality((step,) * 64) for step in (1, 4, 16, 64, 255)]
    assert found == sorted(found, reverse=True) and found[0] == 100 and found[-1] == 1


def test_quality_of_a_jpeg_whose_tables_do_not_start_at_0(tmp_path):
    path = saved(tmp_path / "a.jpg", photo(64, 64)[..., 0], quality=70)
    content = bytearray(path.read_bytes())
    content[content.index(b"\xff\xdb") + 4] = 1  # DQT: this is table 1
    frame = content.index(b"\xff\xc0")
    content[frame + 12] = 1  # SOF0: the only component uses table 1
    path.write_bytes(content)
    assert read(path, 64).quality == 70


# Real covers


def by_hand(image: Image.Image) -> np.ndarray:
    """The colours of an image from its own numbers, [height, width, 3]: the formula of each mode, on white."""
    pixels = np.asarray(image).astype(float)
    match image.mode:
        case "RGB":
            return pixels
        case "RGBA":
            return on_white(pixels[..., :3], pixels[..., 3])
        case "LA":
            return on_white(grey(pixels[..., 0]), pixels[..., 1])
        case "P":
            palette = np.array(image.getpalette("RGB")).reshape(-1, 3)
            if "transparency" in image.info:
                palette[image.info["transparency"]] = 255
            return palette[pixels.astype(int)]
        case "1":
            return grey(255 * pixels)
        case "I;16":
            return grey(pixels / 257)
        case "CMYK":
            return (255 - pixels[..., :3]) * (255 - pixels[..., 3:]) / 255


@pytest.fixture(scope="module")
def odd_covers(real_data):
    folder = real_data / "odd_covers"
    rows = list(csv.DictReader((folder / "manifest.csv").open(encoding="utf-8")))
    assert len(rows) == 202
    return [(folder / row["file"], row) for row in rows]


DEFECTS = {"truncated": "damaged", "corrupt": "damaged", "empty": "empty", "not_an_image": "not an image"}


@pytest.mark.real_data
def test_odd_covers_have_the_colours_that_their_numbers_say(odd_covers):
    checked = 0
    for path, row in odd_covers:
        if row["made_by_hand"] == "no" or row["category"] in DEFECTS:
            continue
        expected = by_hand(Image.open(path))
        if row["category"] == "exif_orientation":
            expected = np.rot90(expected, -1)
        assert abs(exact(path) - expected).max() <= 2, row["file"]
        checked += 1
    assert checked == 14


@pytest.mark.real_data
def test_odd_covers_come_out_as_documented(odd_covers):
    refused = {}
    for path, row in odd_covers:
        try:
            picture = read(path, 128)
            if row["made_by_hand"] == "no":
                assert (picture.width, picture.height) == (int(row["width"]), int(row["height"])), row["file"]
                assert (picture.bytes, picture.quality is None) == (int(row["bytes"]), row["format"] != "JPEG")
            square, _ = clean.clean(picture, clean.STEPS)
            assert square.width == square.height and square.image.mode == "RGB"
        except Rejected as rejected:
            refused[path] = rejected.reason
    for path, row in odd_covers:
        expected = DEFECTS | {"tiny": "too small", "extreme_aspect": "too oblong"}
        if row["made_by_hand"] == "yes":
            assert refused.get(path) == expected.get(row["category"]), row["file"]
    others = {row["file"]: refused[path] for path, row in odd_covers if row["made_by_hand"] == "no" and path in refused}
    # One of 801 x 365, and two of one grey throughout.
    assert others == {
        "nonsquare_000_b951a8d2.jpg": "too oblong",
        "flat_000_d41181bd.jpg": "flat",
        "fewest_bytes_000_13db9b52.jpg": "flat",
    }


@pytest.mark.real_data
def test_shortcuts_are_not_seen_on_real_covers(real_data):
    ratios = []
    for path in sorted(real_data.glob("originals/*/*.jpg"))[::12]:
        whole = read(path, 10_000).image
        side = min(whole.size)
        left, top = (whole.width - side) // 2, (whole.height - side) // 2
        box = (left, top, left + side, top + side)
        ratios.append(psnr(decode(path, 64), np.asarray(whole.resize((64, 64), Image.Resampling.LANCZOS, box))))
    assert len(ratios) > 40 and min(ratios) > 35 and np.median(ratios) > 45


@pytest.mark.real_data
def test_ordinary_covers_are_accepted(real_data):
    paths = sorted(real_data.glob("covers/images/*/*.jpg"))[::20]
    refused = 0
    for path in paths:
        try:
            clean.clean(read(path, 128), clean.STEPS)
        except Rejected:
            refused += 1
    assert len(paths) > 100 and refused <= 0.02 * len(paths)
