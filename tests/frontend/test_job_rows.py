import csv
import io
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import BulkRow
from tests.factories import make_account, make_agency, make_plan
from tests.frontend.rows import reload, rows_of
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState

JOBS = "/o/sunrise/jobs/"


@pytest.fixture
def job(organization: Organization) -> Job:
    """Sixty rows: the first made a plan, the next 57 are below the budget, one was refused with markup, one waits."""
    account = make_account(organization)
    low = [{"field": "budget", "code": "budget_too_low", "params": {"least_fen": 30000}}]
    refused = [{"field": "", "code": "media_rejected", "params": {"message": "<b>no</b>"}, "retryable": True}]
    with organization_scope(organization.pk), transaction.atomic():
        job = Job.objects.create(
            kind="plans.create", permission="plans:write", state=JobState.RUNNING, is_row_driven=True, total_count=60,
            counts={"succeeded": 1, "invalid": 57, "failed": 1, "queued": 1}, started_at=timezone.now(),
            source={"format": "csv", "filename": "a.csv", "columns": ["client_ref", "name", "budget"]},
        )  # fmt: skip
        common = {"job": job, "account": account}
        rows = [BulkRow(**common, row_index=0, line=2, client_ref="R-0", state="succeeded", outcome="created",
                        plan_remote_id="7300", source={"client_ref": "R-0", "name": "=SUM(1)"})]  # fmt: skip
        rows += [
            BulkRow(**common, row_index=n, line=n + 2, client_ref=f"R-{n}", state="invalid", errors=low,
                    source={"client_ref": f"R-{n}", "budget": "10"})
            for n in range(1, 58)
        ]  # fmt: skip
        rows.append(
            BulkRow(**common, row_index=58, line=60, client_ref="R-58", state="failed", errors=refused, source={})
        )
        rows.append(BulkRow(**common, row_index=59, line=61, client_ref="R-59", state="queued", source={}))
        BulkRow.objects.bulk_create(rows)
    return job


def finish(job: Job) -> None:
    with organization_scope(job.organization_id), transaction.atomic():
        BulkRow.objects.filter(job=job, state="queued").update(state="cancelled")
        Job.objects.filter(pk=job.pk).update(state=JobState.PARTIALLY_SUCCEEDED, finished_at=timezone.now())


def test_rows_come_in_order_a_page_at_a_time(admin: Client, job: Job) -> None:
    html = admin.get(f"{JOBS}{job.pk}/rows/").content.decode()
    assert html.index("R-0<") < html.index("R-1<") < html.index("R-49<")
    assert "R-50<" not in html
    more = admin.get(f"{JOBS}{job.pk}/rows/", {"after": 49}).content.decode()
    assert "R-50<" in more
    assert "R-59<" in more
    assert "R-49<" not in more


def test_rows_are_filtered_by_state(admin: Client, job: Job) -> None:
    html = admin.get(f"{JOBS}{job.pk}/rows/", {"state": "failed"}).content.decode()
    assert "R-58<" in html
    assert "R-1<" not in html
    assert "R-0<" in admin.get(f"{JOBS}{job.pk}/rows/", {"state": "nonsense"}).content.decode()


def test_equal_errors_are_one_line_and_markup_is_harmless(admin: Client, job: Job) -> None:
    response = admin.get(f"{JOBS}{job.pk}/rows/")
    groups = response.context["groups"]
    assert [(group.code, group.field, group.count, group.first_line) for group in groups] == [
        ("budget_too_low", "budget", 57, 3),
        ("media_rejected", "", 1, 60),
    ]
    html = response.content.decode()
    assert "The daily budget may not be below ¥300." in html
    assert "budget (C)" in html
    assert "<b>no</b>" not in html


def test_a_group_of_errors_leads_to_its_rows(admin: Client, job: Job) -> None:
    html = admin.get(f"{JOBS}{job.pk}/rows/").content.decode()
    assert f"{JOBS}{job.pk}/rows/?code=media_rejected&amp;field=" in html
    chosen = admin.get(f"{JOBS}{job.pk}/rows/", {"code": "budget_too_low", "field": "budget"})
    assert [row.client_ref for row in chosen.context["rows"]][:2] == ["R-1", "R-2"]
    assert (
        "code=budget_too_low" in chosen.content.decode().partition('id="job-rows"')[2].partition(">")[0]
    )  # polls as it is
    refused = admin.get(f"{JOBS}{job.pk}/rows/", {"code": "media_rejected", "field": ""})
    assert [row.client_ref for row in refused.context["rows"]] == ["R-58"]


