"""Taking changes back: shown first (GET), then done (POST); a toast's button does at once what still stands."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.services.changes.annotations import annotation_events, preview_annotation_undo, undo_annotations
from campaigns.services.changes.planning import preview_undo, undo_changes
from campaigns.services.changes.previews import ChangePreview
from frontend.views.answers import done, told
from frontend.views.base import Crumb, Page
from frontend.views.change_previews import LINES, is_for_lines, part_of, shown_preview, unticked_of
from frontend.views.plan_changes import sent, sent_message
from xmagnet.audit.selectors import AuditQuery, search_events
from xmagnet.core.errors import Conflict, InvalidInput, NotFound
from xmagnet.jobs.models import Job
from xmagnet.jobs.selectors import get_job


class StillRunning(Conflict):
    """What is to be taken back has not all arrived."""


class _Undo(Page):
    """Shows what undoing would do (GET), then does it (POST)."""

    permission = "plans:write"
    template_name = "frontend/changes/undo.html"
    title = gettext_lazy("Undo")
    menu_item = "changes"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Change log"), self.url("changes")),)

    @abstractmethod
    def preview(self) -> ChangePreview:
        """What would be taken back; raises ``NotFound``."""

    @abstractmethod
    def carry_out(self, key: str, skipped: list[tuple[int, str]], *, is_single: bool) -> Job | None:
        """Take it back: the job that does it, None when it is done already."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        try:
            found = shown_preview(self.preview(), self.request.POST)
        except (InvalidInput, Conflict) as refusal:
            found = {"refusal": refusal.detail}
        return super().get_context_data(key=get_random_string(16), **found, **kwargs)

    def get_template_names(self) -> list[str]:
        return [LINES if is_for_lines(self.request.POST) else self.template_name]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_for_lines(request.POST):  # only looks
            lines: HttpResponse = self.render_to_response(self.get_context_data(**kwargs))
            return lines
        if request.htmx:  # type: ignore[attr-defined]
            return self.undo_at_once()
        skipped, shown = unticked_of(request.POST), request.POST.getlist("shown")
        try:
            # The key of the form: pressed twice it is one job, asked for again later it is another.
            key = f"undo-{request.POST.get('key') or get_random_string(16)}"[:200]
            job = self.carry_out(key, skipped, is_single=len(shown) == 1)
        except (InvalidInput, Conflict) as refusal:
            messages.warning(request, refusal.detail)
            return redirect(self.url("changes"))
        messages.success(request, sent_message(job.total_count or 0) if job else _("It is as it was before."))
        return redirect(self.url("job", job.pk) if job else self.url("changes"))

    def undo_at_once(self) -> HttpResponse:
        """A toast's button: everything that still stands is taken back; a change on its way is waited for."""
        try:
            found = self.preview()
            count = found.counts.get("change", 0)
            left_alone = found.total - count
            if not count:
                return done(_("Nothing was taken back: it was changed since, or it is so already."), level="warning")
            job = self.carry_out(f"undo-{get_random_string(16)}", [], is_single=found.total == 1)
        except StillRunning:
            waiting = _("The change is still on its way; it is taken back as soon as it has arrived.")
            return told({"undo-later": {"url": self.request.get_full_path(), "message": waiting}})
        except (InvalidInput, Conflict) as refusal:
            return done(refusal.detail, level="warning")
        text = ngettext("Taking back %(count)d change.", "Taking back %(count)d changes.", count)
        if job is None:
            text = ngettext("%(count)d change is taken back.", "%(count)d changes are taken back.", count)
        text %= {"count": count}
        if left_alone:
            rest = ngettext("%(count)d is left alone.", "%(count)d are left alone.", left_alone)
            text = f"{text} {rest % {'count': left_alone}}"
        return sent(self.actor, job, text) if job else done(text)


class UndoEvent(_Undo):
    """One change of a plan. Labels and notes are ours alone: they are back at once, and with ``?together=yes`` on every
    plan that got them in the same go."""

    def is_together(self) -> bool:
        """Whether all that was made in one go is meant."""
        return self.request.GET.get("together") == "yes"

    def is_annotation(self) -> bool:
        """Whether it is a label or note; raises ``NotFound`` for an event out of sight."""
        event_id = self.kwargs["event_id"]
        if not search_events(self.actor, AuditQuery(object_type="plan")).filter(pk=event_id).exists():
            raise NotFound
        return annotation_events(self.actor, [event_id]).exists()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        siblings = annotation_events(self.actor, [self.kwargs["event_id"]], is_together=True).count()
        return super().get_context_data(siblings=0 if self.is_together() else max(0, siblings - 1), **kwargs)

    def preview(self) -> ChangePreview:
        event_id = self.kwargs["event_id"]
        if self.is_annotation():
            return preview_annotation_undo(
                self.actor, event_ids=[event_id], is_together=self.is_together(), part=part_of(self.request.POST)
            )
        return preview_undo(self.actor, event_ids=[event_id], part=part_of(self.request.POST))

    def carry_out(self, key: str, skipped: list[tuple[int, str]], *, is_single: bool) -> Job | None:
        event_id = self.kwargs["event_id"]
        if self.is_annotation():
            undo_annotations(self.actor, event_ids=[event_id], is_together=self.is_together(), skipped=skipped)
            return None
        return undo_changes(
            self.actor, event_ids=[event_id], idempotency_key=key, skipped=skipped, is_watched=is_single
        ).job


class UndoJob(_Undo):
    """Everything a job changed."""

    def job_id(self) -> str:
        """The finished job; raises ``NotFound`` and ``StillRunning``."""
        job = get_job(self.actor, self.kwargs["job_id"])
        if job is None:
            raise NotFound
        if job.is_live:
            raise StillRunning(_("The job is still running. Take it back when it is finished."))
        return str(job.pk)

    def preview(self) -> ChangePreview:
        return preview_undo(self.actor, job_id=self.job_id(), part=part_of(self.request.POST))

    def carry_out(self, key: str, skipped: list[tuple[int, str]], *, is_single: bool) -> Job | None:
        return undo_changes(
            self.actor, job_id=self.job_id(), idempotency_key=key, skipped=skipped, is_watched=is_single
        ).job
