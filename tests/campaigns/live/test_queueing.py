"""What would void the cost guarantee waits for the media's next day, and is looked at again before it is sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from campaigns.choices import QueuedState
from campaigns.contracts import ChangeQuery
from campaigns.domain.guardrails import Wish
from campaigns.models import BulkRow, Plan, PlanDay, QueuedChange
from campaigns.selectors.queued import waiting_changes
from campaigns.selectors.series import change_log
from campaigns.services.bulk.preparing import prepare_job
from campaigns.services.changes import queueing
from campaigns.services.changes.planning import change_plans, preview_changes
from campaigns.services.changes.queueing import cancel_queued_changes, send_due_changes
from campaigns.services.ingest import ensure_partitions
from tests.campaigns.bulk.engine import POLICY, World, drain, job_of, rows_of
from tests.campaigns.live.test_changes import at_media, change, make, plans
from tests.factories import make_actor
from xmagnet.accounts.models import Membership
from xmagnet.core.clock import media_today
from xmagnet.core.errors import Conflict, InvalidInput, NotFound
from xmagnet.jobs.models import Job


@pytest.fixture
def plan_id(world: World, scope):
    """A plan in its compensation window whose two edits of today are used."""
    (plan_id,) = make(world, 1)
    ensure_partitions(media_today(), media_today())
    with transaction.atomic():
        PlanDay(account_id=world.accounts["douyin"][0], plan_id=plan_id, stat_date=media_today(), cost_fen=100).save()
    change(world, [plan_id], Wish("bid", "set", 51_00), key="1")
    change(world, [plan_id], Wish("bid", "set", 52_00), key="2")
    return plan_id


@pytest.fixture
def tomorrow(monkeypatch):
    """The media's day turns, for the queue and for the edits that were used."""

    def turn():
        day = media_today() + timedelta(days=1)
        monkeypatch.setattr(queueing, "media_today", lambda: day)
        monkeypatch.setattr("campaigns.services.changes.facts.media_today", lambda: day)

    return turn


def queue(world, plan_id, bid=53_00, key="3"):
    return change(world, [plan_id], Wish("bid", "set", bid), key=key, queues_held=True, reason="over target")


def send(world):
    """What the beat task does, and the job that it makes."""
    count = send_due_changes(world.organization.pk)
    with transaction.atomic():
        job = Job.objects.filter(idempotency_key__startswith="queued-").order_by("-created_at").first()
    if job is not None and job.is_live:
        prepare_job(world.organization.pk, job.pk, POLICY)
        drain(world)
    return count, job


def queued():
    with transaction.atomic():
        return list(QueuedChange.objects.order_by("id"))


def test_the_third_edit_waits_and_is_sent_on_the_next_day(world: World, scope, plan_id, tomorrow):
    job_id = queue(world, plan_id)
    assert [(row.state, row.outcome) for row in rows_of(world, job_id)] == [("succeeded", "deferred")]
    assert job_of(world, job_id).state == "succeeded"
    (one,) = queued()
    assert (one.before, one.after, one.run_on, one.reason) == (
        52_00, 53_00, media_today() + timedelta(days=1), "over target",
    )  # fmt: skip
    assert plans()[0].bid_fen == 52_00
    assert send(world)[0] == 0  # not before its day
    tomorrow()
    count, job = send(world)
    assert (count, plans()[0].bid_fen, at_media(world, "douyin", plans()[0]).bid_fen) == (1, 53_00, 53_00)
    (one,) = queued()
    assert (one.state, one.sent_job_id) == (QueuedState.SENT, job.pk)
    assert send_due_changes(world.organization.pk) == 0


def test_a_preview_says_that_it_waits(world: World, scope, plan_id):
    with transaction.atomic():
        preview = preview_changes(world.actor, plan_ids=[plan_id], wishes=[Wish("bid", "set", 53_00)], queues_held=True)
        assert preview.counts == {"queued": 1}
        with pytest.raises(InvalidInput):
            preview_changes(world.actor, plan_ids=[plan_id], wishes=[Wish("bid")], queues_held=True, accepts_void=True)


