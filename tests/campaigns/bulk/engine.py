"""The bulk engine in a test's hands: rows submitted, accounts drained, what became of them looked up."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from campaigns.models import BulkRow
from campaigns.services.bulk.accept import accept_rows
from campaigns.services.bulk.draining import drain_account
from campaigns.services.bulk.leases import due_accounts
from campaigns.services.bulk.options import BulkOptions
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.preparing import prepare_job
from tests.campaigns.bulk.media import Media
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

POLICY = EnginePolicy(drain_seconds=5.0, refresh_seconds=0.0)


@dataclass
class World:
    """One organization with an account on each media."""

    organization: Organization
    actor: Actor
    media: Media
    accounts: dict[str, tuple[int, str]]  # by platform: our id, the media's id

    def rows(self, count: int, platform: str = "kuaishou", **changes: object) -> list[dict[str, object]]:
        """Rows that the media accepts, each with its own bid."""
        remote_id = self.accounts[platform][1]
        return [self.media.row(platform, remote_id, number, **changes) for number in range(count)]


def submit(world: World, rows: list[dict[str, object]], *, key: str = "k1", **options: object) -> str:
    """Accept and check rows; the job's id."""
    with organization_scope(world.organization.pk):
        job = accept_rows(world.actor, rows, options=BulkOptions(**options), idempotency_key=key).job
    prepare_job(world.organization.pk, job.pk, POLICY)
    return job.pk


def drain(world: World, policy: EnginePolicy = POLICY) -> None:
    """Drain every account that has something due."""
    with organization_scope(world.organization.pk):
        accounts = due_accounts()
    for account_id in accounts:
        drain_account(world.organization.pk, account_id, policy)


def rows_of(world: World, job_id: str) -> list[BulkRow]:
    with organization_scope(world.organization.pk), transaction.atomic():
        return list(BulkRow.objects.filter(job_id=job_id).order_by("row_index"))


def job_of(world: World, job_id: str) -> Job:
    with organization_scope(world.organization.pk), transaction.atomic():
        return Job.objects.get(pk=job_id)
