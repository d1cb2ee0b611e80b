"""The plan table answers the same by its short way (the numbers alone) and by its long one (every plan looked at)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction

from campaigns.contracts import Condition, PlanQuery
from campaigns.domain.metrics import MEASURES
from campaigns.domain.periods import Period
from campaigns.selectors import plans, table_frames
from campaigns.selectors.plans import plan_detail, plan_rows, plan_table
from campaigns.services.ingest import ingest_hours
from campaigns.services.windows import roll_stale_accounts
from media_connectors.contracts import MetricRow
from tests.factories import OrganizationFactory, make_account, make_actor, make_plan
from xmagnet.core.clock import media_now, media_today
from xmagnet.core.scope import organization_scope

#: true of every plan that is not deleted, and yet a question about plans
ANY_STATUS = (Condition("status", "is_not", ("deleted",)),)
METRICS = ("cost", "conversions", "cpa")


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MANY_PLANS", 0)


@pytest.fixture
def actor(db: None) -> Any:
    """Twelve plans: a deleted one with numbers, five without any, one of zero, the others with falling cost."""
    organization = OrganizationFactory()
    with transaction.atomic():
        account = make_account(organization)
        made = [make_plan(account, name=f"Plan {number}") for number in range(11)]
        made.append(make_plan(account, name="Gone", status="deleted"))
    rows = [
        _hour(plan.remote_id, cost, conversions)
        for plan, (cost, conversions) in zip(
            [*made[:6], made[11]], [(900, 3), (700, 0), (500, 1), (300, 3), (100, 1), (0, 0), (9_000, 9)], strict=True
        )
    ]
    with organization_scope(organization.pk):
        ingest_hours(
            account_id=account.pk, pages=[rows], first_on=media_today(), last_on=media_today(), now=media_now()
        )
    return make_actor(organization)


@pytest.mark.parametrize("sort", ["cost", "cpa", "conversions", "name"])
@pytest.mark.parametrize("is_descending", [True, False])
@pytest.mark.parametrize(("limit", "offset"), [(3, 0), (3, 3), (4, 4), (50, 0)])
def test_both_ways_give_the_same_page(actor: Any, sort: str, is_descending: bool, limit: int, offset: int) -> None:
    query = PlanQuery(metrics=METRICS, sort=sort, is_descending=is_descending, limit=limit, offset=offset)
    with organization_scope(actor.organization_id), transaction.atomic():
        short, long = plan_table(actor, query), plan_table(actor, replace(query, conditions=ANY_STATUS))
    assert [(row.id, row.metrics) for row in short.rows] == [(row.id, row.metrics) for row in long.rows]
    assert short.totals == long.totals
    assert (short.totals.plan_count, short.totals.metrics["cost"]) == (11, 2_500)
    assert short.has_more == long.has_more


def test_the_short_way_is_taken_where_numbers_fill_the_page(actor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    asked = table_frames._page_of_numbers
    monkeypatch.setattr(table_frames, "_page_of_numbers", lambda *a: answers.append(asked(*a)) or answers[-1])
    with organization_scope(actor.organization_id), transaction.atomic():
        full = plan_table(actor, PlanQuery(metrics=METRICS, sort="cost", limit=3))
        short = plan_table(actor, PlanQuery(metrics=METRICS, sort="cost", limit=5))
    assert [len(found) for found in answers] == [4, 0]  # the sixth plan costs nothing, as do those without numbers
    assert (len(full.rows), len(short.rows)) == (3, 5)


def test_a_comparison_adds_up_the_same_both_ways(actor: Any) -> None:
    today = media_today()
    days = Period("", today, today + timedelta(days=1))  # no kept window: summed now
    for period in (Period("yesterday"), Period("today"), days):
        query = PlanQuery(metrics=METRICS, period=period, compare="previous", limit=3)
        with organization_scope(actor.organization_id), transaction.atomic():
            short, long = plan_table(actor, query), plan_table(actor, replace(query, conditions=ANY_STATUS))
        assert short.totals == long.totals
        assert short.rows == long.rows
        assert short.totals.compared["cost"] == 0
        assert {row.compared["cost"] for row in short.rows} == {0}


def test_the_day_before_stands_beside_each_plan(actor: Any) -> None:
    """The same numbers asked for tomorrow: today's are what is compared with."""
    with time_machine.travel(media_now() + timedelta(days=1), tick=False), organization_scope(actor.organization_id):
        roll_stale_accounts(media_now())
        with transaction.atomic():
            page = plan_table(actor, PlanQuery(metrics=METRICS, compare="previous", sort="name", is_descending=False))
    assert [(row.metrics["cost"], row.compared["cost"]) for row in page.rows[:3]] == [(0, 900), (0, 700), (0, 0)]
    assert page.totals.compared["cost"] == 2_500


