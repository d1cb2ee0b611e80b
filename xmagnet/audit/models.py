"""What happened: append-only, in one place for security events and for every change to delivery."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from xmagnet.core.tenancy import TenantModel


class AuditEvent(TenantModel):
    """One thing somebody did. Triggers refuse UPDATE, DELETE and TRUNCATE for everybody."""

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)  # "plan.changed", "member.invited"
    object_type = models.CharField(max_length=30)
    object_id = models.CharField(max_length=40)
    object_name = models.CharField(max_length=200, blank=True)
    account_id = models.BigIntegerField(null=True)  # the media account, so that narrowed actors see only theirs
    agency_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=120, blank=True)
    token_id = models.BigIntegerField(null=True)
    via = models.CharField(max_length=10)
    request_id = models.CharField(max_length=60, blank=True)
    job_id = models.CharField(max_length=40, blank=True)
    # Which transaction wrote it: the sealer only seals what no open transaction can still add to.
    transaction_id = models.BigIntegerField(
        db_default=models.Func(function="txid_current", output_field=models.BigIntegerField())
    )

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(fields=["organization", "object_type", "object_id", "-id"], name="audit_object"),
            models.Index(fields=["organization", "-at"], name="audit_time"),
            # Rare actions are found without walking through a million common ones.
            models.Index(fields=["organization", "action", "-id"], name="audit_action"),
            models.Index(fields=["organization", "job_id"], name="audit_job", condition=~models.Q(job_id="")),
            models.Index(fields=["organization", "transaction_id", "id"], name="audit_sealed_order"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class AuditSeal(TenantModel):
    """A link of the organization's hash chain over a run of events, in order of (transaction, id)."""

    at = models.DateTimeField(db_default=Now())
    up_to_transaction = models.BigIntegerField()  # exclusive: all events of lower transactions are sealed
    event_count = models.IntegerField()
    sha256 = models.CharField(max_length=64)  # over the previous seal's and every event's canonical JSON

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "up_to_transaction"], name="audit_seal_once"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
