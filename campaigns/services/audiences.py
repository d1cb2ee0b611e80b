"""Keeping audiences for the whole organization, or for an agency's own people."""

from __future__ import annotations

from dataclasses import asdict, replace

from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from campaigns.domain.setup import AudiencePack
from campaigns.models import SavedAudience
from campaigns.selectors.audiences import get_audience, visible_audiences
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

MAX_NAME = 60
_PACK = TypeAdapter(AudiencePack)


def save_audience(actor: Actor, pack: AudiencePack) -> int:
    """Keep a pack under its name, in place of the one of that name; returns its id.

    Raises ``InvalidInput`` for a pack without a name.
    """
    actor.require("templates:write")
    name = " ".join(pack.name.split())[:MAX_NAME]
    if not name:
        detail = _("Give the audience a name first.")
        raise InvalidInput(detail, errors=(FieldError("/name", "required", detail),))
    content = asdict(replace(pack, key="", name=name))
    own = SavedAudience.objects.filter(agency_id=actor.agency_id, name=name)
    before = own.values_list("content", flat=True).first()
    audience, _created = SavedAudience.objects.update_or_create(
        agency_id=actor.agency_id,
        name=name,
        defaults={
            "organization_id": actor.organization_id,
            "content": content,
            "saved_by_id": actor.user_id,
            "saved_by_name": actor.user_name,
            "saved_at": timezone.now(),
        },
    )
    record(actor, Entry("audience.saved", "audience", audience.pk, name, before=before, after=content))
    return audience.pk


def delete_audience(actor: Actor, audience_id: int) -> None:
    """Forget an audience; setups that use it keep their copy. Raises ``NotFound``."""
    actor.require("templates:write")
    audience = visible_audiences(actor).filter(pk=audience_id).select_for_update().first()
    if audience is None:
        raise NotFound
    record(actor, Entry("audience.deleted", "audience", audience.pk, audience.name, before=audience.content))
    audience.delete()


def audience_pack(actor: Actor, audience_id: int, *, key: str) -> AudiencePack:
    """A saved audience as a pack of a setup, under the key; raises ``NotFound``."""
    card = get_audience(actor, audience_id)
    try:
        pack = _PACK.validate_python(card.content)
    except ValidationError:
        pack = AudiencePack(name=card.name)
    return replace(pack, key=key)
