"""What a program can be told; how far a delivery has come is counted as for people."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from xmagnet.notices.choices import DeliveryState

__all__ = ["DeliveryState", "Event"]


class Event(models.TextChoices):
    JOB_VALIDATED = "job.validated", _("A bulk job's rows are checked")
    JOB_PROGRESS = "job.progress", _("A bulk job passed 25, 50 or 75 %")
    JOB_COMPLETED = "job.completed", _("A bulk job is finished")
    JOB_CANCELLED = "job.cancelled", _("A bulk job is cancelled")
    JOB_PAUSED = "job.paused", _("A bulk job waits for a person")
    PLAN_REJECTED = "plan.rejected", _("The media's review refused a plan")
    TEST = "endpoint.test", _("A test message")
