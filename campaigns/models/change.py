"""Changes that wait for the media's next day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from campaigns.choices import QueuedState
from campaigns.models.plan import Plan
from xmagnet.core.tenancy import TenantModel


class QueuedChange(TenantModel):
    """One field of one plan that would have voided the cost guarantee today, and is sent on ``run_on`` instead.

    Of one field of one plan at most one waits: the later wish takes the earlier one's place.
    """

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey("media_connectors.MediaAccount", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=10)  # a guardrails.Field
    before = models.JSONField(null=True)  # what stood there when it was queued: what must still stand
    after = models.JSONField(null=True)
    run_on = models.DateField()  # the media's day, Asia/Shanghai
    state = models.CharField(max_length=10, choices=QueuedState, default=QueuedState.WAITING)
    reason = models.CharField(max_length=300, blank=True)  # why the person wanted it
    job_id = models.CharField(max_length=40)  # that wanted it
    sent_job_id = models.CharField(max_length=40, blank=True)  # that sends it
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=120, blank=True)
    token_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "plan", "field"],
                condition=models.Q(state="waiting"),
                name="campaigns_queued_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "run_on"], name="campaigns_queued_due", condition=models.Q(state="waiting")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of plan {self.plan_id} on {self.run_on}"
