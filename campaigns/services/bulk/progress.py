"""What a job tells of itself: counts, state, what it waits for. Computed from its rows, never counted along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import exp
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from campaigns.choices import JobKindName, RowState
from campaigns.domain.rows.states import OPEN, job_state_when_done
from campaigns.models import BulkRow
from campaigns.selectors.bulk.jobs import STALE_WAIT
from campaigns.services.bulk.doorbells import ring_prepare
from campaigns.services.bulk.following import pause_created_plans
from campaigns.services.bulk.verdicts import ASK_AT
from xmagnet.jobs.models import Job
from xmagnet.jobs.services import note
from xmagnet.jobs.states import JobState
from xmagnet.jobs.telling import tell_maker
from xmagnet.webhooks.services import emit

QUARTERS = (25, 50, 75)
#: the rate speaks of about the last so many seconds: long enough to bridge a limit's bursts, short enough to be now
RATE_MEMORY_SECONDS = 15.0
_SETTLED = (RowState.SUCCEEDED, RowState.FAILED, RowState.DEAD)


def count_rows(job_id: str) -> dict[str, int]:
    """Rows of the job by state."""
    rows = BulkRow.objects.filter(job_id=job_id).values_list("state").annotate(count=Count("id")).order_by()
    return dict(rows)


def refresh_job(job_id: str, *, account_id: int | None = None, wait: Mapping[str, Any] | None = None) -> Job | None:
    """Bring the job's row in line with its rows; finishes it when nothing is open. The job when it is still live.

    A drain says for its account why the job's rows wait, or with None that they do not; other accounts' waits stay.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None or not job.is_live:
            return None
        now = timezone.now()
        counts = count_rows(job_id)
        before = job.counts
        _note_wait(job, account_id, wait, now)
        if counts != before:
            _measure(job, before, counts, now)
            job.heartbeat_at = now
        job.counts = counts
        job.done_count = sum(count for state, count in counts.items() if state not in OPEN)
        _move(job, counts)
        if not job.is_live:
            job.waits = {}
        job.waiting_for = _foremost(job.waits)
        job.save(update_fields=_REFRESHED)
        _tell(job, before)
        return job


_REFRESHED = [
    "counts", "done_count", "heartbeat_at", "state", "finished_at", "waiting_for", "waits", "rate_per_second", "error",
]  # fmt: skip


def _note_wait(job: Job, account_id: int | None, wait: Mapping[str, Any] | None, now: datetime) -> None:
    """The waits that still hold: ours as it was just told, those of other accounts while they have open rows."""
    ours = str(account_id)
    waits = {key: told for key, told in job.waits.items() if key != ours and not _is_stale(told, now)}
    if waits:
        open_rows = BulkRow.objects.filter(job_id=job.pk, state__in=OPEN)
        waits = {key: told for key, told in waits.items() if open_rows.filter(account_id=int(key)).exists()}
    if wait and account_id is not None:
        waits[ours] = dict(wait)
    job.waits = waits


def _is_stale(told: Mapping[str, Any], now: datetime) -> bool:
    until = parse_datetime(told.get("until") or "")
    return not told.get("needs_person") and until is not None and until < now - STALE_WAIT


def _foremost(waits: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """What to show of all waits: first what a person must mend, then what lasts longest."""
    told = sorted(waits.values(), key=lambda wait: (bool(wait.get("needs_person")), wait.get("until") or ""))
    return {name: value for name, value in told[-1].items() if name != ASK_AT} if told else None


def _measure(job: Job, before: Mapping[str, int], counts: Mapping[str, int], now: datetime) -> None:
    """The rate of now: an average that forgets what was long ago, and what was not sent."""
    since = job.heartbeat_at or job.started_at
    settled = sum(counts.get(state, 0) - before.get(state, 0) for state in _SETTLED)
    if since is None or job.state not in {JobState.RUNNING, JobState.CANCELLING} or settled < 0:
        return
    begun = job.started_at or since
    elapsed = max((now - begun).total_seconds(), 0.001)
    if job.rate_per_second is None:
        if not settled:
            return
        rate = settled / elapsed
    else:
        # At first the plain average: the first burst of a limit lasts an instant and would promise too much for long.
        seconds = max((now - since).total_seconds(), 0.001)
        weight = max(1 - exp(-seconds / RATE_MEMORY_SECONDS), min(1.0, seconds / elapsed))
        rate = job.rate_per_second + (settled / seconds - job.rate_per_second) * weight
    job.rate_per_second = rate


def _needs_person(job: Job) -> bool:
    """Whether nothing of the job can move before somebody mends something."""
    waiting = [int(key) for key, told in job.waits.items() if told.get("needs_person")]
    if not waiting:
        return False
    return not BulkRow.objects.filter(job_id=job.pk, state__in=OPEN).exclude(account_id__in=waiting).exists()


def _move(job: Job, counts: Mapping[str, int]) -> None:
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
    elif job.state == JobState.RUNNING and _needs_person(job):
        job.state = JobState.PAUSED
        announce(job, "job.paused")
        tell_maker(job)
        note(job.pk, "paused", reason=(_foremost(job.waits) or {}).get("reason", ""))
    elif job.state == JobState.PAUSED and not _needs_person(job):
        job.state = JobState.RUNNING
        job.heartbeat_at = timezone.now()  # it stood still for a known reason
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
