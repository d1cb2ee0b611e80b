"""Members and invitations. Every change is audited; nobody can take the last administrator away."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import AccountGrant, Agency, Invitation, Membership, Organization, User
from xmagnet.accounts.roles import AGENCY_ROLES, Role
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import Conflict, ErrorList, NotFound
from xmagnet.core.ids import whole_number
from xmagnet.core.scope import organization_scope
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

INVITATION_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """What a member may do and how far they see. ``account_ids`` None: all accounts of the agency or organization."""

    role: str
    agency_id: int | None = None
    account_ids: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """``secret`` goes into the link and is never stored."""

    invitation_id: int
    email: str
    role: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class MemberQuery:
    """Whom to list; empty means everybody. ``agency`` is an id, or "none" for the advertiser's own people."""

    text: str = ""  # in name or email
    role: str = ""
    agency: str = ""


def list_members(actor: Actor, query: MemberQuery | None = None) -> QuerySet[Membership]:
    """Members by name, with their person and agency; an agency's user sees the agency's own."""
    query = query or MemberQuery()
    members = Membership.objects.select_related("user", "agency").order_by("user__name", "user__email")
    if actor.agency_id is not None:
        members = members.filter(agency_id=actor.agency_id)
    if query.text:
        members = members.filter(Q(user__name__icontains=query.text) | Q(user__email__icontains=query.text))
    if query.role:
        members = members.filter(role=query.role)
    if query.agency == "none":
        members = members.filter(agency_id__isnull=True)
    elif (agency_id := whole_number(query.agency)) is not None:
        members = members.filter(agency_id=agency_id)
    return members


def member_names(user_ids: Iterable[int | None]) -> dict[int, str]:
    """What members of the organization are called, by user id; those who have left are not among them.

    For whoever already sees something of theirs: it does not ask whom an actor may list.
    """
    wanted = {user_id for user_id in user_ids if user_id is not None}
    members = Membership.objects.filter(user_id__in=wanted).select_related("user") if wanted else ()
    return {member.user_id: str(member.user) for member in members}


def find_member(actor: Actor, membership_id: int, *, for_update: bool = False) -> Membership:
    """The member with their person; raises ``NotFound``, also for members of other agencies than the actor's."""
    members = Membership.objects.select_related("user")
    if for_update:
        members = members.select_for_update(of=("self",))
    membership = members.filter(pk=membership_id).first()
    if membership is None or (actor.agency_id is not None and membership.agency_id != actor.agency_id):
        raise NotFound
    return membership


def with_second_step(user_ids: Iterable[int]) -> frozenset[int]:
    """Who of them signs in with a code beside the password."""
    found = Authenticator.objects.filter(user_id__in=list(user_ids), type=Authenticator.Type.TOTP)
    return frozenset(found.values_list("user_id", flat=True))


def list_invitations(actor: Actor) -> QuerySet[Invitation]:
    """Invitations that nobody has accepted or revoked, newest first; those that ran out can be renewed."""
    actor.require("members:manage")
    return (
        Invitation.objects.select_related("agency", "invited_by")
        .filter(accepted_at__isnull=True, revoked_at__isnull=True)
        .order_by("-created_at")
    )


def invite_member(actor: Actor, *, email: str, access: MemberAccess) -> MadeInvitation:
    """Make an invitation; raises ``InvalidInput`` naming each wrong field."""
    actor.require("members:manage")
    email = email.strip().lower()
    errors = ErrorList()
    try:
        validate_email(email)
    except ValidationError:
        errors.add("/email", "invalid_email", _("Enter a valid email address."))
    _check_access(access, errors)
    if Membership.objects.filter(user__email=email, is_active=True).exists():
        errors.add("/email", "already_member", _("This person is a member already."))
    errors.raise_if_any()
    secret = secrets.token_urlsafe(32)
    # One door for a person: an older link could grant another role.
    list_invitations(actor).filter(email=email).update(revoked_at=timezone.now())
    invitation = Invitation(
        email=email,
        role=access.role,
        agency_id=access.agency_id,
        account_ids=list(access.account_ids or []),
        secret_sha256=_hash(secret),
        invited_by_id=actor.user_id,
        expires_at=timezone.now() + INVITATION_LIFETIME,
    )
    invitation.save()
    record(
        actor,
        Entry("member.invited", "invitation", invitation.pk, email, after=_access_json(access)),
    )
    return _made(invitation, secret)


def renew_invitation(actor: Actor, invitation_id: int) -> MadeInvitation:
    """A new link and new days for an open invitation; the old link is worthless. Raises ``NotFound``."""
    actor.require("members:manage")
    invitation = list_invitations(actor).select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound
    secret = secrets.token_urlsafe(32)
    invitation.secret_sha256 = _hash(secret)
    invitation.expires_at = timezone.now() + INVITATION_LIFETIME
    invitation.save(update_fields=["secret_sha256", "expires_at"])
    record(actor, Entry("member.invitation_renewed", "invitation", invitation.pk, invitation.email))
    return _made(invitation, secret)


def _made(invitation: Invitation, secret: str) -> MadeInvitation:
    return MadeInvitation(invitation.pk, invitation.email, invitation.role, secret, invitation.expires_at)


def revoke_invitation(actor: Actor, invitation_id: int) -> None:
    """Close the door; an accepted invitation stays accepted."""
    actor.require("members:manage")
    invitation = list_invitations(actor).filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound
    Invitation.objects.filter(pk=invitation_id).update(revoked_at=timezone.now())
    record(actor, Entry("member.invitation_revoked", "invitation", invitation_id, invitation.email))


