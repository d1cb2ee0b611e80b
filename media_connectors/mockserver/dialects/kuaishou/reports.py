"""Reports: account, campaign, unit, creative, program creative and material, by day or hour.

``v1/report/*_report`` reads the last days only; ``async_task`` (see ``tasks``) uses the same rows for older days.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...clock import DAY, HOUR, day_of, local, parse
from ...dialect import Call
from ...model import Account, Plan
from .creatives import CUSTOM, PROGRAM
from .paging import page_bounds
from .report_metrics import NAMES, Counts, metrics_of, with_goals
from .report_shares import Part, divide
from .status import PUT_STATUS
from .unit_rules import UNION_SCENES
from .values import Params, day, items, refused, required_whole, text, whole, whole_in, wholes

DAILY, HOURLY = "DAILY", "HOURLY"
MOST_ROWS = 2_000
MOST_IDS = 5_000
READABLE_DAYS = 7
ALL = "全部"
BIG_SCREEN, FEED, UNION = "上下滑大屏广告", "信息流广告", "联盟"
SCENE_NAMES = {
    1: BIG_SCREEN,
    6: BIG_SCREEN,
    2: FEED,
    7: FEED,
    5: UNION,
    10: UNION,
    24: "激励视频广告",
    27: "开屏广告",
    39: "搜索广告",
}

ACCOUNT_VIEW, CAMPAIGN_VIEW, UNIT_VIEW, CREATIVE_VIEW = 1, 2, 3, 4
VIDEO_VIEW, COVER_VIEW, STICKER_VIEW, PROGRAM_VIEW, PICTURE_VIEW = 5, 7, 8, 10, 16


@dataclass(frozen=True)
class Window:
    """Moments [begin, end] (epoch seconds). ``is_whole_days`` when asked for by date."""

    begin: float
    end: float
    granularity: str
    is_whole_days: bool


@dataclass(frozen=True)
class Query:
    """What to report: the view, the window, and the units that pass the filters."""

    account: Account
    view: int
    window: Window
    units: list[Plan]
    by_scene: bool = False
    by_placement: bool = False
    creative_ids: frozenset[int] = frozenset()
    photo_ids: frozenset[str] = frozenset()


@dataclass
class _Group:
    """One line per period: what it is called and which columns of the block it sums."""

    labels: dict[str, Any]
    columns: list[int] = field(default_factory=list)


def account_report(call: Call) -> dict[str, Any]:
    """``v1/report/account_report``"""
    return _report(call, ACCOUNT_VIEW)


def campaign_report(call: Call) -> dict[str, Any]:
    """``v1/report/campaign_report``"""
    return _report(call, CAMPAIGN_VIEW)


def unit_report(call: Call) -> dict[str, Any]:
    """``v1/report/unit_report``"""
    return _report(call, UNIT_VIEW)


def creative_report(call: Call) -> dict[str, Any]:
    """``v1/report/creative_report``: custom creatives."""
    return _report(call, CREATIVE_VIEW)


def program_creative_report(call: Call) -> dict[str, Any]:
    """``v1/report/program_creative_report``: combinations of program creatives."""
    return _report(call, PROGRAM_VIEW)


def material_report(call: Call) -> dict[str, Any]:
    """``v1/report/material_report``: by video (view_type 5) or picture (7, 8, 16)."""
    views = frozenset({VIDEO_VIEW, COVER_VIEW, STICKER_VIEW, PICTURE_VIEW})
    return _report(call, whole_in(call.params, "view_type", views, VIDEO_VIEW))


def _report(call: Call, view: int) -> dict[str, Any]:
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    window = _recent_window(params, call.now)
    query = build_query(call, account, view, window, params)
    first, last = page_bounds(params, MOST_ROWS)
    total, page = 0, []
    for rows in blocks(call, query):
        if total < last and total + len(rows) > first:
            page += [row() for row in rows[max(0, first - total) : last - total]]
        total += len(rows)
    return {"total_count": total, "details": page}


def build_query(call: Call, account: Account, view: int, window: Window, params: Params) -> Query:
    """The filters of a report or task, applied to the account's units."""
    campaign_ids = frozenset(wholes(params, "campaign_ids", MOST_IDS) or [])
    unit_ids = frozenset(wholes(params, "unit_ids", MOST_IDS) or [])
    campaign_type = whole(params, "campaign_type")
    units = [
        unit
        for unit in call.store.plans_of(account.id)
        if (not campaign_ids or unit.campaign_id in campaign_ids)
        and (not unit_ids or unit.id in unit_ids)
        and (campaign_type is None or call.store.campaigns[unit.campaign_id].settings["type"] == campaign_type)
    ]
    dims = {str(dim) for dim in items(params, "report_dims") or []}
    if not dims <= {"adScene", "placementType"}:
        raise refused("report_dims 的取值只能为 adScene、placementType")
    return Query(
        account,
        view,
        window,
        units,
        by_scene="adScene" in dims,
        by_placement="placementType" in dims,
        creative_ids=frozenset(wholes(params, "creative_ids", MOST_IDS) or []),
        photo_ids=frozenset(str(key) for key in items(params, "photo_ids") or []),
    )


