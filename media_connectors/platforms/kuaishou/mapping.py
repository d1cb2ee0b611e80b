"""Kuaishou's words and units to ours: everything that is read, but reports."""

from __future__ import annotations

from media_connectors.contracts import (
    DeliveryStatus,
    FundBalance,
    ItemResult,
    LearningState,
    MaterialKind,
    RejectReason,
    RemoteAccount,
    RemoteCampaign,
    RemotePlan,
    ReviewState,
    SwitchStatus,
    UploadedMaterial,
)
from media_connectors.platforms.wire import (
    JsonObject,
    as_id,
    as_instant,
    as_int,
    as_list,
    as_object,
    as_objects,
    as_text,
    fen_from_li,
    fen_from_yuan,
    schedule_from_wire,
)

_SWITCHES = {1: SwitchStatus.ENABLED, 2: SwitchStatus.PAUSED, 3: SwitchStatus.DELETED}
_UNIT_STATUSES = {
    1: DeliveryStatus.CAMPAIGN_PAUSED,
    3: DeliveryStatus.OUT_OF_BUDGET,
    6: DeliveryStatus.OUT_OF_BALANCE,
    10: DeliveryStatus.DELETED,
    11: DeliveryStatus.IN_REVIEW,
    12: DeliveryStatus.REJECTED,
    14: DeliveryStatus.ENDED,
    15: DeliveryStatus.PAUSED,
    17: DeliveryStatus.OUT_OF_BUDGET,
    19: DeliveryStatus.NOT_STARTED,
    20: DeliveryStatus.DELIVERING,
    22: DeliveryStatus.OUT_OF_SCHEDULE,
}
_CAMPAIGN_DELETED = 5
_UNIT_DELETED = 10
_LEARNING = {1: LearningState.LEARNING, 2: LearningState.LEARNED, 3: LearningState.FAILED}
_REVIEWS = {
    1: ReviewState.PENDING,
    2: ReviewState.APPROVED,
    3: ReviewState.REJECTED,
    7: ReviewState.PENDING,
}
_REVIEW_OF_STATUS = {11: ReviewState.PENDING, 12: ReviewState.REJECTED}
CREATIVE_REFUSED = frozenset({12, 42, 55})
MATERIAL_READY = 1
REVIEW_FAILED = 3


def account_from_info(account_remote_id: str, data: JsonObject) -> RemoteAccount:
    """The account of ``v1/advertiser/info``, which does not repeat the id it was asked for."""
    return RemoteAccount(
        remote_id=account_remote_id,
        name=as_text(data.get("product_name")) or as_text(data.get("user_name")),
        company=as_text(data.get("corporation_name")),
    )


def approved_ids(data: JsonObject) -> list[str]:
    """Account ids of a page of approvals, which are numbers, strings or objects."""
    return [
        as_id(item.get("advertiser_id") if isinstance(item, dict) else item) for item in as_list(data.get("details"))
    ]


def balance_from_fund(data: JsonObject) -> FundBalance:
    """Yuan of ``v1/advertiser/fund/get`` in fen; rebates are the media's grants."""
    grant = fen_from_yuan(data.get("contract_rebate")) + fen_from_yuan(data.get("direct_rebate"))
    balance = fen_from_yuan(data.get("balance"))
    return FundBalance(
        balance_fen=balance,
        cash_fen=fen_from_yuan(data.get("recharge_balance")),
        grant_fen=grant,
        valid_balance_fen=balance,
    )


def campaign_from_details(item: JsonObject) -> RemoteCampaign:
    """A campaign of ``gw/dsp/campaign/list``."""
    status = _SWITCHES.get(as_int(item.get("put_status")), SwitchStatus.PAUSED)
    if as_int(item.get("status")) == _CAMPAIGN_DELETED:
        status = SwitchStatus.DELETED
    return RemoteCampaign(
        remote_id=as_id(item.get("campaign_id")),
        name=as_text(item.get("campaign_name")),
        status=status,
        daily_budget_fen=_budget(item),
        modified_at=as_instant(item.get("update_time")),
        settings=item,
    )


