"""The only raw SQL that reads: each statement binds the organization first, then the accounts the actor may see.

A *source* joins one set of summed columns to the plan, aliased ``w`` (asked for) or ``c`` (compared with): a window
that ingest keeps summed, or the day table summed now for any other range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from campaigns.domain.maturity import FINAL_AGE
from campaigns.domain.metrics import COLUMNS, MATURED, Metric
from campaigns.domain.periods import Window

#: the matching plans of the largest table stay in memory; the server's default would spill them
_WORK_MEMORY = "32MB"


@dataclass(slots=True)
class Sql:
    """A statement in the making: text and its parameters stay together."""

    text: str = ""
    params: list[Any] = field(default_factory=list)

    def add(self, text: str, *params: Any) -> Sql:
        """Append text and its parameters."""
        self.text += text
        self.params.extend(params)
        return self


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose plans: the organization, and the accounts when the actor or a filter narrows them."""

    organization_id: int
    account_ids: tuple[int, ...] | None

    def where(self, alias: str) -> Sql:
        """The first conditions of every statement."""
        sql = Sql(f"{alias}.organization_id = %s", [self.organization_id])
        if self.account_ids is not None:
            sql.add(f" AND {alias}.account_id = ANY(%s)", list(self.account_ids))
        return sql


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are sorted by: an expression over ``p`` and ``w``, and the whole clause (over ``sort_value`` too)."""

    expression: str
    clause: str


Source = Callable[[str, Reach, Sequence[str]], Sql]


def window_source(window: Window, as_of: date) -> Source:
    """A kept window; rows summed for another day count as nothing."""

    def join(alias: str, reach: Reach, _columns: Sequence[str]) -> Sql:
        return Sql(
            f" LEFT JOIN campaigns_planwindow {alias} ON {alias}.organization_id = p.organization_id"
            f' AND {alias}.organization_id = %s AND {alias}."window" = {int(window)}'
            f" AND {alias}.plan_id = p.id AND {alias}.as_of = %s",
            [reach.organization_id, as_of],
        )

    return join


def days_source(first_on: date, last_on: date, today: date, shares: tuple[float, ...]) -> Source:
    """The day table summed over the range, conversions grown by what each day still misses."""

    def join(alias: str, reach: Reach, columns: Sequence[str]) -> Sql:
        wanted = [column for column in COLUMNS if column in columns] or ["cost_fen"]
        sql = Sql(" LEFT JOIN (SELECT d.plan_id")
        for column in wanted:
            if column == MATURED:
                sql.add(f", sum({matured_sql('d')}) AS {MATURED}", list(shares), today)
            else:
                sql.add(f", sum(d.{column})::bigint AS {column}")
        where = reach.where("d")
        sql.add(f" FROM campaigns_planday d WHERE {where.text}", *where.params)
        sql.add(" AND d.stat_date BETWEEN %s AND %s GROUP BY d.plan_id)", first_on, last_on)
        return sql.add(f" {alias} ON {alias}.plan_id = p.id")

    return join


def matured_sql(alias: str) -> str:
    """Billed conversions over the arrived share; parameters: the shares by age, today."""
    return (
        f"{alias}.billed_conversions / (%s::double precision[])"
        f"[greatest(0, least(%s::date - {alias}.stat_date, {FINAL_AGE})) + 1]"
    )


def metric_sql(metric: Metric, alias: str) -> str:
    """The metric of one plan as an expression; NULL when the denominator is 0."""
    above = " + ".join(f"coalesce({alias}.{column}, 0)" for column in metric.numerator)
    if metric.is_additive:
        return f"({above})"
    below = " + ".join(f"{alias}.{column}" for column in metric.denominator)
    return f"(({above})::double precision / nullif({below}, 0) * {metric.scale!r})"


def plan_page(
    reach: Reach,
    *,
    source: Source,
    columns: Sequence[str],
    where: Sql,
    order: Order,
    limit: int,
    offset: int,
) -> list[tuple[Any, ...]]:
    """Rows of (plan id, sort value, column sums…)."""
    sql = Sql(f"SELECT p.id, {order.expression} AS sort_value{_selected('w', columns)} FROM campaigns_plan p")
    joined = source("w", reach, columns)
    mine = reach.where("p")
    sql.add(joined.text, *joined.params).add(f" WHERE {mine.text}", *mine.params).add(where.text, *where.params)
    sql.add(f" ORDER BY {order.clause} LIMIT %s OFFSET %s", limit, offset)
    return _rows(sql)


@dataclass(frozen=True, slots=True)
class Table:
    """A page and its totals: rows of (plan id, sort value, sums, compared sums), and the same of the whole filter."""

    rows: list[tuple[int, Any, dict[str, float], dict[str, float]]]
    plan_count: int
    sums: dict[str, float]
    compared: dict[str, float]


def plan_table(
    reach: Reach,
    *,
    source: Source,
    compared: Source | None,
    columns: Sequence[str],
    filter_columns: Sequence[str],
    where: Sql,
    keyset: Sql,
    order: Order,
    limit: int,
    offset: int,
) -> Table:
    """The matching plans are joined to their numbers once; the totals and the page are both read from that."""
    aliases = ["w", "c"] if compared else ["w"]
    selected = "".join(f", coalesce({a}.{column}, 0) AS {a}_{column}" for a in aliases for column in columns)
    sql = Sql(f"WITH matched AS MATERIALIZED (SELECT p.id, {order.expression} AS sort_value{selected}")
    sql.add(" FROM campaigns_plan p")
    for alias, one in zip(aliases, [source, compared], strict=False):
        joined = one(alias, reach, (*columns, *filter_columns))  # type: ignore[misc]
        sql.add(joined.text, *joined.params)
    mine = reach.where("p")
    sql.add(f" WHERE {mine.text}", *mine.params).add(where.text, *where.params).add(")")
    sums = "".join(f", coalesce(sum({a}_{column}), 0)" for a in aliases for column in columns)
    sql.add(f" SELECT page.*, totals.* FROM (SELECT count(*){sums} FROM matched) totals")
    sql.add(" LEFT JOIN LATERAL (SELECT p.* FROM matched p WHERE true").add(keyset.text, *keyset.params)
    sql.add(f" ORDER BY {order.clause} LIMIT %s OFFSET %s) page ON true", limit, offset)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL work_mem = '{_WORK_MEMORY}'")
    found = _rows(sql)
    width, both = len(columns), len(columns) * len(aliases)

    def split(values: Sequence[Any]) -> tuple[dict[str, float], dict[str, float]]:
        numbers = [float(v) if name == MATURED else int(v) for v, name in zip(values, [*columns] * 2, strict=False)]
        return dict(zip(columns, numbers[:width], strict=True)), dict(zip(columns, numbers[width:], strict=False))

    totals = found[0][2 + both :]
    return Table(
        [(row[0], row[1], *split(row[2 : 2 + both])) for row in found if row[0] is not None],
        totals[0],
        *split(totals[1:]),
    )


def plan_sums(
    reach: Reach, *, source: Source, columns: Sequence[str], plan_ids: Sequence[int]
) -> dict[int, dict[str, float]]:
    """Column sums of the named plans."""
    if not plan_ids:
        return {}
    sql = Sql(f"SELECT p.id, NULL{_selected('w', columns)} FROM campaigns_plan p")
    joined = source("w", reach, columns)
    mine = reach.where("p")
    sql.add(joined.text, *joined.params).add(f" WHERE {mine.text}", *mine.params)
    sql.add(" AND p.id = ANY(%s)", list(plan_ids))
    return {row[0]: dict(zip(columns, row[2:], strict=True)) for row in _rows(sql)}


def plan_ids(reach: Reach, *, source: Source | None, columns: Sequence[str], where: Sql, limit: int) -> list[int]:
    """Ids of the filter's plans, oldest first."""
    sql = Sql("SELECT p.id FROM campaigns_plan p")
    if source is not None:
        joined = source("w", reach, columns)
        sql.add(joined.text, *joined.params)
    mine = reach.where("p")
    sql.add(f" WHERE {mine.text}", *mine.params).add(where.text, *where.params).add(" ORDER BY p.id LIMIT %s", limit)
    return [row[0] for row in _rows(sql)]


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
    sums = "".join(f", coalesce(sum({alias}.{column}), 0)" for alias in aliases for column in columns)
    sql = Sql(f"SELECT p.{group}, count(*){sums} FROM campaigns_plan p")
    for alias, one in zip(aliases, [source, compared], strict=False):
        joined = one(alias, reach, needed)  # type: ignore[misc]
        sql.add(joined.text, *joined.params)
    mine = reach.where("p")
    sql.add(f" WHERE {mine.text}", *mine.params).add(where.text, *where.params)
    sql.add(f" GROUP BY p.{group} ORDER BY coalesce(sum(w.cost_fen), 0) DESC, p.{group} LIMIT %s", limit)
    return _rows(sql)


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
    return _rows(sql)


