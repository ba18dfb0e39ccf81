"""A folder of covers: which files count, in which order, and what their records say."""

import os

import pytest
from PIL import Image

from helpers.errors import CourseError
from helpers.preprocess.decode import decode
from helpers.records import RECORDS_FILE, Record, append_records
from helpers.sources.folder import folder_covers


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_every_image_below_the_folder_is_a_cover_of_the_genre_its_folder_names(tmp_path):
    touch(tmp_path, "Rock/b.jpg", "Rock/a.PNG", "k-pop/girl groups/c.webp", "top.jpeg")
    covers = list(folder_covers(tmp_path))
    assert [(record.source_id, record.genres) for record, _ in covers] == [
        ("Rock/a.PNG", ("rock",)),
        ("Rock/b.jpg", ("rock",)),
        ("k-pop/girl groups/c.webp", ("girl groups",)),
        ("top.jpeg", ()),
    ]
    for record, path in covers:
        assert path == tmp_path / record.cover_path and path.is_file()
        assert (record.source, record.ml_use) == ("folder", "unclear")


def test_other_files_and_hidden_ones_are_left_out(tmp_path):
    touch(tmp_path, "a.jpg", "notes.txt", "Thumbs.db", "._a.jpg", "x/.hidden.png", "jpg")
    assert [record.source_id for record, _ in folder_covers(tmp_path)] == ["a.jpg"]


def test_order_does_not_depend_on_the_order_of_creation(tmp_path):
    names = [f"{genre}/{index}.jpg" for genre in ("pop", "Jazz") for index in range(20)]
    touch(tmp_path / "a", *names)
    touch(tmp_path / "b", *reversed(names))
    a, b = ([record.source_id for record, _ in folder_covers(tmp_path / name)] for name in "ab")
    assert a == b == sorted(names)


def test_records_say_what_the_covers_are(tmp_path):
    touch(tmp_path, "images/1.jpg", "images/2.jpg", "images/3.jpg")
    two = Record("itunes", "2", artist="아이유", cover_path="images/2.jpg", ml_use="forbidden")
    one = Record("itunes", "1", cover_path="images/1.jpg", ml_use="allowed")
    without_image = Record("itunes", "9")
    append_records(tmp_path / RECORDS_FILE, [two, without_image, one])
    covers = list(folder_covers(tmp_path))
    assert [record.source_id for record, _ in covers] == ["2", "1"]
    assert covers[0][0].artist == "아이유" and covers[0][0].ml_use == "forbidden"
    assert covers[0][1] == tmp_path / "images" / "2.jpg"


def test_file_name_in_another_encoding_is_a_cover(tmp_path):
    raw = os.path.join(os.fsencode(tmp_path), "방탄.png".encode("euc-kr"))
    try:
        Image.new("RGB", (40, 40), "red").save(os.fsdecode(raw))
    except (OSError, UnicodeError):
        pytest.skip("this file system takes Unicode names only")
    ((record, path),) = folder_covers(tmp_path)
    assert record.source_id.endswith(".png") and record.source_id.encode()
    assert decode(path, 8).shape == (8, 8, 3)


@pytest.mark.parametrize("name", ["nowhere", "file.jpg"])
def test_no_folder_is_told(tmp_path, name):
    touch(tmp_path, "file.jpg")
    with pytest.raises(CourseError, match=rf"^There is no folder .*{name}; pass the folder that holds the covers\.$"):
        folder_covers(tmp_path / name)


@pytest.mark.parametrize("names", [(), ("a.txt", "b/c.md"), (".a.jpg",)])
def test_folder_without_images_is_told_before_the_first_cover_is_asked_for(tmp_path, names):
    touch(tmp_path, *names)
    with pytest.raises(CourseError, match=r"holds no images; covers end in \.jpg"):
        folder_covers(tmp_path)
