"""What every dialect gets for nothing: limits, faults, control, survival."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.clock import Clock, day_of, half_hour_of_week, local, parse, stamp
from media_connectors.mockserver.config import MockConfig
from media_connectors.mockserver.faults import Faults
from media_connectors.mockserver.limits import Limiter, LimitRules

from .oceanengine.conftest import CONFIG, Ocean, promotion_body

CREATE = "/open_api/v3.0/promotion/create/"
LIST = "/open_api/v3.0/promotion/list/"


@pytest.fixture
def ocean() -> Iterator[Ocean]:
    client = Ocean(create_app(CONFIG))
    yield client
    client.http.close()
    client.app.close()


# -- clock ------------------------------------------------------------------------------------------------------------


def test_days_are_shanghais() -> None:
    assert day_of(parse("2026-11-16 00:00:00")) == "2026-11-16"
    assert stamp(parse("2026-11-16") - 1) == "2026-11-15 23:59:59"
    assert local(0).hour == 8
    assert half_hour_of_week(parse("2026-11-16 00:00:00")) == 0
    assert half_hour_of_week(parse("2026-11-22 23:59:59")) == 335


def test_the_clock_runs_at_its_speed_and_never_back() -> None:
    wall = [1000.0]
    clock = Clock("x60", start=0.0, wall=lambda: wall[0])
    wall[0] += 10
    assert clock.now() == 600.0
    assert clock.lifetime_now() == 1010.0
    clock.set_mode("stepped")
    wall[0] += 10
    assert clock.now() == 600.0
    clock.advance(50)
    assert clock.now() == 650.0
    assert clock.lifetime_now() == 1070.0
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="one of real, x60, stepped"):
        clock.set_mode("moon")


# -- limits -----------------------------------------------------------------------------------------------------------


def limiter(**rules: object) -> tuple[Limiter, list[float]]:
    now = [100.0]
    return Limiter(LimitRules.from_record(rules), monotonic=lambda: now[0]), now


def test_the_window_slides_over_one_second() -> None:
    limits, now = limiter(developer={"default": 2})
    assert [limits.check("/a", 1, None).layer for _ in range(3)] == ["", "", "developer"]
    assert limits.check("/b", 1, None).layer == ""
    assert limits.check("/a", 2, None).layer == ""
    now[0] += 0.999
    refused = limits.check("/a", 1, None)
    assert refused.layer == "developer"
    assert refused.headers()["X-RateLimit-RetryIn"] == "0.001"
    now[0] += 0.001
    passed = limits.check("/a", 1, None)
    assert (passed.layer, passed.headers()["X-RateLimit-Remaining"]) == ("", "1")


def test_a_refusal_of_the_account_does_not_use_the_developers_quota() -> None:
    limits, _ = limiter(account={"default": 1}, developer={"default": 2})
    assert [limits.check("/a", 1, 7).layer for _ in range(4)] == ["", "account", "account", "account"]
    assert limits.check("/a", 1, 8).layer == ""
    assert limits.check("/a", 1, 9).layer == "developer"


def test_everybody_shares_the_endpoints_limit() -> None:
    limits, _ = limiter(endpoint={"/a*": 2})
    assert [limits.check("/a", app, None).layer for app in (1, 2, 3)] == ["", "", "endpoint"]
    assert limits.check("/b", 1, None).layer == ""


def test_who_keeps_sending_is_punished_for_five_minutes() -> None:
    limits, now = limiter(developer={"default": 1}, penalty_factor=10)
    for _ in range(10):
        last = limits.check("/a", 1, None)
        now[0] += 0.1
    assert (last.layer, last.retry_in) == ("developer", 300.0)
    now[0] += 299
    assert limits.check("/a", 1, None).layer == "developer"
    now[0] += 1
    assert limits.check("/a", 1, None).layer == ""


@pytest.mark.parametrize("record", [{"moon": {}}, {"developer": {"default": 0}}, {"account": {"default": "5"}}])
def test_nonsense_limits_are_refused(record: dict) -> None:
    with pytest.raises(ValueError, match="limit"):
        LimitRules.from_record(record)


def test_limits_speak_the_vendors_codes_and_are_counted(ocean: Ocean) -> None:
    monotonic = [0.0]
    ocean.world.limiter._monotonic = lambda: monotonic[0]
    ocean.http.post("/control/api/limits", json={"limits": {"developer": {"default": 1}}})
    headers = {"Access-Token": ocean.token}
    path = f"{LIST}?advertiser_id={ocean.account}"
    first, second = (ocean.http.get(path, headers=headers) for _ in range(2))
    assert (first.json()["code"], first.headers["X-RateLimit-Remaining"]) == (0, "0")
    assert second.status_code == 200
    assert second.json()["code"] == 40110
    assert "data" not in second.json()
    assert second.headers["X-RateLimit-Dimension"] == "developer_qpm"
    assert second.headers["X-RateLimit-RetryIn"] == "1.000"
    calls = ocean.http.get("/control/api/calls").json()
    assert calls["over_limit"] == 1
    assert calls["limited"] == [{"medium": "oceanengine", "layer": "developer", "calls": 1}]


@pytest.mark.parametrize(("layer", "code"), [("account", 40130), ("developer", 40110), ("endpoint", 40100)])
def test_each_layer_of_limits_has_its_code_and_counts_what_it_says(ocean: Ocean, layer: str, code: int) -> None:
    """The account's limit counts per account, the developer's per app and path, the endpoint's everybody."""
    ocean.world.limiter._monotonic = lambda: 0.0
    ocean.http.post("/control/api/limits", json={"limits": {layer: {"default": 2}}})

    def ask(path: str, account: int) -> httpx.Response:
        return ocean.http.get(f"{path}?advertiser_id={account}", headers={"Access-Token": ocean.token})

    answers = [ask(LIST, ocean.account) for _ in range(3)]
    assert [answer.json()["code"] for answer in answers] == [0, 0, code]
    # The one documented dimension is the developer's: an account's limit is told by its refusal alone.
    told = answers[2:] if layer == "account" else answers
    assert [answer.headers.get("X-RateLimit-Remaining") for answer in told] == ["1", "0", "0"][-len(told) :]
    assert {answer.headers.get("X-RateLimit-Limit") for answer in told} == {"2"}
    assert all("X-RateLimit-Limit" not in answer.headers for answer in answers if answer not in told)
    assert ["X-RateLimit-RetryIn" in answer.headers for answer in answers] == [False, False, True]
    assert ask(LIST, ocean.other).json()["code"] == (0 if layer == "account" else code)
    assert ask("/open_api/v3.0/project/list/", ocean.account).json()["code"] == 0


