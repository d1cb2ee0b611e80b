"""Promotions: what people call plans. Creation and full edits."""

from typing import Any

from ...dialect import Call, Refused
from ...model import OFF, ON, PASSED, PENDING, Campaign, Plan
from . import promotion_list, promotion_updates
from .targeting import audience_width
from .wire import (
    VIDEO_NOT_FOUND,
    check_count,
    check_range,
    check_schedule,
    check_width,
    check_within,
    find_project,
    find_promotion,
    refuse,
    to_li,
)

MAX_BUDGET = 9_999_999.99
MAX_MATERIALS = 10
MAX_AUTO_VIDEOS, MAX_AUTO_IMAGES = 30, 50
KEPT = (
    "promotion_materials", "native_setting", "source", "brand_info", "is_comment_disable", "materials_type",
    "ad_download_status", "auto_extend_traffic", "creative_auto_generate_switch", "keywords", "config_id",
    "promotion_related_product", "union_bid_ratio", "shop_multi_roi_goals", "first_roi_goal", "7d_retention",
    "budget_mode", "bid", "cpa_bid", "deep_cpabid", "roi_goal", "schedule_time",
)  # fmt: skip
# (list, kind of reject reason, field of the item; "" when the item is a text)
REVIEWED = (
    ("video_material_list", "CREATIVE_VIDEO", "video_id"),
    ("title_material_list", "CREATIVE_TITLE", "title"),
)


def create(call: Call) -> dict[str, Any]:
    """Check everything, then add the promotion and send it to review."""
    given = call.params
    account = call.account(given["advertiser_id"])
    project = find_project(call, given["project_id"])
    check_width("name", given["name"], 0.5, 50)
    if call.store.plan_named(account.id, given["name"]):
        raise refuse(f"单元名称已存在: {given['name']}")
    materials = given.get("promotion_materials")
    if materials is None:
        raise refuse("promotion_materials: Missing data for required field.")
    check_materials(call, project, materials)
    if "source" in given:
        check_width("source", given["source"], 2, 10)
    schedule = check_schedule("schedule_time", given.get("schedule_time", ""))
    check_within("schedule_time", schedule, project.schedule)
    check_prices(project, given)
    budget_li = check_budget(project, given)
    plan = Plan(
        id=call.store.new_id(),
        account_id=account.id,
        campaign_id=project.id,
        medium=account.medium,
        name=given["name"],
        created_at=call.now,
        modified_at=call.now,
        switch=OFF if given.get("operation") == "DISABLE" else ON,
        pricing=project.pricing,
        budget_li=budget_li,
        is_total_budget=given.get("budget_mode") == "BUDGET_MODE_TOTAL",
        schedule=schedule,
        placements=list(project.placements),
        audience_width=audience_width(project.settings.get("audience", {})),
        settings={name: given[name] for name in KEPT if name in given},
    )
    apply_prices(plan, given)
    apply_materials(plan, materials)
    call.world.life.submit(plan, call.now)
    call.save(plan)
    call.log(account.id, plan, "PROMOTION", "新建单元")
    return {"promotion_id": plan.id}


def update(call: Call) -> dict[str, Any]:
    """Edit in one go; new materials go to review again; a refused budget is reported, the rest takes effect."""
    given = call.params
    call.account(given["advertiser_id"])
    plan = find_promotion(call, given["promotion_id"])
    project = call.store.campaigns[plan.campaign_id]
    check_width("name", given["name"], 0.5, 50)
    if call.store.plan_named(plan.account_id, given["name"]) not in (None, plan):
        raise refuse(f"单元名称已存在: {given['name']}")
    materials = given.get("promotion_materials")
    if materials is not None:
        check_materials(call, project, materials)
    check_prices(project, given)
    errors = []
    if "budget" in given:
        try:
            promotion_updates.set_budget(call, plan, given["budget"])
        except Refused as refused:
            errors.append(
                {"object_type": "PROMOTION_BUDGET", "error_code": refused.code, "error_message": refused.message}
            )
    plan.name = given["name"]
    old_li = plan.bid_li
    plan.settings |= {name: given[name] for name in KEPT if name in given}
    apply_prices(plan, given)
    if plan.bid_li != old_li:
        call.world.life.note_bid_edit(plan, old_li, plan.bid_li, call.now)
    if materials is not None:
        apply_materials(plan, materials)
        plan.settings["was_passed"] = plan.audit == PASSED
        call.world.life.submit(plan, call.now)
    plan.modified_at = call.now
    call.save(plan)
    call.log(plan.account_id, plan, "PROMOTION", "修改单元")
    return {"promotion_id": plan.id, "error_list": errors}


# -- rules ------------------------------------------------------------------------------------------------------------