def blocks(call: Call, query: Query) -> Iterator[list[Callable[[], dict[str, Any]]]]:
    """Rows that are not empty, a list per day of the window, as thunks: only the asked page is spelled out."""
    moment = _midnight(query.window.begin)
    while moment <= query.window.end and query.units:
        yield _day_rows(call, query, max(moment, query.window.begin), min(moment + DAY - 1, query.window.end))
        moment += DAY


def read_granularity(params: Params) -> str:
    """DAILY (default) or HOURLY."""
    granularity = text(params, "temporal_granularity") or DAILY
    if granularity not in {DAILY, HOURLY}:
        raise refused("temporal_granularity 的取值只能为 DAILY、HOURLY")
    return granularity


def _recent_window(params: Params, now: float) -> Window:
    begin_day, end_day = day(params, "start_date"), day(params, "end_date")
    granularity = read_granularity(params)
    is_whole_days = bool(begin_day and end_day)
    if begin_day and end_day:
        begin, end = parse(begin_day), parse(end_day) + DAY - 1
    else:
        begin, end = _minute(params, "start_date_min"), _minute(params, "end_date_min")
    if end < begin:
        raise refused("结束时间不得早于开始时间")
    if begin < _midnight(now) - READABLE_DAYS * DAY:
        raise refused(f"只支持查询近 {READABLE_DAYS} 天的数据，更早的数据请使用异步任务")
    if end - begin >= READABLE_DAYS * DAY:
        raise refused(f"查询时间跨度不能超过 {READABLE_DAYS} 天")
    return Window(begin, min(end, now), granularity, is_whole_days)


def _minute(params: Params, name: str) -> float:
    value = text(params, name)
    if not value:
        raise refused("start_date、end_date 与 start_date_min、end_date_min 必须选传一组")
    try:
        if len(value) != len("2026-01-01 00:00"):
            raise ValueError
        return parse(value)
    except ValueError:
        raise refused(f"参数错误：{name} 格式应为 yyyy-MM-dd HH:mm") from None


def _midnight(moment: float) -> float:
    return parse(day_of(moment))


def _day_rows(call: Call, query: Query, begin: float, end: float) -> list[Callable[[], dict[str, Any]]]:
    is_hourly = query.window.granularity == HOURLY
    reports = call.world.reports
    if is_hourly or not query.window.is_whole_days:
        table = reports.by_hour(query.units, begin, end)
        starts, seconds = table.starts, HOUR
    else:
        table = reports.by_day(query.units, begin, end)
        starts, seconds = table.starts, DAY
    values = with_goals(table.values, query.units)
    groups, counts = _grouped(call, query, values, starts, seconds)
    if not is_hourly:
        counts, starts = counts.sum(axis=0, keepdims=True), [_midnight(begin)]
    return [
        _thunk(starts[period], is_hourly, groups[group].labels, counts[period, group])
        for period, group in np.argwhere(counts.any(axis=2))
    ]


