"""Custom and program creatives, their reviews, and what they mean for delivery."""

from dataclasses import replace

import pytest

from .conftest import PICTURE, VIDEO, Media, decodes

SHAPE = {
    "campaign_id": int,
    "unit_id": int,
    "creative_id": int,
    "creative_name": str,
    "creative_material_type": int,
    "creative_category": int,
    "creative_tag": [str],
    "photo_id": str,
    "photo_md5": str,
    "material_url": [str],
    "image_tokens": [str],
    "status": int,
    "put_status": int,
    "review_detail": str,
    "review_video_snapshot": [str],
    "cover_url": str,
    "image_token": str,
    "cover_width": int,
    "cover_height": int,
    "display_info": {"description": str, "action_bar_text": str},
    "new_expose_tag": [{"text": str, "url": str}],
    "click_track_url": str,
    "impression_url": str,
    "create_time": str,
    "update_time": str,
    "pic_id": str,
    "app_grade_type": int,
    "outer_loop_native": int,
    "kol_user_id": int,
}
PROGRAM_SHAPE = {
    "unit_id": int,
    "package_name": str,
    "horizontal_photo_ids": [str],
    "vertical_photo_ids": [str],
    "cover_image_tokens": [str],
    "cover_image_urls": [str],
    "sticker_styles": [int],
    "cover_slogans": [str],
    "action_bar": str,
    "captions": [str],
    "click_url": str,
    "put_status": int,
    "view_status": int,
    "view_status_reason": str,
    "create_time": str,
    "creatives": [{"unit_id": int, "creative_id": int}],
    "pic_ids": [str],
    "pic_list": [str],
    "photo_list": [{"photo_id": int, "cover_image_token": str, "creative_material_type": int}],
    "creative_category": int,
    "creative_tag": [str],
    "kol_user_id": int,
}


def rows(media, **filters):
    return media.ok("gw/dsp/creative/list", **filters)["details"]


def program_body(media, unit_id, **more):
    body = {
        "unit_id": unit_id,
        "package_name": "程序化-1",
        "captions": ["一人投保全家安心", "每天不到一元"],
        "action_bar": "立即投保",
    }
    if "photo_list" not in more:
        body["photo_list"] = [
            {"photo_id": int(media.video()), "creative_material_type": 1},
            {"photo_id": media.video(), "creative_material_type": 2, "cover_image_token": media.image()},
        ]
    return body | more


def program_unit(media, **more):
    return media.unit(media.campaign(), unit_type=7, **more)


def test_created_creative_reads_back_with_exact_types(media):
    unit_id = media.unit(media.campaign())
    cover = media.image()
    tags = [{"text": "限时专享"}]
    creative_id = media.creative(unit_id, image_token=cover, new_expose_tag=tags, creative_tag=["医疗"])
    row = rows(media)[0]
    assert SHAPE.keys() <= row.keys()
    decodes(row, SHAPE)
    assert row["creative_id"] == creative_id > 2**53
    assert row["unit_id"] == unit_id
    assert row["display_info"] == {"description": "百万医疗，一年仅需几百元", "action_bar_text": "立即投保"}
    assert row["new_expose_tag"] == [{"text": "限时专享", "url": ""}]
    assert (row["cover_width"], row["cover_height"]) == (720, 1280)
    assert row["status"] == 41


def test_older_clients_send_tags_as_bare_texts(media):
    unit_id = media.unit(media.campaign())
    media.ok("v2/creative/create", **media.creative_body(unit_id, new_expose_tag=["正品", "限时"]))
    assert rows(media)[0]["new_expose_tag"] == [{"text": "正品", "url": ""}, {"text": "限时", "url": ""}]


def test_creative_may_be_born_paused(media):
    unit_id = media.unit(media.campaign())
    media.creative(unit_id, put_status=2)
    assert rows(media)[0]["put_status"] == 2
    assert media.world.store.plans[unit_id].audience_width == 0.0


def test_picture_creatives_need_pictures(media):
    unit_id = media.unit(media.campaign())
    token = media.image()
    body = media.creative_body(unit_id, creative_material_type=5, photo_id="")
    assert "image_tokens" in media.refusal("gw/dsp/creative/create", **body)
    media.ok("gw/dsp/creative/create", **body, image_tokens=[token])
    row = rows(media)[0]
    assert row["image_tokens"] == [token]
    assert row["pic_id"].isdigit()


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_id": 4},
        {"creative_name": ""},
        {"creative_name": "x" * 101},
        {"creative_material_type": 3},
        {"creative_material_type": None},
        {"photo_id": "12345"},
        {"photo_id": ""},
        {"image_token": "unknown.png"},
        {"description": ""},
        {"description": "长" * 31},
        {"description": "zwei\nZeilen"},
        {"action_bar_text": ""},
        {"new_expose_tag": [{"url": "x"}]},
    ],
)
def test_creative_outside_the_rules_is_not_created(media, wrong):
    unit_id = media.unit(media.campaign())
    body = media.creative_body(unit_id) | wrong
    assert media.refusal("gw/dsp/creative/create", **body)
    assert media.world.store.creatives == {}


