"""What is not understood is refused and changes nothing: names, values, files as spreadsheet programs leave them."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import openpyxl
import orjson
import pytest
from django.db import transaction
from django.urls import get_resolver

from campaigns.models import BulkRow
from campaigns.services.bulk.intake import XLSX_TYPE
from tests.api.test_schema import document
from tests.campaigns.bulk.callers import ACCOUNT, Api, as_csv, row, rows
from tests.factories import OrganizationFactory, make_campaign, make_plan
from tests.media_connectors.rows import make_media_account
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.webhooks.models import WebhookEndpoint

#: a number that Python will not read
LONG = "9" * 5_000
COLUMNS = ("client_ref", "media", "account_id", "name", "bid", "budget", "start_date", "interests", "landing_url")


@pytest.fixture
def api(db: None) -> Api:
    organization = OrganizationFactory()
    make_media_account(organization, remote_id=ACCOUNT)
    return Api(organization)


def errors(answer: Any, status: int = 422) -> list[tuple[str, str]]:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content
    return [(error["pointer"], error["code"]) for error in answer.json().get("errors", [])]


def check(api: Api, body: bytes, content_type: str, **headers: str) -> Any:
    return api.post(body, "?validate_only=true", content_type=content_type, **headers)


def found(answer: Any) -> list[tuple[str, str]]:
    """The errors of the only row."""
    assert answer.status_code == 200, answer.content
    (checked,) = answer.json()["rows"]
    return [(error["pointer"], error["code"]) for error in checked["errors"]]


def table(*cells: Any, **changes: Any) -> bytes:
    """A CSV of one row."""
    given = row(**changes)
    buffer = io.StringIO()
    csv.writer(buffer).writerows([COLUMNS, [given.get(name, "") for name in COLUMNS]])
    return buffer.getvalue().encode()


def workbook(**changes: Any) -> bytes:
    book = openpyxl.Workbook()
    given = row(**changes)
    book.active.append(COLUMNS)
    book.active.append([given.get(name) for name in COLUMNS])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# -- names and values ----------------------------------------------------------------------------------------------


def test_every_view_reads_the_parameters_that_its_document_names():
    (root,) = [one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "api"]
    told: dict[str, dict[str, set[str]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            told.setdefault(path.partition("{org}/")[2], {})[method.upper()] = names
    for include in root.url_patterns:
        for pattern in include.url_patterns:
            view = pattern.callback.cls
            path = str(pattern.pattern).replace("<int:", "{").replace("<str:", "{").replace(">", "}")
            for method in view.permissions:
                read = view.query.get(method, frozenset())
                assert read is None or read == told[path][method], (path, method)


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("limits?x=1", "/x", "unknown_field"),
        ("me?x=1", "/x", "unknown_field"),
        ("accounts?media=douyin", "/media", "unknown_field"),
        ("jobs?states=failed", "/states", "unknown_field"),
        ("jobs?state=fialed", "/state", "not_a_choice"),
        ("jobs?kind=plans.make", "/kind", "not_a_choice"),
        ("plans?budgte=500", "/budgte", "invalid_filter"),
        ("plans?fields=id,budgte", "/fields", "unknown_field"),
        ("plans?status=live", "/status", "invalid_filter"),
        ("plans?media__none_of=douyin|tiktok", "/media__none_of", "invalid_filter"),
        ("plans?agency=blue", "/agency", "invalid_filter"),
        ("plans?id=%D9%A3", "/id", "invalid_filter"),
        ("plans?created_on=x", "/created_on", "invalid_filter"),
        ("plans?deleted=maybe", "/deleted", "not_a_choice"),
        ("plans?compare=x", "/compare", "not_a_choice"),
        ("plans?status=paused&status=enabled", "/status", "repeated"),
        ("plans/bulk/template?format=pdf", "/format", "not_a_choice"),
        (f"plans/waiting-changes?plan={LONG}", "/plan", "invalid"),
        (f"campaigns?account={LONG}", "/account", "invalid"),
        (f"materials?account={LONG}", "/account", "invalid"),
    ],
)
def test_a_parameter_that_is_not_understood_is_refused_by_its_name(api: Api, path: str, pointer: str, code: str):
    assert errors(api.get(path)) == [(pointer, code)]


def test_refusals_are_in_words_and_in_chinese(api: Api):
    answer = api.get("plans?created_on=x", Accept_Language="zh-hans")
    assert answer.json()["detail"] == "“x”不是 2026-12-01 这样的日期。"


def test_an_option_given_twice_creates_nothing(api: Api):
    answer = api.post({"rows": rows(1)}, "?validate_only=true&validate_only=false")
    assert errors(answer) == [("/validate_only", "repeated")]
    assert api.count(Job) == 0


@pytest.mark.parametrize("callback_id", [LONG, "1", str(10**30), "0", "x"])
def test_a_callback_that_is_no_endpoint_of_ours_is_refused(api: Api, callback_id: str):
    stranger = OrganizationFactory()
    with organization_scope(stranger.pk), transaction.atomic():
        WebhookEndpoint.objects.create(pk=1, url="https://example.com/", encrypted_secret=b"x")
    ((pointer, _code),) = errors(api.post({"rows": rows(1)}, f"?callback_id={callback_id}"))
    assert pointer == "/options/callback_id"
    assert api.count(Job) == 0


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("plans/bulk-update", {"plan_ids": [1], "changes": {"bid": 50}, "accepts_void": "yes"}, "/accepts_void"),
        ("plans/bulk-update", {"plan_ids": [1], "changes": {"bid": 50}, "reason": 5}, "/reason"),
        ("plans/bulk-update", {"plan_ids": [True], "changes": {"bid": 50}}, "/plan_ids"),
        ("plans/bulk-update", {"plan_ids": [1], "changes": {"bid": 50}, "callback_id": 99}, "/callback_id"),
        ("plans/bulk-update", {"filter": {"statsu": "paused"}, "expected_count": 0, "changes": {"bid": 50}},
         "/filter/statsu"),
        ("plans/bulk-update", {"filter": {}, "expected_count": True, "changes": {"bid": 50}}, "/expected_count"),
        ("plans/undo", {"job_id": 5}, "/job_id"),
        ("plans/undo", {"job_id": "x", "accepts_void": 1}, "/accepts_void"),
        ("plans/labels?dry_run=1", {"plan_ids": [1], "add": ["x"]}, "/dry_run"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_understood_changes_nothing(api: Api, path: str, body: dict[str, Any], pointer: str):
    account = make_media_account(api.organization, remote_id="2")
    make_plan(account, campaign=make_campaign(account))
    assert errors(api.call("POST", path, body, Idempotency_Key="k"))[0][0] == pointer
    assert api.count(Job) == 0


@pytest.mark.parametrize("body", [{"pause_created": "yes"}, {"pause_created": 1}])
def test_cancelling_takes_only_true_and_false(api: Api, body: dict[str, Any]):
    job = api.post({"rows": rows(1)}).json()
    assert errors(api.call("POST", f"jobs/{job['id']}/cancel", body)) == [("/pause_created", "not_a_choice")]
    assert api.get(f"jobs/{job['id']}").json()["state"] == "queued"


def test_a_retry_refuses_a_key_that_cannot_be_one(api: Api):
    job = api.post({"rows": rows(1)}).json()
    answer = api.call("POST", f"jobs/{job['id']}/retry", {}, Idempotency_Key="a b")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("regions", [True], "not_a_number"),
        ("interests", [11, True], "not_a_number"),
        ("audiences_include", [True], "not_a_number"),
        ("account_id", True, "invalid"),
    ],
)
def test_true_is_no_id(api: Api, field: str, value: Any, code: str):
    answer = api.post({"rows": [row(**{field: value})]}, "?validate_only=true")
    assert (f"/rows/0/{field}", code) in found(answer)


def test_a_body_in_chunks_is_refused_not_ignored(api: Api):
    job = api.post({"rows": rows(1)}).json()
    answer = api.call("POST", f"jobs/{job['id']}/cancel", b"", Transfer_Encoding="chunked")
    assert errors(answer, 411) == []
    assert answer.json()["type"].endswith("/length-required")
    assert api.get(f"jobs/{job['id']}").json()["state"] == "queued"


def test_a_form_with_more_than_the_file_is_refused(api: Api):
    headers = {"Authorization": f"Bearer {api.token}", "Idempotency-Key": "k"}
    form = {"file": io.BytesIO(as_csv(rows(1))), "on_error": "abort"}
    form["file"].name = "plans.csv"
    answer = api.client.post(f"{api.base}plans/bulk", form, headers=headers)
    assert errors(answer) == [("/on_error", "unknown_field")]
    assert api.count(Job) == 0


# -- Prefer and ETag ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("respond-async", "respond-async"),
        ("Respond-Async; x=1", "respond-async"),
        ("respond-async, wait=0", "respond-async"),
        ("wait=x", None),
        ("handling=strict", None),
        ("", None),
    ],
)
def test_a_preference_that_was_followed_is_told(api: Api, prefer: str, applied: str | None):
    answer = api.post({"rows": rows(1)}, Prefer=prefer)
    assert (answer.status_code, answer.get("Preference-Applied")) == (202, applied)


def test_waiting_is_told_and_not_offered_for_many_rows(api: Api):
    assert api.post({"rows": rows(2)}, Prefer="wait=1, respond-async")["Preference-Applied"] == "wait=1"
    many = api.post({"rows": rows(101)}, key="k2", Prefer="wait=10")
    assert (many.status_code, many.get("Preference-Applied")) == (202, None)


@pytest.mark.parametrize("tag", ["*", '"x", {tag}', "W/{tag}"])
def test_a_job_that_is_known_is_not_sent_again(api: Api, tag: str):
    path = f"jobs/{api.post({'rows': rows(1)}).json()['id']}"
    answer = api.get(path, If_None_Match=tag.format(tag=api.get(path)["ETag"]))
    assert (answer.status_code, answer.content, answer["Retry-After"]) == (304, b"", "2")


# -- files as programs leave them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["gb18030", "GBK", "gb2312"])
def test_chinese_in_gb18030_is_read_when_the_type_says_so(api: Api, charset: str):
    content = as_csv([row(name="安心车险")]).decode().encode("gb18030")
    answer = api.post(content, content_type=f"text/csv; charset={charset}")
    assert answer.status_code == 202
    with organization_scope(api.organization.pk), transaction.atomic():
        assert BulkRow.objects.get().source["name"] == "安心车险"


def test_chinese_in_an_unnamed_charset_is_not_guessed(api: Api):
    content = as_csv([row(name="安心车险")]).decode().encode("gb18030")
    answer = check(api, content, "text/csv")
    assert errors(answer) == [("", "wrong_charset")]
    assert "charset=gb18030" in answer.json()["detail"]


@pytest.mark.parametrize(
    "content_type", ["text/csv; charset=latin-1", "application/json; charset=gbk", "text/csv; charset=x"]
)
def test_other_charsets_are_unsupported(api: Api, content_type: str):
    assert errors(check(api, b"{}", content_type), 415) == []


def test_byte_order_marks_are_passed_over(api: Api):
    mark = b"\xef\xbb\xbf"
    for content, content_type in (
        (orjson.dumps({"rows": rows(1)}), "application/json"),
        (orjson.dumps(row()), "application/x-ndjson"),
        (as_csv(rows(1)), "text/csv"),
    ):
        assert found(check(api, mark + content, content_type)) == []


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_quoted_line_breaks_count_as_lines(api: Api, ending: str):
    content = as_csv([row(name="a\nb"), row(1)]).decode().replace("\r\n", ending)
    lines = [one["line"] for one in check(api, content.encode(), "text/csv").json()["rows"]]
    assert lines == [2, 4]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xef\xbb\xbf", "no_header"),
        (as_csv([]), "no_rows"),
        (as_csv([]).replace(b"\r\n", b",bid\r\n"), "repeated_column"),
        (b"client_ref;media\r\nA;douyin\r\n", "not_comma_separated"),
        (b"client_ref\tmedia\r\nA\tdouyin\r\n", "not_comma_separated"),
        (b'client_ref\r\n"A', "not_csv"),
    ],
)
def test_a_table_that_is_none_says_what_it_lacks(api: Api, content: bytes, code: str):
    assert [found_code for _pointer, found_code in errors(check(api, content, "text/csv"))] == [code]


@pytest.mark.parametrize("length", [70_000, 140_000])
def test_a_row_that_is_too_long_is_told_as_that(api: Api, length: int):
    answer = check(api, as_csv([row(name="x" * length)]), "text/csv")
    assert answer.status_code == 413
    assert "64 KiB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (table(account_id="1.7E+18"), "text/csv"),
        (workbook(account_id=1.7e18), XLSX_TYPE),
        (workbook(account_id=int(ACCOUNT)), XLSX_TYPE),
    ],
)
def test_an_id_that_a_spreadsheet_rounded_is_told_as_that(api: Api, content: bytes, content_type: str):
    assert ("/rows/0/account_id", "digits_lost") in found(check(api, content, content_type))


def test_interests_that_a_spreadsheet_rounded_are_told_as_that(api: Api):
    assert ("/rows/0/interests", "digits_lost") in found(check(api, table(interests="11|1.7E+15"), "text/csv"))


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(table(start_date="46357"), "text/csv"), (workbook(start_date=46357), XLSX_TYPE)],
)
def test_a_day_that_lost_its_format_is_told_as_that(api: Api, content: bytes, content_type: str):
    assert ("/rows/0/start_date", "date_number") in found(check(api, content, content_type))


def test_numbers_of_workbooks_are_what_people_saw(api: Api):
    answer = api.post(workbook(bid=0.1 + 0.2 + 50, budget=500.0, interests=12.0), content_type=XLSX_TYPE)
    assert answer.status_code == 202
    with organization_scope(api.organization.pk), transaction.atomic():
        source = BulkRow.objects.get().source
    assert (source["bid"], source["budget"], source["interests"]) == ("50.3", "500", "12")


@pytest.mark.parametrize("bid", [1e30, 10**300, "9" * 5000, "1e999999999", float("1e400")])
def test_a_bid_of_more_than_all_the_money_there_is_is_refused(api: Api, bid: Any) -> None:
    body = json.dumps({"plan_ids": [1], "changes": {"bid": {"set": bid}}}).encode()
    answer = api.call("POST", "plans/bulk-update?validate_only=true", body)
    assert 400 <= answer.status_code < 500, answer.content


@pytest.mark.parametrize("values", [["\0", 1], [{}, 1], [[], 1]])
def test_a_cursor_of_what_the_database_cannot_hold_is_refused(api: Api, values: list[Any]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")
    for path in ("plans", "campaigns", "jobs"):
        assert api.call("GET", f"{path}?after={cursor}").status_code == 422, path
