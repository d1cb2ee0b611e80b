"""An advertiser of any size, made in SQL: accounts of very different size, plans, thirty days of numbers.

Every number follows from the seed (a hash of seed, plan and day), so a seed gives the same world on any machine. The
day rows are loaded as tables that are indexed and attached afterwards; windows are summed by the product's own code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg import sql

from tests.benchmarks.harness import stopwatch, tell

PLANS = 100_000
DAYS = 30  # complete days; today comes on top for the plans that are live
ACCOUNTS = 200
AGENCIES = 6
#: share of all plans on the largest account: 20,000 of 100,000; the smallest have some 70
LARGEST_ACCOUNT = 0.2
#: plans that deliver today
LIVE_SHARE = 0.08
#: plans of a bulk job stand together in the table; jobs of all accounts are mixed
JOB_SIZE = 50

#: the day table's columns for every plan and day of a span; OFFSET 0 keeps each step from being worked out many times
_DAY = """
SELECT organization_id, account_id, plan_id, stat_date, impressions, clicks, cost_fen, conversions,
       floor(conversions * least(1, 0.75 + 0.05 * (%(today)s::date - stat_date)) + 0.5)::bigint AS billed_conversions,
       deep AS deep_conversions, (deep * 9900 * (1 + chance))::bigint AS revenue_fen,
       impressions * 9 / 10 AS plays, impressions * 35 / 100 AS plays_3s, impressions * 8 / 100 AS completed_plays,
       impressions * 4200 AS watched_ms, impressions / 90 AS likes, impressions / 400 AS comments,
       impressions / 700 AS shares, impressions / 1500 AS follows
  FROM (SELECT *, floor(conversions * 0.15 + chance)::bigint AS deep
  FROM (SELECT *, floor(clicks * cvr + chance)::bigint AS conversions
  FROM (SELECT *, floor(impressions * ctr * (0.9 + luck / 10) + chance)::bigint AS clicks
  FROM (SELECT *, (cost_fen * 1000 / cpm_fen)::bigint AS impressions
  FROM (SELECT *, (daily_fen * luck)::bigint AS cost_fen
  FROM (SELECT t.*, d.day::date AS stat_date,
               exp(1.2 * (pg_temp.u(%(seed)s + 20, plan_id * 4001 + (d.day::date - date '2020-01-01')) - 0.5)) AS luck,
               pg_temp.u(%(seed)s + 21, plan_id * 4001 + (d.day::date - date '2020-01-01')) AS chance
          FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d(day), pg_temp.trait t
         WHERE t.is_live OR %(is_whole)s
        OFFSET 0) a OFFSET 0) b OFFSET 0) c OFFSET 0) d OFFSET 0) e OFFSET 0) f
 WHERE cost_fen > 0
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was made, and who may look at it."""

    organization_id: int
    slug: str
    admin_id: int  # sees everything
    agency_user_id: int  # sees one agency's accounts
    limited_user_id: int  # sees five accounts
    plan_count: int
    metric_row_count: int


def make_delivery(superuser: psycopg.Connection, *, seed: int, scale: float) -> Delivery:
    """Fill an empty migrated database through ``superuser`` and Django's own connection; both see the same one."""
    from xmagnet.core.clock import media_today
    from xmagnet.core.scope import organization_scope

    plan_count = max(200, int(PLANS * scale))
    organization, users, accounts = _make_people(plan_count)
    with _bulk_loading(superuser):
        with _told("plans"):
            _make_plans(superuser, organization.pk, accounts, plan_count, seed)
        with _told("days"):
            rows = _make_days(superuser, media_today(), seed)
        with _told("hours"):
            rows += _make_hours(superuser, media_today())
            superuser.execute("ANALYZE")
        with _told("windows"), organization_scope(organization.pk):
            _sum_windows(accounts)
        with _told("materials"), organization_scope(organization.pk):
            _keep_materials(accounts)
    with _told("statistics"):
        superuser.execute("VACUUM ANALYZE")
    return Delivery(organization.pk, organization.slug, *(user.pk for user in users), plan_count, rows)


@contextmanager
def _told(what: str) -> Iterator[None]:
    with stopwatch() as watch:
        yield
    tell(f"{what}: {watch.seconds:.1f} s")


