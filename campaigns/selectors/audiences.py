"""Saved audiences that an actor may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import SavedAudience
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import NotFound

#: shown at once; more are found by name
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class AudienceCard:
    """A saved audience; ``content`` is an audience pack of the builder without its key."""

    id: int
    name: str
    content: dict[str, Any]
    saved_by_name: str
    saved_at: datetime


def visible_audiences(actor: Actor) -> Any:
    """The advertiser's people see every one of the organization, an agency's people their agency's own."""
    everything = SavedAudience.objects.all()
    return everything if actor.agency_id is None else everything.filter(agency_id=actor.agency_id)


def list_audiences(actor: Actor, *, text: str = "") -> tuple[AudienceCard, ...]:
    """Audiences whose name holds the text, by name."""
    actor.require("plans:read")
    rows = visible_audiences(actor).filter(name__icontains=text.strip()).order_by("name")
    return tuple(_card(row) for row in rows[:MOST_SHOWN])


def get_audience(actor: Actor, audience_id: int) -> AudienceCard:
    """One of them; raises ``NotFound``."""
    actor.require("plans:read")
    row = visible_audiences(actor).filter(pk=audience_id).first()
    if row is None:
        raise NotFound
    return _card(row)


def _card(row: SavedAudience) -> AudienceCard:
    return AudienceCard(row.pk, row.name, row.content, row.saved_by_name, row.saved_at)
