"""The statements of the plan table: one page in its order, and the totals of everything that matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from campaigns.selectors.frames import numbers_of, plan_sums, rows_of, selected, totalled
from campaigns.selectors.sources import KeptBefore, KeptWindow, Reach, Source, Sql, SummedDays


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


@dataclass(frozen=True, slots=True)
class Question:
    """Which plans, with which numbers, in which order.

    ``is_plain``: ``where`` asks for nothing but plans that are not deleted. ``keyset`` cuts a page, never the totals.
    """

    reach: Reach
    source: Source
    compared: Source | None
    columns: Sequence[str]
    filter_columns: Sequence[str]
    where: Sql
    order: Order
    is_plain: bool
    keyset: Sql = field(default_factory=Sql)

    @property
    def sources(self) -> dict[str, Source]:
        """By their aliases: ``w`` is what was asked for, ``c`` what it is compared with."""
        return {"w": self.source} if self.compared is None else {"w": self.source, "c": self.compared}

    @property
    def row_sources(self) -> dict[str, Source]:
        """Those that one look at a plan's row of numbers gives: what the window keeps of the days before it as well."""
        return self.sources if isinstance(self.compared, KeptBefore) else {"w": self.source}


class PageRow(NamedTuple):
    """A plan on a page: what it is sorted by, its sums, and those that it is compared with."""

    plan_id: int
    sort_value: Any
    sums: dict[str, float]
    compared: dict[str, float] | None


@dataclass(frozen=True, slots=True)
class Totals:
    """How many plans match, and the sums of their numbers."""

    plan_count: int
    sums: dict[str, float]
    compared: dict[str, float]


def plan_page(question: Question, *, limit: int, offset: int) -> list[PageRow]:
    """The plans of one page in their order."""
    span = (limit, offset)
    found: list[tuple[Any, ...]] = []
    if question.is_plain and question.order.is_metric:
        found = _page_of_numbers(question, span)
    if not found:
        sql = _matching(question, question.row_sources)
        found = rows_of(_ended(sql.append(question.keyset), question, span))
    rows = [_page_row(question, row) for row in found]
    if isinstance(question.compared, SummedDays):
        ids = [row.plan_id for row in rows]
        before = plan_sums(question.reach, sources=[question.compared], columns=question.columns, plan_ids=ids)
        rows = [row._replace(compared=before[row.plan_id][0]) for row in rows]
    return rows


def page_and_totals(question: Question, *, limit: int, offset: int) -> tuple[list[PageRow], Totals]:
    """One page, and the totals of all that matches: every plan is looked at once for both.

    Asked one after the other, each would join the same plans to the same numbers: nearly twice the work. Another
    window to compare with is added up and looked up beside what matches; joined as well, it would double the work.
    """
    columns = question.columns
    beside = question.compared if isinstance(question.compared, KeptWindow) else None
    joined = question.sources if beside is None else {"w": question.source}
    sums = "".join(f", coalesce(sum({alias}_{column}), 0)" for alias in joined for column in columns)
    sql = Sql("WITH matching AS MATERIALIZED (").append(_matching(question, joined))
    sql.add(f") SELECT totals.*, p.* FROM (SELECT * FROM (SELECT count(*){sums} FROM matching) mine")
    if beside is not None:
        sql.add(f" CROSS JOIN (SELECT {totalled('c', columns)[2:]} FROM campaigns_planwindow c WHERE ")
        sql.append(beside.where("c", question.reach)).add(" AND c.plan_id IN (SELECT id FROM matching)) before")
    sql.add(") totals LEFT JOIN (").append(_ended(Sql("SELECT * FROM matching p"), question, (limit, offset)))
    found = rows_of(sql.add(f") p ON true ORDER BY {question.order.clause}"))
    width = 1 + len(question.sources) * len(columns)
    rows = [_page_row(question, row[width:]) for row in found if row[width] is not None]
    count, *values = found[0][:width]
    before = numbers_of(columns, values[len(columns) :]) if question.compared is not None else {}
    return rows, Totals(count, numbers_of(columns, values[: len(columns)]), before)


