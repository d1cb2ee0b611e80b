"""Ocean Engine's words and units to ours: everything that is read, but reports."""

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
    fen_from_yuan,
    schedule_from_wire,
)

_LEARNING = {
    "LEARNING": LearningState.LEARNING,
    "LEARNED": LearningState.LEARNED,
    "LEARN_FAILED": LearningState.FAILED,
}

# Why a promotion is not delivering, most decisive first: what a person must act on wins over what passes by itself.
_HINDRANCES = (
    (DeliveryStatus.REJECTED, {"AUDIT_DENY"}),
    (DeliveryStatus.IN_REVIEW, {"AUDIT", "REAUDIT"}),
    (DeliveryStatus.PAUSED, {"DISABLED", "DISABLE_BY_QUOTA"}),
    (DeliveryStatus.CAMPAIGN_PAUSED, {"PROJECT_DISABLED"}),
    (DeliveryStatus.OUT_OF_BALANCE, {"OFFLINE_BALANCE"}),
    (
        DeliveryStatus.OUT_OF_BUDGET,
        {
            "BALANCE_OFFLINE_BUDGET",
            "BUDGET_GROUP_OFFLINE_BUDGET",
            "PROJECT_OFFLINE_BUDGET",
            "PROMOTION_OFFLINE_BUDGET",
            "PROJECT_REACH_DAILY_DELIVERY",
        },
    ),
    (DeliveryStatus.NOT_STARTED, {"TIME_NO_REACH", "STAR_TASK_NOT_STARTED"}),
    (DeliveryStatus.OUT_OF_SCHEDULE, {"NO_SCHEDULE"}),
)
_PROMOTION_FIRST = {
    "PROMOTION_STATUS_DELETED": DeliveryStatus.DELETED,
    "PROMOTION_STATUS_FROZEN": DeliveryStatus.FROZEN,
    "PROMOTION_STATUS_DONE": DeliveryStatus.ENDED,
}
_DENIED_MATERIAL = {"MATERIAL_STATUS_OFFLINE_AUDIT"}


def accounts_from_grants(data: JsonObject) -> tuple[RemoteAccount, ...]:
    """Ad accounts among the authorised ones of ``oauth2/advertiser/get/``."""
    return tuple(
        RemoteAccount(
            remote_id=as_id(item.get("account_id") or item.get("advertiser_id")),
            name=as_text(item.get("account_name") or item.get("advertiser_name")),
            company="、".join(
                as_text(company.get("customer_company_name")) for company in as_objects(item.get("company_list"))
            ),
            is_valid=bool(item.get("is_valid", True)),
        )
        for item in as_objects(data.get("list"))
        if as_text(item.get("account_type") or "ADVERTISER") == "ADVERTISER"
    )


def managers_from_grants(data: JsonObject) -> tuple[tuple[str, str], ...]:
    """(account id, account type) of the authorised logins that stand above ad accounts."""
    return tuple(
        (as_id(item.get("account_id") or item.get("advertiser_id")), as_text(item.get("account_type")))
        for item in as_objects(data.get("list"))
        if as_text(item.get("account_type")) in {"AGENT", "CHILD_AGENT", "CUSTOMER_ADMIN", "CUSTOMER_OPERATOR"}
    )


def account_from_listing(item: JsonObject) -> RemoteAccount:
    """An account below a manager."""
    return RemoteAccount(
        remote_id=as_id(item.get("advertiser_id") or item.get("account_id")),
        name=as_text(item.get("advertiser_name") or item.get("account_name")),
    )


def account_from_info(item: JsonObject) -> RemoteAccount:
    """An account of ``2/advertiser/info/``."""
    return RemoteAccount(
        remote_id=as_id(item.get("id")),
        name=as_text(item.get("name")),
        company=as_text(item.get("company")),
        is_valid=as_text(item.get("status") or "STATUS_ENABLE") == "STATUS_ENABLE",
    )


def balance_from_fund(data: JsonObject) -> FundBalance:
    """Yuan of ``2/advertiser/fund/get/`` in fen."""
    return FundBalance(
        balance_fen=fen_from_yuan(data.get("balance")),
        cash_fen=fen_from_yuan(data.get("cash")),
        grant_fen=fen_from_yuan(data.get("grant")),
        valid_balance_fen=fen_from_yuan(data.get("valid_balance")),
    )


def campaign_from_project(item: JsonObject) -> RemoteCampaign:
    """A project of ``v3.0/project/list/``."""
    delivery = as_object(item.get("delivery_setting"))
    first = as_text(item.get("status_first"))
    if first == "PROJECT_STATUS_DELETE":
        status = SwitchStatus.DELETED
    else:
        status = _switch(item.get("opt_status"))
    return RemoteCampaign(
        remote_id=as_id(item.get("project_id")),
        name=as_text(item.get("name")),
        status=status,
        daily_budget_fen=_budget(delivery),
        modified_at=as_instant(item.get("project_modify_time")),
        settings=item,
    )


def inventory_of(item: JsonObject) -> set[str]:
    """Where a project's ads are shown; empty means everywhere."""
    delivery_range = as_object(item.get("delivery_range"))
    if as_text(delivery_range.get("inventory_catalog")) == "UNIVERSAL_SMART":
        return set()
    return {as_text(value) for value in as_list(delivery_range.get("inventory_type"))}


