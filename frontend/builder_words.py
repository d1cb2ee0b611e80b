"""The builder's words: labels, help and what may be chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.choices import TITLE, MaterialSort
from campaigns.selectors.regions import RegionName, region_names
from media_connectors.choices import PlatformChoice

WORDS: dict[str, Any] = {
    "campaign": _("Campaign name"),
    "campaign_help": _("Empty: named after goal and audience, so that plans that fit share one."),
    "landing_url": _("Landing page"),
    "brand_name": _("Brand"),
    "brand_help": _("Shown as the source of the ad."),
    "call_to_action": _("Call to action"),
    "action_help": _("Two to six characters on the button."),
    "start_date": _("First day"),
    "end_date": _("Last day"),
    "end_help": _("Empty: open end."),
    "bids": _("Bids"),
    "budgets": _("Daily budgets"),
    "ladder_help": _("One or more, by spaces. 30-50/5 climbs from 30 to 50; 40±10% adds 10 % below and above."),
    "budget_help": _("As bids; write unlimited for none."),
}

GOALS = (
    ("form", pgettext_lazy("goal", "Form submitted")),
    ("valid_lead", pgettext_lazy("goal", "Valid lead")),
    ("pay", pgettext_lazy("goal", "Policy paid")),
)
BID_TYPES = (("target_cpa", _("Target CPA")), ("max_conversion", _("Maximum conversions")))
GENDERS = (("any", _("Any")), ("male", _("Male")), ("female", _("Female")))
AGES = ("18-23", "24-30", "31-40", "41-49", "50+")
SYSTEMS = (("android", "Android"), ("ios", "iOS"))
KINDS = tuple((value, label) for value, label in MaterialSort.choices if value != TITLE)
DIMENSION_WORDS: dict[str, Any] = {
    "audience": _("Audiences"),
    "creative": _("Creatives"),
    "title": _("Titles"),
    "bid": _("Bids"),
    "budget": _("Daily budgets"),
    "schedule": _("Schedule"),
}


CELL_LABELS: dict[str, Any] = {
    "media": _("Media"),
    "account_id": _("Account"),
    "name": _("Name"),
    "campaign": _("Campaign"),
    "audience": _("Audience"),
    "materials": _("Creative"),
    "titles": _("Titles"),
    "bid": _("Bid"),
    "budget": _("Daily budget"),
    "schedule": _("Schedule"),
    "goal": _("Conversion goal"),
    "bid_type": _("Bidding"),
    "start_date": _("First day"),
    "end_date": _("Last day"),
    "gender": _("Gender"),
    "ages": _("Ages"),
    "regions": _("Regions"),
    "systems": _("Systems"),
    "interests": _("Interests"),
    "landing_url": _("Landing page"),
    "brand_name": _("Brand"),
    "call_to_action": _("Call to action"),
    "client_ref": _("Reference"),
}


def choices() -> dict[str, Any]:
    """What the page's lists offer."""
    return {
        "goals": GOALS,
        "bid_types": BID_TYPES,
        "genders": GENDERS,
        "ages": AGES,
        "systems": SYSTEMS,
        "kinds": KINDS,
        "media": PlatformChoice.choices,
        "dimensions": tuple(DIMENSION_WORDS.items()),
    }


def region_chips(pack: Any) -> tuple[RegionName, ...]:
    """The regions of an audience pack by name."""
    return region_names(pack.regions, language=get_language() or "en")


def region_text(codes: Iterable[str]) -> str:
    """Regions by name in one line; a code that is in no table is its own name."""
    return ", ".join(one.name for one in region_names(map(str, codes), language=get_language() or "en"))


def audience_text(content: dict[str, Any]) -> str:
    """A saved audience in one line: who, where, interested in what."""
    genders = dict(GENDERS)
    parts = [str(genders.get(content.get("gender", "any"), "")) if content.get("gender", "any") != "any" else ""]
    parts.append(" ".join(content.get("ages", ())))
    parts.append(region_text(content.get("regions", ())))
    parts.append(", ".join(dict.fromkeys(pick["name"] for pick in content.get("interest_picks", ()))))
    parts.append(" ".join(dict(SYSTEMS).get(one, one) for one in content.get("systems", ())))
    return " · ".join(part for part in parts if part) or gettext("Everybody")


def files_text(materials: Collection[Any]) -> str:
    """How many files a creative without a name has; empty for none."""
    if not materials:
        return ""
    return ngettext("%(number)d file", "%(number)d files", len(materials)) % {"number": len(materials)}


def hours_text(grid: str) -> str:
    """How long a schedule without a name runs, from its 336 half hours; empty when it always runs."""
    if "0" not in grid:
        return ""
    return f"{grid.count('1') / 2:g} {gettext('hours a week')}"


SETUP_LABELS: dict[str, Any] = {
    "account_ids": _("Accounts"),
    "campaign": _("Campaign name"),
    "objective": _("Objective"),
    "goal": _("Conversion goal"),
    "bid_type": _("Bidding"),
    "landing_url": _("Landing page"),
    "brand_name": _("Brand"),
    "call_to_action": _("Call to action"),
    "start_date": _("First day"),
    "end_date": _("Last day"),
    "audiences": _("Audiences"),
    "creatives": _("Creatives"),
    "titles": _("Titles"),
    "schedules": _("Schedule"),
    "bids": _("Bids"),
    "budgets": _("Daily budgets"),
    "per_media": _("Where the media differ"),
    "zipped": _("Walked side by side"),
    "exclusions": _("Left out"),
    "overrides": _("Corrected by hand"),
    "naming": _("Naming template"),
    "initial_status": _("Start as"),
    "on_error": _("When a row is invalid"),
}


def draft_text(content: dict[str, Any]) -> str:
    """An unfinished setup in one line: what it is called by, and how much of it there is."""
    names = [content.get("campaign", "")]
    names += [block.get("name", "") for sort in ("audiences", "creatives") for block in content.get(sort, ())]
    names += [text for block in content.get("titles", ()) for text in block.get("texts", ())[:1]]
    return ", ".join([name for name in names if name][:3])
