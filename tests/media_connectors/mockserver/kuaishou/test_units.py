"""Units, the plan level: made, read, listed; what their states tell."""

import pytest

from media_connectors.mockserver.dialects.kuaishou.targeting import audience_width

from .conftest import Media, decodes

SHAPE = {
    "campaign_id": int,
    "unit_id": int,
    "unit_name": str,
    "put_status": int,
    "status": int,
    "review_detail": str,
    "review_status": int,
    "study_status": int,
    "compensate_status": int,
    "bid_type": int,
    "bid": int,
    "cpa_bid": int,
    "ocpx_action_type": int,
    "deep_conversion_type": int,
    "deep_conversion_bid": int,
    "enhance_conversion_type": int,
    "roi_ratio": float,
    "scene_id": [int],
    "unit_type": int,
    "begin_time": str,
    "end_time": str,
    "schedule": str,
    "schedule_time": str,
    "day_budget": int,
    "day_budget_schedule": [int],
    "convert_id": int,
    "url_type": int,
    "url": str,
    "site_id": int,
    "schema_uri": str,
    "schema_id": str,
    "app_id": int,
    "use_app_market": int,
    "show_mode": int,
    "site_type": int,
    "smart_cover": bool,
    "asset_mining": bool,
    "consult_id": int,
    "adv_card_option": int,
    "playable_id": int,
    "playable_orientation": int,
    "library_id": int,
    "extend_search": bool,
    "target": {
        "region": [int],
        "district_ids": [int],
        "gender": int,
        "platform_os": int,
        "device_brand_ids": [int],
        "device_price": [int],
        "population": [int],
        "exclude_population": [int],
        "behavior_type": int,
        "media": [int],
        "ages_range": [int],
        "filter_converted_level": int,
    },
    "template_id": int,
    "outer_loop_native": int,
    "quick_search": int,
    "target_explore": int,
    "ad_type": int,
    "unit_source": int,
    "update_time": str,
    "create_time": str,
    "package_id": int,
}
MONDAY_MORNINGS = "0" * 8 + "1" * 4 + "0" * 156


def units(media):
    return list(media.world.store.plans.values())


def test_created_unit_reads_back_with_exact_types(media):
    campaign_id = media.campaign()
    unit_id = media.unit(campaign_id, url="https://example.com/form", schedule_time=MONDAY_MORNINGS)
    assert unit_id > 2**53
    row = media.unit_row(unit_id)
    assert SHAPE.keys() <= row.keys()
    decodes(row, SHAPE)
    assert row["unit_name"] == "单元-1"
    assert row["campaign_id"] == campaign_id
    assert (row["cpa_bid"], row["bid"], row["day_budget"]) == (80_000, 0, 2_000_000)
    assert row["url"] == "https://example.com/form"
    assert row["schedule_time"] == MONDAY_MORNINGS
    assert row["begin_time"] == "2026-07-23"


def test_unset_fields_mix_null_empty_and_zero_as_the_medium_does(media):
    row = media.unit_row(media.unit(media.campaign(), target=None))
    assert row["end_time"] is None
    assert row["schedule"] is None
    assert row["day_budget_schedule"] == []
    assert row["convert_id"] == 0
    assert row["schema_id"] == ""
    assert row["schedule_time"] == "0" * 168
    assert row["target"]["region"] is None
    assert row["target"]["population"] == []
    assert row["target"]["platform_os"] == 0


