"""THE gate. Everything that touches a tenant's rows passes ``authorized`` and has four callers: pages, the API,
the job wrapper and organization commands."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django.utils import timezone

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import MAY_ENTER, AccountGrant, ApiToken, Membership, Organization, User
from xmagnet.accounts.roles import PERMISSIONS, permissions_of
from xmagnet.accounts.tokens import hash_token, looks_like_token
from xmagnet.core.context import request_id
from xmagnet.core.errors import NotFound, Unauthenticated
from xmagnet.core.scope import organization_scope

#: ``last_used_at`` is written at most this often, so that reading stays reading
TOKEN_USE_RESOLUTION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TokenPrincipal:
    """Somebody who shows an API token from an address."""

    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class JobPrincipal:
    """A job acting for the person (and token) that enqueued it; rights are looked up again when it runs."""

    user_id: int | None
    token_id: int | None
    job_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class SystemPrincipal:
    """Beat, the supervisor and operators on the command line: the whole organization, every permission."""

    via: str = "system"
    job_id: str = ""


Principal = User | TokenPrincipal | JobPrincipal | SystemPrincipal


@contextmanager
def authorized(principal: Principal, org: str | int, permission: str, *, via: str = "web") -> Iterator[Actor]:
    """Look the membership up once, check the role table, open the organization's scope.

    ``org`` is the slug (from the URL) or the id (from a job row). Raises ``NotFound`` for an organization that does
    not exist *or* is not the principal's, ``Unauthenticated`` for a bad token, ``Forbidden`` for a missing permission.
    """
    if permission not in PERMISSIONS:
        raise LookupError(f"{permission} is not in the role table")
    lookup = {"slug": org} if isinstance(org, str) else {"id": org}
    organization = Organization.objects.filter(is_active=True, **lookup).first()
    if organization is None:
        raise NotFound
    with organization_scope(organization.pk):
        with transaction.atomic():
            actor = _actor(principal, organization, via)
        actor.require(permission)
        yield actor


def _actor(principal: Principal, organization: Organization, via: str) -> Actor:
    if isinstance(principal, SystemPrincipal):
        return _system_actor(principal, organization)
    scopes: frozenset[str] | None = None
    token_id: int | None = None
    if isinstance(principal, TokenPrincipal):
        token = _live_token(principal)
        user_id, token_id, scopes = token.user_id, token.pk, frozenset(token.scopes)
    elif isinstance(principal, JobPrincipal):
        if principal.user_id is None:
            return _system_actor(SystemPrincipal(job_id=principal.job_id), organization)
        user_id, token_id = principal.user_id, principal.token_id
        if token_id is not None:
            scopes = _scopes_of_job_token(token_id)
    else:
        user_id = principal.pk
    grants = AccountGrant.objects.filter(membership=OuterRef("pk")).values("account_id")
    membership = (
        Membership.objects.select_related("user")
        .filter(MAY_ENTER, user_id=user_id)
        .annotate(granted_ids=ArraySubquery(grants))
        .first()
    )
    if membership is None:
        raise NotFound
    account_ids = frozenset(membership.granted_ids) if membership.is_account_limited else None
    return _member_actor(principal, organization, membership, account_ids, via, token_id, scopes)


def _member_actor(
    principal: Principal,
    organization: Organization,
    membership: Membership,
    account_ids: frozenset[int] | None,
    via: str,
    token_id: int | None,
    scopes: frozenset[str] | None,
) -> Actor:
    permissions = permissions_of(membership.role)
    is_job = isinstance(principal, JobPrincipal)
    return Actor(
        organization_id=organization.pk,
        organization_slug=organization.slug,
        organization_name=organization.name,
        role=membership.role,
        permissions=permissions if scopes is None else permissions & scopes,
        user_id=membership.user_id,
        user_name=str(membership.user),
        token_id=token_id,
        agency_id=membership.agency_id,
        account_ids=account_ids,
        via="job" if is_job else via,
        request_id=principal.request_id if isinstance(principal, JobPrincipal) else request_id.get(),
        job_id=principal.job_id if isinstance(principal, JobPrincipal) else "",
        language=membership.user.language,
    )


def _system_actor(principal: SystemPrincipal, organization: Organization) -> Actor:
    return Actor(
        organization_id=organization.pk,
        organization_slug=organization.slug,
        organization_name=organization.name,
        role="system",
        permissions=frozenset(PERMISSIONS),
        user_name="X-Magnet",
        via=principal.via,
        job_id=principal.job_id,
        request_id=request_id.get(),
    )


def _live_token(principal: TokenPrincipal) -> ApiToken:
    if not looks_like_token(principal.text):
        raise Unauthenticated("The API token is not valid.")
    now = timezone.now()
    token: ApiToken | None = ApiToken.objects.filter(token_sha256=hash_token(principal.text)).first()
    if token is None or token.revoked_at is not None or token.expires_at <= now:
        raise Unauthenticated("The API token is not valid, expired or revoked.")
    if token.allowed_networks and not _is_inside(principal.address, token.allowed_networks):
        raise Unauthenticated("The API token may not be used from this address.")
    if token.last_used_at is None or now - token.last_used_at > TOKEN_USE_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _scopes_of_job_token(token_id: int) -> frozenset[str]:
    """A token revoked after the job was accepted takes its rights away; expiry does not stop accepted work."""
    token = ApiToken.objects.filter(pk=token_id, revoked_at__isnull=True).first()
    if token is None:
        raise NotFound
    return frozenset(token.scopes)


def _is_inside(address: str, networks: list[str]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(network, strict=False) for network in networks)
