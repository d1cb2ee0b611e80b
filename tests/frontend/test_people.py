import re
import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from tests.campaigns.conftest import NOW
from tests.campaigns.rows import hour, ingest
from tests.factories import (
    PASSWORD,
    OrganizationFactory,
    UserFactory,
    make_account,
    make_agency,
    make_member,
    make_plan,
)
from tests.frontend.rows import reload, row_of, rows_of
from xmagnet.accounts.models import AccountGrant, Agency, ApiToken, Invitation, Membership, Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

BASE = "/o/sunrise/"


def invite(client: Client, **fields: object) -> str:
    """The link that the answer shows."""
    response = client.post(f"{BASE}members/invite/", {"email": "new@example.com", "role": "optimizer", **fields})
    assert response.status_code == 200, response.content.decode()
    found = re.search(r'/join/sunrise/[^"<]+/', response.content.decode())
    assert found
    return found[0]


def test_members_are_listed_with_role_and_sight(organization: Organization, admin: Client) -> None:
    agency = make_agency(organization, "Blue & Co")
    make_member(organization, Role.OPTIMIZER, agency=agency, user=UserFactory(name="<b>Li</b>"))
    html = admin.get(f"{BASE}members/").content.decode()
    assert "&lt;b&gt;Li&lt;/b&gt;" in html
    assert "Blue &amp; Co" in html
    assert "The whole organization" in html


def test_a_manager_reads_members_but_is_offered_no_change(as_role: Callable[..., Client]) -> None:
    manager = as_role(Role.AGENCY_MANAGER)
    html = manager.get(f"{BASE}members/").content.decode()
    assert "members/invite/" not in html
    assert "suspend/" not in html
    assert manager.get(f"{BASE}members/invite/").status_code == 403


@pytest.mark.parametrize("role", [Role.OPTIMIZER, Role.ANALYST, Role.FINANCE])
def test_others_see_no_members(as_role: Callable[..., Client], role: str) -> None:
    client = as_role(role)
    assert client.get(f"{BASE}members/").status_code == 403
    assert "/members/" not in client.get(BASE).content.decode()


def test_an_invitation_leads_a_new_person_in(organization: Organization, admin: Client) -> None:
    link = invite(admin)
    stranger = Client()
    response = stranger.get(link)
    assert "Join Sunrise Life" in response.content.decode()
    assert response["Referrer-Policy"] == "same-origin"  # the address holds the secret
    assert response["Cache-Control"] == "private, no-store"
    response = stranger.post(link, {"name": "Wang", "password": "four quiet blue teapots"})
    assert response["Location"] == BASE
    assert stranger.get(BASE).status_code == 200
    assert User.objects.get(email="new@example.com").name == "Wang"
    assert Client().get(link).status_code == 404


def test_an_invitation_is_sent_by_email_too(organization: Organization, admin: Client) -> None:
    answer = admin.post(f"{BASE}members/invite/", {"email": "new@example.com", "role": "optimizer"})
    (letter,) = mail.outbox
    assert letter.to == ["new@example.com"]
    assert "Sunrise Life" in letter.subject
    link = re.search(r"http://testserver(/join/sunrise/\S+)", letter.body)
    assert link
    assert link[1] in answer.content.decode()
    assert "The link was sent to new@example.com." in answer.content.decode()
    assert Client().get(link[1]).status_code == 200
    invitation = row_of(organization, Invitation)
    renewed = admin.post(f"{BASE}invitations/{invitation.pk}/renew/").content.decode()
    assert "The link was sent to new@example.com." in renewed
    assert len(mail.outbox) == 2
    assert link[1] not in mail.outbox[1].body


def test_a_letter_speaks_the_language_of_the_one_who_invites(organization: Organization, admin: Client) -> None:
    admin.cookies["language"] = "zh-hans"
    invite(admin)
    assert "邀请您加入 Sunrise Life" in mail.outbox[0].subject
    assert "优化师" in mail.outbox[0].body


