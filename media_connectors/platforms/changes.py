"""What a change of a plan touches and how a schedule is checked, shared by the media's drafts."""

from __future__ import annotations

from media_connectors.contracts import PlanChange
from media_connectors.errors import Rejected
from media_connectors.platforms.wire import HALF_HOURS_A_WEEK

_CHANGEABLE = ("status", "bid_fen", "daily_budget_fen", "schedule", "name")
ALWAYS = "1" * HALF_HOURS_A_WEEK


def field_of_change(change: PlanChange) -> str:
    """The one field that a change touches. Raises ``ValueError`` for none or several."""
    names = [name for name in _CHANGEABLE if getattr(change, name) is not None]
    if len(names) != 1:
        raise ValueError(f"a change touches exactly one field, not {names or 'none'}")
    return names[0]


def full_schedule(schedule: str) -> str:
    """336 half hours; ``""`` becomes all of them.

    Raises ``Rejected`` for a week without a single half hour, because every media reads all zeros as *always*.
    """
    if not schedule:
        return ALWAYS
    if len(schedule) != HALF_HOURS_A_WEEK or set(schedule) - {"0", "1"}:
        raise Rejected("a schedule has 336 half hours of 0 and 1", field="schedule")
    if "1" not in schedule:
        raise Rejected("a schedule without an hour would deliver always", field="schedule")
    return schedule
