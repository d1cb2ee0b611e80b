"""Celery's mouths of delivery: each opens a scope and calls a service."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from campaigns.services.bulk.draining import drain_account
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.preparing import prepare_job
from campaigns.services.bulk.sweeping import sweep
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope


def _policy() -> EnginePolicy:
    return EnginePolicy(**settings.BULK_ENGINE)


@shared_task(name="plans.prepare", soft_time_limit=480, time_limit=540)
def prepare(organization_id: int, job_id: str) -> None:
    """Check a bulk job's rows."""
    prepare_job(organization_id, job_id, _policy())


@shared_task(name="plans.drain", soft_time_limit=240, time_limit=300)
def drain(organization_id: int, account_id: int) -> None:
    """Send an account's due rows."""
    drain_account(organization_id, account_id, _policy())


@shared_task(name="plans.sweep")
def sweep_rows() -> None:
    """Move on what lost its worker or its message."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            sweep(organization_id)
