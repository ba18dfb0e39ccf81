"""Duplicates: none of the pairs is missed that comparing all with all would find, and few are found that are none."""

import io

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from helpers.preprocess.dedupe import RADIUS, candidates, difference, find_duplicates, fingerprint, likeness, near_pairs
from helpers.sources.synthetic import synthetic_covers


def groups(pairs, count: int) -> list[int]:
    """The smallest index that each of `count` nodes is connected with, by walking through the graph."""
    neighbours = {node: set() for node in range(count)}
    for i, j in pairs:
        neighbours[int(i)].add(int(j))
        neighbours[int(j)].add(int(i))
    first = [-1] * count
    for start in range(count):
        waiting = [start] if first[start] < 0 else []
        while waiting:
            node = waiting.pop()
            if first[node] < 0:
                first[node] = start
                waiting += neighbours[node]
    return first


def all_pairs(hashes, radius: int) -> np.ndarray:
    """What comparing every hash with every other finds."""
    apart = np.bitwise_count(hashes[:, None] ^ hashes)
    return np.argwhere(np.triu(apart <= radius, 1))


def duplicates(prints) -> tuple[np.ndarray, np.ndarray]:
    """`find_duplicates` among fingerprints of different files."""
    views = [view for view, _ in prints]
    return find_duplicates(np.array([hashes for _, hashes in prints]), np.arange(len(prints)), views.__getitem__)


# Hashes


def near_hashes(rng, count: int, most: int) -> np.ndarray:
    """Random hashes, half of them others with 0 to `most` bits turned."""
    hashes = rng.integers(0, 2**64, count, np.uint64)
    for i in range(1, count, 2):
        hashes[i] = hashes[rng.integers(i)]
        for bit in rng.choice(64, rng.integers(0, most + 1), replace=False):
            hashes[i] ^= np.uint64(1) << np.uint64(bit)
    return hashes


@settings(max_examples=60)
@given(st.integers(0, 120), st.integers(0, 11), st.integers(0, 2**32 - 1))
def test_near_pairs_are_those_of_comparing_all_with_all(count, radius, seed):
    hashes = near_hashes(np.random.default_rng(seed), count, 14)
    np.testing.assert_array_equal(near_pairs(hashes, radius), all_pairs(hashes, radius).reshape(-1, 2))


