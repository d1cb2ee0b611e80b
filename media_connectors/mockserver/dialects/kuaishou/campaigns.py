"""Campaigns (广告计划): create, update, list, change of status."""

from typing import Any

from ...clock import stamp
from ...dialect import Call
from ...model import DELETED, ON, Campaign
from .budgets import Budget, check_change, read_budget, settings_of
from .paging import day_filter, listed, put_status_filter
from .status import PUT_STATUS, campaign_status, read_switch
from .values import (
    LI_PER_YUAN,
    Params,
    batch_ids,
    decimal,
    refused,
    required_text,
    required_whole,
    text,
    whole,
    whole_in,
    wholes,
)

TYPES = frozenset({2, 4, 5, 7, 9, 16, 19, 30, 32, 34, 35})
OFFLINE_TYPE = 3
LEAST_BUDGET_YUAN = 500
MOST_CAMPAIGNS = 500
MOST_CAP_BID_LI = 8_000 * LI_PER_YUAN
MAX_CONVERSION = 1
NAME_LENGTH = 100
BATCH = 20
SWITCHES = frozenset({1, 2})
FLAGS = frozenset({0, 1})
DELETED_STATUS = 5

# Settings that are only kept and read back: (name, legal values).
_KEPT_FLAGS = ("auto_adjust", "auto_build", "auto_manage", "periodic_delivery_type", "continue_period_type")


def find_campaign(call: Call, account_id: int, campaign_id: int) -> Campaign:
    """A campaign of the account that is not deleted; otherwise raises ``Refused``."""
    campaign = call.store.campaigns.get(campaign_id)
    if campaign is None or campaign.account_id != account_id or campaign.switch == DELETED:
        raise refused(f"广告计划 {campaign_id} 不存在")
    return campaign


def create_campaign(call: Call) -> dict[str, Any]:
    """``gw/dsp/campaign/create``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    name = required_text(params, "campaign_name", NAME_LENGTH)
    if whole(params, "type") == OFFLINE_TYPE:
        raise refused("营销目标“获取电商下单”已下线")
    kind = whole_in(params, "type", TYPES)
    bid_type = whole_in(params, "bid_type", FLAGS, 0)
    budget = read_budget(params, LEAST_BUDGET_YUAN)
    if bid_type == MAX_CONVERSION and not any(budget.amounts() if budget else ()):
        raise refused("最大转化投放必须设置 day_budget 或 day_budget_schedule")
    switch = read_switch(whole_in(params, "put_status", SWITCHES, 1))
    settings = {
        "type": kind,
        "ad_type": whole_in(params, "ad_type", FLAGS, 0),
        "bid_type": bid_type,
        **settings_of(budget or Budget()),
        **_caps(params, {}),
        **_flags(params, {}),
    }
    _check_name_is_free(call, account.id, name)
    living = sum(campaign.switch != DELETED for campaign in call.store.campaigns_of(account.id))
    if living >= MOST_CAMPAIGNS:
        raise refused(f"账户下广告计划数量不能超过 {MOST_CAMPAIGNS} 个")
    campaign = Campaign(
        id=call.store.new_id(),
        account_id=account.id,
        medium="kuaishou",
        name=name,
        created_at=call.now,
        modified_at=call.now,
        switch=switch,
        budget_li=(budget or Budget()).on(call.now),
        pricing="nobid" if bid_type == MAX_CONVERSION else "ocpm",
        settings=settings,
    )
    call.save(campaign)
    call.log(account.id, campaign, "campaign", "create")
    return {"campaign_id": campaign.id}


def update_campaign(call: Call) -> dict[str, Any]:
    """``gw/dsp/campaign/update``: absent and null leave a field, 0 and [] clear it."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    campaign = find_campaign(call, account.id, required_whole(params, "campaign_id"))
    name = campaign.name if params.get("campaign_name") is None else required_text(params, "campaign_name", NAME_LENGTH)
    budget = read_budget(params, LEAST_BUDGET_YUAN)
    switch = campaign.switch
    if whole(params, "put_status") is not None:
        switch = read_switch(whole_in(params, "put_status", SWITCHES))
    settings = campaign.settings | _caps(params, campaign.settings) | _flags(params, campaign.settings)
    if name != campaign.name:
        _check_name_is_free(call, account.id, name)
    budget_li = campaign.budget_li
    if budget is not None:
        budget_li = budget.on(call.now)
        if campaign.settings["bid_type"] == MAX_CONVERSION and not any(budget.amounts()):
            raise refused("最大转化投放必须设置预算")
        check_change(campaign.budget_li, budget_li, call.world.money.campaign_spent_li(campaign, call.now))
        _check_above_bids(call, campaign, budget)
        settings |= settings_of(budget)
    changes = {
        field: change
        for field, change in {
            "campaign_name": (campaign.name, name),
            "day_budget": (campaign.budget_li, budget_li),
            "put_status": (PUT_STATUS[campaign.switch], PUT_STATUS[switch]),
        }.items()
        if change[0] != change[1]
    }
    campaign.name, campaign.budget_li, campaign.switch, campaign.settings = name, budget_li, switch, settings
    campaign.modified_at = call.now
    call.save(campaign)
    call.log(account.id, campaign, "campaign", "update", **changes)
    return {"campaign_id": campaign.id}


