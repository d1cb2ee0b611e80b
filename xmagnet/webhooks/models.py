"""Where to call, and every call that was or is to be made."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from xmagnet.core.ids import new_id
from xmagnet.core.tenancy import TenantModel
from xmagnet.webhooks.choices import DeliveryState, Event


def new_message_id() -> str:
    """``msg_`` and a ULID: the same for every attempt, so that receivers can drop repeats."""
    return new_id("msg")


class WebhookEndpoint(TenantModel):
    """A receiver. Up to two secrets are live while one replaces the other; both are MultiFernet ciphertext."""

    agency_id = models.BigIntegerField(null=True)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True)
    events = ArrayField(models.CharField(max_length=30, choices=Event), default=list)  # empty: all
    encrypted_secret = models.BinaryField()
    encrypted_old_secret = models.BinaryField(null=True)
    old_secret_expires_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)  # a code: gone, unreachable
    created_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(TenantModel):
    """One message to one endpoint; rows are retried by ``next_at``, not by the broker."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, default=new_message_id)
    event = models.CharField(max_length=30, choices=Event)
    payload = models.JSONField()  # ids and counts only
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempt_count = models.IntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    response_status = models.IntegerField(null=True)
    response_body = models.TextField(blank=True, default="")  # the beginning of the last answer
    error = models.CharField(max_length=300, blank=True)
    duration_ms = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(
                fields=["organization", "next_at"], name="webhooks_due", condition=models.Q(state=DeliveryState.PENDING)
            ),
            models.Index(fields=["organization", "endpoint", "-id"], name="webhooks_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"
