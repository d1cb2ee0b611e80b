"""Renaming a selection: one rule, every new name shown with what speaks against it, then one job."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from campaigns.services.changes.renaming import RENAME_TOKENS, RenameRule, preview_renames, rename_plans
from frontend.views.change_previews import part_of
from frontend.views.plan_changes import Changing, sent
from xmagnet.core.errors import Conflict, InvalidInput

KINDS = ("replace", "affix", "template")
#: what a person starts from
FIRST_TEMPLATE = "{campaign}-{title:8}-{bid}-{date:MMDD}-{n:3}"


class RenameForm(Changing):
    """The dialog."""

    template_name = "frontend/plans/rename.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(
            self.get_context_data(
                hidden=self.kept_selection(), count=self.selected_count(), key=get_random_string(16),
                tokens=[f"{{{token}}}" for token in RENAME_TOKENS], template=FIRST_TEMPLATE,
                kinds=[
                    ("replace", _("Find and replace")),
                    ("affix", _("Put before or after")),
                    ("template", _("From a naming template")),
                ],
            )
        )  # fmt: skip


class RenamePreview(Changing):
    """Every name before it is sent."""

    template_name = "frontend/plans/change_preview.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            found = preview_renames(
                self.actor, plan_ids=self.selection(), rule=rule_from(request.POST), part=part_of(request.POST)
            )
        except (InvalidInput, Conflict) as refusal:
            return self.refused(refusal.detail, status=200)
        return self.preview(found)


class RenameApply(Changing):
    """Sends the names that were shown and not unticked."""

    template_name = "frontend/plans/change_preview.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            accepted = rename_plans(
                self.actor,
                plan_ids=self.selection(),
                rule=rule_from(request.POST),
                idempotency_key=f"rename-{request.POST.get('key') or get_random_string(16)}"[:200],
                skipped={plan_id for plan_id, _field in self.unticked()},
            )
        except (InvalidInput, Conflict) as refusal:
            return self.refused(refusal.detail, status=200)
        return sent(self.actor, accepted.job)


def rule_from(data: QueryDict) -> RenameRule:
    """The rule that the form means; blanks inside it are kept, they may be what is looked for."""
    kind = data.get("kind", "")
    return RenameRule(
        kind=kind if kind in KINDS else "replace",  # type: ignore[arg-type]
        find=data.get("find", "")[:200],
        replacement=data.get("replacement", "")[:200],
        is_case_sensitive="any_case" not in data,
        prefix=data.get("prefix", "")[:200],
        suffix=data.get("suffix", "")[:200],
        template=data.get("template", "").strip(),
    )
