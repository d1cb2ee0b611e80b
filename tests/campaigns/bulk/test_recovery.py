"""What happens when answers are lost, the media refuses or a worker dies: one plan or one reason, never two."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import orjson
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from pytest_django import Settings

from campaigns.choices import RowState
from campaigns.models import BulkRow, Plan
from campaigns.services.bulk.control import cancel_bulk_job, retry_bulk_job
from campaigns.services.bulk.failpoints import EXIT_CODE
from campaigns.services.bulk.leases import expire_leases
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.preparing import prepare_job
from campaigns.services.bulk.sweeping import expire_jobs, sweep
from media_connectors.gateway.connectors import forget_connectors
from media_connectors.models import OutboundCommand
from tests.campaigns.bulk.engine import POLICY, World, drain, job_of, rows_of, submit
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

UNIT, CAMPAIGN, PROMOTION = "*unit/create", "*campaign/create", "*promotion/create/"
QUICK = replace(POLICY, settle_seconds=0.5)


def states(world: World, job_id: str) -> list[tuple[str, str]]:
    return [(row.state, row.outcome) for row in rows_of(world, job_id)]


def test_a_lost_answer_is_read_back_and_nothing_is_made_twice(world: World):
    job_id = submit(world, world.rows(3, "douyin"))
    world.media.fault("reset_after", PROMOTION)
    drain(world, QUICK)
    time.sleep(0.6)
    drain(world, QUICK)
    assert sorted(states(world, job_id)) == [
        ("succeeded", "created"),
        ("succeeded", "created"),
        ("succeeded", "reconciled"),
    ]
    assert len(world.media.names()) == len(set(world.media.names())) == 3


def test_a_write_that_never_arrived_is_sent_again(world: World):
    job_id = submit(world, world.rows(2, "kuaishou"))
    world.media.fault("reset_before", UNIT)
    drain(world, QUICK)
    time.sleep(0.6)
    drain(world, QUICK)
    assert [state for state, _ in states(world, job_id)] == ["succeeded"] * 2
    assert len(world.media.names()) == 2


def test_a_lost_campaign_is_found_and_made_once(world: World):
    job_id = submit(world, world.rows(3, "kuaishou"))
    world.media.fault("reset_after", CAMPAIGN)
    drain(world, replace(POLICY, settle_seconds=5.0))
    assert {state for state, _ in states(world, job_id)} == {"unknown"}
    assert job_of(world, job_id).waiting_for["reason"] == "settling"
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.update(next_at=timezone.now())
        OutboundCommand.objects.update(sent_at=timezone.now() - timedelta(seconds=6))
    drain(world, replace(POLICY, settle_seconds=5.0))
    assert [state for state, _ in states(world, job_id)] == ["succeeded"] * 3
    assert world.media.calls_of("campaign/create") == 1


def test_the_medias_refusal_is_told_with_its_own_words(world: World):
    gone = [{"kind": "video_vertical", "id": "999999", "cover_id": ""}]
    job_id = submit(world, world.rows(1, "kuaishou", materials=gone))
    drain(world)
    (row,) = rows_of(world, job_id)
    assert (row.state, row.errors[0]["code"]) == ("failed", "media_rejected")
    assert row.errors[0]["media"]["platform"] == "kuaishou"
    assert row.errors[0]["media"]["message"]
    assert job_of(world, job_id).state == "failed"
    # The unit stands without its creative: it is ours and shown as such, not forgotten at the media.
    with organization_scope(world.organization.pk), transaction.atomic():
        assert Plan.objects.get().pk == row.plan_id


def test_a_limit_lets_rows_wait_and_says_so(world: World):
    submit(world, world.rows(1, "kuaishou"), key="campaign")
    drain(world)
    job_id = submit(world, world.rows(1, "kuaishou", client_ref="second"))
    world.media.fault("limit_account", UNIT)
    drain(world, replace(POLICY, drain_seconds=0.1))
    if job_of(world, job_id).is_live:
        assert job_of(world, job_id).waiting_for["reason"] == "rate_limit"
        time.sleep(1.2)
        drain(world)
    assert states(world, job_id) == [("succeeded", "created")]
    assert len(world.media.names()) == 2


def test_the_same_file_again_makes_nothing(world: World):
    first = submit(world, world.rows(3))
    drain(world)
    second = submit(world, world.rows(3), key="again")
    drain(world)
    assert states(world, second) == [("succeeded", "matched_existing")] * 3
    assert [row.plan_id for row in rows_of(world, second)] == [row.plan_id for row in rows_of(world, first)]
    assert len(world.media.names()) == 3


def test_a_zombies_late_answer_changes_nothing(world: World):
    job_id = submit(world, world.rows(1))
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(job_id=job_id).update(
            state=RowState.SENDING, generation=5, lease_until=timezone.now() - timedelta(seconds=1)
        )
        assert expire_leases() == 1
    drain(world)
    (row,) = rows_of(world, job_id)
    assert (row.state, row.generation, row.lease_expiry_count) == ("succeeded", 6, 1)
    assert len(world.media.names()) == 1


def test_a_row_that_kills_its_workers_is_given_up(world: World):
    job_id = submit(world, world.rows(1))
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(job_id=job_id).update(lease_expiry_count=POLICY.deaths_together + POLICY.deaths_alone)
    drain(world)
    (row,) = rows_of(world, job_id)
    assert (row.state, row.errors[0]["code"]) == ("dead", "dead")
    assert world.media.names() == []


def test_a_job_whose_person_left_sends_nothing(world: World):
    job_id = submit(world, world.rows(2))
    with organization_scope(world.organization.pk), transaction.atomic():
        from xmagnet.accounts.models import Membership

        Membership.objects.update(is_active=False)
    drain(world)
    assert [row.errors[0]["code"] for row in rows_of(world, job_id)] == ["forbidden"] * 2
    assert world.media.names() == []
    with organization_scope(world.organization.pk), transaction.atomic():
        assert not OutboundCommand.objects.exists()


def test_a_cancelled_job_sends_nothing(world: World):
    job_id = submit(world, world.rows(2))
    with organization_scope(world.organization.pk):
        cancel_bulk_job(world.actor, job_id)
    drain(world)
    assert [state for state, _ in states(world, job_id)] == ["cancelled"] * 2
    assert (job_of(world, job_id).state, world.media.names()) == ("cancelled", [])


def test_a_job_cancelled_while_it_runs_sends_only_what_is_on_its_way(world: World, settings: Settings):
    settings.MEDIA_LIMITS = {"kuaishou": {"developer": {"*unit/create": 2}}}
    forget_connectors()
    job_id = submit(world, world.rows(40))

    def work() -> None:
        try:
            drain(world, replace(POLICY, parallel_sends=2))
        finally:
            connections.close_all()

    running = threading.Thread(target=work)
    running.start()
    try:
        for _ in range(200):
            if world.media.names():
                break
            time.sleep(0.05)
        with organization_scope(world.organization.pk):
            assert cancel_bulk_job(world.actor, job_id).state == "cancelling"
        made = len(world.media.names())
    finally:
        running.join()
    counts = job_of(world, job_id).counts
    assert job_of(world, job_id).state == "cancelled"
    assert counts["succeeded"] == len(world.media.names()) <= made + 6  # a second until it is seen, and two in flight
    assert counts["succeeded"] + counts["cancelled"] == 40


def test_calls_that_wait_for_their_turn_do_not_go_out_after_a_cancel(world: World, settings: Settings):
    submit(world, world.rows(1), key="campaign")
    drain(world)
    settings.MEDIA_LIMITS = {"kuaishou": {"developer": {"*unit/create": 0.8}}}
    forget_connectors()
    rows = [row | {"client_ref": f"later-{number}"} for number, row in enumerate(world.rows(12))]
    job_id = submit(world, rows, key="later")

    def work() -> None:
        try:
            drain(world, replace(POLICY, parallel_sends=6))
        finally:
            connections.close_all()

    running = threading.Thread(target=work)
    running.start()
    try:
        ends_at = time.monotonic() + 20
        while len(world.media.names()) < 2 and time.monotonic() < ends_at:
            time.sleep(0.02)
        with organization_scope(world.organization.pk):
            cancel_bulk_job(world.actor, job_id)
        sent = world.media.calls_of("unit/create")  # the turn of the next one is more than a second away
    finally:
        running.join()
    assert world.media.calls_of("unit/create") == sent
    counts = job_of(world, job_id).counts
    assert (job_of(world, job_id).state, sum(counts.values())) == ("cancelled", 12)
    assert counts["succeeded"] == len(world.media.names()) - 1  # a unit that was begun has got its creative
    assert world.media.calls_of("creative/create") == len(world.media.names())
    with organization_scope(world.organization.pk), transaction.atomic():
        left = OutboundCommand.objects.filter(job_id=job_id).exclude(state__in=["confirmed", "absent"])
        assert not left.exists()


def test_a_row_that_was_refused_for_the_moment_is_not_sent_after_its_job_was_cancelled(world: World):
    job_id = submit(world, world.rows(2))
    with organization_scope(world.organization.pk), transaction.atomic():
        Job.objects.filter(pk=job_id).update(state="cancelling")  # cancelled between the claim and the answer
    drain(world)
    assert [state for state, _ in states(world, job_id)] == ["cancelled"] * 2
    assert (job_of(world, job_id).state, world.media.names()) == ("cancelled", [])


def test_trying_again_makes_the_creative_that_was_refused(world: World):
    gone = [{"kind": "video_vertical", "id": "999999", "cover_id": ""}]
    refused = submit(world, world.rows(1, "kuaishou", materials=gone))
    drain(world)
    with organization_scope(world.organization.pk):
        again = retry_bulk_job(world.actor, refused, only="all_failed").job.pk
    prepare_job(world.organization.pk, again, POLICY)
    drain(world)
    assert states(world, again) == [("failed", "")]  # the file is still not there
    mended = submit(world, world.rows(1, "kuaishou"), key="mended")
    drain(world)
    assert states(world, mended) == [("succeeded", "created")]
    assert (world.media.calls_of("unit/create"), len(world.media.names())) == (1, 1)
    with organization_scope(world.organization.pk), transaction.atomic():
        plan = Plan.objects.get()
        assert plan.materials[0]["remote_id"] != "999999"
    same = submit(world, world.rows(1, "kuaishou"), key="same")
    drain(world)
    assert states(world, same) == [("succeeded", "matched_existing")]
    assert world.media.calls_of("creative/create") == 3


def test_a_job_past_its_deadline_expires(world: World):
    job_id = submit(world, world.rows(2))
    with organization_scope(world.organization.pk):
        with transaction.atomic():
            Job.objects.update(deadline_at=timezone.now() - timedelta(seconds=1))
        assert expire_jobs() == 1
        sweep(world.organization.pk)
    assert job_of(world, job_id).state == "expired"
    drain(world)
    assert world.media.names() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["after_claim", "before_send", "after_send", "before_finish", "after_finish"])
def test_a_worker_killed_at_each_boundary_loses_and_doubles_nothing(world: World, name: str):
    job_id = submit(world, world.rows(4, "kuaishou"))
    engine = {"lease_seconds": 3.0, "send_seconds": 1.0, "settle_seconds": 0.5}
    given = connection.settings_dict
    worker = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks._bulk_worker"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "xmagnet.settings.test",
            "DATABASE_URL": f"postgresql://{given['USER']}@/{given['NAME']}?host={quote(str(given['HOST']))}",
            "MEDIA_OCEANENGINE_BASE_URL": world.media.url,
            "MEDIA_KUAISHOU_BASE_URL": world.media.url,
            "BULK_ENGINE": orjson.dumps(engine).decode(),
            "XMAGNET_FAILPOINT": name,
        },
        timeout=60,
        capture_output=True,
        check=False,
    )
    assert worker.returncode == EXIT_CODE, worker.stderr[-2000:]
    policy = EnginePolicy(**engine, drain_seconds=5.0, refresh_seconds=0.0)
    ends_at = time.monotonic() + 30
    while job_of(world, job_id).is_live and time.monotonic() < ends_at:
        with organization_scope(world.organization.pk):
            sweep(world.organization.pk)
        drain(world, policy)
        time.sleep(0.2)
    assert [state for state, _ in states(world, job_id)] == ["succeeded"] * 4
    assert len(world.media.names()) == len(set(world.media.names())) == 4
    with organization_scope(world.organization.pk), transaction.atomic():
        assert Plan.objects.count() == 4
