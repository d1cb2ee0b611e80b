"""Why an object does or does not deliver, in the vendor's words."""

from ...life import (
    ACCOUNT_BUDGET,
    CAMPAIGN_BUDGET,
    CAMPAIGN_PAUSED,
    DELETED_REASON,
    ENDED,
    IN_REVIEW,
    NO_BALANCE,
    NOT_STARTED,
    OUT_OF_SCHEDULE,
    PAUSED,
    PLAN_BUDGET,
    REJECTED,
)
from ...model import FAILED, LEARNED, LEARNING, NONE, OFF, Plan

PROMOTION_SECOND = {
    PAUSED: "DISABLED",
    CAMPAIGN_PAUSED: "PROJECT_DISABLED",
    IN_REVIEW: "AUDIT",
    REJECTED: "AUDIT_DENY",
    NOT_STARTED: "TIME_NO_REACH",
    OUT_OF_SCHEDULE: "NO_SCHEDULE",
    NO_BALANCE: "OFFLINE_BALANCE",
    ACCOUNT_BUDGET: "BALANCE_OFFLINE_BUDGET",
    CAMPAIGN_BUDGET: "PROJECT_OFFLINE_BUDGET",
    PLAN_BUDGET: "PROMOTION_OFFLINE_BUDGET",
}
# The older single status, from the first obstacle.
PROMOTION_OLD = {
    DELETED_REASON: "DELETED",
    PAUSED: "DISABLED",
    CAMPAIGN_PAUSED: "PROJECT_DISABLED",
    IN_REVIEW: "AUDIT",
    REJECTED: "AUDIT_DENY",
    NOT_STARTED: "TIME_NO_REACH",
    ENDED: "TIME_DONE",
    OUT_OF_SCHEDULE: "NO_SCHEDULE",
    NO_BALANCE: "OFFLINE_BALANCE",
    ACCOUNT_BUDGET: "ADVERTISER_OFFLINE_BUDGET",
    CAMPAIGN_BUDGET: "PROJECT_OFFLINE_BUDGET",
    PLAN_BUDGET: "OFFLINE_BUDGET",
}
AD_OLD = {
    DELETED_REASON: "AD_STATUS_DELETE",
    PAUSED: "AD_STATUS_DISABLE",
    CAMPAIGN_PAUSED: "AD_STATUS_CAMPAIGN_DISABLE",
    IN_REVIEW: "AD_STATUS_AUDIT",
    REJECTED: "AD_STATUS_AUDIT_DENY",
    NOT_STARTED: "AD_STATUS_NOT_START",
    ENDED: "AD_STATUS_DONE",
    OUT_OF_SCHEDULE: "AD_STATUS_NO_SCHEDULE",
    NO_BALANCE: "AD_STATUS_BALANCE_EXCEED",
    ACCOUNT_BUDGET: "AD_STATUS_ADVERTISER_BUDGET_EXCEED",
    CAMPAIGN_BUDGET: "AD_STATUS_CAMPAIGN_EXCEED",
    PLAN_BUDGET: "AD_STATUS_BUDGET_EXCEED",
}
PROJECT_SECOND = {
    PAUSED: "PROJECT_STATUS_STOP",
    CAMPAIGN_BUDGET: "PROJECT_STATUS_BUDGET_EXCEED",
    NOT_STARTED: "PROJECT_STATUS_NOT_START",
    OUT_OF_SCHEDULE: "PROJECT_STATUS_NO_SCHEDULE",
}
PROJECT_OLD = {
    DELETED_REASON: "PROJECT_STATUS_DELETE",
    ENDED: "PROJECT_STATUS_DONE",
    PAUSED: "PROJECT_STATUS_DISABLE",
    CAMPAIGN_BUDGET: "PROJECT_STATUS_BUDGET_EXCEED",
    NOT_STARTED: "PROJECT_STATUS_NOT_START",
    OUT_OF_SCHEDULE: "PROJECT_STATUS_NO_SCHEDULE",
}
LEARNING_PHASE = {NONE: "DEFAULT", LEARNING: "LEARNING", LEARNED: "LEARNED", FAILED: "LEARN_FAILED"}


def promotion_status(plan: Plan, obstacles: list[str]) -> tuple[str, list[str], str]:
    """``status_first``, ``status_second`` and the older ``status``."""
    old = PROMOTION_OLD[obstacles[0]] if obstacles else "OK"
    if DELETED_REASON in obstacles:
        return "PROMOTION_STATUS_DELETED", [], old
    second = [PROMOTION_SECOND[reason] for reason in obstacles if reason in PROMOTION_SECOND]
    if "AUDIT" in second and plan.settings.get("was_passed"):
        second[second.index("AUDIT")] = "REAUDIT"
    if ENDED in obstacles:
        return "PROMOTION_STATUS_DONE", second, "TIME_DONE"
    return ("PROMOTION_STATUS_DISABLE" if obstacles else "PROMOTION_STATUS_ENABLE"), second, old


def project_status(obstacles: list[str]) -> tuple[str, list[str], str]:
    """``status_first``, ``status_second`` and the older ``status``."""
    old = PROJECT_OLD[obstacles[0]] if obstacles else "PROJECT_STATUS_ENABLE"
    if DELETED_REASON in obstacles:
        return "PROJECT_STATUS_DELETE", [], old
    second = [PROJECT_SECOND[reason] for reason in obstacles if reason in PROJECT_SECOND]
    if ENDED in obstacles:
        return "PROJECT_STATUS_DONE", second, "PROJECT_STATUS_DONE"
    return ("PROJECT_STATUS_DISABLE" if obstacles else "PROJECT_STATUS_ENABLE"), second, old


def ad_status(obstacles: list[str]) -> str:
    """The legacy status of an ad."""
    return AD_OLD[obstacles[0]] if obstacles else "AD_STATUS_DELIVERY_OK"


def opt_status(switch: str) -> str:
    """What the operator chose."""
    return "DISABLE" if switch == OFF else "ENABLE"
