"""Projects: targeting, placement, schedule and budget frame of the promotions below them."""

from datetime import datetime
from typing import Any

from ...clock import SHANGHAI, day_of
from ...dialect import Call, Refused
from ...model import DELETED, OFF, ON, Campaign
from . import project_list
from .statuses import opt_status
from .targeting import audience_width, check_audience
from .wire import (
    change_budget,
    check_count,
    check_day,
    check_range,
    check_schedule,
    check_width,
    find_project,
    refuse,
    run_batch,
    to_li,
    to_yuan,
)

MAX_PROJECTS = 200
MAX_BUDGET, MAX_DURATION_BUDGET = 999_999.99, 9_999_999.99
BIDS = ("bid", "cpa_bid", "deep_cpabid", "roi_goal", "first_roi_goal", "seven_roi_goal")
CHANNELS = {"INVENTORY_AWEME_FEED": "douyin", "INVENTORY_FEED": "toutiao"}
DAY_MODE_ONLY = ("APP", "MICRO_GAME", "LINK")
PRICINGS = {"PRICING_OCPM": "ocpm", "PRICING_OCPC": "ocpm", "PRICING_CPM": "cpm", "PRICING_CPC": "cpc"}
KEPT = (
    "ad_type", "landing_type", "marketing_goal", "delivery_mode", "delivery_type", "app_promotion_type", "asset_type",
    "audience", "audience_extend", "delivery_range", "delivery_setting", "optimize_goal", "related_product",
    "track_url_setting", "open_url", "open_url_type", "open_url_field", "open_url_params", "download_url",
    "download_type", "download_mode", "launch_type", "promotion_type", "value_optimized_type", "auto_extend_traffic",
    "aigc_dynamic_creative_switch", "micro_promotion_type", "micro_app_instance_id", "multi_asset_type",
    "search_bid_ratio", "keywords", "native_setting", "ulink_url", "star_task_id", "dpa_adtype", "app_name",
    "landing_page_stay_time", "blue_flow_package", "budget_group_id", "subscribe_url", "quick_app_id",
)  # fmt: skip


def create(call: Call) -> dict[str, Any]:
    """Check everything, then add the project."""
    given = call.params
    account = call.account(given["advertiser_id"])
    check_width("name", given["name"], 0.5, 50)
    if call.world.config.has_unique_project_names and call.store.campaign_named(account.id, given["name"]):
        raise refuse(f"项目名称已存在: {given['name']}")
    if sum(row.switch != DELETED for row in call.store.campaigns_of(account.id)) >= MAX_PROJECTS:
        raise refuse(f"单个账户下最多创建{MAX_PROJECTS}个项目")
    check_audience(given.get("audience", {}))
    _check_range(given["delivery_range"])
    check_count("optimize_goal.asset_ids", given.get("optimize_goal", {}).get("asset_ids", []), 0, 1)
    schedule = _check_setting(given, given["delivery_setting"])
    project = Campaign(
        id=call.store.new_id(),
        account_id=account.id,
        medium=account.medium,
        name=given["name"],
        created_at=call.now,
        modified_at=call.now,
        switch=OFF if given.get("operation") == "DISABLE" else ON,
        schedule=schedule,
        placements=_placements(given["delivery_range"]),
        settings={name: given[name] for name in KEPT if name in given},
    )
    _apply_setting(project)
    call.save(project)
    call.log(account.id, project, "PROJECT", "新建项目")
    return {"project_id": project.id}


def _check_range(delivery_range: dict[str, Any]) -> None:
    if delivery_range["inventory_catalog"] == "MANUAL" and not delivery_range.get("inventory_type"):
        raise refuse("delivery_range.inventory_type: Missing data for required field.")


def _placements(delivery_range: dict[str, Any]) -> list[str]:
    if delivery_range["inventory_catalog"] == "UNIVERSAL_SMART":
        return ["douyin", "toutiao"]
    return list(dict.fromkeys(CHANNELS.get(code, "toutiao") for code in delivery_range["inventory_type"]))


