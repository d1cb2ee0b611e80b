"""The row machine in SQL: claim, renew, finish (fenced), expire, wake. Every statement binds the organization first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.executors import ClaimedRow, Verdict
from xmagnet.core.scope import require_organization_id


def claim(
    account_id: int, *, owner: str, limit: int, lease_seconds: float, lone_from: int, may_claim_lone: bool
) -> list[ClaimedRow]:
    """Lease due rows of the account in input order.

    A row whose workers died ``lone_from`` times comes alone, and only when ``may_claim_lone`` (nothing else is in
    flight).
    """
    organization_id = require_organization_id()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE, {"organization": organization_id, "account": account_id, "limit": limit})
        due = cursor.fetchall()
        ids: list[int] = []
        for row_id, deaths in due:
            if deaths >= lone_from:
                ids = ids or ([row_id] if may_claim_lone else [])
                break
            ids.append(row_id)
        if not ids:
            return []
        cursor.execute(_CLAIM, {"organization": organization_id, "ids": ids, "owner": owner, "lease": lease_seconds})
        return [_claimed(values) for values in sorted(cursor.fetchall(), key=lambda values: values[0])]


def _claimed(values: tuple[Any, ...]) -> ClaimedRow:
    """A row of ``_CLAIM``; Django leaves jsonb to us, as text."""
    *columns, spec, warnings = values
    told = orjson.loads(warnings) if warnings else None
    return ClaimedRow(*columns, orjson.loads(spec), told)  # type: ignore[call-arg]  # the columns of _CLAIM


def renew(rows: Sequence[ClaimedRow], *, lease_seconds: float) -> set[int]:
    """A fresh lease for rows not sent yet; the ids that are still ours."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _RENEW,
            {
                "organization": require_organization_id(),
                "ids": [row.id for row in rows],
                "generations": [row.generation for row in rows],
                "lease": lease_seconds,
            },
        )
        return {row_id for (row_id,) in cursor.fetchall()}


def finish(
    verdicts: Sequence[Verdict], record: Callable[[Sequence[Verdict]], Mapping[int, int]]
) -> tuple[Verdict, ...]:
    """Write verdicts down, in the caller's transaction; those whose fence held. A zombie's late word matches nothing.

    ``record`` writes what the held verdicts mean and gives plan ids by row id.
    """
    if not verdicts:
        return ()
    organization_id = require_organization_id()
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLD,
            {
                "organization": organization_id,
                "ids": [verdict.row.id for verdict in verdicts],
                "generations": [verdict.row.generation for verdict in verdicts],
            },
        )
        held_ids = {row_id for (row_id,) in cursor.fetchall()}
        held = tuple(verdict for verdict in verdicts if verdict.row.id in held_ids)
        if not held:
            return ()
        plan_ids = record(held)
        cursor.execute(
            _FINISH,
            {
                "organization": organization_id,
                "ids": [verdict.row.id for verdict in held],
                "states": [str(verdict.state) for verdict in held],
                "outcomes": [verdict.outcome for verdict in held],
                "errors": [_json(verdict.errors) for verdict in held],
                "warnings": [_json(verdict.warnings) for verdict in held],
                "remote_ids": [verdict.plan_remote_id or verdict.row.plan_remote_id for verdict in held],
                "plans": [plan_ids.get(verdict.row.id, verdict.plan_id) for verdict in held],
                "campaigns": [verdict.campaign_id for verdict in held],
                "next": [verdict.next_at for verdict in held],
            },
        )
    return held


def expire_leases(*, limit: int = 1000) -> int:
    """Rows whose worker is gone: their outcome is unknown until their commands are read back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"organization": require_organization_id(), "limit": limit})
        return cursor.rowcount


def wake(account_id: int) -> int:
    """Unknown rows that are due: what was sent is asked for first, so they may be claimed again."""
    with transaction.atomic():
        due = BulkRow.objects.filter(account_id=account_id, state=RowState.UNKNOWN, next_at__lte=timezone.now())
        return due.update(state=RowState.QUEUED)


def due_accounts() -> list[int]:
    """Accounts with rows that could be worked on now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE_ACCOUNTS, {"organization": require_organization_id()})
        return [account_id for (account_id,) in cursor.fetchall()]


