"""Our drafts and changes as Kuaishou's bodies: strict, without nulls, money in 厘."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

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
    PlanChange,
    PlanDraft,
    SwitchStatus,
    Targeting,
)
from media_connectors.errors import Rejected
from media_connectors.platforms.changes import field_of_change, full_schedule
from media_connectors.platforms.wire import JsonObject, hours_from_schedule, li_from_fen

_CAMPAIGN_TYPES = {Objective.LEADS: 5}
OCPX_ACTIONS = {ConversionGoal.FORM: 53, ConversionGoal.VALID_LEAD: 348, ConversionGoal.PAY: 190}
_CAMPAIGN_BIDS = {BidType.TARGET_CPA: 0, BidType.MAX_CONVERSION: 1}
_UNIT_BIDS = {BidType.TARGET_CPA: 10, BidType.MAX_CONVERSION: 12}
GENDERS = {Gender.ANY: 0, Gender.FEMALE: 1, Gender.MALE: 2}
AGES = {
    AgeBand.AGE_18_23: 18,
    AgeBand.AGE_24_30: 24,
    AgeBand.AGE_31_40: 31,
    AgeBand.AGE_41_49: 41,
    AgeBand.AGE_50_UP: 50,
}
SYSTEMS = {DeviceSystem.ANDROID: 1, DeviceSystem.IOS: 2}
MATERIAL_TYPES = {
    MaterialKind.VIDEO_VERTICAL: 1,
    MaterialKind.VIDEO: 2,
    MaterialKind.IMAGE_VERTICAL: 5,
    MaterialKind.IMAGE: 6,
}
VIDEO_KINDS = frozenset({MaterialKind.VIDEO, MaterialKind.VIDEO_VERTICAL})
_SWITCHES = {SwitchStatus.ENABLED: 1, SwitchStatus.PAUSED: 2, SwitchStatus.DELETED: 3}

BEST_SCENES = [1]  # 优选: the media chooses the places
CUSTOM_UNIT, PROGRAM_UNIT = 4, 7
OWN_LINK = 1
MOST_CAPTIONS = 3
ACTION_BAR = "立即咨询"  # the media wants a text; what lead forms carry when nobody chose one


def campaign_body(account_remote_id: str, draft: CampaignDraft) -> JsonObject:
    """The body of ``gw/dsp/campaign/create``. Targeting, goal and days stand on its units."""
    return {
        "advertiser_id": int(account_remote_id),
        "campaign_name": draft.name,
        "type": _CAMPAIGN_TYPES[draft.objective],
        "ad_type": 0,
        "bid_type": _CAMPAIGN_BIDS[draft.bid_type],
        "day_budget": li_from_fen(draft.daily_budget_fen or 0),
        "put_status": 1 if draft.is_enabled else 2,
    }


def label_of(interest: int) -> str:
    """A category as targeting names it: all numbers from its group down, ``8-802-80202``.

    A category's number begins with its parent's and adds two digits, as in the documentation's example.
    """
    path = [interest]
    while path[0] >= 100:
        path.insert(0, path[0] // 100)
    return "-".join(str(number) for number in path)


def unit_body(account_remote_id: str, draft: PlanDraft, *, region_ids: Sequence[int]) -> JsonObject:
    """The body of ``gw/dsp/unit/create``. ``region_ids`` are Kuaishou's for the draft's codes."""
    body: JsonObject = {
        "advertiser_id": int(account_remote_id),
        "campaign_id": int(draft.campaign_remote_id),
        "unit_name": draft.name,
        "put_status": 1 if draft.is_enabled else 2,
        "bid_type": _UNIT_BIDS[draft.bid_type],
        "ocpx_action_type": OCPX_ACTIONS[draft.goal],
        "scene_id": BEST_SCENES,
        "unit_type": PROGRAM_UNIT if is_program(draft.titles, draft.materials) else CUSTOM_UNIT,
        "begin_time": draft.start_on.isoformat(),
        "day_budget": li_from_fen(draft.daily_budget_fen or 0),
        "web_uri_type": OWN_LINK,
        "url": draft.landing_url,
        "target": _target(draft.targeting, region_ids),
    }
    if draft.bid_type is BidType.TARGET_CPA:
        if draft.bid_fen is None:
            raise Rejected("a target cost needs a bid", field="bid_fen")
        body["cpa_bid"] = li_from_fen(draft.bid_fen)
    if draft.end_on is not None:
        body["end_time"] = draft.end_on.isoformat()
    if draft.schedule:
        body["schedule_time"] = schedule_text(draft.schedule)
    return body


def is_program(titles: Sequence[str], materials: Sequence[MaterialRef]) -> bool:
    """Does a unit need a program creative? It does for more than one title or material; one of each is a custom one."""
    return len(titles) > 1 or len(materials) > 1


def custom_creative_body(account_remote_id: str, draft: CreativeDraft) -> JsonObject:
    """The body of ``gw/dsp/creative/create``: one material, one title."""
    if len(draft.materials) != 1:
        raise Rejected("a creative needs a material", field="materials")
    material = draft.materials[0]
    body: JsonObject = {
        "advertiser_id": int(account_remote_id),
        "unit_id": int(draft.plan_remote_id),
        "creative_name": draft.name,
        "creative_material_type": MATERIAL_TYPES[material.kind],
        "action_bar_text": draft.call_to_action or ACTION_BAR,
    }
    if draft.titles:
        body["description"] = draft.titles[0]
    if material.kind in VIDEO_KINDS:
        body["photo_id"] = material.remote_id
        if material.cover_remote_id:
            body["image_token"] = material.cover_remote_id
    else:
        body["image_tokens"] = [material.remote_id]
    return body


def program_creative_body(account_remote_id: str, draft: CreativeDraft) -> JsonObject:
    """The body of ``gw/dsp/advanced_creative/create``: the media combines materials and captions."""
    if len(draft.titles) > MOST_CAPTIONS:
        raise Rejected(f"at most {MOST_CAPTIONS} titles", field="titles")
    videos = [material for material in draft.materials if material.kind in VIDEO_KINDS]
    images = [material.remote_id for material in draft.materials if material.kind not in VIDEO_KINDS]
    body: JsonObject = {
        "advertiser_id": int(account_remote_id),
        "unit_id": int(draft.plan_remote_id),
        "package_name": draft.name,
        "captions": list(draft.titles),
        "action_bar": draft.call_to_action or ACTION_BAR,
    }
    if videos:
        body["photo_list"] = [_photo(material) for material in videos]
    if images:
        body["pic_list"] = images
    return body


def schedule_text(schedule: str) -> str:
    """168 hours for the wire. Raises ``Rejected`` for half hours and for an empty week."""
    hours = hours_from_schedule(full_schedule(schedule))
    if hours is None:
        raise Rejected("this media schedules by whole hours", field="schedule")
    return hours


def change_key(change: PlanChange) -> Hashable:
    """Changes of one key may go in one call: it carries many units and a single value."""
    return (field_of_change(change), change.status, change.bid_fen, change.daily_budget_fen)


def batch_change_request(account_remote_id: str, changes: Sequence[PlanChange]) -> tuple[str, JsonObject]:
    """Path and body of the one call that gives all units of a batch the same status, bid or budget."""
    first = changes[0]
    body: JsonObject = {
        "advertiser_id": int(account_remote_id),
        "unit_ids": [int(change.plan_remote_id) for change in changes],
    }
    if first.status is not None:
        return "v1/ad_unit/update/status", {**body, "put_status": _SWITCHES[first.status]}
    if first.bid_fen is not None:
        return "v1/ad_unit/update/bid", {**body, "bid": li_from_fen(first.bid_fen)}
    return "v1/ad_unit/update/day_budget", {**body, "day_budget": li_from_fen(first.daily_budget_fen or 0)}


def unit_change_body(account_remote_id: str, change: PlanChange, *, bid_type: int) -> JsonObject:
    """The body of ``gw/dsp/unit/update`` for a name or a schedule; what is absent stays as it is."""
    body: JsonObject = {
        "advertiser_id": int(account_remote_id),
        "unit_id": int(change.plan_remote_id),
        "bid_type": bid_type,
    }
    if change.name is not None:
        body["unit_name"] = change.name
    if change.schedule is not None:
        body["schedule_time"] = schedule_text(change.schedule)
    return body


def _photo(material: MaterialRef) -> JsonObject:
    photo: JsonObject = {
        "photo_id": int(material.remote_id) if material.remote_id.isdecimal() else material.remote_id,
        "creative_material_type": MATERIAL_TYPES[material.kind],
    }
    if material.cover_remote_id:
        photo["cover_image_token"] = material.cover_remote_id
    return photo


def _target(targeting: Targeting, region_ids: Sequence[int]) -> JsonObject:
    target: JsonObject = {
        "gender": GENDERS[targeting.gender],
        "platform_os": SYSTEMS[targeting.systems[0]] if len(set(targeting.systems)) == 1 else 0,
        "intelli_extend_option": 1 if targeting.is_expansion_on else 0,
    }
    if region_ids:
        target["region"] = list(region_ids)
    if targeting.ages:
        target["ages_range"] = sorted(AGES[age] for age in targeting.ages)
    if targeting.interest_ids:
        target["behavior_type"] = 1
        target["behavior_interest"] = {
            "interest": {"label": [label_of(interest) for interest in targeting.interest_ids], "strength_type": 0}
        }
    if targeting.include_audience_ids:
        target["population"] = list(targeting.include_audience_ids)
    if targeting.exclude_audience_ids:
        target["exclude_population"] = list(targeting.exclude_audience_ids)
    return target
