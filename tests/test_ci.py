"""What CI relies on: .ci/run gets what the tests want, and says when it cannot; the workflow stops no training."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))

# Ubuntu's chromium is a snap, and no deb: the whole command fails, whatever else it was to install.
APT_GET = """#!/bin/sh
case "$*" in *chromium*) exit 100;; *bubblewrap*) ln -s "$(command -v true)" "$(dirname "$0")/bwrap";; esac
"""
needs_posix = pytest.mark.skipif(os.name != "posix", reason="make and sh")


@pytest.fixture
def machine(tmp_path):
    """A folder with .ci/run and a `make test` that passes, and one with all the commands there are: root's, but few."""
    course, commands = tmp_path / "course", tmp_path / "commands"
    (course / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", course / ".ci")
    (course / "Makefile").write_text("test:\n\t@echo tested\n")
    commands.mkdir()
    for name in ("bash", "dirname", "echo", "ln", "make", "sh", "true"):
        (commands / name).symlink_to(shutil.which(name))
    write_command(commands / "id", "#!/bin/sh\necho 0\n")
    write_command(commands / "apt-get", APT_GET)
    return course, commands


def write_command(path, text):
    path.write_text(text)
    path.chmod(0o755)


def run_ci(machine, **variables):
    course, commands = machine
    command = [commands / "bash", course / ".ci" / "run"]
    return subprocess.run(command, env={"PATH": str(commands), **variables}, capture_output=True, text=True)


@needs_posix
def test_a_package_that_is_not_there_keeps_no_other_out(machine):
    done = run_ci(machine)
    assert (machine[1] / "bwrap").exists()
    assert done.returncode == 0 and done.stderr == ""
    said, tested = done.stdout.splitlines()
    assert "work: chromium; the tests that need it are skipped." in said and tested == "tested"


@needs_posix
def test_where_everything_is_required_nothing_is_skipped_in_silence(machine):
    done = run_ci(machine, COVERGAN_REQUIRE="1")
    assert done.returncode == 1 and "tested" not in done.stdout
    assert done.stderr.endswith("work: chromium; install what is missing, or unset COVERGAN_REQUIRE.\n")
    write_command(machine[1] / "google-chrome", "#!/bin/sh\n")
    done = run_ci(machine, COVERGAN_REQUIRE="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "tested\n", "")


@needs_posix
def test_a_sandbox_that_is_not_allowed_to_work_counts_as_missing(machine):
    write_command(machine[1] / "google-chrome", "#!/bin/sh\n")
    write_command(machine[1] / "bwrap", "#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    done = run_ci(machine, COVERGAN_REQUIRE="1")
    assert done.returncode == 1 and "work: bubblewrap; install" in done.stderr and "uid map" not in done.stderr


def test_a_push_does_not_end_what_was_started_by_hand():
    concurrency = WORKFLOW["concurrency"]
    assert "github.event_name" in concurrency["group"]
    assert concurrency["cancel-in-progress"] == "${{ github.event_name != 'workflow_dispatch' }}"


def test_the_tests_of_the_workflow_require_everything():
    (run,) = [step for step in WORKFLOW["jobs"]["test"]["steps"] if step.get("run") == ".ci/run"]
    assert run["env"]["COVERGAN_REQUIRE"] == "1"


def test_the_kept_pages_have_their_pictures():
    (upload,) = [step for step in WORKFLOW["jobs"]["gpu"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["with"]["path"].split() == ["build/course/*.html", "build/course/images"]  # see tools/course_page.py
