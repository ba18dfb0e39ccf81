"""Trained generators that ship with the course, each with a card that says how it came to be.

For each there are

    data/weights/NAME.weights.h5   the averaged generator
    data/weights/NAME.json         what it learnt from, for how long, by which command, how well it draws; its SHA-256
"""

import hashlib
import json
import shlex
from pathlib import Path

from helpers import DATA
from helpers.errors import CourseError
from helpers.gan import ARGUMENTS, build

FOLDER = DATA / "weights"


def names() -> list[str]:
    """What `load` can be given."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str):
    """A shipped model, whose averaged generator is trained and whose other weights are not, and its card.

    Raises:
        CourseError: if no such weights ship with the course, or the file is not the one that was published.
    """
    if name not in names():
        raise CourseError(
            f"{name} is neither a run's folder nor weights of the course, which are: {', '.join(names())}."
        )
    card = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    path = FOLDER / f"{name}.weights.h5"
    if not path.exists() or sha256(path) != card.get("sha256"):
        course = shlex.quote(str(FOLDER.parents[1]))  # the reader may work elsewhere
        raise CourseError(
            f"{path} is missing, cut off or changed; fetch it again with: cd {course} && git checkout -- data/weights"
        )
    gan = build(**{name: card[name] for name in ARGUMENTS if name in card})
    gan.ema_generator.load_weights(path)
    return gan, card


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
