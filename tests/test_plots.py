"""Grids and curves: every pixel and every plotted number is where it should be."""

import base64

import imageio.v3 as imageio
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers import plots
from helpers.errors import CourseError

matplotlib.use("agg")


def random_images(count, size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 15), st.integers(0, 3), st.integers(1, 3))
def test_every_image_can_be_cut_out_of_the_grid_again(count, size, columns, pad, scale):
    images = random_images(count, size)
    grid = plots.image_grid(images, columns, pad, scale)
    cell = size * scale + pad
    seen = np.zeros(grid.shape[:2], bool)
    for index in range(count):
        top, left = pad + index // columns * cell, pad + index % columns * cell
        window = np.s_[top : top + size * scale, left : left + size * scale]
        for offset in np.ndindex(scale, scale):  # nearest neighbour: each pixel is repeated, none is mixed
            assert np.array_equal(grid[window][offset[0] :: scale, offset[1] :: scale], images[index])
        seen[window] = True
    assert (grid[~seen] == 255).all()
    assert grid.dtype == np.uint8


def test_the_grid_is_no_larger_than_it_must_be():
    assert plots.image_grid(random_images(48, 64), columns=12).shape == (4 * 66 + 2, 12 * 66 + 2, 3)
    assert plots.image_grid(random_images(3, 10), columns=99, pad=0).shape == (10, 30, 3)


def test_the_default_grid_is_about_square():
    assert plots.image_grid(random_images(16, 8), pad=0).shape == (32, 32, 3)
    assert plots.image_grid(random_images(10, 8), pad=0).shape == (24, 32, 3)


def test_a_list_of_images_is_as_good_as_an_array():
    images = random_images(5, 6)
    assert np.array_equal(plots.image_grid(list(images)), plots.image_grid(images))


@pytest.mark.parametrize(
    "images, word",
    [
        (np.zeros((4, 8, 8, 3), np.float32), "float32"),
        (np.zeros((8, 8, 3), np.uint8), "shape"),
        (np.zeros((4, 8, 8, 1), np.uint8), "shape"),
        (np.zeros((0, 8, 8, 3), np.uint8), "shape"),
        ([], "shape"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((9, 9, 3), np.uint8)], "different sizes"),
    ],
)
def test_what_is_not_a_batch_of_pictures_is_refused(images, word):
    with pytest.raises(CourseError, match=word):
        plots.image_grid(images)


