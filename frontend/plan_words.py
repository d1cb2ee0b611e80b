"""How plans are spoken of: tones of states, and each platform's own word for a plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STATUS_TONES = {"enabled": "good", "paused": "quiet", "deleted": "quiet"}
DELIVERY_TONES = {
    "delivering": "good",
    "in_review": "info",
    "not_started": "info",
    "out_of_schedule": "info",
    "rejected": "bad",
    "frozen": "bad",
    "out_of_balance": "bad",
    "out_of_budget": "warn",
    "campaign_paused": "warn",
}
LEARNING_TONES = {"learning": "info", "learned": "good", "failed": "bad"}
REVIEW_TONES = {"pending": "info", "approved": "good", "partly_rejected": "warn", "rejected": "bad"}

#: what a plan is called on each platform, in the platform's own words
PLAN_WORDS: dict[str, Any] = {
    "douyin": pgettext_lazy("plan at the media", "promotion"),
    "toutiao": pgettext_lazy("plan at the media", "promotion"),
    "kuaishou": pgettext_lazy("plan at the media", "unit"),
}
CAMPAIGN_WORDS: dict[str, Any] = {
    "douyin": pgettext_lazy("campaign at the media", "project"),
    "toutiao": pgettext_lazy("campaign at the media", "project"),
    "kuaishou": pgettext_lazy("campaign at the media", "campaign"),
}

PERIODS: dict[str, Any] = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "last_3_days": _("Last 3 days"),
    "last_7_days": _("Last 7 days"),
    "last_14_days": _("Last 14 days"),
    "last_30_days": _("Last 30 days"),
    "lifetime": _("Lifetime"),
}
COMPARISONS: dict[str, Any] = {
    "": _("No comparison"),
    "previous": _("Previous period"),
    "same_hours": _("Yesterday, same hours"),
}


def schedule_text(schedule: str) -> str:
    """Hours of delivery in a few words: ``Always``, or the hours a week."""
    if "0" not in schedule:
        return str(_("Always"))
    hours = schedule.count("1") / 2
    return f"{hours:g} {_('hours a week')}"
