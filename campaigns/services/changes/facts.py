"""What the guards must know of plans: how they stand, what was spent and edited today, whether the guarantee runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Min, Q

from campaigns.choices import Status
from campaigns.domain.guardrails import COMPENSATION_DAYS, PlanFacts
from campaigns.domain.periods import Window
from campaigns.models import Plan, PlanDay, PlanWindow
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.core.batches import batches_of
from xmagnet.core.clock import MEDIA_TIMEZONE, media_today

#: entries of the change log that count as edits at the media, whoever made them
EDITS = ("plan.changed", "plan.undone", "plan.drifted")
#: plans known at once: a change of 20,000 is looked at in twenty steps
BATCH = 1_000
#: what the guards and the previews read of a plan; settings, targeting and materials are most of its weight
_READ = (
    "id", "organization_id", "account_id", "agency_id", "platform", "name", "status", "bid_type", "bid_fen",
    "daily_budget_fen", "schedule", "goal", "titles",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan in sight and its facts."""

    plan: Plan
    facts: PlanFacts
    guaranteed_until: date | None = None  # last day of the media's cost guarantee; None: no cost yet, or over


def known_plans(actor: Actor, plan_ids: Iterable[int]) -> dict[int, KnownPlan]:
    """The plans of those ids that the actor may see, all in memory: for who gives few ids or needs them together."""
    return {plan_id: known for _ids, batch in known_batches(actor, plan_ids) for plan_id, known in batch.items()}


def known_batches(actor: Actor, plan_ids: Iterable[int]) -> Iterator[tuple[Sequence[int], dict[int, KnownPlan]]]:
    """The same ``BATCH`` ids at a time in the order given, each with the plans found among them."""
    accounts = account_facts(actor)
    for ids in batches_of(plan_ids, BATCH):
        yield ids, _known(actor, ids, accounts)


def _known(actor: Actor, plan_ids: Sequence[int], accounts: dict[int, AccountFacts]) -> dict[int, KnownPlan]:
    plans = list(Plan.objects.all().visible_to(actor).filter(pk__in=plan_ids).only(*_READ).order_by("id"))
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
    edits = _edits_today(actor, ids)
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
                bid_edits_today=edits.get(plan.pk, (0, 0))[0],
                budget_changes_today=edits.get(plan.pk, (0, 0))[1],
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


def _edits_today(actor: Actor, plan_ids: list[int]) -> dict[int, tuple[int, int]]:
    """How many bid (or targeting) and budget edits each plan had since the media's midnight."""
    midnight = datetime.combine(media_today(), time.min, MEDIA_TIMEZONE)
    events = search_events(actor, AuditQuery(object_type="plan", since=midnight)).filter(
        action__in=EDITS, object_id__in=[str(plan_id) for plan_id in plan_ids]
    )
    counted = (
        events.order_by()
        .values("object_id")
        .annotate(
            bids=Count("id", filter=Q(after__has_any_keys=["bid_fen", "targeting"])),
            budgets=Count("id", filter=Q(after__has_key="daily_budget_fen")),
        )
    )
    return {int(row["object_id"]): (row["bids"], row["budgets"]) for row in counted}
