"""What the plan table shows, as its address says it: the same words are kept by saved views and by exports.

``q`` search · ``f`` one filter each, ``field:operator:value|value`` · ``period`` or ``from`` and ``to`` · ``compare``
· ``cols`` · ``sort`` (``-cost``: descending) · ``page`` · ``size`` · ``v`` the saved view it came from (0: none).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import QueryDict

from campaigns.contracts import METRICS, OPERATORS, Condition, Period, PlanQuery
from frontend.tables.plan_columns import DEFAULT_COLUMNS, MAX_COLUMNS, is_column
from xmagnet.core.ids import whole_number

SIZES = (50, 100, 200)
DEFAULT_PERIOD = "today"
MAX_CONDITIONS = 20
MAX_SEARCH = 120
_UNESCAPED_BAR = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class TableState:
    """One look at the table. ``preset`` is "" when the days are given."""

    search: str = ""
    conditions: tuple[Condition, ...] = ()
    preset: str = DEFAULT_PERIOD
    first_on: date | None = None
    last_on: date | None = None
    compare: str = ""
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    sort: str = "cost"
    is_descending: bool = True
    page: int = 1
    size: int = SIZES[0]
    view_id: int | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics among the columns, and the one that sorts."""
        keys = [key for key in self.columns if key in METRICS]
        return tuple(keys)

    def query(self) -> PlanQuery:
        """The question to the selectors."""
        return PlanQuery(
            conditions=self.conditions,
            search=self.search,
            period=Period(self.preset, self.first_on, self.last_on),
            compare=self.compare,  # type: ignore[arg-type]
            metrics=self.metrics,
            sort=self.sort,
            is_descending=self.is_descending,
            limit=self.size,
            offset=(self.page - 1) * self.size,
        )

    def encoded(self, **changes: Any) -> str:
        """The query string, without what is as it always is; ``changes`` are fields to change first."""
        state = replace(self, **changes)
        data = QueryDict(mutable=True)
        if state.search:
            data["q"] = state.search
        data.setlist("f", [encode_condition(one) for one in state.conditions])
        if not state.preset and state.first_on and state.last_on:
            data["from"], data["to"] = state.first_on.isoformat(), state.last_on.isoformat()
        elif state.preset != DEFAULT_PERIOD:
            data["period"] = state.preset
        if state.compare:
            data["compare"] = state.compare
        if state.columns != DEFAULT_COLUMNS:
            data["cols"] = ",".join(state.columns)
        if (state.sort, state.is_descending) != ("cost", True):
            data["sort"] = ("-" if state.is_descending else "") + state.sort
        if state.size != SIZES[0]:
            data["size"] = str(state.size)
        if state.page != 1:
            data["page"] = str(state.page)
        if state.view_id is not None:
            data["v"] = str(state.view_id)
        return data.urlencode(safe=":,|")


def state_from(data: QueryDict | Mapping[str, Any]) -> TableState:
    """The state of an address; what makes no sense is as it always is."""
    given = data if isinstance(data, QueryDict) else _as_query_dict(data)
    first_on, last_on = _day(given.get("from", "")), _day(given.get("to", ""))
    has_days = first_on is not None and last_on is not None
    columns = tuple(dict.fromkeys(key for key in given.get("cols", "").split(",") if is_column(key)))[:MAX_COLUMNS]
    sort = given.get("sort", "-cost")
    size = given.get("size", "")
    page, view = given.get("page", ""), given.get("v", "")
    return TableState(
        search=given.get("q", "").strip()[:MAX_SEARCH],
        conditions=tuple(filter(None, map(decode_condition, given.getlist("f"))))[:MAX_CONDITIONS],
        preset="" if has_days else given.get("period") or DEFAULT_PERIOD,
        first_on=first_on if has_days else None,
        last_on=last_on if has_days else None,
        compare=given.get("compare", ""),
        columns=columns or DEFAULT_COLUMNS,
        sort=sort.removeprefix("-") or "cost",
        is_descending=sort.startswith("-"),
        page=whole_number(page, most=999_999) or 1,
        size=number if (number := whole_number(size)) in SIZES else SIZES[0],
        view_id=whole_number(view),
    )


def encode_condition(condition: Condition) -> str:
    """``field:operator:value|value``; a bar inside a value is escaped."""
    values = "|".join(value.replace("\\", "\\\\").replace("|", "\\|") for value in condition.values)
    return f"{condition.field}:{condition.operator}:{values}"


def decode_condition(text: str) -> Condition | None:
    """The condition of a filter's text, or None when it is none."""
    field, _, rest = text.partition(":")
    operator, _, values = rest.partition(":")
    if not field or operator not in OPERATORS:
        return None
    parts = [part.replace("\\|", "|").replace("\\\\", "\\") for part in _UNESCAPED_BAR.split(values)] if values else []
    wanted = OPERATORS[operator]
    if (wanted is None and not parts) or (wanted is not None and len(parts) != wanted):
        return None
    return Condition(field, operator, tuple(parts))


def _as_query_dict(data: Mapping[str, Any]) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, value in data.items():
        if isinstance(value, list):
            found.setlist(name, [str(one) for one in value])
        else:
            found[name] = str(value)
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
