"""Error pages: what happened, what was not done, and a number to quote. In the shell when there is one.

Programs that call an API path are answered with a problem, never with a page.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from xmagnet.core.context import request_id
from xmagnet.web.api.errors import problem_response


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_response(status, text)
    context = {
        "status": status,
        "heading": title,
        "text": text,
        "request_id": request_id.get(),
        "may_try_again": status >= 500 and request.method == "GET",
    }
    return render(request, "frontend/errors/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _answer(request, 400, _("This request cannot be read"), _("Nothing was changed. Go back and try again."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403; says which permission is missing when the gate told."""
    said = str(exception)
    text = f"{said} {_('Ask an administrator of your organization if you need this.')}".lstrip()
    return _answer(request, 403, _("You may not do this"), text)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; also for what belongs to somebody else."""
    text = _("It may have been removed, or it belongs to an organization or agency that you cannot see.")
    return _answer(request, 404, _("There is nothing here"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    text = _("The error is ours and has been recorded. What was accepted before is safe. Try again in a moment.")
    return _answer(request, 500, _("Something went wrong inside X-Magnet"), text)


def csrf_failure(request: HttpRequest, reason: str = "", **kwargs: Any) -> HttpResponse:
    """403 when the form's protection token does not fit: mostly a page that stayed open over a sign-in."""
    text = _("Nothing was changed. The page was open too long, or cookies are blocked: reload it and send it again.")
    response = _answer(request, 403, _("The form has expired"), text)
    response["X-Stale-Page"] = "yes"
    return response
