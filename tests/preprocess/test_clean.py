"""Cleaning: what each step does to pictures whose answer is known, and what no step may ever do."""

import io
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from skimage.measure import shannon_entropy

from helpers.errors import CourseError
from helpers.preprocess import decode
from helpers.preprocess.clean import (
    NAMES,
    REASONS,
    STEPS,
    JpegQuality,
    Letterbox,
    NotFlat,
    Sharp,
    SmallestSide,
    Square,
    Thumbnail,
    TrimBorder,
    busiest,
    clean,
    describe,
    margins,
    name_of,
    parse_steps,
    sharpness,
)
from helpers.preprocess.decode import Picture, Rejected, read
from helpers.sources.synthetic import synthetic_covers

LEVELS = st.integers(0, 255)
COLOURS = st.tuples(LEVELS, LEVELS, LEVELS)


def picture(pixels, quality=None, scale=1) -> Picture:
    """As read from a file that was `scale` times as large."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels, np.uint8))
    return Picture(image, scale * image.width, scale * image.height, quality, "", 0)


def pixels_of(found: Picture) -> np.ndarray:
    return np.asarray(found.image)


def noise(width: int, height: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photo(width: int, height: int) -> np.ndarray:
    """Smooth waves of all three colours, nowhere plain."""
    y, x = np.mgrid[:height, :width]
    return (127 + 100 * np.stack([np.sin(x / 5), np.cos(y / 6), np.sin((x + y) / 7)], axis=-1)).astype(np.uint8)


def framed(inside: np.ndarray, left: int, top: int, right: int, bottom: int, colour) -> np.ndarray:
    height, width = inside.shape[:2]
    canvas = np.full((top + height + bottom, left + width + right, 3), colour, np.uint8)
    canvas[top : top + height, left : left + width] = inside
    return canvas


def checks(width: int, height: int) -> np.ndarray:
    """Squares of two pixels, black and white: whatever surrounds them, half of every line differs from it."""
    y, x = np.mgrid[:height, :width] // 2
    return np.repeat(((x + y) % 2 * 255)[..., None], 3, axis=-1).astype(np.uint8)


def refusal(step, given: Picture) -> str:
    with pytest.raises(Rejected) as rejected:
        step(given)
    return rejected.value.reason


@pytest.fixture(scope="module")
def covers() -> list[np.ndarray]:
    return [image for _, image in synthetic_covers(24, 128, seed=1)]


# Thumbnail


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 60))
def test_thumbnail_is_that_of_pillow(width, height, side):
    image = Image.fromarray(noise(width, height))
    found = Thumbnail(side)(picture(image))
    expected = image.copy()
    if max(width, height) > side:
        expected.thumbnail((side, side), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(pixels_of(found), np.asarray(expected))
    assert max(found.width, found.height) <= max(side, 1) or (found.width, found.height) == (width, height)
    assert image.size == (width, height)  # the step has not shrunk its input in place


def test_thumbnail_of_a_picture_reduced_while_decoding_tells_the_size_it_would_have_had():
    """Of 2,000 x 1,000 pixels 500 x 250 were decoded: those are few enough, but of a file of 512 x 256 they tell."""
    found = Thumbnail(512)(picture(photo(500, 250), scale=4))
    assert (found.width, found.height) == (512, 256) and found.image.size == (500, 250)


# Smallest side and JPEG quality


@pytest.mark.parametrize(("width", "height"), [(31, 31), (31, 500), (500, 31), (1, 1)])
def test_too_few_pixels(width, height):
    assert refusal(SmallestSide(32), picture(noise(width, height))) == "too small"


def test_enough_pixels_and_those_of_the_file_count():
    for given_ in (picture(noise(32, 32)), picture(noise(20, 20), scale=2)):
        assert SmallestSide(32)(given_) is given_


@pytest.mark.parametrize(("quality", "refused"), [(29, True), (30, False), (100, False), (None, False)])
def test_jpeg_quality(quality, refused):
    given_ = picture(noise(32, 32), quality)
    if refused:
        assert refusal(JpegQuality(30), given_) == "low quality"
    else:
        assert JpegQuality(30)(given_) is given_


# Margins


@given(*[st.integers(0, 9)] * 4, COLOURS)
def test_margins_of_any_width_and_colour_are_found(left, top, right, bottom, colour):
    image = Image.fromarray(framed(checks(40, 36), left, top, right, bottom, colour))
    assert margins(image) == (left, top, right, bottom)


def test_every_margin_may_have_a_colour_of_its_own():
    """Where they meet, one ends in the other, for less than 2 % of its length."""
    wide = framed(framed(checks(400, 400), 3, 0, 0, 0, (255, 0, 0)), 0, 2, 0, 0, (0, 0, 255))
    assert margins(Image.fromarray(wide)) == (3, 2, 0, 0)


@given(st.integers(1, 30), COLOURS, st.integers(0, 99))
def test_margins_survive_specks(margin, colour, seed):
    """One pixel of another colour in every row and column of more than 50."""
    canvas = framed(checks(64, 64), *[margin] * 4, colour)
    rng = np.random.default_rng(seed)
    canvas[np.arange(len(canvas)), rng.permutation(len(canvas))] = rng.integers(0, 256, (len(canvas), 3))
    assert margins(Image.fromarray(canvas)) == (margin,) * 4


@settings(max_examples=40)
@given(st.integers(8, 40), COLOURS, st.integers(60, 95))
def test_margins_survive_jpeg(margin, colour, quality):
    """Edges ring within a block of 8 x 8 pixels, or of 16 x 16 where colour is stored at half the size."""
    file = io.BytesIO()
    Image.fromarray(framed(checks(200, 200), *[margin] * 4, colour)).save(file, "JPEG", quality=quality)
    found = margins(Image.open(file).convert("RGB"))
    assert all(margin - 16 <= each <= margin + 1 for each in found)


@given(COLOURS, st.integers(1, 40), st.integers(1, 40))
def test_one_colour_throughout_has_no_margins(colour, width, height):
    assert margins(Image.new("RGB", (width, height), colour)) == (0, 0, 0, 0)


@given(st.integers(2, 60), st.integers(2, 60), COLOURS, COLOURS, st.booleans())
def test_something_always_remains_between_the_margins(width, height, first, second, upright):
    """Also of gradients, which are alike at every step and yet not the same at both ends."""
    y, x = np.mgrid[:height, :width] / max(width, height)
    share = (y if upright else (x + y) / 2)[..., None]
    image = Image.fromarray(((1 - share) * first + share * second).astype(np.uint8))
    left, top, right, bottom = margins(image)
    assert left + right < width and top + bottom < height


# Letterbox


@given(st.integers(10, 60), st.integers(4, 60), st.booleans(), COLOURS)
def test_bars_of_a_video_are_cut_off(width, height, upright, colour):
    """A picture of at most 2:1 with bars at its long side's ends is what it was before the bars came."""
    short, long = sorted((width, height))
    long = min(long, 2 * short)
    inside = checks(long, short)
    canvas = framed(inside, short, 0, short, 0, colour)
    canvas, inside = (canvas.swapaxes(0, 1), inside.swapaxes(0, 1)) if upright else (canvas, inside)
    found = Letterbox()(picture(canvas))
    np.testing.assert_array_equal(pixels_of(found), inside)


