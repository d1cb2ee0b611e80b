"""Launching after creation: what waits is shown with what it may spend; only the chosen plans are started."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import BulkRow
from tests.factories import make_account, make_agency, make_member, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

JOB = "job_launch"


@pytest.fixture
def waiting(organization: Organization) -> list[Any]:
    account = make_account(organization, name="Life Douyin")
    with organization_scope(organization.pk), transaction.atomic():
        Job.objects.create(
            id=JOB, organization=organization, kind="plans.create", is_row_driven=True, permission="plans:write",
            state="succeeded", counts={"succeeded": 4},
        )  # fmt: skip
    make_plan(account, job_id=JOB, status="enabled", name="Runs already")
    make_plan(account, job_id="job_other", status="paused", name="Of another job")
    return [
        make_plan(account, job_id=JOB, status="paused", name=f"Waiting {number}", daily_budget_fen=50_000)
        for number in range(3)
    ]


def rows(organization: Organization) -> list[dict[str, Any]]:
    with organization_scope(organization.pk), transaction.atomic():
        return [row.source for row in BulkRow.objects.order_by("row_index")]


def test_the_form_shows_the_paused_plans_of_the_job_and_their_money(admin: Client, waiting: list[Any]) -> None:
    assert "Launch the plans" in admin.get(f"/o/sunrise/jobs/{JOB}/").content.decode()
    html = admin.get(f"/o/sunrise/jobs/{JOB}/launch/").content.decode()
    assert "3 plans of this job are paused." in html
    assert "Together they may spend ¥1,500.00 a day." in html
    assert "Waiting 2" in html
    assert "Runs already" not in html
    assert "Of another job" not in html


def test_all_of_them_are_started_by_one_job(admin: Client, organization: Organization, waiting: list[Any]) -> None:
    answer = admin.post(f"/o/sunrise/jobs/{JOB}/launch/start/", {"scope": "all", "key": "k1"})
    assert answer.status_code == 302
    assert [(row["plan_id"], row["field"], row["value"]) for row in rows(organization)] == [
        (plan.pk, "status", "enabled") for plan in waiting
    ]
    admin.post(f"/o/sunrise/jobs/{JOB}/launch/start/", {"scope": "all", "key": "k1"})
    assert len(rows(organization)) == 3  # the same form sent twice


def test_only_the_ticked_ones_are_started(admin: Client, organization: Organization, waiting: list[Any]) -> None:
    chosen = [str(waiting[1].pk), "999999"]
    admin.post(f"/o/sunrise/jobs/{JOB}/launch/start/", {"scope": "ticked", "plan": chosen, "key": "k"})
    assert [row["plan_id"] for row in rows(organization)] == [waiting[1].pk]


def test_nothing_ticked_sends_nothing(admin: Client, organization: Organization, waiting: list[Any]) -> None:
    answer = admin.post(f"/o/sunrise/jobs/{JOB}/launch/start/", {"scope": "ticked"}, follow=True)
    assert "Nothing was sent." in answer.content.decode()
    assert rows(organization) == []


def test_people_of_another_agency_launch_nothing(
    organization: Organization, waiting: list[Any], client: Client
) -> None:
    member = make_member(organization, role=Role.OPTIMIZER, agency=make_agency(organization))
    client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(f"/o/sunrise/jobs/{JOB}/launch/start/", {"scope": "all"}).status_code == 404
    assert rows(organization) == []


def test_more_plans_than_one_job_takes_are_started_in_parts(
    admin: Client, organization: Organization, waiting: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontend.views.launch.MAX_PLANS", 2)
    answer = admin.post(f"/o/sunrise/jobs/{JOB}/launch/start/", {"scope": "all", "key": "k1"}, follow=True)
    assert "The first 2 plans are being started." in answer.content.decode()
    assert [row["plan_id"] for row in rows(organization)] == [plan.pk for plan in waiting[:2]]
