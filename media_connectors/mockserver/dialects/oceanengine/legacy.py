"""The older generation, as far as the official SDK still has it: projects as campaigns, promotions as ads."""

from typing import Any

from ...clock import stamp
from ...dialect import Call, Refused
from ...model import DELETED, DENIED, OFF, ON, Campaign, Plan
from .promotion_updates import set_bid, set_budget
from .statuses import ad_status
from .wire import (
    check_count,
    check_range,
    check_width,
    find_promotion,
    page_of,
    pick,
    refuse,
    run_batch,
    to_li,
    to_yuan,
)

MAX_BATCH = 100
MIN_CAMPAIGN_BUDGET, MAX_BUDGET = 300, 9_999_999.99
LANDING_TYPES = ("LINK", "APP", "SHOP", "DPA", "QUICK_APP", "LIVE")
SMART_BIDS = {"nobid": "SMART_BID_NO_BID"}
PRICINGS = {"ocpm": "PRICING_OCPM", "nobid": "PRICING_OCPM", "cpm": "PRICING_CPM", "cpc": "PRICING_CPC"}
PROTECTION = {"none": "INVALID", "in_effect": "IN_EFFECT", "confirming": "CONFIRMING", "paid": "PAID", "ended": "ENDED"}


# -- campaigns --------------------------------------------------------------------------------------------------------


def create_campaign(call: Call) -> dict[str, Any]:
    given = call.params
    account = call.account(given["advertiser_id"])
    check_width("campaign_name", given["campaign_name"], 0.5, 50)
    if call.store.campaign_named(account.id, given["campaign_name"]):
        raise refuse(f"广告组名称已存在: {given['campaign_name']}")
    campaign = Campaign(
        id=call.store.new_id(),
        account_id=account.id,
        medium=account.medium,
        name=given["campaign_name"],
        created_at=call.now,
        modified_at=call.now,
        switch=OFF if given.get("operation") == "disable" else ON,
        budget_li=_campaign_budget(given),
        placements=["douyin", "toutiao"],
        settings={"is_legacy": True, "landing_type": given["landing_type"], "delivery_setting": {}},
    )
    call.save(campaign)
    call.log(account.id, campaign, "CAMPAIGN", "新建广告组")
    return {"campaign_id": campaign.id}


def _campaign_budget(given: dict[str, Any]) -> int:
    if given.get("budget_mode") == "BUDGET_MODE_INFINITE":
        return 0
    if "budget" not in given:
        raise refuse("budget: Missing data for required field.")
    check_range("budget", given["budget"], MIN_CAMPAIGN_BUDGET, MAX_BUDGET)
    return to_li(given["budget"])


def _find_campaign(call: Call, campaign_id: int) -> Campaign:
    campaign = call.store.campaigns.get(campaign_id)
    if campaign is None or campaign.account_id != call.params["advertiser_id"] or campaign.switch == DELETED:
        raise refuse(f"广告组不存在: {campaign_id}")
    return campaign


def update_campaign(call: Call) -> dict[str, Any]:
    given = call.params
    call.account(given["advertiser_id"])
    campaign = _find_campaign(call, given["campaign_id"])
    if "budget" in given or "budget_mode" in given:
        campaign.budget_li = _campaign_budget(given)
    if "campaign_name" in given:
        check_width("campaign_name", given["campaign_name"], 0.5, 50)
        if call.store.campaign_named(campaign.account_id, given["campaign_name"]) not in (None, campaign):
            raise refuse(f"广告组名称已存在: {given['campaign_name']}")
        campaign.name = given["campaign_name"]
    campaign.modified_at = call.now
    call.save(campaign)
    call.log(campaign.account_id, campaign, "CAMPAIGN", "修改广告组")
    return {"campaign_id": campaign.id}


