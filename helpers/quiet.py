"""Silence for libraries that talk where no setting reaches."""

import os
import sys
from contextlib import contextmanager


@contextmanager
def quiet():
    """Send what the process writes to stderr nowhere, also from C++: TensorFlow greets when it is imported."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
