"""What a finished bulk job brings after it: after a cancelled one its plans are paused, when that was asked for."""

from __future__ import annotations

import structlog

from campaigns.choices import JobKindName, Outcome, RowState, Status
from campaigns.models import BulkRow, Plan
from campaigns.services.bulk.accept import accept_rows
from campaigns.services.bulk.options import BulkOptions
from xmagnet.accounts.guard import JobPrincipal, authorized
from xmagnet.core.errors import DomainError
from xmagnet.jobs.models import Job

logger = structlog.get_logger(__name__)

#: in a job's params: who wants its plans paused when it is cancelled
PAUSE_CREATED = "pause_created"
_PERMISSION = "plans:launch"
_MADE = (Outcome.CREATED, Outcome.RECONCILED)


def pause_created_plans(job: Job) -> None:
    """In the transaction that ends the cancelled job: a job that pauses what it made and enabled.

    It acts for the person who cancelled. When they may no longer do this, the job says so and nothing is paused.
    """
    asked = job.params.get(PAUSE_CREATED)
    if not asked:
        return
    made = BulkRow.objects.filter(job_id=job.pk, state=RowState.SUCCEEDED, outcome__in=_MADE)
    plan_ids = Plan.objects.filter(pk__in=made.values("plan_id"), status=Status.ENABLED).order_by("id")
    rows = [
        {"client_ref": f"{plan_id}-status", "plan_id": plan_id, "field": "status", "kind": "set", "value": "paused"}
        for plan_id in plan_ids.values_list("id", flat=True)
    ]
    if not rows:
        return
    principal = JobPrincipal(asked["user_id"], asked["token_id"], job.pk, job.request_id)
    try:
        with authorized(principal, job.organization_id, _PERMISSION, via="job") as actor:
            accept_rows(
                actor,
                rows,
                options=BulkOptions(callback_id=job.options.get("callback_id")),
                idempotency_key=f"pause:{job.pk}",
                kind=JobKindName.UPDATE,
                params={"reason": f"cancelled {job.pk}"},
                permission=_PERMISSION,
            )
    except DomainError as error:
        logger.warning("bulk.not_paused", job_id=job.pk, plans=len(rows), error=error.slug)
        job.error = {"slug": error.slug, "title": str(error.title), "detail": str(error.detail)}
