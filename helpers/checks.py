"""The self-checks under the exercises: what is wrong with an answer, in one sentence instead of a traceback."""

import linecache
import traceback
from contextlib import contextmanager

NOT_WRITTEN = "write the part marked YOUR CODE HERE, run that cell, then this one again."


class NotYet(Exception):
    """An answer is not right yet; the message says what to look at."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows for this exception (https://ipython.readthedocs.io/en/stable/config/integrating.html)."""
        return [f"Not yet: {self}"]


@contextmanager
def self_check():
    """Run the assertions of an exercise; the first one that fails is shown as its sentence alone.

        with self_check():
            assert tried.shape == (3,), "One number for each channel: average over height and width."

    Raises:
        NotYet: with the sentence of the failed assertion; or, when the answer itself stops with an error, what that
            error was and in which line of the notebook it arose.
    """
    try:
        yield
    except NotYet:
        raise
    except AssertionError as error:
        raise NotYet(str(error) or "the answer is not right.") from None
    except NotImplementedError:
        raise NotYet(NOT_WRITTEN) from None
    except UnboundLocalError as error:  # a NameError, but one of a function's own variables
        raise NotYet(f"{_stopped(error)} Does the name get a value before that, whichever way the code goes?") from None
    except NameError as error:
        raise NotYet(f"{error}. Is it spelled like that, and has its cell been run?") from None
    except Exception as error:
        hint = " Something is None: does the function end with `return …`?" if "NoneType" in str(error) else ""
        raise NotYet(f"{_stopped(error)}{hint}") from None


def _stopped(error: Exception) -> str:
    """The sentence that says which error an answer stopped with, and where."""
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"your code stopped with {message}{_place(error)}."


def _place(error: Exception) -> str:
    """Which line of the notebook's own code an error arose in; empty where that is the check's own line."""
    frames = traceback.extract_tb(error.__traceback__)
    # IPython compiles cells under names that are no modules' files; the first such frame is the check itself.
    in_cells = [frame for frame in frames if _is_cell(frame.filename)]
    if len(in_cells) < 2:
        return ""
    return f", in the line `{linecache.getline(in_cells[-1].filename, in_cells[-1].lineno).strip()}`"


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or "ipython-input" in filename  # Jupyter's names, and Colab's
