"""What happens to a cover when one feature is raised and everything else is left alone?

A regressor may be wrong, or be fooled. So the covers are also measured in ways that anyone can check by eye: light,
contrast, colour, edges. If a generator has learnt what real covers show, its curves bend the way theirs do.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.stats import sem, spearmanr, t

from helpers.errors import CourseError

EDGE = 0.2  # of the way from black to white: an edge one would notice
BLOCK = 512  # images in memory as numbers
LEAST = 5  # real covers in a bin
CONFIDENCE = 0.95
ESTIMATE = "estimate"  # what `read` gives, beside the statistics

# From linear red, green and blue to CIE XYZ (IEC 61966-2-1, https://en.wikipedia.org/wiki/SRGB).
_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]], np.float32
)
_WHITE = np.array([0.95047, 1.0, 1.08883], np.float32)  # D65


def luma(images: np.ndarray) -> np.ndarray:
    """Perceived brightness of each pixel (ITU-R BT.601), 0 to 1: uint8 [N, S, S, 3] -> float32 [N, S, S]."""
    return images @ np.array([0.299, 0.587, 0.114], np.float32) / 255


def brightness(images: np.ndarray) -> np.ndarray:
    """Mean luma of each cover, 0 black to 1 white: [N]."""
    return luma(images).mean((1, 2))


def contrast(images: np.ndarray) -> np.ndarray:
    """Standard deviation of the luma of each cover, 0 to 0.5: [N]."""
    return luma(images).std((1, 2))


def saturation(images: np.ndarray) -> np.ndarray:
    """Mean chroma of each cover in CIELAB, 0 for grey to about 130 for the purest blue a screen shows: [N]."""
    x, y, z = np.moveaxis(np.cbrt(_toe((_linear()[images] @ _XYZ.T) / _WHITE)), -1, 0)
    return np.hypot(500 * (x - y), 200 * (y - z)).mean((1, 2))


@functools.cache
def _linear() -> np.ndarray:
    """The light of each of the 256 levels of sRGB: float32 [256]."""
    level = np.arange(256) / 255
    return np.where(level > 0.04045, ((level + 0.055) / 1.055) ** 2.4, level / 12.92).astype(np.float32)


def _toe(share: np.ndarray) -> np.ndarray:
    """Shares of white's light; those near 0 bent so that their cube root is the straight line of CIELAB there."""
    return np.where(share > (6 / 29) ** 3, share, (share * (29 / 6) ** 2 / 3 + 4 / 29) ** 3)


def edges(images: np.ndarray) -> np.ndarray:
    """Share of each cover's pixels where the Sobel gradient of the luma is above `EDGE`: [N].

    The gradient is 1 on both sides of a step from black to white.
    """
    light = luma(images)
    across, down = (  # not ndimage.sobel: it would smooth from one cover to the next
        ndimage.correlate1d(ndimage.correlate1d(light, (-1, 0, 1), axis), (0.25, 0.5, 0.25), 3 - axis)
        for axis in (1, 2)
    )
    return (np.hypot(across, down) > EDGE).mean((1, 2))


def warmth(images: np.ndarray) -> np.ndarray:
    """Mean red less mean blue of each cover, -1 blue to 1 red: [N]."""
    return (images[..., 0].mean((1, 2)) - images[..., 2].mean((1, 2))) / 255


STATISTICS = (brightness, contrast, saturation, edges, warmth)


def statistics(images: np.ndarray) -> dict[str, np.ndarray]:
    """Everything in `STATISTICS` of each cover: name -> float [N].

    Args:
        images: uint8 [N, S, S, 3], also a memory map.

    Raises:
        CourseError: if the images are something else, or none.
    """
    _check_images(images)
    blocks = [np.asarray(images[start : start + BLOCK]) for start in range(0, len(images), BLOCK)]
    return {s.__name__: np.concatenate([s(block) for block in blocks]).astype(float) for s in STATISTICS}


