"""What a run leaves in its folder."""

import csv

import imageio.v3 as imageio
import numpy as np
import pytest
import tiny
from PIL import Image

from helpers.errors import CourseError
from helpers.gan import callbacks, runs
from helpers.gan.runs import Run
from helpers.plots import image_grid

STEPS = 95


@pytest.fixture(scope="module")
def trained(covers, tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "run"
    gan = tiny.build().fit(covers, STEPS, tiny.BATCH, run=path, verbose=0)
    return gan, Run(path)


def test_the_log_has_a_row_of_losses_every_so_often_and_at_the_end(trained):
    with trained[1].log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [runs.LOG_EVERY, STEPS]
    assert all(0 < float(row[name]) < 10 for row in rows for name in ("d_loss", "g_loss"))


def test_sample_grids_come_at_even_steps_and_end_with_the_last(trained):
    gan, run = trained
    steps = [int(path.stem) for path in sorted(run.samples.iterdir())]
    every = STEPS // runs.FRAMES
    assert steps == [*range(0, STEPS, every), STEPS]
    last = imageio.imread(run.samples / f"{STEPS:07d}.png")
    assert np.array_equal(last, image_grid(gan.generate(32, seed=0), columns=8))


def test_the_timelapse_is_an_animation_of_the_grids(trained):
    run = trained[1]
    with Image.open(run.timelapse) as film:
        assert film.is_animated and film.info["loop"] == 0
        assert film.n_frames >= len(list(run.samples.iterdir()))
        assert film.size == Image.open(next(run.samples.iterdir())).size


def test_throughput_reports_steps_and_losses(covers):
    reports = []
    watch = callbacks.Throughput(lambda step, note="": reports.append((step, note)), every=2)
    tiny.build().fit(covers, 4, tiny.BATCH, callbacks=[watch], verbose=0)
    assert [step for step, _ in reports] == [0, 2, 4]
    assert "d_loss" in reports[-1][1] and watch.trained


def test_a_checkpoint_is_replaced_whole_or_not_at_all(trained, tmp_path):
    """A disk that is full while a checkpoint is written leaves the one before."""
    gan, run = trained
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(run.checkpoint.read_bytes())
    watch = callbacks.Checkpoint(path, every=1)
    watch.set_model(gan)
    save, gan.save = gan.save, lambda partial: [partial.write_bytes(b"half"), _full_disk()]
    try:
        with pytest.raises(CourseError, match="disk is full"):
            watch.due(STEPS)
    finally:
        gan.save = save
    assert path.read_bytes() == run.checkpoint.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint.npz"]


def _full_disk():
    with open("/dev/full", "wb") as file:
        file.write(b"1" * 100_000)
