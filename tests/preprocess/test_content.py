"""What is on a cover: known text and faces are found, areas add up, and nothing is looked for twice."""

import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from helpers.errors import CourseError
from helpers.preprocess import content
from helpers.preprocess.content import Box, Cache, FaceDetector, TextDetector, area, detect
from helpers.sources.synthetic import synthetic_covers

skimage_data = pytest.importorskip("skimage.data")  # photographs that come inside its wheel


def cover_with(words: str, size: int = 256) -> Image.Image:
    """Black type in the upper half of a sand-coloured square."""
    image = Image.new("RGB", (size, size), "#e8d8b0")
    font = ImageFont.load_default(size / 7)
    ImageDraw.Draw(image).text((size / 2, size / 4), words, "black", font, anchor="mm")
    return image


def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(skimage_data, name)()).convert("RGB")


# --- area ------------------------------------------------------------------------------------------------------------


def test_overlapping_boxes_count_once():
    assert area([]) == 0
    assert area([Box(0, 0, 1, 1, 0.5)]) == 1
    # Two boxes of 0.25 that share a quarter of themselves, and one apart: 0.25 + 0.25 - 0.0625 + 0.01.
    boxes = [Box(0, 0, 0.5, 0.5, 1), Box(0.25, 0.25, 0.75, 0.75, 1), Box(0.9, 0.9, 1, 1, 1)]
    assert area(boxes) == pytest.approx(0.4475)


CORNERS = st.tuples(*[st.integers(0, 20)] * 4)


@given(st.lists(CORNERS, max_size=8))
def test_the_area_is_what_painting_the_boxes_covers(corners):
    canvas = np.zeros((20, 20), bool)
    boxes = []
    for a, b, c, d in corners:
        left, right, top, bottom = min(a, b), max(a, b), min(c, d), max(c, d)
        canvas[top:bottom, left:right] = True
        boxes.append(Box(left / 20, top / 20, right / 20, bottom / 20, 1.0))
    assert area(boxes) == pytest.approx(canvas.mean())


# --- text ------------------------------------------------------------------------------------------------------------


def test_a_line_of_type_is_found_where_it_is():
    image = cover_with("HELLO", 256)
    ink = np.argwhere(np.asarray(image.convert("L")) < 100) / 256
    (top, left), (bottom, right) = ink.min(0), ink.max(0)
    ((box,),) = TextDetector()([image])
    assert box[:4] == pytest.approx((left, top, right, bottom), abs=0.04)
    assert box.left < left and box.top < top and box.right > right and box.bottom > bottom
    assert 0.5 < box.score <= 1


def test_images_of_different_shapes_are_judged_as_if_alone():
    images = [cover_with("ONE", 64), photo("chelsea"), cover_with("MANY WORDS", 300).resize((300, 200))]
    detector = TextDetector()
    together = detector(images)
    assert [bool(boxes) for boxes in together] == [True, False, True]
    for image, boxes in zip(images, together, strict=True):
        assert np.allclose(detector([image])[0], boxes, atol=1e-3)


def test_text_is_found_on_most_drawn_covers_and_on_no_plain_photograph():
    covers = [Image.fromarray(cover) for _, cover in synthetic_covers(24, 128, seed=1, jobs=1)]
    assert np.mean([bool(boxes) for boxes in TextDetector()(covers)]) > 0.8
    assert not any(TextDetector()([photo(name) for name in ("chelsea", "camera", "moon")]))


def test_boxes_stay_on_the_cover_and_a_higher_threshold_keeps_the_surest():
    image = cover_with("WIDER THAN THE COVER")
    few, many = (TextDetector(score=score)([image])[0] for score in (0.9, 0.1))
    assert many and all(0 <= share <= 1 for box in many for share in box)
    assert few == [box for box in many if box.score >= 0.9]


# --- faces -----------------------------------------------------------------------------------------------------------


def test_the_astronaut_has_a_face_and_the_cat_has_none():
    astronaut = photo("astronaut")  # her face, measured by hand: 175 to 275 from the left, 70 to 195 from the top
    faces, none, none_either = FaceDetector()([astronaut, photo("chelsea"), Image.new("RGB", (128, 128))])
    assert len(faces) == 1 and none == none_either == []
    assert faces[0][:4] == pytest.approx((175 / 512, 70 / 512, 275 / 512, 195 / 512), abs=0.06)
    assert FaceDetector()([astronaut.resize((128, 128))])[0][0][:4] == pytest.approx(faces[0][:4], abs=0.04)


def test_a_batch_without_any_face_is_no_error():
    assert FaceDetector()([Image.new("RGB", (64, 64), colour) for colour in ("black", "white")]) == [[], []]


# --- the cache -------------------------------------------------------------------------------------------------------


