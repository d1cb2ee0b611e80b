"""Plans over the API: list, detail, numbers, changes, undo, labels; accounts and campaigns to choose from."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import plan_schemas as schemas
from campaigns.api import plan_shapes as shapes
from campaigns.api.bulk import job_answer, read_callback, read_idempotency_key
from campaigns.api.bulk_schemas import JobSchema
from campaigns.api.parameters import (
    AFTER,
    JOB_HEADERS,
    KEY_UNLESS_PREVIEW,
    PAGE_NAMES,
    PERIOD,
    PERIOD_NAMES,
    PLAN_FILTERS,
    VALIDATE_ONLY,
    limit,
)
from campaigns.selectors.campaigns import list_campaigns
from campaigns.selectors.materials import used_materials
from campaigns.selectors.plans import plan_detail, plan_rows
from campaigns.selectors.series import plan_series
from campaigns.services.annotations import change_labels
from campaigns.services.bulk.options import read_options
from campaigns.services.changes.planning import (
    change_plans,
    preview_changes,
    preview_undo,
    select_expected,
    undo_changes,
)
from media_connectors.selectors.directory import account_facts
from xmagnet.core.errors import FieldError, InvalidInput
from xmagnet.core.ids import whole_number
from xmagnet.web.api.pagination import encode_cursor, read_page_request
from xmagnet.web.api.parsing import read_object
from xmagnet.web.api.problems import problems
from xmagnet.web.api.views import OrgView, Query

PREVIEW_OR_JOB = PolymorphicProxySerializer(
    "PreviewOrJob", serializers=[shapes.ChangePreviewSchema, JobSchema], resource_type_field_name=None
)
#: of operations that change plans through a job, or tell what they would change
CHANGE_ANSWERS = {
    202: JobSchema,
    200: OpenApiResponse(PREVIEW_OR_JOB, description="validate_only, or the key was known and its job is finished"),
    **problems(400, 415, 422, _409="selection-moved, job-limit or idempotency-in-progress"),
}
CHANGE_PARAMETERS = [KEY_UNLESS_PREVIEW, VALIDATE_ONLY, *JOB_HEADERS]


class PlanListView(OrgView):
    """Plans with filters, fields, sort and metrics, a page at a time."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:read"}
    query: ClassVar[Query] = {"GET": None}  # filters are many; the selector refuses what is none

    @extend_schema(
        operation_id="plans_list",
        summary="List plans",
        parameters=[
            *PERIOD,
            OpenApiParameter("compare", str, enum=["previous", "same_hours"], description="Also in compared"),
            OpenApiParameter("search", str, description="Words of the name, or an id"),
            OpenApiParameter("sort", str, description="A field or metric, -cost by default; - is descending"),
            OpenApiParameter("fields", str, description="Members to answer with, comma-separated; all without it"),
            OpenApiParameter("deleted", bool, default=False, description="Deleted plans too"),
            *PLAN_FILTERS,
            limit(),
            AFTER,
        ],
        responses={200: shapes.PlanPageSchema, **problems(422)},
    )
    def get(self, request: Request, org: str) -> Response:
        page = read_page_request(request.query_params)
        query = schemas.read_query(request.query_params.dict(), limit=page.limit, after=page.after)
        fields = schemas.read_members(request.query_params)
        rows, has_more = plan_rows(self.actor, query)
        return Response(
            {
                "plans": [schemas.plan_json(row, fields=fields) for row in rows],
                "next": encode_cursor(list(rows[-1].key)) if rows and has_more else None,
            }
        )


class PlanView(OrgView):
    """One plan; PATCH changes it through a job of its own."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:read", "PATCH": "plans:write"}
    query: ClassVar[Query] = {"GET": PERIOD_NAMES, "PATCH": frozenset({"validate_only"})}

    @extend_schema(
        operation_id="plans_get",
        summary="Look at a plan",
        parameters=PERIOD,
        responses={200: shapes.PlanDetailSchema, **problems(422)},
    )
    def get(self, request: Request, org: str, plan_id: int) -> Response:
        metrics = [key for key in request.query_params.get("metrics", "").split(",") if key]
        detail = plan_detail(self.actor, plan_id, period=schemas.read_period(request.query_params), metrics=metrics)
        body = schemas.plan_json(detail.row)
        for name in ("objective", "goal", "targeting", "landing_url", "settings", "job_id"):
            body[name] = getattr(detail, name)
        for name in ("titles", "materials", "reject_reasons"):
            body[name] = list(getattr(detail, name))
        return Response(body)

    @extend_schema(
        operation_id="plans_change",
        summary="Change a plan",
        request=shapes.ChangesSchema,
        parameters=CHANGE_PARAMETERS,
        responses=CHANGE_ANSWERS,
    )
    def patch(self, request: Request, org: str, plan_id: int) -> Response:
        plan_detail(self.actor, plan_id, metrics=["cost"])  # 404 before anything else
        return _change(
            self, request, org, [plan_id], read_object(request, {"changes", "accepts_void", "queues_held", "reason"})
        )


class PlanMetricsView(OrgView):
    """Numbers of one plan by hour or day."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:read"}
    query: ClassVar[Query] = {"GET": PERIOD_NAMES | {"granularity"}}

    @extend_schema(
        operation_id="plans_metrics",
        summary="Read a plan's numbers",
        parameters=[*PERIOD, OpenApiParameter("granularity", str, enum=["hour", "day"], default="day")],
        responses={200: shapes.SeriesSchema, **problems(422)},
    )
    def get(self, request: Request, org: str, plan_id: int) -> Response:
        granularity = request.query_params.get("granularity", "day")
        if granularity not in {"hour", "day"}:
            raise _invalid("/granularity", _("granularity is hour or day."))
        points = plan_series(
            self.actor,
            plan_id,
            period=schemas.read_period(request.query_params, default="last_7_days"),
            granularity="hour" if granularity == "hour" else "day",
            metrics=[key for key in request.query_params.get("metrics", "").split(",") if key],
        )
        return Response({"points": [schemas.point_json(point) for point in points]})


