"""The data card as a page: what is in a set, what was left out and why, for people to read.

It needs nothing but the contact sheets beside it, and runs no script.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from helpers.card import LEVELS
from helpers.preprocess.colours import COLOUR_NAMES

LONGEST = 16  # bars; of a longer tail only the sum is shown

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: data card</title>
<style>
:root {{ color-scheme: light dark; --page: #fff; --ink: #1c1c1c; --faint: #666; --line: #ddd; --bar: #0072B2; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #161616; --ink: #e8e8e8; --faint: #a0a0a0; --line: #3a3a3a; --bar: #56B4E9; }}
}}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--page); overflow-wrap: anywhere; }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; }}
h2 {{ font-size: 1.15rem; margin: 0 0 .25rem; }}
h3 {{ font-size: 1rem; margin: 1rem 0 .25rem; }}
p {{ margin: 0 0 .75rem; max-width: 45rem; }}
section {{ break-inside: avoid; border-top: 1px solid var(--line); padding: 1rem 0 1.5rem; }}
.charts {{ columns: 2 26rem; column-gap: 3rem; }}
.note, figcaption {{ color: var(--faint); font-size: .875rem; }}
.lead {{ font-size: 1.15rem; }}
figure {{ margin: 1rem 0; }}
img {{ max-width: 100%; height: auto; border-radius: 4px; display: block; }}
table {{ border-collapse: collapse; width: 100%; max-width: 48rem; }}
th, td {{ padding: .15rem .5rem .15rem 0; text-align: left; vertical-align: top; font-weight: inherit; }}
thead th {{ color: var(--faint); font-size: .875rem; }}
.number {{ text-align: right; white-space: nowrap; overflow-wrap: normal; font-variant-numeric: tabular-nums; }}
.bars th {{ width: 40%; }}
.bars td.number {{ width: 3.5rem; }}
.bars .rest {{ color: var(--faint); }}
.bar {{ display: block; height: .9rem; margin-top: .3rem; min-width: 1px; background: var(--bar); }}
.rest .bar {{ background: var(--faint); }}
.swatch {{ display: inline-block; width: .9em; height: .9em; margin-right: .5em; border: 1px solid var(--faint);
  vertical-align: -.1em; }}
.mean {{ display: block; height: 3rem; border-radius: 4px; margin-bottom: .5rem; }}
.settings th {{ width: 14rem; color: var(--faint); }}
.files {{ columns: 3 18rem; padding-left: 1.2rem; font-size: .875rem; margin: 0; }}
summary {{ cursor: pointer; margin-top: .75rem; }}
code {{ font-size: .875rem; }}
</style>
</head>
<body>
<h1>{name}</h1>
<p class="lead">{size_of_set}</p>
{covers}
<div class="charts">
{charts}
{mean}
</div>
{steps}
{rejected}
{settings}
<p class="note">The same facts, for programs, are in <a href="card.json">card.json</a>.</p>
</body>
</html>
"""


class Chart(NamedTuple):
    key: str  # in the card
    heading: str
    note: str
    has_order: bool = False  # of its own; the others are sorted by count


CHARTS = (
    Chart("genres", "Which genres are in the set", "Each cover counts once, for the first of its genres."),
    Chart("decades", "When the albums came out", "By the year that the source gives.", has_order=True),
    Chart("sources", "Where the covers come from", "The service, the program or the kind of folder."),
    Chart("licences", "Under which licences they come", "In the words of the source."),
    Chart(
        "ml_use",
        "Whether a model may learn from them",
        "Allowed: the terms permit it. Unclear: the terms do not say, and the law where you live decides. "
        "Forbidden: the terms rule it out, and the covers are here because somebody named a permission.",
    ),
    Chart(
        "sides",
        "How large the originals are",
        "Side of the square that was cut from each, in pixels. What is smaller than the set's covers was enlarged.",
        has_order=True,
    ),
    Chart("brightness", "How bright the covers are", "Mean brightness: 0% is black, 100% is white.", has_order=True),
    Chart("colours", "Which colour takes most room", "The largest of the few colours that make up each cover."),
    Chart("text", "How many pieces of text are on a cover", "As a program sees them, which errs.", has_order=True),
    Chart("faces", "How many faces are on a cover", "As a program sees them, which errs.", has_order=True),
)

