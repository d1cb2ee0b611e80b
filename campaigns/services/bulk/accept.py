"""Taking a bulk request: job, rows and idempotency record in one transaction, so that the work is created once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.choices import JobKindName, RowState
from campaigns.services.bulk.doorbells import ring_prepare
from campaigns.services.bulk.intake import Body, IncomingRow, row_text
from campaigns.services.bulk.limits import JOB_DEADLINE, QUEUED_JOBS, RUNNING_JOBS
from campaigns.services.bulk.options import BulkOptions
from xmagnet.accounts.actor import Actor
from xmagnet.core.batches import ROWS, batches_of
from xmagnet.core.errors import Conflict, DomainError
from xmagnet.jobs.models import Job, new_job_id
from xmagnet.jobs.services import note
from xmagnet.jobs.states import LIVE_STATES
from xmagnet.web.models import IdempotencyRecord

IDEMPOTENCY_WAIT = "5s"


class IdempotencyKeyReused(DomainError):
    slug, status, title = "idempotency-key-reused", 422, "The idempotency key was used for another request"


class IdempotencyInProgress(Conflict):
    slug, title = "idempotency-in-progress", "A request with this key is just being accepted"


class JobLimitReached(Conflict):
    slug, title = "job-limit", "Too many active jobs"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What surrounds the rows of one request."""

    kind: str
    options: BulkOptions
    idempotency_key: str
    path: str  # the key's name space
    body_sha256: str
    permission: str = "plans:write"
    params: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    retry_of_id: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job, and whether it was already there."""

    job: Job
    is_replayed: bool


def accept(actor: Actor, rows: Iterable[IncomingRow], envelope: Envelope) -> Accepted:
    """Write job, rows and key in one transaction and ring; the same key and body give the job that is already there.

    Raises ``IdempotencyKeyReused``, ``IdempotencyInProgress``, ``JobLimitReached``, ``InvalidInput``,
    ``PayloadTooLarge`` and ``Forbidden``; then nothing was written.
    """
    actor.require(envelope.permission)
    if envelope.options.initial_status == "enabled":
        actor.require("plans:launch")
    job_id = new_job_id()
    digest = _request_sha256(envelope)
    with transaction.atomic():
        known = _claim_key(actor, envelope, digest, job_id)
        if known is not None:
            return Accepted(known, is_replayed=True)
        _require_room(actor)
        now = timezone.now()
        job = Job(
            id=job_id,
            organization_id=actor.organization_id,
            agency_id=actor.agency_id,
            kind=envelope.kind,
            is_row_driven=True,
            permission=envelope.permission,
            params=dict(envelope.params),
            options=envelope.options.as_record(),
            source=dict(envelope.source),
            idempotency_key=envelope.idempotency_key,
            retry_of_id=envelope.retry_of_id,
            user_id=actor.user_id,
            user_name=actor.user_name,
            token_id=actor.token_id,
            request_id=actor.request_id,
            created_at=now,
            heartbeat_at=now,
            deadline_at=now + JOB_DEADLINE,
        )
        job.save(force_insert=True)
        total = _copy_rows(job, rows)
        job.total_count = total
        job.counts = {RowState.RECEIVED.value: total}
        Job.objects.filter(pk=job.pk).update(total_count=total, counts=job.counts)
        note(job.pk, "accepted", by=actor.user_name, rows=total)
        ring_prepare(actor.organization_id, job.pk)
    return Accepted(job, is_replayed=False)


def accept_rows(
    actor: Actor,
    rows: Sequence[Mapping[str, Any]],
    *,
    options: BulkOptions,
    idempotency_key: str,
    kind: str = "",
    params: Mapping[str, Any] | None = None,
    permission: str = "plans:write",
    retry_of_id: str | None = None,
    source: Mapping[str, Any] | None = None,
) -> Accepted:
    """Accept rows that are already in memory: the web builder's, a retry's, a bulk change's."""
    kind = kind or (JobKindName.VALIDATE if options.validate_only else JobKindName.CREATE)
    envelope = Envelope(
        kind=kind,
        options=options,
        idempotency_key=idempotency_key,
        path=kind,
        body_sha256=sha256(orjson.dumps(list(rows))).hexdigest(),
        permission=permission,
        params=params or {},
        source=source or {"format": "json", "filename": "", "columns": []},
        retry_of_id=retry_of_id,
    )
    return accept(actor, (IncomingRow(line, dict(row)) for line, row in enumerate(rows, start=1)), envelope)


