"""What happened that people should know, what each has read, and every message that leaves the house about it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from xmagnet.core.tenancy import TenantModel
from xmagnet.notices.choices import Channel, ChatKind, DeliveryState, Event


class Notice(TenantModel):
    """One thing that happened, written in the transaction that caused it. Who may see it follows from its columns."""

    at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=40, choices=Event)
    object_id = models.CharField(max_length=40, blank=True)  # of the job, account, webhook … that the link leads to
    data = models.JSONField(default=dict)  # names and numbers for the words; never a secret
    account_id = models.BigIntegerField(null=True)
    agency_id = models.BigIntegerField(null=True)
    for_user_id = models.BigIntegerField(null=True)  # one person's own affair
    dedupe_key = models.CharField(max_length=120, blank=True)  # the same thing is told once
    spread_at = models.DateTimeField(null=True)  # when its emails and chat messages were written

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "dedupe_key"], condition=~models.Q(dedupe_key=""), name="notices_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="notices_recent"),
            models.Index(
                fields=["organization", "id"], name="notices_unspread", condition=models.Q(spread_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.object_id}"


class NoticeSettings(TenantModel):
    """A member's wishes, and how far they have read. An event that is missing keeps its default."""

    user_id = models.BigIntegerField()
    channels = models.JSONField(default=dict)  # event → list of channels
    read_up_to = models.BigIntegerField(default=0)  # a notice's id: everything up to it is read

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "user_id"], name="notices_settings_once")]

    def __str__(self) -> str:
        return f"wishes of user {self.user_id}"


class NoticeRead(TenantModel):
    """A single notice that somebody has read, above the mark of their settings."""

    user_id = models.BigIntegerField()
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="reads")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "user_id", "notice"], name="notices_read_once")]

    def __str__(self) -> str:
        return f"{self.notice_id} by user {self.user_id}"


class ChatChannel(TenantModel):
    """A robot in a group chat: the organization's (``user_id`` empty) or a member's own. Address and secret are
    MultiFernet ciphertext, because the address alone lets one post into the group."""

    user_id = models.BigIntegerField(null=True)
    agency_id = models.BigIntegerField(null=True)  # hears only of this agency's affairs
    kind = models.CharField(max_length=10, choices=ChatKind)
    name = models.CharField(max_length=80)
    encrypted_url = models.BinaryField()
    encrypted_secret = models.BinaryField(null=True)
    address_hint = models.CharField(max_length=80)  # host and the last letters, to tell robots apart
    events = ArrayField(models.CharField(max_length=40, choices=Event), default=list)  # empty: all; organization's only
    language = models.CharField(max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user_id", "name"], nulls_distinct=False, name="notices_channel_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NoticeDelivery(TenantModel):
    """One message to one person's mailbox or one chat robot; without a notice it is a test."""

    notice = models.ForeignKey(Notice, null=True, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel)
    user_id = models.BigIntegerField(null=True)
    chat_channel = models.ForeignKey(ChatChannel, null=True, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempt_count = models.IntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "notice", "channel", "user_id", "chat_channel"],
                condition=models.Q(notice__isnull=False),
                nulls_distinct=False,
                name="notices_delivery_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "next_at"], name="notices_due", condition=models.Q(state=DeliveryState.PENDING)
            ),
            models.Index(fields=["organization", "chat_channel", "-id"], name="notices_log"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} about {self.notice_id}"
