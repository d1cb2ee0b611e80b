"""The directory of agencies."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.contracts import PlanQuery
from campaigns.selectors.overview import breakdown
from frontend.forms.people import AgencyForm
from frontend.views.accounts import HEALTH_TONES
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage
from media_connectors.choices import AccountHealth
from media_connectors.selectors.directory import account_facts
from media_connectors.services.health import assign_agency
from xmagnet.accounts.actor import Actor
from xmagnet.core.ids import ids_among
from xmagnet.people import agencies
from xmagnet.people.members import MemberQuery, list_members


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


class OneAgency:
    """Finds the agency of the address, or answers 404."""

    actor: Actor
    kwargs: dict[str, Any]

    def find(self) -> Any:
        """The agency, when the reader may see it."""
        found = agencies.list_agencies(self.actor).filter(pk=self.kwargs["agency_id"]).first()
        if found is None:
            raise Http404
        return found


class AgencyPage(OneAgency, Page):
    """One agency: its media accounts, its people, and which accounts it could be given."""

    permission = "agencies:read"
    template_name = "frontend/people/agency.html"
    menu_item = "agencies"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Agencies"), self.url("agencies")),)

    def page_title(self) -> str:
        return str(self.agency.name)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.agency = self.find()
        everything = list(account_facts(self.actor).values())
        may_manage = self.actor.can("agencies:manage")
        people = list_members(self.actor, MemberQuery(agency=str(self.agency.pk)))[:PEOPLE_SHOWN]
        costs = cost_today_of_agencies(self.actor) if self.actor.can("plans:read") else None
        return super().get_context_data(
            agency=self.agency,
            accounts=[one for one in everything if one.agency_id == self.agency.pk],
            others=[one for one in everything if one.agency_id != self.agency.pk] if may_manage else [],
            people=people if self.actor.can("members:read") else None,
            cost_fen=costs.get(self.agency.pk, 0) if costs is not None else None,
            health_labels=dict(AccountHealth.choices),
            health_tones=HEALTH_TONES,
            may_manage=may_manage,
            **kwargs,
        )


PEOPLE_SHOWN = 200


class GiveAccounts(OneAgency, Page):
    """Give accounts to the agency, or take them back to the advertiser."""

    permission = "agencies:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        agency = self.find()
        is_taking = request.POST.get("action") == "take"
        chosen = set(ids_among(request.POST.getlist("account")))
        for account_id in sorted(chosen):
            assign_agency(self.actor, account_id=account_id, agency_id=None if is_taking else agency.pk)
        if chosen:
            text = ngettext("%(count)d account is moved.", "%(count)d accounts are moved.", len(chosen))
            messages.success(request, text % {"count": len(chosen)})
        else:
            messages.warning(request, _("Choose at least one account."))
        return redirect(self.url("agency", agency.pk))


class ChangeAgency(OneAgency, _AgencyForm):
    """Another name."""

    title = gettext_lazy("Rename")

    def crumbs(self) -> tuple[Crumb, ...]:
        return (*super().crumbs(), Crumb(str(self.agency), self.url("agency", self.agency.pk)))

    def form_options(self) -> dict[str, Any]:
        self.agency = self.find()
        return {"initial": {"name": self.agency.name}}

    def perform(self, form: Any) -> HttpResponse:
        agencies.change_agency(self.actor, self.agency.pk, name=form.cleaned_data["name"])
        messages.success(self.request, _("Saved."))
        return redirect(self.url("agency", self.agency.pk))


class SwitchAgency(Page):
    """Deactivate or reactivate."""

    permission = "agencies:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_active = request.POST.get("active") == "yes"
        agency = agencies.change_agency(self.actor, kwargs["agency_id"], is_active=is_active)
        told = _("%(name)s is back: its people may sign in again.") if is_active else _("%(name)s is deactivated.")
        messages.success(request, told % {"name": agency.name})
        return redirect(self.url("agency", agency.pk))
