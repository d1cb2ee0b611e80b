"""What causes a notice, in the transaction of the cause; nothing that only goes on does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.models import Plan
from campaigns.services.telling import tell_rejected
from media_connectors.contracts import FundBalance
from media_connectors.errors import AuthRevoked, Transient
from media_connectors.services import health
from media_connectors.services.cursors import save_balance
from tests.factories import make_account, make_actor, make_agency, make_member, make_plan
from tests.media_connectors.rows import make_credential
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.services import LOST_AFTER, enqueue, reap
from xmagnet.jobs.task import run_job
from xmagnet.jobs.telling import WATCHED, tell_maker
from xmagnet.notices.models import Notice
from xmagnet.people import members
from xmagnet.people.members import MemberAccess
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint


def told() -> list[str]:
    return list(Notice.objects.order_by("id").values_list("event", flat=True))


def test_the_maker_hears_of_the_end_of_a_job(organization: Organization):
    user = make_member(organization)
    with organization_scope(organization.pk), transaction.atomic():
        actor = make_actor(organization, user_id=user.pk)
        job = enqueue(actor, "audit.verify", {})
        systems = enqueue(make_actor(organization), "audit.verify", {})
    run_job("audit.verify", organization.pk, job.pk)
    run_job("audit.verify", organization.pk, systems.pk)
    run_job("audit.verify", organization.pk, job.pk)
    with organization_scope(organization.pk), transaction.atomic():
        (notice,) = Notice.objects.all()
    assert (notice.event, notice.object_id, notice.for_user_id) == ("job.finished", job.pk, user.pk)


@pytest.mark.parametrize(("state", "events"), [("succeeded", []), ("failed", ["job.failed"])])
def test_a_change_that_its_maker_watches_is_told_only_when_it_fails(
    organization: Organization, scope: None, state: str, events: list[str]
):
    job = Job(kind="plans.update", state=state, params={WATCHED: True}, user_id=make_member(organization).pk)
    tell_maker(job)
    assert told() == events


def test_the_maker_hears_of_a_lost_job(organization: Organization):
    user = make_member(organization)
    long_ago = timezone.now() - LOST_AFTER - timedelta(seconds=1)
    with organization_scope(organization.pk), transaction.atomic():
        Job.objects.create(
            kind="audit.verify", permission="audit:read", state="running", attempt_count=3, heartbeat_at=long_ago,
            user_id=user.pk,
        )  # fmt: skip
    with organization_scope(organization.pk):
        reap()
        reap()
        with transaction.atomic():
            assert told() == ["job.failed"]


def test_refused_plans_of_one_sync_are_one_notice(organization: Organization, scope: None):
    account = make_account(organization, name="安心-抖音-01", agency=make_agency(organization))
    plans = [make_plan(account, name=f"P{number}") for number in range(7)]
    tell_rejected(plans)
    tell_rejected(plans[:1])
    many, one = Notice.objects.order_by("id")
    assert (many.data["count"], many.data["plan_names"], many.agency_id) == (
        7, ["P0", "P1", "P2", "P3", "P4"], account.agency_id,
    )  # fmt: skip
    assert (one.object_id, one.data["remote_id"]) == (str(plans[0].pk), plans[0].remote_id)


def test_refused_plans_are_told_to_who_runs_the_account_now(organization: Organization, scope: None):
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    account = make_account(organization, agency=blue)
    plan = make_plan(account)
    for agency in (blue, red):
        WebhookEndpoint.objects.create(url="https://example.com/hook", agency_id=agency.pk)
    health.assign_agency(make_actor(organization), account_id=account.pk, agency_id=red.pk)
    tell_rejected([Plan.objects.get(pk=plan.pk)])
    assert Notice.objects.get().agency_id == red.pk
    assert [delivery.endpoint.agency_id for delivery in WebhookDelivery.objects.all()] == [red.pk]


def test_a_balance_is_told_when_it_falls_below_its_alarm_and_not_again(organization: Organization, scope: None):
    account = make_account(organization, balance_fen=900, low_balance_fen=500)
    for fen in (600, 400, 300, 800, 450):
        save_balance(account.pk, FundBalance(balance_fen=fen, cash_fen=fen, grant_fen=0, valid_balance_fen=fen))
    assert told() == ["balance.low", "balance.low"]
    assert [notice.data["balance_fen"] for notice in Notice.objects.order_by("id")] == [400, 450]


def test_an_alarm_set_above_the_balance_is_told_at_once(organization: Organization, scope: None):
    account = make_account(organization, balance_fen=900)
    actor = make_actor(organization)
    health.set_low_balance_alarm(actor, account_id=account.pk, low_balance_fen=1_000)
    health.set_low_balance_alarm(actor, account_id=account.pk, low_balance_fen=2_000)
    assert told() == ["balance.low"]


def test_an_account_that_needs_a_person_is_told_once(organization: Organization, scope: None):
    account = make_account(organization)
    health.report_failure(account.pk, Transient("slow"))
    assert told() == []
    for _ in range(3):
        health.report_failure(account.pk, AuthRevoked("withdrawn"))
    assert told() == ["account.needs_authorization"]
    account.refresh_from_db()
    assert (account.health, account.health_message) == ("needs_authorization", "withdrawn")


def test_a_standstill_is_told_once_and_again_when_it_comes_back(organization: Organization, scope: None):
    now = timezone.now()
    account = make_account(
        organization, credential=make_credential(organization), metrics_synced_at=now - timedelta(minutes=29)
    )
    make_account(organization, metrics_synced_at=now - timedelta(days=1))  # nobody's login: known to stand still
    assert health.tell_stalled(now) == 0
    assert health.tell_stalled(now + timedelta(minutes=2)) == 1
    assert health.tell_stalled(now + timedelta(minutes=4)) == 1
    assert told() == ["sync.stalled"]
    assert Notice.objects.get().data["minutes"] == 31
    type(account).objects.filter(pk=account.pk).update(metrics_synced_at=now + timedelta(minutes=5))
    health.tell_stalled(now + timedelta(hours=1))
    assert told() == ["sync.stalled", "sync.stalled"]


def test_a_login_that_is_about_to_end_is_told_once_for_each_end(organization: Organization, scope: None):
    now = timezone.now()
    credential = make_credential(organization)
    account = make_account(organization, credential=credential, is_active=False)
    make_account(organization)  # nobody's login
    ends_at = credential.refresh_expires_at
    assert health.tell_ending_logins(now) == 0  # a month of life: it renews itself
    soon = ends_at - timedelta(days=7) + timedelta(minutes=1)
    assert (health.tell_ending_logins(soon), health.tell_ending_logins(soon + timedelta(days=1))) == (1, 1)
    notice = Notice.objects.get()
    assert (notice.event, notice.account_id) == ("account.login_ending", account.pk)
    type(credential).objects.update(refresh_expires_at=ends_at + timedelta(days=30))
    assert health.tell_ending_logins(soon) == 0
    assert health.tell_ending_logins(soon + timedelta(days=30)) == 1
    assert told() == ["account.login_ending"] * 2
    health.report_failure(account.pk, AuthRevoked("withdrawn"))
    assert health.tell_ending_logins(soon + timedelta(days=31)) == 0  # it has ended, and was told so


def test_who_invites_hears_that_the_person_joined(organization: Organization, scope: None):
    actor = make_actor(organization, user_id=make_member(organization).pk)
    made = members.invite_member(actor, email="wang@example.com", access=MemberAccess(Role.ANALYST))
    members.accept_invitation("sunrise", made.secret, user=None, name="Wang", password="four quiet blue teapots")
    notice = Notice.objects.get()
    assert (notice.event, notice.data) == ("member.joined", {"name": "Wang", "email": "wang@example.com"})


def test_a_cause_that_is_rolled_back_is_not_told(organization: Organization, scope: None):
    account = make_account(organization, balance_fen=900, low_balance_fen=500)
    with pytest.raises(RuntimeError), transaction.atomic():
        save_balance(account.pk, FundBalance(balance_fen=1, cash_fen=1, grant_fen=0, valid_balance_fen=1))
        raise RuntimeError
    assert told() == []
