"""The library of uploaded files: lists, names and tags, deletion, sharing with other accounts."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ...clock import DAY, parse
from ...dialect import Call
from ...model import DENIED, ON, Account, Material
from .creatives import CUSTOM, find_material
from .files import show_image, show_video
from .paging import page_bounds
from .values import Params, batch_texts, day, refused, required_whole, text, texts, whole, wholes

MOST_VIDEOS, MOST_SHARED, MOST_ACCOUNTS, MOST_RELATED = 100, 10, 10, 20
NAME_LENGTH, TAG_LENGTH = 100, 10
DELETED_ONLY, WITH_DELETED = 0, -1
ALL_SHARED, SOME_SHARED, NONE_SHARED = 1, 0, -1


def list_images(call: Call) -> dict[str, Any]:
    """``v1/file/ad/image/list``: the account's pictures, newest first."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    kinds = set(wholes(params, "pic_types") or [])
    tokens = set(texts(params, "image_tokens", MOST_VIDEOS, 200)) | {text(params, "image_token") or ""} - {""}

    def is_wanted(image: Material) -> bool:
        return (not kinds or image.settings["type"] in kinds) and (not tokens or image.key in tokens)

    return _listed(call, account, "image", is_wanted, partial(show_image, call))


def list_videos(call: Call) -> dict[str, Any]:
    """``v1/file/ad/video/list``: the account's videos, newest first; deleted ones only when asked for."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    keys = set(texts(params, "photo_ids", MOST_VIDEOS, 40))
    status = whole(params, "new_status")

    def is_wanted(video: Material) -> bool:
        is_deleted = bool(video.settings.get("is_deleted"))
        return (not keys or video.key in keys) and (status == WITH_DELETED or is_deleted == (status == DELETED_ONLY))

    return _listed(call, account, "video", is_wanted, partial(show_video, call))


def update_videos(call: Call) -> dict[str, Any]:
    """``v1/file/ad/video/update``: a name or one tag for up to 100 videos."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    name, tags = text(params, "photo_name"), texts(params, "photo_tag", 1, TAG_LENGTH)
    if not name and not tags:
        raise refused("photo_name 与 photo_tag 不能同时为空")
    if name and len(name) > NAME_LENGTH:
        raise refused(f"photo_name 长度不能超过 {NAME_LENGTH} 个字符")
    videos = _videos(call, account, MOST_VIDEOS)
    for video in videos:
        video.name = name or video.name
        video.settings = video.settings | ({"photo_tag": tags} if tags else {})
        call.save(video)
    return {"photo_ids": [video.key for video in videos]}


def delete_tags(call: Call) -> dict[str, Any]:
    """``v1/file/ad/video/tag/delete``: the tag disappears from every video of the account."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    tags = texts(call.params, "photo_tag", 1, TAG_LENGTH)
    if not tags:
        raise refused("参数错误：photo_tag 不能为空")
    for video in _of_kind(call, account, "video"):
        left = [tag for tag in video.settings["photo_tag"] if tag not in tags]
        if left != video.settings["photo_tag"]:
            video.settings = video.settings | {"photo_tag": left}
            call.save(video)
    return {}


def delete_videos(call: Call) -> dict[str, Any]:
    """``gw/dsp/file/ad/video/delete``: out of the lists; what shows a video goes on showing it."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    videos = _videos(call, account, MOST_VIDEOS)
    for video in videos:
        video.settings = video.settings | {"is_deleted": True}
        call.save(video)
    return {"photo_ids": [video.key for video in videos]}


def related_creatives(call: Call) -> dict[str, Any]:
    """``v1/file/ad/video/relate/creatives``: the creatives, in review or passed, that show each of up to 20 videos."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    related = []
    for video in _videos(call, account, MOST_RELATED):
        users = [
            creative
            for creative in call.store.creatives_of(account.id)
            if creative.switch == ON and creative.audit != DENIED and video.key in creative.material_keys
        ]
        custom = [creative for creative in users if creative.settings["kind"] == CUSTOM]
        programs = [creative.id for creative in users if creative.settings["kind"] != CUSTOM]
        related.append(
            {
                "photo_id": video.key,
                "creatives": [{"creative_id": row.id, "creative_name": row.name} for row in custom],
                "creative_count": len(custom),
                "advanced_creative_ids": programs,
                "advanced_creative_count": len(programs),
            }
        )
    return {"related_creatives": related}


def share_videos(call: Call) -> dict[str, Any]:
    """``v1/file/ad/video/share``: ids are numbers here. All accounts or none."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    targets = [call.account(account_id) for account_id in _targets(call.params, "share_advertiser_ids")]
    videos = _videos(call, account, MOST_SHARED)
    details = [
        {"advertiser_id": target.id, "photo_id": _copy(call, video, target).id, "original_photo_id": video.id}
        for target in targets
        for video in videos
    ]
    return {"details": details}


