"""Sending what is due: signed by Standard Webhooks, to a pinned public address, again until it arrives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import orjson
import structlog
from django.db import transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from xmagnet.core.crypto import decrypt
from xmagnet.core.outward import Answer, post
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify
from xmagnet.webhooks.choices import DeliveryState
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint

BATCH = 20
LEASE = timedelta(minutes=2)
#: waits between attempts; together three days
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 64_800, 86_400)
)
GONE = 410
#: of an answer, for the log: enough to see what the receiver complains of
KEPT_BYTES = 2_048
logger = structlog.get_logger(__name__)


def deliver_due() -> int:
    """In the organization in scope: send what is due; how many were tried. Nothing is sent inside a transaction."""
    with transaction.atomic():
        due = (
            WebhookDelivery.objects.select_for_update(skip_locked=True)
            .filter(state=DeliveryState.PENDING, next_at__lte=timezone.now(), endpoint__is_active=True)
            .order_by("next_at")
        )
        ids = list(due.values_list("id", flat=True)[:BATCH])
        WebhookDelivery.objects.filter(pk__in=ids).update(next_at=timezone.now() + LEASE)
        deliveries = list(WebhookDelivery.objects.filter(pk__in=ids).select_related("endpoint").order_by("id"))
    for delivery in deliveries:
        _settle(delivery, _answer(delivery))
    return len(deliveries)


def _answer(delivery: WebhookDelivery) -> Answer:
    try:
        body, headers = signed(delivery.endpoint, delivery)
        return post(delivery.endpoint.url, body, headers, keep_bytes=KEPT_BYTES)
    except Exception as error:  # a bug, or a key that is gone: everybody else's messages must not wait behind it
        logger.exception("webhooks.errored", delivery=delivery.pk)
        return Answer(None, f"our own error: {type(error).__name__}", 0)


def signed(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> tuple[bytes, dict[str, str]]:
    """Body and headers; while a secret is being replaced the message carries both signatures."""
    body = orjson.dumps(delivery.payload)
    now = datetime.now(tz=UTC)  # the library takes the clock's figures for UTC, whatever zone they carry
    secrets = [decrypt(endpoint.encrypted_secret)]
    expires_at = endpoint.old_secret_expires_at
    if endpoint.encrypted_old_secret is not None and expires_at is not None and expires_at > timezone.now():
        secrets.append(decrypt(endpoint.encrypted_old_secret))
    signatures = [Webhook(secret).sign(delivery.message_id, now, body.decode()) for secret in secrets]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "X-Magnet-Webhooks/1",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return body, headers


def _settle(delivery: WebhookDelivery, answer: Answer) -> None:
    now = timezone.now()
    delivery.attempt_count += 1
    delivery.response_status, delivery.error, delivery.duration_ms = answer.status, answer.error, answer.duration_ms
    # Whatever bytes came: a database takes no zero characters.
    delivery.response_body = answer.body.decode("utf-8", "replace").replace("\0", "\ufffd")
    if answer.status is not None and 200 <= answer.status < 300:
        delivery.state, delivery.finished_at = DeliveryState.DELIVERED, now
    elif answer.status == GONE or delivery.attempt_count > len(WAITS):
        delivery.state, delivery.finished_at = DeliveryState.FAILED, now
    else:
        delivery.next_at = now + WAITS[delivery.attempt_count - 1]
    with transaction.atomic():
        delivery.save()
        if answer.status == GONE:
            _switch_off(delivery.endpoint_id, "gone")
        elif delivery.state == DeliveryState.FAILED and not _arrived_since(delivery):
            _switch_off(delivery.endpoint_id, "unreachable")


def _arrived_since(delivery: WebhookDelivery) -> bool:
    """Whether the receiver took anything while this message was tried in vain."""
    others = WebhookDelivery.objects.filter(endpoint_id=delivery.endpoint_id, state=DeliveryState.DELIVERED)
    return bool(others.filter(finished_at__gte=delivery.created_at).exists())


def _switch_off(endpoint_id: int, reason: str) -> None:
    """Call the receiver no more, and tell whoever looks after it."""
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
    if not endpoint.is_active:
        return
    endpoint.is_active, endpoint.disabled_reason = False, reason
    endpoint.save(update_fields=["is_active", "disabled_reason"])
    notify(
        Event.WEBHOOK_DISABLED,
        object_id=endpoint.pk,
        data={"host": urlsplit(endpoint.url).hostname or "", "reason": reason},
        agency_id=endpoint.agency_id,
    )
