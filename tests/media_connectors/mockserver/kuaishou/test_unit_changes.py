"""Units, the plan level: updated one by one, and in batches that fail in part."""

import pytest


def test_update_changes_only_what_it_names(media):
    unit_id = media.unit(media.campaign(), url="https://example.com/a")
    media.ok("gw/dsp/unit/update", unit_id=unit_id, unit_name="neu", cpa_bid=90_000, end_time=None)
    row = media.unit_row(unit_id)
    assert (row["unit_name"], row["cpa_bid"], row["url"], row["day_budget"]) == (
        "neu",
        90_000,
        "https://example.com/a",
        2_000_000,
    )
    assert row["target"]["ages_range"] == [24, 31]
    media.ok("gw/dsp/unit/update", unit_id=unit_id, day_budget=0, target={"region": []})
    row = media.unit_row(unit_id)
    assert row["day_budget"] == 0
    assert row["target"]["ages_range"] is None


def test_update_switches_the_unit_and_moves_its_end(media):
    unit_id = media.unit(media.campaign(), end_time="2026-08-01")
    media.ok("gw/dsp/unit/update", unit_id=unit_id, put_status=2, end_time=None)
    row = media.unit_row(unit_id)
    assert (row["put_status"], row["end_time"]) == (2, "2026-08-01")
    media.ok("gw/dsp/unit/update", unit_id=unit_id, end_time="")
    assert media.unit_row(unit_id)["end_time"] is None


def test_scenes_may_change_until_there_is_a_creative(media):
    unit_id = media.unit(media.campaign())
    media.ok("gw/dsp/unit/update", unit_id=unit_id, scene_id=[7])
    assert media.unit_row(unit_id)["scene_id"] == [7]
    assert "联盟" in media.refusal("gw/dsp/unit/update", unit_id=unit_id, scene_id=[5])
    media.creative(unit_id)
    assert "创意" in media.refusal("gw/dsp/unit/update", unit_id=unit_id, scene_id=[6])
    assert media.unit_row(unit_id)["scene_id"] == [7]


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_type": 7},
        {"scene_id": [5]},
        {"put_status": 3},
        {"bid_type": 2},
        {"cpa_bid": 2_000_001},
        {"unit_name": "zwei"},
        {"unit_id": 3},
    ],
)
def test_refused_update_changes_nothing(media, wrong):
    campaign_id = media.campaign()
    unit_id = media.unit(campaign_id, "eins")
    media.unit(campaign_id, "zwei")
    before = media.unit_row(unit_id)
    assert media.refusal("gw/dsp/unit/update", **({"unit_id": unit_id, "url": "https://example.com/neu"} | wrong))
    assert media.unit_row(unit_id) == before


def test_status_batch_takes_ten_and_reports_failures(media):
    campaign_id = media.campaign()
    ids = [media.unit(campaign_id, f"u{number}") for number in range(11)]
    assert "10" in media.refusal("v1/ad_unit/update/status", unit_ids=ids, put_status=2)
    assert {row["put_status"] for row in media.ok("gw/dsp/unit/list")["details"]} == {1}
    answer = media.ok("v1/ad_unit/update/status", unit_id=ids[0], unit_ids=[*ids[1:9], 99], put_status=2)
    assert answer["unit_ids"] == ids[:9]
    assert answer["errors"] == [{"id": 99, "error_msg": "广告组 99 不存在"}]
    assert [row["put_status"] for row in media.ok("gw/dsp/unit/list")["details"]] == [1, 1, *[2] * 9]


def test_deleting_a_unit_deletes_its_creatives_and_frees_its_name(media):
    campaign_id = media.campaign()
    unit_id = media.unit(campaign_id)
    creative_id = media.creative(unit_id)
    media.ok("v1/ad_unit/update/status", unit_id=unit_id, put_status=3)
    assert media.unit_row(unit_id)["status"] == 10
    assert media.world.store.creatives[creative_id].switch == "deleted"
    again = media.ok("v1/ad_unit/update/status", unit_id=unit_id, put_status=1)
    assert again["unit_ids"] == []
    assert again["errors"][0]["id"] == unit_id
    assert media.unit(campaign_id) != unit_id


def test_bid_batch_is_in_li_and_checks_each_unit(media):
    campaign_id = media.campaign()
    small = media.unit(campaign_id, "klein", day_budget=100_000)
    large = media.unit(campaign_id, "groß")
    answer = media.ok("v1/ad_unit/update/bid", unit_ids=[small, large], bid=120_000)
    assert answer["unit_ids"] == [large]
    assert answer["errors"] == [{"id": small, "error_msg": "出价不得高于广告组预算"}]
    assert media.unit_row(large)["cpa_bid"] == 120_000
    assert media.unit_row(small)["cpa_bid"] == 80_000
    assert media.ok("v1/ad_unit/update/bid", unit_id=large, bid=4_999)["unit_ids"] == []


def test_bid_batch_takes_twenty(media):
    assert "20" in media.refusal("v1/ad_unit/update/bid", unit_ids=list(range(1, 22)), bid=90_000)


def test_budget_batch_follows_the_120_percent_rule(media):
    unit_id = media.running_unit(day_budget=3_000_000)
    media.advance(hours=14)
    unit = media.world.store.plans[unit_id]
    spent = media.world.money.plan_spent_li(unit, media.world.clock.now())
    assert spent > 150_000
    answer = media.ok("v1/ad_unit/update/day_budget", unit_id=unit_id, day_budget=int(spent * 1.1))
    assert answer["unit_ids"] == []
    assert "120%" in answer["errors"][0]["error_msg"]
    assert unit.budget_li == 3_000_000
    assert media.ok("v1/ad_unit/update/day_budget", unit_id=unit_id, day_budget=int(spent * 1.3))["errors"] == []
    # Up to the old budget is always allowed, even when 120 % of the spend lies above it.
    assert media.ok("v1/ad_unit/update/day_budget", unit_id=unit_id, day_budget=0)["errors"] == []
    assert media.unit_row(unit_id)["day_budget"] == 0


def test_faulty_items_fail_behind_code_zero(media):
    campaign_id = media.campaign()
    ids = [media.unit(campaign_id, f"u{number}") for number in range(10)]
    answer = media.call(
        "v1/ad_unit/update/status", unit_ids=ids, put_status=2, _headers={"X-Mock-Fault": "partial_failure"}
    )
    assert answer["code"] == 0
    done = answer["data"]["unit_ids"]
    failed = [error["id"] for error in answer["data"]["errors"]]
    assert 0 < len(done) < 10
    assert sorted([*done, *failed]) == sorted(ids)
    for row in media.ok("gw/dsp/unit/list")["details"]:
        assert row["put_status"] == (2 if row["unit_id"] in done else 1)
