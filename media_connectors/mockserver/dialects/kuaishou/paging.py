"""Pages and filters that Kuaishou's lists share."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ...clock import DAY, parse
from ...dialect import Call
from ...model import DELETED, Campaign, Creative, Plan
from .status import ALL_WITH_DELETED, PUT_STATUS
from .values import Params, day, refused, whole, wholes

Listed = TypeVar("Listed", Campaign, Plan, Creative)

DEFAULT_PAGE_SIZE = 20
BY_CREATION = 1


def page_bounds(params: Params, most: int = 500) -> tuple[int, int]:
    """(first, last) positions of the requested page; page 1 and size 20 unless told."""
    page = whole(params, "page") or 1
    size = whole(params, "page_size") or DEFAULT_PAGE_SIZE
    if page < 1 or size < 1:
        raise refused("参数错误：page 与 page_size 必须为正整数")
    if size > most:
        raise refused(f"参数错误：page_size 不能超过 {most}")
    return (page - 1) * size, page * size


def day_filter(params: Params) -> Callable[[Campaign | Plan | Creative], bool]:
    """Rows changed (or created, ``time_filter_type`` 1) between start_date and end_date; without dates all."""
    begin, end = day(params, "start_date"), day(params, "end_date")
    if (begin is None) != (end is None):
        raise refused("参数错误：start_date 与 end_date 必须同时传或同时不传")
    if begin is None or end is None:
        return lambda row: True
    first, after = parse(begin), parse(end) + DAY
    if whole(params, "time_filter_type") == BY_CREATION:
        return lambda row: first <= row.created_at < after
    return lambda row: first <= row.modified_at < after


def put_status_filter(params: Params, deleted_status: int) -> Callable[[Campaign | Plan | Creative], bool]:
    """``put_status_list`` if given; else by ``status``: -2 everything, the deleted code, by default all but deleted."""
    wanted = wholes(params, "put_status_list")
    if wanted:
        return lambda row: PUT_STATUS[row.switch] in wanted
    status = whole(params, "status")
    if status == ALL_WITH_DELETED:
        return lambda row: True
    if status == deleted_status:
        return lambda row: row.switch == DELETED
    return lambda row: row.switch != DELETED


def listed(
    call: Call,
    rows: Iterable[Listed],
    is_wanted: Callable[[Listed], bool],
    show: Callable[[Listed], dict[str, Any]],
) -> dict[str, Any]:
    """One page, newest first: ``{total_count, details}``."""
    first, last = page_bounds(call.params)
    found = [row for row in rows if is_wanted(row) and call.is_visible(row)]
    found.reverse()
    return {"total_count": len(found), "details": [show(row) for row in found[first:last]]}
