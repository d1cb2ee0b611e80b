"""When a unit can deliver at all: it needs a creative that is on and not refused."""

from ...model import DENIED, ON, Creative, Plan
from ...store import Store
from .targeting import audience_width


def deliverable_creatives(store: Store, unit: Plan) -> list[Creative]:
    """The unit's creatives that are on and not refused, in order of creation."""
    return [
        creative for creative in store.creatives_of_plan(unit.id) if creative.switch == ON and creative.audit != DENIED
    ]


def refresh_delivery(store: Store, unit: Plan) -> None:
    """Set what the market sees of a unit: no audience without a creative, and the first creative's material.

    Call it after any change of the unit's target or creatives; the caller saves the unit.
    """
    creatives = deliverable_creatives(store, unit)
    unit.audience_width = audience_width(unit.settings["target"]) if creatives else 0.0
    unit.material_keys = [key for creative in creatives for key in creative.material_keys]