class BulkUpdateView(OrgView):
    """Change many plans, by ids or by a filter with the count that was seen."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}
    query: ClassVar[Query] = {"POST": frozenset({"validate_only"})}

    @extend_schema(
        operation_id="plans_bulk_update",
        summary="Change many plans",
        request=shapes.BulkChangeSchema,
        parameters=CHANGE_PARAMETERS,
        responses=CHANGE_ANSWERS,
    )
    def post(self, request: Request, org: str) -> Response:
        known = {"changes", "accepts_void", "queues_held", "reason", "callback_id"}
        body = read_object(request, known | {"plan_ids", "filter", "expected_count"})
        return _change(self, request, org, _selected(self, body), body)


class UndoView(OrgView):
    """Take back single changes or a whole job, leaving alone what was changed since."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}
    query: ClassVar[Query] = {"POST": frozenset({"validate_only"})}

    @extend_schema(
        operation_id="plans_undo",
        summary="Undo changes",
        request=shapes.UndoSchema,
        parameters=CHANGE_PARAMETERS,
        responses=CHANGE_ANSWERS,
    )
    def post(self, request: Request, org: str) -> Response:
        body = read_object(request, {"job_id", "event_ids", "accepts_void", "queues_held"})
        what: dict[str, Any] = {
            "job_id": _text(body, "job_id"),
            "event_ids": read_ids(body.get("event_ids", []), "/event_ids"),
            **_guarantee(body),
        }
        if _is_preview(request):
            return Response(schemas.preview_json(preview_undo(self.actor, **what)))
        accepted = undo_changes(self.actor, idempotency_key=read_idempotency_key(request), **what)
        return job_answer(org, accepted.job, accepted)


class LabelsView(OrgView):
    """Label plans; at once, labels are ours alone."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}

    @extend_schema(
        operation_id="plans_labels",
        summary="Label plans",
        request=shapes.LabelsSchema,
        responses={200: shapes.LabelledSchema, **problems(400, 415, 422)},
    )
    def post(self, request: Request, org: str) -> Response:
        body = read_object(request, {"plan_ids", "add", "remove"})
        changed = change_labels(
            self.actor,
            plan_ids=read_ids(body.get("plan_ids", []), "/plan_ids"),
            add=_texts(body.get("add", []), "/add"),
            remove=_texts(body.get("remove", []), "/remove"),
        )
        return Response({"changed": changed.count})


class AccountListView(OrgView):
    """The media accounts that you may see."""

    permissions: ClassVar[dict[str, str]] = {"GET": "accounts:read"}

    @extend_schema(operation_id="accounts_list", summary="List media accounts", responses=shapes.AccountListSchema)
    def get(self, request: Request, org: str) -> Response:
        accounts = account_facts(self.actor).values()
        return Response({"accounts": [schemas.account_json(account) for account in accounts]})


class CampaignListView(OrgView):
    """The campaigns that you may see, by id."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:read"}
    query: ClassVar[Query] = {"GET": PAGE_NAMES | {"account"}}

    @extend_schema(
        operation_id="campaigns_list",
        summary="List campaigns",
        parameters=[OpenApiParameter("account", int, description="Our id of the account"), limit(), AFTER],
        responses={200: shapes.CampaignPageSchema, **problems(422)},
    )
    def get(self, request: Request, org: str) -> Response:
        page = read_page_request(request.query_params)
        given = request.query_params.get("account", "")
        account_id = whole_number(given)
        if given and account_id is None:
            raise _invalid("/account", _("account is an id."))
        after = page.after[0] if page.after else 0
        if not isinstance(after, int) or abs(after) >= 1 << 63:
            raise _invalid("/after", _("This is not a cursor of this list."))
        found = list(list_campaigns(self.actor, account_id=account_id, after_id=after)[: page.limit + 1])
        rows = found[: page.limit]
        return Response(
            {
                "campaigns": [
                    {
                        "id": row.pk,
                        "remote_id": row.remote_id,
                        "name": row.name,
                        "account_id": row.account_id,
                        "media": row.platform,
                        "status": row.status,
                        "budget": schemas.yuan(row.daily_budget_fen),
                    }
                    for row in rows
                ],
                "next": encode_cursor([rows[-1].pk]) if len(found) > page.limit else None,
            }
        )


