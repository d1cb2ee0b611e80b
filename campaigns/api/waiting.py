"""Changes that wait for the media's next day, over the API."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import plan_schemas as schemas
from campaigns.api import plan_shapes as shapes
from campaigns.api.parameters import AFTER, PAGE_NAMES, limit
from campaigns.api.plan_changes import read_ids
from campaigns.selectors.queued import waiting_changes
from campaigns.services.changes.queueing import cancel_queued_changes
from xmagnet.core.errors import FieldError, InvalidInput
from xmagnet.core.ids import whole_number
from xmagnet.web.api.pagination import encode_cursor, read_page_request
from xmagnet.web.api.parsing import read_object
from xmagnet.web.api.problems import problems
from xmagnet.web.api.views import OrgView, Query


class WaitingChangesView(OrgView):
    """What waits because it would have voided the cost guarantee, in the order in which it was wished."""

    permissions: ClassVar[dict[str, str]] = {"GET": "plans:read"}
    query: ClassVar[Query] = {"GET": PAGE_NAMES | {"plan"}}

    @extend_schema(
        operation_id="plans_waiting_changes",
        summary="List changes that wait for the next day",
        parameters=[OpenApiParameter("plan", int, description="Of this plan only"), limit(), AFTER],
        responses={200: shapes.WaitingChangePageSchema, **problems(422)},
    )
    def get(self, request: Request, org: str) -> Response:
        page = read_page_request(request.query_params)
        plan = request.query_params.get("plan", "")
        plan_id = whole_number(plan)
        after = page.after[0] if page.after else 0
        if (plan and plan_id is None) or not _is_id(after):
            detail = _("This is not an id.")
            raise InvalidInput(detail, errors=(FieldError("/plan" if _is_id(after) else "/after", "invalid", detail),))
        found = waiting_changes(self.actor, plan_id=plan_id, after_id=int(after), limit=page.limit + 1)
        rows = found[: page.limit]
        return Response(
            {
                "changes": [schemas.waiting_json(change) for change in rows],
                "next": encode_cursor([rows[-1].id]) if len(found) > page.limit else None,
            }
        )


class CancelWaitingView(OrgView):
    """Take waiting changes back before they are sent."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}

    @extend_schema(
        operation_id="plans_waiting_cancel",
        summary="Cancel changes that wait for the next day",
        request=shapes.CancelWaitingSchema,
        responses={
            200: shapes.CancelledSchema,
            **problems(400, 415, 422, _409="conflict: none of them waits any more"),
        },
    )
    def post(self, request: Request, org: str) -> Response:
        ids = read_ids(read_object(request, {"ids"}).get("ids", []), "/ids")
        return Response({"cancelled": cancel_queued_changes(self.actor, ids)})


def _is_id(value: object) -> bool:
    return isinstance(value, int) and 0 <= value < 1 << 63
