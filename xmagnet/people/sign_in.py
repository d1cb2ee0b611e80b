"""Helping members back in: locks after wrong passwords, and a second step whose phone is lost. Audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from axes.utils import reset as forget_failures
from django.conf import settings
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.selectors import organizations_of
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import Conflict
from xmagnet.people.members import find_member, with_second_step

LOCKED_FOR = timedelta(hours=settings.AXES_COOLOFF_TIME)


@dataclass(frozen=True, slots=True)
class SignInState:
    """How a member signs in. ``locked_until`` is None when no address is shut to them."""

    has_second_step: bool
    locked_until: datetime | None


def sign_in_state(actor: Actor, membership_id: int) -> SignInState:
    """What an administrator sees of a member's signing in; raises ``NotFound``."""
    actor.require("members:manage")
    user = find_member(actor, membership_id).user
    has_second_step = user.pk in with_second_step([user.pk])
    # Counted as the lock itself counts: by name and address, whatever the browser called itself.
    failures = (
        AccessAttempt.objects.filter(username=user.email, attempt_time__gt=timezone.now() - LOCKED_FOR)
        .values("ip_address")
        .annotate(count=Sum("failures_since_start"), last_at=Max("attempt_time"))
        .filter(count__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("-last_at")
        .first()
    )
    return SignInState(has_second_step, failures["last_at"] + LOCKED_FOR if failures else None)


def unlock_member(actor: Actor, membership_id: int) -> None:
    """Forget a member's wrong passwords, so that the right one opens again at once."""
    actor.require("members:manage")
    user = find_member(actor, membership_id, for_update=True).user
    forget_failures(username=user.email)
    record(actor, Entry("member.unlocked", "member", user.pk, user.email))


def reset_second_step(actor: Actor, membership_id: int) -> None:
    """Take the second step and its recovery codes away and end all sessions: the phone is lost.

    Only of a person who is in this organization alone: another one's door is not ours to weaken. One's own is changed
    in the profile, where the password is asked for again.
    """
    actor.require("members:manage")
    user = find_member(actor, membership_id, for_update=True).user
    if user.pk == actor.user_id:
        raise Conflict(_("Change your own second step in your profile."))
    if any(choice.slug != actor.organization_slug for choice in organizations_of(user.pk)):
        detail = _(
            "This person belongs to other organizations too. Ask whoever runs X-Magnet to reset the second step."
        )
        raise Conflict(detail)
    Authenticator.objects.filter(user_id=user.pk).delete()
    for session in UserSession.objects.filter(user_id=user.pk):
        session.end()
    record(actor, Entry("member.second_step_reset", "member", user.pk, user.email))
