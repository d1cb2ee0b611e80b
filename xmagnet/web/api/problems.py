"""What a problem answer looks like and what each status means, for answers and for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

PROBLEM_TYPE = "application/problem+json"
PROBLEM_BASE = "https://docs.x-magnet.local/problems/"


class FieldErrorSchema(serializers.Serializer):  # type: ignore[type-arg]
    pointer = serializers.CharField(help_text="Where, as RFC 6901 says it: /rows/17/budget")
    code = serializers.CharField(help_text="For programs; never translated")
    detail = serializers.CharField(help_text="For people; in the language of Accept-Language")
    column = serializers.CharField(required=False, help_text="The spreadsheet column, where the input was a table")


class ProblemSchema(serializers.Serializer):  # type: ignore[type-arg]
    """An RFC 9457 problem."""

    type = serializers.CharField(help_text="https://docs.x-magnet.local/problems/<slug>; decide by it and by status")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField(help_text="Quote it when you ask us")
    errors = FieldErrorSchema(  # type: ignore[assignment]
        many=True, required=False, help_text="What is wrong with the input; the first 100"
    )
    errors_truncated = serializers.IntegerField(required=False, help_text="How many errors are not listed")


#: status → slug, title, what it means; an operation names those that are its own
STATUSES: dict[int, tuple[str, str, str]] = {
    400: ("bad-request", "Bad request", "The body is not JSON, or Idempotency-Key is missing or not usable"),
    401: ("unauthenticated", "Sign in first", "No token, or an unknown, expired or revoked one, or a foreign address"),
    403: ("forbidden-scope", "You may not do this", "The token's scopes or its maker's role do not allow it"),
    404: ("not-found", "Not found", "Nothing here; also for what belongs to another organization or agency"),
    405: ("method-not-allowed", "Method not allowed", "The method is not offered here; Allow says which are"),
    406: ("not-acceptable", "Not acceptable", "The schema comes as YAML or JSON"),
    409: ("conflict", "Conflict", "It cannot be done as things stand now"),
    411: ("length-required", "Content-Length is missing", "A body in chunks is not read; send Content-Length"),
    413: ("payload-too-large", "The request is too large", "The body passes a limit of its format"),
    415: ("unsupported-media", "Unsupported content type", "Content-Type or Content-Encoding is not read here"),
    422: ("validation-error", "The request is not valid", "errors says where and why"),
    429: ("rate-limited", "Too many requests", "Too many requests or rows; Retry-After says when to come back"),
    503: ("unavailable", "Not available now", "The database does not answer; Retry-After says when to try again"),
    500: ("internal-error", "Internal error", "Our error; send it again with the same Idempotency-Key"),
}


def problem(status: int, description: str = "") -> OpenApiResponse:
    """The answer of one status, with an example."""
    slug, title, meaning = STATUSES[status]
    example = {
        "type": PROBLEM_BASE + slug,
        "title": title,
        "status": status,
        "detail": description or meaning,
        "request_id": "req_01KAPW3M6Z5T0Q4N8V2YB7C9DE",
    }
    return OpenApiResponse(
        ProblemSchema,
        description=description or meaning,
        examples=[OpenApiExample(slug, value=example, media_type=PROBLEM_TYPE)],
    )


def problems(*statuses: int, **described: str) -> dict[Any, OpenApiResponse]:
    """Entries for ``extend_schema(responses=…)``: ``problems(422, _409="job-limit: …")``."""
    answers: dict[Any, OpenApiResponse] = {(status, PROBLEM_TYPE): problem(status) for status in statuses}
    for name, description in described.items():
        status = int(name.lstrip("_"))
        answers[status, PROBLEM_TYPE] = problem(status, description)
    return answers
