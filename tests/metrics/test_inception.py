"""InceptionV3. Its weights must be downloaded, so these tests give it others, in a file as Keras would fetch it."""

import random

import keras
import numpy as np
import pytest
import skimage.data
from PIL import Image

from helpers.errors import CourseError
from helpers.metrics import inception
from helpers.metrics.features import extract

PHOTOGRAPHS = np.stack([skimage.data.astronaut()[:64, 200:264], skimage.data.chelsea()[:64, 100:164]])


@pytest.fixture(scope="module")
def random_inception(tmp_path_factory):
    """InceptionV3 as keras.applications builds it, with random weights, and the file that holds them."""
    model = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg", input_shape=(299, 299, 3))
    path = tmp_path_factory.mktemp("inception") / "random.weights.h5"
    model.save_weights(path)
    return model, path


@pytest.fixture
def inception_with_random_weights(random_inception, monkeypatch):
    model, path = random_inception
    monkeypatch.setattr(inception, "_weights_file", lambda: str(path))
    inception.network.cache_clear()
    yield model
    inception.network.cache_clear()


def test_inception_sees_what_its_authors_showed_it(inception_with_random_weights):
    """299 px, from -1 to 1; in float32 whatever the program uses; and nothing else is disturbed."""
    images = PHOTOGRAPHS
    resized = [np.asarray(Image.fromarray(x).resize((299, 299), Image.Resampling.BICUBIC)) for x in images]
    scaled = keras.applications.inception_v3.preprocess_input(np.stack(resized).astype(np.float32))
    expected = inception_with_random_weights.predict(scaled, verbose=0)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    random.seed(3)
    try:
        actual = extract(images, batch_size=2, extractor="inception")
        assert keras.config.dtype_policy().name == "mixed_float16"
    finally:
        keras.config.set_dtype_policy(policy)
    assert random.random() == random.Random(3).random()
    assert actual.dtype == np.float32 and actual.shape == (2, 2048)
    assert actual.std() > 0
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_without_inceptions_weights_and_network_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(inception, "FILE", "no_such_weights_anywhere.h5")
    monkeypatch.setattr(inception, "URL", "http://127.0.0.1:9/no_such_weights_anywhere.h5")
    inception.network.cache_clear()
    with pytest.raises(CourseError, match="go online once, or use lite0"):
        extract(PHOTOGRAPHS, extractor="inception")
