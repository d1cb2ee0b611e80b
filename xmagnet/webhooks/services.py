"""Endpoints and messages. A message is a row in the caller's transaction, sent afterwards and until it arrives."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.crypto import encrypt
from xmagnet.core.errors import Conflict, ErrorList, NotFound
from xmagnet.core.outward import is_callable_url
from xmagnet.core.scope import require_organization_id
from xmagnet.webhooks.choices import DeliveryState, Event
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint
from xmagnet.webhooks.selectors import visible_deliveries, visible_endpoints

DELIVER = "webhooks.deliver"
ROTATION_OVERLAP = timedelta(hours=24)
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """The endpoint and its secret, which is shown once."""

    endpoint: WebhookEndpoint
    secret: str


def create_endpoint(actor: Actor, *, url: str, events: Sequence[str] = (), description: str = "") -> NewEndpoint:
    """Add a receiver; raises ``InvalidInput`` for a URL we would not call or an unknown event."""
    actor.require("webhooks:manage")
    _check(url, events)
    secret = _new_secret()
    with transaction.atomic():
        endpoint = WebhookEndpoint(
            organization_id=actor.organization_id,
            agency_id=actor.agency_id,
            url=url,
            events=list(dict.fromkeys(events)),
            description=description[:120],
            encrypted_secret=encrypt(secret),
            created_by_id=actor.user_id,
        )
        endpoint.save()
        record(actor, _entry("webhook.created", endpoint))
    return NewEndpoint(endpoint, secret)


def change_endpoint(
    actor: Actor,
    endpoint_id: int,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    is_active: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given; switching on again forgets why it was switched off."""
    actor.require("webhooks:manage")
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        _check(url if url is not None else endpoint.url, events or ())
        before = _told(endpoint)
        if url is not None:
            endpoint.url = url
        if events is not None:
            endpoint.events = list(dict.fromkeys(events))
        if description is not None:
            endpoint.description = description[:120]
        if is_active is not None:
            endpoint.is_active, endpoint.disabled_reason = is_active, ""
        endpoint.save()
        record(actor, replace(_entry("webhook.changed", endpoint), before=before, after=_told(endpoint)))
    return endpoint


def delete_endpoint(actor: Actor, endpoint_id: int) -> None:
    """Remove a receiver and its log."""
    actor.require("webhooks:manage")
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        record(actor, _entry("webhook.deleted", endpoint))
        endpoint.delete()


def rotate_secret(actor: Actor, endpoint_id: int) -> NewEndpoint:
    """A new secret; messages carry both signatures for a day, so that the receiver can change over."""
    actor.require("webhooks:manage")
    secret = _new_secret()
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        endpoint.encrypted_old_secret = endpoint.encrypted_secret
        endpoint.old_secret_expires_at = timezone.now() + ROTATION_OVERLAP
        endpoint.encrypted_secret = encrypt(secret)
        endpoint.save()
        record(actor, _entry("webhook.rotated", endpoint))
    return NewEndpoint(endpoint, secret)


def send_test(actor: Actor, endpoint_id: int) -> WebhookDelivery:
    """Queue a test message."""
    actor.require("webhooks:manage")
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        _require_active(endpoint)
        return _queue(endpoint, Event.TEST, {"endpoint_id": endpoint.pk})


def redeliver(actor: Actor, delivery_id: int) -> WebhookDelivery:
    """Queue the same message again, under the same message id."""
    actor.require("webhooks:manage")
    with transaction.atomic():
        old = visible_deliveries(actor).filter(pk=delivery_id).select_related("endpoint").first()
        if old is None:
            raise NotFound
        _require_active(old.endpoint)
        return _queue(old.endpoint, old.event, old.payload["data"], message_id=old.message_id)


def emit(event: str, data: Mapping[str, Any], *, agency_id: int | None = None, endpoint_id: int | None = None) -> None:
    """Queue a message in the caller's transaction, to every active endpoint that wants it.

    An agency's endpoint hears only of the agency's own objects; ``endpoint_id`` narrows to one endpoint.
    """
    endpoints = WebhookEndpoint.objects.filter(is_active=True)
    endpoints = endpoints.filter(Q(agency_id__isnull=True) | Q(agency_id=agency_id))
    if endpoint_id is not None:
        endpoints = endpoints.filter(pk=endpoint_id)
    for endpoint in endpoints:
        if not endpoint.events or event in endpoint.events or endpoint_id is not None:
            _queue(endpoint, event, data)


def _queue(endpoint: WebhookEndpoint, event: str, data: Mapping[str, Any], *, message_id: str = "") -> WebhookDelivery:
    organization_id = require_organization_id()
    payload = {"type": str(event), "timestamp": timezone.now().isoformat(), "data": dict(data)}
    delivery = WebhookDelivery(organization_id=organization_id, endpoint=endpoint, event=event, payload=payload)
    if message_id:
        delivery.message_id = message_id
    delivery.state = DeliveryState.PENDING
    delivery.save()
    transaction.on_commit(
        lambda: current_app.send_task(DELIVER, args=[organization_id], queue="io", retry=False), robust=True
    )
    return delivery


def _require_active(endpoint: WebhookEndpoint) -> None:
    """What is queued for an endpoint that is off would lie there, and go out when nobody expects it any more."""
    if not endpoint.is_active:
        raise Conflict(_("The endpoint is switched off; switch it on first."))


def _entry(action: str, endpoint: WebhookEndpoint) -> Entry:
    return Entry(action, "webhook", endpoint.pk, address_told(endpoint.url), agency_id=endpoint.agency_id)


def _told(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint as the audit log keeps it."""
    return {"url": address_told(endpoint.url), "events": endpoint.events, "is_active": endpoint.is_active}


def address_told(url: str) -> str:
    """Where a URL goes, and a fingerprint by which two of them are told apart.

    Paths and queries of receivers hold secrets, and the audit log is read by more people and for longer than they are
    meant for. The fingerprint is keyed, so that nobody can try out what might stand there.
    """
    parts = urlsplit(url)
    fingerprint = salted_hmac("xmagnet.webhooks.address", url, algorithm="sha256").hexdigest()[:12]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:180] + f" #{fingerprint}"


def _locked(actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    endpoint = visible_endpoints(actor).select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound
    return endpoint


def _check(url: str, events: Sequence[str]) -> None:
    errors = ErrorList()
    if not is_callable_url(url):
        errors.add("/url", "not_a_url", _("Give an https:// address without a user, a password or a fragment."))
    for event in events:
        if event not in Event.values:
            errors.add("/events", "not_a_choice", _("Unknown event %(event)s.") % {"event": event})
    errors.raise_if_any()


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
