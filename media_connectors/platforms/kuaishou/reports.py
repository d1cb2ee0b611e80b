"""Kuaishou's hourly unit report to ``MetricRow``."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from media_connectors.contracts import MetricRow
from media_connectors.errors import Malformed
from media_connectors.platforms.wire import JsonObject, as_id, as_int, as_objects, as_text, fen_from_yuan

# ``aclick`` is how often a material was shown, not clicks; the click is ``bclick`` (行为).
IMPRESSIONS, CLICKS = "show", "bclick"


def rows_from_report(data: JsonObject) -> list[MetricRow]:
    """One row for each unit and hour with any number in it."""
    rows = []
    for item in as_objects(data.get("details")):
        read = item.get
        conversions = read("conversion_num")
        billed = read("conversion_num_by_impression_7d")
        deep = read("deep_conversion_num")
        plays = as_int(read("played_num"))
        numbers = (
            as_int(read(IMPRESSIONS)),
            as_int(read(CLICKS)),
            fen_from_yuan(read("charge")),
            as_int(read("form_count") if conversions is None else conversions),
            as_int(read("direct_submit_1d_cnt") if billed is None else billed),
            as_int(read("event_pay") if deep is None else deep),
            fen_from_yuan(read("event_pay_weighted_purchase_amount") or read("event_pay_purchase_amount")),
            plays,
            as_int(read("played_three_seconds")),
            as_int(read("played_end")),
            0,  # the media does not tell how long people watched
            as_int(read("like")),
            as_int(read("comment")),
            as_int(read("share")),
            as_int(read("follow")),
        )
        plan_remote_id = as_id(read("unit_id"))
        if plan_remote_id and any(numbers):
            rows.append(
                MetricRow(plan_remote_id, _day(as_text(read("stat_date"))), as_int(read("stat_hour")), *numbers)
            )
    return rows


@lru_cache(maxsize=64)
def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Malformed(f"not a day: {text[:40]}") from error