def source_of(body: Body, columns: Sequence[str]) -> dict[str, Any]:
    """What the job tells of the file it came from."""
    return {
        "format": body.format,
        "filename": body.filename[:200],
        "sha256": body.sha256,
        "bytes": body.size,
        "columns": list(columns),
    }


def _request_sha256(envelope: Envelope) -> str:
    options = orjson.dumps([envelope.kind, envelope.options.as_record(), dict(envelope.params)])
    return sha256(options + envelope.body_sha256.encode()).hexdigest()


def _claim_key(actor: Actor, envelope: Envelope, digest: str, job_id: str) -> Job | None:
    """Insert the key; None when it is ours now, else the job that it made. Waits for a request still in flight."""
    owner = f"agency:{actor.agency_id or 0}"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", [IDEMPOTENCY_WAIT])
            cursor.execute(
                "INSERT INTO web_idempotencyrecord"
                " (organization_id, owner, path, key, body_sha256, object_id, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
                [actor.organization_id, owner, envelope.path, envelope.idempotency_key, digest, job_id],
            )
            is_ours = cursor.rowcount == 1
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError:
        raise IdempotencyInProgress(_("Try again in a few seconds.")) from None
    if is_ours:
        return None
    record = IdempotencyRecord.objects.get(owner=owner, path=envelope.path, key=envelope.idempotency_key)
    if record.body_sha256 != digest:
        raise IdempotencyKeyReused(_("Use a new Idempotency-Key for a changed request."))
    return Job.objects.get(pk=record.object_id)


def _require_room(actor: Actor) -> None:
    live = Job.objects.filter(is_row_driven=True, agency_id=actor.agency_id, state__in=LIVE_STATES).count()
    if live >= RUNNING_JOBS + QUEUED_JOBS:
        raise JobLimitReached(
            _("%(running)d jobs may run and %(queued)d may wait; wait for one to finish.")
            % {"running": RUNNING_JOBS, "queued": QUEUED_JOBS}
        )


def _copy_rows(job: Job, rows: Iterable[IncomingRow]) -> int:
    """COPY into a temporary table, then one INSERT: COPY itself is refused on tables with row-level security."""
    count = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS campaigns_incoming"
            " (row_index int, line int, client_ref text, source jsonb) ON COMMIT DELETE ROWS"
        )
        for batch in batches_of(rows, ROWS):  # rows may come from this database: not while a COPY has the connection
            with cursor.copy("COPY campaigns_incoming (row_index, line, client_ref, source) FROM STDIN") as copy:
                for row in batch:
                    copy.write_row((count, row.line, _client_ref(row.source), row_text(row, count)))
                    count += 1
        cursor.execute(
            "INSERT INTO campaigns_bulkrow (organization_id, job_id, row_index, line, client_ref, source, state,"
            " outcome, row_key, plan_remote_id, attempt_count, generation, owner, lease_expiry_count, next_at)"
            " SELECT %s, %s, row_index, line, client_ref, source, 'received', '', '', '', 0, 0, '', 0, now()"
            " FROM campaigns_incoming ORDER BY row_index",
            [job.organization_id, job.pk],
        )
        cursor.execute("DELETE FROM campaigns_incoming")
    return count


def _client_ref(source: Mapping[str, Any]) -> str:
    """The reference as far as it is usable; whether it is right is for the row's own check to say."""
    value = source.get("client_ref")
    return str(value).strip()[:64].replace("\0", "") if isinstance(value, (str, int)) else ""
