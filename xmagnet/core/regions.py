"""Provinces and prefecture-level cities, to be found by Chinese or English name or by code.

Source: the division codes of GB/T 2260 as Ocean Engine's ``region_version`` 2.3.2 takes them (six digits, provinces
end in 0000, prefectures in 00), with the short Chinese name and the usual English one. Districts are left out:
the media accept them only on some campaigns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("regions.tsv")
#: found regions that a person is shown at once
MOST_FOUND = 12


@dataclass(frozen=True, slots=True)
class Region:
    """A province (``province`` is None) or one of its cities."""

    code: int
    chinese: str
    english: str
    province: Region | None = None

    def name(self, language: str) -> str:
        """In the reader's language; a city says its province: 苏州, 江苏 and 宿州, 安徽 are both Suzhou in English."""
        own = self.chinese if language.startswith("zh") else self.english
        return own if self.province is None else f"{own} ({self.province.name(language)})"


@cache
def all_regions() -> dict[int, Region]:
    """Every region by its code, provinces before their cities."""
    found: dict[int, Region] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        code, chinese, english = line.split("\t")
        number = int(code)
        province = found.get(number // 10_000 * 10_000) if number % 10_000 else None
        found[number] = Region(number, chinese, english, province)
    return found


def find_regions(text: str, *, most: int = MOST_FOUND) -> tuple[Region, ...]:
    """Regions whose Chinese or English name holds the text or whose code begins with it; beginnings first.

    Without a text: the provinces. Accents and apostrophes of English names need not be typed.

    >>> [region.code for region in find_regions("xian")][0]
    610100
    """
    wanted = _plain(text)
    regions = all_regions().values()
    if not wanted:
        return tuple(region for region in regions if region.province is None)
    ranked = sorted((rank, region.code, region) for region in regions if (rank := _rank(region, wanted)) is not None)
    return tuple(region for _rank_of, _code, region in ranked[:most])


def region_of(code: int) -> Region | None:
    """The region of a code; provinces are also written with two digits."""
    return all_regions().get(code * 10_000 if code < 100 else code)


def _rank(region: Region, wanted: str) -> tuple[int, int] | None:
    """Smaller is better: an exact name, then a beginning, then a part; provinces before cities."""
    names = (region.chinese, _plain(region.english), str(region.code))
    depth = 0 if region.province is None else 1
    if wanted in names:
        return 0, depth
    if any(name.startswith(wanted) for name in names):
        return 1, depth
    if wanted in names[0] or (len(wanted) > 2 and wanted in names[1]):
        return 2, depth
    return None


def _plain(text: str) -> str:
    return "".join(character for character in text.strip().casefold().replace("ü", "u") if character not in "' ’")
