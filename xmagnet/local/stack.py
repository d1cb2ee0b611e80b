"""The product's own services on one machine: what runs, in which order, and how each shows that it lives."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pgmq.install import get_embedded_install_sql, install_pgmq_sql

from xmagnet.local.demo import HISTORY_DAYS
from xmagnet.local.environment import PROJECT, Addresses, embedded_server, local_environment
from xmagnet.local.postgres import APPLICATION_ROLE, BROKER_DATABASE, SUPERUSER, PostgresServer
from xmagnet.local.service import Service
from xmagnet.local.static import collected_fingerprint, is_collected, mark_collected
from xmagnet.local.supervisor import SupervisorError

QUEUES = ("urgent", "io", "cpu", "default")
# The worker touches its file every 5 s; a minute of silence means that it fetches no messages.
HEARTBEAT_LIMIT_SECONDS = 60.0
LAST_PORT = 65535
# Data that --reset throws away. Secrets and logs stay.
_RESETTABLE = ("postgres", "mock-media", "static", "media", "uploads")


@dataclass(frozen=True)
class Stack:
    """One machine's stack over the data directory `var`."""

    var: Path
    addresses: Addresses
    has_demo: bool = True
    worker_processes: int = 2
    web_processes: int = 2

    @property
    def run_directory(self) -> Path:
        """Lock, status and heartbeat files."""
        return self.var / "run"

    @property
    def log_directory(self) -> Path:
        """One log per service."""
        return self.var / "log"

    def environment(self) -> dict[str, str]:
        """Return the children's environment: what the caller set himself wins over the stack's own values."""
        assumed = local_environment(self.var)
        ours = local_environment(self.var, self.addresses)
        given = {name: value for name, value in os.environ.items() if assumed.get(name) != value}
        return {**ours, **given, "PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "xmagnet.settings.profile"}

    def services(self) -> list[Service]:
        """Return the services in the order in which they start. What the environment places elsewhere is left out."""
        environment = self.environment()
        own = local_environment(self.var, self.addresses)
        server = embedded_server(self.var)
        has_database = environment["DATABASE_URL"] == own["DATABASE_URL"]
        has_media = environment["MEDIA_OCEANENGINE_BASE_URL"] == own["MEDIA_OCEANENGINE_BASE_URL"]
        services = [_static(self.var, environment), _migrate(environment, ("postgres",) if has_database else ())]
        if has_database:
            has_broker = environment["CELERY_BROKER_URL"] == own["CELERY_BROKER_URL"]
            services.insert(0, _postgres(server, has_broker=has_broker))
        if has_media:
            services.append(_media(self, environment))
        services += [_worker(self, environment), _beat(environment), _web(self, environment)]
        if self.has_demo and has_database and has_media and _has_command("demo"):
            services.append(_demo(server, environment))
        return services

    def check_ports(self) -> None:
        """Raise SupervisorError, naming port and option, when a port is none, is named twice or is somebody else's."""
        if self.addresses.port == self.addresses.media_port:
            raise SupervisorError(
                f"The web server and the mock media cannot both listen on port {self.addresses.port}: "
                "choose another one with --port or --media-port."
            )
        for host, port, option in (
            (self.addresses.host, self.addresses.port, "--port"),
            ("127.0.0.1", self.addresses.media_port, "--media-port"),
        ):
            if not 0 < port <= LAST_PORT:
                raise SupervisorError(f"{option} {port} is no port: choose a number from 1 to {LAST_PORT}.")
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    raise SupervisorError(
                        f"Cannot listen on {host}:{port}: {error.strerror}. "
                        f"End what uses the port, or choose another one: manage.py up {option} {port + 1}"
                    ) from None

    def reset(self) -> None:
        """Throw away all data of the stack; secrets and logs stay. The caller holds the stack's lock."""
        server = embedded_server(self.var)
        server.end_orphans()
        for directory in (server.home, *(self.var / name for name in _RESETTABLE)):
            if directory.is_dir():
                shutil.rmtree(directory)


def _manage(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, str(PROJECT / "manage.py"), *arguments)


def _postgres(server: PostgresServer, *, has_broker: bool) -> Service:
    prepared: list[bool] = []

    def launch(log: int) -> "subprocess.Popen[bytes]":
        return server.launch(log)

    def is_ready() -> bool:
        if not server.answers():
            return False
        if not prepared:
            server.create_roles()
            if has_broker:
                install_broker(server)
            prepared.append(True)
        return True

    return Service(
        name="postgres",
        launch=launch,
        is_ready=is_ready,
        is_healthy=server.answers,
        stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
        stop_within=3.5,  # killed, it recovers at the next start; no service may hold a stop longer than promised
    )


def install_broker(server: PostgresServer) -> None:
    """Install PGMQ's SQL into the broker database where it is missing, as the role that will use it."""
    with psycopg.connect(server.conninfo(APPLICATION_ROLE, BROKER_DATABASE)) as connection:
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'pgmq'").fetchone():
            return
        connection.rollback()
        install_pgmq_sql(get_embedded_install_sql(), conn=connection)


def _migrate(environment: Mapping[str, str], after: tuple[str, ...]) -> Service:
    return Service(
        name="migrate",
        command=_manage("migrate", "--no-input", "--verbosity", "1"),
        environment=environment,
        after=after,
        is_step=True,
        is_needed=has_pending_migrations,
        working_directory=PROJECT,
    )


def has_pending_migrations() -> bool:
    """Compare the migrations on disk with those applied, in this process: cheaper than starting another one."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    finally:
        connection.close()


def _static(var: Path, environment: Mapping[str, str]) -> Service:
    root = var / "static"
    sources = collected_fingerprint()
    return Service(
        name="static",
        command=_manage("collectstatic", "--no-input", "--clear", "--verbosity", "0"),
        environment=environment,
        is_step=True,
        is_needed=lambda: not is_collected(root, sources),
        on_done=lambda: mark_collected(root, sources),
        working_directory=PROJECT,
    )


def _media(stack: Stack, environment: Mapping[str, str]) -> Service:
    port = stack.addresses.media_port
    command = [sys.executable, "-m", "media_connectors.mockserver", "--port", str(port)]
    command += ["--state", str(stack.var / "mock-media")]
    if stack.has_demo:
        command += ["--days-ago", str(HISTORY_DAYS)]  # matters at the first start only: the demo lives through them
    return Service(
        name="media",
        command=tuple(command),
        environment=environment,
        is_ready=lambda: _accepts("127.0.0.1", port),
        is_healthy=lambda: _accepts("127.0.0.1", port),
        working_directory=PROJECT,
    )


def _worker(stack: Stack, environment: Mapping[str, str]) -> Service:
    heartbeat = stack.run_directory / "worker.heartbeat"

    def age() -> float:
        try:
            return time.time() - heartbeat.stat().st_mtime
        except FileNotFoundError:
            return float("inf")

    return Service(
        name="worker",
        command=(
            *(sys.executable, "-m", "celery", "--app", "xmagnet", "worker", "--loglevel", "INFO"),
            *("--concurrency", str(stack.worker_processes), "--queues", ",".join(QUEUES), "--hostname", "local@%h"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        environment={
            **environment,
            # SIGTERM lets running tasks finish for a moment, then hands their messages back.
            "REMAP_SIGTERM": "SIGQUIT",
            "WORKER_SOFT_SHUTDOWN_SECONDS": "3",
            "WORKER_HEARTBEAT_FILE": str(heartbeat),
        },
        after=("migrate",),
        before_start=lambda: heartbeat.unlink(missing_ok=True),
        is_ready=heartbeat.exists,
        is_healthy=lambda: age() < HEARTBEAT_LIMIT_SECONDS,
        stop_within=6.0,
        working_directory=PROJECT,
    )


def _beat(environment: Mapping[str, str]) -> Service:
    return Service(
        name="beat",
        command=(sys.executable, "-m", "celery", "--app", "xmagnet", "beat", "--loglevel", "INFO", "--pidfile", ""),
        environment=environment,
        after=("migrate",),
        stop_within=5.0,
        working_directory=PROJECT,
    )


def _web(stack: Stack, environment: Mapping[str, str]) -> Service:
    host, port = stack.addresses.host, stack.addresses.port

    asked = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound

    metrics = stack.run_directory / "metrics"

    def answers() -> bool:
        return _answers(asked, port)

    def empty_metrics() -> None:
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(parents=True)

    return Service(
        name="web",
        command=(
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "xmagnet.wsgi:application"),
            *("--host", host, "--port", str(port), "--workers", str(stack.web_processes), "--blocking-threads", "4"),
            *("--respawn-failed-workers", "--no-ws", "--log-level", "warning", "--workers-kill-timeout", "3"),
            *("--static-path-route", "/static", "--static-path-mount", str(stack.var / "static")),
        ),
        environment={**environment, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
        after=("migrate", "static"),
        before_start=empty_metrics,
        stop_within=5.0,
        is_ready=answers,
        is_healthy=answers,
        working_directory=PROJECT,
    )


def _demo(server: PostgresServer, environment: Mapping[str, str]) -> Service:
    def is_needed() -> bool:
        # As the superuser: the application sees no organization outside a scope.
        with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
            row = connection.execute("SELECT EXISTS (SELECT FROM accounts_organization)").fetchone()
            return row == (False,)

    return Service(
        name="demo",
        command=_manage("demo"),
        environment=environment,
        after=("migrate", "media", "worker"),
        is_step=True,
        is_needed=is_needed,
        working_directory=PROJECT,
    )


def _has_command(name: str) -> bool:
    from django.core.management import get_commands

    return name in get_commands()


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
