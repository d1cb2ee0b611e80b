"""From notices to mailboxes and chats: first the list of who is told (spread), then the messages, until they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import MAY_ENTER, AccountGrant, Membership, Organization, User
from xmagnet.accounts.roles import permissions_of
from xmagnet.core.crypto import decrypt
from xmagnet.core.letters import post_letter
from xmagnet.core.outward import post
from xmagnet.notices import chat
from xmagnet.notices.choices import RULES, Channel, DeliveryState, Event
from xmagnet.notices.models import ChatChannel, Notice, NoticeDelivery, NoticeRead, NoticeSettings
from xmagnet.notices.selectors import Wishes, wishes_from
from xmagnet.notices.words import Words, words_of, words_of_test

SPREAD_AT_ONCE = 100
BATCH = 20
LEASE = timedelta(minutes=2)
#: older than this when the workers come back: no longer worth a message, still in the list
STALE_AFTER = timedelta(hours=12)
#: waits between attempts; the robots' own limits (20 messages a minute) are over after the second
WAITS = tuple(timedelta(seconds=seconds) for seconds in (20, 120, 600, 3600, 4 * 3600))
ANSWER_BYTES = 16 * 1024
KEPT_FOR = timedelta(days=90)
logger = structlog.get_logger(__name__)


def spread() -> int:
    """In the organization in scope: decide who is told of new notices by email and chat; how many were looked at."""
    with transaction.atomic():
        notices = list(
            Notice.objects.select_for_update(skip_locked=True)
            .filter(spread_at__isnull=True)
            .order_by("id")[:SPREAD_AT_ONCE]
        )
        if not notices:
            return 0
        now = timezone.now()
        fresh = [notice for notice in notices if now - notice.at < STALE_AFTER]
        if fresh:
            NoticeDelivery.objects.bulk_create(_deliveries(fresh), ignore_conflicts=True)
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(spread_at=now)
    return len(notices)


def may_hear(actor: Actor, notice: Notice) -> bool:
    """Whether the actor may be told; the same rule as ``selectors.visible_notices``, for one notice in hand."""
    if notice.event not in Event.values or not actor.can(RULES[Event(notice.event)].permission):
        return False
    if notice.for_user_id is not None:
        return notice.for_user_id == actor.user_id
    if actor.agency_id is not None and notice.agency_id != actor.agency_id:
        return False
    return actor.account_ids is None or notice.account_id in actor.account_ids


def _deliveries(notices: list[Notice]) -> Iterable[NoticeDelivery]:
    channels = list(ChatChannel.objects.filter(is_active=True))
    own: dict[int, list[ChatChannel]] = {}
    for channel in channels:
        if channel.user_id is not None:
            own.setdefault(channel.user_id, []).append(channel)
    for member, wishes in _members():
        for notice in notices:
            if not may_hear(member, notice):
                continue
            chosen = wishes.channels[Event(notice.event)]
            if Channel.EMAIL in chosen and settings.EMAIL_IS_ON:
                yield NoticeDelivery(notice=notice, channel=Channel.EMAIL, user_id=member.user_id)
            if Channel.CHAT in chosen:
                for channel in own.get(member.user_id or 0, ()):
                    yield NoticeDelivery(notice=notice, channel=Channel.CHAT, chat_channel=channel)
    for channel in channels:
        if channel.user_id is None:
            for notice in notices:
                if (not channel.events or notice.event in channel.events) and channel.agency_id in (
                    None,
                    notice.agency_id,
                ):
                    yield NoticeDelivery(notice=notice, channel=Channel.CHAT, chat_channel=channel)


def _members() -> list[tuple[Actor, Wishes]]:
    """Everybody in the organization as the gate would see them, with their wishes, in three queries."""
    memberships = list(Membership.objects.select_related("user").filter(MAY_ENTER))
    granted: dict[int, set[int]] = {}
    for membership_id, account_id in AccountGrant.objects.values_list("membership_id", "account_id"):
        granted.setdefault(membership_id, set()).add(account_id)
    rows = {row.user_id: row for row in NoticeSettings.objects.all()}
    return [
        (
            Actor(
                organization_id=membership.organization_id,
                organization_slug="",
                organization_name="",
                role=membership.role,
                permissions=permissions_of(membership.role),
                user_id=membership.user_id,
                agency_id=membership.agency_id,
                account_ids=frozenset(granted.get(membership.pk, ())) if membership.is_account_limited else None,
            ),
            wishes_from(rows.get(membership.user_id)),
        )
        for membership in memberships
    ]


def deliver_due() -> int:
    """In the organization in scope: send what is due; how many were tried. Nothing is sent inside a transaction."""
    now = timezone.now()
    with transaction.atomic():
        due = NoticeDelivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            Q(chat_channel__isnull=True) | Q(chat_channel__is_active=True),
            state=DeliveryState.PENDING,
            next_at__lte=now,
        )
        ids = list(due.order_by("next_at", "id").values_list("id", flat=True)[:BATCH])
        NoticeDelivery.objects.filter(pk__in=ids).update(next_at=now + LEASE)
        found = NoticeDelivery.objects.filter(pk__in=ids).select_related("notice", "chat_channel", "organization")
        deliveries = list(found.order_by("id"))
    for delivery in deliveries:
        _settle(delivery, _verdict(delivery))
    return len(deliveries)


def _verdict(delivery: NoticeDelivery) -> chat.Verdict:
    try:
        return _send(delivery)
    except Exception as error:  # a bug, or a key that is gone: everybody else's messages must not wait behind it
        logger.exception("notices.errored", delivery=delivery.pk)
        return chat.Verdict(f"our own error: {type(error).__name__}")


def _send(delivery: NoticeDelivery) -> chat.Verdict:
    if delivery.chat_channel is not None:
        return _send_chat(delivery, delivery.chat_channel)
    return _send_email(delivery)


def _send_chat(delivery: NoticeDelivery, channel: ChatChannel) -> chat.Verdict:
    with translation.override(channel.language):
        message = _message(delivery, _words(delivery))
    secret = decrypt(channel.encrypted_secret) if channel.encrypted_secret is not None else ""
    request = chat.request(
        channel.kind,
        decrypt(channel.encrypted_url),
        secret,
        message,
        epoch_seconds=int(timezone.now().timestamp()),
        language=channel.language,
    )
    answer = post(request.url, request.body, {"Content-Type": "application/json"}, keep_bytes=ANSWER_BYTES)
    return chat.verdict(answer.status, answer.error, answer.body)


def _send_email(delivery: NoticeDelivery) -> chat.Verdict:
    user = User.objects.filter(pk=delivery.user_id or 0, is_active=True).first()
    if user is None:
        return chat.Verdict("the person is gone", is_final=True)
    with translation.override(user.language or "zh-hans"):
        message = _message(delivery, _words(delivery))
        change = _("Choose what you are told: %(url)s") % {"url": _address(delivery.organization, "notifications/")}
        text = f"{message.text}\n\n{message.link}\n\n-- \nX-Magnet · {delivery.organization.name}\n{change}\n"
    posted = post_letter(user.email, message.title, text)
    return chat.Verdict(posted.error, is_final=posted.is_final)


def _words(delivery: NoticeDelivery) -> Words:
    return words_of_test() if delivery.notice is None else words_of(delivery.notice)


def _message(delivery: NoticeDelivery, words: Words) -> chat.Message:
    link = _address(delivery.organization, words.path)
    return chat.Message(words.title, words.text or words.title, link, str(_("Open in X-Magnet")))


def _address(organization: Organization, path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}/o/{organization.slug}/{path}"


def _settle(delivery: NoticeDelivery, verdict: chat.Verdict) -> None:
    now = timezone.now()
    delivery.attempt_count += 1
    delivery.error = verdict.error
    if not verdict.error:
        delivery.state, delivery.finished_at = DeliveryState.DELIVERED, now
    elif verdict.is_final or delivery.attempt_count > len(WAITS):
        delivery.state, delivery.finished_at = DeliveryState.FAILED, now
        logger.warning("notices.given_up", channel=delivery.channel, error=verdict.error)
    else:
        delivery.next_at = now + WAITS[delivery.attempt_count - 1]
    with transaction.atomic():
        delivery.save()
        if verdict.is_final and delivery.chat_channel_id is not None:
            ChatChannel.objects.filter(pk=delivery.chat_channel_id).update(
                is_active=False, disabled_reason=verdict.error[:200]
            )


def purge() -> None:
    """Forget what is older than ninety days, in the organization in scope."""
    before = timezone.now() - KEPT_FOR
    with transaction.atomic():
        NoticeRead.objects.filter(notice__at__lt=before).delete()
        NoticeDelivery.objects.filter(created_at__lt=before).delete()
        Notice.objects.filter(at__lt=before).delete()
