"""How fast numbers come in, next to a bare COPY of the same rows into a bare table of the same columns.

The product's way: COPY into staging, map ids, upsert into the partitioned hour table behind row-level security, sum
days, account hours and windows, save. The bare way: the same lines, made the same way, into one plain logged table
without index, policy or partition. Rounds alternate; the medians are compared.
"""

from __future__ import annotations

import random
import statistics
import time
from datetime import timedelta
from typing import Any

from tests.benchmarks._database import own_database
from tests.benchmarks.harness import tell

ROWS = 336_000  # 2,000 plans × 24 hours × 7 days
ROUNDS = 5


def run(*, seed: int, scale: float) -> dict[str, float]:
    """Rows, rows a second both ways, and their ratio."""
    plan_count = max(10, int(ROWS * scale) // (24 * 7))
    with own_database("ingest"):
        return _compare(plan_count, random.Random(seed))


def _compare(plan_count: int, draw: random.Random) -> dict[str, float]:
    from django.db import transaction
    from django.utils import timezone

    from campaigns.services.ingest import ensure_partitions, ingest_hours
    from tests.factories import OrganizationFactory, make_account, make_plan
    from xmagnet.core.clock import media_today
    from xmagnet.core.scope import organization_scope

    tell(f"making {plan_count} plans on {ROUNDS} accounts")
    with transaction.atomic():
        organization = OrganizationFactory()
    today = media_today()
    first_on = today - timedelta(days=6)
    ours, bare = [], []
    row_count = 0
    for number in range(ROUNDS):  # each round is a first read of another account: nothing to update, all to insert
        with transaction.atomic():
            account = make_account(organization)
            plans = [make_plan(account) for _ in range(plan_count)]
        remote_ids = [plan.remote_id for plan in plans]
        pages = _pages(remote_ids, first_on, draw)
        row_count = sum(len(page) for page in pages)
        ids = {plan.remote_id: plan.pk for plan in plans}
        bare.append(row_count / _bare_copy(pages, ids))
        with organization_scope(organization.pk):
            ensure_partitions(first_on, today)
            started = time.perf_counter()
            result = ingest_hours(
                account_id=account.pk, pages=pages, first_on=first_on, last_on=today, now=timezone.now()
            )
            ours.append(row_count / (time.perf_counter() - started))
        if result.row_count != row_count:
            raise RuntimeError(f"{result.row_count} of {row_count} rows came in")
        tell(f"round {number + 1}: {ours[-1]:,.0f} rows/s, bare COPY {bare[-1]:,.0f} rows/s")
    rows_per_second, copy_rows_per_second = statistics.median(ours), statistics.median(bare)
    return {
        "rows": row_count,
        "rows_per_second": rows_per_second,
        "copy_rows_per_second": copy_rows_per_second,
        "ratio_to_copy": rows_per_second / copy_rows_per_second,
    }


def _pages(remote_ids: list[str], first_on: Any, draw: random.Random) -> list[list[Any]]:
    from media_connectors.contracts import MetricRow

    pages, page = [], []
    for day in range(7):
        stat_date = first_on + timedelta(days=day)
        for hour in range(24):
            for remote_id in remote_ids:
                shown = draw.randrange(200, 4_000)
                clicks, conversions = shown // 50, shown // 1_500
                page.append(
                    MetricRow(
                        remote_id, stat_date, hour, shown, clicks, clicks * 85, conversions, conversions,
                        conversions // 4, conversions * 4_000, shown, shown // 3, shown // 9, shown * 4_100,
                        shown // 90, shown // 400, shown // 700, shown // 900,
                    )
                )  # fmt: skip
            pages.append(page)
            page = []
    return pages


def _bare_copy(pages: list[list[Any]], ids: dict[str, int]) -> float:
    """Seconds of COPY alone: organization, account, plan, day, hour and the measures, as text lines."""
    from django.db import connection, transaction

    from campaigns.domain.metrics import MEASURES
    from tests import databases
    from xmagnet.local.postgres import OWNER_ROLE

    line = "\t".join(["%s"] * (5 + len(MEASURES))) + "\n"
    with (
        databases.running_server(None) as server,
        server.connect(connection.settings_dict["NAME"], OWNER_ROLE) as owner,
    ):
        owner.execute("CREATE TABLE IF NOT EXISTS bare (LIKE campaigns_planhour)")  # columns and NOT NULL, no index
        owner.execute("TRUNCATE bare")
        owner.execute("GRANT INSERT ON bare TO PUBLIC")
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
        lines: list[str] = []
        for page in pages:
            lines += [line % (1, 1, ids[row[0]], row[1], *row[2:]) for row in page]
            if len(lines) >= 5_000:
                copy.write("".join(lines))
                lines.clear()
        copy.write("".join(lines))
    return time.perf_counter() - started
