"""What every connector can do. Small protocols, one sum; callers ask for the smallest they need.

Every method takes the caller's ``AccountAccess`` and raises only errors of ``media_connectors.errors``. Reads are
retried inside (at most 3 times); writes are sent once and raise ``OutcomeUnknown`` when the answer was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from media_connectors.contracts import (
    AccountAccess,
    CampaignDraft,
    CreativeDraft,
    FundBalance,
    InterestOption,
    ItemResult,
    LibraryMaterial,
    LimitNotice,
    MaterialKind,
    MetricRow,
    Page,
    PlanChange,
    PlanContent,
    PlanDraft,
    Platform,
    RejectReason,
    RemoteAccount,
    RemoteCampaign,
    RemotePlan,
    TokenPair,
    UploadedMaterial,
)


class Limiter(Protocol):
    """Shared by all workers; a connector asks before each call."""

    def acquire(self, *, application_id: str, endpoint: str, account_remote_id: str) -> object:
        """Wait and return a ticket when the call may be sent; raises ``RateLimited`` when the wait is long."""

    def answered(self, ticket: object) -> None:
        """Give the ticket back as soon as the call was answered or given up."""

    def unused(self, ticket: object) -> None:
        """Give the ticket back without a call."""

    def learn(self, *, application_id: str, endpoint: str, account_remote_id: str, notice: LimitNotice) -> None:
        """Take what an answer said about limits; after a refusal nobody sends until the wait is over."""


class Authorizer(Protocol):
    """The vendor's OAuth."""

    def authorize_url(self, *, application_id: str, state: str, redirect_url: str) -> str: ...
    def exchange_code(self, *, application_id: str, secret: str, auth_code: str) -> TokenPair: ...
    def refresh(self, *, application_id: str, secret: str, refresh_token: str) -> TokenPair: ...


class AccountDirectory(Protocol):
    def list_accounts(self, access: AccountAccess, *, secret: str) -> tuple[RemoteAccount, ...]: ...
    def read_accounts(self, access: AccountAccess, account_remote_ids: Sequence[str]) -> tuple[RemoteAccount, ...]: ...


class FundReader(Protocol):
    def read_balance(self, access: AccountAccess) -> FundBalance: ...


class DeliveryReader(Protocol):
    def list_campaigns(
        self, access: AccountAccess, *, cursor: str | None = None, modified_since: datetime | None = None
    ) -> Page[RemoteCampaign]: ...

    def list_plans(
        self, access: AccountAccess, *, cursor: str | None = None, modified_since: datetime | None = None
    ) -> Page[RemotePlan]: ...

    def read_plans(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> tuple[RemotePlan, ...]: ...

    def read_contents(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> dict[str, PlanContent]:
        """Targeting, texts and materials by plan; plans that the media do not show are left out."""

    def find_campaign(self, access: AccountAccess, *, name: str) -> RemoteCampaign | None:
        """Exact name; None when absent. The read back after a lost answer."""

    def find_plan(self, access: AccountAccess, *, campaign_remote_id: str, name: str) -> RemotePlan | None:
        """Exact name inside the campaign; None when absent."""

    def has_creative(self, access: AccountAccess, *, plan_remote_id: str, name: str) -> str | None:
        """Remote id of the creative of that name, where creatives are separate; None when absent."""

    def reject_reasons(self, access: AccountAccess, plan_remote_ids: Sequence[str]) -> tuple[RejectReason, ...]: ...


class DeliveryWriter(Protocol):
    #: does a plan need a second call for its creative (Kuaishou)?
    has_separate_creatives: bool
    #: items one batch update takes
    change_batch_size: int

    def create_campaign(self, access: AccountAccess, draft: CampaignDraft) -> str: ...
    def create_plan(self, access: AccountAccess, draft: PlanDraft) -> str: ...
    def create_creative(self, access: AccountAccess, draft: CreativeDraft) -> str: ...

    def split_changes(self, changes: Sequence[PlanChange]) -> tuple[tuple[PlanChange, ...], ...]:
        """Group changes, each of one field, into batches that ``change_plans`` sends as one write each."""

    def change_plans(self, access: AccountAccess, changes: Sequence[PlanChange]) -> tuple[ItemResult, ...]:
        """Send one batch of ``split_changes``: one write, one result for each item."""


class ReportReader(Protocol):
    hourly_days: int | None
    """How many days back the media reports hours, today included; None: further than anybody asks here. Older days
    are not empty, they are untold: whoever replaces days by what is read must not ask for them."""

    def read_hourly(self, access: AccountAccess, *, first_on: date, last_on: date) -> Iterator[Sequence[MetricRow]]:
        """All plans of the account by the hour, days inclusive, in pages; rows without any number are left out."""


class MaterialLibrary(Protocol):
    def upload(
        self, access: AccountAccess, *, kind: MaterialKind, filename: str, content: bytes, md5: str
    ) -> UploadedMaterial: ...

    def read_materials(
        self, access: AccountAccess, *, kind: MaterialKind, remote_ids: Sequence[str]
    ) -> tuple[UploadedMaterial, ...]: ...

    def list_materials(
        self, access: AccountAccess, *, is_video: bool, cursor: str | None = None
    ) -> Page[LibraryMaterial]:
        """Videos or images of the account's library, newest first."""


class TargetingCatalogue(Protocol):
    def list_interests(self, access: AccountAccess) -> tuple[InterestOption, ...]:
        """Every category of interest, a group before its parts."""


@runtime_checkable
class Connector(
    Authorizer,
    AccountDirectory,
    FundReader,
    DeliveryReader,
    DeliveryWriter,
    ReportReader,
    MaterialLibrary,
    TargetingCatalogue,
    Protocol,
):
    """The sum; ``media_connectors.gateway.connector_for(platform)`` gives one."""

    platform: Platform
