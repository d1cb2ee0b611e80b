"""Projects and promotions: creation, rules, changes, lists."""

import pytest

from .conftest import Ocean, project_body, promotion_body

PROJECT = "/open_api/v3.0/project/"
PROMOTION = "/open_api/v3.0/promotion/"
NIGHT_OFF = ("0" * 16 + "1" * 32) * 7


def test_ids_lie_beyond_the_doubles_and_are_numbers(ocean: Ocean) -> None:
    project = ocean.project()
    promotion = ocean.promotion(project)
    assert min(project, promotion) > 2**53
    assert project != promotion


def test_a_created_project_is_listed_with_what_was_sent(ocean: Ocean) -> None:
    audience = {"district": "NONE", "gender": "GENDER_FEMALE", "age": ["AGE_BETWEEN_31_40"], "platform": ["IOS"]}
    project = ocean.project("寿险-抖音", audience=audience, delivery_setting={"cpa_bid": 90.5})
    row = ocean.get(PROJECT + "list/")["list"][0]
    assert row["project_id"] == project
    assert row["name"] == "寿险-抖音"
    assert row["audience"] == audience
    assert row["delivery_setting"]["cpa_bid"] == 90.5
    assert row["delivery_range"]["inventory_type"] == ["INVENTORY_AWEME_FEED"]
    assert row["optimize_goal"]["external_action"] == "AD_CONVERT_TYPE_FORM"
    assert (row["status_first"], row["status_second"]) == ("PROJECT_STATUS_ENABLE", [])
    assert row["project_create_time"] == "2026-11-16 09:00:00"


def test_a_created_promotion_is_listed_with_what_was_sent(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), "计划-1", source="安和保险")
    row = ocean.find(promotion)
    assert row["promotion_name"] == "计划-1"
    assert (row["budget"], row["budget_mode"], row["cpa_bid"]) == (3000.0, "BUDGET_MODE_DAY", 80.0)
    assert row["source"] == "安和保险"
    assert row["promotion_materials"]["title_material_list"] == [{"title": "百万医疗险每月只需几元"}]
    assert (row["status_first"], row["status_second"]) == ("PROMOTION_STATUS_DISABLE", ["AUDIT"])
    assert row["learning_phase"] == "DEFAULT"


@pytest.mark.parametrize("name", ["name", "ad_type", "landing_type", "marketing_goal", "delivery_range"])
def test_a_project_without_a_required_field_is_refused(ocean: Ocean, name: str) -> None:
    body = project_body()
    del body[name]
    assert ocean.refused("POST", PROJECT + "create/", **body) == (40000, f"{name}: Missing data for required field.")
    assert ocean.get(PROJECT + "list/")["list"] == []


def test_null_is_not_absent(ocean: Ocean) -> None:
    refusal = ocean.refused("POST", PROJECT + "create/", **project_body(operation=None))
    assert refusal == (40000, "operation: Value is not nullable")


def test_an_unknown_enum_value_is_refused(ocean: Ocean) -> None:
    code, message = ocean.refused("POST", PROJECT + "create/", **project_body(landing_type="MOON"))
    assert code == 40000
    assert message.startswith("landing_type: Must be one of: ")


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ({"budget_mode": "BUDGET_MODE_DAY"}, "delivery_setting.budget"),
        ({"budget_mode": "BUDGET_MODE_DAY", "budget": 99.99}, "delivery_setting.budget"),
        ({"budget_mode": "BUDGET_MODE_DAY", "budget": 299, "budget_optimize_switch": "ON"}, "delivery_setting.budget"),
        (
            {"bid_type": "NO_BID", "budget_mode": "BUDGET_MODE_DAY", "budget": 1_000_000},
            "delivery_setting.budget",
        ),
        ({"bid_type": "NO_BID", "cpa_bid": 50}, "delivery_setting.cpa_bid"),
        ({"cpa_bid": 0.001}, "delivery_setting.cpa_bid"),
        ({"cpa_bid": 10_000.01}, "delivery_setting.cpa_bid"),
        ({"roi_goal": 5.1}, "delivery_setting.roi_goal"),
        ({"schedule_time": "1" * 335}, "delivery_setting.schedule_time"),
        ({"schedule_time": "2" * 336}, "delivery_setting.schedule_time"),
        ({"schedule_type": "SCHEDULE_START_END", "start_time": "2026-11-16"}, "delivery_setting.end_time"),
    ],
)
def test_delivery_settings_out_of_range_are_refused(ocean: Ocean, setting: dict, field: str) -> None:
    code, message = ocean.refused("POST", PROJECT + "create/", **project_body(delivery_setting=setting))
    assert code == 40000
    assert message.startswith(field + ":")