@contextmanager
def _bulk_loading(superuser: psycopg.Connection) -> Iterator[None]:
    """Fewer checkpoints while the rows come in; what a crash would lose is made again by running again."""
    loading = {"max_wal_size": "8GB", "checkpoint_timeout": "1h", "full_page_writes": "off"}
    for name, value in loading.items():
        superuser.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.SQL(name), sql.Literal(value)))
    superuser.execute("SELECT pg_reload_conf()")
    superuser.execute("SET synchronous_commit = off")
    superuser.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
    try:
        yield
    finally:
        superuser.execute("ALTER SYSTEM RESET ALL")
        superuser.execute("SELECT pg_reload_conf()")
        superuser.execute("CHECKPOINT")


def account_sizes(plan_count: int, account_count: int) -> list[int]:
    """Plans per account, largest first: a power law whose first account has ``LARGEST_ACCOUNT`` of all."""
    ranks = range(1, account_count + 1)
    low, high = 0.0, 4.0
    for _ in range(60):  # the exponent that gives the largest its share
        middle = (low + high) / 2
        share = 1 / sum(rank**-middle for rank in ranks)
        low, high = (middle, high) if share < LARGEST_ACCOUNT else (low, middle)
    weights = [rank**-low for rank in ranks]
    total = sum(weights)
    sizes = [max(1, round(plan_count * weight / total)) for weight in weights]
    sizes[0] += plan_count - sum(sizes)
    return sizes


