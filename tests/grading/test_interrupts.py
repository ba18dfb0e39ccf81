"""Ctrl-C at any time: the run ends, and a later one ends well."""

import os
import signal
import subprocess
import sys
import time

import pytest
from classroom import again, hand_in, table
from grade import Grading

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have no such signals")


# Grades the class of two; is interrupted as soon as nbgrader changes the directory, or when the test sends a signal.
INTERRUPTED = """
import signal, sys
from pathlib import Path
course, folder, members, when = sys.argv[1:5]
sys.path[:0] = sys.argv[5:]
from grade import Grading
from gradebook import Class
from reference import Course, references
signal.signal(signal.SIGINT, signal.default_int_handler)
grading = Grading(Path(folder), Class(Path(members)), references(Course(Path(course)), Path("none")))
if when == "nbgrader":
    sys.addaudithook(lambda event, _: signal.raise_signal(signal.SIGINT) if event == "os.chdir" else None)
grading.run()
"""


def interrupted(grading: Grading, when: str) -> subprocess.Popen:
    """Another process that grades the same folder, and is to be interrupted."""
    places = (grading.folder.with_name("course"), grading.folder, grading.members.folder)
    return subprocess.Popen([sys.executable, "-c", INTERRUPTED, *map(str, places), when, *sys.path])


def test_an_interrupt_while_nbgrader_works_ends_the_run(class_of_two):
    class_of_two.run()
    tables = class_of_two.members.folder.glob("*.csv")
    before = {path: path.read_bytes() for path in tables}
    assert interrupted(class_of_two, "nbgrader").wait(timeout=120) == -signal.SIGINT
    assert len(before) == 3 and all(path.read_bytes() == content for path, content in before.items())
    assert all(not found.refused for found in again(class_of_two).submissions if found.student != "grace")


def test_an_interrupt_while_submissions_run_ends_them_and_a_later_run_goes_on(class_of_two):
    slow = "open('begun', 'w').close()\nimport time\ntime.sleep(1000)"
    hand_in(class_of_two, "ada", "predict_next", slow)
    process = interrupted(class_of_two, "later")
    begun = class_of_two.members.folder / "running" / "ada" / "00_counting" / "begun"
    while process.poll() is None and not begun.exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == -signal.SIGINT
    assert not (class_of_two.members.folder / "grades.csv").exists()
    hand_in(class_of_two, "ada", "predict_next", "prediction = 3")
    again(class_of_two)
    grades = {row["student"]: row for row in table(class_of_two.members.folder / "grades.csv")}
    assert grades["ada"]["total (of 7)"] == "3"
