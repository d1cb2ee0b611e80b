"""Media accounts: how each fares, and who runs it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.forms.accounts import AlarmForm, AssignAgencyForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage
from media_connectors.choices import AccountHealth, PlatformChoice
from media_connectors.selectors.directory import AccountFacts, account_facts
from media_connectors.services import health
from xmagnet.core.errors import DomainError
from xmagnet.core.money import fen_from_yuan, yuan_from_fen

HEALTH_TONES = {"ok": "good", "needs_authorization": "bad", "failing": "bad", "refused": "bad", "paused": "quiet"}


class AccountList(Page):
    """Accounts by media, with what needs somebody on top of the list."""

    permission = "accounts:read"
    template_name = "frontend/accounts/list.html"
    title = gettext_lazy("Media accounts")
    menu_item = "accounts"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        everything = list(account_facts(self.actor).values())
        platform, state = self.request.GET.get("media", ""), self.request.GET.get("health", "")
        agency = self.request.GET.get("agency", "")
        text = self.request.GET.get("q", "").strip().casefold()
        shown = [
            account
            for account in everything
            if platform in ("", account.platform)
            and state in ("", account.health)
            and agency in ("", agency_key(account))
            and (not text or text in f"{account.name} {account.remote_id} {account.agency_name}".casefold())
        ]
        shown.sort(key=lambda account: account.health in ("ok", "paused"))
        return super().get_context_data(
            page=self.page_of(shown),
            platforms=PlatformChoice.choices,
            healths=AccountHealth.choices,
            health_labels=dict(AccountHealth.choices),
            health_tones=HEALTH_TONES,
            ending={account.id for account in shown if account.ends_soon(timezone.now())},
            agencies=agency_options(everything),
            is_filtered=bool(platform or state or agency or text),
            **kwargs,
        )


def agency_key(account: AccountFacts) -> str:
    """The agency as a filter's value; the advertiser's own accounts are "none"."""
    return str(account.agency_id or "none")


def agency_options(accounts: list[AccountFacts]) -> list[tuple[str, str]]:
    """The agencies among the accounts by name; nothing when there is nothing to choose."""
    names = {agency_key(account): account.agency_name or _("the advertiser") for account in accounts}
    return sorted(names.items(), key=lambda option: option[1]) if len(names) > 1 else []


class AccountAction(Page):
    """Refresh, pause or resume one account. Talks to the media, so outside a transaction."""

    permission = "accounts:manage"
    http_method_names = ["post"]
    is_atomic = False

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            done = self.perform(kwargs["account_id"])
        except DomainError as refusal:
            if refusal.status == 404:
                raise
            messages.error(request, refusal.detail)
        else:
            messages.success(request, done)
        return redirect(self.url("accounts"))

    def perform(self, account_id: int) -> str:
        """Do it, and say what was done."""
        action = self.request.POST.get("action")
        if action == "refresh":
            health.refresh_account(self.actor, account_id=account_id)
            return _("The login is refreshed.")
        if action == "pause":
            health.pause_account(self.actor, account_id=account_id)
            return _("The account is paused here. Delivery at the media goes on.")
        if action == "resume":
            health.resume_account(self.actor, account_id=account_id)
            return _("The account is taken up again.")
        raise Http404


class _OneAccount(FormPage):
    """A form about the account of the URL; 404 when the reader does not see it."""

    menu_item = "accounts"
    account: AccountFacts

    def setup_account(self) -> AccountFacts:
        found = account_facts(self.actor).get(self.kwargs["account_id"])
        if found is None:
            raise Http404
        self.account = found
        return found

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Media accounts"), self.url("accounts")),)

    def page_title(self) -> str:
        return self.account.name


class ChangeAlarm(_OneAccount):
    """Below which balance to warn."""

    permission = "accounts:manage"
    form_class = AlarmForm

    def form_options(self) -> dict[str, Any]:
        limit = self.setup_account().low_balance_fen
        return {"initial": {"low_balance": None if limit is None else yuan_from_fen(limit)}}

    def perform(self, form: Any) -> HttpResponse:
        yuan = form.cleaned_data["low_balance"]
        health.set_low_balance_alarm(
            self.actor, account_id=self.account.id, low_balance_fen=None if yuan is None else fen_from_yuan(yuan)
        )
        messages.success(self.request, _("Saved."))
        return redirect(self.url("accounts"))


class AssignAgency(_OneAccount):
    """Give an account to an agency, or take it back."""

    permission = "agencies:manage"
    form_class = AssignAgencyForm

    def form_options(self) -> dict[str, Any]:
        return {"actor": self.actor, "initial": {"agency_id": self.setup_account().agency_id}}

    def perform(self, form: Any) -> HttpResponse:
        health.assign_agency(self.actor, account_id=self.account.id, agency_id=form.cleaned_data["agency_id"])
        messages.success(self.request, _("Saved."))
        return redirect(self.url("accounts"))