def test_materials_of_another_account_cannot_be_used(media):
    own = media.account_id
    media.account_id = media.world.store.logins[2600000001].account_ids[1]
    foreign = media.video()
    media.account_id = own
    unit_id = media.unit(media.campaign())
    assert "不存在" in media.refusal("gw/dsp/creative/create", **media.creative_body(unit_id, photo_id=foreign))


def test_names_are_unique_in_the_unit_and_fifteen_are_enough(media):
    unit_id = media.unit(media.campaign())
    photo_id = media.video()
    for number in range(15):
        media.creative(unit_id, f"c{number}", photo_id=photo_id)
    assert "15" in media.refusal("gw/dsp/creative/create", **media.creative_body(unit_id, "c15"))
    media.ok("v1/creative/update/status", creative_id=rows(media, creative_name="c14")[0]["creative_id"], put_status=3)
    assert "已存在" in media.refusal("gw/dsp/creative/create", **media.creative_body(unit_id, "c3"))
    assert media.creative(unit_id, "c15", photo_id=photo_id)


def test_update_of_what_people_see_asks_for_a_new_review(media):
    unit_id = media.unit(media.campaign())
    creative_id = media.creative(unit_id)
    media.advance(minutes=10)
    assert rows(media)[0]["status"] == 52
    media.ok("gw/dsp/creative/update", creative_id=creative_id, creative_name="neu")
    assert rows(media)[0]["status"] == 52
    media.ok("gw/dsp/creative/update", creative_id=creative_id, description="新的广告语")
    row = rows(media)[0]
    assert (row["status"], row["creative_name"]) == (41, "neu")
    assert row["display_info"]["description"] == "新的广告语"


def test_batch_update_changes_and_adds(media):
    unit_id = media.unit(media.campaign())
    photo_id = media.video()
    creative_id = media.creative(unit_id, photo_id=photo_id)
    path = "gw/dsp/creative/batch_update"
    assert media.ok(path, unit_id=unit_id, creative_id=creative_id, creative_name="x") == {
        "add_creative_ids": [],
        "update_creative_ids": [creative_id],
    }
    added = media.ok(path, **media.creative_body(unit_id, "y", photo_id=photo_id))["add_creative_ids"]
    assert {row["creative_id"] for row in rows(media)} == {creative_id, *added}


def test_status_batch_reports_code_and_message(media):
    unit_id = media.unit(media.campaign())
    creative_id = media.creative(unit_id)
    answer = media.ok("v1/creative/update/status", creative_ids=[creative_id, 8], put_status=2)
    assert answer["creative_ids"] == [creative_id]
    assert answer["errors"] == [{"creative_id": 8, "error_code": 401000, "error_msg": "广告创意 8 不存在"}]
    media.advance(minutes=10)
    assert rows(media)[0]["status"] == 46
    assert "20" in media.refusal("v1/creative/update/status", creative_ids=list(range(1, 22)), put_status=2)


def test_refused_creative_says_why_and_stops_its_unit():
    media = Media()
    unit_id = media.running_unit()
    media.advance(hours=3)
    media.world.config = replace(media.world.config, deny_share=1.0)
    creative_id = rows(media)[0]["creative_id"]
    media.ok("gw/dsp/creative/update", creative_id=creative_id, description="换一句")
    media.advance(minutes=10)
    row = rows(media)[0]
    assert row["status"] == 42
    assert row["review_detail"]
    unit = media.world.store.plans[unit_id]
    assert unit.audience_width == 0.0
    media.advance(minutes=60)
    spent = media.world.money.plan_spent_li(unit, media.world.clock.now())
    media.advance(hours=3)
    assert media.world.money.plan_spent_li(unit, media.world.clock.now()) == spent


def test_pausing_the_only_creative_stops_the_unit(media):
    unit_id = media.running_unit()
    media.ok("v1/creative/update/status", creative_id=rows(media)[0]["creative_id"], put_status=2)
    assert media.world.store.plans[unit_id].audience_width == 0.0
    media.ok("v1/creative/update/status", creative_id=rows(media)[0]["creative_id"], put_status=1)
    assert media.world.store.plans[unit_id].audience_width > 0.0


