"""Numbers in: exact replacement of the days that were read, and sums that agree with them."""

import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from campaigns.domain.metrics import BEFORE, MEASURES
from campaigns.domain.periods import WITH_BEFORE, Window, previous_days, window_days
from campaigns.models import AccountHour, MaturityReading, PlanDay, PlanHour, PlanWindow, WindowState
from campaigns.services import hour_rows
from campaigns.services.ingest import ensure_partitions, ingest_hours
from campaigns.services.windows import roll_stale_accounts
from media_connectors.contracts import MetricRow
from tests.campaigns.conftest import NOW, TODAY
from tests.campaigns.rows import hour, ingest
from tests.factories import make_plan
from xmagnet.core.clock import media_today
from xmagnet.core.scope import organization_scope

BEFORE_MEASURES = [BEFORE + measure for measure in MEASURES]


@pytest.fixture
def scope(world):
    with organization_scope(world.organization.pk):
        yield


def windows(plan, column="cost_fen"):
    return {
        Window(window).name: value
        for window, value in PlanWindow.objects.filter(plan=plan).values_list("window", column)
    }


def test_hours_are_stored_and_summed_by_day_account_hour_and_window(world, scope):
    plan, second = world.blue_plan, make_plan(world.blue_account)
    result = ingest(
        world.blue_account,
        hour(plan, 0, 9, cost_fen=100, clicks=3),
        hour(plan, 0, 10, cost_fen=50, clicks=1),
        hour(plan, 1, 9, cost_fen=40),
        hour(plan, 5, 9, cost_fen=7),
        hour(second, 0, 9, cost_fen=1),
    )
    assert (result.row_count, result.changed_plan_count) == (5, 2)
    assert PlanHour.objects.count() == 5
    assert PlanDay.objects.get(plan=plan, stat_date=TODAY).cost_fen == 150
    assert AccountHour.objects.get(stat_date=TODAY, stat_hour=9).cost_fen == 101
    assert windows(plan) == {
        "TODAY": 150, "YESTERDAY": 40, "YESTERDAY_SAME_HOURS": 40, "LAST_3_DAYS": 40,
        "LAST_7_DAYS": 47, "LAST_14_DAYS": 47, "LAST_30_DAYS": 47, "LIFETIME": 197,
    }  # fmt: skip
    assert windows(plan, "before_cost_fen") == dict.fromkeys(windows(plan)) | {"LAST_3_DAYS": 7}


def test_a_restated_day_replaces_the_old_numbers_exactly(world, scope):
    plan = world.blue_plan
    ingest(
        world.blue_account, hour(plan, 2, 9, cost_fen=100), hour(plan, 2, 10, cost_fen=60), hour(plan, 0, cost_fen=5)
    )
    ingest(world.blue_account, hour(plan, 2, 9, cost_fen=90), hour(plan, 0, cost_fen=5))
    assert list(PlanHour.objects.filter(stat_date__lt=TODAY).values_list("stat_hour", "cost_fen")) == [(9, 90)]
    assert PlanDay.objects.get(stat_date=TODAY - timedelta(days=2)).cost_fen == 90
    assert windows(plan)["LAST_3_DAYS"] == 90
    assert windows(plan)["LIFETIME"] == 95


def test_a_day_that_vanished_leaves_no_number_behind(world, scope):
    plan = world.blue_plan
    ingest(world.blue_account, hour(plan, 0, cost_fen=100), hour(plan, 1, cost_fen=10))
    ingest(world.blue_account, hour(plan, 0, cost_fen=100))
    assert "YESTERDAY" not in windows(plan)
    assert "YESTERDAY_SAME_HOURS" not in windows(plan)
    assert windows(plan)["LIFETIME"] == 100
    assert not AccountHour.objects.filter(stat_date=TODAY - timedelta(days=1)).exists()


def test_days_outside_the_read_stay(world, scope):
    ingest(world.blue_account, hour(world.blue_plan, 6, cost_fen=9))
    ingest(world.blue_account, hour(world.blue_plan, 0, cost_fen=1), days=1)
    assert PlanDay.objects.get(stat_date=TODAY - timedelta(days=6)).cost_fen == 9
    assert windows(world.blue_plan)["LAST_7_DAYS"] == 9


