"""Plans over the API: list, detail, numbers; accounts, campaigns and files to choose from."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import plan_schemas as schemas
from campaigns.api import plan_shapes as shapes
from campaigns.api.parameters import (
    AFTER,
    PAGE_NAMES,
    PERIOD,
    PERIOD_NAMES,
    PLAN_FILTERS,
    limit,
)
from campaigns.api.plan_changes import (
    CHANGE_ANSWERS,
    CHANGE_PARAMETERS,
    PART_NAMES,
    PART_PARAMETERS,
    change_answer,
    invalid,
)
from campaigns.selectors.campaigns import list_campaigns
from campaigns.selectors.materials import used_materials
from campaigns.selectors.plans import plan_detail, plan_rows
from campaigns.selectors.series import plan_series
from media_connectors.selectors.directory import account_facts
from xmagnet.core.ids import whole_number
from xmagnet.web.api.pagination import encode_cursor, read_page_request
from xmagnet.web.api.parsing import read_object
from xmagnet.web.api.problems import problems
from xmagnet.web.api.views import OrgView, Query


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
    query: ClassVar[Query] = {"GET": PERIOD_NAMES, "PATCH": PART_NAMES}

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
        parameters=[*CHANGE_PARAMETERS, *PART_PARAMETERS],
        responses=CHANGE_ANSWERS,
    )
    def patch(self, request: Request, org: str, plan_id: int) -> Response:
        plan_detail(self.actor, plan_id, metrics=["cost"])  # 404 before anything else
        return change_answer(
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
            raise invalid("/granularity", _("granularity is hour or day."))
        points = plan_series(
            self.actor,
            plan_id,
            period=schemas.read_period(request.query_params, default="last_7_days"),
            granularity="hour" if granularity == "hour" else "day",
            metrics=[key for key in request.query_params.get("metrics", "").split(",") if key],
        )
        return Response({"points": [schemas.point_json(point) for point in points]})


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
            raise invalid("/account", _("account is an id."))
        after = page.after[0] if page.after else 0
        if not isinstance(after, int) or abs(after) >= 1 << 63:
            raise invalid("/after", _("This is not a cursor of this list."))
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
            raise invalid("/account", _("account is an id."))
        if kind not in ("", "video", "image"):
            raise invalid("/kind", _("kind is video or image."))
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
