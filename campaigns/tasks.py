"""Celery's mouths of delivery: each opens a scope and calls a service."""

from __future__ import annotations

from dataclasses import asdict

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaigns.selectors.bulk.invariants import bulk_violations
from campaigns.services.bulk.crew import drain_accounts
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.preparing import prepare_job
from campaigns.services.bulk.purging import purge_old_jobs
from campaigns.services.bulk.sweeping import sweep
from campaigns.services.changes.queueing import send_due_changes
from campaigns.services.sync import due_accounts, sync_account
from campaigns.services.windows import roll_stale_accounts
from media_connectors.services.health import tell_ending_logins, tell_stalled
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope

logger = structlog.get_logger(__name__)


def _policy() -> EnginePolicy:
    return EnginePolicy(**settings.BULK_ENGINE)


@shared_task(name="plans.prepare", soft_time_limit=480, time_limit=540)
def prepare(organization_id: int, job_id: str) -> None:
    """Check a bulk job's rows."""
    prepare_job(organization_id, job_id, _policy())


@shared_task(name="plans.drain", soft_time_limit=240, time_limit=300)
def drain(organization_id: int, account_id: int) -> None:
    """Send an account's due rows, and those of others that are due beside it."""
    drain_accounts(organization_id, account_id, _policy())


@shared_task(name="plans.sweep")
def sweep_rows() -> None:
    """Move on what lost its worker or its message."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            sweep(organization_id)


@shared_task(name="bulk.check")
def check_bulk() -> None:
    """Look whether what must hold of bulk jobs holds; an error in the log for each organization where it does not."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id), transaction.atomic():
            found = bulk_violations(lease_seconds=_policy().lease_seconds)
        if found:
            logger.error("bulk.violated", organization_id=organization_id, **asdict(found))


@shared_task(name="bulk.purge")
def purge_bulk() -> None:
    """Forget the rows of jobs that ended thirty days ago."""
    for organization_id in Organization.objects.values_list("id", flat=True):
        with organization_scope(organization_id):
            purge_old_jobs(timezone.now())


@shared_task(name="plans.send_queued")
def send_queued_changes() -> None:
    """Send the changes that waited for this day."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        send_due_changes(organization_id)


@shared_task(name="sync.tick")
def sync_tick() -> None:
    """Ring for every account that is due; an account that is being read already answers at once."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            for account_id in due_accounts(timezone.now()):
                sync_one.apply_async(args=[organization_id, account_id], queue="io", expires=60)


@shared_task(name="sync.account", soft_time_limit=240, time_limit=300)
def sync_one(organization_id: int, account_id: int) -> None:
    """Read one media account."""
    sync_account(organization_id, account_id, now=timezone.now())


@shared_task(name="sync.watch")
def watch_sync() -> None:
    """Tell people of accounts whose numbers no longer arrive, and of logins that are about to end."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            tell_stalled(timezone.now())
            tell_ending_logins(timezone.now())


@shared_task(name="metrics.roll")
def roll_windows() -> None:
    """When the media's day turns: sum every account's windows for the new day."""
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id):
            roll_stale_accounts(timezone.now())