def test_the_same_read_again_changes_nothing(world, scope):
    rows = (hour(world.blue_plan, 0, cost_fen=100), hour(world.blue_plan, 3, cost_fen=10))
    ingest(world.blue_account, *rows)
    assert ingest(world.blue_account, *rows).changed_plan_count == 0
    assert windows(world.blue_plan)["LIFETIME"] == 110


def test_a_row_repeated_between_pages_counts_once_and_the_later_one_wins(world, scope):
    ingest(world.blue_account, hour(world.blue_plan, 0, 9, cost_fen=100), hour(world.blue_plan, 0, 9, cost_fen=120))
    assert PlanDay.objects.get().cost_fen == 120
    ingest(world.blue_account, hour(world.blue_plan, 0, 9, cost_fen=1), hour(world.blue_plan, 0, 9, cost_fen=2))
    assert PlanDay.objects.get().cost_fen == 2


def test_a_repeated_row_that_is_stored_already_is_not_summed_twice(world, scope):
    rows = (hour(world.blue_plan, 0, 9, cost_fen=100), hour(world.blue_plan, 0, 9, cost_fen=100))
    assert ingest(world.blue_account, *rows).row_count == 1
    assert ingest(world.blue_account, *rows).row_count == 1
    assert PlanDay.objects.get().cost_fen == 100
    assert AccountHour.objects.get().cost_fen == 100


def test_only_the_hours_that_differ_are_written_again(world, scope):
    same, restated = hour(world.blue_plan, 0, 9, cost_fen=100), hour(world.blue_plan, 0, 10, cost_fen=5)
    ingest(world.blue_account, same, restated)
    before = _row_versions()
    ingest(world.blue_account, same, hour(world.blue_plan, 0, 10, cost_fen=6), hour(world.blue_plan, 0, 11))
    after = _row_versions()
    assert after[9] == before[9]
    assert after[10] != before[10]
    assert set(after) == {9, 10, 11}


