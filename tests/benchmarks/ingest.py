"""How fast numbers come in, next to a bare COPY of the same rows into one plain table.

The product's way: pages of ``MetricRow`` → map ids, encode, sort → COPY into staging → hour table (partitioned by day,
behind row-level security) → sums by day, account hour and window, maturity → commit. Once for a first read of a week,
all of it new, and once for a re-read of the same week in which the media restated a part.

The bare way, ``copy_rows_per_second``: the same pages, encoded and sorted by the same code, by one COPY into one empty
logged table with the same columns and the same primary key; no partition, no policy, no sums. Beside it, what a reader
may rather want to compare with: the same without the primary key (``unindexed``: a table that would take a row twice)
and rows written one by one as text lines into that (``text``: what was measured until ADR 0009).

Each round measures all of them one after the other, with an account of its own. A ratio is the median of the rounds'
ratios, a rate the median of the rounds' rates: what else the machine does then weighs on both sides of a ratio.
``cpu_…`` compares processor time of client and server process instead of time on the clock.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from os import sysconf
from pathlib import Path
from typing import Any

from tests.benchmarks._database import own_database
from tests.benchmarks.harness import tell

ROWS = 336_000  # 2,000 plans × 24 hours × 7 days
ROUNDS = 5
#: of the hours of the second read: have other numbers than in the first, are no longer there
RESTATED, VANISHED = 0.05, 0.001
_INDEXED, _UNINDEXED = "bare_indexed", "bare_unindexed"


@dataclass
class Rates:
    """Rows a second, by the clock and by processor time, one number a round."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @contextmanager
    def measure(self, row_count: int) -> Iterator[None]:
        """Note how fast the block moved the rows."""
        used, started = _processor_seconds(), time.perf_counter()
        yield
        self.clock.append(row_count / (time.perf_counter() - started))
        self.processor.append(row_count / max(_processor_seconds() - used, 1e-9))

    @property
    def rows_per_second(self) -> float:
        """The median round by the clock."""
        return statistics.median(self.clock)

    def ratio_to(self, other: Rates) -> float:
        """By the clock."""
        return statistics.median(mine / its for mine, its in zip(self.clock, other.clock, strict=True))

    def processor_ratio_to(self, other: Rates) -> float:
        """By processor time."""
        return statistics.median(mine / its for mine, its in zip(self.processor, other.processor, strict=True))


