"""Editing in the cell: the media's limits before sending, refusals beside the cell, and what became of the change."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.selectors.bulk.rows import row_page
from campaigns.services.changes.limits import FieldLimits, field_limits
from campaigns.services.changes.planning import change_plans, preview_changes
from campaigns.services.changes.previews import PlannedChange
from frontend import formats
from frontend.views.answers import done
from frontend.views.base import Fragment, address
from frontend.views.change_previews import STATES, value_text
from frontend.views.job_rows import FAILED_STATES
from frontend.views.jobs import OneJob
from frontend.views.plan_changes import (
    EDIT_FIELDS,
    FIELD_TITLES,
    MONEY_FIELDS,
    Changing,
    follow_address,
    guarantee_from,
    sent_message,
    statuses,
    undo_action,
    wish_from,
    yuan_text,
)
from xmagnet.core.errors import Conflict, InvalidInput

CELL_FIELDS = tuple(field for field in EDIT_FIELDS if field != "schedule")
#: rows whose reasons are told beside their cells
TOLD_ERRORS = 50


class CellEdit(Changing):
    """One field of one plan: the form over its cell (GET), a look ahead (POST with ``check``), sending (POST)."""

    template_name = "frontend/plans/cell_editor.html"
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.editor(field_limits(self.actor, plan_id=kwargs["plan_id"], field=self.field(CELL_FIELDS)))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        field, plan_id = self.field(CELL_FIELDS), kwargs["plan_id"]
        limits = field_limits(self.actor, plan_id=plan_id, field=field)
        guarantee = _guarantee(request)
        try:
            wish = wish_from(request.POST, field)
            found = preview_changes(self.actor, plan_ids=[plan_id], wishes=[wish], **guarantee)
            change = found.changes[0]
            if "check" in request.POST:
                return self.line(change)
            if change.state not in ("change", "queued"):
                return self.editor(limits, change=change, typed=request.POST.get("value", ""))
            key = f"cell-{request.POST.get('key') or get_random_string(16)}"[:200]
            accepted = change_plans(
                self.actor, plan_ids=[plan_id], wishes=[wish], idempotency_key=key, is_watched=True, **guarantee
            )
        except (InvalidInput, Conflict) as refusal:
            if "check" in request.POST:
                return self.line(None, error=refusal.detail)
            return self.editor(limits, typed=request.POST.get("value", ""), error=refusal.detail)
        follow = follow_address(self.actor, accepted.job.pk)
        is_waiting = change.state == "queued"
        standing = change.before if is_waiting else change.after
        shown = {"plan": plan_id, "field": field, "text": value_text(field, standing), "follow": follow}
        if is_waiting:
            message = _("It waits for tomorrow; the plan's page and the change log show it.")
            return done(message, events={"plans-changed": None, "cell-sent": shown})
        undo = undo_action(self.actor, accepted.job.pk)
        return done(sent_message(1), action=undo, events={"plans-changed": None, "cell-sent": shown})

    def editor(
        self, limits: FieldLimits, *, change: PlannedChange | None = None, typed: str | None = None, error: str = ""
    ) -> HttpResponse:
        """The form, with what speaks against the value that was typed."""
        is_money = limits.field in MONEY_FIELDS
        value = yuan_text(limits.value) if is_money else limits.value
        return self.render_to_response(
            self.get_context_data(
                limits=limits, lines=limit_lines(limits), title=FIELD_TITLES[limits.field], is_money=is_money,
                statuses=statuses(), value=value if typed is None else typed, was=value,
                key=get_random_string(16), **_said(change, error, self.request),
            )
        )  # fmt: skip

    def line(self, change: PlannedChange | None, *, error: str = "") -> HttpResponse:
        """What sending would do."""
        self.template_name = "frontend/plans/cell_check.html"
        return self.render_to_response(self.get_context_data(**_said(change, error, self.request)))


class ChangeState(OneJob, Fragment):
    """How far a change job is, for the cells and the table that wait for it."""

    permission = "jobs:read"
    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        job = self.job()
        if job.is_live:
            return JsonResponse({"is_live": True})
        rows = row_page(self.actor, job, states=FAILED_STATES, limit=TOLD_ERRORS)
        failed = sum(job.counts.get(state, 0) for state in FAILED_STATES)
        changed = job.counts.get("succeeded", 0)
        text = ngettext("%(count)d change has arrived.", "%(count)d changes have arrived.", changed) % {
            "count": changed
        }
        if failed:
            refused = ngettext("%(count)d was not made.", "%(count)d were not made.", failed) % {"count": failed}
            text = f"{text} {refused}" if changed else refused
        return JsonResponse(
            {
                "is_live": False,
                "message": text,
                "level": "warning" if failed else "success",
                "link": {"label": _("See why"), "url": address(self.actor, "job", job.pk)} if failed else None,
                "problems": {
                    f"{row.source.get('plan_id')}-{row.source.get('field')}": _reasons(row.errors) for row in rows
                },
            }
        )


def limit_lines(limits: FieldLimits) -> list[str]:
    """The media's limits in sentences, the tightest first."""
    lines = []
    if limits.least is not None and limits.most is not None:
        span = {"least": formats.money(limits.least), "most": formats.money(limits.most)}
        lines.append(_("From %(least)s to %(most)s.") % span)
    if limits.spent_today_fen:
        lines.append(_("Spent today: %(cost)s.") % {"cost": formats.money(limits.spent_today_fen)})
    if limits.step_fen is not None:
        lines.append(_("Changes by at least %(step)s.") % {"step": formats.money(limits.step_fen)})
    if limits.changes_today is not None:
        used = {"used": limits.changes_today, "allowed": limits.changes_allowed}
        lines.append(_("%(used)s of %(allowed)s changes used today.") % used)
    if limits.name_length is not None:
        text = _("At most %(most)s characters; a Latin letter counts half.") if limits.counts_half else ""
        lines.append((text or _("At most %(most)s characters.")) % {"most": limits.name_length})
    if limits.guarantee_edits is not None:
        lines.append(guarantee_line(limits))
    return lines


def guarantee_line(limits: FieldLimits) -> str:
    """What one more edit means for the media's cost guarantee."""
    if limits.guaranteed_until is None:
        return _("No cost guarantee is running; edits void nothing.")
    return _("Cost guarantee until %(day)s: %(used)s of %(allowed)s edits used today.") % {
        "day": f"{limits.guaranteed_until:%m-%d}", "used": limits.guarantee_edits, "allowed": limits.guarantee_allowed,
    }  # fmt: skip


def _guarantee(request: HttpRequest) -> dict[str, Any]:
    """The choice about the cost guarantee; before it was offered nothing is sent and nothing waits."""
    if "guarantee" not in request.POST:
        return {"accepts_void": False, "queues_held": False}
    return guarantee_from(request.POST)


def _said(change: PlannedChange | None, error: str, request: HttpRequest) -> dict[str, Any]:
    """A look ahead in words. What is unchanged needs none."""
    tone = STATES[change.state][1] if change else "bad"
    return {
        "change": change,
        "is_telling": bool(error or (change and change.state != "unchanged")),
        "tone": "bad" if error else tone,
        "before": value_text(change.field, change.before) if change else "",
        "after": value_text(change.field, change.after) if change else "",
        "error": error,
        "accepts_void": request.POST.get("guarantee") == "void",
        "is_held": bool(change and (change.state == "queued" or "compensation_would_be_void" in change.codes)),
    }


def _reasons(errors: Any) -> str:
    return " ".join(error.detail for error in errors)
