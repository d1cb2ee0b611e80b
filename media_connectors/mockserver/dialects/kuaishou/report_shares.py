"""How a unit's numbers divide over its creatives: the media count them apart, our market does not.

Every creative has a constant pull; a count goes to those that lived in the period, so that the parts of every count
add up to the whole exactly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dialect import Call
from ...model import DELETED, Creative, Plan
from .creatives import CUSTOM, PROGRAM, VIDEO_TYPES
from .report_metrics import Counts

_EVEN = 1e-9  # keeps whole × 1.0 from falling below itself


@dataclass(frozen=True)
class Part:
    """One line of a creative report: a custom creative, or one combination of a program creative."""

    id: int
    creative: Creative
    photo_id: str
    image_token: str
    caption: str


def parts_of(call: Call, unit: Plan, kind: str | None) -> list[Part]:
    """The unit's parts of one kind (``None``: both), deleted ones included."""
    parts: list[Part] = []
    for creative in call.store.creatives_of_plan(unit.id):
        settings = creative.settings
        if kind not in {None, settings["kind"]}:
            continue
        if settings["kind"] == PROGRAM:
            parts += [
                Part(entry["id"], creative, entry["photo_id"], entry["image_token"], entry["caption"])
                for entry in settings["combinations"]
            ]
        elif settings["kind"] == CUSTOM:
            is_video = settings["creative_material_type"] in VIDEO_TYPES
            photo = settings["photo_id"] if is_video else ""
            image = settings["image_token"] if is_video else creative.material_keys[0]
            parts.append(Part(creative.id, creative, photo, image, settings["description"]))
    return parts


def divide(
    call: Call, units: list[Plan], values: Counts, starts: list[float], *, seconds: float, kind: str | None
) -> tuple[list[tuple[Plan, Part]], Counts]:
    """Parts and their counts int64[periods, parts, metrics], from those of their units.

    ``starts`` are the periods' first moments, ``seconds`` their length. A unit of the other kind is left out.
    """
    owners: list[tuple[Plan, Part]] = []
    blocks: list[Counts] = []
    for position, unit in enumerate(units):
        whole = values[:, position, :]
        parts = parts_of(call, unit, kind)
        if not parts or not whole.any():
            continue
        shares = _shares(call, parts, np.array(starts), seconds)
        upper = np.floor(whole[:, None, :] * np.cumsum(shares, axis=1)[:, :, None] + _EVEN).astype(np.int64)
        blocks.append(np.diff(upper, axis=1, prepend=0))
        owners += [(unit, part) for part in parts]
    if not blocks:
        return [], np.zeros((len(starts), 0, values.shape[2]), dtype=np.int64)
    return owners, np.concatenate(blocks, axis=1)


def _shares(call: Call, parts: list[Part], starts: NDArray[Any], seconds: float) -> NDArray[np.float64]:
    """float64[periods, parts], each row summing to 1."""
    pull = np.array([0.4 + 1.2 * call.world.draw("pull", part.id) for part in parts])
    born = np.array([part.creative.created_at for part in parts])
    died = np.array([c.modified_at if c.switch == DELETED else np.inf for c in (part.creative for part in parts)])
    alive = (born[None, :] < starts[:, None] + seconds) & (died[None, :] >= starts[:, None])
    weight = pull * np.where(alive.any(axis=1, keepdims=True), alive, True)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)