def test_automatic_projects_bid_for_conversions_with_a_daily_budget(ocean: Ocean) -> None:
    setting = {"pricing": "PRICING_CPC", "budget_mode": "BUDGET_MODE_DAY", "budget": 500}
    body = project_body(delivery_mode="PROCEDURAL", delivery_setting=setting)
    assert "pricing" in ocean.refused("POST", PROJECT + "create/", **body)[1]
    body = project_body(delivery_mode="PROCEDURAL")
    assert "budget_mode" in ocean.refused("POST", PROJECT + "create/", **body)[1]


def test_a_duration_project_needs_two_thousand_yuan_and_refuses_changes(ocean: Ocean) -> None:
    setting = {"budget_mode": "BUDGET_MODE_DAY", "budget": 1999, "cpa_bid": 80}
    body = project_body(delivery_type="DURATION", delivery_setting=setting)
    assert ocean.refused("POST", PROJECT + "create/", **body)[0] == 40000
    project = ocean.project(delivery_type="DURATION", delivery_setting={**setting, "budget": 2000})
    data = ocean.post(PROJECT + "status/update/", data=[{"project_id": project, "opt_status": "DISABLE"}])
    assert data["project_ids"] == []
    assert data["errors"][0]["project_id"] == project
    assert ocean.get(PROJECT + "list/")["list"][0]["opt_status"] == "ENABLE"


@pytest.mark.parametrize(
    "audience",
    [
        {"age": ["AGE_BETWEEN_18_23", "AGE_BETWEEN_31_35"]},
        {"region_version": "2.3.1"},
        {"district": "REGION"},
        {"action_days": 8},
        {"launch_price": [100, 1000]},
        {"launch_price": [1000, 500]},
    ],
)
def test_impossible_audiences_are_refused(ocean: Ocean, audience: dict) -> None:
    assert ocean.refused("POST", PROJECT + "create/", **project_body(audience=audience))[0] == 40000


def test_names_count_two_latin_letters_as_one(ocean: Ocean) -> None:
    ocean.project("a" * 100)
    assert ocean.refused("POST", PROJECT + "create/", **project_body("a" * 101))[0] == 40000
    assert ocean.refused("POST", PROJECT + "create/", **project_body("险" * 51))[0] == 40000


def test_two_promotions_of_an_account_cannot_share_a_name(ocean: Ocean) -> None:
    first, second = ocean.project("一"), ocean.project("二")
    promotion = ocean.promotion(first, "同名")
    assert ocean.refused("POST", PROMOTION + "create/", **promotion_body(second, "同名"))[0] == 40000
    assert ocean.get(PROMOTION + "list/")["page_info"]["total_number"] == 1
    ocean.post(PROMOTION + "delete/", promotion_ids=[promotion])
    ocean.promotion(second, "同名")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"budget": 299.99}, "budget"),
        ({"cpa_bid": 0.0}, "cpa_bid"),
        ({"cpa_bid": 10_000.5}, "cpa_bid"),
        ({"roi_goal": 6}, "roi_goal"),
        ({"source": "安"}, "source"),
        ({"budget_mode": "BUDGET_MODE_TOTAL", "budget": 200}, "budget"),
        ({"promotion_materials": {}}, "promotion_materials"),
        ({"promotion_materials": {"title_material_list": [{"title": "只有标题没有素材"}]}}, "promotion_materials"),
    ],
)
def test_promotions_out_of_range_are_refused(ocean: Ocean, changes: dict, field: str) -> None:
    project = ocean.project()
    code, message = ocean.refused("POST", PROMOTION + "create/", **promotion_body(project, **changes))
    assert code == 40000
    assert message.startswith(field)
    assert ocean.get(PROMOTION + "list/")["list"] == []


