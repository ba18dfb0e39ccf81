"""The data card: what is in a set, what is not and why, and how it was made.

After T. Gebru and others, "Datasheets for Datasets" (2018), https://arxiv.org/abs/1803.09010: the part that a program
can fill in by itself.
"""

from collections import Counter
from collections.abc import Iterable

from helpers import __version__
from helpers.preprocess import clean, decode
from helpers.preprocess.colours import colour_name

REASONS = {
    **decode.REASONS,
    **clean.REASONS,
    "duplicate": "a copy of another cover, which is kept",
    "left out": "thrown out by hand",
    "not chosen": "not what was asked for",
}

SIDES = (64, 128, 256, 512, 1024)  # where the counts of sides part
LEVELS = 8  # of brightness


class Card:
    """Counts what goes into a set and what does not.

    Attributes:
        accepted: how many covers were counted.
        rejected: of every other file a dict with "file" and "reason", and of a duplicate "of", the copy that is kept.
    """

    def __init__(self):
        self.accepted = 0
        self.rejected: list[dict] = []
        names = ("sources", "genres", "decades", "licences", "ml_use")
        names += ("sides", "brightness", "colours", "text", "faces")
        self.counts = {name: Counter() for name in names}
        self.changed, self.refused = Counter(), Counter()

    def cleaned(self, steps: Iterable[str]) -> None:
        """Count a picture that could be cleaned, by the names of the steps that changed it."""
        self.changed.update(steps)

    def reject(self, file: str, reason: str, step: str = "", **more: str) -> None:
        self.rejected.append({"file": file, "reason": reason, **more})
        self.refused[step] += 1

    def count(self, row: dict) -> None:
        """Count a row of the table."""
        self.accepted += 1
        self.counts["sources"][row["source"]] += 1
        self.counts["genres"].update(row["genres"][:1] or ["unknown"])
        self.counts["decades"][f"{row['year'] // 10 * 10}s" if row["year"] else "unknown"] += 1
        self.counts["licences"][row["licence"] or "unknown"] += 1
        self.counts["ml_use"][row["ml_use"]] += 1
        if row.get("side"):  # measured, so from a file
            self.counts["sides"][_span(row["side"])] += 1
            self.counts["brightness"][min(int(row["brightness"] * LEVELS), LEVELS - 1)] += 1
            self.counts["colours"][colour_name(row["palette"][0])] += 1
        for name in ("text", "faces"):
            if row.get(name) is not None:
                self.counts[name][_number_of(row[name])] += 1

    def as_json(self, name: str, size: int, settings: dict, pixels: dict) -> dict:
        """The card, but for its hash.

        Args:
            name: of the set.
            size: side of its covers.
            settings: how it was made.
            pixels: what is to be said of the pixels.
        """
        from_files = self.counts["sides"] or self.refused
        steps = [step["name"] for step in settings["steps"]] if from_files else []
        return {
            "name": name,
            "count": self.accepted,
            "size": size,
            **{name: dict(counter.most_common()) for name, counter in self.counts.items()},
            "pixels": pixels,
            "steps": {step: {"changed": self.changed[step], "refused": self.refused[step]} for step in steps},
            "permission": settings["permission"],
            "rejected": self.rejected,
            "reasons": REASONS,
            "settings": settings,
            "version": __version__,
        }

    def nothing_usable(self) -> str:
        """Why no cover is left, as a sentence."""
        if not self.rejected:
            return "The source gave no covers."
        reason, count = Counter(entry["reason"] for entry in self.rejected).most_common(1)[0]
        if len(self.rejected) == 1:
            return f"The only file could not be used: {REASONS.get(reason, reason)}."
        return (
            f"None of the {len(self.rejected):,} files could be used; "
            f"for {count:,} of them the reason is: {REASONS.get(reason, reason)}."
        )


def _number_of(boxes: int) -> str:
    return str(boxes) if boxes < 3 else "3 or more"


def _span(side: int) -> str:
    low = max((bound for bound in SIDES if bound <= side), default=0)
    high = min((bound for bound in SIDES if bound > side), default=None)
    return f"{low}-{high - 1}" if high else f"{low} or more"
