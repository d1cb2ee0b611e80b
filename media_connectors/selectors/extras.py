"""What the platforms' settings say of a plan beyond our columns: whom it names, what its button says, when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class PlanExtras:
    """``call_to_action`` is None where the platform keeps it on creatives that we do not store."""

    brand_name: str = ""
    call_to_action: str | None = None
    end_on: date | None = None


def plan_extras(platform: str, settings: Mapping[str, Any], campaign_settings: Mapping[str, Any]) -> PlanExtras:
    """Read them from the settings of a plan and of its campaign, as the last sync left them."""
    if platform == "kuaishou":
        return PlanExtras(end_on=_day(settings.get("end_time")))
    materials = settings.get("promotion_materials") or {}
    buttons = materials.get("call_to_action_buttons") or ()
    return PlanExtras(
        brand_name=str(settings.get("source") or ""),
        call_to_action=str(buttons[0]) if buttons else "" if materials else None,
        end_on=_day((campaign_settings.get("delivery_setting") or {}).get("end_time")),
    )


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text or "")[:10])
    except ValueError:
        return None
