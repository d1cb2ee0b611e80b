"""The sentences of row problems, in the reader's language. Codes stay what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

MESSAGES: dict[str, str] = {
    "aborted": _("Nothing was sent, because another row is invalid and on_error is abort."),
    "account_inactive": _("The media account is paused in X-Magnet."),
    "account_needs_authorization": _("The media account must be authorised again first."),
    "account_not_found": _("There is no such media account on this media, or you may not use it."),
    "account_refused": _(
        "The media refuses calls for this account now: the row waits until the account works again at the media."
    ),
    "already_exists": _("The live plan %(plan)s already has this client_ref; the row will give that plan."),
    "balance_empty": _(
        "The media account has no balance: the plan is made, but will not deliver before money is there."
    ),
    "bid_above_budget": _("The bid may not be above the budget."),
    "bid_not_allowed": _("max_conversion has no bid."),
    "bid_out_of_range": _("The bid must be between ¥%(least)s and ¥%(most)s."),
    "budget_required_without_bid": _("max_conversion needs a daily budget."),
    "budget_too_high": _("The daily budget may not be above ¥%(most)s."),
    "budget_too_low": _("The daily budget may not be below ¥%(least)s."),
    "campaign_conflict": _(
        "The campaign of this name has another audience, goal, bid type or days; this media keeps them on the campaign."
    ),
    "campaign_limit": _("The account would have more than %(most)s campaigns."),
    "changed_since": _("Somebody changed it since; it is left alone."),
    "cancelled": _("Cancelled before it was sent."),
    "client_ref_form": _("client_ref may not start with a space or one of # ' = + - @, nor hold tabs or line breaks."),
    "client_ref_repeated": _("Row %(line)s has the same client_ref."),
    "client_ref_taken": _("A live plan already has this client_ref; the new plan carries none."),
    "control_character": _("Line breaks, tabs and other control characters are not allowed."),
    "dead": _("Given up: the worker died every time this row was sent."),
    "date_number": _("%(given)s is a spreadsheet's number for a day; format the cell as a date like 2026-12-01."),
    "digits_lost": _(
        "%(given)s has lost digits: spreadsheets round long numbers. Format the column as text and paste the id again."
    ),
    "ends_before_start": _("The end date is before the start."),
    "equal_to_plan": _("Equal to the live plan %(plan)s."),
    "equal_to_row": _("Equal to row %(line)s."),
    "expired": _("The job's deadline of 24 hours passed before this row was sent."),
    "forbidden": _("The person who made this job may no longer do this."),
    "in_the_past": _("The start date is before today (%(today)s)."),
    "included_and_excluded": _("An audience is both included and excluded."),
    "internal": _("Something went wrong inside X-Magnet; this row can be sent again."),
    "invalid": _("%(given)s is not valid."),
    "media_auth": _("The account must be authorised again."),
    "media_permission": _("The media does not permit this on the account: %(message)s"),
    "media_quota": _("The media's daily quota is used up: %(message)s"),
    "media_rejected": _("The media refused: %(message)s"),
    "not_a_choice": _("%(given)s is not one of: %(choices)s."),
    "not_a_date": _("%(given)s is not a date like 2026-12-01."),
    "not_a_number": _("%(given)s is not a whole number."),
    "not_a_url": _("%(given)s is not a web address."),
    "not_an_amount": _("%(given)s is not an amount in yuan."),
    "plan_not_found": _("There is no such plan, or you may not change it."),
    "repeated": _("The same entry appears twice."),
    "required": _("This field is required."),
    "schedule_empty": _("The schedule has no hour at all; the media would deliver always."),
    "schedule_unreadable": _("%(given)s is not a schedule."),
    "text_length": _("The text must have %(least)s to %(most)s characters as this media counts; it has %(length)s."),
    "title_length": _(
        "The title “%(given)s” must have %(least)s to %(most)s characters as this media counts; it has %(length)s."
    ),
    "too_long": _("At most %(most)s characters."),
    "too_long_for_media": _("The name may have %(most)s characters as this media counts; it has %(length)s."),
    "too_many": _("At most %(most)s."),
    "too_many_decimals": _("At most two decimals: %(given)s."),
    "unknown_field": _("This field does not exist."),
    "whole_hours_only": _("This media schedules by whole hours."),
}

#: media errors by code: problem slug, title
MEDIA_PROBLEMS: dict[str, tuple[str, str]] = {
    "media_rejected": ("media-rejected", _("The media refused the plan")),
    "media_permission": ("media-rejected", _("The media refused the plan")),
    "media_quota": ("media-throttled", _("The media's quota is used up")),
    "media_auth": ("media-auth-expired", _("The account needs authorisation")),
    "dead": ("media-unknown-outcome", _("The row was given up")),
}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence for a problem, in the active language; amounts in yuan."""
    values = dict(params)
    for name in ("least", "most"):
        if f"{name}_fen" in values:
            yuan = values[f"{name}_fen"] / 100
            values[name] = f"{yuan:,.0f}" if yuan == int(yuan) else f"{yuan:,.2f}"
    try:
        return gettext(MESSAGES[code]) % values
    except KeyError:
        return str(params.get("message") or code)


def translated(title: str) -> str:
    """A title of ``MEDIA_PROBLEMS`` in the active language."""
    return gettext(title)
