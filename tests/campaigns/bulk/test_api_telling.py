"""What the API tells of a job: its rows, results and log, what a retry takes up, and to whom."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
from django.db import transaction
from openpyxl import load_workbook

from campaigns.domain.rows.reading import FIELDS, RESULT_COLUMNS
from campaigns.models import BulkRow
from tests.campaigns.bulk.callers import Api, as_csv, row, rows, specs
from tests.factories import OrganizationFactory, make_agency
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import JobEvent


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


# -- whose job ---------------------------------------------------------------------------------------------------------


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