STEPS = {
    "thumbnail": "Shrink what is larger than a square of this side.",
    "smallest_side": "Refuse a picture whose shorter side has fewer pixels.",
    "letterbox": "Cut off bars of one colour at two opposite sides of an oblong picture.",
    "trim_border": "Cut off a margin of one colour all around.",
    "square": "Make it square; refuse it if one side is too many times the other.",
    "not_flat": "Refuse a picture that is almost all of one colour.",
    "sharp": "Refuse a blurred picture.",
    "jpeg_quality": "Refuse a JPEG that was saved with too low a quality.",
}

SETTINGS = {
    "origin": "Made from",
    "size": "Side in pixels",
    "background": "Behind transparent parts",
    "merge": "Only one of several copies",
    "detect": "Looked for on the covers",
    "choice": "Covers that were asked for",
    "permission": "Permission that was named",
}

SHEETS = {
    "covers.jpg": ("A grid of covers", "Covers from all over the set."),
    "duplicates.jpg": (
        "Groups of pictures that show the same cover, one of each in a green frame",
        "Pictures that were taken for copies of one cover. The one in the green frame is kept. Look for mistakes!",
    ),
    "rejected.jpg": (
        "Pictures that were left out, below their reasons",
        "Pictures that were left out, by reason. Would you have kept any of them?",
    ),
}


def card_page(card: dict, sheets: Sequence[str] = ()) -> str:
    """A data card as an HTML page.

    Args:
        card: what `card.json` holds; of parts that are missing or empty the page says nothing.
        sheets: which of the contact sheets named in `SHEETS` lie beside the page.
    """
    figures = {name: _figure(name) if name in sheets else "" for name in SHEETS}
    return PAGE.format(
        name=escape(card["name"]),
        size_of_set=_size_of_set(card),
        covers=figures["covers.jpg"],
        charts="\n".join(_chart(chart, card[chart.key]) for chart in CHARTS if card.get(chart.key)),
        mean=_mean(card["pixels"]) if card.get("pixels") else "",
        steps=_steps(card) if card.get("steps") else "",
        rejected=_rejected(card, figures["duplicates.jpg"] + figures["rejected.jpg"]) if card.get("rejected") else "",
        settings=_settings(card),
    )


def _size_of_set(card: dict) -> str:
    count, left_out = card["count"], len(card.get("rejected", ()))
    covers = f"{_counted(count, 'cover')} of {card['size']} × {card['size']} pixels."
    if not left_out:
        return f"{covers} Nothing was left out."
    return f"{covers} Of {_counted(count + left_out, 'file')}, {left_out:,} {_were(left_out)} left out."


def _figure(name: str) -> str:
    alt, caption = SHEETS[name]
    return f'<figure><a href="{name}"><img src="{name}" alt="{alt}"></a><figcaption>{caption}</figcaption></figure>'


def _section(heading: str, note: str, content: str) -> str:
    return f'<section>\n<h2>{heading}</h2>\n<p class="note">{note}</p>\n{content}\n</section>'


def _chart(chart: Chart, counts: dict) -> str:
    return _section(chart.heading, chart.note, _bars(counts, _LABELS.get(chart.key, escape), chart.has_order))


def _first_number(key) -> int:
    """Where "1990s" or "64-127" stands among its like."""
    return int(re.search(r"\d+", str(key))[0])


def _bars(counts: dict, label: Callable[[str], str], has_order: bool = False) -> str:
    """A table of bars: in their own order, or by count and cut short; what is unknown comes last."""
    known = {key: count for key, count in counts.items() if key != "unknown"}
    keys = sorted(known, key=_first_number if has_order else lambda key: -known[key])
    shown = keys if has_order or len(keys) <= LONGEST + 1 else keys[:LONGEST]
    rows = [("", label(str(key)), known[key]) for key in shown]
    if rest := keys[len(shown) :]:
        rows.append(("rest", f"and {len(rest)} more", sum(known[key] for key in rest)))
    if "unknown" in counts:
        rows.append(("rest", "unknown", counts["unknown"]))
    largest, total = max(count for *_, count in rows), sum(count for *_, count in rows)
    lines = [
        f'<tr class="{kind}"><th scope="row">{name}</th>'
        f'<td><span class="bar" style="width:{100 * count / largest:.1f}%"></span></td>'
        f'<td class="number">{count:,}</td><td class="number">{_share(count / total)}</td></tr>'
        for kind, name, count in rows
    ]
    return '<table class="bars">\n' + "\n".join(lines) + "\n</table>"


