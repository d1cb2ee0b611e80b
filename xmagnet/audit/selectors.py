"""Searching the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from xmagnet.accounts.actor import Actor
from xmagnet.audit.models import AuditEvent

#: events in memory at once while all of them are read
CHUNK = 2_000
#: events that one search for words or a person looks at: no index holds these, and a million take half a second
LOOKED_AT = 50_000


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for; empty means everything."""

    text: str = ""  # in object names, actions, people and reasons
    actions: tuple[str, ...] = ()  # any of these
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
    if query.actions:
        events = events.filter(action__in=query.actions)
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


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of the log. ``looked_back_to`` is set when a search stopped there before the log's end."""

    events: list[AuditEvent]
    next_before: int | None  # where the next page begins; None at the end of the log
    looked_back_to: datetime | None = None


def events_page(actor: Actor, query: AuditQuery, *, before: int | None, size: int) -> EventPage:
    """Newest first from ``before`` on, by id, so that a million events are as quick as ten.

    A search for words or a person looks at so many events and then says how far it came: the next page goes on there.
    """
    found, end = _before(search_events(actor, query), before), None
    if query.text or query.user_id:
        looked_at = _before(search_events(actor, replace(query, text="", user_id=None)), before)
        end = looked_at.values_list("pk", "at")[LOOKED_AT - 1 : LOOKED_AT].first()
        found = found.filter(pk__gte=end[0]) if end else found
    rows = list(found[: size + 1])
    if len(rows) > size:
        return EventPage(rows[:size], rows[size - 1].pk)
    return EventPage(rows, end[0], end[1]) if end else EventPage(rows, None)


def _before(events: QuerySet[AuditEvent], before: int | None) -> QuerySet[AuditEvent]:
    return events if before is None else events.filter(pk__lt=before)


def iterate_events(actor: Actor, query: AuditQuery, fields: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Every event found, newest first, as tuples of ``fields``; a chunk in memory at a time.

    By keyset: behind a transaction pooler there are no server-side cursors, so ``iterator()`` would read all at once.
    """
    events = search_events(actor, query).values_list("pk", *fields)
    chunk = list(events[:CHUNK])
    while chunk:
        yield from (row[1:] for row in chunk)
        chunk = list(events.filter(pk__lt=chunk[-1][0])[:CHUNK]) if len(chunk) == CHUNK else []
