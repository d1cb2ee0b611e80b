"""Messages go to whom they should, in their language, once, and again until they arrive."""

from __future__ import annotations

import json
import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tests.factories import UserFactory, make_agency, make_member
from tests.notices.conftest import member_actor
from tests.receivers import Receiver
from xmagnet.accounts.models import Membership, Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.errors import Forbidden, InvalidInput, NotFound
from xmagnet.notices import sending, services
from xmagnet.notices.choices import Channel, Event
from xmagnet.notices.models import ChatChannel, Notice, NoticeDelivery
from xmagnet.notices.services import ChannelInput

LOW = {"account_name": "安心-抖音-01", "remote_id": "17", "balance_fen": 1_000, "limit_fen": 50_000}


def low(**fields: object) -> None:
    services.notify(Event.BALANCE_LOW, object_id=1, data=LOW, account_id=1, **fields)  # type: ignore[arg-type]


def send() -> int:
    sending.spread()
    return sending.deliver_due()


def robot(receiver: Receiver, **fields: object) -> ChannelInput:
    values = {"kind": "feishu", "name": "Buying", "url": receiver.url, "secret": "s3cret"} | fields
    return ChannelInput(**values)  # type: ignore[arg-type]


def test_those_who_want_it_by_email_get_it_in_their_language(organization: Organization, scope: None):
    make_member(organization, Role.ADMIN, user=UserFactory(email="li@example.com", language="zh-hans"))
    make_member(organization, Role.FINANCE, user=UserFactory(email="ann@example.com", language="en"))
    make_member(organization, Role.REVIEWER, user=UserFactory(email="rev@example.com"))
    low()
    assert send() == 2
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {"li@example.com", "ann@example.com"}
    assert letters["ann@example.com"].subject == "[X-Magnet] 安心-抖音-01: the balance is low"
    assert "¥10.00 is left; the alarm stands at ¥500.00." in letters["ann@example.com"].body
    assert "/o/sunrise/accounts/?q=17" in letters["ann@example.com"].body
    assert "余额" in letters["li@example.com"].subject
    assert send() == 0
    assert len(mail.outbox) == 2


def test_another_agency_and_suspended_people_get_nothing(organization: Organization, scope: None):
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    make_member(organization, Role.OPTIMIZER, agency=blue, user=UserFactory(email="blue@example.com"))
    make_member(organization, Role.OPTIMIZER, agency=red, user=UserFactory(email="red@example.com"))
    gone = make_member(organization, Role.ADMIN, user=UserFactory(email="gone@example.com"))
    Membership.objects.filter(user=gone).update(is_active=False)
    low(agency_id=blue.pk)
    send()
    assert [letter.to for letter in mail.outbox] == [["blue@example.com"]]


def test_a_name_cannot_forge_a_header(organization: Organization, scope: None):
    make_member(organization, Role.ADMIN)
    services.notify(Event.BALANCE_LOW, data=LOW | {"account_name": "A\nBcc: evil@example.com"})
    send()
    assert "\n" not in mail.outbox[0].subject


def test_a_mail_server_that_is_away_is_asked_again(
    organization: Organization, scope: None, monkeypatch: pytest.MonkeyPatch
):
    make_member(organization, Role.ADMIN)
    low()

    def away(*_: object, **__: object) -> None:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", away)
        send()
    delivery = NoticeDelivery.objects.get()
    assert (delivery.state, delivery.attempt_count, delivery.error) == ("pending", 1, "SMTPServerDisconnected")
    assert timedelta(0) < delivery.next_at - timezone.now() <= sending.WAITS[0]
    NoticeDelivery.objects.update(next_at=timezone.now())
    assert send() == 1
    assert NoticeDelivery.objects.get().state == "delivered"


