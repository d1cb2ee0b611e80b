"""Every few seconds, for each organization: what lost its worker or its message moves on."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.doorbells import ring_drain
from campaigns.services.bulk.leases import due_accounts, expire_leases
from campaigns.services.bulk.preparing import prepare_waiting_jobs
from campaigns.services.bulk.progress import refresh_job
from xmagnet.jobs.models import Job
from xmagnet.jobs.services import note
from xmagnet.jobs.states import JobState


def sweep(organization_id: int) -> None:
    """In the organization in scope: expire leases and deadlines, ring for what is due, correct the jobs' counts."""
    expire_leases()
    expire_jobs()
    with transaction.atomic():
        prepare_waiting_jobs(organization_id)
    for account_id in due_accounts():
        ring_drain(organization_id, account_id)
    with transaction.atomic():
        running = Job.objects.filter(is_row_driven=True, state__in=_MOVING).order_by("created_at")
        job_ids = list(running.values_list("id", flat=True))
    for job_id in job_ids:
        refresh_job(job_id)


def expire_jobs() -> int:
    """Jobs past their deadline send nothing any more; rows in flight and of unknown outcome are still settled."""
    now = timezone.now()
    with transaction.atomic():
        late = Job.objects.select_for_update(skip_locked=True).filter(
            is_row_driven=True, deadline_at__lt=now, finished_at__isnull=True, error__isnull=True
        )
        job_ids = list(late.values_list("id", flat=True))
        if not job_ids:
            return 0
        waiting = BulkRow.objects.filter(
            job_id__in=job_ids, state__in=[RowState.RECEIVED, RowState.QUEUED], plan_remote_id=""
        )
        expired = {"field": "", "code": "expired", "params": {}, "retryable": True}
        waiting.update(state=RowState.CANCELLED, errors=[expired], finished_at=now)
        error = {"slug": "expired", "title": "Expired", "detail": "The deadline of 24 hours has passed."}
        Job.objects.filter(pk__in=job_ids).update(error=error)
        for job_id in job_ids:
            note(job_id, "expired")
        Job.objects.filter(pk__in=job_ids, state__in=[JobState.QUEUED, JobState.VALIDATING]).update(
            state=JobState.RUNNING
        )
    return len(job_ids)


_MOVING = [JobState.RUNNING, JobState.PAUSED, JobState.CANCELLING]