def update_campaign_status(call: Call) -> dict[str, Any]:
    """``enable``, ``disable`` or ``delete``, in lower case."""
    call.account(call.params["advertiser_id"])
    switch = {"enable": ON, "disable": OFF, "delete": DELETED}[call.params["opt_status"]]

    def apply(call: Call, campaign_id: int) -> None:
        campaign = _find_campaign(call, campaign_id)
        campaign.switch, campaign.modified_at = switch, call.now
        call.save(campaign)
        call.log(campaign.account_id, campaign, "CAMPAIGN", "修改广告组状态")

    return run_batch(call, "campaign_id", call.params["campaign_ids"], apply, largest=MAX_BATCH)


def list_campaigns(call: Call) -> dict[str, Any]:
    account = call.account(call.params.get("advertiser_id", 0))
    wanted = call.params.get("filtering", {})
    rows = []
    for campaign in reversed(call.store.campaigns_of(account.id)):
        row = _campaign_row(campaign)
        status = wanted.get("status", "CAMPAIGN_STATUS_NOT_DELETE")
        is_deleted = campaign.switch == DELETED
        if is_deleted and status not in ("CAMPAIGN_STATUS_DELETE", "CAMPAIGN_STATUS_ALL"):
            continue
        if status not in ("CAMPAIGN_STATUS_NOT_DELETE", "CAMPAIGN_STATUS_ALL", row["status"]):
            continue
        if "ids" in wanted and campaign.id not in wanted["ids"]:
            continue
        if wanted.get("campaign_name", "") in campaign.name and call.is_visible(campaign):
            rows.append(pick(row, call.params.get("fields")))
    return page_of(call, rows, largest=1000)


def _campaign_row(campaign: Campaign) -> dict[str, Any]:
    status = {ON: "CAMPAIGN_STATUS_ENABLE", OFF: "CAMPAIGN_STATUS_DISABLE", DELETED: "CAMPAIGN_STATUS_DELETE"}
    landing = campaign.settings.get("landing_type", "LINK")
    row = {
        "id": campaign.id,
        "campaign_id": campaign.id,
        "advertiser_id": campaign.account_id,
        "name": campaign.name,
        "budget": to_yuan(campaign.budget_li),
        "budget_mode": "BUDGET_MODE_DAY" if campaign.budget_li else "BUDGET_MODE_INFINITE",
        "campaign_type": "FEED",
        "delivery_mode": campaign.settings.get("delivery_mode", "MANUAL"),
        "status": status[campaign.switch],
        "campaign_create_time": stamp(campaign.created_at),
        "campaign_modify_time": stamp(campaign.modified_at),
        "modify_time": stamp(campaign.modified_at),
    }
    # The older enum does not know the newer landing types.
    return row | ({"landing_type": landing} if landing in LANDING_TYPES else {})


# -- ads --------------------------------------------------------------------------------------------------------------


def list_ads(call: Call) -> dict[str, Any]:
    """``list`` and ``page_info``, as every user of it reads them, and beside them the fields of the first ad.

    The official SDK's model of ``data`` is one ad: who asks it for one id sees that ad, who reads ``list`` sees all.
    """
    account = call.account(call.params.get("advertiser_id", 0))
    wanted = call.params.get("filtering", {})
    rows = []
    for plan in reversed(call.store.plans_of(account.id)):
        if "ids" in wanted and plan.id not in wanted["ids"]:
            continue
        if wanted.get("campaign_id", plan.campaign_id) != plan.campaign_id or not call.is_visible(plan):
            continue
        row = _ad_row(call, plan)
        status = wanted.get("status", "AD_STATUS_NOT_DELETE")
        if plan.switch == DELETED and status not in ("AD_STATUS_DELETE", "AD_STATUS_ALL"):
            continue
        if status not in ("AD_STATUS_NOT_DELETE", "AD_STATUS_ALL", row["status"]):
            continue
        if wanted.get("ad_name", "") in plan.name:
            rows.append(pick(row, call.params.get("fields")))
    paged = page_of(call, rows, largest=1000)
    return {**(paged["list"][0] if paged["list"] else {}), **paged}


