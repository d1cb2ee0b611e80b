"""The plans' delivery settings as growable numpy columns, one row per ``Plan.index``.

The store writes a row whenever a plan is saved; the market driver reads whole columns and never loops over plans.
"""

from typing import Any

import numpy as np

from .model import ACTIVATION_GOAL, DELETED, FORM_GOAL, ON, PASSED, PAYMENT_GOAL, VALID_LEAD_GOAL, Plan

ALWAYS_ON = np.full(42, 0xFF, dtype=np.uint8)

_TYPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "id": (np.int64, ()),
    "account_id": (np.int64, ()),
    "campaign_id": (np.int64, ()),
    "is_on": (np.bool_, ()),  # the plan's own switch
    "is_deleted": (np.bool_, ()),
    "is_passed": (np.bool_, ()),  # review passed
    "is_learning": (np.bool_, ()),
    "medium": (np.int8, ()),  # 0 Douyin, 1 Toutiao, 2 Kuaishou
    "pricing": (np.int8, ()),  # index into PRICINGS
    "bid": (np.float64, ()),  # yuan per conversion (ocpm), click (cpc) or 1,000 impressions (cpm)
    "goal": (np.int8, ()),  # index into GOALS
    "budget": (np.float64, ()),  # yuan a day, inf for unlimited
    "is_total_budget": (np.bool_, ()),
    "audience_width": (np.float64, ()),  # share of the medium's users the targeting reaches
    "created_at": (np.float64, ()),  # epoch seconds
    "edited_at": (np.float64, ()),  # last change of bid or budget, epoch seconds
    "targeting": (np.int32, ()),  # version of the targeting
    "creative": (np.int32, ()),  # row of the first material
    "begins_at": (np.float64, ()),  # epoch seconds, 0 when open
    "ends_at": (np.float64, ()),  # epoch seconds, inf when open
    "schedule": (np.uint8, (42,)),  # 336 half-hour bits, Monday first, np.packbits order
}
PRICINGS = ("ocpm", "cpm", "cpc", "nobid")
GOALS = (FORM_GOAL, VALID_LEAD_GOAL, PAYMENT_GOAL, ACTIVATION_GOAL)
MEDIA = {"douyin": 0, "toutiao": 1, "kuaishou": 2}


def schedule_bits(schedule: str) -> np.ndarray:
    """336 characters of 0/1 as 42 bytes; absent, all-0 and all-1 mean always, as both media document."""
    if "1" not in schedule or "0" not in schedule:
        return ALWAYS_ON
    return np.packbits(np.frombuffer(schedule.encode(), dtype=np.uint8) == ord("1"))


class PlanColumns:
    """Columns by attribute name (``columns.bid`` is float64[N]); ``write`` sets one row."""

    def __init__(self) -> None:
        self.count = 0
        self._capacity = 1024
        self._data = {name: np.zeros((self._capacity, *shape), dtype) for name, (dtype, shape) in _TYPES.items()}

    def __getattr__(self, name: str) -> np.ndarray:
        try:
            return self.__dict__["_data"][name][: self.count]
        except KeyError:
            raise AttributeError(name) from None

    def write(self, plan: Plan, begins_at: float, ends_at: float, creative_row: int) -> None:
        """Put ``plan`` into its row, growing the columns when it is a new one."""
        row = plan.index
        if row >= self._capacity:
            self._capacity = max(row + 1, self._capacity * 2)
            for name, (dtype, shape) in _TYPES.items():
                grown = np.zeros((self._capacity, *shape), dtype)
                grown[: self.count] = self._data[name][: self.count]
                self._data[name] = grown
        self.count = max(self.count, row + 1)
        medium = plan.placements[0] if plan.placements else ("kuaishou" if plan.medium == "kuaishou" else "douyin")
        values = {
            "id": plan.id,
            "account_id": plan.account_id,
            "campaign_id": plan.campaign_id,
            "is_on": plan.switch == ON,
            "is_deleted": plan.switch == DELETED,
            "is_passed": plan.audit == PASSED,
            "is_learning": plan.learning == "learning",
            "medium": MEDIA.get(medium, 0),
            "pricing": PRICINGS.index(plan.pricing),
            "bid": plan.bid_li / 1000,
            "goal": GOALS.index(plan.goal or (VALID_LEAD_GOAL if plan.deep_bid_li else FORM_GOAL)),
            "budget": plan.budget_li / 1000 or np.inf,
            "is_total_budget": plan.is_total_budget,
            "audience_width": plan.audience_width,
            "created_at": plan.created_at,
            "edited_at": plan.edited_at,
            "targeting": plan.settings.get("targeting_version", 0),
            "creative": creative_row,
            "begins_at": begins_at,
            "ends_at": ends_at,
            "schedule": schedule_bits(plan.schedule),
        }
        for name, value in values.items():
            self._data[name][row] = value