def test_what_a_limit_refuses_changes_nothing(ocean: Ocean) -> None:
    project = ocean.project()
    ocean.world.limiter._monotonic = lambda: 0.0
    ocean.http.post("/control/api/limits", json={"limits": {"developer": {CREATE: 1}}})
    ocean.promotion(project, "一")
    assert ocean.refused("POST", CREATE, **promotion_body(project, "二"))[0] == 40110
    assert ocean.http.get("/control/api/names").json()["names"] == ["一"]


# -- faults -----------------------------------------------------------------------------------------------------------


def faulty(ocean: Ocean, fault: str, method: str = "GET", path: str = LIST, **given: object) -> httpx.Response:
    headers = {"Access-Token": ocean.token, "X-Mock-Fault": fault}
    given = {"advertiser_id": ocean.account, **given}
    if method == "GET":
        return ocean.http.get(path, params=given, headers=headers)
    return ocean.http.post(path, json=given, headers=headers)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("expired_token", 40102),
        ("account_disabled", 40002),
        ("out_of_funds", 40200),
        ("limit_account", 40130),
        ("limit_developer", 40110),
        ("limit_endpoint", 40100),
        ("system_error", 50000),
    ],
)
def test_a_fault_answers_with_the_vendors_code(ocean: Ocean, fault: str, code: int) -> None:
    answer = faulty(ocean, fault)
    assert answer.status_code == 200
    assert answer.json()["code"] == code
    assert ("X-RateLimit-RetryIn" in answer.headers) == fault.startswith("limit_")
    assert ocean.get(LIST)["list"] == []


