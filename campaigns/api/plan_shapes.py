"""Shapes of plans, accounts and campaigns for the OpenAPI document only. Money is yuan."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.bulk_schemas import MEDIA
from campaigns.api.plan_schemas import MONEY_METRICS
from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.domain.guardrails import FIELDS
from campaigns.domain.metrics import METRICS
from media_connectors.choices import AccountHealth

_YUAN = {"type": "string", "pattern": r"^-?\d+\.\d{2}$"}
_UNITS = {"money": "yuan", "percent": "a fraction", "seconds": "seconds"}


def _metric_shape(key: str) -> dict[str, Any]:
    metric = METRICS[key]
    shape: dict[str, Any] = {**_YUAN, "type": ["string", "null"]} if key in MONEY_METRICS else {}
    unit = f"; {_UNITS[metric.unit]}" if metric.unit in _UNITS else ""
    return {"type": ["number", "null"], **shape, "description": f"{metric.label_en}: {metric.formula_en}{unit}"}


@extend_schema_field(
    {"type": "object", "properties": {key: _metric_shape(key) for key in METRICS}, "additionalProperties": False}
)
class MetricsField(serializers.JSONField):
    """Metrics by key; undefined ratios are null."""


@extend_schema_field({"type": ["string", "null"], "pattern": _YUAN["pattern"]})
class YuanField(serializers.CharField):
    """Yuan with two decimals as text, or null."""


@extend_schema_field({"type": "object", "additionalProperties": True})
class OpenField(serializers.JSONField):
    """An object whose members are the media's own."""


@extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": True}})
class OpenListField(serializers.JSONField):
    """A list of objects whose members are the media's own."""


class NamedSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)


class AccountRefSchema(NamedSchema):
    remote_id = serializers.CharField(help_text="The media's id")


class PlanSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    remote_id = serializers.CharField(help_text="The media's id, as text: it exceeds 2**53")
    client_ref = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    media = serializers.ChoiceField(MEDIA)
    account = AccountRefSchema()
    agency = NamedSchema(allow_null=True)
    campaign = NamedSchema(allow_null=True)
    status = serializers.ChoiceField(Status.choices, help_text="The operator's switch")
    delivery = serializers.ChoiceField(Delivery.choices, help_text="Why it is or is not delivering now")
    learning = serializers.ChoiceField(Learning.choices)
    review = serializers.ChoiceField(Review.choices)
    bid_type = serializers.ChoiceField(["target_cpa", "max_conversion"])
    bid = YuanField(help_text="Yuan for a conversion")
    budget = YuanField(help_text="Yuan a day; null is unlimited")
    schedule = serializers.CharField(
        allow_blank=True, help_text='336 half hours of 0 and 1 from Monday 00:00; "" is always'
    )
    labels = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    synced_at = serializers.DateTimeField(allow_null=True)
    metrics = MetricsField(help_text="Of the period")
    compared = MetricsField(required=False, help_text="Of the period that it is compared with")


class PlanPartSchema(PlanSchema):
    """A plan with the members that ``fields`` names; all without it."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


class PlanPageSchema(serializers.Serializer):  # type: ignore[type-arg]
    plans = PlanPartSchema(many=True)
    next = serializers.CharField(allow_null=True, help_text="The value of after for the next page")


@extend_schema_field({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}})
class TitlesField(serializers.JSONField):
    """Titles as texts, or as the media's objects."""


class PlanDetailSchema(PlanSchema):
    objective = serializers.CharField(allow_blank=True)
    goal = serializers.CharField(allow_blank=True)
    targeting = OpenField()
    landing_url = serializers.CharField(allow_blank=True)
    titles = TitlesField()
    materials = OpenListField()
    reject_reasons = TitlesField()
    settings = OpenField(help_text="The platform's own words")
    job_id = serializers.CharField(allow_blank=True, help_text="The job that created it")


class PointSchema(serializers.Serializer):  # type: ignore[type-arg]
    at = serializers.CharField(help_text="2026-12-01, or 2026-12-01T14 by the hour; Asia/Shanghai")
    metrics = MetricsField()


class SeriesSchema(serializers.Serializer):  # type: ignore[type-arg]
    points = PointSchema(many=True)


