"""Reports: the custom one, whose values are all texts, its asynchronous form, and the older numeric ones."""

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from ...clock import DAY, day_of, parse, stamp
from ...dialect import Call, Page
from ...ledger import METRICS
from ...model import Plan, Task
from ...reports import Table
from .cube import DIMENSIONS, MATERIAL_DIMENSIONS, group
from .figures import BY_NAME, FIGURES, LEGACY, Sums, legacy_figures
from .legacy import creative_ids
from .wire import MAX_ROWS, check_count, check_day, check_moment, page_info, page_of, read_page, refuse

MAX_SPAN_DAYS = 366
TASK_SECONDS = 5.0
MATERIAL_TOPICS = ("MATERIAL_DATA", "STD_MATERIAL_DATA")
TOPICS = ("BASIC_DATA", "MATERIAL_DATA")
Row = tuple[dict[str, str], Sums]

# Operators of a filter on a number, by code.
COMPARE: dict[int, Callable[[float, float], bool]] = {
    1: lambda left, right: left == right,
    2: lambda left, right: left < right,
    3: lambda left, right: left <= right,
    4: lambda left, right: left > right,
    5: lambda left, right: left >= right,
    6: lambda left, right: left != right,
}


# -- the custom report ------------------------------------------------------------------------------------------------


def custom(call: Call) -> dict[str, Any]:
    """Rows of string → string maps, with the total of all pages."""
    page, size = read_page(call, default=10, largest=100, cap=MAX_ROWS)
    rows = _custom_rows(call, call.params)
    metrics = call.params["metrics"]
    total = {name: sum(sums[name] for _, sums in rows) for name in METRICS}
    shown = rows[(page - 1) * size : page * size]
    return {
        "rows": [
            {"dimensions": labels, "metrics": {name: BY_NAME[name].text(sums) for name in metrics}}
            for labels, sums in shown
        ],
        "total_metrics": {name: BY_NAME[name].text(total) for name in metrics},
        "page_info": page_info(page, size, len(rows)),
    }


def _custom_rows(call: Call, given: dict[str, Any]) -> list[Row]:
    """All rows after filters and order. Raises ``Refused``."""
    account = call.account(given["advertiser_id"])
    dimensions, metrics = given["dimensions"], given["metrics"]
    check_count("dimensions", dimensions, 1, 20)
    check_count("metrics", metrics, 1, 100)
    by_material = given.get("data_topic", "BASIC_DATA") in MATERIAL_TOPICS
    for name in dimensions:
        if name not in DIMENSIONS or (name in MATERIAL_DIMENSIONS and not by_material):
            raise refuse(f"dimensions: {name} is not supported.")
    for name in metrics:
        if name not in BY_NAME:
            raise refuse(f"metrics: {name} is not supported.")
    begin, end = _span(given["start_time"], given["end_time"])
    plans = [plan for plan in call.store.plans_of(account.id) if _keeps_plan(plan, given["filters"])]
    is_hourly = "stat_time_hour" in dimensions
    read = call.world.reports.by_hour if is_hourly else call.world.reports.by_day
    table = restated(call, read(plans, begin, min(end, call.now)))
    rows = group(call, table, dimensions, by_material=by_material)
    rows = [row for row in rows if all(_keeps_row(row, condition) for condition in given["filters"])]
    for order in reversed(given["order_by"]):
        rows.sort(key=_sort_key(order["field"], dimensions), reverse=order.get("type", "DESC") == "DESC")
    return rows


def _span(start: str, end: str) -> tuple[float, float]:
    begin = parse(check_moment("start_time", start))
    until = parse(check_moment("end_time", end)) + (DAY - 1 if len(end) == 10 else 0)
    if not 0 <= until - begin <= MAX_SPAN_DAYS * DAY:
        raise refuse("start_time: the span must be between 0 days and 1 year.")
    return begin, until


def _sort_key(field: str, dimensions: list[str]) -> Callable[[Row], Any]:
    if field in BY_NAME:
        return lambda row: BY_NAME[field].value(row[1])
    if field in dimensions:
        return lambda row: row[0][field]
    raise refuse(f"order_by: {field} is neither a dimension nor a metric.")


def _keeps_plan(plan: Plan, filters: list[dict[str, Any]]) -> bool:
    """Filters on ids are applied before anything is read."""
    for condition in filters:
        if condition["field"] == "cdp_promotion_id" and str(plan.id) not in condition["values"]:
            return False
        if condition["field"] == "cdp_project_id" and str(plan.campaign_id) not in condition["values"]:
            return False
    return True


