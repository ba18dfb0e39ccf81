"""dSleeves: album covers drawn by code, every factor of which is known.

What dSprites is to disentanglement, this is to album art: pictures rich enough to look at, made from factors written
down beforehand, so that a model told "jazz, 1962, energy 0.3" can be graded on whether it listened. Covers are drawn,
never downloaded; they are in the public domain (CC0-1.0).

    from helpers.sources import synthetic
    for record, image in synthetic.synthetic_covers(100, size=64, seed=0): ...

What each factor does to the picture (numbers in `style.make_style`, which is the only place they meet):

    genre             which palettes, layouts, typefaces, years and feature values are likely, and which people,
                      clothes, things and places (`wardrobe`); six genres set Latin type in capitals
    year              print: duotone, letterpress, seventies gradients, neon, collage, gloss, flat, mesh gradient, one
                      a decade from 1950, fading a little towards its end
    energy            contrast, and number of shapes
    valence           warmth and lightness
    tempo             spatial frequency: bands of light, stripes, tiles, petals, waves
    danceability      round rather than angular, even rather than uneven
    acousticness      paper grain and muted colour
    instrumentalness  less type: smaller, then one line (from 0.5), then none (from 0.9)
    liveness          tilt, jitter, stage lights, and a doubled picture, as by an unsteady camera
    loudness          saturation (between -30 and -2 dB)
    speechiness       size of type
    popularity        the main motif larger, nearer the middle and in a spotlight; more often a figure
    texture           as named; some decades like some
    layout, palette, backdrop, typeface, figure, artist, title: as named

Typefaces, all under the SIL Open Font Licence 1.1: Manrope, Source Serif Pro, Amatic SC, and NanumGothic for Hangul.
"""

import hashlib
import math
import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context

import numpy as np

from helpers.errors import CourseError
from helpers.records import Record
from helpers.sources.synthetic.draw import MAX_SIZE, MIN_SIZE, draw_cover
from helpers.sources.synthetic.factors import (
    BACKDROPS,
    ERAS,
    FIRST_YEAR,
    GENRES,
    LAYOUTS,
    SEEDS,
    TEXTURES,
    TYPEFACES,
    Factors,
    draw_factors,
    require_range,
)
from helpers.sources.synthetic.palettes import PALETTES

__all__ = [
    "BACKDROPS",
    "GENRES",
    "LAYOUTS",
    "PALETTES",
    "TEXTURES",
    "TYPEFACES",
    "Factors",
    "draw_cover",
    "draw_factors",
    "factors_of",
    "fingerprint",
    "synthetic_covers",
    "to_record",
]

MAX_COVERS = 10_000_000
_POOL_PAYS_FROM = 500  # covers; below, starting processes takes longer than drawing
_CHUNK_BYTES = 2**18


def to_record(factors: Factors) -> Record:
    """The record of a drawn cover."""
    return Record(
        source="synthetic",
        source_id=f"{factors.seed}-{factors.index}",
        artist=factors.artist,
        title=factors.title,
        year=factors.year,
        genres=(factors.genre,),
        licence="CC0-1.0",
        terms_url="https://creativecommons.org/publicdomain/zero/1.0/",
        ml_use="allowed",
        features=factors.features,
        features_source="synthetic",
    )


def factors_of(record: Record) -> Factors:
    """The factors a drawn cover's record belongs to, those that records have no field for included.

    Raises:
        CourseError: if the record is not one of a drawn cover.
    """
    if record.source != "synthetic" or not re.fullmatch(r"\d+-\d+", record.source_id):
        raise CourseError(f"{record.source_id or 'The record'} (source {record.source!r}) is not a drawn cover's.")
    return draw_factors(*map(int, record.source_id.split("-")))


def synthetic_covers(n: int, size: int, seed: int = 0, jobs: int | None = None) -> Iterator[tuple[Record, np.ndarray]]:
    """Covers 0 to n - 1 of the set `seed`, drawn as they are asked for, in order.

    Args:
        n: 1 to 10,000,000.
        size: side in pixels, 32 to 512.
        seed: 0 to 2**32 - 1.
        jobs: number of processes, 1 to 1024; by default one per CPU, or this one alone where n is small. The covers
            do not depend on it.

    Returns:
        An iterator of (Record, uint8 array [size, size, 3]).

    Raises:
        CourseError: if an argument is outside its range, at once; if worker processes cannot be started, on the way.
    """
    require_range("n", n, 1, MAX_COVERS)
    require_range("size", size, MIN_SIZE, MAX_SIZE)
    require_range("seed", seed, 0, SEEDS - 1)
    if jobs is None:
        jobs = (os.cpu_count() or 1) if n >= _POOL_PAYS_FROM else 1
    require_range("jobs", jobs, 1, 1024)
    chunk = max(1, _CHUNK_BYTES // (3 * size * size))
    jobs = min(jobs, math.ceil(n / chunk))
    if jobs == 1:
        return (cover for index in range(n) for cover in _draw_chunk(seed, index, index + 1, size))
    return _draw_in_pool(((seed, start, min(start + chunk, n), size) for start in range(0, n, chunk)), jobs)


def fingerprint() -> str:
    """SHA-256 of 182 covers at 64 px and their records: another whenever the drawing changes.

    They are the first of seed 0, but dealt every layout in every texture and era, every palette and every typeface.
    """
    digest = hashlib.sha256()
    for k in range(len(LAYOUTS) * 14):
        factors = replace(
            draw_factors(0, k),
            layout=LAYOUTS[k % len(LAYOUTS)],
            texture=TEXTURES[k % len(TEXTURES)],
            palette=tuple(PALETTES)[k % len(PALETTES)],
            typeface=TYPEFACES[k % len(TYPEFACES)],
            year=FIRST_YEAR + 10 * (k % len(ERAS)),
        )
        digest.update(repr(to_record(factors)).encode() + draw_cover(factors, 64).tobytes())
    return digest.hexdigest()


def _draw_chunk(seed: int, start: int, stop: int, size: int) -> list[tuple[Record, np.ndarray]]:
    drawn = [draw_factors(seed, index) for index in range(start, stop)]
    return [(to_record(factors), draw_cover(factors, size)) for factors in drawn]


def _draw_in_pool(chunks: Iterator[tuple], jobs: int) -> Iterator[tuple[Record, np.ndarray]]:
    # Spawned, not forked: a notebook that has loaded TensorFlow holds threads and locks that a fork would inherit.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    waiting = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(_draw_chunk, *chunk))
            if len(waiting) > 2 * jobs:  # a bounded lead, whatever n is
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise CourseError(
            "The processes that draw covers ended early; pass jobs=1, or, in a script, call synthetic_covers from "
            "under `if __name__ == '__main__':`."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
