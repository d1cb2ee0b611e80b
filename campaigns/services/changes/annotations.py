"""Taking labels and notes back: at once, because they are ours alone, by the three-way rule of every other change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from campaigns.models import Plan
from campaigns.services.annotations import UNREAD, annotation_entry
from campaigns.services.changes.planning import MAX_PLANS, UNDONE
from campaigns.services.changes.previews import WHOLE, ChangePreview, PlannedChange, PreviewPart, preview_of
from xmagnet.accounts.actor import Actor
from xmagnet.audit.models import AuditEvent
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.audit.services import record_many
from xmagnet.core.batches import ROWS, batches_of, rows_by_key
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

FIELDS = ("labels", "note")
#: goes that are taken back at once with all that was made in them
MOST_GOES = 100


@dataclass(frozen=True, slots=True)
class _Row:
    """One field of one plan: to ``value`` where ``expect`` still stands."""

    plan_id: int
    field: str
    value: Any
    expect: Any


def annotation_events(actor: Actor, event_ids: Collection[int], *, is_together: bool = False) -> QuerySet[AuditEvent]:
    """The changes of labels and notes, alone or with all that were made in one go with them; without other events."""
    found = search_events(actor, AuditQuery(object_type="plan")).filter(
        Q(after__has_key="labels") | Q(after__has_key="note"), action__in=("plan.annotated", UNDONE)
    )
    asked = found.filter(pk__in=event_ids)
    if not is_together:
        return asked
    gos = asked.values_list("transaction_id", "request_id", "action").distinct()
    wanted = Q(pk__in=())
    for transaction_id, request_id, action in gos[:MOST_GOES]:
        wanted |= Q(transaction_id=transaction_id, request_id=request_id, action=action)
    return found.filter(wanted)


def is_of_annotations(actor: Actor, event_ids: Collection[int], *, job_id: str = "") -> bool:
    """Whether labels and notes are to be taken back.

    Raises ``InvalidInput`` for some of them together with changes that went to a media: these need a job.
    """
    known = set(annotation_events(actor, event_ids).values_list("id", flat=True))
    if known and (job_id or set(event_ids) - known):
        detail = _("Labels and notes are taken back at once, other changes by a job: ask for them apart.")
        raise InvalidInput(detail, errors=(FieldError("/event_ids", "invalid", detail),))
    return bool(known)


def preview_annotation_undo(
    actor: Actor, *, event_ids: Collection[int], is_together: bool = False, part: PreviewPart = WHOLE
) -> ChangePreview:
    """What taking labels and notes back would do; raises ``NotFound`` where no event is such a change."""
    actor.require("plans:write")
    rows = _rows(actor, event_ids, is_together)
    plans = _plans(actor, rows)
    changes = [_planned(plans[row.plan_id], row) for row in rows if row.plan_id in plans]
    return preview_of(changes, [row.plan_id for row in rows], plans, part)


def undo_annotations(
    actor: Actor,
    *,
    event_ids: Collection[int],
    is_together: bool = False,
    skipped: Collection[tuple[int, str]] = (),
) -> int:
    """Take labels and notes back where they still stand, without the (plan id, field) pairs in ``skipped``.

    How many were taken back; what somebody changed since is left alone.
    """
    actor.require("plans:write")
    rows = _rows(actor, event_ids, is_together)
    plans = _plans(actor, rows, is_locked=True)
    entries, changed = [], set()
    for row in rows:
        plan = plans.get(row.plan_id)
        if plan is None or (row.plan_id, row.field) in skipped or _planned(plan, row).state != "change":
            continue
        entries.append(
            annotation_entry(plan, {row.field: getattr(plan, row.field)}, {row.field: row.value}, action=UNDONE)
        )
        setattr(plan, row.field, row.value)
        changed.add(row.plan_id)
    Plan.objects.bulk_update([plans[plan_id] for plan_id in sorted(changed)], FIELDS, batch_size=500)
    record_many(actor, entries)
    return len(entries)


def _rows(actor: Actor, event_ids: Collection[int], is_together: bool) -> list[_Row]:
    """One row for each plan and field: from the first *before* to expect the last *after*."""
    found: dict[tuple[int, str], _Row] = {}
    events = annotation_events(actor, event_ids, is_together=is_together)
    told = rows_by_key(events.values_list("id", "object_id", "before", "after"), "id")
    for _id, object_id, old, new in islice(told, MAX_PLANS):
        before, after = old or {}, new or {}
        for field in FIELDS:
            if field in after and field in before:
                key = int(object_id), field
                first = found.get(key)
                found[key] = _Row(*key, first.value if first else before[field], after[field])
    if not found:
        raise NotFound
    return list(found.values())


def _plans(actor: Actor, rows: list[_Row], *, is_locked: bool = False) -> dict[int, Plan]:
    mine = Plan.objects.all().visible_to(actor).select_related("account")
    if is_locked:
        mine = mine.select_for_update(of=("self",))
    ids = sorted({row.plan_id for row in rows})
    batches = (mine.filter(pk__in=batch).defer(*UNREAD).order_by("id") for batch in batches_of(ids, ROWS))
    return {plan.pk: plan for plans in batches for plan in plans}


def _planned(plan: Plan, row: _Row) -> PlannedChange:
    now, after = getattr(plan, row.field), row.value
    state = "unchanged" if now == row.value else "change"
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    if now not in (row.value, row.expect):
        state, codes, after = "skipped", ("changed_since",), now
        reasons = (_("Somebody changed it since; it is left alone."),)
    return PlannedChange(
        plan.pk, plan.name, plan.account_id, plan.platform, row.field, now, row.value, after, state, codes, reasons
    )