def _keeps_row(row: Row, condition: dict[str, Any]) -> bool:
    labels, sums = row
    field, values, operator = condition["field"], condition["values"], condition.get("operator", 10)
    if field in ("cdp_promotion_id", "cdp_project_id") or not values:
        return True
    if field in BY_NAME:
        return _keeps_number(BY_NAME[field].value(sums), [_number(field, value) for value in values], operator)
    if field not in labels:
        if field in DIMENSIONS:
            raise refuse(f"filters: {field} must be one of the dimensions.")
        raise refuse(f"filters: {field} is not supported.")
    if operator == 7:
        return any(value in labels[field] for value in values)
    if operator == 8:
        return all(value not in labels[field] for value in values)
    return (labels[field] in values) != (operator == 6)


def _keeps_number(value: float, values: list[float], operator: int) -> bool:
    if operator == 9:
        if len(values) != 2:
            raise refuse("filters: a range needs two values.")
        return values[0] <= value <= values[1]
    if operator == 10:
        return value in values
    if operator not in COMPARE:
        raise refuse(f"filters: operator {operator} is not supported for numbers.")
    return COMPARE[operator](value, values[0])


def _number(field: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise refuse(f"filters: {text!r} is not a number for {field}.") from None


def restated(call: Call, table: Table) -> Table:
    """The fault ``restated_day``: past days come back changed, in this answer only."""
    if "restated_day" not in call.strike:
        return table
    past = np.array([day_of(start) < day_of(call.now) for start in table.starts], dtype=bool)
    factor = np.where(past, call.strike.number("restated_day", "factor", 1.1), 1.0)
    return Table(table.plans, table.starts, np.rint(table.values * factor[:, None, None]).astype(np.int64))


def config(call: Call) -> dict[str, Any]:
    """Which dimensions and metrics there are."""
    call.account(call.params["advertiser_id"])
    return {"list": [_topic(topic) for topic in call.params["data_topics"] if topic in TOPICS]}


def _topic(topic: str) -> dict[str, Any]:
    dimensions = [
        dimension
        for dimension in DIMENSIONS.values()
        if topic in MATERIAL_TOPICS or dimension.name not in MATERIAL_DIMENSIONS
    ]
    return {
        "data_topic": topic,
        "dimensions": [
            {
                "field": dimension.name,
                "name": dimension.title,
                "description": dimension.title,
                "filter_able": dimension.of_cell is not None,
                "sort_able": True,
                "exclusion_dims": ["stat_time_hour"] if dimension.name == "stat_time_day" else [],
                "exclusion_metrics": [],
            }
            for dimension in dimensions
        ],
        "metrics": [
            {"field": figure.name, "name": figure.title, "description": figure.title, "exclusion_dims": []}
            for figure in FIGURES
        ],
    }


# -- asynchronous -----------------------------------------------------------------------------------------------------


def create_task(call: Call) -> dict[str, Any]:
    """The report is checked at once and computed when it is downloaded."""
    given = call.params
    _custom_rows(call, given)
    task = Task(
        id=call.store.new_id(),
        account_id=given["advertiser_id"],
        medium=call.dialect.medium,
        kind="report",
        name=given["task_name"],
        created_at=call.now,
        due_at=call.now + TASK_SECONDS,
        settings={"query": given},
    )
    call.save(task)
    return {
        "task_id": task.id,
        "task_name": task.name,
        "task_status": _task_status(call, task),
        "create_time": stamp(call.now),
    }


def _task_status(call: Call, task: Task) -> str:
    if call.now >= task.due_at:
        return "ASYNC_TASK_STATUS_COMPLETED"
    begun = task.created_at + TASK_SECONDS / 2
    return "ASYNC_TASK_STATUS_EXECUTING" if call.now >= begun else "ASYNC_TASK_STATUS_CREATED"


def list_tasks(call: Call) -> dict[str, Any]:
    account = call.account(call.params["advertiser_id"])
    wanted = call.params.get("filtering", {})
    tasks = [
        task
        for task in reversed(call.store.tasks_of(account.id))
        if task.kind == "report"
        and ("task_ids" not in wanted or task.id in wanted["task_ids"])
        and wanted.get("task_name", "") in task.name
    ]
    page = page_of(call, tasks)
    page["list"] = [
        {
            "task_id": task.id,
            "task_name": task.name,
            "task_status": _task_status(call, task),
            "data_topic": task.settings["query"]["data_topic"],
            "create_time": stamp(task.created_at),
        }
        for task in page["list"]
    ]
    return page


def download(call: Call) -> Page:
    """The finished report as CSV."""
    account = call.account(call.params["advertiser_id"])
    task = call.store.tasks.get(call.params["task_id"])
    if task is None or task.account_id != account.id or task.kind != "report":
        raise refuse("task_id: Task does not exist.")
    if call.now < task.due_at:
        raise refuse("task_id: Task is not completed.")
    query = task.settings["query"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*query["dimensions"], *query["metrics"]])
    for labels, sums in _custom_rows(call, query):
        writer.writerow(
            [*(labels[name] for name in query["dimensions"]), *(BY_NAME[name].text(sums) for name in query["metrics"])]
        )
    return Page(("\ufeff" + text.getvalue()).encode(), "text/csv; charset=utf-8")


