"""The reader's own page: name, language, theme, and the ways to sign in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.context import THEME_COOKIE
from frontend.forms.people import ProfileForm
from frontend.views.forms import FormPage
from xmagnet.core.language import YEAR_SECONDS, remember_language
from xmagnet.people.profile import change_profile


class Profile(FormPage):
    """Everybody may change their own."""

    permission = "overview:read"
    template_name = "frontend/profile/page.html"
    title = gettext_lazy("Profile")
    menu_item = "profile"
    form_class = ProfileForm

    def form_options(self) -> dict[str, Any]:
        user: Any = self.request.user
        return {"initial": {"name": user.name, "language": user.language, "theme": user.theme or "auto"}}

    def perform(self, form: Any) -> HttpResponse:
        values = form.cleaned_data
        user: Any = self.request.user
        change_profile(user.pk, **values)
        messages.success(self.request, _("Saved."))
        response = redirect(self.url("profile"))
        remember_language(self.request, response, values["language"])
        response.set_cookie(
            THEME_COOKIE, values["theme"], max_age=YEAR_SECONDS, secure=self.request.is_secure(), samesite="Lax"
        )
        return response
