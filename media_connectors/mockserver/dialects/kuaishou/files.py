"""Uploads of images and videos, and what became of the videos."""

import hashlib
from typing import Any

from ...clock import stamp
from ...dialect import Call
from ...model import Material
from ...preview import preview_url
from .pictures import Facts, examine
from .values import Params, items, refused, required_whole, text, whole_in

IMAGE_TYPES = frozenset({1, 2, 3, 4, 5, 6, 7, *range(8, 21), 100, 101, 102, 103})
OLD_IMAGE_TYPES = frozenset({0, 1, 2, 3})
VIDEO_TYPES = frozenset(range(10))
BY_FILE, BY_URL = 1, 2
# One form field a tag; clients disagree on how a list is named.
TAG_FIELDS = ("photo_tag", "photo_tag[]", "[]photo_tag")
PHOTO_NAME_LENGTH = 150
WIDE = 2
STATIC_HOST = "http://static.mock-kuaishou.example"
TRANSCODING, USABLE, GONE = 2, 1, 0
# A video is transcoding for the first look at it and usable from the second on.
POLLS_UNTIL_USABLE = 2
FROM_API = 4
SHORT_VIDEO_MS = 15_000


def upload_image(call: Call) -> dict[str, Any]:
    """``v2/file/ad/image/upload``"""
    way = whole_in(call.params, "upload_type", frozenset({BY_FILE, BY_URL}))
    kind = whole_in(call.params, "type", IMAGE_TYPES)
    return _upload_image(call, kind, way, is_signed=way == BY_FILE)


def upload_image_unsigned(call: Call) -> dict[str, Any]:
    """``v1/file/ad/image/upload``: a file and its type, which is 0 unless told; nothing to check it by."""
    return _upload_image(call, whole_in(call.params, "type", OLD_IMAGE_TYPES, 0), BY_FILE, is_signed=False)


def _upload_image(call: Call, kind: int, way: int, *, is_signed: bool) -> dict[str, Any]:
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    content, name = _content(call) if way == BY_FILE else _linked(params)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if is_signed:
        _check_signature(params, md5, is_required=True)
    facts = examine(content)
    if way == BY_FILE and facts.format not in {"png", "jpeg", "gif"}:
        raise refused("图片格式不合法，只支持 png/jpeg/jpg/gif")
    token = f"market{md5}{account.id}.{'jpg' if facts.format in {'', 'jpeg'} else facts.format}"
    image = call.store.material_by_key.get(token)
    if image is None:
        image = Material(
            id=call.store.new_id(),
            account_id=account.id,
            medium="kuaishou",
            kind="image",
            key=token,
            md5=md5,
            name=text(params, "name") or name,
            format=facts.format or "jpeg",
            size=len(content),
            width=facts.width or 1080,
            height=facts.height or 1920,
            created_at=call.now,
            settings={"url": f"{STATIC_HOST}/udata/pkg/{token}", "type": kind},
        )
        call.save(image)
    return show_image(call, image)


def get_image(call: Call) -> dict[str, Any]:
    """``v1/file/ad/image/get``: one image by its token."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    image = call.store.material_by_key.get(text(params, "image_token") or "")
    if image is None or image.account_id != account.id or image.kind != "image":
        raise refused("图片不存在")
    return show_image(call, image)


def show_image(call: Call, image: Material) -> dict[str, Any]:
    """A picture as every answer shows it."""
    return {
        "url": preview_url(call.environ, image, call.now),
        "width": image.width,
        "height": image.height,
        "size": image.size,
        "format": image.format,
        "signature": image.md5,
        "image_token": image.key,
        "pic_id": str(image.id),
        "pic_type": str(image.settings["type"]),
    }


def upload_video(call: Call) -> dict[str, Any]:
    """``v2/file/ad/video/upload``: the same file again is another video, as on the real medium."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    kind = whole_in(params, "type", VIDEO_TYPES, 0)
    is_sync = whole_in(params, "sync", frozenset({0, 1}), 0) == 1
    content, name = _content(call)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    _check_signature(params, md5, is_required=False)
    facts = examine(content)
    photo_name = text(params, "photo_name") or name
    if len(photo_name) > PHOTO_NAME_LENGTH:
        raise refused(f"photo_name 长度不能超过 {PHOTO_NAME_LENGTH} 个字符")
    photo_id = call.store.new_id()
    width, height = _frame(facts, kind)
    video = Material(
        id=photo_id,
        account_id=account.id,
        medium="kuaishou",
        kind="video",
        key=str(photo_id),
        md5=md5,
        name=photo_name,
        format="mp4",
        size=len(content),
        width=width,
        height=height,
        created_at=call.now,
        duration_ms=facts.duration_ms or SHORT_VIDEO_MS,
        polls=POLLS_UNTIL_USABLE if is_sync else 0,
        settings={
            "url": f"{STATIC_HOST}/upic/{photo_id}.mp4",
            "cover_url": f"{STATIC_HOST}/upic/{photo_id}.jpg",
            "photo_tag": _tags(call),
            "is_hidden": text(params, "shield_backward_switch") != "true",
        },
    )
    call.save(video)
    return {"photo_id": video.key, "photoId": video.key, "signature": md5}


