"""The row's states and the only ways between them; docs/bulk.md draws them."""

from __future__ import annotations

RECEIVED, INVALID, QUEUED, SENDING, UNKNOWN = "received", "invalid", "queued", "sending", "unknown"
SUCCEEDED, FAILED, CANCELLED, DEAD = "succeeded", "failed", "cancelled", "dead"

TRANSITIONS: dict[str, frozenset[str]] = {
    RECEIVED: frozenset({INVALID, QUEUED, CANCELLED, SUCCEEDED}),  # succeeded: it was only to be checked
    QUEUED: frozenset({SENDING, CANCELLED}),
    # back to queued: throttled, or nothing was sent; dead: its worker died every time it was sent alone
    SENDING: frozenset({SUCCEEDED, FAILED, UNKNOWN, QUEUED, DEAD}),
    # back to queued: what was sent is settled (found or absent), so that the next claim continues from there
    UNKNOWN: frozenset({QUEUED}),
    INVALID: frozenset(),
    SUCCEEDED: frozenset(),
    FAILED: frozenset(),
    CANCELLED: frozenset(),
    DEAD: frozenset(),
}
TERMINAL = frozenset(state for state, following in TRANSITIONS.items() if not following)
OPEN = frozenset(TRANSITIONS) - TERMINAL


def job_state_when_done(counts: dict[str, int]) -> str:
    """The final state of a job whose rows are all terminal.

    >>> job_state_when_done({"succeeded": 3, "failed": 1})
    'partially_succeeded'
    """
    succeeded = counts.get(SUCCEEDED, 0)
    total = sum(counts.values())
    if succeeded == total:
        return "succeeded"
    return "partially_succeeded" if succeeded else "failed"
