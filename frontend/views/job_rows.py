"""The rows of a bulk job: what became of each, why some failed, the results to take away, and another try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from campaigns.choices import JobKindName, Outcome, RowState
from campaigns.selectors.bulk.groups import error_groups
from campaigns.selectors.bulk.results import result_stream
from campaigns.selectors.bulk.rows import FAILED_STATES, RowView, row_page, subject_names
from campaigns.services.bulk.control import retry_bulk_job
from campaigns.services.changes.planning import COLUMN_OF
from frontend.job_words import ROW_STATES
from frontend.views.base import Fragment, Page
from frontend.views.change_log import FIELDS
from frontend.views.change_previews import value_text
from frontend.views.jobs import OneJob
from media_connectors.selectors.directory import account_facts
from xmagnet.core.errors import Conflict, InvalidInput
from xmagnet.core.ids import whole_number
from xmagnet.core.spreadsheets import CSV_TYPE, XLSX_TYPE
from xmagnet.web.streaming import stream_in_scope

LAST_POSITION = 2**31 - 1  # that the column of a row's position can hold
ROWS_SHOWN = 50
RESULT_TYPES = {
    "csv": CSV_TYPE,
    "xlsx": XLSX_TYPE,
    "ndjson": "application/x-ndjson",
}


class JobRows(OneJob, Fragment):
    """A page of rows, by state. Asks again while the job lives and the first page is shown."""

    permission = "jobs:read"
    template_name = "frontend/jobs/rows.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job()
        state = self.request.GET.get("state", "")
        states = (state,) if state in RowState.values else ()
        code = self.request.GET.get("code", "")
        first_error = (code, self.request.GET.get("field", "")) if code else None
        position = whole_number(self.request.GET.get("after", ""), most=LAST_POSITION)
        rows = row_page(self.actor, job, states=states, first_error=first_error, after=position, limit=ROWS_SHOWN + 1)
        shown = rows[:ROWS_SHOWN]
        return super().get_context_data(
            job=job,
            rows=shown,
            subjects=_subjects(self.actor, shown) if job.kind == JobKindName.UPDATE else None,
            accounts=account_facts(self.actor),
            state=states[0] if states else "",
            chips=[
                (name, label, job.counts[name]) for name, (label, _tone) in ROW_STATES.items() if job.counts.get(name)
            ],
            row_states=ROW_STATES,
            outcomes=dict(Outcome.choices),
            next_after=shown[-1].index if len(rows) > ROWS_SHOWN else None,
            is_first=position is None,
            groups=error_groups(self.actor, job) if position is None and not states else (),
            first_error=first_error,
            **kwargs,
        )


def _subjects(actor: Any, rows: Sequence[RowView]) -> dict[int, dict[str, Any]]:
    """Of each row of a change, by the row: which plan, which field, from what to what."""
    names = subject_names(actor, rows)
    found = {}
    for row in rows:
        field, plan_id = row.source.get("field", ""), row.source.get("plan_id")
        found[row.id] = {
            "plan_id": plan_id,
            "name": names.get(plan_id, "") if plan_id else "",
            "label": FIELDS[COLUMN_OF[field]] if field in COLUMN_OF else field,
            "before": value_text(field, row.spec["before"]) if "before" in row.spec else "",
            "after": value_text(field, row.spec["after"]) if "after" in row.spec else "",
        }
    return found


class JobResults(OneJob, Page):
    """The rows as a file: the original columns and what became of each, streamed."""

    permission = "jobs:read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:  # type: ignore[override]
        job, extension = self.job(), kwargs["extension"]
        states = FAILED_STATES if request.GET.get("only") == "failed" else ()
        language = get_language()

        def produce() -> Any:
            with override(language):
                yield from result_stream(job, format=extension, states=states)

        response = StreamingHttpResponse(stream_in_scope(self.actor, produce), content_type=RESULT_TYPES[extension])
        response["Content-Disposition"] = f'attachment; filename="{job.pk}.{extension}"'
        return response


class JobRetry(OneJob, Page):
    """A new job of the rows that did not succeed."""

    permission = "jobs:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job = self.job()
        if not job.is_row_driven:
            raise Http404
        only = "all_failed" if request.POST.get("only") == "all_failed" else "retryable"
        try:
            accepted = retry_bulk_job(self.actor, job.pk, only=only)  # type: ignore[arg-type]
        except (Conflict, InvalidInput) as refusal:
            messages.warning(request, refusal.detail)
            return redirect(self.url("job", job.pk))
        messages.success(request, _("This is the new job of the rows that did not succeed."))
        return redirect(self.url("job", accepted.job.pk))
