"""Whom a sign-in attempt is for, so that wrong guesses count against that name and not against a whole office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def login_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The name tried, in one spelling; django-axes counts failures by it and the address.

    The page's form calls it ``login``, the credentials that reach the backends ``email`` or ``username``: found under
    none of them it would be nobody, and eight wrong guesses would lock out everybody behind the same address.
    """
    given = credentials or {}
    name = given.get("email") or given.get("username") or request.POST.get("login") or ""
    return str(name).strip().lower()[:254]
