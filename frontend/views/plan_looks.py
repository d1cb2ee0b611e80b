"""What goes with the plan table: saved views and exports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from campaigns.selectors.plans import export_rows
from campaigns.selectors.views import list_views
from campaigns.services.views import change_view, delete_view, save_view, set_default_view
from frontend.tables.plan_export import as_csv, as_xlsx
from frontend.tables.plan_state import state_from
from frontend.views.answers import done
from frontend.views.base import Fragment
from xmagnet.core.errors import InvalidInput, NotFound
from xmagnet.core.spreadsheets import CSV_TYPE, XLSX_TYPE
from xmagnet.web.streaming import stream_in_scope

_WRITERS = {"csv": (as_csv, CSV_TYPE), "xlsx": (as_xlsx, XLSX_TYPE)}


class PlanExport(Fragment):
    """``plans.csv`` or ``plans.xlsx`` of what is shown: same filter, order, columns and range; any size."""

    permission = "plans:read"
    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        actor, state, language = self.actor, state_from(request.GET), get_language() or "en"
        write, content_type = _WRITERS[kwargs["extension"]]
        query = state.query()
        try:
            next(export_rows(actor, query), None)  # what cannot be asked is refused before the download begins
        except InvalidInput as refusal:
            raise BadRequest(refusal.detail) from None

        def produce() -> Iterable[bytes]:
            with override(language):
                yield from write(export_rows(actor, query), state.columns, compares=bool(state.compare))

        response = StreamingHttpResponse(stream_in_scope(actor, produce), content_type=content_type)
        name = f"plans-{timezone.localdate():%Y%m%d}.{kwargs['extension']}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class ViewSave(Fragment):
    """Give the current look a name."""

    permission = "plans:read"
    template_name = "frontend/plans/view_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(query=state_from(self.request.GET).encoded(page=1, view_id=None), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name, is_shared = request.POST.get("name", ""), "is_shared" in request.POST
        try:
            view_id = save_view(
                self.actor, table="plans", name=name, query=request.POST.get("query", ""), is_shared=is_shared
            )
            if "is_default" in request.POST:
                set_default_view(self.actor, view_id, is_default=True)
        except InvalidInput as refusal:
            context = self.get_context_data(error=refusal.detail, name=name, is_shared=is_shared)
            context["query"] = request.POST.get("query", "")
            response: HttpResponse = self.render_to_response(context, status=422)
            return response
        return done(_("The view is saved."), events={"view-shown": {"id": view_id}})


class ViewEdit(Fragment):
    """Rename, share or replace one's own view."""

    permission = "plans:read"
    template_name = "frontend/plans/view_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        view = next((one for one in list_views(self.actor, "plans") if one.id == self.kwargs["view_id"]), None)
        if view is None or not view.is_mine:
            raise NotFound
        shown = {"kept": view, "name": view.name, "is_shared": view.is_shared, "query": view.query}
        return super().get_context_data(**shown | kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view_id, data = kwargs["view_id"], request.POST
        try:
            if "replace" in data:  # the table as it stands now
                change_view(self.actor, view_id, query=state_from(data).encoded(page=1, view_id=None))
            else:
                change_view(self.actor, view_id, name=data.get("name", ""), is_shared="is_shared" in data)
        except InvalidInput as refusal:
            context = self.get_context_data(error=refusal.detail, name=data.get("name", ""))
            response: HttpResponse = self.render_to_response(context, status=422)
            return response
        return done(_("The view is saved."))


class ViewDefault(Fragment):
    """Open the table with a view, or no longer."""

    permission = "plans:read"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_default = request.POST.get("is_default") == "yes"
        set_default_view(self.actor, kwargs["view_id"], is_default=is_default)
        return done(_("The table opens with this view now.") if is_default else _("The table opens plainly again."))


class ViewDelete(Fragment):
    """Forget one's own view."""

    permission = "plans:read"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        delete_view(self.actor, kwargs["view_id"])
        return done(_("The view is deleted."))
