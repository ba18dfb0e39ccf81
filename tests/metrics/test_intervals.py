"""Wilson's interval against the formula in a textbook."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.metrics.intervals import share


@given(count=st.integers(1, 5000), part=st.floats(0, 1))
def test_the_interval_is_that_of_the_formula(count, part):
    hits, z = round(part * count), 1.959964
    p = hits / count
    centre, width = p + z * z / (2 * count), z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    low, high = ((centre + sign * width) / (1 + z * z / count) for sign in (-1, 1))
    assert share(hits, count) == pytest.approx({"value": p, "low": low, "high": high}, abs=1e-6)
