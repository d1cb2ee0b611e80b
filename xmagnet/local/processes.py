"""Small facts about operating-system processes that the launcher and the supervisor share."""

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from xmagnet.core.parent_death import receive_at_parent_death


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that makes the child receive `death_signal` when its parent dies, even by kill -9.

    The kernel ties the signal to the *thread* that forked, so children must be started from a thread that lives
    as long as the parent should. Outside Linux the function does nothing.
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        receive_at_parent_death(death_signal)
        if os.getppid() != parent:  # the parent died before the kernel was asked
            os._exit(1)

    return ask_kernel


def is_running(pid: int) -> bool:
    """Tell whether `pid` is a process that still executes; a zombie does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def processes_working_in(directory: Path, name: str) -> list[psutil.Process]:
    """List the living processes called `name` whose working directory is `directory`."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != name:
            continue
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == directory:
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(processes: Iterable[psutil.Process], first: signal.Signals, *, within: float) -> None:
    """Send `first` to all `processes`, and SIGKILL to those still alive after `within` seconds."""
    remaining = list(processes)
    for sent, seconds in ((first, within), (signal.SIGKILL, 5.0)):
        for process in remaining:
            try:
                process.send_signal(sent)
            except psutil.NoSuchProcess:
                continue
        _, remaining = psutil.wait_procs(remaining, timeout=seconds)
        if not remaining:
            return
