"""Labels and notes: ours alone, never sent to a media, written at once and logged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.models import Plan
from campaigns.services.plan_log import plan_entry
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record_many
from xmagnet.core.batches import ROWS, batches_of
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

MAX_LABELS = 20
LABEL_LENGTH = 40
NOTE_LENGTH = 5_000
MAX_PLANS = 20_000
#: what labels and notes do not need of a plan: most of its weight
UNREAD = ("settings", "targeting", "materials")


@dataclass(frozen=True, slots=True)
class Annotated:
    """How many plans changed, and an entry of the log by which all of it can be taken back."""

    count: int
    event_id: int | None


def change_labels(
    actor: Actor, *, plan_ids: Sequence[int], add: Collection[str] = (), remove: Collection[str] = ()
) -> Annotated:
    """Add and remove labels. Ids out of sight raise ``NotFound`` and nothing is written."""
    actor.require("plans:write")
    added, removed = _clean(add), set(_clean(remove))
    if not added and not removed:
        _refuse("/labels", _("Say which labels to add or remove."))
    plans = _plans(actor, plan_ids)
    entries, changed = [], []
    for plan in plans:
        labels = [label for label in dict.fromkeys([*plan.labels, *added]) if label not in removed]
        if len(labels) > MAX_LABELS:
            _refuse("/labels", _("A plan has at most %(most)d labels.") % {"most": MAX_LABELS})
        if labels != plan.labels:
            entries.append(annotation_entry(plan, {"labels": list(plan.labels)}, {"labels": labels}))
            plan.labels = labels
            changed.append(plan)
    Plan.objects.bulk_update(changed, ["labels"], batch_size=500)
    events = record_many(actor, entries)
    return Annotated(len(changed), next(iter(events), None))


def set_note(actor: Actor, *, plan_id: int, note: str) -> Annotated:
    """Write the plan's note; "" removes it."""
    actor.require("plans:write")
    text = note.strip()
    if len(text) > NOTE_LENGTH:
        _refuse("/note", _("A note has at most %(most)d characters.") % {"most": NOTE_LENGTH})
    (plan,) = _plans(actor, [plan_id])
    if plan.note == text:
        return Annotated(0, None)
    events = record_many(actor, [annotation_entry(plan, {"note": plan.note}, {"note": text})])
    plan.note = text
    plan.save(update_fields=["note"])
    return Annotated(1, events[0])


def _plans(actor: Actor, plan_ids: Sequence[int]) -> list[Plan]:
    wanted = set(plan_ids)
    if not wanted or len(wanted) > MAX_PLANS:
        _refuse("/plan_ids", _("Between 1 and %(most)d plans.") % {"most": MAX_PLANS})
    mine = Plan.objects.all().visible_to(actor).select_related("account")
    mine = mine.defer(*UNREAD).order_by("id").select_for_update(of=("self",))
    plans = [plan for batch in batches_of(sorted(wanted), ROWS) for plan in mine.filter(pk__in=batch)]
    if len(plans) != len(wanted):
        raise NotFound
    return plans


def _clean(labels: Collection[str]) -> list[str]:
    cleaned = [" ".join(label.split()) for label in labels]
    for label in cleaned:
        if not label or len(label) > LABEL_LENGTH:
            _refuse("/labels", _("A label has 1 to %(most)d characters.") % {"most": LABEL_LENGTH})
    return list(dict.fromkeys(cleaned))


def _refuse(pointer: str, detail: str) -> None:
    raise InvalidInput(detail, errors=(FieldError(pointer, "invalid", detail),))


def annotation_entry(
    plan: Plan, before: dict[str, object], after: dict[str, object], *, action: str = "plan.annotated"
) -> Entry:
    """A line of the change log; the plan comes with its account."""
    return plan_entry(action, plan, agency_id=plan.account.agency_id, before=before, after=after)
