"""The builder's form and back: everything typed survives, also what makes no sense yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeGuard

from django.http import QueryDict

from campaigns.services.builder import (
    DIMENSIONS,
    AudiencePack,
    BuilderSetup,
    CreativePack,
    InterestPick,
    MaterialPick,
    MediaSettings,
    RowOverride,
    SchedulePack,
    TitleSet,
)
from media_connectors.choices import PlatformChoice, VendorChoice
from xmagnet.core.ids import ids_among, whole_number

#: blocks of one sort that a form may hold; more is no work of a person
MAX_BLOCKS = 200
#: corrections of single rows; a job with more wants a file
MAX_OVERRIDES = 2_000
_SEPARATORS = re.compile(r"[,;|，；、\s]+")
_KEY = re.compile(r"^[a-z0-9]{1,16}$")
_GRID = re.compile(r"^[01]{336}$")


def setup_from(data: QueryDict) -> BuilderSetup:
    """What the form says; unknown and malformed parts are left out, never refused."""
    return BuilderSetup(
        account_ids=tuple(ids_among(data.getlist("account"))),
        campaign=_text(data, "campaign"),
        objective=_text(data, "objective") or "leads",
        goal=_text(data, "goal") or "form",
        bid_type=_text(data, "bid_type") or "target_cpa",
        landing_url=_text(data, "landing_url"),
        brand_name=_text(data, "brand_name"),
        call_to_action=_text(data, "call_to_action"),
        start_date=_text(data, "start_date"),
        end_date=_text(data, "end_date"),
        audiences=tuple(_audience(data, key) for key in _keys(data, "audience")),
        creatives=tuple(_creative(data, key) for key in _keys(data, "creative")),
        titles=tuple(_title(data, key) for key in _keys(data, "title")),
        schedules=tuple(_schedule(data, key) for key in _keys(data, "schedule")),
        bids=_text(data, "bids"),
        budgets=_text(data, "budgets"),
        per_media={media: own for media in PlatformChoice.values if (own := _media(data, media)) != MediaSettings()},
        zipped=_zipped(data.getlist("zip")),
        exclusions=tuple(_exclusions(data.getlist("exclusion"))),
        overrides=tuple(overrides_from(data.getlist("override"))),
        naming=data.get("naming", "").strip(),
        client_ref_prefix=_text(data, "client_ref_prefix") or "plan",
        initial_status="enabled" if data.get("initial_status") == "enabled" else "paused",
        on_error="abort" if data.get("on_error") == "abort" else "continue",
    )


def _text(data: QueryDict, name: str) -> str:
    return data.get(name, "").strip()


def _words(data: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(filter(None, _SEPARATORS.split(data.get(name, ""))))


def _keys(data: QueryDict, sort: str) -> list[str]:
    return [key for key in dict.fromkeys(data.getlist(sort)) if _KEY.match(key)][:MAX_BLOCKS]


def _audience(data: QueryDict, key: str) -> AudiencePack:
    at = f"audience.{key}."
    return AudiencePack(
        key=key,
        name=_text(data, at + "name"),
        media=tuple(data.getlist(at + "media")),
        gender=_text(data, at + "gender") or "any",
        ages=tuple(data.getlist(at + "ages")),
        regions=tuple(
            dict.fromkeys((*_words(data, at + "regions"), *filter(str.isdecimal, data.getlist(at + "region"))))
        ),
        systems=tuple(data.getlist(at + "systems")),
        interests=tuple(
            word for line in data.getlist(at + "interests") for word in filter(None, _SEPARATORS.split(line))
        ),
        interest_picks=tuple(pick for line in data.getlist(at + "interest") if (pick := _interest(line))),
        audiences_include=_words(data, at + "include"),
        audiences_exclude=_words(data, at + "exclude"),
        expansion=at + "expansion" in data,
    )


def _interest(line: str) -> InterestPick | None:
    """``vendor|id|name``, as a chip of the page carries it."""
    vendor, text, name = (*line.split("|", 2), "", "")[:3]
    number = whole_number(text)
    if vendor not in VendorChoice.values or number is None:
        return None
    return InterestPick(vendor, number, name[:60])


def _creative(data: QueryDict, key: str) -> CreativePack:
    at = f"creative.{key}."
    return CreativePack(key, _text(data, at + "name"), tuple(map(_material, data.getlist(at + "material"))))


def _material(line: str) -> MaterialPick:
    """``account|kind|id|cover``, as a chip of the page carries it."""
    account_id, kind, remote_id, cover_id = (*(part.strip() for part in line.split("|")), "", "", "", "")[:4]
    return MaterialPick(kind=kind, id=remote_id, cover_id=cover_id, account_id=account_id)


def _title(data: QueryDict, key: str) -> TitleSet:
    at = f"title.{key}."
    texts = tuple(text.strip() for text in data.get(at + "texts", "").splitlines() if text.strip())
    return TitleSet(key, _text(data, at + "name"), texts, tuple(data.getlist(at + "media")))


def _schedule(data: QueryDict, key: str) -> SchedulePack:
    at = f"schedule.{key}."
    grid = data.get(at + "grid", "")
    return SchedulePack(key, _text(data, at + "name"), grid if _GRID.match(grid) else "")


def _media(data: QueryDict, media: str) -> MediaSettings:
    at = f"media.{media}."
    return MediaSettings(
        bids=_text(data, at + "bids"),
        budgets=_text(data, at + "budgets"),
        landing_url=_text(data, at + "landing_url"),
        brand_name=_text(data, at + "brand_name"),
        call_to_action=_text(data, at + "call_to_action"),
    )


def _zipped(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    chosen = set(names)
    group = tuple(name for name in DIMENSIONS if name in chosen)
    return (group,) if len(group) > 1 else ()


def overrides_from(lines: Iterable[str]) -> Iterable[RowOverride]:
    """Corrections of single rows as the page carries them: JSON of rule, field and value; broken ones are left out."""
    for line in islice(lines, MAX_OVERRIDES):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if not isinstance(found, dict):
            continue
        rule, name, value = found.get("rule"), found.get("field"), found.get("value")
        if _is_rule(rule) and isinstance(name, str) and isinstance(value, str):
            yield RowOverride(rule, name, value[:1000].strip())


def _is_rule(rule: Any) -> TypeGuard[dict[str, str]]:
    return isinstance(rule, dict) and bool(rule) and all(isinstance(value, str) for value in rule.values())


def _exclusions(lines: Iterable[str]) -> Iterable[dict[str, str]]:
    for line in lines:
        try:
            rule = json.loads(line)
        except ValueError:
            continue
        if _is_rule(rule):
            yield rule
