"""The ``target`` object of a unit: checked, kept as sent, and measured."""

from itertools import pairwise
from typing import Any

from .regions import REGIONS
from .values import items, refused, whole, whole_in, wholes

AGE_STEPS = frozenset({18, 24, 31, 41, 50})
YOUNGEST, OLDEST = 18, 55
ANY = 0
GENDERS = PLATFORMS = BEHAVIOURS = frozenset({0, 1, 2})
# Share of users in each step of ``ages_range``.
_AGE_SHARE = {18: 0.20, 24: 0.22, 31: 0.26, 41: 0.18, 50: 0.14}
_REGION_SHARE = 0.045
_NARROWEST = 0.005

# Lists of numbers, which may be sent as texts and are read back as numbers.
_NUMBER_LISTS = (
    "region",
    "district_ids",
    "ages_range",
    "age_range",
    "device_brand",
    "device_brand_ids",
    "device_price",
    "app_ids",
    "app_interest_ids",
    "population",
    "exclude_population",
    "paid_audience",
    "seed_population",
    "media",
    "exclude_media",
)
_NUMBERS = (
    "gender",
    "platform_os",
    "android_osv",
    "ios_osv",
    "network",
    "user_type",
    "behavior_type",
    "filter_converted_level",
    "filter_time_range",
    "media_source_type",
    "disable_installed_app_switch",
    "intelli_extend_option",
)

# What a list shows for parts of the target that were never set: the medium mixes null, [] and 0.
UNSET: dict[str, Any] = {
    "gender": None,
    "media": [],
    "device_price": [],
    "media_source_type": 0,
    "target_source": None,
    "user_type": 0,
    "exclude_population": [],
    "device_brand_ids": [],
    "ages_range": None,
    "district_ids": None,
    "android_osv": 0,
    "behavior_type": 0,
    "disable_installed_app_switch": 0,
    "filter_converted_level": 0,
    "population": [],
    "platform_os": 0,
    "filter_time_range": 0,
    "device_brand": [],
    "ios_osv": 0,
    "app_interest_ids": [],
    "paid_audience": [],
    "intelli_extend_option": 0,
    "region": None,
    "exclude_media": [],
}


def read_target(value: Any) -> dict[str, Any]:
    """The target after checks, numbers as numbers; ``None`` is an empty target (everybody)."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise refused("参数错误：target 必须为对象")
    target: dict[str, Any] = {name: part for name, part in value.items() if part is not None}
    target |= {name: wholes(target, name) or [] for name in _NUMBER_LISTS if name in target}
    target |= {name: whole(target, name) or ANY for name in _NUMBERS if name in target}
    ages = target.get("ages_range") or target.get("age_range") or []
    if not set(ages) <= AGE_STEPS:
        raise refused("target.ages_range 的取值只能为 18、24、31、41、50")
    age = target.get("age")
    if age:
        if ages:
            raise refused("target.age 与 target.ages_range 不能同时传")
        if not isinstance(age, dict):
            raise refused("参数错误：target.age 必须为对象")
        low, high = whole(age, "min") or YOUNGEST, whole(age, "max") or OLDEST
        if not YOUNGEST <= low <= high <= OLDEST:
            raise refused(f"target.age 年龄区间为 {YOUNGEST}-{OLDEST}，且最大年龄不得小于最小年龄")
    whole_in(target, "gender", GENDERS, ANY)
    whole_in(target, "platform_os", frozenset({0, 1, 2, 3, 4}), ANY)
    whole_in(target, "behavior_type", BEHAVIOURS, ANY)
    whole_in(target, "filter_converted_level", frozenset(range(8)), ANY)
    _check_labels(target.get("behavior_interest"))
    unknown = [region for region in target.get("region", ()) if region not in REGIONS]
    if unknown:
        raise refused(f"target.region 的取值 {unknown[0]} 不合法")
    if target.get("region") and target.get("district_ids"):
        raise refused("target.region 与 target.district_ids 不能同时传")
    if set(target.get("population", [])) & set(target.get("exclude_population", [])):
        raise refused("target.population 与 target.exclude_population 不能有交集")
    return target


def _check_labels(chosen: Any) -> None:
    """A category is named by its path, ``8-802-80202``: a part alone, or below a foreign parent, means nothing."""
    if chosen is not None and not isinstance(chosen, dict):
        raise refused("参数错误：target.behavior_interest 必须为对象")
    for side in ("behavior", "interest"):
        part = (chosen or {}).get(side)
        labels = items(part, "label") if isinstance(part, dict) else None
        for label in labels or []:
            path = str(label).split("-")
            if len(path[0]) > 2 or any(below[:-2] != above for above, below in pairwise(path)):
                raise refused(f"target.behavior_interest.{side}.label 的类目路径 {label} 不合法")


def audience_width(target: dict[str, Any]) -> float:
    """The share of the medium's users that the target reaches, 0.005 to 1. A rough product of shares."""
    width = 1.0
    ages = target.get("ages_range") or target.get("age_range")
    if ages:
        width *= sum(_AGE_SHARE[step] for step in set(ages))
    elif target.get("age"):
        low, high = whole(target["age"], "min") or YOUNGEST, whole(target["age"], "max") or OLDEST
        width *= max(1, high - low) / (OLDEST - YOUNGEST)
    if target.get("gender"):
        width *= 0.5
    width *= {1: 0.78, 2: 0.22}.get(target.get("platform_os", ANY), 1.0)
    regions = target.get("region") or target.get("district_ids")
    if regions:
        width *= min(1.0, _REGION_SHARE * len(set(regions)))
    if target.get("population"):
        width *= 0.08
    if target.get("behavior_type") == 1:
        width *= 0.3
    return max(_NARROWEST, width)


def show_target(target: dict[str, Any]) -> dict[str, Any]:
    """The target as lists return it: what was set over the medium's mixture of empty values."""
    return UNSET | target
