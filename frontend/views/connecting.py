"""Connecting media accounts: our application, the media's own sign-in, and the choice of accounts.

These pages talk to the media, so they run outside a transaction; the services keep what they got at once.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from frontend.forms.accounts import ApplicationForm, ChooseAccountsForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage, add_errors
from media_connectors.choices import PlatformChoice, VendorChoice
from media_connectors.contracts import VENDOR_OF, RemoteAccount, Vendor
from media_connectors.selectors.applications import list_applications
from media_connectors.selectors.directory import account_facts
from media_connectors.services import connecting
from xmagnet.core.errors import Conflict, DomainError, InvalidInput


class _Connecting(Page):
    permission = "accounts:manage"
    menu_item = "accounts"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Media accounts"), self.url("accounts")),)

    def callback_url(self) -> str:
        """Where the media sends the browser back to; registered at the media word for word."""
        return self.request.build_absolute_uri(self.url("connect-callback"))

    def turn_back(self, refusal: DomainError) -> HttpResponse:
        """To the start, with the reason."""
        messages.error(self.request, refusal.detail)
        return redirect(self.url("connect"))


class ConnectStart(_Connecting, FormPage):
    """The applications that accounts can be connected through, and a form for a new one."""

    template_name = "frontend/accounts/connect.html"
    title = gettext_lazy("Connect accounts")
    form_class = ApplicationForm
    submit_label = gettext_lazy("Keep the application")

    def perform(self, form: Any) -> HttpResponse:
        values = form.cleaned_data
        connecting.register_application(
            self.actor,
            vendor=Vendor(values["vendor"]),
            application_id=values["application_id"],
            secret=values["secret"],
        )
        messages.success(self.request, _("The application is kept. You can connect accounts through it now."))
        return redirect(self.url("connect"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            applications=list_applications(self.actor),
            vendor_names=dict(VendorChoice.choices),
            callback_url=self.callback_url(),
            **kwargs,
        )


class ConnectAuthorize(_Connecting):
    """Off to the media's own sign-in. A link, not a form: the policy lets forms go nowhere else."""

    is_atomic = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        address = connecting.begin_authorization(
            self.actor, application_id=kwargs["application_id"], redirect_url=self.callback_url()
        )
        return redirect(address)


class ConnectCallback(_Connecting):
    """Back from the media with a code, which is traded at once: it lives ten minutes and works once."""

    is_atomic = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = request.GET.get("auth_code") or request.GET.get("code") or ""
        if not code:
            messages.warning(request, _("The media sent no authorization back: it was declined there."))
            return redirect(self.url("connect"))
        try:
            granted = connecting.complete_authorization(self.actor, state=request.GET.get("state", ""), auth_code=code)
        except (InvalidInput, Conflict, connecting.MediaUnavailable) as refusal:
            return self.turn_back(refusal)
        return redirect(self.url("connect-choose", str(granted.vendor), granted.credential_id))


class ConnectChoose(_Connecting):
    """Which of the granted accounts to connect, on which platform, run by whom."""

    is_atomic = False
    template_name = "frontend/kit/form_page.html"
    title = gettext_lazy("Choose accounts")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._with_form(None)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._with_form(request.POST)

    def _with_form(self, data: Any) -> HttpResponse:
        credential_id = self.kwargs["credential_id"]
        try:
            granted = connecting.granted_accounts(self.actor, credential_id=credential_id)
        except (Conflict, connecting.MediaUnavailable) as refusal:
            return self.turn_back(refusal)
        with transaction.atomic():
            choices = self._choices(granted)
            form = ChooseAccountsForm(data, actor=self.actor, choices=choices)
        if data is not None and form.is_valid():
            try:
                connected = connecting.connect_accounts(
                    self.actor,
                    credential_id=credential_id,
                    choices=form.chosen(),
                    agency_id=form.cleaned_data["agency_id"],
                )
            except (InvalidInput, Conflict) as refusal:
                add_errors(form, refusal)
            except connecting.MediaUnavailable as refusal:
                return self.turn_back(refusal)
            else:
                told = ngettext(
                    "%(number)d account is connected.", "%(number)d accounts are connected.", len(connected)
                )
                messages.success(self.request, told % {"number": len(connected)})
                return redirect(self.url("accounts"))
        context = self.get_context_data(form=form, submit_label=_("Connect"), back_url=self.url("accounts"))
        return self.render_to_response(context, status=422 if data is not None else 200)

    def _choices(self, granted: tuple[RemoteAccount, ...]) -> list[tuple[str, str]]:
        if self.kwargs["vendor"] not in VendorChoice.values:
            raise Http404
        connected = {(account.platform, account.remote_id) for account in account_facts(self.actor).values()}
        labels = dict(PlatformChoice.choices)
        return [
            (
                f"{platform}:{account.remote_id}",
                f"{account.name or account.remote_id} ({account.remote_id}) · {labels[platform]}"
                + (f" · {_('connected')}" if (platform, account.remote_id) in connected else ""),
            )
            for account in granted
            for platform, vendor in VENDOR_OF.items()
            if vendor == self.kwargs["vendor"]
        ]
