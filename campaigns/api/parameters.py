"""Parameters and answer headers that several operations share, as the OpenAPI document tells them."""

from __future__ import annotations

from typing import Literal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from campaigns.choices import RowState
from campaigns.domain.metrics import METRICS
from campaigns.domain.periods import PRESETS
from campaigns.selectors.filters import ACCOUNT_FIELDS, FIELDS, operators_for
from xmagnet.web.api.pagination import DEFAULT_LIMIT, MAX_LIMIT

_HEADER: Literal["header"] = "header"
#: as the web server would refuse anything else in a header
_KEY_SCHEMA = {"type": "string", "pattern": "^[!-~]{1,255}$"}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    _KEY_SCHEMA,
    _HEADER,
    required=True,
    description="Of your own making. Same key and body: the same job, however often it is sent. Kept for 30 days.",
)
OPTIONAL_KEY = OpenApiParameter(
    "Idempotency-Key", _KEY_SCHEMA, _HEADER, description="As for the others; without it every call makes a job"
)
#: not needed when nothing is written
KEY_UNLESS_PREVIEW = OpenApiParameter(
    "Idempotency-Key", _KEY_SCHEMA, _HEADER, description="Required unless validate_only; see bulk creation"
)

JOB_ETAG = OpenApiParameter(
    "ETag", str, _HEADER, response=[200, 202, 304], description="Changes whenever the job does; for If-None-Match"
)
JOB_RETRY_AFTER = OpenApiParameter(
    "Retry-After", OpenApiTypes.INT, _HEADER, response=[200, 202], description="Seconds until asking again makes sense"
)
#: of operations that answer with a job that they made
JOB_HEADERS = [
    OpenApiParameter("Location", str, _HEADER, response=[200, 202], description="The job's address"),
    JOB_RETRY_AFTER,
    JOB_ETAG,
    OpenApiParameter(
        "Idempotency-Replayed",
        {"type": "string", "enum": ["true"]},
        _HEADER,
        response=[200, 202],
        description="The key was known: this is the job as it stands now",
    ),
]
FILE_NAME = OpenApiParameter(
    "Content-Disposition", str, _HEADER, response=[200], required=True, description='attachment; filename="…"'
)

AFTER = OpenApiParameter("after", str, description="next of the page before")


def limit(default: int = DEFAULT_LIMIT) -> OpenApiParameter:
    """The length of a page."""
    return OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}, default=default)


ROW_STATES = OpenApiParameter(
    "state", {"type": "string"}, description=f"One or more with commas: {', '.join(RowState.values)}"
)
VALIDATE_ONLY = OpenApiParameter("validate_only", bool, default=False, description="Preview; nothing is written")
PERIOD = [
    OpenApiParameter("period", str, enum=list(PRESETS), description="Media days; last_N_days end yesterday"),
    OpenApiParameter("first_on", OpenApiTypes.DATE, description="Instead of period: first day"),
    OpenApiParameter("last_on", OpenApiTypes.DATE, description="Instead of period: last day, at most 400 days on"),
    OpenApiParameter("metrics", str, description=f"With commas. Known: {', '.join(METRICS)}"),
]
PERIOD_NAMES = frozenset(parameter.name for parameter in PERIOD)
PAGE_NAMES = frozenset({"after", "limit"})
_EXAMPLES = {"status": "paused", "media": "douyin", "bid": "52.5", "created_on": "2026-11-22", "labels": "hot"}


def _filter(field: str) -> OpenApiParameter:
    legal = operators_for(field)
    name = field if "is" in legal else f"{field}__{legal[0]}"
    example = f" Example: `{name}={_EXAMPLES[field]}`." if field in _EXAMPLES else ""
    others = ", ".join(f"`{field}__{operator}`" for operator in legal if f"{field}__{operator}" != name)
    return OpenApiParameter(name, str, description=f"Also {others}; several values with |.{example}")


#: every field of a plan filters; metrics do too, with cost__gt=100 and the like
PLAN_FILTERS = [_filter(field) for field in (*FIELDS, *ACCOUNT_FIELDS)]
