"""The last one to leave: a tiny process that ends what a killed supervisor left behind.

The kernel's parent-death signal asks the supervisor's children to stop, but it cannot make them: a worker may wait for
a database that went away, and pool processes are not the supervisor's children. The guardian reads the ids of process
groups from a pipe that only the supervisor holds open. When the pipe ends, however the supervisor ended, whatever is
still there after a grace period is killed.

Run as a script without site packages, so that it costs little memory. Hence the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

# Long enough for PostgreSQL's fast shutdown and for workers to hand their messages back.
GRACE_SECONDS = 6.0


class Guardian:
    """The supervisor's side: tells the guardian process which groups to care for."""

    def __init__(self, *, grace: float = GRACE_SECONDS) -> None:
        self._grace = grace
        self._groups: set[int] = set()
        self._process = self._spawn()

    def watch(self, group: int) -> None:
        """Have `group` ended should we die."""
        self._groups.add(group)
        self._send(f"+{group}")

    def forget(self, group: int) -> None:
        """Take `group` off the list: it has ended, and its number may soon be another's."""
        self._groups.discard(group)
        self._send(f"-{group}")

    def close(self) -> None:
        """Let the guardian end; with nothing left on its list it does so at once."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _send(self, line: str) -> None:
        try:
            self._write([line])
        except BrokenPipeError:  # somebody killed it: the next one gets the whole list
            self._process.wait()
            self._process = self._spawn()
            self._write([f"+{group}" for group in sorted(self._groups)])

    def _write(self, lines: Iterable[str]) -> None:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - opened as a pipe
        stream.write("".join(f"{line}\n" for line in lines).encode("ascii"))
        stream.flush()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-I", "-S", __file__, str(self._grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )


def stand_guard(lines: Iterable[str], *, grace: float) -> None:
    """Follow `lines` (`+group`, `-group`) to their end, then end every group that is left after `grace` seconds."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    deadline = time.monotonic() + grace
    while (groups := {group for group in groups if _exists(group)}) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    stand_guard(sys.stdin, grace=float(sys.argv[1]))
