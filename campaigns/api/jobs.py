"""The job resource: look, page through rows, download results, cancel, retry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import parse_etags
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.bulk import RETRY_AFTER, job_address, job_answer, read_idempotency_key
from campaigns.api.bulk_schemas import CancelSchema, JobPageSchema, JobSchema, RetrySchema, RowPageSchema
from campaigns.api.parameters import (
    AFTER,
    FILE_NAME,
    JOB_ETAG,
    JOB_HEADERS,
    JOB_RETRY_AFTER,
    OPTIONAL_KEY,
    PAGE_NAMES,
    ROW_STATES,
    limit,
)
from campaigns.choices import JobKindName, RowState
from campaigns.selectors.bulk.jobs import job_etag, job_resource
from campaigns.selectors.bulk.results import result_stream
from campaigns.selectors.bulk.rows import row_page
from campaigns.services.bulk.control import cancel_bulk_job, retry_bulk_job
from xmagnet.core.errors import FieldError, InvalidInput, NotFound
from xmagnet.core.spreadsheets import CSV_TYPE, XLSX_TYPE
from xmagnet.jobs.models import Job
from xmagnet.jobs.selectors import get_job, list_jobs
from xmagnet.jobs.states import JobState
from xmagnet.web.api.pagination import encode_cursor, read_page_request
from xmagnet.web.api.parsing import read_object
from xmagnet.web.api.problems import problems
from xmagnet.web.api.views import OrgView, Query
from xmagnet.web.streaming import stream_in_scope

KINDS = [JobKindName.CREATE, JobKindName.VALIDATE, JobKindName.UPDATE]
RESULT_TYPES = {"ndjson": "application/x-ndjson", "csv": CSV_TYPE, "xlsx": XLSX_TYPE}


class JobListView(OrgView):
    """Bulk jobs, newest first."""

    permissions: ClassVar[dict[str, str]] = {"GET": "jobs:read"}
    query: ClassVar[Query] = {"GET": PAGE_NAMES | {"state", "kind"}}

    @extend_schema(
        operation_id="jobs_list",
        summary="List jobs",
        parameters=[
            AFTER,
            limit(50),
            OpenApiParameter("state", str, enum=JobState.values),
            OpenApiParameter("kind", str, enum=KINDS),
        ],
        responses={200: JobPageSchema, **problems(422)},
    )
    def get(self, request: Request, org: str) -> Response:
        page = read_page_request(request.query_params, default=50)
        kind, state = _choice(request, "kind", KINDS), _choice(request, "state", JobState.values)
        jobs = list_jobs(self.actor, kind=kind, state=state).filter(is_row_driven=True)
        if page.after is not None:
            jobs = jobs.filter(pk__lt=_text_cursor(page.after))  # ids sort by time
        found = list(jobs.order_by("-id")[: page.limit + 1])
        items = [job_resource(job, base=job_address(org, job.pk)) for job in found[: page.limit]]
        following = encode_cursor([found[page.limit - 1].pk]) if len(found) > page.limit else None
        return Response({"items": items, "next": following})


class JobView(OrgView):
    """One job; poll it with ``If-None-Match``."""

    permissions: ClassVar[dict[str, str]] = {"GET": "jobs:read"}

    @extend_schema(
        operation_id="job",
        summary="Look at a job",
        parameters=[
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="The ETag that you have"),
            JOB_ETAG,
            JOB_RETRY_AFTER,
        ],
        responses={200: JobSchema, 304: OpenApiResponse(description="As you know it")},
    )
    def get(self, request: Request, org: str, job_id: str) -> HttpResponse | Response:
        job = _job(self, job_id)
        etag = job_etag(job)
        known = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
        if known & {etag, "*"}:  # a proxy that packs answers makes the tag a weak one
            response: Any = HttpResponse(status=304)
        else:
            response = Response(job_resource(job, base=job_address(org, job.pk)))
        response["ETag"] = etag
        if job.is_live:
            response["Retry-After"] = RETRY_AFTER
        return response


class JobRowsView(OrgView):
    """The job's rows in input order."""

    permissions: ClassVar[dict[str, str]] = {"GET": "jobs:read"}
    query: ClassVar[Query] = {"GET": PAGE_NAMES | {"state"}}

    @extend_schema(
        operation_id="job_rows",
        summary="Page through a job's rows",
        parameters=[AFTER, limit(), ROW_STATES],
        responses={200: RowPageSchema, **problems(422)},
    )
    def get(self, request: Request, org: str, job_id: str) -> Response:
        job = _job(self, job_id)
        page = read_page_request(request.query_params)
        after = _number_cursor(page.after) if page.after is not None else None
        rows = row_page(self.actor, job, states=_states(request), after=after, limit=page.limit + 1)
        following = encode_cursor([rows[page.limit - 1].index]) if len(rows) > page.limit else None
        return Response({"items": [row.as_resource() for row in rows[: page.limit]], "next": following})


