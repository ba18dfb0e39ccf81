"""TensorFlow and JAX do the same, step by step, and end runs in the same way."""

import json

import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax")


@pytest.fixture(scope="module")
def steps(both):
    return {backend: dict(np.load(folder / "steps.npz")) for backend, folder in both.items()}


@pytest.fixture(scope="module")
def answers(both):
    return {backend: json.loads((folder / "answers.json").read_text()) for backend, folder in both.items()}


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
@pytest.mark.parametrize("step", range(1, 6))
def test_all_variables_agree_after_every_step(steps, loss, step):
    names = [name for name in steps["jax"] if name.startswith(f"{loss} {step} ")]
    assert (
        len(names) == 70
    )  # 33 weights, the step, two of Adam's moments for each of 15, two counters and rates, losses
    for name in names:
        np.testing.assert_allclose(steps["jax"][name], steps["tensorflow"][name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_steps_do_change_every_variable_of_the_model(steps):
    found = steps["jax"]
    assert not [k for k in range(34) if np.array_equal(found[f"non_saturating 5 {k}"], found[f"non_saturating 1 {k}"])]


@pytest.mark.parametrize("model", ["wgan", "wgan_gp", "logan", "audio"])
@pytest.mark.parametrize("step", range(1, 4))
def test_models_with_steps_of_their_own_agree(both, model, step):
    ours, theirs = (dict(np.load(both[backend] / "stable.npz")) for backend in ("tensorflow", "jax"))
    names = [name for name in ours if name.startswith(f"{model} {step} ")]
    assert len(names) > 50
    for name in names:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-3, atol=1e-4, err_msg=name)
    assert np.abs(theirs[f"{model} drawn"].astype(int) - ours[f"{model} drawn"]).max() <= 1
    np.testing.assert_allclose(theirs["audio read"], ours["audio read"], rtol=1e-3)


def test_the_same_covers_are_drawn(steps):
    for name in ("non_saturating drawn", "relativistic drawn"):
        difference = steps["jax"][name].astype(int) - steps["tensorflow"][name]
        assert np.abs(difference).max() <= 1  # a value halfway between two numbers may fall on either side


@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_ends_after_the_step_and_leaves_a_run_that_goes_on(answers, backend):
    assert answers[backend]["interrupted"] == {
        "raised": True,
        "stopped at": 3,
        "saved at": 3,
        "what was saved is what was there": True,
        "handler is back": True,
        "same end as without": True,
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_nan_ends_the_run_in_its_last_good_state(answers, backend):
    answer = answers[backend]["poisoned"]
    for said in ("NaN", "at step 6", "set back to step 4", "lower learning rate"):
        assert said in answer["message"]
    assert answer["step"] == 4
    assert answer["model is the checkpoint"] and answer["checkpoint is finite"]
    assert [row.split(",")[0] for row in answer["log"]] == ["step", "2", "4"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("policy, tolerance", [("mixed_bfloat16", 0.15), ("mixed_float16", 0.02)])
def test_a_step_in_mixed_precision_is_nearly_that_in_float32(both, backend, policy, tolerance):
    """The tolerance is a few of the format's roundings; a loss scale that is not undone would be off by 32,768."""
    found = dict(np.load(both[backend] / "precisions.npz"))
    for network in ("generator", "discriminator"):
        exact, mixed = (found[f"{p} {network} after"] - found[f"{p} {network} before"] for p in ("float32", policy))
        assert np.linalg.norm(mixed - exact) < tolerance * np.linalg.norm(exact)
        assert not np.array_equal(mixed, exact)
    assert "float32" in found[f"{policy} dtypes"] and not any("16" in dtype for dtype in found[f"{policy} dtypes"])
    assert found[f"{policy} finite"]
    assert (found[f"{policy} optimizer"] == "LossScaleOptimizer") == (policy == "mixed_float16")
