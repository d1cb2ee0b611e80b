"""Writing the audit log: called by services, in the same transaction as the change, never by signals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from xmagnet.accounts.actor import Actor
from xmagnet.audit.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to record; ``before`` and ``after`` hold only what changed, JSON-able, never a secret."""

    action: str
    object_type: str
    object_id: str | int
    object_name: str = ""
    account_id: int | None = None
    agency_id: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str = ""


def record(actor: Actor, entry: Entry) -> None:
    """Record one event."""
    record_many(actor, [entry])


def record_many(actor: Actor, entries: Iterable[Entry]) -> list[int]:
    """Record events in one INSERT; their ids."""
    events = AuditEvent.objects.bulk_create(
        [
            AuditEvent(
                organization_id=actor.organization_id,
                action=entry.action,
                object_type=entry.object_type,
                object_id=str(entry.object_id),
                object_name=entry.object_name[:200],
                account_id=entry.account_id,
                agency_id=entry.agency_id,
                before=entry.before,
                after=entry.after,
                reason=entry.reason[:300],
                user_id=actor.user_id,
                user_name=actor.user_name[:120],
                token_id=actor.token_id,
                via=actor.via,
                request_id=actor.request_id,
                job_id=actor.job_id,
            )
            for entry in entries
        ],
        batch_size=1000,
    )
    return [event.pk for event in events]
