"""``OrgPage``: the gate for HTML."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import SimpleTemplateResponse
from django.urls import get_callable
from django.utils.translation import get_language
from django.views.generic import TemplateView

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import authorized
from xmagnet.core.errors import Forbidden, NotFound
from xmagnet.web.nul import is_nul_in_path, name_with_nul

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class OrgPage(LoginRequiredMixin, TemplateView):
    """A page of one organization: signed in, a member, allowed; the whole view runs in the tenant's transaction.

    ``permission`` is for reading the page; ``write_permission`` for POST and the like (default: the same).
    A page that calls a media sets ``is_atomic`` to False: its services open their own short transactions and nothing is
    sent inside one; only the rendering has a transaction around it.
    """

    permission: ClassVar[str]
    write_permission: ClassVar[str | None] = None
    is_atomic: ClassVar[bool] = True
    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            is_whole = request.method in _READING and not request.headers.get("HX-Request")
            return self.handle_no_permission() if is_whole else _sign_in_again(request)
        _refuse_nul(request, kwargs)
        if _is_shown_to_another(request):
            return get_callable(settings.CSRF_FAILURE_VIEW)(request)
        is_reading = request.method in _READING
        permission = self.permission if is_reading else self.write_permission or self.permission
        try:
            with authorized(request.user, kwargs["org"], permission) as member:
                # Reasons are told in the language of the page, which may not be the person's own.
                self.actor = replace(member, language=get_language() or member.language)
                request.actor = self.actor  # type: ignore[attr-defined]
                with transaction.atomic() if self.is_atomic else nullcontext():
                    response = super().dispatch(request, *args, **kwargs)
                    if self.is_atomic:
                        _render(response)  # while the scope is open
                if not self.is_atomic:
                    with transaction.atomic():
                        _render(response)
                return response
        except NotFound as error:
            raise Http404(error.detail) from None
        except Forbidden as error:
            raise PermissionDenied(error.detail) from None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(actor=self.actor, **kwargs)


def _refuse_nul(request: HttpRequest, kwargs: dict[str, Any]) -> None:
    if is_nul_in_path(kwargs):
        raise Http404
    if name_with_nul(request.GET) is not None or name_with_nul(request.POST) is not None:
        raise BadRequest("A NUL character was sent.")


def _is_shown_to_another(request: HttpRequest) -> bool:
    """The page was shown to somebody else than who is signed in now, in another tab: nobody acts in their name."""
    shown_to = request.headers.get("X-Person") or request.POST.get("shown_to", "")
    return bool(shown_to) and shown_to != str(request.user.pk)


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    """When the session ended: where to sign in to come back to the page, not to its island or its form's address.

    An island is answered 401: a redirect would be followed by the browser, and the sign-in page would land inside it.
    """
    is_island = bool(request.headers.get("HX-Request"))
    page = urlsplit(request.headers.get("HX-Current-URL" if is_island else "Referer", ""))
    here = f"{page.path}?{page.query}" if page.query else page.path
    sign_in = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': here or '/'})}"
    return HttpResponse(status=401, headers={"X-Sign-In": sign_in}) if is_island else HttpResponseRedirect(sign_in)


def _render(response: HttpResponseBase) -> None:
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.render()
