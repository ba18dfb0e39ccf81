"""What every test file shares."""

import os
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