def test_program_reads_back_with_exact_types(media):
    unit_id = program_unit(media)
    assert media.ok("gw/dsp/advanced_creative/create", **program_body(media, unit_id)) == {"unit_id": unit_id}
    listed = media.ok("gw/dsp/advanced_creative/list")
    assert listed["total_count"] == 1
    row = listed["details"][0]
    assert PROGRAM_SHAPE.keys() <= row.keys()
    decodes(row, PROGRAM_SHAPE)
    assert row["captions"] == ["一人投保全家安心", "每天不到一元"]
    assert len(row["creatives"]) == 4
    assert len(row["vertical_photo_ids"]) == len(row["horizontal_photo_ids"]) == 1
    assert (row["view_status"], row["view_status_reason"]) == (41, "审核中")
    assert media.ok("gw/dsp/creative/list")["total_count"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"package_name": ""},
        {"captions": []},
        {"captions": ["长" * 31]},
        {"captions": ["a", "b", "c", "d"]},
        {"action_bar": ""},
        {"photo_list": []},
        {"photo_list": [{"photo_id": 1, "creative_material_type": 1}]},
        {"photo_list": [{"photo_id": 1, "creative_material_type": 1}] * 11},
    ],
)
def test_program_outside_the_rules_is_not_created(media, wrong):
    unit_id = program_unit(media)
    assert media.refusal("gw/dsp/advanced_creative/create", **(program_body(media, unit_id) | wrong))
    assert media.world.store.creatives == {}


@pytest.mark.parametrize("family", ["v2/creative/advanced/program/", "creative/advanced/program/"])
def test_older_paths_make_and_edit_programs_too(media, family):
    unit_id = program_unit(media)
    assert media.ok(family + "create", **program_body(media, unit_id)) == {"unit_id": unit_id}
    media.ok(family + "update", unit_id=unit_id, captions=["只此一句"])
    assert media.ok("v2/creative/advanced/program/list")["details"][0]["captions"] == ["只此一句"]


def test_custom_and_program_units_do_not_mix(media):
    campaign_id = media.campaign()
    custom, program = media.unit(campaign_id, "c"), media.unit(campaign_id, "p", unit_type=7)
    assert media.refusal("gw/dsp/advanced_creative/create", **program_body(media, custom))
    assert media.refusal("gw/dsp/creative/create", **media.creative_body(program))


def test_a_unit_has_one_program_whose_combinations_keep_their_ids(media):
    unit_id = program_unit(media)
    body = program_body(media, unit_id)
    media.ok("gw/dsp/advanced_creative/create", **body)
    assert "只能有一个" in media.refusal("gw/dsp/advanced_creative/create", **body)
    before = {entry["creative_id"] for entry in media.ok("gw/dsp/advanced_creative/list")["details"][0]["creatives"]}
    media.ok("gw/dsp/advanced_creative/update", unit_id=unit_id, captions=["一人投保全家安心"])
    after = {entry["creative_id"] for entry in media.ok("gw/dsp/advanced_creative/list")["details"][0]["creatives"]}
    assert len(after) == 2
    assert after < before


def test_program_review_names_the_combinations_in_question(media):
    unit_id = program_unit(media)
    media.ok("gw/dsp/advanced_creative/create", **program_body(media, unit_id))
    path = "v2/creative/advanced/program/review_detail"
    shape = {"unit_id": int, "slogans": [str], "combine_detail_views": [{"id": int, "photo_id": int, "cover_url": str}]}
    waiting = media.ok(path, unit_ids=[unit_id])["details"]
    decodes(waiting, [shape])
    assert [view["review_status"] for view in waiting[0]["combine_detail_views"]] == [1] * 4
    headers = {"Access-Token": media.token}
    query = {"advertiser_id": media.account_id, "unit_ids": f"[{unit_id}]"}
    by_get = media.http.get(f"/rest/openapi/{path}", query_string=query, headers=headers).get_json()
    assert by_get["data"]["details"] == waiting
    media.advance(minutes=10)
    assert media.ok(path, unit_ids=[unit_id])["details"][0]["combine_detail_views"] == []
    assert "20" in media.refusal(path, unit_ids=list(range(21)))


def test_refused_program_gives_reasons():
    media = Media(deny_share=1.0)
    unit_id = program_unit(media)
    media.ok("gw/dsp/advanced_creative/create", **program_body(media, unit_id))
    media.advance(minutes=10)
    details = media.ok("v2/creative/advanced/program/review_detail", unit_ids=[unit_id])["details"]
    refused = [view for view in details[0]["combine_detail_views"] if view["review_status"] == 3]
    assert refused
    assert all(view["review_detail"] and type(view["review_detail"][0]) is str for view in refused)
    assert media.ok("gw/dsp/advanced_creative/list")["details"][0]["view_status"] == 42


def test_test_materials_are_what_they_claim():
    assert VIDEO[4:8] == b"ftyp"
    assert PICTURE.startswith(b"\x89PNG")
