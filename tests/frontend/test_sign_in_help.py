"""An administrator helps members back in: after wrong passwords, and when the phone is lost."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, OrganizationFactory, make_member
from tests.frontend.rows import row_of, rows_of
from xmagnet.accounts.models import Membership, Organization, User
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent

LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def forgotten_tries() -> None:
    cache.clear()


@pytest.fixture
def colleague(organization: Organization) -> User:
    return make_member(organization, Role.OPTIMIZER)


@pytest.fixture
def page(organization: Organization, colleague: User) -> str:
    return f"/o/sunrise/members/{row_of(organization, Membership, user=colleague).pk}/"


def try_to_sign_in(user: User, password: str = PASSWORD) -> int:
    return Client().post(LOGIN, {"login": user.email, "password": password}).status_code


def set_up_second_step(user: User) -> None:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)


def actions(organization: Organization) -> list[str]:
    return [event.action for event in rows_of(organization, AuditEvent)]


def test_a_locked_member_is_shown_and_let_in_again(
    organization: Organization, admin: Client, colleague: User, page: str
) -> None:
    assert "Not locked" in admin.get(page).content.decode()
    for _ in range(8):
        try_to_sign_in(colleague, "wrong password")
    assert try_to_sign_in(colleague) == 429
    assert "Locked" in admin.get(page).content.decode()
    answer = admin.post(f"{page}sign-in/", {"action": "unlock"}, follow=True).content.decode()
    assert "the right password opens at once" in answer
    assert "Not locked" in answer
    assert try_to_sign_in(colleague) == 302
    assert actions(organization) == ["member.unlocked"]


def test_whose_phone_is_lost_signs_in_by_password_again(
    organization: Organization, admin: Client, colleague: User, page: str, sign_in: Callable[[User], Client]
) -> None:
    set_up_second_step(colleague)
    thief = sign_in(colleague)
    assert thief.get("/o/sunrise/").status_code == 200
    assert "Phone lost" in admin.get(page).content.decode()
    answer = admin.post(f"{page}sign-in/", {"action": "reset"}, follow=True).content.decode()
    assert "every session has ended" in answer
    assert "Phone lost" not in answer
    assert not Authenticator.objects.filter(user=colleague).exists()
    assert thief.get("/o/sunrise/").status_code == 302
    owner = Client()
    owner.post(LOGIN, {"login": colleague.email, "password": PASSWORD})
    assert owner.get("/o/sunrise/").status_code == 200
    assert actions(organization) == ["member.second_step_reset"]


def test_the_door_of_another_organization_is_not_weakened(
    organization: Organization, admin: Client, colleague: User, page: str
) -> None:
    make_member(OrganizationFactory(), Role.ADMIN, user=colleague)
    set_up_second_step(colleague)
    answer = admin.post(f"{page}sign-in/", {"action": "reset"}, follow=True).content.decode()
    assert "belongs to other organizations too" in answer
    assert Authenticator.objects.filter(user=colleague).count() == 2
    assert actions(organization) == []


def test_ones_own_second_step_is_not_reset_here(organization: Organization, sign_in: Callable[[User], Client]) -> None:
    user = make_member(organization)
    set_up_second_step(user)
    page = f"/o/sunrise/members/{row_of(organization, Membership, user=user).pk}/"
    client = sign_in(user)
    assert "Phone lost" not in client.get(page).content.decode()
    assert "in your profile" in client.post(f"{page}sign-in/", {"action": "reset"}, follow=True).content.decode()
    assert Authenticator.objects.filter(user=user).count() == 2


def test_nothing_else_can_be_done_to_a_members_signing_in(admin: Client, page: str) -> None:
    assert admin.post(f"{page}sign-in/", {"action": "open sesame"}).status_code == 404
    assert admin.get(f"{page}sign-in/").status_code == 405
