"""Runs are copied to a drive, and a new machine that has nothing but the drive goes on from there."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny

from helpers.errors import CourseError
from helpers.gan import runs
from helpers.gan.keeping import MARK, copy_of, deliver
from helpers.gan.runs import Run

KILLED = 9


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A folder that stands for a mounted drive; the working folder is that of a machine of its own."""
    monkeypatch.setenv("COVERGAN_KEEP", str(tmp_path / "drive"))
    monkeypatch.setattr(runs, "KEEP_EVERY", 0.0)
    (tmp_path / "drive").mkdir()
    new_machine(tmp_path, monkeypatch, "first")
    return tmp_path / "drive"


def new_machine(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)


def train(covers, steps, run="work/run", **options):
    return tiny.build().fit(covers, steps, tiny.BATCH, seed=2, run=run, verbose=0, **options)


def files(folder):
    """The content of every visible file, but what a checkpoint's archive says about time."""
    found = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    found = {str(name): path for name, path in found.items() if not name.name.startswith(".")}
    return {name: path.read_bytes() for name, path in found.items() if path.suffix != ".npz"}


def arrays(run):
    with np.load(Run(run).checkpoint) as saved:
        return dict(saved)


def test_a_run_killed_on_one_machine_ends_on_another_as_if_nothing_had_been(
    covers, drive, tmp_path, monkeypatch, start, finish
):
    killed = start("killed_run.py", covers.path, "work/run", "--kill", "step 9")
    new_machine(tmp_path, monkeypatch, "never stopped")
    with monkeypatch.context() as alone:
        alone.delenv("COVERGAN_KEEP")
        undisturbed = start("killed_run.py", covers.path, "work/run")
    finish(killed, code=KILLED)
    assert files(drive / "work" / "run")["log.csv"].splitlines()[-1].startswith(b"8,")
    new_machine(tmp_path, monkeypatch, "second")
    finish(start("killed_run.py", covers.path, "work/run"))
    finish(undisturbed)
    monkeypatch.chdir(tmp_path / "never stopped")
    expected, resumed = arrays("work/run"), arrays(drive / "work" / "run")
    assert expected.keys() == resumed.keys()
    assert all(np.array_equal(expected[name], resumed[name]) for name in expected)
    for folder in (tmp_path / "second" / "work" / "run", drive / "work" / "run"):
        assert files(folder) == files(Run("work/run").path)


def test_nothing_is_trained_twice(covers, drive, tmp_path, monkeypatch, capsys):
    train(covers, 6)
    new_machine(tmp_path, monkeypatch, "second")
    gan = train(covers, 6)
    assert int(gan.step) == 6 and (tmp_path / "second" / "work" / "run" / "checkpoint.npz").exists()
    assert "goes on from its copy in" in capsys.readouterr().out


def test_without_the_variable_there_is_no_copy(covers, drive, monkeypatch):
    monkeypatch.delenv("COVERGAN_KEEP")
    train(covers, 2)
    assert list(drive.iterdir()) == [] and not (Run("work/run").path / MARK).exists()


def test_another_run_by_the_same_name_is_not_overwritten(covers, drive, tmp_path, monkeypatch):
    train(covers, 4)
    before = arrays(drive / "work" / "run")
    new_machine(tmp_path, monkeypatch, "second")
    with monkeypatch.context() as alone:
        alone.delenv("COVERGAN_KEEP")
        train(covers, 2)
    with pytest.raises(CourseError, match="another run than its copy"):
        train(covers, 6)
    assert int(train(covers, 6, run="work/new name").step) == 6
    after = arrays(drive / "work" / "run")
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_fetch_that_was_killed_is_begun_anew(covers, drive, tmp_path, monkeypatch):
    train(covers, 4)
    new_machine(tmp_path, monkeypatch, "second")
    os.makedirs("work/.partial-run")
    shutil.copy(drive / "work" / "run" / "run.json", "work/.partial-run/run.json")
    assert int(train(covers, 4).step) == 4
    assert os.listdir("work") == ["run"]


class Lose:
    """A callback that takes the drive away after some steps, and gives it back after some more."""

    def __new__(cls, drive, gone, back=None):
        from keras.callbacks import LambdaCallback

        def on_train_batch_begin(batch, logs):
            if batch == gone:
                drive.rename(drive.with_name("out of reach"))
            if batch == back:
                drive.with_name("out of reach").rename(drive)

        return LambdaCallback(on_train_batch_begin=on_train_batch_begin)


def test_a_drive_that_is_lost_does_not_stop_the_training_and_is_told_once(covers, drive, capsys):
    gan = train(covers, 8, callbacks=[Lose(drive, 3)])
    assert int(gan.step) == 8 and Run("work/run").checkpoint.exists()
    said = capsys.readouterr().out
    assert said.count("is not being copied") == 1 and "connect the drive again" in said
    assert not drive.exists()  # where it was mounted, nothing is written
    drive.with_name("out of reach").rename(drive)
    train(covers, 8)  # which is finished, but not its copy
    assert files(drive / "work" / "run") == files(Run("work/run").path)
    assert Run(drive / "work" / "run").checkpoint.read_bytes() == Run("work/run").checkpoint.read_bytes()


