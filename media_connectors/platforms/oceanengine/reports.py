"""Ocean Engine's custom report: string maps by hour and promotion to ``MetricRow``."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from media_connectors.contracts import MetricRow
from media_connectors.errors import Malformed
from media_connectors.platforms.wire import (
    JsonObject,
    as_id,
    as_int,
    as_object,
    as_objects,
    as_text,
    fen_from_yuan,
    milliseconds_from_seconds,
)

HOUR, PROMOTION = "stat_time_hour", "cdp_promotion_id"
DIMENSIONS = [HOUR, PROMOTION]
METRICS = [
    "stat_cost",
    "show_cnt",
    "click_cnt",
    "convert_cnt",  # at the time of the callback
    "attribution_convert_cnt",  # at the time of the charge: grows for days
    "deep_convert_cnt",
    "stat_pay_amount",
    "total_play",
    "play_duration_3s",
    "play_over",
    "average_play_time_per_play",
    "dy_like",
    "dy_comment",
    "dy_share",
    "dy_follow",
]
ORDER = [{"field": HOUR, "type": "ASC"}, {"field": PROMOTION, "type": "ASC"}]


def rows_from_report(data: JsonObject) -> list[MetricRow]:
    """One row for each promotion and hour with any number in it."""
    rows = []
    for item in as_objects(data.get("rows")):
        dimensions, metrics = as_object(item.get("dimensions")), as_object(item.get("metrics"))
        read = metrics.get
        plays = as_int(read("total_play"))
        numbers = (
            as_int(read("show_cnt")),
            as_int(read("click_cnt")),
            fen_from_yuan(read("stat_cost")),
            as_int(read("convert_cnt")),
            as_int(read("attribution_convert_cnt")),
            as_int(read("deep_convert_cnt")),
            fen_from_yuan(read("stat_pay_amount")),
            plays,
            as_int(read("play_duration_3s")),
            as_int(read("play_over")),
            plays * milliseconds_from_seconds(read("average_play_time_per_play")),
            as_int(read("dy_like")),
            as_int(read("dy_comment")),
            as_int(read("dy_share")),
            as_int(read("dy_follow")),
        )
        plan_remote_id = as_id(dimensions.get(PROMOTION))
        if plan_remote_id and any(numbers):
            rows.append(MetricRow(plan_remote_id, *_hour(as_text(dimensions.get(HOUR))), *numbers))
    return rows


@lru_cache(maxsize=512)
def _hour(text: str) -> tuple[date, int]:
    """Day and hour of ``2026-05-01 13:00:00``, ``2026-05-01 13`` or ``2026-05-01 13:00 - 13:59``."""
    try:
        return date.fromisoformat(text[:10]), int(text[11:13])
    except ValueError as error:
        raise Malformed(f"not an hour: {text[:40]}") from error
