"""The bug hunt on the code of its exercise: broken, repaired, and everything in between."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import jupytext
import numpy as np
import pytest
from keras import ops

from helpers.bug_hunt import hunt
from helpers.errors import CourseError
from helpers.gan import losses
from helpers.gan.backend import input_gradients

ROOT = Path(__file__).parents[1]
METHODS = {  # what has to be repaired for a test to turn green
    "loudness": ["scale_loudness"],
    "labels": ["batch"],
    "latents": ["sample_latents"],
    "latent step": ["latent_step"],
    "penalty": ["penalty"],
    "label loss": ["d_loss", "g_loss"],
}
CALLED = {method: {test} for test, methods in METHODS.items() for method in methods}
CALLED |= {"latents": {"latents"}, "penalty": {"penalty", "label loss"}, "d_loss": {"penalty", "label loss"}}


def classes_of_the_exercise():
    """The broken and the repaired class, as the notebook's source has them."""
    (path,) = (ROOT / "notebooks" / "source").glob("09_*.py")
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    scope = {"ops": ops, "losses": losses, "input_gradients": input_gradients}
    for beginning in "class Step:", "class Repaired(Step):":
        (code,) = [cell for cell in cells if cell.startswith(beginning)]
        exec(code, scope)
    return scope["Repaired"].__base__, scope["Repaired"]


Broken, Repaired = classes_of_the_exercise()


def step_with(base=Broken, **methods):
    return type("Step", (base,), methods)()


def repaired(*tests):
    """The broken step with these mistakes repaired."""
    return step_with(**{method: vars(Repaired)[method] for test in tests for method in METHODS[test]})


def greens(table) -> set[str]:
    return set(table["test"][table["green"]])


@pytest.fixture(scope="module")
def before():
    return hunt(Broken())


@pytest.fixture(scope="module")
def after():
    return hunt(Repaired())


def test_the_broken_step_fails_every_test_and_the_repaired_one_none(before, after):
    assert list(before["test"]) == list(after["test"]) == list(METHODS)
    assert greens(before) == set()
    assert greens(after) == set(METHODS)


@pytest.mark.parametrize("chosen", list(product([False, True], repeat=6)))
def test_each_repair_turns_its_own_line_green_and_changes_no_other(chosen, before, after):
    table = hunt(repaired(*(test for test, wanted in zip(METHODS, chosen, strict=True) if wanted)))
    expected = [(after if wanted else before).loc[row].to_dict() for row, wanted in enumerate(chosen)]
    assert table.to_dict("records") == expected


def test_a_line_for_each_test_says_what_came_out_and_only_red_ones_what_should_have(capsys):
    hunt(repaired("loudness"))
    loudness, labels, *_ = lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert loudness == "green  loudness     -60, -30, 0 dB become -1, 0, 1"
    assert labels == (
        "red    labels       rows 4, 2 and their labels are 4, 2, 0, 10; expected 4, 2, 40, 20. "
        "Look at batch: whose labels are these?"
    )
    assert all(line.startswith("red ") and "; expected " in line for line in lines[1:])


@pytest.mark.parametrize("method", ["d_loss", "g_loss"])
def test_the_label_loss_is_red_until_both_networks_are_repaired(method):
    assert greens(hunt(step_with(**{method: vars(Repaired)[method]}))) == set()


# Other code than ours ------------------------------------------------------------------------------------------------


def test_latents_may_be_normal_or_uniform_as_long_as_they_are_the_same():
    assert "latents" in greens(hunt(step_with(latents=Broken.sample_latents)))
    other_words = step_with(sample_latents=lambda self, rng, n: 2 * rng.random((n, 100), np.float32) - 1)
    assert "latents" in greens(hunt(other_words))  # other numbers from the same generator
    for wrong in (
        lambda self, rng, n: rng.normal(0, 3**-0.5, (n, 100)),  # of the same deviation
        lambda self, rng, n: rng.normal(0, 1, (n, 100)).clip(-1, 1),  # in the same range
        lambda self, rng, n: rng.random((n, 100)),
    ):
        assert "latents" not in greens(hunt(step_with(sample_latents=wrong)))


