"""Received rows → invalid or queued, in short transactions; may be killed and started again anywhere."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.domain.rows.keys import row_key
from campaigns.models import BulkRow
from campaigns.services.bulk.doorbells import ring_drain, ring_prepare
from campaigns.services.bulk.executors import CheckedRow, Kind, RowChecker, SourceRow
from campaigns.services.bulk.kinds import KINDS
from campaigns.services.bulk.limits import RUNNING_JOBS
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.progress import announce, refresh_job
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import JobPrincipal, authorized
from xmagnet.core.batches import rows_by_key
from xmagnet.core.errors import DomainError
from xmagnet.core.locks import Lock, transaction_lock, try_session_lock
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.services import note
from xmagnet.jobs.states import JobState

logger = structlog.get_logger(__name__)
_BUSY = (JobState.VALIDATING, JobState.RUNNING, JobState.PAUSED, JobState.CANCELLING)


def prepare_job(organization_id: int, job_id: str, policy: EnginePolicy) -> None:
    """Check the job's received rows and let its accounts begin. Nothing to do is quietly nothing."""
    with (
        organization_scope(organization_id),
        try_session_lock(Lock.JOB_PREPARE, zlib.crc32(job_id.encode())) as is_held,
    ):
        if not is_held:
            return
        job = _start(job_id)
        if job is None:
            return
        kind = KINDS[job.kind]
        principal = JobPrincipal(job.user_id, job.token_id, job.pk, job.request_id)
        try:
            with authorized(principal, organization_id, job.permission, via="job") as actor:
                is_whole = _check_all(job, actor, kind, policy)
        except DomainError as error:
            _refuse(job, error)
            return
        if is_whole:
            _finish_checking(job, kind)


def _start(job_id: str) -> Job | None:
    """The job, now validating; None when it is not its turn. At most ``RUNNING_JOBS`` of an agency run at once."""
    with transaction.atomic():
        job = Job.objects.filter(pk=job_id, is_row_driven=True).first()
        if job is None or job.state not in {JobState.QUEUED, JobState.VALIDATING}:
            return None
        if job.state == JobState.QUEUED:
            transaction_lock(Lock.JOB_START, job.agency_id or 0)
            running = Job.objects.filter(is_row_driven=True, agency_id=job.agency_id, state__in=_BUSY).count()
            if running >= RUNNING_JOBS:
                return None
            job.state, job.started_at = JobState.VALIDATING, timezone.now()
            begun = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
                state=job.state, started_at=job.started_at, heartbeat_at=job.started_at
            )
            if begun:
                note(job_id, "checking")
    return job


def _check_all(job: Job, actor: Actor, kind: Kind, policy: EnginePolicy) -> bool:
    """Check chunk after chunk; False when the job was cancelled meanwhile."""
    with transaction.atomic():
        checker: RowChecker = kind.checker(actor, job)
        checker.remember(_checked_before(job))
    while True:
        with transaction.atomic():
            if not Job.objects.filter(pk=job.pk, state=JobState.VALIDATING).exists():
                return False
            rows = list(
                BulkRow.objects.filter(job_id=job.pk, state=RowState.RECEIVED, spec__isnull=True)
                .order_by("row_index")
                .values_list("id", "row_index", "line", "source")[: policy.check_chunk_rows]
            )
            if not rows:
                return True
            checked = checker.check([SourceRow(index, line, source) for _, index, line, source in rows])
            _store(job, kind, [row_id for row_id, *_ in rows], checked)
            refresh_job(job.pk)


def _checked_before(job: Job) -> Iterator[CheckedRow]:
    rows = BulkRow.objects.filter(job_id=job.pk).exclude(state=RowState.RECEIVED, spec__isnull=True)
    known = rows.values_list("row_index", "line", "client_ref", "account_id", "spec")
    return (CheckedRow(*values) for values in rows_by_key(known, "row_index"))


