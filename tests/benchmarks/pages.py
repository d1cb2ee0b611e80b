"""How fast the three pages' data are at 100,000 plans × 30 days: overview, plan table, plan page.

Times the selectors that the pages call (with their queries, as the application's role behind row-level security), in a
cycle of different filters, orders and plans. Metric rows are made in SQL from the seed and summed by the product's own
window code.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.benchmarks._database import own_database
from tests.benchmarks.harness import tell

PLANS = 100_000
DAYS = 30
ACCOUNTS = 200
ROUNDS = 60


def run(*, seed: int, scale: float) -> dict[str, float]:
    """Plans, metric rows, p95 in milliseconds and queries of each page."""
    plans = max(100, int(PLANS * scale))
    with own_database("pages"):
        from xmagnet.core.scope import organization_scope

        organization, actor = _seed_world(plans, seed)
        with organization_scope(organization.pk):
            metric_rows = _seed_metrics(organization.pk, seed)
            return {"plans": plans, "metric_rows": metric_rows, **_measure(actor, plans)}


def _seed_world(plans: int, seed: int) -> tuple[Any, Any]:
    from django.db import connection, transaction

    from tests.factories import OrganizationFactory, make_actor
    from xmagnet.core.scope import organization_scope

    tell(f"making {plans} plans")
    with transaction.atomic():
        organization = OrganizationFactory()
    with transaction.atomic():
        accounts, campaigns = _seed_accounts(organization, plans)
    words = '\'{"inventory_type": ["INVENTORY_AWEME_FEED"], "external_action": "AD_CONVERT_TYPE_FORM"}\'::jsonb'
    with organization_scope(organization.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [(seed % 1000) / 1000])
        cursor.execute(
            f"""INSERT INTO campaigns_plan (organization_id, account_id, campaign_id, platform, agency_id, remote_id,
                client_ref, name, status, delivery_status, learning_state, review_state, reject_reasons, bid_type,
                bid_fen, daily_budget_fen, schedule, objective, goal, targeting, landing_url, titles, materials,
                canonical_sha256, labels, note, settings, job_id, created_at)
            SELECT %s, a.id, c.id, a.platform, a.agency_id, (7300000000000000000 + n)::text, 'ref-' || n,
                '重疾险-' || a.platform || '-30-45岁-视频' || (n %% 50) || '-' || n,
                (ARRAY['enabled','enabled','enabled','paused'])[1 + n %% 4],
                (ARRAY['delivering','delivering','out_of_budget','paused'])[1 + n %% 4],
                (ARRAY['learning','learned','learned','failed'])[1 + (n / 4) %% 4], 'approved', '[]', 'target_cpa',
                (3000 + (random() * 9000)::int), (30000 + (random() * 200000)::int), '', 'leads', 'form',
                '{{"ages": ["31-40"], "gender": "any", "region_codes": [110000, 310000]}}'::jsonb,
                'https://landing.example.com/insurance/critical-illness?plan=' || n,
                '["重疾险一年只要几百元", "30岁以上家庭的第一份保障"]'::jsonb, '[{{"kind": "video"}}]'::jsonb,
                '', '{{}}', '', {words}, '', now() - (n %% 90) * interval '1 day'
            FROM generate_series(1, %s) n
            JOIN unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[])
                WITH ORDINALITY AS a(id, campaign_id, platform, agency_id, position)
                ON a.position = 1 + n %% %s
            JOIN campaigns_campaign c ON c.id = a.campaign_id""",
            [
                organization.pk,
                plans,
                [account.pk for account in accounts],
                [campaign.pk for campaign in campaigns],
                [account.platform for account in accounts],
                [account.agency_id for account in accounts],
                len(accounts),
            ],
        )
    return organization, make_actor(organization)


def _seed_accounts(organization: Any, plans: int) -> tuple[list[Any], list[Any]]:
    from tests.factories import make_account, make_agency, make_campaign

    agencies = [make_agency(organization, f"Agency {number}") for number in range(5)]
    platforms = ("douyin", "toutiao", "kuaishou")
    accounts = [
        make_account(organization, agency=agencies[number % 5], platform=platforms[number % 3])
        for number in range(min(ACCOUNTS, plans))
    ]
    return accounts, [make_campaign(account) for account in accounts]


def _seed_metrics(organization_id: int, seed: int) -> int:
    from django.db import connection, transaction
    from django.utils import timezone

    from campaigns.domain.metrics import MEASURES
    from campaigns.models import WindowState
    from campaigns.services import windows
    from campaigns.services.ingest import ensure_partitions
    from media_connectors.models import MediaAccount
    from xmagnet.core.clock import media_today

    now, today = timezone.now(), media_today()
    first_on = today - timedelta(days=DAYS)
    ensure_partitions(first_on, today)
    columns = ", ".join(MEASURES)
    numbers = (
        "(x*900)::int, (x*18)::int, (x*9000)::int, (x*1.6)::int, (x*1.5)::int, (x*0.2)::int, (x*8000)::int,"
        " (x*700)::int, (x*300)::int, (x*80)::int, (x*4000000)::int, (x*9)::int, (x*3)::int, (x*2)::int, (x*1)::int"
    )
    tell(f"making {DAYS + 1} days of numbers")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [(seed % 997) / 997])
        cursor.execute(
            f"""INSERT INTO campaigns_planday (organization_id, account_id, plan_id, stat_date, {columns})
            SELECT organization_id, account_id, id, day::date, {numbers} FROM
            (SELECT p.organization_id, p.account_id, p.id, day, -ln(1 - random()) AS x FROM
             (SELECT organization_id, account_id, id FROM campaigns_plan WHERE organization_id = %s
              ORDER BY account_id, id OFFSET 0) p,
             generate_series(%s::date, %s::date, interval '1 day') day) drawn""",
            [organization_id, first_on, today],  # in the order of the keys: random places of an index cost minutes
        )
        count = cursor.rowcount
        for days_ago in (0, 1):  # the plan page's chart and yesterday's same hours
            cursor.execute(
                f"""INSERT INTO campaigns_planhour
                (organization_id, account_id, plan_id, stat_date, stat_hour, {columns})
                SELECT organization_id, account_id, plan_id, stat_date, hour,
                {", ".join(f"{column} / 8" for column in MEASURES)}
                FROM (SELECT * FROM campaigns_planday WHERE organization_id = %s AND stat_date = %s
                 ORDER BY account_id, plan_id OFFSET 0) days, generate_series(9, 16) hour""",
                [organization_id, today - timedelta(days=days_ago)],
            )
            count += cursor.rowcount
        cursor.execute(
            f"""INSERT INTO campaigns_accounthour (organization_id, account_id, stat_date, stat_hour, {columns})
            SELECT organization_id, account_id, stat_date, hour,
            {", ".join(f"sum({column})::bigint / 24" for column in MEASURES)}
            FROM campaigns_planday, generate_series(0, 23) hour WHERE organization_id = %s GROUP BY 1, 2, 3, 4""",
            [organization_id],
        )
    tell("summing windows")
    with transaction.atomic():
        account_ids = list(MediaAccount.objects.values_list("id", flat=True))
    for account_id in account_ids:
        with transaction.atomic(), connection.cursor() as cursor:
            windows.roll_account(cursor, organization_id=organization_id, account_id=account_id, today=today)
            windows.refresh_same_hours(cursor, organization_id=organization_id, account_id=account_id, now=now)
            WindowState(account_id=account_id, rolled_on=today, same_hours_at=now).save()
    _vacuum()
    return count


def _vacuum() -> None:
    """What autovacuum does by itself within minutes; the application's role may not, so the owner does."""
    from django.db import connection

    from tests import databases
    from xmagnet.local.postgres import OWNER_ROLE

    with (
        databases.running_server(None) as server,
        server.connect(connection.settings_dict["NAME"], OWNER_ROLE) as owner,
    ):
        for table in ("campaigns_plan", "campaigns_planwindow", "campaigns_planday", "campaigns_planhour"):
            owner.execute(f"VACUUM ANALYZE {table}")
        owner.execute("VACUUM ANALYZE campaigns_accounthour")


