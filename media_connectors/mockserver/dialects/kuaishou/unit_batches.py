"""Batch changes of units: status, bid, day budget. The top code is 0 even when items fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...dialect import Call, Refused
from ...model import DELETED, Plan
from .budgets import Budget, check_change, settings_of
from .status import PUT_STATUS, read_switch
from .unit_rules import ROI_GOALS, check_bid, check_roi, check_within_budget, read_unit_budget
from .units import budget_of, find_unit, offer_of
from .values import batch_ids, decimal, refused, required_whole, whole

STATUS_BATCH = 10
BATCH = 20
BUSY = "系统繁忙，请稍后重试"


def update_unit_status(call: Call) -> dict[str, Any]:
    """``v1/ad_unit/update/status``: 1 on, 2 off, 3 deleted with its creatives; at most 10 units."""
    switch = read_switch(required_whole(call.params, "put_status"))

    def change(unit: Plan) -> None:
        old = unit.switch
        unit.switch = switch
        if switch == DELETED:
            for creative in call.store.creatives_of_plan(unit.id):
                creative.switch, creative.modified_at = DELETED, call.now
                call.save(creative)
        _save(call, unit, put_status=(PUT_STATUS[old], "删除" if switch == DELETED else PUT_STATUS[switch]))

    return _each_unit(call, STATUS_BATCH, change)


def update_unit_bid(call: Call) -> dict[str, Any]:
    """``v1/ad_unit/update/bid``: ``bid`` 厘 is the click bid or the target CPA, whichever the unit has."""
    params = call.params
    bid_li, deep_li, ratio = whole(params, "bid"), whole(params, "deep_conversion_bid"), decimal(params, "roi_ratio")
    if bid_li is None and deep_li is None and ratio is None:
        raise refused("参数错误：bid 不能为空")

    def change(unit: Plan) -> None:
        old = offer_of(unit)
        offer = replace(
            old,
            bid_li=old.bid_li if bid_li is None else bid_li,
            deep_bid_li=old.deep_bid_li if deep_li is None else deep_li,
            roi_ratio=old.roi_ratio if ratio is None else ratio,
        )
        if old.bid_type not in {2, 10}:
            raise refused("最大转化投放的广告组不支持修改出价")
        if (old.deep_bid_li == 0) != (offer.deep_bid_li == 0):
            raise refused("deep_conversion_bid 不支持从 0 改为其他值，也不支持从其他值改为 0")
        if offer.goal in ROI_GOALS:
            check_roi(offer.roi_ratio)
        check_bid(offer)
        check_within_budget(offer, budget_of(unit))
        unit.bid_li, unit.deep_bid_li, unit.roi_goal = offer.bid_li, offer.deep_bid_li, offer.roi_ratio
        if offer.bid_li != old.bid_li:
            call.world.life.note_bid_edit(unit, old.bid_li, offer.bid_li, call.now)
        _save(call, unit, cpa_bid=(old.bid_li, offer.bid_li))

    return _each_unit(call, BATCH, change)


def update_unit_budget(call: Call) -> dict[str, Any]:
    """``v1/ad_unit/update/day_budget``: 0 or [] is unlimited."""
    budget = read_unit_budget(call.params)
    if budget is None:
        raise refused("参数错误：day_budget 不能为空")

    def change(unit: Plan) -> None:
        old, new = budget_of(unit), budget
        check_within_budget(offer_of(unit), new)
        check_change(unit.budget_li, new.on(call.now), call.world.money.plan_spent_li(unit, call.now))
        unit.settings = unit.settings | settings_of(new)
        unit.budget_li = new.on(call.now)
        _save(call, unit, day_budget=(_text(old), _text(new)))

    return _each_unit(call, BATCH, change)


def _each_unit(call: Call, most: int, change: Callable[[Plan], None]) -> dict[str, Any]:
    """Apply ``change`` to every unit named; what refuses is reported and does not stop the others."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    done, errors = [], []
    for unit_id in batch_ids(call.params, "unit_id", "unit_ids", most):
        try:
            unit = find_unit(call, account.id, unit_id)
            if call.fails_item():
                raise refused(BUSY)
            change(unit)
        except Refused as reason:
            errors.append({"id": unit_id, "error_msg": reason.message})
        else:
            done.append(unit_id)
    return {"unit_ids": done, "errors": errors}


def _save(call: Call, unit: Plan, **changes: tuple[Any, Any]) -> None:
    unit.modified_at = call.now
    call.save(unit)
    call.log(unit.account_id, unit, "unit", "update", **changes)


def _text(budget: Budget) -> str:
    return ",".join(str(amount) for amount in budget.amounts())
