"""Runs that cannot go on: what is said, and what is left of them."""

import signal
from contextlib import contextmanager

import keras
import pytest
import tiny

from helpers.errors import CourseError
from helpers.gan import callbacks, runs
from helpers.gan.runs import Run


@pytest.fixture
def frequent(monkeypatch):
    """Log every step, save every second."""
    monkeypatch.setattr(runs, "LOG_EVERY", 1)
    monkeypatch.setattr(runs, "CHECKPOINT_EVERY", 2)


@contextmanager
def files_of_at_most(size: int):
    """The system refuses to let any file grow beyond `size` bytes, as a full disk does."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before_and_a_run_that_goes_on(covers, tmp_path, frequent):
    run = Run(tmp_path / "run")
    gan = tiny.build(width=8).fit(covers, 2, tiny.BATCH, run=run.path, verbose=0)
    before = run.checkpoint.read_bytes()
    with files_of_at_most(len(before) * 3 // 4), pytest.raises(CourseError, match="checkpoint.npz cannot be written"):
        gan.fit(covers, 4, tiny.BATCH, run=run.path, verbose=0)
    assert run.checkpoint.read_bytes() == before
    assert not list(run.path.rglob(".partial*"))
    gan.fit(covers, 4, tiny.BATCH, run=run.path, verbose=0)
    gan.load(run.checkpoint)
    whole = tiny.build(width=8).fit(covers, 4, tiny.BATCH, verbose=0)
    assert tiny.same(tiny.all_weights(gan), tiny.all_weights(whole))
    assert [row.split(",")[0] for row in run.log.read_text().splitlines()] == ["step", "1", "2", "3", "4"]


def test_a_log_on_a_full_disk_ends_the_run_with_one_sentence(covers, tmp_path, frequent):
    run = Run(tmp_path / "run")

    class FillDisk(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 3:
                run.log.unlink()
                run.log.symlink_to("/dev/full")

    with pytest.raises(CourseError, match=r"disk is full .*log\.csv; make room"):
        tiny.build().fit(covers, 9, tiny.BATCH, run=run.path, callbacks=[FillDisk()], verbose=0)
    resumed = tiny.build()
    resumed.load(run.checkpoint)
    assert int(resumed.step) == 2


def test_a_second_ctrl_c_while_pictures_are_drawn_loses_no_step(covers, tmp_path, monkeypatch):
    run = Run(tmp_path / "run")

    def press(*_):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(callbacks.Timelapse, "on_train_end", press)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have switched it off
    try:
        with pytest.raises(KeyboardInterrupt):
            pressed = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: batch == 2 and press())
            tiny.build().fit(covers, 9, tiny.BATCH, run=run.path, callbacks=[pressed], verbose=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not run.timelapse.exists()
    saved = tiny.build()
    saved.load(run.checkpoint)
    assert int(saved.step) == 3


def test_a_run_that_cannot_be_written_is_refused_at_once(covers, tmp_path):
    (tmp_path / "file").write_text("in the way")
    gan = tiny.build()
    with pytest.raises(CourseError, match="cannot be written"):
        gan.fit(covers, 3, tiny.BATCH, run=tmp_path / "file" / "run", verbose=0)
    assert int(gan.step) == 0


@pytest.mark.parametrize("wrong, said", [({"batch_size": 41}, "batch of 41"), ({"steps": 0}, "0 steps")])
def test_wrong_numbers_are_refused_before_a_folder_is_made(covers, tmp_path, wrong, said):
    with pytest.raises(CourseError, match=said):
        tiny.build().fit(covers, **{"steps": 3, "batch_size": 8} | wrong, run=tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_covers_of_another_size_are_refused(tmp_path, covers):
    gan = tiny.build()
    gan.generator = keras.Sequential(
        [keras.layers.Input((8,)), keras.layers.Dense(12), keras.layers.Reshape((2, 2, 3))]
    )
    with pytest.raises(CourseError, match="covers are 16 px and the model 2 px"):
        gan.fit(covers, 1, tiny.BATCH, run=tmp_path / "run", verbose=0)
    assert not (tmp_path / "run").exists()


def test_nan_before_the_first_checkpoint_says_so(covers, tmp_path):
    with pytest.raises(CourseError, match="at step 3; it had no checkpoint yet.* lower learning rate"):
        tiny.build(nan_from=3).fit(covers, 3, tiny.BATCH, run=tmp_path / "run", verbose=0)
    assert not Run(tmp_path / "run").checkpoint.exists()


def test_weights_that_are_no_numbers_are_never_saved(covers, tmp_path, monkeypatch):
    """The losses of a step are those before its update, so they may be finite when the weights no longer are."""
    monkeypatch.setattr(runs, "CHECKPOINT_EVERY", 2)
    run = Run(tmp_path / "run")
    gan = tiny.build(optimizer=lambda: keras.optimizers.SGD(0.01))

    class Explode(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 3:
                gan.optimizer.g_optimizer.learning_rate = float("inf")

    with pytest.raises(CourseError, match="at step 4; the run was set back to step 2"):
        gan.fit(covers, 9, tiny.BATCH, run=run.path, callbacks=[Explode()], verbose=0)
    saved = tiny.build(optimizer=lambda: keras.optimizers.SGD(0.01))
    saved.load(run.checkpoint)
    assert tiny.same(tiny.all_weights(saved), tiny.all_weights(gan))
    clean = tiny.build(optimizer=lambda: keras.optimizers.SGD(0.01)).fit(covers, 2, tiny.BATCH, verbose=0)
    assert tiny.same(saved.get_weights(), clean.get_weights())


def test_a_run_killed_before_its_settings_were_written_starts_anew(covers, tmp_path):
    run = Run(tmp_path / "run")
    run.path.mkdir()
    (run.path / ".partial-run.json").write_text('{"mod')
    tiny.build().fit(covers, 1, tiny.BATCH, run=run.path, verbose=0)
    assert run.exists and run.checkpoint.exists()


def test_settings_survive_their_way_through_json(tmp_path):
    gan, run, settings = tiny.build(), Run(tmp_path / "run"), {"augment": ("colour", "cutout"), "rate": 1e-4}
    run.begin(gan, settings)
    run.begin(gan, settings)
    assert run.settings() == {"augment": ["colour", "cutout"], "rate": 1e-4}


def test_a_checkpoint_may_be_loaded_in_another_precision(covers, tmp_path):
    """Colab lends a T4 today and no GPU tomorrow."""

    def build(policy):
        keras.config.set_dtype_policy(policy)
        try:
            return tiny.build(optimizer=keras.optimizers.Adam)
        finally:
            keras.config.set_dtype_policy("float32")

    half = build("mixed_float16").fit(covers, 2, tiny.BATCH, verbose=0)
    half.save(tmp_path / "half.npz")
    single = build("float32")
    single.load(tmp_path / "half.npz")
    single.save(tmp_path / "single.npz")
    again = build("mixed_float16")
    again.load(tmp_path / "single.npz")
    for gan in (single, again):
        assert tiny.same(gan.get_weights(), half.get_weights())
        for name in ("g_optimizer", "d_optimizer"):
            ours, theirs = getattr(gan.optimizer, name), getattr(half.optimizer, name).inner_optimizer
            variables = getattr(ours, "inner_optimizer", ours).variables
            assert tiny.same(*([variable.numpy() for variable in group] for group in (variables, theirs.variables)))
            assert int(theirs.iterations) > 0
