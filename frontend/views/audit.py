"""The audit log: who did what, when, from where; searchable, exportable, verifiable."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.audit_words import ACTION_GROUPS, ACTIONS, VIA_LABELS, action_label, changes
from frontend.views.base import ROWS_PER_PAGE, Page, midnight
from xmagnet.accounts.actor import Actor
from xmagnet.audit.selectors import LOOKED_AT, AuditQuery, events_page, iterate_events
from xmagnet.core.ids import whole_number
from xmagnet.core.spreadsheets import CSV_TYPE, csv_stream
from xmagnet.jobs.services import AlreadyRunning, enqueue
from xmagnet.people.members import list_members
from xmagnet.web.streaming import stream_in_scope

COLUMNS = [
    "at", "action", "object_type", "object_id", "object_name", "before", "after", "reason",
    "user_name", "via", "request_id", "job_id",
]  # fmt: skip


FILTERS = ("q", "action", "object", "person", "since", "until")
#: in the filter; anybody else is found by name in the search field
PEOPLE_SHOWN = 200


def query_of(values: Any) -> AuditQuery:
    """What the search form (or the export's address) asks for; days are whole days in the organization's zone."""
    since, until = midnight(values.get("since", "")), midnight(values.get("until", ""))
    action = values.get("action", "")
    return AuditQuery(
        text=values.get("q", "").strip()[:120],
        actions=tuple(actions_of(action)) if action in ACTION_GROUPS else (action,) if action in ACTIONS else (),
        object_id=values.get("object", "").strip()[:40],
        user_id=whole_number(values.get("person", "")),
        since=since,
        until=until + timedelta(days=1) if until else None,
    )


class AuditLog(Page):
    """Newest first. Pages go by id, so that a million events are as quick as ten."""

    permission = "audit:read"
    template_name = "frontend/audit/log.html"
    title = gettext_lazy("Audit log")
    menu_item = "audit"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = whole_number(self.request.GET.get("before", ""))
        found = events_page(self.actor, query_of(self.request.GET), before=before, size=ROWS_PER_PAGE)
        return super().get_context_data(
            events=[
                {"event": event, "action": action_label(event.action), "changes": changes(event.before, event.after)}
                for event in found.events
            ],
            next_before=found.next_before,
            looked_back_to=found.looked_back_to,
            looked_at_count=LOOKED_AT,
            is_first=before is None,
            groups=grouped_actions(),
            people=people_options(self.actor),
            is_filtered=any(self.request.GET.get(name) for name in FILTERS),
            via_labels=VIA_LABELS,
            may_verify=not self.actor.is_narrowed,
            **kwargs,
        )


def grouped_actions() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The choices of the action filter: a group's prefix and label, then its actions."""
    return [
        (prefix, str(label), [(code, str(ACTIONS[code])) for code in actions_of(prefix)])
        for prefix, label in ACTION_GROUPS.items()
    ]


def actions_of(prefix: str) -> list[str]:
    """The actions of a group. Names are looked for one by one: an index cannot find a beginning of a text here."""
    return [code for code in ACTIONS if code.startswith(prefix)]


def people_options(actor: Actor) -> list[tuple[str, str]]:
    """Members whose doings can be asked for; nothing for those who may not see members."""
    if not actor.can("members:read"):
        return []
    return [(str(member.user_id), str(member.user)) for member in list_members(actor)[:PEOPLE_SHOWN]]


class AuditExport(Page):
    """The same search as CSV, streamed."""

    permission = "audit:read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:  # type: ignore[override]
        actor, query = self.actor, query_of(request.GET)

        def rows() -> Iterator[list[Any]]:
            for event in iterate_events(actor, query, COLUMNS):
                yield [_cell(value) for value in event]

        response = StreamingHttpResponse(
            stream_in_scope(actor, lambda: csv_stream(COLUMNS, rows())), content_type=CSV_TYPE
        )
        response["Content-Disposition"] = f'attachment; filename="audit-{timezone.localdate():%Y%m%d}.csv"'
        return response


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return timezone.localtime(value).isoformat() if isinstance(value, datetime) else value


class VerifyAuditLog(Page):
    """Recompute the hash chain, as a job."""

    permission = "audit:read"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            job_id = enqueue(self.actor, "audit.verify", {}, dedupe_key="chain").pk
        except AlreadyRunning as running:
            messages.info(request, _("The log is being verified already."))
            job_id = running.job_id
        return redirect(self.url("job", job_id))
