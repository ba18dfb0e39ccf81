"""Fixtures of the engine's tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def covers(tmp_path_factory):
    """Forty covers of 16 px."""
    import tiny

    return tiny.make_covers(tmp_path_factory.mktemp("covers") / "set")


@pytest.fixture(scope="session")
def start():
    """start(script, *arguments, backend="tensorflow") -> Popen of another Python that runs a script of this folder."""

    def start(script, *arguments, backend="tensorflow"):
        path = os.pathsep.join([str(FOLDER), str(FOLDER.parents[1])])
        environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"}
        environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "true"  # compiles in half the time
        environment |= {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, str(FOLDER / script), *map(str, arguments)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    return start


@pytest.fixture(scope="session")
def finish():
    """finish(process) waits for it, and fails the test with what it said unless it ended with `code`."""

    def finish(process, code=0):
        said, _ = process.communicate()
        assert process.returncode == code, said[-4000:]

    return finish


@pytest.fixture(scope="session")
def both(covers, start, finish, tmp_path_factory):
    """What both_backends.py found: {"tensorflow": folder, "jax": folder}."""
    import numpy as np
    import tiny

    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    # No bias is zero: where cutout leaves nothing but the bias, the backends disagree on leaky ReLU's slope at 0.
    weights = [value + rng.uniform(0.01, 0.1, value.shape).astype(value.dtype) for value in tiny.build().get_weights()]
    folders = {backend: tmp_path_factory.mktemp(backend) for backend in ("tensorflow", "jax")}
    for folder in folders.values():
        np.savez(folder / "weights.npz", **{str(k): value for k, value in enumerate(weights)})
    processes = [start("both_backends.py", covers.path, folder, backend=name) for name, folder in folders.items()]
    for process in processes:
        finish(process)
    return folders