def test_lists_of_ints_may_be_texts(media):
    unit_id = media.unit(media.campaign(), scene_id=["6", "7"], target={"region": ["471001", "471038"], "gender": "1"})
    row = media.unit_row(unit_id)
    assert row["scene_id"] == [6, 7]
    assert row["target"]["region"] == [471001, 471038]
    assert media.ok("gw/dsp/unit/list", unit_ids=[str(unit_id)])["total_count"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_name": ""},
        {"unit_name": "长" * 101},
        {"campaign_id": 5},
        {"campaign_id": None},
        {"bid_type": 6},
        {"bid_type": 12},
        {"bid_type": None},
        {"ocpx_action_type": 396},
        {"ocpx_action_type": 1},
        {"ocpx_action_type": None},
        {"cpa_bid": 4_999},
        {"cpa_bid": 3_000_001},
        {"cpa_bid": None},
        {"cpa_bid": "viel"},
        {"cpa_bid": 80.5},
        {"cpa_bid": 2_000_001},
        {"ocpx_action_type": 2, "cpa_bid": 10_001},
        {"ocpx_action_type": 180, "cpa_bid": 999},
        {"ocpx_action_type": 191, "roi_ratio": 0},
        {"ocpx_action_type": 191, "roi_ratio": 100.1},
        {"ocpx_action_type": 191, "roi_ratio": 0.0661},
        {"bid_type": 2, "bid": 199},
        {"bid_type": 2, "bid": 100_001},
        {"deep_conversion_type": 3, "deep_conversion_bid": 80_000},
        {"deep_conversion_type": 4},
        {"day_budget": 99_999},
        {"day_budget": 200_000, "day_budget_schedule": [200_000] * 7},
        {"day_budget": None, "day_budget_schedule": [200_000] * 6},
        {"day_budget": None, "day_budget_schedule": [200_000] * 6 + [79_999]},
        {"scene_id": []},
        {"scene_id": None},
        {"scene_id": [8]},
        {"unit_type": 5},
        {"unit_type": None},
        {"begin_time": "2026-07-22"},
        {"begin_time": "23.07.2026"},
        {"begin_time": None},
        {"end_time": "2026-07-22"},
        {"schedule_time": "1" * 167},
        {"schedule_time": "2" * 168},
        {"put_status": 3},
        {"target": []},
        {"target": {"ages_range": [20]}},
        {"target": {"ages_range": [24], "age": {"min": 20, "max": 30}}},
        {"target": {"age": {"min": 17, "max": 30}}},
        {"target": {"age": {"min": 30, "max": 20}}},
        {"target": {"gender": 3}},
        {"target": {"region": [471038], "district_ids": [2]}},
        {"target": {"region": [471038, 310000]}},
        {"target": {"population": [1, 2], "exclude_population": [2]}},
        {"url": "x" * 1_001},
    ],
)
def test_unit_outside_the_rules_is_not_created(media, wrong):
    body = media.unit_body(media.campaign()) | wrong
    assert media.refusal("gw/dsp/unit/create", **body)
    assert units(media) == []


def test_names_are_unique_within_the_campaign_only(media):
    first, second = media.campaign("a"), media.campaign("b")
    media.unit(first, "同名")
    assert "已存在" in media.refusal("gw/dsp/unit/create", **media.unit_body(first, "同名"))
    assert media.unit(second, "同名")
    assert len(units(media)) == 2


def test_hosted_campaigns_take_units_without_bid(media):
    hosted = media.campaign("max", bid_type=1, day_budget=500_000)
    assert media.refusal("gw/dsp/unit/create", **media.unit_body(hosted))
    unit_id = media.unit(hosted, bid_type=12, cpa_bid=None)
    assert media.unit_row(unit_id)["cpa_bid"] == 0
    answer = media.ok("v1/ad_unit/update/bid", unit_id=unit_id, bid=90_000)
    assert answer["unit_ids"] == []
    assert "不支持修改出价" in answer["errors"][0]["error_msg"]


def test_review_passes_and_learning_begins(media):
    unit_id = media.unit(media.campaign())
    row = media.unit_row(unit_id)
    assert (row["status"], row["review_status"], row["review_detail"], row["study_status"]) == (
        11,
        1,
        "广告组审核中",
        0,
    )
    media.advance(minutes=10)
    row = media.unit_row(unit_id)
    assert (row["status"], row["review_status"], row["review_detail"], row["study_status"]) == (20, 2, "", 1)


def test_review_refuses_with_a_reason_and_an_update_asks_again():
    media = Media(deny_share=1.0)
    unit_id = media.unit(media.campaign())
    media.advance(minutes=10)
    row = media.unit_row(unit_id)
    assert (row["status"], row["review_status"]) == (12, 3)
    assert row["review_detail"] == "推广内容与落地页不一致"
    media.ok("gw/dsp/unit/update", unit_id=unit_id, unit_name="改")
    assert media.unit_row(unit_id)["status"] == 11


def test_status_tells_what_stops_a_unit(media):
    campaign_id = media.campaign()
    running = media.unit(campaign_id, "a")
    later = media.unit(campaign_id, "b", begin_time="2026-07-30")
    off_hours = media.unit(campaign_id, "c", schedule_time=MONDAY_MORNINGS)
    short = media.unit(campaign_id, "d", end_time="2026-07-23")
    paused = media.unit(campaign_id, "e", put_status=2)
    media.advance(minutes=10)
    shown = {row["unit_id"]: row["status"] for row in media.ok("gw/dsp/unit/list")["details"]}
    assert shown == {running: 20, later: 19, off_hours: 22, short: 20, paused: 15}
    media.advance(days=1)
    assert media.unit_row(short)["status"] == 14
    media.ok("v1/campaign/update/status", campaign_id=campaign_id, put_status=2)
    assert {row["status"] for row in media.ok("gw/dsp/unit/list")["details"]} == {1}


