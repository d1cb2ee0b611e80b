"""Rules of the audience object, and how much of the medium's users it leaves."""

from typing import Any

from .wire import check_count, refuse

COARSE_AGES = {"AGE_BETWEEN_18_23", "AGE_BETWEEN_24_30", "AGE_BETWEEN_31_40", "AGE_BETWEEN_41_49", "AGE_ABOVE_50"}
FINE_AGES = {
    "AGE_BETWEEN_18_19", "AGE_BETWEEN_20_23", "AGE_BETWEEN_24_30", "AGE_BETWEEN_31_35", "AGE_BETWEEN_36_40",
    "AGE_BETWEEN_41_45", "AGE_BETWEEN_46_50", "AGE_BETWEEN_51_55", "AGE_BETWEEN_56_59", "AGE_ABOVE_60",
}  # fmt: skip
ACTION_DAYS = {7, 15, 30, 60, 90, 180, 365}
REGION_VERSION = "2.3.2"
MAX_LAUNCH_PRICE, LAUNCH_PRICE_STEP = 11_000, 500
CITIES = 340


def check_audience(audience: dict[str, Any]) -> None:
    """Raises ``Refused`` for what the documented rules forbid beyond types and enums."""
    ages = set(audience.get("age", []))
    if not (ages <= COARSE_AGES or ages <= FINE_AGES):
        raise refuse("audience.age: Values must come from one of the two age sets.")
    if audience.get("region_version", REGION_VERSION) != REGION_VERSION:
        raise refuse(f"audience.region_version: Only {REGION_VERSION} is supported.")
    if audience.get("district") in ("REGION", "BUSINESS_DISTRICT") and not (
        audience.get("city") or audience.get("geolocation")
    ):
        raise refuse("audience.city: Missing data for required field.")
    if "action_days" in audience and audience["action_days"] not in ACTION_DAYS:
        raise refuse(f"audience.action_days: Must be one of: {', '.join(map(str, sorted(ACTION_DAYS)))}.")
    prices = audience.get("launch_price")
    if prices:
        check_count("audience.launch_price", prices, 2, 2)
        if prices[0] > prices[1] or any(
            price % LAUNCH_PRICE_STEP or not 0 <= price <= MAX_LAUNCH_PRICE for price in prices
        ):
            raise refuse("audience.launch_price: Must be multiples of 500 up to 11000, the lower first.")


def audience_width(audience: dict[str, Any]) -> float:
    """Share of the medium's users that the targeting reaches, 0.001–1; rough, for the market only."""
    width = 1.0
    if audience.get("city"):
        width *= min(1.0, max(1, len(audience["city"])) / CITIES * 4)
    if audience.get("gender") in ("GENDER_FEMALE", "GENDER_MALE"):
        width *= 0.5
    ages = set(audience.get("age", []))
    if ages:
        width *= len(ages) / len(COARSE_AGES if ages <= COARSE_AGES else FINE_AGES)
    if audience.get("platform"):
        width *= min(1.0, 0.45 * len(set(audience["platform"])))
    if audience.get("interest_action_mode") == "CUSTOM":
        width *= 0.35
    if audience.get("retargeting_tags_include"):
        width *= 0.15
    if audience.get("smart_extend") == "ON" or audience.get("auto_extend_targets"):
        width *= 1.5
    return min(1.0, max(0.001, width))
