"""Kuaishou's regions under ids of its own, as ``v1/region/list`` tells them: provinces, cities and a few districts.

Documented are only Shanghai (471038, with children from 471039) and Yunlin (471129, below 471128), all with short
names; every other id is ours. Autonomous regions and prefectures have their full names here, so that clients which
compare names must cope with both.
"""

from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_name("regions.tsv")


@dataclass(frozen=True, slots=True)
class Region:
    id: int
    level: int  # 1 province, 2 city, 3 district
    name: str
    parent: int  # 0 above a province
    children: tuple[int, ...]


def _read() -> dict[int, Region]:
    rows = [line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines()]
    below: dict[int, list[int]] = {}
    for number, _level, _name, parent in rows:
        below.setdefault(int(parent), []).append(int(number))
    return {
        int(number): Region(int(number), int(level), name, int(parent), tuple(below.get(int(number), ())))
        for number, level, name, parent in rows
    }


REGIONS = _read()
