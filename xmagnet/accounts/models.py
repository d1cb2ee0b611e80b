"""Who exists: organizations, people, their memberships, and the agencies whose sight is narrowed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xmagnet.accounts.roles import AGENCY_ROLES, Role
from xmagnet.core.tenancy import TenantModel


class Organization(models.Model):
    """A tenant: one advertiser."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who signs in by email; without a password they cannot sign in yet."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. Rights come from memberships only; there is no superuser."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=10, blank=True)  # "" = the browser's
    theme = models.CharField(max_length=10, blank=True)  # "" = the system's
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_ci")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.split("@")[0]

    def get_full_name(self) -> str:
        return self.name or self.email


class Agency(TenantModel):
    """A partner that runs media accounts for the organization. It lives here because it narrows rights (ADR 0003)."""

    name = models.CharField(max_length=120)
    code = models.SlugField(max_length=40)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="accounts_agency_name"),
            models.UniqueConstraint(fields=["organization", "code"], name="accounts_agency_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A person in an organization: one role, and how far they see."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    is_account_limited = models.BooleanField(default=False)  # only the granted media accounts
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="accounts_membership_once"),
            models.CheckConstraint(
                condition=models.Q(agency__isnull=True) | models.Q(role__in=sorted(AGENCY_ROLES)),
                name="accounts_membership_agency_role",
                violation_error_message=_("A user of an agency cannot hold a role that sees the whole organization."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id} as {self.role}"


#: memberships that open the door: the person is active, here and altogether, and so is the agency they belong to
MAY_ENTER = (
    models.Q(is_active=True)
    & models.Q(user__is_active=True)
    & (models.Q(agency__isnull=True) | models.Q(agency__is_active=True))
)


class AccountGrant(TenantModel):
    """One media account that an account-limited member may see and work on."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="grants")
    # A plain id: media accounts live on a higher floor, which adds the composite foreign key in its own migration.
    account_id = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["membership", "account_id"], name="accounts_grant_once")]

    def __str__(self) -> str:
        return f"{self.membership_id} → account {self.account_id}"


class Invitation(TenantModel):
    """A door for one person, opened by a link whose secret is stored hashed."""

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    account_ids = models.JSONField(default=list, blank=True)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.email


class ApiToken(TenantModel):
    """``adk_<env>_<prefix>_<secret>``; only the SHA-256 of the whole token is kept (256 bits need no slow hash)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8)
    token_sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    allowed_networks = models.JSONField(default=list, blank=True)  # CIDR; empty = anywhere
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "prefix"], name="accounts_token_prefix")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
