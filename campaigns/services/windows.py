"""Keeping ``PlanWindow`` true: refreshed for the plans whose days changed, rolled for an account when its day turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from campaigns.domain.maturity import FINAL_AGE
from campaigns.domain.metrics import BEFORE, COLUMNS, MATURED, MEASURES
from campaigns.domain.periods import SPANS, WITH_BEFORE, Window, previous_days, window_days
from campaigns.models import WindowState
from campaigns.selectors.maturity import arrived_shares
from xmagnet.core.clock import MEDIA_TIMEZONE
from xmagnet.core.scope import require_organization_id

_BOTH = (*COLUMNS, *(BEFORE + column for column in COLUMNS))


def _insert(columns: Sequence[str]) -> str:
    return (
        "INSERT INTO campaigns_planwindow"
        f' (organization_id, account_id, plan_id, "window", as_of, {", ".join(columns)})'
    )


def _upsert(columns: Sequence[str]) -> str:
    """Rows that stay as they are are not written again."""
    written = ("as_of", *columns)
    old, new = (", ".join(f"{table}.{column}" for column in written) for table in ("campaigns_planwindow", "EXCLUDED"))
    return (
        ' ON CONFLICT (organization_id, "window", plan_id) DO UPDATE SET '
        + ", ".join(f"{column} = EXCLUDED.{column}" for column in written)
        + f" WHERE ({old}) IS DISTINCT FROM ({new})"
    )


#: windows that are sums of whole days; the others have their own ways
_DAY_WINDOWS = tuple(window for window in SPANS if window not in {Window.LIFETIME, Window.YESTERDAY_SAME_HOURS})


@contextmanager
def whole_sets(cursor: Any) -> Iterator[None]:
    """Compare sets of rows by hashing while the block runs, in its transaction.

    The planner knows nothing about rows staged or summed a moment ago. Where it expects a few and thousands come, it
    would compare each with each: minutes for an account of 5,000 plans.
    """
    cursor.execute("SET LOCAL enable_nestloop = off")
    yield
    cursor.execute("SET LOCAL enable_nestloop = on")


def refresh(
    cursor: Any,
    *,
    organization_id: int,
    account_id: int,
    today: date,
    changed: Sequence[tuple[int, date]],
    shares: tuple[float, ...],
) -> None:
    """Sum the windows again that hold the changed (plan, day)s; most minutes that is only TODAY."""
    only_today = {plan_id for plan_id, day in changed if day >= today}
    earlier = {plan_id for plan_id, day in changed if day < today}
    key = {"organization": organization_id, "account": account_id, "today": today, "shares": list(shares)}
    if only_today:
        _sum_windows(cursor, key, (Window.TODAY,), sorted(only_today))
    if earlier:
        _sum_windows(cursor, key, tuple(w for w in _DAY_WINDOWS if w != Window.TODAY), sorted(earlier))


def roll_account(cursor: Any, *, organization_id: int, account_id: int, today: date) -> None:
    """Sum every window of the account for a new day; what was summed for another day and is empty now goes."""
    key = {
        "organization": organization_id,
        "account": account_id,
        "today": today,
        "shares": list(arrived_shares()),
    }
    _sum_windows(cursor, key, _DAY_WINDOWS, None)
    cursor.execute(
        "UPDATE campaigns_planwindow SET as_of = %(today)s WHERE organization_id = %(organization)s"
        f' AND account_id = %(account)s AND "window" = {int(Window.LIFETIME)} AND as_of <> %(today)s',
        key,
    )
    cursor.execute(
        "DELETE FROM campaigns_planwindow WHERE organization_id = %(organization)s AND account_id = %(account)s"
        " AND as_of <> %(today)s",
        key,
    )


def roll_stale_accounts(now: datetime) -> int:
    """In the organization in scope: roll every account whose windows are of another day; how many there were."""
    organization_id, today = require_organization_id(), now.astimezone(MEDIA_TIMEZONE).date()
    with transaction.atomic():
        stale = list(WindowState.objects.exclude(rolled_on=today).values_list("account_id", flat=True))
    for account_id in stale:
        with transaction.atomic(), connection.cursor() as cursor:
            state = WindowState.objects.select_for_update().get(account_id=account_id)
            if state.rolled_on == today:
                continue
            with whole_sets(cursor):
                roll_account(cursor, organization_id=organization_id, account_id=account_id, today=today)
                refresh_same_hours(cursor, organization_id=organization_id, account_id=account_id, now=now)
            WindowState.objects.filter(account_id=account_id).update(rolled_on=today, same_hours_at=now)
    return len(stale)


def refresh_same_hours(cursor: Any, *, organization_id: int, account_id: int, now: datetime) -> None:
    """Yesterday until this time of day: its whole hours, and of the current hour the part that has passed."""
    local = now.astimezone(MEDIA_TIMEZONE)
    key = {
        "organization": organization_id,
        "account": account_id,
        "today": local.date(),
        "yesterday": local.date() - timedelta(days=1),
        "hour": local.hour,
        "part": (local.minute * 60 + local.second) / 3600,
    }
    share = "CASE WHEN stat_hour < %(hour)s THEN 1.0 ELSE %(part)s END"
    cursor.execute(
        "DELETE FROM campaigns_planwindow w WHERE w.organization_id = %(organization)s"
        f' AND w.account_id = %(account)s AND w."window" = {int(Window.YESTERDAY_SAME_HOURS)}'
        " AND NOT EXISTS (SELECT 1 FROM campaigns_planhour h WHERE h.organization_id = %(organization)s"
        " AND h.account_id = %(account)s AND h.plan_id = w.plan_id AND h.stat_date = %(yesterday)s"
        " AND h.stat_hour <= %(hour)s)",
        key,
    )
    sums = ", ".join(f"round(sum({column} * {share}))::bigint" for column in MEASURES)
    cursor.execute(
        f"{_insert(COLUMNS)} SELECT organization_id, account_id, plan_id, {int(Window.YESTERDAY_SAME_HOURS)},"
        f" %(today)s, {sums}, sum(billed_conversions * {share}) FROM campaigns_planhour"
        " WHERE organization_id = %(organization)s AND account_id = %(account)s AND stat_date = %(yesterday)s"
        f" AND stat_hour <= %(hour)s GROUP BY organization_id, account_id, plan_id{_upsert(COLUMNS)}",
        key,
    )


def add_to_lifetime(cursor: Any, key: dict[str, Any]) -> None:
    """Add what the staged days have more (or less) than the stored ones; before the days themselves are written.

    Lifetime counts billed conversions as matured: all but the last week's are.
    """
    fresh = ", ".join(f"sum({column})::bigint AS {column}" for column in MEASURES)
    delta = ", ".join(f"coalesce(f.{column}, 0) - coalesce(o.{column}, 0)" for column in MEASURES)
    added = ", ".join(f"{column} = campaigns_planwindow.{column} + EXCLUDED.{column}" for column in COLUMNS)
    is_changed = " OR ".join(f"coalesce(f.{column}, 0) <> coalesce(o.{column}, 0)" for column in MEASURES)
    cursor.execute(
        f"WITH f AS (SELECT plan_id, {fresh} FROM campaigns_staging_day GROUP BY plan_id),"
        f" o AS (SELECT plan_id, {fresh} FROM campaigns_planday WHERE organization_id = %(organization)s"
        " AND account_id = %(account)s AND stat_date BETWEEN %(first)s AND %(last)s GROUP BY plan_id)"
        f" {_insert(COLUMNS)} SELECT %(organization)s, %(account)s, coalesce(f.plan_id, o.plan_id),"
        f" {int(Window.LIFETIME)}, %(last)s, {delta},"
        " coalesce(f.billed_conversions, 0) - coalesce(o.billed_conversions, 0)"
        f" FROM f FULL JOIN o ON o.plan_id = f.plan_id WHERE {is_changed}"
        f' ON CONFLICT (organization_id, "window", plan_id) DO UPDATE SET {added}',
        key,
    )
    cursor.execute(
        "UPDATE campaigns_planwindow w SET as_of = s.rolled_on FROM campaigns_windowstate s"
        " WHERE s.organization_id = %(organization)s AND s.account_id = %(account)s"
        " AND w.organization_id = s.organization_id AND w.account_id = s.account_id"
        f' AND w."window" = {int(Window.LIFETIME)} AND w.as_of <> s.rolled_on',
        key,
    )


def _sum_windows(cursor: Any, key: dict[str, Any], chosen: Sequence[Window], plan_ids: list[int] | None) -> None:
    """Sum the day table over each window and the range before it; a plan without days in both loses its row there."""
    spans = {window: window_days(window, key["today"]) for window in chosen}
    since = [previous_days(*span)[0] if window in WITH_BEFORE else span[0] for window, span in spans.items()]
    params = {
        **key,
        "plans": plan_ids,
        "windows": [int(window) for window in chosen],
        "since": since,
        "firsts": [first for first, _ in spans.values()],
        "lasts": [last for _, last in spans.values()],
        "first": min(since),
        "last": max(last for _, last in spans.values()),
    }
    columns = COLUMNS if WITH_BEFORE.isdisjoint(chosen) else _BOTH
    age = f"greatest(0, least(%(today)s::date - d.stat_date, {FINAL_AGE})) + 1"
    grown = f"d.billed_conversions / (%(shares)s::double precision[])[{age}]"
    sums = ", ".join(_summed(column, grown) for column in columns)
    only = " AND d.plan_id = ANY(%(plans)s)" if plan_ids is not None else ""
    cursor.execute(
        f'WITH fresh AS (SELECT d.plan_id, s."window", {sums} FROM campaigns_planday d JOIN'
        " unnest(%(windows)s::smallint[], %(since)s::date[], %(firsts)s::date[], %(lasts)s::date[])"
        ' AS s("window", since, first_on, last_on) ON d.stat_date BETWEEN s.since AND s.last_on'
        " WHERE d.organization_id = %(organization)s AND d.account_id = %(account)s"
        f' AND d.stat_date BETWEEN %(first)s AND %(last)s{only} GROUP BY d.plan_id, s."window"),'
        " gone AS (DELETE FROM campaigns_planwindow d WHERE d.organization_id = %(organization)s"
        ' AND d.account_id = %(account)s AND d."window" = ANY(%(windows)s::smallint[])'
        f'{only} AND NOT EXISTS (SELECT 1 FROM fresh WHERE fresh.plan_id = d.plan_id AND fresh."window" = d."window"))'
        f' {_insert(columns)} SELECT %(organization)s, %(account)s, plan_id, "window", %(today)s, {", ".join(columns)}'
        f" FROM fresh{_upsert(columns)}",
        params,
    )


def _summed(column: str, grown: str) -> str:
    """One column of a window's row: of its own days, or of those before them."""
    measure = column.removeprefix(BEFORE)
    value = f"sum({grown})" if measure == MATURED else f"sum(d.{measure})"
    if measure == column:
        value = f"coalesce({value} FILTER (WHERE d.stat_date >= s.first_on), 0)"
    else:
        value = f"{value} FILTER (WHERE d.stat_date < s.first_on)"
    return f"{value}::{'double precision' if measure == MATURED else 'bigint'} AS {column}"
