"""The bulk contract over HTTP: accepted once, refused with a reason, read back as it came."""

from __future__ import annotations

import csv
import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from django.db import connection, transaction
from django.test import Client
from openpyxl import Workbook, load_workbook

from campaigns.domain.rows.reading import FIELDS, RESULT_COLUMNS
from campaigns.models import BulkRow, Plan
from campaigns.selectors.bulk.results import cell_text
from campaigns.services.bulk.intake import XLSX_TYPE
from campaigns.services.bulk.limits import FORMAT_LIMITS
from campaigns.services.bulk.preparing import prepare_job
from tests.campaigns.bulk.media import Media
from tests.campaigns.bulk.test_machine import POLICY
from tests.factories import OrganizationFactory, make_agency, make_api_token, make_member
from tests.media_connectors.rows import make_media_account
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job, JobEvent

ACCOUNT = "1700000000000000007"


class Api:
    """A caller with a token."""

    def __init__(
        self, organization: Any, *, role: str = "admin", scopes: list[str] | None = None, **member: Any
    ) -> None:
        self.organization = organization
        self.base = f"/api/v1/o/{organization.slug}/"
        self.token = make_api_token(organization, make_member(organization, role, **member), scopes)
        self.client = Client()

    def call(self, method: str, path: str, body: Any = b"", content_type: str = "application/json", **headers: str):
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.client.generic(method, self.base + path, data, content_type=content_type, headers=headers)

    def post(self, body: Any, query: str = "", *, key: str = "k1", **more: Any):
        if key:
            more["Idempotency_Key"] = key
        return self.call("POST", f"plans/bulk{query}", body, **more)

    def get(self, path: str, **headers: str):
        return self.call("GET", path, **headers)

    def count(self, model: Any) -> int:
        with organization_scope(self.organization.pk), transaction.atomic():
            return model.objects.count()

    def prepare(self, job_id: str) -> None:
        prepare_job(self.organization.pk, job_id, POLICY)


@pytest.fixture
def api(transactional_db: None) -> Api:
    organization = OrganizationFactory()
    make_media_account(organization, remote_id=ACCOUNT)
    return Api(organization)


def row(number: int = 0, **changes: Any) -> dict[str, Any]:
    media = Media("", {ACCOUNT: [{"kind": "video_vertical", "id": "v1", "cover_id": "c1"}]})
    return media.row("douyin", ACCOUNT, number, **changes)


def rows(count: int) -> list[dict[str, Any]]:
    return [row(number) for number in range(count)]


def as_csv(items: list[dict[str, Any]], *, note: bool = False) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(FIELDS)
    if note:
        writer.writerow(["# explained", *[""] * (len(FIELDS) - 1)])
    writer.writerows([cell_text(item.get(name)) for name in FIELDS] for item in items)
    return buffer.getvalue().encode()


def as_xlsx(items: list[dict[str, Any]]) -> bytes:
    book = Workbook()
    book.active.append(list(FIELDS))
    for item in items:
        book.active.append([cell_text(item.get(name)) for name in FIELDS])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_ndjson(items: list[dict[str, Any]]) -> bytes:
    return b"\n".join(map(orjson.dumps, items))


def specs(api: Api, job_id: str) -> list[dict[str, Any] | None]:
    with organization_scope(api.organization.pk), transaction.atomic():
        return list(BulkRow.objects.filter(job_id=job_id).order_by("row_index").values_list("spec", flat=True))


# -- acceptance ----------------------------------------------------------------------------------------------------


