"""The columns of the plan table: four that stay, then whatever the reader chose, in the reader's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.contracts import METRICS

#: attributes of a plan that may be shown among the metrics: key → (label, sort key or "", alignment)
ATTRIBUTES: dict[str, tuple[Any, str, str]] = {
    "bid": (_("Bid"), "bid", "number"),
    "budget": (_("Daily budget"), "budget", "number"),
    "schedule": (_("Schedule"), "", ""),
    "delivery": (_("Delivery"), "delivery", ""),
    "learning": (_("Learning phase"), "learning", ""),
    "review": (_("Review"), "review", ""),
    "account": (_("Media account"), "account", ""),
    "campaign": (_("Campaign"), "campaign", ""),
    "labels": (_("Labels"), "", ""),
    "created_at": (_("Created"), "created_at", ""),
    "note": (_("Note"), "", ""),
}

BASES: dict[str, Any] = {
    "delivery": _("booked when it happens"),
    "billing": _("booked on the day of the charge; grows for seven days"),
    "conversion": _("booked when the conversion is reported"),
}

#: ready-made choices: key → (label, columns)
PRESETS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "standard": (
        pgettext_lazy("columns", "Standard"),
        ("delivery", "bid", "budget", "cost", "impressions", "clicks", "ctr", "conversions", "cvr", "cpa", "roi"),
    ),
    "cost": (
        pgettext_lazy("columns", "Cost and bids"),
        ("bid", "budget", "cost", "conversions", "cpa", "matured_cpa", "billed_cpa", "cpm", "cpc"),
    ),
    "conversion": (
        pgettext_lazy("columns", "Conversions"),
        ("bid", "cost", "conversions", "matured_conversions", "cpa", "matured_cpa", "deep_conversions", "deep_cvr",
         "deep_cpa", "revenue", "roi"),
    ),
    "video": (
        pgettext_lazy("columns", "Video"),
        ("cost", "plays", "play_rate_3s", "completion_rate", "mean_watch", "engagement_rate", "ctr", "cvr"),
    ),
    "health": (
        pgettext_lazy("columns", "State"),
        ("delivery", "learning", "review", "account", "campaign", "labels", "created_at", "cost", "conversions"),
    ),
}  # fmt: skip
DEFAULT_COLUMNS = PRESETS["standard"][1]
MAX_COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Column:
    """A scrolling column as one reader sees it."""

    key: str
    label: str
    sort: str
    is_metric: bool
    is_number: bool
    hint: str = ""


def is_column(key: str) -> bool:
    """Whether there is such a column."""
    return key in METRICS or key in ATTRIBUTES


def column(key: str) -> Column:
    """The column of a key, worded in the active language; raises ``KeyError``."""
    if key in METRICS:
        label = METRICS[key].label(get_language() or "en")
        return Column(key, label, key, is_metric=True, is_number=True, hint=metric_hint(key))
    label, sort, align = ATTRIBUTES[key]
    return Column(key, str(label), sort, is_metric=False, is_number=align == "number")


def metric_hint(key: str) -> str:
    """A metric's formula and when it is booked, in the active language; raises ``KeyError``."""
    metric = METRICS[key]
    return f"{metric.formula(get_language() or 'en')} · {BASES[metric.basis]}"


def every_column() -> tuple[Column, ...]:
    """All of them: attributes first, then metrics in the registry's order."""
    return tuple(column(key) for key in (*ATTRIBUTES, *METRICS))