def plan_from_promotion(item: JsonObject) -> RemotePlan:
    """A promotion of ``v3.0/promotion/list/``."""
    first = as_text(item.get("status_first"))
    second = {as_text(value) for value in as_list(item.get("status_second"))}
    status = SwitchStatus.DELETED if first == "PROMOTION_STATUS_DELETED" else _switch(item.get("opt_status"))
    bid_fen = fen_from_yuan(item.get("cpa_bid")) or fen_from_yuan(item.get("bid"))
    return RemotePlan(
        remote_id=as_id(item.get("promotion_id")),
        campaign_remote_id=as_id(item.get("project_id")),
        name=as_text(item.get("promotion_name") or item.get("name")),
        status=status,
        delivery_status=_delivery_status(first, second, status),
        learning_state=_LEARNING.get(as_text(item.get("learning_phase")), LearningState.NONE),
        review_state=_review_state(item, second),
        bid_fen=bid_fen or None,
        daily_budget_fen=_budget(item),
        schedule=schedule_from_wire(item.get("schedule_time")),
        created_at=as_instant(item.get("promotion_create_time")),
        modified_at=as_instant(item.get("promotion_modify_time")),
        settings=item,
    )


def item_results(data: JsonObject, *, asked: tuple[str, ...], id_field: str, ids_field: str) -> tuple[ItemResult, ...]:
    """One result for each id asked, in order: code 0 hides refusals in ``errors``."""
    refused = {
        as_id(error.get(id_field)): as_text(error.get("error_message")) for error in as_objects(data.get("errors"))
    }
    accepted = {as_id(value) for value in as_list(data.get(ids_field))}
    return tuple(
        ItemResult(
            remote_id=remote_id,
            is_accepted=remote_id not in refused and (remote_id in accepted or not accepted),
            message=refused.get(remote_id, ""),
        )
        for remote_id in asked
    )


def reject_reasons_from(data: JsonObject) -> tuple[RejectReason, ...]:
    """Refused promotions and materials of ``v3.0/promotion/reject_reason/get/``."""
    found: list[RejectReason] = []
    for entry in as_objects(data.get("list")):
        plan_remote_id = as_id(entry.get("promotion_id"))
        for reject in as_objects(entry.get("promotion_reject")):
            found.append(_reason(plan_remote_id, reject, item=as_text(reject.get("content")) or "plan", kind="plan"))
        for reject in as_objects(entry.get("material_reject")):
            kind = as_text(reject.get("type")).lower()
            found.append(_reason(plan_remote_id, reject, item=as_text(reject.get("item")), kind=kind))
    return tuple(found)


def material_from_image(item: JsonObject, kind: MaterialKind) -> UploadedMaterial:
    """An image of the library."""
    return UploadedMaterial(
        remote_id=as_text(item.get("id")),
        kind=kind,
        md5=as_text(item.get("signature")),
        width=as_int(item.get("width")),
        height=as_int(item.get("height")),
        size_bytes=as_int(item.get("size")),
        url=as_text(item.get("url")),
        image_url=as_text(item.get("url")),
    )


def material_from_video(item: JsonObject, kind: MaterialKind) -> UploadedMaterial:
    """A video of the library or fresh from its upload, which use different names for the same fields."""
    return UploadedMaterial(
        remote_id=as_text(item.get("video_id") or item.get("id")),
        kind=kind,
        md5=as_text(item.get("video_signature") or item.get("signature")),
        width=as_int(item.get("width")),
        height=as_int(item.get("height")),
        size_bytes=as_int(item.get("size")),
        url=as_text(item.get("video_url") or item.get("url")),
        image_url=as_text(item.get("poster_url")),
    )


def _switch(opt_status: object) -> SwitchStatus:
    return SwitchStatus.ENABLED if as_text(opt_status) == "ENABLE" else SwitchStatus.PAUSED


def _budget(setting: JsonObject) -> int | None:
    if as_text(setting.get("budget_mode")) == "BUDGET_MODE_INFINITE":
        return None
    return fen_from_yuan(setting.get("budget")) or None


def _delivery_status(first: str, second: set[str], status: SwitchStatus) -> DeliveryStatus:
    if first in _PROMOTION_FIRST:
        return _PROMOTION_FIRST[first]
    for delivery_status, words in _HINDRANCES:
        if second & words:
            return delivery_status
    if first == "PROMOTION_STATUS_DISABLE" or status is SwitchStatus.PAUSED:
        return DeliveryStatus.PAUSED
    if first == "PROMOTION_STATUS_ENABLE":
        return DeliveryStatus.UNKNOWN if second - _HARMLESS else DeliveryStatus.DELIVERING
    return DeliveryStatus.UNKNOWN


# Words beside ENABLE that do not stop delivery.
_HARMLESS = {"", "OK", "AWEME_ACCOUNT_OPTIMIZABLE", "AWEME_VIDEO_OPTIMIZABLE"}


def _review_state(item: JsonObject, second: set[str]) -> ReviewState:
    if "AUDIT_DENY" in second:
        return ReviewState.REJECTED
    if second & {"AUDIT", "REAUDIT"}:
        return ReviewState.PENDING
    materials = as_object(item.get("promotion_materials"))
    statuses = {
        as_text(material.get("material_status"))
        for name in ("video_material_list", "image_material_list", "title_material_list")
        for material in as_objects(materials.get(name))
    }
    return ReviewState.PARTLY_REJECTED if statuses & _DENIED_MATERIAL else ReviewState.APPROVED


def _reason(plan_remote_id: str, reject: JsonObject, *, item: str, kind: str) -> RejectReason:
    return RejectReason(
        plan_remote_id=plan_remote_id,
        item=item,
        kind=kind,
        reasons=tuple(as_text(value) for value in as_list(reject.get("reject_reason"))),
        suggestions=tuple(as_text(value) for value in as_list(reject.get("suggestion"))),
    )
