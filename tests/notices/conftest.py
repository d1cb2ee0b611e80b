from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from tests.factories import OrganizationFactory, make_member
from tests.receivers import Receiver, running_receiver
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import authorized
from xmagnet.accounts.models import Organization, User
from xmagnet.core.scope import organization_scope


@pytest.fixture
def organization(db: None) -> Organization:
    return OrganizationFactory(name="Sunrise Life", slug="sunrise")


@pytest.fixture
def scope(organization: Organization) -> Iterator[None]:
    """Inside the organization and a transaction, as services are called."""
    with organization_scope(organization.pk), transaction.atomic():
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as made:
        yield made


def actor_of(user: User, organization: Organization) -> Actor:
    """The actor that the gate makes of the person."""
    with authorized(user, organization.slug, "overview:read") as actor:
        return actor


def member_actor(organization: Organization, role: str, **fields: object) -> Actor:
    """A new member, as the gate makes them."""
    return actor_of(make_member(organization, role, **fields), organization)  # type: ignore[arg-type]
