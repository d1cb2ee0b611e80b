"""What can go wrong on the telephone, in our words. Every platform code is mapped to one of these."""

from __future__ import annotations

from datetime import datetime


class MediaError(Exception):
    """Base of all; carries what the media said, for people and for support."""

    #: may the same call be sent again later without a person?
    is_retryable = False
    #: did the media certainly not carry the call out?
    is_definite = True

    def __init__(self, message: str, *, code: int | str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = str(code)
        self.request_id = request_id


class AuthExpired(MediaError):
    """The access token is expired or was replaced: refresh once, then send again."""

    is_retryable = True


class AuthRevoked(MediaError):
    """The refresh token is dead too: a person must authorise the account again."""


class PermissionDenied(MediaError):
    """The token may not act on this account."""


class AccountRefused(PermissionDenied):
    """The media takes no call for the account at all: it disabled it, or the login may no longer use it. Nothing of
    what was asked is to blame, so the same call may be sent when the account works again."""


class OutOfFunds(MediaError):
    """The account has no money for it; nothing was carried out."""


class RateLimited(MediaError):
    """A limit answered; nothing was carried out."""

    is_retryable = True

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 1.0,
        scope: str = "endpoint",
        code: int | str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.retry_after = retry_after  # seconds
        self.scope = scope  # "endpoint", "account" or "global"


class QuotaExhausted(MediaError):
    """A daily quota is used up until ``resets_at``."""

    is_retryable = True

    def __init__(self, message: str, *, resets_at: datetime, code: int | str = "", request_id: str = "") -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.resets_at = resets_at


class Transient(MediaError):
    """The media or the line failed before anything was carried out, or while only reading."""

    is_retryable = True


class Withdrawn(MediaError):
    """Not sent: while the call waited for its turn, whoever asked for it stopped wanting it."""


class OutcomeUnknown(MediaError):
    """A write was sent and its answer lost: it may or may not have taken effect. Read back before anything else."""

    is_definite = False


class Rejected(MediaError):
    """The media understood and refused; ``field`` is our field name where the message tells it."""

    def __init__(self, message: str, *, code: int | str = "", field: str = "", request_id: str = "") -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.field = field


class NotFound(MediaError):
    """The object does not exist, or no longer."""


class Malformed(MediaError):
    """The answer is not what the contract says; nothing was read from it. A malformed answer to a write is unknown."""

    is_definite = False
