"""Everything that can be measured about generated covers, in one table: the numbers behind `covergan evaluate`.

What it means that the real covers are those that the generator was trained with:

    distances from real covers (KID, FID, …)   fair: the floors are distances within the same set
    the judge of genres, the reader of sound   fair: they learn from these covers, but share nothing with the generator
    the discriminator's own head               not quite: it knows these covers, so its floor is too good
    copies                                     needed: only what is in the set can be found to be copied
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from helpers.errors import CourseError
from helpers.metrics import conditioning, distribution, regression
from helpers.metrics.diversity import diversity, most_alike
from helpers.metrics.features import EXTRACTOR, extract
from helpers.metrics.intervals import share
from helpers.metrics.memorisation import Memorisation, memorisation

SEARCHED = 50_000  # covers of a larger set that are searched for what was copied; their features take 256 MB
SHOWN = 12  # fakes and pairs of fakes that are named, to be looked at
PAIRS = 200  # for MS-SSIM, of each genre and side
BLOCK = 2048  # images that are read at a time
UNKNOWN, ALL = "unknown", "all"

Progress = Callable[[str, int, int], None]


class Pictures(NamedTuple):
    """Covers with what all measures look at."""

    images: np.ndarray  # uint8 [N, S, S, 3], or a CoverSet
    features: np.ndarray  # float32 [N, D]
    genres: np.ndarray  # str [N]

    def where(self, chosen: np.ndarray) -> "Pictures":
        """Those for which `chosen`, bool [N], is true."""
        images = self.images[chosen] if isinstance(self.images, np.ndarray) else self.images.select(chosen)
        return Pictures(images, self.features[chosen], self.genres[chosen])


def evaluate(
    fakes,
    covers,
    genres: Sequence[str] | None = None,
    n: int = 2000,
    seed: int = 0,
    head=None,
    progress: Progress | None = None,
    sound: Mapping[str, np.ndarray] | None = None,
) -> dict:
    """Measure generated covers against real ones in every way there is.

    Features are extracted once and shared by all but the judge in training, which looks at worn copies, too. Half of
    the covers drawn are the reference, the other half takes the fakes' place and gives the floors; see
    `helpers.metrics.distribution`. The judge of genres learns from covers by other artists than those it is measured
    on, as far as artists are known.

    Args:
        fakes: uint8 [M, S, S, 3], an array or a CoverSet.
        covers: a CoverSet.
        genres: what each fake is meant to be, str [M]; "unknown" where nobody asked for anything. Without them, what is
            about genres is left out.
        n: images on each side; fewer where there are not n fakes or 2 n covers.
        seed: decides which images are drawn, and all else that is drawn.
        head: a conditional GAN whose fakes these are: it has `genres`, a tuple of G names, and `classify`,
            uint8 [N, S, S, 3] -> float [N, G].
        progress: called with (what is being done, done, in all).
        sound: audio feature -> the value each fake was asked for, float [M] in its unit, NaN where nobody asked.

    Returns:
        A dict for `json.dumps`. A measure is {"value", "floor", …}, where the floor is the same of real covers, with
        "se", a standard error, or "low" and "high", a 95 % interval, where they are known:

            kid_lite0, fid_lite0, fid_infinity_lite0, precision, recall, density, coverage   `distribution.compare`
            sliced_wasserstein   `distribution.patches_beside_floor`
            ms_ssim              `diversity.diversity`; "as_diverse" is a share of the genres
            genre_accuracy       the judge's
            head_accuracy        of the discriminator's own head
            audio_r2             mean over the audio features of the R² of an independent regressor, with "as_good" of
                                 "of" features whose R² is at least 0.7 of that of real covers
            copies               the share that is copied, with "count", "threshold" and "nearest", the fakes with the
                                 smallest distances; the floor is the rate of false alarms, with "floor_low" and
                                 "floor_high"

        Beside them, "genres": name -> {"kid_lite0", "ms_ssim", "accuracy", "n_fake", "n_real"}; "judge": {"fake",
        "real"}, each from `conditioning.genre_scores`; "audio": feature -> its R², a measure; "most_alike": pairs of
        fakes with their MS-SSIM; "left_out": the name of a measure or genre -> why it could not be measured; n_real,
        n_fake, n_searched, image_size, extractor.
        Images are named by their index in `fakes` and in `covers`.

    Raises:
        CourseError: with fewer than 20 fakes or 40 covers, if the two are not images of one size, or if there is not
            one genre for each fake.
    """
    # Of duplicates only one is drawn: a cover in one half and its copy in the other would make the floors too good.
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(covers))
    different = order[np.sort(np.unique(covers.table["cluster"].to_numpy()[order], return_index=True)[1])]
    count = distribution.check_sets(fakes, covers.select(np.isin(np.arange(len(covers)), different)), n)
    if genres is not None and len(genres) != len(fakes):
        raise CourseError(f"There are {len(fakes):,} fakes and the genres of {len(genres):,}; pass one for each.")

    def stage(name: str):
        return progress and (lambda done, total: progress(name, done, total))

    a, b = np.sort(different[:count]), np.sort(different[count : 2 * count])
    drawn = np.sort(rng.permutation(len(fakes))[:count])
    rest = order[~np.isin(order, different[: 2 * count])]
    searched = np.sort(np.concatenate([a, b, rest[: max(SEARCHED - 2 * count, 0)]]))

    known = covers.select(np.isin(np.arange(len(covers)), searched))
    real = Pictures(known, _features(known, stage("Looking at real covers")), known.genres)
    images = fakes[drawn]
    asked = np.full(count, UNKNOWN) if genres is None else np.asarray(genres, str)[drawn]
    fake = Pictures(images, _features(images, stage("Looking at generated covers")), asked)
    half_a, half_b = (real.where(np.isin(searched, half)) for half in (a, b))

    result = distribution.compare(half_a.features, half_b.features, fake.features, seed=seed)
    some = np.sort(np.random.default_rng(seed).permutation(count)[: distribution.PATCH_IMAGES])
    patches = [part.images[some] for part in (half_a, half_b, fake)]
    result["sliced_wasserstein"] = distribution.patches_beside_floor(*patches, seed)
    result |= {"genres": {}, "left_out": {}}
    with _or_left_out("genres", result):
        _add_genres(result, half_a, half_b, fake, seed)
    with _or_left_out("ms_ssim", result):
        _add_diversity(result, real, fake, seed, stage("Comparing covers in pairs"))
    with _or_left_out("genre_accuracy", result):
        _add_judge(result, real, fake, seed, stage("Training the judge"))
    if head is not None:
        with _or_left_out("head_accuracy", result):
            result["head_accuracy"] = _head_accuracy(head, half_b, fake)
    if sound is not None:
        with _or_left_out("audio_r2", result):
            asked = {name: np.asarray(values, float)[drawn] for name, values in sound.items()}
            _add_audio(result, real, fake, asked, seed, stage("Training the regressor"))
    with _or_left_out("copies", result):
        clusters = known.table["cluster"]
        report = stage("Searching for copies")
        found = memorisation(images, known, fake.features, real.features, clusters, seed=seed, progress=report)
        result["copies"] = _copies(found, drawn, searched)
    if len(searched) < len(covers):
        few = f"Only {len(searched):,} of the {len(covers):,} covers were searched."
        result["left_out"]["copies of the other covers"] = few
    pairs = most_alike(images, SHOWN // 2, seed)
    result["most_alike"] = [{"fakes": [int(drawn[i]), int(drawn[j])], "value": value} for i, j, value in pairs]
    return result | {
        "n_real": count,
        "n_fake": count,
        "n_searched": len(searched),
        "image_size": int(images.shape[1]),
        "extractor": EXTRACTOR,
    }


@contextmanager
def _or_left_out(measure: str, result: dict) -> Iterator[None]:
    """What keeps one measure from being made does not stop the others; it is told instead."""
    try:
        yield
    except CourseError as error:
        result["left_out"][measure] = str(error)


def _features(images, progress: Callable[[int, int], None] | None) -> np.ndarray:
    """Lite0 features of images that need not be in memory all at once."""
    parts = []
    for start in range(0, len(images), BLOCK):
        report = progress and (lambda done, _, before=start: progress(before + done, len(images)))
        parts.append(extract(images[start : start + BLOCK], progress=report))
    return np.concatenate(parts)


def _add_genres(result: dict, half_a: Pictures, half_b: Pictures, fake: Pictures, seed: int) -> None:
    """KID within each genre of which there are fakes and real covers."""
    named = [part.where(part.genres != UNKNOWN) for part in (half_a, half_b, fake)]
    if not len(named[2].genres):
        raise CourseError("Nobody said which genres the generated covers are meant to be of.")
    by_genre = distribution.compare_by_genre(*((part.features, part.genres) for part in named), seed=seed)
    for name, why in by_genre["left_out"].items():
        result["left_out"][f"genre {name}"] = f"There are {why}."
    for name, scores in by_genre["genres"].items():
        n_real, _, n_fake = (int((part.genres == name).sum()) for part in named)
        result["genres"][name] = scores | {"n_real": n_real, "n_fake": n_fake}


def _add_diversity(result: dict, real: Pictures, fake: Pictures, seed: int, progress) -> None:
    """MS-SSIM within each of the genres; among all covers where there are none."""
    names = list(result["genres"]) or [ALL]

    def of_genre(part: Pictures, name: str) -> np.ndarray:
        rows = np.flatnonzero((part.genres == name) | (name == ALL))
        return part.images[np.sort(np.random.default_rng(seed).permutation(rows)[: 2 * PAIRS])]

    fakes, reals = ({name: of_genre(part, name) for name in names} for part in (fake, real))
    scores = diversity(fakes, reals, PAIRS, seed, progress)
    by_genre = scores.pop("genres")
    result["ms_ssim"] = scores
    for name, genre in result["genres"].items():
        each = by_genre[name]
        genre["ms_ssim"] = _beside(each["fake"], each["real"]) | {"as_diverse": each["as_diverse"]}


def _add_judge(result: dict, real: Pictures, fake: Pictures, seed: int, progress) -> None:
    """What a judge trained on real covers takes the fakes for, and other real covers."""
    names, counts = np.unique(real.genres, return_counts=True)
    names = names[(counts >= conditioning.RARE) & (names != UNKNOWN)]
    asked = fake.where(np.isin(fake.genres, names))
    if len(names) < 2:
        raise CourseError(f"A judge needs two genres of {conditioning.RARE} real covers or more to tell apart.")
    if not len(asked.genres):
        raise CourseError("None of the generated covers is meant to be of a genre that the real ones have.")

    judge, held_out = conditioning.fit_on(real.images, names, seed=seed, progress=progress)
    places = np.searchsorted(real.images.rows, held_out.rows)
    opinions = {
        "fake": (conditioning.describe(asked.images, asked.features), asked.genres),
        "real": (conditioning.describe(held_out[:], real.features[places]), held_out.genres),
    }
    scores = {
        which: conditioning.genre_scores(judge.probabilities_of_features(covers), genres, judge.genres)
        for which, (covers, genres) in opinions.items()
    }
    result["judge"] = scores
    result["genre_accuracy"] = _accuracy(scores)
    tables = {which: np.array(each["confusion"]) for which, each in scores.items()}
    for k, name in enumerate(judge.genres):
        if name in result["genres"] and all(table[k].any() for table in tables.values()):
            fakes, reals = (share(tables[which][k, k], tables[which][k].sum()) for which in ("fake", "real"))
            result["genres"][name]["accuracy"] = _beside(fakes, reals)


def _head_accuracy(head, half_b: Pictures, fake: Pictures) -> dict:
    """How often the discriminator reads what was asked for from the fakes, and what they are from real covers."""
    scores = {}
    for which, part in (("fake", fake), ("real", half_b)):
        named = part.where(np.isin(part.genres, head.genres))
        scores[which] = conditioning.genre_scores(head.classify(named.images[:]), named.genres, head.genres)
    return _accuracy(scores)


def _add_audio(result: dict, real: Pictures, fake: Pictures, asked: dict[str, np.ndarray], seed: int, progress) -> None:
    """How well a regressor trained on real covers reads what was asked for off the fakes, and the truth off others."""
    regressor, held_out = regression.fit_on(real.images, list(asked), seed=seed, progress=progress)
    for name, why in regressor.ignored.items():
        result["left_out"][f"audio feature {name}"] = f"It is {why}."
    names = regressor.names
    places = np.searchsorted(real.images.rows, held_out.rows)
    sides = {
        "fake": (fake.images, fake.features, np.stack([asked[name] for name in names], axis=1)),
        "real": (held_out[:], real.features[places], held_out.table[list(names)].to_numpy(float)),
    }
    read = {
        which: regressor.predict_features(conditioning.describe(images, features))
        for which, (images, features, _) in sides.items()
    }
    scores = {"fake": {}, "real": {}}
    for k, name in enumerate(names):
        with _or_left_out(f"audio feature {name}", result):  # too few know it
            column = slice(k, k + 1)
            of_name = {
                which: regression.r2_scores(read[which][:, column], truth[:, column], [name], seed)
                for which, (_, _, truth) in sides.items()
            }
            for which, score in of_name.items():
                scores[which] |= score
    if not scores["fake"]:
        raise CourseError("Too few covers have audio features to say how well they can be read.")
    names = list(scores["fake"])
    good = regression.as_good(scores["fake"], scores["real"])
    result["audio"] = {name: _beside(scores["fake"][name], scores["real"][name]) for name in names}
    value, floor = (float(np.mean([each["value"] for each in scores[which].values()])) for which in ("fake", "real"))
    result["audio_r2"] = {"value": value, "floor": floor, "as_good": good["count"], "of": good["of"]}


def _accuracy(scores: dict) -> dict:
    return _beside(*({**scores[which], "value": scores[which]["accuracy"]} for which in ("fake", "real")))


def _beside(value: dict, floor: dict) -> dict:
    """{"value", "low", "high"} of fakes and of real covers as one measure."""
    floors = {"floor": floor["value"], "floor_low": floor["low"], "floor_high": floor["high"]}
    return {"value": value["value"], "low": value["low"], "high": value["high"]} | floors


def _copies(found: Memorisation, fakes: np.ndarray, covers: np.ndarray) -> dict:
    """The measure, and the rows of the fakes nearest to a cover; `fakes` and `covers`: the indices of those seen."""
    copied = found.nearest["copy"]
    rows = found.nearest.nsmallest(SHOWN, "distance")
    nearest = [
        {
            "fake": int(fakes[fake]),
            "cover": int(covers[row["cover"]]),
            "distance": float(row["distance"]),
            "copy": bool(row["copy"]),
            "similar": int(covers[row["similar"]]),
            "similar_distance": float(row["similar_distance"]),
        }
        for fake, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]
    rate = _beside(share(copied.sum(), len(copied)), found.false_alarms)
    return rate | {"count": int(copied.sum()), "threshold": found.threshold, "nearest": nearest}
