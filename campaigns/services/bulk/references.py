"""One plan a reference: of the rows in flight with one ``client_ref``, whatever their job or account, one may send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from campaigns.services.bulk.executors import ClaimedRow
from xmagnet.core.scope import require_organization_id


def hold_references(rows: Sequence[ClaimedRow], agency_id: int | None) -> set[int]:
    """Give each row its reference for as long as it is in flight; the ids of rows that have it now.

    The other rows' references are in flight elsewhere. A reference is free again, without anybody's doing, in the
    transaction that ends its row: who holds it afterwards sees the plan that was made.
    """
    parameters: dict[str, Any] = {
        "organization": require_organization_id(),
        "ids": [row.id for row in rows],
        "references": [f"{agency_id or 0}:{row.client_ref}" for row in rows],
    }
    while True:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_HOLD, parameters)
                cursor.execute(_HELD, parameters)
                return {row_id for (row_id,) in cursor.fetchall()}
        except IntegrityError:  # another worker's hold was committed meanwhile; now we see it
            continue


_HOLD = """
UPDATE campaigns_bulkrow AS row SET held_ref = wanted.reference
  FROM (SELECT DISTINCT ON (reference) id, reference
          FROM unnest(%(ids)s::bigint[], %(references)s::text[]) AS one (id, reference)
         WHERE reference NOT IN (
               SELECT held_ref FROM campaigns_bulkrow
                WHERE organization_id = %(organization)s AND held_ref = ANY(%(references)s)
                  AND state IN ('queued', 'sending', 'unknown') AND held_ref <> '')
         ORDER BY reference, id) AS wanted
 WHERE row.organization_id = %(organization)s AND row.id = wanted.id
"""

_HELD = """
SELECT id FROM campaigns_bulkrow WHERE organization_id = %(organization)s AND id = ANY(%(ids)s) AND held_ref <> ''
"""
