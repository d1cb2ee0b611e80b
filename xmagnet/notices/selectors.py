"""Reading notices: each person sees those of their role, agency and accounts, and their own affairs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import NotFound
from xmagnet.notices.choices import RULES, Channel, Event
from xmagnet.notices.models import ChatChannel, Notice, NoticeDelivery, NoticeRead, NoticeSettings

#: what happened before is no news: it is in the list, but not counted at the bell
NEWS_FOR = timedelta(days=7)
MANAGE = "organization:manage"


@dataclass(frozen=True, slots=True)
class NoticeQuery:
    """What to list; empty means everything."""

    event: str = ""
    is_unread: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person wants to be told, for every event, and up to which notice they have read."""

    channels: dict[Event, frozenset[Channel]]
    read_up_to: int = 0

    def events_by(self, channel: Channel) -> frozenset[Event]:
        """The events that the person wants told this way."""
        return frozenset(event for event, chosen in self.channels.items() if channel in chosen)


def wishes_from(row: NoticeSettings | None) -> Wishes:
    """The wishes of a settings row; what is missing there (or there is no row) keeps the defaults."""
    chosen = row.channels if row is not None else {}
    channels = {
        event: frozenset(Channel(name) for name in chosen[event] if name in Channel.values)
        if event in chosen
        else rule.channels
        for event, rule in RULES.items()
    }
    return Wishes(channels, row.read_up_to if row is not None else 0)


def wishes_of(actor: Actor) -> Wishes:
    """The actor's own wishes."""
    return wishes_from(NoticeSettings.objects.filter(user_id=actor.user_id).first())


def audible_events(actor: Actor) -> tuple[Event, ...]:
    """What the actor's role may hear of, in the order of the table."""
    return tuple(event for event, rule in RULES.items() if actor.can(rule.permission))


def visible_notices(actor: Actor) -> QuerySet[Notice]:
    """Newest first. What belongs to another agency, account or person does not exist."""
    mine = Q(for_user_id=actor.user_id)
    notices: QuerySet[Notice] = Notice.objects.filter(event__in=audible_events(actor)).order_by("-id")
    notices = notices.filter(mine | Q(for_user_id__isnull=True))
    if actor.agency_id is not None:
        notices = notices.filter(mine | Q(agency_id=actor.agency_id))
    if actor.account_ids is not None:
        notices = notices.filter(mine | Q(account_id__in=actor.account_ids))
    return notices


def list_notices(actor: Actor, query: NoticeQuery, wishes: Wishes) -> QuerySet[Any]:
    """The actor's list, each with ``is_unread``."""
    notices = with_unread(visible_notices(actor), actor, wishes)
    if query.event:
        notices = notices.filter(event=query.event)
    if query.is_unread:
        notices = notices.filter(is_unread=True)
    if query.since:
        notices = notices.filter(at__gte=query.since)
    if query.until:
        notices = notices.filter(at__lt=query.until)
    return notices


def bell_notices(actor: Actor, wishes: Wishes) -> QuerySet[Any]:
    """What the bell tells: the events that the actor wants there."""
    return with_unread(
        visible_notices(actor).filter(event__in=wishes.events_by(Channel.BELL), at__gt=timezone.now() - NEWS_FOR),
        actor,
        wishes,
    )


def with_unread(notices: QuerySet[Notice], actor: Actor, wishes: Wishes) -> QuerySet[Any]:
    """Marks each notice with ``is_unread``."""
    read = NoticeRead.objects.filter(user_id=actor.user_id, notice_id=OuterRef("pk"))
    return notices.annotate(is_unread=Q(pk__gt=wishes.read_up_to) & ~Exists(read))


def channels_of_organization(actor: Actor) -> QuerySet[ChatChannel]:
    """The organization's chat channels by name; for those who manage it."""
    actor.require(MANAGE)
    return ChatChannel.objects.filter(user_id__isnull=True).order_by("name")


def own_channels(actor: Actor) -> QuerySet[ChatChannel]:
    """The actor's own chat channels by name."""
    return ChatChannel.objects.filter(user_id=actor.user_id, user_id__isnull=False).order_by("name")


def manageable_channel(actor: Actor, channel_id: int) -> ChatChannel:
    """A channel that the actor may change: an own one, or the organization's for an administrator."""
    found = ChatChannel.objects.filter(pk=channel_id).first()
    if found is not None and found.user_id is not None and found.user_id == actor.user_id:
        return found
    if found is not None and found.user_id is None and actor.can(MANAGE):
        return found
    raise NotFound


def deliveries_of(channel: ChatChannel) -> QuerySet[NoticeDelivery]:
    """What was sent to a channel, newest first."""
    return NoticeDelivery.objects.filter(chat_channel=channel).select_related("notice").order_by("-id")
