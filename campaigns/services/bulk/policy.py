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
    drain_seconds: float = 30.0  # then the next doorbell
    flush_seconds: float = 0.05  # answers are written down together, but not later than this
    refresh_seconds: float = 0.5  # between two looks at a job's counts
    #: one death is most often the machine's doing, and every row in hand is counted for it; from the second on a row is
    #: sent alone
    deaths_together: int = 2
    #: dying so often alone as well is the row's doing
    deaths_alone: int = 3
    check_chunk_rows: int = 1000
    waiting_retry_seconds: float = 60.0  # for an account that a person must mend
