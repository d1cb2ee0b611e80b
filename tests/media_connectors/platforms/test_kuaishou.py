"""Kuaishou's words and units, on payloads as noisy as the real ones."""

from datetime import date, timedelta

import httpx
import orjson
import pytest

from media_connectors import errors
from media_connectors.contracts import (
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
from media_connectors.platforms.kuaishou import codes, contents, drafts, mapping, reports
from media_connectors.platforms.kuaishou.connector import KuaishouConnector
from media_connectors.platforms.wire import media_day
from tests.media_connectors.fakes import AnsweringMachine, access_to, flat, media_http, ok, refused
from tests.media_connectors.rows import campaign_draft, creative_draft, plan_draft

ACCOUNT = "20000800"
UNIT = {
    "unit_id": 3822245,
    "unit_name": "计划 #k7f3q",
    "campaign_id": "25132692",
    "status": 20,
    "put_status": 1,
    "study_status": 1,
    "review_status": 2,
    "bid_type": 10,
    "bid": None,
    "cpa_bid": 80500,
    "day_budget": 500000,
    "day_budget_schedule": [],
    "schedule_time": None,
    "scene_id": None,
    "end_time": None,
    "convert_id": 0,
    "target": {"region": None},
    "review_detail": "",
    "create_time": "2026-11-22 10:00:00",
    "update_time": "2026-11-22 11:00:00",
}


def unit(**changed):
    return mapping.plan_from_unit({**UNIT, **changed})


def connector(*answers):
    machine = AnsweringMachine(*answers)
    return KuaishouConnector(
        media_http(Vendor.KUAISHOU, machine), authorize_page="https://media.test/authorize"
    ), machine


def access():
    return access_to(Platform.KUAISHOU, ACCOUNT)


def sent(machine, number=0):
    return orjson.loads(machine.requests[number].content)


def test_a_unit_is_read_in_our_words_and_units():
    plan = unit()
    assert (plan.remote_id, plan.campaign_remote_id, plan.bid_fen, plan.daily_budget_fen) == (
        "3822245",
        "25132692",
        8050,
        50000,
    )
    assert (plan.status, plan.delivery_status) == (SwitchStatus.ENABLED, DeliveryStatus.DELIVERING)
    assert (plan.learning_state, plan.review_state, plan.schedule) == (
        LearningState.LEARNING,
        ReviewState.APPROVED,
        "",
    )


def test_a_budget_of_zero_is_unlimited():
    assert unit(day_budget=0).daily_budget_fen is None
    assert unit(day_budget=None).daily_budget_fen is None


def test_hours_become_half_hours():
    assert unit(schedule_time="10" * 84).schedule == "1100" * 84


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (1, DeliveryStatus.CAMPAIGN_PAUSED),
        (3, DeliveryStatus.OUT_OF_BUDGET),
        (6, DeliveryStatus.OUT_OF_BALANCE),
        (10, DeliveryStatus.DELETED),
        (11, DeliveryStatus.IN_REVIEW),
        (12, DeliveryStatus.REJECTED),
        (14, DeliveryStatus.ENDED),
        (15, DeliveryStatus.PAUSED),
        (17, DeliveryStatus.OUT_OF_BUDGET),
        (19, DeliveryStatus.NOT_STARTED),
        ("20", DeliveryStatus.DELIVERING),
        (22, DeliveryStatus.OUT_OF_SCHEDULE),
        (-1, DeliveryStatus.UNKNOWN),
    ],
)
def test_every_status_has_its_meaning(code, status):
    assert unit(status=code).delivery_status is status


def test_a_deleted_unit_is_deleted_whatever_its_switch_says():
    assert unit(status=10, put_status=1).status is SwitchStatus.DELETED


@pytest.mark.parametrize(("review", "state"), [(1, "pending"), (2, "approved"), (3, "rejected"), (7, "pending")])
def test_review_states(review, state):
    assert unit(review_status=review).review_state == state


def test_a_review_without_its_own_field_is_told_by_the_status():
    assert unit(review_status=None, status=12).review_state is ReviewState.REJECTED


