"""Sliced Wasserstein distance: the pyramid against OpenCV's rules, the distance against SciPy's, known answers."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from scipy.stats import wasserstein_distance

from helpers.errors import CourseError
from helpers.metrics import sliced_wasserstein as module
from helpers.metrics.sliced_wasserstein import laplacian_pyramid, level_sizes, sliced_wasserstein


def pictures(n, size, seed):
    """Smooth random pictures, uint8 [n, size, size, 3]."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (n, 5, 5, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(x).resize((size, size), Image.Resampling.BICUBIC)) for x in coarse])


def test_the_levels_are_halves_down_to_16_pixels():
    assert level_sizes(64) == [64, 32, 16]
    assert level_sizes(16) == [16] and level_sizes(31) == [31] and level_sizes(100) == [100, 50, 25]


def blur_by_hand(image):
    """5 x 5 binomial blur of one channel, mirrored at the border without repeating it, by a loop over the kernel."""
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    padded = np.pad(image, 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return np.einsum("hwij,ij->hw", windows, kernel)


@pytest.mark.parametrize("size", [32, 50])
def test_a_level_is_what_halving_loses_and_adding_up_gives_the_image_back(size):
    images = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)
    *fine, coarse = laplacian_pyramid(images)
    assert [level.shape[1] for level in (*fine, coarse)] == level_sizes(size)
    half = blur_by_hand(images[0, :, :, 1].astype(float))[::2, ::2]
    back = np.zeros((size, size))
    back[::2, ::2] = half
    back = 4 * blur_by_hand(back)
    np.testing.assert_allclose(coarse[0, :, :, 1], half, atol=1e-3)
    np.testing.assert_allclose(fine[0][0, :, :, 1], images[0, :, :, 1] - back, atol=1e-3)


def test_a_picture_of_one_colour_is_all_in_the_coarsest_level():
    *fine, coarse = laplacian_pyramid(np.full((1, 64, 64, 3), 200, np.uint8))
    assert all(np.abs(level).max() < 1e-3 for level in fine)
    np.testing.assert_allclose(coarse, 200, atol=1e-3)


def test_the_distance_is_scipys_averaged_over_the_directions():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 6)).astype(np.float32), rng.normal(0.5, 2, (300, 6)).astype(np.float32)
    actual = module._distance(x, y, np.random.default_rng(5))
    lines = np.random.default_rng(5).standard_normal((module.DIRECTIONS, 6)).astype(np.float32)
    lines /= np.linalg.norm(lines, axis=1, keepdims=True)
    assert actual == pytest.approx(np.mean([wasserstein_distance(x @ line, y @ line) for line in lines]), rel=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.floats(-5, 5), st.integers(10, 300), st.integers(0, 2**31))
def test_in_one_dimension_a_shift_is_its_own_distance(shift, n, seed):
    x = np.random.default_rng(seed).normal(size=(n, 1)).astype(np.float32)
    assert module._distance(x, x + np.float32(shift), np.random.default_rng(0)) == pytest.approx(abs(shift), abs=1e-5)


def test_in_many_dimensions_a_shift_counts_as_on_average_over_the_directions():
    # |e . u| of a unit vector e and a random direction u is Γ(d/2) / (√π Γ((d+1)/2)) on average: in 3-D 1/2.
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    shifted = x + np.float32([0, 4, 0])
    distances = [module._distance(x, shifted, np.random.default_rng(seed)) for seed in range(20)]
    assert np.mean(distances) == pytest.approx(4 / 2, rel=0.02)


def test_the_same_set_is_at_no_distance():
    images = pictures(30, 32, 0)
    assert sliced_wasserstein(images, images) == {"value": 0, "levels": {32: 0, 16: 0}}


