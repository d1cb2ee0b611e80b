"""Targeting that people keep under a name."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from xmagnet.core.tenancy import TenantModel


class SavedAudience(TenantModel):
    """An audience pack of the organization, to be put into any setup; an agency's people keep their own."""

    name = models.CharField(max_length=60)
    content = models.JSONField()  # an AudiencePack of the builder, without its key
    agency_id = models.BigIntegerField(null=True)
    saved_by_id = models.BigIntegerField(null=True)
    saved_by_name = models.CharField(max_length=120, blank=True)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint("organization", Coalesce("agency_id", 0), "name", name="campaigns_audience_once"),
        ]

    def __str__(self) -> str:
        return self.name