def open_invitation(org_slug: str, secret: str) -> tuple[Organization, Invitation]:
    """The organization and invitation behind a link; ``NotFound`` for anything else. Nobody is signed in yet."""
    organization = Organization.objects.filter(slug=org_slug, is_active=True).first()
    if organization is None:
        raise NotFound(_("This invitation does not exist or is no longer valid."))
    with organization_scope(organization.pk), transaction.atomic():
        invitation = Invitation.objects.filter(
            secret_sha256=_hash(secret),
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
        ).first()
    if invitation is None:
        raise NotFound(_("This invitation does not exist or is no longer valid."))
    return organization, invitation


def accept_invitation(org_slug: str, secret: str, *, user: User | None, name: str = "", password: str = "") -> User:
    """Make the membership, and the person when they are new; returns who to sign in.

    ``user`` is the signed-in person, who must be the one invited. A person who exists must sign in first.
    """
    organization, invitation = open_invitation(org_slug, secret)
    existing = User.objects.filter(email=invitation.email).first()
    if user is not None and user.email != invitation.email:
        raise Conflict(_("This invitation is for another email address. Sign out and open the link again."))
    if user is None and existing is not None:
        raise Conflict(_("You have an account already: sign in, then open the link again."))
    with organization_scope(organization.pk), transaction.atomic():
        person = user or _make_person(invitation.email, name, password)
        taken = Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True).update(accepted_at=timezone.now())
        if not taken:
            raise Conflict(_("This invitation was already used."))
        membership, _created = Membership.objects.update_or_create(
            user=person,
            defaults={
                "organization_id": organization.pk,
                "role": invitation.role,
                "agency_id": invitation.agency_id,
                "is_account_limited": bool(invitation.account_ids),
                "is_active": True,
            },
        )
        _set_grants(membership, tuple(invitation.account_ids) or None)
        record(
            Actor(
                organization_id=organization.pk,
                organization_slug=organization.slug,
                organization_name=organization.name,
                role=invitation.role,
                permissions=frozenset(),
                user_id=person.pk,
                user_name=str(person),
            ),
            Entry("member.joined", "member", person.pk, person.email, after={"role": invitation.role}),
        )
        notify(
            Event.MEMBER_JOINED,
            object_id=membership.pk,
            data={"name": str(person), "email": person.email},
            agency_id=invitation.agency_id,
        )
    return person


def change_member(actor: Actor, membership_id: int, access: MemberAccess) -> Membership:
    """Change role, agency and accounts of a member."""
    actor.require("members:manage")
    membership = find_member(actor, membership_id, for_update=True)
    errors = ErrorList()
    _check_access(access, errors)
    errors.raise_if_any()
    if membership.role == Role.ADMIN and access.role != Role.ADMIN:
        _keep_an_admin(membership)
    before = _current_access(membership)
    membership.role, membership.agency_id = access.role, access.agency_id
    membership.is_account_limited = access.account_ids is not None
    membership.save()
    _set_grants(membership, access.account_ids)
    record(
        actor,
        Entry(
            "member.changed",
            "member",
            membership.user_id,
            membership.user.email,
            before=_access_json(before),
            after=_access_json(access),
        ),
    )
    return membership


def set_member_active(actor: Actor, membership_id: int, *, is_active: bool) -> None:
    """Suspend a member (tokens and running jobs stop counting at once) or let them back in."""
    actor.require("members:manage")
    membership = find_member(actor, membership_id, for_update=True)
    if membership.user_id == actor.user_id:
        raise Conflict(_("You cannot suspend yourself."))
    if not is_active and membership.role == Role.ADMIN:
        _keep_an_admin(membership)
    if membership.is_active != is_active:
        membership.is_active = is_active
        membership.save()
        action = "member.restored" if is_active else "member.suspended"
        record(actor, Entry(action, "member", membership.user_id, membership.user.email))


def _make_person(email: str, name: str, password: str) -> User:
    from django.contrib.auth.password_validation import validate_password

    errors = ErrorList()
    if not name.strip():
        errors.add("/name", "required", _("Enter your name."))
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as error:
        for message in error.messages:
            errors.add("/password", "weak_password", message)
    errors.raise_if_any()
    return User.objects.create_user(email=email, password=password, name=name.strip())


def _keep_an_admin(leaving: Membership) -> None:
    others = Membership.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).exclude(pk=leaving.pk)
    if not others.exists():
        raise Conflict(_("The organization needs at least one administrator."))


def _check_access(access: MemberAccess, errors: ErrorList) -> None:
    if access.role not in Role.values:
        errors.add("/role", "unknown_role", _("Choose a role."))
    if access.agency_id is not None:
        if access.role not in AGENCY_ROLES:
            errors.add(
                "/role",
                "role_not_for_agency",
                _("A user of an agency cannot hold a role that sees the whole organization."),
            )
        if not Agency.objects.filter(pk=access.agency_id, is_active=True).exists():
            errors.add("/agency_id", "unknown_agency", _("Choose an agency."))


def _set_grants(membership: Membership, account_ids: tuple[int, ...] | None) -> None:
    AccountGrant.objects.filter(membership=membership).exclude(account_id__in=account_ids or ()).delete()
    have = set(AccountGrant.objects.filter(membership=membership).values_list("account_id", flat=True))
    AccountGrant.objects.bulk_create(
        [AccountGrant(membership=membership, account_id=account_id) for account_id in set(account_ids or ()) - have]
    )


def _current_access(membership: Membership) -> MemberAccess:
    grants = AccountGrant.objects.filter(membership=membership).values_list("account_id", flat=True)
    return MemberAccess(
        membership.role, membership.agency_id, tuple(sorted(grants)) if membership.is_account_limited else None
    )


def _access_json(access: MemberAccess) -> dict[str, object]:
    return {
        "role": access.role,
        "agency_id": access.agency_id,
        "account_ids": None if access.account_ids is None else sorted(access.account_ids),
    }


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
