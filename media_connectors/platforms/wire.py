"""Lenient reading of what media send and exact conversion of units, shared by the mappings.

Media mix ``null``, ``[]``, ``0``, ``""`` and strings for numbers; reading forgives all of it. Money is converted here
by integer or decimal arithmetic, never by multiplying floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeVar

from media_connectors.contracts import MEDIA_TIMEZONE
from media_connectors.errors import Malformed

K = TypeVar("K")
V = TypeVar("V")

HALF_HOURS_A_WEEK = 336
HOURS_A_WEEK = 168

JsonObject = dict[str, Any]

_CENT = Decimal(1)


def as_text(value: object) -> str:
    """Text of a scalar; absent values give ``""``."""
    return "" if value is None or isinstance(value, list | dict) else str(value)


def as_id(value: object) -> str:
    """A remote id as text; ``null``, ``0`` and ``""`` give ``""``."""
    text = as_text(value)
    return "" if text == "0" else text


def as_int(value: object) -> int:
    """An integer from a number or a numeric string; absent values give 0. Raises ``Malformed`` for other text."""
    if type(value) is int:
        return value
    if value is None or value in ("", []):
        return 0
    try:
        return int(str(value))
    except ValueError:
        return int(_decimal(value).to_integral_value(ROUND_HALF_UP))


def as_list(value: object) -> list[Any]:
    """The list itself; ``null``, ``0``, ``""`` and objects give an empty one."""
    return value if isinstance(value, list) else []


def as_object(value: object) -> JsonObject:
    """The object itself; anything else gives an empty one."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> Iterable[JsonObject]:
    """The objects of a list, skipping nulls."""
    return (item for item in as_list(value) if isinstance(item, dict))


def as_ints(value: object) -> tuple[int, ...]:
    """The whole numbers of a list; empty for null and for anything that is no list."""
    return tuple(as_int(item) for item in as_list(value))


def inverse(words: Mapping[K, V]) -> dict[V, K]:
    """A table of our words read the other way: the wire's word to ours."""
    return {wire: ours for ours, wire in words.items()}


def fen_from_yuan(value: object) -> int:
    """Fen from yuan sent as number or string; halves of a fen round away from zero."""
    if value is None or value in ("", 0):
        return 0
    return int(_decimal(value).scaleb(2).quantize(_CENT, ROUND_HALF_UP))


def yuan_from_fen(fen: int) -> float | int:
    """Yuan as a JSON number with at most two decimals."""
    return fen // 100 if fen % 100 == 0 else fen / 100


def fen_from_li(value: object) -> int:
    """Fen from 厘 (1/1000 yuan); halves round up."""
    return (as_int(value) + 5) // 10


def li_from_fen(fen: int) -> int:
    """厘 from fen."""
    return fen * 10


def milliseconds_from_seconds(value: object) -> int:
    """Milliseconds from seconds sent as number or string."""
    if value is None or value in ("", 0):
        return 0
    return int(_decimal(value).scaleb(3).quantize(_CENT, ROUND_HALF_UP))


def as_instant(value: object) -> datetime | None:
    """An aware instant from ``yyyy-MM-dd HH:mm:ss`` in China time; None when absent or unreadable."""
    text = as_text(value)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=MEDIA_TIMEZONE) if text else None
    except ValueError:
        return None


def instant_text(instant: datetime) -> str:
    """``yyyy-MM-dd HH:mm:ss`` in China time."""
    return instant.astimezone(MEDIA_TIMEZONE).strftime("%Y-%m-%d %H:%M:%S")


def media_day(instant: datetime) -> date:
    """The media's calendar day of an instant."""
    return instant.astimezone(MEDIA_TIMEZONE).date()


def schedule_from_wire(value: object) -> str:
    """Our 336 half hours from 336 or 168 characters; absent, all 0 and all 1 all mean always (``""``)."""
    text = as_text(value)
    if not text or "0" not in text or "1" not in text:
        return ""
    if len(text) == HOURS_A_WEEK:
        return "".join(character * 2 for character in text)
    if len(text) == HALF_HOURS_A_WEEK:
        return text
    raise Malformed(f"a schedule of {len(text)} characters")


def hours_from_schedule(schedule: str) -> str | None:
    """168 hours from our 336 half hours; None when an hour is half on, which hours cannot say."""
    if any(schedule[at] != schedule[at + 1] for at in range(0, HALF_HOURS_A_WEEK, 2)):
        return None
    return schedule[::2]


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise Malformed(f"not a number: {str(value)[:40]}") from error
    if not number.is_finite():
        raise Malformed(f"not a number: {str(value)[:40]}")
    return number
