"""``POST /plans/bulk`` and what surrounds it: template, limits."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.bulk_schemas import BULK_BODIES, EXAMPLE_ROW, BulkCheckSchema, JobSchema, LimitsSchema
from campaigns.api.parameters import FILE_NAME, IDEMPOTENCY_KEY, JOB_HEADERS
from campaigns.selectors.bulk.jobs import job_etag, job_resource
from campaigns.services.bulk.accept import Accepted
from campaigns.services.bulk.intake import Body, format_of, read_body
from campaigns.services.bulk.limits import (
    FORMAT_LIMITS,
    JOB_DEADLINE,
    KEPT_FOR,
    QUEUED_JOBS,
    ROW_BYTES,
    RUNNING_JOBS,
    VALIDATE_IN_REQUEST_ROWS,
    WAIT_ROWS,
    WAIT_SECONDS,
)
from campaigns.services.bulk.refusals import PayloadTooLarge
from campaigns.services.bulk.requests import Preview, accept_body, check_rows, read_request
from campaigns.services.bulk.template import csv_template, xlsx_template
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import FieldError, InvalidInput
from xmagnet.core.ids import whole_number
from xmagnet.core.spreadsheets import CSV_TYPE, XLSX_TYPE
from xmagnet.jobs.models import Job
from xmagnet.jobs.selectors import get_job
from xmagnet.web.api.errors import ApiProblem
from xmagnet.web.api.problems import problems
from xmagnet.web.api.throttling import REQUESTS_PER_WINDOW, ROWS_PER_DAY, WINDOW_SECONDS, charge_rows, require_rows
from xmagnet.web.api.views import OrgView, Query
from xmagnet.webhooks.selectors import visible_endpoints

RETRY_AFTER = "2"
POLL_SECONDS = 0.1
CHECK_OR_JOB = PolymorphicProxySerializer(
    "CheckOrJob", serializers=[BulkCheckSchema, JobSchema], resource_type_field_name=None
)


class BulkView(OrgView):
    """Create plans in bulk. The body is never read into DRF's parsers: it is streamed within its format's limits."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}
    query: ClassVar[Query] = {"POST": None}  # options, which a JSON body may hold instead: read_options refuses others
    is_atomic = False
    parser_classes = ()

    @extend_schema(
        operation_id="plans_bulk_create",
        summary="Create plans",
        request=BULK_BODIES,
        examples=[OpenApiExample("one row", {"rows": [EXAMPLE_ROW]}, request_only=True, media_type="application/json")],
        parameters=[
            IDEMPOTENCY_KEY,
            OpenApiParameter(
                "validate_only", bool, default=False, description="Check as for creation and write nothing"
            ),
            OpenApiParameter(
                "on_error",
                str,
                enum=["continue", "abort"],
                default="continue",
                description="abort: nothing is sent unless every row is valid. What was created is never rolled back",
            ),
            OpenApiParameter(
                "initial_status",
                str,
                enum=["paused", "enabled"],
                default="paused",
                description="enabled needs plans:launch",
            ),
            OpenApiParameter(
                "callback_id",
                {"type": "integer", "minimum": 1},
                description="Webhook endpoint that hears of this job, besides those that hear of all",
            ),
            OpenApiParameter(
                "Prefer",
                {"type": "string", "enum": ["respond-async", "wait=10"]},
                OpenApiParameter.HEADER,
                description="wait=10: answer when the job is finished, after 10 seconds at the latest; up to 100 rows",
            ),
            OpenApiParameter(
                "Content-Encoding",
                {"type": "string", "enum": ["gzip", "identity"]},
                OpenApiParameter.HEADER,
                description="Limits count inflated bytes; at most 100:1",
            ),
            OpenApiParameter(
                "Preference-Applied",
                {"type": "string", "pattern": "^(respond-async|wait=[0-9]+)$"},
                OpenApiParameter.HEADER,
                response=[200, 202],
                description="Which Prefer was followed; wait is not for more than 100 rows",
            ),
            *JOB_HEADERS,
        ],
        responses={
            202: OpenApiResponse(
                JobSchema, description="Accepted: each row will end with a plan or an explained error"
            ),
            200: OpenApiResponse(CHECK_OR_JOB, description="validate_only of up to 1,000 rows, or a finished job"),
            **problems(
                400,
                413,
                415,
                422,
                _409="job-limit: too many live jobs; idempotency-in-progress: the same key is being accepted now",
            ),
        },
    )
    def post(self, request: Request, org: str) -> Response:
        key = read_idempotency_key(request)
        wait_seconds = _wait_seconds(request)
        body = _body(request)
        rows, options = read_request(body, request.query_params.dict())
        read_callback(self.actor, options.callback_id, "/options/callback_id")
        if options.validate_only:
            checked = check_rows(self.actor, rows)
            if isinstance(checked, Preview):
                return Response(_preview(checked))
            rows = checked
        require_rows(self.actor)
        accepted = accept_body(self.actor, body, rows, options, idempotency_key=key)
        job = accepted.job
        if not accepted.is_replayed:
            charge_rows(self.actor, job.total_count or 0)
        applied = "respond-async" if "respond-async" in _preferences(request) else ""
        if wait_seconds and (job.total_count or 0) <= WAIT_ROWS:
            job, applied = self._wait_for(job, wait_seconds), f"wait={wait_seconds}"
        response = job_answer(org, job, accepted)
        if applied:
            response["Preference-Applied"] = applied
        return response

    def _wait_for(self, job: Job, seconds: int) -> Job:
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            with transaction.atomic():
                job = get_job(self.actor, job.pk) or job
            if not job.is_live:
                break
            time.sleep(POLL_SECONDS)
        return job


