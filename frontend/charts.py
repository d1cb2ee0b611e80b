"""Charts as ECharts options, built from rows. Pure: no Django, no clock.

An option is JSON; functions cannot stand in it. Axes and series carry ``unit`` (``money`` in fen, ``count``,
``ratio``, ``percent``) and ``assets/lib/charts.ts`` attaches the formatters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["money", "count", "ratio", "percent"]

#: above this many points the dots on a line only hide it
MAX_POINTS_WITH_DOTS = 48


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one set of bars; ``values`` are aligned with the labels, ``None`` leaves a gap."""

    name: str
    values: Sequence[float | None]
    unit: Unit = "count"
    kind: Literal["line", "bar"] = "line"
    is_comparison: bool = False  # an earlier period: drawn thin and dashed
    axis: Literal[0, 1] = 0


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened at a label: a change of bid, a launch."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and its accessible twin: the same numbers as a table."""

    title: str
    option: dict[str, Any]
    label_heading: str
    headings: tuple[str, ...]
    units: tuple[Unit, ...]
    rows: tuple[tuple[str, tuple[tuple[float | None, Unit], ...]], ...]


def time_chart(
    title: str,
    *,
    label_heading: str,
    labels: Sequence[str],
    series: Sequence[Series],
    markers: Sequence[Marker] = (),
) -> Figure:
    """Series over labels (hours, days), on one or two vertical axes.

    Raises ``ValueError`` when a series does not have one value per label.
    """
    for one in series:
        if len(one.values) != len(labels):
            raise ValueError(f"series {one.name!r} has {len(one.values)} values for {len(labels)} labels")
    units: dict[int, Unit] = {}
    for one in series:
        units.setdefault(one.axis, one.unit)
    option = {
        "aria": {"enabled": True},
        "grid": {"left": 8, "right": 8 if len(units) < 2 else 12, "top": 36, "bottom": 4, "containLabel": True},
        "legend": {"type": "scroll", "top": 0, "left": 0, "itemWidth": 16, "itemHeight": 8},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": list(labels), "boundaryGap": any(one.kind == "bar" for one in series)},
        "yAxis": [_axis(units.get(0, "count"), is_second=False)]
        + ([_axis(units[1], is_second=True)] if 1 in units else []),
        "series": [_series(one, len(labels), markers if position == 0 else ()) for position, one in enumerate(series)],
    }
    return Figure(
        title=title,
        option=option,
        label_heading=label_heading,
        headings=tuple(one.name for one in series),
        units=tuple(one.unit for one in series),
        rows=tuple(
            (label, tuple((one.values[position], one.unit) for one in series)) for position, label in enumerate(labels)
        ),
    )


def _axis(unit: Unit, *, is_second: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {"type": "value", "unit": unit, "splitNumber": 4}
    if unit in ("money", "count"):
        axis["minInterval"] = 1  # no tick between two fen, nor between two people: they would be written alike
    if is_second:
        axis |= {"position": "right", "splitLine": {"show": False}}
    return axis


def _series(one: Series, point_count: int, markers: Sequence[Marker]) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "name": one.name,
        "type": one.kind,
        "unit": one.unit,
        "yAxisIndex": one.axis,
        "data": list(one.values),
    }
    if one.kind == "line":
        drawn |= {
            "showSymbol": point_count <= MAX_POINTS_WITH_DOTS and not one.is_comparison,
            "symbolSize": 5,
            "lineStyle": {"width": 1.5, "type": "dashed", "opacity": 0.7} if one.is_comparison else {"width": 2},
        }
    else:
        drawn |= {"barMaxWidth": 22, "itemStyle": {"borderRadius": [3, 3, 0, 0]}}
    if markers:
        drawn["markLine"] = {
            "symbol": "none",
            "silent": True,
            "lineStyle": {"type": "dotted"},
            "label": {"formatter": "{b}"},
            "data": [{"xAxis": marker.label, "name": marker.text} for marker in markers],
        }
    return drawn
