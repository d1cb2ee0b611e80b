"""The home board: today against yesterday's same hours, where it comes from, and what needs somebody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta

from campaigns.contracts import (
    Aim,
    AttentionItem,
    BalanceForecast,
    BreakdownRow,
    Freshness,
    HourPoint,
    Overview,
    PlanQuery,
    Targets,
)
from campaigns.domain.attention import PlanToday, judge
from campaigns.domain.maturity import matured
from campaigns.domain.metrics import MATURED, MEASURES, columns_of, values_of
from campaigns.domain.targets import cost_due
from campaigns.models import Campaign
from campaigns.selectors import frames
from campaigns.selectors.filters import apply_filters
from campaigns.selectors.maturity import arrived_shares
from campaigns.selectors.plans import resolve_range
from campaigns.selectors.sources import Reach
from campaigns.selectors.targets import ALL_MEDIA, targets_seen
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.core.clock import MEDIA_TIMEZONE, media_now

BOARD_METRICS = ("cost", "impressions", "clicks", "conversions", "matured_conversions", "cpa", "matured_cpa", "roi")
#: an account whose numbers are older is late (they come every minute for what is live)
LATE_AFTER = timedelta(minutes=15)
#: the pace of spending is that of the last whole hours
PACE_HOURS = 3
#: money that lasts longer than this worries nobody
BALANCE_HORIZON_HOURS = 48.0
_CANDIDATES = 500
#: the columns behind the board's numbers, without what is grown from the billed conversions
_COLUMNS = tuple(column for column in MEASURES if column in {*columns_of(BOARD_METRICS), "billed_conversions"})
_Sums = dict[str, float]


def overview(actor: Actor, *, attention_limit: int = 20) -> Overview:
    """Everything the home board shows, narrowed to what the actor sees."""
    actor.require("overview:read")
    now = media_now()
    accounts = account_facts(actor)
    reach = _reach(actor, accounts)
    today, yesterday = now.date(), now.date() - timedelta(days=1)
    shares = arrived_shares()
    by_account, paces = _by_account(reach, now, shares)
    by_hour = {
        (day, hour): _with_matured(values, (today - day).days, shares)
        for day, hour, *values in frames.hours_of_days(reach, days=(yesterday, today), columns=_COLUMNS)
    }
    can_see_plans = actor.can("plans:read")
    attention, attention_count = _attention(reach, accounts, now, attention_limit) if can_see_plans else ((), 0)
    live = frames.live_plans(reach, today=today) if can_see_plans else frames.LivePlans(0, 0, None)
    aims = _aims(targets_seen(actor), accounts, by_account, now, live.target_cpa_fen)
    return Overview(
        at=now,
        today=values_of(BOARD_METRICS, _total(by_account["today"].values())),
        yesterday_same_hours=values_of(BOARD_METRICS, _total(by_account["same"].values())),
        yesterday=values_of(BOARD_METRICS, _total(by_account["yesterday"].values())),
        aim=aims[ALL_MEDIA],
        aims_by_media={platform: aim for platform, aim in aims.items() if platform != ALL_MEDIA},
        by_media=_grouped(accounts, by_account, lambda a: (a.platform, a.platform)),
        by_agency=_grouped(accounts, by_account, lambda a: (str(a.agency_id or "none"), a.agency_name)),
        by_account=_grouped(accounts, by_account, lambda a: (str(a.id), a.name)),
        hours=tuple(
            HourPoint(
                hour,
                values_of(BOARD_METRICS, by_hour.get((today, hour)) or _zeros()) if hour <= now.hour else None,
                values_of(BOARD_METRICS, by_hour.get((yesterday, hour)) or _zeros()),
            )
            for hour in range(24)
        ),
        attention=attention,
        attention_count=attention_count,
        balances=balance_forecasts(accounts.values(), paces),
        freshness=freshness(accounts.values(), now),
        live_plan_count=live.count,
        learning_plan_count=live.learning_count,
    )


def breakdown(actor: Actor, query: PlanQuery, *, by: str, limit: int = 200) -> tuple[BreakdownRow, ...]:
    """The filter's plans summed by ``media``, ``agency``, ``account`` or ``campaign``, largest cost first."""
    actor.require("plans:read")
    if by not in {"media", "agency", "account", "campaign"}:
        raise ValueError(f"plans are not summed by {by}")
    accounts = account_facts(actor)
    filtered, resolved = apply_filters(actor, query, accounts), resolve_range(query)
    columns = tuple(dict.fromkeys((*columns_of(query.metrics), *filtered.columns)))
    found = frames.grouped_sums(
        filtered.reach,
        source=resolved.source,
        compared=resolved.compared,
        columns=columns,
        where=filtered.where,
        group="campaign_id" if by == "campaign" else "account_id",
        limit=limit if by == "campaign" else 10_000,
    )
    labels = _labels(by, accounts, [row[0] for row in found])
    groups: dict[str, tuple[int, _Sums, _Sums]] = {}
    for key, count, *values in found:
        name = labels[key][0]
        old_count, sums, before = groups.get(name, (0, dict.fromkeys(columns, 0.0), dict.fromkeys(columns, 0.0)))
        for column, value in zip(columns, values, strict=False):
            sums[column] += float(value)
        for column, value in zip(columns, values[len(columns) :], strict=False):
            before[column] += float(value)
        groups[name] = (old_count + count, sums, before)
    names = dict(labels.values())
    rows = [
        BreakdownRow(
            key,
            names[key],
            count,
            values_of(query.metrics, sums),
            values_of(query.metrics, before) if resolved.compared else {},
        )
        for key, (count, sums, before) in groups.items()
    ]
    return tuple(rows[:limit])