def test_a_request_becomes_a_job_that_can_be_looked_at(api: Api):
    answer = api.post({"options": {"on_error": "abort"}, "rows": rows(3)})
    assert answer.status_code == 202
    job = answer.json()
    assert answer["Location"] == f"{api.base}jobs/{job['id']}"
    assert answer["Retry-After"] == "2"
    assert (job["kind"], job["state"], job["on_error"]) == ("plans.create", "queued", "abort")
    assert (job["counts"]["total"], job["counts"]["received"]) == (3, 3)
    assert job["source"]["format"] == "json"
    assert answer["RateLimit-Policy"] == '"req";q=600;w=60, "rows";q=200000;w=86400'

    seen = api.get(f"jobs/{job['id']}")
    assert seen.json()["id"] == job["id"]
    again = api.get(f"jobs/{job['id']}", If_None_Match=seen["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    packed = api.get(f"jobs/{job['id']}", If_None_Match=f'"other", W/{seen["ETag"]}')
    assert packed.status_code == 304


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (orjson.dumps({"rows": rows(2)}), "application/json", ""),
        (as_ndjson(rows(2)), "application/x-ndjson", ""),
        (as_csv(rows(2)), "text/csv; charset=utf-8", ""),
        (b"\xef\xbb\xbf" + as_csv(rows(2), note=True), "text/csv", ""),
        (as_xlsx(rows(2)), XLSX_TYPE, ""),
        (gzip.compress(as_ndjson(rows(2))), "application/x-ndjson", "gzip"),
    ],
    ids=["json", "ndjson", "csv", "csv-with-note", "xlsx", "gzip"],
)
def test_every_format_gives_the_same_rows(api: Api, body: bytes, content_type: str, encoding: str):
    answer = api.post(body, content_type=content_type, **({"Content_Encoding": encoding} if encoding else {}))
    assert answer.status_code == 202, answer.content
    job_id = answer.json()["id"]
    api.prepare(job_id)
    found = specs(api, job_id)
    expected = api.post({"rows": rows(2)}, key="reference").json()["id"]
    api.prepare(expected)
    assert found == specs(api, expected)
    assert found[0] is not None
    assert (found[0]["bid_fen"], found[0]["budget_fen"], found[0]["titles"]) == (5000, 50000, ["三分钟了解保障"])


def test_a_form_upload_is_taken_by_its_file_name(api: Api):
    file = io.BytesIO(as_csv(rows(2)))
    file.name = "plans.csv"
    answer = api.client.post(
        api.base + "plans/bulk",
        {"file": file},
        headers={"Authorization": f"Bearer {api.token}", "Idempotency-Key": "form"},
    )
    assert answer.status_code == 202, answer.content
    assert (answer.json()["source"]["format"], answer.json()["source"]["filename"]) == ("csv", "plans.csv")


def test_the_same_key_and_body_give_the_same_job(api: Api):
    first = api.post({"rows": rows(2)})
    second = api.post({"rows": rows(2)})
    assert second.json()["id"] == first.json()["id"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert (api.count(Job), api.count(BulkRow)) == (1, 2)


def test_the_same_key_with_another_body_is_refused(api: Api):
    api.post({"rows": rows(2)})
    answer = api.post({"rows": rows(3)})
    assert (answer.status_code, slug(answer)) == (422, "idempotency-key-reused")
    other_option = api.post({"rows": rows(2)}, "?initial_status=enabled")
    assert other_option.status_code == 422
    assert api.count(BulkRow) == 2


def test_fifty_parallel_posts_of_one_key_make_one_job(api: Api):
    body = orjson.dumps({"rows": rows(5)})

    def send(_: int) -> tuple[int, str, bool]:
        try:
            caller = Api.__new__(Api)
            caller.__dict__ = {**api.__dict__, "client": Client()}
            answer = caller.post(body, key="parallel")
            return answer.status_code, answer.json()["id"], "Idempotency-Replayed" in answer
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(50)))
    assert {status for status, _, _ in answers} == {202}
    assert len({job_id for _, job_id, _ in answers}) == 1
    assert sum(is_replayed for _, _, is_replayed in answers) == 49
    assert (api.count(Job), api.count(BulkRow)) == (1, 5)


# -- refusals ------------------------------------------------------------------------------------------------------


def slug(answer: Any) -> str:
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()["type"].rpartition("/")[2]


@pytest.mark.parametrize(
    ("body", "more", "status", "expected"),
    [
        ({"rows": rows(1)}, {"key": ""}, 400, "idempotency-key-missing"),
        ({"rows": rows(1)}, {"key": "with space"}, 400, "idempotency-key-missing"),
        (b"<rows/>", {"content_type": "application/xml"}, 415, "unsupported-media"),
        (b"x", {"Content_Encoding": "br"}, 415, "unsupported-media"),
        (b"{", {}, 422, "validation-error"),
        ({"rows": []}, {}, 422, "validation-error"),
        ({"rows": rows(1), "row": []}, {}, 422, "validation-error"),
        ({"rows": ["x"]}, {}, 422, "validation-error"),
        ({"rows": rows(1), "options": {"initial_state": "enabled"}}, {}, 422, "validation-error"),
        ({"rows": rows(1)}, {"query": "?on_error=stop"}, 422, "validation-error"),
        ({"rows": [row(note="x\0y")]}, {}, 422, "validation-error"),
        (gzip.compress(b"[" + b" " * (1 << 25)), {"Content_Encoding": "gzip"}, 413, "payload-too-large"),
        (b"not gzip", {"Content_Encoding": "gzip"}, 422, "validation-error"),
        ({"rows": [row(note="x" * 70_000)]}, {}, 413, "payload-too-large"),
        (b"client_ref,budgt\n", {"content_type": "text/csv"}, 422, "validation-error"),
        (b"media\n", {"content_type": "text/csv"}, 422, "validation-error"),
        ("client_ref\n车险".encode("gbk"), {"content_type": "text/csv"}, 422, "validation-error"),
        (b"PK\x03\x04", {"content_type": XLSX_TYPE}, 422, "validation-error"),
        (b"{\n", {"content_type": "application/x-ndjson"}, 422, "validation-error"),
    ],
)
def test_a_bad_request_is_a_problem_and_leaves_nothing(api: Api, body, more, status, expected):
    query = more.get("query", "")
    answer = api.post(body, query, **{name: value for name, value in more.items() if name != "query"})
    assert (answer.status_code, slug(answer)) == (status, expected)
    assert (api.count(Job), api.count(BulkRow)) == (0, 0)


