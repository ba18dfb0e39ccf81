"""Whether what a service found is the album that was asked for. In doubt it is not: better no cover than a wrong one.

Names are compared without case, signs and spaces. A name with its Hangul or its Latin form in parentheses, such as
훗 (Hoot), is the same as either of the two. What shops and charts add only to say what kind of release it is, "- EP" or
"(Korean version)", does not count; a repackage or a live version is another album, often with another cover.
"""

import re
import unicodedata

from helpers.records import as_utf8

_IN_PARENTHESES = re.compile(r"(.+?)\s*\(([^()]+)\)")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_EDITION = re.compile(
    r"\b(acoustic|deluxe|edition|instrumentals?|limited|live|remaster(ed)?|remix(es)?|repackaged?|special|ver|version)\b"
    "|리패키지|에디션|버전",
    re.IGNORECASE,
)
_KIND = re.compile(
    r" ([-–—] (ep|single|(the )?\d+(st|nd|rd|th) (mini |full )?album)|\(korean (version|ver\.?)\))$",
    re.IGNORECASE,
)


def clean(name: str) -> str:
    """A name as it can be asked for: without control characters, and with single spaces."""
    readable = (" " if unicodedata.category(letter) == "Cc" else letter for letter in as_utf8(name))
    return " ".join(unicodedata.normalize("NFC", "".join(readable)).split())


def plain(title: str) -> str:
    """A title without what only says which kind of release it is."""
    return _KIND.sub("", clean(title))


def spellings(name: str) -> tuple[str, ...]:
    """The names to ask for: one, or both where Hangul and Latin stand side by side."""
    name = plain(name)
    both = _IN_PARENTHESES.fullmatch(name)
    if not both or _EDITION.search(both[2]) or bool(_HANGUL.search(both[1])) == bool(_HANGUL.search(both[2])):
        return (name,) if name else ()
    return both[1], both[2]


def forms(name: str) -> set[str]:
    """All that a name is to be compared by: two names are the same if they have one of these in common."""
    return {bare(form) for form in (plain(name), *spellings(name))} - {""}


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same artist's, or the same album's."""
    return not forms(one).isdisjoint(forms(other))


def same_year(one: int | None, other: int | None) -> bool:
    """Whether two years can be those of one album: shops date re-issues, and charts count what was sold in a year."""
    return one is None or other is None or abs(one - other) <= 1


def bare(name: str) -> str:
    """A name without case, signs and spaces; one that consists of signs stays as it is."""
    name = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in name if letter.isalnum()) or name
