"""What a job tells of itself: counts, state, what it waits for. Computed from its rows, never counted along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from campaigns.choices import JobKindName, RowState
from campaigns.domain.rows.states import OPEN, job_state_when_done
from campaigns.models import BulkRow
from campaigns.services.bulk.doorbells import ring_prepare
from campaigns.services.bulk.following import pause_created_plans
from xmagnet.jobs.models import Job
from xmagnet.jobs.services import note
from xmagnet.jobs.states import JobState
from xmagnet.jobs.telling import tell_maker
from xmagnet.webhooks.services import emit

QUARTERS = (25, 50, 75)
#: what the job waits for stays as it is, unless rows have moved
KEEP: Mapping[str, Any] = MappingProxyType({})


def count_rows(job_id: str) -> dict[str, int]:
    """Rows of the job by state."""
    rows = BulkRow.objects.filter(job_id=job_id).values_list("state").annotate(count=Count("id")).order_by()
    return dict(rows)


def refresh_job(job_id: str, *, waiting_for: Mapping[str, Any] | None = KEEP) -> Job | None:
    """Bring the job's row in line with its rows; finishes it when nothing is open. The job when it changed.

    ``waiting_for``: why its open rows wait, from whoever just found out; None when they do not.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None or not job.is_live:
            return None
        counts = count_rows(job_id)
        before = job.counts
        moved = counts != before
        if waiting_for is KEEP:
            waiting_for = None if moved else job.waiting_for
        job.counts = counts
        job.done_count = sum(count for state, count in counts.items() if state not in OPEN)
        if moved:
            job.heartbeat_at = timezone.now()
        _move(job, counts, waiting_for)
        job.waiting_for = dict(waiting_for) if waiting_for and job.is_live else None
        job.save(update_fields=["counts", "done_count", "heartbeat_at", "state", "finished_at", "waiting_for", "error"])
        _tell(job, before)
        return job


def refresh_jobs(job_ids: Iterable[str], waiting: Mapping[str, Mapping[str, Any]]) -> None:
    """``refresh_job`` for several, each in a transaction of its own."""
    for job_id in job_ids:
        refresh_job(job_id, waiting_for=waiting.get(job_id))


def _move(job: Job, counts: Mapping[str, int], waiting_for: Mapping[str, Any] | None) -> None:
    has_open = any(counts.get(state) for state in OPEN)
    if job.state in {JobState.QUEUED, JobState.VALIDATING} and has_open:
        return
    if not has_open and job.state not in {JobState.QUEUED, JobState.VALIDATING}:
        job.finished_at = timezone.now()
        if job.state == JobState.CANCELLING:
            job.state = JobState.CANCELLED
            pause_created_plans(job)
        elif job.error and job.error.get("slug") == "expired":
            job.state = JobState.EXPIRED
        elif job.kind == JobKindName.VALIDATE:
            job.state = JobState.SUCCEEDED  # the check itself succeeded, whatever it found
        else:
            job.state = JobState(job_state_when_done(dict(counts)))
        _ring_next(job)
    elif job.state == JobState.RUNNING and waiting_for and waiting_for.get("needs_person"):
        job.state = JobState.PAUSED
        announce(job, "job.paused")
        tell_maker(job)
        note(job.pk, "paused", reason=waiting_for.get("reason", ""))
    elif job.state == JobState.PAUSED and not (waiting_for and waiting_for.get("needs_person")):
        job.state = JobState.RUNNING
        note(job.pk, "resumed")


def _ring_next(job: Job) -> None:
    """A place is free for the oldest job of the same agency that waits."""
    waiting = Job.objects.filter(is_row_driven=True, agency_id=job.agency_id, state=JobState.QUEUED)
    following = waiting.order_by("created_at").values_list("id", flat=True).first()
    if following:
        ring_prepare(job.organization_id, following)


def _tell(job: Job, before: Mapping[str, int]) -> None:
    """Webhooks for quarters passed and for the end; the maker hears of the end."""
    if not job.is_live:
        tell_maker(job)
        announce(job, "job.cancelled" if job.state == JobState.CANCELLED else "job.completed")
        succeeded = job.counts.get(RowState.SUCCEEDED, 0)
        note(job.pk, f"ended_{job.state}", succeeded=succeeded, others=(job.total_count or 0) - succeeded)
        return
    total = job.total_count or 0
    if not total or job.state == JobState.VALIDATING:
        return
    done_before = sum(count for state, count in before.items() if state not in OPEN)
    passed = [quarter for quarter in QUARTERS if done_before * 100 < quarter * total <= job.done_count * 100]
    if passed:
        announce(job, "job.progress", percent=passed[-1])
        note(job.pk, "progress", percent=passed[-1])


def announce(job: Job, event: str, **extra: Any) -> None:
    """Queue a webhook about the job, in the caller's transaction: ids and counts only."""
    emit(
        event,
        {"job_id": job.pk, "kind": job.kind, "state": str(job.state), "counts": dict(job.counts), **extra},
        agency_id=job.agency_id,
        endpoint_id=job.options.get("callback_id"),
    )
