"""The older generation: campaigns, ads, creatives."""

from .conftest import Ocean

CAMPAIGN, AD = "/open_api/2/campaign/", "/open_api/2/ad/"


def test_campaigns_are_created_changed_and_deleted(ocean: Ocean) -> None:
    body = {"campaign_name": "组", "budget_mode": "BUDGET_MODE_DAY", "landing_type": "LINK"}
    assert ocean.refused("POST", CAMPAIGN + "create/", **body, budget=299)[0] == 40000
    campaign = ocean.post(CAMPAIGN + "create/", **body, budget=300)["campaign_id"]
    assert ocean.post(CAMPAIGN + "update/", campaign_id=campaign, campaign_name="新组")["campaign_id"] == campaign
    row = ocean.get(CAMPAIGN + "get/", filtering={"ids": [campaign]})["list"][0]
    assert (row["name"], row["budget"], row["status"]) == ("新组", 300.0, "CAMPAIGN_STATUS_ENABLE")
    data = ocean.post(CAMPAIGN + "update/status/", campaign_ids=[campaign, 9], opt_status="delete")
    assert data["campaign_ids"] == [campaign]
    assert [error["campaign_id"] for error in data["errors"]] == [9]
    assert ocean.get(CAMPAIGN + "get/")["list"] == []
    assert ocean.get("/open_api/v3.0/project/list/")["list"] == []


def test_promotions_are_read_and_changed_as_ads(ocean: Ocean) -> None:
    project = ocean.project()
    promotion = ocean.promotion(project)
    ocean.advance(600)
    row = ocean.get(AD + "get/", filtering={"ids": [promotion]})["list"][0]
    assert (row["ad_id"], row["campaign_id"], row["name"]) == (promotion, project, "单元")
    assert (row["status"], row["opt_status"]) == ("AD_STATUS_DELIVERY_OK", "AD_STATUS_ENABLE")
    assert (row["pricing"], row["cpa_bid"], row["inventory_type"]) == ("PRICING_OCPM", 80.0, ["INVENTORY_AWEME_FEED"])
    data = ocean.post(AD + "update/bid/", data=[{"ad_id": promotion, "bid": 99.5}, {"ad_id": 1, "bid": 2}])
    assert (data["ad_ids"], len(data["errors"])) == ([promotion], 1)
    ocean.post(AD + "update/budget/", data=[{"ad_id": promotion, "budget": 4000}])
    row = ocean.find(promotion)
    assert (row["cpa_bid"], row["budget"]) == (99.5, 4000.0)


def test_an_ad_asked_for_by_id_stands_in_the_list_and_in_data_itself(ocean: Ocean) -> None:
    """The documentation has a list, the official SDK's model the fields of one ad."""
    project = ocean.project()
    first, second = ocean.promotion(project, "甲"), ocean.promotion(project, "乙")
    data = ocean.get(AD + "get/", filtering={"ids": [first]}, fields=["ad_id", "name"])
    assert (data["ad_id"], data["name"]) == (first, "甲")
    assert data["list"] == [{"ad_id": first, "name": "甲"}]
    assert [row["ad_id"] for row in ocean.get(AD + "get/")["list"]] == [second, first]
    assert set(ocean.get(AD + "get/", filtering={"ids": [1]})) == {"list", "page_info"}


def test_each_material_of_a_promotion_is_a_creative(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    rows = ocean.get("/open_api/2/creative/get/", filtering={"ad_id": promotion})["list"]
    assert [(row["ad_id"], row["video_id"]) for row in rows] == [(promotion, "v0001")]
    assert rows[0]["creative_id"] not in (promotion, 0)
    data = ocean.get("/open_api/2/creative/reject_reason/", creative_ids=[rows[0]["creative_id"]])
    assert data["list"] == []
