"""The list of promotions, by page or by cursor, and their reject reasons."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ...clock import DAY, day_of, parse, stamp
from ...dialect import Call
from ...model import DELETED, DENIED, Plan
from .statuses import LEARNING_PHASE, opt_status, promotion_status
from .wire import MAX_ROWS, check_count, check_moment, check_range, find_promotion, page_of, pick, refuse, to_yuan

MAX_PAGE = 20
MAX_MODIFY_SPAN_DAYS = 30
HIDDEN = ("reviewed", "was_passed", "targeting_version", "schedule_time", "budget_mode")
FIRST_ALL = ("PROMOTION_STATUS_ALL", "PROMOTION_STATUS_NOT_DELETE")


def list_promotions(call: Call) -> dict[str, Any]:
    """Newest first. Pages reach 10,000 rows deep; a cursor reaches all, but not together with ids."""
    given = call.params
    account = call.account(given["advertiser_id"])
    wanted = given.get("filtering", {})
    _check(given, wanted)
    plans = call.store.plans_of(account.id)
    if "cursor" in given or "count" in given:
        return _by_cursor(call, plans, wanted)
    page = page_of(call, list(_select(call, reversed(plans), wanted)), largest=MAX_PAGE, cap=MAX_ROWS)
    page["list"] = [pick(_row(call, plan), given.get("fields")) for plan in page["list"]]
    return page


def _select(call: Call, plans: Iterable[Plan], wanted: dict[str, Any]) -> Iterator[Plan]:
    """The plans that every filter lets through; statuses, which cost most, are looked at last and only if asked."""
    asks_status = any(name in wanted for name in ("status_first", "status_second", "status"))
    for plan in plans:
        if not _matches(plan, wanted) or not call.is_visible(plan):
            continue
        if asks_status:
            if not _has_status(wanted, *promotion_status(plan, call.world.life.obstacles(plan, call.now))):
                continue
        elif DELETED in (plan.switch, call.store.campaigns[plan.campaign_id].switch):
            continue
        yield plan


def _check(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    if "ids" in wanted:
        check_count("filtering.ids", wanted["ids"], 1, MAX_PAGE)
        if "cursor" in given or "count" in given:
            raise refuse("cursor: Not supported together with filtering.ids.")
    begin, end = wanted.get("promotion_modify_start_time"), wanted.get("promotion_modify_end_time")
    if begin and end:
        span = parse(check_moment("promotion_modify_end_time", end)) - parse(
            check_moment("promotion_modify_start_time", begin)
        )
        if not 0 <= span <= MAX_MODIFY_SPAN_DAYS * DAY:
            raise refuse("promotion_modify_start_time: the span must be between 0 and 30 days.")


def _by_cursor(call: Call, plans: list[Plan], wanted: dict[str, Any]) -> dict[str, Any]:
    """A cursor is the id of the last row seen, 0 at the beginning: rows created meanwhile shift nothing."""
    cursor, count = call.params.get("cursor", 0), call.params.get("count", 10)
    check_range("count", count, 1, MAX_PAGE)
    end = bisect_left(plans, cursor, key=lambda plan: plan.id) if cursor else len(plans)
    older = (plans[position] for position in range(end - 1, -1, -1))
    found = list(islice(_select(call, older, wanted), count + 1))
    rows = found[:count]
    last = rows[-1].id if rows else cursor
    return {
        "list": [pick(_row(call, plan), call.params.get("fields")) for plan in rows],
        "cursor_info": {"cursor": last, "count": len(rows), "has_more": len(found) > count},
    }


def _matches(plan: Plan, wanted: dict[str, Any]) -> bool:
    if "ids" in wanted and plan.id not in wanted["ids"]:
        return False
    if wanted.get("project_id", plan.campaign_id) != plan.campaign_id or wanted.get("name", "") not in plan.name:
        return False
    if wanted.get("learning_phase") and LEARNING_PHASE[plan.learning] not in wanted["learning_phase"]:
        return False
    if wanted.get("reject_reason_type") and "REVIEW_REJECT" in wanted["reject_reason_type"] and plan.audit != DENIED:
        return False
    if "promotion_create_time" in wanted and day_of(plan.created_at) != wanted["promotion_create_time"][:10]:
        return False
    if "promotion_modify_time" in wanted and day_of(plan.modified_at) != wanted["promotion_modify_time"][:10]:
        return False
    begin, end = wanted.get("promotion_modify_start_time", ""), wanted.get("promotion_modify_end_time", "9999")
    return begin <= stamp(plan.modified_at) <= (end + " 23:59:59" if len(end) == 10 else end)


def _has_status(wanted: dict[str, Any], first: str, second: list[str], old: str) -> bool:
    asked_first, asked_old = wanted.get("status_first"), wanted.get("status")
    if first == "PROMOTION_STATUS_DELETED":
        asks_deleted = asked_first in (first, "PROMOTION_STATUS_ALL") or asked_old in ("DELETED", "ALL")
        return asks_deleted and wanted.get("status_second") is None
    if asked_first is not None and asked_first not in (first, *FIRST_ALL):
        return False
    if asked_old is not None and asked_old not in (old, "ALL", "NOT_DELETED"):
        return False
    return wanted.get("status_second") in (None, *second)


def _row(call: Call, plan: Plan) -> dict[str, Any]:
    first, second, old = promotion_status(plan, call.world.life.obstacles(plan, call.now))
    settings = {name: value for name, value in plan.settings.items() if name not in HIDDEN}
    if "promotion_related_product" in settings:
        settings["promotion_related_product"] = _products(settings["promotion_related_product"])
    return {
        "is_comment_disable": "OFF",
        "materials_type": "PROMOTION_MATERIALS",
        **settings,
        "advertiser_id": plan.account_id,
        "project_id": plan.campaign_id,
        "promotion_id": plan.id,
        "promotion_name": plan.name,
        "promotion_create_time": stamp(plan.created_at),
        "promotion_modify_time": stamp(plan.modified_at),
        "opt_status": opt_status(plan.switch),
        "status": old,
        "status_first": first,
        "status_second": second,
        "learning_phase": LEARNING_PHASE[plan.learning],
        "budget": to_yuan(plan.budget_li),
        "budget_mode": "BUDGET_MODE_TOTAL" if plan.is_total_budget else "BUDGET_MODE_DAY",
        "schedule_time": plan.settings.get("schedule_time", ""),
    }


def _products(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A product's Douyin items are sent as texts and read back as numbers."""
    shown = []
    for product in sent:
        videos = [
            {**video, "item_id": int(video["item_id"])} if video.get("item_id", "").isdigit() else video
            for video in product.get("video_material_list", [])
        ]
        shown.append({**product, "video_material_list": videos} if videos else product)
    return shown


def reject_reasons(call: Call) -> dict[str, Any]:
    """Why reviewers refused, for the promotion and for each material."""
    call.account(call.params["advertiser_id"])
    ids = call.params["promotion_ids"]
    check_count("promotion_ids", ids, 1, 10)
    return {"list": [_rejects(plan) for plan in (find_promotion(call, each) for each in ids) if plan.audit == DENIED]}


def _rejects(plan: Plan) -> dict[str, Any]:
    whole = [entry for entry in plan.reject if entry["kind"] == "PLAN"]
    parts = [entry for entry in plan.reject if entry["kind"] != "PLAN"]
    return {
        "promotion_id": plan.id,
        "promotion_reject": [
            {"content": "落地页", "reject_reason": entry["reasons"], "suggestion": entry["suggestions"]}
            for entry in whole
        ],
        "material_reject": [
            {
                "type": entry["kind"],
                "item": entry["item"],
                "reject_reason": entry["reasons"],
                "suggestion": entry["suggestions"],
                "audit_platform": "AD",
            }
            for entry in parts
        ],
    }


HANDLERS = {
    ("GET", "/open_api/v3.0/promotion/list/"): list_promotions,
    ("GET", "/open_api/v3.0/promotion/reject_reason/get/"): reject_reasons,
}
