"""The only raw SQL that reads: each statement binds the organization first, then the accounts the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from campaigns.domain.maturity import FINAL_AGE
from campaigns.domain.metrics import MATURED
from campaigns.domain.periods import Window
from campaigns.selectors.sources import KeptWindow, Reach, Source, Sql
from xmagnet.core.scope import require_organization_id

#: the plans of the largest table stay in memory while they are joined; the server's default would spill them
_WORK_MEMORY = "32MB"
#: processes that may help with the statements that read every plan; they take no memory of their own
_HELPERS = "1"


def read_state(today: date) -> bool:
    """Whether every account's windows are summed for today; makes the transaction ready for the table's statements.

    They read each plan once or twice: a second process helps as long as a core is free.
    """
    sql = Sql(
        "SELECT NOT EXISTS (SELECT 1 FROM campaigns_windowstate WHERE organization_id = %s AND rolled_on <> %s),"
        " set_config('work_mem', %s, true), set_config('max_parallel_workers_per_gather', %s, true)",
        [require_organization_id(), today, _WORK_MEMORY, _HELPERS],
    )
    return bool(rows_of(sql)[0][0])


def plan_sums(
    reach: Reach, *, sources: Sequence[Source], columns: Sequence[str], plan_ids: Sequence[int]
) -> dict[int, tuple[dict[str, float], ...]]:
    """Column sums of the named plans, one dictionary for each of at most two sources."""
    if not plan_ids:
        return {}
    aliases = "wc"[: len(sources)]
    sql = Sql(f"SELECT p.id{''.join(selected(alias, columns) for alias in aliases)} FROM campaigns_plan p")
    for alias, source in zip(aliases, sources, strict=True):
        sql.append(source.join(alias, reach, columns, plan_ids))
    sql.add(" WHERE ").append(reach.where("p")).add(" AND p.id = ANY(%s)", list(plan_ids))
    width = len(columns)
    return {
        row[0]: tuple(dict(zip(columns, row[1 + width * place :], strict=False)) for place in range(len(sources)))
        for row in rows_of(sql)
    }


def plan_ids(reach: Reach, *, source: Source | None, columns: Sequence[str], where: Sql, limit: int) -> list[int]:
    """Ids of the filter's plans, oldest first."""
    sql = Sql("SELECT p.id FROM campaigns_plan p")
    if source is not None:
        sql.append(source.join("w", reach, columns))
    sql.add(" WHERE ").append(reach.where("p")).append(where).add(" ORDER BY p.id LIMIT %s", limit)
    return [row[0] for row in rows_of(sql)]


def grouped_sums(
    reach: Reach, *, source: Source, compared: Source | None, columns: Sequence[str], where: Sql, group: str, limit: int
) -> list[tuple[Any, ...]]:
    """(group, plan count, sums…, compared sums…) of the filter's plans, largest cost first.

    ``group`` is a column of the plan: ``account_id`` or ``campaign_id``.
    """
    if group not in {"account_id", "campaign_id"}:
        raise ValueError(f"plans are not grouped by {group}")
    aliases = ["w", "c"] if compared else ["w"]
    needed = tuple(dict.fromkeys((*columns, "cost_fen")))
    sums = "".join(totalled(alias, columns) for alias in aliases)
    sql = Sql(f"SELECT p.{group}, count(*){sums} FROM campaigns_plan p")
    sql.append(source.join("w", reach, needed))
    if compared is not None:
        sql.append(compared.join("c", reach, needed))
    sql.add(" WHERE ").append(reach.where("p")).append(where)
    sql.add(f" GROUP BY p.{group} ORDER BY coalesce(sum(w.cost_fen), 0) DESC, p.{group} LIMIT %s", limit)
    return rows_of(sql)