_AMOUNT = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d{1,2})?$"}]}
_MONEY_WISH = {
    "anyOf": [
        _AMOUNT,
        {
            "type": "object",
            "properties": {
                "set": _AMOUNT,
                "percent": {"type": "number", "minimum": -99, "maximum": 1000},
                "amount": _AMOUNT,
                "least": _AMOUNT,
                "most": _AMOUNT,
            },
            "additionalProperties": False,
            "description": "Exactly one of set, percent and amount; least and most bound the result",
        },
    ]
}


@extend_schema_field(
    {
        "type": "object",
        "minProperties": 1,
        "properties": {
            "bid": _MONEY_WISH,
            "budget": _MONEY_WISH,
            "status": {"type": "string", "enum": ["enabled", "paused"], "description": "Needs plans:launch"},
            "schedule": {"type": "string"},
            "name": {"type": "string"},
        },
        "additionalProperties": False,
    }
)
class WishesField(serializers.JSONField):
    """What is to become of each field."""


class ChangesSchema(serializers.Serializer):  # type: ignore[type-arg]
    changes = WishesField(help_text='{"bid": {"set": 52.5}, "budget": {"percent": 20, "most": 2000}}')
    accepts_void = serializers.BooleanField(required=False, help_text="Send edits that void the cost guarantee")
    queues_held = serializers.BooleanField(
        required=False, help_text="Edits that would void the cost guarantee wait for the media's next day (UTC+8)"
    )
    reason = serializers.CharField(required=False, max_length=300, help_text="For the audit log")


#: what a preview may speak of: what goes to the media, and labels and notes, which are ours alone
UNDOABLE_FIELDS = (*FIELDS, "labels", "note")


class SkippedSchema(serializers.Serializer):  # type: ignore[type-arg]
    """One change of a preview that is not to be sent."""

    plan_id = serializers.IntegerField(min_value=1)
    field = serializers.ChoiceField(UNDOABLE_FIELDS)


class BulkChangeSchema(ChangesSchema):
    """By plan_ids, or by filter with the count that was seen."""

    plan_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, help_text="At most 20,000"
    )
    filter = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="As the query string of GET /plans"
    )
    expected_count = serializers.IntegerField(required=False, help_text="With filter: how many plans you saw")
    skip = SkippedSchema(many=True, required=False, help_text="Leave these alone, though they are selected")
    callback_id = serializers.IntegerField(required=False, help_text="Webhook endpoint that hears of the job")


@extend_schema_field(
    {
        "type": ["string", "array", "null"],
        "items": {"type": "string"},
        "description": "Money in yuan; labels are a list",
    }
)
class ValueField(serializers.CharField):
    """A field's value before or after."""


class PlannedChangeSchema(serializers.Serializer):  # type: ignore[type-arg]
    plan_id = serializers.IntegerField()
    plan_name = serializers.CharField()
    account_id = serializers.IntegerField()
    platform = serializers.ChoiceField(MEDIA)
    field = serializers.ChoiceField(UNDOABLE_FIELDS)
    before = ValueField()
    asked = ValueField()
    after = ValueField()
    state = serializers.ChoiceField(
        ["change", "unchanged", "held", "queued", "refused", "skipped"],
        help_text="held: would void the cost guarantee, sent only with accepts_void; queued: with queues_held, waits "
        "for the next day; skipped: undo only",
    )
    codes = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField())


class ChangePreviewSchema(serializers.Serializer):  # type: ignore[type-arg]
    """Every change before and after; nothing was written."""

    validate_only = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="By state")
    missing_plan_ids = serializers.ListField(child=serializers.IntegerField())
    changes = PlannedChangeSchema(many=True, help_text="At most 1,000, from offset on")
    is_truncated = serializers.BooleanField(help_text="Not all are among changes")
    next_offset = serializers.IntegerField(allow_null=True, help_text="offset of those that follow; null at the end")


class LabelsSchema(serializers.Serializer):  # type: ignore[type-arg]
    plan_ids = serializers.ListField(child=serializers.IntegerField(min_value=1))
    add = serializers.ListField(child=serializers.CharField(), required=False)
    remove = serializers.ListField(child=serializers.CharField(), required=False)


