"""Reading from an account: sync and pages ask for a line and call the connector through it."""

from __future__ import annotations

from media_connectors.gateway.connectors import connector_for
from media_connectors.gateway.line import AccountLine


def line_to(account_id: int) -> AccountLine:
    """A line to an account of the organization in scope.

    >>> line_to(account.pk).call(lambda connector, access: connector.read_balance(access))  # doctest: +SKIP

    Raises ``AuthRevoked`` when a person must authorise the account again, ``Transient`` when a token had to be
    refreshed and the media did not answer.
    """
    return AccountLine(account_id)


__all__ = ["AccountLine", "connector_for", "line_to"]
