"""What every test file shares."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no defect; and the same examples in every run, so that a failure is always one of the change.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the first import of TensorFlow, which is talkative


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real covers that COVERGAN_REAL_DATA names; the test is skipped where there is none."""
    folder = os.environ.get("COVERGAN_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("COVERGAN_REAL_DATA does not name a folder of real covers")
    return Path(folder)


@pytest.fixture
def covergan(monkeypatch, capfd):
    """Run the command in this process: covergan("synth", …) -> (exit code, stdout, stderr)."""
    from helpers.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["covergan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capfd.readouterr()
        return stop.value.code, out, err

    return run


@pytest.fixture
def refused(covergan):
    """Run a command that must fail: exit code 2, and one sentence on stderr, which is returned."""

    def run(*arguments):
        code, _, err = covergan(*arguments)
        assert code == 2
        (line,) = [line for line in err.splitlines() if line.startswith("covergan: ")]
        assert "Traceback" not in err
        assert line.endswith(".") and "Value error" not in line and "Input should" not in line
        return line

    return run


def pytest_collection_modifyitems(items):
    """Put the longest file first, so that workers side by side end at about the same time."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/site/"))
