"""The library of uploaded files: what was uploaded can be listed, renamed, tagged, shared and removed."""

import hashlib
import io

import pytest

from .conftest import LOGIN_ID, PICTURE, VIDEO, decodes

OTHER_PICTURE = PICTURE + b"other"
SHARED = {"account_id": int, "photo_id": str, "original_photo_id": str, "share_result": str}


@pytest.fixture
def neighbour(media):
    """Another account of the same login."""
    return media.world.store.logins[LOGIN_ID].account_ids[1]


def listed(media, **asked):
    return [row["photo_id"] for row in media.ok("v1/file/ad/video/list", **asked)["details"]]


def test_the_older_upload_takes_a_picture_without_signature(media):
    answer = media.upload("v1/file/ad/image/upload", PICTURE, "a.png", type="0")
    assert answer["code"] == 0
    assert answer["data"]["signature"] == hashlib.md5(PICTURE, usedforsecurity=False).hexdigest()
    assert media.upload("v1/file/ad/image/upload", PICTURE, "a.png", type="5")["code"] == 401000
    assert media.upload("v1/file/ad/image/upload", b"text", "a.png", type="0")["code"] == 401000


def test_pictures_are_listed_by_type_token_and_page(media):
    first, second = media.image(), media.image(OTHER_PICTURE)
    media.upload("v1/file/ad/image/upload", PICTURE + b"old", "b.png", type="1")
    data = media.ok("v1/file/ad/image/list", pic_types=[5], page=1, page_size=1)
    decodes(data, {"total_count": int, "details": [{"image_token": str, "size": int, "width": int, "url": str}]})
    assert (data["total_count"], [row["image_token"] for row in data["details"]]) == (2, [second])
    found = media.ok("v1/file/ad/image/list", image_tokens=[first])["details"]
    assert [row["image_token"] for row in found] == [first]
    assert media.ok("v1/file/ad/image/list", start_date="2026-07-22", end_date="2026-07-22")["total_count"] == 0
    assert media.ok("v1/file/ad/image/list", start_date="2026-07-23", end_date="2026-07-23")["total_count"] == 3
    assert "start_date" in media.refusal("v1/file/ad/image/list", start_date="2026-07-23")


def test_every_repeated_tag_of_a_form_is_kept(media):
    fields = {
        "advertiser_id": media.account_id, "type": "1", "[]photo_tag": ["医疗", "保险"],
        "file": (io.BytesIO(VIDEO), "v.mp4"),
    }  # fmt: skip
    path = "/rest/openapi/v2/file/ad/video/upload"
    data = media.http.post(path, data=fields, headers={"Access-Token": media.token}).get_json()["data"]
    assert media.ok("v1/file/ad/video/get", photo_ids=[data["photo_id"]])[0]["photo_tag"] == ["医疗", "保险"]


def test_names_and_tags_change_and_tags_go(media):
    first, second = media.video(), media.video()
    assert media.ok("v1/file/ad/video/update", photo_ids=[first, second], photo_tag=["医疗"]) == {
        "photo_ids": [first, second]
    }
    media.ok("v1/file/ad/video/update", photo_ids=[first], photo_name="新名")
    rows = {row["photo_id"]: row for row in media.ok("v1/file/ad/video/list")["details"]}
    assert [(rows[key]["photo_name"], rows[key]["photo_tag"]) for key in (first, second)] == [
        ("新名", ["医疗"]),
        ("clip.mp4", ["医疗"]),
    ]
    media.ok("v1/file/ad/video/tag/delete", photo_tag=["医疗"])
    assert {str(row["photo_tag"]) for row in media.ok("v1/file/ad/video/list")["details"]} == {"None"}


@pytest.mark.parametrize("more", [{}, {"photo_name": "x" * 101}, {"photo_tag": ["x" * 11]}, {"photo_ids": ["1"]}])
def test_nonsense_changes_are_refused(media, more):
    photo_id = media.video()
    media.refusal("v1/file/ad/video/update", **({"photo_ids": [photo_id]} | more))
    assert media.ok("v1/file/ad/video/list")["details"][0]["photo_name"] == "clip.mp4"