def _make_people(plan_count: int) -> tuple[Any, list[Any], list[Any]]:
    from django.db import transaction
    from django.utils import timezone

    from tests.factories import OrganizationFactory, make_account, make_agency, make_campaign, make_member
    from xmagnet.accounts.roles import Role

    account_count = max(5, min(ACCOUNTS, plan_count // 40))
    with transaction.atomic():
        organization = OrganizationFactory(name="Anxin Life", slug="bench")
    now = timezone.now()
    with transaction.atomic():
        agencies = [None, *(make_agency(organization, f"Agency {number}") for number in range(AGENCIES))]
        accounts = [
            make_account(
                organization,
                agency=agencies[number % len(agencies)],
                platform=("douyin", "toutiao", "kuaishou")[number % 3],
                name=f"安心人寿 {number:03d}",
                balance_fen=(number % 40) * 500_000,
                low_balance_fen=1_000_000,
                funds_synced_at=now,
                plans_synced_at=now,
                metrics_synced_at=now,
            )
            for number in range(account_count)
        ]
        for account in accounts:
            make_campaign(account)
        users = [
            make_member(organization, Role.ADMIN),
            make_member(organization, Role.OPTIMIZER, agency=agencies[1]),
            make_member(organization, Role.OPTIMIZER, account_ids=[one.pk for one in accounts[1:60:12]]),
        ]
    return organization, users, accounts


def _make_plans(
    superuser: psycopg.Connection, organization_id: int, accounts: list[Any], plan_count: int, seed: int
) -> None:
    superuser.execute(
        "CREATE FUNCTION pg_temp.u(seed bigint, x bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS"
        " $$ SELECT (hashint8extended(x, seed) & 9007199254740991)::float8 / 9007199254740992 $$"
    )
    ends, end = [], 0
    for size in account_sizes(plan_count, len(accounts)):
        end += size
        ends.append(end)
    superuser.execute(
        """CREATE TEMP TABLE account AS SELECT a.id, a.platform, a.agency_id, c.id AS campaign_id,
            given.last - given.size AS after, given.last FROM media_connectors_mediaaccount a
            JOIN campaigns_campaign c ON c.account_id = a.id
            JOIN unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS given(id, last, size) ON given.id = a.id""",
        [[account.pk for account in accounts], ends, [b - a for a, b in zip([0, *ends], ends, strict=False)]],
    )
    superuser.execute(
        """INSERT INTO campaigns_plan (organization_id, account_id, campaign_id, platform, agency_id, remote_id,
            client_ref, name, status, delivery_status, learning_state, review_state, reject_reasons, bid_type, bid_fen,
            daily_budget_fen, schedule, objective, goal, targeting, landing_url, titles, materials, canonical_sha256,
            labels, note, settings, job_id, created_at)
        SELECT %(organization)s, a.id, a.campaign_id, a.platform, a.agency_id, (7300000000000000000 + n)::text,
            'ref-' || n, (ARRAY['重疾险','百万医疗险','意外险','年金险'])[1 + n %% 4] || '-'
                || (ARRAY['20-30岁','30-45岁','45-60岁'])[1 + n %% 3] || '-视频' || (n %% 50) || '-' || n,
            CASE WHEN life < %(live)s + 0.08 THEN 'enabled' WHEN life < 0.96 THEN 'paused' ELSE 'deleted' END,
            CASE WHEN life < %(live)s THEN 'delivering' WHEN life < %(live)s + 0.03 THEN 'out_of_budget'
                 WHEN life < %(live)s + 0.05 THEN 'out_of_schedule' WHEN life < %(live)s + 0.06 THEN 'rejected'
                 WHEN life < %(live)s + 0.08 THEN 'campaign_paused' WHEN life < 0.96 THEN 'paused' ELSE 'deleted' END,
            CASE WHEN learning < 0.2 THEN 'learning' WHEN learning < 0.75 THEN 'learned' WHEN learning < 0.85 THEN
                 'failed' ELSE 'none' END,
            CASE WHEN life BETWEEN %(live)s + 0.05 AND %(live)s + 0.06 THEN 'rejected' ELSE 'approved' END, '[]',
            'target_cpa', (3000 + pg_temp.u(%(seed)s + 3, n) * 9000)::int,
            (30000 + pg_temp.u(%(seed)s + 4, n) * 200000)::int, '', 'leads', 'form',
            '{"ages": ["31-40"], "gender": "any", "regions": [110000, 310000]}'::jsonb,
            'https://landing.example.com/insurance/critical-illness?plan=' || n,
            '["重疾险一年只要几百元", "30岁以上家庭的第一份保障"]'::jsonb,
            jsonb_build_array(jsonb_build_object('kind', 'video', 'remote_id', 'v0' || md5(n::text))), md5(n::text),
            CASE WHEN n %% 11 = 0 THEN ARRAY['双十一'] WHEN n %% 13 = 0 THEN ARRAY['test', 'A/B'] ELSE '{}' END, '',
            '{"inventory_type": ["INVENTORY_AWEME_FEED"], "external_action": "AD_CONVERT_TYPE_FORM",
              "delivery_mode": "PROCEDURAL", "landing_type": "LINK", "pricing": "PRICING_OCPM"}'::jsonb,
            'job_' || (n / %(job)s), now() - pg_temp.u(%(seed)s + 5, n / %(job)s) * interval '90 days'
        FROM (SELECT n, pg_temp.u(%(seed)s + 1, n) AS life, pg_temp.u(%(seed)s + 2, n) AS learning,
                row_number() OVER (ORDER BY hashint8extended(n / %(job)s, %(seed)s), n) AS place
              FROM generate_series(0, %(plans)s - 1) n OFFSET 0) drawn
        JOIN account a ON drawn.place > a.after AND drawn.place <= a.last ORDER BY n""",
        {"organization": organization_id, "plans": plan_count, "seed": seed, "live": LIVE_SHARE, "job": JOB_SIZE},
    )


def _keep_materials(accounts: list[Any]) -> None:
    from django.db import transaction

    from campaigns.models import Plan
    from campaigns.services.materials import keep_materials

    for account in accounts:
        with transaction.atomic():
            keep_materials(list(Plan.objects.filter(account=account).values_list("id", flat=True)))


def _make_days(superuser: psycopg.Connection, today: date, seed: int) -> int:
    superuser.execute(
        """CREATE TEMP TABLE trait AS SELECT organization_id, account_id, id AS plan_id,
            delivery_status = 'delivering' AS is_live, 2500 + pg_temp.u(%(seed)s + 10, id) * 3500 AS cpm_fen,
            0.008 + pg_temp.u(%(seed)s + 11, id) * 0.022 AS ctr, 0.02 + pg_temp.u(%(seed)s + 12, id) * 0.05 AS cvr,
            (CASE WHEN delivery_status = 'delivering' THEN 30000 ELSE 6000 END)
            * exp(1.2 * sqrt(-2 * ln(1e-9 + pg_temp.u(%(seed)s + 13, id))) * cos(6.2832 * pg_temp.u(%(seed)s + 14, id)))
            AS daily_fen FROM campaigns_plan ORDER BY 1, 2, 3""",
        {"seed": seed},
    )
    first, yesterday = today - timedelta(days=DAYS), today - timedelta(days=1)
    count = 0
    month = first.replace(day=1)
    while month <= yesterday:
        following = (month + timedelta(days=32)).replace(day=1)
        count += _load_month(superuser, month, following, max(first, month), min(yesterday, following), seed, today)
        month = following
    superuser.execute("SELECT campaigns_ensure_partitions(%s, %s)", [yesterday, today])
    day = {"first": today, "last": today, "today": today, "seed": seed, "is_whole": False}
    return count + superuser.execute(f"INSERT INTO campaigns_planday {_DAY}".encode(), day).rowcount


def _load_month(
    superuser: psycopg.Connection, month: date, following: date, first: date, last: date, seed: int, today: date
) -> int:
    """One month of days: made without an index, indexed sorted, then attached as the partition that it is."""
    name = f"campaigns_planday_{month:%Y%m}"
    superuser.execute(f"CREATE TABLE {name} (LIKE campaigns_planday INCLUDING DEFAULTS)".encode())
    span = {
        "first": first,
        "last": min(last, following - timedelta(days=1)),
        "today": today,
        "seed": seed,
        "is_whole": True,
    }
    with superuser.transaction():
        count = superuser.execute(f"INSERT INTO {name} {_DAY}".encode(), span).rowcount
        superuser.execute(
            f"ALTER TABLE {name} ADD PRIMARY KEY (organization_id, account_id, plan_id, stat_date)".encode()
        )
        superuser.execute(
            f"ALTER TABLE campaigns_planday ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{month}') TO ('{following}')".encode()
        )
        superuser.execute(f"ALTER TABLE {name} OWNER TO xmagnet_owner".encode())
        superuser.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY".encode())
    return count


def _make_hours(superuser: psycopg.Connection, today: date) -> int:
    """Yesterday's and today's hours add up to their days; earlier days have hours per account only."""
    from campaigns.domain.metrics import MEASURES
    from xmagnet.core.clock import media_now

    columns = ", ".join(MEASURES)
    count = 0
    spread = ", ".join(
        f"d.{one} / h.many + CASE WHEN h.number < d.{one} %% h.many THEN 1 ELSE 0 END" for one in MEASURES
    )
    for day, hour_count in ((today - timedelta(days=1), 24), (today, media_now().hour + 1)):
        # What a plan of the past earns comes within two hours, what a live one earns over the whole day.
        count += superuser.execute(
            f"""INSERT INTO campaigns_planhour (organization_id, account_id, plan_id, stat_date, stat_hour, {columns})
            SELECT d.organization_id, d.account_id, d.plan_id, d.stat_date, h.hour, {spread}
            FROM campaigns_planday d JOIN trait t USING (organization_id, account_id, plan_id)
            CROSS JOIN LATERAL (SELECT number, CASE WHEN t.is_live THEN number ELSE 9 + number END AS hour,
                many FROM (SELECT CASE WHEN t.is_live THEN %(hours)s ELSE 2 END AS many) m,
                generate_series(0, many - 1) AS number) h
            WHERE d.stat_date = %(day)s ORDER BY 1, 2, 3, 4, 5""".encode(),
            {"day": day, "hours": hour_count},
        ).rowcount
    sums = ", ".join(f"sum({one})::bigint AS {one}" for one in MEASURES)
    shares = ", ".join(f"{one} / 24" for one in MEASURES)
    superuser.execute(
        f"CREATE TEMP TABLE account_day AS SELECT organization_id, account_id, stat_date, {sums}"
        " FROM campaigns_planday GROUP BY 1, 2, 3".encode()
    )
    superuser.execute(
        f"""INSERT INTO campaigns_accounthour (organization_id, account_id, stat_date, stat_hour, {columns})
        SELECT organization_id, account_id, stat_date, stat_hour, {sums} FROM campaigns_planhour GROUP BY 1, 2, 3, 4
        UNION ALL SELECT organization_id, account_id, stat_date, hour, {shares}
        FROM account_day CROSS JOIN generate_series(0, 23) hour WHERE stat_date < %s""".encode(),
        [today - timedelta(days=1)],
    )
    superuser.execute(
        """INSERT INTO campaigns_maturityreading (organization_id, account_id, stat_date, age, billed_conversions)
        SELECT organization_id, account_id, stat_date, age, (billed_conversions * least(1, 0.75 + 0.05 * age))::bigint
        FROM account_day CROSS JOIN generate_series(0, 7) age WHERE stat_date < %s AND stat_date + age <= %s""",
        [today, today],
    )
    return count


def _sum_windows(accounts: list[Any]) -> None:
    """As ingest does it, account by account."""
    from django.db import connection, transaction
    from django.utils import timezone

    from campaigns.models import WindowState
    from campaigns.services import windows
    from xmagnet.core.clock import media_today

    now, today = timezone.now(), media_today()
    for account in accounts:
        key = {"organization_id": account.organization_id, "account_id": account.pk}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '64MB'")
            windows.roll_account(cursor, **key, today=today)
            windows.refresh_same_hours(cursor, **key, now=now)
            WindowState(organization_id=account.organization_id, account_id=account.pk, rolled_on=today,
                        same_hours_at=now).save()  # fmt: skip
