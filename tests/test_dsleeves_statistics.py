"""The statistics of covers against pictures whose answer is known, and the data card against the results."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from helpers import DATA
from helpers.sources.synthetic.canvas import load_font

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tools")]  # scripts, not packages

import dsleeves_card  # noqa: E402
import dsleeves_statistics as statistics  # noqa: E402

SIDE = 64
X = np.arange(SIDE)


def grey(*pictures):
    """Covers from planes of 0 to 1."""
    planes = [np.broadcast_to(picture, (SIDE, SIDE)) for picture in pictures]
    return np.repeat(np.rint(255 * np.stack(planes)).astype(np.uint8)[..., None], 3, axis=3)


def checkerboard(cell):
    return (X // cell + (X // cell)[:, None]) % 2


def test_light_of_plain_pictures():
    covers = grey(0.0, 1.0, 0.2, checkerboard(8))
    assert statistics.brightness(covers) == pytest.approx([0, 1, 0.2, 0.5], abs=1e-6)
    assert statistics.contrast(covers) == pytest.approx([0, 0, 0, 0.5], abs=1e-6)


def test_saturation_of_primaries_is_their_chroma():
    covers = np.zeros((4, SIDE, SIDE, 3), np.uint8)
    covers[:3] = 255 * np.eye(3, dtype=np.uint8)[:, None, None]  # the chroma of sRGB red, green and blue, and of black
    assert statistics.saturation(covers) == pytest.approx([104.55, 119.78, 133.81, 0], abs=0.05)


def test_colours_of_stripes():
    covers = grey(0.5, (X // 8) / 7, np.where(X < 48, 0.0, 1.0))
    assert statistics.colours(covers).tolist() == [1, 8, 2]
    assert statistics.flatness(covers) == pytest.approx([1, 1 / 8, 3 / 4])


def test_edges_lie_on_both_sides_of_a_step_and_on_no_gentle_slope():
    covers = grey(0.5, X / SIDE, np.where(X < 32, 0.0, 1.0), np.where(X < 32, 0.4, 0.5), checkerboard(16))
    both_sides_of_three_lines = 1 - (58 / 64) ** 2
    expected = [0, 0, 2 / SIDE, 0, both_sides_of_three_lines]
    assert statistics.edges(covers) == pytest.approx(expected, abs=3 * 4 / SIDE**2)  # the crossings are saddles
    assert statistics.edges(covers[2:3].transpose(0, 2, 1, 3)) == pytest.approx(statistics.edges(covers[2:3]))


@pytest.mark.parametrize("slope", [0, -1, -2, -3])
def test_spectral_slope_of_noise_made_with_one(slope):
    rng = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)[:, None])
    frequency[0, 0] = 1
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((20, SIDE, SIDE))) * frequency ** (slope / 2)).real
    noise = 0.5 + 0.12 * noise / noise.std((1, 2), keepdims=True)
    assert statistics.spectral_slope(grey(*noise.clip(0, 1))).mean() == pytest.approx(slope, abs=0.15)


@pytest.mark.parametrize("ink", [0, 255])
def test_text_area_lies_where_type_was_set(ink):
    page = Image.new("L", (SIDE, SIDE), 128)
    ImageDraw.Draw(page).text((6, 40), "Harbour Hall", ink, load_font("modern", False, 9))
    light = np.asarray(page, np.float32) / 255
    box = Image.eval(page, lambda v: 255 * (v != 128)).getbbox()
    mask = statistics._text_mask(light)
    assert mask[box[1] : box[3], box[0] : box[2]].mean() > 0.6
    assert mask.sum() == mask[box[1] - 2 : box[3] + 2, box[0] - 2 : box[2] + 2].sum()
    assert statistics.text_area(grey(light))[0] == pytest.approx(mask.mean())


def test_text_area_of_what_is_no_type_is_zero():
    bars = X[:, None] % 6 < 2
    disc = np.hypot(X - 32, X[:, None] - 32) < 12
    assert statistics.text_area(grey(0.5, X / SIDE, bars, disc, checkerboard(16))).max() == 0


def test_colour_histograms_intersect_wholly_with_themselves_and_not_with_other_colours():
    rng = np.random.default_rng(0)
    dark, bright = rng.integers(0, 128, (5, SIDE, SIDE, 3)), rng.integers(128, 256, (5, SIDE, SIDE, 3))
    first, second, both = map(statistics.colour_boxes, (dark, bright, np.concatenate([dark, bright])))
    assert first.sum() == pytest.approx(1)
    assert statistics.intersection(first, first) == pytest.approx(1)
    assert statistics.intersection(first, second) == 0
    assert statistics.intersection(first, both) == pytest.approx(0.5)


def test_the_data_card_holds_the_figures_of_the_results():
    assert dsleeves_card.main(["--check"]) == 0


def test_an_old_data_card_is_noticed_and_renewed(tmp_path, capsys):
    for folder in ("results", "weights"):
        shutil.copytree(DATA / folder, tmp_path / folder)
    card = (DATA / "dsleeves.md").read_text(encoding="utf-8")
    head, _, rest = card.partition(dsleeves_card.BEGIN)
    old = head + dsleeves_card.BEGIN + "\nold\n" + dsleeves_card.END + rest.partition(dsleeves_card.END)[2]
    (tmp_path / "dsleeves.md").write_text(old, encoding="utf-8")
    assert dsleeves_card.main(["--check"], tmp_path) == 1
    assert "dsleeves_card.py" in capsys.readouterr().out
    assert dsleeves_card.main([], tmp_path) == 0
    assert (tmp_path / "dsleeves.md").read_text(encoding="utf-8") == card

    (tmp_path / "dsleeves.md").write_text(head, encoding="utf-8")
    assert dsleeves_card.main([], tmp_path) == 2
    assert "put them back" in capsys.readouterr().err

    (tmp_path / "results" / "drawing.json").unlink()
    assert dsleeves_card.main([], tmp_path) == 2
    assert "make it with: python benchmarks/bench_drawing.py" in capsys.readouterr().err
    (tmp_path / "results" / "drawing.json").write_text('{"cores": 2}')
    assert dsleeves_card.main([], tmp_path) == 2
    assert "'rows'" in capsys.readouterr().err
