"""Numbers in: pages of ``MetricRow`` → binary COPY → hour rows → sums by day, account hour and window.

A read covers whole days of one account, so what it brings *is* those days: hours that vanished are removed, restated
ones replaced, equal ones not touched. Days read for the first time have nothing to compare with and are inserted as
they are. Everything, with the cursor, is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from campaigns.domain.maturity import FINAL_AGE, READING_HOUR
from campaigns.domain.metrics import MEASURES
from campaigns.models import Plan, WindowState
from campaigns.selectors.maturity import arrived_shares
from campaigns.services import windows
from media_connectors.contracts import MetricRow
from xmagnet.core.clock import MEDIA_TIMEZONE
from xmagnet.core.scope import require_organization_id

if TYPE_CHECKING:
    from campaigns.services.hour_rows import HourRows

#: yesterday's same hours are summed again after so long
SAME_HOURS_EVERY = timedelta(minutes=10)

_COLUMNS = ", ".join(MEASURES)
_DAY_COLUMNS = ", ".join(f"{column} bigint NOT NULL" for column in MEASURES)
#: the sums and joins of one account's days stay in memory
_WORK_MEMORY = "32MB"
_SUMS = ", ".join(f"sum({column})::bigint" for column in MEASURES)
#: the account's days that were read
_DAYS = "organization_id = %(organization)s AND account_id = %(account)s AND stat_date BETWEEN %(first)s AND %(last)s"
_SET = ", ".join(f"{column} = EXCLUDED.{column}" for column in MEASURES)


def _is_changed(table: str) -> str:
    old = ", ".join(f"{table}.{column}" for column in MEASURES)
    new = ", ".join(f"EXCLUDED.{column}" for column in MEASURES)
    return f"({old}) IS DISTINCT FROM ({new})"


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What a read brought: hour rows kept, hour rows of plans that we do not know, plans whose days changed."""

    row_count: int
    unknown_remote_ids: frozenset[str]
    changed_plan_count: int


def ingest_hours(
    *,
    account_id: int,
    pages: Iterable[Sequence[MetricRow]],
    first_on: date,
    last_on: date,
    now: datetime,
    save_cursor: Callable[[], None] | None = None,
) -> IngestResult:
    """``collect_hours`` and ``store_hours`` in one, for pages that are there already."""
    rows = collect_hours(account_id=account_id, pages=pages, first_on=first_on, last_on=last_on)
    return store_hours(
        rows, account_id=account_id, first_on=first_on, last_on=last_on, now=now, save_cursor=save_cursor
    )


def collect_hours(*, account_id: int, pages: Iterable[Sequence[MetricRow]], first_on: date, last_on: date) -> HourRows:
    """Take the pages as they come from the media and keep them ready for COPY; in no transaction of its own."""
    from campaigns.services.hour_rows import HourRows  # late: it loads numpy, which only syncing workers need

    with transaction.atomic():
        known = dict(Plan.objects.filter(account_id=account_id).values_list("remote_id", "id"))
    return HourRows(known, first_on, last_on).collect(pages)


def store_hours(
    rows: HourRows,
    *,
    account_id: int,
    first_on: date,
    last_on: date,
    now: datetime,
    save_cursor: Callable[[], None] | None = None,
) -> IngestResult:
    """Make the account's days ``first_on``…``last_on`` equal to what was read, in the organization in scope.

    ``rows`` are used up. The caller holds the account's sync lock.
    """
    organization_id = require_organization_id()
    ensure_partitions(first_on, last_on)
    with transaction.atomic(), connection.cursor() as cursor:
        # What a crash of the server could lose is read again from the media: the cursor is lost with it.
        cursor.execute(f"SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '{_WORK_MEMORY}'")
        row_count = _copy(cursor, rows)
        key = {"organization": organization_id, "account": account_id, "first": first_on, "last": last_on}
        with windows.whole_sets(cursor):
            if _has_hours(cursor, key):
                _replace_hours(cursor, key, row_count)
            else:
                _insert_hours(cursor, key)
            _sum_days(cursor)
            _upsert_account_hours(cursor, key)
            windows.add_to_lifetime(cursor, key)
            changed = _upsert_days(cursor, key)
            _read_maturity(cursor, key, now)
            _refresh_windows(cursor, key, changed, now)
        if save_cursor is not None:
            save_cursor()
    return IngestResult(row_count, frozenset(rows.unknown), len({plan_id for plan_id, _ in changed}))


def ensure_partitions(first_on: date, last_on: date) -> None:
    """Make the days' partitions. In a transaction of its own: making one locks the table."""
    if _lacks_partitions(first_on, last_on):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT campaigns_ensure_partitions(%s, %s)", [first_on, last_on])


