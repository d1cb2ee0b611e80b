from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

from tests.factories import UserFactory, make_agency, make_member
from tests.frontend.rows import row_of, rows_of
from xmagnet.accounts.models import Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.notices.choices import ChatKind, Event
from xmagnet.notices.models import ChatChannel, Notice, NoticeDelivery
from xmagnet.notices.services import notify
from xmagnet.notices.words import PATHS, words_of

LIST = "/o/sunrise/notifications/"
ROBOT = "http://127.0.0.1:9/hook"
DATA: dict[Event, dict[str, Any]] = {
    Event.JOB_FINISHED: {"kind": "plans.create", "counts": {"succeeded": 3, "failed": 1}},
    Event.JOB_FAILED: {"kind": "plans.create", "reason": "日预算不能低于 300 元"},
    Event.JOB_PAUSED: {"kind": "plans.create"},
    Event.PLAN_REJECTED: {"account_name": "A", "remote_id": "1", "count": 7, "plan_names": ["<P1>", "P2"]},
    Event.BALANCE_LOW: {"account_name": "A", "remote_id": "1", "balance_fen": 1000, "limit_fen": 50000},
    Event.ACCOUNT_REFUSED: {"account_name": "A", "remote_id": "1", "message": "No permission"},
    Event.NEEDS_AUTHORIZATION: {"account_name": "A", "remote_id": "1", "message": "withdrawn"},
    Event.LOGIN_ENDING: {"account_name": "A", "remote_id": "1", "ends_on": "2026-12-01"},
    Event.SYNC_STALLED: {"account_name": "A", "remote_id": "1", "minutes": 42},
    Event.WEBHOOK_DISABLED: {"host": "crm.example.com", "reason": "gone"},
    Event.MEMBER_JOINED: {"name": "Wang", "email": "wang@example.com"},
}


def told(organization: Organization, event: Event = Event.BALANCE_LOW, **fields: Any) -> Notice:
    with organization_scope(organization.pk), transaction.atomic():
        notify(event, data=DATA[event], object_id=fields.pop("object_id", "5"), **fields)
        return Notice.objects.order_by("-id")[0]


def test_every_event_has_words_and_leads_to_a_page(organization: Organization) -> None:
    for event in Event:
        notice = told(organization, event)
        words = words_of(notice)
        assert words.title, event
        assert resolve(f"/o/sunrise/{words.path.split('?')[0]}"), event
    assert {"job", "account", "plans", "webhook", "members"} == set(PATHS)


def test_the_bell_counts_what_is_new_until_it_is_read(
    organization: Organization, sign_in: Callable[[User], Client]
) -> None:
    worker = make_member(organization, Role.OPTIMIZER)
    mine = told(organization, Event.JOB_FAILED, for_user_id=worker.pk)
    told(organization, Event.JOB_FAILED, for_user_id=worker.pk + 1)
    client = sign_in(worker)
    count = f"{LIST}unread/"
    assert ">1<" in client.get(count).content.decode()
    html = client.get(f"{LIST}bell/").content.decode()
    assert "日预算不能低于 300 元" in html
    assert html.count("is-new") == 1
    response = client.get(f"{LIST}{mine.pk}/")
    assert response["Location"] == "/o/sunrise/jobs/5/"
    assert client.get(count).content.decode().strip() == ""
    assert "is-new" not in client.get(f"{LIST}bell/").content.decode()


def test_all_are_read_at_once_from_the_bell(organization: Organization, admin: Client) -> None:
    told(organization)
    told(organization)
    answer = admin.post(f"{LIST}read/", HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer["HX-Trigger"]) == (204, '{"notifications-read": true}')
    assert admin.get(f"{LIST}unread/").content.decode().strip() == ""


def test_the_list_is_filtered_and_escapes_names(organization: Organization, admin: Client) -> None:
    assert "No notifications yet" in admin.get(LIST).content.decode()
    rejected = told(organization, Event.PLAN_REJECTED)
    told(organization, Event.MEMBER_JOINED)
    html = admin.get(LIST).content.decode()
    assert "7 plans were refused" in html
    assert "&lt;P1&gt;, P2 …" in html
    assert "Wang joined" in html
    only = admin.get(LIST, {"event": "member.joined"}).content.decode()
    assert "Wang joined" in only
    assert "were refused" not in only
    admin.post(f"{LIST}read/", {"notice": str(rejected.pk)})
    unread = admin.get(LIST, {"unread": "yes"}).content.decode()
    assert "Wang joined" in unread
    assert "were refused" not in unread
    assert "No notification fits" in admin.get(LIST, {"since": "2999-01-01"}).content.decode()


