"""The plan table and the plan page: filtered, sorted by any column or metric, with totals and comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Func
from django.utils.translation import gettext as _

from campaigns.contracts import PlanDetail, PlanQuery, PlanRow, PlanTablePage, PlanTotals
from campaigns.domain.maturity import FINAL_AGE
from campaigns.domain.metrics import METRICS, columns_of, values_of
from campaigns.domain.periods import PRESETS, WITH_BEFORE, Compare, Period, Window, previous_days
from campaigns.models import Plan
from campaigns.selectors import frames, table_frames
from campaigns.selectors.filters import Filtered, apply_filters
from campaigns.selectors.maturity import arrived_shares
from campaigns.selectors.sources import KeptBefore, KeptWindow, Reach, Source, Sql, SummedDays, metric_sql
from campaigns.selectors.table_frames import Order, PageRow, Question, Totals
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.core.clock import media_today
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

MAX_PAGE = 1000
#: "select all" and jobs by filter stop here
MAX_SELECTION = 100_000
EXPORT_CHUNK = 2000
#: fewer plans are all looked at: the short way to a page saves nothing, and where it fails it is a question more
MANY_PLANS = 20_000
#: labels offered in a chooser; others are typed
MOST_LABELS = 500

#: sortable columns of the plan
SORT_COLUMNS = {
    "name": "p.name",
    "id": "p.id",
    "media": "p.platform",
    "account": "p.account_id",
    "campaign": "p.campaign_id",
    "status": "p.status",
    "delivery": "p.delivery_status",
    "learning": "p.learning_state",
    "review": "p.review_state",
    "bid": "p.bid_fen",
    "budget": "p.daily_budget_fen",
    "created_at": "p.created_at",
}
_ROW_FIELDS = (
    "id", "remote_id", "client_ref", "name", "platform", "account_id", "campaign_id", "campaign__name", "status",
    "delivery_status", "learning_state", "review_state", "bid_type", "bid_fen", "daily_budget_fen", "schedule",
    "labels", "note", "created_at", "synced_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """A query's period resolved: where its numbers come from, and what they are compared with."""

    first_on: date
    last_on: date
    source: Source
    compared_first_on: date | None
    compared_last_on: date | None
    compared: Source | None


def plan_table(actor: Actor, query: PlanQuery) -> PlanTablePage:
    """One page of plans with metrics, found by its offset, and the totals of the whole filter.

    A page beyond the last is the last. Raises ``InvalidInput``.
    """
    actor.require("plans:read")
    accounts = account_facts(actor)
    resolved = resolve_range(query)
    question = _question(replace(query, after=None), apply_filters(actor, query, accounts), resolved)
    limit = _limit(query)
    found, totals = _page_and_totals(question, limit=limit + 1, offset=query.offset)
    last = max(0, totals.plan_count - 1) // limit * limit
    if not found and query.offset > last:
        query = replace(query, offset=last)
        found = table_frames.plan_page(question, limit=limit + 1, offset=last)
    rows = _rows(query, found[:limit], accounts)
    shown = {row.account.id for row in rows} if rows else set(accounts)
    today = media_today()
    return PlanTablePage(
        rows=rows,
        totals=PlanTotals(
            totals.plan_count,
            values_of(query.metrics, totals.sums),
            values_of(query.metrics, totals.compared) if resolved.compared else {},
        ),
        first_on=resolved.first_on,
        last_on=resolved.last_on,
        compared_first_on=resolved.compared_first_on,
        compared_last_on=resolved.compared_last_on,
        data_until=_oldest(accounts[i].metrics_synced_at for i in shown if i in accounts),
        is_settled=resolved.last_on < today - timedelta(days=FINAL_AGE),
        offset=query.offset,
        has_more=len(found) > limit,
    )


def _page_and_totals(question: Question, *, limit: int, offset: int) -> tuple[list[PageRow], Totals]:
    """Without a filter the numbers are added up by themselves, and a page of many plans is read from them as well."""
    totals = table_frames.totals_of_numbers(question)
    if totals is None:
        return table_frames.page_and_totals(question, limit=limit, offset=offset)
    if totals.plan_count < MANY_PLANS:
        question = replace(question, is_plain=False)
    return table_frames.plan_page(question, limit=limit, offset=offset), totals


def plan_rows(actor: Actor, query: PlanQuery) -> tuple[tuple[PlanRow, ...], bool]:
    """One page without totals, and whether more follow: for the API and for exports."""
    actor.require("plans:read")
    accounts = account_facts(actor)
    return _page(query, apply_filters(actor, query, accounts), resolve_range(query), accounts)


def export_rows(actor: Actor, query: PlanQuery) -> Iterator[PlanRow]:
    """Every plan of the filter in the table's order, read in chunks by keyset: any size, little memory."""
    actor.require("plans:read")
    accounts = account_facts(actor)
    filtered, resolved = apply_filters(actor, query, accounts), resolve_range(query)
    query = replace(query, limit=EXPORT_CHUNK, offset=0, after=None)
    while True:
        rows, has_more = _page(query, filtered, resolved, accounts)
        yield from rows
        if not has_more:
            return
        query = replace(query, after=rows[-1].key)


