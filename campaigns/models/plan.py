"""The level that carries targeting, bid, budget and schedule, and that learns."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.models.campaign import Campaign
from xmagnet.core.tenancy import TenantModel


class Plan(TenantModel):
    """A plan as we know it: what was asked for, and what the media last said."""

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey("media_connectors.MediaAccount", on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="plans")
    platform = models.CharField(max_length=10)
    agency_id = models.BigIntegerField(null=True)  # when it was made, for client_ref; now: account.agency_id
    remote_id = models.CharField(max_length=32)
    client_ref = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.PAUSED)
    delivery_status = models.CharField(max_length=20, choices=Delivery, default=Delivery.UNKNOWN)
    learning_state = models.CharField(max_length=10, choices=Learning, default=Learning.NONE)
    review_state = models.CharField(max_length=20, choices=Review, default=Review.PENDING)
    reject_reasons = models.JSONField(default=list)
    bid_type = models.CharField(max_length=20, default="target_cpa")
    bid_fen = models.BigIntegerField(null=True)
    daily_budget_fen = models.BigIntegerField(null=True)  # null: unlimited
    schedule = models.CharField(max_length=336, blank=True)  # half hours from Monday 00:00; "" = always
    objective = models.CharField(max_length=20, blank=True)
    goal = models.CharField(max_length=20, blank=True)
    targeting = models.JSONField(default=dict)
    landing_url = models.CharField(max_length=1000, blank=True)
    titles = models.JSONField(default=list)
    materials = models.JSONField(default=list)  # [{kind, remote_id, cover_remote_id}]
    canonical_sha256 = models.CharField(max_length=64, blank=True)  # equal plans have equal canonical forms
    labels = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    note = models.TextField(blank=True)
    settings = models.JSONField(default=dict)  # the platform's own words
    job_id = models.CharField(max_length=40, blank=True)  # the bulk job that made it
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    remote_created_at = models.DateTimeField(null=True)
    remote_modified_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)  # when a change of ours was last confirmed

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account", "remote_id"], name="campaigns_plan_once"),
            models.UniqueConstraint(
                "organization",
                Coalesce("agency_id", 0),
                "client_ref",
                condition=~models.Q(client_ref="") & ~models.Q(status="deleted"),
                name="campaigns_plan_client_ref",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "account", "status"], name="campaigns_plan_account"),
            models.Index(fields=["organization", "canonical_sha256"], name="campaigns_plan_canonical"),
            models.Index(fields=["organization", "-created_at", "-id"], name="campaigns_plan_recent"),
            models.Index(fields=["organization", "job_id"], name="campaigns_plan_job", condition=~models.Q(job_id="")),
            # Everything the plan table filters by, so that it reads this index and not the wide rows.
            models.Index(
                fields=["organization", "account", "id"],
                include=[
                    "platform",
                    "campaign",
                    "status",
                    "delivery_status",
                    "learning_state",
                    "review_state",
                    "bid_fen",
                    "daily_budget_fen",
                    "created_at",
                    "remote_id",
                    "name",
                ],
                name="campaigns_plan_facets",
            ),
            # What needs somebody is looked for among the enabled plans alone: mostly a sixth of all.
            models.Index(
                fields=["organization", "account", "id"],
                include=["learning_state", "review_state", "delivery_status", "bid_fen", "created_at", "name"],
                condition=models.Q(status="enabled"),
                name="campaigns_plan_live",
            ),
        ]

    def __str__(self) -> str:
        return self.name
