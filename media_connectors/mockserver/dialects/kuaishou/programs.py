"""Program creatives (程序化创意): one package per unit, which the medium combines from videos and captions."""

from typing import Any

from ...clock import stamp
from ...dialect import Call
from ...model import DELETED, DENIED, PENDING, Creative, Plan
from .creatives import PROGRAM, VIDEO_TYPES, find_material, new_creative, read_tags, save_creative
from .paging import day_filter, listed, put_status_filter
from .status import CREATIVE_DELETED, PUT_STATUS, REVIEW_STATUS, STATUS_TEXT, creative_status, review_text
from .unit_rules import PROGRAM_TYPES
from .units import find_unit
from .values import Params, items, refused, required_text, required_whole, text, texts, whole, whole_in, wholes

NAME_LENGTH = 100
CAPTION_LENGTH = 30
MOST_CAPTIONS = 3
MOST_PHOTOS, MOST_SMART_PHOTOS = 10, 15
SMART = 10
REVIEW_UNITS = 20
_KEPT_TEXTS = ("click_url", "actionbar_click_url", "ad_photo_played_t3s_url", "impression_url", "recommendation")
_KEPT_NUMBERS = (
    "creative_category",
    "outer_loop_native",
    "kol_user_type",
    "kol_user_id",
    "material_intelligent_optimize",
)


def program_of(call: Call, unit: Plan) -> Creative | None:
    """The unit's package that is not deleted."""
    return next((c for c in call.store.creatives_of_plan(unit.id) if _is_living_program(c)), None)


def create_program(call: Call) -> dict[str, Any]:
    """``gw/dsp/advanced_creative/create``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit = find_unit(call, account.id, required_whole(params, "unit_id"))
    if unit.settings["unit_type"] not in PROGRAM_TYPES:
        raise refused("只有 unit_type 为 7 或 10 的广告组才能创建程序化创意")
    if program_of(call, unit) is not None:
        raise refused("一个广告组下只能有一个程序化创意")
    name = required_text(params, "package_name", NAME_LENGTH)
    settings = _read(call, unit, params, {})
    program = new_creative(call, unit, name, _material_keys(settings), settings)
    save_creative(call, program)
    return {"unit_id": unit.id}


def update_program(call: Call) -> dict[str, Any]:
    """``gw/dsp/advanced_creative/update``: by unit; absent fields stay."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit = find_unit(call, account.id, required_whole(params, "unit_id"))
    program = program_of(call, unit)
    if program is None:
        raise refused("该广告组下没有程序化创意")
    name = program.name if params.get("package_name") is None else required_text(params, "package_name", NAME_LENGTH)
    settings = _read(call, unit, params, program.settings)
    is_seen = settings["combinations"] != program.settings["combinations"]
    program.name, program.settings, program.material_keys = name, settings, _material_keys(settings)
    if is_seen or program.audit == DENIED:
        call.world.life.submit(program, call.now)
    save_creative(call, program)
    return {"unit_id": unit.id}


def list_programs(call: Call) -> dict[str, Any]:
    """``gw/dsp/advanced_creative/list``"""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit_ids = set(wholes(params, "unit_ids", 100) or [])
    name = text(params, "package_name")
    is_in_days = day_filter(params)
    has_put_status = put_status_filter(params, CREATIVE_DELETED)

    def is_wanted(program: Creative) -> bool:
        return (
            program.settings["kind"] == PROGRAM
            and has_put_status(program)
            and (not unit_ids or program.plan_id in unit_ids)
            and (not name or name in program.name)
            and is_in_days(program)
        )

    return listed(call, call.store.creatives_of(account.id), is_wanted, lambda row: _show(call, row))