def test_an_answer_without_ids_and_errors_means_that_all_were_taken():
    assert all(result.is_accepted for result in mapping.item_results({}, asked=("1", "2")))


def test_partial_failure_behind_code_zero():
    data = {"unit_ids": [1], "errors": [{"id": 2, "error_msg": "出价不能高于预算"}]}
    results = mapping.item_results(data, asked=("1", "2"))
    assert [(item.is_accepted, item.message) for item in results] == [(True, ""), (False, "出价不能高于预算")]


def test_report_rows_count_behaviours_as_clicks_and_keep_both_conversion_times():
    details = {
        "unit_id": 3822245,
        "stat_date": "2026-05-01",
        "stat_hour": 13,
        "charge": 123.45,
        "show": 1000,
        "aclick": 990,
        "bclick": 20,
        "conversion_num": 2,
        "conversion_num_by_impression_7d": 3,
        "deep_conversion_num": 1,
        "event_pay_weighted_purchase_amount": 0.0,
        "event_pay_purchase_amount": 88.0,
        "played_num": 900,
        "played_three_seconds": 400,
        "played_end": 50,
        "like": 7,
        "comment": 1,
        "share": None,
        "follow": 0,
    }
    silent = {"unit_id": 1, "stat_date": "2026-05-01", "stat_hour": 14, "charge": 0.0, "show": 0}
    assert reports.rows_from_report({"details": [details, silent]}) == [
        MetricRow("3822245", date(2026, 5, 1), 13, 1000, 20, 12345, 2, 3, 1, 8800, 900, 400, 50, 0, 7, 1, 0, 0)
    ]


def test_a_campaign_is_written_in_li():
    body = drafts.campaign_body(ACCOUNT, campaign_draft("春季", daily_budget_fen=500_050))
    assert body == {
        "advertiser_id": 20000800,
        "campaign_name": "春季",
        "type": 5,
        "ad_type": 0,
        "bid_type": 0,
        "day_budget": 5_000_500,
        "put_status": 1,
    }
    assert drafts.campaign_body(ACCOUNT, campaign_draft())["day_budget"] == 0


def test_a_unit_is_written_strictly():
    targeting = Targeting(
        gender=Gender.FEMALE,
        ages=(AgeBand.AGE_50_UP, AgeBand.AGE_18_23),
        region_codes=(110000,),
        systems=(DeviceSystem.IOS,),
        interest_ids=(5, 802, 80202),
        include_audience_ids=(8,),
        is_expansion_on=True,
    )
    schedule = "1100" * 84
    draft = plan_draft(campaign_remote_id="25132692", targeting=targeting, schedule=schedule, end_on=date(2026, 12, 1))
    assert drafts.unit_body(ACCOUNT, draft, region_ids=[471001]) == {
        "advertiser_id": 20000800,
        "campaign_id": 25132692,
        "unit_name": "计划 #k7f3q",
        "put_status": 2,
        "bid_type": 10,
        "ocpx_action_type": 53,
        "scene_id": [1],
        "unit_type": 4,
        "begin_time": "2026-11-22",
        "end_time": "2026-12-01",
        "day_budget": 500_000,
        "web_uri_type": 1,
        "url": "https://example.com/form",
        "cpa_bid": 80_500,
        "schedule_time": "10" * 84,
        "target": {
            "gender": 1,
            "platform_os": 2,
            "intelli_extend_option": 1,
            "region": [471001],
            "ages_range": [18, 50],
            "behavior_type": 1,
            "behavior_interest": {"interest": {"label": ["5", "8-802", "8-802-80202"], "strength_type": 0}},
            "population": [8],
        },
    }


def test_nothing_is_null_on_the_wire():
    draft = plan_draft(bid_type=BidType.MAX_CONVERSION, bid_fen=None, daily_budget_fen=None, campaign_remote_id="1")
    body = drafts.unit_body(ACCOUNT, draft, region_ids=[])
    assert b"null" not in orjson.dumps(body)
    assert (body["bid_type"], body["day_budget"]) == (12, 0)
    assert "cpa_bid" not in body