def test_a_drive_that_is_lost_between_two_files_is_not_made_again(covers, drive, monkeypatch, capsys):
    arrived, replace = [], os.replace

    def loses(source, target):
        replace(source, target)
        if Path(target).is_relative_to(drive):
            arrived.append(target)
            if len(arrived) == 2:
                drive.rename(drive.with_name("out of reach"))

    monkeypatch.setattr(os, "replace", loses)
    assert int(train(covers, 4).step) == 4
    assert len(arrived) == 2 and not drive.exists()
    said = capsys.readouterr().out
    assert said.count("is not being copied") == 1 and f"{drive} is gone; connect the drive again" in said


def test_of_the_folders_only_those_on_the_drive_are_made(drive, tmp_path):
    (tmp_path / "log.csv").write_text("step\n")
    deliver(tmp_path / "log.csv", copy_of(Path("work/deep/run")) / "log.csv")
    assert (drive / "work" / "deep" / "run" / "log.csv").read_text() == "step\n"
    shutil.rmtree(drive)
    with pytest.raises(CourseError, match="cannot be written"):
        deliver(tmp_path / "log.csv", drive / "work" / "run" / "log.csv")
    assert not drive.exists()


def test_a_drive_whose_clock_is_ahead_gets_what_is_new(covers, drive):
    train(covers, 4)
    for path in drive.rglob("*.*"):
        ahead = path.stat().st_mtime_ns + 3600 * 10**9
        os.utime(path, ns=(ahead, ahead))
    train(covers, 6)
    copied, trained = Run(drive / "work" / "run"), Run("work/run")
    assert copied.checkpoint.read_bytes() == trained.checkpoint.read_bytes()
    assert files(copied.path) == files(trained.path)


def test_what_has_not_changed_is_not_copied_again(covers, drive):
    train(covers, 4)
    before = Run(drive / "work" / "run").checkpoint.stat().st_ino
    train(covers, 4)
    assert Run(drive / "work" / "run").checkpoint.stat().st_ino == before


def test_a_drive_that_comes_back_gets_all_it_has_missed(covers, drive, capsys):
    train(covers, 8, callbacks=[Lose(drive, 3, 6)])
    assert files(drive / "work" / "run") == files(Run("work/run").path)
    assert capsys.readouterr().out.count("is not being copied") == 1


def test_a_training_is_not_begun_afresh_because_the_drive_is_not_there(covers, drive, tmp_path, monkeypatch):
    train(covers, 4)
    new_machine(tmp_path, monkeypatch, "second")
    drive.rename(tmp_path / "out of reach")
    with pytest.raises(CourseError, match="is gone; connect the drive again"):
        train(covers, 4)
    assert not os.path.exists("work")


def test_a_copy_that_cannot_be_read_is_one_sentence_and_is_fetched_later(covers, drive, tmp_path, monkeypatch):
    train(covers, 4)
    log = drive / "work" / "run" / "log.csv"
    log.rename(tmp_path / "log.csv")
    log.symlink_to(log)  # which nobody can open, not even root
    new_machine(tmp_path, monkeypatch, "second")
    with pytest.raises(CourseError) as failure:
        train(covers, 4)
    copy = drive / "work" / "run"
    assert str(failure.value) == f"The copy {copy} cannot be read; connect the drive again, or try later."
    (tmp_path / "log.csv").replace(log)
    assert int(train(covers, 4).step) == 4
    assert files(Run("work/run").path) == files(copy)


def test_a_machine_without_room_for_the_copy_is_told_so(covers, drive, tmp_path, monkeypatch):
    train(covers, 2)
    new_machine(tmp_path, monkeypatch, "second")

    def fills(source, target):
        raise OSError(28, "No space left on device", str(source), None, str(target))

    monkeypatch.setattr(shutil, "copy2", fills)
    with pytest.raises(CourseError, match=r"The disk is full .* while writing work/run"):
        train(covers, 2)


def test_a_full_drive_is_told_and_leaves_the_last_whole_copy(covers, drive, monkeypatch, capsys):
    train(covers, 4)
    before = arrays(drive / "work" / "run")
    copyfile = shutil.copyfile

    def fills(source, target):
        copyfile(source, target)
        if target.suffix == ".npz":
            os.truncate(target, 100)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fills)
    assert int(train(covers, 6).step) == 6
    assert "The disk is full" in capsys.readouterr().out
    after = arrays(drive / "work" / "run")
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_where_the_copy_is(drive, tmp_path):
    assert copy_of(Run("work/gpu/dcgan").path) == drive / "work" / "gpu" / "dcgan"
    elsewhere = tmp_path / "elsewhere" / "run"
    assert copy_of(elsewhere) == drive / elsewhere.relative_to("/")
    assert copy_of(Path("../elsewhere/run")) == copy_of(elsewhere)
