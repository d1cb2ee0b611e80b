"""A row's spec as the media connectors' drafts. The same spec always gives the same draft, whenever it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from campaigns.domain.rows.keys import name_at_media
from campaigns.domain.rows.media_rules import RULES
from media_connectors.contracts import (
    AgeBand,
    BidType,
    CampaignDraft,
    ConversionGoal,
    CreativeDraft,
    DeviceSystem,
    Gender,
    MaterialKind,
    MaterialRef,
    Objective,
    PlanDraft,
    Targeting,
)

Spec = Mapping[str, Any]


def campaign_draft(spec: Spec) -> CampaignDraft:
    """The campaign of a row: only what the campaign itself holds, so that rows sharing it give equal drafts."""
    has_targeting = RULES[spec["media"]].has_targeting_on_campaign
    end_on = _day(spec["end_date"]) if has_targeting else None
    return CampaignDraft(
        name=spec["campaign"],
        objective=Objective(spec["objective"]),
        goal=ConversionGoal(spec["goal"]) if has_targeting else ConversionGoal.FORM,
        bid_type=BidType(spec["bid_type"]),
        targeting=targeting(spec) if has_targeting else Targeting(),
        landing_url="",
        daily_budget_fen=None,
        is_enabled=True,
        start_on=_day(spec["start_date"]) if end_on else None,
        end_on=end_on,
    )


def plan_draft(spec: Spec, *, row_key: str, campaign_remote_id: str, is_enabled: bool) -> PlanDraft:
    """The plan of a row."""
    return PlanDraft(
        campaign_remote_id=campaign_remote_id,
        name=name_at_media(spec["name"], row_key),
        objective=Objective(spec["objective"]),
        goal=ConversionGoal(spec["goal"]),
        bid_type=BidType(spec["bid_type"]),
        bid_fen=spec["bid_fen"],
        daily_budget_fen=spec["budget_fen"],
        schedule=spec["schedule"],
        start_on=date.fromisoformat(spec["start_date"]),
        end_on=_day(spec["end_date"]),
        targeting=targeting(spec),
        landing_url=spec["landing_url"],
        titles=tuple(spec["titles"]),
        materials=materials(spec),
        brand_name=spec["brand_name"],
        call_to_action=spec["call_to_action"],
        is_enabled=is_enabled,
    )


def creative_draft(spec: Spec, *, row_key: str, plan_remote_id: str) -> CreativeDraft:
    """The creative of a row, where it is created apart."""
    return CreativeDraft(
        plan_remote_id=plan_remote_id,
        name=name_at_media(spec["name"], row_key),
        titles=tuple(spec["titles"]),
        materials=materials(spec),
        call_to_action=spec["call_to_action"],
    )


def targeting(spec: Spec) -> Targeting:
    """The audience; sets in a fixed order."""
    return Targeting(
        gender=Gender(spec["gender"]),
        ages=tuple(AgeBand(age) for age in sorted(set(spec["ages"]))),
        region_codes=tuple(sorted(set(spec["regions"]))),
        systems=tuple(DeviceSystem(system) for system in sorted(set(spec["systems"]))),
        interest_ids=tuple(sorted(set(spec["interests"]))),
        include_audience_ids=tuple(sorted(set(spec["audiences_include"]))),
        exclude_audience_ids=tuple(sorted(set(spec["audiences_exclude"]))),
        is_expansion_on=spec["expansion"],
    )


def materials(spec: Spec) -> tuple[MaterialRef, ...]:
    """The files, in the row's order."""
    return tuple(MaterialRef(MaterialKind(item["kind"]), item["id"], item["cover_id"]) for item in spec["materials"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
