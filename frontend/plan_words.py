"""How plans are spoken of: tones of states, and each platform's own word for a plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.contracts import LearningProgress

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


def learning_lines(progress: LearningProgress) -> list[str]:
    """What the learning state means, how far the plan is, and what to do: the media's own state comes first."""
    values: dict[str, Any] = {"count": progress.conversions, "wanted": progress.wanted, "days": progress.days}
    lines = {
        "learning": [gettext("The media is still finding out whom to show it to. Leave its bid and targeting alone.")],
        "learned": [gettext("The media has learned whom to show it to; its cost is steadier from here on.")],
        "failed": [gettext("The media found too few conversions. Copy it with another creative or audience.")],
    }.get(progress.state, [gettext("The media gives no learning state.")])
    if progress.first_on is None or progress.last_on is None:
        return [*lines, gettext("It has had no impressions yet, so nothing can be learned.")]
    values |= {"first": f"{progress.first_on:%m-%d}", "last": f"{progress.last_on:%m-%d}"}
    text = gettext("%(count)s of %(wanted)s conversions in its first %(days)s days (%(first)s to %(last)s).")
    return [*lines, text % values]
