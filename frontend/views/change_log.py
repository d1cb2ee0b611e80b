"""The change log: every change of every plan in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.contracts import ChangeQuery, HistoryEntry
from campaigns.selectors.queued import WaitingChange, waiting_changes
from campaigns.selectors.series import change_log
from campaigns.services.changes.planning import COLUMN_OF
from campaigns.services.changes.queueing import cancel_queued_changes
from frontend import formats
from frontend.audit_words import VIA_LABELS
from frontend.views.audit import people_options
from frontend.views.base import Page, midnight
from frontend.views.change_previews import value_text
from media_connectors.choices import PlatformChoice
from media_connectors.selectors.directory import account_facts
from xmagnet.core.errors import Conflict
from xmagnet.core.ids import whole_number

ROWS = 100
ACTIONS: dict[str, Any] = {
    "plan.created": gettext_lazy("Created"),
    "plan.changed": gettext_lazy("Changed"),
    "plan.undone": gettext_lazy("Undone"),
    "plan.change_queued": gettext_lazy("Waits for the next day"),
    "plan.change_cancelled": gettext_lazy("Waiting change cancelled"),
    "plan.change_skipped": gettext_lazy("Waiting change left alone"),
    "plan.drifted": gettext_lazy("Changed at the media"),
    "plan.discovered": gettext_lazy("Found at the media"),
    "plan.annotated": gettext_lazy("Label or note"),
}
FIELDS: dict[str, Any] = {
    "status": gettext_lazy("Status"),
    "bid_fen": gettext_lazy("Bid"),
    "daily_budget_fen": gettext_lazy("Daily budget"),
    "schedule": gettext_lazy("Schedule"),
    "name": gettext_lazy("Name"),
    "labels": gettext_lazy("Labels"),
    "note": gettext_lazy("Note"),
}


#: entries of changes that did not reach the media, so that nothing can be said to have changed since
NEVER_SENT = frozenset({"plan.change_queued", "plan.change_cancelled", "plan.change_skipped"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: before, ours, and now when somebody changed it since."""

    label: str
    before: str
    after: str
    now: str
    is_superseded: bool
    now_is_known: bool


def shown_waiting(changes: Sequence[WaitingChange]) -> list[dict[str, Any]]:
    """Changes that wait for the next day, in words."""
    return [
        {
            "change": change,
            "label": str(FIELDS[COLUMN_OF[change.field]]),
            "before": value_text(change.field, change.before),
            "after": value_text(change.field, change.after),
        }
        for change in changes
    ]


def described(entry: HistoryEntry) -> dict[str, Any]:
    """A log entry in words."""
    fields = []
    was_sent = entry.action not in NEVER_SENT
    for name, label in FIELDS.items():
        if name not in entry.before and name not in entry.after:
            continue
        after, now = entry.after.get(name), entry.now.get(name)
        is_superseded = was_sent and name in entry.now and now != after
        # A plan that was just made had no former value: an empty budget would read as an unlimited one.
        before = value_text(name, entry.before[name]) if name in entry.before else formats.DASH
        fields.append(
            FieldChange(
                str(label), before, value_text(name, after), value_text(name, now), is_superseded,
                was_sent and name in entry.now,
            )
        )  # fmt: skip
    return {"entry": entry, "action": str(ACTIONS.get(entry.action, entry.action)), "fields": fields}


class ChangeLog(Page):
    """``/changes/``: newest first, by kind, job, person, way, media, account, field and day."""

    permission = "plans:read"
    template_name = "frontend/changes/page.html"
    title = gettext_lazy("Change log")
    menu_item = "changes"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        values = self.request.GET
        query, before = query_of(values), values.get("before", "")
        entries = change_log(
            self.actor,
            query,
            before_id=whole_number(before),
            limit=ROWS,
        )
        is_filtered = any(values.get(name) for name in FILTERS)
        return super().get_context_data(
            entries=[described(entry) for entry in entries],
            waiting=shown_waiting(waiting_changes(self.actor)) if not (before or is_filtered) else (),
            chips=[("", _("All")), *((key, str(label)) for key, label in ACTIONS.items())],
            query=query,
            action=values.get("action", ""),
            job_id=query.job_id,
            fields=FIELDS,
            via_labels=VIA_LABELS,
            platforms=PlatformChoice.choices,
            accounts=[(str(one.id), one.name) for one in account_facts(self.actor).values()],
            people=people_options(self.actor) or [(str(self.actor.user_id), self.actor.user_name)],
            is_filtered=is_filtered,
            next_before=entries[-1].id if len(entries) == ROWS else None,
            may_undo=self.actor.can("plans:write"),
            **kwargs,
        )


FILTERS = ("action", "job", "person", "via", "media", "account", "field", "since", "until")


def query_of(values: Any) -> ChangeQuery:
    """What the filters ask for; a value that is no choice asks for everything. Days are whole."""
    action, until = values.get("action", ""), midnight(values.get("until", ""))
    return ChangeQuery(
        actions=(action,) if action in ACTIONS else (),
        job_id=values.get("job", "").strip()[:40],
        user_id=whole_number(values.get("person", "")),
        via=values.get("via", "") if values.get("via") in VIA_LABELS else "",
        platform=values.get("media", "") if values.get("media") in PlatformChoice.values else "",
        account_id=whole_number(values.get("account", "")),
        field=values.get("field", "") if values.get("field") in FIELDS else "",
        since=midnight(values.get("since", "")),
        until=until + timedelta(days=1) if until else None,
    )


class WaitingCancel(Page):
    """Take a change back that waits for the next day."""

    permission = "plans:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            cancel_queued_changes(self.actor, [self.kwargs["change_id"]])
        except Conflict as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, _("The change will not be sent."))
        way_back = request.POST.get("next", "")
        is_ours = way_back.startswith(self.url("plans")) and url_has_allowed_host_and_scheme(way_back, None)
        return redirect(way_back if is_ours else self.url("changes"))
