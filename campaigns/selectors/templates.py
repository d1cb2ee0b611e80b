"""Setting templates and drafts that an actor may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from campaigns.domain.setup_diff import SetupChange, setup_changes
from campaigns.models import SettingTemplate
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import NotFound
from xmagnet.people.members import member_names

#: shown at once: names, drafts, or versions of one name
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class TemplateCard:
    """A template (its newest version) or a draft."""

    id: int
    name: str
    version: int
    is_shared: bool
    is_draft: bool
    is_mine: bool
    created_by_id: int | None
    created_by_name: str  # of a colleague; "" for somebody who is no member any more
    created_at: datetime
    content: dict[str, Any]


def visible_templates(actor: Actor) -> Any:
    """One's own, and what colleagues share; an agency's people share among themselves only."""
    shared = Q(is_shared=True, is_draft=False)
    if actor.agency_id is not None:
        shared &= Q(agency_id=actor.agency_id)
    return SettingTemplate.objects.filter(Q(created_by_id=actor.user_id) | shared)


def list_templates(actor: Actor) -> tuple[TemplateCard, ...]:
    """The newest version of each template, by name."""
    actor.require("plans:read")
    rows = (
        visible_templates(actor)
        .filter(is_draft=False)
        .order_by("name", "created_by_id", "-version")
        .distinct("name", "created_by_id")
    )
    return _cards(actor, rows[:MOST_SHOWN])


def list_drafts(actor: Actor) -> tuple[TemplateCard, ...]:
    """One's own drafts, newest first."""
    rows = SettingTemplate.objects.filter(created_by_id=actor.user_id, is_draft=True).order_by("-created_at")
    return _cards(actor, rows[:MOST_SHOWN])


def template_versions(actor: Actor, template_id: int) -> tuple[TemplateCard, ...]:
    """Every version of the template, newest first; raises ``NotFound``."""
    one = get_template(actor, template_id)
    rows = visible_templates(actor).filter(name=one.name, created_by_id=one.created_by_id, is_draft=False)
    return _cards(actor, rows.order_by("-version")[:MOST_SHOWN])


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One version and what it changed against the one before it; the first one changed nothing."""

    card: TemplateCard
    changes: tuple[SetupChange, ...]
    is_newest: bool


def template_history(actor: Actor, template_id: int) -> tuple[TemplateVersion, ...]:
    """Every version of the template with its changes, newest first; raises ``NotFound``."""
    cards = template_versions(actor, template_id)
    older = (*cards[1:], None)
    return tuple(
        TemplateVersion(card, setup_changes(before.content, card.content) if before else (), position == 0)
        for position, (card, before) in enumerate(zip(cards, older, strict=True))
    )


def get_template(actor: Actor, template_id: int) -> TemplateCard:
    """One version, or a draft of one's own; raises ``NotFound``."""
    actor.require("plans:read")
    row = visible_templates(actor).filter(pk=template_id).first()
    if row is None:
        raise NotFound
    return _cards(actor, [row])[0]


def _cards(actor: Actor, rows: Iterable[SettingTemplate]) -> tuple[TemplateCard, ...]:
    found = list(rows)
    names = member_names(row.created_by_id for row in found if row.created_by_id != actor.user_id)
    return tuple(_card(actor, row, names) for row in found)


def _card(actor: Actor, row: SettingTemplate, names: Mapping[int, str]) -> TemplateCard:
    return TemplateCard(
        id=row.pk,
        name=row.name,
        version=row.version,
        is_shared=row.is_shared,
        is_draft=row.is_draft,
        is_mine=row.created_by_id == actor.user_id,
        created_by_id=row.created_by_id,
        created_by_name=names.get(row.created_by_id or 0, ""),
        created_at=row.created_at,
        content=row.content,
    )
