"""What the guards must know of plans: how they stand, what was spent and edited today, whether the guarantee runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Min

from campaigns.choices import Status
from campaigns.domain.guardrails import COMPENSATION_DAYS, PlanFacts
from campaigns.domain.periods import Window
from campaigns.models import Plan, PlanDay, PlanWindow
from media_connectors.selectors.directory import account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.core.clock import MEDIA_TIMEZONE, media_today

#: entries of the change log that count as edits at the media, whoever made them
EDITS = ("plan.changed", "plan.undone", "plan.drifted")


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan in sight and its facts."""

    plan: Plan
    facts: PlanFacts
    guaranteed_until: date | None = None  # last day of the media's cost guarantee; None: no cost yet, or over


def known_plans(actor: Actor, plan_ids: Iterable[int]) -> dict[int, KnownPlan]:
    """The plans of those ids that the actor may see, in a handful of queries however many they are."""
    plans = list(Plan.objects.all().visible_to(actor).filter(pk__in=list(plan_ids)).order_by("id"))
    if not plans:
        return {}
    ids = [plan.pk for plan in plans]
    today = media_today()
    spent = dict(
        PlanWindow.objects.filter(window=int(Window.TODAY), as_of=today, plan_id__in=ids).values_list(
            "plan_id", "cost_fen"
        )
    )
    first_cost = dict(
        PlanDay.objects.filter(account_id__in={plan.account_id for plan in plans}, plan_id__in=ids, cost_fen__gt=0)
        .values("plan_id")
        .annotate(first_on=Min("stat_date"))
        .values_list("plan_id", "first_on")
    )
    bids, budgets = _edits_today(actor, ids)
    accounts = account_facts(actor)
    ends = {plan_id: day + timedelta(days=COMPENSATION_DAYS - 1) for plan_id, day in first_cost.items()}
    guaranteed = {plan_id: day for plan_id, day in ends.items() if day >= today}
    return {
        plan.pk: KnownPlan(
            plan,
            PlanFacts(
                platform=plan.platform,
                status=plan.status,
                bid_type=plan.bid_type,
                bid_fen=plan.bid_fen,
                daily_budget_fen=plan.daily_budget_fen,
                schedule=plan.schedule,
                name=plan.name,
                spent_today_fen=spent.get(plan.pk, 0),
                bid_edits_today=bids[plan.pk],
                budget_changes_today=budgets[plan.pk],
                is_in_compensation_window=plan.pk in guaranteed,
                is_account_active=accounts[plan.account_id].is_active,
            ),
            guaranteed.get(plan.pk),
        )
        for plan in plans
    }


def live_plans_of_account(account_id: int, plan_ids: Sequence[int]) -> dict[int, Plan]:
    """Plans of one account that are not deleted, in the organization in scope."""
    found = Plan.objects.filter(account_id=account_id, pk__in=plan_ids).exclude(status=Status.DELETED)
    return {plan.pk: plan for plan in found}


def _edits_today(actor: Actor, plan_ids: list[int]) -> tuple[Counter[int], Counter[int]]:
    """Bid (or targeting) and budget edits of each plan since the media's midnight."""
    midnight = datetime.combine(media_today(), time.min, MEDIA_TIMEZONE)
    events = search_events(actor, AuditQuery(object_type="plan", since=midnight)).filter(
        action__in=EDITS, object_id__in=[str(plan_id) for plan_id in plan_ids]
    )
    bids: Counter[int] = Counter()
    budgets: Counter[int] = Counter()
    for object_id, after in events.values_list("object_id", "after"):
        changed = after or {}
        bids[int(object_id)] += "bid_fen" in changed or "targeting" in changed
        budgets[int(object_id)] += "daily_budget_fen" in changed
    return bids, budgets
