"""Where a plan's numbers come from, as parts of SQL: every part binds the organization, then the accounts in reach.

A *source* joins one set of summed columns to the plan ``p``, aliased ``w`` (asked for) or ``c`` (compared with): a
window that ingest keeps summed, what such a window keeps of the range before it, or the day table summed now for any
other range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from campaigns.domain.maturity import FINAL_AGE
from campaigns.domain.metrics import BEFORE, COLUMNS, MATURED, Metric
from campaigns.domain.periods import Window


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

    def append(self, other: Sql) -> Sql:
        """Append another statement's part."""
        return self.add(other.text, *other.params)


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
class KeptWindow:
    """A kept window; rows summed for another day count as nothing."""

    window: Window
    as_of: date

    def join(self, alias: str, reach: Reach, _columns: Sequence[str], _plan_ids: Sequence[int] | None = None) -> Sql:
        """Its row beside the plan ``p``."""
        return Sql(f" LEFT JOIN campaigns_planwindow {alias} ON {alias}.plan_id = p.id AND ").append(
            self.where(alias, reach)
        )

    def where(self, alias: str, reach: Reach) -> Sql:
        """Its rows, without a look at the plans."""
        mine = reach.where(alias)
        return mine.add(f' AND {alias}."window" = {int(self.window)} AND {alias}.as_of = %s', self.as_of)


@dataclass(frozen=True, slots=True)
class KeptBefore:
    """What the kept window ``w`` is compared with: the range before it, in the same row."""

    def join(self, alias: str, _reach: Reach, columns: Sequence[str], _plan_ids: Sequence[int] | None = None) -> Sql:
        """Its columns under the names of all sources; nothing is looked up."""
        named = ", ".join(f"w.{BEFORE}{column} AS {column}" for column in dict.fromkeys(columns))
        return Sql(f" CROSS JOIN LATERAL (SELECT {named}) {alias}")


@dataclass(frozen=True, slots=True)
class SummedDays:
    """The day table summed over the range, conversions grown by what each day still misses."""

    first_on: date
    last_on: date
    today: date
    shares: tuple[float, ...]

    def join(self, alias: str, reach: Reach, columns: Sequence[str], plan_ids: Sequence[int] | None = None) -> Sql:
        """Its sums beside the plan ``p``; of the named plans only, when they are known."""
        wanted = [column for column in COLUMNS if column in columns] or ["cost_fen"]
        sql = Sql(" LEFT JOIN (SELECT d.plan_id")
        for column in wanted:
            if column == MATURED:
                sql.add(f", sum({matured_sql('d')}) AS {MATURED}", list(self.shares), self.today)
            else:
                sql.add(f", sum(d.{column})::bigint AS {column}")
        sql.add(" FROM campaigns_planday d WHERE ").append(reach.where("d"))
        if plan_ids is not None:
            sql.add(" AND d.plan_id = ANY(%s)", list(plan_ids))
        sql.add(" AND d.stat_date BETWEEN %s AND %s GROUP BY d.plan_id)", self.first_on, self.last_on)
        return sql.add(f" {alias} ON {alias}.plan_id = p.id")


Source = KeptWindow | KeptBefore | SummedDays


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
