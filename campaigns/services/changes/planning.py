"""From wishes to a preview of every change, and to a job that carries them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

import orjson
from django.utils.translation import gettext as _

from campaigns.choices import JobKindName
from campaigns.contracts import PlanQuery
from campaigns.domain.guardrails import COLUMN_OF, FIELD_OF, Field, Proposal, Wish, propose, sentence
from campaigns.selectors.plans import select_plan_ids
from campaigns.services.bulk.accept import Accepted, accept_rows
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.changes.facts import KnownPlan, known_batches
from campaigns.services.changes.previews import WHOLE, ChangePreview, PlannedChange, PreviewBook, PreviewPart
from xmagnet.accounts.actor import Actor
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.core.batches import rows_by_key
from xmagnet.core.errors import Conflict, FieldError, InvalidInput
from xmagnet.jobs.telling import WATCHED

#: the state of a change that would void the cost guarantee: left out, sent on the next day, or sent now
Held = Literal["held", "queued", "change"]
#: plans in one change job
MAX_PLANS = 20_000
#: change log entries that a person may take back
UNDONE = "plan.undone"
UNDOABLE = ("plan.changed", UNDONE)


class SelectionMoved(Conflict):
    """The filter finds another number of plans than the person saw."""

    slug, title = "selection-moved", "The selection has changed"


def select_expected(actor: Actor, query: PlanQuery, *, expected_count: int) -> list[int]:
    """Ids of "all N results"; raises ``SelectionMoved`` when there are not exactly N any more."""
    if expected_count > MAX_PLANS:  # before any id is read
        check_count(expected_count)
    ids = select_plan_ids(actor, query)
    if len(ids) != expected_count:
        raise SelectionMoved(
            _("The filter finds %(found)d plans now, not %(expected)d. Look again before you change them.")
            % {"found": len(ids), "expected": expected_count}
        )
    return ids


def preview_changes(
    actor: Actor,
    *,
    plan_ids: Sequence[int],
    wishes: Sequence[Wish],
    accepts_void: bool = False,
    queues_held: bool = False,
    part: PreviewPart = WHOLE,
) -> ChangePreview:
    """Before → after of every plan, with what is clipped, held, queued or refused and why. Writes nothing."""
    check_selection(actor, plan_ids, wishes)
    held = _held(accepts_void=accepts_void, queues_held=queues_held)
    book = PreviewBook(part)
    for ids, plans in known_batches(actor, dict.fromkeys(plan_ids)):
        book.note_missing(ids, plans)
        for plan_id in ids:
            for wish in wishes if plan_id in plans else ():
                book.add(planned_change(actor, plans[plan_id], propose(plans[plan_id].facts, wish), held))
    return book.preview()


def change_plans(
    actor: Actor,
    *,
    plan_ids: Sequence[int],
    wishes: Sequence[Wish],
    idempotency_key: str,
    accepts_void: bool = False,
    queues_held: bool = False,
    skipped: Collection[tuple[int, str]] = (),
    reason: str = "",
    callback_id: int | None = None,
    is_watched: bool = False,
) -> Accepted:
    """A job of one row for each plan and field, through the same machine as bulk creation.

    What would void the cost guarantee is refused; with ``queues_held`` it waits for the media's next day, with
    ``accepts_void`` it is sent all the same. ``skipped`` are (plan id, field) pairs unticked in the preview. Limits are
    checked again when each row runs. ``is_watched``: who asks sees it succeed on the screen and needs no notice.
    """
    check_selection(actor, plan_ids, wishes)
    rows = [
        {
            "client_ref": f"{plan_id}-{wish.field}",
            "plan_id": plan_id,
            "field": wish.field,
            "kind": wish.kind,
            "value": wish.value,
            **({"least": wish.least} if wish.least is not None else {}),
            **({"most": wish.most} if wish.most is not None else {}),
        }
        for plan_id in dict.fromkeys(plan_ids)
        for wish in wishes
        if (plan_id, wish.field) not in skipped
    ]
    params = _guarantee(accepts_void=accepts_void, queues_held=queues_held) | {"reason": reason[:300]}
    params |= {WATCHED: True} if is_watched else {}
    return accept_changes(actor, rows, params, {wish.field for wish in wishes}, idempotency_key, callback_id)


def preview_undo(
    actor: Actor,
    *,
    event_ids: Sequence[int] = (),
    job_id: str = "",
    accepts_void: bool = False,
    queues_held: bool = False,
    part: PreviewPart = WHOLE,
) -> ChangePreview:
    """What taking changes back would do: back to *before* where *ours* still stands, skipped where it does not."""
    rows = _undo_rows(actor, event_ids, job_id)
    held = _held(accepts_void=accepts_void, queues_held=queues_held)
    wanted: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        wanted.setdefault(row["plan_id"], []).append(row)
    book = PreviewBook(part)
    for ids, plans in known_batches(actor, wanted):
        book.note_missing(ids, plans)
        for plan_id in ids:
            for row in wanted[plan_id] if plan_id in plans else ():
                book.add(set_back(actor, plans[plan_id], row, held))
    return book.preview()


def undo_changes(
    actor: Actor,
    *,
    idempotency_key: str,
    event_ids: Sequence[int] = (),
    job_id: str = "",
    accepts_void: bool = False,
    queues_held: bool = False,
    skipped: Collection[tuple[int, str]] = (),
    is_watched: bool = False,
) -> Accepted:
    """Take back single changes or a whole job, itself a job: what somebody changed since is left alone."""
    rows = [row for row in _undo_rows(actor, event_ids, job_id) if (row["plan_id"], row["field"]) not in skipped]
    params = _guarantee(accepts_void=accepts_void, queues_held=queues_held)
    params |= {"reason": f"undo {job_id}".strip(), "is_undo": True, "undo_of": job_id}
    params |= {WATCHED: True} if is_watched else {}
    return accept_changes(actor, rows, params, {row["field"] for row in rows}, idempotency_key, None)


def set_back(actor: Actor, known: KnownPlan, row: Mapping[str, Any], held: Held) -> PlannedChange:
    """One field to ``value`` where ``expect`` still stands: what an undo and a queued change want, three-way safe."""
    field: Field = row["field"]
    now = getattr(known.plan, COLUMN_OF[field])
    if now != row["expect"]:
        reason = _("Somebody changed it since; it is left alone.")
        return _skipped(known, field, now, row["value"], "changed_since", reason)
    return planned_change(actor, known, propose(known.facts, Wish(field, "set", row["value"])), held)


def _undo_rows(actor: Actor, event_ids: Sequence[int], job_id: str) -> list[dict[str, Any]]:
    """One row for each plan and field: from the first *before* to expect the last *after*."""
    if not event_ids and not job_id:
        raise InvalidInput(_("Say what to undo."))
    found = search_events(actor, AuditQuery(object_type="plan", job_id=job_id)).filter(action__in=UNDOABLE)
    if event_ids:
        found = found.filter(id__in=list(event_ids))
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    events = rows_by_key(found.values_list("id", "object_id", "before", "after"), "id")
    for _id, object_id, before, after in islice(events, MAX_PLANS * len(FIELD_OF)):
        for column, value in (after or {}).items():
            if before is None or column not in FIELD_OF or column not in before:
                continue
            key = int(object_id), FIELD_OF[column]
            row = rows.setdefault(
                key,
                {
                    "client_ref": f"{object_id}-{FIELD_OF[column]}",
                    "plan_id": key[0],
                    "field": key[1],
                    "kind": "set",
                    "value": before[column],
                },
            )
            row["expect"] = value
    if not rows:
        raise InvalidInput(_("There is nothing to undo."))
    return list(rows.values())


def check_selection(actor: Actor, plan_ids: Sequence[int], wishes: Sequence[Wish]) -> None:
    """Raises ``Forbidden``, or ``InvalidInput`` for no plan, too many plans, no wish or two wishes for one field."""
    actor.require("plans:write")
    _require_launch(actor, {wish.field for wish in wishes})
    check_count(len(set(plan_ids)))
    problem = ""
    if not plan_ids:
        problem, pointer = _("No plan is selected."), "/plan_ids"
    elif not wishes:
        problem, pointer = _("Say what to change."), "/changes"
    elif len({wish.field for wish in wishes}) != len(wishes):
        problem, pointer = _("Each field may be changed once."), "/changes"
    if problem:
        raise InvalidInput(problem, errors=(FieldError(pointer, "invalid", problem),))


def check_count(plan_count: int) -> None:
    """Raises ``InvalidInput`` for more plans than one change job takes."""
    if plan_count > MAX_PLANS:
        problem = _("At most %(most)d plans at once.") % {"most": MAX_PLANS}
        raise InvalidInput(problem, errors=(FieldError("/plan_ids", "invalid", problem),))


def _require_launch(actor: Actor, fields: Collection[str]) -> None:
    if "status" in fields:
        actor.require("plans:launch")


def accept_changes(
    actor: Actor,
    rows: list[dict[str, Any]],
    params: dict[str, Any],
    fields: Collection[str],
    idempotency_key: str,
    callback_id: int | None,
) -> Accepted:
    """A change job of rows that say their plan, field and wish; raises ``InvalidInput`` when there is none."""
    actor.require("plans:write")
    _require_launch(actor, fields)
    if not rows:
        raise InvalidInput(_("Every change was skipped."))
    return accept_rows(
        actor,
        rows,
        options=BulkOptions(callback_id=callback_id),
        idempotency_key=idempotency_key or sha256(orjson.dumps([rows, params])).hexdigest(),
        kind=JobKindName.UPDATE,
        params=params,
        permission="plans:launch" if "status" in fields else "plans:write",
    )


def held_of(params: Mapping[str, Any]) -> Held:
    """What a job's params say of changes that would void the cost guarantee."""
    return "change" if params.get("accepts_void") else "queued" if params.get("queues_held") else "held"


