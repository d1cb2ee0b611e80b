"""Shapes for the OpenAPI document only; rows are read by pydantic, answers are written by the selectors."""

from __future__ import annotations

from rest_framework import serializers

from campaigns.choices import RowState
from xmagnet.jobs.states import JobState


class FieldErrorSchema(serializers.Serializer):  # type: ignore[type-arg]
    pointer = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()
    column = serializers.CharField(required=False)


class ProblemSchema(serializers.Serializer):  # type: ignore[type-arg]
    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldErrorSchema(many=True, required=False)  # type: ignore[assignment]
    errors_truncated = serializers.IntegerField(required=False)


class MaterialSchema(serializers.Serializer):  # type: ignore[type-arg]
    kind = serializers.ChoiceField(["video", "video_vertical", "image", "image_vertical"])
    id = serializers.CharField()
    cover_id = serializers.CharField(required=False)


class PlanRowSchema(serializers.Serializer):  # type: ignore[type-arg]
    client_ref = serializers.CharField(max_length=64)
    media = serializers.ChoiceField(["douyin", "toutiao", "kuaishou"])
    account_id = serializers.CharField()
    campaign = serializers.CharField(required=False, max_length=100)
    name = serializers.CharField(required=False, max_length=200)
    objective = serializers.ChoiceField(["leads"], required=False)
    goal = serializers.ChoiceField(["form", "valid_lead", "pay"], required=False)
    bid_type = serializers.ChoiceField(["target_cpa", "max_conversion"], required=False)
    bid = serializers.DecimalField(max_digits=12, decimal_places=2, required=False, help_text="yuan")
    budget = serializers.CharField(help_text='yuan a day, or "unlimited"')
    schedule = serializers.CharField(required=False)
    start_date = serializers.DateField(required=False)
    end_date = serializers.DateField(required=False)
    gender = serializers.ChoiceField(["any", "male", "female"], required=False)
    ages = serializers.ListField(child=serializers.CharField(), required=False)
    regions = serializers.ListField(child=serializers.IntegerField(), required=False)
    systems = serializers.ListField(child=serializers.CharField(), required=False)
    interests = serializers.ListField(child=serializers.IntegerField(), required=False)
    audiences_include = serializers.ListField(child=serializers.IntegerField(), required=False)
    audiences_exclude = serializers.ListField(child=serializers.IntegerField(), required=False)
    expansion = serializers.BooleanField(required=False)
    landing_url = serializers.URLField()
    titles = serializers.ListField(child=serializers.CharField())
    materials = MaterialSchema(many=True)
    brand_name = serializers.CharField(required=False)
    call_to_action = serializers.CharField(required=False)


class BulkOptionsSchema(serializers.Serializer):  # type: ignore[type-arg]
    validate_only = serializers.BooleanField(required=False)
    on_error = serializers.ChoiceField(["continue", "abort"], required=False)
    initial_status = serializers.ChoiceField(["paused", "enabled"], required=False)
    callback_id = serializers.IntegerField(required=False)


class BulkRequestSchema(serializers.Serializer):  # type: ignore[type-arg]
    options = BulkOptionsSchema(required=False)
    rows = PlanRowSchema(many=True)


class JobSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.ChoiceField(JobState.choices)
    validate_only = serializers.BooleanField()
    on_error = serializers.CharField()
    initial_status = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())
    progress = serializers.FloatField()
    rows_per_second = serializers.FloatField(allow_null=True)
    eta_at = serializers.DateTimeField(allow_null=True)
    waiting_for = serializers.DictField(allow_null=True)
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    heartbeat_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    deadline_at = serializers.DateTimeField(allow_null=True)
    idempotency_key = serializers.CharField()
    source = serializers.DictField(allow_null=True)  # type: ignore[assignment]
    retry_of = serializers.CharField(allow_null=True)
    request_id = serializers.CharField()
    error = serializers.DictField(allow_null=True)
    links = serializers.DictField(child=serializers.CharField())


class JobPageSchema(serializers.Serializer):  # type: ignore[type-arg]
    items = JobSchema(many=True)
    next = serializers.CharField(allow_null=True)


class RowSchema(serializers.Serializer):  # type: ignore[type-arg]
    index = serializers.IntegerField()
    line = serializers.IntegerField()
    client_ref = serializers.CharField()
    state = serializers.ChoiceField(RowState.choices)
    outcome = serializers.CharField(allow_null=True)
    plan_id = serializers.IntegerField(allow_null=True)
    media_plan_id = serializers.CharField(allow_null=True)
    attempts = serializers.IntegerField()
    error = serializers.DictField(allow_null=True)
    errors = FieldErrorSchema(many=True)  # type: ignore[assignment]
    warnings = FieldErrorSchema(many=True)


class RowPageSchema(serializers.Serializer):  # type: ignore[type-arg]
    items = RowSchema(many=True)
    next = serializers.CharField(allow_null=True)


class CancelSchema(serializers.Serializer):  # type: ignore[type-arg]
    pause_created = serializers.BooleanField(required=False)


class RetrySchema(serializers.Serializer):  # type: ignore[type-arg]
    only = serializers.ChoiceField(["retryable", "all_failed"], required=False)
    refs = serializers.ListField(child=serializers.CharField(), required=False)


class LimitsSchema(serializers.Serializer):  # type: ignore[type-arg]
    formats = serializers.DictField()
    row_bytes = serializers.IntegerField()
    running_jobs = serializers.IntegerField()
    queued_jobs = serializers.IntegerField()
    validate_in_request_rows = serializers.IntegerField()
    wait_rows = serializers.IntegerField()
    wait_seconds = serializers.IntegerField()
    job_deadline_seconds = serializers.IntegerField()
    results_kept_seconds = serializers.IntegerField()
    requests = serializers.DictField()
    rows = serializers.DictField()