def next_due_at(account_id: int) -> datetime | None:
    """When the account's next open row becomes due; None without one."""
    with transaction.atomic():
        waiting = BulkRow.objects.filter(account_id=account_id, state__in=[RowState.QUEUED, RowState.UNKNOWN])
        return waiting.order_by("next_at").values_list("next_at", flat=True).first()


def _json(records: list[dict[str, object]] | None) -> str | None:
    return orjson.dumps(records).decode() if records else None


_DUE = """
SELECT id, lease_expiry_count FROM campaigns_bulkrow
 WHERE organization_id = %(organization)s AND account_id = %(account)s AND state = 'queued' AND next_at <= now()
 ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

_CLAIM = """
UPDATE campaigns_bulkrow SET state = 'sending', generation = generation + 1, attempt_count = attempt_count + 1,
       owner = %(owner)s, lease_until = now() + %(lease)s * interval '1 second',
       started_at = coalesce(started_at, now())
 WHERE organization_id = %(organization)s AND id = ANY(%(ids)s) AND state = 'queued'
RETURNING id, job_id, row_index, client_ref, account_id, generation, attempt_count, lease_expiry_count, plan_id,
          plan_remote_id, row_key, spec, warnings
"""

_RENEW = """
UPDATE campaigns_bulkrow AS row SET lease_until = now() + %(lease)s * interval '1 second'
  FROM unnest(%(ids)s::bigint[], %(generations)s::int[]) AS held (id, generation)
 WHERE row.organization_id = %(organization)s AND row.id = held.id AND row.generation = held.generation
   AND row.state = 'sending'
RETURNING row.id
"""

_HOLD = """
SELECT row.id FROM campaigns_bulkrow AS row
  JOIN unnest(%(ids)s::bigint[], %(generations)s::int[]) AS held (id, generation) ON row.id = held.id
 WHERE row.organization_id = %(organization)s AND row.generation = held.generation AND row.state = 'sending'
   FOR UPDATE OF row
"""

_FINISH = """
UPDATE campaigns_bulkrow AS row
   SET state = verdict.state, outcome = verdict.outcome, errors = verdict.errors::jsonb,
       warnings = coalesce(verdict.warnings::jsonb, row.warnings), plan_remote_id = verdict.remote_id,
       plan_id = coalesce(verdict.plan, row.plan_id), campaign_id = coalesce(verdict.campaign, row.campaign_id),
       next_at = coalesce(verdict.next_at, row.next_at), lease_until = NULL, owner = '',
       finished_at = CASE WHEN verdict.state IN ('succeeded', 'failed', 'dead', 'cancelled') THEN now() END
  FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(outcomes)s::text[], %(errors)s::text[], %(warnings)s::text[],
              %(remote_ids)s::text[], %(plans)s::bigint[], %(campaigns)s::bigint[], %(next)s::timestamptz[])
       AS verdict (id, state, outcome, errors, warnings, remote_id, plan, campaign, next_at)
 WHERE row.organization_id = %(organization)s AND row.id = verdict.id
"""

_EXPIRE = """
UPDATE campaigns_bulkrow SET state = 'unknown', lease_expiry_count = lease_expiry_count + 1, lease_until = NULL,
       owner = '', next_at = now()
 WHERE organization_id = %(organization)s AND id IN (
    SELECT id FROM campaigns_bulkrow
     WHERE organization_id = %(organization)s AND state = 'sending' AND lease_until < now()
     ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""

# One step of the index for each account, not one for each of its rows.
_DUE_ACCOUNTS = """
WITH RECURSIVE waiting AS (
    (SELECT account_id FROM campaigns_bulkrow
      WHERE organization_id = %(organization)s AND state IN ('queued', 'unknown') AND account_id IS NOT NULL
      ORDER BY account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT account_id FROM campaigns_bulkrow
             WHERE organization_id = %(organization)s AND state IN ('queued', 'unknown')
               AND account_id > waiting.account_id ORDER BY account_id LIMIT 1)
      FROM waiting WHERE waiting.account_id IS NOT NULL
)
SELECT account_id FROM waiting
 WHERE account_id IS NOT NULL AND EXISTS (
       SELECT FROM campaigns_bulkrow AS row
        WHERE row.organization_id = %(organization)s AND row.account_id = waiting.account_id
          AND row.state IN ('queued', 'unknown') AND row.next_at <= now())
"""