def test_too_many_rows_are_refused_whole(api: Api):
    answer = api.post({"rows": [{"client_ref": str(n)} for n in range(FORMAT_LIMITS["json"].rows + 1)]})
    assert (answer.status_code, slug(answer)) == (413, "payload-too-large")
    assert api.count(BulkRow) == 0


def test_an_unknown_column_is_named_with_its_letter(api: Api):
    answer = api.post(b"client_ref,budgt\na,1\n", content_type="text/csv")
    assert answer.json()["errors"] == [
        {"pointer": "/columns/1", "code": "unknown_field", "detail": "Unknown column budgt.", "column": "B"}
    ]


def test_the_56th_live_job_is_refused(api: Api):
    with organization_scope(api.organization.pk), transaction.atomic():
        Job.objects.bulk_create(
            [Job(kind="plans.create", is_row_driven=True, permission="plans:write") for _ in range(55)]
        )
    answer = api.post({"rows": rows(1)})
    assert (answer.status_code, slug(answer)) == (409, "job-limit")
    assert api.count(BulkRow) == 0


def test_more_rows_than_a_day_allows_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("xmagnet.web.api.throttling.ROWS_PER_DAY", 2)
    assert api.post({"rows": rows(2)}).status_code == 202
    answer = api.post({"rows": rows(1)}, key="k2")
    assert (answer.status_code, slug(answer)) == (429, "rate-limited")
    assert int(answer["Retry-After"]) > 0
    assert api.count(BulkRow) == 2


def test_starting_delivery_needs_its_own_permission(api: Api):
    limited = Api(api.organization, scopes=["plans:write", "jobs:read"])
    assert limited.post({"rows": rows(1)}, "?initial_status=enabled").status_code == 403
    assert api.count(Job) == 0
    assert limited.post({"rows": rows(1)}).status_code == 202


def test_reading_roles_may_not_create(api: Api):
    analyst = Api(api.organization, role="analyst")
    answer = analyst.post({"rows": rows(1)})
    assert (answer.status_code, slug(answer)) == (403, "forbidden-scope")
    assert api.count(Job) == 0


# -- checking only -------------------------------------------------------------------------------------------------


def test_validate_only_tells_everything_and_writes_nothing(api: Api):
    bad = row(1, budget=12, bid="much", typo=1, titles=["短"])
    answer = api.post({"rows": [row(0), bad, row(0, client_ref="copy")]}, "?validate_only=true")
    assert answer.status_code == 200
    body = answer.json()
    assert body["counts"] == {"total": 3, "invalid": 1, "valid": 2}
    first, second, third = body["rows"]
    assert (first["errors"], first["warnings"]) == ([], [])
    assert {(error["pointer"], error["code"]) for error in second["errors"]} == {
        ("/rows/1/budget", "budget_too_low"),
        ("/rows/1/bid", "not_an_amount"),
        ("/rows/1/typo", "unknown_field"),
        ("/rows/1/titles", "title_length"),
    }
    assert [warning["code"] for warning in third["warnings"]] == ["equal_to_row"]
    assert (api.count(Job), api.count(BulkRow), api.count(Plan)) == (0, 0, 0)


def test_many_rows_are_checked_by_a_job(api: Api):
    answer = api.post(as_ndjson(rows(1001)), "?validate_only=true", content_type="application/x-ndjson")
    assert (answer.status_code, answer.json()["kind"]) == (202, "plans.validate")
    api.prepare(answer.json()["id"])
    job = api.get(f"jobs/{answer.json()['id']}").json()
    assert (job["state"], job["counts"]["succeeded"], job["validate_only"]) == ("succeeded", 1001, True)
    assert api.count(Plan) == 0