def _held(*, accepts_void: bool, queues_held: bool) -> Held:
    return held_of(_guarantee(accepts_void=accepts_void, queues_held=queues_held))


def _guarantee(*, accepts_void: bool, queues_held: bool) -> dict[str, Any]:
    if accepts_void and queues_held:
        detail = _("Either queue what would void the cost guarantee, or accept that it does.")
        raise InvalidInput(detail, errors=(FieldError("/queues_held", "invalid", detail),))
    return {"accepts_void": accepts_void} | ({"queues_held": True} if queues_held else {})


def planned_change(actor: Actor, known: KnownPlan, proposal: Proposal, held: Held) -> PlannedChange:
    """A proposal as it is shown: what would happen to it, and why."""
    if proposal.is_refused:
        state = "refused"
    elif not proposal.is_change:
        state = "unchanged"
    elif proposal.is_held:
        state = held
    else:
        state = "change"
    return PlannedChange(
        plan_id=known.plan.pk,
        plan_name=known.plan.name,
        account_id=known.plan.account_id,
        platform=known.plan.platform,
        field=proposal.field,
        before=proposal.before,
        asked=proposal.asked,
        after=proposal.after,
        state=state,
        codes=tuple(note.code for note in proposal.notes),
        reasons=tuple(sentence(note, actor.language) for note in proposal.notes),
    )


def _skipped(known: KnownPlan, field: str, now: Any, asked: Any, code: str, reason: str) -> PlannedChange:
    plan = known.plan
    return PlannedChange(
        plan.pk, plan.name, plan.account_id, plan.platform, field, now, asked, now, "skipped", (code,), (reason,)
    )