def review_programs(call: Call) -> dict[str, Any]:
    """``v2/creative/advanced/program/review_detail``: combinations in review or refused, per unit (at most 20)."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    unit_ids = wholes(params, "unit_ids", REVIEW_UNITS)
    if not unit_ids:
        raise refused("参数错误：unit_ids 不能为空")
    details = []
    for unit_id in unit_ids:
        program = program_of(call, find_unit(call, account.id, unit_id))
        if program is not None:
            views = [_review_view(call, program, entry) for entry in program.settings["combinations"]]
            details.append(
                {
                    "unit_id": unit_id,
                    "slogans": [],
                    "combine_detail_views": [view for view in views if view["review_status"] != 2],
                }
            )
    return {"details": details}


def _is_living_program(creative: Creative) -> bool:
    return creative.settings["kind"] == PROGRAM and creative.switch != DELETED


def _read(call: Call, unit: Plan, params: Params, old: dict[str, Any]) -> dict[str, Any]:
    photos = _read_photos(call, unit, params)
    photos = old.get("photo_list", []) if photos is None else photos
    pictures = items(params, "pic_list")
    pictures = old.get("pic_list", []) if pictures is None else [str(token) for token in pictures]
    for token in pictures:
        find_material(call, unit.account_id, token, "image")
    if not photos and not pictures:
        raise refused("photo_list 与 pic_list 不能同时为空")
    captions = texts(params, "captions", MOST_CAPTIONS, CAPTION_LENGTH) or old.get("captions", [])
    if not captions:
        raise refused("参数错误：captions 不能为空")
    action = text(params, "action_bar") or old.get("action_bar", "")
    if not action:
        raise refused("参数错误：action_bar 不能为空")
    tags = read_tags(params)
    settings: dict[str, Any] = {
        "kind": PROGRAM,
        "photo_list": photos,
        "pic_list": pictures,
        "captions": captions,
        "action_bar": action,
        "sticker_styles": wholes(params, "sticker_styles", 6) or old.get("sticker_styles", []),
        "cover_slogans": texts(params, "cover_slogans", 6, 14) or old.get("cover_slogans", []),
        "creative_tag": texts(params, "creative_tag", 10, 10) or old.get("creative_tag", []),
        "new_expose_tag": old.get("new_expose_tag") if tags is None else tags,
    }
    for name in _KEPT_TEXTS:
        value = text(params, name)
        settings[name] = old.get(name, "") if value is None else value
    for name in _KEPT_NUMBERS:
        number = whole(params, name)
        settings[name] = old.get(name, 0) if number is None else number
    settings["combinations"] = _combine(call, settings, old.get("combinations", []))
    settings["reviewed"] = [
        *(["CREATIVE_VIDEO", photo["photo_id"]] for photo in photos),
        *(["CREATIVE_IMAGE", token] for token in pictures),
        *(["CREATIVE_TITLE", caption] for caption in captions),
    ]
    return settings


def _read_photos(call: Call, unit: Plan, params: Params) -> list[dict[str, Any]] | None:
    found = items(params, "photo_list")
    if found is None:
        return None
    most = MOST_SMART_PHOTOS if unit.settings["unit_type"] == SMART else MOST_PHOTOS
    if len(found) > most:
        raise refused(f"photo_list 最多 {most} 组素材")
    photos = []
    for entry in found:
        if not isinstance(entry, dict):
            raise refused("参数错误：photo_list 的每项必须为对象")
        photo_id = text(entry, "photo_id") or ""
        find_material(call, unit.account_id, photo_id, "video")
        # The older family gives each video a list of covers.
        cover = text(entry, "cover_image_token") or next(iter(texts(entry, "cover_image_tokens", 1, 200)), "")
        if cover:
            find_material(call, unit.account_id, cover, "image")
        kind = whole_in(entry, "creative_material_type", VIDEO_TYPES)
        photos.append({"photo_id": photo_id, "cover_image_token": cover, "creative_material_type": kind})
    if len({photo["photo_id"] for photo in photos}) != len(photos):
        raise refused("photo_list 中的 photo_id 不得重复")
    return photos


def _combine(call: Call, settings: dict[str, Any], old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every video or picture with every caption; what existed before keeps its id."""
    known = {(entry["photo_id"], entry["image_token"], entry["caption"]): entry["id"] for entry in old}
    materials = [(photo["photo_id"], "") for photo in settings["photo_list"]]
    materials += [("", token) for token in settings["pic_list"]]
    return [
        {
            "id": known.get((photo_id, token, caption)) or call.store.new_id(),
            "photo_id": photo_id,
            "image_token": token,
            "caption": caption,
        }
        for photo_id, token in materials
        for caption in settings["captions"]
    ]