@settings(max_examples=60)
@given(st.integers(0, 150), st.integers(0, 11), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_of_many_equal_hashes_not_all_pairs_are_listed_but_all_are_linked(count, radius, kinds, seed):
    rng = np.random.default_rng(seed)
    hashes = near_hashes(rng, kinds, 14)[rng.integers(0, kinds, count)]
    pairs, expected = near_pairs(hashes, radius), all_pairs(hashes, radius)
    assert {tuple(pair) for pair in pairs} <= {tuple(pair) for pair in expected}
    assert groups(pairs, count) == groups(expected, count)


def test_a_hundred_thousand_plain_covers_with_one_hash_are_no_trouble():
    pairs = near_pairs(np.full(100_000, 7, np.uint64), RADIUS)
    assert len(pairs) < 1_000_000
    assert (np.diff(np.unique(pairs[:, 0])) == 1).all()  # every one of them is paired


@pytest.mark.parametrize("chunks", [(2, 2, 1, 1), (6, 0, 0, 0), (0, 3, 3, 0), (0, 0, 1, 5)])
def test_pair_is_found_wherever_its_bits_differ(chunks):
    first = 0x0123456789ABCDEF
    turned = sum((2**bits - 1) << (16 * chunk + 3) for chunk, bits in enumerate(chunks))
    found = near_pairs(np.array([first, first ^ turned], np.uint64), 6)
    np.testing.assert_array_equal(found, [[0, 1]])
    assert not len(near_pairs(np.array([first, first ^ turned], np.uint64), 5))


# Fingerprints


@pytest.fixture(scope="module")
def covers() -> list[Image.Image]:
    return [Image.fromarray(image) for _, image in synthetic_covers(240, 128, seed=4)]


@pytest.fixture(scope="module")
def prints(covers):
    return [fingerprint(cover) for cover in covers]


def test_fingerprint_holds_the_hash_of_each_view(prints):
    for views, hashes in prints[:50]:
        for view, found in zip(views, hashes[: len(views)], strict=True):
            assert f"{found:016x}" == str(imagehash.phash(Image.fromarray(view)))


def test_views_are_the_whole_cover_and_all_but_its_edge():
    y, x = np.mgrid[:100, :100]
    inside = (x >= 3) & (x < 97) & (y >= 3) & (y < 97)
    pixels = np.where(inside[..., None], (0, 0, 255), (255, 0, 0)).astype(np.uint8)
    (whole, inner), _ = fingerprint(Image.fromarray(pixels))
    assert whole[0, 0, 0] > 200 and (whole[4:-4, 4:-4] == (0, 0, 255)).all()
    assert inner[..., 0].max() < 80  # the filter sees a little of what lies beside
    assert inner[4:-4, 4:-4, 0].max() == 0


@pytest.mark.parametrize("size", [64, 100, 300, 640])
def test_fingerprint_hardly_depends_on_the_size(covers, prints, size):
    for cover, (views, _) in zip(covers[:20], prints, strict=False):
        found, _ = fingerprint(cover.resize((size, size), Image.Resampling.LANCZOS))
        assert difference(views, found) < 0.05


def test_plain_quarters_say_nothing():
    """Two covers that have three white quarters in common and nothing else."""
    rng = np.random.default_rng(0)
    prints = []
    for _ in range(2):
        pixels = np.full((128, 128, 3), 255, np.uint8)
        pixels[:64, :64] = np.kron(rng.integers(0, 2, (8, 8, 3)), np.ones((8, 8, 1))) * 255
        prints.append(fingerprint(Image.fromarray(pixels)))
    same, related = duplicates(prints)
    assert list(same) == list(related) == [0, 1]


# Copies


def saved_again(image, rng):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(rng.integers(30, 91)))
    return Image.open(file).convert("RGB")


def resized(image, rng):
    side = round(image.width * rng.uniform(0.3, 2))
    return image.resize((side, side), Image.Resampling.BICUBIC)


def cropped(image, rng):
    edge = round(0.03 * image.width)
    return image.crop((edge, edge, image.width - edge, image.height - edge))


def brighter(image, rng):
    return ImageEnhance.Brightness(image).enhance(rng.uniform(0.9, 1.1))


def with_sticker(image, rng):
    """A square of one colour, of an eighth of the side, anywhere."""
    side = image.width // 8
    left, top = (int(edge) for edge in rng.integers(0, image.width - side, 2))
    copy = image.copy()
    copy.paste(tuple(int(level) for level in rng.integers(0, 256, 3)), (left, top, left + side, top + side))
    return copy


CHANGES = [saved_again, resized, cropped, brighter, with_sticker]


def share_found(covers, prints, change, seed) -> float:
    """How many of changed copies are put together with what they are copies of, among all of them."""
    rng = np.random.default_rng(seed)
    same, related = duplicates(prints + [fingerprint(change(cover, rng)) for cover in covers])
    assert (related[same] == related).all()  # copies are related
    return float(np.mean(same[len(prints) :] == same[: len(covers)]))


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found(covers, prints, change):
    assert share_found(covers[:120], prints, change, seed=0) >= 0.95


def test_copies_that_were_saved_resized_and_dimmed_at_once_are_found(covers, prints):
    def all_at_once(image, rng):
        return saved_again(resized(brighter(image, rng), rng), rng)

    assert share_found(covers[:120], prints, all_at_once, seed=1) >= 0.95


def test_other_covers_are_not_merged(prints):
    """240 drawn covers of 13 layouts, none drawn twice."""
    same, _ = duplicates(prints)
    assert (same != np.arange(len(prints))).sum() == 0


