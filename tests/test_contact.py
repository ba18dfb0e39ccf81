"""Contact sheets: every picture is where a reader looks for it, and every name can be read."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor
from scipy.ndimage import find_objects

from helpers import contact
from helpers.contact import covers_sheet, duplicates_sheet, rejected_sheet
from helpers.errors import CourseError

WIDEST = 1300
FRAME = ImageColor.getrgb(contact.KEPT)


def plain(number: int, height: int = 16, width: int = 16) -> np.ndarray:
    """A picture of one colour, which no other number has; red enough to be no paper, ink or frame."""
    return np.full((height, width, 3), (255, number // 16 * 16, number % 16 * 16), np.uint8)


def boxes(sheet: Image.Image, count: int) -> list[tuple[int, int, int, int]]:
    """Where the plain pictures 0 to count - 1 are: left, top, width, height; each must be a filled rectangle."""
    assert sheet.width <= WIDEST
    red, green, blue = np.asarray(sheet).astype(int).transpose(2, 0, 1)
    numbers = np.where((red == 255) & (green % 16 == 0) & (blue % 16 == 0), green + blue // 16 + 1, 0)
    found = []
    for number, place in enumerate(find_objects(numbers, count), 1):
        assert place and (numbers[place] == number).all()
        rows, columns = place
        found.append((columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start))
    return found


def in_reading_order(found) -> bool:
    """Whether pictures of one height stand in lines from left to right, one line below the other."""
    return all(
        (left < next_left and top == next_top) or top < next_top
        for (left, top, *_), (next_left, next_top, *_) in zip(found, found[1:], strict=False)
    )


def test_120_covers_make_an_even_grid():
    found = boxes(covers_sheet([plain(n) for n in range(120)]), 120)
    lefts, tops = sorted({left for left, *_ in found}), sorted({top for _, top, *_ in found})
    assert [(left, top) for left, top, *_ in found] == [(left, top) for top in tops for left in lefts]
    assert len(lefts) == 12 and len(tops) == 10
    assert len({*np.diff(lefts), *np.diff(tops)}) == 1
    assert {size for *_, width, height in found for size in (width, height)} == {96}


@given(st.integers(1, 130), st.integers(4, 300))
@settings(max_examples=10, deadline=None)
def test_any_number_of_covers_of_any_size_is_shown_in_order(count, side):
    found = boxes(covers_sheet([plain(n, side, side) for n in range(count)]), count)
    assert in_reading_order(found)
    assert all((width, height) == (96, 96) for *_, width, height in found)


@pytest.mark.parametrize("height, width, shown", [(100, 200, (96, 48)), (32, 8, (24, 96)), (1, 500, (96, 1))])
def test_a_picture_keeps_its_shape(height, width, shown):
    assert boxes(covers_sheet([plain(0, height, width)]), 1)[0][2:] == shown


def test_a_memory_map_is_as_good_as_a_list(tmp_path):
    np.save(tmp_path / "images.npy", np.stack([plain(n) for n in range(5)]))
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert covers_sheet(mapped) == covers_sheet([plain(n) for n in range(5)])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=25))
@settings(max_examples=15, deadline=None)
def test_the_kept_copy_is_framed_and_its_copies_follow_it(sizes):
    starts = np.cumsum([0, *sizes])
    groups = [
        ([f"{n}.jpg" for n in range(start, start + size)], [plain(n) for n in range(start, start + size)])
        for start, size in zip(starts, sizes, strict=False)
    ]
    sheet = duplicates_sheet(groups)
    found = boxes(sheet, starts[-1])
    assert in_reading_order([found[start] for start in starts[:-1]])
    for start, size in zip(starts, sizes, strict=False):
        (left, top, width, height), *copies = found[start : start + size]
        assert width == height == 96
        around = sheet.crop((left - 2, top - 2, left + width + 2, top + height + 2))
        assert sorted(around.getcolors()) == sorted([(96 * 96, sheet.getpixel((left, top))), (100**2 - 96**2, FRAME)])
        for copy_left, copy_top, copy_width, copy_height in copies:
            assert copy_left > left + width and top <= copy_top < top + height
            assert copy_width == copy_height < 96


def test_more_copies_than_fit_in_a_row_go_on_below():
    found = boxes(duplicates_sheet([(["a.jpg"] * 40, [plain(n) for n in range(40)])]), 40)
    assert in_reading_order(found[1:])


def test_every_name_needs_a_picture():
    with pytest.raises(ValueError):
        duplicates_sheet([(["a.jpg", "b.jpg"], [plain(0)])])


def test_rejected_pictures_stand_below_their_reasons_the_commonest_first():
    reasons = ["flat", "too small", "too small", "blurred", "too small", "flat"]
    sheet = rejected_sheet([(f"{n}.jpg", reason, plain(n)) for n, reason in enumerate(reasons)])
    found = boxes(sheet, len(reasons))
    assert in_reading_order([found[n] for n in (1, 2, 4, 0, 5, 3)])
    tops = sorted({top for _, top, *_ in found})
    assert len(tops) == 3
    for top in tops:
        heading = np.asarray(sheet.convert("L"))[top - 20 : top - 3]
        assert (heading < 128).any()  # ink


def test_a_heading_tells_the_reason():
    flat, blurred = (np.asarray(rejected_sheet([("a.jpg", reason, plain(0))])) for reason in ("flat flat", "blurred"))
    assert flat.shape != blurred.shape or (flat != blurred).any()


def caption(name: str) -> np.ndarray:
    """What a sheet shows below the picture of a file."""
    sheet = rejected_sheet([(name, "no", plain(0))])
    ((_, top, _, height),) = boxes(sheet, 1)
    return np.asarray(sheet)[top + height :]


@pytest.mark.parametrize(
    "name, other",
    [
        ("소녀시대", "방탄소년"),
        ("ひらがな", "カタカナ"),
        ("海", "山"),
        ("č.jpg", "ž.jpg"),
        ("é.jpg", "à.jpg"),
        ("Ж", "Д"),
    ],
)
def test_letters_of_many_scripts_are_drawn_not_boxes(name, other):
    assert not np.array_equal(caption(name), caption(other))  # boxes would all look the same


def test_hangul_taken_apart_is_put_together():
    name = "소녀시대.jpg"
    assert np.array_equal(caption(name), caption(unicodedata.normalize("NFD", name)))


@pytest.mark.parametrize("first, second", [("a" * 300, "b" + "a" * 299), ("a" * 300, "a" * 299 + "b")])
def test_a_long_name_is_shortened_in_the_middle(first, second):
    assert caption(first).shape == caption("a.jpg").shape
    assert not np.array_equal(caption(first), caption(second))
    middle = "a" * 150 + "b" + "a" * 149
    assert np.array_equal(caption("a" * 300), caption(middle))


def test_folders_leave_the_room_to_the_name():
    assert np.array_equal(caption("images/kpop/000003.jpg"), caption("000003.jpg"))


@pytest.mark.parametrize("letter", ["\n", "\t", "\x00", "\u202e", "\udc80"])
def test_what_cannot_be_printed_is_a_question_mark(letter):
    assert np.array_equal(caption(f"a{letter}b.jpg"), caption("a?b.jpg"))


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None)
def test_any_name_leaves_the_picture_where_it_is(name):
    entries = [(name, name, plain(0)), ("b.jpg", name, plain(1))]
    (left, top, *_), (next_left, next_top, *_) = boxes(rejected_sheet(entries), 2)
    assert next_left - left == 96 + 8 and top == next_top


@pytest.mark.parametrize("sheet", [covers_sheet, duplicates_sheet, rejected_sheet])
def test_there_is_no_sheet_of_nothing(sheet):
    with pytest.raises(CourseError, match="no pictures"):
        sheet([])
