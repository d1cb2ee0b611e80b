"""The plan table as a file: the columns that are shown, every row of the filter, one row in memory at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.contracts import METRICS, PlanRow
from frontend.plan_words import schedule_text
from frontend.tables.plan_columns import column
from frontend.templatetags.kit import platform_name
from xmagnet.core.money import yuan_from_fen
from xmagnet.core.spreadsheets import csv_stream
from xmagnet.core.workbooks import xlsx_stream

_CHOICES: dict[str, tuple[Any, str]] = {
    "delivery": (Delivery, "delivery_status"),
    "learning": (Learning, "learning_state"),
    "review": (Review, "review_state"),
}


def heading(columns: Iterable[str], *, compares: bool = False) -> list[str]:
    """The first line of the file; money columns say their unit. Compared metrics stand there with their past."""
    money = {"bid", "budget"} | {key for key, metric in METRICS.items() if metric.unit == "money"}
    shown = []
    for key in columns:
        label = column(key).label
        unit = " (¥)" if key in money else ""
        shown.append(f"{label}{unit}")
        if compares and key in METRICS:
            shown += [_("%(metric)s, before") % {"metric": label} + unit, _("%(metric)s, change") % {"metric": label}]
    return [_("Plan id"), _("Id at the media"), _("Name"), _("Status"), _("Media"), *shown]


def values(row: PlanRow, columns: Iterable[str], *, compares: bool = False) -> list[Any]:
    """A plan's cells: numbers as numbers (¥, fractions), an undefined ratio as nothing."""
    cells: list[Any] = [
        row.id, row.remote_id, row.name, str(Status(row.status).label), platform_name(row.platform),
    ]  # fmt: skip
    for key in columns:
        if key in METRICS:
            now, before = row.metrics.get(key), row.compared.get(key)
            cells.append(_number(key, now))
            if compares:
                cells += [_number(key, before), None if now is None or not before else (now - before) / abs(before)]
        elif key in _CHOICES:
            choices, attribute = _CHOICES[key]
            cells.append(str(choices(getattr(row, attribute)).label))
        else:
            cells.append(_attribute(row, key))
    return cells


def as_csv(rows: Iterable[PlanRow], columns: tuple[str, ...], *, compares: bool = False) -> Iterator[bytes]:
    """The table as CSV."""
    return csv_stream(heading(columns, compares=compares), (values(row, columns, compares=compares) for row in rows))


def as_xlsx(rows: Iterable[PlanRow], columns: tuple[str, ...], *, compares: bool = False) -> Iterator[bytes]:
    """The table as a workbook; what names a plan stays in sight."""
    lines = (values(row, columns, compares=compares) for row in rows)
    return xlsx_stream(_("Plans"), heading(columns, compares=compares), lines, freeze="D2")


def _number(key: str, value: float | None) -> float | None:
    """A metric as a number: money in yuan."""
    return round(value / 100, 2) if value is not None and METRICS[key].unit == "money" else value


def _attribute(row: PlanRow, key: str) -> Any:
    if key == "bid":
        return None if row.bid_fen is None else float(yuan_from_fen(row.bid_fen))
    if key == "budget":
        return _("Unlimited") if row.daily_budget_fen is None else float(yuan_from_fen(row.daily_budget_fen))
    if key == "account":
        return f"{row.account.name} ({row.account.remote_id})"
    return {
        "schedule": schedule_text(row.schedule),
        "campaign": row.campaign_name,
        "labels": ", ".join(row.labels),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "note": row.note,
    }[key]
