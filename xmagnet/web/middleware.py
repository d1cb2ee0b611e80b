"""What happens to every request before and after its view."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import structlog
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xmagnet.core.context import request_id as request_id_context
from xmagnet.core.ids import new_id
from xmagnet.core.language import LANGUAGE_COOKIE
from xmagnet.web.api.errors import problem_response

Answer = Callable[[HttpRequest], HttpResponse]
ACTIVITY_SECONDS = 60
_ACTIVITY_KEY = "activity_noted_at"
_BEGAN_KEY = "began_at"
#: pages that nobody keeps: of an organization, of a person (recovery codes), behind an invitation's link
_PRIVATE = ("/o/", "/api/", "/account/", "/join/")
_SAFE_REQUEST_ID = re.compile(r"^[A-Za-z0-9_.-]{8,60}$")


class RequestIdMiddleware:
    """Gives every request an id (or keeps a sane one from the proxy), for logs, audit rows and error answers."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _SAFE_REQUEST_ID.match(given) else new_id("req")
        token = request_id_context.set(request_id)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
            request_id_context.reset(token)
        response["X-Request-Id"] = request_id
        return response


class BodyLimitMiddleware:
    """Refuses a request that announces more than any of ours may hold, before a form is parsed and files are kept."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("CONTENT_LENGTH") or "0"
        if given.isdecimal() and int(given) <= settings.MOST_BODY_BYTES:
            return self.get_response(request)
        detail = _("At most %(mib)d MiB.") % {"mib": settings.MOST_BODY_BYTES // (1024 * 1024)}
        if request.path.startswith("/api/"):
            return problem_response(413, detail)
        return HttpResponse(detail, status=413, content_type="text/plain; charset=utf-8")


class ClientAddressMiddleware:
    """Behind proxies ``REMOTE_ADDR`` is theirs: locks, networks of tokens and the audit log need the caller's.

    It is the last address of ``X-Forwarded-For`` that is not a trusted proxy's: what stands before it anybody may have
    written.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.trusted:
            way = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
            address = request.META.get("REMOTE_ADDR", "")
            while way and self._is_trusted(address):
                address = way.pop()
            request.META["REMOTE_ADDR"] = address
        return self.get_response(request)

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.trusted)


class LanguageMiddleware:
    """The person's choice (a cookie), else the browser's wish."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.codes = {code for code, _ in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
        language = chosen if chosen in self.codes else translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


class SessionActivityMiddleware:
    """Ends a session that was idle or open for too long; notes where and when one was last seen, for the profile.

    The note is made once a minute only: allauth's own middleware spends three queries, one of them a write, on every
    page.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            now = timezone.now().timestamp()
            began = request.session.get(_BEGAN_KEY, now)
            idle = now - request.session.get(_ACTIVITY_KEY, now)
            if idle > settings.SESSION_IDLE_SECONDS or now - began > settings.SESSION_ABSOLUTE_SECONDS:
                logout(request)
                return self.get_response(request)
            if abs(now - request.session.get(_ACTIVITY_KEY, 0)) >= ACTIVITY_SECONDS:
                UserSession.objects.create_from_request(request)
                request.session[_ACTIVITY_KEY] = now
                request.session[_BEGAN_KEY] = began
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Headers that Django has no setting for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if request.path.startswith(_PRIVATE):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
