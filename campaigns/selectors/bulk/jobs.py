"""The job resource: counts, rate, and when it will be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.domain.rows.states import OPEN
from xmagnet.jobs.models import Job

#: states whose rows were never meant for the media
_NOT_SENT = {RowState.INVALID.value, RowState.CANCELLED.value}


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a row-driven job is."""

    counts: dict[str, int]  # by row state, with zeros, and ``total``
    share: float  # 0..1
    rows_per_second: float | None
    eta_at: datetime | None


def job_progress(job: Job) -> JobProgress:
    """Computed from the job's row alone."""
    counts = {state.value: job.counts.get(state.value, 0) for state in RowState}
    total = job.total_count or sum(counts.values())
    open_count = sum(counts[state] for state in OPEN)
    sent = sum(count for state, count in counts.items() if state not in OPEN and state not in _NOT_SENT)
    rate = eta = None
    if job.started_at is not None and sent:
        seconds = ((job.finished_at or timezone.now()) - job.started_at).total_seconds()
        rate = round(sent / max(seconds, 0.001), 2)
        if open_count and rate:
            eta = timezone.now() + timedelta(seconds=open_count / rate)
    share = round((total - open_count) / total, 4) if total else 0.0
    return JobProgress({"total": total, **counts}, share, rate, eta)


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
        "waiting_for": job.waiting_for,
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


def job_etag(job: Job) -> str:
    """Changes whenever the job's row does."""
    parts = [job.pk, job.state, job.counts, job.waiting_for, job.heartbeat_at, job.finished_at]
    return f'"{sha256(orjson.dumps(parts)).hexdigest()[:24]}"'
