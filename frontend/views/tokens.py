"""API tokens: made once, shown once, revoked at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.forms.people import TokenForm
from frontend.views.base import Crumb, Page
from frontend.views.forms import FormPage
from xmagnet.people import api_tokens


class TokenList(Page):
    """The reader's tokens; an administrator sees everybody's."""

    permission = "tokens:manage"
    template_name = "frontend/people/tokens.html"
    title = gettext_lazy("API tokens")
    menu_item = "tokens"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page_of(api_tokens.list_tokens(self.actor))
        return super().get_context_data(page=page, now=timezone.now(), **kwargs)


class MakeToken(FormPage):
    """Make a token; its text is on the answer to this form and nowhere else."""

    permission = "tokens:manage"
    title = gettext_lazy("New API token")
    menu_item = "tokens"
    form_class = TokenForm
    submit_label = gettext_lazy("Make the token")

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("API tokens"), self.url("tokens")),)

    def form_options(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def perform(self, form: Any) -> HttpResponse:
        token = api_tokens.create_token(self.actor, **form.cleaned_data)
        base = self.request.build_absolute_uri(f"/api/v1/o/{self.actor.organization_slug}/")
        context = self.get_context_data(token=token.text, name=form.cleaned_data["name"], base_url=base)
        return self.response_class(self.request, "frontend/people/token_made.html", context)


class RevokeToken(Page):
    """Stop a token."""

    permission = "tokens:manage"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        api_tokens.revoke_token(self.actor, kwargs["token_id"])
        messages.success(request, _("The token is revoked: its next request is refused."))
        return redirect(self.url("tokens"))
