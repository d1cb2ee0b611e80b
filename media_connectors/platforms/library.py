"""What both vendors' libraries and interest trees have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from media_connectors.contracts import InterestOption, MaterialKind
from media_connectors.platforms.wire import as_int, as_list, as_objects, as_text

#: deeper trees than this are cut: no vendor has more levels
MAX_DEPTH = 6


def kind_of(width: int, height: int, *, is_video: bool) -> MaterialKind:
    """Vertical files are another kind of material than wide ones; a square one is wide."""
    if is_video:
        return MaterialKind.VIDEO_VERTICAL if height > width else MaterialKind.VIDEO
    return MaterialKind.IMAGE_VERTICAL if height > width else MaterialKind.IMAGE


def interests_from(rows: list[Any], group: str = "", depth: int = 0) -> tuple[InterestOption, ...]:
    """A tree of ``{id, name, children}`` flat, parents before their children; nodes without an id are left out."""
    return tuple(_walk(rows, group, depth))


def _walk(rows: list[Any], group: str, depth: int) -> Iterator[InterestOption]:
    for row in as_objects(rows):
        number, name = as_int(row.get("id")), as_text(row.get("name"))
        if number:
            yield InterestOption(number, name, group)
        if depth < MAX_DEPTH:
            yield from _walk(as_list(row.get("children")), name, depth + 1)
