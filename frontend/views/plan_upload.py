"""Plans from a file: checked in place by the bulk API's own rules, then handed to a job."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.services.bulk.intake import Body, format_of, read_body, rows_of
from campaigns.services.bulk.limits import VALIDATE_IN_REQUEST_ROWS
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.bulk.requests import Preview, accept_body, check_rows
from campaigns.services.bulk.template import csv_template, xlsx_template
from frontend.views.base import Crumb, Fragment, Page
from xmagnet.core.errors import DomainError, Forbidden, InvalidInput
from xmagnet.core.spreadsheets import CSV_TYPE, XLSX_TYPE

#: rows shown after a check, the wrong ones first
SHOWN = 100


class PlanUpload(Page):
    """``/plans/upload/``: choose a file, check it, create."""

    permission = "plans:write"
    template_name = "frontend/builder/upload.html"
    title = gettext_lazy("Upload a file")
    menu_item = "build"

    def crumbs(self) -> tuple[Crumb, ...]:
        return (Crumb(_("Build plans"), self.url("build")),)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(may_launch=self.actor.can("plans:launch"), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        options = BulkOptions(
            on_error="abort" if request.POST.get("on_error") == "abort" else "continue",
            initial_status="enabled" if request.POST.get("initial_status") == "enabled" else "paused",
        )
        try:
            body = _body(request)
            key = f"upload-{body.sha256}-{options.on_error}-{options.initial_status}"
            accepted = accept_body(self.actor, body, rows_of(body), options, idempotency_key=key)
        except Forbidden:
            raise
        except DomainError as refusal:
            context = self.get_context_data(refusal=refusal.detail)
            response: HttpResponse = self.render_to_response(context, status=422)
            return response
        messages.success(request, _("The rows are accepted. You may close this page: the job goes on."))
        return redirect(self.url("job", accepted.job.pk))


class UploadCheck(Fragment):
    """What the file would do; nothing is written."""

    permission = "plans:write"
    template_name = "frontend/builder/upload_check.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            body = _body(request)
            found = check_rows(self.actor, rows_of(body))
        except Forbidden:
            raise
        except DomainError as refusal:
            return self.render_to_response(self.get_context_data(refusal=refusal.detail))
        if not isinstance(found, Preview):
            return self.render_to_response(self.get_context_data(is_large=True, limit=VALIDATE_IN_REQUEST_ROWS))
        rows = sorted(found.rows, key=lambda row: (not row.problems, not row.warnings, row.index))
        shown = [
            {"row": row, "errors": found.errors_of(row), "warnings": found.warnings_of(row)} for row in rows[:SHOWN]
        ]
        return self.render_to_response(
            self.get_context_data(
                rows=shown,
                total=len(found.rows),
                invalid=found.invalid_count,
                valid=len(found.rows) - found.invalid_count,
                doubtful=sum(bool(row.warnings) for row in found.rows),
                more=max(0, len(found.rows) - SHOWN),
            )
        )


class UploadTemplate(Fragment):
    """An empty file with every column explained."""

    permission = "plans:read"
    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_csv = kwargs["extension"] == "csv"
        content, kind = (csv_template(), CSV_TYPE) if is_csv else (xlsx_template(), XLSX_TYPE)
        response = HttpResponse(content, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="plans.{kwargs["extension"]}"'
        return response


def _body(request: HttpRequest) -> Body:
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput(_("Choose a file first."))
    name = file.name or ""
    return read_body(file, format=format_of("", name), filename=name)
