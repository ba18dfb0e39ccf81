"""A run that was killed and goes on ends with the same bits as one that was not."""

import csv
import json

import numpy as np
import pytest
import tiny

from helpers.errors import CourseError
from helpers.gan import load
from helpers.gan.runs import Run

KILLED = 9
RANDOM_STEP = int(np.random.default_rng(7).integers(5, 12))
KILLS = ["step 0", "step 2", f"step {RANDOM_STEP}", "save 1", "save 3", "film 13"]


@pytest.fixture(scope="module")
def runs(covers, tmp_path_factory, start, finish):
    """The folder of a run never killed, and of each run that was killed once and resumed, by how it was killed."""
    folder = tmp_path_factory.mktemp("runs")
    paths = {kill: folder / kill.replace(" ", "_") for kill in ("never", *KILLS)}
    for pair in (KILLS[:2], KILLS[2:4], KILLS[4:]):  # two at a time
        running = [start("killed_run.py", covers.path, paths[kill], "--kill", kill) for kill in pair]
        for process in running:
            finish(process, code=KILLED)
    finish(start("killed_run.py", covers.path, *paths.values()))
    return paths


def saved(path):
    with np.load(Run(path).checkpoint) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("kill", KILLS)
def test_all_variables_are_the_same_bits(runs, kill):
    expected, resumed = saved(runs["never"]), saved(runs[kill])
    assert expected.keys() == resumed.keys()
    assert len(expected) > 60  # both networks, the average, two optimizers
    for name, value in expected.items():
        assert np.array_equal(value, resumed[name]), name


@pytest.mark.parametrize("kill", KILLS)
def test_log_samples_and_timelapse_are_those_of_one_run(runs, kill):
    def rows(path):
        with Run(path).log.open(newline="") as file:
            return list(csv.reader(file))

    assert [row[0] for row in rows(runs[kill])] == ["step", "2", "4", "6", "8", "10", "12", "13"]
    assert rows(runs[kill]) == rows(runs["never"])
    expected = {path.name: path.read_bytes() for path in Run(runs["never"]).samples.iterdir()}
    assert {path.name: path.read_bytes() for path in Run(runs[kill]).samples.iterdir()} == expected
    assert Run(runs[kill]).timelapse.read_bytes() == Run(runs["never"]).timelapse.read_bytes()


@pytest.fixture(scope="module")
def finished(covers, tmp_path_factory):
    path = tmp_path_factory.mktemp("finished") / "run"
    tiny.build().fit(covers, 3, tiny.BATCH, seed=1, run=path, verbose=0)
    return path


def test_a_finished_run_is_left_alone(covers, finished):
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    gan = tiny.build(seed=9).fit(covers, 3, tiny.BATCH, seed=1, run=finished, verbose=0)
    assert int(gan.step) == 3
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


def test_two_runs_with_one_seed_agree_and_two_seeds_do_not(covers, finished, tmp_path):
    weights = []
    for seed in (1, 2):
        gan = tiny.build().fit(covers, 3, tiny.BATCH, seed=seed, run=tmp_path / str(seed), verbose=0)
        weights.append(gan.get_weights())
    again = tiny.build()
    again.load(Run(finished).checkpoint)
    assert tiny.same(weights[0], again.get_weights())
    assert not tiny.same(weights[0], weights[1])


@pytest.mark.parametrize("changed", [{"seed": 5}, {"batch_size": 4}])
def test_other_settings_are_refused_by_name(covers, finished, changed):
    options = {"batch_size": tiny.BATCH, "seed": 1} | changed
    with pytest.raises(CourseError, match=next(iter(changed))):
        tiny.build().fit(covers, 5, **options, run=finished, verbose=0)


def test_other_covers_are_refused(finished, tmp_path):
    with pytest.raises(CourseError, match="covers"):
        tiny.build().fit(tiny.make_covers(tmp_path / "set", seed=1), 5, tiny.BATCH, seed=1, run=finished, verbose=0)


def test_another_part_of_the_same_covers_is_refused(covers, tmp_path):
    left, right = covers.split(test=0.5)
    tiny.build().fit(left, 1, tiny.BATCH, run=tmp_path / "run", verbose=0)
    with pytest.raises(CourseError, match="covers"):
        tiny.build().fit(right, 2, tiny.BATCH, run=tmp_path / "run", verbose=0)


def test_a_folder_with_something_else_in_it_is_refused(covers, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CourseError, match="no training run"):
        tiny.build().fit(covers, 1, tiny.BATCH, run=tmp_path, verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_broken_and_foreign_checkpoints_are_refused_and_change_nothing(finished, tmp_path):
    checkpoint = Run(finished).checkpoint
    wide, ours = tiny.build(width=8), tiny.build(seed=3)
    before = [value.copy() for value in tiny.all_weights(wide)]
    with pytest.raises(CourseError, match="another architecture"):
        wide.load(checkpoint)
    assert tiny.same(before, tiny.all_weights(wide))
    with pytest.raises(CourseError, match="no checkpoint"):
        ours.load(tmp_path / "nowhere.npz")
    whole = checkpoint.read_bytes()
    before = [value.copy() for value in tiny.all_weights(ours)]
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        cut = tmp_path / "cut.npz"
        cut.write_bytes(whole[:length])
        with pytest.raises(CourseError, match="damaged"):
            ours.load(cut)
    assert tiny.same(before, tiny.all_weights(ours))


def test_run_json_is_what_the_model_is_built_from(finished):
    settings = json.loads((finished / "run.json").read_text())
    assert settings["batch_size"] == tiny.BATCH and settings["seed"] == 1 and len(settings["covers"]) == 64


def test_run_json_keeps_the_steps_last_asked_for_and_never_refuses_more(covers, tmp_path):
    run = Run(tmp_path / "run")
    for steps in (1, 3):
        gan = tiny.build().fit(covers, steps, tiny.BATCH, run=run.path, verbose=0)
        assert int(gan.step) == run.settings()["steps"] == steps


@pytest.mark.parametrize(
    "text, said",
    [
        ("{}", "run.json does not say model; train again"),
        ('{"model": "dcgan", "recipe": "default", "image_size": 16, "width": 4}', "run.json does not say seed"),
        ('{"model": "tortoise", "recipe": "", "image_size": 16, "width": 4, "seed": 0}', "no model 'tortoise'"),
        ('{"model": "dcg', "run.json is damaged; train again"),
        ("[1, 2]", "run.json is damaged"),
    ],
)
def test_a_run_whose_settings_are_damaged_is_refused_in_one_sentence(finished, tmp_path, text, said):
    (tmp_path / "run.json").write_text(text)
    (tmp_path / "checkpoint.npz").write_bytes(Run(finished).checkpoint.read_bytes())
    with pytest.raises(CourseError, match=said):
        load(tmp_path)
