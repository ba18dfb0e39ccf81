"""Decoding: the right pixels for every kind of image, and one of a closed list of reasons for every defect."""

import csv
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.preprocess.decode import MAX_BYTES, REASONS, Rejected, decode

RNG = np.random.default_rng(0)
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


@pytest.mark.parametrize("side", [300, 640, 1200])
def test_shortcuts_for_large_images_are_not_seen(tmp_path, side):
    """JPEG's draft mode and Pillow's reducing gap, against the formula on every pixel of the full decode."""
    jpeg = saved(tmp_path / "a.jpg", photo(side, side), quality=95)
    png = saved(tmp_path / "a.png", np.asarray(Image.open(jpeg)))
    expected = lanczos(np.asarray(Image.open(png)), 64)
    assert psnr(decode(jpeg, 64), expected) > 40
    assert psnr(decode(png, 64), expected) > 40


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


def test_exif_that_cannot_be_written_again_does_no_harm(tmp_path):
    exif = Image.Exif()
    exif[274], exif[271] = 6, "maker"
    path = saved(tmp_path / "a.jpg", photo(64, 64), exif=exif)
    maker, width = struct.pack(">HHI", 271, 2, 6), struct.pack(">HHI", 256, 2, 6)  # both texts of six letters
    assert maker in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(maker, width))  # the width is a text now, which no writer accepts
    assert decode(path, 32).shape == (32, 32, 3)


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
        (png_header(31, 31), "too small"),
        (png_header(1200, 40), "too oblong"),
    ],
)
def test_reason_for_bytes_that_are_no_cover(tmp_path, content, expected):
    path = tmp_path / "handmade.jpg"
    path.write_bytes(content)
    assert reason(path) == expected


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(1, 1, "too small"), (31, 40, "too small"), (1200, 40, "too oblong"), (32, 65, "too oblong")],
)
def test_reason_for_a_wrong_shape(tmp_path, width, height, expected):
    assert reason(saved(tmp_path / "a.jpg", photo(width, height))) == expected


@pytest.mark.parametrize(("width", "height"), [(32, 32), (32, 64), (64, 32)])
def test_limits_of_the_shape_are_still_good(tmp_path, width, height):
    assert decode(saved(tmp_path / "a.jpg", photo(width, height)), 64).shape == (64, 64, 3)


def test_reason_for_what_is_not_there_or_no_file(tmp_path):
    assert reason(tmp_path / "nowhere.jpg") == "missing"
    (tmp_path / "folder.jpg").mkdir()
    assert reason(tmp_path / "folder.jpg") in ("empty", "unreadable")  # folders have a size on some systems only


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


# Real covers


@pytest.mark.real_data
def test_odd_covers_are_decoded_or_rejected_for_what_is_odd_about_them(real_data):
    expected = {"truncated": "damaged", "corrupt": "damaged", "empty": "empty", "not_an_image": "not an image"}
    expected |= {"tiny": "too small", "extreme_aspect": "too oblong"}
    folder = real_data / "odd_covers"
    rows = list(csv.DictReader((folder / "manifest.csv").open(encoding="utf-8")))
    refused = 0
    for row in rows:
        try:
            found = decode(folder / row["file"], 64)
            assert found.shape == (64, 64, 3) and found.dtype == np.uint8
            assert row["category"] not in expected, row["file"]
        except Rejected as rejected:
            assert rejected.reason in REASONS
            if row["made_by_hand"] == "yes":
                assert rejected.reason == expected[row["category"]], row["file"]
            else:
                refused += 1
    assert len(rows) > 100 and refused <= 0.02 * len(rows)


@pytest.mark.real_data
def test_ordinary_covers_are_accepted(real_data):
    paths = sorted(real_data.glob("covers/images/*/*.jpg"))[::20]
    refused = 0
    for path in paths:
        try:
            assert decode(path, 32).std() >= 0
        except Rejected:
            refused += 1
    assert len(paths) > 100 and refused <= 0.02 * len(paths)