def test_both_systems_are_no_restriction():
    targeting = Targeting(systems=(DeviceSystem.ANDROID, DeviceSystem.IOS))
    draft = plan_draft(campaign_remote_id="1", targeting=targeting)
    assert drafts.unit_body(ACCOUNT, draft, region_ids=[])["target"]["platform_os"] == 0


@pytest.mark.parametrize("schedule", ["10" + "1" * 334, "0" * 336])
def test_what_would_mean_something_else_is_refused_before_it_is_sent(schedule):
    phone, machine = connector(ok({"unit_id": 1}))
    with pytest.raises(errors.Rejected) as raised:
        phone.create_plan(access(), plan_draft(campaign_remote_id="1", schedule=schedule))
    assert raised.value.field == "schedule"
    assert machine.requests == []


def test_one_material_is_a_custom_creative():
    phone, machine = connector(ok({"creative_id": 77}))
    assert phone.create_creative(access(), creative_draft(plan_remote_id="3822245")) == "77"
    assert machine.requests[0].url.path == "/rest/openapi/gw/dsp/creative/create"
    assert sent(machine) == {
        "advertiser_id": 20000800,
        "unit_id": 3822245,
        "creative_name": "创意 #k7f3q",
        "creative_material_type": 1,
        "action_bar_text": "立即咨询",
        "description": "三分钟了解保障",
        "photo_id": "5001",
        "image_token": "token-1",
    }


def test_many_materials_are_a_program_creative_of_a_program_unit():
    materials = (
        MaterialRef(MaterialKind.VIDEO_VERTICAL, "5001", "token-1"),
        MaterialRef(MaterialKind.VIDEO, "5002"),
        MaterialRef(MaterialKind.IMAGE, "market1.jpg"),
    )
    draft = plan_draft(campaign_remote_id="1", materials=materials)
    assert drafts.unit_body(ACCOUNT, draft, region_ids=[])["unit_type"] == 7
    phone, machine = connector(ok({"unit_id": 3822245}))
    draft = creative_draft(plan_remote_id="3822245", materials=materials, titles=("一", "二"))
    assert phone.create_creative(access(), draft) == "3822245"
    body = sent(machine)
    assert body["photo_list"] == [
        {"photo_id": 5001, "creative_material_type": 1, "cover_image_token": "token-1"},
        {"photo_id": 5002, "creative_material_type": 2},
    ]
    assert (body["captions"], body["pic_list"], body["package_name"]) == (["一", "二"], ["market1.jpg"], "创意 #k7f3q")


def test_changes_are_grouped_by_their_value():
    phone, _ = connector(ok({}))
    changes = [PlanChange(str(number), bid_fen=100 if number % 2 else 200) for number in range(24)]
    assert sorted(len(batch) for batch in phone.split_changes(changes)) == [2, 2, 10, 10]
    assert all(len({change.bid_fen for change in batch}) == 1 for batch in phone.split_changes(changes))
    names = [PlanChange(str(number), name=f"n{number}") for number in range(3)]
    assert [len(batch) for batch in phone.split_changes(names)] == [1, 1, 1]


def test_a_batch_carries_one_value_for_all_units():
    phone, machine = connector(ok({"unit_ids": [1, 2]}))
    phone.change_plans(access(), (PlanChange("1", bid_fen=8051), PlanChange("2", bid_fen=8051)))
    assert machine.requests[0].url.path == "/rest/openapi/v1/ad_unit/update/bid"
    assert sent(machine) == {"advertiser_id": 20000800, "unit_ids": [1, 2], "bid": 80510}


def test_a_name_goes_with_the_bid_type_that_the_media_wants_again():
    phone, machine = connector(ok({"total_count": 1, "details": [UNIT]}), ok({"unit_id": 3822245}))
    phone.change_plans(access(), (PlanChange("3822245", name="新"),))
    assert sent(machine, 1) == {"advertiser_id": 20000800, "unit_id": 3822245, "bid_type": 10, "unit_name": "新"}


