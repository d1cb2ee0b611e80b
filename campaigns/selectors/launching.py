"""Plans that a bulk job made and that wait, paused, for somebody to start them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

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


@dataclass(frozen=True, slots=True)
class WaitingPlans:
    """The first of them one by one, and what all together come to; ``daily_budget_fen`` None means unlimited."""

    first: tuple[WaitingPlan, ...]
    count: int
    daily_budget_fen: int | None


def waiting_plans(actor: Actor, job_id: str, *, limit: int) -> WaitingPlans:
    """Paused plans of the job that the actor may see, in the order of their making."""
    waiting = _waiting(actor, job_id)
    rows = waiting.values_list("id", "name", "platform", "account__name", "bid_fen", "daily_budget_fen")[:limit]
    sums = waiting.order_by().aggregate(
        count=Count("id"), limited=Count("daily_budget_fen"), budget=Sum("daily_budget_fen")
    )
    is_limited = sums["limited"] == sums["count"]
    return WaitingPlans(
        tuple(WaitingPlan(*row) for row in rows), sums["count"], (sums["budget"] or 0) if is_limited else None
    )


def waiting_plan_ids(actor: Actor, job_id: str, *, limit: int, among: Collection[int] | None = None) -> list[int]:
    """Ids of the first ``limit`` of them, or of those that are ``among`` the given ids."""
    waiting = _waiting(actor, job_id)
    if among is not None:
        waiting = waiting.filter(pk__in=among)
    return list(waiting.values_list("id", flat=True)[:limit])


def _waiting(actor: Actor, job_id: str) -> QuerySet[Plan]:
    actor.require("plans:read")
    plans: QuerySet[Plan] = Plan.objects.all().visible_to(actor).filter(job_id=job_id, status=Status.PAUSED)
    return plans.order_by("id")