def test_a_balance_can_be_set_whatever_was_spent(ocean: Ocean) -> None:
    def funds() -> dict:
        return ocean.get("/open_api/2/advertiser/fund/get/")

    for left in (0, 12.34, 5000):
        answer = ocean.http.post("/control/api/funds", json={"account": ocean.account, "balance_yuan": left})
        assert answer.json() == {"balance_yuan": left}
        told = funds()
        assert (told["balance"], told["valid_balance"]) == (left, left)
        assert min(told["cash"], told["grant"]) >= 0
    for wrong in ({"account": 1, "balance_yuan": 1}, {"account": ocean.account, "balance_yuan": -1}):
        assert ocean.http.post("/control/api/funds", json=wrong).status_code == 400
    assert funds()["balance"] == 5000


def test_gateway_errors_are_no_json(ocean: Ocean) -> None:
    answer = faulty(ocean, "server_error;status=503")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/html"


def test_a_handler_that_fails_answers_with_the_vendors_system_error(
    ocean: Ocean, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: int) -> list:
        raise KeyError("broken")

    monkeypatch.setattr(ocean.world.store, "plans_of", fail)
    assert ocean.refused("GET", LIST)[0] == 50000
    assert "KeyError: 'broken'" in caplog.text
    assert ocean.http.get("/control/api/calls").json()["failures"] == 1
    monkeypatch.undo()
    assert ocean.get(LIST)["list"] == []


def test_a_reset_before_changes_nothing_and_a_reset_after_does(ocean: Ocean) -> None:
    project = ocean.project()
    with pytest.raises(httpx.ReadError):
        faulty(ocean, "reset_before", "POST", CREATE, **promotion_body(project, "前"))
    assert ocean.get(LIST)["list"] == []
    with pytest.raises(httpx.ReadError):
        faulty(ocean, "reset_after", "POST", CREATE, **promotion_body(project, "后"))
    assert [row["promotion_name"] for row in ocean.get(LIST)["list"]] == ["后"]


def test_half_a_page_and_a_row_twice(ocean: Ocean) -> None:
    project = ocean.project()
    for number in range(4):
        ocean.promotion(project, str(number))
    half = faulty(ocean, "half_page").json()["data"]
    assert [row["promotion_name"] for row in half["list"]] == ["3", "2"]
    assert half["page_info"]["total_number"] == 4
    twice = faulty(ocean, "duplicate_ids").json()["data"]
    assert [row["promotion_name"] for row in twice["list"]] == ["3", "2", "1", "3"]


def test_a_body_that_breaks_off(ocean: Ocean) -> None:
    with pytest.raises(json.JSONDecodeError):
        faulty(ocean, "malformed_json").json()


def test_part_of_a_batch_fails_behind_code_zero(ocean: Ocean) -> None:
    project = ocean.project()
    ids = [ocean.promotion(project, str(number)) for number in range(10)]
    items = [{"promotion_id": each, "opt_status": "DISABLE"} for each in ids]
    path = "/open_api/v3.0/promotion/status/update/"
    body = faulty(ocean, "partial_failure;share=0.5", "POST", path, data=items).json()
    assert body["code"] == 0
    done, failed = body["data"]["promotion_ids"], [error["promotion_id"] for error in body["data"]["errors"]]
    assert sorted(done + failed) == sorted(ids)
    assert 0 < len(failed) < 10
    off = [row["promotion_id"] for row in ocean.get(LIST)["list"] if row["opt_status"] == "DISABLE"]
    assert sorted(off) == sorted(done)


def test_fresh_rows_hide_behind_the_read_lag(ocean: Ocean) -> None:
    monotonic = [50.0]
    ocean.world._monotonic = lambda: monotonic[0]
    ocean.http.post("/control/api/latency", json={"read_lag_ms": 1000})
    ocean.promotion(ocean.project())
    assert ocean.get(LIST)["list"] == []
    monotonic[0] += 1
    assert len(ocean.get(LIST)["list"]) == 1
    assert faulty(ocean, "read_lag;ms=3000").json()["data"]["list"] == []


def test_a_restated_day_comes_back_changed_in_that_answer_only(ocean: Ocean) -> None:
    ocean.promotion(ocean.project(), budget=20_000)
    ocean.advance(24 * 3600)
    given = {"start_date": "2026-11-16", "end_date": "2026-11-16"}
    path = "/open_api/2/report/ad/get/"
    before = ocean.get(path, **given)["list"][0]["show"]
    assert faulty(ocean, "restated_day;factor=2", path=path, **given).json()["data"]["list"][0]["show"] == 2 * before
    assert ocean.get(path, **given)["list"][0]["show"] == before


