"""What each media allows in a plan, from their documentation (docs/connectors). Money in fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

YUAN = 100  # fen


@dataclass(frozen=True, slots=True)
class Range:
    """An inclusive range."""

    least: int
    most: int

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class MediaRules:
    """One media's limits."""

    latin_weight: float  # what a narrow character counts where a Chinese one counts 1
    name_length: Range  # of the name as sent, our suffix included
    title_length: Range
    title_count: Range
    video_count: int  # at most
    image_count: int
    call_to_action_length: Range
    brand_length: Range
    bid_fen: Mapping[str, Range]  # by goal
    budget_fen: Range
    budget_fen_without_bid: Range
    has_half_hours: bool
    is_bid_capped_by_budget: bool
    has_targeting_on_campaign: bool
    campaign_limit: int  # live campaigns of an account
    has_brand: bool = True  # whether a plan names its advertiser; else the account's own name is shown


_OCEANENGINE = MediaRules(
    latin_weight=0.5,
    name_length=Range(1, 50),
    title_length=Range(5, 30),
    title_count=Range(1, 10),
    video_count=10,
    image_count=10,
    call_to_action_length=Range(2, 6),
    brand_length=Range(2, 10),
    bid_fen={goal: Range(10, 10_000 * YUAN) for goal in ("form", "valid_lead", "pay")},
    budget_fen=Range(300 * YUAN, 999_999_999),
    budget_fen_without_bid=Range(100 * YUAN, 99_999_999),
    has_half_hours=True,
    is_bid_capped_by_budget=False,
    has_targeting_on_campaign=True,
    campaign_limit=200,
)
_KUAISHOU = MediaRules(
    latin_weight=1.0,
    name_length=Range(1, 100),
    title_length=Range(1, 30),
    title_count=Range(1, 3),
    video_count=10,
    image_count=10,
    call_to_action_length=Range(1, 6),
    brand_length=Range(1, 20),
    bid_fen={goal: Range(5 * YUAN, 3_000 * YUAN) for goal in ("form", "valid_lead", "pay")},
    budget_fen=Range(100 * YUAN, 100_000_000 * YUAN),
    budget_fen_without_bid=Range(100 * YUAN, 100_000_000 * YUAN),
    has_half_hours=False,
    is_bid_capped_by_budget=True,
    has_targeting_on_campaign=False,
    campaign_limit=500,
    has_brand=False,
)
RULES: Mapping[str, MediaRules] = {"douyin": _OCEANENGINE, "toutiao": _OCEANENGINE, "kuaishou": _KUAISHOU}

#: below every code point here a character is narrow: Latin, Greek, Cyrillic and their punctuation
_FIRST_WIDE = 0x1100


def media_length(text: str, rules: MediaRules) -> float:
    """The length as the media counts it.

    >>> media_length("车险ab", RULES["douyin"]), media_length("车险ab", RULES["kuaishou"])
    (3.0, 4.0)
    """
    if text.isascii():
        return len(text) * rules.latin_weight
    narrow = sum(ord(character) < _FIRST_WIDE for character in text)
    return len(text) - narrow + narrow * rules.latin_weight
