"""The job resource: counts, rate, and when it will be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from campaigns.choices import RowState
from campaigns.domain.rows.states import OPEN
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState

#: states whose rows were never meant for the media
_NOT_SENT = {RowState.INVALID.value, RowState.CANCELLED.value}
_SENDING = {JobState.RUNNING, JobState.CANCELLING}
#: no row settled for so long: the rate of before promises nothing
STILL = timedelta(seconds=60)
#: nothing of the job moved for so long, and nothing is known that it waits for
STALLED = timedelta(seconds=120)
#: a wait whose end is so long over belongs to a worker that died with it
STALE_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a row-driven job is."""

    counts: dict[str, int]  # by row state, with zeros, and ``total``
    share: float  # 0..1
    rows_per_second: float | None  # now; of a finished job over its whole time
    eta_at: datetime | None


def job_progress(job: Job, now: datetime | None = None) -> JobProgress:
    """Computed from the job's row alone, as it is at ``now``."""
    counts = {state.value: job.counts.get(state.value, 0) for state in RowState}
    total = job.total_count or sum(counts.values())
    open_count = sum(counts[state] for state in OPEN)
    sent = sum(count for state, count in counts.items() if state not in OPEN and state not in _NOT_SENT)
    now = now or timezone.now()
    is_still = job.state == JobState.PAUSED or (job_wait(job, now) or {}).get("reason") == "stalled"
    rate = None if is_still else job.rate_per_second
    if job.finished_at is not None:
        rate = None
        if job.started_at is not None and sent:
            rate = sent / max((job.finished_at - job.started_at).total_seconds(), 0.001)
    share = round((total - open_count) / total, 4) if total else 0.0
    return JobProgress(
        {"total": total, **counts},
        share,
        None if rate is None else round(rate, 2),
        _eta(job, open_count, now),
    )


def _eta(job: Job, open_count: int, now: datetime) -> datetime | None:
    """When the job will be done if it goes on as in the last half minute, after what it waits for; None where nobody
    can know: before the first rows are settled, while a person must mend something, or when nothing moves."""
    wait = job.waiting_for or {}
    if job.state not in _SENDING or not open_count or not job.rate_per_second or wait.get("needs_person"):
        return None
    until = parse_datetime(wait.get("until") or "")
    is_still = job.heartbeat_at is None or now - job.heartbeat_at > STILL
    if is_still and (until is None or until < now):
        return None
    return max(now, until or now) + timedelta(seconds=open_count / job.rate_per_second)


def job_wait(job: Job, now: datetime | None = None) -> dict[str, Any] | None:
    """Why the job's rows wait: what a worker said of it, or ``stalled`` when nothing moves and nobody says why.

    Asked of the clock when it is read, so that it is true also when no worker is left to write it down.
    """
    now = now or timezone.now()
    told: dict[str, Any] | None = job.waiting_for
    until = parse_datetime((told or {}).get("until") or "")
    if told is not None and (until is None or until >= now - STALE_WAIT):
        return told
    moved_at = job.heartbeat_at or job.started_at
    if not job.is_row_driven or job.state not in _SENDING or moved_at is None or now - moved_at < STALLED:
        return None
    return {"reason": "stalled", "account_id": "", "until": None, "needs_person": False}


def job_resource(job: Job, *, base: str) -> dict[str, Any]:
    """The JSON of the API. ``base`` is the job's own address."""
    progress = job_progress(job)
    source = {key: value for key, value in (job.source or {}).items() if key != "columns"} or None
    return {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "validate_only": bool(job.options.get("validate_only")),
        "on_error": job.options.get("on_error", "continue"),
        "initial_status": job.options.get("initial_status", "paused"),
        "counts": progress.counts,
        "progress": progress.share,
        "rows_per_second": progress.rows_per_second,
        "eta_at": progress.eta_at,
        "waiting_for": _wait(job_wait(job)),
        "created_by": job.user_name,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "heartbeat_at": job.heartbeat_at,
        "finished_at": job.finished_at,
        "deadline_at": job.deadline_at,
        "idempotency_key": job.idempotency_key,
        "source": source,
        "retry_of": job.retry_of_id,
        "request_id": job.request_id,
        "error": job.error,
        "links": {name: f"{base}/{name}" for name in ("rows", "results", "cancel", "retry")},
    }


def _wait(told: dict[str, Any] | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {name: told.get(name) for name in ("reason", "account_id", "until", "needs_person", "job_id")}


def job_etag(job: Job) -> str:
    """Changes whenever what the resource says does: the job's row, and that nothing of it moves."""
    parts = [job.pk, job.state, job.counts, job_wait(job), job.heartbeat_at, job.finished_at]
    return f'"{sha256(orjson.dumps(parts)).hexdigest()[:24]}"'
