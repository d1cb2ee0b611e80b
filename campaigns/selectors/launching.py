"""Plans that a bulk job made and that wait, paused, for somebody to start them."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.choices import Status
from campaigns.models import Plan
from xmagnet.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class WaitingPlan:
    """A paused plan; money in fen, None is unlimited or without a bid."""

    id: int
    name: str
    platform: str
    account_name: str
    bid_fen: int | None
    daily_budget_fen: int | None


def waiting_plans(actor: Actor, job_id: str) -> tuple[WaitingPlan, ...]:
    """Paused plans of the job that the actor may see, in the order of their making."""
    actor.require("plans:read")
    rows = (
        Plan.objects.all()
        .visible_to(actor)
        .filter(job_id=job_id, status=Status.PAUSED)
        .order_by("id")
        .values_list("id", "name", "platform", "account__name", "bid_fen", "daily_budget_fen")
    )
    return tuple(WaitingPlan(*row) for row in rows)