class TemplateView(OrgView):
    """The empty file to fill in."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:write"}
    query: ClassVar[Query] = {"GET": frozenset({"format"})}

    @extend_schema(
        operation_id="plans_bulk_template",
        summary="Download the template",
        parameters=[OpenApiParameter("format", str, enum=["csv", "xlsx"], default="csv"), FILE_NAME],
        responses={(200, "text/csv"): str, (200, XLSX_TYPE): OpenApiTypes.BINARY, **problems(422)},
    )
    def get(self, request: Request, org: str) -> HttpResponse:
        format = request.query_params.get("format", "csv")
        if format not in {"csv", "xlsx"}:
            detail = _("format is csv or xlsx.")
            raise InvalidInput(detail, errors=(FieldError("/format", "not_a_choice", detail),))
        content = csv_template() if format == "csv" else xlsx_template()
        content_type = CSV_TYPE if format == "csv" else XLSX_TYPE
        response = HttpResponse(content, content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="plans.{format}"'
        return response


class LimitsView(OrgView):
    """What may be asked, and how often."""

    permissions: ClassVar[dict[str, str]] = {"GET": "jobs:read"}

    @extend_schema(operation_id="limits", summary="Read the limits", responses=LimitsSchema)
    def get(self, request: Request, org: str) -> Response:
        return Response(limits())


def limits() -> dict[str, Any]:
    """The published limits."""
    return {
        "formats": {name: {"rows": limit.rows, "bytes": limit.bytes} for name, limit in FORMAT_LIMITS.items()},
        "row_bytes": ROW_BYTES,
        "running_jobs": RUNNING_JOBS,
        "queued_jobs": QUEUED_JOBS,
        "validate_in_request_rows": VALIDATE_IN_REQUEST_ROWS,
        "wait_rows": WAIT_ROWS,
        "wait_seconds": WAIT_SECONDS,
        "job_deadline_seconds": int(JOB_DEADLINE.total_seconds()),
        "results_kept_seconds": int(KEPT_FOR.total_seconds()),
        "requests": {"limit": REQUESTS_PER_WINDOW, "window_seconds": WINDOW_SECONDS},
        "rows": {"limit": ROWS_PER_DAY, "window_seconds": 86_400},
    }


def job_address(org: str, job_id: str) -> str:
    """The path of the job resource."""
    return reverse("api:job", kwargs={"org": org, "job_id": job_id})


def job_answer(org: str, job: Job, accepted: Accepted | None = None) -> Response:
    """202 with the job and where to look for it; 200 once it is finished."""
    address = job_address(org, job.pk)
    response = Response(job_resource(job, base=address), status=202 if job.is_live else 200)
    response["Location"] = address
    response["ETag"] = job_etag(job)
    if job.is_live:
        response["Retry-After"] = RETRY_AFTER
    if accepted is not None and accepted.is_replayed:
        response["Idempotency-Replayed"] = "true"
    return response


def _preview(preview: Preview) -> dict[str, Any]:
    rows = [
        {
            "index": row.index,
            "line": row.line,
            "client_ref": row.client_ref,
            "state": "invalid" if row.problems else "valid",
            "errors": [_message(error) for error in preview.errors_of(row)],
            "warnings": [_message(warning) for warning in preview.warnings_of(row)],
        }
        for row in preview.rows
    ]
    counts = {"total": len(rows), "invalid": preview.invalid_count, "valid": len(rows) - preview.invalid_count}
    return {"validate_only": True, "valid": not preview.invalid_count, "counts": counts, "rows": rows}


def _message(message: Any) -> dict[str, str]:
    body = {"pointer": message.pointer, "code": message.code, "detail": message.detail}
    return body | {"column": message.column} if message.column else body


def read_idempotency_key(request: Request) -> str:
    """The required header; raises a 400 problem."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise ApiProblem(
            "idempotency-key-missing", 400, "Idempotency-Key is missing", _("Send an Idempotency-Key of your own.")
        )
    if len(key) > 255 or not all("!" <= character <= "~" for character in key):
        raise ApiProblem(
            "idempotency-key-missing",
            400,
            "Idempotency-Key is not usable",
            _("An Idempotency-Key has 1 to 255 visible ASCII characters."),
        )
    return key