def balance_forecasts(
    accounts: Iterable[AccountFacts], cost_per_hour: Mapping[int, float]
) -> tuple[BalanceForecast, ...]:
    """Accounts whose money is below their alarm or will not last ``BALANCE_HORIZON_HOURS``, soonest first."""
    found = []
    for account in accounts:
        if account.balance_fen is None or not account.is_active:
            continue
        pace = cost_per_hour.get(account.id, 0.0)
        hours_left = account.balance_fen / pace if pace > 0 else None
        is_below = account.is_low
        if is_below or (hours_left is not None and hours_left < BALANCE_HORIZON_HOURS):
            found.append(BalanceForecast(account, account.balance_fen, pace, hours_left, is_below))
    return tuple(sorted(found, key=lambda one: (one.hours_left is None, one.hours_left or 0.0, one.account.id)))


def freshness(accounts: Iterable[AccountFacts], now: datetime) -> tuple[Freshness, ...]:
    """How far each account's numbers reach, the oldest first; accounts paused by us are left out."""
    rows = []
    for account in accounts:
        if not account.is_active:
            continue
        until = account.metrics_synced_at
        lag = (now - until).total_seconds() if until is not None else None
        is_late = lag is None or lag > LATE_AFTER.total_seconds()
        rows.append(Freshness(account, until, lag, is_late))
    return tuple(sorted(rows, key=lambda row: (row.lag_seconds is not None, -(row.lag_seconds or 0.0), row.account.id)))


def _attention(
    reach: Reach, accounts: dict[int, AccountFacts], now: datetime, limit: int
) -> tuple[tuple[AttentionItem, ...], int]:
    rows = frames.suspicious_plans(reach, today=now.date(), hour=now.hour, limit=_CANDIDATES)
    midnight = datetime.combine(now.date(), time.min, MEDIA_TIMEZONE)
    items = []
    for row in rows:
        (
            plan_id,
            learning_state,
            review,
            delivery,
            bid,
            created_at,
            cost,
            shown,
            conversions,
            grown,
            account_id,
            name,
        ) = row
        live_hours = (now - max(midnight, created_at)).total_seconds() / 3600
        plan = PlanToday(True, delivery, learning_state, review, bid, cost, shown, grown, conversions, live_hours)
        judgement = judge(plan, hour=now.hour)
        if judgement is not None:
            evidence = {"cost_fen": cost, "bid_fen": bid, "conversions": conversions, "impressions": shown}
            items.append(
                AttentionItem(plan_id, name, accounts[account_id], judgement.reason, judgement.severity, evidence)
            )
    items.sort(key=lambda item: (-item.severity, -float(item.evidence["cost_fen"] or 0), item.plan_id))
    return tuple(items[:limit]), len(items)


def _aims(
    targets: Mapping[str, Targets],
    accounts: Mapping[int, AccountFacts],
    by_account: Mapping[str, Mapping[int, _Sums]],
    now: datetime,
    bid_cpa_fen: float | None,
) -> dict[str, Aim]:
    """What all media together and each media are measured by; only the whole falls back to the bids."""
    whole = targets.get(ALL_MEDIA, Targets())
    clock_share = (now.hour * 60 + now.minute) / 1440
    aims = {}
    for platform in (ALL_MEDIA, *sorted({account.platform for account in accounts.values()})):
        mine = whole if platform == ALL_MEDIA else targets.get(platform, Targets()).or_from(whole)
        ids = [account.id for account in accounts.values() if platform in (ALL_MEDIA, account.platform)]
        due = cost_due(
            mine.daily_cost_fen,
            yesterday_fen=_cost(by_account["yesterday"], ids),
            yesterday_by_now_fen=_cost(by_account["same"], ids),
            clock_share=clock_share,
        )
        bid_fen = bid_cpa_fen if platform == ALL_MEDIA and mine.cpa_fen is None else None
        cpa_fen = bid_fen if mine.cpa_fen is None else mine.cpa_fen
        aims[platform] = Aim(mine, due, cpa_fen, bid_fen is not None)
    return aims