def test_what_somebody_changed_since_is_left_alone(world: World, scope, plan_id, tomorrow):
    queue(world, plan_id)
    change(world, [plan_id], Wish("bid", "set", 99_00), key="by hand", accepts_void=True)
    world.media.control("DELETE", "calls")
    tomorrow()
    assert send(world)[0] == 0
    assert queued()[0].state == QueuedState.SKIPPED
    assert (plans()[0].bid_fen, world.media.calls_of("bid/update")) == (99_00, 0)


def test_what_changes_between_the_look_and_the_send_is_left_alone(world: World, scope, plan_id, tomorrow):
    queue(world, plan_id)
    tomorrow()
    send_due_changes(world.organization.pk)
    with transaction.atomic():
        Plan.objects.update(bid_fen=99_00)
        job = Job.objects.get(idempotency_key__startswith="queued-")
    prepare_job(world.organization.pk, job.pk, POLICY)
    drain(world)
    assert [(row.state, row.errors[0]["code"]) for row in rows_of(world, job.pk)] == [("invalid", "changed_since")]


def test_a_cancelled_change_is_never_sent(world: World, scope, plan_id, tomorrow):
    queue(world, plan_id)
    (one,) = queued()
    with transaction.atomic():
        assert cancel_queued_changes(world.actor, [one.pk]) == 1
        with pytest.raises(Conflict):
            cancel_queued_changes(world.actor, [one.pk])
        with pytest.raises(NotFound):
            cancel_queued_changes(make_actor(world.organization, account_ids=frozenset()), [one.pk])
    tomorrow()
    assert send(world) == (0, None)
    assert plans()[0].bid_fen == 52_00


def test_the_later_wish_takes_the_earlier_ones_place(world: World, scope, plan_id, tomorrow):
    queue(world, plan_id, 53_00)
    queue(world, plan_id, 54_00, key="4")
    assert [one.state for one in queued()] == [QueuedState.REPLACED, QueuedState.WAITING]
    tomorrow()
    assert send(world)[0] == 1
    assert plans()[0].bid_fen == 54_00


def test_the_log_and_the_list_show_what_waits(world: World, scope, plan_id):
    queue(world, plan_id)
    with transaction.atomic():
        (waiting,) = waiting_changes(world.actor, plan_id=plan_id)
        assert (waiting.field, waiting.before, waiting.after, waiting.user_name) == ("bid", 52_00, 53_00, "Optimizer")
        assert waiting_changes(make_actor(world.organization, account_ids=frozenset())) == ()
        entry = change_log(world.actor, ChangeQuery(actions=("plan.change_queued",)))[0]
    assert (entry.before, entry.after, entry.is_undoable) == ({"bid_fen": 52_00}, {"bid_fen": 53_00}, False)


def test_somebody_who_left_changes_nothing_tomorrow(world: World, scope, plan_id, tomorrow):
    queue(world, plan_id)
    with transaction.atomic():
        Membership.objects.update(is_active=False)
    tomorrow()
    assert send(world) == (0, None)
    assert (queued()[0].state, plans()[0].bid_fen) == (QueuedState.REFUSED, 52_00)


def test_two_jobs_cannot_spend_the_same_last_edit(world: World, scope):
    (plan_id,) = make(world, 1)
    ensure_partitions(media_today(), media_today())
    with transaction.atomic():
        PlanDay(account_id=world.accounts["douyin"][0], plan_id=plan_id, stat_date=media_today(), cost_fen=100).save()
    change(world, [plan_id], Wish("bid", "set", 51_00), key="1")
    with transaction.atomic():  # both are checked while one edit is left
        jobs = [
            change_plans(
                world.actor, plan_ids=[plan_id], wishes=[Wish("bid", "set", bid)], idempotency_key=str(bid)
            ).job.pk
            for bid in (52_00, 53_00)
        ]
    for job_id in jobs:
        prepare_job(world.organization.pk, job_id, POLICY)
    for _ in range(2):
        drain(world)
        with transaction.atomic():
            BulkRow.objects.filter(state="queued").update(next_at="2020-01-01T00:00Z")
    assert [(row.state, row.errors) for row in rows_of(world, jobs[0])] == [("succeeded", None)]
    (second,) = rows_of(world, jobs[1])
    assert (second.state, second.errors[0]["code"]) == ("failed", "compensation_would_be_void")
    assert plans()[0].bid_fen == 52_00
