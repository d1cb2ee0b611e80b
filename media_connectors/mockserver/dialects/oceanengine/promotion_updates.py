"""Batch changes of promotions: switch, budget, bids, schedule, deletion, name."""

from collections.abc import Callable
from typing import Any

from ...dialect import Call
from ...model import DELETED, OFF, ON, Plan
from .statuses import opt_status
from .wire import (
    change_budget,
    check_range,
    check_schedule,
    check_width,
    check_within,
    find_promotion,
    refuse,
    run_batch,
    to_li,
    to_yuan,
)

MAX_BUDGET = 9_999_999.99


def least_budget(pricing: str, *, is_total: bool) -> int:
    """Yuan: 300 for conversion bidding and total budgets, 100 for clicks, impressions and no-bid."""
    return 300 if is_total or pricing == "ocpm" else 100


def set_budget(call: Call, plan: Plan, budget: float) -> None:
    """Change the budget under the project's minimum and the change rules. Raises ``Refused``."""
    project = call.store.campaigns[plan.campaign_id]
    if project.settings.get("delivery_mode") == "PROCEDURAL":
        raise refuse("budget: Not allowed at promotion level when delivery_mode is PROCEDURAL.")
    check_range("budget", budget, least_budget(plan.pricing, is_total=plan.is_total_budget), MAX_BUDGET)
    change_budget(call, plan, to_li(budget), call.world.money.plan_spent_li(plan, call.now))


def set_bid(call: Call, plan: Plan, bid: float) -> None:
    """Change what is paid per conversion, click or thousand impressions. Raises ``Refused``."""
    if plan.pricing == "nobid":
        raise refuse("bid: Not allowed when bid_type is NO_BID.")
    low, high = {"cpm": (4, 100), "cpc": (0.1, 100)}.get(plan.pricing, (0.01, 10_000))
    check_range("bid", bid, low, high)
    before, plan.bid_li = plan.bid_li, to_li(bid)
    plan.settings["bid" if plan.pricing in ("cpm", "cpc") else "cpa_bid"] = bid
    call.world.life.note_bid_edit(plan, before, plan.bid_li, call.now)


def _refuse_duration(call: Call, plan: Plan) -> None:
    if call.store.campaigns[plan.campaign_id].settings.get("delivery_type") == "DURATION":
        raise refuse("周期稳投项目下的单元不支持修改")


def _saved(call: Call, plan: Plan, title: str, **changes: tuple[Any, Any]) -> None:
    plan.modified_at = call.now
    call.save(plan)
    call.log(plan.account_id, plan, "PROMOTION", title, **changes)


def _batch(call: Call, apply: Callable[[Call, Any], None]) -> dict[str, Any]:
    call.account(call.params["advertiser_id"])
    return run_batch(call, "promotion_id", call.params["data"], apply)


def update_status(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["promotion_id"])
        _refuse_duration(call, plan)
        before, plan.switch = plan.switch, OFF if item["opt_status"] == "DISABLE" else ON
        _saved(call, plan, "修改单元状态", opt_status=(opt_status(before), item["opt_status"]))

    return _batch(call, apply)


def update_budget(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["promotion_id"])
        _refuse_duration(call, plan)
        kept = "BUDGET_MODE_TOTAL" if plan.is_total_budget else "BUDGET_MODE_DAY"
        if item.get("budget_mode", kept) != kept:
            raise refuse("budget_mode: Must not change after creation.")
        before = plan.budget_li
        set_budget(call, plan, item["budget"])
        _saved(call, plan, "修改单元预算", budget=(to_yuan(before), item["budget"]))

    return _batch(call, apply)


def update_bid(call: Call) -> dict[str, Any]:
    """Of plain click or impression bids and of the oCPM target alike."""

    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["promotion_id"])
        _refuse_duration(call, plan)
        before = plan.bid_li
        set_bid(call, plan, item["bid"])
        _saved(call, plan, "修改单元出价", bid=(to_yuan(before), item["bid"]))

    return _batch(call, apply)


def update_deep_bid(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["promotion_id"])
        _refuse_duration(call, plan)
        check_range("deepbid", item["deepbid"], 0.1, 10_000)
        before, plan.deep_bid_li = plan.deep_bid_li, to_li(item["deepbid"])
        plan.settings["deep_cpabid"] = item["deepbid"]
        _saved(call, plan, "修改单元深度出价", deepbid=(to_yuan(before), item["deepbid"]))

    return _batch(call, apply)


def update_schedule(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["promotion_id"])
        schedule = check_schedule("schedule_time", item["schedule_time"])
        check_within("schedule_time", schedule, call.store.campaigns[plan.campaign_id].schedule)
        plan.schedule = schedule
        plan.settings["schedule_time"] = item["schedule_time"]
        _saved(call, plan, "修改单元投放时段")

    return _batch(call, apply)


def delete(call: Call) -> dict[str, Any]:
    call.account(call.params["advertiser_id"])

    def apply(call: Call, promotion_id: int) -> None:
        plan = find_promotion(call, promotion_id)
        plan.switch = DELETED
        _saved(call, plan, "删除单元")

    return run_batch(call, "promotion_id", call.params["promotion_ids"], apply)


def rename(call: Call) -> dict[str, Any]:
    account = call.account(call.params["advertiser_id"])
    plan = find_promotion(call, call.params["promotion_id"])
    name = call.params["promotion_name"]
    check_width("promotion_name", name, 0.5, 50)
    if call.store.plan_named(account.id, name) not in (None, plan):
        raise refuse(f"单元名称已存在: {name}")
    before, plan.name = plan.name, name
    _saved(call, plan, "修改单元名称", name=(before, name))
    return {"promotion_id": plan.id}


HANDLERS = {
    ("POST", "/open_api/v3.0/promotion/status/update/"): update_status,
    ("POST", "/open_api/v3.0/promotion/budget/update/"): update_budget,
    ("POST", "/open_api/v3.0/promotion/bid/update/"): update_bid,
    ("POST", "/open_api/v3.0/promotion/deepbid/update/"): update_deep_bid,
    ("POST", "/open_api/v3.0/promotion/schedule_time/update/"): update_schedule,
    ("POST", "/open_api/v3.0/promotion/delete/"): delete,
    ("POST", "/open_api/v3.0/promotion_name/update/"): rename,
}
