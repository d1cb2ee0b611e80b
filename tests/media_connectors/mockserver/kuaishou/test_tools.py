"""Operation log, quota, goals, limits, faults, restart."""

import pytest
from werkzeug.test import Client

from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.limits import LimitRules

from .conftest import Media, decodes


def test_operation_log_tells_before_and_after(media):
    unit_id = media.unit(media.campaign())
    media.ok("v1/ad_unit/update/bid", unit_id=unit_id, bid=90_000)
    data = media.ok("v1/tool/operation_record/list")
    assert data["total_count"] == 3
    shape = {
        "object_id": str,
        "operation_type": int,
        "operation_target": int,
        "role_type": int,
        "object_name": str,
        "operation_time": str,
        "content_log": [{"field_name": str, "original_data": str, "update_data": str}],
    }
    decodes(data["details"], [shape])
    newest = data["details"][0]
    assert (newest["object_id"], newest["operation_type"], newest["operation_target"]) == (str(unit_id), 2, 3)
    assert newest["content_log"] == [{"field_name": "cpa_bid", "original_data": "80000", "update_data": "90000"}]


def test_operation_log_filters(media):
    media.unit(media.campaign())
    count = lambda **filters: media.ok("v1/tool/operation_record/list", **filters)["total_count"]  # noqa: E731
    assert count(operation_target=2) == 1
    assert count(operation_type=2) == 0
    assert count(role_type=1) == 0
    assert count(start_date="2026-07-24", end_date="2026-07-25") == 0
    assert "500" in media.refusal("v1/tool/operation_record/list", page_size=501)


def test_refused_calls_leave_no_trace_in_the_log(media):
    media.refusal("gw/dsp/campaign/create", campaign_name="", type=5)
    assert media.ok("v1/tool/operation_record/list") == {"total_count": 0, "details": []}


def test_quota_counts_campaigns(media):
    media.campaign()
    quota = media.ok("gw/dsp/quota/info")
    shape = {"quota_definition": str, "is_in_quota_scope": bool, "available_count": int, "quota_count": int}
    decodes(quota, shape | {"quota_msg_list": [{"msg": str, "type": str}]})
    assert (quota["quota_count"], quota["available_count"]) == (500, 499)


def test_goals_are_listed(media):
    goals = media.ok("gw/dsp/v1/ocpx/ocpxTypes", scene_category=0, campaign_type=5, scene_ids=[6])["ocpx_types"]
    assert {"ocpx_action_type": 53, "name": "表单提交"} in goals
    deep = media.ok("gw/dsp/v1/ocpx/deepTypes", campaign_type=5)["deep_types"]
    assert {"deep_conversion_type": 3, "name": "付费"} in deep


def test_regions_are_a_map_by_the_medias_own_ids(media):
    regions = media.ok("v1/region/list")
    shanghai = regions["471038"]
    assert (shanghai["id"], shanghai["level"], shanghai["name"], shanghai["parent"]) == (471038, 1, "上海", 0)
    assert shanghai["children"] == [471039]
    yunlin = {"id": 471129, "level": 3, "name": "云林", "parent": 471128, "children": None}
    assert regions["471129"] == yunlin
    assert media.call("v1/region/list", advertiser_id=None)["data"] == regions
    assert all(child["parent"] in (0, *map(int, regions)) for child in regions.values())


def test_limits_refuse_with_the_transient_code_and_do_nothing():
    media = Media(limits=LimitRules.from_record({"developer": {"*": 3}}))
    codes = [media.call("gw/dsp/campaign/create", campaign_name=f"c{n}", type=5)["code"] for n in range(6)]
    assert codes[:3] == [0, 0, 0]
    assert set(codes[3:]) == {400001}
    assert len(media.world.store.campaigns) == 3


@pytest.mark.parametrize(
    ("fault", "code"), [("expired_token", 402000), ("system_error", 400001), ("limit_account", 400001)]
)
def test_faults_speak_the_dialect(media, fault, code):
    answer = media.call("gw/dsp/campaign/create", campaign_name="c", type=5, _headers={"X-Mock-Fault": fault})
    assert answer["code"] == code
    assert "data" not in answer
    assert media.world.store.campaigns == {}


def test_half_a_page_keeps_the_total(media):
    for number in range(4):
        media.campaign(f"c{number}")
    data = media.call("gw/dsp/campaign/list", _headers={"X-Mock-Fault": "half_page"})["data"]
    assert data["total_count"] == 4
    assert len(data["details"]) == 2


def test_everything_created_survives_a_restart(tmp_path):
    media = Media(state_dir=tmp_path)
    unit_id = media.running_unit()
    media.advance(hours=3)
    before = media.unit_row(unit_id)
    tokens = media.token
    # No close(): what was answered must be on disk already.
    media.app = create_app(media.world.config)
    media.world, media.http = media.app.world, Client(media.app)
    media.token = tokens
    after = media.unit_row(unit_id)
    assert after == before
    assert media.ok("gw/dsp/creative/list")["total_count"] == 1
    assert len(media.ok("v1/tool/operation_record/list")["details"]) == 3


def test_a_doubled_slash_is_one(media):
    """The community SDK joins its base with paths that begin with a slash."""
    assert media.ok("/v1/tool/label/behavior_interest")["behavior_interest"]["interest"]
