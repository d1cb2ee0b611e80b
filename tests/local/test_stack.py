"""The whole stack, once, as a person starts it: up, killed in parts, killed as a whole, and clean again."""

import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.stacks import PATIENCE_SECONDS, RunningStack, bare_environment, manage, throw_away_stack, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with throw_away_stack() as stack:
        stack.start()
        yield stack


def _run(var: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(manage(*arguments), env=bare_environment(var), capture_output=True, text=True, check=False)


def test_everything_is_up_and_ready(stack: RunningStack) -> None:
    assert [stack.status_of(path) for path in ("/healthz", "/readyz")] == [200, 200]
    done = _run(stack.var, "status")
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


def test_the_web_server_reaches_the_broker(stack: RunningStack) -> None:
    with urllib.request.urlopen(f"{stack.url}/metrics", timeout=30) as answer:
        assert b'xmagnet_queue_messages{queue="io"} 0.0' in answer.read()


def test_a_second_start_is_refused_and_says_why(stack: RunningStack) -> None:
    done = _run(stack.var, "up")
    assert done.returncode == 1
    assert f"already running on {stack.var} (process {stack.supervisor.pid})" in done.stderr


def test_a_port_in_use_is_named_with_the_option_that_changes_it(stack: RunningStack, tmp_path: Path) -> None:
    done = _run(tmp_path, "up", "--port", stack.port)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{stack.port}: Address already in use" in done.stderr
    assert f"manage.py up --port {stack.port + 1}" in done.stderr
    assert not (tmp_path / "postgres").exists()


def test_status_of_a_directory_without_a_stack(tmp_path: Path) -> None:
    done = _run(tmp_path, "status")
    assert (done.returncode, done.stdout) == (3, "X-Magnet is not running here. Start it with `manage.py up`.\n")


@pytest.mark.parametrize("name", ["postgres", "worker", "web", "beat", "media"])
def test_a_service_killed_with_9_comes_back_by_itself(stack: RunningStack, name: str) -> None:
    killed = stack.pid(name)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: stack.services()[name]["restarts"] == 1 and stack.is_up())
    assert stack.pid(name) != killed
    wait_until(lambda: stack.status_of("/readyz") == 200)


def test_nothing_is_left_when_the_supervisor_is_killed_with_9(stack: RunningStack) -> None:
    children = psutil.Process(stack.supervisor.pid).children(recursive=True)
    assert len(children) >= 10
    # Pool processes that cannot react to anything are the hardest to get rid of.
    for child in psutil.Process(stack.pid("worker")).children():
        child.suspend()
    stack.supervisor.kill()
    stack.supervisor.wait()
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_SECONDS)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    stack.start()
    assert stack.status_of("/readyz") == 200


def test_a_reset_throws_the_data_away_and_keeps_the_secrets(stack: RunningStack) -> None:
    stack.stop()
    assert stack.supervisor.returncode == 0
    secrets = (stack.var / "secrets.env").read_bytes()
    mark = stack.var / "postgres" / "data" / "PG_VERSION"
    before = mark.stat().st_mtime_ns
    stack.options = (*stack.options, "--reset")
    stack.start()
    assert mark.stat().st_mtime_ns != before
    assert (stack.var / "secrets.env").read_bytes() == secrets
