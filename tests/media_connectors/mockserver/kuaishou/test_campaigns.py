"""Campaigns: create, update, list, status."""

import pytest

from .conftest import decodes

SHAPE = {
    "campaign_id": int,
    "campaign_name": str,
    "put_status": int,
    "status": int,
    "day_budget": int,
    "day_budget_schedule": [int],
    "campaign_type": int,
    "campaign_sub_type": int,
    "ad_type": int,
    "bid_type": int,
    "auto_adjust": int,
    "auto_build": int,
    "auto_build_name_rule": {"unit_name_rule": str},
    "auto_manage": int,
    "campaign_ocpx_action_type": int,
    "campaign_ocpx_action_type_name": str,
    "create_time": str,
    "update_time": str,
    "cap_roi_ratio": float,
    "cap_bid": int,
    "constraint_cpa": int,
}


def rows(media, **filters):
    return media.ok("gw/dsp/campaign/list", **filters)["details"]


def test_created_campaign_reads_back_with_exact_types(media):
    campaign_id = media.campaign("医疗险", day_budget=600_000, cap_bid=90_000)
    assert campaign_id > 2**53
    listed = media.ok("gw/dsp/campaign/list")
    assert listed["total_count"] == 1
    row = listed["details"][0]
    assert SHAPE.keys() <= row.keys()
    decodes(row, SHAPE)
    assert row["campaign_id"] == campaign_id
    assert row["campaign_name"] == "医疗险"
    assert row["day_budget"] == 600_000
    assert row["cap_bid"] == 90_000
    assert (row["put_status"], row["status"]) == (1, 4)
    assert row["create_time"] == "2026-07-23 08:00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"campaign_name": ""},
        {"campaign_name": "长" * 101},
        {"campaign_name": None},
        {"type": 3},
        {"type": 99},
        {"type": None},
        {"day_budget": 499_999},
        {"day_budget": 100_000_000_001},
        {"day_budget": 600_000, "day_budget_schedule": [0] * 7},
        {"day_budget_schedule": [600_000] * 6},
        {"bid_type": 1},
        {"bid_type": 2},
        {"put_status": 3},
        {"cap_bid": 8_000_001},
        {"cap_roi_ratio": 100.1},
    ],
)
def test_campaign_outside_the_rules_is_not_created(media, wrong):
    # Both budgets together are refused even when one of them is all zeros.
    if wrong.get("day_budget_schedule") == [0] * 7:
        wrong = wrong | {"day_budget_schedule": [600_000] * 7}
    assert media.refusal("gw/dsp/campaign/create", **({"campaign_name": "x", "type": 5} | wrong))
    assert media.world.store.campaigns == {}


def test_names_are_unique_in_the_account_until_deleted(media):
    first = media.campaign("同名")
    assert "已存在" in media.refusal("gw/dsp/campaign/create", campaign_name="同名", type=5)
    assert len(media.world.store.campaigns) == 1
    other = media.world.store.logins[2600000001].account_ids[1]
    assert media.campaign("同名", advertiser_id=other)
    media.ok("v1/campaign/update/status", campaign_id=first, put_status=3)
    assert media.campaign("同名") != first


def test_maximal_conversion_needs_a_budget(media):
    assert media.campaign("max", bid_type=1, day_budget_schedule=[500_000] * 7)


def test_at_most_500_living_campaigns(media):
    for number in range(500):
        media.campaign(f"c{number}")
    assert "500" in media.refusal("gw/dsp/campaign/create", campaign_name="c500", type=5)
    assert media.ok("gw/dsp/quota/info")["available_count"] == 0


def test_update_keeps_what_is_absent_or_null_and_clears_with_zero(media):
    campaign_id = media.campaign("旧名", day_budget=600_000, cap_bid=90_000)
    media.advance(minutes=1)
    assert media.ok("gw/dsp/campaign/update", campaign_id=campaign_id, campaign_name="新名", day_budget=None) == {
        "campaign_id": campaign_id
    }
    row = rows(media)[0]
    assert (row["campaign_name"], row["day_budget"], row["cap_bid"]) == ("新名", 600_000, 90_000)
    assert row["update_time"] == "2026-07-23 08:01:00"
    media.ok("gw/dsp/campaign/update", campaign_id=campaign_id, day_budget=0, cap_bid=0)
    row = rows(media)[0]
    assert (row["day_budget"], row["cap_bid"]) == (0, 0)


