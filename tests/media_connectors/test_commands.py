"""Commands: durable before they are sent, settled once, read back when their answer was lost."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from django.db import connection, transaction
from django.utils import timezone

from media_connectors.choices import CommandState
from media_connectors.contracts import PlanChange, SwitchStatus, Vendor
from media_connectors.errors import RateLimited
from media_connectors.gateway.line import AccountLine
from media_connectors.models import OutboundCommand
from media_connectors.platforms.douyin import DouyinConnector
from media_connectors.services import commands as service
from media_connectors.services.commands import CommandDraft, Outcome
from media_connectors.services.read_back import read_back
from tests.factories import OrganizationFactory
from tests.media_connectors.fakes import AnsweringMachine, media_http, ok, refused
from tests.media_connectors.rows import campaign_draft, make_credential, make_media_account, plan_draft
from xmagnet.core.scope import organization_scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    organization = OrganizationFactory()
    account = make_media_account(organization, credential=make_credential(organization))
    with organization_scope(organization.pk):
        yield account


def line(account, *answers):
    """A line whose media answers as told."""
    machine = AnsweringMachine(*answers)
    made = AccountLine(account.pk)
    made.connector = DouyinConnector(media_http(Vendor.OCEANENGINE, machine), authorize_page="")
    return made, machine


def draft(key="row-1", **fields):
    return CommandDraft(key, plan_draft(**fields), job_id="job_1", row_id=7)


def row(command):
    return OutboundCommand.objects.get(pk=command.id)


def make_old(command, seconds=120):
    OutboundCommand.objects.filter(pk=command.id).update(sent_at=timezone.now() - timedelta(seconds=seconds))


def test_commands_are_written_before_they_are_sent(account):
    first, second = service.open_commands(account.pk, [draft("a"), draft("b")])
    assert (first.idempotency_key, first.may_send, first.state) == ("a", True, CommandState.IN_FLIGHT)
    stored = row(second)
    assert (stored.operation, stored.state, stored.job_id, stored.row_id) == ("create_plan", "in_flight", "job_1", 7)
    assert stored.payload == {"name": "计划 #k7f3q", "campaign_remote_id": "7300000000000000001"}


def test_an_existing_key_is_not_opened_again(account):
    service.open_commands(account.pk, [draft("a")])
    again, new = service.open_commands(account.pk, [draft("a"), draft("b")])
    assert (again.may_send, again.state, new.may_send) == (False, CommandState.IN_FLIGHT, True)
    assert OutboundCommand.objects.count() == 2


def test_a_key_that_means_something_else_is_refused(account):
    service.open_commands(account.pk, [draft("a")])
    with pytest.raises(ValueError, match="something else"):
        service.open_commands(account.pk, [draft("a", name="other")])


def test_a_key_twice_in_one_batch_is_refused(account):
    with pytest.raises(ValueError, match="twice"):
        service.open_commands(account.pk, [draft("a"), draft("a")])
    assert not OutboundCommand.objects.exists()


def test_a_confirmed_command_keeps_its_remote_id(account):
    (command,) = service.open_commands(account.pk, [draft()])
    phone, machine = line(account, ok({"promotion_id": 7301234567890123456}))
    outcome = service.send(phone, command)
    assert outcome.state == CommandState.CONFIRMED
    assert service.settle([outcome]) == {command.id}
    assert (row(command).state, row(command).remote_id) == ("confirmed", "7301234567890123456")
    assert row(command).settled_at is not None
    assert len(machine.requests) == 1


def test_a_refused_command_tells_the_field(account):
    (command,) = service.open_commands(account.pk, [draft()])
    outcome = service.send(line(account, refused(40000, "budget: 日预算不能低于300元"))[0], command)
    service.settle([outcome])
    assert row(command).state == "rejected"
    assert row(command).error["field"] == "daily_budget_fen"
    assert row(command).error["code"] == "40000"


@pytest.mark.parametrize("answer", [refused(40110, "too fast"), httpx.ConnectError("refused"), refused(61002, "quota")])
def test_what_was_certainly_not_carried_out_may_be_opened_again(account, answer):
    (command,) = service.open_commands(account.pk, [draft()])
    outcome = service.send(line(account, answer)[0], command)
    assert outcome.state == CommandState.ABSENT
    service.settle([outcome])
    (again,) = service.open_commands(account.pk, [draft()])
    assert (again.id, again.may_send, again.generation, again.attempt_count) == (command.id, True, 2, 2)


def test_a_throttled_command_tells_when(account):
    (command,) = service.open_commands(account.pk, [draft()])
    answer = refused(40130, "slow down", headers={"X-RateLimit-RetryIn": "30"})
    error = service.send(line(account, answer)[0], command).error
    assert (error.kind, error.scope) == ("RateLimited", "account")
    assert timedelta(seconds=29) < error.retry_at - timezone.now() <= timedelta(seconds=30)


@pytest.mark.parametrize("answer", [httpx.ReadTimeout("slow"), httpx.Response(502), refused(50000, "system")])
def test_a_lost_answer_is_unknown_and_not_sent_again(account, answer):
    (command,) = service.open_commands(account.pk, [draft()])
    phone, machine = line(account, answer)
    outcome = service.send(phone, command)
    assert outcome.state == CommandState.UNKNOWN
    service.settle([outcome])
    (again,) = service.open_commands(account.pk, [draft()])
    assert (again.may_send, again.state) == (False, CommandState.UNKNOWN)
    with pytest.raises(ValueError, match="may be sent"):
        service.send(phone, again)
    assert len(machine.requests) == 1


def test_nothing_is_sent_when_the_lease_is_nearly_over(account):
    (command,) = service.open_commands(account.pk, [draft()], lease_seconds=20)
    phone, machine = line(account, ok({"promotion_id": 1}))
    outcome = service.send(phone, command)
    assert (outcome.state, outcome.error.kind) == (CommandState.ABSENT, "LeaseTooShort")
    assert machine.requests == []
    service.settle([outcome])
    (again,) = service.open_commands(account.pk, [draft()])
    assert service.send(phone, again).state == CommandState.CONFIRMED


def test_unsettled_commands_are_claimed_only_after_the_settle_time(account):
    lost, dead, fresh = service.open_commands(account.pk, [draft("a"), draft("b"), draft("c")])
    service.settle([Outcome(lost.id, 1, CommandState.UNKNOWN)])
    assert service.claim_unsettled(account.pk) == []
    make_old(lost, 46)
    assert [command.id for command in service.claim_unsettled(account.pk)] == [lost.id]
    make_old(dead, 61)
    (claimed,) = service.claim_unsettled(account.pk)
    assert (claimed.id, claimed.state, claimed.generation) == (dead.id, CommandState.UNKNOWN, 2)
    assert row(fresh).state == "in_flight"


def test_a_sender_that_was_given_up_cannot_settle_any_more(account):
    (command,) = service.open_commands(account.pk, [draft()])
    make_old(command)
    service.claim_unsettled(account.pk)
    assert service.settle([Outcome(command.id, 1, CommandState.CONFIRMED, remote_id="9")]) == set()
    assert (row(command).state, row(command).remote_id) == ("unknown", "")


def promotions(*names):
    items = [
        {"promotion_id": 11 + at, "project_id": 7300000000000000001, "promotion_name": name, "opt_status": "ENABLE"}
        for at, name in enumerate(names)
    ]
    return ok({"list": items, "page_info": {"page": 1, "page_size": 20, "total_number": len(items), "total_page": 1}})


def test_a_plan_that_is_there_is_confirmed_by_reading_back(account):
    (command,) = service.open_commands(account.pk, [draft()])
    make_old(command)
    (claimed,) = service.claim_unsettled(account.pk)
    (outcome,) = read_back(line(account, promotions("计划 #k7f3q 2", "计划 #k7f3q"))[0], [claimed])
    assert (outcome.state, outcome.remote_id) == (CommandState.CONFIRMED, "12")
    service.settle([outcome])
    assert row(command).state == "confirmed"


def test_a_plan_that_is_not_there_may_be_sent_again(account):
    (command,) = service.open_commands(account.pk, [draft()])
    make_old(command)
    (claimed,) = service.claim_unsettled(account.pk)
    (outcome,) = read_back(line(account, promotions("计划 #k7f3q 2"))[0], [claimed])
    assert outcome.state == CommandState.ABSENT
    service.settle([outcome])
    (again,) = service.open_commands(account.pk, [draft()])
    assert (again.may_send, again.generation) == (True, 3)


def test_a_command_stays_unknown_while_the_media_cannot_be_asked(account):
    (command,) = service.open_commands(account.pk, [draft()])
    make_old(command)
    (claimed,) = service.claim_unsettled(account.pk)
    (outcome,) = read_back(line(account, httpx.Response(503))[0], [claimed])
    assert (outcome.state, outcome.error.kind) == (CommandState.UNKNOWN, "Transient")


def test_a_change_is_confirmed_when_its_value_stands(account):
    change = PlanChange("11", status=SwitchStatus.ENABLED)
    (command,) = service.open_commands(account.pk, [CommandDraft("change-1", (change,))])
    make_old(command)
    (claimed,) = service.claim_unsettled(account.pk)
    (outcome,) = read_back(line(account, promotions("x"))[0], [claimed])
    assert outcome.state == CommandState.CONFIRMED
    assert [item.remote_id for item in outcome.items] == ["11"]
    paused = replace(claimed, target={"changes": [{"plan_remote_id": "11", "status": "paused"}]})
    assert read_back(line(account, promotions("x"))[0], [paused])[0].state == CommandState.ABSENT


def test_partial_failure_is_told_item_by_item(account):
    changes = (PlanChange("11", bid_fen=100), PlanChange("12", bid_fen=200))
    (command,) = service.open_commands(account.pk, [CommandDraft("change-1", changes)])
    answer = ok({"promotion_ids": [11], "errors": [{"promotion_id": 12, "error_message": "出价过低"}]})
    outcome = service.send(line(account, answer)[0], command)
    assert outcome.state == CommandState.CONFIRMED
    assert [(item.remote_id, item.is_accepted, item.message) for item in outcome.items] == [
        ("11", True, ""),
        ("12", False, "出价过低"),
    ]


def test_another_organization_cannot_settle_a_command(account):
    (command,) = service.open_commands(account.pk, [draft()])
    with organization_scope(OrganizationFactory().pk):
        assert service.settle([Outcome(command.id, 1, CommandState.CONFIRMED, remote_id="9")]) == set()
    assert row(command).state == "in_flight"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_opened_or_sent_inside_a_transaction():
    organization = OrganizationFactory()
    account = make_media_account(organization)
    with organization_scope(organization.pk):
        with pytest.raises(RuntimeError), transaction.atomic():
            service.open_commands(account.pk, [CommandDraft("a", campaign_draft())])
        with transaction.atomic():
            assert not OutboundCommand.objects.exists()
    assert not connection.in_atomic_block


def test_a_full_limiter_is_an_outcome_and_sends_nothing(account):
    (command,) = service.open_commands(account.pk, [draft()])
    phone, machine = line(account, ok({"promotion_id": 1}))

    def full(**asked):
        raise RateLimited("full", retry_after=9.0)

    phone.connector._client._http._limiter.acquire = full
    assert service.send(phone, command).state == CommandState.ABSENT
    assert machine.requests == []