def _material_keys(settings: dict[str, Any]) -> list[str]:
    return [*(photo["photo_id"] for photo in settings["photo_list"]), *settings["pic_list"]]


def _cover_url(call: Call, photo: dict[str, Any]) -> str:
    cover = call.store.material_by_key.get(photo["cover_image_token"])
    if cover is not None:
        return str(cover.settings["url"])
    return str(call.store.material_by_key[photo["photo_id"]].settings["cover_url"])


def _review_view(call: Call, program: Creative, entry: dict[str, Any]) -> dict[str, Any]:
    """One combination's state. Ids of videos are numbers here, unlike elsewhere on this medium."""
    rejected = {reject["item"] for reject in program.reject}
    status = REVIEW_STATUS[program.audit]
    if program.audit == DENIED and rejected.isdisjoint({entry["photo_id"], entry["image_token"], entry["caption"]}):
        status = 2 if any(reject["kind"] != "PLAN" for reject in program.reject) else status
    photo = next((p for p in program.settings["photo_list"] if p["photo_id"] == entry["photo_id"]), None)
    return {
        "id": entry["id"],
        "photo_id": int(entry["photo_id"] or 0),
        "cover_url": _cover_url(call, photo) if photo else "",
        "caption": entry["caption"],
        "review_status": status,
        "review_detail": [reason for reject in program.reject for reason in reject["reasons"]] if status == 3 else [],
        "put_status": PUT_STATUS[program.switch],
        "pic_image_token": entry["image_token"],
        "pic_url": call.store.material_by_key[entry["image_token"]].settings["url"] if entry["image_token"] else "",
        "app_grade_type": 0,
    }


def _show(call: Call, program: Creative) -> dict[str, Any]:
    settings = program.settings
    status = creative_status(call, program)
    photos = settings["photo_list"]
    upright = [photo["photo_id"] for photo in photos if photo["creative_material_type"] == 1]
    wide = [photo["photo_id"] for photo in photos if photo["creative_material_type"] == 2]
    covers = [photo for photo in photos if photo["cover_image_token"]]
    reason = review_text(program, STATUS_TEXT[41]) if program.audit in {PENDING, DENIED} else STATUS_TEXT[status]
    return {
        "unit_id": program.plan_id,
        "package_name": program.name,
        "action_bar": settings["action_bar"],
        "captions": settings["captions"],
        "creatives": [{"unit_id": program.plan_id, "creative_id": entry["id"]} for entry in settings["combinations"]],
        "photo_list": [
            {
                "photo_id": int(photo["photo_id"]),
                "cover_image_token": photo["cover_image_token"],
                "cover_image_url": _cover_url(call, photo),
                "creative_material_type": photo["creative_material_type"],
            }
            for photo in photos
        ]
        or None,
        "horizontal_photo_ids": wide or None,
        "vertical_photo_ids": upright or None,
        "cover_image_tokens": [photo["cover_image_token"] for photo in covers] or None,
        "cover_image_urls": [_cover_url(call, photo) for photo in covers] or None,
        "pic_ids": [str(call.store.material_by_key[token].id) for token in settings["pic_list"]] or None,
        "pic_list": settings["pic_list"] or None,
        "pic_url_list": [call.store.material_by_key[token].settings["url"] for token in settings["pic_list"]] or None,
        "sticker_styles": settings["sticker_styles"] or None,
        "cover_slogans": settings["cover_slogans"] or None,
        "creative_tag": settings["creative_tag"] or None,
        "new_expose_tag": settings["new_expose_tag"],
        **{name: settings[name] for name in (*_KEPT_TEXTS, *_KEPT_NUMBERS)},
        "app_grade_type": 0,
        "open_account_native": 0,
        "put_status": PUT_STATUS[program.switch],
        "view_status": status,
        "view_status_reason": reason,
        "create_time": stamp(program.created_at),
        "update_time": stamp(program.modified_at),
    }
