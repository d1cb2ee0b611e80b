"""The plan table: who sees what, every filter, every order, totals, comparison, and how many queries it takes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.contracts import Condition, PlanQuery
from campaigns.domain.periods import Period
from campaigns.selectors.plans import export_rows, label_choices, plan_detail, plan_rows, plan_table, select_plan_ids
from tests.campaigns.conftest import NOW, TODAY
from tests.campaigns.rows import hour, ingest
from tests.factories import make_actor, make_campaign, make_plan
from xmagnet.core.errors import Forbidden, InvalidInput, NotFound
from xmagnet.core.scope import organization_scope

METRICS = ("cost", "clicks", "conversions", "cpa", "ctr")


@pytest.fixture
def scope(world):
    ingest(
        world.blue_account,
        hour(world.blue_plan, 0, 9, cost_fen=1000, clicks=10, impressions=100, conversions=2),
        hour(world.blue_plan, 1, 9, cost_fen=300, clicks=3, impressions=30, conversions=1),
        hour(world.blue_plan, 2, 9, cost_fen=50),
    )
    ingest(world.red_account, hour(world.red_plan, 0, 9, cost_fen=500, clicks=40, impressions=100))
    ingest(world.other_account, hour(world.other_plan, 0, 9, cost_fen=99_999))
    with organization_scope(world.organization.pk):
        yield


def names(actor, *conditions, **query):
    return [row.name for row in plan_table(actor, PlanQuery(conditions=conditions, metrics=METRICS, **query)).rows]


def test_rows_carry_their_numbers_and_the_highest_cost_comes_first(world, scope):
    page = plan_table(world.admin, PlanQuery(metrics=METRICS))
    assert [row.name for row in page.rows] == ["Blue plan", "Red plan"]
    assert page.rows[0].metrics == {"cost": 1000, "clicks": 10, "conversions": 2, "cpa": 500.0, "ctr": 0.1}
    assert page.rows[1].metrics["cpa"] is None
    assert page.rows[0].account.agency_name == "Blue"
    assert (page.first_on, page.last_on, page.is_settled, page.has_more) == (TODAY, TODAY, False, False)


def test_totals_divide_summed_numerators_by_summed_denominators(world, scope):
    totals = plan_table(world.admin, PlanQuery(metrics=METRICS)).totals
    assert totals.plan_count == 2
    assert totals.metrics == {"cost": 1500, "clicks": 50, "conversions": 2, "cpa": 750.0, "ctr": 0.25}


@pytest.mark.parametrize(
    ("who", "expected"),
    [("admin", ["Blue plan", "Red plan"]), ("blue_actor", ["Blue plan"]), ("limited_actor", ["Red plan"])],
)
def test_an_actor_sees_only_their_agency_and_accounts(world, scope, who, expected):
    actor = getattr(world, who)
    page = plan_table(actor, PlanQuery(metrics=METRICS))
    assert [row.name for row in page.rows] == expected
    assert page.totals.plan_count == len(expected)
    assert len(select_plan_ids(actor, PlanQuery())) == len(expected)
    assert [row.name for row in export_rows(actor, PlanQuery())] == expected


def test_a_filter_cannot_widen_what_an_actor_sees(world, scope):
    condition = Condition("account", "is", (str(world.red_account.pk),))
    assert names(world.blue_actor, condition) == []
    assert names(world.blue_actor, Condition("id", "is", (str(world.red_plan.pk),))) == []


def test_another_organization_sees_its_own_plans_only(world, scope):
    with organization_scope(world.other.pk):
        page = plan_table(world.other_admin, PlanQuery(metrics=METRICS))
        assert [row.name for row in page.rows] == ["Other plan"]
        assert page.totals.metrics["cost"] == 99_999


def test_a_role_without_plans_is_refused(world, scope):
    with pytest.raises(Forbidden):
        plan_table(make_actor(world.organization, "finance"), PlanQuery())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("media", "is", "kuaishou"), ["Red plan"]),
        (("media", "none_of", "kuaishou", "toutiao"), ["Blue plan"]),
        (("status", "any_of", "enabled", "paused"), ["Blue plan", "Red plan"]),
        (("status", "is_not", "enabled"), ["Red plan"]),
        (("name", "contains", "LUE"), ["Blue plan"]),
        (("name", "not_contains", "blue"), ["Red plan"]),
        (("name", "starts_with", "red"), ["Red plan"]),
        (("name", "contains", "%"), []),
        (("bid", "gte", "80"), ["Red plan"]),
        (("bid", "between", "40", "60.00"), ["Blue plan"]),
        (("budget", "is_set"), ["Blue plan", "Red plan"]),
        (("created_on", "is", "2026-11-22"), ["Blue plan", "Red plan"]),
        (("created_on", "lt", "2026-11-22"), []),
        (("agency", "is", "none"), []),
        (("cost", "gt", "5"), ["Blue plan"]),
        (("cpa", "lte", "5.00"), ["Blue plan"]),
        (("cpa", "is_not_set"), ["Red plan"]),
        (("ctr", "between", "0.2", "0.5"), ["Red plan"]),
        (("labels", "is_not_set"), ["Blue plan", "Red plan"]),
        (("campaign", "is_not_set"), ["Blue plan", "Red plan"]),
        (("client_ref", "is_set"), []),
    ],
)
def test_each_operator_filters(world, scope, condition, expected):
    assert names(world.admin, Condition(condition[0], condition[1], condition[2:])) == expected


def test_accounts_agencies_and_campaigns_filter(world, scope):
    campaign = make_campaign(world.red_account)
    make_plan(world.red_account, name="In campaign", campaign=campaign)
    assert names(world.admin, Condition("agency", "is", (str(world.blue.pk),))) == ["Blue plan"]
    assert names(world.admin, Condition("account", "is", (world.blue_account.remote_id,))) == ["Blue plan"]
    assert names(world.admin, Condition("account", "is_not", (str(world.red_account.pk),))) == ["Blue plan"]
    assert names(world.admin, Condition("campaign", "is", (str(campaign.pk),))) == ["In campaign"]


def test_labels_filter_and_are_listed(world, scope):
    make_plan(world.blue_account, name="Labelled", labels=["new", "video"])
    make_plan(world.red_account, name="Half", labels=["new"])
    assert sorted(names(world.admin, Condition("labels", "has_any", ("new", "x")))) == ["Half", "Labelled"]
    assert names(world.admin, Condition("labels", "has_all", ("new", "video"))) == ["Labelled"]
    assert "Labelled" not in names(world.admin, Condition("labels", "has_none", ("video",)))
    assert label_choices(world.admin) == ("new", "video")
    assert label_choices(world.limited_actor) == ("new",)


@pytest.mark.parametrize(
    "condition",
    [
        ("nonsense", "is", "x"),
        ("name", "gt", "x"),
        ("cost", "gt", "dear"),
        ("cost", "between", "1"),
        ("bid", "is", "1.234"),
        ("created_on", "is", "yesterday"),
        ("id", "is", "x"),
        ("account", "contains", "1"),
    ],
)
def test_a_condition_that_makes_no_sense_is_named(world, scope, condition):
    with pytest.raises(InvalidInput) as refused:
        names(world.admin, Condition("media", "is", ("douyin",)), Condition(condition[0], condition[1], condition[2:]))
    assert refused.value.errors[0].pointer == "/filters/1"


def test_search_finds_words_of_the_name_and_exact_ids(world, scope):
    assert names(world.admin, search="plan blue") == ["Blue plan"]
    assert names(world.admin, search=world.red_plan.remote_id) == ["Red plan"]
    assert names(world.admin, search=world.red_plan.remote_id[:-1]) == []


def test_deleted_plans_show_only_when_asked_for(world, scope):
    make_plan(world.blue_account, name="Gone", status="deleted")
    assert "Gone" not in names(world.admin)
    assert names(world.admin, Condition("status", "is", ("deleted",))) == ["Gone"]
    assert "Gone" in names(world.admin, includes_deleted=True)


@pytest.mark.parametrize(
    ("sort", "is_descending", "expected"),
    [
        ("cost", False, ["Red plan", "Blue plan"]),
        ("cpa", True, ["Blue plan", "Red plan"]),
        ("cpa", False, ["Blue plan", "Red plan"]),  # undefined stays last
        ("bid", True, ["Red plan", "Blue plan"]),
        ("name", False, ["Blue plan", "Red plan"]),
    ],
)
def test_rows_sort_by_columns_and_metrics(world, scope, sort, is_descending, expected):
    assert names(world.admin, sort=sort, is_descending=is_descending) == expected


def test_an_unknown_sort_or_metric_is_refused(world, scope):
    for query in (PlanQuery(sort="luck"), PlanQuery(metrics=("luck",))):
        with pytest.raises(InvalidInput):
            plan_table(world.admin, query)


@pytest.mark.parametrize("sort", ["cost", "cpa", "created_at", "name"])
def test_keyset_pages_visit_every_plan_once(world, scope, sort):
    for number in range(5):
        make_plan(world.blue_account, name=f"More {number}", bid_fen=None)
    seen, query = [], PlanQuery(sort=sort, limit=2, metrics=("cost",))
    while True:
        rows, has_more = plan_rows(world.admin, query)
        seen += [row.id for row in rows]
        if not has_more:
            break
        query = replace(query, after=rows[-1].key)
    assert len(seen) == len(set(seen)) == 7
    assert seen == [row.id for row in plan_table(world.admin, PlanQuery(sort=sort, metrics=("cost",))).rows]


def test_a_forged_cursor_is_refused(world, scope):
    with pytest.raises(InvalidInput):
        plan_rows(world.admin, PlanQuery(after=(1, "x")))


def test_a_preset_compares_with_the_period_before(world, scope):
    page = plan_table(world.admin, PlanQuery(metrics=METRICS, period=Period("yesterday"), compare="previous"))
    row = next(row for row in page.rows if row.name == "Blue plan")
    assert (row.metrics["cost"], row.compared["cost"]) == (300, 50)
    assert (page.totals.metrics["cost"], page.totals.compared["cost"]) == (300, 50)
    assert page.compared_first_on == page.compared_last_on == TODAY - timedelta(days=2)


def test_today_compares_with_yesterdays_same_hours(world, scope):
    page = plan_table(world.admin, PlanQuery(metrics=METRICS, compare="same_hours"))
    assert (page.totals.metrics["cost"], page.totals.compared["cost"]) == (1500, 300)
    with pytest.raises(InvalidInput):
        plan_table(world.admin, PlanQuery(period=Period("last_7_days"), compare="same_hours"))


def test_any_range_is_summed_from_days_and_agrees_with_the_window(world, scope):
    days = Period("", TODAY - timedelta(days=1), TODAY)
    page = plan_table(world.admin, PlanQuery(metrics=(*METRICS, "matured_cpa"), period=days, compare="previous"))
    assert page.totals.metrics["cost"] == 1800
    assert page.totals.compared["cost"] == 50
    same = Period("", TODAY - timedelta(days=7), TODAY - timedelta(days=1))
    by_days = plan_table(world.admin, PlanQuery(metrics=METRICS, period=same))
    by_window = plan_table(world.admin, PlanQuery(metrics=METRICS, period=Period("last_7_days")))
    assert by_days.totals == by_window.totals
    assert by_window.totals.metrics["cost"] == 350


def test_before_the_windows_roll_the_day_table_answers(world, scope, clock):
    clock.move_to(NOW + timedelta(days=1))
    assert plan_table(world.admin, PlanQuery(metrics=METRICS)).totals.metrics["cost"] == 0
    page = plan_table(world.admin, PlanQuery(metrics=METRICS, period=Period("yesterday"), compare="previous"))
    assert (page.totals.metrics["cost"], page.totals.compared["cost"]) == (1500, 300)


def test_the_plan_table_takes_few_queries(world, scope, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        plan_table(world.admin, PlanQuery(metrics=METRICS, compare="same_hours"))


def test_a_plans_detail_shows_settings_and_numbers(world, scope):
    detail = plan_detail(world.admin, world.blue_plan.pk)
    assert detail.row.metrics["cost"] == 1000
    assert detail.row.compared["cost"] == 300
    assert detail.row.bid_fen == 50_00


@pytest.mark.parametrize("who", ["blue_actor", "other_admin"])
def test_a_plan_out_of_sight_does_not_exist(world, scope, who):
    actor = getattr(world, who)
    with organization_scope(actor.organization_id), pytest.raises(NotFound):
        plan_detail(actor, world.red_plan.pk)