def test_the_list_of_approvals_succeeds_with_code_one():
    approvals = httpx.Response(200, json={"code": 1, "message": "OK", "data": {"details": ["7", 8], "isEnd": True}})
    phone, machine = connector(approvals, ok({"user_name": "一号", "corporation_name": "安心"}))
    accounts = phone.list_accounts(access(), secret="s")
    assert [(account.remote_id, account.name) for account in accounts] == [("7", "一号"), ("8", "一号")]
    assert sent(machine)["secret"] == "s"


def test_code_one_is_a_failure_elsewhere():
    phone, _ = connector(httpx.Response(200, json={"code": 1, "message": "?", "data": {}}))
    with pytest.raises(errors.Rejected):
        phone.read_balance(access())


def test_days_that_the_media_refuses_are_not_asked_for(time_machine):
    time_machine.move_to("2026-11-22 12:00:00+08:00")
    phone, machine = connector(ok({"total_count": 0, "details": []}))
    rows = flat(phone.read_hourly(access(), first_on=date(2026, 11, 1), last_on=date(2026, 11, 22)))
    assert rows == []
    assert [sent(machine, number)["start_date"] for number in (0, -1)] == ["2026-11-16", "2026-11-22"]
    assert sent(machine)["temporal_granularity"] == "HOURLY"


def test_the_filter_of_changes_is_the_medias_day(time_machine):
    time_machine.move_to("2026-11-22 00:30:00+08:00")
    from django.utils import timezone

    phone, machine = connector(ok({"total_count": 0, "details": []}))
    phone.list_plans(access(), modified_since=timezone.now() - timedelta(hours=1))
    assert (sent(machine)["start_date"], sent(machine)["end_date"]) == ("2026-11-21", "2026-11-22")
    assert media_day(timezone.now()) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (402000, "access_token 已过期", errors.AuthExpired),
        (402004, "access_token 不合法", errors.AuthExpired),
        (400001, "系统繁忙", errors.Transient),
        (400001, "请求过于频繁，请稍后重试", errors.RateLimited),
        (401000, "今日修改次数已达上限", errors.QuotaExhausted),
        (401000, "广告组不存在", errors.NotFound),
        (401000, "没有权限操作该账户", errors.PermissionDenied),
        (401000, "没有广告主 18500001 的操作权限", errors.PermissionDenied),
        (401000, "没有选择人群，请检查权限", errors.Rejected),
        (401000, "账户余额不足", errors.OutOfFunds),
        (401000, "广告组名称重复", errors.Rejected),
        (777777, "who knows", errors.Rejected),
    ],
)
def test_codes_and_messages_have_their_meaning(code, message, kind):
    error = codes.error_for(code, message, request_id="r9", headers=httpx.Headers())
    assert type(error) is kind
    assert (error.code, error.message, error.request_id) == (str(code), message, "r9")


def test_a_refresh_with_a_used_token_asks_for_a_person():
    phone, _ = connector(refused(402004, "refresh_token 不合法"))
    with pytest.raises(errors.AuthRevoked):
        phone.refresh(application_id="42", secret="s", refresh_token="r")


def test_ids_may_be_numbers_or_text():
    phone, _ = connector(ok({"photo_id": None, "photoId": 5001, "signature": "m"}))
    uploaded = phone.upload(access(), kind=MaterialKind.VIDEO, filename="a.mp4", content=b"x", md5="m")
    assert (uploaded.remote_id, uploaded.is_ready) == ("5001", False)


def test_labels_are_paths_and_our_ids_their_last_numbers():
    labels = ["5", "8-802", "8-802-80202"]
    target = {"behavior_interest": {"behavior": None, "interest": {"label": labels, "strength_type": 0}}}
    assert contents.targeting_from(target, region_codes=()).interest_ids == (5, 802, 80202)
    assert [drafts.label_of(interest) for interest in (5, 802, 80202)] == labels