def test_errors_speak_chinese_when_asked(api: Api):
    answer = api.post({"rows": [row(budget="")]}, "?validate_only=true", Accept_Language="zh-hans")
    (error,) = answer.json()["rows"][0]["errors"]
    assert (error["code"], error["pointer"]) == ("required", "/rows/0/budget")
    assert answer["Content-Language"] == "zh-hans"


def test_abort_sends_nothing_when_one_row_is_invalid(api: Api):
    job_id = api.post({"rows": [row(0), row(1, budget=1)]}, "?on_error=abort").json()["id"]
    api.prepare(job_id)
    job = api.get(f"jobs/{job_id}").json()
    assert (job["state"], job["counts"]["cancelled"], job["counts"]["invalid"]) == ("failed", 1, 1)
    first = api.get(f"jobs/{job_id}/rows").json()["items"][0]
    assert first["error"]["code"] == "aborted"


# -- rows, results, retry ------------------------------------------------------------------------------------------


def test_rows_are_paged_in_input_order_and_filtered(api: Api):
    job_id = api.post({"rows": [row(0), row(1, budget=1), row(2), row(3, budget=1)]}).json()["id"]
    api.prepare(job_id)
    page = api.get(f"jobs/{job_id}/rows?limit=3").json()
    assert [item["index"] for item in page["items"]] == [0, 1, 2]
    rest = api.get(f"jobs/{job_id}/rows?limit=3&after={page['next']}").json()
    assert ([item["index"] for item in rest["items"]], rest["next"]) == ([3], None)
    invalid = api.get(f"jobs/{job_id}/rows?state=invalid").json()["items"]
    assert [(item["index"], item["error"]["pointer"]) for item in invalid] == [
        (1, "/rows/1/budget"),
        (3, "/rows/3/budget"),
    ]
    assert api.get(f"jobs/{job_id}/rows?state=wrong").status_code == 422
    assert api.get(f"jobs/{job_id}/rows?after=forged").status_code == 422


def test_failed_rows_come_back_in_the_same_columns_and_can_be_sent_again(api: Api):
    items = [row(0, name="=HYPERLINK(1)"), row(1, budget=1, name="车险, “引号”")]
    job_id = api.post(as_csv(items), content_type="text/csv").json()["id"]
    api.prepare(job_id)
    answer = api.get(f"jobs/{job_id}/results?format=csv&state=invalid")
    content = b"".join(answer.streaming_content)
    header, line = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert header == [*FIELDS, *RESULT_COLUMNS]
    result = dict(zip(header, line, strict=True))
    assert (result["name"], result["result_state"], result["result_error_code"]) == (
        "车险, “引号”",
        "invalid",
        "budget_too_low",
    )
    corrected = content.replace(",1,", ",500,") if isinstance(content, str) else content.replace(b",1,", b",500,")
    second = api.post(corrected, content_type="text/csv", key="again")
    assert second.status_code == 202, second.content
    api.prepare(second.json()["id"])
    (spec,) = specs(api, second.json()["id"])
    assert spec is not None
    assert (spec["name"], spec["budget_fen"]) == ("车险, “引号”", 50000)


def test_formulas_are_escaped_on_the_way_out_and_restored_on_the_way_in(api: Api):
    job_id = api.post({"rows": [row(0, name="=1+1", budget=1)]}).json()["id"]
    api.prepare(job_id)
    content = b"".join(api.get(f"jobs/{job_id}/results?format=csv").streaming_content)
    (name,) = [line["name"] for line in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]
    assert name == "'=1+1"
    second = api.post(content, content_type="text/csv", key="again").json()["id"]
    with organization_scope(api.organization.pk), transaction.atomic():
        assert BulkRow.objects.get(job_id=second).source["name"] == "=1+1"


def test_results_as_workbook_and_lines(api: Api):
    job_id = api.post({"rows": rows(2)}).json()["id"]
    api.prepare(job_id)
    book = load_workbook(io.BytesIO(b"".join(api.get(f"jobs/{job_id}/results?format=xlsx").streaming_content)))
    values = list(book.active.values)
    assert len(values) == 3
    assert values[1][0] == "douyin-0"
    lines = b"".join(api.get(f"jobs/{job_id}/results").streaming_content).splitlines()
    assert [orjson.loads(line)["result"]["state"] for line in lines] == ["queued", "queued"]
    assert api.get(f"jobs/{job_id}/results?format=pdf").status_code == 422