def _ad_row(call: Call, plan: Plan) -> dict[str, Any]:
    codes = call.store.campaigns[plan.campaign_id].settings.get("delivery_range", {}).get("inventory_type", [])
    bids = {"bid": to_yuan(plan.bid_li)} if plan.pricing in ("cpm", "cpc") else {"cpa_bid": to_yuan(plan.bid_li)}
    return {
        **bids,
        "id": plan.id,
        "ad_id": plan.id,
        "advertiser_id": plan.account_id,
        "campaign_id": plan.campaign_id,
        "name": plan.name,
        "budget": to_yuan(plan.budget_li),
        "budget_mode": "BUDGET_MODE_TOTAL" if plan.is_total_budget else "BUDGET_MODE_DAY",
        "pricing": PRICINGS[plan.pricing],
        "smart_bid_type": SMART_BIDS.get(plan.pricing, "SMART_BID_CUSTOM"),
        "deep_cpabid": to_yuan(plan.deep_bid_li),
        "schedule_time": plan.settings.get("schedule_time", ""),
        "inventory_type": codes,
        "status": ad_status(call.world.life.obstacles(plan, call.now)),
        "opt_status": "AD_STATUS_DISABLE" if plan.switch == OFF else "AD_STATUS_ENABLE",
        "ad_create_time": stamp(plan.created_at),
        "ad_modify_time": stamp(plan.modified_at),
        "modify_time": stamp(plan.modified_at),
    }


def update_ad_bid(call: Call) -> dict[str, Any]:
    call.account(call.params["advertiser_id"])

    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["ad_id"])
        set_bid(call, plan, item["bid"])
        _saved(call, plan, "修改计划出价")

    return run_batch(call, "ad_id", call.params["data"], apply, largest=MAX_BATCH)


def update_ad_budget(call: Call) -> dict[str, Any]:
    call.account(call.params["advertiser_id"])

    def apply(call: Call, item: dict[str, Any]) -> None:
        plan = find_promotion(call, item["ad_id"])
        set_budget(call, plan, item["budget"])
        _saved(call, plan, "修改计划预算")

    return run_batch(call, "ad_id", call.params["data"], apply, largest=MAX_BATCH)


def _saved(call: Call, plan: Plan, title: str) -> None:
    plan.modified_at = call.now
    call.save(plan)
    call.log(plan.account_id, plan, "AD", title)


def ad_rejects(call: Call) -> dict[str, Any]:
    call.account(call.params.get("advertiser_id", 0))
    ids = call.params.get("ad_ids", [])
    check_count("ad_ids", ids, 1, 10)
    found = []
    for plan in (find_promotion(call, each) for each in ids):
        if plan.audit != DENIED:
            continue
        whole = [
            {"reject_item": "落地页", "reject_reason": "；".join(entry["reasons"])}
            for entry in plan.reject
            if entry["kind"] == "PLAN"
        ]
        found.append(
            {
                "ad_reject": {"ad_id": plan.id, "reject_data": whole},
                "creative_reject": [],
                "material_reject": [_material_reject(entry) for entry in plan.reject if entry["kind"] != "PLAN"],
            }
        )
    return {"list": found}


def _material_reject(entry: dict[str, Any]) -> dict[str, Any]:
    is_image, is_video = entry["kind"] == "CREATIVE_IMAGE", entry["kind"] == "CREATIVE_VIDEO"
    return {
        "image_id": [entry["item"]] if is_image else [],
        "video_id": entry["item"] if is_video else "",
        "title": entry["item"] if entry["kind"] == "CREATIVE_TITLE" else "",
        "reject_reason": "；".join(entry["reasons"]),
    }


# -- creatives: one per video or image of a promotion ------------------------------------------------------------------


def creative_ids(plan: Plan) -> list[tuple[int, str]]:
    """(creative id, material key); object ids are far enough apart for ids in between."""
    return [(plan.id + 1 + position, key) for position, key in enumerate(plan.material_keys)]


