"""What crosses the door of this app: questions and answers as frozen records."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from campaigns.domain.learning import LearningProgress
from campaigns.domain.metrics import DEFAULT_METRICS, METRICS, Metric
from campaigns.domain.periods import TODAY, Compare, Period, earlier
from campaigns.domain.targets import Targets
from media_connectors.selectors.directory import AccountFacts

__all__ = [
    "DEFAULT_METRICS", "METRICS", "OPERATORS", "BreakdownRow", "Condition", "HistoryEntry", "LearningProgress",
    "Metric", "Period",
    "PlanDetail", "PlanQuery", "PlanRow", "PlanTablePage", "PlanTotals", "SeriesPoint", "Targets",
    "earlier",
]  # fmt: skip

#: operator → how many values it takes (None: one or more)
OPERATORS: dict[str, int | None] = {
    "is": 1, "is_not": 1, "any_of": None, "none_of": None, "contains": 1, "not_contains": 1, "starts_with": 1,
    "gt": 1, "gte": 1, "lt": 1, "lte": 1, "between": 2, "has_any": None, "has_all": None, "has_none": None,
    "is_set": 0, "is_not_set": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter chip: a field of the plan or a metric's key, an operator of ``OPERATORS``, values as text.

    Money is yuan, percentages are fractions, days are ISO dates: as people and the API write them.
    """

    field: str
    operator: str
    values: tuple[str, ...] = ()
    #: where a refusal points to when this came from a request; empty: to its position among the chips
    pointer: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class PlanQuery:
    """Which plans, which numbers, in which order."""

    conditions: tuple[Condition, ...] = ()
    search: str = ""  # in the name or, for digits, also the exact ids
    period: Period = TODAY
    compare: Compare = ""
    metrics: tuple[str, ...] = DEFAULT_METRICS
    sort: str = "cost"
    is_descending: bool = True
    limit: int = 50
    offset: int = 0
    after: tuple[Any, ...] | None = None  # keyset (sort value, id) of the row before; beats the offset
    includes_deleted: bool = False


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One line of the plan table. Money in fen; ``metrics`` and ``compared`` by metric key, None is undefined."""

    id: int
    remote_id: str
    client_ref: str
    name: str
    platform: str
    account: AccountFacts
    campaign_id: int | None
    campaign_name: str
    status: str
    delivery_status: str
    learning_state: str
    review_state: str
    bid_type: str
    bid_fen: int | None
    daily_budget_fen: int | None
    schedule: str
    labels: tuple[str, ...]
    note: str
    created_at: datetime
    synced_at: datetime | None
    metrics: dict[str, float | None]
    compared: dict[str, float | None] = field(default_factory=dict)
    key: tuple[Any, ...] = ()  # keyset of this row under the query's sort


@dataclass(frozen=True, slots=True)
class PlanTotals:
    """The totals row: ratios from summed numerators and denominators."""

    plan_count: int
    metrics: dict[str, float | None]
    compared: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class PlanTablePage:
    """One page and what is true of the whole filter."""

    rows: tuple[PlanRow, ...]
    totals: PlanTotals
    first_on: date
    last_on: date
    compared_first_on: date | None
    compared_last_on: date | None
    data_until: datetime | None  # the oldest account's numbers among those shown
    is_settled: bool  # every day of the range is old enough not to grow
    offset: int  # of the first row; the last page's when a page beyond it was asked for
    has_more: bool


@dataclass(frozen=True, slots=True)
class PlanDetail:
    """A plan with its settings in the platform's own words."""

    row: PlanRow
    objective: str
    goal: str
    targeting: dict[str, Any]
    landing_url: str
    titles: tuple[Any, ...]
    materials: tuple[Any, ...]
    reject_reasons: tuple[Any, ...]
    settings: dict[str, Any]
    job_id: str
    created_by_id: int | None
    remote_created_at: datetime | None
    remote_modified_at: datetime | None
    campaign_settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """Metrics of one hour or day; ``sums`` are the additive columns they come from."""

    label: str  # "2026-11-22" or "2026-11-22T14"
    sums: dict[str, float]
    metrics: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which changes of the log; empty means all."""

    actions: tuple[str, ...] = ()
    job_id: str = ""
    user_id: int | None = None
    via: str = ""
    platform: str = ""
    account_id: int | None = None
    field: str = ""  # of ``selectors.series.CHANGE_FIELDS``
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a plan as the audit log tells it, with what stands there now."""

    id: int
    at: datetime
    action: str
    object_id: str
    object_name: str
    user_name: str
    via: str
    reason: str
    job_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    now: dict[str, Any]
    is_undoable: bool


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """Metrics of one media, agency, account or campaign."""

    key: str
    label: str
    plan_count: int
    metrics: dict[str, float | None]
    compared: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class HourPoint:
    """One hour of today beside the same hour of yesterday; None for hours that are still to come."""

    hour: int
    today: dict[str, float | None] | None
    yesterday: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """A plan that needs somebody, and why. ``severity`` 0–1; ``evidence`` are the numbers behind the words."""

    plan_id: int
    plan_name: str
    account: AccountFacts
    reason: str  # code: rejected, empty_spend, over_cost, starved, budget_capped, learning_failed
    severity: float
    evidence: dict[str, float | str | None]


@dataclass(frozen=True, slots=True)
class BalanceForecast:
    """An account whose money will not last: hours left at the pace of the last hours, None when it stands still."""

    account: AccountFacts
    balance_fen: int
    cost_per_hour_fen: float
    hours_left: float | None
    is_below_alarm: bool


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the numbers of an account reach; ``lag_seconds`` None when they never came."""

    account: AccountFacts
    metrics_until: datetime | None
    lag_seconds: float | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Aim:
    """What a part of the delivery is measured by now; None where there is no target."""

    targets: Targets
    cost_due_fen: float | None = None  # of the day's cost, what is due by now
    cpa_fen: float | None = None  # the target that somebody set, else the bids of the plans
    is_cpa_from_bids: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """The home board. Comparisons are with yesterday until the same minute."""

    at: datetime
    today: dict[str, float | None]
    yesterday_same_hours: dict[str, float | None]
    yesterday: dict[str, float | None]
    aim: Aim  # a CPA that nobody set is the cost-weighted bid of the plans that spent today
    aims_by_media: dict[str, Aim]
    by_media: tuple[BreakdownRow, ...]
    by_agency: tuple[BreakdownRow, ...]
    by_account: tuple[BreakdownRow, ...]
    hours: tuple[HourPoint, ...]
    attention: tuple[AttentionItem, ...]
    attention_count: int
    balances: tuple[BalanceForecast, ...]
    freshness: tuple[Freshness, ...]
    live_plan_count: int
    learning_plan_count: int