@given(st.integers(2, 80), st.integers(2, 80), st.integers(0, 20), st.integers(0, 20), COLOURS, LEVELS)
def test_letterbox_only_ever_makes_squarer(width, height, before, after, colour, seed):
    canvas = framed(noise(width, height, seed), before, 0, after, 0, colour)
    given_ = picture(canvas)
    found = Letterbox()(given_)

    def oblong(shape):
        return max(shape) / min(shape)

    assert oblong(found.image.size) < oblong(given_.image.size) or found is given_
    assert min(found.image.size) == min(
        given_.image.size
    )  # nothing goes of the shorter side, nor too much of the longer
    assert any(  # and nothing else happens to the pixels
        np.array_equal(pixels_of(found), canvas[top : top + found.height, left : left + found.width])
        for left in range(canvas.shape[1] - found.width + 1)
        for top in range(canvas.shape[0] - found.height + 1)
    )


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (0, 0, "no bars"),
        (0, 30, "one bar is a design"),
        (30, 10, "bars of two widths are a design"),
        (1, 1, "so thin a line is no bar"),
    ],
)
def test_what_is_no_letterbox_stays(before, after, why):
    given_ = picture(framed(noise(90, 80), before, 0, after, 0, (0, 0, 0)))
    assert Letterbox()(given_) is given_, why


