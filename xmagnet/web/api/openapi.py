"""How operations of an organization are described: what all of them share is said once, here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from xmagnet.web.api.problems import PROBLEM_TYPE, problem

#: any operation may end so: the gate, the limiter, and our own mistakes
SHARED_STATUSES = (401, 403, 404, 422, 429, 500)
_WITH_BODY = {"POST", "PATCH", "PUT"}

TAGS = [
    {"name": "Bulk creation", "description": "Up to 50,000 plans in one request; the answer is a job."},
    {"name": "Jobs", "description": "How far a bulk job is, its rows, its results; cancel and try again."},
    {"name": "Plans", "description": "Plans with their numbers, and changes of live plans."},
    {"name": "Accounts", "description": "Media accounts and their campaigns."},
    {"name": "Webhooks", "description": "Receivers of events, signed as Standard Webhooks says, and what was sent."},
    {"name": "Caller", "description": "Who you are here and what you may ask."},
]
_TAG_OF = {
    "plans/bulk": "Bulk creation", "plans/bulk/template": "Bulk creation", "limits": "Caller", "me": "Caller",
    "jobs": "Jobs", "plans": "Plans", "accounts": "Accounts", "campaigns": "Accounts", "materials": "Accounts",
    "webhooks": "Webhooks", "webhook-deliveries": "Webhooks",
}  # fmt: skip

_ORGANIZATION = OpenApiParameter(
    "org",
    {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    OpenApiParameter.PATH,
    description="The organization's short name, as in the address of its pages",
)
_LANGUAGE = OpenApiParameter(
    "Accept-Language",
    {"type": "string", "enum": ["en", "zh-hans"]},
    OpenApiParameter.HEADER,
    description="Language of detail and title; codes stay what they are",
)
_ANSWER_HEADERS = [
    OpenApiParameter(
        "X-Request-Id", str, OpenApiParameter.HEADER, response=True, required=True, description="The request's id"
    ),
    OpenApiParameter(
        "RateLimit",
        str,
        OpenApiParameter.HEADER,
        response=True,
        description='Requests left (r) and seconds until the window ends (t): "req";r=598;t=31',
    ),
    OpenApiParameter(
        "RateLimit-Policy",
        str,
        OpenApiParameter.HEADER,
        response=True,
        description='Quota (q) in so many seconds (w): "req";q=600;w=60, "rows";q=200000;w=86400',
    ),
    OpenApiParameter(
        "WWW-Authenticate",
        str,
        OpenApiParameter.HEADER,
        response=[401],
        required=True,
        description='Bearer realm="x-magnet"',
    ),
    OpenApiParameter(
        "Retry-After",
        OpenApiTypes.INT,
        OpenApiParameter.HEADER,
        response=[429],
        required=True,
        description="Seconds to wait",
    ),
]


class OrgSchema(AutoSchema):
    """Adds what is true of every operation behind the gate."""

    def get_tags(self) -> list[str]:
        path = self._path_in_organization()
        return [_TAG_OF.get(path) or _TAG_OF[path.partition("/")[0]]]

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), _ORGANIZATION, _LANGUAGE, *_ANSWER_HEADERS]

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular dropped DRF's arguments
        """The view's words and the permission that the method needs."""
        return f"{super().get_description()}\n\nScope: `{self._permissions[self.method]}`."

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in (*SHARED_STATUSES, *((411, 413) if self.method in _WITH_BODY else ())):
            if str(status) not in bodies:
                answer = self._get_response_for_code(problem(status), str(status), [PROBLEM_TYPE], direction)
                bodies[str(status)] = answer
        return dict(sorted(bodies.items()))

    def is_excluded(self) -> bool:
        """HEAD and OPTIONS are answered but not described; other methods do not exist unless the gate knows them."""
        return self.method not in self._permissions

    @property
    def _permissions(self) -> dict[str, str]:
        permissions: dict[str, str] = getattr(self.view, "permissions", {})
        return permissions

    def _get_serializer_name(self, *arguments: Any, **options: Any) -> str:
        name: str = super()._get_serializer_name(*arguments, **options)
        return name.removesuffix("Schema")

    def _path_in_organization(self) -> str:
        return self.path.partition("{org}/")[2]


DESCRIPTION = """Everything an optimizer does, for programs. Paths are under `/api/v1/o/<org>/`.

* **Authentication**: `Authorization: Bearer adk_…`. Each operation names its scope.
* **Money** is yuan: text with two decimals in answers; numbers or text in requests. **Days** are the media's
  (Asia/Shanghai), **instants** RFC 3339, **ids** of media are text: they exceed 2^53.
* **Errors** are RFC 9457 problems. A field, parameter or value that is not known is refused: a typo
  must not change a budget.
* **Retrying is safe** with the same `Idempotency-Key` and body, for 30 days.
* **Pages**: send `next` of a page back as `after`.
* Answers are JSON whatever `Accept` says; files are chosen by `format`.
"""


def describe_document(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: the words above all operations."""
    result["info"]["description"] = DESCRIPTION
    result["tags"] = TAGS
    return result
