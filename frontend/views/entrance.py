"""Pages outside an organization: where to go, and in which language."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from xmagnet.accounts.selectors import organizations_of
from xmagnet.core.language import remember_language
from xmagnet.people.profile import change_language


class ChooseOrganization(LoginRequiredMixin, TemplateView):
    """The door: straight in when there is one organization, a choice when there are more."""

    template_name = "frontend/entrance/organizations.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user: Any = request.user  # signed in: LoginRequiredMixin
        organizations = organizations_of(user.pk)
        if len(organizations) == 1:
            return redirect("frontend:overview", organizations[0].slug)
        return self.render_to_response(self.get_context_data(organizations=organizations))


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out one of the reader's own sessions elsewhere."""
    session = UserSession.objects.filter(user_id=request.user.pk, pk=session_id).first()
    if session is None:
        raise Http404
    session.end()
    messages.success(request, _("That session is signed out."))
    return redirect("usersessions_list")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and go back to the page."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    if request.user.is_authenticated:
        change_language(request.user.pk, language)
    remember_language(request, response, language)
    return response
