"""Telling: a row in the transaction that caused it. Wishes, reading, and the chat robots that are told too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import Agency
from xmagnet.audit.services import Entry, record
from xmagnet.core.crypto import encrypt
from xmagnet.core.errors import ErrorList, FieldError, Forbidden, InvalidInput
from xmagnet.core.outward import is_callable_url
from xmagnet.core.scope import require_organization_id
from xmagnet.notices import chat
from xmagnet.notices.choices import Channel, ChatKind, Event
from xmagnet.notices.models import ChatChannel, Notice, NoticeDelivery, NoticeRead, NoticeSettings
from xmagnet.notices.selectors import MANAGE, manageable_channel, visible_notices, wishes_of

SEND = "notices.send"
MAX_OWN_CHANNELS = 5
LANGUAGES = ("zh-hans", "en")


@dataclass(frozen=True, slots=True)
class ChannelInput:
    """A chat channel as somebody describes it. ``url`` and ``secret``: None keeps what is stored."""

    kind: str
    name: str
    url: str | None
    secret: str | None
    language: str = "zh-hans"
    events: tuple[str, ...] = ()
    agency_id: int | None = None


def notify(
    event: Event,
    *,
    object_id: str | int = "",
    data: Mapping[str, Any],
    account_id: int | None = None,
    agency_id: int | None = None,
    for_user_id: int | None = None,
    dedupe_key: str = "",
) -> None:
    """Write down what happened, in the caller's transaction; emails and chat messages follow after the commit.

    ``for_user_id`` makes it one person's own affair; otherwise everybody hears it whose role, agency and accounts
    allow. The same ``dedupe_key`` is told once, however often the cause is seen.
    """
    organization_id = require_organization_id()
    notice = Notice(
        organization_id=organization_id,
        event=event,
        object_id=str(object_id),
        data=dict(data),
        account_id=account_id,
        agency_id=agency_id,
        for_user_id=for_user_id,
        dedupe_key=dedupe_key[:120],
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=bool(dedupe_key))
    _ring(organization_id)


def mark_read(actor: Actor, notice_ids: Iterable[int]) -> None:
    """These are read; what the actor may not see is left alone."""
    seen = visible_notices(actor).filter(pk__in=list(notice_ids)).values_list("pk", flat=True)
    NoticeRead.objects.bulk_create(
        [NoticeRead(user_id=_person(actor), notice_id=pk) for pk in seen], ignore_conflicts=True
    )


def mark_all_read(actor: Actor) -> None:
    """Everything up to now is read."""
    newest = visible_notices(actor).order_by().aggregate(newest=Max("pk"))["newest"] or 0
    _save_settings(actor, read_up_to=newest)
    NoticeRead.objects.filter(user_id=_person(actor), notice_id__lte=newest).delete()


def change_wishes(actor: Actor, channels: Mapping[Event, Iterable[Channel]]) -> None:
    """Set how the actor is told of the given events; the others stay as they are."""
    before = {event: sorted(chosen) for event, chosen in wishes_of(actor).channels.items()}
    after = before | {event: sorted(set(chosen)) for event, chosen in channels.items()}
    _save_settings(actor, channels=after)


def create_channel(actor: Actor, given: ChannelInput, *, is_own: bool) -> ChatChannel:
    """Add a robot: one's own, or (for administrators) the organization's. Raises ``InvalidInput`` by field."""
    person = _person(actor)
    if not is_own:
        actor.require(MANAGE)
    errors = _faults(actor, given, is_new=True)
    if is_own and ChatChannel.objects.filter(user_id=person).count() >= MAX_OWN_CHANNELS:
        errors.add("", "too_many", _("At most %(number)d channels of your own.") % {"number": MAX_OWN_CHANNELS})
    errors.raise_if_any()
    channel = ChatChannel(user_id=person if is_own else None)
    _fill(channel, given)
    _save_channel(channel)
    if not is_own:
        record(actor, _entry("channel.created", channel))
    return channel


def change_channel(actor: Actor, channel_id: int, given: ChannelInput) -> ChatChannel:
    """Change a robot; raises ``NotFound`` and ``InvalidInput``."""
    channel = manageable_channel(actor, channel_id)
    _faults(actor, given, is_new=False).raise_if_any()
    _fill(channel, given)
    _save_channel(channel)
    if channel.user_id is None:
        record(actor, _entry("channel.changed", channel))
    return channel


def switch_channel(actor: Actor, channel_id: int, *, is_active: bool) -> ChatChannel:
    """Stop or start telling a robot; starting forgets why it was stopped."""
    channel = manageable_channel(actor, channel_id)
    channel.is_active, channel.disabled_reason = is_active, ""
    channel.save(update_fields=["is_active", "disabled_reason"])
    if channel.user_id is None:
        record(actor, _entry("channel.switched_on" if is_active else "channel.switched_off", channel))
    return channel


def delete_channel(actor: Actor, channel_id: int) -> None:
    """Remove a robot and the log of what it was told."""
    channel = manageable_channel(actor, channel_id)
    if channel.user_id is None:
        record(actor, _entry("channel.deleted", channel))
    channel.delete()


def send_channel_test(actor: Actor, channel_id: int) -> NoticeDelivery:
    """Queue a test message to a robot."""
    channel = manageable_channel(actor, channel_id)
    return _queue_test(channel=Channel.CHAT, chat_channel=channel)


def send_email_test(actor: Actor) -> NoticeDelivery:
    """Queue a test message to the actor's own mailbox."""
    return _queue_test(channel=Channel.EMAIL, user_id=_person(actor))


