"""Sending what is due: signed by Standard Webhooks, to a pinned public address, again until it arrives."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from xmagnet.core.crypto import decrypt
from xmagnet.webhooks.choices import DeliveryState
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint

TIMEOUT_SECONDS = 10
BATCH = 20
LEASE = timedelta(minutes=2)
#: waits between attempts; together three days
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 64_800, 86_400)
)
GONE = 410


class Refused(Exception):
    """The address may not be called."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said; ``status`` None when nobody answered."""

    status: int | None
    error: str
    duration_ms: int


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
        _settle(delivery, post(delivery.endpoint.url, *signed(delivery.endpoint, delivery)))
    return len(deliveries)


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


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """POST to an address that was resolved once and checked; redirects are not followed."""
    started = time.monotonic()
    try:
        status = _post(url, body, headers)
        error = "" if 200 <= status < 300 else f"HTTP {status}"
    except Refused as refusal:
        status, error = None, str(refusal)
    except (OSError, http.client.HTTPException) as failure:
        status, error = None, type(failure).__name__
    return Answer(status, error[:300], round((time.monotonic() - started) * 1000))


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    address = public_address(host, port, is_tls=is_tls)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    plain = socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if is_tls else plain
        target = parts.path or "/"
        connection.request("POST", f"{target}?{parts.query}" if parts.query else target, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
        plain.close()


def public_address(host: str, port: int, *, is_tls: bool) -> str:
    """One address of the host, resolved now and to be used as it is; raises ``Refused``.

    Every address must be public, https and port 443; the local profile also allows loopback, for trying things out.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0])) for entry in found]
    if settings.WEBHOOK_ALLOWS_LOOPBACK and addresses and all(address.is_loopback for address in addresses):
        return str(addresses[0])
    if not is_tls or port != 443:
        raise Refused("Only https on port 443 is called.")
    if not addresses or not all(_is_public(address) for address in addresses):
        raise Refused("The host is not on the public internet.")
    return str(addresses[0])


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64 would reach private IPv4
            return False
    return address.is_global and not address.is_multicast


def _settle(delivery: WebhookDelivery, answer: Answer) -> None:
    now = timezone.now()
    delivery.attempt_count += 1
    delivery.response_status, delivery.error, delivery.duration_ms = answer.status, answer.error, answer.duration_ms
    if answer.status is not None and 200 <= answer.status < 300:
        delivery.state, delivery.finished_at = DeliveryState.DELIVERED, now
    elif answer.status == GONE or delivery.attempt_count > len(WAITS):
        delivery.state, delivery.finished_at = DeliveryState.FAILED, now
    else:
        delivery.next_at = now + WAITS[delivery.attempt_count - 1]
    with transaction.atomic():
        delivery.save()
        if answer.status == GONE:
            WebhookEndpoint.objects.filter(pk=delivery.endpoint_id).update(
                is_active=False, disabled_reason="The receiver answered 410 Gone."
            )
