"""Accounts read from a real mock media: plans found, drift noted, numbers in, failures told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.domain.metrics import MEASURES
from campaigns.models import Campaign, Plan, PlanHour
from campaigns.services.discovery import upsert_plans
from campaigns.services.ingest import ingest_hours
from campaigns.services.sync import due_accounts, sync_account
from media_connectors.choices import AccountHealth
from media_connectors.contracts import MetricRow, PlanChange, SwitchStatus
from media_connectors.errors import Transient
from media_connectors.models import MediaAccount, SyncCursor
from media_connectors.platforms.oceanengine.connector import OceanEngineConnector
from media_connectors.services.lines import line_to
from tests.campaigns.bulk.engine import World, drain, submit
from xmagnet.audit.models import AuditEvent
from xmagnet.core.clock import MEDIA_TIMEZONE

PLATFORMS = ["douyin", "toutiao", "kuaishou"]


def sync(world, platform, *, later=timedelta()):
    return sync_account(world.organization.pk, world.accounts[platform][0], now=timezone.now() + later)


def at_the_media(world, platform, change):
    """Somebody changes a plan in the platform's own manager."""
    line = line_to(world.accounts[platform][0])
    (result,) = line.call(lambda connector, access: connector.change_plans(access, (change,)))
    assert result.is_accepted, result.message


def events(action):
    with transaction.atomic():
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


def only_plan():
    with transaction.atomic():
        return Plan.objects.get()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_discovered_plan_says_what_it_shows_and_to_whom(world: World, scope, platform):
    submit(world, world.rows(1, platform))
    drain(world)
    told = ["goal", "targeting", "titles", "materials", "landing_url", "canonical_sha256"]
    with transaction.atomic():
        made = Plan.objects.values(*told).get()
        Plan.objects.all().delete()
    sync(world, platform)
    with transaction.atomic():
        found = Plan.objects.values(*told).get()
    for field in told:
        assert found[field] == made[field], field


@pytest.mark.parametrize("platform", PLATFORMS)
def test_plans_made_elsewhere_are_discovered_with_their_campaign(world: World, scope, platform):
    submit(world, world.rows(3, platform))
    drain(world)
    with transaction.atomic():
        Plan.objects.all().delete()
        Campaign.objects.all().delete()
    report = sync(world, platform)
    assert (report.failures, report.plan_count, report.discovered_count) == ({}, 3, 3)
    with transaction.atomic():
        plans = list(Plan.objects.select_related("campaign").order_by("name"))
    assert [plan.name.split("#")[0] for plan in plans] == ["车险 0", "车险 1", "车险 2"]
    assert {plan.campaign.name for plan in plans} == {f"春季 {platform}"}
    assert [(plan.bid_fen, plan.daily_budget_fen, plan.status) for plan in plans] == [
        (5000, 50000, "paused"),
        (5001, 50000, "paused"),
        (5002, 50000, "paused"),
    ]
    assert events("plan.discovered") == []  # the first reading is no news


@pytest.mark.parametrize("platform", PLATFORMS)
def test_reading_again_finds_no_difference(world: World, scope, platform):
    submit(world, world.rows(2, platform))
    drain(world)
    sync(world, platform)
    report = sync(world, platform, later=timedelta(minutes=15))
    assert (report.discovered_count, report.drifted_count, report.failures) == (0, 0, {})
    assert events("plan.drifted") == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_change_made_elsewhere_is_drift_with_before_and_after(world: World, scope, platform):
    submit(world, world.rows(1, platform))
    drain(world)
    sync(world, platform)
    plan = only_plan()
    at_the_media(world, platform, PlanChange(plan.remote_id, bid_fen=7700))
    report = sync(world, platform, later=timedelta(minutes=15))
    assert report.drifted_count == 1
    (event,) = events("plan.drifted")
    assert (event.before, event.after) == ({"bid_fen": 5000}, {"bid_fen": 7700})
    assert (event.via, event.user_name, event.object_id) == ("media", platform, str(plan.pk))
    assert only_plan().bid_fen == 7700


