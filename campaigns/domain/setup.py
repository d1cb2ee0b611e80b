"""What an optimizer fills in to build plans, and the matrix that follows from it.

A setup is also what a setting template and a draft hold. Every field has a default, so that something unfinished can
be kept; what is missing is told by ``matrix.problems`` and by the rows' own validation. Amounts are the text that was
typed (see ``ladders.parse_amounts``), so that nothing typed is ever lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from campaigns.domain.ladders import parse_amounts
from campaigns.domain.matrix import AccountOption, Dimension, Matrix, Option
from campaigns.domain.rows.canonical import canonical_text

DEFAULT_NAMING = "{audience}-{title:8}-{bid}-{date:MMDD}-{n:3}"
UNLIMITED = "unlimited"
#: who numbers the interests of a media
VENDOR_OF_MEDIA = {"douyin": "oceanengine", "toutiao": "oceanengine", "kuaishou": "kuaishou"}

#: dimensions that may be walked side by side, in the order of the rows
DIMENSIONS = ("audience", "creative", "title", "bid", "budget", "schedule")


@dataclass(frozen=True)
class InterestPick:
    """A category of interest of one vendor; each vendor numbers its own, so a pick counts for that vendor only."""

    vendor: str = ""
    id: int = 0
    name: str = ""


@dataclass(frozen=True)
class AudiencePack:
    """A named targeting set. No ``media`` means every media.

    ``interests`` are ids that were given without a vendor (a copied plan's); ``interest_picks`` were picked by name.
    """

    key: str = ""
    name: str = ""
    media: tuple[str, ...] = ()
    gender: str = "any"
    ages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    interest_picks: tuple[InterestPick, ...] = ()
    audiences_include: tuple[str, ...] = ()
    audiences_exclude: tuple[str, ...] = ()
    expansion: bool = False


@dataclass(frozen=True)
class MaterialPick:
    """A file of a media account's library; ``account_id`` is the media's id of the account, "" fits every account."""

    kind: str = "video_vertical"
    id: str = ""
    cover_id: str = ""
    account_id: str = ""


@dataclass(frozen=True)
class CreativePack:
    """Materials that appear together in one plan; every account takes its own files of it."""

    key: str = ""
    name: str = ""
    materials: tuple[MaterialPick, ...] = ()


@dataclass(frozen=True)
class TitleSet:
    """The titles of one plan."""

    key: str = ""
    name: str = ""
    texts: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchedulePack:
    """Hours of delivery: 336 characters of 0 and 1, half hours from Monday 00:00; "" is always."""

    key: str = ""
    name: str = ""
    grid: str = ""


@dataclass(frozen=True)
class MediaSettings:
    """What differs on one media; empty means as everywhere."""

    bids: str = ""
    budgets: str = ""
    landing_url: str = ""
    brand_name: str = ""
    call_to_action: str = ""


@dataclass(frozen=True)
class RowOverride:
    """One field of one row, corrected by hand. ``rule`` names the row as an exclusion does; "" empties the field."""

    rule: dict[str, str] = field(default_factory=dict)
    field: str = ""
    value: str = ""


#: fields that a person may correct in a single row
OVERRIDABLE = (
    "name", "campaign", "titles", "bid", "budget", "landing_url", "brand_name", "call_to_action", "start_date",
    "end_date",
)  # fmt: skip


@dataclass(frozen=True)
class BuilderSetup:
    """The whole page. ``account_ids`` are our ids; ``exclusions`` are combinations that must not be made."""

    account_ids: tuple[int, ...] = ()
    campaign: str = ""
    objective: str = "leads"
    goal: str = "form"
    bid_type: str = "target_cpa"
    landing_url: str = ""
    brand_name: str = ""
    call_to_action: str = ""
    start_date: str = ""
    end_date: str = ""
    audiences: tuple[AudiencePack, ...] = ()
    creatives: tuple[CreativePack, ...] = ()
    titles: tuple[TitleSet, ...] = ()
    schedules: tuple[SchedulePack, ...] = ()
    bids: str = ""
    budgets: str = ""
    per_media: dict[str, MediaSettings] = field(default_factory=dict)
    zipped: tuple[tuple[str, ...], ...] = ()
    exclusions: tuple[dict[str, str], ...] = ()
    overrides: tuple[RowOverride, ...] = ()
    naming: str = DEFAULT_NAMING
    client_ref_prefix: str = "plan"
    initial_status: str = "paused"
    on_error: str = "continue"


def corrections_of(setup: BuilderSetup) -> dict[frozenset[tuple[str, str]], dict[str, str]]:
    """What was corrected by hand, by row; the last correction of a field counts."""
    found: dict[frozenset[tuple[str, str]], dict[str, str]] = {}
    for one in setup.overrides:
        if one.field in OVERRIDABLE:
            found.setdefault(frozenset(one.rule.items()), {})[one.field] = one.value
    return found


def corrected(row: dict[str, Any], changes: Mapping[str, str]) -> dict[str, Any]:
    """The row with the corrected fields; an emptied field is left out."""
    return {name: value for name, value in (row | dict(changes)).items() if not (name in changes and value == "")}


def matrix_of(setup: BuilderSetup, accounts: Iterable[AccountOption]) -> Matrix:
    """The matrix of a setup over the accounts that were chosen.

    Raises ``ValueError`` holding the piece of a bid or budget line that cannot be read.
    """
    chosen = tuple(accounts)
    every = (
        Dimension("audience", tuple(option for pack in setup.audiences for option in _audience(pack, chosen))),
        Dimension("creative", tuple(option for pack in setup.creatives for option in _creatives(pack, chosen))),
        Dimension("title", tuple(_title(one) for one in setup.titles)),
        _amounts("bid", setup, chosen) if setup.bid_type == "target_cpa" else Dimension("bid", ()),
        _amounts("budget", setup, chosen),
        Dimension("schedule", tuple(Option(one.key, one.name, {"schedule": one.grid}) for one in setup.schedules)),
    )
    # Creatives and titles are what a plan cannot be without: left empty they must be missed, not skipped.
    dimensions = tuple(one for one in every if one.options or one.name in {"creative", "title"})
    names = {dimension.name for dimension in dimensions}
    return Matrix(
        accounts=chosen,
        dimensions=dimensions,
        zipped=tuple(group for group in setup.zipped if len(group) > 1 and set(group) <= names),
        exclusions=tuple(rule for rule in setup.exclusions if rule.keys() - {"account"} <= names),
        common=_filled(
            campaign=setup.campaign,
            objective=setup.objective,
            goal=setup.goal,
            bid_type=setup.bid_type,
            landing_url=setup.landing_url,
            brand_name=setup.brand_name,
            call_to_action=setup.call_to_action,
            start_date=setup.start_date,
            end_date=setup.end_date,
        ),
        per_media={
            media: _filled(landing_url=own.landing_url, brand_name=own.brand_name, call_to_action=own.call_to_action)
            for media, own in setup.per_media.items()
        },
    )


def _filled(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _audience(pack: AudiencePack, accounts: tuple[AccountOption, ...]) -> Iterable[Option]:
    """One option a media when interests were picked, because every vendor has its own numbers; else one for all."""
    if not pack.interest_picks:
        yield _audience_option(pack, pack.interests, frozenset(pack.media))
        return
    for media in dict.fromkeys(account.media for account in accounts):
        if not pack.media or media in pack.media:
            picked = tuple(str(one.id) for one in pack.interest_picks if one.vendor == VENDOR_OF_MEDIA[media])
            yield _audience_option(pack, (*pack.interests, *picked), frozenset({media}))


def without_interests(setup: BuilderSetup, media: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(audience, media) where an audience has interests on other media and none here: it would be wider here."""
    return tuple(
        (pack.name, one)
        for pack in setup.audiences
        if pack.interest_picks and not pack.interests
        for one in media
        if (not pack.media or one in pack.media)
        and not any(pick.vendor == VENDOR_OF_MEDIA[one] for pick in pack.interest_picks)
    )


def equal_titles(setup: BuilderSetup) -> tuple[str, ...]:
    """Titles that a viewer would call the same and that stand in more than one set, as first written."""
    first: dict[str, tuple[int, str]] = {}
    found: dict[str, None] = {}
    for position, one in enumerate(setup.titles):
        for text in one.texts:
            owner, written = first.setdefault(canonical_text(text), (position, text))
            if owner != position:
                found[written] = None
    return tuple(found)


def _audience_option(pack: AudiencePack, interests: tuple[str, ...], media: frozenset[str]) -> Option:
    fields = {
        "gender": pack.gender,
        "ages": list(pack.ages),
        "regions": list(pack.regions),
        "systems": list(pack.systems),
        "interests": list(interests),
        "audiences_include": list(pack.audiences_include),
        "audiences_exclude": list(pack.audiences_exclude),
        "expansion": pack.expansion,
    }
    return Option(pack.key, pack.name, fields, media=media)


def _creatives(pack: CreativePack, accounts: tuple[AccountOption, ...]) -> Iterable[Option]:
    """One option per account that has files of the pack: its own ones and those that fit every account."""
    for account in accounts:
        files = [pick for pick in pack.materials if pick.id and pick.account_id in ("", account.account_id)]
        if files:
            materials = [_filled(kind=pick.kind, id=pick.id, cover_id=pick.cover_id) for pick in files]
            only = frozenset({account.account_id})
            yield Option(pack.key, pack.name, {"materials": materials}, account_ids=only)


def _title(one: TitleSet) -> Option:
    texts = [text for text in one.texts if text]
    return Option(one.key, one.name or (texts[0] if texts else ""), {"titles": texts}, media=frozenset(one.media))


def _amounts(name: str, setup: BuilderSetup, accounts: tuple[AccountOption, ...]) -> Dimension:
    """Bids or budgets, with a media's own line in place of the common one."""
    options: list[Option] = []
    for media in dict.fromkeys(account.media for account in accounts):
        own: Mapping[str, str] = {
            "bid": setup.per_media.get(media, MediaSettings()).bids,
            "budget": setup.per_media.get(media, MediaSettings()).budgets,
        }
        common = setup.bids if name == "bid" else setup.budgets
        options += [
            Option(text, text, {name: text}, media=frozenset({media})) for text in _texts(own[name] or common, name)
        ]
    return Dimension(name, tuple(options))


def _texts(line: str, name: str) -> list[str]:
    """The amounts of a line as yuan without trailing zeros; a budget line may also say that there is no limit."""
    words = line.split()
    unlimited = [UNLIMITED] if name == "budget" and UNLIMITED in words else []
    rest = " ".join(word for word in words if not (unlimited and word == UNLIMITED))
    return [f"{Decimal(fen).scaleb(-2).normalize():f}" for fen in parse_amounts(rest)] + unlimited