def plan_from_unit(item: JsonObject) -> RemotePlan:
    """A unit of ``gw/dsp/unit/list``."""
    code = as_int(item.get("status"))
    status = _SWITCHES.get(as_int(item.get("put_status")), SwitchStatus.PAUSED)
    if code == _UNIT_DELETED:
        status = SwitchStatus.DELETED
    bid_fen = fen_from_li(item.get("cpa_bid")) or fen_from_li(item.get("bid"))
    review_state = _REVIEWS.get(as_int(item.get("review_status"))) or _REVIEW_OF_STATUS.get(code)
    return RemotePlan(
        remote_id=as_id(item.get("unit_id")),
        campaign_remote_id=as_id(item.get("campaign_id")),
        name=as_text(item.get("unit_name")),
        status=status,
        delivery_status=_UNIT_STATUSES.get(code, DeliveryStatus.UNKNOWN),
        learning_state=_LEARNING.get(as_int(item.get("study_status")), LearningState.NONE),
        review_state=review_state or ReviewState.APPROVED,
        bid_fen=bid_fen or None,
        daily_budget_fen=_budget(item),
        schedule=schedule_from_wire(item.get("schedule_time")),
        created_at=as_instant(item.get("create_time")),
        modified_at=as_instant(item.get("update_time")),
        settings=item,
    )


def item_results(data: JsonObject, *, asked: tuple[str, ...]) -> tuple[ItemResult, ...]:
    """One result for each unit asked, in order. Some answers are ``{}``: without an error everything was taken."""
    refused = {
        as_id(error.get("id") or error.get("unit_id")): as_text(error.get("error_msg"))
        for error in as_objects(data.get("errors"))
    }
    accepted = {as_id(value) for value in as_list(data.get("unit_ids"))}
    return tuple(
        ItemResult(
            remote_id=remote_id,
            is_accepted=remote_id not in refused and (remote_id in accepted or not accepted),
            message=refused.get(remote_id, ""),
        )
        for remote_id in asked
    )


def reasons_from_units(items: list[JsonObject]) -> list[RejectReason]:
    """What the review says of units."""
    return [
        RejectReason(
            plan_remote_id=as_id(item.get("unit_id")),
            item="plan",
            kind="plan",
            reasons=(as_text(item.get("review_detail")),),
            suggestions=(),
        )
        for item in items
        if as_text(item.get("review_detail"))
    ]


def reasons_from_creatives(items: list[JsonObject]) -> list[RejectReason]:
    """What the review says of custom creatives."""
    return [
        RejectReason(
            plan_remote_id=as_id(item.get("unit_id")),
            item=as_text(item.get("creative_name")) or as_id(item.get("creative_id")),
            kind="creative",
            reasons=(as_text(item.get("review_detail")),),
            suggestions=(),
        )
        for item in items
        if as_int(item.get("status")) in CREATIVE_REFUSED and as_text(item.get("review_detail"))
    ]


def reasons_from_programs(data: JsonObject) -> list[RejectReason]:
    """What the review says of the materials of program creatives."""
    found = []
    for detail in as_objects(data.get("details")):
        for view in as_objects(detail.get("combine_detail_views")):
            if as_int(view.get("review_status")) != REVIEW_FAILED:
                continue
            review = as_object(view.get("review_detail"))
            reason = as_text(review.get("reason")) or as_text(view.get("review_detail"))
            found.append(
                RejectReason(
                    plan_remote_id=as_id(detail.get("unit_id")),
                    item=as_id(view.get("photo_id")) or as_text(view.get("caption")),
                    kind="creative",
                    reasons=(reason,) if reason else (),
                    suggestions=(),
                )
            )
    return found


def material_from_video(item: JsonObject, kind: MaterialKind) -> UploadedMaterial:
    """A video of ``v1/file/ad/video/get``; unusable until transcoded."""
    return UploadedMaterial(
        remote_id=as_id(item.get("photo_id")),
        kind=kind,
        md5=as_text(item.get("signature")),
        width=as_int(item.get("width")),
        height=as_int(item.get("height")),
        size_bytes=as_int(item.get("size")),
        url=as_text(item.get("url")),
        is_ready=as_int(item.get("new_status")) == MATERIAL_READY,
        image_url=as_text(item.get("cover_url")),
    )


def material_from_image(data: JsonObject, kind: MaterialKind) -> UploadedMaterial:
    """An image, by its token, which is what creatives refer to."""
    return UploadedMaterial(
        remote_id=as_text(data.get("image_token")),
        kind=kind,
        md5=as_text(data.get("signature")),
        width=as_int(data.get("width")),
        height=as_int(data.get("height")),
        size_bytes=as_int(data.get("size")),
        url=as_text(data.get("url")),
        image_url=as_text(data.get("url")),
    )


def _budget(item: JsonObject) -> int | None:
    return fen_from_li(item.get("day_budget")) or None
