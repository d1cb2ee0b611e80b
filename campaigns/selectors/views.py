"""Saved looks at tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q

from campaigns.models import SavedView
from xmagnet.accounts.actor import Actor

#: shown in the menu; one's own come first
MOST_SHOWN = 200


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
    is_mine = Q(owner_id=actor.user_id)
    rows = SavedView.objects.filter(is_mine | shared, table=table).annotate(
        is_mine=ExpressionWrapper(is_mine, BooleanField())
    )
    return tuple(
        ViewCard(row.pk, row.name, row.query, row.is_shared, row.is_mine, row.owner_name)
        for row in rows.order_by("-is_mine", "name", "id")[:MOST_SHOWN]
    )
