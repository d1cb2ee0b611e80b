"""Bookkeeping of the mouths themselves."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from xmagnet.core.tenancy import TenantModel


class RequestCounter(models.Model):
    """Requests of one caller in one window; not tenant data, UNLOGGED, swept when old."""

    key = models.CharField(max_length=80)
    window_start = models.BigIntegerField()  # unix seconds
    count = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window_start"], name="web_counter_key")]

    def __str__(self) -> str:
        return f"{self.key} {self.count}"


class IdempotencyRecord(TenantModel):
    """``Idempotency-Key`` of a POST: inserted in the same transaction as what it made."""

    owner = models.CharField(max_length=60)  # who the key belongs to: "token agency" or user
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    object_id = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "owner", "path", "key"], name="web_idempotency_once"),
        ]

    def __str__(self) -> str:
        return self.key
