"""Does a generator copy? The nearest training cover of each fake, and whether it is nearer than chance would have it.

How near is too near depends on the covers: where all follow one template, all are near. So every distance is set
against those that real covers, which are no copies, have from their nearest neighbours (see `nearest.py`).

The nearest cover by embedding is given beside it, but raises no alarm: in features, a blurred copy is as far from its
original as most covers are from each other.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.errors import CourseError
from helpers.metrics.features import check_features
from helpers.metrics.intervals import share
from helpers.metrics.nearest import Found, Nearest

ALARM = 0.005
LEAST = 20  # covers that are no duplicates of each other
MOST_REALS = 4000  # of them say what is near; more would change little
COPY_COLOUR = "#D55E00"


class Memorisation(NamedTuple):
    """What `memorisation` found.

    Attributes:
        nearest: DataFrame, a row for each fake: "cover", the index of the nearest training cover; "distance", where 0
            is the same picture and 1 what real covers have from their nearest at the median; "copy", whether that is
            not above the threshold; "similar" and "similar_distance": the same by embedding, for comparison.
        threshold: the distance up to which a fake is called a copy.
        false_alarms: {"value", "low", "high"}: the share of real covers that are as near, measured on those that the
            threshold does not come from, with Wilson's 95 % interval.
    """

    nearest: pd.DataFrame
    threshold: float
    false_alarms: dict[str, float]


def memorisation(
    fakes: np.ndarray,
    covers,
    fake_features: np.ndarray,
    cover_features: np.ndarray,
    clusters: Sequence | None = None,
    alarm: float = ALARM,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Memorisation:
    """Find the training cover nearest to each fake, and flag what is nearer than real covers are to each other.

    Real covers take the place of the fakes first, each compared with all covers but its own duplicates. Half of them
    give the threshold, a quantile of their distances; the other half the rate of false alarms. That rate is one for
    covers like the real ones: fakes of a kind that no real cover is of may be flagged more often, or less.

    Args:
        fakes: uint8 [M, S, S, 3].
        covers: the training covers: a CoverSet, or anything with a length that gives uint8 [K, S, S, 3] for K indices.
        fake_features: float [M, D], as from `features.extract`.
        cover_features: float [N, D].
        clusters: [N], equal for duplicates, as `covers.table["cluster"]`; by default no cover is a duplicate.
        alarm: the share of false alarms that is accepted; to keep to it takes 2 / alarm covers or more.
        seed: decides which 4,000 of more real covers take the place of fakes, and which half each is in.
        progress: called with (covers looked at, in all).

    Raises:
        CourseError: if features and covers differ in number, there are fewer than 20 covers without duplicates, or
            most have duplicates that no cluster tells of.
    """
    clusters = np.arange(len(covers)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    _check(fakes, covers, fake_features, cover_features, clusters)
    chosen = np.random.default_rng(seed).permutation(len(covers))[:MOST_REALS]
    total = len(covers) + len(chosen) + len(fakes)

    def after(done_before):
        return lambda done: progress and progress(done_before + done, total)

    index = Nearest(covers, cover_features, clusters, after(0))
    reals = index.find(covers, cover_features, np.sort(chosen), after(len(covers)), duplicates=False)
    found = index.find(fakes, fake_features, np.arange(len(fakes)), after(len(covers) + len(chosen)))

    fit = np.isin(np.sort(chosen), chosen[::2])
    # Both looks count alike: each in units of what is rare for it among real covers.
    units = np.maximum([_quantile(looks, alarm) for looks in reals.looks[fit].min(axis=1).T], 1e-6)
    _, of_reals = _best(reals, units)
    cover, of_fakes = _best(found, units)
    median, threshold = np.median(of_reals[fit]), _quantile(of_reals[fit], alarm)
    if median == 0:
        raise CourseError("Most covers have a duplicate among the others; pass clusters, which say who is whose.")
    nearest = {
        "cover": cover,
        "distance": of_fakes / median,
        "copy": of_fakes <= threshold,
        "similar": found.similar,
        "similar_distance": found.angle / max(np.median(reals.angle[fit]), 1e-6),
    }
    alarms = of_reals[~fit] <= threshold
    return Memorisation(pd.DataFrame(nearest), float(threshold / median), share(alarms.sum(), len(alarms)))


def plot(result: Memorisation, fakes: np.ndarray, covers, count: int = 8):
    """Draw the fakes that are nearest to a training cover above that cover, with the distance; copies are marked.

    Args:
        result: what `memorisation` returned for these fakes and covers.
        count: how many fakes.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.
    """
    import matplotlib.pyplot as plt

    rows = result.nearest.nsmallest(count, "distance")
    figure, axes = plt.subplots(2, len(rows), figsize=(1.2 * len(rows) + 0.4, 2.8), layout="constrained", squeeze=False)
    for column, (fake, row) in enumerate(rows.iterrows()):
        colour = COPY_COLOUR if row["copy"] else "0.5"
        for axis, image in zip(axes[:, column], (fakes[fake], covers[int(row["cover"])]), strict=True):
            axis.imshow(image)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(color=colour, linewidth=2)
        label = f"{row['distance']:.2f}" + (" copy" if row["copy"] else "")
        axes[0, column].set_title(label, fontsize=9, color=colour)
    for axis, label in zip(axes[:, 0], ("fake", "nearest"), strict=True):
        axis.set_ylabel(label, fontsize=9)
    plt.close(figure)  # otherwise the notebook would show it a second time
    return figure


def _best(found: Found, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each picture, the nearest candidate and its distance, by whichever look finds it nearer."""
    distances = (found.looks / units).min(axis=2)
    picked = np.arange(len(distances)), distances.argmin(axis=1)
    return found.candidates[picked], distances[picked]


def _quantile(distances: np.ndarray, alarm: float) -> float:
    """The distance that the nearest `alarm` of them do not exceed; that of the nearest where there are few."""
    return float(np.sort(distances)[max(int(alarm * len(distances)), 1) - 1])


def _check(fakes, covers, fake_features, cover_features, clusters) -> None:
    for images, features, which in ((fakes, fake_features, "generated"), (covers, cover_features, "real")):
        if len(images) != len(features):
            raise CourseError(
                f"There are {len(images):,} {which} covers and the features of {len(features):,}; pass those of all."
            )
    check_features(cover_features, fake_features, least=1)
    if len(clusters) != len(covers):
        raise CourseError(f"There are {len(covers):,} covers and the clusters of {len(clusters):,}; pass one for each.")
    if (different := len(np.unique(clusters))) < LEAST:
        raise CourseError(f"{different} different covers are too few to say what is a copy; {LEAST} are needed.")
