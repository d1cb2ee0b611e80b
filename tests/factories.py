"""Makers of rows for tests. Each works inside the organization that it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.db import transaction
from django.utils import timezone

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import AccountGrant, Agency, ApiToken, Membership, Organization, User
from xmagnet.accounts.roles import PERMISSIONS, Role, permissions_of
from xmagnet.accounts.tokens import make_token
from xmagnet.core.scope import organization_scope

PASSWORD = "correct horse battery"


class OrganizationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Insurer {n}")
    slug = factory.Sequence(lambda n: f"insurer-{n}")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(password=kwargs.pop("password", PASSWORD), **kwargs)


def make_agency(organization: Organization, name: str = "Blue Agency", **fields: Any) -> Agency:
    """An agency of the organization."""
    with organization_scope(organization.pk), transaction.atomic():
        code = fields.pop("code", name.lower().replace(" ", "-"))
        return Agency.objects.create(organization=organization, name=name, code=code, **fields)


def make_member(
    organization: Organization,
    role: str = Role.ADMIN,
    *,
    agency: Agency | None = None,
    user: User | None = None,
    account_ids: list[int] | None = None,
) -> User:
    """A person with a role; ``account_ids`` limits them to those media accounts."""
    user = user or UserFactory()
    with organization_scope(organization.pk), transaction.atomic():
        membership = Membership.objects.create(
            organization=organization,
            user=user,
            role=role,
            agency=agency,
            is_account_limited=account_ids is not None,
        )
        AccountGrant.objects.bulk_create(
            [AccountGrant(membership=membership, account_id=account_id) for account_id in account_ids or []]
        )
    return user


def make_api_token(organization: Organization, user: User, scopes: list[str] | None = None, **fields: Any) -> str:
    """An API token's text, with every permission as scope unless told."""
    token = make_token("test")
    with organization_scope(organization.pk), transaction.atomic():
        ApiToken.objects.create(
            organization=organization,
            user=user,
            name="test",
            prefix=token.prefix,
            token_sha256=token.sha256,
            scopes=sorted(PERMISSIONS) if scopes is None else scopes,
            expires_at=fields.pop("expires_at", timezone.now() + timedelta(days=30)),
            **fields,
        )
    return token.text


def make_actor(organization: Organization, role: str = Role.ADMIN, **fields: Any) -> Actor:
    """An actor without a membership row, for tests of services and selectors."""
    return Actor(
        organization_id=organization.pk,
        organization_slug=organization.slug,
        organization_name=organization.name,
        role=role,
        permissions=fields.pop("permissions", permissions_of(role)),
        **fields,
    )
