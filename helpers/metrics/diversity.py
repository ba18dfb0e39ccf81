"""Does a generator draw the same cover again and again? MS-SSIM between its covers, beside that between real ones.

Odena, Olah & Shlens, "Conditional Image Synthesis with Auxiliary Classifier GANs" (2017): two random images of a class
are alike to some degree; when fakes are more alike than real images, the generator has lost variety. The opposite
proves nothing: noise is very diverse.
"""

import functools
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from helpers.errors import CourseError
from helpers.metrics.ms_ssim import ms_ssim

# Measured on 32 and 64 px covers: fewer scales tell variants of one cover from different covers less well at 32 px, and
# as well at 64; and in 256 pixels the same five scales fit whatever the covers' size.
SIDE = 256
MARGIN = 0.05  # a genre whose fakes' mean is higher than its reals' by no more than this is as diverse
LEAST = 20  # images of a genre, on either side
RESAMPLES = 2000
BATCH = 16
VIEW = 8  # see `most_alike`
CANDIDATES = 20


def similarity(a: np.ndarray, b: np.ndarray, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """MS-SSIM of each cover of `a` and its partner in `b`, from 0 to 1, float32 [N].

    The covers are brought to 256 px first (`SIDE`), so that five scales fit; the same covers at another size give
    slightly other values.

    Args:
        a, b: uint8 [N, S, S, 3].
        progress: called with (pairs done, N) after each batch.

    Raises:
        CourseError: if the covers are not square uint8 images of one size, as many on either side.
    """
    _check_covers(a, "")
    if np.shape(a) != np.shape(b) or b.dtype != np.uint8:
        raise CourseError("To compare covers in pairs takes as many on one side as on the other, all of one size.")
    network = _network(a.shape[1])
    results = np.empty(len(a), np.float32)
    for start in range(0, len(a), BATCH):
        part = slice(start, min(start + BATCH, len(a)))
        padding = [(0, BATCH - (part.stop - start)), (0, 0), (0, 0), (0, 0)]  # one shape, compiled once
        batch = [np.pad(images[part], padding) for images in (a, b)]
        results[part] = network.predict_on_batch(batch)[: part.stop - start]
        if progress:
            progress(part.stop, len(a))
    return results


def diversity(
    fakes: dict[str, np.ndarray],
    reals: dict[str, np.ndarray],
    pairs: int = 200,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Mean MS-SSIM over random pairs of fakes, and over pairs of real covers, of every genre; lower is more diverse.

    No cover is in two pairs. Pairs that share one are alike for that reason, and an interval that takes them for
    independent is too narrow; of disjoint pairs, resampling the values is enough if there are thirty or more. "low" and
    "high" are the 2.5th and the 97.5th percentile of the mean over 2,000 resamples of the pairs.

    Args:
        fakes, reals: genre -> uint8 [N, S, S, 3], all of one size.
        pairs: for each genre and side; fewer where there are not 2 * pairs covers.
        seed: decides who is paired with whom, and the resamples.
        progress: called with (pairs done, pairs in all).

    Returns:
        {"genres": {name: {"fake": {"value", "low", "high", "pairs"}, "real": {…}, "as_diverse"}}, "value", "floor",
        "as_diverse"}, ready for `json.dumps`. A genre is as diverse if its fakes' mean is at most 0.05 (`MARGIN`) above
        its reals'. "value" is the mean over the genres of the fakes' means, "floor" that of the reals', "as_diverse"
        the share of genres that are.

    Raises:
        CourseError: if the two do not have the same genres, the covers are not of one size, or there are fewer than 20
            (`LEAST`) of a genre.
    """
    _check(fakes, reals)
    sides = [(genre, side, images) for genre in fakes for side, images in (("fake", fakes), ("real", reals))]
    counts = [min(pairs, len(images[genre]) // 2) for genre, _, images in sides]
    genres = {genre: {} for genre in fakes}
    done = 0
    for (genre, side, images), count in zip(sides, counts, strict=True):
        report = progress and (lambda part, _, before=done: progress(before + part, sum(counts)))
        genres[genre][side] = _mean_similarity(images[genre], count, seed, report)
        done += count
    for scores in genres.values():
        scores["as_diverse"] = scores["fake"]["value"] <= scores["real"]["value"] + MARGIN
    return {
        "genres": genres,
        "value": float(np.mean([scores["fake"]["value"] for scores in genres.values()])),
        "floor": float(np.mean([scores["real"]["value"] for scores in genres.values()])),
        "as_diverse": float(np.mean([scores["as_diverse"] for scores in genres.values()])),
    }


def most_alike(images: np.ndarray, count: int = 5, seed: int = 0) -> list[tuple[int, int, float]]:
    """The pairs of covers with the highest MS-SSIM, as (i, j, value) with i < j, the most alike first.

    To compare all pairs would take hours. So each cover is paired with the one whose 8 x 8 thumbnail correlates most
    with its own, and MS-SSIM is computed for the best of these pairs. No cover is in two of the pairs returned;
    otherwise one cover drawn a hundred times would be all there is to see.

    Args:
        images: uint8 [N, S, S, 3].
        count: pairs to return; fewer where one cover is the nearest of many.
        seed: which 2,000 of more covers are searched.

    Raises:
        CourseError: if the covers are not square uint8 images, or fewer than two.
    """
    _check_covers(images, "")
    if len(images) < 2:
        raise CourseError("To find covers that are alike takes at least two.")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(images))[:2000])
    views = _thumbnails(images[chosen])
    likeness = views @ views.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = likeness.argmax(axis=1)
    best_first = np.argsort(-likeness.max(axis=1), kind="stable")
    found = dict.fromkeys(tuple(sorted((int(i), int(nearest[i])))) for i in best_first)
    candidates = chosen[np.array(list(found)[: CANDIDATES * count])]
    values = similarity(images[candidates[:, 0]], images[candidates[:, 1]])
    pairs, seen = [], set()
    for k in np.argsort(-values, kind="stable"):
        i, j = map(int, candidates[k])
        if len(pairs) < count and not {i, j} & seen:
            pairs.append((i, j, float(values[k])))
            seen |= {i, j}
    return pairs


def plot(result: dict):
    """Draw the fakes' mean MS-SSIM of every genre against that of its reals, with their intervals.

    On the diagonal fakes are as diverse as real covers, above it they are more alike. The dashed line is the highest
    mean of any real genre: the ACGAN paper counts the classes below it as successes.

    Args:
        result: what `diversity` returned.

    Returns:
        A matplotlib Figure; as the last line of a notebook cell it is shown once.
    """
    import matplotlib.pyplot as plt

    genres = result["genres"]
    figure, axes = plt.subplots(figsize=(5.2, 5), layout="constrained")
    highest = max(scores[side]["high"] for scores in genres.values() for side in ("fake", "real"))
    limit = 1.08 * highest
    axes.plot([0, limit], [0, limit], color="0.6", linewidth=1)
    axes.axhline(max(scores["real"]["value"] for scores in genres.values()), color="#D55E00", linestyle="--")
    for genre, scores in genres.items():
        x, y = scores["real"], scores["fake"]
        errors = [[[side["value"] - side["low"]], [side["high"] - side["value"]]] for side in (x, y)]
        axes.errorbar(
            x["value"], y["value"], xerr=errors[0], yerr=errors[1], fmt="o", color="#0072B2", ecolor="0.8", capsize=0
        )
        axes.annotate(genre, (x["value"], y["value"]), xytext=(4, 4), textcoords="offset points", fontsize=8)
    axes.set(xlim=(0, limit), ylim=(0, limit), aspect="equal")
    axes.set(xlabel="mean MS-SSIM of real covers", ylabel="mean MS-SSIM of fakes")
    axes.spines[["top", "right"]].set_visible(False)
    plt.close(figure)  # otherwise the notebook would show it a second time
    return figure


def _check(fakes: dict, reals: dict) -> None:
    if not fakes or set(fakes) != set(reals):
        odd = ", ".join(sorted(set(fakes) ^ set(reals))) or "there is none"
        raise CourseError(f"Fakes and real covers must be of the same genres, at least one; not on both sides: {odd}.")
    sizes = set()
    for side, images in (("generated", fakes), ("real", reals)):
        for genre, covers in images.items():
            _check_covers(covers, f"{side} {genre} ")
            if len(covers) < LEAST:
                raise CourseError(f"{len(covers)} {side} {genre} covers are too few; diversity needs {LEAST} of each.")
            sizes.add(np.shape(covers)[1])
    if len(sizes) > 1:
        raise CourseError(f"The covers have different sizes, {sorted(sizes)} px; bring them to one first.")


def _check_covers(covers: np.ndarray, which: str) -> None:
    shape = np.shape(covers)
    if getattr(covers, "dtype", None) != np.uint8 or len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
        raise CourseError(f"The {which}covers must be a uint8 array of shape [N, S, S, 3].")


def _mean_similarity(images: np.ndarray, pairs: int, seed: int, progress) -> dict:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images))[: 2 * pairs]
    values = similarity(images[order[:pairs]], images[order[pairs:]], progress)
    means = values[rng.integers(pairs, size=(RESAMPLES, pairs))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"value": float(values.mean()), "low": float(low), "high": float(high), "pairs": pairs}


def _thumbnails(images: np.ndarray) -> np.ndarray:
    """Each image as VIEW x VIEW means, less their average and of length 1: float32 [N, VIEW * VIEW * 3 + 1]."""
    blocks = [images[start : start + 16 * BATCH] for start in range(0, len(images), 16 * BATCH)]
    views = np.concatenate([ops.convert_to_numpy(_resized(block, VIEW)).reshape(len(block), -1) for block in blocks])
    views -= views.mean(axis=1, keepdims=True)
    views = np.hstack([views, np.ones((len(views), 1), np.float32)])  # so that plain covers are alike, too
    return views / np.linalg.norm(views, axis=1, keepdims=True)


def _resized(images, side: int):
    images = ops.image.resize(
        ops.cast(images, "float32"), (side, side), "bicubic", antialias=True, data_format="channels_last"
    )
    return ops.clip(images, 0.0, 255.0)


@functools.cache
def _network(side: int) -> keras.Model:
    """Two uint8 covers of this side -> their MS-SSIM; compiled, which is several times as fast under JAX."""
    pair = [keras.Input((side, side, 3), dtype="uint8") for _ in range(2)]
    return keras.Model(pair, ms_ssim(*[_resized(cover, SIDE) for cover in pair], max_val=255))