def test_cover_with_other_colours_is_an_edition_and_no_copy(covers):
    """Red for blue and so on; only of colourful covers, as grey ones stay what they are."""
    colourful = [cover for cover in covers if np.ptp(np.asarray(cover).astype(int), axis=2).mean() > 40]
    assert len(colourful) > 40
    copies, editions = [], []
    for cover in colourful:
        red, green, blue = cover.split()
        same, related = duplicates([fingerprint(cover), fingerprint(Image.merge("RGB", (blue, red, green)))])
        copies.append(same[0] == same[1])
        editions.append(related[0] == related[1])
    assert np.mean(copies) <= 0.02
    assert np.mean(editions) >= 0.85  # where red and blue differ much in brightness, likeness suffers


def test_edition_in_other_colours_of_the_same_brightness_is_related():
    """One design in red on yellow and in blue on a light green."""
    y, x = np.mgrid[:128, :128]
    design = ((x - 50) ** 2 + (y - 60) ** 2 < 1200) | (abs(x - y - 20) < 9)

    def printed(ink, paper):
        return fingerprint(Image.fromarray(np.where(design[..., None], ink, paper).astype(np.uint8)))

    same, related = duplicates([printed((200, 0, 0), (255, 220, 0)), printed((0, 60, 220), (190, 255, 190))])
    assert list(same) == [0, 1] and list(related) == [0, 0]


# Grouping


def test_a_copy_of_a_copy_is_a_copy(covers):
    """The first and the last differ too much to be found as a pair; what lies between them links them."""
    steps = [ImageEnhance.Brightness(covers[0]).enhance(factor) for factor in np.linspace(1, 0.45, 8)]
    chain = [fingerprint(step) for step in steps]
    ends, _ = duplicates([chain[0], chain[-1]])
    linked, _ = duplicates(chain)
    assert list(ends) == [0, 1] and list(linked) == [0] * 8


def test_groups_are_numbered_by_their_first_member(prints):
    same, related = duplicates([prints[i] for i in (5, 9, 5, 7, 9, 5)])
    assert list(same) == list(related) == [0, 1, 0, 3, 1, 0]


def test_order_does_not_matter(covers, prints):
    mixed = prints[:40] + [fingerprint(cropped(cover, None)) for cover in covers[:40]]
    same, _ = duplicates(mixed)
    order = np.random.default_rng(0).permutation(len(mixed))
    shuffled, _ = duplicates([mixed[i] for i in order])
    np.testing.assert_array_equal(same[order][:, None] == same[order], shuffled[:, None] == shuffled)


def test_one_cover_and_none(prints):
    hashes = np.array([hashes for _, hashes in prints])
    for count in (0, 1):
        assert candidates(hashes[:count]).shape == (0, 2)
        for found in find_duplicates(hashes[:count], np.arange(count), lambda i: prints[i][0]):
            assert list(found) == list(range(count))


def test_difference_and_likeness_of_a_picture_with_itself(prints):
    for views, _ in prints[:50]:
        assert difference(views, views) == 0
        assert likeness(views, views) == pytest.approx(1, abs=1e-6)


# Real covers


@pytest.fixture(scope="module")
def real_covers(real_data):
    """All real covers and their fingerprints."""
    paths = sorted(real_data.glob("covers/images/*/*.jpg"))
    images = [Image.open(path).convert("RGB").resize((128, 128)) for path in paths]
    return images, [fingerprint(image) for image in images]


@pytest.mark.real_data
def test_changed_copies_of_real_covers_are_found(real_covers):
    images, prints = real_covers
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(images), 500, replace=False)
    changed = [fingerprint(CHANGES[i % len(CHANGES)](images[cover], rng)) for i, cover in enumerate(chosen)]
    same, _ = duplicates(prints + changed)
    assert np.mean(same[len(prints) :] == same[chosen]) >= 0.97


@pytest.mark.real_data
def test_few_real_covers_are_merged(real_covers):
    """Almost all that are merged are two pressings of one cover, which had better be merged."""
    same, _ = duplicates(real_covers[1])
    merged = (same != np.arange(len(same))).sum()
    assert 0 < merged < 0.003 * len(same)