def _thunk(start: float, is_hourly: bool, labels: dict[str, Any], counts: Counts) -> Callable[[], dict[str, Any]]:
    return lambda: {
        "stat_date": day_of(start),
        "stat_hour": local(start).hour if is_hourly else 0,
        **labels,
        **metrics_of(counts),
    }


def _grouped(
    call: Call, query: Query, values: Counts, starts: list[float], seconds: float
) -> tuple[list[_Group], Counts]:
    """The lines of the view and their counts int64[periods, lines, len(NAMES)]."""
    groups: dict[tuple[Any, ...], _Group] = {}
    if query.view in {ACCOUNT_VIEW, CAMPAIGN_VIEW, UNIT_VIEW}:
        for column, unit in enumerate(query.units):
            labels = _unit_labels(call, query, unit)
            group = groups.setdefault(tuple(labels.values()), _Group(labels))
            group.columns.append(column)
    else:
        kind = {CREATIVE_VIEW: CUSTOM, PROGRAM_VIEW: PROGRAM}.get(query.view)
        owners, values = divide(call, query.units, values, starts, seconds=seconds, kind=kind)
        for column, (unit, part) in enumerate(owners):
            if not _is_asked(query, part):
                continue
            labels = _part_labels(call, query, unit, part)
            group = groups.setdefault(tuple(labels.values()), _Group(labels))
            group.columns.append(column)
    lines = list(groups.values())
    counts = np.zeros((len(starts), len(lines), len(NAMES)), dtype=np.int64)
    for position, group in enumerate(lines):
        counts[:, position, :] = values[:, group.columns, :].sum(axis=1)
    return lines, counts


def _is_asked(query: Query, part: Part) -> bool:
    if query.creative_ids and part.id not in query.creative_ids:
        return False
    if query.photo_ids and part.photo_id not in query.photo_ids:
        return False
    if query.view == VIDEO_VIEW:
        return bool(part.photo_id)
    if query.view in {COVER_VIEW, STICKER_VIEW, PICTURE_VIEW}:
        return bool(part.image_token)
    return True


def _scene_labels(query: Query, unit: Plan) -> dict[str, Any]:
    scene = unit.settings["scene_id"][0]
    name = SCENE_NAMES.get(scene, ALL) if query.by_scene else ALL
    placement = ("联盟" if scene in UNION_SCENES else "快手") if query.by_placement else ALL
    return {"adScene": name, "ad_scene": name, "placement_type": placement}


def _unit_labels(call: Call, query: Query, unit: Plan) -> dict[str, Any]:
    labels = _scene_labels(query, unit)
    campaign = call.store.campaigns[unit.campaign_id]
    if query.view != ACCOUNT_VIEW:
        labels |= {"campaign_id": campaign.id, "campaign_name": campaign.name, "status": PUT_STATUS[campaign.switch]}
    if query.view == UNIT_VIEW:
        labels |= {"unit_id": unit.id, "unit_name": unit.name, "status": PUT_STATUS[unit.switch], "unit_source": 0}
    return labels


def _part_labels(call: Call, query: Query, unit: Plan, part: Part) -> dict[str, Any]:
    labels = _scene_labels(query, unit)
    store = call.store
    if query.view in {CREATIVE_VIEW, PROGRAM_VIEW}:
        labels |= {
            "campaign_id": unit.campaign_id,
            "campaign_name": store.campaigns[unit.campaign_id].name,
            "unit_id": unit.id,
            "unit_name": unit.name,
            "creative_id": part.id,
            "creative_name": part.creative.name,
            "status": PUT_STATUS[part.creative.switch],
            "description": part.caption,
        }
    if query.view in {CREATIVE_VIEW, PROGRAM_VIEW, VIDEO_VIEW}:
        video = store.material_by_key.get(part.photo_id)
        labels |= {
            "photo_id": int(part.photo_id or 0),
            "photo_url": video.settings["url"] if video else "",
            "cover_url": video.settings["cover_url"] if video else "",
        }
    else:
        image = store.material_by_key.get(part.image_token)
        labels |= {"image_token": part.image_token, "cover_url": image.settings["url"] if image else ""}
    return labels
