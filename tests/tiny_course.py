"""A course of one tiny notebook with everything that the notebooks of the course have."""

from pathlib import Path

TINY = '''\
# %% [markdown]
# # 00 · Counting
#
# 2 minutes · **What you will learn:** to count.

# %% tags=["setup"]
# filled in by the builder

# %%
from helpers.checks import self_check

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
# ## Exercises
#
# ### Exercise 1 · Guess (1 minutes, easy)
#
# Which number comes next? *Hint: count.*

# %% answer="predict_next"
### BEGIN SOLUTION
prediction = 3
### END SOLUTION

# %% check="predict_next" points=1
with self_check():
    assert prediction == 3, "After 0, 1, 2 comes 3."

# %% [markdown]
# ### Exercise 2 · Twice (2 minutes, medium)
#
# Write `double`. *Hint: multiply.*

# %% answer="double"
def double(number):
    """Twice the number."""
    ### BEGIN SOLUTION
    twice = 2 * number
    return twice
    ### END SOLUTION

# %% check="double" points=2
with self_check():
    assert double(2) == 4, "double(2) should be 4"
print("double works")

# %% hidden="double"
with self_check():
    assert double(-1) == -2, "double(-1) should be -2"

# %% [markdown] tags=["solution"]
# Doubling is adding a number to itself.

# %% [markdown]
# ### Exercise 3 · Why count? (3 minutes, hard)
#
# Say what counting is good for. *Hint: sheep.*

# %% [markdown] answer="why" points=4
# For knowing whether a sheep is missing.

# %% [markdown] rubric="why"
# - **3** for a use;
# - **1** for good style.

# %% [markdown] tags=["quiz"]

# %% [markdown]
# ## What to take away
#
# Numbers go up.
#
# ## Where the idea comes from
#
# Fingers.
'''

QUIZ = """\
00_counting:
  - question: What comes after one?
    options: [Two., Nothing.]
    answer: a
    because: We counted.
"""


def write_tiny_course(root: Path) -> Path:
    """Make `root` a course with one tiny notebook source, not yet built."""
    (root / "notebooks" / "source").mkdir(parents=True)
    (root / "notebooks" / "source" / "00_counting.py").write_text(TINY, encoding="utf-8")
    (root / "notebooks" / "quizzes.yaml").write_text(QUIZ, encoding="utf-8")
    (root / "pyproject.toml").write_text('[project.urls]\nRepository = "https://github.com/some/course"\n')
    (root / "README.md").write_text("[![Colab][badge]][00]\n\n[00]:\n")
    return root
