"""The rules that a row must keep: ours for every media, then the media's own."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date

from campaigns.domain.rows.media_rules import MediaRules, Range, media_length
from campaigns.domain.rows.problems import RowProblem, problem
from campaigns.domain.rows.row import UNLIMITED, PlanRow
from campaigns.domain.rows.schedule import has_whole_hours


def problems_of(
    row: PlanRow, broken: frozenset[str], rules: MediaRules | None, *, today: date, suffix_length: int
) -> list[RowProblem]:
    """Everything that is wrong with a row whose ``broken`` fields were already complained about.

    ``rules`` is None when the media is not known; then only the rules of every media are checked.
    """
    found = [*_everywhere(row, broken, today)]
    if rules is not None:
        found += _money(row, broken, rules)
        found += _texts(row, broken, rules, suffix_length)
        found += _materials(row, broken, rules)
        if row.schedule and not rules.has_half_hours and not has_whole_hours(row.schedule):
            found.append(problem("schedule", "whole_hours_only"))
    return found


def _everywhere(row: PlanRow, broken: frozenset[str], today: date) -> Iterator[RowProblem]:
    for name in ("client_ref", "media", "account_id", "landing_url", "titles", "materials"):
        if name not in broken and not getattr(row, name):
            yield problem(name, "required")
    if row.start_date and row.start_date < today:
        yield problem("start_date", "in_the_past", today=today.isoformat())
    if row.end_date and row.end_date < max(row.start_date or today, today):
        yield problem("end_date", "ends_before_start")
    for name in ("campaign", "name", "brand_name", "call_to_action", "titles"):
        if name not in broken and any(map(_is_control, "".join(getattr(row, name)))):
            yield problem(name, "control_character")
    if set(row.audiences_include) & set(row.audiences_exclude):
        yield problem("audiences_exclude", "included_and_excluded")


def _is_control(character: str) -> bool:
    """Line breaks, tabs and their like: invisible in a name, and refused or changed by the media."""
    return unicodedata.category(character) == "Cc"


def _money(row: PlanRow, broken: frozenset[str], rules: MediaRules) -> Iterator[RowProblem]:
    has_bid = row.bid_type == "target_cpa"
    if "bid" not in broken:
        if has_bid and row.bid is None:
            yield problem("bid", "required")
        elif has_bid and row.bid is not None and row.bid not in rules.bid_fen[row.goal]:
            yield _outside("bid", "bid_out_of_range", rules.bid_fen[row.goal])
        elif not has_bid and row.bid is not None:
            yield problem("bid", "bid_not_allowed")
    if "budget" in broken:
        return
    if row.budget is None:
        yield problem("budget", "required")
    elif row.budget == UNLIMITED:
        if not has_bid:
            yield problem("budget", "budget_required_without_bid")
    else:
        allowed = rules.budget_fen if has_bid else rules.budget_fen_without_bid
        if row.budget not in allowed:
            code = "budget_too_low" if row.budget < allowed.least else "budget_too_high"
            yield _outside("budget", code, allowed)
        elif rules.is_bid_capped_by_budget and row.bid is not None and row.bid > row.budget:
            yield problem("bid", "bid_above_budget")


def _outside(name: str, code: str, allowed: Range) -> RowProblem:
    return problem(name, code, least_fen=allowed.least, most_fen=allowed.most)


def _texts(row: PlanRow, broken: frozenset[str], rules: MediaRules, suffix_length: int) -> Iterator[RowProblem]:
    if "name" not in broken and row.name:
        room = rules.name_length.most - suffix_length * rules.latin_weight
        if media_length(row.name, rules) > room:
            yield problem("name", "too_long_for_media", most=_number(room), length=_length(row.name, rules))
    if "titles" not in broken and row.titles:
        if len(row.titles) > rules.title_count.most:
            yield problem("titles", "too_many", most=rules.title_count.most)
        for title in row.titles:
            if media_length(title, rules) not in rules.title_length:
                yield problem(
                    "titles",
                    "title_length",
                    given=title[:60],
                    length=_length(title, rules),
                    least=rules.title_length.least,
                    most=rules.title_length.most,
                )
                break
        if len(set(row.titles)) < len(row.titles):
            yield problem("titles", "repeated")
    for name, allowed in (("call_to_action", rules.call_to_action_length), ("brand_name", rules.brand_length)):
        text = getattr(row, name)
        if name not in broken and text and media_length(text, rules) not in allowed:
            yield problem(name, "text_length", least=allowed.least, most=allowed.most, length=_length(text, rules))


def _length(text: str, rules: MediaRules) -> float | int:
    return _number(media_length(text, rules))


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _materials(row: PlanRow, broken: frozenset[str], rules: MediaRules) -> Iterator[RowProblem]:
    if "materials" in broken or not row.materials:
        return
    videos = sum(material.kind.startswith("video") for material in row.materials)
    if videos > rules.video_count or len(row.materials) - videos > rules.image_count:
        yield problem("materials", "too_many", most=rules.video_count)
    if len({material.id for material in row.materials}) < len(row.materials):
        yield problem("materials", "repeated")
