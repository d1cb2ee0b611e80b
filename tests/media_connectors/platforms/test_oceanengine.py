"""Ocean Engine's words and units, on payloads as noisy as the real ones."""

from datetime import date, datetime

import httpx
import orjson
import pytest

from media_connectors import errors
from media_connectors.contracts import (
    MEDIA_TIMEZONE,
    AgeBand,
    BidType,
    DeliveryStatus,
    DeviceSystem,
    Gender,
    LearningState,
    MaterialKind,
    MaterialRef,
    MetricRow,
    PlanChange,
    Platform,
    ReviewState,
    SwitchStatus,
    Targeting,
    Vendor,
)
from media_connectors.platforms.douyin import DouyinConnector
from media_connectors.platforms.oceanengine import codes, drafts, mapping, reports
from media_connectors.platforms.toutiao import ToutiaoConnector
from tests.media_connectors.fakes import AnsweringMachine, access_to, flat, media_http, ok, refused
from tests.media_connectors.rows import campaign_draft, plan_draft

ACCOUNT = "1700000000000000007"
PROMOTION = {
    "promotion_id": 7301234567890123456,
    "project_id": 7300000000000000001,
    "advertiser_id": 1700000000000000007,
    "promotion_name": "计划 #k7f3q",
    "opt_status": "ENABLE",
    "status": "ERROR_DEFAULT",
    "status_first": "PROMOTION_STATUS_ENABLE",
    "status_second": None,
    "learning_phase": "LEARNING",
    "budget": 500.0,
    "budget_mode": "BUDGET_MODE_DAY",
    "bid": 0,
    "cpa_bid": 80.5,
    "schedule_time": "1" * 336,
    "promotion_create_time": "2026-11-22 10:00:00",
    "promotion_modify_time": "",
    "promotion_materials": {"video_material_list": [{"video_id": "v1", "material_status": "MATERIAL_STATUS_OK"}]},
    "never_documented": {"anything": []},
}


def promotion(**changed):
    return mapping.plan_from_promotion({**PROMOTION, **changed})


def connector(*answers, kind=DouyinConnector):
    machine = AnsweringMachine(*answers)
    return kind(media_http(Vendor.OCEANENGINE, machine), authorize_page="https://media.test/oauth.html"), machine


def test_a_promotion_is_read_in_our_words_and_units():
    plan = promotion()
    assert (plan.remote_id, plan.campaign_remote_id) == ("7301234567890123456", "7300000000000000001")
    assert (plan.bid_fen, plan.daily_budget_fen, plan.schedule) == (8050, 50000, "")
    assert (plan.status, plan.delivery_status) == (SwitchStatus.ENABLED, DeliveryStatus.DELIVERING)
    assert (plan.learning_state, plan.review_state) == (LearningState.LEARNING, ReviewState.APPROVED)
    assert plan.created_at == datetime(2026, 11, 22, 10, tzinfo=MEDIA_TIMEZONE)
    assert plan.modified_at is None
    assert plan.settings["never_documented"] == {"anything": []}


