"""How much of the sound can be read off a cover? A regressor of audio features that has seen nothing but real covers.

The sibling of the judge of genres (`conditioning.py`), for numbers instead of names: it looks at the same descriptions,
learns from covers and worn copies of them, and shares nothing with any generator. It is a kernel ridge regression,
approximated with `LANDMARKS` covers (Williams & Seeger, "Using the Nystroem Method to Speed Up Kernel Machines", 2001;
https://scikit-learn.org/stable/modules/kernel_approximation.html). A plain ridge reads held-out covers about as well,
but goes astray by many standard deviations on pictures unlike any of them, which fakes may be; a kernel stays near the
mean there.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import bootstrap
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from helpers.errors import CourseError
from helpers.metrics.conditioning import MOST, STOP, TEST, describe, worn
from helpers.records import FEATURE_NAMES

LANDMARKS = 1000  # covers that all others are compared with; twice as many read little more and take far longer
WIDTH = 0.15  # of the kernel: exp(-WIDTH) for two covers that differ by one standard deviation in every number
PENALTIES = np.geomspace(10, 1e-3, 9)  # on the weights
LEAST = 20  # covers, worn copies included, of which a feature is known
RESAMPLES = 1000
SHARE = 0.7


class Regressor:
    """Reads audio features off covers. Make one with `fit`, `fit_features` or, from a CoverSet, `fit_on`.

    Attributes:
        names: the features it reads, in the order of the columns of `predict`.
        ignored: name -> why it does not read that feature, such as one that is the same for all covers.
    """

    def __init__(
        self, kernel: Pipeline, weights: np.ndarray, bias: np.ndarray, names: Sequence[str], ignored: dict[str, str]
    ):
        self._kernel, self._weights, self._bias = kernel, weights, bias
        self.names, self.ignored = tuple(map(str, names)), ignored

    @classmethod
    def fit(
        cls,
        images: np.ndarray,
        features: np.ndarray,
        names: Sequence[str],
        held_out_images: np.ndarray,
        held_out_features: np.ndarray,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> "Regressor":
        """Learn features from real covers and from a worn copy of each.

        Each feature has the penalty with which the held-out covers are read best. Measure the regressor on covers that
        are in neither part.

        Args:
            images: uint8 [N, S, S, 3], also a memory map; the copies are held in memory.
            features: float [N, K], NaN where unknown: that cover then counts for the other features only.
            names: of the K columns.
            held_out_images, held_out_features: covers by other artists; M of them.
            seed: of the copies, and of which covers are landmarks.
            progress: called with (images described, 2 N + 2 M).

        Raises:
            CourseError: if the numbers of images, features and names do not fit, a feature is infinite, or none of
                them can be learnt.
        """
        _check_tables(images, features, names, held_out_images, held_out_features)
        rng, total, rows, done = np.random.default_rng(seed), 2 * (len(images) + len(held_out_images)), [], 0
        for part in (images, held_out_images):
            for pictures in (part, worn(part, rng)):
                rows.append(
                    describe(pictures, progress=progress and (lambda k, _, before=done: progress(before + k, total)))
                )
                done += len(part)
        learn, stop = np.vstack(rows[:2]), np.vstack(rows[2:])
        return cls.fit_features(learn, np.tile(features, (2, 1)), names, stop, np.tile(held_out_features, (2, 1)), seed)

    @classmethod
    def fit_features(
        cls,
        described: np.ndarray,
        features: np.ndarray,
        names: Sequence[str],
        held_out: np.ndarray,
        held_out_features: np.ndarray,
        seed: int = 0,
    ) -> "Regressor":
        """As `fit`, from what `describe` gave for the two sets of images; nothing is worn."""
        features, held_out_features = np.asarray(features, float), np.asarray(held_out_features, float)
        _check_tables(described, features, names, held_out, held_out_features)
        ignored = _useless(features, held_out_features, names)
        read = [k for k, name in enumerate(names) if name not in ignored]
        if not read:
            raise CourseError(f"No feature can be learnt: {'; '.join(f'{n} is {why}' for n, why in ignored.items())}.")
        landmarks = Nystroem(
            gamma=WIDTH / described.shape[1], n_components=min(LANDMARKS, len(described)), random_state=seed
        )
        kernel = make_pipeline(StandardScaler(), landmarks).fit(described)
        weights, bias = _solve(
            kernel.transform(described), features[:, read], kernel.transform(held_out), held_out_features[:, read]
        )
        return cls(kernel, weights, bias, [names[k] for k in read], ignored)

    def predict(self, images: np.ndarray, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        """The features read off uint8 images [N, S, S, 3]: float [N, len(names)], each in its own unit.

        Nothing is clipped: readings may lie outside the range of a feature, such as an energy of -0.1.
        """
        return self.predict_features(describe(images, progress=progress))

    def predict_features(self, described: np.ndarray) -> np.ndarray:
        """As `predict`, from what `describe` gave for the images."""
        return self._kernel.transform(described) @ self._weights + self._bias


def fit_on(
    covers,
    names: Sequence[str] = FEATURE_NAMES,
    by: str = "artist",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
):
    """Train a regressor on a CoverSet and keep covers for it that it has not seen.

    The set is split as for the judge (`conditioning.fit_on`): covers to learn from, covers that choose the penalties,
    and a fifth of all that serves neither. Covers of which none of the features is known are left out.

    Args:
        covers: a CoverSet.
        names: which of the ten features of `helpers.records.FEATURES` to read.
        by: what the parts must not share, "artist", "album" or "cluster".
        seed: of the splits, the copies and the landmarks, and of which 10,000 covers are used if there are more.
        progress: called with (images described, images in all).

    Returns:
        (regressor, held-out CoverSet): measure the regressor on the latter.

    Raises:
        CourseError: as `Regressor.fit`, if a name is none of the ten, or the set is too small to be split.
    """
    names = list(names)
    if unknown := sorted(set(names) - set(FEATURE_NAMES)):
        raise CourseError(f"There is no feature {unknown[0]}; the ten are {', '.join(FEATURE_NAMES)}.")
    known = covers.table[names].notna().any(axis=1).to_numpy()
    if not known.any():
        raise CourseError(f"{covers.path} knows none of {', '.join(names)}; take a set of covers with audio features.")
    rest, held_out = covers.select(known).split(by, TEST, seed)
    rng = np.random.default_rng(seed)
    images, features = [], []
    for part in rest.split(by, STOP, seed):
        rows = np.sort(rng.permutation(len(part))[:MOST])
        images.append(part[rows])
        features.append(part.table[names].to_numpy(float)[rows])
    return Regressor.fit(images[0], features[0], names, images[1], features[1], seed, progress), held_out


def r2_scores(read: np.ndarray, asked: np.ndarray, names: Sequence[str], seed: int = 0) -> dict:
    """How well readings agree with the features that were asked for, or that real covers have: R² of each.

    1 is perfect, 0 as good as naming the mean for every cover, and it may be negative. Everything is in the feature's
    own unit, and readings that lie outside its range are not clipped: "outside" tells how many do. "low" and "high" are
    the 2.5th and the 97.5th percentile over 1,000 resamples of the covers; they know nothing of the covers that the
    regressor happened to be trained on. R² also depends on how much the asked features differ, so compare fakes with
    reals only if both were drawn from the same distribution.

    Args:
        read: float [N, K], from `Regressor.predict` or a discriminator's own head.
        asked: float [N, K]; where NaN, that cover is left out for that feature.
        names: of the K columns.
        seed: of the resamples.

    Returns:
        name -> {"value", "low", "high", "outside", "covers"}: "outside" is the share of readings below the least or
        above the greatest value asked for, "covers" how many were compared. Ready for `json.dumps`.

    Raises:
        CourseError: if the sizes do not fit, a reading is not finite, or a feature has fewer than 20 known values or
            only one.
    """
    read, asked = np.asarray(read, float), np.asarray(asked, float)
    if read.shape != asked.shape or read.shape[1:] != (len(names),):
        raise CourseError(f"Readings and features must both have the shape [N, {len(names)}], a column for each name.")
    if not np.isfinite(read).all():
        raise CourseError("Some readings are not finite; look for pictures that went wrong.")
    scores = {}
    for k, name in enumerate(names):
        known = np.isfinite(asked[:, k])
        pair = read[known, k], asked[known, k]
        if why := _too_poor(pair[1]):
            raise CourseError(f"There is no R² of {name}, which is {why}; leave it out.")
        interval = bootstrap(
            pair, _r2, n_resamples=RESAMPLES, batch=50, paired=True, method="percentile", random_state=seed
        ).confidence_interval
        scores[str(name)] = {
            "value": float(_r2(*pair)),
            "low": float(interval.low),
            "high": float(interval.high),
            "outside": float(np.mean((pair[0] < pair[1].min()) | (pair[0] > pair[1].max()))),
            "covers": len(pair[0]),
        }
    return scores


def as_good(fakes: dict, reals: dict, share: float = SHARE) -> dict:
    """For how many features do fakes show what was asked for at least `share` as well as real covers show theirs?

    A feature that cannot be read off real covers, because the interval of its R² reaches 0, never counts.

    Args:
        fakes, reals: what `r2_scores` returned for fakes, and for real covers that the regressor has not seen.
        share: of the reals' R².

    Returns:
        {"count", "of", "share", "features": {name: {"fakes", "reals", "readable", "as_good"}}}, the R² values and two
        answers for each of the "of" features. Ready for `json.dumps`.

    Raises:
        CourseError: if the two do not hold the same features.
    """
    check_same(fakes, reals)
    features = {}
    for name, real in reals.items():
        readable = real["low"] > 0
        good = readable and fakes[name]["value"] >= share * real["value"]
        row = {"fakes": fakes[name]["value"], "reals": real["value"], "readable": readable, "as_good": good}
        features[name] = row
    count = sum(row["as_good"] for row in features.values())
    return {"count": count, "of": len(features), "share": share, "features": features}


def check_same(fakes: dict, reals: dict) -> None:
    """Raise a CourseError unless both hold scores of the same features, at least one."""
    if not fakes or set(fakes) != set(reals):
        odd = ", ".join(sorted(set(fakes) ^ set(reals))) or "there is none"
        raise CourseError(f"Fakes and real covers need scores of the same features; not on both sides: {odd}.")


def _solve(learn: np.ndarray, features: np.ndarray, stop: np.ndarray, held_out: np.ndarray):
    """Weights [D, K] and bias [K] of the ridge regressions that read the held-out covers best.

    A ridge does not mind in which unit its target is, so the features are not standardised; nor transformed, however
    skewed: on a logit scale they were read no better, and worse once the readings were back in plain units.
    """
    weights, bias = np.empty((learn.shape[1], features.shape[1])), np.empty(features.shape[1])
    # Columns known for the same covers, most often all of them, are solved at once.
    patterns, group = np.unique(np.isfinite(features), axis=1, return_inverse=True)
    for k, rows in enumerate(patterns.T):
        columns = group == k
        x, y = learn[rows], features[rows][:, columns]
        readings = np.stack([Ridge(alpha).fit(x, y).predict(stop).reshape(len(stop), -1) for alpha in PENALTIES])
        errors = np.nanmean((readings - held_out[:, columns]) ** 2, axis=1)
        best = Ridge(PENALTIES[errors.argmin(axis=0)]).fit(x, y)
        weights[:, columns], bias[columns] = best.coef_.T.reshape(len(weights), -1), best.intercept_
    return weights, bias


def _r2(read: np.ndarray, asked: np.ndarray, axis: int = -1) -> np.ndarray:
    """R² along an axis. Where all values asked for are alike, 0 (or 1, if they were read exactly), as scikit-learn."""
    residual = ((asked - read) ** 2).sum(axis)
    total = ((asked - asked.mean(axis, keepdims=True)) ** 2).sum(axis)
    return np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), (residual == 0) * 1.0)


def _useless(features: np.ndarray, held_out: np.ndarray, names: Sequence[str]) -> dict[str, str]:
    """Why some features cannot be learnt: name -> reason."""
    ignored = {}
    for k, name in enumerate(names):
        if why := _too_poor(features[np.isfinite(features[:, k]), k]):
            ignored[str(name)] = why
        elif not np.isfinite(held_out[:, k]).any():
            ignored[str(name)] = "unknown for all held-out covers"
    return ignored


def _too_poor(values: np.ndarray) -> str:
    """What is wrong with the known values of a feature; empty if nothing is."""
    if not len(values):
        return "unknown for all covers"
    if len(values) < LEAST:
        return f"known for fewer than {LEAST} covers"
    return f"{values[0]:g} for all covers" if np.ptp(values) == 0 else ""


def _check_tables(images, features, names, held_out_images, held_out_features) -> None:
    for kind, covers, table in (("", images, features), ("held-out ", held_out_images, held_out_features)):
        if np.shape(table) != (len(covers), len(names)):
            raise CourseError(
                f"The features of the {len(covers):,} {kind}covers must have the shape [{len(covers)}, {len(names)}], "
                f"not {list(np.shape(table))}."
            )
        if np.isinf(np.asarray(table, float)).any():
            raise CourseError(f"A feature of the {kind}covers is infinite; write NaN where it is unknown.")
    if not len(held_out_images):
        raise CourseError(
            "There are no held-out covers, so nothing says which penalty is best; hold out a tenth or so."
        )
