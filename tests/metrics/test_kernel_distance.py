"""KID against its closed form, scikit-learn's kernel, and its own standard error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import polynomial_kernel

from helpers.metrics import kernel_distance
from helpers.metrics.kernel_distance import kid, polynomial_mmd


def gaussian(n, d, seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, (n, d))


def test_mmd_equals_a_loop_over_pairs_with_scikit_learns_kernel():
    x, y = gaussian(13, 7, 0), gaussian(9, 7, 1, 0.5)

    def k(a, b):
        return polynomial_kernel(a[None], b[None], degree=3, gamma=1 / 7, coef0=1).item()

    within_x = np.mean([k(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    within_y = np.mean([k(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    between = np.mean([k(a, b) for a in x for b in y])
    assert polynomial_mmd(x, y) == pytest.approx(within_x + within_y - 2 * between, rel=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
def test_kid_of_shifted_gaussians_is_the_closed_form(shift):
    # In one dimension (ab + 1)^3 compares the first three moments, which are 0, 1, 0 and s, 1 + s^2, s^3 + 3s.
    expected = 3 * shift**2 + 3 * shift**4 + (shift**3 + 3 * shift) ** 2
    value, error = kid(gaussian(8000, 1, 0), gaussian(8000, 1, 1, shift))
    assert abs(value - expected) < 4 * error
    assert error < 0.1 * (1 + expected)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_the_standard_error_is_the_spread_over_repeated_draws(shift):
    draws = [kid(gaussian(120, 4, seed), gaussian(120, 4, 1000 + seed, shift), subsets=4) for seed in range(400)]
    values, errors = np.array(draws).T
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(), rel=0.1)
    if shift == 0:
        assert abs(values.mean()) < 3 * values.std() / np.sqrt(400)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(1, 8), st.integers(0, 2**31))
def test_mmd_is_symmetric_and_does_not_mind_the_order(n, m, d, seed):
    x, y = gaussian(n, d, seed), gaussian(m, d, seed + 1, 0.5)
    rng = np.random.default_rng(seed)
    value = polynomial_mmd(x, y)
    assert polynomial_mmd(y, x) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert polynomial_mmd(rng.permutation(x), rng.permutation(y)) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_kid_is_a_function_of_its_seed_and_shuffles_first():
    x, y = gaussian(400, 3, 0), gaussian(300, 3, 1, 0.3)
    assert kid(x, y, seed=4) == kid(x, y, seed=4) != kid(x, y, seed=5)
    forth, back = kid(x, y), kid(y, x)
    assert abs(forth[0] - back[0]) < 3 * (forth[1] + back[1])
    # Cut as they come, sorted covers (by genre, say) would give parts that are nothing like the whole.
    value, error = kid(x[np.argsort(x[:, 0])], y)
    assert abs(value - forth[0]) < 3 * (error + forth[1])


def test_many_rows_are_taken_block_by_block_to_the_same_value(monkeypatch):
    x, y = gaussian(37, 5, 0), gaussian(50, 5, 1, 0.5)
    at_once = polynomial_mmd(x, y)
    monkeypatch.setattr(kernel_distance, "ROWS_AT_ONCE", 8)
    assert polynomial_mmd(x, y) == pytest.approx(at_once, rel=1e-12)


def test_two_sets_of_one_picture_do_not_differ():
    assert kid(np.ones((40, 4)), np.ones((40, 4))) == (0, 0)