def hourly_series(
    reach: Reach, *, plan_id: int, first_on: date, last_on: date, columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """(day, hour, sums…) of one plan."""
    where = reach.where("h")
    sql = Sql(
        f"SELECT h.stat_date, h.stat_hour{_summed('h', columns)} FROM campaigns_planhour h WHERE {where.text}",
        where.params,
    )
    sql.add(
        " AND h.plan_id = %s AND h.stat_date BETWEEN %s AND %s GROUP BY 1, 2 ORDER BY 1, 2", plan_id, first_on, last_on
    )
    return rows_of(sql)


def daily_series(
    reach: Reach, *, plan_id: int, first_on: date, last_on: date, columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """(day, sums…) of one plan."""
    where = reach.where("d")
    sql = Sql(f"SELECT d.stat_date{_summed('d', columns)} FROM campaigns_planday d WHERE {where.text}", where.params)
    sql.add(" AND d.plan_id = %s AND d.stat_date BETWEEN %s AND %s GROUP BY 1 ORDER BY 1", plan_id, first_on, last_on)
    return rows_of(sql)


def account_days(
    reach: Reach, *, days: Sequence[date], columns: Sequence[str], until_hour: int, part: float, pace_from_hour: int
) -> list[tuple[Any, ...]]:
    """(account, day, sums…, the sums until a time of day…, fen of the last whole hours before it), two days at most.

    ``part`` is what has passed (0…1) of the hour ``until_hour``.
    """
    where = reach.where("h")
    weight = "CASE WHEN h.stat_hour < %s THEN 1 WHEN h.stat_hour = %s THEN %s::float8 ELSE 0 END"
    sql = Sql(f"SELECT h.account_id, h.stat_date{_summed('h', columns)}")
    for column in columns:
        sql.add(f", sum(h.{column} * h.weight)")
    recent = "h.stat_hour >= %s AND h.stat_hour < %s"
    sql.add(f", coalesce(sum(h.cost_fen) FILTER (WHERE {recent}), 0)::bigint", pace_from_hour, until_hour)
    sql.add(f" FROM (SELECT h.*, {weight} AS weight FROM campaigns_accounthour h", until_hour, until_hour, part)
    sql.add(f" WHERE {where.text}", *where.params).add(" AND h.stat_date = ANY(%s)) h GROUP BY 1, 2", list(days))
    return rows_of(sql)


def hours_of_days(reach: Reach, *, days: Sequence[date], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """(day, hour, sums…) of every account in reach together."""
    where = reach.where("h")
    sql = Sql(f"SELECT h.stat_date, h.stat_hour{_summed('h', columns)} FROM campaigns_accounthour h")
    sql.add(f" WHERE {where.text}", *where.params).add(" AND h.stat_date = ANY(%s) GROUP BY 1, 2", list(days))
    return rows_of(sql)


@dataclass(frozen=True, slots=True)
class LivePlans:
    """How many plans are enabled, how many of them learn, and their target weighted by today's cost (fen)."""

    count: int
    learning_count: int
    target_cpa_fen: float | None


def live_plans(reach: Reach, *, today: date) -> LivePlans:
    """Asked of the enabled plans and of today's numbers, never of all of both."""
    mine = reach.where("p")
    sql = Sql(
        "SELECT plans.*, spent.target FROM (SELECT count(*), count(*) FILTER (WHERE p.learning_state = 'learning')"
    )
    sql.add(f" FROM campaigns_plan p WHERE {mine.text} AND p.status = 'enabled') plans,", *mine.params)
    sql.add(" (SELECT sum(p.bid_fen::float8 * w.cost_fen) / nullif(sum(w.cost_fen), 0) AS target")
    sql.add(" FROM campaigns_planwindow w JOIN campaigns_plan p ON p.id = w.plan_id WHERE ")
    sql.append(KeptWindow(Window.TODAY, today).where("w", reach)).add(f" AND {mine.text}", *mine.params)
    sql.add(" AND w.cost_fen > 0 AND p.status = 'enabled' AND p.bid_fen IS NOT NULL) spent")
    return LivePlans(*rows_of(sql)[0])


def suspicious_plans(reach: Reach, *, today: date, hour: int, limit: int) -> list[tuple[Any, ...]]:
    """Enabled plans that may need somebody, most money first, with today's numbers.

    The condition is wider than ``domain.attention``, which decides.
    """
    sql = Sql(
        "SELECT p.id, p.learning_state, p.review_state, p.delivery_status, p.bid_fen, p.created_at,"
        " coalesce(w.cost_fen, 0) AS cost_fen, coalesce(w.impressions, 0) AS impressions,"
        " coalesce(w.conversions, 0) AS conversions, coalesce(w.matured_conversions, 0) AS matured_conversions,"
        " p.account_id, p.name FROM campaigns_plan p"
    )
    sql.append(KeptWindow(Window.TODAY, today).join("w", reach, ())).add(" WHERE ").append(reach.where("p"))
    sql.add(
        " AND p.status = 'enabled' AND (p.review_state IN ('rejected', 'partly_rejected')"
        " OR p.delivery_status = 'out_of_budget' AND %s < 12 OR p.learning_state = 'failed'"
        " OR w.cost_fen >= 3 * p.bid_fen AND w.conversions = 0"
        " OR w.conversions >= 3 AND w.cost_fen > 1.2 * p.bid_fen * w.conversions"
        " OR p.delivery_status = 'delivering' AND coalesce(w.impressions, 0) = 0)"
        " ORDER BY coalesce(w.cost_fen, 0) DESC, p.id LIMIT %s",
        hour,
        limit,
    )
    return rows_of(sql)


def maturity_evidence(organization_id: int, *, since: date) -> list[tuple[int, int, int]]:
    """(age, conversions seen at that age, final conversions) over the days that are final."""
    # Not a self-join: right after a load the planner, without statistics, would nest it.
    final = "max(billed_conversions) FILTER (WHERE age = %s) OVER (PARTITION BY account_id, stat_date) AS final"
    sql = Sql(
        "SELECT age, sum(least(billed_conversions, final))::bigint, sum(final)::bigint"
        f" FROM (SELECT age, billed_conversions, {final} FROM campaigns_maturityreading"
        " WHERE organization_id = %s AND stat_date >= %s) AS reading"
        " WHERE age < %s AND final IS NOT NULL GROUP BY age ORDER BY age",
        [FINAL_AGE, organization_id, since, FINAL_AGE],
    )
    return [(age, seen, final) for age, seen, final in rows_of(sql)]


def selected(alias: str, columns: Sequence[str]) -> str:
    """The columns as they stand; 0 where the plan has no row."""
    return "".join(f", coalesce({alias}.{column}, 0)" for column in columns)


def totalled(alias: str, columns: Sequence[str]) -> str:
    """The columns added up; 0 of nothing."""
    return "".join(f", coalesce(sum({alias}.{column}), 0)" for column in columns)


def numbers_of(columns: Sequence[str], values: Sequence[Any]) -> dict[str, float]:
    """Sums come as decimals; only the grown conversions have a fraction."""
    return {name: float(value) if name == MATURED else int(value) for name, value in zip(columns, values, strict=True)}


def _summed(alias: str, columns: Sequence[str]) -> str:
    """Day and hour tables have no matured column: it is grown by the caller, who knows each day's age."""
    return "".join(
        f", sum({alias}.{'billed_conversions' if column == MATURED else column})::bigint" for column in columns
    )


def rows_of(sql: Sql) -> list[tuple[Any, ...]]:
    """What the statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        return list(cursor.fetchall())