def test_noise_does_not_stop_the_reading():
    plan = promotion(
        promotion_id="7301234567890123456",
        cpa_bid="80.50",
        budget="0",
        schedule_time=None,
        status_second=[],
        learning_phase=None,
        promotion_materials=None,
        promotion_create_time=None,
    )
    assert (plan.bid_fen, plan.daily_budget_fen, plan.learning_state) == (8050, None, LearningState.NONE)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("PROMOTION_STATUS_ENABLE", ["AUDIT"], DeliveryStatus.IN_REVIEW),
        ("PROMOTION_STATUS_ENABLE", ["AUDIT_DENY", "NO_SCHEDULE"], DeliveryStatus.REJECTED),
        ("PROMOTION_STATUS_DISABLE", ["DISABLED", "OFFLINE_BALANCE"], DeliveryStatus.PAUSED),
        ("PROMOTION_STATUS_ENABLE", ["PROJECT_DISABLED"], DeliveryStatus.CAMPAIGN_PAUSED),
        ("PROMOTION_STATUS_ENABLE", ["OFFLINE_BALANCE"], DeliveryStatus.OUT_OF_BALANCE),
        ("PROMOTION_STATUS_ENABLE", ["PROMOTION_OFFLINE_BUDGET"], DeliveryStatus.OUT_OF_BUDGET),
        ("PROMOTION_STATUS_ENABLE", ["NO_SCHEDULE"], DeliveryStatus.OUT_OF_SCHEDULE),
        ("PROMOTION_STATUS_ENABLE", ["TIME_NO_REACH"], DeliveryStatus.NOT_STARTED),
        ("PROMOTION_STATUS_ENABLE", ["AWEME_ACCOUNT_OPTIMIZABLE"], DeliveryStatus.DELIVERING),
        ("PROMOTION_STATUS_ENABLE", ["LIVE_ROOM_OFF"], DeliveryStatus.UNKNOWN),
        ("PROMOTION_STATUS_FROZEN", [], DeliveryStatus.FROZEN),
        ("PROMOTION_STATUS_DONE", [], DeliveryStatus.ENDED),
        ("PROMOTION_STATUS_DELETED", [], DeliveryStatus.DELETED),
        ("SOMETHING_NEW", [], DeliveryStatus.UNKNOWN),
    ],
)
def test_why_a_promotion_does_not_deliver(first, second, status):
    assert promotion(status_first=first, status_second=second).delivery_status is status


def test_a_refused_material_is_a_partial_rejection():
    materials = {
        "video_material_list": [{"material_status": "MATERIAL_STATUS_OFFLINE_AUDIT"}],
        "title_material_list": 0,
    }
    assert promotion(promotion_materials=materials).review_state is ReviewState.PARTLY_REJECTED


def test_an_infinite_project_budget_is_none():
    item = {"project_id": 1, "name": "x", "delivery_setting": {"budget_mode": "BUDGET_MODE_INFINITE", "budget": 0.0}}
    assert mapping.campaign_from_project(item).daily_budget_fen is None


def test_partial_failure_behind_code_zero():
    data = {"promotion_ids": [11], "errors": [{"promotion_id": "12", "error_message": "预算过低"}]}
    results = mapping.item_results(data, asked=("11", "12", "13"), id_field="promotion_id", ids_field="promotion_ids")
    assert [(item.remote_id, item.is_accepted, item.message) for item in results] == [
        ("11", True, ""),
        ("12", False, "预算过低"),
        ("13", False, ""),
    ]


def test_reject_reasons_name_the_item():
    data = {
        "list": [
            {
                "promotion_id": 11,
                "promotion_reject": [{"content": "应用名", "reject_reason": ["夸大"], "suggestion": None}],
                "material_reject": [
                    {"type": "CREATIVE_TITLE", "item": "稳赚", "reject_reason": ["违规"], "suggestion": ["改"]}
                ],
            }
        ]
    }
    first, second = mapping.reject_reasons_from(data)
    assert (first.item, first.kind, first.reasons, first.suggestions) == ("应用名", "plan", ("夸大",), ())
    assert (second.item, second.kind, second.suggestions) == ("稳赚", "creative_title", ("改",))


def test_report_rows_are_strings_on_the_wire_and_integers_here():
    metrics = {
        "stat_cost": "123.45",
        "show_cnt": "1000",
        "click_cnt": "20",
        "convert_cnt": "2",
        "attribution_convert_cnt": "3",
        "deep_convert_cnt": "1",
        "stat_pay_amount": "88.00",
        "total_play": "900",
        "play_duration_3s": "400",
        "play_over": "50",
        "average_play_time_per_play": "5.32",
        "dy_like": "7",
        "dy_comment": "1",
        "dy_share": "",
        "dy_follow": None,
    }
    silent = {
        "dimensions": {"stat_time_hour": "2026-05-01 14", "cdp_promotion_id": "1"},
        "metrics": {"stat_cost": "0.0"},
    }
    data = {
        "rows": [
            {"dimensions": {"stat_time_hour": "2026-05-01 13:00:00", "cdp_promotion_id": "7301"}, "metrics": metrics},
            silent,
        ]
    }
    assert reports.rows_from_report(data) == [
        MetricRow("7301", date(2026, 5, 1), 13, 1000, 20, 12345, 2, 3, 1, 8800, 900, 400, 50, 4788000, 7, 1, 0, 0)
    ]


