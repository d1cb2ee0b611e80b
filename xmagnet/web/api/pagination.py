"""Keyset pages: an opaque cursor over (sort value, id), stable while rows come and go."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from xmagnet.core.errors import FieldError, InvalidInput

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What the caller asked for."""

    after: list[Any] | None
    limit: int


def read_page_request(query: Any, *, default: int = DEFAULT_LIMIT, maximum: int = MAX_LIMIT) -> PageRequest:
    """From ``?after=…&limit=…``; raises ``InvalidInput``."""
    raw = query.get("limit", "")
    try:
        limit = int(raw) if raw else default
    except ValueError:
        limit = 0
    if not 1 <= limit <= maximum:
        detail = f"limit must be between 1 and {maximum}"
        raise InvalidInput(detail, errors=(FieldError("/limit", "out_of_range", detail),))
    return PageRequest(decode_cursor(query.get("after", "")), limit)


def encode_cursor(values: list[Any]) -> str:
    """An opaque, URL-safe cursor."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def _is_sort_value(value: Any) -> bool:
    """Whether the database could have given it: what it cannot hold must not be asked of it."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, int):
        return abs(value) < 1 << 63
    return value is None or isinstance(value, float)


def decode_cursor(text: str) -> list[Any] | None:
    """The values of a cursor; None when there is none; raises ``InvalidInput`` for a forged one."""
    if not text:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        values = None
    if not isinstance(values, list) or not all(map(_is_sort_value, values)):
        raise InvalidInput("after is not a cursor", errors=(FieldError("/after", "invalid_cursor", "not a cursor"),))
    return values