# -- the older reports ------------------------------------------------------------------------------------------------


def _legacy(level: str) -> Callable[[Call], dict[str, Any]]:
    """The report of one level: advertiser, campaign, ad or creative; numbers, not texts."""

    def report(call: Call) -> dict[str, Any]:
        given = call.params
        account = call.account(given["advertiser_id"])
        first = parse(check_day("start_date", given["start_date"]))
        last = parse(check_day("end_date", given["end_date"])) + DAY - 1
        if not 0 <= last - first <= MAX_SPAN_DAYS * DAY:
            raise refuse("start_date: the span must be between 0 days and 1 year.")
        wanted = given.get("filtering", {})
        for name in ("ad_ids", "campaign_ids", "creative_ids"):
            check_count(f"filtering.{name}", wanted.get(name, []), 0, 100)
        plans = [plan for plan in call.store.plans_of(account.id) if _is_wanted(plan, wanted)]
        is_hourly = given.get("time_granularity") == "STAT_TIME_GRANULARITY_HOURLY"
        read = call.world.reports.by_hour if is_hourly else call.world.reports.by_day
        table = restated(call, read(plans, first, min(last, call.now)))
        rows = _legacy_rows(call, level, table, given.get("group_by") or GROUPS, is_hourly=is_hourly)
        field = given.get("order_field", "cost" if "order_field" in given else "")
        if field in LEGACY:
            rows.sort(key=lambda row: row[field], reverse=given.get("order_type", "DESC") == "DESC")
        return page_of(call, rows, default=20, largest=1000)

    return report


GROUPS = ["STAT_GROUP_BY_FIELD_ID", "STAT_GROUP_BY_FIELD_STAT_TIME"]
LEVEL_DIMENSIONS = {
    "advertiser": ["advertiser_id"],
    "campaign": ["advertiser_id", "cdp_project_id", "cdp_project_name"],
    "ad": ["advertiser_id", "cdp_project_id", "cdp_project_name", "cdp_promotion_id", "cdp_promotion_name"],
    "creative": ["advertiser_id", "cdp_project_id", "cdp_promotion_id", "material_key"],
}
LEGACY_NAMES = {
    "advertiser_id": "advertiser_id",
    "cdp_project_id": "campaign_id",
    "cdp_project_name": "campaign_name",
    "cdp_promotion_id": "ad_id",
    "cdp_promotion_name": "ad_name",
}


def _is_wanted(plan: Plan, wanted: dict[str, Any]) -> bool:
    if wanted.get("ad_ids") and plan.id not in wanted["ad_ids"]:
        return False
    if wanted.get("creative_ids") and not {cid for cid, _ in creative_ids(plan)} & set(wanted["creative_ids"]):
        return False
    campaigns = wanted.get("campaign_ids") or ([wanted["campaign_id"]] if "campaign_id" in wanted else [])
    return not campaigns or plan.campaign_id in campaigns


def _legacy_rows(call: Call, level: str, table: Table, groups: list[str], *, is_hourly: bool) -> list[dict[str, Any]]:
    dimensions = list(LEVEL_DIMENSIONS[level]) if "STAT_GROUP_BY_FIELD_ID" in groups else ["advertiser_id"]
    if "STAT_GROUP_BY_FIELD_STAT_TIME" in groups:
        dimensions.append("stat_time_hour" if is_hourly else "stat_time_day")
    rows = []
    for labels, sums in group(call, table, dimensions, by_material="material_key" in dimensions):
        row: dict[str, Any] = {}
        for name, text in labels.items():
            if name in LEGACY_NAMES:
                row[LEGACY_NAMES[name]] = int(text) if name.endswith("_id") else text
            elif name == "stat_time_day":
                row["stat_datetime"] = f"{text} 00:00:00"
            elif name == "stat_time_hour":
                row["stat_datetime"] = text
        if "material_key" in labels:
            ids = {key: cid for cid, key in creative_ids(call.store.plans[row["ad_id"]])}
            row["creative_id"] = ids.get(labels["material_key"], row["ad_id"])
        rows.append({**row, **legacy_figures(sums)})
    return rows


HANDLERS = {
    ("GET", "/open_api/v3.0/report/custom/get/"): custom,
    ("GET", "/open_api/v3.0/report/custom/config/get/"): config,
    ("POST", "/open_api/v3.0/report/custom/async_task/create/"): create_task,
    ("GET", "/open_api/v3.0/report/custom/async_task/get/"): list_tasks,
    ("GET", "/open_api/v3.0/report/custom/async_task/download/"): download,
    ("GET", "/open_api/2/report/advertiser/get/"): _legacy("advertiser"),
    ("GET", "/open_api/2/report/campaign/get/"): _legacy("campaign"),
    ("GET", "/open_api/2/report/ad/get/"): _legacy("ad"),
    ("GET", "/open_api/2/report/creative/get/"): _legacy("creative"),
}
