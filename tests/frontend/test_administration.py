"""What an administrator does beside inviting: agencies as pages, renewed links, sessions, forgotten passwords."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from media_connectors.models import MediaAccount
from tests.factories import PASSWORD, UserFactory, make_account, make_agency, make_member
from tests.frontend.rows import reload, row_of, rows_of
from xmagnet.accounts.models import Invitation, Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

MEMBERS = "/o/sunrise/members/"
NEW_PASSWORD = "five green paper lanterns"


def link_in(html: str) -> str:
    return re.search(r"/join/sunrise/[\w-]+/", html)[0]  # type: ignore[index]


def test_a_renewed_invitation_has_a_new_link_and_the_old_one_is_worthless(
    organization: Organization, admin: Client
) -> None:
    fields = {"email": "wang@example.com", "role": Role.ANALYST}
    old = link_in(admin.post(f"{MEMBERS}invite/", fields).content.decode())
    invitation = row_of(organization, Invitation)
    with organization_scope(organization.pk), transaction.atomic():
        Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "Expired" in admin.get(MEMBERS).content.decode()
    assert Client().get(old).status_code == 404
    new = link_in(admin.post(f"/o/sunrise/invitations/{invitation.pk}/renew/").content.decode())
    assert new != old
    assert (Client().get(old).status_code, Client().get(new).status_code) == (404, 200)


def test_a_second_invitation_closes_the_first_door(organization: Organization, admin: Client) -> None:
    first = link_in(admin.post(f"{MEMBERS}invite/", {"email": "w@example.com", "role": "admin"}).content.decode())
    second = link_in(admin.post(f"{MEMBERS}invite/", {"email": "w@example.com", "role": "analyst"}).content.decode())
    assert (Client().get(first).status_code, Client().get(second).status_code) == (404, 200)


def test_members_are_found_by_name_role_and_agency(organization: Organization, admin: Client) -> None:
    blue = make_agency(organization, "Blue")
    make_member(organization, Role.OPTIMIZER, agency=blue, user=UserFactory(name="Li Lei"))
    make_member(organization, Role.FINANCE, user=UserFactory(name="Han Mei"))

    def found(**values: str) -> set[str]:
        html = admin.get(MEMBERS, values).content.decode()
        return {name for name in ("Li Lei", "Han Mei") if name in html}

    assert found() == {"Li Lei", "Han Mei"}
    assert found(q="li l") == {"Li Lei"}
    assert found(role="finance") == {"Han Mei"}
    assert found(agency=str(blue.pk)) == {"Li Lei"}
    assert found(agency="none") == {"Han Mei"}
    assert found(agency="9" * 40, role="king") == {"Li Lei", "Han Mei"}
    assert "No member fits" in admin.get(MEMBERS, {"q": "nobody"}).content.decode()


def test_accounts_are_given_and_taken_many_at_once(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    with transaction.atomic():
        one, two = make_account(organization, name="one", agency=red), make_account(organization, name="two")
    page = f"/o/sunrise/agencies/{blue.pk}/"
    html = admin.get(page).content.decode()
    assert "Until it is given accounts" in html
    admin.post(f"{page}accounts/", {"action": "give", "account": [str(one.pk), str(two.pk)]})
    assert [account.agency_id for account in rows_of(organization, MediaAccount)] == [blue.pk, blue.pk]
    admin.post(f"{page}accounts/", {"action": "take", "account": [str(one.pk)]})
    assert (reload(one).agency_id, reload(two).agency_id) == (None, blue.pk)
    assert admin.post(f"{page}accounts/", {"action": "give", "account": ["999999"]}).status_code == 404
    lead = as_role(Role.AGENCY_LEAD, agency=blue)
    assert "Give the chosen" not in lead.get(page).content.decode()
    assert lead.post(f"{page}accounts/", {"action": "take", "account": [str(two.pk)]}).status_code == 403
    assert lead.get(f"/o/sunrise/agencies/{red.pk}/").status_code == 404
    assert reload(two).agency_id == blue.pk


def test_a_deactivated_agencys_people_are_shut_out_until_it_is_back(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    blue = make_agency(organization, "Blue")
    client = as_role(Role.OPTIMIZER, agency=blue)
    assert client.get("/")["Location"] == "/o/sunrise/"
    assert client.get("/o/sunrise/").status_code == 200
    admin.post(f"/o/sunrise/agencies/{blue.pk}/switch/", {"active": "no"})
    assert client.get("/o/sunrise/").status_code == 404
    assert "cannot enter" in admin.get(f"/o/sunrise/agencies/{blue.pk}/").content.decode()
    admin.post(f"/o/sunrise/agencies/{blue.pk}/switch/", {"active": "yes"})
    assert client.get("/o/sunrise/").status_code == 200


@pytest.fixture
def person(organization: Organization) -> User:
    return make_member(organization, user=UserFactory(email="li@example.com"))


def signed_in(email: str, password: str) -> Client:
    client = Client()
    client.post("/account/login/", {"login": email, "password": password})
    return client


def test_one_other_session_is_ended_and_nobody_elses(person: User, organization: Organization) -> None:
    here, there = signed_in(person.email, PASSWORD), signed_in(person.email, PASSWORD)
    stranger = signed_in(make_member(organization).email, PASSWORD)
    for client in (here, there, stranger):
        assert client.get("/o/sunrise/").status_code == 200
    key = there.session.session_key
    session = UserSession.objects.get(session_key=key)
    assert stranger.post(f"/sessions/{session.pk}/end/").status_code == 404
    assert there.get("/o/sunrise/").status_code == 200
    assert f"/sessions/{session.pk}/end/" in here.get("/account/sessions/").content.decode()
    here.post(f"/sessions/{session.pk}/end/")
    assert there.get("/o/sunrise/").status_code == 302
    assert here.get("/o/sunrise/").status_code == 200


def test_a_forgotten_password_is_set_anew_by_email(person: User) -> None:
    before = signed_in(person.email, PASSWORD)
    page = "/account/password/forgotten/"
    assert "Forgotten password?" in Client().get("/account/login/").content.decode()
    visitor = Client()
    assert visitor.post(page, {"email": person.email})["Location"] == f"{page}sent/"
    link = re.search(r"http://testserver(/account/password/forgotten/\S+)", mail.outbox[0].body)[1]  # type: ignore[index]
    form = visitor.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    assert visitor.post(address, {"password1": "short", "password2": "short"}).status_code == 200
    visitor.post(address, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert before.get("/o/sunrise/").status_code == 302
    assert signed_in(person.email, NEW_PASSWORD).get("/o/sunrise/").status_code == 200
    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_strangers_learn_nothing_and_get_no_mail(db: None, settings: Any) -> None:
    page = "/account/password/forgotten/"
    assert Client().post(page, {"email": "nobody@example.com"})["Location"] == f"{page}sent/"
    assert mail.outbox == []
    settings.EMAIL_IS_ON = False
    assert "email is not set up" in Client().get("/account/login/").content.decode()


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(person: User) -> None:
    page = "https://testserver/o/sunrise/members/invite/"
    answer = Client().post("/o/sunrise/members/invite/", {"email": "new@example.com"}, headers={"referer": page})
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=%2Fo%2Fsunrise%2Fmembers%2Finvite%2F"


@pytest.mark.parametrize("way", ["header", "field"])
def test_nothing_is_done_from_a_page_that_was_shown_to_somebody_else(admin: Client, way: str) -> None:
    fields, headers = {"email": "new@example.com", "role": "analyst"}, {}
    if way == "header":
        headers = {"x-person": "999999"}
    answer = admin.post(
        "/o/sunrise/members/invite/", fields | ({"shown_to": "999999"} if way == "field" else {}), headers=headers
    )
    assert (answer.status_code, answer["X-Stale-Page"]) == (403, "yes")
    assert "new@example.com" not in admin.get("/o/sunrise/members/").content.decode()


def test_an_island_of_a_signed_out_page_is_told_where_to_sign_in(person: User) -> None:
    island = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/o/sunrise/plans/?q=%E6%98%A5"}
    answer = Client().get("/o/sunrise/notifications/unread/", **island)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["X-Sign-In"] == "/account/login/?next=%2Fo%2Fsunrise%2Fplans%2F%3Fq%3D%25E6%2598%25A5"
    assert Client().get("/o/sunrise/notifications/unread/").status_code == 302


def test_a_page_of_the_menu_says_where_it_stands(admin: Client) -> None:
    html = admin.get("/o/sunrise/audit/").content.decode()
    assert "<span>Account centre</span>" in html
    assert '<span aria-current="page">Audit log</span>' in html


def test_templates_agencies_members_and_files_are_searched(
    organization: Organization, admin: Client, as_role: Callable[..., Client]
) -> None:
    make_agency(organization, "蓝鲸互动")
    make_member(organization, user=UserFactory(name="李雷蓝"))
    html = admin.get("/o/sunrise/search/", {"q": "蓝"}).content.decode()
    assert "蓝鲸互动" in html
    assert "李雷蓝" in html
    assert "李雷蓝" not in as_role(Role.REVIEWER).get("/o/sunrise/search/", {"q": "蓝"}).content.decode()
