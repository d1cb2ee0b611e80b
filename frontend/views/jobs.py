"""Jobs: what runs, what ran, and how it ended."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.services.bulk.control import cancel_bulk_job, has_retryable_rows
from frontend.audit_words import verification_words
from frontend.job_words import kind_label, progress_of
from frontend.views.base import Crumb, Fragment, Page
from xmagnet.core.errors import Conflict
from xmagnet.jobs.selectors import get_job, job_events, list_jobs
from xmagnet.jobs.services import request_cancel
from xmagnet.jobs.states import JobState

#: a running job is asked after this often; seconds
POLL_SECONDS = 2


def described(job: Any) -> dict[str, Any]:
    """A job as the templates want it."""
    return {"job": job, "kind": kind_label(job.kind), "progress": progress_of(job, timezone.now())}


class JobList(Page):
    """Newest first, by state."""

    permission = "jobs:read"
    template_name = "frontend/jobs/list.html"
    title = gettext_lazy("Jobs")
    menu_item = "jobs"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state = self.request.GET.get("state", "")
        is_live = True if state == "live" else None
        wanted = state if state in JobState.values else ""
        page = self.page_of(list_jobs(self.actor, state=wanted, is_live=is_live))
        chips = [("", _("All")), ("live", _("Running now")), *((s, JobState(s).label) for s in SHOWN_STATES)]
        return super().get_context_data(
            page=page, jobs=[described(job) for job in page], state=state, chips=chips, **kwargs
        )


SHOWN_STATES = (JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class OneJob:
    """Finds the job of the URL, or answers 404."""

    actor: Any
    kwargs: dict[str, Any]

    def job(self) -> Any:
        job = get_job(self.actor, self.kwargs["job_id"])
        if job is None:
            raise Http404
        return job


class JobPage(OneJob, Page):
    """One job: progress, result, log."""

    permission = "jobs:read"
    template_name = "frontend/jobs/detail.html"
    menu_item = "jobs"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Jobs"), self.url("jobs")),)

    def page_title(self) -> str:
        return kind_label(self.found.kind)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.found = self.job()
        events = job_events(self.actor, self.found.pk)[:MAX_EVENTS]
        counts = self.found.counts
        return super().get_context_data(
            events=events,
            poll_seconds=POLL_SECONDS,
            result_formats=RESULT_FORMATS,
            may_launch=self.found.kind == CREATE_PLANS
            and self.actor.can("plans:launch")
            and bool(counts.get("succeeded")),
            may_pause_created=self.found.kind == CREATE_PLANS and self.actor.can("plans:launch"),
            has_failed=any(counts.get(state) for state in NOT_SUCCEEDED),
            may_retry=not self.found.is_live and has_retryable_rows(self.found),
            has_only_invalid=not any(counts.get(state) for state in NOT_SUCCEEDED if state != "invalid"),
            outcome=verification_words(self.found.result) if self.found.kind == VERIFY_AUDIT else None,
            **described(self.found),
            **kwargs,
        )


VERIFY_AUDIT = "audit.verify"
MAX_EVENTS = 200
#: the kind of job that makes plans, which stopping it can pause
CREATE_PLANS = "plans.create"
RESULT_FORMATS = ("csv", "xlsx", "ndjson")
#: rows in these states did not come through
NOT_SUCCEEDED = ("failed", "invalid", "dead", "cancelled")


class JobProgress(OneJob, Fragment):
    """The moving part of the job page. While the job lives the fragment asks again; finished, it no longer does."""

    permission = "jobs:read"
    template_name = "frontend/jobs/progress.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(poll_seconds=POLL_SECONDS, **described(self.job()), **kwargs)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().render_to_response(context, **kwargs)
        if not context["job"].is_live:
            # Rows, errors and downloads below the bar are only complete now.
            response["HX-Refresh"] = "true"
        return response


class JobCancel(OneJob, Page):
    """Stop what has not been sent yet."""

    permission = "jobs:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job = self.job()
        try:
            if job.is_row_driven:
                is_pausing = request.POST.get("pause_created") == "yes"
                cancel_bulk_job(self.actor, job.pk, pause_created=is_pausing)
            else:
                request_cancel(self.actor, job.pk)
        except Conflict as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, _("Cancelling. Rows that are being sent will finish; nothing new is started."))
        return redirect(self.url("job", job.pk))
