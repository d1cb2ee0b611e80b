"""Plans from a file: checked in place by the bulk API's own rules, then handed to a job."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.services.bulk.corrections import CORRECTABLE, Corrections, corrected_rows, failed_rows_csv
from campaigns.services.bulk.intake import UTF8, Body, charset_of, format_of, read_body, rows_of
from campaigns.services.bulk.limits import VALIDATE_IN_REQUEST_ROWS
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.bulk.requests import Preview, accept_body, check_rows
from campaigns.services.bulk.template import csv_template, xlsx_template
from frontend.builder_words import CELL_LABELS
from frontend.forms.builder import overrides_from
from frontend.views.base import Crumb, Fragment, Page
from xmagnet.core.errors import DomainError, Forbidden, InvalidInput
from xmagnet.core.ids import whole_number
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
            validate_only=request.POST.get("intent") == "check",
        )
        try:
            body = _body(request)
            if options.validate_only:  # accounts and plans change: every check is a new one
                key = f"check-{get_random_string(16)}"
            else:
                key = f"upload-{body.sha256}-{options.on_error}-{options.initial_status}{_corrections_key(request)}"
            rows = corrected_rows(rows_of(body), _corrections(request))
            accepted = accept_body(self.actor, body, rows, options, idempotency_key=key)
        except Forbidden:
            raise
        except DomainError as refusal:
            context = self.get_context_data(refusal=refusal.detail)
            response: HttpResponse = self.render_to_response(context, status=422)
            return response
        if options.validate_only:
            messages.success(request, _("Every row is being checked. Nothing is sent to the media."))
        else:
            messages.success(request, _("The rows are accepted. You may close this page: the job goes on."))
        return redirect(self.url("job", accepted.job.pk))


class UploadCheck(Fragment):
    """What the file would do; nothing is written."""

    permission = "plans:write"
    template_name = "frontend/builder/upload_check.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        corrections = _corrections(request)
        try:
            body = _body(request)
            found = check_rows(self.actor, corrected_rows(rows_of(body), corrections))
        except Forbidden:
            raise
        except DomainError as refusal:
            return self.render_to_response(self.get_context_data(refusal=refusal.detail))
        if not isinstance(found, Preview):
            return self.render_to_response(
                self.get_context_data(is_large=True, limit=VALIDATE_IN_REQUEST_ROWS, is_guessed=body.charset != UTF8)
            )
        rows = sorted(found.rows, key=lambda row: (not row.problems, not row.warnings, row.index))
        columns = _columns(found, rows[:SHOWN], corrections)
        shown = [_shown(found, row, columns, corrections) for row in rows[:SHOWN]]
        return self.render_to_response(
            self.get_context_data(
                rows=shown,
                labels=[CELL_LABELS.get(name, name) for name in columns],
                skipped=len(corrections.skipped),
                edited=len(corrections.cells),
                total=len(found.rows),
                invalid=found.invalid_count,
                valid=len(found.rows) - found.invalid_count,
                doubtful=sum(bool(row.warnings) for row in found.rows),
                more=max(0, len(found.rows) - SHOWN),
                is_guessed=body.charset != UTF8,
            )
        )


class UploadFailed(Fragment):
    """The invalid rows of the file as a file to correct."""

    permission = "plans:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            found = check_rows(self.actor, corrected_rows(rows_of(_body(request)), _corrections(request)))
        except Forbidden:
            raise
        except DomainError as refusal:
            return HttpResponse(refusal.detail, status=422, content_type="text/plain; charset=utf-8")
        if not isinstance(found, Preview):
            text = _("A file of this size is checked by its job; the job's page has the failed rows.")
            return HttpResponse(text, status=422, content_type="text/plain; charset=utf-8")
        response = HttpResponse(failed_rows_csv(found), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="failed-rows.csv"'
        return response


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
    kind = format_of("", name)
    return read_body(file, format=kind, charset=charset_of(file) if kind == "csv" else "", filename=name)


#: columns that the preview always has; fields with an error or a correction stand before them
COLUMNS = ("account_id", "name", "campaign", "titles", "bid", "budget", "landing_url")
MAX_CORRECTIONS = 2_000


def _columns(found: Preview, rows: Sequence[Any], corrections: Corrections) -> tuple[str, ...]:
    """What can be corrected in place: whatever is wrong in a row shown, so that no error is without a remedy here.

    A list of NDJSON is no text of a cell; its errors stay in words.
    """
    wrong = {
        one.field
        for row in rows
        for one in found.errors_of(row)
        if not isinstance(found.sources[row.index].get(one.field), list)
    }
    wrong.update(name for cells in corrections.cells.values() for name in cells)
    return (*(name for name in CORRECTABLE if name in wrong and name not in COLUMNS), *COLUMNS)


def _shown(found: Preview, row: Any, columns: Sequence[str], corrections: Corrections) -> dict[str, Any]:
    """A line of the file with its cells and what was found in each."""
    source = found.sources[row.index]
    edited = corrections.cells.get(row.line, {})
    errors, warnings = found.errors_of(row), found.warnings_of(row)
    cells = []
    for name in columns:
        value = source.get(name)
        text = "|".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")
        cells.append(
            {
                "field": name, "raw": text, "value": text.replace("|", " / "), "label": CELL_LABELS.get(name, name),
                "errors": [_told(one) for one in errors if one.field == name],
                "warnings": [_told(one) for one in warnings if one.field == name], "is_edited": name in edited,
            }
        )  # fmt: skip
    return {
        "row": {"number": row.line, "exclusion": json.dumps({"line": str(row.line)})},
        "checked": row,
        "cells": cells,
        "errors": [one for one in errors if one.field not in columns],
        "warnings": [one for one in warnings if one.field not in columns],
    }


def _told(message: Any) -> str:
    """With the letter of the spreadsheet's column, where there is one."""
    return f"{message.column}: {message.detail}" if message.column else message.detail


def _corrections(request: HttpRequest) -> Corrections:
    """What was corrected in the preview; malformed lines are left out, never refused."""
    cells: dict[int, dict[str, str]] = {}
    skipped: set[int] = set()
    for one in overrides_from(request.POST.getlist("correction")[:MAX_CORRECTIONS]):
        line = whole_number(one.rule.get("line", ""))
        if line is None:
            continue
        if one.field == "skip":
            skipped.add(line)
        else:
            cells.setdefault(line, {})[one.field] = one.value
    return Corrections(cells, frozenset(skipped))


def _corrections_key(request: HttpRequest) -> str:
    """Another correction is another request; none leaves the file's own key."""
    lines = request.POST.getlist("correction")
    return f"-{sha256(json.dumps(lines).encode()).hexdigest()[:32]}" if lines else ""