def test_a_robot_whose_address_cannot_be_read_does_not_hold_up_the_others(
    organization: Organization, scope: None, receiver: Receiver
):
    admin = member_actor(organization, Role.ADMIN)
    services.change_wishes(admin, dict.fromkeys(Event, ()))
    broken = services.create_channel(admin, robot(receiver, name="Broken"), is_own=False)
    services.create_channel(admin, robot(receiver), is_own=False)
    ChatChannel.objects.filter(pk=broken.pk).update(encrypted_url=b"of a key that is gone")
    receiver.body = b'{"code":0}'
    low()
    assert send() == 2
    states = NoticeDelivery.objects.order_by("chat_channel_id").values_list("state", "error")
    assert list(states) == [("pending", "our own error: InvalidToken"), ("delivered", "")]


def test_the_organizations_robot_hears_what_it_was_told_to(organization: Organization, scope: None, receiver: Receiver):
    admin = member_actor(organization, Role.ADMIN)
    services.change_wishes(admin, dict.fromkeys(Event, ()))
    services.create_channel(admin, robot(receiver, events=("balance.low",)), is_own=False)
    receiver.body = b'{"code":0}'
    low()
    services.notify(Event.MEMBER_JOINED, data={"name": "Wang", "email": "w@example.com"})
    assert send() == 1
    body = json.loads(receiver.got[0][1])
    assert body["content"]["post"]["zh_cn"]["title"].startswith("X-Magnet · 安心-抖音-01")
    assert body["sign"]
    assert NoticeDelivery.objects.get().state == "delivered"
    assert "channel.created" in AuditEvent.objects.values_list("action", flat=True)


def test_a_robot_of_one_agencys_group_hears_of_that_agency_only(
    organization: Organization, scope: None, receiver: Receiver
):
    admin = member_actor(organization, Role.ADMIN)
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    channel = services.create_channel(admin, robot(receiver, agency_id=blue.pk), is_own=False)
    low()
    low(agency_id=red.pk)
    low(agency_id=blue.pk)
    sending.spread()
    told = NoticeDelivery.objects.filter(chat_channel=channel).values_list("notice__agency_id", flat=True)
    assert list(told) == [blue.pk]


def test_ones_own_robot_hears_what_one_chose(organization: Organization, scope: None, receiver: Receiver):
    blue = make_agency(organization, "Blue")
    actor = member_actor(organization, Role.OPTIMIZER, agency=blue)
    services.create_channel(actor, robot(receiver, language="en"), is_own=True)
    receiver.body = b'{"code":0}'
    low(agency_id=blue.pk)
    sending.spread()
    assert not NoticeDelivery.objects.filter(channel=Channel.CHAT).exists()
    services.change_wishes(actor, {Event.BALANCE_LOW: [Channel.CHAT]})
    low(agency_id=blue.pk)
    low(agency_id=None)
    send()
    assert len(receiver.got) == 1
    assert "the balance is low" in receiver.got[0][1].decode()


def test_a_busy_robot_is_tried_again_and_a_dead_one_switched_off(
    organization: Organization, scope: None, receiver: Receiver
):
    admin = member_actor(organization, Role.ADMIN)
    channel = services.create_channel(admin, robot(receiver, kind="wecom", secret=""), is_own=False)
    receiver.body = b'{"errcode":45009,"errmsg":"api freq out of limit"}'
    services.send_channel_test(admin, channel.pk)
    send()
    delivery = NoticeDelivery.objects.get()
    assert (delivery.state, delivery.error) == ("pending", "45009: api freq out of limit")
    receiver.body = b'{"errcode":93000,"errmsg":"invalid webhook url"}'
    NoticeDelivery.objects.update(next_at=timezone.now())
    send()
    channel.refresh_from_db()
    assert NoticeDelivery.objects.get().state == "failed"
    assert (channel.is_active, channel.disabled_reason) == (False, "93000: invalid webhook url")
    low()
    sending.spread()
    assert NoticeDelivery.objects.filter(chat_channel=channel).count() == 1
    assert services.switch_channel(admin, channel.pk, is_active=True).disabled_reason == ""


