"""What a preview of changes is made of: one by one a part at a time, and counted as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: changes of a preview that are kept one by one at most; the counts are of all
PREVIEWED = 1_000


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One field of one plan before and after. ``state``: change, unchanged, held, queued (for the media's next day),
    refused, skipped (undo only).

    ``reasons`` are for people, ``codes`` for programs; money in fen.
    """

    plan_id: int
    plan_name: str
    account_id: int
    platform: str
    field: str
    before: Any
    asked: Any
    after: Any
    state: str
    codes: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """A part of the changes in the order of the plans; ``counts`` of all by state; ids that this actor does not see.

    ``found_count`` changes hold the text that was looked for: all, when there was none.
    """

    changes: tuple[PlannedChange, ...]
    start: int
    found_count: int
    counts: Mapping[str, int]
    missing_plan_ids: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many changes there are, kept or not."""
        return sum(self.counts.values())

    @property
    def next_start(self) -> int | None:
        """Where the next part begins; None after the last."""
        end = self.start + len(self.changes)
        return end if end < self.found_count else None


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """Which changes of a preview are kept one by one: ``size`` from ``start`` on, of those of plans that hold the text
    in name or id. Those in ``skipped``, pairs of plan id and field, would not be sent and do not count."""

    start: int = 0
    text: str = ""
    size: int = PREVIEWED
    skipped: frozenset[tuple[int, str]] = frozenset()


WHOLE = PreviewPart()


class PreviewBook:
    """Collects a preview: every change is counted, those of the part are kept."""

    def __init__(self, part: PreviewPart = WHOLE) -> None:
        self._part, self._text = part, part.text.strip().casefold()
        self._kept: list[PlannedChange] = []
        self._counts: Counter[str] = Counter()
        self._missing: list[int] = []
        self._found = 0

    def note_missing(self, plan_ids: Iterable[int], plans: Collection[int]) -> None:
        """Which of the ids are not in sight."""
        self._missing += [plan_id for plan_id in plan_ids if plan_id not in plans]

    def add(self, change: PlannedChange) -> None:
        """The next change in order."""
        part = self._part
        if (change.plan_id, change.field) in part.skipped:
            return
        self._counts[change.state] += 1
        if self._text and self._text not in change.plan_name.casefold() and self._text != str(change.plan_id):
            return
        self._found += 1
        if part.start < self._found <= part.start + part.size:
            self._kept.append(change)

    def preview(self) -> ChangePreview:
        """What was collected."""
        return ChangePreview(tuple(self._kept), self._part.start, self._found, dict(self._counts), tuple(self._missing))


def preview_of(
    changes: Iterable[PlannedChange], plan_ids: Iterable[int], plans: Collection[int], part: PreviewPart = WHOLE
) -> ChangePreview:
    """Changes that are all there already, with their counts, and which plans are not in sight."""
    book = PreviewBook(part)
    book.note_missing(dict.fromkeys(plan_ids), plans)
    for change in changes:
        book.add(change)
    return book.preview()
