"""The whole stack, once, as a person starts it: up, killed in parts, killed as a whole, and clean again."""

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
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from xmagnet.local.environment import PROJECT

pytestmark = pytest.mark.slow
# Far above what any of it takes: only a hang ends a wait.
PATIENCE_SECONDS = 90.0


@dataclass
class RunningStack:
    """`manage.py up` on a data directory and ports of its own."""

    var: Path
    port: int
    media_port: int
    process: "subprocess.Popen[bytes]"

    def services(self) -> dict[str, dict[str, object]]:
        path = self.var / "run" / "status.json"
        document = json.loads(path.read_text()) if path.exists() else {"pid": None}
        if document["pid"] != self.process.pid:  # what an earlier supervisor said
            return {}
        return {one["name"]: one for one in document["services"]}

    def pid(self, name: str) -> int:
        pid = self.services()[name]["pid"]
        assert isinstance(pid, int)
        return pid

    def is_up(self) -> bool:
        services = self.services()
        return bool(services) and all(one["state"] in {"ready", "done"} for one in services.values())

    def status_of(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def _environment(var: Path) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**inherited, "XMAGNET_VAR_DIR": str(var)}


def _command(*arguments: object) -> list[str]:
    return [sys.executable, str(PROJECT / "manage.py"), *map(str, arguments)]


def _start(var: Path, port: int, media_port: int) -> RunningStack:
    command = _command("up", "--no-demo", "--port", port, "--media-port", media_port)
    with (var / "up.out").open("ab") as output:
        process = subprocess.Popen(
            command, env=_environment(var), cwd=PROJECT, stdout=output, stderr=output, start_new_session=True
        )
    stack = RunningStack(var, port, media_port, process)
    _wait_until(lambda: stack.is_up() or process.poll() is not None)
    assert stack.is_up(), (var / "up.out").read_text()
    return stack


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    # Not under pytest's 0700 directories: as root the database runs as another user and must get through.
    var = Path(tempfile.mkdtemp(prefix="xmagnet-stack-"))
    var.chmod(0o755)
    running = _start(var, *_free_ports(2))
    yield running
    running.process.send_signal(signal.SIGINT)
    running.process.wait(PATIENCE_SECONDS)
    shutil.rmtree(var)


def test_everything_is_up_and_ready(stack: RunningStack) -> None:
    assert [stack.status_of(path) for path in ("/healthz", "/readyz")] == [200, 200]
    done = subprocess.run(_command("status"), env=_environment(stack.var), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["postgres", "ready"],
        ["static", "done"],
        ["migrate", "done"],
        ["media", "ready"],
        ["worker", "ready"],
        ["beat", "ready"],
        ["web", "ready"],
    ]


def test_a_second_start_is_refused_and_says_why(stack: RunningStack) -> None:
    done = subprocess.run(_command("up"), env=_environment(stack.var), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"already running on {stack.var} (process {stack.process.pid})" in done.stderr


def test_a_port_in_use_is_named_with_the_option_that_changes_it(stack: RunningStack, tmp_path: Path) -> None:
    command = _command("up", "--port", stack.port)
    done = subprocess.run(command, env=_environment(tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{stack.port}: Address already in use" in done.stderr
    assert f"manage.py up --port {stack.port + 1}" in done.stderr
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("name", ["postgres", "worker", "web", "beat", "media"])
def test_a_service_killed_with_9_comes_back_by_itself(stack: RunningStack, name: str) -> None:
    killed = stack.pid(name)
    os.kill(killed, signal.SIGKILL)
    _wait_until(lambda: stack.services()[name]["restarts"] == 1 and stack.is_up())
    assert stack.pid(name) != killed
    _wait_until(lambda: stack.status_of("/readyz") == 200)


def test_nothing_is_left_when_the_supervisor_is_killed_with_9(stack: RunningStack) -> None:
    children = psutil.Process(stack.process.pid).children(recursive=True)
    assert len(children) >= 10
    # Pool processes that cannot react to anything are the hardest to get rid of.
    for child in psutil.Process(stack.pid("worker")).children():
        child.suspend()
    stack.process.kill()
    stack.process.wait()
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_SECONDS)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    again = _start(stack.var, stack.port, stack.media_port)
    stack.process = again.process
    assert stack.status_of("/readyz") == 200
