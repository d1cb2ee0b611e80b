"""What the accounts' own libraries hold, read a few pages at a time: it gives files their names, and shows those that
no plan uses yet.

Nobody waits for it and nothing depends on it: a media that refuses it is asked again later, and the account is not
counted as ill.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from campaigns.choices import TITLE
from campaigns.models import AccountMaterial
from media_connectors.contracts import LibraryMaterial
from media_connectors.errors import MediaError
from media_connectors.services.cursors import read_cursor, save_cursor, save_failure
from media_connectors.services.lines import AccountLine

logger = structlog.get_logger(__name__)

LIBRARY_EVERY = timedelta(minutes=30)
#: of videos and of images in one reading; a large library takes several
PAGES_AT_ONCE = 10
_SORTS = (("videos", True), ("images", False))
_TOLD = ("kind", "name", "width", "height", "duration_ms")
_LONGEST_ID, _LONGEST_NAME = 128, 300


def sync_library(line: AccountLine, *, now: datetime) -> None:
    """Read on in the account's library when it is time; every page is kept before the next is asked for."""
    with transaction.atomic():
        cursor = read_cursor(line.account_id, "materials")
    last = max(filter(None, (cursor.succeeded_at, cursor.failed_at)), default=None)
    if last is not None and now - last < LIBRARY_EVERY:
        return
    try:
        value = {sort: _read(line, is_video, cursor.value.get(sort), now) for sort, is_video in _SORTS}
    except MediaError as error:
        with transaction.atomic():
            save_failure(line.account_id, "materials", error.message, at=now)
        logger.warning("sync.library_failed", account_id=line.account_id, error=type(error).__name__, code=error.code)
        return
    with transaction.atomic():
        save_cursor(line.account_id, "materials", value, at=now)


def _read(line: AccountLine, is_video: bool, rest: str | None, now: datetime) -> str:
    """The newest pages until one brings no news, then on from ``rest``. Where the next reading goes on; "": nowhere.

    ``rest`` is None before the first reading.
    """
    cursor, is_catching_up = "", rest is not None
    for _ in range(PAGES_AT_ONCE):
        page = line.call(
            lambda connector, access, at=cursor or None: connector.list_materials(access, is_video=is_video, cursor=at)  # type: ignore[misc]
        )
        with transaction.atomic():
            is_news = keep_files(line.account_id, page.items, now=now)
        cursor = page.next_cursor or ""
        if is_catching_up and not is_news:
            cursor, is_catching_up = rest or "", False
        if not cursor:
            break
    return cursor


def keep_files(account_id: int, files: Sequence[LibraryMaterial], *, now: datetime) -> bool:
    """Write files that are new or told otherwise, in the caller's transaction; whether there were any."""
    told = {one.remote_id: one for one in files if 0 < len(one.remote_id) <= _LONGEST_ID}
    mine = AccountMaterial.objects.exclude(kind=TITLE).filter(account_id=account_id, remote_id__in=list(told))
    known = {row.remote_id: row for row in mine.order_by("remote_id").select_for_update()}
    changed = []
    for remote_id, row in known.items():
        values = _values(told[remote_id])
        if any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    fresh = [
        AccountMaterial(account_id=account_id, remote_id=remote_id, first_seen_at=now, **_values(told[remote_id]))
        for remote_id in sorted(told.keys() - known.keys())
    ]
    AccountMaterial.objects.bulk_update(changed, _TOLD, batch_size=500)
    AccountMaterial.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    return bool(changed or fresh)


def _values(one: LibraryMaterial) -> dict[str, str | int]:
    name = one.name.replace("\0", "")[:_LONGEST_NAME]
    return {"kind": str(one.kind), "name": name, "width": one.width, "height": one.height,
            "duration_ms": one.duration_ms}  # fmt: skip
