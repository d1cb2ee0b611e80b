"""The same promises on PGMQ and, where the machine has one, on a real Redis."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import psycopg
import pytest
from pgmq.install import get_embedded_install_sql, install_pgmq_sql

from tests.databases import TestServer
from tests.stacks import PATIENCE_SECONDS, PROJECT, free_ports, wait_until
from xmagnet.local.postgres import APPLICATION_ROLE

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.fixture(params=["pgmq", "redis"])
def broker_url(request: pytest.FixtureRequest, database_server: TestServer, tmp_path: Path) -> Iterator[str]:
    if request.param == "redis":
        yield from _redis(tmp_path)
    else:
        yield from _pgmq(database_server)


def _pgmq(server: TestServer) -> Iterator[str]:
    name = f"xmagnet_test_broker_{os.getpid()}"
    with server.connect() as superuser:
        superuser.execute(f"CREATE DATABASE {name} OWNER {APPLICATION_ROLE} TEMPLATE template0".encode())
    parameters = server.parameters(APPLICATION_ROLE, name)
    with psycopg.connect(**parameters) as connection:
        install_pgmq_sql(get_embedded_install_sql(), conn=connection)
    yield f"pgmq://{APPLICATION_ROLE}@/{name}?host={quote(parameters['host'])}"
    with server.connect() as superuser:
        superuser.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _redis(directory: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    (port,) = free_ports(1)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--appendonly", "yes"]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@dataclass
class Workers:
    """Starts workers and sends tasks, each in a process of its own, as in production."""

    environment: dict[str, str]
    directory: Path
    running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def journal(self) -> list[str]:
        path = self.directory / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def start(self) -> "subprocess.Popen[bytes]":
        heartbeat = self.directory / "worker.heartbeat"
        heartbeat.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "xmagnet",
            "worker",
            "-Q",
            "io",
            "-c",
            "1",
            "-I",
            "tests.broker.tasks",
        ]
        with (self.directory / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                command, env=self.environment, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(worker)
        wait_until(lambda: heartbeat.exists() or worker.poll() is not None)
        assert worker.poll() is None, (self.directory / "worker.log").read_text()
        return worker

    def send(self) -> None:
        program = (
            "import sys, django; django.setup()\n"
            "from tests.broker.tasks import work; work.apply_async(sys.argv[1:], queue='io')"
        )
        arguments = [str(self.directory / "journal"), str(self.directory / "gate")]
        subprocess.run([sys.executable, "-c", program, *arguments], env=self.environment, cwd=PROJECT, check=True)

    def open_gate(self) -> None:
        (self.directory / "gate").touch()


@pytest.fixture
def workers(broker_url: str, tmp_path: Path) -> Iterator[Workers]:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.broker.settings",
        "CELERY_BROKER_URL": broker_url,
        "WORKER_HEARTBEAT_FILE": str(tmp_path / "worker.heartbeat"),
        "WORKER_SOFT_SHUTDOWN_SECONDS": "1",
        "REMAP_SIGTERM": "SIGQUIT",
    }
    workers = Workers(environment, tmp_path)
    yield workers
    for worker in workers.running:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def test_a_message_is_worked_on_once(workers: Workers) -> None:
    workers.start()
    workers.open_gate()
    workers.send()
    wait_until(lambda: "end" in workers.journal)
    assert [line.split()[0] for line in workers.journal] == ["start", "end"]


def test_a_task_whose_process_is_killed_is_worked_on_again(workers: Workers) -> None:
    workers.start()
    workers.send()
    wait_until(lambda: len(workers.journal) == 1)
    os.kill(int(workers.journal[0].split()[1]), signal.SIGKILL)
    wait_until(lambda: len(workers.journal) == 2)
    workers.open_gate()
    wait_until(lambda: "end" in workers.journal)
    assert [line.split()[0] for line in workers.journal] == ["start", "start", "end"]


def test_a_worker_that_must_stop_hands_its_message_to_the_next_one(workers: Workers) -> None:
    first = workers.start()
    workers.send()
    wait_until(lambda: len(workers.journal) == 1)
    first.terminate()
    first.wait(PATIENCE_SECONDS)
    workers.open_gate()
    workers.start()
    wait_until(lambda: "end" in workers.journal)
    assert [line.split()[0] for line in workers.journal] == ["start", "start", "end"]


def test_pool_processes_die_with_a_killed_worker(workers: Workers) -> None:
    worker = workers.start()
    workers.send()
    wait_until(lambda: len(workers.journal) == 1)
    child = psutil.Process(int(workers.journal[0].split()[1]))
    worker.kill()
    worker.wait()
    _, alive = psutil.wait_procs([child], timeout=PATIENCE_SECONDS)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert len(workers.journal) == 1


def test_a_worker_whose_connections_are_cut_while_it_works_goes_on_fetching(
    workers: Workers, broker_url: str, database_server: TestServer
) -> None:
    """As when the database is killed: the message in hand cannot be acknowledged, and that must not be for ever."""
    workers.start()
    workers.send()
    wait_until(lambda: len(workers.journal) == 1)
    _cut_connections(broker_url, database_server)
    workers.open_gate()
    wait_until(lambda: "end" in workers.journal)
    workers.send()
    wait_until(lambda: workers.journal.count("end") == 2)


def _cut_connections(broker_url: str, server: TestServer) -> None:
    address = urlsplit(broker_url)
    if address.scheme == "pgmq":
        with server.connect() as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [address.path.strip("/")]
            )
        return
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"CLIENT KILL TYPE normal SKIPME yes\r\n")
        assert connection.recv(100).startswith(b":")
