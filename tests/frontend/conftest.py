"""A signed-in browser without a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.factories import OrganizationFactory, make_member
from xmagnet.accounts.models import Organization, User
from xmagnet.accounts.roles import Role


@pytest.fixture
def organization(db: None) -> Organization:
    return OrganizationFactory(name="Sunrise Life", slug="sunrise")


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def as_role(organization: Organization, sign_in: Callable[[User], Client]) -> Callable[..., Client]:
    """A client of a new member with the role."""

    def client(role: str = Role.ADMIN, **fields: Any) -> Client:
        return sign_in(make_member(organization, role, **fields))

    return client


@pytest.fixture
def admin(as_role: Callable[..., Client]) -> Client:
    return as_role(Role.ADMIN)


@pytest.fixture(autouse=True, scope="session")
def _compiled_messages() -> None:
    """The Chinese pages are tested with the catalogue as it is now."""
    call_command("messages", compile=True)
