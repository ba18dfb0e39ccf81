"""AudioFeatures: what an audio GAN can be asked for, from units to numbers of like size and back, and drawn from data.

A network wants numbers around 0; a student wants 128 BPM and -7 dB. Between the two stands one linear scale per
feature, made from the training set: (value - mean) / standard deviation. A row of conditions has one such number per
feature, then for each a 1 where it is known and a 0 where not. Unknown ones are 0, the mean.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real

import numpy as np

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES

BY_NAME = {feature.name: feature for feature in FEATURES}
EXAMPLES = 500  # songs of the training set that a model keeps, to draw likely ones from
NEARBY = 0.25  # standard deviations: how far a song may be from what was asked for and still lend its other features


class AudioFeatures:
    """Some of the ten audio features, their scale, and examples of what goes together. Make it with `of`.

    Args:
        names: the features, in the order of the numbers.
        mean, deviation: of each, in its unit.
        count: songs that the scale was made from.
        examples: [M, K] values in units of songs of the training set; None or NaN where unknown.
        ignored: name -> why it is not among `names`, though it was asked for.
    """

    def __init__(
        self,
        names: Sequence[str],
        mean: Sequence[float],
        deviation: Sequence[float],
        count: int,
        examples: Sequence[Sequence[float | None]],
        ignored: Mapping[str, str] | None = None,
    ):
        self.names = tuple(names)
        self.mean, self.deviation = np.array(mean, float), np.array(deviation, float)
        self.count = count
        self.examples = np.array(examples, float).reshape(-1, len(self.names))
        self.ignored = dict(ignored or {})

    def __len__(self) -> int:
        return len(self.names)

    @property
    def settings(self) -> dict:
        """The arguments that make this object again, ready for JSON."""
        examples = [[None if math.isnan(value) else value for value in row] for row in self.examples.tolist()]
        scale = {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}
        return {"names": list(self.names), **scale, "count": self.count, "examples": examples, "ignored": self.ignored}

    @classmethod
    def of(cls, covers, names: Iterable[str] = FEATURE_NAMES) -> "AudioFeatures":
        """The features of a CoverSet, their means and deviations over the covers that have them.

        A feature that no cover has, or that is the same on all of them, teaches nothing: it is left out, and `ignored`
        says so.

        Raises:
            CourseError: on a name that is none of `helpers.records.FEATURE_NAMES`, a value out of its range, or if no
                feature is left.
        """
        wanted = _known_names(names)
        values = _values(covers.table, wanted)
        ignored = {}
        for name, column in zip(wanted, values.T, strict=True):
            known = column[~np.isnan(column)]
            if not len(known):
                ignored[name] = "no cover has it"
            elif np.ptp(known) == 0:
                ignored[name] = f"it is {known[0]:g} on every cover that has it"
        kept = [k for k, name in enumerate(wanted) if name not in ignored]
        if not kept:
            raise CourseError(
                "The covers have no audio features that differ from cover to cover; add some with "
                "helpers.sources.features.with_features, or use covers made by covergan synth."
            )
        values = values[:, kept]
        values = values[~np.isnan(values).all(axis=1)]
        spread = np.linspace(0, len(values) - 1, min(EXAMPLES, len(values))).astype(int)
        examples = [[float(f"{value:.5g}") for value in row] for row in values[spread]]
        mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
        return cls([wanted[k] for k in kept], mean, deviation, len(values), examples, ignored)

    # Scale ----------------------------------------------------------------------------------------------------------

    def scale(self, values: np.ndarray) -> np.ndarray:
        """Values [N, K] in units -> float64 [N, K], of mean 0 and deviation 1 over the training set.

        Raises:
            CourseError: if a value is missing, infinite or out of its feature's range; the sentence names the feature.
        """
        values = np.asarray(values, float)
        self._check(values)
        if np.isnan(values).any():
            name = self.names[int(np.isnan(values).any(axis=0).argmax())]
            raise CourseError(f"A value of {name} is missing (NaN); give it, or use encode, which knows unknown ones.")
        return (values - self.mean) / self.deviation

    def inverse(self, scaled: np.ndarray) -> np.ndarray:
        """What `scale` was given, float64 [N, K]."""
        return np.asarray(scaled, float) * self.deviation + self.mean

    def encode(self, values) -> np.ndarray:
        """Conditions float32 [N, 2 K] of values [N, K] in units, NaN where unknown, or of a CoverSet's table.

        Raises:
            CourseError: if a value is infinite or out of its feature's range; the sentence names the feature.
        """
        values = _values(values, self.names) if hasattr(values, "columns") else np.asarray(values, float)
        self._check(values)
        known = ~np.isnan(values)
        scaled = np.where(known, (values - self.mean) / self.deviation, 0)
        return np.hstack([scaled, known]).astype(np.float32)

    def decode(self, rows: np.ndarray) -> np.ndarray:
        """Inverse of `encode`: values in units, float64 [N, K], NaN where unknown."""
        scaled, known = np.split(np.asarray(rows, float), 2, axis=1)
        return np.where(known > 0, self.inverse(scaled), np.nan)

    def _check(self, values: np.ndarray) -> None:
        if values.ndim != 2 or values.shape[1] != len(self):
            raise CourseError(f"Features come as rows of {len(self)} numbers: {', '.join(self.names)}.")
        _check_ranges(self.names, values)

    # Songs ----------------------------------------------------------------------------------------------------------

    @property
    def bandwidth(self) -> float:
        """How far apart labels may be and still count as alike, in standard deviations: 1.06 n^(-1/5).

        Silverman's rule, as Ding et al. 2021 (CcGAN) use it for labels.
        """
        return 1.06 * self.count**-0.2

    def sample(self, n: int, rng: np.random.Generator, **wanted: float) -> np.ndarray:
        """Conditions of n songs, float32 [n, 2 K], drawn from the songs of the training set.

        Where features are asked for, songs near them are drawn (within about `NEARBY` standard deviations, or the
        nearest there are) and then given exactly those: the others are such as go with them, and no song is one that
        cannot be.

        Args:
            wanted: name -> value in its unit, such as energy=0.9.

        Raises:
            CourseError: if the model does not know a feature, or a value is out of range.
        """
        asked = self._asked(wanted)
        rows = self.encode(self.examples)
        chances = np.ones(len(rows))
        if asked:
            places = list(asked)
            scaled = (np.array(list(asked.values())) - self.mean[places]) / self.deviation[places]
            # A song that does not say is as near as one deviation.
            differences = np.where(rows[:, [len(self) + k for k in places]] > 0, rows[:, places] - scaled, 1.0)
            squares = np.square(differences / NEARBY).sum(axis=1)
            chances = np.exp(-0.5 * (squares - squares.min()))
        cumulative = chances.cumsum()
        return self.change(rows[np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")], **wanted)

    def change(self, rows: np.ndarray, **wanted: float) -> np.ndarray:
        """A copy of conditions [N, 2 K] in which some features have other values, the same in every row.

        Arguments and errors as for `sample`.
        """
        rows = rows.copy()
        for place, value in self._asked(wanted).items():
            rows[:, place] = (value - self.mean[place]) / self.deviation[place]
            rows[:, len(self) + place] = 1
        return rows

    def within(self, values: Mapping[str, float]) -> dict[str, float]:
        """Of values in units those that the model knows, brought to where most training songs lie; NaN is left out.

        A network that is asked for what it has hardly seen draws nonsense, so the ends are the 2.5th and the 97.5th
        percentile.
        """
        found = {}
        for name, column in zip(self.names, self.examples.T, strict=True):
            value, known = values.get(name, math.nan), column[~np.isnan(column)]
            if not math.isnan(value) and len(known):
                found[name] = float(np.clip(value, *np.percentile(known, (2.5, 97.5))))
        return found

    def _asked(self, wanted: Mapping[str, float]) -> dict[int, float]:
        """Place -> value of what was asked for."""
        for name, value in wanted.items():
            if name not in self.names:
                why = f" ({name}: {self.ignored[name]})" if name in self.ignored else ""
                raise CourseError(f"The model knows no {name!r}; it was told {', '.join(self.names)}{why}.")
            if not isinstance(value, Real) or math.isnan(value):
                raise CourseError(f"{name} must be a number, unlike {value!r}.")
            _check_ranges([name], np.array([[value]], float))
        return {self.names.index(name): float(value) for name, value in wanted.items()}


def _known_names(names: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in BY_NAME]:
        raise CourseError(f"There is no audio feature {unknown[0]!r}; choose from {', '.join(FEATURE_NAMES)}.")
    if not wanted:
        raise CourseError(f"Name at least one audio feature: {', '.join(FEATURE_NAMES)}.")
    return wanted


def _values(table, names: Sequence[str]) -> np.ndarray:
    """The features of a table's rows, float64 [N, K]."""
    values = np.stack([table[name].to_numpy(float, na_value=np.nan) for name in names], axis=1)
    _check_ranges(names, values)
    return values


def _check_ranges(names: Sequence[str], values: np.ndarray) -> None:
    for name, column in zip(names, values.T, strict=True):
        feature = BY_NAME[name]
        wrong = column[(column < feature.low) | (column > feature.high)]
        if len(wrong):
            raise CourseError(
                f"{name} goes from {feature.low:g} to {feature.high:g} ({feature.unit}), and {wrong[0]:g} is outside."
            )
