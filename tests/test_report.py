"""The page that shows an evaluation."""

import base64
import io
import re

import numpy as np
from PIL import Image

from helpers.report import evaluation_page

SCORES = {
    "kid_lite0": {"value": 0.25, "se": 0.01, "floor": 0.0},
    "precision": {"value": 0.5, "floor": 0.7},
    "recall": {"value": 0.4, "floor": 0.6},
    "n_fake": 1000,
    "image_size": 8,
    "extractor": "a <network>",
    "genres": {},
    "left_out": {},
}


def pictures(page: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/(?:png|jpeg);base64,([^"]+)"', page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")) for png in found]


def test_the_pictures_are_of_covers_from_all_over_however_they_are_sorted():
    covers = np.zeros((300, 8, 8, 3), np.uint8)
    covers[:100, ..., 0] = covers[100:200, ..., 1] = covers[200:, ..., 2] = 200
    found = pictures(evaluation_page("sorted", SCORES, covers, covers))
    assert len(found) == 2
    for picture in found:
        for colour in 200 * np.eye(3, dtype=np.uint8):
            assert (picture == colour).all(axis=2).sum() > 6 * 64  # six covers of 48 at least


def test_the_page_shows_the_numbers_and_escapes_names():
    covers = np.zeros((3, 8, 8, 3), np.uint8)
    page = evaluation_page("<b>", SCORES, covers, covers)
    assert "0.250 ± 0.010" in page and "0.700" in page and "1,000 generated covers of 8 px" in page
    assert "&lt;b&gt;" in page and "a &lt;network&gt;" in page and "<b>" not in page


SHARE = {"value": 0.4, "low": 0.35, "high": 0.45, "floor": 0.5, "floor_low": 0.44, "floor_high": 0.56}
OPINIONS = {"genres": ["jazz", "rock"], "confusion": [[3, 1], [2, 4]], "accuracy": 0.7}
WHOLE = SCORES | {
    "genre_accuracy": SHARE,
    "ms_ssim": {"value": 0.2, "floor": 0.1, "as_diverse": 0.5},
    "copies": SHARE
    | {"count": 7, "threshold": 0.5, "nearest": [{"fake": 3, "cover": 5, "distance": 0.25, "copy": True}]},
    "judge": {"fake": OPINIONS, "real": OPINIONS},
    "genres": {
        "jazz": {"kid_lite0": SCORES["kid_lite0"], "ms_ssim": SHARE, "accuracy": SHARE},
        "rock": {"kid_lite0": SCORES["kid_lite0"]},
    },
    "most_alike": [{"fakes": [0, 2], "value": 0.75}],
    "left_out": {"head_accuracy": "no <head>"},
}


def test_the_whole_page_shows_genres_judge_diversity_and_copies():
    covers = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), np.uint8)
    asked = ["jazz"] * 6 + ["rock"] * 4
    page = evaluation_page("run", WHOLE, covers, covers, asked)
    found = pictures(page)
    # Two grids, rows of genres, confusion matrices, diversity, the most alike pairs, the nearest covers.
    assert len(found) == 7
    assert "0.400 (0.350 to 0.450)" in page and "0.500 (0.440 to 0.560)" in page
    assert "0.25 (copy)" in page and "MS-SSIM 0.75" in page and "no &lt;head&gt;" in page
    alike, nearest = found[-2:]
    np.testing.assert_array_equal(alike[2:10, 2:20], np.hstack([covers[0], np.full((8, 2, 3), 255), covers[2]]))
    np.testing.assert_array_equal(nearest[2:10, 2:10], covers[3])
    np.testing.assert_array_equal(nearest[2:10, 12:20], covers[5])
    assert "<script" not in page and len(page) < 3_000_000


def test_what_can_be_heard_is_a_picture_of_its_own():
    covers = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3), np.uint8)
    heard = {"audio_r2": {"value": 0.3, "floor": 0.4}, "audio": {"energy": SHARE, "tempo": SHARE}}
    silent, page = (evaluation_page("run", scores, covers, covers) for scores in (WHOLE, WHOLE | heard))
    assert len(pictures(page)) == len(pictures(silent)) + 1
    assert "What can be heard" in page and "What can be heard" not in silent
    assert "audio features, mean R²" in page


def test_many_large_covers_make_no_heavy_page():
    covers = np.random.default_rng(0).integers(0, 256, (200, 64, 64, 3), np.uint8)  # noise: nothing compresses worse
    asked = np.repeat(["jazz", "rock"], 100)
    assert len(evaluation_page("noise", WHOLE, covers, covers, asked)) < 3e6
