"""Enqueueing, cancelling and rescuing jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import Conflict, NotFound
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.jobs.states import AT_WORK, LIVE_STATES, JobState
from xmagnet.jobs.task import KINDS
from xmagnet.jobs.telling import tell_maker

#: a running job without a heartbeat for so long has lost its worker (the heartbeat comes every 10 s)
LOST_AFTER = timedelta(seconds=60)
#: a queued job whose message has not arrived for so long is rung again
RING_AGAIN_AFTER = timedelta(seconds=20)


class AlreadyRunning(Conflict):
    """A live job with the same key exists; ``job_id`` names it."""

    slug = "already-running"

    def __init__(self, job_id: str) -> None:
        super().__init__(_("This is already running."))
        self.job_id = job_id


def enqueue(actor: Actor, kind: str, params: dict[str, Any], *, dedupe_key: str = "", total: int | None = None) -> Job:
    """Write the job in the caller's transaction and ring on commit; raises ``AlreadyRunning``."""
    definition = KINDS[kind]
    actor.require(definition.permission)
    try:
        with transaction.atomic():
            job = Job(
                organization_id=actor.organization_id,
                agency_id=actor.agency_id,
                kind=kind,
                permission=definition.permission,
                params=params,
                dedupe_key=dedupe_key,
                total_count=total,
                user_id=actor.user_id,
                user_name=actor.user_name,
                token_id=actor.token_id,
                request_id=actor.request_id,
            )
            job.save(force_insert=True)
    except IntegrityError:
        live = Job.objects.filter(kind=kind, dedupe_key=dedupe_key, state__in=LIVE_STATES).first()
        if live is None:
            raise
        raise AlreadyRunning(live.pk) from None
    ring(job)
    return job


def note(job_id: str, code: str, **data: Any) -> None:
    """A line of the job's log, in the caller's transaction: a code that the pages have words for, and its figures."""
    JobEvent(job_id=job_id, message=code, data=data or None).save()


def ring(job: Job) -> None:
    """Send the doorbell when the surrounding transaction commits."""
    definition = KINDS[job.kind]
    organization_id, job_id = job.organization_id, job.pk
    transaction.on_commit(
        lambda: definition.task.apply_async(args=[organization_id, job_id], queue=definition.queue), robust=True
    )


def request_cancel(actor: Actor, job_id: str) -> Job:
    """Ask a task-driven job to stop at its next checkpoint; a queued one stops at once.

    Raises ``NotFound``, also for a row-driven job: its rows must be cancelled with it, which is their service's to do;
    ``Conflict`` when the job is already finished.
    """
    actor.require("jobs:write")
    from xmagnet.jobs.selectors import visible_jobs

    with transaction.atomic():
        job = visible_jobs(actor).select_for_update().filter(pk=job_id, is_row_driven=False).first()
        if job is None:
            raise NotFound
        if not job.is_live:
            raise Conflict(_("The job is already finished."))
        now = timezone.now()
        job.cancel_requested_at = now
        if job.state == JobState.QUEUED:
            job.state, job.finished_at = JobState.CANCELLED, now
        job.save()
        record(actor, Entry("job.cancelled", "job", job.pk, job.kind, agency_id=job.agency_id))
        return job


def reap() -> int:
    """In the organization in scope: ring queued jobs again; restart, end or give up jobs whose worker died."""
    now = timezone.now()
    touched = 0
    with transaction.atomic():
        waiting = Job.objects.filter(
            state=JobState.QUEUED, is_row_driven=False, kind__in=KINDS, created_at__lt=now - RING_AGAIN_AFTER
        )
        for job in waiting[:200]:
            ring(job)
        dead = Job.objects.select_for_update(skip_locked=True).filter(
            state__in=AT_WORK, is_row_driven=False, heartbeat_at__lt=now - LOST_AFTER
        )
        for job in dead[:200]:
            definition = KINDS.get(job.kind)
            if job.state == JobState.CANCELLING:
                job.state, job.finished_at = JobState.CANCELLED, now
            elif definition and job.attempt_count < definition.max_attempts:
                job.state = JobState.QUEUED
                ring(job)
            else:
                job.state, job.finished_at = JobState.LOST, now
                job.error = {"slug": "lost", "title": "Lost", "detail": "The worker died several times on this job."}
            job.save(update_fields=["state", "finished_at", "error"])
            if job.state == JobState.LOST:
                tell_maker(job)
            touched += 1
    return touched
