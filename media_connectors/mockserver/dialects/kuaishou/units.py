"""Units (广告组, the plan): create, update, list."""

from typing import Any

from ...clock import stamp
from ...dialect import Call
from ...model import DELETED, DENIED, Plan
from .budgets import Budget, check_change, settings_of
from .campaigns import NAME_LENGTH, SWITCHES, find_campaign
from .delivery import refresh_delivery
from .paging import day_filter, listed, put_status_filter
from .status import (
    COMPENSATE_STATUS,
    PUT_STATUS,
    REVIEW_STATUS,
    STUDY_STATUS,
    UNIT_DELETED,
    read_switch,
    review_text,
    unit_status,
)
from .targeting import read_target, show_target
from .unit_rules import (
    CPC,
    MARKET_GOAL,
    MCB,
    UNION_SCENES,
    UNIT_TYPES,
    WEEK_HOURS,
    Offer,
    check_within_budget,
    half_hours,
    read_dates,
    read_offer,
    read_scenes,
    read_schedule,
    read_unit_budget,
)
from .values import Params, refused, required_text, required_whole, text, whole, whole_in, wholes

# Kept as sent and read back: (name, what a list shows when it was never set).
_KEPT: tuple[tuple[str, Any], ...] = (
    ("show_mode", 2),
    ("speed", 0),
    ("web_uri_type", 0),
    ("url", ""),
    ("url_type", 0),
    ("site_id", 0),
    ("group_id", 0),
    ("app_id", 0),
    ("convert_id", 0),
    ("schema_uri", ""),
    ("schema_id", ""),
    ("use_app_market", 0),
    ("outer_loop_native", 0),
    ("quick_search", 0),
    ("target_explore", 0),
    ("extend_search", False),
    ("smart_cover", False),
    ("asset_mining", False),
    ("enhance_conversion_type", 0),
    ("consult_id", 0),
    ("component_id", 0),
    ("adv_card_option", 0),
    ("site_type", 0),
    ("template_id", 0),
    ("package_id", 0),
)
# The community SDK writes these names differently from the documentation.
_ALIASES = {"web_uri_type": "web_url_type", "schema_uri": "schema_url"}
URL_LENGTH = 1_000


def find_unit(call: Call, account_id: int, unit_id: int) -> Plan:
    """A unit of the account that is not deleted; otherwise raises ``Refused``."""
    unit = call.store.plans.get(unit_id)
    if unit is None or unit.account_id != account_id or unit.switch == DELETED:
        raise refused(f"广告组 {unit_id} 不存在")
    return unit


