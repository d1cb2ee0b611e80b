"""Ladders: several bids or budgets around or from a first one. Money is integer fen."""

from __future__ import annotations

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
