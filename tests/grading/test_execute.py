"""Submissions in kernels of their own: limits of time, output and memory, and walls where the system has any."""

import os
import threading

import nbformat
import pytest
from execute import execute
from isolation import ROOT, can_isolate, environment
from nbformat.v4 import new_code_cell, new_notebook

shut_in = pytest.mark.skipif(not can_isolate(), reason="bubblewrap is not installed, or not allowed here")


def run(tmp_path, *sources, **limits):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    (tmp_path / "own").mkdir()
    stopped = execute(notebook, tmp_path / "own", secret=[tmp_path / "secret"], **limits)
    return notebook.cells, stopped


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
    check = new_code_cell("pass", metadata={"nbgrader": {"grade": True, "points": 2, "grade_id": "a-check"}})
    notebook = new_notebook(cells=[new_code_cell("import os; os.kill(os.getpid(), 9)"), check])
    (tmp_path / "own").mkdir()
    stopped = execute(notebook, tmp_path / "own")
    assert stopped.startswith("its kernel died")
    assert error(check).ename == "NotRun"


def test_a_flood_of_output_is_stopped(tmp_path):
    cells, stopped = run(tmp_path, "while True: print('x' * 1_000_000)", cell_seconds=60)
    assert stopped == "it printed more than 20 MiB and was stopped"
    assert len(nbformat.writes(new_notebook(cells=cells))) < 30 * 2**20


def test_it_ends_soon_when_the_grader_is_interrupted(tmp_path):
    interrupted = threading.Event()
    threading.Timer(4, interrupted.set).start()
    _, stopped = run(tmp_path, "import time; time.sleep(500)", cell_seconds=500, interrupted=interrupted)
    assert stopped


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
def test_it_reaches_no_network_but_its_own(tmp_path):
    own = """import http.server, threading, urllib.request
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}").status)"""
    outside = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=3)"  # an address for documentation
    cells, _ = run(tmp_path, own, outside)
    assert printed(cells[0]).startswith("200\n") and "unreachable" in error(cells[1]).evalue
