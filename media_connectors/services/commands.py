"""Writes to a media that are never lost and never sent twice.

    commands = open_commands(account_id, drafts)        # durable, one statement; before anything is sent
    outcomes = [send(line, command) for command in commands if command.may_send]   # outside any transaction
    settle(outcomes)                                    # one statement, together with the caller's own rows

A command whose answer was lost is UNKNOWN, one whose sender died stays IN_FLIGHT: after a settle time
``claim_unsettled`` fences the old sender off and ``services.read_back`` asks the media what became of it. What was
certainly not carried out is ABSENT and may be opened again under the same key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from media_connectors.choices import CommandState
from media_connectors.contracts import CampaignDraft, CreativeDraft, ItemResult, PlanChange, PlanDraft
from media_connectors.errors import (
    AccountRefused,
    AuthExpired,
    AuthRevoked,
    MediaError,
    OutOfFunds,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Rejected,
    Transient,
    Withdrawn,
)
from media_connectors.gateway.limits import LONGEST_WAIT_SECONDS
from media_connectors.gateway.line import AccountLine
from media_connectors.http import TIMEOUT_SECONDS, wanted_while
from media_connectors.models import OutboundCommand
from media_connectors.services.access import whole_refusal
from xmagnet.core.scope import require_organization_id

#: how long an opened command belongs to its sender
LEASE_SECONDS = 60.0
#: a send may wait for its slot and then for its answer; with less of the lease left it does not begin
SEND_SECONDS = LONGEST_WAIT_SECONDS + TIMEOUT_SECONDS + 5.0
#: the media's read lag: a lost answer is not looked for before its write can be seen
SETTLE_SECONDS = 30.0
#: what lets a command be sent again: nothing was carried out
_NOT_CARRIED_OUT = (
    RateLimited, QuotaExhausted, Transient, AuthExpired, AuthRevoked, AccountRefused, OutOfFunds, Withdrawn,
)  # fmt: skip

Payload = CampaignDraft | PlanDraft | CreativeDraft | tuple[PlanChange, ...]


@dataclass(frozen=True, slots=True)
class CommandDraft:
    """What to ask of the media. The key must be the same whenever the same thing is meant, at most 80 characters."""

    idempotency_key: str
    payload: Payload
    job_id: str = ""
    row_id: int | None = None


@dataclass(frozen=True, slots=True)
class CommandError:
    """Why a command did not succeed, for rows and pages. ``kind`` is the error's class name."""

    kind: str
    message: str
    code: str = ""
    field: str = ""
    request_id: str = ""
    scope: str = ""  # of a limit: endpoint, account, global
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """An opened command. Only one with ``may_send`` was opened by this caller; the others tell what happened before."""

    id: int
    account_id: int
    idempotency_key: str
    operation: str
    state: CommandState
    generation: int
    attempt_count: int
    remote_id: str = ""
    error: dict[str, Any] | None = None
    payload: Payload | None = None
    target: dict[str, Any] = field(default_factory=dict)  # what reading back needs
    may_send: bool = False
    send_before: float = 0.0  # monotonic instant of this process
    job_id: str = ""
    row_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command. CONFIRMED, REJECTED, UNKNOWN, or ABSENT: not carried out, may be opened again."""

    command_id: int
    generation: int
    state: CommandState
    remote_id: str = ""
    items: tuple[ItemResult, ...] = ()  # of change_plans, in the order of its changes
    error: CommandError | None = None


def open_commands(
    account_id: int,
    drafts: Sequence[CommandDraft],
    *,
    lease_seconds: float = LEASE_SECONDS,
    send_seconds: float = SEND_SECONDS,
) -> list[Command]:
    """Make commands IN_FLIGHT, many in one statement, committed before this returns; in the order of the drafts.

    An existing key is returned with its state and without ``may_send``, except one that is ABSENT, which is opened
    anew under the next generation. Raises ``ValueError`` when a key comes twice or was used for something else, and
    ``RuntimeError`` inside a transaction, where nothing would be durable.
    """
    if not drafts:
        return []
    if len({draft.idempotency_key for draft in drafts}) != len(drafts):
        raise ValueError("a key comes twice")
    rows = [(draft, _operation(draft.payload), _target(draft.payload), _digest(draft.payload)) for draft in drafts]
    send_before = time.monotonic() + lease_seconds - send_seconds
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "organization": require_organization_id(),
                "account": account_id,
                "keys": [draft.idempotency_key for draft in drafts],
                "operations": [operation for _, operation, _, _ in rows],
                "payloads": [orjson.dumps(target).decode() for _, _, target, _ in rows],
                "digests": [digest for _, _, _, digest in rows],
                "jobs": [draft.job_id for draft in drafts],
                "rows": [draft.row_id for draft in drafts],
            },
        )
        opened = {key: (pk, generation, attempts) for pk, key, generation, attempts in cursor.fetchall()}
        known = {}
        if len(opened) < len(drafts):
            keys = [draft.idempotency_key for draft in drafts if draft.idempotency_key not in opened]
            found = OutboundCommand.objects.filter(account_id=account_id, idempotency_key__in=keys)
            known = {command.idempotency_key: command for command in found}
    commands = []
    for draft, operation, target, digest in rows:
        if draft.idempotency_key in opened:
            pk, generation, attempts = opened[draft.idempotency_key]
            commands.append(
                Command(
                    id=pk,
                    account_id=account_id,
                    idempotency_key=draft.idempotency_key,
                    operation=operation,
                    state=CommandState.IN_FLIGHT,
                    generation=generation,
                    attempt_count=attempts,
                    payload=draft.payload,
                    target=target,
                    may_send=True,
                    send_before=send_before,
                    job_id=draft.job_id,
                    row_id=draft.row_id,
                )
            )
            continue
        existing = known[draft.idempotency_key]
        if existing.payload_sha256 != digest:
            raise ValueError(f"the key {draft.idempotency_key} was used for something else")
        commands.append(_as_command(existing))
    return commands


def send(line: AccountLine, command: Command, *, is_wanted: Callable[[], bool] = lambda: True) -> Outcome:
    """Send a command once and say what became of it; from any thread, never inside a transaction.

    ``is_wanted`` is asked when the call had to wait for its turn; False: it is not sent, and ABSENT. Media errors
    become outcomes; only programming errors are raised.
    """
    if not command.may_send or command.payload is None:
        raise ValueError("only a command opened by this caller may be sent")
    if time.monotonic() > command.send_before:
        late = CommandError(kind="LeaseTooShort", message="not sent: its lease was nearly over")
        return Outcome(command.id, command.generation, CommandState.ABSENT, error=late)
    try:
        with wanted_while(is_wanted):
            return _carried_out(line, command, command.payload)
    except PermissionDenied as error:
        return outcome_of_error(command, whole_refusal(line, error))
    except MediaError as error:
        return outcome_of_error(command, error)


def _carried_out(line: AccountLine, command: Command, payload: Payload) -> Outcome:
    if isinstance(payload, CampaignDraft):
        remote_id = line.call(lambda connector, access: connector.create_campaign(access, payload))
    elif isinstance(payload, PlanDraft):
        remote_id = line.call(lambda connector, access: connector.create_plan(access, payload))
    elif isinstance(payload, CreativeDraft):
        remote_id = line.call(lambda connector, access: connector.create_creative(access, payload))
    else:
        items = line.call(lambda connector, access: connector.change_plans(access, payload))
        return Outcome(command.id, command.generation, CommandState.CONFIRMED, items=items)
    return Outcome(command.id, command.generation, CommandState.CONFIRMED, remote_id=remote_id)


def settle(outcomes: Iterable[Outcome]) -> set[int]:
    """Write outcomes down in one statement, in the caller's transaction if there is one; the ids that were taken.

    An outcome of an old generation is ignored: somebody else has decided meanwhile.
    """
    settled = list(outcomes)
    if not settled:
        return set()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _SETTLE,
            {
                "organization": require_organization_id(),
                "ids": [outcome.command_id for outcome in settled],
                "generations": [outcome.generation for outcome in settled],
                "states": [str(outcome.state) for outcome in settled],
                "remote_ids": [outcome.remote_id for outcome in settled],
                "errors": [orjson.dumps(outcome.error).decode() if outcome.error else None for outcome in settled],
            },
        )
        return {pk for (pk,) in cursor.fetchall()}


def claim_unsettled(
    account_id: int,
    *,
    limit: int = 50,
    settle_seconds: float = TIMEOUT_SECONDS + SETTLE_SECONDS,
    lease_seconds: float = LEASE_SECONDS,
) -> list[Command]:
    """Commands whose answer was lost or whose sender died, long enough ago to be read back; oldest first.

    The generation moves on, so that a sender that still lives cannot settle them any more.
    """
    now = timezone.now()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "organization": require_organization_id(),
                "account": account_id,
                "unknown_before": now - timedelta(seconds=settle_seconds),
                "in_flight_before": now - timedelta(seconds=lease_seconds),
                "limit": limit,
            },
        )
        ids = [pk for (pk,) in cursor.fetchall()]
        found = OutboundCommand.objects.filter(pk__in=ids).order_by("sent_at", "pk")
        return [_as_command(command) for command in found]


def forget_commands(row_ids: Sequence[int]) -> int:
    """Delete the settled commands of rows that are being deleted; how many. Open ones are still to be read back."""
    settled = OutboundCommand.objects.filter(row_id__in=row_ids)
    count, _ = settled.exclude(state__in=[CommandState.IN_FLIGHT, CommandState.UNKNOWN]).delete()
    return count


def outcome_of_error(command: Command, error: MediaError) -> Outcome:
    """What an error of a write means for its command."""
    if not error.is_definite:
        state = CommandState.UNKNOWN
    elif isinstance(error, _NOT_CARRIED_OUT):
        state = CommandState.ABSENT
    else:
        state = CommandState.REJECTED
    return Outcome(command.id, command.generation, state, error=command_error(error))


def command_error(error: MediaError) -> CommandError:
    """A media error as a record."""
    retry_at = None
    if isinstance(error, RateLimited):
        retry_at = timezone.now() + timedelta(seconds=error.retry_after)
    elif isinstance(error, QuotaExhausted):
        retry_at = error.resets_at
    return CommandError(
        kind=type(error).__name__,
        message=error.message,
        code=error.code,
        field=error.field if isinstance(error, Rejected) else "",
        request_id=error.request_id,
        scope=error.scope if isinstance(error, RateLimited) else "",
        retry_at=retry_at,
    )


def _operation(payload: Payload) -> str:
    if isinstance(payload, CampaignDraft):
        return "create_campaign"
    if isinstance(payload, PlanDraft):
        return "create_plan"
    return "create_creative" if isinstance(payload, CreativeDraft) else "change_plans"


def _target(payload: Payload) -> dict[str, Any]:
    """What is needed to look for the effect of a command: names and parents, or the values that should stand."""
    if isinstance(payload, CampaignDraft):
        return {"name": payload.name}
    if isinstance(payload, PlanDraft):
        return {"name": payload.name, "campaign_remote_id": payload.campaign_remote_id}
    if isinstance(payload, CreativeDraft):
        return {"name": payload.name, "plan_remote_id": payload.plan_remote_id}
    changes: list[dict[str, Any]] = orjson.loads(orjson.dumps(payload))
    return {"changes": [{name: value for name, value in change.items() if value is not None} for change in changes]}


def _digest(payload: Payload) -> str:
    return sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _as_command(row: OutboundCommand) -> Command:
    return Command(
        id=row.pk,
        account_id=row.account_id,
        idempotency_key=row.idempotency_key,
        operation=row.operation,
        state=CommandState(row.state),
        generation=row.generation,
        attempt_count=row.attempt_count,
        remote_id=row.remote_id,
        error=row.error,
        target=row.payload,
        job_id=row.job_id,
        row_id=row.row_id,
    )


_OPEN = """
INSERT INTO media_connectors_outboundcommand AS command (
    organization_id, account_id, idempotency_key, operation, state, payload, payload_sha256,
    generation, attempt_count, remote_id, job_id, row_id, sent_at)
