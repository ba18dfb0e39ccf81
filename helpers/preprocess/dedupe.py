"""Duplicates: the same file, and the same picture in another file, without comparing every cover with every other.

A perceptual hash says which pairs are worth a look; 32 x 32 pixels in colour say which of them are the same picture.
"""

from collections.abc import Callable, Iterator

import imagehash
import numpy as np
from PIL import Image, ImageStat
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

VIEW = 32
INNER = 0.03  # of the side, left out all around in the second view: what crops and frames usually take
RADIUS, QUARTER_RADIUS = 6, 4  # bits of 64; half of a hash are ones, so distances are even
HASHES = 10  # of the two views, and of the four quarters of each
PLAIN = 12  # a quarter whose brightness has a smaller standard deviation, in levels of 255, is hashed to nothing
SAME = 0.18  # see `difference`
RELATED = 0.9  # see `likeness`
ALIKE = 8  # of covers with one and the same hash, so many are compared with each other and with their neighbours

CHUNKS, CHUNK_BITS = 4, 16
AT_ONCE = 2**22  # candidates compared at a time, about 150 MB


def fingerprint(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """What is kept of a cover to find its duplicates.

    Args:
        image: RGB, square, of any size from about 64 px.

    Returns:
        views uint8 [2, 32, 32, 3]: the whole cover, and all but its edge; hashes uint64 [10]: pHash of both views and
        of their quarters, 0 for a quarter too plain to be told from another.
    """
    side = image.width
    edge = INNER * side
    boxes = (0, 0, side, side), (edge, edge, side - edge, side - edge)
    views = [image.resize((VIEW, VIEW), Image.Resampling.LANCZOS, box=box) for box in boxes]
    greys = [view.convert("L") for view in views]
    quarters = [quarter for grey in greys for quarter in _quarters(grey)]
    hashes = [int(str(imagehash.phash(grey)), 16) for grey in greys]
    hashes += [int(str(imagehash.phash(q)), 16) if ImageStat.Stat(q).stddev[0] >= PLAIN else 0 for q in quarters]
    return np.stack([np.asarray(view) for view in views]), np.array(hashes, np.uint64)


def _quarters(grey: Image.Image) -> list[Image.Image]:
    half = VIEW // 2
    boxes = [(left, top, left + half, top + half) for top in (0, half) for left in (0, half)]
    return [grey.crop(box).resize((VIEW, VIEW), Image.Resampling.BICUBIC) for box in boxes]


def candidates(hashes: np.ndarray) -> np.ndarray:
    """Pairs of covers that may show the same picture.

    Whole views are compared with whole and inner ones, which finds crops, and so is each quarter: one that is alike in
    both covers is enough, which finds those with a sticker in another.

    Args:
        hashes: uint64 [N, 10], from `fingerprint`.

    Returns:
        int64 [P, 2]: indices i < j, sorted.
    """
    found = [near_pairs(hashes[:, :2].T.ravel(), RADIUS) % max(len(hashes), 1)]
    for quarter in range(4):
        both = hashes[:, [2 + quarter, 6 + quarter]].T.ravel()
        busy = np.flatnonzero(both)
        found.append(busy[near_pairs(both[busy], QUARTER_RADIUS)] % max(len(hashes), 1))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def near_pairs(hashes: np.ndarray, radius: int) -> np.ndarray:
    """All pairs of hashes that differ in at most `radius` bits, in far less than quadratic time.

    Multi-index hashing (Norouzi, Punjani & Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012): of
    four chunks of 16 bits, at least one differs in no more than radius // 4 bits, so only hashes with such a chunk
    need comparing. Where one hash occurs more than `ALIKE` times, its first ones stand for all in comparisons with
    other hashes, and among themselves each is paired with the next `ALIKE`: enough to link them all.

    Args:
        hashes: uint64 [N].
        radius: 0 to 11 bits.

    Returns:
        int64 [P, 2]: indices i < j, sorted.
    """
    order = np.argsort(hashes, kind="stable")
    values, starts, counts = np.unique(np.asarray(hashes, np.uint64)[order], return_index=True, return_counts=True)
    positions = [_equal(order, hashes, apart) for apart in range(1, ALIKE + 1)]
    for left, right in _near(values, radius):
        for i in range(min(ALIKE, counts[left].max(initial=0))):
            for j in range(min(ALIKE, counts[right].max(initial=0))):
                exist = (i < counts[left]) & (j < counts[right])
                positions.append(np.stack([starts[left[exist]] + i, starts[right[exist]] + j], axis=1))
    pairs = order[np.concatenate(positions)]
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _equal(order: np.ndarray, hashes: np.ndarray, apart: int) -> np.ndarray:
    """Positions in the order, [P, 2], of equal hashes that stand this far apart in it."""
    first = np.flatnonzero(hashes[order[:-apart]] == hashes[order[apart:]])
    return np.stack([first, first + apart], axis=1)


def _near(values: np.ndarray, radius: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Index pairs (left, right) of distinct hashes that differ in at most `radius` bits, some of them repeatedly."""
    masks = [mask for mask in range(2**CHUNK_BITS) if mask.bit_count() <= radius // CHUNKS]
    for chunk in range(CHUNKS):
        keys = (values >> np.uint64(CHUNK_BITS * chunk)).astype(np.uint16)
        order = np.argsort(keys, kind="stable")
        keys, ordered = keys[order], values[order]
        starts = np.searchsorted(keys, np.arange(2**CHUNK_BITS + 1))
        for mask in masks:
            others = keys ^ np.uint16(mask)
            ends = starts[others.astype(np.int64) + 1]
            if mask:
                firsts = np.where(others > keys, starts[others], ends)  # every two buckets once
            else:
                firsts = np.arange(1, len(keys) + 1)  # within a bucket: those that follow
            for left, right in _ranges(firsts, ends - firsts):
                close = np.bitwise_count(ordered[left] ^ ordered[right]) <= radius
                yield order[left[close]], order[right[close]]


def _ranges(firsts: np.ndarray, counts: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each k, the pairs (k, firsts[k]), (k, firsts[k] + 1), … counts[k] of them; about `AT_ONCE` at a time."""
    ends = np.cumsum(counts)
    done = 0
    while done < len(counts):
        taken = ends[done - 1] if done else 0
        stop = max(int(np.searchsorted(ends, taken + AT_ONCE, "right")), done + 1)
        count = counts[done:stop]
        left = np.repeat(np.arange(done, stop), count)
        yield left, np.arange(len(left)) + np.repeat(firsts[done:stop] - np.cumsum(count) + count, count)
        done = stop


# Which views of two covers are compared: either may be a crop of the other.
POSES = ((0, 0), (0, 1), (1, 0))


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """How far two covers are from being one picture: 0 for the same, about 1 for two that have nothing in common.

    The mean distance of their colours, in units of the lower contrast of the two. One factor of brightness from 0.8 to
    1.25 is allowed for, and the most different 7 % of the pixels are left out, which may be a sticker. Colours count,
    so the red and the blue edition of an album differ.

    Args:
        a, b: uint8 [2, 32, 32, 3], views from `fingerprint`.
    """
    return min(_difference(a[i].astype(np.float32), b[j].astype(np.float32)) for i, j in POSES)


def _difference(x: np.ndarray, y: np.ndarray) -> float:
    gain = np.clip((x * y).sum() / max((y * y).sum(), 1), 0.8, 1.25)
    distances = np.sort(abs(x - gain * y).mean(axis=2), axis=None)
    return float(distances[: int(0.93 * distances.size)].mean() / max(min(x.std(), y.std()), 8))


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """How alike two covers are but for their colours: correlation of brightness, 1 for the same picture.

    Args:
        a, b: uint8 [2, 32, 32, 3], views from `fingerprint`.
    """
    return max(_correlation(a[i].mean(axis=2), b[j].mean(axis=2)) for i, j in POSES)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / max(np.sqrt((x * x).sum() * (y * y).sum()), 1))


def find_duplicates(
    hashes: np.ndarray, files: np.ndarray, views: Callable[[int], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Group covers that show the same picture, and covers that are related.

    Args:
        hashes: uint64 [N, 10], from `fingerprint`; all 0 for a cover that is to be compared with no other.
        files: [N], the digest of each cover's file.
        views: gives the views uint8 [2, 32, 32, 3] of cover i.

    Returns:
        same int64 [N]: covers with equal numbers are copies of one picture; related int64 [N]: the same for covers
        that are copies or editions of one design in other colours, which belong on one side of a split. The number is
        the index of the first of them.
    """
    compared = np.flatnonzero(hashes[:, 0])
    _, first, file = np.unique(files[compared], return_index=True, return_inverse=True)
    exact = np.stack([compared[first[file]], compared], axis=1)
    singles = compared[np.sort(first)]
    pairs = singles[candidates(hashes[singles])]
    both = ((views(i), views(j)) for i, j in pairs)
    judged = [(difference(a, b) < SAME, likeness(a, b) > RELATED) for a, b in both]
    same, related = np.array(judged, bool).reshape(-1, 2).T
    return tuple(_groups(np.concatenate([exact, pairs[chosen]]), len(hashes)) for chosen in (same, same | related))


def _groups(pairs: np.ndarray, count: int) -> np.ndarray:
    """The connected component of each of `count` nodes, int64 [count], as the index of its first node."""
    edges = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count))
    _, labels = connected_components(edges, directed=False)
    _, first = np.unique(labels, return_index=True)
    return first[labels]
