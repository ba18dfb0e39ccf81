"""CoverSet: a folder of covers as one memory-mapped array, one table and one card.

The folder holds

    images.npy       uint8 [N, S, S, 3], memory-mapped: opening a million covers reads nothing
    covers.parquet   one row per image, in the same order
    card.json        counts, terms, every rejected file with its reason, settings, hash
"""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from helpers.building import Source, prepare
from helpers.choosing import Choice
from helpers.errors import CourseError
from helpers.joining import CARD, IMAGES, TABLE


class CoverSet:
    """Square covers of one size with their metadata. Make one with `CoverSet.build` or `CoverSet.open`.

    Attributes:
        path: the folder.
        size: side of every image in pixels.
        card: the data card, as a dict.
        table: pandas DataFrame, one row per image: the fields of `Record` (`genres` as lists, unknown years as NA)
            and the ten audio features as columns; read when first asked for.
    """

    def __init__(self, path: Path, images: np.ndarray, card: dict, rows: np.ndarray | None = None, depth: int = 0):
        self.path, self.card = path, card
        self._images = images
        self._rows = rows  # of a part: where its covers stand in the folder's arrays
        self._depth = depth  # how many splits the part comes from

    def __len__(self) -> int:
        return len(self._images) if self._rows is None else len(self._rows)

    def __getitem__(self, key) -> np.ndarray:
        """Images by position: an integer, a slice or an integer array; uint8 [..., S, S, 3]."""
        return np.asarray(self._images[key if self._rows is None else self._rows[key]])

    def __repr__(self) -> str:
        return f"CoverSet({str(self.path)!r}: {len(self):,} covers, {self.size} x {self.size})"

    @property
    def size(self) -> int:
        return self._images.shape[1]

    @property
    def rows(self) -> np.ndarray:
        """Where the covers stand in the folder's arrays, int [N], in ascending order."""
        return np.arange(len(self._images)) if self._rows is None else self._rows

    @property
    def hash(self) -> str:
        """Hex digest of the content; that of a part depends on which covers are in it."""
        if self._rows is None:
            return self.card["hash"]
        return hashlib.sha256(self.card["hash"].encode() + self._rows.tobytes()).hexdigest()

    @property
    def images(self) -> np.ndarray:
        """uint8 [N, S, S, 3]; the memory map itself for a whole set, a copy for a part."""
        return self._images if self._rows is None else self._images[self._rows]

    @cached_property
    def table(self) -> pd.DataFrame:
        # Years as pandas' nullable integers: else one unknown year would make floats of all.
        table = pq.read_table(self.path / TABLE).to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
        if self._rows is not None:
            table = table.iloc[self._rows].reset_index(drop=True)
        table["genres"] = table["genres"].map(list)
        return table

    @classmethod
    def open(cls, path: str | os.PathLike) -> "CoverSet":
        """Open a finished set; nothing is read but the card and the headers of the array and the table.

        Raises:
            CourseError: if the folder is missing, unfinished, cut off, or its parts do not belong together.
        """
        path = Path(path)
        if not path.is_dir():
            raise CourseError(f"There is no folder {path}; make a CoverSet there with covergan prepare.")
        if not (path / CARD).exists():
            raise CourseError(f"{path} is not a finished CoverSet (it has no {CARD}); run covergan prepare again.")
        anew = "delete that folder and run covergan prepare again"
        try:
            card = json.loads((path / CARD).read_text(encoding="utf-8"))
            count, size = card["count"], card["size"]
            images = np.lib.format.open_memmap(path / IMAGES, mode="r")
            rows = pq.read_metadata(path / TABLE).num_rows
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
            raise CourseError(f"{path} is damaged or cut off ({error}); {anew}.") from error
        if images.dtype != np.uint8 or images.shape[1:] != (size, size, 3):
            raise CourseError(
                f"{path / IMAGES} holds {images.dtype} {list(images.shape)}, not uint8 [N, {size}, {size}, 3]; {anew}."
            )
        if not len(images) == rows == count:
            raise CourseError(
                f"{path} holds {len(images):,} images, {rows:,} rows and a card that says {count:,}; {anew}."
            )
        return cls(path, images, card)

    @classmethod
    def build(cls, source: Source, path: str | os.PathLike, size: int = 64, **options) -> "CoverSet":
        """Build a set of one size and open it; an interrupted build goes on, a finished one is just opened.

        The arguments and the errors are those of `helpers.building.prepare`.
        """
        (path,) = prepare(source, path, (size,), **options)
        return cls.open(path)

    def split(self, by: str = "artist", test: float = 0.1, seed: int = 0) -> tuple["CoverSet", "CoverSet"]:
        """Split into (train, test) so that no group is on both sides and every genre has its share in the test.

        A cover whose artist or album is unknown goes by its cluster: its copies, and editions in other colours. Those
        stay together in any case. Within each genre, groups go to the test in the order of a hash of (seed, group), as
        long as they fit, so most of them stay on their side when the set grows. A part can be split again, by another
        hash.

        Args:
            by: "artist", "album" (artist and title) or "cluster".
            test: share of the covers in the test part, between 0 and 1.

        Raises:
            CourseError: on another `by`, a share outside (0, 1), or a set too small to give both parts a cover.
        """
        if not 0 < test < 1:
            raise CourseError(f"The test share is {test}; it must lie between 0 and 1.")
        groups = self._groups(by)
        # What most covers of a group are, and of equals the first in the alphabet.
        genre = pd.Series(self.genres).groupby(groups).agg(lambda genres: genres.mode().iloc[0])
        sizes = pd.Series(groups).value_counts()
        in_test = set()
        for _, names in genre.groupby(genre).groups.items():
            room = round(test * int(sizes[names].sum()))
            for name in sorted(names, key=lambda group: _digest(f"{seed} {self._depth}\n{group}")):
                if sizes[name] <= room:
                    in_test.add(name)
                    room -= sizes[name]
        chosen = np.isin(groups, list(in_test))
        if chosen.all() or not chosen.any():
            raise CourseError(f"{len(self)} covers are too few to split by {by} with a test share of {test}.")
        return self._part(~chosen), self._part(chosen)

    def _groups(self, by: str) -> np.ndarray:
        """For each cover the name of the group it must not leave, str [N]."""
        table = self.table
        none = pd.Series("", index=table.index)
        names = {"artist": table["artist"], "album": table["artist"] + "\n" + table["title"], "cluster": none}
        if by not in names:
            raise CourseError(f"Cannot split by {by!r}; choose artist, album or cluster.")
        # One artist, however the sources spell: upper or lower case, Hangul as syllables or as letters.
        names = names[by].where((table["title"] != "") | (by != "album"), "").str.normalize("NFKC").str.casefold()
        names = names.where(names != "", "cluster " + table["cluster"])
        # Covers are linked by a common name and by a common cluster; who is linked, also by way of others, is a group.
        count = len(table)
        ends = [count + pd.factorize(names)[0], 2 * count + pd.factorize(table["cluster"])[0]]
        edges = (np.ones(2 * count), (np.tile(np.arange(count), 2), np.concatenate(ends)))
        labels = connected_components(coo_array(edges, (3 * count, 3 * count)), directed=False)[1][:count]
        return names.groupby(labels).transform("min").to_numpy(str)

    @property
    def genres(self) -> np.ndarray:
        """The main genre of each cover, str [N]; "unknown" where there is none."""
        return np.array([genres[0] if genres else "unknown" for genres in self.table["genres"]], str)

    def class_weights(self) -> dict[str, float]:
        """What to multiply the loss of a cover with so that all genres count alike: N / (genres * covers of the genre).

        The same as scikit-learn's `compute_class_weight("balanced", …)`.
        """
        names, counts = np.unique(self.genres, return_counts=True)
        return {str(name): len(self) / (len(names) * int(count)) for name, count in zip(names, counts, strict=True)}

    def where(self, **choice) -> "CoverSet":
        """The covers that fit in every respect asked about, such as where(genres="rock", years=(1970, 1979)).

        The arguments and the errors are those of `helpers.choosing.Choice`; a set without such covers raises a
        CourseError, too.
        """
        chosen = np.array(list(map(Choice(**choice), self.table.to_dict("records"))), bool)
        if not chosen.any():
            raise CourseError(f"None of the {len(self):,} covers fits; ask for less.")
        return self.select(chosen)

    def select(self, chosen: np.ndarray) -> "CoverSet":
        """The covers for which `chosen`, bool [N], is true, such as select(covers.genres == "rock")."""
        return self._part(chosen, self._depth)

    def _part(self, chosen: np.ndarray, depth: int | None = None) -> "CoverSet":
        return CoverSet(
            self.path, self._images, self.card, self.rows[chosen], self._depth + 1 if depth is None else depth
        )

    def batches(self, batch_size: int, seed: int, start_step: int = 0, balanced: bool = False) -> Iterator[np.ndarray]:
        """Endless shuffled batches, uint8 [batch_size, S, S, 3]: the images of `batch_rows`."""
        return (self[rows] for rows in self.batch_rows(batch_size, seed, start_step, balanced))

    def batch_rows(
        self, batch_size: int, seed: int, start_step: int = 0, balanced: bool = False
    ) -> Iterator[np.ndarray]:
        """Which covers are in each of endless shuffled batches, int [batch_size]; batch k depends on (seed, k) alone.

        Every epoch is a fresh permutation; what is left at its end when the batches do not fill it is skipped.

        Args:
            balanced: draw every genre equally often instead, with replacement: covers of rare genres come back sooner.

        Raises:
            CourseError: if the batch is larger than the set.
        """
        if not 0 < batch_size <= len(self):
            raise CourseError(f"A batch of {batch_size} cannot come from {len(self)} covers; choose a smaller batch.")
        order = self._balanced_order if balanced else self._shuffled_order
        # Sorted, so that a map larger than memory is read in one direction.
        return map(np.sort, order(batch_size, seed, start_step))

    def _shuffled_order(self, batch_size: int, seed: int, step: int) -> Iterator[np.ndarray]:
        per_epoch = len(self) // batch_size
        while True:
            epoch, first = divmod(step, per_epoch)
            order = np.random.default_rng([seed, epoch]).permutation(len(self))
            for k in range(first, per_epoch):
                yield order[k * batch_size : (k + 1) * batch_size]
            step = (epoch + 1) * per_epoch

    def _balanced_order(self, batch_size: int, seed: int, step: int) -> Iterator[np.ndarray]:
        names, genre = np.unique(self.genres, return_inverse=True)
        by_genre = np.argsort(genre, kind="stable")
        counts = np.bincount(genre)
        starts = np.cumsum(counts) - counts
        for k in itertools.count(step):
            rng = np.random.default_rng([seed, k])
            drawn = rng.integers(len(names), size=batch_size)
            yield by_genre[starts[drawn] + rng.integers(counts[drawn])]


def _digest(text: str) -> bytes:
    """Eight bytes that depend on the text alone."""
    return hashlib.sha256(text.encode()).digest()[:8]