def test_a_report_row_without_an_hour_is_malformed():
    row = {"dimensions": {"stat_time_hour": "yesterday", "cdp_promotion_id": "1"}, "metrics": {"show_cnt": "1"}}
    with pytest.raises(errors.Malformed):
        reports.rows_from_report({"rows": [row]})


def test_a_project_is_written_strictly():
    targeting = Targeting(
        gender=Gender.FEMALE,
        ages=(AgeBand.AGE_31_40, AgeBand.AGE_50_UP),
        region_codes=(11,),
        systems=(DeviceSystem.IOS,),
        interest_ids=(5,),
        exclude_audience_ids=(9,),
        is_expansion_on=True,
    )
    draft = campaign_draft(
        "春季",
        targeting=targeting,
        daily_budget_fen=300_050,
        start_on=date(2026, 11, 22),
        end_on=date(2026, 12, 1),
        is_enabled=False,
    )
    assert drafts.project_body(ACCOUNT, draft, inventory_type="INVENTORY_FEED") == {
        "advertiser_id": 1700000000000000007,
        "name": "春季",
        "operation": "DISABLE",
        "delivery_mode": "MANUAL",
        "ad_type": "ALL",
        "landing_type": "LINK",
        "marketing_goal": "VIDEO_AND_IMAGE",
        "delivery_range": {"inventory_catalog": "MANUAL", "inventory_type": ["INVENTORY_FEED"]},
        "delivery_setting": {
            "bid_type": "CUSTOM",
            "pricing": "PRICING_OCPM",
            "schedule_type": "SCHEDULE_START_END",
            "start_time": "2026-11-22",
            "end_time": "2026-12-01",
            "budget_mode": "BUDGET_MODE_DAY",
            "budget": 3000.5,
        },
        "optimize_goal": {"external_action": "AD_CONVERT_TYPE_FORM"},
        "audience": {
            "gender": "GENDER_FEMALE",
            "district": "REGION",
            "region_version": "2.3.2",
            "city": [11],
            "location_type": "ALL",
            "age": ["AGE_BETWEEN_31_40", "AGE_ABOVE_50"],
            "platform": ["IOS"],
            "interest_action_mode": "CUSTOM",
            "interest_categories": [5],
            "retargeting_tags_exclude": [9],
        },
        "audience_extend": "ON",
    }


def test_a_promotion_is_written_strictly():
    schedule = "01" * 168
    draft = plan_draft(
        schedule=schedule,
        materials=(
            MaterialRef(MaterialKind.VIDEO_VERTICAL, "v1", "c1"),
            MaterialRef(MaterialKind.VIDEO, "v2"),
            MaterialRef(MaterialKind.IMAGE, "i1"),
        ),
    )
    assert drafts.promotion_body(ACCOUNT, draft) == {
        "advertiser_id": 1700000000000000007,
        "project_id": 7300000000000000001,
        "name": "计划 #k7f3q",
        "operation": "DISABLE",
        "source": "安心保险",
        "budget_mode": "BUDGET_MODE_DAY",
        "budget": 500,
        "cpa_bid": 80.5,
        "schedule_time": schedule,
        "promotion_materials": {
            "title_material_list": [{"title": "三分钟了解保障"}],
            "video_material_list": [
                {"image_mode": "CREATIVE_IMAGE_MODE_VIDEO_VERTICAL", "video_id": "v1", "video_cover_id": "c1"},
                {"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "video_id": "v2"},
            ],
            "image_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_LARGE", "images": [{"image_id": "i1"}]}],
            "external_url_material_list": ["https://example.com/form"],
            "call_to_action_buttons": ["立即咨询"],
        },
    }


