"""Periodic housekeeping, an organization at a time."""

from __future__ import annotations

from celery import shared_task

from xmagnet.accounts.models import Organization
from xmagnet.audit.sealing import seal
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.services import reap


@shared_task(name="jobs.reap")
def reap_jobs() -> None:
    """Rescue jobs whose worker or message is gone."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            reap()


@shared_task(name="audit.seal")
def seal_audit_log() -> None:
    """Extend every organization's hash chain."""
    for organization_id in Organization.objects.values_list("id", flat=True):
        with organization_scope(organization_id):
            seal()
