"""Results to download: the original columns and what became of each row, so that failed rows can be sent back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from campaigns.domain.rows.reading import FIELDS, RESULT_COLUMNS
from campaigns.selectors.bulk.rows import RowView, iterate_rows, job_columns
from xmagnet.core.spreadsheets import csv_stream
from xmagnet.core.workbooks import xlsx_stream
from xmagnet.jobs.models import Job


def result_stream(job: Job, *, format: str, states: Sequence[str] = ()) -> Iterator[bytes]:
    """The file in pieces: ``ndjson``, ``csv`` or ``xlsx``; rows in input order."""
    rows = iterate_rows(job, states=states)
    if format == "ndjson":
        return _ndjson(rows)
    columns = [name for name in job_columns(job) if name not in RESULT_COLUMNS] or list(FIELDS)
    header = [*columns, *RESULT_COLUMNS]
    cells = (_cells(row, columns) for row in rows)
    return csv_stream(header, cells) if format == "csv" else xlsx_stream("results", header, cells)


def _ndjson(rows: Iterator[RowView]) -> Iterator[bytes]:
    for row in rows:
        resource = row.as_resource()
        yield orjson.dumps({**row.source, "result": resource}, option=orjson.OPT_APPEND_NEWLINE)


def _cells(row: RowView, columns: Sequence[str]) -> list[str]:
    first = row.errors[0] if row.errors else None
    results = [
        row.state,
        row.outcome,
        str(row.plan_id or ""),
        row.media_plan_id,
        first.field if first else "",
        first.code if first else "",
        "; ".join(error.detail for error in row.errors),
        "; ".join(warning.detail for warning in row.warnings),
    ]
    return [*(cell_text(row.source.get(name)) for name in columns), *results]


def cell_text(value: Any) -> str:
    """A value of a row as the text of a cell: lists with ``|``, materials as ``kind:id:cover``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "|".join(cell_text(item) for item in value)
    if isinstance(value, dict):
        return ":".join(str(value.get(name, "")) for name in ("kind", "id", "cover_id")).rstrip(":")
    return str(value)