def test_nothing_is_null_on_the_wire():
    draft = plan_draft(bid_type=BidType.MAX_CONVERSION, bid_fen=None, daily_budget_fen=None, brand_name="")
    body = drafts.promotion_body(ACCOUNT, draft)
    assert b"null" not in orjson.dumps(body)
    assert not {"cpa_bid", "budget", "budget_mode", "source", "schedule_time"} & set(body)


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [({"bid_fen": None}, "bid_fen"), ({"schedule": "0" * 336}, "schedule"), ({"schedule": "1" * 168}, "schedule")],
)
def test_what_would_mean_something_else_is_refused_before_it_is_sent(fields, blamed):
    phone, machine = connector(ok({"promotion_id": 1}))
    with pytest.raises(errors.Rejected) as raised:
        phone.create_plan(access_to(Platform.DOUYIN), plan_draft(**fields))
    assert raised.value.field == blamed
    assert machine.requests == []


def test_each_platform_names_its_placement():
    for kind, inventory in ((DouyinConnector, "INVENTORY_AWEME_FEED"), (ToutiaoConnector, "INVENTORY_FEED")):
        phone, machine = connector(ok({"project_id": 1}), kind=kind)
        phone.create_campaign(access_to(kind.platform), campaign_draft())
        sent = orjson.loads(machine.requests[0].content)
        assert sent["delivery_range"]["inventory_type"] == [inventory]


def test_projects_of_other_placements_are_left_out():
    def project(number, inventory):
        return {"project_id": number, "name": str(number), "delivery_range": {"inventory_type": inventory}}

    items = [project(1, ["INVENTORY_AWEME_FEED"]), project(2, ["INVENTORY_FEED"]), project(3, [])]
    phone, _ = connector(ok({"list": items, "page_info": {"total_number": "3", "total_page": 1}}))
    assert [found.remote_id for found in phone.list_campaigns(access_to(Platform.DOUYIN)).items] == ["1", "3"]


def test_arrays_and_objects_travel_as_json_in_the_query():
    phone, machine = connector(ok({"list": [], "page_info": {"total_number": 0, "total_page": 0}}))
    phone.read_plans(access_to(Platform.DOUYIN), ["11", "12"])
    query = machine.requests[0].url.params
    assert orjson.loads(query["filtering"]) == {"ids": [11, 12], "status_first": "PROMOTION_STATUS_ALL"}
    assert query["advertiser_id"] == ACCOUNT
    assert machine.requests[0].url.path == "/open_api/v3.0/promotion/list/"


def test_the_authorised_list_sends_its_token_in_the_query_only():
    granted = {"account_id": 7, "account_name": "一号", "account_type": "ADVERTISER", "company_list": None}
    phone, machine = connector(ok({"list": [granted]}))
    (account,) = phone.list_accounts(access_to(Platform.DOUYIN), secret="s")
    assert (account.remote_id, account.name, account.company) == ("7", "一号", "")
    assert machine.requests[0].url.params["access_token"] == "secret-token"
    assert "Access-Token" not in machine.requests[0].headers


def test_customer_centres_are_expanded_to_their_accounts():
    centre = {"account_id": 99, "account_type": "CUSTOMER_ADMIN"}
    below = {"advertiser_id": 7, "advertiser_name": "一号"}
    phone, machine = connector(
        ok({"list": [centre]}), ok({"list": [below], "page_info": {"total_number": 1, "total_page": 1}})
    )
    assert [account.remote_id for account in phone.list_accounts(access_to(Platform.DOUYIN), secret="s")] == ["7"]
    assert machine.requests[1].url.params["cc_account_id"] == "99"


