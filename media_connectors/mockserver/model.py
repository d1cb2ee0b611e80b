"""The one object model that every dialect translates.

Nothing here speaks a medium's language. Money is integer 厘 (``_li``, 1/1000 yuan), the finest unit on either wire;
0 as a budget means unlimited. Moments are epoch seconds of media time. ``settings`` keeps what the dialect's caller
sent and only wants to read back.
"""

from dataclasses import dataclass, field
from typing import Any

ON, OFF, DELETED = "on", "off", "deleted"
PENDING, PASSED, DENIED = "pending", "passed", "denied"
FORM_GOAL, VALID_LEAD_GOAL, PAYMENT_GOAL, ACTIVATION_GOAL = "form", "valid_lead", "payment", "activation"
NONE, LEARNING, LEARNED, FAILED = "none", "learning", "learned", "failed"
ALWAYS = ""


@dataclass(slots=True)
class App:
    """A developer application: limits are counted per app and endpoint."""

    id: int
    medium: str
    name: str
    secret: str


@dataclass(slots=True)
class Login:
    """A person of the medium who may authorise an app for some accounts."""

    id: int
    medium: str
    name: str
    email: str
    account_ids: list[int]


@dataclass(slots=True)
class Account:
    """An advertiser. ``balance_li`` is what was paid in; what was spent stands in the ledger."""

    id: int
    medium: str
    name: str
    company: str
    industry: str
    created_at: float
    cash_li: int
    grant_li: int = 0
    budget_li: int = 0
    is_enabled: bool = True
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class AuthCode:
    """A single-use code from the authorise page."""

    id: str
    app_id: int
    login_id: int
    account_ids: list[int]
    expires_at: float
    is_used: bool = False


@dataclass(slots=True)
class TokenPair:
    """An access token (the id) with its refresh token. Times are ``Clock.lifetime_now()`` seconds."""

    id: str
    refresh_token: str
    app_id: int
    login_id: int
    account_ids: list[int]
    access_expires_at: float
    refresh_expires_at: float
    is_replaced: bool = False


@dataclass(slots=True)
class Campaign:
    """An Ocean Engine project (or legacy campaign); a Kuaishou campaign."""

    id: int
    account_id: int
    medium: str
    name: str
    created_at: float
    modified_at: float
    switch: str = ON
    budget_li: int = 0
    bid_li: int = 0
    deep_bid_li: int = 0
    roi_goal: float = 0.0
    pricing: str = "ocpm"
    schedule: str = ALWAYS
    begins_on: str = ""
    ends_on: str = ""
    placements: list[str] = field(default_factory=list)
    budget_edits: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What people call a plan: an Ocean Engine promotion, a Kuaishou unit.

    ``index`` is its row in the market's columns, given by the store and never reused.
    ``schedule`` is "" (always) or 336 half-hours, Monday first. ``pricing`` is ocpm, cpm, cpc or nobid.
    ``goal`` is one of the goals above; "" is a form, or a valid lead when there is a deep bid.
    ``compensation`` is none, in_effect, confirming, paid or ended.
    ``reject`` is a list of ``{"kind", "item", "reasons", "suggestions"}``; kind "PLAN" means the plan itself.
    """

    id: int
    account_id: int
    campaign_id: int
    medium: str
    name: str
    created_at: float
    modified_at: float
    index: int = -1
    switch: str = ON
    audit: str = PENDING
    audit_due_at: float = 0.0
    reject: list[dict[str, Any]] = field(default_factory=list)
    learning: str = NONE
    learning_since: float = 0.0
    learned_conversions: int = 0
    pricing: str = "ocpm"
    goal: str = ""
    bid_li: int = 0
    deep_bid_li: int = 0
    roi_goal: float = 0.0
    budget_li: int = 0
    is_total_budget: bool = False
    schedule: str = ALWAYS
    begins_on: str = ""
    ends_on: str = ""
    placements: list[str] = field(default_factory=list)
    audience_width: float = 1.0
    material_keys: list[str] = field(default_factory=list)
    budget_edits: dict[str, int] = field(default_factory=dict)
    edited_at: float = 0.0
    edit_size: float = 0.0
    compensation: str = NONE
    protected_at: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Creative:
    """A creative of its own (Kuaishou custom and programme creatives, legacy Ocean Engine)."""

    id: int
    account_id: int
    campaign_id: int
    plan_id: int
    medium: str
    name: str
    created_at: float
    modified_at: float
    switch: str = ON
    audit: str = PENDING
    audit_due_at: float = 0.0
    reject: list[dict[str, Any]] = field(default_factory=list)
    material_keys: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Material:
    """An uploaded image or video. ``key`` is the string id of the wire, ``id`` the numeric material id."""

    id: int
    account_id: int
    medium: str
    kind: str
    key: str
    md5: str
    name: str
    format: str
    size: int
    width: int
    height: int
    created_at: float
    duration_ms: int = 0
    polls: int = 0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class FundMove:
    """Money in or out of an account other than spending. ``kind`` is RECHARGE or TRANSFER."""

    id: int
    account_id: int
    kind: str
    cash_li: int
    grant_li: int
    created_at: float


@dataclass(slots=True)
class Operation:
    """A line of the media's operation log."""

    id: int
    account_id: int
    object_id: int
    object_type: str
    object_name: str
    title: str
    changes: list[dict[str, str]]
    created_at: float


@dataclass(slots=True)
class Task:
    """An asynchronous task: a report, an upload by URL."""

    id: int
    account_id: int
    medium: str
    kind: str
    name: str
    created_at: float
    due_at: float
    state: str = "created"
    settings: dict[str, Any] = field(default_factory=dict)


KINDS: tuple[type, ...] = (
    App, Login, Account, AuthCode, TokenPair, Campaign, Plan, Creative, Material, FundMove, Operation, Task,
)  # fmt: skip
Row = App | Login | Account | AuthCode | TokenPair | Campaign | Plan | Creative | Material | FundMove | Operation | Task
