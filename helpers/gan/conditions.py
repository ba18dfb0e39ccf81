"""Conditions: what a conditional GAN can be asked for, a genre and a decade, as rows of numbers.

A row has one number per genre and one per decade. Those of the genres are shares: a single 1 for a plain genre, 1/2 and
1/2 for a cover with two tags, any mixture for a genre that no shop has. They sum to 1, or are all 0 where nothing is
known; so it is with the decades. A network that takes the row in linearly can draw what lies between two genres.
"""

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np

from helpers.errors import CourseError

KINDS = ("genre", "decade")


class Conditions:
    """Which genres and decades a model knows, and how often its training set has each pair of them.

    Args:
        genres: names, in the order of the numbers.
        decades: first years, like 1970; empty for a model that knows no decades.
        counts: [G + 1, D + 1] covers of each main genre and decade; the last row counts those without a known genre,
            the last column those without a known decade.
    """

    def __init__(self, genres: Sequence[str], decades: Sequence[int], counts: Sequence[Sequence[int]]):
        self.genres, self.decades = tuple(genres), tuple(decades)
        self.counts = np.asarray(counts, np.int64)

    def __len__(self) -> int:
        return len(self.genres) + len(self.decades)

    @property
    def settings(self) -> dict:
        """The arguments that make these conditions again, ready for JSON."""
        return {"genres": list(self.genres), "decades": list(self.decades), "counts": self.counts.tolist()}

    @classmethod
    def of(cls, covers, kinds: Sequence[str] = ("genre",), genres: Sequence[str] | None = None) -> "Conditions":
        """The genres or decades of a CoverSet, or both.

        Args:
            genres: those to tell apart; by default every one that is the main genre of a cover.

        Raises:
            CourseError: on another kind, or if there are not two genres or decades to tell apart.
        """
        if not kinds or set(kinds) - set(KINDS):
            raise CourseError(f"Cannot condition on {', '.join(kinds) or 'nothing'}; choose from {', '.join(KINDS)}.")
        table = covers.table
        genres = {names[0] for names in table["genres"] if names} if genres is None else genres
        found = {
            "genre": sorted(genres) if "genre" in kinds else [],
            "decade": sorted(map(int, _decades(table).dropna().unique())) if "decade" in kinds else [],
        }
        for kind in kinds:
            if len(found[kind]) < 2:
                raise CourseError(
                    f"The covers have {len(found[kind])} {kind}s, and there must be two to tell apart; "
                    f"use covers with more of them, or do not condition on the {kind}."
                )
        conditions = cls(found["genre"], found["decade"], [[0]])
        conditions.counts = conditions._count(table)
        return conditions

    def encode(self, table) -> np.ndarray:
        """The conditions that a CoverSet's table tells of: float32 [N, K]; several tags of a cover share alike.

        Genres and decades that the model does not know count as unknown.
        """
        rows = np.zeros((len(table), len(self)), np.float32)
        genre_column = {name: k for k, name in enumerate(self.genres)}
        for row, names in zip(rows, table["genres"], strict=True):
            known = [genre_column[name] for name in names if name in genre_column]
            row[known] = 1 / max(len(known), 1)
        for k, decade in enumerate(self.decades, len(self.genres)):
            rows[(_decades(table) == decade).fillna(False).to_numpy(bool), k] = 1
        return rows

    def _count(self, table) -> np.ndarray:
        """Covers of each main genre, the first tag that is known, and decade."""
        places = {name: k for k, name in enumerate(self.genres)}
        genres = [next((places[name] for name in names if name in places), len(places)) for names in table["genres"]]
        counts = np.zeros((len(self.genres) + 1, len(self.decades) + 1), np.int64)
        np.add.at(counts, (genres, self._indices(self.encode(table))[1]), 1)
        return counts

    def _indices(self, rows: np.ndarray) -> list[np.ndarray]:
        """Main genre and decade of each row as places in `counts`."""
        parts = np.split(rows, [len(self.genres)], axis=1)
        # A column that wins only where all others are 0.
        return [np.pad(part, [(0, 0), (0, 1)], constant_values=1e-6).argmax(axis=1) for part in parts]

    def names(self, rows: np.ndarray) -> np.ndarray:
        """The main genre of each row, str [N]; "unknown" where there is none."""
        return np.array([*self.genres, "unknown"])[self._indices(rows)[0]]

    def sample(
        self,
        n: int,
        rng: np.random.Generator,
        genre: str | Mapping[str, float] | None = None,
        decade: int | None = None,
    ) -> np.ndarray:
        """Draw n rows, float32 [n, K]; what is not asked for comes as often as it does in the training set.

        Of covers with several tags, only the main one counts.

        Args:
            genre: a name, or names with their shares, such as {"rock": 0.7, "jazz": 0.3}.
            decade: its first year.

        Raises:
            CourseError: if the model does not know the genre or the decade, or the shares are no shares.
        """
        shares = None if genre is None else self._shares(genre)
        weights = self.counts.astype(float)
        if shares is not None:
            # Each genre's decades in the proportions it has them; as all genres do, where it has no cover of its own.
            known = np.where(weights[:-1].any(axis=1, keepdims=True), weights[:-1], weights.sum(axis=0))
            weights = shares[:, None] * known / known.sum(axis=1, keepdims=True)
        if decade is not None:
            place = self._place(decade)
            column = weights[:, place] if weights[:, place].any() else weights.sum(axis=1)  # a pair that is never met
            weights = np.zeros_like(weights)
            weights[:, place] = column
        cumulative = weights.ravel().cumsum()
        drawn = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
        genres, decades = np.unravel_index(drawn, weights.shape)
        rows = np.hstack([np.eye(len(self.genres) + 1)[genres, :-1], np.eye(len(self.decades) + 1)[decades, :-1]])
        if shares is not None:
            rows[:, : len(self.genres)] = shares
        return rows.astype(np.float32)

    def _shares(self, genre: str | Mapping[str, float]) -> np.ndarray:
        mixture = {genre: 1.0} if isinstance(genre, str) else genre
        if not isinstance(mixture, Mapping):
            raise CourseError(f"{genre!r} is no genre; pass a name, or names with shares like {{'rock': 0.7}}.")
        if not self.genres:
            raise CourseError("The model was not conditioned on genres; leave the genre out.")
        if unknown := [name for name in mixture if name not in self.genres]:
            raise CourseError(f"The model knows no genre {unknown[0]!r}; choose from {', '.join(self.genres)}.")
        values = [mixture.get(name, 0.0) for name in self.genres]
        if not all(isinstance(value, Real) and 0 <= value < math.inf for value in values) or not any(values):
            raise CourseError(f"Shares of genres must be numbers from 0 up, and not all 0, unlike those of {mixture}.")
        values = np.array(values, float)
        return values / values.sum()

    def _place(self, decade: int) -> int:
        if not self.decades:
            raise CourseError("The model was not conditioned on decades; leave the decade out.")
        if decade not in self.decades:
            raise CourseError(f"The model knows no decade {decade}; choose from {', '.join(map(str, self.decades))}.")
        return self.decades.index(decade)


def parse_mixture(text: str) -> dict[str, float]:
    """What "rock" or "rock:0.7,jazz:0.3" ask for, as names with their shares; a name alone has the share 1.

    Raises:
        CourseError: if a share is no number, or there is no name.
    """
    mixture = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, share = (piece.strip() for piece in part.partition(":"))
        try:
            mixture[name] = float(share or 1)
        except ValueError:
            mixture[name] = math.nan
        if not name or not math.isfinite(mixture[name]):
            raise CourseError(f"{part!r} is no genre with a share; write rock, or rock:0.7,jazz:0.3.")
    if not mixture:
        raise CourseError("Name a genre, such as rock, or several with their shares: rock:0.7,jazz:0.3.")
    return mixture


def _decades(table):
    """The first year of each cover's decade, NA where the year is unknown."""
    return table["year"] // 10 * 10
