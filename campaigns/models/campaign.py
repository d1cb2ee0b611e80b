"""The top delivery level: Ocean Engine's project, Kuaishou's campaign."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from campaigns.choices import Status
from xmagnet.core.tenancy import TenantModel


class Campaign(TenantModel):
    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey("media_connectors.MediaAccount", on_delete=models.PROTECT, related_name="+")
    platform = models.CharField(max_length=10)
    remote_id = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.ENABLED)
    # SHA-256 of what Ocean Engine keeps on the project (targeting, goal, placement): rows that share a campaign's name
    # must share this.
    setting_key = models.CharField(max_length=64, blank=True)
    daily_budget_fen = models.BigIntegerField(null=True)
    settings = models.JSONField(default=dict)  # the platform's own words
    remote_modified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    synced_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account", "remote_id"], name="campaigns_campaign_once"),
        ]
        indexes = [models.Index(fields=["organization", "account", "name"], name="campaigns_campaign_name")]

    def __str__(self) -> str:
        return self.name
