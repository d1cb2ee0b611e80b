"""Our side of the telephone: applications, credentials, accounts, and every write we ever sent."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from media_connectors.choices import AccountHealth, CommandState, PlatformChoice, VendorChoice
from xmagnet.core.tenancy import TenantModel


class MediaApplication(TenantModel):
    """A developer application at a vendor; its limits are shared by all accounts behind it."""

    vendor = models.CharField(max_length=20, choices=VendorChoice)
    application_id = models.CharField(max_length=40)
    encrypted_secret = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "vendor", "application_id"], name="media_application_once"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.application_id}"


class MediaCredential(TenantModel):
    """A rotating token pair of one authorised login; several accounts share it. Tokens are MultiFernet ciphertext."""

    application = models.ForeignKey(MediaApplication, on_delete=models.PROTECT, related_name="credentials")
    encrypted_access_token = models.BinaryField()
    encrypted_refresh_token = models.BinaryField()
    access_expires_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField()
    generation = models.IntegerField(default=1)  # counts refreshes, so that a loser of the race sees the winner
    is_revoked = models.BooleanField(default=False)
    authorized_by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    refreshed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"credential {self.pk}"


class MediaAccount(TenantModel):
    """An advertiser account on one platform, run by one agency (or by the advertiser)."""

    account_path: ClassVar[str | None] = ""

    agency = models.ForeignKey(
        "accounts.Agency", null=True, blank=True, on_delete=models.PROTECT, related_name="media_accounts"
    )
    credential = models.ForeignKey(MediaCredential, null=True, on_delete=models.SET_NULL, related_name="accounts")
    platform = models.CharField(max_length=10, choices=PlatformChoice)
    remote_id = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)  # False: paused by us, neither synced nor written to
    health = models.CharField(max_length=20, choices=AccountHealth, default=AccountHealth.OK)
    health_message = models.CharField(max_length=300, blank=True)
    balance_fen = models.BigIntegerField(null=True)
    valid_balance_fen = models.BigIntegerField(null=True)
    low_balance_fen = models.BigIntegerField(null=True)  # alarm below this
    funds_synced_at = models.DateTimeField(null=True)
    plans_synced_at = models.DateTimeField(null=True)
    metrics_synced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "platform", "remote_id"], name="media_account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.remote_id})"

    @property
    def is_low(self) -> bool:
        """The balance is below the alarm; never without both."""
        if self.balance_fen is None or self.low_balance_fen is None:
            return False
        return self.balance_fen < self.low_balance_fen


class SyncCursor(TenantModel):
    """How far a kind of reading has come for an account; saved in the same transaction as the rows it read."""

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey(MediaAccount, on_delete=models.CASCADE, related_name="cursors")
    kind = models.CharField(max_length=20)  # campaigns, plans, funds, metrics, materials
    value = models.JSONField(default=dict)
    succeeded_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "account", "kind"], name="media_cursor_once")]

    def __str__(self) -> str:
        return f"{self.kind} of account {self.account_id}"


class OutboundCommand(TenantModel):
    """A write to a media: durable before it is sent, settled by its answer or by reading back."""

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey(MediaAccount, on_delete=models.PROTECT, related_name="commands")
    idempotency_key = models.CharField(max_length=80)
    operation = models.CharField(max_length=30)  # create_campaign, create_plan, create_creative, change_plans
    state = models.CharField(max_length=12, choices=CommandState, default=CommandState.IN_FLIGHT)
    payload = models.JSONField(default=dict)  # what is needed to read back: names and parents, no secret
    payload_sha256 = models.CharField(max_length=64)
    generation = models.IntegerField(default=1)
    attempt_count = models.IntegerField(default=1)
    remote_id = models.CharField(max_length=40, blank=True)
    error = models.JSONField(null=True)
    job_id = models.CharField(max_length=40, blank=True)
    row_id = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "account", "idempotency_key"], name="media_command_once"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "account", "sent_at"],
                name="media_command_open",
                condition=models.Q(state__in=["in_flight", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.idempotency_key}"


class LimiterSlot(models.Model):
    """A limit's tokens and when each is free again. Shared by all workers; not tenant data, because a developer
    application's limit is the vendor's, whoever uses it."""

    # vendor:application:endpoint, or vendor:account:remote id:endpoint
    key = models.CharField(max_length=120, primary_key=True)
    rate_per_second = models.FloatField()  # 0: no limit is known, only a block
    free_at = ArrayField(models.FloatField(), default=list)  # epoch seconds of PostgreSQL's clock, one a token
    blocked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key
