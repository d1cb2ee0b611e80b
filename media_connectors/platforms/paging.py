"""Trust in a page: whole, and each object once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from typing import TypeVar

from media_connectors.errors import Malformed

T = TypeVar("T")


def unique_by(items: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    """The items without repeats, the first of each key kept; items without a key are dropped."""
    found: dict[str, T] = {}
    for item in items:
        name = key(item)
        if name:
            found.setdefault(name, item)
    return tuple(found.values())


def require_whole_page(items: Sized, *, page: int, page_size: int, total: int) -> None:
    """Raises ``Malformed``, for another read, when a page holds fewer different rows than its total promises."""
    expected = min(page_size, max(0, total - (page - 1) * page_size))
    if len(items) < expected:
        raise Malformed(f"{len(items)} of {expected} rows on page {page}")


def chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """Runs of at most ``size`` items, in order."""
    return (items[start : start + size] for start in range(0, len(items), size))
