"""Letting a process end when its parent does, even by kill -9 (Linux; elsewhere nothing happens)."""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1
# Loaded at import: this also runs between fork and exec, where nothing may be loaded.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def receive_at_parent_death(death_signal: signal.Signals) -> None:
    """Make the calling process receive `death_signal` when the thread that forked it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