@pytest.mark.parametrize("wrong", [{"columns": 0}, {"scale": 0}, {"pad": -1}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(CourseError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        plots.image_grid(random_images(2, 4), **wrong)


def test_show_displays_the_grid_as_png_and_returns_nothing(monkeypatch):
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    images = random_images(6, 8)
    assert plots.show(images, columns=3, scale=2, title="Six covers") is None
    title, picture = displayed
    assert title.data == "Six covers"
    from io import BytesIO

    from PIL import Image

    shown = np.asarray(Image.open(BytesIO(base64.b64decode(picture._repr_mimebundle_()[0]["image/png"]))))
    assert np.array_equal(shown, plots.image_grid(images, columns=3, scale=2))


def test_a_heavy_grid_is_shown_as_jpeg_that_looks_the_same(monkeypatch):
    displayed = []
    monkeypatch.setattr("IPython.display.display", displayed.append)
    images = random_images(60, 64)
    plots.show(images, columns=10, scale=1)
    jpeg = base64.b64decode(displayed[0]._repr_mimebundle_()[0]["image/jpeg"])
    shown = imageio.imread(jpeg).astype(float)
    assert np.abs(shown - plots.image_grid(images, columns=10)).mean() < 8


def test_strips_put_each_label_beside_its_row():
    rows = {"energy": random_images(4, 10), "tempo": random_images(4, 10, seed=1)}
    axes = plots.strips(rows).axes[0]
    drawn = axes.images[0].get_array()
    assert np.array_equal(drawn, plots.image_grid(np.concatenate(list(rows.values())), columns=4))
    for (label, images), tick in zip(rows.items(), axes.get_yticks(), strict=True):
        assert [text.get_text() for text in axes.get_yticklabels() if text.get_position()[1] == tick] == [label]
        top = int(tick - 4.5)  # the label is at the middle of its row of images, which are 10 pixels high
        assert np.array_equal(drawn[top : top + 10, 2:12], images[0])


def test_short_strips_end_in_white():
    rows = {"energy": random_images(4, 10), "tempo": random_images(3, 10, seed=1)}
    drawn = plots.strips(rows).axes[0].images[0].get_array()
    assert np.array_equal(drawn[14:24, 26:36], rows["tempo"][2])
    assert (drawn[14:24, 38:48] == 255).all() and np.array_equal(drawn[2:12, 38:48], rows["energy"][3])


def test_strips_of_nothing_and_of_different_sizes_are_refused():
    with pytest.raises(CourseError, match="no rows"):
        plots.strips({})
    with pytest.raises(CourseError, match="different sizes"):
        plots.strips({"energy": random_images(4, 10), "tempo": random_images(4, 12)})


def write_log(path, rows, header="step,d_loss,g_loss,seconds"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_curves_draw_the_log_and_its_running_mean(tmp_path):
    log = write_log(tmp_path / "log.csv", [f"{step},{step / 10},{step * step},0.5" for step in range(1, 7)])
    axes = plots.curves(log, smooth=2).axes[0]
    d_raw, d_mean, g_raw, g_mean = (line.get_ydata() for line in axes.lines)
    np.testing.assert_allclose(d_raw, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    np.testing.assert_allclose(d_mean, [0.1, 0.15, 0.25, 0.35, 0.45, 0.55])
    np.testing.assert_allclose(g_raw, [1, 4, 9, 16, 25, 36])
    np.testing.assert_allclose(g_mean, [1, 2.5, 6.5, 12.5, 20.5, 30.5])
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [1, 2, 3, 4, 5, 6])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["discriminator", "generator"]


def test_curves_leave_no_figure_open(tmp_path):
    import matplotlib.pyplot as plt

    plots.curves(write_log(tmp_path / "log.csv", ["1,0.5,0.7,0"]))
    assert plt.get_fignums() == []


def test_a_row_cut_short_by_a_crash_is_left_out(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("step,d_loss,g_loss\n1,0.5,0.7\n2,0.4,0.8\n3,0.")
    assert len(plots.curves(log).axes[0].lines[0].get_ydata()) == 2


@pytest.mark.parametrize(
    "content, word",
    [("", "columns step"), ("step,loss\n1,2\n", "columns step"), ("step,d_loss,g_loss\n", "no rows")],
)
def test_a_file_that_is_no_log_is_refused(tmp_path, content, word):
    log = tmp_path / "log.csv"
    log.write_text(content)
    with pytest.raises(CourseError, match=word):
        plots.curves(log)


def test_a_missing_log_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"none\.csv cannot be read"):
        plots.curves(tmp_path / "none.csv")


def test_labelled_pictures_stand_side_by_side_in_their_own_shapes():
    red, tall = np.full((10, 10, 3), (255, 0, 0), np.uint8), np.full((20, 10), 128, np.uint8)
    figure = plots.labelled({"red": red, "tall": tall}, height=2)
    assert [axis.get_title() for axis in figure.axes] == ["red", "tall"]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [axis.get_window_extent() for axis in figure.axes]
    assert abs(boxes[0].height - boxes[1].height) < 2 and abs(boxes[0].width / boxes[1].width - 2) < 0.2
    drawn = np.asarray(canvas.buffer_rgba())[..., :3]
    for box, colour in zip(boxes, ((255, 0, 0), (128, 128, 128)), strict=True):
        x, y = int((box.x0 + box.x1) / 2), len(drawn) - int((box.y0 + box.y1) / 2)
        assert tuple(drawn[y, x]) == colour


def test_no_labelled_pictures_are_refused():
    with pytest.raises(CourseError, match="There are no pictures"):
        plots.labelled({})