def _cost(of_account: Mapping[int, _Sums], ids: Iterable[int]) -> float:
    return sum(of_account[account_id]["cost_fen"] for account_id in ids if account_id in of_account)


def _reach(actor: Actor, accounts: Mapping[int, AccountFacts]) -> Reach:
    return Reach(actor.organization_id, tuple(sorted(accounts)) if actor.is_narrowed else None)


def _grouped(
    accounts: dict[int, AccountFacts],
    by_account: dict[str, dict[int, _Sums]],
    group: Callable[[AccountFacts], tuple[str, str]],
) -> tuple[BreakdownRow, ...]:
    sums: dict[str, dict[str, _Sums]] = {name: defaultdict(_zeros) for name in by_account}
    labels: dict[str, str] = {}
    for account in accounts.values():
        key, label = group(account)
        labels[key] = label
        for name, of_account in by_account.items():
            if account.id in of_account:
                for column, value in of_account[account.id].items():
                    sums[name][key][column] += value
    rows = [
        BreakdownRow(
            key, label, 0, values_of(BOARD_METRICS, sums["today"][key]), values_of(BOARD_METRICS, sums["same"][key])
        )
        for key, label in labels.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.metrics["cost"] or 0), row.label, row.key)))


def _labels(by: str, accounts: dict[int, AccountFacts], keys: list[int | None]) -> dict[int | None, tuple[str, str]]:
    """Database key → (group key, label)."""
    if by == "campaign":
        names = dict(Campaign.objects.filter(pk__in=[key for key in keys if key]).values_list("id", "name"))
        return {key: (str(key or "none"), names.get(key, "")) for key in keys}
    of = {
        "media": lambda a: (a.platform, a.platform),
        "agency": lambda a: (str(a.agency_id or "none"), a.agency_name),
        "account": lambda a: (str(a.id), a.name),
    }[by]
    return {key: of(accounts[key]) if key in accounts else ("none", "") for key in keys}  # type: ignore[index]


def _by_account(
    reach: Reach, now: datetime, shares: tuple[float, ...]
) -> tuple[dict[str, dict[int, _Sums]], dict[int, float]]:
    """Each account's ``today``, ``yesterday`` and ``same`` (yesterday until this minute), and its pace in fen an hour.

    The pace is that of the last whole hours of today, fewer after midnight.
    """
    today, yesterday = now.date(), now.date() - timedelta(days=1)
    pace_hours = min(PACE_HOURS, now.hour)
    found: dict[str, dict[int, _Sums]] = {"today": {}, "same": {}, "yesterday": {}}
    paces: dict[int, float] = {}
    rows = frames.account_days(
        reach,
        days=(yesterday, today),
        columns=_COLUMNS,
        until_hour=now.hour,
        part=(now.minute * 60 + now.second) / 3600,
        pace_from_hour=now.hour - pace_hours,
    )
    for account_id, day, *values, recent_fen in rows:
        whole, until_now = values[: len(_COLUMNS)], values[len(_COLUMNS) :]
        if day == today:
            found["today"][account_id] = _with_matured(whole, 0, shares)
            paces[account_id] = recent_fen / pace_hours if pace_hours else 0.0
        else:
            found["yesterday"][account_id] = _with_matured(whole, 1, shares)
            found["same"][account_id] = _with_matured(until_now, 1, shares)
    return found, paces


def _zeros() -> _Sums:
    return dict.fromkeys((*_COLUMNS, MATURED), 0.0)


def _with_matured(values: Iterable[float], age: int, shares: tuple[float, ...]) -> _Sums:
    """Sums of one day by name, with what its billed conversions will have grown to."""
    sums: _Sums = dict(zip(_COLUMNS, values, strict=True))
    sums[MATURED] = matured(sums["billed_conversions"], age, shares)
    return sums


def _total(many: Iterable[_Sums]) -> _Sums:
    total = _zeros()
    for sums in many:
        for column, value in sums.items():
            total[column] += value
    return total
