"""Uploads and videos."""

import hashlib

import pytest

from media_connectors.mockserver.dialects.kuaishou.pictures import Facts, examine

from .conftest import PICTURE, VIDEO, decodes


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_image_upload_answers_with_exact_types(media):
    form = {"type": "5", "upload_type": "1", "signature": md5(PICTURE)}
    answer = media.upload("v2/file/ad/image/upload", PICTURE, "a.png", **form)
    assert answer["code"] == 0
    data = answer["data"]
    shape = {"url": str, "width": int, "height": int, "size": int, "format": str, "signature": str, "image_token": str}
    decodes(data, shape | {"pic_id": str, "pic_type": str})
    assert (data["width"], data["height"], data["size"], data["format"]) == (720, 1280, len(PICTURE), "png")
    assert data["signature"] == md5(PICTURE)


def test_same_image_again_is_the_same_token(media):
    assert media.image() == media.image()
    assert len(media.world.store.materials) == 1


def test_image_reads_back_by_token(media):
    token = media.image()
    assert media.ok("v1/file/ad/image/get", image_token=token)["image_token"] == token
    assert "不存在" in media.refusal("v1/file/ad/image/get", image_token="unknown")
    assert "不存在" in media.refusal("v1/file/ad/image/get")


def test_image_by_url(media):
    body = {"type": 5, "upload_type": 2, "url": "https://example.com/a.jpg"}
    assert media.ok("v2/file/ad/image/upload", **body)["image_token"].endswith(".jpg")
    assert "url" in media.refusal("v2/file/ad/image/upload", **(body | {"url": "ftp://x"}))


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (PICTURE, {"signature": "0" * 32}),
        (PICTURE, {"signature": ""}),
        (PICTURE, {"type": "99"}),
        (b"no picture", {"signature": md5(b"no picture")}),
        (b"", {"signature": md5(b"")}),
    ],
)
def test_wrong_images_are_not_kept(media, content, form):
    fields = {"type": "5", "upload_type": "1", "signature": md5(PICTURE)} | form
    assert media.upload("v2/file/ad/image/upload", content, "a.png", **fields)["code"] == 401000
    assert media.world.store.materials == {}


def test_video_transcodes_first_and_is_usable_at_the_second_look(media):
    form = {"type": "1", "signature": md5(VIDEO), "photo_name": "医疗-A", "shield_backward_switch": "true"}
    data = media.upload("v2/file/ad/video/upload", VIDEO, "clip.mp4", **form)["data"]
    assert data["photo_id"] == data["photoId"]
    assert type(data["photo_id"]) is str
    assert data["signature"] == md5(VIDEO)
    looks = [media.ok("v1/file/ad/video/get", photo_ids=[data["photo_id"]])[0]["new_status"] for _ in range(3)]
    assert looks == [2, 1, 1]
    shape = {
        "photo_id": str,
        "width": int,
        "height": int,
        "url": str,
        "cover_url": str,
        "signature": str,
        "upload_time": str,
        "photo_name": str,
        "photo_tag": [str],
        "new_status": int,
        "duration": int,
        "source": int,
        "adPhotoValuateInfo": {"isDupPhoto": bool, "runningScore": int, "qualityLabel": str},
    }
    found = media.ok("v1/file/ad/video/get", photo_ids=[data["photo_id"]])
    decodes(found, [shape])
    assert found[0]["photo_name"] == "医疗-A"


def test_synchronous_upload_is_usable_at_once(media):
    form = {"type": "2", "signature": md5(VIDEO), "sync": "1"}
    photo_id = media.upload("v2/file/ad/video/upload", VIDEO, "clip.mp4", **form)["data"]["photo_id"]
    found = media.ok("v1/file/ad/video/get", photo_ids=[photo_id])[0]
    assert (found["new_status"], found["width"], found["height"]) == (1, 1280, 720)


def test_same_video_again_is_another_video(media):
    first, second = media.video(), media.video()
    assert first != second
    assert media.ok("v1/file/ad/video/list")["total_count"] == 2


def test_wrong_videos_are_not_kept(media):
    for form in ({"signature": "0" * 32}, {"signature": md5(VIDEO), "photo_name": "x" * 151}, {"type": "11"}):
        assert media.upload("v2/file/ad/video/upload", VIDEO, "clip.mp4", **form)["code"] == 401000
    assert media.world.store.materials == {}


def test_unknown_and_foreign_videos_are_left_out(media):
    photo_id = media.video()
    assert len(media.ok("v1/file/ad/video/get", photo_ids=[photo_id, "123"])) == 1
    media.account_id = media.world.store.logins[2600000001].account_ids[1]
    assert media.ok("v1/file/ad/video/get", photo_ids=[photo_id]) == []


def box(name, payload):
    return (len(payload) + 8).to_bytes(4) + name + payload


def test_files_tell_their_size():
    frame = b"\xff\xc0\x00\x11\x08" + (480).to_bytes(2) + (640).to_bytes(2) + bytes(10)
    assert examine(b"\xff\xd8\xff\xe0\x00\x04ab" + frame) == Facts("jpeg", 640, 480)
    assert examine(b"GIF89a" + b"\x20\x03\x58\x02") == Facts("gif", 800, 600)
    movie = box(b"mvhd", bytes(12) + (600).to_bytes(4) + (9_000).to_bytes(4))
    track = box(b"tkhd", bytes(76) + (720 << 16).to_bytes(4) + (1280 << 16).to_bytes(4))
    assert examine(box(b"ftyp", b"isom") + movie + track) == Facts("mp4", 720, 1280, 15_000)
    assert examine(b"text") == Facts()