def test_bars_of_a_square_cover_stay():
    given_ = picture(framed(noise(80, 40), 0, 20, 0, 20, (0, 0, 0)))
    assert Letterbox()(given_) is given_


# Border


@given(*[st.integers(1, 9)] * 4, COLOURS)
def test_border_is_cut_off(left, top, right, bottom, colour):
    inside = checks(40, 36)
    found = TrimBorder(0.5)(picture(framed(inside, left, top, right, bottom, colour), scale=3))
    np.testing.assert_array_equal(pixels_of(found), inside)
    assert (found.width, found.height) == (120, 108)


@pytest.mark.parametrize("gap", range(4))
def test_border_on_three_sides_is_none(gap):
    inside = photo(40, 40)
    given_ = picture(framed(inside, *[6 * (side != gap) for side in range(4)], (255, 255, 255)))
    assert TrimBorder()(given_) is given_


def test_no_more_of_the_border_goes_than_allowed():
    """A small emblem on a white cover is a cover."""
    found = TrimBorder(0.25)(picture(framed(checks(20, 20), 40, 40, 40, 40, (255, 255, 255))))
    assert found.image.size == (50, 50)
    np.testing.assert_array_equal(pixels_of(found)[15:35, 15:35], checks(20, 20))


# Square


@given(st.integers(2, 60), st.integers(2, 60), st.sampled_from(["centre", "entropy"]), LEVELS)
def test_square_is_a_window_of_the_picture(width, height, by, seed):
    pixels = noise(width, height, seed)
    found = Square(by, most=30)(picture(pixels, scale=2))
    side = min(width, height)
    assert found.image.size == (side, side) and (found.width, found.height) == (2 * side, 2 * side)
    windows = [
        pixels[top : top + side, left : left + side]
        for top in range(height - side + 1)
        for left in range(width - side + 1)
    ]
    at = [np.array_equal(pixels_of(found), window) for window in windows]
    assert any(at)
    if by == "centre":
        assert at[(len(windows) - 1) // 2]


@given(st.integers(2, 60), st.integers(2, 60), LEVELS)
def test_padding_keeps_every_pixel_in_the_middle(width, height, seed):
    pixels = noise(width, height, seed)
    found = Square("pad", most=30)(picture(pixels, scale=2))
    side = max(width, height)
    assert found.image.size == (side, side) and (found.width, found.height) == (2 * side, 2 * side)
    left, top = (side - width) // 2, (side - height) // 2
    np.testing.assert_array_equal(pixels_of(found)[top : top + height, left : left + width], pixels)


@given(COLOURS, st.booleans())
def test_padding_has_the_colour_of_the_edge_it_meets(colour, upright):
    pixels = photo(40, 60)
    pixels[:, :3] = pixels[:, -3:] = colour  # left and right, where an upright picture is padded
    pixels = pixels if upright else pixels.swapaxes(0, 1)
    found = pixels_of(Square("pad")(picture(pixels)))
    found = found if upright else found.swapaxes(0, 1)
    assert found.shape == (60, 60, 3)
    assert (found[:, :13] == colour).all() and (found[:, -13:] == colour).all()


@given(st.booleans(), st.booleans(), LEVELS)
def test_entropy_finds_the_busy_end(upright, reverse, seed):
    pixels = np.full((40, 75, 3), 128, np.uint8)
    pixels[:, 45:70] = noise(25, 40, seed)
    pixels = pixels[:, ::-1] if reverse else pixels
    shown = pixels.swapaxes(0, 1) if upright else pixels
    found = pixels_of(Square("entropy")(picture(shown)))
    expected_noise = pixels[:, 5:30] if reverse else pixels[:, 45:70]
    found = found.swapaxes(0, 1) if upright else found
    assert any(np.array_equal(found[:, i : i + 25], expected_noise) for i in range(16))


@settings(max_examples=30)
@given(st.integers(30, 60), st.integers(61, 110), st.booleans(), LEVELS)
def test_window_has_the_highest_entropy_of_all_that_are_looked_at(short, long, upright, seed):
    """Against scikit-image's entropy of the same 32 levels."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(1, 120, long)[:, None]  # how much the brightness varies differs from line to line
    grey = (128 + spread * rng.uniform(-1, 1, (long, short))).astype(np.uint8)
    image = Image.fromarray(grey if upright else grey.T).convert("RGB")
    starts = {round(share * (long - short)) for share in np.linspace(0, 1, 17)}
    entropies = {start: shannon_entropy(grey[start : start + short] // 8) for start in starts}
    found = busiest(image)
    assert found in starts
    assert entropies[found] == pytest.approx(max(entropies.values()), abs=1e-4)


def test_of_equal_windows_the_one_in_the_middle_is_taken():
    assert busiest(Image.new("RGB", (100, 60), "red")) == 20
    assert busiest(Image.new("RGB", (60, 161), "red")) in (50, 51)


@pytest.mark.parametrize(("width", "height"), [(81, 40), (40, 81), (1200, 40)])
@pytest.mark.parametrize("by", ["centre", "entropy", "pad"])
def test_too_oblong(width, height, by):
    assert refusal(Square(by), picture(noise(width, height))) == "too oblong"


@pytest.mark.parametrize("by", ["centre", "entropy", "pad"])
def test_square_stays_and_twice_as_long_is_allowed(by):
    given_ = picture(noise(40, 40))
    assert Square(by)(given_) is given_
    assert Square(by)(picture(noise(80, 40))).image.size == ((80, 80) if by == "pad" else (40, 40))


def test_square_by_something_else():
    with pytest.raises(CourseError, match="centre, entropy or pad"):
        Square("feeling")


# Flat


@given(COLOURS, st.integers(32, 300))
def test_one_colour_is_flat(colour, side):
    assert refusal(NotFlat(), picture(Image.new("RGB", (side, side), colour))) == "flat"


@given(st.integers(0, 1000))
def test_faint_noise_is_flat_and_a_line_of_type_is_not(seed):
    faint = 200 + np.random.default_rng(seed).normal(0, 1, (200, 200, 3))
    assert refusal(NotFlat(), picture(faint)) == "flat"
    lines = np.full((200, 200, 3), 255, np.uint8)
    lines[100:103, 60:140:3] = 0
    given_ = picture(lines)
    assert NotFlat()(given_) is given_


def test_two_colours_of_one_brightness_are_not_flat():
    pixels = np.full((128, 128, 3), (200, 0, 0), np.uint8)
    pixels[:, 64:] = (0, 102, 0)  # the same by the weights of brightness
    NotFlat()(picture(pixels))


@pytest.mark.parametrize("contrast", [0.5, 4.0, 30.0])
def test_contrast_is_the_standard_deviation_in_levels(contrast):
    def halves(deviation):
        pixels = np.full((128, 128, 3), 100.0)
        pixels[..., 1] += np.where(np.arange(128) < 64, -deviation, deviation)
        return picture(np.round(pixels))

    NotFlat(contrast)(halves(np.ceil(contrast)))
    assert refusal(NotFlat(contrast), halves(np.ceil(contrast) - 1)) == "flat"


# Sharpness


def blurred(pixels: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def test_blur_lowers_sharpness_however_sharp_a_cover_was(covers):
    for cover in covers:
        scores = [sharpness(cover)] + [sharpness(blurred(cover, radius)) for radius in (0.7, 1.5, 3)]
        assert scores == sorted(scores, reverse=True)


def test_blurred_covers_are_refused_and_sharp_ones_are_not(covers):
    for cover in covers:
        Sharp()(picture(cover))
        assert refusal(Sharp(), picture(blurred(cover, 1.5))) == "blurred"


def test_small_pictures_that_somebody_enlarged_are_refused(covers):
    for cover in covers:
        small = Image.fromarray(cover).resize((40, 40), Image.Resampling.LANCZOS)
        assert refusal(Sharp(), picture(small.resize((400, 400), Image.Resampling.BICUBIC))) == "blurred"


def test_contrast_and_brightness_do_not_count(covers):
    for cover in covers:
        for contrast, brightness in ((0.5, 64), (0.8, 0), (0.8, 50)):
            changed = (contrast * cover + brightness).round().astype(np.uint8)
            assert sharpness(changed) == pytest.approx(sharpness(cover), abs=0.05)


def test_sharpness_does_not_depend_on_the_direction(covers):
    for cover in covers[:8]:
        assert sharpness(np.rot90(cover)) == pytest.approx(sharpness(cover), rel=1e-6)
        assert sharpness(cover[:, ::-1]) == pytest.approx(sharpness(cover), rel=1e-6)


def test_one_colour_has_no_sharpness():
    assert sharpness(np.full((128, 128, 3), 77, np.uint8)) == 0


@pytest.mark.parametrize("columns", [1, 2, 4, 8])
def test_sharpness_of_a_straight_ramp(columns):
    """From the definition: an edge from 0 to 240 that takes some columns, again and again.

    At its corners the second difference is one step, and the gradient halfway is a step as well: 1 / 2. A hard edge
    has a gradient of half its height on both its sides, and a second difference of all of it: 1.
    """
    period = np.interp(np.arange(32), [0, 8, 8 + columns - 1e-9, 24, 24 + columns - 1e-9, 32], [0, 0, 240, 240, 0, 0])
    pixels = np.repeat(np.tile(period.round(), 4)[None, :, None], 128, axis=0).repeat(3, axis=2).astype(np.uint8)
    assert sharpness(pixels) == pytest.approx(1 if columns == 1 else 0.5, rel=0.1)


# All together


def test_steps_run_in_the_order_they_are_written():
    """A picture of 100 x 40 with bars: too oblong, unless the bars go first."""
    given_ = picture(framed(noise(40, 40), 30, 0, 30, 0, (0, 0, 0)))
    found, changed = clean(given_, [Letterbox(), Square()])
    assert found.image.size == (40, 40) and changed == ["letterbox"]
    with pytest.raises(Rejected) as rejected:
        clean(given_, [Square(), Letterbox()])
    assert (rejected.value.reason, rejected.value.step) == ("too oblong", "square")


def test_smallest_side_counts_what_is_left_where_it_comes_last():
    given_ = picture(framed(checks(30, 30), *[5] * 4, (255, 255, 255)))
    clean(given_, [SmallestSide(32), TrimBorder()])
    with pytest.raises(Rejected) as rejected:
        clean(given_, [TrimBorder(), SmallestSide(32)])
    assert (rejected.value.reason, rejected.value.step) == ("too small", "smallest_side")


@pytest.mark.parametrize(
    ("step", "given_", "reason"),
    [
        (SmallestSide(), picture(noise(20, 20)), "too small"),
        (Square(), picture(noise(100, 40)), "too oblong"),
        (NotFlat(), picture(Image.new("RGB", (64, 64))), "flat"),
        (Sharp(), picture(Image.linear_gradient("L").convert("RGB")), "blurred"),
        (JpegQuality(), picture(noise(64, 64), quality=5), "low quality"),
    ],
)
def test_refusal_names_reason_and_step(step, given_, reason):
    with pytest.raises(Rejected) as rejected:
        clean(given_, [step])
    assert rejected.value.reason == reason
    assert NAMES[rejected.value.step] is type(step)


def test_every_reason_has_a_sentence_of_its_own():
    assert set(REASONS) == {"too small", "too oblong", "flat", "blurred", "low quality"}
    assert not set(REASONS) & set(decode.REASONS)


def test_what_the_file_said_survives_cleaning(covers):
    given_ = Picture(Image.fromarray(covers[0]).resize((200, 128)), 800, 512, 87, "ab" * 32, 12_345)
    for step in (Thumbnail(64), Square("pad"), Square("centre"), Square("entropy")):
        found = step(given_)
        assert (found.quality, found.sha256, found.bytes) == (87, "ab" * 32, 12_345)


def test_good_covers_pass_the_default_steps_unchanged(covers):
    for cover in covers:
        given_ = picture(cover, scale=4)
        found, changed = clean(given_, STEPS)
        assert found is given_ and changed == []


@pytest.mark.parametrize(
    ("width", "height"), [(1000, 999), (999, 1000), (300, 235), (641, 640), (400, 201), (129, 130)]
)
@pytest.mark.parametrize("short_side", [128, 256, 2000])
def test_entropy_leaves_a_square_however_the_picture_was_reduced(tmp_path, width, height, short_side):
    Image.fromarray(photo(width, height)).save(tmp_path / "a.png")
    whole = read(tmp_path / "a.png", short_side)
    found = Square("entropy")(whole)
    side = min(width, height)
    assert (found.width, found.height) == (side, side)
    left, top, right, bottom = found.box or (0, 0, *found.image.size)
    assert right - left == pytest.approx(bottom - top) == pytest.approx(side * whole.image.width / width, abs=1)


def test_own_steps_stand_beside_ours():
    def mirrored(given_):
        return replace(given_, image=given_.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    class NoReds:
        def __call__(self, given_):
            if pixels_of(given_)[..., 0].mean() > 200:
                raise Rejected("too red")
            return given_

    steps = [Square(), mirrored, NoReds()]
    found, changed = clean(picture(photo(60, 40)), steps)
    assert changed == ["square", "mirrored"]
    np.testing.assert_array_equal(pixels_of(found), photo(60, 40)[:, 10:50][:, ::-1])
    with pytest.raises(Rejected) as rejected:
        clean(picture(Image.new("RGB", (40, 40), "red")), steps)
    assert (rejected.value.reason, rejected.value.step) == ("too red", "NoReds")
    square, mirror, reds = describe(steps)
    assert square == {"name": "square", "by": "centre", "most": 2.0}
    assert (mirror["name"], reds["name"]) == ("mirrored", "NoReds")

    def mirrored_otherwise(given_):
        return replace(given_, image=given_.image.transpose(Image.Transpose.FLIP_TOP_BOTTOM))

    assert describe([mirrored_otherwise])[0]["code"] != mirror["code"] == describe(steps)[1]["code"]

    def with_limit(limit):
        return lambda given_: given_ if pixels_of(given_).mean() < limit else None

    codes = {describe([step])[0]["code"] for step in (with_limit(1), with_limit(2), partial(with_limit, 1))}
    assert len(codes) == 3


# Steps as text


def written(steps) -> str:
    """As a user would write them: the name, and the first setting where there is one."""
    return ",".join(f"{name_of(step)}={next(iter(vars(step).values()))}" for step in steps)


STEP = st.one_of(
    st.builds(Thumbnail, st.integers(1, 4096)),
    st.builds(SmallestSide, st.integers(1, 4096)),
    st.builds(Letterbox, st.floats(0.001, 1)),
    st.builds(TrimBorder, st.floats(0.001, 1)),
    st.builds(Square, st.sampled_from(["centre", "entropy", "pad"])),
    st.builds(NotFlat, st.floats(0.001, 100)),
    st.builds(Sharp, st.floats(0.001, 2)),
    st.builds(JpegQuality, st.integers(1, 100)),
)


@given(st.lists(STEP, max_size=6), st.sampled_from(["centre", "entropy", "pad"]))
def test_steps_survive_being_written_and_parsed(steps, by):
    steps = (*steps, Square(by))
    assert parse_steps(written(steps)) == steps


def test_default_steps_are_those_of_the_names_alone():
    assert parse_steps("smallest_side, letterbox, square, not_flat") == STEPS
    assert parse_steps("smallest_side=64,trim_border,square=pad")[0] == SmallestSide(64)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no step ''"),
        ("square,", "no step ''"),
        ("sqare", "no step 'sqare'; the steps are thumbnail, smallest_side"),
        ("smallest_side,not_flat", "have to include square"),
        ("square,trim_border", "after trim_border"),
        ("square=round", "centre, entropy or pad"),
        ("smallest_side=many,square", "smallest_side=many: pixels must be a whole number above 0"),
        ("smallest_side=64.5,square", "whole number"),
        ("thumbnail=0,square", "above 0"),
        ("jpeg_quality=-3,square", "above 0"),
        ("not_flat=nan,square", "above 0"),
        ("trim_border=inf,square", "trim_border=inf: most must be a number above 0"),
    ],
)
def test_steps_that_cannot_be_told(text, message):
    with pytest.raises(CourseError, match=message):
        parse_steps(text)
