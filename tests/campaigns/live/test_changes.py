"""Changes to live plans against a real mock media: preview, batches, partial refusal, log, undo."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.contracts import ChangeQuery, Condition, PlanQuery
from campaigns.domain.guardrails import Wish
from campaigns.domain.periods import Window
from campaigns.models import Plan, PlanDay, PlanWindow
from campaigns.selectors.series import change_log, plan_history
from campaigns.services.bulk.preparing import prepare_job
from campaigns.services.changes.planning import (
    SelectionMoved,
    change_plans,
    preview_changes,
    preview_undo,
    select_expected,
    undo_changes,
)
from campaigns.services.ingest import ensure_partitions
from media_connectors.services.lines import line_to
from tests.campaigns.bulk.engine import POLICY, World, drain, job_of, rows_of, submit
from tests.factories import OrganizationFactory, make_actor
from xmagnet.audit.models import AuditEvent
from xmagnet.core.clock import media_today
from xmagnet.core.errors import Forbidden, InvalidInput
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job


def plans():
    with transaction.atomic():
        return list(Plan.objects.order_by("client_ref"))  # the order of the rows that made them


def make(world, count, platform="douyin"):
    submit(world, world.rows(count, platform), key=f"make-{platform}")
    drain(world)
    return [plan.pk for plan in plans()]


def run(world, accepted):
    prepare_job(world.organization.pk, accepted.job.pk, POLICY)
    drain(world)
    return accepted.job.pk


def change(world, ids, *wishes, key="c1", **more):
    with transaction.atomic():
        accepted = change_plans(world.actor, plan_ids=ids, wishes=wishes, idempotency_key=key, **more)
    return run(world, accepted)


def at_media(world, platform, plan):
    line = line_to(world.accounts[platform][0])
    (remote,) = line.call(lambda connector, access: connector.read_plans(access, [plan.remote_id]))
    return remote


@pytest.mark.parametrize("platform", ["douyin", "toutiao", "kuaishou"])
def test_every_field_changes_at_the_media_and_here(world: World, scope, platform):
    ids = make(world, 1, platform)
    hours = "1" * 24 + "0" * 312
    job_id = change(
        world,
        ids,
        Wish("bid", "percent", 20),
        Wish("budget", "set", 900_00),
        Wish("status", "set", "enabled"),
        Wish("schedule", "set", hours),
        Wish("name", "set", "新名字"),
    )
    assert [(row.state, row.outcome, row.errors) for row in rows_of(world, job_id)] == [
        ("succeeded", "changed", None)
    ] * 5
    (plan,) = plans()
    remote = at_media(world, platform, plan)
    expected = (60_00, 900_00, "enabled", hours, "新名字")
    assert (plan.bid_fen, plan.daily_budget_fen, plan.status, plan.schedule, plan.name) == expected
    assert (remote.bid_fen, remote.daily_budget_fen, str(remote.status), remote.schedule, remote.name) == expected


def test_ten_plans_travel_in_one_call(world: World, scope):
    ids = make(world, 12)
    world.media.control("DELETE", "calls")
    job_id = change(world, ids, Wish("bid", "amount", 1_00))
    assert job_of(world, job_id).counts == {"succeeded": 12}
    assert world.media.calls_of("bid/update") == 2


def test_each_change_is_logged_with_before_after_job_and_reason(world: World, scope):
    (plan_id,) = make(world, 1)
    job_id = change(world, [plan_id], Wish("bid", "set", 77_00), reason="test day")
    with transaction.atomic():
        event = AuditEvent.objects.get(action="plan.changed")
        entry = plan_history(world.actor, plan_id)[0]
    assert (event.before, event.after) == ({"bid_fen": 50_00}, {"bid_fen": 77_00})
    assert (event.job_id, event.reason, event.object_id) == (job_id, "test day", str(plan_id))
    assert (entry.now, entry.is_undoable) == ({"bid_fen": 77_00}, True)


def test_one_refused_plan_does_not_stop_its_batch(world: World, scope):
    ids = make(world, 3)
    world.media.fault("partial_failure", "*bid/update*", count=1)
    job_id = change(world, ids, Wish("bid", "amount", 1_00))
    states = [row.state for row in rows_of(world, job_id)]
    assert sorted(set(states)) == ["failed", "succeeded"]
    with transaction.atomic():
        changed = set(AuditEvent.objects.filter(action="plan.changed").values_list("object_id", flat=True))
    for row, plan in zip(rows_of(world, job_id), plans(), strict=True):
        assert (plan.changed_at is not None) == (row.state == "succeeded") == (str(plan.pk) in changed)


def test_what_the_guards_refuse_is_never_sent(world: World, scope):
    ids = make(world, 2)
    world.media.control("DELETE", "calls")
    job_id = change(world, ids, Wish("budget", "set", 10_00))
    assert [(row.state, row.errors[0]["code"]) for row in rows_of(world, job_id)] == [
        ("invalid", "budget_out_of_range")
    ] * 2
    assert world.media.calls_of("budget/update") == 0


def test_a_change_that_stands_already_is_not_sent(world: World, scope):
    ids = make(world, 1)
    world.media.control("DELETE", "calls")
    job_id = change(world, ids, Wish("bid", "set", 50_00))
    assert [(row.state, row.outcome) for row in rows_of(world, job_id)] == [("succeeded", "unchanged")]
    assert world.media.calls_of("bid/update") == 0


def test_the_same_key_makes_one_job(world: World, scope):
    ids = make(world, 1)
    with transaction.atomic():
        arguments = {"plan_ids": ids, "wishes": [Wish("bid", "set", 60_00)], "idempotency_key": "once"}
        first, again = change_plans(world.actor, **arguments), change_plans(world.actor, **arguments)
    assert (first.job.pk, again.is_replayed) == (again.job.pk, True)


def test_a_preview_shows_before_and_after_and_writes_nothing(world: World, scope):
    ids = make(world, 2)
    with transaction.atomic():
        jobs = Job.objects.count()
        preview = preview_changes(
            world.actor, plan_ids=[*ids, 10**9], wishes=[Wish("bid", "percent", 10), Wish("budget", "set", 500_50)]
        )
        assert Job.objects.count() == jobs
    assert [(c.field, c.before, c.after, c.state) for c in preview.changes] == [
        ("bid", 50_00, 55_00, "change"),
        ("budget", 500_00, 500_50, "refused"),
        ("bid", 50_01, 55_01, "change"),
        ("budget", 500_00, 500_50, "refused"),
    ]
    assert (preview.counts, preview.missing_plan_ids) == ({"change": 2, "refused": 2}, (10**9,))


def test_the_third_bid_edit_in_the_window_waits_for_a_person(world: World, scope):
    (plan_id,) = make(world, 1)
    account_id = world.accounts["douyin"][0]
    ensure_partitions(media_today(), media_today())
    with transaction.atomic():
        PlanDay(account_id=account_id, plan_id=plan_id, stat_date=media_today(), cost_fen=100).save()
    change(world, [plan_id], Wish("bid", "set", 51_00), key="1")
    change(world, [plan_id], Wish("bid", "set", 52_00), key="2")
    third = change(world, [plan_id], Wish("bid", "set", 53_00), key="3")
    assert [(row.state, row.errors[0]["code"]) for row in rows_of(world, third)] == [
        ("invalid", "compensation_would_be_void")
    ]
    assert plans()[0].bid_fen == 52_00
    accepted = change(world, [plan_id], Wish("bid", "set", 53_00), key="4", accepts_void=True)
    assert job_of(world, accepted).counts == {"succeeded": 1}


def test_todays_cost_bounds_the_budget(world: World, scope):
    (plan_id,) = make(world, 1)
    with transaction.atomic():
        PlanWindow(
            organization_id=world.organization.pk,
            account_id=world.accounts["douyin"][0],
            plan_id=plan_id,
            window=int(Window.TODAY),
            as_of=media_today(),
            cost_fen=800_00,
        ).save()
        preview = preview_changes(world.actor, plan_ids=[plan_id], wishes=[Wish("budget", "percent", -10)])
    assert (preview.changes[0].after, preview.changes[0].codes) == (900_00, ("budget_out_of_range",))


def test_a_job_is_undone_except_what_was_changed_since(world: World, scope):
    ids = make(world, 2)
    job_id = change(world, ids, Wish("bid", "set", 70_00))
    change(world, ids[:1], Wish("bid", "set", 80_00), key="later")
    with transaction.atomic():
        preview = preview_undo(world.actor, job_id=job_id)
        assert [(c.before, c.after, c.state) for c in preview.changes] == [
            (80_00, 80_00, "skipped"),
            (70_00, 50_01, "change"),
        ]
        accepted = undo_changes(world.actor, job_id=job_id, idempotency_key="u1")
    undo_id = run(world, accepted)
    assert [plan.bid_fen for plan in plans()] == [80_00, 50_01]
    assert [row.state for row in rows_of(world, undo_id)] == ["invalid", "succeeded"]
    with transaction.atomic():
        (event,) = AuditEvent.objects.filter(action="plan.undone")
        assert (event.before, event.after) == ({"bid_fen": 70_00}, {"bid_fen": 50_01})
        assert len(change_log(world.actor, ChangeQuery(job_id=undo_id))) == 1
    again = run(world, _undo(world, job_id=undo_id, key="u2"))  # an undo is a change and can be undone
    assert job_of(world, again).counts == {"succeeded": 1}
    assert [plan.bid_fen for plan in plans()] == [80_00, 70_00]


def _undo(world, *, key, **what):
    with transaction.atomic():
        return undo_changes(world.actor, idempotency_key=key, **what)


def test_what_somebody_changes_after_the_undo_was_asked_for_stays(world: World, scope):
    (plan_id,) = make(world, 1)
    job_id = change(world, [plan_id], Wish("bid", "set", 70_00))
    accepted = _undo(world, job_id=job_id, key="u1")
    prepare_job(world.organization.pk, accepted.job.pk, POLICY)
    with transaction.atomic():
        Plan.objects.update(bid_fen=99_00, changed_at=timezone.now())
    drain(world)
    assert [(row.state, row.errors[0]["code"]) for row in rows_of(world, accepted.job.pk)] == [
        ("failed", "changed_since")
    ]
    assert plans()[0].bid_fen == 99_00


def test_a_lost_answer_is_read_back_before_it_counts(world: World, scope):
    (plan_id,) = make(world, 1)
    world.media.fault("reset_after", "*bid/update*", count=1)
    job_id = change(world, [plan_id], Wish("bid", "set", 70_00))
    (row,) = rows_of(world, job_id)
    assert row.state == "unknown"
    assert plans()[0].bid_fen == 50_00  # unknown says so until it is settled


def test_actors_change_only_what_they_see(world: World, scope):
    ids = make(world, 1)
    stranger = make_actor(world.organization, "optimizer", account_ids=frozenset())
    with transaction.atomic():
        assert preview_changes(stranger, plan_ids=ids, wishes=[Wish("bid", "set", 60_00)]).missing_plan_ids == tuple(
            ids
        )
    foreign = OrganizationFactory()
    other = make_actor(foreign)
    with organization_scope(foreign.pk), transaction.atomic():
        assert preview_changes(other, plan_ids=ids, wishes=[Wish("bid", "set", 60_00)]).changes == ()


def test_roles_and_wishes_are_checked_before_anything_is_written(world: World, scope):
    ids = make(world, 1)
    reader = make_actor(world.organization, "analyst")
    writer = make_actor(world.organization, permissions=frozenset({"plans:read", "plans:write"}))
    with transaction.atomic():
        before = Job.objects.count()
        with pytest.raises(Forbidden):
            change_plans(reader, plan_ids=ids, wishes=[Wish("bid", "set", 1)], idempotency_key="k")
        with pytest.raises(Forbidden):
            change_plans(writer, plan_ids=ids, wishes=[Wish("status", "set", "enabled")], idempotency_key="k")
        for wishes, plan_ids in (([], ids), ([Wish("bid", "set", 1)], []), ([Wish("bid"), Wish("bid")], ids)):
            with pytest.raises(InvalidInput):
                change_plans(world.actor, plan_ids=plan_ids, wishes=wishes, idempotency_key="k")
        with pytest.raises(InvalidInput):
            undo_changes(world.actor, job_id="job_unknown", idempotency_key="k")
        assert Job.objects.count() == before


def test_all_results_are_taken_only_when_they_are_as_many_as_were_seen(world: World, scope):
    ids = make(world, 2)
    query = PlanQuery(conditions=(Condition("media", "is", ("douyin",)),))
    with transaction.atomic():
        assert select_expected(world.actor, query, expected_count=2) == sorted(ids)
        with pytest.raises(SelectionMoved):
            select_expected(world.actor, query, expected_count=3)
