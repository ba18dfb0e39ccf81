"""The covers nearest to a picture: which are worth a look, and how near they really are.

Which are worth a look, embedding and perceptual hash say together, for each finds what the other loses: features
survive shifts and crops; hashes blur, noise and other colours.

How near those few are, two looks at their pixels say. `misfit` forgives what a generator does to a cover that it knows
by heart: it blurs, shifts, enlarges, mirrors or recolours it. `dedupe.difference` forgives a sticker.
"""

from collections.abc import Callable
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image, ImageFilter, ImageOps

from helpers.preprocess.dedupe import VIEW, difference, fingerprint

CANDIDATES = 2  # by embedding, by hash, and by hash of the mirrored picture
BLOCK = 64  # pictures at a time, whose distances from all covers are in memory at once

SIDE, BLUR = 64, 2.2  # pixels; after this much blur, a blurred copy is like a sharp one
SHIFT, STEP = 6, 4  # pixels: a tenth of the side in each direction; after the blur, every fourth pixel is enough
ZOOMS = (0.0, 0.05, 0.1)  # of the side, left out all around
PAIRED = ((0, (0, 1, 2)), (1, (0,)), (2, (0,)))  # a picture at this zoom is compared with covers at those
FLAT = 6  # levels of 255: where brightness has a smaller standard deviation, there is nothing to align


class Found(NamedTuple):
    """The candidates of each of M pictures, and how near they are.

    Attributes:
        candidates: int [M, K], indices of covers; some may come twice.
        looks: float32 [M, K, 2], their distances by `misfit` and by `dedupe.difference`.
        similar: int [M], the nearest cover by embedding.
        angle: float32 [M], its distance: 1 less the cosine of the angle between the features, less the covers' mean.
    """

    candidates: np.ndarray
    looks: np.ndarray
    similar: np.ndarray
    angle: np.ndarray


class Nearest:
    """An index of covers. It keeps about 7 kB of each, beside the features.

    Args:
        covers: anything with a length that gives uint8 [K, S, S, 3] for an array of K indices.
        features: float32 [N, D].
        clusters: [N], equal for duplicates.
        progress: called with the number of covers done.
    """

    def __init__(self, covers, features: np.ndarray, clusters: np.ndarray, progress: Callable[[int], None]):
        self.features, self.clusters = features, clusters
        self.centre = features.mean(axis=0)
        self.lengths = _lengths(features - self.centre)
        self.views = np.empty((len(covers), 2, VIEW, VIEW, 3), np.uint8)
        self.hashes = np.empty((2, len(covers)), np.uint64)
        self.samples = np.empty((len(covers), len(ZOOMS), len(range(SHIFT, SIDE - SHIFT, STEP)) ** 2), np.uint8)
        for rows in _blocks(np.arange(len(covers))):
            for row, pixels in zip(rows, covers[rows], strict=True):
                image = Image.fromarray(pixels)
                self.views[row], hashes = fingerprint(image)
                self.hashes[:, row] = hashes[:2]
                self.samples[row] = _samples(_greys(image))
            progress(rows[-1] + 1)

    def find(self, images, features: np.ndarray, rows: np.ndarray, progress, duplicates: bool = True) -> Found:
        """Look up the images of these rows.

        Args:
            images, features: M or more pictures and their features, in the form of the covers.
            rows: int [M], sorted.
            progress: called with the number of pictures done.
            duplicates: False if the images are the covers themselves, and those of an image's own cluster, such as
                itself, are not to be found.
        """
        found = []
        for block in _blocks(rows):
            hidden = None if duplicates else self.clusters[block, None] == self.clusters
            found.append(self._find(images[block], features[block], hidden))
            progress(sum(len(part.similar) for part in found))
        return Found(*map(np.concatenate, zip(*found, strict=True)))

    def _find(self, images: np.ndarray, features: np.ndarray, hidden: np.ndarray | None) -> Found:
        pictures = [Image.fromarray(pixels) for pixels in images]
        prints = [fingerprint(picture) for picture in pictures]
        hashes = np.array([hashes[:2] for _, hashes in prints]).T
        mirrored = np.array([_hash(ImageOps.mirror(picture)) for picture in pictures], np.uint64)
        features = features - self.centre
        angles = 1 - (features @ self.features.T - (features @ self.centre)[:, None]) / (
            _lengths(features)[:, None] * self.lengths
        )
        bits = np.minimum(_bits(hashes[0], self.hashes[0]), _bits(hashes[1], self.hashes[0]))
        bits = np.minimum(bits, _bits(hashes[0], self.hashes[1]))
        ways = [angles, bits, _bits(mirrored, self.hashes[0])]
        if hidden is not None:
            for distances, most in zip(ways, (2, 64, 64), strict=True):
                distances[hidden] = most + 1
        candidates = np.hstack([np.argpartition(distances, CANDIDATES, axis=1)[:, :CANDIDATES] for distances in ways])
        misfits = misfit(np.stack([_greys(picture) for picture in pictures]), self.samples[candidates])
        differences = [
            [difference(views, self.views[cover]) for cover in covers]
            for (views, _), covers in zip(prints, candidates, strict=True)
        ]
        similar = angles.argmin(axis=1)
        looks = np.stack([misfits, np.array(differences, np.float32)], axis=2)
        return Found(candidates, looks, similar, angles[np.arange(len(images)), similar])


