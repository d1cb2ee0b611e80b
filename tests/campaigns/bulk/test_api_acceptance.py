"""The bulk contract over HTTP: accepted once, refused with a reason, checked without a trace."""

from __future__ import annotations

import gzip
import io
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from django.db import connection, transaction
from django.test import Client

from campaigns.models import BulkRow, Plan
from campaigns.services.bulk.intake import XLSX_TYPE
from campaigns.services.bulk.limits import FORMAT_LIMITS
from tests.campaigns.bulk.callers import Api, as_csv, as_ndjson, as_xlsx, row, rows, slug, specs
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job


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


# -- refusals ----------------------------------------------------------------------------------------------------------


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


# -- checking only -----------------------------------------------------------------------------------------------------


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
