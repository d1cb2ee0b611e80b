"""How numbers are written for people. Pure: the language is an argument; money is integer fen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

DASH = "—"  # what a ratio without a denominator and a value nobody knows look like

_CHINESE_STEPS = ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万"))
_ENGLISH_STEPS = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))

#: relative changes below this (half a per mille) are shown as flat
FLAT_CHANGE = 0.0005


@dataclass(frozen=True, slots=True)
class Change:
    """A value against an earlier one: ``direction`` is ``up``, ``down``, ``flat`` or ``none`` (nothing to compare)."""

    direction: str
    text: str


def count(value: float | None) -> str:
    """``1,234``; a dash for ``None``."""
    return DASH if value is None else f"{_rounded(value, 0):,}"


def money(fen: float | None) -> str:
    """``¥1,234.56`` from fen."""
    if fen is None:
        return DASH
    yuan = _rounded(Decimal(str(fen)) / 100, 2)
    return f"-¥{-yuan:,.2f}" if yuan < 0 else f"¥{yuan:,.2f}"


def compact_count(value: float | None, language: str) -> str:
    """Three digits and a unit: ``12.3万`` and ``1.2亿`` in Chinese, ``123K`` and ``12.3M`` in English."""
    return DASH if value is None else _compact(Decimal(str(value)), language, small_digits=0)


def compact_money(fen: float | None, language: str) -> str:
    """As ``compact_count``, in yuan with the sign of the currency; below the first unit to the fen."""
    if fen is None:
        return DASH
    yuan = Decimal(str(fen)) / 100
    text = _compact(abs(yuan), language, small_digits=2)
    return f"-¥{text}" if yuan < 0 else f"¥{text}"


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """The quotient, or ``None`` when there is none."""
    if numerator is None or not denominator:
        return None
    return float(numerator) / float(denominator)


def decimal(value: float | None, digits: int = 2) -> str:
    """``1.23``; a dash for ``None``."""
    return DASH if value is None or not math.isfinite(value) else f"{_rounded(value, digits):,}"


def percent(value: float | None, digits: int = 2) -> str:
    """``12.34%`` from ``0.1234``; a dash for ``None``."""
    return DASH if value is None or not math.isfinite(value) else f"{_rounded(value * 100, digits):,}%"


def change(now: float | None, before: float | None) -> Change:
    """The relative change from ``before`` to ``now``."""
    if now is None or not before:
        return Change("none", DASH)
    relative = (float(now) - float(before)) / abs(float(before))
    if abs(relative) < FLAT_CHANGE:
        return Change("flat", percent(0.0, 1))
    return Change("up" if relative > 0 else "down", percent(abs(relative), 1))


def _compact(value: Decimal, language: str, *, small_digits: int) -> str:
    steps = _CHINESE_STEPS if language.startswith("zh") else _ENGLISH_STEPS
    smallest = steps[-1][0]
    for size, unit in steps:
        # Rounding lifts a number into the next unit, 999,950 to 1M and not 1,000K; but small numbers stay exact.
        if abs(value) >= size or (size > smallest and _rounded(abs(value) / size, 3) >= 1):
            return f"{_significant(value / size)}{unit}"
    return f"{_rounded(value, small_digits):,}"


def _significant(value: Decimal) -> str:
    whole_digits = len(str(int(abs(value))))
    text = f"{_rounded(value, max(0, 3 - whole_digits)):,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


#: what a browser's own name holds, the telling ones first: Edge also calls itself Chrome, and Chrome Safari
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Browser and system in words; what is neither is shown as it is, shortened."""
    known = [next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, known)) or user_agent[:70] or "—"