def test_cancelling_leaves_nothing_to_send(api: Api):
    job_id = api.post({"rows": rows(2)}).json()["id"]
    api.prepare(job_id)
    answer = api.call("POST", f"jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert answer.json()["counts"]["cancelled"] == 2
    assert api.call("POST", f"jobs/{job_id}/cancel").status_code == 409


def test_the_log_tells_what_became_of_the_job(api: Api):
    job = api.post({"rows": [row(0), row(1, budget=1)]}).json()
    api.prepare(job["id"])
    api.call("POST", f"jobs/{job['id']}/cancel", {})
    child = api.call("POST", f"jobs/{job['id']}/retry", {"only": "all_failed"}).json()
    with organization_scope(api.organization.pk), transaction.atomic():
        lines = list(JobEvent.objects.filter(job_id=job["id"]).order_by("id").values_list("message", "data"))
    assert [code for code, _data in lines] == [
        "accepted", "checking", "checked", "cancel_asked", "ended_cancelled", "retried",
    ]  # fmt: skip
    told = dict(lines)
    assert (told["accepted"]["rows"], told["checked"]) == (2, {"valid": 1, "invalid": 1})
    assert told["ended_cancelled"] == {"succeeded": 0, "others": 2}
    assert (told["retried"]["rows"], told["retried"]["job"]) == (2, child["id"])


def test_a_retry_of_many_rows_reads_and_writes_them_in_pieces(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("xmagnet.core.batches.ROWS", 2)
    monkeypatch.setattr("campaigns.services.bulk.accept.ROWS", 2)
    job_id = api.post({"rows": [row(number) for number in range(5)]}).json()["id"]
    api.call("POST", f"jobs/{job_id}/cancel")
    child = api.call("POST", f"jobs/{job_id}/retry", {"only": "retryable"}).json()
    rows = api.call("GET", f"jobs/{child['id']}/rows").json()["items"]
    assert [one["client_ref"] for one in rows] == [row(number)["client_ref"] for number in range(5)]


def test_retry_makes_a_child_of_the_rows_that_did_not_succeed(api: Api):
    job_id = api.post({"rows": [row(0), row(1, budget=1)]}).json()["id"]
    api.prepare(job_id)
    api.call("POST", f"jobs/{job_id}/cancel")
    child = api.call("POST", f"jobs/{job_id}/retry", {"only": "retryable"})
    assert (child.status_code, child.json()["retry_of"]) == (202, job_id)
    assert child.json()["counts"]["total"] == 1  # the cancelled one; the invalid one must be corrected first
    assert api.call("POST", f"jobs/{job_id}/retry", {"only": "all_failed"}).json()["counts"]["total"] == 2
    assert api.call("POST", f"jobs/{job_id}/retry", {"refs": ["nobody"]}).status_code == 422
    assert api.call("POST", f"jobs/{job_id}/retry", {"which": 1}).status_code == 422


# -- whose job -----------------------------------------------------------------------------------------------------


def test_strangers_jobs_do_not_exist(api: Api):
    job_id = api.post({"rows": rows(1)}).json()["id"]
    stranger = Api(OrganizationFactory())
    agency = Api(api.organization, role="optimizer", agency=make_agency(api.organization))
    for other in (stranger, agency):
        for path in ("", "/rows", "/results"):
            assert other.get(f"jobs/{job_id}{path}").status_code == 404
        for path in ("/cancel", "/retry"):
            assert other.call("POST", f"jobs/{job_id}{path}").status_code == 404
        assert other.get("jobs").json()["items"] == []
    assert api.get(f"jobs/{job_id}").json()["state"] == "queued"


def test_an_account_that_the_caller_may_not_see_is_not_found(api: Api):
    agency = Api(api.organization, role="optimizer", agency=make_agency(api.organization))
    (item,) = agency.post({"rows": rows(1)}, "?validate_only=true").json()["rows"]
    assert [error["code"] for error in item["errors"]] == ["account_not_found"]


def test_template_and_limits_are_published(api: Api):
    template = api.get("plans/bulk/template?format=csv").content
    assert template.decode("utf-8-sig").splitlines()[0].split(",") == list(FIELDS)
    book = load_workbook(io.BytesIO(api.get("plans/bulk/template?format=xlsx").content))
    assert [cell.value for cell in book.active[1]] == list(FIELDS)
    assert str(book.active["A2"].value).startswith("# ")
    assert api.get("limits").json()["formats"]["ndjson"] == {"rows": 50_000, "bytes": 64 * 1024 * 1024}
    empty = api.post(template, content_type="text/csv")
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "no_rows")