def response(
    draw: Callable[[float], np.ndarray],
    values: Sequence[float],
    read: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """How the covers of a generator change as one feature is raised.

    Args:
        draw: called once with each value; returns the covers for the same N latents each time, uint8 [N, S, S, 3].
        values: of the feature, V of them in ascending order, in its unit.
        read: a regressor's opinion, images -> float [N]; the result then has a curve of the name "estimate", too.
        progress: called with (values done, V).

    Returns:
        {"values": [V], "covers": N, "curves": {name: what `curve` returns}}. Ready for `json.dumps`.

    Raises:
        CourseError: if there are fewer than three values or they do not ascend, or if `draw` does not return images,
            at least two, and as many for each value.
    """
    values = _ascending(values)
    rows = []
    for k, value in enumerate(values):
        images = draw(float(value))
        rows.append(statistics(images) | ({ESTIMATE: np.asarray(read(images), float)} if read else {}))
        if progress:
            progress(k + 1, len(values))
    if len({np.shape(each) for row in rows for each in row.values()}) > 1:
        raise CourseError("There must be as many covers, and one reading for each, at every value of the feature.")
    curves = {name: curve(values, np.stack([row[name] for row in rows])) for name in rows[0]}
    return {"values": values.tolist(), "covers": len(images), "curves": curves}


def curve(values: Sequence[float], measured: np.ndarray) -> dict:
    """Mean and interval at each value, and how steadily the measurement rises or falls.

    The interval of the mean (Student's t, 95 %) is about all latents there might be. Since they are the same at each
    value, the rise from one value to the next is surer than the intervals suggest; "monotonicity_each" shows that.

    Args:
        values: of the feature, V of them in ascending order.
        measured: float [V, N], one column for each latent.

    Returns:
        "mean", "low", "high": lists of V; "monotonicity": Spearman's rank correlation of the values and the means,
        from -1, always falling, to 1, always rising; "monotonicity_each": the mean over latents of their own. Where
        nothing changes, the correlation is 0; where little does, it may still be 1, so look at the means as well.
        Ready for `json.dumps`.

    Raises:
        CourseError: if the values do not ascend, the sizes do not fit, there are fewer than two latents, or a
            measurement is not finite.
    """
    values, measured = _ascending(values), np.asarray(measured, float)
    if measured.ndim != 2 or len(measured) != len(values) or measured.shape[1] < 2:
        raise CourseError(f"A curve needs measurements of shape [{len(values)}, N], of at least two covers a value.")
    if not np.isfinite(measured).all():
        raise CourseError("A curve needs finite measurements; look for covers that went wrong.")
    result = _mean_and_interval(measured)
    result["monotonicity"] = rank_correlation(values, measured.mean(axis=1))
    result["monotonicity_each"] = float(np.mean([rank_correlation(values, one) for one in measured.T]))
    return result


def response_of_reals(feature: np.ndarray, measured: dict[str, np.ndarray], bins: int = 8) -> dict:
    """The same curves for real covers: how they differ between those with a low feature and those with a high one.

    The covers are sorted into bins of about equally many each. Unlike a generator's, these covers differ in everything
    else, too, so a curve says what goes along with the feature, not what it causes.

    Args:
        feature: float [N], NaN where unknown: those covers are left out.
        measured: name -> float [N], such as what `statistics` returned, with "estimate" for a regressor's readings.
        bins: at most so many; fewer where many covers have the same value.

    Returns:
        As `response`: "values", the mean feature of each bin; "covers"; "curves", in which "monotonicity" is about
        the bins, and "monotonicity_each" is Spearman's rank correlation over the covers. Ready for `json.dumps`.

    Raises:
        CourseError: if the sizes do not fit, a measurement is not finite, or there are not three bins of at
            least five covers.
    """
    feature = np.asarray(feature, float)
    if any(np.shape(each) != feature.shape or not np.isfinite(each).all() for each in measured.values()):
        raise CourseError(
            f"There are {len(feature):,} values of the feature; pass as many finite measurements of each."
        )
    known = np.isfinite(feature)
    feature = feature[known]
    place = pd.qcut(feature, bins, labels=False, duplicates="drop") if len(feature) else np.empty(0)
    parts = [place == k for k in np.unique(place) if (place == k).sum() >= LEAST]
    if len(parts) < 3:
        raise CourseError(
            f"{len(feature):,} covers with known values do not make three bins of {LEAST}; take more covers, or a "
            "feature in which they differ."
        )
    values, curves = np.array([feature[part].mean() for part in parts]), {}
    for name, each in measured.items():
        each = np.asarray(each, float)[known]
        rows = [_mean_and_interval(each[None, part]) for part in parts]
        curves[name] = {key: [row[key][0] for row in rows] for key in rows[0]} | {
            "monotonicity": rank_correlation(values, [row["mean"][0] for row in rows]),
            "monotonicity_each": rank_correlation(feature, each),
        }
    return {"values": values.tolist(), "covers": len(feature), "curves": curves}


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1; 0 where one side is constant, for which SciPy gives NaN."""
    return 0.0 if np.ptp(a) == 0 or np.ptp(b) == 0 else float(spearmanr(a, b).statistic)


def _mean_and_interval(rows: np.ndarray) -> dict[str, list[float]]:
    """Of each row of [V, N]."""
    mean = rows.mean(axis=1)
    half = t.ppf((1 + CONFIDENCE) / 2, rows.shape[1] - 1) * sem(rows, axis=1)
    return {"mean": mean.tolist(), "low": (mean - half).tolist(), "high": (mean + half).tolist()}


def _ascending(values: Sequence[float]) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 3 or not (np.diff(values) > 0).all():
        raise CourseError("A response needs at least three values of the feature, in ascending order.")
    return values


def _check_images(images: np.ndarray) -> None:
    shape = np.shape(images)
    if getattr(images, "dtype", None) != np.uint8 or len(shape) != 4 or shape[3] != 3 or not len(images):
        raise CourseError("Statistics need images, at least one, as a uint8 array of shape [N, S, S, 3].")
