"""Our drafts and changes as Ocean Engine's bodies: strict, without nulls, money in yuan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from media_connectors.contracts import (
    FOREIGN_REGION,
    AgeBand,
    BidType,
    CampaignDraft,
    ConversionGoal,
    DeviceSystem,
    Gender,
    MaterialKind,
    MaterialRef,
    Objective,
    PlanChange,
    PlanDraft,
    SwitchStatus,
    Targeting,
)
from media_connectors.errors import Rejected
from media_connectors.platforms.changes import field_of_change, full_schedule
from media_connectors.platforms.wire import JsonObject, yuan_from_fen

_LANDING = {Objective.LEADS: "LINK"}
EXTERNAL_ACTIONS = {
    ConversionGoal.FORM: "AD_CONVERT_TYPE_FORM",
    ConversionGoal.VALID_LEAD: "AD_CONVERT_TYPE_CLUE_CONFIRM",
    ConversionGoal.PAY: "AD_CONVERT_TYPE_PAY",
}
_BID_TYPES = {BidType.TARGET_CPA: "CUSTOM", BidType.MAX_CONVERSION: "NO_BID"}
GENDERS = {Gender.ANY: "NONE", Gender.MALE: "GENDER_MALE", Gender.FEMALE: "GENDER_FEMALE"}
AGES = {
    AgeBand.AGE_18_23: "AGE_BETWEEN_18_23",
    AgeBand.AGE_24_30: "AGE_BETWEEN_24_30",
    AgeBand.AGE_31_40: "AGE_BETWEEN_31_40",
    AgeBand.AGE_41_49: "AGE_BETWEEN_41_49",
    AgeBand.AGE_50_UP: "AGE_ABOVE_50",
}
SYSTEMS = {DeviceSystem.ANDROID: "ANDROID", DeviceSystem.IOS: "IOS"}
IMAGE_MODES = {
    MaterialKind.VIDEO: "CREATIVE_IMAGE_MODE_VIDEO",
    MaterialKind.VIDEO_VERTICAL: "CREATIVE_IMAGE_MODE_VIDEO_VERTICAL",
    MaterialKind.IMAGE: "CREATIVE_IMAGE_MODE_LARGE",
    MaterialKind.IMAGE_VERTICAL: "CREATIVE_IMAGE_MODE_LARGE_VERTICAL",
}
VIDEO_KINDS = frozenset({MaterialKind.VIDEO, MaterialKind.VIDEO_VERTICAL})
_SWITCHES = {SwitchStatus.ENABLED: "ENABLE", SwitchStatus.PAUSED: "DISABLE"}


def project_body(account_remote_id: str, draft: CampaignDraft, *, inventory_type: str) -> JsonObject:
    """The body of ``v3.0/project/create/`` for one placement."""
    delivery: JsonObject = {
        "bid_type": _BID_TYPES[draft.bid_type],
        "pricing": "PRICING_OCPM",
        "schedule_type": "SCHEDULE_FROM_NOW",
    }
    if draft.daily_budget_fen is None:
        delivery["budget_mode"] = "BUDGET_MODE_INFINITE"
    else:
        delivery["budget_mode"] = "BUDGET_MODE_DAY"
        delivery["budget"] = yuan_from_fen(draft.daily_budget_fen)
    if draft.end_on is not None:
        if draft.start_on is None:
            raise Rejected("an end day needs a start day", field="start_on")
        delivery["schedule_type"] = "SCHEDULE_START_END"
        delivery["start_time"] = draft.start_on.isoformat()
        delivery["end_time"] = draft.end_on.isoformat()
    return {
        "advertiser_id": int(account_remote_id),
        "name": draft.name,
        "operation": "ENABLE" if draft.is_enabled else "DISABLE",
        "delivery_mode": "MANUAL",
        "ad_type": "ALL",
        "landing_type": _LANDING[draft.objective],
        "marketing_goal": "VIDEO_AND_IMAGE",
        "delivery_range": {"inventory_catalog": "MANUAL", "inventory_type": [inventory_type]},
        "delivery_setting": delivery,
        "optimize_goal": {"external_action": EXTERNAL_ACTIONS[draft.goal]},
        "audience": _audience(draft.targeting),
        "audience_extend": "ON" if draft.targeting.is_expansion_on else "OFF",
    }


def promotion_body(account_remote_id: str, draft: PlanDraft) -> JsonObject:
    """The body of ``v3.0/promotion/create/``. Targeting, placement and days stand on its project."""
    body: JsonObject = {
        "advertiser_id": int(account_remote_id),
        "project_id": int(draft.campaign_remote_id),
        "name": draft.name,
        "operation": "ENABLE" if draft.is_enabled else "DISABLE",
        "promotion_materials": _materials(draft),
    }
    if draft.brand_name:
        body["source"] = draft.brand_name
    if draft.daily_budget_fen is not None:
        body["budget_mode"] = "BUDGET_MODE_DAY"
        body["budget"] = yuan_from_fen(draft.daily_budget_fen)
    if draft.bid_type is BidType.TARGET_CPA:
        if draft.bid_fen is None:
            raise Rejected("a target cost needs a bid", field="bid_fen")
        body["cpa_bid"] = yuan_from_fen(draft.bid_fen)
    if draft.schedule:
        body["schedule_time"] = full_schedule(draft.schedule)
    return body


def change_request(account_remote_id: str, changes: Sequence[PlanChange]) -> tuple[str, JsonObject]:
    """Path and body of the one call that carries a batch of ``split_changes``."""
    advertiser_id, first = int(account_remote_id), changes[0]
    field = field_of_change(first)
    if first.status is SwitchStatus.DELETED:
        ids = [int(change.plan_remote_id) for change in changes]
        return "v3.0/promotion/delete/", {"advertiser_id": advertiser_id, "promotion_ids": ids}
    if field == "name":
        return "v3.0/promotion_name/update/", {
            "advertiser_id": advertiser_id,
            "promotion_id": int(first.plan_remote_id),
            "promotion_name": first.name,
        }
    paths = {
        "status": "v3.0/promotion/status/update/",
        "bid_fen": "v3.0/promotion/bid/update/",
        "daily_budget_fen": "v3.0/promotion/budget/update/",
        "schedule": "v3.0/promotion/schedule_time/update/",
    }
    data = [{"promotion_id": int(change.plan_remote_id), **_changed(change)} for change in changes]
    return paths[field], {"advertiser_id": advertiser_id, "data": data}


def _changed(change: PlanChange) -> JsonObject:
    if change.status is not None:
        return {"opt_status": _SWITCHES[change.status]}
    if change.bid_fen is not None:
        return {"bid": yuan_from_fen(change.bid_fen)}
    if change.daily_budget_fen is not None:
        return {"budget": yuan_from_fen(change.daily_budget_fen)}
    return {"schedule_time": full_schedule(change.schedule or "")}


def _audience(targeting: Targeting) -> JsonObject:
    audience: JsonObject = {"gender": GENDERS[targeting.gender], "district": "NONE"}
    if targeting.region_codes:
        if max(targeting.region_codes) >= FOREIGN_REGION:
            raise Rejected("a region of another media", field="targeting")
        audience["district"] = "REGION"
        audience["region_version"] = "2.3.2"
        audience["city"] = list(targeting.region_codes)
        audience["location_type"] = "ALL"
    if targeting.ages:
        audience["age"] = [AGES[age] for age in targeting.ages]
    if targeting.systems:
        audience["platform"] = [SYSTEMS[system] for system in targeting.systems]
    audience["interest_action_mode"] = "UNLIMITED"
    if targeting.interest_ids:
        audience["interest_action_mode"] = "CUSTOM"
        audience["interest_categories"] = list(targeting.interest_ids)
    if targeting.include_audience_ids:
        audience["retargeting_tags_include"] = list(targeting.include_audience_ids)
    if targeting.exclude_audience_ids:
        audience["retargeting_tags_exclude"] = list(targeting.exclude_audience_ids)
    return audience


def _materials(draft: PlanDraft) -> JsonObject:
    materials: JsonObject = {"title_material_list": [{"title": title} for title in draft.titles]}
    videos = list(_videos(draft.materials))
    images = [
        {"image_mode": IMAGE_MODES[material.kind], "images": [{"image_id": material.remote_id}]}
        for material in draft.materials
        if material.kind not in VIDEO_KINDS
    ]
    if videos:
        materials["video_material_list"] = videos
    if images:
        materials["image_material_list"] = images
    if draft.landing_url:
        materials["external_url_material_list"] = [draft.landing_url]
    if draft.call_to_action:
        materials["call_to_action_buttons"] = [draft.call_to_action]
    return materials


def _videos(materials: Iterable[MaterialRef]) -> Iterable[JsonObject]:
    for material in materials:
        if material.kind in VIDEO_KINDS:
            video = {"image_mode": IMAGE_MODES[material.kind], "video_id": material.remote_id}
            if material.cover_remote_id:
                video["video_cover_id"] = material.cover_remote_id
            yield video
