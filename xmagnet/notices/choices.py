"""What people can be told, by which way, who may hear it, and how far a message has come."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.TextChoices):
    JOB_FINISHED = "job.finished", _("My job is finished")
    JOB_FAILED = "job.failed", _("My job failed")
    JOB_PAUSED = "job.paused", _("My job waits for a person")
    PLAN_REJECTED = "plan.rejected", _("The media's review refused plans")
    BALANCE_LOW = "balance.low", _("An account's balance is below its alarm")
    NEEDS_AUTHORIZATION = "account.needs_authorization", _("A media account must be authorized again")
    ACCOUNT_REFUSED = "account.refused", _("The media refuses a media account")
    LOGIN_ENDING = "account.login_ending", _("A media account's login ends soon")
    SYNC_STALLED = "sync.stalled", _("An account's data no longer arrives")
    WEBHOOK_DISABLED = "webhook.disabled", _("A webhook was switched off")
    MEMBER_JOINED = "member.joined", _("An invited person joined")


class Channel(models.TextChoices):
    BELL = "bell", _("Bell")
    EMAIL = "email", _("Email")
    CHAT = "chat", _("Chat")


class ChatKind(models.TextChoices):
    FEISHU = "feishu", _("Feishu")
    DINGTALK = "dingtalk", _("DingTalk")
    WECOM = "wecom", _("WeCom")


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class Severity(models.TextChoices):
    INFO = "info", _("For information")
    WARN = "warn", _("Look at it")
    BAD = "bad", _("Act now")


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may hear of an event, how urgent it is, and how people are told who have chosen nothing."""

    permission: str
    severity: Severity
    channels: frozenset[Channel]


_BELL = frozenset({Channel.BELL})
_BELL_AND_MAIL = frozenset({Channel.BELL, Channel.EMAIL})

RULES: dict[Event, Rule] = {
    Event.JOB_FINISHED: Rule("jobs:read", Severity.INFO, _BELL),
    Event.JOB_FAILED: Rule("jobs:read", Severity.BAD, _BELL),
    Event.JOB_PAUSED: Rule("jobs:read", Severity.WARN, _BELL),
    Event.PLAN_REJECTED: Rule("plans:read", Severity.WARN, _BELL),
    Event.BALANCE_LOW: Rule("accounts:read", Severity.WARN, _BELL_AND_MAIL),
    Event.NEEDS_AUTHORIZATION: Rule("accounts:read", Severity.BAD, _BELL_AND_MAIL),
    Event.ACCOUNT_REFUSED: Rule("accounts:read", Severity.BAD, _BELL_AND_MAIL),
    Event.LOGIN_ENDING: Rule("accounts:read", Severity.WARN, _BELL_AND_MAIL),
    Event.SYNC_STALLED: Rule("accounts:read", Severity.WARN, _BELL),
    Event.WEBHOOK_DISABLED: Rule("webhooks:manage", Severity.WARN, _BELL_AND_MAIL),
    Event.MEMBER_JOINED: Rule("members:read", Severity.INFO, _BELL),
}