def _change(view: OrgView, request: Request, org: str, plan_ids: list[int], body: dict[str, Any]) -> Response:
    wishes = schemas.read_wishes(body.get("changes"))
    guarantee: dict[str, Any] = _guarantee(body)
    reason = _text(body, "reason")
    callback_id = read_callback(view.actor, body.get("callback_id"), "/callback_id")
    if _is_preview(request):
        preview = preview_changes(view.actor, plan_ids=plan_ids, wishes=wishes, **guarantee)
        return Response(schemas.preview_json(preview))
    accepted = change_plans(
        view.actor,
        plan_ids=plan_ids,
        wishes=wishes,
        idempotency_key=read_idempotency_key(request),
        **guarantee,
        reason=reason,
        callback_id=callback_id,
    )
    return job_answer(org, accepted.job, accepted)


def _guarantee(body: dict[str, Any]) -> dict[str, bool]:
    """What is to become of changes that would void the cost guarantee."""
    return {name: _flag(body, name) for name in ("accepts_void", "queues_held")}


def _flag(body: dict[str, Any], name: str) -> bool:
    """A switch; what is neither true nor false is an error, for taken as false it would be passed over."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise _invalid(f"/{name}", _("%(name)s is true or false.") % {"name": name}, "not_a_choice")
    return value


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise _invalid(f"/{name}", _("%(name)s is a text.") % {"name": name})
    return value


def _is_preview(request: Request) -> bool:
    """Whether to only look. What is not understood is an error: taken for "no" it would change live plans."""
    return read_options(request.query_params.dict()).validate_only


def _selected(view: OrgView, body: dict[str, Any]) -> list[int]:
    if ("plan_ids" in body) == ("filter" in body):
        raise _invalid("/plan_ids", _("Give either plan_ids or filter."))
    if "plan_ids" in body:
        return read_ids(body["plan_ids"], "/plan_ids")
    given, expected = body["filter"], body.get("expected_count")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _invalid("/filter", _("filter is an object of texts, as in the query string of GET /plans."))
    if isinstance(expected, bool) or not isinstance(expected, int):
        raise _invalid("/expected_count", _("With filter, say how many plans you expect."))
    query = schemas.read_query(given, limit=1, after=None, base="/filter")
    return select_expected(view.actor, query, expected_count=expected)


def read_ids(value: Any, pointer: str) -> list[int]:
    """A list of ids; raises ``InvalidInput``, naming the pointer, for anything else."""
    is_list = isinstance(value, list)
    if not is_list or not all(
        isinstance(one, int) and not isinstance(one, bool) and 0 < one < 1 << 63 for one in value
    ):
        raise _invalid(pointer, _("A list of ids."))
    return list(value)


def _texts(value: Any, pointer: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and "\0" not in one for one in value):
        raise _invalid(pointer, _("A list of texts."))
    return list(value)


def _invalid(pointer: str, detail: str, code: str = "invalid") -> InvalidInput:
    return InvalidInput(detail, errors=(FieldError(pointer, code, detail),))


class MaterialListView(OrgView):
    """The files of an account, the most used first: what a row's materials may name."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:read"}
    query: ClassVar[Query] = {"GET": frozenset({"account", "q", "kind", "limit"})}

    @extend_schema(
        operation_id="materials_list",
        summary="List an account's files",
        parameters=[
            OpenApiParameter("account", int, required=True, description="Our id of the account"),
            OpenApiParameter("q", str, description="In the file's name, its id, or a title that it runs with"),
            OpenApiParameter("kind", str, enum=["video", "image"], description="Only these"),
            limit(),
        ],
        responses={200: shapes.MaterialsSchema, **problems(422)},
    )
    def get(self, request: Request, org: str) -> Response:
        asked = request.query_params
        account_id, kind = whole_number(asked.get("account", "")), asked.get("kind", "")
        if account_id is None:
            raise _invalid("/account", _("account is an id."))
        if kind not in ("", "video", "image"):
            raise _invalid("/kind", _("kind is video or image."))
        found = used_materials(
            self.actor, [account_id], text=asked.get("q", ""), kind=kind, limit=read_page_request(asked).limit
        )
        return Response(
            {
                "materials": [
                    {
                        "account_id": one.account_id,
                        "account_name": one.account_name,
                        "kind": one.kind,
                        "id": one.remote_id,
                        "cover_id": one.cover_remote_id,
                        "name": one.name,
                        "title": one.title,
                        "width": one.width or None,
                        "height": one.height or None,
                        "duration_ms": one.duration_ms or None,
                        "plan_count": one.plan_count,
                    }
                    for one in found
                ]
            }
        )
