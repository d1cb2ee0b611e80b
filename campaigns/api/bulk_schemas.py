"""Shapes for the OpenAPI document only; rows are read by pydantic, answers are written by the selectors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.choices import Outcome, RowState
from campaigns.domain.rows.reading import FIELDS
from campaigns.services.bulk.intake import FORMATS
from xmagnet.jobs.states import JobState
from xmagnet.web.api.problems import FieldErrorSchema

MEDIA = ["douyin", "toutiao", "kuaishou"]


class MaterialSchema(serializers.Serializer):  # type: ignore[type-arg]
    kind = serializers.ChoiceField(["video", "video_vertical", "image", "image_vertical"])
    id = serializers.CharField(help_text="The media's id in the account's library")
    cover_id = serializers.CharField(required=False, help_text="A video's cover image")


class PlanRowSchema(serializers.Serializer):  # type: ignore[type-arg]
    """One plan, the same for all three media; docs/bulk.md explains each field."""

    client_ref = serializers.CharField(
        max_length=64, help_text="Yours, unique; one that a live plan has makes no second plan"
    )
    media = serializers.ChoiceField(MEDIA)
    account_id = serializers.CharField(help_text="The media's id of the account")
    campaign = serializers.CharField(required=False, max_length=100, help_text="Created once when it does not exist")
    name = serializers.CharField(required=False, max_length=200, help_text="Empty: client_ref")
    objective = serializers.ChoiceField(["leads"], required=False)
    goal = serializers.ChoiceField(["form", "valid_lead", "pay"], required=False)
    bid_type = serializers.ChoiceField(["target_cpa", "max_conversion"], required=False)
    bid = serializers.FloatField(required=False, help_text="Yuan for a conversion; none with max_conversion")
    budget = serializers.FloatField(help_text='Yuan a day, or the text "unlimited"')
    schedule = serializers.CharField(
        required=False, help_text='"mon-fri 08:00-22:00", or 168 or 336 characters of 0 and 1; empty: always'
    )
    start_date = serializers.DateField(required=False, help_text="Empty: today")
    end_date = serializers.DateField(required=False, help_text="Empty: open")
    gender = serializers.ChoiceField(["any", "male", "female"], required=False)
    ages = serializers.MultipleChoiceField(choices=["18-23", "24-30", "31-40", "41-49", "50+"], required=False)
    regions = serializers.ListField(child=serializers.IntegerField(), required=False, help_text="Region codes")
    systems = serializers.MultipleChoiceField(choices=["android", "ios"], required=False)
    interests = serializers.ListField(child=serializers.IntegerField(), required=False)
    audiences_include = serializers.ListField(child=serializers.IntegerField(), required=False)
    audiences_exclude = serializers.ListField(child=serializers.IntegerField(), required=False)
    expansion = serializers.BooleanField(required=False, help_text="May the media widen the audience")
    landing_url = serializers.URLField(max_length=1000)
    titles = serializers.ListField(child=serializers.CharField())
    materials = MaterialSchema(many=True)
    brand_name = serializers.CharField(required=False)
    call_to_action = serializers.CharField(required=False)


class BulkOptionsSchema(serializers.Serializer):  # type: ignore[type-arg]
    """Here or in the query string, each once."""

    validate_only = serializers.BooleanField(required=False)
    on_error = serializers.ChoiceField(["continue", "abort"], required=False)
    initial_status = serializers.ChoiceField(["paused", "enabled"], required=False)
    callback_id = serializers.IntegerField(required=False, min_value=1)


class BulkRequestSchema(serializers.Serializer):  # type: ignore[type-arg]
    options = BulkOptionsSchema(required=False)
    rows = PlanRowSchema(many=True)


EXAMPLE_ROW: dict[str, Any] = {
    "client_ref": "HZ-0017",
    "media": "douyin",
    "account_id": "1700000000000000007",
    "name": "车险 杭州 0017",
    "bid": 52.5,
    "budget": 500,
    "landing_url": "https://example.com/form",
    "titles": ["三分钟了解保障"],
    "materials": [{"kind": "video_vertical", "id": "v02", "cover_id": "c02"}],
    "brand_name": "安心保险",
    "call_to_action": "立即咨询",
}
_FILE = {"type": "string", "format": "binary"}
#: the request bodies of bulk creation by content type
BULK_BODIES: dict[str, Any] = {
    "application/json": BulkRequestSchema,
    "application/x-ndjson": {"type": "string", "description": "One row object a line; options in the query string"},
    "text/csv": {"type": "string", "description": f"A header, then a row a line. Columns: {', '.join(FIELDS)}"},
    next(name for name, kind in FORMATS.items() if kind == "xlsx"): _FILE | {"description": "The first sheet, as CSV"},
    "multipart/form-data": {
        "type": "object",
        "properties": {"file": _FILE | {"description": "A file of one of the other formats, told by its name"}},
        "required": ["file"],
    },
}


class JobSourceSchema(serializers.Serializer):  # type: ignore[type-arg]
    format = serializers.ChoiceField(sorted(set(FORMATS.values())))
    filename = serializers.CharField(allow_blank=True)
    sha256 = serializers.CharField(required=False, help_text="Of the body, inflated")
    bytes = serializers.IntegerField(required=False, help_text="Of the body, inflated")


class WaitSchema(serializers.Serializer):  # type: ignore[type-arg]
    reason = serializers.ChoiceField(
        [
            "rate_limit",
            "quota",
            "authorization",
            "account_refused",
            "no_balance",
            "account_paused",
            "settling",
            "media_unreachable",
            "same_reference",
            "other_job",
            "busy",
            "stalled",
        ],
        help_text="rate_limit: calls wait for their turn under the media's limits; other_job: rows of job_id on the "
        "same account come first; settling: a lost answer is looked for; authorization, "
        "account_refused, no_balance, account_paused: ask a person; "
        "stalled: nothing moved for two minutes and no reason is known",
    )
    account_id = serializers.CharField(help_text="The media's id of the account; empty with stalled")
    until = serializers.DateTimeField(allow_null=True, help_text="Null when nobody knows")
    needs_person = serializers.BooleanField(help_text="Nothing moves on the account before somebody mends it")
    job_id = serializers.CharField(allow_null=True, help_text="With other_job: the job whose rows come first")


class JobErrorSchema(serializers.Serializer):  # type: ignore[type-arg]
    slug = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()


class JobLinksSchema(serializers.Serializer):  # type: ignore[type-arg]
    rows = serializers.CharField()
    results = serializers.CharField()
    cancel = serializers.CharField()
    retry = serializers.CharField()


_COUNTS = ["total", *RowState.values]


@extend_schema_field(
    {
        "type": "object",
        "properties": {name: {"type": "integer", "minimum": 0} for name in _COUNTS},
        "required": _COUNTS,
        "additionalProperties": False,
    }
)
class CountsField(serializers.JSONField):
    """Rows by state, and their sum."""


class JobSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    kind = serializers.ChoiceField(["plans.create", "plans.validate", "plans.update"])
    state = serializers.ChoiceField(JobState.choices)
    validate_only = serializers.BooleanField()
    on_error = serializers.ChoiceField(["continue", "abort"])
    initial_status = serializers.ChoiceField(["paused", "enabled"])
    counts = CountsField(help_text="Rows by state")
    progress = serializers.FloatField(min_value=0, max_value=1, help_text="Share of rows that are settled")
    rows_per_second = serializers.FloatField(
        allow_null=True, help_text="Of the last half minute; of a finished job over its whole time"
    )
    eta_at = serializers.DateTimeField(allow_null=True, help_text="Null while nobody can know")
    waiting_for = WaitSchema(allow_null=True, help_text="Why rows wait; of several accounts the most pressing reason")
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    deadline_at = serializers.DateTimeField(allow_null=True, help_text="Rows not sent by then are given up")
    idempotency_key = serializers.CharField()
    source = JobSourceSchema(allow_null=True)  # type: ignore[assignment]
    retry_of = serializers.CharField(allow_null=True, help_text="The job whose rows these are")
    request_id = serializers.CharField()
    error = JobErrorSchema(allow_null=True)
    links = JobLinksSchema()


class JobPageSchema(serializers.Serializer):  # type: ignore[type-arg]
    items = JobSchema(many=True)
    next = serializers.CharField(allow_null=True, help_text="The value of after for the next page")


class CheckCountsSchema(serializers.Serializer):  # type: ignore[type-arg]
    total = serializers.IntegerField()
    invalid = serializers.IntegerField()
    valid = serializers.IntegerField()


class CheckedRowSchema(serializers.Serializer):  # type: ignore[type-arg]
    index = serializers.IntegerField(help_text="From 0, in input order")
    line = serializers.IntegerField(help_text="From 1, as people count lines of the file")
    client_ref = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(["valid", "invalid"])
    errors = FieldErrorSchema(many=True)  # type: ignore[assignment]
    warnings = FieldErrorSchema(many=True)


class BulkCheckSchema(serializers.Serializer):  # type: ignore[type-arg]
    """What validate_only found in at most 1,000 rows; nothing was written."""

    validate_only = serializers.BooleanField()
    valid = serializers.BooleanField(help_text="Every row")
    counts = CheckCountsSchema()
    rows = CheckedRowSchema(many=True)


class MediaErrorSchema(serializers.Serializer):  # type: ignore[type-arg]
    platform = serializers.CharField()
    code = serializers.JSONField(help_text="The media's own code, number or text")
    message = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)


class RowProblemSchema(serializers.Serializer):  # type: ignore[type-arg]
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    retryable = serializers.BooleanField(help_text="May succeed when it is only sent again")
    pointer = serializers.CharField()
    column = serializers.CharField(required=False)
    media = MediaErrorSchema(required=False)


class RowSchema(serializers.Serializer):  # type: ignore[type-arg]
    index = serializers.IntegerField(help_text="From 0, in input order")
    line = serializers.IntegerField(help_text="From 1, as people count lines of the file")
    client_ref = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(RowState.choices)
    outcome = serializers.ChoiceField(Outcome.choices, allow_null=True)
    plan_id = serializers.IntegerField(allow_null=True)
    media_plan_id = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField()
    error = RowProblemSchema(allow_null=True, help_text="The first of errors, in full")
    errors = FieldErrorSchema(many=True)  # type: ignore[assignment]
    warnings = FieldErrorSchema(many=True)


class RowPageSchema(serializers.Serializer):  # type: ignore[type-arg]
    items = RowSchema(many=True)
    next = serializers.CharField(allow_null=True, help_text="The value of after for the next page")


class CancelSchema(serializers.Serializer):  # type: ignore[type-arg]
    pause_created = serializers.BooleanField(required=False, help_text="Also pause the plans that were created")


class RetrySchema(serializers.Serializer):  # type: ignore[type-arg]
    only = serializers.ChoiceField(["retryable", "all_failed"], required=False)
    refs = serializers.ListField(child=serializers.CharField(), required=False, help_text="Only these client_refs")


class FormatLimitSchema(serializers.Serializer):  # type: ignore[type-arg]
    rows = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Inflated")


class FormatLimitsSchema(serializers.Serializer):  # type: ignore[type-arg]
    json = FormatLimitSchema()
    ndjson = FormatLimitSchema()
    csv = FormatLimitSchema()
    xlsx = FormatLimitSchema()


class QuotaSchema(serializers.Serializer):  # type: ignore[type-arg]
    limit = serializers.IntegerField()
    window_seconds = serializers.IntegerField()


class LimitsSchema(serializers.Serializer):  # type: ignore[type-arg]
    formats = FormatLimitsSchema()
    row_bytes = serializers.IntegerField()
    running_jobs = serializers.IntegerField(help_text="At a time, for each agency")
    queued_jobs = serializers.IntegerField()
    validate_in_request_rows = serializers.IntegerField(help_text="More are checked by a job")
    wait_rows = serializers.IntegerField(help_text="Prefer: wait is heard up to so many rows")
    wait_seconds = serializers.IntegerField()
    job_deadline_seconds = serializers.IntegerField()
    results_kept_seconds = serializers.IntegerField()
    requests = QuotaSchema()
    rows = QuotaSchema()
