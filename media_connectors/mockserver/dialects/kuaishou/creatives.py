"""Custom creatives (自定义创意): one video or image with its line of text."""

from typing import Any

from ...clock import stamp
from ...dialect import Call, Refused
from ...model import DELETED, DENIED, Creative, Material, Plan
from .campaigns import SWITCHES
from .delivery import refresh_delivery
from .paging import day_filter, listed, put_status_filter
from .status import CREATIVE_DELETED, PUT_STATUS, creative_status, read_switch, review_text
from .unit_rules import CUSTOM_TYPES, PROGRAM_TYPES
from .units import find_unit
from .values import (
    Params,
    batch_ids,
    items,
    refused,
    required_text,
    required_whole,
    text,
    texts,
    whole,
    whole_in,
    wholes,
)

CUSTOM, PROGRAM = "custom", "program"
MATERIAL_TYPES = frozenset({1, 2, 5, 6, 9, 10, 11, 12, 14})
VIDEO_TYPES = frozenset({1, 2})
MOST_PER_UNIT = 15
MOST_VIEWERS = 10
DESCRIPTION_LENGTH = 30
NAME_LENGTH = 100
BATCH = 20
_KEPT_TEXTS = ("click_track_url", "impression_url", "actionbar_click_url", "ad_photo_played_t3s_url", "recommendation")
_KEPT_NUMBERS = ("creative_category", "outer_loop_native", "kol_user_type", "kol_user_id", "high_light_flash")


def find_creative(call: Call, account_id: int, creative_id: int, kind: str | None = CUSTOM) -> Creative:
    """A creative of the account that is not deleted, of one kind unless ``None``; otherwise raises ``Refused``."""
    creative = call.store.creatives.get(creative_id)
    if (
        creative is None
        or creative.account_id != account_id
        or creative.switch == DELETED
        or (kind is not None and creative.settings["kind"] != kind)
    ):
        raise refused(f"广告创意 {creative_id} 不存在")
    return creative


def find_material(call: Call, account_id: int, key: str, kind: str) -> Material:
    """An uploaded ``video`` or ``image`` of the account by its photo_id or image_token."""
    material = call.store.material_by_key.get(key)
    is_there = material is not None and material.account_id == account_id and material.kind == kind
    if material is None or not is_there or material.settings.get("is_deleted"):
        raise refused(f"视频 {key} 不存在" if kind == "video" else f"图片 {key} 不存在")
    return material


def create_creative(call: Call) -> dict[str, Any]:
    """``gw/dsp/creative/create``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit = find_unit(call, account.id, required_whole(params, "unit_id"))
    return {"creative_id": _create(call, unit, params).id}


def update_creative(call: Call) -> dict[str, Any]:
    """``gw/dsp/creative/update``: the creative is reviewed again when what people see changes."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    creative = find_creative(call, account.id, required_whole(params, "creative_id"))
    _update(call, creative, params)
    return {"creative_id": creative.id}


def batch_update_creatives(call: Call) -> dict[str, Any]:
    """``gw/dsp/creative/batch_update``: the community's one creative per call, or a ``creatives`` list of a unit."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit = find_unit(call, account.id, required_whole(params, "unit_id"))
    entries = items(params, "creatives") or items(params, "creative_list") or [params]
    if len(entries) > MOST_PER_UNIT:
        raise refused(f"单次最多 {MOST_PER_UNIT} 个创意")
    added, updated = [], []
    for entry in entries:
        if not isinstance(entry, dict):
            raise refused("参数错误：创意必须为对象")
        creative_id = whole(entry, "creative_id")
        if not creative_id:
            added.append(_create(call, unit, entry).id)
            continue
        creative = find_creative(call, account.id, creative_id)
        if creative.plan_id != unit.id:
            raise refused(f"广告创意 {creative_id} 不在广告组 {unit.id} 下")
        _update(call, creative, entry)
        updated.append(creative.id)
    return {"add_creative_ids": added, "update_creative_ids": updated}


def preview_creative(call: Call) -> dict[str, Any]:
    """``v1/creative/preview``: a creative, or a unit's program, for up to ten users or phones; nobody is sent it."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit_type = whole_in(params, "unit_type", CUSTOM_TYPES | PROGRAM_TYPES)
    if unit_type in CUSTOM_TYPES:
        find_creative(call, account.id, required_whole(params, "creative_id"))
    else:
        find_unit(call, account.id, required_whole(params, "unit_id"))
    if not texts(params, "user_ids", MOST_VIEWERS, 40) and not texts(params, "phones", MOST_VIEWERS, 20):
        raise refused("user_ids 与 phones 不能同时为空")
    return {}


