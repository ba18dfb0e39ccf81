"""What can be evaluated: a training run, a CoverSet, or a folder of images from any other generator."""

import tempfile
from pathlib import Path

import numpy as np

from helpers.covers import CARD, CoverSet
from helpers.preprocess.clean import SmallestSide, Square


def fakes_of(subject: Path, size: int, n: int, seed: int):
    """The covers of a subject, and what they were asked to be.

    A run draws n covers; of a CoverSet or a folder it is all that there are, in whatever order they lie. In a folder,
    the names of sub-folders are the genres.

    Args:
        size: side in pixels that images of a folder are brought to.

    Returns:
        (uint8 [N, S, S, 3] or a CoverSet, what else `helpers.evaluation.evaluate` is told of it, by argument:
        "genres", str [N] or None; "head", the model, if it tells genres; "sound", if it was told audio features).

    Raises:
        CourseError: if the subject is none of these, or damaged.
    """
    from helpers import gan as gans
    from helpers.gan.runs import Run

    if Run(subject).exists:
        gan = gans.load(subject)
        told = {"genres": None}
        if getattr(gan, "genres", ()):
            told = {"genres": gan.labels(n, seed), "head": gan}
        elif hasattr(gan, "features"):
            told["sound"] = dict(zip(gan.features.names, gan.labels(n, seed).T, strict=True))
        return gan.generate(n, seed), told
    if (subject / CARD).exists():
        covers = CoverSet.open(subject)
        return covers, {"genres": _genres(covers)}
    with tempfile.TemporaryDirectory() as folder:
        steps = [SmallestSide(), Square()]  # what a GAN drew counts, also if it is flat or drawn twice
        covers = CoverSet.build(subject, Path(folder, "fakes"), size, steps=steps, merge=False)
        return covers[:].copy(), {"genres": _genres(covers)}


def _genres(covers: CoverSet) -> np.ndarray | None:
    genres = covers.genres
    return genres if (genres != "unknown").any() else None
