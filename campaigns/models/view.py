"""Looks at a table that people keep: columns, order, filters, range."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from xmagnet.core.tenancy import TenantModel


class SavedView(TenantModel):
    """A table's query string under a name; private to its maker, or shared with the organization."""

    table = models.CharField(max_length=20)  # "plans"
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    is_shared = models.BooleanField(default=False)
    owner_id = models.BigIntegerField()
    owner_name = models.CharField(max_length=120)
    agency_id = models.BigIntegerField(null=True)  # of an agency's user: shared inside the agency only
    default_for = ArrayField(models.BigIntegerField(), default=list, blank=True)  # people whose table opens with it
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "table", "owner_id", "name"], name="campaigns_view_once"),
        ]

    def __str__(self) -> str:
        return self.name
