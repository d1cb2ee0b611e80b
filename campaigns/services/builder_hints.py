"""What the builder tells beside the rows: what they cost, what the media allow, what is probably not meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.choices import Status
from campaigns.domain import matrix as grid
from campaigns.domain.ladders import parse_amounts
from campaigns.domain.rows.media_rules import RULES
from campaigns.domain.setup import UNLIMITED, BuilderSetup, MediaSettings, equal_titles, without_interests
from campaigns.models import Campaign
from campaigns.services.bulk.executors import CheckedRow
from media_connectors.choices import PlatformChoice
from media_connectors.services.pace import calls_for_a_plan, creation_seconds

#: accepting, checking and writing down take so long whatever the media do
LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class AmountHint:
    """One line of bids or budgets on one media, in fen: what it comes to, what is allowed, what lies outside."""

    field: str
    media: str
    amounts_fen: tuple[int, ...]
    least_fen: int
    most_fen: int
    outside_fen: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    calls: int
    is_exact: bool
    seconds: float | None


def effort_of(
    matrix: grid.Matrix, counts: dict[str, int], setup: BuilderSetup, checked: Sequence[CheckedRow]
) -> Effort:
    """Calls and seconds at the limits known today: exactly when every row was checked, else an upper bound."""
    plans: Counter[tuple[str, str]] = Counter()  # by media and the media's id of the account
    campaigns = 0
    if checked:
        specs = [(result.account_id, result.spec) for result in checked if result.spec]
        plans.update((spec["media"], spec["account_id"]) for _account, spec in specs)
        wanted = {(account_id, spec["campaign"]) for account_id, spec in specs}
        campaigns = len(wanted - _standing_campaigns(wanted))
    else:
        for account in matrix.accounts:
            plans[account.media, account.account_id] += counts[account.account_id]
        campaigns = sum(
            _most_campaigns(matrix, account, setup) for account in matrix.accounts if counts[account.account_id]
        )
    calls = campaigns + sum(count * calls_for_a_plan(media) for (media, _account), count in plans.items())
    seconds = creation_seconds(plans)
    return Effort(calls, bool(checked), None if seconds is None else max(seconds, LEAST_SECONDS))


def _standing_campaigns(wanted: set[tuple[int | None, str]]) -> set[tuple[int | None, str]]:
    """Those that are live already and cost no call."""
    live = Campaign.objects.exclude(status=Status.DELETED).filter(
        account_id__in={account_id for account_id, _name in wanted}, name__in={name for _account, name in wanted}
    )
    return set(live.values_list("account_id", "name"))


def _most_campaigns(matrix: grid.Matrix, account: grid.AccountOption, setup: BuilderSetup) -> int:
    """Rows without a campaign's name share one for each audience where the media keeps the audience on it."""
    if setup.campaign or not RULES[account.media].has_targeting_on_campaign:
        return 1
    audiences = next((one.options for one in matrix.dimensions if one.name == "audience"), ())
    return max(1, sum(option.applies_to(account) for option in audiences))


def notes_of(setup: BuilderSetup, media: Sequence[str]) -> tuple[str, ...]:
    """What is legal and probably not meant."""
    labels = dict(PlatformChoice.choices)
    found = [
        _("Audience “%(name)s” has no interest of %(media)s: there it is wider than elsewhere.")
        % {"name": name, "media": labels[one]}
        for name, one in without_interests(setup, media)
    ]
    for text in equal_titles(setup):
        found.append(_("The title “%(title)s” stands in more than one set.") % {"title": text})
    return tuple(found)


def amounts_of(setup: BuilderSetup, media: Sequence[str]) -> tuple[AmountHint, ...]:
    """What the bid and budget lines come to on each chosen media, and what the media allow."""
    hints = []
    has_bid = setup.bid_type == "target_cpa"
    for one in media:
        rules, own = RULES[one], setup.per_media.get(one, MediaSettings())
        lines = {
            "bids": (own.bids or setup.bids if has_bid else "", rules.bid_fen.get(setup.goal, rules.bid_fen["form"])),
            "budgets": (own.budgets or setup.budgets, rules.budget_fen if has_bid else rules.budget_fen_without_bid),
        }
        for name, (line, allowed) in lines.items():
            words = " ".join(word for word in line.split() if word != UNLIMITED)
            try:
                amounts = parse_amounts(words)
            except ValueError:
                amounts = ()
            outside = tuple(fen for fen in amounts if fen not in allowed)
            hints.append(AmountHint(name, one, amounts, allowed.least, allowed.most, outside))
    return tuple(hints)