def _check_setting(project: dict[str, Any], setting: dict[str, Any]) -> str:
    """The rules of ``delivery_setting``; returns the schedule. Raises ``Refused``."""
    is_auto = project.get("delivery_mode") == "PROCEDURAL"
    is_duration = project.get("delivery_type") == "DURATION"
    pricing = setting.get("pricing", "PRICING_OCPM")
    if is_auto and pricing != "PRICING_OCPM":
        raise refuse("delivery_setting.pricing: Only PRICING_OCPM is supported for PROCEDURAL.")
    if is_auto and project["landing_type"] in DAY_MODE_ONLY and setting["budget_mode"] != "BUDGET_MODE_DAY":
        raise refuse("delivery_setting.budget_mode: Must be BUDGET_MODE_DAY for PROCEDURAL.")
    if setting["bid_type"] == "NO_BID":
        for name in BIDS:
            if name in setting:
                raise refuse(f"delivery_setting.{name}: Not allowed when bid_type is NO_BID.")
    _check_bids(setting, pricing, is_duration=is_duration)
    _check_budget(setting, is_duration=is_duration)
    if setting.get("schedule_type") == "SCHEDULE_START_END":
        for name in ("start_time", "end_time"):
            if name not in setting:
                raise refuse(f"delivery_setting.{name}: Missing data for required field.")
            check_day(f"delivery_setting.{name}", setting[name])
        if setting["end_time"] < setting["start_time"]:
            raise refuse("delivery_setting.end_time: Must not be before start_time.")
    return check_schedule("delivery_setting.schedule_time", setting.get("schedule_time", ""))


def _check_bids(setting: dict[str, Any], pricing: str, *, is_duration: bool) -> None:
    if "cpa_bid" in setting:
        check_range("delivery_setting.cpa_bid", setting["cpa_bid"], 1 if is_duration else 0.01, 10_000)
    if "deep_cpabid" in setting:
        check_range("delivery_setting.deep_cpabid", setting["deep_cpabid"], 0.1, 10_000)
    if "roi_goal" in setting:
        check_range("delivery_setting.roi_goal", setting["roi_goal"], 0.001, 5)
    if "bid" in setting:
        low, high = (4, 100) if pricing == "PRICING_CPM" else (0.1, 100)
        check_range("delivery_setting.bid", setting["bid"], low, high)


def _check_budget(setting: dict[str, Any], *, is_duration: bool) -> None:
    if setting["budget_mode"] == "BUDGET_MODE_INFINITE":
        return
    if "budget" not in setting:
        raise refuse("delivery_setting.budget: Missing data for required field.")
    low, high = _budget_range(setting, is_duration=is_duration)
    check_range("delivery_setting.budget", setting["budget"], low, high)


def _budget_range(setting: dict[str, Any], *, is_duration: bool) -> tuple[float, float]:
    if is_duration:
        return 2000, MAX_DURATION_BUDGET
    if setting.get("budget_optimize_switch") == "ON":
        return 300, MAX_DURATION_BUDGET
    return 100, MAX_BUDGET if setting.get("bid_type") == "NO_BID" else MAX_DURATION_BUDGET


def _apply_setting(project: Campaign) -> None:
    """Copy what the world acts on out of the settings."""
    setting = project.settings["delivery_setting"]
    is_unlimited = setting["budget_mode"] == "BUDGET_MODE_INFINITE"
    project.budget_li = 0 if is_unlimited else to_li(setting.get("budget", 0))
    pricing = setting.get("pricing", "PRICING_OCPM")
    project.pricing = "nobid" if setting["bid_type"] == "NO_BID" else PRICINGS[pricing]
    project.bid_li = to_li(setting.get("cpa_bid", setting.get("bid", 0)))
    project.deep_bid_li = to_li(setting.get("deep_cpabid", 0))
    project.roi_goal = setting.get("roi_goal", 0.0)
    has_dates = setting.get("schedule_type") == "SCHEDULE_START_END"
    project.begins_on = setting.get("start_time", "") if has_dates else ""
    project.ends_on = setting.get("end_time", "") if has_dates else ""


