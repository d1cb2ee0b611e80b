"""An organization at work: people, accounts with numbers, jobs in every state."""

from __future__ import annotations

import math
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from campaigns.domain.metrics import MEASURES
from campaigns.models import BulkRow
from campaigns.services.ingest import ingest_hours
from media_connectors.contracts import MetricRow
from media_connectors.models import MediaAccount
from tests.factories import UserFactory, make_account, make_actor, make_agency, make_member, make_plan
from xmagnet.accounts.models import Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.core.clock import media_today
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.jobs.states import JobState
from xmagnet.people import api_tokens, members
from xmagnet.people.members import MemberAccess
from xmagnet.webhooks import services as webhooks


def inhabit(organization: Organization, user: User) -> None:
    """Put everything there; the jobs are the person's."""
    make_jobs(organization, user)
    make_people(organization, user)
    make_accounts(organization)


def make_accounts(organization: Organization) -> None:
    now = timezone.now()
    agency = make_agency(organization, "白鲨数字")
    fresh = {"metrics_synced_at": now - timedelta(minutes=2), "plans_synced_at": now - timedelta(minutes=4)}
    with transaction.atomic():
        douyin = make_account(organization, name="安心保险-抖音-01", agency=agency, balance_fen=12_345_678, **fresh)
        kuaishou = make_account(
            organization,
            name="安心保险-快手-02",
            platform="kuaishou",
            balance_fen=4_200,
            low_balance_fen=50_000,
            **fresh,
        )  # fmt: skip
        make_account(
            organization, name="安心保险-头条-03", platform="toutiao", health="needs_authorization",
            health_message="refresh token expired",
        )  # fmt: skip
    make_delivery(douyin)
    make_delivery(kuaishou)


def make_people(organization: Organization, user: User) -> None:
    agency = make_agency(organization, "蓝鲸互动传媒")
    make_member(organization, Role.OPTIMIZER, agency=agency, user=UserFactory(name="李雷", email="lilei@example.com"))
    make_member(organization, Role.ANALYST, user=UserFactory(name="Han Meimei", email="han@example.com"))
    actor = make_actor(organization, user_id=user.pk, user_name=user.name)
    with organization_scope(organization.pk), transaction.atomic():
        members.invite_member(actor, email="wang@example.com", access=MemberAccess(Role.FINANCE))
        scopes = ["accounts:read", "jobs:read", "jobs:write", "plans:read", "plans:write"]
        webhooks.create_endpoint(actor, url="https://crm.example.com/hooks/ads", description="CRM")
        api_tokens.create_token(actor, name="nightly upload", scopes=scopes, lifetime_days=90)


def make_delivery(account: MediaAccount) -> None:
    """Two days of hours: one plan that converts, one that only costs."""
    with transaction.atomic():
        good, vain = make_plan(account, name="双十一-重疾-放量-01"), make_plan(account, name="双十一-医疗-测试-07")
    today = media_today()
    rows = []
    for day in (today, today - timedelta(days=1)):
        for hour in range(24):
            strength = 4 + 5 * math.sin((hour - 6) / 24 * math.tau) + (1 if day == today else 0)
            numbers = {"impressions": 900 * strength, "clicks": 30 * strength, "cost_fen": 21_000 * strength}
            converted = {"conversions": strength, "billed_conversions": strength, "revenue_fen": 60_000 * strength}
            for plan, measures in ((good, numbers | converted), (vain, numbers)):
                whole = {name: max(0, round(value)) for name, value in measures.items()}
                rows.append(MetricRow(plan.remote_id, day, hour, *(dict.fromkeys(MEASURES, 0) | whole).values()))
    with organization_scope(account.organization_id):
        ingest_hours(
            account_id=account.pk, pages=[rows], first_on=today - timedelta(days=1), last_on=today, now=timezone.now()
        )


def make_jobs(organization: Organization, user: User) -> None:
    now = timezone.now()
    counts = {"total": 1000, "queued": 412, "sending": 8, "unknown": 2, "succeeded": 560, "failed": 18}
    more = {"user_id": user.pk, "user_name": user.name, "permission": "plans:write"}
    with organization_scope(organization.pk), transaction.atomic():
        running = Job.objects.create(
            id="job_running", kind="plans.create", state=JobState.RUNNING, is_row_driven=True, counts=counts,
            started_at=now - timedelta(seconds=95), heartbeat_at=now, total_count=1000,
            waiting_for={"reason": "rate_limit", "until": (now + timedelta(seconds=40)).isoformat()},
            source={"format": "xlsx", "filename": "双十一 放量.xlsx", "bytes": 812331}, **more,
        )  # fmt: skip
        problem = [{"field": "budget", "code": "budget_too_low", "params": {"least_fen": 30000}}]
        BulkRow.objects.bulk_create(
            BulkRow(
                job=running, row_index=n, line=n + 2, client_ref=f"HZ-{n:04}", source={},
                state="invalid" if n % 9 == 4 else "succeeded", errors=problem if n % 9 == 4 else None,
                outcome="" if n % 9 == 4 else "created", plan_remote_id="" if n % 9 == 4 else str(7_300_000 + n),
            )
            for n in range(30)
        )  # fmt: skip
        JobEvent.objects.create(job=running, message="1,000 rows accepted, 988 valid")
        for state, error in (
            (JobState.SUCCEEDED, None),
            (JobState.PARTIALLY_SUCCEEDED, None),
            (JobState.FAILED, {"title": "Media rejected", "detail": "日预算不能低于 300 元"}),
        ):
            Job.objects.create(
                kind="plans.update", state=state, total_count=50, done_count=50, error=error, created_at=now
                - timedelta(hours=2), started_at=now - timedelta(hours=2), finished_at=now - timedelta(hours=1), **more,
            )  # fmt: skip