def test_material_lists_have_at_most_ten_entries_and_titles_a_length(ocean: Ocean) -> None:
    project = ocean.project()
    materials = promotion_body(project)["promotion_materials"]
    many = {**materials, "video_material_list": materials["video_material_list"] * 11}
    body = promotion_body(project, promotion_materials=many)
    assert ocean.refused("POST", PROMOTION + "create/", **body)[0] == 40000
    short = {**materials, "title_material_list": [{"title": "太短"}]}
    assert (
        ocean.refused("POST", PROMOTION + "create/", **promotion_body(project, promotion_materials=short))[0] == 40000
    )


def test_click_bids_are_between_a_tenth_and_a_hundred_yuan(ocean: Ocean) -> None:
    project = ocean.project(delivery_setting={"pricing": "PRICING_CPC"})
    bare = {"cpa_bid": 1.0, "budget": 100}
    for bid in (0.09, 100.01):
        assert ocean.refused("POST", PROMOTION + "create/", **promotion_body(project, bid=bid, **bare))[0] == 40000
    ocean.promotion(project, bid=0.1, **bare)


def test_no_bid_projects_refuse_bids_below_them(ocean: Ocean) -> None:
    setting = {"bid_type": "NO_BID", "budget_mode": "BUDGET_MODE_DAY", "budget": 500}
    project = ocean.project(delivery_setting=setting)
    assert "cpa_bid" in ocean.refused("POST", PROMOTION + "create/", **promotion_body(project))[1]
    body = promotion_body(project, budget=100)
    del body["cpa_bid"]
    ocean.post(PROMOTION + "create/", **body)


def test_a_schedule_must_lie_within_the_projects(ocean: Ocean) -> None:
    project = ocean.project(delivery_setting={"schedule_time": NIGHT_OFF})
    inside = ("0" * 20 + "1" * 28) * 7
    promotion = ocean.promotion(project, schedule_time=inside)
    outside = ("1" * 20 + "0" * 28) * 7
    data = ocean.post(PROMOTION + "schedule_time/update/", data=[{"promotion_id": promotion, "schedule_time": outside}])
    assert data["errors"][0]["promotion_id"] == promotion
    assert ocean.find(promotion)["schedule_time"] == inside


