"""Keeping a set of services alive: order, restarts, a clean end, and a place where others can see how it stands."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from xmagnet.local.guardian import Guardian
from xmagnet.local.logs import LogFile
from xmagnet.local.service import Runner, Service, State

TICK_SECONDS = 0.05
ROTATION_INTERVAL_SECONDS = 30.0
LOCK_NAME = "supervisor.lock"
STATUS_NAME = "status.json"


class SupervisorError(Exception):
    """The stack cannot start or could not go on; the message is for the person at the terminal."""


@dataclass(frozen=True)
class ServiceStatus:
    """How one service stands, as `status.json` and `manage.py status` show it."""

    name: str
    state: str
    pid: int | None
    restarts: int
    reason: str


@contextmanager
def sole_supervisor(directory: Path) -> Iterator[None]:
    """Hold the lock of a data directory; raise SupervisorError, naming the holder, when somebody else does.

    The kernel frees the lock however the holder ends, so there is no stale lock to clean.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / LOCK_NAME).open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SupervisorError(
                f"X-Magnet is already running on {directory.parent} (process {lock.read().strip() or 'unknown'}). "
                "Stop it with Ctrl-C there, or see `manage.py status`."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def is_supervised(directory: Path) -> bool:
    """Tell whether a supervisor holds the lock of `directory` now."""
    try:
        with (directory / LOCK_NAME).open("r", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


class Supervisor:
    """Runs services in the order of their `after`, until it is told to stop or a needed one cannot be started.

    `on_ready` is called once, when everything is up; `say` prints a line for the person at the terminal.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        run_directory: Path,
        log_directory: Path,
        say: Callable[[str], None],
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._guardian = Guardian()
        self._runners = {
            service.name: Runner(service, LogFile(log_directory / f"{service.name}.log"), guardian=self._guardian)
            for service in services
        }
        self._run_directory = run_directory
        self._say = say
        self._on_ready = on_ready
        self._stop_requests = 0
        self._published: list[ServiceStatus] = []
        self._announced: dict[str, tuple[State, int]] = {}

    def run(self) -> None:
        """Start everything and watch over it; return after a stop was asked for (SIGINT, SIGTERM) and carried out.

        A second request kills at once. Raises SupervisorError, with the end of the log, when a service or step fails
        before it has ever worked; everything is stopped by then.
        """
        previous = {number: signal.signal(number, self._request_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            failed = self._watch()
            self._stop_all()
        finally:
            self._kill_all()
            self._guardian.close()
            self._publish()
            for number, handler in previous.items():
                signal.signal(number, handler)
        if failed is not None:
            raise SupervisorError(
                f"{failed.service.name} did not start: {failed.reason}\n"
                f"The end of {failed.log.path}:\n{failed.log.tail()}"
            )

    def _watch(self) -> Runner | None:
        is_announced = False
        rotate_at = time.monotonic() + ROTATION_INTERVAL_SECONDS
        while not self._stop_requests:
            for runner in self._runners.values():
                runner.tick(may_start=self._may_start(runner))
                if runner.state is State.FAILED:
                    return runner
            self._tell_changes()
            self._publish()
            if not is_announced and all(runner.is_settled for runner in self._runners.values()):
                is_announced = True
                self._on_ready()
            if time.monotonic() > rotate_at:
                rotate_at = time.monotonic() + ROTATION_INTERVAL_SECONDS
                for runner in self._runners.values():
                    runner.log.rotate()
            time.sleep(TICK_SECONDS)
        return None

    def _may_start(self, runner: Runner) -> bool:
        return all(self._runners[name].is_settled for name in runner.service.after)

    def _stop_all(self) -> None:
        """Stop each service once nothing that stands on it is alive any more."""
        self._say("Stopping…")
        while any(runner.is_alive for runner in self._runners.values()) and self._stop_requests < 2:
            for runner in self._runners.values():
                if not self._has_living_dependants(runner):
                    runner.stop()
                if runner.state is State.STOPPING:
                    runner.tick(may_start=False)
            self._publish()
            time.sleep(TICK_SECONDS)

    def _has_living_dependants(self, runner: Runner) -> bool:
        """Whether something alive was started after `runner`, directly or through finished steps."""
        name = runner.service.name
        return any(
            (other.is_alive or self._has_living_dependants(other))
            for other in self._runners.values()
            if name in other.service.after
        )

    def _kill_all(self) -> None:
        for runner in self._runners.values():
            runner.kill()

    def _request_stop(self, _number: int, _frame: object) -> None:
        self._stop_requests += 1

    def _tell_changes(self) -> None:
        for name, runner in self._runners.items():
            now = (runner.state, runner.restarts)
            before = self._announced.get(name)
            if before == now:
                continue
            self._announced[name] = now
            if runner.state is State.WAITING and runner.restarts:
                self._say(f"  {name}: {runner.reason}; starting it again")
            elif runner.state in {State.READY, State.DONE}:
                self._say(f"  {name}: {runner.state}")

    def _publish(self) -> None:
        current = [
            ServiceStatus(name, str(runner.state), runner.pid, runner.restarts, runner.reason)
            for name, runner in self._runners.items()
        ]
        if current == self._published:
            return
        self._published = current
        document = {"pid": os.getpid(), "services": [asdict(status) for status in current]}
        unfinished = self._run_directory / f"{STATUS_NAME}.unfinished"
        unfinished.write_text(json.dumps(document), encoding="utf-8")
        unfinished.replace(self._run_directory / STATUS_NAME)


def read_status(directory: Path) -> list[ServiceStatus]:
    """Return what the supervisor of `directory` last said; empty when it never ran."""
    try:
        document = json.loads((directory / STATUS_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [ServiceStatus(**status) for status in document["services"]]
