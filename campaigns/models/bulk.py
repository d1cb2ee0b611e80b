"""Rows of bulk jobs: the truth about what was asked for and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from campaigns.choices import Outcome, RowState
from campaigns.models.campaign import Campaign
from campaigns.models.plan import Plan
from xmagnet.core.tenancy import TenantModel


class BulkRow(TenantModel):
    """One row of a bulk job: a lease, a fence (``generation``) and the result. See docs/adr on exactly-once."""

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="+")
    row_index = models.IntegerField()  # 0-based, the order of the input
    line = models.IntegerField()  # 1-based line or sheet row of the source, for people
    client_ref = models.CharField(max_length=64, blank=True)
    account = models.ForeignKey("media_connectors.MediaAccount", null=True, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.SET_NULL, related_name="+")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=RowState, default=RowState.RECEIVED)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    source = models.JSONField()  # the row as it came, original columns
    spec = models.JSONField(null=True)  # the row as we understood it: canonical names and units
    warnings = models.JSONField(null=True)  # e.g. equal to a live plan
    errors = models.JSONField(null=True)  # list of {pointer, column, code, detail, …}
    # agency and client_ref, from the row's first claim on: of all rows in flight only one may make a reference's plan
    held_ref = models.CharField(max_length=90, default="", db_default="", blank=True)
    row_key = models.CharField(max_length=16, blank=True)  # suffix of the plan's name at the media, for reading back
    plan_remote_id = models.CharField(max_length=32, blank=True)
    attempt_count = models.IntegerField(default=0)
    generation = models.IntegerField(default=0)
    owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    lease_expiry_count = models.IntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "job", "row_index"], name="campaigns_row_once"),
            models.UniqueConstraint(
                fields=["organization", "held_ref"],
                condition=models.Q(state__in=["queued", "sending", "unknown"]) & ~models.Q(held_ref=""),
                name="campaigns_ref_in_flight",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "account", "next_at", "id"],
                name="campaigns_row_due",
                condition=models.Q(state__in=["queued", "unknown"]),
            ),
            models.Index(
                fields=["organization", "lease_until"], name="campaigns_row_leased", condition=models.Q(state="sending")
            ),
            models.Index(fields=["organization", "job", "state", "row_index"], name="campaigns_row_state"),
        ]

    def __str__(self) -> str:
        return f"row {self.row_index} of {self.job_id}"


class SettingTemplate(TenantModel):
    """A reusable set of plan settings for the builder; saving again makes a new version."""

    name = models.CharField(max_length=120)
    platform = models.CharField(max_length=10, blank=True)  # "" = any
    content = models.JSONField()
    version = models.IntegerField(default=1)
    is_shared = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)  # an unfinished builder session, resumed by its owner
    agency_id = models.BigIntegerField(null=True)
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "created_by_id", "name", "version"], name="campaigns_template_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
