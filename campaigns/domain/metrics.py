"""THE metric registry: what every number means. Sum first, divide last; an undefined ratio is ``None``, never 0.

Numerators and denominators name additive columns of the metric tables (``MEASURES``) plus ``matured_conversions``.
Money columns are integer fen and ``watched_ms`` is milliseconds; ``scale`` turns a quotient into the metric's unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: the additive columns, in the order of ``media_connectors.contracts.MetricRow``
MEASURES = (
    "impressions", "clicks", "cost_fen", "conversions", "billed_conversions", "deep_conversions", "revenue_fen",
    "plays", "plays_3s", "completed_plays", "watched_ms", "likes", "comments", "shares", "follows",
)  # fmt: skip
#: conversions of the charge's day, grown by what has not had time to arrive (see ``campaigns.domain.maturity``)
MATURED = "matured_conversions"
COLUMNS = (*MEASURES, MATURED)
#: names the columns of a kept window's row that hold the range before it
BEFORE = "before_"

Unit = Literal["money", "count", "percent", "ratio", "seconds"]
Basis = Literal["delivery", "billing", "conversion"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number: how it is worded, where it comes from, in what unit it is shown.

    ``unit`` money is fen, percent a fraction (0.0123), ratio a plain quotient. ``basis``: delivery numbers are booked
    when they happen, billing ones on the day of the charge (they grow for seven days), conversion ones when reported.
    """

    key: str
    label_en: str
    label_zh: str
    formula_en: str
    formula_zh: str
    unit: Unit
    basis: Basis
    numerator: tuple[str, ...]
    denominator: tuple[str, ...] = ()
    scale: float = 1.0
    is_lower_better: bool = False

    @property
    def is_additive(self) -> bool:
        """Whether values may be summed over rows."""
        return not self.denominator

    @property
    def columns(self) -> tuple[str, ...]:
        """The additive columns it needs."""
        return tuple(dict.fromkeys((*self.numerator, *self.denominator)))

    def label(self, language: str) -> str:
        """Its name for people."""
        return self.label_zh if language.startswith("zh") else self.label_en

    def formula(self, language: str) -> str:
        """How it is computed, for people."""
        return self.formula_zh if language.startswith("zh") else self.formula_en

    def value(self, sums: Mapping[str, float]) -> float | None:
        """The metric of summed columns; ``None`` when the denominator is 0."""
        above = sum(sums.get(column) or 0 for column in self.numerator)
        if self.is_additive:
            return above if self.scale == 1.0 else above * self.scale
        below = sum(sums.get(column) or 0 for column in self.denominator)
        return above / below * self.scale if below else None


def _sum(key: str, english: str, chinese: str, column: str, unit: Unit = "count", **more: object) -> Metric:
    basis: Basis = more.pop("basis", "delivery")  # type: ignore[assignment]
    return Metric(key, english, chinese, english, chinese, unit, basis, (column,), **more)  # type: ignore[arg-type]


