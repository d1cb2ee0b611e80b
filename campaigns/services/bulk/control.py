"""Cancelling a bulk job, and trying its failed rows again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.accept import Accepted, Envelope, accept
from campaigns.services.bulk.cancelling import CANCELLED
from campaigns.services.bulk.following import PAUSE_CREATED
from campaigns.services.bulk.intake import IncomingRow
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.bulk.progress import refresh_job
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.batches import rows_by_key
from xmagnet.core.errors import Conflict, InvalidInput, NotFound
from xmagnet.core.ids import new_id
from xmagnet.jobs.models import Job
from xmagnet.jobs.selectors import visible_jobs
from xmagnet.jobs.services import note
from xmagnet.jobs.states import JobState

_UNSENT = Q(state__in=[RowState.CANCELLED, RowState.DEAD])
#: rows that each way of trying again takes
_WANTED = {
    "retryable": _UNSENT | Q(state=RowState.FAILED, errors__contains=[{"retryable": True}]),
    "all_failed": _UNSENT | Q(state__in=[RowState.FAILED, RowState.INVALID]),
}


def cancel_bulk_job(actor: Actor, job_id: str, *, pause_created: bool = False) -> Job:
    """Rows not sent yet are cancelled, also those that a worker holds; calls in flight finish, made plans stay.

    ``pause_created``: when the last row in flight is done, a following job pauses the plans that this one enabled.

    Raises ``NotFound``, ``Forbidden``, and ``Conflict`` when the job is already finished.
    """
    actor.require("jobs:write")
    if pause_created:
        actor.require("plans:launch")
    with transaction.atomic():
        job = _locked(actor, job_id)
        if not job.is_live:
            raise Conflict(_("The job is already finished."))
        now = timezone.now()
        job.cancel_requested_at = job.cancel_requested_at or now
        job.state = JobState.CANCELLING
        if pause_created:
            job.params = {**job.params, PAUSE_CREATED: {"user_id": actor.user_id, "token_id": actor.token_id}}
        job.save(update_fields=["cancel_requested_at", "state", "params"])
        waiting = BulkRow.objects.filter(job_id=job.pk).filter(
            Q(state=RowState.RECEIVED) | Q(state=RowState.QUEUED, plan_remote_id="")
        )
        waiting.update(state=RowState.CANCELLED, errors=CANCELLED, finished_at=now)
        record(actor, Entry("job.cancelled", "job", job.pk, job.kind, agency_id=job.agency_id))
        note(job.pk, "cancel_asked_with_pause" if pause_created else "cancel_asked", by=actor.user_name)
        return refresh_job(job.pk) or job


def retry_bulk_job(
    actor: Actor,
    job_id: str,
    *,
    only: Literal["retryable", "all_failed"] = "retryable",
    refs: Sequence[str] = (),
    idempotency_key: str = "",
) -> Accepted:
    """A new child job of the rows that did not succeed, with the same ``client_ref``s and options.

    ``retryable``: rows that may well succeed when they are only sent again; ``all_failed``: refused and invalid ones
    too. Raises ``Conflict`` while a wanted row's outcome is unknown or still open, ``InvalidInput`` without rows.
    """
    with transaction.atomic():
        job = _locked(actor, job_id)
        actor.require(job.permission)
        rows = BulkRow.objects.filter(job_id=job.pk)
        if refs:
            rows = rows.filter(client_ref__in=refs)
        if rows.filter(state__in=[RowState.UNKNOWN, RowState.SENDING]).exists():
            raise Conflict(_("Some rows' outcome is not known yet; try again when it is."))
        wanted = rows.filter(_WANTED[only])
        if not wanted.exists():
            raise InvalidInput(_("There is no row to try again."))
        envelope = Envelope(
            kind=job.kind,
            options=BulkOptions(**job.options),
            idempotency_key=idempotency_key or new_id("retry"),
            path=f"retry:{job.pk}",
            body_sha256=f"{only}:{','.join(sorted(refs))}",
            permission=job.permission,
            params={name: value for name, value in job.params.items() if name != PAUSE_CREATED},
            source=job.source or {},
            retry_of_id=job.pk,
        )
        sources = rows_by_key(wanted.values_list("row_index", "line", "source"), "row_index")
        accepted = accept(actor, (IncomingRow(line, source) for _index, line, source in sources), envelope)
        if not accepted.is_replayed:
            note(job.pk, "retried", by=actor.user_name, rows=accepted.job.total_count, job=accepted.job.pk)
        return accepted


def has_retryable_rows(job: Job) -> bool:
    """Whether rows may succeed when they are only sent again; invalid ones want to be corrected first."""
    if job.counts.get(RowState.CANCELLED) or job.counts.get(RowState.DEAD):
        return True
    failed = BulkRow.objects.filter(job_id=job.pk, state=RowState.FAILED, errors__contains=[{"retryable": True}])
    return bool(job.counts.get(RowState.FAILED)) and failed.exists()


def _locked(actor: Actor, job_id: str) -> Job:
    job = visible_jobs(actor).select_for_update().filter(pk=job_id, is_row_driven=True).first()
    if job is None:
        raise NotFound
    return job
