"""The plan table as a file: the columns that are shown, every row of the filter, one row in memory at a time."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.contracts import METRICS, PlanRow
from frontend.tables.plan_columns import column
from frontend.templatetags.kit import platform_name
from xmagnet.core.money import yuan_from_fen

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_CHUNK = 64 * 1024
#: lines that are written to the socket together
_LINES = 500

_CHOICES: dict[str, tuple[Any, str]] = {
    "delivery": (Delivery, "delivery_status"),
    "learning": (Learning, "learning_state"),
    "review": (Review, "review_state"),
}


def heading(columns: Iterable[str]) -> list[str]:
    """The first line of the file; money columns say their unit."""
    money = {"bid", "budget"} | {key for key, metric in METRICS.items() if metric.unit == "money"}
    shown = [f"{column(key).label} (¥)" if key in money else column(key).label for key in columns]
    return [_("Plan id"), _("Id at the media"), _("Name"), _("Status"), _("Media"), *shown]


def values(row: PlanRow, columns: Iterable[str]) -> list[Any]:
    """A plan's cells: numbers as numbers (¥, fractions), an undefined ratio as nothing."""
    cells: list[Any] = [
        row.id, row.remote_id, row.name, str(Status(row.status).label), platform_name(row.platform),
    ]  # fmt: skip
    for key in columns:
        if key in METRICS:
            value = row.metrics.get(key)
            if value is not None and METRICS[key].unit == "money":
                value = round(value / 100, 2)
            cells.append(value)
        elif key in _CHOICES:
            choices, attribute = _CHOICES[key]
            cells.append(str(choices(getattr(row, attribute)).label))
        else:
            cells.append(_attribute(row, key))
    return [_harmless(cell) for cell in cells]


def as_csv(rows: Iterable[PlanRow], columns: tuple[str, ...]) -> Iterator[bytes]:
    """The file in pieces, with the mark by which Excel knows UTF-8."""
    yield "\ufeff".encode()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading(columns))
    for number, row in enumerate(rows, start=1):
        writer.writerow(["" if cell is None else cell for cell in values(row, columns)])
        if number % _LINES == 0:
            yield _taken(text)
    yield _taken(text)


def as_xlsx(rows: Iterable[PlanRow], columns: tuple[str, ...]) -> Iterator[bytes]:
    """The workbook, written to disk row by row and then sent in pieces."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Plans"))
    sheet.freeze_panes = "D2"
    sheet.append(heading(columns))
    for row in rows:
        sheet.append([_as_text(sheet, cell) if isinstance(cell, str) else cell for cell in values(row, columns)])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


def _attribute(row: PlanRow, key: str) -> Any:
    if key == "bid":
        return None if row.bid_fen is None else float(yuan_from_fen(row.bid_fen))
    if key == "budget":
        return _("Unlimited") if row.daily_budget_fen is None else float(yuan_from_fen(row.daily_budget_fen))
    if key == "account":
        return f"{row.account.name} ({row.account.remote_id})"
    return {
        "campaign": row.campaign_name,
        "labels": ", ".join(row.labels),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "note": row.note,
    }[key]


def _harmless(cell: Any) -> Any:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _as_text(sheet: Any, text: str) -> Any:
    # Control characters cannot stand in a workbook; ids longer than 15 digits must not become numbers.
    cell = WriteOnlyCell(sheet, value="".join(character for character in text if character >= " " or character == "\n"))
    cell.data_type = "s"
    return cell


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece
