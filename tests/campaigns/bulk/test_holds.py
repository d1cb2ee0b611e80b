"""Accounts that the media refuse, or that have no money: rows wait steadily, say for what, and go on by themselves."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from campaigns.models import BulkRow
from campaigns.services.bulk.sweeping import sweep
from media_connectors.contracts import VENDOR_OF, Platform, TokenPair
from media_connectors.gateway.credentials import store_pair
from media_connectors.models import MediaAccount
from tests.campaigns.bulk.engine import POLICY, World, drain, job_of, rows_of, submit
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job, JobEvent
from xmagnet.notices.models import Notice

ROWS = 30


def disable(world: World, platform: str) -> None:
    remote_id = int(world.accounts[platform][1])
    world.media.fault("account_disabled", "*", count=None, account_id=remote_id)


def mend(world: World) -> None:
    world.media.control("DELETE", "faults")


def wait_is_over(world: World) -> None:
    """The time between two looks has passed."""
    past = timezone.now() - timedelta(seconds=1)
    with organization_scope(world.organization.pk), transaction.atomic():
        BulkRow.objects.filter(state="queued").update(next_at=past)
        for job in Job.objects.exclude(waits={}):
            job.waits = {key: {**wait, "ask_at": past.isoformat()} for key, wait in job.waits.items()}
            job.save(update_fields=["waits"])


def account_of(world: World, platform: str) -> MediaAccount:
    with organization_scope(world.organization.pk), transaction.atomic():
        return MediaAccount.objects.get(pk=world.accounts[platform][0])


def log_of(world: World, job_id: str) -> list[str]:
    with organization_scope(world.organization.pk), transaction.atomic():
        return list(JobEvent.objects.filter(job_id=job_id).order_by("id").values_list("message", flat=True))


def rounds(world: World, job_id: str, count: int = 3) -> set[tuple[str, str]]:
    """What the job says after each of several rounds of the sweeper and its drains."""
    seen = set()
    for _ in range(count):
        wait_is_over(world)
        with organization_scope(world.organization.pk):
            sweep(world.organization.pk)
        drain(world)
        job = job_of(world, job_id)
        seen.add((job.state, (job.waiting_for or {}).get("reason", "")))
    return seen


@pytest.mark.parametrize("platform", ["douyin", "kuaishou"])
def test_rows_of_an_account_that_the_media_disabled_wait_and_go_on_when_it_works_again(world: World, platform: str):
    submit(world, world.rows(1, platform), key="campaign")
    drain(world)
    rows = [row | {"client_ref": f"held-{number}"} for number, row in enumerate(world.rows(ROWS, platform))]
    job_id = submit(world, rows, key="held")
    disable(world, platform)
    drain(world)

    job = job_of(world, job_id)
    assert (job.state, job.counts) == ("paused", {"queued": ROWS})
    told = {"reason": "account_refused", "account_id": world.accounts[platform][1], "until": None, "needs_person": True}
    assert job.waiting_for == told
    written = world.media.calls_of("/create")
    assert rounds(world, job_id) == {("paused", "account_refused")}
    assert world.media.calls_of("/create") == written  # asked with a call that reads, not with the next rows
    assert (account_of(world, platform).health, log_of(world, job_id).count("paused")) == ("refused", 1)

    mend(world)
    wait_is_over(world)
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job.counts, job.waits) == ("succeeded", {"succeeded": ROWS}, {})
    assert len(world.media.names()) == len(set(world.media.names())) == ROWS + 1
    assert (account_of(world, platform).health, log_of(world, job_id).count("resumed")) == ("ok", 1)


def test_an_account_that_is_refused_is_told_once_and_its_new_rows_are_warned(world: World):
    first = submit(world, world.rows(2))
    disable(world, "kuaishou")
    drain(world)
    rounds(world, first)
    with organization_scope(world.organization.pk), transaction.atomic():
        assert Notice.objects.filter(event="account.refused").count() == 1
    second = submit(world, world.rows(1, client_ref="new"), key="second")
    (row,) = rows_of(world, second)
    assert (row.state, [warning["code"] for warning in row.warnings]) == ("queued", ["account_refused"])
    wait_is_over(world)
    drain(world)
    assert (job_of(world, second).state, job_of(world, second).waiting_for["reason"]) == ("paused", "account_refused")


def test_the_media_is_asked_about_a_refused_account_at_intervals_only(world: World):
    job_id = submit(world, world.rows(40))
    disable(world, "kuaishou")
    drain(world)
    drain(world)  # many rows are due still: this drain asks once
    asked = world.media.calls_of("fund/get")
    for _ in range(5):
        drain(world)
    assert world.media.calls_of("fund/get") == asked
    assert job_of(world, job_id).state == "paused"


def test_a_permission_that_a_call_lacks_on_a_working_account_fails_its_row_alone(world: World):
    submit(world, world.rows(1, "douyin"), key="campaign")
    drain(world)
    rows = [row | {"client_ref": f"later-{number}"} for number, row in enumerate(world.rows(3, "douyin"))]
    job_id = submit(world, rows, key="later")
    world.media.fault("account_disabled", "*promotion/create/", count=1)
    drain(world)
    assert sorted(row.state for row in rows_of(world, job_id)) == ["failed", "succeeded", "succeeded"]
    (refused,) = [row for row in rows_of(world, job_id) if row.state == "failed"]
    assert refused.errors[0]["code"] == "media_permission"
    assert account_of(world, "douyin").health == "ok"


def test_a_job_whose_tokens_the_media_does_not_take_stays_paused_until_it_does(world: World):
    submit(world, world.rows(1), key="campaign")
    drain(world)
    rows = [row | {"client_ref": f"held-{number}"} for number, row in enumerate(world.rows(ROWS))]
    job_id = submit(world, rows, key="held")
    world.media.fault("expired_token", "*", count=None, medium="kuaishou")
    drain(world)
    assert rounds(world, job_id) == {("paused", "authorization")}
    assert (log_of(world, job_id).count("paused"), log_of(world, job_id).count("resumed")) == (1, 0)
    mend(world)
    wait_is_over(world)
    drain(world)
    assert (job_of(world, job_id).state, len(world.media.names())) == ("succeeded", ROWS + 1)
    assert log_of(world, job_id).count("resumed") == 1


def withdraw(world: World, platform: str) -> dict[str, str]:
    """Somebody signs in at the media again: our tokens are dead at once. What the new login was given."""
    vendor = str(VENDOR_OF[Platform(platform)])
    return dict(world.media.control("POST", "tokens", medium=vendor))


def reconnect(world: World, platform: str, grant: dict[str, str]) -> None:
    with organization_scope(world.organization.pk), transaction.atomic():
        credential = MediaAccount.objects.get(pk=world.accounts[platform][0]).credential
        store_pair(credential, TokenPair(grant["access_token"], grant["refresh_token"], 86_400, 864_000))
        credential.save()
        MediaAccount.objects.filter(credential=credential).update(health="ok", health_message="")


@pytest.mark.parametrize("platform", ["toutiao", "kuaishou"])
@pytest.mark.parametrize("trouble", ["account_disabled", "out_of_funds", "withdrawn"])
def test_trouble_in_the_middle_of_a_job_loses_and_doubles_nothing(world: World, platform: str, trouble: str):
    job_id = submit(world, world.rows(60, platform))
    remote_id, grant = int(world.accounts[platform][1]), {}

    def work() -> None:
        try:
            drain(world, replace(POLICY, parallel_sends=4, claim_rows=8))
        finally:
            connections.close_all()

    world.media.control("POST", "latency", latency_ms=30)
    running = threading.Thread(target=work)
    running.start()
    ends_at = time.monotonic() + 20
    while len(world.media.names()) < 10 and time.monotonic() < ends_at:
        time.sleep(0.01)
    if trouble == "withdrawn":
        grant = withdraw(world, platform)
    else:
        world.media.control("POST", "funds", account=remote_id, balance_yuan=0)
        world.media.fault(trouble, "*", count=None, account_id=remote_id)
    running.join()
    reasons = {"account_disabled": "account_refused", "out_of_funds": "no_balance", "withdrawn": "authorization"}
    job = job_of(world, job_id)
    assert 0 < job.counts["succeeded"] < 60
    assert (job.state, job.waiting_for["reason"]) == ("paused", reasons[trouble])
    assert job.counts.get("failed", 0) == 0

    mend(world)
    world.media.control("POST", "funds", account=remote_id, balance_yuan=1000)
    if grant:
        reconnect(world, platform, grant)
    wait_is_over(world)
    drain(world)
    job = job_of(world, job_id)
    assert (job.state, job.counts) == ("succeeded", {"succeeded": 60})
    assert len(world.media.names()) == len(set(world.media.names())) == 60


@pytest.mark.parametrize("platform", ["toutiao", "kuaishou"])
def test_a_refusal_for_want_of_money_holds_the_rows_until_the_account_is_topped_up(world: World, platform: str):
    submit(world, world.rows(1, platform), key="campaign")
    drain(world)
    rows = [row | {"client_ref": f"held-{number}"} for number, row in enumerate(world.rows(ROWS, platform))]
    job_id = submit(world, rows, key="held")
    remote_id = int(world.accounts[platform][1])
    world.media.control("POST", "funds", account=remote_id, balance_yuan=0)
    world.media.fault("out_of_funds", "*/create*", count=None, account_id=remote_id)
    drain(world)
    assert rounds(world, job_id) == {("paused", "no_balance")}
    assert job_of(world, job_id).counts == {"queued": ROWS}
    mend(world)
    wait_is_over(world)
    drain(world)
    assert job_of(world, job_id).state == "paused"  # nobody paid yet
    world.media.control("POST", "funds", account=remote_id, balance_yuan=1000)
    wait_is_over(world)
    drain(world)
    assert (job_of(world, job_id).state, len(world.media.names())) == ("succeeded", ROWS + 1)
    assert POLICY.parallel_sends < ROWS  # more rows than one refusal could put back