SELECT %(organization)s, %(account)s, draft.key, draft.operation, 'in_flight', draft.payload::jsonb, draft.digest,
       1, 1, '', draft.job, draft.row, now()
  FROM unnest(%(keys)s::text[], %(operations)s::text[], %(payloads)s::text[], %(digests)s::text[],
              %(jobs)s::text[], %(rows)s::bigint[]) AS draft (key, operation, payload, digest, job, row)
ON CONFLICT (organization_id, account_id, idempotency_key) DO UPDATE
   SET state = 'in_flight', generation = command.generation + 1, attempt_count = command.attempt_count + 1,
       payload = EXCLUDED.payload, payload_sha256 = EXCLUDED.payload_sha256, sent_at = now(), settled_at = NULL,
       error = NULL, job_id = EXCLUDED.job_id, row_id = EXCLUDED.row_id
 WHERE command.state = 'absent'
RETURNING command.id, command.idempotency_key, command.generation, command.attempt_count
"""

_SETTLE = """
UPDATE media_connectors_outboundcommand AS command
   SET state = outcome.state, remote_id = outcome.remote_id, error = outcome.error::jsonb, settled_at = now()
  FROM unnest(%(ids)s::bigint[], %(generations)s::int[], %(states)s::text[], %(remote_ids)s::text[],
              %(errors)s::text[]) AS outcome (id, generation, state, remote_id, error)
 WHERE command.organization_id = %(organization)s AND command.id = outcome.id
   AND command.generation = outcome.generation AND command.state IN ('in_flight', 'unknown')
RETURNING command.id
"""

_CLAIM = """
UPDATE media_connectors_outboundcommand AS command
   SET state = 'unknown', generation = command.generation + 1, sent_at = now()
 WHERE command.organization_id = %(organization)s AND command.id IN (
    SELECT id FROM media_connectors_outboundcommand
     WHERE organization_id = %(organization)s AND account_id = %(account)s
       AND (state = 'unknown' AND sent_at < %(unknown_before)s
            OR state = 'in_flight' AND sent_at < %(in_flight_before)s)
     ORDER BY sent_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING command.id
"""
