"""Checkpoints: everything a run needs to go on, as one `.npz` file.

Not Keras' own `.weights.h5`: HDF5 ends the process with a segmentation fault when the disk is full, and Keras passes
over an optimizer whose state does not fit with a warning. Here the arrays have checksums, and all of them fit or none
is loaded.
"""

import os

import numpy as np
from keras import ops

from helpers.errors import CourseError

LOSS_SCALE = "loss_scale"


def save(gan, path: str | os.PathLike) -> None:
    """Write all weights of a compiled `GAN`, both optimizers and the step."""
    with open(path, "wb") as file:
        np.savez(file, **{name: ops.convert_to_numpy(variable) for name, variable in _state(gan).items()})


def load(gan, path: str | os.PathLike) -> None:
    """Inverse of `save`; the model stays as it is when that fails.

    A run may go on in another precision: only float16 scales losses, and where that state is missing it starts afresh.

    Raises:
        CourseError: if the file is missing, damaged, or of another architecture.
    """
    try:
        with np.load(path) as file:
            saved = dict(file)
    except FileNotFoundError as error:
        raise CourseError(f"There is no checkpoint {path}.") from error
    except Exception as error:  # zipfile and NumPy have a dozen ways to say it
        raise CourseError(f"{path} is damaged or no checkpoint; use a new folder.") from error
    state = _state(gan)
    names = {name for name in {*state, *saved} if not name.startswith(LOSS_SCALE)}
    if any(name not in state or name not in saved or state[name].shape != saved[name].shape for name in names):
        raise CourseError(f"{path} is a checkpoint of another architecture; use a new folder.")
    for name in state.keys() & saved.keys():
        state[name].assign(saved[name])


def _state(gan) -> dict:
    """Every variable under a name that says its place: Keras' own names depend on what was built before."""
    groups = {"model": gan.variables}
    for network, optimizer in ("g", gan.optimizer.g_optimizer), ("d", gan.optimizer.d_optimizer):
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        own = [variable for variable in optimizer.variables if all(variable is not other for other in inner.variables)]
        groups |= {f"{network}_optimizer": inner.variables, f"{LOSS_SCALE}_{network}": own}
    return {f"{group}_{k}": variable for group, variables in groups.items() for k, variable in enumerate(variables)}
