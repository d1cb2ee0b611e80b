"""Every error answer is RFC 9457 ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions
from rest_framework.response import Response

from xmagnet.core.context import request_id
from xmagnet.core.errors import DomainError, FieldError
from xmagnet.web.api.problems import PROBLEM_BASE, PROBLEM_TYPE, STATUSES
from xmagnet.web.api.rendering import FastJSONRenderer

MAX_ERRORS = 100
#: an embedded PostgreSQL is back after a kill in about this time
DATABASE_BACK_SECONDS = 5
logger = structlog.get_logger(__name__)


class ApiProblem(DomainError):
    """A problem whose slug and status the raiser chooses; ``headers`` go with the answer."""

    def __init__(
        self,
        slug: str,
        status: int,
        title: str,
        detail: str = "",
        *,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.slug, self.status, self.title = slug, status, title
        self.headers, self.extra = headers or {}, extra or {}
        super().__init__(detail, errors=errors)


def problem_body(
    slug: str,
    status: int,
    title: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The JSON object of a problem; at most ``MAX_ERRORS`` field errors, and it says when there were more."""
    body: dict[str, Any] = {
        "type": PROBLEM_BASE + slug,
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": request_id.get(),
        **(extra or {}),
    }
    if errors:
        body["errors"] = [
            {"pointer": error.pointer, "code": error.code, "detail": error.detail}
            | ({"column": error.column} if error.column else {})
            for error in errors[:MAX_ERRORS]
        ]
        if len(errors) > MAX_ERRORS:
            body["errors_truncated"] = len(errors) - MAX_ERRORS
    return body


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: nothing leaves without a problem body, nothing inside leaks."""
    headers: dict[str, str] = {}
    if isinstance(error, DomainError):
        extra = getattr(error, "extra", None)
        body = problem_body(error.slug, error.status, error.title, error.detail, error.errors, extra)
        headers = dict(getattr(error, "headers", {}))
        if error.status == 401:
            headers.setdefault("WWW-Authenticate", 'Bearer realm="x-magnet"')
    elif isinstance(error, exceptions.ValidationError):
        fields = tuple(_walk(error.detail, ""))
        body = problem_body(
            "validation-error", 422, "The request is not valid", fields[0].detail if fields else "", fields
        )
    elif isinstance(error, (Http404, exceptions.APIException, DjangoPermissionDenied)):
        status = getattr(error, "status_code", 404 if isinstance(error, Http404) else 403)
        slug, title, _meaning = STATUSES.get(status, ("error", "Error", ""))
        body = problem_body(slug, status, title, str(getattr(error, "detail", "") or title))
        if getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = error.auth_header  # type: ignore[union-attr]
        if getattr(error, "wait", None):
            headers["Retry-After"] = str(int(error.wait) + 1)  # type: ignore[union-attr]
    elif isinstance(error, (MultiPartParserError, SuspiciousOperation)):
        slug, title, _meaning = STATUSES[400]
        body = problem_body(slug, 400, title, "The form cannot be read.")
    elif isinstance(error, OperationalError):
        logger.warning("api.database_away", exc_info=True)
        slug, title, _meaning = STATUSES[503]
        body = problem_body(slug, 503, title, "The database does not answer. Nothing was written; try again.")
        headers["Retry-After"] = str(DATABASE_BACK_SECONDS)
    else:
        logger.exception("api.errored")
        body = problem_body("internal-error", 500, "Internal error", "Something went wrong inside X-Magnet.")
    request = context.get("request")
    if request is not None:  # whatever the view renders, its problems are JSON
        request.accepted_renderer, request.accepted_media_type = FastJSONRenderer(), PROBLEM_TYPE
    return Response(body, status=body["status"], headers=headers, content_type=PROBLEM_TYPE)


def problem_response(status: int, detail: str) -> HttpResponse:
    """A problem for calls that never reach a view: unknown paths, broken requests, failures outside the gate."""
    slug, title, _meaning = STATUSES[status]
    content = FastJSONRenderer().render(problem_body(slug, status, title, detail))
    return HttpResponse(content, status=status, content_type=PROBLEM_TYPE)


def _walk(detail: Any, pointer: str) -> list[FieldError]:
    if isinstance(detail, dict):
        return [item for key, value in detail.items() for item in _walk(value, f"{pointer}/{key}")]
    if isinstance(detail, list):
        if any(isinstance(item, (dict, list)) for item in detail):
            return [item for index, value in enumerate(detail) for item in _walk(value, f"{pointer}/{index}")]
        return [FieldError(pointer, getattr(item, "code", "invalid"), str(item)) for item in detail]
    return [FieldError(pointer, getattr(detail, "code", "invalid"), str(detail))]