def _queue_test(**to: Any) -> NoticeDelivery:
    organization_id = require_organization_id()
    delivery = NoticeDelivery(organization_id=organization_id, **to)
    delivery.save()
    _ring(organization_id)
    return delivery


def _ring(organization_id: int) -> None:
    transaction.on_commit(
        lambda: current_app.send_task(SEND, args=[organization_id], queue="io", retry=False), robust=True
    )


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise Forbidden(_("Only a person has notifications."))
    return actor.user_id


def _save_settings(actor: Actor, **values: Any) -> None:
    NoticeSettings.objects.update_or_create(
        user_id=_person(actor),
        defaults=values,
        create_defaults={"organization_id": actor.organization_id, **values},
    )


def _faults(actor: Actor, given: ChannelInput, *, is_new: bool) -> ErrorList:
    errors = ErrorList()
    if given.kind not in ChatKind.values:
        errors.add("/kind", "not_a_choice", _("Choose Feishu, DingTalk or WeCom."))
        return errors
    if not 1 <= len(given.name.strip()) <= 80:
        errors.add("/name", "required", _("Give it a name of at most 80 characters."))
    if given.url is None and is_new:
        errors.add("/url", "required", _("Paste the robot's webhook address."))
    if given.url is not None and not _is_robot(given.kind, given.url):
        path = chat.ADDRESSES[given.kind][1]
        example = f"https://{sorted(chat.ADDRESSES[given.kind][0])[0]}{path}…"
        errors.add("/url", "not_a_robot", _("This is not such a robot's address. It begins %(url)s") % {"url": example})
    if given.secret and given.kind not in chat.SIGNED_KINDS:
        errors.add("/secret", "no_signature", _("WeCom's robots have no secret; leave it empty."))
    if given.language not in LANGUAGES:
        errors.add("/language", "not_a_choice", _("Choose a language."))
    for event in given.events:
        if event not in Event.values:
            errors.add("/events", "not_a_choice", _("Unknown event %(event)s.") % {"event": event})
    if given.agency_id is not None and not Agency.objects.filter(pk=given.agency_id).exists():
        errors.add("/agency_id", "unknown_agency", _("Choose an agency."))
    return errors


def _is_robot(kind: str, url: str) -> bool:
    if not is_callable_url(url):
        return False
    is_loopback = urlsplit(url).hostname in {"127.0.0.1", "localhost"} and settings.WEBHOOK_ALLOWS_LOOPBACK
    return is_loopback or (url.startswith("https://") and chat.belongs_to(kind, url))


def _fill(channel: ChatChannel, given: ChannelInput) -> None:
    channel.kind, channel.name, channel.language = given.kind, given.name.strip(), given.language
    if given.url is not None:
        channel.encrypted_url = encrypt(given.url)
        channel.address_hint = f"{urlsplit(given.url).hostname} …{given.url[-4:]}"[:80]
    if given.secret is not None:
        channel.encrypted_secret = encrypt(given.secret) if given.secret else None
    if channel.user_id is None:
        channel.events, channel.agency_id = list(dict.fromkeys(given.events)), given.agency_id


def _save_channel(channel: ChatChannel) -> None:
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError:
        detail = _("There is a channel of this name already.")
        raise InvalidInput(detail, errors=(FieldError("/name", "taken", detail),)) from None


def _entry(action: str, channel: ChatChannel) -> Entry:
    after = {"kind": channel.kind, "events": channel.events, "agency_id": channel.agency_id}
    return Entry(action, "channel", channel.pk, channel.name, agency_id=channel.agency_id, after=after)
