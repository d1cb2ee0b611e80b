"""Going through many rows a piece at a time, so that memory and statements stay small however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import QuerySet

T = TypeVar("T")
#: rows of one statement where nothing speaks for another number
ROWS = 2_000


def batches_of(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in their order, ``size`` at a time."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def rows_by_key(rows: QuerySet[Any], key: str = "pk", *, is_descending: bool = False) -> Iterator[Any]:
    """All rows in the order of ``key``, which no two of them share; ``ROWS`` in memory at a time.

    Rows are model instances, or tuples that begin with the key. By keyset: behind a transaction pooler there are no
    server-side cursors, so ``iterator()`` would read everything at once.
    """
    ordered = rows.order_by(f"-{key}" if is_descending else key)
    beyond = f"{key}__lt" if is_descending else f"{key}__gt"
    chunk = list(ordered[:ROWS])
    while chunk:
        yield from chunk
        last = chunk[-1][0] if isinstance(chunk[-1], tuple) else getattr(chunk[-1], key)
        chunk = list(ordered.filter(**{beyond: last})[:ROWS]) if len(chunk) == ROWS else []
