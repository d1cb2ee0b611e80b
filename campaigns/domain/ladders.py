"""Ladders: several bids or budgets in one line of text. Money is integer fen."""

from __future__ import annotations

import re
from decimal import Decimal

#: more rungs than this are a slip of the keyboard
MAX_RUNGS = 50


def even_ladder(first_fen: int, last_fen: int, step_fen: int) -> tuple[int, ...]:
    """``first, first + step, …`` up to ``last`` (included when a step lands on it).

    Raises ``ValueError`` for amounts that are not positive, a last below the first, or more than ``MAX_RUNGS`` rungs.
    """
    if first_fen <= 0 or step_fen <= 0 or last_fen < first_fen:
        raise ValueError("a ladder climbs from a positive amount by a positive step")
    if (last_fen - first_fen) // step_fen >= MAX_RUNGS:
        raise ValueError(f"a ladder has at most {MAX_RUNGS} rungs")
    return tuple(range(first_fen, last_fen + 1, step_fen))


def percent_ladder(middle_fen: int, percents: tuple[int, ...]) -> tuple[int, ...]:
    """The middle moved by each percentage, rounded to the fen, without repetitions and in the order given.

    Raises ``ValueError`` when the middle or a result is not positive or there are more than ``MAX_RUNGS`` rungs.
    """
    if len(percents) > MAX_RUNGS:
        raise ValueError(f"a ladder has at most {MAX_RUNGS} rungs")
    rungs = tuple(dict.fromkeys((middle_fen * (100 + percent) + 50) // 100 for percent in percents))
    if middle_fen <= 0 or any(rung <= 0 for rung in rungs):
        raise ValueError("a ladder stands on positive amounts")
    return rungs


_AMOUNT = r"(\d+(?:\.\d{1,2})?)"
_SINGLE = re.compile(rf"^{_AMOUNT}$")
_CLIMB = re.compile(rf"^{_AMOUNT}-{_AMOUNT}/{_AMOUNT}$")
_AROUND = re.compile(rf"^{_AMOUNT}±((?:\d+%)(?:±?\d+%)*)$")
_SEPARATORS = re.compile(r"[,;，；、\s]+")


def parse_amounts(text: str) -> tuple[int, ...]:
    """Fen of a line of yuan amounts, in its order and without repetitions.

    A piece is an amount (``35``), a climb (``30-50/5``: 30, 35, … 50) or a spread (``40±10%``: 36, 40, 44; several
    percentages as ``40±5%10%``). Raises ``ValueError`` holding the piece that cannot be read.
    """
    found: dict[int, None] = {}
    for piece in filter(None, _SEPARATORS.split(text.strip())):
        try:
            found |= dict.fromkeys(_piece(piece))
        except ValueError:
            raise ValueError(piece) from None
    if len(found) > MAX_RUNGS:
        raise ValueError(text.strip())
    return tuple(found)


def _piece(piece: str) -> tuple[int, ...]:
    if match := _SINGLE.match(piece):
        return even_ladder(_fen(match[1]), _fen(match[1]), 1)
    if match := _CLIMB.match(piece):
        return even_ladder(_fen(match[1]), _fen(match[2]), _fen(match[3]))
    if match := _AROUND.match(piece):
        steps = sorted({int(number) for number in re.findall(r"\d+", match[2])})
        return percent_ladder(_fen(match[1]), (*(-step for step in reversed(steps)), 0, *steps))
    raise ValueError("not an amount")


def _fen(yuan: str) -> int:
    return int(Decimal(yuan) * 100)
