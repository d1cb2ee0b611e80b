"""``OrgView``: the gate for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, ClassVar, TypeAlias

from django.db import transaction
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import TokenPrincipal, authorized
from xmagnet.core.errors import ErrorList, FieldError, InvalidInput, NotFound, Unauthenticated
from xmagnet.web.api.errors import ApiProblem, exception_handler
from xmagnet.web.api.openapi import OrgSchema
from xmagnet.web.api.throttling import RequestBudget, charge_request
from xmagnet.web.nul import is_nul_in_path, name_with_nul

Query: TypeAlias = Mapping[str, frozenset[str] | None]


class OrgView(APIView):
    """An endpoint of one organization. ``permissions`` says what each method needs; a method that is not in it does
    not exist. The whole handler runs in the tenant's transaction."""

    schema = OrgSchema()
    permissions: ClassVar[dict[str, str]]
    #: the names that each method reads from the query string, as its document says; any other is refused, for a filter
    #: with a typo must not select everything. None: the handler reads and refuses them itself
    query: ClassVar[Query] = {}
    #: False: the handler opens its own, shorter transactions (uploads, waiting for a job)
    is_atomic: ClassVar[bool] = True
    actor: Actor

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        self.headers = self.default_response_headers
        budget: RequestBudget | None = None
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request = drf_request
        try:
            self.format_kwarg = self.get_format_suffix(**kwargs)
            drf_request.accepted_renderer, drf_request.accepted_media_type = self.perform_content_negotiation(
                drf_request, force=True
            )
            method = (request.method or "").lower()
            permission = self._permission(method)
            if permission is None:
                raise MethodNotAllowed(method.upper())
            _refuse_nul(request, kwargs)
            principal = self._principal(drf_request)
            with authorized(principal, kwargs["org"], permission, via="api") as actor:
                self.actor = drf_request.actor = actor  # type: ignore[attr-defined]
                budget = charge_request(actor)
                _refuse_unknown(request, self.query.get(method.upper(), frozenset()))
                _require_length(request)
                with transaction.atomic() if self.is_atomic else nullcontext():
                    response = getattr(self, method, self.http_method_not_allowed)(drf_request, *args, **kwargs)
                    response = self._rendered(drf_request, response, args, kwargs)
        except Exception as error:
            answer = exception_handler(error, {"view": self, "request": drf_request})
            answer.exception = True
            response = self._rendered(drf_request, answer, args, kwargs)
        if budget is not None:
            for name, value in budget.headers().items():
                response[name] = value
        self.response = response
        return response

    def _permission(self, method: str) -> str | None:
        """What the method needs; HEAD and OPTIONS need what reading needs; None when it is not offered."""
        offered = {name.lower(): permission for name, permission in self.permissions.items()}
        if method in {"head", "options"}:
            return offered.get("get", next(iter(offered.values())))
        return offered.get(method)

    def _rendered(self, request: Request, response: Any, args: Any, kwargs: Any) -> Any:
        response = self.finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response) and not response.is_rendered:
            response.render()  # while the scope is open
        return response

    def _principal(self, request: Request) -> Any:
        if isinstance(request.auth, TokenPrincipal):
            return request.auth
        if request.user.is_authenticated:
            return request.user
        raise Unauthenticated("Send an API token: Authorization: Bearer adk_…")


def _refuse_unknown(request: Any, known: frozenset[str] | None) -> None:
    """A name that nobody reads, or one given twice, would be passed over in silence."""
    errors = ErrorList()
    for name, values in request.GET.lists():
        if known is not None and name not in known:
            errors.add(f"/{name}", "unknown_field", _("There is no parameter “%(name)s”.") % {"name": name})
        elif len(values) > 1:
            errors.add(f"/{name}", "repeated", _("Give %(name)s once.") % {"name": name})
    errors.raise_if_any()


def _require_length(request: Any) -> None:
    """WSGI reads as much of a body as Content-Length says; one in pieces without it would look empty."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        detail = _("Send Content-Length; a body in chunks is not read.")
        raise ApiProblem("length-required", 411, "Content-Length is missing", detail)


def _refuse_nul(request: Any, kwargs: dict[str, Any]) -> None:
    if is_nul_in_path(kwargs):
        raise NotFound
    name = name_with_nul(request.GET)
    if name is not None:
        detail = _("A parameter holds a NUL character.")
        raise InvalidInput(detail, errors=(FieldError(f"/{name}".replace("\0", ""), "invalid", detail),))
