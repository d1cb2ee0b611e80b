"""The words of delivery as Django choices, with their labels for people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """The operator's switch."""

    ENABLED = "enabled", _("Enabled")
    PAUSED = "paused", _("Paused")
    DELETED = "deleted", _("Deleted")


class Delivery(models.TextChoices):
    """Why a plan is or is not delivering now."""

    DELIVERING = "delivering", _("Delivering")
    PAUSED = "paused", _("Paused")
    IN_REVIEW = "in_review", _("In review")
    REJECTED = "rejected", _("Rejected")
    OUT_OF_BUDGET = "out_of_budget", _("Budget used up")
    OUT_OF_BALANCE = "out_of_balance", _("Account balance used up")
    OUT_OF_SCHEDULE = "out_of_schedule", _("Outside its hours")
    CAMPAIGN_PAUSED = "campaign_paused", _("Campaign paused")
    NOT_STARTED = "not_started", _("Not started yet")
    ENDED = "ended", _("Ended")
    FROZEN = "frozen", _("Frozen by the media")
    DELETED = "deleted", _("Deleted")
    UNKNOWN = "unknown", _("Unknown")


class Learning(models.TextChoices):
    NONE = "none", _("Not in learning")
    LEARNING = "learning", _("Learning")
    LEARNED = "learned", _("Learned")
    FAILED = "failed", _("Learning failed")


class Review(models.TextChoices):
    PENDING = "pending", _("In review")
    APPROVED = "approved", _("Approved")
    PARTLY_REJECTED = "partly_rejected", _("Partly rejected")
    REJECTED = "rejected", _("Rejected")


class RowState(models.TextChoices):
    """Where a bulk row is. Terminal: invalid, succeeded, failed, cancelled, dead."""

    RECEIVED = "received", _("Received")
    INVALID = "invalid", _("Invalid")
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    UNKNOWN = "unknown", _("Outcome unknown, being checked")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    DEAD = "dead", _("Given up: its worker died repeatedly")


class Outcome(models.TextChoices):
    CREATED = "created", _("Created")
    MATCHED_EXISTING = "matched_existing", _("Already existed")
    RECONCILED = "reconciled", _("Created; found again after a lost answer")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Already so")
    DEFERRED = "deferred", _("Waits for the next day")


class QueuedState(models.TextChoices):
    """Where a change that waits for the next day is; only ``waiting`` may still become another."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Handed to a job")
    SKIPPED = "skipped", _("Left alone: somebody changed it since")
    REFUSED = "refused", _("Left alone: its person may no longer do this")
    CANCELLED = "cancelled", _("Cancelled")
    REPLACED = "replaced", _("Replaced by a later wish")


class MaterialSort(models.TextChoices):
    """What a plan shows: a file, as the media connectors name its kinds, or a title."""

    VIDEO_VERTICAL = "video_vertical", _("Vertical video")
    VIDEO = "video", _("Wide video")
    IMAGE_VERTICAL = "image_vertical", _("Vertical image")
    IMAGE = "image", _("Wide image")
    TITLE = "title", _("Title")


TITLE = MaterialSort.TITLE.value


class JobKindName:
    """Kinds of row-driven jobs."""

    CREATE = "plans.create"
    UPDATE = "plans.update"
    VALIDATE = "plans.validate"