def test_a_batch_reports_what_failed_behind_code_zero(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    items = [{"promotion_id": promotion, "bid": 95.0}, {"promotion_id": 7, "bid": 95.0}]
    data = ocean.post(PROMOTION + "bid/update/", data=items)
    assert data["promotion_ids"] == [promotion]
    assert [error["promotion_id"] for error in data["errors"]] == [7]
    assert ocean.find(promotion)["cpa_bid"] == 95.0


@pytest.mark.parametrize("count", [0, 11])
def test_a_batch_has_one_to_ten_items(ocean: Ocean, count: int) -> None:
    promotion = ocean.promotion(ocean.project())
    items = [{"promotion_id": promotion, "bid": 95.0}] * count
    assert ocean.refused("POST", PROMOTION + "bid/update/", data=items)[0] == 40000
    assert ocean.find(promotion)["cpa_bid"] == 80.0


def test_budgets_change_by_a_hundred_yuan_at_least_and_twenty_times_a_day(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())

    def change(budget: float) -> list:
        data = ocean.post(PROMOTION + "budget/update/", data=[{"promotion_id": promotion, "budget": budget}])
        return data["errors"]

    assert change(3099.99) != []
    for step in range(20):
        assert change(3100 + 100 * step) == []
    assert "20" in change(6000)[0]["error_message"]
    assert ocean.find(promotion)["budget"] == 5000.0
    ocean.advance(24 * 3600)
    assert change(6000) == []


def test_a_budget_cannot_fall_below_what_was_spent(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), budget=50_000)
    ocean.advance(10 * 3600)
    spent = ocean.world.money.plan_spent_li(ocean.world.store.plans[promotion], ocean.world.clock.now()) / 1000
    assert spent > 500
    data = ocean.post(PROMOTION + "budget/update/", data=[{"promotion_id": promotion, "budget": 300}])
    assert "105%" in data["errors"][0]["error_message"]
    least = -(-spent * 1.05 // 100) * 100
    data = ocean.post(PROMOTION + "budget/update/", data=[{"promotion_id": promotion, "budget": least}])
    assert data["promotion_ids"] == [promotion]


def test_switching_off_and_on_and_deleting(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    ocean.advance(600)
    assert ocean.find(promotion)["status_first"] == "PROMOTION_STATUS_ENABLE"
    ocean.post(PROMOTION + "status/update/", data=[{"promotion_id": promotion, "opt_status": "DISABLE"}])
    row = ocean.find(promotion)
    assert (row["opt_status"], row["status_second"]) == ("DISABLE", ["DISABLED"])
    ocean.post(PROMOTION + "status/update/", data=[{"promotion_id": promotion, "opt_status": "ENABLE"}])
    assert ocean.find(promotion)["status_second"] == []
    ocean.post(PROMOTION + "delete/", promotion_ids=[promotion])
    assert ocean.get(PROMOTION + "list/")["list"] == []
    assert ocean.find(promotion, status_first="PROMOTION_STATUS_DELETED")["status"] == "DELETED"
    data = ocean.post(PROMOTION + "status/update/", data=[{"promotion_id": promotion, "opt_status": "ENABLE"}])
    assert data["promotion_ids"] == []


def test_deleting_a_project_takes_its_promotions_along(ocean: Ocean) -> None:
    project = ocean.project()
    promotion = ocean.promotion(project)
    assert ocean.post(PROJECT + "delete/", project_ids=[project])["project_ids"] == [project]
    assert ocean.get(PROJECT + "list/")["list"] == []
    assert ocean.find(promotion, status_first="PROMOTION_STATUS_ALL")["status_first"] == "PROMOTION_STATUS_DELETED"


def test_projects_change_budget_bid_dates_week_and_name(ocean: Ocean) -> None:
    project = ocean.project(delivery_setting={"cpa_bid": 60.0})
    item = {"project_id": project}
    ocean.post(PROJECT + "budget/update/", data=[{**item, "budget_mode": "BUDGET_MODE_DAY", "budget": 5000}])
    assert ocean.post(PROJECT + "cpa_bid/update/", data=[{**item, "cpa_bid": 75.5}]) == {"errors": []}
    ocean.post(PROJECT + "deep_cpa_bid/update/", data=[{**item, "deepbid": 400}])
    ocean.post(PROJECT + "roigoal/update/", data=[{**item, "roi_goal": 1.5}])
    week = {**item, "schedule_time": NIGHT_OFF, "schedule_scene": "REALTIME"}
    ocean.post(PROJECT + "week_schedule/update/", data=[week])
    dates = {**item, "schedule_type": "SCHEDULE_START_END", "end_time": 1795622400}
    ocean.post(PROJECT + "schedule_time/update/", data=[dates])
    ocean.post("/open_api/v3.0/project_name/update/", project_id=project, project_name="改名")
    row = ocean.get(PROJECT + "list/")["list"][0]
    setting = row["delivery_setting"]
    assert row["name"] == "改名"
    assert (setting["budget"], setting["cpa_bid"], setting["deep_cpabid"], setting["roi_goal"]) == (
        5000,
        75.5,
        400,
        1.5,
    )
    assert (setting["schedule_time"], setting["end_time"]) == (NIGHT_OFF, "2026-11-26")


def test_full_edits_keep_what_is_absent_and_report_a_refused_budget(ocean: Ocean) -> None:
    project = ocean.project()
    promotion = ocean.promotion(project)
    data = ocean.post(PROMOTION + "update/", promotion_id=promotion, name="新名", budget=3050, cpa_bid=90)
    assert data["promotion_id"] == promotion
    assert [error["object_type"] for error in data["error_list"]] == ["PROMOTION_BUDGET"]
    row = ocean.find(promotion)
    assert (row["promotion_name"], row["budget"], row["cpa_bid"]) == ("新名", 3000.0, 90.0)
    data = ocean.post(PROJECT + "update/", project_id=project, audience={"gender": "GENDER_MALE"})
    assert data == {"project_id": project, "error_list": []}
    assert ocean.get(PROJECT + "list/")["list"][0]["landing_type"] == "LINK"


def test_promotions_rename_within_the_uniqueness_of_names(ocean: Ocean) -> None:
    project = ocean.project()
    one, two = ocean.promotion(project, "一"), ocean.promotion(project, "二")
    path = "/open_api/v3.0/promotion_name/update/"
    assert ocean.post(path, promotion_id=one, promotion_name="三") == {"promotion_id": one}
    assert ocean.refused("POST", path, promotion_id=two, promotion_name="三")[0] == 40000
    assert ocean.find(two)["promotion_name"] == "二"


def test_pages_and_cursors_show_every_promotion_once(ocean: Ocean) -> None:
    project = ocean.project()
    created = [ocean.promotion(project, f"单元{number}") for number in range(45)]
    path = PROMOTION + "list/"
    paged: list[int] = []
    for page in (1, 2, 3):
        data = ocean.get(path, page=page, page_size=20)
        assert data["page_info"] == {"page": page, "page_size": 20, "total_number": 45, "total_page": 3}
        paged += [row["promotion_id"] for row in data["list"]]
    assert paged == created[::-1]
    walked: list[int] = []
    cursor, has_more = 0, True
    while has_more:
        data = ocean.get(path, cursor=cursor, count=20)
        walked += [row["promotion_id"] for row in data["list"]]
        cursor, has_more = data["cursor_info"]["cursor"], data["cursor_info"]["has_more"]
    assert walked == created[::-1]


def test_list_limits(ocean: Ocean) -> None:
    path = PROMOTION + "list/"
    assert ocean.refused("GET", path, page_size=21)[0] == 40000
    assert ocean.refused("GET", path, page=501, page_size=20)[0] == 40000
    assert ocean.refused("GET", path, filtering={"ids": list(range(1, 22))})[0] == 40000
    assert ocean.refused("GET", path, filtering={"ids": [1]}, cursor=0, count=5)[0] == 40000
    assert ocean.refused("GET", PROJECT + "list/", page_size=101)[0] == 40000


def test_filters_of_the_promotion_list(ocean: Ocean) -> None:
    first, second = ocean.project("一"), ocean.project("二")
    one, two = ocean.promotion(first, "春季重疾"), ocean.promotion(second, "秋季医疗")
    path = PROMOTION + "list/"

    def ids(**filtering: object) -> list[int]:
        return [row["promotion_id"] for row in ocean.get(path, filtering=filtering)["list"]]

    assert ids(project_id=first) == [one]
    assert ids(name="医疗") == [two]
    assert ids(status_second="AUDIT") == [two, one]
    assert ids(learning_phase=["LEARNING"]) == []
    ocean.advance(600)
    assert ids(learning_phase=["LEARNING"]) == [two, one]
    assert ids(status_first="PROMOTION_STATUS_ENABLE", project_id=second) == [two]
    assert ids(promotion_create_time="2026-11-17") == []


def test_another_accounts_objects_are_out_of_reach(ocean: Ocean) -> None:
    project = ocean.project()
    body = promotion_body(project, advertiser_id=ocean.other)
    assert ocean.refused("POST", PROMOTION + "create/", **body)[0] == 40000
    code, message = ocean.refused("GET", PROMOTION + "list/", advertiser_id=4711)
    assert (code, message) == (40002, "No permission to operate account 4711")
    assert ocean.get(PROMOTION + "list/")["list"] == []


def test_the_operation_log_tells_what_changed(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    ocean.post(PROMOTION + "bid/update/", data=[{"promotion_id": promotion, "bid": 95.0}])
    data = ocean.get("/open_api/2/tools/log_search/", object_id=[promotion])
    assert [entry["content_title"] for entry in data["logs"]] == ["修改单元出价", "新建单元"]
    assert data["logs"][0]["content_log"] == ["bid：80.0 -> 95.0"]


def test_at_most_two_hundred_projects(ocean: Ocean) -> None:
    for number in range(200):
        ocean.project(f"项目{number}")
    assert "200" in ocean.refused("POST", PROJECT + "create/", **project_body("多余"))[1]
