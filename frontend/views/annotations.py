"""Labels and notes: ours alone, written at once."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.selectors.plans import label_choices, plan_detail
from campaigns.services.annotations import change_labels, set_note
from frontend.views.answers import done
from frontend.views.base import address
from frontend.views.plan_changes import Changing
from xmagnet.core.errors import Conflict, InvalidInput

_COMMAS = re.compile(r"[,，;；|]+")


class PlanLabels(Changing):
    """Add and remove labels of a selection: first the dialog, then (``apply``) the change."""

    template_name = "frontend/plans/labels.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        error = ""
        if "apply" in request.POST:
            try:
                changed = change_labels(
                    self.actor,
                    plan_ids=self.selection(),
                    add=_labels(request, "add"),
                    remove=_labels(request, "remove"),
                )
            except (InvalidInput, Conflict) as refusal:
                error = refusal.detail
            else:
                text = ngettext("The labels of %(count)d plan are changed.",
                                "The labels of %(count)d plans are changed.", changed.count)  # fmt: skip
                return done(text % {"count": changed.count}, action=_undo(self, changed.event_id))
        return self.render_to_response(
            self.get_context_data(
                hidden=self.kept_selection(), count=self.selected_count(), known=label_choices(self.actor), error=error
            ),
            status=422 if error else 200,
        )


class PlanNote(Changing):
    """The note of one plan."""

    template_name = "frontend/plans/note.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = plan_detail(self.actor, self.kwargs["plan_id"], metrics=("cost",)).row
        return super().get_context_data(**({"row": row, "note": row.note} | kwargs))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        note = request.POST.get("note", "")
        context = self.get_context_data(note=note, **kwargs)  # also: another's plan does not exist
        try:
            written = set_note(self.actor, plan_id=kwargs["plan_id"], note=note)
        except InvalidInput as refusal:
            response: HttpResponse = self.render_to_response(context | {"error": refusal.detail}, status=422)
            return response
        return done(_("The note is saved."), action=_undo(self, written.event_id))


def _undo(view: Changing, event_id: int | None) -> dict[str, str] | None:
    """The toast's button: all that was changed in one go."""
    if event_id is None:
        return None
    return {"label": _("Undo"), "url": f"{address(view.actor, 'undo-event', event_id)}?together=yes"}


def _labels(request: HttpRequest, name: str) -> list[str]:
    return [label.strip() for label in _COMMAS.split(request.POST.get(name, "")) if label.strip()]