def _row_versions():
    """Hour → where its row lies, and who has locked or changed it since."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT stat_hour, ctid::text, xmax::text FROM campaigns_planhour")
        return {row[0]: row[1:] for row in cursor.fetchall()}


def test_the_largest_hour_of_money_and_watching_fits(world, scope):
    ingest(world.blue_account, hour(world.blue_plan, 0, cost_fen=1 << 40, watched_ms=1 << 41, revenue_fen=1 << 42))
    stored = PlanHour.objects.get()
    assert (stored.cost_fen, stored.watched_ms, stored.revenue_fen) == (1 << 40, 1 << 41, 1 << 42)


def test_rows_of_unknown_plans_and_other_accounts_are_named_and_not_stored(world, scope):
    result = ingest(world.blue_account, hour(world.red_plan, cost_fen=5), hour(world.blue_plan, cost_fen=1))
    assert result.unknown_remote_ids == {world.red_plan.remote_id}
    assert PlanHour.objects.get().cost_fen == 1


def test_the_cursor_falls_with_the_rows(world, scope):
    def refuse():
        raise RuntimeError("the cursor could not be saved")

    with pytest.raises(RuntimeError), transaction.atomic():
        ingest(world.blue_account, hour(world.blue_plan, cost_fen=5), save_cursor=refuse)
    assert not PlanHour.objects.exists()
    assert not PlanWindow.objects.exists()


def test_yesterdays_same_hours_end_at_this_minute(world, scope):
    plan = world.blue_plan  # it is 14:30
    ingest(
        world.blue_account,
        hour(plan, 1, 13, cost_fen=100),
        hour(plan, 1, 14, cost_fen=60),
        hour(plan, 1, 15, cost_fen=1000),
    )
    assert windows(plan)["YESTERDAY_SAME_HOURS"] == 130


def test_matured_conversions_grow_by_what_is_missing(world, scope):
    ingest(
        world.blue_account,
        hour(world.blue_plan, 0, billed_conversions=680),  # at 14:30
        hour(world.blue_plan, 1, billed_conversions=908),
    )
    assert windows(world.blue_plan, "matured_conversions")["TODAY"] == pytest.approx(1000)
    assert windows(world.blue_plan, "matured_conversions")["LAST_7_DAYS"] == pytest.approx(1000)


def test_the_last_hour_notes_what_had_arrived_at_that_age(world, scope, clock):
    ingest(world.blue_account, hour(world.blue_plan, 2, billed_conversions=10))
    assert not MaturityReading.objects.exists()  # at 14:30 today's age is not over
    clock.move_to(NOW + timedelta(hours=9))
    for billed in (11, 12):
        ingest(world.blue_account, hour(world.blue_plan, 2, billed_conversions=billed))
    assert MaturityReading.objects.values_list("age", "billed_conversions").get() == (2, 12)


def test_windows_roll_when_the_day_turns(world, scope, clock):
    plan = world.blue_plan
    ingest(world.blue_account, hour(plan, 0, cost_fen=100), hour(plan, 7, cost_fen=3))
    clock.move_to(NOW + timedelta(days=1))
    assert roll_stale_accounts(NOW + timedelta(days=1)) == 1
    assert roll_stale_accounts(NOW + timedelta(days=1)) == 0
    rolled = windows(plan)
    assert "TODAY" not in rolled
    assert rolled["YESTERDAY"] == 100
    assert (rolled["LAST_7_DAYS"], windows(plan, "before_cost_fen")["LAST_7_DAYS"]) == (100, 3)
    assert rolled["LIFETIME"] == 103
    assert WindowState.objects.get().rolled_on == TODAY + timedelta(days=1)


def _tiny_blocks(monkeypatch):
    """Sorted, repeated and spilled to disk as a read of millions of rows is."""
    for name, value in {"_ENCODED_ROWS": 3, "_SORTED_ROWS": 7, "_IN_MEMORY": 500, "_WRITTEN_BYTES": 64}.items():
        monkeypatch.setattr(hour_rows, name, value)


def _sums(rows):
    """Key → sums of the measures."""
    found = {}
    for key, values in rows:
        found[key] = tuple(map(sum, zip(found.get(key, (0,) * len(MEASURES)), values, strict=True)))
    return found


def _stored(model, *keys, **filters):
    return {row[: len(keys)]: row[len(keys) :] for row in model.objects.filter(**filters).values_list(*keys, *MEASURES)}


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_hours_are_what_was_read_last_and_every_sum_agrees_with_them(world, scope, clock, monkeypatch, seed, is_large):
    if is_large:
        _tiny_blocks(monkeypatch)
    draw = random.Random(seed)
    account, moment = world.blue_account, NOW
    plans = [world.blue_plan, *(make_plan(account) for _ in range(3))]
    by_remote_id = {plan.remote_id: plan.pk for plan in plans}
    truth = {}
    for _ in range(6):
        if draw.random() < 0.3:
            moment += timedelta(days=draw.choice([1, 1, 3]))
            clock.move_to(moment)
        today = media_today()
        first_on = today - timedelta(days=draw.choice([0, 1, 7]))
        rows = []
        for _ in range(draw.choice([0, 5, 60])):
            day = first_on + timedelta(days=draw.randrange((today - first_on).days + 1))
            at = draw.randrange(24)
            rows.append(MetricRow(draw.choice(plans).remote_id, day, at, *(draw.randrange(99) for _ in MEASURES)))
        rows += draw.sample(rows, len(rows) // 5)  # the media repeats itself
        rows = [row._replace(clicks=draw.randrange(99)) if draw.random() < 0.5 else row for row in rows]
        kept = draw.sample(sorted(truth), len(truth) // 2)  # half of what is stored is read again as it was
        again = [MetricRow(plan, day, at, *truth[plan, day, at]) for plan, day, at in kept if day >= first_on]
        pages = [again, rows[:20], rows[20:]]
        result = ingest_hours(account_id=account.pk, pages=pages, first_on=first_on, last_on=today, now=timezone.now())
        read = {tuple(row[:3]): tuple(row[3:]) for page in pages for row in page}
        truth = {key: numbers for key, numbers in truth.items() if key[1] < first_on} | read
        assert result.row_count == len(read)

        hours = {(by_remote_id[plan], day, at): numbers for (plan, day, at), numbers in truth.items()}
        assert _stored(PlanHour, "plan_id", "stat_date", "stat_hour") == hours
        assert _stored(PlanDay, "plan_id", "stat_date") == _sums((key[:2], row) for key, row in hours.items())
        assert _stored(AccountHour, "stat_date", "stat_hour") == _sums((key[1:], row) for key, row in hours.items())
        for window in Window:
            if window == Window.YESTERDAY_SAME_HOURS:
                continue
            first, last = window_days(window, today)
            expected = _sums(((plan,), row) for (plan, day, _), row in hours.items() if first <= day <= last)
            found = _stored(PlanWindow, "plan_id", window=int(window))
            if window in WITH_BEFORE:
                first, last = previous_days(first, last)
                earlier = _sums(((plan,), row) for (plan, day, _), row in hours.items() if first <= day <= last)
                kept = PlanWindow.objects.filter(window=int(window), before_cost_fen__isnull=False)
                assert {row[:1]: row[1:] for row in kept.values_list("plan_id", *BEFORE_MEASURES)} == earlier
                expected = dict.fromkeys(earlier, (0,) * len(MEASURES)) | expected
            if window == Window.LIFETIME:  # a plan that had numbers once keeps its row, with zeros
                found = {key: row for key, row in found.items() if any(row) or key in expected}
            assert found == expected, window.name


def test_a_read_that_does_not_fit_into_memory_comes_in_whole(world, scope, monkeypatch):
    _tiny_blocks(monkeypatch)
    plans = [world.blue_plan, *(make_plan(world.blue_account) for _ in range(4))]
    rows = [hour(plan, ago, at, cost_fen=at + 1) for plan in plans for ago in range(3) for at in range(24)]
    late = hour(world.blue_plan, 2, 0, cost_fen=1_000)
    assert ingest(world.blue_account, *rows, late).row_count == len(rows)
    assert PlanHour.objects.count() == len(rows)
    assert PlanDay.objects.get(plan=world.blue_plan, stat_date=TODAY - timedelta(days=2)).cost_fen == 300 + 999
    assert PlanDay.objects.get(plan=plans[4], stat_date=TODAY).cost_fen == 300


@pytest.mark.parametrize("row", [{"at": 24}, {"at": -1}, {"clicks": 1 << 31}, {"cost_fen": 1 << 63}], ids=str)
def test_a_number_that_no_hour_can_have_is_refused_and_nothing_changes(world, scope, row):
    ingest(world.blue_account, hour(world.blue_plan, 0, cost_fen=1))
    with pytest.raises((ValueError, OverflowError)):
        ingest(world.blue_account, hour(world.blue_plan, 0, **row))
    assert PlanHour.objects.get().cost_fen == 1


def test_hours_of_another_organization_cannot_be_written(world, scope):
    ensure_partitions(TODAY, TODAY)
    with pytest.raises(IntegrityError, match="same_tenant"), transaction.atomic(), connection.cursor() as cursor:
        ingest_hours(
            account_id=world.other_account.pk,
            pages=[[hour(world.other_plan, 0, cost_fen=5)]],
            first_on=TODAY,
            last_on=TODAY,
            now=timezone.now(),
        )
        assert not PlanHour.objects.exists()  # its plans are unknown here
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit does
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO campaigns_planhour (organization_id, account_id, plan_id, stat_date, stat_hour)"
            " VALUES (%s, %s, %s, %s, 9)",
            [world.other.pk, world.other_account.pk, world.other_plan.pk, TODAY],
        )


def test_restated_sets_are_never_compared_each_with_each(world, scope):
    """It took minutes for 5,000 plans: sets that the planner knew nothing of were joined in nested loops."""
    rows = [hour(world.blue_plan, ago, at, cost_fen=1) for ago in range(8) for at in range(24)]
    ingest(world.blue_account, *rows)
    plans = []

    def explain(execute, sql, params, many, context):
        if sql.startswith(("INSERT", "DELETE", "WITH")):
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.append("\n".join(row[0] for row in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        ingest(world.blue_account, *(row._replace(cost_fen=2) for row in rows[5:]))
    assert sum("Anti Join" in plan for plan in plans) >= 4
    assert not [plan for plan in plans if "Nested Loop Anti" in plan or "Nested Loop Left" in plan]
