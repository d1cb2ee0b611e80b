"""Changing plans over the API: previews, jobs, taking back, labels."""

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
from campaigns.api.parameters import JOB_HEADERS, KEY_UNLESS_PREVIEW, VALIDATE_ONLY
from campaigns.services.annotations import change_labels
from campaigns.services.bulk.options import read_options
from campaigns.services.changes.annotations import is_of_annotations, preview_annotation_undo, undo_annotations
from campaigns.services.changes.planning import (
    change_plans,
    preview_changes,
    preview_undo,
    select_expected,
    undo_changes,
)
from campaigns.services.changes.previews import PreviewPart
from xmagnet.core.errors import FieldError, InvalidInput
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
UNDO_ANSWERS = CHANGE_ANSWERS | {
    200: OpenApiResponse(
        PolymorphicProxySerializer(
            "UndoAnswer", serializers=[shapes.ChangePreviewSchema, shapes.UndoneSchema, JobSchema],
            resource_type_field_name=None,
        ),
        description="validate_only, labels and notes, or the key was known and its job is finished",
    )
}  # fmt: skip
CHANGE_PARAMETERS = [KEY_UNLESS_PREVIEW, VALIDATE_ONLY, *JOB_HEADERS]
#: of previews that are longer than one answer
PART_PARAMETERS = [
    OpenApiParameter("offset", int, default=0, description="With validate_only: changes to pass over"),
    OpenApiParameter("search", str, description="With validate_only: in a plan's name, or its id"),
]
PART_NAMES = frozenset({"validate_only", "offset", "search"})


class BulkUpdateView(OrgView):
    """Change many plans, by ids or by a filter with the count that was seen."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}
    query: ClassVar[Query] = {"POST": PART_NAMES}

    @extend_schema(
        operation_id="plans_bulk_update",
        summary="Change many plans",
        request=shapes.BulkChangeSchema,
        parameters=[*CHANGE_PARAMETERS, *PART_PARAMETERS],
        responses=CHANGE_ANSWERS,
    )
    def post(self, request: Request, org: str) -> Response:
        known = {"changes", "accepts_void", "queues_held", "reason", "callback_id", "skip"}
        body = read_object(request, known | {"plan_ids", "filter", "expected_count"})
        return change_answer(self, request, org, _selected(self, body), body)


class UndoView(OrgView):
    """Take back single changes or a whole job, leaving alone what was changed since."""

    permissions: ClassVar[dict[str, str]] = {"POST": "plans:write"}
    query: ClassVar[Query] = {"POST": PART_NAMES}

    @extend_schema(
        operation_id="plans_undo",
        summary="Undo changes",
        request=shapes.UndoSchema,
        parameters=[*CHANGE_PARAMETERS, *PART_PARAMETERS],
        responses=UNDO_ANSWERS,
    )
    def post(self, request: Request, org: str) -> Response:
        known = {"job_id", "event_ids", "accepts_void", "queues_held", "together", "skip"}
        body = read_object(request, known)
        event_ids = read_ids(body.get("event_ids", []), "/event_ids")
        if is_of_annotations(self.actor, event_ids, job_id=_text(body, "job_id")):
            return self._annotations(request, body, event_ids)
        what: dict[str, Any] = {"job_id": _text(body, "job_id"), "event_ids": event_ids, **_guarantee(body)}
        part = _part(request, body)
        if _is_preview(request):
            return Response(schemas.preview_json(preview_undo(self.actor, part=part, **what)))
        accepted = undo_changes(self.actor, idempotency_key=read_idempotency_key(request), skipped=part.skipped, **what)
        return job_answer(org, accepted.job, accepted)

    def _annotations(self, request: Request, body: dict[str, Any], event_ids: list[int]) -> Response:
        """Labels and notes: at once, and a second time there is nothing left to do, so no key is needed."""
        what: dict[str, Any] = {"event_ids": event_ids, "is_together": _flag(body, "together")}
        part = _part(request, body)
        if _is_preview(request):
            return Response(schemas.preview_json(preview_annotation_undo(self.actor, part=part, **what)))
        return Response({"changed": undo_annotations(self.actor, skipped=part.skipped, **what)})


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


def change_answer(view: OrgView, request: Request, org: str, plan_ids: list[int], body: dict[str, Any]) -> Response:
    wishes = schemas.read_wishes(body.get("changes"))
    guarantee: dict[str, Any] = _guarantee(body)
    reason = _text(body, "reason")
    callback_id = read_callback(view.actor, body.get("callback_id"), "/callback_id")
    part = _part(request, body)
    if _is_preview(request):
        preview = preview_changes(view.actor, plan_ids=plan_ids, wishes=wishes, part=part, **guarantee)
        return Response(schemas.preview_json(preview))
    accepted = change_plans(
        view.actor,
        plan_ids=plan_ids,
        wishes=wishes,
        idempotency_key=read_idempotency_key(request),
        **guarantee,
        skipped=part.skipped,
        reason=reason,
        callback_id=callback_id,
    )
    return job_answer(org, accepted.job, accepted)


def _part(request: Request, body: dict[str, Any]) -> PreviewPart:
    """Which changes are told one by one, and which are left alone."""
    return schemas.read_part(request.query_params.dict(), schemas.read_skipped(body.get("skip", [])))


def _guarantee(body: dict[str, Any]) -> dict[str, bool]:
    """What is to become of changes that would void the cost guarantee."""
    return {name: _flag(body, name) for name in ("accepts_void", "queues_held")}


def _flag(body: dict[str, Any], name: str) -> bool:
    """A switch; what is neither true nor false is an error, for taken as false it would be passed over."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise invalid(f"/{name}", _("%(name)s is true or false.") % {"name": name}, "not_a_choice")
    return value


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise invalid(f"/{name}", _("%(name)s is a text.") % {"name": name})
    return value


def _is_preview(request: Request) -> bool:
    """Whether to only look. What is not understood is an error: taken for "no" it would change live plans."""
    given = {name: value for name, value in request.query_params.items() if name == "validate_only"}
    return read_options(given).validate_only


def _selected(view: OrgView, body: dict[str, Any]) -> list[int]:
    if ("plan_ids" in body) == ("filter" in body):
        raise invalid("/plan_ids", _("Give either plan_ids or filter."))
    if "plan_ids" in body:
        return read_ids(body["plan_ids"], "/plan_ids")
    given, expected = body["filter"], body.get("expected_count")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise invalid("/filter", _("filter is an object of texts, as in the query string of GET /plans."))
    if isinstance(expected, bool) or not isinstance(expected, int):
        raise invalid("/expected_count", _("With filter, say how many plans you expect."))
    query = schemas.read_query(given, limit=1, after=None, base="/filter")
    return select_expected(view.actor, query, expected_count=expected)


def read_ids(value: Any, pointer: str) -> list[int]:
    """A list of ids; raises ``InvalidInput``, naming the pointer, for anything else."""
    is_list = isinstance(value, list)
    if not is_list or not all(
        isinstance(one, int) and not isinstance(one, bool) and 0 < one < 1 << 63 for one in value
    ):
        raise invalid(pointer, _("A list of ids."))
    return list(value)


def _texts(value: Any, pointer: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and "\0" not in one for one in value):
        raise invalid(pointer, _("A list of texts."))
    return list(value)


def invalid(pointer: str, detail: str, code: str = "invalid") -> InvalidInput:
    """A refusal that points at one member."""
    return InvalidInput(detail, errors=(FieldError(pointer, code, detail),))