def update(call: Call) -> dict[str, Any]:
    """Edit in one go: what is absent stays; a refused budget is reported, the rest takes effect."""
    given = call.params
    call.account(given["advertiser_id"])
    project = find_project(call, given["project_id"])
    if "name" in given:
        _check_rename(call, project, given["name"])
    if "audience" in given:
        check_audience(given["audience"])
    setting = dict(given.get("delivery_setting", {}))
    merged = {**project.settings["delivery_setting"], **setting}
    schedule = _check_setting(project.settings, merged)
    errors = []
    if {"budget", "budget_mode"} & setting.keys():
        try:
            _change_budget(call, project, merged["budget_mode"], merged.get("budget"))
        except Refused as refused:
            errors.append({"object_type": "BUDGET", "error_code": refused.code, "error_message": refused.message})
            merged = {**merged, **_budget_setting(project)}
    before = project.bid_li
    project.name = given.get("name", project.name)
    project.schedule = schedule
    project.settings |= {name: given[name] for name in KEPT if name in given}
    project.settings["delivery_setting"] = merged
    _apply_setting(project)
    _spread(call, project, is_retargeted="audience" in given, old_bid_li=before)
    project.modified_at = call.now
    call.save(project)
    call.log(project.account_id, project, "PROJECT", "修改项目")
    return {"project_id": project.id, "error_list": errors}


def _check_rename(call: Call, project: Campaign, name: str) -> None:
    check_width("name", name, 0.5, 50)
    namesake = call.store.campaign_named(project.account_id, name)
    if call.world.config.has_unique_project_names and namesake not in (None, project):
        raise refuse(f"项目名称已存在: {name}")


def _spread(call: Call, project: Campaign, *, is_retargeted: bool = False, old_bid_li: int | None = None) -> None:
    """Let the promotions feel a change of targeting or of the project's bid."""
    for plan in call.store.plans_of_campaign(project.id):
        if is_retargeted:
            plan.audience_width = audience_width(project.settings.get("audience", {}))
            plan.settings["targeting_version"] = plan.settings.get("targeting_version", 0) + 1
        if old_bid_li and old_bid_li != project.bid_li and not plan.bid_li:
            call.world.life.note_bid_edit(plan, old_bid_li, project.bid_li, call.now)
        if is_retargeted or old_bid_li:
            call.save(plan)


def _budget_setting(project: Campaign) -> dict[str, Any]:
    if not project.budget_li:
        return {"budget_mode": "BUDGET_MODE_INFINITE"}
    mode = project.settings["delivery_setting"]["budget_mode"]
    return {"budget_mode": mode, "budget": to_yuan(project.budget_li)}


def _change_budget(call: Call, project: Campaign, mode: str, budget: float | None) -> None:
    if mode == "BUDGET_MODE_INFINITE":
        new_li = 0
    elif budget is None:
        raise refuse("budget: Missing data for required field.")
    else:
        is_duration = project.settings.get("delivery_type") == "DURATION"
        low, high = _budget_range(project.settings["delivery_setting"], is_duration=is_duration)
        check_range("budget", budget, low, high)
        new_li = to_li(budget)
    change_budget(call, project, new_li, call.world.money.campaign_spent_li(project, call.now))


def _refuse_duration(project: Campaign) -> None:
    if project.settings.get("delivery_type") == "DURATION":
        raise refuse("周期稳投项目不支持修改")


# -- batches ----------------------------------------------------------------------------------------------------------


