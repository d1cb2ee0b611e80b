"""One supervised process: what it is (`Service`) and how it fares (`Runner`)."""

import contextlib
import enum
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xmagnet.local.guardian import Guardian
from xmagnet.local.logs import LogFile
from xmagnet.local.processes import die_with_parent

# Waits before a restart; the last one repeats.
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# A process that ran this long was healthy: its next end starts the waits from the beginning.
STABLE_SECONDS = 60.0
HEALTH_INTERVAL_SECONDS = 10.0
# A process that fails this many health checks in a row is ended and started again.
HEALTH_FAILURES = 3


class State(enum.StrEnum):
    """Where a service is in its life."""

    WAITING = "waiting"  # for its turn, or for the end of a back-off
    STARTING = "starting"
    READY = "ready"
    DONE = "done"  # a step that has succeeded
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"  # gave up


@dataclass(frozen=True)
class Service:
    """A process to keep alive, or a step (`is_step`) to run once before what comes after it.

    `launch` replaces the plain command where a start needs more than one; it gets the log's file descriptor.
    A step that `is_needed` says is not needed counts as done; it is asked when the step's turn comes. `on_done` is
    called when a step has succeeded.
    `is_ready` and `is_healthy` are quick questions (at most a second or two) that never raise.
    """

    name: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    is_step: bool = False
    is_needed: Callable[[], bool] = lambda: True
    before_start: Callable[[], None] = lambda: None
    on_done: Callable[[], None] = lambda: None
    launch: Callable[[int], "subprocess.Popen[bytes]"] | None = None
    is_ready: Callable[[], bool] = lambda: True
    is_healthy: Callable[[], bool] | None = None
    ready_within: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    working_directory: Path = field(default_factory=Path.cwd)


class Runner:
    """Starts, watches, restarts and stops the process of one service. Call `tick` often; nothing here waits long."""

    def __init__(
        self,
        service: Service,
        log: LogFile,
        *,
        guardian: Guardian | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service
        self._guardian = guardian
        self.log = log
        self.state = State.WAITING
        self.restarts = 0
        self.reason = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.has_been_ready = False
        self._clock = clock
        self._failures = 0
        self._started_at = 0.0
        self._start_not_before = 0.0
        self._kill_at = 0.0
        self._health_at = 0.0
        self._unhealthy_count = 0

    @property
    def is_settled(self) -> bool:
        """Whether services that come after this one may start."""
        return self.state in {State.READY, State.DONE}

    @property
    def is_alive(self) -> bool:
        """Whether a process of the service runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id while the process runs."""
        return self.process.pid if self.process is not None and self.is_alive else None

    def tick(self, *, may_start: bool) -> None:
        """Do the next thing that is due."""
        now = self._clock()
        if self.state is State.WAITING and may_start and now >= self._start_not_before:
            if self.service.is_needed():
                self._start(now)
            else:
                self.state = State.DONE
        elif self.state in {State.STARTING, State.READY, State.STOPPING} and not self.is_alive:
            self._ended(now)
        elif self.state is State.STARTING:
            self._look_whether_ready(now)
        elif self.state is State.READY:
            self._look_whether_healthy(now)
        elif self.state is State.STOPPING and now >= self._kill_at:
            self.kill()

    def stop(self) -> None:
        """Ask the process to end; it is killed when it takes longer than `stop_within`."""
        if not self.is_alive or self.process is None:
            self._sweep()
            self.state = State.STOPPED
        elif self.state is not State.STOPPING:
            self.state = State.STOPPING
            self._kill_at = self._clock() + self.service.stop_within
            self.process.send_signal(self.service.stop_signal)

    def kill(self) -> None:
        """End the process and everything it started, now."""
        self._sweep()
        if self.state is not State.DONE:
            self.state = State.STOPPED

    def _start(self, now: float) -> None:
        service = self.service
        self.log.write_line(f"--- starting {service.name} ---")
        try:
            service.before_start()
            with self.log.path.open("ab") as output:
                if service.launch is not None:
                    self.process = service.launch(output.fileno())
                else:
                    self.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                        service.command,
                        env=dict(service.environment),
                        cwd=service.working_directory,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        # A group of its own: Ctrl-C reaches only us, and one signal can reach all that it starts.
                        start_new_session=True,
                        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one prepared system call
                    )
        except Exception as error:
            self.log.write_line(f"{type(error).__name__}: {error}")
            self._failed(now, str(error))
            return
        if self._guardian is not None:
            self._guardian.watch(self.process.pid)
        self.state, self._started_at, self._unhealthy_count = State.STARTING, now, 0

    def _look_whether_ready(self, now: float) -> None:
        if self.service.is_step:
            return  # ready when it has ended well
        if self.service.is_ready():
            self.state, self.has_been_ready = State.READY, True
            self._health_at = now + HEALTH_INTERVAL_SECONDS
        elif now - self._started_at > self.service.ready_within:
            self._sweep()
            self._failed(now, f"not ready after {self.service.ready_within:.0f} s")

    def _look_whether_healthy(self, now: float) -> None:
        if self.service.is_healthy is None or now < self._health_at:
            return
        self._health_at = now + HEALTH_INTERVAL_SECONDS
        self._unhealthy_count = 0 if self.service.is_healthy() else self._unhealthy_count + 1
        if self._unhealthy_count >= HEALTH_FAILURES:
            self._sweep()
            self._failed(now, "runs, but does not answer")

    def _ended(self, now: float) -> None:
        assert self.process is not None  # noqa: S101 - only called with a process
        code = self.process.returncode
        self._sweep()  # what a killed main process left: pool processes, web workers on our port
        if self.state is State.STOPPING:
            self.state = State.STOPPED
        elif self.service.is_step and code == 0:
            self.service.on_done()
            self.state, self.has_been_ready = State.DONE, True
        else:
            self._failed(now, f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}")

    def _failed(self, now: float, reason: str) -> None:
        self.reason = reason
        self.log.write_line(f"--- {self.service.name}: {reason} ---")
        if self.service.is_step:
            self.state = State.FAILED
            return
        self._failures = 0 if self.state is State.READY and now - self._started_at > STABLE_SECONDS else self._failures
        if not self.has_been_ready and self._failures + 1 >= len(BACK_OFF_SECONDS):
            self.state = State.FAILED  # it has never worked: more of the same will not help
            return
        self._start_not_before = now + BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS) - 1)]
        self._failures += 1
        self.restarts += 1
        self.state = State.WAITING

    def _sweep(self) -> None:
        """Kill whatever is left of the process's group, and reap the process itself."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody left; outside Linux, only zombies
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._guardian is not None:
            self._guardian.forget(self.process.pid)
        self.process = None  # its number may soon belong to somebody else
