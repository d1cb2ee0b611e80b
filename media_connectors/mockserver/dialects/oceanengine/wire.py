"""What all endpoints share: parameters from the wire, money, pages, names, batches."""

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import orjson

from ...clock import day_of
from ...dialect import Call, Refused
from ...model import DELETED, Campaign, Plan
from .schema import PARAMETER_ERROR, Shape

NO_PERMISSION = 40002
NO_FUNDS = 40200
ENDPOINT_LIMIT, DEVELOPER_LIMIT, ACCOUNT_LIMIT = 40100, 40110, 40130
TOKEN_EXPIRED, REFRESH_EXPIRED, TOKEN_EMPTY, TOKEN_UNKNOWN, REFRESH_UNKNOWN = 40102, 40103, 40104, 40105, 40107
AUTH_CODE_INVALID, APP_ABNORMAL = 40115, 40113
SIGNATURE_MISMATCH, VIDEO_NOT_FOUND = 40900, 40501
SYSTEM_ERROR = 50000

MAX_BATCH = 10
BUDGET_CHANGES_A_DAY = 20
BUDGET_STEP_LI = 100_000
MAX_ROWS = 10_000
WEEK_SLOTS = 336


def refuse(message: str) -> Refused:
    """The vendor's parameter error."""
    return Refused(PARAMETER_ERROR, message)


# -- requests ---------------------------------------------------------------------------------------------------------


def read_query(call: Call, shape: Shape) -> dict[str, Any]:
    """Typed parameters of a GET: arrays and objects are JSON texts inside one value."""
    return shape.read(_structured(call, call.query(), shape))


def _structured(call: Call, texts: dict[str, str], shape: Shape) -> dict[str, Any]:
    """Lists and objects out of their JSON texts; empty scalars are left out, as if they had not been sent."""
    given: dict[str, Any] = {}
    for name, text in texts.items():
        expected = shape.fields.get(name)
        if expected is None:
            continue
        if expected.kind in ("list", "object"):
            given[name] = _structure(call, name, text, expected)
        elif text != "":
            given[name] = text
    return given


def _structure(call: Call, name: str, text: str, expected: Shape) -> Any:
    # The vendor's TypeScript port joins arrays with commas, nothing else may.
    if expected.kind == "list" and call.header("X-Sdk-Language") == "node":
        return _joined(text, expected.item)
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    if name in ("advertiser_id", "advertiser_ids"):
        raise refuse("The advertiser ID is required and must be an integer")
    raise refuse(f"{name}: Not a valid JSON value.")


def _joined(text: str, item: Shape | None) -> list[Any]:
    """Numbers, texts or JSON objects between commas; one alone has none."""
    if not text:
        return []
    if item is not None and item.kind in ("str", "enum") and not text.startswith("["):
        return text.split(",")
    try:
        found = orjson.loads(f"[{text}]")
    except ValueError:
        return text.split(",")
    # A caller who knows the wire may still have written the array himself.
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def read_body(call: Call, shape: Shape) -> dict[str, Any]:
    """Typed parameters of a POST: JSON, or a form for uploads."""
    if call.content_type.startswith(("multipart/", "application/x-www-form-urlencoded")):
        try:
            form = call.form()
        except ValueError:
            raise refuse("Invalid form body") from None
        return shape.read(_structured(call, form, shape))
    try:
        given = call.json_body()
    except ValueError:
        raise refuse("Invalid JSON body") from None
    return shape.read(given)


# -- money ------------------------------------------------------------------------------------------------------------


def to_li(yuan: float) -> int:
    """Yuan of the wire to 厘; more than two decimals are cut to fen, as the vendor keeps fen."""
    return round(yuan * 100) * 10