def check_materials(call: Call, project: Campaign, materials: dict[str, Any]) -> None:
    """Counts, lengths and, when the server is so set, that the videos exist. Raises ``Refused``."""
    videos = materials.get("video_material_list", [])
    images = materials.get("image_material_list", [])
    if not videos and not images and not materials.get("carousel_material_list"):
        raise refuse("promotion_materials: At least one video or image material is required.")
    is_wide = project.settings.get("delivery_mode") == "PROCEDURAL" and project.settings["landing_type"] in (
        "LINK",
        "SHOP",
    )
    check_count("promotion_materials.video_material_list", videos, 0, MAX_AUTO_VIDEOS if is_wide else MAX_MATERIALS)
    check_count("promotion_materials.image_material_list", images, 0, MAX_AUTO_IMAGES if is_wide else MAX_MATERIALS)
    titles = materials.get("title_material_list", [])
    for name in ("title_material_list", "external_url_material_list", "call_to_action_buttons"):
        check_count(f"promotion_materials.{name}", materials.get(name, []), 0, MAX_MATERIALS)
    for title in titles:
        check_width("promotion_materials.title_material_list.title", title["title"], 5, 30)
    for button in materials.get("call_to_action_buttons", []):
        check_width("promotion_materials.call_to_action_buttons", button, 2, 6)
    if not call.world.config.checks_materials:
        return
    for video in videos:
        if video.get("video_id") and not _is_own(call, video["video_id"]):
            raise Refused(VIDEO_NOT_FOUND, f"video_id {video['video_id']} not found")
    for image in (image for group in images for image in group["images"]):
        if image.get("image_id") and not _is_own(call, image["image_id"]):
            raise refuse(f"image_id {image['image_id']} not found")


def _is_own(call: Call, key: str) -> bool:
    material = call.store.material_by_key.get(key)
    return material is not None and material.account_id == call.params["advertiser_id"]


def check_prices(project: Campaign, given: dict[str, Any]) -> None:
    """Bids of a promotion by the project's pricing. Raises ``Refused``."""
    is_auto = project.settings.get("delivery_mode") == "PROCEDURAL"
    for name in ("bid", "cpa_bid", "deep_cpabid", "roi_goal"):
        if name not in given:
            continue
        if is_auto:
            raise refuse(f"{name}: Not allowed at promotion level when delivery_mode is PROCEDURAL.")
        if project.pricing == "nobid":
            raise refuse(f"{name}: Not allowed when bid_type is NO_BID.")
    if "bid" in given and project.pricing in ("cpm", "cpc"):
        check_range("bid", given["bid"], *((4, 100) if project.pricing == "cpm" else (0.1, 100)))
    if "cpa_bid" in given:
        check_range("cpa_bid", given["cpa_bid"], 0.01, 10_000)
    if "deep_cpabid" in given:
        check_range("deep_cpabid", given["deep_cpabid"], 0.1, 10_000)
    if "roi_goal" in given:
        check_range("roi_goal", given["roi_goal"], 0.001, 5)


def check_budget(project: Campaign, given: dict[str, Any]) -> int:
    """The budget in 厘, 0 when none is given. Raises ``Refused``."""
    if "budget" not in given:
        if given.get("budget_mode") == "BUDGET_MODE_TOTAL":
            raise refuse("budget: Missing data for required field.")
        return 0
    if project.settings.get("delivery_mode") == "PROCEDURAL":
        raise refuse("budget: Not allowed at promotion level when delivery_mode is PROCEDURAL.")
    is_total = given.get("budget_mode") == "BUDGET_MODE_TOTAL"
    check_range(
        "budget", given["budget"], promotion_updates.least_budget(project.pricing, is_total=is_total), MAX_BUDGET
    )
    return to_li(given["budget"])


def apply_prices(plan: Plan, given: dict[str, Any]) -> None:
    """Copy the bids that the world acts on."""
    name = "bid" if plan.pricing in ("cpm", "cpc") else "cpa_bid"
    if name in given:
        plan.bid_li = to_li(given[name])
    if "deep_cpabid" in given:
        plan.deep_bid_li = to_li(given["deep_cpabid"])
    if "roi_goal" in given:
        plan.roi_goal = given["roi_goal"]


def apply_materials(plan: Plan, materials: dict[str, Any]) -> None:
    """Note which materials the plan shows and what reviewers look at."""
    reviewed = [[kind, item[name]] for key, kind, name in REVIEWED for item in materials.get(key, []) if item.get(name)]
    shown = [image.get("image_id") for group in materials.get("image_material_list", []) for image in group["images"]]
    images = [image_id for image_id in shown if image_id]
    plan.settings["reviewed"] = reviewed + [["CREATIVE_IMAGE", image_id] for image_id in images]
    videos = [item["video_id"] for item in materials.get("video_material_list", []) if item.get("video_id")]
    plan.material_keys = videos + images
    if plan.audit != PENDING:
        plan.settings["targeting_version"] = plan.settings.get("targeting_version", 0) + 1


HANDLERS = {
    ("POST", "/open_api/v3.0/promotion/create/"): create,
    ("POST", "/open_api/v3.0/promotion/update/"): update,
    **promotion_updates.HANDLERS,
    **promotion_list.HANDLERS,
}
