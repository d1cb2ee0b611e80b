"""What delivery is aimed at: set here, shown on the overview."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.selectors.targets import targets_as_set
from campaigns.services.targets import set_targets
from frontend.forms.targets import TargetsForm
from frontend.views.forms import FormPage


class SetTargets(FormPage):
    """Daily cost, CPA and ROI of the organization and of each media."""

    permission = "organization:manage"
    template_name = "frontend/overview/targets.html"
    title = gettext_lazy("Targets")
    menu_item = "targets"
    form_class = TargetsForm

    def form_options(self) -> dict[str, Any]:
        return {"targets": targets_as_set(self.actor)}

    def perform(self, form: Any) -> HttpResponse:
        has_changed = set_targets(self.actor, form.given())
        messages.success(self.request, _("Saved.") if has_changed else _("Nothing was changed."))
        return redirect(self.url("targets"))