def create_unit(call: Call) -> dict[str, Any]:
    """``gw/dsp/unit/create``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    campaign = find_campaign(call, account.id, required_whole(params, "campaign_id"))
    name = required_text(params, "unit_name", NAME_LENGTH)
    offer = read_offer(params, campaign.settings)
    budget = read_unit_budget(params) or Budget()
    check_within_budget(offer, budget)
    scenes = read_scenes(params)
    unit_type = whole_in(params, "unit_type", UNIT_TYPES)
    begins_on, ends_on = read_dates(params, call.now)
    schedule = read_schedule(params)
    target = read_target(params.get("target"))
    switch = read_switch(whole_in(params, "put_status", SWITCHES, 1))
    kept = _read_kept(params, {})
    if call.store.plan_named(campaign.id, name) is not None:
        raise refused(f"广告组名称“{name}”已存在")
    unit = Plan(
        id=call.store.new_id(),
        account_id=account.id,
        campaign_id=campaign.id,
        medium="kuaishou",
        name=name,
        created_at=call.now,
        modified_at=call.now,
        switch=switch,
        begins_on=begins_on,
        ends_on=ends_on,
        schedule=half_hours(schedule),
        settings={
            "unit_type": unit_type,
            "scene_id": scenes,
            "schedule_time": schedule,
            "target": target,
            "targeting_version": 0,
            "ad_type": campaign.settings["ad_type"],
            **settings_of(budget),
            **kept,
        },
    )
    _apply_offer(unit, offer)
    unit.budget_li = budget.on(call.now)
    call.world.life.submit(unit, call.now)
    refresh_delivery(call.store, unit)
    call.save(unit)
    call.log(account.id, unit, "unit", "create")
    return {"unit_id": unit.id}


def update_unit(call: Call) -> dict[str, Any]:
    """``gw/dsp/unit/update``: absent and null leave a field, 0 and [] clear it; a rejected unit is reviewed again."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit = find_unit(call, account.id, required_whole(params, "unit_id"))
    campaign = call.store.campaigns[unit.campaign_id]
    _check_immutable(params, unit)
    scenes = _read_new_scenes(call, params, unit)
    switch = unit.switch if whole(params, "put_status") is None else _read_new_switch(params)
    name = unit.name if params.get("unit_name") is None else required_text(params, "unit_name", NAME_LENGTH)
    old_offer = offer_of(unit)
    offer = read_offer(params, campaign.settings, old_offer)
    budget = read_unit_budget(params)
    check_within_budget(offer, budget or budget_of(unit))
    begins_on, ends_on = read_dates(params, call.now, unit.begins_on)
    ends_on = unit.ends_on if params.get("end_time") is None else ends_on  # "" is an open end
    schedule = unit.settings["schedule_time"] if params.get("schedule_time") is None else read_schedule(params)
    target = unit.settings["target"] if params.get("target") is None else read_target(params["target"])
    kept = _read_kept(params, unit.settings)
    if budget is not None:
        check_change(unit.budget_li, budget.on(call.now), call.world.money.plan_spent_li(unit, call.now))
    if name != unit.name and call.store.plan_named(campaign.id, name) is not None:
        raise refused(f"广告组名称“{name}”已存在")

    changes = _changes(unit, name=name, offer=offer, budget=budget, target=target, schedule=schedule, switch=switch)
    is_retargeted = target != unit.settings["target"]
    unit.name, unit.switch, unit.schedule = name, switch, half_hours(schedule)
    unit.begins_on, unit.ends_on = begins_on, ends_on
    unit.settings = unit.settings | {"schedule_time": schedule, "scene_id": scenes, "target": target, **kept}
    if is_retargeted:
        unit.settings["targeting_version"] += 1
    if budget is not None:
        unit.settings |= settings_of(budget)
        unit.budget_li = budget.on(call.now)
    if offer.bid_li != old_offer.bid_li:
        call.world.life.note_bid_edit(unit, old_offer.bid_li, offer.bid_li, call.now)
    _apply_offer(unit, offer)
    if unit.audit == DENIED:
        call.world.life.submit(unit, call.now)
    unit.modified_at = call.now
    refresh_delivery(call.store, unit)
    call.save(unit)
    call.log(account.id, unit, "unit", "update", **changes)
    return {"unit_id": unit.id}


def list_units(call: Call) -> dict[str, Any]:
    """``gw/dsp/unit/list``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    ids = set(wholes(params, "unit_ids", 100) or [])
    single, campaign_id, name = whole(params, "unit_id"), whole(params, "campaign_id"), text(params, "unit_name")
    reviews = wholes(params, "review_status_list")
    goals = wholes(params, "ocpx_action_type_list")
    kind = whole(params, "campaign_type")
    is_in_days = day_filter(params)
    has_put_status = put_status_filter(params, UNIT_DELETED)
    status = whole(params, "status")
    computed = status if status not in {None, -1, -2, UNIT_DELETED} and not wholes(params, "put_status_list") else None
    campaigns = call.store.campaigns

    def is_wanted(unit: Plan) -> bool:
        return (
            has_put_status(unit)
            and (not ids or unit.id in ids)
            and (not single or unit.id == single)
            and (not campaign_id or unit.campaign_id == campaign_id)
            and (not name or name in unit.name)
            and (not reviews or REVIEW_STATUS[unit.audit] in reviews)
            and (not goals or unit.settings["ocpx_action_type"] in goals)
            and (kind is None or campaigns[unit.campaign_id].settings["type"] == kind)
            and is_in_days(unit)
            and (computed is None or unit_status(call, unit) == computed)
        )

    rows = call.store.plans_of_campaign(campaign_id) if campaign_id else call.store.plans_of(account.id)
    own = [unit for unit in rows if unit.account_id == account.id] if campaign_id else rows
    return listed(call, own, is_wanted, lambda unit: _show(call, unit))


def offer_of(unit: Plan) -> Offer:
    """The offer that the unit was saved with."""
    settings = unit.settings
    return Offer(
        settings["bid_type"],
        settings["ocpx_action_type"],
        unit.bid_li,
        settings["deep_conversion_type"],
        unit.deep_bid_li,
        unit.roi_goal,
    )


def budget_of(unit: Plan) -> Budget:
    """The budget that the unit was saved with."""
    return Budget(unit.settings["day_budget"], tuple(unit.settings["day_budget_schedule"]))


def _apply_offer(unit: Plan, offer: Offer) -> None:
    unit.pricing, unit.bid_li, unit.deep_bid_li, unit.roi_goal = (
        offer.pricing,
        offer.bid_li,
        offer.deep_bid_li,
        offer.roi_ratio,
    )
    unit.goal = MARKET_GOAL.get(offer.goal, "")
    unit.settings = unit.settings | {
        "bid_type": offer.bid_type,
        "ocpx_action_type": offer.goal,
        "deep_conversion_type": offer.deep_type,
    }


def _read_kept(params: Params, old: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, default in _KEPT:
        value = params.get(name, params.get(_ALIASES.get(name, name)))
        if value is None:
            found[name] = old.get(name, default)
        elif isinstance(default, bool):
            found[name] = value in {True, "1", "true"}
        elif isinstance(default, int):
            found[name] = whole({name: value}, name) or 0
        else:
            found[name] = text({name: value}, name)
    if len(found["url"]) > URL_LENGTH:
        raise refused(f"url 长度不能超过 {URL_LENGTH} 个字符")
    return found


def _check_immutable(params: Params, unit: Plan) -> None:
    for name, current in (("campaign_id", unit.campaign_id), ("unit_type", unit.settings["unit_type"])):
        sent = whole(params, name)
        if sent is not None and sent != current:
            raise refused(f"{name} 不支持修改")


def _read_new_scenes(call: Call, params: Params, unit: Plan) -> list[int]:
    """Scenes may change until the unit has creatives, and never to or from the union's."""
    current: list[int] = unit.settings["scene_id"]
    if params.get("scene_id") is None:
        return current
    scenes = read_scenes(params)
    if sorted(scenes) == sorted(current):
        return current
    has_creatives = any(creative.switch != DELETED for creative in call.store.creatives_of_plan(unit.id))
    if has_creatives or UNION_SCENES & {*scenes, *current}:
        raise refused("联盟广告或已有创意的广告组不支持修改 scene_id")
    return scenes