def to_yuan(li: float) -> float:
    """厘 to yuan with two decimals."""
    return round(li / 1000, 2)


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raises ``Refused`` outside [low, high]."""
    if not low <= value <= high:
        raise refuse(f"{name}: Must be between {low:g} and {high:g}.")


# -- texts and times --------------------------------------------------------------------------------------------------


def width(text: str) -> float:
    """Length in characters, two Latin ones counting as one."""
    return sum(1.0 if ord(letter) > 0x7F else 0.5 for letter in text)


def check_width(name: str, text: str, low: float, high: float) -> None:
    """Raises ``Refused`` when the width is outside [low, high]."""
    if not low <= width(text) <= high or not text.strip():
        raise refuse(f"{name}: Length must be between {low:g} and {high:g}.")


def check_schedule(name: str, text: str) -> str:
    """336 half-hours; all-0, all-1 and empty all mean always and are stored as "". Raises ``Refused``."""
    if not text:
        return ""
    if len(text) != WEEK_SLOTS or set(text) - {"0", "1"}:
        raise refuse(f"{name}: Must be {WEEK_SLOTS} characters of 0 and 1.")
    return text if "0" in text and "1" in text else ""


def check_within(name: str, schedule: str, outer: str) -> None:
    """A promotion's half-hours must lie within its project's. Raises ``Refused``."""
    if outer and schedule and any(mine == "1" and theirs == "0" for mine, theirs in zip(schedule, outer, strict=True)):
        raise refuse(f"{name}: Must lie within the schedule of the project.")


def check_day(name: str, text: str) -> str:
    """``yyyy-MM-dd``. Raises ``Refused``."""
    return _check_time(name, text, "%Y-%m-%d")


def check_moment(name: str, text: str) -> str:
    """``yyyy-MM-dd HH:mm:ss`` or a day. Raises ``Refused``."""
    return _check_time(name, text, "%Y-%m-%d" if len(text) == 10 else "%Y-%m-%d %H:%M:%S")


def _check_time(name: str, text: str, pattern: str) -> str:
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007 - only the form is checked
    except ValueError:
        raise refuse(f"{name}: Not a valid datetime.") from None
    return text


def check_count(name: str, values: list, low: int, high: int) -> None:
    """Raises ``Refused`` when a list is too short or too long."""
    if not low <= len(values) <= high:
        raise refuse(f"{name}: Length must be between {low} and {high}.")


# -- pages ------------------------------------------------------------------------------------------------------------


def page_of(call: Call, rows: list, *, default: int = 10, largest: int = 100, cap: int | None = None) -> dict[str, Any]:
    """``list`` and ``page_info`` of the asked page; ``cap`` is the deepest reachable row. Raises ``Refused``."""
    page, size = read_page(call, default=default, largest=largest, cap=cap)
    return {"list": rows[(page - 1) * size : page * size], "page_info": page_info(page, size, len(rows))}


def read_page(call: Call, *, default: int, largest: int, cap: int | None = None) -> tuple[int, int]:
    """Page number and size. Raises ``Refused``."""
    page, size = call.params.get("page", 1), call.params.get("page_size", default)
    check_range("page", page, 1, 99_999)
    check_range("page_size", size, 1, largest)
    if cap is not None and page * size > cap:
        raise refuse(f"page: page * page_size must not exceed {cap}.")
    return page, size


def page_info(page: int, size: int, total: int) -> dict[str, int]:
    return {"page": page, "page_size": size, "total_number": total, "total_page": math.ceil(total / size)}


def pick(row: dict[str, Any], fields: Iterable[str] | None) -> dict[str, Any]:
    """Only the asked fields; all when none are asked."""
    if not fields:
        return row
    wanted = set(fields)
    return {name: value for name, value in row.items() if name in wanted}


# -- objects ----------------------------------------------------------------------------------------------------------


def find_project(call: Call, project_id: int) -> Campaign:
    """The account's live project. Raises ``Refused``."""
    project = call.store.campaigns.get(project_id)
    if project is None or project.account_id != call.params["advertiser_id"]:
        raise refuse(f"项目不存在: {project_id}")
    if project.switch == DELETED:
        raise refuse(f"项目已删除: {project_id}")
    return project


def find_promotion(call: Call, promotion_id: int) -> Plan:
    """The account's live promotion. Raises ``Refused``."""
    plan = call.store.plans.get(promotion_id)
    if plan is None or plan.account_id != call.params["advertiser_id"]:
        raise refuse(f"单元不存在: {promotion_id}")
    if plan.switch == DELETED:
        raise refuse(f"单元已删除: {promotion_id}")
    return plan


def run_batch(
    call: Call, key: str, items: list[Any], apply: Callable[[Call, Any], None], *, largest: int = MAX_BATCH
) -> dict[str, Any]:
    """Apply to each item; what fails is reported beside what went well, behind code 0.

    ``key`` is ``project_id``, ``promotion_id`` or ``ad_id``; items are objects with it, or bare ids.
    """
    check_count("data" if items and isinstance(items[0], dict) else f"{key}s", items, 1, largest)
    done, errors = [], []
    for item in items:
        item_id = item[key] if isinstance(item, dict) else item
        try:
            if call.fails_item():
                raise refuse("系统繁忙，请稍后重试")
            apply(call, item)
        except Refused as refused:
            errors.append({key: item_id, "error_message": refused.message})
        else:
            done.append(item_id)
    return {f"{key}s": done, "errors": errors}


def change_budget(call: Call, row: Campaign | Plan, new_li: int, spent_li: int) -> None:
    """Set a budget under the vendor's change rules. Raises ``Refused``.

    At most 20 changes a day, each by at least 100 yuan, never below 105 % of today's spend (rounded up to 100 yuan).
    """
    today = day_of(call.now)
    changes = row.budget_edits.get(today, 0)
    if changes >= BUDGET_CHANGES_A_DAY:
        raise refuse(f"预算每天最多修改{BUDGET_CHANGES_A_DAY}次")
    if row.budget_li and new_li and abs(new_li - row.budget_li) < BUDGET_STEP_LI:
        raise refuse("预算修改幅度不能小于100元")
    least_li = math.ceil(spent_li * 1.05 / BUDGET_STEP_LI) * BUDGET_STEP_LI
    if new_li and new_li < least_li:
        raise refuse(f"预算不能低于当日消耗的105%，至少为{to_yuan(least_li):.2f}元")
    row.budget_edits = {today: changes + 1}
    row.budget_li = new_li