def list_creatives(call: Call) -> dict[str, Any]:
    account = call.account(call.params["advertiser_id"])
    wanted = call.params.get("filtering", {})
    rows = []
    for plan in reversed(call.store.plans_of(account.id)):
        if plan.switch == DELETED or wanted.get("ad_id", plan.id) != plan.id:
            continue
        if wanted.get("campaign_id", plan.campaign_id) != plan.campaign_id or not call.is_visible(plan):
            continue
        status = ad_status(call.world.life.obstacles(plan, call.now)).replace("AD_STATUS_", "CREATIVE_STATUS_")
        for creative_id, key in creative_ids(plan):
            if "creative_ids" in wanted and creative_id not in wanted["creative_ids"]:
                continue
            rows.append(pick(_creative_row(plan, creative_id, key, status), call.params.get("fields")))
    return page_of(call, rows, largest=1000)


def _creative_row(plan: Plan, creative_id: int, key: str, status: str) -> dict[str, Any]:
    materials = plan.settings.get("promotion_materials", {})
    modes = {v.get("video_id"): v["image_mode"] for v in materials.get("video_material_list", [])}
    modes |= {i.get("image_id"): g["image_mode"] for g in materials.get("image_material_list", []) for i in g["images"]}
    titles = [title["title"] for title in materials.get("title_material_list", [])]
    is_video = "VIDEO" in modes.get(key, "")
    return {
        "creative_id": creative_id,
        "ad_id": plan.id,
        "advertiser_id": plan.account_id,
        "title": titles[0] if titles else "",
        "image_mode": modes.get(key, "CREATIVE_IMAGE_MODE_VIDEO"),
        "video_id": key if is_video else "",
        "image_ids": [] if is_video else [key],
        "status": status,
        "opt_status": "CREATIVE_STATUS_DISABLE" if plan.switch == OFF else "CREATIVE_STATUS_ENABLE",
        "creative_create_time": stamp(plan.created_at),
        "creative_modify_time": stamp(plan.modified_at),
    }


def creative_rejects(call: Call) -> dict[str, Any]:
    account = call.account(call.params.get("advertiser_id", 0))
    ids = call.params.get("creative_ids", [])
    check_count("creative_ids", ids, 1, 10)
    owners = {cid: (plan, key) for plan in call.store.plans_of(account.id) for cid, key in creative_ids(plan)}
    found = []
    for creative_id in ids:
        if creative_id not in owners:
            raise refuse(f"创意不存在: {creative_id}")
        plan, key = owners[creative_id]
        rejects = [_material_reject(entry) for entry in plan.reject if entry["item"] == key]
        if plan.audit == DENIED and rejects:
            found.append({"creative_id": creative_id, "material_reject": rejects, "reject_data": []})
    return {"list": found}


def cost_protection(call: Call) -> dict[str, Any]:
    """Whether the vendor makes good for a plan that cost too much while learning."""
    call.account(call.params["advertiser_id"])
    ids = call.params["ad_ids"]
    check_count("ad_ids", ids, 1, 50)
    plans = [call.store.plans.get(plan_id) for plan_id in ids]
    if any(plan is None or plan.account_id != call.params["advertiser_id"] for plan in plans):
        raise Refused(40002, "ad_ids: not of this advertiser")
    return {"list": [{"ad_id": plan.id, "status": PROTECTION[plan.compensation]} for plan in plans if plan]}


HANDLERS = {
    ("POST", "/open_api/2/campaign/create/"): create_campaign,
    ("POST", "/open_api/2/campaign/update/"): update_campaign,
    ("POST", "/open_api/2/campaign/update/status/"): update_campaign_status,
    ("GET", "/open_api/2/campaign/get/"): list_campaigns,
    ("GET", "/open_api/2/ad/get/"): list_ads,
    ("POST", "/open_api/2/ad/update/bid/"): update_ad_bid,
    ("POST", "/open_api/2/ad/update/budget/"): update_ad_budget,
    ("GET", "/open_api/2/ad/reject_reason/"): ad_rejects,
    ("GET", "/open_api/2/ad/cost_protect_status/get/"): cost_protection,
    ("GET", "/open_api/2/creative/get/"): list_creatives,
    ("GET", "/open_api/2/creative/reject_reason/"): creative_rejects,
}