def select_plan_ids(actor: Actor, query: PlanQuery) -> list[int]:
    """Ids of every plan of the filter (at most ``MAX_SELECTION``): "select all N results"."""
    actor.require("plans:read")
    filtered = apply_filters(actor, query, account_facts(actor))
    source = resolve_range(query).source if filtered.columns else None
    return frames.plan_ids(
        filtered.reach, source=source, columns=filtered.columns, where=filtered.where, limit=MAX_SELECTION
    )


def visible_plans(actor: Actor) -> Any:
    """The plans that the actor may see, as a queryset."""
    actor.require("plans:read")
    return Plan.objects.all().visible_to(actor)


def plan_detail(
    actor: Actor,
    plan_id: int,
    *,
    period: Period | None = None,
    metrics: Iterable[str] = (),
    compare: Compare = "previous",
) -> PlanDetail:
    """One plan with its settings and its numbers; raises ``NotFound``."""
    plan = visible_plans(actor).select_related("campaign").filter(pk=plan_id).first()
    if plan is None:
        raise NotFound
    query = PlanQuery(period=period or Period("today"), metrics=tuple(metrics) or tuple(METRICS), compare=compare)
    if query.period.preset == "lifetime":
        query = replace(query, compare="")
    accounts = account_facts(actor)
    resolved = resolve_range(query)
    columns = columns_of(query.metrics)
    reach = Reach(actor.organization_id, (plan.account_id,))
    sources = [resolved.source, resolved.compared] if resolved.compared else [resolved.source]
    sums, *before = frames.plan_sums(reach, sources=sources, columns=columns, plan_ids=[plan.pk])[plan.pk]
    values = tuple(_value_of(plan, name) for name in _ROW_FIELDS)
    row = _row(values, accounts, query, sums, before[0] if before else None, ())
    return PlanDetail(
        row=row,
        objective=plan.objective,
        goal=plan.goal,
        targeting=plan.targeting,
        landing_url=plan.landing_url,
        titles=tuple(plan.titles),
        materials=tuple(plan.materials),
        reject_reasons=tuple(plan.reject_reasons),
        settings=plan.settings,
        job_id=plan.job_id,
        created_by_id=plan.created_by_id,
        remote_created_at=plan.remote_created_at,
        remote_modified_at=plan.remote_modified_at,
        campaign_settings=plan.campaign.settings if plan.campaign else {},
    )


def label_choices(actor: Actor) -> tuple[str, ...]:
    """Labels in use on plans the actor may see, by name; at most ``MOST_LABELS``."""
    rows = (
        visible_plans(actor)
        .exclude(labels=[])
        .annotate(one=Func(F("labels"), function="unnest"))
        .values_list("one", flat=True)
        .distinct()
    )
    return tuple(rows.order_by("one")[:MOST_LABELS])


def resolve_range(query: PlanQuery) -> Range:
    """Where the numbers come from: a kept window when every account is summed for today, else the day table."""
    today = media_today()
    _check_period(query, today)
    first_on, last_on = query.period.days(today)
    window = query.period.window(today)
    is_rolled = frames.read_state(today)
    shares = arrived_shares()
    source: Source
    if window is not None and (is_rolled or window == Window.YESTERDAY_SAME_HOURS):
        source = KeptWindow(window, today)
    else:
        source = SummedDays(first_on, last_on, today, shares)
    if not query.compare or window == Window.LIFETIME:
        return Range(first_on, last_on, source, None, None, None)
    if query.compare == "same_hours":
        yesterday = today - timedelta(days=1)
        compared: Source = KeptWindow(Window.YESTERDAY_SAME_HOURS, today)
        return Range(first_on, last_on, source, yesterday, yesterday, compared)
    days = previous_days(first_on, last_on)
    return Range(first_on, last_on, source, *days, _before(source, days, today, shares, is_rolled=is_rolled))


def _before(
    source: Source, days: tuple[date, date], today: date, shares: tuple[float, ...], *, is_rolled: bool
) -> Source:
    """The days before the source's: kept in its row, or a window themselves, or summed now."""
    if isinstance(source, KeptWindow) and source.window in WITH_BEFORE:
        return KeptBefore()
    window = Period("", *days).window(today)
    return KeptWindow(window, today) if window is not None and is_rolled else SummedDays(*days, today, shares)


