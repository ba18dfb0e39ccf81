"""The self-checks under the exercises say in words what is wrong."""

import linecache

import pytest

from helpers.checks import NotYet, self_check


def run_cell(source, filename, namespace):
    """Run code under the name that a notebook's front end gives to a cell."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), namespace)


def complaint(answer, check, name="/tmp/ipykernel_4711/{}.py"):
    namespace = {"self_check": self_check}
    run_cell(answer, name.format(101), namespace)
    with pytest.raises(NotYet) as caught:
        run_cell(f"with self_check():\n    {check}", name.format(102), namespace)
    return str(caught.value)


@pytest.mark.parametrize("name", ["/tmp/ipykernel_4711/{}.py", "/tmp/ipython-input-{}.py", "<ipython-input-{}-0a1b>"])
def test_the_line_of_the_answer_is_named_in_jupyter_and_on_colab(name):
    said = complaint("def half(number):\n    return number / 0", "half(2)", name)
    assert said == "your code stopped with ZeroDivisionError: division by zero, in the line `return number / 0`."


def test_a_variable_without_a_value_is_not_called_misspelled():
    answer = "def twice(number):\n    if number > 5:\n        result = 2 * number\n    return result"
    said = complaint(answer, "twice(2)")
    assert "UnboundLocalError" in said and "`return result`" in said and "whichever way" in said
    assert "spelled" not in said


def test_a_name_that_is_missing_may_be_misspelled():
    said = complaint("def twice(number):\n    return 2 * nubmer", "twice(2)")
    assert said == "name 'nubmer' is not defined. Is it spelled like that, and has its cell been run?"


def test_a_check_of_nothing_asks_for_a_return():
    assert "does the function end with `return …`?" in complaint("def one():\n    pass", "one() + 1")
