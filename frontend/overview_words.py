"""How the home board speaks of plans that need somebody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

ATTENTION_LABELS: dict[str, Any] = {
    "rejected": _("Rejected by the review"),
    "empty_spend": _("Spends without conversions"),
    "over_cost": _("Conversions cost too much"),
    "budget_capped": _("Budget used up early"),
    "learning_failed": _("Learning failed"),
    "starved": _("No impressions"),
}

#: what usually helps
ATTENTION_HINTS: dict[str, Any] = {
    "rejected": _("See what the review said, then change the creative."),
    "empty_spend": _("Pause it, or look at landing page and targeting."),
    "over_cost": _("Lower the bid, or pause it."),
    "budget_capped": _("Raise the budget if the cost per conversion is fine."),
    "learning_failed": _("Pause it and start it anew with other creatives."),
    "starved": _("Raise the bid, or widen the targeting."),
}

#: severity from which the badge alarms; below it warns
ALARM_SEVERITY = 0.7
