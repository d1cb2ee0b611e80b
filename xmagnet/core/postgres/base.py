"""``ENGINE = "xmagnet.core.postgres"``."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from xmagnet.core.scope import NOBODY, Scope, current_scope


class DatabaseWrapper(base.DatabaseWrapper):
    """Sets ``app.organization`` and ``app.user`` with ``set_config(…, is_local => true)`` at the start of transactions.

    Outside a transaction nothing is set, so row-level security shows no tenant row: it fails closed.
    """

    _applied_scope: Scope = NOBODY

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        self._applied_scope = NOBODY  # a transaction begins or ends: local settings are gone
        if not autocommit:
            self.apply_scope()

    def apply_scope(self) -> None:
        """Bring the open transaction's settings in line with the scope; nothing to do outside a transaction."""
        scope = current_scope()
        if not self.in_atomic_block and self.autocommit_is_on():
            return
        if scope == self._applied_scope or self.connection is None:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return  # the rollback that must follow restores the settings of before
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT " + ", ".join(["set_config(%s, %s, true)"] * len(scope.as_settings())),
                [part for pair in scope.as_settings().items() for part in pair],
            )
        self._applied_scope = scope

    def autocommit_is_on(self) -> bool:
        """Whether statements commit by themselves now."""
        return bool(self.connection is None or self.autocommit)

    def savepoint_rollback(self, sid: str) -> None:
        """A rolled-back savepoint may have undone our settings: set them again."""
        super().savepoint_rollback(sid)
        self._applied_scope = Scope(organization_id=-1)
        self.apply_scope()

    def close(self) -> None:
        super().close()
        self._applied_scope = NOBODY

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._applied_scope = NOBODY
        return super().get_new_connection(conn_params)