def _lacks_partitions(first_on: date, last_on: date) -> bool:
    """Asked of the catalogue each time, which is cheap; a memory would be wrong after a rollback."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM generate_series(%s::timestamp, %s::timestamp, '1 day') AS day WHERE "
            "to_regclass('campaigns_planhour_' || to_char(day, 'YYYYMMDD')) IS NULL "
            "OR to_regclass('campaigns_planday_' || to_char(day, 'YYYYMM')) IS NULL)",
            [first_on, last_on],
        )
        return bool(cursor.fetchone()[0])


def _copy(cursor: Any, rows: HourRows) -> int:
    """Into the session's staging table; how many rows are there."""
    from campaigns.services.hour_rows import COLUMNS

    staged = ", ".join(f"{name} {column} NOT NULL" for name, column in COLUMNS.items())
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS campaigns_staging ({staged}) ON COMMIT DELETE ROWS")
    cursor.execute(
        "CREATE TEMP TABLE IF NOT EXISTS campaigns_staging_day (plan_id bigint NOT NULL, stat_date date NOT NULL,"
        f" {_DAY_COLUMNS}) ON COMMIT DELETE ROWS"
    )
    cursor.execute("TRUNCATE campaigns_staging, campaigns_staging_day")
    with rows, cursor.copy(f"COPY campaigns_staging ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)") as copy:
        for chunk in rows.chunks():
            copy.write(chunk)
    if not rows.has_repeated:
        return rows.row_count
    # The media repeated a row between pages: the later one is the newer one.
    cursor.execute(
        "DELETE FROM campaigns_staging a USING campaigns_staging b WHERE a.plan_id = b.plan_id"
        " AND a.stat_date = b.stat_date AND a.stat_hour = b.stat_hour AND a.ctid < b.ctid"
    )
    return rows.row_count - int(cursor.rowcount)


def _has_hours(cursor: Any, key: dict[str, Any]) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT 1 FROM campaigns_planhour WHERE organization_id = %(organization)s"
        " AND account_id = %(account)s AND stat_date BETWEEN %(first)s AND %(last)s)",
        key,
    )
    return bool(cursor.fetchone()[0])


def _insert_hours(cursor: Any, key: dict[str, Any]) -> None:
    """Days that we know nothing of yet."""
    cursor.execute(
        f"INSERT INTO campaigns_planhour (organization_id, account_id, plan_id, stat_date, stat_hour, {_COLUMNS})"
        f" SELECT %(organization)s, %(account)s, plan_id, stat_date, stat_hour, {_COLUMNS} FROM campaigns_staging",
        key,
    )


def _replace_hours(cursor: Any, key: dict[str, Any], staged_count: int) -> None:
    """Make the stored hours equal to the staged ones, writing only what differs.

    Equal rows are joined away before the upsert, because ON CONFLICT locks (so: writes) every row that it meets. Then
    all staged hours are stored, and vanished ones are looked for only when the stored are more than the staged.
    """
    staged = ", ".join(f"s.{column}" for column in MEASURES)
    stored = ", ".join(f"h.{column}" for column in MEASURES)
    cursor.execute(
        f"INSERT INTO campaigns_planhour (organization_id, account_id, plan_id, stat_date, stat_hour, {_COLUMNS})"
        f" SELECT %(organization)s, %(account)s, s.plan_id, s.stat_date, s.stat_hour, {staged}"
        f" FROM campaigns_staging s LEFT JOIN (SELECT plan_id, stat_date, stat_hour, {_COLUMNS}"
        f" FROM campaigns_planhour WHERE {_DAYS}) h USING (plan_id, stat_date, stat_hour)"
        f" WHERE ({staged}) IS DISTINCT FROM ({stored})"
        f" ON CONFLICT (organization_id, account_id, plan_id, stat_date, stat_hour) DO UPDATE SET {_SET}",
        key,
    )
    cursor.execute(f"SELECT count(*) FROM campaigns_planhour WHERE {_DAYS}", key)
    if int(cursor.fetchone()[0]) > staged_count:
        cursor.execute(
            f"DELETE FROM campaigns_planhour h WHERE {_DAYS} AND NOT EXISTS (SELECT 1 FROM campaigns_staging s"
            " WHERE s.plan_id = h.plan_id AND s.stat_date = h.stat_date AND s.stat_hour = h.stat_hour)",
            key,
        )


def _sum_days(cursor: Any) -> None:
    cursor.execute(
        f"INSERT INTO campaigns_staging_day (plan_id, stat_date, {_COLUMNS})"
        f" SELECT plan_id, stat_date, {_SUMS} FROM campaigns_staging GROUP BY plan_id, stat_date"
    )


