"""Saved looks at tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

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
    is_default: bool = False  # of the reader


def visible_views(actor: Actor) -> QuerySet[SavedView]:
    """The actor's own views and those shared with them."""
    shared = Q(is_shared=True)
    if actor.agency_id is not None:
        # The advertiser's views may name other agencies and their accounts.
        shared &= Q(agency_id=actor.agency_id)
    found: QuerySet[SavedView] = SavedView.objects.filter(Q(owner_id=actor.user_id) | shared)
    return found


def list_views(actor: Actor, table: str) -> tuple[ViewCard, ...]:
    """The reader's own views, then what others share; an agency's people share among themselves only."""
    mine = ExpressionWrapper(Q(owner_id=actor.user_id), BooleanField())
    rows = visible_views(actor).filter(table=table).annotate(is_mine=mine).order_by("-is_mine", "name", "id")
    return tuple(
        ViewCard(
            row.pk, row.name, row.query, row.is_shared, row.is_mine, row.owner_name,
            actor.user_id in row.default_for,
        )
        for row in rows[:MOST_SHOWN]
    )  # fmt: skip
