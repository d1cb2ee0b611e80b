"""The engine's times and sizes; the mouth that starts it fills them from the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnginePolicy:
    """Seconds unless told otherwise."""

    lease_seconds: float = 60.0
    #: a send may wait 8 s for its slot and 15 s for its answer; with less of the lease left it does not begin
    send_seconds: float = 28.0
    #: after a lost answer: the call's time-out and the media's read lag must be over before it is read back
    settle_seconds: float = 45.0
    #: calls in flight inside one drain. At 50 ms a call, 12 keep one worker process about as busy as a core allows
    parallel_sends: int = 12
    claim_rows: int = 36  # at once: the senders live on them while the next are made ready
    #: then the next doorbell, behind all other messages: nothing else of the worker waits longer than this
    drain_seconds: float = 10.0
    #: accounts that one worker process sends for at the same time. A call under a limit is mostly waiting: without
    #: company, two processes would leave all but two accounts idle
    crew: int = 6
    crew_sends: int = 6  # calls in flight for an account that came beside the first
    crew_seconds: float = 1.0  # an account that is due so long, and that no other process took, joins
    flush_seconds: float = 0.05  # answers are written down together, but not later than this
    refresh_seconds: float = 0.5  # between two looks at a job's counts
    #: one death is most often the machine's doing, and every row in hand is counted for it; from the second on a row is
    #: sent alone
    deaths_together: int = 2
    #: dying so often alone as well is the row's doing
    deaths_alone: int = 3
    check_chunk_rows: int = 1000
    waiting_retry_seconds: float = 60.0  # for an account that a person must mend