def update_status(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        project = find_project(call, item["project_id"])
        _refuse_duration(project)
        before, project.switch = project.switch, OFF if item["opt_status"] == "DISABLE" else ON
        _saved(call, project, "修改项目状态", opt_status=(opt_status(before), item["opt_status"]))

    return _batch(call, apply)


def update_budget(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        project = find_project(call, item["project_id"])
        _refuse_duration(project)
        before = project.budget_li
        _change_budget(call, project, item["budget_mode"], item.get("budget"))
        project.settings["delivery_setting"] |= {"budget_mode": item["budget_mode"]}
        project.settings["delivery_setting"] |= _budget_setting(project)
        _saved(call, project, "修改项目预算", budget=(to_yuan(before), to_yuan(project.budget_li)))

    return _batch(call, apply)


def _update_bid(call: Call, field: str, low: float, high: float, setting: str = "") -> dict[str, Any]:
    """``setting`` is the name in ``delivery_setting`` where it differs from the request's ``field``."""
    setting = setting or field

    def apply(call: Call, item: dict[str, Any]) -> None:
        project = find_project(call, item["project_id"])
        _refuse_duration(project)
        if project.pricing == "nobid":
            raise refuse(f"{field}: Not allowed when bid_type is NO_BID.")
        if field not in item:
            raise refuse(f"{field}: Missing data for required field.")
        check_range(field, item[field], low, high)
        before, old_bid_li = project.settings["delivery_setting"].get(setting, 0.0), project.bid_li
        project.settings["delivery_setting"][setting] = item[field]
        _apply_setting(project)
        _spread(call, project, old_bid_li=old_bid_li)
        _saved(call, project, "修改项目出价", **{field: (before, item[field])})

    return _batch(call, apply)


def update_cpa_bid(call: Call) -> dict[str, Any]:
    """Answers with errors only."""
    return {"errors": _update_bid(call, "cpa_bid", 0.01, 10_000)["errors"]}


def update_deep_bid(call: Call) -> dict[str, Any]:
    """Answers with errors only."""
    return {"errors": _update_bid(call, "deepbid", 0.1, 10_000, "deep_cpabid")["errors"]}


def update_roi_goal(call: Call) -> dict[str, Any]:
    return _update_bid(call, "roi_goal", 0.001, 5)


def update_dates(call: Call) -> dict[str, Any]:
    """``end_time`` comes as epoch seconds here."""

    def apply(call: Call, item: dict[str, Any]) -> None:
        project = find_project(call, item["project_id"])
        setting = project.settings["delivery_setting"]
        setting["schedule_type"] = item["schedule_type"]
        if item["schedule_type"] == "SCHEDULE_START_END":
            if "end_time" not in item:
                raise refuse("end_time: Missing data for required field.")
            end = datetime.fromtimestamp(item["end_time"], SHANGHAI).strftime("%Y-%m-%d")
            if end < day_of(call.now):
                raise refuse("end_time: Must not be in the past.")
            setting |= {"start_time": setting.get("start_time") or day_of(project.created_at), "end_time": end}
        _apply_setting(project)
        _saved(call, project, "修改项目投放时间")

    return _batch(call, apply)


def update_week(call: Call) -> dict[str, Any]:
    def apply(call: Call, item: dict[str, Any]) -> None:
        project = find_project(call, item["project_id"])
        project.schedule = check_schedule("schedule_time", item["schedule_time"])
        project.settings["delivery_setting"]["schedule_time"] = item["schedule_time"]
        _saved(call, project, "修改项目投放时段")

    return _batch(call, apply)


def delete(call: Call) -> dict[str, Any]:
    """Takes the promotions along."""
    call.account(call.params["advertiser_id"])

    def apply(call: Call, project_id: int) -> None:
        project = find_project(call, project_id)
        project.switch = DELETED
        for plan in call.store.plans_of_campaign(project.id):
            if plan.switch != DELETED:
                plan.switch, plan.modified_at = DELETED, call.now
                call.save(plan)
        _saved(call, project, "删除项目")

    return run_batch(call, "project_id", call.params["project_ids"], apply)


def rename(call: Call) -> dict[str, Any]:
    call.account(call.params["advertiser_id"])
    project = find_project(call, call.params["project_id"])
    _check_rename(call, project, call.params["project_name"])
    before, project.name = project.name, call.params["project_name"]
    _saved(call, project, "修改项目名称", name=(before, project.name))
    return {"project_id": project.id}


def _batch(call: Call, apply: Any) -> dict[str, Any]:
    call.account(call.params["advertiser_id"])
    return run_batch(call, "project_id", call.params["data"], apply)


def _saved(call: Call, project: Campaign, title: str, **changes: tuple[Any, Any]) -> None:
    project.modified_at = call.now
    call.save(project)
    call.log(project.account_id, project, "PROJECT", title, **changes)


HANDLERS = {
    ("POST", "/open_api/v3.0/project/create/"): create,
    ("POST", "/open_api/v3.0/project/update/"): update,
    ("GET", "/open_api/v3.0/project/list/"): project_list.list_projects,
    ("POST", "/open_api/v3.0/project/status/update/"): update_status,
    ("POST", "/open_api/v3.0/project/budget/update/"): update_budget,
    ("POST", "/open_api/v3.0/project/cpa_bid/update/"): update_cpa_bid,
    ("POST", "/open_api/v3.0/project/deep_cpa_bid/update/"): update_deep_bid,
    ("POST", "/open_api/v3.0/project/roigoal/update/"): update_roi_goal,
    ("POST", "/open_api/v3.0/project/schedule_time/update/"): update_dates,
    ("POST", "/open_api/v3.0/project/week_schedule/update/"): update_week,
    ("POST", "/open_api/v3.0/project/delete/"): delete,
    ("POST", "/open_api/v3.0/project_name/update/"): rename,
}
