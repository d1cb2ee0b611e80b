"""An open line to one account: the connector, the token, and one refresh when the media calls it expired."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from media_connectors.contracts import AccountAccess
from media_connectors.errors import AuthExpired
from media_connectors.gateway.connectors import connector_for
from media_connectors.gateway.credentials import access_for, refreshed_access
from media_connectors.protocols import Connector
from xmagnet.core.scope import organization_scope, require_organization_id

T = TypeVar("T")


class AccountLine:
    """Made inside the organization's scope, then usable from any thread; each call opens the scope it needs."""

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.organization_id = require_organization_id()
        self._access = access_for(account_id)
        self._guard = Lock()
        self.connector: Connector = connector_for(self._access.platform)

    @property
    def access(self) -> AccountAccess:
        """The access in use now."""
        return self._access

    def call(self, operation: Callable[[Connector, AccountAccess], T]) -> T:
        """Run ``operation`` with the connector and access; after ``AuthExpired`` once more with a fresh token.

        An expired token means that nothing was carried out, so this holds for writes too.
        """
        access = self._access
        try:
            return operation(self.connector, access)
        except AuthExpired:
            return operation(self.connector, self._renew(access))

    def _renew(self, stale: AccountAccess) -> AccountAccess:
        with self._guard:
            if self._access is stale:
                with organization_scope(self.organization_id):
                    self._access = refreshed_access(self.account_id, stale)
            return self._access
