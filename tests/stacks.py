"""`manage.py up` on a throw-away data directory, for tests and benchmarks of the whole."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from xmagnet.local.environment import PROJECT, Addresses, local_environment

# Far above what any of it takes: only a hang ends a wait.
PATIENCE_SECONDS = float(os.environ.get("TEST_PATIENCE_SECONDS", "90"))  # longer waits on a slow machine loosen nothing


@dataclass
class RunningStack:
    """One stack with data, ports and processes of its own."""

    var: Path
    port: int
    media_port: int
    options: tuple[str, ...] = ("--no-demo",)
    variables: dict[str, str] = field(default_factory=dict)  # of the environment, beside a fresh terminal's
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        """Address of the web server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def media_url(self) -> str:
        """Address of the mock media."""
        return f"http://127.0.0.1:{self.media_port}"

    def environment(self) -> dict[str, str]:
        """Return the settings' variables for a process that should share this stack's database and broker."""
        return {
            **local_environment(self.var, Addresses(port=self.port, media_port=self.media_port)),
            **self.variables,
        }

    def launch(self) -> None:
        """Start the supervisor and return at once."""
        command = manage("up", "--port", self.port, "--media-port", self.media_port, *self.options)
        with (self.var / "up.out").open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env={**bare_environment(self.var), **self.variables},
                cwd=PROJECT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start and wait until everything is up; raise AssertionError with the output when it is not."""
        self.launch()
        process = self.supervisor
        wait_until(lambda: self.is_up() or process.poll() is not None)
        assert self.is_up(), (self.var / "up.out").read_text()

    def stop(self) -> None:
        """Stop as Ctrl-C does, and wait for the end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE_SECONDS)

    @property
    def supervisor(self) -> "subprocess.Popen[bytes]":
        """The process of `manage.py up`."""
        assert self.process is not None, "not started"
        return self.process

    def services(self) -> dict[str, dict[str, object]]:
        """Return what this supervisor last published, by service."""
        path = self.var / "run" / "status.json"
        document = json.loads(path.read_text()) if path.exists() else {"pid": None}
        if document["pid"] != self.supervisor.pid:  # what an earlier supervisor said
            return {}
        return {one["name"]: one for one in document["services"]}

    def pid(self, name: str) -> int:
        """Return the process id of a running service."""
        pid = self.services()[name]["pid"]
        assert isinstance(pid, int)
        return pid

    def is_up(self) -> bool:
        """Whether every service is ready and every step done."""
        services = self.services()
        return bool(services) and all(one["state"] in {"ready", "done"} for one in services.values())

    def status_of(self, path: str) -> int:
        """Return the HTTP status of GET `path`, 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def memory_bytes(self) -> int:
        """Return the proportional memory of all processes: pages that they share are counted once."""
        parent = psutil.Process(self.supervisor.pid)
        total = 0
        for process in [parent, *parent.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return total


@contextmanager
def throw_away_stack(*options: str, **variables: str) -> Iterator[RunningStack]:
    """Give a stack that is not started yet; stop it and remove its data in the end."""
    # Not under pytest's 0700 directories: as root the database runs as another user and must get through.
    var = Path(tempfile.mkdtemp(prefix="xmagnet-stack-"))
    var.chmod(0o755)
    stack = RunningStack(var, *free_ports(2), options=("--no-demo", *options), variables=variables)
    try:
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(var)


def manage(*arguments: object) -> list[str]:
    """Return the command line of a management command."""
    return [sys.executable, str(PROJECT / "manage.py"), *map(str, arguments)]


def bare_environment(var: Path) -> dict[str, str]:
    """Return an environment like that of a fresh terminal, with `var` as the data directory."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**inherited, "XMAGNET_VAR_DIR": str(var)}


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for `condition`; raise AssertionError when it does not come true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
