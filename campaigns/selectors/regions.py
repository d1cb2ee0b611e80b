"""Regions by name, for people who do not know codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xmagnet.core.ids import whole_number
from xmagnet.core.regions import Region, find_regions, region_of


@dataclass(frozen=True, slots=True)
class RegionName:
    """A region in the reader's language; ``other_name`` in the other one."""

    code: int
    name: str
    other_name: str


def found_regions(text: str, *, language: str) -> tuple[RegionName, ...]:
    """Regions whose Chinese or English name or code matches the text; the provinces without one."""
    return tuple(_named(region, language) for region in find_regions(text))


def region_names(codes: Iterable[str], *, language: str) -> tuple[RegionName, ...]:
    """The names of codes, in their order; a code that is in no table is its own name."""
    named = []
    for code in codes:
        number = whole_number(code) or 0
        region = region_of(number)
        named.append(_named(region, language) if region else RegionName(number, code, ""))
    return tuple(named)


def _named(region: Region, language: str) -> RegionName:
    is_chinese = language.startswith("zh")
    return RegionName(region.code, region.name(language), region.english if is_chinese else region.chinese)
