"""What may be written into one field of one plan, told before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from campaigns.domain.guardrails import (
    COLUMN_OF,
    COMPENSATION_EDITS_PER_DAY,
    LIMITS,
    OCEANENGINE_BUDGET_CHANGES_PER_DAY,
    OCEANENGINE_BUDGET_STEP_FEN,
    bid_range,
    budget_range,
)
from campaigns.services.changes.facts import known_plans
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class FieldLimits:
    """One field as it stands and what the media takes. Money in fen; None where the media sets no such limit."""

    plan_id: int
    plan_name: str
    platform: str
    field: str
    value: Any
    least: int | None = None  # fen
    most: int | None = None  # fen
    step_fen: int | None = None  # the least difference that the media takes
    spent_today_fen: int = 0
    changes_today: int | None = None
    changes_allowed: int | None = None
    name_length: int | None = None
    counts_half: bool = False  # two narrow characters count as one
    guarantee_edits: int | None = None  # None: the field does not touch the cost guarantee
    guarantee_allowed: int = COMPENSATION_EDITS_PER_DAY
    guaranteed_until: date | None = None


def field_limits(actor: Actor, *, plan_id: int, field: str) -> FieldLimits:
    """The limits of one field now; raises ``NotFound`` for a plan out of sight and ``KeyError`` for no field."""
    actor.require("plans:write")
    column = COLUMN_OF[field]
    known = known_plans(actor, [plan_id]).get(plan_id)
    if known is None:
        raise NotFound
    facts, media = known.facts, LIMITS[known.plan.platform]
    is_oceanengine = known.plan.platform != "kuaishou"
    numbers: dict[str, Any] = {}
    if field == "bid":
        least, most = bid_range(facts)
        numbers = {"least": least, "most": most, "guarantee_edits": facts.bid_edits_today}
    elif field == "budget":
        least, most = budget_range(facts)
        numbers = {"least": least, "most": most, "spent_today_fen": facts.spent_today_fen}
        if is_oceanengine:
            numbers |= {
                "step_fen": OCEANENGINE_BUDGET_STEP_FEN,
                "changes_today": facts.budget_changes_today,
                "changes_allowed": OCEANENGINE_BUDGET_CHANGES_PER_DAY,
            }
    elif field == "name":
        numbers = {"name_length": media.name_length, "counts_half": media.latin_weight < 1}
    return FieldLimits(
        plan_id=known.plan.pk,
        plan_name=known.plan.name,
        platform=known.plan.platform,
        field=field,
        value=getattr(known.plan, column),
        guaranteed_until=known.guaranteed_until,
        **numbers,
    )
