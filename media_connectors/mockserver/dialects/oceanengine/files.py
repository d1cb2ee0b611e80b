"""Images and videos: uploads checked by md5, the same bytes kept once, lists by id, material id or md5."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

from ...clock import DAY, parse, stamp
from ...dialect import Call, Refused
from ...model import Material, Task
from ...preview import preview_url
from ...probe import probe_film, probe_picture
from .wire import SIGNATURE_MISMATCH, check_count, page_of, refuse

MAX_IMAGE_BYTES = 5 * 1024 * 1024
MAX_VIDEO_BYTES = 500 * 1024 * 1024
MAX_NAME = 255
MAX_IDS = 100
TASK_SECONDS = 5.0
IMAGE, VIDEO = "image", "video"


def upload_image(call: Call) -> dict[str, Any]:
    """By file, whose md5 must match, or by URL, whose text stands for the bytes: the mock fetches nothing."""
    account = call.account(call.params["advertiser_id"])
    data = _received(call, "image")
    if len(data) > MAX_IMAGE_BYTES:
        raise refuse("image_file: Must not exceed 5 MB.")
    picture = probe_picture(data)
    if picture is None and not _is_by_url(call):
        raise refuse("image_file: Only jpg, jpeg, png, bmp and gif are supported.")
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    material = call.store.material_with_md5(account.id, IMAGE, md5)
    if material is None:
        form, width, height = (picture.format, picture.width, picture.height) if picture else ("jpeg", 720, 1280)
        material = _add(
            call, account.id, IMAGE, md5, _name(call, "image_file", f"{md5}.{form}"), form, len(data), width, height
        )
    return {
        "id": material.key,
        "material_id": material.id,
        "url": _preview(call, material),
        "signature": material.md5,
        "size": material.size,
        "width": material.width,
        "height": material.height,
        "format": material.format,
    }


def upload_video(call: Call) -> dict[str, Any]:
    """Synchronous; see ``upload_image``."""
    account = call.account(call.params["advertiser_id"])
    data = _received(call, "video")
    material = _keep_video(call, account.id, data, _name(call, "video_file", ""))
    return _video_data(call, material)


def _keep_video(call: Call, account_id: int, data: bytes, name: str) -> Material:
    if len(data) > MAX_VIDEO_BYTES:
        raise refuse("video_file: Must not exceed 500 MB.")
    film = probe_film(data)
    if film is None and not _is_by_url(call):
        raise refuse("video_file: Only mp4, mpeg, 3gp, avi and m4v are supported.")
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    material = call.store.material_with_md5(account_id, VIDEO, md5)
    if material is None:
        form, width, height, length = (
            (film.format, film.width, film.height, film.duration_ms) if film else ("mp4", 720, 1280, 15_000)
        )
        material = _add(call, account_id, VIDEO, md5, name or f"{md5}.{form}", form, len(data), width, height, length)
        if call.params.get("labels"):
            material.settings = {"labels": call.params["labels"]}
            call.save(material)
    return material


def _is_by_url(call: Call) -> bool:
    return call.params.get("upload_type") == "UPLOAD_BY_URL" or "account_type" in call.params


def _received(call: Call, kind: str) -> bytes:
    """The uploaded bytes after the md5 check. Raises ``Refused``."""
    if _is_by_url(call):
        url = call.params.get(f"{kind}_url", "")
        _check_url(f"{kind}_url", url)
        return url.encode()
    upload = call.files.get(f"{kind}_file")
    if upload is None:
        raise refuse(f"{kind}_file: Missing data for required field.")
    signature = call.params.get(f"{kind}_signature")
    if not signature:
        raise refuse(f"{kind}_signature: Missing data for required field.")
    data = upload.stream.read()
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != signature.lower():
        raise Refused(SIGNATURE_MISMATCH, f"{kind}_signature does not match the file")
    return data


def _check_url(name: str, url: str) -> None:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise refuse(f"{name}: Not a valid URL.")


def _name(call: Call, part: str, default: str) -> str:
    given = call.params.get("filename") or (call.files[part].filename if part in call.files else "") or default
    if len(given) > MAX_NAME:
        raise refuse("filename: Longer than maximum length 255.")
    return given


def _add(
    call: Call, account_id: int, kind: str, md5: str, name: str, form: str, size: int, width: int, height: int,
    duration_ms: int = 0,
) -> Material:  # fmt: skip
    material_id = call.store.new_id()
    key = f"v03033g10000{material_id:x}" if kind == VIDEO else f"tos-cn-p-0051/{md5[:16]}{material_id:x}"
    material = Material(
        id=material_id,
        account_id=account_id,
        medium=call.dialect.medium,
        kind=kind,
        key=key,
        md5=md5,
        name=name,
        format=form,
        size=size,
        width=width,
        height=height,
        created_at=call.now,
        duration_ms=duration_ms,
    )
    call.save(material)
    return material


def _preview(call: Call, material: Material) -> str:
    return preview_url(call.environ, material, call.now)


def _video_data(call: Call, material: Material) -> dict[str, Any]:
    return {
        "video_id": material.key,
        "material_id": material.id,
        "video_url": _preview(call, material),
        "video_signature": material.md5,
        "size": material.size,
        "width": material.width,
        "height": material.height,
        "duration": material.duration_ms / 1000,
    }


# -- lists ------------------------------------------------------------------------------------------------------------


def list_images(call: Call) -> dict[str, Any]:
    page = _list(call, IMAGE, "image_ids")
    page["list"] = [
        {
            **_image_row(call, material),
            "aigc": False,
            "filename": material.name,
            "create_time": stamp(material.created_at),
        }
        for material in page["list"]
    ]
    return page


def list_videos(call: Call) -> dict[str, Any]:
    page = _list(call, VIDEO, "video_ids")
    page["list"] = [
        {
            **_video_row(call, material),
            "filename": material.name,
            "create_time": stamp(material.created_at),
            "source": "E_COMMERCE",
            "labels": material.settings.get("labels", []),
            "video_cover_id": "",
        }
        for material in page["list"]
    ]
    return page


def _list(call: Call, kind: str, ids: str) -> dict[str, Any]:
    """One filter of ids, material ids or md5s at a time, up to 100."""
    account = call.account(call.params["advertiser_id"])
    wanted = call.params.get("filtering", {})
    keys = [name for name in (ids, "material_ids", "signatures") if name in wanted]
    if len(keys) > 1:
        raise refuse(f"filtering: Only one of {ids}, material_ids and signatures is supported.")
    for name in keys:
        check_count(f"filtering.{name}", wanted[name], 1, MAX_IDS)
    begin = parse(wanted["start_time"]) if "start_time" in wanted else 0.0
    end = parse(wanted["end_time"]) + (DAY if len(wanted["end_time"]) == 10 else 0) if "end_time" in wanted else None
    found = [
        material
        for material in reversed(call.store.materials_of(account.id))
        if material.kind == kind
        and ("labels" not in wanted or not set(wanted["labels"]).isdisjoint(material.settings.get("labels", [])))
        and call.is_visible(material)
        and (ids not in wanted or material.key in wanted[ids])
        and ("material_ids" not in wanted or material.id in wanted["material_ids"])
        and ("signatures" not in wanted or material.md5 in wanted["signatures"])
        and begin <= material.created_at
        and (end is None or material.created_at < end)
    ]
    return page_of(call, found, default=20, largest=100)


def _image_row(call: Call, material: Material) -> dict[str, Any]:
    return {
        "id": material.key,
        "material_id": material.id,
        "url": _preview(call, material),
        "signature": material.md5,
        "size": material.size,
        "width": material.width,
        "height": material.height,
        "format": material.format,
    }


def _video_row(call: Call, material: Material) -> dict[str, Any]:
    seconds = material.duration_ms / 1000
    return {
        **_image_row(call, material),
        "duration": seconds,
        "bit_rate": round(material.size * 8 / seconds) if seconds else 0,
        "poster_url": _preview(call, material) + "&poster=1",
    }


def images_by_id(call: Call) -> dict[str, Any]:
    return {"list": [_image_row(call, each) for each in _by_id(call, IMAGE, "image_ids", 100)]}


def videos_by_id(call: Call) -> dict[str, Any]:
    return {"list": [_video_row(call, each) for each in _by_id(call, VIDEO, "video_ids", 60)]}


def _by_id(call: Call, kind: str, ids: str, largest: int) -> list[Material]:
    account = call.account(call.params["advertiser_id"])
    check_count(ids, call.params[ids], 1, largest)
    wanted = set(call.params[ids])
    return [each for each in call.store.materials_of(account.id) if each.kind == kind and each.key in wanted]


# -- uploads by URL in the background ----------------------------------------------------------------------------------


def create_upload_task(call: Call) -> dict[str, Any]:
    account = call.account(call.params["account_id"])
    _check_url("video_url", call.params["video_url"])
    task = Task(
        id=call.store.new_id(),
        account_id=account.id,
        medium=account.medium,
        kind="upload",
        name=call.params["filename"],
        created_at=call.now,
        due_at=call.now + TASK_SECONDS,
        settings={"video_url": call.params["video_url"], "labels": call.params.get("labels", [])},
    )
    call.save(task)
    return {"task_id": task.id}


def list_upload_tasks(call: Call) -> dict[str, Any]:
    """PROCESS until due, then SUCCESS; a URL whose path ends in ``.bad`` fails."""
    account = call.account(call.params["account_id"])
    check_count("task_ids", call.params["task_ids"], 1, 100)
    rows = []
    for task in call.store.tasks_of(account.id):
        if task.kind != "upload" or task.id not in call.params["task_ids"]:
            continue
        row: dict[str, Any] = {"task_id": task.id, "create_time": stamp(task.created_at), "status": "PROCESS"}
        if call.now >= task.due_at:
            if urlsplit(task.settings["video_url"]).path.endswith(".bad"):
                row |= {"status": "FAILED", "error_msg": "下载视频失败"}
            else:
                material = _keep_video(call, account.id, task.settings["video_url"].encode(), task.name)
                row |= {"status": "SUCCESS", "video_info": _video_data(call, material)}
        rows.append(row)
    return {"list": rows}


HANDLERS = {
    ("POST", "/open_api/2/file/image/ad/"): upload_image,
    ("POST", "/open_api/2/file/video/ad/"): upload_video,
    ("GET", "/open_api/2/file/image/get/"): list_images,
    ("GET", "/open_api/2/file/video/get/"): list_videos,
    ("GET", "/open_api/2/file/image/ad/get/"): images_by_id,
    ("GET", "/open_api/2/file/video/ad/get/"): videos_by_id,
    ("POST", "/open_api/2/file/upload_task/create/"): create_upload_task,
    ("GET", "/open_api/2/file/video/upload_task/list/"): list_upload_tasks,
}
