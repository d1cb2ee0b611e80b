"""Kuaishou's budget rules: amounts in 厘, 0 for unlimited, a day's amount or one per weekday."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...clock import local
from .values import LI_PER_YUAN, Params, refused, whole, wholes, yuan

MOST_LI = 100_000_000 * LI_PER_YUAN
# A new budget may not fall below this multiple of what was spent today.
SPENT_FACTOR = 1.2


@dataclass(frozen=True)
class Budget:
    """``daily_li`` for every day, or ``weekly_li`` for Monday to Sunday, which takes precedence when given."""

    daily_li: int = 0
    weekly_li: tuple[int, ...] = ()

    def on(self, moment: float) -> int:
        """The 厘 of that day."""
        return self.weekly_li[local(moment).weekday()] if self.weekly_li else self.daily_li

    def amounts(self) -> Sequence[int]:
        return self.weekly_li or (self.daily_li,)


def read_budget(params: Params, least_yuan: int) -> Budget | None:
    """The budget in a request, or ``None`` when it says nothing about it. Both forms together are refused."""
    daily, weekly = whole(params, "day_budget"), wholes(params, "day_budget_schedule")
    if daily is None and weekly is None:
        # The community SDK's names when it creates a campaign.
        daily, weekly = whole(params, "daily_budget"), wholes(params, "daily_budget_schedule")
    if weekly:
        if daily:
            raise refused("day_budget 与 day_budget_schedule 不能同时传")
        if len(weekly) != 7:
            raise refused("day_budget_schedule 必须为周一到周日的 7 个预算")
        budget = Budget(weekly_li=tuple(weekly))
    elif daily is not None:
        budget = Budget(daily_li=daily)
    elif weekly is not None:
        budget = Budget()
    else:
        return None
    for amount in budget.amounts():
        if amount and not least_yuan * LI_PER_YUAN <= amount <= MOST_LI:
            raise refused(f"预算不得低于 {least_yuan} 元，不得超过 {MOST_LI // LI_PER_YUAN} 元，0 表示不限")
    return budget


def check_change(old_li: int, new_li: int, spent_li: int) -> None:
    """Refuse a budget below the smaller of 120 % of today's spend and the old budget."""
    if not new_li:
        return
    spent_floor = SPENT_FACTOR * spent_li
    least = min(spent_floor, old_li) if old_li else spent_floor
    if new_li < least:
        raise refused(f"修改后的预算不得低于当日花费的 120%（{yuan(spent_floor)} 元）和修改前预算的较小者")


def settings_of(budget: Budget) -> dict[str, object]:
    """What a list shows of a budget: ``day_budget`` and ``day_budget_schedule``."""
    return {"day_budget": budget.daily_li, "day_budget_schedule": list(budget.weekly_li)}
