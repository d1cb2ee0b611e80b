"""Whether an account may be called at all before its rows are taken, or what a person must mend first."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from campaigns.services.bulk.verdicts import HOLD_SECONDS, hold_reason
from campaigns.services.bulk.waits import AUTHORIZATION, NO_BALANCE, REFUSED, UNREACHABLE, Hold, Waits
from media_connectors.errors import AuthRevoked, MediaError
from media_connectors.services.access import ask_access
from media_connectors.services.health import report_failure, report_success
from media_connectors.services.lines import AccountLine, line_to


def open_line(waits: Waits) -> tuple[AccountLine | None, set[str]]:
    """A line to the account, or None while its rows must wait, and the jobs that this concerns.

    Where an earlier drain met what a person must mend, the media is asked whether it is over, every ``HOLD_SECONDS``
    and with a call that reads, before any row is sent.
    """
    hold = waits.inherit()
    if hold is not None and not hold.is_to_be_asked:
        return None, waits.hold_all(hold.reason, ask_at=hold.ask_at)
    try:
        line = line_to(waits.account_id)
        if hold is not None:
            ask_access(line, needs_money=hold.reason == NO_BALANCE)
            report_success(waits.account_id)
    except MediaError as error:
        return None, _hold_back(waits, error, hold)
    return line, set()


def _hold_back(waits: Waits, error: MediaError, hold: Hold | None) -> set[str]:
    """The account cannot be called: its rows wait, and say for what. A hold that could not be asked about stays what
    it was. The sweeper rings again in a few seconds."""
    now = timezone.now()
    reason = hold_reason(error)
    if reason is None and hold is None:
        return waits.hold_all(UNREACHABLE, now + timedelta(seconds=5))
    if reason == REFUSED:
        report_failure(waits.account_id, error)
    if isinstance(error, AuthRevoked):
        return waits.hold_all(AUTHORIZATION)  # known without asking the media: looked at each time
    kept = reason or (hold.reason if hold is not None else UNREACHABLE)
    return waits.hold_all(kept, ask_at=now + timedelta(seconds=HOLD_SECONDS))
