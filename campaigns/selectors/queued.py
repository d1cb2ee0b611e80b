"""Changes that wait for the media's next day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from campaigns.choices import QueuedState
from campaigns.models import QueuedChange
from xmagnet.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """One field of one plan, before and after; money in fen. ``run_on`` is the media's day."""

    id: int
    plan_id: int
    plan_name: str
    field: str
    before: Any
    after: Any
    run_on: date
    reason: str
    user_name: str
    job_id: str
    created_at: datetime


def waiting_changes(
    actor: Actor, *, plan_id: int | None = None, after_id: int = 0, limit: int = 100
) -> tuple[WaitingChange, ...]:
    """What waits in the actor's sight, in the order in which it was wished, after the id ``after_id``."""
    actor.require("plans:read")
    found = QueuedChange.objects.all().visible_to(actor).filter(state=QueuedState.WAITING, id__gt=after_id)
    if plan_id is not None:
        found = found.filter(plan_id=plan_id)
    rows = found.order_by("id").values_list(
        "id", "plan_id", "plan__name", "field", "before", "after", "run_on", "reason", "user_name", "job_id",
        "created_at",
    )  # fmt: skip
    return tuple(WaitingChange(*row) for row in rows[:limit])
