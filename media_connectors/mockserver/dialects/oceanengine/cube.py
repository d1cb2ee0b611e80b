"""Delivery grouped by dimensions: time × plan, or × the materials that a plan shows."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...clock import day_of, stamp
from ...dialect import Call
from ...ledger import METRICS
from ...model import Plan
from ...reports import Table
from .figures import Sums


@dataclass(frozen=True)
class Cell:
    """One object of the report: a plan, or one material of a plan."""

    plan: Plan
    material_key: str = ""


@dataclass(frozen=True)
class Dimension:
    """``is_time`` values come from the period, others from the object."""

    name: str
    title: str
    of_cell: Callable[[Call, Cell], str] | None = None
    of_time: Callable[[float], str] | None = None


def _project_name(call: Call, cell: Cell) -> str:
    return call.store.campaigns[cell.plan.campaign_id].name


def _material_id(call: Call, cell: Cell) -> str:
    material = call.store.material_by_key.get(cell.material_key)
    return str(material.id) if material else cell.material_key


def _image_mode(_: Call, cell: Cell) -> str:
    materials = cell.plan.settings.get("promotion_materials", {})
    groups = [*materials.get("video_material_list", []), *materials.get("image_material_list", [])]
    return groups[0]["image_mode"] if groups else ""


def _app_code(_: Call, cell: Cell) -> str:
    return cell.plan.placements[0] if cell.plan.placements else ""


def _setting(name: str) -> Callable[[Call, Cell], str]:
    def read(call: Call, cell: Cell) -> str:
        return str(call.store.campaigns[cell.plan.campaign_id].settings.get(name, ""))

    return read


DIMENSIONS = {
    dimension.name: dimension
    for dimension in (
        Dimension("stat_time_day", "时间-天", of_time=day_of),
        Dimension("stat_time_hour", "时间-小时", of_time=stamp),
        Dimension("cdp_project_id", "项目ID", lambda _, cell: str(cell.plan.campaign_id)),
        Dimension("cdp_project_name", "项目名称", _project_name),
        Dimension("cdp_promotion_id", "单元ID", lambda _, cell: str(cell.plan.id)),
        Dimension("cdp_promotion_name", "单元名称", lambda _, cell: cell.plan.name),
        Dimension("advertiser_id", "账户ID", lambda _, cell: str(cell.plan.account_id)),
        Dimension("image_mode", "素材样式", _image_mode),
        Dimension("app_code", "首选媒体", _app_code),
        Dimension("landing_type", "推广目的", _setting("landing_type")),
        Dimension("delivery_mode", "投放模式", _setting("delivery_mode")),
        Dimension("material_id", "素材ID", _material_id),
        Dimension("material_key", "素材资源ID", lambda _, cell: cell.material_key),
    )
}
MATERIAL_DIMENSIONS = ("material_id", "material_key")


def group(
    call: Call, table: Table, dimensions: Sequence[str], *, by_material: bool = False
) -> list[tuple[dict[str, str], Sums]]:
    """(dimension values, ledger sums) of every combination that has delivery, in order of time and creation."""
    cells, values = _cells(table, by_material=by_material)
    times = [DIMENSIONS[name] for name in dimensions if DIMENSIONS[name].of_time]
    objects = [DIMENSIONS[name] for name in dimensions if DIMENSIONS[name].of_cell]
    labels = [tuple(d.of_cell(call, cell) for d in objects if d.of_cell) for cell in cells]
    kinds = list(dict.fromkeys(labels))
    position = {label: index for index, label in enumerate(kinds)}
    columns = np.array([position[label] for label in labels], dtype=np.int64)
    summed = np.zeros((len(table.starts), len(kinds), len(METRICS)), dtype=np.int64)
    np.add.at(summed.swapaxes(0, 1), columns, values.swapaxes(0, 1))
    time_labels = [tuple(d.of_time(start) for d in times if d.of_time) for start in table.starts]
    merged: dict[tuple[tuple[str, ...], int], np.ndarray] = {}
    for row, column in zip(*np.nonzero(summed.any(axis=2)), strict=True):
        key = (time_labels[row], int(column))
        merged[key] = merged[key] + summed[row, column] if key in merged else summed[row, column]
    names = [d.name for d in times] + [d.name for d in objects]
    return [
        (dict(zip(names, (*time, *kinds[column]), strict=True)), to_sums(vector))
        for (time, column), vector in merged.items()
    ]


def to_sums(vector: np.ndarray) -> Sums:
    """int64[metrics] by name."""
    return dict(zip(METRICS, vector.tolist(), strict=True))


def _cells(table: Table, *, by_material: bool) -> tuple[list[Cell], np.ndarray]:
    """The table's columns as objects; by material each plan's counts are divided without losing one."""
    if not by_material:
        return [Cell(plan) for plan in table.plans], table.values
    cells, parts = [], []
    for column, plan in enumerate(table.plans):
        keys = plan.material_keys or [""]
        cumulated = np.concatenate([[0.0], np.cumsum(_shares(plan.id, tuple(keys)))])
        cumulated[-1] = 1.0
        # Differences of rounded running sums: the parts are whole and add up.
        edges = np.rint(table.values[:, column, :, None] * cumulated).astype(np.int64)
        for number, key in enumerate(keys):
            cells.append(Cell(plan, key))
            parts.append(edges[:, :, number + 1] - edges[:, :, number])
    if not parts:
        return [], np.zeros((len(table.starts), 0, len(METRICS)), dtype=np.int64)
    return cells, np.stack(parts, axis=1)


@lru_cache(maxsize=50_000)
def _shares(plan_id: int, keys: tuple[str, ...]) -> np.ndarray:
    """How a plan's delivery falls on its materials: fixed by their ids, the better ones get more."""
    digests = [hashlib.blake2b(f"{plan_id}-{key}".encode(), digest_size=4).digest() for key in keys]
    weights = np.array([0.2 + int.from_bytes(digest) / 2**32 for digest in digests]) ** 2
    return weights / weights.sum()
