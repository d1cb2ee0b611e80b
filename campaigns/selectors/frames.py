"""The only raw SQL that reads: each statement binds the organization first, then the accounts the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from campaigns.domain.maturity import FINAL_AGE
from campaigns.domain.metrics import MATURED
from campaigns.domain.periods import Window
from campaigns.selectors.sources import KeptWindow, Reach, Source, Sql, SummedDays
from xmagnet.core.scope import require_organization_id

#: the plans of the largest table stay in memory while they are joined; the server's default would spill them
_WORK_MEMORY = "32MB"
#: processes that may help with the statements that read every plan; they take no memory of their own
_HELPERS = "1"


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are sorted by: an expression over ``p`` and ``w``, then by id; what is undefined comes last."""

    expression: str
    is_descending: bool
    is_metric: bool = False
    is_sum: bool = False  # a metric that adds up: 0 without numbers, and not undefined

    @property
    def clause(self) -> str:
        """What stands after ORDER BY."""
        direction = "DESC" if self.is_descending else "ASC"
        return f"sort_value {direction} NULLS LAST, p.id {direction}"


def read_state(today: date) -> bool:
    """Whether every account's windows are summed for today; makes the transaction ready for the table's statements.

    They read each plan once or twice: a second process helps as long as a core is free.
    """
    sql = Sql(
        "SELECT NOT EXISTS (SELECT 1 FROM campaigns_windowstate WHERE organization_id = %s AND rolled_on <> %s),"
        " set_config('work_mem', %s, true), set_config('max_parallel_workers_per_gather', %s, true)",
        [require_organization_id(), today, _WORK_MEMORY, _HELPERS],
    )
    return bool(_rows(sql)[0][0])


class PageRow(NamedTuple):
    """A plan on a page: what it is sorted by, its sums, and those that it is compared with."""

    plan_id: int
    sort_value: Any
    sums: dict[str, float]
    compared: dict[str, float] | None


def plan_page(
    reach: Reach,
    *,
    source: Source,
    compared: Source | None,
    columns: Sequence[str],
    filter_columns: Sequence[str],
    where: Sql,
    keyset: Sql,
    order: Order,
    is_plain: bool,
    limit: int,
    offset: int,
) -> list[PageRow]:
    """The plans of one page in their order. ``is_plain``: ``where`` asks for nothing but plans that are not deleted."""
    span = (limit, offset)
    found: list[tuple[Any, ...]] = []
    if is_plain and order.is_metric and isinstance(source, KeptWindow):
        found = _page_of_numbers(reach, source, compared, columns, keyset, order, span)
    if not found:
        sql = Sql(f"SELECT p.id, {order.expression} AS sort_value{_selected('w', columns)} FROM campaigns_plan p")
        sql.append(source.join("w", reach, (*columns, *filter_columns))).add(" WHERE ").append(reach.where("p"))
        found = _rows(_ended(sql.append(where).append(keyset), reach, compared, columns, order, span))
    rows = [PageRow(row[0], row[1], *_halves(columns, row[2:])) for row in found]
    if isinstance(compared, SummedDays):
        before = plan_sums(reach, sources=[compared], columns=columns, plan_ids=[row.plan_id for row in rows])
        rows = [row._replace(compared=before[row.plan_id][0]) for row in rows]
    return rows if compared is not None else [row._replace(compared=None) for row in rows]


def _halves(columns: Sequence[str], values: Sequence[Any]) -> tuple[dict[str, float], dict[str, float]]:
    """The sums asked for, and after them those that they are compared with, if any."""
    rest = values[len(columns) :]
    return dict(zip(columns, values, strict=False)), dict(zip(columns, rest, strict=False))


def _ended(
    sql: Sql, reach: Reach, compared: Source | None, columns: Sequence[str], order: Order, span: tuple[int, int]
) -> Sql:
    """The statement with its order and its end; with the compared numbers of the page's plans alone beside it."""
    sql.add(f" ORDER BY {order.clause} LIMIT %s OFFSET %s", *span)
    if not isinstance(compared, KeptWindow):
        return sql
    beside = Sql(f"SELECT p.*{_selected('c', columns)} FROM (").append(sql)
    beside.add(") p LEFT JOIN campaigns_planwindow c ON c.plan_id = p.id AND ").append(compared.where("c", reach))
    return beside.add(f" ORDER BY {order.clause}")


def _page_of_numbers(
    reach: Reach,
    source: KeptWindow,
    compared: Source | None,
    columns: Sequence[str],
    keyset: Sql,
    order: Order,
    span: tuple[int, int],
) -> list[tuple[Any, ...]]:
    """A page read from the numbers alone: a third of the work. Empty where a plan without numbers might stand on it.

    Such a plan has the value 0 or none: it comes after every defined ratio, and after positive sums that fall.
    """
    if order.is_sum and not order.is_descending:
        return []
    sql = Sql(f"SELECT p.id, {order.expression} AS sort_value{_selected('w', columns)} FROM campaigns_planwindow w")
    sql.add(" CROSS JOIN LATERAL (SELECT w.plan_id AS id) p WHERE ").append(source.where("w", reach))
    sql.append(_not_deleted("w.plan_id", reach)).append(keyset)
    found = _rows(_ended(sql, reach, compared, columns, order, span))
    if len(found) < span[0] or found[-1][1] is None or (order.is_sum and found[-1][1] <= 0):
        return []
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    """How many plans match, and the sums of their numbers."""

    plan_count: int
    sums: dict[str, float]
    compared: dict[str, float]