class JobResultsView(OrgView):
    """Every row with its original columns and its result, to be corrected and sent back."""

    permissions: ClassVar[dict[str, str]] = {"GET": "jobs:read"}
    query: ClassVar[Query] = {"GET": frozenset({"format", "state"})}

    @extend_schema(
        operation_id="job_results",
        summary="Download results",
        parameters=[
            OpenApiParameter("format", str, enum=list(RESULT_TYPES), default="ndjson"),
            ROW_STATES,
            FILE_NAME,
        ],
        responses={
            (200, "application/x-ndjson"): str,
            (200, "text/csv"): str,
            (200, XLSX_TYPE): OpenApiTypes.BINARY,
            **problems(422),
        },
    )
    def get(self, request: Request, org: str, job_id: str) -> StreamingHttpResponse:
        job = _job(self, job_id)
        format = _choice(request, "format", RESULT_TYPES) or "ndjson"
        states, language = _states(request), get_language()

        def produce() -> Any:
            with override(language):
                yield from result_stream(job, format=format, states=states)

        response = StreamingHttpResponse(stream_in_scope(self.actor, produce), content_type=RESULT_TYPES[format])
        response["Content-Disposition"] = f'attachment; filename="{job.pk}.{format}"'
        return response


class JobCancelView(OrgView):
    """Stop what has not been sent."""

    permissions: ClassVar[dict[str, str]] = {"POST": "jobs:write"}

    @extend_schema(
        operation_id="job_cancel",
        summary="Cancel a job",
        request=CancelSchema,
        parameters=JOB_HEADERS,
        responses={202: JobSchema, **problems(400, 415, 422, _409="The job is finished already")},
    )
    def post(self, request: Request, org: str, job_id: str) -> Response:
        given = read_object(request, {"pause_created"})
        pause_created = given.get("pause_created", False)
        if not isinstance(pause_created, bool):
            detail = _("%(name)s is true or false.") % {"name": "pause_created"}
            raise InvalidInput(detail, errors=(FieldError("/pause_created", "not_a_choice", detail),))
        job = cancel_bulk_job(self.actor, job_id, pause_created=pause_created)
        response = job_answer(org, job)
        response.status_code = 202
        return response


class JobRetryView(OrgView):
    """A child job of the rows that did not succeed."""

    permissions: ClassVar[dict[str, str]] = {"POST": "jobs:write"}

    @extend_schema(
        operation_id="job_retry",
        summary="Try failed rows again",
        request=RetrySchema,
        parameters=[OPTIONAL_KEY, *JOB_HEADERS],
        responses={
            202: JobSchema,
            200: OpenApiResponse(JobSchema, description="The key was known and its job is finished"),
            **problems(400, 415, 422, _409="Outcomes are not known yet, or too many live jobs"),
        },
    )
    def post(self, request: Request, org: str, job_id: str) -> Response:
        given = read_object(request, {"only", "refs"})
        only, refs = given.get("only", "retryable"), given.get("refs", [])
        if only not in ("retryable", "all_failed"):
            detail = _("only is retryable or all_failed.")
            raise InvalidInput(detail, errors=(FieldError("/only", "not_a_choice", detail),))
        if not isinstance(refs, list) or not all(isinstance(ref, str) for ref in refs):
            detail = _("refs is a list of client_refs.")
            raise InvalidInput(detail, errors=(FieldError("/refs", "invalid", detail),))
        key = read_idempotency_key(request) if "Idempotency-Key" in request.headers else ""
        accepted = retry_bulk_job(self.actor, job_id, only=only, refs=refs, idempotency_key=key)
        return job_answer(org, accepted.job, accepted)


def _job(view: OrgView, job_id: str) -> Job:
    job = get_job(view.actor, job_id)
    if job is None or not job.is_row_driven:
        raise NotFound
    return job


def _choice(request: Request, name: str, choices: Iterable[str]) -> str:
    """A parameter of few values; "" when it is not given."""
    value = request.query_params.get(name, "")
    if value and value not in choices:
        detail = _("%(name)s is one of: %(choices)s.") % {"name": name, "choices": ", ".join(choices)}
        raise InvalidInput(detail, errors=(FieldError(f"/{name}", "not_a_choice", detail),))
    return value


def _states(request: Request) -> tuple[str, ...]:
    states = tuple(filter(None, request.query_params.get("state", "").split(",")))
    for state in states:
        if state not in RowState.values:
            detail = _("Unknown state %(state)s.") % {"state": state}
            raise InvalidInput(detail, errors=(FieldError("/state", "not_a_choice", detail),))
    return states


def _text_cursor(values: list[Any]) -> str:
    if len(values) != 1 or not isinstance(values[0], str):
        raise InvalidInput("after is not a cursor", errors=(FieldError("/after", "invalid_cursor", "not a cursor"),))
    return values[0]


def _number_cursor(values: list[Any]) -> int:
    if len(values) != 1 or not isinstance(values[0], int):
        raise InvalidInput("after is not a cursor", errors=(FieldError("/after", "invalid_cursor", "not a cursor"),))
    return values[0]
