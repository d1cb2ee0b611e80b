"""The directory of agencies."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.contracts import PlanQuery
from campaigns.selectors.overview import breakdown
from frontend.forms.people import AgencyForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage
from media_connectors.selectors.directory import account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.people import agencies


class AgencyList(Page):
    """Agencies by name."""

    permission = "agencies:read"
    template_name = "frontend/people/agencies.html"
    title = gettext_lazy("Agencies")
    menu_item = "agencies"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(agencies.list_agencies(self.actor))
        counts = Counter(account.agency_id for account in account_facts(self.actor).values())
        costs = cost_today_of_agencies(self.actor) if self.actor.can("plans:read") else {}
        rows = [(agency, counts[agency.pk], costs.get(agency.pk, 0)) for agency in page]
        return super().get_context_data(page=page, rows=rows, **kwargs)


def cost_today_of_agencies(actor: Actor) -> dict[int, float]:
    """What the plans of each agency cost today, in fen, by the agency's id."""
    rows = breakdown(actor, PlanQuery(metrics=("cost",), includes_deleted=True), by="agency")
    return {int(row.key): row.metrics["cost"] or 0 for row in rows if row.key.isdigit()}


class _AgencyForm(FormPage):
    permission = "agencies:manage"
    menu_item = "agencies"
    form_class = AgencyForm

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Agencies"), self.url("agencies")),)


class AddAgency(_AgencyForm):
    """A new agency."""

    title = gettext_lazy("Add an agency")
    submit_label = gettext_lazy("Add")

    def perform(self, form: Any) -> HttpResponse:
        agency = agencies.create_agency(self.actor, name=form.cleaned_data["name"])
        messages.success(self.request, _("%(name)s is added.") % {"name": agency.name})
        return redirect(self.url("agencies"))


class ChangeAgency(_AgencyForm):
    """Another name."""

    def page_title(self) -> str:
        return str(self.agency)

    def form_options(self) -> dict[str, Any]:
        found = agencies.list_agencies(self.actor).filter(pk=self.kwargs["agency_id"]).first()
        if found is None:
            raise Http404
        self.agency = found
        return {"initial": {"name": found.name}}

    def perform(self, form: Any) -> HttpResponse:
        agencies.change_agency(self.actor, self.agency.pk, name=form.cleaned_data["name"])
        messages.success(self.request, _("Saved."))
        return redirect(self.url("agencies"))


class SwitchAgency(Page):
    """Deactivate or reactivate."""

    permission = "agencies:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        agencies.change_agency(self.actor, kwargs["agency_id"], is_active=request.POST.get("active") == "yes")
        messages.success(request, _("Saved."))
        return redirect(self.url("agencies"))