def _store(job: Job, kind: Kind, row_ids: Sequence[int], checked: Sequence[CheckedRow]) -> None:
    is_waiting = job.options.get("on_error") == "abort" and kind.executor is not None
    good = RowState.RECEIVED if is_waiting else RowState.QUEUED if kind.executor else RowState.SUCCEEDED
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "organization": job.organization_id,
                "ids": list(row_ids),
                "states": [str(RowState.INVALID if row.problems else good) for row in checked],
                "accounts": [row.account_id for row in checked],
                "specs": [orjson.dumps(row.spec).decode() if row.spec else None for row in checked],
                "errors": [_json([problem.as_record() for problem in row.problems]) for row in checked],
                "warnings": [_json([problem.as_record() for problem in row.warnings]) for row in checked],
                "keys": [row_key(row_id) for row_id in row_ids],
            },
        )
    if good == RowState.QUEUED:
        for account_id in {row.account_id for row in checked if row.account_id and not row.problems}:
            ring_drain(job.organization_id, account_id)


def _json(records: list[dict[str, Any]]) -> str | None:
    return orjson.dumps(records).decode() if records else None


def _finish_checking(job: Job, kind: Kind) -> None:
    """All rows are checked: with ``abort`` decide for all of them, then let the job run."""
    with transaction.atomic():
        live = Job.objects.select_for_update().filter(pk=job.pk, state=JobState.VALIDATING)
        if not live.exists():
            return
        rows = BulkRow.objects.filter(job_id=job.pk)
        if kind.executor is not None and job.options.get("on_error") == "abort":
            waiting = rows.filter(state=RowState.RECEIVED)
            if rows.filter(state=RowState.INVALID).exists():
                aborted = [{"field": "", "code": "aborted", "params": {}}]
                waiting.update(state=RowState.CANCELLED, errors=aborted, finished_at=timezone.now())
            else:
                accounts = set(waiting.values_list("account_id", flat=True))
                waiting.update(state=RowState.QUEUED, next_at=timezone.now())
                for account_id in accounts:
                    ring_drain(job.organization_id, account_id)
        live.update(state=JobState.RUNNING, heartbeat_at=timezone.now())
        announce(job, "job.validated")
        total, invalid = job.total_count or 0, rows.filter(state=RowState.INVALID).count()
        note(job.pk, "checked", valid=total - invalid, invalid=invalid)
        refresh_job(job.pk)


def _refuse(job: Job, error: DomainError) -> None:
    """The person (or their token) may no longer do this: nothing is sent."""
    with transaction.atomic():
        forbidden = [{"field": "", "code": "forbidden", "params": {}}]
        now = timezone.now()
        BulkRow.objects.filter(Q(job_id=job.pk) & Q(state__in=[RowState.RECEIVED, RowState.QUEUED])).update(
            state=RowState.CANCELLED, errors=forbidden, finished_at=now
        )
        Job.objects.filter(pk=job.pk, state=JobState.VALIDATING).update(
            state=JobState.RUNNING,
            error={"slug": "forbidden-scope", "title": str(error.title), "detail": str(error.detail)},
        )
        note(job.pk, "refused")
        refresh_job(job.pk)


def prepare_waiting_jobs(organization_id: int) -> None:
    """In the organization in scope: ring for jobs whose rows wait to be checked, oldest first."""
    waiting = Job.objects.filter(is_row_driven=True, state__in=[JobState.QUEUED, JobState.VALIDATING])
    for job_id in waiting.order_by("created_at").values_list("id", flat=True)[: RUNNING_JOBS * 4]:
        ring_prepare(organization_id, job_id)


_STORE = """
UPDATE campaigns_bulkrow AS row
   SET state = checked.state, account_id = checked.account, spec = checked.spec::jsonb,
       errors = checked.errors::jsonb, warnings = checked.warnings::jsonb, row_key = checked.key, next_at = now(),
       finished_at = CASE WHEN checked.state IN ('invalid', 'succeeded') THEN now() END
  FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(accounts)s::bigint[], %(specs)s::text[], %(errors)s::text[],
              %(warnings)s::text[], %(keys)s::text[])
       AS checked (id, state, account, spec, errors, warnings, key)
 WHERE row.organization_id = %(organization)s AND row.id = checked.id AND row.state = 'received'
"""