def test_a_shift_in_brightness_shows_in_the_coarse_level_alone_and_by_as_much_as_it_should():
    images = pictures(40, 64, 0) // 2
    brighter = images + np.uint8(40)
    levels = sliced_wasserstein(images, brighter)["levels"]
    assert levels[64] == pytest.approx(0, abs=1e-4) and levels[32] == pytest.approx(0, abs=1e-4)
    # All 147 numbers of a patch move by 40 / deviation; on a line through direction u by that times |sum of u|, which
    # is √147 · √(2 / (147 π)) = √(2 / π) of it on average. The thumbnails' deviation is that of the images, or less.
    deviation = laplacian_pyramid(images)[-1].std(axis=(0, 1, 2)).mean()
    assert levels[16] == pytest.approx(40 / deviation * np.sqrt(2 / np.pi), rel=0.2)


def test_each_kind_of_damage_is_found_at_its_level():
    images, others = pictures(150, 64, 0), pictures(150, 64, 1)
    rng = np.random.default_rng(2)
    blurred = np.stack([np.asarray(Image.fromarray(x).filter(ImageFilter.GaussianBlur(3))) for x in others])
    noisy = np.clip(others + rng.normal(0, 10, others.shape), 0, 255).astype(np.uint8)
    floor, blur, noise = (sliced_wasserstein(images, x) for x in (others, blurred, noisy))
    assert blur["value"] > 2 * floor["value"] and noise["value"] > 2 * floor["value"]
    assert noise["levels"][64] > 5 * noise["levels"][16]
    assert blur["levels"][64] > 2 * floor["levels"][64]


def test_shuffled_pieces_are_not_noticed_much():
    """What the module says it cannot see: large blocks of the covers in other places."""
    images, others = pictures(200, 64, 0), pictures(200, 64, 1)
    swapped = np.concatenate([others[:, 32:], others[:, :32]], axis=1)
    noise = np.random.default_rng(0).integers(0, 256, others.shape, np.uint8)
    floor, moved, far = (sliced_wasserstein(images, x)["value"] for x in (others, swapped, noise))
    assert moved - floor < 0.1 * (far - floor)


def test_it_is_a_function_of_the_seed_and_draws_from_the_larger_set():
    images, others = pictures(30, 32, 0), pictures(80, 32, 1)
    first = sliced_wasserstein(images, others, seed=1)
    assert sliced_wasserstein(images, others, seed=1) == first != sliced_wasserstein(images, others, seed=2)
    assert sliced_wasserstein(others, images, seed=1)["value"] == pytest.approx(first["value"], rel=0.5)


def test_covers_of_one_colour_give_numbers():
    black, grey = np.zeros((5, 16, 16, 3), np.uint8), np.full((5, 16, 16, 3), 9, np.uint8)
    assert sliced_wasserstein(black, black)["value"] == 0
    assert 0 < sliced_wasserstein(black, grey)["value"] < np.inf


def test_memory_does_not_grow_with_the_number_of_images():
    def peak(n):
        images = np.zeros((n, 32, 32, 3), np.uint8)
        tracemalloc.start()
        sliced_wasserstein(images, images)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(2000) < 1.2 * peak(500)


@pytest.mark.parametrize(
    "a, b, message",
    [
        (np.zeros((5, 32, 32, 3)), np.zeros((5, 32, 32, 3), np.uint8), "uint8 arrays"),
        (np.zeros((5, 32, 32), np.uint8), np.zeros((5, 32, 32, 3), np.uint8), "uint8 arrays"),
        (np.zeros((5, 32, 32, 3), np.uint8), np.zeros((0, 32, 32, 3), np.uint8), "N at least 1"),
        (np.zeros((5, 32, 32, 3), np.uint8), np.zeros((5, 64, 64, 3), np.uint8), "of one size"),
        (np.zeros((5, 32, 24, 3), np.uint8), np.zeros((5, 32, 24, 3), np.uint8), "square"),
        (np.zeros((5, 6, 6, 3), np.uint8), np.zeros((5, 6, 6, 3), np.uint8), "7 pixels or more"),
    ],
)
def test_unusable_images_are_refused(a, b, message):
    with pytest.raises(CourseError, match=message):
        sliced_wasserstein(a, b)