def get_videos(call: Call) -> list[dict[str, Any]]:
    """``v1/file/ad/video/get``: an array; unknown ids are left out. Looking moves a fresh video on."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    keys = [str(key) for key in items(params, "photo_ids") or []]
    if not keys:
        raise refused("参数错误：photo_ids 不能为空")
    found = []
    for key in dict.fromkeys(keys):
        video = call.store.material_by_key.get(key)
        if video is None or video.account_id != account.id or video.kind != "video":
            continue
        if video.polls < POLLS_UNTIL_USABLE:
            video.polls += 1
            call.save(video)
        found.append(show_video(call, video))
    return found


def _content(call: Call) -> tuple[bytes, str]:
    file = call.files.get("file")
    if file is None:
        raise refused("参数错误：file 不能为空")
    content = file.stream.read()
    if not content:
        raise refused("文件内容不能为空")
    return content, file.filename or "file"


def _linked(params: Params) -> tuple[bytes, str]:
    """The mock fetches nothing: an image behind a URL stands for the URL's own bytes."""
    url = text(params, "url") or ""
    if not url.startswith(("http://", "https://")):
        raise refused("参数错误：url 不合法")
    return url.encode(), url.rsplit("/", 1)[-1] or "image"


def _check_signature(params: Params, md5: str, *, is_required: bool) -> None:
    signature = text(params, "signature") or text(params, "siganture")
    if not signature:
        if is_required:
            raise refused("参数错误：signature 不能为空")
        return
    if signature.lower() != md5:
        raise refused("文件 md5 校验失败")


def _frame(facts: Facts, kind: int) -> tuple[int, int]:
    if facts.width and facts.height:
        return facts.width, facts.height
    return (1280, 720) if kind == WIDE else (720, 1280)


def _tags(call: Call) -> list[str]:
    """One tag a form field, or all of them as a JSON list in one field."""
    return [str(tag) for value in call.repeated(*TAG_FIELDS) for tag in items({"photo_tag": value}, "photo_tag") or []]


def _status(video: Material) -> int:
    if video.settings.get("is_deleted"):
        return GONE
    return USABLE if video.polls >= POLLS_UNTIL_USABLE else TRANSCODING


def show_video(call: Call, video: Material) -> dict[str, Any]:
    """A video as the library shows it."""
    return {
        "photo_id": video.key,
        "photo_name": video.name,
        "photo_tag": video.settings["photo_tag"] or None,
        "width": video.width,
        "height": video.height,
        "url": video.settings["url"],
        "cover_url": preview_url(call.environ, video, call.now),
        "signature": video.md5,
        "new_status": _status(video),
        "status": 0,
        "source": FROM_API,
        "authorization": 1,
        "duration": video.duration_ms,
        "adPhotoValuateInfo": {
            "simLabel": "否",
            "qualityLabel": "普通",
            "quotaMsg": "",
            "isDupPhoto": False,
            "isDelayReview": None,
            "optimizationSuggestions": "",
            "runningScore": 0,
            "hitTagCombination": 0,
        },
        "photoTagIdentifyItems": None,
        "photo_dup_status": 0,
        "low_quality_status": 0,
        "outer_loop_native": 0,
        "photoUserId": 0,
        "shieldStatus": 1 if video.settings["is_hidden"] else 0,
        "create_time": stamp(video.created_at),
        "upload_time": stamp(video.created_at),
    }
