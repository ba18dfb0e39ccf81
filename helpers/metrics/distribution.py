"""How far are generated covers from real ones? Each measure stands beside its floor.

The floor is the same measurement between two sets of real covers: even a perfect generator would not do better, except
by chance. The measures themselves live in a file each:

    kernel_distance.py      KID
    frechet.py              FID and FID-infinity
    manifold.py             precision, recall, density, coverage
    sliced_wasserstein.py   the one that needs no network
"""

from collections.abc import Callable

import numpy as np

from helpers.errors import CourseError
from helpers.metrics.features import EXTRACTOR, check_extractor, check_features, extract
from helpers.metrics.frechet import fid, fid_infinity
from helpers.metrics.kernel_distance import SUBSETS, kid
from helpers.metrics.manifold import manifold
from helpers.metrics.sliced_wasserstein import sliced_wasserstein

LEAST = 2 * SUBSETS
PATCH_IMAGES = 8192  # more images than that are not worth their memory to the sliced Wasserstein distance


def compare(
    real: np.ndarray, other_real: np.ndarray, fake: np.ndarray, extractor: str = "lite0", seed: int = 0
) -> dict[str, dict[str, float]]:
    """All measures on features, of fakes against real covers, and of other real covers in their place as the floor.

    For KID, features are divided by the root mean square of the real ones: its kernel adds 1 to a . b / D, and weighs
    the powers sensibly only if that is about 1 too. The other measures see the features as they are.

    Args:
        real: float [N, D], the reference.
        other_real: float [N, D], covers that are not in `real`.
        fake: float [M, D]. FID, recall and coverage depend on M: the floors are theirs only if M is about N.
        extractor: the network that made the features; results are named after it.
        seed: decides which features fall into which part.

    Returns:
        {"kid_lite0": {"value", "se", "floor"}, "fid_lite0": {"value", "floor"},
        "fid_infinity_lite0": {"value", "se", "floor"}, "precision", "recall", "density" and "coverage": {"value",
        "floor"}}. The last four have no standard error: it would take several sets of this size to know it, and parts
        of one would have other values.

    Raises:
        CourseError: if the features are not finite [N, D] arrays with at least 20 rows, or there is no such extractor.
    """
    check_extractor(extractor)
    for features in (other_real, fake):
        check_features(real, features, least=LEAST)
    limit, limit_error = fid_infinity(real, fake, seed=seed)
    floors, values = manifold(real, other_real, fake)
    return {
        f"kid_{extractor}": _kid_beside_floor(real, other_real, fake, _unit(real), seed),
        f"fid_{extractor}": {"value": fid(real, fake), "floor": fid(real, other_real)},
        f"fid_infinity_{extractor}": {
            "value": limit,
            "se": limit_error,
            "floor": fid_infinity(real, other_real, seed=seed)[0],
        },
        **{name: {"value": values[name], "floor": floors[name]} for name in values},
    }


def compare_by_genre(
    real: tuple[np.ndarray, np.ndarray],
    other_real: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    extractor: str = "lite0",
    seed: int = 0,
) -> dict:
    """KID within each genre: which genres are drawn well? The only measure that is unbiased for so few images.

    Args:
        real, other_real, fake: each the features, float [N, D], and their genres, str [N]; see `compare`.
        extractor, seed: as for `compare`.

    Returns:
        {"genres": {name: {"kid_lite0": {"value", "se", "floor"}}}, "left_out": {name: why}}; left out are genres with
        fewer than 20 covers in one of the three.

    Raises:
        CourseError: if features and genres differ in number, the features are unusable, or no such extractor exists.
    """
    check_extractor(extractor)
    sets = {"real": real, "other real": other_real, "generated": fake}
    for features, genres in sets.values():
        check_features(real[0], features, least=LEAST)
        if len(genres) != len(features):
            raise CourseError(f"There are {len(features)} features but {len(genres)} genres; pass one for each.")
    unit, result = _unit(real[0]), {"genres": {}, "left_out": {}}
    for name in np.unique(np.concatenate([real[1], other_real[1], fake[1]])).tolist():
        parts = {which: features[np.asarray(genres) == name] for which, (features, genres) in sets.items()}
        few = [f"{len(part)} {which}" for which, part in parts.items() if len(part) < LEAST]
        if few:
            result["left_out"][name] = f"only {' and '.join(few)} covers; {LEAST} of each are needed"
        else:
            result["genres"][name] = {f"kid_{extractor}": _kid_beside_floor(*parts.values(), unit, seed)}
    return result