def _check_period(query: PlanQuery, today: date) -> None:
    problem = ""
    if query.period.preset and query.period.preset not in PRESETS:
        problem = _("There is no such period.")
    elif not query.period.preset:
        first_on, last_on = query.period.first_on, query.period.last_on
        if first_on is None or last_on is None or first_on > last_on:
            problem = _("The first day must not be after the last.")
        elif (last_on - first_on).days >= 400:
            problem = _("A period has at most 400 days.")
    if not problem and query.compare == "same_hours" and query.period.window(today) != Window.TODAY:
        problem = _("Yesterday's same hours compare with today only.")
    if not problem and query.compare not in {"", "previous", "same_hours"}:
        problem = _("There is no such comparison.")
    if problem:
        raise InvalidInput(problem, errors=(FieldError("/period", "invalid_period", problem),))
    unknown = [key for key in query.metrics if key not in METRICS]
    if unknown:
        detail = _("There is no metric “%(key)s”.") % {"key": unknown[0]}
        raise InvalidInput(detail, errors=(FieldError("/metrics", "unknown_metric", detail),))


def _question(query: PlanQuery, filtered: Filtered, resolved: Range) -> Question:
    order = _order(query)
    return Question(
        reach=filtered.reach,
        source=resolved.source,
        compared=resolved.compared,
        columns=columns_of(query.metrics),
        filter_columns=(*_sort_columns(query), *filtered.columns),
        where=filtered.where,
        order=order,
        is_plain=filtered.is_plain,
        keyset=_keyset(query, order.expression),
    )


def _page(
    query: PlanQuery, filtered: Filtered, resolved: Range, accounts: dict[int, AccountFacts]
) -> tuple[tuple[PlanRow, ...], bool]:
    """A page alone, and whether more follow."""
    limit = _limit(query)
    offset = 0 if query.after is not None else query.offset
    found = table_frames.plan_page(_question(query, filtered, resolved), limit=limit + 1, offset=offset)
    return _rows(query, found[:limit], accounts), len(found) > limit


def _limit(query: PlanQuery) -> int:
    return max(1, min(query.limit, max(MAX_PAGE, EXPORT_CHUNK)))


def _rows(
    query: PlanQuery,
    page: list[PageRow],
    accounts: dict[int, AccountFacts],
) -> tuple[PlanRow, ...]:
    found = Plan.objects.filter(pk__in=[one.plan_id for one in page]).values_list(*_ROW_FIELDS)
    plans = {row[0]: row for row in found}
    return tuple(
        _row(plans[one.plan_id], accounts, query, one.sums, one.compared, (_plain(one.sort_value), one.plan_id))
        for one in page
        if one.plan_id in plans
    )


def _row(
    values: tuple[Any, ...],
    accounts: dict[int, AccountFacts],
    query: PlanQuery,
    sums: dict[str, float],
    before: dict[str, float] | None,
    key: tuple[Any, ...],
) -> PlanRow:
    v = dict(zip(_ROW_FIELDS, values, strict=True))
    account = accounts[v.pop("account_id")]
    v["campaign_name"] = v.pop("campaign__name") or ""
    v["labels"] = tuple(v["labels"])
    return PlanRow(
        **v,
        account=account,
        metrics=values_of(query.metrics, sums),
        compared={} if before is None else values_of(query.metrics, before),
        key=key,
    )


def _order(query: PlanQuery) -> Order:
    if query.sort in METRICS:
        metric = METRICS[query.sort]
        return Order(metric_sql(metric, "w"), query.is_descending, is_metric=True, is_sum=metric.is_additive)
    if query.sort in SORT_COLUMNS:
        return Order(SORT_COLUMNS[query.sort], query.is_descending)
    detail = _("Plans are not sorted by “%(key)s”.") % {"key": query.sort}
    raise InvalidInput(detail, errors=(FieldError("/sort", "unknown_sort", detail),))


def _sort_columns(query: PlanQuery) -> tuple[str, ...]:
    return METRICS[query.sort].columns if query.sort in METRICS else ()


def _keyset(query: PlanQuery, expression: str) -> Sql:
    """Only rows after the cursor's; raises ``InvalidInput`` for a cursor of another list."""
    if query.after is None:
        return Sql()
    try:
        value, plan_id = query.after
        if not isinstance(plan_id, int):
            raise ValueError
        if query.sort == "created_at":
            value = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        detail = _("This is not a cursor of this list.")
        raise InvalidInput(detail, errors=(FieldError("/after", "invalid_cursor", detail),)) from None
    sign = "<" if query.is_descending else ">"
    if value is None:
        return Sql(f" AND {expression} IS NULL AND p.id {sign} %s", [plan_id])
    return Sql(
        f" AND ({expression} {sign} %s OR ({expression} = %s AND p.id {sign} %s) OR {expression} IS NULL)",
        [value, value, plan_id],
    )


def _plain(value: Any) -> Any:
    """A sort value that JSON can carry."""
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _value_of(plan: Plan, name: str) -> Any:
    if name == "campaign__name":
        return plan.campaign.name if plan.campaign else ""
    return getattr(plan, name)


def _oldest(instants: Iterable[datetime | None]) -> datetime | None:
    known = [instant for instant in instants if instant is not None]
    return min(known) if known else None
