"""Read the tensors of a PyTorch weights file without PyTorch, and without running code that the file names.

Before version 1.6, `torch.save` wrote five pickles in a row (a magic number, the protocol, facts about the machine, the
tensors by name, the keys of their storages), then the storages: each an int64 count and so many little-endian numbers.
A pickle can name any Python function and have it called. This reader knows the few names such a file needs and refuses
every other (https://docs.python.org/3/library/pickle.html#restricting-globals).
"""

import io
import math
import os
import pickle
import pickletools
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from helpers.errors import CourseError

MAX_BYTES = 64 * 2**20
MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {"HalfStorage": "<f2", "FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8"}


def read_state_dict(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The tensors by name, each an array of its own shape and dtype.

    Raises:
        CourseError: if the file cannot be read, is larger than 64 MiB, is damaged or no such file, or names anything
            but tensors.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CourseError(f"Cannot read {path} ({error.strerror}); pass a PyTorch weights file.") from error
    if len(content) > MAX_BYTES:
        raise CourseError(f"{path} is larger than {MAX_BYTES // 2**20} MiB; pass the weights of a smaller network.")
    stream = io.BytesIO(content)
    try:
        magic, _protocol, _machine, tensors, keys = (_unpickle(stream) for _ in range(5))
        if magic != MAGIC:
            raise ValueError("it begins with another number")
        storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        values = {key: _read_values(stream, storages[key]) for key in keys}
        return {name: tensor.array(values[tensor.storage.key]) for name, tensor in tensors.items()}
    except Exception as error:  # a damaged pickle can fail in any way at all
        raise CourseError(f"{path} is not an intact PyTorch weights file of the legacy format: {error}.") from error


@dataclass(frozen=True)
class _Storage:
    """A flat array that stands further down in the file."""

    key: str
    dtype: np.dtype
    size: int


@dataclass(frozen=True)
class _Tensor:
    """A strided view of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self, values: np.ndarray) -> np.ndarray:
        """The tensor as an array of its own, out of the values of its storage."""
        if not all(isinstance(n, int) and n >= 0 for n in (self.offset, *self.shape, *self.strides)):
            raise ValueError("a tensor's shape is senseless")
        last = self.offset + sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True))
        if 0 in self.shape or last >= values.size or math.prod(self.shape) > values.size:
            raise ValueError("a tensor is empty or larger than its values")
        strides = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, strides, writeable=False).copy()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in DTYPES:
            return np.dtype(DTYPES[name])
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which weights do not need")

    def persistent_load(self, pid):
        kind, dtype, key, _device, size, view = pid
        if kind != "storage" or view is not None or not isinstance(dtype, np.dtype) or not isinstance(size, int):
            raise pickle.UnpicklingError("it holds storages of an unknown kind")
        return _Storage(key, dtype, size)


def _rebuild_tensor(storage, offset, shape, strides, _requires_grad, _hooks):
    return _Tensor(storage, offset, shape, strides)


def _unpickle(stream: io.BytesIO):
    """The next pickle of the stream."""
    start = stream.tell()
    for opcode, argument, _ in pickletools.genops(stream):
        # The unpickler makes room for every number up to this one: a damaged byte could ask for gigabytes.
        if opcode.name.endswith("PUT") and argument > len(stream.getbuffer()):
            raise pickle.UnpicklingError("it numbers its parts too high")
    stream.seek(start)
    return _Unpickler(stream).load()


def _read_values(stream: io.BytesIO, storage: _Storage) -> np.ndarray:
    size = int.from_bytes(stream.read(8), "little")
    content = stream.read(size * storage.dtype.itemsize)
    if size != storage.size or len(content) != size * storage.dtype.itemsize:
        raise ValueError("it is cut short")
    return np.frombuffer(content, storage.dtype)
