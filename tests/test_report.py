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
}


def pictures(page: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")) for png in found]


def test_the_pictures_are_of_covers_from_all_over_however_they_are_sorted():
    covers = np.zeros((300, 8, 8, 3), np.uint8)
    covers[:100, ..., 0] = covers[100:200, ..., 1] = covers[200:, ..., 2] = 200
    for picture in pictures(evaluation_page("sorted", SCORES, covers, covers)):
        for colour in 200 * np.eye(3, dtype=np.uint8):
            assert (picture == colour).all(axis=2).sum() > 6 * 64  # six covers of 48 at least


def test_the_page_shows_the_numbers_and_escapes_names():
    covers = np.zeros((3, 8, 8, 3), np.uint8)
    page = evaluation_page("<b>", SCORES, covers, covers)
    assert "0.250 ± 0.010" in page and "0.700" in page and "1,000 covers of 8 px" in page
    assert "&lt;b&gt;" in page and "a &lt;network&gt;" in page and "<b>" not in page
