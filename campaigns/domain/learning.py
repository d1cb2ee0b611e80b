"""The learning phase in numbers: how far a plan is on its way to the mark that the media usually set. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

#: conversions, and natural days from the first impression, after which a plan counts as learned (product.md)
LEARNING_CONVERSIONS = 20
LEARNING_DAYS = 3


@dataclass(frozen=True, slots=True)
class LearningProgress:
    """``first_on`` is None before the first impression; ``conversions`` are those of the learning days."""

    state: str  # the media's own
    first_on: date | None
    last_on: date | None
    conversions: int
    wanted: int = LEARNING_CONVERSIONS
    days: int = LEARNING_DAYS


def learning_progress(state: str, by_day: Iterable[tuple[date, int, int]]) -> LearningProgress:
    """From (day, impressions, conversions) of a plan, in any order."""
    rows = sorted(by_day)
    first_on = next((day for day, impressions, _conversions in rows if impressions > 0), None)
    if first_on is None:
        return LearningProgress(state, None, None, 0)
    last_on = first_on + timedelta(days=LEARNING_DAYS - 1)
    found = sum(conversions for day, _impressions, conversions in rows if first_on <= day <= last_on)
    return LearningProgress(state, first_on, last_on, found)