def list_creatives(call: Call) -> dict[str, Any]:
    """``gw/dsp/creative/list``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    ids = set(wholes(params, "creative_ids", 100) or [])
    single, unit_id, campaign_id = whole(params, "creative_id"), whole(params, "unit_id"), whole(params, "campaign_id")
    name = text(params, "creative_name")
    is_in_days = day_filter(params)
    has_put_status = put_status_filter(params, CREATIVE_DELETED)

    def is_wanted(creative: Creative) -> bool:
        return (
            creative.settings["kind"] == CUSTOM
            and has_put_status(creative)
            and (not ids or creative.id in ids)
            and (not single or creative.id == single)
            and (not unit_id or creative.plan_id == unit_id)
            and (not campaign_id or creative.campaign_id == campaign_id)
            and (not name or name in creative.name)
            and is_in_days(creative)
        )

    return listed(call, call.store.creatives_of(account.id), is_wanted, lambda row: _show(call, row))


def update_creative_status(call: Call) -> dict[str, Any]:
    """``v1/creative/update/status`` for custom and program creatives, at most 20."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    switch = read_switch(required_whole(params, "put_status"))
    done, errors = [], []
    for creative_id in batch_ids(params, "creative_id", "creative_ids", BATCH):
        try:
            creative = find_creative(call, account.id, creative_id, kind=None)
            if call.fails_item():
                raise refused("系统繁忙，请稍后重试")
        except Refused as reason:
            errors.append({"creative_id": creative_id, "error_code": reason.code, "error_msg": reason.message})
            continue
        old, creative.switch = creative.switch, switch
        save_creative(call, creative, put_status=(PUT_STATUS[old], PUT_STATUS[switch]))
        done.append(creative_id)
    return {"creative_id": done[0] if done else 0, "creative_ids": done, "errors": errors}


def save_creative(call: Call, creative: Creative, **changes: tuple[Any, Any]) -> None:
    """Save a changed or new creative and what its unit shows to the market, and log it."""
    is_new = creative.id not in call.store.creatives
    creative.modified_at = call.now
    call.save(creative)
    unit = call.store.plans[creative.plan_id]
    refresh_delivery(call.store, unit)
    call.save(unit)
    call.log(creative.account_id, creative, "creative", "create" if is_new else "update", **changes)


def new_creative(call: Call, unit: Plan, name: str, material_keys: list[str], settings: dict[str, Any]) -> Creative:
    """A creative of the unit on its way to review; the caller saves it."""
    creative = Creative(
        id=call.store.new_id(),
        account_id=unit.account_id,
        campaign_id=unit.campaign_id,
        plan_id=unit.id,
        medium="kuaishou",
        name=name,
        created_at=call.now,
        modified_at=call.now,
        material_keys=material_keys,
        settings=settings,
    )
    call.world.life.submit(creative, call.now)
    return creative


def read_tags(params: Params) -> list[dict[str, str]] | None:
    """``new_expose_tag``: objects with a text and perhaps a url; older clients send bare texts."""
    found = items(params, "new_expose_tag")
    if found is None:
        return None
    found = [{"text": tag} if isinstance(tag, str) else tag for tag in found]
    if len(found) > 2 or not all(isinstance(tag, dict) and tag.get("text") for tag in found):
        raise refused("new_expose_tag 最多 2 个，且 text 不能为空")
    return [{"text": str(tag["text"]), "url": str(tag.get("url") or "")} for tag in found]


def _create(call: Call, unit: Plan, params: Params) -> Creative:
    if unit.settings["unit_type"] not in CUSTOM_TYPES:
        raise refused("该广告组的 unit_type 不支持创建自定义创意")
    living = [c for c in call.store.creatives_of_plan(unit.id) if c.switch != DELETED]
    if len(living) >= MOST_PER_UNIT:
        raise refused(f"广告组下创意数量不能超过 {MOST_PER_UNIT} 个")
    name = required_text(params, "creative_name", NAME_LENGTH)
    if any(creative.name == name for creative in living):
        raise refused(f"创意名称“{name}”已存在")
    switch = read_switch(whole_in(params, "put_status", SWITCHES, 1))
    material_keys, settings = _read(call, unit.account_id, params, {})
    creative = new_creative(call, unit, name, material_keys, settings)
    creative.switch = switch
    save_creative(call, creative)
    return creative


def _update(call: Call, creative: Creative, params: Params) -> None:
    name = creative.name
    if params.get("creative_name") is not None:
        name = required_text(params, "creative_name", NAME_LENGTH)
    siblings = call.store.creatives_of_plan(creative.plan_id)
    if any(c.name == name and c.id != creative.id and c.switch != DELETED for c in siblings):
        raise refused(f"创意名称“{name}”已存在")
    material_keys, settings = _read(call, creative.account_id, params, creative.settings)
    is_seen = material_keys != creative.material_keys or any(
        settings[part] != creative.settings[part] for part in ("description", "action_bar_text")
    )
    changes = {"creative_name": (creative.name, name)} if name != creative.name else {}
    creative.name, creative.material_keys, creative.settings = name, material_keys, settings
    if is_seen or creative.audit == DENIED:
        call.world.life.submit(creative, call.now)
    save_creative(call, creative, **changes)


