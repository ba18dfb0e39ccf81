"""Submissions in kernels of their own: limits of time, output and memory, and walls where the system has any."""

import os
import threading
import time
from pathlib import Path

import nbformat
import pytest
from execute import execute
from isolation import ROOT, can_isolate, environment, isolated
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade

from helpers.errors import CourseError

shut_in = pytest.mark.skipif(not can_isolate(), reason="bubblewrap is not installed, or not allowed here")


def run(tmp_path, *sources, **limits):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    (tmp_path / "own").mkdir()
    stopped = execute(notebook, tmp_path / "own", secret=[tmp_path / "secret"], **limits)
    return notebook.cells, stopped


def graded(tmp_path, answer, test, **limits):
    """(points, the check, why the run was stopped) for an answer whose check is worth 2 points."""
    metadata = {"grade": True, "solution": False, "locked": True, "points": 2, "grade_id": "a-check"}
    check = new_code_cell(test, metadata={"nbgrader": metadata})
    (tmp_path / "own").mkdir()
    stopped = execute(new_notebook(cells=[new_code_cell(answer), check]), tmp_path / "own", **limits)
    return determine_grade(check)[0], check, stopped


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def error(cell):
    return next((output for output in cell.outputs if output.output_type == "error"), None)


def test_an_error_and_an_endless_loop_do_not_stop_the_rest(tmp_path):
    cells, stopped = run(tmp_path, "1 / 0", "while True: pass", "print('after')", cell_seconds=3)
    assert error(cells[0]).ename == "ZeroDivisionError"
    assert error(cells[1]).evalue == "This cell took more than 3 s and was stopped."
    assert printed(cells[2]) == "after\n" and stopped == ""


def test_a_loop_that_will_not_be_interrupted_ends_at_the_limit_for_all(tmp_path):
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    cells, stopped = run(tmp_path, stubborn, "print('after')", cell_seconds=1, total_seconds=6)
    assert stopped == "it ran for more than 6 s and was stopped" and printed(cells[1]) == ""


def test_a_check_that_was_not_reached_earns_nothing(tmp_path):
    points, check, stopped = graded(tmp_path, "import os; os.kill(os.getpid(), 9)", "pass")
    assert points == 0 and stopped.startswith("its kernel died")
    assert error(check).evalue == f"This check was not reached: {stopped}."


STUBBORN = """while True:
        try:
            time.sleep(100)
        except KeyboardInterrupt:
            pass"""


@pytest.mark.parametrize(
    "deed, reason",
    [
        ("print('x' * 40_000_000)", "it printed more than 20 MiB and was stopped"),
        ("time.sleep(1); os._exit(0)", "its kernel died; it may have asked for more memory than it was given"),
        (STUBBORN, "it ran for more than 15 s and was stopped"),
    ],
)
def test_a_check_that_was_stopped_earns_nothing(tmp_path, deed, reason):
    answer = f"import os, time\ndef double(number):\n    {deed}\n    return 7"
    points, check, stopped = graded(tmp_path, answer, "assert double(2) == 4", cell_seconds=60, total_seconds=15)
    assert points == 0 and stopped == reason
    assert error(check).evalue == f"This check was not finished: {reason}."


def test_errors_count_also_where_they_are_not_shown(tmp_path):
    hide = "get_ipython().showtraceback = lambda *args, **kwargs: None"
    points, check, _ = graded(tmp_path, hide, "assert 2 == 4, 'It should be 4.'")
    assert points == 0 and error(check).evalue == "It should be 4."


def test_the_error_of_a_check_does_not_quote_it(tmp_path):
    _, check, _ = graded(tmp_path, "number = 7", "expected = 5  # hidden\nassert number == expected, 'It should be 5.'")
    assert error(check).traceback == ["AssertionError: It should be 5."]


def test_a_flood_of_output_is_stopped(tmp_path):
    cells, stopped = run(tmp_path, "while True: print('x' * 1_000_000)", cell_seconds=60)
    assert stopped == "it printed more than 20 MiB and was stopped"
    assert len(nbformat.writes(new_notebook(cells=cells))) < 30 * 2**20


