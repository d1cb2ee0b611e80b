"""Rows of a job as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.choices import RowState
from campaigns.models import BulkRow, Plan
from campaigns.selectors.bulk.messages import MEDIA_PROBLEMS, sentence, translated
from xmagnet.accounts.actor import Actor
from xmagnet.core.batches import rows_by_key
from xmagnet.core.spreadsheets import column_letter
from xmagnet.jobs.models import Job

#: rows that need somebody
FAILED_STATES = (RowState.FAILED, RowState.INVALID, RowState.DEAD)
RETRYABLE_STATES = ("cancelled", "dead")


@dataclass(frozen=True, slots=True)
class RowMessage:
    """One error or warning of a row, in the reader's language."""

    field: str
    code: str
    detail: str
    pointer: str  # /rows/17/budget
    column: str  # spreadsheet letter, "" where the source was no table
    is_retryable: bool = False
    media: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RowView:
    """One row and what became of it."""

    id: int
    index: int
    line: int
    client_ref: str
    state: str
    outcome: str
    account_id: int | None
    plan_id: int | None
    media_plan_id: str
    attempt_count: int
    source: dict[str, Any]
    spec: dict[str, Any]  # what is sent; empty when the row is invalid
    errors: tuple[RowMessage, ...]
    warnings: tuple[RowMessage, ...]

    @property
    def name(self) -> str:
        """Of a new plan, as it was asked for or chosen; "" where the row names none."""
        return str(self.spec.get("name") or self.source.get("name") or "")

    def as_resource(self) -> dict[str, Any]:
        """The JSON of the API."""
        return {
            "index": self.index,
            "line": self.line,
            "client_ref": self.client_ref,
            "state": self.state,
            "outcome": self.outcome or None,
            "plan_id": self.plan_id,
            "media_plan_id": self.media_plan_id or None,
            "attempts": self.attempt_count,
            "error": _problem(self.errors[0]) if self.errors else None,
            "errors": [_short(error) for error in self.errors],
            "warnings": [_short(warning) for warning in self.warnings],
        }


def row_page(
    actor: Actor,
    job: Job,
    *,
    states: Sequence[str] = (),
    first_error: tuple[str, str] | None = None,
    after: int | None = None,
    limit: int = 100,
) -> tuple[RowView, ...]:
    """Rows in input order after the index ``after``; at most ``limit``. The caller got ``job`` for this actor.

    ``first_error``: only rows whose first error has this (code, field), as ``error_groups`` puts them together.
    """
    rows = BulkRow.objects.filter(job_id=job.pk).order_by("row_index")
    if first_error is not None:
        code, field = first_error
        rows = rows.filter(state__in=FAILED_STATES, errors__0__code=code, errors__0__field=field)
    if states:
        rows = rows.filter(state__in=states)
    if after is not None:
        rows = rows.filter(row_index__gt=after)
    columns = job_columns(job)
    return tuple(row_view(row, columns) for row in rows[:limit])


def subject_names(actor: Actor, rows: Sequence[RowView]) -> dict[int, str]:
    """The names of the plans that rows of changes are about, as far as the actor sees them."""
    ids = {row.source["plan_id"] for row in rows if isinstance(row.source.get("plan_id"), int)}
    return dict(Plan.objects.all().visible_to(actor).filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def iterate_rows(job: Job, *, states: Sequence[str] = ()) -> Iterator[RowView]:
    """All rows in input order, a chunk in memory at a time."""
    columns = job_columns(job)
    rows = BulkRow.objects.filter(job_id=job.pk)
    if states:
        rows = rows.filter(state__in=states)
    return (row_view(row, columns) for row in rows_by_key(rows, "row_index"))


def job_columns(job: Job) -> list[str]:
    """The header of the table that the job came from; empty for JSON and NDJSON."""
    return list((job.source or {}).get("columns") or [])


def row_view(row: BulkRow, columns: Sequence[str]) -> RowView:
    """A row with its sentences in the active language."""
    return RowView(
        id=row.pk,
        index=row.row_index,
        line=row.line,
        client_ref=row.client_ref,
        state=row.state,
        outcome=row.outcome,
        account_id=row.account_id,
        plan_id=row.plan_id,
        media_plan_id=row.plan_remote_id,
        attempt_count=row.attempt_count,
        source=row.source,
        spec=row.spec or {},
        errors=messages(row.errors, row.row_index, columns, is_retryable=row.state in RETRYABLE_STATES),
        warnings=messages(row.warnings, row.row_index, columns),
    )


def messages(
    records: Sequence[Mapping[str, Any]] | None, index: int, columns: Sequence[str], *, is_retryable: bool = False
) -> tuple[RowMessage, ...]:
    """Stored problems as sentences with pointer and column."""
    found = []
    for record in records or ():
        name = record["field"]
        found.append(
            RowMessage(
                field=name,
                code=record["code"],
                detail=sentence(record["code"], record.get("params", {})),
                pointer=f"/rows/{index}/{name}" if name else f"/rows/{index}",
                column=column_letter(columns.index(name)) if name in columns else "",
                is_retryable=is_retryable or bool(record.get("retryable")),
                media=record.get("media"),
            )
        )
    return tuple(found)


def _problem(message: RowMessage) -> dict[str, Any]:
    slug, title = MEDIA_PROBLEMS.get(message.code, ("validation-error", "The row is not valid"))
    body = {
        "type": f"https://docs.x-magnet.local/problems/{slug}",
        "title": translated(title),
        "status": 422,
        "code": message.code,
        "detail": message.detail,
        "retryable": message.is_retryable,
        "pointer": message.pointer,
    }
    if message.column:
        body["column"] = message.column
    if message.media:
        body["media"] = message.media
    return body


def _short(message: RowMessage) -> dict[str, Any]:
    body = {"pointer": message.pointer, "code": message.code, "detail": message.detail}
    return body | {"column": message.column} if message.column else body
