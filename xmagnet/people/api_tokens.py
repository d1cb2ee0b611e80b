"""One's own API tokens: made (shown once), listed, rotated, revoked."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import ApiToken
from xmagnet.accounts.tokens import NewToken, make_token
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import ErrorList, Forbidden, NotFound

MAX_LIFETIME_DAYS = 365


def list_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens, newest first; administrators of members see everybody's."""
    tokens = ApiToken.objects.select_related("user").order_by("-created_at")
    return tokens if actor.can("members:manage") else tokens.filter(user_id=actor.user_id)


def create_token(
    actor: Actor,
    *,
    name: str,
    scopes: list[str],
    lifetime_days: int,
    allowed_networks: list[str] | None = None,
    environment: str = "live",
) -> NewToken:
    """Make a token that can do no more than its maker; the text is in the answer and nowhere else."""
    actor.require("tokens:manage")
    if actor.user_id is None:
        raise Forbidden(_("Only a person can make a token."))
    errors = ErrorList()
    if not 1 <= len(name.strip()) <= 80:
        errors.add("/name", "required", _("Give the token a name of at most 80 characters."))
    if not scopes:
        errors.add("/scopes", "required", _("Choose at least one scope."))
    for scope in sorted(set(scopes) - actor.permissions):
        errors.add("/scopes", "scope_not_allowed", _("Your role does not have %(scope)s.") % {"scope": scope})
    if not 1 <= lifetime_days <= MAX_LIFETIME_DAYS:
        errors.add("/lifetime_days", "out_of_range", _("A token lives between 1 and 365 days."))
    for network in allowed_networks or []:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            errors.add("/allowed_networks", "invalid_network", _("%(text)s is not a network.") % {"text": network})
    errors.raise_if_any()
    token = make_token(environment)
    row = ApiToken(
        user_id=actor.user_id,
        name=name.strip(),
        prefix=token.prefix,
        token_sha256=token.sha256,
        scopes=sorted(set(scopes)),
        allowed_networks=allowed_networks or [],
        expires_at=timezone.now() + timedelta(days=lifetime_days),
    )
    row.save()
    record(actor, Entry("token.created", "token", row.pk, row.name, after={"scopes": row.scopes, "prefix": row.prefix}))
    return token


def revoke_token(actor: Actor, token_id: int) -> None:
    """The token stops working with the next request."""
    token = list_tokens(actor).filter(pk=token_id).first()
    if token is None:
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record(actor, Entry("token.revoked", "token", token.pk, token.name))
