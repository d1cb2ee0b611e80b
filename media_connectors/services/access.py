"""Whether a media answers for an account at all."""

from __future__ import annotations

from media_connectors.errors import AccountRefused, AuthRevoked, MediaError, OutOfFunds, PermissionDenied
from media_connectors.gateway.line import AccountLine


def ask_access(line: AccountLine, *, needs_money: bool = False) -> None:
    """Return when the media serves the account: asked with the lightest call that every media has, for its funds.

    Raises ``AccountRefused`` when it takes no call for it, ``OutOfFunds`` when money is needed and none is there, and
    any other ``MediaError`` when it cannot be asked.
    """
    try:
        funds = line.call(lambda connector, access: connector.read_balance(access))
    except PermissionDenied as error:
        raise AccountRefused(error.message, code=error.code, request_id=error.request_id) from error
    if needs_money and funds.balance_fen <= 0:
        raise OutOfFunds("the account has no balance")


def whole_refusal(line: AccountLine, refusal: PermissionDenied) -> MediaError:
    """What a refused permission means: ``AccountRefused`` when the media takes no other call for the account either,
    else the refusal itself, which concerns what was asked. While the media cannot be asked: why not, so that nothing
    is blamed too early."""
    try:
        ask_access(line)
    except MediaError as error:
        if error.is_retryable or isinstance(error, AccountRefused | AuthRevoked):
            return error
    return refusal
