"""Celery's mouths of webhooks."""

from __future__ import annotations

from celery import shared_task

from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.webhooks.delivery import deliver_due


@shared_task(name="webhooks.deliver")
def deliver(organization_id: int) -> None:
    """Send an organization's messages that are due."""
    with organization_scope(organization_id):
        while deliver_due():
            pass


@shared_task(name="webhooks.sweep")
def sweep_deliveries() -> None:
    """Send every organization's messages that are due: retries, and what lost its doorbell."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            deliver_due()