def test_our_own_fresh_change_is_not_taken_for_drift(world: World, scope):
    submit(world, world.rows(1, "kuaishou"))
    drain(world)
    sync(world, "kuaishou")
    with transaction.atomic():
        Plan.objects.update(bid_fen=8800, changed_at=timezone.now())
    assert sync(world, "kuaishou").drifted_count == 0
    assert only_plan().bid_fen == 8800
    assert sync(world, "kuaishou", later=timedelta(minutes=15)).drifted_count == 1


def test_a_plan_that_is_gone_at_the_media_is_marked_deleted(world: World, scope):
    submit(world, world.rows(1, "douyin"))
    drain(world)
    sync(world, "douyin")
    plan = only_plan()
    at_the_media(world, "douyin", PlanChange(plan.remote_id, status=SwitchStatus.DELETED))
    sync(world, "douyin", later=timedelta(minutes=15))
    assert only_plan().status == "deleted"


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of two plans, written down two at a time, so that five plans are a large account."""
    monkeypatch.setattr("media_connectors.platforms.oceanengine.connector.PROMOTION_PAGE", 2)
    monkeypatch.setattr("campaigns.services.sync._WRITE_AT_ONCE", 2)


def states_of_plans():
    with transaction.atomic():
        return [plan.status for plan in Plan.objects.order_by("id")]


def test_a_large_accounts_plans_are_written_as_their_pages_come(world: World, scope, small_pages, monkeypatch):
    submit(world, world.rows(5, "douyin"))
    drain(world)
    with transaction.atomic():
        Plan.objects.all().delete()
    sizes = []

    def spy(account_id, plans, **more):
        sizes.append(len(plans))
        return upsert_plans(account_id, plans, **more)

    monkeypatch.setattr("campaigns.services.sync.upsert_plans", spy)
    report = sync(world, "douyin")
    assert (report.failures, report.plan_count, report.discovered_count, sizes) == ({}, 5, 5, [2, 2, 1])
    gone = only_remote_ids()[1:4:2]  # of two batches
    for remote_id in gone:
        at_the_media(world, "douyin", PlanChange(remote_id, status=SwitchStatus.DELETED))
    assert sync(world, "douyin", later=timedelta(minutes=15)).drifted_count == 2
    assert states_of_plans() == ["paused", "deleted", "paused", "deleted", "paused"]


def only_remote_ids():
    with transaction.atomic():
        return list(Plan.objects.order_by("id").values_list("remote_id", flat=True))


def test_plans_that_the_list_no_longer_shows_are_gone_only_when_it_was_read_to_its_end(
    world: World, scope, small_pages, monkeypatch
):
    submit(world, world.rows(5, "douyin"))
    drain(world)
    sync(world, "douyin")
    *_, newest = only_remote_ids()  # the media list it first
    with transaction.atomic():
        # One plan that the media never had, one whose name is an older one than the media's.
        foreign = Plan.objects.get(remote_id=newest)
        foreign.pk, foreign.remote_id, foreign.client_ref = None, "999", ""
        foreign.save()
        Plan.objects.update(created_at=timezone.now() - timedelta(hours=1))
        Plan.objects.filter(remote_id=newest).update(name="renamed elsewhere", changed_at=None)
    whole = OceanEngineConnector.list_plans

    def breaks_off(self, access, *, cursor=None, modified_since=None):
        page = whole(self, access, cursor=cursor, modified_since=modified_since)
        if page.next_cursor is None:
            raise Transient("no answer")
        return page

    monkeypatch.setattr(OceanEngineConnector, "list_plans", breaks_off)
    report = sync(world, "douyin", later=timedelta(minutes=15))
    assert (report.failures, report.drifted_count) == ({"plans": "no answer"}, 1)  # what came was kept
    assert "deleted" not in states_of_plans()
    monkeypatch.setattr(OceanEngineConnector, "list_plans", whole)
    report = sync(world, "douyin", later=timedelta(minutes=16))  # reads all of it again
    assert (report.failures, report.plan_count, report.drifted_count) == ({}, 5, 1)
    with transaction.atomic():
        assert list(Plan.objects.filter(status="deleted").values_list("remote_id", flat=True)) == ["999"]
    assert [event.action for event in events("plan.drifted")] == ["plan.drifted"] * 2  # each told once


@pytest.mark.parametrize("platform", PLATFORMS)
def test_numbers_and_funds_arrive_with_their_cursor(world: World, scope, platform):
    world.media.control("POST", "clock", mode="stepped")
    submit(world, world.rows(2, platform), initial_status="enabled")
    drain(world)
    world.media.control("POST", "clock", advance=6 * 3600)
    now = timezone.now() + timedelta(hours=6)
    report = sync_account(world.organization.pk, world.accounts[platform][0], now=now)
    assert report.failures == {}
    with transaction.atomic():
        hours = PlanHour.objects.all()
        assert report.row_count == hours.count() > 0
        assert sum(hour.cost_fen for hour in hours) > 0
        account = MediaAccount.objects.get(pk=world.accounts[platform][0])
        assert account.balance_fen > 0
        assert account.metrics_synced_at == account.plans_synced_at == now
        assert set(SyncCursor.objects.filter(account=account).values_list("kind", flat=True)) == {
            "campaigns",
            "plans",
            "funds",
            "metrics",
            "materials",
        }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_day_that_the_media_no_longer_reports_keeps_its_numbers(world: World, scope, platform):
    submit(world, world.rows(1, platform))
    drain(world)
    plan, now = only_plan(), timezone.now()
    last_on = now.astimezone(MEDIA_TIMEZONE).date()
    long_ago = last_on - timedelta(days=8)
    for day in (long_ago, last_on - timedelta(days=7)):
        row = MetricRow(plan.remote_id, day, 9, *[1] * len(MEASURES))
        ingest_hours(account_id=plan.account_id, pages=[[row]], first_on=day, last_on=day, now=now)
    assert sync(world, platform).failures == {}
    with transaction.atomic():
        kept = set(PlanHour.objects.values_list("stat_date", flat=True))
    # Ocean Engine was asked for that day and said that there was nothing; Kuaishou reports seven days with today.
    assert kept == ({long_ago, last_on - timedelta(days=7)} if platform == "kuaishou" else {long_ago})


def test_a_part_that_fails_is_noted_and_the_others_go_on(world: World, scope):
    world.media.fault("server_error", "*/report/custom/get*", count=None)
    report = sync(world, "douyin")
    assert list(report.failures) == ["metrics"]
    with transaction.atomic():
        cursor = SyncCursor.objects.get(kind="metrics")
        assert (cursor.succeeded_at, cursor.error) == (None, report.failures["metrics"])
        assert SyncCursor.objects.get(kind="plans").succeeded_at is not None


def test_a_dead_login_marks_the_account_and_stops_the_reading(world: World, scope):
    account_id = world.accounts["douyin"][0]
    with transaction.atomic():
        credential = MediaAccount.objects.get(pk=account_id).credential
        credential.is_revoked = True
        credential.save()
    report = sync(world, "douyin")
    assert list(report.failures) == ["plans"]
    with transaction.atomic():
        assert MediaAccount.objects.get(pk=account_id).health == AccountHealth.NEEDS_AUTHORIZATION
    assert account_id not in due_accounts(timezone.now())


def test_accounts_without_live_plans_are_read_less_often(world: World, scope):
    for platform in PLATFORMS:
        sync(world, platform)
    now = timezone.now()
    assert due_accounts(now + timedelta(minutes=1)) == []
    assert len(due_accounts(now + timedelta(minutes=11))) == 3
    submit(world, world.rows(1, "kuaishou"), initial_status="enabled")
    drain(world)
    assert due_accounts(now + timedelta(minutes=1)) == [world.accounts["kuaishou"][0]]
