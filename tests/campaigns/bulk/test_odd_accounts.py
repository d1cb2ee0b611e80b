"""Accounts in odd states under a running job: it waits, says for what, goes on when it can, and starves nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns.models import BulkRow
from campaigns.services.bulk.crew import drain_accounts
from campaigns.services.bulk.progress import refresh_job
from campaigns.services.bulk.waits import Waits
from media_connectors.gateway.connectors import forget_connectors
from media_connectors.models import MediaAccount, MediaCredential
from tests.campaigns.bulk.engine import POLICY, World, drain, job_of, rows_of, submit
from xmagnet.accounts.models import Membership
from xmagnet.core.crypto import encrypt
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job


def change_account(world: World, platform: str = "kuaishou", **values: object) -> None:
    with organization_scope(world.organization.pk), transaction.atomic():
        MediaAccount.objects.filter(pk=world.accounts[platform][0]).update(**values)


def make_due(world: World) -> None:
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(state="queued").update(next_at=timezone.now() - timedelta(seconds=1))


def limit(settings: object, vendor: str, **rates: float) -> None:
    settings.MEDIA_LIMITS = {vendor: {"developer": {f"*{path}*": rate for path, rate in rates.items()}}}  # type: ignore[attr-defined]
    forget_connectors()


def test_a_job_of_a_paused_account_waits_for_a_person_and_goes_on_when_it_is_resumed(world: World):
    job_id = submit(world, world.rows(2))
    change_account(world, is_active=False)
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job.waiting_for) == (
        "paused",
        {"reason": "account_paused", "account_id": world.accounts["kuaishou"][1], "until": None, "needs_person": True},
    )
    assert world.media.names() == []
    change_account(world, is_active=True)
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job.waiting_for, job.waits) == ("succeeded", None, {})


def test_a_job_whose_login_is_withdrawn_pauses_and_goes_on_after_reconnecting(world: World):
    submit(world, world.rows(1), key="campaign")
    drain(world)
    rows = [row | {"client_ref": f"later-{number}"} for number, row in enumerate(world.rows(3))]
    job_id = submit(world, rows, key="later")
    grant = world.media.control("POST", "tokens", medium="kuaishou")  # at the media a new login ends the old one
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job.waiting_for["reason"]) == ("paused", "authorization")
    assert {row.state for row in rows_of(world, job_id)} == {"queued"}
    with organization_scope(world.organization.pk), transaction.atomic():
        account = MediaAccount.objects.get(pk=world.accounts["kuaishou"][0])
        MediaCredential.objects.filter(pk=account.credential_id).update(
            encrypted_access_token=encrypt(grant["access_token"]),
            encrypted_refresh_token=encrypt(grant["refresh_token"]),
            is_revoked=False,
            access_expires_at=timezone.now() + timedelta(days=1),
        )
    make_due(world)
    drain(world)
    assert job_of(world, job_id).state == "succeeded"
    assert len(world.media.names()) == 4


def test_one_waiting_account_does_not_pause_a_job_that_moves_on_another(world: World):
    rows = world.rows(1, "kuaishou") + world.rows(1, "douyin")
    job_id = submit(world, rows)
    change_account(world, is_active=False)
    with organization_scope(world.organization.pk):
        waits = Waits(world.accounts["kuaishou"][0], world.accounts["kuaishou"][1])
        waits.hold_all("account_paused")
        told = waits.of_job(job_id, limited_until=None, ahead="")
        job = refresh_job(job_id, account_id=world.accounts["kuaishou"][0], wait=told)
    assert (job.state, job.waiting_for["reason"]) == ("running", "account_paused")
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job.counts) == ("paused", {"queued": 1, "succeeded": 1})


def test_rows_of_an_account_taken_from_the_person_are_not_sent(world: World):
    job_id = submit(world, world.rows(2))
    with organization_scope(world.organization.pk), transaction.atomic():
        Membership.objects.update(is_account_limited=True)
    drain(world)
    assert [(row.state, row.errors[0]["code"]) for row in rows_of(world, job_id)] == [("failed", "forbidden")] * 2
    assert world.media.names() == []


def test_nothing_is_started_live_for_somebody_who_may_no_longer_launch(world: World, monkeypatch):
    job_id = submit(world, world.rows(1), initial_status="enabled")
    monkeypatch.setattr(
        "xmagnet.accounts.guard.permissions_of", lambda role: frozenset({"plans:read", "plans:write", "accounts:read"})
    )
    drain(world)
    assert [(row.state, row.errors[0]["code"]) for row in rows_of(world, job_id)] == [("failed", "forbidden")]
    assert world.media.names() == []


def test_an_empty_balance_is_said_and_stops_nothing(world: World):
    change_account(world, balance_fen=0)
    job_id = submit(world, world.rows(1))
    drain(world)
    (row,) = rows_of(world, job_id)
    assert (row.state, [warning["code"] for warning in row.warnings]) == ("succeeded", ["balance_empty"])


def test_what_waits_for_our_own_limiter_says_so_and_who_comes_after_says_whom_it_waits_for(world: World, settings):
    submit(world, world.rows(1), key="campaign")
    drain(world)
    limit(settings, "kuaishou", **{"unit/create": 1.0})
    rows = [row | {"client_ref": f"first-{number}"} for number, row in enumerate(world.rows(10))]
    first = submit(world, rows, key="first")
    second = submit(world, world.rows(1, client_ref="second"), key="second")
    drain(world, replace(POLICY, drain_seconds=1.0, parallel_sends=2, claim_rows=3))
    told = job_of(world, first).waiting_for
    assert (told["reason"], told["account_id"]) == ("rate_limit", world.accounts["kuaishou"][1])
    assert told["until"] is not None
    told = job_of(world, second).waiting_for
    assert (told["reason"], told["job_id"]) == ("other_job", first)
    assert "sending" not in {row.state for row in rows_of(world, first)}  # handed back, not left to their leases


def test_a_media_that_is_away_is_not_hammered(world: World, settings):
    submit(world, world.rows(1), key="campaign")
    drain(world)
    rows = [row | {"client_ref": f"away-{number}"} for number, row in enumerate(world.rows(40))]
    job_id = submit(world, rows, key="away")
    settings.MEDIA_BASE_URLS = dict.fromkeys(settings.MEDIA_BASE_URLS, "http://127.0.0.1:1")
    forget_connectors()
    drain(world, replace(POLICY, parallel_sends=3, claim_rows=6))
    assert job_of(world, job_id).waiting_for["reason"] == "media_unreachable"
    with organization_scope(world.organization.pk), transaction.atomic():
        assert BulkRow.objects.filter(job_id=job_id, attempt_count=0).count() >= 20
        assert Job.objects.get(pk=job_id).state == "running"


@pytest.mark.slow
def test_a_long_job_of_one_account_does_not_starve_another(world: World, settings):
    limit(settings, "oceanengine", **{"promotion/create": 8.0})
    long = submit(world, world.rows(30, "douyin"), key="long")
    short = submit(world, world.rows(3, "toutiao"), key="short")
    policy = replace(POLICY, drain_seconds=20.0, crew_seconds=0.1)
    drain_accounts(world.organization.pk, world.accounts["douyin"][0], policy)  # one doorbell, one worker process
    assert (job_of(world, long).state, job_of(world, short).state) == ("succeeded", "succeeded")
    last = {job_id: max(row.finished_at for row in rows_of(world, job_id)) for job_id in (long, short)}
    assert last[short] < last[long]
