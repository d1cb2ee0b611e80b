"""Periodic housekeeping, an organization at a time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from celery import shared_task

from xmagnet.accounts.models import Organization
from xmagnet.audit.sealing import seal, verify
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.services import reap
from xmagnet.jobs.task import JobRun, job_task


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


@job_task("audit.verify", queue="cpu", permission="audit:read")
def verify_audit_log(run: JobRun) -> dict[str, Any]:
    """Recompute the organization's hash chain; the result says where it breaks, if it does."""
    return asdict(verify())
