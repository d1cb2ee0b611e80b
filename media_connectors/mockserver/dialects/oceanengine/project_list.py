"""The list of projects and its filters."""

from typing import Any

from ...clock import day_of, stamp
from ...dialect import Call
from ...model import Campaign
from .statuses import opt_status, project_status
from .wire import check_count, page_of, pick, to_yuan

DEFAULTS = {"delivery_mode": "MANUAL", "delivery_type": "NORMAL", "ad_type": "ALL"}


def list_projects(call: Call) -> dict[str, Any]:
    """Newest first; deleted ones only when asked for."""
    account = call.account(call.params["advertiser_id"])
    wanted = call.params.get("filtering", {})
    if "ids" in wanted:
        check_count("filtering.ids", wanted["ids"], 1, 100)
    found = []
    for project in reversed(call.store.campaigns_of(account.id)):
        if project.settings.get("is_legacy") or not call.is_visible(project) or not _matches(project, wanted):
            continue
        first, second, old = project_status(call.world.life.campaign_obstacles(project, call.now))
        shows_deleted = "PROJECT_STATUS_DELETE" in (wanted.get("status_first"), wanted.get("status"))
        if first == "PROJECT_STATUS_DELETE" and not (shows_deleted or wanted.get("status") == "PROJECT_STATUS_ALL"):
            continue
        if wanted.get("status_first", first) != first or wanted.get("status_second") not in (None, *second):
            continue
        if wanted.get("status") not in (None, "PROJECT_STATUS_ALL", "PROJECT_STATUS_NOT_DELETE", old):
            continue
        found.append((project, first, second, old))
    page = page_of(call, found)
    page["list"] = [pick(_row(*entry), call.params.get("fields")) for entry in page["list"]]
    return page


def _matches(project: Campaign, wanted: dict[str, Any]) -> bool:
    settings = project.settings
    if "ids" in wanted and project.id not in wanted["ids"]:
        return False
    if wanted.get("name", "") not in project.name:
        return False
    for name in ("landing_type", "delivery_mode", "ad_type", "marketing_goal", "delivery_type"):
        if name in wanted and settings.get(name, DEFAULTS.get(name)) != wanted[name]:
            return False
    if "pricing" in wanted and settings["delivery_setting"].get("pricing", "PRICING_OCPM") != wanted["pricing"]:
        return False
    if "inventory_type" in wanted and wanted["inventory_type"] not in settings["delivery_range"].get(
        "inventory_type", []
    ):
        return False
    if "project_create_time" in wanted and day_of(project.created_at) != wanted["project_create_time"][:10]:
        return False
    if "project_modify_time" in wanted and day_of(project.modified_at) != wanted["project_modify_time"][:10]:
        return False
    begin = wanted.get("project_modify_start_time", "")
    end = wanted.get("project_modify_end_time", "9999")
    return begin <= stamp(project.modified_at) <= end + " 23:59:59"


def _row(project: Campaign, first: str, second: list[str], old: str) -> dict[str, Any]:
    settings = dict(project.settings)
    setting = {name: value for name, value in settings["delivery_setting"].items() if name != "pricing"}
    setting |= {"budget": to_yuan(project.budget_li)}
    return {
        **DEFAULTS,
        **settings,
        "audience": settings.get("audience", {}),
        "delivery_setting": setting,
        "pricing": settings["delivery_setting"].get("pricing", "PRICING_OCPM"),
        "advertiser_id": project.account_id,
        "project_id": project.id,
        "name": project.name,
        "opt_status": opt_status(project.switch),
        "status": old,
        "status_first": first,
        "status_second": second,
        "project_create_time": stamp(project.created_at),
        "project_modify_time": stamp(project.modified_at),
    }