def test_only_a_living_jobs_first_page_asks_again(admin: Client, job: Job) -> None:
    assert 'hx-trigger="every 4s"' in admin.get(f"{JOBS}{job.pk}/rows/").content.decode()
    assert "every 4s" not in admin.get(f"{JOBS}{job.pk}/rows/", {"after": 5}).content.decode()
    finish(job)
    assert "every 4s" not in admin.get(f"{JOBS}{job.pk}/rows/").content.decode()


def test_results_are_files_to_correct_and_send_back(admin: Client, job: Job) -> None:
    response = admin.get(f"{JOBS}{job.pk}/results.csv", {"only": "failed"})
    assert response["Content-Disposition"] == f'attachment; filename="{job.pk}.csv"'
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 58
    assert rows[0]["client_ref"] == "R-1"
    assert rows[0]["budget"] == "10"
    everything = b"".join(admin.get(f"{JOBS}{job.pk}/results.csv").streaming_content).decode("utf-8-sig")
    assert "'=SUM(1)" in everything
    assert len(b"".join(admin.get(f"{JOBS}{job.pk}/results.ndjson").streaming_content).splitlines()) == 60
    assert b"".join(admin.get(f"{JOBS}{job.pk}/results.xlsx").streaming_content)[:2] == b"PK"
    assert admin.get(f"{JOBS}{job.pk}/results.exe").status_code == 404


def test_cancelling_a_bulk_job_keeps_what_was_made(organization: Organization, admin: Client, job: Job) -> None:
    admin.post(f"{JOBS}{job.pk}/cancel/")
    states = [row.state for row in rows_of(organization, BulkRow)]
    assert (states[0], states[58], states[59]) == ("succeeded", "failed", "cancelled")
    assert reload(job).state == JobState.CANCELLED


def test_failed_rows_are_tried_again_in_a_new_job(organization: Organization, admin: Client, job: Job) -> None:
    finish(job)
    html = admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert "/retry/" in html
    response = admin.post(f"{JOBS}{job.pk}/retry/", {"only": "all_failed"})
    (child,) = rows_of(organization, Job, retry_of_id=job.pk)
    assert response["Location"] == f"{JOBS}{child.pk}/"
    assert len(rows_of(organization, BulkRow, job_id=child.pk)) == 59
    assert f"{JOBS}{job.pk}/" in admin.get(response["Location"]).content.decode()


def test_a_job_of_invalid_rows_alone_offers_to_check_them_again_and_no_retry(
    organization: Organization, admin: Client, job: Job
) -> None:
    finish(job)
    with organization_scope(organization.pk), transaction.atomic():
        BulkRow.objects.filter(job=job, row_index__gte=58).delete()
        Job.objects.filter(pk=job.pk).update(counts={"succeeded": 1, "invalid": 57})
    html = admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert 'value="retryable"' not in html
    assert "Check the invalid rows again" in html


def test_a_row_that_the_media_refused_for_good_offers_no_plain_retry(
    organization: Organization, admin: Client, job: Job
) -> None:
    finish(job)
    assert 'value="retryable"' in admin.get(f"{JOBS}{job.pk}/").content.decode()
    final = [{"field": "", "code": "media_rejected", "params": {"message": "no"}}]
    with organization_scope(organization.pk), transaction.atomic():
        BulkRow.objects.filter(job=job, row_index=58).update(errors=final)
        Job.objects.filter(pk=job.pk).update(counts={"succeeded": 1, "invalid": 57, "failed": 1})
    html = admin.get(f"{JOBS}{job.pk}/").content.decode()
    assert 'value="retryable"' not in html
    assert "Retry all failed" in html