def update_campaign_status(call: Call) -> dict[str, Any]:
    """``v1/campaign/update/status``: up to 20 campaigns; deleting one deletes its units and creatives."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    switch = read_switch(required_whole(params, "put_status"))
    done, errors = [], []
    for campaign_id in batch_ids(params, "campaign_id", "campaign_ids", BATCH):
        campaign = call.store.campaigns.get(campaign_id)
        if campaign is None or campaign.account_id != account.id or campaign.switch == DELETED:
            errors.append({"id": campaign_id, "error_msg": f"广告计划 {campaign_id} 不存在"})
        elif call.fails_item():
            errors.append({"id": campaign_id, "error_msg": "系统繁忙，请稍后重试"})
        else:
            _switch_campaign(call, campaign, switch)
            done.append(campaign_id)
    return {"campaign_id": done[0] if done else 0, "campaign_ids": done, "errors": errors}


def list_campaigns(call: Call) -> dict[str, Any]:
    """``gw/dsp/campaign/list``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    ids = wholes(params, "campaign_ids", 200) or []
    single, name = whole(params, "campaign_id"), text(params, "campaign_name")
    kind, ad_type = whole(params, "campaign_type"), whole(params, "ad_type")
    is_in_days = day_filter(params)
    has_put_status = put_status_filter(params, DELETED_STATUS)
    status = whole(params, "status")
    computed = status if status in {1, 3, 4, 6} and not wholes(params, "put_status_list") else None

    def is_wanted(campaign: Campaign) -> bool:
        return (
            has_put_status(campaign)
            and (not ids or campaign.id in ids)
            and (not single or campaign.id == single)
            and (not name or name in campaign.name)
            and (kind is None or campaign.settings["type"] == kind)
            and (ad_type is None or campaign.settings["ad_type"] == ad_type)
            and is_in_days(campaign)
            and (computed is None or campaign_status(call, campaign) == computed)
        )

    return listed(call, call.store.campaigns_of(account.id), is_wanted, lambda row: _show(call, row))


def _show(call: Call, campaign: Campaign) -> dict[str, Any]:
    settings = campaign.settings
    return {
        "campaign_id": campaign.id,
        "campaign_name": campaign.name,
        "put_status": PUT_STATUS[campaign.switch],
        "status": campaign_status(call, campaign),
        "create_channel": 0,
        "day_budget": settings["day_budget"],
        "day_budget_schedule": settings["day_budget_schedule"],
        "campaign_type": settings["type"],
        "campaign_sub_type": 0,
        "ad_type": settings["ad_type"],
        "bid_type": settings["bid_type"],
        "auto_adjust": settings["auto_adjust"],
        "auto_build": settings["auto_build"],
        "auto_build_name_rule": None,
        "auto_manage": settings["auto_manage"],
        "campaign_ocpx_action_type": 0,
        "campaign_ocpx_action_type_name": "",
        "campaign_deep_conversion_type": 0,
        "campaign_deep_conversion_type_name": "",
        "cap_roi_ratio": settings["cap_roi_ratio"],
        "cap_bid": settings["cap_bid"],
        "constraint_cpa": settings["constraint_cpa"],
        "periodic_delivery_type": settings["periodic_delivery_type"],
        "continue_period_type": settings["continue_period_type"],
        "create_time": stamp(campaign.created_at),
        "update_time": stamp(campaign.modified_at),
    }


def _switch_campaign(call: Call, campaign: Campaign, switch: str) -> None:
    old = campaign.switch
    campaign.switch = switch
    campaign.modified_at = call.now
    call.save(campaign)
    if switch == DELETED:
        for unit in call.store.plans_of_campaign(campaign.id):
            if unit.switch != DELETED:
                unit.switch, unit.modified_at = DELETED, call.now
                call.save(unit)
            for creative in call.store.creatives_of_plan(unit.id):
                if creative.switch != DELETED:
                    creative.switch, creative.modified_at = DELETED, call.now
                    call.save(creative)
    call.log(
        campaign.account_id,
        campaign,
        "campaign",
        "update",
        put_status=("投放" if old == ON else "暂停", {1: "投放", 2: "暂停", 3: "删除"}[PUT_STATUS[switch]]),
    )


def _check_name_is_free(call: Call, account_id: int, name: str) -> None:
    if call.store.campaign_named(account_id, name) is not None:
        raise refused(f"广告计划名称“{name}”已存在")


def _check_above_bids(call: Call, campaign: Campaign, budget: Budget) -> None:
    units = call.store.plans_of_campaign(campaign.id)
    highest = max((unit.bid_li for unit in units if unit.switch != DELETED), default=0)
    if any(amount and amount < highest for amount in budget.amounts()):
        raise refused("预算不能低于该计划下任一广告组出价")


def _caps(params: Params, old: dict[str, Any]) -> dict[str, Any]:
    """Cost constraints: cap_bid and constraint_cpa in 厘 (0–8,000 yuan), cap_roi_ratio 0–100."""
    found: dict[str, Any] = {}
    for name in ("cap_bid", "constraint_cpa"):
        amount = whole(params, name)
        found[name] = old.get(name, 0) if amount is None else amount
        if not 0 <= found[name] <= MOST_CAP_BID_LI:
            raise refused(f"{name} 取值范围为 0-8000 元")
    ratio = decimal(params, "cap_roi_ratio")
    found["cap_roi_ratio"] = old.get("cap_roi_ratio", 0.0) if ratio is None else ratio
    if not 0 <= found["cap_roi_ratio"] <= 100:
        raise refused("cap_roi_ratio 取值范围为 0-100")
    return found


def _flags(params: Params, old: dict[str, Any]) -> dict[str, int]:
    return {name: whole_in(params, name, FLAGS, old.get(name, 0)) for name in _KEPT_FLAGS}