def evaluate(
    fakes: np.ndarray,
    covers,
    n: int = 2000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Compare generated covers with real ones.

    The covers drawn are cut in half. Half A is the reference that the fakes are compared with; half B, as many real
    covers, is then put in the fakes' place, which gives the floors. The name `kid_lite0` says which network made the
    features; never set it beside numbers from another.

    Args:
        fakes: uint8 [M, S, S, 3].
        covers: a CoverSet, or anything with a length that gives uint8 [K, S, S, 3] for a sorted array of K indices.
        n: images on each side; fewer where there are not n fakes or 2 n covers. All but KID depend on it.
        seed: decides which images are drawn, and all that the measures draw.
        progress: called with (images done, images in all).

    Returns:
        What `compare` returns, and "sliced_wasserstein": {"value", "floor", "levels": {side: {"value", "floor"}}},
        "n_real", "n_fake", "image_size", "extractor"; ready for `json.dumps`.

    Raises:
        CourseError: with fewer than 20 fakes or 40 covers, or if the two are not images of one size.
    """
    n = check_sets(fakes, covers, n)
    real_size = covers[np.arange(1)].shape[1]

    def look(source, indices, before):
        """Features of the images drawn from a source, and some of the images; `before` images are done already."""
        report = progress and (lambda done, _: progress(before + done, 3 * n))
        images = source[np.sort(indices)]
        some = np.random.default_rng(seed).permutation(n)[:PATCH_IMAGES]
        return extract(images, progress=report), images[np.sort(some)]

    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(covers))[: 2 * n]
    a, images_a = look(covers, drawn[:n], 0)
    b, images_b = look(covers, drawn[n:], n)
    fake, fake_images = look(fakes, rng.permutation(len(fakes))[:n], 2 * n)
    return {
        **compare(a, b, fake, seed=seed),
        "sliced_wasserstein": patches_beside_floor(images_a, images_b, fake_images, seed),
        "n_real": n,
        "n_fake": n,
        "image_size": int(real_size),
        "extractor": EXTRACTOR,
    }


def check_sets(fakes, covers, n: int) -> int:
    """How many images there can be on each side, at most n; raises what `evaluate` raises."""
    n, asked = min(n, len(fakes), len(covers) // 2), n
    if n < LEAST:
        raise CourseError(
            f"Evaluating needs n and the generated covers to be at least {LEAST} and the real covers "
            f"{2 * LEAST}; here they are {asked}, {len(fakes)} and {len(covers)}."
        )
    fake_size, real_size = (source[np.arange(1)].shape[1] for source in (fakes, covers))
    if fake_size != real_size:
        raise CourseError(
            f"The generated covers are {fake_size} px and the real ones {real_size} px; "
            f"prepare a set of {fake_size} px covers and compare with that."
        )
    return n


def patches_beside_floor(real: np.ndarray, other_real: np.ndarray, fake: np.ndarray, seed: int = 0) -> dict:
    """Sliced Wasserstein distance of fakes from real covers, uint8 [N, S, S, 3], and of other real covers as the floor.

    Returns:
        {"value", "floor", "levels": {side as a string: {"value", "floor"}}}: a dict for JSON, whose keys are strings.
    """
    value, floor = (sliced_wasserstein(real, images, seed) for images in (fake, other_real))
    levels = {str(side): {"value": value["levels"][side], "floor": floor["levels"][side]} for side in value["levels"]}
    return {"value": value["value"], "floor": floor["value"], "levels": levels}


def _unit(real: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(real, dtype=np.float64))))


def _kid_beside_floor(real, other_real, fake, unit, seed) -> dict[str, float]:
    value, error = kid(real / unit, fake / unit, seed=seed)
    return {"value": value, "se": error, "floor": kid(real / unit, other_real / unit, seed=seed)[0]}