def test_rows_of_changes_name_their_plans_and_say_from_what_to_what(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    account = make_account(organization)
    plan = make_plan(account, name="<Winner>")
    with organization_scope(organization.pk), transaction.atomic():
        job = Job.objects.create(
            kind="plans.update", permission="plans:write", state=JobState.SUCCEEDED, is_row_driven=True,
            total_count=2, counts={"succeeded": 1, "invalid": 1},
        )  # fmt: skip
        source = {"plan_id": plan.pk, "field": "bid", "kind": "set", "value": 4_500}
        spec = {"plan_id": plan.pk, "field": "bid", "before": 4_000, "after": 4_500}
        BulkRow.objects.create(job=job, account=account, row_index=0, line=1, client_ref=f"{plan.pk}-bid",
                               state="succeeded", outcome="changed", source=source, spec=spec)  # fmt: skip
        BulkRow.objects.create(job=job, row_index=1, line=2, client_ref="999999-status", state="invalid",
                               source={"plan_id": 999_999, "field": "status", "kind": "set", "value": "paused"},
                               errors=[{"field": "plan_id", "code": "plan_not_found", "params": {}}])  # fmt: skip
    html = admin.get(f"{JOBS}{job.pk}/rows/").content.decode()
    assert f'<a href="/o/sunrise/plans/{plan.pk}/">&lt;Winner&gt;</a>' in html
    assert f"{plan.pk}-bid" not in html
    assert html.index("<del>¥40.00</del>") < html.index("<ins>¥45.00</ins>")
    assert "999999-status" in html  # there is no such plan to name
    hidden = as_role(Role.OPTIMIZER, agency=make_agency(organization)).get(f"{JOBS}{job.pk}/rows/")
    assert hidden.status_code == 404


def test_a_job_with_open_rows_is_not_tried_again(organization: Organization, admin: Client, job: Job) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        BulkRow.objects.filter(row_index=59).update(state="unknown")
    response = admin.post(f"{JOBS}{job.pk}/retry/", follow=True)
    assert "outcome is not known yet" in response.content.decode()
    assert rows_of(organization, Job, retry_of_id=job.pk) == []


def test_readers_are_offered_no_retry(organization: Organization, as_role: Callable[..., Client], job: Job) -> None:
    finish(job)
    analyst = as_role(Role.ANALYST)
    assert "/retry/" not in analyst.get(f"{JOBS}{job.pk}/").content.decode()
    assert analyst.post(f"{JOBS}{job.pk}/retry/").status_code == 403
    assert rows_of(organization, Job, retry_of_id=job.pk) == []


def test_another_agencys_rows_do_not_exist(
    organization: Organization, as_role: Callable[..., Client], job: Job
) -> None:
    client = as_role(Role.OPTIMIZER, agency=make_agency(organization))
    for path in ("rows/", "results.csv"):
        assert client.get(f"{JOBS}{job.pk}/{path}").status_code == 404
    assert client.post(f"{JOBS}{job.pk}/retry/").status_code == 404


def test_errors_are_counted_once_until_another_row_fails(admin: Client, job: Job) -> None:
    rows = f"{JOBS}{job.pk}/rows/"
    with CaptureQueriesContext(connection) as first:
        assert admin.get(rows).context["groups"][0].count == 57
    with CaptureQueriesContext(connection) as again:
        assert admin.get(rows).context["groups"][0].count == 57
    assert grouping(first) == 1
    assert grouping(again) == 0
    with organization_scope(job.organization_id), transaction.atomic():
        BulkRow.objects.filter(job=job, row_index=0).update(
            state="invalid", errors=[{"field": "budget", "code": "budget_too_low", "params": {"least_fen": 30000}}]
        )
        Job.objects.filter(pk=job.pk).update(counts={"invalid": 58, "failed": 1, "queued": 1})
    assert admin.get(rows).context["groups"][0].count == 58


def grouping(captured: CaptureQueriesContext) -> int:
    return sum("GROUP BY" in query["sql"] for query in captured)


def test_rows_of_new_plans_name_the_plan_and_its_account(admin: Client, job: Job) -> None:
    with organization_scope(job.organization_id), transaction.atomic():
        account = BulkRow.objects.filter(job=job).select_related("account")[0].account
        assert account is not None
        BulkRow.objects.filter(job=job, row_index=0).update(state="received")
    html = admin.get(f"{JOBS}{job.pk}/rows/").content.decode()
    assert "=SUM(1)" in html
    assert account.name in html
    assert "Received" in html