def _upsert_account_hours(cursor: Any, key: dict[str, Any]) -> None:
    sums = ", ".join(f"sum({column})::bigint AS {column}" for column in MEASURES)
    cursor.execute(
        f"WITH fresh AS MATERIALIZED (SELECT stat_date, stat_hour, {sums} FROM campaigns_staging"
        f" GROUP BY stat_date, stat_hour), gone AS (DELETE FROM campaigns_accounthour h WHERE {_DAYS}"
        " AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.stat_date = h.stat_date AND fresh.stat_hour = h.stat_hour))"
        f" INSERT INTO campaigns_accounthour (organization_id, account_id, stat_date, stat_hour, {_COLUMNS})"
        f" SELECT %(organization)s, %(account)s, stat_date, stat_hour, {_COLUMNS} FROM fresh"
        " ON CONFLICT (organization_id, stat_date, account_id, stat_hour)"
        f" DO UPDATE SET {_SET} WHERE {_is_changed('campaigns_accounthour')}",
        key,
    )


def _upsert_days(cursor: Any, key: dict[str, Any]) -> list[tuple[int, date]]:
    """The plan days that changed; days that vanished count as changed."""
    cursor.execute(
        "DELETE FROM campaigns_planday d WHERE d.organization_id = %(organization)s AND d.account_id = %(account)s"
        " AND d.stat_date BETWEEN %(first)s AND %(last)s AND NOT EXISTS (SELECT 1 FROM campaigns_staging_day s"
        " WHERE s.plan_id = d.plan_id AND s.stat_date = d.stat_date) RETURNING d.plan_id, d.stat_date",
        key,
    )
    changed: list[tuple[int, date]] = cursor.fetchall()
    cursor.execute(
        f"INSERT INTO campaigns_planday (organization_id, account_id, plan_id, stat_date, {_COLUMNS})"
        f" SELECT %(organization)s, %(account)s, plan_id, stat_date, {_COLUMNS} FROM campaigns_staging_day"
        " ON CONFLICT (organization_id, account_id, plan_id, stat_date)"
        f" DO UPDATE SET {_SET} WHERE {_is_changed('campaigns_planday')} RETURNING plan_id, stat_date",
        key,
    )
    return changed + cursor.fetchall()


def _read_maturity(cursor: Any, key: dict[str, Any], now: datetime) -> None:
    """Note how many billed conversions each day had at today's age, when today is complete; the last reading counts.

    A reading in the morning would say that hardly anything arrives on the first day.
    """
    if now.astimezone(MEDIA_TIMEZONE).hour < READING_HOUR:
        return
    today = now.astimezone(MEDIA_TIMEZONE).date()
    cursor.execute(
        "INSERT INTO campaigns_maturityreading (organization_id, account_id, stat_date, age, billed_conversions)"
        " SELECT %(organization)s, %(account)s, stat_date, %(today)s::date - stat_date, sum(billed_conversions)::bigint"
        f" FROM campaigns_staging_day WHERE %(today)s::date - stat_date BETWEEN 0 AND {FINAL_AGE} GROUP BY stat_date"
        " ON CONFLICT (organization_id, account_id, stat_date, age)"
        " DO UPDATE SET billed_conversions = EXCLUDED.billed_conversions"
        " WHERE campaigns_maturityreading.billed_conversions <> EXCLUDED.billed_conversions",
        {**key, "today": today},
    )


def _refresh_windows(cursor: Any, key: dict[str, Any], changed: list[tuple[int, date]], now: datetime) -> None:
    account_id, today = key["account"], now.astimezone(MEDIA_TIMEZONE).date()
    state = WindowState.objects.filter(account_id=account_id).first()
    if state is None or state.rolled_on != today:
        windows.roll_account(cursor, organization_id=key["organization"], account_id=account_id, today=today)
    else:
        windows.refresh(
            cursor,
            organization_id=key["organization"],
            account_id=account_id,
            today=today,
            changed=changed,
            shares=arrived_shares(),
        )
    yesterday = today - timedelta(days=1)
    same_hours_at = state.same_hours_at if state is not None and state.rolled_on == today else None
    if same_hours_at is None or now - same_hours_at >= SAME_HOURS_EVERY or any(day == yesterday for _, day in changed):
        windows.refresh_same_hours(cursor, organization_id=key["organization"], account_id=account_id, now=now)
        same_hours_at = now
    WindowState.objects.update_or_create(
        account_id=account_id,
        defaults={"rolled_on": today, "same_hours_at": same_hours_at, "ingested_at": now},
        create_defaults={
            "organization_id": key["organization"],
            "rolled_on": today,
            "same_hours_at": same_hours_at,
            "ingested_at": now,
        },
    )