def daily_series(
    reach: Reach, *, plan_id: int, first_on: date, last_on: date, columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """(day, sums…) of one plan."""
    where = reach.where("d")
    sql = Sql(f"SELECT d.stat_date{_summed('d', columns)} FROM campaigns_planday d WHERE {where.text}", where.params)
    sql.add(" AND d.plan_id = %s AND d.stat_date BETWEEN %s AND %s GROUP BY 1 ORDER BY 1", plan_id, first_on, last_on)
    return _rows(sql)


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
    return _rows(sql)


def hours_of_days(reach: Reach, *, days: Sequence[date], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """(day, hour, sums…) of every account in reach together."""
    where = reach.where("h")
    sql = Sql(f"SELECT h.stat_date, h.stat_hour{_summed('h', columns)} FROM campaigns_accounthour h")
    sql.add(f" WHERE {where.text}", *where.params).add(" AND h.stat_date = ANY(%s) GROUP BY 1, 2", list(days))
    return _rows(sql)


def suspicious_plans(
    reach: Reach, *, today: date, hour: int, limit: int
) -> tuple[list[tuple[Any, ...]], int, int, float | None]:
    """Enabled plans that may need somebody, most money first, with today's numbers; also how many plans are enabled,
    how many of them learn, and the target cost per conversion weighted by today's cost (fen).

    The condition is wider than ``domain.attention``, which decides.
    """
    joined = window_source(Window.TODAY, today)("w", reach, ())
    mine = reach.where("p")
    sql = Sql(
        "WITH live AS MATERIALIZED (SELECT p.id, p.learning_state, p.review_state, p.delivery_status, p.bid_fen,"
        " p.created_at, coalesce(w.cost_fen, 0) AS cost_fen, coalesce(w.impressions, 0) AS impressions,"
        " coalesce(w.conversions, 0) AS conversions, coalesce(w.matured_conversions, 0) AS matured_conversions,"
        " p.account_id, p.name FROM campaigns_plan p"
    )
    sql.add(joined.text, *joined.params).add(f" WHERE {mine.text}", *mine.params).add(" AND p.status = 'enabled')")
    sql.add(
        " SELECT found.*, totals.* FROM (SELECT count(*), count(*) FILTER (WHERE learning_state = 'learning'),"
        " sum(bid_fen::float8 * cost_fen) / nullif(sum(cost_fen) FILTER (WHERE bid_fen IS NOT NULL), 0)"
        " FROM live) totals"
        " LEFT JOIN LATERAL (SELECT * FROM live WHERE review_state IN ('rejected', 'partly_rejected')"
        " OR cost_fen >= 3 * bid_fen AND conversions = 0 OR conversions >= 3 AND cost_fen > 1.2 * bid_fen * conversions"
        " OR delivery_status = 'out_of_budget' AND %s < 12 OR learning_state = 'failed'"
        " OR delivery_status = 'delivering' AND impressions = 0 ORDER BY cost_fen DESC, id LIMIT %s) found ON true",
        hour,
        limit,
    )
    found = _rows(sql)
    live, learning, target = found[0][-3:]
    return [row[:-3] for row in found if row[0] is not None], live, learning, target


def maturity_evidence(organization_id: int, *, since: date) -> list[tuple[int, int, int]]:
    """(age, conversions seen at that age, final conversions) over the days that are final."""
    sql = Sql(
        "SELECT r.age, sum(least(r.billed_conversions, f.billed_conversions))::bigint,"
        " sum(f.billed_conversions)::bigint"
        " FROM campaigns_maturityreading r JOIN campaigns_maturityreading f"
        " ON f.organization_id = r.organization_id AND f.account_id = r.account_id AND f.stat_date = r.stat_date"
        " WHERE r.organization_id = %s AND f.organization_id = %s AND f.age = %s AND r.age < %s AND r.stat_date >= %s"
        " GROUP BY r.age ORDER BY r.age",
        [organization_id, organization_id, FINAL_AGE, FINAL_AGE, since],
    )
    return [(age, seen, final) for age, seen, final in _rows(sql)]


def _selected(alias: str, columns: Sequence[str]) -> str:
    return "".join(f", coalesce({alias}.{column}, 0)" for column in columns)


def _summed(alias: str, columns: Sequence[str]) -> str:
    """Day and hour tables have no matured column: it is grown by the caller, who knows each day's age."""
    return "".join(
        f", sum({alias}.{'billed_conversions' if column == MATURED else column})::bigint" for column in columns
    )


def _rows(sql: Sql) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        return list(cursor.fetchall())
