"""Reading endpoints and the log of their deliveries."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from xmagnet.accounts.actor import Actor
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint


def visible_endpoints(actor: Actor) -> QuerySet[WebhookEndpoint]:
    """An agency's people see their agency's endpoints, the advertiser's people all."""
    endpoints: Any = WebhookEndpoint.objects.order_by("id")
    return endpoints.filter(agency_id=actor.agency_id) if actor.agency_id is not None else endpoints


def visible_deliveries(actor: Actor) -> QuerySet[WebhookDelivery]:
    """Newest first."""
    return WebhookDelivery.objects.filter(endpoint__in=visible_endpoints(actor)).order_by("-id")