def _read_new_switch(params: Params) -> str:
    if whole(params, "put_status") == PUT_STATUS[DELETED]:
        raise refused("请使用修改广告组状态接口删除广告组")
    return read_switch(whole_in(params, "put_status", SWITCHES))


def _changes(
    unit: Plan,
    *,
    name: str,
    offer: Offer,
    budget: Budget | None,
    target: dict[str, Any],
    schedule: str,
    switch: str,
) -> dict[str, tuple[Any, Any]]:
    pairs: dict[str, tuple[Any, Any]] = {
        "unit_name": (unit.name, name),
        "cpa_bid": (unit.bid_li, offer.bid_li),
        "day_budget": (unit.settings["day_budget"], budget.daily_li if budget else unit.settings["day_budget"]),
        "target": (unit.settings["target"], target),
        "schedule_time": (unit.settings["schedule_time"], schedule),
        "put_status": (PUT_STATUS[unit.switch], PUT_STATUS[switch]),
    }
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def _show(call: Call, unit: Plan) -> dict[str, Any]:
    settings = unit.settings
    is_click_bid = settings["bid_type"] == CPC
    shown = {name: settings[name] for name, _ in _KEPT}
    return shown | {
        "unit_id": unit.id,
        "unit_name": unit.name,
        "campaign_id": unit.campaign_id,
        "put_status": PUT_STATUS[unit.switch],
        "status": unit_status(call, unit),
        "review_status": REVIEW_STATUS[unit.audit],
        "review_detail": review_text(unit, "广告组审核中"),
        "study_status": STUDY_STATUS[unit.learning],
        "compensate_status": COMPENSATE_STATUS[unit.compensation],
        "bid_type": settings["bid_type"],
        "bid": unit.bid_li if is_click_bid else 0,
        "cpa_bid": 0 if is_click_bid or settings["bid_type"] == MCB else unit.bid_li,
        "ocpx_action_type": settings["ocpx_action_type"],
        "deep_conversion_type": settings["deep_conversion_type"],
        "deep_conversion_bid": unit.deep_bid_li,
        "roi_ratio": unit.roi_goal,
        "day_budget": settings["day_budget"],
        "day_budget_schedule": settings["day_budget_schedule"],
        "unit_type": settings["unit_type"],
        "scene_id": settings["scene_id"],
        "begin_time": unit.begins_on,
        "end_time": unit.ends_on or None,
        "schedule": None,
        "schedule_time": settings["schedule_time"] or "0" * WEEK_HOURS,
        "target": show_target(settings["target"]),
        "ad_type": settings["ad_type"],
        "unit_source": 0,
        "dsp_version": 3,
        "playable_id": 0,
        "playable_orientation": -1,
        "library_id": None,
        "app_icon_url": None,
        "create_channel": 0,
        "create_time": stamp(unit.created_at),
        "update_time": stamp(unit.modified_at),
    }
