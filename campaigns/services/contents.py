"""What discovered plans show and to whom, read once: so that they can be copied, compared and chosen from."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from campaigns.domain.rows.canonical import canonical_sha256
from campaigns.models import Plan
from campaigns.services.materials import keep_materials
from media_connectors.contracts import PlanContent
from media_connectors.services.lines import AccountLine

#: plans made elsewhere that are described in one sync of an account; the next sync goes on
MOST_AT_ONCE = 100


def describe_new_plans(line: AccountLine) -> int:
    """Read the contents of plans that the sync found and nobody described yet; how many were described."""
    with transaction.atomic():
        waiting = dict(
            Plan.objects.filter(account_id=line.account_id, job_id="", canonical_sha256="")
            .exclude(status="deleted")
            .order_by("id")
            .values_list("remote_id", "id")[:MOST_AT_ONCE]
        )
    if not waiting:
        return 0
    contents = line.call(lambda connector, access: connector.read_contents(access, list(waiting)))
    with transaction.atomic():
        plans = Plan.objects.select_for_update().filter(id__in=list(waiting.values()), canonical_sha256="")
        described = [_describe(plan, contents[plan.remote_id], line) for plan in plans if plan.remote_id in contents]
        fields = ["goal", "targeting", "titles", "materials", "landing_url", "canonical_sha256"]
        Plan.objects.bulk_update(described, fields, batch_size=MOST_AT_ONCE)
        keep_materials([plan.pk for plan in described])
    return len(described)


def _describe(plan: Plan, content: PlanContent, line: AccountLine) -> Plan:
    targeting = _targeting(content)
    plan.goal = str(content.goal or "")
    plan.targeting = targeting
    plan.titles = list(content.titles)
    plan.landing_url = content.landing_url[:1000]
    plan.materials = [
        {"kind": str(one.kind), "remote_id": one.remote_id, "cover_remote_id": one.cover_remote_id}
        for one in content.materials
    ]
    plan.canonical_sha256 = canonical_sha256(
        {
            **targeting,
            "media": plan.platform,
            "account_id": line.access.account_remote_id,
            "objective": plan.objective,
            "goal": plan.goal,
            "bid_type": plan.bid_type,
            "bid_fen": plan.bid_fen,
            "budget_fen": plan.daily_budget_fen,
            "schedule": plan.schedule,
            "end_date": None,
            "landing_url": plan.landing_url,
            "titles": plan.titles,
            "materials": [{"id": one.remote_id} for one in content.materials],
        }
    )
    return plan


def _targeting(content: PlanContent) -> dict[str, Any]:
    """The words of a bulk row, as ``Plan.targeting`` keeps them."""
    asked = content.targeting
    return {
        "gender": str(asked.gender),
        "ages": [str(age) for age in asked.ages],
        "regions": list(asked.region_codes),
        "systems": [str(system) for system in asked.systems],
        "interests": list(asked.interest_ids),
        "audiences_include": list(asked.include_audience_ids),
        "audiences_exclude": list(asked.exclude_audience_ids),
        "expansion": asked.is_expansion_on,
    }
