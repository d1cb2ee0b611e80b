"""Letters to people who are not here yet."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.roles import Role
from xmagnet.core.letters import post_letter

logger = structlog.get_logger(__name__)


class LetterFate(StrEnum):
    """What became of a letter."""

    SENT = "sent"
    REFUSED = "refused"
    EMAIL_IS_OFF = "off"


def send_invitation(actor: Actor, *, email: str, role: str, link: str, expires_at: datetime) -> LetterFate:
    """Send an invitation's link, in the language of the one who invites.

    At once and not through the queue: the link's secret is kept nowhere, so it cannot wait for a worker. Whoever
    invites is told what became of it, and has the link to hand over in another way.
    """
    if not settings.EMAIL_IS_ON:
        return LetterFate.EMAIL_IS_OFF
    names = {"person": actor.user_name, "organization": actor.organization_name, "role": Role(role).label}
    until = f"{timezone.localtime(expires_at):%Y-%m-%d %H:%M} UTC+8"
    paragraphs = (
        _("%(person)s invites you to %(organization)s on X-Magnet, as %(role)s.") % names,
        _("Open this link to join:"),
        link,
        _("It works once, for this address only, until %(until)s.") % {"until": until},
        _("If you do not know what this is about, do nothing."),
    )
    posted = post_letter(email, _("%(person)s invites you to %(organization)s") % names, "\n\n".join(paragraphs) + "\n")
    if posted.error:
        logger.warning("people.invitation_not_sent", error=posted.error)
    return LetterFate.REFUSED if posted.error else LetterFate.SENT