def test_all_zero_schedule_means_always(media):
    unit_id = media.unit(media.campaign(), schedule_time="0" * 168)
    media.advance(minutes=10)
    assert media.unit_row(unit_id)["status"] == 20


def test_unit_without_creative_gets_nothing(media):
    bare = media.unit(media.campaign())
    running = media.running_unit("mit")
    media.advance(hours=12)
    day = {"start_date": "2026-07-23", "end_date": "2026-07-23"}
    details = media.ok("v1/report/unit_report", **day)["details"]
    assert [row["unit_id"] for row in details] == [running]
    assert media.unit_row(bare)["status"] == 20


def test_spent_budget_stops_the_unit_until_tomorrow(media):
    unit_id = media.running_unit(day_budget=100_000)
    media.advance(hours=15)
    assert media.unit_row(unit_id)["status"] == 17
    charge = media.ok("v1/report/unit_report", start_date="2026-07-23", end_date="2026-07-23")["details"][0]["charge"]
    assert 99 <= charge <= 100 * 1.02
    media.advance(minutes=40)
    assert media.unit_row(unit_id)["status"] == 20


def test_learning_ends_well_or_badly(media):
    strong = [media.running_unit(f"s{number}", day_budget=0, cpa_bid=150_000) for number in range(6)]
    weak = media.running_unit("w", cpa_bid=5_000)
    media.advance(days=4)
    assert {media.unit_row(unit_id)["study_status"] for unit_id in strong} == {2}
    assert media.unit_row(weak)["study_status"] == 3


def test_weekly_budget_takes_precedence_and_follows_the_day(media):
    week = [200_000, 210_000, 220_000, 230_000, 240_000, 0, 0]
    unit_id = media.unit(media.campaign(), day_budget=None, day_budget_schedule=week)
    unit = media.world.store.plans[unit_id]
    assert unit.budget_li == 230_000
    media.advance(days=1)
    assert unit.budget_li == 240_000
    assert media.unit_row(unit_id)["day_budget_schedule"] == week


def test_list_filters(media):
    first, second = media.campaign("a"), media.campaign("b", type=2)
    ids = [media.unit(first if number < 3 else second, f"u{number}") for number in range(5)]
    found = lambda **filters: {row["unit_id"] for row in media.ok("gw/dsp/unit/list", **filters)["details"]}  # noqa: E731
    assert found(campaign_id=first) == set(ids[:3])
    assert found(campaign_type=2) == set(ids[3:])
    assert found(unit_name="u4") == {ids[4]}
    assert found(review_status_list=[2]) == set()
    assert found(review_status_list=["1"]) == set(ids)
    assert found(ocpx_action_type_list=[180]) == set()
    assert found(status=11) == set(ids)
    assert found(page=2, page_size=4) == {ids[0]}
    assert "100" in media.refusal("gw/dsp/unit/list", unit_ids=list(range(101)))


def test_fresh_units_hide_behind_the_read_lag():
    media = Media(read_lag_ms=60_000)
    unit_id = media.unit(media.campaign())
    assert media.ok("gw/dsp/unit/list", unit_ids=[unit_id]) == {"total_count": 0, "details": []}


def test_narrow_targets_reach_fewer_people():
    everybody = audience_width({})
    women = audience_width({"gender": 1})
    young_women = audience_width({"gender": 1, "ages_range": [18]})
    in_two_cities = audience_width({"gender": 1, "ages_range": [18], "region": [471001, 471038]})
    assert everybody == 1.0
    assert everybody > women > young_women > in_two_cities >= 0.005


@pytest.mark.parametrize("label", ["802", "9-802", "8-80202"])
def test_a_category_that_is_no_path_is_refused(media, label):
    campaign_id = media.campaign()
    target = {"behavior_type": 1, "behavior_interest": {"interest": {"label": [label]}}}
    assert "类目路径" in media.refusal("gw/dsp/unit/create", **media.unit_body(campaign_id, target=target))
    target["behavior_interest"]["interest"]["label"] = ["8-802", "8-802-80202", "12"]
    assert media.unit(campaign_id, target=target)
    assert "对象" in media.refusal(
        "gw/dsp/unit/create", **media.unit_body(campaign_id, "乙", target={"behavior_interest": [1]})
    )
