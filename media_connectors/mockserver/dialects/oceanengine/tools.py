"""The operation log, the quota of running plans and the categories of interest."""

from typing import Any

from ...clock import DAY, parse, stamp
from ...dialect import Call
from ...interests import tree
from ...model import LEARNING, OFF, ON
from .wire import check_count, check_moment, page_of, refuse

LOG_DAYS, MAX_LOG_SPAN_DAYS, MAX_LOG_ROWS = 7, 31, 2000
QUOTA = 5000
LEARNING_COST = 5000.0
FIRST_INTEREST = 2000
#: people behind one category, as text on the wire
REACH = "8600000"


def search_log(call: Call) -> dict[str, Any]:
    """Newest first; seven days unless asked, a month at most."""
    given = call.params
    account = call.account(given["advertiser_id"])
    begin = (
        parse(check_moment("start_time", given["start_time"])) if "start_time" in given else call.now - LOG_DAYS * DAY
    )
    end = parse(check_moment("end_time", given["end_time"])) if "end_time" in given else call.now
    if len(given.get("end_time", "")) == 10:
        end += DAY - 1
    if not 0 <= end - begin <= MAX_LOG_SPAN_DAYS * DAY:
        raise refuse("start_time: the span must be between 0 days and 1 month.")
    if "object_id" in given:
        check_count("object_id", given["object_id"], 1, 20)
    rows = [
        {
            "second_log_id": entry.id,
            "object_id": entry.object_id,
            "object_name": entry.object_name,
            "object_type": entry.object_type,
            "content_title": entry.title,
            "content_log": [f"{change['field']}：{change['before']} -> {change['after']}" for change in entry.changes],
            "create_time": stamp(entry.created_at),
            "operator": "Marketing API",
            "opt_ip": "127.0.0.1",
        }
        for entry in reversed(call.store.operations_of(account.id))
        if begin <= entry.created_at <= end and ("object_id" not in given or entry.object_id in given["object_id"])
    ]
    page = page_of(call, rows[:MAX_LOG_ROWS], largest=20)
    return {"logs": page["list"], "page_info": page["page_info"]}


def quota(call: Call) -> dict[str, Any]:
    """How many plans run of how many may."""
    account = call.account(call.params["advertiser_id"])
    plans = [plan for plan in call.store.plans_of(account.id) if plan.switch in (ON, OFF)]
    return {
        "used_quota": sum(plan.switch == ON for plan in plans),
        "sum_quota": QUOTA,
        "in_learning": any(plan.learning == LEARNING for plan in plans),
        "max_cost": LEARNING_COST,
    }


def interest_categories(call: Call) -> list[dict[str, Any]]:
    """The tree of interests; numbers are text on this wire."""
    call.account(call.params["advertiser_id"])
    return [
        {
            "id": str(number),
            "name": name,
            "num": REACH,
            "children": [{"id": str(part), "name": text, "num": REACH} for part, text in parts],
        }
        for number, name, parts in tree(FIRST_INTEREST)
    ]


HANDLERS = {
    ("GET", "/open_api/2/tools/interest_action/interest/category/"): interest_categories,
    ("GET", "/open_api/2/tools/log_search/"): search_log,
    ("GET", "/open_api/2/tools/quota/get/"): quota,
}