@pytest.mark.parametrize(("days", "preset"), [(2, "yesterday"), (4, "last_3_days"), (9, "last_7_days")])
@pytest.mark.parametrize("sort", ["cost", "name"])
@pytest.mark.parametrize("is_descending", [True, False])
def test_what_a_closed_window_is_compared_with_is_the_same_both_ways(
    actor: Any, days: int, preset: str, sort: str, is_descending: bool
) -> None:
    """The same numbers asked for later: they lie in the range before; plans without any have nothing there."""
    query = PlanQuery(
        metrics=METRICS, period=Period(preset), compare="previous", sort=sort, is_descending=is_descending
    )
    later = media_now() + timedelta(days=days)
    with time_machine.travel(later, tick=False), organization_scope(actor.organization_id):
        with transaction.atomic():
            by_days = plan_table(actor, query)
        roll_stale_accounts(media_now())
        with transaction.atomic():
            short, long = plan_table(actor, query), plan_table(actor, replace(query, conditions=ANY_STATUS))
            listed, _has_more = plan_rows(actor, query)
            detail = plan_detail(actor, short.rows[0].id, period=Period(preset), metrics=METRICS)
    assert short.rows == long.rows == by_days.rows == listed
    assert short.totals == long.totals == by_days.totals
    assert (short.totals.metrics["cost"], short.totals.compared["cost"]) == (0, 2_500)
    assert sorted(row.compared["cost"] for row in short.rows) == [0] * 6 + [100, 300, 500, 700, 900]
    assert detail.row.compared == short.rows[0].compared


@pytest.mark.parametrize("conditions", [(), ANY_STATUS])
def test_a_page_beyond_the_last_is_the_last(actor: Any, conditions: tuple[Condition, ...]) -> None:
    with organization_scope(actor.organization_id), transaction.atomic():
        page = plan_table(actor, PlanQuery(metrics=METRICS, limit=4, offset=400, conditions=conditions))
        first = plan_table(actor, PlanQuery(metrics=METRICS, limit=4, offset=8))
        none = plan_table(actor, PlanQuery(metrics=METRICS, limit=4, offset=400, search="no such name"))
    assert (none.offset, none.rows, none.totals.plan_count, none.totals.metrics["cost"]) == (0, (), 0, 0)
    assert (page.offset, [row.id for row in page.rows]) == (8, [row.id for row in first.rows])


@pytest.mark.parametrize("metric", ["cost", "conversions", "cpa"])
@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("gt", ("0",), lambda found: found is not None and found > 0),
        ("gte", ("0",), lambda found: found is not None and found >= 0),
        ("lt", ("3",), lambda found: found is not None and found < 3),
        ("lte", ("0",), lambda found: found is not None and found <= 0),
        ("is", ("0",), lambda found: found == 0),
        ("is", ("3",), lambda found: found == 3),
        ("is_not", ("0",), lambda found: found != 0),
        ("is_not", ("3",), lambda found: found != 3),
        ("between", ("0", "5"), lambda found: found is not None and 0 <= found <= 5),
        ("between", ("1", "5"), lambda found: found is not None and 1 <= found <= 5),
        ("is_set", (), lambda found: found is not None),
        ("is_not_set", (), lambda found: found is None),
    ],
)
def test_plans_without_numbers_pass_a_filter_on_numbers_as_what_they_show(
    actor: Any, metric: str, operator: str, values: tuple[str, ...], holds: Callable[[Any], bool]
) -> None:
    unit = 1 if metric == "conversions" else 100  # fen in rows, yuan in filters
    query = PlanQuery(metrics=METRICS, limit=50, sort="name", is_descending=False)
    with organization_scope(actor.organization_id), transaction.atomic():
        every = plan_table(actor, query)
        found = plan_table(actor, replace(query, conditions=(Condition(metric, operator, values),)))
    shown = [(row.name, row.metrics[metric]) for row in every.rows]
    expected = [name for name, value in shown if holds(None if value is None else value / unit)]
    assert [row.name for row in found.rows] == expected
    assert found.totals.plan_count == len(expected)


def _hour(remote_id: str, cost_fen: int, conversions: int) -> MetricRow:
    numbers = dict.fromkeys(MEASURES, 0) | {"cost_fen": cost_fen, "conversions": conversions, "impressions": 10}
    return MetricRow(remote_id, media_today(), 0, *numbers.values())
