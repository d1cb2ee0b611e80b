"""The contract's words as Django choices, with their labels for people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlatformChoice(models.TextChoices):
    DOUYIN = "douyin", _("Douyin")
    TOUTIAO = "toutiao", _("Toutiao")
    KUAISHOU = "kuaishou", _("Kuaishou")


class VendorChoice(models.TextChoices):
    OCEANENGINE = "oceanengine", _("Ocean Engine")
    KUAISHOU = "kuaishou", _("Kuaishou Magnetic Engine")


class AccountHealth(models.TextChoices):
    OK = "ok", _("Healthy")
    NEEDS_AUTHORIZATION = "needs_authorization", _("Needs authorization")
    FAILING = "failing", _("Failing")
    REFUSED = "refused", _("Refused by the media")  # disabled there, or taken from our login
    PAUSED = "paused", _("Paused")


class CommandState(models.TextChoices):
    IN_FLIGHT = "in_flight", _("In flight")
    CONFIRMED = "confirmed", _("Confirmed")
    REJECTED = "rejected", _("Rejected")
    UNKNOWN = "unknown", _("Unknown")
    ABSENT = "absent", _("Not carried out")
