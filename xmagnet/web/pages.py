"""``OrgPage``: the gate for HTML."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.generic import TemplateView

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import authorized
from xmagnet.core.errors import Forbidden, NotFound


class OrgPage(LoginRequiredMixin, TemplateView):
    """A page of one organization: signed in, a member, allowed; the whole view runs in the tenant's transaction.

    ``permission`` is for reading the page; ``write_permission`` for POST and the like (default: the same).
    """

    permission: ClassVar[str]
    write_permission: ClassVar[str | None] = None
    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        is_reading = request.method in {"GET", "HEAD", "OPTIONS"}
        permission = self.permission if is_reading else self.write_permission or self.permission
        try:
            with authorized(request.user, kwargs["org"], permission) as actor, transaction.atomic():
                self.actor = request.actor = actor  # type: ignore[attr-defined]
                response = super().dispatch(request, *args, **kwargs)
                if isinstance(response, HttpResponse) and hasattr(response, "render"):
                    response = response.render()  # while the scope is open
                return response
        except NotFound as error:
            raise Http404(error.detail) from None
        except Forbidden as error:
            raise PermissionDenied(error.detail) from None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(actor=self.actor, **kwargs)