def test_it_ends_soon_when_the_grader_is_interrupted(tmp_path):
    interrupted, begun = threading.Event(), tmp_path / "own" / "begun"

    def interrupt():
        while not begun.exists():
            time.sleep(0.1)
        interrupted.set()

    threading.Thread(target=interrupt, daemon=True).start()
    source = "import time; open('begun', 'w').close(); time.sleep(500)"
    _, stopped = run(tmp_path, source, cell_seconds=500, interrupted=interrupted)
    assert begun.exists() and stopped == "the grading was interrupted"


def test_it_ends_also_when_interrupted_before_the_kernel_is_there(tmp_path):
    interrupted = threading.Event()
    interrupted.set()
    _, stopped = run(tmp_path, "while True: pass", cell_seconds=500, interrupted=interrupted)
    assert stopped == "the grading was interrupted"


@pytest.mark.skipif(os.name != "posix", reason="limits of memory are the system's")
def test_a_kernel_that_does_not_start_costs_no_points(tmp_path, monkeypatch):
    monkeypatch.setattr("isolation.MEMORY", 2**20)  # too little for Python itself
    with pytest.raises(CourseError, match="no kernel could be started"):
        run(tmp_path, "pass")


@pytest.mark.skipif(os.name != "posix", reason="limits of memory are the system's")
def test_too_much_memory_is_an_error_of_the_cell(tmp_path):
    cells, stopped = run(tmp_path, "x = bytearray(8 * 2**30)", "print('after')")
    assert error(cells[0]).ename == "MemoryError" and printed(cells[1]) == "after\n" and stopped == ""


def test_warnings_of_a_check_cost_no_points(tmp_path):
    check = new_code_cell("import sys; print('careful', file=sys.stderr)", metadata={"nbgrader": {"grade": True}})
    (tmp_path / "own").mkdir()
    execute(new_notebook(cells=[check]), tmp_path / "own")
    assert check.outputs == []


def test_keys_of_the_grader_are_not_passed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "not-for-you")
    assert "not-for-you" not in environment(tmp_path).values()
    cells, _ = run(
        tmp_path, "import os; print(os.environ.get('SPOTIPY_CLIENT_SECRET'), os.environ['COVERGAN_PROFILE'])"
    )
    assert printed(cells[0]) == "None smoke\n"


@shut_in
def test_it_writes_in_its_folder_and_nowhere_else(tmp_path):
    own = run(tmp_path, "open('mine', 'w').write('x')")[0]
    assert error(own[0]) is None and (tmp_path / "own" / "mine").exists()
    (tmp_path / "own").rename(tmp_path / "before")
    for place in (ROOT / "helpers" / "checks.py", ROOT / "grading" / "new", tmp_path / "secret" / "grades.csv"):
        cells, _ = run(tmp_path, f"open({str(place)!r}, 'a')")
        assert error(cells[0]).ename in ("OSError", "FileNotFoundError"), place
        (tmp_path / "own").rename(tmp_path / f"after-{place.name}")


@shut_in
def test_it_sees_neither_tests_nor_others(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "other.ipynb").write_text("another student's work")
    places = [str(ROOT / name) for name in ("grading", "tests", "notebooks/source", "notebooks/solutions")]
    places += [str(tmp_path / "secret")]
    cells, _ = run(tmp_path, f"import os; print([os.listdir(place) for place in {places}])")
    assert printed(cells[0]) == "[[], [], [], [], []]\n"


@shut_in
def test_it_has_no_privileges_to_uncover_what_is_hidden(tmp_path):
    cells, _ = run(tmp_path, "print([line for line in open('/proc/self/status') if line.startswith('CapEff')])")
    assert "0000000000000000" in printed(cells[0])


@shut_in
def test_it_sees_no_sockets_of_the_systems_services(tmp_path):
    cells, _ = run(tmp_path, "import os; print(os.listdir('/run'))")
    assert printed(cells[0]) == "[]\n"


def test_only_absolute_folders_are_hidden(tmp_path):
    with pytest.raises(ValueError, match="submissions is not absolute"):
        isolated(["true"], [tmp_path], [Path("submissions")])


@shut_in
def test_it_reaches_no_network_but_its_own(tmp_path):
    own = """import http.server, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}").status)"""
    outside = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=3)"  # an address for documentation
    cells, _ = run(tmp_path, own, outside)
    assert printed(cells[0]).startswith("200\n") and "unreachable" in error(cells[1]).evalue