def misfit(greys: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """How badly pictures fit covers, be they shifted, enlarged or mirrored: 0 if one is the other.

    1 less the highest correlation of blurred brightness over all shifts by up to a tenth of the side, three zooms of
    either, and the mirrored picture. Brightness, because copies in other colours are copies.

    Args:
        greys: uint8 [M, 3, 64, 64], pictures at the zooms, blurred.
        samples: uint8 [M, K, 3, 169], every fourth pixel of the middle of K covers for each, the same way.

    Returns:
        float32 [M, K].
    """
    span = SIDE - 2 * SHIFT
    samples = _standardised(samples)
    best = np.full(samples.shape[:2], -1, np.float32)
    for zoom, zooms in PAIRED:
        patterns = samples[:, :, zooms].reshape(len(samples), -1, samples.shape[3]).swapaxes(1, 2)
        for grey in (greys[:, zoom], greys[:, zoom, :, ::-1]):
            windows = np.lib.stride_tricks.sliding_window_view(grey, (span, span), axis=(1, 2))[..., ::STEP, ::STEP]
            windows = _standardised(windows.reshape(len(grey), -1, samples.shape[3]))
            highest = (windows @ patterns).max(axis=1).reshape(*best.shape, -1).max(axis=2)
            best = np.maximum(best, highest)
    return np.maximum(1 - best, 0)  # which rounding can miss


def _greys(image: Image.Image) -> np.ndarray:
    """Brightness at each zoom, blurred: uint8 [3, 64, 64]."""
    grey, side = image.convert("L"), image.width
    boxes = [(zoom * side, zoom * side, side - zoom * side, side - zoom * side) for zoom in ZOOMS]
    views = [grey.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box) for box in boxes]
    return np.stack([np.asarray(view.filter(ImageFilter.GaussianBlur(BLUR))) for view in views])


def _samples(greys: np.ndarray) -> np.ndarray:
    """Every fourth pixel of the middle of each view: uint8 [3, 169]."""
    return greys[:, SHIFT : SIDE - SHIFT : STEP, SHIFT : SIDE - SHIFT : STEP].reshape(len(greys), -1)


def _standardised(values: np.ndarray) -> np.ndarray:
    """Less their mean along the last axis and of length 1, so that a product is a correlation: float32."""
    values = values - values.mean(axis=-1, keepdims=True, dtype=np.float32)
    lengths = np.sqrt(np.square(values).sum(axis=-1, keepdims=True))
    values /= np.maximum(lengths, FLAT * np.sqrt(values.shape[-1]))
    return values


def _hash(image: Image.Image) -> int:
    view = image.resize((VIEW, VIEW), Image.Resampling.LANCZOS).convert("L")
    return int(str(imagehash.phash(view)), 16)


def _bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """In how many bits each hash of `a` differs from each of `b`: uint8 [M, N]."""
    return np.bitwise_count(a[:, None] ^ b)


def _lengths(features: np.ndarray) -> np.ndarray:
    return np.maximum(np.linalg.norm(features, axis=1), 1e-6)


def _blocks(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
