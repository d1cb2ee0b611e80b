"""The states of a job and which of them are alive."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    VALIDATING = "validating", _("Checking rows")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    CANCELLING = "cancelling", _("Cancelling")
    SUCCEEDED = "succeeded", _("Succeeded")
    PARTIALLY_SUCCEEDED = "partially_succeeded", _("Partly succeeded")
    FAILED = "failed", _("Failed")  # foreseen: the reason is for people
    ERRORED = "errored", _("Error in X-Magnet")  # a bug: the reason is for us
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    LOST = "lost", _("Lost")  # the worker died too often


#: a worker has it
AT_WORK = (JobState.RUNNING, JobState.CANCELLING)
LIVE_STATES = (JobState.QUEUED, JobState.VALIDATING, JobState.RUNNING, JobState.PAUSED, JobState.CANCELLING)