def test_after_the_last_attempt_it_is_given_up(organization: Organization, scope: None, receiver: Receiver):
    admin = member_actor(organization, Role.ADMIN)
    channel = services.create_channel(admin, robot(receiver), is_own=False)
    receiver.status = 500
    services.send_channel_test(admin, channel.pk)
    NoticeDelivery.objects.update(attempt_count=len(sending.WAITS))
    send()
    assert NoticeDelivery.objects.get().state == "failed"
    channel.refresh_from_db()
    assert channel.is_active


def test_what_is_half_a_day_old_sends_no_message(organization: Organization, scope: None):
    make_member(organization, Role.ADMIN)
    low()
    Notice.objects.update(at=timezone.now() - timedelta(hours=13))
    assert send() == 0
    assert Notice.objects.get().spread_at is not None


def test_addresses_that_are_no_robots_are_refused(organization: Organization, scope: None, settings):
    admin = member_actor(organization, Role.ADMIN)
    settings.WEBHOOK_ALLOWS_LOOPBACK = False
    for url in (
        "https://evil.example/open-apis/bot/v2/hook/x",
        "http://open.feishu.cn/open-apis/bot/v2/hook/x",
        "https://user@open.feishu.cn/open-apis/bot/v2/hook/x",
        "http://127.0.0.1/hook",
        "https://open.feishu.cn:bad/",
    ):
        with pytest.raises(InvalidInput) as refused:
            services.create_channel(admin, ChannelInput(kind="feishu", name="x", url=url, secret=""), is_own=False)
        assert [error.pointer for error in refused.value.errors] == ["/url"]
    assert not ChatChannel.objects.exists()


def test_an_address_that_resolves_to_our_own_network_is_not_called(
    organization: Organization, scope: None, settings, monkeypatch: pytest.MonkeyPatch
):
    admin = member_actor(organization, Role.ADMIN)
    settings.WEBHOOK_ALLOWS_LOOPBACK = False
    given = ChannelInput(kind="feishu", name="x", url="https://open.feishu.cn/open-apis/bot/v2/hook/x", secret="")
    channel = services.create_channel(admin, given, is_own=False)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("10.0.0.7", 443))])
    services.send_channel_test(admin, channel.pk)
    send()
    assert NoticeDelivery.objects.get().error == "The host is not on the public internet."


def test_secrets_are_not_kept_in_clear(organization: Organization, scope: None, receiver: Receiver):
    admin = member_actor(organization, Role.ADMIN)
    channel = services.create_channel(admin, robot(receiver), is_own=False)
    assert b"s3cret" not in bytes(channel.encrypted_secret)
    assert receiver.url.encode() not in bytes(channel.encrypted_url)
    kept = services.change_channel(admin, channel.pk, robot(receiver, url=None, secret=None, name="Other"))
    assert kept.encrypted_secret == channel.encrypted_secret
    assert "s3cret" not in json.dumps(list(AuditEvent.objects.values("before", "after")))


def test_other_peoples_channels_do_not_exist(organization: Organization, scope: None, receiver: Receiver):
    admin, optimizer = member_actor(organization, Role.ADMIN), member_actor(organization, Role.OPTIMIZER)
    own = services.create_channel(optimizer, robot(receiver), is_own=True)
    shared = services.create_channel(admin, robot(receiver), is_own=False)
    with pytest.raises(NotFound):
        services.delete_channel(admin, own.pk)
    with pytest.raises(NotFound):
        services.send_channel_test(optimizer, shared.pk)
    with pytest.raises(Forbidden):
        services.create_channel(optimizer, robot(receiver, name="Mine"), is_own=False)
    with pytest.raises(InvalidInput):
        services.create_channel(optimizer, robot(receiver), is_own=True)  # the name is taken


def test_old_notices_are_forgotten(organization: Organization, scope: None):
    make_member(organization, Role.ADMIN)
    low()
    low()
    send()
    old = Notice.objects.order_by("id")[0]
    Notice.objects.filter(pk=old.pk).update(at=timezone.now() - sending.KEPT_FOR - timedelta(days=1))
    sending.purge()
    assert list(Notice.objects.values_list("pk", flat=True)) == [old.pk + 1]