def _measure(actor: Any, plans: int) -> dict[str, float]:
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from campaigns.contracts import Condition, PlanQuery
    from campaigns.domain.metrics import DEFAULT_METRICS
    from campaigns.domain.periods import Period
    from campaigns.selectors.overview import overview
    from campaigns.selectors.plans import plan_detail, plan_table
    from campaigns.selectors.series import plan_history, plan_series

    with transaction.atomic():
        first_id = plan_table(actor, PlanQuery(sort="id", is_descending=False, limit=1)).rows[0].id
    presets = ("today", "yesterday", "last_7_days", "last_30_days", "lifetime")
    sorts = ("cost", "cpa", "roi", "ctr", "conversions")
    filters = (
        (Condition("media", "is", ("douyin",)), Condition("status", "is", ("enabled",))),
        (Condition("learning", "any_of", ("learned", "learning")),),
        (Condition("name", "contains", ("视频7",)),),
        (Condition("cost", "gt", ("100",)), Condition("status", "is", ("enabled",))),
        (Condition("bid", "between", ("40", "90")),),
    )

    def table(number: int) -> None:
        preset = presets[number % 5]
        query = PlanQuery(
            conditions=filters[(number // 2) % 5],
            period=Period(preset),
            compare="" if number % 2 else ("same_hours" if preset == "today" else "previous"),
            metrics=DEFAULT_METRICS,
            sort=sorts[(number // 3) % 5],
            limit=50,
            offset=0 if number % 3 else 100,
        )
        plan_table(actor, query)

    def page(number: int) -> None:
        plan_id = first_id + (number * 7919) % plans
        plan_detail(actor, plan_id)
        plan_series(actor, plan_id, period=Period("today"), granularity="hour")
        plan_series(actor, plan_id, period=Period("last_30_days"), granularity="day")
        plan_history(actor, plan_id)

    def front(_number: int) -> None:
        overview(actor)

    results: dict[str, float] = {}
    for name, call in (("overview", front), ("plan_table", table), ("plan_page", page)):
        with transaction.atomic(), CaptureQueriesContext(connection) as captured:
            call(0)
        results[f"{name}_p95_ms"] = _p95(call)
        results[f"{name}_queries"] = len(captured)
        tell(f"{name}: p95 {results[f'{name}_p95_ms']:.0f} ms, {len(captured)} queries")
    return results


def _p95(call: Callable[[int], None]) -> float:
    from django.db import transaction

    for number in range(3):
        with transaction.atomic():
            call(number)
    times = []
    for number in range(ROUNDS):
        started = time.perf_counter()
        with transaction.atomic():
            call(number)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(times, n=20)[18]