def mean_over_the_batch(self, score, z):
    slope = input_gradients(lambda z: ops.sum(score(z)), z)
    return 0.9 * slope / (0.1 + ops.mean(ops.sum(ops.square(slope), axis=1)))


def norm_of_the_latents(self, score, z):
    slope = input_gradients(lambda z: ops.sum(score(z)), z)
    return 0.9 * slope / (0.1 + ops.sum(ops.square(z), axis=1, keepdims=True))


def liked_less_is_better(self, critic, fake, labels):
    scores, read = critic(fake)
    return ops.mean(scores) + ops.mean(ops.abs(read - labels))


def labels_of_fakes_too(self, critic, real, fake, labels, shares):
    error = ops.mean(ops.abs(critic(fake)[1] - labels))
    return Repaired.d_loss(self, critic, real, fake, labels, shares) + error


def scores_only(self, critic, real, fake, labels, shares):
    return ops.mean(critic(fake)[0]) - ops.mean(critic(real)[0]) + self.penalty(critic, real, fake, shares)


@pytest.mark.parametrize(
    "method, code, red",
    [
        ("scale_loudness", lambda self, decibels: -(2 * decibels / -60), {"loudness"}),
        ("batch", lambda self, covers, labels, rows: (covers[: len(rows)], labels[: len(rows)]), {"labels"}),
        ("latent_step", mean_over_the_batch, {"latent step"}),
        ("latent_step", norm_of_the_latents, {"latent step"}),
        ("penalty", lambda self, *_: 10.0, {"penalty"}),
        ("d_loss", scores_only, {"label loss"}),
        ("d_loss", labels_of_fakes_too, {"penalty"}),  # the test of all that d_loss adds up
        ("g_loss", liked_less_is_better, {"label loss"}),
        ("g_loss", lambda self, *_: float("nan"), {"label loss"}),
    ],
)
def test_a_wrong_repair_stays_red(method, code, red):
    assert greens(hunt(step_with(Repaired, **{method: code}))) == set(METHODS) - red


@pytest.mark.parametrize("method", CALLED)
def test_an_error_is_a_red_line_with_its_message(method, capsys, after):
    def fail(self, *_):
        raise ZeroDivisionError("first line\nsecond line")

    table = hunt(step_with(Repaired, **{method: fail}))
    red = {"latents"} if method == "sample_latents" else CALLED[method]
    assert greens(table) == set(METHODS) - red
    assert set(table["came_out"][~table["green"]]) == {"ZeroDivisionError: first line"}
    assert table[table["green"]].equals(after[table["green"]])
    assert capsys.readouterr().out.count("\n") == 6


@pytest.mark.parametrize("method", CALLED)
def test_a_method_without_return_is_a_red_line(method):
    table = hunt(step_with(Repaired, **{method: lambda self, *_: None}))
    assert greens(table) == set(METHODS) - CALLED[method]
    assert all("None" in said for said in table["came_out"][~table["green"]])


def test_a_missing_method_is_a_red_line_that_names_it():
    table = hunt(object())
    assert greens(table) == set()
    assert "scale_loudness" in table["came_out"][0]


def test_the_class_in_place_of_a_step_is_refused():
    with pytest.raises(CourseError, match=r"write hunt\(Step\(\)\)\.$"):
        hunt(Broken)


def test_jax_prints_what_tensorflow_does(capsys):
    pytest.importorskip("jax")
    code = "from test_bug_hunt import Broken, Repaired, hunt; hunt(Broken()); hunt(Repaired())"
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    hunt(Broken())
    hunt(Repaired())
    assert done.stdout == capsys.readouterr().out