def totals_of_numbers(question: Question) -> Totals | None:
    """The totals of a plain question, added up without a look at the plans; None where nobody has kept the sums."""
    if not question.is_plain or any(isinstance(one, SummedDays) for one in question.sources.values()):
        return None
    reach, columns, own = question.reach, question.columns, question.row_sources
    kept = [one for one in question.sources.values() if isinstance(one, KeptWindow)]
    sums = "".join(totalled(alias, columns) for alias in own)
    sql = Sql("SELECT plans.count, numbers.* FROM (SELECT count(*) FROM campaigns_plan p WHERE ")
    sql.append(reach.where("p")).append(question.where)
    sql.add(f') plans LEFT JOIN (SELECT w."window"{sums} FROM campaigns_planwindow w')
    sql.append(_kept_before(question)).add(" WHERE ").append(reach.where("w"))
    sql.add(' AND w."window" = ANY(%s) AND w.as_of = %s', [one.window for one in kept], kept[0].as_of)
    sql.append(_not_deleted("w.plan_id", reach))
    found = rows_of(sql.add(' GROUP BY w."window") numbers ON true'))
    by_window = {row[1]: row[2:] for row in found if row[1] is not None}
    nothing = (0,) * len(columns) * len(own)
    values = [value for one in kept for value in by_window.get(one.window, nothing)]
    before = numbers_of(columns, values[len(columns) :]) if question.compared is not None else {}
    return Totals(found[0][0], numbers_of(columns, values[: len(columns)]), before)


def _matching(question: Question, sources: dict[str, Source]) -> Sql:
    """Every plan that matches, with what it is sorted by and its numbers, named after their source's alias."""
    columns = question.columns
    chosen = "".join(f", coalesce({alias}.{column}, 0) AS {alias}_{column}" for alias in sources for column in columns)
    sql = Sql(f"SELECT p.id, {question.order.expression} AS sort_value{chosen} FROM campaigns_plan p")
    for alias, source in sources.items():
        sql.append(source.join(alias, question.reach, (*columns, *question.filter_columns)))
    return sql.add(" WHERE ").append(question.reach.where("p")).append(question.where)


def _page_row(question: Question, row: Sequence[Any]) -> PageRow:
    plan_id, sort_value, *values = row
    columns = question.columns
    before = dict(zip(columns, values[len(columns) :], strict=False)) if question.compared is not None else None
    return PageRow(plan_id, sort_value, dict(zip(columns, values, strict=False)), before)


def _ended(sql: Sql, question: Question, span: tuple[int, int]) -> Sql:
    """The statement with its order and its end; with the compared numbers of the page's plans alone beside it."""
    sql.add(f" ORDER BY {question.order.clause} LIMIT %s OFFSET %s", *span)
    compared = question.compared
    if not isinstance(compared, KeptWindow):
        return sql
    beside = Sql(f"SELECT p.*{selected('c', question.columns)} FROM (").append(sql).add(") p")
    beside.append(compared.join("c", question.reach, question.columns))
    return beside.add(f" ORDER BY {question.order.clause}")


def _page_of_numbers(question: Question, span: tuple[int, int]) -> list[tuple[Any, ...]]:
    """A page read from the numbers alone: a third of the work. Empty where a plan without numbers might stand on it.

    Such a plan has the value 0 or none: it comes after every defined ratio, and after positive sums that fall.
    """
    order, reach, source = question.order, question.reach, question.source
    if not isinstance(source, KeptWindow) or (order.is_sum and not order.is_descending):
        return []
    numbers = "".join(selected(alias, question.columns) for alias in question.row_sources)
    sql = Sql(f"SELECT p.id, {order.expression} AS sort_value{numbers}")
    sql.add(" FROM campaigns_planwindow w CROSS JOIN LATERAL (SELECT w.plan_id AS id) p").append(_kept_before(question))
    sql.add(" WHERE ").append(source.where("w", reach)).append(_not_deleted("w.plan_id", reach)).append(question.keyset)
    found = rows_of(_ended(sql, question, span))
    if len(found) < span[0] or found[-1][1] is None or (order.is_sum and found[-1][1] <= 0):
        return []
    return found


def _kept_before(question: Question) -> Sql:
    """Its columns beside ``w``, where the window keeps them."""
    compared = question.compared
    return compared.join("c", question.reach, question.columns) if isinstance(compared, KeptBefore) else Sql()


def _not_deleted(plan_id: str, reach: Reach) -> Sql:
    return Sql(
        " AND NOT EXISTS (SELECT 1 FROM campaigns_plan gone WHERE gone.organization_id = %s"
        f" AND gone.id = {plan_id} AND gone.status = 'deleted')",
        [reach.organization_id],
    )
