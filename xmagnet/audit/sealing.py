"""The hash chain: proof that nothing was changed or taken out after it was sealed.

Events are inserted without a hash, so that writers never wait for each other; a periodic job seals, per organization,
every event whose transaction is over and whose predecessors are over too. Sealed order is (transaction_id, id).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from xmagnet.audit.models import AuditEvent, AuditSeal
from xmagnet.audit.selectors import CHUNK
from xmagnet.core.batches import rows_by_key
from xmagnet.core.locks import Lock, transaction_lock
from xmagnet.core.scope import require_organization_id

_FIELDS = (
    "id", "at", "action", "object_type", "object_id", "object_name", "account_id", "agency_id", "before", "after",
    "reason", "user_id", "user_name", "token_id", "via", "request_id", "job_id", "transaction_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verification:
    """``broken_seal_id`` is the first seal that does not fit; None when the chain holds.

    ``latest_sha256`` is the last seal's hash: kept elsewhere, it proves later that the chain's end was not cut off.
    """

    seals: int
    events: int
    unsealed: int
    broken_seal_id: int | None
    latest_sha256: str = ""
    has_kept_seal: bool = True


def seal() -> int:
    """Seal what can be sealed in the organization in scope; the number of events sealed."""
    with transaction.atomic():
        transaction_lock(Lock.AUDIT_SEAL, require_organization_id())
        with connection.cursor() as cursor:
            cursor.execute("SELECT txid_snapshot_xmin(txid_current_snapshot())")
            horizon = int(cursor.fetchone()[0])
        last = AuditSeal.objects.order_by("-up_to_transaction").first()
        start = last.up_to_transaction if last else 0
        digest, count = _digest(last.sha256 if last else "", start, horizon)
        if count:
            AuditSeal(up_to_transaction=horizon, event_count=count, sha256=digest).save()
        return count


def verify(*, kept_sha256: str = "") -> Verification:
    """Recompute the chain of the organization in scope; ``kept_sha256`` is a seal that must stand in it."""
    with transaction.atomic():
        previous, start, events = "", 0, 0
        seals = AuditSeal.objects.count()
        for link in rows_by_key(AuditSeal.objects.all(), "up_to_transaction"):
            digest, count = _digest(previous, start, link.up_to_transaction)
            if digest != link.sha256 or count != link.event_count:
                return Verification(seals, events, 0, link.pk)
            previous, start, events = link.sha256, link.up_to_transaction, events + count
        unsealed = AuditEvent.objects.filter(transaction_id__gte=start).count()
        has_kept = not kept_sha256 or AuditSeal.objects.filter(sha256=kept_sha256).exists()
        return Verification(seals, events, unsealed, None, previous, has_kept)


def _digest(previous: str, start: int, end: int) -> tuple[str, int]:
    digest, count = hashlib.sha256(previous.encode()), 0
    for row in _events(start, end):
        digest.update(json.dumps(row, sort_keys=True, default=str, ensure_ascii=False).encode())
        count += 1
    return digest.hexdigest(), count


def _events(start: int, end: int) -> Iterator[tuple[Any, ...]]:
    """Events of these transactions in sealed order, a chunk in memory at a time.

    By keyset: behind a transaction pooler there are no server-side cursors, so ``iterator()`` would read all at once.
    """
    rows = AuditEvent.objects.filter(transaction_id__lt=end).order_by("transaction_id", "id").values_list(*_FIELDS)
    after = (start, 0)
    while True:
        # A comparison of rows, which the index answers; two comparisons joined by "or" would read a long
        # transaction from its beginning for every chunk.
        is_after = RawSQL("(transaction_id, id) > (%s, %s)", after, output_field=BooleanField())
        chunk = list(rows.filter(is_after)[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = (chunk[-1][_FIELDS.index("transaction_id")], chunk[-1][_FIELDS.index("id")])