def test_a_scenario_strikes_where_and_as_often_as_told(ocean: Ocean) -> None:
    rule = {"name": "system_error", "path": "*/promotion/list/", "account_id": ocean.account, "count": 1}
    assert ocean.http.post("/control/api/faults", json=rule).status_code == 200
    assert ocean.call("GET", LIST, advertiser_id=ocean.other)["code"] == 0
    assert ocean.call("GET", "/open_api/v3.0/project/list/", advertiser_id=ocean.account)["code"] == 0
    assert ocean.call("GET", LIST, advertiser_id=ocean.account)["code"] == 50000
    assert ocean.call("GET", LIST, advertiser_id=ocean.account)["code"] == 0
    rules = ocean.http.get("/control/api/faults").json()["rules"]
    assert (rules[0]["count"], rules[0]["struck"]) == (0, 1)
    assert ocean.http.request("DELETE", "/control/api/faults").json() == {"removed": 1}


def test_a_probability_is_drawn_from_the_seed() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add({"name": "slow", "probability": 0.5})
        return ["slow" in faults.strike("m", "/p", None, None) for _ in range(64)]

    assert strikes(1) == strikes(1)
    assert strikes(1) != strikes(2)
    assert 16 < sum(strikes(1)) < 48


@pytest.mark.parametrize("record", [{"name": "moon"}, {"name": "slow", "when": "now"}])
def test_unknown_faults_are_refused(ocean: Ocean, record: dict) -> None:
    assert ocean.http.post("/control/api/faults", json=record).status_code == 400
    assert ocean.world.faults.rules == []


# -- control ----------------------------------------------------------------------------------------------------------


def test_names_list_every_live_plan_once(ocean: Ocean) -> None:
    project = ocean.project()
    first = ocean.promotion(project, "一")
    ocean.promotion(project, "二")
    ocean.post("/open_api/v3.0/promotion/delete/", promotion_ids=[first])
    assert ocean.http.get("/control/api/names").json() == {"count": 1, "distinct": 1, "names": ["二"]}
    plans = ocean.http.get("/control/api/plans", params={"account": ocean.account}).json()["plans"]
    assert [(plan["name"], plan["obstacles"]) for plan in plans] == [("二", ["in_review"])]
    assert ocean.http.get("/control/api/plans", params={"account": ocean.other}).json()["plans"] == []


def test_calls_are_counted_and_kept(ocean: Ocean) -> None:
    ocean.http.request("DELETE", "/control/api/calls")
    ocean.get(LIST)
    ocean.call("GET", LIST, advertiser_id=1)
    calls = ocean.http.get("/control/api/calls").json()
    assert calls["by_path"] == [{"medium": "oceanengine", "path": LIST, "calls": 2}]
    assert sorted((entry["code"], entry["calls"]) for entry in calls["by_code"]) == [(0, 1), (40002, 1)]
    assert [entry["account_id"] for entry in calls["latest"]] == [1, ocean.account]


def test_summary_accounts_clock_and_page(ocean: Ocean) -> None:
    ocean.promotion(ocean.project())
    assert ocean.http.get("/control/api/clock").json()["now"] == "2026-11-16 09:00:00"
    ocean.http.post("/control/api/clock", json={"advance": 600})
    summary = ocean.http.get("/control/api/summary").json()
    assert summary["media"]["oceanengine"]["delivering"] == 1
    rows = ocean.http.get("/control/api/accounts", params={"medium": "oceanengine"}).json()["accounts"]
    assert [(row["id"], row["plans"]) for row in rows] == [(ocean.account, 1), (ocean.other, 0)]
    page = ocean.http.get("/control/").text
    assert "2026-11-16 09:10:00" in page
    assert str(ocean.account) in page
    assert "<script src" not in page