def test_without_a_mail_server_the_page_says_that_nothing_was_sent(admin: Client, settings: Any) -> None:
    settings.EMAIL_IS_ON = False
    answer = admin.post(f"{BASE}members/invite/", {"email": "new@example.com", "role": "optimizer"}).content.decode()
    assert mail.outbox == []
    assert "Email is not set up here" in answer
    assert "/join/sunrise/" in answer


def test_a_letter_that_is_refused_leaves_the_invitation_and_its_link(
    organization: Organization, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(letter: EmailMessage) -> None:
        raise smtplib.SMTPRecipientsRefused({"new@example.com": (550, b"no such mailbox")})

    monkeypatch.setattr(EmailMessage, "send", refuse)
    answer = admin.post(f"{BASE}members/invite/", {"email": "new@example.com", "role": "optimizer"}).content.decode()
    assert "did not take the letter to new@example.com" in answer
    found = re.search(r'/join/sunrise/[^"<]+/', answer)
    assert found
    assert Client().get(found[0]).status_code == 200


def test_a_refused_invitation_sends_nothing(admin: Client) -> None:
    answer = admin.post(f"{BASE}members/invite/", {"email": "no address", "role": "optimizer"})
    assert answer.status_code == 422
    assert mail.outbox == []


def test_a_letter_is_sent_after_the_invitation_is_kept(
    transactional_db: None, sign_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = OrganizationFactory(name="Sunrise Life", slug="sunrise")
    kept = []

    def look(letter: EmailMessage) -> None:
        kept.append((connection.in_atomic_block, len(rows_of(organization, Invitation))))

    monkeypatch.setattr(EmailMessage, "send", look)
    invite(sign_in(make_member(organization)))
    assert kept == [(False, 1)]  # a slow mail server holds no transaction open


def test_a_weak_password_lets_nobody_in(organization: Organization, admin: Client) -> None:
    link = invite(admin)
    stranger = Client()
    response = stranger.post(link, {"name": "Wang", "password": "12345"})
    assert response.status_code == 422
    assert "too short" in response.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()
    assert "_auth_user_id" not in stranger.session


def test_an_invitation_is_only_for_its_address(
    organization: Organization, admin: Client, sign_in: Callable[[User], Client]
) -> None:
    link = invite(admin)
    other = sign_in(UserFactory(email="other@example.com"))
    response = other.post(link)
    assert response.status_code == 422
    assert "for another email address" in response.content.decode()
    assert other.get(BASE).status_code == 404


def test_a_known_person_joins_with_one_click(
    organization: Organization, admin: Client, sign_in: Callable[[User], Client]
) -> None:
    link = invite(admin)
    client = sign_in(UserFactory(email="new@example.com"))
    assert client.post(link)["Location"] == BASE
    assert client.get(BASE).status_code == 200


def test_a_wrong_invitation_says_which_field_and_makes_none(organization: Organization, admin: Client) -> None:
    agency = make_agency(organization)
    fields = {"email": "new@example.com", "role": "finance", "agency_id": agency.pk}
    response = admin.post(f"{BASE}members/invite/", fields)
    assert response.status_code == 422
    html = response.content.decode()
    assert 'id="id_role_error"' in html
    assert "cannot hold a role that sees the whole organization" in html
    assert len(rows_of(organization, Invitation)) == 0


def test_another_organizations_agency_is_not_offered_nor_taken(organization: Organization, admin: Client) -> None:
    foreign = make_agency(OrganizationFactory(), "CANARY")
    page = f"{BASE}members/invite/"
    assert "CANARY" not in admin.get(page).content.decode()
    fields = {"email": "new@example.com", "role": "optimizer", "agency_id": foreign.pk}
    assert admin.post(page, fields).status_code == 422
    assert len(rows_of(organization, Invitation)) == 0


def test_a_member_is_limited_to_accounts_and_freed_again(
    organization: Organization, admin: Client, sign_in: Callable[[User], Client]
) -> None:
    first, second = (make_account(organization, name=name) for name in ("ACCOUNT-A", "ACCOUNT-B"))
    user = make_member(organization, Role.OPTIMIZER)
    page = f"{BASE}members/{row_of(organization, Membership, user=user).pk}/"
    assert admin.post(page, {"role": "optimizer", "account_ids": [first.pk]}).status_code == 302
    html = sign_in(user).get(f"{BASE}accounts/").content.decode()
    assert "ACCOUNT-A" in html
    assert "ACCOUNT-B" not in html
    assert admin.get(page).context["form"].initial["account_ids"] == [first.pk]
    admin.post(page, {"role": "optimizer"})
    assert "ACCOUNT-B" in sign_in(user).get(f"{BASE}accounts/").content.decode()
    assert rows_of(organization, AccountGrant) == []
    assert second.is_active


def test_another_organizations_account_is_not_granted(organization: Organization, admin: Client) -> None:
    foreign = make_account(OrganizationFactory(), name="CANARY")
    page = f"{BASE}members/{row_of(organization, Membership, user=make_member(organization, Role.OPTIMIZER)).pk}/"
    assert "CANARY" not in admin.get(page).content.decode()
    assert admin.post(page, {"role": "optimizer", "account_ids": [foreign.pk]}).status_code == 422
    assert rows_of(organization, AccountGrant) == []


def test_the_last_administrator_stays(organization: Organization, as_role: Callable[..., Client]) -> None:
    client = as_role(Role.ADMIN)
    member = row_of(organization, Membership)
    response = client.post(f"{BASE}members/{member.pk}/", {"role": "analyst"})
    assert response.status_code == 422
    assert "at least one administrator" in response.content.decode()
    member = reload(member)
    assert member.role == Role.ADMIN


def test_a_suspended_member_is_out_and_can_come_back(
    organization: Organization, admin: Client, sign_in: Callable[[User], Client]
) -> None:
    user = make_member(organization, Role.ANALYST)
    member = row_of(organization, Membership, user=user)
    client = sign_in(user)
    admin.post(f"{BASE}members/{member.pk}/suspend/", {"active": "no"})
    assert client.get(BASE).status_code == 404
    admin.post(f"{BASE}members/{member.pk}/suspend/", {"active": "yes"})
    assert client.get(BASE).status_code == 200


def test_nobody_suspends_from_outside(organization: Organization, as_role: Callable[..., Client]) -> None:
    member = row_of(organization, Membership, user=make_member(organization, Role.ADMIN))
    assert as_role(Role.OPTIMIZER).post(f"{BASE}members/{member.pk}/suspend/", {"active": "no"}).status_code == 403
    member = reload(member)
    assert member.is_active


def test_a_revoked_invitation_opens_nothing(organization: Organization, admin: Client) -> None:
    link = invite(admin)
    invitation = row_of(organization, Invitation)
    assert "new@example.com" in admin.get(f"{BASE}members/").content.decode()
    admin.post(f"{BASE}invitations/{invitation.pk}/revoke/")
    assert Client().get(link).status_code == 404
    assert "new@example.com" not in admin.get(f"{BASE}members/").content.decode()


def test_a_token_is_shown_once_and_works(organization: Organization, admin: Client) -> None:
    fields = {"name": "nightly", "scopes": ["plans:read"], "lifetime_days": "30", "allowed_networks": "127.0.0.0/8"}
    html = admin.post(f"{BASE}tokens/new/", fields).content.decode()
    text = re.search(r"adk_live_\w{8}_[\w-]{43}", html)
    assert text
    token = row_of(organization, ApiToken)
    assert token.scopes == ["plans:read"]
    assert token.allowed_networks == ["127.0.0.0/8"]
    assert text[0] not in admin.get(f"{BASE}tokens/").content.decode()


def test_a_token_cannot_have_what_its_maker_has_not(organization: Organization, as_role: Callable[..., Client]) -> None:
    analyst = as_role(Role.ANALYST)
    page = f"{BASE}tokens/new/"
    assert "members:manage" not in analyst.get(page).content.decode()
    fields = {"name": "x", "scopes": ["members:manage"], "lifetime_days": "30"}
    assert analyst.post(page, fields).status_code == 422
    assert rows_of(organization, ApiToken) == []


def test_a_token_is_revoked_by_its_owner_only(organization: Organization, as_role: Callable[..., Client]) -> None:
    owner = make_member(organization, Role.ANALYST)
    with organization_scope(organization.pk), transaction.atomic():
        token = ApiToken.objects.create(
            user=owner, name="t", prefix="abcdefgh", token_sha256="0" * 64,
            expires_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip
    address = f"{BASE}tokens/{token.pk}/revoke/"
    assert as_role(Role.OPTIMIZER).post(address).status_code == 404
    token = reload(token)
    assert token.revoked_at is None
    client = Client()
    client.post("/account/login/", {"login": owner.email, "password": PASSWORD})
    client.post(address)
    token = reload(token)
    assert token.revoked_at is not None


def test_agencies_are_added_renamed_and_switched_off(organization: Organization, admin: Client) -> None:
    admin.post(f"{BASE}agencies/add/", {"name": "蓝鲸传媒"})
    agency = row_of(organization, Agency)
    assert admin.post(f"{BASE}agencies/add/", {"name": "蓝鲸传媒"}).status_code == 422
    admin.post(f"{BASE}agencies/{agency.pk}/edit/", {"name": "蓝鲸互动"})
    admin.post(f"{BASE}agencies/{agency.pk}/switch/", {"active": "no"})
    agency = reload(agency)
    assert (agency.name, agency.is_active) == ("蓝鲸互动", False)
    assert "Inactive" in admin.get(f"{BASE}agencies/").content.decode()


def test_agencies_are_listed_with_their_accounts_and_cost_today(
    organization: Organization, as_role: Callable[..., Client]
) -> None:
    with time_machine.travel(NOW, tick=False):
        blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
        first, second = (make_account(organization, agency=blue) for _ in range(2))
        third = make_account(organization, agency=red)
        for account, cost_fen in ((first, 100_00), (second, 23_45), (third, 7_00)):
            ingest(
                account, hour(make_plan(account), 0, 9, cost_fen=cost_fen), hour(make_plan(account), 1, 9, cost_fen=5)
            )
        rows = as_role(Role.ADMIN).get(f"{BASE}agencies/").context["rows"]
        assert [(agency.name, count, cost) for agency, count, cost in rows] == [
            ("Blue", 2, 123_45),
            ("Red", 1, 7_00),
        ]
        html = as_role(Role.ANALYST).get(f"{BASE}agencies/").content.decode()
        assert f'href="/o/sunrise/accounts/?agency={blue.pk}"' in html
        assert "¥123.45" in html
        lead = as_role(Role.AGENCY_LEAD, agency=red).get(f"{BASE}agencies/").content.decode()
        assert "¥7.00" in lead
        assert "¥123.45" not in lead
        finance = as_role(Role.FINANCE).get(f"{BASE}agencies/").content.decode()
        assert "Cost today" not in finance  # finance does not read plans yet


def test_an_agency_lead_sees_the_own_agency_only(organization: Organization, as_role: Callable[..., Client]) -> None:
    own, other = make_agency(organization, "Own"), make_agency(organization, "CANARY")
    lead = as_role(Role.AGENCY_LEAD, agency=own)
    html = lead.get(f"{BASE}agencies/").content.decode()
    assert "Own" in html
    assert "CANARY" not in html
    assert lead.post(f"{BASE}agencies/{other.pk}/switch/", {"active": "no"}).status_code == 403
    other = reload(other)
    assert other.is_active


def test_a_profile_keeps_name_language_and_theme(organization: Organization, sign_in: Callable[[User], Client]) -> None:
    user = make_member(organization, Role.ANALYST)
    client = sign_in(user)
    assert client.post(f"{BASE}profile/", {"name": " ", "theme": "dark"}).status_code == 422
    client.post(f"{BASE}profile/", {"name": "李雷", "language": "zh-hans", "theme": "dark"})
    user.refresh_from_db()
    assert (user.name, user.language, user.theme) == ("李雷", "zh-hans", "dark")
    html = client.get(f"{BASE}profile/").content.decode()
    assert 'data-theme="dark"' in html
    assert '<html lang="zh-Hans"' in html
