"""What crosses the door of this app: frozen records in our own words and units.

Money is integer fen, instants are aware datetimes, days are media days in Asia/Shanghai, ids of the media are
strings (Ocean Engine's exceed 2**53). A connector's ``mapping`` translates to and from these and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

MEDIA_TIMEZONE = ZoneInfo("Asia/Shanghai")
#: This and more: a media's own region that has no GB/T 2260 code with us, its id on top. No code has 13 digits.
FOREIGN_REGION = 10**12

T = TypeVar("T")


class Platform(StrEnum):
    """A media: where ads are shown. Douyin and Toutiao share Ocean Engine's API."""

    DOUYIN = "douyin"
    TOUTIAO = "toutiao"
    KUAISHOU = "kuaishou"


class Vendor(StrEnum):
    """Who answers the telephone: one OAuth application, one set of limits."""

    OCEANENGINE = "oceanengine"
    KUAISHOU = "kuaishou"


VENDOR_OF = {
    Platform.DOUYIN: Vendor.OCEANENGINE,
    Platform.TOUTIAO: Vendor.OCEANENGINE,
    Platform.KUAISHOU: Vendor.KUAISHOU,
}


class Gender(StrEnum):
    ANY = "any"
    MALE = "male"
    FEMALE = "female"


class AgeBand(StrEnum):
    """The bands both media know by the same borders."""

    AGE_18_23 = "18-23"
    AGE_24_30 = "24-30"
    AGE_31_40 = "31-40"
    AGE_41_49 = "41-49"
    AGE_50_UP = "50+"


class DeviceSystem(StrEnum):
    ANDROID = "android"
    IOS = "ios"


class Objective(StrEnum):
    """What a campaign is for; each platform has its own word (landing_type, campaign type)."""

    LEADS = "leads"


class ConversionGoal(StrEnum):
    """The event that a bid pays for."""

    FORM = "form"
    VALID_LEAD = "valid_lead"
    PAY = "pay"


class BidType(StrEnum):
    TARGET_CPA = "target_cpa"  # oCPM: the bid is the target cost of a conversion
    MAX_CONVERSION = "max_conversion"  # no bid; the media spends the budget


class SwitchStatus(StrEnum):
    """The operator's switch, as we and the media agree on it."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DELETED = "deleted"


class DeliveryStatus(StrEnum):
    """Why a plan is or is not delivering now."""

    DELIVERING = "delivering"
    PAUSED = "paused"
    IN_REVIEW = "in_review"
    REJECTED = "rejected"
    OUT_OF_BUDGET = "out_of_budget"
    OUT_OF_BALANCE = "out_of_balance"
    OUT_OF_SCHEDULE = "out_of_schedule"
    CAMPAIGN_PAUSED = "campaign_paused"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    FROZEN = "frozen"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class LearningState(StrEnum):
    NONE = "none"
    LEARNING = "learning"
    LEARNED = "learned"
    FAILED = "failed"


class ReviewState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    PARTLY_REJECTED = "partly_rejected"
    REJECTED = "rejected"


class MaterialKind(StrEnum):
    VIDEO = "video"
    VIDEO_VERTICAL = "video_vertical"
    IMAGE = "image"
    IMAGE_VERTICAL = "image_vertical"


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Who calls for which account. The token is a secret: excluded from repr, never logged."""

    platform: Platform
    account_remote_id: str
    application_id: str
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_in: int  # seconds from now, as the vendor says
    refresh_expires_in: int
    account_remote_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitNotice:
    """What an answer told about a limit; the limiter learns from it."""

    scope: str  # "endpoint", "account" or "global"
    dimension: str = ""  # the vendor's word, such as "developer_qpm"
    limit: int | None = None
    remaining: int | None = None
    is_refused: bool = False
    retry_after: float = 0.0  # seconds


@dataclass(frozen=True, slots=True)
class Targeting:
    """Who should see a plan. An empty tuple means "no restriction"."""

    gender: Gender = Gender.ANY
    ages: tuple[AgeBand, ...] = ()
    region_codes: tuple[int, ...] = ()  # GB/T 2260 province or city codes; see FOREIGN_REGION
    systems: tuple[DeviceSystem, ...] = ()
    interest_ids: tuple[int, ...] = ()
    include_audience_ids: tuple[int, ...] = ()
    exclude_audience_ids: tuple[int, ...] = ()
    is_expansion_on: bool = False


