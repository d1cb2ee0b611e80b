"""Ids: public ones that sort by time and do not tell counts, and those that a text from outside may hold."""

from __future__ import annotations

from collections.abc import Iterable

from ulid import ULID

LARGEST_ID = (1 << 63) - 1


def new_id(prefix: str) -> str:
    """``prefix_`` and a ULID, 26 characters."""
    return f"{prefix}_{ULID()}"


def whole_number(text: str, *, most: int = LARGEST_ID) -> int | None:
    """The number from 0 to ``most`` that the text is; None for anything else. Python refuses to read very long ones.

    >>> whole_number("42"), whole_number("-1"), whole_number("42", most=41), whole_number("9" * 5_000)
    (42, None, None, None)
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None


def ids_among(texts: Iterable[str]) -> list[int]:
    """The texts that can be ids, in their order."""
    return [number for number in map(whole_number, texts) if number]
