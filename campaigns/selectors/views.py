"""Saved looks at tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from campaigns.models import SavedView
from xmagnet.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class ViewCard:
    """A saved view as one reader sees it."""

    id: int
    name: str
    query: str
    is_shared: bool
    is_mine: bool
    owner_name: str


def list_views(actor: Actor, table: str) -> tuple[ViewCard, ...]:
    """The reader's own views, then what others share; an agency's people share among themselves only."""
    shared = Q(is_shared=True)
    if actor.agency_id is not None:
        # The advertiser's views may name other agencies and their accounts.
        shared &= Q(agency_id=actor.agency_id)
    rows = SavedView.objects.filter(Q(owner_id=actor.user_id) | shared, table=table).order_by("name", "id")
    cards = [
        ViewCard(row.pk, row.name, row.query, row.is_shared, row.owner_id == actor.user_id, row.owner_name)
        for row in rows
    ]
    return tuple(sorted(cards, key=lambda card: not card.is_mine))