@pytest.mark.parametrize(
    ("change", "path", "item"),
    [
        (PlanChange("11", bid_fen=8051), "promotion/bid/update/", {"promotion_id": 11, "bid": 80.51}),
        (PlanChange("11", daily_budget_fen=60000), "promotion/budget/update/", {"promotion_id": 11, "budget": 600}),
        (
            PlanChange("11", schedule=""),
            "promotion/schedule_time/update/",
            {"promotion_id": 11, "schedule_time": "1" * 336},
        ),
        (
            PlanChange("11", status=SwitchStatus.PAUSED),
            "promotion/status/update/",
            {"promotion_id": 11, "opt_status": "DISABLE"},
        ),
    ],
)
def test_changes_go_to_their_own_endpoint(change, path, item):
    phone, machine = connector(ok({"promotion_ids": [11]}))
    phone.change_plans(access_to(Platform.DOUYIN), (change,))
    assert machine.requests[0].url.path == f"/open_api/v3.0/{path}"
    assert orjson.loads(machine.requests[0].content) == {"advertiser_id": int(ACCOUNT), "data": [item]}


def test_a_change_of_two_fields_is_a_programming_error():
    phone, _ = connector(ok({}))
    with pytest.raises(ValueError, match="exactly one field"):
        phone.split_changes([PlanChange("11", bid_fen=1, name="x")])


def test_pages_of_a_report_are_asked_to_the_end():
    def answer(request):
        page = int(request.url.params["page"])
        rows = [
            {
                "dimensions": {"stat_time_hour": "2026-05-01 13", "cdp_promotion_id": str(100 * page + number)},
                "metrics": {"show_cnt": "1"},
            }
            for number in range(100 if page < 3 else 1)
        ]
        return ok({"rows": rows, "page_info": {"total_number": 201, "total_page": 3}})

    phone, machine = connector(answer)
    day = date(2026, 5, 1)
    rows = flat(phone.read_hourly(access_to(Platform.DOUYIN), first_on=day, last_on=day))
    assert len(rows) == 201
    assert [request.url.params["page"] for request in machine.requests] == ["1", "2", "3"]
    assert machine.requests[0].url.params["start_time"] == "2026-05-01 00:00:00"
    assert machine.requests[0].url.params["end_time"] == "2026-05-01 23:59:59"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40000, errors.Rejected),
        (40002, errors.PermissionDenied),
        (40200, errors.OutOfFunds),
        (40100, errors.RateLimited),
        (40110, errors.RateLimited),
        (40130, errors.RateLimited),
        (40102, errors.AuthExpired),
        (40105, errors.AuthExpired),
        (40103, errors.AuthRevoked),
        (40107, errors.AuthRevoked),
        (40104, errors.Rejected),
        (40113, errors.PermissionDenied),
        (40115, errors.Rejected),
        (40118, errors.PermissionDenied),
        (40119, errors.PermissionDenied),
        (40300, errors.PermissionDenied),
        (40501, errors.NotFound),
        (40900, errors.Rejected),
        (50000, errors.Transient),
        (61002, errors.QuotaExhausted),
        (99999, errors.Rejected),
    ],
)
def test_every_code_has_its_meaning(code, kind):
    error = codes.error_for(code, "message", request_id="r9", headers=httpx.Headers())
    assert type(error) is kind
    assert (error.code, error.request_id) == (str(code), "r9")


def test_a_daily_quota_resets_at_midnight_in_china(time_machine):
    time_machine.move_to("2026-11-22 23:30:00+08:00")
    error = codes.error_for(61002, "quota", request_id="", headers=httpx.Headers())
    assert error.resets_at == datetime(2026, 11, 23, tzinfo=MEDIA_TIMEZONE)


def test_a_refresh_with_a_used_token_asks_for_a_person():
    phone, _ = connector(refused(40103, "refresh_token is used"))
    with pytest.raises(errors.AuthRevoked):
        phone.refresh(application_id="42", secret="s", refresh_token="r")


def test_the_authorize_page_gets_state_and_redirect():
    phone, _ = connector(ok({}))
    url = httpx.URL(phone.authorize_url(application_id="42", state="a/b", redirect_url="https://us.test/back?x=1"))
    assert url.path == "/oauth.html"
    assert dict(url.params) == {
        "app_id": "42",
        "state": "a/b",
        "redirect_uri": "https://us.test/back?x=1",
        "material_auth": "1",
    }
