"""Bug hunt: tests of a broken training step that go green as a student repairs it, one for each of six mistakes.

The step is that of the exercise in notebook 09. A test calls its methods with numbers small enough to be followed on
paper, and looks at one mistake alone: whatever the others do to its result cancels or is 0.
"""

import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from keras import ops

from helpers.errors import CourseError

# Scores are 3 x + 4 y, so the slope is 5. Two real covers score 3 and 4, two fakes 1 and 3.
WEIGHTS = [[3.0], [4.0]]
REAL, FAKE = [[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.25], [1.0, 0.0]]
SHARES = [[0.25], [0.75]]


class Test(NamedTuple):
    """`check(step)` gives the numbers that came out, and those expected."""

    name: str
    question: str
    check: Callable[[object], tuple[np.ndarray, np.ndarray]]
    hint: str
    tolerance: float = 1e-4


def hunt(step) -> pd.DataFrame:
    """Test a training step for six mistakes and print a line for each: green, or red with a hint where to look.

    An error in a method of the step is a red line, too.

    Args:
        step: an object with the methods `scale_loudness`, `batch`, `latents`, `sample_latents`, `latent_step`,
            `d_loss` and `g_loss` of the exercise.

    Returns:
        A row per test: "test", "green" (bool), "came_out" and "expected" (text), "hint".

    Raises:
        CourseError: if `step` is a class.
    """
    if isinstance(step, type):
        raise CourseError(f"hunt tests a step, not the class of steps; write hunt({step.__name__}()).")
    table = pd.DataFrame([outcome(test, step) for test in TESTS])
    for test, row in zip(TESTS, table.itertuples(), strict=True):
        line = f"{'green' if row.green else 'red':5}  {row.test:11}  {test.question} {row.came_out}"
        print(line if row.green else f"{line}; expected {row.expected}. {row.hint}")
    return table


def outcome(test: Test, step) -> dict:
    """A row of the table."""
    row = {"test": test.name, "green": False, "came_out": "", "expected": "", "hint": test.hint}
    try:
        found, expected = test.check(step)
        green = found.shape == expected.shape and np.allclose(found, expected, rtol=1e-4, atol=test.tolerance)
    except Exception as error:  # a student's code may raise anything
        said = f"{type(error).__name__}: {error}".strip(": \n").partition("\n")[0]
        return row | {"came_out": textwrap.shorten(said, 100), "expected": "no error"}
    return row | {"green": green, "came_out": in_words(found), "expected": in_words(expected)}


def in_words(values: np.ndarray) -> str:
    return ", ".join(f"{round(value, 2) + 0.0:g}" for value in values.tolist())  # + 0.0 turns -0 into 0


def numbers(*values) -> np.ndarray:
    """All numbers of some tensors, in one row."""
    if any(value is None for value in values):
        raise ValueError("a method gave None; is there a return missing?")
    return np.concatenate([np.ravel(ops.convert_to_numpy(value)) for value in values]).astype(float)


def tensors(*values) -> list:
    return [ops.convert_to_tensor(value, "float32") for value in values]


def critic(covers):
    """Scores [B, 1], and the one feature that it reads: x."""
    return ops.matmul(covers, ops.convert_to_tensor(WEIGHTS, "float32")), covers[:, :1]


# The six tests, in the order of the code ------------------------------------------------------------------------------


def loudness(step):
    return numbers(step.scale_loudness(np.array([-60.0, -30.0, 0.0]))), np.array([-1.0, 0.0, 1.0])


def labels(step):
    rows = np.array([4, 2])
    return numbers(*step.batch(np.arange(6), 10 * np.arange(6), rows)), np.array([4, 2, 40, 20])


def latents(step):
    """What latents are in training, whatever that is, they should be when covers are drawn: so two quantiles say."""
    drawn = [numbers(draw(np.random.default_rng(0), 1000)) for draw in (step.sample_latents, step.latents)]
    found, expected = (np.quantile(values, [0.25, 0.99]) for values in drawn)
    return found, expected


def latent_step(step):
    """For the score `|z|^2`, of gradient 2 z: `|gradient|^2 + 0.1` is 0.9 in the first row and 1.8 in the second."""
    (z,) = tensors([[0.2, 0.4], [0.55, 0.35]])
    step_taken = step.latent_step(lambda z: ops.sum(ops.square(z), axis=1, keepdims=True), z)
    return numbers(step_taken), np.array([0.4, 0.8, 0.55, 0.35])


def penalty(step):
    """All features are read right. The fakes' mean less the reals' is 2 - 3.5, and the penalty 10 (5 - 1)^2."""
    real, fake, shares = tensors(REAL, FAKE, SHARES)
    return numbers(step.d_loss(critic, real, fake, real[:, :1], shares)), np.array([158.5])


def label_loss(step):
    """What d_loss gains when each feature is misread by 0.5, and g_loss, which is -2 when none is."""
    real, fake, shares = tensors(REAL, FAKE, SHARES)
    right, wrong = (numbers(step.d_loss(critic, real, fake, real[:, :1] + off, shares)) for off in (0.0, 0.5))
    g_loss = numbers(step.g_loss(critic, fake, fake[:, :1] + 0.5))
    return np.concatenate([wrong - right, g_loss]), np.array([0.5, -1.5])


TESTS = (
    Test("loudness", "-60, -30, 0 dB become", loudness, "Look at scale_loudness: which end is loud?"),
    Test("labels", "rows 4, 2 and their labels are", labels, "Look at batch: whose labels are these?"),
    Test("latents", "25, 99 % to draw with are below", latents, "Compare latents and sample_latents.", tolerance=0.1),
    Test("latent step", "two latents move by", latent_step, "Look at latent_step: the size of what?"),
    Test("penalty", "d_loss at a slope of 5 is", penalty, "Look at all that d_loss adds up: what does a slope cost?"),
    Test("label loss", "misread by 0.5, d_loss gains and g_loss is", label_loss, "Look at both: who likes misreading?"),
)
