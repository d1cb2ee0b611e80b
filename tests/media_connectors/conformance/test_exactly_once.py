"""A command over a line that breaks: however it breaks, the media ends up with one plan, and we know it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from media_connectors.choices import CommandState
from media_connectors.contracts import VENDOR_OF
from media_connectors.gateway.line import AccountLine
from media_connectors.models import OutboundCommand
from media_connectors.services.commands import CommandDraft, claim_unsettled, open_commands, send, settle
from media_connectors.services.read_back import read_back
from tests.factories import OrganizationFactory
from tests.media_connectors.rows import make_credential, make_media_account
from xmagnet.core.scope import organization_scope

pytestmark = pytest.mark.django_db

NAME = "计划 #k7f3q"


@pytest.fixture
def line(media):
    organization = OrganizationFactory()
    credential = make_credential(
        organization,
        vendor=VENDOR_OF[media.platform],
        application_id=media.access.application_id,
        access_token=media.access.access_token,
    )
    account = make_media_account(
        organization,
        platform=media.platform,
        remote_id=media.access.account_remote_id,
        credential=credential,
    )
    with organization_scope(organization.pk):
        line = AccountLine(account.pk)
        line.connector = media.connector
        yield line


def carry_out(line, draft):
    """What a drain does with one row until it is settled; the command as it stands then."""
    for _ in range(4):
        (command,) = open_commands(line.account_id, [CommandDraft("row-1", draft)])
        if command.may_send:
            settle([send(line, command)])
        OutboundCommand.objects.update(sent_at=timezone.now() - timedelta(minutes=2))
        settle(read_back(line, claim_unsettled(line.account_id)))
        stored = OutboundCommand.objects.get()
        if stored.state in {CommandState.CONFIRMED, CommandState.REJECTED}:
            return stored
    raise AssertionError(f"still {stored.state} after four rounds")


@pytest.mark.parametrize(
    ("fault", "sends"),
    [
        (None, 1),
        ("reset_after", 1),
        ("malformed_json", 1),
        ("reset_before", 2),
        ("server_error", 2),
        ("system_error", 2),
        ("limit_developer", 2),
        ("limit_account", 2),
    ],
)
def test_one_plan_whatever_breaks(media, line, fault, sends):
    draft = media.plan_draft(media.campaign(), NAME)
    if fault:
        media.fault(fault, "create_plan")
    stored = carry_out(line, draft)
    assert (stored.state, stored.attempt_count) == (CommandState.CONFIRMED, sends)
    assert media.names() == [NAME]
    assert media.read(stored.remote_id).name == NAME


def test_a_refusal_is_final(media, line):
    stored = carry_out(line, media.plan_draft(media.campaign(), NAME, daily_budget_fen=5_000, bid_fen=1_000))
    assert (stored.state, stored.error["field"]) == (CommandState.REJECTED, "daily_budget_fen")
    assert media.names() == []


def test_a_lost_campaign_is_one_campaign(media, line):
    media.fault("reset_after", "create_campaign")
    stored = carry_out(line, media.campaign_draft("春季投放"))
    assert stored.state == CommandState.CONFIRMED
    assert media.connector.find_campaign(media.access, name="春季投放").remote_id == stored.remote_id
