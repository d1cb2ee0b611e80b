"""The home board and the breakdowns, exact and narrowed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.contracts import PlanQuery
from campaigns.domain.attention import PlanToday, judge
from campaigns.domain.periods import Period
from campaigns.selectors.overview import breakdown, overview
from campaigns.selectors.series import plan_series
from media_connectors.models import MediaAccount
from tests.campaigns.conftest import TODAY
from tests.campaigns.rows import hour, ingest
from tests.factories import make_plan
from xmagnet.core.errors import NotFound
from xmagnet.core.scope import organization_scope


@pytest.fixture
def scope(world):
    ingest(
        world.blue_account,
        hour(world.blue_plan, 0, 12, cost_fen=200_00, conversions=0, impressions=10),
        hour(world.blue_plan, 1, 12, cost_fen=100_00, conversions=1),
        hour(world.blue_plan, 1, 14, cost_fen=40_00),
        hour(world.blue_plan, 1, 20, cost_fen=60_00),
    )
    ingest(
        world.red_account,
        hour(world.red_plan, 0, 13, cost_fen=100_00, conversions=2, revenue_fen=500_00, billed_conversions=340),
    )
    ingest(world.other_account, hour(world.other_plan, 0, 9, cost_fen=99_999))
    with organization_scope(world.organization.pk):
        MediaAccount.objects.filter(pk=world.red_account.pk).update(balance_fen=100_00, low_balance_fen=50_00)
        MediaAccount.objects.filter(pk=world.blue_account.pk).update(metrics_synced_at=timezone.now())
        yield


def test_today_is_compared_with_yesterday_until_the_same_minute(world, scope):
    board = overview(world.admin)
    assert board.today["cost"] == 300_00
    assert board.today["cpa"] == 150_00
    assert board.today["matured_conversions"] == pytest.approx(500)
    assert board.yesterday_same_hours["cost"] == 120_00  # 12:00 and half of 14:00
    assert board.yesterday["cost"] == 200_00


def test_the_board_breaks_down_by_media_agency_and_account(world, scope):
    board = overview(world.admin)
    assert [(row.key, row.metrics["cost"]) for row in board.by_media] == [("douyin", 200_00), ("kuaishou", 100_00)]
    assert [(row.label, row.compared["cost"]) for row in board.by_agency] == [("Blue", 120_00), ("Red", 0)]


def test_hours_to_come_are_empty_not_zero(world, scope):
    hours = overview(world.admin).hours
    assert hours[12].today["cost"] == 200_00
    assert hours[14].today["cost"] == 0
    assert hours[15].today is None
    assert hours[20].yesterday["cost"] == 60_00


def test_plans_that_need_somebody_are_listed_with_their_reason(world, scope):
    board = overview(world.admin)
    assert [(item.plan_name, item.reason) for item in board.attention] == [("Blue plan", "empty_spend")]
    assert (board.live_plan_count, board.learning_plan_count, board.attention_count) == (1, 1, 1)
    assert (board.aim.cpa_fen, board.aim.is_cpa_from_bids) == (50_00, True)


def test_money_that_will_run_out_is_told(world, scope):
    (forecast,) = overview(world.admin).balances
    assert forecast.account.name == "Red Kuaishou"
    assert forecast.hours_left == pytest.approx(100_00 / (100_00 / 3))
    assert forecast.is_below_alarm is False


def test_an_account_without_fresh_numbers_is_late(world, scope):
    assert [(row.account.name, row.is_late) for row in overview(world.admin).freshness] == [
        ("Red Kuaishou", True),
        ("Blue Douyin", False),
    ]


@pytest.mark.parametrize(("who", "cost"), [("blue_actor", 200_00), ("limited_actor", 100_00)])
def test_a_narrowed_actor_gets_a_narrowed_board(world, scope, who, cost):
    board = overview(getattr(world, who))
    assert board.today["cost"] == cost
    assert len(board.by_account) == 1


def test_the_overview_takes_few_queries(world, scope, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        overview(world.admin)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("media", [("douyin", 200_00), ("kuaishou", 100_00)]),
        ("agency", [("Blue", 200_00), ("Red", 100_00)]),
        ("account", [("Blue Douyin", 200_00), ("Red Kuaishou", 100_00)]),
        ("campaign", [("", 300_00)]),
    ],
)
def test_plans_are_summed_by_any_level(world, scope, by, expected):
    rows = breakdown(world.admin, PlanQuery(), by=by)
    assert [(row.label, row.metrics["cost"]) for row in rows] == expected


def test_breakdowns_are_narrowed(world, scope):
    assert [row.label for row in breakdown(world.blue_actor, PlanQuery(), by="account")] == ["Blue Douyin"]


def test_an_hourly_series_has_every_hour_until_now(world, scope):
    points = plan_series(world.admin, world.blue_plan.pk, period=Period("today"), granularity="hour", metrics=("cost",))
    assert len(points) == 15
    assert points[12].label == f"{TODAY}T12"
    assert [point.metrics["cost"] for point in points if point.metrics["cost"]] == [200_00]


def test_a_daily_series_has_every_day(world, scope):
    period = Period("", TODAY - timedelta(days=2), TODAY)
    points = plan_series(world.admin, world.blue_plan.pk, period=period, metrics=("cost", "cpa"))
    assert [point.metrics["cost"] for point in points] == [0, 200_00, 200_00]
    assert [point.metrics["cpa"] for point in points] == [None, 200_00, None]


def test_a_series_of_a_plan_out_of_sight_does_not_exist(world, scope):
    with pytest.raises(NotFound):
        plan_series(world.blue_actor, world.red_plan.pk, period=Period("today"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"is_enabled": False, "review_state": "rejected"}, None),
        ({"review_state": "rejected"}, "rejected"),
        ({"cost_fen": 15_000}, "empty_spend"),
        ({"cost_fen": 14_999}, None),
        ({"cost_fen": 30_000, "conversions": 4, "matured_conversions": 4.5}, "over_cost"),
        ({"cost_fen": 30_000, "conversions": 4, "matured_conversions": 6.0}, None),
        ({"delivery_status": "out_of_budget"}, "budget_capped"),
        ({"learning_state": "failed"}, "learning_failed"),
        ({"impressions": 0}, "starved"),
        ({"impressions": 0, "live_hours": 2.0}, None),
    ],
)
def test_a_plan_is_judged_by_its_worst_problem(changes, expected):
    healthy = {
        "is_enabled": True, "delivery_status": "delivering", "learning_state": "learned", "review_state": "approved",
        "bid_fen": 5_000, "cost_fen": 1_000, "impressions": 500, "matured_conversions": 0.0, "conversions": 0,
        "live_hours": 11.0,
    }  # fmt: skip
    judgement = judge(PlanToday(**{**healthy, **changes}), hour=11)
    assert (judgement.reason if judgement else None) == expected


def test_a_rejected_plan_is_worse_than_a_partly_rejected_one(world, scope):
    make_plan(world.blue_account, name="Half", review_state="partly_rejected")
    make_plan(world.blue_account, name="Whole", review_state="rejected")
    assert [item.plan_name for item in overview(world.admin).attention] == ["Whole", "Blue plan", "Half"]
