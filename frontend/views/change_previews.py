"""Every change before it is sent, a part at a time: what is unticked on one part stays so on the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.choices import Status
from campaigns.services.changes.planning import MAX_PLANS
from campaigns.services.changes.previews import ChangePreview, PlannedChange, PreviewPart
from frontend import formats
from frontend.plan_words import schedule_text
from xmagnet.core.ids import whole_number

#: changes shown at once; the counts always speak of all
SHOWN = 200
LINES = "frontend/plans/change_lines.html"
MAX_TEXT = 120

STATES: dict[str, tuple[Any, str]] = {
    "change": (gettext_lazy("Will change"), "info"),
    "unchanged": (gettext_lazy("Already so"), "quiet"),
    "held": (gettext_lazy("Held back"), "warn"),
    "queued": (gettext_lazy("Waits for tomorrow"), "info"),
    "refused": (gettext_lazy("Refused"), "bad"),
    "skipped": (gettext_lazy("Left alone"), "quiet"),
}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A planned change in words."""

    key: str
    change: PlannedChange
    before: str
    after: str
    state: str
    tone: str
    is_sent: bool


def is_for_lines(data: QueryDict) -> bool:
    """Whether another part is asked for, and not the preview as a whole."""
    return bool(data.get("from"))


def part_of(data: QueryDict) -> PreviewPart:
    """The part that the form asks for; without a word the first."""
    start = whole_number(data.get("from", "")) or 0
    return PreviewPart(start=min(start, MAX_PLANS), text=data.get("row_find", "").strip()[:MAX_TEXT], size=SHOWN)


def unticked_of(data: QueryDict) -> list[tuple[int, str]]:
    """(plan id, field) of the changes that were taken out: on this part, and on others before."""
    kept, shown = set(data.getlist("send")), dict.fromkeys(data.getlist("shown"))
    elsewhere = [key for key in data.get("skip", "").split(",") if key not in shown]
    pairs = [key.partition("-") for key in (*elsewhere, *shown) if key not in kept]
    return [(number, field) for plan_id, _dash, field in pairs if (number := whole_number(plan_id))]


def shown_preview(found: ChangePreview, data: QueryDict) -> dict[str, Any]:
    """The preview as its template wants it."""
    part, unticked = part_of(data), unticked_of(data)
    counts = [(str(STATES[state][0]), count, STATES[state][1]) for state, count in found.counts.items()]
    shown = {(change.plan_id, change.field) for change in found.changes}
    return {
        "changes": [shown_change(change, is_sent=(change.plan_id, change.field) not in unticked)
                    for change in found.changes],
        "counts": counts,
        "total": found.total,
        "found_count": found.found_count,
        "first": found.start + 1,
        "last": found.start + len(found.changes),
        "before_from": max(0, found.start - SHOWN) if found.start else None,
        "next_from": found.next_start,
        "row_find": part.text,
        "is_long": found.total > SHOWN,
        "unticked_count": len(unticked),
        "skip": ",".join(f"{plan_id}-{field}" for plan_id, field in unticked if (plan_id, field) not in shown),
        "will_change": found.counts.get("change", 0) + found.counts.get("queued", 0),
        "held": found.counts.get("held", 0),
    }  # fmt: skip


def shown_change(change: PlannedChange, *, is_sent: bool) -> ShownChange:
    """One change in words."""
    label, tone = STATES[change.state]
    return ShownChange(
        key=f"{change.plan_id}-{change.field}",
        change=change,
        before=value_text(change.field, change.before),
        after=value_text(change.field, change.after),
        state=str(label),
        tone=tone,
        is_sent=is_sent,
    )


def value_text(field: str, value: Any) -> str:
    """A field's value for people; ``field`` is the change's or the log's name of it."""
    if field in ("bid", "bid_fen"):
        return formats.money(value)
    if field in ("budget", "daily_budget_fen"):
        return _("Unlimited") if value is None else formats.money(value)
    if field == "status" and value:
        return str(Status(value).label) if value in Status.values else str(value)
    if field == "schedule":
        return schedule_text(value or "")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or formats.DASH
    return formats.DASH if value in (None, "") else str(value)