def test_a_deleted_video_is_listed_only_on_demand_and_cannot_be_used(media):
    kept, gone = media.video(), media.video()
    unit_id = media.unit(media.campaign())
    running = media.creative(unit_id, photo_id=gone)
    assert media.ok("gw/dsp/file/ad/video/delete", photo_ids=[gone]) == {"photo_ids": [gone]}
    assert listed(media) == [kept]
    assert listed(media, new_status=0) == [gone]
    assert listed(media, new_status=-1) == [gone, kept]
    assert listed(media, photo_ids=[gone], new_status=-1) == [gone]
    assert media.ok("v1/file/ad/video/get", photo_ids=[gone])[0]["new_status"] == 0
    media.refusal("gw/dsp/creative/create", **media.creative_body(unit_id, "新", photo_id=gone))
    assert [row["creative_id"] for row in media.ok("gw/dsp/creative/list")["details"]] == [running]


def test_a_video_knows_the_creatives_that_show_it(media):
    used, unused = media.video(), media.video()
    custom = media.unit(media.campaign())
    creative_id = media.creative(custom, photo_id=used)
    program = media.unit(media.world.store.plans[custom].campaign_id, "程序", unit_type=7)
    photo = {"photo_id": int(used), "cover_image_tokens": [media.image()], "creative_material_type": 1}
    body = {"package_name": "包", "action_bar": "立即投保", "captions": ["百万医疗"], "photo_list": [photo]}
    media.ok("gw/dsp/advanced_creative/create", unit_id=program, **body)
    data = media.ok("v1/file/ad/video/relate/creatives", photo_ids=[used, unused])["related_creatives"]
    decodes(data, [{"photo_id": str, "creative_count": int, "advanced_creative_ids": [int]}])
    assert [(row["photo_id"], row["creative_count"], row["advanced_creative_count"]) for row in data] == [
        (used, 1, 1),
        (unused, 0, 0),
    ]
    assert data[0]["creatives"] == [{"creative_id": creative_id, "creative_name": "创意-1"}]


def test_files_are_shared_with_accounts_within_reach(media, neighbour):
    photo_id, token = media.video(), media.image()
    old = media.ok("v1/file/ad/video/share", photo_ids=[photo_id], share_advertiser_ids=[neighbour])["details"][0]
    assert (old["advertiser_id"], old["original_photo_id"]) == (neighbour, int(photo_id))
    new = media.ok("gw/dsp/v1/file/ad/video/share/new", photo_ids=[photo_id], account_ids=[neighbour, 999])
    decodes(new, {"share_status": int, "mismatched_account_list": [int], "share_success_list": [SHARED]})
    assert (new["share_status"], new["mismatched_account_list"]) == (0, [999])
    pictures = media.ok("gw/dsp/v1/pic/share", image_tokens=[token], share_advertiser_ids=[neighbour])["details"]
    again = media.ok("gw/dsp/v1/pic/share", image_tokens=[token], share_advertiser_ids=[neighbour])["details"]
    assert pictures == again
    assert "没有广告主" in media.refusal("v1/file/ad/video/share", photo_ids=[photo_id], share_advertiser_ids=[999])
    media.account_id = neighbour
    assert listed(media) == [new["share_success_list"][0]["photo_id"], str(old["photo_id"])]
    assert media.ok("v1/file/ad/image/list")["details"][0]["image_token"] == pictures[0]["image_token"] != token


def test_a_creative_can_be_previewed_by_who_is_named(media):
    creative_id = media.creative(media.unit(media.campaign()))
    asked = {"unit_type": 4, "creative_id": creative_id}
    assert media.ok("v1/creative/preview", **asked, phones=["13800000000"]) == {}
    assert "phones" in media.refusal("v1/creative/preview", **asked)
    assert "user_ids" in media.refusal("v1/creative/preview", **asked, user_ids=["1"] * 11)
    assert "不存在" in media.refusal("v1/creative/preview", unit_type=4, creative_id=5, user_ids=["1"])


def test_button_texts_and_tags_are_suggested(media):
    texts = media.ok("v1/creative/action_bar_text/list", campaign_type="5", consult_type="0")["action_bar_text"]
    assert "立即投保" in texts
    advice = media.ok("v1/creative/creative_tag/advise")
    decodes(advice, {"industry": str, "secondIndustry": str, "tags": [str]})
    assert advice["tags"]
