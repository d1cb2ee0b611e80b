"""Uploads: the md5 must match, the same bytes are kept once."""

import hashlib
import struct
import zlib

from .conftest import Ocean

IMAGE, VIDEO = "/open_api/2/file/image/", "/open_api/2/file/video/"


def png(width: int, height: int, shade: int = 0) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes([shade]) * width * 3 for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def mp4(seconds: int = 9, width: int = 720, height: int = 1280) -> bytes:
    """Only the boxes that a media server looks at."""

    def box(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data) + 8) + kind + data

    movie = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, seconds * 1000) + bytes(80))
    track = box(b"tkhd", bytes(76) + struct.pack(">II", width << 16, height << 16))
    return box(b"ftyp", b"isom\x00\x00\x02\x00") + box(b"moov", movie + box(b"trak", track))


def upload(
    ocean: Ocean, kind: str, data: bytes, name: str = "a.bin", signature: str | None = None, **form: str
) -> dict:
    path = (IMAGE if kind == "image" else VIDEO) + "ad/"
    given = {
        "advertiser_id": str(ocean.account),
        f"{kind}_signature": signature or hashlib.md5(data).hexdigest(),
        **form,
    }
    files = {f"{kind}_file": (name, data, "application/octet-stream")}
    return ocean.http.post(path, data=given, files=files, headers={"Access-Token": ocean.token}).json()


def test_an_image_comes_back_measured(ocean: Ocean) -> None:
    data = png(4, 3)
    body = upload(ocean, "image", data, "banner.png")
    assert body["code"] == 0
    image = body["data"]
    assert (image["width"], image["height"], image["format"], image["size"]) == (4, 3, "png", len(data))
    assert image["signature"] == hashlib.md5(data).hexdigest()
    assert image["material_id"] > 2**53
    rows = ocean.get(IMAGE + "get/", filtering={"image_ids": [image["id"]]})["list"]
    assert [row["filename"] for row in rows] == ["banner.png"]
    assert ocean.get(IMAGE + "ad/get/", image_ids=[image["id"]])["list"][0]["material_id"] == image["material_id"]


def test_the_same_bytes_are_one_material_with_its_first_name(ocean: Ocean) -> None:
    first = upload(ocean, "image", png(2, 2), "one.png")["data"]
    again = upload(ocean, "image", png(2, 2), "two.png")["data"]
    assert again["id"] == first["id"]
    rows = ocean.get(IMAGE + "get/")["list"]
    assert [row["filename"] for row in rows] == ["one.png"]


def test_a_wrong_signature_stores_nothing(ocean: Ocean) -> None:
    assert upload(ocean, "image", png(2, 2), signature="0" * 32)["code"] == 40900
    assert upload(ocean, "video", mp4(), signature="0" * 32)["code"] == 40900
    assert ocean.get(IMAGE + "get/")["list"] == []
    assert ocean.get(VIDEO + "get/")["list"] == []


def test_what_is_no_picture_is_refused(ocean: Ocean) -> None:
    assert upload(ocean, "image", b"hello")["code"] == 40000
    assert upload(ocean, "image", png(2, 2) + bytes(5 * 1024 * 1024))["code"] == 40000
    assert upload(ocean, "video", b"hello")["code"] == 40000


def test_a_video_comes_back_measured_and_is_found_by_every_key(ocean: Ocean) -> None:
    data = mp4(seconds=9)
    video = upload(ocean, "video", data, "ad.mp4")["data"]
    assert (video["width"], video["height"], video["duration"]) == (720, 1280, 9.0)
    for wanted in (
        {"video_ids": [video["video_id"]]},
        {"material_ids": [video["material_id"]]},
        {"signatures": [video["video_signature"]]},
    ):
        assert [row["id"] for row in ocean.get(VIDEO + "get/", filtering=wanted)["list"]] == [video["video_id"]]
    both = {"video_ids": [video["video_id"]], "material_ids": [1]}
    assert ocean.refused("GET", VIDEO + "get/", filtering=both)[0] == 40000
    assert ocean.get(VIDEO + "ad/get/", video_ids=[video["video_id"]])["list"][0]["duration"] == 9.0
    assert ocean.refused("GET", VIDEO + "ad/get/", video_ids=["x"] * 61)[0] == 40000


def test_lists_of_a_form_are_json_and_empty_fields_are_none(ocean: Ocean) -> None:
    """The SDKs write a multipart form's lists as they write those of a query."""
    sent = upload(ocean, "video", mp4(), labels='["医疗","竖版"]', is_aigc="false", video_cover_id="")
    assert sent["code"] == 0
    listed = ocean.get(VIDEO + "get/", filtering={"video_ids": [sent["data"]["video_id"]]})["list"][0]
    assert listed["labels"] == ["医疗", "竖版"]
    assert upload(ocean, "video", mp4(8), labels="医疗")["code"] == 40000


def test_uploads_by_url_need_a_url(ocean: Ocean) -> None:
    path = IMAGE + "ad/"
    given = {"advertiser_id": str(ocean.account), "upload_type": "UPLOAD_BY_URL"}
    headers = {"Access-Token": ocean.token}
    assert ocean.http.post(path, data=given, headers=headers).json()["code"] == 40000
    body = ocean.http.post(path, data={**given, "image_url": "https://cdn.example/a.jpg"}, headers=headers).json()
    assert body["data"]["format"] == "jpeg"


def test_background_uploads_end_in_success_or_failure(ocean: Ocean) -> None:
    path = "/open_api/2/file/upload_task/create/"
    given = {"account_id": ocean.account, "account_type": "ADVERTISER", "filename": "ad.mp4"}
    good = ocean.post(path, **given, video_url="https://cdn.example/a.mp4")["task_id"]
    bad = ocean.post(path, **given, video_url="https://cdn.example/a.bad")["task_id"]
    asked = {"account_id": ocean.account, "account_type": "ADVERTISER", "task_ids": [good, bad]}
    rows = ocean.get(VIDEO + "upload_task/list/", **asked)["list"]
    assert [row["status"] for row in rows] == ["PROCESS", "PROCESS"]
    ocean.world.clock.advance(6)
    rows = ocean.get(VIDEO + "upload_task/list/", **asked)["list"]
    assert [row["status"] for row in rows] == ["SUCCESS", "FAILED"]
    found = ocean.get(VIDEO + "get/")["list"]
    assert [row["id"] for row in found] == [rows[0]["video_info"]["video_id"]]


def test_a_strict_server_knows_only_uploaded_videos(ocean: Ocean) -> None:
    from dataclasses import replace

    from .conftest import promotion_body

    ocean.world.config = replace(ocean.world.config, checks_materials=True)
    project = ocean.project()
    path = "/open_api/v3.0/promotion/create/"
    assert ocean.refused("POST", path, **promotion_body(project))[0] == 40501
    video = upload(ocean, "video", mp4())["data"]["video_id"]
    materials = {"video_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "video_id": video}]}
    assert ocean.promotion(project, promotion_materials=materials) > 0
