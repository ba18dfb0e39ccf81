"""Reading what a service answered. Anything in it may be missing, or of another kind than documented."""

from helpers.sources.http import Failed


def rows(url: str, answer: object, key: str) -> list[dict]:
    """The objects in the list that an answer consists of.

    Args:
        url: what was asked, to say who answered.

    Raises:
        Failed: if there is no such list.
    """
    if not isinstance(at(answer, key), list):
        raise Failed(url, 200, f"gave an answer without {key!r}; what this service answers may have changed")
    return objects(answer, key)


def objects(answer: object, *keys: str) -> list[dict]:
    """The objects in the list that a path of keys leads to; none if there is no list."""
    found = at(answer, *keys)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text(answer: object, *keys: str) -> str:
    """The text that a path of keys leads to; empty if there is none."""
    found = at(answer, *keys)
    return found if isinstance(found, str) else ""


def number(answer: object, *keys: str) -> int | None:
    """The whole number that a path of keys leads to; None if there is none."""
    found = at(answer, *keys)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def at(answer: object, *keys: str) -> object:
    """What a path of keys leads to, whatever it is; None if it ends early."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer
