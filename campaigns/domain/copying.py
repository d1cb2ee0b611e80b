"""A live plan as a row of another plan: what can be taken over, what is fitted to the other media, what cannot. Pure.

Ids that belong to one account (files, audience packs) or to one media (interests) mean nothing elsewhere; they are left
out and named. Amounts, hours and titles are brought inside the other media's limits and the difference is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from campaigns.domain.naming import NAME_RULES
from campaigns.domain.renaming import split_key
from campaigns.domain.rows.keys import SUFFIX_LENGTH
from campaigns.domain.rows.media_rules import RULES, MediaRules, media_length

_HALVES = 2


@dataclass(frozen=True, slots=True)
class CopySource:
    """The plan that is copied. Ids are the media's; money in fen, None as budget is unlimited."""

    plan_id: int
    media: str
    account_id: str
    campaign: str
    name: str
    objective: str
    goal: str
    bid_type: str
    bid_fen: int | None
    budget_fen: int | None
    schedule: str
    targeting: Mapping[str, Any]
    landing_url: str
    titles: tuple[str, ...]
    materials: tuple[Mapping[str, str], ...]  # kind, id, cover_id
    brand_name: str = ""
    call_to_action: str | None = ""  # None: nobody told us
    end_on: date | None = None


@dataclass(frozen=True, slots=True)
class CopyTarget:
    """Where the copy goes; ``files`` take the place of files that the account does not hold."""

    media: str
    account_id: str
    files: tuple[Mapping[str, str], ...] = ()
    held_file_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CopyNote:
    """What is other than in the source. ``is_lost``: it could not be taken over at all. Money in fen."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    is_lost: bool = False


def copied_row(
    source: CopySource, target: CopyTarget, *, name: str, today: date
) -> tuple[dict[str, Any], tuple[CopyNote, ...]]:
    """The bulk row that makes the copy (without ``client_ref``), and everything that is not as it was.

    ``today`` is the media's day.
    """
    rules = RULES[target.media]
    is_same_account = (source.media, source.account_id) == (target.media, target.account_id)
    notes: list[CopyNote] = []
    row: dict[str, Any] = {
        "media": target.media,
        "account_id": target.account_id,
        "name": name,
        "objective": source.objective or "leads",
        "goal": source.goal or "form",
        "bid_type": source.bid_type,
        "landing_url": source.landing_url,
        "schedule": _schedule(source.schedule, rules, notes),
        "titles": _titles(source.titles, rules, notes),
        "materials": [dict(one) for one in source.materials],
        **_money(source, rules, notes),
        **_targeting(source, target, is_same_account, notes),
        **_wording(source, rules, notes),
        **_end(source, today, notes),
    }
    if is_same_account:
        row["campaign"] = source.campaign
    else:
        row["materials"] = _materials(source, target, notes)
    return {key: value for key, value in row.items() if value not in ("", [], None)}, tuple(notes)


def copy_name(name: str, media: str, *, prefix: str, suffix: str, number: int, count: int) -> str:
    """The copy's name inside the media's limit, its own key's room kept; several copies are numbered.

    >>> copy_name("车险#k3x9m2", "douyin", prefix="", suffix="-副本", number=2, count=3)
    '车险-副本-2'
    """
    rule = NAME_RULES[media]
    tail = suffix + (f"-{number}" if count > 1 else "")
    stem = f"{prefix}{split_key(name)[0]}"
    room = rule.max_units - SUFFIX_LENGTH - rule.units(tail)
    return rule.cut(stem, max(room, 0)) + tail


def _schedule(schedule: str, rules: MediaRules, notes: list[CopyNote]) -> str:
    if not schedule or rules.has_half_hours:
        return schedule
    halves = [schedule[at : at + _HALVES] for at in range(0, len(schedule), _HALVES)]
    if all(half in ("00", "11") for half in halves):
        return schedule
    notes.append(CopyNote("hours_rounded"))
    return "".join("11" if "1" in half else "00" for half in halves)


def _titles(titles: Iterable[str], rules: MediaRules, notes: list[CopyNote]) -> list[str]:
    every = list(titles)
    fitting = [title for title in every if media_length(title, rules) in rules.title_length]
    kept = fitting[: rules.title_count.most]
    for title in every:
        if title not in kept:
            code = "title_length" if title not in fitting else "title_count"
            limits = {"least": rules.title_length.least, "most": rules.title_length.most}
            if code == "title_count":
                limits = {"most": rules.title_count.most}
            notes.append(CopyNote(code, {"title": title[:40], **limits}, is_lost=True))
    return kept


def _money(source: CopySource, rules: MediaRules, notes: list[CopyNote]) -> dict[str, str]:
    made = {}
    bid = source.bid_fen
    if bid is not None:
        allowed = rules.bid_fen.get(source.goal) or next(iter(rules.bid_fen.values()))
        fitted = min(max(bid, allowed.least), allowed.most)
        if fitted != bid:
            notes.append(CopyNote("bid_fitted", {"before_fen": bid, "after_fen": fitted}))
        bid = fitted
        made["bid"] = _yuan(bid)
    budget = source.budget_fen
    if budget is None:
        return made | {"budget": "unlimited"}
    allowed = rules.budget_fen if source.bid_type == "target_cpa" else rules.budget_fen_without_bid
    least = max(allowed.least, bid or 0) if rules.is_bid_capped_by_budget else allowed.least
    fitted = min(max(budget, least), allowed.most)
    if fitted != budget:
        notes.append(CopyNote("budget_fitted", {"before_fen": budget, "after_fen": fitted}))
    return made | {"budget": _yuan(fitted)}


def _wording(source: CopySource, rules: MediaRules, notes: list[CopyNote]) -> dict[str, str]:
    """Whom the ad names and what its button says, where the other media has room for them."""
    made = {}
    if source.brand_name and not rules.has_brand:
        notes.append(CopyNote("brand_not_held", {"text": source.brand_name}, is_lost=True))
    elif source.brand_name and media_length(source.brand_name, rules) not in rules.brand_length:
        limits = {"least": rules.brand_length.least, "most": rules.brand_length.most}
        notes.append(CopyNote("brand_length", {"text": source.brand_name, **limits}, is_lost=True))
    else:
        made["brand_name"] = source.brand_name
    action = source.call_to_action
    if action is None:
        notes.append(CopyNote("action_unknown", is_lost=True))
    elif action and media_length(action, rules) not in rules.call_to_action_length:
        limits = {"least": rules.call_to_action_length.least, "most": rules.call_to_action_length.most}
        notes.append(CopyNote("action_length", {"text": action, **limits}, is_lost=True))
    else:
        made["call_to_action"] = action
    return made


def _end(source: CopySource, today: date, notes: list[CopyNote]) -> dict[str, str]:
    """The last day, unless it is over."""
    if source.end_on is None:
        return {}
    if source.end_on < today:
        notes.append(CopyNote("end_is_over", {"day": source.end_on.isoformat()}, is_lost=True))
        return {}
    return {"end_date": source.end_on.isoformat()}


def _targeting(source: CopySource, target: CopyTarget, is_same_account: bool, notes: list[CopyNote]) -> dict[str, Any]:
    asked = source.targeting
    made: dict[str, Any] = {"gender": asked.get("gender", "any"), "expansion": bool(asked.get("expansion", False))}
    for name in ("ages", "regions", "systems"):
        made[name] = list(asked.get(name, ()))
    interests = list(asked.get("interests", ()))
    if interests and source.media != target.media:
        notes.append(CopyNote("interests", {"count": len(interests)}, is_lost=True))
        interests = []
    made["interests"] = interests
    packs = {name: list(asked.get(name, ())) for name in ("audiences_include", "audiences_exclude")}
    lost = sum(map(len, packs.values()))
    if lost and not is_same_account:
        notes.append(CopyNote("audiences", {"count": lost}, is_lost=True))
        packs = {}
    return made | packs


def _materials(source: CopySource, target: CopyTarget, notes: list[CopyNote]) -> list[dict[str, str]]:
    held = [dict(one) for one in source.materials if one["id"] in target.held_file_ids]
    missing = len(source.materials) - len(held)
    if not missing:
        return held
    # The same sort of picture in the same place: an upright video does not stand in for a wide image.
    kinds = {one["kind"] for one in source.materials}
    matching = [dict(one) for one in target.files if one["kind"] in kinds] or [dict(one) for one in target.files]
    instead = [one for one in matching if one["id"] not in {file["id"] for file in held}]
    if instead:
        notes.append(CopyNote("files_replaced", {"count": missing, "instead": len(instead)}))
    else:
        notes.append(CopyNote("files", {"count": missing}, is_lost=True))
    return held + instead


def _yuan(fen: int) -> str:
    return f"{Decimal(fen).scaleb(-2).normalize():f}"
