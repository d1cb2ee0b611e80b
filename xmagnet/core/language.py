"""Where a browser keeps its reader's language."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

LANGUAGE_COOKIE = "language"
YEAR_SECONDS = 365 * 24 * 3600


def remember_language(request: HttpRequest, response: HttpResponseBase, language: str) -> None:
    """Keep the choice in a cookie; an empty choice means the browser's wish again."""
    if language:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR_SECONDS, secure=request.is_secure(), httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(LANGUAGE_COOKIE)