def _share(part: float) -> str:
    return "&lt; 1%" if 0 < part < 0.005 else f"{100 * part:.0f}%"


def _colour(name: str) -> str:
    return _swatch(name) + name if name in COLOUR_NAMES else escape(name)


def _brightness(level: str) -> str:
    low, high = (100 * (int(level) + step) / LEVELS for step in (0, 1))
    return _swatch(f"hsl(0 0% {(low + high) / 2}%)") + f"{low:.3g}–{high:.3g}%"


def _swatch(colour: str) -> str:
    return f'<span class="swatch" style="background:{colour}"></span>'


_LABELS = {"colours": _colour, "brightness": _brightness}


def _mean(pixels: dict) -> str:
    mean, deviation = ([f"{level:.0f}" for level in pixels[key]] for key in ("mean", "standard_deviation"))
    note = (
        f"Red, green and blue are {', '.join(mean)} on average, with a standard deviation of {', '.join(deviation)}, "
        "in levels from 0 to 255."
    )
    return _section("The mean colour", note, f'<span class="mean" style="background:rgb({" ".join(mean)})"></span>')


def _steps(card: dict) -> str:
    settings = {step["name"]: step for step in card.get("settings", {}).get("steps", ())}
    lines = []
    for name, counts in card["steps"].items():
        details = {key: value for key, value in settings.get(name, {}).items() if key != "name"}
        words = " ".join([STEPS.get(name, ""), f"({_words(details)})" if details else ""])
        lines.append(
            f'<tr><th scope="row">{escape(_label(name))}<div class="note">{escape(words)}</div></th>'
            f'<td class="number">{counts["changed"]:,}</td><td class="number">{counts["refused"]:,}</td></tr>'
        )
    head = '<thead><tr><th>step</th><th class="number">changed</th><th class="number">refused</th></tr></thead>'
    return _section(
        "What each step did to the pictures",
        "In this order. A picture that a step refuses does not come to the next.",
        f"<table>\n{head}\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table>",
    )


def _rejected(card: dict, figures: str) -> str:
    rejected, reasons = card["rejected"], card.get("reasons", {})
    files: dict[str, list[str]] = {}
    for entry in rejected:
        copy = f' <span class="note">copy of</span> {escape(entry["of"])}' if "of" in entry else ""
        files.setdefault(entry["reason"], []).append(f"<li>{escape(entry['file'])}{copy}</li>")
    heading = {reason: escape(_sentence(reasons.get(reason, reason))) for reason in files}
    lists = [
        f'<h3>{heading[reason]}</h3>\n<ul class="files">\n' + "\n".join(names) + "\n</ul>"
        for reason, names in sorted(files.items(), key=lambda part: -len(part[1]))
    ]
    return _section(
        f"Why {_counted(len(rejected), 'file')} {_were(len(rejected))} left out",
        "Each counts once, for the first thing that was wrong with it.",
        _bars(Counter(entry["reason"] for entry in rejected), heading.get)
        + figures
        + "\n<details>\n<summary>Every file that was left out, by name</summary>\n"
        + "\n".join(lists)
        + "\n</details>",
    )


def _settings(card: dict) -> str:
    shown = {key: value for key, value in card.get("settings", {}).items() if key != "steps"}
    rows = [(SETTINGS.get(key, _label(key)), _words(value)) for key, value in shown.items()]
    known = {"version": "Version of the program", "hash": "Hash of the set"}
    rows += [(name, card[key]) for key, name in known.items() if key in card]
    if not rows:
        return ""
    lines = [f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows]
    return _section(
        "How the set was made",
        "The hash changes when a pixel, a word of the table, a setting or a rejected file changes; "
        "sets with one hash hold the same covers.",
        '<table class="settings">\n' + "\n".join(lines) + "\n</table>",
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _label(key: str) -> str:
    return _sentence(key.replace("_", " "))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _words(value) -> str:
    """A setting in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_words(part)}" for key, part in value.items()) or "all"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_words, value)) or "none"
    return "none" if value in (None, "") else str(value)