def read_callback(actor: Actor, value: Any, pointer: str) -> int | None:
    """The id of a webhook endpoint that the actor may see; raises ``InvalidInput``: news for nobody help nobody."""
    if value is None:
        return None
    is_id = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 63
    with transaction.atomic():
        if is_id and visible_endpoints(actor).filter(pk=value).exists():
            return int(value)
    detail = _("callback_id is the id of a webhook endpoint.")
    raise InvalidInput(detail, errors=(FieldError(pointer, "not_found" if is_id else "not_a_number", detail),))


def _preferences(request: Request) -> dict[str, str]:
    """The ``Prefer`` header (RFC 7240), names in lower case, without parameters."""
    parts = (part.partition(";")[0].partition("=") for part in request.headers.get("Prefer", "").split(","))
    return {name.strip().lower(): value.strip().strip('"') for name, _separator, value in parts}


def _wait_seconds(request: Request) -> int:
    seconds = whole_number(_preferences(request).get("wait", ""))
    return min(seconds or 0, WAIT_SECONDS)


def _body(request: Request) -> Body:
    """The body as a file, from the raw stream or from the part "file" of a form."""
    content_type = request.headers.get("Content-Type", "")
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    django_request = request._request
    declared = int(request.headers.get("Content-Length") or 0)
    most = max(limit.bytes for limit in FORMAT_LIMITS.values())
    if declared > most + ROW_BYTES:
        raise PayloadTooLarge(_("At most %(mib)d MiB.") % {"mib": most // (1024 * 1024)})
    if content_type.startswith("multipart/form-data"):
        file = django_request.FILES.get("file")
        if file is None:
            raise InvalidInput(_('The form has no part "file".'))
        for other in (*django_request.POST, *django_request.FILES):
            if other != "file":
                detail = _("Unknown field %(name)s.") % {"name": other}
                raise InvalidInput(detail, errors=(FieldError(f"/{other}", "unknown_field", detail),))
        name, format = file.name or "", format_of(file.content_type or "", file.name or "")
        return read_body(file, format=format, charset=file.charset or "", encoding=encoding, filename=name)
    charset = parse_header_parameters(content_type)[1].get("charset", "")
    return read_body(django_request, format=format_of(content_type), charset=charset, encoding=encoding)
