"""Makers of rows for tests. Each works inside the organization that it is given."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import factory
from django.db import transaction
from django.utils import timezone

from media_connectors.models import MediaAccount
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import AccountGrant, Agency, ApiToken, Membership, Organization, User
from xmagnet.accounts.roles import PERMISSIONS, Role, permissions_of
from xmagnet.accounts.tokens import make_token
from xmagnet.core.scope import organization_scope

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


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


def make_account(
    organization: Organization, *, agency: Agency | None = None, platform: str = "douyin", **fields: Any
) -> Any:
    """A media account of the organization."""

    number = next(_numbers)
    fields = {"remote_id": str(1_700_000_000_000_000_000 + number), "name": f"Account {number}"} | fields
    with organization_scope(organization.pk):
        return MediaAccount.objects.create(organization=organization, agency=agency, platform=platform, **fields)


def make_campaign(account: Any, **fields: Any) -> Any:
    """A campaign of the account."""
    from campaigns.models import Campaign

    number = next(_numbers)
    fields = {"remote_id": str(7_200_000_000_000_000_000 + number), "name": f"Campaign {number}"} | fields
    with organization_scope(account.organization_id):
        return Campaign.objects.create(
            organization_id=account.organization_id, account=account, platform=account.platform, **fields
        )


def make_plan(account: Any, **fields: Any) -> Any:
    """A plan of the account, enabled and delivering, bid 50 yuan, budget 1,000 yuan."""
    plan = _plan(account, fields)
    from campaigns.services.materials import keep_materials

    with organization_scope(account.organization_id):
        plan.save(force_insert=True)
        if plan.titles or plan.materials:
            keep_materials([plan.pk])
    return plan


def make_plans(account: Any, count: int) -> list[Any]:
    """So many plans like ``make_plan``'s, at once."""
    from campaigns.models import Plan

    with organization_scope(account.organization_id):
        return list(Plan.objects.bulk_create([_plan(account, {}) for _ in range(count)]))


def _plan(account: Any, fields: dict[str, Any]) -> Any:
    from campaigns.models import Plan

    number = next(_numbers)
    fields = {
        "remote_id": str(7_300_000_000_000_000_000 + number),
        "name": f"Plan {number}",
        "status": "enabled",
        "delivery_status": "delivering",
        "learning_state": "learning",
        "review_state": "approved",
        "bid_fen": 50_00,
        "daily_budget_fen": 1_000_00,
        "agency_id": account.agency_id,
    } | fields
    return Plan(organization_id=account.organization_id, account=account, platform=account.platform, **fields)
