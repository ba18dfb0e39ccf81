"""The reader of PyTorch weights files: right values from good files, one clear sentence for all others."""

import io
import os
import pickle
import struct
import sys
import types

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.errors import CourseError
from helpers.metrics import torch_file
from helpers.metrics.torch_file import read_state_dict

HEAD = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})


@pytest.fixture
def torch_names(monkeypatch):
    """A stand-in `torch` with just the names that `pickle` must find in order to write them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2(*_):
        raise AssertionError("only written, never called")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2, torch._utils = _rebuild_tensor_v2, utils
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


class Tensor:
    """What `torch.save` would write for a view of a flat array."""

    def __init__(self, torch, values, offset, shape, strides, storage=None):
        kind = torch.LongStorage if values.dtype == np.int64 else torch.FloatStorage
        self.rebuild = torch._utils._rebuild_tensor_v2
        self.storage = storage or Storage(kind, str(id(values)), values.size)
        self.rest = (offset, shape, strides, False, {})

    def __reduce__(self):
        return self.rebuild, (self.storage, *self.rest)


class Storage:
    def __init__(self, kind, key, size):
        self.pid = ("storage", kind, key, "cpu", size, None)


def handmade_file(tensors, arrays):
    """The bytes of a legacy file with these tensors over these (storage, array) pairs."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return thing.pid if isinstance(thing, Storage) else None

    stream = io.BytesIO()
    keys = [storage.pid[2] for storage, _ in arrays]
    for part in (*HEAD, tensors, keys):
        Pickler(stream, protocol=2).dump(part)
    for _, array in arrays:
        stream.write(struct.pack("<q", array.size) + array.tobytes())
    return stream.getvalue()


@pytest.fixture
def small_file(torch_names):
    """A file with a plain, a transposed, a shifted and an integer tensor; and what they must read as."""
    values, counts = np.arange(24, dtype=np.float32) / 7, np.array([41], np.int64)
    plain = Tensor(torch_names, values, 0, (4, 6), (6, 1))
    transposed = Tensor(torch_names, values, 0, (6, 4), (1, 6), plain.storage)
    shifted = Tensor(torch_names, values, 5, (2, 3), (6, 2), plain.storage)
    count = Tensor(torch_names, counts, 0, (), ())
    content = handmade_file(
        {"plain": plain, "transposed": transposed, "shifted": shifted, "count": count},
        [(plain.storage, values), (count.storage, counts)],
    )
    grid = values.reshape(4, 6)
    shifted_values = np.array([[5, 7, 9], [11, 13, 15]], np.float32) / 7
    return content, {"plain": grid, "transposed": grid.T, "shifted": shifted_values, "count": np.array(41)}


def read(content, folder):
    path = folder / "handmade_weights.pth"
    path.write_bytes(content)
    return read_state_dict(path)


def test_tensors_keep_their_values_shapes_and_dtypes(small_file, tmp_path):
    content, expected = small_file
    tensors = read(content, tmp_path)
    assert list(tensors) == list(expected)
    for name, array in tensors.items():
        np.testing.assert_array_equal(array, expected[name], strict=True)
        assert array.flags.c_contiguous and array.flags.writeable


@pytest.mark.parametrize("function", [os.system, eval, getattr, pickle.loads, np.load], ids=lambda f: f.__name__)
def test_a_file_that_names_a_function_is_refused_and_nothing_is_called(function, tmp_path):
    class Evil:
        def __reduce__(self):
            return function, (f"touch {tmp_path / 'called'}",)

    content = b"".join(pickle.dumps(part, protocol=2) for part in (*HEAD, {"weight": Evil()}, []))
    with pytest.raises(CourseError, match=function.__name__):
        read(content, tmp_path)
    assert not (tmp_path / "called").exists()


def test_code_hidden_in_the_first_part_is_refused_too(tmp_path):
    with pytest.raises(CourseError, match="system"):
        read(b"cposix\nsystem\n(S'true'\ntR.", tmp_path)


def test_every_truncation_is_reported(small_file, tmp_path):
    content, _ = small_file
    for length in range(0, len(content), 7):
        with pytest.raises(CourseError, match="not an intact"):
            read(content[:length], tmp_path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_gives_other_numbers_or_a_course_error_and_never_anything_else(small_file, tmp_path, data):
    content = bytearray(small_file[0])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        tensors = read(bytes(content), tmp_path)
    except CourseError:
        return
    assert all(array.size <= 24 for array in tensors.values())


@pytest.mark.parametrize(
    "offset, shape, strides",
    [
        (0, (5, 6), (6, 1)),
        (20, (4, 6), (6, 1)),
        (0, (4, 6), (6, 2)),
        (-1, (4, 6), (6, 1)),
        (23, (2,), (-1,)),
        (0, (10**6, 10**6), (0, 0)),
        (0, (4, 6), (6,)),
        (0, (0,), (1,)),
        (0, ("4",), (1,)),
    ],
)
def test_a_tensor_that_does_not_fit_its_values_is_refused(torch_names, tmp_path, offset, shape, strides):
    values = np.arange(24, dtype=np.float32)
    tensor = Tensor(torch_names, values, offset, shape, strides)
    with pytest.raises(CourseError, match="not an intact"):
        read(handmade_file({"weight": tensor}, [(tensor.storage, values)]), tmp_path)


def test_a_pickle_cannot_make_the_reader_reserve_gigabytes(tmp_path):
    with pytest.raises(CourseError, match="numbers its parts too high"):
        read(b"\x80\x02Nr" + (2**31).to_bytes(4, "little") + b".", tmp_path)


def test_a_file_over_the_limit_is_refused(small_file, tmp_path, monkeypatch):
    monkeypatch.setattr(torch_file, "MAX_BYTES", len(small_file[0]) - 1)
    with pytest.raises(CourseError, match="larger than"):
        read(small_file[0], tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a newer, zipped file", b"<html>not found</html>"])
def test_other_files_are_refused(content, tmp_path):
    with pytest.raises(CourseError, match="not an intact PyTorch weights file"):
        read(content, tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CourseError, match="missing.pth"):
        read_state_dict(tmp_path / "missing.pth")
