"""Searching the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from xmagnet.accounts.actor import Actor
from xmagnet.audit.models import AuditEvent

#: events in memory at once while all of them are read
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for; empty means everything."""

    text: str = ""  # in object names, actions, people and reasons
    action: str = ""  # exact, or a prefix ending in "."
    object_type: str = ""
    object_id: str = ""
    job_id: str = ""
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def search_events(actor: Actor, query: AuditQuery) -> QuerySet[AuditEvent]:
    """Newest first. Narrowed actors see the events of their agency and accounts only."""
    events = AuditEvent.objects.order_by("-id")
    if actor.agency_id is not None:
        events = events.filter(agency_id=actor.agency_id)
    if actor.account_ids is not None:
        events = events.filter(account_id__in=actor.account_ids)
    if query.text:
        events = events.filter(
            Q(object_name__icontains=query.text)
            | Q(action__icontains=query.text)
            | Q(user_name__icontains=query.text)
            | Q(reason__icontains=query.text)
            | Q(object_id=query.text)
            | Q(request_id=query.text)
        )
    if query.action:
        is_prefix = query.action.endswith(".")
        events = events.filter(**{"action__startswith" if is_prefix else "action": query.action})
    exact = {
        "object_type": query.object_type,
        "object_id": query.object_id,
        "job_id": query.job_id,
        "user_id": query.user_id,
    }
    events = events.filter(**{name: value for name, value in exact.items() if value})
    if query.since:
        events = events.filter(at__gte=query.since)
    if query.until:
        events = events.filter(at__lt=query.until)
    return events


def iterate_events(actor: Actor, query: AuditQuery, fields: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Every event found, newest first, as tuples of ``fields``; a chunk in memory at a time.

    By keyset: behind a transaction pooler there are no server-side cursors, so ``iterator()`` would read all at once.
    """
    events = search_events(actor, query).values_list("pk", *fields)
    chunk = list(events[:CHUNK])
    while chunk:
        yield from (row[1:] for row in chunk)
        chunk = list(events.filter(pk__lt=chunk[-1][0])[:CHUNK]) if len(chunk) == CHUNK else []
