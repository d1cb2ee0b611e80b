"""Filter chips to SQL: only fields of the table below, values always bound, refusals told by position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Literal

from django.utils.translation import gettext as _

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.contracts import OPERATORS, Condition, PlanQuery
from campaigns.domain.metrics import METRICS, Metric
from campaigns.selectors.sources import Reach, Sql, metric_sql
from media_connectors.contracts import BidType, ConversionGoal, Platform
from media_connectors.selectors.directory import AccountFacts
from xmagnet.accounts.actor import Actor
from xmagnet.core.clock import MEDIA_TIMEZONE
from xmagnet.core.errors import FieldError, InvalidInput
from xmagnet.core.ids import LARGEST_ID, whole_number
from xmagnet.core.money import fen_from_text

Kind = Literal["choice", "text", "integer", "money", "day", "labels", "number"]

#: field → (column of the plan, kind)
FIELDS: dict[str, tuple[str, Kind]] = {
    "status": ("p.status", "choice"),
    "delivery": ("p.delivery_status", "choice"),
    "learning": ("p.learning_state", "choice"),
    "review": ("p.review_state", "choice"),
    "bid_type": ("p.bid_type", "choice"),
    "goal": ("p.goal", "choice"),
    "job": ("p.job_id", "choice"),
    "name": ("p.name", "text"),
    "note": ("p.note", "text"),
    "remote_id": ("p.remote_id", "text"),
    "client_ref": ("p.client_ref", "text"),
    "id": ("p.id", "integer"),
    "campaign": ("p.campaign_id", "integer"),
    "bid": ("p.bid_fen", "money"),
    "budget": ("p.daily_budget_fen", "money"),
    "created_on": ("p.created_at", "day"),
    "labels": ("p.labels", "labels"),
    "creative": ("", "text"),  # see ``_add_creative``
}
#: the values of the fields that have few
CHOICES: dict[str, tuple[str, ...]] = {
    "media": tuple(Platform),
    "status": tuple(Status.values),
    "delivery": tuple(Delivery.values),
    "learning": ("", *Learning.values),
    "review": ("", *Review.values),
    "bid_type": tuple(BidType),
    "goal": ("", *ConversionGoal),
}
#: resolved to account ids before any SQL
ACCOUNT_FIELDS = ("media", "account", "agency")
_NOT_DELETED = " AND p.status <> 'deleted'"

_LEGAL: dict[Kind, frozenset[str]] = {
    "choice": frozenset({"is", "is_not", "any_of", "none_of"}),
    "text": frozenset(
        {"is", "is_not", "any_of", "none_of", "contains", "not_contains", "starts_with", "is_set", "is_not_set"}
    ),
    "integer": frozenset({"is", "is_not", "any_of", "none_of", "is_set", "is_not_set"}),
    "money": frozenset({"is", "is_not", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"}),
    "number": frozenset({"is", "is_not", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"}),
    "day": frozenset({"is", "gt", "gte", "lt", "lte", "between"}),
    "labels": frozenset({"has_any", "has_all", "has_none", "is_set", "is_not_set"}),
}
_COMPARE = {"is": "=", "is_not": "IS DISTINCT FROM", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Filtered:
    """A query's conditions as SQL: whom it reaches, what it asks of the plan, which metric columns that needs.

    ``is_plain``: nothing is asked of the plan but that it is not deleted.
    """

    reach: Reach
    where: Sql
    columns: tuple[str, ...]
    is_plain: bool


def operators_for(field: str) -> tuple[str, ...]:
    """The legal operators of a field or metric, for choosers; raises ``KeyError`` for an unknown one."""
    if field in ACCOUNT_FIELDS:
        return ("is", "is_not", "any_of", "none_of")
    kind: Kind = "number" if field in METRICS else FIELDS[field][1]
    return tuple(operator for operator in OPERATORS if operator in _LEGAL[kind])


def apply_filters(actor: Actor, query: PlanQuery, accounts: dict[int, AccountFacts]) -> Filtered:
    """The query as SQL; ``accounts`` are those the actor may see. Raises ``InvalidInput`` naming the condition."""
    ids: set[int] | None = set(accounts) if actor.is_narrowed else None
    where = Sql()
    columns: list[str] = []
    if not query.includes_deleted and not any(c.field == "status" for c in query.conditions):
        where.add(_NOT_DELETED)
    for index, condition in enumerate(query.conditions):
        try:
            _check_choices(condition)
            if condition.field in ACCOUNT_FIELDS:
                chosen = _accounts_of(condition, accounts)
                ids = chosen if ids is None else ids & chosen
            elif condition.field in METRICS:
                metric = METRICS[condition.field]
                columns += metric.columns
                number = fen_of if metric.unit == "money" else _number
                _check(condition, "number")
                _add_comparison(where, metric_sql(metric, "w"), condition, number)
                if not _holds_without_numbers(metric, condition, number):
                    where.add(" AND w.plan_id IS NOT NULL")  # the numbers are filtered before plans are joined to them
            elif condition.field in FIELDS:
                column, kind = FIELDS[condition.field]
                _check(condition, kind)
                if condition.field == "creative":
                    _add_creative(where, actor.organization_id, condition)
                else:
                    _add(where, column, kind, condition)
            else:
                raise ValueError(_("There is no field “%(field)s”.") % {"field": condition.field})
        except ValueError as error:
            detail, pointer = str(error), condition.pointer or f"/filters/{index}"
            raise InvalidInput(detail, errors=(FieldError(pointer, "invalid_filter", detail),)) from None
    _add_search(where, query.search)
    reach = Reach(actor.organization_id, None if ids is None else tuple(sorted(ids)))
    return Filtered(reach, where, tuple(dict.fromkeys(columns)), is_plain=where.text == _NOT_DELETED)


def fen_of(text: str) -> int:
    """Fen of an amount in yuan as people write it; raises ``ValueError``."""
    try:
        return fen_from_text(text)
    except ValueError:
        raise ValueError(_("“%(text)s” is not an amount in yuan.") % {"text": text}) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_("“%(text)s” is not a date like 2026-12-01.") % {"text": text}) from None


def _whole(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit()):
        raise ValueError(_("“%(text)s” is not a whole number.") % {"text": text})
    return int(plain)


def _check_choices(condition: Condition) -> None:
    """A value that the field never has would quietly find nothing, or with "is not" everything."""
    known = CHOICES.get(condition.field, ())
    for value in condition.values:
        if known and value not in known:
            choices = ", ".join(filter(None, known))
            raise ValueError(_("“%(text)s” is not one of: %(choices)s.") % {"text": value, "choices": choices})


def _check(condition: Condition, kind: Kind) -> None:
    if condition.operator not in _LEGAL[kind]:
        raise ValueError(
            _("“%(field)s” cannot be compared with “%(operator)s”.")
            % {"field": condition.field, "operator": condition.operator}
        )
    wanted = OPERATORS[condition.operator]
    if (wanted is None and not condition.values) or (wanted is not None and len(condition.values) != wanted):
        raise ValueError(_("“%(field)s” has the wrong number of values.") % {"field": condition.field})


def _accounts_of(condition: Condition, accounts: dict[int, AccountFacts]) -> set[int]:
    """Accounts by media, by our id or the media's, by agency's id ("" or "none": the advertiser's own accounts)."""
    if condition.operator not in {"is", "is_not", "any_of", "none_of"} or not condition.values:
        raise ValueError(_("“%(field)s” needs one or more values.") % {"field": condition.field})
    wanted = {value.strip() for value in condition.values}
    if condition.field == "media":
        found = {i for i, a in accounts.items() if a.platform in wanted}
    elif condition.field == "agency":
        for value in wanted - {"none"}:
            _whole(value)
        found = {i for i, a in accounts.items() if (str(a.agency_id) if a.agency_id else "none") in wanted}
    else:
        found = {i for i, a in accounts.items() if str(i) in wanted or a.remote_id in wanted}
    return found if condition.operator in {"is", "any_of"} else set(accounts) - found


def _add(where: Sql, column: str, kind: Kind, condition: Condition) -> None:
    operator, values = condition.operator, condition.values
    if kind == "labels":
        _add_labels(where, column, operator, list(values))
    elif kind == "day":
        _add_days(where, column, operator, [_day(value) for value in values])
    elif kind == "text":
        _add_text(where, column, operator, list(values))
    elif kind == "choice":
        _add_choice(where, column, operator, list(values))
    elif kind == "integer":
        if operator in {"is_set", "is_not_set"}:
            where.add(f" AND {column} IS {'NOT ' if operator == 'is_set' else ''}NULL")
        else:
            _add_choice(where, column, operator, [_whole(value) for value in values])
    else:
        _add_comparison(where, column, condition, fen_of)


def _add_choice(where: Sql, column: str, operator: str, values: list[Any]) -> None:
    if operator in {"is", "any_of"}:
        where.add(f" AND {column} = ANY(%s)", values)
    else:
        where.add(f" AND ({column} IS NULL OR {column} <> ALL(%s))", values)


def _add_text(where: Sql, column: str, operator: str, values: list[str]) -> None:
    if operator in {"is", "any_of", "is_not", "none_of"}:
        _add_choice(where, column, operator, values)
    elif operator in {"is_set", "is_not_set"}:
        where.add(f" AND {column} {'<>' if operator == 'is_set' else '='} ''")
    else:
        pattern = _escape(values[0]) + "%"
        if operator != "starts_with":
            pattern = "%" + pattern
        where.add(f" AND {column} {'NOT ' if operator == 'not_contains' else ''}{_like(values[0])} %s", pattern)


_USES = """(SELECT u.plan_id FROM campaigns_planmaterial u JOIN campaigns_accountmaterial m
    ON m.organization_id = u.organization_id AND m.id = u.material_id WHERE u.organization_id = %s"""
#: as the indexes are: a title's text, a file's name, a file's id
_SHOWN = ("m.kind = 'title' AND m.name", "NOT (m.kind = 'title') AND m.name", "NOT (m.kind = 'title') AND m.remote_id")


def _add_creative(where: Sql, organization_id: int, condition: Condition) -> None:
    """Plans by what they show: a title by its text, a file by its name or the media's id."""
    operator, values = condition.operator, condition.values
    is_negated = operator in {"is_not", "none_of", "not_contains", "is_not_set"}
    where.add(f" AND p.id {'NOT ' if is_negated else ''}IN {_USES}", organization_id)
    if operator in {"is", "any_of", "is_not", "none_of"}:
        where.add(f" AND ({' OR '.join(f'{shown} = ANY(%s)' for shown in _SHOWN)})", *[list(values)] * len(_SHOWN))
    elif values:
        pattern = f"{'' if operator == 'starts_with' else '%'}{_escape(values[0])}%"
        where.add(f" AND (m.name {_like(values[0])} %s OR m.remote_id {_like(values[0])} %s)", pattern, pattern)
    where.add(")")


def _add_labels(where: Sql, column: str, operator: str, values: list[str]) -> None:
    if operator in {"is_set", "is_not_set"}:
        where.add(f" AND cardinality({column}) {'>' if operator == 'is_set' else '='} 0")
    elif operator == "has_all":
        where.add(f" AND {column} @> %s::varchar[]", values)
    else:
        where.add(f" AND {'NOT ' if operator == 'has_none' else ''}({column} && %s::varchar[])", values)


def _add_days(where: Sql, column: str, operator: str, days: list[date]) -> None:
    starts = [datetime.combine(day, time.min, MEDIA_TIMEZONE) for day in days]
    after = [start + timedelta(days=1) for start in starts]
    if operator in {"is", "between"}:
        where.add(f" AND {column} >= %s AND {column} < %s", starts[0], after[-1])
    elif operator == "gt":
        where.add(f" AND {column} >= %s", after[0])
    elif operator == "gte":
        where.add(f" AND {column} >= %s", starts[0])
    elif operator == "lt":
        where.add(f" AND {column} < %s", starts[0])
    else:
        where.add(f" AND {column} < %s", after[0])


def _add_comparison(where: Sql, expression: str, condition: Condition, read: Callable[[str], Any]) -> None:
    operator = condition.operator
    if operator in {"is_set", "is_not_set"}:
        where.add(f" AND {expression} IS {'NOT ' if operator == 'is_set' else ''}NULL")
        return
    values = [read(value) for value in condition.values]
    if operator == "between":
        where.add(f" AND {expression} BETWEEN %s AND %s", *values)
    else:
        where.add(f" AND {expression} {_COMPARE[operator]} %s", values[0])


_HOLDS: dict[str, Callable[..., bool]] = {
    "is": eq,
    "is_not": ne,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "between": lambda found, low, high: low <= found <= high,
}


def _holds_without_numbers(metric: Metric, condition: Condition, read: Callable[[str], Any]) -> bool:
    """Whether a plan that has no numbers passes: its sums are 0, its ratios undefined."""
    if condition.operator in {"is_set", "is_not_set"}:
        return metric.is_additive == (condition.operator == "is_set")
    if not metric.is_additive:
        return condition.operator == "is_not"
    return _HOLDS[condition.operator](0, *(read(value) for value in condition.values))


def _number(text: str) -> float | int:
    """A whole number as one: counts are compared with it as they are, not each turned into a decimal first."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text}) from None
    if not amount.is_finite():
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text})
    number = float(amount)
    return int(number) if number.is_integer() and abs(number) <= LARGEST_ID else number


def _add_search(where: Sql, text: str) -> None:
    """Every word must be in the name; a number may be an id instead."""
    for word in text.split():
        number = whole_number(word)
        if number is not None:
            where.add(" AND (p.name LIKE %s OR p.remote_id = %s OR p.id = %s)", f"%{_escape(word)}%", word, number)
        else:
            where.add(f" AND p.name {_like(word)} %s", f"%{_escape(word)}%")


def _like(text: str) -> str:
    """ILIKE folds the case of every name it looks at, which takes several times as long; most words here have none."""
    return "LIKE" if text.lower() == text.upper() else "ILIKE"


def _escape(text: str) -> str:
    """LIKE's own characters mean themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