@dataclass(frozen=True, slots=True)
class MaterialRef:
    """A file that the account's library already holds."""

    kind: MaterialKind
    remote_id: str
    cover_remote_id: str = ""


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign to create: Ocean Engine's project, Kuaishou's campaign.

    Ocean Engine keeps targeting, placement and goal here; Kuaishou keeps them on the unit, so both drafts carry them.
    """

    name: str
    objective: Objective
    goal: ConversionGoal
    bid_type: BidType
    targeting: Targeting
    landing_url: str
    daily_budget_fen: int | None = None  # None: unlimited
    is_enabled: bool = True
    start_on: date | None = None  # Ocean Engine keeps the days of delivery on the project; None: from now
    end_on: date | None = None  # None: open


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan to create: Ocean Engine's promotion, Kuaishou's unit with its creative."""

    campaign_remote_id: str
    name: str  # carries the row's key as suffix, so that a lost answer can be read back
    objective: Objective
    goal: ConversionGoal
    bid_type: BidType
    bid_fen: int | None
    daily_budget_fen: int | None
    schedule: str  # 336 characters of 0/1, half hours from Monday 00:00; "" = always
    start_on: date
    end_on: date | None
    targeting: Targeting
    landing_url: str
    titles: tuple[str, ...]
    materials: tuple[MaterialRef, ...]
    brand_name: str = ""
    call_to_action: str = ""
    is_enabled: bool = False


@dataclass(frozen=True, slots=True)
class CreativeDraft:
    """The creative of a Kuaishou unit, created by a call of its own after the unit."""

    plan_remote_id: str
    name: str
    titles: tuple[str, ...]
    materials: tuple[MaterialRef, ...]
    call_to_action: str = ""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One field of one live plan to change; ``None`` leaves it alone."""

    plan_remote_id: str
    status: SwitchStatus | None = None
    bid_fen: int | None = None
    daily_budget_fen: int | None = None
    schedule: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item of a batch update: accepted, or refused with the media's words."""

    remote_id: str
    is_accepted: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class RemoteAccount:
    remote_id: str
    name: str
    company: str = ""
    is_valid: bool = True


@dataclass(frozen=True, slots=True)
class FundBalance:
    balance_fen: int
    cash_fen: int
    grant_fen: int
    valid_balance_fen: int


@dataclass(frozen=True, slots=True)
class RemoteCampaign:
    remote_id: str
    name: str
    status: SwitchStatus
    daily_budget_fen: int | None
    modified_at: datetime | None
    settings: dict[str, object]  # the platform's own words, for the plan page


@dataclass(frozen=True, slots=True)
class RemotePlan:
    remote_id: str
    campaign_remote_id: str
    name: str
    status: SwitchStatus
    delivery_status: DeliveryStatus
    learning_state: LearningState
    review_state: ReviewState
    bid_fen: int | None
    daily_budget_fen: int | None
    schedule: str  # 336 characters, "" = always
    created_at: datetime | None
    modified_at: datetime | None
    settings: dict[str, object]


@dataclass(frozen=True, slots=True)
class PlanContent:
    """What a plan shows and to whom, read back from the media: for plans that were made elsewhere."""

    goal: ConversionGoal | None  # None: an event that we have no word for
    targeting: Targeting
    titles: tuple[str, ...]
    materials: tuple[MaterialRef, ...]
    landing_url: str
    brand_name: str = ""
    call_to_action: str = ""


@dataclass(frozen=True, slots=True)
class RejectReason:
    plan_remote_id: str
    item: str  # what was refused: a title's text, a material id, "plan"
    kind: str
    reasons: tuple[str, ...]
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadedMaterial:
    remote_id: str
    kind: MaterialKind
    md5: str
    width: int
    height: int
    size_bytes: int
    url: str
    is_ready: bool = True
    image_url: str = ""  # as of ``LibraryMaterial``


@dataclass(frozen=True, slots=True)
class LibraryMaterial:
    """A file as the account's library lists it, to be recognised and picked by a person."""

    remote_id: str
    kind: MaterialKind
    name: str
    image_url: str  # cover of a video, or the image itself; at the media's own host, valid for about an hour
    width: int
    height: int
    duration_ms: int = 0
    is_ready: bool = True


@dataclass(frozen=True, slots=True)
class InterestOption:
    """A category of interest that a plan can be aimed at; ``group`` is the name of its parent, "" for a group."""

    id: int
    name: str
    group: str = ""


class MetricRow(NamedTuple):
    """One plan in one hour. A tuple, because a sync moves hundreds of thousands of them straight into COPY."""

    plan_remote_id: str
    stat_date: date
    stat_hour: int  # 0..23, Asia/Shanghai
    impressions: int
    clicks: int
    cost_fen: int
    conversions: int  # booked on conversion time
    billed_conversions: int  # written back to the hour of the charge; grows for 7 days
    deep_conversions: int
    revenue_fen: int
    plays: int
    plays_3s: int
    completed_plays: int
    watched_ms: int
    likes: int
    comments: int
    shares: int
    follows: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list and how to ask for the next; ``next_cursor`` is None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None
    total: int | None = None
