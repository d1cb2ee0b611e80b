"""Celery's mouths of notices."""

from __future__ import annotations

from celery import shared_task

from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.notices import sending


@shared_task(name="notices.send")
def send(organization_id: int) -> None:
    """Spread an organization's new notices and send its messages that are due."""
    with organization_scope(organization_id):
        while sending.spread():
            pass
        while sending.deliver_due():
            pass


@shared_task(name="notices.sweep")
def sweep() -> None:
    """Every organization's: retries, and what lost its doorbell."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            sending.spread()
            sending.deliver_due()


@shared_task(name="notices.purge")
def purge() -> None:
    """Forget old notices."""
    for organization_id in Organization.objects.values_list("id", flat=True):
        with organization_scope(organization_id):
            sending.purge()
