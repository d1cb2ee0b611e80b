"""``@job_task``: a real, named Celery task around a function that gets a ``JobRun``.

The wrapper claims the job by UPDATE (a duplicate delivery finds nothing to claim), passes the gate again, keeps a
heartbeat and writes the outcome. The function does its work in many short transactions and reports progress between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from celery import shared_task
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import JobPrincipal, authorized
from xmagnet.core.context import request_id as request_id_context
from xmagnet.core.errors import DomainError
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.jobs.states import AT_WORK, JobState
from xmagnet.jobs.telling import tell_maker

HEARTBEAT_SECONDS = 10.0
logger = structlog.get_logger(__name__)


class JobCancelled(Exception):
    """Raised by ``JobRun.checkpoint`` when somebody cancelled the job."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """What is known of a kind of job."""

    kind: str
    queue: str
    permission: str
    soft_limit: int  # seconds
    max_attempts: int
    run: Callable[[JobRun], dict[str, Any] | None]
    task: Any


KINDS: dict[str, JobKind] = {}


@dataclass(slots=True)
class JobRun:
    """What a running job's function gets."""

    actor: Actor
    job_id: str
    params: dict[str, Any]
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Show how far it is; also a checkpoint."""
        values: dict[str, Any] = {"done_count": done, "heartbeat_at": timezone.now()}
        if total is not None:
            values["total_count"] = total
        if message:
            values["message"] = message[:300]
        with transaction.atomic():
            Job.objects.filter(pk=self.job_id).update(**values)
        self.checkpoint()

    def log(self, message: str, *, level: str = "info", **data: Any) -> None:
        """Add a line to the job's log."""
        with transaction.atomic():
            JobEvent(job_id=self.job_id, level=level, message=message[:500], data=data or None).save()

    def checkpoint(self) -> None:
        """Stop here if the job was cancelled."""
        with transaction.atomic():
            is_cancelled = Job.objects.filter(pk=self.job_id, cancel_requested_at__isnull=False).exists()
        if is_cancelled or self._cancelled.is_set():
            raise JobCancelled


def job_task(
    kind: str, *, queue: str, permission: str, soft_limit: int = 240, max_attempts: int = 3
) -> Callable[[Callable[[JobRun], dict[str, Any] | None]], Any]:
    """Declare a kind of job. ``soft_limit`` is seconds; ``max_attempts`` counts restarts after a worker's death.

    The decorated function may return a JSON-able result. ``DomainError`` means failed (foreseen), anything else
    errored (a bug).
    """

    def decorate(function: Callable[[JobRun], dict[str, Any] | None]) -> Any:
        def run(organization_id: int, job_id: str) -> None:
            run_job(kind, organization_id, job_id)

        run.__doc__ = function.__doc__
        task = shared_task(name=kind, soft_time_limit=soft_limit, time_limit=soft_limit + 60)(run)
        KINDS[kind] = JobKind(kind, queue, permission, soft_limit, max_attempts, function, task)
        return task

    return decorate


def run_job(kind: str, organization_id: int, job_id: str) -> None:
    """Claim and run one job; returns quietly when there is nothing to claim."""
    definition = KINDS[kind]
    with organization_scope(organization_id):
        job = _claim(job_id)
    if job is None:
        return
    principal = JobPrincipal(job.user_id, job.token_id, job.pk, job.request_id)
    token = request_id_context.set(job.request_id)
    structlog.contextvars.bind_contextvars(job_id=job.pk, request_id=job.request_id)
    try:
        with organization_scope(organization_id), _heartbeat(organization_id, job_id):
            _finish(job_id, *_outcome(definition, principal, organization_id, job))
    finally:
        structlog.contextvars.unbind_contextvars("job_id", "request_id")
        request_id_context.reset(token)


def _claim(job_id: str) -> Job | None:
    now = timezone.now()
    with transaction.atomic():
        claimed = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
            state=JobState.RUNNING,
            started_at=now,
            heartbeat_at=now,
            attempt_count=F("attempt_count") + 1,
            waiting_for=None,
        )
        return Job.objects.get(pk=job_id) if claimed else None


def _outcome(
    definition: JobKind, principal: JobPrincipal, organization_id: int, job: Job
) -> tuple[JobState, dict[str, Any] | None, dict[str, Any] | None]:
    try:
        with authorized(principal, organization_id, definition.permission, via="job") as actor:
            result = definition.run(JobRun(actor=actor, job_id=job.pk, params=job.params))
    except JobCancelled:
        return JobState.CANCELLED, None, None
    except DomainError as error:
        return JobState.FAILED, None, {"slug": error.slug, "title": error.title, "detail": error.detail}
    except Exception:  # a bug is an outcome too: the person sees it, the log has its trace
        logger.exception("job.errored", kind=definition.kind)
        detail = "Something went wrong inside X-Magnet. The request id helps us to find it."
        return JobState.ERRORED, None, {"slug": "internal-error", "title": "Internal error", "detail": detail}
    return JobState.SUCCEEDED, result, None


def _finish(job_id: str, state: JobState, result: dict[str, Any] | None, error: dict[str, Any] | None) -> None:
    now = timezone.now()
    with transaction.atomic():
        finished = Job.objects.filter(pk=job_id, state__in=AT_WORK).update(
            state=state, result=result, error=error, finished_at=now, heartbeat_at=now, waiting_for=None
        )
        if finished:
            tell_maker(Job.objects.get(pk=job_id))


@contextmanager
def _heartbeat(organization_id: int, job_id: str) -> Iterator[None]:
    """A thread that says "alive" while the function computes; it dies with the process, which is the point."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(HEARTBEAT_SECONDS):
                try:
                    with organization_scope(organization_id), transaction.atomic():
                        Job.objects.filter(pk=job_id, state__in=AT_WORK).update(heartbeat_at=timezone.now())
                except (OperationalError, InterfaceError):  # back soon, or the reaper is right
                    logger.warning("job.heartbeat_missed", job_id=job_id)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat-{job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)
