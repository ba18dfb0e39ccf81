"""Audio features of tracks and albums, from whichever service they come."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from numbers import Real
from statistics import fmean

from helpers.records import FEATURE_NAMES, FEATURES, Record
from helpers.sources.collection import Found

LOUDEST = 6.0  # dB; loud masters come out a little above the 0 dB of full scale, and count as 0

_BY_NAME = {feature.name: feature for feature in FEATURES}


def within_range(name: str, value: float) -> float:
    """The value of a feature in the unit of `helpers.records.FEATURES`; NaN if it is outside the range given there."""
    feature = _BY_NAME[name]
    if name == "loudness" and feature.high < value <= LOUDEST:
        return float(feature.high)
    return float(value) if feature.low <= value <= feature.high else math.nan


def known(answer: Mapping) -> dict[str, float]:
    """Those of the ten features that an answer of a service has, as numbers within their ranges."""
    said = {name: answer.get(name) for name in FEATURE_NAMES}
    numbers = {name: value for name, value in said.items() if isinstance(value, Real) and not isinstance(value, bool)}
    values = {name: within_range(name, value) for name, value in numbers.items()}
    return {name: value for name, value in values.items() if not math.isnan(value)}


def mean(tracks: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The features of an album: means over its tracks, each feature over those tracks of which it is known.

    Three of the means deserve a second look. Loudness is in dB, a logarithm, so this is the loudness of the geometric
    mean of the powers, and a quiet interlude pulls it down further than the ear would say. The mean of tempos may be
    one that no track has, and since the beat of a track is easily taken for half or twice as fast, two tracks that feel
    alike can average to nonsense. And an album of one lively and one sad track has the same valence as two even ones.
    """
    tracks = list(tracks)
    columns = {name: [track.get(name, math.nan) for track in tracks] for name in FEATURE_NAMES}
    columns = {name: [value for value in values if not math.isnan(value)] for name, values in columns.items()}
    return {name: fmean(values) for name, values in columns.items() if values}


def with_features(
    found: Iterable[Found], features_of: Callable[[Record], Mapping[str, float]], source: str
) -> Iterator[Found]:
    """The same covers, with the audio features of those of which some are known; asked for one cover at a time.

    Args:
        found: covers; those whose records have features keep them, so that one record never mixes two origins.
        features_of: the features of an album, in the units of `helpers.records.FEATURES`; empty where unknown.
        source: whose features these are, for `features_source` of the records.

    Raises:
        CourseError: while iterating, if `features_of` gives a feature that is none of the ten.
    """
    for cover in found:
        if not _any_known(cover.record.features):
            features = features_of(cover.record)
            if _any_known(features):
                cover = replace(cover, record=replace(cover.record, features=dict(features), features_source=source))
        yield cover


def _any_known(features: Mapping[str, float]) -> bool:
    return not all(math.isnan(value) for value in features.values())


def bare_id(link: str) -> str:
    """The identifier at the end of a link or URI: "spotify:track:ID" and "https://open.spotify.com/track/ID?si=…"."""
    return re.split("[:/]", re.split("[?#]", link.strip())[0])[-1]