def share_videos_where_possible(call: Call) -> dict[str, Any]:
    """``gw/dsp/v1/file/ad/video/share/new``: ids are texts here; accounts out of reach are listed, not refused."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    videos = _videos(call, account, MOST_SHARED)
    reachable = set(call.token.account_ids if call.token else ())
    asked = _targets(call.params, "account_ids")
    targets = [call.store.accounts[account_id] for account_id in asked if account_id in reachable]
    shared = [
        {
            "account_id": target.id,
            "photo_id": _copy(call, video, target).key,
            "original_photo_id": video.key,
            "share_result": "成功",
        }
        for target in targets
        for video in videos
    ]
    status = ALL_SHARED if len(targets) == len(asked) else SOME_SHARED if targets else NONE_SHARED
    return {
        "share_status": status,
        "share_photo_exists": False,
        "not_supported_internal_photo": False,
        "mismatched_account_list": [account_id for account_id in asked if account_id not in reachable],
        "need_to_try_list": [],
        "share_success_list": shared,
    }


def share_images(call: Call) -> dict[str, Any]:
    """``gw/dsp/v1/pic/share``: by ``pic_ids`` or by ``image_tokens``."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    targets = [call.account(account_id) for account_id in _targets(params, "share_advertiser_ids")]
    by_id = {str(image.id): image.key for image in _of_kind(call, account, "image")}
    tokens = texts(params, "image_tokens", MOST_SHARED, 200)
    tokens += [by_id.get(pic_id, pic_id) for pic_id in texts(params, "pic_ids", MOST_SHARED, 40)]
    if not tokens:
        raise refused("pic_ids 与 image_tokens 不能同时为空")
    images = [find_material(call, account.id, token, "image") for token in tokens]
    copies = [_copy(call, image, target) for target in targets for image in images]
    return {
        "details": [
            {"advertiser_id": copy.account_id, "image_token": copy.key, "pic_id": str(copy.id)} for copy in copies
        ]
    }


def _listed(
    call: Call,
    account: Account,
    kind: str,
    is_wanted: Callable[[Material], bool],
    show: Callable[[Material], dict[str, Any]],
) -> dict[str, Any]:
    first, last = page_bounds(call.params)
    begin, end = day(call.params, "start_date"), day(call.params, "end_date")
    if (begin is None) != (end is None):
        raise refused("参数错误：start_date 与 end_date 必须同时传或同时不传")
    opens, closes = (parse(begin), parse(end) + DAY) if begin and end else (0.0, float("inf"))
    rows = [
        row
        for row in reversed(_of_kind(call, account, kind))
        if opens <= row.created_at < closes and is_wanted(row) and call.is_visible(row)
    ]
    return {"total_count": len(rows), "details": [show(row) for row in rows[first:last]]}


def _of_kind(call: Call, account: Account, kind: str) -> list[Material]:
    return [row for row in call.store.materials_of(account.id) if row.kind == kind]


def _videos(call: Call, account: Account, most: int) -> list[Material]:
    return [find_material(call, account.id, key, "video") for key in batch_texts(call.params, "photo_ids", most)]


def _targets(params: Params, name: str) -> list[int]:
    targets = wholes(params, name, MOST_ACCOUNTS)
    if not targets:
        raise refused(f"参数错误：{name} 不能为空")
    return targets


def _copy(call: Call, material: Material, target: Account) -> Material:
    """The same file in another account: an id of its own; a picture that is already there stays as it is."""
    new_id = call.store.new_id()
    key = material.key.replace(str(material.account_id), str(target.id)) if material.kind == "image" else str(new_id)
    known = call.store.material_by_key.get(key)
    if known is not None:
        return known
    copy = replace(material, id=new_id, account_id=target.id, key=key, created_at=call.now)
    call.save(copy)
    return copy
