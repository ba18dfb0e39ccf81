"""The tools are scripts, not a package: the tests import them from their folder, as Python does when running one."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

TINY = '''\
# %% [markdown]
# # 00 · Counting
#
# 2 minutes · **What you will learn:** to count.

# %% tags=["setup"]
# filled in by the builder

# %% tags=["parameters"]
LAST = 3

# %% [markdown]
# ## Count
#
# We print the numbers.

# %%
# NBVAL_CHECK_OUTPUT
print(list(range(LAST)))

# %% [markdown]
# ## Exercise
#
# Write `double`. *Hint:* multiply.

# %%
def double(number):
    """Twice the number."""
    ### BEGIN SOLUTION
    twice = 2 * number
    return twice
    ### END SOLUTION

# %% tags=["check"]
assert double(2) == 4, "double(2) should be 4"
### BEGIN HIDDEN TESTS
assert double(-1) == -2
### END HIDDEN TESTS
print("double works")

# %% [markdown] tags=["solution"]
# Doubling is adding a number to itself.

# %% [markdown]
# ## What to take away
#
# Numbers go up.
#
# ## Where the idea comes from
#
# Fingers.
'''


def write_tiny_course(root: Path) -> Path:
    """Make `root` a course with one tiny notebook source, not yet built."""
    (root / "notebooks" / "source").mkdir(parents=True)
    (root / "notebooks" / "source" / "00_counting.py").write_text(TINY, encoding="utf-8")
    (root / "pyproject.toml").write_text('[project.urls]\nRepository = "https://github.com/some/course"\n')
    (root / "README.md").write_text("[![Colab][badge]][00]\n\n[00]:\n")
    return root


@pytest.fixture
def tiny_course(tmp_path):
    return write_tiny_course(tmp_path)