def test_update_of_a_strange_campaign_is_refused(media):
    campaign_id = media.campaign()
    other = media.world.store.logins[2600000001].account_ids[1]
    assert "不存在" in media.refusal(
        "gw/dsp/campaign/update", campaign_id=campaign_id, advertiser_id=other, day_budget=0
    )
    assert "不存在" in media.refusal("gw/dsp/campaign/update", campaign_id=5, day_budget=0)


def test_budget_may_not_fall_below_120_percent_of_spend(media):
    for number in range(5):
        media.running_unit(f"单元-{number}", day_budget=0)
    campaign_id = rows(media)[0]["campaign_id"]
    media.ok("gw/dsp/campaign/update", campaign_id=campaign_id, day_budget=90_000_000)
    media.advance(hours=10)
    campaign = media.world.store.campaigns[campaign_id]
    spent = media.world.money.campaign_spent_li(campaign, media.world.clock.now())
    assert spent > 600_000
    too_low = int(spent * 1.2) - 1_000
    assert "120%" in media.refusal("gw/dsp/campaign/update", campaign_id=campaign_id, day_budget=too_low)
    assert campaign.budget_li == 90_000_000
    media.ok("gw/dsp/campaign/update", campaign_id=campaign_id, day_budget=int(spent * 1.2) + 1_000)


def test_budget_may_not_fall_below_a_units_bid(media):
    campaign_id = media.campaign(day_budget=3_000_000)
    media.unit(campaign_id, cpa_bid=900_000)
    assert "出价" in media.refusal("gw/dsp/campaign/update", campaign_id=campaign_id, day_budget=800_000)
    assert rows(media)[0]["day_budget"] == 3_000_000
    media.ok("gw/dsp/campaign/update", campaign_id=campaign_id, day_budget=900_000)


def test_status_batch_reports_failures_behind_code_zero(media):
    ids = [media.campaign(f"c{number}") for number in range(3)]
    data = media.ok("v1/campaign/update/status", campaign_id=ids[0], campaign_ids=[*ids[1:], 77], put_status=2)
    assert data["campaign_ids"] == ids
    assert [error["id"] for error in data["errors"]] == [77]
    assert {row["put_status"] for row in rows(media)} == {2}
    assert {row["status"] for row in rows(media)} == {1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"put_status": 4},
        {"put_status": None},
        {"campaign_ids": list(range(1, 22))},
        {"campaign_ids": [1, 1]},
        {"campaign_ids": []},
    ],
)
def test_status_batch_outside_the_rules_changes_nothing(media, wrong):
    campaign_id = media.campaign()
    body = {"campaign_ids": [campaign_id], "put_status": 2} | wrong
    assert media.refusal("v1/campaign/update/status", **body)
    assert rows(media)[0]["put_status"] == 1


def test_deleting_a_campaign_deletes_what_it_holds(media):
    campaign_id = media.campaign()
    unit_id = media.unit(campaign_id)
    creative_id = media.creative(unit_id)
    media.ok("v1/campaign/update/status", campaign_ids=[campaign_id], put_status=3)
    assert rows(media) == []
    assert rows(media, status=-2)[0]["status"] == 5
    assert media.ok("gw/dsp/unit/list")["total_count"] == 0
    assert media.unit_row(unit_id)["status"] == 10
    assert media.world.store.creatives[creative_id].switch == "deleted"


def test_list_filters_and_pages(media):
    ids = [media.campaign(f"医疗-{number:02d}", type=5 if number % 2 else 2) for number in range(25)]
    first = media.ok("gw/dsp/campaign/list")
    assert first["total_count"] == 25
    assert len(first["details"]) == 20
    assert [row["campaign_id"] for row in first["details"]] == ids[:4:-1]
    assert len(rows(media, page=2)) == 5
    assert [row["campaign_id"] for row in rows(media, campaign_ids=[str(ids[3])])] == [ids[3]]
    assert [row["campaign_id"] for row in rows(media, campaign_id=ids[4])] == [ids[4]]
    assert len(rows(media, campaign_name="医疗-1")) == 10
    assert media.ok("gw/dsp/campaign/list", campaign_type=2)["total_count"] == 13
    assert media.ok("gw/dsp/campaign/list", put_status_list=["2"])["total_count"] == 0
    assert rows(media, start_date="2026-07-24", end_date="2026-07-24") == []
    assert "同时传" in media.refusal("gw/dsp/campaign/list", start_date="2026-07-24")


@pytest.mark.parametrize("path", ["dsp/campaign/list", "v1/campaign/list"])
def test_older_paths_answer_like_their_successor(media, path):
    media.ok("v2/campaign/create", campaign_name="alt", type=5)
    assert media.ok(path) == media.ok("gw/dsp/campaign/list")
    assert media.ok(path)["total_count"] == 1