def run(*, seed: int, scale: float) -> dict[str, float]:
    """Rows, rows a second both ways, their ratio; the re-read and the other baselines beside it."""
    plan_count = max(10, int(ROWS * scale) // (24 * 7))
    with own_database("ingest"):
        _make_bare_tables()
        return _compare(plan_count, random.Random(seed))


def _compare(plan_count: int, draw: random.Random) -> dict[str, float]:
    from django.db import transaction

    from tests.factories import OrganizationFactory, make_account, make_plans
    from xmagnet.core.clock import media_today

    with transaction.atomic():
        organization = OrganizationFactory()
    first_on = media_today() - timedelta(days=6)
    first, again, bare, unindexed, text = Rates(), Rates(), Rates(), Rates(), Rates()
    row_count = 0
    for number in range(ROUNDS):
        with transaction.atomic():
            account = make_account(organization)
            ids = {plan.remote_id: plan.pk for plan in make_plans(account, plan_count)}
        pages = _pages(list(ids), first_on, draw)
        row_count = sum(len(page) for page in pages)
        for rates, table, copy in (
            (bare, _INDEXED, _copy_bare),
            (unindexed, _UNINDEXED, _copy_bare),
            (text, _UNINDEXED, _copy_text),
        ):
            _empty(table)
            with rates.measure(row_count), transaction.atomic():
                copy(table, pages, ids, first_on)
        _measure_ingest(first, account, pages, first_on)
        _measure_ingest(again, account, _restated(pages, draw), first_on)
        tell(
            f"round {number + 1}, rows/s: first read {first.clock[-1]:,.0f}, re-read {again.clock[-1]:,.0f},"
            f" COPY {bare.clock[-1]:,.0f}, unindexed {unindexed.clock[-1]:,.0f}, as text {text.clock[-1]:,.0f};"
            f" of processor time {first.processor[-1]:,.0f}, {again.processor[-1]:,.0f}, {bare.processor[-1]:,.0f},"
            f" {unindexed.processor[-1]:,.0f}, {text.processor[-1]:,.0f}"
        )
    return {
        "rows": row_count,
        "rows_per_second": first.rows_per_second,
        "copy_rows_per_second": bare.rows_per_second,
        "ratio_to_copy": first.ratio_to(bare),
        "cpu_ratio_to_copy": first.processor_ratio_to(bare),
        "reread_rows_per_second": again.rows_per_second,
        "reread_ratio_to_copy": again.ratio_to(bare),
        "reread_cpu_ratio_to_copy": again.processor_ratio_to(bare),
        "unindexed_copy_rows_per_second": unindexed.rows_per_second,
        "ratio_to_unindexed_copy": first.ratio_to(unindexed),
        "text_copy_rows_per_second": text.rows_per_second,
        "ratio_to_text_copy": first.ratio_to(text),
    }


def _measure_ingest(rates: Rates, account: Any, pages: list[list[Any]], first_on: date) -> None:
    from django.utils import timezone

    from campaigns.services.ingest import ensure_partitions, ingest_hours
    from xmagnet.core.scope import organization_scope

    row_count, last_on = sum(len(page) for page in pages), first_on + timedelta(days=6)
    with organization_scope(account.organization_id):
        ensure_partitions(first_on, last_on)
        with rates.measure(row_count):
            result = ingest_hours(
                account_id=account.pk, pages=pages, first_on=first_on, last_on=last_on, now=timezone.now()
            )
    if result.row_count != row_count:
        raise RuntimeError(f"{result.row_count} of {row_count} rows came in")


def _empty(table: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table}")


def _copy_bare(table: str, pages: list[list[Any]], ids: dict[str, int], first_on: date) -> None:
    from django.db import connection

    from campaigns.services.hour_rows import COLUMNS, HourRows

    statement = f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)"
    rows = HourRows(ids, first_on, first_on + timedelta(days=6)).collect(pages)
    with rows, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in rows.chunks():
            copy.write(chunk)


def _copy_text(table: str, pages: list[list[Any]], ids: dict[str, int], _: date) -> None:
    from django.db import connection

    from campaigns.services.hour_rows import COLUMNS

    line = "\t".join(["%s"] * len(COLUMNS)) + "\n"
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for page in pages:
            copy.write("".join([line % (ids[row[0]], *row[1:]) for row in page]))


def _make_bare_tables() -> None:
    """The hour table's columns as plain tables; organization and account, which COPY leaves out, by default."""
    from django.db import connection

    from tests import databases
    from xmagnet.local.postgres import OWNER_ROLE

    with (
        databases.running_server(None) as server,
        server.connect(connection.settings_dict["NAME"], OWNER_ROLE) as owner,
    ):
        for table, like in ((_INDEXED, "INCLUDING INDEXES"), (_UNINDEXED, "")):
            owner.execute(f"CREATE TABLE {table} (LIKE campaigns_planhour {like})")
            owner.execute(f"ALTER TABLE {table} ALTER organization_id SET DEFAULT 1, ALTER account_id SET DEFAULT 1")
            owner.execute(f"GRANT INSERT, TRUNCATE ON {table} TO PUBLIC")


def _pages(remote_ids: list[str], first_on: date, draw: random.Random) -> list[list[Any]]:
    """A page an hour, as a media cuts a report that is too long for one."""
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


def _restated(pages: list[list[Any]], draw: random.Random) -> list[list[Any]]:
    """The same week read again: some hours grew by a billed conversion, a few are gone."""
    return [
        [
            row._replace(billed_conversions=row.billed_conversions + 1) if draw.random() < RESTATED else row
            for row in page
            if draw.random() >= VANISHED
        ]
        for page in pages
    ]


def _processor_seconds() -> float:
    """Of this process and of the server process that serves it."""
    from django.db import connection

    connection.ensure_connection()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(server[11]) + int(server[12])  # user and system time
    return time.process_time() + ticks / sysconf("SC_CLK_TCK")