_ALL = (
    _sum("impressions", "Impressions", "展示", "impressions"),
    _sum("clicks", "Clicks", "点击", "clicks"),
    _sum("cost", "Cost", "消耗", "cost_fen", "money"),
    _sum("conversions", "Conversions", "转化", "conversions", basis="conversion"),
    _sum("billed_conversions", "Billed conversions", "计费转化", "billed_conversions", basis="billing"),
    Metric(
        "matured_conversions", "Matured conversions", "成熟转化", "Billed conversions ÷ share that has arrived by now",
        "计费转化 ÷ 已回传比例", "count", "billing", (MATURED,),
    ),
    _sum("deep_conversions", "Deep conversions", "深度转化", "deep_conversions", basis="conversion"),
    _sum("revenue", "Revenue", "保费收入", "revenue_fen", "money", basis="conversion"),
    Metric(
        "cpm", "CPM", "千次展示费用", "Cost ÷ impressions × 1000", "消耗 ÷ 展示 × 1000", "money", "delivery",
        ("cost_fen",), ("impressions",), 1000.0, True,
    ),
    Metric(
        "ctr", "CTR", "点击率", "Clicks ÷ impressions", "点击 ÷ 展示", "percent",
        "delivery", ("clicks",), ("impressions",),
    ),
    Metric(
        "cpc", "CPC", "点击单价", "Cost ÷ clicks", "消耗 ÷ 点击", "money", "delivery", ("cost_fen",), ("clicks",),
        is_lower_better=True,
    ),
    Metric(
        "cvr", "CVR", "转化率", "Conversions ÷ clicks", "转化 ÷ 点击", "percent",
        "conversion", ("conversions",), ("clicks",),
    ),
    Metric(
        "cpa", "CPA", "转化成本", "Cost ÷ conversions", "消耗 ÷ 转化", "money", "conversion", ("cost_fen",),
        ("conversions",), is_lower_better=True,
    ),
    Metric(
        "billed_cpa", "Billed CPA", "计费转化成本", "Cost ÷ billed conversions", "消耗 ÷ 计费转化", "money", "billing",
        ("cost_fen",), ("billed_conversions",), is_lower_better=True,
    ),
    Metric(
        "matured_cpa", "Matured CPA", "成熟转化成本", "Cost ÷ matured conversions",
        "消耗 ÷ 成熟转化", "money", "billing",
        ("cost_fen",), (MATURED,), is_lower_better=True,
    ),
    Metric(
        "deep_cvr", "Deep CVR", "深度转化率", "Deep conversions ÷ conversions",
        "深度转化 ÷ 转化", "percent", "conversion",
        ("deep_conversions",), ("conversions",),
    ),
    Metric(
        "deep_cpa", "Deep CPA", "深度转化成本", "Cost ÷ deep conversions", "消耗 ÷ 深度转化", "money", "conversion",
        ("cost_fen",), ("deep_conversions",), is_lower_better=True,
    ),
    Metric(
        "roi", "ROI", "投产比", "Revenue ÷ cost", "保费收入 ÷ 消耗", "ratio",
        "conversion", ("revenue_fen",), ("cost_fen",),
    ),
    _sum("plays", "Plays", "播放", "plays"),
    _sum("plays_3s", "Plays ≥ 3 s", "3秒播放", "plays_3s"),
    Metric(
        "play_rate_3s", "3 s play rate", "3秒播放率", "Plays of at least 3 s ÷ plays", "3秒播放 ÷ 播放", "percent",
        "delivery", ("plays_3s",), ("plays",),
    ),
    _sum("completed_plays", "Completed plays", "完播", "completed_plays"),
    Metric(
        "completion_rate", "Completion rate", "完播率", "Completed plays ÷ plays", "完播 ÷ 播放", "percent", "delivery",
        ("completed_plays",), ("plays",),
    ),
    Metric(
        "mean_watch", "Mean watch", "平均播放时长", "Watched time ÷ plays", "播放时长 ÷ 播放", "seconds", "delivery",
        ("watched_ms",), ("plays",), 0.001,
    ),
    _sum("likes", "Likes", "点赞", "likes"),
    _sum("comments", "Comments", "评论", "comments"),
    _sum("shares", "Shares", "分享", "shares"),
    _sum("follows", "Follows", "关注", "follows"),
    Metric(
        "engagement_rate", "Engagement rate", "互动率", "(Likes + comments + shares + follows) ÷ plays",
        "(点赞 + 评论 + 分享 + 关注) ÷ 播放", "percent", "delivery", ("likes", "comments",
        "shares", "follows"), ("plays",),
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.key: metric for metric in _ALL}

#: what a plan table shows when nobody chose
DEFAULT_METRICS = ("cost", "impressions", "clicks", "ctr", "cpc", "conversions", "cvr", "cpa", "roi")


def columns_of(keys: Iterable[str]) -> tuple[str, ...]:
    """The additive columns that the metrics need, in the registry's order; raises ``KeyError`` for an unknown key."""
    needed = {column for key in keys for column in METRICS[key].columns}
    return tuple(column for column in COLUMNS if column in needed)


def values_of(keys: Iterable[str], sums: Mapping[str, float]) -> dict[str, float | None]:
    """Every metric of one set of summed columns."""
    return {key: METRICS[key].value(sums) for key in keys}