def _read(call: Call, account_id: int, params: Params, old: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """(material keys, settings) of a custom creative, on top of ``old`` in an update."""
    kind = whole_in(params, "creative_material_type", MATERIAL_TYPES, old.get("creative_material_type"))
    photo_id = text(params, "photo_id") or old.get("photo_id", "")
    tokens = [str(token) for token in items(params, "image_tokens") or []] or old.get("image_tokens", [])
    cover = text(params, "image_token")
    cover = old.get("image_token", "") if cover is None else cover
    if kind in VIDEO_TYPES:
        if not photo_id:
            raise refused("参数错误：photo_id 不能为空")
        find_material(call, account_id, photo_id, "video")
        material_keys = [photo_id]
    else:
        tokens = tokens or ([cover] if cover else [])
        if not tokens:
            raise refused("参数错误：image_tokens 不能为空")
        for token in tokens:
            find_material(call, account_id, token, "image")
        material_keys = tokens
    if cover:
        find_material(call, account_id, cover, "image")
    description = text(params, "description")
    description = old.get("description", "") if description is None else description
    if not 1 <= len(description) <= DESCRIPTION_LENGTH or "\n" in description:
        raise refused(f"description 长度为 1-{DESCRIPTION_LENGTH} 个字符，不支持换行")
    action = text(params, "action_bar_text") or old.get("action_bar_text", "")
    if not action:
        raise refused("参数错误：action_bar_text 不能为空")
    tags = read_tags(params)
    settings = {
        "kind": CUSTOM,
        "creative_material_type": kind,
        "photo_id": photo_id,
        "image_token": cover,
        "image_tokens": tokens,
        "description": description,
        "action_bar_text": action,
        "new_expose_tag": old.get("new_expose_tag") if tags is None else tags,
        "creative_tag": texts(params, "creative_tag", 10, 10) or old.get("creative_tag", []),
        "reviewed": [
            ["CREATIVE_VIDEO" if kind in VIDEO_TYPES else "CREATIVE_IMAGE", material_keys[0]],
            ["CREATIVE_TITLE", description],
        ],
    }
    for name in _KEPT_TEXTS:
        value = text(params, name)
        settings[name] = old.get(name, "") if value is None else value
    for name in _KEPT_NUMBERS:
        number = whole(params, name)
        settings[name] = old.get(name, 0) if number is None else number
    return material_keys, settings


def _show(call: Call, creative: Creative) -> dict[str, Any]:
    settings = creative.settings
    material = call.store.material_by_key.get(creative.material_keys[0])
    cover = call.store.material_by_key.get(settings["image_token"])
    is_video = settings["creative_material_type"] in VIDEO_TYPES
    images = [call.store.material_by_key[token] for token in settings["image_tokens"]]
    return {
        "campaign_id": creative.campaign_id,
        "unit_id": creative.plan_id,
        "creative_id": creative.id,
        "creative_name": creative.name,
        "creative_material_type": settings["creative_material_type"],
        "creative_category": settings["creative_category"],
        "creative_tag": settings["creative_tag"] or None,
        "photo_id": settings["photo_id"],
        "photo_md5": material.md5 if material and is_video else "",
        "material_url": [image.settings["url"] for image in images] or None,
        "image_tokens": settings["image_tokens"] or None,
        "status": creative_status(call, creative),
        "put_status": PUT_STATUS[creative.switch],
        "review_detail": review_text(creative, ""),
        "review_video_snapshot": [],
        "cover_url": cover.settings["url"] if cover else (material.settings.get("cover_url", "") if material else ""),
        "image_token": settings["image_token"],
        "cover_width": cover.width if cover else 0,
        "cover_height": cover.height if cover else 0,
        "display_info": {"description": settings["description"], "action_bar_text": settings["action_bar_text"]},
        "new_expose_tag": settings["new_expose_tag"],
        **{name: settings[name] for name in _KEPT_TEXTS},
        "outer_loop_native": settings["outer_loop_native"],
        "kol_user_type": settings["kol_user_type"],
        "kol_user_id": settings["kol_user_id"],
        "high_light_flash": settings["high_light_flash"],
        "app_grade_type": 0,
        "pic_id": "" if is_video or not material else str(material.id),
        "ad_type": call.store.campaigns[creative.campaign_id].settings["ad_type"],
        "create_time": stamp(creative.created_at),
        "update_time": stamp(creative.modified_at),
    }
