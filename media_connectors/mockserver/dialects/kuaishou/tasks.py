"""Asynchronous report tasks: create, look, download a CSV file. They reach back six months."""

import csv
import io
from typing import Any

from ...clock import DAY, parse, stamp
from ...dialect import Call, Page
from ...model import Task
from .paging import page_bounds
from .reports import (
    ACCOUNT_VIEW,
    CAMPAIGN_VIEW,
    COVER_VIEW,
    CREATIVE_VIEW,
    PROGRAM_VIEW,
    STICKER_VIEW,
    UNIT_VIEW,
    VIDEO_VIEW,
    Window,
    blocks,
    build_query,
    read_granularity,
)
from .values import day, refused, required_text, required_whole, whole_in, wholes

VIEWS = frozenset(
    {ACCOUNT_VIEW, CAMPAIGN_VIEW, UNIT_VIEW, CREATIVE_VIEW, VIDEO_VIEW, COVER_VIEW, STICKER_VIEW, PROGRAM_VIEW}
)
MOST_DAYS = 184
NAME_LENGTH = 50
CREATED, RUNNING, DONE = 0, 1, 2


def create_task(call: Call) -> dict[str, Any]:
    """``v1/async_task/create``: names are unique within the account."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    name = required_text(call.params, "task_name", NAME_LENGTH)
    asked = call.params.get("task_params")
    if not isinstance(asked, dict):
        raise refused("参数错误：task_params 不能为空")
    begin, end = day(asked, "start_date"), day(asked, "end_date")
    if not begin or not end:
        raise refused("参数错误：start_date 与 end_date 不能为空")
    if end < begin:
        raise refused("end_date 不得早于 start_date")
    if parse(end) - parse(begin) >= MOST_DAYS * DAY:
        raise refused("时间跨度不能超过 6 个月")
    whole_in(asked, "view_type", VIEWS)
    read_granularity(asked)
    if any(task.name == name for task in call.store.tasks_of(account.id)):
        raise refused(f"任务名称“{name}”已存在")
    task = Task(
        id=call.store.new_id(),
        account_id=account.id,
        medium="kuaishou",
        kind="report",
        name=name,
        created_at=call.now,
        due_at=call.now,
        settings={"asked": asked, "status": CREATED, "file_size": 0},
    )
    call.save(task)
    return {"advertiser_id": account.id, "task_id": task.id}


def list_tasks(call: Call) -> dict[str, Any]:
    """``v1/async_task/list``: newest first. Looking moves a task on: new, running, done."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    ids = wholes(call.params, "task_ids", 10)
    first, last = page_bounds(call.params)
    tasks = [task for task in call.store.tasks_of(account.id) if not ids or task.id in ids]
    tasks.reverse()
    page = tasks[first:last]
    details = [_show(task) for task in page]
    for task in page:
        _move_on(call, task)
    return {"total_count": len(tasks), "details": details}


def download_task(call: Call) -> Page:
    """``v1/async_task/download``: the CSV file itself, not an envelope."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    task = call.store.tasks.get(required_whole(call.params, "task_id"))
    if task is None or task.account_id != account.id:
        raise refused("任务不存在")
    if task.settings["status"] != DONE:
        raise refused("任务尚未完成")
    headers = {"Content-Disposition": f'attachment; filename="{task.id}.csv"'}
    return Page(_render(call, task), "text/csv; charset=utf-8", headers=headers)


def _move_on(call: Call, task: Task) -> None:
    status = task.settings["status"]
    if status == DONE:
        return
    size = len(_render(call, task)) if status == RUNNING else 0
    task.settings = task.settings | {"status": status + 1, "file_size": size}
    call.save(task)


def _render(call: Call, task: Task) -> bytes:
    asked = task.settings["asked"]
    granularity = read_granularity(asked)
    end = min(parse(asked["end_date"]) + DAY - 1, call.now)
    window = Window(parse(asked["start_date"]), end, granularity, is_whole_days=True)
    view = whole_in(asked, "view_type", VIEWS)
    query = build_query(call, call.store.accounts[task.account_id], view, window, asked)
    rows = [row() for block in blocks(call, query) for row in block]
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue().encode()


def _show(task: Task) -> dict[str, Any]:
    return {
        "advertiser_id": task.account_id,
        "task_id": task.id,
        "task_name": task.name,
        "create_time": stamp(task.created_at),
        "task_status": task.settings["status"],
        "file_size": task.settings["file_size"],
    }