class RedDetector:
    """Finds red covers: small, but a detector like the others."""

    name, version = "red", "1"
    seen: list[int] = []

    def __call__(self, images):
        RedDetector.seen.append(len(images))
        return [[Box(0, 0, 1, 1, 0.5)] if image.getpixel((0, 0)) == (255, 0, 0) else [] for image in images]


@pytest.fixture
def red(monkeypatch):
    monkeypatch.setattr(RedDetector, "seen", [])
    monkeypatch.setitem(content.DETECTORS, "red", RedDetector)
    return RedDetector


IMAGES = {str(n): Image.new("RGB", (8, 8), "red" if n % 3 == 0 else "blue") for n in range(20)}


def test_nothing_is_looked_for_twice(tmp_path, red):
    cache = Cache(tmp_path / "content.sqlite")
    first = detect(IMAGES, ["red"], cache)
    assert {sha256 for sha256, found in first.items() if found["red"]} == {"0", "3", "6", "9", "12", "15", "18"}
    assert sum(red.seen) == 20 and max(red.seen) <= content.BATCH
    assert detect(dict.fromkeys(IMAGES), ["red"], Cache(cache.path)) == first  # no image is even opened
    assert detect(IMAGES | {"new": Image.new("RGB", (8, 8))}, ["red"], cache)["new"] == {"red": []}
    assert sum(red.seen) == 21


def test_another_version_is_asked_again(tmp_path, red, monkeypatch):
    cache = Cache(tmp_path / "content.sqlite")
    detect(IMAGES, ["red"], cache)
    monkeypatch.setattr(red, "version", "2")
    detect(IMAGES, ["red"], cache)
    assert sum(red.seen) == 40
    assert TextDetector(score=0.2).version != TextDetector(score=0.3).version
    assert TextDetector(size=320).version != TextDetector(size=352).version


def test_the_cache_lies_where_the_variable_says(tmp_path, red, monkeypatch):
    monkeypatch.setenv("COVERGAN_CACHE", str(tmp_path / "elsewhere"))
    detect(IMAGES, ["red"])
    assert len(Cache(tmp_path / "elsewhere" / "content.sqlite").read(IMAGES, "red", "1")) == 20


def _write_many(path, start):
    for n in range(start, start + 50):
        Cache(path).write({str(n): [Box(0, 0, 1, n / 100, 0.5)]}, "red", "1")


def test_two_processes_write_at_once(tmp_path):
    path = tmp_path / "content.sqlite"
    context = multiprocessing.get_context("spawn")
    # They overlap by half, as two runs on one folder would.
    workers = [context.Process(target=_write_many, args=(path, start)) for start in (0, 25)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    known = Cache(path).read([str(n) for n in range(75)], "red", "1")
    assert known == {str(n): [Box(0, 0, 1, n / 100, 0.5)] for n in range(75)}


def test_a_damaged_cache_is_told_in_one_sentence(tmp_path, red):
    path = tmp_path / "content.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(CourseError, match="is damaged; delete it"):
        detect(IMAGES, ["red"], Cache(path))
    path.unlink()
    detect(IMAGES, ["red"], Cache(path))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE found SET boxes = '[[0,' WHERE sha256 = '3'")
    database.close()
    with pytest.raises(CourseError, match="is damaged; delete it"):
        detect(IMAGES, ["red"], Cache(path))


def test_a_cache_that_cannot_be_written_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CourseError, match="COVERGAN_CACHE"):
        Cache(tmp_path / "file" / "content.sqlite").read(["0"], "red", "1")


# --- what is missing -------------------------------------------------------------------------------------------------


def test_an_unknown_question_names_the_known_ones(tmp_path):
    with pytest.raises(CourseError, match="choose from text, faces"):
        detect(IMAGES, ["cats"], Cache(tmp_path / "content.sqlite"))


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("text", "rapidocr", "content"),
        ("text", "onnxruntime", "content"),
        ("faces", "mtcnn", "content"),
        ("faces", "tensorflow", "cpu"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(monkeypatch, name, module, extra):
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(CourseError) as error:
        content.DETECTORS[name]()
    assert str(error.value) == f"To look for {name}, {module} is missing: pip install 'album-cover-gans[{extra}]'."


def test_looking_for_text_needs_neither_tensorflow_nor_opencv(tmp_path):
    cover_with("HELLO").save(tmp_path / "cover.png")
    program = """
import json, sys
sys.modules |= dict.fromkeys(("tensorflow", "keras", "mtcnn", "cv2"))
from PIL import Image
from helpers.preprocess.content import detect
print(json.dumps(detect({"a": Image.open(sys.argv[1])}, ["text"])))
"""
    environment = os.environ | {"COVERGAN_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", program, str(tmp_path / "cover.png")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert len(json.loads(done.stdout)["a"]["text"]) == 1
