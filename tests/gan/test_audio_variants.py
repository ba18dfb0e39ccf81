"""The variants that benchmarks/audio_recipes.py compares: each trains, and differs from the default as it says."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny
from keras import ops

from helpers.gan import audio
from helpers.gan.audio_features import AudioFeatures

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = "default weight_0.1 no_jitter projection projection_and_head fakes_too shuffled_labels".split()


@pytest.fixture(scope="module")
def variants():
    spec = importlib.util.spec_from_file_location("audio_variants", BENCHMARKS / "audio_variants.py")
    module = sys.modules["audio_variants"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["audio_variants"]


@pytest.fixture(scope="module")
def features(covers):
    return AudioFeatures.of(covers)


def test_these_are_all_recipes(variants):
    assert list(variants.RECIPES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_trains_all_its_weights(variants, covers, features, name):
    gan = variants.RECIPES[name].build(16, 4, features)
    before = [ops.convert_to_numpy(variable) for variable in gan.trainable_variables]
    gan.fit(covers, 2, tiny.BATCH, verbose=0)
    moved = [
        not np.array_equal(ops.convert_to_numpy(variable), old)
        for variable, old in zip(gan.trainable_variables, before, strict=True)
    ]
    # With no weight on its loss the projection's head of features learns nothing: kernel and bias.
    assert moved.count(False) == (2 if name == "projection" else 0)


def test_the_default_is_that_of_the_course(variants, covers, features):
    ours = variants.RECIPES["default"].build(16, 4, features, seed=3)
    theirs = audio.build(image_size=16, width=4, seed=3, features=features.settings)
    for gan in (ours, theirs):
        gan.fit(covers, 2, tiny.BATCH, verbose=0)
    assert tiny.same(tiny.all_weights(ours), tiny.all_weights(theirs))


def test_shuffled_labels_are_those_of_other_covers(variants, covers, features):
    shuffled, own = (
        variants.RECIPES[name].build(16, 4, features).targets(covers)["conditions"]
        for name in ("shuffled_labels", "default")
    )
    assert (shuffled != own).any(axis=1).mean() > 0.8
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(own, axis=0))


def test_projection_prefers_covers_that_fit_their_label(variants, features):
    """The logit is that of the cover, plus label times what the head reads."""
    gan = variants.RECIPES["projection"].build(16, 4, features)
    heads = {"logits": np.zeros((2, 1), "float32"), "features": np.zeros((2, 2), "float32")}
    heads["projection"] = np.array([[3.0, 0.0], [-3.0, 0.0]], "float32")
    batch = {"conditions": np.array([[1.0, 0.0, 1.0, 1.0]] * 2, "float32"), "jitter": np.zeros((2, 2), "float32")}
    batch |= {"real_labels": 1.0, "fake_labels": 0.0}
    d_loss, g_loss = gan.adversarial_loss(heads, heads, {k: ops.convert_to_tensor(v) for k, v in batch.items()})
    fits, does_not = np.log1p(np.exp(-3)), np.log1p(np.exp(3))
    assert float(g_loss) == pytest.approx((fits + does_not) / 2, rel=1e-5)
    assert float(d_loss) == pytest.approx(fits + does_not, rel=1e-5)
