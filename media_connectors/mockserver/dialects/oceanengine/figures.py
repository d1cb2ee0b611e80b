"""Ledger sums as the vendor's metrics: names, formulas, formats.

A figure is computed from a dict of summed ledger metrics (whole numbers, money in fen).
"""

from collections.abc import Callable
from dataclasses import dataclass

Sums = dict[str, int]


@dataclass(frozen=True)
class Figure:
    """``digits`` is how many decimals the vendor prints; 0 for counts."""

    name: str
    title: str
    value: Callable[[Sums], float]
    digits: int = 0

    def text(self, sums: Sums) -> str:
        return f"{self.value(sums):.{self.digits}f}"


def _ratio(top: float, bottom: float, factor: float = 1.0) -> float:
    return top / bottom * factor if bottom else 0.0


def _count(metric: str) -> Callable[[Sums], float]:
    return lambda sums: sums[metric]


def _share(top: str, bottom: str) -> Callable[[Sums], float]:
    """Percent."""
    return lambda sums: _ratio(sums[top], sums[bottom], 100)


def _cost_per(metric: str, factor: float = 1.0) -> Callable[[Sums], float]:
    """Yuan."""
    return lambda sums: _ratio(sums["cost_fen"] / 100, sums[metric], factor)


FIGURES = (
    Figure("stat_cost", "消耗", lambda sums: sums["cost_fen"] / 100, 2),
    Figure("show_cnt", "展示数", _count("impressions")),
    Figure("cpm_platform", "平均千次展现费用(元)", _cost_per("impressions", 1000), 2),
    Figure("click_cnt", "点击数", _count("clicks")),
    Figure("ctr", "点击率", _share("clicks", "impressions"), 2),
    Figure("cpc_platform", "平均点击单价(元)", _cost_per("clicks"), 2),
    Figure("convert_cnt", "转化数", _count("conversions")),
    Figure("conversion_cost", "平均转化成本", _cost_per("conversions"), 2),
    Figure("conversion_rate", "转化率", _share("conversions", "clicks"), 2),
    Figure("deep_convert_cnt", "深度转化数", _count("deep_conversions")),
    Figure("deep_convert_cost", "深度转化成本", _cost_per("deep_conversions"), 2),
    Figure("deep_convert_rate", "深度转化率", _share("deep_conversions", "conversions"), 2),
    Figure("attribution_convert_cnt", "转化数(计费时间)", _count("billed_conversions")),
    Figure("attribution_convert_cost", "转化成本(计费时间)", _cost_per("billed_conversions"), 2),
    Figure("attribution_conversion_rate", "转化率(计费时间)", _share("billed_conversions", "clicks"), 2),
    Figure("attribution_deep_convert_cnt", "深度转化数(计费时间)", _count("billed_deep_conversions")),
    Figure("attribution_deep_convert_cost", "深度转化成本(计费时间)", _cost_per("billed_deep_conversions"), 2),
    Figure("stat_pay_amount", "付费金额", lambda sums: sums["revenue_fen"] / 100, 2),
    Figure("total_play", "播放量", _count("plays")),
    Figure("valid_play", "有效播放数", _count("plays_3s")),
    Figure("valid_play_cost", "有效播放成本", _cost_per("plays_3s"), 2),
    Figure("valid_play_rate", "有效播放率", _share("plays_3s", "plays"), 2),
    Figure("play_duration_3s", "3秒播放数", _count("plays_3s")),
    Figure("play_over", "完播数", _count("plays_done")),
    Figure("play_over_rate", "完播率", _share("plays_done", "plays"), 2),
    Figure(
        "average_play_time_per_play", "平均单次播放时长", lambda sums: _ratio(sums["watch_seconds"], sums["plays"]), 2
    ),
    Figure("dy_like", "点赞数", _count("likes")),
    Figure("dy_comment", "评论量", _count("comments")),
    Figure("dy_share", "分享量", _count("shares")),
    Figure("dy_follow", "新增关注数", _count("follows")),
)
BY_NAME = {figure.name: figure for figure in FIGURES}

# The older report's numeric fields: name → (current name, is a whole number).
LEGACY = {
    "cost": ("stat_cost", False),
    "show": ("show_cnt", True),
    "click": ("click_cnt", True),
    "ctr": ("ctr", False),
    "avg_click_cost": ("cpc_platform", False),
    "avg_show_cost": ("cpm_platform", False),
    "convert": ("convert_cnt", True),
    "convert_cost": ("conversion_cost", False),
    "convert_rate": ("conversion_rate", False),
    "deep_convert": ("deep_convert_cnt", True),
    "deep_convert_cost": ("deep_convert_cost", False),
    "deep_convert_rate": ("deep_convert_rate", False),
    "attribution_convert": ("attribution_convert_cnt", True),
    "attribution_convert_cost": ("attribution_convert_cost", False),
    "attribution_deep_convert": ("attribution_deep_convert_cnt", True),
    "attribution_deep_convert_cost": ("attribution_deep_convert_cost", False),
    "total_play": ("total_play", True),
    "valid_play": ("valid_play", True),
    "like": ("dy_like", True),
    "comment": ("dy_comment", True),
    "share": ("dy_share", True),
    "follow": ("dy_follow", True),
}


def legacy_figures(sums: Sums) -> dict[str, float]:
    """All numeric fields of the older report."""
    found: dict[str, float] = {}
    for name, (current, is_whole) in LEGACY.items():
        value = BY_NAME[current].value(sums)
        found[name] = round(value) if is_whole else round(value, 4)
    return found