def test_what_belongs_to_another_agency_is_neither_listed_nor_opened(
    organization: Organization, as_role: Callable[..., Client]
) -> None:
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    notice = told(organization, Event.PLAN_REJECTED, agency_id=red.pk, account_id=5)
    client = as_role(Role.OPTIMIZER, agency=blue)
    assert "were refused" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{notice.pk}/").status_code == 404


def test_wishes_are_kept_and_only_those_one_may_hear_are_offered(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    settings = f"{LIST}settings/"
    reviewer = as_role(Role.REVIEWER).get(settings).content.decode()
    assert "My job failed" in reviewer
    assert "balance" not in reviewer
    admin.post(settings, {"job.finished": ["email", "chat"], "balance.low": []})
    html = admin.get(settings).content.decode()
    for value in ("email", "chat"):
        assert f'name="job.finished" value="{value}"' in html
    assert 'value="email" id="id_job.finished_1" checked' in html
    told(organization, Event.BALANCE_LOW)
    assert admin.get(f"{LIST}unread/").content.decode().strip() == ""
    assert admin.post(settings, {"job.finished": ["pigeon"]}).status_code == 422


def test_a_test_email_is_queued_for_the_reader(
    organization: Organization, sign_in: Callable[[User], Client], settings: Any
) -> None:
    user = make_member(organization, Role.ANALYST, user=UserFactory(email="an@example.com"))
    client = sign_in(user)
    client.post(f"{LIST}settings/email/")
    assert row_of(organization, NoticeDelivery).user_id == user.pk
    settings.EMAIL_IS_ON = False
    client.post(f"{LIST}settings/email/")
    assert len(rows_of(organization, NoticeDelivery)) == 1
    assert "Email is not set up here" in client.get(f"{LIST}settings/").content.decode()


def test_an_administrator_adds_tests_switches_and_removes_a_robot(organization: Organization, admin: Client) -> None:
    page = "/o/sunrise/channels/"
    assert "No chat channels yet" in admin.get(page).content.decode()
    wrong = admin.post(f"{page}add/", {"kind": "wecom", "name": "G", "url": "https://x.example/", "language": "en"})
    assert wrong.status_code == 422
    assert "qyapi.weixin.qq.com" in wrong.content.decode()
    fields = {"kind": "feishu", "name": "Buying <1>", "url": ROBOT, "secret": "s3cret", "language": "en"}
    admin.post(f"{page}add/", fields | {"events": ["balance.low"]})
    channel = row_of(organization, ChatChannel)
    own = f"{page}{channel.pk}/"
    html = admin.get(own).content.decode()
    assert "Buying &lt;1&gt;" in html
    assert "s3cret" not in html
    assert "9/hook" not in html
    admin.post(own, {"kind": "feishu", "name": "Selling", "language": "zh-hans", "url": "", "secret": ""})
    admin.post(f"{own}action/", {"action": "test"})
    admin.post(f"{own}action/", {"action": "disable"})
    changed = row_of(organization, ChatChannel)
    assert (changed.name, changed.events, changed.is_active) == ("Selling", [], False)
    assert bytes(changed.encrypted_secret) == bytes(channel.encrypted_secret)
    assert "A test message" in admin.get(own).content.decode()
    assert admin.post(f"{own}action/", {"action": "explode"}).status_code == 404
    admin.post(f"{own}action/", {"action": "delete"})
    assert rows_of(organization, ChatChannel) == []


def test_ones_own_robot_is_nobody_elses(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    client = as_role(Role.ANALYST)
    fields = {"kind": ChatKind.DINGTALK, "name": "Mine", "url": ROBOT, "language": "en"}
    client.post(f"{LIST}settings/chat/", fields)
    channel = row_of(organization, ChatChannel)
    assert "Mine" in client.get(f"{LIST}settings/").content.decode()
    assert admin.get(f"/o/sunrise/channels/{channel.pk}/").status_code == 404
    assert "Mine" not in admin.get("/o/sunrise/channels/").content.decode()
    assert client.get("/o/sunrise/channels/").status_code == 403


@pytest.mark.parametrize("event", list(Event))
def test_every_event_is_spoken_of_in_chinese(organization: Organization, event: Event) -> None:
    from django.utils import translation

    with translation.override("zh-hans"):
        words = words_of(told(organization, event))
    assert any("一" <= letter <= "鿿" for letter in words.title), words
