"""Which plans need somebody today, and why: the first, simple judgement (product.md "problem plan")."""

from __future__ import annotations

from dataclasses import dataclass

#: no conversion after so many target costs is more than bad luck (P < 5 % at the target rate: e**-3)
EMPTY_SPEND_TARGETS = 3.0
#: a cost per conversion so far above the target, on so many conversions, is an overrun
OVER_COST_RATIO = 1.2
OVER_COST_CONVERSIONS = 3
#: a live plan without one impression by this hour of the day is starved
STARVED_HOURS = 3
#: a budget used up before this hour was too small
CAPPED_BEFORE_HOUR = 12


@dataclass(frozen=True, slots=True)
class PlanToday:
    """What the judgement looks at. Money in fen, numbers of today."""

    is_enabled: bool
    delivery_status: str
    learning_state: str
    review_state: str
    bid_fen: int | None
    cost_fen: int
    impressions: int
    matured_conversions: float
    conversions: int
    live_hours: float  # since it was made or since midnight, whichever is later


@dataclass(frozen=True, slots=True)
class Judgement:
    """The worst reason and how bad it is, 0–1."""

    reason: str
    severity: float


def judge(plan: PlanToday, *, hour: int) -> Judgement | None:
    """The plan's worst problem at this hour of the day; None for a plan that needs nobody."""
    if not plan.is_enabled:
        return None
    found = []
    if plan.review_state in {"rejected", "partly_rejected"}:
        found.append(Judgement("rejected", 0.9 if plan.review_state == "rejected" else 0.6))
    if plan.bid_fen:
        targets = plan.cost_fen / plan.bid_fen
        if plan.conversions == 0 and targets >= EMPTY_SPEND_TARGETS:
            found.append(Judgement("empty_spend", min(1.0, targets / 10 + 0.4)))
        if plan.conversions >= OVER_COST_CONVERSIONS and plan.matured_conversions > 0:
            ratio = plan.cost_fen / plan.matured_conversions / plan.bid_fen
            if ratio > OVER_COST_RATIO:
                found.append(Judgement("over_cost", min(1.0, (ratio - 1) / 2 + 0.3)))
    if plan.delivery_status == "out_of_budget" and hour < CAPPED_BEFORE_HOUR:
        found.append(Judgement("budget_capped", 0.5))
    if plan.learning_state == "failed":
        found.append(Judgement("learning_failed", 0.4))
    if plan.delivery_status == "delivering" and plan.impressions == 0 and plan.live_hours >= STARVED_HOURS:
        found.append(Judgement("starved", 0.3))
    return max(found, key=lambda judgement: judgement.severity, default=None)