def test_the_page_finds_plans_and_shows_what_is_set(ocean: Ocean) -> None:
    project = ocean.project()
    ocean.promotion(project, "甲<b>计划")
    ocean.promotion(project, "乙计划")
    ocean.http.post("/control/api/faults", json={"name": "slow", "path": "/open_api/*", "count": 2})
    ocean.http.post("/control/api/limits", json={"limits": {"developer": {"default": 7}}})
    page = ocean.http.get("/control/", params={"q": "甲<b>"}).text
    assert "甲&lt;b&gt;计划" in page
    assert "乙计划" not in page
    assert "甲<b>" not in page
    assert "7 calls/s per app and path" in page
    assert "<td>slow</td><td>*</td><td>/open_api/*</td><td>any</td><td class=n>1</td><td class=n>2</td>" in page
    everything = ocean.http.get("/control/").text
    assert "2 found" in everything
    assert "No faults" not in everything


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {"advance": -1}),
        ("clock", {"mode": "moon"}),
        ("limits", {"limits": {"moon": 1}}),
        ("limits", {}),
        ("accounts", {"medium": "moon"}),
        ("tokens", {"app_id": 1}),
        ("restate", {"account": 1, "date": "2026-11-16", "factor": 1}),
        ("latency", [1]),
    ],
)
def test_nonsense_is_answered_with_400(ocean: Ocean, path: str, body: object) -> None:
    answer = ocean.http.post(f"/control/api/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_reset_begins_anew(ocean: Ocean) -> None:
    ocean.promotion(ocean.project())
    ocean.http.post("/control/api/reset")
    assert ocean.http.get("/control/api/names").json()["count"] == 0
    assert ocean.refused("GET", LIST)[0] == 40105
    ocean.mint()
    assert ocean.get(LIST)["list"] == []


def test_new_accounts_are_seen_by_live_tokens(ocean: Ocean) -> None:
    answer = ocean.http.post("/control/api/accounts", json={"medium": "oceanengine", "count": 2})
    new = answer.json()["account_ids"]
    assert len(new) == 2
    assert ocean.call("GET", LIST, advertiser_id=new[1])["code"] == 0


def test_unknown_control_calls_are_404(ocean: Ocean) -> None:
    assert ocean.http.get("/control/api/moon").status_code == 404
    assert ocean.http.get("/moon").status_code == 404


# -- survival ---------------------------------------------------------------------------------------------------------


def restarted(directory: Path) -> Ocean:
    return Ocean(create_app(MockConfig(clock="stepped", start=CONFIG.start, deny_share=0.0, state_dir=directory)))


def test_everything_is_there_after_a_clean_restart(tmp_path: Path) -> None:
    first = restarted(tmp_path)
    promotion = first.promotion(first.project(), budget=20_000)
    first.advance(30 * 3600)
    plans = first.world.store.plans_of(first.account)
    before = first.world.reports.by_hour(plans, CONFIG.start, first.world.clock.now()).values
    row = first.find(promotion)
    first.app.close()
    second = restarted(tmp_path)
    assert second.find(promotion) == row
    plans = second.world.store.plans_of(second.account)
    after = second.world.reports.by_hour(plans, CONFIG.start, second.world.clock.now()).values
    assert (after == before).all()
    for ocean in (first, second):
        ocean.world.clock.advance(7200)
        ocean.world.tick()
    assert second.world.clock.now() == first.world.clock.now()


def test_an_answered_write_is_there_without_any_goodbye(tmp_path: Path) -> None:
    first = restarted(tmp_path)
    project = first.project()
    names = [f"计划{number}" for number in range(5)]
    for name in names:
        first.promotion(project, name)
    first.post("/open_api/v3.0/promotion/delete/", promotion_ids=[first.world.store.plan_at[0].id])
    with (tmp_path / "journal-000000.jsonl").open("ab") as journal:
        journal.write(b'[1.0,"Plan",{"id":1,"torn')
    second = restarted(tmp_path)
    assert sorted(row["promotion_name"] for row in second.get(LIST)["list"]) == names[1:]
    second.promotion(project, "计划5")
    second.promotion(project, "计划6")
    third = restarted(tmp_path)
    assert len(third.get(LIST)["list"]) == 6
    assert len({plan.id for plan in third.world.store.plan_at}) == 7


def test_a_snapshot_replaces_older_journals(tmp_path: Path) -> None:
    first = restarted(tmp_path)
    first.promotion(first.project())
    assert first.http.post("/control/api/snapshot").status_code == 200
    assert [path.name for path in tmp_path.glob("journal-*")] == []
    first.promotion(first.world.store.plan_at[0].campaign_id, "后来")
    second = restarted(tmp_path)
    assert sorted(row["promotion_name"] for row in second.get(LIST)["list"]) == ["单元", "后来"]