class LabelledSchema(serializers.Serializer):  # type: ignore[type-arg]
    changed = serializers.IntegerField(help_text="Plans whose labels are others now")


class UndoSchema(serializers.Serializer):  # type: ignore[type-arg]
    """A whole job, or single entries of the change log."""

    job_id = serializers.CharField(required=False)
    event_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False,
        help_text="Either changes that went to the media, or changes of labels and notes",
    )  # fmt: skip
    together = serializers.BooleanField(
        required=False, help_text="Labels and notes: with all plans that got them in the same go"
    )
    skip = SkippedSchema(many=True, required=False, help_text="Leave these alone")
    accepts_void = serializers.BooleanField(required=False)
    queues_held = serializers.BooleanField(required=False)


class UndoneSchema(serializers.Serializer):  # type: ignore[type-arg]
    """Labels and notes are ours alone: they are back at once, without a job."""

    changed = serializers.IntegerField(help_text="Labels and notes that were taken back")


class WaitingChangeSchema(serializers.Serializer):  # type: ignore[type-arg]
    """A change that waits for the media's next day."""

    id = serializers.IntegerField()
    plan_id = serializers.IntegerField()
    plan_name = serializers.CharField()
    field = serializers.ChoiceField(FIELDS)
    before = ValueField()
    after = ValueField()
    run_on = serializers.DateField(help_text="The day on which it is sent, UTC+8")
    reason = serializers.CharField(allow_blank=True)
    created_by = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    job_id = serializers.CharField(help_text="The job that wanted it")


class WaitingChangePageSchema(serializers.Serializer):  # type: ignore[type-arg]
    changes = WaitingChangeSchema(many=True)
    next = serializers.CharField(allow_null=True, help_text="The value of after for the next page")


class CancelWaitingSchema(serializers.Serializer):  # type: ignore[type-arg]
    ids = serializers.ListField(child=serializers.IntegerField(min_value=1))


class CancelledSchema(serializers.Serializer):  # type: ignore[type-arg]
    cancelled = serializers.IntegerField(help_text="Changes that will not be sent")


class AccountSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    remote_id = serializers.CharField(help_text="The media's id")
    name = serializers.CharField()
    media = serializers.ChoiceField(MEDIA)
    agency = NamedSchema(allow_null=True)
    is_active = serializers.BooleanField()
    health = serializers.ChoiceField(AccountHealth.choices)
    health_message = serializers.CharField(allow_blank=True)
    balance = YuanField(help_text="Yuan")
    plans_synced_at = serializers.DateTimeField(allow_null=True)
    metrics_synced_at = serializers.DateTimeField(allow_null=True)


class AccountListSchema(serializers.Serializer):  # type: ignore[type-arg]
    accounts = AccountSchema(many=True)


class MaterialInUseSchema(serializers.Serializer):  # type: ignore[type-arg]
    account_id = serializers.CharField(help_text="The media's id of the account, as rows want it")
    account_name = serializers.CharField()
    kind = serializers.CharField(help_text="As in materials of a row")
    id = serializers.CharField(help_text="The file's id in that account, as rows want it")
    cover_id = serializers.CharField(help_text="Empty without a cover")
    name = serializers.CharField(help_text="In the account's library; empty while it has not been read")
    title = serializers.CharField(help_text="A title that it runs with, to recognise it by; empty when no plan uses it")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels; null while the library has not been read")
    height = serializers.IntegerField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True, help_text="Of a video")
    plan_count = serializers.IntegerField(help_text="Plans that use it, deleted ones not counted")


class MaterialsSchema(serializers.Serializer):  # type: ignore[type-arg]
    materials = MaterialInUseSchema(many=True)


class CampaignSchema(NamedSchema):
    remote_id = serializers.CharField(help_text="The media's id")
    account_id = serializers.IntegerField()
    media = serializers.ChoiceField(MEDIA)
    status = serializers.CharField()
    budget = YuanField(help_text="Yuan a day; null is unlimited")


class CampaignPageSchema(serializers.Serializer):  # type: ignore[type-arg]
    campaigns = CampaignSchema(many=True)
    next = serializers.CharField(allow_null=True)