def plan_totals(
    reach: Reach,
    *,
    source: Source,
    compared: Source | None,
    columns: Sequence[str],
    filter_columns: Sequence[str],
    where: Sql,
    is_plain: bool,
) -> Totals:
    """Of the whole filter. Kept windows are added up by themselves, each plan looked up once for both."""
    sources = [source] if compared is None else [source, compared]
    kept = [one for one in sources if isinstance(one, KeptWindow)]
    if len(kept) < len(sources) or filter_columns:
        return _joined_totals(reach, sources, columns, filter_columns, where)
    mine = Sql(" FROM campaigns_plan p WHERE ").append(reach.where("p")).append(where)
    sql = Sql("SELECT plans.count, numbers.* FROM (SELECT count(*)").append(mine).add(") plans LEFT JOIN (")
    sql.add(f'SELECT w."window"{_totalled("w", columns)} FROM campaigns_planwindow w WHERE ')
    sql.append(reach.where("w")).add(
        ' AND w."window" = ANY(%s) AND w.as_of = %s', [one.window for one in kept], kept[0].as_of
    )
    if is_plain:
        sql.append(_not_deleted("w.plan_id", reach))
    else:
        sql.add(" AND w.plan_id IN (SELECT p.id").append(mine).add(")")
    found = _rows(sql.add(' GROUP BY w."window") numbers ON true'))
    by_window = {row[1]: _numbers(columns, row[2:]) for row in found if row[1] is not None}
    nothing = dict.fromkeys(columns, 0.0)
    sums = [by_window.get(one.window, nothing) for one in kept]
    return Totals(found[0][0], sums[0], sums[1] if compared is not None else {})


def _joined_totals(
    reach: Reach, sources: Sequence[Source], columns: Sequence[str], filter_columns: Sequence[str], where: Sql
) -> Totals:
    """For days that nobody has summed, and for filters on the numbers themselves."""
    aliases = "wc"[: len(sources)]
    sql = Sql(f"SELECT count(*){''.join(_totalled(alias, columns) for alias in aliases)} FROM campaigns_plan p")
    for alias, source in zip(aliases, sources, strict=True):
        sql.append(source.join(alias, reach, (*columns, *filter_columns)))
    ((count, *values),) = _rows(sql.add(" WHERE ").append(reach.where("p")).append(where))
    compared = _numbers(columns, values[len(columns) :]) if len(sources) > 1 else {}
    return Totals(count, _numbers(columns, values[: len(columns)]), compared)


def _not_deleted(plan_id: str, reach: Reach) -> Sql:
    return Sql(
        " AND NOT EXISTS (SELECT 1 FROM campaigns_plan gone WHERE gone.organization_id = %s"
        f" AND gone.id = {plan_id} AND gone.status = 'deleted')",
        [reach.organization_id],
    )


def plan_sums(
    reach: Reach, *, sources: Sequence[Source], columns: Sequence[str], plan_ids: Sequence[int]
) -> dict[int, tuple[dict[str, float], ...]]:
    """Column sums of the named plans, one dictionary for each of at most two sources."""
    if not plan_ids:
        return {}
    aliases = "wc"[: len(sources)]
    sql = Sql(f"SELECT p.id{''.join(_selected(alias, columns) for alias in aliases)} FROM campaigns_plan p")
    for alias, source in zip(aliases, sources, strict=True):
        sql.append(source.join(alias, reach, columns, plan_ids))
    sql.add(" WHERE ").append(reach.where("p")).add(" AND p.id = ANY(%s)", list(plan_ids))
    width = len(columns)
    return {
        row[0]: tuple(dict(zip(columns, row[1 + width * place :], strict=False)) for place in range(len(sources)))
        for row in _rows(sql)
    }


def plan_ids(reach: Reach, *, source: Source | None, columns: Sequence[str], where: Sql, limit: int) -> list[int]:
    """Ids of the filter's plans, oldest first."""
    sql = Sql("SELECT p.id FROM campaigns_plan p")
    if source is not None:
        sql.append(source.join("w", reach, columns))
    sql.add(" WHERE ").append(reach.where("p")).append(where).add(" ORDER BY p.id LIMIT %s", limit)
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
    sums = "".join(_totalled(alias, columns) for alias in aliases)
    sql = Sql(f"SELECT p.{group}, count(*){sums} FROM campaigns_plan p")
    sql.append(source.join("w", reach, needed))
    if compared is not None:
        sql.append(compared.join("c", reach, needed))
    sql.add(" WHERE ").append(reach.where("p")).append(where)
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
    return LivePlans(*_rows(sql)[0])


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
    return _rows(sql)


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
    return [(age, seen, final) for age, seen, final in _rows(sql)]


def _selected(alias: str, columns: Sequence[str]) -> str:
    return "".join(f", coalesce({alias}.{column}, 0)" for column in columns)


def _totalled(alias: str, columns: Sequence[str]) -> str:
    return "".join(f", coalesce(sum({alias}.{column}), 0)" for column in columns)


def _numbers(columns: Sequence[str], values: Sequence[Any]) -> dict[str, float]:
    """Sums come as decimals; only the grown conversions have a fraction."""
    return {name: float(value) if name == MATURED else int(value) for name, value in zip(columns, values, strict=True)}


def _summed(alias: str, columns: Sequence[str]) -> str:
    """Day and hour tables have no matured column: it is grown by the caller, who knows each day's age."""
    return "".join(
        f", sum({alias}.{'billed_conversions' if column == MATURED else column})::bigint" for column in columns
    )


def _rows(sql: Sql) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        return list(cursor.fetchall())
