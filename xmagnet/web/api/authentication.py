"""Who calls the API. Authentication only notes the principal; the gate decides."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.authentication import SessionAuthentication as DjangoSessionAuthentication
from rest_framework.request import Request

from xmagnet.accounts.guard import TokenPrincipal


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer adk_…``."""

    def authenticate(self, request: Request) -> tuple[Any, TokenPrincipal] | None:
        parts = get_authorization_header(request).decode("latin-1").split()
        if len(parts) != 2 or parts[0].lower() != "bearer":
            return None
        from django.contrib.auth.models import AnonymousUser

        principal = TokenPrincipal(text=parts[1], address=request.META.get("REMOTE_ADDR", ""))
        return AnonymousUser(), principal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="x-magnet"'


class SessionAuthentication(DjangoSessionAuthentication):
    """The web UI's session, with CSRF checks."""


class TokenScheme(OpenApiAuthenticationExtension):
    """How the schema names it."""

    target_class = TokenAuthentication
    name = "ApiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "adk_<env>_<prefix>_<secret>",
            "description": "Made under API tokens, shown once; may do what its scopes and its maker's role allow.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """How the schema names it; the cookie's name depends on the profile."""

    target_class = SessionAuthentication
    name = "Session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The pages' own session; writing needs X-CSRFToken as well. Programs use tokens.",
        }
