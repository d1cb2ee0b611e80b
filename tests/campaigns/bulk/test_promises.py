"""What the engine promises beside the rows: one plan a reference, followers, the invariants, and forgetting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.models import BulkRow, Plan
from campaigns.selectors.bulk.invariants import Violations, bulk_violations
from campaigns.selectors.bulk.jobs import job_etag, job_resource
from campaigns.services.bulk.control import cancel_bulk_job
from campaigns.services.bulk.draining import drain_account
from campaigns.services.bulk.leases import claim
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.preparing import prepare_job
from campaigns.services.bulk.purging import purge_old_jobs
from campaigns.services.bulk.references import hold_references
from campaigns.services.bulk.sweeping import sweep
from campaigns.services.sync import sync_account
from media_connectors.mockserver.config import MockConfig
from media_connectors.models import OutboundCommand
from tests.campaigns.bulk.engine import POLICY, World, drain, job_of, rows_of, submit
from xmagnet.accounts.models import Membership
from xmagnet.core.errors import NotFound
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.services import request_cancel
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint

ONE_REF = {"client_ref": "the-same"}


def claim_one(account_id: int):
    return claim(account_id, owner="test", limit=5, lease_seconds=60, lone_from=2, may_claim_lone=True)


def test_of_two_accounts_with_one_reference_in_flight_only_one_sends(world: World):
    first = submit(world, world.rows(1, "kuaishou", **ONE_REF))
    second = submit(world, world.rows(1, "douyin", **ONE_REF), key="k2")
    kuaishou, douyin = world.accounts["kuaishou"][0], world.accounts["douyin"][0]
    with organization_scope(world.organization.pk):
        held = claim_one(kuaishou)
        assert hold_references(held, None) == {held[0].id}  # on its way, in another worker
    drain_account(world.organization.pk, douyin, EnginePolicy(drain_seconds=0.1, refresh_seconds=0.0))
    assert [row.state for row in rows_of(world, second)] == ["queued"]
    assert job_of(world, second).waiting_for["reason"] == "same_reference"
    assert world.media.names() == []

    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(job_id=first).update(state="queued", next_at=timezone.now())
        BulkRow.objects.filter(job_id=second).update(next_at=timezone.now() + timedelta(seconds=3))
    drain_account(world.organization.pk, kuaishou, POLICY)
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(job_id=second).update(next_at=timezone.now())
    drain_account(world.organization.pk, douyin, POLICY)
    assert [(row.state, row.outcome) for row in rows_of(world, first)] == [("succeeded", "created")]
    assert [(row.state, row.outcome) for row in rows_of(world, second)] == [("succeeded", "matched_existing")]
    assert len(world.media.names()) == 1


def test_a_reference_is_free_again_when_its_row_failed(world: World):
    first = submit(world, world.rows(1, "douyin", **ONE_REF))
    second = submit(world, world.rows(1, "kuaishou", **ONE_REF), key="k2")
    with organization_scope(world.organization.pk):
        hold_references(claim_one(world.accounts["douyin"][0]), None)
        with transaction.atomic():
            BulkRow.objects.filter(job_id=first).update(state="failed", finished_at=timezone.now())
    drain_account(world.organization.pk, world.accounts["kuaishou"][0], POLICY)
    assert [row.state for row in rows_of(world, first)] == ["failed"]
    assert [(row.state, row.outcome) for row in rows_of(world, second)] == [("succeeded", "created")]


def half_done(world: World, count: int = 3) -> str:
    """A job whose first rows are plans and whose last row still waits."""
    job_id = submit(world, world.rows(count), initial_status="enabled")
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(job_id=job_id, row_index=count - 1).update(next_at=timezone.now() + timedelta(hours=1))
    drain(world)
    return job_id


def test_cancelling_can_pause_what_was_made(world: World):
    job_id = half_done(world)
    with organization_scope(world.organization.pk):
        assert cancel_bulk_job(world.actor, job_id, pause_created=True).state == "cancelled"
        with transaction.atomic():
            child = Job.objects.get(kind="plans.update")
    prepare_job(world.organization.pk, child.pk, POLICY)
    drain(world)
    assert job_of(world, child.pk).counts == {"succeeded": 2}
    with organization_scope(world.organization.pk), transaction.atomic():
        assert list(Plan.objects.values_list("status", flat=True)) == ["paused"] * 2


def test_cancelling_alone_leaves_what_was_made(world: World):
    job_id = half_done(world)
    with organization_scope(world.organization.pk):
        cancel_bulk_job(world.actor, job_id)
        with transaction.atomic():
            assert not Job.objects.filter(kind="plans.update").exists()
            assert set(Plan.objects.values_list("status", flat=True)) == {"enabled"}


def test_nothing_is_paused_for_somebody_who_left_before_the_last_row(world: World):
    job_id = half_done(world)
    with organization_scope(world.organization.pk):
        with transaction.atomic():
            BulkRow.objects.filter(job_id=job_id, row_index=2).update(
                state="sending", lease_until=timezone.now() + timedelta(minutes=1)
            )
        assert cancel_bulk_job(world.actor, job_id, pause_created=True).state == "cancelling"
        with transaction.atomic():
            Membership.objects.update(is_active=False)
            BulkRow.objects.filter(job_id=job_id, row_index=2).update(state="failed", lease_until=None)
        sweep(world.organization.pk)
    job = job_of(world, job_id)
    assert (job.state, job.error["slug"]) == ("cancelled", "not-found")
    with organization_scope(world.organization.pk), transaction.atomic():
        assert not Job.objects.filter(kind="plans.update").exists()


def test_a_row_driven_job_is_not_cancelled_behind_its_rows(world: World):
    job_id = submit(world, world.rows(1))
    with organization_scope(world.organization.pk), pytest.raises(NotFound):
        request_cancel(world.actor, job_id)
    assert job_of(world, job_id).cancel_requested_at is None


@pytest.mark.parametrize("mock_config", [MockConfig(accounts=2, deny_share=1.0)])
def test_a_refused_review_is_told_once(world: World, mock_config: MockConfig):
    job_id = submit(world, world.rows(1))
    drain(world)
    (row,) = rows_of(world, job_id)
    account_id = world.accounts["kuaishou"][0]
    with organization_scope(world.organization.pk), transaction.atomic():
        WebhookEndpoint.objects.create(
            organization=world.organization, url="https://example.com/hook", events=["plan.rejected"]
        )
    world.media.control("POST", "clock", advance=3600)
    for minutes in (1, 2):
        sync_account(world.organization.pk, account_id, now=timezone.now() + timedelta(minutes=minutes))
    with organization_scope(world.organization.pk), transaction.atomic():
        told = [delivery.payload["data"] for delivery in WebhookDelivery.objects.all()]
    assert told == [{"plan_id": row.plan_id, "account_id": account_id, "review_state": "rejected"}]


def test_a_sound_job_breaks_no_promise_and_each_breach_is_counted(world: World):
    job_id = submit(world, world.rows(3))
    drain(world)
    with organization_scope(world.organization.pk), transaction.atomic():
        assert bulk_violations() == Violations()
        rows = BulkRow.objects.filter(job_id=job_id)
        remote_id = rows.get(row_index=0).plan_remote_id
        rows.filter(row_index=1).update(plan_remote_id=remote_id)
        rows.filter(row_index=2).update(state="sending", lease_until=timezone.now() - timedelta(seconds=121))
        assert bulk_violations() == Violations(doubled_plans=1, stale_leases=1, miscounted_jobs=1)


def test_a_running_job_of_which_nothing_moves_says_so_until_it_moves_again(world: World):
    job_id = submit(world, world.rows(3))
    now = timezone.now()

    def moved(seconds: int, **values: object) -> tuple[str, int]:
        """What the job waits for, and how many stalled jobs are counted, when nothing moved for that long."""
        with organization_scope(world.organization.pk), transaction.atomic():
            Job.objects.filter(pk=job_id).update(heartbeat_at=now - timedelta(seconds=seconds), **values)
            job = Job.objects.get(pk=job_id)
            told = job_resource(job, base="")["waiting_for"] or {}
            return told.get("reason", ""), bulk_violations().stalled_jobs

    assert moved(110) == ("", 0)
    fresh = job_etag(job_of(world, job_id))
    assert moved(130) == ("stalled", 1)
    assert job_etag(job_of(world, job_id)) != fresh
    # A known reason is said instead, for as long as it can be true.
    limit = {"reason": "rate_limit", "account_id": "1", "until": (now + timedelta(hours=1)).isoformat()}
    assert moved(130, waiting_for=limit) == ("rate_limit", 0)
    assert moved(130, waiting_for=limit | {"until": (now - timedelta(seconds=90)).isoformat()}) == ("stalled", 1)
    held = {"reason": "authorization", "account_id": "1", "until": None, "needs_person": True}
    assert moved(900, state="paused", waiting_for=held) == ("authorization", 0)
    assert moved(900, state="queued", waiting_for=None) == ("", 0)
    assert moved(130, state="running") == ("stalled", 1)
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job_resource(job, base="")["waiting_for"]) == ("succeeded", None)


def test_a_job_is_forgotten_after_thirty_days_but_for_its_own_line(world: World):
    job_id = submit(world, world.rows(2))
    drain(world)
    now = timezone.now()
    with organization_scope(world.organization.pk):
        assert purge_old_jobs(now + timedelta(days=29)) == 0
        assert purge_old_jobs(now + timedelta(days=31)) == 2
        with transaction.atomic():
            assert not BulkRow.objects.exists()
            assert not OutboundCommand.objects.filter(row_id__isnull=False).exists()
            assert Plan.objects.count() == 2
    assert job_of(world, job_id).counts == {"succeeded": 2}
